"""Says where a board's picture is, for what other sites show of a link. No queries."""

from __future__ import annotations

from django import template
from django.conf import settings

from claims.models import Benchmark
from leaderboard import cards

register = template.Library()


@register.filter
def card_url(benchmark: Benchmark) -> str:
    """Return the whole address of a board's card."""
    return cards.card_url(benchmark)


@register.filter
def whole_url(benchmark: Benchmark) -> str:
    """Return the whole address of a board's page."""
    return f"{settings.SITE_URL}{benchmark.get_absolute_url()}"
