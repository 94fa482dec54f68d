"""Makes a dump: one moment of the site, written beside the dumps that are kept and renamed to be one of them when it is whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from claims import VERSION
from claims.dumps import archive, board_files, public
from claims.dumps.columns import ParquetFile
from claims.dumps.keeping import ARCHIVE, KEPT, PART, dumps_dir, find_folders, is_name, moment_of, name_of
from claims.dumps.lines import HashedFile, PackedFile
from claims.dumps.manifests import MANIFEST, Manifest, WrittenFile, write_manifest
from claims.dumps.snapshots import hold_still
from claims.errors import DumpError, DumpRunningError, DumpTooEarlyError
from claims.models import Listing
from claims.services import exports
from claims.terms import ListingState

logger = logging.getLogger(__name__)

TABLES_FILE = "evaluation-tables.json.gz"


def dump_site(output: Path | None = None) -> Path:
    """Write a dump of the site as it is now and return its folder: `output`, which must not be there, or a new one of those kept.

    Of those kept the newest `KEPT` stay. Nothing that looks like a dump is left of one that fails or is killed, and what a killed one
    left is removed by the next. Raises `DumpRunningError` while another one is made, `DumpTooEarlyError` while boards still show what was
    withdrawn, and `DumpError` where it can't be written.
    """
    try:
        with _alone():
            return _dump_alone(output)
    except OSError as error:
        raise DumpError(f"The dump was not written: {error.strerror or error}. Nothing of it was kept.") from error


def _dump_alone(output: Path | None) -> Path:
    parent, name = (output.parent, output.name) if output is not None else (dumps_dir(), "")
    if output is not None and os.path.lexists(output):
        raise DumpError(f"{output} is there already. A dump makes its folder: name one that is not there.")
    # Nobody else is at it now: these are of dumps that were killed.
    prefix = f".{name}{PART}" if name else PART
    for path in parent.glob(f"{prefix}*"):
        shutil.rmtree(path, ignore_errors=True)
    parent.mkdir(parents=True, exist_ok=True)
    part = parent / f"{prefix}{secrets.token_hex(4)}"
    part.mkdir(mode=0o755)
    try:
        with hold_still():
            _refuse_withdrawn()
            moment = timezone.now().astimezone(UTC).replace(microsecond=0)
            _write(part, moment)
        for folder in (*(path for path in part.iterdir() if path.is_dir()), part):
            _sync(folder)
        target = output if output is not None else _free_name(moment)
        part.rename(target)
        _sync(parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if output is None:
        _remove_old()
    return target


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time make a dump. The system frees the lock of a process that is killed."""
    dumps_dir().mkdir(parents=True, exist_ok=True)
    with (dumps_dir() / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise DumpRunningError("Another dump is being made. Wait until it is there.") from None
        yield


def _refuse_withdrawn() -> None:
    """Raise `DumpTooEarlyError` while a long listing that was withdrawn is not settled: its papers and rows stand as before until then."""
    withdrawn = Listing.objects.filter(state=ListingState.WITHDRAWN, unsettled_from__isnull=False)
    if name := withdrawn.order_by("pk").values_list("name", flat=True).first():
        raise DumpTooEarlyError(
            f"The dump was not begun: boards still show a part of “{name:.80}”, which was withdrawn. Workers are taking it off: try again "
            "when the listing's page says so no more."
        )


def _free_name(moment: datetime) -> Path:
    """Return where the dump of a moment is kept: behind all others, also where two are of one second, or the clock was set back."""
    newest = max((path.name for path in dumps_dir().iterdir() if is_name(path.name)), default="")
    if newest >= name_of(moment):
        moment = moment_of(newest) + timedelta(seconds=1)
    return dumps_dir() / name_of(moment)


def _remove_old() -> None:
    """Remove the dumps behind the newest `KEPT`, also those whose manifest this release can't read. One that stays does no harm."""
    for folder in find_folders()[KEPT:]:
        try:
            _remove(folder)
        except OSError as error:
            logger.warning("an old dump can't be removed: %s: %s", folder.name, error.strerror or error)


def _remove(folder: Path) -> None:
    """Remove a dump: at first it is none any more, then its files go, which somebody may still be reading."""
    gone = folder.with_name(f"{PART}{folder.name}")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- the files ----


def _write(folder: Path, moment: datetime) -> None:
    created = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    _write_archive(folder / ARCHIVE, created)
    files: list[WrittenFile] = []
    counts: Counter[str] = Counter()
    described: dict[str, object] = {}
    for told in public.FILES:
        written = _write_rows(folder, told)
        counts[told.name] = written[0].rows
        described[told.name] = {"what": told.help, "members": told.describe()}
        files += written
    files.append(_write_tables(folder))
    files += board_files.write_boards(folder)
    manifest = Manifest(
        created=created,
        counts=counts,
        files={file.name: file for file in files},
        head={
            "software": {"name": "Claimboard", "version": VERSION},
            "site": settings.SITE_URL,
            "license": {"name": settings.DATA_LICENSE, "url": settings.DATA_LICENSE_URL or None},
            "shows_unreviewed": settings.SHOW_UNREVIEWED,
            "members": described,
        },
    )
    _write_manifest(folder, manifest)


def _write_rows(folder: Path, told: public.Told) -> list[WrittenFile]:
    """Write rows as JSON lines and, where they are wanted so, in columns."""
    packed = PackedFile(folder, f"{told.name}.jsonl.gz")
    columns = ParquetFile(folder, f"{told.name}.parquet", told.schema) if told.columns else None
    with packed, columns or contextlib.nullcontext():
        for rows in told.read():
            for row in rows:
                packed.write_line(public.write_line(told.names, row))
            if columns is not None:
                columns.write_rows(rows)
    return [packed.describe(), *([columns.describe()] if columns is not None else [])]


def _write_tables(folder: Path) -> WrittenFile:
    with PackedFile(folder, TABLES_FILE) as file:
        written = exports.write_boards(lambda piece: file.write(piece.encode()), shown_only=True)
    file.rows = written.rows
    return file.describe()


def _write_archive(folder: Path, created: str) -> None:
    """Write all rows of all tables that are kept, for the operator's eyes alone."""
    files: dict[str, WrittenFile] = {}
    counts: dict[str, int] = {}
    for name, table in archive.name_files(archive.find_tables()).items():
        with PackedFile(folder, name, private=True) as file:
            for line in table.read_lines():
                file.write_line(line)
        files[name] = file.describe()
        counts[table.name] = file.rows
    stored = Listing.objects.values_list("size", flat=True)
    head = {
        "software": {"name": "Claimboard", "version": VERSION},
        "not_in_here": {
            "uploads": f"the {len(stored)} uploaded files ({sum(stored)} bytes): copy the folder uploads to keep them",
            "users": "accounts, permissions, sessions and keys; who did what is kept as a name",
            **archive.LEFT_OUT,
        },
    }
    _write_manifest(
        folder, Manifest(created=created, counts=counts, files=files, head=head, tables=archive.schema_of_tables()), private=True
    )


def _write_manifest(folder: Path, manifest: Manifest, *, private: bool = False) -> None:
    with HashedFile(folder, MANIFEST, private=private) as file:
        file.write(write_manifest(manifest))
