"""Which dumps there are, and which come next."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from claims.dumps.manifests import MANIFEST, Manifest, WrittenFile, read_manifest
from claims.errors import DumpError

KEPT = 7
"""So many dumps stay, the newest ones."""
ARCHIVE = "restore"
"""The folder in a dump that a site is restored from: for the operator alone."""
PART = ".part-"
"""What the folder of a dump begins with that is not whole."""
_MOMENT = "%Y-%m-%dT%H%M%SZ"
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")


@dataclass(frozen=True, slots=True)
class Kept:
    """A dump that is whole: its folder and what it says of itself."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its part of an address: when it was made, or a moment later."""
        return self.folder.name

    @property
    def created(self) -> datetime:
        """Which moment of the site it holds."""
        return datetime.fromisoformat(self.manifest.created)

    def find_file(self, name: str, *, archived: bool = False) -> tuple[Path, WrittenFile] | None:
        """Return where a file is that the manifest names, and what it says of it; None for any other name.

        `archived` asks for one of the archive, by its own manifest.
        """
        if not archived:
            file = self.manifest.files.get(name)
            return (self.folder / name, file) if file else None
        archive = _read(self.folder / ARCHIVE / MANIFEST)
        file = archive.files.get(name) if archive else None
        return (self.folder / ARCHIVE / name, file) if file else None


def dumps_dir() -> Path:
    folder: Path = settings.DATA_DIR / "dumps"
    return folder


def name_of(moment: datetime) -> str:
    return moment.strftime(_MOMENT)


def is_name(name: str) -> bool:
    try:
        return _NAME.fullmatch(name) is not None and moment_of(name) is not None
    except ValueError:
        return False


def moment_of(name: str) -> datetime:
    return datetime.strptime(name, _MOMENT).replace(tzinfo=UTC)


def list_dumps() -> list[Kept]:
    """Return the dumps that are kept, the newest first."""
    found = ((folder, _read(folder / MANIFEST)) for folder in find_folders())
    return [Kept(folder, manifest) for folder, manifest in found if manifest is not None]


def find_folders() -> list[Path]:
    """Return the folders that a dump was made in, the newest first, also of one that can't be read any more."""
    try:
        folders = [path for path in dumps_dir().iterdir() if is_name(path.name) and os.path.lexists(path / MANIFEST)]
    except FileNotFoundError:
        return []
    return sorted(folders, reverse=True)


def find_dump(name: str) -> Kept | None:
    """Return the dump of that name, "latest" being the newest; None if there is none."""
    if name == "latest":
        return next(iter(list_dumps()), None)
    if not is_name(name):
        return None
    manifest = _read(dumps_dir() / name / MANIFEST)
    return Kept(dumps_dir() / name, manifest) if manifest is not None else None


def next_nightly(now: datetime) -> datetime | None:
    """Return when the next dump comes by itself; None where DUMP_HOUR is off."""
    if settings.DUMP_HOUR is None:
        return None
    today = now.astimezone(UTC).replace(hour=settings.DUMP_HOUR, minute=settings.DUMP_MINUTE, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _read(path: Path) -> Manifest | None:
    try:
        return _read_unchanged(path, path.stat().st_mtime_ns)
    except (OSError, DumpError):
        # One that is being removed, or that somebody has damaged: it is no dump any more.
        return None


@lru_cache(maxsize=2 * KEPT + 2)
def _read_unchanged(path: Path, changed: int) -> Manifest:
    # Thousands of boards have a file each, and every request for one asks.
    return read_manifest(path)
