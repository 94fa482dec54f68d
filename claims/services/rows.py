"""Writes the same few columns of many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connections, models, router


def update_rows(rows: Iterable[models.Model], fields: Sequence[str]) -> None:
    """Save `fields` of rows that exist, all of one table. Part of the caller's transaction.

    One prepared statement for all: `bulk_update` builds a CASE with a branch for each row and field, which took a third of the time
    that reading a listing takes.
    """
    listed = list(rows)
    if not listed:
        return
    table = type(listed[0])
    connection = connections[router.db_for_write(table)]
    columns = [field for field in table._meta.concrete_fields if field.name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(field.column or '')} = %s" for field in columns)
    values = [[*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in columns), row.pk] for row in listed]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(table._meta.db_table)} SET {assignments} WHERE id = %s", values)  # noqa: S608 - names are ours
