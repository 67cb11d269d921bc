"""Posts: the public snapshots of approved blog pieces."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Left, Now
from django.urls import reverse
from django.utils.text import slugify

# Stems and leaves out small words; what is not English is found by its words as they stand.
LANGUAGE = "english"
SEARCHED = 100_000  # characters; a tsvector holds at most 1 MB, and PostgreSQL refuses to make a larger one
CHANGED = "posts_changed"  # the channel on which PostgreSQL says, at every commit that touched posts, that it did

# What is withdrawn has no rows there.
TAGGED = """
DELETE FROM content_posttag WHERE post_id = NEW.id;
INSERT INTO content_posttag (post_id, slug, published_at)
SELECT DISTINCT NEW.id, slug, NEW.published_at FROM unnest(NEW.tag_slugs) AS slug WHERE NEW.withdrawn_at IS NULL;
RETURN NULL;
"""


def slug_of(name: str) -> str:
    """The part of an address that stands for a category, a tag or an author: “Repair” and “repair” have one."""
    return slugify(name, allow_unicode=True)[:80].strip("-_")


class PostQuerySet(models.QuerySet["Post"]):
    def live(self) -> PostQuerySet:
        """What the public may read."""
        return self.filter(published_at__lte=Now(), withdrawn_at=None)


class Post(models.Model):
    """A copy of one approved version. Reading it joins nothing, so an edit at the desk never changes it.

    What readers get is made once, when it is published, and not for each of them: see `content.services.fragments`.
    """

    piece = models.OneToOneField("content.Piece", models.PROTECT, related_name="post")
    version_number = models.PositiveIntegerField()
    version_hash = models.CharField(max_length=64)
    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    title = models.CharField(max_length=300)
    excerpt = models.CharField(max_length=400, blank=True)
    body = models.TextField(help_text="Markdown, without the title")
    html = models.TextField(help_text="Clean HTML of the body, made once")
    text = models.TextField(default="", blank=True, help_text="The body’s words alone, to be searched")
    headings = models.JSONField(default=list)
    category = models.CharField(max_length=80, blank=True)
    category_slug = models.CharField(max_length=80, default="", blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    tag_slugs = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    author = models.CharField(max_length=120)
    author_slug = models.CharField(max_length=80, default="", blank=True)
    reviewer = models.CharField(max_length=120)
    made_with = models.CharField(max_length=120, blank=True)
    cover = models.JSONField(default=dict, blank=True)
    word_count = models.PositiveIntegerField(default=0)
    read_minutes = models.PositiveSmallIntegerField(default=1)
    published_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    line_json = models.TextField(default="", editable=False, help_text="One of a list, as the API gives it")
    whole_json = models.TextField(default="", editable=False, help_text="The article, as the API gives it")
    line_html = models.TextField(default="", editable=False, help_text="One of a list on the site")
    head_html = models.TextField(default="", editable=False, help_text="What the article’s page says of it in its head")
    article_html = models.TextField(default="", editable=False, help_text="The article on the site")
    digest = models.CharField(max_length=64, default="", editable=False, help_text="Of all that was made of it")
    made_by = models.CharField(max_length=16, default="", editable=False, help_text="By which templates and settings")
    vector = models.GeneratedField(
        expression=SearchVector("title", weight="A", config=LANGUAGE)
        + SearchVector("excerpt", weight="B", config=LANGUAGE)
        + SearchVector(Left("text", SEARCHED), weight="C", config=LANGUAGE),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-pk"]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="post_newest"),
            models.Index(fields=["category_slug", "-published_at", "-id"], name="post_newest_of_category"),
            models.Index(fields=["author_slug", "-published_at", "-id"], name="post_newest_of_author"),
            models.Index(fields=["-updated_at", "-id"], name="post_newest_change"),
            models.Index(fields=["title", "id"], name="post_by_title"),
            GinIndex(fields=["tag_slugs"], name="post_tags"),
            GinIndex(fields=["vector"], name="post_words"),
            # Of all that have a common word, these are ranked however old they are.
            GinIndex(SearchVector("title", config=LANGUAGE), name="post_words_of_title"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="post_changed",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func=f"NOTIFY {CHANGED}; RETURN NULL;",
            ),
            pgtrigger.Trigger(
                name="post_tagged",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("tag_slugs", "published_at", "withdrawn_at"),  # type: ignore[no-untyped-call]
                func=TAGGED,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.slug])

    @property
    def url(self) -> str:
        """The address to give away, host and all."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"


class PostTag(models.Model):
    """One tag of a post, written by PostgreSQL itself: an index leads to the newest of a tag, however rare it is."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="+")
    slug = models.CharField(max_length=80)
    published_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["slug", "-published_at", "-post"], name="post_newest_of_tag")]

    def __str__(self) -> str:
        return self.slug


class FormerAddress(models.Model):
    """A slug that a post had before: it leads to the post for good, and no other post may take it."""

    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    post = models.ForeignKey(Post, models.CASCADE, related_name="former")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "former addresses"

    def __str__(self) -> str:
        return self.slug
