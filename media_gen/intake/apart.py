"""An AVIF is decoded in a process of its own, with little memory and not for long.

The other formats say in their header how much a decoder will need. An AVIF says it twice: in its header, and again inside the
compressed picture, which is what the decoder believes; two kilobytes can so ask for more than a gigabyte.
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import suppress

SIDE = 2560
SECONDS = 20
MEMORY = 400_000_000  # bytes; 16 million pixels with transparency were measured to take less than 300


class Failed(Exception):
    """It is broken, or it wants too much."""


def as_png(avif: bytes) -> bytes:
    """The picture of an AVIF, at most 2560 pixels a side, with its colour profile and how the camera was held."""
    command = [sys.executable, "-I", __file__]
    try:
        done = subprocess.run(command, input=avif, capture_output=True, timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"not decoded within {SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        raise Failed(error.stderr.decode(errors="replace").strip().rpartition("\n")[2]) from error
    return done.stdout


def main() -> None:
    import resource

    from PIL import AvifImagePlugin, Image

    with suppress(ValueError):  # macOS knows this limit and does not take it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    AvifImagePlugin.DEFAULT_MAX_THREADS = 2  # each more costs memory
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=["AVIF"]) as picture:
        turned = Image.Exif()
        turned[0x0112] = picture.getexif().get(0x0112, 1)
        profile = picture.info.get("icc_profile")
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture.save(sys.stdout.buffer, "PNG", compress_level=1, icc_profile=profile, exif=turned)


if __name__ == "__main__":
    main()
