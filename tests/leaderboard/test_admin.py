"""Decisions from a list in the admin rest on the versions that the list showed."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from claims.models import ChangeSet, Claim, Cost
from claims.services import curation
from claims.terms import CurationState
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(client: Client) -> Client:
    user = make.make_user("lee", "view_claim", "change_claim", "view_cost", "change_cost", is_staff=True)
    client.force_login(user)
    return client


def read_list(curator: Client, model: str) -> dict[str, list[str]]:
    """Return what the list's form sends when everything is ticked."""
    page = curator.get(reverse(f"admin:claims_{model}_changelist")).content.decode()
    assert 'id="action-toggle"' in page
    return {
        "_selected_action": re.findall(r'name="_selected_action" value="(\d+)"', page),
        "seen_version": re.findall(r'name="seen_version" value="(\d+:\d+)"', page),
    }


@pytest.mark.parametrize(("model", "table"), [("claim", Claim), ("cost", Cost)])
def test_list_that_went_stale_decides_nothing(curator: Client, model: str, table: type[Claim] | type[Cost]) -> None:
    make.make_board(3)
    form = read_list(curator, model)
    assert len(form["_selected_action"]) == len(form["seen_version"]) == 3
    changed = table._default_manager.all()[0]
    curation.decide(changed, CurationState.REJECTED, actor="kim", version=changed.version, reason="not_a_result")
    response = curator.post(reverse(f"admin:claims_{model}_changelist"), {"action": "accept", **form}, follow=True)
    assert "was changed since you opened it" in response.content.decode()
    assert sorted(table._default_manager.values_list("state", flat=True)) == ["rejected", "unreviewed", "unreviewed"]
    assert ChangeSet.objects.count() == 1


def test_list_as_it_is_decides_on_what_is_ticked(curator: Client) -> None:
    make.make_board(3)
    form = read_list(curator, "claim")
    ticked = form["_selected_action"][:2]
    curator.post(reverse("admin:claims_claim_changelist"), {"action": "accept", **form, "_selected_action": ticked})
    assert set(Claim.objects.filter(state="accepted").values_list("pk", flat=True)) == {int(pk) for pk in ticked}


@pytest.mark.parametrize("seen", ["", "x", "1", ":", "1:", "-1:2", "1:²", "9" * 40 + ":1"])
def test_versions_that_no_list_wrote_are_passed_over(curator: Client, seen: str) -> None:
    claim = make.make_claim()
    curator.post(
        reverse("admin:claims_claim_changelist"), {"action": "accept", "_selected_action": [str(claim.pk)], "seen_version": [seen]}
    )
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED
