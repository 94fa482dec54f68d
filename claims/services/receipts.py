"""What became of a listing: how far it is, what it brought, what could not be read and what was not taken."""

from __future__ import annotations

import calendar
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from claims.models import Benchmark, Claim, Cost, Listing, ListingEntry, ListingIssue, Paper, Result, RunText
from claims.terms import ChunkState, ListingState


@dataclass(frozen=True, slots=True)
class Receipt:
    """A listing in figures.

    `papers_new` counts the papers that no earlier upload or entry showed, `papers_known` the other entries; `dated` the entries
    whose date is known, the listing's year included. `claims` and `costs` are those read from texts that this listing was the
    first to show. `untaken` counts the numbers in them that were not taken, `untaken_reasons` by reason, the most frequent first.
    `failed` counts entries that were planned but not taken in, `failed_chunks` the parts that gave up. `boards` are the boards
    that its papers stand on, with their rows.
    """

    running: bool
    entries: int
    entries_done: int
    chunks_total: int
    chunks_done: int
    failed_chunks: int
    failed: int
    dated: int
    papers_new: int
    papers_known: int
    claims: int
    costs: int
    untaken: int
    untaken_reasons: list[tuple[str, int]]
    issues: list[ListingIssue]
    boards: list[tuple[Benchmark, int]]


def read_receipt(listing: Listing) -> Receipt:
    """Return the receipt, in a fixed number of queries.

    While the listing is being read the counts are those so far, and what would be slow to count again and again (untaken
    numbers, boards) is left empty.
    """
    running = listing.state in (ListingState.WAITING, ListingState.READING)
    chunks = Counter(listing.chunks.values_list("state", flat=True))
    entries = listing.entries.count()
    new = _first_entries(listing).count()
    texts = _first_texts(listing).values("paper_text")
    untaken: Counter[str] = Counter()
    if not running:
        readings = RunText.objects.filter(paper_text__in=texts).values_list("untaken", flat=True)
        untaken.update(reason for rows in readings.iterator() for _, _, _, reason in rows)
    return Receipt(
        running=running,
        entries=listing.entry_count,
        entries_done=entries,
        chunks_total=sum(chunks.values()),
        chunks_done=chunks[ChunkState.DONE],
        failed_chunks=chunks[ChunkState.FAILED],
        failed=0 if running else listing.entry_count - entries,
        dated=_count_dated(listing),
        papers_new=new,
        papers_known=entries - new,
        claims=Claim.objects.filter(paper_text__in=texts).count(),
        costs=Cost.objects.filter(paper_text__in=texts).count(),
        untaken=untaken.total(),
        untaken_reasons=sorted(untaken.items(), key=lambda pair: (-pair[1], pair[0])),
        issues=list(listing.issues.all()[:500]),
        boards=[] if running else _boards(listing),
    )


def _count_dated(listing: Listing) -> int:
    """Count the entries whose date is known; "Feb 29" without a year is no date in a year that has none."""
    entries = listing.entries.filter(stated_month__isnull=False)
    if listing.year is None:
        return entries.filter(stated_year__isnull=False).count()
    if not calendar.isleap(listing.year):
        entries = entries.exclude(stated_year__isnull=True, stated_month=2, stated_day=29)
    return entries.count()


def _earlier(listing: Listing) -> Q:
    """Entries of uploads before this one, or before the outer entry within it: the order of upload, not of reading."""
    return Q(listing__lt=listing.pk) | Q(listing=listing.pk, position__lt=OuterRef("position"))


def _first_entries(listing: Listing) -> QuerySet[ListingEntry]:
    earlier = ListingEntry.objects.filter(_earlier(listing), paper_text__paper=OuterRef("paper_text__paper"))
    return listing.entries.filter(~Exists(earlier))


def _first_texts(listing: Listing) -> QuerySet[ListingEntry]:
    earlier = ListingEntry.objects.filter(_earlier(listing), paper_text=OuterRef("paper_text"))
    return listing.entries.filter(~Exists(earlier))


def _boards(listing: Listing) -> list[tuple[Benchmark, int]]:
    papers = Paper.objects.filter(texts__entries__listing=listing)
    counts = dict(
        Result.objects.with_values().filter(paper__in=papers).order_by().values_list("benchmark").annotate(rows=Count("pk", distinct=True))
    )
    benchmarks = Benchmark.objects.with_names().filter(pk__in=counts).order_by(F("row_count").desc(), "slug")
    return sorted(((benchmark, counts[benchmark.pk]) for benchmark in benchmarks), key=lambda pair: -pair[1])
