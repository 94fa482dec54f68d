from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from claims.admin import base
from claims.models import Alias, ChangeSet, Claim, Cost, Flag, MLModel, Paper, Run
from claims.services import curation, uploads
from claims.terms import CurationState, FlagKind
from tests.factories import make_benchmark, make_board, make_claim, make_listing, make_metric, make_user

pytestmark = [pytest.mark.once, pytest.mark.django_db]

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


def test_acts_and_flags_are_told_in_words(admin_client: Client) -> None:
    make_board(rows=2)
    claim, other = Claim.objects.all()
    flag = Flag.objects.create(kind=FlagKind.FAR, object_kind="claim", object_id=claim.pk, note="60.0% is far below the others.")
    settled = curation.settle_flags([flag], actor="kim")
    curation.decide(other, CurationState.ACCEPTED, actor="kim", version=other.version)
    index = " ".join(admin_client.get(reverse("admin:index")).content.decode().split())
    assert f'looked at what was flagged on <a href="/claims/{claim.public_id}/history/">' in index
    assert "kim</bdi></b> accepted" in index
    acts = admin_client.get(f"{reverse('admin:claims_changeset_changelist')}?action=settle").content.decode()
    assert ">flags looked at<" in acts
    assert settled.public_id in acts
    act = admin_client.get(reverse("admin:claims_changeset_change", args=[settled.pk])).content.decode()
    assert "Flags looked at, by kim" in act
    assert "60.0% is far below the others." in act
    flags = reverse("admin:claims_flag_changelist")
    assert "far from the others" in admin_client.get(f"{flags}?kind=far&settled=yes").content.decode()
    assert "0 flags" in admin_client.get(f"{flags}?settled=no").content.decode()
    assert "far from the others" in admin_client.get(reverse("admin:claims_claim_changelist")).content.decode()


def test_index_tells_who_may_not_curate_no_more_than_a_reader(client: Client, admin_client: Client) -> None:
    make_board(rows=1)
    claim = Claim.objects.get()
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
    assert claim.paper_text is not None
    Paper.objects.filter(pk=claim.paper_text.paper_id).update(withdrawn=True)
    client.force_login(make_user("lee", "view_claim", is_staff=True))
    address = f"/claims/{claim.public_id}/history/"
    assert address in admin_client.get(reverse("admin:index")).content.decode()
    page = client.get(reverse("admin:index")).content.decode()
    assert "accepted a number that is not shown" in page
    assert address not in page


def test_index_asks_the_same_for_many_acts(admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    make_board(rows=10)
    for claim in Claim.objects.all():
        curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
        flag = Flag.objects.create(kind=FlagKind.FAR, object_kind="claim", object_id=claim.pk, note="It is far.")
        curation.settle_flags([flag], actor="kim")
    with django_assert_max_num_queries(14):
        admin_client.get(reverse("admin:index"))


LISTS = ["claim", "cost", "paper", "result", "benchmark", "mlmodel", "dataset", "metric", "alias"]


def test_queries_do_not_grow_with_rows(admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    make_board(rows=25)
    for number in range(12):
        board = make_benchmark(dataset=f"Set {number}")
        model = MLModel.objects.create(name=f"Net {number}", name_key=f"net{number}", slug=f"net-{number}")
        for kind, entry in (("dataset", board.dataset), ("ml_model", model)):
            Alias.objects.create(kind=kind.removeprefix("ml_"), text=entry.name, key=f"{kind}{number}", **{kind: entry})
    for model_name in LISTS:
        with django_assert_max_num_queries(9):
            assert admin_client.get(reverse(f"admin:claims_{model_name}_changelist")).status_code == 200


def test_long_lists_are_counted_and_leafed_through_so_far(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_board(rows=60)
    address = reverse("admin:claims_claim_changelist")
    assert "60 claims" in admin_client.get(address).content.decode()
    monkeypatch.setattr(base, "MOST_COUNTED", 55)
    page = admin_client.get(f"{address}?p=2")
    said = " ".join(page.content.decode().split())
    assert "more than 55 claims; the first 55 can be leafed through" in said or "about" in said
    assert len(page.context["cl"].result_list) == 5
    assert admin_client.get(f"{address}?p=3").status_code == 302, "there is no such page"
    for number in range(3):  # what has no index is no order, whatever the address asks
        assert admin_client.get(f"{address}?o=-{number}").context["cl"].queryset.query.order_by[:1] == ("-pk",)
    assert admin_client.get(f"{address}?model_name__icontains=x").status_code == 400
    monkeypatch.setattr(base, "MOST_AT_ONCE", 20)
    sent = {"action": "accept", "select_across": "1", "_selected_action": [str(Claim.objects.latest("pk").pk)]}
    assert "more than can be done at once" in admin_client.post(address, sent, follow=True).content.decode()
    assert not Claim.objects.filter(state="accepted").exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state__exact=accepted", 1),
        ("state__exact=unreviewed", 3),
        ("decided_by__exact=person", 1),
        ("kind__exact=ratio", 0),
        ("confidence=0", 1),
        ("confidence=95", 0),
        ("flag=any", 1),
        ("flag=gone", 0),
        ("retired=yes", 0),
        ("retired=no", 4),
        ("metric=top-1-accuracy", 3),
        ("metric=none", 0),
        ("board={board}", 3),
        ("board=none", 0),
        ("listing={listing}", 1),
        ("state__exact=unreviewed&board={board}", 2),
        ("q=other", 1),
        ("q={claim}", 1),
        ("q=nothing+like+it", 0),
    ],
)
def test_claims_are_filtered_and_found(admin_client: Client, query: str, found: int) -> None:
    board = make_board(rows=3)
    other = make_claim(
        "70.1%", benchmark=board, metric=make_metric("Other"), model="Other", model_key="other", on_board=False, confidence=0.2
    )
    claims = list(Claim.objects.exclude(pk=other.pk).order_by("pk"))
    Claim.objects.filter(pk=claims[0].pk).update(state="accepted", decided_by="person")
    Flag.objects.create(kind="difference", object_kind="claim", object_id=claims[1].pk, note="x")
    assert claims[2].paper_text is not None
    listing = make_listing("a.txt", claims[2].paper_text.paper)
    names = {"board": board.slug, "listing": listing.public_id, "claim": other.public_id}
    page = admin_client.get(f"{reverse('admin:claims_claim_changelist')}?{query.format(**names)}")
    assert len(page.context["cl"].result_list) == found


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
    with django_assert_num_queries(6):
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
