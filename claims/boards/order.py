"""Columns, ranks, order and front of a board's rows. No queries."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from claims import ranking
from claims.boards.numbers import cost_direction
from claims.boards.rows import MOST_LISTED, Column, CostChoice, Number, Row, Tradeoff, condition_of, measure_of
from claims.errors import UnknownFilterError
from claims.filters import COMPARED_MEASURES
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
    scored: dict[str, list[Row]] = defaultdict(list)
    priced: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for slug in row.scores:
            scored[slug].append(row)
        for measure in row.prices:
            priced[measure].append(row)
    columns = []
    for metric in metrics.values():
        slug, direction = metric.slug, Direction(metric.direction)
        if stating := scored.get(slug):
            best = _best([row.scores[slug] for row in stating if row.ranks], direction)
            is_primary = metric.pk == benchmark.primary_metric_id
            columns.append(
                Column(slug, metric.name, metric.unit, direction, is_cost=False, is_primary=is_primary, count=len(stating), best=best)
            )
    columns.sort(key=lambda column: (not column.is_primary, -column.count, column.label))
    for measure, stating in sorted(priced.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        direction = cost_direction(measure)
        columns.append(
            Column(
                key=measure,
                label=", ".join(filter(None, [measure_of(measure).replace("_", " "), condition_of(measure)])),
                unit=CANONICAL_UNITS.get(CostMeasure(measure_of(measure)), ""),
                direction=direction,
                is_cost=True,
                is_primary=False,
                count=len(stating),
                best=_best([row.prices[measure] for row in stating if row.ranks], direction),
                typical=sorted([row.prices[measure].rank_by for row in stating])[len(stating) // 2],
            )
        )
    return columns


def _best(numbers: Iterable[Number], direction: Direction) -> float | None:
    """Return the best of a column's numbers. "More than x" is not the best of anything."""
    no_record = ranking.qualifier_without_record(direction)
    leading = [number.rank_by for number in numbers if number.qualifier is not no_record]
    if not leading or direction is Direction.UNKNOWN:
        return None
    return max(leading) if direction is Direction.HIGHER else min(leading)


def rank_rows(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return
    ranking_rows = [row for row in rows if row.ranks]
    key = primary.key
    values = [number.rank_by if (number := row.scores.get(key)) else None for row in ranking_rows]
    for row, (rank, tied) in zip(ranking_rows, ranking.ranks(values, primary.direction), strict=True):
        row.rank, row.tied = rank, tied


def compare(rows: Sequence[Row], columns: Sequence[Column], wanted: str) -> Tradeoff | None:
    """Compare the rows' scores with the `wanted` cost ('': the best known), and mark the rows of the front.

    A cost is a `cost_key`, or a measure alone: then that of its conditions which most rows state. The best known is the one that most
    ranking rows state together with a score; measures of which nobody can say whether more or less is better come last, for they have
    no front. Raises `UnknownFilterError` for a word that is no measure.
    """
    if wanted and measure_of(wanted) not in COMPARED_MEASURES:
        raise UnknownFilterError(f"There is no cost called “{wanted[:60]}”. There are {', '.join(COMPARED_MEASURES)}.", field="cost")
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return None
    scored = [row for row in rows if primary.key in row.scores]
    counts = Counter([measure for row in scored for measure in row.prices])
    for other in [measure for measure in counts if measure_of(measure) == CostMeasure.OTHER]:
        del counts[other]
    # What ranks decides which cost is looked at first: the same one, whether or not quoted baselines are shown beside it.
    weights = Counter([measure for row in scored if row.ranks for measure in row.prices]) or counts
    measures = sorted(counts, key=lambda measure: (cost_direction(measure) is Direction.UNKNOWN, -weights[measure], measure))
    if wanted and wanted not in counts:
        wanted = next((measure for measure in measures if measure_of(measure) == wanted), wanted)
    measure = wanted or next(iter(measures), "")
    points: list[Row] = []
    costless: list[Row] = []
    for row in scored:
        (points if measure in row.prices else costless).append(row)
    no_record = ranking.qualifier_without_record(primary.direction)
    no_least_cost = ranking.qualifier_without_record(cost_direction(measure))
    front = ranking.front(
        [row for row in points if row.ranks],
        lambda row: None if (score := row.scores[primary.key]).qualifier is no_record else score.rank_by,
        lambda row: None if (price := row.prices[measure]).qualifier is no_least_cost else price.rank_by,
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
        uncosted=sum([measure not in row.prices for row in rows]),
        uncosted_leader=next((row for row in costless if row.rank == 1), None),
    )


def without_unprinted(tradeoff: Tradeoff, printed: Iterable[Row]) -> Tradeoff:
    """Leave out the points whose score or cost was rejected after it was ranked: there is nothing left to print of it."""
    lost = {row.pk for row in printed if tradeoff.metric.key not in row.cells or tradeoff.measure not in row.costs}
    if lost.isdisjoint(row.pk for row in tradeoff.points):
        return tradeoff
    points, front, listed = ([row for row in rows if row.pk not in lost] for rows in (tradeoff.points, tradeoff.front, tradeoff.listed))
    return replace(tradeoff, points=points, front=front, listed=listed)


def _listed(points: Sequence[Row], front: Sequence[Row], primary: Column) -> list[Row]:
    """Return the rows that stand for a chart's points in words: all of the front, then the best others; what doesn't rank comes last."""
    sign = 1.0 if primary.direction is Direction.LOWER else -1.0
    others = (row for row in points if not row.on_front)
    room = max(0, MOST_LISTED - len(front))
    return [*front, *heapq.nsmallest(room, others, key=lambda row: (not row.ranks, sign * row.scores[primary.key].rank_by))]


def board_order(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Return the rows in the board's own order: by the primary metric, best first, then the earlier, then by name."""
    primary = next((column for column in columns if column.is_primary), None)
    key = primary.key if primary else ""
    sign = -1.0 if primary and primary.direction is Direction.HIGHER else 1.0
    # One sort by value and tie key at once; a row's own id ends its tie key, so that no two rows are compared themselves.
    keyed = [
        (
            sign * number.rank_by if (number := row.scores.get(key)) else math.inf,
            ranking.tie_key(row.day, row.model, row.variant, row.public_id),
            row,
        )
        for row in rows
    ]
    keyed.sort()
    return [row for _, _, row in keyed]


def sort_rows(rows: Sequence[Row], columns: Sequence[Column], sort: str, *, known: Collection[str]) -> list[Row]:
    """Return rows in the board's order by `sort`: a column's key, "model" or "date", with "-" for descending. '' leaves their order.

    Ties stand in the order of the board. A `known` key that no row has a number for sorts nothing. Raises `UnknownFilterError` for any
    other word.
    """
    if not sort:
        return list(rows)
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    if name == "model":
        return sorted(rows, key=lambda row: (row.model.casefold(), row.variant.casefold()), reverse=descending)
    if name == "date":
        return ranking.order(rows, lambda row: int(row.day.replace("-", "")) if row.day else None, descending=descending)
    column = next((column for column in columns if column.key == name), None)
    column = column or next((column for column in columns if column.is_cost and measure_of(column.key) == name), None)
    if column is None and measure_of(name) not in known:
        possible = ", ".join(["model", "date", *(column.key for column in columns)])
        raise UnknownFilterError(f"This board can't be sorted by “{name[:60]}”. It knows {possible}.", field="sort")
    return list(rows) if column is None else _by_column(rows, column, descending=descending)


def _by_column(rows: Sequence[Row], column: Column, *, descending: bool) -> list[Row]:
    def value(row: Row) -> float | None:
        number = (row.prices if column.is_cost else row.scores).get(column.key)
        return number.rank_by if number else None

    return ranking.order(rows, value, descending=descending)
