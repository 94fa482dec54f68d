"""A person's word on claims and costs. Every act is a change set; undo is one, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from django.db import transaction
from django.db.models import QuerySet

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Claim, Cost, Decision, Flag, Import, Report, RunText
from claims.prepared import prepared_for_keys
from claims.services import decisions, results, webhooks
from claims.services.papers import lock_papers
from claims.services.rows import batches, update_rows
from claims.services.tables import lock_imports
from claims.terms import (
    ACCEPT_BY_POLICY,
    ADD,
    CORRECT,
    DISPUTE,
    FLAGS_ON_NUMBERS,
    REEXTRACT,
    SETTLE_FLAGS,
    SPLIT,
    VERIFY,
    WITHDRAW_TIER,
    CurationState,
    DecidedBy,
    RejectReason,
)

Table: TypeAlias = type[Claim] | type[Cost]
_TABLES: dict[str, Table] = {"claim": Claim, "cost": Cost}
_UNDO = "undo"
_REVERT = "revert"
_ACTIONS = {CurationState.ACCEPTED: "accept", CurationState.REJECTED: "reject", CurationState.UNREVIEWED: "reopen"}
ACTIONS_OF_PEOPLE = (*_ACTIONS.values(), CORRECT, ADD, SPLIT, VERIFY, DISPUTE, WITHDRAW_TIER, _UNDO, _REVERT)
"""The actions of the change sets in which a person spoke on a claim or a cost."""


class Origins(NamedTuple):
    """Where numbers stand: papers, and records of tables."""

    papers: set[int]
    records: set[int]


_NO_LONGER_ADDED = {
    **dict.fromkeys(decisions.DECIDED_FIELDS, ""),
    "state": CurationState.REJECTED.value,
    "decided_by": DecidedBy.PERSON.value,
    "reject_reason": RejectReason.NOT_A_RESULT.value,
    "reject_note": "It was added by a person, and that was taken back.",
}


def decide(statement: Claim | Cost, state: CurationState, *, actor: str, version: int, reason: str = "", note: str = "") -> ChangeSet:
    """Accept or reject a claim or a cost, or take the decision back.

    `version` is the statement's version that the person saw. A rejection needs a `RejectReason`. Raises `StaleObjectError` if
    it has changed since, `InvalidDecisionError` for a reason that doesn't fit.
    """
    return decide_all([(statement, version)], state, actor=actor, reason=reason, note=note)


@transaction.atomic
def decide_all(
    statements: Iterable[tuple[Claim | Cost, int]], state: CurationState, *, actor: str, reason: str = "", note: str = ""
) -> ChangeSet:
    """Decide on several (statement, version seen) pairs alike, in one change set: all or none.

    What is flagged on them is settled by that: a person has looked at the number.
    """
    check_reason(state, reason)
    given = list(statements)
    changed = [(statement, _set_word(statement, state, reason, note)) for statement in lock_for_decision(given)]
    changes = save_decided(_ACTIONS[state], actor, changed, reason=note)
    for statement, _ in given:
        statement.refresh_from_db()
    return changes


def check_reason(state: CurationState, reason: str) -> None:
    """Raise `InvalidDecisionError` for a reason that doesn't fit."""
    if state is CurationState.REJECTED and reason not in list(RejectReason):
        raise InvalidDecisionError("A rejection needs a reason: not a result, or wrongly read.")
    if state is not CurationState.REJECTED and reason:
        raise InvalidDecisionError("Only a rejection has a reason.")


def _set_word(statement: Claim | Cost, state: CurationState, reason: str, note: str) -> dict[str, Any]:
    """Let a locked statement be what a person says; return what it was before. Not saved."""
    before = decisions.state_of(statement)
    decided = DecidedBy.NOBODY if state is CurationState.UNREVIEWED else DecidedBy.PERSON
    after = {"state": state.value, "decided_by": decided.value, "reject_reason": reason, "reject_note": note if reason else ""}
    if state is not CurationState.ACCEPTED:
        after |= decisions.NO_TIER
    if state is CurationState.UNREVIEWED and statement.extracted:
        # As it was read: what a person made of it goes with that person's word.
        before |= decisions.correct_fields(statement, dict(statement.extracted))
    decisions.set_state(statement, decisions.state_of(statement) | after)
    return before


def lock_origins(wanted: Iterable[tuple[Table, int]]) -> Origins:
    """Lock the tables and the papers of statements, in the order in which ingest does; return them.

    Whoever decides on many at once does this first, and then takes the statements some at a time. Raises `StaleObjectError` if their
    papers were merged or split meanwhile: others are theirs then, which are not locked.
    """
    wanted = list(wanted)
    origins, sources = _find_origins(wanted)
    lock_imports(*(found for some in batches(sources) for found in Import.objects.filter(pk__in=some)))
    lock_papers(origins.papers)
    if _find_origins(wanted)[0] != origins:
        raise StaleObjectError("A paper of these numbers was merged or split in this moment. Look at them again, then decide.")
    return origins


def _find_origins(wanted: Iterable[tuple[Table, int]]) -> tuple[Origins, set[int]]:
    """Return where statements stand, and the tables of their records."""
    papers: set[int] = set()
    records: set[int] = set()
    sources: set[int] = set()
    for table, pks in _by_table(wanted).items():
        for some in batches(pks):
            for text_of, record, record_of, source in _fetch_origins(some, table=table):
                papers |= {paper for paper in (text_of, record_of) if paper is not None}
                if record is not None:
                    records.add(record)
                    sources.add(source)
    return Origins(papers, records), sources


@prepared_for_keys
def _fetch_origins(statements: Sequence[Any], *, table: Table) -> QuerySet[Any, Any]:
    places = table._default_manager.filter(pk__among=statements)
    return places.values_list("paper_text__paper", "source_record", "source_record__paper", "source_record__source")


def decide_part(
    changes: ChangeSet, table: Table, pks: Sequence[int], state: CurationState, *, reason: str = "", note: str = ""
) -> list[int]:
    """Decide on some numbers of an act on many, whose origins are locked; return those that are accepted now and were not.

    Flags on them are settled. The caller settles the rows and boards of all when the last part is decided on.
    """
    locked = _lock_rows(table, pks)
    changed = [(statement, _set_word(statement, state, reason, note)) for statement in locked]
    _save_part(changed)
    decisions.add(changes, changed)
    for flags in _flags_on(locked):
        _settle_flags(flags.filter(settled_by__isnull=True), changes)
    return [statement.pk for statement, before in changed if statement.state == CurationState.ACCEPTED != before["state"]]


def lock_for_decision(given: Iterable[tuple[Claim | Cost, int]]) -> list[Claim | Cost]:
    """Lock what (statement, version seen) pairs name, and return it as it is now. Raises `StaleObjectError` if something has changed."""
    seen = {(type(statement), statement.pk): version for statement, version in given}
    locked = _lock(seen)
    for statement in locked:
        if statement.version != seen[type(statement), statement.pk]:
            raise StaleObjectError(f"“{statement.stated}” was changed since you opened it. Look at it again, then decide.")
        if statement.retired_by_id is not None:
            raise StaleObjectError(f"“{statement.stated}” stands in an older text of its paper. Decide on what the current one says.")
    return locked


def save_decided(action: str, actor: str, changed: Sequence[tuple[Claim | Cost, dict[str, Any]]], *, reason: str) -> ChangeSet:
    """Save locked statements that a person decided on, each with its state before, as a change set; settle flags, rows and boards.

    What a person adds is new, and has version 1 in the record. Who wants to hear of accepted claims is told of those that were not
    accepted before.
    """
    for statement, _ in changed:
        if statement._state.adding:
            statement.save(force_insert=True)
        else:
            _save(statement)
    changes = decisions.record(action, actor, changed, reason=reason)
    _let_read_again(changed)
    locked = [statement for statement, _ in changed]
    for flags in _flags_on(locked):
        _settle_flags(flags.filter(settled_by__isnull=True), changes)
    _settle(locked)
    accepted = [(statement, before) for statement, before in changed if statement.state == CurationState.ACCEPTED != before["state"]]
    webhooks.note_accepted(changes, [statement.pk for statement, _ in accepted if isinstance(statement, Claim)])
    return changes


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take back what a change set decided, as a change set of its own.

    What was added is rejected then, and not deleted: its place is known as one that states no result.
    Flags that it settled are open again. Of what a policy accepted, the numbers that have moved on since stay as they are, and the
    reason of the new change set counts them. Raises `StaleObjectError` if something else that it decided has moved on, or all of it,
    `InvalidDecisionError` if it was undone already.
    """
    if change_set.action == REEXTRACT:
        raise InvalidDecisionError("What an extractor version reads can't be taken back. Accept or reject its numbers one by one.")
    decided: list[tuple[Table, int]] = []
    for kind, pk in change_set.decisions.order_by("object_kind", "object_id").values_list("object_kind", "object_id"):
        if kind not in _TABLES:
            raise InvalidDecisionError(f"A change to a {kind} can't be undone here.")
        decided.append((_TABLES[kind], pk))
    origins = lock_origins(decided)
    # Asked under the locks: of two that undo at once, the second is told.
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    moved = _find_moved(change_set, decided)
    if moved and change_set.action != ACCEPT_BY_POLICY:
        raise StaleObjectError(f"“{next(iter(moved.values()))}” was changed again since; undo the later change first.")
    if moved and len(moved) == len(decided):
        raise StaleObjectError("All of it was changed again since; nothing is left to take back.")
    reason = f"{len(moved)} of {len(decided)} numbers had been changed since and stay as they are." if moved else ""
    changes = decisions.record(_UNDO, actor, [], reason=reason, undoes=change_set)
    for table, pks in _by_table(decided).items():
        for some in batches(pk for pk in pks if (table, pk) not in moved):
            changed = _take_back(change_set, _lock_rows(table, some))
            corrected = any(before.keys() - set(decisions.DECIDED_FIELDS) for _, before in changed)
            _save_part(changed, decisions.columns_of(table) if corrected else ())
            decisions.add(changes, changed)
            _let_read_again(changed)
    Flag.objects.filter(settled_by=change_set).update(settled_by=None)
    results.settle_papers(origins.papers, record_ids=origins.records)
    return changes


def _find_moved(change_set: ChangeSet, decided: Sequence[tuple[Table, int]]) -> dict[tuple[Table, int], str]:
    """Lock what a change set decided on; return what has moved on since, with the numbers as stated."""
    moved: dict[tuple[Table, int], str] = {}
    for table, pks in _by_table(decided).items():
        for some in batches(pks):
            made = change_set.decisions.filter(object_kind=table._meta.model_name or "", object_id__in=some)
            versions = dict(made.values_list("object_id", "object_version"))
            rows: Any = table._default_manager
            locked = rows.select_for_update(of=("self",), no_key=True).filter(pk__in=some).order_by("pk")
            for pk, version, retired_by, stated in locked.values_list("pk", "version", "retired_by_id", "stated"):
                if version != versions[pk] or retired_by is not None:
                    moved[table, pk] = stated
    return moved


def _take_back(change_set: ChangeSet, locked: Sequence[Claim | Cost]) -> list[tuple[Claim | Cost, dict[str, Any]]]:
    """Let locked statements of one table be what they were before a change set; return each with what it was until now. Not saved."""
    kind = locked[0]._meta.model_name or "" if locked else ""
    made = change_set.decisions.filter(object_kind=kind, object_id__in=[statement.pk for statement in locked])
    decided = {decision.object_id: decision for decision in made}
    changed = []
    for statement in locked:
        decision = decided[statement.pk]
        before = decisions.state_of(statement) | {
            name: getattr(statement, name) for name in decision.before if name not in decisions.DECIDED_FIELDS
        }
        was_added = change_set.action in (ADD, SPLIT) and decision.object_version == 1
        decisions.set_state(statement, _NO_LONGER_ADDED if was_added else decision.before)
        changed.append((statement, before))
    return changed


@transaction.atomic
def revert(statement: Claim | Cost, decision: Decision, *, actor: str, version: int, reason: str = "", before: bool = False) -> ChangeSet:
    """Set a claim or a cost back to what was said of it after a decision of its history, or `before` it, as a change set of its own.

    Decided and corrected fields are as they were then; what nobody had corrected then is as it is read now. `version` is the one that the
    person saw. Raises `StaleObjectError` if the number has changed since or stands in an older text, `InvalidDecisionError` for a
    decision on something else, or if nothing would change.
    """
    if (decision.object_kind, decision.object_id) != (statement._meta.model_name, statement.pk):
        raise InvalidDecisionError("This decision is not one on this number.")
    (locked,) = lock_for_decision([(statement, version)])
    word = decisions.word_at(decision, before=before)
    was = decisions.word_on(locked)
    changed = decisions.say_again(locked, word)
    if decisions.word_on(locked) == was:
        raise InvalidDecisionError("It is so already: nothing would change.")
    if locked.value_max is not None and locked.value_max < locked.value:
        raise InvalidDecisionError("Its text was read anew since, and what was corrected then makes no range with it. Correct it instead.")
    when = f"{'before' if before else 'after'} “{decision.change_set.action}” ({decision.change_set.public_id})"
    changes = save_decided(_REVERT, actor, [(locked, changed)], reason=f"As it was {when}. {reason}".rstrip())
    statement.refresh_from_db()
    return changes


@transaction.atomic
def settle_flags(flags: Iterable[Flag], *, actor: str, reason: str = "") -> ChangeSet:
    """Say of flags that a person has seen to them, as a change set, whose undo opens them again.

    Raises `InvalidDecisionError` if all of them were settled already.
    """
    wanted = [flag.pk for flag in flags]
    # By id: of two that settle the same ones, the second waits here and finds them settled.
    open_ = Flag.objects.select_for_update(no_key=True).filter(pk__in=wanted, settled_by__isnull=True).order_by("pk")
    keys = list(open_.values_list("pk", flat=True))
    if not keys:
        raise InvalidDecisionError("These flags were settled already.")
    changes = decisions.record(SETTLE_FLAGS, actor, [], reason=reason)
    _settle_flags(Flag.objects.filter(pk__in=keys), changes)
    return changes


def _settle_flags(flags: QuerySet[Flag], changes: ChangeSet) -> None:
    """Have a change set settle flags. How the readers who reported something may be asked is of no use any more, and deleted."""
    if flags.update(settled_by=changes):
        Report.objects.filter(flag__settled_by=changes).exclude(contact="").update(contact="")


def _flags_on(statements: Iterable[Claim | Cost]) -> Iterator[QuerySet[Flag]]:
    """Yield the flags on numbers, open or settled: how a later reading or text has them, and what rules say of them."""
    given = list(statements)
    for name, table in _TABLES.items():
        for ids in batches(statement.pk for statement in given if isinstance(statement, table)):
            yield Flag.objects.filter(kind__in=FLAGS_ON_NUMBERS, object_kind=name, object_id__in=ids)


def _let_read_again(changed: Iterable[tuple[Claim | Cost, dict[str, Any]]]) -> None:
    """Let texts be read again where a person's word on a number is taken back that a run had to spare: what it reads may come in now."""
    freed = [
        statement
        for statement, before in changed
        if before["decided_by"] == DecidedBy.PERSON and statement.decided_by != DecidedBy.PERSON and statement.paper_text_id is not None
    ]
    if not freed:
        return
    flagged = {
        (flag_kind, pk) for flags in _flags_on(freed) for flag_kind, pk in flags.exclude(run=None).values_list("object_kind", "object_id")
    }
    readings: dict[int, tuple[int, int]] = {}
    for ids in batches(statement.paper_text_id or 0 for statement in freed):
        for pk, text, run in RunText.objects.filter(paper_text__in=ids).order_by("pk").values_list("pk", "paper_text", "run"):
            readings[text] = (pk, run)
    stale = {
        readings[text][0]
        for statement in freed
        if (text := statement.paper_text_id or 0) in readings
        and (readings[text][1] != statement.run_id or (statement._meta.model_name, statement.pk) in flagged)
    }
    for pks in batches(stale):
        RunText.objects.filter(pk__in=pks).update(stale=True)


def _lock(wanted: Iterable[tuple[Table, int]]) -> list[Claim | Cost]:
    """Lock the statements' tables and papers, then the statements: the order in which ingest takes them."""
    wanted = list(wanted)
    lock_origins(wanted)
    locked: list[Claim | Cost] = []
    for table, pks in _by_table(wanted).items():
        rows: Any = table._default_manager
        for some in batches(pks):
            found = rows.select_for_update(of=("self",), no_key=True).select_related("paper_text", "source_record")
            locked += found.filter(pk__in=some).order_by("pk")
    return locked


def _by_table(wanted: Iterable[tuple[Table, int]]) -> dict[Table, list[int]]:
    found: dict[Table, list[int]] = {}
    for table, pk in wanted:
        found.setdefault(table, []).append(pk)
    return found


def _lock_rows(table: Table, pks: Sequence[int]) -> list[Claim | Cost]:
    """Lock statements whose origins are locked, and return them without their texts."""
    rows: Any = table._default_manager
    locked: list[Claim | Cost] = list(rows.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk"))
    return locked


def _save_part(changed: Sequence[tuple[Claim | Cost, dict[str, Any]]], columns: Sequence[str] = ()) -> None:
    """Save locked statements of one table in one prepared statement: what a decision sets, or these columns."""
    if not changed:
        return
    for statement, _ in changed:
        statement.version += 1
    table = type(changed[0][0])
    decided = [*decisions.DECIDED_FIELDS, *(["result"] if table is Claim else [])]
    update_rows([statement for statement, _ in changed], [*(columns or decided), "version"])


def _save(statement: Claim | Cost) -> None:
    statement.version += 1
    statement.save(update_fields=[*decisions.columns_of(type(statement)), "version"])


def _settle(statements: Iterable[Claim | Cost]) -> None:
    given = list(statements)
    papers = {statement.paper_text.paper_id for statement in given if statement.paper_text is not None}
    records = [statement.source_record for statement in given if statement.source_record is not None]
    papers |= {record.paper_id for record in records if record.paper_id is not None}
    results.settle_papers(papers, record_ids={record.pk for record in records})
