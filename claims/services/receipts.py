"""What became of a listing: how far it is, what it brought, what could not be read, what was not taken, what people did with it."""

from __future__ import annotations

import calendar
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from claims.models import (
    Benchmark,
    ChangeSet,
    Claim,
    Cost,
    Decision,
    Listing,
    ListingChunk,
    ListingEntry,
    ListingIssue,
    Paper,
    Result,
    RunText,
)
from claims.services import uploads
from claims.terms import ChunkState, DecidedBy, ListingState

RATE_SECONDS = 60
"""How far back the parts done count for the rate of reading: when work stands still, an old rate must not promise an end."""
MOST_PARTS = 50
"""How many of the parts that failed are named."""
MOST_CHANGES = 50
"""How many of the changes to a listing its page lists, the latest first."""


@dataclass(frozen=True, slots=True)
class FailedPart:
    """A part that gave up: its entries and lines, from 1, last inclusive (`last_line` None: to the end of the file), and why."""

    first: int
    last: int
    first_line: int
    last_line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A listing in figures.

    `running` says that work on it goes on; then only what is cheap to count is filled in. `settled` counts the entries whose papers
    are settled after the listing was withdrawn, put back or dated anew, None while nothing is to be settled. `seconds_left` is None
    where nobody can tell.

    `papers_new` counts the papers that no earlier upload or entry showed, `papers_known` the other entries; `dated` the entries
    whose date is known, the listing's year included, `yearless` those that print a date without a year. `claims` and `costs` are
    those read from texts that this listing was the first to show. `untaken` counts the numbers in them that were not taken,
    `untaken_reasons` by reason, the most frequent first. `unread` counts the entries of parts that nobody has read, because reading
    was stopped; `failed` those that were read and not taken in. Of `chunks_total` parts, `chunks_done` are done, `failed_chunks`
    gave up (the first of them in `failed_parts`) and `chunks_at_work` are being read. `boards` are the boards that its papers stand
    on, with their rows.
    """

    running: bool
    settled: int | None
    seconds_left: float | None
    entries: int
    entries_done: int
    unread: int
    chunks_total: int
    chunks_done: int
    chunks_at_work: int
    failed_chunks: int
    failed_parts: list[FailedPart]
    failed: int
    dated: int
    yearless: int
    papers_new: int
    papers_known: int
    claims: int
    costs: int
    untaken: int
    untaken_reasons: list[tuple[str, int]]
    issues: list[ListingIssue]
    boards: list[tuple[Benchmark, int]]


def read_receipt(listing: Listing) -> Receipt:
    """Return the receipt, in a fixed number of queries; while work on the listing goes on in three whose cost hardly grows with it."""
    now = timezone.now()
    running = listing.state in uploads.OPEN_STATES or listing.unsettled_from is not None
    parts = _count_parts(listing, now)
    failed_parts = _failed_parts(listing)
    issues = list(listing.issues.all()[:500])
    entries, new, dated, yearless, claims, costs = parts["entries"] or 0, 0, 0, 0, parts["claims"] or 0, parts["costs"] or 0
    untaken: Counter[str] = Counter()
    if not running:
        entries, new, dated = listing.entries.count(), _first_entries(listing).count(), _count_dated(listing)
        yearless = listing.entries.filter(stated_month__isnull=False, stated_year__isnull=True).count()
        texts = _first_texts(listing).values("paper_text")
        claims, costs = (table._default_manager.filter(paper_text__in=texts).count() for table in (Claim, Cost))
        readings = RunText.objects.filter(paper_text__in=texts).values_list("untaken", flat=True)
        untaken.update(reason for rows in readings.iterator() for _, _, _, reason in rows)
    return Receipt(
        running=running,
        settled=listing.unsettled_from,
        seconds_left=_seconds_left(listing, parts, now),
        entries=listing.entry_count,
        entries_done=entries,
        unread=parts["unread"] or 0,
        chunks_total=parts["total"],
        chunks_done=parts["done"],
        chunks_at_work=parts["at_work"],
        failed_chunks=parts["failed"],
        failed_parts=failed_parts,
        failed=0 if running else max(0, listing.entry_count - entries - (parts["unread"] or 0)),
        dated=dated,
        yearless=yearless,
        papers_new=new,
        papers_known=0 if running else entries - new,
        claims=claims,
        costs=costs,
        untaken=untaken.total(),
        untaken_reasons=sorted(untaken.items(), key=lambda pair: (-pair[1], pair[0])),
        issues=issues,
        boards=[] if running else _boards(listing),
    )


def _count_parts(listing: Listing, now: datetime) -> dict[str, Any]:
    """Count the parts by state and the entries in them; `recent` and `since` tell of those done in the last `RATE_SECONDS`."""
    size = F("last") - F("first") + 1
    open_ = Q(state__in=[ChunkState.WAITING, ChunkState.LEASED])
    recent = Q(state=ChunkState.DONE, closed__gte=now - timedelta(seconds=RATE_SECONDS))
    return listing.chunks.aggregate(
        total=Count("pk"),
        done=Count("pk", filter=Q(state=ChunkState.DONE)),
        failed=Count("pk", filter=Q(state=ChunkState.FAILED)),
        at_work=Count("pk", filter=Q(state=ChunkState.LEASED, lease_until__gte=now)),
        entries=Sum(size, filter=Q(state=ChunkState.DONE)),
        unread=Sum(size, filter=open_),
        claims=Sum("found_claims"),
        costs=Sum("found_costs"),
        recent=Count("pk", filter=recent),
        recent_entries=Sum(size, filter=recent),
        since=Min("closed", filter=recent),
    )


def _seconds_left(listing: Listing, parts: dict[str, Any], now: datetime) -> float | None:
    """Return how long reading the rest takes at the rate of the last minute; None if that is too little to go by."""
    if listing.state != ListingState.READING or parts["recent"] < 3:
        return None
    # The part that was done first began before the time that is looked at.
    entries = parts["recent_entries"] * (parts["recent"] - 1) / parts["recent"]
    seconds: float = (now - parts["since"]).total_seconds()
    return None if seconds < 1 else (parts["unread"] or 0) * seconds / entries


def _failed_parts(listing: Listing) -> list[FailedPart]:
    following = ListingChunk.objects.filter(listing=listing, number=OuterRef("number") + 1).values("line")[:1]
    failed = listing.chunks.filter(state=ChunkState.FAILED).annotate(next_line=Subquery(following)).order_by("number")
    return [
        FailedPart(part.first + 1, part.last + 1, part.line, part.next_line and part.next_line - 1, part.error)
        for part in failed[:MOST_PARTS]
    ]


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
        Result.objects.visible().filter(paper__in=papers).order_by().values_list("benchmark").annotate(rows=Count("pk", distinct=True))
    )
    benchmarks = Benchmark.objects.with_names().filter(pk__in=counts).order_by(F("row_count").desc(), "slug")
    return sorted(((benchmark, counts[benchmark.pk]) for benchmark in benchmarks), key=lambda pair: -pair[1])


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdrawing a listing would do: papers that leave and that stay, rows and the boards that lose them, numbers that people
    decided on in what leaves."""

    leaving: int
    staying: int
    rows: int
    boards: int
    decided: int


def foresee_withdrawal(listing: Listing) -> Withdrawal:
    """Return what withdrawing the listing would do as things stand. Counts through the whole listing."""
    shown = Paper.objects.filter(pk__in=listing.entries.values("paper_text__paper"))
    elsewhere = ListingEntry.objects.filter(paper_text__paper=OuterRef("pk")).exclude(listing=listing)
    leaving = shown.filter(~Exists(elsewhere.exclude(listing__state=ListingState.WITHDRAWN)))
    rows = Result.objects.visible().filter(paper__in=leaving).aggregate(rows=Count("pk"), boards=Count("benchmark", distinct=True))
    decided = sum(
        table._default_manager.filter(paper_text__paper__in=leaving, decided_by=DecidedBy.PERSON).count() for table in (Claim, Cost)
    )
    count = leaving.count()
    return Withdrawal(leaving=count, staying=shown.count() - count, decided=decided, **rows)


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did with a listing; `undoable` where nothing has happened to it since that would have to be undone first."""

    change_set: ChangeSet
    before: dict[str, Any]
    after: dict[str, Any]
    undoable: bool


def list_changes(listing: Listing) -> list[Change]:
    """Return what people did with the listing, the latest first, in one query."""
    undone = ChangeSet.objects.filter(undoes=OuterRef("change_set"))
    decided = Decision.objects.filter(object_kind="listing", object_id=listing.pk).select_related("change_set")
    return [
        Change(
            decision.change_set,
            decision.before,
            decision.after,
            decision.change_set.action in uploads.UNDOABLE and not decision.undone and decision.object_version == listing.version,
        )
        for decision in decided.annotate(undone=Exists(undone)).order_by("-pk")[:MOST_CHANGES]
    ]
