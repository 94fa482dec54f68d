"""Everything recognised in one text: its names, numbers and sentences, and the shadow that rules read."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from claims.extraction import unknown_datasets
from claims.extraction.cue_words import CueWords
from claims.extraction.own_names import OwnNames
from claims.extraction.pages import Page
from claims.extraction.quantities import Quantity
from claims.extraction.rules import names
from claims.extraction.rules.ambiguous import COMPANY
from claims.extraction.rules.costs import COST_NOUN, MEASURES
from claims.extraction.rules.metrics import (
    ACRONYM_AFTER,
    ACRONYM_ON,
    ACRONYM_SCORE,
    AT_K,
    BEHIND_PERCENT,
    CUTS,
    FREE_METRIC,
    MEASURED,
    NEUTRAL,
    NO_METRIC_BEFORE_RATE,
    SCORING,
)
from claims.extraction.spotting import Spotted
from claims.extraction.text import fold
from claims.extraction.vocabulary import Found, Vocabulary
from claims.terms import AliasKind

_LETTER = {AliasKind.DATASET: "D", AliasKind.METRIC: "M"}
_IN_COMPANY = frozenset(name for name, _ in COMPANY)
_SCORE_BEHIND = re.compile(" scores?$")
_OWN_TAIL = re.compile(r"(?:[-+_/][a-z0-9+]+)*(?![a-z0-9])")
_DIGIT = re.compile(r"\d")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD_BEHIND = re.compile(r"\s?(?P<name>[a-z]+)\b(?! (?:rate|stories|story|cases))")
_SCORES_NUMBER = re.compile(r"scores? (?:(?:only|just|about|around|up to|over|nearly|at most|at least) )?[~<>]?\d")
_SCORER_BEFORE = re.compile(rf"(?<![A-Za-z]){SCORING.pattern.removesuffix('$')} $", re.IGNORECASE)
_WORDS = re.compile(r"[ -]")
_OF_BEFORE = re.compile(r" of (?:the )?$")
_FIRST_WORD = re.compile(r"[\w-]+(?= )")
_LISTED_WORD = re.compile(r"(?<![\w/-])(?P<word>[A-Za-z][\w-]{1,9})(?:/|,? and | & )$")
_SHORT_FORM = re.compile(r" ?\((?P<short>[A-Z][A-Za-z0-9@-]{1,9})\)")
_MORE_SUFFIXES = re.compile(r"(?:\s?[/,&]\s?| and )([A-Za-z]?[A-Za-z0-9]*\d+[A-Za-z0-9]*|[A-Z]\b|[A-Z][a-z]+\b)(?!\.\d|\s?%)")
_SUFFIX = re.compile(r"[-\s](?=[^-\s]*$)|(?<=[a-z])(?=\d+$)|(?<=[A-Z])(?=\d+$)", re.IGNORECASE)
_METRIC_STEM = re.compile(r".*[@-](?=\w{1,3}$)|[A-Za-z]+(?=\d{1,3}$)")
_MORE_OF_METRIC = re.compile(r"/(?P<suffix>\d{1,3}|[A-Z][a-z]{0,4})(?![\w@%-]|\.\d)")

_start = attrgetter("start")


class Mention(NamedTuple):
    """A name at [start, end): `kind` is its letter in the shadow, `name` canonical where `known`, else as written."""

    kind: str
    name: str
    start: int
    end: int
    known: bool = True
    words: int = 1


@dataclass(slots=True)
class Scene:
    """A text with all that was recognised in it. Offsets of everything are offsets into `original`.

    `mentions` are by kind, each in the order of the text.
    """

    original: str
    text: str
    lower: str
    shadow: str
    sentences: list[tuple[int, int]]
    quantities: list[Quantity]
    mentions: dict[str, list[Mention]]
    tasks: list[Found]
    masked: set[int] = field(default_factory=set)
    _cues: dict[tuple[int, int], CueWords] = field(default_factory=dict, repr=False)
    _starts: dict[str, list[int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._starts = {kind: [mention.start for mention in found] for kind, found in self.mentions.items()}

    def within(self, kind: str, start: int, end: int) -> list[Mention]:
        """Return the mentions of `kind` that lie in [start, end)."""
        starts = self._starts[kind]
        if not starts:
            return []
        low = bisect_left(starts, start)
        high = bisect_left(starts, end, low)
        return [mention for mention in self.mentions[kind][low:high] if mention.end <= end] if low < high else []

    def cues(self, start: int, end: int) -> CueWords:
        """Return the words of the sentence [start, end) that patterns need."""
        found = self._cues.get((start, end))
        if found is None:
            found = self._cues[start, end] = CueWords(self.lower, start, end)
        return found

    def says(self, words: tuple[str, ...], start: int, end: int) -> bool:
        """Say whether one of `words`, in lower case, stands in [start, end): what a pattern needs, before it is tried."""
        find = self.lower.find
        for word in words:  # noqa: SIM110 - any() of a generator takes three times as long, and every sentence is asked
            if find(word, start, end) >= 0:
                return True
        return False

    def at(self, kind: str, position: int) -> Mention | None:
        """Return the mention of `kind` that covers `position`."""
        index = bisect_right(self._starts[kind], position) - 1
        if index < 0:
            return None
        mention = self.mentions[kind][index]
        return mention if mention.end > position else None


def read_scene(page: Page, spotted: Spotted, vocabulary: Vocabulary, own_names: OwnNames, *, is_title: bool = False) -> Scene:
    """Recognise the names of a text, and which of its numbers are parts of names."""
    text, lower, quantities = page.text, page.lower, page.quantities
    found = vocabulary.find(text, spotted)
    own = tuple(name.lower() for name in own_names.models)
    mentions: dict[str, list[Mention]] = {"D": [], "M": [], "C": [], "V": [], "P": []}
    taken = bytearray(len(text))
    tasks: list[Found] = []
    for name in found:
        kind, start, end = name.kind, name.start, name.end
        if kind is AliasKind.TASK:
            tasks.append(name)
            continue
        if name.name in _IN_COMPANY:
            company = COMPANY.get((name.name, _SCORE_BEHIND.sub("", text[start:end])))
            if company is not None and not company.holds(lower):
                continue
        if kind is AliasKind.DATASET and (hung := unknown_datasets.hung_on(text, end)) > end:
            _add(mentions, taken, Mention("D", text[start:hung], start, hung, known=False))
            continue
        written = text[start:end]
        words = 1 if written.isalnum() else len(fold(written).split())
        _add(mentions, taken, Mention(_LETTER[kind], name.name, start, end, words=words))
        if kind is AliasKind.DATASET:
            _add_suffixes(text, name, vocabulary, mentions, taken)
        elif text[end : end + 1] == "/":
            _add_metric_suffixes(text, name, vocabulary, mentions, taken)
    _add_abbreviations(text, mentions, taken)
    _add_unknown_datasets(text, lower, spotted, own, own_names.datasets, mentions, taken, by_place=not is_title)
    numbers_in_names = bytearray(len(text))
    cut = page.sentences
    if quantities:
        # what ties numbers matters only where numbers are; datasets carry over and were found everywhere
        for start, end in page.with_digits(cut):
            _add_free_metrics(spotted.matches_in(FREE_METRIC, text, start, end), text, mentions, taken)
            scored = list(spotted.matches_in(ACRONYM_SCORE, text, start, end))
            _add_acronym_metrics(text, start, end, scored, quantities, own, mentions, taken)
            _add_costs(spotted.matches_in(COST_NOUN, lower, start, end), text, mentions, taken)
            backbones = spotted.matches_in(names.BACKBONE, text, start, end)
            _add_models(text, lower, start, end, backbones, own, mentions, taken, numbers_in_names)
    _add_shared_heads(text, vocabulary, mentions, taken)
    mentions["M"] = _without_heads(mentions["M"], vocabulary, text)
    if "(" in text:
        mentions["M"], mentions["D"] = _with_short_forms(mentions["M"], text), _with_short_forms(mentions["D"], text)
    for of_kind in mentions.values():
        of_kind.sort(key=_start)
    masked: set[int] = set()
    for quantity in quantities:
        low, high = quantity.digits_start, quantity.digits_end
        if 1 in taken[low:high] or 1 in numbers_in_names[low:high]:
            masked.add(quantity.start)
    shadow = _shadow(lower, mentions, [q for q in quantities if q.start not in masked], page.intervals)
    return Scene(page.original, text, lower, shadow, cut, quantities, mentions, tasks, masked)


def _add_costs(matches: Iterable[re.Match[str]], text: str, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Add the nouns that say what something costs."""
    for match in matches:
        start, end = match.span()
        if 1 not in taken[start:end] and not _is_measured(text, start, taken):
            measure = MEASURES[int(str(match.lastgroup)[1:])]
            _add(mentions, taken, Mention("C", measure.value, start, end))


def _is_measured(text: str, start: int, taken: bytearray) -> bool:
    """Say whether a metric is of what stands at `start`: "the MAE of the energy" is no cost."""
    of = _OF_BEFORE.search(text, max(0, start - 8), start)
    return of is not None and taken[of.start() - 1] == 1


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


def _add_metric_suffixes(text: str, name: Found, vocabulary: Vocabulary, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Read on after "Recall@1" in "Recall@1/5/10", after "ROUGE-1" in "ROUGE-1/2/L"; of a family with "@", any rank is a metric."""
    written = text[name.start : name.end]
    stem = _METRIC_STEM.match(written)
    position = name.end
    while stem is not None and (match := _MORE_OF_METRIC.match(text, position)) is not None:
        spelled = stem.group() + match["suffix"]
        known = vocabulary.lookup(AliasKind.METRIC, spelled)
        if (known is None and (not spelled[-1].isdigit() or "@" not in spelled)) or 1 in taken[match.start("suffix") : match.end()]:
            return
        _add(mentions, taken, Mention("M", known or spelled, match.start("suffix"), match.end(), known is not None, words=2))
        position = match.end()


def _add_abbreviations(text: str, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Add where a name's short form stands again: "the chamfer distance (CD) ... reduces CD by 10%"."""
    for kind in "MD":
        done: set[str] = set()  # a short form given again says nothing new
        for mention in tuple(mentions[kind]):
            match = _SHORT_FORM.match(text, mention.end) if text.startswith((" (", "("), mention.end) else None
            if match is None or match["short"] in done or taken[match.start("short")]:
                continue
            short = match["short"]
            done.add(short)
            # "48.3 mIoU (FooNet-T)" shortens nothing; of "feature error rate (FER)" only the end may be known
            initials = "".join(word[:1] for word in _WORDS.split(text[mention.start : mention.end].lower()))
            if short[0].lower() not in initials and not short.lower().endswith(initials):
                continue
            start = match.start("short")
            while start >= 0:
                end = start + len(short)
                if not _is_hung_on(text, start, end) and 1 not in taken[start:end]:
                    _add(mentions, taken, Mention(kind, mention.name, start, end, mention.known, words=2))
                start = text.find(short, end)


def _is_hung_on(text: str, start: int, end: int) -> bool:
    """Say whether a letter, a digit or a hyphen stands right before or behind text[start:end]."""
    around = text[start - 1 : start] + text[end : end + 1]
    return any(character.isalnum() or character in "_-" for character in around)


def _add_unknown_datasets(
    text: str,
    lower: str,
    spotted: Spotted,
    own_models: tuple[str, ...],
    own_datasets: tuple[str, ...],
    mentions: dict[str, list[Mention]],
    taken: bytearray,
    *,
    by_place: bool,
) -> None:
    """Add the paper's own datasets and what names and, unless all words may have capitals, places say of others."""
    for own in own_datasets:
        for start, end in _find_own(own.lower(), lower, 0, len(lower)):
            if 1 not in taken[start:end]:
                _add(mentions, taken, Mention("D", own, start, end, known=False))
    for start, end in unknown_datasets.find_unknown_datasets(text, spotted, own_models, by_place=by_place):
        if 1 not in taken[start:end]:
            _add(mentions, taken, Mention("D", text[start:end].strip(), start, end, known=False))


def _add_free_metrics(matches: Iterable[re.Match[str]], text: str, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Add metrics that no file lists ("execution accuracy", "mean joint error"), and widen known ones by what they measure."""
    for match in matches:
        words = match["words"].split()
        cut = next((index + 1 for index in range(len(words) - 1, -1, -1) if CUTS.fullmatch(words[index])), 0)
        words = words[cut:]
        while words and words[0] in NEUTRAL:
            words.pop(0)
        head = match["head"]
        start = match.end() - len(" ".join([*words, head]))
        if head.startswith("accura") and words and words[-1] not in MEASURED:
            continue
        if not words or any(word in NEUTRAL for word in words[-1:]) or text[start : match.end()] != " ".join([*words, head]):
            continue
        if head.startswith("rate") and words[-1].lower() in NO_METRIC_BEFORE_RATE:
            continue
        if head.startswith("score") and SCORING.match(words[-1].lower()):
            continue
        overlapped = [m for m in mentions["M"] if m.start < match.end() and m.end > start]
        # what only the head names is widened by the words before it; a metric that stands whole in them stays
        if any(m.start < match.start("head") for m in overlapped) or 1 in taken[start : match.start("head")]:
            continue
        for mention in overlapped:
            mentions["M"].remove(mention)
        end = match.start("head") - 1 if head.startswith("score") and len(words) == 1 and words[0].isupper() else match.end()
        _add(mentions, taken, Mention("M", text[start:end], start, end, known=False))


def _add_acronym_metrics(
    text: str,
    start_at: int,
    end_at: int,
    scored: list[re.Match[str]],
    quantities: list[Quantity],
    own: tuple[str, ...],
    mentions: dict[str, list[Mention]],
    taken: bytearray,
) -> None:
    """Add metrics that stand as letters where nothing else can: "37.0% CoER", "QYI scores of 0.6"."""
    found = scored
    if text.find("@", start_at, end_at) >= 0:
        found += AT_K.finditer(text, start_at, end_at)
    first = bisect_left(quantities, start_at, key=_start)
    for quantity in quantities[first : bisect_left(quantities, end_at, first, key=_start)]:
        if quantity.unit == "%":
            word = _WORD_BEHIND.match(text, quantity.end, end_at)
            if word is not None and word["name"] in BEHIND_PERCENT and not taken[word.start("name")]:
                _add(mentions, taken, Mention("M", BEHIND_PERCENT[word["name"]], *word.span("name"), words=2))
            match = ACRONYM_AFTER.match(text, quantity.end, end_at)
            if match is not None:
                found.append(match)
        elif quantity.decimals and quantity.unit == "":
            match = ACRONYM_ON.match(text, quantity.end, end_at)
            if match is not None:
                found.append(match)
    for match in found:
        start, end = match.span("name")
        key = match["name"].lower()
        if 1 not in taken[start:end] and key not in names.NOT_A_MODEL and key.rstrip("s") not in names.NOT_A_MODEL and key not in own:
            _add(mentions, taken, Mention("M", match["name"], start, end, known=False, words=2))


def _add_shared_heads(text: str, vocabulary: Vocabulary, mentions: dict[str, list[Mention]], taken: bytearray) -> None:
    """Add the metrics that share the head of the one behind them: the box AP of "box/mask AP", "top-1 and top-5 accuracy"."""
    for mention in tuple(mentions["M"]):
        first = _FIRST_WORD.match(text, mention.start, mention.end)
        listed = _LISTED_WORD.search(text[max(0, mention.start - 16) : mention.start]) if first is not None else None
        if first is None or listed is None:
            continue
        start = mention.start - len(listed.group())
        end = start + len(listed["word"])
        name = vocabulary.lookup(AliasKind.METRIC, listed["word"] + text[first.end() : mention.end])
        if name is not None and name != mention.name and 1 not in taken[start:end]:
            _add(mentions, taken, Mention("M", name, start, end, words=mention.words))


def _without_heads(mentions: list[Mention], vocabulary: Vocabulary, text: str) -> list[Mention]:
    """Return the metrics without the general word behind another: the "score" of "AUROC score"."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=_start):
        entry = vocabulary.metric.get(mention.name)
        generic = entry is not None and entry.generic and mention.words == 1
        if kept and generic and text[kept[-1].end : mention.start] in (" ", "-"):
            continue
        if generic and _SCORES_NUMBER.match(text, mention.start) and _SCORER_BEFORE.search(text, max(0, mention.start - 20), mention.start):
            continue  # "experts score 89.8%": what they do
        kept.append(mention)
    return kept


def _with_short_forms(mentions: list[Mention], text: str) -> list[Mention]:
    """Return the mentions in order, with a short form in brackets made part of its name: "mean accuracy (mAcc)" is one."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=_start):
        last = kept[-1] if kept else None
        if (
            last is not None
            and last.name == mention.name
            and text[last.end : mention.start] == " ("
            and text[mention.end : mention.end + 1] == ")"
        ):
            kept[-1] = last._replace(end=mention.end + 1)
            continue
        kept.append(mention)
    return kept


def _add_models(
    text: str,
    lower: str,
    start_at: int,
    end_at: int,
    backbones: Iterable[re.Match[str]],
    own_names: tuple[str, ...],
    mentions: dict[str, list[Mention]],
    taken: bytearray,
    worded: bytearray,
) -> None:
    """Add the model names and backbones of a sentence; mark in `worded` the characters of all words that hold a number."""
    for own in own_names:
        for start, end in _find_own(own, lower, start_at, end_at):
            if 1 not in taken[start:end]:
                _add(mentions, taken, Mention("P", text[start:end], start, end))
    if text.find("20", start_at, end_at) >= 0 or text.find("19", start_at, end_at) >= 0:
        for match in names.CITED.finditer(text, start_at, end_at):
            if 1 not in taken[match.start() : match.end()]:
                _add(mentions, taken, Mention("P", match.group(), match.start(), match.end()))
    for match in backbones:
        name = match.group().rstrip(".,;:")  # a name may hold a point ("b1.58"), and not end in one
        if 1 not in taken[match.start() : match.start() + len(name)]:
            _add(mentions, taken, Mention("V", name, match.start(), match.start() + len(name)))
    for match in names.SHAPE.finditer(text, start_at, end_at):
        group = match.lastindex
        if group is None:
            continue
        word = match[group].rstrip(".,;:")
        start = match.start(group)
        end = start + len(word)
        has_digit = _DIGIT.search(word) is not None
        if has_digit:
            worded[start:end] = b"\x01" * (end - start)
            release = names.RELEASE.match(text, end)
            if release is not None and not taken[start]:
                worded[end : release.end()] = b"\x01" * (release.end() - end)
        if 1 in taken[start:end] or word.lower() in names.NOT_A_MODEL:
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


def _shadow(lower: str, mentions: dict[str, list[Mention]], quantities: list[Quantity], intervals: list[tuple[int, int]]) -> str:
    # bytes are written over many times as fast as a list of characters; what is no ASCII is put back afterwards
    written = bytearray(lower, "ascii", "replace")
    for kind, found in mentions.items():
        sign = kind.encode()
        for mention in found:
            written[mention.start : mention.end] = sign * (mention.end - mention.start)
    for quantity in quantities:
        written[quantity.start : quantity.end] = b"N" * (quantity.end - quantity.start)
    for start, end in intervals:
        written[start:end] = b" " * (end - start)
    shadow = written.decode("ascii")
    if lower.isascii():
        return shadow
    cells = list(shadow)
    for letter in _NOT_ASCII.finditer(lower):
        if cells[letter.start()] == "?":
            cells[letter.start()] = letter.group()
    return "".join(cells)
