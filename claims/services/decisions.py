"""Change sets: what was decided, before and after, for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from claims.models import ChangeSet, Claim, Cost, Decision, Listing, Run
from claims.terms import REEXTRACT, ClaimKind, CurationState

DECIDED_FIELDS = ("state", "decided_by", "reject_reason", "reject_note", "tier", "tier_reason", "tier_link")
"""What a decision on a claim or a cost sets, and its undo restores."""


EVIDENCE = ("evidence_start", "evidence_end")
OF_ANY = (
    *("value", "value_max", "unit", "canonical_value", "canonical_max", "decimals", "uncertainty", "qualifier"),
    *("kind", "role", "ml_model_id", "model_name", "model_key", "variant", "setting"),
    *EVIDENCE,
)
CORRECTED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "claim": (*OF_ANY, "dataset_id", "dataset_name", "metric_id", "metric_name", "task_id", "task_name"),
    "cost": (*OF_ANY, "measure", "condition", "note"),
}
"""What a person may have corrected, by the kind of statement."""


def columns_of(table: type[Claim] | type[Cost]) -> list[str]:
    """Return the names of all fields that a decision may set."""
    corrected = (name.removesuffix("_id") for name in CORRECTED_FIELDS[table._meta.model_name or ""])
    return [*DECIDED_FIELDS, *corrected, "extracted", *(["result"] if table is Claim else [])]


def read_as(statement: Claim | Cost, name: str) -> Any:
    """Return what extraction read in a field, whatever a person made of it."""
    return statement.extracted.get(name, getattr(statement, name))


def sentence_read(statement: Claim | Cost) -> str:
    """Return the words that extraction took for the evidence, whatever a person marked; '' for a record."""
    start, end = (read_as(statement, name) for name in EVIDENCE)
    return statement.paper_text.part(statement.field)[start:end] if statement.paper_text else ""


def correct_fields(statement: Claim | Cost, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Set fields to what a person says of them, and return what they were before. `extracted` keeps what was read. Not saved.

    What is set to what was read is no longer corrected.
    """
    before = {name: getattr(statement, name) for name in wanted} | {"extracted": dict(statement.extracted)}
    read = {name: read_as(statement, name) for name in wanted}
    for name, value in wanted.items():
        setattr(statement, name, value)
    others = {name: value for name, value in statement.extracted.items() if name not in wanted}
    statement.extracted = others | {name: value for name, value in read.items() if value != wanted[name]}
    return before


def state_of(statement: Claim | Cost) -> dict[str, Any]:
    """Return the decided fields of a statement, as a decision keeps them."""
    return {name: str(getattr(statement, name)) for name in DECIDED_FIELDS}


def set_state(statement: Claim | Cost, state: dict[str, Any]) -> None:
    """Set the decided fields, and those that were corrected; a rejected claim leaves its row. Not saved."""
    for name in DECIDED_FIELDS:
        setattr(statement, name, state[name])
    for name in (*CORRECTED_FIELDS[statement._meta.model_name or ""], "extracted"):
        if name in state:
            setattr(statement, name, state[name])
    if not isinstance(statement, Claim):
        return
    # Where a corrected one stands now is settled afterwards; what is no score stands nowhere, not even for a moment.
    names_a_row = statement.kind == ClaimKind.ABSOLUTE and statement.dataset_id is not None and statement.metric_id is not None
    if state["state"] == CurationState.REJECTED or not names_a_row:
        statement.result = None


def word_on(statement: Claim | Cost) -> dict[str, Any]:
    """Return a person's word on a number: its state, and what its corrected fields are. Where its sentence stands is each text's own."""
    return state_of(statement) | {name: getattr(statement, name) for name in statement.extracted if name not in EVIDENCE}


def carry_over(spoken: Claim | Cost, speaker: Claim | Cost) -> dict[str, Any]:
    """Let `speaker` say what a person said of `spoken`, the same number in another text; return what it was before. Not saved."""
    before = state_of(speaker)
    # What was corrected there and not here, and the reverse: the last word is the whole word.
    wanted = {
        name: getattr(spoken, name) if name in spoken.extracted else read_as(speaker, name)
        for name in {**spoken.extracted, **speaker.extracted}
        if name not in EVIDENCE
    } | _carry_evidence(spoken, speaker)
    if wanted:
        before |= correct_fields(speaker, wanted)
    set_state(speaker, state_of(spoken))
    return before


def _carry_evidence(spoken: Claim | Cost, speaker: Claim | Cost) -> dict[str, int]:
    """Return where the sentence that a person marked stands in the other text, {} if its words don't stand around the number there."""
    if spoken.paper_text is None or speaker.paper_text is None or not spoken.extracted.keys() & set(EVIDENCE):
        return {}
    moved = speaker.start - spoken.start
    start, end = spoken.evidence_start + moved, spoken.evidence_end + moved
    same = start >= 0 and speaker.paper_text.part(speaker.field)[start:end] == spoken.evidence
    return dict(zip(EVIDENCE, (start, end), strict=True)) if same else {}


def record(
    action: str, actor: str, changed: Iterable[tuple[Claim | Cost, dict[str, Any]]], *, reason: str = "", undoes: ChangeSet | None = None
) -> ChangeSet:
    """Write a change set for statements as they are now, each with its state before and what of it was corrected.

    Part of the caller's transaction.
    """
    changes = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    Decision.objects.bulk_create(
        Decision(
            change_set=changes,
            object_kind=statement._meta.model_name or "",
            object_id=statement.pk,
            before=before,
            after=state_of(statement) | {name: getattr(statement, name) for name in before if name not in DECIDED_FIELDS},
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
