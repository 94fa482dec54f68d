"""Run the whole site: database, static files, web server and worker, by one command."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leaderboard import operation


class Command(BaseCommand):
    help = "Run the whole site: prepare the database and the static files, start the web server and a worker, read the listings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="the port to listen on (PORT; default 8000)")
        parser.add_argument(
            "--host", default=os.environ.get("HOST") or "127.0.0.1", help="the address to listen on (HOST; this machine only)"
        )
        parser.add_argument("listings", nargs="*", type=Path, metavar="LISTING", help="a listing file to read; the same file is read once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = operation.run_site(host=options["host"], port=options["port"], listings=options["listings"], say=self._say)
        except operation.CannotStartError as error:
            raise CommandError(str(error)) from error
        if code:
            raise SystemExit(code)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
