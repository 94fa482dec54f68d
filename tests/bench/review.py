"""Measures the review queue: `make bench-review` reads listings and decides on what was found, as the page does by its keys.

A decision is the request that saves it: the number is decided on, its board and leaders settled, and what was said comes back. The page
asks for the next number ahead, while the curator reads; that request stands beside it. Nothing is cached, and one core does the work.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LISTINGS = ROOT.parent / "shared" / "listings"

DECISIONS = 200
WANTED_MILLISECONDS = 50.0
"""Less than this, of a decision, at the median and for ninety-five of a hundred."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# ---- what runs inside the site ----


def read(folder: str) -> int:
    """Read the listings of a folder; return how many claims they have."""
    from claims.models import Claim
    from claims.services import ingest, storage

    for path in sorted(Path(folder).iterdir()):
        with path.open("rb") as file:
            listing, _ = storage.store_upload(file, name=path.name, actor="bench")
        listing = ingest.ingest_in_foreground(listing)
        assert listing.state == "done", listing.error
    return Claim.objects.count()


def decide(count: int) -> dict[str, list[tuple[float, float]]]:
    """Return the milliseconds of each request, and those of the core in this process: of decisions, of undoing, and of numbers asked for."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from claims.services import queue
    from claims.terms import CurationState
    from leaderboard.wsgi import application  # noqa: F401 - as it is served: with what loading it sets up

    curator = User.objects.create_user("bench")
    curator.groups.add(Group.objects.get(name="curator"))
    client = Client(SERVER_NAME="localhost")
    client.force_login(curator)
    client.get("/review/")
    found: dict[str, list[tuple[float, float]]] = {"decision": [], "undo": [], "next number": []}

    def ask(name: str, call: Callable[[], Any]) -> Any:
        began, computed = time.perf_counter(), time.process_time()
        answer = call()
        taken = time.perf_counter() - began, time.process_time() - computed
        assert answer.status_code == 200, (name, answer.status_code, answer.content[:300])
        found[name].append((taken[0] * 1000, taken[1] * 1000))
        return answer

    near = ""
    for turn in range(count):
        desk = ask("next number", partial(client.get, "/review/", {"near": near}, headers={"X-Fragment": "desk"}))
        shown = re.search(r'data-name="((claim|cost)-([^"]+))"', desk.content.decode())
        assert shown is not None, f"after {turn} decisions nothing is left"
        near, kind, public_id = shown.groups()
        statement = queue.find(kind, public_id)
        assert statement is not None
        act = ("accept", "accept", "not_a_result")[turn % 3]
        address = f"/review/{kind}/{public_id}/"
        sent = {"act": act, "version": statement.version}
        ask("decision", partial(client.post, address, sent, headers={"X-Fragment": "said"}))
        if turn % 10 == 9:
            made = queue.find_last_own(curator)
            assert made is not None
            address = f"/review/undo/{made.public_id}/"
            ask("undo", partial(client.post, address, headers={"X-Fragment": "desk"}))
            statement.refresh_from_db()
            queue.decide(statement, CurationState.ACCEPTED, curator=curator, version=statement.version)
    return found


# ---- what drives it ----


def explain(name: str, found: Mapping[str, Sequence[Sequence[float]]]) -> list[str]:
    """Return the lines that say what was measured on a database."""
    lines = [name]
    for kind, taken in found.items():
        elapsed, computing = ([one[part] for one in taken] for part in (0, 1))
        lines.append(
            f"  {kind:<12} p50 {statistics.median(elapsed):6.1f} ms   p95 {_share(elapsed, 0.95):6.1f} ms   max {max(elapsed):6.1f} ms   "
            f"(of which the site computed {statistics.median(computing):.1f} ms at the median; {len(taken)} requests)"
        )
    decisions = [elapsed for elapsed, _ in found["decision"]]
    for share in (0.5, 0.95):
        milliseconds = _share(decisions, share)
        met = "met" if milliseconds < WANTED_MILLISECONDS else "MISSED"
        lines.append(f"  {share:.0%} of the decisions within {milliseconds:.1f} ms; wanted: under {WANTED_MILLISECONDS:g}, {met}")
    return lines


def _share(times: Sequence[float], share: float) -> float:
    """Return what so large a share of the times is at most."""
    return sorted(times)[max(0, math.ceil(len(times) * share) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=LISTINGS, help="the listings to read")
    parser.add_argument("--decisions", type=int, default=DECISIONS)
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    wanted = parser.parse_args()
    if not wanted.folder.is_dir():
        raise SystemExit(f"NOT MEASURED: there is no folder {wanted.folder}. Name one with listings.")
    from tests.bench.run import has_postgresql, postgresql_database, site

    setup = f"import sys, json; sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(ROOT)!r}]; import review; "
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None

    def run(name: str, made: Any) -> None:
        made.run("manage.py", "collectstatic", "--no-input", "--verbosity=0")
        claims = made.shell(setup + f"print(json.dumps(review.read({str(wanted.folder.resolve())!r})))")
        found = made.shell(setup + f"print(json.dumps(review.decide({wanted.decisions})))", core=core)
        for line in explain(f"{name}, {claims:,} claims", found):
            say(line)

    say(f"Reviewing what {wanted.folder.name}/ says, {wanted.decisions} decisions, nothing cached, one core")
    if wanted.only != "postgresql":
        with site() as made:
            run("SQLite", made)
    if wanted.only != "sqlite":
        if has_postgresql():
            with postgresql_database() as url, site(database=url) as made:
                run("PostgreSQL", made)
        else:
            say("PostgreSQL  NOT MEASURED: no server answers (BENCH_DATABASE_URL names one)")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    main()
