"""The drawings beside a title: a proof-reader's marks, halftone and columns of type, in one pencil."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import ImageDraw

SCALE = 2  # drawn twice as large, then made smaller: Pillow's lines have hard edges
LEFT, TOP, RIGHT, BOTTOM = 850, 93, 1200, 530  # the motif's field, right of the title; it may bleed off the page
Point = tuple[float, float]


@dataclass(frozen=True)
class Pen:
    """Draws in page pixels. `quiet` is a tone near the ground, `pencil` the one that speaks."""

    draw: ImageDraw.ImageDraw
    quiet: str
    pencil: str

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(scaled, fill=colour, width=max(1, round(width * SCALE)), joint="curve")

    def stroke(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A line with round ends."""
        self.line(points, colour, width)
        for x, y in (points[0], points[-1]):
            self.dot(x, y, width / 2, colour)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        box = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self.draw.ellipse(box, fill=colour)

    def halftone(
        self, tone: Callable[[float, float], float], colour: str, *, cell: float = 11, turn: float = 15
    ) -> None:
        """Dots on a turned screen, above the foot; `tone` of a point is 0 (none) to 1 (touching its neighbours)."""
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        reach = int((RIGHT - LEFT + BOTTOM - TOP) / cell)
        for row in range(-reach, reach):
            for column in range(-reach, reach):
                x = LEFT + (column * cos - row * sin) * cell
                y = TOP + (column * sin + row * cos) * cell
                if LEFT < x < RIGHT + cell and TOP + 8 < y < BOTTOM + cell and (dark := tone(x, y)) > 0.02:
                    self.dot(x, y, cell * 0.56 * math.sqrt(min(dark, 1)), colour)


def caret(pen: Pen, dice: random.Random) -> None:
    """The mark that says: something comes in here."""
    x, spread = dice.uniform(1010, 1040), dice.uniform(125, 150)
    foot = dice.uniform(440, 460)
    pen.line([(x - spread, foot), (x, foot - spread * 1.72), (x + spread, foot)], pen.pencil, 30)


def loop(pen: Pen, dice: random.Random) -> None:
    """The mark that says: this goes out. A struck line that ends in the proof-reader's loop."""
    middle, size = dice.uniform(270, 330), dice.uniform(78, 92)
    for n in range(11):
        pen.line([(880, TOP + 46 + n * 36), (1200, TOP + 46 + n * 36)], pen.quiet, 5)
    points: list[Point] = [(880 + n * 3, middle + 5 * math.sin(n / 11)) for n in range(46)]
    x, y = points[-1]
    for n in range(101):
        turn = math.radians(90 - n * 4.2)
        grown = size * (0.55 + 0.45 * math.sin(math.pi * n / 100))
        points.append((x + 24 + n * 0.55 + grown * math.cos(turn), y - grown + grown * math.sin(turn)))
    pen.stroke(points, pen.pencil, 11)


def columns(pen: Pen, dice: random.Random) -> None:
    """A page seen from afar: columns of greeked type, one passage marked."""
    width, marked = 92, (dice.randrange(3), dice.randrange(5, 20))
    for column in range(3):
        x = 872 + column * (width + 22)
        pen.line([(x - 11, TOP + 24), (x - 11, BOTTOM - 24)], pen.quiet, 1)
        for row in range(28):
            y = TOP + 34 + row * 13.6
            ends = row % 7 == 6 or (column == 2 and row == 27)
            length = width * (dice.uniform(0.35, 0.75) if ends else 1)
            here = column == marked[0] and marked[1] <= row < marked[1] + 4
            pen.line([(x, y), (x + length, y)], pen.pencil if here else pen.quiet, 5 if here else 4)
    x, y = 872 + marked[0] * (width + 22), TOP + 34 + marked[1] * 13.6
    pen.line([(x - 11, y - 5), (x - 11, y + 46)], pen.pencil, 5)


def sun(pen: Pen, dice: random.Random) -> None:
    """A disc in halftone, darker towards the ground."""
    x, y, radius = dice.uniform(1040, 1090), dice.uniform(290, 330), dice.uniform(170, 190)

    def tone(px: float, py: float) -> float:
        inside = math.hypot(px - x, py - y) < radius
        return (0.18 + 0.82 * (py - y + radius) / (2 * radius)) if inside else 0.0

    pen.halftone(tone, pen.pencil)


def hills(pen: Pen, dice: random.Random) -> None:
    """Hills one behind the other, as a newspaper prints a photograph."""
    waves = [(dice.uniform(0, 6.3), dice.uniform(70, 120), dice.uniform(22, 40)) for _ in range(3)]

    def tone(px: float, py: float) -> float:
        dark = 0.0
        for n, (phase, length, height) in enumerate(waves):
            edge = 240 + n * 92 + height * math.sin(px / length + phase)
            if py > edge:
                dark = 0.28 + 0.24 * n + (py - edge) / 700
        return dark * min(1.0, (px - LEFT) / 150)

    pen.halftone(tone, pen.pencil)


def rules(pen: Pen, dice: random.Random) -> None:
    """Rules of a type case, from a hair to a bar."""
    x, weight, growth = 884.0, 1.0, dice.uniform(1.32, 1.4)
    lit = dice.randrange(4, 8)
    for n in range(12):
        pen.line([(x, TOP + 36), (x, BOTTOM - 36)], pen.pencil if n == lit else pen.quiet, weight)
        x += 14 + weight * 1.5
        weight *= growth


MOTIFS: tuple[Callable[[Pen, random.Random], None], ...] = (caret, hills, columns, sun, loop, rules)
