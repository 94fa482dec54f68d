"""What a number of a table comes to: in its metric's unit, or in the one unit of what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from claims.extraction.quantities import CellNumber, is_fraction, rounded
from claims.extraction.rules.costs import UNITS
from claims.terms import CANONICAL_UNITS, CostMeasure

_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12, "p": 1e15}
_COUNTS = frozenset(measure for measure in CostMeasure if CANONICAL_UNITS.get(measure, "") == "")
_RATES = frozenset({"1/s", "/s", "it/s", "hz"})
_HOURS = dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1.0) | dict.fromkeys(("d", "day", "days", "gpu days", "tpu days"), 24.0)
_SMALL: dict[str, tuple[str, float]] = {"ns": ("s", 1e-9), "b": ("bytes", 1.0)}
"""Units that no text states, but headers do: nanoseconds and bytes."""
_WHOLE = frozenset({CostMeasure.PARAMETERS, CostMeasure.FLOPS, CostMeasure.MACS})
_OF_HOURS = {CostMeasure.GPU_HOURS: "GPU hours", CostMeasure.GPU_DAYS: "GPU days", CostMeasure.TPU_HOURS: "TPU hours"}
"""Measures that name their unit themselves: a bare number is in it."""
UNITS_OFFERED = ("K", "M", "G", "T", "us", "ms", "s", "min", "hours", "days", "1/s", "fps", "KB", "MB", "GB", "mJ", "J", "kWh")
"""What a table's column may be said to count."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its unit as stated, and its ends in the canonical unit; None there where it has none."""

    value: float
    value_max: float | None
    unit: str
    canonical_value: float | None
    canonical_max: float | None


def measure_score(number: CellNumber, unit: str, *, percent: bool, largest: float | None = None, most: float = 1.0) -> Measured:
    """Return a score; `unit` is what the table says of its column, `percent` whether its metric is counted in percent (0-100).

    `most` is the largest number that is a fraction of such a metric.

    A number is a fraction if it would be one in a text and the `largest` of its column is one, too: beside 1.55 an error of 0.62 is one
    of 0.62%.
    """
    unit = number.unit or unit
    upper = number.value_max
    top = number.value if upper is None else upper
    fraction = is_fraction(top if largest is None else max(top, largest), unit, percent=percent, most=most)
    factor = 100.0 if fraction else 1.0
    unit = unit or ("%" if percent and not fraction else "")
    return Measured(number.value, upper, unit, rounded(number.value * factor), None if upper is None else rounded(upper * factor))


def is_ambiguous(number: CellNumber, unit: str, *, percent: bool, lower_is_better: bool, largest: float | None = None) -> bool:
    """Say whether nobody can tell a fraction from a percentage: of errors that are small in either way, in a column of only such."""
    top = max(filter(None, [number.value, number.value_max, largest]), default=0.0)
    return lower_is_better and top > 0 and is_fraction(top, number.unit or unit, percent=percent)


def measure_price(number: CellNumber, measure: CostMeasure, unit: str) -> Measured:
    """Return a cost: counts written out ("185M" is 185000000), other measures as stated and in the measure's one unit.

    `unit` is what the table says of its column; what the number itself says comes first.
    """
    unit = _unit_of(number, measure, unit) or _OF_HOURS.get(measure, "")
    factor = scale_of(measure, unit)
    low, high = number.value, number.value_max
    if factor is None:
        return Measured(low, high, unit, None, None)
    in_one_unit = rounded(low * factor), None if high is None else rounded(high * factor)
    if measure in _COUNTS:
        return Measured(*in_one_unit, "", *in_one_unit)
    return Measured(low, high, unit, *in_one_unit)


def _unit_of(number: CellNumber, measure: CostMeasure, unit: str) -> str:
    """Return the unit that a number is in: its own, else that of its column; "185M" below "Params (M)" is scaled already."""
    scaled = number.stated[-1:].isalpha() and measure in _COUNTS
    return number.unit or ("" if scaled else unit)


def refuse_price(number: CellNumber, measure: CostMeasure, unit: str) -> str:
    """Return why a number can't be a cost of this measure, '' if it can."""
    name, unit = measure.replace("_", " "), _unit_of(number, measure, unit)
    if number.stated[-1:].isalpha() and measure not in _COUNTS:
        return f"The letter behind its number is no unit of {name}."
    if scale_of(measure, unit) is None:
        return f"“{unit}” is no unit of {name}." if unit else f"It isn’t said in which unit the {name} is: write it behind the number."
    if measure in _WHOLE and not unit and not number.stated[-1:].isalpha() and not number.value.is_integer():
        return f"A part of one is no number of {name}: say what it counts, as “M” behind it or in the header."
    return ""


def scale_of(measure: CostMeasure, unit: str) -> float | None:
    """Return how much of the measure's one unit `unit` is, None where it is no unit of it.

    Without a unit a count, a rate, and hours or days of machines are what they say; of seconds, bytes and joules a bare number says
    nothing. A measure whose unit nobody has fixed is compared as stated.
    """
    word = unit.strip().lower() or _OF_HOURS.get(measure, "").lower()
    if word == CANONICAL_UNITS.get(measure, "").lower() or (not word and measure is CostMeasure.THROUGHPUT):
        return 1.0
    if measure in _OF_HOURS:
        return _HOURS.get(word)
    if CANONICAL_UNITS.get(measure) == "s" and word in _HOURS:
        return 3600.0 * _HOURS[word]
    if measure in _COUNTS:
        own = {CostMeasure.FLOPS: "flop", CostMeasure.MACS: "mac", CostMeasure.PARAMETERS: "param"}.get(measure, "")
        return _PREFIXES.get(word.removesuffix("s").removesuffix(own) if own and own in word else word)
    if measure is CostMeasure.THROUGHPUT and word in _RATES:
        return 1.0
    one_unit = CANONICAL_UNITS[measure]
    if word in _SMALL and one_unit == _SMALL[word][0]:
        return _SMALL[word][1]
    for of_unit, pattern, _, factor in UNITS:
        same = CANONICAL_UNITS.get(of_unit, "") == one_unit if of_unit is not None else one_unit == "s"
        if same and factor is not None and (match := pattern.match(word)) is not None and match.end() == len(word):
            return factor
    return None
