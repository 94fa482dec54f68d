"""Reader of text saved from a daily-papers page: titles and abstracts, with or without lines of authors and dates.

A paper is a title, an abstract of one or more paragraphs and, in the variant "footers", a footer:

      • 23 authors
    ·
    Jan 9, 2024 1

or an organisation's name in the place of the authors; the number after the date counts comments. The page's own lines
("Subscribe", a header date) may stand before the papers, or between them where pages were joined. Where a footer is missing,
and in the variant "bare", which has none, the shape of a paragraph says whether the next paper begins.

Every decision looks at the paper at hand and one unit ahead, never at papers before: so a chunk reads as it does in its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import BinaryIO

from claims.errors import EmptyListingError
from claims.listings.base import ChunkMark, ListedPaper, Problem, StatedDate, Survey
from claims.listings.paragraphs import (
    BULLETS,
    LONG_TEXT,
    SHORT_ABSTRACT,
    WRAP_WIDTH,
    Kind,
    Unit,
    ends_whole,
    has_sentences,
    looks_like_abstract,
    looks_like_title,
    split_units,
)
from claims.listings.sniffing import LISTING_SHAPE, name_text_kind
from claims.listings.text_lines import Line, read_lines
from claims.terms import EntryKind

FOOTERS = "footers"
BARE = "bare"

MAX_TITLE, MAX_ABSTRACT = 4_000, 100_000
"""So many characters of a title and of an abstract are kept: pages show them whole. The file itself is kept as it is."""
MAX_PROBLEMS = 100
"""So many problems are told of one paper, and as many of what stands between papers."""
_BETWEEN_PARAGRAPHS = "\n\n"
_PREAMBLE_UNITS = 30
_SURE_PAGE_LINES = 2
_UNREADABLE_DATE = 40  # characters: "2 days ago", "Yesterday"
_LONGEST_QUOTE = 80
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_SHORTEST_LONE_TITLE = 3  # words: "Background" opens an abstract


@dataclass(slots=True)
class _Entry:
    """A paper while it is read."""

    title: str
    first_line: int
    last_line: int
    offset: int
    problems: list[Problem]
    paragraphs: list[str] = field(default_factory=list)
    size: int = 0
    is_cut: bool = False
    organisation: str = ""
    authors: int | None = None
    comments: int | None = None
    date: StatedDate | None = None
    has_footer: bool = False
    awaits_date: bool = False
    had_bad_date: bool = False
    is_last: bool = False

    def take(self, unit: Unit) -> None:
        self.last_line = unit.last_line
        self.problems += unit.problems[: max(MAX_PROBLEMS - len(self.problems), 0)]

    def add_paragraph(self, unit: Unit) -> None:
        self.take(unit)
        if self.is_cut:
            return
        room = MAX_ABSTRACT - self.size
        if len(unit.text) > room:
            self.problems.append(Problem(unit.first_line, f"The abstract has more than {MAX_ABSTRACT:,} characters; the rest is left out."))
            self.is_cut = True
        if room > 0:
            self.paragraphs.append(unit.text[:room])
        self.size += len(unit.text) + len(_BETWEEN_PARAGRAPHS)

    def finish(self, position: int) -> ListedPaper:
        return ListedPaper(
            position=position,
            first_line=self.first_line,
            last_line=self.last_line,
            title=self.title,
            abstract=_BETWEEN_PARAGRAPHS.join(self.paragraphs),
            date=self.date,
            organisation=self.organisation,
            authors=self.authors,
            comments=self.comments,
        )


class DailyPapersReader:
    """The format of daily-papers pages, saved as text."""

    name = "daily-papers"
    label = "Daily-papers text listing"
    holds = EntryKind.PAPERS
    collection = ""
    needs_mapping = False

    def recognises(self, head: str) -> bool:
        if name_text_kind(head):
            return False
        kinds = [unit.kind for unit in split_units(_lines_of(head))]
        has_footer = Kind.AUTHORS in kinds or (Kind.DOT, Kind.DATE) in pairwise(kinds)
        if has_footer or kinds.count(Kind.PAGE) >= _SURE_PAGE_LINES:
            return True
        papers = 0
        likely = 0
        for found in _read_entries(_without_preamble(split_units(_lines_of(head)))):
            if isinstance(found, _Entry):
                papers += 1
                likely += _is_plain_paper(found)
        return likely > 0 and likely * 2 >= papers

    def survey(self, stream: BinaryIO, encoding: str, *, chunk_size: int, name: str = "") -> Survey:
        if chunk_size < 1:
            msg = f"A chunk holds at least one entry, not {chunk_size}."
            raise ValueError(msg)
        chunks: list[ChunkMark] = []
        problems: list[Problem] = []
        unreported = 0
        entries = 0
        footers = 0
        latest_year: int | None = None
        begin: _Entry | None = None
        for found in _read_entries(_without_preamble(split_units(read_lines(stream, encoding, skip_blank=True)))):
            if isinstance(found, Problem):
                if len(problems) < MAX_PROBLEMS:
                    problems.append(found)
                else:
                    unreported += 1
                continue
            if begin is None:
                begin = found
            entries += 1
            footers += found.has_footer
            if found.date is not None and found.date.year is not None:
                latest_year = max(latest_year or 0, found.date.year)
            if entries % chunk_size == 0:
                chunks.append(_mark(len(chunks), begin, entries, chunk_size))
                begin = None
        if begin is not None:
            chunks.append(_mark(len(chunks), begin, entries, chunk_size))
        if not entries:
            msg = f"The file holds no paper: there is no title with an abstract. {LISTING_SHAPE}"
            raise EmptyListingError(msg)
        if unreported:
            problems.append(Problem(None, f"{unreported:,} more problems of this kind are not listed."))
        return Survey(
            encoding=encoding,
            variant=FOOTERS if footers else BARE,
            entries=entries,
            latest_year=latest_year,
            chunks=tuple(chunks),
            problems=tuple(problems),
        )

    def read(self, stream: BinaryIO, survey: Survey, chunk: ChunkMark) -> Iterator[ListedPaper | Problem]:
        position = chunk.first
        lines = read_lines(stream, survey.encoding, offset=chunk.offset, number=chunk.line, skip_blank=True)
        for found in _read_entries(split_units(lines)):
            if isinstance(found, Problem):
                continue  # it stands between papers: the survey tells it
            yield from found.problems
            yield from _judge_end(found, survey.variant)
            yield found.finish(position)
            position += 1
            if position > chunk.last:
                return
        msg = f"The file ends before entry {position + 1} of {survey.entries}; it has changed since it was first read."
        yield Problem(None, msg, fatal=True)


def _is_plain_paper(entry: _Entry) -> bool:
    """Say whether it is a paper without doubt. A blank line sets its abstract apart; tables and prose have no such pairs."""
    if len(entry.title) > LONG_TEXT or not looks_like_title(entry.title) or entry.last_line - entry.first_line < 2:
        return False
    return bool(entry.paragraphs) and looks_like_abstract(entry.paragraphs[0]) and has_sentences(entry.paragraphs[0])


def _mark(number: int, begin: _Entry, entries: int, chunk_size: int) -> ChunkMark:
    return ChunkMark(number=number, first=number * chunk_size, last=entries - 1, offset=begin.offset, line=begin.first_line)


def _quote(text: str) -> str:
    """Return the beginning of a text as a reason quotes it: without what turns the writing direction of the reason's own words."""
    shown = _DIRECTIONS.sub("", text)
    return shown if len(shown) <= _LONGEST_QUOTE else shown[: _LONGEST_QUOTE - 1] + "…"


def _judge_end(entry: _Entry, variant: str) -> Iterator[Problem]:
    """Tell what is missing from a paper that is otherwise read."""
    title = _quote(entry.title)
    if entry.is_last and not entry.paragraphs and not entry.has_footer:
        yield Problem(entry.last_line, f"The file ends after the title “{title}”; its abstract is missing.")
    elif entry.is_last and not entry.has_footer and not ends_whole(entry.paragraphs[-1]):
        yield Problem(entry.last_line, f"The abstract of “{title}” seems to be cut off at the end of the file.")
    elif not entry.paragraphs:
        yield Problem(entry.first_line, f"“{title}” has no abstract.")
    elif variant == FOOTERS and entry.date is None and not entry.had_bad_date:
        yield Problem(entry.last_line, f"“{title}” has no line with a date, unlike other papers of the file.")


def _lines_of(head: str) -> Iterator[Line]:
    for number, text in enumerate(head.split("\n"), start=1):
        yield Line(number, 0, text, "")


def _without_preamble(units: Iterable[Unit]) -> Iterator[Unit]:
    """Drop what stands before the header date of a page: a date ahead of the first abstract and of any footer."""
    held: list[Unit] = []
    source = iter(units)
    for unit in source:
        if unit.kind is Kind.DATE:
            held.clear()
            yield Unit(Kind.PAGE, unit.text, unit.first_line, unit.last_line, unit.offset, [])
            break
        held.append(unit)
        is_paper = unit.kind in (Kind.AUTHORS, Kind.DOT) or (unit.kind is Kind.TEXT and looks_like_abstract(unit.text))
        if is_paper or len(held) > _PREAMBLE_UNITS:
            break
    yield from held
    yield from source


def _read_entries(units: Iterable[Unit]) -> Iterator[_Entry | Problem]:
    """Put units together to papers. The problems are those that belong to no paper; a paper carries its own."""
    entry: _Entry | None = None
    source = iter(units)
    unit = next(source, None)
    while unit is not None:
        ahead = next(source, None)
        if unit.kind is Kind.PAGE:
            if entry is not None:
                yield entry
            entry = None
            yield from unit.problems
        elif unit.kind is not Kind.TEXT:
            if entry is None:
                yield from _explain_stray(unit)
            elif _take_mark(entry, unit):
                yield entry
                entry = None
        elif entry is None:
            entry = _begin(unit, ahead)
            if entry is None:
                yield Problem(unit.first_line, "A text without a title; it is left out.")
        elif entry.awaits_date and _is_unreadable_date(entry, unit, ahead):
            entry.take(unit)
            entry.had_bad_date = True
            entry.problems.append(
                Problem(unit.first_line, f"A date that can't be read: “{_quote(unit.text)}”. The paper is kept without a date.")
            )
            yield entry
            entry = None
        elif _is_organisation(entry, unit, ahead):
            entry.take(unit)
            entry.organisation = unit.text.lstrip(BULLETS).strip()
        elif _begins_next(entry, unit, ahead):
            yield entry
            entry = _begin(unit, ahead)
            if entry is None:
                yield Problem(unit.first_line, "A text without a title; it is left out.")
        else:
            entry.add_paragraph(unit)
        unit = ahead
    if entry is not None:
        entry.is_last = True
        yield entry


def _explain_stray(unit: Unit) -> Iterator[Problem]:
    yield from unit.problems
    if unit.kind is Kind.AUTHORS:
        yield Problem(unit.first_line, "Authors without a paper before them; they are left out.")


def _take_mark(entry: _Entry, unit: Unit) -> bool:
    """Add a line of the footer to the paper, and say whether that was its last."""
    entry.take(unit)
    entry.has_footer = True
    if unit.kind is Kind.AUTHORS:
        entry.authors = unit.count
    elif unit.kind is Kind.DOT:
        entry.awaits_date = True
    else:
        entry.date, entry.comments = unit.stated, unit.count
        entry.had_bad_date = unit.stated is None
        return True
    return False


def _begin(unit: Unit, ahead: Unit | None) -> _Entry | None:
    """Begin a paper with its title; None for the rest of an abstract whose beginning is missing, as in a file cut in front."""
    is_text = len(unit.text) > LONG_TEXT and has_sentences(unit.text)
    if is_text and ahead is not None and (ahead.kind is not Kind.TEXT or looks_like_title(ahead.text)):
        return None
    if ahead is not None and ahead.kind is Kind.DOT:
        return None  # an organisation whose paper is missing
    problems = list(unit.problems)
    if len(unit.text) > MAX_TITLE:
        problems.append(Problem(unit.first_line, f"The title has more than {MAX_TITLE:,} characters; the rest is left out."))
    return _Entry(unit.text[:MAX_TITLE], unit.first_line, unit.last_line, unit.offset, problems)


def _is_organisation(entry: _Entry, unit: Unit, ahead: Unit | None) -> bool:
    if entry.has_footer or ahead is None or ahead.kind is not Kind.DOT or len(unit.text) > WRAP_WIDTH:
        return False
    return bool(entry.paragraphs) or looks_like_title(unit.text)


def _is_unreadable_date(entry: _Entry, unit: Unit, ahead: Unit | None) -> bool:
    if len(unit.text) > _UNREADABLE_DATE:
        return False
    adjacent = not unit.after_blank
    return adjacent or (ahead is not None and ahead.kind is Kind.TEXT and looks_like_title(ahead.text))


def _begins_next(entry: _Entry, unit: Unit, ahead: Unit | None) -> bool:
    """Say whether a paragraph is the title of the next paper rather than more of this one's abstract."""
    if entry.has_footer:
        return True
    if not looks_like_title(unit.text):
        return False
    if ahead is None:
        return bool(entry.paragraphs)
    # Two titles in a row: the first has no abstract. A word or two would be a heading inside the abstract.
    if not entry.paragraphs and (len(unit.text.split()) < _SHORTEST_LONE_TITLE or len(unit.text) >= SHORT_ABSTRACT):
        return False
    return ahead.kind is Kind.TEXT and looks_like_abstract(ahead.text)
