"""Builds a site from the archive of a dump, in an empty database: all of it, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from claims.dumps import archive, lines
from claims.dumps.archive import Table
from claims.dumps.keeping import ARCHIVE
from claims.dumps.manifests import MANIFEST, Manifest, WrittenFile, read_manifest
from claims.errors import DumpError
from claims.services import search_names

ROWS_AT_ONCE = 1_000

Tell = Callable[[str, int], object]
"""Is told of each table how many rows it got."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a database got: when its dump was made, and the rows of each table by the table's name."""

    created: str
    counts: Mapping[str, int]
    names: int


def restore_site(folder: Path, *, tell: Tell = lambda _name, _rows: None) -> Restored:
    """Fill the empty database with what the archive of a dump holds, in one transaction; `folder` is the dump or its archive.

    Files are looked through, byte for byte, before anything is written. The names of a search are made anew, the standings of large
    boards by the next worker. A database that holds nothing but the shipped catalogue counts as empty, and gets the dump's instead.
    Raises `DumpError`, and has written nothing then: for a database that holds something, a dump of another release, and one that is
    cut off, damaged or no dump.
    """
    folder = _find_archive(folder)
    manifest = _read_manifest(folder)
    files = _find_files(manifest)
    for file, _ in files:
        lines.check_file(folder, file)
    try:
        # Rows may stand before what they refer to: all references are looked at in the end.
        with connection.constraint_checks_disabled(), transaction.atomic():
            _keep_others_out()
            _empty()
            for file, table in files:
                _fill(folder, file, table)
                tell(table.name, file.rows)
            connection.check_constraints([model._meta.db_table for model in archive.TABLES])
            _reset_sequences()
            names = search_names.rebuild()
    except DatabaseError as error:
        raise DumpError(f"Nothing was restored: the database does not take it. {_first_line(error)}") from error
    return Restored(manifest.created, {table.name: file.rows for file, table in files}, names)


def _find_archive(folder: Path) -> Path:
    if not folder.is_dir():
        raise DumpError(f"{folder} is no folder. Name the folder of a dump, such as DATA_DIR/dumps/2026-11-28T021700Z.")
    return folder / ARCHIVE if (folder / ARCHIVE).is_dir() else folder


def _read_manifest(folder: Path) -> Manifest:
    try:
        manifest = read_manifest(folder / MANIFEST)
    except OSError as error:
        raise DumpError(f"{folder} holds no {MANIFEST} that can be read: {error.strerror}. It is no dump, or not a whole one.") from error
    if not manifest.tables:
        raise DumpError(f"{folder} has the public files of a dump alone. A site is restored from its folder “{ARCHIVE}”.")
    present = archive.schema_of_tables()
    if manifest.tables != present:
        made_by = manifest.head.get("software")
        version = str(made_by.get("version"))[:20] if isinstance(made_by, dict) else "another release"
        raise DumpError(
            f"The dump has the tables of {manifest.tables!r:.80} (Claimboard {version}), and this release those of {present!r}. "
            "Restore it with that release, then install this one and run “manage.py migrate”."
        )
    return manifest


def _find_files(manifest: Manifest) -> list[tuple[WrittenFile, Table]]:
    """Return the files with their tables, in the order in which they are read. Raises `DumpError` unless it is these, each once."""
    known = archive.name_files(archive.find_tables())
    if unknown := next((name for name in manifest.files if name not in known), None):
        raise DumpError(f"The manifest names {unknown!r:.80}, which is of no table that this release knows.")
    if missing := next((name for name in known if name not in manifest.files), None):
        raise DumpError(f"The manifest lacks {missing}.")
    return [(manifest.files[name], table) for name, table in known.items()]


def _keep_others_out() -> None:
    """Let nobody write until the end. On SQLite the transaction does."""
    if connection.vendor == "postgresql":
        tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in archive.TABLES)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")


def _empty() -> None:
    """Remove the shipped catalogue, if that is all there is. Raises `DumpError` if the database holds anything else."""
    for model in archive.TABLES:
        if model not in archive.SHIPPED and model._base_manager.exists():
            raise DumpError(
                f"The database is not empty: it holds {model._meta.verbose_name_plural}. A site is restored into an empty one: name "
                "another by DATABASE_URL, or by DATA_DIR a folder that is not there yet."
            )
    for model in (*archive.SHIPPED, *archive.MADE_ANEW):
        _delete_all(model)


def _delete_all(model: type[Model]) -> None:
    rows: Any = model._base_manager.all()
    rows._raw_delete(connection.alias)


def _fill(folder: Path, file: WrittenFile, table: Table) -> None:
    add = _copier(table) if connection.vendor == "postgresql" else _inserter(table)
    for number, rows in _read_rows(folder, file, table):
        try:
            add(rows)
        except DatabaseError as error:
            where = f"{file.name}, lines {number - len(rows) + 1} to {number}"
            raise DumpError(f"{where}: the database does not take them. {_first_line(error)} Nothing was restored.") from error


def _inserter(table: Table) -> Callable[[list[list[Any]]], None]:
    """Return what adds rows one by one, by a statement that is prepared once."""
    values = ", ".join(["%s"] * len(table.fields))
    statement = f"INSERT INTO {_quote_table(table)} ({_quote_columns(table)}) VALUES ({values})"  # noqa: S608 - names are our own

    def insert(rows: list[list[Any]]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    return insert


def _copier(table: Table) -> Callable[[list[list[Any]]], None]:
    """Return what adds rows as PostgreSQL takes many: a statement for each takes ten times as long."""
    statement = f"COPY {_quote_table(table)} ({_quote_columns(table)}) FROM STDIN"

    def copy(rows: list[list[Any]]) -> None:
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.cursor.copy(statement) as copied:
            for row in rows:
                copied.write_row(row)

    return copy


def _quote_table(table: Table) -> str:
    return connection.ops.quote_name(table.model._meta.db_table)


def _quote_columns(table: Table) -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in table.fields)


def _read_rows(folder: Path, file: WrittenFile, table: Table) -> Iterator[tuple[int, list[list[Any]]]]:
    """Yield rows, some at a time, each with the number of the last line."""
    waiting: list[list[Any]] = []
    number = size = 0
    with contextlib.closing(lines.read_lines(folder, file)) as read:  # type: ignore[type-var]  # a generator
        for number, (length, line) in enumerate(read, start=1):
            try:
                waiting.append(table.take(line))
            except DumpError as error:
                raise DumpError(f"{file.name}, line {number}: {error.message}. Nothing was restored.") from None
            size += length
            if len(waiting) == ROWS_AT_ONCE or size >= lines.BYTES_AT_ONCE:
                yield number, waiting
                waiting, size = [], 0
    if waiting:
        yield number, waiting


def _reset_sequences() -> None:
    """Let new rows get ids behind those that were restored. SQLite sees to it by itself."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(archive.TABLES)):
            cursor.execute(statement)


def _first_line(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0][:300]
    return text if text.endswith(".") else f"{text}."
