"""Queries whose SQL is written once: Django takes nearly as long to write one as a database to answer it for a board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Expression, Model, QuerySet

from claims.key_lists import Array, any_of

_STEP = 50
"""On SQLite a list of keys is filled up to a multiple of it, so that SQL is written for a few lengths only."""
_LONGEST = 500
"""SQL for more keys is not kept: to write it takes little beside the answer, and all lengths together would fill much memory."""


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

    def fetch(self, keys: Sequence[int | str]) -> list[Any]:
        return self._ask([keys[given.place] if isinstance(given, Parameter) else given for given in self.parameters])

    def fetch_for(self, keys: Sequence[int | str]) -> list[Any]:
        """Fetch what a query about an `Array` finds for these keys."""
        keys = list(keys)
        return self._ask([keys if isinstance(given, Array) else given for given in self.parameters])

    def _ask(self, given: Sequence[Any]) -> list[Any]:
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
    def fetch(*keys: int | str, **choices: Any) -> list[tuple[Any, ...]]:
        return write(len(keys), **choices).fetch(keys)

    return fetch


def prepared_for_keys(make: Callable[..., QuerySet[Any, Any]]) -> Callable[..., list[Any]]:
    """Do the same for a function about a list of them, which it puts behind `__among`. Without keys nothing is asked."""

    @cache
    def write(count: int, **choices: Any) -> _Written:
        return _Written(make([Parameter(place) for place in range(count)], **choices))

    @cache
    def write_for_any(of: type[int] | type[str], **choices: Any) -> _Written:
        return _Written(make(Array(of), **choices))

    @wraps(make)
    def fetch(keys: Sequence[Any], **choices: Any) -> list[Any]:
        if not keys:
            return []
        if len(keys) > _LONGEST:
            return list(make(any_of(keys), **choices))
        if connection.vendor == "postgresql":
            return write_for_any(str if isinstance(keys[0], str) else int, **choices).fetch_for(keys)
        filled = [*keys, *[keys[-1]] * (-len(keys) % _STEP)]
        return write(len(filled), **choices).fetch(filled)

    return fetch


class Joined:
    """Entries of a model with those that they name by `paths` (as for `select_related`), of a prepared query of its `columns`."""

    def __init__(self, model: type[Model], *paths: str) -> None:
        self.columns: list[str] = []
        self._parts: list[tuple[str, str, type[Model], list[str], slice]] = []
        models: dict[str, Any] = {"": model}
        for path in ("", *paths):
            before, _, name = path.rpartition("__")
            if path:
                models[path] = models[before]._meta.get_field(name).related_model
            attributes = [field.attname for field in models[path]._meta.concrete_fields]
            begin = len(self.columns)
            self.columns += [f"{path}__{attribute}" if path else attribute for attribute in attributes]
            self._parts.append((before, name, models[path], attributes, slice(begin, len(self.columns))))

    def build(self, row: Sequence[Any]) -> Any:
        """Return the entry of a row of the `columns`; what it does not name is None."""
        built: dict[str, Any] = {}
        for before, name, model, attributes, part in self._parts:
            values = row[part]
            path = f"{before}__{name}" if before else name
            # The key is the first of a model's columns; where it is missing, so is the entry.
            built[path] = None if values[0] is None else model.from_db(connection.alias, attributes, values)
            if name and built[before] is not None:
                setattr(built[before], name, built[path])
        return built[""]
