"""Rules that read the text before a number are tried where their words stand, and none is missed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claims.extraction.cue_words import NEEDED, CueWords
from claims.extraction.rules import kinds, names, reasons
from claims.extraction.rules.conditions import NEEDS
from claims.extraction.rules.kinds import BASELINE_BEFORE, BASELINE_SUBJECT, DELTA_BEFORE, EVEN, NEEDED_BEFORE, THRESHOLD_BEFORE
from claims.extraction.text import digit_places, holds_any, lowered, normalise

PATTERNS = (*DELTA_BEFORE, *BASELINE_BEFORE, *BASELINE_SUBJECT, ("role.threshold", THRESHOLD_BEFORE), ("role.even", EVEN))
WITHOUT_ID = (
    *(("deviation", kinds.DEVIATION_BEFORE), ("negated", kinds.NEGATED), ("nobody", kinds.NOBODY), ("others_inline", kinds.OTHERS_INLINE)),
    *(("plain_model", kinds.PLAIN_MODEL), ("several", kinds.SEVERAL), ("spread", kinds.SPREAD_BEFORE), ("variant", names.VARIANT_WORDS)),
    ("variant_size", names.VARIANT_WORDS),
)


def rules_to_try(before: str) -> frozenset[str]:
    return CueWords(before, 0, len(before)).all()


def test_words_are_given_for_each_rule_and_no_other() -> None:
    assert NEEDED_BEFORE.keys() == {rule for rule, _ in PATTERNS}


def test_what_no_rule_id_stands_for_has_words_too() -> None:
    assert NEEDED.keys() == NEEDED_BEFORE.keys() | NEEDS.keys() | dict(WITHOUT_ID).keys()


def test_words_are_told_by_their_place() -> None:
    text = "Not here. a drop by 2 of FooNet, in contrast to its teacher"
    cues = CueWords(text, 10, len(text))
    before = text.index("2")
    assert "negated" not in cues.all()
    assert {"delta.gain_of", "delta.by", "role.teacher"} <= cues.all()
    assert {"delta.gain_of", "delta.by"} <= cues.between(10, before)
    assert "role.teacher" not in cues.between(10, before)
    assert "delta.gain_of" not in cues.between(text.index("rop"), before)
    assert "delta.by" not in cues.between(10, text.index("y 2"))


def test_words_of_several_rules_are_found_in_one_pass() -> None:
    assert rules_to_try("the margin over its teacher, drops by ") >= {
        "delta.gain_of",
        "role.than",
        "role.teacher",
        "delta.moves",
        "delta.by",
    }
    assert not rules_to_try("foonet obtains ")


@pytest.mark.shared
def test_no_rule_is_missed_for_a_word_that_it_was_said_to_need(shared_dir: Path) -> None:
    seen: set[str] = set()
    with (shared_dir / "abstracts" / "all_fields.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            text = lowered(normalise(json.loads(line)["abstract"]))
            for at in digit_places(text):
                before = text[max(0, at - 130) : at]
                possible = rules_to_try(before)
                found = {rule for rule, pattern in (*PATTERNS, *WITHOUT_ID) if rule not in possible and pattern.search(before)}
                assert not found, (found, before)
                seen |= possible
    assert seen >= NEEDED_BEFORE.keys() | dict(WITHOUT_ID).keys()


@pytest.mark.shared
def test_no_model_of_others_is_missed_for_a_word_that_it_was_said_to_need(shared_dir: Path) -> None:
    seen = 0
    with (shared_dir / "abstracts" / "all_fields.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["abstract"]
            for start in range(0, len(text), 110):
                before = text[start : start + 110]
                spans = [match.span() for match in names.OTHERS.finditer(before)]
                assert not spans or holds_any(before.lower(), names.OTHERS_WORDS), before
                if not holds_any(before.lower(), names.OTHERS_LED):
                    assert [match.span() for match in names.OTHERS_PLAIN.finditer(before)] == spans, before
                    seen += len(spans)
    assert seen > 1000


@pytest.mark.shared
def test_no_reason_is_missed_behind_a_word_that_it_was_said_not_to_end_in(shared_dir: Path) -> None:
    seen = set()
    with (shared_dir / "abstracts" / "all_fields.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            text = lowered(normalise(json.loads(line)["abstract"]))
            for at in digit_places(text):
                before = text[max(0, at - 60) : at]
                last = before.rstrip(" (").rpartition(" ")[2]
                if last in reasons.NO_REASON_BEHIND:
                    seen.add(last)
                    assert not [reason for reason, _, pattern in reasons.BEFORE if pattern.search(before)], before
    assert len(seen) > len(reasons.NO_REASON_BEHIND) / 2
