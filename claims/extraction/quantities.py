"""Find the numbers of a text, or of a table's cell, with their value, unit, sign and bounds. The one place where numbers are parsed."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from claims.extraction.markup import DOLLAR, without_markup
from claims.extraction.text import digit_places
from claims.terms import LARGEST, Qualifier

_SCALES = {
    "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12,
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip

# the decimal sign: "83.7", "83·7" (medical journals), "８３．７", "٨٣٫٧"; "3·10^5" multiplies
_POINT = r"(?:[.．٫]|·(?!10\s?(?:\^|⁻|-)))"
# "83,7%": no list where a unit follows at once and no other comma stands before; "1,024" counts thousands, "layers 3,4" are two
_WITH_COMMA = r"(?<![,.]\d)(?<![,.]\d\d)(?<![,.])\d{1,3},\d{1,2}(?=(?:\s?±\s?\d{1,2},\d{1,2})?\s{0,3}(?:%|percent\b|per cent\b|dB\b))"
_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,40})"
_NUMBER = rf"(?:{_WITH_COMMA}|{_DIGITS}(?:{_POINT}\d{{1,40}})?)"
# "21M", "3 billion", "96K"; the letter must end its word, or stand before FLOPs and its like ("4GFLOPs")
_SCALE = r"(?:[ -]?(?:thousand|million|billion|trillion)\b|[ ]?[KMBGT](?![A-Za-z0-9])|k(?![A-Za-z0-9])|[ -]?[KMGT](?=(?:FLOP|MAC|flop|Flop|mac|BFLOP|Param|param)))"
_PERCENT = r"\s{0,6}(?:%|percent\b|per cent\b)"
_POINTS = r"\s{0,3}-?(?:%\s?-?points?\b(?!-)|percent(?:age)?[ -]points?\b(?!-)|p\.\s?p\.|pp\b|pts?\b|points?\b(?!-)|% abs(?:olute)?\b)"
_TIMES = r"\s{0,8}(?:[xX](?![A-Za-z0-9])|-?times\b|-?fold\b)"
_UNIT = rf"(?:(?P<points>{_POINTS})|(?P<percent>{_PERCENT})|(?P<times>{_TIMES}))"

QUANTITY = re.compile(
    rf"(?P<sign>[+-](?=[ ]?\d))?[ ]?(?P<value>{_NUMBER})(?P<exponent>e[+-]?\d{{1,3}}(?!\w))?"
    rf"(?P<uncertainty>\s{{0,3}}[_^]?\s{{0,3}}±\s{{0,4}}(?P<deviation>{_NUMBER}))?"
    rf"(?P<scale>{_SCALE})?{_UNIT}?(?P<plus>\+(?!\d))?"
)
# digits, with a point or without, behind which no scale, unit or uncertainty can stand, or but a percent sign: what most numbers are, and
# found in a fraction of the time; the letters are those that none of the words above begins with, right behind a number no "e", either,
# and behind a blank those that what follows makes another word's ("100 tasks")
_PLAIN_DIGITS = re.compile(
    r"""([0-9]{1,40}(?:\.[0-9]{1,40})?)(?:(?=[(\[)\]:;/'"=<>~–→]|[,.](?!\d)|[ -](?:[(0-9ac-eg-lnoqrsuvwyzAC-FHIJLN-SUVWYZ]|b(?!il)|f(?!ol)|m(?!il)|p(?![eopt.])|t(?![hir]))|[acdg-jlnoqrsuvwyzAC-FHIJLN-SUVWYZ]|\Z)| ?%(?!\s?-?point|\sabs|\+))"""
)
_OTHER_POINT = re.compile("[·．٫]")
# "10~30%", "92.7-98.1%", "1.7x - 2.7x", "16 to 24 times": what stands between the two ends of a range
_RANGE = re.compile(r"\s{0,8}(?P<mark>~|-|–|→|to\b)\s{0,16}$")
_LONGEST_GAP = 30
_BETWEEN = re.compile(r"\s{0,8}(?P<mark>and)\s{0,8}$")  # "between 37.9 and 38.4 dB"

_BEFORE: tuple[tuple[re.Pattern[str], Qualifier], ...] = (
    (re.compile(r"(?:up ?to|at most|no more than|as (?:much|many|high) as|not exceeding|maximum of|≤)\s*(?:an? |about |around )?[+-]?$"), Qualifier.AT_MOST),
    (re.compile(r"(?:at least|no less than|not less than|minimum of|≥|as (?:little|few|low) as)\s*[+-]?$"), Qualifier.AT_LEAST),
    (re.compile(r"(?:more than|greater than|larger than|higher than|over|above|exceed(?:s|ed|ing)?|beyond|upwards of|surpass(?:es|ed|ing)?|>)\s*(?:an? )?[+-]?$"), Qualifier.OVER),
    (re.compile(r"(?:less than|fewer than|lower than|smaller than|under|below|within|<)\s*(?:an? |just |only )?[+-]?$"), Qualifier.UNDER),
    (re.compile(r"(?:about|around|approximately|approx\.?|roughly|nearly|almost|close to|some|circa|~|an? estimated)\s*(?:an? )?[+-]?$"), Qualifier.ABOUT),
)  # fmt: skip
# the ends of all of these without what may follow them, `_FILLING` and a sign: most numbers stand behind none
_QUALIFYING = (
    "up to", "upto", "at most", "than", "much as", "many as", "high as", "exceeding", "mum of", "≤", "least", "≥", "little as", "few as",
    "low as", "over", "above", "exceed", "exceeds", "exceeded", "beyond", "upwards of", "surpass", "surpasses", "surpassed",
    "surpassing", ">", "under", "below", "within", "<", "about", "around", "approximately", "approx", "approx.", "roughly", "nearly",
    "almost", "close to", "some", "circa", "~", "estimated",
)  # fmt: skip
_FILLING = ("a", "an", "just", "only")
# asked first: one look at the last four letters says of most texts that none of so many words ends them
_LAST_FOUR = frozenset(word[-4:] for word in (*_QUALIFYING, *_FILLING) if len(word) > 3)
_SHORTER = tuple(word for word in (*_QUALIFYING, *_FILLING) if len(word) < 4)


class Quantity(NamedTuple):
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


def is_fraction(value: float, unit: str, *, percent: bool, most: float = 1.0) -> bool:
    """Say whether a score is a fraction: of a metric in percent, a number without a unit between -`most` and `most`.

    `most` is 1 but for scores that pass 100% as a rule: a human-normalized 1.21 is 121%.
    """
    return percent and unit == "" and abs(value) <= most


def rounded(value: float) -> float:
    """Return `value` without the noise of binary fractions: 14.64 * 1e9 is 14640000000."""
    return float(f"{value:.12g}")


def find_quantities(text: str, digits: Sequence[int] | None = None) -> list[Quantity]:
    """Return all numbers of a normalised text in order; both ends of a range are one quantity.

    `digits` are the `digit_places` of the text, where they are known.
    """
    found: list[Quantity] = []
    end = 0
    for digit in digit_places(text) if digits is None else digits:
        if digit < end:
            continue
        quantity = _read(text, digit, end)
        if found and quantity.start - end <= _LONGEST_GAP:
            joined = _joined(text, found[-1], quantity)
            if joined is not None:
                found[-1] = joined
                end = joined.end
                continue
        found.append(quantity)
        end = quantity.end
    return found


def _read(text: str, digit: int, position: int) -> Quantity:
    """Return the number that `QUANTITY` matches at a digit, `position` or what follows it: it is not tried from every blank and sign."""
    start = digit
    if start > position and text[start - 1] == " ":
        start -= 1
    is_signed = start > position and text[start - 1] in "+-"
    plain = None if is_signed else _PLAIN_DIGITS.match(text, digit)
    if plain is None:
        return _parse(text, QUANTITY.match(text, start - 1 if is_signed else start))  # type: ignore[arg-type]  # a digit alone is a quantity
    printed, end = plain[1], plain.end()
    digits_end = digit + len(printed)
    unit = "%" if end > digits_end else ""
    qualifier = _qualifier(text[max(0, digit - 28) : digit].lower())
    return Quantity(digit, end, digit, digits_end, float(printed), None, unit, 1.0, "", qualifier, len(printed.partition(".")[2]), None)


def _parse(text: str, match: re.Match[str]) -> Quantity:
    printed, exponent, scale, points, percent, times, sign, plus, deviation = match.group(
        "value", "exponent", "scale", "points", "percent", "times", "sign", "plus", "deviation"
    )
    digits = _plain(printed)
    value = float(f"{digits}{exponent}" if exponent else digits)  # infinite for "1e999", which is out of all bounds
    unit = "points" if points else "%" if percent else "x" if times else ""
    digits_start, digits_end = match.span("value")
    sign_at = match.start("sign")
    sign = sign or ""
    if sign and sign_at > 0 and (text[sign_at - 1].isalnum() or text[sign_at - 1] in "%)-–"):
        sign = ""  # a hyphen, a dash or a range mark, not a sign
    if sign == "-" and text[sign_at + 1] == " ":
        sign = ""
    start = sign_at if sign else digits_start
    return Quantity(
        start,
        match.end(),
        digits_start,
        match.end("exponent") if exponent else digits_end,
        value,
        None,
        unit,
        _SCALES.get(scale.strip(" -").lower(), 1.0) if scale else 1.0,
        sign,
        Qualifier.OVER if plus else _qualifier(text[max(0, start - 28) : start].lower()),
        len(digits.partition(".")[2]),
        float(_plain(deviation)) if deviation else None,
    )


def _plain(digits: str) -> str:
    """Return digits with a point as their decimal sign and nothing between thousands."""
    if digits.isascii() and "," not in digits:
        return digits
    whole, comma, part = digits.rpartition(",")
    if comma and len(part) < 3:
        return f"{whole}.{part}"
    return _OTHER_POINT.sub(".", digits.replace(",", ""))


def _qualifier(before: str) -> Qualifier:
    last = before.rstrip()
    if last.endswith(("+", "-")):
        last = last[:-1].rstrip()
    if last[-4:] not in _LAST_FOUR and not last.endswith(_SHORTER):
        return Qualifier.EXACT
    if not last.endswith(_QUALIFYING):
        filling = next((word for word in _FILLING if last.endswith(word)), "") if last.endswith(_FILLING) else ""
        if not filling or not last[: -len(filling)].rstrip().endswith(_QUALIFYING):
            return Qualifier.EXACT
    for pattern, found in _BEFORE:
        if pattern.search(before):
            return found
    return Qualifier.EXACT


def _joined(text: str, left: Quantity, right: Quantity) -> Quantity | None:
    """Return the range that two neighbours make, None if they make none."""
    gap = text[left.end : right.start]
    if len(gap) > (_LONGEST_GAP if "→" in gap else 12) or left.is_range:
        return None
    between = text[max(0, left.start - 9) : left.start].rstrip().lower().endswith("between")
    match = (_BETWEEN if between else _RANGE).match(gap)
    if match is None and not (right.sign == "-" and not gap.strip()):
        return None
    mark = match["mark"] if match else "-"
    if mark == "→" and left.scale in (1.0, right.scale) and left.unit in ("", right.unit) and right.sign == "":
        pass  # a change, which may fall as well as rise
    elif left.unit not in ("", right.unit) or right.value * right.scale <= left.value * (left.scale if left.scale != 1.0 else right.scale):
        return None
    if right.sign == "+" or (left.sign != "" and mark == "to"):
        return None
    if mark in "-–~" and left.start and text[left.start - 1].isalnum():
        return None
    scale = right.scale
    value = left.value
    if left.scale not in (1.0, scale):
        if left.unit or right.unit:
            return None
        value = rounded(left.value * left.scale / scale)  # "38M to 1.7B"
    return Quantity(
        start=left.start,
        end=right.end,
        digits_start=left.digits_start,
        digits_end=right.digits_end,
        value=value,
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
    return quantity._replace(unit=unit)


# ---- the cells of a table ----

LONGEST_CELL = 500
"""Characters of the longest cell that is read."""

_NOTHING = re.compile(
    r"[-–.…?*†‡_ ]*|(?:n/?a|n\. ?a\.?|none|null|nil|nr|n/r|n\.r\.|tb[ad]|unknown|missing|not (?:reported|available|applicable|given|stated))[*†‡.?]*",
    re.IGNORECASE,
)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|∞)", re.IGNORECASE)
_NOTE = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_SPREAD_IN_BRACKETS = re.compile(r"\( ?(±[^()]*)\)")
# "78.6/84.4", "78.6 (EM) | 84.4 (F1)", "78.6/-"; what no number stands before is a unit or a word: "img/s", "w/ 5 shots"
_SEPARATOR = re.compile(r"(?<=[\d%*†‡?+_xkmbKMBGT–-]) ?[/|;] ?(?=[-–~<>≤≥+?]* ?(?:\d|$|[/|;]))")
_PRINTED = re.compile(r"\d[\d.,]*")
_PLAIN = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_NAME = re.compile(r"\D*[A-Za-z@_]-?\d")  # "F1", "v3.5.0", "ResNet-50"
_RAISED = re.compile(r"\d ?\^ ?-?\d")
_TOO_LONG = re.compile(r"\d{41}|\de[+-]?\d{4}")
_WHOLE_SCALE = re.compile(_SCALE)
_SMALL_LETTER = re.compile(r"[mb](?![A-Za-z/²³])")
_MARKS = r"[*†‡§¶#^'\"!?.+¹²³ᵃᵇᶜ ]*"
_MARKS_ONLY = re.compile(r"[*†‡§¶# ]*")
_UNIT_WORD = r"(?:[GTC]PU[ -])?[A-Za-zµμ°][A-Za-z²³/]{0,19}(?: per [A-Za-z]{1,12})?"
_AFTER = re.compile(rf" ?(?P<unit>{_UNIT_WORD})? ?(?P<marks>{_MARKS})")
_CURRENCIES = {DOLLAR: "$", "€": "€", "£": "£"}


@dataclass(frozen=True, slots=True)
class CellNumber:
    """A number that a table's cell states.

    `stated` is the number as printed with its sign and the letter of its scale, without markup, unit and uncertainty: what is
    shown. `value`, `value_max` (the upper end of a range) and `uncertainty` have the scale applied, `decimals` counts the
    printed ones. `unit` is "%", "points", "x" or the word printed behind the number ("ms"), '' without one. `note` is what else
    stood beside it ("measured by Ge et al., 2018", "*").
    """

    stated: str
    value: float
    value_max: float | None
    unit: str
    decimals: int
    uncertainty: float | None
    qualifier: Qualifier
    note: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """A cell that states no value, and means to: it is empty, "-" or "N/A"."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that states something which is not taken; `reason` is a sentence for whoever can correct the table."""

    reason: str


class _RefusedError(Exception):
    """Why a cell is not taken: the end of a sentence that starts with the cell."""


def parse_cell(cell: object) -> tuple[CellNumber, ...] | Absent | Unread:
    """Return the numbers that a table's cell states, in its order. Never raises, and its work is bounded.

    `cell` is what a reader of CSV or JSON gives. Two numbers ("78.6/84.4") are both returned: only the caller knows its columns.
    """
    if cell is None:
        return Absent()
    if isinstance(cell, bool):
        return Unread(f"The cell holds {str(cell).lower()}, which is no number.")
    if isinstance(cell, int) and abs(cell) > LARGEST:
        return Unread("The cell holds a number too large to be a measurement.")
    if isinstance(cell, (int, float)):
        cell = repr(float(cell) if isinstance(cell, float) else int(cell))
    if not isinstance(cell, str):
        return Unread("The cell holds a list or an object, which is no number.")
    if len(cell) > LONGEST_CELL:
        return Unread(f"The cell is longer than {LONGEST_CELL} characters, too long for a number.")
    text = _SPREAD_IN_BRACKETS.sub(r" \1", without_markup(cell))
    try:
        return _numbers_of(text)
    except _RefusedError as refusal:
        quoted = (text if len(text) <= 60 else f"{text[:59]}…").replace(DOLLAR, "$")
        return Unread(f"“{quoted}” {refusal}")


def _numbers_of(text: str) -> tuple[CellNumber, ...] | Absent:
    masked = _NOTE.sub(lambda match: "_" * len(match[0]), text)  # a separator inside of brackets separates nothing
    cuts = [0, *(at for match in _SEPARATOR.finditer(masked) for at in match.span()), len(text)]
    parts = [_number_of(text[start:end]) for start, end in zip(cuts[::2], cuts[1::2], strict=True)]
    numbers = tuple(part for part in parts if part is not None)
    if numbers and len(numbers) < len(parts):
        raise _RefusedError("states only some of its values: give each a column of its own.")
    if len({number.stated[-1].isalpha() for number in numbers}) > 1 and numbers[-1].stated[-1].isalpha():
        raise _RefusedError("leaves open whether the letter behind its last value is that of all: write it behind each.")
    return numbers or Absent()


def _number_of(part: str) -> CellNumber | None:
    """Return the one number of a cell or of a part of it, None where it states nothing."""
    notes = [note for match in _NOTE.finditer(part) if (note := (match[1] or match[2] or "").strip())]
    text = _NOTE.sub(" ", part).strip()
    if _NOTHING.fullmatch(text or " ".join(notes)):
        return None
    _refuse_at_sight(text)
    main, mark, spread = text.partition("±")
    number, scale = _side(main)
    if mark:
        deviation, its_scale = _side(spread)
        is_plain = number.value_max is None and deviation.value_max is None and deviation.qualifier is Qualifier.EXACT
        if not is_plain or deviation.value < 0:
            raise _RefusedError("has an uncertainty that is no plain number beside a plain number.")
        if len({number.unit, deviation.unit} - {""}) > 1:
            raise _RefusedError("has its number and its uncertainty in different units.")
        if scale not in (1.0, its_scale):
            raise _RefusedError("leaves open whether its uncertainty has the scale of its number: write the letter behind both.")
        factor = its_scale / scale  # "3.1 ± 0.2M": the letter is that of both
        notes = [deviation.note, *notes]
        number = replace(number, value=_scaled(number.value, factor), uncertainty=deviation.value, unit=number.unit or deviation.unit)
    if any(abs(value or 0.0) > LARGEST for value in (number.value, number.value_max, number.uncertainty)):
        raise _RefusedError("is too large to be a measurement.")
    return replace(number, note="; ".join(filter(None, [number.note, *notes])).replace(DOLLAR, "$"))


def _refuse_at_sight(text: str) -> None:
    """Raise for what the patterns would not see: they take a number out of any text."""
    if _NOT_FINITE.fullmatch(text):
        raise _RefusedError("is not a finite number.")
    if not re.search(r"\d", text):
        raise _RefusedError(
            "is no number: state one, or leave the cell empty." if text else "has its number in brackets: state it without."
        )
    if "~~" in text:
        raise _RefusedError("is struck through: leave the cell empty, or state the value that holds.")
    if _NAME.match(text):
        raise _RefusedError("is a name and no number: leave the cell empty, or state a number.")
    if _RAISED.search(text):
        raise _RefusedError("has a raised number: write a power of ten like 1e5, and the number of a note in brackets.")
    if any(not _PLAIN.fullmatch(printed[0].rstrip(".,")) for printed in _PRINTED.finditer(text)):
        raise _RefusedError("can be read in more than one way: write a point before the decimals, and commas between thousands or nothing.")
    if _TOO_LONG.search(text):
        raise _RefusedError("is too large or has too many digits to be a measurement.")
    for match in (match for side in text.split("±") for match in QUANTITY.finditer(side)):
        digits = _plain(match["value"])
        value = float(f"{digits}{match['exponent'] or ''}")
        if value > LARGEST:
            raise _RefusedError("is too large to be a measurement.")
        if not value and float(digits):
            raise _RefusedError("is too small to be told from zero.")


def _side(text: str) -> tuple[CellNumber, float]:
    """Return the number that a text without brackets and ± states and nothing else, and the scale that was applied to it."""
    found = find_quantities(text)
    if not found:
        raise _RefusedError("has no number on one side of its ±.")
    quantity = found[0]
    qualifier, before = _bound(text[: quantity.start].strip())
    currency = _CURRENCIES.get(before, "")
    if not currency and not _MARKS_ONLY.fullmatch(before):
        raise _RefusedError("has more than a bound before its number: state the number alone, with a remark in brackets behind it.")
    if len(found) > 1:
        raise _RefusedError("holds more than one number: give each a column of its own.")
    if quantity.is_range and quantity.sign:
        raise _RefusedError("is a range from a number with a sign, which can be read in more than one way.")
    end = quantity.end
    scaled = _WHOLE_SCALE.match(text, quantity.digits_end)
    scale, stated_end = quantity.scale, scaled.end() if scaled else quantity.digits_end
    if not scaled and not quantity.unit and _SMALL_LETTER.match(text, end):  # "3.0m" parameters; "3.0 m" may be metres
        scale, stated_end, end = _SCALES[text[end]], end + 1, end + 1
    end -= text[end - 1] == "+"
    has_plus = text[end : end + 1] == "+"
    after = _AFTER.fullmatch(text, end)
    unit = quantity.unit or currency
    if after is None or (unit and after["unit"]):
        raise _RefusedError("has more than a unit behind its number: state the number alone, with a remark in brackets behind it.")
    marks = after["marks"].replace("^", "").strip()
    if has_plus and (scale != 1.0 or not quantity.decimals):
        qualifier, marks = Qualifier.OVER, marks.removeprefix("+")  # nobody bounds to a tenth: the plus of "60.7+" is a footnote's
    elif "?" in marks and qualifier is Qualifier.EXACT:
        qualifier = Qualifier.ABOUT
    factor = -scale if quantity.sign == "-" else scale
    number = CellNumber(
        stated=text[quantity.start : stated_end],
        value=_scaled(quantity.value, factor),
        value_max=None if quantity.value_max is None else _scaled(quantity.value_max, factor),
        unit=unit or after["unit"] or "",
        decimals=quantity.decimals,
        uncertainty=None,
        qualifier=qualifier,
        note=" ".join(filter(None, ("" if currency else before, marks))),
    )
    return number, scale


def _bound(before: str) -> tuple[Qualifier, str]:
    """Return the qualifier that the text before a number ends in, and what stands before the qualifier."""
    for pattern, qualifier in _BEFORE:
        match = pattern.search(before.lower())
        if match:
            return qualifier, before[: match.start()].strip()
    return Qualifier.EXACT, before


def _scaled(value: float, factor: float) -> float:
    """Return `value` times `factor`, exactly as printed where that changes no digit."""
    return value * factor + 0.0 if abs(factor) == 1.0 else rounded(value * factor)
