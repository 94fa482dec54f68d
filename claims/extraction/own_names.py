"""What a paper calls its own: the names of its methods and of its datasets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from claims.extraction.rules import names
from claims.extraction.rules.datasets import OWN_KINDS
from claims.extraction.spotting import Spotted
from claims.extraction.text import holds_any
from claims.extraction.unknown_datasets import is_own
from claims.extraction.vocabulary import Vocabulary

_TITLE_NAME = re.compile(r"^(?P<name>[^:?!]{2,48}?)\s{0,10}(?::|--|–)\s")  # of a title without blanks around it
_TITLE_SIGNS = (":", "--", "–")  # one of these stands in every match of `_TITLE_NAME`
_NAMES = re.compile(r"(?<=[A-Z0-9])(?: and | & )(?=[A-Z][\w-]*[A-Z0-9])")  # "FooASR and BarASR: ..." are two
_VERSIONED = re.compile(r"[A-Z][a-z]*[A-Z][A-Za-z]*\d[\w.]*")
_DIGIT = re.compile(r"\d")
_TRAILING = re.compile(r"(?:[.,;:!?'\")]+|'s)$")
_ARTICLE = re.compile(r"^(?:The|A|An) (?=\S)")
_WORDS = re.compile(r"[A-Za-z]+")
_WITHIN_SENTENCE = re.compile(r"[a-z,(] ?$")
_WORD_ENDS = re.compile(r".\b", re.DOTALL)
_MOST = 6


class OwnNames(NamedTuple):
    """What a paper calls its own: its methods and its datasets, the main name of each first."""

    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    is_evaluation: bool = False
    """The paper measures the models of others: it presents a dataset, or says so in its title, and no method of its own."""


def find_own_names(title: str, abstract: str, spotted: tuple[Spotted, Spotted], vocabulary: Vocabulary) -> OwnNames:
    """Return what a paper calls its own methods and datasets. Both texts are normalised, and `spotted` is what was spotted in them."""
    found: list[str] = []
    lowered = abstract.lower()
    stripped = title.strip()
    prefix = _TITLE_NAME.match(stripped) if holds_any(stripped, _TITLE_SIGNS) else None
    if prefix is not None and _is_title_name(prefix["name"], abstract, lowered):
        found += _NAMES.split(prefix["name"].partition(" for ")[0].strip("\"' "))
    said: list[tuple[bool, str]] = []
    for text, openings in zip((title, abstract), spotted, strict=True):
        for pattern in openings.opened(names.INTRODUCED):
            for match in openings.matches(pattern, text):
                name = _TRAILING.sub("", match["name"]).strip()
                quoted = text[match.start("name") - 1 : match.start("name")] in ("'", '"')
                if pattern is names.PRESENTED_ACRONYM and _shortens_a_purpose(name, text[: match.start("name") - 1]):
                    continue
                if _is_name(name, quoted or pattern is names.OURS) and not (pattern is names.PRESENTED_ACRONYM and len(name) < 3):
                    said.append((pattern is names.OURS, name))
    given = [name for _, name in said]
    if len(said) > 1:
        # of several names that the text gives, the one that it comes back to is the method's, the others are its parts'
        ranks = [(_is_weak(*one, title), -lowered.count(one[1].lower()), index) for index, one in enumerate(said)]
        given = [said[index][1] for _, _, index in sorted(ranks)]
    if found and " " in found[0] and not any(_shaped(word) for name in found for word in name.split()):
        # "Doing Foo before Bar: ... named FB-Net": a shaped name goes before the plain words of a title
        found = [n for n in given if n.split()[0] == n and _shaped(n)] + found
    found += given
    if (prefix is None or not found) and _DIGIT.search(title):
        # "Searching for FooNetV3": a versioned name in the title that the abstract keeps coming back to
        versioned = [
            w for w in (_TRAILING.sub("", word) for word in title.split()) if _VERSIONED.fullmatch(w) and lowered.count(w.lower()) > 1
        ]
        found = versioned + found
    first = None if found else names.TITLE_FIRST.match(stripped)
    if first is not None and _shaped(first["name"]) and first["name"].lower() in lowered:
        found.append(first["name"])
    unique: dict[str, str] = {}
    for name in found:
        name = _ARTICLE.sub("", name)
        if not vocabulary.knows(name) and name.lower() not in names.NOT_A_MODEL and 1 < len(name) < 60:
            unique.setdefault(name.lower(), name)
    datasets = tuple(_datasets_of(unique.values(), title, abstract, lowered))[:_MOST] if unique else ()
    models = tuple(name for name in unique.values() if name not in datasets)[:_MOST]
    if names.EVALUATION_START.match(title) and all(_is_weak(*one, title) for one in said):
        models = ()
    if datasets and next(iter(unique.values())) in datasets:
        models = ()  # "FooBench: ...": what else has a name is a part of it
    return OwnNames(models, datasets, not models and (bool(datasets) or names.EVALUATION_TITLE.search(title) is not None))


def _datasets_of(found: Iterable[str], title: str, abstract: str, lowered: str) -> Iterator[str]:
    """Yield those of a paper's own names that are a dataset's."""
    text = f"{title}\n{abstract}"
    lower = f"{title.lower()}\n{lowered}" if len(text) == len(title) + len(lowered) + 1 else text.lower()
    if len(lower) == len(text):
        says_kind = holds_any(lower, OWN_KINDS)
        for name in found:
            if is_own(name, text, lower, says_kind=says_kind):
                yield name


def _shortens_a_purpose(name: str, before: str) -> bool:
    """Say whether a short form stands for what a method is for: "a framework for knowledge graph completion (KGC)"."""
    letters = sum(map(str.isupper, name))
    words = before.rsplit(None, letters + 1)
    return (
        1 < letters < len(words)
        and words[-letters - 1].lower() in ("for", "in", "of", "to", "on")
        and all(word[:1].lower() == letter.lower() for word, letter in zip(words[-letters:], filter(str.isupper, name), strict=True))
    )


def _is_weak(is_ours: bool, name: str, title: str) -> bool:
    """Say whether a name that the text gives may be a part's: neither "our method" nor the title says that it is the method's."""
    return not is_ours and not _abbreviates(name, title)


def _abbreviates(name: str, title: str) -> bool:
    """Say whether a name is made of a title's first letters in their order: OOKD of "Offline-to-Online Knowledge Distillation"."""
    letters = [letter for letter in name if letter.isalpha()]
    if not 3 <= len(letters) <= 8 or sum(map(str.isupper, letters)) < len(letters) - 1:
        return False
    initials = iter(word[0].lower() for word in _WORDS.findall(title))
    return all(letter.lower() in initials for letter in letters)


def _is_title_name(name: str, abstract: str, lowered_abstract: str) -> bool:
    words = name.split()
    if len(words) > 5 or (len(words) > 1 and words[0].endswith("ing")):
        return False
    shaped = any(map(_shaped, words))
    if len(words) == 1:
        # "Reasoning: From ..." is a word; a name keeps its capital within a sentence
        return shaped or (name.lower() in lowered_abstract and _stands_within_sentence(name, abstract))
    return (shaped and len(words) <= 3) or name.lower() in lowered_abstract


def _stands_within_sentence(word: str, text: str) -> bool:
    """Say whether a word stands in the text behind another one, a comma or a bracket."""
    at = text.find(word)
    while at >= 0:
        # names differ from paper to paper: a pattern for each would be compiled anew all the time
        if _WITHIN_SENTENCE.search(text, max(0, at - 2), at) and _WORD_ENDS.match(text, at + len(word) - 1):
            return True
        at = text.find(word, at + 1)
    return False


def _shaped(word: str) -> bool:
    if word[1:].islower() and word.isalpha():
        return False  # as most words; counting capitals takes far longer
    return sum(map(str.isupper, word)) >= 2 or (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))


def _is_name(name: str, quoted: bool) -> bool:
    words = name.split()
    if not words or name.lower() in names.NOT_A_MODEL:
        return False
    if any(map(_shaped, words)):
        return len(words) <= 4 and words[0].lower() not in names.NOT_A_MODEL
    if quoted:
        return len(words) <= 3
    return len(words) == 1 and name[0].isupper() and len(name) > 3 and name.lower() not in _COMMON


_COMMON = frozenset(
    [
        "this",
        "that",
        "these",
        "those",
        "here",
        "there",
        "extensive",
        "experiments",
        "given",
        "using",
        "while",
        "when",
        "such",
        "then",
        "both",
        "image",
        "video",
        "text",
        "deep",
        "vision",
        "language",
        "large",
        "code",
        "data",
    ]
)
