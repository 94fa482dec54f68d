"""Reads a board's rows with their numbers, in a fixed number of queries.

All rows get what ranking needs; what is printed of them, and their sentences, is fetched for the rows that show it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Func, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from claims import ranking
from claims.boards.prepared import Parameter, prepared
from claims.boards.rows import MOST_LISTED, Cell, Number, Origin, OtherNumber, Row, Sentence, cost_key, measure_of
from claims.models import (
    Benchmark,
    Claim,
    Condition,
    Cost,
    CostLink,
    Metric,
    PaperText,
    ResultCondition,
    ResultValue,
)
from claims.querysets import canonical_high, canonical_low
from claims.terms import (
    ClaimKind,
    CostMeasure,
    CurationState,
    DecidedBy,
    Direction,
    Qualifier,
    Role,
)

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


def cost_direction(measure: str) -> Direction:
    """Return which end of a measure, or of a cost's column, is plainly the better one; of tokens or a batch size nobody can say."""
    return _COST_DIRECTIONS.get(measure_of(measure), Direction.UNKNOWN)


class _IsoDay(Func):
    """A date as "2025-11-12", whatever style of dates a session has."""

    template = "CAST(%(expressions)s AS text)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s, 'YYYY-MM-DD')", **context)


def read_rows(benchmark: Benchmark, metrics: Mapping[int, Metric]) -> tuple[dict[int, Row], Counter[int]]:
    """Return all rows of a board with their scores, by their keys, and how many numbers of which row are hidden until their review.

    Plain tuples: a board of thousands makes no model instances.
    """
    columns = {pk: (metric.slug, Direction(metric.direction)) for pk, metric in metrics.items()}
    hides = not settings.SHOW_UNREVIEWED
    rows: dict[int, Row] = {}
    hidden: Counter[int] = Counter()
    found = _fetch_scores(benchmark.pk)
    for (
        metric_id,
        claim_id,
        others,
        conflicts,
        in_state,
        decided_by,
        qualifier,
        low,
        high,
        pk,
        public_id,
        model,
        variant,
        role,
        paper,
        title,
        day,
        ml_model,
        variant_key,
        setting_key,
        stated,
        decimals,
    ) in found:
        if metric_id not in columns:
            continue  # a worker brought it while this board was being read
        row = rows.get(pk)
        if row is None:
            imported = paper is None
            ranks = imported or role == Role.PROPOSED
            row = rows[pk] = Row(pk, public_id, model or title or "", bool(model), variant, _ROLES[role], day or "", imported, ranks)
            if ml_model:  # two papers' names that no single model answers to may be two models
                row.identity = (ml_model, variant_key, setting_key)
        state = _STATES[in_state]
        if state is CurationState.UNREVIEWED:
            if hides:
                hidden[pk] += 1
                continue
            row.unreviewed = True
        elif decided_by == DecidedBy.POLICY:
            row.accepted_by_policy = True
        slug, direction = columns[metric_id]
        if high is not None:
            low, stated = ranking.ranking_value(low, high, direction), None
        if conflicts:
            row.contested = True
        row.scores[slug] = Number(claim_id, low, _QUALIFIERS[qualifier], state, others, conflicts, stated, decimals)
    return rows, hidden


@prepared
def _fetch_scores(benchmark: Parameter) -> QuerySet[ResultValue, Any]:
    # The title only where it stands for a name, the day as text: it is compared and counted, thousands of dates would be made for that.
    title = Case(When(result__model_name="", then="result__paper__title"), default=Value(""), output_field=TextField())
    shown = ResultValue.objects.filter(
        result__benchmark=benchmark,
        claim__retired_by__isnull=True,
        claim__state__in=[CurationState.ACCEPTED, CurationState.UNREVIEWED],
    )
    return shown.values_list(
        *(
            "metric_id",
            "claim_id",
            "others",
            "conflicts",
            "claim__state",
            "claim__decided_by",
            "claim__qualifier",
            canonical_low("claim"),
            canonical_high("claim"),
            "result_id",
        ),
        *("result__public_id", "result__model_name", "result__variant", "result__role", "result__paper_id"),
        *(title, _IsoDay(Coalesce("result__paper__last_day", "result__stated_day"))),
        *("result__ml_model_id", "result__variant_key", "result__setting_key", "claim__value", "claim__decimals"),
    )


def fill_rows(benchmark: Benchmark, rows: Sequence[Row]) -> None:
    """Fill in what is printed of rows, their papers and their cells: two queries.

    What was rejected since the rows were read has no cell any more.
    """
    few = len(rows) <= 4 * MOST_LISTED  # else one condition on the board costs less than a long list of keys
    claim_ids = [number.pk for row in rows for number in row.scores.values()]
    claims = _printed_claims().filter(Q(pk__in=claim_ids, result__isnull=False) if few else Q(result__benchmark=benchmark))
    scores = {values[0]: values for values in claims}
    links = _printed_links(unreviewed=settings.SHOW_UNREVIEWED)
    costs: dict[int, list[Sequence[Any]]] = defaultdict(list)
    for result_id, *values in links.filter(Q(result__in=[row.pk for row in rows]) if few else Q(result__benchmark=benchmark)):
        costs[result_id].append(values)
    for row in rows:
        row.cells = {}
        for key, number in row.scores.items():
            if (known := scores.get(number.pk)) is not None:
                slug, name, *origin = known[_METRIC:]
                row.cells[key] = _cell(number, known[:_METRIC], read_as="" if slug == key else name)
                if origin[0] is not None or not row.paper_title:
                    _fill_origin(row, origin)
        row.all_costs = [
            _cell(_number(values, cost_direction(measure)), values, measure=measure, condition=condition, note=note)
            for measure, condition, note, *values in costs[row.pk]
        ]
        row.all_costs.sort(key=lambda cell: _place_in_text(cell.pk, cell.place))
        printed = {cell.pk: cell for cell in row.all_costs}
        row.costs = {measure: printed[price.pk] for measure, price in row.prices.items() if price.pk in printed}


def _fill_origin(row: Row, origin: Sequence[Any]) -> None:
    """Fill in whose a row is, from the `_ORIGIN_FIELDS` of one of its numbers: the text's paper, else the record's, else the table."""
    text, record, (record_first, record_last, code_url, number, table, listing, model) = origin[:5], origin[5:10], origin[10:]
    row.model_slug = model or ""
    title, public_id, row.first_day, row.last_day, paper_code = text if text[0] is not None else record
    row.paper_title, row.paper_public_id, row.code_url = title or "", public_id or "", paper_code or code_url or ""
    if title is None:
        row.first_day, row.last_day = record_first, record_last
    if table is not None:
        row.source, row.record_url = table, reverse("record", args=[listing, number]) if listing else ""


# Looked up thousands of times for a board: a dictionary is three times as fast as the enumeration's call.
_ROLES = {role.value: role for role in Role}
_QUALIFIERS = {qualifier.value: qualifier for qualifier in Qualifier}
_STATES = {state.value: state for state in CurationState}
_KINDS = {kind.value: kind for kind in ClaimKind}

PLACE_FIELDS = ("paper_text_id", "field", "start", "end")
CELL_FIELDS = (
    *("pk", "value", "value_max", "canonical_value", "canonical_max", "qualifier", "state"),
    *("public_id", "stated", "unit", "decimals", "uncertainty", "kind", "tier", "confidence"),
    *PLACE_FIELDS,
    *("evidence_start", "evidence_end"),
)
"""What printing needs; how a sentence was read is fetched for the rows that show theirs."""

_METRIC = len(CELL_FIELDS)
# By the text or the record: they are the claim's own even when it has just left its row.
_PAPER_FIELDS = ("title", "public_id", "first_day", "last_day", "code_url")
_ORIGIN_FIELDS = (
    *(f"paper_text__paper__{name}" for name in _PAPER_FIELDS),
    *(f"source_record__paper__{name}" for name in _PAPER_FIELDS),
    *("source_record__first_day", "source_record__last_day", "source_record__code_url", "source_record__number"),
    *("source_record__source__name", "source_record__source__listing__public_id"),
    "result__ml_model__slug",
)


# Made once, and only narrowed to the rows that are printed: to resolve so many fields takes longer than to fetch them.
@cache
def _printed_claims() -> QuerySet[Claim, Any]:
    return Claim.objects.values_list(*CELL_FIELDS, "metric__slug", "metric__name", *_ORIGIN_FIELDS)


@cache
def _printed_links(*, unreviewed: bool) -> QuerySet[CostLink, Any]:
    links = _visible_links(unreviewed=unreviewed)
    return links.values_list("result_id", "cost__measure", "cost__condition", "cost__note", *("cost__" + name for name in CELL_FIELDS))


Place = tuple[int | None, str, int, int]
"""Where a number stands: the values of `PLACE_FIELDS`."""


def _number(values: Sequence[Any], direction: Direction) -> Number:
    """Return what ranks, in the canonical unit if there is one; `values` are those of `CELL_FIELDS`."""
    pk, value, value_max, canonical_value, canonical_max, qualifier, state, *_ = values
    low, high = ranking.canonical(value, value_max, canonical_value, canonical_max)
    return Number(pk, ranking.ranking_value(low, high, direction), _QUALIFIERS[qualifier], _STATES[state])


def _cell(number: Number, values: Sequence[Any], *, measure: str = "", condition: str = "", read_as: str = "", note: str = "") -> Cell:
    """Return a number to print; `values` are those of `CELL_FIELDS`."""
    pk, value, value_max, canonical_value, _, _, _, public_id, stated, unit, decimals, uncertainty, kind, tier, confidence, *place = values
    return Cell(
        pk=pk,
        public_id=public_id,
        stated=stated,
        value=value,
        value_max=value_max,
        canonical_value=canonical_value,
        unit=unit,
        decimals=decimals,
        uncertainty=uncertainty,
        qualifier=number.qualifier,
        kind=_KINDS[kind],
        state=number.state,
        tier=tier,
        confidence=confidence,
        rank_by=number.rank_by,
        read_as=read_as,
        others=number.others,
        conflicts=number.conflicts,
        note=note,
        measure=measure,
        condition=condition,
        place=(place[0], place[1], place[2], place[3], place[4], place[5]),
    )


def _visible_links(*, unreviewed: bool) -> QuerySet[CostLink]:
    """Return the ties of standing costs to rows, as far as readers see them: with SHOW_UNREVIEWED the `unreviewed`, too."""
    links = CostLink.objects.filter(tied=True, cost__retired_by__isnull=True)
    if unreviewed:
        return links.exclude(cost__state=CurationState.REJECTED)
    return links.filter(cost__state=CurationState.ACCEPTED)


def read_prices(benchmark: Benchmark, rows: Mapping[int, Row], primary: Metric | None) -> None:
    """Fill in the rows' costs: of each measure and condition the one that goes with the row's score under `primary`.

    One query, and two more if a row has several costs of one measure.
    """
    rivals: dict[tuple[int, str], list[Number]] = {}
    found = _fetch_prices(benchmark.pk, unreviewed=settings.SHOW_UNREVIEWED)
    for result_id, measure, condition, pk, state, qualifier, low, high in found:
        row = rows.get(result_id)
        if row is None:
            continue
        if condition:
            measure = cost_key(measure, condition)
        rank_by = low if high is None else ranking.ranking_value(low, high, cost_direction(measure))
        price = Number(pk, rank_by, _QUALIFIERS[qualifier], _STATES[state], ends=None if high is None else (min(low, high), max(low, high)))
        first = row.prices.setdefault(measure, price)
        if first is not price:
            rivals.setdefault((result_id, measure), [first]).append(price)
    if rivals:
        _choose_prices(benchmark, rows, rivals, primary.slug if primary else "")


@prepared
def _fetch_prices(benchmark: Parameter, *, unreviewed: bool) -> QuerySet[CostLink, Any]:
    return (
        _visible_links(unreviewed=unreviewed)
        .filter(result__benchmark=benchmark, cost__kind=ClaimKind.ABSOLUTE, cost__canonical_value__isnull=False)
        .values_list(
            "result_id",
            "cost__measure",
            "cost__condition",
            "cost_id",
            "cost__state",
            "cost__qualifier",
            canonical_low("cost"),
            canonical_high("cost"),
        )
    )


def _choose_prices(benchmark: Benchmark, rows: Mapping[int, Row], rivals: Mapping[tuple[int, str], Sequence[Number]], primary: str) -> None:
    """Accepted before unreviewed, then the nearest to the score ("2.1 with 100 ms and 3.93 with 38 ms"), then the most exact.

    Among equals the first in the text.
    """
    of_results = {result_id for result_id, _ in rivals}
    few = len(of_results) <= 4 * MOST_LISTED
    costs = Cost.objects.filter(Q(links__result__in=of_results) if few else Q(links__result__benchmark=benchmark))
    stated = {
        pk: (value_max, decimals, tuple(place))
        for pk, value_max, decimals, *place in costs.values_list("pk", "value_max", "decimals", *PLACE_FIELDS)
    }
    scores = {result_id: score.pk for result_id in of_results if (score := rows[result_id].scores.get(primary))}
    claims = Claim.objects.filter(Q(pk__in=scores.values()) if few else Q(result__benchmark=benchmark))
    places = {pk: tuple(place) for pk, *place in claims.values_list("pk", *PLACE_FIELDS)}
    for (result_id, measure), prices in rivals.items():
        anchor = places.get(scores.get(result_id, 0))

        def preference(price: Number, score: Place | None = anchor) -> tuple[bool, float, tuple[int, int], tuple[int, str, int, int]]:
            value_max, decimals, place = stated[price.pk]
            exact = ranking.exactness(qualifier=price.qualifier, value_max=value_max, decimals=decimals)
            return price.state is not CurationState.ACCEPTED, _gap(place, score), exact, _place_in_text(price.pk, place)

        rows[result_id].prices[measure] = min((price for price in prices if price.pk in stated), key=preference, default=prices[0])


def _place_in_text(pk: int, place: Sequence[Any]) -> tuple[int, str, int, int]:
    return (place[0] or 0, place[1], place[2] or 0, pk)


def _gap(price: Place, score: Place | None) -> float:
    """Return how many characters stand between two numbers of a text; infinity without a score, or for one of another text."""
    if score is None or score[0] is None or score[:2] != price[:2]:
        return math.inf
    return float(max(0, price[2] - score[3], score[2] - price[3]))


def read_conditions(benchmark: Benchmark) -> list[tuple[int, Condition, str]]:
    """Return (row's key, condition, its wording) for all conditions of a board's rows."""
    conditions: dict[int, Condition] = {}
    listed = []
    for result_id, pk, kind, key, value, text in _fetch_conditions(benchmark.pk):
        if pk not in conditions:
            conditions[pk] = Condition(pk=pk, kind=kind, key=key, value=value)
        listed.append((result_id, conditions[pk], text))
    return listed


@prepared
def _fetch_conditions(benchmark: Parameter) -> QuerySet[ResultCondition, Any]:
    found = ResultCondition.objects.filter(result__benchmark=benchmark).order_by("condition__kind", "condition__key")
    return found.values_list("result_id", "condition_id", "condition__kind", "condition__key", "condition__value", "text")


_RECORD = ("source_record__source__listing",)
_READING = (
    *("inferred", "rules", "source_record__number", "source_record__source__name"),
    "source_record__source__listing__public_id",
)


def _origin(statement: Claim | Cost) -> Origin | None:
    record = statement.source_record
    return Origin(record.source.name, record.number, record.get_absolute_url()) if record is not None else None


def _fill_others(rows: Sequence[Row], columns: Mapping[int, str]) -> None:
    """Fetch the numbers that stand behind those which the rows show."""
    found = Claim.objects.filter(result__in=[row.pk for row in rows], metric__isnull=False).order_by("pk")
    behind: dict[int, list[Claim]] = defaultdict(list)
    for claim in found.select_related("metric", "paper_text__paper", *_RECORD).defer("source_record__raw"):
        behind[claim.result_id or 0].append(claim)
    for row in rows:
        shown = {cell.pk for cell in row.cells.values()}
        row.others = [
            _other(claim, row.cells.get(columns.get(claim.metric_id or 0, ""))) for claim in behind[row.pk] if claim.pk not in shown
        ]


def _other(claim: Claim, cell: Cell | None) -> OtherNumber:
    """Return a number that stands behind the one of a cell."""
    metric = claim.metric
    differs = cell is not None and not (
        cell.value_max is not None or claim.value_max is not None or {cell.qualifier, claim.qualifier} != {Qualifier.EXACT}
    )
    if differs and cell is not None:
        differs = ranking.differ(
            ranking.precise(cell.value, cell.canonical_value, cell.decimals),
            ranking.precise(claim.value, claim.canonical_value, claim.decimals),
        )
    paper = claim.paper_text.paper.get_absolute_url() if claim.paper_text else ""
    return OtherNumber(metric.name if metric else "", claim.stated, claim.unit, differs, paper, _origin(claim))


def fill_evidence(rows: Sequence[Row], columns: Mapping[int, str]) -> None:
    """Fetch the sentences of the rows' cells or their records, how they were read, and what stands behind them: three queries.

    One more where something does stand behind a shown number. `columns` has the key of the column that each metric is read in.
    """
    cells = [cell for row in rows for cell in (*row.cells.values(), *row.all_costs)]
    texts = PaperText.objects.in_bulk({cell.place[0] for cell in cells if cell.place[0] is not None})
    claims = Claim.objects.select_related(*_RECORD).only(*_READING).in_bulk({cell.pk for row in rows for cell in row.cells.values()})
    costs = Cost.objects.select_related(*_RECORD).only(*_READING).in_bulk({cell.pk for row in rows for cell in row.all_costs})
    if several := [row for row in rows if any(cell.others for cell in row.cells.values())]:
        _fill_others(several, columns)
    for cell in cells:
        statement: Claim | Cost = costs[cell.pk] if cell.measure else claims[cell.pk]
        cell.inferred, cell.rules, cell.origin = statement.inferred, statement.rules, _origin(statement)
        text_id, name, start, end, first, last = cell.place
        if text_id is not None:
            part = texts[text_id].part(name)
            cell.evidence = Sentence(part[first:start], part[start:end], part[end:last])
