"""People."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.dispatch import Signal
from django.utils import timezone

# Sent with `person` and the `name` that they had, within the transaction: other apps drop what they hold of them.
person_erased = Signal()


class Role(models.TextChoices):
    CREATOR = "creator", "Creator"
    EDITOR = "editor", "Editor"
    ADMIN = "admin", "Admin"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who signs in with `email`; without a password they cannot sign in until one is set."""
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields = {"role": Role.ADMIN, "is_staff": True, "is_superuser": True, **fields}
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person at the desk, known by an e-mail address."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.CREATOR)
    is_staff = models.BooleanField("may open the admin", default=False)
    is_active = models.BooleanField(default=True)
    keys = models.BooleanField("single keys work", default=True, help_text="“a” approves, “e” edits, and so on")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    names_a_person = True  # str() of one is somebody's name: the trail keeps it where it can be blanked

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def reviews(self) -> bool:
        """May decide on anybody's pieces."""
        return self.role in {Role.EDITOR, Role.ADMIN}

    @property
    def byline(self) -> str:
        """What the public is told: the name, else what stands before the @. The address itself is nobody's business."""
        return self.name or self.email.split("@")[0]

    @property
    def initials(self) -> str:
        words = (self.name or self.email.split("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else self.email.split("@")[0]


class SignedOut(models.Model):
    """An API session that was ended: its access and refresh tokens are denied until they expire anyway."""

    session = models.UUIDField(primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "ended sessions"

    def __str__(self) -> str:
        return str(self.session)
