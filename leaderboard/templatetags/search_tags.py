"""Marks in names what the search found in them. No queries."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from claims import keys
from claims.search import Found

register = template.Library()


@register.simple_tag
def found_name(name: str, found: Found) -> SafeString:
    """Return a name with what the query found in it in bold. Compared as the search compares: case, accents and hyphens aside."""
    folded: list[tuple[str, int]] = []
    starts = set()
    inside = False
    for place, c in enumerate(name):
        letters = "".join(keys.search_words(c))
        if letters and not inside:
            starts.add(len(folded))
        # A combining mark or an apostrophe folds to nothing and ends no word.
        inside = bool(letters) or (inside and (unicodedata.combining(c) > 0 or c in "'’"))
        folded += [(letter, place) for letter in letters]
    text = "".join(letter for letter, _ in folded)
    bold: set[int] = set()
    query = found.query
    wanted = [query.key] if query.key in text and len(query.key) > 2 else [*query.required, *found.instead.values()]
    for word in wanted:
        plain = word.translate(_SIGNS)
        plain = plain if plain in text or not plain.endswith("s") else plain[:-1]
        at = text.find(plain) if plain else -1
        while at >= 0:
            end = at + len(plain)
            begins, ends = at in starts, end == len(text) or end in starts
            # A part of one word, or whole words written as one ("fine-grained" for "finegrained"); of two letters a beginning.
            if begins if len(plain) < 3 else (begins and ends) or starts.isdisjoint(range(at + 1, end)) or (begins and word == query.key):
                bold.update(range(folded[at][1], folded[end - 1][1] + 1))
            at = text.find(plain, at + 1)
    pieces = groupby(enumerate(name), key=lambda pair: pair[0] in bold)
    parts = [("".join(c for _, c in piece), strong) for strong, piece in pieces]
    return format_html_join("", "{}", ((format_html("<b>{}</b>", part) if strong else part,) for part, strong in parts))


_SIGNS = str.maketrans("", "", "+#.")
