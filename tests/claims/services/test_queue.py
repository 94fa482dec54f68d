"""The review queue: what comes first, who gets it, and that nobody overwrites anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.errors import InvalidDecisionError, StaleObjectError, UnknownFilterError
from claims.filters import ReviewFilterSet
from claims.models import Benchmark, ChangeSet, Claim, Contender, Cost, Flag, Import, Paper, ReviewLease, Run
from claims.services import contenders, curation, queue, results
from claims.services.queue import Key, Passed
from claims.terms import CurationState, Direction, FlagKind, ListingState, RejectReason
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make.make_user("ada", "change_claim", "change_cost")


@pytest.fixture
def bo() -> User:
    return make.make_user("bo", "change_claim", "change_cost")


def wanted(query: str = "") -> ReviewFilterSet:
    filters = ReviewFilterSet(QueryDict(query))
    filters.check()
    return filters


def settle(*boards: Benchmark) -> None:
    contenders.settle(boards)


def take(curator: User, query: str = "", **more: Any) -> Claim | Cost | None:
    key = queue.take(curator, wanted(query), **more)
    return key.table.objects.get(pk=key.pk) if key else None


def make_claims(confidences: list[float], *, benchmark: Benchmark | None = None) -> list[Claim]:
    """Return claims off every board, each of its own paper."""
    benchmark = benchmark or Benchmark.objects.first() or make.make_benchmark()
    return [make.make_claim(benchmark=benchmark, on_board=False, confidence=confidence) for confidence in confidences]


def accept(statement: Claim | Cost, curator: User) -> ChangeSet:
    return queue.decide(statement, CurationState.ACCEPTED, curator=curator, version=statement.version)


# ---- the order ----


def test_first_three_of_a_board_come_first_the_most_doubtful_of_them_first(ada: User) -> None:
    make_claims([0.1])
    board = make.make_benchmark(dataset="Ranked")
    claims = [make.make_claim(f"{60 + n}%", benchmark=board, confidence=0.95 - n / 100) for n in range(5)]
    settle(board)
    assert [(c.claim_id, c.rank) for c in Contender.objects.order_by("rank")] == [(claims[n].pk, 5 - n) for n in (4, 3, 2)]
    assert take(ada) == claims[4]


def test_lower_is_better_where_the_metric_says_so_and_equal_numbers_share_a_place() -> None:
    metric = make.make_metric("Error", direction=Direction.LOWER)
    board = make.make_benchmark(metric=metric, dataset="Errors")
    claims = [make.make_claim(f"{n}%", benchmark=board) for n in (5, 5, 6, 7)]
    settle(board)
    assert dict(Contender.objects.values_list("claim", "rank")) == {claims[0].pk: 1, claims[1].pk: 1, claims[2].pk: 3}


def test_many_boards_at_once_have_the_same_contenders_as_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    boards = [make.make_benchmark(dataset=f"Set {number}") for number in range(3)]
    for number in range(15):
        make.make_claim(f"{60 + number % 7}%", benchmark=boards[number % 3], settled=False)
    settle(*boards)
    found = set(Contender.objects.values_list("claim", "benchmark", "rank"))
    Contender.objects.all().delete()
    monkeypatch.setattr(contenders, "FEW", 0)
    settle(*boards)
    assert set(Contender.objects.values_list("claim", "benchmark", "rank")) == found
    assert {benchmark for _, benchmark, _ in found} == {board.pk for board in boards}


def test_board_without_a_direction_has_no_contenders_and_many_equal_ones_are_few() -> None:
    unknown = make.make_benchmark(metric=make.make_metric("Odd", direction=Direction.UNKNOWN), dataset="Odd")
    make.make_claim(benchmark=unknown)
    crowded = make.make_benchmark(dataset="Crowded")
    for _ in range(contenders.MOST + 3):
        make.make_claim("90%", benchmark=crowded, settled=False)
    settle(unknown, crowded)
    assert list(Contender.objects.values_list("benchmark", "rank")) == [(crowded.pk, 1)] * contenders.MOST


def test_decision_keeps_the_contenders_of_its_board(ada: User) -> None:
    board = make.make_benchmark()
    claims = [make.make_claim(f"{60 + n}%", benchmark=board) for n in range(5)]
    results.settle_papers([claim.paper_text.paper_id for claim in claims if claim.paper_text])
    first = Contender.objects.order_by("rank").values_list("claim", flat=True)
    assert list(first) == [claims[n].pk for n in (4, 3, 2)]
    changes = queue.decide(claims[4], CurationState.REJECTED, curator=ada, version=1, reason=RejectReason.NOT_A_RESULT)
    assert list(first.all()) == [claims[n].pk for n in (3, 2, 1)]
    accept(claims[3], ada)
    assert list(first.all()) == [claims[n].pk for n in (2, 1)]
    queue.undo(changes, curator=ada)
    assert dict(Contender.objects.values_list("claim", "rank")) == {claims[4].pk: 1, claims[2].pk: 3}


def test_doubt_comes_next_of_claims_and_costs_alike(ada: User) -> None:
    claims = make_claims([0.9, 0.4, 0.8])
    cost = make.make_cost("21M", paper=make.make_paper(abstract="It has 21M parameters."), confidence=0.6)
    order = []
    while (statement := take(ada)) is not None:
        order.append(statement)
        accept(statement, ada)
    assert order == [claims[1], cost, claims[2], claims[0]]


def test_paper_is_gone_through_in_the_order_of_its_text(ada: User) -> None:
    other = make_claims([0.2])[0]
    paper = make.make_paper(abstract="It has 21M parameters. It reaches 80.1% there. It reaches 81.2% here.")
    board = make.make_benchmark(dataset="Elsewhere")
    late = make.make_claim("81.2%", benchmark=board, paper=paper, on_board=False, confidence=0.1)
    early = make.make_claim("80.1%", benchmark=board, paper=paper, on_board=False, confidence=0.99)
    cost = make.make_cost("21M", paper=paper, confidence=0.95)
    first = take(ada)
    assert first == late
    order = []
    near: Claim | Cost | None = first
    while near is not None:
        order.append(near)
        accept(near, ada)
        near = take(ada, near=near)
    assert order == [late, cost, early, other]


def test_what_is_decided_retired_or_withdrawn_does_not_come(ada: User) -> None:
    accepted, retired, withdrawn, tabled = make_claims([0.1, 0.2, 0.3, 0.9])
    accept(accepted, ada)
    Claim.objects.filter(pk=retired.pk).update(retired_by=Run.objects.create(extractor_version="2.0.0", vocabulary_hash="0" * 64))
    assert withdrawn.paper_text is not None
    Paper.objects.filter(pk=withdrawn.paper_text.paper_id).update(withdrawn=True)
    make.make_imported_row(make.make_benchmark(dataset="Table"), "Net", "50")
    Import.objects.update(listing=make.make_listing("t.csv", state=ListingState.WITHDRAWN))
    assert take(ada) == tabled
    accept(tabled, ada)
    assert take(ada) is None
    assert queue.count_left(wanted()) == 0


# ---- filters ----


def test_filters_choose_what_comes(ada: User) -> None:
    sure, doubtful = make_claims([0.9, 0.3])
    board = make.make_benchmark(dataset="Chosen")
    ranked = make.make_claim(benchmark=board, confidence=0.8)
    assert ranked.paper_text is not None
    cost = make.make_cost("86.2%", paper=ranked.paper_text.paper, result=ranked.result, confidence=0.7)
    listing = make.make_listing("l.txt", *(sure.paper_text.paper for _ in "1" if sure.paper_text))
    Claim.objects.filter(pk=doubtful.pk).update(run=Run.objects.create(extractor_version="7.0", vocabulary_hash="0" * 64))
    found = {query: {*wanted(query).select(Claim), *wanted(query).select(Cost)} for query in (
        f"benchmark={board.slug}", f"listing={listing.public_id}", "min_confidence=0.85", "max_confidence=0.5", "version=7.0", "version=8",
        "benchmark=&flag=",
    )}  # fmt: skip
    assert list(found.values()) == [{ranked, cost}, {sure}, {sure}, {doubtful}, {doubtful}, set(), {sure, doubtful, ranked, cost}]
    assert take(ada, "version=7.0") == doubtful


def test_records_of_a_listed_table_are_its_own(ada: User) -> None:
    make_claims([0.5])
    make.make_imported_row(make.make_benchmark(dataset="Table"), "Net", "50")
    table = make.make_listing("t.csv")
    Import.objects.update(listing=table)
    assert list(wanted(f"listing={table.public_id}").select(Claim)) == [Claim.objects.get(source_record__isnull=False)]


def test_flagged_numbers_come_whoever_decided_on_them_until_somebody_does_again(ada: User) -> None:
    claim, _ = make_claims([0.5, 0.1])
    accept(claim, ada)
    Flag.objects.create(kind=FlagKind.DIFFERENCE, object_kind="claim", object_id=claim.pk, note="It differs.")
    assert take(ada, "flag=difference") == claim
    assert take(ada, "flag=gone") is None
    assert queue.take_this(ada, claim, wanted()) is None
    assert queue.take_this(ada, claim, wanted("flag=difference")) == Key(Claim, claim.pk)
    accept(claim, ada)
    assert take(ada, "flag=difference") is None


@pytest.mark.parametrize("query", ["sort=doubt", "min_confidence=2", "flag=odd", "max_confidence=x"])
def test_filters_that_are_none_are_refused(query: str) -> None:
    with pytest.raises(UnknownFilterError):
        wanted(query)


# ---- leases ----


def test_nobody_gets_what_another_looks_at_and_others_papers_come_last(ada: User, bo: User) -> None:
    paper = make.make_paper(abstract="It reaches 80.1% there. It reaches 81.2% here.")
    board = make.make_benchmark()
    one = make.make_claim("80.1%", benchmark=board, paper=paper, on_board=False, confidence=0.1)
    two = make.make_claim("81.2%", benchmark=board, paper=paper, on_board=False, confidence=0.2)
    other = make_claims([0.9], benchmark=board)[0]
    assert take(ada) == one
    assert take(ada) == one  # what they hold already
    assert take(bo) == other
    accept(other, bo)
    assert take(bo) == two
    assert take(bo, without=two) is None
    assert take(ada, near=one, without=one) is None


def test_one_ahead_is_another_one_and_held_as_well(ada: User, bo: User) -> None:
    claims = make_claims([0.1, 0.2, 0.3])
    first = take(ada)
    assert first is not None
    assert take(ada, near=first, without=first) == claims[1]
    assert take(bo) == claims[2]
    assert queue.count_elsewhere(bo) == 2


def test_lease_ends_with_its_time_a_decision_and_a_skip(ada: User, bo: User) -> None:
    claims = make_claims([0.1, 0.2])
    assert take(ada) == claims[0]
    ReviewLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert take(bo) == claims[0]
    accept(claims[0], bo)
    assert not ReviewLease.objects.exists()
    assert take(ada) == claims[1]
    queue.release(claims[1], bo)  # not theirs
    assert take(bo) is None
    queue.release(claims[1], ada)
    assert take(bo) == claims[1]
    assert take(ada, passed=Passed(claims=[claims[1].pk])) is None


def test_skipped_numbers_and_papers_do_not_come(ada: User) -> None:
    one, two, three = make_claims([0.1, 0.2, 0.3])
    passed = Passed(claims=[one.pk], texts=[two.paper_text_id or 0])
    assert len(passed) == 2
    assert take(ada, passed=passed) == three
    assert take(ada, near=two, without=three, passed=passed) is None


def test_one_number_is_asked_for_by_name(ada: User, bo: User) -> None:
    one, two = make_claims([0.1, 0.2])
    assert queue.take_this(ada, two, wanted()) == Key(Claim, two.pk)
    assert queue.take_this(bo, two, wanted()) is None
    accept(one, bo)
    assert queue.take_this(ada, one, wanted()) is None


# ---- decisions ----


def test_form_that_is_sent_twice_is_one_decision(ada: User) -> None:
    claim = make_claims([0.5])[0]
    first = accept(claim, ada)
    stale = Claim.objects.get(pk=claim.pk)
    again = queue.decide(stale, CurationState.ACCEPTED, curator=ada, version=1)
    assert (again, ChangeSet.objects.count()) == (first, 1)


def test_stale_decision_is_refused(ada: User, bo: User) -> None:
    claim = make_claims([0.5])[0]
    accept(claim, ada)
    for curator, state, reason in ((bo, CurationState.ACCEPTED, ""), (ada, CurationState.REJECTED, RejectReason.NOT_A_RESULT)):
        with pytest.raises(StaleObjectError):
            queue.decide(claim, state, curator=curator, version=1, reason=reason)
    last = queue.find_last_word(claim)
    assert last is not None
    assert last.change_set.actor == "ada"


def test_undo_walks_back_through_ones_own_decisions(ada: User, bo: User) -> None:
    one, two = make_claims([0.1, 0.2])
    assert queue.find_last_own(ada) is None
    first, second = accept(one, ada), accept(two, ada)
    accept(make_claims([0.3])[0], bo)
    assert queue.find_last_own(ada) == second
    queue.undo(second, curator=ada)
    assert queue.find_last_own(ada) == first
    assert queue.find_decided(first) == one
    queue.undo(first, curator=ada)
    assert queue.find_last_own(ada) is None
    with pytest.raises(InvalidDecisionError):
        queue.undo(first, curator=ada)
    assert queue.count_decided(ada) == 2


def test_undo_after_somebody_elses_change_is_refused(ada: User, bo: User) -> None:
    claim = make_claims([0.1])[0]
    own = accept(claim, ada)
    claim.refresh_from_db()
    curation.decide(claim, CurationState.REJECTED, actor="bo", version=2, reason=RejectReason.NOT_A_RESULT)
    with pytest.raises(StaleObjectError):
        queue.undo(own, curator=ada)


# ---- size ----


def test_count_ends_where_nobody_needs_to_know_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MOST_COUNTED", 3)
    make_claims([0.1, 0.2])
    assert queue.count_left(wanted()) == 2
    make_claims([0.3, 0.4, 0.5])
    make.make_cost("21M", paper=make.make_paper(abstract="It has 21M parameters."))
    assert queue.count_left(wanted()) == 4


@pytest.mark.parametrize("claims", [1, 25])
def test_next_number_is_found_in_as_many_queries_however_many_there_are(ada: User, claims: int) -> None:
    make_claims([0.5] * claims)
    with CaptureQueriesContext(connection) as queries:
        assert take(ada) is not None
    assert len(queries) == 11, [query["sql"][:120] for query in queries]


def test_queue_is_read_from_its_indexes(ada: User) -> None:
    make_claims([0.5] * 3)
    if connection.vendor != "sqlite":
        pytest.skip("what PostgreSQL does with three rows says nothing")
    plan = wanted().select(Claim).order_by("confidence", "pk")[:20].explain()
    assert "claim_awaiting_review" in plan
    assert "TEMP B-TREE" not in plan
    some = wanted().select(Claim).filter(pk__in=[1, 2, 3]).explain()
    assert "claims_claim USING INTEGER PRIMARY KEY" in some
    assert "contender_by_doubt" in Contender.objects.order_by("confidence", "claim").values("claim")[:50].explain()
