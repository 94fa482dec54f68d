"""Curation screens of the admin. Actions call services; the extracted fields themselves are read-only here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims import tasks
from claims.errors import ClaimsError, NotPermittedError
from claims.models import (
    Alias,
    Benchmark,
    ChangeSet,
    Claim,
    Cost,
    Dataset,
    Decision,
    Flag,
    Listing,
    ListingIssue,
    Metric,
    MLModel,
    Paper,
    Reextraction,
    Result,
    Run,
    Statement,
    Task,
)
from claims.services import changes, curation, permissions
from claims.terms import CurationState, RejectReason

# Django's classes take type arguments in the stubs only.
if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
    _IssueInline = admin.TabularInline[ListingIssue, Listing]
    _DecisionInline = admin.TabularInline[Decision, ChangeSet]
else:
    _Admin = admin.ModelAdmin
    _IssueInline = _DecisionInline = admin.TabularInline


SEEN = "seen_version"
"""The fields of a list that say which version of a statement it shows: "id:version"."""


class ReadOnlyAdmin(_Admin):
    """Lists and shows; nothing is added, changed or deleted around the services."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StatementAdmin(ReadOnlyAdmin):
    """Claims and costs, with accept and reject on what is ticked."""

    list_filter: ClassVar[tuple[str, ...]] = ("state", "decided_by", "kind", "role", "field", "qualifier")
    search_fields = ("model_name", "stated", "paper_text__title")
    list_per_page = 50
    list_select_related: ClassVar[tuple[str, ...]] = ("paper_text__paper",)
    actions = ("accept", "reject_as_no_result", "reject_as_wrongly_read", "reopen")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The change page stays read-only; this lets a curator see the list and its actions.
        return obj is None and permissions.may_curate(request.user)

    def action_checkbox(self, obj: Statement) -> SafeString:
        # Beside the tick stands the version that the list shows: who decides on the tick has seen that one.
        return format_html('{}<input type="hidden" name="{}" value="{}:{}">', super().action_checkbox(obj), SEEN, obj.pk, obj.version)

    @admin.display(description="Evidence")
    def sentence(self, statement: Statement) -> SafeString | str:
        text = statement.paper_text
        if text is None:
            return ""
        part = text.part(statement.field)
        return format_html(
            "{}<strong>{}</strong>{}",
            part[statement.evidence_start : statement.start],
            part[statement.start : statement.end],
            part[statement.end : statement.evidence_end],
        )

    @admin.display(description="Paper")
    def paper(self, statement: Statement) -> SafeString | str:
        text = statement.paper_text
        return format_html('<a href="{}">{}</a>', text.paper.get_absolute_url(), text.paper.title) if text else str(statement.source_record)

    @admin.action(description="Accept", permissions=["change"])
    def accept(self, request: HttpRequest, statements: QuerySet[Any]) -> None:
        self._decide(request, statements, CurationState.ACCEPTED)

    @admin.action(description="Reject: not a result", permissions=["change"])
    def reject_as_no_result(self, request: HttpRequest, statements: QuerySet[Any]) -> None:
        self._decide(request, statements, CurationState.REJECTED, RejectReason.NOT_A_RESULT)

    @admin.action(description="Reject: wrongly read", permissions=["change"])
    def reject_as_wrongly_read(self, request: HttpRequest, statements: QuerySet[Any]) -> None:
        self._decide(request, statements, CurationState.REJECTED, RejectReason.WRONGLY_READ)

    @admin.action(description="Take the decision back", permissions=["change"])
    def reopen(self, request: HttpRequest, statements: QuerySet[Any]) -> None:
        self._decide(request, statements, CurationState.UNREVIEWED)

    def _decide(self, request: HttpRequest, statements: QuerySet[Any], state: CurationState, reason: str = "") -> None:
        seen = _read_seen(request.POST.getlist(SEEN))
        # What was ticked unseen, by "select all" over several pages, is decided on as it is.
        chosen = [(statement, seen.get(statement.pk, statement.version)) for statement in statements.order_by("pk")]
        try:
            changes = curation.decide_all(chosen, state, actor=request.user.get_username(), reason=reason)
        except ClaimsError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.message_user(
                request, f"{len(chosen)} decided: {state}. This is change {changes.public_id}; it can be undone.", messages.SUCCESS
            )


def _read_seen(stated: Iterable[str]) -> dict[int, int]:
    """Return the versions that a list showed, by id. What is no "id:version" was not written by the list and is passed over."""
    pairs = (text.partition(":") for text in stated)
    return {int(pk): int(version) for pk, _, version in pairs if re.fullmatch(r"[0-9]{1,18}", pk) and re.fullmatch(r"[0-9]{1,9}", version)}


@admin.register(Claim)
class ClaimAdmin(StatementAdmin):
    list_display = ("stated", "metric", "dataset", "model_name", "kind", "role", "state", "confidence", "sentence", "paper")
    list_select_related = ("paper_text__paper", "metric", "dataset", "source_record__source")


@admin.register(Cost)
class CostAdmin(StatementAdmin):
    list_display = ("stated", "measure", "model_name", "kind", "role", "state", "confidence", "sentence", "paper")
    list_filter = ("measure", *StatementAdmin.list_filter)
    list_select_related = ("paper_text__paper", "source_record__source")


@admin.register(Paper)
class PaperAdmin(ReadOnlyAdmin):
    list_display = ("title", "arxiv_id", "last_day", "date_source", "created")
    list_filter = ("date_source", "withdrawn")
    search_fields = ("title", "arxiv_id")
    date_hierarchy = "last_day"


@admin.register(Result)
class ResultAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "benchmark", "role", "paper")
    list_filter = ("role",)
    search_fields = ("model_name", "variant", "benchmark__slug")
    list_select_related = ("benchmark__task", "benchmark__dataset", "paper")


class ListingIssueInline(_IssueInline):
    model = ListingIssue
    fields = ("line", "reason")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "entry_count", "year", "actor", "created", "closed")
    list_filter = ("state", "format")
    search_fields = ("name", "sha256")
    inlines = (ListingIssueInline,)


@admin.register(Benchmark)
class BenchmarkAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "primary_metric", "row_count", "reviewed", "version", "changed")
    list_filter = ("reviewed", "task__area")
    search_fields = ("slug",)
    list_select_related = ("task", "dataset", "primary_metric")


@admin.register(Task, Dataset, Metric, MLModel)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "reviewed", "introduced_by")
    list_filter = ("reviewed",)
    search_fields = ("name", "slug")
    list_select_related = ("introduced_by",)


@admin.register(Alias)
class AliasAdmin(ReadOnlyAdmin):
    list_display = ("text", "kind", "scope", "exact_case", "reviewed")
    list_filter = ("kind", "reviewed")
    search_fields = ("text",)


class DecisionInline(_DecisionInline):
    model = Decision
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "action", "actor", "created", "undoes")
    list_filter = ("action", "actor")
    list_select_related = ("undoes",)
    inlines = (DecisionInline,)
    actions = ("undo",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and permissions.may_curate(request.user)

    @admin.action(description="Undo", permissions=["change"])
    def undo(self, request: HttpRequest, change_sets: QuerySet[ChangeSet]) -> None:
        # The latest first: an earlier change can only be undone once the later ones are.
        for change_set in change_sets.order_by("-pk"):
            try:
                if not permissions.may_undo(request.user, change_set):
                    raise NotPermittedError("Your account may not take it back.")
                undone = changes.undo(change_set, actor=request.user.get_username())
            except ClaimsError as error:
                self.message_user(request, f"{change_set}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{change_set}: undone. {undone.reason}".rstrip(), messages.SUCCESS)
                if (listing := changes.find_listing(change_set)) is not None:
                    tasks.announce_settling(listing)


@admin.register(Flag)
class FlagAdmin(ReadOnlyAdmin):
    list_display = ("note", "kind", "about", "run", "is_settled", "created")
    list_filter = ("kind", ("settled_by", admin.EmptyFieldListFilter), "run")
    search_fields = ("note",)
    list_select_related = ("run",)
    ordering = ("-pk",)
    actions = ("settle",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and permissions.may_curate(request.user)

    @admin.action(description="Settle: seen, leave it as it is", permissions=["change"])
    def settle(self, request: HttpRequest, flags: QuerySet[Flag]) -> None:
        try:
            done = curation.settle_flags(flags, actor=request.user.get_username())
        except ClaimsError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            settled = done.settled_flags.count()
            said = f"{settled} {'flag' if settled == 1 else 'flags'} settled. This is change {done.public_id}; it can be undone."
            self.message_user(request, said, messages.SUCCESS)

    @admin.display(description="About")
    def about(self, flag: Flag) -> SafeString:
        name = "mlmodel" if flag.object_kind == "model" else flag.object_kind
        return format_html('<a href="{}">{}</a>', reverse(f"admin:claims_{name}_change", args=[flag.object_id]), flag.object_kind)

    @admin.display(description="Settled", boolean=True)
    def is_settled(self, flag: Flag) -> bool:
        return flag.settled_by_id is not None


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("extractor_version", "vocabulary_hash", "created")


@admin.register(Reextraction)
class ReextractionAdmin(ReadOnlyAdmin):
    list_display = ("extractor_version", "since", "state", "papers", "actor", "created", "closed", "error")
    list_filter = ("state",)
