"""Order, ties and what a number ranks by. Pure functions over plain rows; everything that ranks comes through here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
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


def canonical(
    value: float, value_max: float | None, canonical_value: float | None, canonical_max: float | None
) -> tuple[float, float | None]:
    """Return the ends of a number in the canonical unit, or as stated where there is none; the second is None for what is no range."""
    return (value, value_max) if canonical_value is None else (canonical_value, canonical_max)


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
    counts = Counter(values)
    del counts[None]
    places: dict[float | None, tuple[int | None, bool]] = {None: (None, False)}
    place = 1
    for value, count in sorted(counts.items(), reverse=direction is Direction.HIGHER):
        places[value] = (place, count > 1)
        place += count
    return [places[value] for value in values]


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
    points.sort(key=itemgetter(0, 1))
    kept: list[tuple[float, float, Row]] = []
    for point in points:
        if not kept or point[1] < kept[-1][1] or point[:2] == kept[-1][:2]:
            kept.append(point)
    return [row for _, _, row in kept]


def records(
    rows: Iterable[Row],
    value_of: Callable[[Row], float | None],
    day_of: Callable[[Row], str],
    direction: Direction,
) -> list[Row]:
    """Return the rows that set a record, the earliest first: each is better than all before it.

    `day_of` returns an ISO date, '' where it is not known. A day's record is its best row: nobody can say what came first on one day.
    Who equals a record does not hold it; of equal rows of one day the first given one does. Rows without a value or a date set none,
    nor does anything where the direction is unknown. What leads nothing (see `leads`) sets none either: its getter returns None.
    """
    if direction is Direction.UNKNOWN:
        return []
    sign = -1.0 if direction is Direction.HIGHER else 1.0
    best_of: dict[str, tuple[float, Row]] = {}
    for row in rows:
        if (day := day_of(row)) and (value := value_of(row)) is not None:
            known = best_of.get(day)
            if known is None or value * sign < known[0]:
                best_of[day] = (value * sign, row)
    kept: list[tuple[float, Row]] = []
    for day in sorted(best_of):
        if not kept or best_of[day][0] < kept[-1][0]:
            kept.append(best_of[day])
    return [row for _, row in kept]


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
