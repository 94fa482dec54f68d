"""The review queue: which number a curator looks at next, and that nobody else looks at it meanwhile.

It holds all that nobody has decided on and readers would count, claims and costs alike, in the order of what matters: first what stands
among the first three of its board (`Contender`, a small table that is kept where boards are settled, for no board is ranked here), then
what its reading is least sure of (by a partial index of each table). What is picked brings its paper along: the rest of it comes next, in
the order of the text, so that an abstract is read once. So a step asks for the first few rows of an index, however many claims there are;
a filter by board or by listing asks for the numbers of that board or listing.

Whoever takes a number holds it under a short lease, which ends with a decision, a skip or its time. The lease keeps two curators from
looking at the same number; that they never overwrite each other is up to the number's version, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import merge
from operator import itemgetter
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from claims.errors import StaleObjectError
from claims.filters import ReviewFilterSet
from claims.models import ChangeSet, Claim, Contender, Cost, Decision, ReviewLease
from claims.services import curation
from claims.terms import CurationState

LEASE = timedelta(minutes=5)
"""For so long nobody else is shown what a curator has before them."""
MOST_COUNTED = 1_000
"""Further than this nobody counts what is left: it would be a walk through the whole table."""
AT_ONCE = 20
"""So many candidates are asked for at once: others may take some of them in the same moment."""
ROUNDS = 10
_STEPS = (50, *[500] * 10)
"""So many contenders are looked through, one step after the other, for one that passes the filters. Beyond them doubt alone decides."""
_TABLES: tuple[type[Claim] | type[Cost], ...] = (Claim, Cost)
_OWN_ACTIONS = ("accept", "reject", "reopen", "correct")


class Key(NamedTuple):
    """A claim or a cost: its table and its id."""

    table: type[Claim] | type[Cost]
    pk: int

    @property
    def name(self) -> str:
        return self.table._meta.model_name or ""


def key_of(statement: Claim | Cost) -> Key:
    return Key(type(statement), statement.pk)


@dataclass(frozen=True, slots=True)
class Passed:
    """What a curator skipped: numbers, and whole papers by their texts. It does not come again before they say so."""

    claims: Collection[int] = ()
    costs: Collection[int] = ()
    texts: Collection[int] = ()

    def __len__(self) -> int:
        return len(self.claims) + len(self.costs) + len(self.texts)

    def of(self, table: type[Claim] | type[Cost]) -> Collection[int]:
        return self.claims if table is Claim else self.costs


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What others have before them, and the papers' texts that it stands in."""

    held: dict[type[Claim] | type[Cost], set[int]] = field(default_factory=dict)
    texts: set[int] = field(default_factory=set)


def find(kind: str, public_id: str) -> Claim | Cost | None:
    """Return a claim or a cost, as `kind` says, None if there is none of this id."""
    statement: Claim | Cost | None
    statement = (Cost if kind == "cost" else Claim)._default_manager.filter(public_id=public_id).first()
    return statement


# ---- taking ----


def take(
    curator: User,
    wanted: ReviewFilterSet,
    *,
    near: Claim | Cost | None = None,
    without: Claim | Cost | None = None,
    passed: Passed | None = None,
) -> Key | None:
    """Lease the next number to a curator and return it; None if there is none left that nobody else looks at.

    What they hold already comes first, but for `without`, which they are looking at; then the rest of the paper of `near`.
    """
    passed = passed or Passed()
    looked_at = None if without is None else key_of(without)
    for _ in range(ROUNDS):
        contested = False
        for key in _list_candidates(curator, wanted, near, passed):
            if key == looked_at:
                continue
            if not _lease(curator, key):
                contested = True
            elif wanted.select(key.table).filter(pk=key.pk).exists():
                return key
            else:  # decided on in this moment
                _release(key, curator)
                contested = True
        if not contested:
            return None
    return None


def take_this(curator: User, statement: Claim | Cost, wanted: ReviewFilterSet) -> Key | None:
    """Lease this number to a curator and return it; None if it needs no review any more, or somebody else looks at it."""
    key = key_of(statement)

    def is_open() -> bool:
        waits = key.table.objects.awaiting_review().filter(pk=key.pk).exists()
        return waits or wanted.select(key.table).filter(pk=key.pk).exists()

    if not is_open() or not _lease(curator, key):
        return None
    if is_open():
        return key
    _release(key, curator)
    return None


def release(statement: Claim | Cost, curator: User) -> None:
    """Let others have a number that the curator held."""
    _release(key_of(statement), curator)


def _release(key: Key, curator: User) -> None:
    ReviewLease.objects.filter(**{key.name: key.pk}, curator=curator).delete()


def _lease(curator: User, key: Key) -> bool:
    """Lease a number to a curator, or hold it for longer; say whether it is theirs."""
    now = timezone.now()
    # Of two at once the second finds the row as the first left it, and takes nothing.
    of_it = ReviewLease.objects.filter(Q(curator=curator) | Q(until__lt=now), **{key.name: key.pk})
    if of_it.update(curator=curator, until=now + LEASE):
        return True
    try:
        with transaction.atomic():
            ReviewLease.objects.create(**{f"{key.name}_id": key.pk}, curator=curator, until=now + LEASE)
    except IntegrityError:
        return False
    return True


def _find_elsewhere(curator: User) -> _Elsewhere:
    leases = ReviewLease.objects.filter(until__gte=timezone.now()).exclude(curator=curator)
    fields = ("claim_id", "cost_id", "claim__paper_text_id", "cost__paper_text_id")
    rows = list(leases.values_list(*fields))
    return _Elsewhere(
        {Claim: {row[0] for row in rows if row[0]}, Cost: {row[1] for row in rows if row[1]}},
        {row[2] or row[3] for row in rows if row[2] or row[3]},
    )


def _list_candidates(curator: User, wanted: ReviewFilterSet, near: Claim | Cost | None, passed: Passed) -> Iterator[Key]:
    """Yield what the curator may be shown, the first to be shown first. Lazily: mostly the first query answers."""
    held = ReviewLease.objects.filter(curator=curator, until__gte=timezone.now()).order_by("pk")
    for claim, cost in list(held.values_list("claim_id", "cost_id")):
        key = Key(Claim, claim) if claim else Key(Cost, cost)
        if key.pk not in passed.of(key.table) and wanted.select(key.table).filter(pk=key.pk).exclude(_texts(passed.texts)).exists():
            yield key
    elsewhere = _find_elsewhere(curator)

    def select(table: type[Claim] | type[Cost], *, texts: Collection[int]) -> QuerySet[Any]:
        rows = wanted.select(table)
        if gone := elsewhere.held[table] | set(passed.of(table)):
            rows = rows.exclude(pk__in=gone)
        return rows.exclude(_texts(texts)) if texts else rows

    if near is not None and near.paper_text_id not in passed.texts:
        yield from _list_rest(near, {table: select(table, texts=()) for table in _TABLES})
    # Whose paper somebody else is reading comes last: two on one abstract would both have to read it.
    for texts in (set(passed.texts) | elsewhere.texts, set(passed.texts)) if elsewhere.texts else (set(passed.texts),):
        yield from _list_contenders(wanted, select(Claim, texts=texts))
        doubtful = (_list_doubtful(select(table, texts=texts), table) for table in _TABLES)
        yield from (key for _, _, key in merge(*doubtful))


def _list_contenders(wanted: ReviewFilterSet, claims: QuerySet[Any]) -> Iterator[Key]:
    """Yield those of the claims that stand among the first of their boards, the most doubtful first.

    Read from their own table, some at a time: asked for both at once, SQLite begins with the claims, which are all that wait.
    """
    ordered = Contender.objects.order_by("confidence", "claim")
    if board := wanted.board:
        ordered = ordered.filter(benchmark__slug=board)
    at = 0
    for size in _STEPS:
        some = list(ordered.values_list("claim", flat=True)[at : at + size])
        passing = set(claims.filter(pk__in=some).values_list("pk", flat=True)) if some else set()
        yield from (Key(Claim, pk) for pk in some if pk in passing)
        if len(some) < size:
            return
        at += size


def _texts(texts: Collection[int]) -> Q:
    return Q(paper_text__isnull=False, paper_text__in=texts)


def _list_rest(near: Claim | Cost, rows: dict[type[Claim] | type[Cost], QuerySet[Any]]) -> Iterator[Key]:
    """Yield what is left of a paper's text, in the order of the text, or of a table's record."""
    origin = {"paper_text": near.paper_text_id} if near.paper_text_id else {"source_record": near.source_record_id}
    found: list[tuple[tuple[bool, int, int, bool, int], Key]] = []
    for table, of_table in rows.items():
        for part, start, ordinal, pk in of_table.filter(**origin).values_list("field", "start", "ordinal", "pk"):
            found.append(((part != "title", start, ordinal, table is Cost, pk), Key(table, pk)))
    yield from (key for _, key in sorted(found, key=itemgetter(0)))


def _list_doubtful(rows: QuerySet[Any], table: type[Claim] | type[Cost]) -> list[tuple[float, bool, Key]]:
    least_sure = rows.order_by("confidence", "pk").values_list("confidence", "pk")[:AT_ONCE]
    return [(confidence, table is Cost, Key(table, pk)) for confidence, pk in least_sure]


# ---- deciding ----


def decide(statement: Claim | Cost, state: CurationState, *, curator: User, version: int, reason: str = "", note: str = "") -> ChangeSet:
    """Decide on a number as `curation.decide` does, and end its lease, whoever holds it.

    What the curator said already, as a form says that is sent twice, is said: its change set is returned. Raises what `curation.decide`
    does.
    """
    actor = curator.get_username()
    try:
        with transaction.atomic():
            changes = curation.decide(statement, state, actor=actor, version=version, reason=reason, note=note)
            ReviewLease.objects.filter(**{key_of(statement).name: statement.pk}).delete()
            return changes
    except StaleObjectError:
        last = find_last_word(statement)
        said = {"state": state.value, "reject_reason": reason}
        if last is None or last.object_version != version + 1 or last.change_set.actor != actor:
            raise
        if {name: last.after.get(name) for name in said} != said:
            raise
        return last.change_set


def undo(change_set: ChangeSet, *, curator: User) -> ChangeSet:
    """Take back what a curator decided, as `curation.undo` does."""
    return curation.undo(change_set, actor=curator.get_username())


def find_last_word(statement: Claim | Cost) -> Decision | None:
    """Return what changed a number last, with its change set; None if nothing ever has."""
    of_it = Decision.objects.filter(object_kind=key_of(statement).name, object_id=statement.pk)
    return of_it.select_related("change_set").order_by("-pk").first()


def find_last_own(curator: User) -> ChangeSet | None:
    """Return what a curator decided last and has not taken back: what undo is about."""
    own = ChangeSet.objects.filter(actor=curator.get_username(), action__in=_OWN_ACTIONS, undone_by__isnull=True)
    return own.order_by("-created", "-pk").first()


def find_decided(change_set: ChangeSet) -> Claim | Cost | None:
    """Return the first claim or cost that a change set decided on."""
    first = change_set.decisions.filter(object_kind__in=["claim", "cost"]).order_by("pk").first()
    if first is None:
        return None
    table: Any = Cost if first.object_kind == "cost" else Claim
    statement: Claim | Cost | None = table.objects.filter(pk=first.object_id).first()
    return statement


# ---- counting ----


def count_left(wanted: ReviewFilterSet) -> int:
    """Return how many numbers are left, at most `MOST_COUNTED` + 1, which stands for more."""
    left = 0
    for table in _TABLES:
        left += wanted.select(table).order_by("confidence", "pk")[: MOST_COUNTED + 1 - left].count() if left <= MOST_COUNTED else 0
    return left


def count_decided(curator: User) -> int:
    """Return how often a curator decided within the last hour; what they took back counts, too."""
    hour = timezone.now() - timedelta(hours=1)
    return ChangeSet.objects.filter(actor=curator.get_username(), created__gte=hour, action__in=_OWN_ACTIONS).count()


def count_elsewhere(curator: User) -> int:
    """Return how many numbers others have before them."""
    return ReviewLease.objects.filter(until__gte=timezone.now()).exclude(curator=curator).count()
