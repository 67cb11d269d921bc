"""What the stages that make pictures share: progress step by step, and each picture kept as it arrives."""

from __future__ import annotations

import time
from collections.abc import Sequence

from content.errors import Invalid
from media_gen import sources
from media_gen.models import Image
from media_gen.services import candidates
from media_gen.sources.base import Request
from pipeline import events

from .base import Work

TELL_EVERY_SECONDS = 0.2  # a fast device makes more steps a second than anybody can follow


def make(work: Work, source: str, request: Request, keys: Sequence[str]) -> list[Image]:
    """The pictures of `request`, one for each of `keys`, in that order.

    Those that an earlier run stored are not made again: they come in the order of their seeds, so what is missing
    begins where that run was cut off. A source may give fewer than were asked for.
    """
    about = sources.about(source)
    known = {image.key: image for image in work.piece.images.filter(key__in=keys)}
    there = [known[key] for key in keys if key in known]
    missing = keys[len(there) :]
    if not missing:
        return there
    if not about.is_on():  # it was when this was asked for, or a post asked in hope
        raise Invalid(f"{about.name} is off here. {about.needs}")
    work.say(about.begins, "loading")
    teller = Teller(work, len(keys), len(there))
    for key, made in zip(missing, sources.get(source)(request.after(len(there)), at_step=teller), strict=False):
        with work.fenced():
            image = candidates.keep(work.piece, made, source=source, key=key)
            events.emit(
                work.task,
                "image_found",
                image_url=image.get_preview_url(),
                photographer=image.made.get("photographer", ""),
                source=image.source,
                image_id=image.pk,
                alt=image.alt,
            )
        there.append(image)
        teller.made()
        work.log("images", f"{about.name}, {candidates.how(image)}: {image.seconds:.1f} s")
    return there


class Teller:
    """Hears each step of a source: ends the work where it has to end, and says how far it is."""

    def __init__(self, work: Work, of: int, there: int) -> None:
        self.work, self.of, self.there = work, of, there
        self.told = 0.0
        self.began: tuple[float, float] | None = None  # when the first step was heard, and how much was done by then

    def __call__(self, step: int, steps: int, at_once: int = 1) -> None:
        self.work.check()
        now, share = time.monotonic(), (self.there + at_once * step / max(steps, 1)) / self.of
        self.began = self.began or (now, share)
        if 0 < step < steps and now - self.told < TELL_EVERY_SECONDS:
            return
        self.told = now
        left = self._left(now, share)
        self.work.progress(
            share,
            self._says(step, steps, at_once),
            step=step,
            steps=steps,
            picture=self.there + 1,
            at_once=at_once,
            of=self.of,
            seconds_left=left,
        )

    def made(self) -> None:
        """One more is there."""
        self.there += 1

    def _left(self, now: float, share: float) -> int | None:
        """Seconds, judged from this run's own pace; None before there is any."""
        assert self.began is not None, "it is called after the first step"
        at, before = self.began
        done = share - before
        return round((now - at) / done * (1 - share)) if done > 0 and share < 1 else None

    def _says(self, step: int, steps: int, at_once: int) -> str:
        """“Picture 2 of 4, step 17 of 30”; of all at once “4 pictures, step 17 of 30”; of one “Step 17 of 30”."""
        if at_once > 1:
            last = self.there + at_once
            which = f"{self.of} pictures" if at_once == self.of else f"Pictures {self.there + 1} to {last} of {self.of}"
        else:
            which = f"Picture {self.there + 1} of {self.of}" if self.of > 1 else "The picture"
        return f"{which}, step {step} of {steps}" if steps > 1 else which
