"""Reader of any table of results that is text with separators. What its columns mean somebody has to say: `Survey.mapping`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_day
from itertools import islice
from typing import BinaryIO

from claims.errors import EmptyListingError, ListingError
from claims.listings.base import ChunkMark, Column, Problem, StatedCondition, StatedDate, Survey, TableCell, TableMapping, TableRecord
from claims.listings.columns import GUESSED_ROWS, guess_meanings, is_nothing
from claims.listings.csv_records import CsvRecord, mark_chunks, read_csv, split_line
from claims.listings.headers import find_largest
from claims.listings.links import find_arxiv_id, find_url, read_bare_arxiv_id
from claims.listings.sniffing import TABLE_KIND, name_text_kind, sniff
from claims.listings.telling_apart import Group, RowName, tell_apart
from claims.listings.unpacking import open_table
from claims.terms import ColumnMeaning, ConditionKind, CostMeasure, EntryKind

DELIMITERS = {"tab": "\t", "semicolon": ";", "comma": ","}
"""What separates the cells, by the variant's name; the surest sign first."""
LONGEST_HEADER = 200
_LONGEST_WORD = 100  # characters of a header's cell: a sentence is none
_SAMPLE_LINES = 60
_RESULTS = frozenset((ColumnMeaning.METRIC, ColumnMeaning.COST))


@dataclass(frozen=True, slots=True)
class TableHead:
    """The headers of a table, each one once, and its first rows, with as many cells each."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]

    def guess(self) -> TableMapping:
        """Return what the columns seem to mean."""
        return TableMapping(dict(zip(self.headers, guess_meanings(self.headers, self.rows), strict=True)))


def find_delimiter(head: str) -> str:
    """Return the name of what separates the cells of a table that begins with `head`, '' if that is no table of results.

    It has a line of headers, a row right below it with as many cells, and a column of numbers that may be results or costs.
    """
    if name_text_kind(head) not in ("", TABLE_KIND):
        return ""
    lines = head.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    return next((name for name, delimiter in DELIMITERS.items() if _is_table(lines, delimiter)), "")


def _is_table(lines: Sequence[str], delimiter: str) -> bool:
    if len(lines) < 2 or not lines[1].strip():
        return False
    headers = split_line(lines[0], delimiter)
    if len(headers) < 2 or any(len(header) > _LONGEST_WORD for header in headers) or sum(map(bool, headers)) * 2 < len(headers):
        return False
    rows = [split_line(line, delimiter) for line in lines[1:] if line.strip()]
    like = [row for row in rows if len(row) == len(headers)]
    # Quotes may hold line ends, and rows may be ragged; of sentences with a comma here and there hardly two agree.
    if not like or (len(like) * 2 < len(rows) and '"' not in "".join(lines)):
        return False
    if any(header.endswith((".", "!", "?")) for header in headers) and delimiter == ",":
        return False
    return any(guess.meaning in _RESULTS for guess in guess_meanings(headers, like))


def read_head(stream: BinaryIO, encoding: str, *, rows: int = GUESSED_ROWS) -> TableHead:
    """Return the headers and the first rows that can be read. Raises `ListingError` if there is no header."""
    table = open_table(stream).stream
    records = read_csv(table, encoding, delimiter=DELIMITERS[_find_variant(table, encoding)])
    headers = name_columns(_read_header(records))
    shown = (record.fields for record in records if not record.problem)
    return TableHead(headers, list(islice(shown, rows)))


def name_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Return headers that tell the columns apart: one that stands there again is counted, a blank one called by its place."""
    named: list[str] = []
    for place, cell in enumerate(cells, start=1):
        header = plain = " ".join(cell.split())[: LONGEST_HEADER - 8] or f"Column {place}"
        count = 1
        while header in named:
            count += 1
            header = f"{plain} ({count})"
        named.append(header)
    return tuple(named)


def _read_header(records: Iterator[CsvRecord]) -> Sequence[str]:
    header = next(records, None)
    if header is None or header.problem:
        why = f" {header.problem}" if header is not None else ""
        msg = f"The table's first line can't be read as its headers.{why}"
        raise ListingError(msg)
    return header.fields


def _find_variant(table: BinaryIO, encoding: str) -> str:
    """Return what separates the cells, by the same look at the file's beginning that recognised it."""
    variant = find_delimiter(sniff(table)[1])
    if not variant:
        msg = "The file is no longer the table that it was."
        raise ListingError(msg)
    return variant


class PlainTableReader:
    """Any table of results with a line of headers."""

    name = "table"
    label = "Table of results"
    holds = EntryKind.RECORDS
    collection = ""
    needs_mapping = True

    def recognises(self, head: str) -> bool:
        return find_delimiter(head) != ""

    def survey(self, stream: BinaryIO, encoding: str, *, chunk_size: int, name: str = "") -> Survey:
        table = open_table(stream)
        variant = _find_variant(table.stream, encoding)
        records = read_csv(table.stream, encoding, delimiter=DELIMITERS[variant])
        cells = _read_header(records)
        headers = name_columns(cells)
        entries = sum(1 for _ in records)
        if not entries:
            msg = "The table has a header and no row under it."
            raise EmptyListingError(msg)
        problems = list(table.problems)
        for header, cell in zip(headers, cells, strict=True):
            if cell and header != cell:
                problems.append(Problem(None, f"It is called “{header}” here, to be told from the others.", column=cell[:LONGEST_HEADER]))
        return Survey(
            encoding=encoding,
            variant=variant,
            entries=entries,
            latest_year=None,
            chunks=mark_chunks(entries, chunk_size),
            problems=tuple(problems),
            headers=headers,
        )

    def read(self, stream: BinaryIO, survey: Survey, chunk: ChunkMark) -> Iterator[TableRecord | Problem]:
        if survey.mapping is None:
            yield Problem(None, "Nobody has said what its columns mean.", fatal=True)
            return
        table, delimiter = open_table(stream).stream, DELIMITERS.get(survey.variant, ",")
        largest = _find_largest(read_csv(table, survey.encoding, delimiter=delimiter), survey.mapping)
        records = read_csv(table, survey.encoding, delimiter=delimiter)
        cells = _read_header(records)
        headers = name_columns(cells)
        groups: dict[str, Group] = {}
        last = -1
        for number, record in enumerate(records, start=1):
            last = number - 1
            # Rows before the chunk are read, too: one of the chunk may have to be told apart from them
            for found in _read_row(_Row(number, record, headers, cells, largest, delimiter), survey.mapping, groups):
                if last >= chunk.first:
                    yield found
            if last == chunk.last:
                return
        msg = f"The file ends before record {chunk.last + 1} of {survey.entries}; it has changed since it was first read."
        yield Problem(None, msg, fatal=True)


def _find_largest(records: Iterator[CsvRecord], mapping: TableMapping) -> dict[str, float]:
    """Return the largest number of each column of scores whose unit nobody has said, by its header."""
    headers = name_columns(_read_header(records))
    wanted = [
        (place, header)
        for place, header in enumerate(headers)
        if (column := mapping.columns.get(header)) is not None and column.meaning is ColumnMeaning.METRIC and not column.unit
    ]
    found: dict[str, float] = {}
    for record in records if wanted else ():
        for place, header in wanted if not record.problem else ():
            number = find_largest(record.fields[place : place + 1])
            if number is not None:
                found[header] = max(number, found.get(header, number))
    return found


# -- a row ------------------------------------------------------------------------------------------------------------------------

MAX_NAME = 300
"""A longer name of a model, a task or a dataset is none."""
MAX_TITLE = 1_000
_YES = frozenset(("yes", "true", "y", "x", "1", "✓", "✔", "✔️", "☑"))
_NO = frozenset(("no", "false", "n", "0", "✗", "✘", "×", "☐"))
_FLAGS = {ConditionKind.EXTRA_DATA: ("extra data", "extra training data"), ConditionKind.ENSEMBLE: ("ensemble", "ensemble")}
"""What "yes" says of a record: as texts and other tables say it."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ]\d\d:.*)?")
_WORDY_DATE = re.compile(r"([A-Z][a-z]{2})[a-z]{0,6}\.? (\d{1,2}), (\d{4})")
_SHOTS = re.compile(r"(\d{1,4}|zero|one|few)(?:[- ]?shots?)?", re.IGNORECASE)
_TWO_WAYS = re.compile(r"[+-]?\d{1,3},\d{3}")
_SQUARE = re.compile(r"([1-9]\d{0,4})(?:\.0)?(?:\s?px)?")
_SIZES = re.compile(r"([1-9]\d{0,4})\s?[x×*]\s?([1-9]\d{0,4})(?:\s?px)?")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row; `cells` are the headers as they are printed, `largest` the largest numbers of columns by their headers."""

    number: int
    record: CsvRecord
    headers: Sequence[str]
    cells: Sequence[str]
    largest: Mapping[str, float]
    delimiter: str

    def complain(self, reason: str, column: str = "", stated: str = "") -> Problem:
        return Problem(self.record.line, reason, record=self.number, column=column[:LONGEST_HEADER], stated=stated[:200])


def _read_row(row: _Row, mapping: TableMapping, groups: dict[str, Group]) -> Iterator[TableRecord | Problem]:
    """Yield the record of a row, and what is wrong with it."""
    if row.record.problem:
        yield row.complain(row.record.problem)
        return
    if list(row.record.fields) == list(row.cells):
        yield row.complain("It is the header again.")
        return
    if row.record.note:
        yield row.complain(row.record.note)
    stated = dict(zip(row.headers, row.record.fields, strict=True))
    said = {column.meaning: header for header, column in mapping.columns.items() if header in stated}
    texts: dict[ColumnMeaning, str] = {}
    for meaning, header in said.items():
        text = "" if is_nothing(stated[header]) else stated[header]
        longest = MAX_TITLE if meaning is ColumnMeaning.PAPER_TITLE else MAX_NAME
        if len(text) > longest and meaning in _NAMES:
            yield row.complain(f"It has more than {longest:,} characters; it is left out.", header, text)
            text = ""
        texts[meaning] = text
    title, url = texts.get(ColumnMeaning.PAPER_TITLE, ""), texts.get(ColumnMeaning.PAPER_URL, "")
    arxiv_id = find_arxiv_id(url) or read_bare_arxiv_id(url)
    address = find_url(url) or (f"https://arxiv.org/abs/{arxiv_id}" if arxiv_id else "")
    if url and not address:
        yield row.complain("The paper's address is none; the record is kept without it.", said[ColumnMeaning.PAPER_URL], url)
    day, date = texts.get(ColumnMeaning.DATE, ""), None
    if day and (date := read_date(day)) is None:
        yield row.complain("The date can't be read; the record is kept without it.", said[ColumnMeaning.DATE], day)
        day = ""
    model = texts.get(ColumnMeaning.MODEL, "")
    if not model and not title and not arxiv_id:
        yield row.complain("It names neither a model nor a paper.", said.get(ColumnMeaning.MODEL, ""))
        return
    cells = []
    for cell in _read_cells(stated, mapping.columns, row.largest):
        if row.delimiter == ";" and _TWO_WAYS.fullmatch(str(cell.stated).strip()):
            why = "Its comma can stand before decimals or between thousands: write a point before decimals, and nothing between thousands."
            yield row.complain(why, cell.column, str(cell.stated))
        else:
            cells.append(cell)
    task, dataset = texts.get(ColumnMeaning.TASK) or mapping.task, texts.get(ColumnMeaning.DATASET) or mapping.dataset
    scored = [cell for cell in cells if cell.measure is None]
    if scored and not dataset:
        yield row.complain("It doesn't say on which dataset.", said.get(ColumnMeaning.DATASET, ""))
        return
    if not cells:
        yield row.complain("It states no value.")
        return
    conditions = tuple(_read_conditions(stated, mapping.columns))
    tasks, datasets = ((task,) if task and scored else ()), ((dataset,) if dataset and scored else ())
    variant = texts.get(ColumnMeaning.VARIANT, "")
    name = RowName(tasks, datasets, model, variant, conditions, arxiv_id, title, day)
    yield TableRecord(
        number=row.number,
        raw=stated,
        cells=cells,
        tasks=tasks,
        datasets=datasets,
        model=model,
        variant=variant,
        conditions=(*conditions, *tell_apart(name, groups, [cell.column for cell in cells])),
        paper_title=title,
        paper_url=address,
        arxiv_id=arxiv_id,
        date=date,
        code_url=find_url(texts.get(ColumnMeaning.CODE_URL, "")),
    )


_NAMES = frozenset((ColumnMeaning.MODEL, ColumnMeaning.VARIANT, ColumnMeaning.TASK, ColumnMeaning.DATASET, ColumnMeaning.PAPER_TITLE))


def _read_cells(stated: Mapping[str, str], columns: Mapping[str, Column], largest: Mapping[str, float]) -> Iterator[TableCell]:
    for header, column in columns.items():
        if header not in stated or is_nothing(stated[header]):
            continue
        if column.meaning is ColumnMeaning.METRIC:
            yield TableCell(header, stated[header], metric=column.name, unit=column.unit, largest=largest.get(header))
        elif column.meaning is ColumnMeaning.COST:
            yield TableCell(header, stated[header], measure=CostMeasure(column.name), unit=column.unit, condition=column.condition)


def _read_conditions(stated: Mapping[str, str], columns: Mapping[str, Column]) -> Iterator[StatedCondition]:
    for header, column in columns.items():
        if column.meaning is ColumnMeaning.CONDITION and header in stated and (text := stated[header][:200]) and not is_nothing(text):
            condition = _read_condition(ConditionKind(column.name), header, text)
            if condition is not None:
                yield condition


def _read_condition(kind: ConditionKind, header: str, text: str) -> StatedCondition | None:
    """Return what a cell says of the setting, None for "no". Values are those that texts give: "384x384"."""
    if kind is ConditionKind.RESOLUTION:
        if match := _SQUARE.fullmatch(text):
            return StatedCondition(kind, f"{match[1]}x{match[1]}", f"{match[1]} × {match[1]}")
        if match := _SIZES.fullmatch(text):
            return StatedCondition(kind, f"{match[1]}x{match[2]}", f"{match[1]} × {match[2]}")
    if kind is ConditionKind.SHOTS and (match := _SHOTS.fullmatch(text)):
        shots = {"zero": "0", "one": "1"}.get(match[1].lower(), match[1].lower())
        return StatedCondition(kind, shots, f"{text}-shot" if text.isdigit() else text)
    if kind is ConditionKind.STEPS and text.isdigit():
        return StatedCondition(kind, f"{text} step" if text == "1" else f"{text} steps", f"{text} step" if text == "1" else f"{text} steps")
    counts = kind in (ConditionKind.SHOTS, ConditionKind.STEPS, ConditionKind.LABEL_FRACTION, ConditionKind.OTHER)
    if not counts or not text.isdigit():
        if text.lower() in _NO:
            return None
        if text.lower() in _YES:
            return StatedCondition(kind, *_FLAGS.get(kind, (header, header)))
    # "0.1" alone says nothing: of what stands in the header
    bare = kind is ConditionKind.OTHER or (counts and text.replace(".", "").isdigit())
    return StatedCondition(kind, f"{header}: {text}", f"{header}: {text}") if bare else StatedCondition(kind, text, text)


def read_date(text: str) -> StatedDate | None:
    """Return a date as tables print it ("2024-01-09", "2024-01", "2024", "Jan 9, 2024"), None for another or one that can't be."""
    year = 0
    month: int | None = None
    day: int | None = None
    if match := _ISO_DATE.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]) if match[2] else None, int(match[3]) if match[3] else None
    elif (match := _WORDY_DATE.fullmatch(text)) and match[1].lower() in _MONTHS:
        year, month, day = int(match[3]), _MONTHS.index(match[1].lower()) + 1, int(match[2])
    try:
        calendar_day(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    return StatedDate(year, month, day) if 1900 <= year <= 2100 else None
