"""Rows of boards as results of evaluation tables: numbers as texts under the names of their columns, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from claims.boards import brings_extra_data
from claims.boards.standings import visible_links
from claims.models import Result, ResultCondition, ResultValue, SourceRecord
from claims.services.exports import format_number, name_cost
from claims.terms import ClaimKind, CurationState

_RECORD = ("claim__source_record__source__listing",)


def write_results(ids: Sequence[int], ranks: Mapping[int, int | None], request: Request) -> list[dict[str, Any]]:
    """Return the results with these keys, in their order. `ranks` are those on their boards; what ranks nowhere is not in it, or None.

    What was rejected since the keys were read has no number any more, and is left out.
    """
    results = Result.objects.select_related("benchmark__primary_metric", "paper").in_bulk(ids)
    metrics, records = _read_metrics(ids)
    _add_costs(metrics, ids)
    conditions: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    worded = ResultCondition.objects.filter(result__in=ids).order_by("condition__kind", "condition__key")
    for pk, kind, key, text in worded.values_list("result_id", "condition__kind", "condition__key", "text"):
        conditions[pk].append((kind, key, text))
    return [
        _write(results[pk], metrics[pk], conditions[pk], rank=ranks.get(pk), record=records.get(pk), request=request)
        for pk in ids
        if pk in results and pk in metrics
    ]


def _write(
    result: Result,
    metrics: Mapping[str, str],
    conditions: Sequence[tuple[str, str, str]],
    *,
    rank: int | None,
    record: SourceRecord | None,
    request: Request,
) -> dict[str, Any]:
    paper, primary = result.paper, result.benchmark.primary_metric
    model = " ".join(filter(None, [result.model_name, f"({result.variant})" if result.variant else ""]))
    day = paper.last_day if paper is not None else result.stated_day
    source = record.get_absolute_url() if record is not None else ""
    return {
        "id": result.public_id,
        "best_rank": rank,
        "metrics": metrics,
        "methodology": model or (paper.title if paper is not None else ""),
        "uses_additional_data": any(brings_extra_data(kind, key) for kind, key, _ in conditions),
        "paper": paper.public_id if paper is not None else None,
        "best_metric": primary.name if primary is not None and primary.name in metrics else None,
        "evaluated_on": day.isoformat() if day is not None else None,
        "external_source_url": request.build_absolute_uri(source) if source else None,
        # An addition, as in evaluation tables: without it, numbers on other terms would look alike.
        "conditions": [text for _, _, text in conditions],
    }


def _read_metrics(ids: Sequence[int]) -> tuple[dict[int, dict[str, str]], dict[int, SourceRecord]]:
    """Return the scores of rows, by the names of their columns, and the records of tables that state them: one query."""
    states = [CurationState.ACCEPTED, *([CurationState.UNREVIEWED] if settings.SHOW_UNREVIEWED else [])]
    shown = ResultValue.objects.filter(result__in=ids, claim__retired_by__isnull=True, claim__state__in=states)
    shown = shown.select_related("metric", "claim__metric", *_RECORD).defer("claim__source_record__raw").order_by("metric__name", "pk")
    metrics: dict[int, dict[str, str]] = {}
    records: dict[int, SourceRecord] = {}
    for value in shown:
        claim, column = value.claim, value.metric
        text = format_number(claim, column.name, among_others=True)
        metrics.setdefault(value.result_id, {})[column.name] = f"{text}%" if column.unit == "%" and not text.endswith("%") else text
        if claim.source_record is not None:
            records.setdefault(value.result_id, claim.source_record)
    return metrics, records


def _add_costs(metrics: Mapping[int, dict[str, str]], ids: Sequence[int]) -> None:
    links = visible_links(unreviewed=settings.SHOW_UNREVIEWED).filter(result__in=ids, cost__kind=ClaimKind.ABSOLUTE)
    links = links.filter(cost__canonical_value__isnull=False).select_related("cost")
    for link in links.order_by("cost__measure", "cost__condition", "cost"):
        cost = link.cost
        if (of_row := metrics.get(link.result_id)) is not None:
            column = name_cost(cost.measure, cost.condition)
            of_row.setdefault(column, format_number(cost, column))
