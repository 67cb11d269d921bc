"""A folder of this machine, or one that all machines share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

from .base import Stored

BROKEN = ".part"


@deconstructible(path="media_gen.storage.local.Folder")
class Folder(FileSystemStorage):
    """A file is there whole or not at all, whoever is killed: a picture that was cut off would be kept by readers for
    a year. Django's own writes in place, and gives the second of two equal writers another name."""

    faults: tuple[type[Exception], ...] = ()

    def holds(self, name: str, *, since: datetime) -> bool:
        try:
            os.utime(self.path(name))  # as if just written
        except FileNotFoundError:
            return False
        return True

    def listing(self) -> Iterator[Stored]:
        root = Path(self.location)
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                try:
                    facts = path.stat()
                except FileNotFoundError:  # removed while we look
                    continue
                at = datetime.fromtimestamp(facts.st_mtime, UTC)
                yield Stored(path.relative_to(root).as_posix(), facts.st_size, at, name.endswith(BROKEN))

    def look(self) -> str:
        """It is not made for this: looking changes nothing."""
        place = Path(self.location)
        tempfile.TemporaryFile(dir=next(one for one in (place, *place.parents) if one.exists())).close()
        return f"the folder {place}"

    def says(self, fault: Exception) -> str:
        why = fault.strerror if isinstance(fault, OSError) else fault
        return f"cannot be used: {why or fault}, in {self.location}. Let user {os.geteuid()} write there."

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=BROKEN, delete=False) as file:
            try:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, self.file_permissions_mode or 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
        return name
