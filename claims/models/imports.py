"""Imported tables: where a value comes from instead of a sentence."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models.base import Shown
from claims.models.listings import Listing
from claims.models.papers import Paper


class Import(Shown):
    """A table of results that was taken in: its name, where it came from and under which licence.

    `listing` is the upload that brought it. Tables of one `collection` belong together: a record that states costs only is joined with
    the rows of the others.
    """

    listing = models.OneToOneField(Listing, on_delete=models.PROTECT, null=True, blank=True, related_name="table")
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=40)
    collection = models.CharField(max_length=40, blank=True, default="")
    source_url = models.URLField(max_length=500, blank=True, default="")
    licence = models.CharField(max_length=100, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="import_unique", fields=["sha256"])]

    def __str__(self) -> str:
        return self.name


class SourceRecord(models.Model):
    """One record of an import, as it stood there. `number` counts from 1.

    `paper` is the paper that it names, if it names one; `first_day` and `last_day` bound the day that it gives for its result, `code_url`
    is where its code is.
    """

    source = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="records")
    number = models.PositiveIntegerField()
    raw = models.JSONField()
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, blank=True, related_name="records")
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    code_url = models.URLField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="source_record_unique", fields=["source", "number"]),
            models.CheckConstraint(
                name="source_record_day_whole",
                condition=Q(first_day__isnull=True, last_day__isnull=True) | Q(first_day__isnull=False, last_day__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}, record {self.number}"

    def get_absolute_url(self) -> str:
        """Return the record's page, '' for a table that was not uploaded."""
        listing = self.source.listing
        return reverse("record", args=[listing.public_id, self.number]) if listing is not None else ""


class ColumnMapping(Shown):
    """What somebody said of the columns of tables with these headers; the next table with the same headers is read by it.

    `header_key` is the hash of the headers in their order. `mapping` has "columns" (header to "meaning", "name", "unit", "condition"),
    "task" and "dataset".
    """

    header_key = models.CharField(max_length=64)
    headers = models.JSONField()
    mapping = models.JSONField()
    actor = models.CharField(max_length=200)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="column_mapping_unique", fields=["header_key"])]

    def __str__(self) -> str:
        return ", ".join(self.headers)
