"""The drawings on a card: a proof-reader's marks, halftone, columns of type and ornaments, in one pencil.

Each fills the field it is given, upright or lying, and may bleed off it: what is outside is not printed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw

SCALE = 2  # drawn twice as large, then made smaller: Pillow's lines have hard edges
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


class Pen:
    """Draws in a field of `width` by `height` pixels. `quiet` is a tone near the paper, `pencil` the one that speaks."""

    def __init__(self, width: int, height: int, *, paper: str, quiet: str, pencil: str, fades: bool = False) -> None:
        self.width, self.height, self.quiet, self.pencil = width, height, quiet, pencil
        self.fades = fades  # whether the field's left edge is open paper, where halftone must not end in a cut
        self._sheet = Image.new("RGB", (width * SCALE, height * SCALE), paper)
        self._draw = ImageDraw.Draw(self._sheet)

    def picture(self) -> Image.Image:
        return self._sheet.resize((self.width, self.height), Image.Resampling.BOX)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=colour, width=max(1, round(width * SCALE)), joint="curve")

    def stroke(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A line with round ends, drawn as a pen is moved: a wide polyline of Pillow's has teeth."""
        for (x, y), (next_x, next_y) in pairwise(points):
            steps = max(1, math.ceil(math.hypot(next_x - x, next_y - y)))
            for n in range(steps):
                self.dot(x + (next_x - x) * n / steps, y + (next_y - y) * n / steps, width / 2, colour)

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self._draw.rectangle([round(v * SCALE) for v in (left, top, right, bottom)], fill=colour)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        box = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self._draw.ellipse(box, fill=colour)

    def quarter(self, x: float, y: float, radius: float, start: int, colour: str, width: float | None = None) -> None:
        """A quarter of a disc about (x, y), clockwise from `start` degrees; of a ring if `width` is given."""
        reach = radius + (width or 0) / 2
        box = [(x - reach) * SCALE, (y - reach) * SCALE, (x + reach) * SCALE, (y + reach) * SCALE]
        if width is None:
            self._draw.pieslice(box, start, start + 90, fill=colour)
        else:
            self._draw.arc(box, start, start + 90, fill=colour, width=round(width * SCALE))

    def halftone(
        self, tone: Callable[[float, float], float], colour: str, *, cell: float = 11, turn: float = 15
    ) -> None:
        """Dots on a turned screen; `tone` of a point is 0 (none) to 1 (touching its neighbours)."""
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        middle, reach = (self.width / 2, self.height / 2), int(math.hypot(self.width, self.height) / 2 / cell) + 1
        for row in range(-reach, reach):
            for column in range(-reach, reach):
                x = middle[0] + (column * cos - row * sin) * cell
                y = middle[1] + (column * sin + row * cos) * cell
                if -cell < x < self.width + cell and -cell < y < self.height + cell and (dark := tone(x, y)) > 0.02:
                    self.dot(x, y, cell * 0.56 * math.sqrt(min(dark, 1)), colour)


def caret(pen: Pen, dice: random.Random) -> None:
    """The mark that says: something comes in here. Alone where the field is upright, one of a row where it lies."""
    count = max(1, round(pen.width / (pen.height * 0.62)))
    lit = dice.randrange(max(1, count // 3), max(2, count - count // 4))
    step = pen.width / count
    tall = min(pen.height * 0.74, step * 0.74)
    spread = min(tall * 0.62, step * 0.42)
    weight = max(10.0, tall * 0.115)
    top = (pen.height - tall) / 2 + dice.uniform(-0.03, 0.03) * pen.height
    for n in range(count):
        x = (n + 0.5) * step
        points = [(x - spread, top + tall), (x, top), (x + spread, top + tall)]
        pen.line(points, pen.pencil if count == 1 or n == lit else pen.quiet, weight)


def hills(pen: Pen, dice: random.Random) -> None:
    """Hills one behind the other, as a newspaper prints a photograph."""
    swell = min(40.0, pen.height * 0.13)
    waves = [(dice.uniform(0, 6.3), dice.uniform(70, 130), dice.uniform(0.6, 1) * swell) for _ in range(3)]

    def tone(x: float, y: float) -> float:
        dark = 0.0
        for n, (phase, length, height) in enumerate(waves):
            edge = pen.height * (0.3 + 0.22 * n) + height * math.sin(x / length + phase)
            if y > edge:
                dark = 0.26 + 0.24 * n + 0.3 * (y - edge) / pen.height
        return dark * (min(1.0, x / 150) if pen.fades else 1.0)

    pen.halftone(tone, pen.pencil, cell=11 if pen.height > 160 else 9)


def columns(pen: Pen, dice: random.Random) -> None:
    """A page seen from afar: columns of greeked type, one passage marked."""
    count = max(2, round(pen.width / 116))
    step = pen.width / count
    rows = int((pen.height - 34) / 13.6)
    marked = dice.randrange(count // 3, count), dice.randrange(1, max(2, rows - 5))
    for column in range(count):
        x, width = column * step + 14, step - 22
        if column:
            pen.line([(x - 11, 20), (x - 11, pen.height - 20)], pen.quiet, 1)
        for row in range(rows):
            y = 24 + row * 13.6
            ends = row % 7 == (6 - column) % 7 or row == rows - 1
            length = width * (dice.uniform(0.35, 0.75) if ends else 1)
            here = column == marked[0] and marked[1] <= row < marked[1] + 4
            pen.line([(x, y), (x + length, y)], pen.pencil if here else pen.quiet, 5 if here else 4)
    x, y = marked[0] * step + 3, 24 + marked[1] * 13.6
    pen.line([(x, y - 5), (x, y + 46)], pen.pencil, 5)


def sun(pen: Pen, dice: random.Random) -> None:
    """A disc in halftone, darker towards the ground; over a wide field it rises."""
    lying = pen.width > 2 * pen.height
    radius = pen.height * 0.86 if lying else min(pen.width * 0.5, pen.height * 0.42) * dice.uniform(0.94, 1.04)
    x = pen.width * (dice.uniform(0.6, 0.8) if lying else dice.uniform(0.5, 0.6))
    y = pen.height * (1.02 if lying else dice.uniform(0.46, 0.54))

    def tone(px: float, py: float) -> float:
        inside = math.hypot(px - x, py - y) < radius
        return (0.18 + 0.82 * (py - y + radius) / (radius * (1.1 if lying else 2))) if inside else 0.0

    pen.halftone(tone, pen.pencil, cell=11 if radius > 130 else 9)


def loop(pen: Pen, dice: random.Random) -> None:
    """The mark that says: this goes out. A struck line that ends in the proof-reader's loop."""
    gap = 36 if pen.height > 240 else 24
    start = 30.0 if pen.fades or pen.width < 600 else 0.0
    rows = int((pen.height - 20) / gap)
    top = (pen.height - (rows - 1) * gap) / 2
    for n in range(rows):
        pen.line([(start, top + n * gap), (pen.width, top + n * gap)], pen.quiet, 5)
    struck = top + gap * (rows * 2 // 3)
    size = min(96.0, struck * 0.46) * dice.uniform(0.92, 1.0)  # the loop stands above the line, all of it
    end = pen.width * (0.46 if pen.width < 600 else dice.uniform(0.58, 0.74))
    points: list[Point] = [(start + n * 3, struck + 5 * math.sin(n / 11)) for n in range(int((end - start) / 3))]
    x, y = points[-1]
    for n in range(101):
        turn = math.radians(90 - n * 4.2)
        grown = size * (0.55 + 0.45 * math.sin(math.pi * n / 100))
        points.append((x + 24 * n / 100 + n * 0.55 + grown * math.cos(turn), y - grown + grown * math.sin(turn)))
    pen.stroke(points, pen.pencil, 11 if pen.height > 160 else 8)


def rules(pen: Pen, dice: random.Random) -> None:
    """Rules of a type case, from a hair to a bar."""
    count = 13 if pen.width < 600 else 24
    growth = dice.uniform(1.22, 1.28) if count == 13 else dice.uniform(1.09, 1.12)
    weights = [growth**n for n in range(count)]
    unit = pen.width * 0.52 / sum(weights)
    gap = pen.width * 0.48 / count
    lit = dice.randrange(count // 2, count - 1)
    edge = 34 if pen.height > 240 else 0
    x = gap / 2
    for n, weight in enumerate(weights):
        wide = max(1.0, weight * unit)
        pen.bar(x, edge, x + wide, pen.height - edge, pen.pencil if n == lit else pen.quiet)
        x += wide + gap


def tiles(pen: Pen, dice: random.Random) -> None:
    """A compositor's ornaments: quarter rounds set at random, one of them in the pencil."""
    rows = max(2, round(pen.height / 104))
    cell = pen.height / rows
    count = math.ceil(pen.width / cell)
    lit = {(dice.randrange(rows), dice.randrange(max(1, count // 3), count)) for _ in range(2 + count // 5)}
    for row in range(rows):
        for column in range(count):
            corner = dice.randrange(4)
            x, y = (column + (corner in (1, 2))) * cell, (row + (corner in (2, 3))) * cell
            start = (0, 90, 180, 270)[corner]
            here = (row, column) in lit
            pen.quarter(x, y, cell, start, pen.pencil if here else pen.quiet)


Motif = Callable[[Pen, random.Random], None]
MOTIFS: tuple[Motif, ...] = (caret, hills, columns, sun, tiles, loop, rules)
