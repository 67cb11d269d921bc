"""Where a picture is from, written into each of its public files as XMP, in the words of the IPTC.

A C2PA manifest would be signed too, but only by a certificate that readers trust; one that an installation makes for
itself is shown as a warning. So there is none, and a file says only what can be read, not proven.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from content.models import User
from media_gen import sources
from media_gen.models import Image

KINDS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "copydesk": "urn:copydesk:provenance",
}
TOOL = "Copydesk"


def packet(image: Image, *, by: User) -> bytes:
    """The XMP packet of `image` as `by` approved it. It holds no date, so the same approval gives the same bytes.

    How it was made is said only of what was made here: of an upload and of a stock photograph we know who gave it,
    not what it is.
    """
    made_by = str(image.made.get("model") or "")
    kind = _kind(image.source)
    said = {
        "Iptc4xmpExt:DigitalSourceType": f"{KINDS}{kind}" if kind else "",
        "Iptc4xmpExt:AISystemUsed": made_by,
        "photoshop:Credit": image.credit,
        "photoshop:Source": sources.about(image.source).name if image.source in sources.NAMES else image.source,
        "copydesk:SourceAddress": image.credit_url,
        "copydesk:ApprovedBy": by.byline,
        "xmp:CreatorTool": TOOL if kind else "",
    }
    return _packet({name: value for name, value in said.items() if value})


def _kind(source: str) -> str:
    """The IPTC's word for how the pictures of a source come about, empty where we cannot know."""
    return sources.about(source).digital_source_type if source in sources.NAMES else ""


def _packet(said: dict[str, Any]) -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    facts = "".join(f"<{name}>{escape(_printable(str(value)))}</{name}>" for name, value in said.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces}>{facts}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(letter for letter in text if letter.isprintable())
