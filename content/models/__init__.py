"""The nouns of the newsroom."""

from .audit import AuditEntry
from .decision import Decision, Verdict
from .house import HouseRules
from .idea import Idea
from .piece import Piece
from .post import FormerAddress, Post, PostTag
from .state import Approval, Status
from .user import Role, SignedOut, User
from .version import Version
from .words import Words

__all__ = [
    "Approval",
    "AuditEntry",
    "Decision",
    "FormerAddress",
    "HouseRules",
    "Idea",
    "Piece",
    "Post",
    "PostTag",
    "Role",
    "SignedOut",
    "Status",
    "User",
    "Verdict",
    "Version",
    "Words",
]
