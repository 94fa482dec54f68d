"""Merges entries of the catalogue, and takes merges back.

A merged entry keeps its row and its aliases, and points to its root: its claims move, what is called by its names is found at the root, its
address leads there. A merge is one transaction and one change set. What it moved is kept beside it in a compact record (`MergedRows`), from
which undo moves back exactly that; which row of which board a claim belongs to follows from what it names, there and back.

Locks are taken in one order: the catalogue, imports, models, papers, then boards, each by their ids. Two merges take turns from the first
lock on, so that of A into B and B into A the second finds what the first did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.key_lists import any_of
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    ChangeSet,
    Claim,
    Cost,
    Dataset,
    Decision,
    Import,
    MergedRows,
    Metric,
    MLModel,
    Paper,
    PaperText,
    Result,
    ResultValue,
    Task,
)
from claims.services import curation, relocation, results, search_names, statements, tables
from claims.services.catalog import UNSPECIFIED_TASK, touch
from claims.services.papers import lock_papers
from claims.services.rows import large_batches
from claims.services.updates import lock_state
from claims.terms import MERGE, LinkedBy

ENTRIES: Mapping[str, Any] = {"task": Task, "dataset": Dataset, "metric": Metric, "mlmodel": MLModel}
"""The kinds of entries by the names that decisions have for them."""
_FIELDS = {"task": "task", "dataset": "dataset", "metric": "metric", "mlmodel": "ml_model"}
_STATED: Mapping[str, tuple[Any, ...]] = {"task": (Claim,), "dataset": (Claim,), "metric": (Claim,), "mlmodel": (Claim, Cost)}
"""The numbers that name an entry of each kind."""
_TABLES: Mapping[str, Any] = {table._meta.model_name or "": table for table in (Claim, Cost, Result, Benchmark, *ENTRIES.values())}
AT_ONCE = 5_000
"""So many ids stand in one piece of the record."""

Entry = TypeVar("Entry", Task, Dataset, Metric, MLModel)
_Moved = dict[str, list[int]]
"""Ids of rows by what their field was before."""


@transaction.atomic
def merge(source: Entry, target: Entry, *, actor: str, version: int, reason: str = "") -> ChangeSet:
    """Merge an entry into another one of its kind, or into what that was merged into; return the change set, which undo takes back.

    `version` is that of `source` that the person saw. Raises `StaleObjectError` if it was changed since, and `InvalidDecisionError` for
    entries of two kinds, for one that is merged already, and for one into itself.
    """
    kind = _kind_of(source)
    if type(source) is not type(target):
        raise InvalidDecisionError(f"A {_called(source)} can't be merged into a {_called(target)}. Choose another {_called(source)}.")
    lock_state()
    gone, root = _take(source), _take(_reload(target).root())
    if gone.merged_into is not None:
        raise InvalidDecisionError(f"“{gone.name}” was merged into “{gone.merged_into.name}” already. Undo that first, if it is wrong.")
    if gone.pk == root.pk:
        raise InvalidDecisionError(f"“{gone.name}” can't be merged into itself. Choose another {_called(source)}.")
    if gone.version != version:
        raise StaleObjectError(f"“{gone.name}” was changed since you opened its page. Look at it again, then merge.")
    if gone.name == UNSPECIFIED_TASK and kind == "task":
        raise InvalidDecisionError(f"“{gone.name}” stands for what texts leave unsaid, and can't be merged away.")
    before = _find_boards(kind, gone)
    names = _lock(kind, [gone, root], before)
    before |= _find_boards(kind, gone)  # whose locks were waited for may have brought another
    # Under the locks: what was decided on a number before it moved is the earlier act.
    changes = ChangeSet.objects.create(actor=actor, action=MERGE, reason=reason)
    field = _FIELDS[kind]
    counts = {}
    for table in _STATED[kind]:
        counts[f"{table._meta.model_name}s"] = _move(changes, table, f"{field}_id", gone.pk, root.pk)
    _move_references(changes, kind, gone, root)
    ENTRIES[kind]._default_manager.filter(pk=gone.pk).update(merged_into=root, version=F("version") + 1)
    found = _settle(kind, (gone, root), before, given_up=before if kind in ("task", "dataset") else set(), names=names)
    keep(changes, "result", "benchmark_id", {str(board): ids for board, ids in found.moved.items()})
    said = counts | {"rows": _count(found.moved) + found.folded, "folded": found.folded}
    _record(changes, kind, gone, {"merged_into_id": None}, {"merged_into_id": root.pk, **said})
    source.refresh_from_db()
    return changes


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take a merge back, as a change set of its own: what it moved goes back, and nothing else.

    What later came to the root stays there. Raises `StaleObjectError` if somebody decided on a number that moved, or if the entry or
    its root was merged or changed since; `InvalidDecisionError` if the merge was undone already.
    """
    lock_state()
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    decision = change_set.decisions.get()
    kind = decision.object_kind
    gone = _take(ENTRIES[kind]._default_manager.get(pk=decision.object_id))
    root = _take(ENTRIES[kind]._default_manager.get(pk=decision.after["merged_into_id"]))
    if root.merged_into is not None:
        raise StaleObjectError(f"“{root.name}” was itself merged into “{root.merged_into.name}” since; undo that merge first.")
    if gone.merged_into_id != root.pk or gone.version != decision.object_version:
        raise StaleObjectError(f"“{gone.name}” was changed again since; undo the later change first.")
    before = _find_boards(kind, root)
    names = _lock(kind, [gone, root], before)
    _check_untouched(change_set)
    changes = ChangeSet.objects.create(actor=actor, action="undo", undoes=change_set)
    ENTRIES[kind]._default_manager.filter(pk=gone.pk).update(merged_into=None, version=F("version") + 1)
    rows: dict[int, list[int]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for moved in change_set.merged_rows.order_by("pk"):
        for stood, ids in moved.moved.items():
            if moved.object_kind == "result" and moved.field == "benchmark_id":
                rows[int(stood)] += ids
            else:
                back = _move_back(changes, moved, int(stood) if stood else None, ids, root.pk)
                if moved.object_kind in ("claim", "cost"):
                    counts[f"{moved.object_kind}s"] += back
    returning = [pk for ids in rows.values() for pk in ids]
    found = _settle(kind, (gone, root), before | _find_boards(kind, gone), names=names, returning=returning)
    for board, ids in rows.items():
        _put_back_empty(board, ids)
    said = {"merged_into_id": None, **counts, "rows": _count(found.moved) + found.folded}
    _record(changes, kind, gone, {"merged_into_id": root.pk}, said)
    return changes


@transaction.atomic
def gather_strays() -> int:
    """Let numbers name what an entry was merged into that they name still, and return how many there were.

    A listing that was being read while entries were merged may have brought some: it looked names up before, and is written after.
    """
    merged = Q()
    for field in _FIELDS.values():
        merged |= Q(pk__in=Claim.objects.filter(**{f"{field}__merged_into__isnull": False}).values("pk"))
    strays = list(Claim.objects.filter(merged).order_by("pk")[:AT_ONCE])
    of_costs = Cost.objects.filter(ml_model__merged_into__isnull=False).order_by("ml_model")
    if not strays and not of_costs.exists():
        return 0
    # Nobody takes a merge back before these are where it leads.
    lock_state()
    records = {stray.source_record_id for stray in strays if stray.source_record_id is not None}
    of_texts = {stray.paper_text_id for stray in strays if stray.paper_text_id is not None}
    tables.lock_imports(*Import.objects.filter(records__in=records).distinct())
    papers = set(PaperText.objects.filter(pk__in=of_texts).values_list("paper", flat=True))
    results.settle_papers((paper.pk for paper in lock_papers(papers)), record_ids=records)
    # Those that name it still: somebody may have corrected one since they were looked at.
    models = list(of_costs.values_list("ml_model", "ml_model__merged_into").distinct())
    costs = sum(Cost.objects.filter(ml_model=gone).update(ml_model=root) for gone, root in models)
    return len(strays) + costs


# ---- taking ----


def _kind_of(entry: Any) -> str:
    return entry._meta.model_name or ""


def _called(entry: Any) -> str:
    return str(entry._meta.verbose_name)


def _reload(entry: Any) -> Any:
    return type(entry)._default_manager.select_related("merged_into").get(pk=entry.pk)


def _take(entry: Any) -> Any:
    """Return an entry as it is now, for whoever holds the catalogue's lock."""
    return _reload(entry)


def _find_boards(kind: str, entry: Any) -> set[int]:
    """Return the boards on which an entry's claims stand, and those that are of it."""
    if kind == "mlmodel":
        boards = Benchmark.objects.filter(Exists(Result.objects.filter(benchmark=OuterRef("pk"), ml_model=entry)))
    elif kind == "metric":
        stated = Exists(Claim.objects.filter(result__benchmark=OuterRef("pk"), metric=entry))
        boards = Benchmark.objects.filter(stated | Q(primary_metric=entry) | Exists(_columns_of(entry)))
    else:
        boards = Benchmark.objects.filter(**{kind: entry})
    return set(boards.values_list("pk", flat=True))


def _columns_of(metric: Metric) -> Any:
    return BenchmarkMetric.objects.filter(Q(metric=metric) | Q(column=metric), benchmark=OuterRef("pk"))


def _lock(kind: str, entries: Collection[Any], boards: Collection[int]) -> set[str]:
    """Lock what states the entries, or stands on the boards, until the transaction ends; return the names of models that are settled by.

    In the order in which ingest takes these locks. Nothing of it is read here: of a hundred thousand papers the ids are enough.
    """
    names = {entry.name_key for entry in entries} if kind == "mlmodel" else set()
    if not connection.features.has_select_for_update:
        return names
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # To compile each of a few large statements takes half a second, and spares nothing.
            cursor.execute("SET LOCAL jit = off")
    stated = [table._default_manager.filter(**{f"{_FIELDS[kind]}__in": entries}) for table in _STATED[kind]]
    stated += [Claim.objects.filter(result__benchmark__in=boards)]
    sources, papers = Q(pk__in=[]), Q(pk__in=[])
    for found in stated:
        sources |= Q(pk__in=found.filter(source_record__isnull=False).values("source_record__source"))
        papers |= Q(pk__in=found.filter(paper_text__isnull=False).values("paper_text__paper"))
        papers |= Q(pk__in=found.filter(source_record__paper__isnull=False).values("source_record__paper"))
    joined = Import.objects.filter(sources).exclude(collection="").values("collection")
    of_tables = Import.objects.filter(sources | Q(collection__in=joined)).select_for_update(no_key=True)
    list(of_tables.order_by("pk").values_list("pk", flat=True))
    if names:
        statements.lock_models(names)
        papers |= Q(pk__in=statements.find_quoting(names))
    list(Paper.objects.filter(papers).select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    return names


def _check_untouched(change_set: ChangeSet) -> None:
    """Raise `StaleObjectError` if a person's word on a number stands that was said after the merge had moved it."""
    said = Decision.objects.filter(change_set__pk__gt=change_set.pk, change_set__action__in=curation.ACTIONS_OF_PEOPLE)
    said = said.filter(change_set__undone_by__isnull=True).exclude(change_set__undoes__pk__gt=change_set.pk)
    later: dict[str, dict[int, str]] = defaultdict(dict)
    for kind, pk, actor in said.filter(object_kind__in=["claim", "cost"]).values_list("object_kind", "object_id", "change_set__actor"):
        later[kind].setdefault(pk, actor)
    if not later:
        return
    touched: list[tuple[str, int]] = []
    for moved in change_set.merged_rows.filter(object_kind__in=list(later)).order_by("pk"):
        of_kind = later[moved.object_kind]
        touched += [(moved.object_kind, pk) for ids in moved.moved.values() for pk in ids if pk in of_kind]
    if touched:
        kind, pk = touched[0]
        first = _TABLES[kind]._default_manager.get(pk=pk)
        others = f" and on {len(touched) - 1} more of the numbers" if len(touched) > 1 else ""
        raise StaleObjectError(
            f"Somebody has decided on “{first.stated}”{others} since they were moved. Undo these decisions first, then the merge."
        )


# ---- moving ----


def keep(changes: ChangeSet, kind: str, field: str, moved: Mapping[str, list[int]]) -> None:
    """Write down what moved, in pieces."""
    pieces: list[_Moved] = []
    size = AT_ONCE
    for stood, ids in moved.items():
        for first in range(0, len(ids), AT_ONCE):
            some = ids[first : first + AT_ONCE]
            if size + len(some) > AT_ONCE or stood in pieces[-1]:
                pieces.append({})
                size = 0
            pieces[-1][stood] = some
            size += len(some)
    MergedRows.objects.bulk_create(MergedRows(change_set=changes, object_kind=kind, field=field, moved=piece) for piece in pieces)


def _move(changes: ChangeSet, table: Any, field: str, before: int, after: int, *, of_these: Q | None = None) -> int:
    """Let all rows of a table that name one entry name another, and keep which these were; return how many."""
    rows = table._default_manager.filter(of_these or Q(), **{field: before})
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if ids:
        # A person's form for one of them is stale now. They are locked, or nobody else writes them: the condition finds these same rows.
        bumped = {"version": F("version") + 1} if table in (Claim, Cost, Benchmark, Result) else {}
        rows.update(**{field: after}, **bumped)
        keep(changes, table._meta.model_name or "", field, {str(before): ids})
    return len(ids)


def _move_references(changes: ChangeSet, kind: str, gone: Any, root: Any) -> None:
    """Let what refers to the entry refer to its root: what was merged into it, its parts, its models' rows, boards that rank by it."""
    _move(changes, ENTRIES[kind], "merged_into_id", gone.pk, root.pk)
    if kind == "dataset":
        if root.parent_id == gone.pk:
            # A part that the whole is merged into is part of what the whole was.
            Dataset.objects.filter(pk=root.pk).update(parent=gone.parent_id if gone.parent_id != root.pk else None)
            keep(changes, "dataset", "parent_id", {str(gone.pk): [root.pk]})
        _move(changes, Dataset, "parent_id", gone.pk, root.pk)
    elif kind == "mlmodel":
        _move(changes, Result, "ml_model_id", gone.pk, root.pk)
    elif kind == "metric":
        _move(changes, Benchmark, "primary_metric_id", gone.pk, root.pk, of_these=Q(chosen_by=LinkedBy.PERSON))


def _move_back(changes: ChangeSet, moved: MergedRows, stood: int | None, ids: list[int], root: int) -> int:
    """Let rows name what they named before, where they still name the root; keep which these were. Return how many."""
    table = _TABLES[moved.object_kind]
    back: list[int] = []
    for some in large_batches(ids):
        rows = table._default_manager.filter(pk__in=some)
        if moved.field != "parent_id":
            rows = rows.filter(**{moved.field: root})
        standing = list(rows.values_list("pk", flat=True))
        bumped = {"version": F("version") + 1} if table in (Claim, Cost, Benchmark, Result) else {}
        table._default_manager.filter(pk__in=any_of(standing)).update(**{moved.field: stood}, **bumped)
        back += standing
    if back:
        keep(changes, moved.object_kind, moved.field, {str(root): back})
    return len(back)


def _put_back_empty(board: int, ids: list[int]) -> None:
    """Let rows without a claim stand on the board again from which they went, where none has taken their place."""
    stays = Result.objects.filter(~Exists(Claim.objects.filter(result=OuterRef("pk")))).exclude(benchmark=board)
    empty = [pk for some in large_batches(ids) for pk in stays.filter(pk__in=some).values_list("pk", flat=True)]
    for some in large_batches(empty):
        rows = Result.objects.filter(pk__in=some)
        taken = relocation.find_twins(rows, board)
        rows.exclude(pk__in=list(taken)).update(benchmark=board, version=F("version") + 1)


def _settle(
    kind: str,
    entries: tuple[Any, Any],
    boards: Collection[int],
    *,
    names: Iterable[str],
    given_up: Collection[int] = (),
    returning: Collection[int] = (),
) -> relocation.Relocated:
    """Bring boards, rows and names in step with what the claims name now."""
    if kind == "mlmodel":
        linked = statements.link_quoted_models(names)
        results.settle_papers(linked)
        found = relocation.Relocated(set(boards))
        # Nothing on these boards ranks otherwise: only what the rows lead to is another.
        for ids in large_batches(boards):
            touch(ids)
        search_names.keep_models(entry.pk for entry in entries)
        return found
    found = relocation.relocate(boards, given_up=given_up, returning=returning)
    if kind == "metric":
        # A cell of several claims may have stood for both: now each has its own.
        parted = ResultValue.objects.filter(others__gt=0, result__claims__metric=entries[0])
        found.rows |= set(parted.values_list("result_id", flat=True))
    if kind in ("task", "dataset"):
        _take_over_choices(found)
    results.settle_boards(results.lock_boards(found.boards), found.rows, tells_news=False)
    if kind in ("task", "dataset"):
        _point_boards(kind, entries, found.main)
    if kind == "dataset":
        search_names.keep_datasets(entry.pk for entry in entries)
    elif kind == "task":
        of_tasks = Benchmark.objects.filter(task__in=entries).values_list("pk", flat=True)
        search_names.keep_benchmarks(set(of_tasks) | found.boards)
    return found


def _count(moved: Mapping[int, list[int]]) -> int:
    return sum(map(len, moved.values()))


def _take_over_choices(found: relocation.Relocated) -> None:
    """Let boards that had no rows before rank by what a person chose for the board whose rows they get."""
    chosen = Benchmark.objects.filter(pk__in=found.main, chosen_by=LinkedBy.PERSON)
    for board, metric in chosen.values_list("pk", "primary_metric"):
        Benchmark.objects.filter(pk=found.main[board], chosen_by=LinkedBy.RULE, row_count=0).update(
            primary_metric=metric, chosen_by=LinkedBy.PERSON
        )


def _point_boards(kind: str, entries: Iterable[Any], main: Mapping[int, int]) -> None:
    """Let boards of merged tasks and datasets lead to those that have their rows now, and others stand for themselves again."""
    members = ENTRIES[kind]._default_manager.filter(Q(pk__in=[e.pk for e in entries]) | Q(merged_into__in=[e.pk for e in entries]))
    of_these = Benchmark.objects.filter(**{f"{kind}__in": members}).select_related(
        "task", "dataset", "merged_into__task", "merged_into__dataset"
    )
    boards = list(of_these.order_by("pk"))
    pairs = {board.pk: _root_pair(board) for board in boards}
    there: dict[tuple[int, int], tuple[int, int]] = {}
    wanted = set(pairs.values())
    known = Benchmark.objects.filter(task__in={task for task, _ in wanted}, dataset__in={dataset for _, dataset in wanted})
    for pk, task, dataset, rows in known.values_list("pk", "task_id", "dataset_id", "row_count"):
        there[task, dataset] = (pk, rows)
    for board in boards:
        pair = pairs[board.pk]
        if pair == (board.task_id, board.dataset_id):
            leads_to = None
        else:
            own, rows = there.get(pair, (None, 0))
            earlier = board.merged_into
            kept = earlier.pk if earlier is not None and _root_pair(earlier) == (earlier.task_id, earlier.dataset_id) else None
            leads_to = own if rows else main.get(board.pk) or kept or own
        if leads_to != board.merged_into_id:
            Benchmark.objects.filter(pk=board.pk).update(merged_into=leads_to, version=F("version") + 1, changed=timezone.now())


def _root_pair(board: Benchmark) -> tuple[int, int]:
    return board.task.merged_into_id or board.task_id, board.dataset.merged_into_id or board.dataset_id


def _record(changes: ChangeSet, kind: str, entry: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    version = ENTRIES[kind]._default_manager.values_list("version", flat=True).get(pk=entry.pk)
    Decision.objects.create(change_set=changes, object_kind=kind, object_id=entry.pk, before=before, after=after, object_version=version)
