"""HTTP to one Strapi: what it answers, or a refusal in words that an editor can read and an operator can act on."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx
from django.utils import timezone

from content.errors import ExternalError

if TYPE_CHECKING:
    from .target import Target

T = TypeVar("T")

TIMEOUT_SECONDS = 30.0
CONNECT_SECONDS = 10.0
MOST_BYTES = 8_000_000  # of an answer; what we send comes back in it
MOST_SAID = 500  # characters of what Strapi says
LONGEST_REST_SECONDS = 600.0


def _nothing() -> None:
    """Nobody stops it."""


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; to read them takes longer than a request."""
    return httpx.create_ssl_context()


class Refused(ExternalError):
    """Strapi answered, and not with what was asked for. `answered` is the HTTP status, `said` its own words."""

    def __init__(
        self, message: str, *, answered: int, said: str, retryable: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message, retryable=retryable, retry_after=retry_after)
        self.answered, self.said = answered, said


class Client:
    """A conversation with one Strapi; `check` is called before every request and raises when there is to be none."""

    def __init__(self, target: Target, check: Callable[[], None] = _nothing) -> None:
        self.target, self.check = target, check

    def __enter__(self) -> Self:
        # No redirect is followed: it would take the token with it, or lose the body.
        self.http = httpx.Client(
            verify=_trusted(),
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
            headers={
                "Authorization": f"Bearer {self.target.token}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # MOST_BYTES is then what comes, not what it unfolds to
            },
            follow_redirects=False,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._ask("GET", path, params=params)

    def rows(self, path: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The entries of a collection."""
        return self._expected(lambda answer: [dict(row) for row in answer["data"]], self.get(path, params))

    def listing(self, path: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What is given as a bare list, as files are."""
        return self._expected(lambda answer: [dict(row) for row in answer], self.get(path, params))

    def write(self, method: str, path: str, params: Mapping[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """The entry as it is then."""
        answer = self._ask(method, path, params=params, json={"data": data})
        return self._expected(lambda answer: dict(answer["data"]), answer)

    def delete(self, path: str, params: Mapping[str, Any]) -> None:
        try:
            self._ask("DELETE", path, params=params)
        except Refused as refused:
            if refused.answered != 404:
                raise

    def upload(self, file: tuple[str, bytes, str], about: str) -> Any:
        """The number of the file that is sent: (name, content, type), and what is to be said `about` it, as JSON."""
        answer = self._ask("POST", "/api/upload", files={"files": file}, data={"fileInfo": about})
        return self._expected(lambda answer: answer[0]["id"], answer)

    # --- One request ---

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        self.check()
        try:
            with self.http.stream(method, f"{self.target.url}{path}", **sent) as answer:
                body = self._body(answer)
        except httpx.TimeoutException as error:
            raise ExternalError(self._too_slow(), retryable=True) from error
        except (httpx.TransportError, httpx.StreamError) as error:
            raise self._unreachable(error) from error
        except httpx.HTTPError as error:
            raise ExternalError("Strapi answers nothing that can be read.", retryable=True) from error
        if not answer.is_success:
            raise self._refusal(answer, body, path)
        return self._parsed(body)

    def _body(self, answer: httpx.Response) -> bytes:
        ends, body = time.monotonic() + TIMEOUT_SECONDS, bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise ExternalError(f"Strapi answers more than {MOST_BYTES // 10**6} MB.", retryable=False)
            if time.monotonic() > ends:
                raise ExternalError(self._too_slow(), retryable=True)
        return bytes(body)

    def _parsed(self, body: bytes) -> Any:
        if not body:
            return None
        try:
            return json.loads(body)
        except ValueError as error:
            raise self._strange() from error

    def _expected(self, take: Callable[[Any], T], answer: Any) -> T:
        try:
            return take(answer)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._strange() from error

    # --- What went wrong, in words ---

    def _too_slow(self) -> str:
        return f"Strapi took longer than {TIMEOUT_SECONDS:.0f} s to answer."

    def _strange(self) -> ExternalError:
        return ExternalError(
            f"What answers at {self.target.url} does not speak as Strapi does. "
            f"Correct {self.target.setting('URL')}: without /api, without /admin.",
            retryable=False,
        )

    def _unreachable(self, error: Exception) -> ExternalError:
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return ExternalError(f"Strapi cannot be asked. Correct {self.target.setting('URL')}.", retryable=False)
        causes = (error, error.__cause__, error.__cause__ and error.__cause__.__cause__)
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
            says = f"The certificate of {self.target.url} is not one that this machine trusts."
            return ExternalError(says, retryable=False)
        if isinstance(error, httpx.ConnectError):
            return ExternalError(f"Strapi does not answer: nothing listens at {self.target.url}.", retryable=True)
        return ExternalError("Strapi broke off in the middle.", retryable=True)

    def _refusal(self, answer: httpx.Response, body: bytes, path: str) -> ExternalError:
        status, (name, said) = answer.status_code, _said(body)
        said = said.replace(self.target.token, "…")[:MOST_SAID]
        says = f"Strapi {self._words(status, name, said or answer.reason_phrase, path)}"
        retryable = status in (408, 429) or status >= 500
        after = _retry_after(answer.headers) if retryable else None
        return Refused(says, answered=status, said=said, retryable=retryable, retry_after=after)

    def _words(self, status: int, name: str, said: str, path: str) -> str:
        target = self.target
        if 300 <= status < 400:
            return f"lives at another address by now ({status}). Correct {target.setting('URL')}."
        if status == 401:
            return f"does not take the token: {said}. Correct {target.setting('TOKEN')}."
        if status == 403:
            what = "files" if path.startswith("/api/upload") else path.split("/")[2]
            return f"does not let this token do that with {what}: {said}. Give it the right in Strapi, Settings, API Tokens."
        if status in (404, 405):
            what = path.removeprefix("/api/")
            return f"has no {what} to be asked for: {said}. Correct {target.setting('COLLECTION')} if that is not its name."
        if status == 413:
            return f"takes nothing of that size: {said}."
        if status == 429:
            return "asks for a pause: too many requests."
        if status >= 500:
            return f"is out of order ({status}): {said}."
        return f"refuses it ({name or status}): {said}."


def _said(body: bytes) -> tuple[str, str]:
    """(name, what is wrong with what) of Strapi's own error; its `value`, which is our text, is left out."""
    try:
        error = json.loads(body)["error"]
        faults = error.get("details", {}).get("errors") or []
        each = [f"{'.'.join(map(str, fault['path']))}: {fault['message']}" for fault in faults if fault.get("path")]
        said = "; ".join(each) or str(error.get("message") or "")
        return str(error.get("name") or ""), said.rstrip(".")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""  # something before Strapi answered, with a page


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that it asks for, however it says so; at most ten minutes."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdecimal():
        return min(float(told[:9]), LONGEST_REST_SECONDS)
    try:
        until = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return None
    seconds = (until - timezone.now()).total_seconds() if until.tzinfo else 0.0
    return min(max(seconds, 0.0), LONGEST_REST_SECONDS)
