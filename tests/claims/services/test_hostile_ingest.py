"""Stored files that vanish or change, disks that fill up, and many who upload at once."""

from __future__ import annotations

import errno
import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from claims import keys
from claims.errors import ClaimsError, TooManyUploadsError
from claims.extraction import pipeline
from claims.listings import registry
from claims.models import Claim, Listing, ListingChunk, Paper, PaperText
from claims.services import ingest, leases, papers, receipts, storage
from claims.terms import ChunkState, ListingState
from tests import factories as make
from tests.catalogue import load_catalogue

pytestmark = pytest.mark.usefixtures("standing_catalogue")

LISTING = (
    "OrderNet: On the Order of Layers\n\nWe study how the order of layers changes what a network learns. OrderNet reaches 81.5% top-1 accuracy on "
    "ImageNet with 25M parameters. It is better than the others that we know of.\n\n  • 4 authors\n·\nMar 3, 2023\n"
)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return tmp_path


def upload(text: str = LISTING, *, user: User | None = None, name: str = "papers.txt") -> Listing:
    return storage.store_upload(io.BytesIO(text.encode()), name=name, actor="test", uploaded_by=user)[0]


def stored_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# -- the stored file --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("change", ["gone", "cut", "longer", "other letter"])
def test_stored_file_that_is_no_longer_itself_fails_its_listing_and_heals_by_an_upload(folder: Path, planned: bool, change: str) -> None:
    load_catalogue()
    listing = upload()
    path = storage.stored_path(listing.sha256)
    if planned:
        ingest.plan_listing(listing.pk)
    content = path.read_bytes()
    changed = {"gone": None, "cut": content[:-1], "longer": content + b"\n", "other letter": content.replace(b"81.5", b"91.5")}[change]
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)
    listing = ingest.ingest_in_foreground(listing)
    assert listing.state == ListingState.FAILED
    assert ("gone" if change == "gone" else "was changed since it was uploaded") in listing.error
    assert "Upload it again." in listing.error
    assert not PaperText.objects.exists()
    assert ingest.ingest_in_foreground(upload()).state == ListingState.DONE
    assert Claim.objects.filter(value=81.5).exists()


@pytest.mark.django_db
def test_folder_of_uploads_that_is_away_fails_nothing(folder: Path) -> None:
    load_catalogue()
    listing = upload()
    (folder / "uploads").rename(folder / "elsewhere")
    for _ in range(leases.MAX_LEASES + 1):
        with pytest.raises(FileNotFoundError):
            ingest.plan_listing(listing.pk)
    (folder / "elsewhere").rename(folder / "uploads")
    ingest.plan_listing(listing.pk)
    (folder / "uploads").rename(folder / "elsewhere")
    for _ in range(leases.MAX_LEASES + 1):
        with pytest.raises(FileNotFoundError):
            ingest.read_next_chunk(listing.pk)
    (folder / "elsewhere").rename(folder / "uploads")
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE


@pytest.mark.django_db
def test_file_is_hashed_once_for_all_its_chunks(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.CHUNK_SIZE = 1
    load_catalogue()
    ingest._sha256_of.cache_clear()
    listing = ingest.ingest_in_foreground(upload(LISTING + LISTING.replace("Order", "Other") + LISTING.replace("Order", "Third")))
    assert (listing.state, ListingChunk.objects.count()) == (ListingState.DONE, 3)
    assert ingest._sha256_of.cache_info().misses == 1


@pytest.mark.django_db
def test_leases_are_kept_while_a_long_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "RENEW_BYTES", 1)
    load_catalogue()
    listing = upload(LISTING + "\n" * 3_000_000 + LISTING.replace("Order", "Other"))
    kept: list[str] = []
    for name in ("_renew_listing", "_renew"):
        renew = getattr(ingest, name)

        def counted(*what: Any, name: str = name, renew: Callable[..., None] = renew) -> None:
            kept.append(name)
            renew(*what)

        monkeypatch.setattr(ingest, name, counted)
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE
    assert kept.count("_renew_listing") > 10
    assert kept.count("_renew") > 10


@pytest.mark.django_db
def test_survey_that_was_taken_over_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "RENEW_BYTES", 1)
    listing = upload()
    survey = registry.survey

    def survey_after_another_began(stream: Any, **kwargs: Any) -> Any:
        Listing.objects.update(lease_until=timezone.now())
        return survey(stream, **kwargs)

    monkeypatch.setattr(registry, "survey", survey_after_another_began)
    assert ingest.plan_listing(listing.pk) == 0
    assert not ListingChunk.objects.exists()
    assert Listing.objects.get().state == ListingState.WAITING


# -- a disk that fills up ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OperationalError("database or disk is full"), OSError(errno.EIO, "I/O")]
)
def test_worker_on_a_full_disk_leaves_its_work_open_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    load_catalogue()
    listing = upload()

    def full(*_: Any, **__: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "_store_plan", full)
        for _ in range(leases.MAX_LEASES + 1):
            with pytest.raises(type(error)):
                ingest.plan_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.state, listing.attempts, listing.lease_until) == (ListingState.WAITING, 0, None)
    ingest.plan_listing(listing.pk)
    with monkeypatch.context() as patch:
        patch.setattr("claims.services.statements.record_readings", full)
        for _ in range(leases.MAX_LEASES + 1):
            with pytest.raises(type(error)):
                ingest.read_next_chunk(listing.pk)
    chunk = ListingChunk.objects.get()
    assert (chunk.state, chunk.attempts, chunk.failures) == (ChunkState.WAITING, 0, 0)
    assert not Paper.objects.exists()
    assert any(record.levelno == logging.ERROR and str(error) in record.getMessage() for record in caplog.records)
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE


@pytest.mark.django_db
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="NOT TESTED: only root may mount a disk of its own")
def test_really_full_disk_keeps_neither_file_nor_row(settings: Settings, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], check=False, capture_output=True).returncode:
        pytest.skip("NOT TESTED: this machine lets nobody mount a small disk")
    try:
        settings.DATA_DIR, settings.UPLOAD_DIR = small, small / "uploads"
        with pytest.raises(ClaimsError, match="disk is full"):
            upload(LISTING * 2000)
        assert stored_files(small) == []
        assert not Listing.objects.exists()
        assert upload().state == ListingState.WAITING
    finally:
        subprocess.run(["umount", small], check=True)


# -- odd texts --------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_titles_that_differ_by_what_nobody_sees_are_one_paper() -> None:
    load_catalogue()
    unseen = "\u200d\u200c\u200b\u00ad\u2060\u202e\u202c\u2066\u2069\u200e\u200f\ufeff"
    ingest.ingest_in_foreground(upload())
    listing = ingest.ingest_in_foreground(upload(LISTING.replace("OrderNet: On", f"Order{unseen}Net: {unseen}On")))
    assert listing.state == ListingState.DONE
    assert (Paper.objects.count(), PaperText.objects.count()) == (1, 2)
    assert keys.title_key(f"a{unseen}b") == keys.title_key("ab")


@pytest.mark.django_db
def test_odd_text_is_stored_as_it_is_and_its_offsets_hold() -> None:
    load_catalogue()
    odd = "e\u0301\u202e\u2067" + "a" + "\u0301" * 1000 + "\u200d\U000e0041\u0378\u2028 "
    assert ingest.ingest_in_foreground(upload(LISTING.replace("We study", odd + "We study"))).state == ListingState.DONE
    claim = Claim.objects.get(value=81.5)
    assert claim.paper_text is not None
    assert claim.paper_text.abstract.startswith(odd)
    assert claim.paper_text.abstract[claim.start : claim.end] == claim.stated
    assert claim.stated in claim.evidence


@pytest.mark.django_db
def test_text_that_is_read_in_part_is_told_with_its_line() -> None:
    load_catalogue()
    long = "And on and on it goes. " * (pipeline.MAX_ABSTRACT // 20)
    listing = ingest.ingest_in_foreground(upload(LISTING.replace("We study", long + "We study") + LISTING.replace("Order", "Other")))
    (issue,) = receipts.read_receipt(listing).issues
    assert issue.line == 1
    assert "Numbers are looked for in the first" in issue.reason
    assert PaperText.objects.get(title__startswith="Order").abstract.endswith("that we know of."), "all of it is kept"
    assert Claim.objects.filter(value=81.5).count() == 1


# -- many at once -----------------------------------------------------------------------------------------------------------------


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Make all calls at the same moment, each on a thread and a connection of its own; return results and exceptions in order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def race_for_one_listing(folder: Path) -> None:
    """Upload the same bytes eight times at once, by two users: one row, one file, no exception."""

    def store(user: User) -> tuple[Listing, bool]:
        return storage.store_upload(io.BytesIO(LISTING.encode()), name="x.txt", actor="test", uploaded_by=user)

    users = [make.make_user(f"user{number}", "upload_listing") for number in range(2)]
    results = at_once([partial(store, user) for user in users * 4])
    assert [result for result in results if isinstance(result, Exception)] == []
    assert sum(created for _, created in results) == 1
    assert {listing.pk for listing, _ in results} == {Listing.objects.get().pk}
    assert [path.name for path in stored_files(folder / "uploads")] == [Listing.objects.get().sha256]
    assert stored_files(folder / "incoming") == []


def race_for_the_last_places(folder: Path) -> None:
    """Upload twelve listings at once where five may be open: five are taken, seven refused, and nothing of the seven stays."""
    user = make.make_user("eager", "upload_listing")
    before = Listing.objects.count(), len(stored_files(folder / "uploads"))
    texts = [LISTING.replace("We study", f"We study {number} times") for number in range(12)]
    results = at_once([partial(upload, text, user=user) for text in texts])
    refused = [result for result in results if isinstance(result, TooManyUploadsError)]
    assert len(refused) == 7, results
    assert Listing.objects.count() == before[0] + 5
    assert len(stored_files(folder / "uploads")) == before[1] + 5
    assert stored_files(folder / "incoming") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="on SQLite by a program of its own, below")
def test_races_on_postgresql(folder: Path, settings: Settings) -> None:
    settings.MAX_OPEN_UPLOADS = 5
    race_for_one_listing(folder)
    race_for_the_last_places(folder)


RACES = """
import django, sys
django.setup()
from pathlib import Path
from django.conf import settings
from tests.claims.services.test_hostile_ingest import race_for_one_listing, race_for_the_last_places
race_for_one_listing(settings.DATA_DIR)
race_for_the_last_places(settings.DATA_DIR)
"""


@pytest.mark.embedded
@pytest.mark.usefixtures("made_database")
def test_races_on_sqlite(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "MAX_OPEN_UPLOADS": "5", "PYTHONPATH": str(root)}
    environment["DJANGO_SETTINGS_MODULE"] = "leaderboard.settings.base"
    done = subprocess.run([sys.executable, "-c", RACES], env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.django_db
def test_paper_that_a_file_shows_again_and_again_costs_no_more_than_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHUNK_SIZE = 20
    load_catalogue()
    loaded: list[int] = []
    load = papers._load_entries

    def load_counted(wanted: Any) -> Any:
        entries = load(wanted)
        loaded.append(sum(map(len, entries.values())))
        return entries

    monkeypatch.setattr(papers, "_load_entries", load_counted)
    listing = ingest.ingest_in_foreground(upload((LISTING + "\n") * 200))
    assert (listing.state, listing.entries.count(), Paper.objects.count()) == (ListingState.DONE, 200, 1)
    assert loaded
    assert set(loaded) == {1}
    assert Paper.objects.get().first_day == date(2023, 3, 3)
