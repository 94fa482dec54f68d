"""Reads what merges moved and which entries they made one, from what they left behind."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from claims.models import Decision, MergedRows
from claims.terms import MERGE

Families = dict[tuple[str, int], int]
"""The first of all entries that were ever merged with one another, by the field of a statement that names them and the entry."""

FIELDS = {"task": "task_id", "dataset": "dataset_id", "metric": "metric_id", "mlmodel": "ml_model_id"}
"""The field of a claim or a cost that names an entry of each kind."""


def find_families() -> Families:
    """Return which entries were ever merged, whether or not that was taken back: what was said of one may be told of the other."""
    families: Families = {}

    def first(key: tuple[str, int]) -> int:
        while families.get(key, key[1]) != key[1]:
            key = (key[0], families[key])
        return key[1]

    merged = Decision.objects.filter(change_set__action=MERGE, object_kind__in=list(FIELDS)).order_by("pk")
    for kind, pk, after in merged.values_list("object_kind", "object_id", "after"):
        ends = sorted({first((FIELDS[kind], pk)), first((FIELDS[kind], after["merged_into_id"]))})
        families |= {(FIELDS[kind], end): ends[0] for end in ends}
    return {key: first(key) for key in families}


def are_one(families: Families, field: str, one: Any, other: Any) -> bool:
    """Say whether two entries that a field names were ever merged."""
    return (field, one) in families and families[field, one] == families.get((field, other))


def find_moves(kind: str) -> dict[int, list[int]]:
    """Return the acts that moved each claim or cost by merging what it names, and by taking that back: their keys, the first one first."""
    moves: dict[int, list[int]] = defaultdict(list)
    named = MergedRows.objects.filter(object_kind=kind).order_by("change_set", "pk")
    for act, moved in named.values_list("change_set", "moved").iterator(20):
        for ids in moved.values():
            for pk in ids:
                if not moves[pk] or moves[pk][-1] != act:
                    moves[pk].append(act)
    return dict(moves)
