"""Whom other sites' programs are told by, and what they are told: an outbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from claims.models.base import Shown, choices, is_one_of
from claims.querysets import WebhookQuerySet
from claims.terms import DeliveryState, WebhookEvent, WebhookState


class Webhook(Shown):
    """An address that is told of events.

    `secret` signs what is sent to it ("whsec_" and base64, as Standard Webhooks has it). It stands here as it is, for signing needs it
    whole: whoever reads the database can sign, so the pages show it once, when it is made, and a new one can be made at any time.
    `failing_since` is when the first of its latest deliveries failed, `failures` how many have since in a row; null and 0 after one that
    arrived. `note` says why the site disabled it.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    events = models.JSONField()
    secret = models.CharField(max_length=100)
    state = models.CharField(max_length=8, choices=choices(WebhookState), default=WebhookState.ACTIVE)
    note = models.TextField(blank=True, default="")
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="webhook_unique", fields=["owner", "url"], violation_error_message="You have a webhook for this address already."
            ),
            is_one_of("state", WebhookState, name="webhook_state_known"),
        ]
        permissions = [("manage_webhook", "Can manage anybody's webhooks")]

    def __str__(self) -> str:
        return self.url

    def get_absolute_url(self) -> str:
        return reverse("webhook", args=[self.public_id])


class Delivery(Shown):
    """An event for a webhook: written with what it tells of, in one transaction, and sent by a worker afterwards.

    `key` names the event, so that it comes to a webhook once. `body` is what is sent, to the byte. From `due` on it is tried; while a
    worker sends it, it holds it under a lease. `status` and `answer` are what came back last, `error` why nothing did.
    """

    # Without a constraint of the database: a worker that reads papers may write an event of a webhook that is being deleted, and must not
    # fail by that. What belongs to none is sent to nobody, and goes with the old ones.
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False)
    event = models.CharField(max_length=20, choices=choices(WebhookEvent))
    key = models.CharField(max_length=100)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=choices(DeliveryState), default=DeliveryState.WAITING)
    due = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    tried = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(name="delivery_unique", fields=["webhook", "key"]),
            is_one_of("event", WebhookEvent, name="delivery_event_known"),
            is_one_of("state", DeliveryState, name="delivery_state_known"),
        ]
        indexes = [
            models.Index(name="delivery_due", fields=["due"], condition=Q(state__in=[DeliveryState.WAITING, DeliveryState.SENDING])),
            # What a webhook is being sent now is looked for at every delivery that is due: not in its whole log.
            models.Index(name="delivery_sending", fields=["webhook"], condition=Q(state=DeliveryState.SENDING)),
            models.Index(name="delivery_by_age", fields=["created"]),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What receivers tell it by, however often it is sent."""
        return f"msg_{self.public_id}"
