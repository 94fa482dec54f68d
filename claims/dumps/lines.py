"""Writes and reads files of a dump: JSON lines packed by gzip, a line at a time, and what tells whether a file is whole."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from claims.dumps.manifests import WrittenFile, is_file_name, open_plain
from claims.errors import DumpError

LEVEL = 4
"""Of gzip: a sixth larger than the default makes it, in half of its time."""
LONGEST_LINE = 64 * 1024 * 1024
"""No line is longer, written or read: a line is in memory as a whole."""
BUFFER = 512 * 1024
READ_AT_ONCE = 1024 * 1024
BYTES_AT_ONCE = 8 * 1024 * 1024
"""So much of rows is held at a time, however few rows that are: one may be a thousand times as long as another."""
FETCHED_AT_ONCE = 100
"""So many rows come from the database at a time."""


class HashedFile:
    """A new file of a dump that knows size and SHA-256 of what was written; on the disk when it is closed.

    Raises `DumpError` for a name that readers of its manifest refuse, as one that leads out of the folder.
    """

    def __init__(self, folder: Path, name: str, *, private: bool = False) -> None:
        if not is_file_name(name):
            raise DumpError(f"No file of a dump can be called {name!r:.80}.")
        path = folder / name
        path.parent.mkdir(mode=0o700 if private else 0o755, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
        self._file: IO[bytes] = os.fdopen(handle, "wb")
        self._sha256 = hashlib.sha256()
        self.size = 0

    def write(self, block: bytes) -> int:
        self._sha256.update(block)
        self.size += len(block)
        return self._file.write(block)

    def flush(self) -> None:
        self._file.flush()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        if self.closed:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()


class PackedFile:
    """A new file that is packed by gzip as it is written. `rows` and `unpacked` count lines and bytes before packing."""

    def __init__(self, folder: Path, name: str, *, private: bool = False) -> None:
        self.name, self.rows, self.unpacked = name, 0, 0
        self._target = HashedFile(folder, name, private=private)
        # Neither name nor time: the same rows give the same bytes.
        self._packed = gzip.GzipFile("", "wb", compresslevel=LEVEL, fileobj=self._target, mtime=0)
        self._waiting: list[bytes] = []
        self._waiting_size = 0

    def write_line(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise DumpError(f"A row of {self.name} takes {len(line) >> 20} MB, and a line of a dump at most {LONGEST_LINE >> 20} MB.")
        self.write(line + b"\n")
        self.rows += 1

    def write(self, block: bytes) -> None:
        self._waiting.append(block)
        self._waiting_size += len(block)
        if self._waiting_size >= BUFFER:
            self._flush()

    def _flush(self) -> None:
        block = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_size = 0
        self.unpacked += len(block)
        self._packed.write(block)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._flush()
            self._packed.close()
        self._target.__exit__(kind, error, trace)

    def describe(self) -> WrittenFile:
        """Return what a manifest says of the file, once it is closed."""
        return WrittenFile(self.name, self._target.size, self._target.sha256, rows=self.rows, unpacked=self.unpacked)


def _open(path: Path) -> IO[bytes]:
    try:
        return open_plain(path)
    except OSError as error:
        raise DumpError(f"{path.name} can't be read: {error.strerror}. Get the dump again.") from error


def check_file(folder: Path, wanted: WrittenFile) -> None:
    """Raise `DumpError` unless the file is, byte for byte, the one that the manifest names."""
    with _open(folder / wanted.name) as file:
        size = os.fstat(file.fileno()).st_size
        if size != wanted.size:
            raise DumpError(f"{wanted.name} has {size:,} bytes, and {wanted.size:,} by the manifest: it is cut off or not this dump's.")
        sha256 = hashlib.sha256()
        while block := file.read(READ_AT_ONCE):
            sha256.update(block)
    if sha256.hexdigest() != wanted.sha256:
        raise DumpError(f"{wanted.name} is not what the manifest names: its SHA-256 is {sha256.hexdigest()}. Get the dump again.")


def read_lines(folder: Path, wanted: WrittenFile) -> Iterator[tuple[int, Any]]:
    """Yield each line's length and what it says. Raises `DumpError` for what is no such file, when it comes to it."""
    count = size = 0
    with _open(folder / wanted.name) as file, gzip.GzipFile(fileobj=file) as packed:
        while True:
            try:
                line = packed.readline(LONGEST_LINE + 2)
            except (OSError, EOFError, zlib.error) as error:
                raise DumpError(f"{wanted.name} can't be unpacked behind line {count}: {error}.") from None
            if not line:
                break
            count, size = count + 1, size + len(line)
            if size > wanted.unpacked or count > wanted.rows:
                raise DumpError(f"{wanted.name} holds more than the {wanted.rows:,} rows in {wanted.unpacked:,} bytes of the manifest.")
            if len(line) > LONGEST_LINE + 1:
                raise DumpError(f"{wanted.name}, line {count}: it is longer than {LONGEST_LINE >> 20} MB.")
            try:
                # Not by a faster parser: whole numbers of any length stay as they are.
                said = json.loads(line, parse_constant=_refuse)
            except (ValueError, RecursionError) as error:
                raise DumpError(f"{wanted.name}, line {count}: it is no JSON: {str(error)[:100]}.") from None
            yield len(line), said
    if count != wanted.rows:
        raise DumpError(f"{wanted.name} holds {count:,} rows, and {wanted.rows:,} by the manifest.")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")
