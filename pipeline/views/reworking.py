"""A text once more by the machine: sent back with a note, or its calls made again; and how their tasks stand."""

from __future__ import annotations

from dataclasses import replace as changed
from functools import cached_property

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from content.errors import CopydeskError, Invalid, Stale
from content.models import Piece, Version
from content.services import review
from content.views import deciding, pieces
from content.views.signed_in import SignedIn
from pipeline.models import TaskStatus
from pipeline.services import replaying, revising
from pipeline.views.progress import Attempt, Progress


@login_required
@require_http_methods(["GET", "POST"])
def revise(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for changes to the version whose hash is sent along, and have the model make them."""
    seen = Piece.objects.visible_to(request.user).select_related("current__by", "idea", "owner")
    piece = get_object_or_404(seen, pk=pk)
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect(piece)
    wanted, note = (request.POST.get(name, "").replace("\x00", "") for name in ("version_hash", "feedback"))
    read = piece.versions.filter(hash=wanted).order_by("-number").first()
    place = deciding.place_of(request, piece)
    try:
        if read is None:
            raise Stale("The version that you read is not one of this piece. Read it again, then decide.")
        is_asked_now = review.standing(read) is None
        task = revising.revise(read, by=request.user, note=note)
    except CopydeskError as refusal:
        piece.refresh_from_db()
        return pieces.page(request, piece, refusal=refusal, feedback=note)
    undoing = f"undo-{task.stages.get().kept['decision']}-{piece.pk}" if is_asked_now else ""
    says = f"“{piece}” goes back to the model, with your note. You are told when it waits again."
    messages.success(request, says, extra_tags=undoing)
    return deciding.after(request, piece, None, place=place)


@login_required
@require_http_methods(["GET", "POST"])
def replay(request: SignedIn, pk: int, number: int) -> HttpResponse:
    """Make the calls of a version again. GET is how that stands: for htmx the part that says so, else the panel."""
    versions = Version.objects.visible_to(request.user).select_related("by", "piece")
    version = get_object_or_404(versions, piece=pk, number=number)
    if request.method == "POST":
        try:
            replaying.replay(version, by=request.user)
        except CopydeskError as refusal:
            messages.error(request, _says(refusal))
    elif request.headers.get("HX-Request"):
        return render(request, "pipeline/_replay.html", {"piece": version.piece, "version": version})
    return redirect(f"{version.get_absolute_url()}&panel=provenance#replay")


def _says(refusal: CopydeskError) -> str:
    """The refusal, and what it says of each field where that is more."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    more = [sentence for sentences in fields.values() for sentence in sentences if sentence not in refusal.message]
    return " ".join([refusal.message, *more])


class Revising(Progress):
    """What `Progress` says of a text, said of one that is there already."""

    can_be_asked_otherwise = False

    @property
    def headline(self) -> str:
        if self.task.status == TaskStatus.COMPLETED and self.piece and self.piece.waits:
            return "Revised, and waiting for you"
        return self.task.name

    @cached_property
    def attempts(self) -> list[Attempt]:
        """The score of the version that was revised, then that of the revision."""
        number = self.task.stages.values_list("kept__version", flat=True).first()
        base = Version.objects.light().filter(piece=self.piece, number=number or 0).first()
        before = []
        if base and base.score is not None and base.report:
            name = f"Version {base.number}, as it was"
            before.append(Attempt(0, float(base.score), base.checks.passed, words=base.words, name=name))
        return before + [changed(one, name="The revision") for one in self.scored()]


class Replaying(Progress):
    """What `Progress` says of a text, said of calls that are made again."""

    is_replay = True
    can_be_asked_otherwise = False

    @property
    def headline(self) -> str:
        return self.task.name

    @cached_property
    def version(self) -> Version | None:
        """The one whose record is run again."""
        number = self.task.stages.values_list("kept__version", flat=True).first()
        found = Version.objects.select_related("by", "piece").filter(piece=self.piece, number=number or 0)
        return found.first()
