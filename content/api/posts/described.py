"""What the OpenAPI document says of `posts/`: every parameter, header, answer and refusal, with examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from content.api.posts.asking import Parameter
from content.api.schema import REFUSALS, Problem

GROUP = "posts"
NO_SENSE = {
    "code": "invalid",
    "detail": "Some parameters need another look.",
    "fields": {"limit": ["A whole number from 1 on, please."]},
}
EXAMPLES: dict[int, dict[str, Any]] = {
    400: NO_SENSE,
    404: {"code": "not_found", "detail": "There is no such post."},
    410: {"code": "gone", "detail": "This post was withdrawn."},
}


def describe(
    name: str,
    summary: str,
    gives: Any,
    *,
    answers: dict[str, Any],
    asks: dict[str, Parameter],
    refuses: tuple[int, ...],
    moves: bool = False,
) -> Callable[[Any], Any]:
    """Describe the one method of a public address, by `name` for clients that are generated; `moves`: it may have had another address before."""
    codes: list[int | str] = [200, *([301] if moves else []), 304]
    responses: dict[int, Any] = {200: gives, 304: OpenApiResponse(description="You have it already.")}
    if moves:
        responses[301] = OpenApiResponse(description="It has another address now, in `Location`; for good.")
    for code in refuses:
        example = OpenApiExample("Refusal", value=EXAMPLES[code], response_only=True, status_codes=[str(code)])
        responses[code] = OpenApiResponse(Problem, description=REFUSALS[code], examples=[example])
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=summary,
        parameters=[parameter.described for parameter in asks.values()] + CONDITIONS + _headers(codes, moves),
        responses=dict(sorted(responses.items())),
        examples=[OpenApiExample("Answer", value=answers, response_only=True, status_codes=["200"])],
        tags=[GROUP],
        auth=[],
    )


CONDITIONS = [
    OpenApiParameter(
        "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag that you have; 304 if it is still right."
    )
]


def _headers(codes: list[int | str], moves: bool) -> list[OpenApiParameter]:
    said: dict[str, tuple[str, list[int | str]]] = {
        "ETag": ("Changes with every byte of the answer.", codes[:1] + codes[-1:]),
        "Last-Modified": ("When the newest of it was last changed.", [200]),
        "Cache-Control": ("How long it may be kept.", [200, 304]),
        **({"Location": ("Where it is now.", [301])} if moves else {}),
    }
    return [
        OpenApiParameter(name, str, OpenApiParameter.HEADER, description=says, response=on)
        for name, (says, on) in said.items()
    ]
