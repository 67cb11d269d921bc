"""Where pictures are made: batch after batch, one at a time in this process."""

from __future__ import annotations

import textwrap
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import diffusers
import structlog
import torch
from PIL import Image

from content.errors import ExternalError
from media_gen.intake.decoding import encode
from media_gen.sources.base import AtStep, Made

from . import machine
from .model import Kept, Model
from .recipe import Recipe

log = structlog.get_logger(__name__)

ALT_LETTERS = 200

kept = Kept()
_one_at_a_time = threading.Lock()


def pictures(recipe: Recipe, at_step: AtStep) -> Iterator[Made]:
    """The pictures of this recipe, a batch at a time. Nothing is held while the caller keeps what was given."""
    done, most = 0, recipe.count
    while done < recipe.count:
        with _one_at_a_time:
            batch, most = _batch(recipe, done, most, at_step)
        yield from batch
        done += len(batch)


def _batch(recipe: Recipe, done: int, most: int, at_step: AtStep) -> tuple[list[Made], int]:
    """The next pictures, at most `most`: half as many each time that they were too many for the memory; and how many
    the next batch may be. The seeds are those of the pictures, so it is the same pictures in the end."""
    model = kept.get(recipe)
    while True:
        room = machine.at_once(model.machine, recipe.width * recipe.height, most)
        seeds = [recipe.seed + number for number in range(done, min(done + room, recipe.count))]
        began = time.perf_counter()
        try:
            images = _denoised(model, recipe, seeds, at_step)
        except RuntimeError as error:
            if not machine.is_out_of_memory(error):
                raise
            if len(seeds) == 1:
                raise _too_large(recipe, model) from error
            most = len(seeds) // 2
            log.warning("too many pictures at once", tried=len(seeds), now=most)
            error.__traceback__ = None  # its frames hold the memory that is missing
            model = _anew(recipe)
            continue
        seconds = (time.perf_counter() - began) / len(seeds)
        return [_made(image, seed, seconds, recipe, model) for image, seed in zip(images, seeds, strict=True)], most


def _denoised(model: Model, recipe: Recipe, seeds: list[int], at_step: AtStep) -> list[Image.Image]:
    """What diffusers makes of these seeds. Whatever is raised leaves a pipeline that works."""
    pipe, at_once = model.pipe, len(seeds)

    def stepped(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        at_step(step + 1, pipe.num_timesteps, at_once)
        return tensors

    _note_what_is_cut(pipe, recipe)
    at_step(0, recipe.steps, at_once)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = pipe(
                recipe.prompt,
                negative_prompt=recipe.negative or None,
                width=recipe.width,
                height=recipe.height,
                num_inference_steps=recipe.steps,
                guidance_scale=recipe.guidance,
                num_images_per_prompt=at_once,
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                callback_on_step_end=stepped,
            )
    finally:
        pipe.maybe_free_model_hooks()
    images: list[Image.Image] = made.images
    return images


def _anew(recipe: Recipe) -> Model:
    """The model, loaded again: what ran out of memory may stand half on the device and half not."""
    kept.let_go()
    return kept.get(recipe)


def _too_large(recipe: Recipe, model: Model) -> ExternalError:
    kept.let_go()
    return ExternalError(
        f"{model.machine.name} has not enough memory for a picture of {recipe.width} × {recipe.height} pixels. "
        "Ask for a smaller one, or free memory.",
        retryable=model.machine.is_crowded(),
    )


def _note_what_is_cut(pipe: Any, recipe: Recipe) -> None:
    for name, text in (("prompt", recipe.prompt), ("negative", recipe.negative)):
        words = len(pipe.tokenizer(text, verbose=False).input_ids)
        if words > pipe.tokenizer.model_max_length:
            log.warning("prompt is cut", which=name, tokens=words, heeded=pipe.tokenizer.model_max_length)


def _made(image: Image.Image, seed: int, seconds: float, recipe: Recipe, model: Model) -> Made:
    said = textwrap.shorten(recipe.prompt, ALT_LETTERS, placeholder=" …")
    return Made(
        image=encode(image),
        width=recipe.width,
        height=recipe.height,
        seconds=seconds,
        provenance={
            "source": "sdxl",
            "model": recipe.model,
            "model_fingerprint": model.fingerprint,
            "seed": seed,
            "prompt": recipe.prompt,
            "negative": recipe.negative,
            "steps": recipe.steps,
            "guidance": recipe.guidance,
            "size": [recipe.width, recipe.height],
            "scheduler": type(model.pipe.scheduler).__name__,
            "device": model.machine.device,
            "dtype": str(model.machine.dtype).removeprefix("torch."),
            "tiled": model.is_tiled,
            "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
        },
        alt=said[:1].upper() + said[1:],
    )
