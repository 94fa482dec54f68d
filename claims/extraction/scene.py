"""Everything recognised in one text: its names, numbers and sentences, and the shadow that rules read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from claims.extraction.quantities import Quantity, find_quantities
from claims.extraction.rules import names
from claims.extraction.rules.costs import COST_NOUN, MEASURES
from claims.extraction.rules.metrics import FREE_METRIC, MEASURED, NEUTRAL
from claims.extraction.text import sentences
from claims.extraction.vocabulary import Found, Vocabulary, fold
from claims.terms import AliasKind

_LETTER = {AliasKind.DATASET: "D", AliasKind.METRIC: "M"}
_OWN_TAIL = re.compile(r"(?:[-+_/][a-z0-9+]+)*(?![a-z0-9])")
_DIGIT = re.compile(r"\d")
_MORE_SUFFIXES = re.compile(r"(?:\s?[/,&]\s?| and )([A-Za-z]?[A-Za-z0-9]*\d+[A-Za-z0-9]*|[A-Z]\b|[A-Z][a-z]+\b)")
_SUFFIX = re.compile(r"[-\s](?=[^-\s]*$)|(?<=[a-z])(?=\d+$)|(?<=[A-Z])(?=\d+$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at [start, end): `kind` is its letter in the shadow, `name` canonical where `known`, else as written."""

    kind: str
    name: str
    start: int
    end: int
    known: bool = True
    words: int = 1


@dataclass(slots=True)
class Scene:
    """A text with all that was recognised in it. Offsets of everything are offsets into `original`."""

    original: str
    text: str
    lower: str
    shadow: str
    sentences: list[tuple[int, int]]
    quantities: list[Quantity]
    mentions: dict[str, list[Mention]]
    tasks: list[Found]
    masked: set[int] = field(default_factory=set)

    def within(self, kind: str, start: int, end: int) -> list[Mention]:
        """Return the mentions of `kind` that lie in [start, end)."""
        found = self.mentions[kind]
        low = bisect_left(found, start, key=lambda mention: mention.start)
        high = bisect_left(found, end, key=lambda mention: mention.start)
        return [mention for mention in found[low:high] if mention.end <= end]

    def at(self, kind: str, position: int) -> Mention | None:
        """Return the mention of `kind` that covers `position`."""
        found = self.mentions[kind]
        index = bisect_left(found, position + 1, key=lambda mention: mention.start) - 1
        return found[index] if index >= 0 and found[index].end > position else None


def read_scene(original: str, text: str, vocabulary: Vocabulary, own_names: tuple[str, ...]) -> Scene:
    """Recognise names and numbers of a text. `text` is `original` normalised, `own_names` what the paper calls its own methods."""
    folded = fold(text)
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    found = vocabulary.find(text, folded)
    own = tuple(name.lower() for name in own_names)
    mentions: dict[str, list[Mention]] = {"D": [], "M": [], "C": [], "V": [], "P": []}
    taken = bytearray(len(text))
    for name in found:
        if name.kind is AliasKind.TASK:
            continue
        words = len(folded[name.start : name.end].split())
        _add(mentions, taken, Mention(_LETTER[name.kind], name.name, name.start, name.end, words=words))
        if name.kind is AliasKind.DATASET:
            _add_suffixes(text, name, vocabulary, mentions, taken)
    _add_unknown_datasets(text, mentions, taken)
    cut = sentences(text)
    numbers_in_names = bytearray(len(text))
    for start, end in cut:
        # what ties numbers matters only where numbers are; datasets carry over and were found everywhere
        if _DIGIT.search(text, start, end) is None:
            continue
        _add_free_metrics(text, start, end, mentions, taken)
        for match in COST_NOUN.finditer(lower, start, end):
            if not any(taken[match.start() : match.end()]):
                measure = MEASURES[int(str(match.lastgroup)[1:])]
                _add(mentions, taken, Mention("C", measure.value, match.start(), match.end()))
        _add_models(text, lower, start, end, own, mentions, taken, numbers_in_names)
    for kind in mentions.values():
        kind.sort(key=lambda mention: mention.start)
    quantities: list[Quantity] = []
    masked: set[int] = set()
    for quantity in find_quantities(text):
        if any(taken[quantity.digits_start : quantity.digits_end]) or any(numbers_in_names[quantity.digits_start : quantity.digits_end]):
            masked.add(quantity.start)
        quantities.append(quantity)
    shadow = _shadow(lower, mentions, [q for q in quantities if q.start not in masked])
    tasks = [name for name in found if name.kind is AliasKind.TASK]
    return Scene(original, text, lower, shadow, cut, quantities, mentions, tasks, masked)


def _add(mentions: dict[str, list[Mention]], taken: bytearray, mention: Mention) -> None:
    mentions[mention.kind].append(mention)
    taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)


def _add_suffixes(text: str, name: Found, vocabulary: Vocabulary, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Read on after "Kinetics-400" in "Kinetics-400/600", after "ImageNet-A" in "ImageNet-A/R/Sketch"."""
    written = text[name.start : name.end]
    cuts = [match.end() for match in _SUFFIX.finditer(written)]
    position = name.end
    while cuts:
        match = _MORE_SUFFIXES.match(text, position)
        if match is None:
            return
        spelled = (vocabulary.lookup(AliasKind.DATASET, written[:cut] + match[1]) for cut in reversed(cuts))
        other = next((found for found in spelled if found is not None), None)
        if other is None:
            return
        _add(mentions, taken, Mention("D", other, match.start(1), match.end(1)))
        position = match.end()


def _add_unknown_datasets(text: str, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    for pattern in (names.CHALLENGE, names.UNKNOWN_DATASET, names.DATASET_NAMED):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            while (skip := names.NOT_A_DATASET.match(text[start:end])) is not None and skip.end():
                start += skip.end()
            name = text[start:end].strip()
            if len(name) > 1 and not any(taken[start:end]) and name.lower() not in names.NOT_A_MODEL and re.search(r"[A-Z]", name):
                _add(mentions, taken, Mention("D", name, start, end, known=False))


def _add_free_metrics(text: str, start_at: int, end_at: int, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Add metrics that no file lists ("execution accuracy", "mean joint error"), and widen known ones by what they measure."""
    for match in FREE_METRIC.finditer(text, start_at, end_at):
        words = match["words"].split()
        while words and words[0] in NEUTRAL:
            words.pop(0)
        start = match.end() - len(" ".join([*words, match["head"]]))
        if match["head"].startswith("accura") and words and words[-1] not in MEASURED:
            continue
        if not words or any(word in NEUTRAL for word in words[-1:]) or text[start : match.end()] != " ".join([*words, match["head"]]):
            continue
        overlapped = [m for m in mentions["M"] if m.start < match.end() and m.end > start]
        if any(m.start < match.start("head") for m in overlapped) or any(m.start < match.end() and m.end > start for m in mentions["D"]):
            continue
        for mention in overlapped:
            mentions["M"].remove(mention)
        _add(mentions, taken, Mention("M", text[start : match.end()], start, match.end(), known=False))


def _add_models(
    text: str,
    lower: str,
    start_at: int,
    end_at: int,
    own_names: tuple[str, ...],
    mentions: dict[str, list[Mention]],
    taken: bytearray,
    worded: bytearray,
) -> None:
    """Add the model names and backbones of a sentence; mark in `worded` the characters of all words that hold a number."""
    for own in own_names:
        for start, end in _find_own(own, lower, start_at, end_at):
            if not any(taken[start:end]):
                _add(mentions, taken, Mention("P", text[start:end], start, end))
    for match in names.BACKBONE.finditer(text, start_at, end_at):
        name = match.group().rstrip(".,;:")  # a name may hold a point ("b1.58"), and not end in one
        if not any(taken[match.start() : match.start() + len(name)]):
            _add(mentions, taken, Mention("V", name, match.start(), match.start() + len(name)))
    for match in names.SHAPE.finditer(text, start_at, end_at):
        word = match.group().rstrip(".,;:")
        start = match.start()
        end = start + len(word)
        has_digit = _DIGIT.search(word) is not None
        if has_digit:
            worded[start:end] = b"\x01" * (end - start)
            release = names.RELEASE.match(text, end)
            if release is not None and not taken[start]:
                worded[end : release.end()] = b"\x01" * (release.end() - end)
        if any(taken[start:end]) or word.lower() in names.NOT_A_MODEL:
            continue
        capitals = sum(map(str.isupper, word))
        mixed = capitals == 1 and (has_digit or not word[1:].islower()) and not word.isupper() and "/" not in word
        if (capitals >= 2 or mixed) and len(word) > 1 and names.HYPHENATED.fullmatch(word) is None:
            _add(mentions, taken, Mention("P", word, start, end))


def _find_own(own: str, lower: str, start_at: int, end_at: int) -> Iterator[tuple[int, int]]:
    """Yield where a paper's own name stands in lower[start_at:end_at], with what is hung on it ("-Tiny").

    Names differ from paper to paper: a pattern for each would be compiled anew all the time.
    """
    at = lower.find(own, start_at, end_at)
    while at >= 0:
        end = at + len(own)
        tail = _OWN_TAIL.match(lower, end, end_at) if at == 0 or not _is_plain(lower[at - 1]) else None
        if tail is not None:
            yield at, tail.end()
            end = tail.end()
        at = lower.find(own, end if tail is not None else at + 1, end_at)


def _is_plain(character: str) -> bool:
    return "a" <= character <= "z" or "0" <= character <= "9"


def _shadow(lower: str, mentions: dict[str, list[Mention]], quantities: list[Quantity]) -> str:
    cells = list(lower)
    for found in mentions.values():
        for mention in found:
            cells[mention.start : mention.end] = mention.kind * (mention.end - mention.start)
    for quantity in quantities:
        cells[quantity.start : quantity.end] = "N" * (quantity.end - quantity.start)
    return "".join(cells)
