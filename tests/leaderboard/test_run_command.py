"""`manage.py run`, started for real: web server, worker and broker of files, in a data folder of its own."""

from __future__ import annotations

import http.client
import os
import queue
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from leaderboard import operation
from leaderboard.operation import CannotStartError

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parents[2]
# What the tests' own settings leave in the environment is not the user's.
NOT_INHERITED = ("DATABASE_URL", "CELERY_BROKER_URL", "SITE_URL", "SECRET_KEY", "HOST", "PORT", "LOG_LEVEL")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A site in a process of its own, and what it prints."""

    def __init__(self, data_dir: Path, port: int, *arguments: str) -> None:
        self.mark = f"RUN_TEST={os.getpid()}-{time.monotonic_ns()}"
        name, _, value = self.mark.partition("=")
        environment = {key: text for key, text in os.environ.items() if key not in NOT_INHERITED}
        environment |= {"DJANGO_SETTINGS_MODULE": "leaderboard.settings.base", "DATA_DIR": str(data_dir), name: value}
        self.port = port
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "run", "--port", str(port), *arguments],
            cwd=data_dir.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str, seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line like {pattern!r} in {seconds} s:\n{self.output}") from None
            assert line is not None, f"ended without a line like {pattern!r}:\n{self.output}"
            self.lines.append(line)
            if re.search(pattern, line):
                return line

    def wait_for_end(self, seconds: float = 30) -> int:
        code = self.process.wait(seconds)
        while (line := self._queue.get(timeout=10)) is not None:
            self.lines.append(line)
        return code

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def get(self, path: str) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def find_processes(self) -> dict[int, str]:
        """Return the command lines of all that this site started and that is alive, by process id."""
        found = {}
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and self.mark.encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                # Gone meanwhile, or somebody else's.
                continue
        return found

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def sites() -> Iterator[list[Site]]:
    started: list[Site] = []
    yield started
    for site in started:
        site.kill()


def _read_listings(data_dir: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(data_dir / "claimboard.sqlite3")) as database:
        return database.execute("SELECT name, state FROM claims_listing ORDER BY id").fetchall()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_run_reads_the_sample_survives_a_dead_worker_and_leaves_nothing_behind(data_dir: Path, sites: list[Site]) -> None:
    first = Site(data_dir, _free_port(), "no-such-listing.txt")
    sites.append(first)
    first.wait_for(rf"^Claimboard is at http://localhost:{first.port} ")
    first.wait_for(r"^no-such-listing\.txt was not loaded: No such file or directory\.$")
    first.wait_for(r"^daily-papers-sample\.txt: done, 48 papers$")
    assert _read_listings(data_dir) == [("daily-papers-sample.txt", "done")]
    assert first.get("/healthz") == (200, "ok")
    status, page = first.get("/")
    assert status == 200
    # The folder of static files is the one that was collected: its names carry hashes, and they are served.
    stylesheet = re.search(r'"(/static/css/[^"]+\.[0-9a-f]{12}\.css)"', page)
    assert stylesheet is not None
    assert first.get(stylesheet[1])[0] == 200

    password = re.search(r"user admin with the password (\S+)", first.output)
    assert password is not None
    kept = data_dir / "admin-password"
    assert kept.read_text().strip() == password[1]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    neighbour = Site(data_dir, _free_port())
    sites.append(neighbour)
    assert neighbour.wait_for_end() == 1
    assert f"A site is running with its data in {data_dir}." in neighbour.output

    worker = min(pid for pid, command in first.find_processes().items() if "celery" in command)
    os.kill(worker, signal.SIGKILL)
    first.wait_for(r"^The worker ended by itself \(SIGKILL\) and is started again\.$")
    assert first.get("/healthz")[0] == 200

    first.process.send_signal(signal.SIGTERM)
    assert first.wait_for_end() == 0
    assert first.find_processes() == {}

    began = time.monotonic()
    second = Site(data_dir, first.port)
    sites.append(second)
    second.wait_for(r"^daily-papers-sample\.txt: done, 48 papers$")
    assert time.monotonic() - began < 20
    assert "Collecting" not in second.output
    assert str(kept) in second.output
    assert password[1] not in second.output
    assert "with the password" not in second.output
    assert _read_listings(data_dir) == [("daily-papers-sample.txt", "done")]
    second.process.send_signal(signal.SIGINT)
    assert second.wait_for_end() == 0
    assert second.find_processes() == {}
    assert kept.read_text().strip() == password[1]


def test_run_names_another_port_when_its_own_is_taken(data_dir: Path, sites: list[Site]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        site = Site(data_dir, port)
        sites.append(site)
        assert site.wait_for_end() == 1
    assert re.search(rf"Port {port} is taken; choose another: PORT=\d+ make run$", site.output)
    assert "Traceback" not in site.output
    assert (data_dir / "claimboard.sqlite3").stat().st_size == 0, "nothing was prepared"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eight", "٨٠"])
def test_check_port_says_what_a_port_is(port: str) -> None:
    with pytest.raises(CannotStartError, match="a number from 1 to 65535"):
        operation.check_port("127.0.0.1", port)


def test_check_port_says_which_address_it_cannot_listen_on() -> None:
    with pytest.raises(CannotStartError, match=r"can't listen on 192\.0\.2\.1"):
        operation.check_port("192.0.2.1", str(_free_port()))
