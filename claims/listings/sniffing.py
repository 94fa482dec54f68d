"""Tell text from other files by their first bytes, and find a text's encoding."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from charset_normalizer import from_bytes

from claims.errors import EmptyListingError, UnknownFormatError
from claims.listings.text_lines import read_text

SAMPLE_BYTES = 1 << 16
_SCAN_BYTES = 1 << 20

LISTING_SHAPE = (
    "A listing is a text file that gives, for each paper, its title on a line, an empty line, its abstract, and maybe lines with the "
    'authors ("• 4 authors"), a "·" and the date ("Jan 9, 2024").'
)

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"{\\rtf", "a rich text document"),
)
_BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_NOT_BLANK = re.compile(rb"[^\x00\s]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_SHARE = 0.05  # random bytes have a tenth; a text with stray NULs far less

# What other kinds of text begin with
_TEXT_KINDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\[{]\s*[\"\[{\]}]"), "JSON"),
    (re.compile(r"<(?:!doctype|html|\?xml|head|body|rss|feed|svg)\b", re.IGNORECASE), "a web page or XML"),
    (re.compile(r"@\w+\s*\{"), "BibTeX"),
    (re.compile(r"(?:TY  - |%0 Journal)"), "a reference manager's export"),
    (re.compile(r"\\documentclass|\\begin\{"), "LaTeX"),
    (re.compile(r"From: |Return-Path: |MIME-Version: "), "an e-mail"),
    (re.compile(r"#!"), "a script"),
    (re.compile(r"[^\n,;\t]{1,60}(?:(?:[,;](?! )|\t)[^\n,;\t]{0,60})+\n[^\n]*[,;\t]"), "a table (CSV or the like)"),
)


def sniff(stream: BinaryIO) -> tuple[str, str]:
    """Return the encoding of a text file and its first 64 KB of text, beginning with the first line that is not blank.

    Raises `EmptyListingError` for a file without any text and `UnknownFormatError`, naming the kind, for one that isn't text.
    """
    stream.seek(0)
    head = stream.read(SAMPLE_BYTES)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise UnknownFormatError(f"It is {kind}; listings are text files. {LISTING_SHAPE}")
    if head.startswith(b"MZ") and b"\x00" in head:
        raise UnknownFormatError(f"It is a program; listings are text files. {LISTING_SHAPE}")
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), "")
    if marked:
        sample = head
    else:
        first = _find(stream, _NOT_BLANK)
        if first is None:
            raise EmptyListingError(_nothing(head))
        # an even place, so that a sample of UTF-16 begins with a whole character
        first -= first % 2
        sample = head if first == 0 else _sample_at(stream, first)
    encoding = marked or _find_encoding(stream, sample)
    text = read_text(sample, encoding).lstrip()
    if not text:
        raise EmptyListingError(_nothing(head))
    if encoding not in {"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"} and _is_binary(sample):
        raise UnknownFormatError(f"It is a binary file of an unknown kind; listings are text files. {LISTING_SHAPE}")
    if len(sample) == SAMPLE_BYTES and "\n" in text:
        text = text[: text.rindex("\n")]  # the last line may be cut, and half a line can look like another kind
    return encoding, text


def name_text_kind(head: str) -> str:
    """Return what kind of text, other than a listing, begins with `head` ("JSON"), '' if unknown."""
    return next((kind for pattern, kind in _TEXT_KINDS if pattern.match(head)), "")


def _nothing(head: bytes) -> str:
    what = "The file holds only blank lines" if head else "The file is empty"
    return f"{what}. {LISTING_SHAPE}"


def _find(stream: BinaryIO, pattern: re.Pattern[bytes]) -> int | None:
    """Return where the first byte stands that the pattern matches."""
    stream.seek(0)
    offset = 0
    while block := stream.read(_SCAN_BYTES):
        if match := pattern.search(block):
            return offset + match.start()
        offset += len(block)
    return None


def _sample_at(stream: BinaryIO, offset: int) -> bytes:
    stream.seek(offset)
    return stream.read(SAMPLE_BYTES)


def _find_encoding(stream: BinaryIO, sample: bytes) -> str:
    if b"\x00" in sample:
        # The guess needs whole units and no cut pair at the end
        even = sample[: len(sample) // 2 * 2]
        for part in (even, even[:-2]):
            match = from_bytes(part, cp_isolation=["utf_16_le", "utf_16_be"]).best()
            if match is not None:
                return match.encoding.replace("_", "-")
    # A file is decided where it stops being ASCII, which may be far behind its beginning
    first = _find(stream, _NOT_ASCII)
    if first is None:
        return "utf-8"
    sample = _sample_at(stream, first)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # not final: the sample may end inside a character
    except UnicodeDecodeError:
        # Well-formed sequences of several bytes are no accident: it is UTF-8 with damage
        damaged = sample.decode("utf-8", errors="replace").replace("\ufffd", "")
        if not damaged.isascii():
            return "utf-8"
    else:
        return "utf-8"
    match = from_bytes(sample, cp_isolation=["cp1252", "latin_1"]).best()
    return "latin-1" if match is not None and match.encoding == "latin_1" else "cp1252"


def _is_binary(sample: bytes) -> bool:
    return len(_CONTROLS.findall(sample)) > _CONTROL_SHARE * len(sample)
