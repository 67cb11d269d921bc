"""X: one post, or a thread of a few."""

import re
from typing import Any

from pydantic import BaseModel, Field

from .base import Beat, Copy, Measure
from .social import Part, Rule, Social, paragraphs, tagged
from .weighing import LINK, emoji, links, weigh

MOST_WEIGHT = 280  # https://docs.x.com/fundamentals/counting-characters
MOST_POSTS = 5
FITS = 250  # characters of a post that is written beat by beat, so that a hashtag may follow
SHOWN = 20  # posts that are measured each; where there are more, their number is the fault
_PARTING = re.compile(r"^[ \t]*-{3,}[ \t]*$", re.M)


class Thread(Part):
    posts: list[str] = Field(
        min_length=1,
        max_length=MOST_POSTS,
        description="One post, or the posts of a thread in order, each of at most 250 characters and whole in itself.",
    )
    hashtags: list[str] = Field(max_length=2, description="At most two, without #; none is fine.")


class X(Social):
    slug = "x"
    name = "X"
    icon = "x"
    default_word_count = 120
    hint = "Plain text. A line of three hyphens (---) parts the posts of a thread."
    preview = "content/previews/x.html"
    guidance = (
        f"Write for X: one post, or a thread of two to {MOST_POSTS}. Each post has at most {MOST_WEIGHT} characters (a "
        f"link counts {LINK}, an emoji 2) and makes sense alone. Talk as one talks to a friend who asked: plain words, "
        "short sentences, one thought a post, each leading to the next. The first says what is at stake, the last what "
        "to do. No numbering, no “thread below”, no Markdown, at most one emoji and two hashtags in all. State no "
        "figure, name or quotation that was not given to you."
    )
    Reply: type[BaseModel] | None = Thread
    beats = (
        Beat(
            "posts",
            (
                ("What is a common mistake in $t?", "A common mistake in $s is "),
                ("Why $does $t matter?", "$S matter$z because "),
                ("What is the best part of $t?", "The best part of $s is "),
                ("What is the hardest part of $t?", "The hardest part of $s is "),
            ),
            sentences=2,
            most=FITS,
        ),
        Beat(
            "posts",
            (
                ("What is the first step in $t?", "Start with "),
                ("What do you need for $t?", "You need "),
                ("What is a simple way of doing $t?", "The simplest way is to "),
            ),
            sentences=2,
            most=FITS,
        ),
        Beat(
            "posts",
            (
                ("What should you not do in $t?", "Try not to "),
                ("What is a good habit in $t?", "A good habit is to "),
                ("Give one more tip for $t.", "Another tip is to "),
            ),
            sentences=2,
            most=FITS,
        ),
        Beat(
            "posts",
            (
                ("What is one small thing to do this week for $t?", "This week, take some time to "),
                ("What is one small thing to do this week for $t?", "Set aside some time this week to "),
                ("What is one small thing to do today for $t?", "Today, take a moment to "),
            ),
            most=FITS,
        ),
    )

    def assemble(self, reply: Any) -> str:
        posts = [paragraphs(_PARTING.sub("", post)) for post in reply.posts]
        posts = [post for post in posts if post]
        for tag in tagged(reply.hashtags).split():
            if posts and weigh(f"{posts[-1]} {tag}") <= MOST_WEIGHT:
                posts[-1] += f" {tag}"
        return self.tidy("\n\n---\n\n".join(posts))

    def tidy(self, body: str) -> str:
        """Also: a line of three hyphens between two posts, and no empty post."""
        return "\n\n---\n\n".join(self.posts(paragraphs(body)))

    @staticmethod
    def posts(body: str) -> list[str]:
        return [post.strip() for post in _PARTING.split(body) if post.strip()]

    def rules(self, body: str) -> list[Rule]:
        posts = self.posts(body)
        weights = [
            Rule(
                f"Post {number}" if len(posts) > 1 else "The post",
                Measure(
                    f"post_{number}",
                    f"Post {number}" if len(posts) > 1 else "Characters",
                    weigh(post),
                    None,
                    MOST_WEIGHT,
                    "weighted characters",
                ),
            )
            for number, post in enumerate(posts[:SHOWN], start=1)
        ]
        count = Measure("posts", "Posts", len(posts), 1, MOST_POSTS, "posts")
        return [*weights, Rule("The thread", count, "" if posts else "Write one.")]

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        posts = self.posts(body)
        return super().metadata(title, body) | {
            "says": f"Thread of {len(posts)}" if len(posts) > 1 else "One post",
            "format": "thread" if len(posts) > 1 else "post",
            "tweet_count": len(posts),
            "tweets": [{"text": post, "char_count": weigh(post)} for post in posts],
        }

    def look(self, title: str, body: str) -> dict[str, Any]:
        """{posts: [{number, text, weight, high, over, why}], of}; `why` tells what counts otherwise than it looks."""
        posts = self.posts(body)
        return {"posts": [_shown(number, post) for number, post in enumerate(posts, start=1)], "of": len(posts)}

    def copies(self, title: str, body: str) -> list[Copy]:
        posts = self.posts(body)
        if len(posts) < 2:
            return [Copy("Copy the post", body.strip())]
        each = [Copy(f"Copy post {number}", post) for number, post in enumerate(posts, start=1)]
        return [Copy("Copy the thread", "\n\n".join(posts)), *each]

    def plain(self, body: str) -> str:
        return "\n\n".join(self.posts(body))


def _shown(number: int, post: str) -> dict[str, Any]:
    weight = weigh(post)
    return {
        "number": number,
        "text": post,
        "weight": weight,
        "high": MOST_WEIGHT,
        "over": max(0, weight - MOST_WEIGHT),
        "why": _why(post),
    }


def _why(post: str) -> str:
    linked, pictures = len(links(post)), list(dict.fromkeys(emoji(post)))
    says = []
    if linked:
        says.append(f"the link counts {LINK}" if linked == 1 else f"each link counts {LINK}")
    if pictures:
        says.append(f"{pictures[0]} counts 2" if len(pictures) == 1 else "each emoji counts 2")
    return ", ".join(says)


platform = X()
