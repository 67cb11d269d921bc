"""Scores against decisions: whether the score agrees with the editors, and which checks foresee what they say."""

from .checks import NEWEST, CheckReport, checks
from .curve import ENOUGH, FEW, Band, Curve, Mark, curve
from .reading import Cell, cells, counted, standing, tallies
from .statistics import Estimate, Tally, area, share

__all__ = [
    "ENOUGH",
    "FEW",
    "NEWEST",
    "Band",
    "Cell",
    "CheckReport",
    "Curve",
    "Estimate",
    "Mark",
    "Tally",
    "area",
    "cells",
    "checks",
    "counted",
    "curve",
    "share",
    "standing",
    "tallies",
]
