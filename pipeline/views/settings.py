"""Settings: a page for each thing that a person can set, as tabs with an address of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from content import platforms
from content.errors import Invalid, NotAllowed
from content.models import HouseRules, Role, User
from content.services import house
from content.templatetags.desk import score
from content.views.signed_in import SignedIn
from pipeline.models import Creativity, Kind, Preferences, Schedule
from pipeline.models.schedule import MOST_IDEAS
from pipeline.providers.catalogue import profile
from pipeline.services import asking, fields, preferences, schedules

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CREATIVITY = {
    Creativity.CAREFUL: "Keeps to the likeliest words. Fewer surprises, more alike.",
    Creativity.USUAL: "What this installation is tuned for.",
    Creativity.BOLD: "Strays further. Read it with more care.",
}


@dataclass(frozen=True)
class Tab:
    """One page of the settings: the name of its address, its title, and whether only admins have it."""

    name: str
    title: str
    for_admins: bool = False


TABS = (
    Tab("settings", "Daily run"),
    Tab("settings-topics", "Topics"),
    Tab("settings-model", "Model"),
    Tab("settings-notifications", "Notifications"),
    Tab("settings-house", "House rules", for_admins=True),
    Tab("settings-keyboard", "Keyboard"),
)


@login_required
@require_http_methods(["GET", "POST"])
def daily(request: SignedIn) -> HttpResponse:
    """When the daily run is, how much it makes, and for which platforms."""
    kept = Schedule.objects.of(request.user)
    values: dict[str, Any] = {
        "is_on": kept.is_on,
        "at": f"{kept.at:%H:%M}",
        "zone": kept.zone,
        "weekdays": list(kept.weekdays),
        "count": kept.count,
        "platforms": list(kept.platforms),
    }
    if request.method == "POST":
        values = {
            "is_on": "is_on" in request.POST,
            "weekdays": request.POST.getlist("weekdays"),
            "platforms": request.POST.getlist("platforms"),
            **{name: request.POST.get(name, "") for name in ("at", "zone", "count")},
        }
    chosen = {str(day) for day in values["weekdays"]}
    context = {
        "schedule": kept,
        "next": schedules.says_next(kept, timezone.now()),
        "days": [(number, name, str(number) in chosen) for number, name in enumerate(DAYS)],
        "choices": [(platforms.get(slug), slug in values["platforms"]) for slug in fields.social()],
        "zones": sorted(schedules.zones()),
        "most": MOST_IDEAS,
    }
    return _page(request, "settings", values, lambda: schedules.change(request.user, **values), context)


@login_required
@require_http_methods(["GET", "POST"])
def topics(request: SignedIn) -> HttpResponse:
    """What is written about, for whom, and how it sounds."""
    kept = Preferences.objects.of(request.user)
    values = _typed(
        request,
        topics="\n".join(kept.topics),
        keywords="\n".join(kept.keywords),
        audience=kept.audience,
        tone=kept.tone,
    )
    context = {"usual": configured.TOPICS, "tones": fields.TONES}
    return _page(request, "settings-topics", values, lambda: preferences.change(request.user, **values), context)


@login_required
@require_http_methods(["GET", "POST"])
def model(request: SignedIn) -> HttpResponse:
    """Which model writes, and how far it may stray."""
    kept = Preferences.objects.of(request.user)
    values = _typed(request, model=kept.model, creativity=kept.creativity)
    offer = asking.offer()
    names = {card.name for card in offer.models}
    context = {
        "offer": offer,
        "cards": [(card, profile(card.name).note) for card in sorted(offer.models, key=lambda card: card.name)],
        "gone": values["model"] if values["model"] and values["model"] not in names else "",
        "creativities": [
            (kind, CREATIVITY[kind], kind.temperature(configured.TRANSFORM_TEMPERATURE)) for kind in Creativity
        ],
    }
    return _page(request, "settings-model", values, lambda: preferences.change(request.user, **values), context)


@login_required
@require_http_methods(["GET", "POST"])
def notifications(request: SignedIn) -> HttpResponse:
    """What a person is told, and where."""
    kept = Preferences.objects.of(request.user)
    values: dict[str, Any] = {"in_app": list(kept.in_app)}
    if configured.MAIL_IS_ON:  # else its boxes are not to be ticked, and what was chosen stays
        values["by_mail"] = list(kept.by_mail)
    if request.method == "POST":
        values = {name: request.POST.getlist(name) for name in values}
    by_mail = values.get("by_mail", kept.by_mail)
    context = {
        "kinds": [(kind, kind in values["in_app"], kind in by_mail) for kind in Kind],
        "mail_is_on": configured.MAIL_IS_ON,
    }
    return _page(request, "settings-notifications", values, lambda: preferences.change(request.user, **values), context)


@login_required
@require_http_methods(["GET", "POST"])
def house_rules(request: SignedIn) -> HttpResponse:
    """What holds for the whole installation."""
    if request.user.role != Role.ADMIN:
        raise NotAllowed("Only an admin can see the house rules. They hold for everybody.")
    if request.method == "POST" and "reset" in request.POST:
        house.change(by=request.user)
        messages.success(request, "The house rules are as the environment says again.")
        return redirect("settings-house")
    rules = HouseRules.in_force()
    values: dict[str, Any] = _typed(request, pass_mark=score(rules.pass_mark), banned="\n".join(rules.banned))
    values["needs_second_person"] = rules.needs_second_person
    if request.method == "POST":
        values["needs_second_person"] = "needs_second_person" in request.POST
    wanted = {**values, "banned": values["banned"].splitlines()}
    context = {"is_set": HouseRules.objects.exclude(pass_mark=None, needs_second_person=None, banned=None).exists()}
    return _page(request, "settings-house", values, lambda: house.change(by=request.user, **wanted), context)


@login_required
@require_http_methods(["GET", "POST"])
def keyboard(request: SignedIn) -> HttpResponse:
    """Whether single letters act. Kept with the person, so it holds on every machine."""

    def save() -> None:
        User.objects.filter(pk=request.user.pk).update(keys="keys" in request.POST)

    return _page(request, "settings-keyboard", {"keys": request.user.keys}, save, {})


def _typed(request: SignedIn, **kept: str) -> dict[str, str]:
    """What is stored, or what was just sent."""
    if request.method == "GET":
        return kept
    return {name: request.POST.get(name, "") for name in kept}


def _page(
    request: SignedIn, name: str, values: dict[str, Any], save: Callable[[], object], context: dict[str, Any]
) -> HttpResponse:
    """Show the page of tab `name`, or save what was sent; what does not fit stays as it was typed, with why."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            save()
        except Invalid as refusal:
            errors = refusal.fields or {"page": [refusal.message]}
        else:
            messages.success(request, "Saved.")
            return redirect(name)
    tabs = [tab for tab in TABS if not tab.for_admins or request.user.role == Role.ADMIN]
    shown = {"tabs": tabs, "here": name, "values": values, "errors": errors, **context}
    template = f"pipeline/{name.replace('-', '_')}.html"
    return render(request, template, shown, status=400 if errors else 200)
