"""The pages of webhooks: who sees which, the secret shown once, the log, what each button does."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from claims.models import Delivery, Webhook
from claims.services import deliveries, webhooks
from claims.terms import DeliveryState, WebhookState
from leaderboard import hook_views
from tests import factories as make
from tests.pages import count_queries, post_form, text_of
from tests.receiver import Reply, receive

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HOSTILE = "https://example.org/?q=%3Cscript%3E&x='-alert(1)-'"
EVENTS = ["record.new", "listing.done"]


@pytest.fixture(autouse=True)
def _here(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def owner(client: Client) -> Any:
    user = make.make_user("owner", "upload_listing")
    client.force_login(user)
    return user


def create(client: Client, url: str = "http://127.0.0.1:8000/hooks", *, events: list[str] | None = None) -> Any:
    body = urlencode({"url": url, "events": EVENTS if events is None else events}, doseq=True)
    return client.post("/hooks/", body, content_type="application/x-www-form-urlencoded")


def test_without_a_webhook_the_page_says_what_is_sent_and_how_to_verify_it(client: Client, owner: Any) -> None:
    response = client.get("/hooks/")
    text = text_of(response)
    assert "No webhook yet" in text
    assert '"type": "record.new"' in response.content.decode()
    assert "webhook-signature" in text
    assert "no-store" in response["Cache-Control"]
    assert 'href="/hooks/"' in client.get("/").content.decode()


def test_secret_is_shown_once_and_signs_what_is_sent(client: Client, owner: Any) -> None:
    with receive() as receiver:
        response = create(client, receiver.address)
        assert response.status_code == 200
        webhook = Webhook.objects.get()
        assert (webhook.owner, webhook.events) == (owner, EVENTS)
        secret = (re.search(r"whsec_[A-Za-z0-9+/=]{32}", response.content.decode()) or [""])[0]
        assert secret == webhook.secret
        assert "no-store" in response["Cache-Control"]
        address = webhook.get_absolute_url()
        for page in ("/hooks/", address):
            assert secret not in client.get(page).content.decode()
        assert post_form(client, f"{address}test/").status_code == 302
        assert deliveries.deliver_next()
        assert receiver.verify(secret)["type"] == "test"
        renewed = post_form(client, f"{address}secret/").content.decode()
        webhook.refresh_from_db()
        assert webhook.secret in renewed
        assert secret not in renewed


@pytest.mark.parametrize(
    ("url", "events", "words"),
    [
        ("", EVENTS, "No address was given"),
        ("ftp://example.org/", EVENTS, "begins with https:// or http://"),
        ("https://user:secret@example.org/", EVENTS, "no name and password"),
        ("https://nobody.invalid/", EVENTS, "There is no host “nobody.invalid”"),
        (f"https://example.org/{'x' * 500}", EVENTS, "at most 500 characters"),
        ("http://127.0.0.1/", [], "Choose at least one event"),
        ("http://127.0.0.1/", ["record.old"], "There is no event of this name"),
        ("http://127.0.0.1/", ["test"], "There is no event of this name"),
    ],
)
def test_form_says_what_is_wrong_beside_the_field(client: Client, owner: Any, url: str, events: list[str], words: str) -> None:
    response = create(client, url, events=events)
    assert response.status_code == 400
    assert words in text_of(response)
    assert Webhook.objects.count() == 0


def test_address_of_the_sites_own_network_is_refused(client: Client, owner: Any, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    response = create(client, "http://2130706433/")
    assert response.status_code == 400
    assert "127.0.0.1, which is not on the open internet" in text_of(response)


def test_one_too_many_is_refused(client: Client, owner: Any) -> None:
    for number in range(webhooks.MOST_WEBHOOKS):
        make.make_webhook(f"https://example.org/{number}", owner=owner)
    response = create(client)
    assert response.status_code == 400
    assert "as many as one may have" in text_of(response)


def test_log_has_what_came_of_each_delivery(client: Client, owner: Any) -> None:
    with receive(Reply(500, b"<script>alert(1)</script>"), Reply()) as receiver:
        webhook = make.make_webhook(receiver.address, owner=owner)
        address = webhook.get_absolute_url()
        assert "Nothing was sent yet" in text_of(client.get(address))
        delivery = webhooks.send_test(webhook)
        deliveries.deliver_next()
        response = client.get(address)
        text = text_of(response).replace("\u00a0", " ")
        for words in ("test", delivery.message_id, "1 try", "it answered 500", "Waiting", "the next", "Nothing has come through since"):
            assert words in text
        assert "<script>alert" not in response.content.decode()
        assert "&lt;script&gt;alert(1)" in response.content.decode()
        again = f"{address}deliveries/{delivery.public_id}/again/"
        assert post_form(client, again).status_code == 302
        assert "is on its way again" in text_of(client.get(address))
        assert deliveries.deliver_next()
        assert "Delivered" in text_of(client.get(address))
        Delivery.objects.update(state=DeliveryState.SENDING)
        post_form(client, again)
        assert "It is being sent just now" in text_of(client.get(address))


def test_pause_resume_and_delete(client: Client, owner: Any) -> None:
    webhook = make.make_webhook(owner=owner)
    address = webhook.get_absolute_url()
    post_form(client, f"{address}pause/")
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.PAUSED
    post_form(client, f"{address}test/")
    assert "Resume it first" in text_of(client.get(address))
    assert Delivery.objects.count() == 0
    post_form(client, f"{address}resume/")
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.ACTIVE
    assert post_form(client, f"{address}delete/")["Location"] == "/hooks/"
    assert Webhook.objects.count() == 0
    assert client.get(address).status_code == 404


def test_disabled_webhook_says_why_and_since_when(client: Client, owner: Any) -> None:
    webhook = make.make_webhook(owner=owner, state=WebhookState.DISABLED, note="Nothing came through since 1 May 2026. The last try: no.")
    text = text_of(client.get(webhook.get_absolute_url()))
    assert "Nothing is sent to it any more. Nothing came through since 1 May 2026. The last try: no." in text
    assert "Disabled" in text_of(client.get("/hooks/"))


def test_webhooks_of_others_are_not_there(client: Client) -> None:
    webhook = make.make_webhook(owner=make.make_user("other", "upload_listing"))
    delivery = webhooks.send_test(webhook)
    address = webhook.get_absolute_url()
    acts = ["pause", "resume", "test", "secret", "delete", f"deliveries/{delivery.public_id}/again"]
    for act in acts:
        assert post_form(client, f"{address}{act}/")["Location"].startswith("/login/")
    assert client.get("/hooks/")["Location"] == "/login/?next=/hooks/"
    client.force_login(make.make_user("reader"))
    assert client.get("/hooks/").status_code == 403
    assert create(client).status_code == 403
    client.force_login(make.make_user("owner", "upload_listing"))
    assert address not in client.get("/hooks/").content.decode()
    assert client.get(address).status_code == 404
    for act in acts:
        assert post_form(client, f"{address}{act}/").status_code == 404
    mine = make.make_webhook("https://example.org/mine", owner=User.objects.get(username="owner"))
    assert post_form(client, f"{mine.get_absolute_url()}deliveries/{delivery.public_id}/again/").status_code == 404
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.ACTIVE


def test_who_manages_all_sees_whose_they_are_and_may_stop_them(client: Client) -> None:
    webhook = make.make_webhook(owner=make.make_user("other", "upload_listing"))
    client.force_login(make.make_user("manager", "manage_webhook"))
    assert "of other" in text_of(client.get("/hooks/"))
    assert "Of other" in text_of(client.get(webhook.get_absolute_url()))
    assert post_form(client, f"{webhook.get_absolute_url()}pause/").status_code == 302
    secret = webhook.secret
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.PAUSED
    refused = post_form(client, f"{webhook.get_absolute_url()}secret/")
    assert refused.status_code == 403
    assert "whsec_" not in refused.content.decode()
    webhook.refresh_from_db()
    assert webhook.secret == secret
    assert "new secret" not in text_of(client.get(webhook.get_absolute_url()))


def test_owner_who_may_have_none_any_more_sees_and_deletes_theirs_and_adds_none(client: Client, owner: Any) -> None:
    webhook = make.make_webhook(owner=owner)
    address = webhook.get_absolute_url()
    owner.user_permissions.clear()
    page = client.get("/hooks/")
    assert address in page.content.decode()
    assert "may have no webhooks any more" in text_of(page)
    assert "Add a webhook" not in text_of(page)
    assert create(client).status_code == 403
    assert "your account may have no webhooks any more" in text_of(client.get(address))
    post_form(client, f"{address}test/")
    assert "while its owner may have no webhooks" in text_of(client.get(address))
    assert post_form(client, f"{address}delete/").status_code == 302
    assert Webhook.objects.count() == 0
    assert client.get("/hooks/").status_code == 403


def test_forms_need_their_token_and_changes_a_post(owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    webhook = make.make_webhook(owner=owner)
    assert create(client).status_code == 403
    assert post_form(client, f"{webhook.get_absolute_url()}delete/").status_code == 403
    assert client.get(f"{webhook.get_absolute_url()}delete/").status_code == 405
    assert Webhook.objects.count() == 1


def test_hostile_addresses_and_ids_stay_text(client: Client, owner: Any) -> None:
    webhook = make.make_webhook(HOSTILE.replace("%3C", "<").replace("%3E", ">"), owner=owner)
    for page in ("/hooks/", webhook.get_absolute_url()):
        assert "<script>&" not in client.get(page).content.decode()
    assert client.get("/hooks/none/").status_code == 404
    assert post_form(client, f"{webhook.get_absolute_url()}explode/").status_code == 404


def test_queries_do_not_grow(client: Client, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = make.make_webhook(owner=owner)
    webhooks.send_test(webhook)
    few = [count_queries(client, page) for page in ("/hooks/", webhook.get_absolute_url())]
    for number in range(4):
        make.make_webhook(f"https://example.org/{number}", owner=owner)
        webhooks.send_test(webhook)
    assert [count_queries(client, page) for page in ("/hooks/", webhook.get_absolute_url())] == few
    monkeypatch.setattr(hook_views, "DELIVERIES_ON_A_PAGE", 2)
    assert "Page 3 of 3" in text_of(client.get(f"{webhook.get_absolute_url()}?page=9"))
