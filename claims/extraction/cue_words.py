"""Which patterns are worth a try on a sentence: the words that they need are found in one pass for all of them."""

from __future__ import annotations

from ahocorasick_rs import BytesAhoCorasick, Implementation

from claims.extraction.rules import kinds, names
from claims.extraction.rules.conditions import NEEDS

NEEDED: dict[str, tuple[str, ...]] = {
    **kinds.NEEDED_BEFORE,
    **NEEDS,
    "deviation": kinds.DEVIATION_WORDS,
    "negated": kinds.NEGATED_WORDS,
    "nobody": kinds.NOBODY_WORDS,
    "others_inline": kinds.OTHERS_INLINE_WORDS,
    "plain_model": kinds.PLAIN_WORDS,
    "several": kinds.SEVERAL_WORDS,
    "spread": kinds.SPREAD_WORDS,
    "variant": names.VARIANT_NOUNS,
    "variant_size": names.VARIANT_SIZES,
}
"""By the id of a rule, or the name of what has none: words one of which stands, in whatever case, in all that it matches."""


def _plain(lower: str) -> bytes:
    """Return a text in ASCII, each other character a "?": bytes are looked through in half the time, and each is one character."""
    return lower.encode("ascii", "replace")


_NAMES_OF: dict[bytes, set[str]] = {}
for _name, _words in NEEDED.items():
    for _word in _words:
        _NAMES_OF.setdefault(_plain(_word.lower()), set()).add(_name)
_FINDER = BytesAhoCorasick(list(_NAMES_OF), implementation=Implementation.DFA)
_NEEDING = [frozenset(names_of) for names_of in _NAMES_OF.values()]


class CueWords:
    """The words of a sentence that patterns need, with their places."""

    __slots__ = ("_all", "_found", "_start")

    def __init__(self, lower: str, start: int, end: int) -> None:
        """Look through lower[start:end], which is in lower case."""
        self._start = start
        self._all: frozenset[str] | None = None
        self._found = _FINDER.find_matches_as_indexes(_plain(lower[start:end]), overlapping=True)

    def all(self) -> frozenset[str]:
        """Return the names in `NEEDED` of all that needs a word of the sentence."""
        if self._all is None:
            self._all = _needing({word for word, _, _ in self._found})
        return self._all

    def between(self, low: int, high: int) -> frozenset[str]:
        """Return the names in `NEEDED` of all that needs a word which stands in [low, high), offsets into the text."""
        low, high = low - self._start, high - self._start
        return _needing({word for word, at, behind in self._found if low <= at and behind <= high})


def _needing(words: set[int]) -> frozenset[str]:
    return frozenset().union(*[_NEEDING[word] for word in words])
