"""Any bytes give entries or a clear error: listings built from the formats' own grammar, then damaged."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claims.errors import ListingError
from claims.listings import registry, text_lines
from claims.listings.base import ListedPaper, ListingReader, Problem, Survey, TableRecord
from claims.terms import EntryKind
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database

_WORDS = (
    "we study how the order of layers changes what a network learns OrderNet reaches 81.5% top-1 accuracy on ImageNet with 25M parameters and "
    "is better than others in most cases Padding often ignored A Short Note May 4 new Abstract: https://x.org/a vs. et al. Why? So! • · 3 — “q” 中文 ы"
)
WORDS = st.sampled_from(_WORDS.split())
SPACES = st.sampled_from([" ", " ", " ", " ", "\n", "  ", "\t", "\xa0", "\u2028", "\x85", "\x0c", "\u200b"])
ENDS = st.sampled_from(["", ".", ".", ".", "?", "!", ":", "…", ",", ")"])


@st.composite
def texts(draw: st.DrawFn, least: int, most: int) -> str:
    """Return words, most often with one blank between them."""
    words = draw(st.lists(WORDS, min_size=least, max_size=most))
    return "".join(word + draw(SPACES) for word in words[:-1]) + words[-1] + draw(ENDS)


TITLES = texts(1, 14).map(str.title)
ABSTRACTS = st.lists(st.one_of(texts(30, 60), texts(3, 20)), min_size=0, max_size=3).map("\n\n".join)
DATES = st.sampled_from(
    [
        "Jan 9, 2024",
        "Jun 18 5",
        "Mar 3, 2023 12",
        "Feb 30",
        "Feb 29",
        "Jun 2024",
        "9 January 2024",
        "2024-01-09",
        "2 days ago",
        "Oct 6",
        "Smarch 1, 2023",
    ]
)
AUTHORS = st.sampled_from(
    [
        "  • 4 authors",
        "• 1 author",
        "23 authors",
        "• 4 authors · Nov 22, 2021",
        "  Some Lab",
        "• Some Lab",
        "• 99999 authors",
        "• 123456 authors",
    ]
)
DOTS = st.sampled_from(["·", "•", " · ", "· Jan 9, 2024", "∙"])
PAGE = st.sampled_from(
    [
        "new",
        "Daily Papers",
        "Subscribe",
        "byAK and the research community",
        "Nov 4",
        "Get trending papers in your email inbox!",
        "Trending Papers",
    ]
)
GAPS = st.sampled_from(["\n\n", "\n\n", "\n\n", "\n", "\n\n\n\n", "\n \n", "\n\t\n", ""])


@st.composite
def papers(draw: st.DrawFn) -> str:
    parts = [draw(TITLES), draw(ABSTRACTS)]
    if draw(st.booleans()):
        parts += [draw(AUTHORS) + "\n" + draw(DOTS) + "\n" + draw(DATES)]
    elif draw(st.integers(0, 3)) == 0:
        parts += [draw(st.one_of(AUTHORS, DOTS, DATES, PAGE))]
    if draw(st.integers(0, 7)) == 0:
        del parts[draw(st.integers(0, len(parts) - 1))]
    return "".join(part + draw(GAPS) for part in parts)


@st.composite
def listings(draw: st.DrawFn) -> bytes:
    """Return the bytes of a listing in some encoding, with some line ends and some damage."""
    text = "".join(draw(st.lists(st.one_of(papers(), papers(), papers(), PAGE.map(lambda line: line + "\n\n")), max_size=8)))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])))
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
    )
    content = bytearray(text.encode(encoding, "replace"))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        damage = draw(st.integers(0, 4))
        if damage == 0:
            del content[at : at + draw(st.integers(1, 40))]
        elif damage == 1:
            content[at:at] = draw(st.binary(min_size=1, max_size=6))
        elif damage == 2:
            content[at:at] = draw(
                st.sampled_from(
                    [b"\n", b"\n\n", b"\r", b"\x00", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xcc\x81" * 50, b" " * 300]
                )
            )
        elif damage == 3:
            other = draw(st.integers(0, len(content)))
            content[at:at] = content[other : other + draw(st.integers(1, 200))]
        else:
            content[at:at] = b"word and " * draw(st.sampled_from([1, 40, 500]))
    return bytes(content)


def read(reader: ListingReader, stream: io.BytesIO, survey: Survey) -> list[ListedPaper | Problem]:
    found = (found for chunk in survey.chunks for found in reader.read(stream, survey, chunk))
    return [entry for entry in found if not isinstance(entry, TableRecord)]


def check_reading(content: bytes) -> None:
    stream = io.BytesIO(content)
    try:
        reader, survey = registry.survey(stream, chunk_size=1000)
    except ListingError as error:
        with pytest.raises(type(error)):
            registry.survey(io.BytesIO(content), chunk_size=1)
        return
    lines = sum(1 for _ in text_lines.read_lines(stream, survey.encoding))
    whole = read(reader, stream, survey)
    assert read(reader, io.BytesIO(content), survey) == whole, "reading is deterministic"
    found = [paper for paper in whole if isinstance(paper, ListedPaper)]
    if reader.holds is EntryKind.RECORDS:
        # Two short lines with a comma each may be a table, too, whose columns somebody has to name first.
        assert not found
        return
    assert [paper.position for paper in found] == list(range(survey.entries))
    after = 0
    for paper in found:
        assert after < paper.first_line <= paper.last_line <= lines
        after = paper.first_line
        assert paper.title
        for text in (paper.title, paper.abstract, paper.organisation):
            assert not any(character < " " and character not in "\t\n" for character in text)
            text.encode()  # no surrogate is left
    for problem in (*survey.problems, *(item for item in whole if isinstance(item, Problem))):
        assert problem.reason
        assert not problem.fatal
        assert problem.line is None or 1 <= problem.line <= lines
    for chunk_size in (1, 2, 3):
        again, cut = registry.survey(io.BytesIO(content), chunk_size=chunk_size)
        assert (cut.entries, cut.problems, cut.latest_year) == (survey.entries, survey.problems, survey.latest_year)
        assert read(again, stream, cut) == whole, f"chunks of {chunk_size}"


@fuzz(250)
@given(content=listings())
def test_damaged_listing_gives_entries_or_a_clear_error(content: bytes) -> None:
    check_reading(content)


@fuzz(100)
@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-16", "surrogatepass"))))
@example(content=b"\xff\xfe")
@example(content=b"\xff\xfe\x00")
@example(content=b"\x00\x00\xfe\xff\x00")
def test_any_bytes_give_entries_or_a_clear_error(content: bytes) -> None:
    check_reading(content)


@fuzz(60)
@given(content=listings(), longest=st.integers(60, 900))
def test_bounds_at_any_place_keep_chunks_and_whole_alike(content: bytes, longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "MAX_LINE", longest * 3)
        patch.setattr("claims.listings.daily_papers.MAX_TITLE", longest)
        patch.setattr("claims.listings.daily_papers.MAX_ABSTRACT", longest * 2)
        patch.setattr("claims.listings.daily_papers.MAX_PROBLEMS", 3)
        patch.setattr("claims.listings.paragraphs.MAX_WRAPPED", longest)
        check_reading(content)


@fuzz(50)
@given(content=listings(), block=st.integers(1, 60))
@example(
    content=b"OrderNet: On the Order\r\n\r\n" + b"We study how the order of layers changes what a network learns. " * 4 + b"\r\n\r\n" * 9,
    block=3,
)
def test_blocks_end_anywhere_and_nothing_changes(content: bytes, block: int) -> None:
    wanted = [line for line in text_lines.read_lines(io.BytesIO(content), "utf-8", skip_blank=True) if line.text.strip()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "BLOCK_BYTES", block)
        found = text_lines.read_lines(io.BytesIO(content), "utf-8", skip_blank=True)
        assert [line for line in found if line.text.strip()] == wanted
        check_reading(content)
