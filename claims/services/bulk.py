"""Decides on many numbers at once: all that nobody has decided on and that pass some filters. First a preview, then exactly that.

A preview carries a digest of the numbers that it is about and of their versions. To confirm it names the digest: where the set is another
one meanwhile, nothing is done. What came in after the preview is no part of it, for it also carries the last keys that it has seen.

However many they are, it is one change set and one transaction, written some hundred at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.filters import ReviewFilterSet
from claims.models import Benchmark, ChangeSet, Claim, Contender, Cost, CostLink, Flag, Metric, Paper, ResultValue, ReviewLease
from claims.services import curation, decisions, results, webhooks
from claims.services.records import OWN, ranks_by
from claims.services.rows import batches
from claims.terms import FLAGS_ON_NUMBERS, CurationState, Direction

MOST = 20_000
"""So many numbers are decided on in one act; who wants more decides on them part by part."""
SHOWN = 50
"""So many of the numbers are shown in a preview, the most doubtful first."""
BOARDS_SHOWN, PLACES = 10, 3
"""Of so many boards is shown what becomes of their first places."""
_LOOKED_THROUGH = 200
"""So many rows of a board are looked through for those that move up."""
TWICE_WITHIN = timedelta(minutes=10)
"""A form that comes again so soon after what it asked for was done was sent twice."""
_TABLES: tuple[curation.Table, ...] = (Claim, Cost)
_ACTIONS = {CurationState.ACCEPTED: "accept", CurationState.REJECTED: "reject"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be decided on the numbers that pass the filters.

    `flagged` takes in what is flagged, too: without it an acceptance leaves that to somebody who looks at it, unless the filters ask for
    flags themselves.
    """

    filters: ReviewFilterSet
    state: CurationState
    reason: str = ""
    note: str = ""
    flagged: bool = False

    def check(self) -> None:
        """Raise `InvalidDecisionError` for what can't be decided on many, `UnknownFilterError` for filters that are none."""
        self.filters.check()
        if self.state not in _ACTIONS:
            raise InvalidDecisionError("Many numbers at once are accepted or rejected. To take that back, undo it.")
        curation.check_reason(self.state, self.reason)
        if not any(self.filters.stated(name) for name in type(self.filters).base_filters):
            raise InvalidDecisionError("Name a filter first: a paper, a listing, a board, a confidence. All numbers at once are too many.")

    @property
    def leaves_flagged(self) -> bool:
        return self.state is CurationState.ACCEPTED and not self.flagged and not self.filters.stated("flag")


class Seen(NamedTuple):
    """What a preview is known by when it is confirmed: the digest of its numbers, and the last keys of claims and costs."""

    digest: str
    last_claim: int
    last_cost: int


class Place(NamedTuple):
    """One of the first places of a board: the number, what it ranks by, and in which state it is or would be."""

    rank: int
    value: float
    claim: int
    name: str
    printed: str
    state: CurationState


@dataclass(frozen=True, slots=True)
class BoardChange:
    """What becomes of a board's first places."""

    benchmark: Benchmark
    before: list[Place]
    after: list[Place]

    @property
    def sides(self) -> tuple[list[Place], list[Place]]:
        return self.before, self.after


@dataclass(slots=True)
class Preview:
    """What a wish would do. `first` are the most doubtful of the numbers, claims and costs."""

    claims: int = 0
    costs: int = 0
    papers: int = 0
    boards: int = 0
    leased: int = 0
    flagged: int = 0
    decided: int = 0
    first: list[Claim | Cost] = field(default_factory=list)
    changes: list[BoardChange] = field(default_factory=list)
    changed_boards: int = 0
    seen: Seen | None = None
    """What it is confirmed by; None for too many numbers, or none."""

    @property
    def total(self) -> int:
        return self.claims + self.costs

    @property
    def is_too_many(self) -> bool:
        return self.total > MOST


def preview(wish: Wish, *, curator: User) -> Preview:
    """Return what a wish would do now, in a fixed number of queries but for the boards that it shows. Nothing is changed."""
    wish.check()
    last = {table: table._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0 for table in _TABLES}
    found = Preview()
    for table in _TABLES:
        passing = _undecided(wish, table, last[table])
        # Those that the filters ask for and that somebody decided on: with a flag filter these are shown in the queue, too.
        found.decided += wish.filters.select(table).exclude(state=CurationState.UNREVIEWED).count() if _asks_for_flags(wish) else 0
        found.leased += passing.filter(_leased(table, curator)).count()
        if wish.leaves_flagged:
            found.flagged += passing.filter(~_leased(table, curator)).filter(_flagged(table)).count()
    numbers = {table: _numbers(wish, table, last[table], curator) for table in _TABLES}
    found.claims, found.costs = numbers[Claim].count(), numbers[Cost].count()
    found.papers = _count_papers(numbers)
    if found.is_too_many or not found.total:
        return found
    keys = {table: _keys(numbers[table]) for table in _TABLES}
    found.seen = Seen(_digest(wish, keys), last[Claim], last[Cost])
    found.boards = _count_boards(numbers)
    found.first = _read_first(numbers)
    found.changes, found.changed_boards = _foresee(wish, numbers[Claim])
    return found


def decide(wish: Wish, seen: Seen, *, curator: User) -> ChangeSet:
    """Do what a preview said, in one change set. A form that is sent twice does it once, and gets the same change set.

    Raises `StaleObjectError` if the numbers are other ones than the preview had, `InvalidDecisionError` if there are none or too many.
    """
    wish.check()
    with transaction.atomic():
        made = _decide(wish, seen, curator)
    if made is not None:
        return made
    again = _find_same(wish, seen, curator)
    if again is None:
        raise StaleObjectError("The numbers are no longer those that the preview showed. Nothing was changed; look at what it is now.")
    return again


def _decide(wish: Wish, seen: Seen, curator: User) -> ChangeSet | None:
    """Return the change set, None where the numbers are other ones."""
    last = {Claim: seen.last_claim, Cost: seen.last_cost}
    keys = {table: _keys(_numbers(wish, table, last[table], curator)) for table in _TABLES}
    total = sum(map(len, keys.values()))
    if total > MOST:
        raise InvalidDecisionError(f"These are {total:,} numbers. At most {MOST:,} are decided on at once; narrow the filters.")
    if not total or _digest(wish, keys) != seen.digest:
        return None
    origins = curation.lock_origins((table, pk) for table, of_table in keys.items() for pk, _ in of_table)
    # As they are under the locks: what was decided on between the two looks is not ours any more.
    if any(_keys(_numbers(wish, table, last[table], curator)) != keys[table] for table in _TABLES):
        return None
    actor = curator.get_username()
    changes = decisions.record(_ACTIONS[wish.state], actor, [], reason=wish.note)
    accepted: list[int] = []
    for table, of_table in keys.items():
        for some in batches(pk for pk, _ in of_table):
            accepted_now = curation.decide_part(changes, table, some, wish.state, reason=wish.reason, note=wish.note)
            accepted += accepted_now if table is Claim else []
            ReviewLease.objects.filter(**{f"{table._meta.model_name}__in": some}).delete()
    results.settle_papers(origins.papers, record_ids=origins.records)
    webhooks.note_accepted(changes, accepted)
    return changes


def _find_same(wish: Wish, seen: Seen, curator: User) -> ChangeSet | None:
    """Return what this very form did a moment ago, None if it did nothing."""
    own = ChangeSet.objects.filter(actor=curator.get_username(), action=_ACTIONS[wish.state], created__gte=timezone.now() - TWICE_WITHIN)
    for change_set in own.filter(undone_by__isnull=True, reason=wish.note).order_by("-pk")[:3]:
        keys: dict[curation.Table, list[tuple[int, int]]] = {}
        for table in _TABLES:
            made = change_set.decisions.filter(object_kind=table._meta.model_name or "").order_by("object_id")
            keys[table] = [(pk, version - 1) for pk, version in made.values_list("object_id", "object_version").iterator()]
        if _digest(wish, keys) == seen.digest:
            return change_set
    return None


# ---- which numbers ----


def _asks_for_flags(wish: Wish) -> bool:
    return bool(wish.filters.stated("flag"))


def _undecided(wish: Wish, table: curation.Table, last: int) -> QuerySet[Any]:
    return wish.filters.select(table).filter(state=CurationState.UNREVIEWED, pk__lte=last)


def _leased(table: curation.Table, curator: User) -> Exists:
    others = ReviewLease.objects.filter(until__gte=timezone.now()).exclude(curator=curator)
    return Exists(others.filter(**{table._meta.model_name or "": OuterRef("pk")}))


def _flagged(table: curation.Table) -> Exists:
    open_ = Flag.objects.filter(kind__in=FLAGS_ON_NUMBERS, object_kind=table._meta.model_name or "", settled_by__isnull=True)
    return Exists(open_.filter(object_id=OuterRef("pk")))


def _numbers(wish: Wish, table: curation.Table, last: int, curator: User) -> QuerySet[Any]:
    rows = _undecided(wish, table, last).filter(~_leased(table, curator))
    return rows.filter(~_flagged(table)) if wish.leaves_flagged else rows


def _keys(rows: QuerySet[Any]) -> list[tuple[int, int]]:
    return list(rows.order_by("pk").values_list("pk", "version")[: MOST + 1])


def _digest(wish: Wish, keys: Mapping[curation.Table, Sequence[tuple[int, int]]]) -> str:
    digest = hashlib.sha256(f"{wish.state}\0{wish.reason}\0".encode())
    for table in _TABLES:
        digest.update(f"{table._meta.model_name}\0".encode())
        for pk, version in keys[table]:
            digest.update(b"%d:%d," % (pk, version))
    return digest.hexdigest()


# ---- what it would do ----


def _count_papers(numbers: Mapping[curation.Table, QuerySet[Any]]) -> int:
    of_texts = [rows.filter(paper_text__isnull=False).order_by().values("paper_text__paper") for rows in numbers.values()]
    of_records = [rows.filter(source_record__paper__isnull=False).order_by().values("source_record__paper") for rows in numbers.values()]
    papers = Q()
    for some in (*of_texts, *of_records):
        papers |= Q(pk__in=some)
    return Paper.objects.filter(papers).count()


def _count_boards(numbers: Mapping[curation.Table, QuerySet[Any]]) -> int:
    of_claims = numbers[Claim].filter(result__isnull=False).order_by().values("result__benchmark")
    of_costs = CostLink.objects.filter(tied=True, cost__in=numbers[Cost].order_by().values("pk")).values("result__benchmark")
    return Benchmark.objects.filter(Q(pk__in=of_claims) | Q(pk__in=of_costs)).count()


_NAMES = ("paper_text__paper", "source_record__source", "source_record__paper")


def _read_first(numbers: Mapping[curation.Table, QuerySet[Any]]) -> list[Claim | Cost]:
    found: list[Claim | Cost] = []
    for table, rows in numbers.items():
        of_claims = ("dataset", "metric", "result__benchmark__task", "result__benchmark__dataset") if table is Claim else ()
        ordered = rows.select_related(*_NAMES, *of_claims).defer("source_record__raw").order_by("confidence", "pk")
        found += list(ordered[:SHOWN])
    found.sort(key=lambda said: (said.confidence, isinstance(said, Cost), said.pk))
    return found[:SHOWN]


def _foresee(wish: Wish, claims: QuerySet[Any]) -> tuple[list[BoardChange], int]:
    """Return what becomes of the first places of boards where one of the claims has one, and on how many boards that is."""
    touched = Contender.objects.filter(claim__in=claims.order_by().values("pk")).values("benchmark").annotate(hit=Count("pk"))
    ordered = list(touched.order_by("-hit", "benchmark").values_list("benchmark", flat=True))
    boards = Benchmark.objects.with_names().in_bulk(ordered[:BOARDS_SHOWN])
    changes = [_foresee_board(wish, boards[pk], claims) for pk in ordered[:BOARDS_SHOWN]]
    return changes, len(ordered)


def _foresee_board(wish: Wish, benchmark: Benchmark, claims: QuerySet[Any]) -> BoardChange:
    metric = benchmark.primary_metric
    if metric is None:
        return BoardChange(benchmark, [], [])
    shown = list(_read_best(benchmark, metric))
    ours = set(claims.filter(pk__in=[place.claim for place in shown]).values_list("pk", flat=True))
    hides = not settings.SHOW_UNREVIEWED
    before = [place for place in shown if place.state is CurationState.ACCEPTED or not hides]
    after = [place._replace(state=wish.state) if place.claim in ours else place for place in shown]
    after = [place for place in after if place.state is CurationState.ACCEPTED or (not hides and place.state is not CurationState.REJECTED)]
    return BoardChange(benchmark, _rank(before), _rank(after))


def _read_best(benchmark: Benchmark, metric: Metric) -> Iterator[Place]:
    """Yield the best numbers of a board, without their ranks."""
    direction = Direction(metric.direction)
    order = F("ranks_by").asc() if direction is Direction.LOWER else F("ranks_by").desc()
    rows = ResultValue.objects.filter(OWN, metric=metric, result__benchmark=benchmark).annotate(ranks_by=ranks_by(direction))
    fields = ("claim_id", "ranks_by", "claim__stated", "claim__unit", "claim__state", "result__model_name", "result__variant")
    for claim, value, stated, unit, state, model, variant, title in rows.order_by(order, "claim")[:_LOOKED_THROUGH].values_list(
        *fields, "result__paper__title"
    ):
        name = " ".join(filter(None, [model or title or "unnamed", variant]))
        printed = f"{stated}%" if unit == "%" and "%" not in stated else stated
        yield Place(0, value, claim, name, printed, CurationState(state))


def _rank(places: Sequence[Place]) -> list[Place]:
    """Return the first places; equal numbers share one."""
    ranked: list[Place] = []
    for number, place in enumerate(places, start=1):
        rank = ranked[-1].rank if ranked and place.value == ranked[-1].value else number
        if rank > PLACES or len(ranked) >= 2 * PLACES:
            break
        ranked.append(place._replace(rank=rank))
    return ranked
