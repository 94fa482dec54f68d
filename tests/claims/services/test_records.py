"""Who held a board's record since when, as settling keeps it."""

from __future__ import annotations

import importlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from claims.boards import read_board
from claims.models import Benchmark, CatalogueState, Claim, Contender, Listing, Metric, Record, Result
from claims.services import curation, records, results, updates, uploads
from claims.terms import CurationState, Direction, Qualifier
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.reading import read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

IMAGENET = "image-classification-on-imagenet-1k"


def listed(*papers: tuple[str, str, str]) -> str:
    """Return a listing of papers, each a model, its score and a day such as "May 3, 2022", '' for none."""
    return "".join(
        f"{model}: A Study of Itself\n\nWe study it for a long time and from many sides, as nobody has done before us. "
        f"{model} reaches {score} top-1 accuracy on ImageNet.\n\n  • 2 authors\n·\n{day}\n\n"
        for model, score, day in papers
    )


def history(slug: str = IMAGENET, *, accepted_only: bool = False) -> list[tuple[str, float, str, str | None]]:
    """Return (day, number, model, model that held it before) of each record."""
    kept = Record.objects.filter(benchmark__slug=slug, accepted_only=accepted_only).order_by("day")
    return [
        (record.day.isoformat(), record.value, record.claim.model_name, record.previous.model_name if record.previous else None)
        for record in kept.select_related("claim", "previous")
    ]


@pytest.fixture
def _site(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()


@pytest.fixture
def listing(_site: None) -> Listing:
    return read(
        listed(
            ("SecondNet", "83.5%", "May 3, 2022"),
            ("FirstNet", "81.5%", "March 1, 2021"),
            ("LesserNet", "82.5%", "June 1, 2022"),
            ("EqualNet", "83.5%", "July 1, 2022"),
            ("ThirdNet", "85.5%", "August 9, 2023"),
        )
    )


def decide(model: str, state: CurationState) -> None:
    claim = Claim.objects.get(model_name=model)
    reason = "wrongly_read" if state == CurationState.REJECTED else ""
    curation.decide(claim, state, actor="lee", version=claim.version, reason=reason)


WHOLE = [
    ("2021-03-01", 81.5, "FirstNet", None),
    ("2022-05-03", 83.5, "SecondNet", "FirstNet"),
    ("2023-08-09", 85.5, "ThirdNet", "SecondNet"),
]


def test_records_are_those_of_the_papers_days_whatever_came_first(listing: Listing) -> None:
    assert history() == WHOLE
    assert history(accepted_only=True) == []


def test_rejection_moves_the_record_and_undo_moves_it_back(listing: Listing) -> None:
    claim = Claim.objects.get(model_name="SecondNet")
    change = curation.decide(claim, CurationState.REJECTED, actor="lee", version=claim.version, reason="wrongly_read")
    assert history() == [
        ("2021-03-01", 81.5, "FirstNet", None),
        ("2022-06-01", 82.5, "LesserNet", "FirstNet"),
        ("2022-07-01", 83.5, "EqualNet", "LesserNet"),
        ("2023-08-09", 85.5, "ThirdNet", "EqualNet"),
    ]
    curation.undo(change, actor="lee")
    assert history() == WHOLE


def test_accepted_numbers_have_records_of_their_own(listing: Listing) -> None:
    decide("LesserNet", CurationState.ACCEPTED)
    decide("ThirdNet", CurationState.ACCEPTED)
    assert history() == WHOLE
    assert history(accepted_only=True) == [("2022-06-01", 82.5, "LesserNet", None), ("2023-08-09", 85.5, "ThirdNet", "LesserNet")]
    decide("LesserNet", CurationState.UNREVIEWED)
    assert history(accepted_only=True) == [("2023-08-09", 85.5, "ThirdNet", None)]


def test_withdrawn_listing_leaves_no_record(listing: Listing) -> None:
    later = read(listed(("FourthNet", "86.5%", "August 9, 2024")), name="later.txt")
    assert history()[-1] == ("2024-08-09", 86.5, "FourthNet", "ThirdNet")
    uploads.withdraw(later, actor="lee", version=later.version)
    assert history() == WHOLE
    uploads.withdraw(listing, actor="lee", version=listing.version)
    assert history() == []


def test_metric_whose_direction_changes_has_the_records_of_the_other(listing: Listing) -> None:
    Metric.objects.filter(name="Top-1 accuracy").update(direction="lower")
    results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert history() == [("2021-03-01", 81.5, "FirstNet", None)]
    Metric.objects.filter(name="Top-1 accuracy").update(direction="unknown")
    results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert history() == []
    assert Benchmark.objects.get(slug=IMAGENET).leader is None


def test_settling_again_writes_no_record(listing: Listing) -> None:
    kept = list(Record.objects.order_by("pk").values_list())
    with CaptureQueriesContext(connection) as queries:
        results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert list(Record.objects.order_by("pk").values_list()) == kept
    assert not [query["sql"] for query in queries if "claims_record" in query["sql"] and not query["sql"].startswith("SELECT")]


def test_only_what_changed_is_written(listing: Listing) -> None:
    first, second, third = Record.objects.filter(benchmark__slug=IMAGENET).order_by("day").values_list("pk", flat=True)
    read(listed(("FourthNet", "86.5%", "August 9, 2024")), name="later.txt")
    kept = list(Record.objects.filter(benchmark__slug=IMAGENET).order_by("day").values_list("pk", flat=True))
    assert kept[:3] == [first, second, third]
    assert len(kept) == 4


def add(benchmark: Benchmark, model: str, number: str, day: date | None, **fields: Any) -> Claim:
    paper = make.make_paper(abstract=f"It reaches {number} there.", day=day)
    return make.make_claim(number, benchmark=benchmark, paper=paper, model=model, **fields)


def test_bound_and_what_has_no_date_set_no_record_and_a_range_counts_by_its_worse_end() -> None:
    board = make.make_benchmark()
    add(board, "First", "80.5", date(2020, 1, 1))
    add(board, "Bound", "99.5", date(2020, 6, 1), qualifier=Qualifier.OVER)
    add(board, "Undated", "90.5", None)
    add(board, "Range", "82.5", date(2021, 1, 1), value_max=95.0)
    add(board, "Quoted", "98.5", date(2021, 6, 1), role="baseline")
    add(board, "UpTo", "83.5", date(2022, 1, 1), qualifier=Qualifier.AT_MOST)
    records.settle_records_alone([board.pk])
    assert history(board.slug) == [
        ("2020-01-01", 80.5, "First", None),
        ("2021-01-01", 82.5, "Range", "First"),
        ("2022-01-01", 83.5, "UpTo", "Range"),
    ]


def test_day_has_one_record_and_of_equals_the_first_of_the_board() -> None:
    board = make.make_benchmark("Image Generation", "CIFAR-10", metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    for model, number in (("Worse", "4.5"), ("Zed", "2.5"), ("Alpha", "2.5")):
        add(board, model, number, date(2020, 1, 1))
    add(board, "Later", "2.5", date(2021, 1, 1))
    records.settle_records_alone([board.pk])
    assert history(board.slug) == [("2020-01-01", 2.5, "Alpha", None)]
    assert read_board(board, {}).rows[0].model == "Alpha"


def test_imported_row_sets_a_record_on_its_records_day() -> None:
    board = make.make_benchmark()
    row = make.make_imported_row(board, "Tabled", "85.5")
    Result.objects.filter(pk=row.pk).update(stated_day=date(2021, 2, 3))
    records.settle_records_alone([board.pk])
    assert history(board.slug) == [("2021-02-03", 85.5, "Tabled", None)]


@pytest.mark.parametrize("boards", [1, 8])
def test_settling_takes_the_same_queries_for_any_number_of_boards(boards: int) -> None:
    made = [make.make_benchmark("Task", f"Set {number}") for number in range(boards)]
    for board in made:
        for number in range(3):
            add(board, f"Net{number}", f"8{number}.5", date(2020 + number, 1, 1), state=CurationState.ACCEPTED)
    with CaptureQueriesContext(connection) as queries:
        records.settle(made, accepted=made)
    assert Record.objects.count() == boards * 6
    # Directions and numbers, of all and of the accepted; what is kept; what is added.
    assert len(queries) == 6


@pytest.mark.parametrize("migration", ["0014_boards_without_records", "0022_boards_without_contenders"])
def test_database_of_an_earlier_release_gets_its_records(listing: Listing, monkeypatch: pytest.MonkeyPatch, migration: str) -> None:
    read(listed(("OtherNet", "71.5%", "May 3, 2020")).replace("top-1 accuracy on ImageNet", "mAP on COCO"), name="other.txt")
    everything = set(Record.objects.values_list("benchmark", "claim", "previous", "day", "value", "accepted_only"))
    assert len(everything) == 4
    versions = dict(Benchmark.objects.values_list("pk", "version"))
    first = set(Contender.objects.values_list("claim", "benchmark", "rank", "confidence"))
    assert first
    Record.objects.all().delete()
    Contender.objects.all().delete()
    importlib.import_module(f"claims.migrations.{migration}").note(apps, None)
    monkeypatch.setattr(updates, "BOARDS", 1)
    updates.update_catalogue()
    assert set(Record.objects.values_list("benchmark", "claim", "previous", "day", "value", "accepted_only")) == everything
    assert set(Contender.objects.values_list("claim", "benchmark", "rank", "confidence")) == first
    assert CatalogueState.objects.get().unrecorded_from is None
    assert dict(Benchmark.objects.values_list("pk", "version")) == versions


def test_empty_database_has_nothing_to_record() -> None:
    importlib.import_module("claims.migrations.0014_boards_without_records").note(apps, None)
    assert not CatalogueState.objects.filter(unrecorded_from__isnull=False).exists()
