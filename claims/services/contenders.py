"""Settles which unreviewed claims stand among the first of each board: the queue begins with these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db.models import F, OrderBy, QuerySet, Window
from django.db.models.functions import RowNumber

from claims import ranking
from claims.models import Benchmark, Contender, Metric, ResultValue
from claims.prepared import Parameter, prepared
from claims.services.records import OWN, ranks_by
from claims.services.rows import batches, insert_rows
from claims.terms import CurationState, Direction

PLACES = 3
"""To be among these matters: it is what readers of a board see first."""
MOST = 12
"""So many of a board are contenders at most: where more share a place, these stand for them until they are decided on."""

FEW = 8
"""So many boards are asked for one after the other: a decision is on one or two, a part of a listing on hundreds."""


class _Number(NamedTuple):
    """A shown number near the top of its board, in the order of `_FIELDS`."""

    benchmark: int
    claim: int
    value: float
    state: str
    confidence: float


_FIELDS = ("result__benchmark_id", "claim_id", "ranks_by", "claim__state", "claim__confidence")


def _find_first(boards: Sequence[int], direction: Direction) -> Iterator[_Number]:
    """Yield the best numbers of boards, at most `MOST` of each, the best first."""
    if len(boards) <= FEW:
        # To find the first few of a board takes a third of what it takes to number all of its rows.
        of_each = [_fetch_first(board, direction=direction) for board in boards]
    else:
        place = Window(RowNumber(), partition_by=F("result__benchmark"), order_by=_best_first(direction))
        placed = _ranked(direction).filter(result__benchmark__in=boards).annotate(place=place).filter(place__lte=MOST)
        of_each = [list(placed.order_by("place").values_list(*_FIELDS))]
    return (_Number(*values) for some in of_each for values in some)


@prepared
def _fetch_first(board: Parameter, *, direction: Direction) -> QuerySet[Any, Any]:
    """The best numbers of one board."""
    return _ranked(direction).filter(result__benchmark=board).order_by(*_best_first(direction)).values_list(*_FIELDS)[:MOST]


def _ranked(direction: Direction) -> QuerySet[ResultValue]:
    return ResultValue.objects.filter(OWN, metric=F("result__benchmark__primary_metric")).annotate(ranks_by=ranks_by(direction))


def _best_first(direction: Direction) -> list[OrderBy]:
    return [F("ranks_by").desc() if direction is Direction.HIGHER else F("ranks_by").asc(), F("claim").asc()]


def settle(boards: Collection[Benchmark]) -> None:
    """Keep the contenders of the boards, whose primary metrics stand. Part of the caller's transaction, which holds the boards' locks."""
    wanted: dict[int, tuple[int, int, float]] = {}
    primaries = {board.pk: board.primary_metric_id for board in boards if board.primary_metric_id is not None}
    directions = dict(Metric.objects.filter(pk__in=set(primaries.values())).values_list("pk", "direction"))
    for direction in (Direction.HIGHER, Direction.LOWER):
        ids = [pk for pk, metric in primaries.items() if directions[metric] == direction]
        if not ids:
            continue
        of_boards: dict[int, list[_Number]] = defaultdict(list)
        for number in _find_first(ids, direction):
            of_boards[number.benchmark].append(number)
        for first in of_boards.values():
            # The best of a board are ranked as the whole board is: nothing stands before them.
            ranks, _ = ranking.ranks_of(np.array([number.value for number in first], np.float64), direction)
            wanted |= {
                number.claim: (number.benchmark, rank, number.confidence)
                for number, rank in zip(first, ranks.tolist(), strict=True)
                if rank <= PLACES and number.state == CurationState.UNREVIEWED
            }
    present = {
        claim: (board, rank, confidence)
        for claim, board, rank, confidence in Contender.objects.filter(benchmark__in=[board.pk for board in boards]).values_list(
            "claim_id", "benchmark_id", "rank", "confidence"
        )
    }
    for ids in batches(claim for claim in present if claim not in wanted):
        Contender.objects.filter(claim__in=ids).delete()
    fresh = [
        {"claim_id": claim, "benchmark_id": board, "rank": rank, "confidence": confidence}
        for claim, (board, rank, confidence) in wanted.items()
        if present.get(claim) != (board, rank, confidence)
    ]
    # A claim that moved to another board may stand on the list of the former one still.
    insert_rows(Contender, fresh, unique_fields=["claim"], update_fields=["benchmark", "rank", "confidence"])
