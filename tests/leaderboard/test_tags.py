"""Numbers, units, dates and marks as the pages print them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from claims.boards import Cell, Column
from claims.terms import ClaimKind, CurationState, Direction, Qualifier
from leaderboard.templatetags.board_tags import column_scale, cost_text, paper_date, printed_number
from leaderboard.templatetags.listing_tags import file_size
from leaderboard.templatetags.paper_tags import Mark, marked_text
from leaderboard.templatetags.word_tags import jointed, offer, plural


def make_cell(stated: str, value: float, **fields: Any) -> Cell:
    row: dict[str, Any] = {
        "pk": 1,
        "public_id": "a",
        "value_max": None,
        "canonical_value": value,
        "canonical_max": fields.get("value_max"),
        "unit": "",
        "decimals": 0,
        "uncertainty": None,
        "qualifier": Qualifier.EXACT,
        "kind": ClaimKind.ABSOLUTE,
        "state": CurationState.UNREVIEWED,
        "tier": "",
        "confidence": 1.0,
        "rank_by": value,
    }
    return Cell(stated=stated, value=value, **{**row, **fields})


@pytest.mark.parametrize(
    ("cell", "scale", "printed"),
    [
        (make_cell("86.20%", 86.2, decimals=2), 1.0, ("86.20", 2)),
        (make_cell("74%", 74.0), 1.0, ("74", 0)),
        (make_cell("0.871", 0.871, canonical_value=87.1, decimals=3), 1.0, ("87.1", 1)),
        (make_cell("21M", 21e6), 1e6, ("21", 0)),
        (make_cell("4.5G", 4.5e9, decimals=1), 1e9, ("4.5", 1)),
        (make_cell("4.5G", 4.5e9, decimals=1), 1e6, ("4,500", 0)),
        (make_cell("0.35B", 0.35e9, decimals=2), 1e6, ("350", 0)),
        (make_cell("1,014.45M", 1014.45e6, decimals=2), 1e6, ("1,014.45", 2)),
        (make_cell("79ms", 79.0, canonical_value=0.079, unit="ms"), 1e-3, ("79", 0)),
        (make_cell("76.5-80.9%", 76.5, value_max=80.9, decimals=1), 1.0, ("76.5–80.9", 1)),
        (make_cell("-1.25", -1.25, decimals=2), 1.0, ("−1.25", 2)),
        (make_cell("0", 0.0), 1.0, ("0", 0)),
        (make_cell("no digits", 5.0), 1.0, ("5", 0)),
    ],
)
def test_number_keeps_the_stated_precision(cell: Cell, scale: float, printed: tuple[str, int]) -> None:
    assert printed_number(cell, scale) == printed


@pytest.mark.parametrize(
    ("stated", "value", "value_max", "unit", "printed"),
    [
        ("76.5% to 80.9", 76.5, 80.9, "%", "76.5–80.9 %"),
        ("200 to 1000", 200e6, 1000e6, "", "200–1000\u00a0M"),
        ("1.7x - 2.7", 1.7, 2.7, "x", "1.7–2.7×"),
        ("28.4\\% to 43.9", 28.4, 43.9, "%", "28.4–43.9 %"),
        ("2-5ms", 2.0, 5.0, "ms", "2–5ms"),
        ("1% sim 2", 1.0, 2.0, "%", "1–2 %"),
        # Its ends are of other sizes, and it is no range.
        ("100K to 48", 100e3, 48e6, "", "100K to 48"),
        ("21-24", 21.0, None, "", "21-24"),
    ],
)
def test_range_is_printed_with_a_dash(stated: str, value: float, value_max: float | None, unit: str, printed: str) -> None:
    assert cost_text(make_cell(stated, value, value_max=value_max, unit=unit)) == printed


@pytest.mark.parametrize(
    ("counts", "total", "chosen", "first", "others"),
    [
        ([90, 50, 10, 9, 1, 1], 100, [], "abc", "def"),
        ([90, 50, 10, 9, 1, 1], 100, [5], "abcf", "de"),
        ([1, 2, 90, 1, 3], 100, [], "bce", "ad"),
        ([None, 2, 1, 1, 1], 100, [], "abc", "de"),
        # What would be hidden alone stays.
        ([90, 50, 10, 1], 100, [], "abcd", ""),
        ([1, 1], 100, [], "ab", ""),
        ([], 0, [], "", ""),
    ],
)
def test_choices_that_few_rows_state_open_behind_the_others(
    counts: list[int | None], total: int, chosen: list[int], first: str, others: str
) -> None:
    offered = offer("abcdef"[: len(counts)], counts, total, chosen=chosen)
    assert ("".join(offered.first), "".join(offered.others)) == (first, others)


def test_name_breaks_behind_its_underscores_alone() -> None:
    assert jointed("vit_<b>_16") == "vit_<wbr>&lt;b&gt;_<wbr>16"


@pytest.mark.parametrize(
    ("unit", "typical", "printed"),
    [
        ("", 25e6, "million"),
        ("", 3e9, "billion"),
        ("", 90.0, ""),
        ("s", 0.02, "ms"),
        ("s", 7200.0, "hours"),
        ("bytes", 4e9, "GB"),
        ("GPU hours", 1e4, "GPU hours"),
        ("J", 0.0, "J"),
    ],
)
def test_cost_column_takes_a_readable_unit(unit: str, typical: float, printed: str) -> None:
    column = Column("x", "x", unit, Direction.LOWER, is_cost=True, is_primary=False, count=1, typical=typical)
    assert column_scale(column).unit == printed


def test_marks_escape_the_text_around_and_in_them() -> None:
    text = "<b>90%</b> & <script>1</script>"
    marked = marked_text(text, [Mark(3, 5, "1", "mark", "#c1"), Mark(21, 22, "2", 'mark"', "#c2")])
    assert "<b>" not in marked
    assert "<script>" not in marked
    assert '<a class="mark" id="m1" href="#c1">90%<sup>1</sup></a>&lt;/b&gt; &amp; ' in marked
    assert "mark&quot;" in marked


def test_marks_at_one_number_share_a_mark_and_keep_their_anchors() -> None:
    marked = marked_text(
        "82.9/84.8 on both", [Mark(0, 9, "1", "mark", "#c1"), Mark(0, 4, "2", "mark", "#c2"), Mark(5, 9, "3", "mark", "#c3")]
    )
    assert marked.count("82.9/84.8") == 1
    for label in "123":
        assert f'id="m{label}"' in marked
        assert f'href="#c{label}"' in marked


def test_marks_count_code_points_and_ignore_impossible_places() -> None:
    text = "😀e\u0301 90 %."
    assert '<mark class="mark">90 %</mark>' in marked_text(text, [Mark(4, 6, "", "mark")])
    assert marked_text(text, [Mark(5, 400, "", "mark"), Mark(3, 3, "", "mark")]) == text


@pytest.mark.parametrize(
    ("first", "last", "printed"),
    [
        (date(2025, 11, 2), date(2025, 11, 2), ">2 Nov 2025<"),
        (date(2025, 11, 1), date(2025, 11, 30), ">Nov 2025<"),
        (date(2025, 1, 1), date(2025, 12, 31), ">2025<"),
        (date(2024, 1, 1), date(2025, 12, 31), "2024–2025"),
        (None, None, "no date"),
    ],
)
def test_date_is_printed_as_exactly_as_it_is_known(first: date | None, last: date | None, printed: str) -> None:
    assert printed in paper_date(first, last)


def test_counts_and_sizes_read_as_words() -> None:
    assert plural(1, "row,rows") == "1\u00a0row"
    assert plural(1200, "row,rows") == "1,200\u00a0rows"
    assert [file_size(size) for size in (950, 12_400, 3_400_000)] == ["950\u00a0bytes", "12\u00a0kB", "3.4\u00a0MB"]
