from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from pytest_django import Settings

from claims.models import Listing
from claims.services import uploads
from claims.services.updates import update_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

SAMPLE = Path(__file__).resolve().parents[2] / "claims" / "samples" / "daily-papers-sample.txt"


@pytest.fixture(autouse=True)
def _folders(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "kept"
    settings.UPLOAD_DIR = tmp_path / "kept" / "uploads"


def run(*arguments: str, fails: bool = False) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    if fails:
        with pytest.raises(SystemExit) as raised:
            call_command(*arguments, stdout=out, stderr=err)
        assert raised.value.code == 1
    else:
        call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_sample_makes_three_boards_of_five_rows_one_with_costs() -> None:
    receipt = json.loads(run("ingest", str(SAMPLE), "--json")[0])
    assert receipt.keys() == {"listings", "papers", "claims", "costs"}
    listing = receipt["listings"][0]
    assert list(listing) == ["name", "format", "year", "entries", "dated", "papers_new", "papers_known", "claims", "costs", "failed"]
    assert 30 <= listing["entries"] == listing["dated"] == listing["papers_new"] <= 50
    assert listing["failed"] == 0

    def rows(slug: str) -> list[dict[str, Any]]:
        board: dict[str, list[dict[str, Any]]] = json.loads(run("board", slug, "--json")[0])
        return board["rows"]

    imagenet = rows("image-classification-on-imagenet-1k")
    assert sum(row["rank"] is not None for row in imagenet) >= 15
    assert sum("parameters" in row["costs"] for row in imagenet) >= 5
    assert len(rows("image-generation-on-imagenet-256x256")) >= 5
    assert len(rows("object-detection-on-coco")) >= 5


def test_file_that_is_no_listing_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    wrong = tmp_path / "papers.pdf"
    wrong.write_bytes(b"%PDF-1.7\n\x00")
    out, err = run("ingest", str(wrong), str(tmp_path / "gone.txt"), str(SAMPLE), "--json", fails=True)
    assert "papers.pdf was not read." in err
    assert "gone.txt was not read." in err
    refused, gone, read = json.loads(out)["listings"]
    assert refused.keys() == gone.keys() == {"name", "error"}
    assert refused["name"] == "papers.pdf"
    assert "papers.pdf was not read." in refused["error"]
    assert gone == {"name": "gone.txt", "error": f"{tmp_path / 'gone.txt'} was not read. No such file or directory."}
    assert (read["name"], "error" in read) == (SAMPLE.name, False)


def test_ingest_prints_a_receipt_for_people() -> None:
    out, _ = run("ingest", str(SAMPLE), "--year", "2025")
    assert "year 2025 (given)" in out
    assert "papers new" in out
    assert "read before" in run("ingest", str(SAMPLE))[0]


def test_receipt_of_one_paper_speaks_of_one(tmp_path: Path) -> None:
    one = tmp_path / "one.txt"
    one.write_text(
        "OrderNet: On the Order of Layers\n\nOrderNet reaches 81.5% top-1 accuracy on ImageNet with 25M parameters.\n\n"
        "• 4 authors\n·\nMar 3, 2023\n",
        encoding="utf-8",
    )
    lines = run("ingest", str(one))[0].splitlines()
    assert lines[1].startswith("  1 entry, 1 dated, ")
    assert lines[2:] == [
        "  1 paper new, 0 known",
        "  1 claim, 1 cost; 1 number not taken",
        "The database holds 1 paper, 1 claim and 1 cost.",
    ]


def test_file_of_a_withdrawn_listing_is_not_read_again_and_says_what_to_do() -> None:
    run("ingest", str(SAMPLE))
    uploads.withdraw(Listing.objects.get(), actor="lee", version=1)
    out, err = run("ingest", str(SAMPLE), "--json", fails=True)
    assert f"{SAMPLE.name} was not read. It was uploaded before and withdrawn; put it back on its page." in err
    assert [listing.keys() for listing in json.loads(out)["listings"]] == [{"name", "error"}]
    assert Listing.objects.get().state == "withdrawn"


def count_everything() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_app_config("claims").get_models(include_auto_created=True)}


def stored_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_dry_run_prints_the_receipts_of_all_files_and_leaves_nothing(tmp_path: Path) -> None:
    table = tmp_path / "results-imagenet.csv"
    table.write_text(
        "model,img_size,top1,top5,param_count\nordernet_a.x,224,81.5,95.1,25.1\nordernet_b.x,224,n/a,94.1,x\n", encoding="utf-8"
    )
    costs = tmp_path / "benchmark-infer-amp-nchw-pt291-cu130-5090.csv"
    costs.write_text("model,infer_img_size,infer_samples_per_sec,infer_gmacs\nordernet_a,224,1000.5,4.1\n", encoding="utf-8")
    update_catalogue()
    before, folder = count_everything(), tmp_path / "kept"
    files = [str(SAMPLE), str(table), str(costs), str(table)]
    planned = json.loads(run("ingest", *files, "--dry-run", "--json")[0])
    assert planned.pop("dry_run") is True
    assert count_everything() == before
    assert stored_files(folder) == []
    said = run("ingest", str(SAMPLE), str(SAMPLE), "--dry-run")[0]
    assert said.splitlines()[-1].startswith("The database would hold 48 papers")
    assert said.splitlines()[-1].endswith(" Nothing was saved.")
    assert f"{SAMPLE.name}: done, read before" in said, "the second of the two sees the first"
    assert (count_everything(), stored_files(folder)) == (before, [])
    assert json.loads(run("ingest", *files, "--json")[0]) == planned


@pytest.mark.django_db(transaction=True)
def test_dry_run_keeps_what_was_there_and_says_that_it_was_read_before(tmp_path: Path) -> None:
    run("ingest", str(SAMPLE))
    before, folder = count_everything(), tmp_path / "kept"
    files = stored_files(folder)
    wrong = tmp_path / "papers.pdf"
    wrong.write_bytes(b"%PDF-1.7\n\x00")
    out, err = run("ingest", str(wrong), str(SAMPLE), "--year", "2020", "--dry-run", fails=True)
    assert "papers.pdf was not read." in err
    assert f"{SAMPLE.name}: done, read before" in out
    assert (count_everything(), stored_files(folder)) == (before, files)
    assert len(files) == 1
    assert Listing.objects.get().year_source != "given"


def test_receipt_of_a_table_speaks_of_records_and_names_what_has_no_counterpart(tmp_path: Path) -> None:
    table = tmp_path / "results-imagenet.csv"
    table.write_text("model,img_size,top1,top5,param_count\nodd_a.x,224,81.5,95.1,25.1\nodd_b.x,224,about half,94.1,3\n", encoding="utf-8")
    costs = tmp_path / "benchmark-infer-amp-nchw-pt291-cu130-5090.csv"
    costs.write_text("model,infer_img_size,infer_samples_per_sec,infer_gmacs\nodd_a,224,1000.5,4.1\nodd_c,224,1,1\n", encoding="utf-8")
    out = run("ingest", str(table), str(costs))[0].splitlines()
    assert out[:4] == [
        "results-imagenet.csv: done",
        "  2 records: 3 results, 2 costs",
        "  2 rows on 1 board",
        "  0 papers named, 0 of them new",
    ]
    assert out[4].startswith("  results-imagenet.csv, record 2, “top1”: “about half” ")
    assert out[6:] == [
        "  2 records: 0 results, 4 costs",
        "  0 rows on 0 boards",
        "  0 papers named, 0 of them new",
        "  1 of 2 records are costs of rows of results-imagenet.csv",
        "  1 of 2 records are costs of at least one row",
        "    record 2, odd_c: no row of any table takes its costs",
        "The database holds 0 papers, 3 claims and 6 costs.",
    ]
    (again,) = json.loads(run("ingest", str(table), "--json")[0])["listings"]
    assert again.keys() > {"records", "rows", "unknown_directions", "joins"}
    assert again["joins"] == [{"table": costs.name, "what": "rows have costs of", "joined": 1, "total": 2}]


@pytest.mark.embedded
def test_commands_on_an_empty_folder_make_what_they_need_or_say_what_to_do(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment = kept | {"DATA_DIR": str(tmp_path / "fresh"), "DJANGO_SETTINGS_MODULE": "leaderboard.settings.base"}

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        root = SAMPLE.parents[2]
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
        )

    empty = manage("board", "image-classification-on-imagenet-1k", "--json")
    assert empty.returncode == 1
    assert "The database is empty." in empty.stderr
    assert "Traceback" not in empty.stderr
    filled = manage("ingest", str(SAMPLE), "--json")
    assert (filled.returncode, json.loads(filled.stdout)["papers"]) == (0, 48)
    assert manage("board", "image-classification-on-imagenet-1k", "--json").returncode == 0


TABLE = "Model,Acc,Params (M),Paper: link\nNet-A,81.2%,25,https://arxiv.org/abs/2101.00001\nNet-B,82.1%,30,\n"


def test_table_is_read_by_the_columns_that_options_name_and_the_next_one_by_the_same(tmp_path: Path) -> None:
    table, later = tmp_path / "table.csv", tmp_path / "later.csv"
    table.write_text(TABLE)
    later.write_text(TABLE + "Net-C,70%,9,\n")
    _, err = run("ingest", str(table), fails=True)
    assert "table.csv was not read: nobody has said what its columns mean." in err
    guessed = "--column Model=model --column Acc=metric:Accuracy --column 'Params (M)=cost:parameters:M' --column 'Paper: link=paper_url'"
    assert f"{guessed} --task … --dataset …" in err
    assert Listing.objects.get().state == "unmapped"
    options = [*shlex.split(guessed), "--task", "Image Classification"]
    assert "table.csv: done" in run("ingest", str(table), *options, "--dataset", "ImageNet")[0]
    assert Listing.objects.get().state == "done"
    assert "table.csv: done, read before" in run("ingest", str(table), *options, "--dataset", "ImageNet")[0]
    _, err = run("ingest", str(later), fails=True)
    assert "one of ImageNet, and nothing in this one says of which dataset it is. Say so with --dataset ImageNet" in err
    assert "later.csv: done" in run("ingest", str(later), "--dataset", "ImageNet")[0]
    _, err = run("ingest", str(table), *options, "--dataset", "COCO", fails=True)
    assert "was settled when reading it began" in err


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("Score=metric:F1", "names no column of the table. It has “Model”, “Acc”"),
        ("Acc=score", "“score” is no meaning of a column"),
        ("Acc=metric:F1", "No column names the model or the paper."),
    ],
)
def test_options_that_do_not_fit_the_table_are_refused(tmp_path: Path, option: str, message: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE)
    assert message in run("ingest", str(table), "--column", option, "--dataset", "ImageNet", fails=True)[1]
    assert Listing.objects.get().state == "unmapped"
