"""The model: loaded once and kept warm."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import structlog
import transformers
from safetensors import SafetensorError

from content.errors import ExternalError

from . import folder, machine
from .machine import Machine
from .recipe import Recipe

log = structlog.get_logger(__name__)

LOAD_FAILURES = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError)

for library in (diffusers, transformers):
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class Model:
    """A pipeline of diffusers that is ready on its machine."""

    pipe: Any
    machine: Machine
    made_for: tuple[str, str, str]
    fingerprint: str
    is_tiled: bool


class Kept:
    """The one model that this process holds. Whoever uses it holds the studio's lock."""

    model: Model | None = None

    def get(self, recipe: Recipe) -> Model:
        """The model for this recipe; another one that was held before is let go first."""
        wanted = (recipe.model, recipe.device, recipe.scheduler)
        if self.model and self.model.made_for != wanted:
            self.let_go()
        if not self.model:
            self.model = _load(recipe, wanted)
        return self.model

    def let_go(self) -> None:
        if self.model:
            held, self.model = self.model.machine, None
            held.let_go()


def _load(recipe: Recipe, made_for: tuple[str, str, str]) -> Model:
    began = time.monotonic()
    on = machine.find(recipe.device)
    where = folder.find(recipe.model)
    machine.spare_a_core()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipe = _pipeline(where, on, recipe)
        is_tiled = _settle(pipe, on)
    except (*LOAD_FAILURES, MemoryError) as error:
        if machine.is_out_of_memory(error):
            on.let_go()
            raise ExternalError(
                f"{on.name} has not enough memory for the image model “{recipe.model}”.", retryable=on.is_crowded()
            ) from error
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ExternalError(f"The image model “{recipe.model}” cannot be loaded: {reason}", retryable=False) from error
    seconds = round(time.monotonic() - began, 1)
    log.info("image model loaded", device=on.device, dtype=str(on.dtype), tiled=is_tiled, seconds=seconds)
    return Model(pipe, on, made_for, folder.fingerprint(where), is_tiled)


def _pipeline(where: Path, on: Machine, recipe: Recipe) -> Any:
    pipe = diffusers.StableDiffusionXLPipeline.from_pretrained(
        where,
        dtype=on.dtype,
        variant=folder.variant(where),
        use_safetensors=True,  # a pickle could run anything
        local_files_only=True,
        add_watermarker=False,
    )
    if recipe.way.kind:
        spacing = {"timestep_spacing": recipe.way.spacing} if recipe.way.spacing else {}
        pipe.scheduler = getattr(diffusers, recipe.way.kind).from_config(pipe.scheduler.config, **spacing)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _settle(pipe: Any, on: Machine) -> bool:
    """Bring the model to its device, wholly if it leaves room to work in; returns whether it enlarges in tiles."""
    parts = [part for part in pipe.components.values() if hasattr(part, "parameters")]
    sizes = [sum(each.numel() * each.element_size() for each in part.parameters()) for part in parts]
    spare = on.free() if on.is_processor else on.free() - sum(sizes)
    if not on.is_processor and spare < machine.LEAST_SPARE:
        pipe.enable_model_cpu_offload(device=on.device)
        spare = on.free() - max(sizes)
    else:
        pipe.to(on.device)
    pipe.vae.enable_slicing()  # enlarged one after the other: the same picture whatever stands beside it, and no peak
    if spare < machine.AMPLE:
        pipe.vae.enable_tiling()
    return bool(spare < machine.AMPLE)
