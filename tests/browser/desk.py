"""A desk that a real browser can open: our own ASGI application on loopback, on the test's database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from content.models import User

PATIENCE_MS = 30_000  # a busy machine is no fault; what holds is seen at once
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]

Fault = Callable[[ConsoleMessage], bool]
Opened = Callable[..., Page]


@contextmanager
def serving() -> Iterator[str]:
    """The address of the application while the block runs."""
    from config.asgi import application

    server = uvicorn.Server(
        uvicorn.Config(application, port=0, log_level="warning", lifespan="off", ws_ping_interval=None)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def window(browser: Browser, address: str, **options: Any) -> BrowserContext:
    """A window of its own, in which nobody has signed in."""
    return browser.new_context(base_url=address, **options)


def signed_in(browser: Browser, address: str, user: User, **options: Any) -> BrowserContext:
    """A window of its own in which `user` has signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    context = window(browser, address, **options)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": str(session.session_key), "url": address}])
    return context


def refused_by_the_policy(said: ConsoleMessage) -> bool:
    return "Content Security Policy" in said.text


@contextmanager
def watched(context: BrowserContext, fault: Fault = refused_by_the_policy) -> Iterator[None]:
    """A script that breaks in any page of the window, or a line of its console that is a `fault`, is an error at the end."""
    broken: list[str] = []
    context.on("weberror", lambda error: broken.append(str(error.error)))
    context.on("console", lambda said: broken.append(said.text) if fault(said) else None)
    yield
    assert broken == []
