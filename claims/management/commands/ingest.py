"""Read listings here and now, without a worker."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from claims.errors import ClaimsError, InvalidDecisionError, MappingError
from claims.listings import registry
from claims.listings.base import Column, TableMapping
from claims.listings.columns import read_column, write_column
from claims.management.databases import ensure_tables
from claims.models import Claim, Cost, Listing, ListingChunk, Paper
from claims.services import ingest, mappings, receipts, storage, table_receipts, updates
from claims.services.table_receipts import TableReceipt
from claims.terms import ColumnMeaning, ListingState

ACTOR = "command line"


class Command(BaseCommand):
    help = "Read listing files in the foreground, with a progress bar, and print what they brought. Reading a file again adds nothing."
    _placed: set[str] | None
    """The SHA-256 of what a dry run has stored and will remove; None where everything is kept."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--year", type=int, help="the year of dates that a file prints without one")
        parser.add_argument("--dry-run", action="store_true", help="read everything and print the receipts, but save nothing")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="HEADER=MEANING",
            help='what a column of a table means: "Model=model", "Acc=metric:Top-1 accuracy:%%", "Params (M)=cost:parameters:M"; '
            "without any, the columns are read as those of the last table with the same headers",
        )
        parser.add_argument("--task", default="", help="the task of a table's results, where no column says it")
        parser.add_argument("--dataset", default="", help="what a table's results were measured on, where no column says it")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text; a refused file has its error there")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=True)
        with storage.keeping_nothing() if options["dry_run"] else contextlib.nullcontext() as self._placed:
            updates.update_catalogue()
            failed = self._read_all(options)
        if failed:
            sys.exit(1)

    def _read_all(self, options: dict[str, Any]) -> bool:
        """Read the files in their order and print what came of each; say whether anything failed."""
        printed = []
        failed = False
        for name in options["files"]:
            try:
                listing, created = self._read(Path(name), options)
            except (ClaimsError, OSError) as error:
                failed = True
                message = error.message if isinstance(error, ClaimsError) else f"{name} was not read. {error.strerror or error}."
                self.stderr.write(self.style.ERROR(message))
                printed.append({"name": Path(name).name, "error": message})
                continue
            failed = failed or listing.state != ListingState.DONE
            printed.append(self._receipt(listing, created=created, as_json=options["json"]))
        totals = {"papers": Paper.objects.count(), "claims": Claim.objects.count(), "costs": Cost.objects.count()}
        if options["json"]:
            said = {"dry_run": True} if options["dry_run"] else {}
            self.stdout.write(json.dumps({"listings": printed, **totals, **said}, ensure_ascii=False))
        else:
            papers, claims, costs = (_count(number, name[:-1]) for name, number in totals.items())
            holds, saved = ("would hold", " Nothing was saved.") if options["dry_run"] else ("holds", "")
            self.stdout.write(f"The database {holds} {papers}, {claims} and {costs}.{saved}")
        return failed

    def _read(self, path: Path, options: dict[str, Any]) -> tuple[Listing, bool]:
        with path.open("rb") as file:
            listing, created = storage.store_upload(file, name=path.name, actor=ACTOR, year=options["year"])
        if self._placed is not None:
            self._placed.add(listing.sha256)
        if listing.state in (ListingState.CANCELLED, ListingState.WITHDRAWN):
            was, way = ("stopped", "read it on") if listing.state == ListingState.CANCELLED else ("withdrawn", "put it back")
            raise InvalidDecisionError(f"{path.name} was not read. It was uploaded before and {was}; {way} on its page.")
        created = created or listing.state == ListingState.UNMAPPED
        said = options["column"] or options["task"] or options["dataset"]
        if not registry.get_reader(listing.format).needs_mapping:
            if said:
                self.stderr.write(f"{path.name} says itself what its columns mean; --column, --task and --dataset are not for it.")
        elif said or listing.state == ListingState.UNMAPPED:
            _name_columns(listing, options)
        # The bar goes to standard error, and only to a terminal: pipes get the receipt alone.
        unit = " records" if table_receipts.holds_records(listing) else " papers"
        with tqdm(desc=path.name, unit=unit, file=sys.stderr, disable=None) as bar:

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
            **(table_receipts.as_json(receipt.table) if receipt.table is not None else {}),
            **({"accepted_automatically": receipt.accepted_by_policy} if receipt.accepted_by_policy else {}),
            **({"error": listing.error} if listing.error else {}),
        }

    def _print(self, listing: Listing, receipt: receipts.Receipt, added: dict[str, int], *, created: bool) -> None:
        if receipt.table is not None:
            self._print_table(listing, receipt, receipt.table, created=created)
            return
        year = f"year {listing.year} ({listing.year_source})" if listing.year else "year unknown"
        self.stdout.write(f"{listing.name}: {listing.state}" + ("" if created else ", read before"))
        self.stdout.write(f"  {_count(receipt.entries, 'entry', 'entries')}, {receipt.dated} dated, {year}")
        self.stdout.write(f"  {_count(added['papers_new'], 'paper')} new, {added['papers_known']} known")
        untaken = _count(receipt.untaken, "number")
        self.stdout.write(f"  {_count(added['claims'], 'claim')}, {_count(added['costs'], 'cost')}; {untaken} not taken")
        if receipt.accepted_by_policy:
            self.stdout.write(f"  {_count(receipt.accepted_by_policy, 'number')} accepted automatically, not reviewed by a person")
        self._print_problems(listing, receipt)

    def _print_table(self, listing: Listing, receipt: receipts.Receipt, table: TableReceipt, *, created: bool) -> None:
        self.stdout.write(f"{listing.name}: {listing.state}" + ("" if created else ", read before"))
        self.stdout.write(f"  {_count(table.records, 'record')}: {_count(table.claims, 'result')}, {_count(table.costs, 'cost')}")
        self.stdout.write(f"  {_count(table.rows, 'row')} on {_count(len(table.boards), 'board')}")
        self.stdout.write(f"  {_count(table.papers, 'paper')} named, {table.papers_new} of them new")
        if table.unknown_metrics:
            names = ", ".join(metric.name for metric in table.unknown_metrics)
            self.stdout.write(f"  Nobody has said yet whether more or less is better of: {names}")
        for join in table.joins:
            of = f" {join.table.name}" if join.table is not None else ""
            self.stdout.write(f"  {join.joined} of {join.total} {join.what}{of}")
            for missing in join.first_missing:
                reason = missing.reason or join.reason
                self.stdout.write(f"    record {missing.record}, {' '.join(filter(None, [missing.model, missing.variant]))}: {reason}")
            if more := len(join.missing) - len(join.first_missing):
                self.stdout.write(f"    and {more} more")
        self._print_problems(listing, receipt)

    def _print_problems(self, listing: Listing, receipt: receipts.Receipt) -> None:
        if listing.error:
            self.stdout.write(self.style.ERROR(f"  {listing.error}"))
        for issue in receipt.issues:
            self.stdout.write(f"  {listing.name}, {issue}")
        if receipt.issue_count > len(receipt.issues):
            self.stdout.write(f"  and {receipt.issue_count - len(receipt.issues)} more places that could not be read")


def _name_columns(listing: Listing, options: dict[str, Any]) -> None:
    """Say what a table's columns mean: as the options do, else as was said of the last table with the same headers.

    Raises `ClaimsError` where neither does, with the options that seem right.
    """
    head = storage.read_table_head(listing)
    known = mappings.recall(head.headers)
    if options["column"]:
        columns = _read_columns(options["column"], head.headers)
    elif known:
        columns = dict(mappings.read_mapping(known).columns)
    else:
        guess = head.guess()
        written = [f"--column {shlex.quote(f'{header}={write_column(column)}')}" for header, column in _said(guess)]
        guesses = " ".join([*written, *(f"--{name} …" for name in ("task", "dataset") if name not in _meanings(guess))])
        raise MappingError(
            f"{listing.name} was not read: nobody has said what its columns mean. They seem to mean what follows; "
            f"check it, and say so:\n  {guesses}"
        )
    before = mappings.read_mapping(known) if known else TableMapping({})
    if before.dataset and not options["dataset"] and not options["column"]:
        raise MappingError(
            f"{listing.name} was not read: the last table with these headers was one of {before.dataset}, and nothing in this one says "
            f"of which dataset it is. Say so with --dataset {shlex.quote(before.dataset)} or another name."
        )
    mapping = TableMapping(columns, options["task"] or ("" if options["column"] else before.task), options["dataset"])
    if listing.mapping != mappings.write_mapping(mapping) or listing.state == ListingState.UNMAPPED:
        mappings.set_mapping(listing, mapping, headers=head.headers, actor=ACTOR, version=None)
        listing.refresh_from_db()


def _said(mapping: TableMapping) -> list[tuple[str, Column]]:
    return [(header, column) for header, column in mapping.columns.items() if column.meaning is not ColumnMeaning.IGNORE]


def _meanings(mapping: TableMapping) -> set[str]:
    return {str(column.meaning) for column in mapping.columns.values()}


def _read_columns(written: Sequence[str], headers: Sequence[str]) -> dict[str, Column]:
    """Return what options say of columns. A header may hold an equals sign: the longest that fits is meant."""
    columns: dict[str, Column] = {}
    for text in written:
        header = max((name for name in headers if text.startswith(f"{name}=")), key=len, default="")
        if not header:
            named = ", ".join(f"“{name}”" for name in headers[:40])
            raise MappingError(f"--column “{text}” names no column of the table. It has {named}. Write HEADER=MEANING.")
        columns[header] = read_column(text[len(header) + 1 :])
    return columns


def _count(number: int, one: str, many: str = "") -> str:
    """Return "1 entry" or "2 entries"; without `many` the plural ends in s."""
    return f"{number} {one if number == 1 else many or one + 's'}"
