"""House rules: what this desk prints, and who may approve it."""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from content.errors import Invalid, NotAllowed
from content.models import HouseRules, Role, User
from content.services import audit
from content.services.editing import without_controls

MOST_PHRASES, LONGEST_PHRASE = 500, 120


@transaction.atomic
def change(
    *, by: User, pass_mark: Any = None, needs_second_person: bool | None = None, banned: list[str] | None = None
) -> HouseRules:
    """Set all three; None leaves a rule to the environment. `Invalid` names each field that does not fit."""
    if by.role != Role.ADMIN:
        raise NotAllowed("Only an admin can change the house rules.")
    faults: dict[str, list[str]] = {}
    mark, phrases = _mark(pass_mark, faults), _phrases(banned, faults)
    if faults:
        raise Invalid("Some fields need another look.", faults)
    HouseRules.objects.get_or_create(pk=1)
    kept = HouseRules.objects.select_for_update().get(pk=1)
    wanted = {"pass_mark": mark, "needs_second_person": needs_second_person, "banned": phrases}
    changed = {name: value for name, value in wanted.items() if value != getattr(kept, name)}
    if changed:
        for name, value in changed.items():
            setattr(kept, name, value)
        kept.save(update_fields=[*changed, "updated_at"])
        says: dict[str, Any] = {
            name: float(value) if isinstance(value, Decimal) else value for name, value in changed.items()
        }
        audit.record("house.changed", kept, by=by, **says)
    return kept


def _mark(value: Any, faults: dict[str, list[str]]) -> Decimal | None:
    if value is None:
        return None
    try:
        mark = Decimal(str(value).strip().replace(",", ".")[:20])
    except InvalidOperation:
        mark = Decimal("NaN")
    if not (mark.is_finite() and 0 <= mark <= 10):
        faults["pass_mark"] = ["A number from 0 to 10, please, such as 7.0."]
        return None
    return mark.quantize(Decimal("0.1"))


def _phrases(values: list[str] | None, faults: dict[str, list[str]]) -> list[str] | None:
    """Each once, whatever its case; blank lines are nothing."""
    if values is None:
        return None
    cleaned = [" ".join(without_controls(unicodedata.normalize("NFC", value), keep="\t").split()) for value in values]
    phrases = list({phrase.casefold(): phrase for phrase in cleaned if phrase}.values())
    if len(phrases) > MOST_PHRASES:
        faults["banned"] = [f"At most {MOST_PHRASES} of them."]
    elif long := [phrase for phrase in phrases if len(phrase) > LONGEST_PHRASE]:
        faults["banned"] = [f"“{long[0][:30]}…” is longer than {LONGEST_PHRASE} characters."]
    return phrases
