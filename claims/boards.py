"""Reads whole boards, papers and lists in a fixed number of queries.

A board is ranked over its light rows (values and costs); sentences are fetched only for rows that show them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractYear
from django.urls import reverse

from claims import ranking
from claims.errors import UnknownFilterError
from claims.filters import BoardFilterSet
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    ChangeSet,
    Claim,
    Cost,
    CostLink,
    Decision,
    Listing,
    ListingEntry,
    Metric,
    OldSlug,
    Paper,
    PaperText,
    Result,
    ResultCondition,
    ResultValue,
    RunText,
)
from claims.querysets import QUOTED
from claims.terms import CANONICAL_UNITS, ChunkState, ClaimKind, CostMeasure, CurationState, Direction, Qualifier, Role

PAGE_SIZE = 50
FILTERS = ("setting", "role", "year", "state")
"""The parameters that leave rows out."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Evidence in three parts: what stands before the number, the number as printed, what stands after it."""

    before: str
    number: str
    after: str

    @property
    def text(self) -> str:
        return self.before + self.number + self.after


@dataclass(slots=True)
class Cell:
    """A number of a row, as stated.

    `rank_by` is what it ranks by, in the canonical unit. `read_as` names the claim's own metric where it stands in another's
    column. `others` counts the claims that stand behind a shown one. `evidence`, `inferred` and `rules` are filled only where the
    row shows its sentences.
    """

    pk: int
    public_id: str
    stated: str
    value: float
    value_max: float | None
    canonical_value: float | None
    unit: str
    decimals: int
    uncertainty: float | None
    qualifier: Qualifier
    kind: ClaimKind
    state: CurationState
    tier: str
    confidence: float
    rank_by: float | None
    read_as: str = ""
    others: int = 0
    note: str = ""
    measure: str = ""
    evidence: Sentence | None = None
    inferred: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    place: tuple[int | None, str, int, int, int, int] = (None, "", 0, 0, 0, 0)


@dataclass(slots=True)
class Row:
    """A row of a board. `rank` is None where nothing ranks it: a baseline, no primary value, or a metric without direction."""

    pk: int
    public_id: str
    model: str
    named: bool
    variant: str
    role: Role
    paper_title: str
    paper_public_id: str
    first_day: date | None
    last_day: date | None
    date_source: str
    source: str
    code_url: str
    conditions: list[tuple[str, str, str]]
    cells: dict[str, Cell] = field(default_factory=dict)
    costs: dict[str, Cell] = field(default_factory=dict)
    all_costs: list[Cell] = field(default_factory=list)
    rank: int | None = None
    tied: bool = False

    @property
    def state(self) -> CurationState:
        """Accepted if every shown number is, else unreviewed."""
        accepted = all(cell.state is CurationState.ACCEPTED for cell in self.cells.values())
        return CurationState.ACCEPTED if accepted else CurationState.UNREVIEWED

    @property
    def paper_url(self) -> str:
        return reverse("paper", args=[self.paper_public_id]) if self.paper_public_id else ""

    @property
    def ranks(self) -> bool:
        """A paper's own results and imported ones rank; quoted baselines do not."""
        return self.role is Role.PROPOSED or bool(self.source)

    @property
    def setting(self) -> list[str]:
        return [text for _, _, text in self.conditions]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers. `key` is the address' word for it: a metric's slug or a cost measure.

    `best` is the best number that a ranking row holds here, None where the direction is unknown; `typical` the median, in the
    canonical unit: what a page chooses a readable unit by.
    """

    key: str
    label: str
    unit: str
    direction: Direction
    is_cost: bool
    is_primary: bool
    count: int
    decimals: int
    best: float | None = None
    typical: float = 0.0


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice of a filter with the number of the board's rows that it holds for: of all for a role, else of the chosen role's."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(slots=True)
class Board:
    """A ranked board.

    `rows` is one page; `shown` counts the rows that pass the filters, `total` all that the board has. `hidden_unreviewed` counts
    numbers that the site does not show before review; `baselines` quoted rows that a switch shows; `undated` the shown rows
    without a date. Ranks count the shown rows. `opened` is the row that was asked for by its id, None if it isn't shown.
    """

    benchmark: Benchmark
    columns: list[Column]
    rows: list[Row]
    shown: int
    total: int
    baselines: int
    undated: int
    hidden_unreviewed: int
    sort: str
    page: int
    pages: int
    settings: list[Facet]
    roles: list[Facet]
    years: list[Facet]
    states: list[Facet]
    filtered: bool
    opened: Row | None = None

    @property
    def primary(self) -> Column | None:
        return next((column for column in self.columns if column.is_primary), None)

    @property
    def ranked(self) -> bool:
        """Whether the primary metric's direction is known; a board without one is not ranked and says so."""
        metric = self.benchmark.primary_metric
        return metric is not None and metric.direction != Direction.UNKNOWN


def read_board(benchmark: Benchmark, query: Any, *, page_size: int | None = PAGE_SIZE, opened: str | None = None) -> Board:
    """Return the board that `query` (a QueryDict) asks for, at most `page_size` rows of it (None: all).

    `opened` is the public id of the one row that shows its sentences; unless `query` names a page, it's the row's page that is
    returned. '' opens no row, None all of the page. Raises `UnknownFilterError` for parameters, values, sort keys and pages
    that the board doesn't have.
    """
    filters = BoardFilterSet(query, benchmark=benchmark)
    metrics = {row.column_id: row.column for row in BenchmarkMetric.objects.filter(benchmark=benchmark).select_related("column")}
    rows = _read_rows(filters.checked())
    hidden = _fill_cells(benchmark, rows, metrics)
    primary = metrics.get(benchmark.primary_metric_id or 0)
    _fill_costs(benchmark, rows, primary=primary.slug if primary else "")
    _fill_conditions(benchmark, rows)
    kept = [row for row in rows.values() if row.cells]
    columns = _columns(benchmark, kept, metrics)
    _rank(kept, columns)
    sort = str(query.get("sort", ""))
    kept = _sorted(kept, columns, sort, known={*(metric.slug for metric in metrics.values()), *CostMeasure})
    page, pages = _page(query, len(kept), page_size)
    place = next((place for place, row in enumerate(kept) if opened and row.public_id == opened), None)
    if place is not None and page_size is not None and not query.get("page"):
        page = place // page_size + 1
    shown = kept if page_size is None else kept[(page - 1) * page_size : page * page_size]
    opened_row = next((row for row in shown if opened and row.public_id == opened), None)
    _fill_evidence(shown if opened is None else [opened_row] if opened_row else [])
    counts = _counts(benchmark, filters)
    return Board(
        benchmark=benchmark,
        columns=columns,
        rows=shown,
        shown=len(kept),
        total=counts["total"],
        baselines=counts["baselines"],
        undated=sum(row.last_day is None for row in kept),
        hidden_unreviewed=hidden,
        sort=sort,
        page=page,
        pages=pages,
        settings=_setting_facets(benchmark, filters, query),
        roles=[
            Facet("proposed", "own results", counts["total"] - counts["baselines"], query.get("role", "proposed") == "proposed"),
            Facet("baseline", "quoted baselines", counts["baselines"], query.get("role") == "baseline"),
            Facet("all", "both", counts["total"], query.get("role") == "all"),
        ],
        years=_year_facets(benchmark, filters),
        states=[
            Facet("accepted", "accepted", counts["of_role"] - counts["unreviewed"], query.get("state") == "accepted"),
            Facet("unreviewed", "unreviewed", counts["unreviewed"], query.get("state") == "unreviewed"),
        ],
        filtered=any(query.get(name) for name in FILTERS),
        opened=opened_row,
    )


def _read_rows(results: QuerySet[Any]) -> dict[int, Row]:
    """Return the rows by their key, without numbers. Plain tuples: a board of thousands makes no model instances."""
    rows = {}
    for pk, public_id, model, variant, role, paper, title, first_day, last_day, date_source, code_url, source in results.order_by(
        "pk"
    ).values_list(
        "pk",
        "public_id",
        "model_name",
        "variant",
        "role",
        "paper__public_id",
        "paper__title",
        "paper__first_day",
        "paper__last_day",
        "paper__date_source",
        "paper__code_url",
        "source__name",
    ):
        rows[pk] = Row(
            pk=pk,
            public_id=public_id,
            model=model or title or "",
            named=bool(model),
            variant=variant,
            role=_ROLES[role],
            paper_title=title or "",
            paper_public_id=paper or "",
            first_day=first_day,
            last_day=last_day,
            date_source=date_source or "",
            source=source or "",
            code_url=code_url or "",
            conditions=[],
        )
    return rows


# Looked up thousands of times for a board: a dictionary is three times as fast as the enumeration's call.
_ROLES = {role.value: role for role in Role}
_QUALIFIERS = {qualifier.value: qualifier for qualifier in Qualifier}
_KINDS = {kind.value: kind for kind in ClaimKind}
_STATES = {state.value: state for state in CurationState}

CELL_FIELDS = (
    "pk",
    "public_id",
    "stated",
    "value",
    "value_max",
    "canonical_value",
    "canonical_max",
    "unit",
    "decimals",
    "uncertainty",
    "qualifier",
    "kind",
    "state",
    "tier",
    "confidence",
    "paper_text_id",
    "field",
    "start",
    "end",
    "evidence_start",
    "evidence_end",
)
"""What ranking and printing need; the rest is fetched for the rows that show their sentences."""


def _cell(values: Sequence[Any], direction: Direction) -> Cell:
    """Return a cell from the values of `CELL_FIELDS`."""
    pk, public_id, stated, value, value_max, canonical, canonical_max, unit, decimals, uncertainty = values[:10]
    qualifier, kind, state, tier, confidence, *place = values[10:]
    if canonical is None:
        rank_by = ranking.ranking_value(value, value_max, direction)
    else:
        rank_by = ranking.ranking_value(canonical, canonical_max, direction)
    return Cell(
        pk=pk,
        public_id=public_id,
        stated=stated,
        value=value,
        value_max=value_max,
        canonical_value=canonical,
        unit=unit,
        decimals=decimals,
        uncertainty=uncertainty,
        qualifier=_QUALIFIERS[qualifier],
        kind=_KINDS[kind],
        state=_STATES[state],
        tier=tier,
        confidence=confidence,
        rank_by=rank_by,
        place=tuple(place),
    )


def _fill_cells(benchmark: Benchmark, rows: dict[int, Row], metrics: dict[int, Metric]) -> int:
    """Fill the rows' cells; return how many numbers are hidden until somebody reviews them."""
    columns = {pk: (metric.slug, Direction(metric.direction)) for pk, metric in metrics.items()}
    hidden = 0
    shown = ResultValue.objects.filter(
        result__benchmark=benchmark,
        claim__retired_by__isnull=True,
        claim__state__in=[CurationState.ACCEPTED, CurationState.UNREVIEWED],
    )
    for result_id, metric_id, others, own_metric, own_name, *values in shown.values_list(
        "result_id", "metric_id", "others", "claim__metric_id", "claim__metric__name", *("claim__" + name for name in CELL_FIELDS)
    ):
        row = rows.get(result_id)
        if row is None:
            continue
        slug, direction = columns[metric_id]
        cell = _cell(values, direction)
        if cell.state is CurationState.UNREVIEWED and not settings.SHOW_UNREVIEWED:
            hidden += 1
            continue
        cell.others = others
        if own_metric != metric_id:
            cell.read_as = own_name
        row.cells[slug] = cell
    return hidden


def _fill_costs(benchmark: Benchmark, rows: dict[int, Row], *, primary: str) -> None:
    """Fill the rows' costs: all of them, and of each measure the one that goes with the score under `primary`."""
    links = (
        CostLink.objects.filter(result__benchmark=benchmark, tied=True, cost__retired_by__isnull=True)
        .exclude(cost__state=CurationState.REJECTED)
        .order_by("cost__paper_text_id", "cost__field", "cost__start", "cost__ordinal")
    )
    if not settings.SHOW_UNREVIEWED:
        links = links.filter(cost__state=CurationState.ACCEPTED)
    for result_id, measure, note, *values in links.values_list(
        "result_id", "cost__measure", "cost__note", *("cost__" + name for name in CELL_FIELDS)
    ):
        row = rows.get(result_id)
        if row is None:
            continue
        cell = _cell(values, _cost_direction(measure))
        cell.measure, cell.note = measure, note
        row.all_costs.append(cell)
    for row in rows.values():
        score = row.cells.get(primary)
        for cell in sorted(row.all_costs, key=lambda cost: _cost_preference(cost, score)):
            if cell.kind is ClaimKind.ABSOLUTE and cell.canonical_value is not None:
                row.costs.setdefault(cell.measure, cell)


def _cost_preference(cost: Cell, score: Cell | None) -> tuple[bool, float, tuple[int, int]]:
    """Accepted before unreviewed, then the nearest to the score ("2.1 with 100 ms and 3.93 with 38 ms"), then the most exact.

    The sort is stable, so the first in the text else.
    """
    exact = ranking.exactness(qualifier=cost.qualifier, value_max=cost.value_max, decimals=cost.decimals)
    return cost.state is not CurationState.ACCEPTED, _gap(cost, score), exact


def _gap(cost: Cell, score: Cell | None) -> float:
    """Return how many characters stand between two numbers of a text; infinity without a score, or for one of another text."""
    if score is None or score.place[0] is None or score.place[:2] != cost.place[:2]:
        return math.inf
    _, _, cost_start, cost_end, _, _ = cost.place
    _, _, score_start, score_end, _, _ = score.place
    return max(0, cost_start - score_end, score_start - cost_end)


def _fill_conditions(benchmark: Benchmark, rows: dict[int, Row]) -> None:
    conditions = ResultCondition.objects.filter(result__benchmark=benchmark).order_by("condition__kind", "condition__key")
    for result_id, kind, key, text in conditions.values_list("result_id", "condition__kind", "condition__key", "text"):
        if result_id in rows:
            rows[result_id].conditions.append((kind, key, text))


def _fill_evidence(rows: Sequence[Row]) -> None:
    """Fetch the sentences of the rows' cells, and how they were read: three queries."""
    cells = [cell for row in rows for cell in (*row.cells.values(), *row.all_costs)]
    texts = PaperText.objects.in_bulk({cell.place[0] for cell in cells if cell.place[0] is not None})
    claims = Claim.objects.only("inferred", "rules").in_bulk({cell.pk for row in rows for cell in row.cells.values()})
    costs = Cost.objects.only("inferred", "rules").in_bulk({cell.pk for row in rows for cell in row.all_costs})
    for cell in cells:
        statement: Claim | Cost = costs[cell.pk] if cell.measure else claims[cell.pk]
        cell.inferred, cell.rules = statement.inferred, statement.rules
        text_id, name, start, end, first, last = cell.place
        if text_id is not None:
            part = texts[text_id].part(name)
            cell.evidence = Sentence(part[first:start], part[start:end], part[end:last])


def _columns(benchmark: Benchmark, rows: Sequence[Row], metrics: dict[int, Metric]) -> list[Column]:
    """Return the metric columns (primary first, then by how many rows have them), then the cost columns."""
    ranking_rows = [row for row in rows if row.ranks]
    counts: Counter[str] = Counter(key for row in rows for key in row.cells)
    decimals: dict[str, int] = defaultdict(int)
    for row in rows:
        for key, cell in (*row.cells.items(), *row.costs.items()):
            decimals[key] = max(decimals[key], cell.decimals)
    columns = [
        Column(
            key=metric.slug,
            label=metric.name,
            unit=metric.unit,
            direction=Direction(metric.direction),
            is_cost=False,
            is_primary=metric.pk == benchmark.primary_metric_id,
            count=counts[metric.slug],
            decimals=decimals[metric.slug],
            best=_best([row.cells[metric.slug] for row in ranking_rows if metric.slug in row.cells], Direction(metric.direction)),
        )
        for metric in metrics.values()
        if counts[metric.slug]
    ]
    columns.sort(key=lambda column: (not column.is_primary, -column.count, column.label))
    costs: Counter[str] = Counter(key for row in rows for key in row.costs)
    return columns + [
        Column(
            key=measure,
            label=measure.replace("_", " "),
            unit=CANONICAL_UNITS.get(CostMeasure(measure), ""),
            direction=_cost_direction(measure),
            is_cost=True,
            is_primary=False,
            count=count,
            decimals=decimals[measure],
            best=_best([row.costs[measure] for row in ranking_rows if measure in row.costs], _cost_direction(measure)),
            typical=_typical([row.costs[measure] for row in rows if measure in row.costs]),
        )
        for measure, count in sorted(costs.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


_MORE_IS_BETTER = frozenset({CostMeasure.THROUGHPUT, CostMeasure.SPEED, CostMeasure.COMPRESSION})
_LESS_IS_BETTER = frozenset(
    {
        CostMeasure.PARAMETERS,
        CostMeasure.FLOPS,
        CostMeasure.MACS,
        CostMeasure.LATENCY,
        CostMeasure.GPU_HOURS,
        CostMeasure.GPU_DAYS,
        CostMeasure.TPU_HOURS,
        CostMeasure.TRAINING_TIME,
        CostMeasure.SEARCH_TIME,
        CostMeasure.TRAINING_COST,
        CostMeasure.INFERENCE_COST,
        CostMeasure.INFERENCE_TIME,
        CostMeasure.EPOCHS,
        CostMeasure.STEPS,
        CostMeasure.NFE,
        CostMeasure.MODEL_SIZE,
        CostMeasure.MEMORY,
        CostMeasure.ENERGY,
        CostMeasure.STORAGE,
    }
)


def _cost_direction(measure: str) -> Direction:
    """Return which end of a measure is plainly the better one; of tokens, data or a batch size nobody can say."""
    if measure in _MORE_IS_BETTER:
        return Direction.HIGHER
    return Direction.LOWER if measure in _LESS_IS_BETTER else Direction.UNKNOWN


def _best(cells: Sequence[Cell], direction: Direction) -> float | None:
    """Return the best of a column's numbers. "More than x" is not the best of anything."""
    leading = [cell.rank_by for cell in cells if cell.rank_by is not None and ranking.leads(cell.qualifier, direction)]
    if not leading or direction is Direction.UNKNOWN:
        return None
    return max(leading) if direction is Direction.HIGHER else min(leading)


def _typical(cells: Sequence[Cell]) -> float:
    present = sorted(cell.rank_by for cell in cells if cell.rank_by is not None)
    return present[len(present) // 2] if present else 0.0


def _rank(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return
    ranking_rows = [row for row in rows if row.ranks]
    values = [row.cells[primary.key].rank_by if primary.key in row.cells else None for row in ranking_rows]
    for row, (rank, tied) in zip(ranking_rows, ranking.ranks(values, primary.direction), strict=True):
        row.rank, row.tied = rank, tied


def _sorted(rows: Sequence[Row], columns: Sequence[Column], sort: str, *, known: Collection[str]) -> list[Row]:
    """Return the rows by `sort`: a column's key, "model" or "date", with "-" for descending. '' is the board's own order.

    Ties stand in the order of the board: rank, then date, then name. A `known` key that no row has a number for sorts nothing.
    Raises `UnknownFilterError` for any other word.
    """
    primary = next((column for column in columns if column.is_primary), None)
    default = sorted(rows, key=lambda row: ranking.tie_key(row.last_day, row.model, row.variant, row.public_id))
    if primary is not None:
        default = _by_column(default, primary, descending=primary.direction is Direction.HIGHER)
    if not sort:
        return default
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    if name == "model":
        return sorted(default, key=lambda row: (row.model.casefold(), row.variant.casefold()), reverse=descending)
    if name == "date":
        return ranking.order(default, lambda row: row.last_day.toordinal() if row.last_day else None, descending=descending)
    column = next((column for column in columns if column.key == name), None)
    if column is None and name not in known:
        possible = ", ".join(["model", "date", *(column.key for column in columns)])
        raise UnknownFilterError(f"This board can't be sorted by “{name[:60]}”. It knows {possible}.")
    return default if column is None else _by_column(default, column, descending=descending)


def _by_column(rows: Sequence[Row], column: Column, *, descending: bool) -> list[Row]:
    def value(row: Row) -> float | None:
        cell = (row.costs if column.is_cost else row.cells).get(column.key)
        return cell.rank_by if cell else None

    return ranking.order(rows, value, descending=descending)


def _page(query: Any, count: int, page_size: int | None) -> tuple[int, int]:
    pages = 1 if page_size is None else max(1, -(-count // page_size))
    stated = str(query.get("page", "1"))
    page = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 0
    if not 1 <= page <= pages:
        raise UnknownFilterError(f"There is no page “{stated[:20]}”; this board has {pages}.")
    return page, pages


def _counts(benchmark: Benchmark, filters: BoardFilterSet) -> dict[str, int]:
    """Count the rows that readers may see: all of them, the quoted ones, and of the chosen role all and the unreviewed."""
    role = filters.role_condition()
    unreviewed = Exists(Result.objects.filter(pk=OuterRef("pk")).with_values(CurationState.UNREVIEWED))
    counts: dict[str, int] = (
        Result.objects.filter(benchmark=benchmark)
        .visible()
        .aggregate(
            total=Count("pk"),
            baselines=Count("pk", filter=QUOTED),
            of_role=Count("pk", filter=role),
            unreviewed=Count("pk", filter=role & Q(unreviewed)),
        )
    )
    if not settings.SHOW_UNREVIEWED:
        counts["unreviewed"] = 0
    return counts


def _wordings(benchmark: Benchmark) -> dict[int, str]:
    """Return how most of the board's rows word each condition, by the condition's id; among equals the shortest."""
    counted = (
        ResultCondition.objects.filter(result__benchmark=benchmark)
        .values_list("condition_id", "text")
        .annotate(rows=Count("pk"))
        .order_by()
    )
    ordered = sorted(counted, key=lambda row: (row[2], -len(row[1]), row[1]))
    return {condition: text for condition, text, _ in ordered}  # the last and best of each stays


def _setting_facets(benchmark: Benchmark, filters: BoardFilterSet, query: Any) -> list[Facet]:
    chosen = set(query.getlist("setting")) if hasattr(query, "getlist") else set()
    rows = Result.objects.filter(filters.role_condition(), benchmark=benchmark).visible()
    counted = dict(rows.values_list("conditions").annotate(rows=Count("pk")).order_by())
    words = _wordings(benchmark)
    facets = [
        Facet(value := f"{c.kind}:{c.key}", words.get(c.pk, c.value), counted.get(c.pk, 0), value in chosen)
        for c in filters.conditions
        if c.kind != "other" and (counted.get(c.pk) or f"{c.kind}:{c.key}" in chosen)
    ]
    facets.sort(key=lambda facet: (-facet.count, facet.label))
    none = Facet("none", "none stated", counted.get(None, 0), "none" in chosen)
    return [*facets, none] if facets or none.chosen else []


def _year_facets(benchmark: Benchmark, filters: BoardFilterSet) -> list[Facet]:
    rows = Result.objects.filter(filters.role_condition(), benchmark=benchmark, paper__last_day__isnull=False).visible()
    counted = {str(year): count for year, count in rows.values_list(ExtractYear("paper__last_day")).annotate(rows=Count("pk")).order_by()}
    stated = filters.form.cleaned_data.get("year")
    chosen = "" if stated is None else str(int(stated))
    if chosen:
        counted.setdefault(chosen, 0)
    return [Facet(year, year, count, year == chosen) for year, count in sorted(counted.items(), reverse=True)]


@dataclass(frozen=True, slots=True)
class Summary:
    """A board on the home page. `leader` is the claim that leads it, None if nothing does."""

    benchmark: Benchmark
    leader: Claim | None


@dataclass(frozen=True, slots=True)
class AreaBoards:
    """The boards of an area; '' as its slug is what belongs to none."""

    name: str
    slug: str
    boards: list[Summary]


def list_boards(*, single: bool = False) -> list[Benchmark]:
    """Return the benchmarks of the home page with their names and leaders, by area, the largest first.

    Unreviewed benchmarks with a single result stay off the page unless `single`.
    """
    rows = Q(shown_rows__gt=0) if single else Q(shown_rows__gt=1) | Q(shown_rows=1, reviewed=True)
    return list(
        Benchmark.objects.with_names()
        .select_related(f"{_leader()}__result__paper", f"{_leader()}__result__source")
        .annotate(shown_rows=_shown_rows())
        .filter(rows)
        .order_by(F("task__area__position").asc(nulls_last=True), "task__area__name", "-shown_rows", "slug")
    )


def list_areas(*, single: bool = False) -> list[AreaBoards]:
    """Return the boards of the home page, grouped."""
    areas: dict[str, AreaBoards] = {}
    for benchmark in list_boards(single=single):
        area = benchmark.task.area
        group = areas.setdefault(area.slug if area else "", AreaBoards(area.name if area else "Other", area.slug if area else "", []))
        group.boards.append(Summary(benchmark, getattr(benchmark, _leader())))
    return list(areas.values())


def list_largest_boards(*, limit: int = 5) -> list[Benchmark]:
    """Return the boards with the most rows, with their names."""
    return list(Benchmark.objects.visible().with_names().order_by(_shown_rows().desc(), "slug")[:limit])


def count_single_boards() -> int:
    """Return how many benchmarks the home page leaves out."""
    return Benchmark.objects.annotate(shown_rows=_shown_rows()).filter(shown_rows=1, reviewed=False).count()


def _leader() -> str:
    return "leader" if settings.SHOW_UNREVIEWED else "accepted_leader"


def _shown_rows() -> F:
    return F("row_count" if settings.SHOW_UNREVIEWED else "accepted_row_count")


def find_benchmark(slug: str) -> Benchmark:
    """Return the benchmark at an address, or the one that lived there before. Raises `Benchmark.DoesNotExist`."""
    try:
        return Benchmark.objects.with_names().get(slug=slug)
    except Benchmark.DoesNotExist:
        old = OldSlug.objects.filter(kind="benchmark", slug=slug).first()
        if old is None:
            raise
        return Benchmark.objects.with_names().get(public_id=old.public_id)


def list_ways_out(benchmark: Benchmark, query: Any) -> list[tuple[str, int]]:
    """Return for each filter in use how many rows there would be without it. For a board that is left empty."""
    ways = []
    for name in FILTERS:
        if query.get(name):
            without = query.copy()
            del without[name]
            ways.append((name, read_board(benchmark, without, page_size=1, opened="").shown))
    return ways


@dataclass(frozen=True, slots=True)
class PaperPage:
    """What a paper's page shows. `untaken` is the latest run's: (field, start, end, reason).

    `earlier_claims` and `earlier_costs` stand in older texts only: a person decided on them, and they count until one rejects them.
    """

    paper: Paper
    text: PaperText | None
    claims: list[Claim]
    costs: list[Cost]
    earlier_claims: list[Claim]
    earlier_costs: list[Cost]
    untaken: list[tuple[str, int, int, str]]
    entries: list[ListingEntry]
    hidden: int
    undoable: dict[tuple[str, int], ChangeSet]


def read_paper(public_id: str, *, for_curator: bool = False) -> PaperPage:
    """Return a paper with what was read from it, in a fixed number of queries. Raises `Paper.DoesNotExist`.

    A curator sees unreviewed numbers on every site, and what of the last decisions can be taken back.
    """
    paper = Paper.objects.select_related("current_text", "merged_into").get(public_id=public_id)
    text = paper.current_text
    claims, costs = read_paper_statements(text) if text else ([], [])
    earlier_claims, earlier_costs = _read_earlier_statements(paper)
    lists: tuple[list[Any], ...] = (claims, costs, earlier_claims, earlier_costs)
    hidden = 0
    if not settings.SHOW_UNREVIEWED and not for_curator:
        for statements in lists:
            hidden += sum(statement.state == CurationState.UNREVIEWED for statement in statements)
            statements[:] = [statement for statement in statements if statement.state != CurationState.UNREVIEWED]
    reading = RunText.objects.filter(paper_text=text).order_by("-run_id").first() if text else None
    entries = ListingEntry.objects.filter(paper_text__paper=paper).select_related("listing").order_by("-listing__created", "position")
    return PaperPage(
        paper=paper,
        text=text,
        claims=claims,
        costs=costs,
        earlier_claims=earlier_claims,
        earlier_costs=earlier_costs,
        untaken=[(str(name), int(start), int(end), str(reason)) for name, start, end, reason in (reading.untaken if reading else [])],
        entries=list(entries),
        hidden=hidden,
        undoable=_undoable(claims + earlier_claims, costs + earlier_costs) if for_curator else {},
    )


def _undoable(claims: Sequence[Claim], costs: Sequence[Cost]) -> dict[tuple[str, int], ChangeSet]:
    """Return the change set that brought each number to where it is, by ("claim" or "cost", pk), unless it is undone."""
    versions = {("claim", claim.pk): claim.version for claim in claims} | {("cost", cost.pk): cost.version for cost in costs}
    of_these = Q(object_kind="claim", object_id__in=[claim.pk for claim in claims]) | Q(
        object_kind="cost", object_id__in=[cost.pk for cost in costs]
    )
    decisions = Decision.objects.filter(of_these, change_set__undone_by__isnull=True, change_set__undoes__isnull=True)
    return {
        key: decision.change_set
        for decision in decisions.select_related("change_set")
        if versions.get(key := (decision.object_kind, decision.object_id)) == decision.object_version
    }


def read_years(*, size: int) -> dict[int, tuple[int | None, str]]:
    """Return year and source of the listings of that size, by id: what to compare with when the same bytes come again."""
    return {pk: (year, source) for pk, year, source in Listing.objects.filter(size=size).values_list("pk", "year", "year_source")}


def list_entries(listing: Listing) -> QuerySet[ListingEntry]:
    """Return a listing's entries in its order, each with its paper."""
    return ListingEntry.objects.filter(listing=listing).select_related("paper_text__paper").order_by("position")


def list_listings() -> QuerySet[Listing]:
    """Return the uploads, the latest first, each with `chunks_total` and `chunks_done`."""
    return Listing.objects.annotate(
        chunks_total=Count("chunks"), chunks_done=Count("chunks", filter=Q(chunks__state=ChunkState.DONE))
    ).order_by("-created", "-pk")


def read_paper_statements(paper_text: PaperText) -> tuple[list[Claim], list[Cost]]:
    """Return what stands in a text, in the order of the text, with the names that a page shows."""
    claims = (
        Claim.objects.current()
        .filter(paper_text=paper_text)
        .select_related("dataset", "metric", "result__benchmark__task", "result__benchmark__dataset")
        .order_by("-field", "start", "ordinal")
    )
    costs = Cost.objects.current().filter(paper_text=paper_text).order_by("-field", "start", "ordinal")
    return list(claims), list(costs)


def _read_earlier_statements(paper: Paper) -> tuple[list[Claim], list[Cost]]:
    """Return what still counts of a paper's older texts, the latest text first, each with its text."""
    order = ("-paper_text", "-field", "start", "ordinal")
    claims = (
        Claim.objects.standing()
        .filter(paper_text__paper=paper)
        .exclude(paper_text=paper.current_text_id)
        .select_related("paper_text", "dataset", "metric", "result__benchmark__task", "result__benchmark__dataset")
        .order_by(*order)
    )
    costs = (
        Cost.objects.standing()
        .filter(paper_text__paper=paper)
        .exclude(paper_text=paper.current_text_id)
        .select_related("paper_text")
        .order_by(*order)
    )
    return list(claims), list(costs)
