"""Stages: one file each, with a function `run(work) -> output`. Found by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .base import Work

Run = Callable[[Work], dict[str, Any]]


def get(name: str) -> Run:
    """The `run` of `pipeline/stages/<name>.py`. `name` comes from `pipeline.workflows`, never from a request."""
    run: Run = import_module(f"{__name__}.{name}").run
    return run
