"""What a file is, by its first bytes."""

from __future__ import annotations

import io

import pytest

from claims.errors import EmptyListingError, UnknownFormatError
from claims.listings.sniffing import name_text_kind, sniff

TEXT = "Poincaré nets – a study\n\nWe look at naïve “nets” and find that they reach 81.2% top-1 accuracy in Orléans.\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"Plain words only\n", "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32-le"),
        (TEXT.encode() + b"\xff and more", "utf-8"),
        (b"\n" * 100_000 + TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"Plain words\n" * 10_000 + TEXT.encode("cp1252"), "cp1252"),
        (b"Plain words\n" * 10_000 + TEXT.encode(), "utf-8"),
        (b"Plain words, cut inside \xc3", "utf-8"),
    ],
)
def test_encoding_is_found(content: bytes, encoding: str) -> None:
    found, head = sniff(io.BytesIO(content))
    assert found == encoding
    assert head.startswith(("Poincaré nets", "Plain words"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"PK\x03\x04\x14\x00\x06\x00", "ZIP"),
        (b"\x1f\x8b\x08\x00\x00\x00", "gzip"),
        (b"\x7fELF\x02\x01\x01\x00", "program"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "program"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"SQLite format 3\x00\x10\x00", "SQLite"),
        (bytes(range(1, 256)) * 40, "binary"),
    ],
)
def test_binary_file_is_refused_by_name(content: bytes, kind: str) -> None:
    with pytest.raises(UnknownFormatError, match=kind) as caught:
        sniff(io.BytesIO(content))
    assert "A listing is a text file" in caught.value.message


@pytest.mark.parametrize("content", [b"", b"\n\r\n \t\n", b"\xef\xbb\xbf", b"\xff\xfe\n\x00", b"\x00" * 50, b" " * 3_000_000])
def test_file_without_text_has_its_own_error(content: bytes) -> None:
    with pytest.raises(EmptyListingError, match=r"empty|blank"):
        sniff(io.BytesIO(content))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ('{"title": "A"}', "JSON"),
        ('[{"title": "A"}]', "JSON"),
        ("<!DOCTYPE html><html>", "web page"),
        ("@article{key,", "BibTeX"),
        ("title,abstract,date\nA,b,c\n", "CSV"),
        ("title\tabstract\nA\tb\n", "CSV"),
        ("#!/bin/sh\n", "script"),
    ],
)
def test_other_text_formats_are_named(head: str, kind: str) -> None:
    assert kind in name_text_kind(head)


@pytest.mark.parametrize(
    "head", ["[CLS] is not needed\n\nWe show", "<3: learning to love\n\nWe", "Faster, smaller, better nets\n\nWe show, too"]
)
def test_titles_with_marks_are_no_other_format(head: str) -> None:
    assert name_text_kind(head) == ""
