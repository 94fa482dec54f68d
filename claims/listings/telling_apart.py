"""Tell records of one file apart that would stand in one row of a board, where their numbers would contradict each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from claims.keys import condition_key, name_key, title_key
from claims.listings.base import StatedCondition
from claims.terms import ConditionKind


@dataclass(slots=True)
class Group:
    """The records that one row of a board would take: how many that contradict each other, by what dates, and what they state."""

    records: int = 0
    columns: set[str] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RowName:
    """What makes records the same row. `variant` belongs to the model; `day` is the date as it is printed."""

    tasks: Sequence[str]
    datasets: Sequence[str]
    model: str
    variant: str
    conditions: Sequence[StatedCondition]
    arxiv_id: str
    paper_title: str
    day: str


@lru_cache(maxsize=256)
def _place_key(tasks: tuple[str, ...], datasets: tuple[str, ...]) -> str:
    """Return the key of a table's place; a file has many rows in few places."""
    return "\x00".join([*map(name_key, tasks), "", *map(name_key, datasets)])


def tell_apart(row: RowName, groups: dict[str, Group], columns: Collection[str]) -> tuple[StatedCondition, ...]:
    """Return a condition for a record that would share a board's row with an earlier one of the file, () for any other.

    `columns` are those that it states a value in: what states other ones is more of the same row.

    It says the day of the result, if no earlier one is of that day, else the how manieth it is. Two papers are one where their arXiv
    numbers or titles agree; all records that state neither are of one, for an address alone names no paper. `groups` are those of the
    records before.
    """
    papers = [("arxiv", row.arxiv_id), ("title", title_key(row.paper_title) if row.paper_title else "")]
    setting = [f"{condition.kind}={condition_key(condition.value)}" for condition in row.conditions]
    names = [_place_key(tuple(row.tasks), tuple(row.datasets)), name_key(row.model), name_key(row.variant), *setting]
    keys = ["\x00".join([*names, kind, key]) for kind, key in papers if key] or ["\x00".join([*names, "none"])]
    found = [groups.setdefault(key, Group()) for key in keys]
    contradicts = any(not group.columns.isdisjoint(columns) for group in found)
    before = max(group.records for group in found) if contradicts else 0
    is_new_day = bool(row.day) and not any(row.day in group.dates for group in found)
    for group in found:
        group.records = max(group.records, before + 1)
        group.columns.update(columns)
        group.dates.add(row.day)
    if not before:
        return ()
    if is_new_day:
        return (StatedCondition(ConditionKind.OTHER, row.day, f"submitted {row.day}"),)
    return (StatedCondition(ConditionKind.OTHER, f"entry {before + 1}", f"entry {before + 1}"),)
