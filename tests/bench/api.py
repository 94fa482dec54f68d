"""Measures the API: `make bench-api` asks a running site and a running Datasette for the same rows of the same SQLite file.

One process serves each, on loopback: the site's is the one that `make run` starts, Datasette's is its own server. The client is a process
of its own with two connections that stay open. The rows are 100 of a board of 1,000 among 200,000 claims, with the titles of their
papers, filtered by parameters and sorted by a score; both answers are held against each other before anything is measured. Datasette
reads a view that joins the site's tables; it is measured once more on the same rows as one flat table with an index, which is the best
that could be made for it and nothing that the site has. No answer is cached by either; the rate of conditional requests is that of 304s
to a client that has the answer.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]

CLAIMS, BOARDS, PAPERS, MODELS = 200_000, 400, 20_000, 4_000
ROWS = 100
WANTED_RATIO, WANTED_CONDITIONAL = 3.0, 5.0
CONNECTIONS = 2
MOST_PARAMETERS = 9e8

VIEW = """
SELECT r.public_id AS id, b.slug AS board, r.model_name AS model, r.variant AS variant, r.role AS role, p.public_id AS paper_id,
       p.title AS paper, p.last_day AS day, c.public_id AS claim, c.stated AS stated, c.decimals AS decimals, c.qualifier AS qualifier,
       c.state AS state, c.confidence AS confidence, c.canonical_value AS score,
       k.public_id AS cost, k.stated AS cost_stated, k.canonical_value AS parameters
FROM claims_result r
JOIN claims_benchmark b ON b.id = r.benchmark_id
JOIN claims_resultvalue v ON v.result_id = r.id AND v.metric_id = b.primary_metric_id
JOIN claims_claim c ON c.id = v.claim_id
LEFT JOIN claims_paper p ON p.id = r.paper_id
LEFT JOIN claims_costlink l ON l.result_id = r.id AND l.tied
LEFT JOIN claims_cost k ON k.id = l.cost_id AND k.measure = 'parameters'
"""
SETUP = (
    "import sys, json; sys.path[:0] = [{bench!r}, {root!r}]; import boards; "
    "boards.CLAIMS, boards.BENCHMARKS, boards.PAPERS, boards.MODELS = {claims}, {count}, {papers}, {models}; "
)


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def serve(command: Sequence[str], port: int, environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a server until the block ends, from the moment on that it answers."""
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
        try:
            for _ in range(300):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if server.poll() is not None:
                    raise SystemExit(f"{command[2]} did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            server.wait(timeout=30)


def ask(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def rate(port: int, path: str, headers: dict[str, str], *, status: int, seconds: float) -> float:
    """Return how many requests a second are answered, over connections that stay open."""
    counts = [0] * CONNECTIONS
    begin, end = time.monotonic() + 1.0, time.monotonic() + 1.0 + seconds

    def keep_asking(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (now := time.monotonic()) < end:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != status:
                raise SystemExit(f"{path} was answered by {answer.status}")
            counts[place] += now >= begin  # what comes before warms up

    threads = [threading.Thread(target=keep_asking, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def write_view(database: Path, target: Path, slug: str) -> None:
    """Add the view to the site's own file, and write the rows of one board as a flat table with an index to another."""
    with sqlite3.connect(database) as connection:
        connection.execute(f"CREATE VIEW bench_rows AS {VIEW}")
    with sqlite3.connect(target) as flat:
        flat.execute("ATTACH ? AS site", (str(database),))
        flat.execute("CREATE TABLE bench_rows AS SELECT * FROM site.bench_rows WHERE board = ?", (slug,))
        flat.execute("CREATE INDEX by_score ON bench_rows (score)")
    connection.close()
    flat.close()


def count_queries(made: Any, slug: str) -> dict[str, int]:
    """Return how many queries a page of 10 rows and one of 1,000 take."""
    code = (
        "import json\n"
        "from django.db import connection\n"
        "from django.test import Client\n"
        "from django.test.utils import CaptureQueriesContext\n"
        "from claims.api import pagination\n"
        "pagination.MOST_ON_PAGE = 1000\n"
        "client, counts = Client(SERVER_NAME='localhost'), {}\n"
        "for size in (10, 1000):\n"
        "    with CaptureQueriesContext(connection) as queries:\n"
        f"        answer = client.get('/api/v1/boards/{slug}/?page_size=' + str(size))\n"
        "    assert len(answer.json()['rows']) == size, answer.content[:300]\n"
        "    counts[size] = len(queries)\n"
        "print(json.dumps(counts))"
    )
    counted: dict[str, int] = made.shell(code)
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="how long each is asked in a round")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is asked so long; the median counts")
    wanted = parser.parse_args()
    from tests.bench.run import site

    setup = SETUP.format(bench=str(Path(__file__).parent), root=str(ROOT), claims=CLAIMS, count=BOARDS, papers=PAPERS, models=MODELS)
    with site() as made, tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        made.run("manage.py", "collectstatic", "--no-input", "--verbosity=0")
        named = "from claims.models import Benchmark; print(json.dumps(Benchmark.objects.get(dataset__name='The first').slug))"
        slug = made.shell(f"{setup}boards.fill_large(); {named}")
        flat, database = Path(folder) / "flat.db", made.folder / "claimboard.sqlite3"
        write_view(database, flat, slug)
        say(f"{CLAIMS:,} claims on {BOARDS} boards in {time.monotonic() - began:.0f} s; {slug}")
        ours = f"/api/v1/boards/{slug}/?max_parameters={MOST_PARAMETERS:.0f}&sort=-top-1-accuracy&page_size={ROWS}"
        theirs = f"bench_rows.json?board={quote(slug)}&parameters__lte={MOST_PARAMETERS:.0f}&_sort_desc=score&_size={ROWS}&_shape=objects"
        environment = made.environment | {"API_RATE": "0"}
        with contextlib.ExitStack() as servers:
            asked: dict[str, tuple[int, str, dict[str, str], int]] = {}
            port = _free_port()
            started = f"import json; from leaderboard.operation import web_server; print(json.dumps(web_server('127.0.0.1', {port}, {{}}).command))"
            servers.enter_context(serve(made.shell(started), port, environment, Path(folder) / "site.log"))
            asked["site"] = (port, ours, {}, 200)
            status, headers, body = ask(port, ours)
            assert status == 200, body
            rows = json.loads(body)["rows"]
            asked["304"] = (port, ours, {"If-None-Match": headers["etag"]}, 304)
            for name, file in (("joined", database), ("flat", flat)):
                port = _free_port()
                command = [sys.executable, "-m", "datasette", "serve", str(file), "--port", str(port)]
                command += ["--setting", "max_returned_rows", "1000"]
                servers.enter_context(serve(command, port, dict(os.environ), Path(folder) / f"{name}.log"))
                path = f"/{file.stem}/{theirs}"
                status, _, body = ask(port, path)
                assert status == 200, body
                told = json.loads(body)["rows"]
                same = [row["id"] for row in told] == [row["id"] for row in rows]
                assert len(told) == len(rows) == ROWS
                assert {round(row["score"], 6) for row in told} == {round(row["scores"]["top-1-accuracy"]["value"], 6) for row in rows}
                say(f"  the same {ROWS} rows as Datasette's, {name}{'' if same else ' (equal scores stand in another order)'}")
                asked[name] = (port, path, {}, 200)
            # In turns: what else the machine does meanwhile falls on all of them.
            counted: dict[str, list[float]] = {name: [] for name in asked}
            for _ in range(wanted.rounds):
                for name, (port, path, sent, status) in asked.items():
                    counted[name].append(rate(port, path, sent, status=status, seconds=wanted.seconds))
            found = {name: statistics.median(rates) for name, rates in counted.items()}
        counts = count_queries(made, slug)
    say(f"  the site            {found['site']:7.1f} requests a second, {ROWS} rows, nothing cached")
    say(f"  the site, 304       {found['304']:7.1f}")
    say(f"  Datasette, joined   {found['joined']:7.1f}")
    say(f"  Datasette, flat     {found['flat']:7.1f}")
    told = [
        (found["site"] / found["joined"], f"times Datasette's on the same tables; wanted: at least {WANTED_RATIO:g}", WANTED_RATIO),
        (found["site"] / found["flat"], "times Datasette's on one flat table of this board alone, with an index", None),
        (
            found["304"] / found["site"],
            f"times its own for conditional requests; wanted: at least {WANTED_CONDITIONAL:g}",
            WANTED_CONDITIONAL,
        ),
    ]
    for ratio, said, least in told:
        say(f"  {ratio:.1f} {said}{'' if least is None else ', met' if ratio >= least else ', MISSED'}")
    alike = len(set(counts.values())) == 1
    say(f"  {counts['10']} queries for 10 rows, {counts['1000']} for 1,000; wanted: the same, {'met' if alike else 'MISSED'}")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    main()
