"""How sure a reading is: of the annotated statements that look like it, the share that was read right.

What a statement looks like is a handful of signs. Each has points, the points of a statement's signs are added up, and a table says
which share of the annotated statements of so many points was right, at the least that so few can vouch for. Points and table are
measured (`rules/confidence.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from claims.extraction.cells import CONTRADICTED, UNFIT
from claims.extraction.drafts import ClaimDraft, CostDraft, Extraction, StatementDraft
from claims.extraction.rules import confidence as measured
from claims.extraction.scene import Scene
from claims.extraction.vocabulary import Vocabulary
from claims.terms import ClaimKind, TextField

CAPS = {
    UNFIT: 0.5,
    CONTRADICTED: 0.85,
    "range.of_several": 0.5,
    "metric.default": 0.85,
    "dataset.none": 0.85,
    "dataset.unknown": 0.85,
    "dataset.again": 0.85,
    "variant.list": 0.85,
    "list.settings": 0.85,
    "cost.sized_model": 0.85,
}
"""No statement with one of these rules or signs is surer than that. Some are too rare to be measured; a range over several datasets is
the value of none of them; and what the text does not say, or nobody has confirmed as a name, is not for a program to accept;
nor is what a list or a name shares out among several models, datasets or settings."""

_INFERRED = frozenset(("metric.default", "metric.same_form", "metric.continued", "metric.again"))
"""Rules that give a number a metric which no words beside it name."""

# "English PTB", "2025 FooChallenge", "FooChallenge Task 2", "AIME'24": the name goes on where the catalogue's ends
_LONGER_BEFORE = re.compile(r"(?:\b[A-Z][\w'’]*|\b(?:19|20)\d\d)[ -]$")
_LONGER_AFTER = re.compile(r"[ -](?:[A-Z]\w*|(?:19|20)\d\d\b)|['’]\d\d\b")
_NO_PART_OF_A_NAME = re.compile(r"(?:On|The|In|For|Our|At|Using|With|And|To|From|Of|By|We|Its|This) $")


@dataclass(frozen=True, slots=True)
class Scale:
    """Points by sign, and the share of right statements from so many points on, the fewest first. A sign without points is neutral."""

    points: Mapping[str, int]
    shares: tuple[tuple[int, float], ...]

    def add_up(self, signs: Iterable[str]) -> int:
        total = 0
        for sign in signs:
            total += self.points.get(sign, 0)
        return total

    def confidence(self, signs: Iterable[str]) -> float:
        """Return the share of the last step that the points reach, of the first if they reach none."""
        total = self.add_up(signs)
        reached = self.shares[0][1]
        for points, share in self.shares:
            if total >= points:
                reached = share
        return reached


ABSOLUTE, RELATIVE, COST = (Scale(*scale) for scale in (measured.ABSOLUTE, measured.RELATIVE, measured.COST))


def rate(found: Extraction, scenes: Mapping[TextField, Scene], vocabulary: Vocabulary) -> Extraction:
    """Return `found` with the confidence of every claim and cost; `scenes` are of the texts that it was read from.

    The drafts get it themselves, for a copy of each takes long: `found` is not to be used afterwards.
    """
    if not found.claims and not found.costs:
        return found
    claims = _with_contradicted(found.claims)
    for claim, signs in zip(claims, claim_signs(found, scenes, vocabulary), strict=True):
        _rate(claim, ABSOLUTE if claim.kind is ClaimKind.ABSOLUTE else RELATIVE, signs)
    for cost in found.costs:
        _rate(cost, COST, cost_signs(cost))
    return Extraction(tuple(claims), found.costs, found.untaken)


def _with_contradicted(claims: tuple[ClaimDraft, ...]) -> list[ClaimDraft]:
    """Return the claims, those marked that share all that tells a board's scores apart and state another value."""
    cells = [_cell(claim) for claim in claims]
    values: dict[Hashable, set[tuple[float, float | None]]] = {}
    for claim, cell in zip(claims, cells, strict=True):
        values.setdefault(cell, set()).add((claim.value, claim.value_max))
    return [
        replace(claim, rules=(*claim.rules, CONTRADICTED)) if cell is not None and len(values[cell]) > 1 else claim
        for claim, cell in zip(claims, cells, strict=True)
    ]


def _cell(claim: ClaimDraft) -> Hashable | None:
    """Return what tells a score apart from a board's others, None for what no board shows."""
    if claim.kind is not ClaimKind.ABSOLUTE or claim.dataset is None or claim.metric is None:
        return None
    setting = frozenset((condition.kind, condition.value) for condition in claim.setting)
    return claim.role, claim.model, claim.variant, claim.dataset, claim.metric, setting


def _rate(draft: StatementDraft, scale: Scale, signs: Iterable[str]) -> None:
    draft.confidence = min(scale.confidence(signs), cap(draft, signs))


def cap(draft: StatementDraft, signs: Iterable[str]) -> float:
    """Return the most that the confidence of a statement with these signs may be."""
    least = 1.0
    for name in (*draft.rules, *signs):
        if name in CAPS and CAPS[name] < least:
            least = CAPS[name]
    return least


def claim_signs(found: Extraction, scenes: Mapping[TextField, Scene], vocabulary: Vocabulary) -> list[frozenset[str]]:
    """Return the signs of each claim."""
    numbers = Counter((draft.text_field, draft.number) for draft in found.claims)
    longer: dict[str, bool] = {}
    signs = []
    for draft in found.claims:
        of_draft = {*_metric_signs(draft, vocabulary), *_signs(draft), f"kind.{draft.kind}"}
        if draft.dataset is None:
            of_draft.add("dataset.none")
        elif draft.dataset in vocabulary.dataset:
            of_draft.add("dataset.known")
            if draft.dataset not in longer:
                longer[draft.dataset] = any(_is_part_of_longer_name(scene, draft.dataset) for scene in scenes.values())
            if longer[draft.dataset]:
                of_draft.add("dataset.longer_name")
        else:
            of_draft.add("dataset.unknown")
        if numbers[draft.text_field, draft.number] > 1:
            of_draft.add("several_cells")
            if draft.value_max is not None:
                of_draft.add("range.of_several")
        signs.append(frozenset(of_draft))
    return signs


def cost_signs(draft: CostDraft) -> frozenset[str]:
    """Return the signs of a cost."""
    rule = draft.rules[0]
    return frozenset(("cost.ratio" if rule.startswith("cost.ratio") else rule, f"measure.{draft.measure}", *_signs(draft)))


def _signs(draft: StatementDraft) -> Iterator[str]:
    if "owner.main" in draft.rules:
        yield "owner.assumed"
    if draft.value_max is not None:
        yield "range"


def _metric_signs(draft: ClaimDraft, vocabulary: Vocabulary) -> Iterator[str]:
    if draft.metric is None:
        yield "metric.none"
        return
    entry = vocabulary.metric.get(draft.metric)
    if entry is None:
        yield "metric.unknown"
    elif entry.generic:
        yield "metric.generic"
    if not _INFERRED.isdisjoint(draft.rules):
        yield "metric.inferred"


def _is_part_of_longer_name(scene: Scene, name: str) -> bool:
    """Say whether the text names more than the catalogue's entry somewhere: a version, a language, a track of it."""
    for mention in scene.mentions["D"]:
        if mention.name != name:
            continue
        before = scene.text[max(0, mention.start - 30) : mention.start]
        begun = max(before.rfind(" ", 0, -1), before.rfind("-", 0, -1)) + 1
        word = _LONGER_BEFORE.search(before, begun) if before.endswith((" ", "-")) else None
        if word is not None and _NO_PART_OF_A_NAME.match(word.group()) is None:
            place = mention.start - len(word.group())
            opens_sentence = not before[: word.start()].rstrip() or before[: word.start()].rstrip()[-1] in ".:?!"
            if not opens_sentence and not _is_named(scene, place):
                return True
        if _LONGER_AFTER.match(scene.text, mention.end) and not _is_named(scene, mention.end + 1):
            return True
    return False


def _is_named(scene: Scene, place: int) -> bool:
    return any(scene.at(kind, place) is not None for kind in scene.mentions)
