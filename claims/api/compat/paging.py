"""Numbered pages, as they were: `count`, `next`, `previous`, `results`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.caching import FRESH_SECONDS
from claims.api.pagination import MOST_ON_PAGE, PAGE_SIZE
from claims.errors import UnknownFilterError

_MUCH = 1_000
"""From so many on what was counted is remembered as long as caches keep an answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for, from 1, and how many entries it has at most."""

    number: int
    size: int

    @classmethod
    def read(cls, request: Request) -> Page:
        """Return the page that a request asks for. Raises `UnknownFilterError` for what is none."""
        stated = request.query_params
        return cls(
            _read_number(stated.get("page", "1"), "page", most=10**8),
            _read_number(stated.get("items_per_page", str(PAGE_SIZE)), "items_per_page", most=MOST_ON_PAGE),
        )

    @property
    def begin(self) -> int:
        return (self.number - 1) * self.size

    @property
    def end(self) -> int:
        return self.begin + self.size

    def tell(self, request: Request, results: Sequence[Any], count: int) -> Response:
        """Return the answer. Raises `NotFound` for a page behind the last one, as it was."""
        if self.number > 1 and not results:
            raise NotFound({"page": f"There is no page {self.number}; there are {max(1, -(-count // self.size))}."})
        return Response(
            {
                "count": count,
                "next": self._address(request, self.number + 1) if self.end < count else None,
                "previous": self._address(request, self.number - 1) if self.number > 1 else None,
                "results": results,
            }
        )

    def tell_found(self, request: Request, found: QuerySet[Any, Any], write: Callable[[Sequence[Any]], Sequence[Any]]) -> Response:
        """Return the page of what was found, as `write` writes its entries."""
        rows = list(found[self.begin : self.end + 1])
        is_last = len(rows) <= self.size and (bool(rows) or self.number == 1)
        count = self.begin + len(rows) if is_last else _count(found)
        return self.tell(request, write(rows[: self.size]), count if is_last else max(count, self.begin + len(rows)))

    def _address(self, request: Request, number: int) -> str:
        query = request.query_params.copy()
        query["page"] = str(number)
        return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


def _read_number(stated: str, name: str, *, most: int) -> int:
    number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 12 else 0
    if not 1 <= number <= most:
        raise UnknownFilterError(f"“{name}” is a whole number from 1 to {most}, not “{stated[:20]}”.", field=name)
    return number


def _count(found: QuerySet[Any, Any]) -> int:
    """Count what was found. To count much takes long, and a number that is a minute old does as well as the page that tells it."""
    sql, parameters = found.order_by().query.sql_with_params()
    key = f"compat-count:{hashlib.sha256(repr((sql, parameters)).encode()).hexdigest()}"
    known: int | None = cache.get(key)
    if known is None:
        known = found.count()
        if known >= _MUCH:
            cache.set(key, known, timeout=FRESH_SECONDS)
    return known
