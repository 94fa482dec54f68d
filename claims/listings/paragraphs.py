"""The building blocks of a daily-papers listing: paragraphs, and the short lines that stand around them.

`split_units` turns lines into units; the shape tests say what a paragraph may be where a listing does not mark it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from claims.listings.base import Problem, StatedDate
from claims.listings.text_lines import Line

WRAP_WIDTH = 200
"""Neighbouring lines up to this length are one wrapped paragraph; longer lines are paragraphs of their own."""
MAX_WRAPPED = 20_000
"""So many characters of wrapped lines are one paragraph at most: a log file is not held whole."""
LONG_TEXT = 300
"""What is longer and has sentences is no title."""
SHORT_ABSTRACT = 150

BULLETS = "•‣▪●"
_DOTS = frozenset("·•∙⋅‧・")
_PAGE_LINES = frozenset(
    {
        "new",
        "get trending papers in your email inbox!",
        "subscribe",
        "daily papers",
        "trending papers",
        "byak and the research community",
        "by ak and the research community",
    }
)

# "• 23 authors", and all on one line in some browsers: "• 23 authors · Nov 22, 2021"
_AUTHORS = re.compile(rf"(?:[{BULLETS}]\s*)?(?P<count>\d{{1,5}})\s+authors?(?:\s*·\s*(?P<date>\S.*))?", re.IGNORECASE)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_COMMENTS = r"(?:\s+(?P<comments>\d{1,6}))?"
_DATES = (
    # "Jan 9, 2024 1", "Jun 18 5", "Oct 6"; four digits that may be a year are one, even without the comma
    re.compile(rf"{_MONTH}\s+{_DAY}(?:,?\s+{_YEAR})?{_COMMENTS}", re.IGNORECASE),
    re.compile(rf"{_MONTH},?\s+{_YEAR}{_COMMENTS}", re.IGNORECASE),  # "Jun 2024"
    re.compile(rf"{_DAY}\s+{_MONTH}(?:,?\s+{_YEAR})?{_COMMENTS}", re.IGNORECASE),  # "9 January 2024"
    re.compile(rf"{_YEAR}-(?P<month>\d\d)-{_DAY}{_COMMENTS}"),
)
_LONGEST_DATE = 40
_LEAP_YEAR = 2000


class Kind(Enum):
    TEXT = auto()
    PAGE = auto()
    """A line of the page around the papers ("Subscribe")."""
    AUTHORS = auto()
    DOT = auto()
    DATE = auto()


@dataclass(slots=True)
class Unit:
    """A paragraph of text, or one line with a meaning of its own. `offset` is the byte where its first line begins."""

    kind: Kind
    text: str
    first_line: int
    last_line: int
    offset: int
    problems: list[Problem]
    after_blank: bool = True
    count: int | None = None
    """Authors in an AUTHORS unit, comments in a DATE unit."""
    stated: StatedDate | None = None


def split_units(lines: Iterable[Line]) -> Iterator[Unit]:
    """Yield the units of a listing in order. Wrapped lines are joined by a space."""
    current: Unit | None = None
    last_length = 0
    after_blank = True
    for line in lines:
        text = line.text.strip()
        if not text:
            if current is not None:
                yield current
                current = None
            after_blank = True
            continue
        begins = current is None or _starts_anew(current, last_length, text)
        # Inside a paragraph only the unmistakable counts: a wrapped line may be just "May 4" or "new"
        may_mark = len(text) < WRAP_WIDTH and (begins or text in _DOTS)
        marks = _read_marks(line, text, after_blank=after_blank) if may_mark else []
        if marks:
            if current is not None:
                yield current
                current = None
            yield from marks
        elif current is not None and not begins:
            current.text += " " + text
            current.last_line = line.number
            _note(current, line)
        else:
            if current is not None:
                yield current
            current = Unit(Kind.TEXT, text, line.number, line.number, line.offset, [], after_blank=after_blank)
            _note(current, line)
        after_blank = False
        last_length = len(text)
    if current is not None:
        yield current


def _starts_anew(current: Unit, last_length: int, text: str) -> bool:
    return last_length > WRAP_WIDTH or len(text) > WRAP_WIDTH or text[0] in BULLETS or len(current.text) > MAX_WRAPPED


def _note(unit: Unit, line: Line) -> None:
    if line.problem:
        unit.problems.append(Problem(line.number, line.problem))


def _read_marks(line: Line, text: str, *, after_blank: bool) -> list[Unit]:
    """Return the units of a line that is no text, [] if it is text."""

    def unit(kind: Kind, *, count: int | None = None) -> Unit:
        problems = [Problem(line.number, line.problem)] if line.problem else []
        return Unit(kind, text, line.number, line.number, line.offset, problems, after_blank, count)

    if text in _DOTS:
        return [unit(Kind.DOT)]
    if text[0] in _DOTS and (dated := _read_date_unit(unit(Kind.DATE), text[1:].strip())) is not None:
        return [unit(Kind.DOT), dated]  # "· Jan 9, 2024", as some pages are saved
    if text.casefold() in _PAGE_LINES:
        return [unit(Kind.PAGE)]
    if match := _AUTHORS.fullmatch(text):
        units = [unit(Kind.AUTHORS, count=int(match["count"]))]
        if match["date"]:
            dated = _read_date_unit(unit(Kind.DATE), match["date"])
            units += [dated] if dated else []
        return units
    dated = _read_date_unit(unit(Kind.DATE), text)
    return [dated] if dated else []


def _read_date_unit(unit: Unit, text: str) -> Unit | None:
    if len(text) > _LONGEST_DATE:
        return None
    match = next((match for pattern in _DATES if (match := pattern.fullmatch(text))), None)
    if match is None:
        return None
    parts = match.groupdict()
    name = match["month"]
    month = int(name) if name.isdecimal() else _MONTHS.index(name[:3].lower()) + 1
    year = int(match["year"]) if parts["year"] else None
    day = int(parts["day"]) if parts.get("day") else None
    unit.count = int(parts["comments"]) if parts["comments"] else None
    try:
        date(year or _LEAP_YEAR, month, 1 if day is None else day)
    except ValueError:
        unit.problems.append(Problem(unit.first_line, f"There is no such day: “{text}”. The paper is kept without a date."))
    else:
        unit.stated = StatedDate(year, month, day)
    return unit


# Shapes. Each pattern takes linear time, as a paragraph may have a million characters.
# "vs. ResNets" and "et al. X" end no sentence; "Go wider. Then deeper" does.
_SENTENCE_BREAK = re.compile(r"[^\W\d_]{3}[)\]”\"’]{0,3}\.\s+[A-Z]|[!?]\s+[A-Z][^?!]*\.$")
_SENTENCE_END = re.compile(r"[.!?。][)\]”\"’'}]*$|…$")
_LIST_MARK = re.compile(rf"(?:[-*–{BULLETS}]|\(?\d{{1,2}}[.)]|\([a-z]\))\s")
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_TAIL_ADDRESS = re.compile(r"https?://|www\.|\w\.(?:com|org|io|ai|net)/", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_LONGEST_ADDRESS = 300
_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "the",
        "to",
        "via",
        "vs",
        "with",
    ]
)


def has_sentences(text: str) -> bool:
    """Say whether the text ends like a sentence or holds the end of one."""
    return bool(_SENTENCE_END.search(text) or _SENTENCE_BREAK.search(text))


def looks_like_title(text: str) -> bool:
    """Say whether a paragraph after an abstract may be the next title.

    A title has no address, no list mark, and no full stop unless its words are written with capitals. Question marks are
    common in titles. The length alone decides nothing.
    """
    if len(text) > LONG_TEXT:
        return not has_sentences(text) and not _ADDRESS.search(text)
    if text[-1] in ":;,…" or _LIST_MARK.match(text) or _ADDRESS.search(text):
        return False
    if text[-1] in "?!" and not _SENTENCE_BREAK.search(text):
        return True
    return not has_sentences(text) or _is_capitalised(text)


def _is_capitalised(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if word.lower() not in _SMALL_WORDS]
    return len(words) >= 2 and sum(word[0].isupper() for word in words) >= 0.7 * len(words)


def looks_like_abstract(text: str) -> bool:
    return len(text) >= SHORT_ABSTRACT or (_SENTENCE_END.search(text) is not None and not looks_like_title(text))


def ends_whole(text: str) -> bool:
    """Say whether an abstract ends as abstracts do: with a sentence, an address or a bracket, not in the middle of words."""
    return bool(_SENTENCE_END.search(text) or _TAIL_ADDRESS.search(text[-_LONGEST_ADDRESS:].split()[-1]) or text[-1] in ')]}”"')
