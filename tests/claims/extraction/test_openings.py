"""An opened pattern finds what the pattern alone finds: every match begins with one of its openings, or ends in one of its words."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from claims.extraction.openings import Opened, Run
from claims.extraction.rules import costs, datasets, metrics, names
from claims.extraction.spotting import OPENED as ALL_OPENED
from claims.extraction.spotting import Spotter

# The parsed form of a pattern has no public door.
codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

OPENED = {
    "cost nouns": costs.COST_NOUN,
    "backbones": names.BACKBONE,
    "named": names.NAMED,
    "presented": names.PRESENTED,
    "acronyms": names.PRESENTED_ACRONYM,
    "new names": names.NEW_NAME,
    "on": datasets.ON,
    "lists of datasets": datasets.AFTER_NOUN_LIST,
    "names behind nouns": datasets.AFTER_NOUN,
}
RUNS = {
    "names before nouns": datasets.WITH_NOUN,
    "challenges": datasets.CHALLENGE,
    "nouns of lists": datasets.BEFORE_NOUN,
    "free metrics": metrics.FREE_METRIC,
    "scored letters": metrics.ACRONYM_SCORE,
}
ANY = "\0"
"""Stands for a character that is not worth listing: no opening may end behind it."""


def beginnings(parts: list[Any], openings: tuple[str, ...], begun: str = "") -> Iterator[str]:
    """Yield how the matches of a parsed pattern begin, up to where an opening, or none any more, is spelled out."""
    spelled = begun.lower() if all(opening.islower() for opening in openings) else begun
    if any(spelled.startswith(opening) for opening in openings) or not any(opening.startswith(spelled) for opening in openings):
        yield spelled
        return
    if not parts:
        yield spelled + ANY
        return
    (code, value), rest = parts[0], parts[1:]
    if code is codes.LITERAL:
        yield from beginnings(rest, openings, begun + chr(value))
    elif code is codes.IN and all(kind is codes.LITERAL for kind, _ in value):
        for _, character in value:
            yield from beginnings(rest, openings, begun + chr(character))
    elif code is codes.SUBPATTERN:
        yield from beginnings([*value[3], *rest], openings, begun)
    elif code is codes.BRANCH:
        for branch in value[1]:
            yield from beginnings([*branch, *rest], openings, begun)
    elif code in (codes.ASSERT, codes.ASSERT_NOT, codes.AT):
        yield from beginnings(rest, openings, begun)
    elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, repeated = value
        if not least:
            yield from beginnings(rest, openings, begun)
        if most:
            again = [(code, (max(least - 1, 0), most if most is codes.MAXREPEAT else most - 1, repeated))]
            yield from beginnings([*repeated, *again, *rest], openings, begun)
    else:
        yield begun + ANY


@pytest.mark.parametrize("name", OPENED)
def test_every_match_begins_with_an_opening(name: str) -> None:
    opened = OPENED[name]
    begun = set(beginnings(list(parser.parse(opened.pattern.pattern)), opened.openings))
    assert begun
    assert not [beginning for beginning in begun if not beginning.startswith(opened.openings)]


@pytest.mark.parametrize("name", OPENED)
def test_no_opening_is_in_vain(name: str) -> None:
    opened = OPENED[name]
    begun = set(beginnings(list(parser.parse(opened.pattern.pattern)), opened.openings))
    assert not [opening for opening in opened.openings if not any(beginning.startswith(opening) for beginning in begun)]


def test_finditer_yields_what_the_pattern_does() -> None:
    pattern = re.compile(r"(?<!\w)(?:ab|abc|bc?d)+")
    opened = Opened(pattern, ("ab", "b"))
    text = "abab abcd xab bd bcdab ab"
    for start, end in ((0, len(text)), (1, 9), (2, len(text)), (5, 8)):
        assert [m.span() for m in opened.finditer(text, start, end)] == [m.span() for m in pattern.finditer(text, start, end)]


_WORDS = (
    "Foo FooBar Foo-Bar DCASE MIT-2 (Foo x.Foo 2020 12 5 v2 of in the in the, new large-scale A B. AB CoER SQL invalid mean "
    "joint a-b dataset datasets data-set benchmark benchmarks corpus corpora test set sets challenge Challenge Task 1 task "
    "leaderboards suite error errors rate rates success accuracy score scores index values metric precision recall distance "
    "agreement , ; ( ) . - "
)


@pytest.mark.parametrize("name", RUNS)
def test_run_is_found_wherever_its_pattern_finds_it(name: str) -> None:
    run, chance, found = RUNS[name], random.Random(name), 0  # noqa: S311 - no secret
    words = _WORDS.split()
    for _ in range(3000):
        text = "".join(chance.choice(words) + chance.choice((" ", " ", " ", " ", "  ", "", "\n")) for _ in range(chance.randint(1, 25)))
        start = chance.choice((0, 0, chance.randrange(len(text) + 1)))
        end = chance.choice((len(text), len(text), chance.randint(start, len(text))))
        spans = [match.span() for match in run.pattern.finditer(text, start, end)]
        assert [match.span() for match in run.finditer(text, start, end)] == spans
        found += len(spans)
    assert found > 10


def test_run_looks_back_over_so_many_words_only() -> None:
    run = Run(re.compile(r"[A-Z]+(?: [a-z]+){0,2} end"), (" end",), beginning="[A-Z]", word="[a-z]+", most=2)
    assert [match.group() for match in run.finditer("A b c end, B c d e end, C end")] == ["A b c end", "C end"]


def test_patterns_together_find_what_each_finds() -> None:
    ab, b = Opened(re.compile("ab+"), ("ab",)), Opened(re.compile("b[cd]"), ("bc", "bd"))
    none, blank = Opened(re.compile("xyz"), ("xyz",)), Opened(re.compile(" a"), (" a",))
    word = Opened(re.compile("(?<![A-Za-z])B-?C"), ("B-C", "BC"), behind=" 0123456789")
    text = "abbc abd bcab B-C xBC b-c 1BC \u00e9BC"
    spotted = Spotter((), (ab, none, b, blank, word)).spot(text, text.lower())
    for opened in (ab, none, b, blank, word):
        assert [match.span() for match in spotted.matches(opened, text)] == [match.span() for match in opened.pattern.finditer(text)]
        alone = [match.span() for match in opened.pattern.finditer(text, 1, 8)]
        assert [match.span() for match in spotted.matches_in(opened, text, 1, 8)] == alone


@pytest.mark.parametrize("number", range(len(ALL_OPENED)))
def test_spotted_patterns_find_what_each_finds_in_odd_texts(number: int) -> None:
    opened, chance = ALL_OPENED[number], random.Random(number)  # noqa: S311 - no secret
    spotter = Spotter((), (opened,))
    words = [*opened.openings, *(word.upper() for word in opened.openings[:4]), *_WORDS.split()]
    words += ["ResNet-50", "\u00e9", "\u0131", "\u017f", "\u2019s", "we", "propose"]
    for _ in range(1500):
        text = "".join(
            chance.choice(words) + chance.choice((" ", " ", " ", "-", "_", "", "(", "\u2013", "9")) for _ in range(chance.randint(1, 25))
        )
        if opened is costs.COST_NOUN:
            text = text.lower()
        if len(text.lower()) == len(text):
            spans = [match.span() for match in opened.pattern.finditer(text)]
            assert [match.span() for match in spotter.spot(text, text.lower()).matches(opened, text)] == spans


def test_names_are_spotted_as_whole_words_only() -> None:
    text = "Foo-Bar, foo_bar; Foo/Bar xFoo bar foo bar\u00e9 (FOO  BAR) C++"
    spotted = Spotter(("foo bar", "c++", "foo/bar"), ()).spot(text, text.lower())
    assert [(start, number) for start, _, number in spotted.names] == [(0, 0), (9, 0), (18, 2), (text.index("C++"), 1)]
