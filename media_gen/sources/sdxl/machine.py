"""What this machine has to make pictures with: the device, the numbers it counts in, and how much fits into it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil
import torch

from content.errors import ExternalError

GIGABYTE = 1_000_000_000
# Bytes that one picture needs beside the weights, for each of its pixels and each byte of a number: while it is
# denoised (twice over with guidance), and while it is enlarged at the end. Estimates: the second was 1,400 when measured
# on a processor, the first was not measured. A batch that is too large after all is halved.
TO_DENOISE, TO_ENLARGE = 700, 2200
LEAST_SPARE = 3 * GIGABYTE  # less beside the weights: only the part at work stays on the device
AMPLE = 7 * GIGABYTE  # less than this: pictures are enlarged tile by tile


@dataclass(frozen=True)
class Machine:
    """`device` as torch names it (“cuda”, “cuda:1”, “mps”, “cpu”)."""

    device: str
    dtype: torch.dtype

    @property
    def is_processor(self) -> bool:
        return self.device == "cpu"

    @property
    def name(self) -> str:
        """For a sentence: “NVIDIA A100”, “this machine”."""
        return torch.cuda.get_device_name(self.device) if self.device.startswith("cuda") else "This machine"

    def free(self) -> int:
        """Bytes that could be taken now; what torch keeps for later counts as free."""
        if self.device.startswith("cuda"):
            kept = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
            return int(torch.cuda.mem_get_info(self.device)[0] + kept)
        if self.device == "mps":
            return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
        return int(psutil.virtual_memory().available)

    def is_crowded(self) -> bool:
        """Whether other programs hold a good part of the device, which may pass."""
        if not self.device.startswith("cuda"):
            return False
        free, total = torch.cuda.mem_get_info(self.device)
        return bool(free < 0.8 * total)

    def let_go(self) -> None:
        """Give back what torch keeps for later."""
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        elif self.device == "mps":
            torch.mps.empty_cache()


def find(wanted: str) -> Machine:
    """The device called `wanted`; “auto” is the best there is. Raises ExternalError when there is no such device."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = wanted.partition(":")
    there = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }.get(kind, 0)
    if not (number or "0").isdecimal() or int(number or 0) >= there:
        raise ExternalError(
            f"COPYDESK_SDXL_DEVICE is “{wanted}”, and torch finds no such device. It may be auto, cuda, cuda:1, mps or "
            "cpu.",
            retryable=False,
        )
    if kind == "cpu":
        return Machine("cpu", torch.float32)  # a processor counts in halves more slowly, not faster
    # Only bf16 spans what SDXL's decoder counts up to; diffusers widens it to 32 bits where it must be fp16.
    spans = torch.cuda.is_bf16_supported(including_emulation=False) if kind == "cuda" else False
    return Machine(wanted, torch.bfloat16 if spans else torch.float16)


def at_once(machine: Machine, pixels: int, count: int) -> int:
    """How many pictures of so many pixels are made side by side: at least one, however little is free."""
    size = machine.dtype.itemsize * pixels
    room: int = (machine.free() - size * TO_ENLARGE) // (size * TO_DENOISE)
    return max(1, min(count, room))


def spare_a_core() -> None:
    """Leave one core to the web and the database. On a shared core torch's threads wait for each other: 20 times slower
    with two threads on two busy cores than with one. OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def is_out_of_memory(error: Exception) -> bool:
    """Only CUDA has an error of its own for it."""
    says = str(error).lower()
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and ("out of memory" in says or "can't allocate memory" in says)
    )
