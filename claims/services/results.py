"""Builds the rows of the boards from claims. The only place that sets a claim's result or links a cost by rule.

Everything here is a function of what stands in the database: settling twice, or in another order, gives the same boards.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from claims import keys, ranking
from claims.key_lists import any_of
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    Claim,
    Condition,
    Cost,
    CostLink,
    Dataset,
    DefaultPrimary,
    DefaultTask,
    Metric,
    MLModel,
    Result,
    ResultCondition,
    ResultValue,
    SourceRecord,
    Task,
)
from claims.prepared import prepared, prepared_for_keys
from claims.services import contenders, flagging, records, search_names, webhooks
from claims.services.catalog import UNSPECIFIED_TASK, make_slug
from claims.services.papers import lock_papers
from claims.services.rows import batches, insert_rows, set_values, update_rows
from claims.terms import ClaimKind, ConditionKind, CostMeasure, CurationState, LinkedBy, ListingState, Qualifier

SINGLE_LABEL_COLUMNS = {"Accuracy": "Top-1 accuracy"}
"""On a single-label classification set these metrics are the same thing: the first stands in the second's column."""

INTRINSIC_MEASURES = {CostMeasure.PARAMETERS, CostMeasure.MODEL_SIZE, CostMeasure.STORAGE}
"""Costs of the model itself: they hold in every setting. Any other holds where the text ties it to the score."""

SETTLED_AT_ONCE, PAPERS_AT_ONCE = 5_000, 500
"""Of more papers or rows than this, so many are settled at a time: a decision on tens of thousands of numbers needs no more memory."""

_SENTENCE_END = re.compile(r"[.!?][)\"'”]?\s+(?=[A-Z(\"“])")

_Identity = tuple[int, int | None, int | None, str, str, str, str]
"""(benchmark, paper, import, model key, variant key, setting key, role)."""

Named = tuple[int | None, int, int]
"""(task or None, dataset, metric), by their ids: what says on which board a claim stands."""


# A chunk of a listing settles hundreds of claims and rows: instances, of which each has fifty fields, took half of the time.


@dataclass(slots=True)
class _Stated:
    """A claim, as much of it as its row is made of: the fields of `_STATED_FIELDS`.

    Of a table's record `sha256` is the table's, `field` the column and `start` the record's number; `source` is the import of one that
    names no paper, and `day` what it gives as the day of its result.
    """

    pk: int
    paper: int | None
    withdrawn: bool
    """Whether the paper is, or the table."""
    sha256: str
    paper_text_id: int | None
    field: str
    start: int
    end: int
    ordinal: int
    kind: str
    role: str
    state: str
    retired_by_id: int | None
    dataset_id: int | None
    metric_id: int | None
    task_id: int | None
    ml_model_id: int | None
    model_name: str
    model_key: str
    variant: str
    setting: list[dict[str, str]]
    result_id: int | None
    source: int | None = None
    day: date | None = None


_OWN_FIELDS = tuple(
    name for name in _Stated.__annotations__ if name not in ("pk", "paper", "withdrawn", "sha256", "field", "start", "source", "day")
)
_STATED_FIELDS = (
    "pk",
    "paper_text__paper_id",
    "paper_text__paper__withdrawn",
    "paper_text__sha256",
    *(name for name in _Stated.__annotations__ if name not in ("pk", "paper", "withdrawn", "sha256", "source", "day")),
)


@dataclass(slots=True)
class _Row:
    """A row of a board, as much of it as claims settle."""

    pk: int
    benchmark: int
    ml_model_id: int | None
    model_name: str
    variant: str
    stated_day: date | None


class _Price(NamedTuple):
    """A cost, as much of it as says whose price it is: the fields of `_PRICE_FIELDS`."""

    pk: int
    paper_text_id: int
    role: str
    model_key: str
    variant: str
    measure: str
    field: str
    start: int
    end: int
    title: str
    abstract: str


_PRICE_FIELDS = (*_Price._fields[:-2], "paper_text__title", "paper_text__abstract")


def settle_papers(paper_ids: Iterable[int], *, record_ids: Iterable[int] = (), reworded: Collection[int] = ()) -> None:
    """Settle the rows that the statements of papers make, and of records of tables, and the boards that they stand on.

    The rows of `reworded` papers get the words of their conditions anew: the same statements were read otherwise. Part of the caller's
    transaction, which holds the papers' locks; those of the papers that the records name, too.
    """
    wanted, records = set(paper_ids), set(record_ids)
    if not wanted and not records:
        return
    touched: set[int] = set()
    results: set[int] = set()
    for some_papers, some_records in _in_parts(wanted, records):
        of_boards, of_rows = settle_rows(some_papers, some_records, reworded)
        touched |= of_boards
        results |= of_rows
    # So far only rows of the caller's own papers were written. What follows counts whole boards: two workers that settle the same
    # one take turns from here to the end of their transactions, in the order of the boards' ids, and the second counts the
    # rows of the first.
    boards = lock_boards(touched)
    settle_boards(boards, results)
    flagging.settle(boards, wanted)


def _in_parts(papers: set[int], records: set[int]) -> Iterator[tuple[set[int], set[int]]]:
    if len(papers) + len(records) <= SETTLED_AT_ONCE:
        yield papers, records
        return
    for some in batches(papers, PAPERS_AT_ONCE):
        yield set(some), set()
    for some in batches(records):
        yield set(), set(some)


def settle_rows(wanted: set[int], records: set[int], reworded: Collection[int] = ()) -> tuple[set[int], set[int]]:
    """Settle the rows and the costs of papers and records alone; return the boards and the rows that are to be settled then."""
    papers = sorted(wanted)
    records |= {record for (record,) in _fetch_records(papers)}
    claims = [_Stated(*values) for values in _fetch_stated(papers)]
    claims += _read_record_claims(records)
    _follow_merges(claims)
    before = {claim.result_id for claim in claims if claim.result_id is not None}
    known = _rows_of(wanted, claims)
    touched = {row.benchmark for row in known.values()}
    touched |= find_boards_of(before - {row.pk for row in known.values()})
    benchmarks = _find_benchmarks([claim for claim in claims if _names_a_row(claim)])
    touched |= set(benchmarks.values())
    known = _assign_results(claims, benchmarks, known, reworded)
    results = {row.pk for row in known.values()} | before
    _link_costs(wanted, claims)
    if records:
        # A table of costs alone has no row of its own, and touches the boards of others.
        touched |= find_boards_of(link_record_costs(records))
    return touched, results


@prepared_for_keys
def _fetch_records(papers: Sequence[Any]) -> QuerySet[SourceRecord, Any]:
    return SourceRecord.objects.filter(paper__pk__among=papers).values_list("pk")


@prepared_for_keys
def _fetch_stated(papers: Sequence[Any]) -> QuerySet[Claim, Any]:
    return Claim.objects.filter(paper_text__paper__pk__among=papers).order_by("pk").values_list(*_STATED_FIELDS)


def lock_boards(ids: Collection[int]) -> list[int]:
    """Lock boards until the transaction ends, and return their ids in order.

    The lock lets foreign keys pass: rows that point to a board are written without it.
    """
    boards = Benchmark.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    return list(boards.values_list("pk", flat=True))


def find_boards_of(results: set[int]) -> set[int]:
    found = (Result.objects.filter(pk__in=ids).values_list("benchmark_id", flat=True).distinct() for ids in batches(results))
    return {benchmark for benchmarks in found for benchmark in benchmarks}


_RECORD_FIELDS = (
    *("pk", "source_record_id", "source_record__paper_id", "source_record__source__listing__state", "source_record__source__sha256"),
    *("column", "source_record__number", "source_record__source_id", "source_record__last_day"),
)


def _read_record_claims(records: set[int]) -> list[_Stated]:
    """Return the claims of records, and those that stand in the same rows of tables: what a row is called is a matter of them all."""
    claims: list[_Stated] = []
    rows: set[int] = set()
    for ids in batches(records):
        for _, claim in _read_tabled(Q(source_record__in=ids)):
            claims.append(claim)
            if claim.result_id is not None and claim.source is not None:
                rows.add(claim.result_id)
    for ids in batches(rows):
        claims += [claim for record, claim in _read_tabled(Q(result__in=ids, source_record__isnull=False)) if record not in records]
    return claims


def _read_tabled(of_these: Q) -> Iterator[tuple[int, _Stated]]:
    for values in Claim.objects.filter(of_these).order_by("pk").values_list(*_RECORD_FIELDS, *_OWN_FIELDS):
        pk, record, paper, listing_state, sha256, column, number, source, day, *own = values
        fields: dict[str, Any] = dict(zip(_OWN_FIELDS, own, strict=True))
        place = {"sha256": sha256, "field": column, "start": number}
        whose = {"paper": paper, "source": source if paper is None else None, "withdrawn": listing_state == ListingState.WITHDRAWN}
        yield record or 0, _Stated(pk=pk, day=day, **place, **whose, **fields)


@transaction.atomic
def settle_papers_alone(paper_ids: Iterable[int]) -> None:
    """Settle papers in a transaction of their own, holding their locks as ingest and curation do."""
    settle_papers(paper.pk for paper in lock_papers(paper_ids))


def _names_a_row(claim: _Stated) -> bool:
    """Only an absolute claim with a dataset and a metric has a row."""
    return claim.kind == ClaimKind.ABSOLUTE and claim.dataset_id is not None and claim.metric_id is not None


def _stands(claim: _Stated) -> bool:
    return claim.state != CurationState.REJECTED and claim.retired_by_id is None


def _find_benchmarks(claims: Sequence[_Stated]) -> dict[int, int]:
    """Return the id of each claim's benchmark, by the claim's id; new ones are added."""
    named = {
        claim.pk: (claim.task_id, claim.dataset_id, claim.metric_id)
        for claim in claims
        if claim.metric_id is not None and claim.dataset_id is not None
    }
    found = find_boards(named.values())
    return {claim: found[names] for claim, names in named.items()}


def find_boards(named: Collection[Named]) -> dict[Named, int]:
    """Return the id of the benchmark of each (task or None, dataset, metric); new ones are added. Part of the caller's transaction.

    What a dataset or a metric stands for may have been merged since: then it is what that was merged into.
    """
    datasets = Dataset.objects.select_related("default_task").in_bulk({dataset for _, dataset, _ in named})
    metrics = Metric.objects.select_related("default_task").in_bulk({metric for _, _, metric in named})
    standing = Coalesce("task__merged_into", "task")
    defaults = {
        (dataset, family): task
        for dataset, family, task in DefaultTask.objects.filter(dataset__in=datasets).values_list("dataset_id", "family", standing)
    }
    pairs: dict[Named, tuple[int, int]] = {}
    unspecified: int | None = None
    for names in set(named):
        stated, dataset, metric = names[0], datasets[names[1]], metrics[names[2]]
        by_default = next((found for entry in (dataset, metric) if (found := _standing(entry.default_task)) is not None), None)
        task = stated or defaults.get((dataset.pk, metric.family)) or by_default or unspecified
        if task is None:
            task = unspecified = _unspecified_task().pk
        pairs[names] = (task, dataset.pk)
    known = _benchmarks_by_pair(set(pairs.values()))
    if missing := set(pairs.values()) - known.keys():
        tasks = Task.objects.in_bulk({task for task, _ in missing})
        Benchmark.objects.bulk_create(
            [
                Benchmark(
                    task_id=task,
                    dataset_id=dataset,
                    slug=_benchmark_slug(tasks[task], datasets[dataset]),
                    reviewed=_is_reviewed(tasks[task], datasets[dataset]),
                )
                for task, dataset in sorted(missing)
            ],
            ignore_conflicts=True,
        )
        added = _benchmarks_by_pair(missing)
        search_names.keep_benchmarks(added.values(), words=False)
        known |= added
    return {names: known[pair] for names, pair in pairs.items()}


_ENTRIES: Mapping[str, Any] = {"dataset": Dataset, "metric": Metric, "task": Task, "ml_model": MLModel}


def _follow_merges(claims: Sequence[_Stated]) -> None:
    """Let claims name what an entry was merged into that they name still: they were read, or set back, while it was merged."""
    if not _fetch_merged():
        return
    strays: dict[int, _Stated] = {}
    for name, table in _ENTRIES.items():
        field = f"{name}_id"
        roots: dict[int, int] = {}
        for ids in batches(pk for claim in claims if (pk := getattr(claim, field)) is not None):
            roots |= dict(table._default_manager.filter(pk__in=ids, merged_into__isnull=False).values_list("pk", "merged_into"))
        for claim in claims if roots else ():
            if getattr(claim, field) in roots:
                setattr(claim, field, roots[getattr(claim, field)])
                strays[claim.pk] = claim
    update_rows(strays.values(), list(_ENTRIES), table=Claim)


@prepared
def _fetch_merged() -> QuerySet[Any, Any]:
    """Any entry that was merged: most sites have none, and a decision need not look for what its claims name."""
    first: QuerySet[Any, Any]
    first, *others = (table._default_manager.filter(merged_into__isnull=False).values_list("pk") for table in _ENTRIES.values())
    return first.union(*others, all=True)[:1]


def _is_reviewed(task: Task, dataset: Dataset) -> bool:
    return task.reviewed and dataset.reviewed and task.name != UNSPECIFIED_TASK


def _unspecified_task() -> Task:
    return Task.objects.get_or_create(name=UNSPECIFIED_TASK, defaults={"slug": make_slug(UNSPECIFIED_TASK), "reviewed": True})[0]


def _benchmark_slug(task: Task, dataset: Dataset) -> str:
    slug = f"{task.slug}-on-{dataset.slug}"
    return slug if len(slug) <= 200 else f"{slug[:190]}-{keys.digest(slug)[:8]}"


def _benchmarks_by_pair(pairs: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found = Benchmark.objects.filter(task__in={task for task, _ in pairs}, dataset__in={dataset for _, dataset in pairs})
    return {(task, dataset): pk for task, dataset, pk in found.values_list("task_id", "dataset_id", "pk") if (task, dataset) in pairs}


def _assign_results(
    claims: Sequence[_Stated], benchmarks: Mapping[int, int], known: dict[_Identity, _Row], reworded: Collection[int]
) -> dict[_Identity, _Row]:
    """Make the rows that the claims name, and put the standing claims into theirs; not those of withdrawn papers and tables.

    Takes and returns the rows of the claims' papers. A hidden, withdrawn or rejected claim has its row, too, an empty one: which rows
    there are must not hang on which text of a paper was read first, and a row that comes back keeps its address.
    """
    identities: dict[int, _Identity] = {}
    firsts: dict[_Identity, _Stated] = {}
    texts: dict[int | None, set[int | None]] = defaultdict(set)
    for claim in sorted(claims, key=_precedence):
        if claim.pk in benchmarks:
            identity = _identity(claim, benchmarks[claim.pk])
            identities[claim.pk] = identity
            firsts.setdefault(identity, claim)
            texts[identity[1]].add(claim.paper_text_id)
    missing = {identity for identity in firsts if identity not in known}
    if missing:
        insert_rows(Result, [_make_result(identity, firsts[identity]) for identity in sorted(missing, key=str)])
        known = known | _rows_of({claim.paper for claim in firsts.values() if claim.paper is not None}, firsts.values())
    # Where a paper has several texts the words of the one that speaks now are shown.
    anew = {paper for paper, of_paper in texts.items() if paper is not None and (len(of_paper) > 1 or paper in reworded)}
    worded = {identity for identity in firsts if identity in missing or identity[1] in anew}
    _set_conditions({known[identity].pk: firsts[identity].setting for identity in worded})
    renamed = []
    for identity, claim in firsts.items():
        row = known[identity]
        fields = (claim.ml_model_id, claim.model_name, claim.variant, _stated_day(claim))
        if (row.ml_model_id, row.model_name, row.variant, row.stated_day) != fields:
            row.ml_model_id, row.model_name, row.variant, row.stated_day = fields
            renamed.append(row)
    update_rows(renamed, ["ml_model", "model_name", "variant", "stated_day"], table=Result)
    moved = []
    for claim in claims:
        shown = claim.pk in identities and _stands(claim) and not claim.withdrawn
        found = known[identities[claim.pk]].pk if shown else None
        if claim.result_id != found:
            claim.result_id = found
            moved.append(claim)
    update_rows(moved, ["result"], table=Claim)
    return known


def _precedence(claim: _Stated) -> tuple[bool, bool, str, str, int, int]:
    """Standing claims first, texts before tables, then by text and place: an order that does not hang on when a claim was read."""
    return (not _stands(claim), claim.paper_text_id is None, claim.sha256, claim.field, claim.start, claim.ordinal)


def _identity(claim: _Stated, benchmark: int) -> _Identity:
    setting = keys.setting_key((c["kind"], keys.condition_key(c["value"])) for c in claim.setting)
    return (benchmark, claim.paper, claim.source, claim.model_key, _variant_key(claim.variant), setting, claim.role)


def _stated_day(claim: _Stated) -> date | None:
    """Return the day of a row without a paper, as its record gives it."""
    return claim.day if claim.paper is None else None


def _variant_key(variant: str) -> str:
    return keys.name_key(variant) if variant else ""


def _make_result(identity: _Identity, claim: _Stated) -> dict[str, object]:
    benchmark, paper, source, model_key, variant_key, setting_key, role = identity
    return {
        "benchmark_id": benchmark,
        "paper_id": paper,
        "source_id": source,
        "ml_model_id": claim.ml_model_id,
        "model_name": claim.model_name,
        "model_key": model_key,
        "variant": claim.variant,
        "variant_key": variant_key,
        "setting_key": setting_key,
        "role": role,
        "stated_day": _stated_day(claim),
    }


_ROW_FIELDS = (
    *("benchmark_id", "paper_id", "source_id", "model_key", "variant_key", "setting_key", "role"),
    *("pk", "ml_model_id", "model_name", "variant", "stated_day"),
)
"""The fields of an `_Identity`, then those of a `_Row`."""


def _rows_of(papers: set[int], claims: Iterable[_Stated]) -> dict[_Identity, _Row]:
    """Return the rows that papers have, and those of tables that the claims may stand in."""
    models: dict[int, set[str]] = defaultdict(set)
    for claim in claims:
        if claim.source is not None:
            models[claim.source].add(claim.model_key)
    rows = _fetch_rows_of(sorted(papers))
    for source, names in models.items():
        for some in batches(names):
            rows += Result.objects.filter(paper__isnull=True, source=source, model_key__in=some).values_list(*_ROW_FIELDS)
    return {
        (values[0], values[1], values[2], values[3], values[4], values[5], values[6]): _Row(values[7], values[0], *values[8:])
        for values in rows
    }


@prepared_for_keys
def _fetch_rows_of(papers: Sequence[Any]) -> QuerySet[Result, Any]:
    return Result.objects.filter(paper__pk__among=papers).values_list(*_ROW_FIELDS)


def _set_conditions(settings: Mapping[int, list[dict[str, str]]]) -> None:
    """Give each row its conditions, in the words of its own claim."""
    wanted = {(c["kind"], keys.condition_key(c["value"])): c["value"] for setting in settings.values() for c in setting}
    if not wanted:
        return
    Condition.objects.bulk_create([Condition(kind=kind, key=key, value=key) for kind, key in sorted(wanted)], ignore_conflicts=True)
    found = {(row.kind, row.key): row.pk for row in Condition.objects.filter(key__in={key for _, key in wanted})}
    words = {
        (result, found[c["kind"], keys.condition_key(c["value"])]): c["text"]
        for result, setting in settings.items()
        for c in reversed(setting)
    }
    insert_rows(
        ResultCondition,
        [{"result_id": result, "condition_id": condition, "text": text[:300]} for (result, condition), text in sorted(words.items())],
        unique_fields=["result", "condition"],
        update_fields=["text"],
    )


def _link_costs(paper_ids: set[int], claims: Sequence[_Stated]) -> None:
    """Link each standing cost of the papers to the rows of their claims whose price it is: same text, role, model and variant.

    A cost that names no variant belongs to the rows without one, else to the only variant there is. A cost of the model itself
    (parameters) holds in all its settings; another one in the row of the same sentence, else in the only row there is.
    """
    papers = sorted(paper_ids)
    rows: dict[tuple[int | None, str], list[_Stated]] = defaultdict(list)
    for claim in claims:
        if claim.result_id is not None:
            rows[claim.paper_text_id, claim.role].append(claim)
    wanted: set[tuple[int, int]] = set()
    for cost in map(_Price._make, _fetch_prices(papers)):
        priced = _priced_claims(cost, rows[cost.paper_text_id, cost.role])
        wanted |= {(claim.result_id, cost.pk) for claim in priced if claim.result_id is not None}
    present = {(result, cost): (pk, by) for result, cost, pk, by in _fetch_links(papers)}
    gone = [pk for pair, (pk, by) in present.items() if pair not in wanted and by == LinkedBy.RULE]
    if gone:
        CostLink.objects.filter(pk__in=gone).delete()
    # A link that a person untied is present and stays untied.
    insert_rows(CostLink, [{"result_id": result, "cost_id": cost} for result, cost in sorted(wanted - present.keys())])


@prepared_for_keys
def _fetch_prices(papers: Sequence[Any]) -> QuerySet[Cost, Any]:
    costs = Cost.objects.standing().filter(paper_text__paper__pk__among=papers).exclude(kind=ClaimKind.DELTA)
    return costs.order_by("pk").values_list(*_PRICE_FIELDS)


@prepared_for_keys
def _fetch_links(papers: Sequence[Any]) -> QuerySet[CostLink, Any]:
    return CostLink.objects.filter(cost__paper_text__paper__pk__among=papers).values_list("result_id", "cost_id", "pk", "linked_by")


class _RecordPrice(NamedTuple):
    """A cost that a record states: what finding its rows needs."""

    pk: int
    record: int
    collection: str
    model: str
    resolution: str
    stands: bool


def link_record_costs(records: set[int]) -> set[int]:
    """Link the costs of records to the rows whose price they are; return the rows that have, or had, one of these costs, or lost another.

    A cost is that of its own record's rows. A record that states no score belongs to the rows of all tables of its collection that
    have its model and its resolution; the other tables may come before it or after.
    """
    prices = _read_record_prices(Q(source_record__in=ids) for ids in batches(records))
    models: dict[str, set[str]] = defaultdict(set)
    for ids in batches(records):
        named = Claim.objects.filter(source_record__in=ids).exclude(model_key="").exclude(source_record__source__collection="")
        for collection, model in named.order_by().values_list("source_record__source__collection", "model_key").distinct():
            models[collection].add(model)
    for collection, names in models.items():
        of_costs_alone = Q(source_record__source__collection=collection, source_record__claims__isnull=True)
        prices |= _read_record_prices(of_costs_alone & Q(model_key__in=some) for some in batches(names))
    rows = _read_priced_rows(prices.values())
    wanted = {(result, price.pk) for price in prices.values() if price.stands for result in rows.get(price.pk, ())}
    present = {
        (link.result_id, link.cost_id): link for ids in batches(prices) for link in CostLink.objects.filter(cost__in=ids).order_by("pk")
    }
    gone = [pair for pair, link in present.items() if pair not in wanted and link.linked_by == LinkedBy.RULE]
    for ids in batches(present[pair].pk for pair in gone):
        CostLink.objects.filter(pk__in=ids).delete()
    fresh = sorted(wanted - present.keys())
    insert_rows(CostLink, [{"result_id": result, "cost_id": cost} for result, cost in fresh])
    # A link that stays may be that of a cost which was just decided on.
    return {result for result, cost in present if prices[cost].record in records} | {result for result, _ in (*gone, *fresh)}


_RECORD_PRICE_FIELDS = (
    *("pk", "source_record_id", "source_record__source__collection", "model_key", "setting"),
    *("state", "kind", "retired_by_id", "source_record__source__listing__state"),
)


def _read_record_prices(conditions: Iterable[Q]) -> dict[int, _RecordPrice]:
    found: dict[int, _RecordPrice] = {}
    for condition in conditions:
        costs = Cost.objects.filter(condition).order_by().values_list(*_RECORD_PRICE_FIELDS)
        for pk, record, collection, model, setting, state, kind, retired_by, listing_state in costs:
            stands = state != CurationState.REJECTED and retired_by is None and kind != ClaimKind.DELTA
            stands = stands and listing_state != ListingState.WITHDRAWN
            found[pk] = _RecordPrice(pk, record or 0, collection or "", model, _resolution(setting), stands)
    return found


def _read_priced_rows(prices: Iterable[_RecordPrice]) -> dict[int, set[int]]:
    """Return the rows of each price, by the cost's id."""
    prices = list(prices)
    own: dict[int, set[int]] = defaultdict(set)
    scored: set[int] = set()
    for ids in batches(price.record for price in prices):
        for record, result in Claim.objects.filter(source_record__in=ids).values_list("source_record_id", "result_id"):
            scored.add(record or 0)
            if result is not None:
                own[record or 0].add(result)
    alone = [price for price in prices if price.record not in scored and price.collection and price.model]
    joined: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for collection in {price.collection for price in alone}:
        for some in batches(price.model for price in alone if price.collection == collection):
            claims = Claim.objects.filter(source_record__source__collection=collection, model_key__in=some, result__isnull=False)
            for model, setting, result in claims.order_by().values_list("model_key", "setting", "result_id"):
                joined[collection, model, _resolution(setting)].add(result or 0)
    return {price.pk: own[price.record] if price.record in scored else joined[price[2:5]] for price in prices}


def _resolution(setting: Iterable[Mapping[str, str]]) -> str:
    return next((keys.condition_key(c["value"]) for c in setting if c["kind"] == ConditionKind.RESOLUTION), "")


def _priced_claims(cost: _Price, claims: Sequence[_Stated]) -> list[_Stated]:
    names = {claim.model_key for claim in claims}
    # A price of "our method" beside a single named model is that model's.
    model = cost.model_key if cost.model_key in names else (next(iter(names)) if not cost.model_key and len(names) == 1 else None)
    same = [claim for claim in claims if claim.model_key == model]
    variants = {_variant_key(claim.variant) for claim in same}
    wanted = _variant_key(cost.variant)
    if wanted not in variants:
        if wanted or len(variants) != 1:
            return []
        wanted = next(iter(variants))
    same = [claim for claim in same if _variant_key(claim.variant) == wanted]
    if cost.measure in INTRINSIC_MEASURES:
        return same
    near = [claim for claim in same if _in_one_sentence(cost, claim)]
    return near or (same if len({claim.result_id for claim in same}) == 1 else [])


def _in_one_sentence(cost: _Price, claim: _Stated) -> bool:
    if cost.field != claim.field:
        return False
    first, second = sorted([(cost.start, cost.end), (claim.start, claim.end)])
    text = cost.title if cost.field == "title" else cost.abstract
    return _SENTENCE_END.search(text, first[1], max(first[1], second[0])) is None


def settle_boards(ids: Sequence[int], results: set[int], *, tells_news: bool = True) -> None:
    """Settle columns, shown values, leaders and versions of the boards, for `results` and whatever a moved column touches.

    Part of the caller's transaction, which holds the boards' locks. Where known numbers come to stand on another board, a record there
    is no news to tell.
    """
    top = _top_metrics()
    named = ("task__primary_metric", "dataset__default_metric", "dataset__default_task")
    boards = {b.pk: b for b in Benchmark.objects.filter(pk__in=ids).select_related(*named)}
    used: dict[int, Counter[Metric]] = defaultdict(Counter)
    counted = _fetch_counts(ids)
    metrics = Metric.objects.in_bulk({metric for _, metric, _ in counted})
    for pk, metric_id, count in counted:
        used[pk][metrics[metric_id]] = count
    listed = {(dataset, task): metric for dataset, task, metric in _fetch_primaries(ids)}
    present: dict[int, dict[int, int]] = defaultdict(dict)
    for board, metric_id, column in _fetch_columns(ids):
        present[board][metric_id] = column
    columns: dict[int, dict[int, int]] = {}
    moved: list[int] = []
    rechosen: list[Benchmark] = []
    reranked: set[int] = set()
    for pk, benchmark in boards.items():
        columns[pk] = {metric.pk: _column(metric, benchmark, top).pk for metric in used[pk]}
        benchmark.reviewed = benchmark.reviewed or _is_reviewed(benchmark.task, benchmark.dataset)
        if benchmark.chosen_by == LinkedBy.RULE:
            primary = _primary(benchmark, columns[pk], used[pk], listed)
            if benchmark.primary_metric_id != primary:
                if benchmark.primary_metric_id is not None:
                    reranked.add(pk)
                benchmark.primary_metric_id = primary
                rechosen.append(benchmark)
        if any(columns[pk].get(metric, column) != column for metric, column in present[pk].items()):
            moved.append(pk)
    update_rows(rechosen, ["primary_metric"])
    for pk in boards:
        if gone := present[pk].keys() - columns[pk].keys():
            BenchmarkMetric.objects.filter(benchmark=pk, metric__in=gone).delete()
        BenchmarkMetric.objects.bulk_create(
            [BenchmarkMetric(benchmark_id=pk, metric_id=m, column_id=c) for m, c in sorted(columns[pk].items()) if present[pk].get(m) != c],
            update_conflicts=True,
            unique_fields=["benchmark", "metric"],
            update_fields=["column"],
        )
    if moved:
        results |= set(Result.objects.filter(benchmark__in=moved).values_list("pk", flat=True))
    for some in batches(results, SETTLED_AT_ONCE):
        _settle_values(set(some), columns)
    _settle_leaders(boards, reranked if tells_news else boards.keys())


@prepared_for_keys
def _fetch_counts(boards: Sequence[Any]) -> QuerySet[Claim, Any]:
    """How many claims of a board are in a metric."""
    claims = Claim.objects.filter(result__benchmark__pk__among=boards).order_by()
    return claims.values_list("result__benchmark_id", "metric_id").annotate(claims=Count("pk"))


@prepared_for_keys
def _fetch_primaries(boards: Sequence[Any]) -> QuerySet[DefaultPrimary, Any]:
    standing = Coalesce("task__merged_into", "task"), Coalesce("metric__merged_into", "metric")
    return DefaultPrimary.objects.filter(dataset__benchmarks__pk__among=boards).values_list("dataset_id", *standing)


@prepared_for_keys
def _fetch_columns(boards: Sequence[Any]) -> QuerySet[BenchmarkMetric, Any]:
    return BenchmarkMetric.objects.filter(benchmark__pk__among=boards).values_list("benchmark_id", "metric_id", "column_id")


def find_columns(board_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """Return in which column each metric stands that the claims of the boards have, by the board and the metric."""
    boards = Benchmark.objects.select_related("dataset").in_bulk(board_ids)
    stated = set(Claim.objects.filter(result__benchmark__in=boards).order_by().values_list("result__benchmark_id", "metric_id").distinct())
    metrics = Metric.objects.in_bulk({metric for _, metric in stated})
    top = _top_metrics()
    columns: dict[int, dict[int, int]] = {pk: {} for pk in boards}
    for pk, metric in stated:
        columns[pk][metric] = _column(metrics[metric], boards[pk], top).pk
    return columns


def _top_metrics() -> dict[str, Metric]:
    return {metric.name: metric for metric in Metric.objects.filter(name__in=SINGLE_LABEL_COLUMNS.values(), merged_into__isnull=True)}


def _column(metric: Metric, benchmark: Benchmark, top: Mapping[str, Metric]) -> Metric:
    target = SINGLE_LABEL_COLUMNS.get(metric.name, "") if benchmark.dataset.single_label else ""
    return top.get(target, metric)


def _primary(
    benchmark: Benchmark, columns: Mapping[int, int], used: Mapping[Metric, int], listed: Mapping[tuple[int, int], int]
) -> int | None:
    """Return the metric that the board ranks by: what the catalogue says if enough claims are in it, else what most are in."""
    counts: Counter[int] = Counter()
    names: dict[int, str] = {}
    for metric, count in used.items():
        counts[columns[metric.pk]] += count
        names.setdefault(columns[metric.pk], metric.name)
    task, dataset = benchmark.task, benchmark.dataset
    preferred = [
        listed.get((dataset.pk, task.pk)),
        _standing(dataset.default_metric) if _standing(dataset.default_task) == task.pk else None,
        _standing(task.primary_metric),
    ]
    if not counts:
        return next((wanted for wanted in preferred if wanted is not None), None)
    for wanted in preferred:
        # A metric that hardly any row has would leave nearly the whole board without a rank.
        if wanted is not None and counts[columns.get(wanted, wanted)] * 3 >= max(counts.values()):
            return columns.get(wanted, wanted)
    return min(counts, key=lambda column: (-counts[column], names[column]))


def _standing(entry: Task | Metric | None) -> int | None:
    """Return the id of an entry, or of what it was merged into."""
    return None if entry is None else entry.merged_into_id or entry.pk


_FIRST_STATED = (
    *("-field", "start", "source_record__source__sha256", "source_record__number"),
    *("column", "ordinal", "pk"),
)
"""Texts in their order, tables in one that doesn't hang on when they came."""


def settle_values(boards: Sequence[int], results: set[int]) -> None:
    """Settle what rows of the boards show under each metric. Part of the caller's transaction, which holds the boards' locks."""
    columns: dict[int, dict[int, int]] = {pk: {} for pk in boards}
    for board, metric, column in _fetch_columns(boards):
        columns[board][metric] = column
    _settle_values(results, columns)


def _settle_values(results: set[int], columns: Mapping[int, Mapping[int, int]]) -> None:
    """Choose what each row shows under each metric: the curator's choice, else what the current text states, else accepted,
    else the most exact, else the first."""
    claims: dict[tuple[int, int], list[_Candidate]] = defaultdict(list)
    rows = sorted(results)
    for board, result, metric, *values in _fetch_candidates(rows):
        claims[result, columns[board][metric]].append(_Candidate(*values))
    present = {(result, metric): tuple(shown) for result, metric, *shown in _fetch_shown(rows)}
    if gone := [pk for cell, (pk, *_) in present.items() if cell not in claims]:
        ResultValue.objects.filter(pk__in=any_of(gone)).delete()
    fresh, changed = [], []
    for cell, candidates in claims.items():
        known, claim, others, conflicts, by = present.get(cell, (None,) * 5)
        chosen = next((c for c in candidates if by == LinkedBy.PERSON and c.pk == claim), None)
        shown = chosen or min(candidates, key=_preference)
        conflicting = sum(_contradicts(candidate, shown) for candidate in candidates) if len(candidates) > 1 else 0
        settled = (shown.pk, len(candidates) - 1, conflicting, LinkedBy.PERSON if chosen else LinkedBy.RULE)
        if known is None:
            fresh.append(dict(zip(("result_id", "metric_id", *_SHOWN_FIELDS), (*cell, *settled), strict=True)))
        elif (claim, others, conflicts, by) != settled:
            changed.append((known, *settled))
    set_values(ResultValue, ["claim", "others", "conflicts", "chosen_by"], changed)
    insert_rows(ResultValue, fresh)


_SHOWN_FIELDS = ("claim_id", "others", "conflicts", "chosen_by")


class _Candidate(NamedTuple):
    """A claim that a row may show: the fields of `_CANDIDATE_FIELDS`."""

    pk: int
    text: int | None
    current_text: int | None
    state: str
    qualifier: str
    value_max: float | None
    decimals: int
    value: float
    canonical_value: float | None


_CANDIDATE_FIELDS = (
    *("pk", "paper_text_id", "paper_text__paper__current_text_id"),
    *("state", "qualifier", "value_max", "decimals", "value", "canonical_value"),
)


@prepared_for_keys
def _fetch_candidates(rows: Sequence[Any]) -> QuerySet[Claim, Any]:
    stated = Claim.objects.filter(result__pk__among=rows, metric__isnull=False).order_by(*_FIRST_STATED)
    return stated.values_list("result__benchmark_id", "result_id", "metric_id", *_CANDIDATE_FIELDS)


@prepared_for_keys
def _fetch_shown(rows: Sequence[Any]) -> QuerySet[ResultValue, Any]:
    return ResultValue.objects.filter(result__pk__among=rows).values_list("result_id", "metric_id", "pk", *_SHOWN_FIELDS)


def _contradicts(claim: _Candidate, shown: _Candidate) -> bool:
    """Say whether two numbers of one cell can't both be right: stated exactly, and not the same to the coarser of their precisions."""
    if any(number.qualifier != Qualifier.EXACT or number.value_max is not None for number in (claim, shown)):
        return False
    return ranking.differ(
        ranking.precise(claim.value, claim.canonical_value, claim.decimals),
        ranking.precise(shown.value, shown.canonical_value, shown.decimals),
    )


def _preference(claim: _Candidate) -> tuple[bool, bool, tuple[int, int]]:
    """What the paper states now comes before what only an older text of it states, then accepted, then the most exact."""
    outdated = claim.text is not None and claim.current_text != claim.text
    exact = ranking.exactness(qualifier=Qualifier(claim.qualifier), value_max=claim.value_max, decimals=claim.decimals)
    return outdated, claim.state != CurationState.ACCEPTED, exact


def _settle_leaders(boards: Mapping[int, Benchmark], reranked: Collection[int]) -> None:
    """Settle row counts, leaders, records and contenders, and bump the versions: whatever is cached of these boards is stale now.

    Who wants to hear of new records is told of them; not of `reranked` boards, whose numbers were held against others until now.
    """
    counts = {pk: (rows, accepted_rows) for pk, rows, accepted_rows in _count_rows(sorted(boards))}
    new = records.settle(boards.values(), accepted=[boards[pk] for pk, (_, accepted_rows) in counts.items() if accepted_rows])
    contenders.settle(boards.values())
    now = timezone.now()
    for pk, benchmark in boards.items():
        benchmark.row_count, benchmark.accepted_row_count = counts.get(pk, (0, 0))
        benchmark.version += 1
        benchmark.changed = now
    update_rows(
        boards.values(),
        ["reviewed", "row_count", "accepted_row_count", "leader", "accepted_leader", "version", "changed"],
    )
    webhooks.note_records([record for record in new if record.benchmark not in reranked], boards)


@prepared_for_keys
def _count_rows(boards: Sequence[Any]) -> QuerySet[ResultValue, Any]:
    """How many rows of a board have a number of their own, and how many one that was accepted."""
    accepted = Q(claim__state=CurationState.ACCEPTED)
    return (
        ResultValue.objects.filter(records.OWN, result__benchmark__pk__among=boards)
        .order_by()
        .values_list("result__benchmark_id")
        .annotate(rows=Count("result", distinct=True), accepted_rows=Count("result", distinct=True, filter=accepted))
    )
