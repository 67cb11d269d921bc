"""Which of the checks predict what editors decide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from content.models import Decision, Verdict

from .curve import ENOUGH
from .statistics import Estimate, Tally, area, share

# Reports lie beside their texts, and a dozen findings in each: the newest say enough, and no page waits for all.
NEWEST = 2000


@dataclass(frozen=True)
class CheckReport:
    """One check against the decisions.

    `area` is how often, of an approved and a turned-down text, the turned-down one lost more by this check: 0.5 is what a
    coin does. `flagged` is the share turned down of those it found something in, `clean` of the others.
    """

    name: str
    label: str
    count: int
    flags: int
    area: Estimate | None
    flagged: Estimate | None
    clean: Estimate | None

    @property
    def is_enough(self) -> bool:
        return self.count >= ENOUGH and self.area is not None

    @property
    def says(self) -> str:
        """Its worth, in the words of the page."""
        if not self.is_enough or self.area is None:
            return "too few"
        if self.area.low > 0.5:
            return "predicts"
        return "misleads" if self.area.high < 0.5 else "unclear"


def checks(decisions: QuerySet[Decision]) -> list[CheckReport]:
    """Each check that the newest of these decisions met, the best prophet first and those with too few decisions last.

    One query, which counts in the database: a row for each check, share of its points, and verdict.
    """
    newest = decisions.order_by("-pk").values_list("verdict", "version__report__findings")[:NEWEST]
    inner, parameters = newest.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT finding->>'name', max(finding->>'label'),
                   round((finding->>'points')::numeric / (finding->>'out_of')::numeric, 2) AS kept,
                   finding->>'level' <> 'pass' AS flagged, judged.verdict = %s AS approved, count(*)
            FROM ({inner}) AS judged (verdict, findings), jsonb_array_elements(judged.findings) AS finding
            WHERE (finding->>'out_of')::numeric > 0
            GROUP BY 1, 3, 4, 5 ORDER BY 1
            """,  # noqa: S608  # Django's own words, its values apart
            [Verdict.APPROVED, *parameters],
        )
        rows = cursor.fetchall()
    found = [_report(name, list(of_it)) for name, of_it in groupby(rows, key=lambda row: row[0])]
    return sorted(found, key=lambda one: (not one.is_enough, -(one.area.value if one.area else 0), one.label))


def _report(name: str, rows: list[tuple[Any, ...]]) -> CheckReport:
    by_kept: dict[float, list[int]] = {}
    by_flag = {True: [0, 0], False: [0, 0]}
    for _, _, kept, flagged, approved, count in rows:
        by_kept.setdefault(float(kept), [0, 0])[approved] += count
        by_flag[flagged][approved] += count
    tallies = [Tally(kept, approved, turned_down) for kept, (turned_down, approved) in by_kept.items()]
    flags, clean = sum(by_flag[True]), sum(by_flag[False])
    return CheckReport(
        name=name,
        label=max(row[1] or name for row in rows),
        count=flags + clean,
        flags=flags,
        area=area(tallies),
        flagged=share(by_flag[True][0], flags),
        clean=share(by_flag[False][0], clean),
    )
