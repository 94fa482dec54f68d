"""Reads whole boards in a fixed number of queries.

A board is ranked over its light rows (values and costs); sentences are fetched for the rows of one page only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import ExtractYear

from claims import ranking
from claims.errors import UnknownFilterError
from claims.filters import BoardFilterSet
from claims.models import Benchmark, BenchmarkMetric, Claim, Cost, CostLink, Metric, PaperText, Result, ResultValue
from claims.terms import CANONICAL_UNITS, ClaimKind, CostMeasure, CurationState, Direction, Qualifier, Role

PAGE_SIZE = 50


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
    column. `others` counts the claims that stand behind a shown one. `evidence` is None until the row's page is read.
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
    inferred: list[str]
    rules: list[str]
    rank_by: float | None
    read_as: str = ""
    others: int = 0
    note: str = ""
    measure: str = ""
    evidence: Sentence | None = None
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
    paper_url: str
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
    def setting(self) -> list[str]:
        return [text for _, _, text in self.conditions]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers. `key` is the address' word for it: a metric's slug or a cost measure."""

    key: str
    label: str
    unit: str
    direction: Direction
    is_cost: bool
    is_primary: bool
    count: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice of a filter with the number of the board's rows that it holds for."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(slots=True)
class Board:
    """A ranked board.

    `rows` is one page; `shown` counts the rows that pass the filters, `total` all that the board has. `hidden_unreviewed` counts
    numbers that the site does not show before review; `baselines` quoted rows that a switch shows; `undated` the shown rows
    without a date. Ranks count the shown rows.
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

    @property
    def primary(self) -> Column | None:
        return next((column for column in self.columns if column.is_primary), None)

    @property
    def ranked(self) -> bool:
        """Whether the primary metric's direction is known; a board without one is not ranked and says so."""
        return self.primary is not None and self.primary.direction is not Direction.UNKNOWN


def read_board(benchmark: Benchmark, query: Any, *, page_size: int | None = PAGE_SIZE) -> Board:
    """Return the board that `query` (a QueryDict) asks for, at most `page_size` rows of it (None: all).

    Raises `UnknownFilterError` for parameters, values, sort keys and pages that the board doesn't have.
    """
    filters = BoardFilterSet(query, benchmark=benchmark)
    results = list(filters.checked().order_by("pk"))
    metrics = {row.column_id: row.column for row in BenchmarkMetric.objects.filter(benchmark=benchmark).select_related("column")}
    rows = {result.pk: _plain_row(result) for result in results}
    hidden = _fill_cells(benchmark, rows, metrics)
    _fill_costs(benchmark, rows)
    _fill_conditions(benchmark, rows)
    kept = [row for row in rows.values() if row.cells]
    columns = _columns(benchmark, kept, metrics)
    _rank(kept, columns)
    sort = str(query.get("sort", ""))
    kept = _sorted(kept, columns, sort)
    page, pages = _page(query, len(kept), page_size)
    shown = kept if page_size is None else kept[(page - 1) * page_size : page * page_size]
    _fill_evidence(shown)
    counts = _counts(benchmark)
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
        years=_year_facets(benchmark, query),
        states=[
            Facet("accepted", "accepted", counts["total"] - counts["unreviewed"], query.get("state") == "accepted"),
            Facet("unreviewed", "unreviewed", counts["unreviewed"], query.get("state") == "unreviewed"),
        ],
        filtered=any(query.get(name) for name in ("setting", "role", "year", "state")),
    )


def _plain_row(result: Result) -> Row:
    paper, source = result.paper, result.source
    return Row(
        pk=result.pk,
        public_id=result.public_id,
        model=result.model_name or (paper.title if paper else ""),
        named=bool(result.model_name),
        variant=result.variant,
        role=Role(result.role),
        paper_title=paper.title if paper else "",
        paper_url=paper.get_absolute_url() if paper else "",
        first_day=paper.first_day if paper else None,
        last_day=paper.last_day if paper else None,
        date_source=paper.date_source if paper else "",
        source=source.name if source else "",
        code_url=paper.code_url if paper else "",
        conditions=[],
    )


STATEMENT_FIELDS = (
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
    "inferred",
    "rules",
    "paper_text_id",
    "field",
    "start",
    "end",
    "evidence_start",
    "evidence_end",
)


def _cell(values: dict[str, Any], direction: Direction) -> Cell:
    canonical = values["canonical_value"]
    ranks_by = (
        ranking.ranking_value(values["value"], values["value_max"], direction)
        if canonical is None
        else ranking.ranking_value(canonical, values["canonical_max"], direction)
    )
    return Cell(
        pk=values["pk"],
        public_id=values["public_id"],
        stated=values["stated"],
        value=values["value"],
        value_max=values["value_max"],
        canonical_value=canonical,
        unit=values["unit"],
        decimals=values["decimals"],
        uncertainty=values["uncertainty"],
        qualifier=Qualifier(values["qualifier"]),
        kind=ClaimKind(values["kind"]),
        state=CurationState(values["state"]),
        tier=values["tier"],
        confidence=values["confidence"],
        inferred=values["inferred"],
        rules=values["rules"],
        rank_by=ranks_by,
        place=tuple(values[name] for name in ("paper_text_id", "field", "start", "end", "evidence_start", "evidence_end")),
    )


def _fill_cells(benchmark: Benchmark, rows: dict[int, Row], metrics: dict[int, Metric]) -> int:
    """Fill the rows' cells; return how many numbers are hidden until somebody reviews them."""
    names = ["claim__" + name for name in STATEMENT_FIELDS]
    hidden = 0
    for values in ResultValue.objects.filter(result__benchmark=benchmark).values(
        "result_id", "metric_id", "others", "claim__metric_id", "claim__metric__name", *names
    ):
        row = rows.get(values["result_id"])
        if row is None:
            continue
        if values["claim__state"] == CurationState.UNREVIEWED and not settings.SHOW_UNREVIEWED:
            hidden += 1
            continue
        metric = metrics[values["metric_id"]]
        cell = _cell({name: values["claim__" + name] for name in STATEMENT_FIELDS}, Direction(metric.direction))
        cell.others = values["others"]
        if values["claim__metric_id"] != metric.pk:
            cell.read_as = values["claim__metric__name"]
        row.cells[metric.slug] = cell
    return hidden


def _fill_costs(benchmark: Benchmark, rows: dict[int, Row]) -> None:
    names = ["cost__" + name for name in (*STATEMENT_FIELDS, "measure", "note")]
    links = (
        CostLink.objects.filter(result__benchmark=benchmark, cost__retired_by__isnull=True)
        .exclude(cost__state=CurationState.REJECTED)
        .order_by("cost__paper_text_id", "cost__field", "cost__start", "cost__ordinal")
    )
    if not settings.SHOW_UNREVIEWED:
        links = links.filter(cost__state=CurationState.ACCEPTED)
    for values in links.values("result_id", *names):
        row = rows.get(values["result_id"])
        if row is None:
            continue
        cell = _cell({name: values["cost__" + name] for name in STATEMENT_FIELDS}, Direction.LOWER)
        cell.measure, cell.note = values["cost__measure"], values["cost__note"]
        row.all_costs.append(cell)
    for row in rows.values():
        for cell in sorted(row.all_costs, key=_cost_preference):
            if cell.kind is ClaimKind.ABSOLUTE and cell.canonical_value is not None:
                row.costs.setdefault(cell.measure, cell)


def _cost_preference(cell: Cell) -> tuple[bool, tuple[int, int]]:
    """Accepted before unreviewed, then the most exact; the sort is stable, so the first in the text else."""
    exact = ranking.exactness(qualifier=cell.qualifier, value_max=cell.value_max, decimals=cell.decimals)
    return cell.state is not CurationState.ACCEPTED, exact


def _fill_conditions(benchmark: Benchmark, rows: dict[int, Row]) -> None:
    through = Result.conditions.through.objects.filter(result__benchmark=benchmark)
    for result_id, kind, key, text in through.order_by("condition__kind", "condition__text").values_list(
        "result_id", "condition__kind", "condition__key", "condition__text"
    ):
        if result_id in rows:
            rows[result_id].conditions.append((kind, key, text))


def _fill_evidence(rows: Sequence[Row]) -> None:
    cells = [cell for row in rows for cell in (*row.cells.values(), *row.all_costs)]
    fill_evidence(cells)


def fill_evidence(cells: Iterable[Cell]) -> None:
    """Fetch the sentences of the cells, in one query."""
    cells = list(cells)
    texts = PaperText.objects.in_bulk({cell.place[0] for cell in cells if cell.place[0] is not None})
    for cell in cells:
        text_id, name, start, end, first, last = cell.place
        if text_id is not None:
            part = texts[text_id].part(name)
            cell.evidence = Sentence(part[first:start], part[start:end], part[end:last])


def _columns(benchmark: Benchmark, rows: Sequence[Row], metrics: dict[int, Metric]) -> list[Column]:
    """Return the metric columns (primary first, then by how many rows have them), then the cost columns."""
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
            direction=Direction.HIGHER if measure in (CostMeasure.THROUGHPUT, CostMeasure.SPEED) else Direction.LOWER,
            is_cost=True,
            is_primary=False,
            count=count,
            decimals=decimals[measure],
        )
        for measure, count in sorted(costs.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _rank(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return
    ranking_rows = [row for row in rows if row.role is Role.PROPOSED or row.source]
    values = [row.cells[primary.key].rank_by if primary.key in row.cells else None for row in ranking_rows]
    for row, (rank, tied) in zip(ranking_rows, ranking.ranks(values, primary.direction), strict=True):
        row.rank, row.tied = rank, tied


def _sorted(rows: Sequence[Row], columns: Sequence[Column], sort: str) -> list[Row]:
    """Return the rows by `sort`: a column's key, "model" or "date", with "-" for descending. '' is the board's own order.

    Ties stand in the order of the board: rank, then date, then name.
    """
    primary = next((column for column in columns if column.is_primary), None)
    by_name = sorted(rows, key=lambda row: (row.model.casefold(), row.variant.casefold(), row.setting, row.public_id))
    default = ranking.order(by_name, lambda row: row.last_day.toordinal() if row.last_day else None, descending=False)
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
    if column is None:
        known = ", ".join(["model", "date", *(column.key for column in columns)])
        raise UnknownFilterError(f"This board can't be sorted by “{name[:60]}”. It knows {known}.")
    return _by_column(default, column, descending=descending)


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


def _counts(benchmark: Benchmark) -> dict[str, int]:
    # One row per result even though the join multiplies: counted distinct.
    counts: dict[str, int] = Result.objects.filter(benchmark=benchmark, values_shown__isnull=False).aggregate(
        total=Count("pk", distinct=True),
        baselines=Count("pk", distinct=True, filter=Q(role=Role.BASELINE, paper__isnull=False)),
        unreviewed=Count("pk", distinct=True, filter=Q(values_shown__claim__state=CurationState.UNREVIEWED)),
    )
    return counts


def _setting_facets(benchmark: Benchmark, filters: BoardFilterSet, query: Any) -> list[Facet]:
    chosen = set(query.getlist("setting")) if hasattr(query, "getlist") else set()
    counted = dict(
        Result.objects.filter(benchmark=benchmark).own().with_values().values_list("conditions").annotate(rows=Count("pk")).order_by()
    )
    facets = [
        Facet(value := f"{c.kind}:{c.key}", c.text, counted.get(c.pk, 0), value in chosen)
        for c in filters.conditions
        if c.kind != "other" and counted.get(c.pk)
    ]
    facets.sort(key=lambda facet: (-facet.count, facet.label))
    return [*facets, Facet("none", "none stated", counted.get(None, 0), "none" in chosen)] if facets else []


def _year_facets(benchmark: Benchmark, query: Any) -> list[Facet]:
    counted = (
        Result.objects.filter(benchmark=benchmark, paper__last_day__isnull=False)
        .own()
        .with_values()
        .values_list(ExtractYear("paper__last_day"))
        .annotate(rows=Count("pk"))
        .order_by()
    )
    return [Facet(str(year), str(year), count, query.get("year") == str(year)) for year, count in sorted(counted, reverse=True)]


def list_boards() -> list[Benchmark]:
    """Return the benchmarks of the home page with their names and leaders, by area, the largest first.

    Unreviewed benchmarks with a single result stay off the page.
    """
    leader = "leader" if settings.SHOW_UNREVIEWED else "accepted_leader"
    return list(
        Benchmark.objects.with_names()
        .select_related(f"{leader}__result__paper")
        .filter(Q(row_count__gt=1) | Q(row_count=1, reviewed=True))
        .order_by("task__area__position", "-row_count", "slug")
    )


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
