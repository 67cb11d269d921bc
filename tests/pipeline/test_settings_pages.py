"""The settings, the list of notifications and the bell: as the server renders them, without any script."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import make
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.models import AuditEntry, HouseRules, User
from content.services import editing, review
from pipeline import notifications
from pipeline.models import Kind, Notification, Preferences, Schedule

pytestmark = pytest.mark.django_db
HOSTILE = '"><script>alert(1)</script>'
PAGES = ["settings", "settings-topics", "settings-model", "settings-notifications", "settings-keyboard"]


@pytest.fixture(autouse=True)
def _fresh_offer(scripted: Any) -> None:
    cache.clear()


@pytest.fixture
def mara() -> User:
    return make.editor(name="Mara")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    """The page as it reads: the text of its main part, without markup."""
    main = response.content.decode().split('<main id="main"')[-1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&nbsp;", " ").split())


def tell(person: User, number: int = 1, **fields: Any) -> Notification:
    fields = {"title": f"Thing {number} happened.", "address": "/desk/tasks/", **fields}
    notifications.tell(person, fields.pop("kind", Kind.FAILED), key=str(number), **fields)
    return Notification.objects.get(owner=person, key=str(number))


# --- The settings ---


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_without_storing_anything(mara: User, name: str) -> None:
    response = browser(mara).get(reverse(name))

    assert response.status_code == 200
    assert f'href="{reverse(name)}" aria-current="page"' in response.content.decode()
    assert not Schedule.objects.exists()
    assert not Preferences.objects.exists()


@pytest.mark.parametrize("name", [*PAGES, "settings-house", "notifications", "notifications-bell"])
def test_nobody_gets_in_without_signing_in(name: str) -> None:
    response = Client().get(reverse(name))

    assert response.status_code == 302
    assert reverse("signin") in response["Location"]


@pytest.mark.parametrize("name", PAGES)
def test_a_form_without_its_token_is_refused(mara: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mara)

    assert client.post(reverse(name), {}).status_code == 403


DAILY: dict[str, Any] = {
    "is_on": "on",
    "at": "09:00",
    "zone": "Europe/Lisbon",
    "weekdays": ["0", "5"],
    "count": "3",
    "platforms": ["x"],
}


def test_a_daily_run_is_switched_on_and_the_page_says_when_it_comes(mara: User) -> None:
    client = browser(mara)
    with mock.patch("django.utils.timezone.now", return_value=datetime(2026, 11, 21, 9, 46, tzinfo=UTC)):
        saved = client.post(reverse("settings"), DAILY)
        assert saved["Location"] == reverse("settings")
        page = words(client.get(reverse("settings")))

    assert "Saved." in page
    assert "The next run is on Monday 23 November, 09:00 Lisbon time, in 47 h 14 min" in page
    kept = Schedule.objects.get(owner=mara)
    assert (kept.weekdays, kept.count, kept.platforms) == ([0, 5], 3, ["x"])


def test_what_does_not_fit_is_said_beside_its_field_and_what_was_typed_stays(mara: User) -> None:
    response = browser(mara).post(
        reverse("settings"), {**DAILY, "zone": f"Mars{HOSTILE}", "count": "77", "platforms": []}
    )

    assert response.status_code == 400
    html = response.content.decode()
    assert "<script>alert" not in html
    assert 'value="77"' in html
    assert 'value="Mars&quot;' in html
    assert "At most 10." in words(response)
    assert "Choose at least one platform." in words(response)
    assert "is no time zone. Choose one such as Europe/Lisbon." in words(response)
    assert html.count('aria-invalid="true"') == 2
    assert re.search(r'id="day-5"[^>]* checked', html)
    assert not re.search(r'id="day-1"[^>]* checked', html)
    assert not Schedule.objects.exists()


def test_topics_are_kept_one_a_line(mara: User) -> None:
    client = browser(mara)
    client.post(
        reverse("settings-topics"),
        {"topics": "Bees\r\n\r\n Small   gardens\r\nBees", "keywords": "hive", "audience": "", "tone": "Dry"},
    )

    kept = Preferences.objects.get(owner=mara)
    assert (kept.topics, kept.keywords, kept.tone) == (["Bees", "Small gardens"], ["hive"], "Dry")
    assert "Bees\nSmall gardens</textarea>" in client.get(reverse("settings-topics")).content.decode()


def test_too_many_topics_are_refused_and_stay_in_the_field(mara: User) -> None:
    typed = "\n".join(f"Topic {number}" for number in range(21))

    response = browser(mara).post(reverse("settings-topics"), {"topics": typed})

    assert "At most 20 of them." in words(response)
    assert "Topic 20</textarea>" in response.content.decode()


def test_a_model_is_chosen_from_those_that_answer(mara: User) -> None:
    client = browser(mara)
    assert "scripted" in words(client.get(reverse("settings-model")))

    refused = client.post(reverse("settings-model"), {"model": "gpt-9", "creativity": "bold"})
    assert refused.status_code == 400
    assert "There is no model “gpt-9” here." in words(refused)
    client.post(reverse("settings-model"), {"model": "", "creativity": "bold"})
    assert Preferences.objects.get(owner=mara).creativity == "bold"


def test_what_one_is_told_is_a_box_for_each_kind_and_place(mara: User, settings: Any) -> None:
    settings.MAIL_IS_ON = True

    browser(mara).post(reverse("settings-notifications"), {"in_app": ["failed", "waiting"], "by_mail": ["failed"]})

    kept = Preferences.objects.get(owner=mara)
    assert (kept.in_app, kept.by_mail) == (["failed", "waiting"], ["failed"])


def test_without_a_mail_server_that_is_said_and_what_was_chosen_stays(mara: User) -> None:
    Preferences.objects.create(owner=mara, by_mail=["waiting"])
    client = browser(mara)

    assert "Mail is off." in words(client.get(reverse("settings-notifications")))
    client.post(reverse("settings-notifications"), {"in_app": ["failed"]})

    kept = Preferences.objects.get(owner=mara)
    assert (kept.in_app, kept.by_mail) == (["failed"], ["waiting"])


def test_two_people_have_their_own(mara: User) -> None:
    other = make.editor()
    browser(mara).post(reverse("settings"), DAILY)
    browser(mara).post(reverse("settings-topics"), {"topics": "Bees"})

    assert "The daily run is off" in words(browser(other).get(reverse("settings")))
    assert "Bees" not in browser(other).get(reverse("settings-topics")).content.decode()


def test_single_keys_are_switched_off_for_one_person_on_every_machine(mara: User) -> None:
    browser(mara).post(reverse("settings-keyboard"), {})

    assert 'data-keys="off"' in browser(mara).get(reverse("review")).content.decode()
    assert 'data-keys="off"' not in browser(make.editor()).get(reverse("review")).content.decode()
    browser(mara).post(reverse("settings-keyboard"), {"keys": "on"})
    assert User.objects.get(pk=mara.pk).keys


# --- House rules ---

HOUSE = {"pass_mark": "8,5", "needs_second_person": "on", "banned": "citric acid\nCitric Acid\n\ngame changer"}


def test_only_admins_see_and_change_the_house_rules(mara: User) -> None:
    client = browser(mara)

    assert client.get(reverse("settings-house")).status_code == 403
    assert client.post(reverse("settings-house"), HOUSE).status_code == 403
    assert reverse("settings-house") not in client.get(reverse("settings")).content.decode()
    assert not HouseRules.objects.exists()


def test_house_rules_hold_at_once_for_scores_and_verdicts(mara: User) -> None:
    boss = make.admin()
    browser(boss).post(reverse("settings-house"), HOUSE)

    kept = HouseRules.in_force()
    assert (kept.pass_mark, kept.needs_second_person, kept.banned) == (8.5, True, ("Citric Acid", "game changer"))
    version = make.version(owner=mara)
    assert "citric acid" in str(editing.judge(version.piece, version.title, version.body).as_dict()).lower()
    with pytest.raises(Exception, match="second person"):
        review.approve(version, by=mara)
    assert AuditEntry.objects.filter(event="house.changed", actor=boss).count() == 1


@pytest.mark.parametrize("mark", ["", "eleven", "11", "-1", "NaN", "Infinity", "1e9999999", "9" * 400])
def test_a_mark_that_is_none_is_refused(mark: str) -> None:
    response = browser(make.admin()).post(reverse("settings-house"), {**HOUSE, "pass_mark": mark})

    assert response.status_code == 400
    assert "A number from 0 to 10, please, such as 7.0." in words(response)
    assert not HouseRules.objects.exists()


def test_house_rules_can_be_given_back_to_the_environment(settings: Any) -> None:
    settings.PASS_MARK = 6.5
    client = browser(make.admin())
    client.post(reverse("settings-house"), HOUSE)

    client.post(reverse("settings-house"), {**HOUSE, "reset": ""})

    assert HouseRules.in_force().pass_mark == 6.5
    assert not HouseRules.in_force().banned


# --- The bell and the list ---


def test_the_bell_counts_what_is_unread_in_one_query(mara: User) -> None:
    for number in range(12):
        tell(mara, number)
    tell(make.editor(), 99)
    Notification.objects.filter(owner=mara, key="0").mark_read()
    client = browser(mara)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        html = client.get(reverse("notifications-bell")).content.decode()

    assert '<span class="n">11</span><span class="vh"> unread notifications</span>' in html
    assert html.count("happened.") == 8
    assert "Thing 99" not in html
    assert len([query for query in asked if "pipeline_notification" in query["sql"]]) == 1


def test_opening_one_marks_it_read_and_leads_there(mara: User) -> None:
    told = tell(mara)

    response = browser(mara).get(reverse("notification", args=[told.pk]))

    assert response["Location"] == "/desk/tasks/"
    assert Notification.objects.of(mara).unread().count() == 0


def test_an_address_elsewhere_is_not_followed(mara: User) -> None:
    for number, address in enumerate(["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""]):
        told = tell(mara, number, address=address)
        response = browser(mara).get(reverse("notification", args=[told.pk]))
        assert response["Location"] == reverse("notifications")


def test_what_another_was_told_is_not_found(mara: User) -> None:
    told = tell(make.editor())

    assert browser(mara).get(reverse("notification", args=[told.pk])).status_code == 404
    browser(mara).post(reverse("notifications-read"), {"upto": told.pk})
    told.refresh_from_db()
    assert told.read_at is None


def test_marking_all_read_leaves_what_came_since(mara: User) -> None:
    shown, _ = tell(mara, 1), tell(mara, 2)

    browser(mara).post(reverse("notifications-read"), {"upto": shown.pk})

    assert [told.key for told in Notification.objects.of(mara).unread()] == ["2"]


def test_the_list_is_paged_and_misses_none(mara: User) -> None:
    for number in range(65):
        tell(mara, number)
    client, seen, address = browser(mara), [], reverse("notifications")

    while address:
        html = client.get(address).content.decode().split('<main id="main"')[1]
        seen += re.findall(r"Thing (\d+) happened", html)
        older = re.search(r'href="(\?before=\d+)"', html)
        address = f"{reverse('notifications')}{older[1]}" if older else ""

    assert seen == [str(number) for number in reversed(range(65))]


def test_the_list_says_what_is_so(mara: User) -> None:
    client = browser(mara)
    assert "Nothing has happened yet" in words(client.get(reverse("notifications")))
    told = tell(mara, 1, text=HOSTILE)
    page = client.get(reverse("notifications"))
    assert "One notification is unread" in words(page)
    assert "<script>alert" not in page.content.decode()
    client.get(reverse("notification", args=[told.pk]))
    assert "You have read everything" in words(client.get(reverse("notifications")))


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "\x00", "0"])
def test_a_page_number_of_nonsense_shows_the_newest(mara: User, before: str) -> None:
    tell(mara)

    assert "Thing 1" in words(browser(mara).get(reverse("notifications"), {"before": before}))
