"""A person's word on entries of the catalogue: editing one, confirming several, importing a file.

Every act is a change set; undo is one, too. What an entry is, is told as its *state*: its own fields, the ids of what it refers to, and the
lists `aliases`, `exact_aliases` (found by exact case alone) and, of a dataset, `splits`. The alias that is its own name goes without
saying. A decision keeps what of the state changed.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from claims import keys
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Alias, Area, Benchmark, BenchmarkMetric, ChangeSet, Dataset, DatasetSplit, Decision, Flag, Metric, MLModel, Task
from claims.services import results, search_names
from claims.services.catalog import make_slug, touch_boards
from claims.services.rows import batches
from claims.services.updates import lock_state
from claims.terms import CONFIRM_ENTRIES, EDIT_ENTRY, IMPORT_ENTRIES, LARGEST, AliasKind, Direction, FlagKind

Entry = Task | Dataset | Metric | MLModel

TABLES: Mapping[str, type[Any]] = {"task": Task, "dataset": Dataset, "metric": Metric, "mlmodel": MLModel}
"""By the kinds that decisions name."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "task": ("name", "area_id", "primary_metric_id", "reviewed"),
    "dataset": ("name", "description", "parent_id", "default_task_id", "default_metric_id", "single_label", "reviewed"),
    "metric": ("name", "unit", "direction", "family", "lower_bound", "upper_bound", "default_task_id", "reviewed"),
    "mlmodel": ("name", "reviewed"),
}
LISTS: Mapping[str, tuple[str, ...]] = {
    "task": ("aliases", "exact_aliases"),
    "dataset": ("aliases", "exact_aliases", "splits"),
    "metric": ("aliases", "exact_aliases"),
    "mlmodel": ("aliases", "exact_aliases"),
}
REFERS: Mapping[str, type[Any]] = {
    "area_id": Area,
    "primary_metric_id": Metric,
    "parent_id": Dataset,
    "default_task_id": Task,
    "default_metric_id": Metric,
}
FIXED: Mapping[str, tuple[str, ...]] = {"dataset": ("default_task_id",), "metric": ("family", "default_task_id")}
"""What says on which board a number stands: of an entry that is there, only the shipped catalogue changes it, and moves the numbers."""
SETTLED_BY: Mapping[str, tuple[str, ...]] = {
    "task": ("primary_metric_id", "reviewed"),
    "dataset": ("default_metric_id", "single_label", "reviewed"),
    "metric": ("direction",),
}
"""What boards are ranked and laid out by, and whether they count as reviewed."""
MOST_BOARDS = 500
"""So many boards are settled in the transaction that changes what they are ranked by."""
MOST_ALIASES = 200

_LENGTHS = {"name": 300, "unit": 20, "family": 40, "description": 5_000}
_OF_LISTS = {"aliases": 300, "exact_aliases": 200, "splits": 100}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


# ---- what entries are ----


def kind_of(entry: Entry) -> str:
    return entry._meta.model_name or ""


def _alias_kind(kind: str) -> AliasKind:
    return AliasKind.MODEL if kind == "mlmodel" else AliasKind(kind)


def _alias_column(kind: str) -> str:
    return "ml_model_id" if kind == "mlmodel" else f"{kind}_id"


def read_states(entries: Collection[Entry]) -> dict[int, dict[str, Any]]:
    """Return the states of entries of one kind by id, in a fixed number of queries for a few hundred of them."""
    given = list(entries)
    if not given:
        return {}
    kind = kind_of(given[0])
    states: dict[int, dict[str, Any]] = {
        entry.pk: {name: getattr(entry, name) for name in FIELDS[kind]} | {name: [] for name in LISTS[kind]} for entry in given
    }
    names = {entry.pk: keys.name_key(entry.name) for entry in given}
    column = _alias_column(kind)
    for ids in batches(states):
        rows = Alias.objects.filter(kind=_alias_kind(kind), scope="", **{f"{column}__in": ids}).order_by("text", "pk")
        for pk, text, key, exact in rows.values_list(column, "text", "key", "exact_case"):
            if exact:
                states[pk]["exact_aliases"].append(text)
            elif key != names[pk] or kind == "mlmodel":
                states[pk]["aliases"].append(text)
        if kind == "dataset":
            for pk, name in DatasetSplit.objects.filter(dataset__in=ids).order_by("name").values_list("dataset_id", "name"):
                states[pk]["splits"].append(name)
    return states


def read_state(entry: Entry) -> dict[str, Any]:
    """Return what an entry is."""
    return read_states([entry])[entry.pk]


def split_lines(text: str) -> list[str]:
    """Return the lines of a field that holds a list, without blank ones and doubles."""
    return list(dict.fromkeys(line for line in (" ".join(part.split()) for part in text.splitlines()) if line))


def find_changes(state: Mapping[str, Any], wish: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a wish is otherwise than the state. Lists are compared as sets; line ends and white space around texts say nothing."""
    return {name: value for name, value in wish.items() if _plain(state.get(name)) != _plain(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return "\n".join(value.splitlines()).strip()
    if isinstance(value, list):
        return sorted({_plain(text) for text in value})
    return value


# ---- what is wrong with a wish ----


def check_wish(kind: str, wish: Mapping[str, Any], *, entry: Entry | None, taken: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what is wrong with what somebody wants an entry to be, by field; `entry` is None for a new one.

    `taken` maps the keys of aliases that stand with others to these; without it they are looked up.
    """
    state = read_state(entry) if entry is not None else {}
    changes = find_changes(state, wish) if entry is not None else dict(wish)
    return _check(kind, changes, wish, state=state, entry=entry, taken=taken)


def _check(
    kind: str,
    changes: Mapping[str, Any],
    wish: Mapping[str, Any],
    *,
    state: Mapping[str, Any],
    entry: Entry | None,
    taken: Mapping[str, str] | None,
) -> dict[str, str]:
    faults: dict[str, str] = {}
    if entry is None and not str(wish.get("name", "")).strip():
        faults["name"] = "An entry needs a name."
    for name, value in changes.items():
        fault = _find_fault(kind, name, value, entry=entry)
        if fault:
            faults.setdefault(name, fault)
    lower, upper = (changes.get(name, state.get(name)) for name in ("lower_bound", "upper_bound"))
    if isinstance(lower, float | int) and isinstance(upper, float | int) and lower > upper:
        faults.setdefault("upper_bound", "The upper bound lies below the lower one.")
    if not faults:
        faults |= _check_names(kind, changes, state=state, entry=entry, taken=taken)
    return faults


def _find_fault(kind: str, name: str, value: Any, *, entry: Entry | None) -> str:
    if entry is not None and name in FIXED.get(kind, ()):
        return "It says on which board numbers stand, and is changed by the shipped catalogue only."
    if name in _LENGTHS:
        most = _LENGTHS[name]
        if name == "name" and not value.strip():
            return "An entry needs a name."
        if len(value) > most:
            return f"It has {len(value):,} characters; {most:,} are the most."
        if (_CONTROL_IN_LINES if name == "description" else _CONTROL).search(value):
            return "It holds a control character."
        if name == "name" and not keys.squash(value):
            return "A name needs a letter or a digit."
    elif name in _OF_LISTS:
        if len(value) > MOST_ALIASES:
            return f"{len(value):,} of them are too many; {MOST_ALIASES} are the most."
        for text in value:
            if not text.strip() or len(text) > _OF_LISTS[name]:
                return f"“{text[:40]}” is empty or has more than {_OF_LISTS[name]} characters."
            if _CONTROL.search(text):
                return f"“{_CONTROL.sub('�', text)[:40]}” holds a control character."
    elif name == "direction" and value not in list(Direction):
        return f"“{str(value)[:40]}” is no direction: higher, lower or unknown."
    elif name.endswith("_bound") and value is not None and not (math.isfinite(value) and abs(value) <= LARGEST):
        return "It is no number that a metric can have."
    elif name in REFERS and isinstance(value, int):
        return _check_reference(name, value, entry=entry)
    return ""


def _check_reference(name: str, pk: int, *, entry: Entry | None) -> str:
    found = REFERS[name]._default_manager.filter(pk=pk).first()
    if found is None:
        return "There is no such entry."
    if getattr(found, "merged_into_id", None) is not None:
        return f"“{found}” was merged into another entry; name that one."
    if name == "parent_id" and entry is not None:
        seen: set[int] = set()
        above: Dataset | None = found
        while above is not None and above.pk not in seen:
            if above.pk == entry.pk:
                return "A dataset can't be a part of itself."
            seen.add(above.pk)
            above = above.parent
    return ""


def _alias_keys(kind: str, state: Mapping[str, Any]) -> dict[str, tuple[str, bool, str]]:
    """Return the aliases that a state asks for, by key: the text, whether it is by exact case, and the field that names it."""
    wanted: dict[str, tuple[str, bool, str]] = {}
    if kind != "mlmodel":  # two papers may have models of one name
        wanted[keys.name_key(state["name"])] = (state["name"], False, "name")
    for name in ("aliases", "exact_aliases"):
        exact = name == "exact_aliases"
        for text in state.get(name, ()):
            wanted.setdefault(keys.alias_key(text, exact_case=exact), (text.strip(), exact, name))
    return wanted


def _check_names(
    kind: str, changes: Mapping[str, Any], *, state: Mapping[str, Any], entry: Entry | None, taken: Mapping[str, str] | None
) -> dict[str, str]:
    if entry is not None and not changes.keys() & {"name", "aliases", "exact_aliases"}:
        return {}
    wanted = _alias_keys(kind, {**state, **changes})
    if taken is None:
        taken = find_taken(kind, wanted, besides=entry)
    faults: dict[str, str] = {}
    for key, (text, _, name) in wanted.items():
        if key in taken:
            faults.setdefault(name, f"“{text}” already names “{taken[key]}”.")
    return faults


def find_taken(kind: str, wanted: Iterable[str], *, besides: Entry | None = None) -> dict[str, str]:
    """Return whom the keys of aliases stand with already, by key: the names of other entries than `besides`."""
    column = _alias_column(kind)
    taken: dict[str, str] = {}
    for some in batches(wanted):
        rows = Alias.objects.filter(kind=_alias_kind(kind), scope="", key__in=some)
        if besides is not None:
            rows = rows.exclude(**{column: besides.pk})
        taken |= dict(rows.values_list("key", f"{column.removesuffix('_id')}__name"))
    return taken


# ---- the acts ----


@transaction.atomic
def edit(entry: Entry, wish: Mapping[str, Any], *, actor: str, version: int, reason: str = "") -> ChangeSet:
    """Let an entry be what somebody wants it to be; what the wish leaves out stays. An old name stays an alias.

    `version` is the one that the person saw. Raises `StaleObjectError` if the entry has changed since, `InvalidDecisionError` (with the
    field) for what can't be, or if nothing would change.
    """
    lock_state()
    (locked,) = _lock(kind_of(entry), [entry.pk])
    if locked.version != version:
        raise StaleObjectError(f"“{locked.name}” was changed since you opened it. Look at it again, then change it.")
    _refuse_merged(locked)
    for name, fault in check_wish(kind_of(locked), wish, entry=locked).items():
        raise InvalidDecisionError(fault, field=name)
    state = read_state(locked)
    changes = find_changes(state, wish)
    if not changes:
        raise InvalidDecisionError("It is so already: nothing would change.")
    made = _carry_out(EDIT_ENTRY, actor, [(locked, state, _with_old_name(kind_of(locked), state, changes))], reason=reason)
    if "direction" in changes:
        asked = Flag.objects.filter(kind=FlagKind.DIRECTION, object_kind="metric", object_id=locked.pk, settled_by__isnull=True)
        asked.update(settled_by=made)
    return made


@transaction.atomic
def confirm(entries: Iterable[tuple[Entry, int]], *, actor: str) -> ChangeSet:
    """Mark (entry, version seen) pairs of one kind as reviewed, in one change set. Those that are already are passed over.

    Raises `StaleObjectError` if one has changed since, `InvalidDecisionError` if none is left to be marked.
    """
    given = list(entries)
    if not given:
        raise InvalidDecisionError("Nothing was chosen.")
    seen = {entry.pk: version for entry, version in given}
    lock_state()
    locked = _lock(kind_of(given[0][0]), seen)
    for entry in locked:
        if entry.version != seen[entry.pk]:
            raise StaleObjectError(f"“{entry.name}” was changed since you opened the list. Look at it again.")
        _refuse_merged(entry)
    wanted = [entry for entry in locked if not entry.reviewed]
    if not wanted:
        raise InvalidDecisionError("All of them are reviewed already.")
    states = read_states(wanted)
    return _carry_out(CONFIRM_ENTRIES, actor, [(entry, states[entry.pk], {"reviewed": True}) for entry in wanted])


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take back what a change set made of entries. What it added stays as an unreviewed entry without aliases, which no text finds.

    Raises `StaleObjectError` if an entry has changed since, `InvalidDecisionError` if it was undone already, or if a name is taken by now.
    """
    lock_state()
    told: dict[str, dict[int, Decision]] = defaultdict(dict)
    for decision in change_set.decisions.order_by("object_kind", "object_id"):
        if decision.object_kind not in TABLES:
            raise InvalidDecisionError(f"A change to a {decision.object_kind} can't be undone here.")
        told[decision.object_kind][decision.object_id] = decision
    changed: list[tuple[Entry, dict[str, Any], dict[str, Any]]] = []
    nameless: set[tuple[str, int]] = set()
    for kind, decisions in told.items():
        locked = _lock(kind, decisions)
        states = read_states(locked)
        for entry in locked:
            decision = decisions[entry.pk]
            if entry.version != decision.object_version:
                raise StaleObjectError(f"“{entry.name}” was changed again since; undo the later change first.")
            _refuse_merged(entry)
            wish = dict(decision.before)
            if not wish:
                wish = {"reviewed": False, **{name: [] for name in LISTS[kind]}}
                nameless.add((kind, entry.pk))
            changed.append((entry, states[entry.pk], wish))
    # Asked under the locks: of two that undo at once, the second is told.
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    # What comes back may be called what another entry gives up.
    _give_up_names(changed)
    for entry, state, wish in changed:
        for fault in _check_names(kind_of(entry), wish, state=state, entry=entry, taken=None).values():
            raise InvalidDecisionError(f"“{entry.name}” can't be as it was: {fault}")
    Flag.objects.filter(settled_by=change_set).update(settled_by=None)
    return _carry_out("undo", actor, changed, undoes=change_set, nameless=nameless)


def find_read_boards(metric: Metric) -> set[int]:
    """Return the boards that rank by a metric or have a column of it."""
    read = BenchmarkMetric.objects.filter(Q(metric=metric) | Q(column=metric), benchmark=OuterRef("pk"))
    return set(Benchmark.objects.filter(Q(primary_metric=metric) | Exists(read)).values_list("pk", flat=True))


def _lock(kind: str, ids: Iterable[int]) -> list[Any]:
    rows = TABLES[kind]._default_manager.select_for_update(of=("self",), no_key=True)
    return [entry for some in batches(sorted(ids)) for entry in rows.filter(pk__in=some).order_by("pk")]


def _refuse_merged(entry: Entry) -> None:
    if entry.merged_into_id is not None:
        raise InvalidDecisionError(f"“{entry.name}” was merged into “{entry.merged_into}”. Change that one.")


def _with_old_name(kind: str, state: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes with the old name as an alias, where the name changes: texts go on to say it."""
    if "name" not in changes or kind == "mlmodel":
        return dict(changes)
    aliases = [*changes.get("aliases", state["aliases"])]
    known = {keys.name_key(text) for text in (*aliases, changes["name"])}
    if keys.name_key(state["name"]) not in known:
        aliases.append(state["name"])
    aliases = [text for text in aliases if keys.name_key(text) != keys.name_key(changes["name"])]
    return {**changes, "aliases": sorted(aliases)}


def _give_up_names(changed: Sequence[tuple[Entry, dict[str, Any], dict[str, Any]]]) -> None:
    """Take away the aliases that the entries are not to have any longer, so that others may have them."""
    for entry, state, wish in changed:
        if wish.keys() & {"name", "aliases", "exact_aliases"}:
            kind = kind_of(entry)
            kept = _alias_keys(kind, {**state, **wish})
            rows = Alias.objects.filter(kind=_alias_kind(kind), scope="", **{_alias_column(kind): entry.pk})
            rows.exclude(key__in=list(kept)).delete()


def _carry_out(
    action: str,
    actor: str,
    changed: Sequence[tuple[Entry, dict[str, Any], dict[str, Any]]],
    *,
    added: Sequence[Entry] = (),
    reason: str = "",
    undoes: ChangeSet | None = None,
    nameless: Collection[tuple[str, int]] = (),
) -> ChangeSet:
    """Save (entry, its state, what of it is to change) as a change set, and bring along what hangs on it. The entries are locked.

    Entries of `added` are new: their decisions have nothing before. Those of `nameless`, by kind and id, are to be found by no name. A
    number of boards beyond `MOST_BOARDS` raises `InvalidDecisionError`.
    """
    _give_up_names(changed)
    new = {(type(entry), entry.pk) for entry in added}
    made = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    decided = []
    for entry, state, wish in changed:
        kind = kind_of(entry)
        is_new = (type(entry), entry.pk) in new
        for name in FIELDS[kind]:
            if name in wish:
                setattr(entry, name, wish[name])
        if not is_new:
            entry.version += 1
        entry.save(update_fields=[*(name.removesuffix("_id") for name in FIELDS[kind] if name in wish), "version"])
        _keep_lists(entry, kind, {**state, **wish}, is_nameless=(kind, entry.pk) in nameless)
        decided.append(
            Decision(
                change_set=made,
                object_kind=kind,
                object_id=entry.pk,
                before={} if is_new else {name: state.get(name) for name in wish},
                after=dict(wish),
                object_version=entry.version,
            )
        )
    Decision.objects.bulk_create(decided, batch_size=500)
    _settle(changed, is_new=new)
    return made


def _keep_lists(entry: Entry, kind: str, state: Mapping[str, Any], *, is_nameless: bool) -> None:
    """Bring the aliases and splits of an entry into step with its state."""
    wanted = {} if is_nameless else _alias_keys(kind, state)
    rows = {alias.key: alias for alias in Alias.objects.filter(kind=_alias_kind(kind), scope="", **{_alias_column(kind): entry.pk})}
    for key, (text, exact, _) in wanted.items():
        alias = rows.get(key)
        if alias is None:
            alias = Alias(kind=_alias_kind(kind), text=text, key=key, exact_case=exact, reviewed=state["reviewed"])
            setattr(alias, _alias_column(kind), entry.pk)
            try:
                alias.save(force_insert=True)
            except IntegrityError as error:  # a text has brought it since it was looked for
                raise StaleObjectError(f"“{text}” has just become another entry’s name. Look at it again.") from error
        elif (alias.text, alias.reviewed) != (text, state["reviewed"]):
            alias.text, alias.reviewed = text, state["reviewed"]
            alias.version += 1
            alias.save(update_fields=["text", "reviewed", "version"])
    gone = [alias.pk for key, alias in rows.items() if key not in wanted]
    Alias.objects.filter(pk__in=gone).delete()
    if kind == "dataset":
        splits = {" ".join(name.split()) for name in state["splits"]}
        DatasetSplit.objects.filter(dataset=entry.pk).exclude(name__in=splits).delete()
        DatasetSplit.objects.bulk_create([DatasetSplit(dataset_id=entry.pk, name=name) for name in sorted(splits)], ignore_conflicts=True)


_NAMES = frozenset({"name", "aliases", "exact_aliases", "reviewed"})


def _settle(changed: Sequence[tuple[Entry, dict[str, Any], dict[str, Any]]], *, is_new: Collection[tuple[type[Any], int]]) -> None:
    """Bring the search and the boards into step with changed entries."""
    renamed: dict[str, list[int]] = defaultdict(list)
    settled: dict[str, list[int]] = defaultdict(list)
    for entry, _, wish in changed:
        kind = kind_of(entry)
        if wish.keys() & _NAMES:
            renamed[kind].append(entry.pk)
        if wish.keys() & set(SETTLED_BY.get(kind, ())) and (type(entry), entry.pk) not in is_new:
            settled[kind].append(entry.pk)
    if settled:
        turned = Q(primary_metric__in=settled["metric"]) | Q(metrics__column__in=settled["metric"])
        of_these = Q(task__in=settled["task"]) | Q(dataset__in=settled["dataset"]) | turned
        ids = list(Benchmark.objects.filter(of_these).order_by("pk").values_list("pk", flat=True).distinct()[: MOST_BOARDS + 1])
        if len(ids) > MOST_BOARDS:
            raise InvalidDecisionError(
                f"More than {MOST_BOARDS} boards are ranked by that. The shipped catalogue can change it, in batches."
            )
        locked = results.lock_boards(ids)
        doubted = [entry for entry, _, wish in changed if wish.get("reviewed") is False]
        of_doubted = Q(task__in=[entry.pk for entry in doubted if isinstance(entry, Task)])
        of_doubted |= Q(dataset__in=[entry.pk for entry in doubted if isinstance(entry, Dataset)])
        Benchmark.objects.filter(of_doubted, pk__in=locked, reviewed=True).update(reviewed=False)
        results.settle_boards(locked, set(), tells_news=False)
    touch_boards({(type(entry), entry.pk) for entry, _, _ in changed if kind_of(entry) != "mlmodel"})
    search_names.keep_datasets(renamed["dataset"])
    search_names.keep_models(renamed["mlmodel"])
    if renamed["task"]:
        search_names.keep_benchmarks(Benchmark.objects.filter(task__in=renamed["task"]).order_by("pk").values_list("pk", flat=True))


# ---- whole files ----

IMPORTED = ("task", "dataset", "metric")
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: where it stands in it, and what it says, as a wish. `slug` is '' where it names none.

    A reference to an entry that the same file adds is its slug, and no id.
    """

    line: int
    slug: str
    wish: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row of a file. `column` is '' for all of it."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a file makes of an entry: of one that is there (`pk`), or of a new one."""

    line: int
    pk: int | None
    version: int
    slug: str
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(slots=True)
class Plan:
    """What a file would do. It can be done if it has no `faults`."""

    kind: str
    changes: list[Change] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0

    def digest(self) -> str:
        """Return what is the same only for the same changes to the same versions."""
        return keys.digest(
            self.kind, *(repr((change.pk, change.version, change.slug, sorted(change.after.items()))) for change in self.changes)
        )


def plan_import(kind: str, rows: Sequence[Row]) -> Plan:
    """Say what the rows of a file would change, and what is wrong with them. Writes nothing; a fixed number of queries for most files.

    A row is about the entry with its slug, else about the one that its name is an alias of, else it adds one.
    """
    plan = Plan(kind)
    table = TABLES[kind]
    column = _alias_column(kind)
    aliases: dict[str, int] = dict(Alias.objects.filter(kind=_alias_kind(kind), scope="").values_list("key", column))
    known: dict[int, Any] = {entry.pk: entry for entry in table._default_manager.all()}
    by_slug = {entry.slug: entry for entry in known.values()}
    states = read_states(list(known.values()))
    seen: dict[int | str, int] = {}
    matched: list[tuple[Row, Any, str]] = []
    for row in rows:
        entry = by_slug.get(row.slug)
        name = str(row.wish.get("name", ""))
        if entry is None and name and (not row.slug or make_slug(name) == row.slug):
            entry = known.get(aliases.get(keys.name_key(name), 0))
        slug = entry.slug if entry is not None else row.slug or make_slug(name)
        if slug in seen:
            plan.faults.append(Fault(row.line, "slug", f"“{slug}” stands in line {seen[slug]} already."))
            continue
        seen[slug] = row.line
        matched.append((row, entry, slug))
    new = {slug for _, entry, slug in matched if entry is None}
    owners: dict[str, str] = {}
    targets = []
    for row, entry, slug in matched:
        state = states[entry.pk] if entry is not None else {}
        faults = _check_row(kind, row, entry, slug, new)
        changes = find_changes(state, row.wish) if entry is not None else _complete(kind, row.wish)
        if not faults:
            faults = _check(kind, changes, {**state, **row.wish}, state=state, entry=entry, taken={})
        plan.faults += (Fault(row.line, name.removesuffix("_id"), message) for name, message in faults.items())
        if not faults and changes:
            targets.append((row, entry, slug, state, _with_old_name(kind, state, changes) if entry is not None else changes))
        elif not faults:
            plan.unchanged += 1
    # Whom each name stands with afterwards: what the file leaves alone keeps its own.
    changed = {entry.pk for _, entry, _, _, _ in targets if entry is not None}
    owners |= {key: known[pk].name for key, pk in aliases.items() if pk not in changed}
    for row, entry, slug, state, changes in targets:
        after = {**state, **changes}
        for key, (text, _, name) in _alias_keys(kind, after).items():
            if key in owners:
                plan.faults.append(Fault(row.line, name, f"“{text}” already names “{owners[key]}”."))
            owners[key] = after["name"]
        plan.changes.append(
            Change(
                line=row.line,
                pk=entry.pk if entry is not None else None,
                version=entry.version if entry is not None else 1,
                slug=slug,
                name=after["name"],
                before={name: state.get(name) for name in changes} if entry is not None else {},
                after=changes,
            )
        )
    plan.faults.sort(key=lambda fault: fault.line)
    return plan


def _check_row(kind: str, row: Row, entry: Any, slug: str, new: Collection[str]) -> dict[str, str]:
    faults: dict[str, str] = {}
    if entry is not None and entry.merged_into_id is not None:
        faults["slug"] = f"“{entry.name}” was merged into another entry. Change that one."
    if entry is None and (len(slug) > 200 or not re.fullmatch(r"[-a-zA-Z0-9_]+", slug)):
        faults["slug"] = "A slug is made of letters without accents, digits, - and _, 200 at most."
    for name, value in row.wish.items():
        if name in REFERS and isinstance(value, str) and (name != "parent_id" or value not in new or value == slug):
            faults[name] = f"There is no {REFERS[name]._meta.verbose_name} “{value[:60]}”."
    return faults


def _complete(kind: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole state that a row asks for of a new entry: reviewed, for a person brings it, unless it says otherwise."""
    blank = TABLES[kind]()
    state = {name: getattr(blank, name) for name in FIELDS[kind]} | {name: [] for name in LISTS[kind]} | {"reviewed": True}
    return state | dict(wish)


@transaction.atomic
def import_rows(kind: str, rows: Sequence[Row], *, actor: str, digest: str, reason: str = "") -> ChangeSet:
    """Do what `plan_import` said of the rows, as one change set; `digest` is that of the plan which the person saw.

    Raises `StaleObjectError` if they would do something else by now, `InvalidDecisionError` if they can't be done or would change nothing.
    """
    lock_state()
    plan = plan_import(kind, rows)
    if plan.digest() == digest and not plan.faults:
        # Planned again under the locks of what is to change.
        _lock(kind, [change.pk for change in plan.changes if change.pk is not None])
        plan = plan_import(kind, rows)
    if plan.faults:
        fault = plan.faults[0]
        raise InvalidDecisionError(f"Line {fault.line}: {fault.message}", field=fault.column)
    if plan.digest() != digest:
        raise StaleObjectError("The catalogue was changed since you looked at what the file would do. Look at it again.")
    if not plan.changes:
        raise InvalidDecisionError("The file changes nothing.")
    table = TABLES[kind]
    added: list[Any] = []
    ids: dict[str, int] = {}
    for change in plan.changes:
        if change.pk is None:
            entry = table._default_manager.create(slug=change.slug, name=change.name)
            added.append(entry)
            ids[change.slug] = entry.pk
    locked = {entry.pk: entry for entry in _lock(kind, [change.pk or ids[change.slug] for change in plan.changes])}
    states = read_states(list(locked.values()))
    changed = []
    for change in plan.changes:
        entry = locked[change.pk or ids[change.slug]]
        wish = dict(change.after)
        if isinstance(wish.get("parent_id"), str):
            wish["parent_id"] = ids[wish["parent_id"]]
        changed.append((entry, states[entry.pk], wish))
    return _carry_out(IMPORT_ENTRIES, actor, changed, added=added, reason=reason)
