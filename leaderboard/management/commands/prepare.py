"""Bring the database up to date, where several containers start at once."""

from __future__ import annotations

import fcntl
import re
import shlex
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
                if advice := _refusal(str(error)):
                    raise CommandError(f"The database server answers, but refuses: {_last_line(error)}. {advice}") from error
                if time.monotonic() > end:
                    raise CommandError(
                        f"The database {_place()} does not answer: {_last_line(error)}. Start it, or correct DATABASE_URL."
                    ) from error
                if not said:
                    self.stdout.write(f"The database {_place()} does not answer yet; waiting for it.")
                    self.stdout.flush()
                    said = True
                time.sleep(1)
            else:
                return


def _refusal(message: str) -> str:
    """Return what to do about a server's refusal that no waiting changes, '' where the server may still come.

    By its words: with a connection that was never made comes no code. A server in another language is waited for in vain, and
    then named with its words all the same.
    """
    # FATAL:  database "boards" does not exist
    if missing := re.search(r'database "([^"]*)" does not exist', message):
        return f"Make it with “createdb {shlex.quote(missing[1])}”, or correct the name in DATABASE_URL."
    # FATAL:  role "ann" does not exist
    if missing := re.search(r'role "([^"]*)" does not exist', message):
        return f"Make it with “createuser {shlex.quote(missing[1])}”, or correct the user in DATABASE_URL."
    # FATAL:  password authentication failed for user "ann"; fe_sendauth: no password supplied
    if "authentication failed" in message or "no password supplied" in message:
        return "Correct the user or the password in DATABASE_URL."
    return ""


def _last_line(error: OperationalError) -> str:
    """Return the reason alone: a driver puts the server's address before it, and hints behind it, each on a line of its own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL:" in line]
    return (fatal or lines or ["no reason given"])[0].rpartition("FATAL:")[2].strip().rstrip(".")


def _place() -> str:
    """Return where the database is looked for; without the password, which its address holds, too."""
    at = connection.settings_dict
    return f"at {at['HOST']}:{at['PORT'] or 5432}" if at["HOST"] else f"{at['NAME']}"


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
