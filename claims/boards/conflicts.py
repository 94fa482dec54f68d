"""Which rows of a board state another number for the same thing: the same model, variant and setting. No queries.

Numbers differ when the finer is rounded like the coarser (`ranking.differ`); bounds, ranges and rounded ones contradict nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from claims import ranking
from claims.boards.rows import Number, Row
from claims.boards.standings import Codes, Flags, Floats
from claims.terms import Qualifier

MOST_TOLD_APART = 100
"""Of so many different numbers for one thing each is compared with each; of more, all are taken to contradict each other."""


class ExactScores(NamedTuple):
    """The exact numbers of one metric, of rows that are like others, in columns: rows, what they are of (`Standings.identity`), the
    numbers in the canonical unit and as stated, and their decimals."""

    row: Codes
    identity: Codes
    value: Floats
    stated: Floats
    decimals: Codes

    def at(self, places: Any) -> ExactScores:
        return ExactScores(self.row[places], self.identity[places], self.value[places], self.stated[places], self.decimals[places])


def find_disputed(metrics: Iterable[ExactScores], rows: int) -> Flags:
    """Say of each of so many rows whether another of the same identity states another number under one of the metrics."""
    disputed = np.zeros(rows, np.bool_)
    for numbers in metrics:
        if len(numbers.row):
            disputed[numbers.row[_find_contradicted(numbers)]] = True
    return disputed


def _find_contradicted(numbers: ExactScores) -> Flags:
    by_identity = np.lexsort((numbers.decimals, numbers.stated, numbers.value, numbers.identity))
    ordered = numbers.at(by_identity)
    # What is stated alike is looked at once.
    is_first = np.ones(len(by_identity), np.bool_)
    is_first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in ordered[1:]])
    _, identity, value, stated, decimals = ordered.at(is_first)
    digit = ranking.last_digits(stated, value, decimals)
    found = np.zeros(len(identity), np.bool_)
    group = np.cumsum(np.concatenate([[0], identity[1:] != identity[:-1]]))
    sizes = np.bincount(group)
    for step in range(1, min(MOST_TOLD_APART, int(sizes.max()))):
        apart = (identity[step:] == identity[:-step]) & ranking.differ_of((value[step:], digit[step:]), (value[:-step], digit[:-step]))
        found[step:] |= apart
        found[:-step] |= apart
    if (sizes > MOST_TOLD_APART).any():
        least, most = np.full(len(sizes), np.inf), np.full(len(sizes), -np.inf)
        np.minimum.at(least, group, value)
        np.maximum.at(most, group, value)
        many = (sizes > MOST_TOLD_APART)[group]
        found = np.where(many, (least < most)[group], found)
    contradicted = np.zeros(len(by_identity), np.bool_)
    contradicted[by_identity] = found[np.cumsum(is_first) - 1]
    return contradicted


_Stated = tuple[float, float, int]
"""A score: what it ranks by, how it is stated in its own unit, its decimals."""


def mark_rivals(group: Sequence[Row]) -> None:
    """Mark the rows of one identity that state another number than others of it."""
    for slug in dict.fromkeys(slug for row in group for slug in row.scores):
        stated = dict.fromkeys(key for row in group if (key := _exact(row.scores.get(slug))) is not None)
        if len({value for value, _, _ in stated}) < 2:
            continue
        if len(stated) > MOST_TOLD_APART:
            against = dict.fromkeys(stated, len({value for value, _, _ in stated}) - 1)
        else:
            against = {one: len({other[0] for other in stated if _differ(one, other)}) for one in stated}
        for row in group:
            key = _exact(row.scores.get(slug))
            if key is not None and against[key]:
                row.rivals, row.disputes = group, {**row.disputes, slug: against[key]}


def find_rivals(row: Row, *, most: int) -> list[Row]:
    """Return at most `most` rows that contradict one of a row's numbers, the earliest first."""
    return [
        rival
        for rival in row.rivals
        if rival is not row and any(contradict(row.scores.get(slug), rival.scores.get(slug)) for slug in row.disputes)
    ][:most]


def contradict(one: Number | None, other: Number | None) -> bool:
    """Say whether two scores can't both be right: exact ones that differ when the finer is rounded like the coarser."""
    first, second = _exact(one), _exact(other)
    return first is not None and second is not None and _differ(first, second)


def _exact(number: Number | None) -> _Stated | None:
    if number is None or number.stated is None or number.qualifier is not Qualifier.EXACT:
        return None
    return number.rank_by, number.stated, number.decimals


def _differ(one: _Stated, other: _Stated) -> bool:
    if one[0] == other[0]:
        return False
    return ranking.differ(ranking.precise(one[1], one[0], one[2]), ranking.precise(other[1], other[0], other[2]))
