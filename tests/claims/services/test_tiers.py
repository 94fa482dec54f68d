"""Verified and disputed: who says it of which number, what takes it back, and what a row makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import QueryDict

from claims import boards, verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Benchmark, Claim, Dataset, Decision
from claims.services import correction, curation, tiers
from claims.terms import CurationState, DecidedBy, RowTier, Tier
from tests import factories as make

pytestmark = pytest.mark.django_db

LINK = "https://example.org/run/7"


def verify(claim: Claim, *, tier: Tier = Tier.VERIFIED, **changed: Any) -> Any:
    wish: dict[str, Any] = {"actor": "kim", "version": claim.version, "reason": "Run again with three seeds.", "link": LINK} | changed
    return tiers.set_tier(claim, tier, **wish)


def test_verifying_accepts_says_why_and_can_be_undone() -> None:
    claim = make.make_claim()
    made = verify(claim)
    assert (claim.state, claim.decided_by, claim.tier, claim.tier_link) == ("accepted", DecidedBy.PERSON, "verified", LINK)
    assert (made.action, made.reason) == ("verify", "Run again with three seeds.")
    decision = Decision.objects.get(change_set=made)
    assert (decision.before["tier"], decision.after["tier"], decision.object_version) == ("", "verified", 2)
    curation.undo(made, actor="lee")
    claim.refresh_from_db()
    assert (claim.state, claim.tier, claim.tier_reason, claim.tier_link) == ("unreviewed", "", "", "")
    assert not list(verification.find_faults())


def test_a_tier_is_changed_and_withdrawn_with_a_reason() -> None:
    claim = make.make_claim()
    verify(claim)
    with pytest.raises(InvalidDecisionError, match="It is so already"):
        verify(claim)
    verify(claim, tier=Tier.DISPUTED, reason="Another split, say its authors.")
    assert claim.tier == "disputed"
    with pytest.raises(InvalidDecisionError) as refused:
        tiers.withdraw_tier(claim, actor="kim", version=claim.version, reason=" ")
    assert refused.value.field == "reason"
    made = tiers.withdraw_tier(claim, actor="kim", version=claim.version, reason="They corrected it.")
    assert (claim.tier, claim.tier_reason, claim.tier_link, claim.state) == ("", "", "", "accepted")
    assert made.action == "withdraw tier"
    assert not list(verification.find_faults())


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": "\n "}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        *(
            ({"link": link}, "link")
            for link in (
                *("", "example.org", "javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "//example.org", "https://"),
                *(
                    "https://kim:secret@example.org/",
                    "https://kim@example.org/",
                    f"https://example.org/{'x' * 500}",
                    "https://exa mple.org",
                ),
                *("https://[::1", "https://example.org/\nx"),
            )
        ),
    ],
)
def test_a_tier_needs_a_reason_and_a_link_that_readers_may_follow(changed: dict[str, Any], field: str) -> None:
    claim = make.make_claim()
    with pytest.raises(InvalidDecisionError) as refused:
        verify(claim, **changed)
    assert refused.value.field == field
    claim.refresh_from_db()
    assert (claim.tier, claim.state, claim.version) == ("", "unreviewed", 1)


def test_what_is_rejected_or_has_changed_gets_no_tier() -> None:
    claim = make.make_claim()
    curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="not_a_result")
    with pytest.raises(InvalidDecisionError, match="is rejected"):
        verify(claim)
    with pytest.raises(StaleObjectError):
        verify(claim, version=1)


def reject(claim: Claim) -> None:
    curation.decide(claim, CurationState.REJECTED, actor="lee", version=claim.version, reason="wrongly_read")


def reopen(claim: Claim) -> None:
    curation.decide(claim, CurationState.UNREVIEWED, actor="lee", version=claim.version)


def correct(claim: Claim) -> None:
    correction.correct(claim, {"number": "86.3%"}, actor="lee", version=claim.version, reason="A digit.")


@pytest.mark.parametrize("decide", [reject, reopen, correct])
def test_a_tier_goes_with_the_number_that_it_was_said_of_and_comes_back_with_it(decide: Callable[[Claim], None]) -> None:
    claim = make.make_claim("86.2%")
    verify(claim)
    decide(claim)
    assert (claim.tier, claim.tier_reason, claim.tier_link) == ("", "", "")
    last = Decision.objects.filter(object_id=claim.pk, object_kind="claim").latest("pk")
    assert (last.before["tier"], last.after["tier"]) == ("verified", "")
    if decide is correct:
        assert last.change_set.reason == f"A digit. It was verified, and that was said of the number before: {LINK}"
    curation.undo(last.change_set, actor="kim")
    claim.refresh_from_db()
    assert (claim.tier, claim.tier_link, claim.value) == ("verified", LINK, 86.2)
    assert not list(verification.find_faults())


def test_accepting_again_leaves_a_tier() -> None:
    claim = make.make_claim()
    verify(claim)
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=claim.version)
    assert claim.tier == "verified"


@pytest.mark.parametrize("fields", [{"tier_link": ""}, {"tier": ""}, {"state": "unreviewed"}])
def test_the_database_keeps_what_a_tier_stands_on(fields: dict[str, str]) -> None:
    claim = make.make_claim()
    verify(claim)
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(**fields)


# ---- rows ----


def make_board() -> tuple[Benchmark, dict[str, list[Claim]]]:
    """A board with a row of each tier, each with two numbers."""
    benchmark = make.make_benchmark()
    Dataset.objects.update(default_task=benchmark.task)
    top5 = make.add_metric(benchmark, make.make_metric("Top-5 accuracy"))
    rows: dict[str, list[Claim]] = {}
    for place, name in enumerate(("extracted", "accepted", "half", "verified", "disputed")):
        paper = make.make_paper(abstract=f"It reaches 8{place}.2% Top-1 accuracy on ImageNet-1K, and 9{place}.4% Top-5 accuracy there.")
        first = make.make_claim(f"8{place}.2%", benchmark=benchmark, paper=paper, model=name)
        rows[name] = [
            first,
            make.make_claim(f"9{place}.4%", benchmark=benchmark, paper=paper, model=name, metric=top5, result=first.result),
        ]
    for name, claims in rows.items():
        for number, claim in enumerate(claims):
            if name == "verified" or (name in ("half", "disputed") and not number):
                verify(claim)
            elif name != "extracted":
                curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=1)
    verify(rows["disputed"][1], tier=Tier.DISPUTED)
    benchmark.refresh_from_db()
    return benchmark, rows


def test_a_row_is_as_far_checked_as_its_weakest_number_and_an_objection_holds_for_all_of_it() -> None:
    benchmark, _ = make_board()
    board = boards.read_board(benchmark, QueryDict())
    assert {row.model: row.tier.value for row in board.rows} == {
        **{name: name for name in ("extracted", "accepted", "verified", "disputed")},
        "half": "accepted",
    }
    assert {facet.value: facet.count for facet in board.tiers} == {"extracted": 1, "accepted": 2, "verified": 1, "disputed": 1}


@pytest.mark.parametrize("shows", [True, False])
def test_rows_are_filtered_by_tier(settings: Any, shows: bool) -> None:
    settings.SHOW_UNREVIEWED = shows
    benchmark, _ = make_board()
    found = {tier: boards.read_board(benchmark, QueryDict(f"tier={tier}")) for tier in RowTier}
    assert {tier.value: sorted(row.model for row in board.rows) for tier, board in found.items()} == {
        "extracted": ["extracted"] if shows else [],
        "accepted": ["accepted", "half"],
        "verified": ["verified"],
        "disputed": ["disputed"],
    }
    assert all(row.tier is tier for tier, board in found.items() for row in board.rows)
