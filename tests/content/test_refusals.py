"""A refusal in a page's view is something a person can read; htmx gets it as a notice for the page it is on."""

from __future__ import annotations

import make
import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from content.errors import InvalidMove
from content.views.refusals import RefusalMiddleware

pytestmark = pytest.mark.django_db
REFUSAL = InvalidMove("Already approved by Mara Lindqvist.", first="Mara Lindqvist")


def asked(*, htmx: bool) -> HttpRequest:
    """A request as the view sees it, behind the middleware that stands before ours."""
    request = RequestFactory().post("/desk/", headers={"HX-Request": "true"} if htmx else {})
    request.user, request.session = make.editor(), SessionStore()
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


def answered(error: Exception, *, htmx: bool = False) -> HttpResponse | None:
    return RefusalMiddleware(lambda request: HttpResponse()).process_exception(asked(htmx=htmx), error)


def test_a_refusal_is_a_page_with_its_status_and_the_reason() -> None:
    page = answered(REFUSAL)

    assert page
    assert page.status_code == 409
    assert "<html" in page.content.decode()
    assert "Already approved by Mara Lindqvist." in page.content.decode()


def test_for_htmx_it_is_a_notice_that_goes_to_the_top_of_the_page() -> None:
    notice = answered(REFUSAL, htmx=True)

    assert notice
    assert notice.status_code == 409
    assert (notice["HX-Retarget"], notice["HX-Reswap"]) == ("#notices", "innerHTML")
    assert "<html" not in notice.content.decode()
    assert "Already approved by Mara Lindqvist." in notice.content.decode()


def test_what_a_reason_quotes_is_text_and_not_html() -> None:
    page = answered(InvalidMove("“<script>alert(1)</script>” is public."))

    assert page
    assert "<script>alert" not in page.content.decode()


def test_a_bug_is_not_a_refusal_and_rises() -> None:
    assert answered(ZeroDivisionError()) is None
