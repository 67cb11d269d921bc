"""Clients of the HTTP API."""

from __future__ import annotations

from rest_framework.test import APIClient

from content.models import User
from content.services import accounts


def api(user: User | None = None) -> APIClient:
    """A client with this person's access token; without a person, one that nobody knows."""
    client = APIClient()
    client.default_format = "json"
    if user:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {accounts.tokens_for(user)['access']}")
    return client
