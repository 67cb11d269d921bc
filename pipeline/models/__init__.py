"""The nouns of the machine."""

from .event import Event
from .heartbeat import Heartbeat
from .stage import Stage, StageStatus
from .task import Task, TaskStatus, TaskType

__all__ = ["Event", "Heartbeat", "Stage", "StageStatus", "Task", "TaskStatus", "TaskType"]
