"""What a dump says of itself: when it was made, by what, what it counts, and of each file how to know that it is whole."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from claims.errors import DumpError

MANIFEST = "manifest.json"
LAYOUT = 1
"""Of a dump's files: counted up when a reader of one would misread the next."""
LARGEST_MANIFEST = 64 * 1024 * 1024
# Two levels at most, and nothing that leads out of the folder.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of a dump. `rows` are its lines or records, 0 where it has none; `size` its bytes, `unpacked` those before packing."""

    name: str
    size: int
    sha256: str
    rows: int = 0
    unpacked: int = 0

    def as_json(self) -> dict[str, Any]:
        written: dict[str, Any] = {"name": self.name, "size": self.size, "sha256": self.sha256, "rows": self.rows}
        return written | ({"unpacked": self.unpacked} if self.unpacked else {})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in a `manifest.json`. `head` has the members that are for people and programs to read, and for nothing here."""

    created: str
    counts: Mapping[str, int]
    files: Mapping[str, WrittenFile]
    head: Mapping[str, Any] = field(default_factory=dict)
    tables: str = ""

    def as_json(self) -> dict[str, Any]:
        said = {"layout": LAYOUT, "created": self.created, **self.head}
        if self.tables:
            said["tables"] = self.tables
        return said | {"counts": dict(self.counts), "files": [file.as_json() for file in self.files.values()]}

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())


def is_file_name(name: str) -> bool:
    """Say whether a file of a dump may have that name: one that stays in the dump's folder."""
    return len(name) <= 300 and _NAME.fullmatch(name) is not None


def open_plain(path: Path) -> IO[bytes]:
    """Open a file of a dump, that is one and leads to no other. Raises `DumpError` for what is none, and `OSError`."""
    # Whatever is no file, a pipe say, would be waited for.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise DumpError(f"{path.name} is no file. Get the dump again.")
    return file


def write_manifest(manifest: Manifest) -> bytes:
    return json.dumps(manifest.as_json(), ensure_ascii=False, indent=1).encode() + b"\n"


def read_manifest(path: Path) -> Manifest:
    """Return a manifest that is one: each name stays in its folder, each number is one. Raises `DumpError`; `OSError` without the file."""
    with open_plain(path) as opened:
        text = opened.read(LARGEST_MANIFEST + 1)
    if len(text) > LARGEST_MANIFEST:
        raise DumpError(f"{path.name} is too large to be one.")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DumpError(f"{path.name} is no JSON: {str(error)[:100]}. Get the dump again.") from None
    if not isinstance(said, dict):
        raise DumpError(f"{path.name} is no manifest of a dump.")
    if said.get("layout") != LAYOUT:
        raise DumpError(f"The dump is of layout {str(said.get('layout'))[:20]}, and this release reads layout {LAYOUT}.")
    created, counts, listed = said.get("created"), said.get("counts"), said.get("files")
    if not (isinstance(created, str) and _is_moment(created) and isinstance(counts, dict) and isinstance(listed, list)):
        raise DumpError(f"{path.name} lacks “created”, “counts” or “files”.")
    if not all(_is_count(count) for count in counts.values()):
        raise DumpError(f"{path.name} counts what can't be counted.")
    files: dict[str, WrittenFile] = {}
    for entry in listed:
        file = _read_file(entry)
        if file.name in files:
            raise DumpError(f"{path.name} names {file.name} twice.")
        files[file.name] = file
    known = {"layout", "created", "counts", "files", "tables"}
    head = {key: value for key, value in said.items() if key not in known}
    return Manifest(created=created, counts=counts, files=files, head=head, tables=str(said.get("tables", ""))[:200])


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _read_file(entry: object) -> WrittenFile:
    if not isinstance(entry, dict):
        raise DumpError("The manifest lists a file that is none.")
    name, sha256 = entry.get("name"), entry.get("sha256")
    if not isinstance(name, str) or not is_file_name(name):
        raise DumpError(f"The manifest names a file {name!r:.80}, which is no name of a file of a dump.")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise DumpError(f"The manifest has no SHA-256 for {name}.")
    numbers = [entry.get(key, 0) for key in ("size", "rows", "unpacked")]
    if not all(_is_count(number) for number in numbers):
        raise DumpError(f"The manifest has no size, or no count of rows, for {name}.")
    size, rows, unpacked = numbers
    return WrittenFile(name, size, sha256, rows=rows, unpacked=unpacked)
