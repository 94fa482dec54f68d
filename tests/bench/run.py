"""Measures how fast listings are read and boards are served; `make bench` runs it.

Figures are of the machine that it runs on. What is compared is measured in the same run and printed as a ratio: two workers against one,
a board against the same rows served by Datasette; the other parts are figures alone. Parts that need PostgreSQL or Redis are left out, and said so, where they are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import psycopg
import quality
from listings import write_listing
from servers import one_redis

ROOT = Path(__file__).resolve().parents[2]
SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/")
"""A PostgreSQL server on which databases may be made, without a database's name."""


FULL = 0.9
"""The share of the machine's time from which on its cores count as full: the rest goes by between two tasks."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclass
class Site:
    """An installation of its own: folder, database, broker."""

    folder: Path
    database: str = ""
    broker: str = ""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
        return kept | {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": self.broker,
            "DJANGO_SETTINGS_MODULE": "leaderboard.settings.base",
            "LOG_LEVEL": "WARNING",
        }

    def run(self, *command: str, core: int | None = None) -> str:
        pinned = ["taskset", "--cpu-list", str(core)] if core is not None and shutil.which("taskset") else []
        done = subprocess.run([*pinned, sys.executable, *command], cwd=ROOT, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)[:200]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout

    def shell(self, code: str, *, core: int | None = None) -> Any:
        """Run a piece of code inside the site; return what it prints as JSON in its last line."""
        return json.loads(self.run("manage.py", "shell", "--verbosity=0", "--command", code, core=core).strip().splitlines()[-1])

    def prepare(self) -> None:
        self.run("manage.py", "migrate", "--verbosity=0")
        self.run("manage.py", "load_catalogue")

    def start_workers(self, count: int) -> None:
        command = [sys.executable, "-m", "celery", "--app", "leaderboard", "worker", "--concurrency", "1", "--loglevel", "warning"]
        for number in range(count):
            log = (self.folder / f"worker-{number}.log").open("wb")
            arguments = [*command, "--hostname", f"bench-{number}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
            self.workers.append(subprocess.Popen(arguments, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True))

    def stop_workers(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(timeout=60)
        self.workers.clear()

    def upload(self, path: Path) -> int:
        """Store a listing and tell the workers; return its id."""
        code = (
            "import json; from claims import tasks; from claims.services import ingest, storage; "
            f"listing, _ = storage.store_upload(open({str(path)!r}, 'rb'), name='bench.txt', actor='bench'); "
            "tasks.announce(listing); print(json.dumps(listing.pk))"
        )
        listing: int = self.shell(code)
        return listing

    def read_by_workers(self, path: Path, *, watch: Callable[[], None] | None = None) -> float:
        """Have the workers read a listing; return the seconds from its first chunk until it is closed."""
        self.upload(path)
        code = (
            "import json, sys, time\n"
            "from claims.models import Listing\n"
            "listing = Listing.objects.latest('pk')\n"
            "begun = None\n"
            "while True:\n"
            "    listing.refresh_from_db()\n"
            "    if begun is None and listing.state != 'waiting': begun = time.monotonic()\n"
            "    if listing.state in ('done', 'failed'): break\n"
            "    time.sleep(0.02)\n"
            "print(json.dumps([listing.state, time.monotonic() - (begun or 0)]))"
        )
        waiting = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", code],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        while waiting.poll() is None:
            if watch is not None:
                watch()
            time.sleep(0.1)
        assert waiting.stdout is not None
        state, seconds = json.loads(waiting.stdout.read().strip().splitlines()[-1])
        if state != "done":
            raise SystemExit(f"the listing is {state}")
        return float(seconds)


@contextmanager
def site(*, database: str = "", broker: str = "") -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="claimboard-bench-") as folder:
        made = Site(Path(folder), database, broker)
        try:
            made.prepare()
            yield made
        finally:
            made.stop_workers()


@contextmanager
def postgresql_database() -> Iterator[str]:
    name = f"claimboard_bench_{os.getpid()}"
    with psycopg.connect(SERVER, dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield SERVER.rstrip("/") + "/" + name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def has_postgresql() -> bool:
    try:
        psycopg.connect(SERVER, dbname="postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


# -- ingest ----------------------------------------------------------------------------------------------------------------------

READ_HERE = """
import json, time
from claims.services import ingest, storage
listing, _ = storage.store_upload(open({path!r}, "rb"), name="bench.txt", actor="bench")
began, cpu = time.monotonic(), time.process_time()
listing = ingest.ingest_in_foreground(listing)
assert listing.state == "done", listing.error
print(json.dumps([time.monotonic() - began, time.process_time() - cpu]))
"""


def bench_ingest(papers: int) -> None:
    """Papers a second from a stored file to settled boards, in one process on one core, extraction included."""
    say(f"Reading a listing of {papers:,} papers, one process on one core")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listing.txt"
        write_listing(path, papers)
        databases = [("SQLite", "")]
        with postgresql_database() if has_postgresql() else _nothing() as url:
            databases += [("PostgreSQL", url)] if url else []
            for name, database in databases:
                with site(database=database) as made:
                    seconds, cpu = made.shell(READ_HERE.format(path=str(path)), core=0)
                    say(f"  {name:<11} {papers / seconds:7.0f} papers/s   ({cpu / seconds:.0%} of the time computing, the rest waiting)")
        if len(databases) == 1:
            say("  PostgreSQL  NOT MEASURED: no server answers (BENCH_DATABASE_URL)")
    say()


TIMM = ROOT.parent / "shared" / "imports" / "timm"
READ_TABLES = """
import json, time
from pathlib import Path
from claims.models import Claim, Cost
from claims.services import ingest, storage
began = time.monotonic()
for path in sorted(Path({folder!r}).glob("*.csv")):
    with path.open("rb") as file:
        ingest.ingest_in_foreground(storage.store_upload(file, name=path.name, actor="bench")[0])
print(json.dumps([Claim.objects.count(), Cost.objects.count(), time.monotonic() - began]))
"""


def bench_tables() -> None:
    """Seconds that the five files of timm take, from the files to joined rows on two boards."""
    say("Reading timm's five tables, one process on one core")
    if not TIMM.is_dir():
        say("  NOT MEASURED: the files are not beside the project (../shared/imports/timm)\n")
        return
    with postgresql_database() if has_postgresql() else _nothing() as url:
        for name, database in [("SQLite", ""), *([("PostgreSQL", url)] if url else [])]:
            with site(database=database) as made:
                claims, costs, seconds = made.shell(READ_TABLES.format(folder=str(TIMM)), core=0)
                say(f"  {name:<11} {seconds:7.1f} s   {claims:,} results and {costs:,} costs")
    say()


def bench_extraction(papers: int) -> None:
    """Abstracts a second of extraction alone, and the share of reading a listing that it is."""
    code = """
import json, time
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary
from claims.listings import registry
from claims.listings.base import ListedPaper
with open({path!r}, "rb") as stream:
    reader, survey = registry.survey(stream, chunk_size=10**9)
    listed = [found for mark in survey.chunks for found in reader.read(stream, survey, mark) if isinstance(found, ListedPaper)]
vocabulary = load_vocabulary()
began = time.monotonic()
for paper in listed:
    extract(paper.title, paper.abstract, vocabulary)
print(json.dumps([len(listed), time.monotonic() - began]))
"""
    say("Extraction alone, one core")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listing.txt"
        write_listing(path, papers)
        with site() as made:
            count, seconds = made.shell(code.format(path=str(path)), core=0)
    say(f"  {count / seconds:7.0f} abstracts/s\n")


def bench_workers(papers: int) -> None:
    """One worker against two on PostgreSQL with Redis; they share the machine's cores with the database."""
    say(f"Workers on PostgreSQL with Redis, a listing of {papers:,} papers, {os.cpu_count()} cores shared with the database")
    if not has_postgresql() or shutil.which("redis-server") is None:
        say("  NOT MEASURED: needs a PostgreSQL server (BENCH_DATABASE_URL) and the program redis-server\n")
        return
    rates: dict[int, float] = {}
    cores, busy = os.cpu_count() or 1, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path, warm = Path(folder) / "listing.txt", Path(folder) / "warm.txt"
        write_listing(path, papers)
        write_listing(warm, 400, seed=99)
        for count in (1, 2):
            with postgresql_database() as url, one_redis(Path(folder)) as broker, site(database=url, broker=broker) as made:
                made.start_workers(count)
                made.read_by_workers(warm)  # every worker has its vocabulary before the clock runs
                before = _cpu_of_machine()
                seconds = made.read_by_workers(path)
                rates[count] = papers / seconds
                busy = (_cpu_of_machine() - before) / seconds
                say(f"  {count} worker{'s' if count > 1 else ' '}   {rates[count]:7.0f} papers/s   ({busy:.1f} of {cores} cores busy)")
    say(f"  ratio       {rates[2] / rates[1]:7.2f}   {explain_limit(busy, cores)}\n")


def explain_limit(busy: float, cores: int) -> str:
    """Return what limits two workers, from how many of the machine's cores were busy meanwhile on average."""
    if busy >= FULL * cores:
        return "what limits it: the cores, which two workers and the database fill"
    idle = f"{cores - busy:.1f} of {cores} cores were idle"
    if busy >= FULL * 2:
        # Two workers may be computing all the time, or the database instead of them: the machine's cores don't tell.
        return f"what limits it: that there are two workers, or waiting; {idle}"
    return f"what limits it: waiting, for locks, disk or the broker; {idle}"


def _cpu_of_machine() -> float:
    """Return the seconds that all cores together have been busy."""
    fields = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")


def bench_memory(papers: int) -> None:
    """The most memory that a worker's processes hold while they read one large listing."""
    say(f"Memory of a worker that reads a listing of {papers:,} papers")
    with tempfile.TemporaryDirectory() as folder, site() as made:
        path = Path(folder) / "listing.txt"
        write_listing(path, papers)
        made.start_workers(1)
        peaks: dict[int, int] = {}

        def watch() -> None:
            for pid in _family(made.workers[0].pid):
                peaks[pid] = max(peaks.get(pid, 0), _peak_of(pid))

        seconds = made.read_by_workers(path, watch=watch)
        megabytes = sorted((peak / 1024 for peak in peaks.values()), reverse=True)
        say(
            f"  peak        {megabytes[0]:7.0f} MB in the process that reads; all of the worker's: {', '.join(f'{m:.0f}' for m in megabytes)} MB"
        )
        say(f"  speed       {papers / seconds:7.0f} papers/s on SQLite, file of {path.stat().st_size / 1e6:.0f} MB\n")


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [child for number in task.read_text().split() for child in _family(int(number))]
        except OSError:
            continue
    return found


def _peak_of(pid: int) -> int:
    """Return the most memory that a process has ever held, in kB; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


# -- boards ----------------------------------------------------------------------------------------------------------------------

SERVE_BOARD = """
import json, statistics, time
from django.db import connection
from django.test import Client
from leaderboard.wsgi import application  # as it is served: with what loading it sets up
from claims.models import Benchmark
client = Client(SERVER_NAME="localhost")
board = Benchmark.objects.order_by("-row_count").first()
path = board.get_absolute_url()
queries = []
def count(execute, sql, params, many, context):
    queries.append(sql)
    return execute(sql, params, many, context)
times = []
for turn in range({rounds} + 20):
    began = time.perf_counter()
    answer = client.get(path)
    taken = time.perf_counter() - began
    assert answer.status_code == 200, answer.status_code
    if turn >= 20:
        times.append(taken)
with connection.execute_wrapper(count):
    client.get(path)
times.sort()
shown = answer.content.count(b'id="row-')
print(json.dumps([board.row_count, shown, times[len(times) // 2], times[int(len(times) * 0.99)], len(queries), len(answer.content)]))
"""

SERVE_BY_DATASETTE = """
import asyncio, json, sqlite3, sys, time
from datasette.app import Datasette

async def main(path, rounds):
    datasette = Datasette([path], settings={"num_sql_threads": 1})
    times = []
    for turn in range(rounds + 20):
        began = time.perf_counter()
        answer = await datasette.client.get("/board/rows?_sort_desc=value&_size=50")
        taken = time.perf_counter() - began
        assert answer.status_code == 200, answer.text
        if turn >= 20:
            times.append(taken)
    times.sort()
    print(json.dumps([times[len(times) // 2], times[int(len(times) * 0.99)]]))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def bench_board(rows: int, rounds: int) -> None:
    """Server time of a board's first page, nothing cached, against Datasette with the same rows as one flat table."""
    say(f"The first 50 rows of a board of about {rows:,}, {rounds} requests one after the other, nothing cached, one core")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listing.txt"
        write_listing(path, rows, seed=7, on_one_board=True)
        databases = [("SQLite", "")]
        medians: list[float] = []
        with postgresql_database() if has_postgresql() else _nothing() as url:
            databases += [("PostgreSQL", url)] if url else []
            for name, database in databases:
                with site(database=database) as made:
                    made.run("manage.py", "collectstatic", "--no-input", "--verbosity=0")
                    made.shell(READ_HERE.format(path=str(path)))
                    if database:  # as its autovacuum does within a minute
                        with psycopg.connect(database, autocommit=True) as server:
                            server.execute("VACUUM ANALYZE")
                    count, shown, median, slowest, queries, size = made.shell(SERVE_BOARD.format(rounds=rounds), core=0)
                    medians.append(median)
                    say(
                        f"  {name:<11} p50 {median * 1000:5.1f} ms   p99 {slowest * 1000:5.1f} ms   "
                        f"{queries} queries, {shown} of {count:,} rows, {size / 1000:.0f} kB of HTML"
                    )
                    if not database:
                        flat = Path(folder) / "board.db"
                        _write_flat(made, flat)
        try:
            done = subprocess.run(
                ["taskset", "--cpu-list", "0", sys.executable, "-c", SERVE_BY_DATASETTE, str(flat), str(rounds)],
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            say(f"  Datasette   NOT MEASURED: {str(getattr(error, 'stderr', error)).strip().splitlines()[-1]}\n")
            return
        median, slowest = json.loads(done.stdout.strip().splitlines()[-1])
        say(
            f"  Datasette   p50 {median * 1000:5.1f} ms   p99 {slowest * 1000:5.1f} ms   its table page of the same rows, flat, without sentences"
        )
        say(f"  ratio       {median / medians[0]:7.2f} times as fast as Datasette\n")


def _write_flat(made: Site, path: Path) -> None:
    """Write a board's rows as one table: what Datasette would be given."""
    code = (
        "import json, sqlite3; from django.http import QueryDict; from claims.boards import read_board; "
        "from claims.models import Benchmark; "
        "board = read_board(Benchmark.objects.with_names().order_by('-row_count').first(), QueryDict(), page_size=None, opened=''); "
        f"table = sqlite3.connect({str(path)!r}); "
        "table.execute('create table rows (rank, model, variant, paper, value real, parameters real, flops real, date, state)'); "
        "table.executemany('insert into rows values (?,?,?,?,?,?,?,?,?)', [(row.rank, row.model, row.variant, row.paper_title, "
        "*(cell.rank_by if (cell := row.cells.get(board.primary.key)) else None for _ in '1'), "
        "*(cell.rank_by if (cell := row.costs.get(name)) else None for name in ('parameters', 'flops')), "
        "row.last_day and row.last_day.isoformat(), row.state.value) for row in board.rows]); "
        "table.commit(); print(json.dumps(len(board.rows)))"
    )
    made.shell(code)


def bench_quality(*, is_wanted: bool) -> None:
    """What the engine reads against the annotated papers. Where these are missing that is said, and is an error if it `is_wanted`."""
    try:
        quality.report(say)
    except quality.MaterialMissingError as error:
        say(f"Quality of extraction\n  NOT MEASURED: {error}\n")
        if is_wanted:
            raise SystemExit(1) from None


@contextmanager
def _nothing() -> Iterator[str]:
    yield ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts",
        nargs="*",
        choices=["ingest", "extraction", "tables", "workers", "memory", "board", "quality", []],
        help="what to measure; all if none is named",
    )
    parser.add_argument("--papers", type=int, default=3000, help="papers of the listing that is read for speed")
    parser.add_argument("--large", type=int, default=100_000, help="papers of the listing that is read for memory")
    parser.add_argument("--rows", type=int, default=1000, help="papers on the board")
    parser.add_argument("--rounds", type=int, default=200, help="requests of a board")
    wanted = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "extraction": lambda: bench_extraction(wanted.papers),
        "ingest": lambda: bench_ingest(wanted.papers),
        "tables": bench_tables,
        "workers": lambda: bench_workers(wanted.papers),
        "board": lambda: bench_board(wanted.rows, wanted.rounds),
        "memory": lambda: bench_memory(wanted.large),
        "quality": lambda: bench_quality(is_wanted=bool(wanted.parts)),
    }
    for name, measure in parts.items():
        if not wanted.parts or name in wanted.parts:
            measure()


if __name__ == "__main__":
    main()
