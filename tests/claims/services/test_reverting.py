"""A number is set back to any point of its history, as an act of its own that can be taken back, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from claims import boards
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction.drafts import Extraction
from claims.extraction.pipeline import extract
from claims.models import Benchmark, ChangeSet, Claim, Cost, Dataset, Decision
from claims.services import correction, curation, decisions, policy, reextraction
from claims.services.correction import Correction
from claims.terms import CurationState, RejectReason
from tests.reading import read, state_of_boards, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


def the_claim() -> Claim:
    return Claim.objects.get(stated="71.5", retired_by__isnull=True)


def correct(statement: Claim | Cost, **wanted: Any) -> ChangeSet:
    said: Correction = wanted  # type: ignore[assignment]  # as the API's form hands it over
    return correction.correct(statement, said, actor="lee", version=statement.version)


def accept(statement: Claim | Cost) -> ChangeSet:
    return curation.decide(statement, CurationState.ACCEPTED, actor="lee", version=statement.version)


def reject(statement: Claim | Cost) -> ChangeSet:
    reason = RejectReason.NOT_A_RESULT
    return curation.decide(statement, CurationState.REJECTED, actor="kim", version=statement.version, reason=reason, note="a year")


def revert(statement: Claim | Cost, to: ChangeSet, **fields: Any) -> ChangeSet:
    return curation.revert(statement, to.decisions.get(), **{"actor": "ann", "version": statement.version, **fields})


def word(statement: Claim | Cost) -> dict[str, Any]:
    statement.refresh_from_db()
    corrected = {name: getattr(statement, name) for name in decisions.CORRECTED_FIELDS[statement._meta.model_name or ""]}
    return decisions.state_of(statement) | corrected | {"extracted": statement.extracted}


@pytest.mark.parametrize("table", [Claim, Cost])
def test_every_point_of_a_history_comes_back_with_its_board_and_can_be_undone(table: type[Claim] | type[Cost]) -> None:
    read(text(1))
    said: Claim | Cost = the_claim() if table is Claim else Cost.objects.get(stated="4")
    number = {"number": "72.5%"} if table is Claim else {"number": "8M"}
    points: list[tuple[ChangeSet, dict[str, Any], dict[str, Any]]] = []
    acts: list[Callable[[], ChangeSet]] = [
        lambda: accept(said),
        lambda: correct(said, **number, variant="large"),
        lambda: correct(said, variant="huge"),
        lambda: reject(said),
        lambda: curation.decide(said, CurationState.UNREVIEWED, actor="lee", version=said.version),
    ]
    for act in acts:
        before = state_of_boards()
        points.append((act(), word(said), before))
    for made, expected, _ in points[-2::-1]:
        before = word(said)
        back = revert(said, made)
        assert word(said) == expected, made.action
        assert (back.action, back.actor, back.decisions.get().object_version) == ("revert", "ann", said.version)
        assert made.public_id in back.reason
        curation.undo(back, actor="kim")
        assert word(said) == before
    revert(said, points[1][0])
    assert said.extracted["variant"] == ""
    revert(said, points[0][0], before=True)
    assert said.extracted == {}
    assert (said.state, said.decided_by) == ("unreviewed", "nobody")
    shown = {name: rows for name, rows in state_of_boards().items() if name.startswith("board ")}
    assert shown == {name: rows for name, rows in points[0][2].items() if name.startswith("board ")}, (
        "the board is as it was before anybody said anything"
    )


def test_reverting_says_why_and_settles_the_board() -> None:
    read(text(1))
    claim = the_claim()
    accepted = accept(claim)
    reject(claim)
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    assert boards.read_board(board, {}).rows == []
    made = revert(claim, accepted, reason="the table says so, too")
    board.refresh_from_db()
    assert [row.model for row in boards.read_board(board, {}).rows] == ["Net1"]
    assert board.accepted_row_count == 1
    assert made.reason.endswith("the table says so, too")


def test_what_a_policy_accepted_is_that_again() -> None:
    read(text(1))
    policy.accept_stored(0.0)
    claim = the_claim()
    made = Decision.objects.get(object_kind="claim", object_id=claim.pk).change_set
    reject(claim)
    curation.revert(claim, Decision.objects.get(change_set=made, object_kind="claim", object_id=claim.pk), actor="ann", version=3)
    assert (claim.state, claim.decided_by) == ("accepted", "policy")


def test_stale_retired_foreign_and_idle_ones_are_refused_and_nothing_is_written() -> None:
    read(text(1, 2))
    claim, other = the_claim(), Claim.objects.get(stated="72.5")
    accepted = accept(claim)
    of_other = accept(other)
    reject(claim)
    count = ChangeSet.objects.count()
    with pytest.raises(StaleObjectError):
        revert(claim, accepted, version=claim.version - 1)
    with pytest.raises(InvalidDecisionError, match="not one on this number"):
        revert(claim, of_other)
    with pytest.raises(InvalidDecisionError, match="nothing would change"):
        revert(other, of_other)
    Claim.objects.filter(pk=claim.pk).update(retired_by=claim.run, result=None)
    with pytest.raises(StaleObjectError, match="older text"):
        revert(claim, accepted)
    assert ChangeSet.objects.count() == count


def test_what_was_read_anew_since_stays_read_so_under_a_correction_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1))
    claim = the_claim()
    corrected = correct(claim, number="60-65%")
    reopened = curation.decide(claim, CurationState.UNREVIEWED, actor="lee", version=claim.version)

    def read_anew(*given: Any) -> Extraction:
        found = extract(*given)
        return replace(found, claims=tuple(replace(claim, variant="small", value=claim.value + 20) for claim in found.claims))

    monkeypatch.setattr("claims.extraction.pipeline.EXTRACTOR_VERSION", "9.0.0")
    monkeypatch.setattr("claims.extraction.pipeline.extract", read_anew)
    started = reextraction.start(actor="test")
    assert started is not None
    reextraction.read_in_foreground(started)
    claim.refresh_from_db()
    assert (claim.variant, claim.value) == ("small", 91.5)
    revert(claim, corrected)
    assert (claim.variant, claim.value, claim.value_max, claim.state) == ("small", 60, 65, "accepted")
    assert (claim.extracted["value"], claim.extracted["value_max"]) == (91.5, None)
    revert(claim, reopened)
    assert (claim.value, claim.value_max, claim.extracted, claim.state) == (91.5, None, {}, "unreviewed")
    again = Decision.objects.get(object_kind="claim", object_id=claim.pk, change_set__action="re-extract")
    revert(claim, corrected)
    curation.revert(claim, again, actor="ann", version=claim.version)
    assert (claim.value, claim.extracted, claim.state) == (91.5, {}, "unreviewed")


def test_entry_that_was_merged_since_comes_back_as_what_it_was_merged_into() -> None:
    read(text(1))
    claim = the_claim()
    made = correct(claim, dataset="CIFAR-10")
    reject(claim)
    cifar, other = Dataset.objects.get(name="CIFAR-10"), Dataset.objects.get(name="CIFAR-100")
    cifar.merged_into = other
    cifar.save(update_fields=["merged_into"])
    revert(claim, made)
    assert claim.dataset == other


def test_new_readings_and_policies_leave_alone_what_was_reverted() -> None:
    read(text(1))
    claim = the_claim()
    accepted = accept(claim)
    reject(claim)
    revert(claim, accepted, before=True)
    assert claim.state == "unreviewed"
    policy.accept_stored(0.0)
    claim.refresh_from_db()
    assert claim.state == "unreviewed", "a person spoke on it"
