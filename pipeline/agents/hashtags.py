"""Hashtags out of what a piece is about: “data privacy for startups” is #DataPrivacy and #Startups."""

from __future__ import annotations

import re

from .subject import Subject
from .subject import of as subject_of

MOST = 3
LONGEST = 30  # characters


def of(about: Subject, *others: str) -> list[str]:
    """At most three, best first, each with its #; letters only, and no two alike."""
    phrases = [*about.parts, *(part for other in others for part in subject_of(other).parts if other)]
    found: dict[str, str] = {}
    for phrase in phrases:
        tag = "".join(word[0].upper() + word[1:] for word in re.findall(r"[^\W\d_]+", phrase.replace("'", "")))
        if 3 <= len(tag) <= LONGEST and tag.lower() not in found:
            found[tag.lower()] = f"#{tag}"
    return list(found.values())[:MOST]
