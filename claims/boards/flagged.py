"""Reads what is flagged on numbers and still open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Count, Exists, OuterRef, Q

from claims.boards.rows import Row
from claims.models import Claim, Cost, Flag
from claims.terms import FLAGS_BY_RULE, FLAGS_OF_READINGS, FLAGS_ON_NUMBERS, FlagKind

FLAG_TITLES: Mapping[str, str] = {
    FlagKind.IDENTITY: "may be one paper",
    FlagKind.DIRECTION: "direction not known",
    FlagKind.REPORT: "a reader reports it",
    FlagKind.BOUNDS: "not possible",
    FlagKind.SCALE: "percent or fraction",
    FlagKind.FAR: "far from the others",
    FlagKind.YEAR: "may be a year",
    FlagKind.COUNT: "may be a parameter count",
    FlagKind.NAME: "model named like a dataset",
    FlagKind.CONFLICT: "another paper differs",
    FlagKind.DELTA: "difference doesn’t add up",
    FlagKind.DIFFERENCE: "a later reading differs",
    FlagKind.GONE: "a later reading has it no longer",
}
"""What a kind of flag says of a number, in a few words."""
Flags = dict[tuple[str, int], list[Flag]]
"""Open flags by ("claim" or "cost", pk)."""


def find_open_flags(claims: Collection[int], costs: Collection[int] = (), *, for_curator: bool = True) -> Flags:
    """Return what is open on numbers, in one query; a reader is told of later readings alone."""
    kinds = FLAGS_ON_NUMBERS if for_curator else FLAGS_OF_READINGS
    of_these = Q(object_kind="claim", object_id__in=claims) | Q(object_kind="cost", object_id__in=costs)
    found: Flags = {}
    for flag in Flag.objects.filter(of_these, kind__in=kinds, settled_by__isnull=True).order_by("pk"):
        found.setdefault((flag.object_kind, flag.object_id), []).append(flag)
    return found


def find_flags_of_row(row: Row) -> Flags:
    """Return what is open on the numbers of a board's row that are printed."""
    costs = [cell.pk for cell in (*row.costs.values(), *row.all_costs)]
    return find_open_flags([cell.pk for cell in row.cells.values()], costs)


def count_flags(kinds: Iterable[FlagKind] = FLAGS_ON_NUMBERS) -> dict[FlagKind, int]:
    """Return how many numbers that are still found have an open flag of each kind. What is flagged is few: none is left out to be quick."""
    counts: dict[FlagKind, int] = dict.fromkeys(kinds, 0)
    for kind, table in (("claim", Claim), ("cost", Cost)):
        found = Exists(table.objects.still_found().filter(pk=OuterRef("object_id")))
        open_ = Flag.objects.filter(found, kind__in=[*counts], object_kind=kind, settled_by__isnull=True)
        for flag, count in open_.order_by().values_list("kind").annotate(count=Count("object_id", distinct=True)):
            counts[FlagKind(flag)] += count
    return counts


def is_by_rule(flag: Flag) -> bool:
    """Say whether a rule found it, whoever decided on the number; else a later reading did."""
    return flag.kind in FLAGS_BY_RULE
