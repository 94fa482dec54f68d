"""Writes the API's contract: what is committed, served and compared."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from claims.api.document import FILE, make_document, write_document


class Command(BaseCommand):
    help = "Write the API's OpenAPI document into the source, or say whether the one there is still true (--check)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the document is another one")

    def handle(self, *args: Any, **options: Any) -> None:
        document = make_document()
        if not options["check"]:
            FILE.write_bytes(write_document(document))
            self.stdout.write(f"{len(document['paths'])} addresses are described in {FILE.name}.")
        elif not FILE.exists() or FILE.read_bytes() != write_document(document):
            self.stderr.write("The contract is not what the API is. Run “manage.py openapi”, and read what changed.")
            raise SystemExit(1)
