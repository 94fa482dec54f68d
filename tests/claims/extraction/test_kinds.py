"""Rules that read the text before a number are tried where their words stand, and none is missed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claims.extraction.rules.kinds import (
    BASELINE_BEFORE,
    BASELINE_SUBJECT,
    DELTA_BEFORE,
    EVEN,
    NEEDED_BEFORE,
    THRESHOLD_BEFORE,
    rules_to_try,
)
from claims.extraction.text import digit_places, lowered, normalise

PATTERNS = (*DELTA_BEFORE, *BASELINE_BEFORE, *BASELINE_SUBJECT, ("role.threshold", THRESHOLD_BEFORE), ("role.even", EVEN))


def test_words_are_given_for_each_rule_and_no_other() -> None:
    assert NEEDED_BEFORE.keys() == {rule for rule, _ in PATTERNS}


def test_words_of_several_rules_are_found_in_one_pass() -> None:
    assert rules_to_try("the margin over its teacher, drops by ") >= {
        "delta.gain_of",
        "role.than",
        "role.teacher",
        "delta.moves",
        "delta.by",
    }
    assert rules_to_try("FooNet obtains ") == set()


@pytest.mark.shared
def test_no_rule_is_missed_for_a_word_that_it_was_said_to_need(shared_dir: Path) -> None:
    seen = set()
    with (shared_dir / "abstracts" / "all_fields.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            text = lowered(normalise(json.loads(line)["abstract"]))
            for at in digit_places(text):
                before = text[max(0, at - 130) : at]
                possible = rules_to_try(before)
                found = {rule for rule, pattern in PATTERNS if rule not in possible and pattern.search(before)}
                assert not found, (found, before)
                seen |= possible
    assert seen == NEEDED_BEFORE.keys()
