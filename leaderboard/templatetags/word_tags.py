"""Formats counts and terms as words, for all pages. No queries."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

NBSP = "\u00a0"


@register.filter
def plural(count: int, words: str) -> str:
    """Return "1 row" or "12 rows"; `words` is "row,rows"."""
    one, _, many = words.partition(",")
    return f"{count:,}{NBSP}{one if count == 1 else many}"


@register.filter
def thousands(count: int) -> str:
    """Return a count as `plural` writes it, where the word stands elsewhere."""
    return f"{count:,}"


@register.filter
def minus(count: int, less: int) -> int:
    return count - less


Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Offer(Generic[Choice]):
    """Choices of which some are offered at once; the `others` open behind them."""

    first: list[Choice]
    others: list[Choice]


LEAST_SHARE = 10
"""What fewer than a tenth of the rows state is not offered at once,"""
LEAST_FIRST = 3
"""unless fewer than so many choices would be."""


def offer(choices: Sequence[Choice], counts: Sequence[int | None], total: int, *, chosen: Collection[int] = ()) -> Offer[Choice]:
    """Part `choices` by how many of `total` rows state each; None counts for all. Order is kept, and a single other is no longer than
    the word that would stand for it.

    `chosen` are the places of those that are offered whatever their count.
    """
    ranked = sorted(range(len(choices)), key=lambda place: -(total if (count := counts[place]) is None else count))
    common = {place for place in ranked if (count := counts[place]) is None or count * LEAST_SHARE >= total}
    first = {*common, *ranked[:LEAST_FIRST], *chosen}
    if len(choices) - len(first) < 2:
        return Offer(list(choices), [])
    return Offer(
        [choice for place, choice in enumerate(choices) if place in first],
        [choice for place, choice in enumerate(choices) if place not in first],
    )


@register.filter
def jointed(name: object) -> SafeString:
    """Return a name, escaped, that may break behind its underscores rather than in the middle of a word."""
    return mark_safe(escape(name).replace("_", "_<wbr>"))  # noqa: S308 - escaped


@register.filter
def words(term: str) -> str:
    """Return a stored term as words: "part_of_name" is "part of name"."""
    return term.replace("_", " ").replace("-", " ")


_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


@register.filter
def undirected(text: str) -> str:
    """Return others' text without marks of writing direction, for a place where no element can keep their effect to itself."""
    return _DIRECTIONS.sub("", text)
