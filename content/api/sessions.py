"""`auth/`: signing in and out of the API, and who one is."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.schema import promise
from content.api.throttling import SigningIn
from content.models import Role
from content.services import accounts

GROUP = "auth"
MARA = {"id": 1, "email": "mara@example.org", "name": "Mara Lindqvist", "role": "editor"}
TOKENS = {"access": "eyJhbGciOiJIUzI1NiIs…", "refresh": "eyJhbGciOiJIUzI1NiIs…"}


class Who(serializers.Serializer):
    id = serializers.IntegerField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)


class Credentials(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class Tokens(serializers.Serializer):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`; it lasts 24 hours")
    refresh = serializers.CharField(help_text="Exchange it at `auth/refresh/`; it works once and lasts 14 days")


class SignedIn(Tokens):
    user = Who()


class RefreshToken(serializers.Serializer):
    refresh = serializers.CharField(max_length=4000)


class LogOut(serializers.Serializer):
    refresh = serializers.CharField(
        max_length=4000, required=False, help_text="Needed only without a valid access token"
    )


class Login(Endpoint):
    authentication_classes = []  # a session's cookie would ask for a CSRF token here
    permission_classes = [AllowAny]
    throttle_classes = [SigningIn]

    @promise(
        "Sign in",
        SignedIn,
        takes=Credentials,
        refuses=(401, 429),
        sends={"email": "mara@example.org", "password": "correct horse"},
        answers={**TOKENS, "user": MARA},
        public=True,
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        given = self.body(Credentials)
        user = accounts.identify(request._request, given["email"], given["password"])
        return _private({**accounts.tokens_for(user), "user": Who(user).data})


class Refresh(Endpoint):
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [SigningIn]

    @promise(
        "Exchange a refresh token for new tokens",
        Tokens,
        takes=RefreshToken,
        refuses=(401, 429),
        answers=TOKENS,
        public=True,
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        return _private(accounts.refresh(self.body(RefreshToken)["refresh"]))


class Logout(Endpoint):
    permission_classes = [AllowAny]

    @promise("Sign out: the session's tokens are denied from now on", status=204, takes=LogOut, group=GROUP)
    def post(self, request: Request) -> Response:
        given = self.body(LogOut)
        for token in (request.auth, given.get("refresh")):
            if token:
                accounts.end_session(str(token))
        if request.user.is_authenticated and not request.auth:
            accounts.sign_out(request._request)
        return Response(status=204)


class Me(Endpoint):
    @promise("Who is signed in", Who, answers=MARA, group=GROUP)
    def get(self, request: Request) -> Response:
        return Response(Who(self.user).data)


def _private(data: dict[str, Any]) -> Response:
    """Tokens must stay out of every cache."""
    return Response(data, headers={"Cache-Control": "no-store"})
