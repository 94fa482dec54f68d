"""A curator's word on entries of the catalogue: that one is right as it is, what it is called, what a metric's numbers mean.

Each act is one transaction and one change set; undo is one, too. Merging entries is `claims.services.merging`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from claims import keys
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Alias, Benchmark, BenchmarkMetric, ChangeSet, Decision, Flag, Metric, OldSlug
from claims.services import catalog, results, search_names
from claims.services.merging import ENTRIES
from claims.services.rows import batches
from claims.services.updates import lock_state
from claims.terms import EDIT_METRIC, RENAME_ENTRY, REVIEW_ENTRY, AliasKind, Direction, FlagKind

ALIAS_KINDS = {"task": AliasKind.TASK, "dataset": AliasKind.DATASET, "metric": AliasKind.METRIC, "mlmodel": AliasKind.MODEL}
LONGEST_NAME, LONGEST_UNIT = 300, 20


@transaction.atomic
def review(entry: Any, *, actor: str, version: int) -> ChangeSet:
    """Say that an entry which a text brought is one, by the names that it has. Texts are read with these names from then on."""
    taken = _take(entry, version)
    if taken.reviewed:
        raise InvalidDecisionError(f"“{taken.name}” was reviewed already.")
    kind = _kind_of(taken)
    aliases = list(Alias.objects.filter(**{_column(kind): taken}, reviewed=False).values_list("pk", flat=True))
    Alias.objects.filter(pk__in=aliases).update(reviewed=True)
    boards = _boards_of(taken)
    unreviewed = set(Benchmark.objects.filter(pk__in=boards, reviewed=False).values_list("pk", flat=True))
    _save(taken, reviewed=True)
    results.settle_boards(results.lock_boards(boards), set(), tells_news=False)
    turned = sorted(Benchmark.objects.filter(pk__in=unreviewed, reviewed=True).values_list("pk", flat=True))
    return _record(REVIEW_ENTRY, actor, taken, {"reviewed": False}, {"reviewed": True, "aliases": aliases, "boards": turned})


@transaction.atomic
def rename(entry: Any, name: str, *, actor: str, version: int, reason: str = "") -> ChangeSet:
    """Give an entry another name and address. What it was called stays a name of it, and the old address leads to the new one.

    Raises `InvalidDecisionError` for a name that another entry of its kind has: these are to be merged.
    """
    taken = _take(entry, version)
    kind = _kind_of(taken)
    wanted = " ".join(name.replace("\x00", " ").split())
    if not wanted or not keys.name_key(wanted):
        raise InvalidDecisionError("Give the name.", field="name")
    if len(wanted) > LONGEST_NAME:
        raise InvalidDecisionError(f"The name is {len(wanted)} characters long, and a name has at most {LONGEST_NAME}.", field="name")
    if wanted == taken.name:
        raise InvalidDecisionError("That is its name already; nothing was changed.", field="name")
    if taken.name == catalog.UNSPECIFIED_TASK or wanted == catalog.UNSPECIFIED_TASK:
        raise InvalidDecisionError(f"“{catalog.UNSPECIFIED_TASK}” stands for what texts leave unsaid, and is no name.", field="name")
    before = {"name": taken.name, "slug": taken.slug}
    alias = None if kind == "mlmodel" else _take_alias(kind, taken, wanted)
    slug = _free_slug(taken, wanted)
    _move_address(kind, taken, slug)
    _save(taken, name=wanted, slug=slug)
    changes = _record(RENAME_ENTRY, actor, taken, before, {"name": wanted, "slug": slug, "alias": alias}, reason=reason)
    _tell_names(kind, taken)
    return changes


@transaction.atomic
def edit_metric(metric: Metric, *, direction: str, unit: str, actor: str, version: int, reason: str = "") -> ChangeSet:
    """Say which numbers of a metric are the better ones, and in which unit they are; all boards that read it are settled anew.

    Numbers stay as they are stated. Raises `InvalidDecisionError` for what is no direction, or where nothing would change.
    """
    taken = _take(metric, version)
    unit = " ".join(unit.replace("\x00", " ").split())
    if direction not in list(Direction):
        raise InvalidDecisionError("Choose whether higher or lower is better, or that it is not known.", field="direction")
    if len(unit) > LONGEST_UNIT:
        raise InvalidDecisionError(f"A unit has at most {LONGEST_UNIT} characters.", field="unit")
    before = {"direction": str(taken.direction), "unit": taken.unit}
    after = {"direction": str(direction), "unit": unit}
    if before == after:
        raise InvalidDecisionError("It is so already: nothing would change.")
    _save(taken, **after)
    _settle_metric(taken)
    changes = _record(EDIT_METRIC, actor, taken, before, after, reason=reason)
    if before["direction"] != after["direction"]:
        asked = Flag.objects.filter(kind=FlagKind.DIRECTION, object_kind="metric", object_id=taken.pk, settled_by__isnull=True)
        asked.update(settled_by=changes)
    metric.refresh_from_db()
    return changes


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take back what was said of an entry, as a change set of its own.

    Raises `StaleObjectError` if the entry was changed since, `InvalidDecisionError` if it was undone already.
    """
    lock_state()
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    decision = change_set.decisions.get()
    kind = decision.object_kind
    taken = ENTRIES[kind]._default_manager.get(pk=decision.object_id)
    if taken.version != decision.object_version:
        raise StaleObjectError(f"“{taken.name}” was changed again since; undo the later change first.")
    before, after = decision.before, decision.after
    if change_set.action == RENAME_ENTRY:
        if type(taken)._default_manager.filter(slug=before["slug"]).exists():
            raise StaleObjectError(f"The address “{before['slug']}” belongs to another entry by now. Rename “{taken.name}” instead.")
        _move_address(kind, taken, before["slug"])
        if after["alias"] is not None:
            Alias.objects.filter(pk=after["alias"]).delete()
    _save(taken, **before)
    if change_set.action == RENAME_ENTRY:
        _tell_names(kind, taken)
    elif change_set.action == EDIT_METRIC:
        _settle_metric(taken)
        Flag.objects.filter(settled_by=change_set).update(settled_by=None)
    else:
        Alias.objects.filter(pk__in=after["aliases"]).update(reviewed=False)
        boards = results.lock_boards(after["boards"])
        Benchmark.objects.filter(pk__in=boards).update(reviewed=False)
        results.settle_boards(boards, set(), tells_news=False)
    said = {name: after[name] for name in before}
    return _record("undo", actor, taken, said, before, undoes=change_set)


def find_read_boards(metric: Metric) -> set[int]:
    """Return the boards that rank by a metric or have a column of it."""
    read = BenchmarkMetric.objects.filter(Q(metric=metric) | Q(column=metric), benchmark=OuterRef("pk"))
    return set(Benchmark.objects.filter(Q(primary_metric=metric) | Exists(read)).values_list("pk", flat=True))


# ---- what the acts share ----


def _kind_of(entry: Any) -> str:
    return entry._meta.model_name or ""


def _column(kind: str) -> str:
    return "ml_model" if kind == "mlmodel" else kind


def _take(entry: Any, version: int) -> Any:
    """Return the entry as it is now, for an act that holds the catalogue. Raises `StaleObjectError` if it is not the version seen."""
    lock_state()
    taken = type(entry)._default_manager.select_related("merged_into").get(pk=entry.pk)
    if taken.merged_into is not None:
        raise InvalidDecisionError(f"“{taken.name}” was merged into “{taken.merged_into.name}”. Change that, or undo the merge first.")
    if taken.version != version:
        raise StaleObjectError(f"“{taken.name}” was changed since you opened the page. Look at it again.")
    return taken


def _save(entry: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.version += 1
    entry.save(update_fields=[*fields, "version"])


def _record(
    action: str,
    actor: str,
    entry: Any,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    reason: str = "",
    undoes: ChangeSet | None = None,
) -> ChangeSet:
    changes = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    Decision.objects.create(
        change_set=changes,
        object_kind=_kind_of(entry),
        object_id=entry.pk,
        before=dict(before),
        after=dict(after),
        object_version=entry.version,
    )
    return changes


def _take_alias(kind: str, entry: Any, name: str) -> int | None:
    """Let the entry be found by a name; return the alias that this made, None where it was found by it already."""
    key, of_kind = keys.name_key(name), ALIAS_KINDS[kind]
    known = Alias.objects.filter(kind=of_kind, key=key, scope="").select_related(f"{_column(kind)}__merged_into").first()
    if known is not None:
        owner = getattr(known, _column(kind)).root()
        if owner.pk != entry.pk:
            raise InvalidDecisionError(f"“{name}” is what “{owner.name}” is called already. Merge the two instead.", field="name")
        return None
    made = Alias.objects.create(kind=of_kind, text=name, key=key, reviewed=True, **{_column(kind): entry})
    return int(made.pk)


def _free_slug(entry: Any, name: str) -> str:
    others = type(entry)._default_manager.exclude(pk=entry.pk)
    slug = catalog.make_slug(name)
    return slug if not others.filter(slug=slug).exists() else catalog.make_slug(name, unique_by=entry.public_id)


def _move_address(kind: str, entry: Any, slug: str) -> None:
    """Let the entry's present address lead on to where it will be, and no older one stand in the way."""
    if slug == entry.slug:
        return
    of_kind = OldSlug.objects.filter(kind=ALIAS_KINDS[kind])
    of_kind.filter(slug=slug).delete()
    if not of_kind.filter(slug=entry.slug).update(public_id=entry.public_id):
        OldSlug.objects.create(kind=ALIAS_KINDS[kind], slug=entry.slug, public_id=entry.public_id)


def _boards_of(entry: Any) -> set[int]:
    kind = _kind_of(entry)
    if kind in ("task", "dataset"):
        return set(Benchmark.objects.filter(**{kind: entry}).values_list("pk", flat=True))
    return set()


def _tell_names(kind: str, entry: Any) -> None:
    """Bring what a search finds, and what is kept of boards that say the name, in step with it."""
    if kind == "mlmodel":
        search_names.keep_models([entry.pk])
        boards = set(Benchmark.objects.filter(results__ml_model=entry).values_list("pk", flat=True))
        for pks in batches(boards):
            catalog.touch(pks)
    else:
        catalog.touch_boards({(type(entry), entry.pk)})
        if kind == "dataset":
            search_names.keep_datasets([entry.pk])
        elif kind == "task":
            search_names.keep_benchmarks(_boards_of(entry))


def _settle_metric(metric: Metric) -> None:
    """Settle order, leaders and records of the boards that read a metric. Known numbers that lead now are no news."""
    results.settle_boards(results.lock_boards(find_read_boards(metric)), set(), tells_news=False)
