"""The cells of tables: what a cell states, that it states nothing, or why it is not taken."""

from __future__ import annotations

import csv
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claims.extraction.quantities import LONGEST_CELL, Absent, CellNumber, Unread, parse_cell
from claims.terms import LARGEST, Qualifier
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database


def number(
    stated: str,
    value: float,
    unit: str = "",
    *,
    upto: float | None = None,
    spread: float | None = None,
    qualifier: Qualifier = Qualifier.EXACT,
    note: str = "",
) -> CellNumber:
    """Return what a cell states; the decimals are those of `stated`."""
    decimals = max(len(end.rstrip("kKmMbBGT ").partition(".")[2]) for end in stated.replace("–", "-").split("-"))
    return CellNumber(stated, value, upto, unit, decimals, spread, qualifier, note)


NUMBERS: list[tuple[object, CellNumber]] = [
    ("90.871", number("90.871", 90.871)),
    ("2179678", number("2179678", 2179678.0)),
    ("1,014.45", number("1,014.45", 1014.45)),
    ("1,234,567", number("1,234,567", 1234567.0)),
    ("10,000.0", number("10,000.0", 10000.0)),
    ("1e-3", number("1e-3", 0.001)),
    ("1E5", number("1e5", 1e5)),
    (".953", number("0.953", 0.953)),
    ("-7.186", number("-7.186", -7.186)),
    ("−5.2", number("-5.2", -5.2)),
    ("-.5", number("-0.5", -0.5)),
    ("+1", number("+1", 1.0)),
    ("90.0 ± 0.5", number("90.0", 90.0, spread=0.5)),
    ("0.8428 ± 0.0014", number("0.8428", 0.8428, spread=0.0014)),
    ("90.0 +/- 0.5", number("90.0", 90.0, spread=0.5)),
    ("90.0 (± 0.5)", number("90.0", 90.0, spread=0.5)),
    ("90&plusmn;2", number("90", 90.0, spread=2.0)),
    ("90.0% ± 0.5%", number("90.0", 90.0, "%", spread=0.5)),
    ("90.0 ± 0.5%", number("90.0", 90.0, "%", spread=0.5)),
    ("12 ms ± 1 ms", number("12", 12.0, "ms", spread=1.0)),
    ("3.1 ± 0.2M", number("3.1", 3.1e6, spread=2e5)),
    ("3.0m ± 0.1m", number("3.0m", 3e6, spread=1e5)),
    ("1e-3 ± 1e-4", number("1e-3", 1e-3, spread=1e-4)),
    ("90.5 ± 0.5* (ours)", number("90.5", 90.5, spread=0.5, note="*; ours")),
    ("90.0 (0.5)", number("90.0", 90.0, note="0.5")),
    ("90.1 [89.2, 91.0]", number("90.1", 90.1, note="89.2, 91.0")),
    ("185M", number("185M", 185e6)),
    ("0.46B", number("0.46B", 0.46e9)),
    ("3.0m", number("3.0m", 3e6)),
    ("220k", number("220k", 220e3)),
    ("3 billion", number("3 billion", 3e9)),
    ("27 m", number("27", 27.0, "m")),
    ("~257M", number("257M", 257e6, qualifier=Qualifier.ABOUT)),
    ("6B?", number("6B", 6e9, qualifier=Qualifier.ABOUT, note="?")),
    ("about 5", number("5", 5.0, qualifier=Qualifier.ABOUT)),
    ("<5", number("5", 5.0, qualifier=Qualifier.UNDER)),
    ("&lt;5", number("5", 5.0, qualifier=Qualifier.UNDER)),
    (">80", number("80", 80.0, qualifier=Qualifier.OVER)),
    (">= 80", number("80", 80.0, qualifier=Qualifier.AT_LEAST)),
    ("≥80", number("80", 80.0, qualifier=Qualifier.AT_LEAST)),
    ("≤ 3", number("3", 3.0, qualifier=Qualifier.AT_MOST)),
    ("up to 4%", number("4", 4.0, "%", qualifier=Qualifier.AT_MOST)),
    ("100+", number("100", 100.0, qualifier=Qualifier.OVER)),
    ("1.5B+", number("1.5B", 1.5e9, qualifier=Qualifier.OVER)),
    ("1.5b+", number("1.5b", 1.5e9, qualifier=Qualifier.OVER)),
    ("88.5+", number("88.5", 88.5, note="+")),  # a footnote's sign: nobody bounds to a tenth
    ("10-30", number("10-30", 10.0, upto=30.0)),
    ("10–30%", number("10–30", 10.0, "%", upto=30.0)),
    ("76.5%", number("76.5", 76.5, "%")),
    ("1.5x", number("1.5", 1.5, "x")),
    ("12 ms", number("12", 12.0, "ms")),
    ("4.5 GFLOPs", number("4.5 G", 4.5e9, "FLOPs")),
    ("30 fps", number("30", 30.0, "fps")),
    ("12 img/s", number("12", 12.0, "img/s")),
    ("12 GB", number("12", 12.0, "GB")),
    ("5 GPU days", number("5", 5.0, "GPU days")),
    ("$5M", number("5M", 5e6, "$")),
    ("5 h (for $9)", number("5", 5.0, "h", note="for $9")),
    ("**70.3**", number("70.3", 70.3)),
    ("__70.3__", number("70.3", 70.3)),
    ("**_70.3_**", number("70.3", 70.3)),
    ("`70.3`", number("70.3", 70.3)),
    ("[70.3](https://example.org/1)", number("70.3", 70.3)),
    ("70.3 [1](https://example.org/1)", number("70.3", 70.3, note="1")),
    ("<b>70.3</b>", number("70.3", 70.3)),
    ("70.3<sup>2</sup>", number("70.3", 70.3, note="2")),
    ("$90.1 \\pm 0.2$", number("90.1", 90.1, spread=0.2)),
    ("\\textbf{88.1}", number("88.1", 88.1)),
    ("\\underline{88.1}\\,\\%", number("88.1", 88.1, "%")),
    ("$90.1^{*}$", number("90.1", 90.1, note="*")),
    ("1{,}234", number("1,234", 1234.0)),
    ("91.6*", number("91.6", 91.6, note="*")),
    ("**91.6***", number("91.6", 91.6, note="*")),
    ("91.6∗", number("91.6", 91.6, note="*")),
    ("* 91.6", number("91.6", 91.6, note="*")),
    ("79.1 (measured by Ge et al., 2018)", number("79.1", 79.1, note="measured by Ge et al., 2018")),
    ("\ufeff93.3", number("93.3", 93.3)),
    ("\u200b9\u200b3.3\u200d", number("93.3", 93.3)),
    ("\u202e93.3", number("93.3", 93.3)),
    ("９３．３％", number("93.3", 93.3, "%")),
    (" \u00a0 93.3\t\r\n", number("93.3", 93.3)),
    (1, number("1", 1.0)),
    (-2, number("-2", -2.0)),
    (10**20, number("1" + "0" * 20, 1e20)),
    (90.25, number("90.25", 90.25)),
    (1e-07, number("1e-07", 1e-07)),
    ("1e30", number("1e30", 1e30)),
]


@pytest.mark.parametrize(("cell", "expected"), NUMBERS)
def test_number_is_read_with_what_stands_beside_it(cell: object, expected: CellNumber) -> None:
    if isinstance(cell, (str, float)) and "e-" in str(cell):
        expected = CellNumber(expected.stated, expected.value, None, "", 0, expected.uncertainty, expected.qualifier)
    assert parse_cell(cell) == (expected,)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("78.6/84.4", (number("78.6", 78.6), number("84.4", 84.4))),
        ("**78.6** | 84.4*", (number("78.6", 78.6), number("84.4", 84.4, note="*"))),
        ("78.6 (w/ 5 shots) / 84.4 (F1)", (number("78.6", 78.6, note="w/ 5 shots"), number("84.4", 84.4, note="F1"))),
        ("1.0; -2.0; 3.0", (number("1.0", 1.0), number("-2.0", -2.0), number("3.0", 3.0))),
        ("110M/340M", (number("110M", 110e6), number("340M", 340e6))),
    ],
)
def test_values_of_one_cell_are_all_returned_in_order(cell: str, expected: tuple[CellNumber, ...]) -> None:
    assert parse_cell(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        *(None, "", "  ", "\ufeff", "-", "--", "---", "–", "—", "−", "--*", "?", "*", "…", "**-**", "$-$", "-/-"),
        *("N/A", "n/a", "NA", "n.a.", "(n/a)", "None", "not reported", "unknown", "TBD", "- (not measured yet)"),
    ],
)
def test_cell_that_states_nothing_is_no_error(cell: str | None) -> None:
    assert parse_cell(cell) == Absent()


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("Please tell us", "“Please tell us” is no number"),
        ("**Precision**", "“Precision” is no number"),
        ("%", "is no number"),
        ("**F1**", "“F1” is a name and no number"),
        ("Stanford conversion **v3.9.2**", "is a name and no number"),
        ("ResNet-50", "is a name and no number"),
        ("BLEU: 27.3", "has more than a bound before its number"),
        ("--5", "has more than a bound before its number"),
        ("90 our own run", "has more than a unit behind its number"),
        ("90% EM", "has more than a unit behind its number"),
        ("(90.1)", "has its number in brackets"),
        ("~~90.1~~", "is struck through"),
        ("1.234,5", "can be read in more than one way"),
        ("0,123", "can be read in more than one way"),
        ("90,5", "can be read in more than one way"),
        ("1.234.567", "can be read in more than one way"),
        ("-5-10", "can be read in more than one way"),
        ("78.6, 84.4", "holds more than one number"),
        ("1 234", "holds more than one number"),
        ("30-10", "holds more than one number"),
        ("2018-01-01", "holds more than one number"),
        ("1.2 \\times 10^5", "has a raised number"),
        ("78.6/-", "states only some of its values"),
        ("- / 84.4", "states only some of its values"),
        ("110/340M", "leaves open whether the letter"),
        ("3.1M ± 0.2", "leaves open whether its uncertainty"),
        ("3 ms ± 0.2 s", "in different units"),
        ("± 5", "has no number on one side of its ±"),
        ("5 ±", "has no number on one side of its ±"),
        ("5 ± -3", "has an uncertainty that is no plain number"),
        ("10-30 ± 2", "has an uncertainty that is no plain number"),
        ("NaN", "is not a finite number"),
        ("-inf", "is not a finite number"),
        (math.nan, "is not a finite number"),
        (math.inf, "is not a finite number"),
        ("1e999", "is too large"),
        ("1e99999", "is too large"),
        ("1-1e999", "is too large"),
        ("5 ± 1e999", "is too large"),
        ("2e30", "is too large"),
        ("1" + "0" * 20 + "T", "is too large"),
        ("1" * 41, "is too large"),
        (1e31, "is too large"),
        (10**4000, "too large"),
        ("1e-400", "is too small"),
        (True, "The cell holds true, which is no number."),
        (["1"], "The cell holds a list or an object"),
        ("\ud800", "is no number"),
    ],
)
def test_refusal_says_why(cell: object, reason: str) -> None:
    found = parse_cell(cell)
    assert isinstance(found, Unread)
    assert reason in found.reason
    assert found.reason.endswith(".")


@pytest.mark.parametrize("part", ["1", "-", " ", "x", "**", "1/", "± ", "(", "1,", "\ufeff"])
def test_huge_cell_is_refused_at_once(part: str) -> None:
    cell = part * (10_000_000 // len(part))
    started = time.process_time()
    assert isinstance(parse_cell(cell), Unread)
    assert time.process_time() - started < 1


PARTS = (
    *("7", "12.5", "%", "(", ")", "[", "](", "[1](", "1/", "±", "1±", "*", "**", "**a", "_", "__a", "`", "<", "<a", "<sup>", "$", "{", "\\", "\\textbf{"),
    *("1,", "1.", ".", ",", "1-", "1~", "~", "1e9", "1e", "e", "x", "1x", "k", "M", "- ", "? ", "+", "+/-", "up to ", "about ", "GPU ", "per ", "ms ", "&lt;"),
    *("n/a", "n. a.", "not ", "^", "^1", "|", ";", "–", "€", "０", "\u0661", "²", "\u0301", "\u200b", "\ufeff", "\u202e", "\ud800", "\x00", "&#", "&#9", "∞"),
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_work_is_bounded_by_the_longest_cell(part: str) -> None:
    for cell in (
        (part * LONGEST_CELL)[:LONGEST_CELL],
        f"90.1 {part * LONGEST_CELL}"[:LONGEST_CELL],
        f"{part * LONGEST_CELL}"[: LONGEST_CELL - 2] + " 5",
    ):
        started = time.process_time()
        parse_cell(cell)
        assert time.process_time() - started < 0.5


CELLS = st.one_of(
    st.text(max_size=LONGEST_CELL + 20),
    st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=12).map("".join),
    st.lists(st.sampled_from(PARTS) | st.from_regex(r"\A-?\d{1,4}(\.\d{1,3})?\Z"), max_size=6).map(" ".join),
)
JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(), st.integers(), max_size=2)
)


@fuzz(1500)
@given(cell=CELLS | JSON)
@example(cell="&#" + "9" * 490 + ";")
@example(cell="1" + ",000" * 7)
def test_any_cell_gives_a_result(cell: object) -> None:
    started = time.process_time()
    found = parse_cell(cell)
    assert time.process_time() - started < 0.5
    assert parse_cell(cell) == found
    if isinstance(found, Unread):
        assert found.reason.endswith(".")
        assert len(found.reason) < 300
        found.reason.encode()
    elif not isinstance(found, Absent):
        assert found
        for one in found:
            assert all(abs(end) <= LARGEST for end in (one.value, one.value_max or 0.0, one.uncertainty or 0.0))
            assert one.value_max is None or one.value_max >= one.value
            assert one.uncertainty is None or one.uncertainty >= 0
            assert one.decimals >= 0
            assert one.stated == one.stated.strip() != ""
            assert len(one.stated) <= 200
            assert len(one.unit) <= 40
            f"{one.stated}{one.unit}{one.note}".encode()


@fuzz(300)
@given(value=st.floats(min_value=-LARGEST, max_value=LARGEST))
def test_printed_float_comes_back(value: float) -> None:
    for cell in (value, repr(value)):
        found = parse_cell(cell)
        assert not isinstance(found, (Absent, Unread))
        assert [one.value for one in found] == [value]


# ---- the files beside the project ----

IMPORTS = ("ogb", "squad", "snli", "nlpprogress")
WORDS = {"model", "interpolation", "pretrain"}
"""The columns of the CSV files that hold no numbers."""


def metric_cells(tree: Any) -> Iterator[object]:
    if isinstance(tree, list):
        for branch in tree:
            yield from metric_cells(branch)
    elif isinstance(tree, dict):
        for key, branch in tree.items():
            if key == "metrics" and isinstance(branch, dict):
                yield from branch.values()
            else:
                yield from metric_cells(branch)


@pytest.mark.shared
def test_all_values_of_the_task_files_are_read_but_words(shared_dir: Path) -> None:
    cells: Counter[object] = Counter()
    for name in IMPORTS:
        cells.update(metric_cells(json.loads((shared_dir / "imports/paperswithcode" / f"{name}.json").read_text())))
    found = {cell: parse_cell(cell) for cell in cells}
    refused = {cell: cells[cell] for cell, result in found.items() if isinstance(result, Unread)}
    assert refused == {
        "Please tell us": 15,
        "Constituent parser": 2,
        "**Precision**": 1,
        "**Recall**": 1,
        "**F1**": 1,
        "Stanford conversion **v3.5.0**": 1,
    }, "none of them is a number"
    absent = {cell: cells[cell] for cell, result in found.items() if isinstance(result, Absent)}
    assert absent == {"-": 28, "": 11, "--*": 4, "–": 2, "--": 1, "---": 1, "?": 1}
    assert sum(refused.values()) <= 0.01 * (cells.total() - sum(absent.values()))
    pairs = {cell: cells[cell] for cell, result in found.items() if isinstance(result, tuple) and len(result) > 1}
    assert sum(pairs.values()) == 5
    assert all(isinstance(cell, str) and cell.count("/") == 1 for cell in pairs)
    plain = [cell for cell in cells if isinstance(cell, str) and cell.replace(".", "").isdecimal()]
    assert len(plain) > 1000
    assert all(parse_cell(cell) == (number(cell, float(cell)),) for cell in plain)


@pytest.mark.shared
def test_all_numbers_of_the_benchmark_files_are_read(shared_dir: Path) -> None:
    cells: Counter[str] = Counter()
    for path in sorted((shared_dir / "imports/timm").glob("*.csv")):
        with path.open(newline="") as file:
            cells.update(value for row in csv.DictReader(file) for column, value in row.items() if column not in WORDS)
    assert cells.total() > 45_000
    for cell in cells:
        (found,) = parse_cell(cell)  # type: ignore[misc]  # the test fails where it is not one number
        assert found.value == float(cell.replace(",", ""))
        assert (found.unit, found.qualifier, found.note, found.uncertainty) == ("", Qualifier.EXACT, "", None)
