from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims import ranking
from claims.terms import Direction, Qualifier


def ranks(values: list[float | None], direction: Direction) -> list[tuple[int, bool]]:
    """Return rank and whether it is shared of each value; 0 stands for no rank."""
    found = ranking.ranks_of(np.array([math.nan if value is None else value for value in values]), direction)
    return list(zip(*(column.tolist() for column in found), strict=True))


def test_equal_values_share_a_rank_and_the_next_is_skipped() -> None:
    assert ranks([80.0, 90.0, None, 90.0, 70.0], Direction.HIGHER) == [(3, False), (1, True), (0, False), (1, True), (4, False)]


def test_lower_is_better_where_the_metric_says_so() -> None:
    assert [rank for rank, _ in ranks([3.1, 2.4, 9.0], Direction.LOWER)] == [2, 1, 3]


def test_nothing_ranks_without_a_direction() -> None:
    assert ranks([1.0, 2.0], Direction.UNKNOWN) == [(0, False), (0, False)]


@pytest.mark.parametrize(("descending", "expected"), [(True, [3.0, 1.0, 0.0, None]), (False, [0.0, 1.0, 3.0, None])])
def test_missing_is_last_in_either_order_and_never_zero(descending: bool, expected: list[float | None]) -> None:
    assert ranking.order([1.0, None, 3.0, 0.0], lambda value: value, descending=descending) == expected


@pytest.mark.parametrize(("direction", "worse"), [(Direction.HIGHER, 76.5), (Direction.LOWER, 80.9)])
def test_range_ranks_by_its_worse_end(direction: Direction, worse: float) -> None:
    assert ranking.ranking_value(76.5, 80.9, direction) == worse
    assert ranking.ranking_value(76.5, None, direction) == 76.5


def test_more_than_sets_no_record_and_up_to_does() -> None:
    assert not ranking.leads(Qualifier.OVER, Direction.HIGHER)
    assert not ranking.leads(Qualifier.UNDER, Direction.LOWER)
    assert ranking.leads(Qualifier.UNDER, Direction.HIGHER)
    assert ranking.leads(Qualifier.AT_MOST, Direction.HIGHER)


def test_exact_comes_before_about_and_bounds_and_more_decimals_before_fewer() -> None:
    stated = [(Qualifier.OVER, 2), (Qualifier.ABOUT, 0), (Qualifier.EXACT, 1), (Qualifier.EXACT, 2)]
    ordered = sorted(stated, key=lambda pair: ranking.exactness(qualifier=pair[0], value_max=None, decimals=pair[1]))
    assert ordered == [(Qualifier.EXACT, 2), (Qualifier.EXACT, 1), (Qualifier.ABOUT, 0), (Qualifier.OVER, 2)]


Point = tuple[float | None, float | None]
KNOWN = (Direction.HIGHER, Direction.LOWER)
# Few numbers, so that points are often equal in one of the two or in both.
NUMBERS = st.one_of(st.none(), st.integers(0, 6).map(float), st.floats(allow_nan=False, allow_infinity=False))
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12)


def find_front(points: list[Point], direction: Direction, cost_direction: Direction) -> list[Point]:
    return ranking.front(points, lambda point: point[0], lambda point: point[1], direction=direction, cost_direction=cost_direction)


def is_better(one: float, other: float, direction: Direction) -> bool:
    return one > other if direction is Direction.HIGHER else one < other


def beats(one: Point, other: Point, direction: Direction, cost_direction: Direction) -> bool:
    """Say by definition whether one point is nowhere worse and somewhere better than the other."""
    pairs = [(mine, its, towards) for mine, its, towards in zip(one, other, (direction, cost_direction), strict=True)]
    assert all(mine is not None and its is not None for mine, its, _ in pairs)
    worse = any(is_better(its, mine, towards) for mine, its, towards in pairs if mine is not None and its is not None)
    better = any(is_better(mine, its, towards) for mine, its, towards in pairs if mine is not None and its is not None)
    return better and not worse


@given(points=POINTS, direction=st.sampled_from(KNOWN), cost_direction=st.sampled_from(KNOWN))
def test_front_is_what_no_point_beats(points: list[Point], direction: Direction, cost_direction: Direction) -> None:
    whole = [point for point in points if None not in point]
    expected = [point for point in whole if not any(beats(other, point, direction, cost_direction) for other in whole)]
    front = find_front(points, direction, cost_direction)
    assert sorted(map(str, front)) == sorted(map(str, expected))  # as often as they are there
    costs = [cost for _, cost in front if cost is not None]
    assert costs == sorted(costs, reverse=cost_direction is Direction.HIGHER)
    for (value, cost), (next_value, next_cost) in pairwise(front):
        assert value is not None
        assert next_value is not None
        assert (value, cost) == (next_value, next_cost) or is_better(next_value, value, direction)


def test_front_keeps_equal_rows_in_their_order_the_cheapest_first() -> None:
    rows = [("b", 80.0, 5.0), ("dear", 81.0, 9.0), ("a", 80.0, 5.0), ("beaten", 79.0, 5.0), ("also beaten", 80.0, 6.0)]
    front = ranking.front(rows, lambda row: row[1], lambda row: row[2], direction=Direction.HIGHER, cost_direction=Direction.LOWER)
    assert [name for name, *_ in front] == ["b", "a", "dear"]


@pytest.mark.parametrize("directions", [(Direction.UNKNOWN, Direction.LOWER), (Direction.HIGHER, Direction.UNKNOWN)])
def test_there_is_no_front_without_directions(directions: tuple[Direction, Direction]) -> None:
    assert find_front([(80.0, 5.0)], *directions) == []


Dated = tuple[str, float | None, str]
"""An ISO date or '', a number, a name."""


def find_records(rows: list[Dated], direction: Direction = Direction.HIGHER) -> list[str]:
    return [name for _, _, name in ranking.records(rows, lambda row: row[1], lambda row: row[0], direction)]


def test_record_is_what_is_better_than_all_before() -> None:
    rows: list[Dated] = [("2021-05-01", 80.0, "B"), ("2020-01-01", 78.0, "A"), ("2021-09-01", 79.0, "below"), ("2022-01-01", 84.5, "C")]
    assert find_records(rows) == ["A", "B", "C"]
    assert find_records([(day, -value, name) for day, value, name in rows if value], Direction.LOWER) == ["A", "B", "C"]


def test_who_equals_a_record_does_not_hold_it() -> None:
    assert find_records([("2021-01-02", 80.0, "later"), ("2021-01-01", 80.0, "first"), ("2021-01-01", 80.0, "same day")]) == ["first"]


def test_a_day_has_one_record() -> None:
    assert find_records([("2021-01-01", 80.0, "lower"), ("2021-01-01", 82.0, "best"), ("2021-01-01", 81.0, "between")]) == ["best"]


def test_no_record_without_a_date_a_value_or_a_direction() -> None:
    rows: list[Dated] = [("", 99.0, "no date"), ("2019-01-01", None, "a bound, or not stated"), ("2020-01-01", 0.0, "nothing")]
    assert find_records(rows) == ["nothing"]
    assert find_records(rows, Direction.UNKNOWN) == []
    assert find_records([]) == []


DAYS = st.sampled_from(["", "2019-12-31", "2020-01-01", "2020-06-30", "2021-03-05"])


@given(rows=st.lists(st.tuples(DAYS, NUMBERS), max_size=12), direction=st.sampled_from(KNOWN))
def test_records_rise_and_nothing_of_their_day_or_before_is_better(rows: list[tuple[str, float | None]], direction: Direction) -> None:
    found = ranking.records(rows, lambda row: row[1], lambda row: row[0], direction)
    dated = [(day, value) for day, value in rows if day and value is not None]
    assert bool(found) == bool(dated)
    for (day, value), (next_day, next_value) in pairwise(found):
        assert day < next_day
        assert value is not None
        assert next_value is not None
        assert is_better(next_value, value, direction)
    for day, value in dated:
        held = [record for record_day, record in found if record_day <= day]
        assert held, "from the first dated row on there is a record"
        assert held[-1] is not None
        assert not is_better(value, held[-1], direction)
