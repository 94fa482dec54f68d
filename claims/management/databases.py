"""What commands ask of the database before they begin."""

from __future__ import annotations

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def ensure_tables(*, make: bool) -> None:
    """Make sure that the database has its tables.

    An empty database gets them if `make`. One with the tables of another release is left alone. Raises `CommandError` that
    says what to do.
    """
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if executor.loader.applied_migrations:
        raise CommandError("The database is of another release. Run “manage.py migrate” first.")
    if not make:
        raise CommandError("The database is empty. “manage.py ingest FILE” fills it, and so does “make run”.")
    call_command("migrate", verbosity=0, interactive=False)
