"""Celery tasks: an id in, a service call, the retry policy."""

from __future__ import annotations

import logging
import time
from functools import partial

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from claims import dumps
from claims.boards.standings import LAYOUT, LEAST_KEPT, make_standings, pack
from claims.errors import DumpError, DumpRunningError, DumpTooEarlyError
from claims.models import Listing, Reextraction
from claims.services import (
    deliveries,
    flagging,
    ingest,
    leases,
    merging,
    receiving,
    reextraction,
    standings,
    storage,
    uploads,
    webhooks,
)

logger = logging.getLogger(__name__)

INTERACTIVE, BULK = "interactive", "bulk"
"""The queues. Somebody waits for what is in the first: surveys, short listings, the sweep. The second has the chunks of long
listings and of re-extractions. A worker takes from the first whatever is there before it looks into the second."""
MOST_SHORT_CHUNKS = 5
"""A listing of more chunks than this is a long one."""
TURN_SECONDS = 2.0
"""How long a worker stays with one listing before it lets others have a turn: so long a short listing waits for a long one."""
MOST_HELPERS = 8
"""How many messages one listing sends out at most: more workers than that don't share it."""


def announce(listing: Listing) -> None:
    """Send workers the message that a listing waits, once the transaction is over."""
    transaction.on_commit(partial(_announce, listing.pk))


def _announce(listing_id: int) -> None:
    work = ingest.count_work(listing_id)
    # One that only has to be closed needs a message, too.
    _send(work, max(1, min(work.open_chunks, MOST_HELPERS)))


def _send(work: ingest.Work, messages: int) -> bool:
    """Send so many messages about a listing to its queue; return False if the broker is away."""
    queue = BULK if work.chunks > MOST_SHORT_CHUNKS else INTERACTIVE
    try:
        for _ in range(messages):
            read_listing.apply_async((work.listing_id,), queue=queue)
    except (BrokerError, OSError) as error:
        # The upload is safe and says "waiting": a later sweep sends the message again.
        logger.warning("listing %s waits, but the broker could not be told: %s", work.listing_id, error)
        return False
    ingest.note_hint(work.listing_id)
    return True


def _explain(error: Exception) -> str:
    if isinstance(error, SoftTimeLimitExceeded):
        return f"Reading it took longer than {settings.CELERY_TASK_SOFT_TIME_LIMIT / 60:g} minutes."
    return leases.explain_error(error)


# A retry is a message, too: where the broker is away it is lost, and the sweep does instead what it does after the last one.
@shared_task(autoretry_for=leases.MAY_HEAL, retry_backoff=1, retry_backoff_max=60, max_retries=6)
def read_listing(listing_id: int) -> None:
    """Plan a listing if nobody has, read its chunks until none is open or the turn is over, close it.

    The one that plans it calls the others for help; a long listing it leaves to the other queue altogether.
    """
    turn_ends = time.monotonic() + TURN_SECONDS
    planned = ingest.plan_listing(listing_id, explain=_explain)
    if planned is None:
        _send(ingest.Work(listing_id, chunks=0, open_chunks=1), 1)
        return
    if planned > MOST_SHORT_CHUNKS:
        if _send(ingest.Work(listing_id, planned, planned), min(planned, MOST_HELPERS)):
            return
    elif planned > 1:
        _send(ingest.Work(listing_id, planned, planned), planned - 1)
    while ingest.read_next_chunk(listing_id, explain=_explain) is not None:
        if time.monotonic() > turn_ends and _send(ingest.count_work(listing_id), 1):
            return
    closed = ingest.close_listing(listing_id, explain=_explain)
    if closed is None:
        _send(ingest.count_work(listing_id), 1)
    elif closed:
        _hint_flags()


def announce_settling(listing: Listing) -> None:
    """Send a worker the message that a listing's papers are to be settled, if they are, once the transaction is over."""
    if listing.unsettled_from is not None:
        transaction.on_commit(partial(_hint_settling, listing.pk))


def _hint_settling(listing_id: int) -> None:
    try:
        settle_listing.apply_async((listing_id,), queue=BULK)
    except (BrokerError, OSError) as error:
        logger.warning("listing %s is to be settled, but the broker could not be told: %s", listing_id, error)
    else:
        ingest.note_hint(listing_id)


@shared_task(autoretry_for=leases.MAY_HEAL, retry_backoff=1, retry_backoff_max=60, max_retries=6)
def settle_listing(listing_id: int) -> None:
    """Settle the papers of a listing that was withdrawn, put back or dated anew, batch by batch."""
    turn_ends = time.monotonic() + TURN_SECONDS
    while uploads.settle_next(listing_id):
        if time.monotonic() > turn_ends:
            _hint_settling(listing_id)
            return


def announce_reextraction(running: Reextraction) -> None:
    """Send workers the message that texts are to be read again, once the transaction is over."""
    transaction.on_commit(lambda: _send_reextraction(running.pk, reextraction.read_progress(running.pk).open_chunks))


def _send_reextraction(reextraction_id: int, open_chunks: int) -> bool:
    """Send at most so many messages about a re-extraction; return False if the broker is away."""
    try:
        for _ in range(min(open_chunks, MOST_HELPERS)):
            reextract.apply_async((reextraction_id,), queue=BULK)
    except (BrokerError, OSError) as error:
        logger.warning("re-extraction %s waits, but the broker could not be told: %s", reextraction_id, error)
        return False
    reextraction.note_hint(reextraction_id)
    return True


@shared_task(autoretry_for=leases.MAY_HEAL, retry_backoff=1, retry_backoff_max=60, max_retries=6)
def reextract(reextraction_id: int) -> None:
    """Read chunks of a re-extraction until none is open or the turn is over, and close it."""
    turn_ends = time.monotonic() + TURN_SECONDS
    while reextraction.read_next_chunk(reextraction_id, explain=_explain) is not None:
        if time.monotonic() > turn_ends and _send_reextraction(reextraction_id, 1):
            return
    reextraction.close(reextraction_id)


@shared_task
def sweep(*, force: bool = False) -> None:
    """Send out again what no message may be on its way for: lost messages, leases that ran out."""
    storage.remove_leftovers()
    receiving.forget_old_keys()
    for work in ingest.find_work(force=force):
        _send(work, min(work.open_chunks, MOST_HELPERS))
    for listing_id in uploads.find_unsettled(force=force):
        _hint_settling(listing_id)
    for reextraction_id, open_chunks in reextraction.find_work(force=force).items():
        _send_reextraction(reextraction_id, open_chunks)
    if deliveries.are_due():
        _hint_deliveries()
    deliveries.forget_old()
    merging.gather_strays()
    if standings.find_outdated(layout=LAYOUT, least_rows=LEAST_KEPT):
        _hint_standings()
    if flagging.find_outdated(quiet=True).exists():
        _hint_flags()


def _hint_flags() -> None:
    try:
        flag_boards.apply_async(queue=BULK, expires=settings.SWEEP_INTERVAL_SECONDS)
    except (BrokerError, OSError) as error:
        logger.warning("numbers of boards are to be looked at, but the broker could not be told: %s", error)


@shared_task
def flag_boards() -> None:
    """Hold the numbers of boards that changed against the rules that flag them, until the turn is over."""
    turn_ends = time.monotonic() + TURN_SECONDS
    done = flagging.flag_outdated(keep_on=lambda: time.monotonic() <= turn_ends)
    if done.boards and time.monotonic() > turn_ends:
        _hint_flags()


def _hint_standings() -> None:
    try:
        # While others keep the workers busy, messages of every sweep must not pile up.
        keep_standings.apply_async(queue=BULK, expires=settings.SWEEP_INTERVAL_SECONDS)
    except (BrokerError, OSError) as error:
        logger.warning("standings of boards are to be kept, but the broker could not be told: %s", error)


@shared_task
def keep_standings() -> None:
    """Keep the standings of large boards that have changed, the largest first, until the turn is over. The sweep sends for what fails."""
    turn_ends = time.monotonic() + TURN_SECONDS
    for benchmark in standings.find_outdated(layout=LAYOUT, least_rows=LEAST_KEPT):
        try:
            standings.keep(benchmark, pack(make_standings(benchmark)), layout=LAYOUT)
        except Exception:
            logger.exception("the standings of %s can't be kept: its pages read its rows", benchmark.slug)
        if time.monotonic() > turn_ends:
            _hint_standings()
            return


# Acknowledged as it begins: Redis hands out again what it waited for too long, and a dump may take hours. A retry comes before that.
@shared_task(
    acks_late=False,
    soft_time_limit=settings.DUMP_SECONDS,
    time_limit=settings.DUMP_SECONDS + 60,
    autoretry_for=(DumpTooEarlyError,),
    default_retry_delay=600,
    max_retries=18,
)
def dump() -> None:
    """Make a dump of the site; later, while boards still show what was withdrawn.

    One that can't be made is said in the log, and the next night's is another.
    """
    try:
        folder = dumps.dump_site()
    except DumpRunningError as error:
        logger.warning("no dump was begun: %s", error.message)
    except DumpTooEarlyError as error:
        logger.warning("%s", error.message)
        raise
    except DumpError as error:
        logger.error("%s", error.message)
    else:
        logger.info("a dump was made: %s", folder.name)


def _hint_deliveries(**_: object) -> None:
    """Send a worker the message that deliveries are due. Not to the queue that people wait for: receivers may take their time."""
    try:
        deliver.apply_async(queue=BULK, expires=settings.SWEEP_INTERVAL_SECONDS)
    except (BrokerError, OSError) as error:
        logger.warning("webhooks are to be told, but the broker could not be: %s", error)


webhooks.deliveries_wait.connect(_hint_deliveries, dispatch_uid="hint deliveries")


@shared_task
def deliver() -> None:
    """Send what is due to webhooks until nothing is, or the turn is over. The sweep sends for what has to be tried again."""
    turn_ends = time.monotonic() + TURN_SECONDS
    while deliveries.deliver_next():
        if time.monotonic() > turn_ends:
            _hint_deliveries()
            return
