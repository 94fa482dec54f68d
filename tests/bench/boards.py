"""Measures the pages of a large site: `make bench-boards` fills a database with a million claims and asks for its pages.

Each database is measured twice in the same run: with one board of 1,000 rows and nothing else, and with that board among 2,000 others that
hold a million claims together. What is compared is the same page of the same board; no page is cached, and one core does the work. Large
boards are measured as a worker keeps them, in columns, and once more as they are right after a change, when a page reads all rows.
The rows are made inside the database, from one row of each table: names, values, dates, costs and settings differ, sentences don't.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

CLAIMS, BENCHMARKS, MODELS, PAPERS = 1_000_000, 2_000, 20_000, 100_000
LARGE, SMALL = 10_000, 1_000
"""The rows of the largest board, and of the one that is measured before and after."""
WANTED_RATIO = 1.5
"""At most, of a board among a million claims to the same board alone."""
WANTED_GROWTH = 2.0
"""Less than this, of a board of `LARGE` rows to one of `SMALL`."""
WANTED_MILLISECONDS = 30.0
"""Less than this, of a board of `SMALL` rows."""
WORDS = [
    "vision",
    "language",
    "model",
    "transformer",
    "network",
    "convolution",
    "attention",
    "token",
    "sparse",
    "dense",
    "robust",
    "learning",
    "self",
    "supervised",
    "image",
    "video",
    "audio",
    "graph",
    "speech",
    "retrieval",
    "detection",
    "segmentation",
    "depth",
    "pose",
    "tracking",
    "generation",
    "diffusion",
    "flow",
    "contrastive",
    "masked",
    "distillation",
    "pruning",
    "quantization",
    "adaptation",
    "prompt",
    "efficient",
    "scalable",
    "hierarchical",
    "temporal",
    "spatial",
    "semantic",
    "few",
    "shot",
    "zero",
    "multimodal",
    "representation",
    "augmentation",
    "ensemble",
    "calibration",
    "uncertainty",
    "reasoning",
    "planning",
    "control",
    "policy",
    "reward",
    "simulation",
    "medical",
    "remote",
    "sensing",
    "molecule",
]


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# ---- what runs inside the site: filling it ----


def clone(template: Any, count: int, *, first: int, where: str = "", **values: str) -> None:
    """Insert `count` copies of a row, with ids from `first` on. `values` are SQL of `n`, which counts from 0, for what differs."""
    from django.db import connection

    model = type(template)
    quote, is_postgresql = connection.ops.quote_name, connection.vendor == "postgresql"
    if any(field.name == "public_id" for field in model._meta.concrete_fields):
        values = {"public_id": f"lpad(to_hex({first} + n), 12, '0')" if is_postgresql else f"printf('%012x', {first} + n)"} | values
    values = {"id": f"{first} + n"} | values
    columns = [field.column for field in model._meta.concrete_fields]
    picked = [values.get(column, f"t.{quote(column)}") for column in columns]
    table = quote(model._meta.db_table)
    series = (
        f"WITH s(n) AS (SELECT generate_series(0::bigint, {count - 1}))"
        if is_postgresql
        else f"WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {count - 1})"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{series} INSERT INTO {table} ({', '.join(map(quote, columns))}) SELECT {', '.join(picked)} FROM s, {table} t "
            f"WHERE t.id = {template.pk} {'AND ' + where if where else ''}"
        )


def fill_rows(template: dict[str, Any], count: int, *, first: int, benchmark: str, before: int = 0) -> None:
    """Add rows with a claim each, three of five with a cost, one of five with a setting. `benchmark` is SQL of `n`; `before` are there already."""
    from django.db import connection

    paper = f"{template['first_paper']} + ((n + {before}) / 10)"
    names = f"(SELECT name FROM claims_mlmodel m WHERE m.id = {template['first_model']} + n % {MODELS})"
    score = "50 + (n * 7919 % 4000) / 100.0"
    stated = f"to_char({score}, 'FM99.00')" if connection.vendor == "postgresql" else f"printf('%.2f', {score})"
    clone(
        template["result"],
        count,
        first=first,
        benchmark_id=benchmark,
        paper_id=paper,
        ml_model_id=f"{template['first_model']} + n % {MODELS}",
        model_name=names,
        model_key=f"lower({names})",
        variant="'v' || (n % 7)",
        variant_key="'v' || (n / 7)",
    )
    own = {"paper_text_id": f"{template['first_text']} + ((n + {before}) / 10)", "ordinal": "n % 10"}
    own |= {"ml_model_id": f"{template['first_model']} + n % {MODELS}"}
    clone(template["claim"], count, first=first, result_id=f"{first} + n", value=score, canonical_value=score, stated=stated, **own)
    clone(template["value"], count, first=first, result_id=f"{first} + n", claim_id=f"{first} + n")
    size = "1000000.0 * (1 + n * 104729 % 1000)"
    clone(template["cost"], count, first=first, where="n % 5 < 3", value=size, canonical_value=size, **own)
    clone(template["link"], count, first=first, where="n % 5 < 3", result_id=f"{first} + n", cost_id=f"{first} + n")
    clone(template["condition"], count, first=first, where="n % 5 = 0", result_id=f"{first} + n")


def make_template() -> dict[str, Any]:
    """Make one row of everything that is copied, on a board of its own."""
    from claims.models import Claim, Cost, CostLink, ResultCondition, ResultValue
    from tests import factories as make

    benchmark = make.make_benchmark(dataset="The first")
    abstract = (
        "Images are looked at anew. Ours reaches 81.25% top-1 accuracy with 21M parameters, zero-shot. " + "It is described below. " * 20
    )
    paper = make.make_paper(abstract=abstract)
    result = make.make_result(benchmark, paper, "Template", conditions=[("shots", "0", "zero-shot")])
    claim = make.make_claim("81.25%", result=result, paper=paper)
    cost = make.make_cost("21M", paper=paper, result=result)
    return {
        "benchmark": benchmark,
        "paper": paper,
        "text": paper.current_text,
        "result": result,
        "claim": Claim.objects.get(pk=claim.pk),
        "value": ResultValue.objects.get(result=result),
        "cost": Cost.objects.get(pk=cost.pk),
        "link": CostLink.objects.get(cost=cost),
        "condition": ResultCondition.objects.get(result=result),
        "model": result.ml_model,
    }


def fill_catalogue(template: dict[str, Any], *, papers: int, models: int) -> None:
    """Add the models and papers that rows are of, with names of their own."""
    from django.db import connection

    from claims import keys
    from claims.models import MLModel, Paper

    chance = random.Random(7)  # noqa: S311 - the same names every time

    def words(count: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(count))

    first = 10
    template["first_model"], template["first_paper"], template["first_text"] = first, first, first
    named = [f"{words(1).capitalize()}{chance.choice(('Net', 'Former', 'ViT', 'Mixer', 'LM'))}-{number}" for number in range(models)]
    MLModel.objects.bulk_create(
        [MLModel(pk=first + n, name=name, name_key=keys.name_key(name), slug=f"bench-{n}") for n, name in enumerate(named)], batch_size=2000
    )
    paper = template["paper"]
    clone(template["text"], papers, first=first, paper_id=str(paper.pk), sha256=_hex(connection.vendor, 64))
    titles = [f"{words(6).capitalize()} {number}" for number in range(papers)]
    days = [f"{2015 + number % 11}-{1 + number % 12:02}-{1 + number % 28:02}" for number in range(papers)]
    Paper.objects.bulk_create(
        [
            Paper(
                pk=first + n,
                title=title,
                title_key=keys.title_key(title),
                current_text_id=first + n,
                first_day=day,
                last_day=day,
                date_source=paper.date_source,
            )
            for n, (title, day) in enumerate(zip(titles, days, strict=True))
        ],
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE claims_papertext SET paper_id = id WHERE id >= {first}")


def _hex(vendor: str, length: int) -> str:
    return f"lpad(to_hex(n), {length}, '0')" if vendor == "postgresql" else f"printf('%0{length}x', n)"


def fill_small() -> None:
    """Fill a site with one board of `SMALL` rows."""
    from claims.models import Benchmark

    template = make_template()
    first = 1000
    fill_catalogue(template, papers=SMALL // 10, models=MODELS)
    fill_rows(template, SMALL, first=first, benchmark=str(template["benchmark"].pk))
    settle(list(Benchmark.objects.all()))


def fill_large() -> None:
    """Fill a site with all boards; the first of them is that of `fill_small`."""
    from claims.models import Benchmark, BenchmarkMetric, Dataset
    from claims.services import search_names

    template = make_template()
    fill_catalogue(template, papers=PAPERS, models=MODELS)
    one = template["benchmark"]
    datasets = Dataset.objects.bulk_create(
        [Dataset(pk=1_000_000 + n, name=f"Set {WORDS[n % len(WORDS)]} {n}", slug=f"set-{n}", reviewed=True) for n in range(BENCHMARKS - 1)]
    )
    boards = Benchmark.objects.bulk_create(
        [
            Benchmark(pk=1000 + n, task=one.task, dataset=dataset, slug=f"board-{n}", primary_metric=one.primary_metric, reviewed=True)
            for n, dataset in enumerate(datasets)
        ]
    )
    BenchmarkMetric.objects.bulk_create(
        [BenchmarkMetric(benchmark=board, metric=one.primary_metric, column=one.primary_metric) for board in boards]
    )
    fill_rows(template, SMALL, first=1000, benchmark=str(one.pk))
    left = CLAIMS - SMALL
    each = -(-(left - LARGE) // (BENCHMARKS - 2))
    fill_rows(
        template, left, first=10_000, before=SMALL, benchmark=f"CASE WHEN n < {LARGE} THEN 1000 ELSE 1001 + (n - {LARGE}) / {each} END"
    )
    settle(list(Benchmark.objects.all()))
    search_names.rebuild()


def settle(boards: Sequence[Any]) -> None:
    """Count the rows of boards and settle leaders and records, as an ingest does."""
    from django.db import connection, transaction

    from claims.models import Benchmark
    from claims.services import records

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE claims_benchmark SET row_count = (SELECT count(*) FROM claims_result r WHERE r.benchmark_id = claims_benchmark.id)"
        )
        cursor.execute("ANALYZE")
    for at in range(0, len(boards), 100):
        with transaction.atomic():
            batch = list(Benchmark.objects.filter(pk__in=[board.pk for board in boards[at : at + 100]]))
            records.settle(batch, accepted=[])
            Benchmark.objects.bulk_update(batch, ["leader"])
    keep()


def keep() -> None:
    """Keep the boards in columns, as the worker does."""
    from claims.boards.standings import LAYOUT, LEAST_KEPT, make_standings, pack
    from claims.models import Benchmark
    from claims.services import standings

    for board in Benchmark.objects.filter(row_count__gte=LEAST_KEPT):
        standings.keep(board, pack(make_standings(board)), layout=LAYOUT)


# ---- what runs inside the site: asking for its pages ----

QUERIES = (
    "vision transformer",
    "board 12",
    "sparse atention",
    "zero shot video",
    "set graph 100",
    "depthnet",
    "retrieval",
    "diffusion flow",
)


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return p50 and p99 in milliseconds, queries and bytes of the pages that the site has."""
    from django.test import Client

    from claims.models import Benchmark, BoardStandings, Result
    from leaderboard.wsgi import application  # noqa: F401 - as it is served: with what loading it sets up

    client = Client(SERVER_NAME="localhost")
    one = Benchmark.objects.get(dataset__name="The first")
    paper = Result.objects.filter(benchmark=one).order_by("-pk")[0].paper
    assert paper is not None
    pages: dict[str, list[str]] = {"home": ["/"], "board of 1,000": [one.get_absolute_url()], "paper": [paper.get_absolute_url()]}
    if large := Benchmark.objects.filter(row_count=LARGE).first():
        pages["board of 10,000"] = [large.get_absolute_url()]
        pages["search"] = [f"/search/?q={query}" for query in QUERIES]
    found = {name: ask(client, addresses, rounds) for name, addresses in pages.items()}
    BoardStandings.objects.all().delete()
    changed = {f"{name}, changed": ask(client, addresses, rounds) for name, addresses in pages.items() if name.startswith("board of")}
    return found | changed


def ask(client: Any, addresses: Sequence[str], rounds: int) -> dict[str, float]:
    """Return p50 and p99 in milliseconds, queries and bytes of a page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times = []
    for turn in range(rounds + 5):
        began = time.perf_counter()
        answer = client.get(addresses[turn % len(addresses)])
        taken = time.perf_counter() - began
        assert answer.status_code == 200, (addresses, answer.status_code)
        if turn >= 5:
            times.append(taken * 1000)
    with CaptureQueriesContext(connection) as queries:
        client.get(addresses[0])
    times.sort()
    return {
        "p50": statistics.median(times),
        "p99": times[min(len(times) - 1, int(len(times) * 0.99))],
        "queries": len(queries),
        "bytes": len(answer.content),
    }


# ---- what drives it ----

SETUP = "import sys, json; sys.path[:0] = [{bench!r}, {root!r}]; import boards; "


def explain(name: str, alone: dict[str, dict[str, float]], among: dict[str, dict[str, float]]) -> list[str]:
    """Return the lines that say what was measured on a database."""
    lines = [f"{name}"]
    for page, one in among.items():
        lines.append(
            f"  {page:<24} p50 {one['p50']:7.1f} ms   p99 {one['p99']:7.1f} ms   {one['queries']:.0f} queries   {one['bytes'] / 1000:.0f} kB"
        )
    before, after, large = alone["board of 1,000"]["p50"], among["board of 1,000"]["p50"], among["board of 10,000"]["p50"]
    told = [
        (f"{after / before:.2f} the board of {SMALL:,} among {CLAIMS:,} claims against alone ({before:.1f} ms)", f"at most {WANTED_RATIO}"),
        (f"{large / after:.2f} the board of {LARGE:,} against that of {SMALL:,}", f"under {WANTED_GROWTH}"),
        (f"the board of {SMALL:,} in {after:.1f} ms", f"under {WANTED_MILLISECONDS:g}"),
    ]
    met = (after / before <= WANTED_RATIO, large / after < WANTED_GROWTH, after < WANTED_MILLISECONDS)
    lines += [f"  {said}; wanted: {wanted}, {'met' if is_met else 'MISSED'}" for (said, wanted), is_met in zip(told, met, strict=True)]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="requests of each page")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    wanted = parser.parse_args()
    import psycopg

    from tests.bench.run import has_postgresql, postgresql_database, site

    setup = SETUP.format(bench=str(Path(__file__).parent), root=str(ROOT))
    ask = setup + f"print(json.dumps(boards.measure({wanted.rounds})))"

    def run(name: str, make_database: Callable[[], Any] | None) -> None:
        found = []
        for fill in ("fill_small", "fill_large"):
            began = time.monotonic()
            if make_database is None:
                with site() as made:
                    found.append(_measure(made, setup, fill, ask))
            else:
                with make_database() as url, site(database=url) as made:
                    found.append(
                        _measure(made, setup, fill, ask, vacuum=lambda: psycopg.connect(url, autocommit=True).execute("VACUUM ANALYZE"))
                    )
            say(f"  ({name}, {fill.removeprefix('fill_')}: {time.monotonic() - began:.0f} s)")
        for line in explain(name, *found):
            say(line)

    say(f"Pages of a site with {CLAIMS:,} claims on {BENCHMARKS:,} boards, {wanted.rounds} requests each, nothing cached, one core")
    if wanted.only != "postgresql":
        run("SQLite", None)
    if wanted.only != "sqlite":
        if has_postgresql():
            run("PostgreSQL", postgresql_database)
        else:
            say("PostgreSQL  NOT MEASURED: no server answers (BENCH_DATABASE_URL names one)")


def _measure(made: Any, setup: str, fill: str, ask: str, *, vacuum: Callable[[], object] | None = None) -> dict[str, dict[str, float]]:
    made.run("manage.py", "collectstatic", "--no-input", "--verbosity=0")
    made.shell(setup + f"boards.{fill}(); print(json.dumps(None))")
    if vacuum is not None:  # as its autovacuum does within a minute
        vacuum()
    return made.shell(ask, core=max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None)  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    main()
