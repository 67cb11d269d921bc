"""How a task stands, read from what is stored: so a reload in the middle shows everything so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from content.models import HouseRules, Piece, Post, Status
from content.platforms import text
from media_gen.models import Image
from media_gen.services import candidates
from pipeline.models import Event, Stage, StageStatus, Task, TaskStatus
from pipeline.services.eta import eta
from pipeline.views.columns import Column, of_stage
from pipeline.views.standing import Standing, standing
from pipeline.workflows import WORKFLOWS

SOURCES = ("model", "validator", "images", "publisher", "worker")
LINES_SHOWN = 400  # the newest; the download has all of them


@dataclass(frozen=True)
class Issue:
    """What cost points, and how many (negative)."""

    message: str
    points: float


@dataclass(frozen=True)
class Attempt:
    """One scoring of the text; `score` is None while it is still being written."""

    number: int
    score: float | None
    passes: bool
    issues: tuple[Issue, ...] = ()
    words: int | None = None
    asked: str = ""
    name: str = ""

    @property
    def title(self) -> str:
        return self.name or ("First draft" if self.number <= 1 else f"Refinement {self.number - 1}")


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    seq: int
    at: datetime
    source: str
    level: str
    message: str


@dataclass(frozen=True)
class Block:
    """A heading (`h2`, `h3`) or paragraph of the live text."""

    id: str
    kind: str
    text: str


@dataclass
class Progress:
    """Everything that the task page shows of a task. Each part is read when a template first asks for it."""

    task: Task
    shown: str = ""  # the log's tab: one of SOURCES, or "" for all
    is_run = False
    is_pictures = False
    is_publishing = False
    is_replay = False
    can_be_asked_otherwise = True  # by a form for a new task

    @cached_property
    def stages(self) -> list[Stage]:
        rows = self.task.stages.annotate(says=KeyTextTransform("says", "output"))
        # What stages keep and put out holds every prompt and answer: megabytes that this page does not show.
        return list(rows.defer("kept", "output").order_by("position", "pk"))

    @cached_property
    def piece(self) -> Piece | None:
        ids = [stage.piece_id for stage in self.stages if stage.piece_id]
        return Piece.objects.with_current().filter(pk__in=ids[:1]).first()

    @cached_property
    def standing(self) -> Standing:
        return standing(self.task, self.piece)

    @cached_property
    def eta(self) -> tuple[int, int] | None:
        return eta(self.task)

    @property
    def now(self) -> datetime:
        return timezone.now()

    @property
    def zone(self) -> str:
        """The zone that the page's times are in, for the script."""
        return str(timezone.get_current_timezone_name())

    @property
    def pass_mark(self) -> float:
        return HouseRules.in_force().pass_mark

    @property
    def headline(self) -> str:
        """The state where there is something to do about it, else what it is about."""
        if self.task.status != TaskStatus.COMPLETED or self.piece is None:
            return self.task.name
        if self.piece.waits:
            return "Written, and waiting for you"
        return HEADLINES.get(self.piece.status, "Written")

    # --- Stages ---

    @cached_property
    def columns(self) -> list[Column]:
        promises = {step.name: step.promises for step in WORKFLOWS.get(self.task.type, ())}
        return [of_stage(self.task, stage, promises.get(stage.name, "")) for stage in self.stages]

    @property
    def kept_seconds(self) -> float:
        """How much work a new try does not do again."""
        return sum(stage.seconds for stage in self.stages if stage.status == StageStatus.DONE)

    @property
    def kept_names(self) -> list[str]:
        return [stage.title.lower() for stage in self.stages if stage.status == StageStatus.DONE]

    @property
    def next_stage(self) -> Stage | None:
        """Where it goes on, or would go on after a new try."""
        return next((stage for stage in self.stages if stage.status != StageStatus.DONE), None)

    @property
    def tokens(self) -> int:
        return sum(stage.tokens_in + stage.tokens_out for stage in self.stages)

    # --- Attempts ---

    @cached_property
    def attempts(self) -> list[Attempt]:
        return self.scored()

    def scored(self) -> list[Attempt]:
        """Every scoring that this task tells of."""
        rows = Event.objects.filter(task=self.task, type__in=["quality", "refinement_started"]).order_by("seq")
        return list(_attempts(rows, writing=self.task.is_active))

    # --- Log ---

    @property
    def _said(self) -> QuerySet[Event]:
        """The log up to the number that the page says it has: the socket goes on from exactly there."""
        return Event.objects.filter(task=self.task, type="log", seq__lte=self.task.last_seq)

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """(source, lines) for each tab, “all” first as ""."""
        rows = self._said.order_by().values_list("data__source").annotate(Count("pk"))
        found = dict(rows)
        return [("", sum(found.values())), *((source, found.get(source, 0)) for source in SOURCES)]

    @cached_property
    def log(self) -> list[Line]:
        rows = self._said.order_by("-seq")
        if self.shown:
            rows = rows.filter(data__source=self.shown)
        return [line(event) for event in reversed(rows[:LINES_SHOWN])]

    @property
    def left_out(self) -> int:
        """How many lines of this tab are older than those on the page."""
        return max(dict(self.counts).get(self.shown, 0) - LINES_SHOWN, 0)

    # --- The text ---

    @cached_property
    def written(self) -> list[Block]:
        """The text so far: what a running stage has kept, else the newest stored version."""
        if kept := _kept_blocks(self.task):
            return kept
        version = self.piece.current if self.piece else None
        if version is None:
            return []
        return [
            Block(f"v{version.number}-{n}", block.kind if block.heading else "p", block.text)
            for n, block in enumerate(text.blocks(version.body))
        ]

    @cached_property
    def post(self) -> Post | None:
        return Post.objects.live().filter(piece=self.piece).first() if self.piece else None

    @cached_property
    def picture(self) -> Image | None:
        """The chosen one, else the newest."""
        return candidates.for_piece(self.piece).first() if self.piece else None


HEADLINES: dict[str, str] = {
    Status.READY: "Written, and approved",
    Status.PUBLISHED: "Written, and public",
    Status.REJECTED: "Written, and rejected",
    Status.REVIEWED: "Written, and changes were asked for",
}


def line(event: Event) -> Line:
    data = event.data
    return Line(
        event.seq,
        event.created_at,
        str(data.get("source", "worker")),
        str(data.get("level", "info")),
        str(data.get("message", "")),
    )


def _attempts(rows: Iterable[Event], *, writing: bool) -> Iterable[Attempt]:
    """Every scoring, and at the end the refinement that is still being written."""
    asked, number, pending = "", 0, False
    for event in rows:
        data = event.data
        if event.type == "refinement_started":
            asked, pending = str(data.get("feedback", "")), True
            continue
        number, pending = int(data.get("attempt") or number + 1), False
        yield Attempt(
            number,
            data.get("quality_score"),
            bool(data.get("is_passing")),
            tuple(Issue(found["message"], -found["points_lost"]) for found in data.get("issues", ())),
            data.get("words"),
        )
    if pending and writing:
        yield Attempt(number + 1, None, False, asked=asked)


def _kept_blocks(task: Task) -> list[Block]:
    """The headings and paragraphs that an unfinished draft has kept, named as its live text names them."""
    draft = task.stages.filter(name="draft").exclude(status=StageStatus.DONE).first()
    if draft is None or "outline" not in draft.kept:
        return []
    found = []
    for at, planned in enumerate(draft.kept["outline"]["article"]["sections"]):
        kept = draft.kept.get(f"section {at}")
        if kept is None:
            break
        if planned["heading"]:
            found.append(Block(f"h{at}", "h2", planned["heading"]))
        found.append(Block(f"s{at}", "p", "\n\n".join(kept["section"]["paragraphs"])))
    return found
