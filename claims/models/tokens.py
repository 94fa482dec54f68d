"""What programs write with: tokens, and the keys under which they may send an upload twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from claims.models.base import Shown
from claims.models.listings import Listing


class ApiToken(Shown):
    """A program's right to act as a user, within `scopes`.

    Only the SHA-256 of its secret is kept: 256 random bits need no slow hash. `hint` is how the secret begins, for people to tell their
    tokens apart. `last_used` is true to the minute.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    form_key = models.CharField(max_length=64, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        constraints = [models.UniqueConstraint(name="api_token_of_one_form", fields=["user", "form_key"], condition=~Q(form_key=""))]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class IdempotencyKey(models.Model):
    """What a program called an upload, so that it may send it again without a second one. Kept for some days.

    `fingerprint` is the SHA-256 of all that was sent under it. `listing` is null while the first request is at work, and `created`
    says whether that one brought something new.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    brought_new = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="idempotency_key_unique", fields=["user", "key"])]
