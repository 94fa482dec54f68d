"""Asks for many rows, adds many, and writes the same few columns of many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from typing import Any, TypeVar

from django.db import connection as default
from django.db import connections, models, router
from django.db.models.constants import OnConflict

from claims.key_lists import any_of

BATCH = 500
"""How many keys one statement names: SQLite takes so many parameters and no more, in some builds 32,766."""

LARGE_BATCH = 50_000
"""So many where the database takes them as one parameter."""

_Key = TypeVar("_Key", int, str)


def batches(keys: Iterable[_Key], size: int = BATCH) -> Iterator[list[_Key]]:
    """Return the keys in ascending order, each once, so many at a time."""
    wanted: list[Any] = sorted(set(keys))
    return (wanted[first : first + size] for first in range(0, len(wanted), size))


def large_batches(keys: Iterable[int]) -> Iterator[Any]:
    """Return what stands behind `__in` for each part of the keys, which are as large as the database takes them."""
    if default.vendor == "sqlite":
        return batches(keys)
    return map(any_of, batches(keys, LARGE_BATCH))


def insert_rows(
    table: type[models.Model], rows: Sequence[Mapping[str, Any]], *, unique_fields: Sequence[str] = (), update_fields: Sequence[str] = ()
) -> None:
    """Add rows in this order; one that is there already stays as it is, or gets the new `update_fields`. Part of the caller's transaction.

    A row gives the values of columns ("paper_id"), the same ones as the first; the others get their defaults. `bulk_create` makes an
    object of each row and asks each field to prepare each value, which took a third of what it takes to write a listing.
    """
    if not rows:
        return
    connection = connections[router.db_for_write(table)]
    quote = connection.ops.quote_name
    blank = table()
    fields = [field for field in table._meta.concrete_fields if not field.primary_key]
    values = list(zip(*(_column(field, rows, blank, connection) for field in fields), strict=False))  # a default goes on for ever
    on_conflict = OnConflict.UPDATE if update_fields else OnConflict.IGNORE
    columns_of = {field.name: field.column or "" for field in fields}
    start = (
        f"{connection.ops.insert_statement(on_conflict=on_conflict)} {quote(table._meta.db_table)} "
        f"({', '.join(quote(field.column or '') for field in fields)}) VALUES "
    )
    end = connection.ops.on_conflict_suffix_sql(
        fields, on_conflict, [columns_of[name] for name in update_fields], [columns_of[name] for name in unique_fields]
    )
    row = f"({', '.join(['%s'] * len(fields))})"
    # Many in one statement: SQLite's full-text tables write out what they hold before each.
    size = min(BATCH, (connection.features.max_query_params or BATCH * len(fields)) // len(fields))
    with connection.cursor() as cursor:
        for first in range(0, len(values), size):
            some = values[first : first + size]
            cursor.execute(f"{start}{', '.join([row] * len(some))} {end}", list(chain.from_iterable(some)))


def _column(field: models.Field[Any, Any], rows: Sequence[Mapping[str, Any]], blank: models.Model, connection: Any) -> Iterable[Any]:
    """Return a field's value in each row as the database takes it; the default of a field that the rows don't give has no end."""
    name = field.attname
    prepare = _preparation(field, connection)
    if name in rows[0]:
        given = [row[name] for row in rows]
        return given if prepare is None else map(prepare, given)
    if field.unique:
        return [field.get_default() for _ in rows]
    value = field.pre_save(blank, add=True)
    return repeat(value if prepare is None else prepare(value))


def _preparation(field: models.Field[Any, Any], connection: Any) -> Callable[[Any], Any] | None:
    """Return what makes a field's value one that the driver takes; None where it takes it as it is: texts, numbers, ids."""
    if isinstance(field, (models.JSONField, models.DateField)):
        return partial(field.get_db_prep_save, connection=connection)
    return None


def update_rows(rows: Iterable[Any], fields: Sequence[str], *, table: type[models.Model] | None = None) -> None:
    """Save `fields` of rows that exist, all of one table. Part of the caller's transaction.

    Objects that are no instances of the `table` have its columns as attributes all the same. One prepared statement for all:
    `bulk_update` builds a CASE with a branch for each row and field, which took a third of the time that reading a listing takes.
    """
    listed = list(rows)
    if not listed:
        return
    table = table or type(listed[0])
    connection = connections[router.db_for_write(table)]
    columns = [field for field in table._meta.concrete_fields if field.name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(field.column or '')} = %s" for field in columns)
    prepared = [(field.attname, _preparation(field, connection)) for field in columns]
    values = [
        [*(getattr(row, name) if prepare is None else prepare(getattr(row, name)) for name, prepare in prepared), row.pk] for row in listed
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(table._meta.db_table)} SET {assignments} WHERE id = %s", values)  # noqa: S608 - names are ours


def set_values(table: type[models.Model], fields: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set fields, numbers or references or texts, of rows that exist: (id, value of each field). Part of the caller's transaction.

    Hundreds of rows in a statement: one for each takes four times as long. PostgreSQL takes a column of values as one parameter.
    """
    connection = connections[router.db_for_write(table)]
    quote = connection.ops.quote_name
    known = {field.name: field for field in table._meta.concrete_fields}
    name, columns = quote(table._meta.db_table), [quote(known[field].column or "") for field in fields]
    given = [f"column{place}" for place in range(1, len(fields) + 2)]  # as both databases call the columns of VALUES
    start = f"UPDATE {name} SET {', '.join(f'{column} = given.{value}' for column, value in zip(columns, given[1:], strict=True))} FROM "  # noqa: S608 - names are ours
    end = f" WHERE {name}.id = given.{given[0]}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            types = ["bigint", *(known[field].db_type(connection) for field in fields)]
            arrays = ", ".join(f"%s::{of_column}[]" for of_column in types)
            for first in range(0, len(rows), LARGE_BATCH):
                some = [list(column) for column in zip(*rows[first : first + LARGE_BATCH], strict=True)]
                cursor.execute(f"{start}unnest({arrays}) AS given({', '.join(given)}){end}", some)
        else:
            row = f"({', '.join(['%s'] * len(given))})"
            for first in range(0, len(rows), BATCH):
                values = rows[first : first + BATCH]
                cursor.execute(f"{start}(VALUES {', '.join([row] * len(values))}) AS given{end}", list(chain.from_iterable(values)))
