"""Normalise a text without moving any character, and cut it into sentences and clauses.

Every replacement keeps the length of what it replaces, padded with blanks, so an offset into the normalised text is an
offset into the original.
"""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

_ONE_TO_ONE = {
    **dict.fromkeys(
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u200b\u2060\ufeff\t\r\n\x00", " "
    ),
    **dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2012\u2013\u2014\u2015", "–"),
    **dict.fromkeys("\u2018\u2019\u02bc\u2032`\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u00ab\u00bb", '"'),
    **dict.fromkeys("\u223c\u2248\u2243\u2245\uff5e", "~"),
    **dict.fromkeys("\u00d7\u2715\u2a2f\u2217", "x"),
    "\u2264": "≤",
    "\u2a7d": "≤",
    "\u2265": "≥",
    "\u2a7e": "≥",
    "\uff05": "%",
    "\uff0b": "+",
    "\u2044": "/",
    **dict.fromkeys("\u2192\u27f6\u21d2\u279c", "→"),
    "$": " ",
    "{": " ",
    "}": " ",
}
_TABLE = str.maketrans({**_ONE_TO_ONE, **{chr(0xFF10 + digit): str(digit) for digit in range(10)}})
_ODD = re.compile(f"[{''.join(map(re.escape, map(chr, _TABLE)))}]")
_ODD_ASCII = tuple(character for character in map(chr, _TABLE) if character.isascii())
_SURROGATE = re.compile("[\ud800-\udfff]")

# text damage: LaTeX commands with and without their backslash, "2.30times", "approx72%", "10sim20%", "le13", "leq 2%", "0.77 +/- 0.04". Each
# pattern begins with the plain characters before it and looks back from there: what begins with a look-behind or with branches is tried
# at every place of a text.
_DAMAGE: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("\\", re.compile(r"\\(?:times|texttimes)(?![a-z])"), "x"),
    ("times", re.compile(r"times(?:(?<=\dtimes)(?![a-z])|(?<=\d times)(?= ?\d))"), "x"),
    ("\\", re.compile(r"\\(?:approx|sim|thicksim|simeq)(?![a-z])"), "~"),
    ("approx", re.compile(r"approx(?<![A-Za-z]approx)(?= ?\d)"), "~"),
    ("sim", re.compile(r"sim(?<![A-Za-z]sim)(?= ?\d)"), "~"),
    ("\\", re.compile(r"\\leq?(?![a-z])"), "≤"),
    ("le", re.compile(r"le(?<![A-Za-z]le)q?(?= ?\d)"), "≤"),
    ("\\", re.compile(r"\\geq?(?![a-z])"), "≥"),
    ("ge", re.compile(r"ge(?<![A-Za-z]ge)q?(?= ?\d)"), "≥"),
    ("\\", re.compile(r"\\(?:to|rightarrow|Rightarrow|longrightarrow)(?![a-z])"), "→"),
    ("->", re.compile(r"->"), "→"),
    ("\\", re.compile(r"\\pm(?![a-z])"), "±"),
    ("\\", re.compile(r"\\[()\[\]]"), " "),
    ("+", re.compile(r"\+/?-(?= ?\d)"), "±"),
    ("pm", re.compile(r"pm(?:(?<=\dpm)(?=\d)|(?<=\d pm)(?= \d))"), "±"),
    ("\\", re.compile(r"\\(?:text|textbf|textit|mathbf|mathrm|bf|it|rm|emph|left|right)(?![a-z])"), " "),
    ("~", re.compile(r"~(?=[A-Za-z])"), " "),
    ("~", re.compile(r"~(?<=[A-Za-z.]~)(?=\d)"), " "),
    ("\\", re.compile(r"\\[,;:! ]"), " "),
    ("\\", re.compile(r"\\(?=[%#&_$])"), " "),
)
# what is damaged has a backslash, a spelled-out "±" or one of these: tried at digits only, of which most texts have few
_DAMAGED_NUMBER = (
    r"\d(?: ?times| pm|pm\d|(?<=(?:sim|leq|geq)\d)|(?<=(?:sim|leq|geq) \d)|(?<=[lg]e\d)|(?<=[lg]e \d)|(?<=approx\d)|(?<=approx \d))"
)
_DAMAGED = re.compile(_DAMAGED_NUMBER)
_ENDS_OF_DAMAGE, _BEGINNINGS_OF_DAMAGE = frozenset("mqex"), frozenset("tp")
_DIGIT = re.compile(r"\d")
_DIGITS = tuple("1203456789")  # the most frequent first
# of the bytes of a text: every digit a "0", all else a blank
_ONLY_DIGITS = bytes(ord("0" if chr(code) in _DIGITS else " ") for code in range(256))

_SEPARATORS = re.compile(r"[-_\s]")
_ASCII_SEPARATORS = str.maketrans({chr(code): " " for code in range(128) if _SEPARATORS.match(chr(code))})

_ABBREVIATIONS = frozenset(
    [
        "e.g",
        "i.e",
        "vs",
        "al",
        "fig",
        "figs",
        "eq",
        "eqs",
        "sec",
        "tab",
        "approx",
        "resp",
        "cf",
        "etc",
        "w.r.t",
        "viz",
        "no",
        "ca",
        "dr",
        "prof",
        "st",
        "ref",
        "refs",
        "e.g.,",
        "i.e.,",
        "appx",
        "avg",
        "max",
        "min",
    ]
)
_BEHIND_STOP = r"['\")\]]*)\s+(?=[\"'(\[]*[A-Z0-9(*])"
_STOP = re.compile(rf"([.!?]{_BEHIND_STOP}")
# one character is found many times as fast as any of three, and most texts have only these
_FULL_STOP = re.compile(rf"(\.{_BEHIND_STOP}")
_LONGER_WORD = 1 + max(map(len, _ABBREVIATIONS))  # letters: what has so many is no abbreviation

# what opens a clause of its own: "; ", ", surpassing ...", ", while ...", and where a sentence has dashes, " -- "
_OPENED_CLAUSE = (
    r"[;:,](?:(?<=[;:])\s|(?<=,)\s+(?=(?:while|whereas|but|which|where|outperform\w*|surpass\w*|exceed\w*|improv\w+|compar\w+|and (?:our|we|it|can|is|are|"
    r"has|achiev\w+|the \w+ (?:is|are)|outperform\w*|surpass\w*|improv\w+)|with (?:only|just|up to)|even|although|reduc\w+|represent\w+|yield\w+|"
    r"lead\w*|resulting|significantly|substantially|setting|obtain\w+|achiev\w+|reach\w+|attain\w+)\b))"
)
_CLAUSE = re.compile(_OPENED_CLAUSE)
_CLAUSE_OR_DASH = re.compile(rf"\s(?:--+|–)\s|{_OPENED_CLAUSE}")


def _replacement(match: re.Match[str]) -> str:
    return _TABLE[ord(match.group())]


def normalise(text: str, digits: Sequence[int] | None = None) -> str:
    """Return `text` repaired for reading, character for character as long as it was. `digits` are its `digit_places`, where known."""
    if not text.isascii():  # a table is fast for ASCII only
        repaired = _SURROGATE.sub("?", _ODD.sub(_replacement, text))
    else:
        repaired = text.translate(_TABLE) if holds_any(text, _ODD_ASCII) else text
    if _is_damaged(repaired, digit_places(text) if digits is None else digits):
        for beginning, pattern, sign in _DAMAGE:
            if beginning not in repaired:
                continue
            repaired = pattern.sub(lambda match, sign=sign: sign.ljust(match.end() - match.start()), repaired)  # type: ignore[misc]  # mypy does not see the bound default
    return repaired


def holds_any(text: str, words: tuple[str, ...]) -> bool:
    """Say whether one of `words` stands in `text`."""
    for word in words:  # noqa: SIM110 - any() of a generator takes three times as long, and this is asked all the time
        if word in text:
            return True
    return False


def _is_damaged(text: str, digits: Sequence[int]) -> bool:
    if "\\" in text or "~" in text or ("+" in text and ("+/-" in text or "+-" in text)):
        return True
    last = len(text) - 1
    for at in digits:
        before = text[at - 1] if at else ""
        if before == " ":
            before = text[at - 2 : at - 1]
        behind = text[at + 1] if at < last else ""
        if behind == " ":
            behind = text[at + 2 : at + 3]
        # most digits have none of these letters beside them
        if (before in _ENDS_OF_DAMAGE or behind in _BEGINNINGS_OF_DAMAGE) and _DAMAGED.match(text, at) is not None:
            return True
    return False


def lowered(text: str) -> str:
    """Return `text` in lower case, of the same length: a few letters grow in lower case and are kept."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(low if len(low := c.lower()) == 1 else c for c in text)


def fold(text: str) -> str:
    """Return `text` in lower case with hyphens, underscores and white space as blanks, of the same length."""
    lower = lowered(text)
    # a table is ten times as fast as a pattern, but only for ASCII
    return lower.translate(_ASCII_SEPARATORS) if lower.isascii() else _SEPARATORS.sub(" ", lower)


def has_digit(text: str) -> bool:
    """Say whether a digit stands in `text`."""
    # ten characters, one after the other, are found many times as fast as any of ten
    return holds_any(text, _DIGITS) if text.isascii() else _DIGIT.search(text) is not None


def digit_places(text: str) -> list[int]:
    """Return where the digits of `text` stand."""
    if not text.isascii():
        return [match.start() for match in _DIGIT.finditer(text)]
    places: list[int] = []
    find = text.encode("ascii").translate(_ONLY_DIGITS).find  # one character is found many times as fast as any of ten
    at = find(b"0")
    while at >= 0:
        places.append(at)
        at = find(b"0", at + 1)
    return places


LONGEST = 1500
"""Characters of the longest run read as one sentence; rules look around within a sentence, so its length bounds their work."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of every sentence of a normalised text, without the blanks around it."""
    found: list[tuple[int, int]] = []
    start = 0
    stops = _STOP if "?" in text or "!" in text else _FULL_STOP
    for match in stops.finditer(text):
        stop, end = match.span()
        # most sentences end in a longer word than any abbreviation
        if stop < _LONGER_WORD or not text[stop - _LONGER_WORD : stop].isalpha():
            before = text[max(start, stop - 12) : stop]
            word = "" if before[-1:].isspace() else before.split()[-1].rpartition("(")[2] if before else ""
            last = word.lower().lstrip("\"'[")
            if last in _ABBREVIATIONS or (len(last) == 1 and word.isupper() and text[stop] == "."):
                continue
        if start and end - start <= LONGEST:
            found.append((start, match.end(1)))  # it begins behind the blanks that the one before ended in
        else:
            _add(found, text, start, end)
        start = end
    _add(found, text, start, len(text))
    return found


def cut_whole(text: str, most: int) -> str:
    """Return the beginning of `text`, at most `most` characters, without the sentence that the cut would go through.

    Half a sentence could hold half a number, or a number without its unit. A text without sentences ends at a blank.
    """
    if len(text) <= most:
        return text
    start = max(most - LONGEST, 0)
    stop = next(reversed(list(_STOP.finditer(text, start, most))), None)
    if stop is not None:
        return text[: stop.end()]
    blank = next((at for at in range(most, start, -1) if text[at].isspace()), start)
    return text[:blank]


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while end - start > LONGEST:
        blank = text.rfind(" ", start, start + LONGEST)
        cut = blank + 1 if blank > start else start + LONGEST
        _add_stripped(found, text, start, cut)
        start = cut
    _add_stripped(found, text, start, end)


def _add_stripped(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    whole = text[start:end].rstrip()
    if whole:
        end = start + len(whole)
        found.append((end - len(whole.lstrip()), end))


class Clauses:
    """The clauses of one sentence: where a run of words that holds certain places begins and ends."""

    def __init__(self, text: str, original: str, start: int, end: int) -> None:
        self._text = original  # what is trimmed must be blank in the text as given
        self._normalised = text
        self._start = start
        self._end = end
        self._cuts: list[int] | None = None

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Return the shortest run of whole clauses that holds [start, end), without blanks and closing marks around it."""
        if self._cuts is None:
            text, low, high = self._normalised, self._start, self._end
            dashed = text.find("–", low, high) >= 0 or text.find("--", low, high) >= 0
            opened = (_CLAUSE_OR_DASH if dashed else _CLAUSE).finditer(text, low, high)
            self._cuts = [low, *[match.end() for match in opened], high]
        cuts = self._cuts
        left = cuts[max(bisect_right(cuts, start) - 1, 0)]
        index = bisect_left(cuts, end)
        right = cuts[index] if index < len(cuts) else self._end
        while left < start and self._text[left] in " ,;:–-":
            left += 1
        while right > end and self._text[right - 1] in " ,;:–-.":
            right -= 1
        return left, right
