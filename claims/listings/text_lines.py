"""Read lines of text out of a binary stream: any encoding that listings come in, any damage, bounded memory.

Lines end at LF, CR LF or CR and nowhere else: abstracts hold form feeds, U+0085 and U+2028 inside sentences. Every line knows
the byte that it begins at, so a later pass can seek to it.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BLOCK_BYTES = 1 << 18
MAX_LINE = 1_000_000
"""A longer line is cut to so many characters: memory must not follow the file."""

WIDE_ENCODINGS = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
BYTE_ORDER_MARK = "\ufeff"

_LINE_END = re.compile(r"\r\n|\n|\r")
# a line's end and the blank lines behind it; possessive, or a million blanks would be tried from each end
_LINE_ENDS = re.compile(r"(?:\r\n|\n|\r)(?:[ \t]*+(?:\r\n|\n|\r))*+")
_ESCAPED_BYTES = re.compile(r"[\udc80-\udcff]")
# NUL breaks PostgreSQL, the others break XML feeds; a tab is white space like any other
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


class Line(NamedTuple):
    """A line without its end. `number` counts from 1, `offset` in bytes; `problem` is '' or what was wrong with it."""

    number: int
    offset: int
    text: str
    problem: str


def read_lines(stream: BinaryIO, encoding: str, *, offset: int = 0, number: int = 1, skip_blank: bool = False) -> Iterator[Line]:
    """Yield the lines from the byte `offset` on, which must be the beginning of line `number`.

    With `skip_blank` a run of blank lines comes as one or a few, so that a million of them is no work.
    NUL and other control characters become spaces, one for one. Bytes that the encoding doesn't know become U+FFFD, and a line
    of more than `MAX_LINE` characters is cut; both are told in the line's `problem`.
    """
    stream.seek(offset)
    # Escaped bytes turn back into themselves, which keeps the offsets exact; the wide codecs can't escape, but their
    # replacement character is as long as what it replaces.
    errors = "replace" if encoding in WIDE_ENCODINGS else "surrogateescape"
    for text, size, cut, lines in _cut_lines(stream, encoding, errors, skip_blank=skip_blank):
        yield _clean(number, offset, text, cut=cut)
        offset += size
        number += lines


def _cut_lines(stream: BinaryIO, encoding: str, errors: str, *, skip_blank: bool) -> Iterator[tuple[str, int, bool, int]]:
    """Yield (text without its end, bytes with its end, whether it was cut, how many lines that is)."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    narrow = encoding not in WIDE_ENCODINGS

    def size_of(text: str) -> int:
        return len(text) if narrow and text.isascii() else len(text.encode(encoding, errors))

    ends = _LINE_ENDS if skip_blank else _LINE_END
    rest = ""  # the unfinished line at the end of the block before
    dropped = 0  # bytes of it that were left out already
    while True:
        block = stream.read(BLOCK_BYTES)
        text = rest + decoder.decode(block, final=not block)
        begin = 0
        for match in ends.finditer(text, max(len(rest) - 1, 0)):
            end = match.group()
            if end[-1] == "\r" and match.end() == len(text) and block:
                end = end[:-1]  # maybe the first half of CR LF
                if not end:
                    break
            line = text[begin : match.start()]
            lines = len(_LINE_END.findall(end)) if "\r" in end else end.count("\n")
            own_end = end if lines == 1 else "\r\n" if end.startswith("\r\n") else end[0]
            yield line[:MAX_LINE], size_of(line) + size_of(own_end) + dropped, dropped > 0 or len(line) > MAX_LINE, 1
            if lines > 1:
                yield "", size_of(end) - size_of(own_end), False, lines - 1
            begin, dropped = match.start() + len(end), 0
        rest = text[begin:]
        if not block:
            break
        # the last character stays out of the cut: it may be that CR
        if len(rest) > MAX_LINE + 1:
            dropped += size_of(rest[MAX_LINE:-1])
            rest = rest[:MAX_LINE] + rest[-1]
    if rest or dropped:
        yield rest[:MAX_LINE], size_of(rest) + dropped, dropped > 0 or len(rest) > MAX_LINE, 1


def _clean(number: int, offset: int, text: str, *, cut: bool) -> Line:
    if text.startswith(BYTE_ORDER_MARK):  # also in the middle, where files were joined
        text = text.lstrip(BYTE_ORDER_MARK)
    problems = []
    if not text.isascii():
        text, damaged = _ESCAPED_BYTES.subn("\ufffd", text)
        if damaged or "\ufffd" in text:
            problems.append("Some bytes of the line are no text in the file's encoding; they are shown as \ufffd.")
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text)
    if cut:
        problems.append(f"The line has more than {MAX_LINE:,} characters; the rest of it is left out.")
    return Line(number, offset, text, " ".join(problems))


def read_text(sample: bytes, encoding: str) -> str:
    """Return the text of a sample that may end in the middle of a character, cleaned like lines, with LF as line ends."""
    lines = read_lines(io.BytesIO(sample), encoding)
    return "\n".join(line.text for line in lines)
