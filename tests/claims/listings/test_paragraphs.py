"""Units of a listing, and the shapes of titles and abstracts."""

from __future__ import annotations

import time

import pytest

from claims.listings.base import StatedDate
from claims.listings.paragraphs import Kind, Unit, ends_whole, looks_like_abstract, looks_like_title, split_units
from claims.listings.text_lines import Line


def units_of(text: str) -> list[Unit]:
    return list(split_units(Line(number, 0, line, "") for number, line in enumerate(text.split("\n"), start=1)))


@pytest.mark.parametrize(
    ("text", "stated", "comments"),
    [
        ("Jun 18 5", StatedDate(None, 6, 18), 5),
        ("Jan 9, 2024 1", StatedDate(2024, 1, 9), 1),
        ("Jun 11, 2024 21", StatedDate(2024, 6, 11), 21),
        ("Oct 6", StatedDate(None, 10, 6), None),
        ("Jun 18 2024", StatedDate(2024, 6, 18), None),
        ("September 3, 2021", StatedDate(2021, 9, 3), None),
        ("Jun 2024", StatedDate(2024, 6, None), None),
        ("9 January 2024", StatedDate(2024, 1, 9), None),
        ("2024-01-09", StatedDate(2024, 1, 9), None),
        ("Feb 29", StatedDate(None, 2, 29), None),
    ],
)
def test_date_is_read(text: str, stated: StatedDate, comments: int | None) -> None:
    (unit,) = units_of(text)
    assert (unit.kind, unit.stated, unit.count) == (Kind.DATE, stated, comments)


@pytest.mark.parametrize("text", ["Feb 30, 2024", "Feb 29, 2023", "Jun 0"])
def test_impossible_date_is_told(text: str) -> None:
    (unit,) = units_of(text)
    assert unit.kind is Kind.DATE
    assert unit.stated is None
    assert "no such day" in unit.problems[0].reason


def test_footer_on_one_line_is_authors_and_date() -> None:
    authors, dated = units_of("• 23 authors · Nov 22, 2021")
    assert (authors.kind, authors.count) == (Kind.AUTHORS, 23)
    assert dated.stated == StatedDate(2021, 11, 22)


def test_wrapped_lines_are_one_paragraph_and_blank_lines_part() -> None:
    assert [unit.text for unit in units_of("one\ntwo\n\n\nthree")] == ["one two", "three"]


def test_date_or_page_word_inside_a_wrapped_paragraph_is_text() -> None:
    assert [unit.text for unit in units_of("The meeting of\nMay 4\nbrought something\nnew\nto light.")] == [
        "The meeting of May 4 brought something new to light."
    ]


def test_long_line_is_a_paragraph_of_its_own() -> None:
    long = "word " * 60 + "end."
    assert [unit.text for unit in units_of(f"Title\n{long}\nTitle two\n{long}")] == ["Title", long, "Title two", long]


@pytest.mark.parametrize(
    "text",
    [
        "Attention Is All You Need.",
        "Do we really need attention?",
        "Is one layer enough? A study of depth",
        "mixup: beyond empirical risk",
        "Inception vs. ResNet on small images",
        "$O(n)$ attention with $\\ell_2$ keys, sorted",
        "α-nets: learning β, γ and δ",
        "YOLOv9000",
        "word " * 400,
    ],
)
def test_title_shapes(text: str) -> None:
    assert looks_like_title(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        "The code is public.",
        "Code: https://example.org/nets",
        "We make three contributions:",
        "- a new layer",
        "1. A new layer",
        "Nets are big. They cost much",
        "Nets are big. " * 50,
    ],
)
def test_shapes_that_are_no_title(text: str) -> None:
    assert not looks_like_title(text.strip())


def test_short_abstract_needs_a_sentence() -> None:
    assert looks_like_abstract("We show that small nets are enough.")
    assert not looks_like_abstract("Small nets are enough")


@pytest.mark.parametrize("text", ["It works.", "It works (well)", "See https://example.org/a", "Code: github.com/a/b", "It works!"])
def test_whole_ends(text: str) -> None:
    assert ends_whole(text)


def test_cut_end() -> None:
    assert not ends_whole("We train the net on a large set of ima")


@pytest.mark.parametrize("piece", ["a", "www.", ".", "?", ". ", ") ", "A", ".)", "! A", "a.com/", "\u3000"])
def test_shapes_take_linear_time_on_hostile_text(piece: str) -> None:
    text = (piece * (1_000_000 // len(piece)) + " x").strip()
    begin = time.perf_counter()
    looks_like_title(text)
    looks_like_abstract(text)
    ends_whole(text)
    assert time.perf_counter() - begin < 2
