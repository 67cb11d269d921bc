"""Who somebody is: signing in and out of the desk, and the tokens of the API.

Nothing here needs Redis: tries are counted from the audit trail, ended sessions are rows.
"""

from __future__ import annotations

import ipaddress
import math
import uuid
from datetime import timedelta
from typing import Any, cast

import structlog
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token, UntypedToken

from content.errors import CopydeskError, Invalid
from content.models import AuditEntry, Role, SignedOut, User
from content.services import audit

LASTS: timedelta = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]  # type: ignore[assignment]
WRONG = "E-mail or password is wrong"


def acting(email: str) -> User:
    """Whom a command acts for: the person with this e-mail or, where none was said, the first admin. `Invalid` if there
    is no such person."""
    people = User.objects.filter(is_active=True)
    found = people.filter(email__iexact=email).first() if email else people.filter(role=Role.ADMIN).first()
    if found is None:
        raise Invalid(f"There is no user {email or 'with the role admin'}.")
    return found


def sign_in(request: HttpRequest, email: str, password: str) -> User:
    """Open a browser session for the person with this e-mail and password; refusals as in `identify`."""
    user = identify(request, email, password)
    auth.login(request, user)
    return user


def sign_out(request: HttpRequest) -> None:
    """End the browser session."""
    if isinstance(request.user, User):
        audit.record("auth.signed_out", request.user, by=request.user)
    auth.logout(request)


def identify(request: HttpRequest, email: str, password: str) -> User:
    """The person with this e-mail and password.

    Raises a `CopydeskError`: 401 that says how many tries are left, or, after `SIGNIN_TRIES` (0 is off) for one
    e-mail from one address within `SIGNIN_PAUSE_SECONDS`, 429 with the seconds to wait as `retry_after`. A correct
    sign-in starts the count anew. An unknown e-mail is refused in the same words, after the same work.
    """
    email, ip = email.strip().lower()[:254], address_of(request)
    # django-structlog believes any X-Forwarded-For; what is counted must not be the client's to choose.
    structlog.contextvars.bind_contextvars(ip=ip)
    with transaction.atomic():
        _one_at_a_time(email, ip)
        wait, left = _tries(email, ip)
        user = None if wait else _person(email, password)
        if user:
            audit.record("auth.signed_in", user, by=user, personal={"email": email})
            return user
        # Whose account it was tried on, if anybody's: their line, and gone with them.
        tried = User.objects.filter(email__iexact=email).first()
        audit.record("auth.refused", tried, personal={"email": email}, reason="paused" if wait else "wrong")
    if wait:
        raise _paused(f"There were too many tries. {_minutes(wait)}", wait)
    if left == 1:
        wait = settings.SIGNIN_PAUSE_SECONDS
        raise _paused(f"{WRONG}, and that was the last try. {_minutes(wait)}", wait, status=401)
    if left is None:
        raise CopydeskError(f"{WRONG}.", code="wrong_credentials", status=401)
    tries = "1 try" if left == 2 else f"{left - 1} tries"
    raise CopydeskError(f"{WRONG}. {tries} left.", code="wrong_credentials", status=401, tries_left=left - 1)


def address_of(request: HttpRequest) -> str | None:
    """The client's IP address as our own outermost proxy saw it; `COPYDESK_PROXIES` says how many are ours."""
    proxies = settings.REST_FRAMEWORK["NUM_PROXIES"]
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    seen = hops[-min(proxies, len(hops))] if proxies else ""
    for address in (seen, request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ipaddress.ip_address(address))
        except ValueError:
            continue  # a unix socket has none, and a proxy may write what it likes
    return None


def tokens_for(user: User) -> dict[str, str]:
    """{access, refresh} of a new API session."""
    return _issue(user, str(uuid.uuid4()))


def refresh(token: str) -> dict[str, str]:
    """{access, refresh} of the same session in exchange for a refresh token, which then is worth nothing."""
    try:
        old = RefreshToken(token)  # type: ignore[arg-type]  # its annotation is wrong: it takes the encoded text
    except TokenError as error:
        raise _ended() from error
    user = _owner(old)
    if user is None:
        raise _ended()
    _, first = cast("tuple[Any, bool]", old.blacklist())  # annotated as the row alone
    if not first:  # of two that exchange it at once, one wins
        raise _ended()
    return _issue(user, old["sid"])


def end_session(token: str) -> None:
    """End the API session of this access or refresh token: both are denied from now on. A dead one is no error."""
    try:
        claims = UntypedToken(token)  # type: ignore[arg-type]
    except TokenError:
        return
    user = _owner(claims)
    if user is None:
        return
    with transaction.atomic():
        now = timezone.now()
        SignedOut.objects.filter(expires_at__lt=now).delete()
        SignedOut.objects.get_or_create(session=claims["sid"], defaults={"expires_at": now + LASTS})
        audit.record("auth.signed_out", user, by=user)


def owner_of(access_token: str) -> User | None:
    """Whose access token this is; None when it is wrong, expired or signed out, or its owner may not sign in."""
    try:
        return _owner(AccessToken(access_token))  # type: ignore[arg-type]
    except TokenError:
        return None


def _issue(user: User, session: str) -> dict[str, str]:
    token = RefreshToken()
    token.payload |= {
        "user_id": user.pk,
        "email": user.email,
        "role": user.role,
        "sid": session,
        "key": _key(user),
    }
    return {"access": str(token.access_token), "refresh": str(token)}


def _key(user: User) -> str:
    """Changes with the password, so that a new password ends every session, as it does in the browser."""
    return str(user.get_session_auth_hash())[:16]


def _owner(claims: Token) -> User | None:
    ended = SignedOut.objects.filter(session=claims.get("sid"))
    user = User.objects.filter(~Exists(ended), pk=claims.get("user_id"), is_active=True).first()
    if user is None or not constant_time_compare(_key(user), str(claims.get("key"))):
        return None
    return user


def _ended() -> CopydeskError:
    return CopydeskError("This session has ended. Sign in again.", code="session_ended", status=401)


def _one_at_a_time(email: str, ip: str | None) -> None:
    """Tries for one e-mail from one address wait for each other: twenty at once are counted like twenty in a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {email} {ip}"])


def _tries(email: str, ip: str | None) -> tuple[int, int | None]:
    """(seconds to wait, tries left): one of them is 0. None are counted when there is no limit."""
    if not settings.SIGNIN_TRIES:
        return 0, None
    pause = timedelta(seconds=settings.SIGNIN_PAUSE_SECONDS)
    now = timezone.now()
    lines = AuditEntry.objects.filter(personal__email=email, ip=ip, created_at__gt=now - pause)
    welcome = lines.filter(event="auth.signed_in").order_by("-created_at").first()
    wrong = lines.filter(event="auth.refused", data__reason="wrong").order_by("-created_at")
    if welcome:
        wrong = wrong.filter(created_at__gt=welcome.created_at)
    times = list(wrong.values_list("created_at", flat=True)[: settings.SIGNIN_TRIES])
    if len(times) < settings.SIGNIN_TRIES:
        return 0, settings.SIGNIN_TRIES - len(times)
    return max(1, math.ceil((times[-1] + pause - now).total_seconds())), 0


def _person(email: str, password: str) -> User | None:
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        make_password(password)  # as long as a comparison takes, so that time does not tell who has an account
        return None
    return user if user.check_password(password) else None


def _paused(message: str, seconds: int, *, status: int = 429) -> CopydeskError:
    extra: dict[str, Any] = {"tries_left": 0, "retry_after": seconds}
    return CopydeskError(message, code="signin_paused", status=status, **extra)


def _minutes(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"Wait {minutes} minute{'' if minutes == 1 else 's'}, then try again."
