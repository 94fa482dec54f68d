"""How well claims are read, by what people made of them: accepted as they were read, corrected, or rejected, and why.

Only what a person decided counts, by what it is now: an undone decision is none, and a claim that was decided on several times counts
once. It is counted under what extraction read, so a claim whose metric was wrong counts for the metric that it was taken for. What was
not read out of a text, such as a table's records, is left out, and so is what stands in an older text of its paper only.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from django.db.models import BigIntegerField, Case, CharField, Count, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Substr

from claims.extraction.drafts import PERSON_RULE
from claims.models import Area, ChangeSet, Claim, Dataset, Decision, Metric, Run, Task
from claims.terms import ACCEPT_BY_POLICY, REEXTRACT, CurationState, DecidedBy, RejectReason

BANDS = (0.95, 0.9, 0.8, 0.5, 0.0)
"""The confidences that bands begin at; the last one is all below."""
MOST_LINES = 12
"""So many lines of a part are shown at first, those with the most decisions."""
MOST_OF_ALL = 500
"""So many where all of a part are asked for."""
Z = 1.959963984540054
"""Of the normal distribution, for an interval that holds the true share 95 times in 100."""


class Outcome(StrEnum):
    UNCHANGED = "unchanged"
    CORRECTED = "corrected"
    NO_RESULT = "not_a_result"
    MISREAD = "wrongly_read"


class Part(StrEnum):
    """What decisions are told apart by."""

    MONTH = "month"
    EXTRACTOR = "extractor"
    CONFIDENCE = "confidence"
    AREA = "area"
    METRIC = "metric"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True)
class Share:
    """A share in percent, with the ends of its 95% interval."""

    count: int
    percent: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a group of claims. `key` is what tells it from others of its part; `slug` leads to its page, '' for none."""

    key: str
    name: str
    slug: str
    total: int
    shares: Mapping[Outcome, Share]

    @property
    def rejected(self) -> Share:
        """What was rejected for either reason."""
        return wilson(self.shares[Outcome.NO_RESULT].count + self.shares[Outcome.MISREAD].count, self.total)

    @property
    def in_order(self) -> list[Share]:
        return [self.shares[outcome] for outcome in Outcome]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a part that are shown, and how many are not."""

    part: Part
    lines: Sequence[Line]
    left_out: int


@dataclass(frozen=True, slots=True)
class Quality:
    """All that is known. `whole` is None where nobody has decided on a claim yet; months are in their order, the others by decisions."""

    whole: Line | None
    parts: Mapping[Part, Lines]


def wilson(count: int, total: int) -> Share:
    """Return a share with Wilson's interval, which also holds for few, and for none or all of them. `total` is above 0."""
    share = count / total
    spread = Z * math.sqrt(share * (1 - share) / total + Z**2 / (4 * total**2))
    middle, scale = share + Z**2 / (2 * total), 1 + Z**2 / total
    # Where all or none are, the share itself is an end: what rounding leaves of that is not printed.
    low, high = min(share, max(0.0, (middle - spread) / scale)), max(share, min(1.0, (middle + spread) / scale))
    return Share(count, 100 * share, 100 * low, 100 * high)


def last_decision() -> int:
    """Return what changes with every decision, of whatever kind."""
    return ChangeSet.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def read_quality(*, everything: Part | None = None) -> Quality:
    """Return what people made of what was read; all lines of `everything`, the largest of the other parts.

    One query over the claims that people decided on, and a few over the catalogue.
    """
    counted = _count()
    if not counted:
        return Quality(None, {})
    whole = Counter[Outcome]()
    for row in counted:
        whole[row.outcome] += row.count
    return Quality(
        _make("", "All", "", whole),
        {part: _read_part(part, counted, teller, all_of_it=part is everything) for part, teller in _make_tellers().items()},
    )


def _read_part(part: Part, rows: Iterable[_Row], teller: _Teller, *, all_of_it: bool) -> Lines:
    groups: dict[Any, Counter[Outcome]] = defaultdict(Counter)
    for row in rows:
        groups[teller.key_of(row)][row.outcome] += row.count
    # Those with the most decisions; but a line over time with gaps says what isn't so, and bands are few.
    ranked = sorted(groups, key=lambda key: (-groups[key].total(), str(key)))
    shown = ranked[: MOST_OF_ALL if all_of_it else MOST_LINES]
    if part is Part.MONTH:
        shown = sorted(ranked)
    elif part is Part.CONFIDENCE:
        shown = sorted(ranked, reverse=True)
    names = teller.find_names(shown)
    return Lines(part, [_make(str(key), *names.get(key, teller.otherwise), groups[key]) for key in shown], len(ranked) - len(shown))


@dataclass(frozen=True, slots=True)
class _Row:
    """So many claims that are alike in all parts."""

    month: str
    run: int | None
    band: float
    task: int | None
    metric: int | None
    dataset: int | None
    outcome: Outcome
    count: int


Names = Mapping[Any, tuple[str, str]]
"""What groups are called, and the slugs of their pages, by their keys."""


@dataclass(frozen=True, slots=True)
class _Teller:
    """What tells rows of a part from each other, and how groups are called: `otherwise` where they have no name."""

    key_of: Callable[[_Row], Any]
    find_names: Callable[[Sequence[Any]], Names]
    otherwise: tuple[str, str] = ("Not known", "")


def _make(key: str, name: str, slug: str, tally: Counter[Outcome]) -> Line:
    total = tally.total()
    return Line(key, name, slug, total, {outcome: wilson(tally[outcome], total) for outcome in Outcome})


# ---- counting ----


def decided_claims() -> QuerySet[Claim]:
    """Return the claims that were read out of a text and that a person decided on."""
    return Claim.objects.filter(
        decided_by=DecidedBy.PERSON,
        state__in=[CurationState.ACCEPTED, CurationState.REJECTED],
        paper_text__isnull=False,
        run__isnull=False,
        retired_by__isnull=True,
    ).exclude(rules=[PERSON_RULE])  # nobody read what a person added


def _as_read(name: str) -> Case:
    """What extraction read in a field: what a person corrected is kept beside it."""
    return Case(
        When(extracted__has_key=name, then=Cast(KT(f"extracted__{name}"), BigIntegerField())),
        default=F(name),
        output_field=BigIntegerField(),
    )


def _decided_in() -> Substr:
    """In which month a claim came to be what it is: "2026-11", when the last decision on it was made that still holds.

    Databases keep and cast a time so that it begins with its month: no function of Python is called for each row.
    """
    undone = ChangeSet.objects.filter(undoes=OuterRef("change_set")).exclude(Exists(ChangeSet.objects.filter(undoes=OuterRef("pk"))))
    holding = (
        Decision.objects.filter(object_kind="claim", object_id=OuterRef("pk"))
        .exclude(change_set__action__in=[ACCEPT_BY_POLICY, REEXTRACT])
        .filter(change_set__undoes__isnull=True)
        .exclude(Exists(undone))
        .order_by("-pk")
    )
    return Substr(Cast(Subquery(holding.values("change_set__created")[:1]), CharField()), 1, 7)


def _count() -> list[_Row]:
    bands = [When(confidence__gte=least, then=Value(least)) for least in BANDS[:-1]]
    outcomes = Case(
        When(reject_reason=RejectReason.NOT_A_RESULT, then=Value(Outcome.NO_RESULT.value)),
        When(reject_reason=RejectReason.WRONGLY_READ, then=Value(Outcome.MISREAD.value)),
        When(extracted={}, then=Value(Outcome.UNCHANGED.value)),
        default=Value(Outcome.CORRECTED.value),
    )
    grouped = (
        decided_claims()
        .order_by()
        .annotate(
            month=_decided_in(),
            band=Case(*bands, default=Value(BANDS[-1])),
            task_read=_as_read("task_id"),
            metric_read=_as_read("metric_id"),
            dataset_read=_as_read("dataset_id"),
            outcome=outcomes,
        )
        .values_list("month", "run", "band", "task_read", "metric_read", "dataset_read", "outcome")
        .annotate(claims=Count("pk"))
    )
    return [
        _Row(month or "", run, band, task, metric, dataset, Outcome(outcome), count)
        for month, run, band, task, metric, dataset, outcome, count in grouped
    ]


# ---- names ----


def _make_tellers() -> dict[Part, _Teller]:
    versions = dict(Run.objects.values_list("pk", "extractor_version"))
    area_of_task: dict[int | None, int | None] = dict(Task.objects.filter(area__isnull=False).values_list("pk", "area"))
    task_of_dataset: dict[int | None, int | None] = dict(
        Dataset.objects.filter(default_task__isnull=False).values_list("pk", "default_task")
    )
    task_of_metric: dict[int | None, int | None] = dict(Metric.objects.filter(default_task__isnull=False).values_list("pk", "default_task"))

    def area_of(row: _Row) -> int | None:
        # As boards are found: the task that the text names, else what the dataset is for, else the metric.
        tasks = (row.task, task_of_dataset.get(row.dataset), task_of_metric.get(row.metric))
        return next((area_of_task[task] for task in tasks if task in area_of_task), None)

    return {
        Part.MONTH: _Teller(lambda row: row.month, lambda months: {month: (month, "") for month in months if month}),
        Part.EXTRACTOR: _Teller(
            lambda row: versions.get(row.run or 0, ""), lambda found: {version: (version, "") for version in found if version}
        ),
        Part.CONFIDENCE: _Teller(lambda row: row.band, lambda bands: {least: (_band_words(least), "") for least in bands}),
        Part.AREA: _Teller(area_of, partial(_find_names, Area), ("No field", "")),
        Part.METRIC: _Teller(lambda row: row.metric, partial(_find_names, Metric), ("No metric read", "")),
        Part.DATASET: _Teller(lambda row: row.dataset, partial(_find_names, Dataset), ("No dataset read", "")),
    }


def _find_names(table: type[Area] | type[Metric] | type[Dataset], keys: Sequence[int | None]) -> Names:
    entries: Any = table._default_manager
    wanted = [key for key in keys if key is not None]
    return {pk: (name, slug) for pk, name, slug in entries.filter(pk__in=wanted).values_list("pk", "name", "slug")}


def _band_words(least: float) -> str:
    above = next((band for band in reversed(BANDS) if band > least), 1.0)
    return f"{least:g} to 1" if least == BANDS[0] else f"{least:g} to below {above:g}"
