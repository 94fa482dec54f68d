from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from claims.models import ChangeSet, Claim, Cost, Flag, Run
from claims.services import uploads
from tests.factories import make_board, make_listing, make_user

pytestmark = pytest.mark.django_db

CURATOR = ("view_claim", "change_claim", "view_cost", "change_cost", "view_changeset")


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make_user("lee", *CURATOR, is_staff=True))
    return client


@pytest.mark.parametrize(
    "model", ["claim", "cost", "paper", "result", "listing", "benchmark", "changeset", "dataset", "alias", "flag", "run", "reextraction"]
)
def test_lists_open(admin_client: Client, model: str) -> None:
    make_board(rows=2)
    assert admin_client.get(reverse(f"admin:claims_{model}_changelist")).status_code == 200


def test_claims_show_their_evidence_escaped(admin_client: Client) -> None:
    make_board(rows=1)
    page = admin_client.get(reverse("admin:claims_claim_changelist")).content.decode()
    assert "It reaches <strong>60.0%</strong> top-1 accuracy" in page


@pytest.mark.parametrize(("model", "table"), [("claim", Claim), ("cost", Cost)])
def test_accept_reject_and_undo_go_through_change_sets(curator: Client, model: str, table: type[Claim] | type[Cost]) -> None:
    make_board(rows=2)
    keys = [str(pk) for pk in table._default_manager.values_list("pk", flat=True)]
    url = reverse(f"admin:claims_{model}_changelist")
    curator.post(url, {"action": "accept", "_selected_action": keys})
    assert set(table._default_manager.values_list("state", flat=True)) == {"accepted"}
    curator.post(url, {"action": "reject_as_wrongly_read", "_selected_action": keys[:1]})
    rejected = table._default_manager.get(state="rejected")
    assert (rejected.reject_reason, rejected.decided_by, rejected.version) == ("wrongly_read", "person", 3)
    assert list(ChangeSet.objects.order_by("pk").values_list("actor", "action")) == [("lee", "accept"), ("lee", "reject")]
    curator.post(
        reverse("admin:claims_changeset_changelist"), {"action": "undo", "_selected_action": [str(ChangeSet.objects.latest("pk").pk)]}
    )
    rejected.refresh_from_db()
    assert rejected.state == "accepted"


@pytest.mark.parametrize("manages", [True, False])
def test_withdrawal_of_a_listing_is_undone_by_who_may_manage_it(client: Client, manages: bool) -> None:
    client.force_login(make_user("lee", *CURATOR, *(["manage_listing"] if manages else []), is_staff=True))
    listing = make_listing("a.txt", state="done")
    done = uploads.withdraw(listing, actor="kim", version=1).change_set
    address = reverse("admin:claims_changeset_changelist")
    page = client.post(address, {"action": "undo", "_selected_action": [str(done.pk)]}, follow=True).content.decode()
    listing.refresh_from_db()
    assert listing.state == ("done" if manages else "withdrawn")
    assert ("Withdraw by kim: undone." if manages else "Your account may not take it back.") in page


def test_who_may_not_curate_sees_no_action(client: Client) -> None:
    make_board(rows=1)
    client.force_login(make_user("kim", "view_claim", is_staff=True))
    url = reverse("admin:claims_claim_changelist")
    assert "reject_as_wrongly_read" not in client.get(url).content.decode()
    client.post(url, {"action": "accept", "_selected_action": [str(Claim.objects.get().pk)]})
    assert Claim.objects.get().state == "unreviewed"


def test_nothing_is_added_changed_or_deleted_around_the_services(admin_client: Client) -> None:
    make_board(rows=1)
    claim = Claim.objects.get()
    assert admin_client.get(reverse("admin:claims_claim_add")).status_code == 403
    assert admin_client.post(reverse("admin:claims_claim_delete", args=[claim.pk])).status_code == 403
    assert admin_client.post(reverse("admin:claims_claim_change", args=[claim.pk]), {"value": "99"}).status_code == 403


@pytest.mark.parametrize("model", ["claim", "cost"])
def test_queries_do_not_grow_with_rows(admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, model: str) -> None:
    make_board(rows=25)
    with django_assert_max_num_queries(12):
        admin_client.get(reverse(f"admin:claims_{model}_changelist"))


@pytest.mark.parametrize("flags", [1, 12])
def test_flags_lead_to_what_they_are_about_in_a_fixed_number_of_queries(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries, flags: int
) -> None:
    make_board(rows=flags)
    run = Run.objects.create(extractor_version="9.0.0", vocabulary_hash="0" * 64)
    claims = list(Claim.objects.order_by("pk"))
    for claim in claims:
        Flag.objects.create(kind="difference", object_kind="claim", object_id=claim.pk, key="k", note=f"{run} reads “&”.", run=run)
    Flag.objects.create(kind="identity", object_kind="paper", object_id=1, note="Two papers.")
    with django_assert_num_queries(5):
        page = admin_client.get(reverse("admin:claims_flag_changelist")).content.decode()
    assert page.count("extractor 9.0.0, vocabulary 00000000 reads “&amp;”.") == 2 * flags, "and what its tick is called"
    assert reverse("admin:claims_claim_change", args=[claims[0].pk]) in page


def test_flags_are_settled_by_a_curator_and_opened_again_by_undo(client: Client) -> None:
    client.force_login(make_user("lee", *CURATOR, "view_flag", is_staff=True))
    flags = [Flag.objects.create(kind="identity", object_kind="paper", object_id=n, note="Two papers.") for n in (1, 2, 3)]
    address = reverse("admin:claims_flag_changelist")
    ticked = {"action": "settle", "_selected_action": [str(flag.pk) for flag in flags[:2]]}
    page = client.post(address, ticked, follow=True).content.decode()
    assert "2 flags settled." in page
    changes = ChangeSet.objects.get()
    assert (changes.action, changes.actor, changes.settled_flags.count()) == ("settle", "lee", 2)
    assert "settled already" in client.post(address, ticked, follow=True).content.decode()
    client.post(reverse("admin:claims_changeset_changelist"), {"action": "undo", "_selected_action": [str(changes.pk)]})
    assert not Flag.objects.exclude(settled_by=None).exists()


def test_who_may_not_curate_settles_no_flag(client: Client) -> None:
    client.force_login(make_user("kim", "view_flag", is_staff=True))
    flag = Flag.objects.create(kind="identity", object_kind="paper", object_id=1, note="Two papers.")
    address = reverse("admin:claims_flag_changelist")
    assert 'value="settle"' not in client.get(address).content.decode()
    client.post(address, {"action": "settle", "_selected_action": [str(flag.pk)]})
    assert Flag.objects.get().settled_by is None
