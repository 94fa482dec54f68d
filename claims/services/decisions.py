"""Change sets: what was decided, before and after, for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from claims.models import ChangeSet, Claim, Cost, Dataset, Decision, Listing, Metric, MLModel, Run, Task
from claims.terms import REEXTRACT, ClaimKind, CurationState, DecidedBy

DECIDED_FIELDS = ("state", "decided_by", "reject_reason", "reject_note", "tier", "tier_reason", "tier_link")
"""What a decision on a claim or a cost sets, and its undo restores."""

UNDECIDED: Mapping[str, str] = {
    **dict.fromkeys(DECIDED_FIELDS, ""),
    "state": CurationState.UNREVIEWED.value,
    "decided_by": DecidedBy.NOBODY.value,
}
"""What a statement is as long as nothing was decided on it."""

NO_TIER: dict[str, str] = {"tier": "", "tier_reason": "", "tier_link": ""}
"""What becomes of a tier together with the word that it stood on."""

EVIDENCE = ("evidence_start", "evidence_end")
NUMBER_FIELDS = ("value", "value_max", "unit", "canonical_value", "canonical_max", "decimals", "uncertainty", "qualifier")
"""What makes a number: one part of it says nothing without the others."""
OF_ANY = (
    *NUMBER_FIELDS,
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
    same = start >= 0 and speaker.paper_text.part(speaker.field)[start:end] == spoken.sentence
    return dict(zip(EVIDENCE, (start, end), strict=True)) if same else {}


@dataclass(frozen=True, slots=True)
class Word:
    """What was said of a statement at a point of its history: the decided fields, and what a person had made of others."""

    decided: dict[str, Any]
    corrected: dict[str, Any]


def word_at(decision: Decision, *, before: bool = False) -> Word:
    """Return what was said of a statement after a decision on it, or `before` it.

    What a run read is no word: of what it changed only the decided fields count.
    """
    past = list(
        Decision.objects.filter(object_kind=decision.object_kind, object_id=decision.object_id, pk__lte=decision.pk)
        .select_related("change_set")
        .order_by("-pk")
    )
    sides = [(each, each.before if before and each.pk == decision.pk else each.after) for each in past] + [(past[-1], past[-1].before)]
    decided: dict[str, Any] = {}
    corrected: dict[str, Any] = {}
    for each, side in sides:
        # The names that a run's changes have are words, some of which are also columns.
        of_run = each.change_set.action == REEXTRACT
        for name, value in side.items():
            if name in DECIDED_FIELDS:
                decided.setdefault(name, value)
            elif not of_run:
                corrected.setdefault(name, value)
    said = set(corrected.pop("extracted", {}))
    if said & set(NUMBER_FIELDS):
        said |= set(NUMBER_FIELDS)
    return Word({**UNDECIDED, **decided}, {name: _present(name, value) for name, value in corrected.items() if name in said})


_ENTRIES: Mapping[str, Any] = {"dataset_id": Dataset, "metric_id": Metric, "task_id": Task, "ml_model_id": MLModel}


def _present(name: str, value: Any) -> Any:
    """Return a kept value as it can be set now: of an entry that was merged since, what it was merged into."""
    entry = _ENTRIES[name]._default_manager.filter(pk=value).first() if name in _ENTRIES and value is not None else None
    return entry.root().pk if entry is not None else value


def say_again(statement: Claim | Cost, word: Word) -> dict[str, Any]:
    """Let a statement say what was said of it once; return what it was before. Not saved.

    What nobody had corrected then is as it is read now.
    """
    before = state_of(statement)
    wanted = {name: word.corrected.get(name, read_as(statement, name)) for name in {**word.corrected, **statement.extracted}}
    if wanted:
        before |= correct_fields(statement, wanted)
    set_state(statement, word.decided)
    return before


def record(
    action: str, actor: str, changed: Iterable[tuple[Claim | Cost, dict[str, Any]]], *, reason: str = "", undoes: ChangeSet | None = None
) -> ChangeSet:
    """Write a change set for statements as they are now, each with its state before and what of it was corrected.

    Part of the caller's transaction.
    """
    changes = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    add(changes, changed)
    return changes


def add(changes: ChangeSet, changed: Iterable[tuple[Claim | Cost, dict[str, Any]]]) -> None:
    """Write into a change set what it made of statements, as `record` does: of one that is about many, some at a time."""
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
