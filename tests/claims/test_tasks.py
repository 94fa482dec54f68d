from __future__ import annotations

import io
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from claims import tasks
from claims.extraction.vocabulary import load_vocabulary
from claims.models import Listing, Paper
from claims.services import ingest
from claims.services.catalog import load_catalogue
from claims.terms import ListingState

pytestmark = pytest.mark.django_db

TEXT = "".join(
    f"Net{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and from many sides, as nobody has done before us. "
    f"Net{number} reaches {70 + number}.5% top-1 accuracy on ImageNet, which is a good number.\n\n  • 2 authors\n·\nMay {number + 1}, 2022\n\n"
    for number in range(7)
)


@pytest.fixture
def listing(settings: Settings, tmp_path: Path) -> Listing:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.CHUNK_SIZE = 2
    load_catalogue(load_vocabulary())
    return ingest.store_upload(io.BytesIO(TEXT.encode()), name="x.txt", actor="test")[0]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    messages: list[int] = []
    monkeypatch.setattr(tasks.read_listing, "delay", messages.append)
    return messages


def test_listing_is_announced_once_its_transaction_is_over(
    listing: Listing, sent: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tasks.announce(listing)
        assert sent == []
    assert sent == [listing.pk]
    listing.refresh_from_db()
    assert listing.hinted is not None


def test_worker_reads_a_listing_and_calls_for_help(listing: Listing, sent: list[int]) -> None:
    tasks.read_listing(listing.pk)
    assert sent == [listing.pk] * 3, "four chunks: three more workers may help"
    listing.refresh_from_db()
    assert (listing.state, Paper.objects.count()) == (ListingState.DONE, 7)


def test_late_and_repeated_messages_do_nothing(listing: Listing, sent: list[int]) -> None:
    tasks.read_listing(listing.pk)
    before = list(Paper.objects.values_list())
    tasks.read_listing(listing.pk)
    tasks.read_listing(listing.pk + 1)
    assert list(Paper.objects.values_list()) == before


def test_worker_gives_others_a_turn(listing: Listing, sent: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert listing.state == ListingState.READING
    assert sent[-1] == listing.pk


def test_upload_survives_a_broker_that_is_away(
    listing: Listing, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def refuse(_: int) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.read_listing, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.announce(listing)
    assert [work.listing_id for work in ingest.find_work(force=False)] == [listing.pk]


def test_sweep_sends_what_is_open(listing: Listing, sent: list[int]) -> None:
    tasks.sweep()
    assert sent == [listing.pk]
    tasks.sweep()
    assert sent == [listing.pk], "the message is on its way"
    ingest.plan_listing(listing.pk)
    tasks.sweep(force=True)
    assert sent == [listing.pk] * 5, "one message for each open chunk"
