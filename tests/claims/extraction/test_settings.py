"""Conditions of a setting are found as fast as they can be, and none is missed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claims.extraction.rules.conditions import CONDITIONS, NEEDS
from claims.extraction.settings import find_conditions
from claims.extraction.text import normalise


def test_needs_name_rules_that_exist() -> None:
    assert NEEDS.keys() <= {rule for rule, *_ in CONDITIONS}


def test_conditions_are_found_in_text_order() -> None:
    text = "Zero-shot, at a resolution of 384 and with an ensemble, without extra data, the 2-bit model was trained from scratch."
    found = [condition.rule.removeprefix("condition.") for condition in find_conditions(text, 0, len(text))]
    assert found == ["zero_shot", "resolution_of", "ensemble", "no_extra_data", "bits", "scratch"]


@pytest.mark.shared
def test_no_condition_is_missed_for_a_word_that_it_was_said_to_need(shared_dir: Path) -> None:
    with (shared_dir / "abstracts" / "all_fields.jsonl").open(encoding="utf-8") as lines:
        text = normalise("\n".join(json.loads(line)["abstract"] for line in lines))
    seen = set()
    for rule, _, pattern, _ in CONDITIONS:
        for match in pattern.finditer(text):
            assert rule not in NEEDS or any(word in match.group() for word in NEEDS[rule]), (rule, match.group())
            seen.add(rule)
    assert len(seen) > len(CONDITIONS) / 2
