"""Extraction never raises, and what it says stands where it says."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claims.extraction.drafts import ClaimDraft, CostDraft
from claims.extraction.explaining import answer_numbers
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import Vocabulary, load_vocabulary
from claims.terms import LARGEST, TextField
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database

_PARTS = (
    "accuracy top-1 mAP FID BLEU ImageNet CIFAR-10 COCO MS-COCO SQuAD of on with by from to and or while which we our OrderNet ResNet-50 ViT-B/16 "
    "achieves reaches improves outperforming surpassing vs. compared baseline state-of-the-art zero-shot faster fewer less more parameters FLOPs "
    "GFLOPs epochs hours ms GB images 81.5% 81.5 25M 1.5B 4.5G 2x 3.2× 1% 10~30% 92.7-98.1% 82.9/84.8 0.3 ± +1.2 -0.5 1e9 1,000 1e300 99999999999 "
    "10^ 224x224 2023 (ours) , ; : . – -- ( ) [1] $ \\times \\pm \\% % \" ' 中 é ｎ ３ ½ ² İ ß ﬁ \u0301 \u200d \u202e \ud800 \x00 \n \t \u200b א ب ٣ ٪ \\textbf{ \\mathbf{ \\( } "
    "dataset benchmarks such as FooQA BarBench (p < 0.05) (95% CI 1.2-3.4) with without under using only a factor of et al. 2019"
)
PARTS = st.sampled_from(_PARTS.split(" "))
TEXTS = st.lists(st.one_of(PARTS, PARTS, PARTS, PARTS, st.text(max_size=6)), max_size=60).map(" ".join) | st.lists(PARTS, max_size=60).map(
    "".join
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


@fuzz(500)
@given(title=TEXTS, abstract=TEXTS)
@example(title="", abstract="")
@example(title="İİİİ 81.5% accuracy on ImageNet", abstract="İ reaches 81.5% top-1 accuracy on ImageNet")
def test_extraction_never_raises_and_its_offsets_hold(vocabulary: Vocabulary, title: str, abstract: str) -> None:
    found = extract(title, abstract, vocabulary)
    texts = {"title": title, "abstract": abstract}
    drafts: list[ClaimDraft | CostDraft] = [*found.claims, *found.costs]
    for draft in drafts:
        text = texts[draft.text_field]
        number, evidence = draft.number, draft.evidence
        assert 0 <= evidence.start <= number.start < number.end <= evidence.end <= len(text)
        assert text[number.start : number.end] == draft.stated
        assert draft.stated in text[evidence.start : evidence.end]
        for value in (draft.value, draft.value_max, draft.canonical_value, draft.canonical_max, draft.uncertainty):
            assert value is None or (math.isfinite(value) and abs(value) <= LARGEST)
        assert 0 < draft.confidence < 1
        assert draft.decimals >= 0
    for untaken in found.untaken:
        assert texts[untaken.text_field][untaken.number.start : untaken.number.end].strip()
        assert untaken.reason
    answered = {(answer.text_field, at) for answer in answer_numbers(found) for at in range(answer.number.start, answer.number.end)}
    for text_field in (TextField.TITLE, TextField.ABSTRACT):
        assert all((text_field, digit.start()) in answered for digit in re.finditer(r"\d", texts[text_field]))
    assert extract(title, abstract, vocabulary) == found, "the same texts give the same"
