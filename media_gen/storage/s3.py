"""A bucket of Amazon S3 or of anything that speaks as it does: MinIO, R2, Ceph, Garage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage

from .base import Stored

CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 5, 30, 3
NOT_THERE = {"404", "NoSuchKey", "NotFound"}
REFUSED = {"403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId"}


@deconstructible(path="media_gen.storage.s3.Bucket")
class Bucket(S3Storage):  # type: ignore[misc]  # it has no types
    """Writing the same name again writes the same bytes, so it may overwrite; addresses carry no signature."""

    faults: tuple[type[Exception], ...] = (BotoCoreError, ClientError, Boto3Error)
    _making = threading.Lock()

    def get_default_settings(self) -> dict[str, Any]:
        return {
            **super().get_default_settings(),
            "querystring_auth": False,
            "file_overwrite": True,
            "client_config": Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=ANSWER_SECONDS,
                retries={"mode": "standard", "total_max_attempts": TRIES},
                signature_version="s3v4",
                # Sent unasked since 2025; many servers other than Amazon's refuse them.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            "transfer_config": TransferConfig(use_threads=False),  # a picture is one small part
        }

    def holds(self, name: str, *, since: datetime) -> bool:
        """An old one is written again, so that a cleanup that is at work does not take it."""
        try:
            head = self._client.head_object(Bucket=self.bucket_name, Key=self._normalize_name(name))
        except ClientError as error:
            if _code(error) in NOT_THERE:
                return False
            raise
        return bool(head["LastModified"] >= since)

    def listing(self) -> Iterator[Stored]:
        prefix = f"{self.location.strip('/')}/" if self.location else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        for page in pages:
            for one in page.get("Contents", ()):
                yield Stored(one["Key"][len(prefix) :], one["Size"], one["LastModified"])

    def look(self) -> str:
        self._client.head_bucket(Bucket=self.bucket_name)
        return f"the bucket {self.bucket_name}"

    def says(self, fault: Exception) -> str:
        if isinstance(fault, ClientError):
            code = _code(fault)
            if code in REFUSED:
                return f"refused us ({code}). Correct its keys, or what they may do in {self.bucket_name}."
            if code in {*NOT_THERE, "NoSuchBucket"}:
                return f"has no bucket {self.bucket_name}. Make it, or correct its name."
            return f"answered {code}. Nothing is lost; try again."
        return f"cannot be reached ({type(fault).__name__}). Nothing is lost; try again."

    @property
    def bucket(self) -> Any:
        """One for all threads, and made once: its client may be shared, and takes long to make."""
        with self._making:
            return super().bucket

    @property
    def _client(self) -> Any:
        return self.bucket.meta.client


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code") or "an error")
