"""Versions: every text that was ever stored."""

from __future__ import annotations

from typing import Any

import make
import pytest

from content.errors import Invalid, InvalidMove, NotAllowed, Stale
from content.models import Status, Version
from content.services import editing

pytestmark = pytest.mark.django_db


def test_an_edit_is_a_new_version_and_the_old_one_stays() -> None:
    old, tomas = make.version(), make.editor(name="Tomás")

    new = editing.save_edit(
        old.piece, by=tomas, based_on=old.hash, title="Another title", body="# Another title\n\nText."
    )

    assert (new.number, new.by, new.stage) == (2, tomas, "edit")
    assert Version.objects.get(pk=old.pk).body == old.body
    old.piece.refresh_from_db()
    assert (old.piece.current_id, old.piece.title, old.piece.status) == (new.pk, "Another title", Status.EDITED)


def test_every_version_is_scored_and_hashed() -> None:
    version = make.version()

    assert version.score is not None
    assert 0 <= version.score <= 10
    assert len(version.hash) == 64
    assert version.checks.findings


def test_what_this_desk_does_not_print_breaks_a_rule(settings: Any) -> None:
    settings.BANNED_PHRASES = ["citric acid"]

    version = make.version()

    assert not version.checks.passed
    assert "citric acid" in next(finding.message for finding in version.checks.findings if finding.name == "cliches")


def test_saving_what_is_there_already_makes_no_version() -> None:
    version = make.version()

    same = editing.save_edit(
        version.piece, by=version.piece.owner, based_on=version.hash, title=version.title, body=version.body
    )

    assert same.pk == version.pk


def test_a_stale_save_is_refused_with_the_difference() -> None:
    read = make.version()
    make.version(piece=read.piece, by=make.editor(name="Ines"), body=read.body + "\nInes was here.\n")

    with pytest.raises(Stale, match="Ines saved version 2") as refusal:
        editing.save_edit(read.piece, by=read.piece.owner, based_on=read.hash, title="Mine", body="# Mine\n\nMy text.")

    spans = [span for block in refusal.value.extra["difference"] for span in block["spans"]]
    assert any(span["op"] == "ins" and "My text" in span["text"] for span in spans)
    assert read.piece.versions.count() == 2


def test_a_restored_text_is_a_new_version() -> None:
    first = make.version()
    second = make.version(piece=first.piece, by=make.editor())

    third = editing.restore(first.piece, 1, by=first.piece.owner, based_on=second.hash)

    assert (third.number, third.body, third.note) == (3, first.body, "Restored from version 1")


def test_control_characters_and_foreign_newlines_are_put_right() -> None:
    version = make.version()

    saved = editing.save_edit(
        version.piece,
        by=version.piece.owner,
        based_on=version.hash,
        title="A\x00B",
        body="# A\r\n\r\nText\x07 here \U0001f469\u200d\U0001f467.",
    )

    assert (saved.title, saved.body) == ("AB", "# A\n\nText here \U0001f469\u200d\U0001f467.")


@pytest.mark.parametrize(
    ("title", "body", "field"),
    [
        ("", "text", "title"),
        ("x" * 301, "text", "title"),
        ("ok", " \n ", "content_text"),
        ("ok", "x" * 200_001, "content_text"),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_by_field(title: str, body: str, field: str) -> None:
    version = make.version()

    with pytest.raises(Invalid) as refusal:
        editing.save_edit(version.piece, by=version.piece.owner, based_on=version.hash, title=title, body=body)

    assert list(refusal.value.fields) == [field]


def test_a_stranger_cannot_edit() -> None:
    version = make.version()

    with pytest.raises(NotAllowed):
        editing.save_edit(version.piece, by=make.creator(), based_on=version.hash, title="x", body="y")


def test_nobody_edits_while_the_machine_writes() -> None:
    piece = make.piece(status=Status.WRITING)
    version = make.version(piece=piece)

    with pytest.raises(InvalidMove, match="still being written"):
        editing.save_edit(piece, by=piece.owner, based_on=version.hash, title="x", body="y")


def test_an_excerpt_follows_the_sentence_that_it_was_taken_from() -> None:
    first = "Most kettles are thrown away while they still boil."
    piece = make.piece()
    quoted = make.version(piece=piece, facts={"excerpt": first})
    written = make.version(piece=make.piece(), facts={"excerpt": "A deck that an editor wrote."})

    for version in (quoted, written):
        body = version.body.replace(first, "Kettles last for twenty years.")
        editing.save_edit(version.piece, by=make.editor(), based_on=version.hash, title=version.title, body=body)

    assert quoted.piece.current.facts["excerpt"].startswith("Kettles last for twenty years.")
    assert written.piece.current.facts["excerpt"] == "A deck that an editor wrote."
