"""Queries whose SQL is written once: Django takes nearly as long to write one as a database to answer it for a board."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Expression, QuerySet


class Parameter(Expression):
    """Stands in a query for a key that is known only when it is asked."""

    def __init__(self) -> None:
        super().__init__(output_field=BigIntegerField())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def prepared(make: Callable[..., QuerySet[Any, Any]]) -> Callable[..., list[tuple[Any, ...]]]:
    """Turn a function that returns a query about a `Parameter` into one that takes the key first and returns the rows.

    The SQL is written once for each set of the function's other arguments; no answer is kept. Only for queries of `values_list` whose
    values a database hands over as they are: no dates, booleans or JSON, which Django would convert.
    """

    @cache
    def write(**choices: Any) -> tuple[str, tuple[Any, ...]]:
        return make(Parameter(), **choices).query.sql_with_params()

    @wraps(make)
    def fetch(key: int, **choices: Any) -> list[tuple[Any, ...]]:
        sql, parameters = write(**choices)
        with connection.cursor() as cursor:
            cursor.execute(sql, [key if isinstance(parameter, Parameter) else parameter for parameter in parameters])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    return fetch
