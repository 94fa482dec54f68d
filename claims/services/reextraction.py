"""Reads stored texts again when the extractor or the vocabulary has changed: what is due, cut into chunks, shared out.

As with listings, a message to a worker is only a hint: what is to be done stands in the database. A chunk is a run of papers. What is
due among them is read in one transaction; in others, after that, quoted numbers find the models whose names came or went. Whoever takes
over a chunk that was cut off goes on with whichever of the two is left.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from claims.errors import InvalidDecisionError
from claims.extraction import pipeline
from claims.extraction.vocabulary import Vocabulary, load_vocabulary
from claims.models import Paper, PaperText, Reextraction, ReextractionChunk, Run, RunText
from claims.services import catalog, leases, results, second_reader, statements
from claims.services.papers import lock_papers
from claims.services.rereading import Difference, Reread, read_again
from claims.services.rows import batches
from claims.terms import ChunkState, WorkState

logger = logging.getLogger(__name__)

LINK_BATCH = 100
"""How many quoted names are linked, and their papers settled, in one transaction."""

_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_UNREAD = 0
"""In the place of a run's id: no run has read the text."""


# -- what is due ----------------------------------------------------------------------------------------------------------------


def parse_version(text: str) -> tuple[int, ...]:
    """Return a version's numbers, to compare by: "0.2" is "0.2.0". Raises `InvalidDecisionError` for what is no version."""
    if not _VERSION.fullmatch(text):
        raise InvalidDecisionError(f"“{text}” is no version of the extractor. Versions look like {pipeline.EXTRACTOR_VERSION}.")
    numbers = [int(number) for number in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _is_older(version: str, since: str) -> bool:
    return not _VERSION.fullmatch(version) or parse_version(version) < parse_version(since)


def _check_since(since: str) -> None:
    if since and parse_version(since) > parse_version(pipeline.EXTRACTOR_VERSION):
        raise InvalidDecisionError(
            f"This is extractor {pipeline.EXTRACTOR_VERSION}; nothing can have been read since {since}, which is newer."
        )


def find_due(*, vocabulary_hash: str, since: str = "") -> QuerySet[Paper]:
    """Return the papers whose current text was read last by another run than that of this extractor version and vocabulary, or by none.

    Also those with a mark: a decision on them was taken back that a run had to spare, or numbers in question wait for a second reader's
    answer, where the site has one. `since` leaves out those that were last read by that version or a newer one, whatever the vocabulary
    was then and whether a second reader has looked. An older text of a paper is due when it becomes the current one again; a withdrawn
    paper's is, too, for it may come back.
    """
    others = [
        run.pk
        for run in Run.objects.exclude(extractor_version=pipeline.EXTRACTOR_VERSION, vocabulary_hash=vocabulary_hash)
        if not since or _is_older(run.extractor_version, since)
    ]
    last = RunText.objects.filter(paper_text=OuterRef("current_text")).order_by("-pk").values("run")[:1]
    last_run = Coalesce(Subquery(last, output_field=IntegerField()), _UNREAD)
    marks = Q(stale=True) | Q(unanswered=True) if second_reader.is_configured() and not since else Q(stale=True)
    marked = Exists(RunText.objects.filter(marks, paper_text=OuterRef("current_text")))
    papers = Paper.objects.filter(current_text__isnull=False).alias(last_run=last_run)
    return papers.filter(Q(last_run__in=[_UNREAD, *others]) | Q(marked)).order_by("pk")


def _cut(due: QuerySet[Paper]) -> Iterator[tuple[int, int, int]]:
    """Yield the first and the last id of each run of papers that are due, and how many these are."""
    ids: list[int] = []
    for pk in due.values_list("pk", flat=True).iterator():
        ids.append(pk)
        if len(ids) == settings.CHUNK_SIZE:
            yield ids[0], ids[-1], len(ids)
            ids = []
    if ids:
        yield ids[0], ids[-1], len(ids)


def _read_due(
    first: int, last: int, vocabulary: Vocabulary, *, since: str, actor: str, keep: Callable[[], object] = lambda: None, ask: bool = True
) -> Callable[[], tuple[Run, Reread]]:
    """Extract what is due among papers; return what writes it, as part of a transaction of the caller's.

    Extraction is the slow part and needs no database: it is over before the transaction begins. `keep` is called while it goes on.
    The second reader, where the site has one, is asked too, unless `ask` is False: then only what it answered before counts.
    """
    due = find_due(vocabulary_hash=vocabulary.hash, since=since).filter(pk__range=(first, last))
    readings: dict[int, second_reader.Reading] = {}
    renewed = time.monotonic()
    for text in PaperText.objects.filter(pk__in=list(due.values_list("current_text", flat=True))).order_by("pk"):
        found = pipeline.extract(text.title, text.abstract, vocabulary)
        readings[text.pk] = second_reader.Reading(text.title, text.abstract, found)
        if time.monotonic() - renewed > settings.CHUNK_LEASE_SECONDS / 3:
            keep()
            renewed = time.monotonic()
    second = second_reader.read_open(list(readings.values()), vocabulary, keep=keep, ask=ask)
    read_twice = dict(zip(readings, zip(second.extractions, second.unanswered, strict=True), strict=True))

    def read(text: PaperText) -> statements.Reading:
        if text.pk in read_twice:
            return statements.Reading(text, *read_twice[text.pk])
        # A paper may have got another text meanwhile.
        found = pipeline.extract(text.title, text.abstract, vocabulary)
        late = second_reader.read_open([second_reader.Reading(text.title, text.abstract, found)], vocabulary, ask=False)
        return statements.Reading(text, late.extractions[0], late.unanswered[0])

    def write() -> tuple[Run, Reread]:
        run = statements.get_run(extractor_version=pipeline.EXTRACTOR_VERSION, vocabulary_hash=vocabulary.hash)
        locked = {paper.pk: paper for paper in lock_papers(due.values_list("pk", flat=True))}
        # As it is under the locks: somebody else may have read some of them, or withdrawn what made their texts the current ones.
        still_due = find_due(vocabulary_hash=vocabulary.hash, since=since).filter(pk__in=list(locked))
        reread = read_again([locked[pk] for pk in still_due.values_list("pk", flat=True)], run, read, actor=actor)
        reread.difference.asked = second.asked
        reread.difference.reasons = [second.reason] if second.reason else []
        return run, reread

    return write


# -- the difference, without saving it ------------------------------------------------------------------------------------------


def compare(*, since: str = "", on_papers: Callable[[int], object] | None = None) -> Difference:
    """Return what `start` and the reading after it would change; nothing is saved.

    Each run of papers is read and written as it would be, and taken back. Raises `InvalidDecisionError` for a `since` that is none.
    """
    _check_since(since)
    vocabulary = catalog.present_vocabulary()
    found = Difference()
    with transaction.atomic():
        report = catalog.load_catalogue(load_vocabulary())
        transaction.set_rollback(True)
    for first, last, count in list(_cut(find_due(vocabulary_hash=vocabulary.hash, since=since))):
        write = _read_due(first, last, vocabulary, since=since, actor="", ask=False)
        with transaction.atomic():
            if report.created or report.changed:
                # It is loaded before anything is read again.
                catalog.load_catalogue(load_vocabulary())
            found.add(write()[1].difference)
            transaction.set_rollback(True)
        if on_papers is not None:
            on_papers(count)
    return found


# -- planning and reading -------------------------------------------------------------------------------------------------------


def start(*, actor: str, since: str = "") -> Reextraction | None:
    """Cut what is due into chunks for workers; return the re-extraction, or the one that is running, or None where nothing is due.

    The caller announces it. One of another extractor version or another shipped catalogue that never came to its end is stopped: nobody
    of this release reads on with it. Raises `InvalidDecisionError` for a `since` that is no version or a newer one, and while one with
    another `since` is running.
    """
    _check_since(since)
    try:
        return _start(actor, since)
    except IntegrityError:
        # Of two that begin at once, the second finds out when the first has begun, and joins it.
        return _start(actor, since)


@transaction.atomic
def _start(actor: str, since: str) -> Reextraction | None:
    running = Reextraction.objects.select_for_update(no_key=True).filter(state=WorkState.RUNNING).first()
    if running is not None and (running.extractor_version, running.vocabulary_hash) == _release():
        if running.since != since:
            limit = f"since {running.since}" if running.since else "of all texts"
            raise InvalidDecisionError(f"A re-extraction {limit} is running. Wait until it is done, or stop it first (--stop).")
        return running
    if running is not None:
        another = running.extractor_version != pipeline.EXTRACTOR_VERSION
        _stop(running, f"{f'Extractor {pipeline.EXTRACTOR_VERSION}' if another else 'A release with another catalogue'} took its place.")
    vocabulary = catalog.present_vocabulary()
    parts = list(_cut(find_due(vocabulary_hash=vocabulary.hash, since=since)))
    if not parts:
        return None
    version, vocabulary_hash = _release()
    started = Reextraction.objects.create(
        extractor_version=version,
        vocabulary_hash=vocabulary_hash,
        since=since,
        papers=sum(count for _, _, count in parts),
        actor=actor,
    )
    ReextractionChunk.objects.bulk_create(
        (
            ReextractionChunk(reextraction=started, number=number, first=first, last=last, papers=count)
            for number, (first, last, count) in enumerate(parts)
        ),
        batch_size=500,
    )
    return started


def _release() -> tuple[str, str]:
    """Return the extractor version and the hash of the catalogue that this release ships.

    Not that of the vocabulary in use: a curator who reviews an alias meanwhile changes that for all workers alike.
    """
    return pipeline.EXTRACTOR_VERSION, load_vocabulary().hash


@transaction.atomic
def stop(*, actor: str) -> Reextraction | None:
    """Stop the re-extraction that is running and return it; None where none is. What was read stays, the rest is due as before."""
    running = Reextraction.objects.select_for_update(no_key=True).filter(state=WorkState.RUNNING).first()
    if running is not None:
        _stop(running, f"Stopped by {actor}.")
    return running


def _stop(running: Reextraction, reason: str) -> None:
    # A chunk that is being written at this moment is waited for; one that is being prepared loses its lease and writes nothing.
    unread = running.chunks.filter(run__isnull=True, state__in=[ChunkState.WAITING, ChunkState.LEASED])
    locked = list(unread.select_for_update(no_key=True).order_by("number").values_list("pk", flat=True))
    for ids in batches(locked):
        unread.filter(pk__in=ids).delete()
    running.state, running.error, running.closed = WorkState.STOPPED, reason, timezone.now()
    running.save(update_fields=["state", "error", "closed"])


def read_next_chunk(reextraction_id: int, *, explain: Callable[[Exception], str] = leases.explain_error) -> ReextractionChunk | None:
    """Take the first open chunk, read what is due in it, and return it; None if none is open just now, or for this extractor version.

    Errors are noted on the chunk; raises what `leases.MAY_HEAL`, with the chunk given back.
    """
    chunk = leases.take_first(lambda now: _open_chunks(now).filter(reextraction=reextraction_id).select_related("reextraction", "run"))
    if chunk is not None:
        leases.attempt(chunk, partial(_do_chunk, chunk), of=f"re-extraction {reextraction_id}", explain=explain)
    return chunk


def _open_chunks(now: datetime) -> QuerySet[ReextractionChunk]:
    """Return the chunks that this release may take: a worker of another one, which finds less due or other names, leaves them to others."""
    version, vocabulary_hash = _release()
    ours = Q(
        reextraction__state=WorkState.RUNNING,
        reextraction__extractor_version=version,
        reextraction__vocabulary_hash=vocabulary_hash,
    )
    # Of one that was stopped, too, what is read is brought to its end.
    return ReextractionChunk.objects.filter(leases.is_open(now)).filter(ours | Q(run__isnull=False))


def _do_chunk(chunk: ReextractionChunk) -> None:
    if chunk.run is None:
        _read_chunk(chunk)
    _link_quoted_models(chunk)


def _read_chunk(chunk: ReextractionChunk) -> None:
    vocabulary = catalog.present_vocabulary()
    of = chunk.reextraction
    write = _read_due(chunk.first, chunk.last, vocabulary, since=of.since, actor=of.actor, keep=partial(leases.renew, chunk))
    # Outside the transaction: whoever needs the same new row would wait until this whole chunk is written.
    run = statements.get_run(extractor_version=pipeline.EXTRACTOR_VERSION, vocabulary_hash=vocabulary.hash)
    with transaction.atomic():
        # Who would take it over, or stop it, waits here and finds it read.
        leases.renew(chunk)
        reread = write()[1]
        chunk.run, chunk.names, chunk.difference = run, sorted(reread.names), reread.difference.as_json()
        chunk.save(update_fields=["run", "names", "difference"])


def _link_quoted_models(chunk: ReextractionChunk) -> None:
    """Link what quotes a model whose name came or went, in batches, and end the chunk.

    After the reading, under the models' locks: of two chunks that bring the same name, the second sees what the first has brought.
    """
    for names in batches(chunk.names, LINK_BATCH):
        with transaction.atomic():
            leases.renew(chunk)
            results.settle_papers(statements.link_quoted_models(names))
    leases.finish(chunk)


def close(reextraction_id: int) -> bool:
    """Close a re-extraction whose chunks are all done or failed; say whether this call did it."""
    chunks = ReextractionChunk.objects.filter(reextraction=OuterRef("pk"), state__in=[ChunkState.WAITING, ChunkState.LEASED])
    failed = ReextractionChunk.objects.filter(reextraction=reextraction_id, state=ChunkState.FAILED).order_by("number")
    state, error = WorkState.DONE, ""
    if (first := failed.first()) is not None:
        state = WorkState.FAILED
        error = f"{failed.count()} of its parts could not be read; the rest was. The first: {first.error}"
    running = Reextraction.objects.filter(~Exists(chunks), pk=reextraction_id, state=WorkState.RUNNING)
    return bool(running.update(state=state, error=error, closed=timezone.now()))


def read_in_foreground(reextraction: Reextraction, *, on_papers: Callable[[int], object] | None = None) -> Reextraction:
    """Read all chunks here and now, without a worker, and close; return the re-extraction as it is then.

    Workers stay away as long as this goes on, and take over what it leaves. If one of them holds a chunk, this returns when nothing is
    left to take.
    """
    while True:
        note_hint(reextraction.pk)
        chunk = read_next_chunk(reextraction.pk)
        if chunk is None:
            break
        # Somebody who stops the re-extraction deletes the chunk that is being prepared.
        over = ReextractionChunk.objects.filter(pk=chunk.pk, state__in=[ChunkState.DONE, ChunkState.FAILED]).exists()
        if on_papers is not None and over:
            on_papers(chunk.papers)
    close(reextraction.pk)
    reextraction.refresh_from_db()
    return reextraction


# -- looking after it -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a re-extraction is: papers in chunks that are done or failed, how many chunks wait, and whether anybody took one yet."""

    papers: int
    open_chunks: int
    begun: bool


def read_progress(reextraction_id: int) -> Progress:
    """Return how far a re-extraction is."""
    chunks = ReextractionChunk.objects.filter(reextraction=reextraction_id)
    over: dict[str, Any] = chunks.filter(state__in=[ChunkState.DONE, ChunkState.FAILED]).aggregate(papers=Sum("papers"))
    waiting = chunks.filter(leases.is_open(timezone.now())).count()
    return Progress(over["papers"] or 0, waiting, begun=chunks.exclude(attempts=0).exists())


def read_difference(reextraction: Reextraction) -> Difference:
    """Return what a re-extraction has changed so far."""
    found = Difference()
    for written in reextraction.chunks.filter(run__isnull=False).order_by("number").values_list("difference", flat=True).iterator():
        found.add(Difference.from_json(written))
    return found


def find_work(*, force: bool) -> dict[int, int]:
    """Return the re-extractions that no message may be on its way for, each with how many chunks are open, and close what is done.

    `force` is for a worker that starts: it can't know which messages its predecessor lost.
    """
    for pk in Reextraction.objects.filter(state=WorkState.RUNNING).values_list("pk", flat=True):
        close(pk)
    now = timezone.now()
    work: dict[int, int] = {}
    waiting = Reextraction.objects.filter(pk__in=_open_chunks(now).values("reextraction")).order_by("pk")
    for pk, hinted in waiting.values_list("pk", "hinted"):
        open_ = _open_chunks(now).filter(reextraction=pk)
        # A message that was sent since a lease ran out is enough.
        overdue = open_.filter(state=ChunkState.LEASED, **({"lease_until__gt": hinted} if hinted else {}))
        lost = hinted is None or hinted < now - timedelta(seconds=settings.HINT_SECONDS)
        if (force or lost or overdue.exists()) and (count := open_.count()):
            work[pk] = count
    return work


def note_hint(reextraction_id: int) -> None:
    """Note that workers were just sent a message about it, or need none."""
    Reextraction.objects.filter(pk=reextraction_id).update(hinted=timezone.now())
