"""Says whether words that somebody picked out of a text are a name, where no catalogue knows them."""

from __future__ import annotations

import re

from claims.extraction.rules.names import NOT_A_MODEL

_SENTENCE_ENDS = re.compile(r"(?:^|[.!?:]|[.!?][\"'”’)])\s*[\"'“‘(\[]*$")
_BREAKS = re.compile(r"[;:!?]|[.,] ")
_PARTS = re.compile(r"[-/_]")
_AROUND = "\"'“”‘’()[],"

_POINTING = frozenset(
    [
        "i", "we", "us", "our", "ours", "you", "your", "he", "she", "it", "its", "they", "them", "their", "theirs", "this", "that",
        "these", "those", "which", "who", "whom", "whose", "what", "there", "here",
    ]
)  # fmt: skip
_SAYING = frozenset(
    [
        "is", "are", "was", "were", "be", "been", "being", "am", "has", "have", "had", "do", "does", "did", "can", "could", "will",
        "would", "may", "might", "must", "should", "shall", "when", "where", "while", "because", "since", "if", "than", "although",
        "though", "whether", "not", "also", "only", "then", "thus", "hence", "however",
    ]
)  # fmt: skip
_VERBS = re.compile(
    r"(?:achiev|attain|reach|obtain|outperform|surpass|improv|exceed|yield|deliver|demonstrat|evaluat|propos|introduc|present)(?:e|es|s|ed|ing)?"
    r"|(?:get|show|make|give|need|beat|perform|find|see)s?|ran|got|gave|made|found|shown|tested|used|reported|scored|gained"
)
_VERBS_OR_NOUNS = frozenset(["scores", "gains", "uses", "runs", "tests", "reports"])
"""Verbs between other words, nouns at the end: "a gain in scores"."""
_GENERAL = frozenset(
    [
        "proposed", "new", "novel", "best", "final", "main", "full", "own", "other", "same", "first", "second", "method", "methods",
        "model", "models", "approach", "approaches", "framework", "frameworks", "network", "networks", "system", "systems",
        "baseline", "baselines", "algorithm", "algorithms", "architecture", "architectures", "experiment", "experiments", "result",
        "results", "evaluation", "evaluations", "analysis", "paper", "work", "study", "dataset", "datasets", "data", "benchmark",
        "benchmarks", "test", "tests", "set", "sets", "validation", "training", "task", "tasks", "suite", "images", "image", "text",
        "texts", "table", "figure", "fig", "section", "appendix", "number", "numbers", "value", "values", "percentage", "percent",
        "performance", "state-of-the-art",
    ]
)  # fmt: skip
"""Words that name nothing, alone or with each other."""
_MEASURED_BY = frozenset(
    [
        "accuracy", "error", "errors", "rate", "score", "scores", "precision", "recall", "loss", "distance", "similarity",
        "correlation", "ratio", "index", "coefficient", "perplexity", "divergence", "gain", "return", "reward", "agreement",
        "consistency", "fidelity", "overlap", "likelihood", "entropy", "deviation", "variance", "regret",
    ]
)  # fmt: skip
"""The last words of what a measure is called in plain words."""


def is_name(name: str, slot: str, abstract: str) -> bool:
    """Say whether unknown words are a name: of a "dataset", a "model", a "variant", or a "metric".

    A name has a shape (an inner capital, a digit, capitals only) or a capital that its place in a sentence does not give it: "Our
    method", "We" and "Experiments" are none. Capitals of a title say nothing. A metric may also be plain words that end in what measures
    are called by. Pronouns, clauses and words for kinds of things are no names, however they are written.
    """
    words = [word.strip(_AROUND) for word in name.split()]
    if not all(words) or _BREAKS.search(name) or _is_clause(words) or all(word.lower() in _GENERAL for word in words):
        return False
    telling = [index for index, word in enumerate(words) if not _is_kind(word) and word.lower() not in _GENERAL]
    if any(_has_shape(words[index], digits_first=slot == "variant") for index in telling):
        return True
    if slot == "metric" and len(words) > 1 and words[-1].lower() in _MEASURED_BY:
        return True
    capitals = [index for index in telling if words[index][0].isupper()]
    return bool(capitals) and _stands_with_capital(name, " ".join(abstract.split()), begins=capitals == [0])


def _is_clause(words: list[str]) -> bool:
    return any(
        (word.lower() in _POINTING | _SAYING and not (word.isupper() and len(word) > 1))
        or (word.islower() and _VERBS.fullmatch(word))
        or (word in _VERBS_OR_NOUNS and 0 < index < len(words) - 1)
        for index, word in enumerate(words)
    )


def _is_kind(word: str) -> bool:
    return word.lower() in NOT_A_MODEL or word.lower().rstrip("s") in NOT_A_MODEL


def _has_shape(word: str, *, digits_first: bool) -> bool:
    """Say whether a word is written as no plain word is: "FooNet", "enwik8", "COCO", "U-Net", and with `digits_first` "7B"."""
    if any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and (digits_first or word[0].isalpha()):
        return True
    parts = [part for part in _PARTS.split(word) if part]
    single = len(parts) > 1 and len(parts[0]) == 1 and all(part[0].isupper() for part in parts)
    return single or any(part[0].isalpha() and any(map(str.isupper, part[1:])) for part in parts)


def _stands_with_capital(name: str, text: str, *, begins: bool) -> bool:
    """Say whether a name stands in a text; where it `begins` with its one capital, not at a sentence's start alone."""
    at = text.find(name)
    while at >= 0:
        if not begins or not _SENTENCE_ENDS.search(text[max(0, at - 8) : at] if at else ""):
            return True
        at = text.find(name, at + 1)
    return False
