"""What a person makes of a number that was wrongly read. The text's own characters and sentence stay; what was read is kept beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from django.db import transaction

from claims import keys
from claims.errors import InvalidDecisionError
from claims.extraction.quantities import CellNumber, parse_cell
from claims.extraction.table_numbers import measure_price, measure_score, refuse_price
from claims.models import ChangeSet, Claim, Cost, Dataset, Metric, MLModel, Paper, Task
from claims.services import catalog, curation, decisions, search_names, statements
from claims.terms import AliasKind, ClaimKind, CostMeasure, CurationState, DecidedBy, Qualifier, Role

LONGEST_NAME = 300
CORRECT = "correct"


class Correction(TypedDict):
    """What a number is to be. What is left out stays; names are those of the catalogue, or new ones.

    `number` is written as people write it, with a unit where it has one: "86.5%", "76.5-80.9", "25M", "4.5 GFLOPs". `model` '' is the
    paper's own method without a name. `task`, `dataset` and `metric` None are not known.
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
    changes = curation.save_decided(CORRECT, actor, [(locked, before)], reason=reason)
    statement.refresh_from_db()
    return changes


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
    if "model" in named:
        name, model = named["model"]
        fields |= {"model_name": name, "model_key": keys.name_key(name) if name else "", "ml_model_id": model.pk if model else None}
    for kind in OF_CLAIMS & named.keys():
        fields[f"{kind}_id"] = named[kind].pk if named[kind] is not None else None
    if wanted.keys() & {"number", "measure", "metric", "kind"}:
        fields |= _measure(statement, wanted, named)
    return fields


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
