"""Finds catalogue entries by what somebody types: as suggestions, and as what may have been meant by a name that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from rapidfuzz import fuzz, process

from claims import keys
from claims.models import Alias, MLModel
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
    """Return the entries whose names or aliases hold what was typed: those that begin with it first, confirmed ones before others."""
    wanted = " ".join(text.replace("\x00", " ").split())[:200]
    key = keys.name_key(wanted)
    if not key:
        return []
    if kind is AliasKind.MODEL:
        models = MLModel.objects.filter(Q(name_key__contains=key) | Q(name__icontains=wanted), merged_into__isnull=True)
        named = [(model.name, model.name, model.reviewed) for model in models.order_by("-reviewed", "name", "pk")[:MOST_LOOKED_AT]]
    else:
        aliases = Alias.objects.filter(Q(key__icontains=key) | Q(text__icontains=wanted), kind=kind, scope="")
        aliases = aliases.select_related(kind.value, f"{kind.value}__merged_into").order_by("-reviewed", "text", "pk")
        entries: list[tuple[Any, str]] = [(getattr(alias, kind.value).root(), alias.text) for alias in aliases[:MOST_LOOKED_AT]]
        named = [(entry.name, found, entry.reviewed) for entry, found in entries]
    best: dict[str, tuple[tuple[Any, ...], Suggestion]] = {}
    for name, found, reviewed in named:
        own = keys.name_key(found)
        place = (own != key, not own.startswith(key), not reviewed, found != name, len(found), name)
        suggestion = Suggestion(name, "" if found == name or key in keys.name_key(name) else found, reviewed)
        if name not in best or place < best[name][0]:
            best[name] = place, suggestion
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
