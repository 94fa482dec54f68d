"""Whole installations for tests, each in a folder of its own: on SQLite with a broker of files, or on PostgreSQL and Redis."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql
from redis import Redis

from tests import migrated

ROOT = Path(__file__).resolve().parents[1]
CHUNKS = 24
CHUNK_SIZE = 6
DONE = "claims_listingchunk WHERE state = 'done'"
USER, PASSWORD = "ada", "secret"
POSTGRESQL = os.environ.get("TEST_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/claimboard"
"""Only the server is taken of it: databases are made, and removed, beside the one that it names."""

OTHERS = ["admin", "rest_framework", "drf_spectacular_sidecar"]
"""The folders of static files that other packages bring, and that no page for readers loads but the reference of the API."""

_collected: list[Path] = []
"""Where static files were collected already; pytest keeps a test's folder as long as it runs."""


def write_listing(path: Path, *, entries: int = CHUNKS * CHUNK_SIZE, of: int = 0) -> Path:
    """Write a listing of 24 chunks; some papers stand in it twice, in other chunks and with another text.

    Fewer share a number than stand for all that share a place in the queue: which ones do is up to the order in which they were read.
    Listings `of` another number (up to 27) have papers of their own beside those that they share with the others, of other days.
    """
    texts = []
    for number in range(entries):
        which = number if number % 7 else (number * 5) % 40
        own, later = (f" of Kind {of}", of) if of and number % 3 else ("", 0)
        more = f"A later count gave {60 + (which + of) % 30}.{number % 10}% on CIFAR-10. " if number % 21 == 0 else ""
        texts.append(
            f"Net{which}: A Small Study of Layer Order {which}{own}\n\n"
            f"We study the order of layers{own}. Net{which} reaches {70 + which % 20}.{which % 10}{which // 20 % 10}% top-1 accuracy on ImageNet with "
            f"{5 + which % 50}M parameters, while Net{(which * 3) % 90} has {65 + which % 9}.5% top-1 accuracy. {more}"
            f"It is {1 + which % 4}.5x faster, and scores {40 + which % 15}.{which // 15 % 100:02} mAP on COCO with {1 + which % 9}.2G FLOPs.\n\n"
            f"  • {1 + which % 9} authors\n·\nMar {1 + (which + later) % 28}, {2019 + which % 5}\n"
        )
    path.write_text("new\n\nDaily Papers\n\nMar 30\n\n" + "\n".join(texts), encoding="utf-8")
    return path


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def _storing(listings: Iterable[Path]) -> str:
    """Return the code that stores listings as the upload page does."""
    return (
        "from claims import tasks; from claims.services import storage\n"
        f"for name, path in {[(path.name, str(path)) for path in listings]}:\n"
        "    tasks.announce(storage.store_upload(open(path, 'rb'), name=name, actor='test')[0])"
    )


@dataclass
class Site:
    """An installation: its folder, and what its processes find in their environment."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
        return kept | {
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "leaderboard.settings.base",
            "CHUNK_SIZE": str(CHUNK_SIZE),
            "CHUNK_LEASE_SECONDS": "2",
            "SWEEP_INTERVAL_SECONDS": "0.5",
            "HINT_SECONDS": "2",
            "LOG_LEVEL": "WARNING",
            # Each worker would look through all settings, models and addresses first; `make check` does that once.
            "CELERY_SKIP_CHECKS": "true",
            **self.variables,
        }

    def run(self, *command: str) -> str:
        ran = subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{command}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
        return ran.stdout

    def make_tables(self) -> None:
        """Begin with a copy of a migrated database: each command would make its tables first, which takes longer than most of them."""
        migrated.copy_to(self.folder / "claimboard.sqlite3")

    def prepare(self, *listings: Path) -> None:
        """Make the database and a user, and store listings."""
        if "DATABASE_URL" not in self.variables:
            self.make_tables()
        self.run(
            "manage.py",
            "shell",
            "-c",
            "from django.core.management import call_command; from django.contrib.auth.models import User\n"
            "call_command('migrate', verbosity=0); call_command('load_catalogue')\n"
            f"User.objects.create_superuser({USER!r}, password={PASSWORD!r})\n" + _storing(listings),
        )

    def store(self, *listings: Path) -> None:
        self.run("manage.py", "shell", "-c", _storing(listings))

    def collect_static_files(self) -> None:
        """Collect only our own files: to compress those of other packages takes longer than all else. All sites have the same."""
        folder = Path(self.variables.get("STATIC_ROOT") or self.folder / "static")
        if _collected:
            shutil.copytree(_collected[0], folder, dirs_exist_ok=True)
            return
        self.run("manage.py", "collectstatic", "--no-input", "-v0", *(part for name in OTHERS for part in ("-i", name)))
        _collected.append(folder)

    def start(self, name: str, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a process that leads a group of its own and writes into `name`.log."""
        with self.log(name).open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment | variables, stdout=log, stderr=log, start_new_session=True)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def start_worker(self, name: str = "worker", *, processes: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker, with a schedule of its own: whichever is left looks for what the others lost."""
        command = [sys.executable, "-m", "celery", "-A", "leaderboard", "worker", "-c", str(processes), "-l", "warning", "-n", f"{name}@%h"]
        command += ["-B", "-s", str(self.folder / f"schedule-{name}")]
        return self.start(name, *command, "--without-gossip", "--without-mingle", "--without-heartbeat")

    @contextlib.contextmanager
    def web_server(self) -> Iterator[Visitor]:
        """Run the web server, and yield somebody who has signed in."""
        self.collect_static_files()
        port = find_free_port()
        command = [sys.executable, "-m", "gunicorn", "leaderboard.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
        server = self.start("web", *command, "--no-control-socket")
        try:
            wait_for_answer(port, server, self.log("web"))
            yield Visitor(port)
        finally:
            kill_group(server)

    @contextlib.contextmanager
    def workers(self, *names: str, processes: int = 1) -> Iterator[list[subprocess.Popen[bytes]]]:
        started = [self.start_worker(name, processes=processes) for name in names]
        try:
            yield started
        finally:
            for process in started:
                kill_group(process)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "claimboard.sqlite3", timeout=10)) as database:
            return database.execute(query).fetchall()

    def count(self, query: str) -> int:
        return int(str(self.ask(f"SELECT count(*) FROM {query}")[0][0]))

    def chunks_done(self) -> int:
        return self.count(DONE)

    @contextlib.contextmanager
    def watch(self) -> Iterator[Callable[[str], int]]:
        """Yield what counts as `count` does, and may be asked often: a connection that is opened reads the schema first."""
        with contextlib.closing(sqlite3.connect(self.folder / "claimboard.sqlite3", timeout=10)) as database:
            yield lambda query: int(database.execute(f"SELECT count(*) FROM {query}").fetchone()[0])

    def wait_for_chunks(self, number: int, processes: Iterable[subprocess.Popen[bytes]], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        with self.watch() as count:
            while count(DONE) < number:
                self._check(processes, end)
                time.sleep(0.002)

    def wait_until_closed(self, processes: Iterable[subprocess.Popen[bytes]], seconds: float = 90) -> None:
        """Wait until all listings are done; a process that ends meanwhile, or a listing that fails, is an error."""
        end = time.monotonic() + seconds
        while self.count("claims_listing WHERE state <> 'done'"):
            self._check(processes, end)
            assert not (failed := self.ask("SELECT name, error FROM claims_listing WHERE state = 'failed'")), failed
            time.sleep(0.05)

    def _check(self, processes: Iterable[subprocess.Popen[bytes]], end: float) -> None:
        if any(process.poll() is not None for process in processes) or time.monotonic() > end:
            logs = "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in sorted(self.folder.glob("*.log")))
            raise AssertionError(f"{self.chunks_done()} chunks done; {self.ask('SELECT name, state FROM claims_listing')}\n{logs}")

    def copy(self, folder: Path) -> Site:
        """Return a second site that holds the same. No process of the first may run."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Site(folder, self.variables)

    def dump(self) -> list[str]:
        return self.run("tests/database_dump.py").splitlines()


@dataclass
class ScaledOutSite(Site):
    """An installation on PostgreSQL and Redis."""

    def __post_init__(self) -> None:
        self._database: psycopg.Connection[tuple[object, ...]] | None = None

    @property
    def database_url(self) -> str:
        return self.variables["DATABASE_URL"]

    def ask(self, query: str) -> list[tuple[object, ...]]:
        if self._database is None:
            self._database = psycopg.connect(self.database_url, autocommit=True)
        return self._database.execute(query.encode()).fetchall()

    @contextlib.contextmanager
    def watch(self) -> Iterator[Callable[[str], int]]:
        yield self.count

    def hang_up(self) -> int:
        """End all other connections to the database, as its restart would; return how many there were."""
        return len(
            self.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    def copy(self, folder: Path) -> ScaledOutSite:
        if self._database is not None:
            self._database.close()
            self._database = None
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return ScaledOutSite(folder, self.variables | {"DATABASE_URL": create_database(like=self.database_url)})

    def remove(self) -> None:
        if self._database is not None:
            self._database.close()
        drop_database(self.database_url)


def _server() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(POSTGRESQL, dbname="postgres", autocommit=True)


def create_database(*, like: str = "") -> str:
    """Make a database, a copy of the one `like` names if given, and return its URL."""
    name = f"claimboard_site_{os.getpid()}_{time.monotonic_ns()}"
    template = sql.Identifier(urlsplit(like).path[1:] if like else "template1")
    with _server() as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    return urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()


def drop_database(url: str) -> None:
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(urlsplit(url).path[1:])))


class Visitor:
    """Somebody who is signed in. Several threads may use it at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        token = self._read_token("/login/")
        status, _, _ = self._ask("POST", "/login/", f"csrfmiddlewaretoken={token}&username={USER}&password={PASSWORD}".encode())
        assert status == 302
        self.token = self._read_token("/listings/upload/")

    def upload(self, path: Path) -> str:
        """Upload a listing and return the address of its page."""
        boundary = uuid.uuid4().hex
        form = f'--{boundary}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{self.token}\r\n'
        form += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\nContent-Type: text/plain\r\n\r\n'
        body = form.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        status, headers, page = self._ask("POST", "/listings/upload/", body, f"multipart/form-data; boundary={boundary}")
        assert status == 302, (status, page)
        return headers["location"]

    def _read_token(self, path: str) -> str:
        status, _, page = self._ask("GET", path)
        assert status == 200, page
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        return token[1]

    def _ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/x-www-form-urlencoded"
    ) -> tuple[int, dict[str, str], str]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as server:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            server.request(method, path, body, {"Cookie": cookies, "Content-Type": kind})
            response = server.getresponse()
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies = self.cookies | {key: rest.partition(";")[0]}
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()


def wait_for_answer(port: int, server: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Wait until the site says that it is well."""
    end = time.monotonic() + seconds
    while True:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(0.1)


class RedisServer:
    """A Redis of a test's own: it may be flushed and killed."""

    def __init__(self, folder: Path, *, password: str = "") -> None:
        self.folder, self.password, self.port = folder, password, find_free_port()
        self.start()

    def url(self, database: int = 0) -> str:
        return f"redis://{':' + quote(self.password, safe='') + '@' if self.password else ''}127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        command = [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(
            command + (["--requirepass", self.password] if self.password else []),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(Exception):
                self.client().ping()
                return
            assert time.monotonic() < end
            time.sleep(0.02)

    def client(self, database: int = 0) -> Redis:
        return Redis(host="127.0.0.1", port=self.port, password=self.password or None, db=database)

    def flush(self) -> None:
        self.client().flushall()

    def kill(self) -> None:
        kill_group(self.process)
