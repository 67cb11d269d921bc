"""The platform's own hard rules: what breaks them cannot go out."""

from content import platforms
from content.platforms import Ask

from .base import Finding, found


class Rules:
    name = "rules"
    label = "Platform rules"
    out_of = 1.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        platform = platforms.get(ask.platform)
        faults = platform.faults(title, body, ask)
        if not faults:
            return found(self, 1, f"Keeps every rule of {platform.name}.", hard=True)
        return found(self, 0, " ".join(faults), hard=True)


check = Rules()
