"""The fixtures of the failure classes: sentences with the statements that a careful researcher would write for them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from claims.extraction.drafts import Extraction, StatementDraft
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary
from claims.terms import ClaimKind, TextField

CLASSES = Path(__file__).parent / "claims" / "extraction" / "classes"
RELATIVE = {ClaimKind.DELTA.value, ClaimKind.RATIO.value}
DEFAULTS = {"kind": ClaimKind.ABSOLUTE.value, "role": "proposed"}
"""What a statement must be where its fixture says nothing."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A text with all of its claims and costs, in its order, and the reasons of numbers that are left.

    A statement names the slots that matter: '' stands for None, `setting` lists phrases that must be found in it, `max_confidence`
    bounds it, and the kind "relative" is a delta or a ratio, where the guide leaves that open. `left` maps a number as printed to
    its reason; where nothing is taken it names every number.
    """

    text: str
    title: str = ""
    claims: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    xfail: str = ""


def load(name: str) -> dict[str, list[Fixture]]:
    """Return the fixtures of a class by their form, "positive" and "negative"."""
    with (CLASSES / f"{name}.toml").open("rb") as file:
        forms: dict[str, list[dict[str, Any]]] = tomllib.load(file)
    return {form: [Fixture(**fixture) for fixture in fixtures] for form, fixtures in forms.items()}


def fixtures_of(name: str) -> pytest.MarkDecorator:
    """Parametrise a test with the fixtures of the class in `classes/<name>.toml`."""
    return pytest.mark.parametrize(
        "fixture",
        [
            pytest.param(
                fixture,
                id=f"{form}-{number}",
                marks=[pytest.mark.xfail(reason=fixture.xfail, strict=True)] if fixture.xfail else [],
            )
            for form, fixtures in load(name).items()
            for number, fixture in enumerate(fixtures, start=1)
        ],
    )


def check(fixture: Fixture) -> None:
    """Assert that the engine reads of a text what its fixture says, no more and no less, each with evidence that holds its number."""
    found = extract(fixture.title, fixture.text, load_vocabulary())
    assert _seen(found.claims, fixture.claims) == _wanted(fixture.claims), fixture.text
    assert _seen(found.costs, fixture.costs) == _wanted(fixture.costs), fixture.text
    reasons = _reasons(fixture, found)
    if not fixture.claims and not fixture.costs:
        assert reasons.keys() == fixture.left.keys(), fixture.text
    for number, reason in fixture.left.items():
        assert reason in reasons.get(number, ()), (number, reasons, fixture.text)
    for draft in (*found.claims, *found.costs):
        text = {TextField.TITLE: fixture.title, TextField.ABSTRACT: fixture.text}[draft.text_field]
        assert text[draft.number.start : draft.number.end] == draft.stated
        assert draft.stated in text[draft.evidence.start : draft.evidence.end]


def _reasons(fixture: Fixture, found: Extraction) -> dict[str, set[str]]:
    """Return the reasons of each number of the abstract as printed; one that stands there twice may have two."""
    reasons: dict[str, set[str]] = {}
    for left in found.untaken:
        if left.text_field is TextField.ABSTRACT:
            reasons.setdefault(fixture.text[left.number.start : left.number.end], set()).add(left.reason)
    return reasons


def _wanted(expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [DEFAULTS | statement for statement in expected]


def _seen(drafts: Sequence[StatementDraft], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each draft the slots that its expected statement names; of a draft too many what tells which it is."""
    too_many = {"value": None, "dataset": None, "metric": None, "measure": None}
    return [
        _slots(draft, DEFAULTS | (wanted or {slot: None for slot in too_many if hasattr(draft, slot)}))
        for draft, wanted in zip_longest(drafts, expected[: len(drafts)])
    ]


def _slots(draft: StatementDraft, wanted: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for slot, value in wanted.items():
        if slot == "setting":
            phrases = [phrase for condition in draft.setting for phrase in (condition.text, condition.value)]
            held = [phrase for phrase in value or () if any(phrase in other for other in phrases)]
            seen[slot] = held if held == value else phrases
        elif slot == "max_confidence":
            seen[slot] = max(value, draft.confidence)
        elif slot == "inferred":
            seen[slot] = list(draft.inferred)
        else:
            stated = getattr(draft, slot)
            seen[slot] = "" if stated is None else getattr(stated, "value", stated)
            if value == "relative" and seen[slot] in RELATIVE:
                seen[slot] = value
    return seen
