"""The known listing formats. Another one is a module with a reader, and an entry here."""

from __future__ import annotations

from typing import BinaryIO

from claims.errors import UnknownFormatError
from claims.listings.base import ListingReader, Survey
from claims.listings.daily_papers import DailyPapersReader
from claims.listings.sniffing import LISTING_SHAPE, advise, name_text_kind, sniff

CHUNK_SIZE = 100

READERS: tuple[ListingReader, ...] = (DailyPapersReader(),)
"""In the order in which they are asked."""


def get_reader(name: str) -> ListingReader:
    """Return the reader of a stored format name. Raises `UnknownFormatError` for one that is no more."""
    for reader in READERS:
        if reader.name == name:
            return reader
    known = ", ".join(reader.name for reader in READERS)
    msg = f"There is no listing format “{name}”. Known formats: {known}."
    raise UnknownFormatError(msg)


def detect(stream: BinaryIO) -> tuple[ListingReader, str]:
    """Return the reader for a file, and the file's encoding.

    Raises `EmptyListingError` for a file without text and `UnknownFormatError` for any other that no reader takes.
    """
    encoding, head = sniff(stream)
    for reader in READERS:
        if reader.recognises(head):
            return reader, encoding
    kind = name_text_kind(head)
    found = f"It looks like {kind}. {advise(kind)}" if kind else "No papers are found in its text."
    msg = f"The file is no listing that can be read. {found} {LISTING_SHAPE}"
    raise UnknownFormatError(msg)


def survey(stream: BinaryIO, *, chunk_size: int = CHUNK_SIZE) -> tuple[ListingReader, Survey]:
    """Detect the format and make pass one. Raises `ListingError` if the file can't be read as a listing."""
    reader, encoding = detect(stream)
    return reader, reader.survey(stream, encoding, chunk_size=chunk_size)
