"""What people said of the columns of tables, kept for the next table with the same headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from claims import keys
from claims.errors import MappingError
from claims.extraction.table_numbers import UNITS_OFFERED, scale_of
from claims.listings.base import Column, TableMapping
from claims.listings.columns import ONCE
from claims.models import ChangeSet, ColumnMapping, Listing
from claims.services import uploads
from claims.terms import ColumnMeaning, ConditionKind, CostMeasure

LONGEST_NAME = 300
"""Of a metric, a task or a dataset."""
LONGEST_UNIT = 40
LONGEST_CONDITION = 100


def header_key(headers: Sequence[str]) -> str:
    """Return the key of a table's headers: which they are, and in which order."""
    return keys.digest(*headers)


def recall(headers: Sequence[str]) -> dict[str, Any]:
    """Return what was last said of a table with these headers, empty if nobody has said anything: what a person is shown to confirm."""
    known = ColumnMapping.objects.filter(header_key=header_key(headers)).first()
    return dict(known.mapping) if known is not None else {}


def find_mapping(headers: Sequence[str]) -> dict[str, Any]:
    """Return what a table with these headers can be read by without asking anybody, empty if there is none.

    That is what was last said of its columns, unless it named the dataset for the whole table: the next one may be of another, and
    nothing in it would say so.
    """
    known = recall(headers)
    return known if known and not known["dataset"] else {}


def write_mapping(mapping: TableMapping) -> dict[str, Any]:
    """Return a mapping as `ColumnMapping.mapping` and `Listing.mapping` keep it. Columns that say nothing are left out."""
    columns = {
        header: {"meaning": str(column.meaning), "name": str(column.name), "unit": column.unit, "condition": column.condition}
        for header, column in mapping.columns.items()
        if column.meaning is not ColumnMeaning.IGNORE
    }
    return {"columns": columns, "task": mapping.task, "dataset": mapping.dataset}


def read_mapping(stored: dict[str, Any]) -> TableMapping:
    """Return a mapping that `ColumnMapping.mapping` or `Listing.mapping` keeps."""
    columns = {
        header: Column(ColumnMeaning(column["meaning"]), column["name"], column["unit"], column["condition"])
        for header, column in stored["columns"].items()
    }
    return TableMapping(columns, stored["task"], stored["dataset"])


@transaction.atomic
def set_mapping(listing: Listing, mapping: TableMapping, *, headers: Sequence[str], actor: str, version: int | None) -> ChangeSet:
    """Say what the columns of a listing's table mean, and let it be read; of the next table with the same headers it is remembered.

    `headers` are those of the listing's file. `version` None stands for somebody who saw no page. The caller announces the listing.
    Raises `MappingError` for what is no way to read the table, `InvalidDecisionError` once its reading has begun, `StaleObjectError` if
    the listing is not in the version that the person saw, and `TooManyUploadsError` while too much of its uploader is open.
    """
    check_mapping(mapping, headers)
    said = write_mapping(mapping)
    changes = uploads.open_mapped(listing, said, actor=actor, version=version)
    known = {"headers": list(headers), "mapping": said, "actor": actor}
    ColumnMapping.objects.update_or_create(header_key=header_key(headers), defaults=known)
    return changes


def check_mapping(mapping: TableMapping, headers: Sequence[str]) -> None:
    """Raise `MappingError`, with all that is wrong, for a mapping that a table with these headers can't be read by."""
    columns = dict(_find_faults(mapping, headers))
    fields = {name: said for name, said in (("task", mapping.task), ("dataset", mapping.dataset)) if len(said) > LONGEST_NAME}
    fields = {name: f"The {name}’s name has more than {LONGEST_NAME} characters." for name in fields}
    whole: list[str] = []
    meanings = {column.meaning for column in mapping.columns.values()}
    if not meanings & {ColumnMeaning.MODEL, ColumnMeaning.PAPER_TITLE, ColumnMeaning.PAPER_URL}:
        whole.append("No column names the model or the paper. Say which one does.")
    if not meanings & {ColumnMeaning.METRIC, ColumnMeaning.COST}:
        whole.append("No column states a result or a cost. Say which one does.")
    if ColumnMeaning.METRIC in meanings and ColumnMeaning.DATASET not in meanings and not mapping.dataset:
        fields["dataset"] = "Nothing says on which dataset the results were measured. Name it, or say which column does."
    if columns or fields or whole:
        each = [f"“{header}”: {fault}" for header, fault in columns.items()]
        raise MappingError(" ".join([*whole, *fields.values(), *each]), columns=columns, fields=fields)


def _find_faults(mapping: TableMapping, headers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with single columns."""
    seen: dict[tuple[str, ...], str] = {}
    for header, column in mapping.columns.items():
        if header not in headers:
            yield header, f"The table has no such column. It has {', '.join(f'“{name}”' for name in headers[:40])}."
            continue
        if column.meaning is ColumnMeaning.IGNORE:
            continue
        if fault := _find_fault(column):
            yield header, fault
            continue
        key: tuple[str, ...] = (column.meaning,)
        if column.meaning not in ONCE:
            key = (column.meaning, keys.name_key(column.name) or column.name, keys.name_key(column.condition))
        if key in seen and column.meaning is not ColumnMeaning.CONDITION:
            same = "named so" if column.meaning in ONCE else "for the same numbers"
            yield header, f"It is the second column {same}, after “{seen[key]}”. Leave one of them out, or say what sets them apart."
        seen.setdefault(key, header)


def _find_fault(column: Column) -> str:
    """Return what is wrong with what one column is said to be, '' if nothing is."""
    if len(column.unit) > LONGEST_UNIT or len(column.condition) > LONGEST_CONDITION:
        return f"A unit has at most {LONGEST_UNIT} characters, what a cost was measured on {LONGEST_CONDITION}."
    match column.meaning:
        case ColumnMeaning.METRIC if not column.name:
            return "It has no metric’s name. Write what its numbers are, as “Top-1 accuracy”."
        case ColumnMeaning.METRIC if len(column.name) > LONGEST_NAME:
            return f"A metric’s name has at most {LONGEST_NAME} characters."
        case ColumnMeaning.COST if column.name not in list(CostMeasure):
            return f"“{column.name}” is no measure of a cost. Choose one of {', '.join(CostMeasure)}."
        case ColumnMeaning.COST if column.unit and scale_of(CostMeasure(column.name), column.unit) is None:
            return f"“{column.unit}” is no unit of {column.name.replace('_', ' ')}. {_advise_on_unit(CostMeasure(column.name))}"
        case ColumnMeaning.CONDITION if column.name not in list(ConditionKind):
            return f"“{column.name}” is no kind of condition. Choose one of {', '.join(ConditionKind)}."
    return ""


def _advise_on_unit(measure: CostMeasure) -> str:
    fitting = [unit for unit in UNITS_OFFERED if scale_of(measure, unit) is not None]
    return f"Write one of {', '.join(fitting)}, or nothing if each value says its own." if fitting else "Leave it empty."
