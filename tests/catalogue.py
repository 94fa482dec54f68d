"""The shipped catalogue in a test's database: loaded by the service once in a run, and copied from then on."""

from __future__ import annotations

import contextlib
from itertools import count
from typing import Any, Final

from django.core.management.color import no_style
from django.db import connection, transaction

from claims.extraction.vocabulary import load_vocabulary
from claims.models import Alias, Area, Dataset, DatasetSplit, DefaultPrimary, DefaultTask, Metric, SearchName, SearchWord, Task
from claims.services import catalog

_MODELS: Final[tuple[Any, ...]] = (
    Area,
    Task,
    Metric,
    Dataset,
    DatasetSplit,
    DefaultTask,
    DefaultPrimary,
    Alias,
    SearchName,
    SearchWord,
)
_VACUUM_EVERY: Final = 5
_copies: dict[str, Any] = {}
"""The rows of each table: as PostgreSQL copies them out, or as a list of tuples."""
_pasted = count(1)


def load_catalogue() -> None:
    """Do what the command `load_catalogue` does; where no entry is there yet, by a copy of what it once wrote."""
    if any(model.objects.exists() for model in _MODELS):
        catalog.load_catalogue(load_vocabulary())
        return
    if not _copies:
        catalog.load_catalogue(load_vocabulary())
        _copies.update({model._meta.db_table: _copy(model._meta.db_table) for model in _MODELS})
        return
    if connection.vendor == "postgresql" and next(_pasted) % _VACUUM_EVERY == 0:
        _remove_dead_rows()
    with transaction.atomic():
        for table, rows in _copies.items():
            _paste(table, rows)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), _MODELS):
                cursor.execute(statement)


def _remove_dead_rows() -> None:
    """What was rolled back after each test still stands in tables and indexes, and whoever writes an equal key looks at all of it."""
    other = connection.copy()
    with contextlib.closing(other), other.cursor() as cursor:
        cursor.execute(f"VACUUM (TRUNCATE FALSE) {', '.join(_copies)}")


def _copy(table: str) -> Any:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} TO STDOUT") as copied:
                return b"".join(copied)
        cursor.execute(f"SELECT * FROM {table}")
        return cursor.fetchall()


def _paste(table: str, rows: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as pasted:
                pasted.write(rows)
        elif rows:
            cursor.cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
