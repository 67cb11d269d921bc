"""Who calls the API: the owner of an access token."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from content.models import User
from content.services import accounts


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; `request.auth` is then the token.

    It stands before the session in the settings, so that a refusal is a 401 which names this scheme. The endpoints
    are in `content.api.sessions`: DRF imports this module while it defines its own views.
    """

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = accounts.owner_of(token.strip())
        if user is None:
            raise AuthenticationFailed(
                "This token is not valid any more. Refresh it or sign in again.", "token_refused"
            )
        return user, token.strip()

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
