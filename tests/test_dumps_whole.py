"""Dumps of whole installations: one moment while others write, killed in the middle, and moved from one database to the other."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import InternalError, connection, transaction

from claims import dumps
from claims.dumps.snapshots import hold_still
from claims.models import Area
from tests.dumps import read_packed, read_site
from tests.sites import Site

# Another connection writes at once, and waits for nobody.
WHILE_HELD = """
import sqlite3
from django.conf import settings
from django.db import OperationalError, connection
from claims.dumps.snapshots import hold_still
from claims.models import Area
from tests.dumps import make_everything
make_everything()
def write(name):
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=0)
    with other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO claims_area (name, slug, position) VALUES (?, ?, 9)", (name, name))
    other.close()
before = Area.objects.count()
with hold_still():
    write("first")
    assert Area.objects.count() == before
    write("second")
    assert Area.objects.count() == before
    try:
        Area.objects.create(name="mine", slug="mine")
    except OperationalError as error:
        assert "readonly" in str(error)
    else:
        raise AssertionError("it was written")
assert Area.objects.count() == before + 2
assert connection.transaction_mode == "IMMEDIATE"
Area.objects.filter(name__in=["first", "second"]).delete()
"""


@pytest.mark.embedded
def test_dump_holds_still_and_a_killed_one_leaves_nothing_whole(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.folder.mkdir()
    site.make_tables()
    site.run("manage.py", "shell", "-c", WHILE_HELD)
    folder = site.folder / "dumps"
    # A million slower, as on a large site: there is time to kill it.
    slowly = "from claims.dumps import archive, dump_site; import time; read = archive.Table.read_lines\n"
    slowly += "archive.Table.read_lines = lambda table: (time.sleep(0.1), read(table))[1]\ndump_site()"
    process = site.start("dump", sys.executable, "manage.py", "shell", "-c", slowly)
    end = time.monotonic() + 30
    while not list(folder.glob(".part-*/restore/*")):
        assert time.monotonic() < end, "no dump was begun"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == []
    said = site.run("manage.py", "dump").splitlines()
    assert [str(path) for path in folder.iterdir() if path.name != ".lock"] == [said[0]]
    assert "6 papers, 7 claims" in said[1]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_dump_holds_still_on_a_server() -> None:
    with hold_still():
        assert not Area.objects.exists()
        settings = connection.get_connection_params()
        with psycopg.connect(dbname=settings["dbname"], user=settings["user"], host=settings["host"], port=settings["port"]) as other:
            other.execute("INSERT INTO claims_area (name, slug, position) VALUES ('x', 'x', 9)")
        assert not Area.objects.exists()
        with pytest.raises(InternalError, match="read-only"), transaction.atomic():
            Area.objects.create(name="mine", slug="mine")
    assert Area.objects.get().name == "x"


@pytest.mark.postgresql
@pytest.mark.django_db
def test_site_moves_from_one_database_to_the_other_and_back(tmp_path: Path) -> None:
    site = Site(tmp_path / "sqlite")
    site.folder.mkdir()
    site.make_tables()
    code = "from pathlib import Path; from django.core.management import call_command; from tests.dumps import make_everything\n"
    code += f"make_everything(); call_command('dump', output=Path({str(tmp_path / 'a')!r}))"
    site.run("manage.py", "shell", "-c", code)
    dumps.restore_site(tmp_path / "a")
    assert len(read_site()) > 40
    dumps.dump_site(tmp_path / "b")
    back = Site(tmp_path / "back")
    back.folder.mkdir()
    back.run("manage.py", "restore", str(tmp_path / "b"))
    back.run("manage.py", "dump", "--output", str(tmp_path / "c"))
    for name in sorted(path.name for path in (tmp_path / "a" / "restore").glob("*.gz")):
        rows = [list(read_packed(tmp_path / dump / "restore" / name)) for dump in "abc"]
        assert rows[0] == rows[1] == rows[2], name
    # Boards, their files and what everybody is told are the same, too; members of records may stand in another order.
    for name in ("claims.parquet", "evaluation-tables.json.gz", "rows.jsonl.gz", *_boards(tmp_path / "a")):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes(), name


def _boards(folder: Path) -> list[str]:
    manifest = json.loads((folder / "manifest.json").read_text())
    return [file["name"] for file in manifest["files"] if file["name"].startswith("boards/")]
