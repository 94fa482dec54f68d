"""One moment of the database for as long as a dump takes, while others go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from claims.models import CatalogueState


@contextmanager
def hold_still() -> Iterator[None]:
    """Let every query inside see the database as it was at the first of them. Nothing can be written inside.

    Writers wait for nobody: on SQLite the transaction takes no lock to write, as others of the site do at once, and reads what the
    log held when it began. Inside a transaction it is that one's moment that counts.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with _reading_only(connection), transaction.atomic():
        # The moment is that of the first look.
        CatalogueState.objects.exists()
        yield


@contextmanager
def _reading_only(database: Any) -> Iterator[None]:
    before = database.transaction_mode
    database.transaction_mode = "DEFERRED"
    try:
        with database.cursor() as cursor:
            cursor.execute("PRAGMA query_only = ON")
        yield
    finally:
        database.transaction_mode = before
        if database.connection is not None:
            with database.cursor() as cursor:
                cursor.execute("PRAGMA query_only = OFF")
