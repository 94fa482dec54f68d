"""Build a site from a dump."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims import dumps
from claims.errors import DumpError
from claims.management.databases import ensure_tables


class Command(BaseCommand):
    help = (
        "Build the site that a dump was made of, in the empty database that DATABASE_URL or DATA_DIR names: all of it, or nothing. "
        "Uploaded files and users are in no dump: copy the folder uploads, and make users anew. A dump is as trustworthy as "
        "whom it is from: its checksums tell of damage, not of forgery."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dump", type=Path, metavar="DUMP", help="the folder of a dump, or of its archive")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=True)
        try:
            restored = dumps.restore_site(options["dump"], tell=self._tell)
        except DumpError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Restored the site as it was at {restored.created}: {sum(restored.counts.values()):,} rows.")
        self.stdout.write("Users are in no dump: “manage.py createsuperuser” makes one.")

    def _tell(self, name: str, rows: int) -> None:
        if rows:
            self.stdout.write(f"  {name}: {rows:,}")
