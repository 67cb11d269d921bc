"""Telling people: once for each thing that happened, where they want to be told of it, and nobody else."""

from __future__ import annotations

from typing import Any

import make
import pytest
from django.utils import timezone

from content.models import HouseRules, Status, User
from pipeline import notifications
from pipeline.models import Kind, Notification, Preferences, Stage, Task, TaskStatus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail_is_on(settings: Any) -> None:
    settings.MAIL_IS_ON = True


def task_of(owner: User, *, status: str = TaskStatus.COMPLETED, type: str = "daily_workflow", **fields: Any) -> Task:
    """A task as it is at its end."""
    return Task.objects.create(
        type=type, name="Daily run", owner=owner, status=status, finished_at=timezone.now(), last_seq=9, **fields
    )


def done(owner: User, *, ideas: int = 5, pieces: int = 15, failures: int = 0) -> Task:
    failed = [
        {"stage_id": n, "piece_id": n, "title": "A kettle that lasts", "platform": "blog", "error": "It took too long."}
        for n in range(failures)
    ]
    return task_of(owner, result={"ideas": ideas, "pieces": pieces, "failed": failures, "failures": failed})


def test_a_person_is_told_once_of_each_thing() -> None:
    mara, other = make.editor(), make.editor()

    for _ in range(3):
        notifications.tell(mara, Kind.FAILED, key="a", title="It failed.")
    notifications.tell(mara, Kind.FAILED, key="b", title="Another one failed.")
    notifications.tell(other, Kind.FAILED, key="a", title="It failed.")

    assert Notification.objects.of(mara).count() == 2
    assert Notification.objects.of(other).count() == 1


@pytest.mark.parametrize(
    ("in_app", "by_mail", "rows", "shown", "mailed"),
    [([], [], 0, 0, 0), (["failed"], [], 1, 1, 0), ([], ["failed"], 1, 0, 1), (["failed"], ["failed"], 1, 1, 1)],
)
def test_people_are_told_where_they_want_to_be(
    in_app: list[str], by_mail: list[str], rows: int, shown: int, mailed: int
) -> None:
    mara = make.editor()
    Preferences.objects.create(owner=mara, in_app=in_app, by_mail=by_mail)

    notifications.tell(mara, Kind.FAILED, key="a", title="It failed.")

    told = Notification.objects.filter(owner=mara)
    assert told.count() == rows
    assert Notification.objects.of(mara).count() == shown
    assert told.exclude(mail_due_at=None).count() == mailed


def test_without_a_mail_server_no_mail_is_due(settings: Any) -> None:
    settings.MAIL_IS_ON = False
    mara = make.editor()

    notifications.tell(mara, Kind.FAILED, key="a", title="It failed.")

    assert Notification.objects.get(owner=mara).mail_due_at is None


def test_a_title_is_one_line_however_it_was_made() -> None:
    mara = make.editor()

    notifications.tell(mara, Kind.FAILED, key="a", title="It failed.\r\nBcc: everybody@example.org" + "x" * 400)

    told = Notification.objects.get(owner=mara)
    assert told.title.startswith("It failed. Bcc: ")
    assert len(told.title) == 300


def test_a_run_that_made_everything_says_how_much() -> None:
    mara = make.editor()
    task = done(mara)

    notifications.run_ended(task)

    told = Notification.objects.get(owner=mara)
    assert (told.kind, told.title) == (Kind.FINISHED, "5 ideas, 15 pieces: “Daily run” is done.")
    assert told.address == task.get_absolute_url()


def test_a_run_with_gaps_says_what_is_missing_and_why() -> None:
    mara = make.editor()

    notifications.run_ended(done(mara, pieces=14, failures=1))

    told = Notification.objects.get(owner=mara)
    assert (told.kind, told.title) == (Kind.PARTIAL, "5 ideas, 14 of 15 pieces: “Daily run” is done, with gaps.")
    assert told.text == "Blog, “A kettle that lasts”: It took too long."


def test_one_idea_and_one_piece_are_not_plural() -> None:
    mara = make.editor()

    notifications.run_ended(done(mara, ideas=1, pieces=1))

    assert Notification.objects.get(owner=mara).title == "1 idea, 1 piece: “Daily run” is done."


@pytest.mark.parametrize("type", ["daily_workflow", "blog_post", "platform_content"])
def test_a_failure_says_why_and_what_to_do(type: str) -> None:
    mara = make.editor()
    task = task_of(mara, status=TaskStatus.FAILED, type=type, error="No model answers.", recovery="Start it.")

    notifications.run_ended(task)

    told = Notification.objects.get(owner=mara)
    assert (told.kind, told.title) == (Kind.FAILED, "“Daily run” has failed.")
    assert told.text == "No model answers. Start it."


def test_each_end_of_a_task_is_told_once_and_a_second_try_is_another_end() -> None:
    mara = make.editor()
    task = done(mara, pieces=14, failures=1)

    for _ in range(2):
        notifications.run_ended(task)
    Task.objects.filter(pk=task.pk).update(last_seq=20)
    task.result = {"ideas": 5, "pieces": 15, "failed": 0}
    notifications.run_ended(task)

    assert list(Notification.objects.of(mara).values_list("kind", flat=True)) == [Kind.FINISHED, Kind.PARTIAL]


def test_what_a_creator_made_waits_for_every_editor_and_only_while_they_are_here() -> None:
    ines, mara, gone = make.creator(name="Ines"), make.editor(), make.editor(is_active=False)

    notifications.run_ended(done(ines))

    assert Notification.objects.get(owner=mara).title == "15 pieces by Ines wait for review."
    assert Notification.objects.get(owner=ines).kind == Kind.FINISHED
    assert not Notification.objects.filter(owner=gone).exists()


def test_with_the_second_person_rule_an_editors_run_waits_for_the_others() -> None:
    mara, other = make.editor(), make.editor()
    HouseRules.objects.create(pk=1, needs_second_person=True)

    notifications.run_ended(done(mara))

    assert Notification.objects.get(owner=other).kind == Kind.WAITING


def test_a_piece_that_waits_is_told_with_its_own_page() -> None:
    ines, mara = make.creator(name="Ines"), make.editor()
    piece = make.piece(owner=ines, title="A kettle that lasts")
    task = task_of(ines, type="blog_post")
    Stage.objects.create(task=task, name="finalize", position=0, piece=piece, asked_at=task.created_at)

    notifications.run_ended(task)

    for person, says in ((ines, "score"), (mara, "Asked for by Ines.")):
        told = Notification.objects.get(owner=person)
        assert (told.kind, told.address) == (Kind.WAITING, piece.get_absolute_url())
        assert told.title == "Blog: “A kettle that lasts” waits for review."
        assert says in told.text


def test_a_piece_that_was_decided_meanwhile_waits_for_nobody() -> None:
    mara = make.editor()
    piece = make.piece(owner=mara, status=Status.READY)
    task = task_of(mara, type="blog_post")
    Stage.objects.create(task=task, name="finalize", position=0, piece=piece, asked_at=task.created_at)

    notifications.run_ended(task)

    assert not Notification.objects.filter(owner=mara).exists()
