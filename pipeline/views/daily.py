"""The daily run on the front page: the last one, the next one, its ideas, and asking for one now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from content.errors import CopydeskError, InvalidMove
from content.models import Idea, User
from content.templatetags.desk import clock
from content.views.signed_in import SignedIn
from pipeline.models import Schedule, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.models.task import ACTIVE
from pipeline.services import asking, daily, preferences, schedules
from pipeline.services.estimating import Estimate, Size
from pipeline.views import parts

HISTORY_SHOWN = 8
FAILED_SHOWN = 60  # parts, of however many runs
LISTED = 3  # parts of one run that are named one by one
TOPICS_NAMED = 5


@dataclass(frozen=True)
class Trouble:
    """What a run that kept the rest could not make."""

    run: Task
    stages: tuple[Stage, ...]

    @property
    def listed(self) -> tuple[Stage, ...]:
        return self.stages[:LISTED]

    @property
    def more(self) -> int:
        return len(self.stages) - LISTED


@dataclass
class Daily:
    """What the front page shows of the daily run. Each part is read when a template first asks for it.

    The last run is one's own, and anybody's for who never had one.
    """

    user: User

    @cached_property
    def runs(self) -> list[Task]:
        """The newest runs, newest first."""
        return list(self._visible.select_related("owner").order_by("-created_at", "-pk")[:HISTORY_SHOWN])

    @property
    def _visible(self) -> QuerySet[Task]:
        return Task.objects.visible_to(self.user).filter(type=TaskType.DAILY_WORKFLOW)

    @cached_property
    def mine(self) -> Task | None:
        """The run of this person's that is at work or waits for its turn."""
        if not self.runs:
            return None
        return self._visible.filter(owner=self.user, status__in=ACTIVE).order_by("-created_at").first()

    @cached_property
    def last(self) -> Task | None:
        """The newest run that has ended."""
        if not self.runs:
            return None
        ended = self._visible.exclude(status__in=ACTIVE).order_by("-created_at", "-pk")
        return ended.filter(owner=self.user).first() or ended.select_related("owner").first()

    @property
    def last_says(self) -> str:
        """“09:00 to 09:06, 5 ideas, 14 of 15 pieces”."""
        run = self.last
        if run is None:
            return ""
        came_of_it = f"{run.doing[:1].lower()}{run.doing[1:]}"
        if run.started_at is None or run.finished_at is None:
            return came_of_it
        return f"{clock(run.started_at)} to {timezone.localtime(run.finished_at):%H:%M}, {came_of_it}"

    @cached_property
    def now(self) -> Task | None:
        """The run to speak of: what is at work, else what has ended."""
        return self.mine or self.last

    # --- The next one ---

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule.objects.of(self.user)

    @property
    def next(self) -> str:
        """“tomorrow, 09:00 Lisbon time”, or nothing."""
        moment = self.schedule.next_run_at if self.schedule.is_on else None
        return when(moment, self.schedule.zone) if moment else ""

    @property
    def next_in(self) -> str:
        """“23 h 14 min” from now."""
        moment = self.schedule.next_run_at
        return away((moment - timezone.now()).total_seconds()) if moment else ""

    @cached_property
    def params(self) -> dict[str, Any]:
        return preferences.daily_params(self.user)

    @property
    def topics(self) -> list[str]:
        return list(self.params["topics"])[:TOPICS_NAMED]

    @property
    def more_topics(self) -> int:
        """Topics that the settings name and the front page has no room for."""
        return max(len(self.params["topics"]) - TOPICS_NAMED, 0)

    @property
    def model(self) -> str:
        return str(self.params["model"] or settings.MODEL)

    @property
    def pieces(self) -> int:
        return len(self.params["platforms"]) * int(self.params["count"])

    @cached_property
    def estimate(self) -> Estimate:
        """What it would take."""
        return daily.estimate(str(self.params["model"]), Size(ideas=int(self.params["count"]), pieces=self.pieces))

    # --- Its ideas ---

    @cached_property
    def source(self) -> Task | None:
        """The newest run that has ideas: this person's, else anybody's."""
        if not self.runs:
            return None
        laid_out = self._visible.filter(stages__name="transform").order_by("-created_at", "-pk").distinct()
        return laid_out.filter(owner=self.user).first() or laid_out.first()

    @cached_property
    def rows(self) -> list[parts.Row]:
        if self.source is None:
            return []
        return parts.of_ideas(list(Idea.objects.filter(pieces__stages__task=self.source).distinct().order_by("pk")))

    @property
    def platforms(self) -> list[Any]:
        return parts.platforms_of(self.rows)

    @property
    def is_today(self) -> bool:
        return bool(self.source) and timezone.localtime(self.source.created_at).date() == timezone.localdate()  # type: ignore[union-attr]

    # --- What failed in runs that kept the rest ---

    @cached_property
    def troubles(self) -> list[Trouble]:
        """By run, newest first; what somebody has asked for again meanwhile, or got, is no trouble any more."""
        if not self.runs:
            return []
        failed = (
            Stage.objects.failed()
            .filter(task__in=self._visible.filter(status=TaskStatus.COMPLETED), piece__status="writing")
            .filter(piece__deleted_at=None)
            .exclude(piece__stages__status__in=[StageStatus.QUEUED, StageStatus.RUNNING])
            .select_related("piece__idea", "task")
            .defer("kept", "output")
            .order_by("-task__finished_at", "pk")
        )
        by_run: dict[Task, list[Stage]] = {}
        for stage in failed[:FAILED_SHOWN]:
            by_run.setdefault(stage.task, []).append(stage)
        return [Trouble(run, tuple(stages)) for run, stages in by_run.items()]


def when(moment: datetime, zone: str) -> str:
    """A moment to come as the clock of `zone` (an IANA name) shows it: “tomorrow, 09:00 Lisbon time”."""
    local = moment.astimezone(ZoneInfo(zone)) if zone in schedules.zones() else moment
    return f"{_day(local.date(), timezone.now().astimezone(local.tzinfo).date())}, {local:%H:%M} {_place(zone)}"


def _day(day: date, today: date) -> str:
    named = {0: "today", 1: "tomorrow"}.get((day - today).days)
    return named or f"{day:%A} {day.day} {day:%B}"


def _place(zone: str) -> str:
    """“Lisbon time” for Europe/Lisbon."""
    name = zone.rsplit("/", 1)[-1].replace("_", " ")
    return f"{name} time" if "/" in zone and not zone.startswith("Etc/") else name


def away(seconds: float) -> str:
    """How far off something is: “6 min”, “23 h 14 min”, “2 days 3 h”."""
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} days {hours % 24} h"


# --- Asking ---


@require_POST
@login_required
def run_now(request: SignedIn) -> HttpResponse:
    """Ask for a daily run as this person's settings have it; one at a time, however often the button is pressed."""
    try:
        if at_work := Daily(request.user).mine:
            messages.info(request, "Your daily run is at work already. Here it is; nothing was queued twice.")
            return redirect(at_work)
        params = preferences.daily_params(request.user)
        task, _ = asking.ask_once(TaskType.DAILY_WORKFLOW, params, owner=request.user)
    except CopydeskError as refusal:
        messages.error(request, _whole(refusal))
        return redirect("dashboard")
    return redirect(task)


@require_POST
@login_required
def write(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for the piece of one idea on the platform that the form names."""
    idea = get_object_or_404(Idea.objects.visible_to(request.user), pk=pk)
    platform = request.POST.get("platform", "")
    wants = preferences.daily_params(request.user)
    voice = {name: wants[name] for name in ("keywords", "audience", "tone", "model", "creativity")}
    try:
        params = {**voice, "idea": idea.pk, "platform": platform}
        task, _ = asking.ask_once(TaskType.PLATFORM_CONTENT, params, owner=request.user)
    except InvalidMove as refusal:  # the second click of two: the first one's task is at it
        at_work = Stage.objects.unsettled().filter(piece__idea=idea, piece__platform=platform).first()
        if at_work and Task.objects.visible_to(request.user).filter(pk=at_work.task_id).exists():
            return redirect(at_work.task)
        messages.error(request, _whole(refusal))
        return redirect("dashboard")
    except CopydeskError as refusal:
        messages.error(request, _whole(refusal))
        return redirect("dashboard")
    return redirect(task)


def _whole(refusal: CopydeskError) -> str:
    """The refusal, and what is said of each field: there is no form here to say it beside."""
    faults = [f"{name.capitalize()}: {' '.join(says)}" for name, says in refusal.extra.get("fields", {}).items()]
    return " ".join([refusal.message, *faults])
