"""How sure a reading is, by what is known of it."""

from __future__ import annotations

import pytest

from claims.extraction import confidence
from claims.extraction.cells import UNFIT
from claims.extraction.confidence import Scale
from claims.extraction.drafts import ClaimDraft
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary


def read_first(abstract: str, title: str = "TidyNet: A Study") -> ClaimDraft:
    return extract(title, abstract, load_vocabulary()).claims[0]


PLAIN = read_first("TidyNet reaches 81.5% top-1 accuracy on ImageNet.").confidence


def test_plain_result_on_a_known_dataset_is_sure() -> None:
    assert PLAIN >= 0.9


@pytest.mark.parametrize(
    "abstract",
    [
        "TidyNet reaches 61.5% F1 on the Greek Penn Treebank.",
        "TidyNet reaches 61.5% F1 on the Penn Treebank 2031 edition.",
        "TidyNet reaches 61.5% F1 on Penn Treebank Track.",
        "TidyNet reaches 61.5% accuracy on the GardenTools dataset.",
        "TidyNet reaches 61.5% accuracy.",
        "TidyNet has an improvement of 1.5% top-1 accuracy on ImageNet.",
    ],
)
def test_doubtful_reading_is_less_sure(abstract: str) -> None:
    assert read_first(abstract).confidence < min(PLAIN, 0.9)


@pytest.mark.parametrize(
    "abstract",
    [
        "On ImageNet TidyNet reaches 81.5% top-1 accuracy.",
        "We test on CIFAR-10 and more. Imagenet comes last. ImageNet Top-1 accuracy of TidyNet is 81.5%.",
        "TidyNet reaches 81.5% top-1 accuracy on ImageNet with ResNet-50 ImageNet weights.",
    ],
)
def test_neighbours_are_no_part_of_a_name(abstract: str) -> None:
    assert read_first(abstract).confidence == PLAIN


def test_lists_that_do_not_fit_are_not_sure() -> None:
    found = extract("", "On CIFAR-10 and CIFAR-100, TidyNet reaches 97.1%, 83.4% and 68.0% accuracy, respectively.", load_vocabulary())
    assert [(UNFIT in claim.rules, claim.confidence) for claim in found.claims] == [(True, 0.5)] * 3


def test_every_claim_and_cost_is_rated() -> None:
    found = extract(
        "", "TidyNet reaches 81.5% on ImageNet, 1.2% better than before, and is 2x faster with 25M parameters.", load_vocabulary()
    )
    assert len(found.claims) == 2
    assert len(found.costs) == 2
    assert all(0 < draft.confidence < 1 for draft in (*found.claims, *found.costs))


@pytest.mark.parametrize("scale", [confidence.ABSOLUTE, confidence.RELATIVE, confidence.COST])
def test_more_points_are_surer(scale: Scale) -> None:
    assert list(scale.shares) == sorted(scale.shares)
    shares = [share for _, share in scale.shares]
    assert shares == sorted(set(shares))
    assert all(0 < share < 1 for share in shares)


def test_scale_adds_points_and_looks_them_up() -> None:
    scale = Scale({"good": 2, "bad": -1}, ((0, 0.5), (2, 0.9)))
    assert [scale.confidence(signs) for signs in ((), ("bad",), ("good", "bad"), ("good", "unheard_of"))] == [0.5, 0.5, 0.5, 0.9]
