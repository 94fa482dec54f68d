"""Measures merging: `make bench-merging` fills a site, merges a dataset of 50,000 claims into another, and takes that back.

What is timed ends with the commit. Three sites are filled: one whose rows all go over to the other dataset's boards; one whose papers state
half of the claims of either dataset, of the same model, so that all rows fold; and, for information, one in which every row of a table
with a cost meets another one with as many claims and folds with it, which no real table does. After the undo every claim must stand on the
row on which it stood before, and what the boards show must be what it was.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = 50_000
"""Of the dataset that is merged; the other one has a tenth. Where papers state both, of the two together; of a table, of each of them."""
OVER, PAPERS_FOLD, TABLE_FOLDS = "go over", "fold, of papers", "fold, of a table"
"""What becomes of the rows."""
WANTED_SECONDS = 5.0
"""Less than this, of a merge on PostgreSQL."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# ---- what runs inside the site ----


def fill(claims: int, *, rows: str) -> None:
    """Fill the site with two datasets: numbers on three boards of papers with three numbers each, and of a table with a cost each."""
    from django.db import connection

    from claims.services import results
    from claims.services.updates import update_catalogue
    from tests import factories as make

    update_catalogue()
    metric = make.make_metric("Heron score")
    board, other = (make.make_benchmark("Image Classification", name, metric=metric) for name in ("Heron-1", "Heron 1.0"))
    for of in (board, other):
        type(of.dataset).objects.filter(pk=of.dataset_id).update(default_task=of.task)
    if rows == TABLE_FOLDS:
        _add_crowd(board, claims, source="herons.csv")
        _state_again(other)
    elif rows == PAPERS_FOLD:
        _add_papers([board, other], metric, claims, "both")
    else:
        for of, count in ((board, claims), (other, claims // 10)):
            _add_crowd(of, count // 2, source=f"{of.dataset.name}.csv")
            tasks = [of, of, make.make_benchmark("Object Detection", of.dataset.name, metric=metric)]
            _add_papers(tasks, metric, count - count // 2, of.dataset.name, variants=True)
    from claims.models import Paper, SourceRecord

    papers = list(Paper.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(papers), 2_000):
        results.settle_papers_alone(papers[first : first + 2_000])
    records = list(SourceRecord.objects.order_by("pk").values_list("pk", flat=True))
    from django.db import transaction

    for first in range(0, len(records), 5_000):
        with transaction.atomic():
            results.settle_papers([], record_ids=records[first : first + 5_000])
    if connection.vendor == "postgresql":  # as its autovacuum does within a minute
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _add_crowd(board: Any, count: int, *, source: str) -> None:
    """Add a table with a number and a cost of each model."""
    from claims import keys
    from claims.models import Claim, Cost
    from tests import factories as make

    for first in range(0, count, 5_000):
        numbers = range(first, min(count, first + 5_000))
        make.make_crowd(
            board, [(f"Net {n} of {source}", 50 + (n * 7919 % 4000) / 100, 1e6 * (1 + n % 500)) for n in numbers], source=source
        )
    for table in (Claim, Cost):
        rows: list[Any] = list(table._default_manager.filter(model_key="").only("pk", "model_name"))
        for row in rows:
            row.model_key = keys.name_key(row.model_name)
        table._default_manager.bulk_update(rows, ["model_key"], batch_size=500)


def _state_again(board: Any) -> None:
    """Let each record of the table state another number, on this board, in a column of its own."""
    from claims.models import Claim
    from claims.models.base import make_public_id

    claims = list(Claim.objects.order_by("pk"))
    for claim in claims:
        claim.pk, claim.public_id, claim.result_id = None, make_public_id(), None
        claim.column, claim.dataset, claim.value = "again", board.dataset, claim.value + 0.5
        claim.canonical_value = claim.value
    Claim.objects.bulk_create(claims, batch_size=2_000)


def _add_papers(boards: Any, metric: Any, count: int, name: str, *, variants: bool = False) -> None:
    """Add papers with a number on each of the boards, of one model, or of as many variants of it."""
    from claims import keys
    from claims.models import Claim, Paper, PaperText

    size = len(boards)
    papers = [Paper(title=f"{name} {n}", title_key=keys.title_key(f"{name} {n}")) for n in range(-(-count // size))]
    Paper.objects.bulk_create(papers, batch_size=2_000)
    abstract = "It reaches 70.1 and 71.2 and 72.3 of a hundred."
    texts = [
        PaperText(paper=paper, title=paper.title, abstract=abstract, sha256=keys.text_sha256(paper.title, abstract)) for paper in papers
    ]
    PaperText.objects.bulk_create(texts, batch_size=2_000)
    for paper, text in zip(papers, texts, strict=True):
        paper.current_text = text
    Paper.objects.bulk_update(papers, ["current_text"], batch_size=500)
    claims = []
    for number in range(count):
        text, place = texts[number // size], number % size
        stated = ("70.1", "71.2", "72.3")[place]
        start = abstract.index(stated)
        claims.append(
            Claim(
                paper_text=text,
                field="abstract",
                start=start,
                end=start + 4,
                evidence_start=0,
                evidence_end=len(abstract),
                stated=stated,
                value=float(stated),
                canonical_value=float(stated),
                decimals=1,
                unit="%",
                kind="absolute",
                role="proposed",
                model_name=f"Net {number // size}",
                model_key=f"net{number // size}",
                variant=f"v{place}" if variants else "",
                metric=metric,
                dataset=boards[place].dataset,
                task=boards[place].task,
                confidence=0.9,
            )
        )
    Claim.objects.bulk_create(claims, batch_size=2_000)


def measure() -> dict[str, float]:
    """Merge the first dataset into the second and take that back; return the seconds of both, and what moved."""
    from claims.models import Claim, Dataset
    from claims.services import changes, merging

    source, target = Dataset.objects.get(name="Heron-1"), Dataset.objects.get(name="Heron 1.0")
    before = _look()
    count = Claim.objects.filter(dataset=source).count()
    began = time.monotonic()
    made = merging.merge(source, target, actor="bench", version=source.version)
    merged = time.monotonic() - began
    assert not Claim.objects.filter(dataset=source).exists()
    said = made.decisions.get().after
    began = time.monotonic()
    changes.undo(made, actor="bench")
    undone = time.monotonic() - began
    assert Claim.objects.filter(dataset=source).count() == count
    assert _look() == before, "undo restores every claim"
    return {"claims": count, "rows": said["rows"], "folded": said["folded"], "merge": merged, "undo": undone}


def _look() -> dict[str, Any]:
    from claims.models import Benchmark, Claim, CostLink, ResultValue

    return {
        "claims": dict(Claim.objects.values_list("pk", "dataset_id").order_by("pk")),
        "stand": dict(Claim.objects.values_list("pk", "result_id").order_by("pk")),
        "boards": dict(Claim.objects.values_list("pk", "result__benchmark").order_by("pk")),
        "shown": sorted(ResultValue.objects.values_list("result", "metric", "claim", "others", "conflicts")),
        "costs": sorted(CostLink.objects.values_list("result", "cost", "tied", "linked_by")),
        "counts": sorted(Benchmark.objects.filter(row_count__gt=0).values_list("slug", "row_count", "leader", "primary_metric")),
    }


# ---- what drives it ----

SETUP = "import sys, json; sys.path[:0] = [{bench!r}, {root!r}]; import merging; "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=CLAIMS, help="of the dataset that is merged")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    wanted = parser.parse_args()
    from tests.bench.run import has_postgresql, postgresql_database, site

    setup = SETUP.format(bench=str(Path(__file__).parent), root=str(ROOT))
    say(f"Merging a dataset with {wanted.claims:,} claims into another, and taking it back")

    def run(name: str, rows: str) -> None:
        if name == "SQLite":
            with site() as made:
                found = _measure(made, setup, wanted.claims, rows)
        else:
            with postgresql_database() as url, site(database=url) as made:
                found = _measure(made, setup, wanted.claims, rows)
        told = f"{found['rows']:,.0f} rows {rows}"
        met = ""
        if name != "SQLite" and rows != TABLE_FOLDS:
            met = f"; wanted: a merge under {WANTED_SECONDS:g} s, {'met' if found['merge'] < WANTED_SECONDS else 'MISSED'}"
        say(f"{name:<11} {told:<29} merge {found['merge']:5.2f} s   undo {found['undo']:5.2f} s{met}")

    for rows in (OVER, PAPERS_FOLD, TABLE_FOLDS):
        if wanted.only != "postgresql":
            run("SQLite", rows)
        if wanted.only != "sqlite":
            if has_postgresql():
                run("PostgreSQL", rows)
            else:
                say("PostgreSQL  NOT MEASURED: no server answers (BENCH_DATABASE_URL names one)")


def _measure(made: Any, setup: str, claims: int, rows: str) -> dict[str, float]:
    made.shell(setup + f"merging.fill({claims}, rows={rows!r}); print(json.dumps(None))")
    found: dict[str, float] = made.shell(setup + "print(json.dumps(merging.measure()))")
    assert found["claims"] == (claims // 2 if rows == PAPERS_FOLD else claims), found
    return found


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    main()
