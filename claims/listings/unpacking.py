"""Open a table of results: a file as it is, or one that gzip has packed. Memory and time stay bounded, whatever was packed."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from claims.errors import ListingTooLargeError
from claims.listings.base import Problem

MAX_UNPACKED_BYTES = 64 << 20
"""A larger table is refused: tables are read whole."""
MAX_MEMBERS = 10_000
"""So many archives that follow one another in one file are read: each one costs time, an empty one, too."""

_MAGIC = b"\x1f\x8b"
_BLOCK_BYTES = 1 << 16
_FORMAT = zlib.MAX_WBITS | 16  # a gzip header and checksum

_CUT = "The gzip archive is cut short: what could be unpacked of it was read, and the rest is missing. Upload the whole file."
_DAMAGED = "The gzip archive is damaged: only what stands before the damage was read. Pack the file again."
_BEHIND = "Behind the end of the gzip archive stands something that gzip didn't pack; it is left out."
_MANY = f"The file holds more than {MAX_MEMBERS:,} gzip archives; the rest of them is left out. Pack the table as one."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A table's bytes, and what went wrong when they were unpacked."""

    stream: BinaryIO
    problems: tuple[Problem, ...] = ()


def is_gzip(stream: BinaryIO) -> bool:
    stream.seek(0)
    return stream.read(len(_MAGIC)) == _MAGIC


def open_table(stream: BinaryIO) -> Unpacked:
    """Return what a table's file holds, unpacked if gzip packed it. What is inside of that is not unpacked again.

    Raises `ListingTooLargeError` for more than `MAX_UNPACKED_BYTES`, before that much more memory is taken.
    """
    if is_gzip(stream):
        return _unpack(stream)
    if stream.seek(0, io.SEEK_END) > MAX_UNPACKED_BYTES:
        raise ListingTooLargeError(_too_large("The table is"))
    stream.seek(0)
    return Unpacked(stream)


def peek(stream: BinaryIO, size: int) -> bytes:
    """Return the first bytes, about `size` of them, of what a gzip archive holds; b'' if nothing can be unpacked."""
    stream.seek(0)
    unpacker = zlib.decompressobj(_FORMAT)
    found = b""
    try:
        while len(found) < size and not unpacker.eof and (block := stream.read(_BLOCK_BYTES)):
            found += unpacker.decompress(block, size - len(found))
    except zlib.error:
        pass  # what came before the damage is enough to look at
    return found


def _unpack(stream: BinaryIO) -> Unpacked:
    stream.seek(0)
    target = io.BytesIO()
    unpacker = zlib.decompressobj(_FORMAT)
    members = 1
    rest = b""
    while block := rest or stream.read(_BLOCK_BYTES):
        if unpacker.eof:
            block = block.lstrip(b"\x00")  # archives are filled up with zeros
            if len(block) < len(_MAGIC):
                block += stream.read(_BLOCK_BYTES)
            if not block.strip(b"\x00"):
                rest = b""
                continue
            if not block.startswith(_MAGIC):
                return _finish(target, _BEHIND)
            if members == MAX_MEMBERS:
                return _finish(target, _MANY)
            members += 1
            unpacker = zlib.decompressobj(_FORMAT)
        before = unpacker.copy()
        try:
            _write(target, unpacker, block)
        except zlib.error:
            _salvage(target, before, block)
            return _finish(target, _DAMAGED)
        rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    return _finish(target, "" if unpacker.eof else _CUT)


def _write(target: io.BytesIO, unpacker: zlib._Decompress, block: bytes) -> None:
    target.write(unpacker.decompress(block, MAX_UNPACKED_BYTES + 1 - target.tell()))
    if target.tell() > MAX_UNPACKED_BYTES:
        raise ListingTooLargeError(_too_large("What the gzip archive holds is"))


def _salvage(target: io.BytesIO, unpacker: zlib._Decompress, block: bytes) -> None:
    """Write what a block gives ahead of its damage: an error takes along all of what it was found in."""
    for at in range(len(block)):
        try:
            _write(target, unpacker, block[at : at + 1])
        except zlib.error:
            return


def _finish(target: io.BytesIO, reason: str) -> Unpacked:
    target.seek(0)
    return Unpacked(target, (Problem(None, reason),) if reason else ())


def _too_large(what: str) -> str:
    megabytes = MAX_UNPACKED_BYTES >> 20
    return f"{what} larger than {megabytes} MB, the most that is read of a table of results. Split the table, and upload the parts."
