"""What is written out is what was read: evaluation tables come back as they were, but for the differences that the exporter documents."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from claims.errors import ExportError
from claims.listings.evaluation_tables import read_model_name
from claims.listings.headers import strip_marks
from claims.models import Claim, Import, Listing, ListingIssue
from claims.services import exports, ingest, storage, uploads
from claims.terms import CostMeasure, CurationState, DecidedBy, RejectReason
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]

Path_ = tuple[str, ...]
Line = tuple[Path_, Path_, str, str, str, str]
"""Task, dataset, model, paper's address, metric, stated value; of a row without values one line with '' for the last two."""

# file: rows, values written, and how often each documented difference occurs
EXPECTED: dict[str, tuple[int, int, dict[str, int]]] = {
    "ogb": (244, 717, {"listed as unread": 15, "name of a model": 1}),
    "squad": (451, 902, {"name of a model": 339}),
    "snli": (64, 188, {"states nothing": 4}),
    "nlpprogress": (
        407,
        771,
        {
            "states nothing": 44,
            "listed as unread": 11,
            "Markdown": 7,
            "mark of a footnote": 8,
            "percent sign": 5,
            "remark": 1,
            "name of a model": 17,
            "name of a dataset": 22,
            "no address": 6,
            "byte-order mark": 1,
            "in question": 1,
        },
    ),
}

_NOTHING = re.compile(r"[-–—*?\s]*")


def read_table(path: Path) -> Listing:
    with path.open("rb") as file:
        listing, _ = storage.store_upload(file, name=path.name, actor="lee")
    return ingest.ingest_in_foreground(listing)


def export(*, listing: str) -> tuple[list[dict[str, Any]], exports.Written]:
    target = io.StringIO()
    written = exports.write_table(target.write, exports.find_table(listing))
    return json.loads(target.getvalue()), written


def walk(node: dict[str, Any], tasks: Path_ = (), datasets: Path_ = ()) -> Iterator[tuple[Path_, Path_, dict[str, Any]]]:
    """Yield the rows as they stand in a file, each with its path."""
    if "task" in node:
        tasks = (*tasks, node["task"])
    else:
        datasets = (*datasets, node.get("dataset") or node["subdataset"])
    for key, value in node.items():
        if key == "sota":
            yield from ((tasks, datasets, row) for row in value.get("rows", []))
        elif key in ("datasets", "subtasks", "subdatasets"):
            for inner in value:
                yield from walk(inner, tasks, datasets)


def list_lines(tasks: list[dict[str, Any]]) -> list[Line]:
    lines: list[Line] = []
    for task in tasks:
        for of_tasks, of_datasets, row in walk(task):
            place = (of_tasks, of_datasets, row["model_name"], row["paper_url"])
            lines += [(*place, metric, stated) for metric, stated in row["metrics"].items()] or [(*place, "", "")]
    return sorted(lines)


def foresee(tasks: list[dict[str, Any]], unread: set[tuple[int | None, str]]) -> tuple[list[Line], Counter[str], int]:
    """Return the lines that a file should come back as, how often each documented difference occurs, and how many rows it has."""
    kinds: Counter[str] = Counter()
    lines: list[Line] = []
    rows = 0

    def differ(kind: str, before: object, after: str) -> str:
        kinds[kind] += before != after
        return after

    for of_tasks, of_datasets, row in (found for task in tasks for found in walk(task)):
        rows += 1
        of_tasks = tuple(differ("name of a task", name, strip_marks(name).rstrip(":")) for name in of_tasks)
        of_datasets = tuple(differ("name of a dataset", name, strip_marks(name).rstrip(":").strip()) for name in of_datasets)
        model = differ("name of a model", row["model_name"], read_model_name(row["model_name"])[0])
        address = differ("no address", row.get("paper_url"), row.get("paper_url") or "")
        place = (of_tasks, of_datasets, model, address)
        kept = []
        for column, stated in row["metrics"].items():
            if (rows, column) in unread:
                kinds["listed as unread"] += 1
            elif _NOTHING.fullmatch(stated):
                kinds["states nothing"] += 1
            else:
                kept.append((*place, column, foresee_value(stated, kinds)))
        lines += kept or [(*place, "", "")]
    return sorted(lines), +kinds, rows


def foresee_value(stated: str, kinds: Counter[str]) -> str:
    for kind, pattern in (
        ("byte-order mark", "^\ufeff(.*)$"),
        ("Markdown", r"^\*\*(.*)\*\*$"),
        ("remark", r"^(.*\S)\s+\(.*\)$"),
        ("mark of a footnote", r"^([\d.]+)[*+]$"),
        ("percent sign", r"^(.*)%$"),
    ):
        if match := re.match(pattern, stated):
            kinds[kind] += 1
            stated = match[1]
    if stated.endswith("?"):
        kinds["in question"] += 1
        stated = f"~{stated[:-1]}"
    return stated


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_table_comes_back_as_it_was_but_for_documented_differences(shared_dir: Path, settings: Any, name: str) -> None:
    settings.CHUNK_SIZE = 100
    path = shared_dir / "imports" / "paperswithcode" / f"{name}.json"
    listing = read_table(path)
    assert listing.state == "done"
    unread = set(ListingIssue.objects.filter(listing=listing).exclude(column="").values_list("record", "column"))
    expected, kinds, rows = foresee(json.loads(path.read_text(encoding="utf-8-sig")), unread)
    exported, written = export(listing=path.name)
    assert list_lines(exported) == expected
    assert (rows, written.values, dict(kinds)) == EXPECTED[name]
    assert (written.rows, written.left_out) == (rows, 0)


TABLE = [
    {
        "task": "Odd Counting",
        "datasets": [
            {
                "dataset": "OddSet",
                "sota": {
                    "metrics": ["Accuracy", "Params", "Oddness"],
                    "rows": [
                        {
                            "model_name": "OddNet",
                            "metrics": {"Accuracy": "81.50 ± 0.20", "Params": "25.0M", "Oddness": 3},
                            "paper_title": "OddNet: Counting",
                            "paper_url": "https://arxiv.org/abs/2101.00001",
                            "paper_date": "2021-01-03",
                            "code_links": [{"title": "x/y", "url": "https://example.org/x/y"}],
                            "uses_additional_data": True,
                        },
                        {"model_name": "EvenNet", "metrics": {"Accuracy": "~79", "Params": "3.10 ± 0.20M", "Oddness": "1,014.45"}},
                    ],
                },
                "subdatasets": [
                    {"subdataset": "part", "sota": {"rows": [{"model_name": "OddNet", "metrics": {"Latency (ms)": "12.5", "F1": "0.5"}}]}}
                ],
            }
        ],
        "subtasks": [{"task": "Counting twice", "datasets": [{"dataset": "OddSet", "sota": {"rows": [{"metrics": {"F1": ">80"}}]}}]}],
    }
]


@pytest.fixture
def table(tmp_path: Path) -> Listing:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(TABLE), encoding="utf-8")
    return read_table(path)


def test_export_gives_the_paths_numbers_and_directions_of_a_table(table: Listing) -> None:
    (task,), written = export(listing=table.public_id)
    assert (written.datasets, written.rows, written.values, written.left_out) == (3, 4, 9, 0)
    sota = task["datasets"][0]["sota"]
    assert sota["metrics_direction"] == {"Accuracy": "higher", "Oddness": "unknown"}
    odd, even = sota["rows"]
    assert odd["metrics"] == {"Accuracy": "81.50 ± 0.20", "Params": "25.0M", "Oddness": "3"}
    assert (odd["paper_title"], odd["paper_date"], odd["uses_additional_data"]) == ("OddNet: Counting", "2021-01-03", True)
    assert odd["code_links"] == [{"title": "x/y", "url": "https://example.org/x/y"}]
    assert even["metrics"] == {"Accuracy": "~79", "Params": "3.10M ± 0.20M", "Oddness": "1,014.45"}
    (part,) = task["datasets"][0]["subdatasets"]
    assert (part["dataset"], part["sota"]["rows"][0]["metrics"]) == ("part", {"F1": "0.5", "Latency (ms)": "12.5"})
    assert task["subtasks"][0]["datasets"][0]["sota"]["rows"][0]["metrics"] == {"F1": ">80"}


def test_export_read_again_gives_the_same_export(table: Listing, tmp_path: Path) -> None:
    first = export(listing=table.name)[0]
    again = tmp_path / "again.json"
    again.write_text(json.dumps(first), encoding="utf-8")
    read_table(again)
    assert list_lines(export(listing="again.json")[0]) == list_lines(first)


def test_rejected_number_is_not_exported_and_a_withdrawn_table_not_at_all(table: Listing) -> None:
    Claim.objects.filter(column="Accuracy", model_name="OddNet").update(
        result=None, state=CurationState.REJECTED, decided_by=DecidedBy.PERSON, reject_reason=RejectReason.WRONGLY_READ
    )
    assert "Accuracy" not in export(listing=table.name)[0][0]["datasets"][0]["sota"]["rows"][0]["metrics"]
    uploads.withdraw(table, actor="lee", version=table.version)
    with pytest.raises(ExportError, match="withdrawn"):
        exports.find_table(table.name)
    with pytest.raises(ExportError, match="The latest are: odd"):
        exports.find_table("even.json")


def test_boards_are_written_under_the_catalogue_s_names_with_costs_as_columns(django_assert_max_num_queries: Any) -> None:
    board = make.make_board(2)
    make.make_imported_row(board, "TableNet", "80.25", {CostMeasure.PARAMETERS: 25e6})
    make.settle(board)
    target = io.StringIO()
    with django_assert_max_num_queries(9):
        written = exports.write_boards(target.write)
    (task,) = json.loads(target.getvalue())
    (dataset,) = task["datasets"]
    assert (task["task"], dataset["dataset"], written.rows) == (board.task.name, board.dataset.name, 3)
    metric = board.primary_metric
    assert metric is not None
    assert dataset["sota"]["metrics_direction"] == {metric.name: "higher"}
    by_name = {row["model_name"]: row for row in dataset["sota"]["rows"]}
    assert by_name["TableNet"]["metrics"] == {metric.name: "80.25", "Number of params": "25M"}
    assert by_name["SampleNet-0"]["metrics"] == {metric.name: "60.0%", "Number of params": "5M"}
    assert by_name["SampleNet-0"]["paper_date"] == "2020-01-01"
    with pytest.raises(ExportError, match="There is no board “nowhere”"):
        exports.write_boards(io.StringIO().write, ["nowhere"])


def test_command_replaces_its_file_when_it_is_whole(table: Listing, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    plain, packed = folder / "odd.json", folder / "odd.json.gz"
    plain.write_text("before", encoding="utf-8")
    err = io.StringIO()
    with pytest.raises(CommandError, match="No table “gone”"):
        call_command("export", listing="gone", output=str(plain))
    with pytest.raises(CommandError, match="There is no board “gone”"):
        call_command("export", board=["gone"], output=str(plain))
    assert [path.name for path in folder.iterdir()] == ["odd.json"]
    assert plain.read_text(encoding="utf-8") == "before"
    for path in (plain, packed):
        call_command("export", listing=table.name, output=str(path), stderr=err)
    out = io.StringIO()
    call_command("export", listing=table.name, stdout=out, stderr=err)
    assert err.getvalue().splitlines() == ["4 rows of 3 datasets, 9 values"] * 3
    assert out.getvalue() == plain.read_text(encoding="utf-8")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert json.loads(plain.read_text(encoding="utf-8")) == export(listing=table.name)[0]
    assert sorted(path.name for path in folder.iterdir()) == ["odd.json", "odd.json.gz"]
    with pytest.raises(CommandError, match="should end in"):
        call_command("export", output=str(folder / "odd.txt"))


def test_two_tables_of_one_name_are_told_apart_by_id(table: Listing) -> None:
    Import.objects.create(name=table.name, sha256="0" * 64, format="csv")
    with pytest.raises(ExportError, match=table.public_id):
        exports.find_table(table.name)
    assert exports.find_table(table.public_id).listing == table
