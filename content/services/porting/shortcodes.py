"""WordPress’s words in square brackets: those that hold text or pictures become HTML, the others stay as they are."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_PICTURE = re.compile(r"\s*(?:<a [^<>]{0,2000}>)?\s*<img [^<>]{0,4000}>\s*(?:</a>)?")
_UNKNOWN = re.compile(r"\[/([a-z][\w-]{1,40})\]|\[([a-z][\w-]{1,40}) [\w-]{1,40}=|\[([a-z][\w-]{1,40}) ?/\]")
_ESCAPED = re.compile(r"\[(\[(?:caption|wp_caption|embed|gallery|audio|video)\b[^\[\]]{0,500}\])\]")
_SAID = re.compile(r"([\w-]{1,40})\s{0,9}=\s{0,9}(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|([^\s\"']{1,2000}))")


@dataclass(frozen=True)
class Picture:
    url: str
    alt: str

    @property
    def html(self) -> str:
        return f'<p><img src="{html.escape(self.url)}" alt="{html.escape(self.alt)}"></p>'


def resolved(text: str, pictures: Mapping[str, Picture], warnings: list[str]) -> str:
    """The HTML with its shortcodes resolved; `warnings` says what could not be. What is preformatted stays as it is."""
    out: list[str] = []
    at = 0
    while at < len(text):
        start = text.find("<pre", at)
        start = len(text) if start < 0 else start
        out.append(_resolved(text[at:start], pictures, warnings))
        end = text.find("</pre>", start)
        end = len(text) if end < 0 else end + 6
        out.append(text[start:end])
        at = end
    return "".join(out)


def _resolved(text: str, pictures: Mapping[str, Picture], warnings: list[str]) -> str:
    def gallery(said: dict[str, str], _: str) -> str:
        wanted = re.findall(r"\d{1,19}", said.get("ids", "") or said.get("include", ""))
        known = [pictures[number] for number in wanted if number in pictures]
        if not wanted or len(known) < len(wanted):
            warnings.append("A gallery names pictures that the export does not hold.")
        return "\n\n" + "\n".join(picture.html for picture in known) + "\n\n"

    text = _replaced(text, "caption", _caption, pair=True)
    text = _replaced(text, "wp_caption", _caption, pair=True)
    text = _replaced(text, "embed", lambda _, inside: f"\n\n{inside.strip()}\n\n", pair=True)
    text = _replaced(text, "gallery", gallery)
    for name in ("audio", "video"):
        text = _replaced(text, name, _played).replace(f"[/{name}]", "")
    unknown = {next(filter(None, found)) for found in _UNKNOWN.findall(text)}
    if unknown:
        names = ", ".join(f"[{name}]" for name in sorted(unknown)[:5])
        warnings.append(f"These words of a plug-in stand in the text as they are: {names}.")
    return _ESCAPED.sub(r"\1", text)


def _replaced(text: str, name: str, made: Callable[[dict[str, str], str], str], *, pair: bool = False) -> str:
    """The text with each [name …] (and what stands before [/name]) replaced by what is `made` of it."""
    out: list[str] = []
    at, closing = 0, f"[/{name}]"
    while True:
        start = text.find(f"[{name}", at)
        end = text.find("]", start) if start >= 0 else -1
        stop = text.find(closing, end) if pair and end >= 0 else end
        if start < 0 or end < 0 or stop < 0:
            return "".join([*out, text[at:]])
        inside = text[start + len(name) + 1 : end]
        if text[start - 1 : start] == "[" or (inside and inside[0] not in " /\n\t"):
            out.append(text[at:end])  # escaped, or another word that begins like it
            at = end
            continue
        said = {key.lower(): one or two or bare for key, one, two, bare in _SAID.findall(html.unescape(inside[:8000]))}
        out += [text[at:start], made(said, text[end + 1 : stop] if pair else "")]
        at = stop + len(closing) if pair else end + 1


def _caption(said: dict[str, str], inside: str) -> str:
    picture = _PICTURE.match(inside)
    if not picture:
        return inside
    words = said.get("caption", "") or inside[picture.end() :].strip()
    return f"\n\n<figure>{picture[0].strip()}<figcaption>{words}</figcaption></figure>\n\n"


def _played(said: dict[str, str], _: str) -> str:
    source = next((said[name] for name in ("src", "mp4", "m4v", "webm", "mp3", "ogg", "wav") if said.get(name)), "")
    return f"\n\n{source}\n\n" if source else ""
