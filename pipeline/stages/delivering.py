"""One post at one target, brought in step: whoever holds it sends what is public, the others wait for that."""

from __future__ import annotations

import threading
import time
import uuid
from types import TracebackType
from typing import Any, Self

import structlog
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models.functions import Now
from django.utils import timezone

from content.errors import CopydeskError, ExternalError
from content.models import Post
from media_gen import storage
from pipeline.models import Delivery, DeliveryState
from pipeline.models.stage import LeaseLost, in_seconds
from pipeline.publishers.base import Article, Errand, Picture, Publisher

from .base import Work

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 0.2  # while another one sends


class Hold(threading.Thread):
    """The right to send one post to one target, renewed on a thread and a connection of its own while it is used: one
    request may take longer than a hold, and a sender that died is not to be waited for."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(name=f"hold-{delivery.pk}", daemon=True)
        self.delivery, self.token = delivery, uuid.uuid4()
        self.ended, self.lost = threading.Event(), threading.Event()

    def take(self) -> bool:
        return Delivery.objects.all().take(self.delivery.pk, self.token, settings.LEASE_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.join()
        self._write(token=None, held_until=None)

    def run(self) -> None:
        try:
            while not self.ended.wait(settings.HEARTBEAT_SECONDS):
                try:
                    if not self._write(held_until=in_seconds(settings.LEASE_SECONDS)):
                        self.lost.set()
                        return
                except DatabaseError as error:  # it runs out if this lasts, and then `require` says so
                    log.warning("hold not renewed", delivery=self.delivery.pk, error=type(error).__name__)
                    connections.close_all()
        finally:
            connections.close_all()

    def require(self) -> None:
        """Raise if another sender has it: one that stood still for longer than its hold wakes up here."""
        if self.lost.is_set() or not self._write(held_until=in_seconds(settings.LEASE_SECONDS)):
            raise LeaseLost(str(self.delivery))

    def store(self, **changes: Any) -> None:
        """Write to the delivery as its holder."""
        if not self._write(**changes):
            raise LeaseLost(str(self.delivery))
        for name, value in changes.items():
            setattr(self.delivery, name, value)

    def _write(self, **changes: Any) -> bool:
        return Delivery.objects.all().write(self.delivery.pk, self.token, **changes)


def bring_in_step(work: Work, publisher: Publisher) -> Delivery:
    """The target has what is public now: the article as it is, or none where it was withdrawn.

    The post is read when the target is held, and once more when it is sent: what changed meanwhile is sent again. No
    transaction is open while it is sent.
    """
    post = Post.objects.get(piece=work.piece)
    delivery = Delivery.objects.all().to(post, publisher.name)
    hold, asked_at = Hold(delivery), timezone.now()
    waited = _waited_for(hold, work)
    with hold:
        delivery.refresh_from_db()
        while True:
            article = article_of(post, delivery.external_id)
            digest = publisher.digest(article) if article else ""
            if waited and delivery.sent_at and delivery.sent_at > asked_at and _has(delivery, article, digest):
                work.log("publisher", f"{publisher.name} has just got it from another worker.")
                return delivery
            try:
                _send(work, publisher, hold, article, digest)
            except CopydeskError as error:
                hold.store(state=DeliveryState.FAILED, error=error.message)
                raise
            post = Post.objects.get(pk=post.pk)
            after = article_of(post, delivery.external_id)
            if digest == (publisher.digest(after) if after else ""):
                delivery.refresh_from_db()
                return delivery
            work.log("publisher", f"It was changed while it was sent to {publisher.name}; sending it again.")


def article_of(post: Post, external_id: str) -> Article | None:
    """The post as it goes out; None if the public may not read it."""
    if post.withdrawn_at is not None or post.published_at > timezone.now():
        return None
    return Article(
        external_id=external_id,
        slug=post.slug,
        title=post.title,
        excerpt=post.excerpt,
        body=post.body,
        category=post.category,
        tags=tuple(post.tags),
        author=post.author,
        reviewer=post.reviewer,
        url=post.url,
        read_minutes=post.read_minutes,
        published_at=post.published_at,
        updated_at=post.updated_at,
        cover=_cover(post),
    )


def _cover(post: Post) -> Picture | None:
    url = str(post.cover.get("url") or "")
    names = storage.names_in(url)
    if not names:
        return None

    def read() -> bytes:
        try:
            return storage.read(storage.PUBLIC, names[-1])
        except FileNotFoundError as error:
            says = f"The picture of “{post}” is not in the public storage any more. Choose it again."
            raise ExternalError(says, retryable=False) from error

    name = names[-1].rpartition("/")[2]
    return Picture(url, name, str(post.cover.get("alt") or ""), str(post.cover.get("credit") or ""), read)


def _waited_for(hold: Hold, work: Work) -> bool:
    """Take it, however long another sender has it; whether there was one."""
    waited = False
    while not hold.take():
        if not waited:
            work.say(f"Another worker is sending it {work.stage.aim}", "queued")
        waited = True
        work.check()
        time.sleep(LOOK_EVERY_SECONDS)
    return waited


def _has(delivery: Delivery, article: Article | None, digest: str) -> bool:
    """Whether the target has exactly this."""
    if article is None:
        return delivery.state == DeliveryState.WITHDRAWN
    return delivery.state == DeliveryState.SENT and delivery.digest == digest


def _send(work: Work, publisher: Publisher, hold: Hold, article: Article | None, digest: str) -> None:
    delivery = hold.delivery
    errand = Errand(delivery.document_id, dict(delivery.pictures))

    def check() -> None:
        work.check()
        hold.require()

    errand.check = check
    errand.keep = lambda: hold.store(document_id=errand.document_id, pictures=errand.pictures)
    errand.say = lambda message: work.log("publisher", message)
    if article is not None:
        work.progress(0.1, f"Sending “{article.title}” {work.stage.aim}")
        where = publisher.deliver(article, errand)
        state, links = DeliveryState.SENT, {"public_url": where.public_url, "desk_url": where.desk_url}
    else:
        work.progress(0.1, f"Taking it from {publisher.name}")
        publisher.withdraw(delivery.external_id, errand)
        still_there = delivery.desk_url if errand.document_id else ""
        state, links = DeliveryState.WITHDRAWN, {"public_url": "", "desk_url": still_there}
    hold.store(state=state, digest=digest, error="", sent_at=Now(), **links)
