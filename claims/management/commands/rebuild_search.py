"""Make the names that a search looks through anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from claims.management.databases import ensure_tables
from claims.services import search_names


class Command(BaseCommand):
    help = "Make the names that a search looks through anew, from papers, models, datasets and boards. They are kept without it, too."

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        self.stdout.write(f"A search looks through {search_names.rebuild()} names.")
