"""Bring the database up to date, where several containers start at once."""

from __future__ import annotations

import fcntl
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

LOCK = 0x636C61696D62
"""Any number that nobody else locks in this database: "claimb"."""


class Command(BaseCommand):
    help = "Wait for the database, then make its tables and load the catalogue. Of several that start at once one does the work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--wait", action="store_true", help="do nothing; only wait until another one has")
        parser.add_argument("--seconds", type=float, default=120.0, help="how long to wait for the database (default 120)")

    def handle(self, *args: Any, **options: Any) -> None:
        end = time.monotonic() + options["seconds"]
        self._wait_for_answer(end)
        if options["wait"]:
            while not _is_migrated():
                if time.monotonic() > end:
                    raise CommandError("The database is there, but nobody made its tables. “prepare” without --wait does that.")
                time.sleep(1)
            return
        with _hold_lock():
            call_command("migrate", interactive=False, verbosity=0)
            call_command("load_catalogue")

    def _wait_for_answer(self, end: float) -> None:
        said = False
        while True:
            try:
                connection.ensure_connection()
            except OperationalError as error:
                if time.monotonic() > end:
                    raise CommandError(f"The database does not answer: {error}".rstrip()) from error
                if not said:
                    self.stdout.write("Waiting for the database.")
                    said = True
                time.sleep(1)
            else:
                return


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@contextmanager
def _hold_lock() -> Iterator[None]:
    """Let one process at a time through; the system gives the lock back however that ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    else:
        with (settings.DATA_DIR / "prepare.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
