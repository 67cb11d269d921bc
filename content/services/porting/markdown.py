"""Markdown with front matter: a file each, in a folder or a .zip; those of Hugo, Jekyll and Obsidian are read too."""

from __future__ import annotations

import hashlib
import os
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from .entry import MAX_ENTRY, Entry, Meter, Missing, Unreadable, Wishes
from .record import VERSION, entry_of

name = "markdown"
label = "Markdown with front matter"

SUFFIXES = (".md", ".markdown")
MAX_FILE = 2_000_000  # bytes; ten times the longest text that is stored
MAX_FRONT = 200_000  # characters
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def looks_like(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{"))


def text_of(record: Mapping[str, Any]) -> str:
    """The file of one record: everything but the text in the front matter."""
    said = {"copydesk": VERSION} | {
        key: value for key, value in record.items() if key != "body" and value not in ("", None, [], {})
    }
    front = yaml.dump(said, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=100_000)
    return f"---\n{front}---\n\n{record['body']}\n"


def entries(path: Path, wishes: Wishes, meter: Meter) -> Iterator[Entry | Missing]:
    """The texts of a file, a folder with all below it, or a .zip, whose members are read and never unpacked."""
    if path.is_dir():
        files = sorted(_files(path))
        for at, file in enumerate(files):
            meter.share = at / len(files)
            yield _entry(file.relative_to(path).as_posix(), lambda file=file: file.open("rb"))  # type: ignore[misc]
    elif zipfile.is_zipfile(path):
        yield from _zipped(path, meter)
    else:
        yield _entry(path.name, lambda: path.open("rb"))


def _files(folder: Path) -> Iterator[Path]:
    """Links are not followed: one may lead out of the folder."""
    for where, below, files in os.walk(folder):
        below[:] = [one for one in below if not one.startswith(".")]
        for file in files:
            if file.lower().endswith(SUFFIXES) and not file.startswith("."):
                found = Path(where, file)
                if not found.is_symlink():
                    yield found


def _zipped(path: Path, meter: Meter) -> Iterator[Entry | Missing]:
    try:
        with zipfile.ZipFile(path) as bag:
            members = [one for one in bag.infolist() if one.filename.lower().endswith(SUFFIXES)]
            for at, member in enumerate(members):
                meter.share = at / len(members)
                yield _entry(member.filename, lambda member=member: bag.open(member))  # type: ignore[misc]
    except zipfile.BadZipFile as error:
        raise Unreadable(f"The .zip cannot be read: {error}.") from error


def _entry(where: str, opened: Any) -> Entry | Missing:
    """One file; `where` is only a name for people, whatever stands in it."""
    called = PurePosixPath(where.replace("\\", "/")).name
    try:
        with opened() as file:
            data = file.read(min(MAX_FILE, MAX_ENTRY) + 1)  # what is read counts, not the size that a .zip claims
        return _read(called, data)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        return Missing(called[:100], f"The file cannot be read: {error}.")
    except Unreadable as error:
        return Missing(called[:100], str(error))


def _read(called: str, data: bytes) -> Entry:
    if len(data) > MAX_FILE:
        raise Unreadable(f"It is larger than {MAX_FILE // 1_000_000} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"It is not UTF-8 (byte {error.start:,}). Save it as UTF-8.") from error
    if "\x00" in text:
        raise Unreadable("It is no text.")
    said, body = parted(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not body.strip():
        raise Unreadable("There is no text in it.")
    key = f"markdown:{called[:200]}#{hashlib.sha256(data).hexdigest()[:32]}"
    stem = called.rsplit(".", 1)[0].replace("-", " ").replace("_", " ")
    return entry_of(said, body, key=key, name=stem)


def parted(text: str) -> tuple[dict[str, Any], str]:
    """(front matter, text). Everything in the front matter is text as it was typed, so that a title `no` stays one;
    only in `cover` figures are figures."""
    if text.startswith("+++\n"):
        front, body = _split(text, "\n+++")
        try:
            return tomllib.loads(front), body
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise Unreadable(f"Its front matter is no TOML: {error}.") from error
    if not YAMLHandler().detect(text):
        return {}, text
    try:
        _, front, body = YAMLHandler.FM_BOUNDARY.split(text, 2)  # type: ignore[union-attr]
    except ValueError:
        return {}, text
    said = _yaml(front)
    return (said, body.strip("\n")) if isinstance(said, dict) else ({}, text)


def _split(text: str, fence: str) -> tuple[str, str]:
    front, found, body = text[3:].partition(fence)
    if not found:
        raise Unreadable("Its front matter has no end.")
    return front, body.strip("\n")


def _yaml(front: str) -> Any:
    if len(front) > MAX_FRONT:
        raise Unreadable(f"Its front matter has {len(front):,} characters. At most {MAX_FRONT:,} are read.")
    try:
        depth = 0
        for event in yaml.parse(front, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > 10:
                raise Unreadable("Its front matter refers to itself (&, *) or is nested more than 10 deep.")
        said = yaml.load(front, Loader=_LOADER)
        if isinstance(said, dict) and isinstance(said.get("cover"), dict):
            said["cover"] = yaml.load(front, Loader=_SAFE)["cover"]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        raise Unreadable(f"Its front matter is no YAML{f' (line {where.line + 1})' if where else ''}.") from error
    return said
