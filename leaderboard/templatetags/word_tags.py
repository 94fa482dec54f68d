"""Formats counts and terms as words, for all pages. No queries."""

from __future__ import annotations

import re

from django import template

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


@register.filter
def words(term: str) -> str:
    """Return a stored term as words: "part_of_name" is "part of name"."""
    return term.replace("_", " ").replace("-", " ")


_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


@register.filter
def undirected(text: str) -> str:
    """Return others' text without marks of writing direction, for a place where no element can keep their effect to itself."""
    return _DIRECTIONS.sub("", text)
