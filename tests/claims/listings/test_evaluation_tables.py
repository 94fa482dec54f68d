"""The reader of evaluation tables."""

from __future__ import annotations

import gzip
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.errors import EmptyListingError, ListingError, UnknownFormatError
from claims.listings import registry
from claims.listings.base import Problem, StatedDate, Survey, TableRecord
from claims.listings.evaluation_tables import MAX_ROW, read_model_name
from claims.listings.links import find_arxiv_id
from claims.terms import CostMeasure, EntryKind
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database


def make_row(name: object = "LaNet", **overrides: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model_name": name,
        "metrics": {"EM": "81.5", "F1": "90.0 ± 0.5"},
        "paper_title": f"{name}: A Net of Layers",
        "paper_url": "",
        "paper_date": "2021-04-18",
        "code_links": [],
        "model_links": [],
    }
    return row | overrides


def make_table(*rows: object, **overrides: object) -> list[dict[str, Any]]:
    return [{"task": "Sorting", "datasets": [{"dataset": "SortBench", "sota": {"metrics": ["EM", "F1"], "rows": list(rows)}} | overrides]}]


def read(content: object, *, chunk_size: int = 100) -> tuple[Survey, list[TableRecord], list[Problem]]:
    packed = content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode()
    stream = io.BytesIO(packed)
    reader, survey = registry.survey(stream, chunk_size=chunk_size, name="tables.json")
    assert (reader.name, reader.collection, reader.holds) == ("evaluation-tables", "", EntryKind.RECORDS)
    found = [item for chunk in survey.chunks for item in reader.read(stream, survey, chunk)]
    records = [item for item in found if isinstance(item, TableRecord)]
    return survey, records, [*survey.problems, *(item for item in found if isinstance(item, Problem))]


def conditions_of(record: TableRecord) -> list[tuple[str, str, str]]:
    return [(condition.kind.value, condition.value, condition.text) for condition in record.conditions]


# -- a row ------------------------------------------------------------------------------------------------------------------------


def test_row_is_a_record() -> None:
    row = make_row(
        "LaNet (ensemble)",
        metrics={"EM": "81.5", "% Test F1": "90.0 ± 0.5", "Number of params": "~257M", "GFLOPs": 4.5, "Validation EM": None},
        paper_url="https://arxiv.org/pdf/2104.12345v2.pdf",
        code_links=[{"title": "", "url": "ftp://example.org"}, {"title": "Link", "url": "https://example.org/code"}],
        uses_additional_data=True,
    )
    survey, (record,), problems = read(make_table(row))
    assert problems == []
    assert survey.entries == 1
    assert (record.number, record.tasks, record.datasets, record.model) == (1, ("Sorting",), ("SortBench",), "LaNet")
    assert [(cell.column, cell.stated, cell.metric, cell.measure, cell.unit) for cell in record.cells] == [
        ("EM", "81.5", "EM", None, ""),
        ("% Test F1", "90.0 ± 0.5", "F1", None, "%"),
        ("Number of params", "~257M", "", CostMeasure.PARAMETERS, ""),
        ("GFLOPs", 4.5, "", CostMeasure.FLOPS, "G"),
        ("Validation EM", None, "Validation EM", None, ""),
    ]
    assert conditions_of(record) == [("ensemble", "ensemble", "ensemble"), ("extra_data", "extra data", "extra training data")]
    assert (record.paper_title, record.paper_url) == ("LaNet (ensemble): A Net of Layers", "https://arxiv.org/pdf/2104.12345v2.pdf")
    assert (record.arxiv_id, record.date, record.code_url) == ("2104.12345", StatedDate(2021, 4, 18), "https://example.org/code")
    assert record.raw == {"tasks": ["Sorting"], "datasets": ["SortBench"], "row": row}


def test_tasks_and_datasets_are_paths_and_rows_are_numbered_as_they_stand() -> None:
    table = {
        "task": "Sorting",
        "subtasks": [
            {
                "task": "**Merging**",
                "datasets": [
                    {
                        "dataset": "SortBench:",
                        "subdatasets": [{"subdataset": "_hard_", "sota": {"rows": [make_row("A")]}}, {"subdataset": "easy", "sota": {}}],
                        "sota": {"metrics": ["EM"], "rows": [make_row("B"), make_row("C")]},
                    }
                ],
            }
        ],
        "datasets": [{"dataset": "Other", "sota": {"rows": [make_row("D")]}}, {"dataset": "None yet", "sota": None}],
    }
    for content in (table, [table]):
        _, records, problems = read(content)
        assert problems == []
        assert [(record.number, record.model, record.tasks, record.datasets) for record in records] == [
            (1, "A", ("Sorting", "Merging"), ("SortBench", "hard")),
            (2, "B", ("Sorting", "Merging"), ("SortBench",)),
            (3, "C", ("Sorting", "Merging"), ("SortBench",)),
            (4, "D", ("Sorting",), ("Other",)),
        ]


@pytest.mark.parametrize(
    ("stated", "name", "is_ensemble"),
    [
        ("LaNet", "LaNet", False),
        (" **LaNet**  big ", "LaNet big", False),
        ("LaNet<sub>ext</sub>", "LaNetext", False),
        ("LaNet (Doe et al., 2018)", "LaNet", False),
        ("LaNet (Doe and Roe, 2018b)", "LaNet", False),
        ("LaNet (Doe & Roe, 2018; Roe et al., 2019)", "LaNet", False),
        ("(Doe et al., 2018)", "(Doe et al., 2018)", False),
        ("(Doe et al., 2018) + LaNet", "(Doe et al., 2018) + LaNet", False),
        ("Doe et al.,", "Doe et al.", False),
        ("LaNet (COCO 2017)", "LaNet (COCO 2017)", False),
        ("LaNet (50dim)", "LaNet (50dim)", False),
        ("LaNet (single model)", "LaNet", False),
        ("LaNet (Single)", "LaNet", False),
        ("LaNet (ensemble)", "LaNet", True),
        ("LaNet (Ensemble model)", "LaNet", True),
        ("LaNet (ensemble) (Doe et al., 2018)", "LaNet", True),
        ("(ensemble)", "(ensemble)", False),
        ("LaNet Ensemble", "LaNet Ensemble", False),
        ("", "", False),
    ],
)
def test_model_is_named_without_what_stands_beside_its_name(stated: str, name: str, is_ensemble: bool) -> None:
    found, conditions = read_model_name(stated)
    assert (found, bool(conditions)) == (name, is_ensemble)


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://arxiv.org/abs/2104.12345", "2104.12345"),
        ("http://arxiv.org/pdf/1605.09090v1.pdf", "1605.09090"),
        ("https://www.arxiv.org/pdf/1605.0909.pdf", "1605.0909"),
        ("https://arxiv.org/abs/cs/0601001v3", "cs/0601001"),
        ("https://arxiv.org/abs/math.GT/0309136", "math.GT/0309136"),
        ("https://arxiv.org/abs/2104.123456789", ""),
        ("https://example.org/2104.12345", ""),
        ("", ""),
    ],
)
def test_arxiv_number_is_found_in_an_address(url: str, number: str) -> None:
    assert find_arxiv_id(url) == number


@pytest.mark.parametrize(
    ("fields", "title", "url"),
    [
        ({"paper_title": "https://example.org/paper", "paper_url": ""}, "", "https://example.org/paper"),
        ({"paper_title": "http://example.org/a", "paper_url": "https://example.org/b"}, "", "https://example.org/b"),
        ({"paper_title": "[5]", "paper_url": "https://example.org/b"}, "", "https://example.org/b"),
        ({"paper_title": "Sort", "paper_url": "https://example.org/b) [[11]](http://example.org/c"}, "Sort", "https://example.org/b"),
        ({"paper_title": "Sort", "paper_url": "(A School) https://example.org/b_(c)"}, "Sort", "https://example.org/b_(c)"),
        ({"paper_title": None, "paper_url": None}, "", ""),
    ],
)
def test_paper_is_told_by_title_and_address(fields: dict[str, object], title: str, url: str) -> None:
    _, (record,), problems = read(make_table(make_row(**fields)))
    assert (record.paper_title, record.paper_url) == (title, url)
    assert problems == []


@pytest.mark.parametrize(
    ("fields", "column", "stated"),
    [
        ({"paper_url": "javascript:alert(1)"}, "paper_url", "javascript:alert(1)"),
        ({"paper_date": "2021-02-30"}, "paper_date", "2021-02-30"),
        ({"paper_date": "last May"}, "paper_date", "last May"),
        ({"metrics": {"EM": "1", "F1": ["2"]}}, "F1", '["2"]'),
        ({"metrics": {"EM": "1", "F1": {"a": 2}}}, "F1", '{"a": 2}'),
        ({"metrics": {"EM": "1", "": "2"}}, "", "2"),
        ({"metrics": {"EM": "1", "F1": "9" * 5000}}, "F1", "9" * 200),
        ({"model_name": "N" * 500}, "model_name", ""),
    ],
)
def test_detail_that_can_not_be_read_is_told_and_the_record_kept(fields: dict[str, object], column: str, stated: str) -> None:
    _, records, (problem,) = read(make_table(make_row(), make_row(**fields)))
    assert [record.number for record in records] == [1, 2]
    assert (problem.record, problem.column, problem.stated) == (2, column, stated)


def test_dates_of_months_and_values_of_all_kinds_are_kept() -> None:
    values = [
        "90.0 ± 0.5",
        "185M",
        "1,014.45",
        "76.5%",
        "78.6/84.4",
        "**70.3**",
        "91.6*",
        "-",
        "--",
        "?",
        "N/A",
        "\ufeff70.1",
        "",
        True,
        5,
        0.25,
    ]
    metrics = {f"m{number}": value for number, value in enumerate(values)}
    _, (record,), problems = read(make_table(make_row(metrics=metrics, paper_date="2021-04")))
    assert [cell.stated for cell in record.cells] == values
    assert record.date == StatedDate(2021, 4, None)
    assert problems == []


def test_two_columns_of_one_metric_keep_their_names_apart() -> None:
    _, (record,), _ = read(make_table(make_row(metrics={"Accuracy": 1, "Test Accuracy": 2, "Test F1": 3})))
    assert [cell.metric for cell in record.cells] == ["Accuracy", "Test Accuracy", "F1"]


# -- records that would be one ----------------------------------------------------------------------------------------------------


def test_records_of_one_paper_and_model_are_told_apart() -> None:
    rows = [
        make_row("LaNet"),
        make_row("lanet (single model)", paper_title="LaNet: A Net of Layers"),
        make_row("LaNet", paper_date="2021-05-01"),
        make_row("LaNet", paper_date="2021-05-01"),
        make_row("LaNet (ensemble)", paper_title="LaNet: A Net of Layers"),
        make_row("LaNet", paper_title="Another Paper"),
        make_row("LaNet", paper_date=None),
    ]
    _, records, _ = read(make_table(*rows))
    assert [conditions_of(record) for record in records] == [
        [],
        [("other", "entry 2", "entry 2")],
        [("other", "2021-05-01", "submitted 2021-05-01")],
        [("other", "entry 4", "entry 4")],
        [("ensemble", "ensemble", "ensemble")],
        [],
        [("other", "entry 5", "entry 5")],
    ]


def test_papers_are_one_by_number_or_title_and_an_address_names_none() -> None:
    rows = [
        make_row("LaNet", paper_title="A Net", paper_url="https://arxiv.org/abs/2104.12345"),
        make_row("LaNet", paper_title="", paper_url="https://arxiv.org/pdf/2104.12345v3.pdf"),
        make_row("LaNet", paper_title="A net!", paper_url=""),
        make_row("LaNet", paper_title="", paper_url="https://example.org/net"),
        make_row("LaNet", paper_title="", paper_url=""),
        make_row("", paper_title="", paper_url=""),
        make_row("", paper_title="", paper_url="", paper_date="2022-01-01"),
    ]
    _, records, _ = read(make_table(*rows))
    told = [[condition.text for condition in record.conditions] for record in records]
    assert told == [[], ["entry 2"], ["entry 2"], [], ["entry 2"], [], ["submitted 2022-01-01"]]


def test_records_of_other_datasets_are_not_told_apart() -> None:
    table = [*make_table(make_row()), *make_table(make_row(), dataset="Other")]
    _, records, _ = read(table)
    assert [conditions_of(record) for record in records] == [[], []]


@pytest.mark.parametrize("chunk_size", [1, 2, 3])
def test_chunks_read_as_the_whole(chunk_size: int) -> None:
    table = make_table(*[make_row("LaNet", paper_date=f"2021-0{1 + number % 3}-01") for number in range(9)], None, make_row(metrics=[]))
    _, *whole = read(table)
    survey, *chunked = read(table, chunk_size=chunk_size)
    assert chunked == whole
    assert len(survey.chunks) == -(-11 // chunk_size)


# -- bad input --------------------------------------------------------------------------------------------------------------------

GOOD = json.dumps(make_row("Good"))
BAD_ROWS = {
    "no object": ("[1, 2]", "no object"),
    "null": ("null", "no object"),
    "no metrics": ('{"model_name": "LaNet"}', "states no value"),
    "metrics that are a list": ('{"model_name": "LaNet", "metrics": [1]}', "metrics are no object"),
    "10 MB in a cell": (json.dumps(make_row(metrics={"EM": "9" * 10_000_000})), f"more than {MAX_ROW:,} characters"),
    "10 MB in a name": (json.dumps(make_row("x" * 10_000_000)), f"more than {MAX_ROW:,} characters"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_row_costs_no_other(kind: str) -> None:
    bad, reason = BAD_ROWS[kind]
    content = (
        json.dumps(make_table("GOOD", "BAD", "ALSO"))
        .replace('"GOOD"', GOOD)
        .replace('"BAD"', bad)
        .replace('"ALSO"', json.dumps(make_row("Also")))
    )
    survey, records, problems = read(content)
    assert [(record.number, record.model) for record in records] == [(1, "Good"), (3, "Also")]
    assert {problem.record for problem in problems} == {2}
    assert any(reason in problem.reason for problem in problems)
    assert survey.entries == 3


def test_trailing_comma_is_told_with_its_line() -> None:
    content = json.dumps(make_table(make_row("A"), make_row("B")), indent=1).replace('"model_links": []', '"model_links": [],')
    _, records, problems = read(content)
    assert [record.model for record in records] == ["A", "B"]
    lines = [number for number, line in enumerate(content.splitlines(), start=1) if line.strip() == '"model_links": [],']
    assert [problem.line for problem in problems] == lines
    assert ["comma too many" in problem.reason for problem in problems] == [True, True]


def test_key_that_stands_twice_is_told() -> None:
    content = json.dumps(make_table("GOOD")).replace('"GOOD"', '{"model_name": "LaNet", "metrics": {"EM": 1, "EM": 2}}')
    _, (record,), (problem,) = read(content)
    assert record.cells[0].stated == 2
    assert "“EM” stands twice" in problem.reason


def test_numbers_that_are_none_stay_text() -> None:
    content = json.dumps(make_table("GOOD")).replace(
        '"GOOD"', '{"model_name": "LaNet", "metrics": {"EM": NaN, "F1": 1e999, "R": -Infinity}}'
    )
    _, (record,), _ = read(content)
    assert [cell.stated for cell in record.cells] == ["NaN", "1e999", "-Infinity"]
    json.dumps(record.raw, allow_nan=False)


def test_nul_and_half_characters_are_no_part_of_a_record() -> None:
    row = make_row("La\x00Net", metrics={"E\x00M": "8\ud8001"})
    _, (record,), _ = read(make_table(row))
    assert (record.model, record.cells[0].column, record.cells[0].stated) == ("La Net", "E M", "8\ufffd1")
    kept = json.dumps(record.raw)
    assert "\\u0000" not in kept
    assert "\\ud800" not in kept


def test_mixed_encodings_cost_only_the_damaged_letters() -> None:
    content = json.dumps(make_table(make_row("Näïve"), make_row("Café")), ensure_ascii=False, indent=1).encode()
    _, records, problems = read(content.replace('"Café"'.encode(), '"Café"'.encode("cp1252")))
    assert [record.model for record in records] == ["Näïve", "Caf\ufffd"]
    assert ["no text in the file's encoding" in problem.reason for problem in problems] == [True]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_of_all_kinds_are_read(encoding: str) -> None:
    _, (record,), problems = read(json.dumps(make_table(make_row("Café")), ensure_ascii=False).encode(encoding))
    assert record.model == "Café"
    assert problems == []


def test_nesting_beyond_all_bounds_is_left_out() -> None:
    deep = "[" * 10_000 + "]" * 10_000
    content = json.dumps(make_table("GOOD", make_row("Also"))).replace(
        '"GOOD"', '{"model_name": "LaNet", "metrics": {"EM": 1, "F1": ' + deep + "}}"
    )
    _, records, problems = read(content)
    assert [record.model for record in records] == ["LaNet", "Also"]
    assert "nested deeper" in problems[0].reason
    tasks = '{"task": "T", "datasets": [], "subtasks": [' * 10_000
    with pytest.raises(EmptyListingError, match="nested deeper"):
        read(tasks)
    with pytest.raises(UnknownFormatError, match="JSON"):
        read(deep)


def test_file_cut_in_the_middle_keeps_its_whole_rows() -> None:
    content = json.dumps(make_table(make_row("A"), make_row("B"), make_row("C")), indent=1)
    for end in range(content.index('"C"'), content.rindex('"model_links"'), 7):
        _, records, problems = read(content[:end])
        assert [record.model for record in records] == ["A", "B"]
        assert "ends in the middle" in problems[0].reason


def test_packed_file_that_is_cut_keeps_its_whole_rows() -> None:
    packed = gzip.compress(json.dumps(make_table(*[make_row(f"Net {number * 7919 % 1000}") for number in range(1000)])).encode())
    _, records, problems = read(packed[: len(packed) // 2])
    assert 100 < len(records) < 900
    assert "cut short" in problems[0].reason
    assert "ends in the middle" in problems[1].reason


def test_what_has_no_name_is_told() -> None:
    table: list[dict[str, object]] = [{"datasets": [{"dataset": "SortBench", "sota": {"rows": [make_row("A")]}}], "task": ""}]
    _, (record,), problems = read(table)
    assert (record.tasks, record.datasets) == ((), ("SortBench",))
    assert "task has no name" in problems[0].reason
    table = [
        {"task": "Sorting", "datasets": [{"dataset": "", "sota": {"rows": [make_row("A")]}}, 7, *make_table(make_row("B"))[0]["datasets"]]}
    ]
    _, records, problems = read(table)
    assert [record.model for record in records] == ["B"]
    assert [(problem.record, problem.reason.partition(".")[0]) for problem in problems] == [
        (None, "A dataset has no name"),
        (None, "Where a dataset should be stands something else; it is left out"),
        (1, "The row stands in no dataset with a name"),
    ]


@pytest.mark.parametrize(
    "table", [make_table(), [{"task": "Sorting", "datasets": []}], [{"task": "T", "datasets": [{"sota": {"rows": 7}}]}]]
)
def test_file_without_rows_is_empty(table: object) -> None:
    with pytest.raises(EmptyListingError, match="no row of results"):
        read(table)


@pytest.mark.parametrize("content", ['{"title": "A"}', '[{"title": "A", "task": "B"}]'])
def test_other_json_is_refused_as_before(content: str) -> None:
    with pytest.raises(UnknownFormatError, match="looks like JSON"):
        read(content)


ROWS = st.lists(
    st.builds(
        make_row,
        st.sampled_from(["LaNet", "LaNet (ensemble)", "", "Nét"]),
        metrics=st.dictionaries(st.sampled_from(["EM", "Params", "Test EM", ""]), st.sampled_from(["8", 8, None, [1], "\x00"])),
    ),
    max_size=5,
)


@fuzz(200)
@given(
    rows=ROWS,
    damage=st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 60), st.sampled_from([b"", b'"', b"{", b"]", b",", b"\\", b"\x00", b"\xff"])),
        max_size=5,
    ),
    indent=st.sampled_from([None, 1]),
    is_packed=st.booleans(),
)
def test_damaged_file_gives_records_or_a_clear_error(
    rows: list[Any], damage: list[tuple[int, int, bytes]], indent: int | None, is_packed: bool
) -> None:
    content = json.dumps(make_table(*rows), indent=indent).encode()
    content = gzip.compress(content) if is_packed else content
    for at, length, inserted in damage:
        content = content[:at] + inserted + content[at + length :]
    begin = time.monotonic()
    try:
        survey, records, problems = read(content)
    except (ListingError, AssertionError):  # damage may make a title of it
        return
    assert read(content, chunk_size=1)[1:] == (records, problems)
    assert time.monotonic() - begin < 10
    assert [record.number for record in records] == sorted({record.number for record in records})
    assert all(0 < record.number <= survey.entries for record in records)
    for record in records:
        kept = json.dumps(record.raw, allow_nan=False)
        assert "\\u0000" not in kept
        record.model.encode()


# -- the published tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(("name", "rows", "parameters"), [("ogb", 244, 244), ("squad", 451, 0), ("snli", 64, 64), ("nlpprogress", 407, 60)])
def test_published_table_reads_whole(shared_dir: Path, name: str, rows: int, parameters: int) -> None:
    content = (shared_dir / "imports" / "paperswithcode" / f"{name}.json").read_bytes()
    survey, records, problems = read(content)
    assert problems == []
    assert survey.entries == len(records) == rows
    assert sum(cell.measure is CostMeasure.PARAMETERS for record in records for cell in record.cells) == parameters
    assert not any(cell.measure not in (None, CostMeasure.PARAMETERS) for record in records for cell in record.cells)
    for again in (read(content, chunk_size=33), read(gzip.compress(content))):
        assert again[1:] == (records, problems)
    rows_of_boards = {
        (
            *record.tasks,
            "",
            *record.datasets,
            record.arxiv_id or record.paper_title or record.paper_url,
            record.model,
            tuple(record.conditions),
        )
        for record in records
    }
    assert len(rows_of_boards) == rows


@pytest.mark.shared
def test_published_example_that_is_invalid_gives_its_rows(shared_dir: Path) -> None:
    content = (shared_dir / "imports" / "paperswithcode" / "example_json_format.invalid.json").read_bytes()
    _, records, (problem,) = read(content)
    assert [record.model for record in records] == ["CRF-ASN", "Bi-LSTM-CRF", "RNN with 3 utterances in context"]
    assert problem.line == 26
    assert "comma too many" in problem.reason
    assert [record.cells[0].stated for record in records] == [81.3, 79.2, 77.34]
