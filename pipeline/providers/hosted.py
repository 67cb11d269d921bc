"""What the hosted vendors' files share. Their SDKs come from one generator: clients and exceptions have the same shapes.

An SDK is imported when its vendor is first asked: it takes seconds and 40 MB, which an installation without a key saves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import Any

from content.errors import ExternalError

CONNECT_SECONDS = 5
LIST_SECONDS = 5  # a list of models is asked for while somebody waits for a page
MOST_PATIENT_SECONDS = 60.0  # who asks us to wait longer is asked again, or another in its place
BUSY = {408, 409, 425, 429, 529}
PASSING = {"overloaded_error", "rate_limit_error", "api_error", "timeout_error", "server_error"}
NO_CREDIT = ("insufficient_quota", "billing_error", "billing_not_active", "credit balance")
ANY = "*"  # among the words of a refusal: one that names nothing at all may mean this too
LESSONS = 6  # what one model may refuse, before it counts as a refusal of the request itself


@dataclass(frozen=True)
class Vendor:
    """Whom it speaks of in its sentences: `title` (“OpenAI”), the SDK's `package`, the variable that holds the key."""

    title: str
    package: str
    key: str


def sdk(vendor: Vendor) -> Any:
    """The vendor's own package; `ExternalError` says how to install it."""
    try:
        return import_module(vendor.package)
    except ModuleNotFoundError as error:
        raise ExternalError(
            f"{vendor.title}'s package is not installed. Run: make hosted, and start Copydesk again.", retryable=False
        ) from error


def http(vendor: Vendor) -> Any:
    """The HTTP library under the SDK, whose exceptions come through in the middle of a stream."""
    sdk(vendor)
    return import_module("httpx2")


def timeout(vendor: Vendor, seconds: float) -> Any:
    """No silence is longer than the whole attempt may take."""
    return http(vendor).Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in a Retry-After header, in any of its forms; at most a minute. None when it does not say."""
    if milliseconds := headers.get("retry-after-ms"):
        told: float | None = _number(milliseconds, 1000)
    else:
        told = _number(headers.get("retry-after", ""), 1)
        if told is None and (date := headers.get("retry-after")):
            told = _until(date)
    return None if told is None else min(max(told, 0.0), MOST_PATIENT_SECONDS)


def _number(text: str, parts: int) -> float | None:
    try:
        told = float(text) / parts
    except ValueError:
        return None
    return told if math.isfinite(told) else None


def _until(date: str) -> float | None:
    try:
        when = parsedate_to_datetime(date)
    except ValueError:
        return None
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()


@contextmanager
def speaking(vendor: Vendor, model: str = "") -> Iterator[None]:
    """Whatever the SDK raises inside leaves as an `ExternalError` in words that an operator can act upon."""
    package, wire = sdk(vendor), http(vendor)
    try:
        yield
    except package.APIStatusError as error:
        raise refusal(vendor, model, error.status_code, _body(error), error.response.headers) from error
    except (package.APITimeoutError, wire.TimeoutException) as error:
        raise ExternalError(f"{vendor.title} took too long to answer.", retryable=True) from error
    except (package.APIConnectionError, wire.TransportError) as error:
        broke = "cannot be reached" if isinstance(error, package.APIConnectionError) else "broke off its answer"
        raise ExternalError(f"{vendor.title} {broke}.", retryable=True) from error
    except package.APIError as error:  # an error in the middle of a stream that began well
        raise refusal(vendor, model, 200, _body(error), {}) from error
    except (ValueError, RecursionError) as error:  # it is not JSON, or not UTF-8
        raise ExternalError(f"{vendor.title} answered something that is not its protocol.", retryable=True) from error


def refusal(vendor: Vendor, model: str, status: int, said: str, headers: Mapping[str, str]) -> ExternalError:
    """What a status means, and what to do about it. A status of 200 is an error in the middle of a stream."""
    name = vendor.title
    if any(word in said for word in NO_CREDIT):
        return ExternalError(f"{name} says that this account has no credit left. Add some there.", retryable=False)
    if status == 401:
        return ExternalError(f"{name} does not take the key. Correct {vendor.key} and start again.", retryable=False)
    if status == 403:
        return ExternalError(f"The key in {vendor.key} may not use “{model}” at {name}.", retryable=False)
    if status == 404:
        return ExternalError(f"{name} does not have the model “{model}”. Choose another.", retryable=False)
    if status == 429 or "rate_limit" in said:
        return ExternalError(f"{name}'s limit is reached.", retryable=True, retry_after=retry_after(headers))
    if status == 529 or "overloaded" in said:
        return ExternalError(f"{name} is overloaded.", retryable=True, retry_after=retry_after(headers))
    passing = status in BUSY or status >= 500 or (status == 200 and any(kind in said for kind in PASSING))
    return ExternalError(
        f"{name} answered: {_sentence(said) or f'HTTP {status}'}",
        retryable=passing,
        retry_after=retry_after(headers) if passing else None,
    )


def _body(error: Any) -> str:
    """The answer's body as text, without the request's headers and its key."""
    body = error.body
    return body if isinstance(body, str) else json.dumps(body, default=str) if body else ""


def _sentence(said: str) -> str:
    """The message in a vendor's JSON, or the text itself; one line."""
    try:
        told = json.loads(said)
    except ValueError:
        return " ".join(said.split())[:300]
    while isinstance(told, dict):
        told = told.get("error") or told.get("message") or told.get("detail") or ""
    return " ".join(str(told).split())[:300]


# {(address, model): what it has refused}: each worker learns it once.
_unfit: dict[tuple[str, str], frozenset[str]] = {}


def ask(
    vendor: Vendor,
    place: tuple[str, str],
    build: Callable[[frozenset[str]], tuple[dict[str, Any], dict[str, str]]],
    call: Callable[..., Any],
) -> Any:
    """The answer of `call`, asked without what this model does not take.

    Which parameters a model takes changes with every model and server. `build(unfit)` gives the call's arguments without
    those that were refused, and which of them can be left out: {name: the words by which a refusal speaks of it}. A
    400 that names one is asked again at once, and remembered for the `place` (address, model) when that helped.
    """
    unfit = _unfit.get(place, frozenset())
    package = sdk(vendor)
    for _ in range(LESSONS):
        wanted, optional = build(unfit)
        try:
            answer = call(**wanted)
        except (package.BadRequestError, package.UnprocessableEntityError) as error:
            lesson = _lesson((_body(error) or str(error)).lower(), optional)
            if lesson is None:
                raise
            unfit |= {lesson}
        else:
            _unfit[place] = unfit
            return answer
    return call(**build(unfit)[0])


def _lesson(said: str, optional: Mapping[str, str]) -> str | None:
    """The name of the argument that a refusal speaks of."""
    named = (name for name, words in optional.items() if any(word in said for word in words.split()))
    return next(named, next((name for name, words in optional.items() if ANY in words), None))
