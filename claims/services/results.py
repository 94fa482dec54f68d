"""Builds the rows of the boards from claims. The only place that sets a claim's result or links a cost by rule.

Everything here is a function of what stands in the database: settling twice, or in another order, gives the same boards.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from claims import keys, ranking
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
    Paper,
    Result,
    ResultCondition,
    ResultValue,
    Task,
)
from claims.services.catalog import UNSPECIFIED_TASK, make_slug
from claims.terms import ClaimKind, CostMeasure, CurationState, Direction, LinkedBy, Qualifier, Role

SINGLE_LABEL_COLUMNS = {"Accuracy": "Top-1 accuracy"}
"""On a single-label classification set these metrics are the same thing: the first stands in the second's column."""

INTRINSIC_MEASURES = {CostMeasure.PARAMETERS, CostMeasure.MODEL_SIZE, CostMeasure.STORAGE}
"""Costs of the model itself: they hold in every setting. Any other holds where the text ties it to the score."""

_SENTENCE_END = re.compile(r"[.!?][)\"'”]?\s+(?=[A-Z(\"“])")

_Identity = tuple[int, int | None, int | None, str, str, str, str]
"""(benchmark, paper, import, model key, variant key, setting key, role)."""


def settle_papers(paper_ids: Iterable[int]) -> None:
    """Settle the rows that the papers' statements make, and the boards that they stand on. Part of the caller's transaction."""
    wanted = set(paper_ids)
    if not wanted:
        return
    claims = list(
        Claim.objects.filter(paper_text__paper__in=wanted).select_related("paper_text", "dataset", "metric", "task").order_by("pk")
    )
    before = {claim.result_id for claim in claims if claim.result_id is not None}
    touched = set(Result.objects.filter(pk__in=before).values_list("benchmark_id", flat=True))
    touched |= set(Result.objects.filter(paper__in=wanted).values_list("benchmark_id", flat=True))
    benchmarks = _find_benchmarks([claim for claim in claims if _names_a_row(claim)])
    touched |= {benchmark.pk for benchmark in benchmarks.values()}
    # Two workers that settle the same board take turns from here on, in the order of the boards' ids.
    locked = list(Benchmark.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=touched).order_by("pk"))
    withdrawn = set(Paper.objects.filter(pk__in=wanted, withdrawn=True).values_list("pk", flat=True))
    _assign_results(claims, benchmarks, withdrawn)
    results = set(Result.objects.filter(paper__in=wanted).values_list("pk", flat=True)) | before
    _link_costs(wanted)
    _settle_boards(locked, results)


@transaction.atomic
def settle_papers_alone(paper_ids: Iterable[int]) -> None:
    """Settle papers in a transaction of their own, holding their locks as ingest and curation do."""
    locked = list(Paper.objects.select_for_update().filter(pk__in=set(paper_ids)).order_by("pk").values_list("pk", flat=True))
    settle_papers(locked)


def _names_a_row(claim: Claim) -> bool:
    """Only an absolute claim with a dataset and a metric has a row."""
    return claim.kind == ClaimKind.ABSOLUTE and claim.dataset_id is not None and claim.metric_id is not None


def _stands(claim: Claim) -> bool:
    return claim.state != CurationState.REJECTED and claim.retired_by_id is None


def _find_benchmarks(claims: Sequence[Claim]) -> dict[int, Benchmark]:
    """Return the benchmark of each claim, by the claim's id; new ones are added."""
    datasets: dict[int, Dataset] = {}
    for claim in claims:
        if claim.dataset is not None:
            datasets[claim.dataset.pk] = claim.dataset
    defaults = {(row.dataset_id, row.family): row.task_id for row in DefaultTask.objects.filter(dataset__in=datasets)}
    pairs: dict[int, tuple[int, int]] = {}
    unspecified: int | None = None
    for claim in claims:
        metric, dataset = claim.metric, claim.dataset
        if metric is None or dataset is None:
            continue
        task = (
            claim.task_id or defaults.get((dataset.pk, metric.family)) or dataset.default_task_id or metric.default_task_id or unspecified
        )
        if task is None:
            task = unspecified = _unspecified_task().pk
        pairs[claim.pk] = (task, dataset.pk)
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
        known |= _benchmarks_by_pair(missing)
    return {claim: known[pair] for claim, pair in pairs.items()}


def _is_reviewed(task: Task, dataset: Dataset) -> bool:
    return task.reviewed and dataset.reviewed and task.name != UNSPECIFIED_TASK


def _unspecified_task() -> Task:
    return Task.objects.get_or_create(name=UNSPECIFIED_TASK, defaults={"slug": make_slug(UNSPECIFIED_TASK), "reviewed": True})[0]


def _benchmark_slug(task: Task, dataset: Dataset) -> str:
    slug = f"{task.slug}-on-{dataset.slug}"
    return slug if len(slug) <= 200 else f"{slug[:190]}-{keys.digest(slug)[:8]}"


def _benchmarks_by_pair(pairs: set[tuple[int, int]]) -> dict[tuple[int, int], Benchmark]:
    found = Benchmark.objects.filter(task__in={task for task, _ in pairs}, dataset__in={dataset for _, dataset in pairs})
    return {(row.task_id, row.dataset_id): row for row in found if (row.task_id, row.dataset_id) in pairs}


def _assign_results(claims: Sequence[Claim], benchmarks: Mapping[int, Benchmark], withdrawn: set[int]) -> None:
    """Make the rows that the claims name, and put the standing claims into theirs; not those of papers that are `withdrawn`.

    A hidden, withdrawn or rejected claim has its row, too, an empty one: which rows there are must not hang on which text of a paper was
    read first, and a row that comes back keeps its address.
    """
    identities: dict[int, _Identity] = {}
    firsts: dict[_Identity, Claim] = {}
    texts: dict[int | None, set[int | None]] = defaultdict(set)
    for claim in sorted(claims, key=_precedence):
        if claim.pk in benchmarks:
            identity = _identity(claim, benchmarks[claim.pk])
            identities[claim.pk] = identity
            firsts.setdefault(identity, claim)
            texts[identity[1]].add(claim.paper_text_id)
    papers = {identity[1] for identity in firsts}
    known = _results_by_identity(papers)
    missing = {identity for identity in firsts if identity not in known}
    if missing:
        Result.objects.bulk_create(
            [_make_result(identity, firsts[identity]) for identity in sorted(missing, key=str)], ignore_conflicts=True
        )
        known = _results_by_identity(papers)
    # Where a paper has several texts the words of the one that speaks now are shown.
    worded = {identity for identity in firsts if identity in missing or len(texts[identity[1]]) > 1}
    _set_conditions({known[identity].pk: firsts[identity].setting for identity in worded})
    renamed = []
    for identity, claim in firsts.items():
        result = known[identity]
        if (result.ml_model_id, result.model_name, result.variant) != (claim.ml_model_id, claim.model_name, claim.variant):
            result.ml_model_id, result.model_name, result.variant = claim.ml_model_id, claim.model_name, claim.variant
            renamed.append(result)
    Result.objects.bulk_update(renamed, ["ml_model", "model_name", "variant"], batch_size=500)
    moved = []
    for claim in claims:
        shown = claim.pk in identities and _stands(claim) and identities[claim.pk][1] not in withdrawn
        found = known[identities[claim.pk]].pk if shown else None
        if claim.result_id != found:
            claim.result_id = found
            moved.append(claim)
    Claim.objects.filter(pk__in=[claim.pk for claim in moved if claim.result_id is None]).update(result=None)
    Claim.objects.bulk_update([claim for claim in moved if claim.result_id is not None], ["result"], batch_size=500)


def _precedence(claim: Claim) -> tuple[bool, str, str, int, int]:
    """Standing claims first, then by text and place: an order that does not hang on when a claim was read."""
    return (not _stands(claim), claim.paper_text.sha256 if claim.paper_text else "", claim.field, claim.start, claim.ordinal)


def _identity(claim: Claim, benchmark: Benchmark) -> _Identity:
    paper = claim.paper_text.paper_id if claim.paper_text else None
    setting = keys.setting_key((c["kind"], keys.condition_key(c["value"])) for c in claim.setting)
    return (benchmark.pk, paper, None, claim.model_key, _variant_key(claim.variant), setting, claim.role)


def _variant_key(variant: str) -> str:
    return keys.name_key(variant) if variant else ""


def _make_result(identity: _Identity, claim: Claim) -> Result:
    benchmark, paper, source, model_key, variant_key, setting_key, role = identity
    return Result(
        benchmark_id=benchmark,
        paper_id=paper,
        source_id=source,
        ml_model_id=claim.ml_model_id,
        model_name=claim.model_name,
        model_key=model_key,
        variant=claim.variant,
        variant_key=variant_key,
        setting_key=setting_key,
        role=role,
    )


def _results_by_identity(papers: set[int | None]) -> dict[_Identity, Result]:
    return {
        (row.benchmark_id, row.paper_id, None, row.model_key, row.variant_key, row.setting_key, row.role): row
        for row in Result.objects.filter(paper__in=papers)
    }


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
    ResultCondition.objects.bulk_create(
        [ResultCondition(result_id=result, condition_id=condition, text=text[:300]) for (result, condition), text in sorted(words.items())],
        update_conflicts=True,
        unique_fields=["result", "condition"],
        update_fields=["text"],
    )


def _link_costs(paper_ids: set[int]) -> None:
    """Link each standing cost to the rows whose price it is: same text, role, model and variant.

    A cost that names no variant belongs to the rows without one, else to the only variant there is. A cost of the model itself
    (parameters) holds in all its settings; another one in the row of the same sentence, else in the only row there is.
    """
    costs = (
        Cost.objects.standing().filter(paper_text__paper__in=paper_ids).exclude(kind="delta").select_related("paper_text").order_by("pk")
    )
    rows: dict[tuple[int, str], list[Claim]] = defaultdict(list)
    for claim in Claim.objects.filter(paper_text__paper__in=paper_ids, result__isnull=False).select_related("result").order_by("pk"):
        rows[claim.paper_text_id or 0, claim.role].append(claim)
    wanted: set[tuple[int, int]] = set()
    for cost in costs:
        claims = _priced_claims(cost, rows[cost.paper_text_id or 0, cost.role])
        wanted |= {(claim.result_id, cost.pk) for claim in claims if claim.result_id is not None}
    present = {
        (link.result_id, link.cost_id): link for link in CostLink.objects.filter(cost__paper_text__paper__in=paper_ids).order_by("pk")
    }
    gone = [link.pk for pair, link in present.items() if pair not in wanted and link.linked_by == LinkedBy.RULE]
    CostLink.objects.filter(pk__in=gone).delete()
    # A link that a person untied is present and stays untied.
    CostLink.objects.bulk_create(
        [CostLink(result_id=result, cost_id=cost) for result, cost in sorted(wanted - present.keys())], ignore_conflicts=True
    )


def _priced_claims(cost: Cost, claims: Sequence[Claim]) -> list[Claim]:
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


def _in_one_sentence(cost: Cost, claim: Claim) -> bool:
    if cost.field != claim.field or cost.paper_text is None:
        return False
    first, second = sorted([(cost.start, cost.end), (claim.start, claim.end)])
    return _SENTENCE_END.search(cost.paper_text.part(cost.field), first[1], max(first[1], second[0])) is None


def _settle_boards(benchmarks: Sequence[Benchmark], results: set[int]) -> None:
    """Settle columns, shown values, leaders and versions of the boards, for `results` and whatever a moved column touches."""
    top = {metric.name: metric for metric in Metric.objects.filter(name__in=SINGLE_LABEL_COLUMNS.values(), merged_into__isnull=True)}
    ids = [benchmark.pk for benchmark in benchmarks]
    boards = {b.pk: b for b in Benchmark.objects.filter(pk__in=ids).select_related("task", "dataset")}
    used: dict[int, Counter[Metric]] = defaultdict(Counter)
    counted = list(
        Claim.objects.filter(result__benchmark__in=ids)
        .order_by()
        .values_list("result__benchmark_id", "metric_id")
        .annotate(claims=Count("pk"))
    )
    metrics = Metric.objects.in_bulk({metric for _, metric, _ in counted})
    for pk, metric_id, count in counted:
        used[pk][metrics[metric_id]] = count
    listed = {(row.dataset_id, row.task_id): row.metric_id for row in DefaultPrimary.objects.filter(dataset__benchmarks__in=ids)}
    present: dict[int, dict[int, int]] = defaultdict(dict)
    for row in BenchmarkMetric.objects.filter(benchmark__in=ids):
        present[row.benchmark_id][row.metric_id] = row.column_id
    columns: dict[int, dict[int, int]] = {}
    moved: list[int] = []
    for pk, benchmark in boards.items():
        columns[pk] = {metric.pk: _column(metric, benchmark, top).pk for metric in used[pk]}
        benchmark.reviewed = benchmark.reviewed or _is_reviewed(benchmark.task, benchmark.dataset)
        if benchmark.chosen_by == LinkedBy.RULE:
            benchmark.primary_metric_id = _primary(benchmark, columns[pk], used[pk], listed)
        if any(columns[pk].get(metric, column) != column for metric, column in present[pk].items()):
            moved.append(pk)
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
    _settle_values(results, columns)
    _settle_leaders(boards)


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
    preferred = [
        listed.get((benchmark.dataset_id, benchmark.task_id)),
        benchmark.dataset.default_metric_id if benchmark.dataset.default_task_id == benchmark.task_id else None,
        benchmark.task.primary_metric_id,
    ]
    if not counts:
        return next((wanted for wanted in preferred if wanted is not None), None)
    for wanted in preferred:
        # A metric that hardly any row has would leave nearly the whole board without a rank.
        if wanted is not None and counts[columns.get(wanted, wanted)] * 3 >= max(counts.values()):
            return columns.get(wanted, wanted)
    return min(counts, key=lambda column: (-counts[column], names[column]))


def _settle_values(results: set[int], columns: Mapping[int, Mapping[int, int]]) -> None:
    """Choose what each row shows under each metric: the curator's choice, else what the current text states, else accepted,
    else the most exact, else the first."""
    claims: dict[tuple[int, int], list[Claim]] = defaultdict(list)
    boards = dict(Result.objects.filter(pk__in=results).values_list("pk", "benchmark_id"))
    for claim in Claim.objects.filter(result__in=results).select_related("paper_text__paper").order_by("-field", "start", "ordinal", "pk"):
        if claim.result_id is not None and claim.metric_id is not None:
            claims[claim.result_id, columns[boards[claim.result_id]][claim.metric_id]].append(claim)
    present = {(value.result_id, value.metric_id): value for value in ResultValue.objects.filter(result__in=results)}
    ResultValue.objects.filter(pk__in=[value.pk for cell, value in present.items() if cell not in claims]).delete()
    fresh = []
    for cell, candidates in claims.items():
        value = present.get(cell)
        chosen = next((c for c in candidates if value and value.chosen_by == LinkedBy.PERSON and c.pk == value.claim_id), None)
        shown = chosen or min(candidates, key=_preference)
        by = LinkedBy.PERSON if chosen else LinkedBy.RULE
        if value is None or (value.claim_id, value.others, value.chosen_by) != (shown.pk, len(candidates) - 1, by):
            fresh.append(ResultValue(result_id=cell[0], metric_id=cell[1], claim=shown, others=len(candidates) - 1, chosen_by=by))
    ResultValue.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["result", "metric"], update_fields=["claim", "others", "chosen_by"], batch_size=500
    )


def _preference(claim: Claim) -> tuple[bool, bool, tuple[int, int]]:
    """What the paper states now comes before what only an older text of it states, then accepted, then the most exact."""
    text = claim.paper_text
    outdated = text is not None and text.paper.current_text_id != text.pk
    exact = ranking.exactness(qualifier=Qualifier(claim.qualifier), value_max=claim.value_max, decimals=claim.decimals)
    return outdated, claim.state != CurationState.ACCEPTED, exact


class _Standing(NamedTuple):
    """A number that its row shows: what counting and leading need of it, in the order of `_STANDING_FIELDS`."""

    benchmark: int
    result: int
    metric: int
    claim: int
    state: str
    qualifier: str
    value: float
    value_max: float | None
    canonical_value: float | None
    canonical_max: float | None
    day: date | None
    model: str
    title: str | None
    variant: str
    public_id: str


_STANDING_FIELDS = (
    "result__benchmark_id",
    "result_id",
    "metric_id",
    "claim_id",
    "claim__state",
    "claim__qualifier",
    "claim__value",
    "claim__value_max",
    "claim__canonical_value",
    "claim__canonical_max",
    "result__paper__last_day",
    "result__model_name",
    "result__paper__title",
    "result__variant",
    "result__public_id",
)


def _settle_leaders(boards: Mapping[int, Benchmark]) -> None:
    """Settle row counts and leaders, and bump the versions: whatever is cached of these boards is stale now."""
    primaries = {benchmark.primary_metric_id for benchmark in boards.values() if benchmark.primary_metric_id is not None}
    directions = {pk: Direction(word) for pk, word in Metric.objects.filter(pk__in=primaries).values_list("pk", "direction")}
    standing: dict[int, list[_Standing]] = defaultdict(list)
    own = Q(result__role=Role.PROPOSED) | Q(result__paper__isnull=True)
    for values in ResultValue.objects.filter(own, result__benchmark__in=boards).values_list(*_STANDING_FIELDS):
        standing[values[0]].append(_Standing(*values))
    now = timezone.now()
    for pk, benchmark in boards.items():
        direction = directions.get(benchmark.primary_metric_id or 0, Direction.UNKNOWN)
        accepted = [number for number in standing[pk] if number.state == CurationState.ACCEPTED]
        benchmark.row_count = len({number.result for number in standing[pk]})
        benchmark.accepted_row_count = len({number.result for number in accepted})
        benchmark.leader_id = _leader(standing[pk], benchmark.primary_metric_id, direction)
        benchmark.accepted_leader_id = _leader(accepted, benchmark.primary_metric_id, direction)
        benchmark.version += 1
        benchmark.changed = now
    Benchmark.objects.bulk_update(
        boards.values(),
        ["primary_metric", "reviewed", "row_count", "accepted_row_count", "leader", "accepted_leader", "version", "changed"],
        batch_size=200,
    )


def _leader(numbers: Sequence[_Standing], metric: int | None, direction: Direction) -> int | None:
    def ranks_by(number: _Standing) -> float:
        if number.canonical_value is None:
            return ranking.ranking_value(number.value, number.value_max, direction)
        return ranking.ranking_value(number.canonical_value, number.canonical_max, direction)

    leading = [number for number in numbers if number.metric == metric and ranking.leads(Qualifier(number.qualifier), direction)]
    leading.sort(key=lambda number: ranking.tie_key(number.day, number.model or number.title or "", number.variant, number.public_id))
    best = ranking.best(leading, ranks_by, direction)
    return best.claim if best is not None else None
