"""Which mark a row is in a chart: its class, its shape and colour, its size. Knows no Plotly: the keys beside a chart ask here, too."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from claims.boards import Board, Row
from claims.boards.families import family_key
from claims.terms import ChartKind, PointColour

CLASSES = ("quoted", "imported", "own", "front", "own front")
"""The classes of points by origin, in the order they are drawn in: what matters most comes last, on top."""
SHAPES = ("square", "diamond", "triangle-up", "triangle-down", "cross", "x")
"""A shape and a colour for each family that has its own; the circle is of all others."""
MOST_COLOURS = len(SHAPES)
OTHERS = "others"
WAYS = ("quoted", "", "front")
"""How the mark of a family looks: hollow, plain, ringed."""

SPAN_OF_LOGARITHMS = 20.0
"""From how many times the least the largest amount is on, an axis or a size grows with its logarithm."""
SMALLEST, LARGEST, UNSIZED = 7.0, 22.0, 4.0
"""Diameters in pixels: of the least and the largest amount, and of a row that states none."""


def leading(board: Board) -> Sequence[Row]:
    """Return the rows that the shown chart brings out: the record setters over time, else the front."""
    if board.charting and board.charting.kind is ChartKind.TIME:
        return board.history.records if board.history else []
    return board.tradeoff.front if board.tradeoff else []


def coloured_families(board: Board) -> list[str]:
    """Return the names of the families that have a colour of their own, none unless the reader asked for colours by family."""
    charting = board.charting
    if charting is None or charting.colour is not PointColour.FAMILY or charting.kind is ChartKind.FAMILIES:
        return []
    return [family.name for family in charting.families[:MOST_COLOURS]]


def is_coloured(board: Board) -> bool:
    """Say whether the points are coloured by family, be it that none is large enough."""
    charting = board.charting
    return charting is not None and charting.colour is PointColour.FAMILY and charting.kind is not ChartKind.FAMILIES


def class_of(row: Row, leads: Collection[int]) -> str:
    """Return a row's class by origin; `leads` are the ids of the rows that are brought out."""
    if not row.ranks:
        return "quoted"
    if row.pk in leads:
        return "front" if row.imported else "own front"
    return "imported" if row.imported else "own"


def family_classes(families: Sequence[str]) -> list[str]:
    """Return the classes of points by family, in the order they are drawn in: the largest family comes last."""
    names = [OTHERS, *(str(number) for number in reversed(range(len(families))))]
    return [f"{name} {way}".strip() for way in WAYS for name in names]


def family_class_of(row: Row, leads: Collection[int], places: dict[str, int]) -> str:
    """Return a row's class by family; `places` are the coloured families' numbers by their key."""
    place = places.get(family_key(row.model)) if row.named else None
    way = "quoted" if not row.ranks else "front" if row.pk in leads else ""
    return f"{OTHERS if place is None else place} {way}".strip()


def diameters(amounts: Sequence[float | None]) -> list[float]:
    """Return the diameter of each amount's mark, in pixels: areas grow with the amounts, or with their logarithms over a wide span."""
    known = [amount for amount in amounts if amount is not None]
    if not known:
        return [UNSIZED] * len(amounts)
    low, high = min(known), max(known)
    wide = low > 0 and high / low >= SPAN_OF_LOGARITHMS

    def part(amount: float) -> float:
        if high == low:
            return 0.25
        if wide:
            return (math.log(amount) - math.log(low)) / (math.log(high) - math.log(low))
        return (amount - min(low, 0.0)) / (high - min(low, 0.0))

    return [
        UNSIZED if amount is None else round(math.sqrt(SMALLEST**2 + part(amount) * (LARGEST**2 - SMALLEST**2)), 1) for amount in amounts
    ]


def sample_amounts(amounts: Sequence[float]) -> list[float]:
    """Return the amounts that a key shows the size of: the least, the middle one and the largest, without doubles."""
    ordered = sorted(amounts)
    return list(dict.fromkeys([ordered[0], ordered[len(ordered) // 2], ordered[-1]])) if ordered else []
