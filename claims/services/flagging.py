"""Holds the numbers of boards against the rules of `claims.flags`, and keeps what they say as flags.

A board is looked at as a whole, for what is far from its history or contradicts another paper hangs on all of its numbers. Small boards
are looked at where they are settled: who corrects a number sees at once what is left to look at. Where much is settled at once, as with
a part of a listing, the boards are looked at when that is over: `Benchmark.flagged_version` says up to which version they were.

Flags are a function of what stands on a board: an open one that no longer holds is taken away, and one that a person settled does not
come back for the same number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from claims import flags, keys
from claims.models import Alias, Benchmark, BenchmarkMetric, Claim, Cost, Flag, Paper, PaperText, Result
from claims.prepared import prepared_for_keys
from claims.services.rows import batches, insert_rows, update_rows
from claims.terms import FLAGS_BY_RULE, AliasKind, ClaimKind, CostMeasure, Direction, Role

LARGEST_AT_ONCE = 500
"""A board of more rows is looked at when what changes it is over."""
MOST_AT_ONCE = 8
"""So many boards are looked at where they are settled: a decision is on one or two, a part of a listing on hundreds."""
ROWS_AT_ONCE = 5_000
"""So many rows are held in memory at once, and more only where one board has more."""
QUIET_SECONDS = 10.0
"""A board that changed since then is about to change again."""
_PAPER, _ROW = "paper", "row"
_CLAIM = "claim"


@dataclass(slots=True)
class Flagged:
    """What an evaluation did: boards that were looked at, flags that are new, changed in their words, and taken away."""

    boards: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0

    def add(self, other: Flagged) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def settle(boards: Collection[int], papers: Collection[int]) -> None:
    """Flag the numbers of boards that were just settled for the sake of these papers, if both are few and small.

    Part of the caller's transaction, which holds the boards' locks. What is left is found by `find_outdated`.
    """
    if len(boards) > MOST_AT_ONCE:
        return
    small = Benchmark.objects.filter(pk__in=boards, row_count__lte=LARGEST_AT_ONCE).values_list("pk", flat=True)
    if some := sorted(small):
        _flag_boards(some)
    if len(papers) > LARGEST_AT_ONCE:
        return
    # What is on no board any more is none of theirs.
    _drop([pk for (pk,) in _fetch_stale(sorted(papers))])


def find_outdated(*, quiet: bool = False) -> QuerySet[Benchmark]:
    """Return the boards whose numbers changed since they were looked at; only those that nothing changes just now if `quiet`."""
    outdated = Benchmark.objects.exclude(flagged_version=F("version"))
    if quiet:
        outdated = outdated.filter(changed__lt=timezone.now() - timedelta(seconds=QUIET_SECONDS))
    return outdated.order_by("row_count", "pk")


def flag_outdated(*, quiet: bool = False, keep_on: Any = None) -> Flagged:
    """Look at all boards that changed since they were looked at, in transactions of a few boards each, and return what that did.

    `keep_on` is asked after each whether to go on. At the end, what is on no board any more loses its open flags.
    """
    return _flag_in_turns(find_outdated(quiet=quiet), keep_on)


def flag_all() -> Flagged:
    """Look at all boards, whether they changed or not."""
    return _flag_in_turns(Benchmark.objects.order_by("row_count", "pk"), None)


def _flag_in_turns(boards: QuerySet[Benchmark], keep_on: Any) -> Flagged:
    done = Flagged()
    for some in _cut(boards.values_list("pk", "row_count")):
        with transaction.atomic():
            done.add(_flag_boards(_lock(some)))
        if keep_on is not None and not keep_on():
            return done
    with transaction.atomic():
        done.gone += _drop(list(_stale().values_list("pk", flat=True)))
    return done


def _cut(boards: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    some: list[int] = []
    rows = 0
    for pk, count in list(boards):
        if some and (rows + count > ROWS_AT_ONCE or len(some) >= 500):
            yield some
            some, rows = [], 0
        some.append(pk)
        rows += count
    if some:
        yield some


def _lock(ids: Collection[int]) -> list[int]:
    boards = Benchmark.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    return list(boards.values_list("pk", flat=True))


# ---- one look ----


def _flag_boards(boards: Sequence[int]) -> Flagged:
    """Look at locked boards, in a fixed number of queries."""
    read = _read(boards)
    done = _keep(list(_find(read)), [placed.score.pk for some in read.scores.values() for placed in some], read)
    done.boards = len(boards)
    Benchmark.objects.filter(pk__in=boards).update(flagged_version=F("version"))
    return done


@dataclass(slots=True)
class _Read:
    """The scores of boards by board, with where they stand, and what their texts state as differences."""

    scores: dict[int, list[flags.Placed]] = field(default_factory=lambda: defaultdict(list))
    measured: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of scores: dataset and column."""
    steps: list[tuple[flags.Step, tuple[int, int]]] = field(default_factory=list)
    datasets: dict[str, str] = field(default_factory=dict)
    """Names of known datasets by key, as far as models are called so."""


class _Row(NamedTuple):
    pk: int
    board: int
    result: int
    paper: int | None
    ml_model: int | None
    variant_key: str
    setting_key: str
    role: str
    dataset: int
    dataset_name: str
    metric: int
    text: int | None
    field: str
    start: int
    end: int
    stated: str
    unit: str
    value: float
    value_max: float | None
    canonical_value: float | None
    canonical_max: float | None
    decimals: int
    qualifier: str
    model: str
    model_key: str
    variant: str
    setting: list[dict[str, str]]


_FIELDS = (
    *("pk", "result__benchmark_id", "result_id", "result__paper_id", "result__ml_model_id", "result__variant_key"),
    *("result__setting_key", "role", "result__benchmark__dataset_id", "result__benchmark__dataset__name", "metric_id"),
    *("paper_text_id", "field", "start", "end", "stated", "unit", "value", "value_max", "canonical_value", "canonical_max", "decimals"),
    *("qualifier", "model_name", "model_key", "variant", "setting"),
)


def _read(boards: Sequence[int]) -> _Read:
    columns: dict[tuple[int, int], int] = {}
    scales: dict[int, flags.Scale] = {}
    for board, metric, column, name, unit, direction, lowest, highest in _fetch_columns(boards):
        columns[board, metric] = column
        scales[metric] = flags.Scale(name, unit, Direction(direction), lowest, highest)
    # A number in a metric without a column waits for its board to be settled, which looks at it then: no reason to look at no board.
    rows = [row for row in map(_Row._make, _fetch_rows(boards)) if (row.board, row.metric) in columns]
    sizes = _read_sizes({row.text for row in rows if row.text is not None and not row.unit})
    read = _Read(datasets=_read_datasets({row.model_key for row in rows} - {""}))
    dataset_keys = {row.dataset: keys.name_key(row.dataset_name) for row in rows}
    for row in rows:
        column = columns[row.board, row.metric]
        low = row.value if row.canonical_value is None else row.canonical_value
        score = flags.Score(
            pk=row.pk,
            # The rows of a table are as good as papers of their own: what the table has a hundred times is no conflict of two.
            origin=(_PAPER, row.paper) if row.paper is not None else (_ROW, row.result),
            column=column,
            scale=scales[row.metric],
            stated=row.stated,
            unit=row.unit,
            value=row.value,
            low=low,
            high=row.value_max if row.canonical_value is None else row.canonical_max,
            decimals=row.decimals,
            qualifier=row.qualifier,
            is_quoted=row.paper is not None and row.role == Role.BASELINE,
            model=row.model,
            model_key=row.model_key,
            variant=row.variant,
            identity=(row.ml_model, row.variant_key, row.setting_key) if row.ml_model is not None else None,
            is_plain=flags.is_plain(row.setting),
            is_read=row.text is not None,
            dataset_key=dataset_keys[row.dataset],
            parameters=sizes.get(row.text or 0, {}) if not row.unit else {},
        )
        read.scores[row.board].append(flags.Placed(score, (row.text or 0, row.field), row.start, row.end))
        read.measured[row.pk] = (row.dataset, column)
    read.steps = _read_steps(rows, columns)
    return read


@prepared_for_keys
def _fetch_rows(boards: Sequence[Any]) -> QuerySet[Claim, Any]:
    return Claim.objects.filter(result__benchmark__pk__among=boards).order_by("pk").values_list(*_FIELDS)


@prepared_for_keys
def _fetch_columns(boards: Sequence[Any]) -> QuerySet[BenchmarkMetric, Any]:
    """The metrics that the boards' numbers are in: each has its column."""
    scale = ("metric__name", "metric__unit", "metric__direction", "metric__lower_bound", "metric__upper_bound")
    return BenchmarkMetric.objects.filter(benchmark__pk__among=boards).values_list("benchmark_id", "metric_id", "column_id", *scale)


def _read_sizes(texts: Collection[int]) -> dict[int, dict[float, str]]:
    """Return the numbers of parameters that texts state, as written there ("86M"), by text and number."""
    found: dict[int, dict[float, str]] = defaultdict(dict)
    for ids in batches(texts):
        for text, value, stated, unit in _fetch_sizes(ids):
            found[text or 0].setdefault(value, f"{stated}{unit}" if len(unit) == 1 else f"{stated} {unit}".rstrip())
    return found


@prepared_for_keys
def _fetch_sizes(texts: Sequence[Any]) -> QuerySet[Cost, Any]:
    costs = Cost.objects.standing().filter(paper_text__pk__among=texts, measure=CostMeasure.PARAMETERS).exclude(kind=ClaimKind.DELTA)
    return costs.order_by("pk").values_list("paper_text_id", "value", "stated", "unit")


def _read_datasets(models: Collection[str]) -> dict[str, str]:
    """Return the names of reviewed datasets that are known by the keys of models."""
    found: dict[str, str] = {}
    for some in batches(models):
        found |= dict(_fetch_datasets(some))
    return found


@prepared_for_keys
def _fetch_datasets(models: Sequence[Any]) -> QuerySet[Alias, Any]:
    named = Alias.objects.filter(kind=AliasKind.DATASET, key__among=models, scope="", exact_case=False, dataset__reviewed=True)
    return named.order_by("pk").values_list("key", "dataset__name")


def _read_steps(rows: Sequence[_Row], columns: Mapping[tuple[int, int], int]) -> list[tuple[flags.Step, tuple[int, int]]]:
    """Return the differences that texts state which also quote a score, with the dataset and the column that each is of."""
    quoting = {row.text for row in rows if row.text is not None and row.role == Role.BASELINE}
    # What lies between the scores of another board is found, or not, where that one is looked at.
    datasets = {row.dataset for row in rows}
    column_of = {(row.dataset, row.metric): columns[row.board, row.metric] for row in rows}
    found = []
    for texts in batches(text for text in quoting if text is not None):
        for values in _fetch_steps(texts):
            pk, stated, unit, value, value_max, canonical_value, canonical_max, decimals, qualifier, text, part, start, end, *of = values
            if of[0] not in datasets:
                continue
            low = value if canonical_value is None else canonical_value
            high = value_max if canonical_value is None else canonical_max
            step = flags.Step(pk, stated, unit, low, high, decimals, qualifier, (text, part), start, end)
            found.append((step, (of[0], column_of.get((of[0], of[1]), of[1]))))
    return found


@prepared_for_keys
def _fetch_steps(texts: Sequence[Any]) -> QuerySet[Claim, Any]:
    deltas = Claim.objects.standing().filter(paper_text__pk__among=texts, kind=ClaimKind.DELTA, dataset__isnull=False, metric__isnull=False)
    return deltas.order_by("pk").values_list(*_STEP_FIELDS)


_STEP_FIELDS = (
    *("pk", "stated", "unit", "value", "value_max", "canonical_value", "canonical_max", "decimals", "qualifier"),
    *("paper_text_id", "field", "start", "end", "dataset_id", "metric_id"),
)


def _find(read: _Read) -> Iterator[flags.Found]:
    for placed in read.scores.values():
        scores = [each.score for each in placed]
        yield from flags.find_on_board(scores)
        yield from flags.find_conflicts(scores, _read_titles)
        if read.datasets or any(score.model_key == score.dataset_key for score in scores):
            yield from filter(None, (flags.find_dataset_as_model(score, read.datasets) for score in scores))
    yield from _find_wrong_steps(read)


def _find_wrong_steps(read: _Read) -> Iterator[flags.Found]:
    beside: dict[tuple[tuple[int, str], tuple[int, int]], list[flags.Placed]] = defaultdict(list)
    for some in read.scores.values():
        for placed in some:
            beside[placed.place, read.measured[placed.score.pk]].append(placed)
    candidates = [(step, beside[step.place, of]) for step, of in read.steps if len(beside.get((step.place, of), ())) > 1]
    if not candidates:
        return
    texts: dict[int, PaperText] = {}
    for ids in batches(step.place[0] for step, _ in candidates):
        texts |= PaperText.objects.in_bulk(ids)
    for step, placed_beside in candidates:
        found = flags.find_wrong_step(step, placed_beside, texts[step.place[0]].part(step.place[1]))
        if found is not None:
            yield found


def _read_titles(origins: Collection[tuple[str, int]]) -> dict[tuple[str, int], flags.Titled]:
    titles: dict[tuple[str, int], flags.Titled] = {}
    for ids in batches(pk for kind, pk in origins if kind == _PAPER):
        papers = Paper.objects.filter(pk__in=ids).values_list("pk", "title", "first_day")
        titles |= {(_PAPER, pk): flags.Titled(title, day.isoformat() if day else "") for pk, title, day in papers}
    for ids in batches(pk for kind, pk in origins if kind == _ROW):
        rows = Result.objects.filter(pk__in=ids).values_list("pk", "source__name")
        titles |= {(_ROW, pk): flags.Titled(name or "", "") for pk, name in rows}
    return titles


# ---- keeping ----


def _stale() -> QuerySet[Flag]:
    """Open flags of rules on what is on no board, and is no difference either."""
    on_board = Claim.objects.standing().filter(Q(result__isnull=False) | Q(kind=ClaimKind.DELTA), pk=OuterRef("object_id"))
    return Flag.objects.filter(~Exists(on_board), kind__in=FLAGS_BY_RULE, object_kind=_CLAIM, settled_by__isnull=True)


@prepared_for_keys
def _fetch_stale(papers: Sequence[Any]) -> QuerySet[Flag, Any]:
    """Those of the papers' numbers."""
    off_boards = Claim.objects.filter(paper_text__paper__pk__among=papers, result__isnull=True)
    return _stale().filter(object_id__in=off_boards.values("pk")).values_list("pk")


def _drop(stale: Collection[int]) -> int:
    for ids in batches(stale):
        # What somebody is settling in this moment is theirs.
        Flag.objects.filter(pk__in=_free(ids)).delete()
    return len(stale)


def _free(ids: Collection[int]) -> list[int]:
    free = Flag.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=ids, settled_by__isnull=True)
    return list(free.values_list("pk", flat=True))


@prepared_for_keys
def _fetch_flags(claims: Sequence[Any]) -> QuerySet[Flag, Any]:
    of_rules = Flag.objects.filter(kind__in=FLAGS_BY_RULE, object_kind=_CLAIM, object_id__among=claims)
    return of_rules.values_list("pk", "kind", "object_id", "key", "note", "settled_by_id")


def _keep(found: Sequence[flags.Found], looked_at: Iterable[int], read: _Read) -> Flagged:
    """Write what was found on the numbers that were looked at, and take away what was found before and no longer holds."""
    wanted = {(one.kind.value, one.pk, one.key): one for one in found}
    present: dict[tuple[str, int, str], tuple[int, str, bool]] = {}
    for ids in batches([*looked_at, *(step.pk for step, _ in read.steps)]):
        for pk, kind, claim, key, note, settled_by in _fetch_flags(ids):
            present[kind, claim, key] = (pk, note, settled_by is not None)
    gone = [pk for place, (pk, _, is_settled) in present.items() if place not in wanted and not is_settled]
    changed = [
        Flag(pk=pk, note=wanted[place].note)
        for place, (pk, note, is_settled) in present.items()
        if place in wanted and not is_settled and wanted[place].note != note
    ]
    new = [one for place, one in sorted(wanted.items()) if place not in present]
    for ids in batches(gone):
        Flag.objects.filter(pk__in=_free(ids)).delete()
    # Who settles one in this moment holds it, and waits for the boards that are held here.
    free = {pk for ids in batches(flag.pk for flag in changed) for pk in _free(ids)}
    update_rows((flag for flag in changed if flag.pk in free), ["note"])
    insert_rows(
        Flag,
        [{"kind": one.kind.value, "object_kind": _CLAIM, "object_id": one.pk, "key": one.key, "note": one.note} for one in new],
    )
    return Flagged(new=len(new), changed=len(changed), gone=len(gone))
