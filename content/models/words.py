"""Finding pieces by the words in them, by an index."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import connection, models

LANGUAGE = "simple"  # no stemming: pieces may be in any language, and the beginning of a word finds most forms
SEARCHED = 100_000  # characters; a tsvector holds at most 1 MB, and PostgreSQL refuses to make a larger one


class WordsManager(models.Manager["Words"]):
    def cut(self, piece_id: int, *texts: str) -> None:
        """Remember the words of these texts for a piece, the first ones first where there are too many."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO content_words (piece_id, vector) VALUES (%s, to_tsvector(%s::regconfig, %s)) "
                "ON CONFLICT (piece_id) DO UPDATE SET vector = EXCLUDED.vector",
                [piece_id, LANGUAGE, "\n".join(texts)[:SEARCHED]],
            )


class Words(models.Model):
    """The words of a piece's newest text, as PostgreSQL cuts them.

    A row of its own: a piece moves often and a version is read often, and neither should carry this along. It is
    stored and not only indexed, because of a word that stands in most texts PostgreSQL reads all rows, and would then
    cut every body again (9 s for 20,000 pieces).
    """

    piece = models.OneToOneField("content.Piece", models.CASCADE, primary_key=True, related_name="words")
    vector = SearchVectorField()

    objects = WordsManager()

    class Meta:
        verbose_name_plural = "words"
        indexes = [GinIndex(fields=["vector"], name="words_of_pieces")]

    def __str__(self) -> str:
        return f"the words of “{self.piece}”"


def query(typed: str) -> SearchQuery:
    """Texts that have a word beginning with each one of `typed`, in any order.

    PostgreSQL cuts the words as it cut the text (“2.1”, “heat-pump”); what it sees no word in finds nothing.
    """
    quoted = [word.replace("\\", "\\\\").replace("'", "''") for word in typed.replace("\x00", " ").split()]
    return SearchQuery(" & ".join(f"'{word}':*" for word in quoted), config=LANGUAGE, search_type="raw")
