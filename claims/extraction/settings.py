"""Read the conditions that a sentence ties to its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from claims.extraction.cue_words import CueWords
from claims.extraction.drafts import ClaimDraft, ConditionDraft
from claims.extraction.rules.conditions import CONDITIONS, NEEDS, NO_PHRASE, PHRASE
from claims.extraction.rules.kinds import SEVERAL
from claims.extraction.scene import Scene
from claims.extraction.text import lowered
from claims.terms import ClaimKind, ConditionKind

_STOPS = re.compile(r"[,;]")
_BRACKET_OF_NUMBER = re.compile(r"\((?=[^()]{0,40}N)")
_HAS_WORD = re.compile(r"[a-z]{4}|[PV]{2}")
# places in CONDITIONS: by the rules that need a word, and of those that need none
_PLACES = {rule: [index for index, (other, *_) in enumerate(CONDITIONS) if other == rule] for rule in NEEDS}
_NEEDING_NONE = [index for index, (rule, *_) in enumerate(CONDITIONS) if rule not in NEEDS]
# the value of each of CONDITIONS in parts, every second one the number of a group: `Match.expand` reads a template anew each time
_VALUES = [re.split(r"\\(\d)", value) for *_, value in CONDITIONS]


class PlacedCondition(NamedTuple):
    """A condition and where it stands."""

    start: int
    end: int
    draft: ConditionDraft
    rule: str


def find_conditions(text: str, start: int, end: int, cues: CueWords | None = None) -> list[PlacedCondition]:
    """Return the conditions in text[start:end], in text order. `cues` are the sentence's words, where they are known."""
    found: list[PlacedCondition] = []
    cues = CueWords(lowered(text[start:end]), 0, end - start) if cues is None else cues
    possible = [index for name in cues.all() if name in _PLACES for index in _PLACES[name]]
    for index in sorted([*_NEEDING_NONE, *possible]):
        rule, kind, pattern, _ = CONDITIONS[index]
        for match in pattern.finditer(text, start, end):
            shown = " ".join(match.group().split())
            value = "".join((match[int(part)] or "") if at % 2 else part for at, part in enumerate(_VALUES[index]))
            condition = PlacedCondition(match.start(), match.end(), ConditionDraft(kind, value, shown), rule)
            found.append(condition)
            if kind in _LISTED:
                found += _listed_before(text, start, condition)
    found.sort(key=lambda condition: (condition.start, condition.end))
    return found


# "1% and 10% of the labels", "1- and 5-shot": what stands behind the last of a list is said of all
_LISTED = {
    ConditionKind.LABEL_FRACTION: re.compile(r"(?<![\d.])(?P<number>\d{1,3}(?:\.\d{1,3})?)\s?%(?:,? and |, |/| or )$"),
    ConditionKind.SHOTS: re.compile(r"(?<![\w.])(?P<number>\d{1,3})-?(?:,? and |, |/| or )$"),
}
_LONGEST_LISTED = 16
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _listed_before(text: str, start: int, last: PlacedCondition) -> Iterator[PlacedCondition]:
    """Yield the conditions of the numbers that a list holds before the last one, which is at `last`."""
    own = _NUMBER.match(last.draft.text)
    at, least = last.start, float(own.group()) if own is not None else 0.0
    while own is not None and (match := _LISTED[last.draft.kind].search(text, max(start, at - _LONGEST_LISTED), at)) is not None:
        number = match["number"]
        if float(number) >= least:  # such lists rise: "a score of 84.2%, 10% of the labels" is none
            return
        least = float(number)
        shown, value = number + last.draft.text[own.end() :], last.draft.value.replace(own.group(), number, 1)
        yield PlacedCondition(match.start(), at, ConditionDraft(last.draft.kind, value, shown), last.rule)
        at = match.start()


def nearby(conditions: list[PlacedCondition], low: int, high: int) -> tuple[ConditionDraft, ...]:
    """Return the conditions in [low, high), where the numbers before and after stand; of equal ones the first is kept."""
    kept: dict[tuple[ConditionKind, str], ConditionDraft] = {}
    for condition in conditions:
        if low <= condition.start and condition.end <= high:
            kept.setdefault((condition.draft.kind, condition.draft.value), condition.draft)
    return tuple(kept.values())


_MOST_PHRASES = 2
_LONGEST_PHRASE = 70


def find_phrases(scene: Scene, sentence: tuple[int, int], low: int, start: int, end: int, high: int) -> list[ConditionDraft]:
    """Return conditions in words that no rule names, from what stands around the number at [start, end), within [low, high).

    The phrase that opens the sentence counts too: "With only the depth stream, FooNet reaches 81%".
    """
    stop = _STOPS.search(scene.shadow, end, sentence[1])
    limit = max(high, stop.start() if stop is not None else sentence[1])
    beside = _BRACKET_OF_NUMBER.search(scene.shadow, end, limit)
    limit = beside.start() if beside is not None else limit
    matches = [match for match in PHRASE.finditer(scene.shadow, end, limit) if match.start() < high]
    matches += reversed(list(PHRASE.finditer(scene.shadow, low, start)))
    opening = PHRASE.match(scene.shadow, *sentence)
    if opening is not None and scene.shadow[opening.end() : opening.end() + 1] == "," and opening.end() <= start:
        matches.append(opening)
    found: list[ConditionDraft] = []
    for match in matches:
        words = match["words"]
        if NO_PHRASE.match(words) or "N" in words.split()[-1] or _names_task(scene, match):
            continue
        if scene.shadow[match.end() : match.end() + 2] in (" M", " C"):  # "with a final" of "with a final error of"
            continue
        if not _HAS_WORD.search(words) or match.end() - match.start() > _LONGEST_PHRASE:
            continue
        if match["head"] in ("for", "in", "at") and (len(words.split()) < 2 or "D" in words):
            continue
        shown = " ".join(scene.text[match.start() : match.end()].split())
        value = " ".join(scene.text[match.start("words") : match.end("words")].lower().split())
        found.append(ConditionDraft(ConditionKind.OTHER, value, shown))
    return found[:_MOST_PHRASES]


def _names_task(scene: Scene, match: re.Match[str]) -> bool:
    return any(match.start() <= task.start < match.end() for task in scene.tasks)


def several(scene: Scene, start: int, end: int) -> ConditionDraft | None:
    """Return the condition that "across 6 datasets" states, None if [start, end) says nothing like it."""
    match = SEVERAL.search(scene.lower, start, end) if "several" in scene.cues(start, end).all() else None
    if match is None:
        return None
    value = f"{match['count']} {match['what']}"
    return ConditionDraft(ConditionKind.OTHER, f"{value} (average)", f"{value} (average)")


# "86.2% on A and 61.6% on B at 384x384": nothing but the next name between two numbers
_JOINED = re.compile(r"N*[^,;.N]{0,50}\band [^,;.N]{0,40}")
# "... 78.9%, which can be further boosted to 80.2% with CutMix": what held before holds still
_FURTHER = re.compile(r"(?:further|(?:improv|boost|increas|rais)\w* (?:it )?(?:further )?to|on top\b)[^N;]{0,60}$")


def share_settings(scene: Scene, start: int, claims: list[ClaimDraft], earlier: Sequence[ClaimDraft]) -> list[ClaimDraft]:
    """Return the claims of the sentence that begins at `start`, with what the text says once said of all that it is meant for.

    Scores of one row (same owner and dataset, other metrics) that follow each other have one setting; of two joined by "and" the first
    has what stands behind the second. `earlier` are the claims before the sentence: "it is further improved to 72.9%" goes on from the
    last alike.
    """
    shared = list(claims)
    for index in range(1, len(shared)):
        left, right = shared[index - 1], shared[index]
        if _is_one_row(left, right) and not right.setting:
            # what stands behind the first may be its own: "97.6% for tagging and 91.2% F1 for naming"
            said = tuple(c for c in left.setting if scene.original.find(c.text, start, left.number.start) >= 0)
            shared[index] = replace(right, setting=said)
    for index in range(len(shared)):
        if shared[index].kind is ClaimKind.ABSOLUTE and _FURTHER.search(scene.shadow, start, shared[index].number.start):
            before = next((claim for claim in (*shared[:index][::-1], *earlier[::-1]) if _is_alike(claim, shared[index])), None)
            if before is not None:
                shared[index] = _carried_on(before, shared[index])
    for index in range(len(shared) - 1, 0, -1):
        left, right = shared[index - 1], shared[index]
        if left.setting or not right.setting or left.kind is not ClaimKind.ABSOLUTE or left.number.end > right.number.start:
            continue
        joined = _JOINED.fullmatch(scene.shadow, left.number.end, right.number.start)
        if _is_one_row(left, right) or (joined and left.metric == right.metric and _is_one_owner(left, right)):
            shared[index - 1] = replace(left, setting=right.setting)
    return shared


def _is_alike(before: ClaimDraft, claim: ClaimDraft) -> bool:
    return (before.kind, before.dataset, before.metric, before.role) == (claim.kind, claim.dataset, claim.metric, claim.role)


def _carried_on(before: ClaimDraft, claim: ClaimDraft) -> ClaimDraft:
    kinds = {condition.kind for condition in claim.setting if condition.kind is not ConditionKind.OTHER}
    more = tuple(c for c in before.setting if c.kind not in kinds and c not in claim.setting)
    variant = claim.variant if claim.variant is not None or claim.model != before.model else before.variant
    return replace(claim, setting=(*claim.setting, *more), variant=variant)


def _is_one_owner(left: ClaimDraft, right: ClaimDraft) -> bool:
    return (left.model, left.variant, left.role, left.kind) == (right.model, right.variant, right.role, right.kind)


def _is_one_row(left: ClaimDraft, right: ClaimDraft) -> bool:
    return _is_one_owner(left, right) and left.dataset == right.dataset and left.metric != right.metric and right.kind is ClaimKind.ABSOLUTE
