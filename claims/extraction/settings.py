"""Read the conditions that a sentence ties to its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from claims.extraction.drafts import ConditionDraft
from claims.extraction.rules.conditions import CONDITIONS, NEEDS
from claims.extraction.rules.kinds import SEVERAL
from claims.terms import ConditionKind


@dataclass(frozen=True, slots=True)
class PlacedCondition:
    """A condition and where it stands."""

    start: int
    end: int
    draft: ConditionDraft
    rule: str


def find_conditions(text: str, start: int, end: int) -> list[PlacedCondition]:
    """Return the conditions in text[start:end], in text order."""
    found: list[PlacedCondition] = []
    sentence = text[start:end]
    for rule, kind, pattern, value in CONDITIONS:
        if rule in NEEDS and not any(word in sentence for word in NEEDS[rule]):
            continue
        for match in pattern.finditer(text, start, end):
            shown = " ".join(match.group().split())
            found.append(PlacedCondition(match.start(), match.end(), ConditionDraft(kind, match.expand(value), shown), rule))
    found.sort(key=lambda condition: (condition.start, condition.end))
    return found


def nearby(conditions: list[PlacedCondition], low: int, high: int) -> tuple[ConditionDraft, ...]:
    """Return the conditions in [low, high), where the numbers before and after stand; of equal ones the first is kept."""
    kept: dict[tuple[ConditionKind, str], ConditionDraft] = {}
    for condition in conditions:
        if low <= condition.start and condition.end <= high:
            kept.setdefault((condition.draft.kind, condition.draft.value), condition.draft)
    return tuple(kept.values())


def several(lower: str, start: int, end: int) -> ConditionDraft | None:
    """Return the condition that "across 6 datasets" states, None if lower[start:end] says nothing like it."""
    match = SEVERAL.search(lower, start, end)
    if match is None:
        return None
    value = f"{match['count']} {match['what']}"
    return ConditionDraft(ConditionKind.OTHER, f"{value} (average)", f"{value} (average)")
