"""Texts that no paper has: extraction stays quick, bounded and true to its offsets."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count
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
    *("A, B and C, ", "on X ", "on FooQA and ", "dataset ", "A-B ", "A/", "1. A ", "introduce", "accuracy (AC) AC ", "(p = 1) ", "A1/A1 A1 datasets ", "called "),
    *("accuracy of" + " " * 300 + "q 1%. ", "surpass " + "a factor of " * 60 + "q 1% accuracy. ", "1% fewer" + " in" * 35 + " q FLOPs. "),
    *("gain" + " on ImageNet of" * 8 + " q 1%. ", "gain" + " over of of of" * 8 + " q 1%. ", "labelled training " * 70 + "1 ", "without" + " using any" * 80 + " 1%. "),
    *("1% accuracy on ImageNet " + "22x" * 40 + "q with ViT. ", "A1" * 400 + " 1% accuracy, 2% recall. ", "1% x" + " (" * 300, "555F+-w/" * 20 + ", A datasets. "),
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
    command = [sys.executable, "-c", WITHOUT_CAPS, "20000", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert done.stdout.endswith("all read\n"), f"extraction hangs on repetitions of {done.stdout.splitlines()[-1:]}: {done.stderr[-500:]}"


VARIED = (
    *("{i}.{j}% accuracy. ", "{i}.{j}% accuracy and {j}.{i}% recall. ", "{i}% accuracy on Foo{i}. ", "over {i}% accuracy on Foo{j}. ", "{i} epochs, ", "{i}M parameters, "),
    *("Foo{i} ", "Foo{i}QA, ", "on Foo{i} and ", "Foo{i}Bench ", "the Foo{i} dataset ", "called Foo{i} ", "we propose completion of {i} (C{i}) ", "accuracy (A{i}) A{j} "),
    *("{i} (1.{j}-2.5), ", "(p = 0.{i}) {j}% accuracy. ", "from {i}% to {j}%. ", "mean a error {i}, ", "Smith et al. 20{i}, ", "Kinetics-{i}, ", "BLEU {i}.{j}, "),
)  # fmt: skip


def varied(template: str, size: int) -> str:
    """Return a text of so many characters in which no number and no name stands again soon."""
    text = ""
    for number in count():
        if len(text) >= size:
            return text[:size]
        text += template.format(i=number % 97 + 1, j=number // 97 % 89 + 1)
    raise AssertionError


def seconds_for(text: str, vocabulary: Vocabulary) -> float:
    """Return the processor time of reading a text, the least of two."""
    taken = []
    for _ in range(2):
        began = time.process_time()
        extract("FooNet: On Foo", text, vocabulary)
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.embedded
@pytest.mark.parametrize("template", VARIED)
def test_work_grows_as_the_text_does(template: str, vocabulary: Vocabulary) -> None:
    """Twice the text takes at most three times as long; what takes a few milliseconds measures nothing."""
    for _ in range(3):  # a busy machine may be unfair to one of them once
        short, long = (seconds_for(varied(template, size), vocabulary) for size in (pipeline.MAX_ABSTRACT // 2, pipeline.MAX_ABSTRACT))
        if long < max(3 * short, 0.05):
            return
    pytest.fail(f"{short:.3f} s for half of the text, {long:.3f} s for all of it")


@pytest.mark.embedded
@pytest.mark.parametrize(
    "part", ["7", "(", ")", "/", ",", "1/", "(7), ", "A", "A, B and C, ", "on X ", "dataset ", "Foo-Bar ", "A-", "A-1"]
)
def test_100_kb_of_one_part_take_less_than_a_second(part: str, vocabulary: Vocabulary) -> None:
    assert seconds_for((part * 100_000)[:100_000], vocabulary) < 1


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


CLAIM = "OrderNet reaches 81.5% top-1 accuracy on ImageNet"
WORN: dict[str, str] = {
    "nothing": "",
    "blanks": " \t\r\n\u00a0\u3000",
    "no spaces": CLAIM.replace(" ", ""),
    "digits": "8158158158158158158",
    "Hebrew": f"אנו מציגים שיטה חדשה. {CLAIM}. הדיוק עלה ב-2.5% על פני 3 מאגרים.",
    "Arabic": f"نقدم طريقة جديدة. {CLAIM}. بلغت الدقة ٨١٫٥٪ على ٣ مجموعات.",
    "marked right to left": f"\u202b{CLAIM}\u202c. \u2067{CLAIM}\u2069.",
    "mixed scripts": f"我们提出一种方法。{CLAIM}。Точность выросла на 2,5%. Η ακρίβεια 81,5 %. {CLAIM}.",
    "Cyrillic letters that look Latin": "ОrderNet reаches 81.5% top-1 аccuracy on ImаgeNet.",
    "zero width": "Order\u200bNet rea\u200dches 81\u2060.5\u200b% top-1 acc\u00aduracy on Image\ufeffNet.",
    "combining": "".join(f"{character}\u0301" for character in CLAIM),
    "full width": "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in CLAIM),
    "broken TeX": f"$\\mathbf{{81.5\\%$ on \\textbf{{ImageNet. {CLAIM}}}}} \\pm $0.2 \\times \\( {{ \\begin{{tabular}} & 82.1\\\\ \\cite{{ \\",
    "NUL": CLAIM.replace(" ", "\0") + f".\0\0{CLAIM}.",
    "halves of characters": f"\ud83d {CLAIM} \ude00.",
    "control characters": "".join(map(chr, range(32))) + CLAIM + "".join(map(chr, range(127, 160))),
    "upper case": CLAIM.upper(),
    "one long word": "OrderNet" * 5000 + "81.5%",
    "a number without an end": "81." + "5" * 100_000 + "% accuracy on ImageNet",
    "brackets that never close": "(" * 5000 + CLAIM + "[" * 5000,
}
HOLDS_CLAIM = {"Hebrew", "Arabic", "marked right to left", "mixed scripts", "NUL", "control characters", "brackets that never close"}


@pytest.mark.parametrize("kind", WORN)
def test_worn_text_gives_a_result_or_an_empty_one(kind: str, vocabulary: Vocabulary) -> None:
    abstract = WORN[kind]
    for title in ("OrderNet: On the Order", abstract):
        found = extract(title, abstract, vocabulary)
        check(title, abstract, found)
        if kind in HOLDS_CLAIM:
            assert "81.5" in [draft.stated for draft in found.claims]


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
