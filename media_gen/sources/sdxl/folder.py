"""The folder of a model: found on this machine and looked at. Needs no torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import huggingface_hub

from content.errors import ExternalError

KIND = "StableDiffusionXLPipeline"
WEIGHTS = ".safetensors"
PLACES, PLACE_BYTES = 32, 65_536  # of each file of weights that are looked at for the fingerprint


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


def variant(folder: Path) -> str | None:
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
