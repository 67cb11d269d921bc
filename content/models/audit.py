"""The audit trail."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """What happened, when, by whom, to what. Rows are added and never changed.

    PostgreSQL sees to that, and chains the rows, by the triggers of migration 0004: whoever writes here, by whatever road,
    gets a `lane`, the next `number` in it, and a `hash` over the row and the hash of the one before
    (`content.services.chain` says over what exactly). A lane belongs to one transaction at a time; there are always
    enough of them that nobody waits.

    What points at a person lies beside the chain and can be blanked: `ip` and `agent` once they are old, `personal`
    (names, e-mail addresses) when the person is erased. The chain holds seals of them, hashes with a salt that goes too.
    """

    event = models.CharField(max_length=60)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True)
    object_name = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict)
    personal = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)

    # From here on the database fills in; a default of its own has Django read what it was.
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    lane = models.PositiveSmallIntegerField(db_default=0, editable=False)
    number = models.PositiveBigIntegerField(db_default=0, editable=False)
    previous = models.CharField(max_length=64, db_default="", editable=False)
    hash = models.CharField(max_length=64, db_default="", editable=False)
    origin_seal = models.CharField(max_length=64, db_default="", editable=False)
    origin_salt = models.UUIDField(null=True, editable=False)
    personal_seal = models.CharField(max_length=64, db_default="", editable=False)
    personal_salt = models.UUIDField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "audit entries"
        constraints = [models.UniqueConstraint(fields=["lane", "number"], name="one_entry_per_place")]
        indexes = [
            models.Index(fields=["object_type", "object_id"]),
            models.Index(fields=["-created_at", "-id"], name="audit_newest"),
            models.Index(fields=["event", "-created_at", "-id"], name="audit_newest_of_event"),
            models.Index(OpClass("event", "varchar_pattern_ops"), name="audit_event_beginning"),
            models.Index(fields=["actor", "-created_at", "-id"], name="audit_newest_of_actor"),
            models.Index(fields=["request_id"], condition=~models.Q(request_id=""), name="audit_of_request"),
            models.Index(fields=["created_at"], condition=models.Q(origin_salt__isnull=False), name="audit_to_blank"),
            GinIndex(SearchVector("object_name", config="simple"), name="audit_words"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.object_name}".strip()

    @property
    def who(self) -> str:
        """Who did it, in words: a person, a guest, or the e-mail address that was typed. Empty: Copydesk itself."""
        if self.actor:
            return str(self.actor)
        guest = self.personal.get("guest")
        return f"{guest} (a guest)" if guest else str(self.personal.get("email") or "")

    @property
    def about(self) -> str:
        """What it happened to, in words; empty where that was a person who has been erased."""
        return str(self.object_name or self.personal.get("name") or "")

    @property
    def is_blanked(self) -> bool:
        """The address and the browser were noted, and have been blanked since."""
        return bool(self.origin_seal) and self.ip is None and not self.agent


class AuditLane(models.Model):
    """Where the chain of one lane ends, so that rows cut off there are missed. The database writes it, and never back."""

    lane = models.PositiveSmallIntegerField(primary_key=True)
    number = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["lane"]

    def __str__(self) -> str:
        return f"lane {self.lane} to row {self.number}"


class TrailCheck(models.Model):
    """That the trail was verified, and what was found. A note for people: proof is verifying it again."""

    made_at = models.DateTimeField(auto_now_add=True, db_index=True)
    full = models.BooleanField(help_text="All rows, not only those that were new")
    rows = models.PositiveBigIntegerField(help_text="Rows in the chain that are known to be whole")
    blanked = models.PositiveBigIntegerField(
        default=0, help_text="Rows that were looked at and are blanked, as they may be"
    )
    seconds = models.FloatField(default=0)
    finding = models.TextField(
        blank=True, help_text="What is wrong with the first altered row; empty where all are whole"
    )
    heads = models.JSONField(default=dict, help_text="Where each lane ended: {lane: [number, hash]}")

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.finding or f"{self.rows} rows, whole"

    @property
    def whole(self) -> bool:
        return not self.finding
