"""Imported tables: where a value comes from instead of a sentence."""

from __future__ import annotations

from django.db import models

from claims.models.base import Shown


class Import(Shown):
    """A table of results that was taken in: its name, where it came from and under which licence."""

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=40)
    source_url = models.URLField(max_length=500, blank=True, default="")
    licence = models.CharField(max_length=100, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="import_unique", fields=["sha256"])]

    def __str__(self) -> str:
        return self.name


class SourceRecord(models.Model):
    """One record of an import, as it stood there. `number` counts from 1."""

    source = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="records")
    number = models.PositiveIntegerField()
    raw = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(name="source_record_unique", fields=["source", "number"])]

    def __str__(self) -> str:
        return f"{self.source}, record {self.number}"
