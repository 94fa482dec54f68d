"""Finds entries of the catalogue that may be one: names that differ by a letter, a sign or the order of their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Max, Sum
from rapidfuzz import fuzz, process

from claims import keys
from claims.models import Alias, Dataset, Metric, MLModel, Task

ENTRIES: Mapping[str, Any] = {"dataset": Dataset, "metric": Metric, "task": Task, "mlmodel": MLModel}
COLUMNS = {"dataset": "dataset", "metric": "metric", "task": "task", "mlmodel": "ml_model"}
ALIAS_KINDS = {"dataset": "dataset", "metric": "metric", "task": "task", "mlmodel": "model"}
NEIGHBOURS = 8
"""A name is compared with so many behind it, in three orders of all names: every pair of 50,000 would be a billion."""
LEAST_LIKENESS = 90.0
SHORTEST = 4
"""Letters and digits: "AP" and "mAP" are alike and different."""
MOST = 500
KEEP_SECONDS = 600
_NUMBERS = re.compile(r"\d+(?:\.\d+)?|[+#]")


@dataclass(frozen=True, slots=True)
class Alike:
    """Two entries by their keys, and how alike their names are, of 100. `names` are those that are."""

    one: int
    other: int
    names: tuple[str, str]
    likeness: float


def find_alike(kind: str) -> list[Alike]:
    """Return the pairs of a kind's entries that may be one, the likeliest first; those that nobody has reviewed alone are `Alike` to any.

    Each of a pair has a name, or an alias, nearly like one of the other: the same letters, digits and signs in another order of words, or
    all but one in ten. Names with other numbers in them are other names. What was found is kept for some minutes, until an entry comes,
    goes or changes.
    """
    table = ENTRIES[kind]._default_manager.filter(merged_into__isnull=True)
    seen = table.aggregate(count=Count("pk"), last=Max("pk"), versions=Sum("version"))
    aliases = Alias.objects.filter(kind=ALIAS_KINDS[kind]).aggregate(count=Count("pk"), last=Max("pk"))
    key = f"alike-{kind}-{'-'.join(str(value) for value in (*seen.values(), *aliases.values()))}"
    found: list[Alike] | None = cache.get(key)
    if found is None:
        found = _find(kind)
        cache.set(key, found, KEEP_SECONDS)
    return found


def _find(kind: str) -> list[Alike]:
    entries = ENTRIES[kind]._default_manager.values_list("pk", "name", "merged_into", "reviewed")
    roots: dict[int, int] = {}
    unreviewed: set[int] = set()
    named: set[tuple[str, int]] = set()
    for pk, name, merged_into, reviewed in entries.iterator():
        roots[pk] = merged_into or pk
        named.add((name, roots[pk]))
        if not reviewed:
            unreviewed.add(pk)
    column = COLUMNS[kind]
    aliases = Alias.objects.filter(kind=ALIAS_KINDS[kind], scope="", exact_case=False).values_list("text", f"{column}_id")
    named |= {(text, roots[pk]) for text, pk in aliases.iterator() if pk in roots}
    best: dict[tuple[int, int], Alike] = {}
    for one, other, likeness in compare(sorted(named)):
        pair = tuple(sorted((one[1], other[1])))
        if pair[0] == pair[1] or not unreviewed & {*pair}:
            continue
        known = best.get((pair[0], pair[1]))
        if known is None or likeness > known.likeness:
            names = (one[0], other[0]) if one[1] == pair[0] else (other[0], one[0])
            best[pair[0], pair[1]] = Alike(pair[0], pair[1], names, likeness)
    return sorted(best.values(), key=lambda alike: (-alike.likeness, alike.names, alike.one))[:MOST]


def compare(named: Sequence[tuple[str, int]]) -> Iterable[tuple[tuple[str, int], tuple[str, int], float]]:
    """Yield pairs of (name, key) whose names are alike, with how much: each name is held against its neighbours in sorted orders."""
    kept = [(place, key) for place, (name, _) in enumerate(named) if len(key := keys.squash(name)) >= SHORTEST]
    if len(kept) < 2:
        return
    spelt = np.array([key for _, key in kept], dtype=object)
    words = np.array(["".join(sorted(keys.search_words(named[place][0]))) for place, _ in kept], dtype=object)
    ids = np.array([named[place][1] for place, _ in kept])
    # Names with other numbers are neighbours of nobody: each order begins with these.
    numbers = [" ".join(sorted(_NUMBERS.findall(key))) for key in spelt]
    orders = (spelt, [key[::-1] for key in spelt], words)
    pairs = []
    for order in orders:
        ordered = np.array([place for *_, place in sorted(zip(numbers, order, range(len(kept)), strict=True))])
        pairs += [np.stack([ordered[:-step], ordered[step:]]) for step in range(1, NEIGHBOURS + 1)]
    one, other = np.concatenate(pairs, axis=1)
    lengths = np.array([len(key) for key in spelt])
    signs = np.unique(numbers, return_inverse=True)[1]
    apart = np.abs(lengths[one] - lengths[other]) / (lengths[one] + lengths[other])
    may_be = (signs[one] == signs[other]) & (ids[one] != ids[other]) & (apart <= 1 - LEAST_LIKENESS / 100)
    low, high = np.minimum(one, other)[may_be], np.maximum(one, other)[may_be]
    low, high = np.divmod(np.unique(low * len(kept) + high), len(kept))
    if not len(low):
        return
    likeness = np.maximum(*(process.cpdist(of[low], of[high], scorer=fuzz.ratio, score_cutoff=LEAST_LIKENESS) for of in (spelt, words)))
    for place in np.flatnonzero(likeness).tolist():
        yield named[kept[low[place]][0]], named[kept[high[place]][0]], float(likeness[place])
