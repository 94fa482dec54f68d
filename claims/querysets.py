"""Named, chainable filters with the joins they need. They know fields by name and import no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Case, Exists, Field, OuterRef, Q, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from claims.terms import ClaimKind, CurationState, ListingState, Role, WebhookState

if TYPE_CHECKING:
    from claims.models import Benchmark

_Row = TypeVar("_Row", bound=models.Model)

OWN = Q(role=Role.PROPOSED) | Q(paper__isnull=True)
QUOTED = Q(role=Role.BASELINE, paper__isnull=False)
"""Each row is one of the two."""


def text_shown(paper: str = "") -> Q:
    """What holds where the abstract of a paper may be shown, for the relation that leads to it ("paper_text__paper__").

    `PaperText.shown_abstract` says the same of one text. Whatever shows texts asks one of the two.
    """
    return Q(**{f"{paper}text_withheld__isnull": True})


# A database hands over floats as floats: a field that says so would have each of thousands converted by a call of its own.
_FLOAT: Field[float, float] = Field()


def canonical_low(statement: str) -> Coalesce:
    """What `ranking.canonical` returns first, for the statement at the end of the relation that is named."""
    return Coalesce(f"{statement}__canonical_value", f"{statement}__value", output_field=_FLOAT)


def canonical_high(statement: str) -> Case:
    """What `ranking.canonical` returns second; null for what is no range."""
    stated = When(**{f"{statement}__canonical_value": None}, then=f"{statement}__value_max")
    return Case(stated, default=f"{statement}__canonical_max", output_field=_FLOAT)


class StatementQuerySet(models.QuerySet[_Row]):
    def standing(self) -> Self:
        """What counts: neither rejected nor retired by a later run."""
        return self.exclude(state=CurationState.REJECTED).filter(retired_by__isnull=True)

    def current(self) -> Self:
        """What the latest run still finds, rejected or not."""
        return self.filter(retired_by__isnull=True)

    def accepted(self) -> Self:
        return self.filter(state=CurationState.ACCEPTED)

    def visible(self) -> Self:
        """What counts for readers: of no withdrawn paper, and accepted with SHOW_UNREVIEWED off."""
        standing = self.standing().exclude(paper_text__paper__withdrawn=True)
        return standing if settings.SHOW_UNREVIEWED else standing.accepted()

    def told(self) -> Self:
        """What readers may look up: what counts for them, and what was rejected, of no withdrawn paper."""
        current = self.current().exclude(paper_text__paper__withdrawn=True)
        return current if settings.SHOW_UNREVIEWED else current.exclude(state=CurationState.UNREVIEWED)

    def still_found(self) -> Self:
        """What the latest run still finds, of no withdrawn paper and no withdrawn table."""
        withdrawn = Q(paper_text__paper__withdrawn=True) | Q(source_record__source__listing__state=ListingState.WITHDRAWN)
        return self.current().exclude(withdrawn)

    def awaiting_review(self) -> Self:
        """What nobody has decided on, and readers would count: what the review queue is about."""
        # Spelled out in the statement: SQLite takes a partial index only where the condition itself says what the index does.
        return self.still_found().filter(state=RawSQL("'unreviewed'", []))

    def absolute(self) -> Self:
        return self.filter(kind=ClaimKind.ABSOLUTE)


class ResultQuerySet(models.QuerySet[_Row]):
    def for_board(self, benchmark: Benchmark) -> Self:
        """The rows of a board that have a value; the hidden ones are told apart by their cells."""
        return self.filter(benchmark=benchmark).with_values()

    def with_values(self, state: CurationState | None = None) -> Self:
        """The rows that have a value (that show one in `state`), whether or not readers see it."""
        tables = self.model._meta.apps
        if state is None:
            # What is rejected or retired belongs to no row: the database sees to it, so that one index answers.
            standing = tables.get_model("claims", "Claim")._default_manager.filter(result=OuterRef("pk"))
            return self.filter(Exists(standing))
        shown = tables.get_model("claims", "ResultValue")._default_manager
        return self.filter(Exists(shown.filter(result=OuterRef("pk"), claim__retired_by__isnull=True, claim__state=state)))

    def visible(self) -> Self:
        """The rows that show a value to readers: with SHOW_UNREVIEWED off, an accepted one."""
        return self.with_values(None if settings.SHOW_UNREVIEWED else CurationState.ACCEPTED)

    def own(self) -> Self:
        """A paper's own results and imported ones: what ranks."""
        return self.filter(OWN)


class BenchmarkQuerySet(models.QuerySet[_Row]):
    def with_names(self) -> Self:
        return self.select_related("task__area", "dataset", "primary_metric")

    def visible(self) -> Self:
        """The boards with a row that readers see, how many stand in `shown_rows`; none that was merged into another."""
        shown = models.F("row_count" if settings.SHOW_UNREVIEWED else "accepted_row_count")
        return self.annotate(shown_rows=shown).filter(merged_into__isnull=True, shown_rows__gt=0)


class WebhookQuerySet(models.QuerySet[_Row]):
    def told(self) -> Self:
        """Those that are told of events: active ones, whose owners may have webhooks still (as `permissions.may_have_webhooks` says)."""
        users = get_user_model().objects
        curators = users.with_perm("claims.change_claim") & users.with_perm("claims.change_cost")
        owners = users.with_perm("claims.upload_listing") | curators | users.with_perm("claims.manage_webhook")
        return self.filter(Exists(owners.filter(pk=OuterRef("owner"))), state=WebhookState.ACTIVE)
