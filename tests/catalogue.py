"""The shipped catalogue in a test's database: loaded by the service once in a run, and copied from then on."""

from __future__ import annotations

from collections.abc import Iterator
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
_copies: dict[str, Any] = {}
"""The rows of each table: as PostgreSQL copies them out, or as a list of tuples."""
_standing: list[dict[str, tuple[int, Any]]] = []
"""What each table was when the catalogue came to stand there; empty where it does not."""


def load_catalogue() -> None:
    """Do what the command `load_catalogue` does; where no entry is there yet, by a copy of what it once wrote."""
    if _standing and Alias.objects.exists():
        return
    if any(model.objects.exists() for model in _MODELS):
        catalog.load_catalogue(load_vocabulary())
        return
    if not _copies:
        catalog.load_catalogue(load_vocabulary())
        _copies.update({model._meta.db_table: _copy(model._meta.db_table) for model in _MODELS})
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _begin_new_files()
        for table, rows in _copies.items():
            _paste(table, rows)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), _MODELS):
                cursor.execute(statement)


def stand() -> Iterator[None]:
    """Load the catalogue for good, and take it away after the last test of a module: each test finds it there, and rolls back its own.

    Behind a test that commits, all else is taken away (see `tests.emptying`).
    """
    load_catalogue()
    _standing.append({table: _look_at(table) for table in _copies})
    yield
    _standing.clear()
    _clear()


def standing() -> dict[str, int]:
    """Return the tables in which the catalogue stands, and the highest id that it has there."""
    return {table: highest for table, (highest, _) in _standing[0].items()} if _standing else {}


def mend() -> None:
    """Load a standing catalogue anew where a test changed what it holds. Nothing else may be left that refers to an entry."""
    if _standing and any(_look_at(table) != before for table, before in _standing[0].items()):
        _clear()
        load = _standing.pop()
        load_catalogue()
        _standing.append(load)


def _look_at(table: str) -> tuple[int, Any]:
    """Return the highest id of a table, and what differs as soon as one of its rows does."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT coalesce(max(id), 0), md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t")
            highest, rows = cursor.fetchone()
        else:
            rows = cursor.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            (highest,) = cursor.fetchone()
        return highest, rows


def _clear() -> None:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _begin_new_files()
        else:
            with connection.cursor() as cursor:
                for table in reversed(_copies):
                    cursor.execute(f"DELETE FROM {table}")


def _begin_new_files() -> None:
    """What is rolled back after each test stays in tables and indexes, and whoever writes an equal key looks at all of it: so let the rows
    go to files of their own, which go with them. What refers to an entry is empty as long as there is none."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(_copies)} CASCADE")


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
