"""Where numbers come from and where they stand: papers, listings, runs, rows and boards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims import search
from claims.admin.base import MOST_FOUND, ReadOnlyAdmin
from claims.admin.filters import by_choice
from claims.models import Benchmark, Listing, ListingEntry, ListingIssue, Paper, Reextraction, Result, Run
from claims.terms import SearchKind

if TYPE_CHECKING:
    _IssueInline = admin.TabularInline[ListingIssue, Listing]
else:
    _IssueInline = admin.TabularInline

ISSUES = 100
"""So many of what could not be read stand on a listing's page; the listing's own page has them all."""


@admin.register(Paper)
class PaperAdmin(ReadOnlyAdmin):
    list_display = ("title", "arxiv_id", "last_day", "date_source", "created")
    list_filter = (
        by_choice(
            "listing",
            "listing",
            ListingEntry._meta.get_field("listing"),
            lambda rows, listing: rows.filter(pk__in=ListingEntry.objects.filter(listing=listing).values("paper_text__paper")),
            key="public_id",
        ),
        "date_source",
        "withdrawn",
    )
    search_fields = ("title",)
    search_help_text = "Words of the title, an arXiv id, or a public id."
    sortable_by = ("last_day",)

    def find(self, term: str) -> Iterable[int]:
        # The index on arXiv ids leaves out the papers without one, and SQLite takes it for a query that says so only.
        found = list(Paper.objects.filter(arxiv_id=term).exclude(arxiv_id="").values_list("pk", flat=True))
        found += Paper.objects.filter(public_id=term.lower()).values_list("pk", flat=True)
        return found + search.find_ids(SearchKind.PAPER, term, most=MOST_FOUND)

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        return [*super().find_links(obj), ("Its acts in the log", f"{reverse('log')}?paper={obj.public_id}")]


class ListingIssueInline(_IssueInline):
    """What of a listing could not be read: the first `ISSUES`."""

    model = ListingIssue
    fields = ("line", "reason")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListingIssue]:
        issues = super().get_queryset(request)
        listing = str(request.resolver_match.kwargs.get("object_id", "")) if request.resolver_match else ""
        if not listing.isdecimal():
            return issues
        first = issues.filter(listing=int(listing)).order_by("pk").values_list("pk", flat=True)[:ISSUES]
        return issues.filter(pk__in=list(first)).order_by("pk")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "entry_count", "year", "actor", "created", "closed")
    list_filter = ("state", "format")
    search_fields = ("name",)
    search_help_text = "How the file's name begins, its SHA-256, or a public id."
    inlines = (ListingIssueInline,)

    def find(self, term: str) -> Iterable[int]:
        # One row per upload: thousands, not millions.
        found = Listing.objects.filter(name__istartswith=term) | Listing.objects.filter(sha256=term.lower())
        found |= Listing.objects.filter(public_id=term.lower())
        return found.order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        return [
            ("Its receipt", obj.get_absolute_url()),
            ("Its claims", f"{reverse('admin:claims_claim_changelist')}?listing={obj.pk}"),
            ("Its acts in the log", f"{reverse('log')}?listing={obj.public_id}"),
        ]


@admin.register(Benchmark)
class BenchmarkAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "primary_metric", "row_count", "reviewed", "version", "changed")
    list_filter = (
        "reviewed",
        "task__area",
        by_choice("task", "task", Benchmark._meta.get_field("task"), lambda rows, task: rows.filter(task=task)),
        by_choice("dataset", "dataset", Benchmark._meta.get_field("dataset"), lambda rows, dataset: rows.filter(dataset=dataset)),
    )
    search_fields = ("slug",)
    search_help_text = "Words of the task and the dataset, or the slug."
    list_select_related = ("task", "dataset", "primary_metric")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Benchmark]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def find(self, term: str) -> Iterable[int]:
        found = list(Benchmark.objects.filter(slug=term).values_list("pk", flat=True))
        return found + search.find_ids(SearchKind.BOARD, term, most=MOST_FOUND)

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        return [
            ("The board", obj.get_absolute_url()),
            ("Its claims", f"{reverse('admin:claims_claim_changelist')}?board={obj.pk}"),
            ("Its acts in the log", f"{reverse('log')}?board={obj.slug}"),
        ]


@admin.register(Result)
class ResultAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "benchmark", "role", "paper")
    list_filter = (
        by_choice("benchmark", "board", Result._meta.get_field("benchmark"), lambda rows, board: rows.filter(benchmark=board)),
        by_choice("model", "model", Result._meta.get_field("ml_model"), lambda rows, model: rows.filter(ml_model=model)),
    )
    search_fields = ("model_name",)
    search_help_text = "A public id, or words of a model's name."
    list_select_related = ("benchmark__task", "benchmark__dataset", "paper")

    def find(self, term: str) -> Iterable[int]:
        found = list(Result.objects.filter(public_id=term.lower()).values_list("pk", flat=True))
        models = search.find_ids(SearchKind.MODEL, term, most=50)
        return [*found, *Result.objects.filter(ml_model__in=models).order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]]

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        return [("Its row on the board", f"{obj.benchmark.get_absolute_url()}?role=all&open={obj.public_id}#row-{obj.public_id}")]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("extractor_version", "vocabulary_hash", "created", "claims")

    @admin.display(description="Claims")
    def claims(self, run: Run) -> SafeString:
        address = f"{reverse('admin:claims_claim_changelist')}?version={run.extractor_version}"
        return format_html('<a href="{}">of this version</a>', address)


@admin.register(Reextraction)
class ReextractionAdmin(ReadOnlyAdmin):
    list_display = ("extractor_version", "since", "state", "papers", "actor", "created", "closed", "error")
    list_filter = ("state",)
