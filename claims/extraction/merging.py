"""One statement for what a paper says twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from claims.extraction.drafts import UNNAMED_MODEL, ClaimDraft, CostDraft, Extraction, StatementDraft, UntakenNumber
from claims.terms import ClaimKind, Qualifier, TextField

_Draft = TypeVar("_Draft", bound=StatementDraft)


def merge_repeats(found: Extraction) -> Extraction:
    """Return `found` without repeats: the abstract's statement before the title's, a number before its restated threshold.

    A dropped statement's number is returned among the untaken ones, unless another statement stands on it.
    """
    if not found.claims and not found.costs and len(found.untaken) < 2:
        return found
    claims = _without_repeats(found.claims, same_claim)
    claims = [claim for claim in claims if not _restates(claim, claims)]
    costs = _without_repeats(found.costs, _same_cost)
    kept = {(draft.text_field, draft.number) for draft in (*claims, *costs)}
    untaken = {place: number for number in found.untaken if (place := number[:2]) not in kept}
    for draft in (*found.claims, *found.costs):
        place = (draft.text_field, draft.number)
        if place not in kept:
            untaken.setdefault(place, UntakenNumber(*place, "repeated"))
    return Extraction(tuple(claims), tuple(costs), tuple(sorted(untaken.values(), key=_place)))


def _place(item: UntakenNumber | StatementDraft) -> tuple[bool, int]:
    return item.text_field is TextField.ABSTRACT, item.number.start


def _without_repeats(drafts: Sequence[_Draft], same: object) -> list[_Draft]:
    kept: list[_Draft] = []
    by_number: dict[tuple[object, ...], list[_Draft]] = {}  # what differs in one of these is never the same
    # the abstract's statements first: a number in a title counts only if the abstract lacks it
    for draft in sorted(drafts, key=lambda draft: draft.text_field is TextField.TITLE):
        alike = by_number.setdefault((draft.value, draft.value_max, draft.kind, draft.role), [])
        if not any(same(draft, other) for other in alike):  # type: ignore[operator]  # one of the two comparisons below
            alike.append(draft)
            kept.append(draft)
    return sorted(kept, key=_place)


def same_claim(left: ClaimDraft, right: ClaimDraft) -> bool:
    """Say whether two claims state one thing."""
    if (left.value, left.value_max, left.kind, left.role) != (right.value, right.value_max, right.kind, right.role):
        return False
    if left.text_field is right.text_field and left.number == right.number:
        return left.dataset == right.dataset and left.metric == right.metric
    loose = left.text_field is not right.text_field
    if not _agree(left.dataset, right.dataset, loose=loose) or not _agree(left.metric, right.metric, loose=loose):
        return False
    if loose:
        return True
    return _agree(left.model, right.model, loose=UNNAMED_MODEL in (left.model, right.model)) and (left.variant or "") == (
        right.variant or ""
    )


def _agree(left: str | None, right: str | None, *, loose: bool) -> bool:
    return left == right or loose


def _same_column(left: str | None, right: str | None) -> bool:
    return left == right or {left, right} == {"Accuracy", "Top-1 accuracy"}


def _restates(claim: ClaimDraft, claims: Sequence[ClaimDraft]) -> bool:
    """Say whether a claim is only a threshold ("surpassing 80%") below a number that is stated elsewhere."""
    if claim.kind is not ClaimKind.ABSOLUTE or claim.qualifier is not Qualifier.OVER or claim.decimals:
        return False
    return any(
        other is not claim
        and other.kind is ClaimKind.ABSOLUTE
        and other.qualifier is Qualifier.EXACT
        and _same_column(other.metric, claim.metric)
        and other.dataset in (claim.dataset, None)
        and claim.value <= other.value < claim.value + 1
        for other in claims
    )


def _same_cost(left: CostDraft, right: CostDraft) -> bool:
    return (left.measure, left.value, left.value_max, left.unit, left.kind, left.role) == (
        right.measure,
        right.value,
        right.value_max,
        right.unit,
        right.kind,
        right.role,
    ) and (left.model == right.model or left.text_field is not right.text_field)
