"""Prints shares. No queries."""

from __future__ import annotations

import calendar
import re

from django import template

from claims.boards.quality import Line, Outcome, Share
from leaderboard.templatetags.word_tags import NBSP

register = template.Library()

WORDS = {
    Outcome.UNCHANGED: "Accepted as read",
    Outcome.CORRECTED: "Corrected",
    Outcome.NO_RESULT: "Rejected: not a result",
    Outcome.MISREAD: "Rejected: wrongly read",
}


@register.filter
def percent(share: Share) -> str:
    """Return a share: "86.5 %". What is not all is not printed as all, nor what is not none as none."""
    value = share.percent if share.percent in (0.0, 100.0) else min(max(share.percent, 0.1), 99.9)
    return f"{value:.0f}{NBSP}%" if value in (0.0, 100.0) else f"{value:.1f}{NBSP}%"


@register.filter
def interval(share: Share) -> str:
    """Return the ends of a share's interval: "81.2–90.4"."""
    return f"{share.low:.1f}–{share.high:.1f}"


@register.filter
def named_shares(line: Line) -> list[tuple[Share, str]]:
    """Return what became of a group, each with its name."""
    return [(line.shares[outcome], WORDS[outcome]) for outcome in Outcome]


@register.filter
def month_words(month: str) -> str:
    """Return a month in words: "2026-11" is "Nov 2026"."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        return month
    return f"{calendar.month_abbr[int(month[5:])]}{NBSP}{month[:4]}"
