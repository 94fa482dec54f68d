"""No pattern of extraction has more readings of a text than anybody can wait for.

From each pattern texts are made that its own repetitions match, again and again up to a place where nothing matches any more: a
repetition that can be read in two ways ("a" + "factor of", or "a factor of") then takes twice as long for every further word.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from claims import extraction
from tests.fuzzing import FACTOR

# The parsed form of a pattern has no public door.
codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

LENGTH = 250
"""Characters: more than most rules look around a number, and enough for two readings of every phrase to take for ever."""
SECONDS = 0.5
"""Of processor time; what has one reading takes a hundredth of it."""
TRIES = 10 * FACTOR
_BOUNDED_OTHERWISE = ("rules.datasets.LIST_END",)  # its caller bounds the slashes, which can stand in a name or between two


def patterns() -> dict[str, re.Pattern[str]]:
    """Return all compiled patterns of the package by the name of their place."""
    found: dict[str, re.Pattern[str]] = {}

    def note(value: Any, name: str) -> None:
        if isinstance(value, re.Pattern):
            found.setdefault(name, value)
        elif isinstance(value, (tuple, list)):
            for index, part in enumerate(value):
                note(part, f"{name}[{value[0] if isinstance(value[0], str) else index}]")
        elif isinstance(getattr(value, "pattern", None), re.Pattern):
            note(value.pattern, name)

    for info in pkgutil.walk_packages(extraction.__path__, f"{extraction.__name__}."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            note(value, f"{info.name.removeprefix(extraction.__name__ + '.')}.{name}")
    unique = {pattern: name for name, pattern in reversed(found.items())}
    return {name: pattern for pattern, name in unique.items() if name not in _BOUNDED_OTHERWISE}


class Texts:
    """Makes texts that parts of a parsed pattern match."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def hostile(self, tree: list[Any]) -> Iterator[str]:
        for before, repeated in self._repetitions(tree, []):
            for _ in range(TRIES):
                begun = self._match(before) if self._random.random() < 0.8 else ""
                again = "".join(self._match(repeated) for _ in range(self._random.choice((1, 1, 2, 3)))) or " "
                if self._random.random() < 0.3:
                    again, begun = begun + again * self._random.choice((1, 2, 5)), ""
                text = (begun + again * LENGTH)[: LENGTH - 3]
                yield text + self._random.choice(("", "\0", " zz", "!", "q"))

    def _repetitions(self, parts: list[Any], before: list[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
        """Yield every long repetition with what a text must hold before it."""
        for index, (code, value) in enumerate(parts):
            here = [*before, *parts[:index]]
            if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
                if value[1] >= 6:
                    yield here, list(value[2])
                yield from self._repetitions(list(value[2]), here)
            elif code is codes.SUBPATTERN:
                yield from self._repetitions(list(value[3]), here)
            elif code is codes.ATOMIC_GROUP:
                yield from self._repetitions(list(value), here)
            elif code is codes.BRANCH:
                for branch in value[1]:
                    yield from self._repetitions(list(branch), here)

    def _match(self, parts: Any) -> str:
        return "".join(self._match_one(code, value) for code, value in parts)

    def _match_one(self, code: Any, value: Any) -> str:
        if code is codes.LITERAL:
            return chr(value)
        if code in (codes.NOT_LITERAL, codes.ANY):
            return "q"
        if code is codes.IN:
            return self._one_of(value)
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, repeated = value
            return "".join(self._match(repeated) for _ in range(self._random.randint(least, min(most, least + 2))))
        if code is codes.SUBPATTERN:
            return self._match(value[3])
        if code is codes.ATOMIC_GROUP:
            return self._match(value)
        if code is codes.BRANCH:
            return self._match(self._random.choice(value[1]))
        return ""  # what looks around, or says where

    def _one_of(self, choices: list[Any]) -> str:
        named = {codes.CATEGORY_DIGIT: "5", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "w"}
        known = {
            chr(value) if code is codes.LITERAL else chr(self._random.randint(*value)) if code is codes.RANGE else named.get(value, "q")
            for code, value in choices
            if code is not codes.NEGATE
        }
        if choices[0][0] is codes.NEGATE:
            return next((character for character in self._random.sample("aA b1q(.-", 9) if character not in known), "z")
        return self._random.choice(sorted(known))


class TooLongError(Exception):
    pass


def stop(*_: object) -> None:
    raise TooLongError


def endless(found: dict[str, re.Pattern[str]]) -> dict[str, str]:
    """Return the patterns that do not end in time, each with the text."""
    hung: dict[str, str] = {}
    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for name, pattern in found.items():
            tree = list(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
            for text in Texts(name if FACTOR == 1 else f"{name}{random.random()}").hostile(tree):  # noqa: S311 - no secret
                signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
                try:
                    pattern.search(text)
                except TooLongError:
                    hung[name] = text
                    break
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return hung


pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of processor time"),
]


def test_patterns_end_on_texts_made_of_their_own_repetitions() -> None:
    found = patterns()
    assert len(found) > 200
    assert endless(found) == {}


@pytest.mark.parametrize(
    ("pattern", "ends"),
    [
        (r"by(?: (?:a|bit|a bit))*$", False),
        (r"by(?> (?:a bit|a|bit))*$", True),
        (r"of\s*x?\s*y?\s*z?\s*w?\s*v?$", False),
        (r"of\s*(?:x\s*)?(?:y\s*)?(?:z\s*)?$", True),
        (r"(?:[a-z]+ ?){2,9}\($", False),
    ],
)
def test_patterns_of_two_readings_are_found(pattern: str, ends: bool) -> None:
    assert (endless({"": re.compile(pattern)}) == {}) is ends
