"""Stages: one file each, with a function `run(work)`. Found by name.

It gives its output, or a function that stores what was made and gives the output: that one is called in the transaction
that marks the stage as done, so that the two cannot part.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .base import Work

Output = dict[str, Any] | Callable[[], dict[str, Any]]
Run = Callable[[Work], Output]


def get(name: str) -> Run:
    """The `run` of `pipeline/stages/<name>.py`. `name` comes from `pipeline.workflows`, never from a request."""
    run: Run = import_module(f"{__name__}.{name}").run
    return run
