"""Webhooks: who may have which, and what is written for them when something happens."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from claims.errors import WebhookError
from claims.models import Benchmark, Claim, Delivery, Record, Result, Webhook
from claims.services import curation, permissions, results, webhooks
from claims.terms import SUBSCRIBED_EVENTS, CurationState, RejectReason, WebhookEvent, WebhookState
from tests import factories as make

pytestmark = [pytest.mark.django_db]

EVENTS = [event.value for event in SUBSCRIBED_EVENTS]


@pytest.fixture(autouse=True)
def _here(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    settings.SITE_URL = "https://boards.example.org"


def told(event: str = "") -> list[dict[str, Any]]:
    """Return what is to be told, the oldest first."""
    bodies = [json.loads(body) for body in Delivery.objects.order_by("pk").values_list("body", flat=True)]
    return [body for body in bodies if body["type"] == event or not event]


def add(benchmark: Benchmark, model: str, number: str, day: date, *, settled: bool = True, **fields: Any) -> Claim:
    """Add a paper's number to a board, and settle it as an ingest does."""
    paper = make.make_paper(f"{model} of {day}", abstract=f"It reaches {number} there, no less.", day=day)
    claim = make.make_claim(number, benchmark=benchmark, paper=paper, model=model, task=benchmark.task, on_board=False, **fields)
    if settled:
        results.settle_papers_alone([paper.pk])
    return claim


# ---- having them ----


def test_webhook_has_an_owner_events_and_a_secret_of_its_own() -> None:
    kim = make.make_user("kim", "upload_listing")
    first = webhooks.create_webhook(kim, url="http://127.0.0.1:8000/a", events=["listing.done", "record.new"])
    second = webhooks.create_webhook(kim, url="http://127.0.0.1:8000/b", events=["claim.accepted"])
    assert (first.events, first.state) == (["record.new", "listing.done"], WebhookState.ACTIVE)
    assert first.secret.startswith("whsec_")
    assert first.secret != second.secret
    renewed = webhooks.renew_secret(first)
    assert renewed == Webhook.objects.get(pk=first.pk).secret != first.secret


@pytest.mark.parametrize(
    ("url", "events", "field"),
    [
        ("http://127.0.0.1/a", ["record.new"], "url"),  # it is there already
        ("ftp://127.0.0.1/", ["record.new"], "url"),
        ("http://127.0.0.1/b", [], "events"),
        ("http://127.0.0.1/b", ["test"], "events"),
        ("http://127.0.0.1/b", ["record.old"], "events"),
    ],
)
def test_what_can_not_be_is_refused_by_field(url: str, events: list[str], field: str) -> None:
    kim = make.make_user("kim", "upload_listing")
    webhooks.create_webhook(kim, url="http://127.0.0.1/a", events=["record.new"])
    with pytest.raises(WebhookError) as refused:
        webhooks.create_webhook(kim, url=url, events=events)
    assert refused.value.field == field
    assert Webhook.objects.count() == 1


def test_one_has_so_many_and_no_more() -> None:
    kim = make.make_user("kim", "upload_listing")
    for number in range(webhooks.MOST_WEBHOOKS):
        make.make_webhook(f"https://example.org/{number}", owner=kim)
    with pytest.raises(WebhookError, match="as many as one may have"):
        webhooks.create_webhook(kim, url="http://127.0.0.1/", events=["record.new"])
    webhooks.create_webhook(make.make_user("lee", "upload_listing"), url="http://127.0.0.1/", events=["record.new"])


def test_address_is_looked_up_before_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(webhooks, "check_address", lambda _: begun.append(list(connection.savepoint_ids)))
    webhooks.create_webhook(make.make_user("kim", "upload_listing"), url="https://example.org/", events=["record.new"])
    assert begun == [connection.savepoint_ids], "no transaction but the test's"


def test_resuming_what_is_active_changes_nothing() -> None:
    webhook = make.make_webhook(failures=3)
    delivery = webhooks.send_test(webhook)
    due = timezone.now() + timedelta(hours=6)
    Delivery.objects.update(due=due)
    webhooks.resume(webhook)
    delivery.refresh_from_db()
    assert delivery.due == due
    webhooks.pause(webhook)
    webhooks.resume(webhook)
    delivery.refresh_from_db()
    assert delivery.due < due


def test_who_may_have_and_manage_webhooks() -> None:
    users: dict[str, User] = {
        "reader": make.make_user("reader"),
        "uploader": make.make_user("uploader", "upload_listing"),
        "curator": make.make_user("curator", "change_claim", "change_cost"),
        "manager": make.make_user("manager", "manage_webhook"),
        "root": make.make_user("root", is_superuser=True),
        "gone": make.make_user("gone", "upload_listing", is_active=False),
    }
    own = make.make_webhook(owner=users["uploader"])
    assert [name for name, user in users.items() if permissions.may_have_webhooks(user)] == ["uploader", "curator", "manager", "root"]
    assert [name for name, user in users.items() if permissions.may_manage_webhook(user, own)] == ["uploader", "manager", "root"]
    assert [name for name, user in users.items() if permissions.may_renew_secret(user, own)] == ["uploader"]


def test_those_are_told_whose_owners_may_have_webhooks_still() -> None:
    may = [("upload_listing",), ("change_claim", "change_cost"), ("manage_webhook",)]
    may_not = [(), ("change_claim",), ("change_cost",)]
    owners = [make.make_user(f"user {number}", *names) for number, names in enumerate([*may, *may_not])]
    in_group = make.make_user("in a group")
    group = Group.objects.create(name="uploaders")
    group.permissions.set(owners[0].user_permissions.all())
    in_group.groups.add(group)
    owners += [in_group, make.make_user("root", is_superuser=True), make.make_user("gone", "upload_listing", is_active=False)]
    for owner in owners:
        make.make_webhook(owner=owner)
    told = {webhook.owner for webhook in Webhook.objects.told()}
    assert told == {owner for owner in owners if permissions.may_have_webhooks(owner)}
    assert len(told) == 5
    assert {webhook.owner for webhook in webhooks._find_subscribers(WebhookEvent.LISTING_DONE)} == told


def test_nothing_is_sent_to_what_is_paused() -> None:
    webhook = make.make_webhook()
    delivery = webhooks.send_test(webhook)
    webhooks.pause(webhook)
    for act in (lambda: webhooks.send_test(webhook), lambda: webhooks.send_again(delivery)):
        with pytest.raises(WebhookError, match="Resume it"):
            act()


def test_states_and_events_are_closed_vocabularies() -> None:
    webhook = make.make_webhook()
    webhook.state = "asleep"
    with pytest.raises(ValidationError):
        webhook.full_clean()


# ---- new records ----


def test_new_record_is_told_with_all_that_it_needs() -> None:
    board = make.make_benchmark()
    add(board, "First", "80.1%", date(2020, 1, 1))
    make.make_webhook()
    claim = add(board, "Second", "84.5%", date(2022, 1, 1))
    (event,) = told()
    assert event["type"] == "record.new"
    assert event["timestamp"].endswith("Z")
    data = event["data"]
    assert data["board"]["name"] == "Image Classification on ImageNet-1K"
    assert data["board"]["url"] == f"https://boards.example.org/api/v1/boards/{board.slug}/"
    assert data["board"]["metric"] == {"slug": "top-1-accuracy", "name": "Top-1 accuracy", "unit": "%", "direction": "higher"}
    assert (data["claim"]["id"], data["claim"]["value"], data["claim"]["stated"]) == (claim.public_id, 84.5, "84.5%")
    assert data["claim"]["url"] == f"https://boards.example.org/api/v1/claims/{claim.public_id}/"
    assert data["claim"]["evidence"] == {"text": "It reaches 84.5% there, no less.", "field": "abstract"}
    assert data["claim"]["paper"]["date"] == "2022-01-01"
    row = Result.objects.get(model_name="Second")
    assert data["claim"]["page"] == f"https://boards.example.org/sota/{board.slug}/?open={row.public_id}#row-{row.public_id}"
    assert data["previous"]["model"]["name"] == "First"
    assert data["accepted_only"] is False


def test_what_beats_nothing_is_not_told() -> None:
    board = make.make_benchmark()
    add(board, "First", "80.1%", date(2020, 1, 1))
    make.make_webhook()
    add(board, "Late", "70.0%", date(2018, 1, 1))
    add(board, "Below", "75.0%", date(2023, 1, 1))
    results.settle_papers_alone(Claim.objects.values_list("paper_text__paper", flat=True))
    assert Record.objects.filter(claim__model_name="Late").exists()
    assert told() == []


def test_old_history_that_is_read_at_once_is_one_event() -> None:
    make.make_webhook()
    board = make.make_benchmark()
    claims = [add(board, f"Net {number}", f"{60 + number}.1%", date(2000 + number, 1, 1), settled=False) for number in range(20)]
    results.settle_papers_alone([claim.paper_text.paper_id for claim in claims if claim.paper_text])
    assert Record.objects.filter(accepted_only=False).count() == 20
    assert [event["data"]["claim"]["model"]["name"] for event in told()] == ["Net 19"]


def test_number_that_stands_again_is_not_told_twice() -> None:
    board = make.make_benchmark()
    first = add(board, "First", "80.1%", date(2020, 1, 1))
    make.make_webhook()
    second = add(board, "Second", "84.5%", date(2022, 1, 1))
    curation.decide(second, CurationState.REJECTED, actor="kim", version=second.version, reason=RejectReason.WRONGLY_READ)
    second.refresh_from_db()
    curation.decide(second, CurationState.UNREVIEWED, actor="kim", version=second.version)
    assert [event["data"]["claim"]["id"] for event in told()] == [second.public_id], "nor the first, which only stands again"
    assert first.public_id not in json.dumps(told()[0]["data"]["claim"])


def test_only_what_readers_see_is_told(settings: Settings) -> None:
    settings.SHOW_UNREVIEWED = False
    make.make_webhook(events=["record.new"])
    board = make.make_benchmark()
    claim = add(board, "First", "80.1%", date(2020, 1, 1))
    assert told() == []
    claim.refresh_from_db()
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
    (event,) = told()
    assert (event["data"]["accepted_only"], event["data"]["claim"]["state"]) == (True, "accepted")


def test_board_that_the_home_page_leaves_out_is_not_told_of() -> None:
    make.make_webhook()
    add(make.make_benchmark(reviewed=False), "First", "80.1%", date(2020, 1, 1))
    Benchmark.objects.update(reviewed=False)
    Delivery.objects.all().delete()
    board = make.make_benchmark("Odd task", "Odd set", reviewed=False)
    board.task.reviewed = board.dataset.reviewed = False
    board.task.save()
    board.dataset.save()
    add(board, "Alone", "80.1%", date(2020, 1, 1))
    assert told() == []


# ---- accepted claims ----


def test_accepted_claims_are_one_event_that_lists_some_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_CLAIMS", 3)
    board = make.make_benchmark()
    claims = [add(board, f"Net {number}", f"{60 + number}.1%", date(2000 + number, 1, 1)) for number in range(5)]
    cost = make.make_cost("there", paper=claims[0].paper_text.paper if claims[0].paper_text else make.make_paper())
    make.make_webhook(events=["claim.accepted"])
    for claim in claims:
        claim.refresh_from_db()
    given = [(claim, claim.version) for claim in claims]
    changes = curation.decide_all([*given, (cost, cost.version)], CurationState.ACCEPTED, actor="kim")
    (event,) = told()
    assert event["type"] == "claim.accepted"
    assert (event["data"]["change"], event["data"]["count"], len(event["data"]["claims"])) == (changes.public_id, 5, 3)
    assert {claim["state"] for claim in event["data"]["claims"]} == {"accepted"}
    assert "kim" not in json.dumps(event)
    curation.decide_all([(claims[0], claims[0].version)], CurationState.ACCEPTED, actor="lee")
    curation.decide_all([(cost, cost.version)], CurationState.ACCEPTED, actor="lee")
    curation.decide_all([(claims[0], claims[0].version)], CurationState.UNREVIEWED, actor="lee")
    assert len(told()) == 1, "it was accepted already, a cost is no claim, and to take a word back accepts nothing"


# ---- all of them ----


def test_without_webhooks_a_settle_costs_a_query_more_and_none_where_nothing_is_new() -> None:
    board = make.make_benchmark()
    add(board, "First", "80.1%", date(2020, 1, 1))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            results.settle_papers_alone(Claim.objects.values_list("paper_text__paper", flat=True))
        return len([query for query in queries if "webhook" in query["sql"]])

    assert count() == 0
    add(board, "Second", "84.5%", date(2022, 1, 1), settled=False)
    assert count() == 1
    assert Delivery.objects.count() == 0


def test_each_webhook_gets_what_it_is_for() -> None:
    for number, event in enumerate(EVENTS):
        make.make_webhook(f"https://example.org/{number}", events=[event])
    make.make_webhook("https://example.org/paused", state=WebhookState.PAUSED)
    make.make_webhook("https://example.org/gone", owner=make.make_user("gone", is_active=False))
    board = make.make_benchmark()
    claim = add(board, "First", "80.1%", date(2020, 1, 1))
    claim.refresh_from_db()
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
    found = Delivery.objects.order_by("webhook__url").values_list("webhook__url", "event")
    assert list(found) == [("https://example.org/0", "record.new"), ("https://example.org/1", "claim.accepted")]
