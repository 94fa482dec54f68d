"""Reads what people, policies and commands did: the site's log, one act, and the history of one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from claims.boards.rows import Row
from claims.errors import UnknownFilterError
from claims.filters import LogFilterSet
from claims.models import Area, Benchmark, ChangeSet, Claim, Cost, Dataset, Decision, Flag, Listing, Metric, MLModel, Paper, Task
from claims.models.base import Shown
from claims.terms import (
    ACCEPT_BY_POLICY,
    CONFIRM_ENTRIES,
    DISPUTE,
    EDIT_ENTRY,
    IMPORT_ENTRIES,
    MERGE,
    REEXTRACT,
    SETTLE_FLAGS,
    SHOW_TEXT,
    SPLIT_PAPER,
    VERIFY,
    WITHDRAW_TIER,
    WITHHOLD,
    FlagKind,
    ListingState,
)

ACTS_ON_A_PAGE = 50
OBJECTS_ON_A_PAGE = 100
DECISIONS_ON_A_PAGE = 50
TOLD_OF_AN_ACT = 3
"""So many of the objects of one act stand in the log; its own page has them all."""

NUMBERS: Mapping[str, type[Claim] | type[Cost]] = {"claim": Claim, "cost": Cost}
ACTION_WORDS: Mapping[str, str] = {
    "accept": "accepted",
    "reject": "rejected",
    "correct": "corrected",
    "reopen": "taken back to unreviewed",
    VERIFY: "verified",
    DISPUTE: "disputed",
    WITHDRAW_TIER: "no longer verified or disputed",
    WITHHOLD: "text withheld",
    SHOW_TEXT: "text shown again",
    "undo": "undone",
    "revert": "set back",
    ACCEPT_BY_POLICY: "accepted automatically",
    REEXTRACT: "read anew",
    "carry over": "carried over",
    SETTLE_FLAGS: "flags looked at",
    "withdraw": "listing withdrawn",
    "set year": "year set",
    "stop": "reading stopped",
    "read on": "read on",
    "retry": "tried again",
    "name columns": "columns named",
    MERGE: "merged",
    SPLIT_PAPER: "paper split",
    EDIT_ENTRY: "entry edited",
    CONFIRM_ENTRIES: "entries confirmed",
    IMPORT_ENTRIES: "entries imported",
}
"""What was done, in words, in the order in which filters offer it. There are other actions, too."""
OF_WITHDRAWN_TABLE = Q(source_record__source__listing__state=ListingState.WITHDRAWN)
"""What a table brought that was withdrawn stands on no board, and is told no more than what a withdrawn paper states."""
NAMED: Mapping[str, Any] = {"task_id": Task, "dataset_id": Dataset, "metric_id": Metric, "ml_model_id": MLModel} | {
    "area_id": Area,
    "primary_metric_id": Metric,
    "parent_id": Dataset,
    "default_task_id": Task,
    "default_metric_id": Metric,
}
"""What a decision keeps by its key."""
ENTRIES: Mapping[str, Any] = {"task": Task, "dataset": Dataset, "metric": Metric, "mlmodel": MLModel, "paper": Paper}
"""What is merged, renamed or confirmed, by the kinds that decisions name."""


# ---- what is told ----


def find_told(kind: str) -> QuerySet[Any]:
    """Return the claims or costs of which readers are told what was decided: what is hidden from them elsewhere is not told here."""
    rows: Any = NUMBERS[kind]._default_manager
    found: QuerySet[Any] = rows.told().exclude(OF_WITHDRAWN_TABLE)
    return found


def find_public_ids(decisions: Iterable[Decision]) -> dict[tuple[str, int], str]:
    """Return the public ids of what the decisions are on, by kind and key: a query for each kind. Of numbers only those that are told."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for decision in decisions:
        wanted[decision.object_kind].add(decision.object_id)
    tables = {model._meta.model_name: model for model in apps.get_app_config("claims").get_models() if issubclass(model, Shown)}
    told: dict[tuple[str, int], str] = {}
    for kind, ids in wanted.items():
        if kind in tables:
            table: Any = tables[kind]._default_manager
            rows = find_told(kind) if kind in NUMBERS else table.all()
            told |= {(kind, pk): public_id for pk, public_id in rows.filter(pk__in=ids).values_list("pk", "public_id")}
    return told


def find_named(decisions: Iterable[Decision], field_name: str) -> dict[tuple[str, int], str]:
    """Return what entries of the catalogue that decisions keep are called (their `name` or `slug`), by field and key."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for decision in decisions:
        for state in (decision.before, decision.after):
            for name in state.keys() & {*NAMED, "merged_into_id"}:
                wanted[name_of(decision, name)] |= {state[name]} - {None}
    tables = {**NAMED, **{f"{kind} merged_into_id": table for kind, table in ENTRIES.items()}}
    called = {"name": "title", "slug": "public_id"}[field_name]
    return {
        (name, pk): said
        for name, ids in wanted.items()
        if name in tables
        for pk, said in tables[name].objects.filter(pk__in=ids).values_list("pk", called if tables[name] is Paper else field_name)
    }


def name_of(decision: Decision, field_name: str) -> str:
    """Return under which name `find_named` tells what a field of a decision refers to: what is merged refers to one of its own kind."""
    return f"{decision.object_kind} {field_name}" if field_name == "merged_into_id" else field_name


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as pages tell it. Without its object where readers don't see that: then nothing of what was decided is told."""

    decision: Decision
    object: Claim | Cost | Listing | Task | Dataset | Metric | MLModel | Paper | None
    names: Mapping[tuple[str, int], str] = field(repr=False)
    """What the catalogue's entries are called, by field and key."""
    flagged: str = ""
    """What a flag said of the object, where the act was to look at that; for curators alone."""

    @property
    def is_hidden(self) -> bool:
        return self.object is None and self.decision.object_kind in NUMBERS


def tell(decisions: Collection[Decision], *, for_curator: bool) -> list[Told]:
    """Return decisions with their objects, in a fixed number of queries. A curator is told of hidden numbers, too."""
    objects = _find_objects(((decision.object_kind, decision.object_id) for decision in decisions), for_curator=for_curator)
    names = find_named(decisions, "name")
    return [Told(decision, objects.get((decision.object_kind, decision.object_id)), names) for decision in decisions]


def _find_objects(of_these: Iterable[tuple[str, int]], *, for_curator: bool) -> dict[tuple[str, int], Any]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for kind, pk in of_these:
        wanted[kind].add(pk)
    objects: dict[tuple[str, int], Any] = {}
    for kind in NUMBERS:
        if wanted[kind]:
            objects |= {(kind, row.pk): row for row in _with_origin(kind, for_curator=for_curator).filter(pk__in=wanted[kind])}
    if wanted["listing"]:
        objects |= {("listing", row.pk): row for row in Listing.objects.filter(pk__in=wanted["listing"])}
    for kind in ENTRIES.keys() & wanted.keys():
        objects |= {(kind, row.pk): row for row in ENTRIES[kind].objects.filter(pk__in=wanted[kind])}
    return objects


def _with_origin(kind: str, *, for_curator: bool) -> QuerySet[Any]:
    """Return the claims or costs that a reader or a curator is told of, each with where it stands and what it is said to be."""
    rows: Any = NUMBERS[kind]._default_manager.all() if for_curator else find_told(kind)
    origin = ("paper_text__paper", "source_record__paper", "source_record__source__listing")
    of_claims = ("dataset", "metric", "result__benchmark__dataset") if kind == "claim" else ()
    found: QuerySet[Any] = rows.select_related(*origin, *of_claims).defer("source_record__raw")
    return found


# ---- acts ----


@dataclass(frozen=True, slots=True)
class Act:
    """A change set with some of what it decided; `count` says of how much."""

    change_set: ChangeSet
    count: int
    told: list[Told]
    undone_by: ChangeSet | None

    @property
    def more(self) -> int:
        return self.count - len(self.told)


@dataclass(frozen=True, slots=True)
class Log:
    """A page of the log, the latest acts first; `more` says whether there are older ones. `board` is the one that is asked for."""

    acts: list[Act]
    more: bool
    filters: LogFilterSet
    board: Benchmark | None

    @property
    def last(self) -> str:
        """What the next page begins behind."""
        return self.acts[-1].change_set.public_id if self.acts else ""


def find_acts(query: Any) -> tuple[LogFilterSet, QuerySet[ChangeSet]]:
    """Return the acts that a query asks for, the latest first. Raises `UnknownFilterError` for what can't be asked."""
    asked = query.copy()
    for name in [name for name in asked if not asked[name] and name in LogFilterSet.base_filters]:
        del asked[name]  # as an empty field of the form sends it
    filters = LogFilterSet(asked, queryset=ChangeSet.objects.all())
    filters.check()
    acts: QuerySet[ChangeSet] = filters.qs.order_by("-pk")
    if before := asked.get("before", ""):
        last = ChangeSet.objects.filter(public_id=before).values_list("pk", flat=True).first()
        if last is None:
            raise UnknownFilterError(f"There is no act “{before[:20]}” to go on behind.", field="before")
        acts = acts.filter(pk__lt=last)
    return filters, acts


def read_log(query: Any, *, for_curator: bool = False, most: int | None = None) -> Log:
    """Return a page of the log, of `most` acts if given, in a fixed number of queries. Raises `UnknownFilterError`."""
    most = most or ACTS_ON_A_PAGE
    filters, found = find_acts(query)
    decided = Decision.objects.filter(change_set=OuterRef("pk")).order_by("object_kind", "object_id").values("pk")
    # One by one, as the index has them: to number all that an act decided would take as long as it is large.
    first = {f"told_{place}": Subquery(decided[place : place + 1]) for place in range(TOLD_OF_AN_ACT)}
    change_sets: list[Any] = list(found.select_related("undoes").annotate(**first)[: most + 1])
    shown = change_sets[:most]
    keys = [key for change_set in shown for name in first if (key := getattr(change_set, name)) is not None]
    of_acts: dict[int, list[Told]] = defaultdict(list)
    for told in tell(list(Decision.objects.filter(pk__in=keys).order_by("object_kind", "object_id")), for_curator=for_curator):
        of_acts[told.decision.change_set_id].append(told)
    for told in _tell_flagged(_find_first_flags(_that_settle(shown), for_curator=for_curator), for_curator=for_curator):
        of_acts[told.decision.change_set_id].append(told)
    slug = filters.data.get("board", "") if filters.data else ""
    return Log(
        acts=_with_counts(shown, of_acts, for_curator=for_curator),
        more=len(change_sets) > most,
        filters=filters,
        board=Benchmark.objects.select_related("task", "dataset").filter(slug=slug).first() if slug else None,
    )


def _with_counts(change_sets: Sequence[ChangeSet], told: Mapping[int, list[Told]], *, for_curator: bool) -> list[Act]:
    keys = [change_set.pk for change_set in change_sets]
    counted = Decision.objects.filter(change_set__in=keys).order_by().values_list("change_set").annotate(count=Count("pk"))
    counts = dict(counted)
    if settled := _that_settle(change_sets):
        flags = _tellable(for_curator=for_curator).filter(settled_by__in=settled)
        counts |= dict(flags.order_by().values_list("settled_by").annotate(count=Count("pk")))
    undone = {each.undoes_id: each for each in ChangeSet.objects.filter(undoes__in=keys)}
    return [Act(each, counts.get(each.pk, 0), told.get(each.pk, []), undone.get(each.pk)) for each in change_sets]


def _that_settle(change_sets: Iterable[ChangeSet]) -> list[int]:
    """Return the acts that looked at flags: these have no decisions, and tell of what was flagged."""
    return [each.pk for each in change_sets if each.action == SETTLE_FLAGS]


def _tellable(*, for_curator: bool) -> QuerySet[Flag]:
    """Return the flags that may be told: what a reader reported is told to curators alone."""
    return Flag.objects.all() if for_curator else Flag.objects.exclude(kind=FlagKind.REPORT)


def _find_first_flags(acts: Collection[int], *, for_curator: bool) -> list[Flag]:
    """Return the first flags that each act settled. What was opened again since is settled by none."""
    if not acts:
        return []
    settled = _tellable(for_curator=for_curator).filter(settled_by=OuterRef("pk")).order_by("pk").values("pk")
    first = {f"flag_{place}": Subquery(settled[place : place + 1]) for place in range(TOLD_OF_AN_ACT)}
    found = ChangeSet.objects.filter(pk__in=acts).annotate(**first).values_list(*first)
    return list(
        Flag.objects.filter(pk__in={pk for keys in found for pk in keys if pk is not None}).select_related("settled_by").order_by("pk")
    )


def _tell_flagged(flags: Collection[Flag], *, for_curator: bool) -> list[Told]:
    """Return what flags are on as pages tell it. Nothing of it was changed; a curator is told what the flag said, too."""
    objects = _find_objects(((flag.object_kind, flag.object_id) for flag in flags), for_curator=for_curator)
    told = []
    for flag in flags:
        on = Decision(change_set=flag.settled_by, object_kind=flag.object_kind, object_id=flag.object_id, before={}, after={})
        told.append(Told(on, objects.get((flag.object_kind, flag.object_id)), {}, flag.note if for_curator else ""))
    return told


def read_act(public_id: str, *, page: int = 1, for_curator: bool = False) -> Act:
    """Return an act with a page of what it decided. Raises `ChangeSet.DoesNotExist`."""
    change_set = ChangeSet.objects.select_related("undoes").get(public_id=public_id)
    first = (page - 1) * OBJECTS_ON_A_PAGE
    decided = change_set.decisions.order_by("object_kind", "object_id")[first : first + OBJECTS_ON_A_PAGE]
    told = tell(list(decided), for_curator=for_curator)
    if _that_settle([change_set]):
        settled = _tellable(for_curator=for_curator).filter(settled_by=change_set)
        flags = settled.select_related("settled_by").order_by("pk")[first : first + OBJECTS_ON_A_PAGE]
        told += _tell_flagged(list(flags), for_curator=for_curator)
    return _with_counts([change_set], {change_set.pk: told}, for_curator=for_curator)[0]


LINES_AT_ONCE = 500
Piece = tuple[ChangeSet, list[Decision]]
"""An act with decisions of it."""


def walk_decisions(query: Any) -> Iterator[list[Piece]]:
    """Yield the acts that a query asks for, the latest first, with what they decided: at most `LINES_AT_ONCE` decisions at once.

    A large act comes in several pieces. Nothing of what was read is kept, and each piece is found by an index. Raises
    `UnknownFilterError` at once.
    """
    _, found = find_acts(query)
    return _walk(found.select_related("undoes").prefetch_related("undone_by"))


def _walk(found: QuerySet[ChangeSet]) -> Iterator[list[Piece]]:
    last: int | None = None
    while acts := list((found if last is None else found.filter(pk__lt=last))[:LINES_AT_ONCE]):
        counts: dict[int, int] = dict(
            Decision.objects.filter(change_set__in=acts).order_by().values_list("change_set").annotate(count=Count("pk"))
        )
        waiting: list[ChangeSet] = []
        for act in acts:
            if waiting and sum(counts.get(each.pk, 0) for each in (*waiting, act)) > LINES_AT_ONCE:
                yield _read_together(waiting)
                waiting = []
            if counts.get(act.pk, 0) > LINES_AT_ONCE:
                yield from ([(act, piece)] for piece in _read_apart(act))
            else:
                waiting.append(act)
        if waiting:
            yield _read_together(waiting)
        last = acts[-1].pk


def _read_together(acts: Sequence[ChangeSet]) -> list[Piece]:
    decided: dict[int, list[Decision]] = defaultdict(list)
    for decision in Decision.objects.filter(change_set__in=acts).order_by("change_set", "object_kind", "object_id"):
        decided[decision.change_set_id].append(decision)
    return [(act, decided[act.pk]) for act in acts]


def _read_apart(act: ChangeSet) -> Iterator[list[Decision]]:
    for kind in act.decisions.order_by("object_kind").values_list("object_kind", flat=True).distinct():
        last = 0
        of_kind = act.decisions.filter(object_kind=kind).order_by("object_id")
        while piece := list(of_kind.filter(object_id__gt=last)[:LINES_AT_ONCE]):
            yield piece
            last = piece[-1].object_id


# ---- the history of one number ----


@dataclass(frozen=True, slots=True)
class NumberHistory:
    """A page of what was decided on a claim or a cost, the latest first; `more` says whether there is older."""

    statement: Claim | Cost
    told: list[Told]
    more: bool

    @property
    def last(self) -> str:
        return self.told[-1].decision.change_set.public_id if self.told else ""


def read_history(kind: str, public_id: str, *, before: str = "", for_curator: bool = False) -> NumberHistory:
    """Return the history of a claim or a cost in a fixed number of queries.

    Raises `Claim.DoesNotExist` or `Cost.DoesNotExist`, also for what readers don't see, and `UnknownFilterError` for a `before` that
    decided nothing on it.
    """
    found: Any = _with_origin(kind, for_curator=for_curator).get(public_id=public_id)
    decided = Decision.objects.filter(object_kind=kind, object_id=found.pk).select_related("change_set__undoes")
    page = decided.order_by("-pk")
    if before:
        last = decided.filter(change_set__public_id=before).values_list("pk", flat=True).first()
        if last is None:
            raise UnknownFilterError(f"No act “{before[:20]}” decided anything on this number.", field="before")
        page = page.filter(pk__lt=last)
    read = list(page[: DECISIONS_ON_A_PAGE + 1])
    told = tell(read[:DECISIONS_ON_A_PAGE], for_curator=for_curator)
    return NumberHistory(found, told, len(read) > DECISIONS_ON_A_PAGE)


# ---- the last word on numbers ----


@dataclass(frozen=True, slots=True)
class LastWord:
    """Which act made a number what it is: accepted, rejected, or taken back."""

    change_set: ChangeSet
    kind: str
    public_id: str


def find_last_words(numbers: Collection[tuple[str, int, str]]) -> dict[tuple[str, int], LastWord]:
    """Return who decided last on each of the numbers, given as (kind, key, public id), in one query; what nobody decided on is left out.

    What a run read is no word on a number, even where it took back that of a policy.
    """
    of_these = Q()
    for kind in NUMBERS:
        if keys := [pk for each, pk, _ in numbers if each == kind]:
            of_these |= Q(object_kind=kind, object_id__in=keys)
    if not of_these:
        return {}
    decided = Decision.objects.filter(of_these).exclude(change_set__action=REEXTRACT).select_related("change_set").order_by("pk")
    last = {(decision.object_kind, decision.object_id): decision.change_set for decision in decided.defer("before", "after")}
    ids = {(kind, pk): public_id for kind, pk, public_id in numbers}
    return {key: LastWord(change_set, key[0], ids[key]) for key, change_set in last.items()}


def find_words_of_row(row: Row) -> dict[tuple[str, int], LastWord]:
    """Return who decided last on each number of a board's row that is printed."""
    cells = [*row.cells.values(), *row.costs.values(), *row.all_costs]
    return find_last_words({("cost" if cell.measure else "claim", cell.pk, cell.public_id) for cell in cells})
