"""How fast models write here, as seen."""

from __future__ import annotations

from django.db.models import Sum

from pipeline.models import Stage, StageStatus

NEWEST = 500  # stages that are looked at; older ones were written on another machine, or with other models beside them


def seen() -> dict[tuple[str, str], float]:
    """{(provider, model): tokens written a second while at work}, without those that have written nothing yet."""
    wrote = Stage.objects.filter(status=StageStatus.DONE, model_seconds__gt=0, tokens_out__gt=0)
    newest = wrote.order_by("-finished_at").values("pk")[:NEWEST]
    rows = Stage.objects.filter(pk__in=newest).order_by().values_list("task__provider", "task__model")
    sums = rows.annotate(tokens=Sum("tokens_out"), seconds=Sum("model_seconds"))
    return {(provider, model): tokens / seconds for provider, model, tokens, seconds in sums}
