"""Find the numbers of a text with their value, unit, sign and bounds. The one place where numbers are parsed."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from claims.terms import Qualifier

_SCALES = {
    "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12,
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip

_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,40})"
_NUMBER = rf"{_DIGITS}(?:\.\d{{1,40}})?"
# "21M", "3 billion", "96K"; the letter must end its word, or stand before FLOPs and its like ("4GFLOPs")
_SCALE = r"(?:[ -]?(?:thousand|million|billion|trillion)\b|[ ]?[KMBGT](?![A-Za-z0-9])|k(?![A-Za-z0-9])|[ -]?[KMGT](?=(?:FLOP|MAC|flop|Flop|mac|BFLOP|Param|param)))"
_PERCENT = r"\s{0,3}(?:%|percent\b|per cent\b)"
_POINTS = r"\s{0,3}-?(?:%\s?-?points?\b|percent(?:age)?[ -]points?\b|p\.\s?p\.|pp\b|pts?\b|points?\b|% abs(?:olute)?\b)"
_TIMES = r"\s{0,8}(?:[xX](?![A-Za-z0-9])|-?times\b|-?fold\b)"
_UNIT = rf"(?:(?P<points>{_POINTS})|(?P<percent>{_PERCENT})|(?P<times>{_TIMES}))"

QUANTITY = re.compile(
    rf"(?P<sign>[+-](?=[ ]?\d))?[ ]?(?P<value>{_NUMBER})(?P<exponent>e[+-]?\d{{1,3}}(?!\w))?"
    rf"(?P<uncertainty>\s{{0,3}}±\s{{0,3}}(?P<deviation>{_NUMBER}))?"
    rf"(?P<scale>{_SCALE})?{_UNIT}?(?P<plus>\+(?!\d))?"
)
# "10~30%", "92.7-98.1%", "1.7x - 2.7x", "16 to 24 times": what stands between the two ends of a range
_RANGE = re.compile(r"\s{0,8}(?P<mark>~|-|–|to\b)\s{0,8}$")

_BEFORE: tuple[tuple[re.Pattern[str], Qualifier], ...] = (
    (re.compile(r"(?:up to|at most|no more than|as (?:much|many|high) as|not exceeding|maximum of|≤)\s*(?:an? |about |around )?[+-]?$"), Qualifier.AT_MOST),
    (re.compile(r"(?:at least|no less than|not less than|minimum of|≥|as (?:little|few|low) as)\s*[+-]?$"), Qualifier.AT_LEAST),
    (re.compile(r"(?:more than|greater than|larger than|higher than|over|above|exceed(?:s|ed|ing)?|beyond|upwards of|surpass(?:es|ed|ing)?|>)\s*(?:an? )?[+-]?$"), Qualifier.OVER),
    (re.compile(r"(?:less than|fewer than|lower than|smaller than|under|below|within|<)\s*(?:an? |just |only )?[+-]?$"), Qualifier.UNDER),
    (re.compile(r"(?:about|around|approximately|approx\.?|roughly|nearly|almost|close to|some|circa|~|an? estimated)\s*(?:an? )?[+-]?$"), Qualifier.ABOUT),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as printed. [start, end) is the number with its sign and unit, [digits_start, digits_end) without them.

    `value` is what the digits say, before any scale is applied; `unit` is "%", "points", "x" or ""; `scale` the factor of a letter or
    word ("4.5G"), 1 without one. A range holds both ends in one quantity.
    """

    start: int
    end: int
    digits_start: int
    digits_end: int
    value: float
    value_max: float | None
    unit: str
    scale: float
    sign: str
    qualifier: Qualifier
    decimals: int
    uncertainty: float | None
    joined_by: str = ""

    @property
    def scaled(self) -> float:
        return rounded(self.value * self.scale)

    @property
    def scaled_max(self) -> float | None:
        return None if self.value_max is None else rounded(self.value_max * self.scale)

    @property
    def is_range(self) -> bool:
        return self.value_max is not None


def rounded(value: float) -> float:
    """Return `value` without the noise of binary fractions: 14.64 * 1e9 is 14640000000."""
    return float(f"{value:.12g}")


def find_quantities(text: str) -> list[Quantity]:
    """Return all numbers of a normalised text in order; both ends of a range are one quantity."""
    found: list[Quantity] = []
    for match in QUANTITY.finditer(text):
        quantity = _parse(text, match)
        if found:
            joined = _joined(text, found[-1], quantity)
            if joined is not None:
                found[-1] = joined
                continue
        found.append(quantity)
    return found


def _parse(text: str, match: re.Match[str]) -> Quantity:
    digits = match["value"]
    value = float(digits.replace(",", ""))
    if match["exponent"]:
        value = float(f"{digits.replace(',', '')}{match['exponent']}")
    if value in (float("inf"), float("-inf")):
        value = 0.0
    scale_word = (match["scale"] or "").strip(" -").lower()
    unit = "points" if match["points"] else "%" if match["percent"] else "x" if match["times"] else ""
    sign_at = match.start("sign")
    sign = match["sign"] or ""
    if sign and sign_at > 0 and (text[sign_at - 1].isalnum() or text[sign_at - 1] in "%)"):
        sign = ""  # a hyphen or a range mark, not a sign
    start = sign_at if sign else match.start("value")
    before = text[max(0, start - 28) : start].lower()
    qualifier = next((found for pattern, found in _BEFORE if pattern.search(before)), Qualifier.EXACT)
    if match["plus"]:
        qualifier = Qualifier.OVER
    return Quantity(
        start=start,
        end=match.end(),
        digits_start=match.start("value"),
        digits_end=match.end("exponent") if match["exponent"] else match.end("value"),
        value=value,
        value_max=None,
        unit=unit,
        scale=_SCALES.get(scale_word, 1.0),
        sign=sign,
        qualifier=qualifier,
        decimals=len(digits.partition(".")[2]),
        uncertainty=float(match["deviation"].replace(",", "")) if match["deviation"] else None,
    )


def _joined(text: str, left: Quantity, right: Quantity) -> Quantity | None:
    """Return the range that two neighbours make, None if they make none."""
    gap = text[left.end : right.start]
    if len(gap) > 12 or left.is_range:
        return None
    match = _RANGE.match(gap)
    if match is None and not (right.sign == "-" and not gap.strip()):
        return None
    mark = match["mark"] if match else "-"
    if left.unit not in ("", right.unit) or right.value * right.scale <= left.value * (left.scale if left.scale != 1.0 else right.scale):
        return None
    if right.sign == "+" or (left.sign != "" and mark == "to"):
        return None
    if mark in "-–~" and left.start and text[left.start - 1].isalnum():
        return None
    scale = right.scale
    if left.scale not in (1.0, scale):
        return None
    return Quantity(
        start=left.start,
        end=right.end,
        digits_start=left.digits_start,
        digits_end=right.digits_end,
        value=left.value,
        value_max=right.value,
        unit=right.unit or left.unit,
        scale=scale,
        sign=left.sign,
        qualifier=left.qualifier,
        decimals=max(left.decimals, right.decimals),
        uncertainty=None,
        joined_by=mark,
    )


def split_range(text: str, quantity: Quantity) -> tuple[Quantity, Quantity]:
    """Return the two ends of a range as numbers of their own: "from 69.9% to 72.0%" are two scores, not one range."""
    first, second = (_parse(text, match) for match in _ends(text, quantity))
    unit = first.unit or second.unit
    return _with_unit(first, unit), _with_unit(second, unit)


def _ends(text: str, quantity: Quantity) -> list[re.Match[str]]:
    return list(QUANTITY.finditer(text, quantity.start, quantity.end))[:2]


def _with_unit(quantity: Quantity, unit: str) -> Quantity:
    return replace(quantity, unit=unit)
