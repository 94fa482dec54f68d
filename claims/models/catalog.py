"""The catalogue: tasks, datasets, metrics and models, and the aliases that find them."""

from __future__ import annotations

from typing import Self, cast

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models.base import Shown, choices, is_one_of
from claims.models.papers import Paper
from claims.terms import AliasKind, Direction


class Area(models.Model):
    """A field that boards are grouped by."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Entry(Shown):
    """A catalogue entry.

    `reviewed` entries are shipped or confirmed by a curator; the others came out of a text, `introduced_by` names the paper and
    `introduced_in` quotes the sentence. A merged entry stays and points to its root.
    """

    name = models.CharField(max_length=300)
    slug = models.SlugField(max_length=200, unique=True)
    reviewed = models.BooleanField(default=False)
    introduced_by = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, blank=True, related_name="introduced_%(class)ss")
    introduced_in = models.TextField(blank=True, default="")
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_%(class)ss")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def shown_introduction(self) -> str:
        """The sentence that introduced it, as far as it may be shown: '' where its paper's text is withheld. The paper must be loaded."""
        return "" if self.introduced_by is not None and self.introduced_by.text_withheld is not None else self.introduced_in

    def root(self) -> Self:
        """Return the entry that this one was merged into, or itself. `merged_into` is always a root."""
        return cast("Self", self.merged_into or self)


class Metric(Entry):
    """What a number measures. Bounds are in the metric's unit; a direction that nobody knows is not guessed."""

    unit = models.CharField(max_length=20, blank=True, default="")
    direction = models.CharField(max_length=8, choices=choices(Direction), default=Direction.UNKNOWN)
    family = models.CharField(max_length=40, blank=True, default="")
    lower_bound = models.FloatField(null=True, blank=True)
    upper_bound = models.FloatField(null=True, blank=True)
    default_task = models.ForeignKey("claims.Task", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            is_one_of("direction", Direction, name="metric_direction_known"),
            models.CheckConstraint(name="metric_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
        ]


class Task(Entry):
    """What a model is asked to do."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    primary_metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(name="task_not_merged_into_itself", condition=~Q(merged_into=F("id")))]


class Dataset(Entry):
    """What a model is measured on.

    `default_metric` is what a bare score on it means, `default_task` names its benchmark unless the text or the metric's family
    says otherwise. On a `single_label` classification set a stated "accuracy" stands in the Top-1 column.
    """

    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts")
    default_task = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    default_metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    single_label = models.BooleanField(default=False)
    description = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(name="dataset_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
            models.CheckConstraint(name="dataset_not_its_own_parent", condition=~Q(parent=F("id"))),
        ]

    def get_absolute_url(self) -> str:
        return reverse("dataset", args=[self.slug])


class DatasetSplit(models.Model):
    """A named part of a dataset that results are stated on."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="splits")
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(name="dataset_split_unique", fields=["dataset", "name"])]

    def __str__(self) -> str:
        return f"{self.dataset} {self.name}"


class DefaultTask(models.Model):
    """Which task a dataset stands for under a metric family: ImageNet-1K with FID is generation, not classification."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="default_tasks")
    family = models.CharField(max_length=40)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="default_task_unique", fields=["dataset", "family"])]


class DefaultPrimary(models.Model):
    """Which metric a task's board on a dataset ranks by, where it is another than the task's own."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="default_primaries")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="default_primary_unique", fields=["dataset", "task"])]


class MLModel(Entry):
    """A model or method. A proposed name belongs to the paper that introduced it: two papers' "RMT" are different models."""

    name_key = models.CharField(max_length=200)

    class Meta:
        verbose_name = "model"
        constraints = [
            models.UniqueConstraint(
                name="ml_model_unique_in_paper", fields=["name_key", "introduced_by"], condition=Q(introduced_by__isnull=False)
            ),
            models.UniqueConstraint(name="ml_model_unique_without_paper", fields=["name_key"], condition=Q(introduced_by__isnull=True)),
            models.CheckConstraint(name="ml_model_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
        ]

    def get_absolute_url(self) -> str:
        return reverse("model", args=[self.slug])


class Alias(Shown):
    """A way to write a catalogue entry's name.

    `key` keeps the case where `exact_case` is set ("IS", "AP", "EM"). `scope` limits the alias, '' is everywhere.
    """

    kind = models.CharField(max_length=8, choices=choices(AliasKind))
    text = models.CharField(max_length=300)
    key = models.CharField(max_length=201)
    scope = models.CharField(max_length=100, blank=True, default="")
    exact_case = models.BooleanField(default=False)
    reviewed = models.BooleanField(default=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="aliases")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, null=True, blank=True, related_name="aliases")
    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, null=True, blank=True, related_name="aliases")
    ml_model = models.ForeignKey(MLModel, on_delete=models.CASCADE, null=True, blank=True, related_name="aliases")

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(name="alias_unique", fields=["kind", "key", "scope"]),
            models.CheckConstraint(
                name="alias_points_to_its_kind",
                condition=Q(kind=AliasKind.TASK, task__isnull=False, dataset__isnull=True, metric__isnull=True, ml_model__isnull=True)
                | Q(kind=AliasKind.DATASET, task__isnull=True, dataset__isnull=False, metric__isnull=True, ml_model__isnull=True)
                | Q(kind=AliasKind.METRIC, task__isnull=True, dataset__isnull=True, metric__isnull=False, ml_model__isnull=True)
                | Q(kind=AliasKind.MODEL, task__isnull=True, dataset__isnull=True, metric__isnull=True, ml_model__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class OldSlug(models.Model):
    """A slug that an entry or a benchmark once had; its address redirects to where `public_id` lives now.

    `kind` is "benchmark", or an entry's `AliasKind`.
    """

    kind = models.CharField(max_length=20)
    slug = models.SlugField(max_length=200)
    public_id = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(name="old_slug_unique", fields=["kind", "slug"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"


class CatalogueState(models.Model):
    """How far the boards have followed the shipped catalogue, and this software; the table's one row.

    Papers from id `unsettled_from` on still stand on boards as an earlier catalogue had them, and boards from id `unrecorded_from` on
    have no records yet, for an earlier release kept none; null where there are none of these.
    """

    unsettled_from = models.PositiveBigIntegerField(null=True, blank=True)
    unrecorded_from = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="catalogue_state_single", condition=Q(id=1))]
