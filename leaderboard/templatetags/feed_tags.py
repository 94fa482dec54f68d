"""Words for feeds. No queries."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims.boards.rows import cost_key
from claims.models import Cost
from leaderboard.templatetags.board_tags import claim_number, measure_name

register = template.Library()


@register.filter
def cost_words(cost: Cost) -> SafeString:
    """Return a cost with its measure and what it was measured on: "Parameters 21 M"."""
    return format_html("<bdi>{}</bdi> {}", measure_name(cost_key(cost.measure, cost.condition)), claim_number(cost))
