"""The model: found on this machine, checked, loaded once and kept warm."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import huggingface_hub
import structlog
import transformers
from safetensors import SafetensorError

from content.errors import ExternalError

from . import machine
from .machine import Machine
from .recipe import Recipe

log = structlog.get_logger(__name__)

KIND = "StableDiffusionXLPipeline"
WEIGHTS = ".safetensors"
PLACES, PLACE_BYTES = 32, 65_536  # of each file of weights that are looked at for the fingerprint
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
    folder = find(recipe.model)
    machine.spare_a_core()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipe = _pipeline(folder, on, recipe)
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
    return Model(pipe, on, made_for, fingerprint(folder), is_tiled)


def _pipeline(folder: Path, on: Machine, recipe: Recipe) -> Any:
    pipe = diffusers.StableDiffusionXLPipeline.from_pretrained(
        folder,
        dtype=on.dtype,
        variant=_variant(folder),
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


def find(name: str) -> Path:
    """The folder of an SDXL model: `name` is a folder, or a hub's name of one that was downloaded before."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        try:
            folder = Path(huggingface_hub.snapshot_download(name, local_files_only=True))
        except (OSError, ValueError) as missing:  # also what the hub raises of a name that cannot be one
            raise ExternalError(
                f"There is no image model “{name}” on this machine: no such folder, and none of that name was "
                f"downloaded. Set COPYDESK_SDXL to a model’s folder, or run: .venv/bin/hf download {name}",
                retryable=False,
            ) from missing
    try:
        kind = json.loads((folder / "model_index.json").read_text())["_class_name"]
    except (OSError, ValueError, KeyError, TypeError):
        kind = "no model that diffusers knows (it has no model_index.json)"
    if kind != KIND:
        raise ExternalError(f"“{name}” holds {kind}. It must be a {KIND}.", retryable=False)
    return folder


def _variant(folder: Path) -> str | None:
    """Many models come as 16-bit files only, with a name of their own."""
    weights = [path.name for path in (folder / "unet").glob(f"*{WEIGHTS}")]
    return "fp16" if weights and all(".fp16" in name for name in weights) else None


def fingerprint(folder: Path) -> str:
    """Tells models apart without reading gigabytes: a SHA-256 over every file's name and size, the configurations
    whole, and of the weights a sample."""
    mark = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (WEIGHTS, ".json") and path.is_file()):
        size = path.stat().st_size
        mark.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if path.suffix == WEIGHTS and size > PLACES * PLACE_BYTES:
                for place in range(PLACES):
                    file.seek((size - PLACE_BYTES) * place // (PLACES - 1))
                    mark.update(file.read(PLACE_BYTES))
            else:
                mark.update(file.read())
    return mark.hexdigest()[:32]
