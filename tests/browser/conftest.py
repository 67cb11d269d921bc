"""What the tests in a real browser share: the browser, the desk it opens, and windows whose faults fail the test.

A module that wants something else of these overrides that one fixture, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import desk
import make
import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page

from content.models import User


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with desk.chromium() as browser:
        yield browser


@pytest.fixture
def address(transactional_db: None, scripted: Any) -> Iterator[str]:
    cache.clear()
    with desk.serving() as served:
        yield served


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Whose desk it is: `page` is theirs."""
    return make.editor(name="Mara Lindqvist")


@pytest.fixture
def editor(transactional_db: None) -> User:
    """Who looks at what others wrote: `opened(…, by=editor)`."""
    return make.editor(name="Mara Lindqvist")


@pytest.fixture
def window() -> dict[str, Any]:
    """What the window of `page` is like, in the words of Playwright's new_context."""
    return {}


@pytest.fixture
def fault() -> desk.Fault:
    """Which lines of a page's console fail the test."""
    return desk.refused_by_the_policy


@pytest.fixture
def page(chromium: Browser, address: str, owner: User, window: dict[str, Any], fault: desk.Fault) -> Iterator[Page]:
    """The owner's window, at no page yet."""
    with desk.signed_in(chromium, address, owner, **window) as context, desk.watched(context, fault):
        yield context.new_page()


@pytest.fixture
def opened(chromium: Browser, address: str, fault: desk.Fault) -> Iterator[desk.Opened]:
    """opened(path, by=person, width=…, **window): the page there as that person sees it, in a window of their own,
    when all that it loads is there; by nobody in particular, as a reader does."""
    with ExitStack() as windows:

        def open_page(path: str, *, by: User | None = None, width: int = 1280, **options: Any) -> Page:
            options = {"viewport": {"width": width, "height": 800}, **options}
            if by:
                context = desk.signed_in(chromium, address, by, **options)
            else:
                context = desk.window(chromium, address, **options)
            windows.enter_context(context)
            windows.enter_context(desk.watched(context, fault))
            page = context.new_page()
            page.goto(path)
            page.wait_for_load_state("networkidle")
            return page

        yield open_page
