"""A board as JSON: columns, facets, front, and a page of rows. Written without a serializer's call for each of thousands of cells."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.reverse import reverse

from claims import boards
from claims.api.pagination import read_size
from claims.models import Benchmark

PAGE_SIZE = 50


def as_json(benchmark: Benchmark, request: Request) -> dict[str, Any]:
    """Return the board that the request's parameters ask for.

    Raises `UnknownFilterError` for parameters that the board doesn't know.
    """
    query = request.GET.copy()
    size = read_size(query.get("page_size"))
    query.pop("page_size", None)
    board = boards.read_board(benchmark, query, page_size=size, opened="")
    further = request.GET.copy()
    further["page"] = str(board.page + 1)
    here = request.build_absolute_uri(request.path)
    return {
        "slug": benchmark.slug,
        "task": _reference(benchmark.task),
        "dataset": _reference(benchmark.dataset),
        "version": benchmark.version,
        "changed": benchmark.changed,
        "page": request.build_absolute_uri(benchmark.get_absolute_url()),
        "as_of": board.as_of,
        "shown": board.shown,
        "total": board.total,
        "hidden_unreviewed": board.hidden_unreviewed,
        "columns": [_column(column) for column in board.columns],
        "facets": {
            name: [{"value": facet.value, "label": facet.label, "count": facet.count, "chosen": facet.chosen} for facet in facets]
            for name, facets in (("setting", board.settings), ("role", board.roles), ("year", board.years), ("state", board.states))
        },
        "front": _front(board),
        "next": f"{here}?{further.urlencode()}" if board.page < board.pages else None,
        "rows": [_row(row, request) for row in board.rows],
    }


def _reference(entry: Any) -> dict[str, str]:
    return {"slug": entry.slug, "name": entry.name}


def _column(column: boards.Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "label": column.label,
        "unit": column.unit,
        "direction": column.direction,
        "is_cost": column.is_cost,
        "is_primary": column.is_primary,
        "count": column.count,
        "best": column.best,
    }


def _front(board: boards.Board) -> dict[str, Any] | None:
    if board.tradeoff is None or board.tradeoff.cost is None:
        return None
    return {"metric": board.tradeoff.metric.key, "cost": board.tradeoff.measure, "rows": [row.public_id for row in board.tradeoff.front]}


def _row(row: boards.Row, request: Request) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "rank": row.rank,
        "tied": row.tied,
        "on_front": row.on_front,
        "model": {"slug": row.model_slug or None, "name": row.model} if row.named else None,
        "variant": row.variant or None,
        "role": row.role,
        "setting": [{"kind": kind, "key": key, "text": text} for kind, key, text in row.conditions],
        "state": row.state,
        "in_conflict": row.in_conflict,
        "paper": {"id": row.paper_public_id, "title": row.paper_title} if row.paper_public_id else None,
        "date": row.day or None,
        "code_url": row.code_url or None,
        "scores": {key: _number(cell, request) for key, cell in row.cells.items()},
        "costs": {key: _number(cell, request) for key, cell in row.costs.items()},
    }


def _number(cell: boards.Cell, request: Request) -> dict[str, Any]:
    kind = "cost" if cell.measure else "claim"
    return {
        "id": cell.public_id,
        "url": reverse(f"api:{kind}", args=[cell.public_id], request=request),
        "value": cell.value if cell.canonical_value is None else cell.canonical_value,
        "stated": cell.stated,
        "decimals": cell.decimals,
        "qualifier": cell.qualifier,
        "state": cell.state,
        "confidence": cell.confidence,
    }
