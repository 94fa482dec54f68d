"""The known listing formats. Another one is a module with a reader, and an entry here."""

from __future__ import annotations

import io
from typing import BinaryIO

from claims.errors import ListingError, UnknownFormatError
from claims.listings.base import ListingReader, Survey
from claims.listings.daily_papers import DailyPapersReader
from claims.listings.evaluation_tables import EvaluationTablesReader
from claims.listings.plain_tables import PlainTableReader
from claims.listings.sniffing import LISTING_SHAPE, SAMPLE_BYTES, advise, name_text_kind, sniff
from claims.listings.timm import TimmBenchmarkReader, TimmPretrainingReader, TimmResultsReader
from claims.listings.unpacking import is_gzip, open_table, peek
from claims.terms import EntryKind

CHUNK_SIZE = 100

READERS: tuple[ListingReader, ...] = (
    TimmResultsReader(),
    TimmBenchmarkReader(),
    TimmPretrainingReader(),
    EvaluationTablesReader(),
    DailyPapersReader(),
    PlainTableReader(),
)
"""In the order in which they are asked: tables, which a header or keys tell for sure, before texts; any other table last."""


def get_reader(name: str) -> ListingReader:
    """Return the reader of a stored format name. Raises `UnknownFormatError` for one that is no more."""
    for reader in READERS:
        if reader.name == name:
            return reader
    known = ", ".join(reader.name for reader in READERS)
    msg = f"There is no listing format “{name}”. Known formats: {known}."
    raise UnknownFormatError(msg)


def detect(stream: BinaryIO) -> tuple[ListingReader, str]:
    """Return the reader for a file, and the encoding of its text. A table may be packed by gzip, a listing may not.

    Raises `EmptyListingError` for a file without text, `ListingTooLargeError` for a table beyond the bounds and `UnknownFormatError` for
    any other that no reader takes.
    """
    if is_gzip(stream) and (packed := _detect_packed(stream)):
        return packed
    encoding, head = sniff(stream)
    for reader in READERS:
        if reader.recognises(head):
            if reader.holds is EntryKind.RECORDS:
                open_table(stream)  # one that is too large is refused before it is kept
            return reader, encoding
    kind = name_text_kind(head)
    found = f"It looks like {kind}. {advise(kind)}" if kind else "No papers are found in its text."
    msg = f"The file is no listing that can be read. {found} {LISTING_SHAPE}"
    raise UnknownFormatError(msg)


def _detect_packed(stream: BinaryIO) -> tuple[ListingReader, str] | None:
    """Return the reader for what gzip has packed, and its encoding; None if it is no table.

    The beginning decides: only a table is unpacked as a whole, which its encoding is found in.
    """
    # A bomb is often a table's beginning, or none, with NULs behind it; it is refused by its size
    head = peek(stream, SAMPLE_BYTES).partition(bytes(16))[0]
    if head.strip() and _find_table(io.BytesIO(head)) is None:
        return None
    return _find_table(open_table(stream).stream)


def _find_table(content: BinaryIO) -> tuple[ListingReader, str] | None:
    try:
        encoding, head = sniff(content)
    except ListingError:
        return None
    return next(((reader, encoding) for reader in READERS if reader.holds is EntryKind.RECORDS and reader.recognises(head)), None)


def survey(
    stream: BinaryIO, *, chunk_size: int = CHUNK_SIZE, record_chunk_size: int | None = None, name: str = ""
) -> tuple[ListingReader, Survey]:
    """Detect the format and make pass one. Raises `ListingError` if the file can't be read.

    `record_chunk_size` is that of tables, whose records take a fraction of a paper's time; None: the same.
    """
    reader, encoding = detect(stream)
    if reader.holds is EntryKind.RECORDS and record_chunk_size is not None:
        chunk_size = record_chunk_size
    return reader, reader.survey(stream, encoding, chunk_size=chunk_size, name=name)
