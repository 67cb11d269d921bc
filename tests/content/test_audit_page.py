"""The trail as people and programs read it: what of it is theirs to see, under which filters, page by page, as a file."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import make
import pytest
import structlog
from caller import api
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from content.models import AuditEntry, Decision, GuestLink, Status, User, Verdict
from content.services import audit, chain, editing, review, trail_export, trail_reading, trail_rows
from content.services.trail_reading import Asked
from content.views import trail_file
from content.views.reports import A_PAGE

pytestmark = pytest.mark.django_db

PAGE = "/desk/reports/audit/"
EXPORT = "/desk/reports/audit/export/"
API = "/api/v1/audit/"


@pytest.fixture
def admin() -> User:
    return make.admin(name="Ada Admin")


@pytest.fixture
def mara() -> User:
    return make.editor(name="Mara Lindqvist")


@pytest.fixture
def trail(admin: User, mara: User) -> dict[str, AuditEntry]:
    """One line of each kind."""
    piece = make.piece(title="The £60 repair", status=Status.WRITING)
    structlog.contextvars.bind_contextvars(ip="10.0.4.17", user_agent="Firefox", request_id="r-1")
    try:
        return {
            "piece": audit.record("piece.edited", piece, by=admin),
            "own": audit.record("auth.signed_in", mara, by=mara, personal={"email": mara.email}),
            "others": audit.record("auth.signed_in", admin, by=admin, personal={"email": admin.email}),
            "refused": audit.record("auth.refused", personal={"email": "who@example.org"}, reason="wrong"),
            "house": audit.record("house.changed", None, by=admin, pass_mark=7.5),
        }
    finally:
        structlog.contextvars.unbind_contextvars("ip", "user_agent", "request_id")


def lines(by: User, **asked: Any) -> list[str]:
    """The events that a person finds in the trail."""
    return [entry.event for entry in trail_reading.narrow(trail_reading.visible_to(by), Asked(**asked))]


def page(by: User, **asked: Any) -> Any:
    client = Client()
    client.force_login(by)
    return client.get(PAGE, asked)


def text(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


# --- Who sees what ---------------------------------------------------------------------------------------------------


def test_an_admin_sees_all_an_editor_the_work_and_their_own_and_a_creator_nothing(
    trail: dict[str, AuditEntry], admin: User, mara: User
) -> None:
    assert lines(admin) == ["house.changed", "auth.refused", "auth.signed_in", "auth.signed_in", "piece.edited"]
    assert lines(mara) == ["auth.signed_in", "piece.edited"]
    assert lines(make.creator()) == []


@pytest.mark.parametrize("address", ["/desk/reports/", PAGE, EXPORT])
def test_a_creator_is_refused_every_report_and_has_no_entry_for_them(address: str, client: Client) -> None:
    client.force_login(make.creator())

    assert client.get(address).status_code == 403
    assert "/desk/reports/" not in client.get("/desk/board/").content.decode()
    client.force_login(make.editor())
    assert "/desk/reports/" in client.get("/desk/board/").content.decode()
    client.logout()
    assert "signin" in client.get(address)["Location"]


@pytest.mark.parametrize("path", [API, f"{API}export/"])
def test_the_api_refuses_creators_too(path: str) -> None:
    assert api(make.creator()).get(path).status_code == 403


def test_addresses_are_for_admins_and_for_whoever_they_are_of(
    trail: dict[str, AuditEntry], admin: User, mara: User
) -> None:
    def origins(by: User) -> set[tuple[str, str | None, str]]:
        entries = list(trail_reading.visible_to(by))
        return {(row.entry.event, row.ip, row.agent) for row in trail_rows.rows(entries, by=by)}

    assert origins(mara) == {("auth.signed_in", "10.0.4.17", "Firefox"), ("piece.edited", None, "")}
    assert {ip for _, ip, _ in origins(admin)} == {"10.0.4.17"}
    said = api(mara).get(API).json()["results"]
    assert [(line["event"], line["ip"]) for line in said] == [("auth.signed_in", "10.0.4.17"), ("piece.edited", None)]
    shown = page(mara).content.decode()
    assert (shown.count("10.0.4.17"), shown.count("not shown")) == (1, 1)


# --- Filters ---------------------------------------------------------------------------------------------------------


def test_each_filter_narrows(trail: dict[str, AuditEntry], admin: User, mara: User) -> None:
    piece = trail["piece"].object_id

    assert lines(admin, event="auth.") == ["auth.refused", "auth.signed_in", "auth.signed_in"]
    assert lines(admin, event="auth.refused") == lines(admin, by_nobody=True) == ["auth.refused"]
    assert lines(admin, actor=mara.pk) == ["auth.signed_in"]
    assert lines(admin, object_type="piece", object_id=piece) == lines(admin, words="the REP") == ["piece.edited"]
    assert lines(admin, request_id="r-1", event="house.changed") == ["house.changed"]
    assert lines(admin, request_id="r-2") == lines(admin, words="rep zebra") == []
    today = timezone.localdate()
    assert len(lines(admin, first=today, last=today)) == 5
    assert lines(admin, first=today + timedelta(days=1)) == lines(admin, last=today - timedelta(days=1)) == []


def test_the_page_filters_by_its_address_and_says_what_it_left_out(trail: dict[str, AuditEntry], admin: User) -> None:
    def found(**asked: Any) -> list[str]:
        return [row.entry.event for row in page(admin, **asked).context["rows"]]

    assert found(event="auth.refused") == ["auth.refused"]
    assert found(event="auth.", actor="nobody") == ["auth.refused"]
    assert found(q="REPAIR", type="piece", object=trail["piece"].object_id) == ["piece.edited"]
    odd = page(admin, actor="999999", **{"from": "yesterday"})
    assert len(odd.context["rows"]) == 5
    assert odd.content.decode().count("was left out") == 2
    assert page(admin, q="", event="")["Location"] == PAGE
    assert "Nothing fits the filters" in page(admin, q="zebra").content.decode()


def test_events_are_offered_by_group_and_only_those_that_one_may_see(
    trail: dict[str, AuditEntry], admin: User, mara: User
) -> None:
    assert trail_reading.events(admin) == ["auth.refused", "auth.signed_in", "house.changed", "piece.edited"]
    assert trail_reading.events(mara) == ["piece.edited"]
    assert '<option value="auth.">auth: all</option>' in page(admin).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"before": "x"}, {"before": "9" * 16 + "-1"}, {"object": "-1"}, {"object": "9" * 30}, {"actor": "9" * 30},
        {"q": "\x00'&|!<->"}, {"event": "\x00"}, {"request": "\x00"}, {"from": "0001-01-01"}, {"to": "9999-12-31"},
    ],
)  # fmt: skip
def test_nonsense_in_the_address_breaks_nothing(asked: dict[str, str], admin: User) -> None:
    assert page(admin, **asked).status_code == 200
    renamed = {{"object": "object_id", "request": "request_id"}.get(name, name): value for name, value in asked.items()}
    assert api(admin).get(API, renamed).status_code in {200, 400}


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other_without_a_gap_or_a_double(admin: User) -> None:
    for number in range(A_PAGE * 2 + 3):
        audit.record("schedule.skipped", why=f"Number {number}")

    seen: list[int] = []
    answer = page(admin)
    while True:
        seen += [row.entry.pk for row in answer.context["rows"]]
        audit.record("schedule.skipped", why="Meanwhile")
        if not (older := answer.context["older"]):
            break
        client = Client()
        client.force_login(admin)
        answer = client.get(PAGE + older)

    assert len(seen) == len(set(seen)) == A_PAGE * 2 + 3
    assert seen == sorted(seen, reverse=True)
    assert "From the newest again" in answer.content.decode()


def test_a_full_page_asks_the_database_as_often_as_a_short_one(admin: User, client: Client) -> None:
    client.force_login(admin)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    version = make.version()
    review.reject(version, by=admin, feedback="No.")
    editing.save_edit(version.piece, by=admin, based_on=version.hash, title="T", body=make.BODY + "\nMore words.")
    asked()
    few = asked()
    for _ in range(4):
        version = make.version()
        review.reject(version, by=admin, feedback="No.")
        editing.save_edit(version.piece, by=admin, based_on=version.hash, title="T", body=make.BODY + "\nMore.")

    assert asked() == few
    assert few <= 16


# --- What a row says -------------------------------------------------------------------------------------------------


def said(entry: AuditEntry, by: User) -> str:
    [row] = trail_rows.rows([entry], by=by)
    return row.says


def test_a_row_says_what_and_why(admin: User, mara: User) -> None:
    version = make.version()
    piece = version.piece
    review.request_changes(version, by=mara, feedback="Lose the brochure voice.")
    edited = editing.save_edit(piece, by=mara, based_on=version.hash, title=version.title, body="Three words here.")

    latest = {entry.event: entry for entry in AuditEntry.objects.order_by("pk")}
    lost = version.words - edited.words
    assert said(latest["piece.changes_requested"], admin) == "“Lose the brochure voice.”"
    assert said(latest["piece.edited"], admin) == f"−{lost:,} words"
    assert said(audit.record("piece.published", piece, by=mara, version=2, slug="storm"), admin) == "slug: storm"
    assert said(audit.record("schedule.skipped", None, why="Nobody was there"), admin) == "Nobody was there"
    other = audit.record("task.amended", None, strict=True, tags=["a", "b"], limits={"words": 3}, note=None)
    assert said(other, admin) == "strict: yes; tags: a, b; limits: words 3; note: none"


def test_of_two_approvals_of_one_text_each_row_quotes_its_own(admin: User, mara: User) -> None:
    version = make.version()
    for feedback in ("First.", "Second."):
        review.approve(version, by=mara, feedback=feedback)
        review.revoke(version, by=mara)

    entries = list(AuditEntry.objects.filter(event="piece.approved").order_by("pk"))

    assert [said(entry, admin) for entry in entries] == ["“First.”", "“Second.”"]
    assert Decision.objects.filter(verdict=Verdict.REVOKED).count() == 2


def test_a_guest_and_whoever_typed_an_address_are_named(trail: dict[str, AuditEntry], admin: User, mara: User) -> None:
    piece = make.piece(status=Status.GENERATED)
    link = GuestLink.objects.create(version=piece.current, name="Nora Feld", asked_by=mara, ends_at=timezone.now())
    audit.record("guest.opened", piece, guest=link)

    shown = page(admin).content.decode()

    assert "Nora Feld (a guest)" in shown
    assert "who@example.org" in shown
    assert "who@example.org" not in page(mara).content.decode()


def test_the_page_says_when_the_chain_was_verified(trail: dict[str, AuditEntry], admin: User) -> None:
    assert "Chain verified" not in page(admin).content.decode()
    chain.keep_verified()
    assert "Chain verified: 5 rows" in page(admin).content.decode()


# --- Files -----------------------------------------------------------------------------------------------------------


def test_the_file_holds_what_the_page_shows_and_that_it_was_taken_is_recorded(
    trail: dict[str, AuditEntry], admin: User, mara: User, client: Client
) -> None:
    client.force_login(admin)

    answer = client.get(EXPORT, {"event": "auth.", "q": "", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(text(answer))))

    assert [row["event"] for row in rows] == ["auth.refused", "auth.signed_in", "auth.signed_in"]
    assert [row["hash"] for row in rows] == [trail[name].hash for name in ("refused", "others", "own")]
    assert rows[0]["who"] == "who@example.org"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'attachment; filename="audit-[\d-]+\.csv"', answer["Content-Disposition"])
    taken = AuditEntry.objects.get(event="audit.exported")
    assert (taken.actor, taken.data) == (admin, {"format": "csv", "filters": {"event": "auth."}})

    client.force_login(mara)
    told = [json.loads(line) for line in text(client.get(EXPORT, {"format": "jsonl", "q": "repair"})).splitlines()]
    assert [(line["event"], line["ip"]) for line in told] == [("piece.edited", None)]
    assert AuditEntry.objects.filter(event="audit.exported").latest("pk").personal == {"words": "repair"}
    assert client.get(EXPORT, {"format": "xlsx"}).status_code == 400


def test_a_file_is_made_in_parts_however_many_rows_there_are(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_export, "A_PART", 2)
    for number in range(5):
        audit.record("schedule.skipped", why=f"Number {number}")

    parts = list(trail_export.export("jsonl", Asked(event="schedule."), by=admin))

    assert [part.count("\n") for part in parts] == [0, 2, 2, 1]
    assert [json.loads(line)["says"][-1] for line in "".join(parts).splitlines()] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(name: str, admin: User) -> None:
    audit.record("schedule.skipped", why=name)

    [row] = csv.DictReader(
        io.StringIO("".join(trail_export.export("csv", Asked(event="schedule."), by=admin)), newline="")
    )

    assert row["says"] == f"'{name}"
    assert not [cell for cell in row.values() if cell.startswith(trail_export.FORMULA)]


@pytest.mark.django_db(transaction=True)
def test_under_asgi_each_part_is_sent_before_the_next_is_made_and_no_connection_is_kept(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_export, "A_PART", 1)
    for number in range(3):
        audit.record("schedule.skipped", why=f"Number {number}")
    made = 0

    def counted(part: Any, *, by: User) -> Any:
        nonlocal made
        made += 1
        return trail_rows_of(part, by=by)

    trail_rows_of = trail_rows.rows
    monkeypatch.setattr(trail_rows, "rows", counted)
    answer = trail_file.download("jsonl", Asked(event="schedule."), by=admin)

    async def read() -> list[tuple[int, int]]:
        sizes = []
        async for part in answer:
            sizes.append((part.count(b"\n"), made))
        return sizes

    assert asyncio.run(read()) == [(0, 0), (1, 1), (1, 2), (1, 3)]
    answer.close()
    connections.close_all()


# --- HTTP API --------------------------------------------------------------------------------------------------------


def test_the_api_lists_pages_and_exports_the_same(trail: dict[str, AuditEntry], admin: User) -> None:
    client = api(admin)

    first = client.get(API, {"limit": 2, "event": "auth."}).json()
    second = client.get(first["next"]).json()

    assert (first["count"], [line["event"] for line in first["results"]]) == (3, ["auth.refused", "auth.signed_in"])
    assert [line["actor"] for line in second["results"]] == [trail["own"].actor_id]
    [line] = client.get(API, {"actor": "nobody"}).json()["results"]
    assert line == {**line, "who": "who@example.org", "says": "reason: wrong", "data": {"reason": "wrong"}, "number": 4}
    assert client.get(API, {"actor": "me"}).json()["fields"]["actor"]
    answer = client.get(f"{API}export/", {"format": "jsonl", "object_type": "piece"})
    assert [json.loads(one)["event"] for one in text(answer).splitlines()] == ["piece.edited"]
    assert client.get(f"{API}export/", {"format": "xml"}).status_code == 400
