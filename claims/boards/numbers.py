"""Reads a board's rows with their numbers, in a fixed number of queries.

All rows get what ranking needs; what is printed of them, and their sentences, is fetched for the rows that show it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Func, Q, TextField, Value, When

from claims import ranking
from claims.boards.rows import MOST_LISTED, Cell, Number, Row, Sentence
from claims.models import (
    Benchmark,
    Claim,
    Cost,
    CostLink,
    Metric,
    PaperText,
    Result,
    ResultCondition,
    ResultValue,
)
from claims.terms import (
    ClaimKind,
    CostMeasure,
    CurationState,
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
    """Return which end of a measure is plainly the better one; of tokens, data or a batch size nobody can say."""
    return _COST_DIRECTIONS.get(measure, Direction.UNKNOWN)


class _IsoDay(Func):
    """A date as "2025-11-12", whatever style of dates a session has."""

    template = "CAST(%(expressions)s AS text)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s, 'YYYY-MM-DD')", **context)


def read_rows(benchmark: Benchmark) -> dict[int, Row]:
    """Return all rows of a board by their key, with what ranking needs. Plain tuples: a board of thousands makes no model instances."""
    # The title only where it stands for a name, the day as text: it is compared and counted, thousands of dates would be made for that.
    title = Case(When(model_name="", then="paper__title"), default=Value(""), output_field=TextField())
    day = _IsoDay("paper__last_day")
    found = (
        Result.objects.filter(benchmark=benchmark)
        .order_by("pk")
        .values_list("pk", "public_id", "model_name", "variant", "role", "paper_id", title, day)
    )
    rows = {}
    for pk, public_id, model, variant, role, paper, title, last_day in found:
        imported = paper is None
        ranks = imported or role == Role.PROPOSED
        rows[pk] = Row(pk, public_id, model or title or "", bool(model), variant, _ROLES[role], last_day or "", imported, ranks)
    return rows


def fill_rows(benchmark: Benchmark, rows: Sequence[Row]) -> None:
    """Fill in what is printed of rows, their papers and their cells: three queries."""
    of_rows = Q(pk__in=[row.pk for row in rows]) if len(rows) <= 4 * MOST_LISTED else Q(benchmark=benchmark)
    details = Result.objects.filter(of_rows).values_list(
        "pk", "paper__title", "paper__public_id", "paper__first_day", "paper__last_day", "paper__code_url", "source__name"
    )
    by_key = {row.pk: row for row in rows}
    for pk, title, public_id, first_day, last_day, code_url, source in details:
        if (row := by_key.get(pk)) is not None:
            row.paper_title, row.paper_public_id, row.first_day, row.last_day = title or "", public_id or "", first_day, last_day
            row.code_url, row.source = code_url or "", source or ""
    few = len(rows) <= 4 * MOST_LISTED
    claim_ids = [number.values[_PK] for row in rows for number in row.scores.values()]
    of_claims = Claim.objects.filter(Q(pk__in=claim_ids) if few else Q(result__benchmark=benchmark))
    claims = {values[0]: values for values in of_claims.values_list(*CELL_FIELDS, "metric__slug", "metric__name")}
    cost_ids = {price.values[_PK] for row in rows for price in row.all_prices}
    of_costs = Cost.objects.filter(Q(pk__in=cost_ids) if few else Q(links__result__benchmark=benchmark))
    costs = {values[0]: values for values in of_costs.values_list(*CELL_FIELDS, "note")}
    for row in rows:
        row.cells, row.all_costs, row.costs = {}, [], {}
        for key, number in row.scores.items():
            if (known := claims.get(number.values[_PK])) is not None:
                *details, slug, name = known
                row.cells[key] = _cell(number, details, read_as="" if slug == key else name)
        for price in row.all_prices:
            if (known := costs.get(price.values[_PK])) is not None:
                *details, note = known
                row.all_costs.append(_cell(price, details, measure=price.key, note=note))
        printed = {cell.pk: cell for cell in row.all_costs}
        row.costs = {measure: printed[price.values[_PK]] for measure, price in row.prices.items() if price.values[_PK] in printed}


# Looked up thousands of times for a board: a dictionary is three times as fast as the enumeration's call.
_ROLES = {role.value: role for role in Role}
_QUALIFIERS = {qualifier.value: qualifier for qualifier in Qualifier}
_KINDS = {kind.value: kind for kind in ClaimKind}
_STATES = {state.value: state for state in CurationState}

RANK_FIELDS = (
    "pk",
    "value",
    "value_max",
    "canonical_value",
    "canonical_max",
    "qualifier",
    "kind",
    "state",
    "decimals",
    "paper_text_id",
    "field",
    "start",
    "end",
)
"""What ranking and choosing need, fetched for every row."""
CELL_FIELDS = ("pk", "public_id", "stated", "unit", "uncertainty", "tier", "confidence", "evidence_start", "evidence_end")
"""What printing needs beside it; how a sentence was read is fetched for the rows that show theirs."""
_PK, _VALUE, _VALUE_MAX, _CANONICAL, _CANONICAL_MAX, _QUALIFIER, _KIND, _STATE, _DECIMALS, _PLACE = range(10)


def _rank_by(values: Sequence[Any], direction: Direction) -> float:
    """Return what a number ranks by, in the canonical unit if it has one."""
    if values[_CANONICAL] is None:
        return ranking.ranking_value(values[_VALUE], values[_VALUE_MAX], direction)
    return ranking.ranking_value(values[_CANONICAL], values[_CANONICAL_MAX], direction)


def _cell(number: Number, details: Sequence[Any], *, measure: str = "", read_as: str = "", note: str = "") -> Cell:
    """Return a number to print; `details` are the values of `CELL_FIELDS`."""
    _, public_id, stated, unit, uncertainty, tier, confidence, *evidence = details
    values = number.values
    return Cell(
        pk=values[_PK],
        public_id=public_id,
        stated=stated,
        value=values[_VALUE],
        value_max=values[_VALUE_MAX],
        canonical_value=values[_CANONICAL],
        unit=unit,
        decimals=values[_DECIMALS],
        uncertainty=uncertainty,
        qualifier=number.qualifier,
        kind=_KINDS[values[_KIND]],
        state=number.state,
        tier=tier,
        confidence=confidence,
        rank_by=number.rank_by,
        read_as=read_as,
        others=number.others,
        note=note,
        measure=measure,
        place=(*values[_PLACE:], *evidence),
    )


def read_scores(benchmark: Benchmark, rows: Mapping[int, Row], metrics: Mapping[int, Metric]) -> Counter[int]:
    """Fill in the rows' scores; return how many numbers of which row are hidden until somebody reviews them."""
    columns = {pk: (metric.slug, Direction(metric.direction)) for pk, metric in metrics.items()}
    hidden: Counter[int] = Counter()
    shown = ResultValue.objects.filter(
        result__benchmark=benchmark,
        claim__retired_by__isnull=True,
        claim__state__in=[CurationState.ACCEPTED, CurationState.UNREVIEWED],
    )
    for result_id, metric_id, others, *values in shown.values_list(
        "result_id", "metric_id", "others", *("claim__" + name for name in RANK_FIELDS)
    ):
        row, column = rows.get(result_id), columns.get(metric_id)
        if row is None or column is None:
            continue  # a worker brought it while this board was being read
        state = _STATES[values[_STATE]]
        if state is CurationState.UNREVIEWED and not settings.SHOW_UNREVIEWED:
            hidden[result_id] += 1
            continue
        slug, direction = column
        qualifier = _QUALIFIERS[values[_QUALIFIER]]
        row.scores[slug] = Number(slug, _rank_by(values, direction), qualifier, state, values, others)
    return hidden


def read_prices(benchmark: Benchmark, rows: Mapping[int, Row]) -> None:
    """Fill in all costs that are tied to the rows, in no order."""
    links = CostLink.objects.filter(result__benchmark=benchmark, tied=True, cost__retired_by__isnull=True)
    if settings.SHOW_UNREVIEWED:
        links = links.exclude(cost__state=CurationState.REJECTED)
    else:
        links = links.filter(cost__state=CurationState.ACCEPTED)
    for result_id, measure, *values in links.values_list("result_id", "cost__measure", *("cost__" + name for name in RANK_FIELDS)):
        row = rows.get(result_id)
        if row is None:
            continue
        qualifier = _QUALIFIERS[values[_QUALIFIER]]
        number = Number(measure, _rank_by(values, cost_direction(measure)), qualifier, _STATES[values[_STATE]], values)
        row.all_prices.append(number)


def choose_prices(row: Row, *, primary: str) -> None:
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
    return (text or 0, field_name, start or 0, price.values[_PK])


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


def read_conditions(benchmark: Benchmark, rows: Mapping[int, Row]) -> list[tuple[int, int, str]]:
    """Fill in the rows' conditions; return (row, condition, its wording) for all of them."""
    found = []
    conditions = ResultCondition.objects.filter(result__benchmark=benchmark).order_by("condition__kind", "condition__key")
    for result_id, condition_id, kind, key, text in conditions.values_list(
        "result_id", "condition_id", "condition__kind", "condition__key", "text"
    ):
        if result_id in rows:
            rows[result_id].conditions.append((kind, key, text))
            found.append((result_id, condition_id, text))
    return found


def fill_evidence(rows: Sequence[Row]) -> None:
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
