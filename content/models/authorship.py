"""Who wrote each word of a version."""

from __future__ import annotations

from django.db import models


class Authorship(models.Model):
    """Which version each word of a version came in with; made from the chain of versions, and can be made again.

    A version never changes, so neither does this, until the rules that make it do: then `revision` is another number
    and the row is made anew. It holds numbers of versions and no names, so that it stays true when a person is
    renamed or forgotten. A row of its own: it is written once, and no list of versions carries it along.

    `lines` are the text's blocks in order, each a name for its words and runs of [version, how many tokens, …]
    (`content.services.diffing.chain.Kept`).
    """

    version = models.OneToOneField("content.Version", models.CASCADE, primary_key=True, related_name="authorship")
    revision = models.PositiveSmallIntegerField()
    lines = models.JSONField()

    def __str__(self) -> str:
        return f"who wrote {self.version}"
