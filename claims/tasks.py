"""Celery tasks: an id in, a service call, the retry policy."""

from __future__ import annotations

import logging
import time
from functools import partial

from celery import shared_task
from django.db import OperationalError, transaction
from kombu.exceptions import OperationalError as BrokerError

from claims.models import Listing
from claims.services import ingest, uploads

logger = logging.getLogger(__name__)

TURN_SECONDS = 30.0
"""How long a worker stays with one listing before it lets others have a turn."""
MOST_HELPERS = 8
"""How many messages one listing sends out at most: more workers than that don't share it."""


def announce(listing: Listing) -> None:
    """Send workers the message that a listing waits, once the transaction is over."""
    transaction.on_commit(partial(_hint, listing.pk, 1))


def _hint(listing_id: int, messages: int) -> None:
    try:
        for _ in range(messages):
            read_listing.delay(listing_id)
    except (BrokerError, OSError) as error:
        # The upload is safe and says "waiting": the next sweep sends the message again.
        logger.warning("listing %s waits, but the broker could not be told: %s", listing_id, error)
    else:
        ingest.note_hint(listing_id)


@shared_task(autoretry_for=(OperationalError, OSError), retry_backoff=2, max_retries=5)
def read_listing(listing_id: int) -> None:
    """Plan a listing if nobody has, read its chunks until none is open, close it.

    The one that plans it calls the others for help.
    """
    if chunks := ingest.plan_listing(listing_id):
        _hint(listing_id, min(chunks, MOST_HELPERS) - 1)
    turn_ends = time.monotonic() + TURN_SECONDS
    while ingest.read_next_chunk(listing_id) is not None:
        if time.monotonic() > turn_ends:
            _hint(listing_id, 1)
            return
    ingest.close_listing(listing_id)


def announce_settling(listing: Listing) -> None:
    """Send a worker the message that a listing's papers are to be settled, if they are, once the transaction is over."""
    if listing.unsettled_from is not None:
        transaction.on_commit(partial(_hint_settling, listing.pk))


def _hint_settling(listing_id: int) -> None:
    try:
        settle_listing.delay(listing_id)
    except (BrokerError, OSError) as error:
        logger.warning("listing %s is to be settled, but the broker could not be told: %s", listing_id, error)
    else:
        ingest.note_hint(listing_id)


@shared_task(autoretry_for=(OperationalError, OSError), retry_backoff=2, max_retries=5)
def settle_listing(listing_id: int) -> None:
    """Settle the papers of a listing that was withdrawn, put back or dated anew, batch by batch."""
    turn_ends = time.monotonic() + TURN_SECONDS
    while uploads.settle_next(listing_id):
        if time.monotonic() > turn_ends:
            _hint_settling(listing_id)
            return


@shared_task
def sweep(*, force: bool = False) -> None:
    """Send out again what no message may be on its way for: lost messages, leases that ran out."""
    ingest.remove_leftovers()
    for work in ingest.find_work(force=force):
        _hint(work.listing_id, min(work.open_chunks, MOST_HELPERS))
    for listing_id in uploads.find_unsettled(force=force):
        _hint_settling(listing_id)
