"""Published tables of results, read whole: those of Papers with Code. `test_timm_board.py` is about timm's."""

from __future__ import annotations

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


def papers_with_code(shared_dir: Path) -> list[Path]:
    return [shared_dir / "imports/paperswithcode" / f"{name}.json" for name in ("ogb", "squad", "snli", "nlpprogress")]


@pytest.mark.once
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


@pytest.mark.once
def test_reading_tables_again_changes_nothing(shared_dir: Path) -> None:
    paths = [*papers_with_code(shared_dir)[:2], shared_dir / "imports/timm/results-imagenet.csv"]
    read(*paths)
    before = [list(table._default_manager.order_by("pk").values()) for table in TABLES]
    read(*paths)
    assert [list(table._default_manager.order_by("pk").values()) for table in TABLES] == before
