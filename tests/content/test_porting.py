"""Import and export: what comes in waits for a person, what goes out can come back."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import make
import pytest
from clearing import unguarded
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from content.errors import CopydeskError, NotAllowed
from content.models import AuditEntry, Decision, HouseRules, Idea, Piece, Post, Status, Version
from content.services import editing, ideas, publishing, rendering, review
from content.services.porting import (
    FORMATS,
    Meter,
    Unreadable,
    Wishes,
    exporting,
    guess,
    importing,
    markdown,
    unrolling,
)
from content.services.porting import entry as entries
from content.services.porting.prose import markdown_of

SAMPLES = Path(__file__).parent / "porting"
WORDPRESS, GHOST = SAMPLES / "wordpress.xml", SAMPLES / "ghost.json"
DATES = {"created_at", "updated_at", "published_at"}


def bring(path: Path, *, by: Any = None, publish: bool = False, rehearse: bool = False, form: str = "", **wishes: Any):
    """What became of each text of a file, by its name."""
    found = (FORMATS[form] if form else guess(path)).entries(path, Wishes(**wishes), Meter())
    brought = importing.bring_in(found, by=by or make.editor(), publish=publish, rehearse=rehearse)
    return {one.name: one for one in brought}


def a_file(folder: Path, text: str, name: str = "a-kettle.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def wxr(inside: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><wp:wxr_version>1.2</wp:wxr_version>'
        f"<wp:base_blog_url>http://w.example</wp:base_blog_url>{inside}</channel></rss>"
    )


def item(number: int, text: str = "<p>Said.</p>") -> str:
    return (
        f"<item><title>Text {number}</title><content:encoded><![CDATA[{text}]]></content:encoded>"
        f"<wp:post_id>{number}</wp:post_id><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>"
        f"<wp:post_name>text-{number}</wp:post_name><wp:post_date_gmt>2020-01-01 00:00:00</wp:post_date_gmt></item>"
    )


@pytest.mark.django_db
class TestComingIn:
    def test_a_wordpress_post_becomes_a_piece_that_waits(self) -> None:
        mara = make.editor()

        bring(WORDPRESS, by=mara)

        piece = Piece.objects.get(came_from="wordpress:house.example?p=12")
        version = piece.current
        assert version
        assert (piece.title, piece.status, piece.owner) == ("Lime & straw: what we learnt", Status.EDITED, mara)
        assert piece.waits
        assert (version.stage, version.by, version.number, version.model) == ("import", mara, 1, "")
        assert piece.idea.category == "Heat & Damp"
        assert version.facts["tags"] == ["lime", "Walls"]
        assert version.facts["author"] == "Mara Okonkwo"
        assert version.facts["excerpt"] == "Why lime & straw go together."
        assert version.facts["there"]["picture"]["alt"] == "A bucket of lime"
        assert "# Lime & straw: what we learnt\n\nLime breathes.[1] It is **slow**:a week" in version.body
        assert "[damp](https://house.example/damp/)" in version.body
        assert "1. Slake it.\n2. Wait." in version.body
        assert "```\nlime   = 1\nsand   = 3\n```" in version.body
        assert "](https://www.youtube.com/watch?v=abc_DEF-1)" in version.body
        for gone in ("wp:paragraph", "script", "alert", "onclick", "pills"):
            assert gone not in version.body
        assert AuditEntry.objects.filter(event="piece.imported", object_id=piece.pk, actor=mara).exists()
        assert not Post.objects.exists()

    def test_what_was_typed_in_the_old_wordpress_editor_keeps_its_paragraphs(self) -> None:
        outcome = bring(WORDPRESS)["Typed in the old editor"]

        body = Piece.objects.get(pk=outcome.piece).current.body  # type: ignore[union-attr]
        assert "First paragraph,  \nwith a line's end in it.\n\n[![Small](https://house.example/small.jpg)]" in body
        assert "\n\nThe *small* one\n\n" in body
        assert "2 \\* 3 = 6 and snake_case, #1" in body
        assert "> Somebody said\n>\n> this." in body
        assert "![A bucket of lime](https://house.example/wp-content/uploads/2024/05/bucket.jpg)" in body
        assert "](https://vimeo.com/123)" in body
        assert "[caption]stays[/caption]\n\n  as it is" in body
        assert "\\- not a list" in body
        assert any("[contact-form-7]" in said for said in outcome.says)
        assert any("gallery" in said for said in outcome.says)

    def test_only_what_was_public_is_published_with_its_address_and_date(self) -> None:
        came = bring(WORDPRESS, publish=True)

        assert {post.slug: post.published_at for post in Post.objects.all()} == {
            "lime-and-straw": datetime(2024, 5, 1, 10, 30, tzinfo=UTC),
            "你好": datetime(2012, 3, 10, 9, tzinfo=UTC),
        }
        assert Post.objects.get(slug="lime-and-straw").author == "Mara Okonkwo"
        assert {name: one.became for name, one in came.items()} == {
            "Lime & straw: what we learnt": "published",
            "Typed in the old editor": "published",
            "A draft": "imported",
            "Next spring": "imported",
            "For the family": "imported",
            "Behind a password": "imported",
            "Thrown away": "left_out",
            "Only a picture frame": "failed",
        }
        assert came["Only a picture frame"].says == ["There is no text in it."]
        assert "Who we are" in bring(WORDPRESS, pages=True)

    def test_a_ghost_export_brings_its_joins_along(self) -> None:
        came = bring(GHOST, publish=True, site="https://crumb.example")

        post = Post.objects.get()
        assert (post.slug, post.author, post.category) == ("bread-the-slow-way", "Ana Sousa, Tom Reed", "Baking")
        assert (post.tags, post.excerpt) == (["Bread, dark"], "Flour, water, salt and a day.")
        assert post.published_at == datetime(2025, 2, 2, 9, tzinfo=UTC)
        assert "[The starter](https://crumb.example/starter/)" in post.body
        assert "- Hot\n  - 250 °C\n- Steam" in post.body
        assert '```python\nprint("bread")\n```' in post.body
        assert "[The mill](https://mill.example/flour?a=1&b=2)" in post.body
        assert "| 500 g | 350 g \\| warm |" in post.body
        version = post.piece.current
        assert version
        assert version.facts["there"]["picture"] == {
            "url": "https://crumb.example/content/images/2025/02/loaf.jpg",
            "alt": "A loaf",
            "credit": "Photo by Ana",
        }
        assert came["Never rendered"].became == "failed"
        assert "no HTML of it, only lexical" in came["Never rendered"].says[0]
        assert "only mobiledoc" in came["An old one"].says[0]
        assert came["For subscribers"].says == ["It was for members only there."]
        assert "About" not in came

    def test_front_matter_of_other_systems_is_read(self, tmp_path: Path) -> None:
        a_file(tmp_path, "---\ntitle: no\ndate: 2024-05-01 10:00:00 +0200\ntags: [on, 1.10]\n---\nSaid.", "jekyll.md")
        a_file(tmp_path, '+++\ntitle = "Two: lines"\ndraft = true\ndate = 2024-05-01\n+++\nSaid.', "hugo.md")
        a_file(tmp_path, "# Its own title\n\nNo front matter at all.", "plain.markdown")

        came = bring(tmp_path, publish=True)

        assert set(came) == {"no", "Two: lines", "Its own title"}
        post = Post.objects.get()
        assert (post.title, post.tags) == ("no", ["on", "1.10"])
        assert post.published_at == datetime(2024, 5, 1, 8, tzinfo=UTC)
        plain = Piece.objects.get(title="Its own title").current
        assert plain
        assert plain.body == "# Its own title\n\nNo front matter at all."

    def test_a_second_import_brings_nothing_twice(self) -> None:
        mara = make.editor()
        first = bring(WORDPRESS, by=mara)
        pieces = Piece.objects.count()

        second = bring(WORDPRESS, by=mara)

        assert Piece.objects.count() == pieces == sum(one.became == "imported" for one in first.values())
        assert second["A draft"].became == "here"
        assert Idea.objects.count() == pieces

    def test_a_rehearsal_changes_nothing_and_says_what_would_happen(self) -> None:
        make.post(title="Lime and straw")

        came = bring(WORDPRESS, publish=True, rehearse=True)

        assert Piece.objects.filter(came_from__gt="").count() == 0
        lime = came["Lime & straw: what we learnt"]
        assert lime.became == "published"
        assert any("belongs to another article" in said for said in lime.says)

    def test_an_address_that_is_taken_gets_a_suffix_and_a_warning(self) -> None:
        make.post(title="Lime and straw")

        came = bring(WORDPRESS, publish=True)["Lime & straw: what we learnt"]

        assert came.url.endswith("/posts/lime-and-straw-2/")
        assert any("belongs to another article" in said for said in came.says)

    def test_one_that_fails_leaves_the_others_alone(self, tmp_path: Path) -> None:
        a_file(tmp_path, "---\ntitle: Too long\n---\n" + "word " * 50_000, "long.md")
        a_file(tmp_path, "---\ntitle: [\n---\nSaid.", "broken.md")
        a_file(tmp_path, "---\ntitle: Fine\n---\nSaid.\x07", "fine.md")
        (tmp_path / "latin.md").write_bytes("Köln".encode("latin-1"))

        came = bring(tmp_path)

        assert {name: one.became for name, one in came.items()} == {
            "Too long": "failed",
            "broken.md": "failed",
            "latin.md": "failed",
            "Fine": "imported",
        }
        assert came["Too long"].says[0].startswith("At most 200,000 characters")
        assert came["broken.md"].says == ["Its front matter is no YAML (line 3)."]
        assert "not UTF-8" in came["latin.md"].says[0]
        assert Piece.objects.get().current.body == "# Fine\n\nSaid."  # type: ignore[union-attr]


@pytest.mark.django_db
class TestWhoPublishes:
    def test_a_creator_brings_texts_in_but_publishes_none(self) -> None:
        ana = make.creator()

        with pytest.raises(NotAllowed, match="Only an editor"):
            bring(GHOST, by=ana, publish=True)
        bring(GHOST, by=ana)

        assert Piece.objects.filter(owner=ana, status=Status.EDITED).count() == 5
        assert not Decision.objects.exists()

    def test_where_a_second_person_is_asked_for_another_editor_publishes_them(self) -> None:
        HouseRules.objects.create(pk=1, needs_second_person=True)
        mara, tom = make.editor(), make.editor()

        alone = bring(GHOST, by=mara, publish=True)["Bread: “the slow way” 🍞"]
        assert (alone.became, alone.failed) == ("imported", True)
        assert any("a second person" in said for said in alone.says)
        assert not Post.objects.exists()

        together = bring(GHOST, by=tom, publish=True)["Bread: “the slow way” 🍞"]
        assert together.became == "published"
        assert Decision.objects.get().by == tom

    def test_what_was_touched_here_is_not_published_by_a_second_import(self) -> None:
        mara, tom = make.editor(), make.editor()
        bring(WORDPRESS, by=mara)
        lime = Piece.objects.get(came_from="wordpress:house.example?p=12")
        old = Piece.objects.get(came_from="wordpress:house.example?p=13")
        assert lime.current
        assert old.current
        editing.save_edit(lime, by=mara, based_on=lime.current.hash, title="Other", body="# Other\n\nOther.")
        review.reject(old.current, by=tom, feedback="Out of date.")
        ideas.delete_piece(Piece.objects.get(came_from="wordpress:house.example?p=14"), by=mara)

        came = bring(WORDPRESS, by=tom, publish=True)

        assert not Post.objects.exists()
        assert came["A draft"].says == ["It was deleted here."]


def read(path: Path) -> None:
    """Read it all; what one text is refused for is raised like what the file is refused for."""
    for one in guess(path).entries(path, Wishes(), Meter()):
        raise Unreadable(getattr(one, "why", "It came in."))


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("xxe.xml", wxr("", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "document type"),
            ("laughs.xml", wxr("", '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'), "document type"),
            (
                "feed.xml",
                '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>',
                "wxr_version",
            ),
            ("page.xml", "<html><body>no</body></html>", "begins with <html>"),
            ("cut.xml", wxr(item(1))[:-30], "no proper XML"),
            ("says.xml", '<?xml version="1.0" encoding="nonsense"?><rss></rss>', "XML|encoding"),
            ("cut.json", '{"copydesk": 1, "entries": [{"id": "x", "body": "y"', "no proper JSON"),
            ("nan.json", '{"copydesk": 1, "entries": [{"id": NaN}]}', "NaN"),
            ("deep.json", '{"copydesk": 1, "entries": [' + "[" * 100_000, "nested too deep"),
            ("new.json", '{"copydesk": 2, "entries": [{"id": "x", "body": "y"}]}', "newer Copydesk"),
            ("other.json", '{"db": [{"data": {"users": []}}]}', "no Ghost export"),
            ("what.json", '{"copydesk": null, "posts": 1}', "no version"),
            ("empty.md", " \n", "empty"),
        ],
    )
    def test_is_refused_with_a_sentence(self, tmp_path: Path, name: str, content: str, says: str) -> None:
        path = a_file(tmp_path, content, name)

        with pytest.raises(CopydeskError, match=says):
            read(path)

    @pytest.mark.parametrize(
        ("front", "says"),
        [
            ("a: &a [x, x]\nb: &b [*a, *a]\ntitle: *b", "refers to itself"),
            ('title: !!python/object/apply:os.system ["true"]', ""),
            ("title: " + "[" * 5_000, "nested"),
        ],
    )
    def test_front_matter_runs_nothing_and_grows_nothing(self, tmp_path: Path, front: str, says: str) -> None:
        path = a_file(tmp_path, f"---\n{front}\n---\nSaid.")
        one = next(FORMATS["markdown"].entries(path, Wishes(), Meter()))
        assert says in getattr(one, "why", "")

    def test_a_claim_of_gigabytes_fills_no_memory(self, tmp_path: Path) -> None:
        """A zip whose member unpacks to 50 MB, and an XML and a JSON of one endless text."""
        bomb, xml, doc = tmp_path / "bomb.zip", tmp_path / "long.xml", tmp_path / "long.json"
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as bag, bag.open("../../etc/a.md", "w") as member:
            for _ in range(50):
                member.write(b" " * 1_000_000)
        for path, start in (
            (xml, wxr("")[: -len("</channel></rss>")] + "<item><title>"),
            (doc, '{"copydesk": 1, "entries": ["'),
        ):
            with path.open("wb") as file:
                file.write(start.encode() + b"a" * 20_000_000)

        tracemalloc.start()
        said = [str(getattr(one, "why", one)) for one in FORMATS["markdown"].entries(bomb, Wishes(), Meter())]
        for name, path in (("wordpress", xml), ("json", doc)):
            with pytest.raises(Unreadable) as refusal:
                list(FORMATS[name].entries(path, Wishes(), Meter()))
            said.append(refusal.value.message)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert "larger than" in said[0]
        assert "larger than" in said[1]
        assert peak < 150_000_000

    def test_names_in_a_zip_lead_nowhere_and_links_in_a_folder_are_not_followed(self, tmp_path: Path) -> None:
        bag, folder = tmp_path / "slip.zip", tmp_path / "folder"
        with zipfile.ZipFile(bag, "w") as file:
            file.writestr("../../../slipped.md", "Said.")
        folder.mkdir()
        (folder / "passwd.md").symlink_to("/etc/passwd")

        (one,) = FORMATS["markdown"].entries(bag, Wishes(), Meter())

        assert getattr(one, "title", "") == "slipped"
        assert not (tmp_path.parents[2] / "slipped.md").exists()
        assert list(FORMATS["markdown"].entries(folder, Wishes(), Meter())) == []

    @pytest.mark.parametrize(
        "part", ["<", "<a ", "<!--", '<a b="', "&", "<b>", "<ol><li>", "a\n\n", "_*[](", "<![CDATA["]
    )
    def test_odd_html_is_read_or_refused(self, part: str) -> None:
        with contextlib.suppress(Unreadable):
            assert len(markdown_of(part * 1_000, paragraphs=True)) < 20_000

    def test_rows_that_are_not_what_a_ghost_writes_are_read_as_far_as_they_go(self, tmp_path: Path) -> None:
        rows = [
            None,
            7,
            {"title": ["x"], "html": {"a": 1}},
            {"html": "<p>Said.</p>", "published_at": {}, "id": [], "status": 3},
        ]
        path = a_file(
            tmp_path, json.dumps({"db": [{"data": {"posts": rows, "tags": 3, "posts_tags": [[]]}}]}), "odd.json"
        )

        found = list(FORMATS["ghost"].entries(path, Wishes(), Meter()))

        assert [type(one).__name__ for one in found] == ["Missing", "Entry"]


class TestProse:
    @settings(max_examples=80, deadline=None)
    @given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=60))
    @example("# no heading")
    @example("1. no list")
    @example("__init__ *a* `b` [c](d) <http://e.f> &amp; ~~g~~ \\* !")
    @example("- a")
    @example("+ a")
    @example("===")
    @example("[a]: b")
    @example("> a | b #")
    def test_what_a_paragraph_says_is_what_readers_read(self, said: str) -> None:
        made = markdown_of(f"<p>{escape(said)}</p><p>Then</p>")
        assert rendering.words_of(made).split() == [*said.split(), "Then"]
        assert rendering.html(made).count("<p>") == 1 + bool(said.strip())

    @pytest.mark.parametrize(
        ("html", "made"),
        [
            ("<p>Wow!<a href='/x(1)'>a</a></p>", "Wow\\![a](https://e.org/x%281%29)"),
            ("<p>重要<b>「強調」</b>です</p>", "重要「**強調**」です"),
            ("<p><b>a<br></b>b<br></p>", "**a**  \nb"),
            ("<h1>A</h1><h2>C #</h2>", "## A\n\n## C \\#"),
            ("<pre><code>a ``` b</code></pre>", "````\na ``` b\n````"),
            ("<dl><dt>T</dt><dd>D</dd></dl>", "**T**\n\nD"),
            ('<iframe src="https://v.org/1" title="Film"></iframe>', "[Film](https://v.org/1)"),
            ('<a href="javascript:x">a</a><img src="data:x"><a href="//v.org"> </a>', "a"),
            ("<strong><div>a</div><div>b</div></strong>", "a\n\nb"),
        ],
    )
    def test_what_markdown_cannot_say_as_it_stands_is_said_otherwise(self, html: str, made: str) -> None:
        assert markdown_of(html, base="https://e.org/") == made


# --- Going out, and coming back ----------------------------------------------------------------------------------


def exported(**which: Any) -> list[dict[str, Any]]:
    return list(exporting.everything(**which))


def cleared() -> None:
    """An empty desk: versions and decisions never change, so only their tables can be emptied."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")  # none may be pending
        tables = "content_idea, content_piece, content_version, content_decision, content_post"
        for statement in unguarded([f"TRUNCATE {tables} CASCADE"], ["content_version", "content_decision"]):
            cursor.execute(statement)


def comparable(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without what belongs to a desk: the numbers of its ideas."""
    return [{**one, "idea": {**one["idea"], "id": ""}, "version": one["version"]["hash"]} for one in records]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
TITLE = st.one_of(
    TEXT,
    st.sampled_from(["no", "2024-01-01", "a: b # c", "“quoted” 'it' \"so\"", "- x", "🍞 ---", "null", "{a}", "%!&*"]),
).filter(str.strip)
BODY = st.one_of(
    TEXT,
    st.sampled_from(
        ["---\ntitle: x\n---\ny", "# Another\n\ntext", "    code", "a\n\n+++\n\nb", "```\n---\n```", "a  \nb"]
    ),
).filter(str.strip)


@pytest.mark.django_db
class TestThereAndBack:
    @settings(
        max_examples=8,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        texts=st.lists(
            st.tuples(TITLE, BODY, st.lists(TEXT.map(str.strip).filter(bool), max_size=3, unique=True), TEXT),
            min_size=1,
            max_size=3,
        ),
        form=st.sampled_from(["markdown", "json", "zip"]),
    )
    def test_an_export_into_an_empty_desk_exports_the_same(self, texts: list[Any], form: str, tmp_path: Path) -> None:
        cleared()
        mara = make.editor()
        for at, (title, body, tags, category) in enumerate(texts):
            piece = ideas.start_piece(
                ideas.propose(title, owner=mara, description=f"{body}\nTwo", category=category.strip()), "blog", ask={}
            )
            facts = {"tags": tags, "excerpt": title, "slug": f"text-{at}"}
            version = editing.add_version(
                piece, title=title, body=f"# {title.strip()}\n\n{body}", stage="draft", model="m" * at, facts=facts
            )
            piece.move_to(Status.GENERATED)
            if at != 1:
                review.approve(version, by=mara)
                publishing.publish(piece, by=mara)
        before = exported()
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        if form == "json":
            exporting.save_json(before, folder / "x.json")
        elif form == "zip":
            exporting.save_zip(before, folder / "x.zip")
        else:
            exporting.save_markdown(before, folder)
        cleared()

        source = folder / {"json": "x.json", "zip": "x.zip", "markdown": ""}[form]
        came = list(importing.bring_in(guess(source).entries(source, Wishes(), Meter()), by=mara, publish=True))

        assert not [one for one in came if one.failed]
        after = exported()
        by_id = {one["id"]: one for one in comparable(after)}
        waiting = {"status": "edited"}
        expected = [one if one["status"] == "published" else {**one, **waiting} for one in comparable(before)]
        for one in expected:
            assert by_id.pop(one["id"]) == one
        assert not by_id

    def test_pieces_of_every_platform_come_back_with_their_idea(self, tmp_path: Path) -> None:
        mara = make.editor()
        blog = make.piece(owner=mara, category="Walls")
        for platform in make.SOCIAL:
            make.social(platform, owner=mara, idea=blog.idea)
        before = exported()
        exporting.save_json(before, tmp_path / "x.json")
        cleared()

        bring(tmp_path / "x.json", by=mara)

        assert Idea.objects.count() == 1
        after = {one["platform"]: one["body"] for one in exported()}
        assert after == {one["platform"]: one["body"] for one in before}
        assert {one["made_with"] for one in exported()} == {"smollm2:135m"}

    def test_each_text_goes_out_once_and_a_newer_one_beside_the_public_one(self) -> None:
        mara = make.editor()
        make.piece(title="Waits", owner=mara)
        make.post(title="Public", owner=mara)
        edited = make.post(title="Edited since", owner=mara).piece
        assert edited.current
        editing.save_edit(edited, by=mara, based_on=edited.current.hash, title="Newer", body="# Newer\n\nText.")
        withdrawn = make.post(title="Withdrawn", owner=mara)
        publishing.unpublish(withdrawn.piece, by=mara)
        pasted = make.social(owner=mara, title="Pasted elsewhere")
        Piece.objects.filter(pk=pasted.pk).update(status=Status.PUBLISHED, marked_url="https://l.example/1")
        ideas.delete_piece(make.piece(title="Deleted", owner=mara), by=mara)

        out = exported(owner=mara)

        assert sorted((one["kind"], one["title"]) for one in out) == [
            ("piece", "Newer"),
            ("piece", "Pasted elsewhere"),
            ("piece", "Waits"),
            ("piece", "Withdrawn"),
            ("post", "Edited since"),
            ("post", "Public"),
        ]
        assert len({one["id"] for one in out}) == len(out)
        assert exported(owner=make.editor()) == []
        assert exported(since=datetime(2187, 1, 1, tzinfo=UTC)) == []

    def test_what_was_exported_here_is_here(self, tmp_path: Path) -> None:
        post = make.post()
        exporting.save_json(exported(), tmp_path / "x.json")

        came = bring(tmp_path / "x.json", publish=True)

        assert [one.became for one in came.values()] == ["here"]
        assert Piece.objects.get() == post.piece

    def test_file_names_are_slugs_and_nothing_else(self) -> None:
        taken: set[str] = set()
        names = [
            exporting.file_name({"kind": "piece", "platform": "x", "slug": slug, "title": "t"}, taken)
            for slug in ("../../etc/passwd", "a/b", "A B", "a b", "日" * 100, "\x00", "con.md")
        ]
        assert names[:4] == ["pieces/x/etcpasswd", "pieces/x/ab", "pieces/x/a-b", "pieces/x/a-b-2"]
        assert all(len(name.encode()) < 230 for name in names)
        assert names[5:] == ["pieces/x/post", "pieces/x/conmd"]

    def test_nothing_is_overwritten_and_a_failure_leaves_nothing_behind(self, tmp_path: Path) -> None:
        make.post(title="A kettle")
        folder = tmp_path / "out"
        exporting.save_markdown(exported(), folder)
        written = (folder / "posts" / "a-kettle.md").read_text()
        (folder / "posts" / "a-kettle.md").write_text("mine")

        with pytest.raises(CopydeskError, match="there already"):
            exporting.save_markdown(exported(), folder)
        assert (folder / "posts" / "a-kettle.md").read_text() == "mine"
        exporting.save_markdown(exported(), folder, force=True)
        assert (folder / "posts" / "a-kettle.md").read_text() == written

        def failing() -> Iterator[dict[str, Any]]:
            yield from exported()
            raise OSError(28, "No space left on device")

        for save, target in (
            (exporting.save_json, tmp_path / "x.json"),
            (exporting.save_zip, tmp_path / "x.zip"),
            (exporting.save_markdown, tmp_path / "half"),
        ):
            with pytest.raises(OSError, match="No space"):
                save(failing(), target)
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_many_posts_go_out_and_come_in_with_few_queries(
        self, tmp_path: Path, django_assert_max_num_queries: Any
    ) -> None:
        mara = make.editor()
        path = a_file(tmp_path, wxr("".join(item(number) for number in range(20))), "many.xml")
        found = FORMATS["wordpress"].entries(path, Wishes(), Meter())
        with django_assert_max_num_queries(20 * 14 + 10):
            assert len(list(importing.bring_in(found, by=mara))) == 20
        with django_assert_max_num_queries(4):
            assert len(exported()) == 20

    def test_everything_of_one_person_is_a_stream_of_files(self, tmp_path: Path) -> None:
        mara = make.editor()
        make.post(title="Hers", owner=mara)
        make.social("x", owner=mara, title="A thread")
        make.post(title="Somebody’s")

        files = dict(exporting.files_of(mara))

        assert sorted(files) == ["pieces/x/a-thread.json", "pieces/x/a-thread.md", "posts/hers.json", "posts/hers.md"]
        assert b"title: Hers" in files["posts/hers.md"]
        (tmp_path / "hers.json").write_bytes(files["posts/hers.json"])
        cleared()
        assert [one.became for one in bring(tmp_path / "hers.json", by=mara).values()] == ["imported"]


def test_json_is_read_an_item_at_a_time_however_it_is_written(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(unrolling, "CHUNK", 3)
    doc = {"a": [1, {"x": ["skip"]}], "copydesk": 12, "entries": [{"id": "“ä”"}, [], 345, "s"], "z": {"entries": [9]}}
    for indent in (None, 2):
        path = a_file(tmp_path, json.dumps(doc, indent=indent), "x.json")
        found = list(unrolling.unroll(path, {("copydesk",), ("entries",)}))
        assert [value for _, value in found] == [12, {"id": "“ä”"}, [], 345, "s"]


def test_front_matter_says_what_it_was_given() -> None:
    said = {"title": "a: “b” # 'c' \"d\"", "tags": ["no", "2024-01-01", "1.0"], "excerpt": "one\n---\ntwo", "n": "🍞"}
    found, body = markdown.parted(markdown.text_of({**said, "body": "    code\n\n---\nx"}))
    assert {key: found[key] for key in said} == said
    assert body == "    code\n\n---\nx"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01 10:00:00 +0200", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("Wed, 01 May 2024 10:30:00 +0000", datetime(2024, 5, 1, 10, 30, tzinfo=UTC)),
        ("0000-00-00 00:00:00", None),
        ("soon", None),
        ("0001-01-01T00:00:00+14:00", None),
        (["2024"], None),
    ],
)
def test_a_date_is_understood_or_left_out(written: Any, meant: datetime | None) -> None:
    assert entries.moment(written) == meant


@pytest.mark.django_db
class TestCommands:
    def test_import_says_what_became_of_each_and_exits_with_one_when_one_failed(self) -> None:
        mara, out = make.editor(), io.StringIO()

        with pytest.raises(CommandError, match="1 of them did not go in"):
            call_command(
                "import", str(WORDPRESS), "--as", mara.email.upper(), "--publish", stdout=out, stderr=io.StringIO()
            )

        said = out.getvalue()
        assert "failed       Only a picture frame\n               There is no text in it." in said
        assert said.endswith("4 in, 2 public, 1 left out, 1 failed.\n")

    def test_import_says_it_as_json_too(self) -> None:
        mara, out = make.editor(), io.StringIO()
        with pytest.raises(CommandError):
            call_command("import", str(GHOST), "--as", mara.email, "--json", stdout=out, stderr=io.StringIO())
        said = json.loads(out.getvalue())
        assert said["counts"] == {"imported": 5, "failed": 2}
        assert {"name", "became", "piece", "url", "says"} <= set(said["texts"][0])

    def test_a_file_that_is_none_is_refused_as_json_too(self, tmp_path: Path) -> None:
        out, path = io.StringIO(), a_file(tmp_path, "<html></html>", "x.xml")
        with pytest.raises(CommandError, match="no WordPress export"):
            call_command("import", str(path), "--as", make.editor().email, "--json", stdout=out, stderr=io.StringIO())
        assert json.loads(out.getvalue())["texts"] == []
        for wrong in (["nothing.md", "--as", "nobody@example.org"], ["nothing.md", "--as", make.editor().email]):
            with pytest.raises(CommandError, match="There is no"):
                call_command("import", *wrong)

    def test_export_and_import_go_together(self, tmp_path: Path) -> None:
        mara, out = make.editor(), io.StringIO()
        make.post(title="A kettle", owner=mara)
        call_command("export", "--posts", stdout=out)
        assert [one["title"] for one in json.loads(out.getvalue())["entries"]] == ["A kettle"]

        for name in ("folder", "x.zip", "x.json"):
            call_command("export", "--to", str(tmp_path / name), "--user", mara.email, stderr=io.StringIO())
        cleared()
        for name, said in (("folder", "1 public.\n"), ("x.zip", "1 already here.\n"), ("x.json", "1 already here.\n")):
            out = io.StringIO()
            call_command("import", str(tmp_path / name), "--as", mara.email, "--publish", stdout=out)
            assert out.getvalue() == said
        assert Post.objects.get().slug == "a-kettle"
        assert Version.objects.get().stage == "import"

    @pytest.mark.parametrize(
        "wrong",
        [["--format", "markdown"], ["--since", "soon"], ["--user", "nobody@example.org"]],
        ids=lambda one: one[0],
    )
    def test_export_refuses_what_it_cannot_do(self, wrong: list[str]) -> None:
        with pytest.raises(CommandError):
            call_command("export", *wrong)
