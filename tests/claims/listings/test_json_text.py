"""JSON, sound and damaged."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.errors import ListingTooLargeError
from claims.listings import json_text
from claims.listings.json_text import MAX_DEPTH, parse_json
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database


@pytest.mark.parametrize(
    ("text", "value", "line", "reason"),
    [
        ('{"a": [1,\n2,\n]}', {"a": [1, 2]}, 2, "comma too many"),
        ('{"a": 1,\n}', {"a": 1}, 1, "comma too many"),
        ("[1,\n,2]", [1, 2], 2, "comma too many"),
        ("[1\n2]", [1, 2], 2, "comma is missing"),
        ('{"a": 1\n"b": 2}', {"a": 1, "b": 2}, 2, "comma is missing"),
        ('{\n"a" 1}', {"a": 1}, 2, "colon behind the key “a” is missing"),
        ('{\n"a": }', {}, 2, "key “a” has no value"),
        ('{"a": 1,\n"a": 2}', {"a": 2}, 2, "key “a” stands twice"),
        ('[{"a": 1,\n{"b": 2}]', [{"a": 1}, {"b": 2}], 2, "begins in line 1 is not closed"),
        ('{"a": [1\n}', {"a": [1]}, 2, "begins in line 1 is not closed"),
        ("[1]\n]", [1], 2, "belongs to nothing"),
        ('{"a": "b\n}', {"a": "b"}, 1, "quotes are not closed"),
        ('{"a": "b,\n"c": 1,}', {"a": "b", "c": 1}, 1, "quotes are not closed"),
        ('["\\q",]', ["\\q"], 1, "backslash"),
        ("[1, two]", [1], 1, "“two” is no JSON"),
        ("[1, 2.3.4]", [1], 1, "“2.3.4” is no JSON"),
    ],
)
def test_mistake_is_forgiven_and_told_with_its_line(text: str, value: object, line: int, reason: str) -> None:
    values, problems = parse_json(text)
    assert values == [value]
    assert reason in problems[0].reason
    assert problems[0].line == line


def test_numbers_that_no_program_holds_stay_text() -> None:
    (value,), problems = parse_json("[NaN, Infinity, -Infinity, 1e999, -1e999, 123456789012345678901234, 1.5, -7]")
    assert value == ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "123456789012345678901234", 1.5, -7]
    assert problems == []


@pytest.mark.parametrize("text", ["[" * 10_000, '{"a":' * 10_000, "[" * 10_000 + "]" * 10_000])
def test_nesting_beyond_all_bounds_is_left_out_and_told(text: str) -> None:
    _, problems = parse_json(text)
    assert f"deeper than {MAX_DEPTH} levels" in problems[0].reason


def test_values_around_a_deep_nesting_are_kept() -> None:
    (value,), problems = parse_json(f'{{"a": 1, "b": {"[" * 10_000}{"]" * 10_000}, "c": 3}}')
    assert isinstance(value, dict)
    assert (value["a"], value["c"]) == (1, 3)
    assert len(problems) == 1


def test_text_that_ends_in_the_middle_loses_the_half_row() -> None:
    text = json.dumps({"task": "Sorting", "rows": [{"name": name, "metrics": {"F1": 1}} for name in "abc"]})
    for end in range(text.index('"c"'), text.rindex("}]")):
        (value,), problems = parse_json(text[:end])
        assert isinstance(value, dict)
        assert [row["name"] for row in value["rows"]] == ["a", "b"]
        assert "ends in the middle" in problems[-1].reason


@pytest.mark.parametrize(
    "text", ['"' * 2_000_000, '"\n' * 1_000_000, '{"a" ' * 400_000, "x " * 1_000_000, "\u2028" * 500_000, "\\" * 500_000, "}" * 2_000_000]
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    begin = time.monotonic()
    _, problems = parse_json(text)
    assert time.monotonic() - begin < 10
    assert len(problems) <= json_text.MAX_PROBLEMS + 2


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_VALUES", 10)
    with pytest.raises(ListingTooLargeError, match="more than 10 values"):
        parse_json("[" + "[]," * 10 + "[]]")


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=12,
)


@fuzz(150)
@given(value=VALUES, indent=st.sampled_from([None, 1]), is_ascii=st.booleans())
def test_slow_way_reads_sound_json_as_the_fast_one(value: object, indent: int | None, is_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    parser = json_text._Parser(text)
    parser.run()
    assert (parser.values, parser.list_problems()) == parse_json(text)
    assert parser.values == [value]


@fuzz(150)
@given(value=VALUES, cuts=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 5), st.sampled_from(["", '"', "{", "]", ",", "\\", ":"]))))
def test_damaged_json_gives_values_and_problems(value: object, cuts: list[tuple[int, int, str]]) -> None:
    text = json.dumps(value)
    for at, length, inserted in cuts:
        text = text[:at] + inserted + text[at + length :]
    values, problems = parse_json(text)
    json.dumps(values)
    assert all(problem.reason for problem in problems)
