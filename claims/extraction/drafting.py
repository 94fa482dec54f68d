"""Make drafts: canonical values, names, tasks and evidence of what was read."""

from __future__ import annotations

from typing import NamedTuple

from claims.extraction.deciding import CostReading
from claims.extraction.drafts import ClaimDraft, ConditionDraft, CostDraft, Span
from claims.extraction.owners import Owner
from claims.extraction.quantities import Quantity, is_fraction, rounded
from claims.extraction.rules.metrics import UNITS
from claims.extraction.scene import Mention, Scene
from claims.extraction.vocabulary import Metric, Vocabulary
from claims.terms import CANONICAL_UNITS, ClaimKind, CostMeasure, TextField

UNRATED = 0.0
"""The confidence of a draft until the whole paper is read."""


class Context(NamedTuple):
    """What all drafts of one number share. `list_end` is where the list of numbers ends that it stands in: units follow there."""

    scene: Scene
    text_field: TextField
    list_end: int
    evidence: tuple[int, int]
    owner: Owner
    setting: tuple[ConditionDraft, ...]
    rules: tuple[str, ...]


def make_claim(
    context: Context,
    quantity: Quantity,
    kind: ClaimKind,
    metric: Mention | None,
    dataset: str | None,
    task: str | None,
    vocabulary: Vocabulary,
    inferred: tuple[str, ...],
    dataset_written: str | None = None,
) -> ClaimDraft | None:
    """Return the draft of a claim, None if its value is impossible for its metric."""
    scene = context.scene
    entry = vocabulary.metric.get(metric.name) if metric is not None and metric.known else None
    value, upper = quantity.scaled, quantity.scaled_max
    if kind is ClaimKind.ABSOLUTE and quantity.sign == "-":
        value = -value
    unit = _unit(scene, quantity, context.list_end, kind, entry, value)
    if kind is ClaimKind.ABSOLUTE and entry is not None and not entry.allows(value):
        return None
    if kind is ClaimKind.ABSOLUTE and unit == "%" and entry is None and not 0 <= value <= 100:
        return None
    percent = (entry is not None and entry.unit == "%") or unit == "%"
    most = entry.fraction_to if entry is not None else 1.0
    fraction = kind is ClaimKind.ABSOLUTE and is_fraction(value if upper is None else upper, unit, percent=percent, most=most)
    factor = 100.0 if fraction else 1.0
    canonical = None if kind is ClaimKind.RATIO else rounded(value * factor)
    return ClaimDraft(
        text_field=context.text_field,
        number=Span(quantity.digits_start, quantity.digits_end),
        evidence=Span(*context.evidence),
        stated=scene.original[quantity.digits_start : quantity.digits_end],
        value=value,
        value_max=upper,
        unit=unit,
        canonical_value=canonical,
        canonical_max=None if upper is None or canonical is None else rounded(upper * factor),
        decimals=quantity.decimals,
        uncertainty=quantity.uncertainty,
        qualifier=quantity.qualifier,
        kind=kind,
        role=context.owner.role,
        model=context.owner.model,
        variant=context.owner.variant,
        confidence=UNRATED,
        rules=context.rules,
        setting=context.setting,
        inferred=inferred,
        dataset=dataset,
        metric=metric.name if metric is not None else None,
        task=task,
        dataset_written=dataset_written,
    )


def _unit(scene: Scene, quantity: Quantity, list_end: int, kind: ClaimKind, entry: Metric | None, value: float) -> str:
    if quantity.unit:
        return quantity.unit
    match = UNITS.match(scene.text[quantity.end : quantity.end + 12]) or UNITS.match(scene.text[list_end : list_end + 12])
    if match is not None:
        return {"db": "dB"}.get(match["unit"].lower(), match["unit"])
    if kind is not ClaimKind.ABSOLUTE:
        return "points"
    # "83.74" for top-1 lost its sign; "0.78" is a fraction and has none
    return "%" if entry is not None and entry.unit == "%" and not is_fraction(value, "", percent=True, most=entry.fraction_to) else ""


def task_of(vocabulary: Vocabulary, dataset: str | None, metric: Mention | None, named: list[str]) -> str | None:
    """Return the task: the dataset's for this family of metrics, else the metric's own, else the last task the text names."""
    entry = vocabulary.dataset.get(dataset) if dataset is not None else None
    measured = vocabulary.metric.get(metric.name) if metric is not None and metric.known else None
    if entry is not None and entry.default_task:
        possible = {entry.default_task, *(task for _, task in entry.tasks)}
        family = measured.family if measured is not None else ""
        usual = entry.task_of(family)
        if family in dict(entry.tasks):
            return usual
        said = [task for task in named if task in possible]
        return said[-1] if said else usual
    if measured is not None and measured.default_task:
        return measured.default_task
    return named[-1] if named else None


def make_cost(context: Context, quantity: Quantity, reading: CostReading, measure: CostMeasure, note: str) -> CostDraft:
    """Return the draft of a cost, its value expanded to plain units and, where it has one, in the measure's one unit."""
    scene = context.scene
    prefix = reading.factor if reading.unit in ("", "tokens", "epochs", "steps") and reading.factor is not None else 1.0
    value = rounded(quantity.scaled * prefix)
    upper = None if quantity.scaled_max is None else rounded(quantity.scaled_max * prefix)
    canonical = canonical_max = None
    if reading.kind is ClaimKind.ABSOLUTE:
        factor = reading.factor if prefix == 1.0 and reading.factor is not None else 1.0
        if reading.factor is not None or measure not in CANONICAL_UNITS:
            canonical = rounded(value * factor)
            canonical_max = None if upper is None else rounded(upper * factor)
    return CostDraft(
        text_field=context.text_field,
        number=Span(quantity.digits_start, quantity.digits_end),
        evidence=Span(*context.evidence),
        stated=scene.original[quantity.digits_start : quantity.digits_end],
        value=value,
        value_max=upper,
        unit=reading.unit,
        canonical_value=canonical,
        canonical_max=canonical_max,
        decimals=quantity.decimals,
        uncertainty=quantity.uncertainty,
        qualifier=quantity.qualifier,
        kind=reading.kind,
        role=context.owner.role,
        model=context.owner.model,
        variant=context.owner.variant,
        confidence=UNRATED,
        rules=(reading.rule, *context.rules),
        setting=context.setting,
        measure=measure,
        note=note,
        condition=reading.unit if measure is CostMeasure.THROUGHPUT and canonical is not None and reading.unit != "fps" else "",
    )
