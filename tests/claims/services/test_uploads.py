"""What people do with a listing afterwards, and what becomes of papers and boards."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from claims import boards, tasks
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary
from claims.listings import registry
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    ChangeSet,
    Claim,
    Cost,
    CostLink,
    Decision,
    Flag,
    Listing,
    ListingChunk,
    ListingEntry,
    Paper,
    Result,
    ResultValue,
)
from claims.services import changes, curation, ingest, papers, receipts, uploads
from claims.services.catalog import load_catalogue
from claims.terms import ChunkState, CurationState, DateSource, ListingState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.CHUNK_SIZE = 2
    load_catalogue(load_vocabulary())


def text(*numbers: int, more: str = "", day: str = "May {}, 2022") -> str:
    """Return a listing of the papers of these numbers; `more` changes their texts."""
    return "".join(
        f"Net{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and from many sides, as nobody has "
        f"done before us. {more}Net{number} reaches {70 + number}.5% top-1 accuracy on ImageNet with {number + 3}M parameters, and "
        f"{30 + number}.1 mAP on COCO.\n\n  • 2 authors\n·\n{day.format(number + 1)}\n\n"
        for number in numbers
    )


def upload(content: str, name: str = "papers.txt", **fields: Any) -> Listing:
    return ingest.store_upload(io.BytesIO(content.encode()), name=name, actor="lee", **fields)[0]


def read(content: str, name: str = "papers.txt", **fields: Any) -> Listing:
    return ingest.ingest_in_foreground(upload(content, name, **fields))


def state_of_boards() -> dict[str, Any]:
    """Return what the boards show and what it is made of: everything but counters of changes, ids of mere links and times."""
    tables: dict[Any, tuple[str, ...]] = {
        Benchmark: ("slug", "primary_metric", "row_count", "accepted_row_count", "leader", "accepted_leader", "reviewed", "chosen_by"),
        BenchmarkMetric: ("benchmark", "metric", "column"),
        Result: ("pk", "public_id", "benchmark", "paper", "ml_model", "model_name", "variant", "setting_key", "role"),
        ResultValue: ("result", "metric", "claim", "chosen_by", "others"),
        Claim: ("pk", "public_id", "result", "state", "decided_by", "reject_reason", "retired_by", "ml_model"),
        Cost: ("pk", "public_id", "state", "decided_by", "reject_reason", "retired_by", "ml_model"),
        CostLink: ("result", "cost", "tied", "linked_by"),
        Paper: ("pk", "title", "first_day", "last_day", "date_source", "url", "current_text", "withdrawn"),
    }
    state: dict[str, Any] = {
        table.__name__: sorted(table._default_manager.values_list(*fields), key=repr) for table, fields in tables.items()
    }
    for benchmark in Benchmark.objects.with_names().order_by("slug"):
        board = boards.read_board(benchmark, {"role": "all"}, page_size=None)
        state[f"board {benchmark.slug}"] = [
            (row.rank, row.model, row.last_day, sorted((key, cell.stated) for key, cell in (row.cells | row.costs).items()))
            for row in board.rows
        ]
    return state


def count_rows() -> int:
    return sum(boards.read_board(benchmark, {"role": "all"}, page_size=None).total for benchmark in Benchmark.objects.with_names())


def half_read() -> Listing:
    """Return a listing of four parts of which one is read."""
    listing = upload(text(*range(7)))
    ingest.plan_listing(listing.pk)
    assert ingest.read_next_chunk(listing.pk) is not None
    listing.refresh_from_db()
    return listing


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
    with pytest.raises(ingest.LeaseLostError):
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
    with pytest.raises(ingest.LeaseLostError, match="stopped"):
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


# ---- withdraw and put back ----


def test_withdrawn_papers_leave_the_boards_and_undo_brings_back_exactly_what_was() -> None:
    listing = read(text(*range(5)))
    rejected, accepted = Claim.objects.get(value=74.5), Claim.objects.get(value=72.5)
    curation.decide(rejected, CurationState.REJECTED, actor="kim", version=rejected.version, reason="wrongly_read")
    curation.decide(accepted, CurationState.ACCEPTED, actor="kim", version=accepted.version)
    cost = Cost.objects.get(value=6e6)
    curation.decide(cost, CurationState.REJECTED, actor="kim", version=cost.version, reason="not_a_result")
    before = state_of_boards()
    assert before["board image-classification-on-imagenet-1k"][0][1] == "Net3"
    foreseen = receipts.foresee_withdrawal(listing)
    assert (foreseen.leaving, foreseen.staying, foreseen.rows, foreseen.boards, foreseen.decided) == (5, 0, 9, 2, 3)
    effect = uploads.withdraw(listing, actor="kim", version=listing.version, reason="not ours")
    assert (effect.papers, listing.state) == (5, ListingState.WITHDRAWN)
    assert count_rows() == 0
    assert boards.list_boards(single=True) == []
    assert not ResultValue.objects.exists()
    assert not CostLink.objects.exists()
    assert Paper.objects.filter(withdrawn=True).count() == 5
    accepted.refresh_from_db()
    assert (accepted.state, accepted.result) == ("accepted", None)
    undone = changes.undo(effect.change_set, actor="lee")
    assert undone.undoes == effect.change_set
    listing.refresh_from_db()
    assert (listing.state, state_of_boards()) == (ListingState.DONE, before)


def test_paper_that_another_listing_shows_stays_with_what_that_one_gives() -> None:
    read(text(0, 1, day="May {}, 2021"), "earlier.txt")
    earlier = state_of_boards()
    later = read(text(1, 2, more="We count again. "), "later.txt")
    both = state_of_boards()
    foreseen = receipts.foresee_withdrawal(later)
    assert (foreseen.leaving, foreseen.staying, foreseen.rows, foreseen.boards) == (1, 1, 2, 2)
    effect = uploads.withdraw(later, actor="kim", version=later.version)
    assert Paper.objects.get(withdrawn=True).title.startswith("Net2")
    shared = Paper.objects.get(title__startswith="Net1")
    assert shared.current_text is not None
    assert "count again" not in shared.current_text.abstract
    assert (shared.first_day, shared.withdrawn) == (date(2021, 5, 2), False)
    for name, rows in state_of_boards().items():
        if name.startswith("board "):
            assert rows == earlier[name]
    changes.undo(effect.change_set, actor="kim")
    assert state_of_boards() == both


def test_decision_on_a_withdrawn_text_is_carried_over_to_the_one_that_stays() -> None:
    read(text(1), "earlier.txt")
    later = read(text(1, more="We count again. "), "later.txt")
    claim = Claim.objects.get(value=71.5, retired_by__isnull=True)
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
    uploads.withdraw(later, actor="kim", version=later.version)
    heir = Claim.objects.get(value=71.5, retired_by__isnull=True)
    assert (heir.state, heir.pk != claim.pk) == ("accepted", True)
    assert heir.result is not None


def test_later_listing_brings_a_withdrawn_paper_back() -> None:
    listing = read(text(1, 2))
    uploads.withdraw(listing, actor="kim", version=listing.version)
    read(text(2, 3), "later.txt")
    assert Paper.objects.get(withdrawn=True).title.startswith("Net1")
    assert count_rows() == 4


def test_listing_that_is_being_read_is_stopped_and_withdrawn_in_one_and_comes_back_stopped() -> None:
    listing = half_read()
    chunk = ingest._lease_chunk(listing.pk)
    assert chunk is not None
    effect = uploads.withdraw(listing, actor="kim", version=listing.version)
    with pytest.raises(ingest.LeaseLostError):
        ingest._read_chunk(chunk)
    assert ingest.find_work(force=True) == []
    assert (ListingEntry.objects.count(), count_rows()) == (2, 0)
    changes.undo(effect.change_set, actor="kim")
    listing.refresh_from_db()
    assert (listing.state, count_rows()) == (ListingState.CANCELLED, 4)
    uploads.read_on(listing, actor="kim", version=listing.version)
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE
    assert count_rows() == 14


def test_failed_listing_comes_back_failed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "extract", lambda *_: 1 / 0)
    listing = read(text(0, 1))
    reason = listing.error
    assert reason
    effect = uploads.withdraw(listing, actor="kim", version=listing.version)
    changes.undo(effect.change_set, actor="kim")
    listing.refresh_from_db()
    assert (listing.state, listing.error) == (ListingState.FAILED, reason)


def test_same_bytes_again_leave_a_withdrawn_or_stopped_listing_as_it_is() -> None:
    listing = read(text(0, 1))
    uploads.withdraw(listing, actor="kim", version=listing.version)
    again = upload(text(0, 1), year=2019)
    assert (again.pk, again.state, again.year, again.version) == (listing.pk, ListingState.WITHDRAWN, 2023, listing.version)
    stopped = half_read()
    uploads.stop(stopped, actor="kim", version=stopped.version)
    assert upload(text(*range(7))).state == ListingState.CANCELLED


def test_papers_of_a_long_listing_are_settled_in_batches_and_lost_messages_are_found_again(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(uploads, "SETTLE_AT_ONCE", 3)
    monkeypatch.setattr(uploads, "SETTLE_BATCH", 2)
    listing = read(text(*range(7)))
    before = state_of_boards()
    effect = uploads.withdraw(listing, actor="kim", version=listing.version)
    assert (effect.papers, listing.state, listing.unsettled_from) == (None, ListingState.WITHDRAWN, 0)
    receipt = receipts.read_receipt(listing)
    assert (receipt.running, receipt.settled) == (True, 0)
    assert count_rows() == 14, "nothing is settled yet"
    assert uploads.settle_next(listing.pk)
    assert (Paper.objects.filter(withdrawn=True).count(), count_rows()) == (2, 10)
    sent: list[int] = []
    monkeypatch.setattr(tasks.settle_listing, "apply_async", lambda arguments, **_: sent.append(arguments[0]))
    tasks.sweep()
    tasks.sweep()
    assert sent == [listing.pk], "the second sweep knows that a message is on its way"
    tasks.sweep(force=True)
    assert sent == [listing.pk] * 2, "a worker that starts can't know which messages its predecessor lost"
    tasks.settle_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.unsettled_from, count_rows()) == (None, 0)
    assert uploads.find_unsettled(force=True) == []
    changes.undo(effect.change_set, actor="kim")
    tasks.settle_listing(listing.pk)
    assert state_of_boards() == before


def test_long_listing_that_is_put_back_before_it_was_settled_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SETTLE_AT_ONCE", 3)
    monkeypatch.setattr(uploads, "SETTLE_BATCH", 2)
    listing = read(text(*range(7)))
    before = state_of_boards()
    effect = uploads.withdraw(listing, actor="kim", version=listing.version)
    uploads.settle_next(listing.pk)
    changes.undo(effect.change_set, actor="kim")
    while uploads.settle_next(listing.pk):
        pass
    assert state_of_boards() == before


def test_batches_end_where_the_entries_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SETTLE_AT_ONCE", 1)
    monkeypatch.setattr(uploads, "SETTLE_BATCH", 2)
    listing = read(text(0, 1, 2, 3))
    uploads.withdraw(listing, actor="kim", version=listing.version)
    assert [uploads.settle_next(listing.pk) for _ in range(4)] == [True, True, False, False]
    assert (count_rows(), Listing.objects.get().unsettled_from) == (0, None)


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
    with pytest.raises(StaleObjectError, match="changed by somebody else"):
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


def test_history_tells_what_was_done_and_what_can_be_undone() -> None:
    listing = read(text(0, day="May {}"))
    uploads.set_year(listing, 2019, actor="kim", version=listing.version)
    uploads.set_year(listing, 2020, actor="kim", version=listing.version)
    assert [(change.change_set.action, change.undoable) for change in receipts.list_changes(listing)] == [
        ("set year", True),
        ("set year", False),
    ]
    changes.undo(ChangeSet.objects.latest("pk"), actor="lee")
    listing.refresh_from_db()
    assert [change.undoable for change in receipts.list_changes(listing)] == [False, False, False]
    assert Decision.objects.filter(object_kind="listing", object_id=listing.pk).count() == 3


# ---- how long it takes ----


def test_time_left_goes_by_the_parts_of_the_last_minute() -> None:
    listing = half_read()
    now = timezone.now()
    assert receipts.read_receipt(listing).seconds_left is None, "one part is nothing to go by"
    ListingChunk.objects.all().delete()
    for number in range(10):
        ListingChunk.objects.create(
            listing=listing,
            number=number,
            first=number * 10,
            last=number * 10 + 9,
            offset=0,
            line=1,
            state=ChunkState.DONE if number < 6 else ChunkState.WAITING,
            closed=now - timedelta(seconds=600 if number == 0 else 24 - 4 * number) if number < 6 else None,
        )
    left = receipts.read_receipt(listing).seconds_left
    assert left is not None
    assert 19 < left < 23, "four parts in twenty seconds, and four are left"
    ListingChunk.objects.update(closed=now - timedelta(seconds=90))
    assert receipts.read_receipt(listing).seconds_left is None, "nothing was done for more than a minute"


def test_decided_number_of_a_withdrawn_text_leaves_the_board_and_comes_back() -> None:
    read(text(0))
    later = read(text(0, more="A later count gave more. ").replace("70.5%", "73.5%"), "later.txt")
    claim = Claim.objects.get(value=73.5)
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=claim.version)
    before = state_of_boards()
    later.refresh_from_db()
    withdrawal = uploads.withdraw(later, actor="lee", version=later.version).change_set
    claim.refresh_from_db()
    assert claim.result is None
    assert claim.state == CurationState.ACCEPTED
    assert [claim.value for claim in Claim.objects.filter(result__benchmark__dataset__name="ImageNet-1K")] == [70.5]
    assert not Flag.objects.exists(), "nothing newer contradicts it"
    changes.undo(withdrawal, actor="lee")
    assert state_of_boards() == before


def test_year_that_is_said_to_be_unknown_before_the_survey_is_not_inferred() -> None:
    listing = upload(text(0) + text(1, day="May {}"), year=2020)
    uploads.set_year(listing, None, actor="lee")
    read_ = ingest.ingest_in_foreground(listing)
    assert (read_.year, read_.year_source) == (None, "")
    assert Paper.objects.get(title__startswith="Net1:").last_day is None
