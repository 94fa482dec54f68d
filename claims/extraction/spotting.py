"""One pass over a text for all that is looked for by its letters: the names of a vocabulary, and where patterns can match."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from re import Match

from ahocorasick_rs import BytesAhoCorasick

from claims.extraction.openings import Opened
from claims.extraction.rules import datasets, metrics, names
from claims.extraction.rules.conditions import NEEDS
from claims.extraction.rules.costs import COST_NOUN
from claims.extraction.text import fold, holds_any

OPENED: tuple[Opened, ...] = (
    *(names.OURS, names.NAMED, names.PRESENTED, names.PRESENTED_ACRONYM, names.NEW_NAME),
    *(datasets.CHALLENGE, datasets.WITH_NOUN, datasets.AFTER_NOUN),
    *(datasets.ON, datasets.AFTER_NOUN_LIST, datasets.BEFORE_NOUN, datasets.SUFFIXED),
    *(metrics.FREE_METRIC, metrics.ACRONYM_SCORE, COST_NOUN, names.BACKBONE),
)
"""All patterns that are tried on whole texts."""


def cues() -> list[str]:
    """Return the words that say where a pattern is tried, in order: cost nouns, backbones, conditions, words that introduce a name."""
    openings = {opening.strip().lower() for one in OPENED for opening in one.openings}
    return sorted(openings | {word.strip().lower() for words in NEEDS.values() for word in words})


_MARKS = bytes(code if chr(code) in "abcdefghijklmnopqrstuvwxyz0123456789" else ord(" ") for code in range(256))
# what a pattern without regard to case takes for these letters, too
_CASELESS_LETTERS = ("\u017f", "\u0131", "\u0130")
_CASELESS = str.maketrans("".join(_CASELESS_LETTERS), "sii")


def _marks(lower: str) -> bytes:
    """Return what is looked through: the letters and digits of ASCII in a text in lower case, and blanks for all else, one for one.

    So few different signs make a small automaton. What stands there in truth is asked of the few places that are found.
    """
    return lower.encode("ascii", "replace").translate(_MARKS)


def _is_exact(openings: list[str]) -> bool:
    """Say whether openings must stand as they are written: a pattern that asks for small letters may be without regard to case."""
    return not any(opening == opening.lower() for opening in openings)


class Spotted:
    """What was spotted in a text: `names` as (start, -end, number of the name), from left to right and the longest first."""

    __slots__ = ("_places", "names")

    def __init__(self, names: list[tuple[int, int, int]], places: dict[Opened, list[int]]) -> None:
        self.names = names
        self._places = places

    def opened(self, patterns: Iterable[Opened]) -> list[Opened]:
        """Return those of the patterns that can match: one of their openings stands in the text."""
        return [one for one in patterns if one in self._places] if self._places else []

    def matches(self, opened: Opened, text: str) -> Iterator[Match[str]]:
        """Yield the matches of a pattern in all of the text."""
        places = self._places.get(opened)
        return opened.matches_at(places, text, 0, len(text)) if places is not None else iter(())

    def matches_in(self, opened: Opened, text: str, start: int, end: int) -> Iterator[Match[str]]:
        """Yield the matches of a pattern in text[start:end]."""
        places = self._places.get(opened)
        if places is None:
            return iter(())
        low = bisect_left(places, start)
        high = bisect_left(places, end, low)
        return opened.matches_at(places[low:high], text, start, end) if low < high else iter(())


class Spotter:
    """Looks for names, which must stand as whole words, and for the openings of patterns.

    Names are given in lower case with blanks for hyphens, underscores and white space.
    """

    def __init__(self, names: Sequence[str], opened: Sequence[Opened] = OPENED) -> None:
        self._names = names
        self._opened = opened
        called: dict[bytes, list[int]] = {}
        for number, name in enumerate(names):
            called.setdefault(b" %b " % _marks(name), []).append(number)
        opening: dict[tuple[bytes, int], list[str]] = {}
        for number, one in enumerate(opened):
            for word in one.openings:
                for before in one.behind or ("",):
                    opening.setdefault((_marks(f"{before}{word.lower()}"), number), []).append(word)
        # for each sequence of marks that is looked for: the pattern that it opens, with where in the padded text that is before the
        # marks' first one, and the openings one of which must stand there as written; no pattern for what names are looked for by
        self._called = [tuple(numbers) for numbers in called.values()]
        self._opening: list[tuple[Opened | None, int, tuple[str, ...]]] = [(None, 0, ())] * len(called)
        for (_, number), words in opening.items():
            one = opened[number]
            self._opening.append((one, 0 if one.behind else 1, tuple(words) if _is_exact(words) else ()))
        # a table of all its states would take 22 MB, which no cache keeps from one text to the next: faster alone, and slower here
        self._automaton = BytesAhoCorasick([*called, *(marks for marks, _ in opening)])

    def spot(self, text: str, lower: str) -> Spotted:
        """Look through a text; `lower` is `text` in lower case, character for character."""
        is_plain = lower.isascii()
        hits = self._hits(lower)
        if not is_plain and holds_any(lower, _CASELESS_LETTERS):
            hits += self._hits(lower.translate(_CASELESS))
        found: list[tuple[int, int, int]] = []
        places: dict[Opened, list[int]] = {}
        openings, called, names = self._opening, self._called, self._names
        for index, at, behind in hits:
            one, back, words = openings[index]
            if one is not None:
                place = at - back
                if place >= 0 and (not words or text.startswith(words, place)):  # the blank before the text is none of it
                    if one in places:
                        places[one].append(place)
                    else:
                        places[one] = [place]
                continue
            end = behind - 2  # without the blank before the text and the one behind the name
            if not is_plain and ((at and lower[at - 1].isalnum()) or lower[end : end + 1].isalnum()):
                continue
            spelled = lower[at:end]
            for number in called[index]:
                if spelled == names[number] or fold(spelled) == names[number]:
                    found.append((at, -end, number))  # noqa: PERF401 - most hits are of one name
        found.sort()
        for hit in places.values():
            hit.sort()
        return Spotted(found, places)

    def _hits(self, lower: str) -> list[tuple[int, int, int]]:
        return self._automaton.find_matches_as_indexes(b" %b " % _marks(lower), overlapping=True)
