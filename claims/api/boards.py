"""A board as JSON: columns, facets, front, and a page of rows. Written without a serializer's call for each of thousands of cells.

The serializers here describe it for the contract; the tests hold what is written against what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from claims import boards
from claims.api.base import read_names
from claims.api.caching import make_etag
from claims.api.pagination import digest_of, read_cursor, read_size, write_cursor
from claims.api.serializers import Condition, NamedModel, Reference
from claims.errors import UnknownFilterError
from claims.filters import COMPARED_MEASURES, BoardFilterSet
from claims.models import Benchmark
from claims.terms import CurationState, Direction, Qualifier, Role, RowTier, Tier

BoardFilters = BoardFilterSet
OF_THE_PAGE = ("page", "density", "chart", "size", "colour", "row", "open")
"""What a board's page is told, and means nothing here."""
OF_THE_LIST = ("cursor", "page_size", "fields")
"""What lists are told, and the FilterSet does not see."""


def etag_of(versions: boards.Versions, request: Request) -> str:
    """Return the ETag of what the request asks of a board: it depends on the board's version, which every change of its rows moves."""
    return make_etag(*versions, settings.SHOW_UNREVIEWED, request.get_host(), request.scheme, request.GET.urlencode())


_KNOWN = frozenset({*BoardFilters.base_filters, *BoardFilters.reserved, *OF_THE_LIST}) - frozenset(OF_THE_PAGE)


def asks_what_is_known(request: Request) -> bool:
    """Whether all parameters are a board's: what can't be asked is no answer that somebody has already."""
    return all(name in _KNOWN or (name[:4] in ("min_", "max_") and name[4:] in COMPARED_MEASURES) for name in request.GET)


def as_json(benchmark: Benchmark, request: Request) -> dict[str, Any]:
    """Return the board that the request's parameters ask for.

    Raises `UnknownFilterError` for parameters that the board doesn't know.
    """
    query = request.GET.copy()
    if unknown := next((name for name in OF_THE_PAGE if name in query), None):
        raise UnknownFilterError(f"“{unknown}” is of a board's page, and means nothing here.", field=unknown)
    size, digest = read_size(query.get("page_size")), digest_of(request)
    place = read_cursor(query.get("cursor"), digest, str, int)
    wanted = read_names(request, "fields")
    for name in OF_THE_LIST:
        query.pop(name, None)
    if wanted is not None and (unknown := next((name for name in wanted if name not in MEMBERS), None)):
        raise UnknownFilterError(f"A row has no member “{unknown[:60]}”. There are {', '.join(MEMBERS)}.", field="fields")
    board = boards.read_board(benchmark, query, page_size=size, opened="", behind=boards.Behind(*place) if place else None, plain=True)
    columns = [column for column in board.columns if not board.chosen_columns or column.key in board.chosen_columns]
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
        "columns": [_column(column) for column in columns],
        "facets": {
            name: [{"value": facet.value, "label": facet.label, "count": facet.count, "chosen": facet.chosen} for facet in facets]
            for name, facets in (
                ("setting", board.settings),
                ("role", board.roles),
                ("year", board.years),
                ("state", board.states),
                ("tier", board.tiers),
            )
        },
        "front": _front(board),
        "next": _next(board, request, size, digest),
        "rows": _rows(board, columns, wanted, request),
    }


def _next(board: boards.Board, request: Request, size: int, digest: str) -> str | None:
    end = board.begin + size
    if end >= board.shown or not board.rows:
        return None
    query = request.GET.copy()
    query["cursor"] = write_cursor(digest, board.rows[-1].public_id, end)
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


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


def _rows(board: boards.Board, columns: Sequence[boards.Column], wanted: Sequence[str] | None, request: Request) -> list[dict[str, Any]]:
    # Each number's address differs in its id alone: made once, not hundreds of times.
    addresses = {kind: reverse(f"api:{kind}-detail", args=["0"], request=request)[:-2] for kind in ("claims", "costs")}
    keys = {column.key for column in columns}
    rows = [_row(row, keys, addresses) for row in board.rows]
    return rows if wanted is None else [{name: row[name] for name in MEMBERS if name in wanted} for row in rows]


def _row(row: boards.Row, keys: set[str], addresses: dict[str, str]) -> dict[str, Any]:
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
        "tier": row.tier,
        "in_conflict": row.in_conflict,
        "paper": {"id": row.paper_public_id, "title": row.paper_title} if row.paper_public_id else None,
        "date": row.day or None,
        "code_url": row.code_url or None,
        "scores": {key: _number(cell, addresses["claims"]) for key, cell in row.cells.items() if key in keys},
        "costs": {key: _number(cell, addresses["costs"]) for key, cell in row.costs.items() if key in keys},
    }


def _number(cell: boards.Cell, address: str) -> dict[str, Any]:
    return {
        "id": cell.public_id,
        "url": f"{address}{cell.public_id}/",
        "value": cell.value if cell.canonical_value is None else cell.canonical_value,
        "value_max": cell.value_max if cell.canonical_value is None else cell.canonical_max,
        "stated": cell.stated,
        "decimals": cell.decimals,
        "qualifier": cell.qualifier,
        "state": cell.state,
        "tier": cell.tier or None,
        "confidence": cell.confidence,
    }


# ---- what it looks like, for the contract ----


def _text(help_text: str, **options: Any) -> Any:
    return serializers.CharField(help_text=help_text, **options)


def _count(help_text: str, **options: Any) -> Any:
    return serializers.IntegerField(help_text=help_text, **options)


def _flag(help_text: str) -> Any:
    return serializers.BooleanField(help_text=help_text)


class BoardColumn(serializers.Serializer[Any]):
    """A column of a board: a metric, or a cost under one condition."""

    key = _text("Its name in `scores` or `costs`, in `sort` and in `column`.")
    label = _text("Its name for people.")
    unit = _text("The unit of its numbers; '' for a bare number.")
    direction = serializers.ChoiceField([each.value for each in Direction], help_text="Which numbers are better.")
    is_cost = _flag("Whether it is a cost.")
    is_primary = _flag("Whether the board ranks by it.")
    count = _count("How many of the rows that pass the filters have a number in it.")
    best = serializers.FloatField(
        allow_null=True, help_text="The best number of the ranking rows, null where no number is better than another."
    )


class BoardFacet(serializers.Serializer[Any]):
    """A value that rows can be filtered by."""

    value = _text("The parameter's value.")
    label = _text("The value for people.")
    count = _count("How many rows have it.")
    chosen = _flag("Whether the query asks for it.")


class BoardFacets(serializers.Serializer[Any]):
    """What rows can be filtered by, each with how many rows have it, whatever else is chosen."""

    setting = BoardFacet(many=True)
    role = BoardFacet(many=True)
    year = BoardFacet(many=True)
    state = BoardFacet(many=True)
    tier = BoardFacet(many=True)


class BoardFront(serializers.Serializer[Any]):
    """The rows that no other row beats on both the primary metric and a cost."""

    metric = _text("The key of the metric.")
    cost = _text("The key of the cost.")
    rows = serializers.ListField(child=serializers.CharField(), help_text="The ids of the rows, the cheapest first.")


class BoardNumber(serializers.Serializer[Any]):
    """The number that a row shows in a column, in the column's unit."""

    id = _text("The id of the claim or cost.")
    url = serializers.URLField(help_text="Where the claim or cost is, with its sentence.")
    value = serializers.FloatField(help_text="The number, or the lower end of a range.")
    value_max = serializers.FloatField(allow_null=True, help_text="The upper end of a range, else null.")
    stated = _text("The number's own characters.")
    decimals = _count("How many decimals are stated.")
    qualifier = serializers.ChoiceField([each.value for each in Qualifier], help_text="“=” exact, “~” about, bounds else.")
    state = serializers.ChoiceField(
        [CurationState.ACCEPTED.value, CurationState.UNREVIEWED.value], help_text="What became of it in review."
    )
    tier = serializers.ChoiceField(
        [each.value for each in Tier], allow_null=True, help_text="Whether somebody verified or disputes it, null for neither."
    )
    confidence = serializers.FloatField(help_text="How sure the reading is, 0 to 1.")


class RowCondition(serializers.Serializer[Any]):
    """A part of a row's setting."""

    kind = Condition().fields["kind"]
    key = _text("With the kind, the value of the facet “setting”: kind:key.")
    text = _text("The condition for people.")


class RowPaper(serializers.Serializer[Any]):
    """The paper of a row."""

    id = _text("Its stable id.")
    title = _text("Its title.")


def _member(kind: Any, help_text: str, **options: Any) -> Any:
    """A member of a row, which `fields=` may leave out."""
    return kind(help_text=help_text, read_only=True, **options)


class BoardRow(serializers.Serializer[Any]):
    """A row: a model in a variant and a setting, as one paper or table has it."""

    id = _member(serializers.CharField, "Its stable id.")
    rank = _member(
        serializers.IntegerField,
        "Its rank among the rows that pass the filters; equal numbers share one. null for what does not rank.",
        allow_null=True,
    )
    tied = _member(serializers.BooleanField, "Whether others share the rank.")
    on_front = _member(serializers.BooleanField, "Whether it is on the front.")
    model = NamedModel(read_only=True, allow_null=True, help_text="The model, null where the method has no name.")
    variant = _member(serializers.CharField, "Which form of the model, null where none is stated.", allow_null=True)
    role = serializers.ChoiceField([each.value for each in Role], read_only=True, help_text="proposed: the paper's own; baseline: quoted.")
    setting = RowCondition(read_only=True, many=True, help_text="On which terms it was measured.")
    state = serializers.ChoiceField(
        [CurationState.ACCEPTED.value, CurationState.UNREVIEWED.value], read_only=True, help_text="accepted where all its numbers are."
    )
    tier = serializers.ChoiceField(
        [each.value for each in RowTier],
        read_only=True,
        help_text="How far it is checked: disputed if one of its scores is, verified if all are, else what its state says.",
    )
    in_conflict = _member(serializers.BooleanField, "Whether another row has another number for the same thing.")
    paper = RowPaper(read_only=True, allow_null=True, help_text="The paper, null for a record of a table that names none.")
    date = serializers.DateField(
        read_only=True, allow_null=True, help_text="The last day that the paper's date may mean, null where none is known."
    )
    code_url = serializers.URLField(read_only=True, allow_null=True, help_text="Where its code is, null where that is not known.")
    scores = serializers.DictField(
        read_only=True, child=BoardNumber(), help_text="Its numbers by the key of the metric's column; none where none is stated."
    )
    costs = serializers.DictField(
        read_only=True, child=BoardNumber(), help_text="Its numbers by the key of the cost's column; none where none is stated."
    )


MEMBERS = tuple(BoardRow().fields)


class BoardPage(serializers.Serializer[Any]):
    """A board, and a page of its rows."""

    slug = _text("Its stable word in addresses.")
    task = Reference(help_text="What is measured at.")
    dataset = Reference(help_text="What is measured on.")
    version = _count("Counts the board's changes.")
    changed = serializers.DateTimeField(help_text="When it last changed (UTC).")
    page = serializers.URLField(help_text="The address of its page on this site.")
    as_of = serializers.DateField(allow_null=True, help_text="The day that it is shown as of, null for today.")
    shown = _count("How many rows pass the filters.")
    total = _count("How many rows there are.")
    hidden_unreviewed = _count("How many numbers are hidden until they are reviewed.")
    columns = BoardColumn(many=True, help_text="The columns that its rows have.")
    facets = BoardFacets(help_text="What its rows can be filtered by.")
    front = BoardFront(allow_null=True, help_text="The front by `cost`, null where no row states a cost beside a score.")
    next = serializers.URLField(allow_null=True, help_text="Where the next page is; null on the last one.")
    rows = BoardRow(many=True, help_text="The rows of this page, in the order that is asked for.")
