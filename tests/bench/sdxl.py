"""Steps a second of an image task over those of the bare pipeline of diffusers, in one process, turn by turn.

A task's steps are counted from its own events: each of them asks whether it was cancelled, and those that are told are
written to the database and sent on.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make
import tiny_sdxl
from django.conf import settings
from django.db import transaction
from installation import Installation

from pipeline import worker
from pipeline.models import Task, TaskStatus
from pipeline.services import tasks

BOUND = 0.97
ROUNDS, STEPS, SIDE, WIDTH = 5, 30, 256, 64
LANE = "bench"  # which no cluster serves


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tiny_sdxl.build(Path(folder) / "model", width=WIDTH)
        settings.SDXL, settings.SDXL_DEVICE, settings.SDXL_SIZE = f"{folder}/model", "cpu", f"{SIDE}x{SIDE}"
        settings.LANES = [LANE]
        settings.SDXL_STEPS, settings.SDXL_SCHEDULER, settings.SDXL_GUIDANCE = STEPS, "", None
        _measure(report)


def _measure(report: Callable[..., None]) -> None:
    from media_gen.sources.sdxl import machine, studio

    machine.spare_a_core()  # in this thread too: the bare pipeline runs in it
    piece = make.piece()
    _ours(piece, 0)  # loads the model, for both
    assert studio.kept.model
    pipe = studio.kept.model.pipe
    _bare(pipe, 0)
    ratios, ours, bare = [], [], []
    for turn in range(ROUNDS):
        pair = [lambda n=turn: _ours(piece, n), lambda n=turn: _bare(pipe, n)]
        done = [each() for each in (pair if turn % 2 else reversed(pair))]
        mine, theirs = done if turn % 2 else reversed(done)
        ours.append(mine)
        bare.append(theirs)
        ratios.append(mine / theirs)
    studio.kept.let_go()
    ratio = statistics.median(ratios)
    report(
        "sdxl steps over bare pipeline",
        f"{ratio:.3f} (≥ {BOUND}): {statistics.median(ours):.1f} and {statistics.median(bare):.1f} steps a second, "
        f"{ROUNDS} turns from {min(ratios):.3f} to {max(ratios):.3f}",
        ratio >= BOUND,
        {"ratio": round(ratio, 4), "ours": ours, "bare": bare},
    )


def _ours(piece: Any, seed: int) -> float:
    """A task from asking to its end, run in this process as a worker runs it."""
    with transaction.atomic():
        asked = {"piece": piece.pk, "source": "sdxl", "count": 1, "prompt": "a red kettle", "seed": seed}
        task = tasks.create("image_generation", asked, owner=piece.owner)
        task.stages.update(lane=LANE)
    worker.drain()
    task = Task.objects.get(pk=task.pk)
    assert task.status == TaskStatus.COMPLETED, task.error
    steps = {event.data["step"]: event.created_at for event in task.events.all() if "step" in event.data}
    return STEPS / (steps[STEPS] - steps[0]).total_seconds()


def _bare(pipe: Any, seed: int) -> float:
    import torch

    ended = 0.0

    def stepped(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        nonlocal ended
        ended = time.perf_counter()
        return tensors

    began = time.perf_counter()
    pipe(
        "a red kettle",
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(seed),
        callback_on_step_end=stepped,
    )
    return STEPS / (ended - began)
