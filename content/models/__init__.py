"""The nouns of the newsroom."""

from .audit import AuditEntry, AuditLane, TrailCheck
from .authorship import Authorship
from .decision import Decision, Verdict
from .guest_link import GuestLink
from .house import HouseRules
from .idea import Idea
from .piece import Piece, Priority
from .post import FormerAddress, Post, PostTag
from .state import Approval, Status
from .user import Role, SignedOut, User
from .version import Version
from .words import Words

__all__ = [
    "Approval",
    "AuditEntry",
    "AuditLane",
    "Authorship",
    "Decision",
    "FormerAddress",
    "GuestLink",
    "HouseRules",
    "Idea",
    "Piece",
    "Post",
    "PostTag",
    "Priority",
    "Role",
    "SignedOut",
    "Status",
    "TrailCheck",
    "User",
    "Verdict",
    "Version",
    "Words",
]
