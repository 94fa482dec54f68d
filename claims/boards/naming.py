"""Finds catalogue entries by what somebody types: as suggestions, and as what may have been meant by a name that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Q, When
from rapidfuzz import fuzz, process

from claims import keys
from claims.models import Alias
from claims.terms import AliasKind

MOST_SUGGESTED = 8
MOST_LOOKED_AT = 200
MOST_COMPARED = 20_000
LEAST_LIKENESS = 70


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry's name. `found` is the alias that answered, '' where the name itself did; `reviewed` entries somebody has confirmed."""

    name: str
    found: str
    reviewed: bool


def suggest_names(kind: AliasKind, text: str, *, most: int = MOST_SUGGESTED) -> list[Suggestion]:
    """Return the tasks, datasets or metrics whose names or aliases hold what was typed: those that are it first, then those that begin
    with it, confirmed ones before others. Models are found by `claims.search`."""
    wanted = " ".join(text.replace("\x00", " ").split())[:200]
    key = keys.name_key(wanted)
    if not key:
        return []
    is_it, begins = Q(key__iexact=key) | Q(text__iexact=wanted), Q(key__istartswith=key) | Q(text__istartswith=wanted)
    near = Case(When(is_it, then=0), When(begins, then=1), default=2)
    aliases = Alias.objects.filter(Q(key__icontains=key) | Q(text__icontains=wanted), kind=kind, scope="")
    aliases = aliases.select_related(kind.value, f"{kind.value}__merged_into").order_by(near, "-reviewed", "text", "pk")
    best: dict[str, tuple[tuple[Any, ...], Suggestion]] = {}
    for alias in aliases[:MOST_LOOKED_AT]:
        entry = getattr(alias, kind.value).root()
        own = keys.name_key(alias.text)
        place = (own != key, not own.startswith(key), not entry.reviewed, alias.text != entry.name, len(alias.text), entry.name)
        found = "" if alias.text == entry.name or key in keys.name_key(entry.name) else alias.text
        if entry.name not in best or place < best[entry.name][0]:
            best[entry.name] = place, Suggestion(entry.name, found, entry.reviewed)
    return [suggestion for _, suggestion in sorted(best.values(), key=lambda pair: pair[0])][:most]


def find_near_names(kind: AliasKind, text: str, *, most: int = 5) -> list[str]:
    """Return the names that a name which nobody knows may stand for: a letter or two away, or a part of them. Confirmed ones first."""
    held = [suggestion.name for suggestion in suggest_names(kind, text, most=most)]
    aliases = Alias.objects.filter(kind=kind, scope="").order_by("-reviewed", "pk").values_list("text", f"{kind.value}__name")
    known = dict(aliases[:MOST_COMPARED])
    alike = process.extract(
        text[:200], known.keys(), scorer=fuzz.WRatio, processor=str.casefold, limit=4 * most, score_cutoff=LEAST_LIKENESS
    )
    return list(dict.fromkeys([*held, *(known[found] for found, _, _ in alike)]))[:most]
