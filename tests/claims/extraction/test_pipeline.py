"""Extraction of whole abstracts: one fixture per construction, and what must hold for any text."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.extraction.drafts import UNNAMED_MODEL, Extraction
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary
from claims.terms import ClaimKind, ConditionKind, CostMeasure, Qualifier, Role, TextField

VOCABULARY = load_vocabulary()


def read(abstract: str, title: str = "FooNet: Networks of Foo") -> Extraction:
    return extract(title, abstract, VOCABULARY)


def cells(found: Extraction, kind: ClaimKind = ClaimKind.ABSOLUTE) -> set[tuple[str | None, str | None, float]]:
    return {(claim.dataset, claim.metric, claim.value) for claim in found.claims if claim.kind is kind}


TOP1, TOP5, IN1K = "Top-1 accuracy", "Top-5 accuracy", "ImageNet-1K"


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        ("FooNet reaches 81.5% top-1 accuracy on ImageNet.", {(IN1K, TOP1, 81.5)}),
        ("FooNet has a top-1 accuracy of 81.5 and a top-5 accuracy of 95.2 on ImageNet.", {(IN1K, TOP1, 81.5), (IN1K, TOP5, 95.2)}),
        ("FooNet attains 90.1/80.2 top-1 accuracy on Kinetics-400/600.", {("Kinetics-400", TOP1, 90.1), ("Kinetics-600", TOP1, 80.2)}),
        (
            "It gets 61.5/41.5 and 37.5/22.5 I2T/T2I retrieval accuracy on Flickr30K and MS COCO.",
            {
                ("Flickr30K", "I2T accuracy", 61.5),
                ("Flickr30K", "T2I accuracy", 41.5),
                ("COCO", "I2T accuracy", 37.5),
                ("COCO", "T2I accuracy", 22.5),
            },
        ),
        ("FooNet achieves 52.5 mAP on COCO and 49.5 mIoU on ADE20K.", {("COCO", "mAP", 52.5), ("ADE20K", "mIoU", 49.5)}),
        ("We reach 3.5%, 17.5% and 22.5% error on CIFAR-10, CIFAR-100 and ImageNet, respectively.",
         {("CIFAR-10", "Error rate", 3.5), ("CIFAR-100", "Error rate", 17.5), (IN1K, "Error rate", 22.5)}),
        ("On ImageNet 256x256, FooNet gets a gFID of 2.15 (vs. 3.25).", {("ImageNet 256x256", "FID", 2.15), ("ImageNet 256x256", "FID", 3.25)}),
        ("We test FooNet on CIFAR-10. It achieves 95.5% accuracy.", {("CIFAR-10", "Accuracy", 95.5)}),
        ("FooNet reaches 80.5% on ImageNet with a ResNet-50.", {(IN1K, "Accuracy", 80.5)}),
        ("On ImageNet, FooNet has a top-1 accuracy of 81.5%, 0.9% better than the best earlier result.", {(IN1K, TOP1, 81.5)}),
        ("FooNet reaches 81.5% top-1 accuracy on ImageNet, 0.9% and 1.5% higher than BarNet and BazNet.", {(IN1K, TOP1, 81.5)}),
        ("Accuracy on ImageNet rises from 70.5% to 72.5%.", {(IN1K, "Accuracy", 70.5), (IN1K, "Accuracy", 72.5)}),
        ("FooNet obtains 2.1%/4.5% WER on test-clean/test-other.", {("LibriSpeech clean", "WER", 2.1), ("LibriSpeech other", "WER", 4.5)}),
        ("The system achieves an execution accuracy of 48.5% on the BIRD benchmark.", {("BIRD", "Execution accuracy", 48.5)}),
        ("Pre-trained on ImageNet-21K, FooNet obtains 85.5% top-1 accuracy on ImageNet.", {(IN1K, TOP1, 85.5)}),
    ],
)  # fmt: skip
def test_scores_find_their_dataset_and_metric(abstract: str, expected: set[tuple[str, str, float]]) -> None:
    assert cells(read(abstract)) == expected


@pytest.mark.parametrize(
    ("abstract", "value"),
    [
        ("FooNet improves top-1 accuracy on ImageNet by 1.5%.", 1.5),
        ("FooNet shows a gain of 2.5% on ImageNet.", 2.5),
        ("FooNet is 3.5% better in top-1 accuracy on ImageNet than BarNet.", 3.5),
        ("FooNet brings +1.5% accuracy on ImageNet over BarNet.", 1.5),
        ("Accuracy on ImageNet drops by only 0.5%.", 0.5),
        ("We see improvements in accuracy on ImageNet (up to 5.5%).", 5.5),
        ("FooNet outperforms BarNet by 4.5 points on ImageNet.", 4.5),
        ("FooNet achieves 2.5% higher accuracy than BarNet on ImageNet.", 2.5),
        ("Models reach up to 3.5% improved accuracy on ImageNet.", 3.5),
    ],
)
def test_differences_never_come_out_as_scores(abstract: str, value: float) -> None:
    found = read(abstract)
    assert [(claim.kind, claim.value) for claim in found.claims] == [(ClaimKind.DELTA, value)]


@pytest.mark.parametrize(
    ("said", "dataset"),
    [
        ("The labels are based on the Snellen Chart.", None),
        ("Its labels (built on the Snellen Chart) are new.", None),
        ("We focus on Snellen Charts.", None),
        ("We test it on the Snellen Chart.", "Snellen Chart"),
        ("It has few dependencies.On the Snellen Chart, it is compared with others.", "Snellen Chart"),
    ],
)
def test_what_a_method_is_built_on_is_no_dataset(said: str, dataset: str | None) -> None:
    assert cells(read(f"FooNet is new. {said} FooNet reaches 81.5% accuracy.")) == {(dataset, "Accuracy", 81.5)}


def test_ratio_of_a_score_is_no_score() -> None:
    (claim,) = read("FooNet keeps 93-98% of the accuracy of BarNet on ImageNet.").claims
    assert (claim.kind, claim.value, claim.value_max) == (ClaimKind.RATIO, 93, 98)


@pytest.mark.parametrize(
    "price", ["86M parameters", "15.4 GFLOPs", "12 ms", "at 30 fps", "3 hours of training", "86M parameters, 15.4 GFLOPs"]
)
def test_cost_in_brackets_takes_neither_metric_nor_dataset(price: str) -> None:
    found = read(f"FooNet has 84.2% top-1 accuracy ({price}) on ImageNet and 51.2 box AP ({price}) on COCO.")
    assert cells(found) == {(IN1K, TOP1, 84.2), ("COCO", "box AP", 51.2)}
    assert found.costs


def test_number_in_nested_brackets_is_none_of_a_list() -> None:
    assert cells(read("FooNet has 1) the best FID (on CIFAR-10 (unconditional) an FID of 3).")) == {("CIFAR-10", "FID", 3.0)}
    assert cells(read("FooNet has a mean opinion score (MOS (naturalness): 4) on LJSpeech.")) == {("LJSpeech", "MOS", 4.0)}
    assert cells(read("FooNet obtains an FID of 3) on CIFAR-10.")) == {("CIFAR-10", "FID", 3.0)}


def test_digits_of_other_scripts_are_no_widths() -> None:
    assert cells(read("FooNet with FP\uff18 weights reaches 81.2% accuracy on ImageNet.")) == {(IN1K, "Accuracy", 81.2)}


@pytest.mark.parametrize(
    ("abstract", "settings"),
    [
        ("With 1% and 10% of the labels, FooNet reaches 57.9% and 71.6% top-1 accuracy on ImageNet.", {57.9: "1%", 71.6: "10%"}),
        ("FooNet reaches 57.9%/71.6% top-1 accuracy on ImageNet with 1%/10% labels.", {57.9: "1%", 71.6: "10%"}),
        ("In the 1-shot and 5-shot settings of miniImageNet, FooNet has 67.3% and 83.9% accuracy.", {67.3: "1", 83.9: "5"}),
        ("FooNet has 67.3% and 83.9% accuracy on miniImageNet for 1- and 5-shot classification.", {67.3: "1", 83.9: "5"}),
        ("FooNet has a top-1 accuracy of 84.2%, 10% of the labels given, on ImageNet.", {84.2: "10%"}),
    ],
)
def test_list_of_settings_tells_numbers_apart(abstract: str, settings: dict[float, str]) -> None:
    claims = read(abstract).claims
    told = (ConditionKind.SHOTS, ConditionKind.LABEL_FRACTION)
    assert {claim.value: [said.value for said in claim.setting if said.kind in told] for claim in claims} == {
        value: [said] for value, said in settings.items()
    }


def test_sizes_behind_slashes_are_models_of_their_own() -> None:
    found = read("FooNet-T/S/B achieve 82.1%, 83.4% and 84.2% top-1 accuracy on ImageNet with 28M, 50M and 88M parameters.")
    sizes = ["FooNet-T", "FooNet-S", "FooNet-B"]
    assert [claim.model for claim in found.claims] == sizes
    assert [cost.model for cost in found.costs] == sizes


def test_list_before_a_list_goes_before_what_follows_it() -> None:
    found = read("On CIFAR-10/100, FooNet has 97.4%/84.1% accuracy, and 96.2% on SVHN.")
    assert cells(found) == {("CIFAR-10", "Accuracy", 97.4), ("CIFAR-100", "Accuracy", 84.1), ("SVHN", "Accuracy", 96.2)}


def test_costs_in_brackets_part_no_subject_from_its_verb() -> None:
    (claim,) = read("BarNet-S (22M parameters, 4.6G FLOPs) obtains 82.9% top-1 accuracy on ImageNet.").claims
    assert claim.model == "BarNet-S"


def test_name_right_behind_a_number_is_whose_it_is() -> None:
    found = read("The top-1 accuracy of FooNet is 81.5% (vs. 79.9% of BarNet-152).")
    assert [(claim.role, claim.model) for claim in found.claims] == [(Role.PROPOSED, "FooNet"), (Role.BASELINE, "BarNet-152")]


def test_score_in_brackets_keeps_its_metric() -> None:
    assert cells(read("FooNet has 51.2 box AP (53.1 box AP with more data) on COCO.")) == {
        ("COCO", "box AP", 51.2),
        ("COCO", "box AP", 53.1),
    }
    (claim,) = read("FooNet has a low MAE (5.3 ms) on Foo-Bench.").claims
    assert (claim.metric, claim.value) == ("MAE", 5.3)


def test_list_without_datasets_has_those_of_as_many_numbers_before() -> None:
    found = read("FooNet scores 64.3 on MMLU and 51.8 on GSM8K, outperforming BarNet (54.8 and 28.7).")
    rivals = {(claim.dataset, claim.value) for claim in found.claims if claim.role is Role.BASELINE}
    assert rivals == {("MMLU", 54.8), ("GSM8K", 28.7)}
    found = read("FooNet lowers MSE by 14.8% on ETTh1 and 9.3% on Weather, with MSE values of 0.367 and 0.221.")
    assert cells(found) == {("ETTh1", "MSE", 0.367), ("Weather", "MSE", 0.221)}


def test_average_over_datasets_is_of_none_that_follows() -> None:
    found = read("The average accuracy over the five datasets is 87.3%, with 92.1% on CIFAR-10 and 81.4% on CIFAR-100.")
    assert cells(found) == {(None, "Accuracy", 87.3), ("CIFAR-10", "Accuracy", 92.1), ("CIFAR-100", "Accuracy", 81.4)}


def test_letters_between_a_number_and_on_are_its_metric() -> None:
    assert ("GOT-10k", "AO", 71.0) in cells(read("FooNet obtains 72.3% AUC on LaSOT and 71.0 AO on GOT-10k."))


def test_cited_work_that_scores_is_a_rival() -> None:
    found = read("It is comparable to the best parser (Kuncoro et al., 2016), which achieves 95.8% UAS and 94.6% LAS on PTB.")
    assert {(claim.role, claim.model) for claim in found.claims} == {(Role.BASELINE, "Kuncoro et al., 2016")}


def test_what_a_score_comes_close_to_is_a_rivals() -> None:
    found = read("FooNet obtains a MOS of 4.21, close to the ground truth (4.35).")
    assert [(claim.value, claim.role) for claim in found.claims] == [(4.21, Role.PROPOSED), (4.35, Role.BASELINE)]


def test_bits_per_character_are_no_width_of_numbers() -> None:
    found = read("FooNet reaches 1.19 and 1.25 bits-per-character (BPC) on Penn Treebank and enwik8, respectively.")
    assert cells(found) == {("Penn Treebank", "bits/char", 1.19), ("enwik8", "bits/char", 1.25)}


@pytest.mark.parametrize(
    ("abstract", "measure", "value", "unit", "kind", "canonical"),
    [
        ("FooNet has 21M parameters.", CostMeasure.PARAMETERS, 21e6, "", ClaimKind.ABSOLUTE, 21e6),
        ("FooNet needs only 4.5G FLOPs.", CostMeasure.FLOPS, 4.5e9, "", ClaimKind.ABSOLUTE, 4.5e9),
        ("FooNet takes 14.5~GFLOPs.", CostMeasure.FLOPS, 14.5e9, "", ClaimKind.ABSOLUTE, 14.5e9),
        ("FooNet has a latency of 79ms on a phone.", CostMeasure.LATENCY, 79, "ms", ClaimKind.ABSOLUTE, 0.079),
        ("The search takes 0.5 GPU days.", CostMeasure.GPU_DAYS, 0.5, "GPU days", ClaimKind.ABSOLUTE, 12),
        ("The search takes 200 GPU-hours.", CostMeasure.GPU_HOURS, 200, "GPU hours", ClaimKind.ABSOLUTE, 200),
        ("FooNet runs at 30 fps.", CostMeasure.THROUGHPUT, 30, "fps", ClaimKind.ABSOLUTE, 30),
        ("FooNet is a model of only 1MB model size.", CostMeasure.MODEL_SIZE, 1, "MB", ClaimKind.ABSOLUTE, 1e6),
        ("FooNet is 2.3times faster than BarNet.", CostMeasure.SPEED, 2.3, "x", ClaimKind.RATIO, None),
        ("FooNet uses 69% fewer parameters.", CostMeasure.PARAMETERS, 69, "%", ClaimKind.RATIO, None),
        ("It brings a 62% GFLOPs reduction.", CostMeasure.FLOPS, 62, "%", ClaimKind.RATIO, None),
        ("It reduces latency by 15%.", CostMeasure.LATENCY, 15, "%", ClaimKind.RATIO, None),
        ("It needs 40 times less labelled data.", CostMeasure.TRAINING_DATA, 40, "x", ClaimKind.RATIO, None),
        ("FooNet is trained for 300 epochs.", CostMeasure.EPOCHS, 300, "epochs", ClaimKind.ABSOLUTE, 300),
        ("FooNet is a 7B language model.", CostMeasure.PARAMETERS, 7e9, "", ClaimKind.ABSOLUTE, 7e9),
    ],
)  # fmt: skip
def test_costs(abstract: str, measure: CostMeasure, value: float, unit: str, kind: ClaimKind, canonical: float | None) -> None:
    found = read(abstract)
    assert found.claims == ()
    (cost,) = found.costs
    assert (cost.measure, cost.value, cost.unit, cost.kind, cost.canonical_value) == (measure, value, unit, kind, canonical)


@pytest.mark.parametrize(
    ("abstract", "reason"),
    [
        ("We build on ResNet-50.", "part_of_name"),
        ("The challenge of 2019 was won.", "year"),
        ("The set holds 960 images.", "dataset_size"),
        ("We evaluate on 38 tasks.", "count"),
        ("Images have a size of 224x224 pixels.", "resolution"),
        ("This is known [14].", "citation"),
        ("Meshes are 3D.", "dimension"),
        ("(1) We sort, (2) we sum.", "section"),
        ("It is done so: 1) we sort; 2) we sum.", "section"),
        ("Sums (of up to 7) are taken.", "no_metric"),
        ("Bounds are O(n^2).", "formula"),
        ("See https://example.org/foo-2 for more.", "link"),
        ("We rank #2 in the challenge.", "rank"),
        ("Intervals are given at the 95% confidence level.", "confidence_level"),
        ("With just 1% of the labels it works.", "condition"),
        ("About 40% of the test images change.", "share"),
    ],
)
def test_numbers_left_say_why(abstract: str, reason: str) -> None:
    found = read(abstract)
    assert (found.claims, found.costs) == ((), ())
    assert reason in {number.reason for number in found.untaken}


@pytest.mark.parametrize(
    ("abstract", "value", "role"),
    [
        ("FooNet gets 70.5% accuracy on ImageNet, surpassing BarNet's 68.5%.", 68.5, Role.BASELINE),
        ("FooNet gets 70.5% accuracy on ImageNet, surpassing BarNet's 68.5%.", 70.5, Role.PROPOSED),
        ("FooNet gets 63.5% mAP on COCO (compare to 67.5% with more data).", 67.5, Role.BASELINE),
        ("Accuracy on ImageNet improves from 69.5% to 71.5%.", 69.5, Role.BASELINE),
        ("Accuracy on ImageNet improves from 69.5% to 71.5%.", 71.5, Role.PROPOSED),
        ("Existing models achieve only 40.5% accuracy on ImageNet.", 40.5, Role.BASELINE),
    ],
)
def test_role_of_a_number(abstract: str, value: float, role: Role) -> None:
    assert [claim.role for claim in read(abstract).claims if claim.value == value] == [role]


@pytest.mark.parametrize(
    ("abstract", "owner"),
    [
        (
            "With a bigger network of some 640 million parameters, BarNet-H, it reaches 86.5% top-1 accuracy on ImageNet.",
            ("BarNet-H", None, 640e6),
        ),
        ("We also train a 2B model (BarNet-G) with fewer labels.", ("BarNet-G", None, 2e9)),
        ("An 8-layer FooNet has 80.5% and a 170M 16-layer FooNet has 81.5% accuracy on ImageNet.", ("FooNet", "16-layer", 170e6)),
        ("Our largest model has 3B weights.", ("FooNet", "largest model", 3e9)),
        # no name behind the number: the paper's own model
        ("FooNet reaches 81.5% top-1 accuracy on ImageNet with 25M parameters, a third of BarNet.", ("FooNet", None, 25e6)),
    ],
)
def test_size_belongs_to_the_model_named_with_it(abstract: str, owner: tuple[str, str | None, float]) -> None:
    sizes = [cost for cost in read(abstract).costs if cost.measure is CostMeasure.PARAMETERS]
    assert [(cost.model, cost.variant, cost.canonical_value) for cost in sizes] == [owner]


@pytest.mark.parametrize(
    "abstract", ["FooNet learns from the 400M CLIP pairs.", "We release a 12M BarCap image collection.", "It keeps the 5M ViT tokens."]
)
def test_number_of_examples_is_no_size(abstract: str) -> None:
    assert CostMeasure.PARAMETERS not in {cost.measure for cost in read(abstract).costs}


def test_models_variants_and_costs_of_one_row_agree() -> None:
    found = read("Our FooNet-Tiny achieves 81.5% top-1 accuracy on ImageNet with only 24M FLOPs.")
    (claim,), (cost,) = found.claims, found.costs
    assert (claim.model, claim.variant) == (cost.model, cost.variant) == ("FooNet-Tiny", None)


def test_backbones_are_variants_in_order() -> None:
    found = read("FooNet improves accuracy by 4.5% and 3.5% on ImageNet for VGG-16 and ResNet-50, respectively.")
    assert [(claim.model, claim.variant, claim.value) for claim in found.claims] == [
        ("FooNet", "VGG-16", 4.5),
        ("FooNet", "ResNet-50", 3.5),
    ]


def test_unnamed_method_stays_unnamed() -> None:
    (claim,) = read("Our approach achieves 81.5% top-1 accuracy on ImageNet.", title="A study of foo").claims
    assert claim.model == UNNAMED_MODEL


def test_conditions_have_kinds_and_values() -> None:
    (claim,) = read("With 10% of the labels, FooNet achieves 75.5% top-1 accuracy on ImageNet at 384times384.").claims
    assert {(condition.kind, condition.value) for condition in claim.setting} == {
        (ConditionKind.LABEL_FRACTION, "10%"),
        (ConditionKind.RESOLUTION, "384x384"),
    }


def test_inferred_slots_are_named() -> None:
    (claim,) = read("FooNet reaches 80.5% on ImageNet.").claims
    assert claim.inferred == ("metric",)


def test_what_the_text_leaves_open_stays_open() -> None:
    (claim,) = read("FooNet achieves 80.5% accuracy on average across 6 datasets.").claims
    assert claim.dataset is None
    assert any("6 datasets" in condition.text for condition in claim.setting)


def test_ranges_and_bounds() -> None:
    (claim,) = read("FooNet achieves top-1 accuracies ranging from 76.5% to 80.5% on ImageNet.").claims
    assert (claim.value, claim.value_max, claim.role) == (76.5, 80.5, Role.PROPOSED)
    (claim,) = read("FooNet achieves up to 82.5% accuracy on ImageNet.").claims
    assert claim.qualifier is Qualifier.AT_MOST


def test_fraction_of_a_percentage_is_compared_as_percent() -> None:
    (claim,) = read("FooNet achieves an F-score of 0.782 on ICDAR 2015.").claims
    assert (claim.value, claim.unit, claim.canonical_value) == (0.782, "", 78.2)


def test_impossible_values_are_left() -> None:
    assert read("FooNet has a top-1 accuracy of 123.5% on ImageNet.").claims == ()


def test_a_number_said_twice_is_one_claim_of_the_abstract() -> None:
    found = read("FooNet reaches 81.5% top-1 accuracy on ImageNet.", title="FooNet: 81.5% Top-1 Accuracy on ImageNet")
    (claim,) = found.claims
    assert claim.text_field is TextField.ABSTRACT
    assert [number.reason for number in found.untaken if number.text_field is TextField.TITLE and number.reason != "part_of_name"] == [
        "repeated"
    ]


def test_a_list_of_differences_refers_back_to_its_scores() -> None:
    found = read("FooNet gets 43.5% and 38.5% accuracy on CIFAR-10 and CIFAR-100, which are +1.5% and +2.5% higher than BarNet.")
    assert cells(found, ClaimKind.DELTA) == {("CIFAR-10", "Accuracy", 1.5), ("CIFAR-100", "Accuracy", 2.5)}


def check_spans(title: str, abstract: str, found: Extraction) -> None:
    """Assert that every statement's evidence holds its number, and that `stated` is the text of the number."""
    texts = {TextField.TITLE: title, TextField.ABSTRACT: abstract}
    for draft in (*found.claims, *found.costs):
        text = texts[draft.text_field]
        assert 0 <= draft.evidence.start <= draft.number.start < draft.number.end <= draft.evidence.end <= len(text)
        assert text[draft.number.start : draft.number.end] == draft.stated
        assert any(c.isdigit() for c in draft.stated)
        assert draft.rules
        assert 0 < draft.confidence <= 1
    for number in found.untaken:
        assert any(c.isdigit() for c in texts[number.text_field][number.number.start : number.number.end])
        assert number.reason


PIECES = [
    "84.5%", "+1.1%", "62.7/42.1", "10~30%", "2.30times", "approx72%", "384times384", r"4.23\%", "21M", "top-1 accuracy", "on ImageNet",
    "and", ",", "FooNet", "ResNet-50", "of", "by", "from", "to", "vs.", "(", ")", "respectively", ".", "We", "parameters", "GFLOPs", "COCO",
    "mAP", "zero-shot", "\ud800", "\x00", "\u2212", "İ", "79ms", "x", "\n", "faster", "$", "[3]", "2019", "the", "-", "1e9999", "٣", "²",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from([" ", ""]))
def test_any_mixture_of_phrases_gives_sound_spans(words: list[str], title: list[str], glue: str) -> None:
    abstract, heading = glue.join(words), glue.join(title)
    check_spans(heading, abstract, extract(heading, abstract, VOCABULARY))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_gives_sound_spans(abstract: str, title: str) -> None:
    check_spans(title, abstract, extract(title, abstract, VOCABULARY))


ADVERSARIAL = [
    "1" * 100_000, "1/" * 50_000, "(" * 100_000, "1, " * 33_000, "1.1% " * 20_000, "1 to " * 20_000, "A1-" * 33_000, "a " * 50_000,
    "from " * 20_000, "ImageNet " * 11_000, "accuracy " * 11_000, "5% and " * 14_000, "ImageNet, " * 10_000, "1x" * 50_000, "(5% " * 25_000,
    "by 5% accuracy on ImageNet " * 3_700, "ResNet-50 achieves " * 5_000 + "5%", "more than " * 10_000 + "5%", "A" * 100_000, "a-" * 50_000,
    "We propose " * 9_000, "." * 100_000, " " * 100_000, "\\" * 100_000, "word " * 20_000 + "accuracy of 5%",
]  # fmt: skip


@pytest.mark.parametrize("text", ADVERSARIAL, ids=[text[:12] for text in ADVERSARIAL])
def test_hostile_text_is_read_in_time(text: str) -> None:
    began = time.process_time()
    extract("", text, VOCABULARY)
    assert time.process_time() - began < 5


def _seeded(seed: str) -> str:
    program = (
        "from claims.extraction.pipeline import extract\n"
        "from claims.extraction.vocabulary import load_vocabulary\n"
        "text = 'FooNet gets 81.5%/70.5% top-1 accuracy on ImageNet/CIFAR-10 with ResNet-50, +1.5% over BarNet, at 4.5G FLOPs and 21M parameters.'\n"
        "vocabulary = load_vocabulary()\n"
        "print(vocabulary.hash, extract('FooNet: foo', text, vocabulary))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_result_does_not_hang_on_the_hash_seed() -> None:
    seeds: Iterable[str] = ("0", "1", "4242")
    assert len({_seeded(seed) for seed in seeds}) == 1


@pytest.mark.parametrize("number", ["1e300 billion", "1e305 T", "9" * 40 + "M", "0." + "0" * 30 + "1e340", "1e999"])
def test_impossible_number_is_not_taken(number: str) -> None:
    abstract = f"HugeNet reaches 81.5% top-1 accuracy on ImageNet with {number} parameters and {number}% of nothing."
    found = extract("HugeNet: Too Large", abstract, load_vocabulary())
    assert all(abs(draft.value) <= 1e30 and abs(draft.canonical_value or 0) <= 1e30 for draft in (*found.claims, *found.costs))
    assert 81.5 in [claim.value for claim in found.claims]


@pytest.mark.parametrize(
    ("sentence", "model", "variant"),
    [
        ("Our method obtains 80.6% top-1 accuracy on ImageNet at a crop-size of 224x224 with vanilla ResNet-50.", "FooNet", "ResNet-50"),
        ("On a larger model, BarNet-H, it achieves 87.3% top-1 accuracy on ImageNet.", "BarNet-H", None),
        ("On ImageNet, FooNet achieves 70.4% accuracy, surpassing CLIP's 68.1% on ViT-B models.", "FooNet", "ViT-B"),
    ],
)
def test_model_and_variant_are_found_across_what_stands_between(sentence: str, model: str, variant: str | None) -> None:
    claim = extract("FooNet: A Net", sentence, load_vocabulary()).claims[0]
    assert (claim.model, claim.variant) == (model, variant)
