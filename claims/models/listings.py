"""Uploaded listings, and how far they have been read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models.base import Chunk, Shown, choices, is_one_of
from claims.models.papers import PaperText
from claims.terms import ChunkState, ListingState, YearSource


class Listing(Shown):
    """An uploaded file, kept whole under its SHA-256.

    `mapping` is what somebody said of the columns of a table whose format doesn't say it; see `ColumnMapping`.
    `year` completes dates that the file prints without one; `year_source` says how it is known. While a worker plans the file, and
    again while one closes the listing, `lease_until` keeps others away; `attempts` counts how often that was begun, `failures` how often
    it raised an error. `hinted`
    is when workers were last sent a message about it. `error` is what a reader of the page is told if it failed. When the listing was
    withdrawn, put back or dated anew, the papers of its entries from position `unsettled_from` on still show how it was before; null
    where none does.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    format = models.CharField(max_length=40, blank=True, default="")
    encoding = models.CharField(max_length=40, blank=True, default="")
    variant = models.CharField(max_length=40, blank=True, default="")
    mapping = models.JSONField(default=dict, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    year_source = models.CharField(max_length=8, choices=choices(YearSource), blank=True, default="")
    latest_year = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=choices(ListingState), default=ListingState.WAITING)
    entry_count = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    hinted = models.DateTimeField(null=True, blank=True)
    unsettled_from = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="listings")
    actor = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            is_one_of("state", ListingState, name="listing_state_known"),
            is_one_of("year_source", YearSource, name="listing_year_source_known", blank=True),
            models.CheckConstraint(
                name="listing_year_with_source",
                condition=Q(year__isnull=True, year_source="") | (Q(year__isnull=False) & ~Q(year_source="")),
            ),
            models.CheckConstraint(
                name="listing_failed_with_error",
                condition=~Q(state=ListingState.FAILED) | ~Q(error=""),
                violation_error_message="A listing that failed says why.",
            ),
        ]
        permissions = [
            ("upload_listing", "Can upload listings"),
            ("manage_listing", "Can stop, date and withdraw anybody's listings"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("listing", args=[self.public_id])


class ListingChunk(Chunk):
    """A run of a listing's entries that one worker reads in one transaction.

    `offset` and `line` say where it begins in the file. `found_claims` and `found_costs` count what it read out of texts that nobody
    had read before.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="chunks")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField()
    line = models.PositiveIntegerField()
    found_claims = models.PositiveIntegerField(default=0)
    found_costs = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="listing_chunk_unique", fields=["listing", "number"]),
            models.CheckConstraint(name="listing_chunk_ordered", condition=Q(last__gte=F("first"))),
            is_one_of("state", ChunkState, name="listing_chunk_state_known"),
        ]
        indexes = [models.Index(name="listing_chunk_open", fields=["lease_until"], condition=~Q(state=ChunkState.DONE))]


class ListingEntry(models.Model):
    """One paper as one listing shows it: where, and what else it says there. The paper's own fields are settled from all of them."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="entries")
    paper_text = models.ForeignKey(PaperText, on_delete=models.PROTECT, related_name="entries")
    position = models.PositiveIntegerField()
    first_line = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    arxiv_id = models.CharField(max_length=32, blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    stated_year = models.PositiveSmallIntegerField(null=True, blank=True)
    stated_month = models.PositiveSmallIntegerField(null=True, blank=True)
    stated_day = models.PositiveSmallIntegerField(null=True, blank=True)
    organisation = models.CharField(max_length=300, blank=True, default="")
    authors = models.PositiveIntegerField(null=True, blank=True)
    comments = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "listing entries"
        constraints = [models.UniqueConstraint(name="listing_entry_unique", fields=["listing", "position"])]


class ListingIssue(models.Model):
    """What could not be read: a line or, in a table, a record's number (both null for the whole file), and the reason in a sentence.

    `column` and `stated` are the header and the value of a record that could not be read.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="issues")
    chunk = models.ForeignKey(ListingChunk, on_delete=models.CASCADE, null=True, blank=True, related_name="issues")
    line = models.PositiveIntegerField(null=True, blank=True)
    record = models.PositiveIntegerField(null=True, blank=True)
    column = models.CharField(max_length=200, blank=True, default="")
    stated = models.CharField(max_length=200, blank=True, default="")
    reason = models.TextField()

    class Meta:
        ordering = ["line", "record", "pk"]

    def __str__(self) -> str:
        places = [f"line {self.line}"] if self.line else []
        places += [f"record {self.record}"] if self.record else []
        places += [f"“{self.column}”"] if self.column else []
        return ": ".join(filter(None, [", ".join(places), self.reason]))
