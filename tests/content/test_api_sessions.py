"""Signing in: tries, tokens, refresh and logout."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import jwt
import make
import pytest
from caller import api
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import timezone

from content.errors import CopydeskError
from content.models import AuditEntry, Role, SignedOut, User
from content.services import accounts

pytestmark = pytest.mark.django_db
LOGIN, REFRESH, LOGOUT, ME = (f"/api/v1/auth/{name}/" for name in ("login", "refresh", "logout", "me"))
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def mara() -> User:
    return User.objects.create_user("mara@example.org", PASSWORD, name="Mara Lindqvist", role=Role.EDITOR)


def log_in(email: str = "mara@example.org", password: str = PASSWORD, **headers: str) -> Any:
    return api().post(LOGIN, {"email": email, "password": password}, **headers)


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def bearer(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def test_login_answers_tokens_and_who_it_is(mara: User) -> None:
    answer = log_in("MARA@example.org")

    assert answer.status_code == 200
    assert set(answer.data) == {"access", "refresh", "user"}
    assert answer.data["user"] == {
        "id": mara.pk,
        "email": "mara@example.org",
        "name": "Mara Lindqvist",
        "role": "editor",
    }
    assert answer["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(event="auth.signed_in", actor=mara, ip="127.0.0.1").exists()


def test_a_token_says_who_and_for_24_hours(mara: User) -> None:
    said = claims(log_in().data["access"])

    assert (said["user_id"], said["email"], said["role"]) == (mara.pk, mara.email, "editor")
    assert said["exp"] - said["iat"] == 24 * 3600
    assert len(said["sid"]) == 36


def test_an_access_token_opens_the_api_and_nothing_does_not(mara: User) -> None:
    token = log_in().data["access"]

    assert api().get(ME, **bearer(token)).data["email"] == mara.email
    refused = api().get(ME)
    assert (refused.status_code, refused.data["code"]) == (401, "not_signed_in")
    assert refused["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoxfQ."])
def test_a_made_up_token_is_refused(mara: User, token: str) -> None:
    assert api().get(ME, **bearer(token)).status_code == 401
    assert api().post(REFRESH, {"refresh": token or "-"}).status_code == 401


def test_a_refresh_token_is_not_an_access_token_nor_the_other_way_round(mara: User) -> None:
    tokens = log_in().data

    assert api().get(ME, **bearer(tokens["refresh"])).status_code == 401
    assert api().post(REFRESH, {"refresh": tokens["access"]}).status_code == 401


def test_a_refresh_token_works_once_and_the_session_goes_on(mara: User) -> None:
    old = log_in().data

    new = api().post(REFRESH, {"refresh": old["refresh"]})

    assert new.status_code == 200
    assert claims(new.data["access"])["sid"] == claims(old["access"])["sid"]
    assert api().get(ME, **bearer(new.data["access"])).status_code == 200
    again = api().post(REFRESH, {"refresh": old["refresh"]})
    assert (again.status_code, again.data["code"]) == (401, "session_ended")
    assert api().post(REFRESH, {"refresh": new.data["refresh"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_eight_refreshes_at_once_one_wins(mara: User) -> None:
    token = accounts.tokens_for(mara)["refresh"]
    gate, said = threading.Barrier(8), []

    def exchange() -> None:
        gate.wait()
        said.append(api().post(REFRESH, {"refresh": token}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=exchange) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == [200] + [401] * 7


def test_after_logout_every_token_of_the_session_is_denied(mara: User) -> None:
    first, other = log_in().data, log_in().data
    second = api().post(REFRESH, {"refresh": first["refresh"]}).data

    assert api().post(LOGOUT, {}, **bearer(second["access"])).status_code == 204

    for token in (first["access"], second["access"]):
        assert api().get(ME, **bearer(token)).status_code == 401
    assert api().post(REFRESH, {"refresh": second["refresh"]}).status_code == 401
    assert api().get(ME, **bearer(other["access"])).status_code == 200
    assert AuditEntry.objects.filter(event="auth.signed_out", actor=mara).count() == 1


def test_logout_works_by_the_refresh_token_alone(mara: User) -> None:
    tokens = log_in().data

    assert api().post(LOGOUT, {"refresh": tokens["refresh"]}).status_code == 204

    assert api().get(ME, **bearer(tokens["access"])).status_code == 401


def test_what_expired_anyway_is_forgotten_at_the_next_logout(mara: User) -> None:
    old = SignedOut.objects.create(
        session="00000000-0000-0000-0000-000000000001", expires_at=timezone.now() - timedelta(1)
    )

    accounts.end_session(accounts.tokens_for(mara)["access"])

    assert SignedOut.objects.count() == 1
    assert not SignedOut.objects.filter(pk=old.pk).exists()


def test_a_new_password_or_a_closed_account_ends_every_session(mara: User) -> None:
    tokens = log_in().data
    mara.is_active = False
    mara.save()
    assert api().get(ME, **bearer(tokens["access"])).status_code == 401
    assert log_in().status_code == 401

    mara.is_active = True
    mara.set_password("battery staple")
    mara.save()
    assert accounts.owner_of(tokens["access"]) is None
    assert api().post(REFRESH, {"refresh": tokens["refresh"]}).status_code == 401


def test_a_new_role_counts_at_once(mara: User) -> None:
    token = log_in().data["access"]
    User.objects.update(role=Role.CREATOR)

    assert api().get(ME, **bearer(token)).data["role"] == "creator"


def test_a_wrong_password_and_an_unknown_person_are_refused_in_the_same_words(mara: User) -> None:
    wrong, unknown = log_in(password="x"), log_in("nobody@example.org")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.data == unknown.data
    assert wrong.data == {
        "code": "wrong_credentials",
        "detail": "E-mail or password is wrong. 4 tries left.",
        "tries_left": 4,
    }
    assert AuditEntry.objects.filter(event="auth.refused", actor=None).count() == 2


def test_five_wrong_tries_are_followed_by_a_pause_in_which_the_right_one_is_refused_too(mara: User) -> None:
    said = [log_in(password="x").data["detail"] for _ in range(5)]

    assert [words.partition(". ")[2] for words in said[:4]] == [
        "4 tries left.",
        "3 tries left.",
        "2 tries left.",
        "1 try left.",
    ]
    assert said[4] == "E-mail or password is wrong, and that was the last try. Wait 5 minutes, then try again."
    paused = log_in()
    assert (paused.status_code, paused.data["code"]) == (429, "signin_paused")
    assert 0 < int(paused["Retry-After"]) <= 300
    assert log_in(REMOTE_ADDR="10.1.2.3").status_code == 200, "somebody else's tries are not hers"


def test_the_pause_ends(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        log_in(password="x")
    assert log_in().status_code == 429

    later = timezone.now() + timedelta(seconds=301)
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert log_in().status_code == 200


def test_a_correct_sign_in_starts_the_count_anew(mara: User) -> None:
    for _ in range(4):
        log_in(password="x")
    log_in()

    assert log_in(password="x").data["tries_left"] == 4


def test_without_a_limit_no_try_is_the_last(mara: User, settings: Any) -> None:
    settings.SIGNIN_TRIES = 0

    assert [log_in(password="x").data["detail"] for _ in range(7)] == ["E-mail or password is wrong."] * 7
    assert log_in().status_code == 200


def test_tries_cannot_be_had_by_claiming_another_address(mara: User) -> None:
    for n in range(5):
        log_in(password="x", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}")

    assert log_in(HTTP_X_FORWARDED_FOR="10.0.0.99").status_code == 429


def test_behind_our_own_proxy_the_address_is_the_one_it_saw(settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 10.0.0.7", REMOTE_ADDR="127.0.0.1")

    assert accounts.address_of(request) == "10.0.0.7"
    assert accounts.address_of(RequestFactory().get("/", HTTP_X_FORWARDED_FOR="spam")) == "127.0.0.1"
    assert accounts.address_of(RequestFactory().get("/", REMOTE_ADDR="")) is None


@pytest.mark.django_db(transaction=True)
def test_twelve_wrong_tries_at_once_are_counted_like_twelve_in_a_row(mara: User) -> None:
    gate, said = threading.Barrier(12), []

    def guess() -> None:
        gate.wait()
        try:
            accounts.identify(RequestFactory().post("/"), mara.email, "x")
        except CopydeskError as refusal:
            said.append(refusal.code)
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert AuditEntry.objects.filter(event="auth.refused", data__reason="wrong").count() == 5
    assert said.count("wrong_credentials") == 4


def test_the_session_of_the_desk_works_too_but_writes_need_its_csrf_token(mara: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mara)

    assert client.get(ME).json()["email"] == mara.email
    body = {"data": {"title": "Kettles"}, "content_type": "application/json"}
    refused = client.post("/api/v1/ideas/", **body)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")

    client.cookies["csrftoken"] = "x" * 32
    assert client.post("/api/v1/ideas/", **body, headers={"X-CSRFToken": "x" * 32}).status_code == 201


def test_a_token_needs_no_csrf_even_beside_a_session(mara: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.editor())
    token = accounts.tokens_for(mara)["access"]

    made = client.post(
        "/api/v1/ideas/",
        {"title": "Kettles"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert made.json()["owner"]["id"] == mara.pk


def test_logging_out_of_a_session_by_the_api_ends_it(mara: User) -> None:
    client = Client()
    client.force_login(mara)

    assert client.post(LOGOUT, {}, content_type="application/json").status_code == 204

    assert client.get(ME).status_code == 401
