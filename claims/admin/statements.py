"""Claims and costs: what extraction read, with the decisions on what is ticked. The extracted fields themselves are read-only here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims import keys, search
from claims.admin.base import MOST_FOUND, VersionedAdmin, read_seen, tell_done
from claims.admin.filters import ConfidenceFilter, FlagFilter, RetiredFilter, UsualFilter, VersionFilter, by_choice
from claims.errors import ClaimsError
from claims.models import Claim, Cost, CostLink, ListingEntry, Result, Statement
from claims.services import curation, permissions
from claims.terms import CurationState, RejectReason, SearchKind

_PAPERS_FOUND = 50

BY_MODEL = by_choice("model", "model", Claim._meta.get_field("ml_model"), lambda rows, model: rows.filter(ml_model=model))
BY_LISTING = by_choice(
    "listing",
    "listing",
    ListingEntry._meta.get_field("listing"),
    lambda rows, listing: rows.filter(paper_text__in=ListingEntry.objects.filter(listing=listing).values("paper_text")),
    key="public_id",
)


class StatementAdmin(VersionedAdmin):
    """Claims and costs, with accept and reject on what is ticked."""

    list_filter: ClassVar[tuple[Any, ...]] = (
        *((name, UsualFilter) for name in ("state", "decided_by", "kind", "role")),
        ConfidenceFilter,
        FlagFilter,
        VersionFilter,
        BY_MODEL,
        BY_LISTING,
        RetiredFilter,
        *((name, UsualFilter) for name in ("field", "qualifier")),
    )
    search_fields = ("model_key",)
    search_help_text = "A public id, the whole name of a model, an arXiv id, or words of a paper's title."
    list_select_related: ClassVar[tuple[str, ...]] = ("paper_text__paper",)
    actions = ("accept", "reject_as_no_result", "reject_as_wrongly_read", "reopen")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("sentence", "paper", "public_id", "version")}),
        ("The number", {"fields": ("stated", "value", "value_max", "unit", "canonical_value", "uncertainty", "qualifier", "kind", "role")}),
        ("What it is of", {"fields": ("entry", "model_name", "variant", "measured")}),
        ("What was decided", {"fields": ("state", "decided_by", "reject_reason", "reject_note", "tier", "tier_reason", "tier_link")}),
        ("How it was read", {"fields": ("confidence", "rules", "inferred", "extracted", "run", "retired_by")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The change page stays read-only; this lets a curator see the list and its actions.
        return obj is None and permissions.may_curate(request.user)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("confidence", "pk") if request.GET.get(ConfidenceFilter.parameter_name) else ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # With the records of tables come their raw lines only where somebody asks for them.
        return super().get_queryset(request).select_related(*self.list_select_related).defer("source_record__raw")

    def find(self, term: str) -> Iterable[int]:
        rows: Any = self.model._default_manager
        found = list(rows.filter(public_id=term.lower()).values_list("pk", flat=True)) if len(term) == 12 else []
        found += rows.filter(model_key=keys.name_key(term)).order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]
        papers = search.find_ids(SearchKind.PAPER, term, most=_PAPERS_FOUND)
        found += rows.filter(paper_text__paper__in=papers).order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]
        return found[:MOST_FOUND]

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        kind = obj._meta.model_name
        record = obj.source_record
        paper = obj.paper_text.paper if obj.paper_text else record.paper if record else None
        links = [("Its paper", paper.get_absolute_url())] if paper is not None else []
        if obj.paper_text is not None and obj.retired_by_id is None:
            links.append(("Correct it", reverse(f"correct-{kind}", args=[obj.public_id])))
        result = obj.result if isinstance(obj, Claim) else None
        if result is not None:
            links.append(("Its board", f"{result.benchmark.get_absolute_url()}?role=all&open={result.public_id}#row-{result.public_id}"))
        return links

    def find_history(self, obj: Any) -> str:
        return reverse("number-history", args=[obj._meta.model_name, obj.public_id])

    @admin.display(description="Evidence")
    def sentence(self, statement: Statement) -> SafeString | str:
        text = statement.paper_text
        if text is None:
            return ""
        part = text.shown_part(statement.field)
        if not part:
            return "withheld at request"
        return format_html(
            '<span class="quoted">{}<strong>{}</strong>{}</span>',
            part[statement.evidence_start : statement.start],
            part[statement.start : statement.end],
            part[statement.end : statement.evidence_end],
        )

    @admin.display(description="Paper")
    def paper(self, statement: Statement) -> SafeString | str:
        text = statement.paper_text
        return format_html('<a href="{}">{}</a>', text.paper.get_absolute_url(), text.paper.title) if text else str(statement.source_record)

    @admin.display(description="Model in the catalogue")
    def entry(self, statement: Statement) -> SafeString | str:
        model = statement.ml_model
        return format_html('<a href="{}">{}</a>', reverse("admin:claims_mlmodel_change", args=[model.pk]), model) if model else "–"

    @admin.display(description="Setting")
    def measured(self, statement: Statement) -> str:
        return ", ".join(condition["text"] for condition in statement.setting) or "–"

    @admin.display(description="State", ordering=None)
    def said(self, statement: Statement) -> SafeString:
        """The state, as a word with its colour."""
        return format_html('<span class="state state--{}">{}</span>', statement.state, statement.state)

    @admin.display(description="Sure")
    def sure(self, statement: Statement) -> str:
        return f"{statement.confidence:.0%}"

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
        found = self.take_chosen(request, statements)
        if found is None:
            return
        seen = read_seen(request)
        # What was ticked unseen, by "select all" over several pages, is decided on as it is.
        chosen = [(statement, seen.get(statement.pk, statement.version)) for statement in found]
        try:
            changes = curation.decide_all(chosen, state, actor=request.user.get_username(), reason=reason)
        except ClaimsError as error:
            self.message_user(request, f"Nothing was changed: {error.message}", messages.ERROR)
        else:
            self.message_user(request, tell_done(f"{len(chosen):,} decided: {state}.", changes), messages.SUCCESS)


@admin.register(Claim)
class ClaimAdmin(StatementAdmin):
    list_display = ("stated", "said", "sentence", "model_name", "metric", "dataset", "kind", "role", "sure", "paper")
    list_select_related = ("paper_text__paper", "metric", "dataset", "source_record__source")
    list_filter: ClassVar[tuple[Any, ...]] = (
        *StatementAdmin.list_filter[:7],
        by_choice("metric", "metric", Claim._meta.get_field("metric"), lambda rows, metric: rows.filter(metric=metric)),
        by_choice("dataset", "dataset", Claim._meta.get_field("dataset"), lambda rows, dataset: rows.filter(dataset=dataset)),
        by_choice(
            "benchmark",
            "board",
            Result._meta.get_field("benchmark"),
            lambda rows, board: rows.filter(result__in=Result.objects.filter(benchmark=board).values("pk")),
        ),
        *StatementAdmin.list_filter[7:],
    )
    fieldsets: ClassVar[Any] = (
        *StatementAdmin.fieldsets[:3],
        ("Where it stands", {"fields": ("task", "task_name", "dataset", "dataset_name", "metric", "metric_name", "result")}),
        *StatementAdmin.fieldsets[3:],
    )


@admin.register(Cost)
class CostAdmin(StatementAdmin):
    list_display = ("stated", "said", "sentence", "measure", "model_name", "kind", "role", "sure", "paper")
    list_filter: ClassVar[tuple[Any, ...]] = (
        *StatementAdmin.list_filter[:7],
        "measure",
        by_choice(
            "benchmark",
            "board",
            Result._meta.get_field("benchmark"),
            lambda rows, board: rows.filter(pk__in=CostLink.objects.filter(result__benchmark=board, tied=True).values("cost")),
        ),
        *StatementAdmin.list_filter[7:],
    )
    list_select_related = ("paper_text__paper", "source_record__source")
    fieldsets: ClassVar[Any] = (
        *StatementAdmin.fieldsets[:3],
        ("The cost", {"fields": ("measure", "condition", "note")}),
        *StatementAdmin.fieldsets[3:],
    )
