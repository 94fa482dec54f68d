"""Invitations: how people get an account."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from claims.models.base import Shown


class Invitation(Shown):
    """A person's way to an account in a group, once.

    Only the SHA-256 of its secret is kept. `invitee` is whom it was made for, as the administrator calls them: a name or an e-mail
    address. `form_key` is the SHA-256 of what the form was called that made it. None is ever deleted: it says who let whom in, and when.
    """

    invitee = models.CharField(max_length=254)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    form_key = models.CharField(max_length=64, blank=True, default="")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitations")
    inviter = models.CharField(max_length=150)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    accepted = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitation"
    )
    account = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(name="invitation_revoked_or_accepted", condition=Q(revoked__isnull=True) | Q(accepted__isnull=True)),
            models.CheckConstraint(
                name="invitation_accepted_makes_account",
                condition=Q(accepted__isnull=True, account="") | (Q(accepted__isnull=False) & ~Q(account="")),
            ),
            models.UniqueConstraint(name="invitation_of_one_form", fields=["invited_by", "form_key"], condition=~Q(form_key="")),
        ]

    def __str__(self) -> str:
        return f"{self.invitee} as {self.group}"
