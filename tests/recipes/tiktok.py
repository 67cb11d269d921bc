"""TikTok, as an example of a new platform: this one file, copied to `content/platforms/`, is all it takes."""

from typing import Any

from pydantic import BaseModel, Field

from content.platforms.base import Beat, Measure
from content.platforms.social import Part, Rule, Social, character_rule, count_said, hashtag_rule, lines, tagged

WORDS_A_SECOND = 2.5
SHORTEST, LONGEST = 10, 45  # seconds


class Clip(Part):
    lines: list[str] = Field(min_length=2, max_length=8, description="What is said, a sentence each.")
    hashtags: list[str] = Field(max_length=3, description="At most three, without #.")


class TikTok(Social):
    slug = "tiktok"
    name = "TikTok"
    icon = "film"
    default_word_count = 70
    guidance = "Write what is said in a TikTok clip: short spoken sentences, the surprise first, one thing to try last."
    Reply: type[BaseModel] | None = Clip
    beats = (Beat("lines", (("What surprises people about $t?", "Most people "),), sentences=3),)

    def assemble(self, reply: Any) -> str:
        return "\n\n".join(filter(None, [*map(lines, reply.lines), tagged(reply.hashtags)]))

    def rules(self, body: str) -> list[Rule]:
        seconds = round(count_said(body) / WORDS_A_SECOND, 1)
        return [
            Rule("The clip", Measure("seconds", "Spoken", seconds, SHORTEST, LONGEST, "seconds")),
            hashtag_rule(body, "The clip", 3),
            character_rule(body, "The clip", 2200),
        ]

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        told = super().metadata(title, body)
        return told | {"says": f"{told['word_count'] / WORDS_A_SECOND:.0f} s spoken"}


platform = TikTok()
