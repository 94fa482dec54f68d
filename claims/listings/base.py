"""What a reader of uploaded files is, and what it gives. Readers know no database.

A reader sees a file twice. `survey` counts, finds the variant and the years that are spelled out, and marks where chunks
begin; `read` then gives the entries of one chunk, so that many workers can share a file and none holds it whole. An entry is a paper of
a listing, or a record of a table of results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from claims.terms import ColumnMeaning, ConditionKind, CostMeasure, EntryKind, YearSource


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date as a listing prints it. `year` is None where the listing leaves it out ("Jun 26"); `day` is None
    for a month, `month` too for a year."""

    year: int | None
    month: int | None
    day: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read: the line (from 1, None for the whole file) and the reason in a sentence.

    A `fatal` problem ends the reading; the others cost one entry or one detail and reading goes on. In a table `record` is the number
    of the record (from 1), `column` the header and `stated` the value that could not be read.
    """

    line: int | None
    reason: str
    fatal: bool = False
    record: int | None = None
    column: str = ""
    stated: str = ""


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """One entry of a listing.

    `position` counts from 0; `first_line` and `last_line` from 1, last inclusive. Empty text is ''. NUL characters are
    spaces already. `authors` and `comments` are counts, None if unsaid.
    """

    position: int
    first_line: int
    last_line: int
    title: str
    abstract: str
    date: StatedDate | None = None
    arxiv_id: str = ""
    url: str = ""
    organisation: str = ""
    authors: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class StatedCondition:
    """A condition of a record's setting: `value` is its comparable part, `text` what is shown."""

    kind: ConditionKind
    value: str
    text: str


Stated = str | int | float | bool | None
"""A value as the file has it: text, or what JSON makes of it."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """One value of a record, not read yet.

    `column` is its header as printed: with the record's number it says where the value stands. It is a score of the `metric` that is
    named, or a cost of a `measure`, never both. `unit` is what the format or the header says of the unit: "%", or what one of it counts:
    "M" (millions), "G", "ms", "s", "1/s"; '' where only the value may tell. `condition` says what a cost was measured on ("RTX 5090, AMP"),
    '' where it is the model's own. `largest` is the largest number of its column in the table, None where none is known: a column of
    shares and one of percentages look alike in a single cell.
    """

    column: str
    stated: Stated
    metric: str = ""
    measure: CostMeasure | None = None
    unit: str = ""
    condition: str = ""
    largest: float | None = None


@dataclass(frozen=True, slots=True)
class TableRecord:
    """One record of a table of results.

    `number` counts from 1, through the whole file. `raw` is the record as it stands there, fit for JSON. `tasks` and `datasets` are
    paths, the widest first (a task and its subtask, a dataset and its part), '' never among them; both are empty for a record that
    states costs only: it belongs to the rows of the same collection with the same model and resolution. `date` is what the record
    gives as the day of its result.
    """

    number: int
    raw: Mapping[str, object]
    cells: Sequence[TableCell] = ()
    tasks: Sequence[str] = ()
    datasets: Sequence[str] = ()
    model: str = ""
    variant: str = ""
    conditions: Sequence[StatedCondition] = ()
    paper_title: str = ""
    paper_url: str = ""
    arxiv_id: str = ""
    date: StatedDate | None = None
    code_url: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table means. `name` is the metric's, the cost's measure or the condition's kind; `unit` and `condition` are
    as in `TableCell`."""

    meaning: ColumnMeaning
    name: str = ""
    unit: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What the columns of a table mean, by their headers; task and dataset where no column says them."""

    columns: Mapping[str, Column]
    task: str = ""
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class ChunkMark:
    """Where a chunk begins: `first` and `last` entry positions (last inclusive), byte offset and line of its first line."""

    number: int
    first: int
    last: int
    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first pass found.

    `entries` is how many papers the file lists. `latest_year` is the latest year that the file spells out for a paper, None
    if it spells out none. `encoding` is the codec for `read`. `variant` is the reader's own word ("footers", "bare"), at most 40
    characters. `headers` are those of a table whose format doesn't say what they mean; `mapping` is what somebody said of them, for `read`.
    """

    encoding: str
    variant: str
    entries: int
    latest_year: int | None
    chunks: Sequence[ChunkMark] = field(default=())
    problems: Sequence[Problem] = field(default=())
    headers: Sequence[str] = field(default=())
    mapping: TableMapping | None = None


class ListingReader(Protocol):
    """A format of uploaded files."""

    name: str
    """A stable slug, stored with the listing ("daily-papers")."""
    label: str
    """What a person reads ("Daily-papers text listing")."""
    holds: EntryKind
    """What its entries are."""
    collection: str
    """Tables of one collection belong together: a record that states costs only is joined with the rows of the others. '' for none."""
    needs_mapping: bool
    """Whether somebody must say what its columns mean before it can be read."""

    def recognises(self, head: str) -> bool:
        """Say whether a file that begins with `head` (up to 64 KB of decoded text) is of this format."""
        ...

    def survey(self, stream: BinaryIO, encoding: str, *, chunk_size: int, name: str = "") -> Survey:
        """Pass one, over the whole file, whose name may say what its content doesn't. Raises `ListingError` if there is nothing to read."""
        ...

    def read(self, stream: BinaryIO, survey: Survey, chunk: ChunkMark) -> Iterator[ListedPaper | TableRecord | Problem]:
        """Pass two: yield the entries of one chunk, in order, and what could not be read among them."""
        ...


def settle_year(given: int | None, latest_year: int | None) -> tuple[int | None, YearSource | None]:
    """Return the year of dates without one, and how it is known.

    Given by the uploader; else one more than the latest year that the file spells out for a paper, since such pages leave
    out only the current year; else (None, None).
    """
    if given is not None:
        return given, YearSource.GIVEN
    if latest_year is not None:
        return latest_year + 1, YearSource.INFERRED
    return None, None
