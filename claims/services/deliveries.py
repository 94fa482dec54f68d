"""Sends what the outbox has, again and again until it arrives, or until there is no sense in it.

The database is the truth about what is due; a delivery is sent under a lease, and one whose worker died is taken over. So it may come
twice where a worker dies between the answer and the note of it: its id is the same, and receivers tell it by that.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from claims.errors import ClaimsError, ForbiddenAddressError, NotReachedError
from claims.models import Delivery, Webhook
from claims.terms import DeliveryState, WebhookState

logger = logging.getLogger(__name__)

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 6 * 3600))
"""How long after each try that failed the next one is due. Behind the last, a delivery has failed."""
LEASE = timedelta(seconds=60)
"""How long a worker may be silent about one: a call takes a sixth of that at most, beside the look for its host."""
DISABLED_AFTER = timedelta(days=5)
"""A webhook to which nothing came through for so long is disabled, once a delivery has used up its tries, or their time."""
KEPT = timedelta(days=30)
"""So long the log goes back."""
GONE = 410
"""The answer of a receiver that wants to be told of nothing any more."""


def are_due() -> bool:
    """Say whether there is something to send now."""
    return _due(timezone.now()).exists()


def _due(now: datetime) -> QuerySet[Delivery]:
    """Return what may be sent: nothing of a webhook that is being sent something, so that one which hangs does not take all workers.

    On PostgreSQL, workers that look in the same instant may take a delivery each of one webhook: their leases stand only afterwards.
    """
    on_its_way = Delivery.objects.filter(webhook=OuterRef("webhook"), state=DeliveryState.SENDING, lease_until__gte=now)
    is_open = Q(state=DeliveryState.WAITING) | Q(state=DeliveryState.SENDING, lease_until__lt=now)
    return Delivery.objects.filter(is_open, ~Exists(on_its_way), due__lte=now, webhook__in=Webhook.objects.told())


def deliver_next() -> bool:
    """Send the delivery that has been due for longest; say whether there was one."""
    delivery = _take()
    if delivery is None:
        return False
    _send(delivery)
    return True


def _take() -> Delivery | None:
    """Lease the next delivery that is due. One that was taken too often without an end has failed."""
    while True:
        with transaction.atomic():
            now = timezone.now()
            # Who looks at the same moment takes the next one and does not wait for this one. Of those that are due since one failed, those
            # that were not tried yet come first: it may be that its receiver refuses that one alone.
            due = _due(now).select_for_update(of=("self",), skip_locked=True, no_key=True)
            delivery = due.select_related("webhook").order_by("due", "attempts", "pk").first()
            if delivery is None:
                return None
            delivery.attempts += 1
            if delivery.attempts > len(DELAYS) + 1:
                delivery.state, delivery.lease_until = DeliveryState.FAILED, None
                delivery.error = "Sending it was begun again and again, and never ended."
                delivery.save(update_fields=["state", "lease_until", "error"])
                continue
            delivery.state, delivery.lease_owner, delivery.lease_until = DeliveryState.SENDING, secrets.token_hex(16), now + LEASE
            delivery.tried = now
            delivery.save(update_fields=["state", "lease_owner", "lease_until", "attempts", "tried"])
            return delivery


def _send(delivery: Delivery) -> None:
    """Send a leased delivery and note what came of it."""
    from claims.services import outgoing  # brings httpx, which only a worker that sends has to have

    status, answer, error = None, "", ""
    try:
        came = outgoing.post(delivery.webhook.url, delivery.body, sign(delivery, now=timezone.now()))
        status, answer = came.status, came.text
        error = "" if came.is_fine else f"It answered {came.status}." + (" Redirects are not followed." if 300 <= came.status < 400 else "")
    except (ForbiddenAddressError, NotReachedError) as problem:
        error = problem.message
    except Exception as problem:  # whatever else a stranger's server brings about must not keep the others waiting
        logger.exception("delivery %s could not be sent", delivery.message_id)
        error = problem.message if isinstance(problem, ClaimsError) else type(problem).__name__
    _note(delivery, status=status, answer=answer, error=error[:500])


def sign(delivery: Delivery, *, now: datetime) -> dict[str, str]:
    """Return the headers of a delivery that is sent now: its id, the time, and the signature of both and the body (Standard Webhooks)."""
    signature = Signer(delivery.webhook.secret).sign(delivery.message_id, now, delivery.body)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Claimboard-Webhooks (+{settings.SITE_URL})",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


@transaction.atomic
def _note(delivery: Delivery, *, status: int | None, answer: str, error: str) -> None:
    """Note what came of a try, at the delivery and at its webhook. Nothing, if it was taken over or deleted meanwhile."""
    now = timezone.now()
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id).first()
    if webhook is None:
        return
    said = {"status": status, "answer": answer, "error": error, "lease_owner": "", "lease_until": None}
    held = Delivery.objects.filter(pk=delivery.pk, lease_owner=delivery.lease_owner, state=DeliveryState.SENDING)
    if not error:
        if held.update(state=DeliveryState.DELIVERED, **said):
            webhook.failing_since, webhook.failures = None, 0
            webhook.save(update_fields=["failing_since", "failures"])
            # What waited for it to answer again waits no longer.
            Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING, attempts=0, due__gt=now).update(due=now)
        return
    # A webhook that has failed for long is asked as seldom for a new delivery as for an old one.
    due = now + _delay(max(delivery.attempts - 1, webhook.failures))
    is_last = delivery.attempts > len(DELAYS)
    if not held.update(state=DeliveryState.FAILED if is_last else DeliveryState.WAITING, due=due, **said):
        return
    if not is_last:
        # Nor are those behind it sent into the same hole, one after the other. How often this one was refused is not held against them.
        rest = now + _delay(webhook.failures)
        Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING, due__lt=rest).update(due=rest)
    webhook.failing_since = webhook.failing_since or now
    webhook.failures += 1
    if status == GONE:
        webhook.state, webhook.note = WebhookState.DISABLED, "Its receiver answered 410: it wants to be told of nothing any more."
    elif now - webhook.failing_since >= DISABLED_AFTER and (is_last or _has_waited_in_vain(webhook, but=delivery, now=now)):
        webhook.state = WebhookState.DISABLED
        webhook.note = f"Nothing came through since {webhook.failing_since:%-d %b %Y, %H:%M} UTC. The last try: {error}"
    webhook.save(update_fields=["state", "note", "failing_since", "failures"])


def _has_waited_in_vain(webhook: Webhook, *, but: Delivery, now: datetime) -> bool:
    """Say whether another delivery of the webhook waits for longer than all tries of one take.

    Where many wait, each failure is another one's, and none may come to its last try. Behind a quiet time none waits, and the first try
    that fails disables nothing.
    """
    waiting = Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING, created__lte=now - sum(DELAYS, timedelta()))
    return waiting.exclude(pk=but.pk).exists()


def _delay(failures: int) -> timedelta:
    """Return how long to wait after a try that failed behind so many others."""
    return DELAYS[min(failures, len(DELAYS) - 1)]


def forget_old() -> int:
    """Delete what is older than the log goes back, and return how many there were."""
    return Delivery.objects.filter(created__lt=timezone.now() - KEPT).delete()[0]
