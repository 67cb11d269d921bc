"""The nouns of the machine."""

from .delivery import Delivery, DeliveryState
from .event import Event
from .heartbeat import Heartbeat
from .notification import Kind, Notification
from .preferences import Creativity, Preferences
from .schedule import Schedule
from .stage import Stage, StageStatus
from .task import Task, TaskStatus, TaskType

__all__ = [
    "Creativity",
    "Delivery",
    "DeliveryState",
    "Event",
    "Heartbeat",
    "Kind",
    "Notification",
    "Preferences",
    "Schedule",
    "Stage",
    "StageStatus",
    "Task",
    "TaskStatus",
    "TaskType",
]
