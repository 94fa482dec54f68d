"""Recognise the datasets that no file lists, by their shape and the places where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from claims.extraction.rules import datasets as rules
from claims.extraction.rules.names import BACKBONE, NOT_A_MODEL
from claims.extraction.spotting import Spotted
from claims.extraction.text import holds_any

_LONGEST_LIST = 170
_MOST_SLASHES = 7
_PLAIN_WORD = 3
_CAPITAL = re.compile("[A-Z]")
_OF_NAME = re.compile(r"[A-Z\d]")


_BY_NOUN = (rules.CHALLENGE, rules.WITH_NOUN, rules.AFTER_NOUN)


def find_unknown_datasets(text: str, spotted: Spotted, own_models: Sequence[str], *, by_place: bool) -> Iterator[tuple[int, int]]:
    """Yield where a name stands that the text calls a dataset, and with `by_place` where one stands that can be nothing else."""
    yield from _find_by_noun(text, spotted)
    if by_place:
        yield from _find_by_place(text, spotted, own_models)


def _find_by_noun(text: str, spotted: Spotted) -> Iterator[tuple[int, int]]:
    """Yield where a name stands that the text calls a dataset: "the FooBar dataset", "a benchmark, Foo-2"."""
    for opened in spotted.opened(_BY_NOUN):
        for match in spotted.matches(opened, text):
            start, end = match.span("name")
            while (skip := rules.NOT_A_DATASET.match(text[start:end])) is not None and skip.end():
                start += skip.end()
            name = text[start:end].strip()
            if len(name) > 1 and name.lower() not in NOT_A_MODEL and _CAPITAL.search(name):
                yield start, end


def _find_by_place(text: str, spotted: Spotted, own_models: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where a capitalised name stands that is a dataset by its place or its shape.

    "accuracy on FooQA", "benchmarks (A, B, C)", "the A, B and C datasets", "ProcessBench". `own_models` are the paper's own methods in
    lower case.
    """
    seen: set[tuple[int, int]] = set()
    for match in spotted.matches(rules.ON, text):
        end = match.start() - 1
        if text[end : end + 1] == " " and rules.NO_MEASURE_BEFORE.fullmatch(text, text.rfind(" ", 0, end) + 1, end) is not None:
            continue
        yield from _listed(text, match.start("name"), match.end("name"), own_models, seen)
    for match in spotted.matches(rules.AFTER_NOUN_LIST, text):
        yield from _listed(text, match.start("name"), match.end("name"), own_models, seen)
    for match in spotted.matches(rules.BEFORE_NOUN, text):
        low = _start_of_list(text, match.start())
        if not _IS_LIST.search(text, low, match.start()):
            continue
        # a list of names ends in a word with a capital or a digit: "widely used datasets" stands behind none
        if _OF_NAME.search(text, max(low, text.rfind(" ", low, match.start())), match.start()) is None:
            continue
        listed = rules.LIST_END.search(text[low : match.start()])
        if listed is not None and _IS_LIST.search(listed["list"]) and not text[low + listed.start() - 1].isalnum():
            first = _RUN.match(listed["list"])
            if first is not None:
                start = low + listed.start("list")
                yield from _listed(text, start, start + first.end(), own_models, seen)
    for match in spotted.matches(rules.SUFFIXED, text):
        word = rules.WORD_BEFORE.search(text[max(0, match.start() - 42) : match.start()])
        start = match.start() - (len(word.group()) if word is not None else 0)
        if word is not None and text[start : start + 1].isupper() and _could_be(text[start : match.end()], own_models):
            yield start, match.end()


def _start_of_list(text: str, end: int) -> int:
    """Return where a list before `end` can begin at the earliest: a slash may join names or stand in one, so many have endless readings."""
    low = max(0, end - _LONGEST_LIST)
    slash = end
    for _ in range(_MOST_SLASHES + 1):
        slash = text.rfind("/", low, slash)
        if slash < 0:
            return low
    return slash + 1


_IS_LIST = re.compile(r", | and ")
_RUN = re.compile(rules.RUN)


def _listed(text: str, start: int, end: int, own_models: Sequence[str], seen: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the name at [start, end) and those that a list goes on with, up to the first that can't be a dataset.

    `seen` holds where the lists before have been: "on A, on B, on C" is one list, and no three.
    """
    while (start, end) not in seen:
        seen.add((start, end))
        end = start + len(rules.TRAILING.sub("", text[start:end]))
        if not _could_be(text[start:end], own_models):
            return
        yield start, end
        following = rules.LISTED.match(text, end)
        if following is None:
            return
        start, end = following.span("name")
        if rules.SUBJECT.match(text, start):
            return


def _could_be(name: str, own_models: Sequence[str]) -> bool:
    lowered = name.lower()
    if (
        len(name) < 2
        or name.endswith("'s")
        or rules.NEVER.match(name)
        or rules.NOT_A_DATASET.match(f"{name} ")
        or rules.NO_DATASET_ENDS.search(name)
        or lowered in NOT_A_MODEL
        or lowered.rstrip("s") in NOT_A_MODEL
    ):
        return False
    if any(lowered == own or (lowered.startswith(own) and not lowered[len(own)].isalpha()) for own in own_models):
        return False
    if next(iter(BACKBONE.finditer(name, 0, len(name), lowered)), None) is not None:
        return False
    return len(name) > _PLAIN_WORD or sum(map(str.isupper, name)) > 1 or any(map(str.isdigit, name))


def hung_on(text: str, end: int) -> int:
    """Return where a longer name ends that begins with the known one before `end`: "GSM8K-V" is no GSM8K; `end` if it is no longer."""
    match = rules.HUNG_ON.match(text, end) or rules.RELEASE.match(text, end)
    return end if match is None else match.end()


def is_own(name: str, text: str, lower: str, *, says_kind: bool) -> bool:
    """Say whether a paper's own `name` is a dataset's: "FooBench, a new benchmark", "a dataset called Foo".

    `says_kind`: one of `OWN_KINDS` stands in `lower`.
    """
    if rules.SAYS_IT.search(name):
        return True
    if not says_kind:
        return False
    key = name.lower()
    at = lower.find(key)
    seen = 0
    while at >= 0 and seen < 6:
        end = at + len(key)
        if rules.OWN_BEHIND.match(text, end, min(len(text), end + 150)):
            return True
        before = lower[max(0, at - 200) : at]
        if holds_any(before, rules.OWN_KINDS) and rules.OWN_BEFORE.search(before):
            return True
        at = lower.find(key, end)
        seen += 1
    return False
