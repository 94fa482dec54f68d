"""Reads whole boards, papers and lists in a fixed number of queries.

A board is ranked over its light rows (values and costs); sentences are fetched only for rows that show them.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
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
from claims.terms import (
    CANONICAL_UNITS,
    ChunkState,
    ClaimKind,
    CostMeasure,
    CurationState,
    Direction,
    ListingState,
    Qualifier,
    Role,
)

PAGE_SIZE = 50
MOST_LISTED = 50
"""How many points of a chart stand in its table, if its front has no more; the others stand in the board and in the chart's data."""
FILTERS = ("setting", "role", "year", "state")
"""The parameters that leave rows out."""
QUERIED = ("setting", "year", "state")
"""Those of them that the database is asked about; whose row it is says the row itself."""


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


class Number(NamedTuple):
    """What ranking needs of a number, for every row of a board; `key` is its column's: a metric's slug or a cost measure.

    `values` are those of `CELL_FIELDS`: a `Cell` is made of them only for a row that is printed. `read_as`, `others` and `note` are the
    cell's.
    """

    key: str
    rank_by: float
    qualifier: Qualifier
    state: CurationState
    values: Sequence[Any]
    read_as: str = ""
    others: int = 0
    note: str = ""


@dataclass(slots=True)
class Row:
    """A row of a board. `rank` is None where nothing ranks it: a baseline, no primary value, or a metric without direction.

    `scores` and `prices` are the numbers of its columns, for every row; `cells`, `costs` and `all_costs` the same to print, and what
    the paper says of itself, only for the rows that are shown. `on_front` says that no row beats it on score and cost, by the cost that
    the board is compared by.
    """

    pk: int
    public_id: str
    model: str
    named: bool
    variant: str
    role: Role
    last_day: date | None
    imported: bool
    paper_title: str = ""
    paper_public_id: str = ""
    first_day: date | None = None
    source: str = ""
    code_url: str = ""
    conditions: list[tuple[str, str, str]] = field(default_factory=list)
    scores: dict[str, Number] = field(default_factory=dict)
    prices: dict[str, Number] = field(default_factory=dict)
    all_prices: list[Number] = field(default_factory=list)
    cells: dict[str, Cell] = field(default_factory=dict)
    costs: dict[str, Cell] = field(default_factory=dict)
    all_costs: list[Cell] = field(default_factory=list)
    rank: int | None = None
    tied: bool = False
    on_front: bool = False

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
        return self.role is Role.PROPOSED or self.imported

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
    best: float | None = None
    typical: float = 0.0


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice of a filter with the number of the board's rows that it holds for: of all for a role, else of the chosen role's."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class CostChoice:
    """A cost that the scores can be compared with: `count` shown rows have both."""

    measure: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Score against cost: the shown rows of all pages that have both, and the front among them, the cheapest first.

    `metric` is the primary column, `cost` the column of the chosen measure: None where no shown row has that cost. `measure` is ''
    if no row has any cost, and none was asked for. `front` holds ranking rows only, and none where a direction is unknown. `listed` are
    the points that are printed in words, too: the front, then the best. `uncosted` counts the shown rows without the cost;
    `uncosted_leader` is the one that leads the board, if it is among them.
    """

    metric: Column
    measure: str
    cost: Column | None
    choices: list[CostChoice]
    points: list[Row]
    front: list[Row]
    listed: list[Row]
    uncosted: int
    uncosted_leader: Row | None


@dataclass(slots=True)
class Board:
    """A ranked board.

    `rows` is one page; `shown` counts the rows that pass the filters, `total` all that the board has. `hidden_unreviewed` counts
    numbers that the site does not show before review; `baselines` quoted rows that a switch shows; `undated` the shown rows
    without a date. Ranks count the shown rows. `opened` is the row that was asked for by its id, None if it isn't shown. `tradeoff` is
    None where no row is shown or the benchmark has no primary metric.
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
    tradeoff: Tradeoff | None = None

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
    passing = filters.checked()
    metrics = {row.column_id: row.column for row in BenchmarkMetric.objects.filter(benchmark=benchmark).select_related("column")}
    everything = _read_rows(benchmark)
    hidden = _read_scores(benchmark, everything, metrics)
    _read_prices(benchmark, everything)
    conditions = _read_conditions(benchmark, everything)
    filtered = any(query.get(name) for name in FILTERS)
    of_role = {pk: row for pk, row in everything.items() if _is_of_role(row, filters.wanted_role)}
    passing_ids = set(passing.values_list("pk", flat=True)) if any(query.get(name) for name in QUERIED) else of_role.keys()
    visible = [row for row in everything.values() if row.scores]
    choices = [row for row in of_role.values() if row.scores]
    kept = [row for row in choices if row.pk in passing_ids]
    primary = metrics.get(benchmark.primary_metric_id or 0)
    for row in kept:
        _choose_prices(row, primary=primary.slug if primary else "")
    columns = _columns(benchmark, kept, metrics)
    _rank(kept, columns)
    tradeoff = _tradeoff(kept, columns, str(query.get("cost", "")))
    sort = str(query.get("sort", ""))
    kept = _sorted(kept, columns, sort, known={*(metric.slug for metric in metrics.values()), *CostMeasure})
    page, pages = _page(query, len(kept), page_size)
    place = next((place for place, row in enumerate(kept) if opened and row.public_id == opened), None)
    if place is not None and page_size is not None and not query.get("page"):
        page = place // page_size + 1
    shown = kept if page_size is None else kept[(page - 1) * page_size : page * page_size]
    printed = {row.pk: row for row in (*shown, *(tradeoff.listed if tradeoff else ()))}
    _fill_rows(benchmark, list(printed.values()))
    opened_row = next((row for row in shown if opened and row.public_id == opened), None)
    _fill_evidence(shown if opened is None else [opened_row] if opened_row else [])
    baselines = sum(not row.ranks for row in visible)
    unreviewed = sum(any(number.state is CurationState.UNREVIEWED for number in row.scores.values()) for row in choices)
    return Board(
        benchmark=benchmark,
        columns=columns,
        rows=shown,
        shown=len(kept),
        total=len(visible),
        baselines=baselines,
        undated=sum(row.last_day is None for row in kept),
        hidden_unreviewed=sum(count for pk, count in hidden.items() if pk in of_role and pk in passing_ids),
        sort=sort,
        page=page,
        pages=pages,
        settings=_setting_facets(conditions, choices, filters, query),
        roles=[
            Facet("proposed", "own results", len(visible) - baselines, query.get("role", "proposed") == "proposed"),
            Facet("baseline", "quoted baselines", baselines, query.get("role") == "baseline"),
            Facet("all", "both", len(visible), query.get("role") == "all"),
        ],
        years=_year_facets(choices, filters),
        states=[
            Facet("accepted", "accepted", len(choices) - unreviewed, query.get("state") == "accepted"),
            Facet("unreviewed", "unreviewed", unreviewed, query.get("state") == "unreviewed"),
        ],
        filtered=filtered,
        opened=opened_row,
        tradeoff=tradeoff,
    )


def _is_of_role(row: Row, wanted: str) -> bool:
    """Say whether a row is of the chosen role. Quoted baselines are shown by a switch, not by default."""
    return wanted == "all" or row.ranks != (wanted == Role.BASELINE)


def _read_rows(benchmark: Benchmark) -> dict[int, Row]:
    """Return all rows of a board by their key, with what ranking needs. Plain tuples: a board of thousands makes no model instances."""
    return {
        pk: Row(pk, public_id, model or title or "", bool(model), variant, _ROLES[role], last_day, paper is None)
        for pk, public_id, model, variant, role, paper, title, last_day in Result.objects.filter(benchmark=benchmark)
        .order_by("pk")
        .values_list("pk", "public_id", "model_name", "variant", "role", "paper_id", "paper__title", "paper__last_day")
    }


def _fill_rows(benchmark: Benchmark, rows: Sequence[Row]) -> None:
    """Fill in what is printed of rows: their cells, and their papers in one query."""
    of_rows = Q(pk__in=[row.pk for row in rows]) if len(rows) <= PAGE_SIZE + MOST_LISTED else Q(benchmark=benchmark)
    details = Result.objects.filter(of_rows).values_list(
        "pk", "paper__title", "paper__public_id", "paper__first_day", "paper__code_url", "source__name"
    )
    by_key = {row.pk: row for row in rows}
    for pk, title, public_id, first_day, code_url, source in details:
        if (row := by_key.get(pk)) is not None:
            row.paper_title, row.paper_public_id, row.first_day = title or "", public_id or "", first_day
            row.code_url, row.source = code_url or "", source or ""
    for row in rows:
        row.cells = {key: _cell(number) for key, number in row.scores.items()}
        row.all_costs = [_cell(number, measure=number.key) for number in row.all_prices]
        printed = {cell.pk: cell for cell in row.all_costs}
        row.costs = {measure: printed[number.values[0]] for measure, number in row.prices.items()}


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


_VALUE, _VALUE_MAX, _CANONICAL, _CANONICAL_MAX, _DECIMALS, _QUALIFIER, _KIND, _STATE, _PLACE = (
    CELL_FIELDS.index(name)
    for name in ("value", "value_max", "canonical_value", "canonical_max", "decimals", "qualifier", "kind", "state", "paper_text_id")
)


def _rank_by(values: Sequence[Any], direction: Direction) -> float:
    """Return what a number ranks by, in the canonical unit if it has one."""
    if values[_CANONICAL] is None:
        return ranking.ranking_value(values[_VALUE], values[_VALUE_MAX], direction)
    return ranking.ranking_value(values[_CANONICAL], values[_CANONICAL_MAX], direction)


def _cell(number: Number, *, measure: str = "") -> Cell:
    """Return a number to print."""
    pk, public_id, stated, value, value_max, canonical, _, unit, decimals, uncertainty, _, kind, _, tier, confidence = number.values[
        :_PLACE
    ]
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
        qualifier=number.qualifier,
        kind=_KINDS[kind],
        state=number.state,
        tier=tier,
        confidence=confidence,
        rank_by=number.rank_by,
        read_as=number.read_as,
        others=number.others,
        note=number.note,
        measure=measure,
        place=tuple(number.values[_PLACE:]),
    )


def _read_scores(benchmark: Benchmark, rows: Mapping[int, Row], metrics: Mapping[int, Metric]) -> Counter[int]:
    """Fill in the rows' scores; return how many numbers of which row are hidden until somebody reviews them."""
    columns = {pk: (metric.slug, Direction(metric.direction)) for pk, metric in metrics.items()}
    hidden: Counter[int] = Counter()
    shown = ResultValue.objects.filter(
        result__benchmark=benchmark,
        claim__retired_by__isnull=True,
        claim__state__in=[CurationState.ACCEPTED, CurationState.UNREVIEWED],
    )
    for result_id, metric_id, others, own_metric, own_name, *values in shown.values_list(
        "result_id", "metric_id", "others", "claim__metric_id", "claim__metric__name", *("claim__" + name for name in CELL_FIELDS)
    ):
        state = _STATES[values[_STATE]]
        if state is CurationState.UNREVIEWED and not settings.SHOW_UNREVIEWED:
            hidden[result_id] += 1
            continue
        slug, direction = columns[metric_id]
        qualifier = _QUALIFIERS[values[_QUALIFIER]]
        read_as = "" if own_metric == metric_id else own_name
        rows[result_id].scores[slug] = Number(slug, _rank_by(values, direction), qualifier, state, values, read_as, others)
    return hidden


def _read_prices(benchmark: Benchmark, rows: Mapping[int, Row]) -> None:
    """Fill in all costs that are tied to the rows, in no order."""
    links = CostLink.objects.filter(result__benchmark=benchmark, tied=True, cost__retired_by__isnull=True)
    if settings.SHOW_UNREVIEWED:
        links = links.exclude(cost__state=CurationState.REJECTED)
    else:
        links = links.filter(cost__state=CurationState.ACCEPTED)
    for result_id, measure, note, *values in links.values_list(
        "result_id", "cost__measure", "cost__note", *("cost__" + name for name in CELL_FIELDS)
    ):
        qualifier = _QUALIFIERS[values[_QUALIFIER]]
        number = Number(measure, _rank_by(values, _cost_direction(measure)), qualifier, _STATES[values[_STATE]], values, note=note)
        rows[result_id].all_prices.append(number)


def _choose_prices(row: Row, *, primary: str) -> None:
    """Choose of each measure the cost that goes with the row's score under `primary`; bring all into the order of the text."""
    prices = row.all_prices
    if len(prices) > 1:
        prices.sort(key=_place_in_text)
    for price in prices:
        if price.values[_KIND] == ClaimKind.ABSOLUTE and price.values[_CANONICAL] is not None:
            chosen = row.prices.setdefault(price.key, price)
            if chosen is not price:
                score = row.scores.get(primary)
                row.prices[price.key] = min(chosen, price, key=lambda price: _price_preference(price, score))


def _place_in_text(price: Number) -> tuple[int, str, int, int]:
    text, field_name, start = price.values[_PLACE : _PLACE + 3]
    return (text or 0, field_name, start or 0, price.values[0])


def _price_preference(price: Number, score: Number | None) -> tuple[bool, float, tuple[int, int]]:
    """Accepted before unreviewed, then the nearest to the score ("2.1 with 100 ms and 3.93 with 38 ms"), then the most exact.

    Among equals the first in the text.
    """
    exact = ranking.exactness(qualifier=price.qualifier, value_max=price.values[_VALUE_MAX], decimals=price.values[_DECIMALS])
    return price.state is not CurationState.ACCEPTED, _gap(price, score), exact


def _gap(price: Number, score: Number | None) -> float:
    """Return how many characters stand between two numbers of a text; infinity without a score, or for one of another text."""
    if score is None or score.values[_PLACE] is None or score.values[_PLACE : _PLACE + 2] != price.values[_PLACE : _PLACE + 2]:
        return math.inf
    price_start, price_end = price.values[_PLACE + 2 : _PLACE + 4]
    score_start, score_end = score.values[_PLACE + 2 : _PLACE + 4]
    return float(max(0, price_start - score_end, score_start - price_end))


def _read_conditions(benchmark: Benchmark, rows: Mapping[int, Row]) -> list[tuple[int, int, str]]:
    """Fill in the rows' conditions; return (row, condition, its wording) for all of them."""
    found = []
    conditions = ResultCondition.objects.filter(result__benchmark=benchmark).order_by("condition__kind", "condition__key")
    for result_id, condition_id, kind, key, text in conditions.values_list(
        "result_id", "condition_id", "condition__kind", "condition__key", "text"
    ):
        rows[result_id].conditions.append((kind, key, text))
        found.append((result_id, condition_id, text))
    return found


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


def _columns(benchmark: Benchmark, rows: Sequence[Row], metrics: Mapping[int, Metric]) -> list[Column]:
    """Return the metric columns (primary first, then by how many rows have them), then the cost columns."""
    scores: dict[str, list[Number]] = defaultdict(list)
    prices: dict[str, list[Number]] = defaultdict(list)
    ranking_scores: dict[str, list[Number]] = defaultdict(list)
    ranking_prices: dict[str, list[Number]] = defaultdict(list)
    for row in rows:
        for key, number in row.scores.items():
            scores[key].append(number)
            if row.ranks:
                ranking_scores[key].append(number)
        for key, number in row.prices.items():
            prices[key].append(number)
            if row.ranks:
                ranking_prices[key].append(number)
    columns = [
        Column(
            key=metric.slug,
            label=metric.name,
            unit=metric.unit,
            direction=Direction(metric.direction),
            is_cost=False,
            is_primary=metric.pk == benchmark.primary_metric_id,
            count=len(scores[metric.slug]),
            best=_best(ranking_scores[metric.slug], Direction(metric.direction)),
        )
        for metric in metrics.values()
        if scores[metric.slug]
    ]
    columns.sort(key=lambda column: (not column.is_primary, -column.count, column.label))
    return columns + [
        Column(
            key=measure,
            label=measure.replace("_", " "),
            unit=CANONICAL_UNITS.get(CostMeasure(measure), ""),
            direction=_cost_direction(measure),
            is_cost=True,
            is_primary=False,
            count=len(numbers),
            best=_best(ranking_prices[measure], _cost_direction(measure)),
            typical=_typical(numbers),
        )
        for measure, numbers in sorted(prices.items(), key=lambda pair: (-len(pair[1]), pair[0]))
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


_COST_DIRECTIONS: dict[str, Direction] = {
    measure.value: Direction.HIGHER if measure in _MORE_IS_BETTER else Direction.LOWER if measure in _LESS_IS_BETTER else Direction.UNKNOWN
    for measure in CostMeasure
}


def _cost_direction(measure: str) -> Direction:
    """Return which end of a measure is plainly the better one; of tokens, data or a batch size nobody can say."""
    return _COST_DIRECTIONS.get(measure, Direction.UNKNOWN)


def _best(numbers: Sequence[Number], direction: Direction) -> float | None:
    """Return the best of a column's numbers. "More than x" is not the best of anything."""
    if direction is Direction.UNKNOWN:
        return None
    leading = [number.rank_by for number in numbers if ranking.leads(number.qualifier, direction)]
    if not leading:
        return None
    return max(leading) if direction is Direction.HIGHER else min(leading)


def _typical(numbers: Sequence[Number]) -> float:
    return sorted(number.rank_by for number in numbers)[len(numbers) // 2]


def _rank(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return
    ranking_rows = [row for row in rows if row.ranks]
    values = [row.scores[primary.key].rank_by if primary.key in row.scores else None for row in ranking_rows]
    for row, (rank, tied) in zip(ranking_rows, ranking.ranks(values, primary.direction), strict=True):
        row.rank, row.tied = rank, tied


def _tradeoff(rows: Sequence[Row], columns: Sequence[Column], wanted: str) -> Tradeoff | None:
    """Compare the rows' scores with the `wanted` cost measure ('': the best known), and mark the rows of the front.

    The best known measure is the one that most rows state together with a score; measures of which nobody can say whether more or
    less is better come last, for they have no front. Raises `UnknownFilterError` for a word that is no measure.
    """
    if wanted and wanted not in _COMPARED:
        raise UnknownFilterError(f"There is no cost called “{wanted[:60]}”. There are {', '.join(_COMPARED)}.", field="cost")
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return None
    scored = [row for row in rows if primary.key in row.scores]
    counts = Counter(measure for row in scored for measure in row.prices if measure in _COMPARED)
    measures = sorted(counts, key=lambda measure: (_cost_direction(measure) is Direction.UNKNOWN, -counts[measure], measure))
    measure = wanted or next(iter(measures), "")
    points = [row for row in scored if measure in row.prices]
    front = ranking.front(
        (row for row in points if row.ranks),
        lambda row: _leading(row.scores[primary.key], primary.direction),
        lambda row: _leading(row.prices[measure], _cost_direction(measure)),
        direction=primary.direction,
        cost_direction=_cost_direction(measure),
    )
    for row in front:
        row.on_front = True
    return Tradeoff(
        metric=primary,
        measure=measure,
        cost=next((column for column in columns if column.is_cost and column.key == measure), None),
        choices=[CostChoice(measure_of, counts[measure_of], measure_of == measure) for measure_of in measures],
        points=points,
        front=front,
        listed=_listed(points, front, primary),
        uncosted=sum(measure not in row.prices for row in rows),
        uncosted_leader=next((row for row in scored if row.rank == 1 and measure not in row.prices), None),
    )


def _listed(points: Sequence[Row], front: Sequence[Row], primary: Column) -> list[Row]:
    """Return the rows that stand for a chart's points in words: all of the front, then the best others; what doesn't rank comes last."""
    sign = 1.0 if primary.direction is Direction.LOWER else -1.0
    others = (row for row in points if not row.on_front)
    room = max(0, MOST_LISTED - len(front))
    return [*front, *heapq.nsmallest(room, others, key=lambda row: (not row.ranks, sign * row.scores[primary.key].rank_by))]


_COMPARED = dict.fromkeys(measure.value for measure in CostMeasure if measure is not CostMeasure.OTHER)
"""The measures whose numbers are comparable with each other."""


def _leading(number: Number, direction: Direction) -> float | None:
    """Return what a number ranks by, None if it may hold no record."""
    return number.rank_by if ranking.leads(number.qualifier, direction) else None


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
        raise UnknownFilterError(f"This board can't be sorted by “{name[:60]}”. It knows {possible}.", field="sort")
    return default if column is None else _by_column(default, column, descending=descending)


def _by_column(rows: Sequence[Row], column: Column, *, descending: bool) -> list[Row]:
    def value(row: Row) -> float | None:
        number = (row.prices if column.is_cost else row.scores).get(column.key)
        return number.rank_by if number else None

    return ranking.order(rows, value, descending=descending)


def _page(query: Any, count: int, page_size: int | None) -> tuple[int, int]:
    pages = 1 if page_size is None else max(1, -(-count // page_size))
    stated = str(query.get("page", "1"))
    page = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 0
    if not 1 <= page <= pages:
        raise UnknownFilterError(f"There is no page “{stated[:20]}”; this board has {pages}.", field="page")
    return page, pages


def _wordings(conditions: Iterable[tuple[int, int, str]]) -> dict[int, str]:
    """Return how most of the board's rows word each condition, by the condition's id; among equals the shortest."""
    counted = Counter((condition, text) for _, condition, text in conditions)
    ordered = sorted(counted.items(), key=lambda pair: (pair[1], -len(pair[0][1]), pair[0][1]))
    return {condition: text for (condition, text), _ in ordered}  # the last and best of each stays


def _setting_facets(conditions: Sequence[tuple[int, int, str]], rows: Sequence[Row], filters: BoardFilterSet, query: Any) -> list[Facet]:
    chosen = set(query.getlist("setting")) if hasattr(query, "getlist") else set()
    ids = {row.pk for row in rows}
    counted = Counter(condition for row, condition, _ in conditions if row in ids)
    words = _wordings(conditions)
    facets = [
        Facet(value := f"{c.kind}:{c.key}", words.get(c.pk, c.value), counted[c.pk], value in chosen)
        for c in filters.conditions
        if c.kind != "other" and (counted[c.pk] or f"{c.kind}:{c.key}" in chosen)
    ]
    facets.sort(key=lambda facet: (-facet.count, facet.label))
    none = Facet("none", "none stated", sum(not row.conditions for row in rows), "none" in chosen)
    return [*facets, none] if facets or none.chosen else []


def _year_facets(rows: Iterable[Row], filters: BoardFilterSet) -> list[Facet]:
    counted = Counter(str(row.last_day.year) for row in rows if row.last_day is not None)
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
    `withdrawals` are the change sets that withdrew listings of it, by the listing's id; `withdrawn` says that no other listing is
    left that shows it.
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
    withdrawals: dict[int, ChangeSet]
    withdrawn: bool


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
    shown = ListingEntry.objects.filter(paper_text__paper=paper).select_related("listing").order_by("-listing__created", "position")
    entries = list(shown)
    taken_back = {entry.listing_id for entry in entries if entry.listing.state == ListingState.WITHDRAWN}
    return PaperPage(
        paper=paper,
        text=text,
        claims=claims,
        costs=costs,
        earlier_claims=earlier_claims,
        earlier_costs=earlier_costs,
        untaken=[(str(name), int(start), int(end), str(reason)) for name, start, end, reason in (reading.untaken if reading else [])],
        entries=entries,
        hidden=hidden,
        withdrawals=find_withdrawals(taken_back),
        # Not the paper's own mark: where many are settled, that may take a while.
        withdrawn=bool(entries) and len(taken_back) == len({entry.listing_id for entry in entries}),
        undoable=_undoable(claims + earlier_claims, costs + earlier_costs) if for_curator else {},
    )


def find_withdrawals(listings: Collection[int]) -> dict[int, ChangeSet]:
    """Return the change set that withdrew each of the withdrawn listings, by the listing's id. Without any there is no query."""
    decisions = Decision.objects.filter(object_kind="listing", object_id__in=listings, change_set__action="withdraw")
    return {row.object_id: row.change_set for row in decisions.select_related("change_set").order_by("pk")} if listings else {}


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


def list_listings(state: str = "") -> QuerySet[Listing]:
    """Return the uploads, all or those in `state`, the latest first, each with `chunks_total` and `chunks_done`."""
    chosen = Listing.objects.filter(state=state) if state else Listing.objects.all()
    return chosen.annotate(chunks_total=Count("chunks"), chunks_done=Count("chunks", filter=Q(chunks__state=ChunkState.DONE))).order_by(
        "-created", "-pk"
    )


def count_listings() -> dict[str, int]:
    """Return how many uploads are in each state that any is in, in the order of the states."""
    counted = dict(Listing.objects.order_by().values_list("state").annotate(listings=Count("pk")))
    return {state.value: counted[state] for state in ListingState if state in counted}


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
