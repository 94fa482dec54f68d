"""The annotation guide's JSON form of an extraction: one object per paper with its claims and costs."""

from __future__ import annotations

import re
from typing import Any

from claims.extraction.drafts import ClaimDraft, CostDraft, Extraction, StatementDraft
from claims.terms import ClaimKind, ConditionKind, CostMeasure, TextField


def paper_json(paper_id: str, title: str, abstract: str, found: Extraction) -> dict[str, Any]:
    """Return the guide's object for a paper; `title` and `abstract` are the texts that `found` was read from."""
    texts = {TextField.TITLE: title, TextField.ABSTRACT: abstract}
    return {
        "id": paper_id,
        "claims": [_claim_json(claim, found.costs, texts) for claim in found.claims],
        "costs": [_cost_json(cost, texts) for cost in found.costs],
    }


def _claim_json(claim: ClaimDraft, costs: tuple[CostDraft, ...], texts: dict[TextField, str]) -> dict[str, Any]:
    return {
        "model": claim.model,
        "variant": claim.variant,
        "role": claim.role.value,
        "task": claim.task,
        "dataset": _dataset_name(claim),
        "metric": claim.metric,
        "value": _number(claim.value),
        "value_max": _number(claim.value_max),
        "unit": claim.unit,
        "kind": claim.kind.value,
        "qualifier": claim.qualifier.value,
        "setting": [condition.value if condition.kind in _NAMED_BY_VALUE else condition.text for condition in claim.setting]
        + _costs_as_setting(claim, costs, texts),
        "evidence": _evidence(claim, texts),
    }


# the names that the guide has written exactly so, by their letters and digits; any other dataset is written as the text has it
_LISTED = frozenset(
    (
        "imagenet1k",
        "imagenet21k",
        "imagenetv2",
        "imageneta",
        "imagenetr",
        "imagenetc",
        "imagenetsketch",
        "imagenete",
        "imagenetlt",
        "imagenet100",
        "tinyimagenet",
        "tinyimagenetr",
        "imagenet64x64",
        "imagenet256x256",
        "imagenet512x512",
        "cifar10",
        "cifar100",
        "mnist",
        "fashionmnist",
        "svhn",
        "coco",
        "coco2014",
        "pascalvoc2007",
        "ade20k",
        "cityscapes",
        "kinetics400",
        "kinetics600",
        "somethingsomethingv1",
        "somethingsomethingv2",
        "ucf101",
        "hmdb51",
        "flickr30k",
        "vqav2",
        "inaturalist2018",
        "wikitext103",
        "pg19",
        "ffhq64x64",
    )
)
_NEITHER = re.compile(r"[^a-z0-9]")


def _dataset_name(claim: ClaimDraft) -> str | None:
    """Return the dataset by its canonical name, if the guide lists it or it is but a longer or shorter form of what the text says."""
    if claim.dataset is None or claim.dataset_written is None:
        return claim.dataset
    name, written = (_NEITHER.sub("", text.lower()) for text in (claim.dataset, claim.dataset_written))
    return claim.dataset if name in _LISTED or written in name or name in written else claim.dataset_written


# conditions whose value says in the field's words what the text says in its own: "linear probe" for "a linear classifier"
_NAMED_BY_VALUE = frozenset((ConditionKind.PROTOCOL, ConditionKind.RESOLUTION, ConditionKind.SPLIT))
_NOUNS = {
    CostMeasure.EPOCHS: "epochs",
    CostMeasure.STEPS: "steps",
    CostMeasure.NFE: "NFE",
    CostMeasure.TOKENS: "tokens",
    CostMeasure.BATCH_SIZE: "batch size",
}


def _costs_as_setting(claim: ClaimDraft, costs: tuple[CostDraft, ...], texts: dict[TextField, str]) -> list[str]:
    """Return the costs that a claim's sentence gives with it ("64 epochs"): for the guide, they are conditions too."""
    if claim.kind is not ClaimKind.ABSOLUTE:
        return []
    phrases = []
    for cost in costs:
        inside = claim.evidence.start <= cost.number.start and cost.number.end <= claim.evidence.end
        if inside and cost.text_field is claim.text_field and cost.kind is ClaimKind.ABSOLUTE and cost.number != claim.number:
            noun = _NOUNS.get(cost.measure)
            if noun is not None:
                phrases.append(f"{cost.stated} {noun}")
    return phrases


def _cost_json(cost: CostDraft, texts: dict[TextField, str]) -> dict[str, Any]:
    return {
        "model": cost.model,
        "measure": cost.measure.value,
        "value": _number(cost.value),
        "value_max": _number(cost.value_max),
        "unit": cost.unit,
        "kind": cost.kind.value,
        "role": cost.role.value,
        "evidence": _evidence(cost, texts),
    }


def _evidence(draft: StatementDraft, texts: dict[TextField, str]) -> str:
    return texts[draft.text_field][draft.evidence.start : draft.evidence.end]


def _number(value: float | None) -> float | int | None:
    """Return whole numbers as such: 21000000, not 21000000.0."""
    return int(value) if value is not None and value.is_integer() and abs(value) < 1e15 else value
