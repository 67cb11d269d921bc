"""What is public here is brought to other places: by a task, once, and whatever fails there changes nothing here."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import make
import pytest
from django.conf import settings as installation
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image
from vendors import strapi_door
from vendors.strapi_door import Fault

from config import doctor
from content.errors import Invalid, NotAllowed, Stale
from content.models import Post, Status, User
from content.services import editing, publishing
from media_gen import storage
from pipeline import runner
from pipeline.models import Delivery, DeliveryState, Event, Notification, Stage, Task, TaskStatus
from pipeline.models.stage import LeaseLost
from pipeline.services import deliveries, tasks
from pipeline.stages.delivering import Hold
from pipeline.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def strapi(settings: Any) -> Iterator[strapi_door.Strapi]:
    """One target, `strapi/main`."""
    with strapi_door.opened() as door:
        settings.STRAPI = {"main": door.settings()}
        yield door


@pytest.fixture
def blog(settings: Any, strapi: strapi_door.Strapi) -> Iterator[strapi_door.Strapi]:
    """A second one, of the older kind: `strapi/blog`."""
    with strapi_door.opened(version=4) as door:
        settings.STRAPI = {**settings.STRAPI, "blog": door.settings(public_url="", status="draft")}
        yield door


@pytest.fixture
def hasty(monkeypatch: Any) -> None:
    """No pause before another try."""
    monkeypatch.setattr("pipeline.runner._pause", lambda stage, error: 0)


@pytest.fixture
def editor() -> User:
    return make.editor()


def followed(post: Post, by: User) -> Task:
    task = deliveries.follow(post, by=by)
    assert task
    drain()
    task.refresh_from_db()
    return task


def delivery(post: Post, target: str = "strapi/main") -> Delivery:
    return Delivery.objects.get(post=post, target=target)


def log_of(task: Task) -> str:
    return "\n".join(str(event.data.get("message", "")) for event in Event.objects.filter(task=task))


def with_cover(post: Post) -> Post:
    kept = io.BytesIO()
    Image.new("RGB", (60, 40), (90, 40, 20)).save(kept, "JPEG")
    url = storage.url(storage.keep(storage.PUBLIC, kept.getvalue(), "jpg"))
    Post.objects.filter(pk=post.pk).update(cover={"url": url, "alt": "A kettle", "credit": "By Mara"})
    post.refresh_from_db()
    return post


def test_a_post_goes_to_every_target_side_by_side(strapi: strapi_door.Strapi, blog: Any, editor: User) -> None:
    post = with_cover(make.post(title="A kettle that lasts"))

    task = followed(post, editor)

    assert task.status == TaskStatus.COMPLETED, task.error
    assert [(stage.name, stage.key) for stage in task.stages.order_by("position", "pk")] == [
        ("deliver", "strapi/main"),
        ("deliver", "strapi/blog"),
        ("summary", ""),
    ]
    assert [row["title"] for row in (*strapi.articles, *blog.articles)] == [post.title, post.title]
    assert strapi.articles[0]["cover"] == strapi.files[0]["id"]
    assert [bool(row["publishedAt"]) for row in (*strapi.articles, *blog.articles)] == [True, False]
    assert task.result["says"] == "Up to date in 2 places"
    assert [target["target"] for target in task.result["targets"]] == ["strapi/main", "strapi/blog"]


def test_ids_and_addresses_are_kept_and_told(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post(title="A kettle that lasts")

    task = followed(post, editor)

    there = delivery(post)
    assert (there.state, there.error) == (DeliveryState.SENT, "")
    assert there.document_id == strapi.articles[0]["documentId"]
    assert there.external_id == strapi.articles[0]["externalId"]
    assert there.public_url == f"https://blog.example.org/{post.slug}"
    assert there.desk_url.endswith(there.document_id)
    told = Event.objects.get(task=task, type="published").as_message()
    assert (told["external_id"], told["external_url"]) == (there.document_id, there.desk_url)
    assert told["public_url"] == there.public_url
    assert deliveries.of(post.piece) == [there]


def test_with_no_target_there_is_nothing_to_follow(editor: User) -> None:
    assert deliveries.follow(make.post(), by=editor) is None


def test_an_edited_post_updates_the_article_that_is_there(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post(title="A kettle that lasts")
    followed(post, editor)
    Post.objects.filter(pk=post.pk).update(title="A kettle that lasts for ever")

    followed(post, editor)

    assert [row["title"] for row in strapi.articles] == ["A kettle that lasts for ever"]


def test_a_withdrawn_post_is_withdrawn_there(strapi: strapi_door.Strapi, blog: Any, editor: User) -> None:
    post = make.post()
    followed(post, editor)
    publishing.unpublish(post.piece, by=editor)

    task = followed(post, editor)

    assert strapi.articles == []
    assert [row["publishedAt"] for row in blog.articles] == [None]
    assert {there.state for there in deliveries.of(post.piece)} == {DeliveryState.WITHDRAWN}
    assert [bool(there.desk_url) for there in deliveries.of(post.piece)] == [True, False]  # “blog” has a draft of it
    assert task.result["says"] == "Taken off 2 places"
    assert not Event.objects.filter(task=task, type="published").exists()


def test_a_post_that_never_went_out_and_is_withdrawn_is_nowhere(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post()
    publishing.unpublish(post.piece, by=editor)

    followed(post, editor)

    assert strapi.written("POST") == []


def test_a_queued_task_that_has_not_begun_is_enough(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post()
    first = deliveries.follow(post, by=editor)

    assert deliveries.follow(post, by=editor) == first
    assert deliveries.follow(make.post(), by=editor) != first
    assert first
    tasks.cancel(first, by=editor)
    assert deliveries.follow(post, by=editor) != first


def test_no_worker_begins_a_task_that_a_change_relies_on_before_it_is_committed(
    strapi: strapi_door.Strapi, editor: User
) -> None:
    post = make.post()
    queued = deliveries.follow(post, by=editor)

    def claim() -> None:
        claimed.extend(Stage.objects.claim_some(["io"], 5))
        connections.close_all()

    claimed: list[Stage] = []
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(title="Changed")
        assert deliveries.follow(post, by=editor) == queued
        worker = threading.Thread(target=claim)
        worker.start()
        worker.join()

    assert claimed == []
    drain()
    assert strapi.articles[0]["title"] == "Changed"


def test_eight_who_send_at_once_make_one_article(strapi: strapi_door.Strapi, editor: User) -> None:
    post = with_cover(make.post())
    for _ in range(8):
        tasks.create("publish", {"piece": post.piece_id}, owner=editor)

    drain()

    assert set(Task.objects.values_list("status", flat=True)) == {TaskStatus.COMPLETED}
    assert len(strapi.articles) == len(strapi.files) == 1
    assert len(strapi.written("POST", "/api/articles")) == 1
    assert delivery(post).token is None


def test_what_changes_while_it_is_sent_is_sent_again(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post()

    def meanwhile(asked: strapi_door.Asked) -> None:
        if asked.method == "POST":
            strapi.before = lambda asked: None
            in_thread(lambda: Post.objects.filter(pk=post.pk).update(title="Corrected"))

    strapi.before = meanwhile

    task = followed(post, editor)

    assert [row["title"] for row in strapi.articles] == ["Corrected"]
    assert "sending it again" in log_of(task)


def test_what_is_withdrawn_while_it_is_sent_does_not_stay(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post()

    def meanwhile(asked: strapi_door.Asked) -> None:
        if asked.method == "POST":
            strapi.before = lambda asked: None
            in_thread(lambda: Post.objects.filter(pk=post.pk).update(withdrawn_at=timezone.now()))

    strapi.before = meanwhile

    followed(post, editor)

    assert strapi.articles == []
    assert delivery(post).state == DeliveryState.WITHDRAWN


def test_a_sender_that_died_is_taken_over_after_its_hold(strapi: strapi_door.Strapi, editor: User) -> None:
    post = make.post()
    there = Delivery.objects.all().to(post, "strapi/main")
    dead = Hold(there)
    assert dead.take()
    assert not Hold(there).take()
    Delivery.objects.filter(pk=there.pk).update(held_until=timezone.now() - timedelta(seconds=1))

    task = followed(post, editor)

    assert task.status == TaskStatus.COMPLETED
    assert len(strapi.articles) == 1
    with pytest.raises(LeaseLost):  # it stood still, and wakes up now
        dead.require()


def test_a_worker_that_is_killed_while_the_article_is_made_leaves_one_article(
    strapi: strapi_door.Strapi, settings: Any, editor: User
) -> None:
    settings.LEASE_SECONDS = 1
    post = make.post()
    task = deliveries.follow(post, by=editor)
    assert task
    worker: list[subprocess.Popen[bytes]] = []

    def meanwhile(asked: strapi_door.Asked) -> None:
        if asked.method == "POST":
            strapi.before = lambda asked: None
            worker[0].kill()
            worker[0].wait()

    strapi.before = meanwhile
    worker.append(worker_process(strapi))
    assert worker[0].wait(60) == -signal.SIGKILL
    assert len(strapi.articles) == 1
    Stage.objects.filter(name="deliver").update(lease_expires_at=timezone.now())

    assert runner.return_expired() == 1
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED, task.error
    assert len(strapi.articles) == 1


def test_one_who_waited_for_another_sender_of_the_same_does_not_send_it_again(
    strapi: strapi_door.Strapi, editor: User
) -> None:
    post = make.post()
    followed(post, editor)
    hold = Hold(delivery(post))
    assert hold.take()
    task = deliveries.follow(post, by=editor)
    assert task
    worker = threading.Thread(target=drain)
    worker.start()
    while not Task.objects.filter(pk=task.pk, doing__contains="Another worker").exists():
        assert worker.is_alive()
    writes = len(strapi.written("PUT"))

    hold.store(sent_at=timezone.now(), token=None, held_until=None)
    worker.join()

    assert len(strapi.written("PUT")) == writes
    assert "just got it from another worker" in log_of(task)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_is_tried_again_by_itself(
    cut: str, strapi: strapi_door.Strapi, editor: User, hasty: None
) -> None:
    strapi.faults = [Fault("POST", cut=cut), Fault("GET", status=503)]
    post = make.post()

    task = followed(post, editor)

    assert task.status == TaskStatus.COMPLETED, task.error
    assert len(strapi.articles) == 1


def test_it_is_tried_three_times_from_two_seconds_and_as_late_as_it_is_told(
    strapi: strapi_door.Strapi, editor: User
) -> None:
    strapi.faults = [Fault("GET", status=503), Fault("GET", status=429, headers={"Retry-After": "40"})]
    task = followed(make.post(), editor)
    stage = task.stages.get(name="deliver")
    pauses = []

    for _ in range(2):
        stage.refresh_from_db()
        assert stage.not_before
        assert stage.queued_at
        pauses.append(round((stage.not_before - stage.queued_at).total_seconds()))
        task.stages.filter(name="deliver").update(not_before=None)
        drain()

    assert pauses == [2, 40]
    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED


def test_one_target_that_is_down_leaves_the_others_and_our_own_site_be(
    strapi: strapi_door.Strapi, blog: strapi_door.Strapi, editor: User, hasty: None, client: Client
) -> None:
    blog.faults = [Fault("GET", status=502, times=9)]
    post = make.post()

    task = followed(post, editor)

    assert task.status == TaskStatus.COMPLETED
    assert task.result["says"] == "Up to date in 1 of 2 places"
    assert "out of order (502)" in task.result["targets"][1]["error"]
    assert delivery(post, "strapi/blog").state == DeliveryState.FAILED
    assert len(strapi.articles) == 1
    assert client.get(post.get_absolute_url()).status_code == 200
    (told,) = Notification.objects.filter(task=task)
    assert (told.kind, told.owner) == ("partial", editor)
    assert "strapi/blog" in told.text


def test_a_failed_one_is_tried_again_by_itself(
    strapi: strapi_door.Strapi, blog: strapi_door.Strapi, editor: User, hasty: None
) -> None:
    blog.faults = [Fault("GET", status=502, times=3)]
    post = make.post()
    task = followed(post, editor)
    writes = len(strapi.asked)

    tasks.retry_stage(task.stages.get(key="strapi/blog"), by=editor)
    drain()

    task.refresh_from_db()
    assert task.result["says"] == "Up to date in 2 places"
    assert len(strapi.asked) == writes
    assert len(blog.articles) == 1


def test_where_it_came_to_no_place_the_task_has_failed_and_says_why(strapi: strapi_door.Strapi, editor: User) -> None:
    theirs = {"title": "Theirs", "slug": "a-kettle", "externalId": "another-hand"}
    strapi.answer(
        strapi_door.Asked("POST", "/api/articles", {}, theirs, {"authorization": f"Bearer {strapi_door.TOKEN}"}), []
    )
    post = make.post(title="A kettle")
    assert post.slug == "a-kettle"

    task = followed(post, editor)

    assert task.status == TaskStatus.FAILED
    assert "slug: This attribute must be unique" in task.error
    assert delivery(post).error == task.stages.get(name="deliver").error
    assert Notification.objects.get(task=task).kind == "failed"

    Post.objects.filter(pk=post.pk).update(slug="a-kettle-2")
    tasks.retry(task, by=editor)
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED
    assert [row["title"] for row in strapi.articles] == ["Theirs", "A kettle"]


def test_no_token_is_told_anywhere(strapi: strapi_door.Strapi, settings: Any, editor: User) -> None:
    settings.STRAPI = {"main": strapi.settings(token="a-token-that-is-wrong")}

    task = followed(make.post(), editor)

    said = [task.error, log_of(task), str(list(Delivery.objects.values())), str(list(Stage.objects.values()))]
    said += [str(list(Event.objects.values())), str(list(Notification.objects.values()))]
    assert "does not take the token" in said[0]
    assert "a-token-that-is-wrong" not in "".join(said)


def test_a_target_that_is_set_up_no_more_is_refused_with_a_sentence(
    strapi: strapi_door.Strapi, settings: Any, editor: User
) -> None:
    task = deliveries.follow(make.post(), by=editor)
    settings.STRAPI = {}
    drain()

    assert task
    task.refresh_from_db()
    assert "not set up here any more" in task.error


def test_the_doctor_asks_each_place(strapi: strapi_door.Strapi, blog: strapi_door.Strapi) -> None:
    blog.faults = [Fault("GET", status=503)]

    found = list(doctor.elsewhere())

    assert [(finding.name, finding.verdict) for finding in found] == [("Strapi/main", "ok"), ("Strapi/blog", "fail")]
    assert "out of order (503)" in found[1].says


# --- The page of the task ---


def seen(client: Client, task: Task, by: User) -> str:
    client.force_login(by)
    whole, live = (client.get(f"{task.get_absolute_url()}{end}") for end in ("", "live/"))
    assert (whole.status_code, live.status_code) == (200, 200)
    return whole.content.decode()


def test_its_page_says_what_is_where(strapi: strapi_door.Strapi, editor: User, client: Client) -> None:
    post = make.post(title="A kettle that lasts")
    task = deliveries.follow(post, by=editor)
    assert task
    assert "Next in the queue" in seen(client, task, editor)

    drain()

    page = seen(client, task, editor)
    assert "Up to date in 1 place" in page
    assert delivery(post).desk_url in page
    assert delivery(post).public_url in page
    assert f'href="{post.get_absolute_url()}">View public' in page


def test_its_page_lets_a_failed_place_be_tried_again_by_itself(
    strapi: strapi_door.Strapi, blog: strapi_door.Strapi, editor: User, hasty: None, client: Client
) -> None:
    blog.faults = [Fault("GET", status=502, times=3)]
    task = followed(make.post(), editor)
    stage = task.stages.get(key="strapi/blog")
    page = seen(client, task, editor)
    assert "out of order (502)" in page
    assert page.count("/retry/") == 1

    client.post(f"{task.get_absolute_url()}stages/{stage.pk}/retry/")
    drain()

    assert "Up to date in 2 places" in seen(client, task, editor)


def test_the_page_of_a_piece_leads_to_the_task_that_wrote_it(
    strapi: strapi_door.Strapi, editor: User, client: Client
) -> None:
    post = make.post()
    deliveries.follow(post, by=editor)
    client.force_login(editor)

    assert client.get(f"/desk/tasks/?piece={post.piece_id}").status_code == 200


# --- Published at a date ---


def ready(editor: User, **about: Any) -> dict[str, Any]:
    piece = make.piece(status=Status.READY, **about)
    assert piece.current
    return {"piece": piece.pk, "version_hash": piece.current.hash, "picture": None}


def test_at_its_date_it_becomes_public_here_and_then_elsewhere(
    strapi: strapi_door.Strapi, blog: Any, editor: User
) -> None:
    at = timezone.now() + timedelta(hours=2)
    task = tasks.create("publish", {**ready(editor), "schedule_for": at.isoformat()}, owner=editor)

    drain()
    assert not Post.objects.exists()
    Stage.objects.filter(task=task, name="publish").update(not_before=None)
    drain()

    task.refresh_from_db()
    post = Post.objects.get()
    assert task.status == TaskStatus.COMPLETED, task.error
    assert task.result["says"] == "Public here, and up to date in 2 places"
    assert len(strapi.articles) == len(blog.articles) == 1
    told = Event.objects.filter(task=task, type="published").order_by("seq")
    first = told[0].data
    assert (first["target"], first["public_url"]) == ("site", post.url)
    percents = [e.data["percent"] for e in Event.objects.filter(task=task).order_by("seq") if "percent" in e.data]
    assert percents == sorted(percents)


def test_without_another_place_it_becomes_public_here(editor: User) -> None:
    task = tasks.create("publish", ready(editor), owner=editor)

    drain()

    task.refresh_from_db()
    assert (task.status, task.result["says"]) == (TaskStatus.COMPLETED, "Public on our own site")
    assert Post.objects.get().withdrawn_at is None


def test_our_own_site_stays_public_when_no_other_place_answers(
    strapi: strapi_door.Strapi, editor: User, hasty: None
) -> None:
    strapi.faults = [Fault("GET", status=500, times=9)]
    task = tasks.create("publish", ready(editor), owner=editor)

    drain()

    task.refresh_from_db()
    assert (task.status, task.result["failed"]) == (TaskStatus.COMPLETED, 1)
    assert Post.objects.live().count() == 1


def test_a_text_that_was_edited_meanwhile_does_not_go_out(strapi: strapi_door.Strapi, editor: User) -> None:
    asked = ready(editor)
    task = tasks.create("publish", asked, owner=editor)
    piece = task.pieces[0]
    editing.save_edit(piece, by=editor, based_on=asked["version_hash"], title=piece.title, body=make.BODY + "\nMore.\n")

    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.FAILED
    assert not Post.objects.exists()
    assert strapi.asked == []


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (lambda piece, creator: {"piece": 0}, Invalid),
        (lambda piece, creator: {"piece": piece.pk + 1000}, Invalid),
        (lambda piece, creator: {"piece": piece.pk}, Invalid),  # never public
        (lambda piece, creator: {"piece": piece.pk, "version_hash": "0" * 64}, Stale),
        (lambda piece, creator: {"piece": piece.pk, "picture": "any"}, Invalid),
    ],
)
def test_what_cannot_be_published_is_refused_when_it_is_asked_for(
    asked: Callable[..., dict[str, Any]], error: type[Exception], editor: User
) -> None:
    piece = make.piece(status=Status.READY)

    with pytest.raises(error):
        tasks.create("publish", asked(piece, editor), owner=editor)


def test_only_who_may_publish_asks_for_it(strapi: strapi_door.Strapi) -> None:
    post = make.post()

    with pytest.raises(NotAllowed):
        tasks.create("publish", {"piece": post.piece_id}, owner=post.piece.owner)
    with pytest.raises(Invalid):
        tasks.create("publish", {"piece": post.piece_id}, owner=make.creator())


def worker_process(strapi: strapi_door.Strapi) -> subprocess.Popen[bytes]:
    """A worker of its own, on the tests' database."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    told = {
        "DATABASE_URL": database.geturl(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "COPYDESK_PROVIDER": "scripted",
        "COPYDESK_LEASE_SECONDS": "1",
        "COPYDESK_STRAPI": "main",
        "COPYDESK_STRAPI_MAIN_URL": strapi.address,
        "COPYDESK_STRAPI_MAIN_TOKEN": strapi_door.TOKEN,
    }
    program = "import django; django.setup(); from pipeline.worker import drain; drain()"
    return subprocess.Popen([sys.executable, "-c", program], env={**os.environ, **told}, cwd=installation.BASE_DIR)


def in_thread(act: Callable[[], Any]) -> None:
    """As somebody else does, on a connection of their own."""

    def run() -> None:
        act()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
