"""What people decided, append-only: the database refuses to change or delete a decision."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models.base import Shown, choices, is_one_of
from claims.models.runs import Run
from claims.terms import FlagKind


class ChangeSet(Shown):
    """One act of a person, a policy or a command. Undo is a change set of its own that names what it undoes."""

    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    reason = models.TextField(blank=True, default="")
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="change_set_undone_once", fields=["undoes"], condition=Q(undoes__isnull=False)),
            models.CheckConstraint(name="change_set_not_undoing_itself", condition=~Q(undoes=F("id"))),
        ]
        indexes = [
            models.Index(name="change_set_by_actor", fields=["actor", "id"]),
            models.Index(name="change_set_by_action", fields=["action", "id"]),
            models.Index(name="change_set_by_actor_time", fields=["actor", "created"]),
            models.Index(name="change_set_by_time", fields=["created"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"

    def get_absolute_url(self) -> str:
        return reverse("act", args=[self.public_id])


class Decision(models.Model):
    """What one object was before and after a change set. `object_version` is its version afterwards."""

    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="decisions")
    object_kind = models.CharField(max_length=20)
    object_id = models.PositiveBigIntegerField()
    before = models.JSONField()
    after = models.JSONField()
    object_version = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="decision_unique", fields=["change_set", "object_kind", "object_id"])]
        indexes = [models.Index(name="decision_by_object", fields=["object_kind", "object_id"])]


class Flag(Shown):
    """Something that a person should look at: two papers that may be one, a new version that reads a decided number differently."""

    kind = models.CharField(max_length=12, choices=choices(FlagKind))
    object_kind = models.CharField(max_length=20)
    object_id = models.PositiveBigIntegerField()
    key = models.CharField(max_length=64, blank=True, default="")
    note = models.TextField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="flags")
    settled_by = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, null=True, blank=True, related_name="settled_flags")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="flag_unique", fields=["kind", "object_kind", "object_id", "key"]),
            is_one_of("kind", FlagKind, name="flag_kind_known"),
        ]

    def __str__(self) -> str:
        return self.note
