"""Mail: sent once it is due, tried again when the server is away, and never in anybody's way."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any
from unittest import mock

import make
import pytest
from aiosmtpd.controller import Controller
from django.core import mail as outside
from django.db import connections
from django.utils import timezone

from content.models import User
from pipeline import clock, notifications
from pipeline.models import Kind, Notification, Stage, Task
from pipeline.services import mail

pytestmark = pytest.mark.django_db
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def _mail_is_on(settings: Any) -> None:
    settings.MAIL_IS_ON, settings.SITE_URL = True, "https://desk.example.org"


@pytest.fixture
def mara() -> User:
    return make.editor(name="Mara")


def tell(person: User, title: str = "It failed.", **fields: Any) -> Notification:
    key = f"{title}{Notification.objects.count()}"
    notifications.tell(person, Kind.FAILED, key=key, title=title, **fields)
    return Notification.objects.get(owner=person, key=key)


def due_again() -> None:
    """As if the pause were over."""
    Notification.objects.exclude(mail_due_at=None).update(mail_due_at=timezone.now() - timedelta(seconds=1))


def test_a_mail_is_sent_once(mara: User) -> None:
    told = tell(mara, text="The model took too long.", address="/desk/tasks/7/")

    assert [mail.send_due(), mail.send_due()] == [1, 0]

    (sent,) = outside.outbox
    assert (sent.to, sent.subject) == ([mara.email], "[Copydesk] It failed.")
    assert "The model took too long." in sent.body
    assert "https://desk.example.org/desk/tasks/7/" in sent.body
    assert "https://desk.example.org/desk/settings/notifications/" in sent.body
    told.refresh_from_db()
    assert told.mailed_at is not None
    assert told.mail_due_at is None


def test_a_run_is_listed_idea_by_idea_with_its_links(mara: User) -> None:
    task = Task.objects.create(type="daily_workflow", name="Daily run", owner=mara, status="completed")
    pieces = [make.piece(owner=mara, title=title) for title in ("Bees & <b>honey</b>", "A kettle that lasts")]
    for number, piece in enumerate(pieces):
        fields = {"name": "transform", "key": str(number), "position": 1, "asked_at": task.created_at}
        Stage.objects.create(task=task, piece=piece, **fields)
    tell(mara, "2 ideas, 2 pieces: “Daily run” is done.", task=task, address=task.get_absolute_url())

    mail.send_due()

    (sent,) = outside.outbox
    html = sent.alternatives[0].content
    for piece in pieces:
        assert f"https://desk.example.org/desk/pieces/{piece.pk}/" in sent.body
        assert f'href="https://desk.example.org/desk/pieces/{piece.pk}/"' in html
    assert "Bees & <b>honey</b>" in sent.body
    assert "Bees &amp; &lt;b&gt;honey&lt;/b&gt;" in html


def test_a_hostile_name_cannot_add_a_header(mara: User, settings: Any) -> None:
    settings.SITE_NAME = "Copydesk\r\nBcc: everybody@example.org"
    tell(mara, "It failed.\r\nBcc: everybody@example.org")

    assert mail.send_due() == 1

    parsed = message_from_bytes(outside.outbox[0].message().as_bytes(), policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["To"] == mara.email


def test_a_server_that_is_away_is_asked_again_later_and_not_for_ever(mara: User, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
    settings.EMAIL_BACKEND = SMTP
    told = tell(mara)

    waits = []
    for _ in range(8):
        mail.send_due()
        told.refresh_from_db()
        if told.mail_due_at is None:
            break
        waits.append(round((told.mail_due_at - timezone.now()).total_seconds() / 60))
        assert mail.send_due() == 0
        due_again()

    assert waits == [2, 10, 60, 720]
    assert (told.mail_tries, told.mailed_at) == (5, None)


def test_who_has_left_gets_no_mail(mara: User) -> None:
    told = tell(mara)
    User.objects.filter(pk=mara.pk).update(is_active=False)

    assert mail.send_due() == 0

    told.refresh_from_db()
    assert told.mail_due_at is None


def test_a_template_that_breaks_does_not_keep_the_next_mail_waiting(mara: User) -> None:
    tell(mara, "The first.")
    tell(mara, "The second.")
    whole = mail.message

    with mock.patch.object(mail, "message", side_effect=lambda told: whole(told) if "second" in told.title else 1 / 0):
        assert mail.send_due() == 1

    assert outside.outbox[0].subject == "[Copydesk] The second."


class Server:
    """A mail server on loopback: what it was given, and what it answers."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.answers: list[str] = []
        self.slow = 0.0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 No such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        time.sleep(self.slow)
        if self.answers and (answer := self.answers.pop(0)) != "250":
            return answer
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 Taken"


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    said = Server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(said, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield said
    controller.stop()


def test_a_real_server_gets_both_parts_with_their_letters(mara: User, server: Server) -> None:
    tell(mara, "“Über Bienen” has failed. 🐝", text="日本語")

    assert mail.send_due() == 1

    (got,) = server.got
    assert got["Subject"].strip() == "[Copydesk] “Über Bienen” has failed. 🐝"
    assert got["Message-ID"] == f"<notification-{Notification.objects.get().pk}@desk.example.org>"
    assert "日本語" in got.get_body(("plain",)).get_content()
    assert "日本語" in got.get_body(("html",)).get_content()


def test_a_server_that_is_busy_gets_it_at_the_second_try(mara: User, server: Server) -> None:
    server.answers = ["451 Come back later", "250"]
    tell(mara)

    assert mail.send_due() == 0
    due_again()
    assert mail.send_due() == 1

    assert len(server.got) == 1


def test_an_address_that_does_not_exist_is_tried_once(server: Server) -> None:
    told = tell(make.editor(email="nobody@example.org"))

    mail.send_due()

    told.refresh_from_db()
    assert (told.mail_tries, told.mail_due_at, told.mailed_at) == (1, None, None)


@pytest.mark.django_db(transaction=True)
def test_several_clocks_send_each_mail_once(server: Server) -> None:
    for number in range(12):
        tell(make.editor(), f"Number {number}.")

    def a_clock() -> None:
        try:
            mail.send_due()
        finally:
            connections.close_all()

    clocks = [threading.Thread(target=a_clock) for _ in range(4)]
    for each in clocks:
        each.start()
    for each in clocks:
        each.join()

    assert sorted(got["Subject"] for got in server.got) == sorted(f"[Copydesk] Number {n}." for n in range(12))


@pytest.mark.django_db(transaction=True)
def test_a_slow_mail_server_delays_no_tick(mara: User, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "POST_EVERY_SECONDS", 0.01)
    server.slow = 3.0
    tell(mara)
    post = clock.Post()
    post.start()
    deadline = time.monotonic() + 5
    while not Notification.objects.filter(mail_tries=1).exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    began = time.monotonic()
    clock.tick()
    Notification.objects.filter(owner=mara).mark_read()  # nor does it hold a lock on the row
    took = time.monotonic() - began

    assert not Notification.objects.exclude(mailed_at=None).exists()  # the server has not answered yet
    assert took < 2.5
    post.stopped.set()
    post.join(10)
    assert len(server.got) == 1
