"""The page of dumps, and their files at addresses that stay."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from claims import dumps
from tests import factories as make
from tests.dumps import HOSTILE, make_everything
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def dumps_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "dumps"


def read(response: Any) -> bytes:
    content: bytes = response.getvalue()
    return content


def test_page_without_a_dump_says_when_one_comes(client: Client, settings: Settings) -> None:
    page = client.get("/dumps/")
    assert "No dump yet The first comes by itself on" in text_of(page)
    assert "02:17 UTC" in text_of(page)
    settings.DUMP_HOUR = None
    assert "Who runs this site can make one:" in text_of(client.get("/dumps/"))
    assert client.get("/dumps/latest/manifest.json").status_code == 404
    assert '<a href="/dumps/">Dumps</a>' in client.get("/").content.decode()
    assert '<a href="/dumps/">dumps</a>' in client.get("/about/method/").content.decode()


def test_page_lists_what_is_kept(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"
    board = make_everything()
    older, newest = dumps.dump_site(), dumps.dump_site()
    response = client.get("/dumps/")
    page, words = response.content.decode(), text_of(response)
    manifest = json.loads((newest / "manifest.json").read_text())
    for file in manifest["files"]:
        if not file["name"].startswith("boards/"):
            assert f'<a href="/dumps/{newest.name}/{file["name"]}">{file["name"]}</a>' in page
            assert file["sha256"] in words
    assert f"boards/{board.slug}.csv and 1 more" in words
    assert f"{manifest['counts']['claims']}\xa0claims" in words.replace("&nbsp;", "\xa0")
    assert f'<a href="/dumps/{older.name}/manifest.json">' in page
    assert f"curl -O https://boards.example.org/dumps/{newest.name}/claims.parquet" in words
    assert HOSTILE not in page
    assert response["Cache-Control"] == "no-cache"
    assert count_queries(client, "/dumps/") == 1  # whether a text was withheld since
    assert "no claim, cost or row that was rejected or withdrawn, and not who" in words
    assert "Abstracts and records of tables stand whole" in words


def test_files_are_handed_out_with_their_hash(client: Client) -> None:
    make.make_board(2)
    folder = dumps.dump_site()
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        for dump in ("latest", folder.name):
            response = client.get(f"/dumps/{dump}/{file['name']}", HTTP_ACCEPT_ENCODING="gzip")
            assert hashlib.sha256(read(response)).hexdigest() == file["sha256"]
            assert (response["ETag"], response["Content-Length"]) == (f'"{file["sha256"]}"', str(file["size"]))
            assert response["Content-Disposition"] == f'attachment; filename="{file["name"].rpartition("/")[2]}"'
            assert response["Cache-Control"] == ("public, no-cache" if dump == "latest" else "public, max-age=86400")
            assert not response.has_header("Content-Encoding")
    address = "/dumps/latest/claims.parquet"
    response = client.get(address)
    assert response["Content-Type"] == "application/vnd.apache.parquet"
    read(response)
    for condition in ({"If-None-Match": response["ETag"]}, {"If-Modified-Since": response["Last-Modified"]}):
        unchanged = client.get(address, headers=condition)
        assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", response["ETag"])
    assert client.get(address, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    assert client.head(address)["Content-Length"] == response["Content-Length"]
    assert client.delete(address).status_code == 405
    # Pages of other sites may read them.
    said = client.get("/dumps/latest/manifest.json", headers={"Origin": "https://other.example"})
    assert said["Access-Control-Allow-Origin"] == "*"
    assert said["Content-Type"] == "application/json"
    assert said.json() == manifest
    assert client.get("/dumps/latest/manifest.json", HTTP_IF_NONE_MATCH=said["ETag"]).status_code == 304


@pytest.mark.parametrize(
    "address",
    [
        *("latest/none.csv", "latest/boards/none.csv", "latest/boards/", "latest/boards", "latest/", "none/manifest.json"),
        *("2020-01-01T000000Z/manifest.json", ".lock", ".part-1/manifest.json", "latest/../.lock", "latest/..%2F.lock"),
        *("latest/%2e%2e/.lock", "latest//etc/passwd", "latest/%2Fetc%2Fpasswd", "../beat-schedule", "latest/boards/..%2fmanifest.json"),
        *("latest/restore/manifest.json", "latest/restore/claim.jsonl.gz", "latest/restore%2Fclaim.jsonl.gz", "latest/extra.txt"),
    ],
)
def test_what_no_manifest_names_is_not_there(client: Client, dumps_dir: Path, address: str) -> None:
    make.make_board(1)
    folder = dumps.dump_site()
    (folder / "extra.txt").write_text("hidden words")
    shutil.copytree(folder, dumps_dir / ".part-1")
    response = client.get(f"/dumps/{address}")
    assert response.status_code == 404
    assert "hidden words" not in response.content.decode()


def test_archive_is_for_who_may_have_all(client: Client) -> None:
    make.make_board(1)
    folder = dumps.dump_site()
    said = json.loads((folder / "restore" / "manifest.json").read_text())
    client.force_login(make.make_user("curator", "change_claim", "change_cost", "manage_listing", is_staff=True))
    assert client.get("/dumps/latest/restore/claim.jsonl.gz").status_code == 404
    client.force_login(make.make_user("admin", is_superuser=True))
    response = client.get("/dumps/latest/restore/manifest.json")
    assert response.json() == said
    file = next(file for file in said["files"] if file["name"] == "claim.jsonl.gz")
    response = client.get("/dumps/latest/restore/claim.jsonl.gz")
    assert hashlib.sha256(read(response)).hexdigest() == file["sha256"]
    assert response["Cache-Control"] == "private, no-store"
    for name in ("../manifest.json", "claims.parquet", "..%2Fclaims.parquet", "none"):
        assert client.get(f"/dumps/latest/restore/{name}").status_code == 404


def test_dump_that_was_damaged_is_none(client: Client) -> None:
    make.make_board(1)
    older, newest = dumps.dump_site(), dumps.dump_site()
    (newest / "claims.parquet").unlink()
    assert client.get("/dumps/latest/claims.parquet").status_code == 404
    (newest / "manifest.json").write_text("{")
    assert client.get("/dumps/latest/manifest.json")["ETag"] == f'"{hashlib.sha256((older / "manifest.json").read_bytes()).hexdigest()}"'
    assert newest.name not in client.get("/dumps/").content.decode()
