"""The 24 classes of sentences on which readers of abstracts fail: each with sentences that must be taken and others that look alike."""

from __future__ import annotations

import pytest

from tests.failure_classes import CLASSES, Fixture, check, fixtures_of, load

NAMES = sorted(path.stem for path in CLASSES.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_class_has_fixtures_of_both_forms(name: str) -> None:
    forms = load(name)
    assert forms.keys() == {"positive", "negative"}
    assert all(len(fixtures) >= 5 for fixtures in forms.values())
    texts = [fixture.text for fixtures in forms.values() for fixture in fixtures]
    assert len(set(texts)) == len(texts)


def test_every_class_has_a_test() -> None:
    assert len(NAMES) == 24
    assert {f"test_{name[3:]}" for name in NAMES} <= globals().keys()


@fixtures_of("01_slash_lists")
def test_slash_lists(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("02_double_lists")
def test_double_lists(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("03_respectively")
def test_respectively(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("04_deltas_that_refer_back")
def test_deltas_that_refer_back(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("05_from_to")
def test_from_to(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("06_versus")
def test_versus(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("07_deltas")
def test_deltas(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("08_ratios")
def test_ratios(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("09_conditions")
def test_conditions(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("10_cost_ratios")
def test_cost_ratios(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("11_quoted_numbers")
def test_quoted_numbers(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("12_own_variants")
def test_own_variants(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("13_metric_not_said")
def test_metric_not_said(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("14_dataset_elsewhere")
def test_dataset_elsewhere(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("15_metric_families")
def test_metric_families(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("16_dataset_variants")
def test_dataset_variants(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("17_numbers_in_names")
def test_numbers_in_names(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("18_no_results")
def test_no_results(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("19_units")
def test_units(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("20_text_damage")
def test_text_damage(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("21_said_twice")
def test_said_twice(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("22_hedges_and_ranges")
def test_hedges_and_ranges(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("23_averages")
def test_averages(fixture: Fixture) -> None:
    check(fixture)


@fixtures_of("24_negation_and_failings")
def test_negation_and_failings(fixture: Fixture) -> None:
    check(fixture)
