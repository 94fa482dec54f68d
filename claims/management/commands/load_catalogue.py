"""Load the shipped catalogue; running it again changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims.errors import CatalogueError
from claims.management.databases import ensure_tables
from claims.services.updates import update_catalogue


class Command(BaseCommand):
    help = "Load the shipped tasks, datasets, metrics and their aliases. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=True)
        try:
            report = update_catalogue()
        except CatalogueError as error:
            raise CommandError(f"The catalogue was not loaded. {error.message}") from error
        self.stdout.write(f"{report.entries} catalogue entries, {report.created} of them new.")
