"""Reads what curators see of the catalogue: names that nobody has reviewed, what may be one, and what a merge or another direction does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Length

from claims import keys
from claims.boards.duplicates import ALIAS_KINDS, COLUMNS, ENTRIES, Alike, find_alike
from claims.models import Alias, Benchmark, BenchmarkMetric, Claim, Cost, Dataset, Metric, MLModel, Result, Task

ENTRIES_ON_A_PAGE = 30
MOST_CANDIDATES = 8
MOST_BOARDS = 50

CatalogueEntry = Task | Dataset | Metric | MLModel


@dataclass(frozen=True, slots=True)
class Named:
    """An entry with how many claims name it."""

    entry: Any
    claims: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that may be one. `source` would be merged into `target`: the one that nobody reviewed, or that fewer claims name."""

    source: Named
    target: Named
    names: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of entries or of pairs, of `total`."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class BoardEffect:
    """A board that a merge touches: `into` is the one that it becomes one with, None where it goes over with all its rows."""

    board: Benchmark
    into: Benchmark | None


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What merging `source` into `target` would move."""

    source: Any
    target: Any
    claims: int
    costs: int
    rows: int
    aliases: list[str]
    boards: list[BoardEffect]
    board_count: int
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class MetricPreview:
    """The boards that another direction or unit of a metric touches: those that rank by it, and those that only show it."""

    metric: Metric
    ranked: list[Benchmark]
    ranked_count: int
    rows: int
    shown_count: int


def count_unreviewed() -> dict[str, int]:
    """Return how many entries of each kind nobody has reviewed."""
    return {kind: table._default_manager.filter(reviewed=False, merged_into__isnull=True).count() for kind, table in ENTRIES.items()}


def find_entry(kind: str, public_id: str) -> Any:
    """Return an entry with its root and the paper that brought it, None if there is none."""
    if kind not in ENTRIES:
        return None
    return ENTRIES[kind]._default_manager.select_related("merged_into", "introduced_by").filter(public_id=public_id).first()


def list_unreviewed(kind: str, number: int = 1) -> Listed:
    """Return a page of the entries that nobody has reviewed, those that most claims name first, in a fixed number of queries."""
    found = ENTRIES[kind]._default_manager.filter(reviewed=False, merged_into__isnull=True)
    ordered = found.annotate(named=_count_claims(kind)).select_related("introduced_by").order_by("-named", "name", "pk")
    total = found.count()
    pages = max(1, -(-total // ENTRIES_ON_A_PAGE))
    number = min(max(1, number), pages)
    rows = ordered[(number - 1) * ENTRIES_ON_A_PAGE : number * ENTRIES_ON_A_PAGE]
    return Listed([Named(entry, entry.named) for entry in rows], number, pages, total)


def list_alike(kind: str, number: int = 1) -> Listed:
    """Return a page of the pairs that may be one, the likeliest first."""
    found = find_alike(kind)
    pages = max(1, -(-len(found) // ENTRIES_ON_A_PAGE))
    number = min(max(1, number), pages)
    shown = found[(number - 1) * ENTRIES_ON_A_PAGE : number * ENTRIES_ON_A_PAGE]
    named = _read_named(kind, {pk for alike in shown for pk in (alike.one, alike.other)})
    pairs = [_pair(named[alike.one], named[alike.other], alike) for alike in shown if {alike.one, alike.other} <= named.keys()]
    return Listed(pairs, number, pages, len(found))


def _pair(one: Named, other: Named, alike: Alike) -> Pair:
    if (one.entry.reviewed, one.claims, -one.entry.pk) > (other.entry.reviewed, other.claims, -other.entry.pk):
        return Pair(other, one, (alike.names[1], alike.names[0]))
    return Pair(one, other, alike.names)


def find_candidates(kind: str, entry: Any, text: str = "") -> list[Named]:
    """Return what an entry may be merged into: what is called as somebody types, or without a text what is alike."""
    wanted = " ".join(text.replace("\x00", " ").split())[:200]
    if not wanted:
        near = [alike for alike in find_alike(kind) if entry.pk in (alike.one, alike.other)]
        ids = [alike.other if alike.one == entry.pk else alike.one for alike in near][:MOST_CANDIDATES]
    else:
        column, key = COLUMNS[kind], keys.name_key(wanted)
        table = ENTRIES[kind]._default_manager
        called = table.filter(name__icontains=wanted).annotate(length=Length("name")).order_by("-reviewed", "length", "pk")
        aliases = Alias.objects.filter(Q(key__startswith=key) | Q(text__icontains=wanted), kind=ALIAS_KINDS[kind], scope="")
        aliases = aliases.annotate(length=Length("text")).order_by("length", "pk")
        root = Coalesce("merged_into", "pk")
        of_aliases = aliases.values_list(Coalesce(f"{column}__merged_into", column), flat=True)[: 4 * MOST_CANDIDATES]
        ids = list(dict.fromkeys([*called.values_list(root, flat=True)[: 2 * MOST_CANDIDATES], *of_aliases]))
        ids = [pk for pk in ids if pk != entry.pk][:MOST_CANDIDATES]
    named = _read_named(kind, set(ids))
    return [named[pk] for pk in ids if pk in named]


def _read_named(kind: str, ids: set[int]) -> dict[int, Named]:
    found = ENTRIES[kind]._default_manager.filter(pk__in=ids, merged_into__isnull=True).annotate(named=_count_claims(kind))
    return {entry.pk: Named(entry, entry.named) for entry in found.select_related("introduced_by")}


def _count_claims(kind: str) -> Coalesce:
    claims = Claim.objects.filter(**{COLUMNS[kind]: OuterRef("pk")}).order_by().values(COLUMNS[kind])
    return Coalesce(Subquery(claims.annotate(count=Count("pk")).values("count")), 0)


def preview_merge(kind: str, source: Any, target: Any) -> MergePreview:
    """Return what merging one entry into another moves, in a fixed number of queries."""
    column = COLUMNS[kind]
    claims = Claim.objects.filter(**{column: source})
    aliases = Alias.objects.filter(Q(**{column: source}) | Q(**{f"{column}__merged_into": source})).order_by("text", "pk")
    boards = _boards_of(kind, source)
    rows = Result.objects.filter(ml_model=source) if kind == "mlmodel" else Result.objects.filter(claims__in=claims).distinct()
    shown = list(boards.select_related("task", "dataset", "primary_metric").order_by("-row_count", "slug")[:MOST_BOARDS])
    return MergePreview(
        source=source,
        target=target,
        claims=claims.count(),
        costs=Cost.objects.filter(ml_model=source).count() if kind == "mlmodel" else 0,
        rows=rows.count(),
        aliases=list(dict.fromkeys([source.name, *aliases.values_list("text", flat=True)[:20]])),
        boards=_pair_boards(kind, shown, target),
        board_count=boards.count(),
        warnings=list(_warn(kind, source, target)),
    )


def _boards_of(kind: str, entry: Any) -> Any:
    if kind in ("task", "dataset"):
        return Benchmark.objects.filter(row_count__gt=0, **{kind: entry})
    if kind == "metric":
        read = BenchmarkMetric.objects.filter(Q(metric=entry) | Q(column=entry)).values("benchmark")
        return Benchmark.objects.filter(Q(primary_metric=entry) | Q(pk__in=read), row_count__gt=0)
    return Benchmark.objects.filter(pk__in=Result.objects.filter(ml_model=entry).values("benchmark"))


def _pair_boards(kind: str, boards: Sequence[Benchmark], target: Any) -> list[BoardEffect]:
    """Say with which board of the target each of these becomes one."""
    if kind not in ("task", "dataset"):
        return [BoardEffect(board, None) for board in boards]
    other = "dataset" if kind == "task" else "task"
    wanted = {getattr(board, f"{other}_id") for board in boards}
    there = Benchmark.objects.filter(**{kind: target, f"{other}__in": wanted}, row_count__gt=0).select_related("task", "dataset")
    known = {getattr(board, f"{other}_id"): board for board in there}
    return [BoardEffect(board, known.get(getattr(board, f"{other}_id"))) for board in boards]


def _warn(kind: str, source: Any, target: Any) -> list[str]:
    said = []
    if kind == "metric":
        if source.direction != target.direction:
            said.append(
                f"Of “{source.name}” {_better(source)}, of “{target.name}” {_better(target)}: all will be ranked as the latter’s are."
            )
        if source.unit != target.unit:
            said.append(
                f"The unit of “{source.name}” is {source.unit or 'none'}, that of “{target.name}” {target.unit or 'none'}. "
                "Numbers stay as they are stated."
            )
    if kind == "dataset" and target.parent_id == source.pk:
        said.append(f"“{target.name}” is a part of “{source.name}”: what was stated on the whole will stand on the part.")
    if kind == "dataset" and source.parent_id == target.pk:
        said.append(f"“{source.name}” is a part of “{target.name}”: what was stated on the part will stand on the whole.")
    if source.reviewed:
        said.append(f"Somebody has reviewed “{source.name}” as an entry of its own.")
    return said


def _better(metric: Metric) -> str:
    return {"higher": "the higher number is better", "lower": "the lower number is better"}.get(
        metric.direction, "nobody has said which is better"
    )


def preview_metric(metric: Metric) -> MetricPreview:
    """Return the boards that rank by a metric or show it, in a fixed number of queries."""
    ranked = Benchmark.objects.filter(primary_metric=metric, row_count__gt=0, merged_into__isnull=True)
    read = BenchmarkMetric.objects.filter(Q(metric=metric) | Q(column=metric)).values("benchmark")
    shown = Benchmark.objects.filter(pk__in=read, row_count__gt=0).exclude(primary_metric=metric)
    listed = ranked.select_related("task", "dataset", "leader__result__paper").order_by("-row_count", "slug")
    counts = list(ranked.values_list("row_count", flat=True))
    return MetricPreview(metric, list(listed[:MOST_BOARDS]), len(counts), sum(counts), shown.count())
