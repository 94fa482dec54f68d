"""Empties the database behind a test that commits: row by row, and only tables that have any.

Django's own way names every table. On PostgreSQL each of them then begins new files, which go to the disk before the next test: seconds,
where a few rows are to go. On SQLite it is refused where a table is append-only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tests import catalogue

KEPT: Final = frozenset({"django_content_type", "auth_permission"})
"""What is made of the models alone; what a test took of it is made again."""


@cache
def all_tables() -> frozenset[str]:
    """Return the tables of all models."""
    return frozenset(connection.introspection.django_table_names())


def list_filled(tables: frozenset[str]) -> list[str]:
    """Return those of the tables that have a row."""
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in sorted(tables)))
        return [name for (name,) in cursor.fetchall()]


def empty() -> None:
    """Take away all rows but those that are made of the models; a catalogue that stands is left as it was loaded."""
    standing = catalogue.standing()
    filled = list_filled(all_tables() - KEPT - standing.keys())
    with transaction.atomic(), connection.cursor() as cursor, _unguarded(cursor, filled):
        for table in filled:
            cursor.execute(f"DELETE FROM {table}")
        for table, highest in standing.items():
            cursor.execute(f"DELETE FROM {table} WHERE id > {highest}")
    catalogue.mend()
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


@contextmanager
def _unguarded(cursor: CursorWrapper, tables: list[str]) -> Iterator[None]:
    """Let rows go that triggers keep."""
    of_tables = f"({', '.join(repr(table) for table in tables)})"
    if not tables:
        yield
    elif connection.vendor == "postgresql":
        cursor.execute(
            f"SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text IN {of_tables}"
        )
        guarded = [table for (table,) in cursor.fetchall()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table of which some are still to be checked is not altered
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    else:
        cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {of_tables}")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, statement in triggers:
            cursor.execute(statement)
