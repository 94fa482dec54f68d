from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Retry, SoftTimeLimitExceeded
from django.db import InterfaceError
from django.db import OperationalError as DatabaseOperationalError
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from claims import tasks
from claims.extraction.pipeline import extract
from claims.listings import registry
from claims.models import Listing, Paper
from claims.services import ingest, leases, storage, uploads
from claims.terms import ListingState
from tests.catalogue import load_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

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
    load_catalogue()
    return storage.store_upload(io.BytesIO(TEXT.encode()), name="x.txt", actor="test")[0]


class Sent(list[int]):
    """The listings that messages were sent about; `queues` has the queue of each."""

    def __init__(self) -> None:
        self.queues: list[str] = []


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    messages = Sent()

    def note(arguments: tuple[int], *, queue: str) -> None:
        messages.append(arguments[0])
        messages.queues.append(queue)

    monkeypatch.setattr(tasks.read_listing, "apply_async", note)
    monkeypatch.setattr(tasks, "TURN_SECONDS", 600.0)  # however slow the machine
    return messages


def test_listing_is_announced_once_its_transaction_is_over(
    listing: Listing, sent: Sent, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tasks.announce(listing)
        assert sent == []
    assert sent == [listing.pk]
    listing.refresh_from_db()
    assert listing.hinted is not None


def test_worker_reads_a_listing_and_calls_for_help(listing: Listing, sent: Sent) -> None:
    tasks.read_listing(listing.pk)
    assert sent == [listing.pk] * 3, "four chunks: three more workers may help"
    listing.refresh_from_db()
    assert (listing.state, Paper.objects.count()) == (ListingState.DONE, 7)
    assert set(sent.queues) == {"interactive"}


def test_long_listing_is_left_to_the_bulk_queue(listing: Listing, sent: Sent, settings: Settings) -> None:
    settings.CHUNK_SIZE = 1
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.state, Paper.objects.count()) == (ListingState.READING, 0), "somebody may wait for this worker"
    assert (sent, sent.queues) == ([listing.pk] * 7, ["bulk"] * 7)
    tasks.sweep(force=True)
    assert sent.queues == ["bulk"] * 14
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert listing.state == ListingState.DONE


def test_long_listing_is_read_by_its_surveyor_when_nobody_can_be_told(
    listing: Listing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    settings.CHUNK_SIZE = 1
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(tasks.read_listing, "apply_async", refuse)
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert listing.state == ListingState.DONE


def test_survey_that_keeps_failing_fails_its_listing_with_the_reason(listing: Listing, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(registry, "survey", broken)
    for tried in range(1, leases.MAX_ERRORS):
        tasks.read_listing(listing.pk)
        listing.refresh_from_db()
        assert (listing.state, listing.failures, sent, sent.queues[-1]) == (
            ListingState.WAITING,
            tried,
            [listing.pk] * tried,
            "interactive",
        )
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.state, listing.failures) == (ListingState.FAILED, leases.MAX_ERRORS)
    assert listing.error == "Reading it took longer than 9 minutes."
    tasks.read_listing(listing.pk)
    assert len(sent) == leases.MAX_ERRORS - 1, "a failed listing is left alone"
    monkeypatch.undo()
    uploads.retry(listing, actor="test")
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE


def test_time_limit_in_a_chunk_is_the_failure_of_that_chunk(listing: Listing, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:

    def slow(title: str, *rest: Any) -> Any:
        if title.startswith("Net2:"):
            raise SoftTimeLimitExceeded
        return extract(title, *rest)

    monkeypatch.setattr(ingest, "extract", slow)
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.state, Paper.objects.count()) == (ListingState.FAILED, 5), "the other chunks are read"
    assert "Reading it took longer than 9 minutes." in listing.error


def test_close_that_keeps_failing_fails_its_listing_and_a_retry_is_announced(
    listing: Listing, sent: Sent, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def broken(*_: object) -> None:
        raise SoftTimeLimitExceeded

    tasks.read_listing(listing.pk)
    Listing.objects.update(state=ListingState.READING)
    sent.clear()
    monkeypatch.setattr(ingest, "_link_quoted_models", broken)
    for _ in range(leases.MAX_ERRORS + 1):
        tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert listing.state == ListingState.FAILED
    assert "Reading it took longer than 9 minutes." in listing.error
    assert len(sent) == leases.MAX_ERRORS - 1, "a failed listing is left alone"
    monkeypatch.undo()
    sent.clear()
    monkeypatch.setattr(tasks.read_listing, "apply_async", lambda arguments, **_: sent.append(arguments[0]))
    with django_capture_on_commit_callbacks(execute=True):
        uploads.retry(listing, actor="test")
        tasks.announce(listing)
    assert sent == [listing.pk], "no part is open, and yet there is something to do"
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert listing.state == ListingState.DONE


@pytest.mark.parametrize("error", [DatabaseOperationalError, InterfaceError, OSError])
def test_retry_is_for_what_may_heal(listing: Listing, sent: Sent, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    retries: list[dict[str, Any]] = []

    def retry(**how: Any) -> Exception:
        retries.append(how)
        return Retry()

    def away(*_: object, **__: object) -> None:
        raise error("away")

    monkeypatch.setattr(tasks.read_listing, "retry", retry)
    monkeypatch.setattr(registry, "survey", away)
    with pytest.raises(Retry):
        tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.state, listing.attempts, listing.failures, listing.lease_until) == (ListingState.WAITING, 0, 0, None)
    assert len(retries) == 1
    assert tasks.read_listing.max_retries == 6, "it has an end"
    assert 0 <= retries[0]["countdown"] <= 1


def test_late_and_repeated_messages_do_nothing(listing: Listing, sent: Sent) -> None:
    tasks.read_listing(listing.pk)
    before = list(Paper.objects.values_list())
    tasks.read_listing(listing.pk)
    tasks.read_listing(listing.pk + 1)
    assert list(Paper.objects.values_list()) == before


def test_worker_gives_others_a_turn(listing: Listing, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    tasks.read_listing(listing.pk)
    listing.refresh_from_db()
    assert listing.state == ListingState.READING
    assert sent[-1] == listing.pk


def test_upload_survives_a_broker_that_is_away(
    listing: Listing, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.read_listing, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.announce(listing)
    assert [work.listing_id for work in ingest.find_work(force=False)] == [listing.pk]


def test_sweep_sends_what_is_open(listing: Listing, sent: Sent) -> None:
    tasks.sweep()
    assert sent == [listing.pk]
    tasks.sweep()
    assert sent == [listing.pk], "the message is on its way"
    ingest.plan_listing(listing.pk)
    tasks.sweep(force=True)
    assert sent == [listing.pk] * 5, "one message for each open chunk"
