"""Texts that no paper has: extraction stays quick, bounded and true to its offsets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from claims.extraction import pipeline
from claims.extraction.drafts import Extraction
from claims.extraction.pipeline import extract, is_read_whole
from claims.extraction.text import cut_whole
from claims.extraction.vocabulary import Vocabulary, load_vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


PARTS = (
    *("7", "%", "(", ")", "1/", "± ", "1 ± ", "accuracy ", "accuracy", "top-1-", r"\times", "A", "A.", "A-", "Ab", "Ab1", "ResNet50-", "ImageNet, "),
    *("12.5% ", "1,", "1.", "1-", "1~", "1e9", "1x", "-", ".", ". ", "! A", "a", " ", "\n", "\t", "$", "{", "\\", "'\"", "sim ", "we propose ", "called A "),
    *("https://", "[1, ", "x 1", "1M parameters ", "a\u0301", "\u0301", "😀", "\u200d", "\u202e", "\ud800", "from 1 to ", " – ", "et al. ", "A dataset ", "_", "^", "R@1 "),
)  # fmt: skip

WITHOUT_CAPS = """
import signal, sys
from claims.extraction import pipeline
from claims.extraction.vocabulary import load_vocabulary
from tests.claims.extraction.test_hostile_texts import PARTS

pipeline.MAX_TITLE = pipeline.MAX_ABSTRACT = 10**9
size = int(sys.argv[1])
vocabulary = load_vocabulary()
for part in PARTS:
    text = (part * size)[:size]
    print(repr(part), flush=True)
    signal.setitimer(signal.ITIMER_VIRTUAL, float(sys.argv[2]))  # its signal ends the program
    pipeline.extract(text, text, vocabulary)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
print("all read")
"""


@pytest.mark.embedded
def test_work_grows_no_faster_than_the_text() -> None:
    """Read far more than is read in earnest, under a limit that quadratic work would break by far and linear work never."""
    command = [sys.executable, "-c", WITHOUT_CAPS, "20000", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert done.stdout.endswith("all read\n"), f"extraction hangs on repetitions of {done.stdout.splitlines()[-1:]}: {done.stderr[-500:]}"


def check(title: str, abstract: str, found: Extraction) -> None:
    texts = {"title": title, "abstract": abstract}
    for draft in (*found.claims, *found.costs):
        text = texts[draft.text_field]
        assert text[draft.number.start : draft.number.end] == draft.stated
        assert draft.evidence.start <= draft.number.start < draft.number.end <= draft.evidence.end <= len(text)


@pytest.mark.parametrize("part", PARTS)
def test_text_of_one_repeated_part_is_read(part: str, vocabulary: Vocabulary) -> None:
    text = (part * 1_000_000)[:1_000_000]
    check(text, text, extract(text, text, vocabulary))


@pytest.mark.parametrize("odd", ["\u0301" * 1000, "\u202e\u2067", "\u200d\u00ad", "\U000e0041", "\ud800", "\u2028\u0085", "\u0378\uffff"])
def test_odd_characters_move_no_offset(odd: str, vocabulary: Vocabulary) -> None:
    abstract = f"We st{odd}udy {odd} layers. OrderNet reaches 81.5% top-1 accuracy on ImageNet{odd} with 25M parameters. {odd}"
    found = extract(f"OrderNet: {odd}On the Order", abstract, vocabulary)
    check("", abstract, found)
    assert [draft.stated for draft in (*found.claims, *found.costs)] == ["81.5", "25M"] or [draft.value for draft in found.claims] == [81.5]


def test_what_stands_behind_the_limit_is_not_read(vocabulary: Vocabulary) -> None:
    sentence = "OrderNet reaches 81.5% top-1 accuracy on ImageNet. "
    far = "And on it goes. " * (pipeline.MAX_ABSTRACT // 16) + sentence
    assert [draft.value for draft in extract("OrderNet", sentence + far, vocabulary).claims] == [81.5]
    assert extract("OrderNet", far, vocabulary).claims == ()
    assert is_read_whole("OrderNet", sentence)
    assert not is_read_whole("OrderNet", far)
    assert not is_read_whole("x" * (pipeline.MAX_TITLE + 1), sentence)


def test_cut_goes_through_no_sentence_and_no_number() -> None:
    text = "We do it. " * 10 + "It reaches 81.5 % now."
    for most in range(len(text)):
        cut = cut_whole(text, most)
        assert text.startswith(cut)
        assert len(cut) <= most
        assert "81" not in cut
    assert cut_whole(text, len(text)) == text
    assert cut_whole("word " * 100, 22).strip() == "word word word word"
    assert len(cut_whole("x" * 5000, 3000)) <= 3000
