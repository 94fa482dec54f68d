"""The annotation guide's JSON form of an extraction: one object per paper with its claims and costs."""

from __future__ import annotations

from typing import Any

from claims.extraction.drafts import ClaimDraft, CostDraft, Extraction, StatementDraft
from claims.terms import TextField


def paper_json(paper_id: str, title: str, abstract: str, found: Extraction) -> dict[str, Any]:
    """Return the guide's object for a paper; `title` and `abstract` are the texts that `found` was read from."""
    texts = {TextField.TITLE: title, TextField.ABSTRACT: abstract}
    return {
        "id": paper_id,
        "claims": [_claim_json(claim, texts) for claim in found.claims],
        "costs": [_cost_json(cost, texts) for cost in found.costs],
    }


def _claim_json(claim: ClaimDraft, texts: dict[TextField, str]) -> dict[str, Any]:
    return {
        "model": claim.model,
        "variant": claim.variant,
        "role": claim.role.value,
        "task": claim.task,
        "dataset": claim.dataset,
        "metric": claim.metric,
        "value": _number(claim.value),
        "value_max": _number(claim.value_max),
        "unit": claim.unit,
        "kind": claim.kind.value,
        "qualifier": claim.qualifier.value,
        "setting": [condition.text for condition in claim.setting],
        "evidence": _evidence(claim, texts),
    }


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
