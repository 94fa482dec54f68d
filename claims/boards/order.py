"""Columns, ranks, order and front of a board's rows. No queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from claims import ranking
from claims.boards.costs import cost_direction
from claims.boards.rows import MOST_LISTED, Column, CostChoice, Row, Tradeoff, condition_of, measure_of
from claims.boards.table import Places, Rows, Table
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


def make_columns(benchmark: Benchmark, table: Table, kept: Places, metrics: Mapping[int, Metric]) -> list[Column]:
    """Return the metric columns (primary first, then by how many rows have them), then the cost columns."""
    ranking_rows = kept[table.standings.ranks[kept]]
    columns = []
    for metric in metrics.values():
        slug, direction = metric.slug, Direction(metric.direction)
        if count := int((table.scores(slug).entry[kept] >= 0).sum()):
            best = ranking.best_of(table.leading_scores(slug, ranking_rows), direction)
            is_primary = metric.pk == benchmark.primary_metric_id
            columns.append(Column(slug, metric.name, metric.unit, direction, is_cost=False, is_primary=is_primary, count=count, best=best))
    columns.sort(key=lambda column: (not column.is_primary, -column.count, column.label))
    for key, count in sorted(table.count_prices(kept).items(), key=lambda pair: (-pair[1], pair[0])):
        direction = cost_direction(key)
        values = table.prices(key).value[kept]
        columns.append(
            Column(
                key=key,
                label=", ".join(filter(None, [measure_of(key).replace("_", " "), condition_of(key)])),
                unit=CANONICAL_UNITS.get(CostMeasure(measure_of(key)), ""),
                direction=direction,
                is_cost=True,
                is_primary=False,
                count=count,
                best=ranking.best_of(table.leading_prices(key, ranking_rows), direction),
                typical=float(np.sort(values)[count // 2]),  # what isn't stated comes last
            )
        )
    return columns


def rank_rows(table: Table, kept: Places, columns: Sequence[Column]) -> None:
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return
    ranking_rows = kept[table.standings.ranks[kept]]
    values = table.scores(primary.key).value[ranking_rows]
    table.rank[ranking_rows], table.tied[ranking_rows] = ranking.ranks_of(values, primary.direction)


def compare(table: Table, kept: Places, columns: Sequence[Column], wanted: str) -> Tradeoff | None:
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
    ranks = table.standings.ranks
    scored = kept[table.scores(primary.key).entry[kept] >= 0]
    counts = {key: count for key, count in table.count_prices(scored).items() if measure_of(key) != CostMeasure.OTHER}
    # What ranks decides which cost is looked at first: the same one, whether or not quoted baselines are shown beside it.
    weights = table.count_prices(scored[ranks[scored]]) or counts
    keys = sorted(counts, key=lambda key: (cost_direction(key) is Direction.UNKNOWN, -weights.get(key, 0), key))
    if wanted and wanted not in counts:
        wanted = next((key for key in keys if measure_of(key) == wanted), wanted)
    chosen = wanted or next(iter(keys), "")
    has_price = table.prices(chosen).entry >= 0
    points, costless = scored[has_price[scored]], scored[~has_price[scored]]
    rivals = points[ranks[points]]
    front = rivals[
        ranking.front_of(
            table.leading_scores(primary.key, rivals),
            table.leading_prices(chosen, rivals),
            direction=primary.direction,
            cost_direction=cost_direction(chosen),
        )
    ]
    table.on_front[front] = True
    leaders = costless[table.rank[costless] == 1]
    return Tradeoff(
        metric=primary,
        measure=chosen,
        cost=next((column for column in columns if column.is_cost and column.key == chosen), None),
        choices=[CostChoice(key, counts[key], key == chosen) for key in keys],
        points=Rows(table, points),
        front=Rows(table, front),
        listed=Rows(table, _listed(table, points, front, primary)),
        uncosted=int((~has_price[kept]).sum()),
        uncosted_leader=next(iter(Rows(table, leaders[:1])), None),
    )


def without_unprinted(tradeoff: Tradeoff, printed: Iterable[Row]) -> Tradeoff:
    """Leave out the points whose score or cost was rejected after it was ranked: there is nothing left to print of it."""
    lost = {row.pk for row in printed if tradeoff.metric.key not in row.cells or tradeoff.measure not in row.costs}
    points, front, listed = (rows.without(lost) for rows in (tradeoff.points, tradeoff.front, tradeoff.listed))
    return replace(tradeoff, points=points, front=front, listed=listed)


def _listed(table: Table, points: Places, front: Places, primary: Column) -> Places:
    """Return the rows that stand for a chart's points in words: all of the front, then the best others; what doesn't rank comes last."""
    others = points[~table.on_front[points]]
    by_value = others[ranking.order_of(table.scores(primary.key).value[others], descending=primary.direction is not Direction.LOWER)]
    ranks = table.standings.ranks[by_value]
    room = max(0, MOST_LISTED - len(front))
    return np.concatenate([front, by_value[ranks], by_value[~ranks]])[: len(front) + room]


def board_order(table: Table, rows: Places, columns: Sequence[Column]) -> Places:
    """Return rows in the board's own order: by the primary metric, best first, then as in the table: the earlier, then by name."""
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return rows
    return rows[ranking.order_of(table.scores(primary.key).value[rows], descending=primary.direction is Direction.HIGHER)]


def sort_rows(table: Table, rows: Places, columns: Sequence[Column], sort: str, *, known: Collection[str]) -> Places:
    """Return rows in the board's order by `sort`: a column's key, "model" or "date", with "-" for descending. '' leaves their order.

    Ties stand in the order of the board. A `known` key that no row has a number for sorts nothing. Raises `UnknownFilterError` for any
    other word.
    """
    if not sort:
        return rows
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    if name == "model":
        values = table.standings.name_place[rows].astype(np.float64)
    elif name == "date":
        days = table.standings.day[rows]
        values = np.where(days == 0, np.nan, days)
    else:
        column = next((column for column in columns if column.key == name), None)
        column = column or next((column for column in columns if column.is_cost and measure_of(column.key) == name), None)
        if column is None and measure_of(name) not in known:
            possible = ", ".join(["model", "date", *(column.key for column in columns)])
            raise UnknownFilterError(f"This board can't be sorted by “{name[:60]}”. It knows {possible}.", field="sort")
        if column is None:
            return rows
        values = (table.prices if column.is_cost else table.scores)(column.key).value[rows]
    return rows[ranking.order_of(values, descending=descending)]
