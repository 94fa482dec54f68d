"""timm's published tables, read whole once for all tests: on PostgreSQL in another order than on SQLite, and the same is found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from django.db import connection
from django.http import QueryDict

from claims import boards
from claims.models import Benchmark, Claim, ListingIssue
from claims.services import ingest, storage
from claims.terms import ListingState
from tests.once import WriteOnce

pytestmark = [pytest.mark.shared, pytest.mark.django_db]

ON_GPU = "RTX 5090, AMP"


@pytest.fixture(scope="module")
def timm(standing_catalogue: None, for_module: WriteOnce, shared_dir: Path) -> None:
    for_module(lambda: read_timm(shared_dir / "imports/timm", seed=0 if connection.vendor == "postgresql" else 1))


def read_timm(folder: Path, *, seed: int) -> None:
    paths = sorted(folder.glob("*.csv"))
    assert len(paths) == 5
    random.Random(seed).shuffle(paths)  # noqa: S311 - an order, no secret
    for path in paths:
        with path.open("rb") as file:
            listing, _ = storage.store_upload(file, name=path.name, actor="tests")
        assert ingest.ingest_in_foreground(listing).state == ListingState.DONE


@pytest.fixture
def benchmark(timm: None, db: None) -> Benchmark:
    return Benchmark.objects.with_names().get(slug="image-classification-on-imagenet-1k")


def count_front(benchmark: Benchmark, cost: str) -> int:
    board = boards.read_board(benchmark, QueryDict(f"cost={cost}"), page_size=1)
    assert board.tradeoff is not None
    assert board.tradeoff.uncosted == 0, "each row has this cost"
    assert len(board.tradeoff.points) == 1556
    return len(board.tradeoff.front)


def test_timm_is_one_board_with_all_its_costs_in_whatever_order_it_is_read(benchmark: Benchmark) -> None:
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


def test_costs_of_two_devices_stand_in_columns_of_their_own(benchmark: Benchmark) -> None:
    board = boards.read_board(benchmark, QueryDict("cost=throughput"), page_size=50)
    columns = {column.key: column.count for column in board.columns if column.key.startswith("throughput")}
    assert columns == {f"throughput:{ON_GPU}": 1556, "throughput:i7-12700H, FP32, dynamo": 1451}
    assert board.tradeoff is not None
    assert board.tradeoff.measure == f"throughput:{ON_GPU}", "a measure alone is that of most rows"
    row = next(row for row in board.rows if row.model == "eva_giant_patch14_560")
    assert {key: cell.rank_by for key, cell in row.costs.items() if key == "parameters"} == {"parameters": 1_014_450_000.0}
    assert row.cells["top-1-accuracy"].stated == "89.790"
    assert row.source == "results-imagenet.csv"
    assert {kind for kind, _, _ in row.conditions} == {"resolution", "extra_data"}
