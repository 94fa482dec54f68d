"""Published tables of results, read whole: timm's, and those of Papers with Code."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict

from claims import boards
from claims.models import (
    Benchmark,
    Claim,
    Cost,
    CostLink,
    Import,
    Listing,
    ListingIssue,
    Metric,
    Paper,
    Result,
    ResultValue,
    SourceRecord,
)
from claims.services import ingest, storage
from claims.terms import Direction, ListingState
from tests.catalogue import load_catalogue

pytestmark = [pytest.mark.shared, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

ON_GPU = "RTX 5090, AMP"
TABLES: list[Any] = [
    Import, SourceRecord, Claim, Cost, CostLink, Result, ResultValue, Paper, Metric, Benchmark, ListingIssue,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue()


def read(*paths: Path) -> list[Listing]:
    listings = []
    for path in paths:
        with path.open("rb") as file:
            listing, _ = storage.store_upload(file, name=path.name, actor="tests")
        listings.append(ingest.ingest_in_foreground(listing))
    assert [listing.state for listing in listings] == [ListingState.DONE] * len(paths)
    return listings


def read_timm(shared_dir: Path, *, seed: int = 0) -> Benchmark:
    paths = sorted((shared_dir / "imports/timm").glob("*.csv"))
    assert len(paths) == 5
    random.Random(seed).shuffle(paths)  # noqa: S311 - an order, no secret
    read(*paths)
    return Benchmark.objects.with_names().get(slug="image-classification-on-imagenet-1k")


def count_front(benchmark: Benchmark, cost: str) -> int:
    board = boards.read_board(benchmark, QueryDict(f"cost={cost}"), page_size=1)
    assert board.tradeoff is not None
    assert board.tradeoff.uncosted == 0, "each row has this cost"
    assert len(board.tradeoff.points) == 1556
    return len(board.tradeoff.front)


def test_timm_is_one_board_with_all_its_costs_in_whatever_order_it_is_read(shared_dir: Path) -> None:
    # The next test reads the files in another order, and finds the same.
    benchmark = read_timm(shared_dir, seed=1)
    assert benchmark.row_count == 1556
    assert benchmark.leader is not None
    assert (benchmark.leader.model_name, benchmark.leader.value) == ("eva02_large_patch14_448", 90.056)
    # Counted beside this code, in a few lines of plain Python: of each cost's points those that no other one beats.
    assert count_front(benchmark, "parameters") == 34
    assert count_front(benchmark, f"macs:{ON_GPU}") == 37
    assert count_front(benchmark, f"throughput:{ON_GPU}") == 34
    assert Benchmark.objects.get(slug="image-classification-on-imagenet-v2").row_count == 1556
    assert ListingIssue.objects.count() == 0
    assert Claim.objects.count() == 4 * 1556


def test_costs_of_two_devices_stand_in_columns_of_their_own(shared_dir: Path) -> None:
    board = boards.read_board(read_timm(shared_dir), QueryDict("cost=throughput"), page_size=50)
    columns = {column.key: column.count for column in board.columns if column.key.startswith("throughput")}
    assert columns == {f"throughput:{ON_GPU}": 1556, "throughput:i7-12700H, FP32, dynamo": 1451}
    assert board.tradeoff is not None
    assert board.tradeoff.measure == f"throughput:{ON_GPU}", "a measure alone is that of most rows"
    row = next(row for row in board.rows if row.model == "eva_giant_patch14_560")
    assert {key: cell.rank_by for key, cell in row.costs.items() if key == "parameters"} == {"parameters": 1_014_450_000.0}
    assert row.cells["top-1-accuracy"].stated == "89.790"
    assert row.source == "results-imagenet.csv"
    assert {kind for kind, _, _ in row.conditions} == {"resolution", "extra_data"}


def papers_with_code(shared_dir: Path) -> list[Path]:
    return [shared_dir / "imports/paperswithcode" / f"{name}.json" for name in ("ogb", "squad", "snli", "nlpprogress")]


def test_papers_with_code_is_there_or_listed_with_a_reason(shared_dir: Path) -> None:
    listings = read(*papers_with_code(shared_dir))
    records = {listing.name: SourceRecord.objects.filter(source__listing=listing) for listing in listings}
    assert {name: found.count() for name, found in records.items()} == {
        "ogb.json": 244,
        "squad.json": 451,
        "snli.json": 64,
        "nlpprogress.json": 407,
    }
    rows = {name: Result.objects.filter(claims__source_record__in=found).distinct().count() for name, found in records.items()}
    # Two records of the last state no number at all: a header that was read as a row, and one whose only value is two in one.
    assert rows == {"ogb.json": 244, "squad.json": 451, "snli.json": 64, "nlpprogress.json": 405}
    issues = ListingIssue.objects.exclude(record=None)
    assert all(issue.reason and issue.column and issue.stated for issue in issues)
    read_values = Claim.objects.count() + Cost.objects.count()
    assert issues.count() == 26
    assert issues.count() / (issues.count() + read_values) <= 0.0101
    assert ResultValue.objects.filter(conflicts__gt=0).count() == 0


def test_parameters_of_papers_with_code_are_costs(shared_dir: Path) -> None:
    read(*papers_with_code(shared_dir)[:1], papers_with_code(shared_dir)[2])
    board = boards.read_board(
        Benchmark.objects.with_names().get(slug="natural-language-inference-on-snli"), QueryDict(), page_size=None, opened=""
    )
    assert {column.key: column.count for column in board.columns if column.is_cost} == {"parameters": 61}
    assert not Metric.objects.filter(name__icontains="param").exists()
    row = next(row for row in board.rows if row.model == "300D LSTM encoders")
    assert (row.cells["accuracy"].value, row.costs["parameters"].canonical_value) == (80.6, 3e6)
    arxiv = Benchmark.objects.get(slug="node-property-prediction-on-ogbn-arxiv")
    claim = Claim.objects.get(result__benchmark=arxiv, model_name="UniMP_v2", metric__name="Accuracy")
    assert (claim.stated, claim.canonical_value, claim.uncertainty) == ("0.7397", 73.97, 0.0015)
    validation = Metric.objects.get(name="Accuracy, validation")
    assert (validation.direction, validation.unit) == (Direction.HIGHER, "%")
    assert arxiv.primary_metric is not None
    assert arxiv.primary_metric.name == "Accuracy"


def test_reading_tables_again_changes_nothing(shared_dir: Path) -> None:
    paths = [*papers_with_code(shared_dir)[:2], shared_dir / "imports/timm/results-imagenet.csv"]
    read(*paths)
    before = [list(table._default_manager.order_by("pk").values()) for table in TABLES]
    read(*paths)
    assert [list(table._default_manager.order_by("pk").values()) for table in TABLES] == before
