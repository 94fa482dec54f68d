"""A person's word on claims and costs. Every act is a change set; undo is one, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Claim, Cost, Decision
from claims.services import results
from claims.terms import CurationState, DecidedBy, RejectReason

DECIDED_FIELDS = ("state", "decided_by", "reject_reason", "reject_note")

_TABLES: dict[str, type[Claim] | type[Cost]] = {"claim": Claim, "cost": Cost}


def decide(statement: Claim | Cost, state: CurationState, *, actor: str, version: int, reason: str = "", note: str = "") -> ChangeSet:
    """Accept or reject a claim or a cost, or take the decision back.

    `version` is the statement's version that the person saw. A rejection needs a `RejectReason`. Raises `StaleObjectError` if
    somebody else changed it since, `InvalidDecisionError` for a reason that doesn't fit.
    """
    return decide_all([(statement, version)], state, actor=actor, reason=reason, note=note)


@transaction.atomic
def decide_all(
    statements: Iterable[tuple[Claim | Cost, int]], state: CurationState, *, actor: str, reason: str = "", note: str = ""
) -> ChangeSet:
    """Decide on several (statement, version seen) pairs alike, in one change set: all or none."""
    if state is CurationState.REJECTED and reason not in list(RejectReason):
        raise InvalidDecisionError("A rejection needs a reason: not a result, or wrongly read.")
    if state is not CurationState.REJECTED and reason:
        raise InvalidDecisionError("Only a rejection has a reason.")
    after = {
        "state": state.value,
        "decided_by": (DecidedBy.NOBODY if state is CurationState.UNREVIEWED else DecidedBy.PERSON).value,
        "reject_reason": reason,
        "reject_note": note if state is CurationState.REJECTED else "",
    }
    changes = ChangeSet.objects.create(
        actor=actor, action={"accepted": "accept", "rejected": "reject"}.get(state.value, "reopen"), reason=note
    )
    touched: set[int] = set()
    for statement, version in statements:
        locked = _lock(type(statement), statement.pk)
        if locked.version != version:
            raise StaleObjectError(f"“{locked.stated}” was changed by somebody else since you opened it. Look at it again, then decide.")
        touched |= _apply(changes, locked, after)
        statement.refresh_from_db()
    results.settle_papers(touched)
    return changes


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take back what a change set decided, as a change set of its own.

    Raises `StaleObjectError` if something it decided has moved on, `InvalidDecisionError` if it was undone already.
    """
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    changes = ChangeSet.objects.create(actor=actor, action="undo", undoes=change_set)
    touched: set[int] = set()
    for decision in change_set.decisions.order_by("pk"):
        if decision.object_kind not in _TABLES:
            raise InvalidDecisionError(f"A change to a {decision.object_kind} can't be undone here.")
        locked = _lock(_TABLES[decision.object_kind], decision.object_id)
        if locked.version != decision.object_version:
            raise StaleObjectError(f"“{locked.stated}” was changed again since; undo the later change first.")
        touched |= _apply(changes, locked, decision.before)
    results.settle_papers(touched)
    return changes


def _lock(table: type[Claim] | type[Cost], pk: int) -> Claim | Cost:
    rows: Any = table.objects
    locked: Claim | Cost = rows.select_for_update(of=("self",)).select_related("paper_text").get(pk=pk)
    return locked


def _apply(changes: ChangeSet, statement: Claim | Cost, after: dict[str, Any]) -> set[int]:
    """Write `after` and its decision; return the paper whose rows it touches."""
    before = {name: getattr(statement, name) for name in DECIDED_FIELDS}
    for name in DECIDED_FIELDS:
        setattr(statement, name, after[name])
    statement.version += 1
    statement.save(update_fields=[*DECIDED_FIELDS, "version"])
    Decision.objects.create(
        change_set=changes,
        object_kind=statement._meta.model_name or "",
        object_id=statement.pk,
        before=before,
        after={name: after[name] for name in DECIDED_FIELDS},
        object_version=statement.version,
    )
    return {statement.paper_text.paper_id} if statement.paper_text else set()
