"""Benchmarks and the rows of their boards."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models.base import Shown, choices, is_one_of
from claims.models.catalog import Dataset, Metric, MLModel, Task
from claims.models.imports import Import
from claims.models.papers import Paper
from claims.querysets import BenchmarkQuerySet, ResultQuerySet
from claims.terms import ConditionKind, LinkedBy, Role


class Benchmark(Shown):
    """A task on a dataset: a board.

    `version` is bumped by every service that changes what the board shows. `row_count` and `leader` (its
    ranking rows and the claim that leads them), and the same of what is accepted only, are settled with it, so that the home page
    reads no rows. `chosen_by` says whether a person fixed the primary
    metric; a rule's choice follows the claims. `flagged_version` is the version whose numbers were last held against the rules that
    flag them.
    """

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="benchmarks")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="benchmarks")
    slug = models.SlugField(max_length=200, unique=True)
    primary_metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    chosen_by = models.CharField(max_length=8, choices=choices(LinkedBy), default=LinkedBy.RULE)
    reviewed = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_benchmarks")
    row_count = models.PositiveIntegerField(default=0)
    accepted_row_count = models.PositiveIntegerField(default=0)
    leader = models.ForeignKey("claims.Claim", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    accepted_leader = models.ForeignKey("claims.Claim", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed = models.DateTimeField(auto_now=True)
    flagged_version = models.PositiveIntegerField(default=0)

    objects = BenchmarkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="benchmark_unique", fields=["task", "dataset"]),
            is_one_of("chosen_by", LinkedBy, name="benchmark_chosen_by_known"),
            models.CheckConstraint(name="benchmark_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
        ]

    def __str__(self) -> str:
        return f"{self.task} on {self.dataset}"

    def get_absolute_url(self) -> str:
        return reverse("board", args=[self.slug])


class BenchmarkMetric(models.Model):
    """A metric that the board reads.

    `column` is the metric in whose column it stands: itself, or the primary metric where the two are read as one ("accuracy" on
    a single-label set stands under Top-1). The claim keeps its own metric.
    """

    benchmark = models.ForeignKey(Benchmark, on_delete=models.CASCADE, related_name="metrics")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    column = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="benchmark_metric_unique", fields=["benchmark", "metric"])]


class Condition(models.Model):
    """One condition of a setting. `value` is its comparable part, without case or blanks; a row keeps its paper's own words."""

    kind = models.CharField(max_length=16, choices=choices(ConditionKind))
    key = models.CharField(max_length=200)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="condition_unique", fields=["kind", "key"]),
            is_one_of("kind", ConditionKind, name="condition_kind_known"),
        ]

    def __str__(self) -> str:
        return self.value


class Result(Shown):
    """A row of a board: one (origin, model, variant, setting, role) on one benchmark.

    Its origin is a paper or an import. `model_key` and `variant_key` hold the identity; '' as `model_key` is the paper's own
    unnamed method, shown by the paper's title. `ml_model` is null for a quoted name that no single model answers to. `stated_day` is the
    last day that an imported record gives for a row without a paper.
    """

    benchmark = models.ForeignKey(Benchmark, on_delete=models.PROTECT, related_name="results")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, blank=True, related_name="results")
    source = models.ForeignKey(Import, on_delete=models.PROTECT, null=True, blank=True, related_name="results")
    ml_model = models.ForeignKey(MLModel, on_delete=models.PROTECT, null=True, blank=True, related_name="results")
    model_name = models.CharField(max_length=300, blank=True, default="")
    model_key = models.CharField(max_length=200, blank=True, default="")
    variant = models.CharField(max_length=300, blank=True, default="")
    variant_key = models.CharField(max_length=200, blank=True, default="")
    setting_key = models.CharField(max_length=64, blank=True, default="")
    role = models.CharField(max_length=10, choices=choices(Role))
    stated_day = models.DateField(null=True, blank=True)
    conditions = models.ManyToManyField(Condition, through="claims.ResultCondition", related_name="results", blank=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="result_unique_in_paper",
                fields=["benchmark", "paper", "model_key", "variant_key", "setting_key", "role"],
                condition=Q(paper__isnull=False),
            ),
            models.UniqueConstraint(
                name="result_unique_in_import",
                fields=["benchmark", "source", "model_key", "variant_key", "setting_key", "role"],
                condition=Q(paper__isnull=True),
            ),
            models.CheckConstraint(
                name="result_has_one_origin",
                condition=Q(paper__isnull=False, source__isnull=True) | Q(paper__isnull=True, source__isnull=False),
                violation_error_message="A row comes from a paper or from an import, exactly one of them.",
            ),
            is_one_of("role", Role, name="result_role_known"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.model_name or "unnamed", self.variant]))


class ResultCondition(models.Model):
    """A condition of a row's setting, in the words of the row's own paper."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="+")
    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(name="result_condition_unique", fields=["result", "condition"])]


class ResultValue(Shown):
    """The claim that a row shows under a metric: the curator's choice, else the most exact, else the first.

    `others` counts the claims that stand behind it, `conflicts` those of them that state another number.
    """

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="values_shown")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    claim = models.ForeignKey("claims.Claim", on_delete=models.PROTECT, related_name="shown_in")
    chosen_by = models.CharField(max_length=8, choices=choices(LinkedBy), default=LinkedBy.RULE)
    others = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="result_value_unique", fields=["result", "metric"]),
            is_one_of("chosen_by", LinkedBy, name="result_value_chosen_by_known"),
        ]


class CostLink(Shown):
    """That a cost is the price of a row, by a rule or by a person's word; not `tied` is a person's word that it isn't."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="cost_links")
    cost = models.ForeignKey("claims.Cost", on_delete=models.CASCADE, related_name="links")
    tied = models.BooleanField(default=True)
    linked_by = models.CharField(max_length=8, choices=choices(LinkedBy), default=LinkedBy.RULE)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="cost_link_unique", fields=["result", "cost"]),
            is_one_of("linked_by", LinkedBy, name="cost_link_linked_by_known"),
            models.CheckConstraint(name="cost_link_untied_by_a_person", condition=Q(tied=True) | Q(linked_by=LinkedBy.PERSON)),
        ]


class BoardStandings(models.Model):
    """The rows of a large board in columns, as they rank: a page reads them in one piece (`claims.boards.standings`).

    A worker writes them after the board has changed. They hold for `board_version` of the benchmark and `layout` of the columns; for any
    other the page reads the rows themselves.
    """

    benchmark = models.OneToOneField(Benchmark, on_delete=models.CASCADE, primary_key=True, related_name="+")
    board_version = models.PositiveIntegerField()
    layout = models.PositiveSmallIntegerField()
    packed = models.BinaryField()
