"""Refusals that a person can act on. Anything else that is raised is a bug."""

from __future__ import annotations

from typing import Any


class CopydeskError(Exception):
    """A refusal, worded so that an editor can read it as it stands.

    `code` is for programs, `message` for people, `status` is the HTTP status that fits, and `extra` goes
    beside them into the API's answer.
    """

    code = "refused"
    status = 400

    def __init__(self, message: str, *, code: str = "", status: int = 0, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.extra = extra


class Invalid(CopydeskError):
    """Something that was sent does not fit; `fields` says which field and why."""

    code = "invalid"
    status = 400

    def __init__(self, message: str, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}
        if fields:
            self.extra["fields"] = fields


class InvalidMove(CopydeskError):
    """The table of moves forbids it, or somebody else was first."""

    code = "invalid_move"
    status = 409


class Stale(CopydeskError):
    """It was decided or saved on something that is no longer the newest."""

    code = "stale"
    status = 409


class NotAllowed(CopydeskError):
    """This person may see it, but not do this to it."""

    code = "not_allowed"
    status = 403


class ExternalError(CopydeskError):
    """A service that is not ours failed. `retryable` says whether asking again can help."""

    code = "external"
    status = 502

    def __init__(self, message: str, *, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
