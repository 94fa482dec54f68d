"""Formats what the pages of uploads say: sizes, years, states, times, acts. No queries."""

from __future__ import annotations

import math
from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from claims.services.receipts import Change
from claims.terms import ConditionKind, CostMeasure, ListingState, YearSource
from leaderboard.templatetags.word_tags import NBSP, plural

register = template.Library()


@register.filter
def file_size(size: int) -> str:
    """Return a file's size: 950 bytes, 12 kB, 3.4 MB."""
    if size < 1000:
        return f"{size}{NBSP}bytes"
    return f"{size / 1e3:,.0f}{NBSP}kB" if size < 1e6 else f"{size / 1e6:,.1f}{NBSP}MB"


@register.filter
def year_source(source: str) -> str:
    """Return in words how a listing's year is known."""
    words = {
        YearSource.GIVEN: "given by a person",
        YearSource.INFERRED: "inferred: one more than the latest year that the file spells out",
    }
    return words[YearSource(source)] if source else "not known"


LISTING_STATES = {ListingState.UNMAPPED: "Columns not named yet", ListingState.DONE: "Read", ListingState.CANCELLED: "Stopped"}


@register.filter
def listing_state(state: str) -> str:
    """Return how pages call a listing's state: "cancelled" is "Stopped"."""
    return LISTING_STATES.get(ListingState(state), state.capitalize())


@register.filter
def time_left(seconds: float) -> str:
    """Return about how long something still takes: "less than a minute", "about 2 min", "about 1 h 10 min"."""
    minutes = math.ceil(seconds / 60)
    if seconds < 45:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes}{NBSP}min"
    hours, minutes = divmod(math.ceil(minutes / 10) * 10, 60)
    return f"about {hours:,}{NBSP}h" + (f" {minutes}{NBSP}min" if minutes else "")


@register.filter
def change_words(change: Change) -> str:
    """Return what somebody did with a listing: "stopped reading", "set the year: 2024, was 2025"."""
    action = change.change_set.action
    if "year" in change.after:
        year, was = (side["year"] or "not known" for side in (change.after, change.before))
        return f"set the year{' back' if action == 'undo' else ''}: {year}, was {was}"
    if action == "retry":
        parts = change.before.get("parts", 0)
        return f"tried {plural(parts, 'failed part,failed parts')} again" if parts else "tried again"
    said = {
        "stop": "stopped reading",
        "read on": "had it read on",
        "withdraw": "withdrew it",
        "name columns": "said what its columns mean",
        "undo": "put it back",
    }
    return said.get(action, action)


_MEANINGS = (
    ("ignore", "Nothing: leave it out"),
    ("model", "Model"),
    ("variant", "Variant of the model"),
    ("metric", "Result"),
    ("task", "Task"),
    ("dataset", "Dataset"),
    ("paper_title", "Title of the paper"),
    ("paper_url", "Address of the paper, or its arXiv id"),
    ("date", "Date of the paper"),
    ("code_url", "Address of the code"),
)
_MEASURES = {"flops": "FLOPs", "macs": "MACs", "gpu_hours": "GPU hours", "gpu_days": "GPU days", "tpu_hours": "TPU hours", "nfe": "NFE"}


@lru_cache(maxsize=1)
def _options() -> SafeString:
    """Return the options of what a column may mean; made once, as a page has them for each of hundreds of columns."""
    costs = [(f"cost:{measure}", f"Cost: {_MEASURES.get(measure, measure.replace('_', ' '))}") for measure in CostMeasure]
    conditions = [(f"condition:{kind}", f"Setting: {kind.replace('_', ' ')}") for kind in ConditionKind]
    option = '<option value="{}">{}</option>'
    return format_html(
        '{}<optgroup label="Cost">{}</optgroup><optgroup label="Condition of the setting">{}</optgroup>',
        *(format_html_join("", option, pairs) for pairs in (_MEANINGS, costs, conditions)),
    )


@register.simple_tag
def meaning_options(choice: str) -> SafeString:
    """Return the options of what a column may mean, with `choice` selected ("model", "cost:parameters")."""
    found = format_html('<option value="{}"', choice)
    return SafeString(_options().replace(found, f"{found} selected", 1))


@register.filter
def cut_cell(text: str, longest: int) -> str:
    """Return a table's cell, shortened if it has more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
