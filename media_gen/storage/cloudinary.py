"""Cloudinary, by its own SDK. The files go there finished: it is asked for no transformation, so what it serves is
what was approved, provenance and all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cloudinary import api, exceptions, uploader, utils
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.utils.dateparse import parse_datetime
from django.utils.deconstruct import deconstructible

from .base import Stored

TIMEOUT_SECONDS = 30
A_PAGE = 500


@deconstructible(path="media_gen.storage.cloudinary.Cloud")
class Cloud(Storage):
    """`account` is CLOUDINARY_URL as Cloudinary shows it, `folder` where the pictures lie. For the public storage
    only: what lies there has no other door."""

    faults: tuple[type[Exception], ...] = (exceptions.Error,)

    def __init__(self, account: str = "", folder: str = "copydesk") -> None:
        parts = urlsplit(account)
        if parts.scheme != "cloudinary" or not (parts.hostname and parts.username and parts.password):
            raise ImproperlyConfigured("CLOUDINARY_URL is not cloudinary://key:secret@cloud.")
        cloud = parts.netloc.rpartition("@")[2]  # as it is written: `hostname` would be in small letters
        self.account: dict[str, Any] = {"cloud_name": cloud, "api_key": parts.username, "api_secret": parts.password}
        self.account.update(parse_qsl(parts.query))  # such as upload_prefix, for Europe or Asia
        self.folder = folder

    def holds(self, name: str, *, since: datetime) -> bool:
        """To ask costs one of the 500 questions an hour, to send it again costs nothing: it is not written twice."""
        return False

    def listing(self) -> Iterator[Stored]:
        cursor: dict[str, str] = {}
        while True:
            page = api.resources(type="upload", prefix=f"{self.folder}/", max_results=A_PAGE, **cursor, **self._asked)
            for one in page["resources"]:
                name = f"{one['public_id'][len(self.folder) + 1 :]}.{_suffix(one['format'])}"
                at = parse_datetime(one["created_at"])
                assert at is not None
                yield Stored(name, one["bytes"], at)
            if "next_cursor" not in page:
                return
            cursor = {"next_cursor": page["next_cursor"]}

    def look(self) -> str:
        api.ping(**self._asked)
        return f"the cloud {self.account['cloud_name']} at Cloudinary"

    def says(self, fault: Exception) -> str:
        if isinstance(fault, exceptions.AuthorizationRequired | exceptions.NotAllowed):
            return "does not take the key. Correct CLOUDINARY_URL and start again."
        if isinstance(fault, exceptions.RateLimited):
            return "is at its limit. Nothing is lost; try again in an hour."
        if isinstance(fault, exceptions.BadRequest):
            return f"refused the picture: {str(fault)[:120]}"
        return "cannot be reached or did not understand. Nothing is lost; try again."

    def url(self, name: str | None) -> str:
        path = PurePosixPath(name or "")
        public_id, suffix = self._public_id(str(path)), path.suffix[1:]
        address, _ = utils.cloudinary_url(public_id, format=suffix, secure=True, analytics=False, **self.account)
        return str(address)

    def exists(self, name: str) -> bool:
        try:
            api.resource(self._public_id(name), **self._asked)
        except exceptions.NotFound:
            return False
        return True

    def delete(self, name: str) -> None:
        api.delete_resources([self._public_id(name)], invalidate=True, **self._asked)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        uploader.upload(BytesIO(content.read()), public_id=self._public_id(name), overwrite=False, **self._asked)
        return name

    def _open(self, name: str, mode: str = "rb") -> Any:
        raise NotImplementedError("What is public is read at its address.")

    def _public_id(self, name: str) -> str:
        return f"{self.folder}/{name.rpartition('.')[0]}"

    @property
    def _asked(self) -> dict[str, Any]:
        return {**self.account, "timeout": TIMEOUT_SECONDS}


def _suffix(kind: str) -> str:
    """Cloudinary and we both say jpg; an account may be set to another word."""
    return "jpg" if kind == "jpeg" else kind
