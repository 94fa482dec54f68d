"""Accept what is sure enough of what is stored."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from claims.management.databases import ensure_tables
from claims.services import policy


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        msg = f"{text} is not above 0 and up to 1"
        raise argparse.ArgumentTypeError(msg)
    return share


class Command(BaseCommand):
    help = (
        "Accept the results and costs of stored abstracts that are at least so sure, marked as accepted automatically. Nothing that a "
        "person decided or took back is touched, and each change can be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--confidence", type=_share, help="above 0 and up to 1, such as 0.95; without it, what AUTO_ACCEPT_CONFIDENCE says"
        )
        parser.add_argument("--dry-run", action="store_true", help="say how many that would be, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        threshold = options["confidence"] or settings.AUTO_ACCEPT_CONFIDENCE
        if threshold is None:
            raise CommandError("Say from which confidence on: --confidence 0.95. AUTO_ACCEPT_CONFIDENCE is off.")
        accepted = policy.accept_stored(threshold, dry_run=options["dry_run"])
        done = "would be accepted. Nothing was changed." if options["dry_run"] else "accepted automatically."
        results = "result" if accepted.claims == 1 else "results"
        costs = "cost" if accepted.costs == 1 else "costs"
        self.stdout.write(f"{accepted.claims} {results} and {accepted.costs} {costs} of confidence {threshold:g} or more {done}")
