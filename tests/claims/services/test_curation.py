from __future__ import annotations

import io
from pathlib import Path

import pytest
from pytest_django import Settings

from claims.boards import list_boards, read_board
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Benchmark, ChangeSet, Claim, Cost, Decision
from claims.services import curation, ingest, storage
from claims.terms import CurationState
from tests.catalogue import load_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

LISTING = """\
new

BestNet: A Deeper Look at Depth

Depth helps up to a point, and we look for that point in many ways. BestNet reaches 88.4% top-1 accuracy on ImageNet with 90M parameters.

SmallNet: A Shallower Look at Depth

Shallow networks do well if trained for long enough, and we train for very long. SmallNet reaches 79.3% top-1 accuracy on ImageNet with 3M parameters.
"""


@pytest.fixture
def benchmark(settings: Settings, tmp_path: Path) -> Benchmark:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()
    ingest.ingest_in_foreground(storage.store_upload(io.BytesIO(LISTING.encode()), name="x.txt", actor="test")[0])
    return Benchmark.objects.get(slug="image-classification-on-imagenet-1k")


def models(benchmark: Benchmark) -> list[str]:
    benchmark.refresh_from_db()
    return [row.model for row in read_board(benchmark, {}).rows]


def test_rejecting_the_leader_moves_the_board_and_undo_moves_it_back(benchmark: Benchmark) -> None:
    assert models(benchmark) == ["BestNet", "SmallNet"]
    before = benchmark.version
    claim = Claim.objects.get(value=88.4)
    changes = curation.decide(
        claim, CurationState.REJECTED, actor="lee", version=claim.version, reason="wrongly_read", note="it is the top-5"
    )
    assert models(benchmark) == ["SmallNet"]
    assert benchmark.version > before
    assert benchmark.leader == Claim.objects.get(value=79.3)
    decision = Decision.objects.get(change_set=changes)
    assert (decision.object_kind, decision.object_id, decision.object_version) == ("claim", claim.pk, 2)
    assert (decision.before["state"], decision.after["state"], decision.after["reject_reason"]) == (
        "unreviewed",
        "rejected",
        "wrongly_read",
    )
    curation.undo(changes, actor="lee")
    assert models(benchmark) == ["BestNet", "SmallNet"]
    claim.refresh_from_db()
    assert (claim.state, claim.decided_by, claim.reject_reason, claim.version) == ("unreviewed", "nobody", "", 3)


def test_accepted_claim_is_a_persons_and_leads_the_accepted(benchmark: Benchmark) -> None:
    claim = Claim.objects.get(value=79.3)
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=claim.version)
    assert (claim.state, claim.decided_by) == ("accepted", "person")
    benchmark.refresh_from_db()
    assert benchmark.accepted_leader == claim
    assert (benchmark.row_count, benchmark.accepted_row_count) == (2, 1)
    assert benchmark.leader != claim


def test_rejected_cost_leaves_the_row(benchmark: Benchmark) -> None:
    cost = Cost.objects.get(value=3e6)
    assert [row.costs["parameters"].value for row in read_board(benchmark, {}).rows] == [90e6, 3e6]
    curation.decide(cost, CurationState.REJECTED, actor="lee", version=1, reason="not_a_result")
    assert [list(row.costs) for row in read_board(benchmark, {}).rows] == [["parameters"], []]


def test_stale_decision_is_refused_and_writes_nothing(benchmark: Benchmark) -> None:
    claim = Claim.objects.get(value=88.4)
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=1)
    with pytest.raises(StaleObjectError):
        curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="wrongly_read")
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED
    assert ChangeSet.objects.count() == 1


def test_rejection_needs_a_reason_and_nothing_else_has_one(benchmark: Benchmark) -> None:
    claim = Claim.objects.get(value=88.4)
    for state, reason in ((CurationState.REJECTED, ""), (CurationState.REJECTED, "ugly"), (CurationState.ACCEPTED, "wrongly_read")):
        with pytest.raises(InvalidDecisionError):
            curation.decide(claim, state, actor="lee", version=1, reason=reason)
    assert not ChangeSet.objects.exists()


def test_undo_is_refused_twice_and_where_the_object_moved_on(benchmark: Benchmark) -> None:
    claim = Claim.objects.get(value=88.4)
    first = curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=1)
    second = curation.decide(claim, CurationState.REJECTED, actor="kim", version=2, reason="wrongly_read")
    with pytest.raises(StaleObjectError):
        curation.undo(first, actor="lee")
    curation.undo(second, actor="kim")
    with pytest.raises(InvalidDecisionError):
        curation.undo(second, actor="kim")


def test_several_are_decided_together_or_not_at_all(benchmark: Benchmark) -> None:
    claims = list(Claim.objects.filter(kind="absolute").order_by("pk"))
    with pytest.raises(StaleObjectError):
        curation.decide_all([(claims[0], 1), (claims[1], 7)], CurationState.ACCEPTED, actor="lee")
    assert set(Claim.objects.values_list("state", flat=True)) == {"unreviewed"}
    curation.decide_all([(claim, 1) for claim in claims], CurationState.ACCEPTED, actor="lee")
    assert set(Claim.objects.filter(kind="absolute").values_list("state", flat=True)) == {"accepted"}


def test_decided_claim_is_not_touched_by_reading_again(benchmark: Benchmark) -> None:
    claim = Claim.objects.get(value=88.4)
    curation.decide(claim, CurationState.REJECTED, actor="lee", version=1, reason="wrongly_read")
    ingest.ingest_in_foreground(storage.store_upload(io.BytesIO(LISTING.encode() + b"\n"), name="y.txt", actor="test")[0])
    claim.refresh_from_db()
    assert claim.state == CurationState.REJECTED
    assert models(benchmark) == ["SmallNet"]


def test_unreviewed_rows_are_hidden_and_counted_where_the_site_says_so(benchmark: Benchmark, settings: Settings) -> None:
    settings.SHOW_UNREVIEWED = False
    board = read_board(benchmark, {})
    assert (board.rows, board.hidden_unreviewed, board.total, board.settings) == ([], 2, 0, [])
    assert list_boards() == []
    claim = Claim.objects.get(value=79.3)
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=1)
    board = read_board(benchmark, {})
    assert ([row.model for row in board.rows], board.hidden_unreviewed, board.total) == (["SmallNet"], 1, 1)
    assert list_boards() == [benchmark]
