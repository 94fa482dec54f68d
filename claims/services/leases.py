"""Work that is cut into chunks and shared out: whoever takes one holds it under a lease, and one whose lease ran out is taken over.

The database is the truth about who holds what. A chunk is done in one transaction that begins with `renew`.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from claims.errors import ClaimsError
from claims.models.base import Chunk
from claims.terms import ChunkState

logger = logging.getLogger(__name__)

MAX_ERRORS = 3
"""What raises so often has failed: a survey, a chunk or a close, and its listing with it."""
MAX_LEASES = 10
"""What was taken so often without an end keeps killing its worker: it has failed, too.

A bound of its own, and a higher one: an error is the listing's, but a worker also dies of what is not (a machine switched off, a
deployment, a neighbour that ate the memory), and three of those in a row must not cost anybody a listing.
"""
MAY_HEAL = (OperationalError, InterfaceError, OSError)
"""The database or the disk is away, or two transactions stood in each other's way. psycopg says `InterfaceError` of a connection
that broke before. None of this says anything about the work, so it uses up none of its chances.
"""

_Chunk = TypeVar("_Chunk", bound=Chunk)


class LeaseLostError(ClaimsError):
    """Somebody else took the work over while it was being done; nothing was written."""

    code = "lease_lost"


def explain_error(error: Exception) -> str:
    """Return an error as the reader of failed work is told it."""
    return (error.message if isinstance(error, ClaimsError) else f"{type(error).__name__}: {error}")[:2000]


def lease_end(now: datetime, *, long: bool = False) -> datetime:
    """Return when a lease that is taken now runs out; a `long` one is for a survey or a close."""
    # A survey of the largest file takes minutes where a chunk takes a second.
    return now + timedelta(seconds=settings.CHUNK_LEASE_SECONDS * (5 if long else 1))


def is_open(now: datetime) -> Q:
    """Return the condition that anybody may take a chunk: waiting, or leased by somebody whose time is over."""
    return Q(state=ChunkState.WAITING) | Q(state=ChunkState.LEASED, lease_until__lt=now)


def take_first(chunks: Callable[[datetime], QuerySet[_Chunk]]) -> _Chunk | None:
    """Lease the first of the chunks that are open at a time and return it; None if none is. One that was taken too often fails."""
    while True:
        with transaction.atomic():
            now = timezone.now()
            # Who looks at the same moment takes the next chunk and does not wait for this one.
            chunk = chunks(now).select_for_update(of=("self",), skip_locked=True).order_by("number").first()
            if chunk is None:
                return None
            if chunk.attempts < MAX_LEASES:
                chunk.state, chunk.lease_owner, chunk.lease_until = ChunkState.LEASED, secrets.token_hex(16), lease_end(now)
                chunk.attempts += 1
                chunk.save(update_fields=["state", "lease_owner", "lease_until", "attempts"])
                return chunk
            chunk.state, chunk.lease_until = ChunkState.FAILED, None
            chunk.error = f"Reading it was begun {MAX_LEASES} times and never ended."
            chunk.save(update_fields=["state", "lease_until", "error"])


def renew(chunk: Chunk) -> None:
    """Hold the chunk for longer. Raises `LeaseLostError` if it was taken over."""
    if not _mine(chunk).update(lease_until=lease_end(timezone.now())):
        raise LeaseLostError("The chunk was taken over.")


def release(chunk: Chunk, state: ChunkState, **fields: int | str) -> None:
    """Give the chunk back, unless it was taken over."""
    _mine(chunk).update(state=state, lease_owner="", lease_until=None, **fields)


def finish(chunk: Chunk, **fields: Any) -> None:
    """Say that the chunk is done. Raises `LeaseLostError` if it was taken over."""
    done = {"state": ChunkState.DONE, "lease_owner": "", "lease_until": None, "error": "", "closed": timezone.now()}
    if not _mine(chunk).update(**done, **fields):
        raise LeaseLostError("The chunk was taken over.")


def attempt(chunk: Chunk, work: Callable[[], object], *, of: str, explain: Callable[[Exception], str] = explain_error) -> None:
    """Do the work of a leased chunk; `of` names in the log what it is a part of.

    An error of the chunk itself is noted, and the chunk stays open until it has failed `MAX_ERRORS` times. Raises what
    `MAY_HEAL`: the chunk is given back as if it had not been taken.
    """
    try:
        work()
    except LeaseLostError:
        logger.warning("chunk %s of %s was taken over by another worker, or stopped", chunk.number, of)
    except MAY_HEAL as error:
        logger.error("chunk %s of %s could not be read and waits: %s", chunk.number, of, error)
        with giving_back():
            release(chunk, ChunkState.WAITING, attempts=chunk.attempts - 1)
        raise
    except Exception as error:
        logger.exception("chunk %s of %s could not be read", chunk.number, of)
        failed = chunk.failures + 1 >= MAX_ERRORS
        with giving_back():
            release(chunk, ChunkState.FAILED if failed else ChunkState.WAITING, failures=chunk.failures + 1, error=explain(error))


@contextlib.contextmanager
def giving_back() -> Iterator[None]:
    """Give work back after an error, on a new connection if the old one is dead. If even that fails, the lease runs out."""
    try:
        if not connection.in_atomic_block:  # else it is the caller's to end
            connection.close_if_unusable_or_obsolete()
        yield
    except (*MAY_HEAL, AnyDatabaseError) as error:
        logger.warning("work could not be given back and is taken up again when its lease has run out: %s", error)


def _mine(chunk: Chunk) -> QuerySet[Any]:
    chunks: Any = type(chunk)._default_manager
    held: QuerySet[Any] = chunks.filter(pk=chunk.pk, lease_owner=chunk.lease_owner, state=ChunkState.LEASED)
    return held
