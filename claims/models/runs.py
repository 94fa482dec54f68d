"""Extraction runs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from claims.models.base import Chunk, Shown, choices, is_one_of
from claims.models.papers import PaperText
from claims.terms import ChunkState, WorkState


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
    """That a run read a text; the row with the highest id is of the run that read it last.

    `untaken` lists the numbers it did not take: [field, start, end, reason], in the order of the text. `unanswered` says that a second
    reader could have been asked about numbers of it and was not, or did not answer; `stale` that the text is to be read again whatever
    has read it, for a decision that the run had to spare was taken back.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    paper_text = models.ForeignKey(PaperText, on_delete=models.PROTECT, related_name="readings")
    untaken = models.JSONField(default=list, blank=True)
    unanswered = models.BooleanField(default=False)
    stale = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(name="run_text_unique", fields=["run", "paper_text"])]


class Reextraction(Shown):
    """A pass of an extractor version over the current texts of papers whose last run is another one. One at a time is running.

    `vocabulary_hash` is of the catalogue that the release ships which began it: workers of another one leave it alone. `since` limits it
    to texts last read by an older version than that, '' is no limit. `papers` counts those that were to be read when it
    began; `hinted` is when workers were last sent a message about it. `error` says why it failed or was stopped.
    """

    extractor_version = models.CharField(max_length=32)
    vocabulary_hash = models.CharField(max_length=64, blank=True, default="")
    since = models.CharField(max_length=32, blank=True, default="")
    state = models.CharField(max_length=8, choices=choices(WorkState), default=WorkState.RUNNING)
    papers = models.PositiveIntegerField(default=0)
    actor = models.CharField(max_length=200)
    error = models.TextField(blank=True, default="")
    hinted = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="reextraction_running_alone",
                fields=["state"],
                condition=Q(state=WorkState.RUNNING),
                violation_error_message="Another re-extraction is running.",
            ),
            is_one_of("state", WorkState, name="reextraction_state_known"),
        ]

    def __str__(self) -> str:
        return f"re-extraction with {self.extractor_version}"


class ReextractionChunk(Chunk):
    """The papers with ids from `first` to `last`, as many of them as are to be read anew; `papers` is how many that were when it was cut.

    `run` is what read them, null before that. Quoted models of the `names` whose standing changed are linked afterwards, and then the
    chunk is done. `difference` is what the reading changed, as `services.rereading.Difference` writes it.
    """

    reextraction = models.ForeignKey(Reextraction, on_delete=models.CASCADE, related_name="chunks")
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    papers = models.PositiveIntegerField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    names = models.JSONField(default=list, blank=True)
    difference = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="reextraction_chunk_unique", fields=["reextraction", "number"]),
            models.CheckConstraint(name="reextraction_chunk_ordered", condition=Q(last__gte=F("first"))),
            is_one_of("state", ChunkState, name="reextraction_chunk_state_known"),
        ]
        indexes = [models.Index(name="reextraction_chunk_open", fields=["lease_until"], condition=~Q(state=ChunkState.DONE))]
