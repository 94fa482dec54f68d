"""Reads a model or a dataset with all that the boards have of it, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.conf import settings
from django.db.models import F, Model, Q, QuerySet

from claims import keys
from claims.models import (
    Alias,
    Benchmark,
    Claim,
    Cost,
    CostLink,
    Dataset,
    DatasetSplit,
    MLModel,
    OldSlug,
    Paper,
    Result,
    ResultCondition,
    ResultValue,
)
from claims.terms import AliasKind, CurationState, Role

RESULTS_ON_A_PAGE = 50
COSTS_ON_A_PAGE = 20
PAPERS_ON_A_PAGE = 20

_Entry = TypeVar("_Entry", MLModel, Dataset)
_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Part(Generic[_Row]):
    """A page of a list: page `number` of `pages`, from 1, of `total` rows."""

    rows: Sequence[_Row]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class ModelResult:
    """A row of a board as its model's page lists it. `values` are what the row shows, the board's primary metric first."""

    result: Result
    values: list[ResultValue]
    conditions: list[str]

    @property
    def url(self) -> str:
        """The row on its board, opened. A board shows quoted numbers by a switch."""
        role = "role=all&" if self.quoted else ""
        return f"{self.result.benchmark.get_absolute_url()}?{role}open={self.result.public_id}#row-{self.result.public_id}"

    @property
    def quoted(self) -> bool:
        return self.result.role == Role.BASELINE and self.result.paper_id is not None


@dataclass(frozen=True, slots=True)
class BoardResults:
    """The results of a model on one board."""

    benchmark: Benchmark
    results: list[ModelResult]


@dataclass(frozen=True, slots=True)
class AreaResults:
    """The results of a model on the boards of an area; '' as its slug is what belongs to none."""

    name: str
    slug: str
    boards: list[BoardResults]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """What a model's page shows: `results` is the page of rows that `areas` groups. `hidden` counts rows that wait for a review."""

    model: MLModel
    areas: list[AreaResults]
    results: Part[Result]
    board_count: int
    costs: Part[Cost]
    papers: list[Paper]
    quoting: Part[Paper]
    aliases: list[str]
    hidden: int

    @property
    def is_empty(self) -> bool:
        return not (self.results.total or self.costs.total or self.quoting.total)


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """What a dataset's page shows: the boards on it with the claims that lead them, and what it is called, part of and divided into."""

    dataset: Dataset
    boards: list[tuple[Benchmark, Claim | None]]
    aliases: list[str]
    parts: list[Dataset]
    splits: list[str]
    hidden: int

    @property
    def rows(self) -> int:
        return sum(int(getattr(benchmark, "shown_rows", 0)) for benchmark, _ in self.boards)


def find_model(slug: str) -> MLModel:
    """Return the model at an address, or the one that it led to before or was merged into. Raises `MLModel.DoesNotExist`."""
    return _find(MLModel, AliasKind.MODEL, slug)


def find_dataset(slug: str) -> Dataset:
    """Return the dataset at an address, or the one that it led to before or was merged into. Raises `Dataset.DoesNotExist`."""
    return _find(Dataset, AliasKind.DATASET, slug)


def _find(kind: type[_Entry], word: AliasKind, slug: str) -> _Entry:
    entries: Any = kind._default_manager.select_related("merged_into", "introduced_by", "merged_into__introduced_by")
    try:
        found = entries.get(slug=slug)
    except kind.DoesNotExist:
        old = OldSlug.objects.filter(kind=word, slug=slug).first()
        if old is None:
            raise
        found = entries.get(public_id=old.public_id)
    root: _Entry = found.root()
    return root


def find_moved(kind: Any, slug: str) -> str | None:
    """Return the slug that an entry of a kind has now, which was merged or renamed; None for one that lives there, or never did."""
    word = AliasKind.MODEL if kind is MLModel else AliasKind(kind._meta.model_name)
    entries = kind._default_manager
    lived = entries.filter(slug=slug).values_list("merged_into__slug", flat=True)
    if found := list(lived):
        return cast("str | None", found[0])
    old = OldSlug.objects.filter(kind=word, slug=slug).values_list("public_id", flat=True).first()
    entry = entries.select_related("merged_into").filter(public_id=old).first() if old else None
    return str(entry.root().slug) if entry is not None else None


def read_model(model: MLModel, pages: dict[str, int] | None = None) -> ModelPage:
    """Return a model with its results, costs and papers. `pages` are those of "results", "costs" and "quoting", 1 where not given."""
    pages = pages or {}
    rows = Result.objects.filter(ml_model=model, benchmark__merged_into__isnull=True)
    shown = rows.visible()
    area = "benchmark__task__area"
    ordered = shown.select_related(area, "benchmark__dataset", "benchmark__primary_metric", "paper", "source").order_by(
        F(f"{area}__position").asc(nulls_last=True),
        *(f"{area}__name", "-benchmark__row_count", "benchmark__slug", "-role"),
        *(F("paper__last_day").desc(nulls_last=True), "variant_key", "pk"),
    )
    results = _part(ordered, pages.get("results", 1), RESULTS_ON_A_PAGE)
    # What a cost belongs to: the model that its text names, or the row that it is the price of.
    tied = CostLink.objects.filter(result__in=shown, tied=True).values("cost")
    costs = Cost.objects.visible().filter(Q(ml_model=model) | Q(pk__in=tied))
    costs = costs.select_related("paper_text__paper", "source_record__source__listing", "source_record__paper")
    costs = costs.defer("source_record__raw", "paper_text__abstract").order_by("measure", "condition", "kind", "canonical_value", "pk")
    numbers = [statements.objects.visible().filter(ml_model=model) for statements in (Claim, Cost)]
    papers = Paper.objects.filter(merged_into__isnull=True)
    own = [found.filter(role=Role.PROPOSED).values("paper_text__paper") for found in numbers]
    quoted = [found.filter(role=Role.BASELINE, paper_text__isnull=False).values("paper_text__paper") for found in numbers]
    introducing = {model.introduced_by_id} if model.introduced_by_id else set()
    proposing = papers.filter(Q(pk__in=own[0]) | Q(pk__in=own[1]) | Q(pk__in=introducing))
    quoting = papers.filter(Q(pk__in=quoted[0]) | Q(pk__in=quoted[1])).exclude(pk__in=introducing)
    newest = (F("last_day").desc(nulls_last=True), "title", "pk")
    return ModelPage(
        model=model,
        areas=_group(_fill(results.rows)),
        results=results,
        board_count=shown.values("benchmark").distinct().count(),
        costs=_part(costs, pages.get("costs", 1), COSTS_ON_A_PAGE),
        papers=list(proposing.order_by("first_day", "title", "pk")[:PAPERS_ON_A_PAGE]),
        quoting=_part(quoting.order_by(*newest), pages.get("quoting", 1), PAPERS_ON_A_PAGE),
        aliases=_read_aliases(AliasKind.MODEL, model.name, Q(ml_model=model) | Q(ml_model__merged_into=model)),
        hidden=0 if settings.SHOW_UNREVIEWED else rows.with_values().count() - results.total,
    )


def _fill(rows: Sequence[Result]) -> list[ModelResult]:
    """Fetch the numbers and the settings of rows: two queries. What was rejected since they were read has no number any more."""
    states = [CurationState.ACCEPTED, *([CurationState.UNREVIEWED] if settings.SHOW_UNREVIEWED else [])]
    ids = [row.pk for row in rows]
    values: dict[int, list[ResultValue]] = {}
    shown = ResultValue.objects.filter(result__in=ids, claim__retired_by__isnull=True, claim__state__in=states)
    for value in shown.select_related("metric", "claim__metric").order_by("metric__name"):
        values.setdefault(value.result_id, []).append(value)
    settings_of: dict[int, list[str]] = {}
    worded = ResultCondition.objects.filter(result__in=ids).order_by("condition__kind", "condition__key")
    for pk, text in worded.values_list("result", "text"):
        settings_of.setdefault(pk, []).append(text)
    filled = []
    for row in rows:
        primary = row.benchmark.primary_metric_id
        own = sorted(values.get(row.pk, []), key=lambda value: value.metric_id != primary)
        if own:
            filled.append(ModelResult(row, own, settings_of.get(row.pk, [])))
    return filled


def _group(results: Sequence[ModelResult]) -> list[AreaResults]:
    areas: dict[str, AreaResults] = {}
    for found in results:
        benchmark = found.result.benchmark
        area = benchmark.task.area
        group = areas.setdefault(area.slug if area else "", AreaResults(area.name if area else "Other", area.slug if area else "", []))
        if not group.boards or group.boards[-1].benchmark.pk != benchmark.pk:
            group.boards.append(BoardResults(benchmark, []))
        group.boards[-1].results.append(found)
    return list(areas.values())


def read_dataset(dataset: Dataset) -> DatasetPage:
    """Return a dataset with the boards on it, the largest first."""
    leader = "leader" if settings.SHOW_UNREVIEWED else "accepted_leader"
    boards = (
        Benchmark.objects.visible()
        .with_names()
        .select_related(f"{leader}__result__paper", f"{leader}__result__source")
        .filter(dataset=dataset)
        .order_by(F("shown_rows").desc(), "slug")
    )
    unseen = Q(row_count__gt=0, accepted_row_count=0)
    return DatasetPage(
        dataset=dataset,
        boards=[(benchmark, getattr(benchmark, leader)) for benchmark in boards],
        aliases=_read_aliases(AliasKind.DATASET, dataset.name, Q(dataset=dataset) | Q(dataset__merged_into=dataset)),
        parts=list(Dataset.objects.filter(parent=dataset, merged_into__isnull=True).order_by("name", "pk")),
        splits=list(DatasetSplit.objects.filter(dataset=dataset).order_by("name").values_list("name", flat=True)),
        hidden=0 if settings.SHOW_UNREVIEWED else Benchmark.objects.filter(unseen, dataset=dataset, merged_into__isnull=True).count(),
    )


def _read_aliases(kind: AliasKind, name: str, of_these: Q) -> list[str]:
    """Return how else a name is written, each way once; what differs from the name in case and signs alone is no other way."""
    texts = Alias.objects.filter(of_these, kind=kind).order_by("text", "pk").values_list("text", flat=True)
    distinct = {keys.name_key(text): text for text in texts}
    distinct.pop(keys.name_key(name), None)
    return list(distinct.values())


def _part(rows: QuerySet[_Row], number: int, size: int) -> Part[_Row]:
    """Return a page of rows in two queries; a page beyond the last is the last."""
    total = rows.count()
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    return Part(list(rows[(number - 1) * size : number * size]) if total else [], number, pages, total)
