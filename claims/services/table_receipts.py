"""What a table of results brought, and how it fits the other tables of its collection: a missing join is reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Exists, F, OuterRef, Q

from claims.errors import UnknownFormatError
from claims.listings import registry, timm
from claims.models import Benchmark, Claim, Cost, CostLink, Import, Listing, ListingEntry, Metric, Paper, Result, SourceRecord
from claims.terms import ConditionKind, Direction, EntryKind, ListingState

MOST_MISSING = 20
"""How many of those without a counterpart a page names; the download has all."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What has no counterpart, or another than the other table says: the record's number, its model, and why it is listed."""

    record: int
    model: str
    variant: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """How a table fits others: `joined` of `total`, then `what` ("rows have costs of") and the name of `table` read as a sentence.

    `table` is None where the sentence needs none. `reason` says why the `missing` are listed.
    """

    table: Listing | None
    what: str
    joined: int
    total: int
    reason: str
    missing: list[Missing] = field(default_factory=list)

    @property
    def first_missing(self) -> list[Missing]:
        return self.missing[:MOST_MISSING]


@dataclass(frozen=True, slots=True)
class TableReceipt:
    """What a table brought: stored records and those with a date, papers that it names and those that nothing before it named, numbers,
    boards with its rows, metrics whose better end nobody has said, and joins."""

    records: int
    dated: int
    papers: int
    papers_new: int
    claims: int
    costs: int
    boards: list[tuple[Benchmark, int]]
    rows: int
    unknown_metrics: list[Metric]
    joins: list[Join]


def holds_records(listing: Listing) -> bool:
    """Say whether an upload is a table; one of a format that is no more is not."""
    try:
        return registry.get_reader(listing.format).holds is EntryKind.RECORDS
    except UnknownFormatError:
        return False


def read_table_receipt(listing: Listing) -> TableReceipt | None:
    """Return what a table brought, in a fixed number of queries; None before its first record was stored."""
    source = Import.objects.filter(listing=listing).first()
    if source is None:
        return None
    of_source = Q(source_record__source=source)
    papers = Paper.objects.filter(Exists(SourceRecord.objects.filter(source=source, paper=OuterRef("pk"))))
    earlier = ListingEntry.objects.filter(paper_text__paper=OuterRef("pk"), listing__lt=listing.pk)
    before = SourceRecord.objects.filter(paper=OuterRef("pk"), source__listing__lt=listing.pk)
    stored = SourceRecord.objects.filter(source=source).aggregate(all=Count("pk"), dated=Count("first_day"))
    counted = papers.aggregate(all=Count("pk"), new=Count("pk", filter=~Exists(earlier) & ~Exists(before)))
    boards = _boards(source)
    metrics = Metric.objects.filter(Exists(Claim.objects.current().filter(of_source, metric=OuterRef("pk"))), direction=Direction.UNKNOWN)
    return TableReceipt(
        records=stored["all"],
        dated=stored["dated"],
        papers=counted["all"],
        papers_new=counted["new"],
        claims=Claim.objects.current().filter(of_source).count(),
        costs=Cost.objects.current().filter(of_source).count(),
        boards=boards,
        rows=sum(rows for _, rows in boards),
        unknown_metrics=list(metrics.order_by("name")),
        joins=[] if listing.state == ListingState.WITHDRAWN else find_joins(source),
    )


def _boards(source: Import) -> list[tuple[Benchmark, int]]:
    rows = Result.objects.visible().filter(Exists(Claim.objects.filter(result=OuterRef("pk"), source_record__source=source)))
    counts = dict(rows.order_by().values_list("benchmark").annotate(rows=Count("pk")))
    benchmarks = Benchmark.objects.with_names().filter(pk__in=counts).order_by(F("row_count").desc(), "slug")
    return sorted(((benchmark, counts[benchmark.pk]) for benchmark in benchmarks), key=lambda pair: -pair[1])


def find_joins_of(listing: Listing) -> list[Join]:
    """Return what `find_joins` does for an uploaded table; nothing for a listing, or for what was withdrawn."""
    source = Import.objects.filter(listing=listing).first() if listing.state != ListingState.WITHDRAWN else None
    return find_joins(source) if source is not None else []


def find_joins(source: Import) -> list[Join]:
    """Return how a table fits the others of its collection, in a fixed number of queries; nothing for one that stands alone."""
    if not source.collection:
        return []
    of_table = Q(source_record__source=OuterRef("pk"))
    others = (
        Import.objects.filter(collection=source.collection)
        .exclude(listing__state=ListingState.WITHDRAWN)
        .select_related("listing")
        .annotate(scored=Exists(Claim.objects.filter(of_table)), priced=Exists(Cost.objects.filter(of_table)))
        .order_by("name", "pk")
    )
    tables = list(others)
    own = next((table for table in tables if table.pk == source.pk), None)
    others_scored = [table for table in tables if table.scored and table.pk != source.pk]
    if own is not None and own.scored:
        return _join_rows(source, [table for table in tables if table.priced and not table.scored])
    if own is not None and own.priced:
        return _join_costs(source, others_scored)
    return _compare_pretraining(source) if source.format == timm.TimmPretrainingReader.name and others_scored else []


def _join_rows(source: Import, priced: Iterable[Import]) -> list[Join]:
    """Return which rows of a table of results have costs of each table of costs."""
    claims = Claim.objects.filter(source_record__source=source, result__isnull=False).order_by("source_record__number", "pk")
    rows: dict[int, Missing] = {}
    for result, number, model, variant in claims.values_list("result", "source_record__number", "model_name", "variant"):
        rows.setdefault(result or 0, Missing(number, model, variant))
    linked = CostLink.objects.filter(
        Exists(Claim.objects.filter(result=OuterRef("result"), source_record__source=source)),
        tied=True,
        cost__source_record__source__collection=source.collection,
    )
    joined: dict[int, set[int]] = defaultdict(set)
    for table, result in linked.order_by().values_list("cost__source_record__source", "result").distinct():
        joined[table or 0].add(result)
    reason = "no record of its model and image size"
    return [
        Join(
            table.listing,
            "rows have costs of",
            len(joined[table.pk] & rows.keys()),
            len(rows),
            reason,
            [row for result, row in rows.items() if result not in joined[table.pk]],
        )
        for table in priced
    ]


def _join_costs(source: Import, scored: Iterable[Import]) -> list[Join]:
    """Return which records of a table of costs the rows of the others take."""
    names = dict(
        Cost.objects.filter(source_record__source=source)
        .order_by("-pk")  # the first of a record's costs comes last, and stays
        .values_list("source_record__number", "model_name")
    )
    numbers = list(SourceRecord.objects.filter(source=source).order_by("number").values_list("number", flat=True))
    links = CostLink.objects.filter(cost__source_record__source=source, tied=True).order_by()
    taken: dict[int, set[int]] = defaultdict(set)
    of_links = links.values_list("result__claims__source_record__source", "cost__source_record__number")
    for table, number in of_links.distinct():
        taken[table or 0].add(number or 0)
    by_any = set().union(*taken.values())
    missing = [Missing(number, names.get(number, "")) for number in numbers if number not in by_any]
    joins = [Join(table.listing, "records are costs of rows of", len(taken[table.pk]), len(numbers), "") for table in scored]
    return [
        *joins,
        Join(
            None,
            "records are costs of at least one row",
            len(numbers) - len(missing),
            len(numbers),
            "no row of any table takes its costs",
            missing,
        ),
    ]


def _compare_pretraining(source: Import) -> list[Join]:
    """Return for how many rows the tag names the same training data as the table; the tag decides, and the others are listed.

    The table names architectures, of which each has rows with several tags.
    """
    stated: dict[str, tuple[int, str]] = {}
    for number, raw in SourceRecord.objects.filter(source=source).order_by("number").values_list("number", "raw"):
        stated.setdefault(str(raw.get("model", "")), (number, str(raw.get("pretrain", ""))))
    claims = Claim.objects.filter(source_record__source__collection=source.collection, result__isnull=False)
    rows = claims.order_by("model_name", "variant", "result").values_list("result", "model_name", "variant", "setting")
    seen: dict[tuple[str, str], Missing | None] = {}
    for _, model, variant, setting in rows:
        if model in stated and (model, variant) not in seen:
            number, word = stated[model]
            said = {condition.value for condition in timm.read_pretraining(word)}
            tagged = {condition["value"] for condition in setting if condition["kind"] == ConditionKind.EXTRA_DATA}
            reason = f"the table says {_name(said)}, the tag {_name(tagged)}"
            seen[model, variant] = None if said == tagged else Missing(number, model, variant, reason)
    differing = [missing for missing in seen.values() if missing is not None]
    named = {model for model, _ in seen}
    without = [Missing(number, model) for model, (number, _) in stated.items() if model not in named]
    return [
        Join(None, "architectures have rows", len(named), len(stated), "no row has its architecture", without),
        Join(
            None,
            "rows of these have a tag that names the same training data",
            len(seen) - len(differing),
            len(seen),
            "the row’s own tag says otherwise, and decides",
            differing,
        ),
    ]


def _name(sets: Iterable[str]) -> str:
    return ", ".join(sorted(sets)) or "no extra data"


def as_json(table: TableReceipt) -> Mapping[str, object]:
    """Return what a program is told of a table beside what it is told of any listing."""
    return {
        "records": table.records,
        "rows": {benchmark.slug: rows for benchmark, rows in table.boards},
        "unknown_directions": [metric.name for metric in table.unknown_metrics],
        "joins": [
            {
                "table": join.table.name if join.table is not None else None,
                "what": join.what,
                "joined": join.joined,
                "total": join.total,
            }
            for join in table.joins
        ],
    }
