"""Tells what people made of numbers, beside what was read, and who changed one since somebody looked at it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from claims.extraction.drafts import PERSON_RULE
from claims.extraction.quantities import parse_cell
from claims.models import Claim, Cost, Dataset, Decision, Metric, PaperText, Task
from claims.terms import ADD, CORRECT, REEXTRACT, SPLIT, ClaimKind, CurationState, Qualifier, RejectReason, Role

QUALIFIER_WORDS = {
    Qualifier.EXACT: "exactly",
    Qualifier.ABOUT: "about",
    Qualifier.OVER: "more than",
    Qualifier.UNDER: "less than",
    Qualifier.AT_MOST: "up to",
    Qualifier.AT_LEAST: "at least",
}
KIND_WORDS = {
    ClaimKind.ABSOLUTE: "the value itself",
    ClaimKind.DELTA: "a difference",
    ClaimKind.RATIO: "a ratio",
}
ROLE_WORDS = {Role.PROPOSED: "the paper’s own", Role.BASELINE: "quoted from others"}
REASON_WORDS = {RejectReason.NOT_A_RESULT: "not a result", RejectReason.WRONGLY_READ: "wrongly read"}
NONE = "none"
NOT_KNOWN = "not known"

_Columns = Mapping[str, Any]
_Names = Mapping[tuple[str, int], str]


@dataclass(frozen=True, slots=True)
class Changed:
    """A field of a number in words, before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a person made of a number: the fields as they were read and as they are. `added`: no extraction read it, a person marked it.

    `actor` said so `when`; '' and None for a word that was carried over from an earlier text.
    """

    actor: str
    when: datetime | None
    added: bool
    fields: list[Changed]


@dataclass(frozen=True, slots=True)
class ChangeSince:
    """What somebody, or a later reading, changed of a number."""

    actor: str
    when: datetime
    action: str
    reason: str
    fields: list[Changed]


def is_corrected(statement: Claim | Cost) -> bool:
    """Say whether a person made anything of a number beyond accepting it."""
    return bool(statement.extracted) or PERSON_RULE in statement.rules


def read_corrections(statements: Iterable[Claim | Cost]) -> dict[tuple[str, int], Corrected]:
    """Return what was corrected or added, by ("claim" or "cost", pk), in a fixed number of queries; without any there is none.

    The statements' texts must be loaded.
    """
    told = {(statement._meta.model_name or "", statement.pk): statement for statement in statements if is_corrected(statement)}
    if not told:
        return {}
    acts = Decision.objects.filter(_on(told), change_set__action__in=(CORRECT, ADD, SPLIT), change_set__undone_by__isnull=True)
    last = {(act.object_kind, act.object_id): act.change_set for act in acts.select_related("change_set").order_by("pk")}
    names = _read_names(columns for statement in told.values() for columns in (_columns(statement), statement.extracted))
    found = {}
    for key, statement in told.items():
        now = _columns(statement)
        fields = _compare(statement, {**now, **statement.extracted}, now, names)
        act = last.get(key)
        added = PERSON_RULE in statement.rules
        found[key] = Corrected(act.actor if act else "", act.created if act else None, added=added, fields=fields)
    return found


def read_changes(statement: Claim | Cost, *, since: int) -> list[ChangeSince]:
    """Return what was done to a number since the version that somebody saw, the latest first."""
    key = statement._meta.model_name or "", statement.pk
    made = Decision.objects.filter(_on([key]), object_version__gt=since).select_related("change_set").order_by("-pk")
    acts = list(made[:20])
    now = _columns(statement)
    names = _read_names([now, *(side for act in acts for side in (act.before, act.after))])
    changes = []
    for act in acts:
        if act.change_set.action == REEXTRACT:
            # A reading keeps its own words.
            fields = [Changed(label, str(act.before[label]) or NONE, str(act.after.get(label, "")) or NONE) for label in act.before]
        else:
            before = {**now, **act.before}
            fields = _compare(statement, before, now, names)
            now = before
        changes.append(ChangeSince(act.change_set.actor, act.change_set.created, act.change_set.action, act.change_set.reason, fields))
    return changes


def _on(keys: Collection[tuple[str, int]]) -> Q:
    of = Q()
    for kind in sorted({kind for kind, _ in keys}):
        of |= Q(object_kind=kind, object_id__in=[pk for of_kind, pk in keys if of_kind == kind])
    return of


def _columns(statement: Claim | Cost) -> dict[str, Any]:
    return {field.attname: getattr(statement, field.attname) for field in statement._meta.concrete_fields}


_ENTRIES: dict[str, Any] = {"task_id": Task, "dataset_id": Dataset, "metric_id": Metric}


def _read_names(columns: Iterable[_Columns]) -> _Names:
    """Return what the entries of the catalogue are called that the columns name, by the column and the id."""
    wanted: dict[str, set[int]] = {name: set() for name in _ENTRIES}
    for each in columns:
        for name, ids in wanted.items():
            if each.get(name) is not None:
                ids.add(each[name])
    return {
        (name, pk): called
        for name, ids in wanted.items()
        if ids
        for pk, called in _ENTRIES[name].objects.filter(pk__in=ids).values_list("pk", "name")
    }


def _compare(statement: Claim | Cost, before: _Columns, after: _Columns, names: _Names) -> list[Changed]:
    text = statement.paper_text
    was, now = _describe(before, text, names), _describe(after, text, names)
    return [Changed(label, was[label], now[label]) for label in now if was[label] != now[label]]


def _describe(columns: _Columns, text: PaperText | None, names: _Names) -> dict[str, str]:
    """Return a number's fields in words, in the order of the form."""
    said = {
        "state": columns["state"]
        + (f", {REASON_WORDS[RejectReason(columns['reject_reason'])]}" if columns["state"] == CurationState.REJECTED else ""),
        "verified or disputed": f"{columns['tier']}: {columns['tier_reason']} ({columns['tier_link']})" if columns["tier"] else NONE,
        "number": write_number(*(columns[name] for name in _NUMBER)),
        "how exactly": QUALIFIER_WORDS[Qualifier(columns["qualifier"])],
        "kind": KIND_WORDS[ClaimKind(columns["kind"])],
        "whose": ROLE_WORDS[Role(columns["role"])],
        "model": columns["model_name"] or "the paper’s own method",
        "variant": columns["variant"] or NONE,
        "setting": ", ".join(condition["text"] for condition in columns["setting"]) or NONE,
    }
    if "measure" in columns:
        said["measure"] = columns["measure"].replace("_", " ")
        said |= {name: columns[name] or NONE for name in ("condition", "note")}
    else:
        for name in _ENTRIES:
            kind = name.removesuffix("_id")
            called = names.get((name, columns[name])) if columns[name] is not None else None
            said[kind] = called or columns[f"{kind}_name"] or NOT_KNOWN
    if text is not None:
        said["sentence"] = text.shown_part(columns["field"])[columns["evidence_start"] : columns["evidence_end"]]
    return said


# ---- numbers as people write them ----

_NUMBER = ("value", "value_max", "unit", "decimals", "uncertainty")
_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1.0, ""))


def write_number(value: float, value_max: float | None, unit: str, decimals: int, uncertainty: float | None) -> str:
    """Return a number as people write it, with its unit: "86.5%", "76.5-80.9%", "25M", "4.5 GFLOPs"."""
    ends = [value] if value_max is None else [value, value_max]
    scale, letter = next(
        (size, letter)
        for size, letter in (_SCALES if not unit else _SCALES[-1:])
        if size == 1.0 or all(abs(end) >= size and _is_exact(end / size, decimals) for end in ends)
    )
    text = "-".join(f"{end / scale:.{decimals}f}" for end in ends)
    if uncertainty is not None:
        text += f" ± {uncertainty / scale:g}"
    return f"{text}{letter}{unit if unit in ('%', 'x') else f' {unit}'}".rstrip()


def _is_exact(number: float, decimals: int) -> bool:
    return abs(round(number, decimals) - number) <= 1e-9 * max(1.0, abs(number))


def number_as_written(statement: Claim | Cost) -> str:
    """Return the number of a statement for a form: as its text prints it, if that is what it still is."""
    written = write_number(*(getattr(statement, name) for name in _NUMBER))
    for text in (statement.stated, f"{statement.stated}{statement.unit}", f"{statement.stated} {statement.unit}"):
        read = parse_cell(text)
        if isinstance(read, tuple) and len(read) == 1:
            number = read[0]
            same = (number.value, number.value_max, number.unit, number.decimals, number.uncertainty)
            if same == tuple(getattr(statement, name) for name in _NUMBER):
                return text.strip()
    return written
