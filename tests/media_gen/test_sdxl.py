"""Pictures by SDXL: diffusers' own code, on a model of two megabytes with random weights."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from content.errors import ExternalError
from media_gen import sources
from media_gen.sources.base import AtStep, Made, Request, unheard
from media_gen.sources.sdxl import studio

STEPS = 4


class Cancelled(Exception):
    pass


@pytest.fixture(scope="module", autouse=True)
def _let_go_at_the_end(tiny_sdxl: Path) -> Iterator[None]:
    torch.set_num_threads(1)
    yield
    studio.kept.let_go()


@pytest.fixture(autouse=True)
def _tiny(tiny_sdxl: Path, settings: Any) -> None:
    settings.SDXL, settings.SDXL_DEVICE, settings.SDXL_SIZE, settings.SDXL_STEPS = str(tiny_sdxl), "cpu", "64x64", STEPS
    settings.SDXL_SCHEDULER, settings.SDXL_GUIDANCE = "", None


def made(at_step: AtStep = unheard, **asked: Any) -> list[Made]:
    fields: dict[str, Any] = {"title": "A fox", "prompt": "a red fox in the snow", "seed": 7, **asked}
    return list(sources.get("sdxl")(Request(**fields), at_step=at_step))


class Progress(list[tuple[int, int, int]]):
    """Hears every step, and cancels after as many as it is told."""

    def __init__(self, cancel_after: int = 1000) -> None:
        self.cancel_after = cancel_after

    def __call__(self, step: int, steps: int, at_once: int = 1) -> None:
        self.append((step, steps, at_once))
        if step == self.cancel_after:
            raise Cancelled


# --- What comes out ---


def test_a_picture_is_a_clean_webp_of_the_size_that_was_asked_for() -> None:
    (one,) = made(width=96, height=64)
    with Image.open(io.BytesIO(one.image)) as picture:
        assert (picture.format, picture.size, picture.mode) == ("WEBP", (96, 64), "RGB")
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
    assert (one.width, one.height) == (96, 64)
    assert one.seconds > 0


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    first, again, other = made()[0], made()[0], made(seed=8)[0]
    assert first.image == again.image
    assert first.image != other.image


def test_four_variations_are_made_in_one_batch_with_a_seed_each() -> None:
    heard = Progress()
    four = made(heard, count=4)
    assert [one.provenance["seed"] for one in four] == [7, 8, 9, 10]
    assert len({one.image for one in four}) == 4
    assert heard == [(step, STEPS, 4) for step in range(STEPS + 1)]


def test_a_variation_can_be_made_alone_again_from_its_seed() -> None:
    """Other batch sizes round differently; a shade is the most that may differ."""
    third, alone = made(count=4)[2], made(seed=9)[0]
    with Image.open(io.BytesIO(third.image)) as one, Image.open(io.BytesIO(alone.image)) as other:
        pairs = zip(one.tobytes(), other.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 8  # as they were written, by a lossy format


def test_the_negative_prompt_counts_with_guidance_and_is_not_recorded_without(settings: Any) -> None:
    with_guidance = made(negative="snow")[0]
    assert with_guidance.image != made()[0].image
    assert with_guidance.provenance["negative"] == "snow"

    settings.SDXL_GUIDANCE = 0.0
    without = made(negative="snow")[0]
    assert without.image == made()[0].image
    assert without.provenance["negative"] == ""


def test_it_tells_what_is_needed_to_make_it_again(tiny_sdxl: Path) -> None:
    told = made(negative="fog")[0].provenance
    assert told["source"] == "sdxl"
    assert told["model"] == str(tiny_sdxl)
    assert len(told["model_fingerprint"]) == 32
    assert (told["prompt"], told["negative"], told["seed"]) == ("a red fox in the snow", "fog", 7)
    assert (told["steps"], told["guidance"], told["size"]) == (STEPS, 5.0, [64, 64])
    assert (told["scheduler"], told["device"], told["dtype"]) == ("EulerDiscreteScheduler", "cpu", "float32")
    assert told["versions"]["torch"] == torch.__version__
    json.dumps(told)


def test_the_proposed_alternative_text_is_the_prompt_cut_at_a_word() -> None:
    assert made()[0].alt == "A red fox in the snow"
    long = made(prompt="a very quiet street " * 30)[0].alt
    assert len(long) <= 200
    assert long.endswith(("street …", "quiet …", "very …", "a …"))


def test_without_a_prompt_the_title_is_painted() -> None:
    assert made(prompt="")[0].provenance["prompt"] == "A fox"


def test_a_prompt_that_the_model_cannot_read_whole_is_cut_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warned: list[dict[str, Any]] = []
    monkeypatch.setattr(studio.log, "warning", lambda event, **told: warned.append({"event": event, **told}))
    assert made(prompt="word " * 40)
    assert warned == [{"event": "prompt is cut", "which": "prompt", "tokens": 162, "heeded": 77}]


@pytest.mark.parametrize(
    ("scheduler", "named", "steps", "guidance"),
    [
        ("lcm", "LCMScheduler", 4, 1.0),
        ("turbo", "EulerAncestralDiscreteScheduler", 2, 0.0),
        ("lightning", "EulerDiscreteScheduler", 4, 0.0),
    ],
)
def test_a_model_of_few_steps_is_set_up_by_one_word(
    scheduler: str, named: str, steps: int, guidance: float, settings: Any
) -> None:
    settings.SDXL_SCHEDULER, settings.SDXL_STEPS = scheduler, 0
    told = made()[0].provenance
    assert (told["scheduler"], told["steps"], told["guidance"]) == (named, steps, guidance)


# --- Progress and cancel ---


def test_a_cancel_between_two_steps_ends_it_there_and_the_next_picture_is_fine() -> None:
    before = made()[0].image
    heard = Progress(cancel_after=2)
    with pytest.raises(Cancelled):
        made(heard, count=2)
    assert heard[-1] == (2, STEPS, 2)
    assert made()[0].image == before


def test_a_cancel_before_the_first_step_makes_nothing() -> None:
    heard = Progress(cancel_after=0)
    with pytest.raises(Cancelled):
        made(heard)
    assert heard == [(0, STEPS, 1)]


def test_a_caller_that_keeps_a_picture_waiting_holds_up_nobody() -> None:
    waiting = sources.get("sdxl")(Request(title="A fox", count=2))
    next(waiting)
    assert made()
    waiting.close()


# --- Memory ---


def out_of_memory_above(most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the next pipelines run out of memory with more than `most` pictures; returns the batches that were tried."""
    from diffusers import UNet2DConditionModel

    tried: list[int] = []
    forward = UNet2DConditionModel.forward

    def limited(self: Any, sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        pictures = sample.shape[0] // 2  # guidance asks twice
        if not tried or tried[-1] != pictures:
            tried.append(pictures)
        if pictures > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(self, sample, *args, **kwargs)

    monkeypatch.setattr(UNet2DConditionModel, "forward", limited)
    return tried


def test_too_many_at_once_for_the_memory_are_made_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = out_of_memory_above(2, monkeypatch)
    heard = Progress()
    five = made(heard, count=5)
    assert [one.provenance["seed"] for one in five] == [7, 8, 9, 10, 11]
    assert tried == [5, 2, 1]
    assert [told for told in heard if told[0] == STEPS] == [(STEPS, STEPS, 2), (STEPS, STEPS, 2), (STEPS, STEPS, 1)]


def test_one_picture_too_large_says_so_and_the_next_smaller_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        out_of_memory_above(0, patched)
        with pytest.raises(ExternalError, match="not enough memory for a picture of 64 × 64 pixels") as refused:
            made()
    assert not refused.value.retryable
    assert studio.kept.model is None
    assert made()


def test_little_memory_means_one_at_a_time_and_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    studio.kept.let_go()
    heard = Progress()
    with monkeypatch.context() as patched:
        patched.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 50_000_000}))
        two = made(heard, count=2)
    studio.kept.let_go()
    assert [told[2] for told in heard if told[0] == 0] == [1, 1]
    assert two[0].provenance["tiled"]


# --- The model ---


def test_the_model_is_loaded_once_and_replaced_when_the_setting_changes(
    tiny_sdxl: Path, tmp_path: Path, settings: Any
) -> None:
    made()
    first = studio.kept.model
    made()
    assert studio.kept.model is first

    settings.SDXL = str(shutil.copytree(tiny_sdxl, tmp_path / "other"))
    assert made()[0].provenance["model"] == settings.SDXL
    assert studio.kept.model is not first


def test_a_model_with_files_of_16_bits_only_is_loaded_as_it_is(tiny_sdxl: Path, tmp_path: Path, settings: Any) -> None:
    folder = shutil.copytree(tiny_sdxl, tmp_path / "halves")
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_suffix(".fp16.safetensors"))
    settings.SDXL = str(folder)
    assert made()


def test_a_model_that_was_downloaded_is_found_by_its_name_without_a_network(
    tiny_sdxl: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "models--someone--tiny-xl"
    shutil.copytree(tiny_sdxl, cache / "snapshots" / "0123abcd")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("0123abcd")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    settings.SDXL = "someone/tiny-xl"
    assert made()[0].provenance["model"] == "someone/tiny-xl"


# --- Refusals ---


def refusal(**asked: Any) -> str:
    with pytest.raises(ExternalError) as refused:
        made(**asked)
    assert not refused.value.retryable
    return refused.value.message


@pytest.mark.parametrize(("width", "height"), [(65, 64), (64, 100), (32, 64), (4096, 64)])
def test_a_size_that_cannot_be_made_is_refused_with_what_can(width: int, height: int) -> None:
    assert "a multiple of 8 from 64 to 2048" in refusal(width=width, height=height)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("SDXL", "", "Set COPYDESK_SDXL"),
        ("SDXL", "/nowhere/sdxl", "There is no image model “/nowhere/sdxl”"),
        ("SDXL", "someone/not-downloaded", "hf download someone/not-downloaded"),
        ("SDXL", "no such name", "There is no image model “no such name”"),
        ("SDXL_DEVICE", "cuda:99", "COPYDESK_SDXL_DEVICE is “cuda:99”"),
        ("SDXL_DEVICE", "toaster", "COPYDESK_SDXL_DEVICE is “toaster”"),
        ("SDXL_SIZE", "large", "COPYDESK_SDXL_SIZE is “large”"),
        ("SDXL_SCHEDULER", "magic", "COPYDESK_SDXL_SCHEDULER is “magic”"),
        ("SDXL_STEPS", 1000, "1000 steps cannot be made: it takes 1 to 150."),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: Any, says: str, settings: Any) -> None:
    setattr(settings, setting, value)
    assert says in refusal()


def test_another_model_than_the_one_set_up_is_not_loaded() -> None:
    assert "is not set up" in refusal(model="/etc")


def test_a_folder_with_something_else_is_told_apart_from_a_model(tmp_path: Path, settings: Any) -> None:
    settings.SDXL = str(tmp_path)
    assert "no model_index.json" in refusal()
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    assert "holds StableDiffusionPipeline" in refusal()


def test_a_damaged_model_is_refused_with_the_reason(tiny_sdxl: Path, tmp_path: Path, settings: Any) -> None:
    folder = shutil.copytree(tiny_sdxl, tmp_path / "damaged")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    settings.SDXL = str(folder)
    assert "cannot be loaded: " in refusal()


def test_without_its_packages_it_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sources.sdxl, "studio")
    monkeypatch.delitem(sys.modules, "media_gen.sources.sdxl.studio")
    monkeypatch.setitem(sys.modules, "media_gen.sources.sdxl.machine", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "make images" in refusal()


def test_asking_what_there_is_loads_no_torch() -> None:
    ask = "import sys; from media_gen import sources; sources.about('sdxl').name; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
