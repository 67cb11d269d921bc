"""What the OpenAPI document says of every endpoint: how to sign in, and how a refusal looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers


class BearerToken(OpenApiAuthenticationExtension):
    target_class = "content.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class Problem(serializers.Serializer):
    """Every refusal, from every address. A stale write also brings `newest`, `newest_hash` and `difference`."""

    code = serializers.CharField(help_text="For programs: `invalid`, `stale`, `invalid_move`, `not_found`…")
    detail = serializers.CharField(help_text="For people, to be shown as it is")
    fields = serializers.DictField(  # type: ignore[assignment]  # the promised name; DRF takes it off the class
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="{field: [sentence]}"
    )


REFUSALS = {
    400: "Something that was sent does not fit; `fields` says what.",
    401: "Nobody is signed in, or the token is not valid any more.",
    403: "This person may see it, but not do this to it.",
    404: "It does not exist, or is not yours to see.",
    409: "Somebody was first, the version is stale, or it cannot be done in this status.",
    410: "It was public and was withdrawn.",
    413: "The body is larger than a megabyte.",
    415: "The body is not JSON.",
    429: "Too many requests; `Retry-After` says for how long.",
    502: "The model's server does not answer.",
}


def promise(
    summary: str,
    gives: Any = None,
    *,
    status: int = 200,
    also: tuple[int, ...] = (),
    query: type[serializers.Serializer] | None = None,
    takes: Any = None,
    refuses: tuple[int, ...] = (),
    sends: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
    public: bool = False,
    group: str,
) -> Callable[[Any], Any]:
    """Describe one method of an endpoint: `sends` and `answers` are examples, `also` are other statuses with the same
    answer, `group` is its chapter."""
    codes = {*refuses, *(() if public else (401, 429)), *((400, 413, 415) if takes else ())}
    responses: dict[int, Any] = dict.fromkeys((status, *also), gives)
    for code in sorted(codes):
        responses[code] = OpenApiResponse(Problem, description=REFUSALS[code])
    examples = []
    if sends:
        examples.append(OpenApiExample("Request", value=sends, request_only=True))
    if answers:
        examples.append(OpenApiExample("Answer", value=answers, response_only=True, status_codes=[str(status)]))
    return extend_schema(
        summary=summary,
        description=summary,  # else the class's docstring, which is for readers of the code
        parameters=[query] if query else [],
        request=takes,
        responses=responses,
        examples=examples,
        tags=[group],
        auth=[] if public else None,
    )
