"""The daily-papers reader on made-up listings: both variants, damage, and what must hold for any bytes."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.errors import EmptyListingError, ListingError, UnknownFormatError
from claims.listings.base import ListedPaper, Problem, StatedDate, Survey, settle_year
from claims.listings.daily_papers import DailyPapersReader
from claims.listings.registry import detect, survey

HEADER = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nDaily Papers\n\nbyAK and the research community\n\nNov 4\n\n"
BODY = (
    "We train small nets with large steps and reach 81.2% top-1 accuracy on a well-known set of images. "
    "The nets have 5M parameters, a tenth of what was needed before, and no trick is used that others could not repeat."
)
OTHER = (
    "Large steps are said to hurt. We look at forty nets and find no such thing; what hurts is a schedule that ends too early. "
    "With a longer one the error falls from 4.1% to 3.6%, which was the best known value at the time of writing."
)
FOOTER = "  • 4 authors\n·\nJan 9, 2024 1\n"


def with_footers(*papers: tuple[str, str, str]) -> str:
    return HEADER + "\n".join(f"{title}\n\n{abstract}\n\n{footer}" for title, abstract, footer in papers)


def read_all(content: bytes | str, chunk_size: int = 100) -> tuple[Survey, list[ListedPaper], list[Problem]]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    reader, found = survey(stream, chunk_size=chunk_size)
    results = [result for chunk in found.chunks for result in reader.read(stream, found, chunk)]
    papers = [result for result in results if isinstance(result, ListedPaper)]
    return found, papers, [result for result in results if isinstance(result, Problem)]


TWO = with_footers(("Small nets", BODY, FOOTER), ("Large steps", OTHER, "  • 1 author\n·\nOct 6\n"))
BARE = f"{HEADER}Small nets\n\n{BODY}\n\nLarge steps\n\n{OTHER}\n"


def test_variant_with_footers_gives_every_field() -> None:
    found, papers, problems = read_all(TWO)
    assert (found.variant, found.entries, found.latest_year, found.encoding) == ("footers", 2, 2024, "utf-8")
    assert papers == [
        ListedPaper(0, 13, 19, "Small nets", BODY, date=StatedDate(2024, 1, 9), authors=4, comments=1),
        ListedPaper(1, 21, 27, "Large steps", OTHER, date=StatedDate(None, 10, 6), authors=1),
    ]
    assert not problems
    assert not found.problems


def test_bare_variant_has_no_dates_and_no_year() -> None:
    found, papers, problems = read_all(BARE)
    assert (found.variant, found.latest_year, settle_year(None, found.latest_year)) == ("bare", None, (None, None))
    assert [(paper.title, paper.abstract, paper.date) for paper in papers] == [("Small nets", BODY, None), ("Large steps", OTHER, None)]
    assert not problems


@pytest.mark.parametrize("text", [TWO, BARE])
def test_header_is_not_needed(text: str) -> None:
    assert [paper.title for paper in read_all(text.removeprefix(HEADER))[1]] == ["Small nets", "Large steps"]


def test_unknown_page_lines_before_the_header_date_are_no_papers() -> None:
    found, papers, _ = read_all("Log in to the site\n\nMy reading list of the week\n\n" + TWO)
    assert [paper.title for paper in papers] == ["Small nets", "Large steps"]
    assert not found.problems


def test_joined_listings_have_headers_in_the_middle() -> None:
    assert [paper.title for paper in read_all(BARE + "\n" + TWO)[1]] == ["Small nets", "Large steps"] * 2


def test_organisation_stands_for_the_authors() -> None:
    _, papers, _ = read_all(with_footers(("Small nets", BODY, "ACME-AI Acme Research\n·\nOct 14 3\n"), ("Large steps", OTHER, FOOTER)))
    assert (papers[0].organisation, papers[0].authors, papers[0].date, papers[0].comments) == (
        "ACME-AI Acme Research",
        None,
        StatedDate(None, 10, 14),
        3,
    )
    assert papers[0].abstract == BODY


def test_missing_footer_ends_no_other_paper() -> None:
    _, papers, problems = read_all(with_footers(("Small nets", BODY, ""), ("Large steps", OTHER, FOOTER)))
    assert [(paper.title, paper.abstract, paper.date is None) for paper in papers] == [
        ("Small nets", BODY, True),
        ("Large steps", OTHER, False),
    ]
    assert [problem.line for problem in problems] == [15]
    assert "date" in problems[0].reason


@pytest.mark.parametrize("footer", [FOOTER, ""])
def test_abstract_of_several_paragraphs_stays_one(footer: str) -> None:
    more = "We make two contributions:\n\n- a schedule\n\n- a proof\n\nThe code is at https://example.org/nets"
    _, papers, _ = read_all(with_footers(("Small nets", f"{BODY}\n\n{more}", footer), ("Large steps", OTHER, footer)))
    assert [paper.title for paper in papers] == ["Small nets", "Large steps"]
    assert papers[0].abstract == f"{BODY}\n\n{more}"


def test_wrapped_lines_and_extra_blank_lines_change_nothing() -> None:
    wrapped = TWO.replace(". ", ".\n").replace("\n\n", "\n\n\n   \n")
    spaced = TWO.replace("\n", "\n\n")
    plain = [(p.title, p.abstract, p.date, p.authors, p.comments) for p in read_all(TWO)[1]]
    for text in (wrapped, spaced, TWO.replace("\n", "  \n"), TWO.replace("\n", "\r\n"), TWO.replace("\n", "\r")):
        assert [(p.title, p.abstract, p.date, p.authors, p.comments) for p in read_all(text)[1]] == plain


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_change_nothing(encoding: str) -> None:
    text = TWO.replace("Small", "Poincaré α")
    found, papers, problems = read_all(text.encode(encoding), chunk_size=1)
    assert [(paper.title, paper.abstract) for paper in papers] == [("Poincaré α nets", BODY), ("Large steps", OTHER)]
    assert not problems
    assert len(found.chunks) == 2


def test_windows_1252_is_read() -> None:
    _, papers, problems = read_all(TWO.replace("Small", "Poincaré “small”").encode("cp1252", "replace").replace(b"?", b"\x95"))
    assert papers[0].title == "Poincaré “small” nets"
    assert not problems


def test_invalid_byte_costs_a_character_and_is_told_with_its_line() -> None:
    content = TWO.encode().replace(b"large steps and", b"large \xff steps and")
    _, papers, problems = read_all(content)
    assert len(papers) == 2
    assert "large \ufffd steps" in papers[0].abstract
    assert [problem.line for problem in problems] == [15]


def test_cut_abstract_is_kept_and_told() -> None:
    cut = TWO[: TWO.index("which was the best")].strip()
    _, papers, problems = read_all(cut)
    assert papers[1].abstract.endswith("to 3.6%,")
    assert "cut off" in problems[0].reason
    assert problems[0].line == 23


def test_cut_inside_a_character_is_kept_and_told() -> None:
    content = TWO.replace("3.6%", "3.6\u2009%").encode()
    content = content[: content.index("\u2009".encode()) + 1]
    _, papers, problems = read_all(content)
    assert papers[1].abstract.endswith("3.6\ufffd")
    assert {problem.line for problem in problems} == {23}


def test_cut_after_a_title_is_told() -> None:
    _, papers, problems = read_all(TWO[: TWO.index(OTHER)])
    assert (papers[1].title, papers[1].abstract) == ("Large steps", "")
    assert "abstract is missing" in problems[0].reason


def test_cut_in_front_leaves_out_the_rest_of_an_abstract() -> None:
    for text in (TWO, BARE):
        headless = OTHER * 2 + "\n\n" + text.removeprefix(HEADER)
        found, papers, _ = read_all(headless)
        assert [paper.title for paper in papers] == ["Small nets", "Large steps"]
        assert [problem.line for problem in found.problems] == [1]


def test_same_paper_twice_is_two_entries() -> None:
    _, papers, _ = read_all(with_footers(("Small nets", BODY, FOOTER), ("Small nets", BODY, FOOTER)))
    assert [paper.position for paper in papers] == [0, 1]
    assert papers[0].title == papers[1].title


@pytest.mark.parametrize("footer", [FOOTER, ""])
def test_title_of_two_thousand_characters(footer: str) -> None:
    title = ("A very long title about nets " * 80)[:2000].strip()
    _, papers, _ = read_all(with_footers(("Small nets", BODY, footer), (title, OTHER, footer)))
    assert [paper.title for paper in papers] == ["Small nets", title]


def test_titles_with_formulas_greek_and_commas() -> None:
    titles = ["$\\ell_2$-nets, sorted: α, β and γ", "Poincar\\'e nets", "Do nets need α?", "mixup², again"]
    _, papers, _ = read_all(HEADER + "\n\n".join(f"{title}\n\n{BODY}" for title in titles))
    assert [paper.title for paper in papers] == titles


def test_script_tags_are_text() -> None:
    abstract = f"<script>alert('x')</script> {BODY}"
    _, papers, _ = read_all(with_footers(("<script>alert(1)</script>", abstract, FOOTER)))
    assert (papers[0].title, papers[0].abstract) == ("<script>alert(1)</script>", abstract)


def test_nul_bytes_become_spaces() -> None:
    _, papers, _ = read_all(TWO.replace("large steps", "large\x00steps", 1))
    assert papers[0].abstract == BODY
    assert "\x00" not in papers[0].abstract


def test_unreadable_dates_cost_the_date_only() -> None:
    _, papers, problems = read_all(
        with_footers(("Small nets", BODY, "  • 4 authors\n·\n2 days ago\n"), ("Large steps", OTHER, "  • 4 authors\n·\nFeb 30, 2024\n"))
    )
    assert [(paper.title, paper.date, paper.authors) for paper in papers] == [("Small nets", None, 4), ("Large steps", None, 4)]
    assert ["2 days ago" in problem.reason or "Feb 30" in problem.reason for problem in problems] == [True, True]


def test_paper_without_abstract_keeps_its_footer() -> None:
    _, papers, problems = read_all(with_footers(("Small nets are enough", "", FOOTER), ("Large steps", OTHER, FOOTER)))
    assert [(paper.title, paper.abstract, paper.authors) for paper in papers] == [
        ("Small nets are enough", "", 4),
        ("Large steps", OTHER, 4),
    ]
    assert "no abstract" in problems[0].reason


def test_five_megabyte_line_is_cut_and_told() -> None:
    _, papers, problems = read_all(
        with_footers(("Small nets", "long words " * 500_000, FOOTER), ("Large steps", OTHER, FOOTER)), chunk_size=1
    )
    assert [paper.title for paper in papers] == ["Small nets", "Large steps"]
    assert len(papers[0].abstract) <= 1_000_000
    assert problems[0].line == 15


def test_five_megabyte_line_alone_is_no_listing() -> None:
    with pytest.raises(UnknownFormatError):
        detect(io.BytesIO(b"x" * 5_000_000))


@pytest.mark.parametrize("content", [b"", b"\n \n\r\n", HEADER.encode()])
def test_nothing_to_read_has_its_own_error(content: bytes) -> None:
    with pytest.raises(EmptyListingError):
        survey(io.BytesIO(content))


@pytest.mark.parametrize(
    "text",
    [
        'title,abstract,date\n"Small nets","We train, small nets",2024\n"Large steps","Large, steps",2023\n',
        '{"title": "Small nets", "abstract": "' + BODY + '"}\n',
        f"<html><body><h1>Small nets</h1>\n\n<p>{BODY}</p></body></html>",
        f"Dear all,\n\n{BODY} {OTHER}\n\n{OTHER}\n\n{BODY}\n\nYours,\nA. N. Author",
        "just one line",
        "word\n" * 50_000,
        "• a point\n" * 50_000,
        "·\n" * 50_000,
        "Things to do\n\nmilk and bread\n\nMore things\n\neggs and flour\n",
        "def main():\n    return 1\n\n\nclass Net:\n    pass\n",
        "[2024-01-01 10:00:00] started\n[2024-01-01 10:00:01] stopped\n",
    ],
)
def test_other_texts_are_refused_with_what_a_listing_looks_like(text: str) -> None:
    with pytest.raises(UnknownFormatError, match="A listing is a text file"):
        detect(io.BytesIO(text.encode()))


def test_header_date_gives_no_year() -> None:
    assert read_all(BARE.replace("Nov 4", "Nov 4, 2023"))[0].latest_year is None


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 7])
def test_chunks_cover_the_entries_once(chunk_size: int) -> None:
    text = with_footers(*((f"Small nets, part {number}", BODY, FOOTER) for number in range(7)))
    found, papers, _ = read_all(text, chunk_size)
    covered = [position for chunk in found.chunks for position in range(chunk.first, chunk.last + 1)]
    assert covered == list(range(7)) == [paper.position for paper in papers]
    assert papers == read_all(text)[1]


def test_file_that_shrank_after_the_survey_is_told() -> None:
    reader, found = survey(io.BytesIO(TWO.encode()))
    results = list(reader.read(io.BytesIO(TWO[: TWO.index("Large steps")].encode()), found, found.chunks[0]))
    assert isinstance(results[-1], Problem)
    assert results[-1].fatal


def test_problems_between_papers_are_limited() -> None:
    found, papers, _ = read_all(BARE + ("\nSubscribe\n\n" + OTHER * 2 + "\n\nSubscribe\n") * 300)
    assert len(papers) >= 2
    assert len(found.problems) <= 101


def test_problems_of_one_paper_are_limited() -> None:
    damaged = BODY.encode() + b"\n\nA line with a bad \xff byte." * 500
    _, papers, problems = read_all(TWO.encode().replace(BODY.encode(), damaged))
    assert len(papers) == 2
    assert 100 <= len(problems) <= 102


PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "\n",
                "\n\n",
                "\r\n",
                "\r",
                "·",
                "·\n",
                "  • 4 authors\n",
                "Jan 9, 2024 1",
                "Oct 6\n",
                "Feb 30",
                "new",
                "Subscribe\n\n",
                "Daily Papers",
            ),
            *(
                "Small nets",
                "Small nets\n\n",
                BODY,
                BODY + "\n\n",
                OTHER,
                FOOTER,
                TWO,
                BARE,
                HEADER,
                "ACME-AI",
                "• a point",
                "Code: https://x.org/a",
            ),
            *("word " * 500, "\ufeff", "\x00", "\x0b", "\u2028", "é", "“"),
        ]
    ).map(lambda text: text.encode()),
    st.binary(max_size=12),
)


@settings(max_examples=300, deadline=None)
@given(
    content=st.lists(PIECES, max_size=25).map(b"".join),
    chunk_size=st.integers(1, 4),
    encoding=st.sampled_from(["utf-8", "cp1252", "utf-16-le"]),
)
def test_any_bytes_give_entries_or_an_error(content: bytes, chunk_size: int, encoding: str) -> None:
    stream = io.BytesIO(content)
    with suppress(ListingError):
        _, encoding = detect(stream)
    # read on even where the format was refused: the reader itself must hold, too
    reader = DailyPapersReader()
    try:
        found = reader.survey(stream, encoding, chunk_size=chunk_size)
    except EmptyListingError:
        return
    chunked = [result for chunk in found.chunks for result in reader.read(stream, found, chunk)]
    whole_survey = reader.survey(stream, encoding, chunk_size=found.entries)
    (whole,) = whole_survey.chunks
    assert chunked == list(reader.read(stream, whole_survey, whole))
    papers = [result for result in chunked if isinstance(result, ListedPaper)]
    assert [paper.position for paper in papers] == list(range(found.entries))
    last = 0
    for paper in papers:
        assert last < paper.first_line <= paper.last_line
        assert paper.title
        assert "\x00" not in paper.title + paper.abstract
        last = paper.last_line


@pytest.mark.parametrize("footer", ["• 4 authors\n·\nJan 9, 2024", "• 4 authors\n· Jan 9, 2024", "• 4 authors · Jan 9, 2024"])
def test_footer_may_stand_on_fewer_lines(footer: str) -> None:
    abstract = (
        "We look at this for a long time and from many sides, as nobody has done before us, and then we measure. OneNet reaches 81.5%."
    )
    content = f"OneNet: A Net\n\n{abstract}\n\n{footer}\n\nTwoNet: A Net\n\n{abstract}\n\n{footer}\n".encode()
    reader, surveyed = survey(io.BytesIO(content))
    found = [entry for chunk in surveyed.chunks for entry in reader.read(io.BytesIO(content), surveyed, chunk)]
    assert [(entry.title, entry.abstract, entry.date) for entry in found if isinstance(entry, ListedPaper)] == [
        ("OneNet: A Net", abstract, StatedDate(2024, 1, 9)),
        ("TwoNet: A Net", abstract, StatedDate(2024, 1, 9)),
    ]
