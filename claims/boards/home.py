"""Lists the boards, and finds one by its address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from claims.models import Area, Benchmark, Claim, OldSlug, Record, Result, ResultValue
from claims.prepared import Joined, prepared
from claims.querysets import OWN, BenchmarkQuerySet
from claims.terms import CurationState, Direction

BOARDS_OF_AN_AREA = 6
"""So many boards of each area stand on the home page, the largest; an area's own page has them all."""
OTHER = "other"
"""What the page of the boards is called that belong to no area."""
LATEST = 6
"""How many records are told as new."""


class Unled(StrEnum):
    """Why nothing leads a board."""

    NO_METRIC = "no metric"
    NO_DIRECTION = "no direction"
    NOT_STATED = "not stated"
    ONLY_BOUNDS = "only bounds"


@dataclass(frozen=True, slots=True)
class Summary:
    """A board on the home page.

    `leader` is the claim that leads it; None if nothing does, and `unled` says why. `records` are those of the board, the earliest
    first, with their claims: none where no result that leads has a date.
    """

    benchmark: Benchmark
    leader: Claim | None
    unled: Unled | None = None
    records: list[Record] = field(default_factory=list)

    @property
    def leader_is_undated(self) -> bool:
        """Whether the records end with another number than the leader's: one that leads and has a date holds the last of them."""
        return self.leader is not None and bool(self.records) and self.records[-1].claim_id != self.leader.pk


@dataclass(frozen=True, slots=True)
class AreaBoards:
    """The boards of an area, the largest first, and how many it has in all; '' as its slug is what belongs to none.

    `page` is what its own page is asked for by.
    """

    name: str
    slug: str
    total: int
    boards: list[Summary]

    @property
    def page(self) -> str:
        return self.slug or OTHER


# A claim, its row and its paper have a hundred fields, and a page has many of them: half of its time went into those it does not print.
_NAMES = ("slug", "task__name", "dataset__name", "primary_metric__name", "primary_metric__unit", "primary_metric__direction")
_BOARD_FIELDS = (*_NAMES, "public_id", "changed", "row_count", "accepted_row_count", "task__area", "task__area__name", "task__area__slug")
_PRINTED = ("value", "value_max", "canonical_value", "canonical_max", "decimals", "qualifier")
_OF_ROW = ("public_id", "model_name", "variant", "paper__title", "paper__first_day", "paper__last_day")


def _holder_fields(claim: str) -> list[str]:
    """Return what is printed of a number that leads, and of its row, as fields of the relation that is named."""
    return [*(f"{claim}__{name}" for name in ("source_record", "model_name", *_PRINTED)), *(f"{claim}__result__{name}" for name in _OF_ROW)]


def list_boards(*, single: bool = False, of: Collection[int] | None = None) -> list[Benchmark]:
    """Return the benchmarks of the home page (`of`: those ids) with their names and leaders, by area, the largest first.

    Unreviewed benchmarks with a single result stay off the page unless `single`.
    """
    boards = boards_listed(single=single) if of is None else boards_listed(single=single).filter(pk__in=of)
    return list(
        boards.with_names()
        .select_related(f"{_leader()}__result__paper")
        .only(*_BOARD_FIELDS, *_holder_fields(_leader()))
        .order_by(F("task__area__position").asc(nulls_last=True), "task__area__name", F("shown_rows").desc(), "slug")
    )


def boards_listed(*, single: bool) -> BenchmarkQuerySet[Benchmark]:
    """Return the boards of the home page; with `single`, also unreviewed ones with one result."""
    rows = Q(shown_rows__gt=0) if single else Q(shown_rows__gt=1) | Q(shown_rows=1, reviewed=True)
    return Benchmark.objects.visible().filter(rows)


def list_areas(*, single: bool = False, area: str | None = None) -> list[AreaBoards]:
    """Return the areas that have boards, each with its largest ones; with all of them if `single`.

    Of an `area` (OTHER: what belongs to none) all boards are returned, and none of the others. Raises `Area.DoesNotExist` for an
    area without boards.
    """
    ids: dict[int | None, list[int]] = defaultdict(list)
    for benchmark, area_id in boards_listed(single=single).order_by(F("shown_rows").desc(), "slug").values_list("pk", "task__area_id"):
        ids[area_id].append(benchmark)
    names: list[tuple[int | None, str, str]] = [
        *Area.objects.filter(pk__in=[pk for pk in ids if pk is not None]).order_by("position", "name").values_list("pk", "name", "slug"),
        *([(None, "Other", "")] if None in ids else []),
    ]
    if area is not None and area not in [slug or OTHER for _, _, slug in names]:
        raise Area.DoesNotExist
    shown: dict[int | None, list[int]] = {}
    for pk, _, slug in names:
        whole = single if area is None else True
        shown[pk] = [] if area not in (None, slug or OTHER) else ids[pk] if whole else ids[pk][:BOARDS_OF_AN_AREA]
    if single and area is None:
        benchmarks = list_boards(single=single)
    else:
        benchmarks = list_boards(single=single, of=[pk for of_area in shown.values() for pk in of_area])
    summaries: dict[int | None, list[Summary]] = defaultdict(list)
    for summary in _summarise(benchmarks):
        summaries[summary.benchmark.task.area_id].append(summary)
    return [AreaBoards(name, slug, len(ids[pk]), summaries[pk]) for pk, name, slug in names]


MOST_IDS = 500
"""So many ids a query names; what is known of more boards is read of all."""


def _summarise(benchmarks: list[Benchmark]) -> Iterable[Summary]:
    records: dict[int, list[Record]] = defaultdict(list)
    found = _list_records()
    if len(benchmarks) <= MOST_IDS:
        found = found.filter(benchmark__in=[benchmark.pk for benchmark in benchmarks])
    for record in found:
        records[record.benchmark_id].append(record)
    unled = _explain([benchmark for benchmark in benchmarks if getattr(benchmark, _leader()) is None])
    return (
        Summary(benchmark, getattr(benchmark, _leader()), unled.get(benchmark.pk), records.get(benchmark.pk, []))
        for benchmark in benchmarks
    )


def _list_records() -> QuerySet[Record]:
    shown = Record.objects.filter(accepted_only=not settings.SHOW_UNREVIEWED)
    return shown.select_related("claim__paper_text__paper", "claim__source_record").only(*_RECORD_FIELDS).order_by("day")


@dataclass(frozen=True, slots=True)
class Specimen:
    """A number and the sentence that it stands in: what the site does, shown before it is said. `claim` has its text loaded."""

    benchmark: Benchmark
    claim: Claim


MOST_SPECIMENS, LONGEST_SPECIMEN = 8, 280
"""Of so many boards one may lend its leader's sentence, which has at most so many characters."""


def find_specimen(areas: Iterable[AreaBoards]) -> Specimen | None:
    """Return the leader of the largest of the listed boards whose sentence is short enough to be read at once; None where none is."""
    led = sorted(
        (summary for area in areas for summary in area.boards if summary.leader is not None and summary.leader.source_record_id is None),
        key=lambda summary: -summary.benchmark.shown_rows,  # type: ignore[attr-defined]  # annotated
    )[:MOST_SPECIMENS]
    if not led:
        return None
    with_text = Claim.objects.select_related("paper_text__paper", "result__paper").in_bulk(
        [summary.leader.pk for summary in led if summary.leader]
    )
    for summary in led:
        claim = with_text.get(summary.leader.pk) if summary.leader else None
        if claim is not None and claim.result is not None and claim.evidence and len(claim.evidence) <= LONGEST_SPECIMEN:
            return Specimen(summary.benchmark, claim)
    return None


def list_records_of(benchmark: Benchmark) -> list[Record]:
    """Return a board's records, the earliest first, with what is printed of their claims."""
    return list(_list_records().filter(benchmark=benchmark))


_RECORD_FIELDS = (
    *("benchmark_id", "day", "value", *(f"claim__{name}" for name in _PRINTED)),
    *("claim__paper_text__paper__first_day", "claim__paper_text", "claim__source_record__first_day", "claim__source_record"),
)


def _explain(benchmarks: Iterable[Benchmark]) -> dict[int, Unled]:
    """Say why nothing leads these boards, by their ids."""
    reasons: dict[int, Unled] = {}
    ranked = []
    for benchmark in benchmarks:
        if benchmark.primary_metric is None:
            reasons[benchmark.pk] = Unled.NO_METRIC
        elif benchmark.primary_metric.direction == Direction.UNKNOWN:
            reasons[benchmark.pk] = Unled.NO_DIRECTION
        else:
            ranked.append(benchmark)
    shown = ResultValue.objects.filter(result__benchmark=OuterRef("pk"), metric=OuterRef("primary_metric"))
    shown = shown.filter(result__in=Result.objects.filter(OWN))
    if not settings.SHOW_UNREVIEWED:
        shown = shown.filter(claim__state=CurationState.ACCEPTED)
    some = Benchmark.objects.filter(Exists(shown), **{f"{_leader()}__isnull": True})
    if len(ranked) <= MOST_IDS:
        some = some.filter(pk__in=[benchmark.pk for benchmark in ranked])
    stated = set(some.values_list("pk", flat=True))
    for benchmark in ranked:
        reasons[benchmark.pk] = Unled.ONLY_BOUNDS if benchmark.pk in stated else Unled.NOT_STATED
    return reasons


def list_latest_records() -> list[Record]:
    """Return the latest records of the boards on the home page, the latest first, with the rows that hold them and held them before.

    The first number of a board beats nothing: such ones are told only where there is room left.
    """
    boards = boards_listed(single=False).values("pk")
    latest = (
        Record.objects.filter(accepted_only=not settings.SHOW_UNREVIEWED, benchmark__in=boards)
        .select_related("benchmark__task", "benchmark__dataset", "benchmark__primary_metric")
        .select_related("claim__result__paper", "previous__result__paper")
        .only("day", "value", *(f"benchmark__{name}" for name in _NAMES), *_holder_fields("claim"), *_holder_fields("previous"))
        .order_by("-day", "-pk")
    )
    steps = list(latest.filter(previous__isnull=False)[:LATEST])
    firsts = list(latest.filter(previous__isnull=True)[:LATEST])
    return sorted([*steps, *firsts[: LATEST - len(steps)]], key=lambda record: (record.day, record.pk), reverse=True)


def list_largest_boards(*, limit: int = 5) -> list[Benchmark]:
    """Return the boards with the most rows, with their names."""
    return list(Benchmark.objects.visible().with_names().order_by(F("shown_rows").desc(), "slug")[:limit])


def count_single_boards() -> int:
    """Return how many benchmarks the home page leaves out."""
    return Benchmark.objects.visible().filter(shown_rows=1, reviewed=False).count()  # type: ignore[misc]  # as above


def _leader() -> str:
    return "leader" if settings.SHOW_UNREVIEWED else "accepted_leader"


class Versions(NamedTuple):
    """What an answer about a board depends on, as long as the query and the site's settings are the same."""

    public_id: str
    version: int
    changed: datetime
    task_version: int
    dataset_version: int


def versions_of(benchmark: Benchmark) -> Versions:
    return Versions(benchmark.public_id, benchmark.version, benchmark.changed, benchmark.task.version, benchmark.dataset.version)


def find_versions(slug: str) -> Versions | None:
    """Return the versions of the board that lives at an address, None if none does: all that is asked for who has its page already."""
    standing = Benchmark.objects.filter(slug=slug, merged_into__isnull=True)
    found = standing.values_list("public_id", "version", "changed", "task__version", "dataset__version").first()
    return None if found is None else Versions(*found)


def find_leader(benchmark: Benchmark) -> Claim | None:
    """Return the claim that leads a board, with its row and paper; None where nothing does."""
    leader = benchmark.leader_id if settings.SHOW_UNREVIEWED else benchmark.accepted_leader_id
    return Claim.objects.select_related("result__paper").filter(pk=leader).first() if leader else None


def find_benchmark(slug: str) -> Benchmark:
    """Return the benchmark at an address, or the one that lived there before or was merged into. Raises `Benchmark.DoesNotExist`."""
    for row in _fetch_benchmark(slug):
        benchmark: Benchmark = _WITH_NAMES.build(row)
        if benchmark.merged_into_id is not None:
            return Benchmark.objects.with_names().get(pk=benchmark.merged_into_id)
        return benchmark
    old = OldSlug.objects.filter(kind="benchmark", slug=slug).first()
    if old is None:
        raise Benchmark.DoesNotExist
    found = Benchmark.objects.with_names().get(public_id=old.public_id)
    return found if found.merged_into_id is None else Benchmark.objects.with_names().get(pk=found.merged_into_id)


_WITH_NAMES = Joined(Benchmark, "task", "task__area", "dataset", "primary_metric")


@prepared
def _fetch_benchmark(slug: Any) -> Any:
    return Benchmark.objects.filter(slug=slug).values_list(*_WITH_NAMES.columns)
