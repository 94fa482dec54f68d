"""What merges moved, so that each can be taken back."""

from __future__ import annotations

from django.db import models

from claims.models.decisions import ChangeSet


class MergedRows(models.Model):
    """Rows of one kind whose `field` a merge changed: some thousands of them in one piece.

    `moved` maps what the field was before to the ids of the rows: {"12": [4, 5, 6]}, '' where it was null. A merge may move a hundred
    thousand rows in one act, of which a decision each would take longer than the act.
    """

    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="merged_rows")
    object_kind = models.CharField(max_length=20)
    field = models.CharField(max_length=40)
    moved = models.JSONField()

    class Meta:
        verbose_name_plural = "merged rows"

    def __str__(self) -> str:
        return f"{self.field} of {self.object_kind}s"
