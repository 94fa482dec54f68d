"""Stores uploaded files, each under its hash, and makes their listings."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import OperationalError, transaction

from claims.errors import InvalidDecisionError, ListingError, ListingTooLargeError, StorageError
from claims.listings import registry
from claims.listings.base import settle_year
from claims.listings.plain_tables import TableHead, read_head
from claims.models import Listing
from claims.services import mappings, permissions, uploads
from claims.services.uploads import FIRST_YEAR, last_year
from claims.terms import ListingState, YearSource

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)


FILE_GONE = "Its stored file is gone. Upload it again."


def store_upload(
    file: BinaryIO, *, name: str, actor: str, uploaded_by: User | None = None, year: int | None = None
) -> tuple[Listing, bool]:
    """Store a file under its SHA-256 and return its listing, and whether it is new.

    The same bytes again give the listing that they had, whoever brings them; one that failed is tried again. A year is taken over where
    none was given yet and nobody said that it is not known, from who may manage the listing. One that was stopped or withdrawn stays
    so; a table whose columns nobody has named yet waits for that. `year` completes dates that the file prints without one;
    `uploaded_by` None is the operator. Raises `ListingTooLargeError` above MAX_UPLOAD_MB, `EmptyListingError`, `UnknownFormatError` or
    another `ListingError` for what is no listing, `TooManyUploadsError` for what would be read while MAX_OPEN_UPLOADS of its uploader
    are open, and `StorageError` where the disk or the database takes nothing more; nothing is kept then.
    """
    name = clean_name(name)
    if year is not None and not FIRST_YEAR <= year <= last_year():
        raise ListingError(f"{name} was not read. Its year can't be {year}; give one from {FIRST_YEAR} to {last_year()}.")
    try:
        listing, created = _store(file, name=name, actor=actor, uploaded_by=uploaded_by, year=year)
    except OSError as error:
        raise _not_stored(name, error) from error
    except OperationalError as error:
        if not _says_no_room(error):
            raise
        raise _not_stored(name, error) from error
    if not created and listing.state == ListingState.FAILED and listing.name != name and not listing.chunks.exists():
        # It failed before anything of it was read, maybe for its name: that of timm's tables says what was measured.
        Listing.objects.filter(pk=listing.pk, state=ListingState.FAILED).update(name=name)
    # Somebody else who brings the same bytes at the same time may have done it already.
    with contextlib.suppress(InvalidDecisionError):
        if not created and listing.state == ListingState.FAILED:
            uploads.retry(listing, actor=actor)
    listing.refresh_from_db()
    with contextlib.suppress(InvalidDecisionError):
        if not created and year is not None and _takes_year(listing, uploaded_by):
            uploads.set_year(listing, year, actor=actor)
    return listing, created


def _takes_year(listing: Listing, brought_by: User | None) -> bool:
    """Say whether the year that comes with the same bytes again becomes the listing's: it moves the papers of who uploaded it first."""
    if listing.year_source == YearSource.GIVEN or listing.state == ListingState.WITHDRAWN or uploads.is_year_decided(listing):
        return False
    return brought_by is None or permissions.may_manage_listing(brought_by, listing)


def _store(file: BinaryIO, *, name: str, actor: str, uploaded_by: User | None, year: int | None) -> tuple[Listing, bool]:
    """Copy, look at and keep a file, and make its row. Row and file come together: the file is in its place before others see the row.

    Within the transaction the row comes first: who brings the same bytes meanwhile waits there until the file is placed, or never is.
    """
    incoming = settings.DATA_DIR / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(handle, "w+b") as copy:
            sha256, size = _copy(file, copy, name)
            copy.seek(0)
            try:
                reader, encoding = registry.detect(copy)
                # Who uploads it is asked at once, not when a worker has found time to look at it.
                unmapped = reader.needs_mapping and not mappings.find_mapping(read_head(copy, encoding, rows=0).headers)
            except ListingError as error:
                raise type(error)(f"{name} was not read. {error.message}") from error
        target = stored_path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        placed = False
        try:
            with transaction.atomic():
                if uploaded_by is not None:
                    _check_open_uploads(uploaded_by, name, sha256)
                found = Listing.objects.get_or_create(
                    sha256=sha256,
                    defaults={
                        "name": name,
                        "size": size,
                        "format": reader.name,
                        "encoding": encoding,
                        "state": ListingState.UNMAPPED if unmapped else ListingState.WAITING,
                        "year": year,
                        "year_source": settle_year(year, None)[1] or "",
                        "uploaded_by": uploaded_by,
                        "actor": actor,
                    },
                )
                placed = True
                Path(temporary).replace(target)
            return found
        except Exception:
            if placed:
                _remove_unlisted(target, sha256)
            raise
    finally:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)


def _check_open_uploads(user: User, name: str, sha256: str) -> None:
    """Raise `TooManyUploadsError` for a new file of a user who has too much under way.

    Part of the caller's transaction. One that is known already counts when it is opened again.
    """
    if not Listing.objects.filter(sha256=sha256).exists():
        uploads.check_open_uploads(user, actor=user.get_username(), refused=f"{name} was not stored.", again="upload it again")


def _remove_unlisted(path: Path, sha256: str) -> None:
    """Remove a file whose row could not be kept, unless it is that of somebody else's row.

    A row that somebody is making is waited for; and as long as this one stands in its place, nobody places the file.
    """
    with contextlib.suppress(OSError, AnyDatabaseError), transaction.atomic():
        _, made = Listing.objects.get_or_create(sha256=sha256, defaults={"name": path.name, "size": 0})
        if made:
            path.unlink(missing_ok=True)
        transaction.set_rollback(True)


_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_DATABASE_TAKES_NOTHING = ("is full", "no space left", "disk full", "readonly database", "read-only")


def _says_no_room(error: OperationalError) -> bool:
    said = str(error).lower()
    return any(words in said for words in _DATABASE_TAKES_NOTHING)


def _not_stored(name: str, error: OSError | OperationalError) -> StorageError:
    logger.error("%s was not stored: %s. Make room in %s, or let the site write there.", name, error, settings.DATA_DIR)
    return StorageError(f"{name} was not stored: {explain_storage(error)}")


def explain_storage(error: OSError | OperationalError) -> str:
    """Return why nothing can be stored, and what a reader can do, as sentences without the server's paths."""
    full = "read" not in str(error).lower() if isinstance(error, OperationalError) else error.errno in _NO_ROOM
    what = "the site's disk is full" if full else "the site can't write to its disk"
    return f"{what}. Nothing of it was kept. Tell the operator of this site, and upload it again later."


def _copy(source: BinaryIO, target: BinaryIO, name: str) -> tuple[str, int]:
    limit = settings.MAX_UPLOAD_MB * 1024 * 1024
    sha256, size = hashlib.sha256(), 0
    while block := source.read(1 << 20):
        size += len(block)
        if size > limit:
            raise ListingTooLargeError(
                f"{name} was not read. It is larger than {settings.MAX_UPLOAD_MB} MB, the most that this site takes; split it."
            )
        sha256.update(block)
        target.write(block)
    target.flush()
    os.fsync(target.fileno())
    return sha256.hexdigest(), size


def stored_path(sha256: str) -> Path:
    """Return where the file of that hash is kept."""
    folder: Path = settings.UPLOAD_DIR
    return folder / sha256[:2] / sha256


@contextlib.contextmanager
def keeping_nothing() -> Iterator[set[str]]:
    """Undo at the end whatever is written inside, and remove the files that were placed there.

    Whoever stores an upload inside adds its SHA-256 to the set that this gives. One transaction spans it all: on SQLite nobody else
    writes meanwhile, on PostgreSQL who brings the same papers waits.
    """
    placed: set[str] = set()
    try:
        with transaction.atomic():
            yield placed
            transaction.set_rollback(True)
    finally:
        for sha256 in placed:
            _remove_unlisted(stored_path(sha256), sha256)


def read_table_head(listing: Listing) -> TableHead:
    """Return the headers and the first rows of a stored table. Raises `ListingError` if its file is gone or is no table."""
    try:
        with stored_path(listing.sha256).open("rb") as stream:
            return read_head(stream, listing.encoding)
    except FileNotFoundError:
        raise ListingError(FILE_GONE) from None


def clean_name(name: str) -> str:
    """Return a file's name without folders and control characters, at most 255 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isprintable() else " " for c in last).strip()[:255] or "listing"


def remove_leftovers() -> None:
    """Remove what uploads that were cut off left in the incoming folder a day ago or longer."""
    oldest = time.time() - 24 * 3600
    for path in (settings.DATA_DIR / "incoming").glob("*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
