"""Many numbers at once: what the preview shows is what is done, once, and one undo takes it back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims import verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.filters import BulkFilterSet
from claims.models import Benchmark, ChangeSet, Claim, Cost, Flag, ReviewLease
from claims.services import bulk, contenders, curation, flagging, results
from claims.services.bulk import Wish
from claims.terms import CurationState, FlagKind, RejectReason
from tests import factories as make

pytestmark = pytest.mark.django_db


def make_claim(number: str, *, benchmark: Benchmark, **fields: Any) -> Claim:
    """Return a claim that names its task: settled, it stays on its board."""
    return make.make_claim(number, benchmark=benchmark, task=benchmark.task, **fields)


@pytest.fixture
def ada() -> User:
    return make.make_user("ada", "change_claim", "change_cost")


@pytest.fixture
def board() -> Benchmark:
    """A board with five claims of rising confidence, of which the first brings a cost."""
    board = make.make_benchmark()
    for number in range(5):
        claim = make_claim(f"{80 + number}.1%", benchmark=board, model=f"Net {number}", confidence=0.5 + number / 10)
    assert claim.paper_text is not None
    make.make_cost("21M", paper=make.make_paper(abstract="It has 21M parameters."), confidence=0.95)
    results.settle_papers_alone(Claim.objects.values_list("paper_text__paper", flat=True))
    contenders.settle([board])
    return board


def wish(query: str = "min_confidence=0.7", state: CurationState = CurationState.ACCEPTED, **fields: object) -> Wish:
    reason = RejectReason.NOT_A_RESULT.value if state is CurationState.REJECTED else ""
    return Wish(BulkFilterSet(QueryDict(query)), state, reason, **fields)  # type: ignore[arg-type]


def decide(wanted: Wish, curator: User) -> ChangeSet:
    shown = bulk.preview(wanted, curator=curator)
    assert shown.seen is not None
    return bulk.decide(wanted, shown.seen, curator=curator)


def states() -> list[str]:
    return [*Claim.objects.order_by("pk").values_list("state", flat=True), *Cost.objects.values_list("state", flat=True)]


def test_the_preview_is_done_in_one_act_and_undone_by_one(ada: User, board: Benchmark) -> None:
    before = states()
    shown = bulk.preview(wish(), curator=ada)
    assert (shown.claims, shown.costs, shown.papers, shown.boards, shown.leased, shown.flagged) == (3, 1, 4, 1, 0, 0)
    assert [said.confidence for said in shown.first] == pytest.approx([0.7, 0.8, 0.9, 0.95])
    assert states() == before
    made = decide(wish(note="Sure enough."), ada)
    assert (made.action, made.reason, made.decisions.count()) == ("accept", "Sure enough.", 4)
    assert states() == ["unreviewed", "unreviewed", "accepted", "accepted", "accepted", "accepted"]
    board.refresh_from_db()
    assert board.accepted_row_count == 3
    assert list(verification.find_faults()) == []
    curation.undo(made, actor="ada")
    assert states() == before
    assert list(verification.find_faults()) == []


def test_a_rejection_shows_what_becomes_of_the_first_places(ada: User, board: Benchmark) -> None:
    shown = bulk.preview(wish("min_confidence=0.85&kind=absolute", CurationState.REJECTED), curator=ada)
    (change,) = shown.changes
    assert [(place.rank, place.name, place.printed) for place in change.before] == [
        (1, "Net 4", "84.1%"),
        (2, "Net 3", "83.1%"),
        (3, "Net 2", "82.1%"),
    ]
    assert [(place.rank, place.name) for place in change.after] == [(1, "Net 3"), (2, "Net 2"), (3, "Net 1")]
    decide(wish("min_confidence=0.85&kind=absolute", CurationState.REJECTED), ada)
    board.refresh_from_db()
    assert (board.row_count, board.leader.stated) == (4, "83.1%")  # type: ignore[union-attr]


def test_what_changed_meanwhile_is_shown_and_not_done(ada: User, board: Benchmark) -> None:
    wanted = wish()
    shown = bulk.preview(wanted, curator=ada)
    assert shown.seen is not None
    claim = Claim.objects.order_by("-confidence")[0]
    curation.decide(claim, CurationState.ACCEPTED, actor="bo", version=claim.version)
    with pytest.raises(StaleObjectError, match="Nothing was changed"):
        bulk.decide(wanted, shown.seen, curator=ada)
    assert states().count("accepted") == 1
    with pytest.raises(StaleObjectError):
        bulk.decide(wanted, shown.seen._replace(digest="0" * 64), curator=ada)


def test_what_came_in_meanwhile_is_no_part_of_it(ada: User, board: Benchmark) -> None:
    wanted = wish()
    shown = bulk.preview(wanted, curator=ada)
    assert shown.seen is not None
    late = make_claim("90.1%", benchmark=board, model="Late", confidence=0.99)
    bulk.decide(wanted, shown.seen, curator=ada)
    late.refresh_from_db()
    assert (late.state, states().count("accepted")) == ("unreviewed", 4)


def test_a_form_that_is_sent_twice_does_it_once(ada: User, board: Benchmark) -> None:
    wanted = wish()
    shown = bulk.preview(wanted, curator=ada)
    assert shown.seen is not None
    made = bulk.decide(wanted, shown.seen, curator=ada)
    assert bulk.decide(wanted, shown.seen, curator=ada) == made
    assert ChangeSet.objects.count() == 1
    bo = make.make_user("bo", "change_claim", "change_cost")
    with pytest.raises(StaleObjectError):
        bulk.decide(wanted, shown.seen, curator=bo)


def test_what_somebody_else_looks_at_and_what_is_flagged_is_left_out(ada: User, board: Benchmark) -> None:
    bo = make.make_user("bo", "change_claim", "change_cost")
    first, second = Claim.objects.order_by("-confidence")[:2]
    ReviewLease.objects.create(claim=first, curator=bo, until=timezone.now() + timedelta(minutes=5))
    Flag.objects.create(kind=FlagKind.DIFFERENCE, object_kind="claim", object_id=second.pk, note="It is read otherwise.", key="k")
    shown = bulk.preview(wish(), curator=ada)
    assert (shown.claims, shown.costs, shown.leased, shown.flagged) == (1, 1, 1, 1)
    assert bulk.preview(wish(flagged=True), curator=ada).claims == 2
    assert bulk.preview(wish("flag=difference"), curator=ada).claims == 1
    made = decide(wish("flag=difference"), ada)
    assert Flag.objects.get().settled_by == made
    curation.undo(made, actor="ada")
    assert Flag.objects.get().settled_by is None


def test_undo_is_refused_where_one_of_them_moved_on(ada: User, board: Benchmark) -> None:
    made = decide(wish(), ada)
    claim = Claim.objects.filter(state="accepted").order_by("pk")[1]
    curation.decide(claim, CurationState.REJECTED, actor="bo", version=claim.version, reason=RejectReason.WRONGLY_READ.value)
    before = states()
    with pytest.raises(StaleObjectError, match="undo the later change first"):
        curation.undo(made, actor="ada")
    assert states() == before


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (wish(""), "Name a filter first"),
        (Wish(BulkFilterSet(QueryDict("kind=absolute")), CurationState.UNREVIEWED), "undo it"),
        (Wish(BulkFilterSet(QueryDict("kind=absolute")), CurationState.REJECTED), "needs a reason"),
        (Wish(BulkFilterSet(QueryDict("kind=absolute")), CurationState.ACCEPTED, "not_a_result"), "Only a rejection"),
    ],
)
def test_what_cannot_be_asked(ada: User, wanted: Wish, said: str) -> None:
    with pytest.raises(InvalidDecisionError, match=said):
        bulk.preview(wanted, curator=ada)


def test_too_many_are_refused(ada: User, board: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = bulk.preview(wish(), curator=ada)
    assert shown.seen is not None
    monkeypatch.setattr(bulk, "MOST", 3)
    assert bulk.preview(wish(), curator=ada).is_too_many
    with pytest.raises(InvalidDecisionError, match="narrow the filters"):
        bulk.decide(wish(), shown.seen, curator=ada)


def _count_queries(curator: User, claims: int) -> list[int]:
    board = make.make_benchmark(dataset=f"Set {claims}")
    for number in range(claims):
        make_claim(f"{60 + number / 10:.1f}%", benchmark=board, model=f"M{number}", settled=number == claims - 1)
    wanted = wish(f"benchmark={board.slug}")
    counts = []
    with CaptureQueriesContext(connection) as queries:
        shown = bulk.preview(wanted, curator=curator)
    counts.append(len(queries))
    assert shown.seen is not None
    assert shown.claims == claims
    with CaptureQueriesContext(connection) as queries:
        bulk.decide(wanted, shown.seen, curator=curator)
    return [*counts, len(queries)]


def test_query_counts_do_not_grow(ada: User) -> None:
    assert _count_queries(ada, 3) == _count_queries(ada, 30)


def test_parts_are_as_good_as_the_whole(ada: User, board: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "SETTLED_AT_ONCE", 2)
    monkeypatch.setattr(results, "PAPERS_AT_ONCE", 2)
    made = decide(wish("kind=absolute", CurationState.REJECTED), ada)
    assert set(states()) == {"rejected"}
    assert list(verification.find_faults()) == []
    curation.undo(made, actor="ada")
    assert list(verification.find_faults()) == []
    assert flagging.find_outdated().count() == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_curators_at_once_each_number_is_decided_by_one(board: Benchmark) -> None:
    ada, bo = (make.make_user(name, "change_claim", "change_cost") for name in ("ada", "bo"))
    previews = {user: bulk.preview(wish(), curator=user) for user in (ada, bo)}
    begin = threading.Barrier(2)
    told: list[str] = []

    def act(user: User) -> None:
        try:
            begin.wait()
            seen = previews[user].seen
            assert seen is not None
            bulk.decide(wish(), seen, curator=user)
            told.append("done")
        except StaleObjectError:
            told.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[user]) for user in previews]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(told) == ["done", "stale"]
    assert ChangeSet.objects.get().decisions.count() == 4
    assert list(verification.find_faults()) == []
