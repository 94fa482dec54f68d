"""From an uploaded file to results: stores it, plans it in chunks, reads the chunks, closes it.

A message to a worker is only a hint; what is to be done stands in the database. A chunk is read in one transaction that is
idempotent by constraints, under a lease; a chunk whose lease ran out is taken over.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import Error as AnyDatabaseError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from claims import keys
from claims.errors import ClaimsError, InvalidDecisionError, ListingError, ListingTooLargeError, StorageError, TooManyUploadsError
from claims.extraction import pipeline
from claims.extraction.pipeline import EXTRACTOR_VERSION, extract
from claims.listings import registry
from claims.listings.base import ChunkMark, ListedPaper, Problem, Survey, settle_year
from claims.models import Alias, Claim, Cost, Decision, Listing, ListingChunk, ListingIssue, MLModel, PaperText, RunText
from claims.services import papers, results, search_names, statements, uploads
from claims.services.catalog import read_vocabulary
from claims.services.uploads import FIRST_YEAR, LAST_YEAR
from claims.terms import ChunkState, ListingState, Role, YearSource

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from claims.extraction.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

FILE_GONE = "Its stored file is gone. Upload it again."
MAX_ERRORS = 3
"""A survey or a chunk that raises so often has failed, and its listing with it."""
MAX_LEASES = 10
"""A survey or a chunk that was taken so often without an end keeps killing its worker: it has failed, too.

A bound of its own, and a higher one: an error is the listing's, but a worker also dies of what is not (a machine switched off, a
deployment, a neighbour that ate the memory), and three of those in a row must not cost anybody a listing.
"""
MAY_HEAL = (OperationalError, InterfaceError, OSError)
"""The database or the disk is away, or two transactions stood in each other's way. psycopg says `InterfaceError` of a connection
that broke before. None of this says anything about the listing, so it uses up none of its chances.
"""
RENEW_BYTES = 1 << 21
"""A lease is renewed each time that so much of a file was read: a few seconds, even where every third byte is a title."""


class LeaseLostError(ClaimsError):
    """Somebody else took the work over while it was being done; nothing was written."""

    code = "lease_lost"


# -- storing --------------------------------------------------------------------------------------------------------------------


def store_upload(
    file: BinaryIO, *, name: str, actor: str, uploaded_by: User | None = None, year: int | None = None
) -> tuple[Listing, bool]:
    """Store a file under its SHA-256 and return its listing, and whether it is new.

    The same bytes again give the listing that they had, whoever brings them; one that failed is tried again, and a year is taken
    over where none was given yet. One that was stopped or withdrawn stays so. `year` completes dates that the file prints without
    one. Raises `ListingTooLargeError` above MAX_UPLOAD_MB, `EmptyListingError`, `UnknownFormatError` or another `ListingError` for
    what is no listing, `TooManyUploadsError` for a new file while MAX_OPEN_UPLOADS of `uploaded_by` are open, and `StorageError` where
    the disk or the database takes nothing more; nothing is kept then.
    """
    name = clean_name(name)
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise ListingError(f"{name} was not read. Its year can't be {year}; give one from {FIRST_YEAR} to {LAST_YEAR}.")
    try:
        listing, created = _store(file, name=name, actor=actor, uploaded_by=uploaded_by, year=year)
    except OSError as error:
        raise _not_stored(name, error) from error
    except OperationalError as error:
        if not _says_no_room(error):
            raise
        raise _not_stored(name, error) from error
    # Somebody else who brings the same bytes at the same time may have done it already.
    with contextlib.suppress(InvalidDecisionError):
        if not created and listing.state == ListingState.FAILED:
            uploads.retry(listing, actor=actor)
    listing.refresh_from_db()
    with contextlib.suppress(InvalidDecisionError):
        if not created and year is not None and listing.year_source != YearSource.GIVEN and listing.state != ListingState.WITHDRAWN:
            uploads.set_year(listing, year, actor=actor)
    return listing, created


def _store(file: BinaryIO, *, name: str, actor: str, uploaded_by: User | None, year: int | None) -> tuple[Listing, bool]:
    """Copy, look at and keep a file, and make its row. Row and file come together: the file is in its place before others see the row."""
    incoming = settings.DATA_DIR / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(handle, "w+b") as copy:
            sha256, size = _copy(file, copy, name)
            copy.seek(0)
            try:
                reader, encoding = registry.detect(copy)
            except ListingError as error:
                raise type(error)(f"{name} was not read. {error.message}") from error
        target = stored_path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        was_there, placed = target.exists(), False
        try:
            with transaction.atomic():
                if uploaded_by is not None:
                    _check_open_uploads(uploaded_by, name, sha256)
                Path(temporary).replace(target)
                placed = True
                return Listing.objects.get_or_create(
                    sha256=sha256,
                    defaults={
                        "name": name,
                        "size": size,
                        "format": reader.name,
                        "encoding": encoding,
                        "year": year,
                        "year_source": settle_year(year, None)[1] or "",
                        "uploaded_by": uploaded_by,
                        "actor": actor,
                    },
                )
        except Exception:
            if placed and not was_there:
                _remove_unlisted(target, sha256)
            raise
    finally:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)


def _check_open_uploads(user: User, name: str, sha256: str) -> None:
    """Raise `TooManyUploadsError` for a new file of a user who has too much under way.

    Part of the caller's transaction. The user's row is locked, so that of many uploads at once each counts those before it.
    """
    get_user_model()._default_manager.select_for_update().filter(pk=user.pk).first()
    if Listing.objects.filter(sha256=sha256).exists():
        return
    count = Listing.objects.filter(uploaded_by=user, state__in=[ListingState.WAITING, ListingState.READING]).count()
    if count >= settings.MAX_OPEN_UPLOADS:
        raise TooManyUploadsError(
            f"{name} was not stored. {count} of your uploads still wait or are being read, the most that this site takes at once. "
            "Wait until some of them are read, then upload it again."
        )


def _remove_unlisted(path: Path, sha256: str) -> None:
    """Remove a file whose row could not be made, unless somebody else's row came meanwhile."""
    with contextlib.suppress(OSError, OperationalError):
        if not Listing.objects.filter(sha256=sha256).exists():
            path.unlink(missing_ok=True)


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


def clean_name(name: str) -> str:
    """Return a file's name without folders and control characters, at most 255 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isprintable() else " " for c in last).strip()[:255] or "listing"


# -- planning -------------------------------------------------------------------------------------------------------------------


def explain_error(error: Exception) -> str:
    """Return an error as the reader of a failed listing is told it."""
    return (error.message if isinstance(error, ClaimsError) else f"{type(error).__name__}: {error}")[:2000]


def plan_listing(listing_id: int, *, explain: Callable[[Exception], str] = explain_error) -> int | None:
    """Survey a waiting listing and cut it into chunks, in one transaction; return how many there are.

    Returns 0 for a listing that is no longer waiting, or that somebody else is surveying, and None if its survey raised an error
    that may not come again: it waits on, until it has failed `MAX_ERRORS` times. A file that can't be read fails its listing
    at once, with the reason. Raises what `MAY_HEAL`: the listing is given back as if it had not been taken.
    """
    now = timezone.now()
    taken = (
        Listing.objects.filter(pk=listing_id, state=ListingState.WAITING)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        .update(lease_until=_lease_end(now, long=True), attempts=F("attempts") + 1)
    )
    if not taken:
        return 0
    listing = Listing.objects.get(pk=listing_id)
    if listing.attempts > MAX_LEASES:
        _fail_listing(listing, f"Its survey was begun {MAX_LEASES} times and never ended.")
        return 0
    try:
        with _open_stored(listing, keep=lambda: _renew_survey(listing)) as stream:
            reader, survey = registry.survey(stream, chunk_size=settings.CHUNK_SIZE)
        return _store_plan(listing, reader.name, survey)
    except ListingError as error:
        _fail_listing(listing, error.message)
    except LeaseLostError:
        logger.warning("the survey of listing %s was taken over by another worker", listing_id)
    except MAY_HEAL as error:
        logger.error("listing %s could not be surveyed and waits: %s", listing_id, error)
        with _giving_back():
            _release_listing(listing, attempts=listing.attempts - 1)
        raise
    except Exception as error:
        logger.exception("listing %s could not be surveyed", listing_id)
        with _giving_back():
            _release_listing(listing, failures=listing.failures + 1)
            if listing.failures + 1 < MAX_ERRORS:
                return None
            _fail_listing(listing, explain(error))
    return 0


class _KeepingReader(io.BufferedReader):
    """A stored file that calls `keep` each time that `RENEW_BYTES` more of it were read."""

    def __init__(self, file: io.FileIO, keep: Callable[[], object]) -> None:
        super().__init__(file)
        self._keep = keep
        self._unkept = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self._unkept += len(block)
        if self._unkept >= RENEW_BYTES:
            self._unkept = 0
            self._keep()
        return block


def _open_stored(listing: Listing, *, keep: Callable[[], object]) -> _KeepingReader:
    """Open a listing's file. Raises `ListingError` if it is gone or no longer the one that was uploaded: offsets would lie."""
    path = stored_path(listing.sha256)
    try:
        file = io.FileIO(path)
    except FileNotFoundError:
        if not settings.UPLOAD_DIR.is_dir():
            raise  # the whole folder is away, as a disk that is not mounted: it may come back
        raise ListingError(FILE_GONE) from None
    stat = os.fstat(file.fileno())
    if _sha256_of(path, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) != listing.sha256:
        file.close()
        raise ListingError("Its stored file was changed since it was uploaded. Upload it again.")
    return _KeepingReader(file, keep)


@lru_cache(maxsize=256)
def _sha256_of(path: Path, *version: int) -> str:
    """Return a file's hash, computed once for each state of the file that its inode, size and times tell apart."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _renew_survey(listing: Listing) -> None:
    """Hold the survey for longer. Raises `LeaseLostError` if it was taken over."""
    until = _lease_end(timezone.now(), long=True)
    mine = Listing.objects.filter(pk=listing.pk, state=ListingState.WAITING, lease_until=listing.lease_until)
    if not mine.update(lease_until=until):
        raise LeaseLostError("The survey was taken over.")
    listing.lease_until = until


@transaction.atomic
def _store_plan(listing: Listing, reader: str, survey: Survey) -> int:
    # Somebody may have said it while the file was surveyed, also that it is not known.
    known = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
    said = Decision.objects.filter(
        object_kind="listing", object_id=listing.pk, change_set__action="set year", change_set__undone_by__isnull=True
    ).exists()
    if said or known.year_source == YearSource.GIVEN:
        year, source = known.year, known.year_source
    else:
        year, inferred = settle_year(None, survey.latest_year)
        source = inferred or ""
    won = Listing.objects.filter(pk=listing.pk, state=ListingState.WAITING).update(
        state=ListingState.READING,
        format=reader,
        encoding=survey.encoding,
        variant=survey.variant,
        entry_count=survey.entries,
        latest_year=survey.latest_year,
        year=year,
        year_source=source,
        lease_until=None,
    )
    if not won:
        return 0
    ListingChunk.objects.bulk_create(
        [
            ListingChunk(listing=listing, number=mark.number, first=mark.first, last=mark.last, offset=mark.offset, line=mark.line)
            for mark in survey.chunks
        ]
    )
    ListingIssue.objects.bulk_create([ListingIssue(listing=listing, line=p.line, reason=p.reason) for p in survey.problems])
    return len(survey.chunks)


def _fail_listing(listing: Listing, reason: str) -> None:
    # Its own lease only: a worker that was away too long must not fail what another has surveyed meanwhile.
    Listing.objects.filter(pk=listing.pk, state=ListingState.WAITING, attempts=listing.attempts).update(
        state=ListingState.FAILED, error=reason, closed=timezone.now(), lease_until=None
    )


def _release_listing(listing: Listing, **fields: int) -> None:
    # Its own lease only: meanwhile another worker may have begun.
    Listing.objects.filter(pk=listing.pk, state=ListingState.WAITING, attempts=listing.attempts).update(lease_until=None, **fields)


@contextlib.contextmanager
def _giving_back() -> Iterator[None]:
    """Give work back after an error, on a new connection if the old one is dead. If even that fails, the lease runs out."""
    try:
        if not connection.in_atomic_block:  # else it is the caller's to end
            connection.close_if_unusable_or_obsolete()
        yield
    except (*MAY_HEAL, AnyDatabaseError) as error:
        logger.warning("work could not be given back and is taken up again when its lease has run out: %s", error)


def _lease_end(now: datetime, *, long: bool = False) -> datetime:
    # A survey of the largest file takes minutes where a chunk takes a second.
    return now + timedelta(seconds=settings.CHUNK_LEASE_SECONDS * (5 if long else 1))


# -- reading --------------------------------------------------------------------------------------------------------------------


def read_next_chunk(listing_id: int, *, explain: Callable[[Exception], str] = explain_error) -> ListingChunk | None:
    """Take the first open chunk of a listing, read it, and return it; None if none is open just now.

    An error of the chunk itself is noted, and the chunk stays open until it has failed `MAX_ERRORS` times. Raises what
    `MAY_HEAL`: the chunk is given back as if it had not been taken.
    """
    chunk = _lease_chunk(listing_id)
    if chunk is None:
        return None
    try:
        _read_chunk(chunk)
    except LeaseLostError:
        logger.warning("chunk %s of listing %s was taken over by another worker, or stopped", chunk.number, listing_id)
    except MAY_HEAL as error:
        logger.error("chunk %s of listing %s could not be read and waits: %s", chunk.number, listing_id, error)
        with _giving_back():
            _release(chunk, ChunkState.WAITING, attempts=chunk.attempts - 1)
        raise
    except Exception as error:
        logger.exception("chunk %s of listing %s could not be read", chunk.number, listing_id)
        failed = chunk.failures + 1 >= MAX_ERRORS
        with _giving_back():
            _release(chunk, ChunkState.FAILED if failed else ChunkState.WAITING, failures=chunk.failures + 1, error=explain(error))
    return chunk


def _lease_chunk(listing_id: int) -> ListingChunk | None:
    while True:
        with transaction.atomic():
            now = timezone.now()
            # Who looks at the same moment takes the next chunk and does not wait for this one.
            chunk = (
                open_chunks(now)
                .select_for_update(of=("self",), skip_locked=True)
                .filter(listing=listing_id)
                .order_by("number")
                .select_related("listing")
                .first()
            )
            if chunk is None:
                return None
            if chunk.attempts < MAX_LEASES:
                chunk.state, chunk.lease_owner, chunk.lease_until = ChunkState.LEASED, secrets.token_hex(16), _lease_end(now)
                chunk.attempts += 1
                chunk.save(update_fields=["state", "lease_owner", "lease_until", "attempts"])
                return chunk
            chunk.state, chunk.lease_until = ChunkState.FAILED, None
            chunk.error = f"Reading it was begun {MAX_LEASES} times and never ended."
            chunk.save(update_fields=["state", "lease_until", "error"])


def open_chunks(now: datetime) -> QuerySet[ListingChunk]:
    """Return the chunks that anybody may take: waiting, or leased by somebody whose time is over."""
    return ListingChunk.objects.filter(
        Q(state=ChunkState.WAITING) | Q(state=ChunkState.LEASED, lease_until__lt=now), listing__state=ListingState.READING
    )


def _renew(chunk: ListingChunk) -> None:
    """Hold the chunk for longer. Raises `LeaseLostError` if it was taken over."""
    mine = ListingChunk.objects.filter(pk=chunk.pk, lease_owner=chunk.lease_owner, state=ChunkState.LEASED)
    if not mine.update(lease_until=_lease_end(timezone.now())):
        raise LeaseLostError("The chunk was taken over.")


def _release(chunk: ListingChunk, state: ChunkState, **fields: int | str) -> None:
    mine = ListingChunk.objects.filter(pk=chunk.pk, lease_owner=chunk.lease_owner, state=ChunkState.LEASED)
    mine.update(state=state, lease_owner="", lease_until=None, **fields)


def _read_chunk(chunk: ListingChunk) -> None:
    listing = chunk.listing
    listed, problems = _read_entries(listing, chunk)
    vocabulary = _vocabulary()
    # Extraction is the slow part and needs no database: it is over before the transaction begins.
    extractions = {}
    renewed = time.monotonic()
    for title, abstract in _unread_texts(listed):
        extractions[title, abstract] = extract(title, abstract, vocabulary)
        if time.monotonic() - renewed > settings.CHUNK_LEASE_SECONDS / 3:
            _renew(chunk)
            renewed = time.monotonic()
    # Outside, too: whoever needs the same new row would wait until this whole chunk is written.
    run = statements.get_run(extractor_version=EXTRACTOR_VERSION, vocabulary_hash=vocabulary.hash)
    with transaction.atomic():
        # From here on the chunk's row is locked: who would take it over waits, and finds it done.
        _renew(chunk)
        if not Listing.objects.filter(pk=listing.pk, state=ListingState.READING).exists():
            raise LeaseLostError("The listing was stopped.")
        merged = papers.merge_entries(listing, listed)
        read = set(RunText.objects.filter(paper_text__in=merged.texts).values_list("paper_text_id", flat=True))
        readings = [
            statements.Reading(text, extractions.get((text.title, text.abstract)) or extract(text.title, text.abstract, vocabulary))
            for text in merged.texts
            if text.pk not in read
        ]
        statements.record_readings(run, readings)
        touched = merged.changed | {reading.text.paper_id for reading in readings}
        statements.settle_texts(touched)
        results.settle_papers(touched)
        search_names.add_words(touched)
        ListingIssue.objects.bulk_create([ListingIssue(listing=listing, chunk=chunk, line=p.line, reason=p.reason) for p in problems])
        done = ListingChunk.objects.filter(pk=chunk.pk, state=ChunkState.LEASED, lease_owner=chunk.lease_owner).update(
            state=ChunkState.DONE,
            lease_owner="",
            lease_until=None,
            error="",
            closed=timezone.now(),
            found_claims=sum(len(reading.extraction.claims) for reading in readings),
            found_costs=sum(len(reading.extraction.costs) for reading in readings),
        )
        if not done:
            raise LeaseLostError("The chunk was taken over.")


def _read_entries(listing: Listing, chunk: ListingChunk) -> tuple[list[ListedPaper], list[Problem]]:
    survey = Survey(encoding=listing.encoding, variant=listing.variant, entries=listing.entry_count, latest_year=listing.latest_year)
    mark = ChunkMark(number=chunk.number, first=chunk.first, last=chunk.last, offset=chunk.offset, line=chunk.line)
    listed: list[ListedPaper] = []
    problems: list[Problem] = []
    with _open_stored(listing, keep=lambda: _renew(chunk)) as stream:
        for found in registry.get_reader(listing.format).read(stream, survey, mark):
            if isinstance(found, Problem):
                if found.fatal:
                    raise ListingError(found.reason)
                problems.append(found)
            else:
                listed.append(found)
                if not pipeline.is_read_whole(found.title, found.abstract):
                    problems.append(Problem(found.first_line, _READ_IN_PART))
    return listed, problems


_READ_IN_PART = (
    f"The text is very long. Numbers are looked for in the first {pipeline.MAX_TITLE:,} characters of a title and "
    f"{pipeline.MAX_ABSTRACT:,} of an abstract."
)


def _unread_texts(listed: list[ListedPaper]) -> set[tuple[str, str]]:
    """Return the (title, abstract) pairs that no run has read yet. Others may add them meanwhile: checked again later."""
    shas = {keys.text_sha256(entry.title, entry.abstract): (entry.title, entry.abstract) for entry in listed}
    known = PaperText.objects.filter(sha256__in=shas).filter(Exists(RunText.objects.filter(paper_text=OuterRef("pk"))))
    for sha in known.values_list("sha256", flat=True):
        shas.pop(sha, None)
    return set(shas.values())


def _vocabulary() -> Vocabulary:
    """Return the vocabulary with the catalogue's reviewed aliases, built again only when those change."""
    aliases = Alias.objects.filter(reviewed=True, scope="").order_by("pk")
    return _cached_vocabulary(tuple(aliases.values_list("kind", "key", "task_id", "dataset_id", "metric_id")))


@lru_cache(maxsize=1)
def _cached_vocabulary(aliases: tuple[object, ...]) -> Vocabulary:
    return read_vocabulary()


# -- closing and sweeping -------------------------------------------------------------------------------------------------------


def close_listing(listing_id: int) -> bool:
    """Close a listing whose chunks are all done or failed; say whether this call did it.

    Many may try, one succeeds. Quoted baselines find the models that the listing introduced, whatever the order of reading.
    """
    open_ = ListingChunk.objects.filter(listing=OuterRef("pk"), state__in=[ChunkState.WAITING, ChunkState.LEASED])
    failed = ListingChunk.objects.filter(listing=listing_id, state=ChunkState.FAILED).order_by("number")
    with transaction.atomic():
        won = (
            Listing.objects.filter(pk=listing_id, state=ListingState.READING)
            .filter(~Exists(open_))
            .update(state=ListingState.DONE, closed=timezone.now())
        )
        if not won:
            return False
        _link_quoted_models(listing_id)
        if (first := failed.first()) is not None:
            Listing.objects.filter(pk=listing_id).update(
                state=ListingState.FAILED,
                error=f"{failed.count()} of its parts could not be read; the rest was. "
                f"The first is entries {first.first + 1} to {first.last + 1}: {first.error}",
            )
    return True


def _link_quoted_models(listing_id: int) -> None:
    listed = Q(paper_text__entries__listing=listing_id)
    names = set(MLModel.objects.filter(introduced_by__texts__entries__listing=listing_id).values_list("name_key", flat=True))
    for table in (Claim, Cost):
        names |= set(table.objects.filter(listed, role=Role.BASELINE).values_list("model_key", flat=True))
    changed = statements.link_quoted_models(names)
    if changed:
        results.settle_papers(changed)


@dataclass(frozen=True, slots=True)
class Work:
    """A listing that somebody should work on: how many chunks it has (0 before its survey), and how many workers could help now."""

    listing_id: int
    chunks: int
    open_chunks: int


def count_work(listing_id: int) -> Work:
    """Return what is to be done on a listing; a survey counts as one open chunk."""
    states = list(ListingChunk.objects.filter(listing=listing_id).values_list("state", flat=True))
    return Work(listing_id, len(states), states.count(ChunkState.WAITING) if states else 1)


def find_work(*, force: bool) -> list[Work]:
    """Return the listings that no message may be on its way for: what a sweep hands to the workers.

    `force` is for a worker that starts: it can't know which messages its predecessor lost.
    """
    now = timezone.now()
    listings = Listing.objects.filter(state__in=[ListingState.WAITING, ListingState.READING])
    work = []
    for listing in listings.order_by("pk"):
        chunks = 0
        if listing.state == ListingState.READING:
            chunks = listing.chunks.count()
            count = open_chunks(now).filter(listing=listing).count()
            if not count:
                _close_or_log(listing)
                continue
            # A message that was sent since the lease ran out is enough.
            sent = Q(lease_until__gt=listing.hinted) if listing.hinted else Q()
            overdue = ListingChunk.objects.filter(sent, listing=listing, state=ChunkState.LEASED, lease_until__lt=now).exists()
        else:
            if listing.lease_until is not None and listing.lease_until > now:
                continue
            count, overdue = 1, listing.lease_until is not None
        if force or overdue or listing.hinted is None or listing.hinted < now - timedelta(seconds=settings.HINT_SECONDS):
            work.append(Work(listing.pk, chunks, count))
    return work


def _close_or_log(listing: Listing) -> None:
    """Close a listing; one that can't be closed must not keep the sweep from the others."""
    try:
        close_listing(listing.pk)
    except Exception:
        logger.exception("listing %s is read but could not be closed", listing.pk)


def remove_leftovers() -> None:
    """Remove what uploads that were cut off left in the incoming folder a day ago or longer."""
    oldest = time.time() - 24 * 3600
    for path in (settings.DATA_DIR / "incoming").glob("*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def note_hint(listing_id: int) -> None:
    """Note that workers were just sent a message about the listing."""
    Listing.objects.filter(pk=listing_id).update(hinted=timezone.now())


def ingest_in_foreground(listing: Listing, *, on_chunk: Callable[[ListingChunk], None] | None = None) -> Listing:
    """Plan, read and close a listing here and now, without a worker; return it as it is afterwards.

    If another worker holds a chunk, this returns when nothing is left to take.
    """
    while plan_listing(listing.pk) is None:
        pass
    while True:
        chunk = read_next_chunk(listing.pk)
        if chunk is None:
            break
        if on_chunk is not None:
            on_chunk(chunk)
    close_listing(listing.pk)
    while uploads.settle_next(listing.pk):
        pass
    listing.refresh_from_db()
    return listing
