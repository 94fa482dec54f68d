"""Claims and costs: numbers as stated, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from claims.models.base import Shown, choices, is_finite, is_one_of
from claims.models.catalog import Dataset, Metric, MLModel, Task
from claims.models.imports import SourceRecord
from claims.models.papers import PaperText
from claims.models.results import CostLink, Result
from claims.models.runs import Run
from claims.querysets import StatementQuerySet
from claims.terms import ClaimKind, CostMeasure, CurationState, DecidedBy, Qualifier, RejectReason, Role, TextField, Tier

USUAL: Mapping[str, StrEnum] = {
    "state": CurationState.UNREVIEWED,
    "decided_by": DecidedBy.NOBODY,
    "kind": ClaimKind.ABSOLUTE,
    "role": Role.PROPOSED,
    "field": TextField.ABSTRACT,
    "qualifier": Qualifier.EXACT,
}
"""What nearly all numbers are. A query for anything else says, too, that it is not this, and is answered by an index without those."""


class Statement(Shown):
    """A number that a text or an imported record states.

    Spans count Unicode code points of the text's title or abstract, end exclusive. (text, field, start, end of the number) is
    the *anchor*: what makes a re-extracted statement the same statement; `ordinal` tells apart what one number states of
    several datasets or metrics. For a record, `column` takes the place of the spans.

    `value` and `value_max` are as stated, in `unit`; `canonical_value` is in the measure's one unit, null where there is none.
    `decimals` is the stated precision. `model_key` is the key of the name as stated, '' for the paper's own unnamed method.
    `setting` lists {"kind", "value", "text"}. `rules` are the ids of the rules that took the number, `inferred` the slots that the
    text leaves unsaid. A statement that a later run no longer finds is retired by it and hidden. `extracted` holds, of the fields that a
    person corrected, what extraction had read.
    """

    # The unique constraints begin with these two: an index more would be written with every change, and never read.
    paper_text = models.ForeignKey(PaperText, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss", db_index=False)
    source_record = models.ForeignKey(
        SourceRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss", db_index=False
    )
    column = models.CharField(max_length=200, blank=True, default="")
    field = models.CharField(max_length=8, choices=choices(TextField), blank=True, default="")
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    ordinal = models.PositiveSmallIntegerField(default=0)
    evidence_start = models.PositiveIntegerField(default=0)
    evidence_end = models.PositiveIntegerField(default=0)
    stated = models.CharField(max_length=200)
    value = models.FloatField()
    value_max = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True, default="")
    canonical_value = models.FloatField(null=True, blank=True)
    canonical_max = models.FloatField(null=True, blank=True)
    decimals = models.PositiveSmallIntegerField(default=0)
    uncertainty = models.FloatField(null=True, blank=True)
    qualifier = models.CharField(max_length=2, choices=choices(Qualifier), default=Qualifier.EXACT)
    kind = models.CharField(max_length=8, choices=choices(ClaimKind))
    role = models.CharField(max_length=10, choices=choices(Role))
    ml_model = models.ForeignKey(MLModel, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss")
    model_name = models.CharField(max_length=300, blank=True, default="")
    model_key = models.CharField(max_length=200, blank=True, default="")
    variant = models.CharField(max_length=300, blank=True, default="")
    setting = models.JSONField(default=list, blank=True)
    inferred = models.JSONField(default=list, blank=True)
    extracted = models.JSONField(default=dict, blank=True)
    confidence = models.FloatField(default=0.0)
    rules = models.JSONField(default=list, blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss")
    # Nearly every row has none: an index on that would be taken for a short way to a board's rows, and read the whole table.
    retired_by = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="retired_%(class)ss", db_index=False)
    state = models.CharField(max_length=10, choices=choices(CurationState), default=CurationState.UNREVIEWED)
    decided_by = models.CharField(max_length=8, choices=choices(DecidedBy), default=DecidedBy.NOBODY)
    reject_reason = models.CharField(max_length=16, choices=choices(RejectReason), blank=True, default="")
    reject_note = models.TextField(blank=True, default="")
    tier = models.CharField(max_length=10, choices=choices(Tier), blank=True, default="")
    tier_reason = models.TextField(blank=True, default="")
    tier_link = models.URLField(max_length=500, blank=True, default="")

    objects = StatementQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_from_text_or_record",
                condition=Q(paper_text__isnull=False, source_record__isnull=True, column="")
                | (Q(paper_text__isnull=True, source_record__isnull=False) & ~Q(column="")),
                violation_error_message="A number comes from a text or from an imported record, exactly one of them.",
            ),
            models.CheckConstraint(
                name="%(class)s_evidence_holds_number",
                condition=Q(source_record__isnull=False)
                | Q(
                    field__in=[term.value for term in TextField],
                    start__lt=F("end"),
                    evidence_start__lte=F("start"),
                    evidence_end__gte=F("end"),
                ),
                violation_error_message="The evidence must contain the number.",
            ),
            models.CheckConstraint(
                name="%(class)s_range_ordered",
                condition=Q(value_max__isnull=True) | Q(value_max__gte=F("value")),
                violation_error_message="A range ends below its start.",
            ),
            models.CheckConstraint(
                name="%(class)s_rejected_with_reason",
                condition=(Q(state=CurationState.REJECTED) & ~Q(reject_reason=""))
                | (~Q(state=CurationState.REJECTED) & Q(reject_reason="")),
                violation_error_message="A rejection, and nothing else, needs a reason.",
            ),
            models.CheckConstraint(
                name="%(class)s_decided_by_somebody",
                condition=Q(state=CurationState.UNREVIEWED) | ~Q(decided_by=DecidedBy.NOBODY),
                violation_error_message="What is accepted or rejected was decided by somebody.",
            ),
            models.CheckConstraint(
                name="%(class)s_tier_with_reason",
                condition=Q(tier="", tier_reason="") | (~Q(tier="") & ~Q(tier_reason="")),
                violation_error_message="Verified and disputed need a reason.",
            ),
            models.CheckConstraint(
                name="%(class)s_tier_stands_on_acceptance",
                condition=Q(tier="", tier_link="") | (~Q(tier="") & ~Q(tier_link="") & Q(state=CurationState.ACCEPTED)),
                violation_error_message="Verified and disputed are said of what is accepted, with a link.",
            ),
            models.CheckConstraint(name="%(class)s_confidence_is_a_share", condition=Q(confidence__gte=0, confidence__lte=1)),
            models.CheckConstraint(
                name="%(class)s_canonical_range_ordered",
                condition=Q(canonical_max__isnull=True) | Q(canonical_max__gte=F("canonical_value")),
            ),
            is_finite("value", "value_max", "canonical_value", "canonical_max", "uncertainty", name="%(class)s_numbers_finite"),
            is_one_of("tier", Tier, name="%(class)s_tier_known", blank=True),
            is_one_of("reject_reason", RejectReason, name="%(class)s_reject_reason_known", blank=True),
            is_one_of("kind", ClaimKind, name="%(class)s_kind_known"),
            is_one_of("role", Role, name="%(class)s_role_known"),
            is_one_of("state", CurationState, name="%(class)s_state_known"),
            is_one_of("decided_by", DecidedBy, name="%(class)s_decided_by_known"),
            is_one_of("qualifier", Qualifier, name="%(class)s_qualifier_known"),
            models.UniqueConstraint(
                name="%(class)s_anchor_unique",
                fields=["paper_text", "field", "start", "end", "ordinal"],
                condition=Q(paper_text__isnull=False),
            ),
            models.UniqueConstraint(
                name="%(class)s_record_unique", fields=["source_record", "column", "ordinal"], condition=Q(source_record__isnull=False)
            ),
        ]
        indexes = [
            models.Index(name="%(class)s_by_model_key", fields=["model_key"]),
            models.Index(name="%(class)s_by_retiring_run", fields=["retired_by"], condition=Q(retired_by__isnull=False)),
            # The order of the review queue. `StatementQuerySet.awaiting_review` asks so that both databases take it.
            models.Index(
                name="%(class)s_awaiting_review",
                fields=["confidence", "id"],
                condition=Q(state=CurationState.UNREVIEWED.value, retired_by__isnull=True),
            ),
            *(
                # What most have is soon found without an index; what few have is found by one that holds those alone.
                models.Index(name=f"%(class)s_by_{field}", fields=[field, "id"], condition=~Q(**{field: usual.value}))
                for field, usual in USUAL.items()
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stated} ({self.model_name or 'unnamed'})"

    @property
    def evidence(self) -> str:
        """The exact words that hold the number, to be shown; '' for a record, and where the paper's text is withheld.

        The text's paper must be loaded.
        """
        return self.paper_text.shown_part(self.field)[self.evidence_start : self.evidence_end] if self.paper_text else ""

    @property
    def sentence(self) -> str:
        """The same words to be compared and kept, whether or not they may be shown."""
        return self.paper_text.part(self.field)[self.evidence_start : self.evidence_end] if self.paper_text else ""


class Claim(Statement):
    """A number stated as a measured result.

    Only an absolute claim with a dataset and a metric stands on a board; `result` is set in `services.results` only.
    `dataset_name`, `metric_name` and `task_name` are what the text says, the links what the catalogue makes of them.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")
    dataset_name = models.CharField(max_length=300, blank=True, default="")
    metric_name = models.CharField(max_length=300, blank=True, default="")
    task_name = models.CharField(max_length=300, blank=True, default="")
    result = models.ForeignKey(Result, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")

    class Meta(Statement.Meta):
        constraints = [
            *Statement.Meta.constraints,
            models.CheckConstraint(
                name="claim_on_a_board_stands",
                condition=Q(result__isnull=True)
                | (
                    Q(kind=ClaimKind.ABSOLUTE, dataset__isnull=False, metric__isnull=False, retired_by__isnull=True)
                    & ~Q(state=CurationState.REJECTED)
                ),
                violation_error_message="Only a standing score with a dataset and a metric stands on a board.",
            ),
        ]
        # What people decided on is a small part, and what is said of it is read from that part alone.
        indexes = [
            *Statement.Meta.indexes,
            models.Index(name="claim_by_person", fields=["decided_by"], condition=Q(decided_by=DecidedBy.PERSON)),
        ]


class Cost(Statement):
    """A number stated as the price of a model or method. A wrongly read one moves a Pareto front, so it is reviewed, too.

    `condition` says what it was measured on, in a few comparable words ("RTX 5090, AMP"): costs of one measure under different
    conditions never stand in one column. '' where the cost is the model's own, or the text leaves it unsaid.
    """

    measure = models.CharField(max_length=16, choices=choices(CostMeasure))
    condition = models.CharField(max_length=100, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    results = models.ManyToManyField(Result, through=CostLink, related_name="costs")

    class Meta(Statement.Meta):
        constraints = [*Statement.Meta.constraints, is_one_of("measure", CostMeasure, name="cost_measure_known")]
        indexes = [*Statement.Meta.indexes, models.Index(name="cost_by_measure", fields=["measure", "id"])]
