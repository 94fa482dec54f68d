"""Change sets: what was decided, before and after, for ever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from claims.models import ChangeSet, Claim, Cost, Decision, Listing, Run
from claims.terms import REEXTRACT, CurationState

DECIDED_FIELDS = ("state", "decided_by", "reject_reason", "reject_note", "tier", "tier_reason", "tier_link")
"""What a decision on a claim or a cost sets, and its undo restores."""


def state_of(statement: Claim | Cost) -> dict[str, Any]:
    """Return the decided fields of a statement, as a decision keeps them."""
    return {name: str(getattr(statement, name)) for name in DECIDED_FIELDS}


def set_state(statement: Claim | Cost, state: dict[str, Any]) -> None:
    """Set the decided fields; a rejected claim leaves its row. Not saved."""
    for name in DECIDED_FIELDS:
        setattr(statement, name, state[name])
    if isinstance(statement, Claim) and state["state"] == CurationState.REJECTED:
        statement.result = None


def record(
    action: str, actor: str, changed: Iterable[tuple[Claim | Cost, dict[str, Any]]], *, reason: str = "", undoes: ChangeSet | None = None
) -> ChangeSet:
    """Write a change set for statements as they are now, each with its state before. Part of the caller's transaction."""
    changes = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    Decision.objects.bulk_create(
        Decision(
            change_set=changes,
            object_kind=statement._meta.model_name or "",
            object_id=statement.pk,
            before=before,
            after=state_of(statement),
            object_version=statement.version,
        )
        for statement, before in changed
    )
    return changes


def record_readings(run: Run, actor: str, changed: Iterable[tuple[Claim | Cost, dict[str, Any], dict[str, Any]]]) -> ChangeSet:
    """Write a change set for statements that a run reads otherwise, each with what differs, before and after. They are saved.

    Part of the caller's transaction.
    """
    changes = ChangeSet.objects.create(actor=actor, action=REEXTRACT, reason=f"Read again by {run}.")
    Decision.objects.bulk_create(
        Decision(
            change_set=changes,
            object_kind=statement._meta.model_name or "",
            object_id=statement.pk,
            before=before,
            after=after,
            object_version=statement.version,
        )
        for statement, before, after in changed
    )
    return changes


def record_listing(
    listing: Listing,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    action: str,
    actor: str,
    reason: str = "",
    undoes: ChangeSet | None = None,
) -> ChangeSet:
    """Write a change set for a listing as it is now. Part of the caller's transaction."""
    changes = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    Decision.objects.create(
        change_set=changes, object_kind="listing", object_id=listing.pk, before=before, after=after, object_version=listing.version
    )
    return changes
