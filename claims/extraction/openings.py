"""Patterns with many branches, tried only where one of a few words says that they can match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from ahocorasick_rs import AhoCorasick, Implementation


def word_finder(words: Sequence[str]) -> AhoCorasick:
    """Return what finds all of `words` in one pass over a text. A table of all states is twice as fast, and small for a few words."""
    return AhoCorasick(words, implementation=Implementation.DFA)


class Opened:
    """A pattern whose every match begins with one of `openings`.

    `re` tries the branches of a pattern one after the other at every place of a text; here all openings are looked for in one
    pass and the pattern is tried where one stands, which is most of the speed of reading a text.
    """

    def __init__(self, pattern: re.Pattern[str], openings: Iterable[str], *, behind: str = "", needs: tuple[str, int] = ("", 0)) -> None:
        """`behind` are the only letters, digits and, for all other characters, blank that the pattern may begin behind; '' for any.

        `needs` is what stands in every match within so many characters of its beginning.
        """
        self.pattern = pattern
        self.needs, self.reach = needs
        self.openings = tuple(openings)
        self.behind = behind

    @cached_property
    def _automaton(self) -> AhoCorasick:
        return word_finder(self.openings)

    def finditer(self, text: str, start: int = 0, end: int | None = None, folded: str | None = None) -> Iterator[re.Match[str]]:
        """Yield what the pattern's own `finditer` does. The openings are looked for in `folded`, which is as long as `text`."""
        end = len(text) if end is None else end
        hits = self._automaton.find_matches_as_indexes((text if folded is None else folded)[start:end], overlapping=True)
        return self.matches_at(sorted({start + hit[1] for hit in hits}), text, start, end) if hits else iter(())

    def matches_at(self, places: Iterable[int], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """Yield what the pattern's own `finditer` does, where `places` are those of all openings in text[start:end], in order."""
        tried, needs, reach = self.pattern.match, self.needs, self.reach
        for at in places:
            if at < start or (needs and text.find(needs, at, at + reach) < 0):
                continue
            match = tried(text, at, end)
            if match is not None:
                yield match
                start = match.end()


class Run(Opened):
    """A pattern for a run of words that ends in one of `words`, each with the blank before it.

    `word` matches the words that may stand between its first one and its last, at most `most`, and `beginning` where in or right behind
    a word such a run may begin. From the last word one looks back, which is at once over where the word before it is another.
    """

    def __init__(self, pattern: re.Pattern[str], words: Iterable[str], *, beginning: str, word: str, most: int) -> None:
        super().__init__(pattern, words)
        self._beginning = re.compile(beginning)
        self._word = re.compile(word)
        self._most = most

    def matches_at(self, places: Iterable[int], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        begun = {found.start() for at in places for found in self._beginning.finditer(text, self._look_back(text, at, start), at + 1)}
        return super().matches_at(sorted(begun), text, start, end)

    def _look_back(self, text: str, at: int, start: int) -> int:
        for _ in range(self._most + 1):
            blank = text.rfind(" ", start, at)
            if self._word.fullmatch(text, blank + 1, at) is None or blank < 0:
                return max(blank + 1, start)
            at = blank
        return at
