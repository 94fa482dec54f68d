"""Moves rows to the boards that their claims name now, where entries of the catalogue were merged or parted.

What many rows have in common is done to all of them in one statement: a merge may move a hundred thousand. Only rows whose claims go
different ways are made anew one by one, as ingest makes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from claims.models import Claim, Cost, CostLink, Result, ResultValue
from claims.services import results
from claims.services.results import Named
from claims.services.rows import large_batches, set_values


@dataclass(slots=True)
class Relocated:
    """What moved: the boards to settle, the rows whose shown values are to be chosen again, the rows that went over whole, by the board
    that they left, and how many folded into one that stood there already. `main` is where a board's rows went, `priced` the rows whose
    costs are to be tied again."""

    boards: set[int]
    rows: set[int] = field(default_factory=set)
    moved: dict[int, list[int]] = field(default_factory=dict)
    folded: int = 0
    main: dict[int, int] = field(default_factory=dict)
    priced: set[int] = field(default_factory=set)
    returning: set[int] = field(default_factory=set)


def relocate(boards: Collection[int], *, given_up: Collection[int] = (), returning: Collection[int] = ()) -> Relocated:
    """Put every claim that stands on the boards on the one that it names. Part of the caller's transaction.

    The caller holds the locks of the claims' papers and imports, and settles the boards and the rows of the answer afterwards. A row goes
    over as it is, with its address, if all its claims do and none of the same model, variant and setting is there; else its claims join
    the row that is, or get one. Of the boards that are `given_up` the empty rows go along, whose claims are hidden or were rejected.
    Where claims of a row that is `returning` part, it goes with those that leave.
    """
    found = Relocated(set(boards), returning=set(returning))
    if not boards:
        return found
    standing = Claim.objects.filter(result__benchmark__in=boards).order_by()
    groups = set(standing.values_list("result__benchmark_id", "task_id", "dataset_id", "metric_id").distinct())
    named = {(board, (task, dataset, metric)) for board, task, dataset, metric in groups}
    wanted = results.find_boards({names for _, names in named})
    going: dict[tuple[int, int], list[Named]] = defaultdict(list)
    ways: dict[int, set[int]] = defaultdict(set)
    for board, names in named:
        ways[board].add(wanted[names])
        going[board, wanted[names]].append(names)
    left: set[int] = set()
    for (board, target), of_group in sorted(going.items()):
        if board == target:
            continue
        found.boards.add(target)
        found.main.setdefault(board, target)
        left |= _move(board, target, of_group, found, whole=len(ways[board]) == 1, with_empty=board in given_up)
    _make_anew(left, found)
    _move_cells(found)
    return found


def _move(board: int, target: int, names: Iterable[Named], found: Relocated, *, whole: bool, with_empty: bool) -> set[int]:
    """Move what goes from one board to another; return the rows that must be taken apart. With `whole` nothing stays behind."""
    group = _of_group(names)
    rows = Result.objects.filter(benchmark=board)
    stated = Claim.objects.filter(result=OuterRef("pk"))
    leaving = rows.filter(Exists(stated if whole else stated.filter(group)))
    twins = find_twins(leaving, target)
    mixed: set[int] = set()
    if not whole:
        mixed = set(leaving.filter(Exists(stated.exclude(group))).values_list("pk", flat=True))
    _fold(group, twins, found)
    home = mixed & found.returning - twins.keys()
    stay = twins.keys() | (mixed - home)
    moved = [pk for pk in leaving.order_by("pk").values_list("pk", flat=True) if pk not in stay]
    if moved and whole and not stay:
        leaving.update(benchmark=target, version=F("version") + 1)
    else:
        for ids in large_batches(moved):
            Result.objects.filter(pk__in=ids).update(benchmark=target, version=F("version") + 1)
    found.moved.setdefault(board, []).extend(moved)
    if with_empty:
        _move_empty(board, target, found)
    found.rows |= mixed
    return mixed - twins.keys()


def _move_empty(board: int, target: int, found: Relocated) -> None:
    empty = Result.objects.filter(~Exists(Claim.objects.filter(result=OuterRef("pk"))), benchmark=board)
    moved = sorted(set(empty.values_list("pk", flat=True)) - find_twins(empty, target).keys())
    for ids in large_batches(moved):
        Result.objects.filter(pk__in=ids).update(benchmark=target, version=F("version") + 1)
    found.moved.setdefault(board, []).extend(moved)


def _of_group(names: Iterable[Named]) -> Q:
    """Return the condition of claims that name one of these."""
    metrics: dict[tuple[int | None, int], list[int]] = defaultdict(list)
    for task, dataset, metric in names:
        metrics[task, dataset].append(metric)
    group = Q()
    for (task, dataset), some in metrics.items():
        of_task = Q(task__isnull=True) if task is None else Q(task=task)
        group |= of_task & Q(dataset=dataset, metric__in=some)
    return group


def find_twins(leaving: QuerySet[Result], target: int) -> dict[int, int]:
    """Return, by the rows that leave, those on the other board that have the same origin, model, variant, setting and role."""
    there = Result.objects.filter(
        benchmark=target, **{name: OuterRef(name) for name in ("model_key", "variant_key", "setting_key", "role")}
    )
    twins: dict[int, int] = {}
    for origin, other in (("paper", "source"), ("source", "paper")):
        if not Result.objects.filter(benchmark=target, **{f"{origin}__isnull": False}).exists():
            continue
        same = there.filter(**{origin: OuterRef(origin), f"{other}__isnull": True}).values("pk")
        of_origin = leaving.filter(**{f"{origin}__isnull": False}).annotate(twin=Subquery(same[:1]))
        twins |= {pk: twin for pk, twin in of_origin.values_list("pk", "twin") if twin is not None}
    return twins


def _fold(group: Q, twins: Mapping[int, int], found: Relocated) -> None:
    """Let the claims of rows join their twins, and costs be tied anew where any was tied to one of them."""
    joining = [
        (claim, twins[row])
        for ids in large_batches(twins)
        for claim, row in Claim.objects.filter(group, result__in=ids).values_list("pk", "result_id")
        if row is not None
    ]
    if not joining:
        return
    set_values(Claim, ["result"], joining)
    found.folded += len({twin for _, twin in joining})
    found.rows |= twins.keys() | set(twins.values())
    found.priced |= set(twins.values())
    found.priced |= {
        row for ids in large_batches(twins) for row in CostLink.objects.filter(result__in=ids).values_list("result_id", flat=True)
    }


def _make_anew(left: Collection[int], found: Relocated) -> None:
    """Make the rows of claims anew that part, and tie the costs of rows that were folded."""
    papers: set[int] = set()
    records: set[int] = set()
    for rows in large_batches(left):
        stated = Claim.objects.filter(result__in=rows)
        papers |= set(stated.filter(paper_text__isnull=False).values_list("paper_text__paper", flat=True))
        records |= set(stated.filter(source_record__isnull=False).values_list("source_record", flat=True))
    tied: set[int] = set()
    for rows in large_batches(found.priced):
        # A cost is tied to the rows of its own text, or of its own record: where one of these was folded, the others tell whose it is.
        costs = Cost.objects.filter(links__result__in=rows)
        papers |= set(costs.filter(paper_text__isnull=False).values_list("paper_text__paper", flat=True))
        tied |= set(costs.filter(source_record__isnull=False).values_list("source_record", flat=True))
    if tied - records:
        found.boards |= results.find_boards_of(results.link_record_costs(tied - records))
    if papers or records:
        boards, rows_anew = results.settle_rows(papers, records)
        found.boards |= boards
        found.rows |= rows_anew


def _move_cells(found: Relocated) -> None:
    """Move what rows show under a metric to the column in which it stands on their board now; note the rows for which that is not all.

    A cell of one claim moves as it is. Where several meet, the row chooses again which of them it shows.
    """
    columns = results.find_columns(found.boards)
    cells = ResultValue.objects.filter(result__benchmark__in=found.boards).order_by()
    shown = cells.values_list("result__benchmark_id", "metric_id", "claim__metric_id").distinct()
    for board, column, metric in list(shown):
        wanted = columns[board].get(metric, metric)
        if column == wanted:
            continue
        of_these = cells.filter(result__benchmark=board, metric=column, claim__metric=metric)
        taken = Exists(ResultValue.objects.filter(result=OuterRef("result"), metric=wanted))
        alone = of_these.filter(~taken, others=0)
        ids = list(alone.values_list("pk", flat=True))
        found.rows |= set(of_these.exclude(pk__in=alone.values("pk")).values_list("result_id", flat=True))
        for some in large_batches(ids):
            ResultValue.objects.filter(pk__in=some).update(metric=wanted, version=F("version") + 1)
