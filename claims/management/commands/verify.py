"""Prove that the database is what was decided."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from claims import verification
from claims.management.databases import ensure_tables


class Command(BaseCommand):
    help = (
        "Prove that each state of a claim or a cost is what was decided on it, that acts which take others back do so, and that rows and "
        "boards are what they would be if they were made anew. Prints a line for each fault, and fails if there is any. Changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        count = 0
        for fault in verification.find_faults():
            self.stdout.write(str(fault))
            count += 1
        if count and verification.is_settling():
            self.stderr.write("Workers are still settling boards. Look again when they are done.")
        if count:
            self.stderr.write(f"{count:,} {'fault' if count == 1 else 'faults'} found.")
            raise SystemExit(1)
        self.stdout.write("Every state has its decision, and every board shows what was decided.")
