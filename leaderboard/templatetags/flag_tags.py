"""Words of flags, and where what they suspect is set right. No queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from claims.boards import FLAG_TITLES, Cell, is_by_rule
from claims.flags import likely_number
from claims.models import Claim, Cost, Flag
from claims.terms import FlagKind

register = template.Library()


@register.filter
def flag_title(kind: str) -> str:
    """Return what a kind of flag says of a number, in a few words."""
    return FLAG_TITLES.get(kind, kind)


@register.filter
def by_rule(flag: Flag) -> bool:
    return is_by_rule(flag)


@register.simple_tag
def flag_fix(flag: Flag, statement: Claim | Cost | Cell, back: str) -> dict[str, str]:
    """Return where the number that seems meant is filled in, and the number; {} where a flag knows none."""
    if flag.kind != FlagKind.SCALE:
        return {}
    number = likely_number(statement.value)
    address = reverse("correct-claim", args=[statement.public_id])
    return {"number": number, "address": f"{address}?{urlencode({'number': number, 'next': back})}"}


@register.filter
def flags_on(flags: Mapping[tuple[str, int], Sequence[Flag]] | None, cell: Cell) -> Sequence[Flag]:
    """Return what is open on a number of a board's row."""
    return flags.get(("cost" if cell.measure else "claim", cell.pk), ()) if flags else ()


@register.filter
def counted(counts: Mapping[FlagKind, int], kind: str) -> Any:
    return counts.get(FlagKind(kind), 0)
