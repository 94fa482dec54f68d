"""Extraction runs."""

from __future__ import annotations

from django.db import models

from claims.models.base import Shown
from claims.models.papers import PaperText


class Run(Shown):
    """What read a text: an extractor version with a vocabulary. Ingesting again with both unchanged is the same run."""

    extractor_version = models.CharField(max_length=32)
    vocabulary_hash = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)
    texts = models.ManyToManyField(PaperText, through="claims.RunText", related_name="runs")

    class Meta:
        constraints = [models.UniqueConstraint(name="run_unique", fields=["extractor_version", "vocabulary_hash"])]

    def __str__(self) -> str:
        return f"extractor {self.extractor_version}, vocabulary {self.vocabulary_hash[:8]}"


class RunText(models.Model):
    """That a run read a text.

    `untaken` lists the numbers it did not take: [field, start, end, reason], in the order of the text.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    paper_text = models.ForeignKey(PaperText, on_delete=models.PROTECT, related_name="readings")
    untaken = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="run_text_unique", fields=["run", "paper_text"])]
