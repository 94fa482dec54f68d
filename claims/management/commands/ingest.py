"""Read listings here and now, without a worker."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from claims.errors import ClaimsError, InvalidDecisionError
from claims.management.databases import ensure_tables
from claims.models import Claim, Cost, Listing, ListingChunk, Paper
from claims.services import ingest, receipts, updates
from claims.terms import ListingState


class Command(BaseCommand):
    help = "Read listing files in the foreground, with a progress bar, and print what they brought. Reading a file again adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--year", type=int, help="the year of dates that a file prints without one")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=True)
        updates.update_catalogue()
        printed = []
        failed = False
        for name in options["files"]:
            try:
                listing, created = self._read(Path(name), options["year"])
            except (ClaimsError, OSError) as error:
                failed = True
                message = error.message if isinstance(error, ClaimsError) else f"{name} was not read. {error.strerror or error}."
                self.stderr.write(self.style.ERROR(message))
                continue
            failed = failed or listing.state != ListingState.DONE
            printed.append(self._receipt(listing, created=created, as_json=options["json"]))
        totals = {"papers": Paper.objects.count(), "claims": Claim.objects.count(), "costs": Cost.objects.count()}
        if options["json"]:
            self.stdout.write(json.dumps({"listings": printed, **totals}, ensure_ascii=False))
        else:
            self.stdout.write(f"The database holds {totals['papers']} papers, {totals['claims']} claims and {totals['costs']} costs.")
        if failed:
            sys.exit(1)

    def _read(self, path: Path, year: int | None) -> tuple[Listing, bool]:
        with path.open("rb") as file:
            listing, created = ingest.store_upload(file, name=path.name, actor="command line", year=year)
        if listing.state in (ListingState.CANCELLED, ListingState.WITHDRAWN):
            was, way = ("stopped", "read it on") if listing.state == ListingState.CANCELLED else ("withdrawn", "put it back")
            raise InvalidDecisionError(f"{path.name} was not read. It was uploaded before and {was}; {way} on its page.")
        # The bar goes to standard error, and only to a terminal: pipes get the receipt alone.
        with tqdm(desc=path.name, unit=" papers", file=sys.stderr, disable=None) as bar:

            def on_chunk(chunk: ListingChunk) -> None:
                bar.total = chunk.listing.entry_count
                bar.update(chunk.last - chunk.first + 1)

            return ingest.ingest_in_foreground(listing, on_chunk=on_chunk), created

    def _receipt(self, listing: Listing, *, created: bool, as_json: bool) -> dict[str, Any]:
        receipt = receipts.read_receipt(listing)
        # What this reading added: nothing, if the same bytes were read before.
        added = {
            "papers_new": receipt.papers_new if created else 0,
            "papers_known": receipt.papers_known if created else receipt.entries_done,
            "claims": receipt.claims if created else 0,
            "costs": receipt.costs if created else 0,
        }
        if not as_json:
            self._print(listing, receipt, added, created=created)
        return {
            "name": listing.name,
            "format": listing.format,
            "year": listing.year,
            "entries": receipt.entries,
            "dated": receipt.dated,
            **added,
            "failed": receipt.failed,
        }

    def _print(self, listing: Listing, receipt: receipts.Receipt, added: dict[str, int], *, created: bool) -> None:
        year = f"year {listing.year} ({listing.year_source})" if listing.year else "year unknown"
        self.stdout.write(f"{listing.name}: {listing.state}" + ("" if created else ", read before"))
        self.stdout.write(f"  {receipt.entries} entries, {receipt.dated} dated, {year}")
        self.stdout.write(f"  {added['papers_new']} papers new, {added['papers_known']} known")
        self.stdout.write(f"  {added['claims']} claims, {added['costs']} costs; {receipt.untaken} numbers not taken")
        if listing.error:
            self.stdout.write(self.style.ERROR(f"  {listing.error}"))
        for issue in receipt.issues:
            self.stdout.write(f"  {listing.name}, {issue}")
