"""Plain functions that make rows for tests. Everything has a default; name what the test is about."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterable
from datetime import date
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.utils.text import slugify

from claims import keys
from claims.models import (
    Area,
    Benchmark,
    BenchmarkMetric,
    Claim,
    Condition,
    Cost,
    CostLink,
    Dataset,
    Import,
    Listing,
    ListingEntry,
    Metric,
    MLModel,
    Paper,
    PaperText,
    Result,
    ResultCondition,
    ResultValue,
    Run,
    RunText,
    SourceRecord,
    Task,
    Webhook,
)
from claims.terms import SUBSCRIBED_EVENTS, ClaimKind, CostMeasure, CurationState, DateSource, DecidedBy, Direction, RejectReason, Role

_numbers = itertools.count(1)


def make_user(name: str = "reader", *permissions: str, **fields: Any) -> User:
    """Return a user with the named permissions of the claims app ("upload_listing")."""
    user = User.objects.create_user(name, password="secret", **fields)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="claims", codename__in=permissions))
    return user


def make_groups() -> None:
    """Make the groups that the migrations make: emptying the database between tests takes them away."""
    editor = SimpleNamespace(connection=connection)
    import_module("claims.migrations.0024_groups").make_groups(apps, editor)
    import_module("claims.migrations.0029_admin_groups").give_permissions(apps, editor)


def make_member(name: str, *groups: str, **fields: Any) -> User:
    """Return a user in groups ("curator")."""
    make_groups()
    user = User.objects.create_user(name, password="secret", **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def make_metric(name: str = "Top-1 accuracy", *, unit: str = "%", direction: Direction = Direction.HIGHER, **fields: Any) -> Metric:
    slug = fields.pop("slug", slugify(name))
    metric, _ = Metric.objects.get_or_create(
        slug=slug, defaults={"name": name, "unit": unit, "direction": direction, "reviewed": True, **fields}
    )
    return metric


def make_benchmark(
    task: str = "Image Classification", dataset: str = "ImageNet-1K", *, metric: Metric | None = None, area: str = "Vision", **fields: Any
) -> Benchmark:
    metric = metric or make_metric()
    of_area, _ = Area.objects.get_or_create(slug=slugify(area), defaults={"name": area})
    of_task, _ = Task.objects.get_or_create(slug=slugify(task), defaults={"name": task, "area": of_area, "reviewed": True})
    of_dataset, _ = Dataset.objects.get_or_create(
        slug=slugify(dataset), defaults={"name": dataset, "reviewed": True, "default_metric": metric}
    )
    fields = {"slug": f"{of_task.slug}-on-{of_dataset.slug}", "primary_metric": metric, "reviewed": True, **fields}
    benchmark = Benchmark.objects.create(task=of_task, dataset=of_dataset, **fields)
    if benchmark.primary_metric is not None:
        BenchmarkMetric.objects.create(benchmark=benchmark, metric=metric, column=metric)
    return benchmark


def add_metric(benchmark: Benchmark, metric: Metric, *, column: Metric | None = None) -> Metric:
    """Let the board read `metric`, in its own column or in another's."""
    BenchmarkMetric.objects.get_or_create(benchmark=benchmark, metric=metric, defaults={"column": column or metric})
    return metric


def make_paper(
    title: str = "", *, abstract: str = "An abstract without a number.", day: date | None = date(2022, 3, 10), **fields: Any
) -> Paper:
    """Return a paper with its one text as the current one."""
    title = title or f"A paper about method {next(_numbers)}"
    dated = {"first_day": day, "last_day": day, "date_source": DateSource.STATED} if day else {}
    paper = Paper.objects.create(**{"title": title, "title_key": keys.title_key(title), **dated, **fields})
    paper.current_text = make_text(paper, abstract=abstract)
    paper.save(update_fields=["current_text"])
    return paper


def make_text(paper: Paper, *, title: str = "", abstract: str = "") -> PaperText:
    title = title or paper.title
    return PaperText.objects.create(paper=paper, title=title, abstract=abstract, sha256=keys.text_sha256(title, abstract))


def make_result(benchmark: Benchmark, paper: Paper | None, model: str = "", **fields: Any) -> Result:
    """Return a row. `conditions` are (kind, value, text)."""
    worded = [(make_condition(kind, value), text) for kind, value, text in fields.pop("conditions", [])]
    conditions = [condition for condition, _ in worded]
    if model and "ml_model" not in fields:
        fields["ml_model"], _ = MLModel.objects.get_or_create(
            name_key=keys.name_key(model), introduced_by=paper, defaults={"name": model, "slug": f"model-{next(_numbers)}"}
        )
    variant = fields.get("variant", "")
    row = {
        "role": Role.PROPOSED,
        "model_name": model,
        "model_key": keys.name_key(model) if model else "",
        "variant_key": keys.name_key(variant) if variant else "",
        "setting_key": keys.setting_key((condition.kind, condition.key) for condition in conditions),
    }
    result = Result.objects.create(benchmark=benchmark, paper=paper, **{**row, **fields})
    ResultCondition.objects.bulk_create([ResultCondition(result=result, condition=condition, text=text) for condition, text in worded])
    return result


def make_condition(kind: str, value: str) -> Condition:
    condition, _ = Condition.objects.get_or_create(kind=kind, key=keys.condition_key(value), defaults={"value": value})
    return condition


def place(text: PaperText, number: str, *, field: str = "abstract") -> dict[str, Any]:
    """Return where `number` stands in the text, with its sentence as the evidence."""
    part = text.part(field)
    start = part.index(number)
    first = part.rfind(". ", 0, start)
    last = part.find(". ", start + len(number))
    return {
        "paper_text": text,
        "field": field,
        "start": start,
        "end": start + len(number),
        "evidence_start": 0 if first < 0 else first + 2,
        "evidence_end": len(part) if last < 0 else last + 1,
        "stated": number,
    }


def _stated(number: str) -> dict[str, Any]:
    found = re.search(r"\d+(?:\.\d+)?", number)
    digits = found[0] if found else "0"
    return {"value": float(digits), "decimals": len(digits.partition(".")[2]), "unit": "%" if "%" in number else ""}


def _decided(fields: dict[str, Any]) -> dict[str, Any]:
    if fields.get("state", CurationState.UNREVIEWED) != CurationState.UNREVIEWED:
        fields.setdefault("decided_by", DecidedBy.PERSON)
    if fields.get("state") == CurationState.REJECTED:
        fields.setdefault("reject_reason", RejectReason.NOT_A_RESULT)
    if fields.get("tier"):
        fields.setdefault("tier_link", "https://example.org/checked")
    return fields


def make_claim(
    number: str = "86.2%",
    *,
    benchmark: Benchmark | None = None,
    metric: Metric | None = None,
    paper: Paper | None = None,
    result: Result | None = None,
    model: str = "SampleNet",
    on_board: bool = True,
    settled: bool = True,
    **fields: Any,
) -> Claim:
    """Return a claim that stands in a sentence of its own paper and, if `on_board`, in a row of its board.

    Who adds many lets the board be `settled` after the last of them: it is done in the time of all its rows.
    """
    benchmark = benchmark or (result.benchmark if result else make_benchmark())
    metric = metric or benchmark.primary_metric
    assert metric is not None
    if paper is None:
        paper = result.paper if result else None
    if paper is None:
        abstract = f"We describe {model}. It reaches {number} {metric.name} on {benchmark.dataset.name}. That is all."
        paper = make_paper(abstract=abstract)
    assert paper.current_text is not None
    row = {"kind": ClaimKind.ABSOLUTE, "role": Role.PROPOSED, "model_name": model, "confidence": 0.9, "rules": ["score"]}
    row |= {} if "start" in fields else place(paper.current_text, number, field=fields.get("field", "abstract"))
    row |= _stated(number) | {
        "metric": metric,
        "dataset": benchmark.dataset,
        "metric_name": metric.name,
        "dataset_name": benchmark.dataset.name,
    }
    row |= _decided(fields)
    if "canonical_value" not in row and row["kind"] == ClaimKind.ABSOLUTE:
        row |= {"canonical_value": row["value"], "canonical_max": row.get("value_max")}
    shown = row["kind"] == ClaimKind.ABSOLUTE and row.get("state") != CurationState.REJECTED
    if on_board and shown:
        row["result"] = result or make_result(benchmark, paper, model, role=row["role"])
    claim = Claim.objects.create(**row)
    if claim.result is not None:
        column = BenchmarkMetric.objects.get(benchmark=benchmark, metric=metric).column
        ResultValue.objects.get_or_create(result=claim.result, metric=column, defaults={"claim": claim})
        if settled:
            settle(benchmark)
    return claim


def make_cost(
    number: str = "21M",
    *,
    paper: Paper,
    result: Result | None = None,
    measure: CostMeasure = CostMeasure.PARAMETERS,
    value: float = 21e6,
    **fields: Any,
) -> Cost:
    """Return a cost, tied to `result` if there is one."""
    assert paper.current_text is not None
    row: dict[str, Any] = {"kind": ClaimKind.ABSOLUTE, "role": Role.PROPOSED, "measure": measure, "value": value, "confidence": 0.8}
    row |= place(paper.current_text, number, field=fields.get("field", "abstract")) | _decided(fields)
    if "canonical_value" not in row and row["kind"] == ClaimKind.ABSOLUTE:
        row["canonical_value"] = value
    cost = Cost.objects.create(**row)
    if result is not None:
        CostLink.objects.create(result=result, cost=cost)
    return cost


def make_imported_row(
    benchmark: Benchmark,
    model: str,
    number: str,
    costs: dict[CostMeasure, float] | None = None,
    *,
    variant: str = "",
    source: str = "results",
) -> Result:
    """Return a row of an import: its numbers come from a record, not from a sentence. Costs are stated in millions."""
    assert benchmark.primary_metric is not None
    table, _ = Import.objects.get_or_create(name=source, defaults={"sha256": keys.digest(source), "format": "csv"})
    record = SourceRecord.objects.create(source=table, number=next(_numbers), raw={"model": model})
    result = make_result(benchmark, None, model, variant=variant, source=table)
    stated = {"source_record": record, "kind": ClaimKind.ABSOLUTE, "role": Role.PROPOSED, "model_name": model, "confidence": 1.0}
    claim = Claim.objects.create(
        **stated,
        **_stated(number) | {"unit": "%"},
        column="value",
        stated=number,
        canonical_value=float(number),
        metric=benchmark.primary_metric,
        dataset=benchmark.dataset,
        result=result,
    )
    ResultValue.objects.create(result=result, metric=benchmark.primary_metric, claim=claim)
    for measure, value in (costs or {}).items():
        number = f"{value / 1e6:g}"
        cost = Cost.objects.create(
            **stated,
            column=measure.value,
            stated=f"{number}M",
            value=value,
            decimals=len(number.partition(".")[2]),
            canonical_value=value,
            measure=measure,
        )
        CostLink.objects.create(result=result, cost=cost)
    return result


def make_crowd(
    benchmark: Benchmark, rows: Iterable[tuple[str, float, float]], *, measure: CostMeasure = CostMeasure.PARAMETERS, source: str = "crowd"
) -> None:
    """Add many rows of one import, each a name, a score and a cost, in a few statements."""
    assert benchmark.primary_metric is not None
    table, _ = Import.objects.get_or_create(name=source, defaults={"sha256": keys.digest(source), "format": "csv"})
    crowd = [(model, f"{score:.3f}", price, next(_numbers)) for model, score, price in rows]
    records = SourceRecord.objects.bulk_create(
        SourceRecord(source=table, number=number, raw={"model": model}) for model, _, _, number in crowd
    )
    models = MLModel.objects.bulk_create(
        MLModel(name=model, name_key=keys.name_key(model), slug=f"model-{number}") for model, _, _, number in crowd
    )
    results = Result.objects.bulk_create(
        Result(
            benchmark=benchmark,
            source=table,
            role=Role.PROPOSED,
            ml_model=ml_model,
            model_name=ml_model.name,
            model_key=ml_model.name_key,
            setting_key=keys.setting_key([]),
        )
        for ml_model in models
    )
    stated: dict[str, Any] = {"kind": ClaimKind.ABSOLUTE, "role": Role.PROPOSED, "confidence": 1.0}
    claims = Claim.objects.bulk_create(
        Claim(
            **stated,
            **_stated(score) | {"unit": "%"},
            source_record=record,
            model_name=model,
            column="value",
            stated=score,
            canonical_value=float(score),
            metric=benchmark.primary_metric,
            dataset=benchmark.dataset,
            result=result,
        )
        for (model, score, _, _), record, result in zip(crowd, records, results, strict=True)
    )
    ResultValue.objects.bulk_create(
        ResultValue(result=result, metric=benchmark.primary_metric, claim=claim) for result, claim in zip(results, claims, strict=True)
    )
    costs = Cost.objects.bulk_create(
        Cost(
            **stated,
            source_record=record,
            model_name=model,
            column=measure.value,
            stated=f"{price / 1e6:.2f}M",
            value=price,
            decimals=2,
            canonical_value=price,
            measure=measure,
        )
        for (model, _, price, _), record in zip(crowd, records, strict=True)
    )
    CostLink.objects.bulk_create(CostLink(result=result, cost=cost) for result, cost in zip(results, costs, strict=True))


def settle(benchmark: Benchmark) -> None:
    """Set what the home page reads of a board: its count and its leaders, by the primary metric."""
    values = ResultValue.objects.filter(
        result__benchmark=benchmark, metric=benchmark.primary_metric, result__role=Role.PROPOSED
    ).select_related("claim")
    lower = benchmark.primary_metric is not None and benchmark.primary_metric.direction == Direction.LOWER
    claims = sorted((value.claim for value in values), key=lambda claim: claim.value, reverse=not lower)
    accepted = [claim for claim in claims if claim.state == CurationState.ACCEPTED]
    rows = Result.objects.filter(benchmark=benchmark).own().with_values()
    benchmark.row_count = rows.count()
    benchmark.accepted_row_count = rows.filter(values_shown__claim__state=CurationState.ACCEPTED).distinct().count()
    benchmark.leader = claims[0] if claims else None
    benchmark.accepted_leader = accepted[0] if accepted else None
    benchmark.save()


def make_board(rows: int = 3, *, benchmark: Benchmark | None = None) -> Benchmark:
    """Return a board of `rows` papers, each with a row of its own, a cost and a date."""
    benchmark = benchmark or make_benchmark()
    for number in range(rows):
        score, model = f"{60 + number * 0.5:.1f}%", f"SampleNet-{number}"
        paper = make_paper(
            f"{model}: a paper, {next(_numbers)}",
            abstract=f"It reaches {score} top-1 accuracy with {number + 5}M parameters.",
            day=date(2020, 1, 1 + number % 28),
        )
        result = make_result(benchmark, paper, model)
        make_claim(score, result=result, paper=paper, model=model, settled=number == rows - 1)
        make_cost(f"{number + 5}M", paper=paper, result=result, value=(number + 5) * 1e6)
    return benchmark


def make_listing(name: str = "papers.txt", *papers: Paper, **fields: Any) -> Listing:
    """Return a listing that holds `papers` in this order."""
    row = {
        "sha256": keys.digest(name, str(next(_numbers))),
        "size": 1000,
        "format": "text-lines",
        "actor": "tests",
        "entry_count": len(papers),
    }
    listing = Listing.objects.create(name=name, **{**row, **fields})
    for position, paper in enumerate(papers):
        assert paper.current_text is not None
        ListingEntry.objects.create(
            listing=listing, paper_text=paper.current_text, position=position, first_line=position * 3 + 3, last_line=position * 3 + 5
        )
    return listing


def make_reading(paper: Paper, untaken: list[list[Any]]) -> RunText:
    """Let a run have read the paper's text and left `untaken`: [field, start, end, reason]."""
    run, _ = Run.objects.get_or_create(extractor_version="1.0.0", vocabulary_hash="0" * 64)
    assert paper.current_text is not None
    return RunText.objects.create(run=run, paper_text=paper.current_text, untaken=untaken)


def make_webhook(url: str = "https://example.org/hooks", *, owner: User | None = None, **fields: Any) -> Webhook:
    """Return a webhook for all events, without a look at its address."""
    owner = owner or User.objects.filter(username="owner").first() or make_user("owner", "upload_listing")
    row = {"events": [event.value for event in SUBSCRIBED_EVENTS], "secret": f"whsec_{base64.b64encode(b'a secret of a test').decode()}"}
    return Webhook.objects.create(owner=owner, url=url, **{**row, **fields})
