"""How a card is laid out: where its title stands, where its drawing, its rules and its small print."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .motifs import Box

WIDTH, HEIGHT = 1200, 630
# What must be read stands between these; previews on the desk are 3 by 2 and lose the page's outer edges.
LEFT, RIGHT = 128, 1072


@dataclass(frozen=True)
class Layout:
    """Boxes in page pixels. A title that would be smaller than `finest` belongs in another layout."""

    name: str
    title: Box
    field: Box
    largest: int
    finest: int
    rules: tuple[tuple[float, float, float], ...]  # left, top, right of each, two pixels strong
    category: Box  # one line, its bottom the baseline
    site: Box
    mark: tuple[float, float] | None  # the name's caret, its left top
    anchor: float = 0.5  # where a title that leaves room stands: 0 at the top, 1 at the bottom
    panel: bool = False  # whether the field is a sheet in the pencil's colour
    fades: bool = False
    site_right: bool = False
    rtl: bool = False

    def mirrored(self) -> Layout:
        """The same for a script that runs from right to left."""
        return replace(
            self,
            title=_mirror(self.title),
            field=_mirror(self.field),
            category=_mirror(self.category),
            site=_mirror(self.site),
            rules=tuple((WIDTH - right, top, WIDTH - left) for left, top, right in self.rules),
            mark=(WIDTH - self.mark[0] - MARK[0], self.mark[1]) if self.mark else None,
            site_right=not self.site_right,
            rtl=True,
        )


MARK = (44, 40)


def _mirror(box: Box) -> Box:
    return Box(WIDTH - box.right, box.top, WIDTH - box.left, box.bottom)


COLUMN = Layout(
    "column",
    title=Box(LEFT, 122, 806, 506),
    field=Box(850, 94, WIDTH, 530),
    largest=200,
    finest=64,
    rules=((0, 85, WIDTH), (0, 92, WIDTH), (0, 530, WIDTH)),
    category=Box(LEFT, 0, RIGHT, 56),
    site=Box(LEFT, 0, RIGHT - 80, 588),
    mark=(RIGHT - MARK[0], 556),
    fades=True,
)
STRIP = Layout(
    "strip",
    title=Box(LEFT, 108, RIGHT, 396),
    field=Box(0, 426, WIDTH, HEIGHT),
    largest=184,
    finest=54,
    rules=((LEFT, 76, RIGHT), (0, 424, WIDTH)),
    category=Box(LEFT, 0, 620, 56),
    site=Box(640, 0, RIGHT, 56),
    mark=None,
    site_right=True,
)
PANEL = Layout(
    "panel",
    title=Box(476, 122, RIGHT, 500),
    field=Box(0, 0, 420, HEIGHT),
    largest=210,
    finest=58,
    rules=((476, 85, RIGHT), (476, 530, RIGHT)),
    category=Box(476, 0, RIGHT, 62),
    site=Box(476, 0, RIGHT - 80, 582),
    mark=(RIGHT - MARK[0], 552),
    anchor=0.0,
    panel=True,
)
# For long titles: the whole page is theirs, but for a border of the drawing.
FULL = Layout(
    "full",
    title=Box(LEFT, 100, RIGHT, 520),
    field=Box(0, 552, WIDTH, HEIGHT),
    largest=96,
    finest=0,
    rules=((LEFT, 76, RIGHT), (0, 550, WIDTH)),
    category=Box(LEFT, 0, 620, 56),
    site=Box(640, 0, RIGHT, 56),
    mark=None,
    site_right=True,
)
LAYOUTS = (COLUMN, STRIP, PANEL)
