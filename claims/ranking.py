"""Order, ties and what a number ranks by. Pure functions over plain rows; everything that ranks comes through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from claims.terms import Direction, Qualifier

Row = TypeVar("Row")


def ranking_value(value: float, value_max: float | None, direction: Direction) -> float:
    """Return what a stated number ranks by: a range by its worse end, everything else by the number itself.

    A bound ("> 90", "up to 82.5") ranks as its number. Where the direction is unknown the lower end stands.
    """
    if value_max is None:
        return value
    return max(value, value_max) if direction is Direction.LOWER else min(value, value_max)


def order(rows: Iterable[Row], value_of: Callable[[Row], float | None], *, descending: bool) -> list[Row]:
    """Return the rows by value, missing values last in either direction. Equal rows keep their order."""
    rows = list(rows)
    present = [(value, row) for row in rows if (value := value_of(row)) is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in present] + [row for row in rows if value_of(row) is None]


def ranks(values: Sequence[float | None], direction: Direction) -> list[tuple[int | None, bool]]:
    """Return (rank, tied) for each value, best first from 1; equal values share a rank and the next rank is skipped.

    None has no rank; nothing has one where the direction is unknown.
    """
    if direction is Direction.UNKNOWN:
        return [(None, False)] * len(values)
    present = sorted((value for value in values if value is not None), reverse=direction is Direction.HIGHER)
    first: dict[float, int] = {}
    count: dict[float, int] = {}
    for place, value in enumerate(present, start=1):
        first.setdefault(value, place)
        count[value] = count.get(value, 0) + 1
    return [(None, False) if value is None else (first[value], count[value] > 1) for value in values]


def leads(qualifier: Qualifier, direction: Direction) -> bool:
    """Say whether a number so qualified may hold a record: "more than x" does not, nor "less than x" where lower is better."""
    return qualifier is not (Qualifier.UNDER if direction is Direction.LOWER else Qualifier.OVER)


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


def front(
    rows: Iterable[Row],
    value_of: Callable[[Row], float | None],
    cost_of: Callable[[Row], float | None],
    *,
    direction: Direction,
    cost_direction: Direction,
) -> list[Row]:
    """Return the Pareto front: the rows that no row beats on both value and cost, the cheapest first.

    A row is beaten by one that is at least as good on both and better on one of them. Equal rows are all kept, in their order; rows
    without a value or a cost are left out; where the direction of either is unknown nothing is on the front. What leads nothing
    (see `leads`: "more than x") holds no place here either: its getter returns None.
    """
    if Direction.UNKNOWN in (direction, cost_direction):
        return []
    value_sign = -1.0 if direction is Direction.HIGHER else 1.0
    cost_sign = -1.0 if cost_direction is Direction.HIGHER else 1.0
    points = [
        (cost * cost_sign, value * value_sign, row)
        for row in rows
        if (value := value_of(row)) is not None and (cost := cost_of(row)) is not None
    ]
    points.sort(key=lambda point: point[:2])
    kept: list[tuple[float, float, Row]] = []
    for point in points:
        if not kept or point[1] < kept[-1][1] or point[:2] == kept[-1][:2]:
            kept.append(point)
    return [row for _, _, row in kept]


def exactness(*, qualifier: Qualifier, value_max: float | None, decimals: int) -> tuple[int, int]:
    """Return a sort key, the most exactly stated number first: exact before about, bound and range, then by decimals."""
    if qualifier is Qualifier.EXACT and value_max is None:
        return (0, -decimals)
    if qualifier is Qualifier.ABOUT and value_max is None:
        return (1, -decimals)
    return (2, -decimals)
