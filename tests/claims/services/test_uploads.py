"""What people do with a listing afterwards: stop it, read on, try again, correct its year. Withdrawals have a file of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction.pipeline import extract
from claims.listings import registry
from claims.models import Benchmark, ChangeSet, Claim, Listing, ListingChunk, ListingEntry, Paper
from claims.services import changes, curation, ingest, leases, papers, receipts, uploads
from claims.terms import ChunkState, CurationState, DateSource, ListingState
from tests.reading import count_rows, half_read, read, state_of_boards, text, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


# ---- stop and read on ----


def test_stopped_listing_keeps_what_was_read_and_says_where_it_stopped() -> None:
    listing = half_read()
    done = uploads.stop(listing, actor="kim", version=listing.version)
    assert (listing.state, listing.version) == (ListingState.CANCELLED, 2)
    assert ingest.read_next_chunk(listing.pk) is None
    assert ingest.find_work(force=True) == []
    assert not ingest.close_listing(listing.pk)
    assert Paper.objects.count() == 2
    receipt = receipts.read_receipt(listing)
    assert (receipt.entries, receipt.entries_done, receipt.unread, receipt.failed) == (7, 2, 5, 0)
    decision = done.decisions.get()
    assert (done.actor, decision.object_kind, decision.object_id) == ("kim", "listing", listing.pk)
    assert (decision.before, decision.after) == ({"state": "reading"}, {"state": "cancelled"})


def test_part_that_is_prepared_when_its_listing_is_stopped_writes_nothing() -> None:
    listing = half_read()
    chunk = ingest._lease_chunk(listing.pk)
    assert chunk is not None
    uploads.stop(listing, actor="kim", version=listing.version)
    with pytest.raises(leases.LeaseLostError):
        ingest._read_chunk(chunk)
    assert ListingEntry.objects.count() == 2
    chunk.refresh_from_db()
    assert (chunk.state, chunk.attempts, chunk.lease_owner) == (ChunkState.WAITING, 0, "")


def test_part_that_was_leased_just_after_the_stop_writes_nothing() -> None:
    # Its worker asked for the lease before the stop, and got it after.
    listing = half_read()
    uploads.stop(listing, actor="kim", version=listing.version)
    chunk = ListingChunk.objects.filter(state=ChunkState.WAITING).order_by("number").select_related("listing")[0]
    chunk.lease_owner = "somebody"
    ListingChunk.objects.filter(pk=chunk.pk).update(
        state=ChunkState.LEASED, lease_owner="somebody", lease_until=timezone.now() + timedelta(seconds=30), attempts=1
    )
    with pytest.raises(leases.LeaseLostError, match="stopped"):
        ingest._read_chunk(chunk)
    assert ListingEntry.objects.count() == 2
    uploads.read_on(listing, actor="kim", version=listing.version)
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE, "and it does not hold the part back"


def test_listing_that_is_stopped_while_it_is_surveyed_gets_no_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = upload(text(0, 1, 2))
    survey = registry.survey

    def stop_meanwhile(*arguments: Any, **fields: Any) -> Any:
        uploads.stop(listing, actor="kim", version=listing.version)
        return survey(*arguments, **fields)

    monkeypatch.setattr(registry, "survey", stop_meanwhile)
    assert ingest.plan_listing(listing.pk) == 0
    listing.refresh_from_db()
    assert (listing.state, listing.chunks.count()) == (ListingState.CANCELLED, 0)
    monkeypatch.undo()
    uploads.read_on(listing, actor="kim", version=listing.version)
    assert listing.state == ListingState.WAITING
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE


def test_listing_that_was_stopped_and_read_on_brings_what_an_undisturbed_one_does() -> None:
    listing = half_read()
    ingest._lease_chunk(listing.pk)
    uploads.stop(listing, actor="kim", version=listing.version)
    uploads.read_on(listing, actor="kim", version=listing.version)
    assert [work.open_chunks for work in ingest.find_work(force=False)] == [3]
    listing = ingest.ingest_in_foreground(listing)
    assert (listing.state, listing.entries.count(), Paper.objects.count()) == (ListingState.DONE, 7, 7)
    assert Claim.objects.filter(result__isnull=False).count() == 14
    assert [change.change_set.action for change in receipts.list_changes(listing)] == ["read on", "stop"]


def test_year_that_is_given_while_a_listing_is_surveyed_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = upload(text(0, 1, day="May {}"))
    survey = registry.survey

    def date_meanwhile(*arguments: Any, **fields: Any) -> Any:
        uploads.set_year(listing, 2019, actor="kim", version=listing.version)
        return survey(*arguments, **fields)

    monkeypatch.setattr(registry, "survey", date_meanwhile)
    listing = ingest.ingest_in_foreground(listing)
    assert (listing.year, listing.year_source) == (2019, "given")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["stop", "set year", "withdraw"])
def test_act_waits_for_the_part_that_is_being_written(act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = half_read()
    writing, go_on = threading.Event(), threading.Event()
    merge = papers.merge_entries

    def merge_slowly(*arguments: Any) -> Any:
        merged = merge(*arguments)
        writing.set()
        assert go_on.wait(20)
        return merged

    monkeypatch.setattr("claims.services.papers.merge_entries", merge_slowly)
    problems: list[BaseException] = []

    def in_thread(work: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as problem:
                problems.append(problem)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    acts: dict[str, Callable[[], Any]] = {
        "stop": lambda: uploads.stop(listing, actor="kim", version=1),
        "set year": lambda: uploads.set_year(listing, 2019, actor="kim", version=1),
        "withdraw": lambda: uploads.withdraw(listing, actor="kim", version=1),
    }
    reader = in_thread(lambda: ingest.read_next_chunk(listing.pk))
    assert writing.wait(20)
    actor = in_thread(acts[act])
    actor.join(0.5)
    assert actor.is_alive(), "the part is being written"
    go_on.set()
    reader.join(20)
    actor.join(20)
    assert problems == []
    assert ListingEntry.objects.count() == 4
    assert ListingChunk.objects.filter(state=ChunkState.DONE).count() == 2
    if act == "withdraw":
        assert Paper.objects.filter(withdrawn=True).count() == 4, "what was written meanwhile is withdrawn, too"
        assert count_rows() == 0


# ---- retry ----


def test_retry_reads_the_failed_parts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_at_two(title: str, *rest: Any) -> Any:
        if title.startswith("Net2"):
            raise ValueError("a fault in a rule")
        return extract(title, *rest)

    monkeypatch.setattr(ingest, "extract", break_at_two)
    listing = read(text(*range(7)))
    assert listing.state == ListingState.FAILED
    (part,) = receipts.read_receipt(listing).failed_parts
    lines = text(*range(7)).splitlines()
    assert (part.first, part.last) == (3, 4)
    assert part.last_line is not None
    assert lines[part.first_line - 1].startswith("Net2")
    assert lines[part.last_line].startswith("Net4")
    assert "a fault in a rule" in part.reason
    monkeypatch.undo()
    changed = uploads.retry(listing, actor="kim", version=listing.version)
    assert (listing.state, listing.error) == (ListingState.READING, "")
    assert changed.decisions.get().before["parts"] == 1
    taken: list[int] = []
    listing = ingest.ingest_in_foreground(listing, on_chunk=lambda chunk: taken.append(chunk.number))
    assert (listing.state, taken, Paper.objects.count()) == (ListingState.DONE, [1], 7)
    assert receipts.read_receipt(listing).failed_parts == []


# ---- the year ----


def test_year_is_corrected_afterwards_and_undo_brings_the_old_one_back() -> None:
    listing = read(text(0, 1, day="May {}") + text(2))
    assert (listing.year, listing.year_source) == (2023, "inferred")
    before = state_of_boards()
    effect = uploads.set_year(listing, 2020, actor="kim", version=listing.version)
    assert (effect.papers, listing.year, listing.year_source) == (2, 2020, "given")
    paper = Paper.objects.get(title__startswith="Net1")
    assert (paper.first_day, paper.date_source) == (date(2020, 5, 2), DateSource.YEAR_GIVEN)
    assert Paper.objects.get(title__startswith="Net2").first_day == date(2022, 5, 3), "what is stated stays"
    changes.undo(effect.change_set, actor="kim")
    listing.refresh_from_db()
    assert (listing.year, listing.year_source, state_of_boards()) == (2023, "inferred", before)


def test_year_can_be_cleared_or_left_to_the_file() -> None:
    listing = read(text(0, 1, day="May {}") + text(2), year=2019)
    uploads.set_year(listing, None, actor="kim", version=listing.version)
    assert (listing.year, listing.year_source) == (None, "")
    assert Paper.objects.get(title__startswith="Net1").first_day is None
    uploads.set_year(listing, None, infer=True, actor="kim", version=listing.version)
    assert (listing.year, listing.year_source) == (2023, "inferred")
    assert Paper.objects.get(title__startswith="Net1").first_day == date(2023, 5, 2)


def test_year_moves_the_leader_of_a_tie() -> None:
    first = read(text(1, day="May {}"), "first.txt", year=2020)
    read(text(1, day="Apr {}, 2021").replace("Net1", "Rival1"), "second.txt")

    def leader() -> str:
        benchmark = Benchmark.objects.select_related("leader").get(slug="image-classification-on-imagenet-1k")
        assert benchmark.leader is not None
        return benchmark.leader.model_name

    assert leader() == "Net1"
    effect = uploads.set_year(first, 2022, actor="kim", version=first.version)
    assert leader() == "Rival1"
    changes.undo(effect.change_set, actor="kim")
    assert leader() == "Net1"


@pytest.mark.parametrize(
    ("year", "infer", "words"),
    [(1800, False, "can't be 1800"), (2101, False, "can't be 2101"), (2020, False, "that already"), (None, True, "spells out no year")],
)
def test_year_that_makes_no_sense_is_refused(year: int | None, infer: bool, words: str) -> None:
    listing = read(text(0, day="May {}"), year=2020)
    with pytest.raises(InvalidDecisionError, match=words):
        uploads.set_year(listing, year, infer=infer, actor="kim", version=listing.version)
    assert not ChangeSet.objects.exists()


def test_year_that_is_said_to_be_unknown_before_the_survey_is_not_inferred() -> None:
    listing = upload(text(0) + text(1, day="May {}"), year=2020)
    uploads.set_year(listing, None, actor="lee")
    read_ = ingest.ingest_in_foreground(listing)
    assert (read_.year, read_.year_source) == (None, "")
    assert Paper.objects.get(title__startswith="Net1:").last_day is None


# ---- what is refused ----

Act = Callable[[Listing, int], Any]
ACTS: dict[str, Act] = {
    "stop": lambda listing, version: uploads.stop(listing, actor="kim", version=version),
    "read on": lambda listing, version: uploads.read_on(listing, actor="kim", version=version),
    "retry": lambda listing, version: uploads.retry(listing, actor="kim", version=version),
    "withdraw": lambda listing, version: uploads.withdraw(listing, actor="kim", version=version),
    "set year": lambda listing, version: uploads.set_year(listing, 2019, actor="kim", version=version),
}


@pytest.mark.parametrize("act", ACTS)
def test_act_on_a_version_that_is_not_the_latest_is_refused(act: str) -> None:
    listing = read(text(0))
    before = state_of_boards()
    with pytest.raises(StaleObjectError, match="changed since you opened"):
        ACTS[act](listing, listing.version - 1)
    listing.refresh_from_db()
    assert (listing.state, listing.version, ChangeSet.objects.count(), state_of_boards()) == (ListingState.DONE, 1, 0, before)


@pytest.mark.parametrize(
    ("act", "state"),
    [
        ("stop", ListingState.DONE),
        ("stop", ListingState.FAILED),
        ("stop", ListingState.CANCELLED),
        ("stop", ListingState.WITHDRAWN),
        ("read on", ListingState.READING),
        ("read on", ListingState.WITHDRAWN),
        ("retry", ListingState.DONE),
        ("retry", ListingState.CANCELLED),
        ("retry", ListingState.WITHDRAWN),
        ("withdraw", ListingState.WITHDRAWN),
        ("set year", ListingState.WITHDRAWN),
    ],
)
def test_act_that_does_not_fit_the_state_is_refused(act: str, state: ListingState) -> None:
    listing = upload(text(0))
    Listing.objects.update(state=state, error="why" if state == ListingState.FAILED else "")
    with pytest.raises(InvalidDecisionError):
        ACTS[act](listing, listing.version)
    assert (Listing.objects.get().state, ChangeSet.objects.count()) == (state, 0)


def test_stop_is_refused_when_the_last_part_is_done() -> None:
    listing = upload(text(0))
    ingest.plan_listing(listing.pk)
    ingest.read_next_chunk(listing.pk)
    with pytest.raises(InvalidDecisionError, match="just been read to its end"):
        uploads.stop(listing, actor="kim", version=listing.version)
    assert ingest.close_listing(listing.pk)


def test_undo_is_refused_twice_and_where_the_listing_has_moved_on() -> None:
    listing = read(text(0, day="May {}"))
    first = uploads.set_year(listing, 2019, actor="kim", version=listing.version).change_set
    second = uploads.set_year(listing, 2020, actor="kim", version=listing.version).change_set
    with pytest.raises(StaleObjectError, match="undo the later change first"):
        changes.undo(first, actor="kim")
    changes.undo(second, actor="kim")
    with pytest.raises(InvalidDecisionError, match="undone already"):
        changes.undo(second, actor="kim")
    assert Listing.objects.get().year == 2019


def test_undo_takes_no_stop_back() -> None:
    listing = half_read()
    done = uploads.stop(listing, actor="kim", version=listing.version)
    with pytest.raises(InvalidDecisionError, match="can't be undone"):
        changes.undo(done, actor="kim")


def test_undo_of_decisions_goes_on_as_before() -> None:
    read(text(0))
    claim = Claim.objects.get(value=70.5)
    done = curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
    assert changes.find_listing(done) is None
    changes.undo(done, actor="kim")
    claim.refresh_from_db()
    assert claim.state == "unreviewed"
