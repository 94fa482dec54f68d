"""What the archive holds: the rows of which tables, and how a row becomes a line and a line a row again.

Every table of the domain stands in `TABLES` or, with the reason, in `LEFT_OUT`: a new one is in no dump until somebody has decided, lest
a secret gets into one. Users are in none: a listing keeps the name of who uploaded it as text, and no account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from math import isfinite
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Field,
    FloatField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    SlugField,
    TextField,
)
from django.db.models.functions import Cast

from claims import models
from claims.dumps.lines import FETCHED_AT_ONCE
from claims.errors import DumpError

TABLES: tuple[type[Model], ...] = (
    # Nearly everything stands behind what it refers to; the database looks at the rest at the end.
    *(models.Area, models.Run, models.Paper, models.PaperText),
    *(models.Metric, models.Task, models.Dataset, models.DatasetSplit, models.DefaultTask, models.DefaultPrimary),
    *(models.MLModel, models.Alias, models.OldSlug, models.CatalogueState),
    *(models.Listing, models.ListingChunk, models.ListingEntry, models.ListingIssue),
    *(models.Import, models.SourceRecord, models.ColumnMapping),
    *(models.RunText, models.Reextraction, models.ReextractionChunk),
    *(models.Benchmark, models.BenchmarkMetric, models.Condition, models.Result, models.ResultCondition),
    *(models.Claim, models.Cost, models.CostLink, models.ResultValue, models.Record, models.Contender),
    *(models.ChangeSet, models.Decision, models.MergedRows, models.Flag, models.Report),
    *(models.SecondReaderAnswer, models.SecondReaderDay),
)

LEFT_OUT: dict[str, str] = {
    "SearchName": "made anew from the names of papers, models, datasets and boards",
    "SearchWord": "made anew together with the names",
    "BoardStandings": "made anew by a worker from a board's rows",
    "ReviewLease": "what a user has before them, for some minutes",
    "ApiToken": "a right of a user, who is in no dump",
    "Invitation": "a way to an account, and accounts are in no dump",
    "Webhook": "an address and a secret of a user, who is in no dump",
    "Delivery": "what was sent to a webhook, for a month",
    "IdempotencyKey": "what a user's program called an upload, for some days",
}
"""The tables without a place in the archive, by their model's name, and why."""

MADE_ANEW: tuple[type[Model], ...] = (models.SearchName, models.SearchWord, models.BoardStandings)

SHIPPED: tuple[type[Model], ...] = (
    *(models.Alias, models.DefaultPrimary, models.DefaultTask, models.DatasetSplit, models.Dataset, models.Task, models.Metric),
    *(models.Area, models.CatalogueState),
)
"""The tables that loading the catalogue fills: a site that holds nothing else is as good as empty."""

# They are parts of addresses and of names of files, and nothing else looks at them again.
_SHAPES = {"public_id": (re.compile(r"[a-z0-9]{12}"), "public id"), "sha256": (re.compile(r"[0-9a-f]{64}"), "SHA-256")}


def schema_of_tables() -> str:
    """Return the name of the last migration of the domain: rows fit into the tables that it leaves, and into no others."""
    (leaf,) = MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes("claims")
    return str(leaf[1])


@dataclass(frozen=True)
class Table:
    """A table, and which of its columns are kept: all but who of the site's users it refers to."""

    model: type[Model]

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)

    @cached_property
    def fields(self) -> list[Field[Any, Any]]:
        users = settings.AUTH_USER_MODEL
        return [
            field
            for field in self.model._meta.concrete_fields
            if not (isinstance(field, ForeignKey) and field.remote_field.model._meta.label == users)
        ]

    @cached_property
    def columns(self) -> list[str]:
        return [str(field.attname) for field in self.fields]

    def read_lines(self) -> Iterator[bytes]:
        """Yield a line for each row, by its id: an object with the table's columns."""
        columns, are_json = self.columns, [isinstance(field, JSONField) for field in self.fields]
        # As the database has it: it is written as it stands, and not read and written again.
        texts = {f"{field.attname}_as_text": Cast(str(field.attname), TextField()) for field in self.fields if isinstance(field, JSONField)}
        wanted = [f"{column}_as_text" if is_json else column for column, is_json in zip(columns, are_json, strict=True)]
        rows = self.model._base_manager.order_by("pk").annotate(**texts).values_list(*wanted)
        places = [place for place, is_json in enumerate(are_json) if is_json]
        for row in rows.iterator(chunk_size=FETCHED_AT_ONCE):
            values = list(row)
            for place in places:
                values[place] = orjson.Fragment(values[place].replace("\n", " "))
            yield orjson.dumps(dict(zip(columns, values, strict=True)))

    @cached_property
    def _takers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(str(field.attname), _taker(field)) for field in self.fields]

    def take(self, line: Any) -> list[Any]:
        """Return the values of a row, as the database's driver takes them, from what a line says. Raises `DumpError`."""
        if not isinstance(line, dict) or len(line) != len(self.columns):
            raise DumpError(f"it is no object with the {len(self.columns)} columns of {self.name}")
        values = []
        for column, take in self._takers:
            try:
                values.append(take(line[column]))
            except KeyError:
                raise DumpError(f"it has no “{column}”") from None
            except (TypeError, ValueError, OverflowError) as error:
                raise DumpError(f"its “{column}” can't be {_shorten(line[column])}: {error}") from None
        return values


def find_tables() -> list[Table]:
    return [Table(model) for model in TABLES]


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _taker(field: Field[Any, Any]) -> Callable[[Any], Any]:
    """Return what checks a field's value and makes of it what the driver takes. SQLite would take anything for anything."""
    kind = field.target_field if isinstance(field, ForeignKey) else field
    take: Callable[[Any], Any]
    if isinstance(kind, JSONField):
        return partial(_take_json, field=kind)
    if isinstance(kind, BooleanField):
        take = _take_flag
    elif isinstance(kind, IntegerField):
        least, most = connection.ops.integer_field_range(kind.get_internal_type())
        take = partial(_take_integer, least=least, most=most)
    elif isinstance(kind, FloatField):
        take = _take_number
    elif isinstance(kind, DateTimeField):
        take = partial(_take_moment, field=kind)
    elif isinstance(kind, DateField):
        take = partial(_take_day, field=kind)
    elif isinstance(kind, SlugField):
        take = partial(_take_slug, most=kind.max_length)
    elif kind.name in _SHAPES:
        take = partial(_take_shaped, shape=_SHAPES[kind.name])
    elif isinstance(kind, (CharField, TextField)):
        take = partial(_take_text, most=kind.max_length)
    else:
        raise TypeError(f"There is no way to restore a {type(kind).__name__}.")
    return partial(_take_or_none, take=take) if field.null else take


def _take_or_none(value: Any, *, take: Callable[[Any], Any]) -> Any:
    return None if value is None else take(value)


def _take_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError("it is not true or false")
    return value


def _take_integer(value: Any, *, least: int | None, most: int | None) -> int:
    if type(value) is not int:
        raise TypeError("it is no whole number")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError("it is out of range")
    return value


def _take_number(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise TypeError("it is no number")
    number = float(value)
    if not isfinite(number):
        raise ValueError("it is not finite")
    return number


def _take_text(value: Any, *, most: int | None) -> str:
    if type(value) is not str:
        raise TypeError("it is no text")
    if most is not None and len(value) > most:
        raise ValueError(f"it has more than {most} characters")
    value.encode()  # half a character is no text for either database
    # As the readers of listings have it: PostgreSQL takes no such text.
    return value.replace("\0", " ")


def _take_slug(value: Any, *, most: int | None) -> str:
    text = _take_text(value, most=most)
    try:
        validate_slug(text)
    except ValidationError:
        raise ValueError("it is no slug") from None
    return text


def _take_shaped(value: Any, *, shape: tuple[re.Pattern[str], str]) -> str:
    pattern, name = shape
    text = _take_text(value, most=None)
    if not pattern.fullmatch(text):
        raise ValueError(f"it is no {name}")
    return text


def _take_moment(value: Any, *, field: DateTimeField[Any, Any]) -> Any:
    moment = datetime.fromisoformat(_take_text(value, most=40))
    if moment.tzinfo is None:
        raise ValueError("it has no time zone")
    return field.get_db_prep_save(moment, connection=connection)


def _take_day(value: Any, *, field: DateField[Any, Any]) -> Any:
    return field.get_db_prep_save(datetime.strptime(_take_text(value, most=10), "%Y-%m-%d").date(), connection=connection)  # noqa: DTZ007 - a day


def _take_json(value: Any, *, field: JSONField[Any, Any]) -> Any:
    if value is None:
        raise TypeError("it is empty")
    return field.get_db_prep_save(value, connection=connection)


def name_files(tables: Sequence[Table]) -> dict[str, Table]:
    """Return the tables by the names of their files."""
    return {f"{table.name}.jsonl.gz": table for table in tables}
