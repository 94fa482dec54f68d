from __future__ import annotations

import pytest

from claims import ranking
from claims.terms import Direction, Qualifier


def test_equal_values_share_a_rank_and_the_next_is_skipped() -> None:
    assert ranking.ranks([80.0, 90.0, None, 90.0, 70.0], Direction.HIGHER) == [(3, False), (1, True), (None, False), (1, True), (4, False)]


def test_lower_is_better_where_the_metric_says_so() -> None:
    assert [rank for rank, _ in ranking.ranks([3.1, 2.4, 9.0], Direction.LOWER)] == [2, 1, 3]


def test_nothing_ranks_without_a_direction() -> None:
    assert ranking.ranks([1.0, 2.0], Direction.UNKNOWN) == [(None, False), (None, False)]


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
