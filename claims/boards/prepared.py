"""Queries whose SQL is written once: Django takes nearly as long to write one as a database to answer it for a board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Expression, QuerySet

_STEP = 50
"""A list of keys is filled up to a multiple of it, so that SQL is written for a few lengths only."""


class Parameter(Expression):
    """Stands in a query for a key that is known only when it is asked: for the one at its `place`."""

    def __init__(self, place: int = 0) -> None:
        super().__init__(output_field=BigIntegerField())
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class _Written:
    """A query in the database's own words, and what Django makes of the values that come back."""

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        compiler = query.query.get_compiler(connection=connection)
        self.sql, self.parameters = compiler.as_sql()
        self._compiler = compiler
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def fetch(self, keys: Sequence[int]) -> list[Any]:
        given = [keys[parameter.place] if isinstance(parameter, Parameter) else parameter for parameter in self.parameters]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            rows: list[Any] = cursor.fetchall()
        return list(self._compiler.apply_converters(rows, self._converters)) if self._converters else rows


def prepared(make: Callable[..., QuerySet[Any, Any]]) -> Callable[..., list[tuple[Any, ...]]]:
    """Turn a function that returns a query of `values_list` about `Parameter`s into one that takes the keys first and returns the rows.

    The SQL is written once for each set of the function's other arguments; no answer is kept.
    """

    @cache
    def write(count: int, **choices: Any) -> _Written:
        return _Written(make(*(Parameter(place) for place in range(count)), **choices))

    @wraps(make)
    def fetch(*keys: int, **choices: Any) -> list[tuple[Any, ...]]:
        return write(len(keys), **choices).fetch(keys)

    return fetch


def prepared_for_keys(make: Callable[..., QuerySet[Any, Any]]) -> Callable[..., list[Any]]:
    """Do the same for a function about a list of them, which it puts behind `__in`. Without keys nothing is asked."""

    @cache
    def write(count: int, **choices: Any) -> _Written:
        return _Written(make([Parameter(place) for place in range(count)], **choices))

    @wraps(make)
    def fetch(keys: Sequence[int], **choices: Any) -> list[Any]:
        if not keys:
            return []
        filled = [*keys, *[keys[-1]] * (-len(keys) % _STEP)]
        return write(len(filled), **choices).fetch(filled)

    return fetch
