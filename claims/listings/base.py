"""What a reader of listing files is, and what it gives. Readers know no database.

A reader sees a file twice. `survey` counts, finds the variant and the years that are spelled out, and marks where chunks
begin; `read` then gives the papers of one chunk, so that many workers can share a file and none holds it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from claims.terms import YearSource


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date as a listing prints it. `year` is None where the listing leaves it out ("Jun 26"); `day` None for a month."""

    year: int | None
    month: int
    day: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read: the line (from 1, None for the whole file) and the reason in a sentence.

    A `fatal` problem ends the reading; the others cost one entry or one detail and reading goes on.
    """

    line: int | None
    reason: str
    fatal: bool = False


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
    if it spells out none. `encoding` is the codec for `read`. `variant` is the reader's own word ("footers", "bare").
    """

    encoding: str
    variant: str
    entries: int
    latest_year: int | None
    chunks: Sequence[ChunkMark] = field(default=())
    problems: Sequence[Problem] = field(default=())


class ListingReader(Protocol):
    """A format of listing files."""

    name: str
    """A stable slug, stored with the listing ("daily-papers")."""
    label: str
    """What a person reads ("Daily-papers text listing")."""

    def recognises(self, head: str) -> bool:
        """Say whether a file that begins with `head` (up to 64 KB of decoded text) is of this format."""
        ...

    def survey(self, stream: BinaryIO, encoding: str, *, chunk_size: int) -> Survey:
        """Pass one, over the whole file. Raises `ListingError` if there is nothing to read."""
        ...

    def read(self, stream: BinaryIO, survey: Survey, chunk: ChunkMark) -> Iterator[ListedPaper | Problem]:
        """Pass two: yield the papers of one chunk, in order, and what could not be read among them."""
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
