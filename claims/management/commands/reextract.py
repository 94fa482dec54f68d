"""Read stored papers again with the present extractor and vocabulary."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from claims import tasks
from claims.errors import ClaimsError
from claims.extraction import pipeline
from claims.management.databases import ensure_tables
from claims.models import Reextraction
from claims.services import catalog, reextraction, second_reader, updates
from claims.services.rereading import Counts, Difference
from claims.terms import WorkState

ACTOR = "command line"
POLL_SECONDS = 0.5
NOBODY_SECONDS = 20.0
"""Where no worker has begun after so long, the command says what may be missing."""


class Command(BaseCommand):
    help = (
        "Read the current texts of stored papers again that were last read by another extractor version or with another vocabulary. What "
        "nobody has decided on is replaced, or hidden where it is no longer found; what a person decided on stays, and is flagged where "
        "it is read otherwise now. Workers do it, and the command waits for them. Running it again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            default="",
            metavar="VERSION",
            help="only texts that were last read by an extractor version older than this one, whatever the vocabulary; "
            f"this is extractor {pipeline.EXTRACTOR_VERSION}",
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="print what would change, in all and on each board, and save nothing")
        how.add_argument("--foreground", action="store_true", help="read here and now, without a worker")
        how.add_argument("--no-wait", action="store_true", help="leave it to the workers, and don't wait for them")
        how.add_argument("--stop", action="store_true", help="stop the one that is running; what was read stays")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        try:
            if options["stop"]:
                self._stop()
            elif options["dry_run"]:
                self._compare(options["since"])
            else:
                self._read(options)
        except ClaimsError as error:
            raise CommandError(error.message) from error

    def _stop(self) -> None:
        stopped = reextraction.stop(actor=ACTOR)
        if stopped is None:
            self.stdout.write("No re-extraction is running.")
            return
        self.stdout.write("Stopped. What was read stays; “reextract” reads the rest.")
        self._print(reextraction.read_difference(stopped), verb="were")

    def _compare(self, since: str) -> None:
        due = reextraction.find_due(vocabulary_hash=catalog.present_vocabulary().hash, since=since).count()
        with self._bar(due) as bar:
            found = reextraction.compare(since=since, on_papers=bar.update)
        self._print(found, verb="would be")
        self.stdout.write("Nothing was saved.")

    def _read(self, options: dict[str, Any]) -> None:
        updates.update_catalogue()
        running = reextraction.start(actor=ACTOR, since=options["since"])
        if running is None:
            self.stdout.write("Nothing to read again: all texts were read by the present extractor" + _limit(options["since"]) + ".")
            return
        if options["foreground"]:
            with self._bar(running.papers, done=reextraction.read_progress(running.pk).papers) as bar:
                running = reextraction.read_in_foreground(running, on_papers=bar.update)
        else:
            tasks.announce_reextraction(running)
            if options["no_wait"]:
                self.stdout.write(f"{running.papers} papers are to be read again. Workers do it; “reextract” shows how far they are.")
                return
            try:
                running = self._wait(running)
            except KeyboardInterrupt:
                self.stderr.write("\nWorkers go on. “reextract” waits for them again, “reextract --stop” stops it.")
                sys.exit(130)
        self._print(reextraction.read_difference(running), verb="were")
        if running.state == WorkState.RUNNING:
            self.stdout.write("Workers are at its last parts; “reextract” waits for them.")
        elif running.state != WorkState.DONE:
            self.stderr.write(self.style.ERROR(running.error))
            sys.exit(1)

    def _wait(self, running: Reextraction) -> Reextraction:
        started = time.monotonic()
        said = False
        with self._bar(running.papers) as bar:
            while running.state == WorkState.RUNNING:
                progress = reextraction.read_progress(running.pk)
                bar.update(progress.papers - bar.n)
                if not said and not progress.begun and time.monotonic() - started > NOBODY_SECONDS:
                    self.stderr.write("No worker has begun yet. Does one of this release run? “--foreground” needs none.")
                    said = True
                time.sleep(POLL_SECONDS)
                running.refresh_from_db()
            bar.update(reextraction.read_progress(running.pk).papers - bar.n)
        return running

    def _bar(self, total: int, *, done: int = 0) -> Any:
        # To standard error, and only to a terminal: pipes get the summary alone.
        return tqdm(desc="reading again", total=total, initial=done, unit=" papers", file=sys.stderr, disable=None)

    def _print(self, found: Difference, *, verb: str) -> None:
        version = f"extractor {pipeline.EXTRACTOR_VERSION}"
        self.stdout.write(f"{_count(found.papers, 'paper')} {verb} read again by {version}")
        for name, counts in (("claims", found.claims), ("costs", found.costs)):
            self.stdout.write(f"  {name}: {_said(counts)}")
        flagged = found.differing + found.missing
        self.stdout.write(
            f"  decided by persons: {flagged} {verb} flagged ({found.differing} read otherwise, {found.missing} no longer found)"
        )
        for line in _second_reader(found, verb):
            self.stdout.write(f"  second reader: {line}")
        if found.boards:
            self.stdout.write("  numbers on boards:")
        for slug, counts in sorted(found.boards.items(), key=lambda board: (-_total(board[1]), board[0])):
            self.stdout.write(f"    {found.names.get(slug, slug)}: {_said(counts)}")


def _second_reader(found: Difference, verb: str) -> Iterator[str]:
    """Yield what there is to say about the second reader."""
    is_on = second_reader.is_configured()
    if is_on and verb == "would be" and found.unanswered:
        yield f"would be put to it, as far as its budget goes: {_count(found.unanswered, 'paper')}"
    elif is_on and verb != "would be":
        if found.asked:
            yield f"put to it: {_count(found.asked, 'paper')}"
        if found.unanswered:
            why = f" ({'; '.join(found.reasons)})" if found.reasons else ""
            yield f"left open and due again: {_count(found.unanswered, 'paper')}{why}"
    if found.waiting:
        yield f"kept as it filled them in earlier, until it answers: {_count(found.waiting, 'number')}{'' if is_on else ' (it is off)'}"


def _limit(since: str) -> str:
    return f", or by one since {since}" if since else " with the present vocabulary"


def _said(counts: Counts) -> str:
    return f"{counts.new} new, {counts.changed} changed, {counts.gone} gone"


def _total(counts: Counts) -> int:
    return counts.new + counts.changed + counts.gone


def _count(number: int, one: str) -> str:
    return f"{number} {one if number == 1 else one + 's'}"
