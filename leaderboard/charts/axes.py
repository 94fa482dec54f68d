"""Ranges, ticks and titles of the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from html import escape as escape_markup
from typing import Any

from claims.boards import Column
from claims.terms import Direction
from leaderboard.charts.marks import SPAN_OF_LOGARITHMS
from leaderboard.templatetags.board_tags import Scale, column_name, column_scale
from leaderboard.templatetags.word_tags import NBSP

UNIT_LETTERS = {"trillion": "T", "billion": "G", "million": "M", "thousand": "k"}
COUNTS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
ARROWS = {Direction.HIGHER: "↑", Direction.LOWER: "↓"}
COST_ARROWS = {Direction.HIGHER: "{} →", Direction.LOWER: "← {}"}
LEAST_DAYS = 60.0
"""A history of one day has room around it, too."""


def escape(text: str) -> str:
    """Return words without markup. Plotly reads tags and few entities: a quotation mark stays itself."""
    return escape_markup(text, quote=False)


def is_wide(costs: Sequence[float]) -> bool:
    """Say whether costs need a logarithmic axis."""
    return min(costs) > 0 and max(costs) / min(costs) >= SPAN_OF_LOGARITHMS


def padded(values: Sequence[float], below: float, above: float, *, least: float = 0.0) -> tuple[float, float]:
    """Return the range of an axis: the values' own, which counts for `least` at least, and as parts of it some room on either side."""
    low, high = min(values), max(values)
    span = max(high - low, least) or abs(high) * 0.2 or 1.0
    if high == low:
        return low - span / 2, high + span / 2
    return low - span * below, high + span * above


def cost_range(costs: Sequence[float], *, log: bool) -> tuple[float, float]:
    low, high = padded([math.log10(x) if log else x for x in costs], 0.04, 0.06)
    return (0.0 if not log and low < 0 <= min(costs) else low), high


def value_range(values: Sequence[float], direction: Direction) -> tuple[float, float]:
    """Return the range of the scores, with more room where the names stand."""
    return padded(values, *((0.12, 0.08) if direction is Direction.LOWER else (0.08, 0.12)))


def iso_day(ordinal: float) -> str:
    """Return the date of a day's number, the first or last one that there is if it has none."""
    return date.fromordinal(round(min(max(ordinal, 1), date.max.toordinal()))).isoformat()


def log_ticks(low: float, high: float) -> tuple[list[float], list[float]]:
    """Return the ticks between two powers of ten, for a wide and for a narrow chart."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    tens, threes, all_three = (
        [step * 10.0**power for power in powers for step in steps if low <= math.log10(step * 10.0**power) <= high]
        for steps in ((1,), (1, 3), (1, 2, 5))
    )
    if len(tens) > 5:
        return tens, tens[:: math.ceil(len(tens) / 4)]
    if len(threes) > 3:
        return threes, tens if len(tens) > 1 else threes[::2]
    return all_three, threes


def linear_ticks(low: float, high: float, most: int, unit: float) -> list[float]:
    """Return at most `most` round ticks in a range; round in the unit that they are printed in."""
    rough = (high - low) / unit / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first, last = math.ceil(low / unit / step), math.floor(high / unit / step)
    return [number * step * unit for number in range(first, last + 1)]


def cost_ticks(low: float, high: float, scale: Scale, *, log: bool, most: tuple[int, int] = (7, 4)) -> list[dict[str, Any]]:
    """Return the ticks of a cost's axis, for a wide and for a narrow chart."""
    ticks = log_ticks(low, high) if log else tuple(linear_ticks(low, high, each, scale.size) for each in most)
    return [{"tickvals": values, "ticktext": [_tick(value, scale) for value in values]} for values in ticks]


def _tick(value: float, scale: Scale) -> str:
    """Return a tick's words: a count carries its letter, and takes a smaller one than its axis' before it gets a point."""
    if scale.unit not in UNIT_LETTERS:
        return f"{value / scale.size:,.10g}"
    size, letter = next(((size, letter) for size, letter in COUNTS if value >= size and size <= scale.size), (1.0, ""))
    return f"{value / size:,.10g}{NBSP}{letter}".strip()


def amount_words(amount: float, scale: Scale) -> str:
    """Return a cost that is no row's own in words, shortly: "21 M", "4.5 s"."""
    letter = UNIT_LETTERS.get(scale.unit)
    if letter is None:
        return f"{_rounded(amount / scale.size)}{NBSP}{scale.unit}".strip()
    size, letter = next(((size, letter) for size, letter in COUNTS if amount >= size), (1.0, ""))
    return f"{_rounded(amount / size)}{NBSP}{letter}".strip()


def _rounded(number: float) -> str:
    """Return a number with three digits that count: "1,230"."""
    return f"{float(f'{number:.3g}'):,.10g}"


def cost_title(cost: Column, *, log: bool) -> str:
    unit = column_scale(cost).unit
    words = ", ".join(filter(None, [column_name(cost), "" if unit in UNIT_LETTERS else unit, "log scale" if log else ""]))
    return COST_ARROWS.get(cost.direction, "{}").format(words)


def make_titles(metric: Column, below: str, *, shift: int = 11) -> list[dict[str, Any]]:
    """Return the two axes' titles: upright above the one, at the end of the other. `shift` is how many pixels above the first one is."""
    value_title = ", ".join(filter(None, [metric.label, metric.unit]))
    left = {"x": 0, "xanchor": "left", "xshift": -40, "y": 1, "yanchor": "bottom", "yshift": shift}
    right = {"x": 1, "xanchor": "right", "y": 0, "yanchor": "top", "yshift": -22}
    return [
        {"templateitemname": "title", "text": escape(f"{value_title} {ARROWS.get(metric.direction, '')}".strip()), **left},
        {"templateitemname": "title", "text": escape(below), **right},
    ]
