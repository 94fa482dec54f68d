"""Read the records of a table that is text with separators, one by one: what is wrong with one costs no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from claims.listings.base import ChunkMark
from claims.listings.text_lines import Line, read_lines

MAX_CHUNKS = 64
"""A table is read from its beginning for each chunk: a long one has larger chunks, not more."""
MAX_CELL = 10_000
"""A longer cell is no value; its record is left out."""
MAX_COLUMNS = 500
_MAX_RECORD_LINES = 1_000
_MAX_RECORD = 1_000_000  # characters


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """A record: the number of its first line, its cells without blanks around them, and '' or why it can't be taken.

    `note` says what is wrong with one that can be taken all the same.
    """

    line: int
    fields: Sequence[str]
    problem: str = ""
    note: str = ""


def split_line(line: str, delimiter: str = ",") -> list[str]:
    """Return the cells of a line; [] if it can't be taken apart."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def read_csv(stream: BinaryIO, encoding: str, *, delimiter: str = ",") -> Iterator[CsvRecord]:
    """Yield the header, then every record. Blank lines are none.

    A cell in quotes may hold line ends. Quotes that are never closed cost the line that they begin in and no more, as the next
    line is read as if it was the first: so does a record that only together with later lines fails to have the header's columns.
    """
    source: Iterator[Line] = read_lines(stream, encoding, skip_blank=True)
    waiting: deque[Line] = deque()
    width: int | None = None
    while True:
        first = waiting.popleft() if waiting else next(source, None)
        if first is None:
            return
        if not first.text.strip():
            continue
        taken = [first]
        if first.text.count('"') % 2:
            taken += _close_quotes(first, waiting, source)
        record = _parse(taken, delimiter, width)
        if record.problem and len(taken) > 1:
            waiting.extendleft(reversed(taken[1:]))
            record = _parse([first], delimiter, width)
        if width is None and not record.problem:
            width = len(record.fields)
        yield record


def _close_quotes(first: Line, waiting: deque[Line], source: Iterator[Line]) -> list[Line]:
    """Return the lines up to the one with the closing quotes, [] if there is none near; those that are only looked at wait."""
    looked: list[Line] = []
    size = len(first.text)
    while len(looked) < _MAX_RECORD_LINES and size < _MAX_RECORD:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            break
        looked.append(line)
        size += len(line.text)
        if line.text.count('"') % 2:
            return looked
    waiting.extendleft(reversed(looked))
    return []


def _parse(lines: Sequence[Line], delimiter: str, width: int | None) -> CsvRecord:
    number = lines[0].number
    note = next((line.problem for line in lines if line.problem), "")
    text = "\n".join(line.text for line in lines)
    if text.count('"') % 2:
        return CsvRecord(number, (), "Its quotes are not closed.")
    try:
        fields = next(csv.reader(_with_ends(lines), delimiter=delimiter), [])
    except csv.Error:
        return CsvRecord(number, (), f"It has a cell of more than {MAX_CELL:,} characters.")
    if any(len(field) > MAX_CELL for field in fields):
        return CsvRecord(number, (), f"It has a cell of more than {MAX_CELL:,} characters.")
    if len(fields) > MAX_COLUMNS:
        return CsvRecord(number, (), f"It has more than {MAX_COLUMNS} columns.")
    if width is not None and len(fields) != width:
        return CsvRecord(number, (), f"It has {len(fields)} cells where the header has {width}.")
    return CsvRecord(number, [field.strip() for field in fields], note=note)


def _with_ends(lines: Iterable[Line]) -> Iterator[str]:
    return (line.text + "\n" for line in lines)


def mark_chunks(entries: int, chunk_size: int) -> tuple[ChunkMark, ...]:
    """Return the chunks of a table with so many records: as small as asked for, but not more than `MAX_CHUNKS` of them."""
    if chunk_size < 1:
        msg = f"A chunk holds at least one entry, not {chunk_size}."
        raise ValueError(msg)
    size = max(chunk_size, -(-entries // MAX_CHUNKS))
    return tuple(
        ChunkMark(number=number, first=first, last=min(first + size, entries) - 1, offset=0, line=1)
        for number, first in enumerate(range(0, entries, size))
    )
