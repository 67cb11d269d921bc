"""Posts: the public snapshots of approved blog pieces."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse


class PostQuerySet(models.QuerySet["Post"]):
    def live(self) -> PostQuerySet:
        """What the public may read."""
        return self.filter(published_at__lte=Now(), withdrawn_at=None)


class Post(models.Model):
    """A copy of one approved version. Reading it joins nothing, so an edit at the desk never changes it."""

    piece = models.OneToOneField("content.Piece", models.PROTECT, related_name="post")
    version_number = models.PositiveIntegerField()
    version_hash = models.CharField(max_length=64)
    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    title = models.CharField(max_length=300)
    excerpt = models.CharField(max_length=400, blank=True)
    body = models.TextField(help_text="Markdown, without the title")
    html = models.TextField(help_text="Clean HTML of the body, made once")
    headings = models.JSONField(default=list)
    category = models.CharField(max_length=80, blank=True, db_index=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    author = models.CharField(max_length=120)
    reviewer = models.CharField(max_length=120)
    made_with = models.CharField(max_length=120, blank=True)
    cover = models.JSONField(default=dict, blank=True)
    word_count = models.PositiveIntegerField(default=0)
    read_minutes = models.PositiveSmallIntegerField(default=1)
    published_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["-published_at", "-id"], name="post_newest")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.slug])

    @property
    def url(self) -> str:
        """The address to give away, host and all."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"
