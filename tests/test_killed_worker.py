"""A worker that is killed at any moment loses nothing and doubles nothing. On the embedded default: SQLite, a broker of files."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parents[1]
CHUNKS = 24
CHUNK_SIZE = 6


def write_listing(path: Path) -> None:
    """Write a listing of 24 chunks; some papers stand in it twice, in other chunks and with another text."""
    entries = []
    for number in range(CHUNKS * CHUNK_SIZE):
        which = number if number % 7 else (number * 5) % 40
        more = f"A later count gave {60 + which % 30}.{number % 10}% on CIFAR-10. " if number % 21 == 0 else ""
        entries.append(
            f"Net{which}: A Small Study of Layer Order {which}\n\n"
            f"We study the order of layers. Net{which} reaches {70 + which % 20}.{which % 10}% top-1 accuracy on ImageNet with "
            f"{5 + which % 50}M parameters, while Net{(which * 3) % 90} has {65 + which % 9}.5% top-1 accuracy. {more}"
            f"It is {1 + which % 4}.5x faster, and scores {40 + which % 15}.1 mAP on COCO with {1 + which % 9}.2G FLOPs.\n\n"
            f"  • {1 + which % 9} authors\n·\nMar {1 + which % 28}, {2019 + which % 5}\n"
        )
    path.write_text("new\n\nDaily Papers\n\nMar 30\n\n" + "\n".join(entries), encoding="utf-8")


@dataclass
class Site:
    """An installation of its own, in a folder of its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
        return kept | {
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "leaderboard.settings.base",
            "CHUNK_SIZE": str(CHUNK_SIZE),
            "CHUNK_LEASE_SECONDS": "2",
            "SWEEP_INTERVAL_SECONDS": "0.5",
            "LOG_LEVEL": "WARNING",
        }

    def run(self, *command: str) -> str:
        return subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True).stdout

    def prepare(self, listing: Path) -> None:
        self.run("manage.py", "migrate", "-v0")
        self.run("manage.py", "load_catalogue")
        upload = (
            "from claims import tasks; from claims.services import ingest; "
            f"file = open({str(listing)!r}, 'rb'); "
            "tasks.announce(ingest.store_upload(file, name='orders.txt', actor='test')[0])"
        )
        self.run("manage.py", "shell", "-c", upload)

    def start_worker(self) -> subprocess.Popen[bytes]:
        command = ["-m", "celery", "-A", "leaderboard", "worker", "-B", "-c", "2", "-l", "warning"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    @contextlib.contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        process = self.start_worker()
        try:
            yield process
        finally:
            kill_group(process)

    def ask(self, query: str) -> int:
        with contextlib.closing(sqlite3.connect(self.folder / "claimboard.sqlite3", timeout=10)) as database:
            answer: int = database.execute(query).fetchone()[0]
        return answer

    def chunks_done(self) -> int:
        return self.ask("SELECT count(*) FROM claims_listingchunk WHERE state = 'done'")

    def wait_until_closed(self, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not self.ask("SELECT count(*) FROM claims_listing WHERE state = 'done'"):
            assert process.poll() is None, (self.folder / "worker.log").read_text()
            assert time.monotonic() < end, f"{self.chunks_done()} chunks done; " + (self.folder / "worker.log").read_text()[-4000:]
            time.sleep(0.1)

    def dump(self) -> list[str]:
        return self.run("tests/database_dump.py").splitlines()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("listing") / "orders.txt"
    write_listing(path)
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, listing: Path) -> list[str]:
    site = Site(tmp_path_factory.mktemp("undisturbed"))
    site.prepare(listing)
    with site.worker() as process:
        site.wait_until_closed(process)
    dump = site.dump()
    assert sum(line.startswith("claim ") for line in dump) > CHUNKS * CHUNK_SIZE
    return dump


@pytest.mark.parametrize("after", [1, 5, 10, 15, 20])
def test_killed_worker_leaves_the_same_database_as_an_undisturbed_one(
    after: int, tmp_path: Path, listing: Path, undisturbed: list[str]
) -> None:
    site = Site(tmp_path)
    site.prepare(listing)
    process = site.start_worker()
    try:
        end = time.monotonic() + 60
        while site.chunks_done() < after:
            assert process.poll() is None
            assert time.monotonic() < end, (site.folder / "worker.log").read_text()[-4000:]
            time.sleep(0.002)
    finally:
        kill_group(process)
    committed = site.chunks_done()
    assert after <= committed < CHUNKS, f"killed after chunk {committed} of {CHUNKS}: too late to prove anything"
    with site.worker() as process:
        site.wait_until_closed(process)
    assert site.dump() == undisturbed


def test_stopped_listing_is_not_written_any_more_and_reads_on_to_the_same_database(
    tmp_path: Path, listing: Path, undisturbed: list[str]
) -> None:
    """Stopped while two processes read: once the stop has answered, no part is written; read on, all are, and nothing twice."""

    def act(name: str) -> str:
        code = (
            "from claims import tasks; from claims.models import Listing; from claims.services import uploads; "
            f"listing = Listing.objects.get(); uploads.{name}(listing, actor='test', version=listing.version); "
            "print(listing.chunks.filter(state='done').count(), listing.entries.count())"
        )
        return site.run("manage.py", "shell", "-v0", "-c", code).strip()

    site = Site(tmp_path)
    site.prepare(listing)
    with site.worker() as process:
        end = time.monotonic() + 60
        while site.chunks_done() < 2:
            assert process.poll() is None
            assert time.monotonic() < end, (site.folder / "worker.log").read_text()[-4000:]
            time.sleep(0.002)
        answered = act("stop")
        done, entries = map(int, answered.split())
        assert 2 <= done < CHUNKS, f"stopped after part {done} of {CHUNKS}: too late to prove anything"
        assert entries == done * CHUNK_SIZE
        # Longer than a lease and several sweeps.
        for _ in range(30):
            time.sleep(0.1)
            assert (site.chunks_done(), site.ask("SELECT count(*) FROM claims_listingentry")) == (done, entries)
        act("read_on")
        site.wait_until_closed(process)
    kept = [line for line in site.dump() if not line.startswith(("changeset ", "decision "))]
    assert kept == undisturbed
