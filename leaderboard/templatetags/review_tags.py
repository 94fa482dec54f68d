"""Words of the review queue. No queries."""

from __future__ import annotations

from django import template

from claims.boards import Desk
from claims.models import Claim, Cost, Decision
from claims.services.decisions import CORRECTED_FIELDS
from claims.terms import REEXTRACT, ClaimKind, CurationState, FlagKind, Qualifier, RejectReason, Role

register = template.Library()


@register.filter
def place(rank: int) -> str:
    """Return a rank as people say it: 1st, 2nd, 3rd, 11th."""
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank:,}{ending}"


@register.filter
def kind_words(kind: str) -> str:
    return {ClaimKind.ABSOLUTE: "absolute", ClaimKind.DELTA: "a difference", ClaimKind.RATIO: "a ratio"}[ClaimKind(kind)]


@register.filter
def role_words(role: str) -> str:
    return {Role.PROPOSED: "this paper’s own", Role.BASELINE: "quoted baseline"}[Role(role)]


@register.filter
def qualifier_words(statement: Claim | Cost) -> str:
    """Return how exactly a number is stated, in words."""
    words = {
        Qualifier.EXACT: "exactly",
        Qualifier.ABOUT: "about",
        Qualifier.OVER: "more than",
        Qualifier.UNDER: "less than",
        Qualifier.AT_MOST: "up to",
        Qualifier.AT_LEAST: "at least",
    }
    said = "a range" if statement.value_max is not None else words[Qualifier(statement.qualifier)]
    return said if statement.uncertainty is None else f"{said}, ± {statement.uncertainty:g}"


@register.filter
def flag_kind(kind: FlagKind) -> str:
    """Return what a kind of flag says of a number."""
    said = {
        FlagKind.DIFFERENCE: "a later reading differs",
        FlagKind.GONE: "a later reading has it no longer",
        FlagKind.REPORT: "a reader reports it",
    }
    return said.get(kind, kind.replace("_", " "))


@register.filter
def everything(desk: Desk) -> list[Claim | Cost]:
    """Return all that was read from the text of a desk's paper."""
    return [*desk.claims, *desk.costs]


@register.filter
def decided_words(state: str) -> str:
    """Return what was made of a number as a verb of its own: "accepted", "rejected", "set back to unreviewed"."""
    return "set back to unreviewed" if state == CurationState.UNREVIEWED else state


_NAMES = {"ml_model_id": "model", "model_name": "model", "model_key": "model", "dataset_id": "dataset", "dataset_name": "dataset"}
_NAMES |= {"metric_id": "metric", "metric_name": "metric", "task_id": "task", "task_name": "task", "value_max": "value"}
_NAMES |= {"canonical_value": "value", "canonical_max": "value", "decimals": "value"}


@register.filter
def what_changed(decision: Decision) -> str:
    """Return in words what a decision made of a number: "it is accepted", "model and value are other ones"."""
    if decision.change_set.action == REEXTRACT:
        return "A later extractor version reads it otherwise"
    after = decision.after
    words = ""
    if decision.before.get("state") != after.get("state"):
        reason = after.get("reject_reason")
        words = decided_words(str(after.get("state", "")))
        words += {RejectReason.NOT_A_RESULT: " as not a result", RejectReason.WRONGLY_READ: " as wrongly read"}.get(reason, "")
    fields = {name for names in CORRECTED_FIELDS.values() for name in names}
    changed = dict.fromkeys(
        _NAMES.get(name, name) for name, value in after.items() if name in fields and decision.before.get(name) != value
    )
    corrected = f"corrected ({', '.join(changed)})" if changed else ""
    return ", ".join(filter(None, [corrected, words])) or decision.change_set.action
