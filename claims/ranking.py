"""Order, ties and what a number ranks by. Pure functions over numbers in columns; everything that ranks comes through here.

Those that take rows and a getter are the same for a few rows. In a column NaN stands for a number that is not there, in one of days 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from claims.terms import Direction, Qualifier

Row = TypeVar("Row")

Column = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
"""Where rows stand in a column, as in `column[places]`."""


def ranking_value(value: float, value_max: float | None, direction: Direction) -> float:
    """Return what a stated number ranks by: a range by its worse end, everything else by the number itself.

    A bound ("> 90", "up to 82.5") ranks as its number. Where the direction is unknown the lower end stands.
    """
    if value_max is None:
        return value
    return max(value, value_max) if direction is Direction.LOWER else min(value, value_max)


def canonical(
    value: float, value_max: float | None, canonical_value: float | None, canonical_max: float | None
) -> tuple[float, float | None]:
    """Return the ends of a number in the canonical unit, or as stated where there is none; the second is None for what is no range."""
    return (value, value_max) if canonical_value is None else (canonical_value, canonical_max)


def ranking_values(low: Column, high: Column, directions: Direction | npt.NDArray[np.bool_]) -> Column:
    """Return `ranking_value` for columns of numbers and upper ends. `directions` may say of each number whether lower is better."""
    lower = directions is Direction.LOWER if isinstance(directions, Direction) else directions
    return np.where(np.isnan(high), low, np.where(lower, np.maximum(low, high), np.minimum(low, high)))


def order_of(values: Column, *, descending: bool) -> Places:
    """Return the places of a column by value, missing values last in either direction. Equal ones keep their order."""
    return np.argsort(-values if descending else values, kind="stable")


def order(rows: Iterable[Row], value_of: Callable[[Row], float | None], *, descending: bool) -> list[Row]:
    """Return the rows by value, missing values last in either direction. Equal rows keep their order."""
    rows = list(rows)
    return _pick(rows, order_of(_column(map(value_of, rows)), descending=descending))


def ranks_of(values: Column, direction: Direction) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the rank of each value, best first from 1, and whether it shares it; equal values do, and the next rank is skipped.

    0 stands for no rank: a missing value has none, and nothing has one where the direction is unknown.
    """
    ranks, tied = np.zeros(len(values), np.int64), np.zeros(len(values), np.bool_)
    if direction is Direction.UNKNOWN:
        return ranks, tied
    stated = np.flatnonzero(~np.isnan(values))
    _, kind, counts = np.unique(values[stated] * _sign(direction), return_inverse=True, return_counts=True)
    ranks[stated] = (np.cumsum(counts) - counts + 1)[kind]
    tied[stated] = counts[kind] > 1
    return ranks, tied


def _sign(direction: Direction) -> float:
    """Return by what to multiply numbers so that the least is the best."""
    return -1.0 if direction is Direction.HIGHER else 1.0


def _column(values: Iterable[float | None]) -> Column:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _pick(rows: Sequence[Row], places: Places) -> list[Row]:
    return [rows[place] for place in places.tolist()]


def qualifier_without_record(direction: Direction) -> Qualifier:
    """Return how a number is qualified that may hold no record: "more than x", or "less than x" where lower is better."""
    return Qualifier.UNDER if direction is Direction.LOWER else Qualifier.OVER


def leads(qualifier: Qualifier, direction: Direction) -> bool:
    """Say whether a number so qualified may hold a record."""
    return qualifier is not qualifier_without_record(direction)


TieKey = tuple[bool, str, str, str, str]


def tie_key(day: str, name: str, variant: str, public_id: str) -> TieKey:
    """Return the sort key of rows with equal values: the earlier first, rows without a date last, then by name.

    `day` is an ISO date, '' where it is not known.
    """
    return (not day, day, name.casefold(), variant.casefold(), public_id)


def best(rows: Iterable[Row], value_of: Callable[[Row], float | None], direction: Direction) -> Row | None:
    """Return the first row with the best value, None if no row has one or the direction is unknown."""
    if direction is Direction.UNKNOWN:
        return None
    ordered = order(rows, value_of, descending=direction is Direction.HIGHER)
    return ordered[0] if ordered and value_of(ordered[0]) is not None else None


def best_of(values: Column, direction: Direction) -> float | None:
    """Return the best of a column's values, None if it has none or the direction is unknown."""
    stated = values[~np.isnan(values)]
    if direction is Direction.UNKNOWN or not len(stated):
        return None
    return float(stated.max() if direction is Direction.HIGHER else stated.min())


def front_of(values: Column, costs: Column, *, direction: Direction, cost_direction: Direction) -> Places:
    """Return the places of the Pareto front: the rows that no row beats on both value and cost, the cheapest first.

    A row is beaten by one that is at least as good on both and better on one of them. Equal rows are all kept, in their order; rows
    without a value or a cost are left out; where the direction of either is unknown nothing is on the front. What leads nothing
    (see `leads`: "more than x") holds no place here either: it must stand there as missing.
    """
    if Direction.UNKNOWN in (direction, cost_direction):
        return np.empty(0, np.intp)
    values, costs = values * _sign(direction), costs * _sign(cost_direction)
    stated = np.flatnonzero(~np.isnan(values) & ~np.isnan(costs))
    by_cost = stated[np.lexsort((values[stated], costs[stated]))]
    values, costs = values[by_cost], costs[by_cost]
    is_better = values < _best_before(values)
    # Equal rows follow each other here, and what holds for the first of them holds for all.
    is_first = np.ones(len(by_cost), np.bool_)
    is_first[1:] = (values[1:] != values[:-1]) | (costs[1:] != costs[:-1])
    first_of = np.flatnonzero(is_first)[np.cumsum(is_first) - 1]
    kept: Places = by_cost[is_better[first_of]]
    return kept


def _best_before(values: Column) -> Column:
    """Return for each value the least of those before it, infinity for the first."""
    least = np.full(len(values), np.inf)
    least[1:] = np.minimum.accumulate(values)[:-1]
    return least


def front(
    rows: Iterable[Row],
    value_of: Callable[[Row], float | None],
    cost_of: Callable[[Row], float | None],
    *,
    direction: Direction,
    cost_direction: Direction,
) -> list[Row]:
    """Return the rows of the Pareto front, as `front_of` finds it; None from a getter is a missing value or cost."""
    rows = list(rows)
    values, costs = _column(map(value_of, rows)), _column(map(cost_of, rows))
    return _pick(rows, front_of(values, costs, direction=direction, cost_direction=cost_direction))


def records_of(values: Column, days: npt.NDArray[Any], direction: Direction) -> Places:
    """Return the places of the rows that set a record, the earliest first: each is better than all before it.

    `days` are numbers that grow with time, 0 where a day is not known. A day's record is its best row: nobody can say what came first
    on one day. Who equals a record does not hold it; of equal rows of one day the first one does. Rows without a value or
    a date set none, nor does anything where the direction is unknown. What leads nothing (see `leads`) must stand there as missing.
    """
    if direction is Direction.UNKNOWN:
        return np.empty(0, np.intp)
    values = values * _sign(direction)
    dated = np.flatnonzero(~np.isnan(values) & (days != 0))
    by_day = dated[np.lexsort((values[dated], days[dated]))]
    is_best_of_day = np.ones(len(by_day), np.bool_)
    is_best_of_day[1:] = days[by_day][1:] != days[by_day][:-1]
    by_day = by_day[is_best_of_day]
    values = values[by_day]
    kept: Places = by_day[values < _best_before(values)]
    return kept


def records(
    rows: Iterable[Row],
    value_of: Callable[[Row], float | None],
    day_of: Callable[[Row], str],
    direction: Direction,
) -> list[Row]:
    """Return the rows that set a record, as `records_of` finds them. `day_of` returns an ISO date, '' where it is not known."""
    rows = list(rows)
    days = np.array([day_number(day_of(row)) for row in rows], np.int64)
    return _pick(rows, records_of(_column(map(value_of, rows)), days, direction))


def day_number(day: str) -> int:
    """Return an ISO date as a number that grows with time, 20251112 for "2025-11-12"; 0 for ''."""
    return int(day.replace("-", "")) if day else 0


def exactness(*, qualifier: Qualifier, value_max: float | None, decimals: int) -> tuple[int, int]:
    """Return a sort key, the most exactly stated number first: exact before about, bound and range, then by decimals."""
    if qualifier is Qualifier.EXACT and value_max is None:
        return (0, -decimals)
    if qualifier is Qualifier.ABOUT and value_max is None:
        return (1, -decimals)
    return (2, -decimals)


def precise(value: float, canonical_value: float | None, decimals: int) -> tuple[float, float]:
    """Return a number in the canonical unit, and the size of its last stated digit in that unit: what `differ` compares."""
    shown = value if canonical_value is None else canonical_value
    return shown, 10.0**-decimals * (shown / value if value else 1.0)


def differ(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Say whether two (number, size of its last stated digit) pairs differ when the finer is rounded like the coarser.

    83.7 and 83.74 are the same number; 83.7 and 83.8 are not.
    """
    return abs(one[0] - other[0]) > max(one[1], other[1]) / 2 * (1 + 1e-9)


def last_digits(stated: Column, canonical_value: Column, decimals: npt.NDArray[Any]) -> Column:
    """Return the sizes of columns' last stated digits in the canonical unit, as `precise` does."""
    scale = np.divide(canonical_value, stated, out=np.ones_like(stated), where=stated != 0)
    return 10.0 ** -decimals.astype(np.float64) * scale


def differ_of(one: tuple[Column, Column], other: tuple[Column, Column]) -> npt.NDArray[np.bool_]:
    """Return `differ` for two columns of numbers and the sizes of their last stated digits."""
    return np.abs(one[0] - other[0]) > np.maximum(one[1], other[1]) / 2 * (1 + 1e-9)
