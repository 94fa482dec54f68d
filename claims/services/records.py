"""Settles who leads each board, and who held its record since when: one look at a board's numbers answers both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, DateField, F, Max, Min, Q, QuerySet, When, Window
from django.db.models.functions import Coalesce
from django.utils import timezone

from claims import ranking
from claims.models import Benchmark, Metric, Record, ResultValue
from claims.prepared import prepared_for_keys
from claims.querysets import canonical_high, canonical_low
from claims.services.rows import batches, insert_rows
from claims.services.webhooks import NewRecord
from claims.terms import CurationState, Direction, Qualifier, Role

OWN = Q(result__role=Role.PROPOSED) | Q(result__paper__isnull=True)
"""The shown numbers that rank: a paper's own and imported ones."""


class _Standing(NamedTuple):
    """A number that its row shows: what leading needs of it, in the order of `_STANDING_FIELDS`."""

    benchmark: int
    claim: int
    value: float
    day: date | None
    model: str
    title: str | None
    variant: str
    public_id: str


_STANDING_FIELDS = (
    *("result__benchmark_id", "claim_id", "ranks_by", "day"),
    *("result__model_name", "result__paper__title", "result__variant", "result__public_id"),
)


class _Found(NamedTuple):
    """The claim that leads a board, and the numbers that set its records, the earliest first; `direction` is the better one."""

    leader: int | None
    records: list[_Standing]
    direction: Direction


def settle(boards: Collection[Benchmark], *, accepted: Collection[Benchmark]) -> list[NewRecord]:
    """Set the leaders of the boards, for the caller to save, and keep their records; return those that beat what stood there until now.

    `accepted` are those of them that have an accepted number. Part of the caller's transaction, which holds the boards' locks.
    """
    among_all = _find(boards, accepted_only=False)
    among_accepted = _find(accepted, accepted_only=True)
    for board in boards:
        board.leader_id = among_all[board.pk].leader if board.pk in among_all else None
        board.accepted_leader_id = among_accepted[board.pk].leader if board.pk in among_accepted else None
    return _keep_records([board.pk for board in boards], {False: among_all, True: among_accepted})


@transaction.atomic
def settle_records_alone(board_ids: Iterable[int]) -> None:
    """Settle the records of boards whose leaders stand already, in a transaction of its own."""
    locked = Benchmark.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=set(board_ids)).order_by("pk")
    boards = list(locked)
    settle(boards, accepted=[board for board in boards if board.accepted_row_count])


def _find(boards: Iterable[Benchmark], *, accepted_only: bool) -> dict[int, _Found]:
    """Return leader and records of each board among its numbers, or its accepted ones, by the board's id.

    The database hands over only numbers that no number of their board is better than, or none of their day and before, equal ones
    all: a board of a hundred thousand rows is settled as often as a chunk adds to it. Among these `claims.ranking` decides.
    """
    primaries: dict[int, int] = {board.pk: board.primary_metric_id for board in boards if board.primary_metric_id is not None}
    directions: dict[int, str] = dict(Metric.objects.filter(pk__in=set(primaries.values())).values_list("pk", "direction"))
    found: dict[int, _Found] = {}
    for direction in (Direction.HIGHER, Direction.LOWER):
        ids = [pk for pk, metric in primaries.items() if directions[metric] == direction]
        of_boards: dict[int, list[_Standing]] = defaultdict(list)
        for values in _fetch_best(ids, direction=direction, accepted_only=accepted_only):
            of_boards[values[0]].append(_Standing(*values))
        found |= {pk: _decide(candidates, direction) for pk, candidates in of_boards.items()}
    return found


@prepared_for_keys
def _fetch_best(boards: Any, *, direction: Direction, accepted_only: bool) -> QuerySet[Any, Any]:
    """The numbers of boards that none of their day and before is better than."""
    best = Max if direction is Direction.HIGHER else Min
    of_board = F("result__benchmark")
    among = Q(claim__state=CurationState.ACCEPTED) if accepted_only else Q()
    return (
        ResultValue.objects.filter(OWN, among, result__benchmark__pk__among=boards, metric=F("result__benchmark__primary_metric"))
        .filter(claim__qualifier__in=[qualifier for qualifier in Qualifier if ranking.leads(qualifier, direction)])
        .annotate(ranks_by=ranks_by(direction), day=Coalesce("result__paper__last_day", "result__stated_day", output_field=DateField()))
        # A number without a date is on no day, and databases differ on where that stands in an order.
        .annotate(dated=Case(When(day__isnull=False, then=F("ranks_by"))))
        .annotate(
            best=Window(best("ranks_by"), partition_by=of_board),
            best_until_then=Window(best("dated"), partition_by=of_board, order_by=F("day").asc()),
        )
        .filter(Q(ranks_by=F("best")) | Q(dated=F("best_until_then")))
        .values_list(*_STANDING_FIELDS)
    )


def ranks_by(direction: Direction) -> Coalesce:
    """Return what a shown claim ranks by as the database computes it: `ranking.ranking_value` of its canonical or stated number."""
    low = canonical_low("claim")
    return Coalesce(canonical_high("claim"), low) if direction is Direction.LOWER else low


def _decide(numbers: Sequence[_Standing], direction: Direction) -> _Found:
    ordered = sorted(
        numbers,
        key=lambda number: ranking.tie_key(_iso(number), number.model or number.title or "", number.variant, number.public_id),
    )
    best = ranking.best(ordered, _value, direction)
    return _Found(best.claim if best is not None else None, ranking.records(ordered, _value, _iso, direction), direction)


def _value(number: _Standing) -> float:
    return number.value


def _iso(number: _Standing) -> str:
    return number.day.isoformat() if number.day else ""


def _keep_records(board_ids: Sequence[int], found: Mapping[bool, Mapping[int, _Found]]) -> list[NewRecord]:
    """Write what changed of the boards' records: mostly nothing, for what is added to a board seldom was the best of its day.

    Return the last record of each board that was none before and is better than the last one until now, or the first.

    A number that becomes the last of its board's records becomes known with that, now; what a later look finds still there keeps when it
    became known, even where another reading states it or it was dated anew.
    """
    wanted: dict[_Key, tuple[int, int | None, float]] = {}
    last: set[_Key] = set()
    for accepted_only, of_boards in found.items():
        for pk, (_, records, _) in of_boards.items():
            holders = [None, *(record.claim for record in records)]
            for record, (previous, claim) in zip(records, pairwise(holders), strict=True):
                if record.day is not None and claim is not None:
                    wanted[pk, accepted_only, record.day] = (claim, previous, record.value)
            if records and records[-1].day is not None:
                last.add((pk, accepted_only, records[-1].day))
    kept = Record.objects.filter(benchmark__in=board_ids)
    present: dict[_Key, tuple[int, tuple[int, int | None, float]]] = {}
    known: dict[tuple[int, bool, int], datetime | None] = {}
    stood: dict[tuple[int, bool], float] = {}
    for record, pk, accepted_only, day, claim, previous, value, since in kept.order_by("day").values_list("pk", *_KEY, *_SAID, "known"):
        stood[pk, accepted_only] = value
        present[pk, accepted_only, day] = (record, (claim, previous, value))
        known[pk, accepted_only, claim] = since
    gone = [record for key, (record, said) in present.items() if wanted.get(key) != said]
    for ids in batches(gone):
        Record.objects.filter(pk__in=ids).delete()
    now = timezone.now()
    fresh: list[dict[str, object]] = []
    new: list[NewRecord] = []
    for key, said in wanted.items():
        before = present.get(key)
        if before is not None and before[1] == said:
            continue
        held_by = said[0] if before is None or before[1][2] != said[2] else before[1][0]
        since = known.get((*key[:2], held_by), now if key in last else None)
        if since is now and _beats(said[2], stood.get(key[:2]), found[key[1]][key[0]].direction):
            new.append(NewRecord(key[0], said[0], said[1], key[1]))
        fresh.append(dict(zip((*_KEY, *_SAID, "known"), (*key, *said, since), strict=True)))
    insert_rows(Record, fresh)
    return new


def _beats(value: float, stood: float | None, direction: Direction) -> bool:
    return stood is None or (value < stood if direction is Direction.LOWER else value > stood)


_Key = tuple[int, bool, date]
_KEY = ("benchmark_id", "accepted_only", "day")
_SAID = ("claim_id", "previous_id", "value")
