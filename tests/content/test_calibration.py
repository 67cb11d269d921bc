"""Scores against decisions: what counts, and that every figure is what a plain count by hand would give."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import make
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from content.models import Decision, GuestLink, Piece, User, Verdict, Version
from content.services import calibration, review
from content.services.calibration import Tally, area, curve, share

REPORTS = "/desk/reports/"
_numbers = itertools.count(1)


def tally(*scored: tuple[float, bool]) -> list[Tally]:
    """Of single decisions, each a score and whether it was approved."""
    values = sorted({value for value, _ in scored})
    return [Tally(value, scored.count((value, True)), scored.count((value, False))) for value in values]


def decided(
    piece: Piece,
    *scored: tuple[float | None, str],
    by: User,
    findings: list[dict[str, Any]] | None = None,
) -> list[Decision]:
    """So many texts of a piece, each with a score and a decision on it."""
    versions = [
        Version(
            piece=piece, number=1000 + next(_numbers), stage="draft", title="T", body="B", hash="h", score=score,
            report={"findings": findings or []},
        )
        for score, _ in scored
    ]  # fmt: skip
    versions = Version.objects.bulk_create(versions)
    return Decision.objects.bulk_create(
        Decision(piece=piece, version=version, version_hash="h", verdict=verdict, by=by)
        for version, (_, verdict) in zip(versions, scored, strict=True)
    )


def finding(name: str, points: float, out_of: float = 2.0) -> dict[str, Any]:
    level = "pass" if points >= 0.8 * out_of else "fail"
    return {"name": name, "label": name.capitalize(), "points": points, "out_of": out_of, "level": level}


def counted() -> int:
    return sum(one.count for one in calibration.tallies(calibration.cells()))


# --- The statistics, against plain ones ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [  # as published: Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(hits: int, count: int, low: float, high: float) -> None:
    found = share(hits, count)

    assert found
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_share_of_all_or_none_is_not_called_certain() -> None:
    every, none = share(10, 10), share(0, 10)
    assert every
    assert none
    assert every.value == every.high == 1
    assert every.low < 0.75
    assert none.value == none.low == 0
    assert none.high > 0.25
    assert share(0, 0) is None


SCORED = st.lists(st.tuples(st.integers(0, 100).map(lambda tenths: tenths / 10), st.booleans()), max_size=60)


@given(SCORED)
def test_the_area_is_the_share_of_pairs_that_the_score_puts_in_order(scored: list[tuple[float, bool]]) -> None:
    pairs = [
        1.0 if good > bad else 0.5 if good == bad else 0.0
        for good, yes in scored
        if yes
        for bad, other in scored
        if not other
    ]

    found = area(tally(*scored))

    if not pairs:
        assert found is None
    else:
        assert found
        assert found.value == pytest.approx(sum(pairs) / len(pairs))
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.high - found.low > 0


@given(SCORED)
def test_the_area_of_the_reverse_is_the_rest(scored: list[tuple[float, bool]]) -> None:
    found, reverse = area(tally(*scored)), area(tally(*((10 - value, yes) for value, yes in scored)))

    if found and reverse:
        assert reverse.value == pytest.approx(1 - found.value)
        assert (reverse.low, reverse.high) == (pytest.approx(1 - found.high), pytest.approx(1 - found.low))


def test_a_perfect_order_of_few_is_not_called_certain_and_more_decisions_say_it_more_surely() -> None:
    few, many = area([Tally(5.0, 0, 5), Tally(9.0, 5, 0)]), area([Tally(5.0, 0, 500), Tally(9.0, 500, 0)])
    assert few
    assert many
    assert few.value == few.high == many.value == 1
    assert few.low < 0.75
    assert many.low > 0.98


@given(SCORED, st.integers(0, 100).map(lambda tenths: tenths / 10))
def test_every_figure_is_what_a_count_by_hand_gives(scored: list[tuple[float, bool]], mark: float) -> None:
    found = curve(tally(*scored), mark)

    assert found.count == sum(band.count for band in found.bands) == len(scored)
    assert found.passed_then_turned_down == sum(value >= mark and not yes for value, yes in scored)
    assert found.failed_then_approved == sum(value < mark and yes for value, yes in scored)
    for band in found.bands:
        inside = [one for one in scored if band.low <= one[0] < band.high or (band.high == one[0] == 10)]
        assert (band.count, band.approved) == (len(inside), sum(yes for _, yes in inside))
        assert band.low <= band.score <= band.high
    if scored:
        assert found.agreement
        assert found.error is not None
        agree = sum((value >= mark) == yes for value, yes in scored)
        assert found.agreement.value == pytest.approx(agree / len(scored))
        assert 0 <= found.error <= 1
    else:
        assert (found.agreement, found.error, found.area, found.at_mark.share) == (None, None, None, None)


def test_the_error_is_none_where_seven_in_ten_sevens_are_approved() -> None:
    assert curve([Tally(7.0, 70, 30), Tally(9.0, 90, 10)], 7.0).error == pytest.approx(0)
    assert curve([Tally(7.0, 100, 0)], 7.0).error == pytest.approx(0.3)


def test_the_mark_that_would_do_is_the_lowest_with_eight_in_ten_and_enough_decisions() -> None:
    scored = [Tally(6.0, 10, 30), Tally(7.0, 20, 20), Tally(7.5, 30, 8), Tally(9.0, 15, 1)]

    found = curve(scored, 7.0).good_mark

    assert found
    assert (found.mark, found.passed, found.approved) == (7.5, 54, 45)
    assert curve([Tally(6.0, 10, 30), Tally(9.0, 15, 1)], 7.0).good_mark is None


def test_one_band_and_one_verdict_break_nothing() -> None:
    alone = curve([Tally(7.0, 40, 0)], 7.0)
    assert len(alone.bands) == 1
    assert alone.area is None
    assert alone.is_enough
    assert [band.high for band in curve([Tally(10.0, 1, 0), Tally(9.5, 0, 1)], 7.0).bands] == [10.0]


# --- Which decisions count -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_taken_back_does_not_count_and_what_was_decided_after_it_does() -> None:
    mara, version = make.editor(), make.version()

    review.approve(version, by=mara)
    assert counted() == 1
    review.revoke(version, by=mara)
    assert counted() == 0
    review.reject(version, by=mara, feedback="No.")

    [cell] = calibration.cells()
    assert (cell.verdict, cell.count, cell.by) == (Verdict.REJECTED, 1, mara.pk)
    assert cell.score == float(version.score or 0)


@pytest.mark.django_db
def test_a_guests_decision_counts_as_a_guests() -> None:
    mara, version = make.editor(), make.version()
    link = GuestLink.objects.create(version=version, name="Nora", asked_by=mara, ends_at=timezone.now())
    Decision.objects.create(
        piece=version.piece, version=version, version_hash=version.hash, verdict=Verdict.APPROVED, guest=link
    )

    [cell] = calibration.cells()

    assert (cell.by, cell.is_approved) == (None, True)


@pytest.mark.django_db
def test_days_begin_and_end_by_this_installations_clock() -> None:
    decided(make.piece(), (7.0, "approved"), by=make.editor())
    today = timezone.localdate()
    day = timedelta(days=1)

    assert [len(calibration.cells(*days)) for days in ((today, today), (today + day, None), (None, today - day))] == [
        *(1, 0, 0)
    ]


@pytest.mark.django_db
def test_a_text_without_a_score_counts_for_nothing() -> None:
    decided(make.piece(), (None, "approved"), (7.0, "approved"), by=make.editor())

    assert (calibration.counted(calibration.cells()), counted()) == (2, 1)


# --- Check by check --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_checks_are_ordered_by_how_well_they_foresee_what_is_turned_down() -> None:
    mara, piece = make.editor(), make.piece()
    wrong, right = [finding("claims", 0.5), finding("words", 2.0)], [finding("claims", 2.0), finding("words", 2.0)]
    decided(piece, *[(6.0, "rejected")] * 15, *[(6.0, "approved")] * 5, by=mara, findings=wrong)
    decided(piece, *[(8.0, "approved")] * 18, *[(8.0, "changes_requested")] * 2, by=mara, findings=right)
    decided(piece, (8.0, "rejected"), by=mara, findings=[finding("rare", 0), finding("unasked", 0, 0)])

    claims, words, rare = calibration.checks(calibration.standing())

    assert (claims.name, claims.label, claims.count, claims.flags, claims.says) == (
        "claims",
        "Claims",
        40,
        20,
        "predicts",
    )
    assert claims.area
    assert claims.flagged
    assert claims.clean
    pairs = 15 * 18 + (15 * 5 + 2 * 18) / 2
    assert claims.area.value == pytest.approx(pairs / (17 * 23))
    assert (claims.flagged.value, claims.clean.value) == (0.75, 0.1)
    assert words.area
    assert (words.area.value, words.flags, words.flagged, words.says) == (0.5, 0, None, "unclear")
    assert (rare.name, rare.count, rare.says) == ("rare", 1, "too few")


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make.editor())
    return client


@pytest.mark.django_db
def test_below_thirty_decisions_no_figure_is_drawn(desk: Client) -> None:
    assert "Nobody has decided on a scored text yet" in desk.get(REPORTS).content.decode()
    mara, piece, reel = make.editor(), make.piece(), make.social("instagram")
    decided(piece, *[(8.0, "approved")] * 15, *[(6.0, "rejected")] * 5, by=mara)
    decided(reel, *[(8.0, "rejected")] * 9, by=mara)

    few = desk.get(REPORTS).content.decode()
    assert "29 so far; a curve needs 30" in few
    assert 'class="chart"' not in few
    decided(piece, (7.0, "approved"), by=mara)

    page = desk.get(REPORTS).content.decode()
    assert 'class="chart"' in page
    assert "Six in ten that pass are approved" in page
    assert "<strong>Too few decisions for Instagram reel.</strong> 9 so far" in page
    assert 'class="chart"' not in desk.get(REPORTS, {"platform": "instagram"}).content.decode()


@pytest.mark.django_db
def test_the_page_filters_by_person_and_asks_as_often_for_a_thousand_decisions(desk: Client) -> None:
    mara, ines, piece = make.editor(), make.editor(), make.piece()
    decided(piece, *[(8.0, "approved")] * 40, by=mara)
    decided(piece, *[(8.0, "rejected")] * 40, by=ines)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(REPORTS)
        return len(queries)

    assert "None that pass are approved" in desk.get(REPORTS, {"by": ines.pk}).content.decode()
    assert "All that pass are approved" in desk.get(REPORTS, {"by": mara.pk}).content.decode()
    assert "No decision fits" in desk.get(REPORTS, {"by": "guests"}).content.decode()
    few = asked()
    decided(piece, *[(tenths / 10, "approved") for tenths in range(101)] * 10, by=mara)
    assert asked() == few <= 14
