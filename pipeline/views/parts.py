"""The parts of a run: each of its ideas on each platform, and how that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left

from content import platforms
from content.models import Idea, Piece
from pipeline.models import Stage, StageStatus, Task
from pipeline.services import fields
from pipeline.views.columns import spent
from pipeline.views.standing import Standing, part_standing, places, shapes

Stands = Callable[[Stage | None, Piece | None], Standing]
DELETED = Standing("none", "Deleted")
OPENING = 420  # letters of a text that its cell shows: somewhat more than fits


@dataclass(frozen=True)
class Cell:
    """One idea on one platform. `stage` writes or wrote it; neither it nor a piece need be there yet."""

    platform: Any
    standing: Standing
    idea: int | None = None
    piece: Piece | None = None
    stage: Stage | None = None
    seconds: float | None = None
    says: str = ""
    score: float | None = None
    passes: bool = True
    opening: str = ""

    @property
    def is_running(self) -> bool:
        return self.stage is not None and self.stage.status == StageStatus.RUNNING

    @property
    def has_failed(self) -> bool:
        return self.stage is not None and self.stage.status == StageStatus.FAILED and not self.is_written

    @property
    def is_written(self) -> bool:
        return self.piece is not None and self.piece.is_written

    @property
    def can_be_asked(self) -> bool:
        """Nobody writes it, nobody has written it, and no stage is there that could be tried again."""
        unmade = self.stage is None or self.stage.status == StageStatus.CANCELLED
        return unmade and self.idea is not None and not self.is_written and self.platform.Reply is not None


@dataclass(frozen=True)
class Row:
    """One idea with its cells; `title` is empty while it is still to be thought of."""

    title: str
    description: str
    category: str
    cells: tuple[Cell, ...]
    idea: int | None = None

    @property
    def link(self) -> str:
        """Where its title leads: to the first of its pieces that can be read."""
        return next((cell.piece.get_absolute_url() for cell in self.cells if cell.piece and cell.is_written), "")


def of_run(task: Task) -> list[Row]:
    """The ideas of a daily run, those it is still thinking of included, and what becomes of each of them."""
    stages = list(_parts(task))
    if not stages:
        return _planned(task)
    wanted = _platforms(task, stages)
    stands = _standings(stages)
    by_idea: dict[Idea, dict[str, Stage]] = {}
    for stage in stages:
        if stage.piece:
            by_idea.setdefault(stage.piece.idea, {})[stage.piece.platform] = stage
    return [
        _row(idea, [_written(idea, platform, found.get(platform.slug), stands) for platform in wanted])
        for idea, found in by_idea.items()
    ]


def platforms_of(rows: Sequence[Row]) -> list[Any]:
    """The columns of these rows."""
    return [cell.platform for cell in rows[0].cells] if rows else []


def of_ideas(ideas: Sequence[Idea]) -> list[Row]:
    """These ideas on every platform in use, whichever task wrote them; a handful of queries, however many there are."""
    pieces = {
        (piece.idea_id, piece.platform): piece
        for piece in Piece.objects.filter(idea__in=ideas).select_related("current").defer(*HEAVY)
    }
    unwritten = [piece for piece in pieces.values() if not (piece.is_written or piece.deleted_at)]
    writing = Stage.objects.filter(piece__in=unwritten).defer("kept", "output").order_by("pk")
    newest = {stage.piece_id: stage for stage in writing}
    stands = _standings(newest.values())
    wanted = in_use(slug for _, slug in pieces)

    def cell(idea: Idea, platform: Any) -> Cell:
        piece = pieces.get((idea.pk, platform.slug))
        if piece and piece.deleted_at:
            return Cell(platform, DELETED)
        stage = newest.get(piece.pk) if piece else None
        return Cell(platform, stands(stage, piece), idea.pk, piece, stage)

    return [_row(idea, [cell(idea, platform) for platform in wanted]) for idea in ideas]


HEAVY = ("current__body", "current__record", "current__report", "current__facts")


def in_use(found: Iterable[str] = ()) -> list[Any]:
    """The platforms that a run can write for, the usual ones first, and those that `found` names beside them."""
    slugs = [*settings.DAILY_PLATFORMS, *fields.social(), *sorted(found)]
    return [platforms.ALL[slug] for slug in dict.fromkeys(slugs) if slug in platforms.ALL]


def _parts(task: Task) -> Any:
    """Its stages that write a piece, with what their cells show, and without the megabytes that they keep."""
    return (
        task.stages.filter(name="transform", piece__isnull=False)
        .select_related("piece__idea", "piece__current")
        .defer("kept", "output", *(f"piece__{name}" for name in HEAVY))
        .annotate(
            says=KeyTextTransform("says", "output"),
            score=KeyTextTransform("score", "output"),
            passes=KeyTextTransform("passed", "output"),
            opening=Left("piece__current__body", OPENING),
        )
        .order_by("pk")
    )


def _platforms(task: Task, stages: Iterable[Stage] = ()) -> list[Any]:
    slugs = [
        *task.param("platforms", settings.DAILY_PLATFORMS),
        *(stage.piece.platform for stage in stages if stage.piece),
    ]
    return [platforms.ALL[slug] for slug in dict.fromkeys(slugs) if slug in platforms.ALL]


def _planned(task: Task) -> list[Row]:
    """The ideas so far, and a row for each that is still to come, so that their coming moves nothing."""
    kept = task.stages.filter(name="ideate").values_list("kept__proposals", flat=True).first() or []
    stands = Standing("none", "Not begun" if task.is_active else "Not made")
    cells = tuple(Cell(platform, stands) for platform in _platforms(task))
    named = [Row(idea["title"], idea["description"], idea["category"], cells) for idea in kept]
    to_come = task.param("count", 5) - len(named) if task.is_active else 0
    return [*named, *(Row("", "", "", cells) for _ in range(to_come))]


def _row(idea: Idea, cells: list[Cell]) -> Row:
    return Row(idea.title, idea.description, idea.category, tuple(cells), idea.pk)


def _standings(stages: Iterable[Stage]) -> Stands:
    """How any of these stages, and its piece, stands: what takes a query is asked once for all of them."""
    known = list(stages)
    place, shape = places(known), shapes(known)

    def stands(stage: Stage | None, piece: Piece | None) -> Standing:
        if stage is None:
            return part_standing(None, piece)
        return part_standing(stage, piece, place.get(stage.pk), shape.get(stage.pk, "running"))

    return stands


def _written(idea: Idea, platform: Any, stage: Any, stands: Stands) -> Cell:
    if stage is None:
        return Cell(platform, Standing("none", "Not asked for"), idea.pk)
    piece = stage.piece if stage.piece.deleted_at is None else None
    return Cell(
        platform,
        stands(stage, piece) if piece else DELETED,
        idea.pk,
        piece,
        stage,
        seconds=spent(stage),
        says=stage.says or "",
        score=float(stage.score) if stage.score else None,
        passes=stage.passes != "false",
        opening=(platform.plain(stage.opening or "") or stage.opening or "") if piece else "",
    )
