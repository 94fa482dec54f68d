"""Deliveries to webhooks: signed, again until they arrive, once by their id, under a lease, and never into the site's own network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from standardwebhooks import WebhookVerificationError

from claims import tasks
from claims.errors import WebhookError
from claims.models import Delivery, Webhook
from claims.services import deliveries, outgoing, webhooks
from claims.terms import DeliveryState, WebhookState
from tests import factories as make
from tests.receiver import Receiver, Reply, receive

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _here(settings: Settings) -> None:
    """Let the receivers of tests be called, which are on this machine."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receive() as receiver:
        yield receiver


def make_due() -> None:
    Delivery.objects.filter(state=DeliveryState.WAITING).update(due=timezone.now())


def deliver_all() -> int:
    """Send what is due now; return how many were."""
    count = 0
    while deliveries.deliver_next():
        count += 1
    return count


# ---- until it arrives ----


def test_receiver_that_fails_three_times_gets_it_at_last_signed_and_once_by_its_id() -> None:
    failing = [Reply(500, b"not yet"), Reply(503), Reply(429), Reply(204, b"")]
    with receive(*failing) as receiver:
        webhook = make.make_webhook(receiver.address)
        delivery = webhooks.send_test(webhook)
        waits = []
        for number in range(3):
            assert deliver_all() == 1
            delivery.refresh_from_db()
            assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, number + 1)
            assert delivery.tried is not None
            waits.append(round((delivery.due - delivery.tried).total_seconds()))
            assert deliver_all() == 0, "not before it is due"
            make_due()
        assert waits == [5, 30, 120]
        assert deliver_all() == 1
        make_due()
        assert deliver_all() == 0
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.status, delivery.error) == (DeliveryState.DELIVERED, 4, 204, "")
        assert receiver.ids == [f"msg_{delivery.public_id}"] * 4
        for number in range(4):
            told = receiver.verify(webhook.secret, number)
        assert told["type"] == "test"
        assert told["data"]["webhook"] == webhook.public_id
        assert receiver.headers[3]["Content-Type"] == "application/json"
        with pytest.raises(WebhookVerificationError):
            receiver.verify("whsec_b3RoZXIgc2VjcmV0")
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.failures) == (None, 0)


def test_what_never_arrives_fails_at_last_and_can_be_sent_again() -> None:
    with receive(*[Reply(500, b"no \0" + b"x" * 900)] * 7, Reply()) as receiver:
        webhook = make.make_webhook(receiver.address)
        delivery = webhooks.send_test(webhook)
        for _ in range(7):
            make_due()
            assert deliver_all() == 1
        make_due()
        assert deliver_all() == 0
        delivery.refresh_from_db()
        assert (delivery.state, delivery.status, delivery.error) == (DeliveryState.FAILED, 500, "It answered 500.")
        assert (len(delivery.answer), delivery.answer[:5]) == (500, "no  x")
        webhooks.send_again(delivery)
        assert deliver_all() == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 1)
        assert set(receiver.ids) == {delivery.message_id}


def test_one_that_fails_keeps_those_behind_it_from_the_same_hole() -> None:
    with receive(Reply(500)) as receiver:
        webhook = make.make_webhook(receiver.address)
        for _ in range(5):
            webhooks.send_test(webhook)
        assert deliver_all() == 1
        assert len(receiver.ids) == 1
        make_due()
        assert deliver_all() == 1
        soonest = Delivery.objects.order_by("due").values_list("due", flat=True)[0]
        assert soonest > timezone.now() + timedelta(seconds=20), "the second failure in a row waits as for a second try"


def test_one_that_its_receiver_refuses_holds_back_those_behind_it_for_one_wait_only(receiver: Receiver) -> None:
    webhook = make.make_webhook(receiver.address)
    refused, *behind = [webhooks.send_test(webhook) for _ in range(4)]
    receiver.replies = [Reply(500), Reply()]
    assert deliver_all() == 1
    make_due()
    assert deliver_all() == 4, "those that were not tried yet come first"
    assert receiver.ids[1:] == [*(delivery.message_id for delivery in behind), refused.message_id]


def test_what_waited_is_sent_once_something_arrives(receiver: Receiver) -> None:
    webhook = make.make_webhook(receiver.address)
    for _ in range(3):
        webhooks.send_test(webhook)
    receiver.replies = [Reply(500), Reply()]
    assert deliver_all() == 1
    assert deliver_all() == 0
    webhooks.send_test(webhook)
    assert deliver_all() == 3, "the new one, and the two that waited; the one that failed waits for its own time"
    assert Delivery.objects.get(state=DeliveryState.WAITING).attempts == 1


@pytest.mark.parametrize(("tries", "least", "most"), [(5, 4, 5), (6, -60, 0)])
def test_tries_of_one_that_is_refused_are_not_held_against_the_others(receiver: Receiver, tries: int, least: int, most: int) -> None:
    webhook = make.make_webhook(receiver.address)
    refused, behind = webhooks.send_test(webhook), webhooks.send_test(webhook)
    Delivery.objects.filter(pk=refused.pk).update(attempts=tries, due=timezone.now() - timedelta(hours=1))
    receiver.replies = [Reply(500)]
    assert deliveries.deliver_next()
    refused.refresh_from_db()
    behind.refresh_from_db()
    assert refused.attempts == tries + 1
    assert least <= (behind.due - timezone.now()).total_seconds() <= most


def test_other_webhooks_are_told_while_one_fails(receiver: Receiver) -> None:
    with receive(Reply(500)) as failing:
        for address in (failing.address, receiver.address):
            webhooks.send_test(make.make_webhook(address))
        assert deliver_all() == 2
    assert len(receiver.ids) == 1


def test_webhook_that_fails_for_days_is_disabled_and_says_so(receiver: Receiver) -> None:
    receiver.replies = [Reply(500)]
    webhook = make.make_webhook(receiver.address)
    webhooks.send_test(webhook)
    deliver_all()
    webhook.refresh_from_db()
    assert webhook.failing_since is not None
    assert webhook.state == WebhookState.ACTIVE
    Webhook.objects.update(failing_since=timezone.now() - deliveries.DISABLED_AFTER)
    make_due()
    assert deliver_all() == 1
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.ACTIVE, "the first failures behind a quiet time say little"
    Delivery.objects.update(attempts=len(deliveries.DELAYS))
    make_due()
    assert deliver_all() == 1
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.DISABLED
    assert webhook.note.startswith("Nothing came through since")
    assert webhook.note.endswith("It answered 500.")
    Delivery.objects.update(state=DeliveryState.WAITING, attempts=0)
    make_due()
    assert deliver_all() == 0
    webhooks.resume(webhook)
    receiver.replies = [Reply()]
    assert deliver_all() == 1
    webhook.refresh_from_db()
    assert (webhook.state, webhook.note, webhook.failures) == (WebhookState.ACTIVE, "", 0)


def test_webhook_that_fails_for_days_is_disabled_where_so_many_wait_that_none_is_tried_often(receiver: Receiver) -> None:
    receiver.replies = [Reply(500)]
    webhook = make.make_webhook(receiver.address)
    waiting = webhooks.send_test(webhook)
    Webhook.objects.update(failing_since=timezone.now() - deliveries.DISABLED_AFTER)
    Delivery.objects.filter(pk=waiting.pk).update(due=timezone.now() + timedelta(hours=1))
    for hours, state in ((7, WebhookState.ACTIVE), (8, WebhookState.DISABLED)):
        Delivery.objects.filter(pk=waiting.pk).update(created=timezone.now() - timedelta(hours=hours))
        webhooks.send_test(webhook)
        assert deliver_all() == 1
        webhook.refresh_from_db()
        assert webhook.state == state


def test_receiver_that_is_gone_is_told_nothing_more(receiver: Receiver) -> None:
    receiver.replies = [Reply(410)]
    webhook = make.make_webhook(receiver.address)
    webhooks.send_test(webhook)
    deliver_all()
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.DISABLED
    assert "410" in webhook.note


def test_paused_and_deleted_webhooks_are_sent_nothing(receiver: Receiver) -> None:
    webhook = make.make_webhook(receiver.address)
    webhooks.send_test(webhook)
    webhooks.pause(webhook)
    assert deliver_all() == 0
    webhooks.resume(webhook)
    webhooks.delete(webhook)
    assert deliver_all() == 0
    assert Delivery.objects.count() == 0
    assert receiver.ids == []


def test_webhook_of_a_user_who_may_not_sign_in_any_more_is_sent_nothing(receiver: Receiver) -> None:
    webhook = make.make_webhook(receiver.address)
    webhooks.send_test(webhook)
    webhook.owner.is_active = False
    webhook.owner.save()
    assert deliver_all() == 0


def test_webhook_of_a_user_who_may_have_none_any_more_is_sent_nothing(receiver: Receiver) -> None:
    webhook = make.make_webhook(receiver.address)
    delivery = webhooks.send_test(webhook)
    webhook.owner.user_permissions.clear()
    assert not deliveries.are_due()
    assert deliver_all() == 0
    for act in (lambda: webhooks.send_test(webhook), lambda: webhooks.send_again(delivery)):
        with pytest.raises(WebhookError, match="its owner may have no webhooks"):
            act()


def test_webhook_deleted_while_it_is_told_leaves_nothing_behind(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = make.make_webhook(receiver.address)
    webhooks.send_test(webhook)
    post = outgoing.post

    def post_and_delete(*arguments: Any) -> outgoing.Answer:
        came = post(*arguments)
        webhooks.delete(webhook)
        return came

    monkeypatch.setattr(outgoing, "post", post_and_delete)
    assert deliver_all() == 1
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)


# ---- workers ----


def test_delivery_of_a_killed_worker_is_taken_over_under_its_id(receiver: Receiver) -> None:
    delivery = webhooks.send_test(make.make_webhook(receiver.address))
    taken = deliveries._take()
    assert taken is not None
    assert not deliveries.deliver_next(), "it is held"
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliveries.are_due()
    assert deliver_all() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
    # The first one was only away for long: what it notes now does not count.
    deliveries._note(taken, status=None, answer="", error="late")
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DELIVERED
    assert receiver.ids == [delivery.message_id]


def test_delivery_that_kills_its_workers_fails() -> None:
    delivery = webhooks.send_test(make.make_webhook())
    for _ in range(7):
        assert deliveries._take() is not None
        Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliveries._take() is None
    delivery.refresh_from_db()
    assert (delivery.state, delivery.lease_until) == (DeliveryState.FAILED, None)


def test_one_webhook_takes_one_worker_at_a_time() -> None:
    webhook = make.make_webhook()
    webhooks.send_test(webhook)
    webhooks.send_test(webhook)
    assert deliveries._take() is not None
    assert deliveries._take() is None
    webhooks.send_test(make.make_webhook("https://example.org/other"))
    assert deliveries._take() is not None


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite plans alike whatever a table holds; PostgreSQL reads a small one whole")
def test_what_a_webhook_is_being_sent_is_not_looked_for_in_its_whole_log() -> None:
    assert "USING INDEX delivery_sending" in deliveries._due(timezone.now()).explain()


def test_error_that_nobody_foresaw_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = webhooks.send_test(make.make_webhook())
    monkeypatch.setattr(outgoing, "post", lambda *_: 1 / 0)
    assert deliver_all() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (DeliveryState.WAITING, "ZeroDivisionError")


def test_workers_are_told_after_the_transaction_and_by_the_sweep(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: sent.append(options))
    with django_capture_on_commit_callbacks(execute=True):
        webhooks.send_test(make.make_webhook(receiver.address))
        assert sent == []
    assert [options["queue"] for options in sent] == ["bulk"]
    tasks.sweep()
    assert len(sent) == 2
    tasks.deliver()
    assert len(receiver.ids) == 1
    tasks.sweep()
    assert len(sent) == 2


def test_old_deliveries_are_forgotten() -> None:
    webhook = make.make_webhook()
    old, _ = webhooks.send_test(webhook), webhooks.send_test(webhook)
    Delivery.objects.filter(pk=old.pk).update(created=timezone.now() - deliveries.KEPT - timedelta(days=1))
    assert deliveries.forget_old() == 1
    assert Delivery.objects.count() == 1


def test_what_is_rolled_back_is_not_sent(receiver: Receiver) -> None:
    webhook = make.make_webhook(receiver.address)

    @transaction.atomic
    def fail() -> None:
        webhooks.send_test(webhook)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert deliver_all() == 0


# ---- what strangers' servers do ----


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    with receive(Reply(status, headers={"Location": receiver.address})) as leading:
        delivery = webhooks.send_test(make.make_webhook(leading.address))
        assert deliver_all() == 1
    delivery.refresh_from_db()
    assert delivery.error == f"It answered {status}. Redirects are not followed."
    assert receiver.ids == []


@pytest.mark.parametrize(
    "reply", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"HTTP/1.1 999999\r\n\r\n"]
)
def test_broken_answers_are_failures_or_short(reply: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        delivery = webhooks.send_test(make.make_webhook(f"http://127.0.0.1:{listening.getsockname()[1]}/"))
        assert deliver_all() == 1
        delivery.refresh_from_db()
        expected = DeliveryState.DELIVERED if b"short" in reply else DeliveryState.WAITING
        assert (delivery.state, delivery.answer) == (expected, "short" if b"short" in reply else "")
    finally:
        thread.join()
        listening.close()


# ---- addresses ----


def test_name_that_leads_elsewhere_the_next_time_is_not_followed(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when the webhook is made, this machine when it is called: the address that is connected to is the one that is checked."""
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    port = int(receiver.address.rsplit(":", 1)[1].split("/")[0])
    answers = [[(0, 0, 0, "", (address, port))] for address in ("8.8.8.8", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop(0))
    url = f"http://rebinding.example:{port}/"
    webhook = webhooks.create_webhook(make.make_user("kim", "upload_listing"), url=url, events=["record.new"])
    delivery = webhooks.send_test(webhook)
    assert deliver_all() == 1
    delivery.refresh_from_db()
    assert "127.0.0.1, which is not on the open internet" in delivery.error
    assert receiver.ids == []
    assert answers == [], "looked up once for each"
