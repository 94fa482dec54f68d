from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from claims.models import Listing
from claims.services import uploads
from tests.factories import make_board

pytestmark = pytest.mark.django_db

SAMPLE = Path(__file__).resolve().parents[2] / "claims" / "samples" / "daily-papers-sample.txt"


@pytest.fixture(autouse=True)
def _folders(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"


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


def test_board_json_has_the_promised_keys() -> None:
    benchmark = make_board(rows=2)
    board = json.loads(run("board", benchmark.slug, "--json")[0])
    assert list(board) == ["slug", "front", "rows"]
    best, other = board["rows"]
    assert board["front"] == {"metric": "Top-1 accuracy", "cost": "parameters", "rows": [other["id"], best["id"]]}
    assert list(best) == ["id", "rank", "paper", "date", "model", "variant", "role", "setting", "state", "metrics", "costs", "evidence"]
    assert best["rank"] == 1
    assert best["metrics"] == {"Top-1 accuracy": 60.5}
    assert best["costs"] == {"parameters": 6e6}
    assert best["variant"] is None
    assert best["evidence"].keys() == {"Top-1 accuracy", "parameters"}
    assert all("60.5%" in sentence for sentence in best["evidence"].values())


def test_board_prints_its_front_of_a_chosen_cost() -> None:
    benchmark = make_board(rows=2)
    assert run("board", benchmark.slug)[0].count("; on the front") == 2
    assert "on the front" not in run("board", benchmark.slug, "--cost", "flops")[0]
    board = json.loads(run("board", benchmark.slug, "--cost", "flops", "--json")[0])
    assert board["front"] == {"metric": "Top-1 accuracy", "cost": "flops", "rows": []}
    with pytest.raises(CommandError, match=r"no cost called “colour”.*parameters"):
        call_command("board", benchmark.slug, "--cost", "colour")


def test_unknown_board_names_the_known_ones() -> None:
    benchmark = make_board(rows=2)
    with pytest.raises(CommandError, match=benchmark.slug):
        call_command("board", "no-such-board")


def test_file_that_is_no_listing_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    wrong = tmp_path / "papers.pdf"
    wrong.write_bytes(b"%PDF-1.7\n\x00")
    out, err = run("ingest", str(wrong), str(tmp_path / "gone.txt"), str(SAMPLE), "--json", fails=True)
    assert "papers.pdf was not read." in err
    assert "gone.txt was not read." in err
    assert [listing["name"] for listing in json.loads(out)["listings"]] == [SAMPLE.name]


def test_ingest_prints_a_receipt_for_people() -> None:
    out, _ = run("ingest", str(SAMPLE), "--year", "2025")
    assert "year 2025 (given)" in out
    assert "papers new" in out
    assert "read before" in run("ingest", str(SAMPLE))[0]


def test_file_of_a_withdrawn_listing_is_not_read_again_and_says_what_to_do() -> None:
    run("ingest", str(SAMPLE))
    uploads.withdraw(Listing.objects.get(), actor="lee", version=1)
    out, err = run("ingest", str(SAMPLE), "--json", fails=True)
    assert f"{SAMPLE.name} was not read. It was uploaded before and withdrawn; put it back on its page." in err
    assert json.loads(out)["listings"] == []
    assert Listing.objects.get().state == "withdrawn"


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
