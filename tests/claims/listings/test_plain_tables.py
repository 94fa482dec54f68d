from __future__ import annotations

import gzip
import io
from dataclasses import replace

import pytest

from claims.errors import ListingError, UnknownFormatError
from claims.listings import registry
from claims.listings.base import Problem, StatedDate, TableMapping, TableRecord
from claims.listings.columns import read_column
from claims.listings.plain_tables import name_columns, read_date, read_head
from claims.terms import ConditionKind

HEADERS = "Model,Top-1 (%),Params (M),Paper,URL,Date,img_size,Extra data\n"
TABLE = HEADERS + (
    "Net-A,81.2,25.6,A net,https://arxiv.org/abs/2101.00001v2,2021-01-09,224,no\n"
    'Net-B,"82.2, maybe",30,"B ""net"",\nsecond line",2101.00002,"Jan 9, 2024",384,yes\n'
)


def read(
    content: str | bytes, columns: dict[str, str] | None = None, *, dataset: str = "ImageNet", chunk_size: int = 100
) -> tuple[list[TableRecord], list[Problem]]:
    """Read a table by what its columns are said to mean, else by the guesses."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    reader, survey = registry.survey(stream, chunk_size=chunk_size)
    assert reader.name == "table"
    mapping = read_head(stream, survey.encoding).guess()
    if columns is not None:
        mapping = TableMapping({header: read_column(written) for header, written in columns.items()})
    survey = replace(survey, mapping=replace(mapping, dataset=dataset))
    found = [entry for chunk in survey.chunks for entry in reader.read(stream, survey, chunk)]
    problems = [*survey.problems, *(entry for entry in found if isinstance(entry, Problem))]
    return [entry for entry in found if isinstance(entry, TableRecord)], problems


def test_row_is_read_by_what_its_columns_mean() -> None:
    records, problems = read(TABLE)
    assert problems == []
    first, second = records
    assert (first.number, first.model, first.paper_title, first.arxiv_id) == (1, "Net-A", "A net", "2101.00001")
    assert [(cell.column, cell.stated, cell.metric, cell.measure, cell.unit) for cell in first.cells] == [
        ("Top-1 (%)", "81.2", "Top-1 accuracy", None, "%"),
        ("Params (M)", "25.6", "", "parameters", "M"),
    ]
    assert (first.datasets, first.date) == (("ImageNet",), StatedDate(2021, 1, 9))
    assert [(condition.kind, condition.value) for condition in first.conditions] == [(ConditionKind.RESOLUTION, "224x224")]
    assert first.raw["Params (M)"] == "25.6"
    assert first.raw["Extra data"] == "no"
    assert second.paper_title == 'B "net",\nsecond line'
    assert (second.paper_url, second.arxiv_id, second.date) == ("https://arxiv.org/abs/2101.00002", "2101.00002", StatedDate(2024, 1, 9))
    assert [condition.value for condition in second.conditions] == ["384x384", "extra data"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_encoding_and_packing_are_found(delimiter: str, pack: bool, encoding: str) -> None:
    text = "Modèle;Top-1;Params (M)\r\nNet-É;81.2;25\r\nNet-B;82.0;30\r\n".replace(";", delimiter)
    content = text.encode(encoding)
    records, problems = read(gzip.compress(content) if pack else content)
    assert ([record.model for record in records], problems) == (["Net-É", "Net-B"], [])


@pytest.mark.parametrize(
    "content",
    [
        "title,abstract,date\nA,b,c\n",
        "id,title,year\n1,Foo,2020\n2,Bar,2021\n",
        "Model,Accuracy\n",
        "Model,Accuracy\n\n\n",
        "We study nets, and more.\nThey work, with 5.\n",
        "Faster, smaller, better nets\n\nWe show, too, 5\n",
        "Nets\nWe have 5, 6 and 7.\nOthers, however, have 8.\n",
        "@article{key,\n  year, 5\n}\n",
        "<html>\na,b\n1,2\n",
        '[{"a": 1},\n{"b": 2}]\n',
        "a,b\n" + "1,2,3\n" * 5,
    ],
)
def test_what_is_no_table_of_results_is_refused(content: str) -> None:
    with pytest.raises(UnknownFormatError):
        registry.detect(io.BytesIO(content.encode()))


def test_refused_table_is_told_what_a_table_of_results_has() -> None:
    with pytest.raises(UnknownFormatError, match=r"looks like a table \(CSV or the like\).*a column of numbers"):
        registry.detect(io.BytesIO(b"title,abstract\nA,b\n"))


def test_bad_row_costs_no_other() -> None:
    text = "Model,F1\nA,1\nB,2,3\nModel,F1\n,4\nC,\nD,-\n\nE,5\n" + "x" * 20_000 + ',6\nF,7\nG,"8\nH,9\n'
    records, problems = read(text)
    assert [record.model for record in records] == ["A", "E", "F", "H"]
    assert [(problem.record, problem.reason) for problem in problems] == [
        (2, "It has 3 cells where the header has 2."),
        (3, "It is the header again."),
        (4, "It names neither a model nor a paper."),
        (5, "It states no value."),
        (6, "It states no value."),
        (8, "It has a cell of more than 10,000 characters."),
        (10, "Its quotes are not closed."),
    ]


def test_header_that_stands_there_twice_has_two_names() -> None:
    assert name_columns(["Acc", "", "Acc", " ", "Acc", "Acc (2)"]) == ("Acc", "Column 2", "Acc (2)", "Column 4", "Acc (3)", "Acc (2) (2)")
    records, problems = read("Model,Acc,Acc\nA,1,2\n", {"Model": "model", "Acc": "metric:Acc", "Acc (2)": "metric:Other"})
    assert [cell.stated for cell in records[0].cells] == ["1", "2"]
    assert [(problem.column, problem.reason) for problem in problems] == [
        ("Acc", "It is called “Acc (2)” here, to be told from the others.")
    ]


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
def test_rows_of_one_name_are_told_apart_in_every_chunk(chunk_size: int) -> None:
    text = "Model,F1,Date\n" + "A,1,2020\nA,2,2020\nB,3,2020\nA,4,2021\nA,5,2021\n"
    records, _ = read(text, chunk_size=chunk_size)
    told = [[condition.text for condition in record.conditions] for record in records]
    assert told == [[], ["entry 2"], [], ["submitted 2021"], ["entry 4"]]


def test_task_and_dataset_of_a_row_come_before_those_of_the_table() -> None:
    records, problems = read("Model,F1,Dataset\nA,1,COCO\nB,2,\n", dataset="LVIS")
    assert [record.datasets for record in records] == [("COCO",), ("LVIS",)]
    records, problems = read("Model,F1,Dataset\nA,1,COCO\nB,2,\n", dataset="")
    assert [problem.reason for problem in problems] == ["It doesn't say on which dataset."]


def test_table_of_costs_needs_no_dataset() -> None:
    records, problems = read("Model,Params\nA,25M\n", dataset="")
    assert (records[0].datasets, records[0].cells[0].measure, problems) == ((), "parameters", [])


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("resolution", "224", "224x224"),
        ("resolution", "224 × 256", "224x256"),
        ("shots", "5", "5"),
        ("shots", "5-shot", "5"),
        ("shots", "Zero-shot", "0"),
        ("steps", "4", "4 steps"),
        ("ensemble", "✓", "ensemble"),
        ("ensemble", "no", None),
        ("extra_data", "JFT-300M", "JFT-300M"),
        ("split", "-", None),
        ("other", "0.1", "Col: 0.1"),
    ],
)
def test_condition_is_valued_as_texts_value_it(kind: str, cell: str, value: str | None) -> None:
    records, _ = read(f"Model,F1,Col\nA,1,{cell}\n", {"Model": "model", "F1": "metric:F1", "Col": f"condition:{kind}"})
    assert [condition.value for condition in records[0].conditions] == ([value] if value else [])


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-01-09", StatedDate(2024, 1, 9)),
        ("2024-01-09T00:00:00", StatedDate(2024, 1, 9)),
        ("2024-01", StatedDate(2024, 1, None)),
        ("2024", StatedDate(2024, None, None)),
        ("Jan 9, 2024", StatedDate(2024, 1, 9)),
        ("January 9, 2024", StatedDate(2024, 1, 9)),
        ("2024-13", None),
        ("2024-02-30", None),
        ("0000", None),
        ("Foo 9, 2024", None),
        ("9/1/24", None),
    ],
)
def test_dates_that_tables_print(text: str, date: StatedDate | None) -> None:
    assert read_date(text) == date


def test_values_that_are_no_address_and_no_date_are_told_and_the_row_is_kept() -> None:
    records, problems = read(
        "Model,F1,URL,Date\nA,1,nowhere,soon\n", {"Model": "model", "F1": "metric:F1", "URL": "paper_url", "Date": "date"}
    )
    assert (records[0].paper_url, records[0].date) == ("", None)
    assert [(problem.column, problem.stated) for problem in problems] == [("URL", "nowhere"), ("Date", "soon")]


def test_hostile_cells_are_read_in_bounded_time_and_without_marks_that_a_database_refuses() -> None:
    text = "Model,F1\nA\x00B\u202e,1\n" + "=cmd()," + "9" * 9_000 + "\n" + '"<script>",1e999\n'
    records, _ = read(text)
    assert [record.model for record in records] == ["A B\u202e", "=cmd()", "<script>"]
    with pytest.raises(ListingError):
        registry.detect(io.BytesIO(("," * 100_000 + "\n" + "1," * 50_000).encode()))


def test_unmapped_table_is_not_read() -> None:
    stream = io.BytesIO(TABLE.encode())
    reader, survey = registry.survey(stream)
    assert (survey.headers[:2], survey.entries) == (("Model", "Top-1 (%)"), 2)
    (problem,) = reader.read(stream, survey, survey.chunks[0])
    assert isinstance(problem, Problem)
    assert problem.fatal
