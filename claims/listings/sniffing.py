"""Tell text from other files by their first bytes, and find a text's encoding."""

from __future__ import annotations

import codecs
import io
import re
import tarfile
from typing import BinaryIO

from charset_normalizer import from_bytes

from claims.errors import EmptyListingError, UnknownFormatError
from claims.listings.text_lines import WIDE_ENCODINGS, read_text

SAMPLE_BYTES = 1 << 16
_SCAN_BYTES = 1 << 20

LISTING_SHAPE = (
    "A listing is a text file that gives, for each paper, its title on a line, an empty line, its abstract, and maybe lines with the "
    'authors ("• 4 authors"), a "·" and the date ("Jan 9, 2024").'
)

_UNPACK = "Nothing in it was unpacked. Unpack it, and upload the text files that it holds."
_EXPORT = "Open it in its own program, and save its text as a plain text file."
_READ_OFF = "Only text can be read."
# What other files begin with: their kind, and what to do with them
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n", "a PNG image", _READ_OFF),
    (b"\xff\xd8\xff", "a JPEG image", _READ_OFF),
    (b"GIF8", "a GIF image", _READ_OFF),
    (b"RIFF", "an image, a sound or a video", _READ_OFF),
    (b"%PDF-", "a PDF", _EXPORT),
    (b"%!PS", "a PostScript document", _EXPORT),
    (b"PK\x03\x04", "a ZIP archive or an office document", f"{_UNPACK} An office document: save it as plain text."),
    (b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (b"PK\x07\x08", "a part of a ZIP archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"\x1f\x9d", "a compressed file (.Z)", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"]\x00\x00", "an LZMA archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "an LZ4 archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"MSCF\x00", "a cabinet archive", _UNPACK),
    (b"!<arch>\n", "an ar archive or a Debian package", _UNPACK),
    (b"PAR1", "a Parquet table", _EXPORT),
    (b"\x7fELF", "a program", _READ_OFF),
    (b"\xcf\xfa\xed\xfe", "a program", _READ_OFF),
    (b"\xca\xfe\xba\xbe", "a program", _READ_OFF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document", _EXPORT),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"{\\rtf", "a rich text document", _EXPORT),
)
# A title may begin so: "RIFFusion", "PAR1"
_WORDLIKE = frozenset((b"RIFF", b"PAR1", b"GIF8", b"BZh"))
_ZIP_END = b"PK\x05\x06"
_TAR_HEADER = 512
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
_NUL_SHARE = 0.5
_CONTROL_SHARE = 0.05  # random bytes have a tenth; a text with stray NULs far less

# What other kinds of text begin with: their kind, and what to do with them
_SAVE_PAGE = "Open it in a browser, and save the page as text."
_WRITE_OUT = "Write its titles and abstracts out as text."
_NO_RESULTS = (
    "A table of results has a line of headers, rows with as many cells below it, and a column of numbers; of a table of papers, write the "
    "titles and abstracts out as text."
)
TABLE_KIND = "a table (CSV or the like)"
_TEXT_KINDS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"[\[{]\s*[\"\[{\]}]"), "JSON", _WRITE_OUT),
    (re.compile(r"<(?:!doctype|html|\?xml|head|body|rss|feed|svg)\b", re.IGNORECASE), "a web page or XML", _SAVE_PAGE),
    (re.compile(r"<!--"), "a web page or XML", _SAVE_PAGE),
    (re.compile(r"@\w+\s*\{"), "BibTeX", _WRITE_OUT),
    (re.compile(r"(?:TY  - |%0 Journal)"), "a reference manager's export", _WRITE_OUT),
    (re.compile(r"\\documentclass|\\begin\{"), "LaTeX", _WRITE_OUT),
    (re.compile(r"From: <Saved by "), "a saved web page", _SAVE_PAGE),
    (re.compile(r"From: |Return-Path: |MIME-Version: "), "an e-mail", _WRITE_OUT),
    (re.compile(r"#!"), "a script", _READ_OFF),
    (re.compile(r"[^\n,;\t]{1,60}(?:(?:[,;](?! )|\t)[^\n,;\t]{0,60})+\n[^\n]*[,;\t]"), TABLE_KIND, _NO_RESULTS),
)


def sniff(stream: BinaryIO) -> tuple[str, str]:
    """Return the encoding of a text file and its first 64 KB of text, beginning with the first line that is not blank.

    Raises `EmptyListingError` for a file without any text and `UnknownFormatError`, naming the kind, for one that isn't text.
    """
    stream.seek(0)
    head = stream.read(SAMPLE_BYTES)
    for signature, kind, advice in _SIGNATURES:
        if head.startswith(signature) and (signature not in _WORDLIKE or _CONTROLS.search(head[:64])):
            raise _not_text(kind, advice)
    if head.startswith(b"MZ") and b"\x00" in head:
        raise _not_text("a program", _READ_OFF)
    if _is_tar(head):
        raise _not_text("a tar archive", _UNPACK)
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
    if _ends_in_zip(stream):
        raise _not_text("a text with a ZIP archive at its end", "Upload the text alone.")
    if encoding not in WIDE_ENCODINGS and _is_binary(sample):
        raise _not_text("a binary file of an unknown kind", _READ_OFF)
    if len(sample) == SAMPLE_BYTES and "\n" in text:
        text = text[: text.rindex("\n")]  # the last line may be cut, and half a line can look like another kind
    return encoding, text


def name_text_kind(head: str) -> str:
    """Return what kind of text, other than a listing, begins with `head` ("JSON"), '' if unknown."""
    return next((kind for pattern, kind, _ in _TEXT_KINDS if pattern.match(head)), "")


def advise(kind: str) -> str:
    """Return what to do with a kind of text that `name_text_kind` names, '' for none."""
    return next((advice for _, named, advice in _TEXT_KINDS if named == kind), "")


def _not_text(kind: str, advice: str) -> UnknownFormatError:
    return UnknownFormatError(f"It is {kind}; listings are text files. {advice} {LISTING_SHAPE}")


def _is_tar(head: bytes) -> bool:
    """Say whether a tar archive's header begins the file: its checksum says so, its mark is younger than the format."""
    if len(head) < _TAR_HEADER or b"\x00" not in head[:_TAR_HEADER]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_HEADER], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _ends_in_zip(stream: BinaryIO) -> bool:
    """Say whether a ZIP archive was put behind the text: programs look for its directory at the end of a file."""
    size = stream.seek(0, io.SEEK_END)
    return _ZIP_END in _sample_at(stream, max(size - SAMPLE_BYTES, 0))


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
        # Half of a surrogate pair spoils the guess; plain words have a NUL in every second place all the same
        for encoding, filled, empty in (("utf-16-le", sample[::2], sample[1::2]), ("utf-16-be", sample[1::2], sample[::2])):
            if empty.count(0) > _NUL_SHARE * len(empty) and filled.count(0) * 10 < empty.count(0):
                return encoding
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
