"""Precision, recall and confidence against the annotated papers: the official sets and our own.

What fails says the figures of the open papers and of those that no rule is made from.
"""

from __future__ import annotations

import json
import re
from types import ModuleType
from typing import Any

import pytest

from tests.annotated import OFFICIAL, PARTS, SHARED, AnnotatedSet, PaperReading, judge, load_scorer, load_sets, read_held_out, read_papers

pytestmark = pytest.mark.shared

FLOORS: dict[str, dict[str, float]] = {
    "dev": {
        "absolute precision": 0.95,
        "absolute recall": 0.90,
        "attributed f1": 0.85,
        "row f1": 0.75,
        "relative f1": 0.85,
        "cost f1": 0.85,
    },
    "dev_other_fields": {"absolute precision": 0.92, "absolute recall": 0.80, "attributed f1": 0.75, "relative f1": 0.75, "cost f1": 0.85},
    "listings": {"absolute precision": 0.92, "absolute recall": 0.83, "attributed f1": 0.72, "relative f1": 0.78, "cost f1": 0.75},
    "fields": {"absolute precision": 0.68, "absolute recall": 0.52, "attributed f1": 0.36, "relative f1": 0.50, "cost f1": 0.73},
}
"""All papers of a set: of the official ones what is promised, of our own a little less than was measured."""
MOST_LEAKS = {"dev": 0, "dev_other_fields": 0, "listings": 0, "fields": 4}
SURE, RIGHT_OF_SURE, SURE_OF_ALL = 0.9, 0.97, 0.6
"""Of claims of so much confidence so large a share is right, and so many of all claims have it."""

Gold = tuple[AnnotatedSet, dict[str, PaperReading]]


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    return load_scorer()


@pytest.fixture(scope="module")
def gold() -> dict[str, Gold]:
    return {annotated.name: (annotated, read_papers(annotated)) for annotated in load_sets()}


def figures_of(gold: Gold, scorer: ModuleType) -> dict[str, dict[str, Any]]:
    """Return the scorer's figures of each part of a set."""
    annotated, readings = gold
    written = {paper: reading.written for paper, reading in readings.items()}
    return {part: scorer.score(annotated.part(part), written)[0] for part in PARTS}


@pytest.mark.parametrize("name", FLOORS)
def test_figures_stand_above_their_floors(gold: dict[str, Gold], scorer: ModuleType, name: str) -> None:
    figures = figures_of(gold[name], scorer)
    below = {}
    for figure, floor in FLOORS[name].items():
        what, measure = figure.split()
        if figures["all"][what][measure] < floor:
            below[figure] = {part: figures[part][what] for part in PARTS}
    assert not below, below
    assert figures["all"]["leaks"]["count"] <= MOST_LEAKS[name], {part: figures[part]["leaks"] for part in PARTS}


@pytest.mark.parametrize("name", FLOORS)
def test_evidence_is_exact_and_holds_the_number(gold: dict[str, Gold], scorer: ModuleType, name: str) -> None:
    annotated, readings = gold[name]
    statements = [
        (paper, statement) for paper, reading in readings.items() for statement in (*reading.written["claims"], *reading.written["costs"])
    ]
    wrong = [(paper, said) for paper, said in statements if not scorer.good_evidence(said, "\n".join(annotated.texts[paper]))]
    assert statements
    assert wrong == []


def test_sure_claims_are_right(gold: dict[str, Gold], scorer: ModuleType) -> None:
    told = {}
    for part in PARTS:
        judged = [one for name in OFFICIAL for one in judge(*gold[name], scorer, part)["absolute"]]
        sure = [one for one in judged if one.draft.confidence >= SURE]
        told[part] = {"right": sum(one.is_right for one in sure), "sure": len(sure), "of": len(judged)}
    assert told["all"]["right"] >= RIGHT_OF_SURE * told["all"]["sure"], told
    assert told["all"]["sure"] >= SURE_OF_ALL * told["all"]["of"], told


def test_papers_that_no_rule_is_made_from_are_known(gold: dict[str, Gold]) -> None:
    held_out = {name: set(annotated.part("held-out")) for name, (annotated, _) in gold.items()}
    assert {name: len(papers) for name, papers in held_out.items()} == {"dev": 20, "dev_other_fields": 10, "listings": 40, "fields": 120}
    assert set().union(*held_out.values()) == read_held_out()


def test_our_annotations_hold_no_text_of_others() -> None:
    annotated = load_sets(("listings", "fields"), SHARED)
    for paper, row in ((paper, row) for each in annotated for paper, row in each.truth.items()):
        names = [value for said in (*row["claims"], *row["costs"]) for value in said.values() if isinstance(value, str)]
        phrases = [phrase for claim in row["claims"] for phrase in claim["setting"]]
        assert not [phrase for phrase in phrases if len(phrase.split()) > 6], paper
        assert not [name for name in names if len(name.split()) > 10], paper
        assert not re.search(r'"(?:evidence|title|abstract)"', json.dumps(row)), paper
