"""Measures the admin of a large site: `make bench-admin` fills a database with a million claims and opens its lists.

The site is that of `boards.py`. Each list is opened as a signed-in curator would, without a filter and with several: common and rare values,
values that nothing has, suggestions, searches, the last page that can be leafed to. `--keep FOLDER` keeps the SQLite site, and takes it up
again the next time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WANTED_MILLISECONDS = 300.0
"""Less than this, of every list."""


def spread() -> None:
    """Give a few claims and costs of the site other states, kinds and confidences than all others have, and it some acts and flags."""
    from django.db import connection

    from claims.models import Claim, Flag
    from claims.services import curation
    from claims.terms import CurationState

    with connection.cursor() as cursor:
        for table in ("claims_claim", "claims_cost"):
            cursor.execute(f"UPDATE {table} SET confidence = 0.3 + (id % 70) / 100.0")
            cursor.execute(f"UPDATE {table} SET role = 'baseline' WHERE id % 5000 = 3")
            cursor.execute(f"UPDATE {table} SET decided_by = 'policy', state = 'accepted' WHERE id % 4 = 1")
    chosen = list(Claim.objects.filter(state="unreviewed").order_by("pk")[:600])
    for number, claim in enumerate(chosen):
        state = CurationState.REJECTED if number % 3 else CurationState.ACCEPTED
        reason = "not_a_result" if state is CurationState.REJECTED else ""
        curation.decide_all([(claim, claim.version)], state, actor=f"curator-{number % 7}", reason=reason)
    Flag.objects.bulk_create(
        [Flag(kind="gone", object_kind="claim", object_id=claim.pk, note="It is gone.", key=str(claim.pk)) for claim in chosen]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def list_pages() -> dict[str, str]:
    """Return the addresses that are opened, by what they are."""
    from claims.models import Benchmark, Claim, Dataset, MLModel

    claim = Claim.objects.order_by("-pk")[0]
    small = Benchmark.objects.get(dataset__name="The first").pk
    model, dataset = MLModel.objects.order_by("-pk")[0].pk, Dataset.objects.exclude(claims__isnull=False).order_by("pk")[0].pk
    claims = {
        "": "",
        "state=unreviewed": "?state__exact=unreviewed",
        "state=accepted": "?state__exact=accepted",
        "state=rejected": "?state__exact=rejected",
        "by a person": "?decided_by__exact=person",
        "kind=ratio (none)": "?kind__exact=ratio",
        "role=baseline (few)": "?role__exact=baseline",
        "field=title (none)": "?field__exact=title",
        "qualifier=> (none)": "?qualifier__exact=%3E",
        "confidence below 50": "?confidence=0",
        "confidence 95 and more": "?confidence=95",
        "flagged": "?flag=any",
        "retired (none)": "?retired=yes",
        "metric of all": f"?metric={claim.metric_id}",
        "dataset of none": f"?dataset={dataset}",
        "board of 1,000": f"?board={small}",
        "model": f"?model={model}",
        "rejected, by a person, of a board": f"?state__exact=rejected&decided_by__exact=person&board={small}",
        "accepted and flagged": "?state__exact=accepted&flag=any",
        "last page": "?p=200",
        "search: a model": f"?q={claim.model_name}",
        "search: a title": "?q=vision+transformer",
        "search: nothing": "?q=qqqqqq",
    }
    pages = {f"claims {name}".strip(): f"claim/{query}" for name, query in claims.items()}
    pages |= {
        f"costs {name}".strip(): f"cost/{query}"
        for name, query in {
            **{
                name: query
                for name, query in claims.items()
                if name in ("", "state=rejected", "kind=ratio (none)", "confidence below 50", "last page")
            },
            "measure=energy (none)": "?measure__exact=energy",
            "board of 1,000": f"?board={small}",
        }.items()
    }
    return pages | {
        "papers": "paper/",
        "papers withdrawn (none)": "paper/?withdrawn__exact=1",
        "papers by day": "paper/?o=-3",
        "papers search": "paper/?q=sparse+attention",
        "models": "mlmodel/",
        "models reviewed (none)": "mlmodel/?reviewed__exact=1",
        "models search": "mlmodel/?q=vision",
        "results": "result/",
        "results of a board": f"result/?board={small}",
        "benchmarks": "benchmark/",
        "benchmarks of a dataset": f"benchmark/?dataset={dataset}",
        "datasets": "dataset/",
        "tasks": "task/",
        "metrics": "metric/",
        "aliases": "alias/",
        "change sets": "changeset/",
        "change sets of somebody": "changeset/?actor=curator-3",
        "change sets, rejections": "changeset/?action=reject",
        "flags": "flag/",
        "listings": "listing/",
        "runs": "run/",
        "a claim": f"claim/{claim.pk}/change/",
        "a metric": f"metric/{claim.metric_id}/change/",
    }


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return p50 and p99 in milliseconds, queries and bytes of the admin's pages."""
    from django.contrib.auth.models import User
    from django.test import Client

    from leaderboard.wsgi import application  # noqa: F401 - as it is served
    from tests.bench.boards import ask

    user, _ = User.objects.get_or_create(username="bench", defaults={"is_staff": True, "is_superuser": True})
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    index = {"index": ask(client, ["/admin/"], rounds)}
    return index | {name: ask(client, [f"/admin/claims/{address}"], rounds) for name, address in list_pages().items()}


SETUP = "import sys, json; sys.path[:0] = [{bench!r}, {root!r}]; import admin, boards; "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="requests of each page")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    parser.add_argument("--keep", type=Path, help="a folder in which the SQLite site stays for the next time")
    wanted = parser.parse_args()
    import psycopg

    from tests.bench.boards import say
    from tests.bench.run import Site, has_postgresql, postgresql_database, site

    setup = SETUP.format(bench=str(Path(__file__).parent), root=str(ROOT))
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    missed = []

    def fill(made: Site) -> None:
        began = time.monotonic()
        made.shell(setup + "boards.fill_large(); admin.spread(); print(json.dumps(None))")
        say(f"  (filled in {time.monotonic() - began:.0f} s)")

    def tell(name: str, made: Site) -> None:
        made.run("manage.py", "collectstatic", "--no-input", "--verbosity=0")
        say(name)
        found: dict[str, dict[str, Any]] = made.shell(setup + f"print(json.dumps(admin.measure({wanted.rounds})))", core=core)
        for page, one in found.items():
            met = "" if one["p50"] < WANTED_MILLISECONDS else "   MISSED"
            missed.extend([page] if met else [])
            figures = f"p50 {one['p50']:7.1f} ms   p99 {one['p99']:7.1f} ms   {one['queries']:3.0f} queries   {one['bytes'] / 1000:4.0f} kB"
            say(f"  {page:<42} {figures}{met}")

    say(f"The admin of a site with a million claims, {wanted.rounds} requests of each page, one core")
    if wanted.only != "postgresql" and wanted.keep is None:
        with site() as made:
            fill(made)
            tell("SQLite", made)
    elif wanted.only != "postgresql":
        wanted.keep.mkdir(parents=True, exist_ok=True)
        made = Site(wanted.keep)
        is_new = not (wanted.keep / "claimboard.sqlite3").exists()
        made.prepare()
        if is_new:
            fill(made)
        tell("SQLite", made)
    if wanted.only != "sqlite" and has_postgresql():
        with postgresql_database() as url, site(database=url) as made:
            fill(made)
            psycopg.connect(url, autocommit=True).execute("VACUUM ANALYZE")  # as its autovacuum does within a minute
            tell("PostgreSQL", made)
    elif wanted.only != "sqlite":
        say("PostgreSQL  NOT MEASURED: no server answers (BENCH_DATABASE_URL names one)")
    say(f"Wanted: p50 under {WANTED_MILLISECONDS:g} ms everywhere; {'missed: ' + ', '.join(missed) if missed else 'met'}")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    main()
