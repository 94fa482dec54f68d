"""A site that is dumped and restored is the same site; what is no whole dump restores nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from claims import dumps
from claims.dumps import archive, lines, manifests, restoring
from claims.errors import DumpError
from claims.models import Area, Claim, Decision, Listing, Paper, SearchName
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.dumps import ADA, make_everything, read_site

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def everything(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> tuple[Path, dict[str, Any]]:
    """A dump of everything, and the site that it was made of; the database is empty again."""
    folder = tmp_path_factory.mktemp("everything") / "dump"
    with django_db_blocker.unblock(), transaction.atomic():
        make_everything()
        dumps.dump_site(folder)
        site = read_site()
        transaction.set_rollback(True)
    return folder, site


@pytest.fixture
def dumped(everything: tuple[Path, dict[str, Any]], tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A copy of the dump, to be damaged, and the site."""
    shutil.copytree(everything[0], tmp_path / "dump")
    return tmp_path / "dump", everything[1]


def test_every_table_has_its_place() -> None:
    """A new table is in no dump, and fails here, until somebody has decided whether it may be in one."""
    known = {model.__name__ for model in archive.TABLES}
    assert known | set(archive.LEFT_OUT) == {
        model.__name__ for model in apps.get_app_config("claims").get_models(include_auto_created=True)
    }
    assert not known & set(archive.LEFT_OUT)


def test_restored_site_is_equal(dumped: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, site = dumped
    assert all(rows for name, rows in site.items()), [name for name, rows in site.items() if not rows]
    told: dict[str, int] = {}
    restored = dumps.restore_site(folder, tell=told.__setitem__)
    again = read_site()
    assert again.keys() == site.keys()
    for name, rows in site.items():
        assert again[name] == rows, name
    assert told == restored.counts == {model.__name__.lower(): len(site[model.__name__]) for model in archive.TABLES}
    assert restored.names == SearchName.objects.count() > 0
    # No account came along; the name of who uploaded it did.
    assert not User.objects.exists()
    assert Listing.objects.get(name="papers.txt").actor == ADA
    # Nothing refers to what is not there, new rows get new ids, and what was only added to still is.
    connection.check_constraints()
    assert make.make_paper().pk > max(row["id"] for row in site["Paper"])
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Decision.objects.all().delete()


def test_dump_of_the_restored_site_is_the_same_file_by_file(dumped: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = dumped
    dumps.restore_site(folder)
    dumps.dump_site(tmp_path / "again")
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(tmp_path / "again")) for path in (tmp_path / "again").rglob("*") if path.is_file())
    differing = [name for name in names if (folder / name).read_bytes() != (tmp_path / "again" / name).read_bytes()]
    assert set(differing) <= {"manifest.json", "restore/manifest.json"}, "but for when it was made"


def test_archive_alone_will_do(dumped: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    shutil.move(dumped[0] / dumps.ARCHIVE, tmp_path / "moved")
    dumps.restore_site(tmp_path / "moved")
    assert Paper.objects.count() == len(dumped[1]["Paper"])
    with pytest.raises(DumpError, match="public files of a dump alone"):
        dumps.restore_site(dumped[0])


def test_shipped_catalogue_gives_way(dumped: tuple[Path, dict[str, Any]]) -> None:
    load_catalogue()
    assert Area.objects.count() > 1
    dumps.restore_site(dumped[0])
    assert read_site() == dumped[1]


@pytest.mark.parametrize("kept", ["a paper", "a model"])
def test_database_that_holds_anything_is_left_alone(dumped: tuple[Path, dict[str, Any]], kept: str) -> None:
    made: Any = (
        make.make_paper("Mine") if kept == "a paper" else make.make_result(make.make_benchmark(), make.make_paper(), "Mine").ml_model
    )
    with pytest.raises(DumpError, match=r"not empty: it holds \w+.*name another by DATABASE_URL"):
        dumps.restore_site(dumped[0])
    assert type(made).objects.filter(pk=made.pk).exists()
    assert not Claim.objects.exists()


# ---- what is no whole dump ----


def write_lines(folder: Path, name: str, *rows: bytes, **said: Any) -> None:
    """Put other lines into a file of an archive, and what is true of them into its manifest, but for what is `said`."""
    path = folder / dumps.ARCHIVE / name
    unpacked = b"".join(row + b"\n" for row in rows)
    path.write_bytes(gzip.compress(unpacked))
    change_manifest(folder, name, path, **{"rows": len(rows), "unpacked": len(unpacked)} | said)


def change_manifest(folder: Path, name: str, path: Path, **said: Any) -> None:
    manifest = json.loads((folder / dumps.ARCHIVE / "manifest.json").read_text())
    (entry,) = (file for file in manifest["files"] if file["name"] == name)
    entry |= {"size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} | said
    (folder / dumps.ARCHIVE / "manifest.json").write_text(json.dumps(manifest))


def read_row(folder: Path, name: str) -> dict[str, Any]:
    with gzip.open(folder / dumps.ARCHIVE / name) as file:
        row: dict[str, Any] = json.loads(file.readline())
    return row


def refuse(folder: Path, message: str) -> None:
    with pytest.raises(DumpError, match=message):
        dumps.restore_site(folder)
    assert not any(model._base_manager.exists() for model in archive.TABLES)


def test_damage_is_seen_before_anything_is_written(dumped: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dumped[0]
    path = folder / dumps.ARCHIVE / "claim.jsonl.gz"
    whole = path.read_bytes()
    monkeypatch.setattr(restoring, "_fill", lambda *_: pytest.fail("it was begun"))
    path.write_bytes(whole[:-1])
    refuse(folder, "claim.jsonl.gz has .* bytes, and .* by the manifest: it is cut off")
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refuse(folder, "claim.jsonl.gz is not what the manifest names: its SHA-256 is")
    path.unlink()
    refuse(folder, "claim.jsonl.gz can't be read: No such file")
    path.symlink_to(folder / "claims.jsonl.gz")
    refuse(folder, "claim.jsonl.gz can't be read")
    path.unlink()
    os.mkfifo(path)
    refuse(folder, "claim.jsonl.gz is no file")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said | {"tables": "0001_initial"}, "tables of '0001_initial' .* Restore it with that release"),
        (lambda said: said | {"layout": 99}, "of layout 99, and this release reads layout 1"),
        (lambda said: said | {"files": said["files"][1:]}, "lacks area.jsonl.gz"),
        (lambda said: said | {"files": [*said["files"], said["files"][0]]}, "names area.jsonl.gz twice"),
        (lambda said: said | {"files": [*said["files"], {"name": "user.jsonl.gz", "sha256": "0" * 64, "size": 1}]}, "no table that this release knows"),
        (lambda said: said | {"files": [{"name": "../../etc/passwd", "sha256": "0" * 64}]}, "no name of a file of a dump"),
        (lambda said: said | {"files": [{"name": "/etc/passwd", "sha256": "0" * 64}]}, "no name of a file of a dump"),
        (lambda said: said | {"files": [{"name": "a/../b", "sha256": "0" * 64}]}, "no name of a file of a dump"),
        (lambda said: said | {"files": [{"name": "a\nb", "sha256": "0" * 64}]}, "no name of a file of a dump"),
        (lambda said: said | {"files": [{"name": "area.jsonl.gz", "sha256": "x"}]}, "no SHA-256"),
        (lambda said: said | {"files": [{"name": "area.jsonl.gz", "sha256": "0" * 64, "size": -1}]}, "no size"),
        (lambda said: said | {"files": [{"name": "area.jsonl.gz", "sha256": "0" * 64, "size": "1"}]}, "no size"),
        (lambda said: said | {"files": [7]}, "a file that is none"),
        (lambda said: said | {"files": {}}, "lacks “created”, “counts” or “files”"),
        (lambda said: said | {"counts": {"claim": "many"}}, "can't be counted"),
        (lambda said: [said], "no manifest"),
    ],
)  # fmt: skip
def test_hostile_manifest_is_refused(dumped: tuple[Path, dict[str, Any]], change: Callable[[Any], Any], message: str) -> None:
    path = dumped[0] / dumps.ARCHIVE / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    refuse(dumped[0], message)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", "\u00ff"])
def test_what_is_no_manifest_is_refused(dumped: tuple[Path, dict[str, Any]], text: str) -> None:
    (dumped[0] / dumps.ARCHIVE / "manifest.json").write_bytes(text.encode("latin-1"))
    refuse(dumped[0], "manifest.json is no JSON")


def test_manifest_that_is_no_file_is_not_waited_for(dumped: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    path = dumped[0] / dumps.ARCHIVE / "manifest.json"
    monkeypatch.setattr(manifests, "LARGEST_MANIFEST", path.stat().st_size - 1)
    refuse(dumped[0], "manifest.json is too large to be one")
    path.unlink()
    path.symlink_to("/dev/zero")
    refuse(dumped[0], "holds no manifest.json that can be read")
    with pytest.raises(DumpError, match="zero is no file"):
        manifests.read_manifest(Path("/dev/zero"))
    path.unlink()
    os.mkfifo(path)
    refuse(dumped[0], "manifest.json is no file")


def test_what_is_no_dump_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "none", "is no folder")
    refuse(tmp_path, "holds no manifest.json")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("paper", {"title": None}, "line 1: its “title” can't be None: it is no text"),
        ("paper", {"title": 5}, "its “title” can't be 5"),
        ("paper", {"arxiv_id": "x" * 33}, "more than 32 characters"),
        ("paper", {"id": "1"}, "its “id” can't be '1': it is no whole number"),
        ("paper", {"id": True}, "it is no whole number"),
        ("paper", {"id": 1 << 63}, "out of range"),
        ("paper", {"version": -1}, "out of range"),
        ("paper", {"withdrawn": 0}, "not true or false"),
        ("paper", {"first_day": "2022-13-01"}, "first_day"),
        ("paper", {"created": "2022-01-01T00:00:00"}, "no time zone"),
        ("paper", {"created": "soon"}, "created"),
        ("paper", {"first_day": None}, "the database does not take them"),
        ("paper", {"merged_into_id": 999_999}, "the database does not take it"),
        ("paper", {"current_text_id": 999_999}, "the database does not take it"),
        ("paper", {"curated_fields": None}, "it is empty"),
        ("benchmark", {"slug": "../../../escaped/owned"}, "benchmark.jsonl.gz, line 1: its “slug” can't be .* it is no slug"),
        ("benchmark", {"slug": "/"}, "it is no slug"),
        ("task", {"slug": ""}, "it is no slug"),
        ("dataset", {"slug": "two\n"}, "it is no slug"),
        ("oldslug", {"public_id": "../../x"}, "it is no public id"),
        ("paper", {"public_id": "/"}, "it is no public id"),
        ("listing", {"sha256": "/etc/x"}, "listing.jsonl.gz, line 1: its “sha256” can't be '/etc/x': it is no SHA-256"),
        ("claim", {"value": "70"}, "it is no number"),
        ("claim", {"value": 1e31}, "the database does not take them"),
        ("claim", {"state": "certain"}, "the database does not take them"),
    ],
)
def test_row_that_can_t_be_one_restores_nothing(
    dumped: tuple[Path, dict[str, Any]], name: str, change: dict[str, Any], message: str
) -> None:
    file = f"{name}.jsonl.gz"
    write_lines(dumped[0], file, json.dumps(read_row(dumped[0], file) | change).encode())
    if connection.vendor == "sqlite" and "take it" in message:
        message = "has an invalid foreign key"
    refuse(dumped[0], message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "line 1: it is no JSON"),
        (b"\xff", "line 1: it is no JSON"),
        (b"[" * 100_000, "line 1: it is no JSON"),
        (b'{"id": NaN}', "line 1: it is no JSON"),
        (b"[]", "no object with the 4 columns of area"),
        (b'{"id": 1, "name": "x", "slug": "x"}', "no object with the 4 columns of area"),
        (b'{"id": 1, "name": "x", "slug": "x", "password": "x"}', "it has no “position”"),
        (b'{"id": 1, "name": "\\ud800", "slug": "x", "position": 1}', "name"),
    ],
)
def test_line_that_is_no_row_restores_nothing(dumped: tuple[Path, dict[str, Any]], line: bytes, message: str) -> None:
    write_lines(dumped[0], "area.jsonl.gz", line)
    refuse(dumped[0], message)


def test_bombs_are_let_off_early(dumped: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dumped[0]
    area = b'{"id": 1, "name": "x", "slug": "x", "position": 1}'
    write_lines(folder, "area.jsonl.gz", *[area] * 1000, rows=1)
    refuse(folder, "area.jsonl.gz holds more than the 1 rows in")
    write_lines(folder, "area.jsonl.gz", area + b" " * 100_000, unpacked=1000)
    refuse(folder, "area.jsonl.gz holds more than the 1 rows in 1,000 bytes")
    write_lines(folder, "area.jsonl.gz", area, rows=2)
    refuse(folder, "area.jsonl.gz holds 1 rows, and 2 by the manifest")
    monkeypatch.setattr(lines, "LONGEST_LINE", 5000)
    write_lines(folder, "area.jsonl.gz", area + b" " * 100_000)
    refuse(folder, "area.jsonl.gz, line 1: it is longer than")


def test_long_rows_are_held_few_at_a_time(dumped: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    # Beside those that tasks of the dump name.
    known = gzip.decompress((dumped[0] / dumps.ARCHIVE / "area.jsonl.gz").read_bytes()).splitlines()
    added = [b'{"id": %d, "name": "x%d", "slug": "x%d", "position": 1}' % (number, number, number) for number in range(10**6, 10**6 + 5)]
    rows = [row + b" " * 5000 for row in [*known, *added][:5]]
    assert len(known) <= 5
    write_lines(dumped[0], "area.jsonl.gz", *rows)
    held: list[int] = []
    inserter = restoring._inserter

    def insert(table: archive.Table) -> Callable[[list[list[Any]]], None]:
        add = inserter(table)

        def count(rows: list[list[Any]]) -> None:
            held.append(len(rows))
            add(rows)

        return count if table.model is Area else add

    for way in ("_inserter", "_copier"):
        monkeypatch.setattr(restoring, way, insert)
    monkeypatch.setattr(lines, "BYTES_AT_ONCE", 10_000)
    dumps.restore_site(dumped[0])
    assert held == [2, 2, 1]
    assert Area.objects.count() == 5


def test_what_is_no_gzip_is_refused(dumped: tuple[Path, dict[str, Any]]) -> None:
    folder = dumped[0]
    path = folder / dumps.ARCHIVE / "area.jsonl.gz"
    whole = path.read_bytes()
    for damaged in (b"no gzip", whole[:-9], whole[:12] + b"\xff\xff\xff" + whole[15:], whole[:-5] + b"\0" + whole[-4:]):
        path.write_bytes(damaged)
        change_manifest(folder, "area.jsonl.gz", path)
        refuse(folder, "area.jsonl.gz can't be unpacked")


def test_row_too_long_for_a_line_is_not_dumped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make.make_paper(abstract="long " * 2000)
    monkeypatch.setattr(lines, "LONGEST_LINE", 5000)
    with pytest.raises(DumpError, match=r"A row of papertext.jsonl.gz takes"):
        dumps.dump_site(tmp_path / "dump")
    assert not (tmp_path / "dump").exists()
    assert list(tmp_path.glob(".dump*")) == []
