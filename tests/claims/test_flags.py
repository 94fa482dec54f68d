"""The rules that flag numbers: what each finds, in which words, and what it leaves alone."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from claims import flags
from claims.flags import Column, Placed, Scale, Score, Step
from claims.terms import Direction, FlagKind

ACCURACY = Scale("Top-1 accuracy", "%", Direction.HIGHER, 0.0, 100.0)
FID = Scale("FID", "", Direction.LOWER, 0.0, None)
CORRELATION = Scale("Spearman", "", Direction.HIGHER, -1.0, 1.0)
HISTORY = [70.1, 71.2, 72.4, 73.9, 75.3, 76.2, 78.9, 80.9]


def make(low: float, *, pk: int = 1, scale: Scale = ACCURACY, **fields: Any) -> Score:
    said: dict[str, Any] = {
        "pk": pk,
        "origin": ("paper", pk),
        "column": 1,
        "scale": scale,
        "stated": f"{low:g}",
        "unit": scale.unit,
        "value": low,
        "low": low,
        "high": None,
        "decimals": 1,
        "qualifier": "=",
        "is_quoted": False,
        "model": "Lattice",
        "model_key": "lattice",
        "variant": "",
        "identity": None,
        "is_plain": True,
        "is_read": True,
    }
    return Score(**{**said, **fields})


def beside(numbers: list[float], *, scale: Scale = ACCURACY) -> list[Score]:
    return [make(number, pk=100 + place, scale=scale) for place, number in enumerate(numbers)]


def found(score: Score, numbers: list[float]) -> list[flags.Found]:
    return [one for one in flags.find_on_board([score, *beside(numbers, scale=score.scale)]) if one.pk == score.pk]


@pytest.mark.parametrize(
    ("score", "numbers", "kind", "words"),
    [
        (make(101.2), HISTORY, FlagKind.BOUNDS, "101.2% is above 100%, the most that Top-1 accuracy can be."),
        (make(-2.5, scale=FID), [2.0], FlagKind.BOUNDS, "-2.5 is below 0, the least that FID can be."),
        (
            make(0.76, unit="", decimals=2),
            [71.2, 74.0, 80.9],
            FlagKind.SCALE,
            "0.76 stands among percentages of 71.2 to 80.9: it may be a fraction (76%).",
        ),
        (
            make(76, scale=Scale("Score", "", Direction.HIGHER, None, None), decimals=0),
            [0.712, 0.75, 0.809],
            FlagKind.SCALE,
            "76 stands among fractions of 0.712 to 0.809: it may be a percentage (0.76).",
        ),
        (make(12.0), HISTORY, FlagKind.FAR, "12% is far below the 8 numbers of others here, 70.1% to 80.9%."),
        (make(98.9), HISTORY, FlagKind.FAR, "98.9% is far above the 8 numbers of others here, 70.1% to 80.9%."),
        (
            make(89.0, scale=FID),
            [1.9, 2.0, 2.1, 2.2, 2.3, 2.4, 2.6, 3.0],
            FlagKind.FAR,
            "89 is far above the 8 numbers of others here, 1.9 to 3.",
        ),
        (
            make(2012, scale=FID, decimals=0),
            [1.9, 3.0],
            FlagKind.YEAR,
            "2012 is what a year looks like; the other numbers of FID are 1.9 to 3.",
        ),
        (
            make(7, scale=FID, decimals=0, model="Lattice-7B"),
            [1.9, 3.0],
            FlagKind.COUNT,
            "7 is also the number of parameters in “Lattice-7B” (7B): it may be that, and no score.",
        ),
        (
            make(86, scale=FID, decimals=0, parameters={86.0: "86M"}),
            [1.9, 3.0],
            FlagKind.COUNT,
            "86 is also a number of parameters in the same text (86M): it may be that, and no score.",
        ),
    ],
)
def test_a_rule_says_what_it_compared(score: Score, numbers: list[float], kind: FlagKind, words: str) -> None:
    assert [(one.kind, one.note) for one in found(score, numbers)] == [(kind, words)]


@pytest.mark.parametrize(
    ("score", "numbers"),
    [
        (make(81.5), HISTORY),
        (make(100.0), []),
        (make(60.0), HISTORY),  # far, and yet what a small model has
        (make(12.0, is_plain=False), HISTORY),  # on its own terms: few shots
        (make(12.0), HISTORY[:7]),  # no history yet
        (make(0.9), [0.7, 0.8, 1.2, 2.5]),  # an error rate among error rates
        (make(0.068, unit="%"), [40.1, 60.2, 70.3, 80.4]),  # as a fraction it would be as far away
        (make(2012, scale=Scale("Elo", "", Direction.HIGHER, None, None), decimals=0), [1800.0, 2100.0]),
        (make(7.5, scale=FID, model="Lattice-7B"), [1.9, 3.0]),
        (make(2, scale=FID, decimals=0, parameters={2.0: "2B"}), [1.2, 1.9, 3.0]),  # what others have, too
        (make(0.3, scale=CORRELATION), [0.7, 0.8, 0.9]),
    ],
)
def test_what_may_well_be_so_is_left_alone(score: Score, numbers: list[float]) -> None:
    assert found(score, numbers) == []


def test_numbers_of_one_paper_are_not_held_against_each_other() -> None:
    own = [make(12.0 + step / 10, pk=50 + step, origin=("paper", 50)) for step in range(5)]
    said = list(flags.find_on_board([*own, *beside(HISTORY)]))
    assert {one.pk for one in said} == {score.pk for score in own}
    assert Column([*own, *beside(HISTORY)]).others(own[0]) == HISTORY


def test_the_order_of_numbers_changes_nothing() -> None:
    scores = [make(0.76, pk=1, decimals=2), make(12.0, pk=2), make(150.0, pk=3), *beside(HISTORY)]
    first = sorted(flags.find_on_board(scores), key=lambda one: one.pk)
    scores.reverse()
    assert sorted(flags.find_on_board(scores), key=lambda one: one.pk) == first


def test_a_conflict_names_the_other_paper_and_both_numbers() -> None:
    same: dict[str, Any] = {"identity": (9, "", ""), "model": "ResNet-50"}
    titles = {("paper", pk): flags.Titled(title, "2021-03-04") for pk, title in enumerate(("One", "Two", "Three"), start=1)}
    scores = [make(76.1, pk=1, **same), make(75.3, pk=2, **same), make(76.13, pk=3, decimals=2, **same)]
    said = {one.pk: one.note for one in flags.find_conflicts(scores, lambda asked: {origin: titles[origin] for origin in asked})}
    assert said == {
        1: "“Two” states 75.3% for ResNet-50 in the same setting, not 76.1%.",
        2: "“Three” states 76.13% for ResNet-50 in the same setting, not 75.3%, and 1 more says otherwise.",
        3: "“Two” states 75.3% for ResNet-50 in the same setting, not 76.13%.",
    }
    rounded = [make(76.1, pk=1, **same), make(76.13, pk=3, decimals=2, **same)]
    assert flags.find_conflicts(rounded, lambda asked: {}) == []


@pytest.mark.parametrize("order", list(permutations((1, 2, 3, 4))))
def test_a_conflict_names_the_same_rival_in_whichever_order_papers_were_read(order: tuple[int, ...]) -> None:
    papers = [("Late", "2022-01-01", 78.0), ("Undated", "", 72.0), ("Early", "2020-05-06", 72.0), ("A later one", "2021-01-01", 72.0)]
    same: dict[str, Any] = {"identity": (9, "", ""), "model": "ResNet-50"}
    titles = {("paper", pk): flags.Titled(title, day) for pk, (title, day, _) in zip(order, papers, strict=True)}
    scores = [make(number, pk=pk, **same) for pk, (_, _, number) in zip(order, papers, strict=True)]
    said = flags.find_conflicts(sorted(scores, key=lambda score: score.pk), lambda asked: titles)
    notes = {titles["paper", one.pk].title: one.note for one in said}
    assert notes["Late"] == "“Early” states 72% for ResNet-50 in the same setting, not 78%, and 2 more say otherwise."
    assert notes["Undated"] == notes["Early"] == "“Late” states 78% for ResNet-50 in the same setting, not 72%."


@pytest.mark.parametrize(
    ("text", "agrees"),
    [
        ("It improves ResNet from 35.6% to 46.7%, a gain of 11.1 points.", True),
        ("It improves ResNet from 35.6% to 46.7%, a gain of 12.1 points.", False),
        ("It improves ResNet from 40.0% to 46.0%, a gain of 15.0 points.", True),  # of the older one
        ("It improves the tail from 35.6% to 46.7% and leads to a gain of 4.0 points.", True),  # of something else
        ("It improves ResNet from 35.6% to 46.7%. On all classes the gain is 4.0 points.", True),
    ],
)
def test_a_difference_agrees_with_the_scores_of_its_sentence(text: str, agrees: bool) -> None:
    def at(number: float, *, quoted: bool) -> Placed:
        stated = f"{number}"
        start = text.index(stated)
        return Placed(make(number, pk=2 if quoted else 3, is_quoted=quoted), (1, "abstract"), start, start + len(stated))

    numbers = [float(word.rstrip("%,.")) for word in text.replace("35.6%.", "35.6%").split() if word[0].isdigit()]
    scores = [at(numbers[0], quoted=True), at(numbers[1], quoted=False)]
    start = text.index(f"{numbers[2]} points")
    step = Step(1, f"{numbers[2]}", "points", numbers[2], None, 1, "=", (1, "abstract"), start, start + 4)
    said = flags.find_wrong_step(step, scores, text)
    assert (said is None) is agrees
    if said is not None:
        assert said.note == "12.1 is said to lie between 35.6% and 46.7%, and these are 11.1 apart."


def test_a_model_that_is_called_as_a_dataset() -> None:
    score = make(90.0, model="CIFAR-10", model_key="cifar10")
    said = flags.find_dataset_as_model(score, {"cifar10": "CIFAR-10"})
    assert said is not None
    assert said.note == "“CIFAR-10” is named as the model, and the catalogue knows it as a dataset (CIFAR-10)."
    assert flags.find_dataset_as_model(make(90.0), {"cifar10": "CIFAR-10"}) is None
    assert flags.find_dataset_as_model(make(90.0, model="RESIDE", model_key="reside", is_read=False), {"reside": "RESIDE"}) is None


def test_a_flag_is_known_by_its_number_alone() -> None:
    first, second = found(make(12.0), HISTORY), found(make(12.0), [*HISTORY, 81.0])
    assert first[0].key == second[0].key
    assert first[0].note != second[0].note
    assert found(make(12.5), HISTORY)[0].key != first[0].key
