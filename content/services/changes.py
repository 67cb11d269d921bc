"""Whether posts changed, as far as this process was told: a number to remember things by, without SQL.

PostgreSQL says so at every commit that touched posts (`content.models.post.CHANGED`). Web processes listen
(`content.views.shelf`); commands, workers and tests do not, and remember nothing.
"""

from __future__ import annotations

_number = 0
_listening = False


def generation() -> int | None:
    """A number that is another one once posts changed; None while nobody listens: then nothing may be remembered.

    Ask for it before the first query, and keep what was found under it only if it is still the same afterwards.
    """
    return _number if _listening else None


def heard() -> None:
    """Posts changed, or may have."""
    global _number, _listening
    _number, _listening = _number + 1, True


def deaf() -> None:
    """From now on changes are missed."""
    global _listening
    _listening = False
