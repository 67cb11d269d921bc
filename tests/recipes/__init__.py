"""Plug-ins as the README describes them, to prove that one file is enough."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from content import platforms

FOLDER = Path(__file__).parent


@contextmanager
def dropped_in() -> Iterator[None]:
    """As if this folder's files lay in `content/platforms/`."""
    before = dict(platforms.ALL)
    platforms.__path__.append(str(FOLDER))
    try:
        platforms.ALL.update(platforms._discover())
        yield
    finally:
        platforms.__path__.pop()
        platforms.ALL.clear()
        platforms.ALL.update(before)
        for file in FOLDER.glob("[a-z]*.py"):
            sys.modules.pop(f"{platforms.__name__}.{file.stem}", None)
