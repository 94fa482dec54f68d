"""Pages by cursor over (is null, value, id): nothing is skipped or shown twice while rows come and go, and missing values come last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core import signing
from django.db.models import CharField, F, Q, SlugField, TextField
from django.db.models.functions import Left
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from claims.errors import UnknownFilterError

PAGE_SIZE, MOST_ON_PAGE = 50, 500
LONGEST_TEXT = 50
"""By so many characters texts are sorted; those that begin alike stand by their age."""
_LONGEST_CURSOR = 4000
_SALT = "claims.api.cursor"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: behind the row with this value and this id. The value is None behind the last row that has one."""

    value: Any
    pk: int


class KeysetPagination(BasePagination):
    """Pages of a list that is sorted by one of the view's `sort_fields` (name to field) and, among equals, by id.

    A cursor holds where the next page begins, and a digest of the query that it belongs to: with another filter or order it is refused.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self._request = request
        fields: Mapping[str, str] = view.sort_fields
        stated = request.query_params.get("sort", view.default_sort)
        self._descending, name = stated.startswith("-"), stated.removeprefix("-")
        if name not in fields:
            raise UnknownFilterError(f"This list can't be sorted by “{name[:60]}”. It knows {', '.join(sorted(fields))}.", field="sort")
        self._field = fields[name]
        if self._is_text(queryset.model):
            # A cursor holds the value that it stands behind, and an address can't hold a whole title.
            queryset = queryset.annotate(sorted_by=Left(self._field, LONGEST_TEXT))
            self._field = "sorted_by"
        size = read_size(request.query_params.get("page_size"))
        digest = digest_of(request)
        found = read_cursor(request.query_params.get("cursor"), digest, object, int)
        place = _Place(*found) if found else None
        ordered = queryset.order_by(*self._order())
        rows = list((ordered if place is None else ordered.filter(self._behind(place)))[: size + 1])
        self._next = self._write_cursor(rows[size - 1], digest) if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next_address(), "results": data})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = sorted(view.sort_fields)
        return [
            {
                "name": "sort",
                "in": "query",
                "required": False,
                "description": "What the list is sorted by, “-” for descending; missing values come last, equal ones stand by their age.",
                "schema": {"type": "string", "enum": [*names, *(f"-{name}" for name in names)], "default": view.default_sort},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins: as it stands in `next`, with the same filters and sort.",
                "schema": {"type": "string"},
            },
            page_size_parameter(),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {"type": ["string", "null"], "format": "uri", "description": "Where the next page is; null on the last one."},
                "results": schema,
            },
        }

    # ---- the order ----

    def _is_text(self, model: Any) -> bool:
        if "__" in self._field or self._field == "pk" or self._field not in {field.name for field in model._meta.fields}:
            return False
        field = model._meta.get_field(self._field)
        return isinstance(field, CharField | TextField) and not isinstance(field, SlugField)

    def _order(self) -> Sequence[Any]:
        if self._field == "pk":
            return ("-pk" if self._descending else "pk",)
        field = F(self._field)
        return (field.desc(nulls_last=True) if self._descending else field.asc(nulls_last=True), "pk")

    def _behind(self, place: _Place) -> Q:
        of_equals = Q(pk__gt=place.pk)
        if self._field == "pk":  # one condition, which the key answers
            return Q(pk__lt=place.pk) if self._descending else of_equals
        is_missing = Q(**{f"{self._field}__isnull": True})
        if place.value is None:
            return is_missing & of_equals
        further = Q(**{f"{self._field}__{'lt' if self._descending else 'gt'}": place.value})
        return further | (Q(**{self._field: place.value}) & of_equals) | is_missing

    def _write_cursor(self, row: Any, digest: str) -> str:
        value = row
        for part in self._field.split("__"):
            value = None if value is None else getattr(value, part)
        if isinstance(value, date):  # a datetime is one
            value = value.isoformat()
        return write_cursor(digest, value, row.pk)

    def _next_address(self) -> str | None:
        if self._next is None:
            return None
        query = self._request.query_params.copy()
        query["cursor"] = self._next
        return f"{self._request.build_absolute_uri(self._request.path)}?{query.urlencode()}"


_NOT_OF_A_QUERY = frozenset({"cursor", "page_size", "fields", "expand", "format"})


def digest_of(request: Request) -> str:
    """Return a digest of what a request asks for: its address, filters and order. A cursor belongs to one."""
    asked = sorted((name, value) for name, values in request.query_params.lists() for value in values if name not in _NOT_OF_A_QUERY)
    return hashlib.sha256(json.dumps([request.path, asked]).encode()).hexdigest()[:16]


def write_cursor(digest: str, value: Any, place: int) -> str:
    """Return a cursor behind the entry with this sort value and place. It tells no time: a page that names it stays the same."""
    return signing.Signer(salt=_SALT).sign_object([digest, value, place], compress=True)


def read_cursor(cursor: str | None, digest: str, *kinds: type) -> tuple[Any, Any] | None:
    """Return what a cursor holds, None for none. Raises `UnknownFilterError` for one that is broken, or belongs to another query."""
    if not cursor:
        return None
    try:
        # Ours, or refused: no value of another type reaches the database.
        made_for, *held = signing.Signer(salt=_SALT).unsign_object(cursor[:_LONGEST_CURSOR])
    except (signing.BadSignature, ValueError):
        message = "The cursor is broken. Take it as it stands in “next”, or leave it out to begin at the first page."
        raise UnknownFilterError(message, field="cursor") from None
    if made_for != digest or not all(isinstance(value, kind) for value, kind in zip(held, kinds, strict=True)):
        message = "The cursor belongs to another query. Keep filters and sort while you follow “next”, or begin anew without a cursor."
        raise UnknownFilterError(message, field="cursor")
    value, place = held
    return value, place


def page_size_parameter() -> dict[str, Any]:
    return {
        "name": "page_size",
        "in": "query",
        "required": False,
        "description": "How many entries a page has at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ON_PAGE, "default": PAGE_SIZE},
    }


def read_size(stated: str | None) -> int:
    """Return how many entries a page has. Raises `UnknownFilterError` for what is no such number."""
    if stated is None:
        return PAGE_SIZE
    size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 0
    if not 1 <= size <= MOST_ON_PAGE:
        raise UnknownFilterError(f"A page has 1 to {MOST_ON_PAGE} entries, not “{stated[:20]}”.", field="page_size")
    return size
