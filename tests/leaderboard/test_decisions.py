"""Decisions on numbers: what a curator's forms do, and how they are refused."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from claims.models import ChangeSet
from claims.services import decisions
from claims.terms import ACCEPT_BY_POLICY, CurationState, DecidedBy
from tests import factories as make
from tests.pages import decide, post_form, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def test_curator_accepts_rejects_and_undoes(curator: Client) -> None:
    claim = make.make_claim()
    assert claim.paper_text is not None
    page = claim.paper_text.paper.get_absolute_url()
    response = decide(curator, claim)
    assert (response.status_code, response.headers["Location"]) == (302, "/papers/x/#c1")
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED
    response = decide(curator, claim, state="rejected", reason="wrongly_read")
    claim.refresh_from_db()
    assert (claim.state, claim.reject_reason) == ("rejected", "wrongly_read")
    change_set = ChangeSet.objects.latest("pk")
    assert f"/changes/{change_set.public_id}/undo/" in curator.get(page).content.decode()
    post_form(curator, f"/changes/{change_set.public_id}/undo/", next=page)
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED
    assert post_form(curator, f"/changes/{change_set.public_id}/undo/", next=page).status_code == 409


def test_curator_decides_on_a_cost(curator: Client) -> None:
    paper = make.make_paper(abstract="It has 21M parameters.")
    cost = make.make_cost("21M", paper=paper)
    post_form(curator, f"/decide/cost/{cost.public_id}/", state="accepted", version=1)
    cost.refresh_from_db()
    assert cost.state == CurationState.ACCEPTED


@pytest.mark.parametrize("kind", ["listing", "claims", "Cost"])
def test_decision_is_on_a_claim_or_a_cost_alone(curator: Client, kind: str) -> None:
    claim = make.make_claim()
    assert post_form(curator, f"/decide/{kind}/{claim.public_id}/", state="accepted", version=1).status_code == 404
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED


def test_decision_on_a_stale_version_is_refused(curator: Client) -> None:
    claim = make.make_claim()
    decide(curator, claim)
    response = decide(curator, claim, state="rejected", reason="not_a_result")
    assert response.status_code == 409
    assert "Nothing was saved" in text_of(response)
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED


@pytest.mark.parametrize("fields", [{"state": "rejected"}, {"state": "loved"}, {"version": "x"}, {"state": "rejected", "reason": "ugly"}])
def test_decision_that_is_incomplete_is_refused(curator: Client, fields: dict[str, str]) -> None:
    claim = make.make_claim()
    assert decide(curator, claim, **fields).status_code == 400
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED


def test_decision_needs_the_permission(client: Client) -> None:
    claim = make.make_claim()
    response = decide(client, claim)
    assert response.headers["Location"] == "/login/?next=/papers/x/%23c1"
    assert post_form(client, "/changes/none/undo/", next="/papers/x/").headers["Location"] == "/login/?next=/papers/x/"
    client.force_login(make.make_user("reader"))
    assert decide(client, claim).status_code == 403
    assert post_form(client, "/changes/none/undo/").status_code == 403
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_decision_sends_nobody_to_another_site(curator: Client, address: str) -> None:
    assert decide(curator, make.make_claim(), next=address).headers["Location"] == "/"


def test_what_no_person_accepted_is_marked_and_can_be_accepted_or_taken_back_but_not_undone_with_all_else(curator: Client) -> None:
    claim = make.make_claim(state=CurationState.ACCEPTED, decided_by=DecidedBy.POLICY)
    assert claim.paper_text is not None
    assert claim.result is not None
    decisions.record(ACCEPT_BY_POLICY, "policy", [(claim, decisions.state_of(claim))])
    page = claim.paper_text.paper.get_absolute_url()
    shown = text_of(curator.get(page))
    assert re.search("Accept Reopen Reject .* Auto-accepted , not reviewed by a person", shown)
    assert "Undo" not in shown
    assert "Auto-accepted , not reviewed by a person" in text_of(curator.get(claim.result.benchmark.get_absolute_url()))
    decide(curator, claim)
    claim.refresh_from_db()
    assert (claim.state, claim.decided_by) == (CurationState.ACCEPTED, DecidedBy.PERSON)
    shown = text_of(curator.get(page))
    assert re.search("Reopen Reject .* Accepted ", shown)
    assert "Auto-accepted , not" not in shown
