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
"""The rows of each table by their ids: as PostgreSQL copies them out, or as a list of tuples."""
_highest: dict[str, int] = {}
"""The highest id that the catalogue has in each table."""
_standing: list[bool] = []


def load_catalogue() -> None:
    """Do what the command `load_catalogue` does; where no entry is there yet, by a copy of what it once wrote."""
    if _standing and Alias.objects.exists():
        return
    if any(model.objects.exists() for model in _MODELS):
        catalog.load_catalogue(load_vocabulary())
        return
    if not _copies:
        catalog.load_catalogue(load_vocabulary())
        for model in _MODELS:
            _copies[model._meta.db_table] = _copy(model._meta.db_table)
            _highest[model._meta.db_table] = model.objects.order_by("pk").values_list("pk", flat=True).last() or 0
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

    Behind a test that commits, all else is taken away (see `tests.emptying`). It is left to a next one that wants it, too, where the
    second step is not asked for.
    """
    if not _standing:
        load_catalogue()
        _standing.append(True)
    yield
    _standing.clear()
    _clear()


def standing() -> dict[str, int]:
    """Return the tables in which the catalogue stands, and the highest id that it has there."""
    return _highest if _standing else {}


def mend() -> None:
    """Load a standing catalogue anew where a test changed what it holds. Nothing else may be left that refers to an entry."""
    if _standing and any(_copy(table) != rows for table, rows in _copies.items()):
        _standing.clear()
        _clear()
        load_catalogue()
        _standing.append(True)


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
            with cursor.copy(f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT") as copied:
                return b"".join(copied)
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return cursor.fetchall()


def _paste(table: str, rows: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as pasted:
                pasted.write(rows)
        elif rows:
            cursor.cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
