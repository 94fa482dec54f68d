"""From a stored listing to results: plans it in chunks, reads the chunks, closes it.

A message to a worker is only a hint; what is to be done stands in the database. A chunk is read in one transaction that is
idempotent by constraints, under a lease; a chunk whose lease ran out is taken over.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from claims import keys
from claims.errors import ListingError
from claims.extraction import pipeline
from claims.extraction.pipeline import EXTRACTOR_VERSION, extract
from claims.listings import registry
from claims.listings.base import ChunkMark, ListedPaper, ListingReader, Problem, Survey, TableRecord, settle_year
from claims.models import Claim, Cost, Listing, ListingChunk, ListingIssue, MLModel, PaperText, RunText
from claims.services import (
    flagging,
    leases,
    mappings,
    papers,
    policy,
    results,
    search_names,
    second_reader,
    statements,
    tables,
    uploads,
    webhooks,
)
from claims.services.catalog import present_vocabulary
from claims.services.leases import MAX_ERRORS, MAX_LEASES, MAY_HEAL, LeaseLostError, explain_error, giving_back, lease_end
from claims.services.storage import FILE_GONE, stored_path
from claims.terms import OPEN_STATES, ChunkState, EntryKind, ListingState, Role, YearSource

if TYPE_CHECKING:
    from claims.extraction.drafts import Extraction
    from claims.extraction.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

RECORDS_PER_PAPER = 5
"""So many records of a table are in a part where a paper would be: they take a fraction of its time."""
RENEW_BYTES = 1 << 21
"""A lease is renewed each time that so much of a file was read: a few seconds, even where every third byte is a title."""
LINK_BATCH = 100
"""How many quoted names are linked, and their papers settled, in one transaction when a listing is closed."""


# -- planning -------------------------------------------------------------------------------------------------------------------


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
        .update(lease_until=lease_end(now, long=True), attempts=F("attempts") + 1)
    )
    if not taken:
        return 0
    listing = Listing.objects.get(pk=listing_id)
    if listing.attempts > MAX_LEASES:
        _fail_listing(listing, ListingState.WAITING, f"Its survey was begun {MAX_LEASES} times and never ended.")
        return 0
    try:
        with _open_stored(listing, keep=lambda: _renew_listing(listing, ListingState.WAITING)) as stream:
            sizes = {"chunk_size": settings.CHUNK_SIZE, "record_chunk_size": settings.CHUNK_SIZE * RECORDS_PER_PAPER}
            reader, survey = registry.survey(stream, **sizes, name=listing.name)
        return _store_plan(listing, reader, survey)
    except ListingError as error:
        _fail_listing(listing, ListingState.WAITING, error.message)
    except LeaseLostError:
        logger.warning("the survey of listing %s was taken over by another worker", listing_id)
    except MAY_HEAL as error:
        logger.error("listing %s could not be surveyed and waits: %s", listing_id, error)
        with giving_back():
            _release_listing(listing, ListingState.WAITING, attempts=listing.attempts - 1)
        raise
    except Exception as error:
        logger.exception("listing %s could not be surveyed", listing_id)
        if _note_failure(listing, ListingState.WAITING, explain(error)):
            return None
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


def _held(listing: Listing, state: ListingState) -> QuerySet[Listing]:
    # Its own lease only: a worker that was away too long must not write over what another has made of the listing meanwhile.
    return Listing.objects.filter(pk=listing.pk, state=state, lease_until=listing.lease_until)


def _renew_listing(listing: Listing, state: ListingState) -> None:
    """Hold a listing's survey or its close for longer. Raises `LeaseLostError` if it was taken over, or the listing was stopped."""
    until = lease_end(timezone.now(), long=True)
    if not _held(listing, state).update(lease_until=until):
        raise LeaseLostError("The listing was taken over.")
    listing.lease_until = until


@transaction.atomic
def _store_plan(listing: Listing, reader: ListingReader, survey: Survey) -> int:
    # Somebody may have said it while the file was surveyed, also that it is not known.
    known = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
    if uploads.is_year_decided(known) or known.year_source == YearSource.GIVEN:
        year, source = known.year, known.year_source
    else:
        year, inferred = settle_year(None, survey.latest_year)
        source = inferred or ""
    mapping = known.mapping or (mappings.find_mapping(survey.headers) if reader.needs_mapping else {})
    unmapped = reader.needs_mapping and not mapping
    won = Listing.objects.filter(pk=listing.pk, state=ListingState.WAITING).update(
        state=ListingState.UNMAPPED if unmapped else ListingState.READING,
        mapping=mapping,
        format=reader.name,
        encoding=survey.encoding,
        variant=survey.variant,
        entry_count=survey.entries,
        latest_year=survey.latest_year,
        year=year,
        year_source=source,
        # From here on these three are about closing it.
        lease_until=None,
        attempts=0,
        failures=0,
    )
    if not won or unmapped:
        return 0
    ListingChunk.objects.bulk_create(
        [
            ListingChunk(listing=listing, number=mark.number, first=mark.first, last=mark.last, offset=mark.offset, line=mark.line)
            for mark in survey.chunks
        ]
    )
    ListingIssue.objects.bulk_create(
        [
            ListingIssue(listing=listing, line=p.line, record=p.record, column=p.column[:200], stated=p.stated[:200], reason=p.reason)
            for p in survey.problems
        ]
    )
    return len(survey.chunks)


@transaction.atomic
def _fail_listing(listing: Listing, state: ListingState, reason: str, **fields: int) -> None:
    failed = {"state": ListingState.FAILED, "error": reason, "closed": timezone.now(), "lease_until": None}
    if _held(listing, state).update(**failed, **fields):
        webhooks.note_listing(listing.pk)


def _release_listing(listing: Listing, state: ListingState, **fields: int) -> None:
    _held(listing, state).update(lease_until=None, **fields)


def _note_failure(listing: Listing, state: ListingState, reason: str) -> bool:
    """Count an error and give the listing back, or fail it after the last; say whether it may be tried again."""
    failures = listing.failures + 1
    again = failures < MAX_ERRORS
    with giving_back():
        if again:
            _release_listing(listing, state, failures=failures)
        else:
            _fail_listing(listing, state, reason, failures=failures)
    return again


# -- reading --------------------------------------------------------------------------------------------------------------------


def read_next_chunk(listing_id: int, *, explain: Callable[[Exception], str] = explain_error) -> ListingChunk | None:
    """Take the first open chunk of a listing, read it, and return it; None if none is open just now.

    An error of the chunk itself is noted, and the chunk stays open until it has failed `MAX_ERRORS` times. Raises what
    `MAY_HEAL`: the chunk is given back as if it had not been taken.
    """
    chunk = _lease_chunk(listing_id)
    if chunk is None:
        return None
    leases.attempt(chunk, partial(_read_chunk, chunk), of=f"listing {listing_id}", explain=explain)
    return chunk


def _lease_chunk(listing_id: int) -> ListingChunk | None:
    return leases.take_first(lambda now: open_chunks(now).filter(listing=listing_id).select_related("listing"))


def open_chunks(now: datetime) -> QuerySet[ListingChunk]:
    """Return the chunks that anybody may take."""
    return ListingChunk.objects.filter(leases.is_open(now), listing__state=ListingState.READING)


def _renew(chunk: ListingChunk) -> None:
    leases.renew(chunk)


def _read_chunk(chunk: ListingChunk) -> None:
    entries, problems = _read_entries(chunk.listing, chunk)
    if registry.get_reader(chunk.listing.format).holds is EntryKind.RECORDS:
        _take_in_records(chunk, [entry for entry in entries if isinstance(entry, TableRecord)], problems)
    else:
        _take_in_papers(chunk, [entry for entry in entries if isinstance(entry, ListedPaper)], problems)


def _take_in_papers(chunk: ListingChunk, listed: list[ListedPaper], problems: list[Problem]) -> None:
    """Read the texts of papers, and write what they state."""
    problems += [Problem(found.first_line, _READ_IN_PART) for found in listed if not pipeline.is_read_whole(found.title, found.abstract)]
    vocabulary = present_vocabulary()
    # Extraction is the slow part and needs no database: it is over before the transaction begins.
    extractions = {}
    renewed = time.monotonic()
    for title, abstract in _unread_texts(listed):
        extractions[title, abstract] = extract(title, abstract, vocabulary)
        if time.monotonic() - renewed > settings.CHUNK_LEASE_SECONDS / 3:
            _renew(chunk)
            renewed = time.monotonic()
    # Outside above all: an endpoint may take its time.
    first = [second_reader.Reading(title, abstract, found) for (title, abstract), found in extractions.items()]
    second = second_reader.read_open(first, vocabulary, keep=partial(_renew, chunk))
    read_twice = dict(zip(extractions, zip(second.extractions, second.unanswered, strict=True), strict=True))
    # Outside, too: whoever needs the same new row would wait until this whole chunk is written.
    run = statements.get_run(extractor_version=EXTRACTOR_VERSION, vocabulary_hash=vocabulary.hash)
    with _writing(chunk):
        merged = papers.merge_entries(chunk.listing, listed)
        read = set(RunText.objects.filter(paper_text__in=merged.texts).values_list("paper_text_id", flat=True))
        readings = [
            statements.Reading(text, *(read_twice.get((text.title, text.abstract)) or _extract_late(text, vocabulary)))
            for text in merged.texts
            if text.pk not in read
        ]
        statements.record_readings(run, readings)
        touched = merged.changed | {reading.text.paper_id for reading in readings}
        # Also of papers that stay as they are: an older text of theirs may come back from a withdrawal.
        touched |= statements.settle_texts(text.paper_id for text in merged.texts)
        policy.accept_new([reading.text.pk for reading in readings])
        results.settle_papers(touched)
        search_names.add_words(touched)
        problems += _left_to_the_rules(chunk.listing, second.reason)
        _end_chunk(
            chunk,
            problems,
            found_claims=sum(len(reading.extraction.claims) for reading in readings),
            found_costs=sum(len(reading.extraction.costs) for reading in readings),
        )


def _take_in_records(chunk: ListingChunk, records: list[TableRecord], problems: list[Problem]) -> None:
    """Read the values of a table's records, and write them."""
    read, unread = tables.read_records(records)
    # Outside the transaction: whoever reads the next part of the same table needs the same new row.
    source = tables.get_import(chunk.listing, collection=registry.get_reader(chunk.listing.format).collection)
    with _writing(chunk):
        written = tables.write_records(source, read)
        results.settle_papers(written.papers, record_ids=written.records)
        search_names.add_words(written.papers, records=written.records)
        _end_chunk(
            chunk,
            [*problems, *unread, *written.problems],
            found_claims=written.claims,
            found_costs=written.costs,
        )


@contextlib.contextmanager
def _writing(chunk: ListingChunk) -> Iterator[None]:
    """Write a part in one transaction that holds its row: who would take it over waits, and finds it done."""
    with transaction.atomic():
        _renew(chunk)
        if not Listing.objects.filter(pk=chunk.listing_id, state=ListingState.READING).exists():
            raise LeaseLostError("The listing was stopped.")
        yield


def _end_chunk(chunk: ListingChunk, problems: list[Problem], **found: int) -> None:
    ListingIssue.objects.bulk_create(
        [
            ListingIssue(
                listing=chunk.listing,
                chunk=chunk,
                line=p.line,
                record=p.record,
                column=p.column[:200],
                stated=p.stated[:200],
                reason=p.reason,
            )
            for p in problems
        ],
        batch_size=500,
    )
    leases.finish(chunk, **found)


def _read_entries(listing: Listing, chunk: ListingChunk) -> tuple[list[ListedPaper | TableRecord], list[Problem]]:
    survey = Survey(
        encoding=listing.encoding,
        variant=listing.variant,
        entries=listing.entry_count,
        latest_year=listing.latest_year,
        mapping=mappings.read_mapping(listing.mapping) if listing.mapping else None,
    )
    mark = ChunkMark(number=chunk.number, first=chunk.first, last=chunk.last, offset=chunk.offset, line=chunk.line)
    entries: list[ListedPaper | TableRecord] = []
    problems: list[Problem] = []
    with _open_stored(listing, keep=lambda: _renew(chunk)) as stream:
        for found in registry.get_reader(listing.format).read(stream, survey, mark):
            if isinstance(found, Problem):
                if found.fatal:
                    raise ListingError(found.reason)
                problems.append(found)
            else:
                entries.append(found)
    return entries, problems


_READ_IN_PART = (
    f"The text is very long. Numbers are looked for in the first {pipeline.MAX_TITLE:,} characters of a title and "
    f"{pipeline.MAX_ABSTRACT:,} of an abstract."
)


def _left_to_the_rules(listing: Listing, reason: str) -> list[Problem]:
    """Return what the receipt says of papers that the second reader did not read, once for all of a listing's parts."""
    said = f"Of some papers, the second reader did not look at the numbers that the rules left open: {reason}."
    return [] if not reason or listing.issues.filter(reason=said).exists() else [Problem(None, said)]


def _extract_late(text: PaperText, vocabulary: Vocabulary) -> tuple[Extraction, frozenset[second_reader.Number]]:
    """Extract a text that turned out to be unread only now, within the transaction: no endpoint is waited for here."""
    first = second_reader.Reading(text.title, text.abstract, extract(text.title, text.abstract, vocabulary))
    second = second_reader.read_open([first], vocabulary)
    return second.extractions[0], second.unanswered[0]


def _unread_texts(listed: list[ListedPaper]) -> list[tuple[str, str]]:
    """Return the (title, abstract) pairs that no run has read yet, in their order. Others may add them meanwhile: checked again later."""
    shas = {keys.text_sha256(entry.title, entry.abstract): (entry.title, entry.abstract) for entry in listed}
    known = PaperText.objects.filter(sha256__in=shas).filter(Exists(RunText.objects.filter(paper_text=OuterRef("pk"))))
    for sha in known.values_list("sha256", flat=True):
        shas.pop(sha, None)
    return list(shas.values())


# -- closing and sweeping -------------------------------------------------------------------------------------------------------


def close_listing(listing_id: int, *, explain: Callable[[Exception], str] = explain_error) -> bool | None:
    """Close a listing whose chunks are all done or failed; say whether this call did it.

    Many may try, one at a time does it. Quoted baselines find the models that the listing introduced, whatever the order of reading:
    in batches, a transaction each, and a close that comes after one that was cut off does the rest. Returns None if it raised an error
    that may not come again: the listing stays open until that has happened `MAX_ERRORS` times without a step forward between. Raises
    what `MAY_HEAL`: the listing is given back as if it had not been taken.
    """
    now = timezone.now()
    open_ = ListingChunk.objects.filter(listing=OuterRef("pk"), state__in=[ChunkState.WAITING, ChunkState.LEASED])
    taken = (
        Listing.objects.filter(pk=listing_id, state=ListingState.READING)
        .filter(~Exists(open_), Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        .update(lease_until=lease_end(now, long=True), attempts=F("attempts") + 1)
    )
    if not taken:
        return False
    listing = Listing.objects.get(pk=listing_id)
    if listing.attempts > MAX_LEASES:
        _fail_listing(listing, ListingState.READING, f"Its parts were read; closing it was begun {MAX_LEASES} times and never ended.")
        return False
    try:
        names = sorted(_find_quoted_names(listing_id))
        for first in range(0, len(names), LINK_BATCH):
            _renew_listing(listing, ListingState.READING)
            _link_quoted_models(listing, names[first : first + LINK_BATCH])
        return _end_reading(listing)
    except LeaseLostError:
        logger.warning("the close of listing %s was taken over by another worker, or the listing withdrawn", listing_id)
    except MAY_HEAL as error:
        logger.error("listing %s could not be closed and waits: %s", listing_id, error)
        with giving_back():
            _release_listing(listing, ListingState.READING, attempts=listing.attempts - 1)
        raise
    except Exception as error:
        logger.exception("listing %s is read but could not be closed", listing_id)
        if _note_failure(listing, ListingState.READING, f"Its parts were read, but it could not be closed: {explain(error)}"):
            return None
    return False


def _find_quoted_names(listing_id: int) -> set[str]:
    """Return the keys of the models that the listing introduces, those of a table among them, and of those that it quotes."""
    listed = Q(paper_text__entries__listing=listing_id)
    names = set(MLModel.objects.filter(introduced_by__texts__entries__listing=listing_id).values_list("name_key", flat=True))
    for table in (Claim, Cost):
        names |= set(table.objects.filter(listed, role=Role.BASELINE).values_list("model_key", flat=True))
        names |= set(table.objects.filter(source_record__source__listing=listing_id).values_list("model_key", flat=True))
    return names


@transaction.atomic
def _link_quoted_models(listing: Listing, names: list[str]) -> None:
    # Who would take the close over, or withdraw the listing, waits for this batch.
    if _held(listing, ListingState.READING).select_for_update(no_key=True).first() is None:
        raise LeaseLostError("The close was taken over.")
    changed = statements.link_quoted_models(names)
    if changed:
        results.settle_papers(changed)
        # A step forward: a long close that time ran out for again and again is not one that fails again and again.
        Listing.objects.filter(pk=listing.pk).update(attempts=1, failures=0)
        listing.attempts, listing.failures = 1, 0


@transaction.atomic
def _end_reading(listing: Listing) -> bool:
    failed = ListingChunk.objects.filter(listing=listing, state=ChunkState.FAILED).order_by("number")
    state, error = ListingState.DONE, ""
    if (first := failed.first()) is not None:
        state = ListingState.FAILED
        error = (
            f"{failed.count()} of its parts could not be read; the rest was. "
            f"The first is entries {first.first + 1} to {first.last + 1}: {first.error}"
        )
    if not _held(listing, ListingState.READING).update(state=state, error=error, closed=timezone.now(), lease_until=None):
        return False
    webhooks.note_listing(listing.pk)
    return True


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
    listings = Listing.objects.filter(state__in=OPEN_STATES)
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
    while close_listing(listing.pk) is None:
        pass
    while uploads.settle_next(listing.pk):
        pass
    flagging.flag_outdated()
    listing.refresh_from_db()
    return listing
