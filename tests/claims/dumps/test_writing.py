"""A dump is whole or not there, says the truth of itself, and tells everybody what readers see and nothing else."""

from __future__ import annotations

import csv
import fcntl
import gzip
import hashlib
import io
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from celery.exceptions import Retry
from celery.schedules import crontab
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from pyarrow import parquet
from pytest_django import Settings

from claims import boards, dumps, tasks
from claims.dumps import keeping, public, writing
from claims.errors import DumpError, DumpRunningError, DumpTooEarlyError
from claims.models import Benchmark, Claim, Cost, Listing, Paper, Result, SourceRecord
from claims.terms import CurationState, ListingState
from tests import factories as make
from tests.dumps import ADA, HIDDEN, HOSTILE, KIM, make_everything, read_packed

pytestmark = pytest.mark.django_db


def read_rows(folder: Path, name: str) -> list[Any]:
    return list(read_packed(folder / f"{name}.jsonl.gz"))


# ---- whole or not there ----


def test_manifest_says_the_truth(tmp_path: Path, settings: Settings) -> None:
    settings.SITE_URL, settings.DATA_LICENSE, settings.DATA_LICENSE_URL = "https://boards.example.org", "House rules", ""
    make_everything()
    before = datetime.now(UTC).replace(microsecond=0)
    folder = dumps.dump_site(tmp_path / "dump")
    said = json.loads((folder / "manifest.json").read_text())
    assert {key: said[key] for key in ("layout", "software", "site", "license", "shows_unreviewed")} == {
        "layout": 1,
        "software": {"name": "Claimboard", "version": "0.1.0"},
        "site": "https://boards.example.org",
        "license": {"name": "House rules", "url": None},
        "shows_unreviewed": True,
    }
    assert before <= datetime.fromisoformat(said["created"]) <= datetime.now(UTC)
    named = {file["name"] for file in said["files"]}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there - named == {"manifest.json", *(name for name in there if name.startswith("restore/"))}
    for file in said["files"]:
        content = (folder / file["name"]).read_bytes()
        assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    for name, count in said["counts"].items():
        assert count == len(read_rows(folder, name)) == next(f["rows"] for f in said["files"] if f["name"] == f"{name}.jsonl.gz")
        assert all(row.keys() == said["members"][name]["members"].keys() for row in read_rows(folder, name))
    assert said["counts"]["claims"] == Claim.objects.visible().count()


def test_archive_is_for_its_owner_alone(tmp_path: Path) -> None:
    make.make_board(1)
    folder = dumps.dump_site(tmp_path / "dump")
    assert stat.S_IMODE((folder / "restore").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "restore").iterdir()} == {0o600}


def test_newest_are_kept(dumps_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "FILES", ())
    assert dumps.list_dumps() == []
    assert dumps.find_dump("latest") is None
    made = [dumps.dump_site().name for _ in range(9)]
    assert len(set(made)) == 9, "also those of one second"
    assert [kept.name for kept in dumps.list_dumps()] == sorted(made)[:1:-1]
    assert sorted(path.name for path in dumps_dir.iterdir()) == [".lock", *sorted(made)[2:]]
    latest = dumps.find_dump("latest")
    assert latest is not None
    assert latest.name == made[-1]
    assert dumps.find_dump(made[0]) is None
    # Another's folder, and one without a manifest, are no dumps, and nobody's to remove.
    (dumps_dir / "mine").mkdir()
    (dumps_dir / "2020-01-01T000000Z").mkdir()
    # One whose manifest can't be read, say of another layout, is none either; it goes in its turn.
    (dumps_dir / "2020-01-02T000000Z").mkdir()
    (dumps_dir / "2020-01-02T000000Z" / "manifest.json").write_text("{}")
    (dumps_dir / made[-1] / "manifest.json").write_text('{"layout": 99}')
    made.append(dumps.dump_site().name)
    assert sorted(path.name for path in dumps_dir.iterdir()) == [".lock", "2020-01-01T000000Z", *sorted(made)[3:], "mine"]
    assert [kept.name for kept in dumps.list_dumps()] == [made[-1], *made[-3:-8:-1]]


def test_dump_is_there_though_an_old_one_can_t_be_removed(
    dumps_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(public, "FILES", ())
    for day in range(1, 9):
        (dumps_dir / f"2020-01-0{day}T000000Z").mkdir(parents=True)
        (dumps_dir / f"2020-01-0{day}T000000Z" / "manifest.json").touch()
    stuck, remove = dumps_dir / "2020-01-02T000000Z", writing._remove

    def fail(folder: Path) -> None:
        if folder == stuck:
            raise PermissionError(13, "Permission denied")
        remove(folder)

    monkeypatch.setattr(writing, "_remove", fail)
    assert dumps.dump_site() == dumps.list_dumps()[0].folder
    assert "an old dump can't be removed: 2020-01-02T000000Z: Permission denied" in caplog.text
    assert stuck.is_dir()
    assert not (dumps_dir / "2020-01-01T000000Z").exists(), "the others go"


@pytest.mark.parametrize("kept", [True, False])
def test_nothing_is_left_of_a_dump_that_fails(dumps_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, kept: bool) -> None:
    make.make_board(1)
    monkeypatch.setattr(writing, "_write_tables", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DumpError, match=r"No space left on device\. Nothing of it was kept"):
        dumps.dump_site(None if kept else tmp_path / "dump")
    assert [path.name for path in dumps_dir.iterdir()] == [".lock"]
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("slug", ["../../../escaped/owned", "/", "", "a/b"])
def test_nothing_is_written_beside_a_dump(dumps_dir: Path, tmp_path: Path, slug: str) -> None:
    board = make.make_board(1)
    Benchmark.objects.filter(pk=board.pk).update(slug=slug)
    with pytest.raises(DumpError, match="No file of a dump can be called 'boards/"):
        dumps.dump_site()
    assert [path.name for path in dumps_dir.iterdir()] == [".lock"]
    assert [path.name for path in tmp_path.rglob("*.csv")] == []


def test_what_a_killed_one_left_is_removed_by_the_next(dumps_dir: Path, tmp_path: Path) -> None:
    for left in (dumps_dir / ".part-0123", tmp_path / ".dump.part-0123"):
        left.mkdir(parents=True)
        (left / "manifest.json").write_text("{}")
    assert dumps.list_dumps() == []
    assert keeping.find_dump(".part-0123") is None
    dumps.dump_site()
    dumps.dump_site(tmp_path / "dump")
    assert list(dumps_dir.glob(".part-*")) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "dump"]


def test_one_is_made_at_a_time(dumps_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    dumps_dir.mkdir(parents=True)
    with (dumps_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DumpRunningError, match="Another dump is being made"):
            dumps.dump_site()
        with pytest.raises(CommandError, match="Another dump is being made"):
            call_command("dump")
        tasks.dump()
        assert "no dump was begun" in caplog.text
    # The lock goes with its process.
    tasks.dump()
    assert len(dumps.list_dumps()) == 1


def test_hours_of_work_are_not_handed_out_again(settings: Settings) -> None:
    """Redis takes a message that nobody acknowledged for a while for a lost one."""
    waits = settings.CELERY_TASK_TIME_LIMIT + 300
    long = [task for task in tasks.dump.app.tasks.values() if task.__module__ == tasks.__name__ and (task.time_limit or 0) >= waits]
    assert [task.name for task in long] == [tasks.dump.name]
    assert not tasks.dump.acks_late
    assert tasks.read_listing.acks_late
    assert tasks.dump.default_retry_delay < waits, "a retry waits in a worker, unacknowledged"


def test_what_is_being_withdrawn_is_waited_for(dumps_dir: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long listing's papers leave the boards batch by batch after it was withdrawn."""
    make.make_board(1)
    listing = make.make_listing("regretted.txt", Paper.objects.get(), state=ListingState.WITHDRAWN)
    Listing.objects.filter(pk=listing.pk).update(unsettled_from=0)
    with pytest.raises(CommandError, match=r"not begun: boards still show a part of “regretted.txt”, which was withdrawn"):
        call_command("dump")
    monkeypatch.setattr(tasks.dump, "retry", lambda *, exc, **_: Retry(exc=exc))
    with pytest.raises(Retry) as tried_again:
        tasks.dump()
    assert isinstance(tried_again.value.exc, DumpTooEarlyError)
    assert "regretted.txt" in caplog.text
    assert [path.name for path in dumps_dir.iterdir()] == [".lock"]
    # One that was put back again, or that is only dated anew, hides nothing.
    Listing.objects.filter(pk=listing.pk).update(state=ListingState.DONE)
    tasks.dump()
    Listing.objects.filter(pk=listing.pk).update(state=ListingState.WITHDRAWN, unsettled_from=None)
    tasks.dump()
    assert len(dumps.list_dumps()) == 2


def test_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "none")
    for name in ("mine", "link"):
        with pytest.raises(CommandError, match="is there already"):
            call_command("dump", output=tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "link", "mine"]


def test_commands_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("dump", output=tmp_path / "dump")
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path / 'dump'}\n0 papers, 0 claims, 0 costs, 0 boards; 16 public files of")
    call_command("restore", tmp_path / "dump")
    assert "Restored the site as it was at 20" in capsys.readouterr().out
    with pytest.raises(CommandError, match="is no folder"):
        call_command("restore", tmp_path / "none")


def test_dumps_come_at_night(settings: Settings) -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE["dump"]
    assert schedule["task"] == tasks.dump.name
    assert schedule["schedule"] == crontab(hour="2", minute="17")
    assert schedule["options"]["queue"] == tasks.BULK
    night = datetime(2026, 11, 28, 2, 17, tzinfo=UTC)
    assert dumps.next_nightly(night - timedelta(seconds=1)) == night
    assert dumps.next_nightly(night) == night + timedelta(days=1)
    settings.DUMP_HOUR = None
    assert dumps.next_nightly(night) is None


# ---- what everybody is told ----


def read_everything(folder: Path) -> str:
    """Return all that a dump tells everybody, as one text."""
    texts = [(folder / "manifest.json").read_text()]
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "restore":
            content = path.read_bytes()
            texts.append((gzip.decompress(content) if path.suffix == ".gz" else content).decode(errors="replace"))
        if path.suffix == ".parquet":
            texts.append(str(parquet.read_table(path).to_pylist()))
    return "\n".join(texts)


def test_withdrawn_rejected_and_names_of_users_stay_here(tmp_path: Path) -> None:
    make_everything()
    folder = dumps.dump_site(tmp_path / "dump")
    told = read_everything(folder)
    assert HOSTILE in told
    for secret in (HIDDEN, "SecretHeronNet", "98.7654", "taken-back.txt", ADA, KIM, "It is read otherwise.", "of another"):
        assert secret not in told, secret
    rejected = Claim.objects.get(state=CurationState.REJECTED)
    assert rejected.public_id not in told
    archived = b"".join(gzip.decompress(path.read_bytes()) for path in (folder / "restore").glob("*.gz")).decode()
    assert all(kept in archived for kept in (HIDDEN, "taken-back.txt", ADA, KIM, "It is read otherwise.", rejected.public_id))
    assert "pbkdf2" not in archived
    assert "md5$" not in archived


def test_hidden_numbers_are_told_nowhere(tmp_path: Path, settings: Settings) -> None:
    settings.SHOW_UNREVIEWED = False
    board = make_everything()
    folder = dumps.dump_site(tmp_path / "dump")
    accepted = Claim.objects.get(state=CurationState.ACCEPTED)
    assert [row["id"] for row in read_rows(folder, "claims")] == [accepted.public_id]
    assert read_rows(folder, "costs") == []
    assert [(row["slug"], row["rows"]) for row in read_rows(folder, "boards")] == [(board.slug, 1)]
    (row,) = read_rows(folder, "rows")
    assert (row["values"], row["costs"]) == ([{"metric": "top-1-accuracy", "claim": accepted.public_id, "others": 0, "conflicts": 0}], [])
    (task,) = json.loads(gzip.decompress((folder / "evaluation-tables.json.gz").read_bytes()))
    assert [row["metrics"] for row in task["datasets"][0]["sota"]["rows"]] == [{"Top-1 accuracy": "70.10%"}]
    assert [path.name for path in (folder / "boards").iterdir()] == [f"{board.slug}.csv"]
    table = list(csv.DictReader((folder / "boards" / f"{board.slug}.csv").open(newline="")))
    assert [row["top-1-accuracy"] for row in table] == ["70.1"]
    # A table's record stands whole, as its page shows it to everybody, and the dump says so.
    record = SourceRecord.objects.get()
    assert [row["raw"]["nested"] for row in read_rows(folder, "records")] == [record.raw["nested"]]
    assert not record.claims.accepted().exists()
    said = json.loads((folder / "manifest.json").read_text())
    assert "also with numbers that were rejected, or that nobody has reviewed" in said["members"]["records"]["what"]
    # The archive has them all.
    archived = list(read_packed(folder / "restore" / "claim.jsonl.gz"))
    assert len(archived) == Claim.objects.count()


def test_board_is_told_as_readers_see_it(tmp_path: Path) -> None:
    board = make_everything()
    folder = dumps.dump_site(tmp_path / "dump")
    text = (folder / "boards" / f"{board.slug}.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    read = boards.read_board(board, QueryDict(), page_size=None, opened="")
    ranked = [(int(row["rank"]), row["row"]) for row in rows if row["rank"]]
    assert ranked == [(row.rank, row.public_id) for row in read.rows]
    quoted = [row for row in rows if not row["rank"]]
    assert [(row["model"], row["role"]) for row in quoted] == [("Quoted", "baseline")]
    hostile = next(row for row in rows if "HYPERLINK" in row["model"])
    assert (hostile["model"], hostile["variant"], hostile["paper_title"]) == (f"'{HOSTILE}", "'-1", f"'{HOSTILE}")
    assert (hostile["top-1-accuracy"], hostile["top-1-accuracy stated"]) == ("70.1", "70.10%")
    assert (hostile["parameters"], hostile["parameters stated"]) == ("21000000", "21M")
    assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_large_board_is_told_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = make.make_benchmark()
    make.make_crowd(board, [(f"Crowd{number}", 50 + number / 10, 1e6 * (number + 1)) for number in range(25)])
    make.settle(board)
    whole = dumps.dump_site(tmp_path / "whole") / "boards" / f"{board.slug}.csv"
    monkeypatch.setattr("claims.dumps.board_files.ROWS_AT_ONCE", 10)
    monkeypatch.setattr(public, "ROWS_AT_ONCE", 10)
    parts = dumps.dump_site(tmp_path / "parts")
    assert len(whole.read_text().splitlines()) == 26
    assert (parts / "boards" / whole.name).read_bytes() == whole.read_bytes()
    for name in ("rows.jsonl.gz", "costs.jsonl.gz"):
        assert (parts / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_long_rows_are_held_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        make.make_paper(f"Long {number}", abstract="long " * 1000)
    monkeypatch.setattr(public, "BYTES_AT_ONCE", 10_000)
    told = next(told for told in public.FILES if told.name == "papers")
    assert [len(rows) for rows in told.read()] == [2, 2, 1]


def test_columns_have_types_and_the_rows_of_the_lines(tmp_path: Path) -> None:
    make_everything()
    folder = dumps.dump_site(tmp_path / "dump")
    for name, members in (("claims", {"board": pa.string()}), ("costs", {"rows": pa.list_(pa.string())})):
        table = parquet.read_table(folder / f"{name}.parquet")
        types = {field.name: field.type for field in table.schema}
        expected = {"value": pa.float64(), "decimals": pa.int32(), "date": pa.date32(), "rules": pa.list_(pa.string())}
        assert {key: types[key] for key in expected | members} == expected | members
        assert table.schema.field("value").metadata == {b"description": b"the number as stated, in `unit`"}
        lines = read_rows(folder, name)
        assert table.num_rows == len(lines) > 1
        assert json.loads(json.dumps(table.to_pylist(), default=str)) == lines


def test_numbers_lead_to_their_words_and_rows(tmp_path: Path) -> None:
    make_everything()
    folder = dumps.dump_site(tmp_path / "dump")
    papers = {row["id"]: row for row in read_rows(folder, "papers")}
    rows = {row["id"]: row for row in read_rows(folder, "rows")}
    claims = {row["id"]: row for row in read_rows(folder, "claims")}
    costs = {row["id"]: row for row in read_rows(folder, "costs")}
    metrics = {row["slug"]: row for row in read_rows(folder, "metrics")}
    stated = [claim for claim in claims.values() if claim["paper"]]
    assert len(stated) > 4
    for claim in stated:
        part = papers[claim["paper"]][claim["field"]]
        assert part[claim["evidence_start"] : claim["evidence_end"]] == claim["evidence"]
        assert part[claim["number_start"] : claim["number_end"]] == claim["stated"]
        assert claim["direction"] == metrics[claim["metric"]]["direction"] == "higher"
        assert claim["canonical_unit"] == "%"
    for row in rows.values():
        assert all(claims[shown["claim"]]["row"] == row["id"] for shown in row["values"])
        assert all(row["id"] in costs[cost]["rows"] for cost in row["costs"])
    tabled = next(claim for claim in claims.values() if claim["record"])
    assert (tabled["evidence"], tabled["paper"], tabled["column"]) == (None, None, "value")
    (record,) = [row for row in read_rows(folder, "records") if row["record"] == tabled["record"] and row["table"] == tabled["table"]]
    assert record["raw"]["n"] == 123456789012345678901234567890


def test_tables_are_read_as_such(tmp_path: Path) -> None:
    make_everything()
    folder = dumps.dump_site(tmp_path / "dump")
    found = json.loads(gzip.decompress((folder / "evaluation-tables.json.gz").read_bytes()))
    assert [(task["task"], [dataset["dataset"] for dataset in task["datasets"]], task["subtasks"]) for task in found] == [
        ("Image Classification", ["ImageNet-1K"], []),
        ("Image Generation", ["ImageNet 64x64"], []),
    ]
    sota = found[0]["datasets"][0]["sota"]
    assert sota["metrics_direction"] == {"Top-1 accuracy": "higher"}
    assert set(sota["metrics"]) >= {"Top-1 accuracy", "Number of params"}
    assert {"model_name", "paper_title", "paper_url", "paper_date", "metrics", "code_links"} <= sota["rows"][0].keys()


def test_query_count_hangs_on_boards_and_not_on_rows(tmp_path: Path) -> None:
    board = make.make_board(2)
    counted = []
    for rows in (0, 20):
        for _ in range(rows):
            paper = make.make_paper(abstract="We have 61.0% with 5M parameters.")
            result = make.make_result(board, paper, "Another")
            make.make_claim("61.0%", result=result, paper=paper, settled=False)
            make.make_cost("5M", paper=paper, result=result, value=5e6)
        make.settle(board)
        with CaptureQueriesContext(connection) as queries:
            dumps.dump_site(tmp_path / str(rows))
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert len(read_rows(tmp_path / "20", "rows")) == 22 == Result.objects.count() == Cost.objects.count()
