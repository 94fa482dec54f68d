"""The number parser: value, unit, sign, bounds and ranges, also in damaged text."""

from __future__ import annotations

import random
import re
from unittest import mock

import pytest

from claims.extraction import quantities
from claims.extraction.quantities import find_quantities
from claims.extraction.text import normalise
from claims.terms import Qualifier


@pytest.mark.parametrize(
    ("text", "value", "value_max", "unit", "scale"),
    [
        ("83.7%", 83.7, None, "%", 1.0),
        (r"4.23\%", 4.23, None, "%", 1.0),
        ("70 percent", 70.0, None, "%", 1.0),
        ("10~30%", 10.0, 30.0, "%", 1.0),
        ("92.7-98.1%", 92.7, 98.1, "%", 1.0),
        ("1.7x - 2.7x", 1.7, 2.7, "x", 1.0),
        ("16 to 24 times", 16.0, 24.0, "x", 1.0),
        ("2.30times faster", 2.3, None, "x", 1.0),
        ("500X", 500.0, None, "x", 1.0),
        ("21M", 21.0, None, "", 1e6),
        ("3 billion", 3.0, None, "", 1e9),
        ("14.64~GFLOPs", 14.64, None, "", 1e9),
        ("5.6 points", 5.6, None, "points", 1.0),
        ("1.2% points", 1.2, None, "points", 1.0),
        ("3,150 GPU days", 3150.0, None, "", 1.0),
        ("27 m", 27.0, None, "", 1.0),
        ("1e-4", 1e-4, None, "", 1.0),
    ],
)
def test_quantity_is_read_with_its_unit(text: str, value: float, value_max: float | None, unit: str, scale: float) -> None:
    (found,) = find_quantities(normalise(text))
    assert (found.value, found.value_max, found.unit, found.scale) == (value, value_max, unit, scale)


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("up to 4%", Qualifier.AT_MOST),
        ("more than 80%", Qualifier.OVER),
        ("80%+", Qualifier.OVER),
        ("approx72%", Qualifier.ABOUT),
        ("around 12%", Qualifier.ABOUT),
        ("less than 5%", Qualifier.UNDER),
        ("leq 2%", Qualifier.AT_MOST),
        ("at least 9%", Qualifier.AT_LEAST),
        ("exactly 9%", Qualifier.EXACT),
    ],
)
def test_qualifier_is_read_from_the_words_before(text: str, qualifier: Qualifier) -> None:
    (found,) = find_quantities(normalise(text))
    assert found.qualifier is qualifier


def test_uncertainty_belongs_to_its_number() -> None:
    (found,) = find_quantities(normalise(r"93.2 \pm 0.3%"))
    assert (found.value, found.uncertainty, found.unit, found.decimals) == (93.2, 0.3, "%", 1)


def test_a_hyphen_is_no_sign_and_a_plus_is() -> None:
    first, second = find_quantities("word-5% but +1.1%")
    assert (first.sign, second.sign) == ("", "+")


def test_normalising_moves_no_character() -> None:
    damaged = "2.30times, approx72%, $384\\times384$, 10sim20%, \u22120.5\u2009%, \ud800\x00"
    assert len(normalise(damaged)) == len(damaged)


def test_plain_numbers_are_found_as_the_whole_pattern_finds_them() -> None:
    chance = random.Random(5)  # noqa: S311 - no secret
    parts = (*"0123456789.,%+-/ x~k()e", " percent", " million", "M", " and", " of", "-shot", " ±", "٣", "–", ":", " times",
             " points", " abs", "D", " A", "nd", "=", "→", " GFLOPs", " billion", " bi", " trillion", "-thousand", " tasks", " fold",
             "-fold", " frames", " per cent", " p.p.", " pp", " pts", "-point", " pages", " mi", "s")  # fmt: skip
    for _ in range(30_000):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(1, 12)))
        with mock.patch.object(quantities, "_PLAIN_DIGITS", re.compile("(?!)")):
            whole = find_quantities(text)
        assert find_quantities(text) == whole
