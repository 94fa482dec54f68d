"""What the pages of models and datasets print of their lists. No queries."""

from __future__ import annotations

from django import template

from claims.boards.rows import cost_key
from claims.models import Cost
from claims.terms import ClaimKind
from leaderboard.templatetags.board_tags import measure_name

register = template.Library()


@register.simple_tag(takes_context=True)
def part_href(context: template.Context, name: str, number: int) -> str:
    """Return the page's address with another page of one of its lists; the pages of its other lists stay."""
    query = context["request"].GET.copy()
    query.pop(name, None)
    if number > 1:
        query[name] = str(number)
    return f"?{query.urlencode()}"


@register.filter
def cost_name(cost: Cost) -> str:
    """Return what a cost counts, with what it was measured on and of what kind it is where it is no plain number."""
    kind = {ClaimKind.RATIO: ", a ratio", ClaimKind.DELTA: ", a difference"}.get(ClaimKind(cost.kind), "")
    return f"{measure_name(cost_key(cost.measure, cost.condition))}{kind}"
