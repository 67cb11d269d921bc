"""The public site: only what was published, kept by caches, with no cookie and no script."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import html5lib
import make
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from content import site_urls
from content.models import FormerAddress, Piece, Post, PostTag, Status
from content.services import editing, fragments, publishing, review
from content.views.site import maps, sections

pytestmark = pytest.mark.django_db

COVER = {
    "url": "/media/cover-1600.jpg",
    "alt": "A kettle",
    "width": 1600,
    "height": 800,
    "credit": "Drawn here",
    "hint": "data:image/webp;base64,UklGRg==",
    "variants": [
        {"url": f"/media/cover-{width}.{kind}", "width": width, "height": width // 2, "type": f"image/{kind}"}
        for width in (640, 1200, 1600)
        for kind in ("avif", "webp", "jpeg")
    ],
}
EVERYTHING = """# A title

First words, **strong**, *said*, ~~struck~~, `code` and [a link](https://example.org/?a=1&b=2) or [here](#in).

## In

1. One
2. Two
   - deeper

> Quoted.

| a | b |
|---|--:|
| 1 | 2 |

### Main

```
<b>code & code</b>
```

---

#### Search <script>alert(1)</script>
"""


def read(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def post_of(piece: Piece | None = None, n: int = 0, **fields: Any) -> Post:
    """A live post as it stands in the table, two of them on each day; nobody writes or approves a text for it."""
    at = timezone.now() - timedelta(days=n // 2)
    piece = piece or make.piece(status=Status.WRITING)
    said = {"slug": f"number-{piece.pk}", "title": f"Number {n}", "author": "Ines Duarte", "published_at": at}
    post = Post(piece=piece, version_number=1, **{**said, "updated_at": at, **fields})
    for name, value in fragments.of(post).items():
        setattr(post, name, value)
    post.save()
    return post


def links(shown: str) -> list[str]:
    """The articles that a page lists, in its order."""
    return re.findall(r'<h[23]><a href="(/posts/[^"]+)"', shown)


def structured(shown: str) -> dict[str, Any]:
    """What the page's data block says, by type."""
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', shown, re.DOTALL)
    assert block
    return {part["@type"]: part for part in json.loads(block[1])["@graph"]}


def test_nothing_that_was_not_published_is_at_any_address_of_the_site(client: Client) -> None:
    secrets = []
    for status in Status:
        if status != Status.PUBLISHED:
            make.piece(status=status, title=f"Secret {status}", category="Secret")
            secrets.append(f"secret-{status}")
    later = post_of(title="Secret later", category="Secret", tags=["Secret"], author="Secret")
    Post.objects.filter(pk=later.pk).update(published_at=timezone.now() + timedelta(hours=1))
    gone = post_of(title="Secret gone", category="Secret", tags=["Secret"], author="Secret")
    Post.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    asked = 0

    for pattern in site_urls.urlpatterns:
        takes = pattern.pattern.regex.groupindex
        for slug in ["secret", later.slug, gone.slug, *secrets] if takes else [""]:
            now = timezone.now()
            values = {"slug": slug, "token": slug, "year": now.year, "month": f"{now.month:02}", "number": 0}
            address = reverse(str(pattern.name), kwargs={name: values[name] for name in takes})
            response = client.get(address, {"q": "secret"} if pattern.name == "search" else {})
            said = re.sub(r'value="secret"|“secret”', "", response.content.decode())
            assert response.status_code in {200, 404, 410}, address
            assert "secret" not in said.lower(), address
            asked += 1

    assert asked > len(site_urls.urlpatterns)
    assert "Nothing has been published yet" in read(client, reverse("home"))


def test_a_published_article_can_be_read_with_who_made_it(client: Client) -> None:
    post = make.post(title="Mend a kettle", category="Kitchen")

    shown = read(client, post.get_absolute_url())

    assert "<h1>Mend a kettle</h1>" in shown
    assert f'rel="author">{post.author}</a>, edited by {post.reviewer}.' in shown
    assert f"Drafted with the help of AI (smollm2:135m), then read and approved by {post.reviewer}." in shown
    assert '<a href="#find-the-part-that-fails">Find the part that fails</a>' in shown
    assert '<h2 id="find-the-part-that-fails">' in shown
    assert "1&nbsp;minute to read" in shown
    assert f'<link rel="canonical" href="{post.url}">' in shown
    assert f'<meta property="og:url" content="{post.url}">' in shown
    assert '<meta name="description" content="Change one part.">' in shown


def test_the_note_on_ai_can_be_switched_off(client: Client, settings: Any) -> None:
    settings.AI_NOTE = False

    post = make.post()

    shown = read(client, post.get_absolute_url())
    assert "smollm2" not in shown
    assert '<footer class="foot"><p>Copydesk</p>' in shown
    assert f"edited by {post.reviewer}" in shown


def test_a_credit_leads_only_to_a_web_address(client: Client) -> None:
    for address, leads in (("https://example.org/ana", True), ("javascript:alert(1)", False), ("//example.org", False)):
        piece, cover = make.piece(status=Status.READY), {**COVER, "credit": "Ana Silva", "credit_url": address}
        post = publishing.publish(piece, by=make.editor(), cover=cover)

        shown = client.get(post.get_absolute_url()).text

        assert "Ana Silva" in shown
        assert (f'href="{address}"' in shown) is leads


def test_the_cover_is_shown_with_its_alternative_and_its_credit(client: Client, settings: Any) -> None:
    post = publishing.publish(make.piece(status=Status.READY), by=make.editor(), cover=COVER)

    shown = read(client, post.get_absolute_url())

    assert 'alt="A kettle"' in shown
    assert 'type="image/avif" srcset="/media/cover-640.avif 640w' in shown
    assert "<figcaption>Drawn here</figcaption>" in shown
    # What networks show: a JPEG, of the width of their cards, with its host.
    assert f'og:image" content="{settings.SITE_URL}/media/cover-1200.jpeg"' in shown
    assert 'twitter:card" content="summary_large_image"' in shown
    assert structured(shown)["BlogPosting"]["image"] == [f"{settings.SITE_URL}/media/cover-1200.jpeg"]
    # The front page puts it large; what stands at the top is not loaded late.
    assert 'fetchpriority="high"' in read(client, reverse("home"))


def test_structured_data_says_what_the_page_says(client: Client, settings: Any) -> None:
    post = make.post(title="Mend a kettle", category="Kitchen & bath")

    said = structured(read(client, post.get_absolute_url()))

    article, trail = said["BlogPosting"], said["BreadcrumbList"]
    assert article["headline"] == "Mend a kettle"
    assert article["mainEntityOfPage"] == article["url"] == post.url
    assert datetime.fromisoformat(article["datePublished"]) == post.published_at.replace(microsecond=0)
    assert article["author"]["name"] == post.author
    assert article["editor"]["name"] == post.reviewer
    assert article["publisher"]["name"] == settings.SITE_NAME
    assert (article["wordCount"], article["timeRequired"]) == (post.word_count, f"PT{post.read_minutes}M")
    assert [step["name"] for step in trail["itemListElement"]] == [settings.SITE_NAME, "Kitchen & bath", post.title]
    assert [step["position"] for step in trail["itemListElement"]] == [1, 2, 3]


def test_a_title_cannot_end_the_data_block_or_become_a_script(client: Client) -> None:
    title = "</script><script>alert(1)</script> & <!--"
    piece = make.piece(title=title, body=EVERYTHING)
    editor = make.editor()
    review.approve(piece.current, by=editor)
    post = publishing.publish(piece, by=editor)

    shown = read(client, post.get_absolute_url())

    assert "<script>" not in shown
    assert shown.count("</script") == 1
    assert structured(shown)["BlogPosting"]["headline"] == title
    assert "<script" not in read(client, reverse("home"))


def test_an_edit_at_the_desk_changes_nothing_in_public(client: Client) -> None:
    post = make.post()
    before = read(client, post.get_absolute_url())

    piece = post.piece
    editing.save_edit(piece, by=make.editor(), based_on=piece.current.hash, title="Other", body="Other words.")

    assert read(client, post.get_absolute_url()) == before


def test_a_withdrawn_article_is_gone_and_an_unknown_one_not_found(client: Client) -> None:
    post = make.post()
    publishing.unpublish(post.piece, by=make.editor())

    assert "was withdrawn" in read(client, post.get_absolute_url(), 410)
    assert "There is no such page" in read(client, reverse("post", args=["never-was"]), 404)
    assert post.title not in read(client, reverse("home"))


def test_a_former_address_leads_to_the_article_for_good(client: Client) -> None:
    post = post_of()
    FormerAddress.objects.create(slug="früher", post=post)
    former = reverse("post", args=["früher"])

    response = client.get(former)
    assert (response.status_code, response["Location"]) == (301, post.get_absolute_url())

    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() + timedelta(hours=1))
    read(client, former, 404)
    Post.objects.filter(pk=post.pk).update(withdrawn_at=timezone.now())
    read(client, former, 410)


def test_a_section_lists_its_own(client: Client) -> None:
    kitchen = post_of(category="Kitchen & bath", tags=["Lime", "Ümlaut & co"], author="Ana Ruiz")
    garden = post_of(category="Gärten", tags=["lime"], author="Tomás Okafor")
    later = post_of(category="Later", tags=["later"], author="Later")
    Post.objects.filter(pk=later.pk).update(published_at=timezone.now() + timedelta(hours=1))

    def listed(name: str, slug: str) -> set[str]:
        return set(links(read(client, reverse(name, args=[slug]))))

    assert listed("category", "kitchen-bath") == {kitchen.get_absolute_url()}
    assert listed("category", "gärten") == {garden.get_absolute_url()}
    assert listed("tag", "lime") == {kitchen.get_absolute_url(), garden.get_absolute_url()}
    assert listed("tag", "ümlaut-co") == {kitchen.get_absolute_url()}
    assert listed("author", "tomás-okafor") == {garden.get_absolute_url()}
    assert '<h1 class="section">Kitchen &amp; bath</h1>' in read(client, reverse("category", args=["kitchen-bath"]))
    for name in ("category", "tag", "author"):
        read(client, reverse(name, args=["later"]), 404)
        read(client, reverse(name, args=["nothing-here"]), 404)


def test_two_spellings_of_a_category_are_one_page(client: Client) -> None:
    posts = [post_of(category="Garden"), post_of(category="garden")]

    shown = read(client, reverse("category", args=["garden"]))

    assert set(links(shown)) == {post.get_absolute_url() for post in posts}
    assert [one.slug for one in sections.categories()] == ["garden"]


def test_the_navigation_names_what_can_be_read_and_the_archive_all_of_it(client: Client) -> None:
    for n in range(sections.AT_THE_TOP + 3):
        post_of(n=2 * n, category=f"Subject {n:02}")
    Post.objects.filter(category="Subject 00").update(withdrawn_at=timezone.now())

    shown = read(client, reverse("home"))
    nav = re.search(r'<nav aria-label="Categories">(.*?)</nav>', shown)

    assert nav
    assert re.findall(r">(Subject \d+)<", nav[1]) == [f"Subject {n:02}" for n in range(1, sections.AT_THE_TOP + 1)]
    assert ">All categories</a>" in nav[1]
    assert read(client, reverse("archive")).count('/category/subject-10/"') == 1


def test_a_month_is_the_sites_month(client: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    timezone.get_default_timezone.cache_clear()
    zone = ZoneInfo("Pacific/Auckland")
    try:
        new_year = post_of(slug="new-year", published_at=datetime(2025, 1, 1, 0, 30, tzinfo=zone))
        old_year = post_of(slug="old-year", published_at=datetime(2024, 12, 31, 23, 30, tzinfo=zone))

        assert links(read(client, "/archive/2025/01/")) == [new_year.get_absolute_url()]
        assert links(read(client, "/archive/2025/")) == [new_year.get_absolute_url()]
        assert links(read(client, "/archive/2024/12/")) == [old_year.get_absolute_url()]
        assert re.findall(r'href="(/archive/\d+/\d+/)"', read(client, reverse("archive"))) == [
            "/archive/2025/01/",
            "/archive/2024/12/",
        ]
        assert "31 December 2024" in read(client, old_year.get_absolute_url())
    finally:
        timezone.get_default_timezone.cache_clear()
    for nothing in ("/archive/2024/11/", "/archive/2023/", "/archive/0000/", "/archive/9999/12/", "/archive/2025/13/"):
        read(client, nothing, 404)


def test_older_articles_follow_without_a_gap_or_a_repeat_and_newer_ones_lead_back(client: Client) -> None:
    posts = [post_of(n=n, slug=f"number-{n}", category="Garden") for n in range(35)]

    for first in (reverse("home"), reverse("category", args=["garden"])):
        seen: list[str] = []
        pages = [first]
        while pages[-1]:
            shown = read(client, pages[-1])
            seen += links(shown)
            more = re.search(r'<link rel="next" href="([^"]+)">', shown)
            pages.append(more[1] if more else "")
        assert len(seen) == 35
        assert set(seen) == {post.get_absolute_url() for post in posts}
        assert len(pages) == 4  # three, and the end
        for before, after in pairwise(pages[:-1]):
            assert f'<link rel="prev" href="{before}">' in read(client, after)
        assert f'<link rel="canonical" href="http://127.0.0.1:8000{pages[2]}">' in read(client, pages[2])


def test_the_address_of_a_page_stays_good_when_articles_come_and_go(client: Client) -> None:
    posts = [post_of(n=2 * n, slug=f"number-{n}") for n in range(20)]
    more = re.search(r'<link rel="next" href="([^"]+)">', read(client, "/"))
    assert more
    second = links(read(client, more[1]))

    post_of(slug="newer")
    Post.objects.filter(pk=posts[14].pk).update(withdrawn_at=timezone.now())  # the one that its key names
    assert links(read(client, more[1])) == second

    Post.objects.filter(slug__in=[f"number-{n}" for n in range(15, 20)]).update(withdrawn_at=timezone.now())
    assert "There are no older articles here." in read(client, more[1])


@pytest.mark.parametrize("key", ["", "x", "1", "-", "1-", "0-0x", "9" * 18 + "-1", "9" * 40 + "-1", "1-" + "9" * 40])
def test_a_page_that_cannot_be_is_not_found(client: Client, key: str) -> None:
    post_of()

    response = client.get(reverse("home"), {"before": key})

    assert response.status_code == 404


@pytest.mark.parametrize(
    "name", ["\x00", "a\x00b", "%00", "..", "x" * 5000, "漢字", "a b", "é\u0301", "\ud7ff", "'; --"]
)
def test_an_odd_address_is_not_found(client: Client, name: str) -> None:
    for of in ("post", "category", "tag", "author"):
        read(client, reverse(of, args=[name]), 404)
    assert client.get(reverse("home"), {"before": name}).status_code == 404
    assert client.get(reverse("search"), {"q": name, "from": name, "category": name}).status_code in {200, 400}


def test_an_article_leads_to_those_that_have_most_in_common(client: Client) -> None:
    post = post_of(slug="this", category="Heating", tags=["pumps", "walls"])
    both = post_of(n=8, slug="both", category="Damp", tags=["walls", "pumps"])
    one_and_category = post_of(n=6, slug="one", category="Heating", tags=["walls"])
    one = post_of(n=4, slug="other-one", tags=["Walls"])
    post_of(n=2, slug="category", category="Heating")
    post_of(slug="none", category="Policy", tags=["votes"])
    hidden = post_of(slug="hidden", category="Heating", tags=["pumps", "walls"])
    Post.objects.filter(pk=hidden.pk).update(withdrawn_at=timezone.now())

    assert links(read(client, post.get_absolute_url())) == [
        near.get_absolute_url() for near in (both, one_and_category, one)
    ]
    assert "Read next" not in read(client, reverse("post", args=["none"]))


def test_a_page_may_be_kept_and_is_not_sent_twice(client: Client) -> None:
    post = make.post(category="Garden")

    for address in (reverse("home"), post.get_absolute_url(), reverse("archive"), "/sitemap.xml", "/feed/rss.xml"):
        first = client.get(address)
        again = client.get(address, headers={"if-none-match": first["ETag"]})
        assert first["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
        assert first["ETag"].startswith('"')
        assert first["Last-Modified"]
        assert "Vary" not in first
        assert again.status_code == 304
        assert again["ETag"] == first["ETag"]
        assert not again.content
        assert client.head(address)["ETag"] == first["ETag"]


def test_postgresql_keeps_the_tags_of_what_is_live_by_itself() -> None:
    def kept() -> set[str]:
        return set(PostTag.objects.filter(post=post).values_list("slug", flat=True))

    post = post_of(tags=["Lime", "lime", "Walls"])
    assert kept() == {"lime", "walls"}
    Post.objects.filter(pk=post.pk).update(tag_slugs=["roofs"])
    assert kept() == {"roofs"}
    Post.objects.filter(pk=post.pk).update(withdrawn_at=timezone.now())
    assert kept() == set()
    Post.objects.filter(pk=post.pk).update(withdrawn_at=None)
    assert kept() == {"roofs"}


def test_what_is_round_an_article_is_part_of_its_etag(client: Client, settings: Any) -> None:
    post = post_of(category="Garden", tags=["lime"])

    def tag() -> str:
        return client.get(post.get_absolute_url())["ETag"]

    seen = [tag()]
    beside = post_of(n=2, category="Garden")
    seen.append(tag())
    Post.objects.filter(pk=beside.pk).update(withdrawn_at=timezone.now())
    assert tag() == seen[0]
    post_of(n=4, category="Policy")
    seen.append(tag())
    settings.SITE_TAGLINE = "Another line"
    seen.append(tag())
    Post.objects.filter(pk=post.pk).update(digest="another")
    seen.append(tag())
    assert len(set(seen)) == 5


def test_an_article_costs_three_queries_and_who_has_it_gets_no_text(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    post = post_of(category="Garden", tags=["lime"])
    post_of(category="Garden")
    address = post.get_absolute_url()
    with django_assert_num_queries(3):
        etag = client.get(address)["ETag"]
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address, headers={"if-none-match": etag}).status_code == 304
    assert len(asked) == 3
    assert "article_html" not in " ".join(query["sql"] for query in asked)
    assert "Number 0" in client.get(address, headers={"if-none-match": '"old"'}).content.decode()


def test_a_list_costs_two_queries_and_a_later_page_one_more(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(18):
        post_of(n=n, category="Garden", tags=["lime"])
    for address in (reverse("home"), reverse("category", args=["garden"]), reverse("tag", args=["lime"])):
        with django_assert_num_queries(2):
            shown = read(client, address)
        more = re.search(r'<link rel="next" href="([^"]+)">', shown)
        assert more
        with django_assert_num_queries(3):
            read(client, more[1])


def test_search_marks_what_it_found_and_is_in_no_index(client: Client) -> None:
    post = post_of(title="Kettles & <lime>", category="Kitchen", text="", body="A kettle of lime.")
    post_of(title="Another")

    shown = read(client, reverse("search") + "?q=lime")

    assert links(shown) == [post.get_absolute_url()]
    assert "Kettles &amp; &lt;<mark>lime</mark>&gt;" in shown
    assert "1 article on “lime”" in shown
    assert '<meta name="robots" content="noindex, follow">' in shown
    assert "Nothing on “zeugma”" in read(client, reverse("search") + "?q=zeugma")
    assert "What to look for" in read(client, reverse("search"))
    assert "two characters" in read(client, reverse("search") + "?q=x", 400)
    assert "ETag" not in client.get(reverse("search"), {"q": "lime"})


def test_search_is_paged_and_narrowed_by_category(client: Client) -> None:
    for n in range(18):
        post_of(n=n + 2, title=f"Lime {n}", category="Kitchen" if n % 2 else "Garden")

    shown = read(client, reverse("search") + "?q=lime")
    more = re.search(r'href="([^"]+)" rel="next"', shown)
    assert more
    rest = read(client, more[1].replace("&amp;", "&"))
    narrow = read(client, reverse("search") + "?q=lime&category=garden")

    assert len({*links(shown), *links(rest)}) == 18
    assert len(links(narrow)) == 9
    assert 'aria-current="true">Garden' in narrow
    assert "In all categories" in narrow


def test_the_public_site_sets_no_cookie_and_needs_no_script(client: Client, every_page: list[str]) -> None:
    for address in every_page:
        response = client.get(address)
        assert not response.cookies
        assert b"<script" not in response.content.replace(b'<script type="application/ld+json">', b"")
        assert b"style=" not in response.content


@pytest.fixture
def every_page() -> list[str]:
    """An address of each kind of page, with the oddest content in them."""
    piece = make.piece(title="Everything <b>&</b> “more”", body=EVERYTHING, category="Kitchen & bath")
    editor = make.editor(name="O’Neil <x> & co")
    review.approve(piece.current, by=editor)
    post = publishing.publish(piece, by=editor, cover=COVER)
    Post.objects.filter(pk=post.pk).update(tags=["lime & <co>"], tag_slugs=["lime-co"])
    first, *_ = [
        post_of(n=n + 4, category="Kitchen & bath", tags=["<x> & y"], excerpt="Words & <b>") for n in range(18)
    ]
    gone = post_of(slug="gone")
    Post.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    now = timezone.localtime(first.published_at)
    return [
        reverse("home"),
        f"{reverse('home')}?before={'9' * 15}-1",
        post.get_absolute_url(),
        first.get_absolute_url(),
        reverse("category", args=["kitchen-bath"]),
        reverse("tag", args=["x-y"]),
        reverse("author", args=["ines-duarte"]),
        reverse("archive"),
        reverse("year", args=[now.year]),
        reverse("month", args=[now.year, f"{now.month:02}"]),
        reverse("search"),
        f"{reverse('search')}?q=words+%3Cb%3E",
        f"{reverse('search')}?q=x",
        f"{reverse('search')}?q=%22%3E%3Cb%3Enothing",
        gone.get_absolute_url(),
        "/no-such-page/",
    ]


def test_every_page_is_html_without_a_fault(client: Client, every_page: list[str]) -> None:
    for address in every_page:
        shown = client.get(address).content.decode()
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(shown)
        names = [found.get("id") for found in tree.iter() if found.get("id")]
        assert len(names) == len(set(names)), address
        assert len(list(tree.iter("h1"))) == 1, address
        assert tree.find("head/title").text.strip(), address
        levels = [int(found.tag[1]) for found in tree.iter() if re.fullmatch("h[1-6]", str(found.tag))]
        assert all(after <= before + 1 for before, after in pairwise(levels)), address


def test_the_sitemap_has_every_address_with_the_day_it_changed(client: Client, settings: Any) -> None:
    changed = timezone.now() - timedelta(days=3)
    post = post_of(slug="gärten-&-co", n=20, category="Garden", updated_at=changed)
    later = post_of(slug="later")
    Post.objects.filter(pk=later.pk).update(published_at=timezone.now() + timedelta(hours=1))

    found = _entries(read(client, "/sitemap.xml"))

    assert found[post.url] == changed.replace(microsecond=0)
    assert found[f"{settings.SITE_URL}{reverse('category', args=['garden'])}"] == post.published_at.replace(
        microsecond=0
    )
    assert set(found) == {
        post.url,
        *(settings.SITE_URL + reverse(name) for name in ("home", "archive")),
        f"{settings.SITE_URL}/category/garden/",
    }


def _entries(shown: str) -> dict[str, datetime | None]:
    """Addresses and dates of a sitemap or of the list of its parts."""
    from lxml import etree

    tree = etree.fromstring(shown.encode())
    space = f"{{{maps.NAMESPACE}}}"
    dates = {str(one.findtext(f"{space}loc")): one.findtext(f"{space}lastmod") for one in tree}
    return {url: datetime.fromisoformat(said) if said else None for url, said in dates.items()}


def test_a_large_sitemap_is_a_list_of_parts(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "AT_MOST", 3)
    monkeypatch.setattr(maps, "A_PART", 2)
    posts = [post_of(n=n) for n in range(5)]

    parts = _entries(read(client, "/sitemap.xml"))
    found = [url for part in parts for url in _entries(read(client, part.removeprefix("http://127.0.0.1:8000")))]

    assert {post.url for post in posts} < set(found)
    assert len(found) == len(set(found))
    assert max(filter(None, parts.values())) == max(post.updated_at for post in posts).replace(microsecond=0)
    read(client, "/sitemap-999999.xml", 404)
    read(client, f"/sitemap-{10**30}.xml", 404)


def test_robots_are_told_where_the_sitemap_is_and_kept_from_the_desk(client: Client, settings: Any) -> None:
    from urllib.robotparser import RobotFileParser

    post_of(slug="open")
    rules = RobotFileParser()
    rules.parse(read(client, "/robots.txt").splitlines())

    assert rules.site_maps() == [f"{settings.SITE_URL}/sitemap.xml"]
    assert all(rules.can_fetch("*", address) for address in ("/", "/posts/open/", "/feed/rss.xml", "/media/a.jpg"))
    closed = ("/desk/", "/desk/board/", "/admin/", "/api/v1/posts/", "/preview/abc/", "/search/?q=x")
    assert not any(rules.can_fetch("*", address) for address in closed)


def test_a_page_says_nothing_about_who_reads_it(client: Client) -> None:
    post = make.post()
    before = read(client, "/"), read(client, post.get_absolute_url())

    client.force_login(make.editor(name="Mara Lindqvist"))

    assert (read(client, "/"), read(client, post.get_absolute_url())) == before


def test_the_error_page_needs_no_database_and_no_context() -> None:
    from django.template.loader import get_template

    for name in ("403", "404", "410", "413", "500", "403_csrf"):
        assert "<h1>" in get_template(f"{name}.html").render({})


def test_a_refusal_is_a_page_with_its_reason() -> None:
    from django.template.loader import get_template

    context = {"message": "Only <an editor> can.", "status": 403, "code": "not_allowed"}

    assert "Only &lt;an editor&gt; can." in get_template("content/refusal.html").render(context)
    assert "Only &lt;an editor&gt; can." in get_template("content/_refusal.html").render(context)
