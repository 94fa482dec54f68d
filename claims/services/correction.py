"""What a person makes of a number that was wrongly read, or not at all.

The text's own characters and the number's place in them stay; what was read is kept beside what it was corrected to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict, TypeVar

from django.db import transaction
from django.db.models import Max

from claims import keys
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction.drafts import PERSON_RULE
from claims.extraction.quantities import CellNumber, parse_cell
from claims.extraction.table_numbers import measure_price, measure_score, refuse_price
from claims.extraction.text import normalise, sentences
from claims.models import ChangeSet, Claim, Cost, Dataset, Metric, MLModel, Paper, PaperText, RunText, Task
from claims.services import catalog, curation, decisions, search_names, statements
from claims.services.papers import lock_papers
from claims.terms import ADD, CORRECT, SPLIT, AliasKind, ClaimKind, CostMeasure, CurationState, DecidedBy, Qualifier, Role, TextField

LONGEST_NAME = 300
LONGEST_STATED = 200

_Statement = TypeVar("_Statement", Claim, Cost)


class Place(NamedTuple):
    """Where a number stands in a text, in code points, end exclusive."""

    field: TextField
    start: int
    end: int


class Correction(TypedDict):
    """What a number is to be. What is left out stays; names are those of the catalogue, or new ones.

    `number` is written as people write it, with a unit where it has one: "86.5%", "76.5-80.9", "25M", "4.5 GFLOPs". `model` '' is the
    paper's own method without a name. `task`, `dataset` and `metric` None are not known. `evidence` is where the sentence stands that
    states it, in code points, end exclusive.
    """

    number: NotRequired[str]
    qualifier: NotRequired[Qualifier]
    kind: NotRequired[ClaimKind]
    role: NotRequired[Role]
    model: NotRequired[str]
    variant: NotRequired[str]
    setting: NotRequired[list[dict[str, str]]]
    task: NotRequired[str | None]
    dataset: NotRequired[str | None]
    metric: NotRequired[str | None]
    measure: NotRequired[CostMeasure]
    condition: NotRequired[str]
    note: NotRequired[str]
    evidence: NotRequired[tuple[int, int]]


OF_CLAIMS = frozenset({"task", "dataset", "metric"})
OF_COSTS = frozenset({"measure", "condition", "note"})


@transaction.atomic
def correct(statement: Claim | Cost, wanted: Correction, *, actor: str, version: int, reason: str = "", may_add: bool = False) -> ChangeSet:
    """Correct a claim or a cost, and accept it. Return the change set, whose undo brings back what stood before.

    `version` is the one that the person saw. A name that the catalogue doesn't know becomes a new entry if the person `may_add` it.
    Raises `StaleObjectError` if the number has changed since, `InvalidDecisionError` for what can't be, with the field that is to blame.
    """
    (locked,) = curation.lock_for_decision([(statement, version)])
    # Under the paper's lock, as reading does: models and entries are made by who holds it, and nobody waits crosswise.
    named = _find_names(locked, wanted, may_add=may_add)
    fields = _fields_of(locked, wanted, named)
    before = decisions.state_of(locked) | decisions.correct_fields(locked, fields)
    decisions.set_state(locked, _ACCEPTED)
    changes = curation.save_decided(CORRECT, actor, [(locked, before)], reason=_with_lost_tier(before, reason))
    statement.refresh_from_db()
    return changes


@transaction.atomic
def add(
    table: type[_Statement], text: PaperText, place: Place, said: Correction, *, actor: str, reason: str = "", may_add: bool = False
) -> tuple[_Statement, ChangeSet]:
    """Add a claim or a cost that extraction missed, accepted, at the place of its number. What is left out of `said` is as in most texts.

    Re-extraction leaves it alone, as all that a person decided on; undone it is rejected. Raises `StaleObjectError` if the paper has
    another text by now, `InvalidDecisionError` for what can't be: a place without a number, or one where a number was read already.
    """
    (paper,) = lock_papers([text.paper_id])
    if paper.current_text_id != text.pk:
        raise StaleObjectError("This paper has another text by now. Look at that, and mark the number there.")
    run = RunText.objects.filter(paper_text=text).order_by("-pk").first()
    if run is None:
        raise StaleObjectError("This text is not read yet. Wait until it is: the number may be found.")
    stated = check_place(text, place)
    same_part = {"paper_text": text, "field": place.field}
    statement = table(**same_part, start=place.start, end=place.end, stated=stated, run_id=run.run_id, rules=[PERSON_RULE])
    statement.value, statement.kind, statement.role = 0.0, said.get("kind", ClaimKind.ABSOLUTE), said.get("role", Role.PROPOSED)
    if isinstance(statement, Cost):
        statement.measure = said.get("measure", CostMeasure.OTHER)
    statement.evidence_start, statement.evidence_end = place.start, place.end
    wanted: Correction = {"number": stated, "model": "", "evidence": (place.start, place.end), **said}
    _find_evidence(statement, wanted["evidence"])
    statement.evidence_start, statement.evidence_end = wanted["evidence"]
    for name, value in _fields_of(statement, wanted, _find_names(statement, wanted, may_add=may_add)).items():
        setattr(statement, name, value)
    _find_ordinal(statement)
    return statement, _save_added(ADD, [(statement, decisions.state_of(statement))], actor=actor, reason=reason)


def check_place(text: PaperText, place: Place) -> str:
    """Return what is printed at a place, a number that nobody has read yet. Raises `InvalidDecisionError` for any other place."""
    part = text.part(place.field)
    stated = part[place.start : place.end]
    if not 0 <= place.start < place.end <= len(part):
        raise _refuse("place", f"There is no such place: the {place.field} goes from 0 to {len(part)}.")
    if len(stated) > LONGEST_STATED or not re.search(r"\d", stated) or stated != stated.strip():
        raise _refuse("place", f"“{stated[:60]}” is no number. Mark its digits, with its sign and unit if they stand beside it.")
    for table in (Claim, Cost):
        there: Any = table._default_manager.current().filter(paper_text=text, field=place.field)
        if (known := there.filter(start__lt=place.end, end__gt=place.start).first()) is not None:
            raise _refuse("place", f"“{known.stated}” is read there already: correct it, or accept it if it was rejected.")
    return stated


def sentence_around(text: PaperText, place: Place) -> tuple[int, int]:
    """Return where the sentence stands that holds a place, in code points; the place itself where sentences part it."""
    spans = sentences(normalise(text.part(place.field)))
    return next(((start, end) for start, end in spans if start <= place.start and place.end <= end), (place.start, place.end))


@transaction.atomic
def split(statement: Claim | Cost, *, actor: str, version: int) -> tuple[Claim | Cost, ChangeSet]:
    """Make two numbers of a range: this one keeps the lower end, a new one at the other number's own place has the upper. Both accepted.

    Returns the new one. Raises `StaleObjectError` if the number has changed since, `InvalidDecisionError` for what is no range of two
    numbers in a text.
    """
    (locked,) = curation.lock_for_decision([(statement, version)])
    printed = list(re.finditer(r"\d+(?:[.,]\d+)*", locked.stated))
    if locked.value_max is None or locked.paper_text is None or len(printed) != 2:
        raise InvalidDecisionError(f"“{locked.stated}” is no range of two numbers: correct it instead.")
    text: Any = locked.paper_text
    start, end = (locked.start + at for at in printed[1].span())
    if text.part(locked.field)[start:end] != printed[1][0]:
        raise InvalidDecisionError(f"“{locked.stated}” does not stand so in the text: correct it instead.")
    before = decisions.state_of(locked)
    copied = {field.attname: getattr(locked, field.attname) for field in locked._meta.concrete_fields if field.attname not in _OWN}
    upper = type(locked)(**copied, start=start, end=end, stated=printed[1][0], rules=[PERSON_RULE], version=1)
    upper.value, upper.value_max = locked.value_max, None
    upper.canonical_value, upper.canonical_max = locked.canonical_max, None
    unread = decisions.state_of(upper)
    _find_ordinal(upper)
    lower: dict[str, Any] = {"value_max": None, "canonical_max": None}
    before |= decisions.correct_fields(locked, lower)
    decisions.set_state(locked, _ACCEPTED)
    changes = _save_added(SPLIT, [(locked, before), (upper, unread)], actor=actor, reason=_with_lost_tier(before, ""))
    statement.refresh_from_db()
    return upper, changes


def _with_lost_tier(before: Mapping[str, Any], reason: str) -> str:
    """Return why a number is corrected, and with it that nobody verified or disputed what it says now: that was of the number before."""
    lost = f"It was {before['tier']}, and that was said of the number before: {before['tier_link']}" if before["tier"] else ""
    return " ".join(filter(None, [reason, lost]))


_OWN = frozenset(
    {
        *("id", "public_id", "version", "start", "end", "ordinal", "stated", "rules", "inferred", "confidence", "extracted", "result_id"),
        *decisions.DECIDED_FIELDS,
    }
)
"""What a number that comes out of another one doesn't share with it."""


def _find_ordinal(statement: Claim | Cost) -> None:
    """Give a new statement the next number at its place: what is hidden there keeps its own."""
    rows: Any = type(statement)._default_manager
    same = rows.filter(paper_text=statement.paper_text, field=statement.field, start=statement.start, end=statement.end)
    last: int | None = same.aggregate(last=Max("ordinal"))["last"]
    statement.ordinal = 0 if last is None else last + 1


def _save_added(action: str, added: list[tuple[Any, dict[str, Any]]], *, actor: str, reason: str = "") -> ChangeSet:
    for statement, _ in added:
        decisions.set_state(statement, _ACCEPTED)
    return curation.save_decided(action, actor, added, reason=reason)


_ACCEPTED = {
    **dict.fromkeys(decisions.DECIDED_FIELDS, ""),
    "state": CurationState.ACCEPTED.value,
    "decided_by": DecidedBy.PERSON.value,
}


def _refuse(field: str, message: str) -> InvalidDecisionError:
    return InvalidDecisionError(message, field=field)


# ---- names ----


def _find_names(statement: Claim | Cost, wanted: Correction, *, may_add: bool) -> dict[str, Any]:
    """Return what the names stand for; new ones are made, in the order in which reading makes them: the model, then the entries."""
    own = OF_CLAIMS if isinstance(statement, Claim) else OF_COSTS
    if strange := next((name for name in wanted if name in (OF_CLAIMS | OF_COSTS) - own), None):
        raise _refuse(strange, f"A {statement._meta.verbose_name} has no {strange}.")
    named: dict[str, Any] = {}
    paper = _paper_of(statement)
    if "model" in wanted or "role" in wanted:
        model = " ".join(wanted.get("model", statement.model_name).split())
        named["model"] = _find_model(model, wanted.get("role", Role(statement.role)), paper, statement.evidence)
    for kind in (AliasKind.DATASET, AliasKind.METRIC, AliasKind.TASK):
        name = wanted.get(kind.value, "")
        if name is None:
            named[kind.value] = None
        elif isinstance(name, str) and name:
            named[kind.value] = _find_entry(kind, " ".join(name.split()), paper, statement.evidence, may_add=may_add)
    return named


def _paper_of(statement: Claim | Cost) -> Paper | None:
    if statement.paper_text is not None:
        return statement.paper_text.paper
    return statement.source_record.paper if statement.source_record is not None else None


_TABLES: Mapping[AliasKind, type[Task] | type[Dataset] | type[Metric]] = {
    AliasKind.TASK: Task,
    AliasKind.DATASET: Dataset,
    AliasKind.METRIC: Metric,
}


def find_unknown_names(wanted: Correction) -> list[AliasKind]:
    """Return the fields whose names nothing in the catalogue answers to: they need the person's word to be added."""
    unknown = []
    for kind in _TABLES:
        name = " ".join(str(wanted.get(kind.value) or "").split())
        if name and not _TABLES[kind]._default_manager.filter(slug=name).exists() and not catalog.find_names(kind, [name]):
            unknown.append(kind)
    return unknown


def _find_entry(kind: AliasKind, name: str, paper: Paper | None, sentence: str, *, may_add: bool) -> Any:
    if len(name) > LONGEST_NAME:
        raise _refuse(kind.value, f"A name has at most {LONGEST_NAME} characters.")
    by_slug: Any = _TABLES[kind]._default_manager.filter(slug=name).first()
    if by_slug is not None:
        return by_slug.root()
    if not may_add and not catalog.find_names(kind, [name]):
        raise _refuse(kind.value, f"The catalogue knows no {kind.value} called “{name[:60]}”. Correct the name, or add it as a new one.")
    return catalog.resolve_names(kind, {name: (paper, sentence)}, makes_tasks=True)[name]


def _find_model(name: str, role: Role, paper: Paper | None, sentence: str) -> tuple[str, MLModel | None]:
    """Return a model's name, and the model: the paper's own one, made at need, or the only one that others know by it; else None."""
    if len(name) > LONGEST_NAME:
        raise _refuse("model", f"A name has at most {LONGEST_NAME} characters.")
    key = statements.model_key(name)
    if not key:
        return "", None
    if role is Role.PROPOSED and paper is not None:
        slug = catalog.make_slug(name, unique_by=paper.arxiv_id or paper.title_key)
        own, made = MLModel.objects.get_or_create(
            name_key=key, introduced_by=paper, defaults={"name": name, "slug": slug, "introduced_in": sentence}
        )
        if made:
            search_names.add_models([own])
        return name, own.root()
    return name, statements.find_only_model(key)


# ---- fields ----

_LONGEST: Mapping[str, int] = {
    name: getattr(Cost._meta.get_field(name), "max_length", None) or 0 for name in ("variant", "condition", "note")
}


def _fields_of(statement: Claim | Cost, wanted: Correction, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that a correction sets. Raises `InvalidDecisionError` for what no number can be."""
    fields: dict[str, Any] = {name: str(wanted[name]) for name in ("qualifier", "kind", "role", "measure") if name in wanted}
    for name in ("variant", "condition", "note"):
        if name in wanted:
            text = " ".join(str(wanted[name]).split())
            longest = _LONGEST[name]
            if len(text) > longest:
                raise _refuse(name, f"It has at most {longest} characters.")
            fields[name] = text
    if "setting" in wanted:
        fields["setting"] = _read_setting(wanted["setting"])
    if "evidence" in wanted:
        fields |= _find_evidence(statement, wanted["evidence"])
    if "model" in named:
        name, model = named["model"]
        fields |= {"model_name": name, "model_key": keys.name_key(name) if name else "", "ml_model_id": model.pk if model else None}
    for kind in OF_CLAIMS & named.keys():
        fields[f"{kind}_id"] = named[kind].pk if named[kind] is not None else None
    if wanted.keys() & {"number", "measure", "metric", "kind"}:
        fields |= _measure(statement, wanted, named)
    return fields


def _find_evidence(statement: Claim | Cost, span: tuple[int, int]) -> dict[str, int]:
    """Return the columns of where a number's sentence stands: in its own part of the text, around the number."""
    if statement.paper_text is None:
        raise _refuse("evidence", "A table's number has no sentence.")
    start, end = span
    longest = len(statement.paper_text.part(statement.field))
    if not 0 <= start < end <= longest:
        raise _refuse("evidence", f"There is no such place: the {statement.field} goes from 0 to {longest}.")
    if start > statement.start or end < statement.end:
        raise _refuse("evidence", f"It must hold the number, which stands from {statement.start} to {statement.end}.")
    return dict(zip(decisions.EVIDENCE, span, strict=True))


def _measure(statement: Claim | Cost, wanted: Correction, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number as it is stated and in its measure's one unit."""
    if "number" in wanted:
        parsed = parse_cell(wanted["number"])
        if not isinstance(parsed, tuple) or len(parsed) != 1:
            raise _refuse("number", f"“{wanted['number'][:60]}” can't be read as one number. Write it like 86.5%, 76.5-80.9, 25M or 30 ms.")
        number = parsed[0]
    else:
        number = CellNumber(
            # What was corrected is no longer what these characters say.
            stated="" if "value" in statement.extracted else statement.stated,
            value=statement.value,
            value_max=statement.value_max,
            unit=statement.unit,
            decimals=statement.decimals,
            uncertainty=statement.uncertainty,
            qualifier=Qualifier(statement.qualifier),
        )
    kind = wanted.get("kind", ClaimKind(statement.kind))
    if isinstance(statement, Cost):
        measure = wanted.get("measure", CostMeasure(statement.measure))
        if kind is not ClaimKind.RATIO and (refused := refuse_price(number, measure, statement.unit)):
            raise _refuse("number" if "number" in wanted else "measure", refused)
        measured = measure_price(number, measure, "" if kind is ClaimKind.RATIO else statement.unit)
    else:
        metric: Metric | None = named.get("metric", statement.metric)
        percent = metric is not None and metric.unit == "%"
        measured = measure_score(number, "" if number.unit else statement.unit, percent=percent)
        _check_bounds(metric, kind, measured.canonical_value, measured.canonical_max)
    fields = _columns(measured, number)
    if "number" in wanted and "qualifier" not in wanted:
        fields["qualifier"] = number.qualifier.value
    # How many times as much is in no unit.
    return fields | {"canonical_value": None, "canonical_max": None} if kind is ClaimKind.RATIO else fields


def _columns(measured: Any, number: CellNumber) -> dict[str, Any]:
    if measured.value_max is not None and measured.value_max < measured.value:
        raise _refuse("number", "A range ends below its start.")
    return {
        "value": measured.value,
        "value_max": measured.value_max,
        "unit": measured.unit[:40],
        "canonical_value": measured.canonical_value,
        "canonical_max": measured.canonical_max,
        "decimals": number.decimals,
        "uncertainty": number.uncertainty,
    }


def _check_bounds(metric: Metric | None, kind: ClaimKind, low: float | None, high: float | None) -> None:
    if metric is None or kind is not ClaimKind.ABSOLUTE:
        return
    for value in (low, high):
        below = value is not None and metric.lower_bound is not None and value < metric.lower_bound
        above = value is not None and metric.upper_bound is not None and value > metric.upper_bound
        if below or above:
            least, most = metric.lower_bound, metric.upper_bound
            bounds = f"{'any' if least is None else f'{least:g}'} to {'any' if most is None else f'{most:g}'}"
            raise _refuse("number", f"{value:g} is no value of {metric.name}, which goes from {bounds}.")


def _read_setting(stated: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: " ".join(condition[name].split()) for name in ("kind", "value", "text")} for condition in stated]
