"""What became of a listing: how far it is, what it brought, what could not be read, what was not taken, what people did with it."""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from claims.extraction.rules.explanations import PARTS
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
    PaperText,
    Result,
    RunText,
)
from claims.services import table_receipts, uploads
from claims.services.table_receipts import TableReceipt
from claims.terms import OPEN_STATES, ChunkState, DecidedBy, ListingState

RATE_SECONDS = 60
"""How far back the parts done count for the rate of reading: when work stands still, an old rate must not promise an end."""
MOST_PARTS = 50
"""How many of the parts that failed are named."""
MOST_ISSUES = 500
"""How many of the places that could not be read are listed."""
MOST_EXAMPLES = 3
"""How many of the numbers that were left for a reason are shown."""
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
class LeftNumber:
    """A number that was not taken, [start, end) of a text's title or abstract."""

    text: PaperText
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LeftFor:
    """How many numbers were left for a reason, with the first ones, each of another text."""

    reason: str
    count: int
    examples: list[LeftNumber]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A listing in figures.

    `running` says that work on it goes on; then only what is cheap to count is filled in. `settled` counts the entries whose papers
    are settled after the listing was withdrawn, put back or dated anew, None while nothing is to be settled. `seconds_left` is None
    where nobody can tell.

    `papers_new` counts the papers that no earlier upload or entry showed, `papers_known` the other entries; `dated` the entries
    whose date is known, the listing's year included, `yearless` those that print a date without a year. `claims` and `costs` are
    those read from texts that this listing was the first to show, `accepted_by_policy` how many of both no person has accepted but
    the site. `untaken` counts the numbers in them that the latest run did not take,
    `untaken_reasons` by reason, the most frequent first. `unread` counts the entries of parts that nobody has read, because reading
    was stopped; `failed` those that were read and not taken in. Of `chunks_total` parts, `chunks_done` are done, `failed_chunks`
    gave up (the first of them in `failed_parts`) and `chunks_at_work` are being read. `issue_count` places could not be read, the first
    of them in `issues`. `boards` are the boards that its papers stand on, with their rows. Of a table the entries are records, `dated`
    those that give a day, papers those that its records name, and `table` says the rest; None for a listing, and while work goes on.
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
    accepted_by_policy: int
    untaken: int
    untaken_reasons: list[LeftFor]
    issues: list[ListingIssue]
    issue_count: int
    boards: list[tuple[Benchmark, int]]
    holds_records: bool
    table: TableReceipt | None


def read_receipt(listing: Listing) -> Receipt:
    """Return the receipt, in a fixed number of queries; while work on the listing goes on in three whose cost hardly grows with it.

    Very many issues take one more, which counts them.
    """
    now = timezone.now()
    running = listing.state in OPEN_STATES or listing.unsettled_from is not None
    parts = _count_parts(listing, now)
    failed_parts = _failed_parts(listing)
    issues = list(list_issues(listing)[:MOST_ISSUES])
    entries, new, dated, yearless, claims, costs = parts["entries"] or 0, 0, 0, 0, parts["claims"] or 0, parts["costs"] or 0
    untaken: list[LeftFor] = []
    known = accepted_by_policy = 0
    holds_records = table_receipts.holds_records(listing)
    table = table_receipts.read_table_receipt(listing) if holds_records and not running else None
    if table is not None:
        entries, new, known, dated = table.records, table.papers_new, table.papers - table.papers_new, table.dated
        claims, costs = table.claims, table.costs
    elif not running and not holds_records:
        entries, new, dated = listing.entries.count(), _first_entries(listing).count(), _count_dated(listing)
        yearless = listing.entries.filter(stated_month__isnull=False, stated_year__isnull=True).count()
        texts = _first_texts(listing).values("paper_text")
        # Not what a re-extraction has retired; what only an older text of a paper states was read here all the same.
        found = Q(retired_by__isnull=True) | Q(retired_by=F("run"))
        accepted = Count("pk", filter=Q(decided_by=DecidedBy.POLICY, retired_by__isnull=True))
        of_texts = [kind._default_manager.filter(found, paper_text__in=texts) for kind in (Claim, Cost)]
        counts = [statements.aggregate(read=Count("pk"), accepted=accepted) for statements in of_texts]
        claims, costs = (of_kind["read"] for of_kind in counts)
        accepted_by_policy = sum(of_kind["accepted"] for of_kind in counts)
        untaken = _count_untaken(texts)
        known = entries - new
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
        papers_known=known,
        claims=claims,
        costs=costs,
        accepted_by_policy=accepted_by_policy,
        untaken=sum(left.count for left in untaken),
        untaken_reasons=untaken,
        issues=issues,
        # Asked only where there may be more: hardly any listing has so many.
        issue_count=listing.issues.count() if len(issues) == MOST_ISSUES else len(issues),
        boards=table.boards if table is not None else [] if running or holds_records else _boards(listing),
        holds_records=holds_records,
        table=table,
    )


def _count_untaken(texts: QuerySet[Any]) -> list[LeftFor]:
    """Count what the latest run on each of the texts left, by reason. What is part of another number is no number that was left."""
    later = RunText.objects.filter(paper_text=OuterRef("paper_text"), pk__gt=OuterRef("pk"))
    readings = RunText.objects.filter(~Exists(later), paper_text__in=texts).order_by("pk").values_list("paper_text", "untaken")
    counts: Counter[str] = Counter()
    first: defaultdict[str, list[tuple[int, str, int, int]]] = defaultdict(list)
    for text, rows in readings.iterator():
        for field, start, end, reason in rows:
            counts[reason] += 1
            if len(first[reason]) < MOST_EXAMPLES and text not in {example[0] for example in first[reason]}:
                first[reason].append((text, field, start, end))
    named = {example[0] for examples in first.values() for example in examples}
    shown = PaperText.objects.select_related("paper").in_bulk(named) if named else {}
    examples = {
        reason: [LeftNumber(shown[text], field, start, end) for text, field, start, end in places if shown[text].shown_part(field)]
        for reason, places in first.items()
    }
    return [
        LeftFor(reason, count, examples[reason])
        for reason, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        if reason not in PARTS
    ]


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


def list_issues(listing: Listing) -> QuerySet[ListingIssue]:
    """Return all places that could not be read, in the order of the file."""
    return listing.issues.order_by(F("line").asc(nulls_first=True), F("record").asc(nulls_first=True), "pk")


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
    """Return what withdrawing the listing would do as things stand. Counts through the whole listing.

    Of a table the rows are those in which no number of another origin stands, and papers stay.
    """
    if table_receipts.holds_records(listing):
        return _foresee_withdrawal_of_table(listing)
    shown = Paper.objects.filter(pk__in=listing.entries.values("paper_text__paper"))
    elsewhere = ListingEntry.objects.filter(paper_text__paper=OuterRef("pk")).exclude(listing=listing)
    leaving = shown.filter(~Exists(elsewhere.exclude(listing__state=ListingState.WITHDRAWN)))
    rows = Result.objects.visible().filter(paper__in=leaving).aggregate(rows=Count("pk"), boards=Count("benchmark", distinct=True))
    decided = sum(
        table._default_manager.filter(paper_text__paper__in=leaving, decided_by=DecidedBy.PERSON).count() for table in (Claim, Cost)
    )
    count = leaving.count()
    return Withdrawal(leaving=count, staying=shown.count() - count, decided=decided, **rows)


def _foresee_withdrawal_of_table(listing: Listing) -> Withdrawal:
    of_it = Q(source_record__source__listing=listing)
    others = Claim.objects.filter(result=OuterRef("pk")).exclude(of_it)
    shown = Result.objects.visible().filter(claims__source_record__source__listing=listing)
    rows = shown.filter(~Exists(others)).aggregate(rows=Count("pk", distinct=True), boards=Count("benchmark", distinct=True))
    decided = sum(table._default_manager.filter(of_it, decided_by=DecidedBy.PERSON).count() for table in (Claim, Cost))
    return Withdrawal(leaving=0, staying=0, decided=decided, **rows)


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
