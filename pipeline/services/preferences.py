"""What a person prefers: changed here, and turned into what a daily run is asked."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.db import transaction
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from content.errors import Invalid
from content.models import User
from content.services import audit
from pipeline.models import Creativity, Kind, Preferences, Schedule
from pipeline.services import asking, fields


def _one_of(choices: Any) -> Any:
    """A check that says which there are."""

    def check(value: str) -> str:
        if value not in choices.values:
            raise PydanticCustomError("choice", f"Choose one of: {', '.join(choices.values)}.")  # type: ignore[arg-type]
        return value

    return AfterValidator(check)


Kinds = Annotated[list[Annotated[str, _one_of(Kind)]], AfterValidator(lambda kinds: list(dict.fromkeys(kinds)))]


class Wishes(BaseModel):
    """What can be preferred. Only what is given is changed."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)

    topics: Annotated[fields.Words, Field(max_length=20)] = []
    keywords: Annotated[fields.Words, Field(max_length=20)] = []
    audience: Annotated[fields.Line, Field(max_length=200)] = ""
    tone: Annotated[fields.Line, Field(max_length=60)] = ""
    model: Annotated[fields.Line, Field(max_length=120)] = ""
    creativity: Annotated[str, _one_of(Creativity)] = Creativity.USUAL
    in_app: Kinds = []
    by_mail: Kinds = []


@transaction.atomic
def change(user: User, **wanted: Any) -> Preferences:
    """Change what is given and keep the rest; `Invalid` names each field that does not fit."""
    try:
        wishes = Wishes.model_validate(wanted).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise Invalid("Some fields need another look.", fields.sentences(error)) from error
    Preferences.objects.get_or_create(owner=user)
    kept = Preferences.objects.select_for_update().get(owner=user)
    changed = {name: value for name, value in wishes.items() if value != getattr(kept, name)}
    if changed.get("model"):
        asking.require_offered(changed["model"])
    if changed:
        for name, value in changed.items():
            setattr(kept, name, value)
        kept.save(update_fields=[*changed, "updated_at"])
        audit.record("preferences.changed", kept, by=user, **changed)
    return kept


def daily_params(user: User, **overrides: Any) -> dict[str, Any]:
    """What a daily run of this person's is asked (`fields.DailyWorkflow`): by the schedule, by “Run now”, by the API
    and by the command. An override of None says nothing."""
    wants, plan = Preferences.objects.of(user), Schedule.objects.of(user)
    params = {
        "count": plan.count,
        "platforms": plan.platforms,
        "topics": wants.topics or list(settings.TOPICS),
        "keywords": wants.keywords,
        "audience": wants.audience,
        "tone": wants.tone,
        "model": wants.model,
        "creativity": wants.creativity,
    }
    return params | {name: value for name, value in overrides.items() if value is not None}
