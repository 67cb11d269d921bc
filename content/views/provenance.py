"""How a text was generated, as the Provenance panel sums it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def summed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The last call of a generation record, and the sums over all calls; empty without any."""
    calls = list(record.get("calls", []))
    if not calls:
        return {}
    return {
        "last": calls[-1],
        "calls": len(calls),
        "tokens_in": sum(_tokens(call, "in") for call in calls),
        "tokens_out": sum(_tokens(call, "out") for call in calls),
        "seconds": sum(float(call.get("seconds") or 0) for call in calls),
    }


def _tokens(call: Mapping[str, Any], way: str) -> int:
    tokens = call.get("tokens")
    kept = tokens.get(way) if isinstance(tokens, dict) else call.get(f"tokens_{way}")
    return int(kept or 0)
