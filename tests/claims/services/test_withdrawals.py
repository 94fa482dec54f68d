"""Listings that are withdrawn and put back, and what becomes of their papers and boards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from claims import boards, search, tasks
from claims.models import Benchmark, Claim, Cost, CostLink, Decision, Flag, Listing, ListingEntry, Paper, ResultValue
from claims.services import changes, curation, ingest, leases, receipts, statements, uploads
from claims.terms import CurationState, ListingState, SearchKind
from tests.reading import count_rows, half_read, read, state_of_boards, text, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


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
    with pytest.raises(leases.LeaseLostError):
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


OLDER = text(0)
NEWER = text(0, more="A later count gave more. ").replace("70.5%", "73.5%")
SAME = text(0, more="We say it in other words. ")
"""A paper's texts: the newer one states another number on one of the two boards, the third the same ones."""


def accept(value: float) -> None:
    claim = Claim.objects.filter(value=value, retired_by__isnull=True).get()
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)


def withdraw(name: str) -> None:
    listing = Listing.objects.get(name=name)
    uploads.withdraw(listing, actor="kim", version=listing.version)


def put_back(name: str) -> None:
    withdrawn = Decision.objects.filter(object_kind="listing", object_id=Listing.objects.get(name=name).pk, change_set__action="withdraw")
    changes.undo(withdrawn.latest("pk").change_set, actor="kim")


def told() -> dict[str, Any]:
    """Return what the site says, without a word about ids: what two histories can be compared by."""
    state: dict[str, Any] = {name: rows for name, rows in state_of_boards().items() if name.startswith("board ") and rows}
    for table in (Claim, Cost):
        shown = table._default_manager.filter(retired_by__isnull=True, paper_text__paper__withdrawn=False)
        state[table.__name__] = sorted(shown.values_list("paper_text__sha256", "stated", "state", "decided_by", "ml_model__slug"), key=repr)
    flagged = {"claim": Claim, "cost": Cost}
    state["flags"] = sorted(flagged[flag.object_kind].objects.get(pk=flag.object_id).stated for flag in Flag.objects.all())
    return state


def tell(*steps: Callable[[], object]) -> dict[str, Any]:
    """Return what the site says after these steps, and forget them."""
    with transaction.atomic():
        for step in steps:
            step()
        state = told()
        transaction.set_rollback(True)
    return state


tell_once = cache(tell)
"""The same, told by the same steps once for all tests that compare with it."""


def reading(content: str, name: str) -> Callable[[], object]:
    return lambda: read(content, name)


A, B, C = reading(OLDER, "a"), reading(NEWER, "b"), reading(SAME, "c")
ACCEPT, WITHDRAW, PUT_BACK = (lambda: accept(70.5)), (lambda: withdraw("a")), (lambda: put_back("a"))


def test_decided_number_of_an_older_listing_leaves_with_it_whatever_was_read_first() -> None:
    gone = tell(A, ACCEPT, WITHDRAW, B)
    assert gone == tell(A, ACCEPT, B, WITHDRAW) == tell(B, lambda: withdraw("b"), lambda: put_back("b"))
    assert [row[:2] for row in gone["board image-classification-on-imagenet-1k"]] == [(1, "Net0")]
    assert gone["flags"] == []


def test_withdrawal_counts_the_papers_that_lose_a_decided_number() -> None:
    listing = read(OLDER, "a")
    accept(70.5)
    read(NEWER, "b")
    benchmark = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    listing.refresh_from_db()
    assert uploads.withdraw(listing, actor="kim", version=listing.version).papers == 1
    assert list(Claim.objects.filter(result__benchmark=benchmark).values_list("value", flat=True)) == [73.5]


@pytest.mark.once
@pytest.mark.parametrize("first", [(A, ACCEPT), (A, ACCEPT, C), (C, ACCEPT, A)], ids=["one", "carried", "carried back"])
@pytest.mark.parametrize(
    "later",
    [(WITHDRAW, B, PUT_BACK), (B, WITHDRAW, PUT_BACK), (WITHDRAW, PUT_BACK, B), (WITHDRAW, B, lambda: withdraw("b"), PUT_BACK)],
    ids=["between", "before", "after", "both"],
)
def test_listing_that_is_put_back_is_as_if_it_never_was_withdrawn(
    first: Sequence[Callable[[], object]], later: Sequence[Callable[[], object]]
) -> None:
    put_back_b = [lambda: put_back("b")] if len(later) == 4 else []
    never = tell_once(*first, B)
    assert tell(*first, *later, *put_back_b) == never
    assert never["flags"] == ["70.5"]
    assert never["board image-classification-on-imagenet-1k"], "the decided number stays, flagged"


def test_decision_made_on_a_withdrawn_text_is_carried_over_to_what_is_read_meanwhile() -> None:
    assert tell(A, ACCEPT, B, WITHDRAW, C, PUT_BACK) == tell(A, ACCEPT, B, C)


def test_known_text_that_another_listing_shows_brings_its_decided_numbers_back() -> None:
    """The listing that is read last was uploaded before the current text's: the paper itself stays as it is."""

    def upload_early() -> None:
        upload(OLDER + "\n", "d")

    def read_late() -> None:
        ingest.ingest_in_foreground(Listing.objects.get(name="d"))

    assert tell(A, upload_early, ACCEPT, B, WITHDRAW, read_late) == tell(A, ACCEPT, B)


def test_flag_goes_when_the_newer_text_is_withdrawn() -> None:
    assert tell(A, ACCEPT, B, lambda: withdraw("b")) == tell(A, ACCEPT)


@pytest.mark.parametrize("late", [False, True])
def test_last_word_on_a_number_stays_with_the_latest_text_that_states_it(*, late: bool) -> None:
    """Two older texts state what the current one does not: one of them speaks, the same in whatever order they were read."""

    def upload_early() -> None:
        upload(SAME, "c")

    def read_late() -> None:
        ingest.ingest_in_foreground(Listing.objects.get(name="c"))

    steps = [A, ACCEPT, upload_early, B, read_late] if late else [A, ACCEPT, C, B]
    state = tell(*steps)
    assert state["flags"] == ["70.5"]
    assert [row[1:4] for row in state["Claim"] if row[1] == "70.5"] == [("70.5", "accepted", "person")]
    assert tell(*steps, WITHDRAW, PUT_BACK) == state
    assert tell(*steps, lambda: withdraw("c"), lambda: put_back("c")) == state


# -- quoted models --------------------------------------------------------------------------------------------------------------

QUOTING = text(5).replace("on ImageNet with 8M parameters, and 35.1 mAP on COCO.", "on ImageNet, outperforming Net0's 49.5%.")
OTHER = text(0).replace("A Study of", "Another Study of").replace("70.5%", "64.5%")
"""One paper quotes what another proposes; a third proposes something else of that name."""
QUOTE, PROPOSE_ELSE = reading(QUOTING, "quoting"), reading(OTHER, "other")


def quoted() -> str:
    claim = Claim.objects.select_related("ml_model__introduced_by").get(value=49.5)
    return claim.ml_model.introduced_by.title if claim.ml_model is not None and claim.ml_model.introduced_by is not None else ""


def test_quoted_model_is_unlinked_when_its_paper_is_withdrawn_and_linked_when_it_is_put_back() -> None:
    read(OLDER, "a")
    read(QUOTING, "quoting")
    assert quoted() == "Net0: A Study of Number 0"
    before = state_of_boards()
    withdraw("a")
    assert quoted() == ""
    assert [hit.name for hit in search.search("net0", kind=SearchKind.MODEL).hits] == []
    put_back("a")
    assert state_of_boards() == before
    assert [hit.name for hit in search.search("net0", kind=SearchKind.MODEL).hits] == ["Net0"]


@pytest.mark.parametrize("batch", [1, pytest.param(200, marks=pytest.mark.once)])
def test_links_to_models_do_not_hang_on_the_order(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(uploads, "SETTLE_AT_ONCE", batch)
    monkeypatch.setattr(uploads, "SETTLE_BATCH", batch)
    two = reading(OLDER + text(1).removeprefix("new"), "a")

    def settle() -> None:
        for listing in Listing.objects.all():
            while uploads.settle_next(listing.pk):
                pass

    never = tell(two, QUOTE)
    assert never == tell(two, WITHDRAW, settle, QUOTE, PUT_BACK, settle) == tell(QUOTE, two, WITHDRAW, settle, PUT_BACK, settle)
    gone = tell(two, QUOTE, WITHDRAW, settle)
    assert gone == tell(two, WITHDRAW, settle, QUOTE) == tell(QUOTE)
    assert gone != never


def test_withdrawal_leaves_one_model_of_a_name_that_two_had() -> None:
    both = tell(A, QUOTE, PROPOSE_ELSE)
    assert tell(A, QUOTE, PROPOSE_ELSE, WITHDRAW, PUT_BACK) == tell(PROPOSE_ELSE, A, WITHDRAW, QUOTE, PUT_BACK) == both
    assert tell(A, QUOTE, PROPOSE_ELSE, WITHDRAW) == tell(QUOTE, PROPOSE_ELSE)
    assert tell(A, QUOTE, PROPOSE_ELSE, lambda: withdraw("other")) == tell(A, QUOTE)


def test_more_names_are_linked_than_one_statement_may_ask_for(few_parameters: int) -> None:
    read(OLDER + QUOTING, "a")
    key = Claim.objects.get(value=49.5).model_key
    Claim.objects.filter(value=49.5).update(ml_model=None)
    changed = statements.link_quoted_models({key, *(f"model{number}" for number in range(few_parameters))})
    assert len(changed) == 1
    assert quoted() == "Net0: A Study of Number 0"
