"""Every rule and every reason has its phrase, and every number of a text its answer."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claims.extraction import cells, deciding, drafting, groups, linking, merging, owners, pipeline, reading
from claims.extraction.drafts import PERSON_RULE, READER_RULE, Extraction
from claims.extraction.explaining import answer_numbers
from claims.extraction.pipeline import extract
from claims.extraction.rules import costs, explanations, kinds, reasons
from claims.extraction.vocabulary import Vocabulary, load_vocabulary
from claims.terms import TextField

MODULES = (cells, deciding, drafting, groups, linking, merging, owners, pipeline, reading)
RULE = re.compile(r"(?:cell|cost|dataset|delta|kind|list|metric|owner|pair|ratio|role|variant)\.[a-z_.]+|score")
GIVE_REASONS = {"rule_out_at_sight", "rule_out", "_rule_out", "no_claim_reason"}
"""The functions that return reasons; elsewhere a reason is what a number is left with."""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def literals(node: ast.AST) -> Iterator[str]:
    """Yield the strings that an expression can be, and no others that stand in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def rules_in_code() -> set[str]:
    """Return the ids that the tables hold and that the code writes out."""
    tables = (
        kinds.DELTA_BEFORE, kinds.DELTA_AFTER, kinds.RATIO_BEFORE, kinds.RATIO_AFTER, kinds.BASELINE_BEFORE, kinds.BASELINE_SUBJECT,
        costs.RATIO_AFTER, costs.RATIO_BEFORE, costs.ABSOLUTE_AFTER, costs.ABSOLUTE_BEFORE,
    )  # fmt: skip
    found = {rule for table in tables for rule, _ in table}
    for module in MODULES:
        nodes = ast.walk(ast.parse(inspect.getsource(module)))
        strings = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
        found.update(text for text in strings if RULE.fullmatch(text))
    return found | {READER_RULE, PERSON_RULE}


def reasons_in_code() -> set[str]:
    """Return the ids of the tables, and what is returned or left as a reason in the code."""
    found = {reason for reason, _, _ in reasons.BEFORE} | {reason for reason, _ in reasons.AFTER}
    for module in MODULES:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.FunctionDef) and node.name in GIVE_REASONS:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        found.update(literals(inner.value))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
                "UntakenNumber",
                "leave",
                "_leave",
                "_leave_group",
            ):
                found.update(text for argument in node.args[1:] for text in literals(argument))
    return found


def test_every_rule_has_its_phrase_and_no_phrase_is_orphaned() -> None:
    assert set(explanations.RULES) == rules_in_code()


def test_every_reason_has_its_phrase_and_no_phrase_is_orphaned() -> None:
    assert set(explanations.REASONS) == reasons_in_code()
    assert set(explanations.REASONS) >= explanations.PARTS


def test_phrases_are_short_and_each_says_something_of_its_own() -> None:
    phrases = [*explanations.RULES.values(), *explanations.REASONS.values()]
    assert len(set(phrases)) == len(phrases)
    assert max(map(len, phrases)) <= 110
    assert [phrase for phrase in phrases if phrase != phrase.strip(" .")] == []


def test_id_of_another_version_reads_as_words() -> None:
    assert explanations.explain("delta.long_gone") == "delta: long gone"


def uncovered(title: str, abstract: str, found: Extraction) -> list[str]:
    """Return the runs of digits that no answer covers, with some words around them."""
    covered = {(answer.text_field, at) for answer in answer_numbers(found) for at in range(answer.number.start, answer.number.end)}
    return [
        text[max(0, digits.start() - 20) : digits.end() + 10]
        for text_field, text in ((TextField.TITLE, title), (TextField.ABSTRACT, abstract))
        for digits in re.finditer(r"\d+", text)
        if any((text_field, at) not in covered for at in range(*digits.span()))
    ]


def read_shared(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "papers"), [("dev", 100), ("dev_other_fields", 40)])
def test_every_number_of_the_annotated_papers_has_its_answer(shared_dir: Path, vocabulary: Vocabulary, name: str, papers: int) -> None:
    rows = list(read_shared(shared_dir / "gold" / f"{name}_papers.jsonl"))
    assert len(rows) == papers
    missing = {row["id"]: uncovered(row["title"], row["abstract"], extract(row["title"], row["abstract"], vocabulary)) for row in rows}
    assert {paper: numbers for paper, numbers in missing.items() if numbers} == {}


@pytest.mark.shared
def test_every_id_that_abstracts_of_all_fields_give_has_its_phrase(shared_dir: Path, vocabulary: Vocabulary) -> None:
    given_rules: set[str] = set()
    given_reasons: set[str] = set()
    missing: list[str] = []
    for name in ("abstracts/all_fields", "gold/dev_papers", "gold/dev_other_fields_papers"):
        for row in read_shared(shared_dir / f"{name}.jsonl"):
            title, abstract = row.get("title") or "", row["abstract"]
            found = extract(title, abstract, vocabulary)
            given_rules.update(rule for draft in (*found.claims, *found.costs) for rule in draft.rules)
            given_reasons.update(number.reason for number in found.untaken)
            missing += uncovered(title, abstract, found)
    assert given_rules - set(explanations.RULES) == set()
    assert given_reasons - set(explanations.REASONS) == set()
    assert missing == []


@pytest.mark.parametrize(
    ("sentence", "reason", "number"),
    [
        ("FooNet reaches 81.5 ± 0.4% top-1 accuracy on ImageNet.", "uncertainty", "0.4"),
        ("FooNet reaches 81.5% ± 0.4% top-1 accuracy on ImageNet.", "uncertainty", "0.4"),
        ("FooNet reaches an accuracy of 81.5+/-0.4% on ImageNet.", "uncertainty", "0.4"),
        ("FooNet reaches an accuracy of 81.5% (+- 0.4) on ImageNet.", "uncertainty", "0.4"),
        ("FooNet improves the accuracy from 81.5 ± 0.4 to 83.0 ± 0.2% on ImageNet.", "uncertainty", "0.4"),
        ("FooNet won the ILSVRC 2015 classification task.", "year", "2015"),
        ("FooNet is 10^5 steps away from a bound.", "formula", "5"),
        ("FooNet needs 2^{O(16)} comparisons.", "formula", "2"),
        ("FooNet reads 3D scenes with an accuracy of 81.5%.", "dimension", "3"),
        ("FooNet reaches 181.5 and 82.0% top-1 accuracy on ImageNet and CIFAR-10.", "out_of_bounds", "181.5"),
    ],
)
def test_number_beside_a_number_has_its_own_reason(vocabulary: Vocabulary, sentence: str, reason: str, number: str) -> None:
    found = extract("", sentence, vocabulary)
    assert (reason, number) in {(left.reason, sentence[left.number.start : left.number.end]) for left in found.untaken}
    assert not any(draft.stated == number for draft in (*found.claims, *found.costs))
    assert uncovered("", sentence, found) == []


@pytest.mark.parametrize(
    ("sentence", "value", "value_max", "uncertainty"),
    [
        ("FooNet reaches 81.5 +/- 0.4% top-1 accuracy on ImageNet.", 81.5, None, 0.4),
        ("FooNet reaches an accuracy of 81.5+-0.4% on ImageNet.", 81.5, None, 0.4),
        ("FooNet reaches 76.5–80.9% top-1 accuracy on ImageNet.", 76.5, 80.9, None),
    ],
)
def test_number_keeps_what_belongs_to_it(
    vocabulary: Vocabulary, sentence: str, value: float, value_max: float | None, uncertainty: float | None
) -> None:
    found = extract("", sentence, vocabulary)
    assert [(claim.value, claim.value_max, claim.uncertainty) for claim in found.claims] == [(value, value_max, uncertainty)]
    assert uncovered("", sentence, found) == []


def test_answers_stand_in_the_order_of_the_text_and_are_one_a_number(vocabulary: Vocabulary) -> None:
    title, abstract = "FooNet-2", "It gets 62.7/42.1% accuracy on CIFAR-10 and CIFAR-100 with 21M parameters, and 79.9 ± 0.1 mAP in 2024."
    answers = answer_numbers(extract(title, abstract, vocabulary))
    texts = {TextField.TITLE: title, TextField.ABSTRACT: abstract}
    assert [(texts[answer.text_field][answer.number.start : answer.number.end], answer.reason) for answer in answers] == [
        ("2", "part_of_name"),
        ("62.7", ""),
        ("42.1", ""),
        ("10", "part_of_name"),
        ("100", "part_of_name"),
        ("21", ""),
        ("79.9", ""),
        ("0.1", "uncertainty"),
        ("2024", "year"),
    ]
    assert all(bool(answer.statements) != bool(answer.reason) for answer in answers)
