"""Read JSON that may be damaged: every mistake that can be forgiven is told with its line, and what is whole is kept.

Sound JSON takes the standard library's fast way. Nothing here calls itself, so that no nesting is too deep.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from claims.errors import ListingTooLargeError
from claims.listings.base import Problem

MAX_DEPTH = 64
"""What is nested deeper is left out."""
MAX_VALUES = 6_000_000
"""JSON with more commas and brackets is refused: each value takes memory, an empty one, too."""
MAX_PROBLEMS = 100
_MAX_UNLISTED = 10_000  # mistakes; behind more of them nothing is to be found
_MAX_DIGITS = 18  # a longer number stays text: no program agrees with another on it

_TOKEN = re.compile(
    r"[\s\ufeff]*+(?:"
    r"(?P<mark>[\[\]{}:,])"
    r'|(?P<text>"(?:[^"\\\n]|\\.)*+")'
    r"|(?P<number>-?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![\w.+-]))"
    r"|(?P<word>true|false|null|NaN|-?Infinity)\b"
    r'|(?P<open>")'
    r'|(?P<junk>[^\s\[\]{}:,"]++)'
    r")"
)
# A text with line ends in it: its closing quotes are those that something of the structure follows
_LONG_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"(?=\s*[,:}\]])', re.DOTALL)
_LINE_REST = re.compile(r'"[^\n"]*+')
_BRACKETS = re.compile(r'[\[\]{}]|"(?:[^"\\\n]|\\.)*+"?')
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')


@dataclass(slots=True)
class _Open:
    """A list or an object that isn't closed yet."""

    value: list[object] | dict[str, object]
    line: int
    key: str | None = None
    had_colon: bool = False
    after_value: bool = False
    comma: int | None = None  # where the last one stands, if nothing came behind it


class _DuplicateKeyError(Exception):
    """A key stands twice in an object: where, only the slow way knows."""


def parse_json(text: str) -> tuple[list[object], list[Problem]]:
    """Return the values of a text, one if it is sound JSON, and what is wrong with it.

    Of a key that stands twice in an object the second value counts. NaN, Infinity and numbers that a program can't hold stay text. Of a
    text that ends in the middle the last row is left out, being half a row: an element of a list called "rows". Raises
    `ListingTooLargeError` for more values than memory should hold.
    """
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        msg = (
            f"The file holds more than {MAX_VALUES:,} values, the most that is read of a table of results. Split it, and upload the parts."
        )
        raise ListingTooLargeError(msg)
    try:
        value = json.loads(
            text,
            strict=False,
            object_pairs_hook=_make_object,
            parse_constant=str,
            parse_float=_read_float,
            parse_int=_read_int,
        )
    except (ValueError, RecursionError, _DuplicateKeyError):
        parser = _Parser(text)
        parser.run()
        return parser.values, parser.list_problems()
    return [value], []


def _make_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _DuplicateKeyError
    return made


def _read_float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _read_int(text: str) -> int | str:
    return int(text) if len(text) <= _MAX_DIGITS else text


@dataclass(slots=True)
class _Parser:
    """Reads token by token, and knows the lists and objects that are open."""

    text: str
    values: list[object] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unlisted: int = 0
    stack: list[_Open] = field(default_factory=list)
    position: int = 0
    line: int = 1
    counted: int = 0

    def run(self) -> None:
        text, size = self.text, len(self.text)
        match = _TOKEN.match
        while self.position < size:
            found = match(text, self.position)
            if found is None:
                break  # blanks alone are left
            kind = found.lastgroup or ""
            begin = found.start(kind)
            self.position = found.end()
            if kind == "mark":
                self._take_mark(text[begin], begin)
            elif kind == "text":
                self._take_text(text[begin : self.position], begin)
            elif kind == "open":
                self._take_open_text(begin)
            elif kind == "number":
                number = text[begin : self.position]
                self._add(_read_float(number) if any(sign in number for sign in ".eE") else _read_int(number), begin)
            elif kind == "word":
                self._add({"true": True, "false": False, "null": None}.get(found[kind], found[kind]), begin)
            else:
                self._complain(begin, f"“{found[kind][:40]}” is no JSON; it is left out.")
            if self.unlisted > _MAX_UNLISTED:
                self.problems.append(Problem(self._line_at(begin), "The file has too many mistakes; from here on it was not read."))
                break
        self._end()

    def list_problems(self) -> list[Problem]:
        if self.unlisted:
            return [*self.problems, Problem(None, f"{self.unlisted:,} more problems of this kind are not listed.")]
        return self.problems

    def _line_at(self, position: int) -> int:
        if position > self.counted:
            self.line += self.text.count("\n", self.counted, position)
            self.counted = position
        return self.line - self.text.count("\n", position, self.counted)

    def _complain(self, position: int, reason: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self._line_at(position), reason))
        else:
            self.unlisted += 1

    # -- tokens

    def _take_mark(self, mark: str, begin: int) -> None:
        if mark in "[{":
            self._open([] if mark == "[" else {}, begin)
        elif mark in "]}":
            self._close(list if mark == "]" else dict, begin)
        elif not self.stack:
            self._complain(begin, f"A “{mark}” that belongs to nothing; it is left out.")
        elif mark == ":":
            top = self.stack[-1]
            if top.key is None or top.had_colon:
                self._complain(begin, "A colon without a key before it; it is left out.")
            top.had_colon = top.key is not None
        else:
            self._take_comma(self.stack[-1], begin)

    def _take_comma(self, top: _Open, begin: int) -> None:
        if top.key is not None:
            self._complain(begin, f"The key “{top.key[:40]}” has no value; it is left out.")
            top.key = None
        elif not top.after_value:
            self._complain(begin, "A comma too many.")
        top.after_value, top.comma, top.had_colon = False, begin, False

    def _take_text(self, token: str, begin: int) -> None:
        value = token[1:-1]
        if "\\" in value:
            try:
                value = json.loads(token, strict=False)
            except ValueError:
                self._complain(begin, "A text with a backslash that means nothing; it is read as a backslash.")
                try:
                    value = json.loads(_BAD_ESCAPE.sub(r"\\\\", token), strict=False)
                except ValueError:
                    value = token[1:-1]
        top = self.stack[-1] if self.stack else None
        if top is None or isinstance(top.value, list) or top.key is not None:
            self._add(value, begin)
            return
        self._check_comma(top, begin)
        top.key, top.had_colon = value, False

    def _take_open_text(self, begin: int) -> None:
        """Take a text that isn't closed on its line: it goes on behind the line's end, or its quotes are missing."""
        whole = _LONG_TEXT.match(self.text, begin)
        if whole is None:
            rest = _LINE_REST.match(self.text, begin)
            end = rest.end() if rest else begin + 1
            self.position = end
            if end >= len(self.text):
                return  # the file ends inside of it
            self._complain(begin, "A text whose quotes are not closed; it ends with its line.")
            self._take_text(json.dumps(self.text[begin + 1 : end].rstrip(" \t\r,")), begin)
            if self.text[begin:end].rstrip().endswith(",") and self.stack:
                self._take_comma(self.stack[-1], begin)
            return
        self.position = whole.end()
        self._take_text(whole[0], begin)

    # -- values

    def _check_comma(self, top: _Open, begin: int) -> None:
        if top.after_value:
            self._complain(begin, "A comma is missing.")
        top.after_value, top.comma = False, None

    def _add(self, value: object, begin: int) -> bool:
        """Put a value into what is open, and say whether it found a place."""
        if not self.stack:
            if self.values:
                self._complain(begin, "More stands behind the end of the JSON; it is read, too.")
            self.values.append(value)
            return True
        top = self.stack[-1]
        if isinstance(top.value, list):
            self._check_comma(top, begin)
            top.value.append(value)
        elif top.key is None:
            self._complain(begin, "A value without a key; it is left out.")
            top.after_value = True
            return False
        else:
            if not top.had_colon:
                self._complain(begin, f"The colon behind the key “{top.key[:40]}” is missing.")
            if top.key in top.value:
                reason = f"The key “{top.key[:40]}” stands twice in an object; the second value counts."
                self._complain(begin, reason)
            top.value[top.key] = value
            top.key = None
        top.after_value, top.comma, top.had_colon = True, None, False
        return True

    def _open(self, value: list[object] | dict[str, object], begin: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self._complain(begin, f"What is nested deeper than {MAX_DEPTH} levels is left out.")
            self._skip(begin)
            self._add(None, begin)
            return
        if self._is_sibling(value):
            self._complain(begin, f"The object that begins in line {self.stack[-1].line:,} is not closed.")
            self.stack.pop()
        self._add(value, begin)
        self.stack.append(_Open(value, self._line_at(begin)))

    def _is_sibling(self, value: list[object] | dict[str, object]) -> bool:
        """Say whether an object begins where a key should be, inside another one of a list: its closing brace is missing."""
        if len(self.stack) < 2 or not isinstance(value, dict):
            return False
        top, below = self.stack[-1], self.stack[-2]
        return isinstance(top.value, dict) and top.key is None and isinstance(below.value, list)

    def _skip(self, begin: int) -> None:
        depth = 0
        for found in _BRACKETS.finditer(self.text, begin):
            if found[0] in "[{":
                depth += 1
            elif found[0] in "]}":
                depth -= 1
                if depth == 0:
                    self.position = found.end()
                    return
        self.position = len(self.text)

    def _close(self, kind: Callable[[], object], begin: int) -> None:
        place = next((at for at in range(len(self.stack) - 1, -1, -1) if type(self.stack[at].value) is kind), None)
        if place is None:
            self._complain(begin, "A closing bracket that belongs to nothing; it is left out.")
            return
        for unclosed in self.stack[place + 1 :]:
            self._complain(begin, f"What begins in line {unclosed.line:,} is not closed.")
        top = self.stack[place]
        if top.key is not None:
            self._complain(begin, f"The key “{top.key[:40]}” has no value; it is left out.")
        elif top.comma is not None:
            self._complain(top.comma, "A comma too many, before a closing bracket.")
        del self.stack[place:]

    def _end(self) -> None:
        if not self.stack:
            return
        self._complain(len(self.text), "The file ends in the middle of the JSON; what is whole before that is kept.")
        for outer, inner in zip(self.stack, self.stack[1:], strict=False):
            if isinstance(outer.value, list) and outer.value and outer.value[-1] is inner.value and self._is_rows(outer):
                outer.value.pop()

    def _is_rows(self, found: _Open) -> bool:
        return any(isinstance(entry.value, dict) and entry.value.get("rows") is found.value for entry in self.stack)
