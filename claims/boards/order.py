"""Columns, ranks, order and front of a board's rows. No queries."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from claims import ranking
from claims.boards.numbers import cost_direction
from claims.boards.rows import MOST_LISTED, Column, CostChoice, Number, Row, Tradeoff
from claims.errors import UnknownFilterError
from claims.models import (
    Benchmark,
    Metric,
)
from claims.terms import (
    CANONICAL_UNITS,
    CostMeasure,
    Direction,
)


def make_columns(benchmark: Benchmark, rows: Sequence[Row], metrics: Mapping[int, Metric]) -> list[Column]:
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
            direction=cost_direction(measure),
            is_cost=True,
            is_primary=False,
            count=len(numbers),
            best=_best(ranking_prices[measure], cost_direction(measure)),
            typical=_typical(numbers),
        )
        for measure, numbers in sorted(prices.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


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


def rank_rows(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return
    ranking_rows = [row for row in rows if row.ranks]
    values = [row.scores[primary.key].rank_by if primary.key in row.scores else None for row in ranking_rows]
    for row, (rank, tied) in zip(ranking_rows, ranking.ranks(values, primary.direction), strict=True):
        row.rank, row.tied = rank, tied


def compare(rows: Sequence[Row], columns: Sequence[Column], wanted: str) -> Tradeoff | None:
    """Compare the rows' scores with the `wanted` cost measure ('': the best known), and mark the rows of the front.

    The best known measure is the one that most ranking rows state together with a score; measures of which nobody can say whether more or
    less is better come last, for they have no front. Raises `UnknownFilterError` for a word that is no measure.
    """
    if wanted and wanted not in _COMPARED:
        raise UnknownFilterError(f"There is no cost called “{wanted[:60]}”. There are {', '.join(_COMPARED)}.", field="cost")
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return None
    scored = [row for row in rows if primary.key in row.scores]
    counts = Counter(measure for row in scored for measure in row.prices if measure in _COMPARED)
    # What ranks decides which cost is looked at first: the same one, whether or not quoted baselines are shown beside it.
    ranking_counts = Counter(measure for row in scored if row.ranks for measure in row.prices)
    measures = sorted(
        counts, key=lambda measure: (cost_direction(measure) is Direction.UNKNOWN, -ranking_counts[measure], -counts[measure], measure)
    )
    measure = wanted or next(iter(measures), "")
    points = [row for row in scored if measure in row.prices]
    front = ranking.front(
        (row for row in points if row.ranks),
        lambda row: _leading(row.scores[primary.key], primary.direction),
        lambda row: _leading(row.prices[measure], cost_direction(measure)),
        direction=primary.direction,
        cost_direction=cost_direction(measure),
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


def sort_rows(rows: Sequence[Row], columns: Sequence[Column], sort: str, *, known: Collection[str]) -> list[Row]:
    """Return the rows by `sort`: a column's key, "model" or "date", with "-" for descending. '' is the board's own order.

    Ties stand in the order of the board: rank, then date, then name. A `known` key that no row has a number for sorts nothing.
    Raises `UnknownFilterError` for any other word.
    """
    primary = next((column for column in columns if column.is_primary), None)
    default = sorted(rows, key=lambda row: ranking.tie_key(row.day, row.model, row.variant, row.public_id))
    if primary is not None:
        default = _by_column(default, primary, descending=primary.direction is Direction.HIGHER)
    if not sort:
        return default
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    if name == "model":
        return sorted(default, key=lambda row: (row.model.casefold(), row.variant.casefold()), reverse=descending)
    if name == "date":
        return ranking.order(default, lambda row: int(row.day.replace("-", "")) if row.day else None, descending=descending)
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
