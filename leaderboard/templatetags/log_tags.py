"""Says in words what people, policies and commands did. No queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from claims.boards import ACTION_WORDS, Act, Cell, LastWord, Told
from claims.boards.acts import name_of
from claims.models import ChangeSet, Claim, Cost, Dataset, Listing, MLModel, Paper
from claims.services import changes
from claims.terms import (
    ACCEPT_BY_POLICY,
    CONFIRM_ENTRIES,
    DISPUTE,
    EDIT_ENTRY,
    IMPORT_ENTRIES,
    MERGE,
    REEXTRACT,
    SETTLE_FLAGS,
    SHOW_TEXT,
    SPLIT_PAPER,
    VERIFY,
    WITHDRAW_TIER,
    WITHHOLD,
    CurationState,
    RejectReason,
)
from leaderboard.templatetags.board_tags import claim_number, measure_name
from leaderboard.templatetags.paper_tags import reject_reason
from leaderboard.templatetags.word_tags import plural

register = template.Library()

EN_DASH, ARROW = "–", "→"


# ---- who ----

_OF_PROGRAMS = {ACCEPT_BY_POLICY: "this site’s policy", REEXTRACT: "a new reading", "carry over": "a new reading"}
_OF_LISTINGS = ("stop", "read on", "retry", "withdraw", "set year", "name columns")


@register.simple_tag(takes_context=True)
def actor(context: template.Context, change_set: ChangeSet, kind: str = "") -> SafeString:
    """Return who did it: by name for those who may know names, else what they are. `kind` is that of an object that was decided on."""
    if context["sees_actors"]:
        return format_html("<b><bdi>{}</bdi></b>", change_set.actor)
    return mark_safe(_anonymous(change_set.action, kind))  # noqa: S308 - our own words


def _anonymous(action: str, kind: str) -> str:
    if action in _OF_PROGRAMS:
        return _OF_PROGRAMS[action]
    return "an uploader" if kind == "listing" or action in _OF_LISTINGS else "a curator"


@register.filter
def kind_of(act: Act) -> str:
    """Return of which kind the first object of an act is, '' for an act on none."""
    return act.told[0].decision.object_kind if act.told else ""


# ---- what ----

_VERBS = {
    "accept": "accepted {}",
    "reopen": "took {} back to unreviewed",
    "correct": "corrected {}",
    "undo": "took back what was decided on {}",
    "revert": "set {} back",
    VERIFY: "verified {}",
    DISPUTE: "disputed {}",
    WITHDRAW_TIER: "took back that {} was verified or disputed",
    WITHHOLD: "withheld the text of {} at request",
    SHOW_TEXT: "showed the text of {} again",
    SETTLE_FLAGS: "looked at what was flagged on {}",
    ACCEPT_BY_POLICY: "accepted {} automatically",
    REEXTRACT: "read {} anew",
    "carry over": "carried over what was decided on {}",
    "stop": "stopped reading {}",
    "read on": "had {} read on",
    "retry": "tried {} again",
    "withdraw": "withdrew {}",
    "set year": "set the year of {}",
    "name columns": "said what the columns of {} mean",
    MERGE: "merged {}",
    SPLIT_PAPER: "split off {}",
    EDIT_ENTRY: "edited {}",
    CONFIRM_ENTRIES: "confirmed {}",
    IMPORT_ENTRIES: "imported {}",
}
_KINDS = {
    "claim": "number,numbers",
    "cost": "number,numbers",
    "listing": "listing,listings",
    "task": "task,tasks",
    "dataset": "dataset,datasets",
    "metric": "metric,metrics",
    "mlmodel": "model,models",
    "paper": "paper,papers",
}
_OF_ENTRIES = ("task", "dataset", "metric", "mlmodel", "paper")


@register.filter
def action_words(action: str) -> str:
    """Return what an act is called: "flags looked at" for "settle"."""
    return ACTION_WORDS.get(action, action)


@register.simple_tag
def act_words(act: Act) -> SafeString:
    """Return what an act did: "accepted 84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet", "rejected 12 numbers as not a result"."""
    first = act.told[0] if act.told else None
    if act.count == 1 and first is not None:
        what: SafeString | str = object_words(first)
    elif first is None:
        what = ""
    else:
        what = plural(act.count, _KINDS.get(first.decision.object_kind, "object,objects"))
    return _with_verb(act.change_set.action, first, what)


@register.simple_tag
def decision_words(told: Told) -> SafeString:
    """Return what a decision did to the object whose history is told."""
    return _with_verb(told.decision.change_set.action, told, "it")


def _with_verb(action: str, first: Told | None, what: SafeString | str) -> SafeString:
    if action == "reject" and first is not None and (reason := first.decision.after.get("reject_reason")) and not first.is_hidden:
        return format_html("rejected {} as {}", what, reject_reason(reason) if reason in list(RejectReason) else reason)
    if action == "reject":
        return format_html("rejected {}", what)
    if action == "correct" and first is not None and (numbers := _corrected_number(first)) and what:
        return format_html("corrected {}: {}", what, numbers)
    if action == MERGE and first is not None and first.decision.object_kind in _OF_ENTRIES:
        into = _word(first, "merged_into_id", first.decision.after)
        moved = [plural(count, "number,numbers")] if (count := _moved(first.decision.after)) else []
        return format_html("merged {} into <bdi>{}</bdi>{}", what, into, "".join(f", {said}" for said in moved))
    if action == SETTLE_FLAGS and first is None:
        # It was opened again since.
        return mark_safe("looked at what was flagged")
    if action == "undo" and first is None:
        # What decided on nothing looked at flags.
        return mark_safe("opened again what was flagged")
    if action == EDIT_ENTRY and first is not None and "name" in first.decision.after:
        return format_html("renamed <bdi>{}</bdi> to <bdi>{}</bdi>", first.decision.before["name"], first.decision.after["name"])
    if action in _VERBS:
        return format_html(_VERBS[action], what)
    return format_html("{}{}", action, format_html(": {}", what) if what else "")


def _moved(state: Mapping[str, Any]) -> int:
    return sum(int(state.get(name) or 0) for name in ("claims", "costs"))


def _corrected_number(told: Told) -> str:
    before, after = told.decision.before, told.decision.after
    if told.is_hidden or "value" not in after or _range(before) == _range(after):
        return ""
    return f"{_range(before)} {ARROW} {_range(after)}"


def _range(state: Mapping[str, Any]) -> str:
    decimals = state.get("decimals")
    ends = [end for end in (state.get("value"), state.get("value_max")) if isinstance(end, int | float)]
    unit = state.get("unit") or ""
    printed = EN_DASH.join(f"{end:,.{decimals}f}" if isinstance(decimals, int) and abs(end) < 1e6 else f"{end:,.10g}" for end in ends)
    return f"{printed}{unit if unit in ('', '%') else f' {unit}'}"


@register.simple_tag
def object_words(told: Told) -> SafeString:
    """Return what an object is, with a link to its history."""
    decided = told.object
    if told.is_hidden:
        return mark_safe("a number that is not shown")
    if isinstance(decided, Listing):
        return format_html('<a href="{}"><bdi>{}</bdi></a>', decided.get_absolute_url(), decided.name)
    if isinstance(decided, Claim | Cost):
        return format_html('<a href="{}">{}</a>', history_url(decided), statement_words(decided))
    if isinstance(decided, Paper):
        return format_html('<a href="{}">“<bdi>{}</bdi>”</a>', decided.get_absolute_url(), decided.title)
    if isinstance(decided, Dataset | MLModel):
        return format_html('<a href="{}"><bdi>{}</bdi></a>', decided.get_absolute_url(), str(decided))
    if decided is not None:
        return format_html("<bdi>{}</bdi>", str(decided))
    return format_html("{}", f"{told.decision.object_kind} {told.decision.object_id}")


@register.simple_tag
def statement_words(statement: Claim | Cost) -> SafeString:
    """Return a number as a phrase: "84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet"."""
    model = statement.model_name or "the paper’s own method"
    if statement.variant:
        model = f"{model}, {statement.variant}"
    if isinstance(statement, Cost):
        return format_html("{} {} of <bdi>{}</bdi>", claim_number(statement, printed=True), measure_name(statement.measure).lower(), model)
    metric = statement.metric.name if statement.metric else statement.metric_name or "of an unknown metric"
    dataset = statement.dataset.name if statement.dataset else statement.dataset_name
    where = format_html(" on <bdi>{}</bdi>", dataset) if dataset else ""
    return format_html("{} <bdi>{}</bdi> of <bdi>{}</bdi>{}", claim_number(statement, printed=True), metric, model, where)


@register.simple_tag
def history_url(statement: Claim | Cost) -> str:
    return reverse("number-history", args=["cost" if isinstance(statement, Cost) else "claim", statement.public_id])


class Place(NamedTuple):
    """A page where an object stands."""

    label: str
    url: str


@register.filter
def places(told: Told) -> list[Place]:
    """Return where a number stands: its paper, its record, its board."""
    return places_of(told.object) if isinstance(told.object, Claim | Cost) else []


@register.filter
def places_of(statement: Claim | Cost) -> list[Place]:
    found = []
    record = statement.source_record
    paper = statement.paper_text.paper if statement.paper_text else record.paper if record else None
    if paper is not None:
        found.append(Place(paper.title, paper.get_absolute_url()))
    if record is not None and record.get_absolute_url():
        found.append(Place(str(record), record.get_absolute_url()))
    if isinstance(statement, Claim) and statement.result is not None:
        row, benchmark = statement.result, statement.result.benchmark
        found.append(
            Place(f"Board {benchmark.dataset.name}", f"{benchmark.get_absolute_url()}?role=all&open={row.public_id}#row-{row.public_id}")
        )
    return found


# ---- before and after ----


class Field(NamedTuple):
    """A field that a decision changed; '' is nothing."""

    name: str
    before: str
    after: str


_LABELS = {
    "value": "number",
    "value_max": "upper end",
    "ml_model_id": "model in the catalogue",
    "model_name": "model",
    "dataset_id": "dataset",
    "metric_id": "metric",
    "task_id": "task",
    "reject_reason": "rejected as",
    "reject_note": "note",
    "tier": "verified or disputed",
    "tier_reason": "why",
    "tier_link": "link",
    "year_source": "how the year is known",
    "merged_into_id": "merged into",
    "slug": "address",
    "arxiv_id": "arXiv id",
    "folded": "rows that met another",
    "text_withheld": "text withheld since",
}
_NOT_TOLD = ("alias", "aliases", "boards", "extracted", "model_key", "canonical_value", "canonical_max")
_COUNTED = ("claims", "costs", "rows", "folded")
"""What a merge moved."""
_TERMS = ("state", "decided_by", "reject_reason", "measure", "kind", "role", "year_source", "tier")


@register.filter
def changed_fields(told: Told) -> list[Field]:
    """Return field by field what an object was before and after a decision; nothing of a number that readers don't see."""
    if told.is_hidden:
        return []
    before, after = told.decision.before, told.decision.after
    fields = [
        Field(_LABELS.get(name, name.replace("_", " ")), _word(told, name, before), _word(told, name, after))
        for name in {**before, **after}
        if name not in _NOT_TOLD and before.get(name) != after.get(name)
    ]
    return [field for field in fields if field.before != field.after]


def _word(told: Told, name: str, state: Mapping[str, Any]) -> str:
    value = state.get(name)
    if value is None or value == "":
        return ""
    if name == "text_withheld":
        return date_format(datetime.fromisoformat(str(value)), "j M Y, H:i")
    if name.endswith("_id"):
        return told.names.get((name_of(told.decision, name), value), "an entry that is gone")
    if name == "setting" and isinstance(value, list):
        return ", ".join(str(condition.get("text", "")) for condition in value)
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return str(value)
    if value == 0 and name in _COUNTED:
        return ""
    if isinstance(value, int | float):
        decimals = state.get("decimals")
        of_number = name in ("value", "value_max") and isinstance(decimals, int) and abs(value) < 1e6
        return f"{value:,.{decimals}f}" if of_number else f"{value:.10g}"
    return str(value).replace("_", " ") if name in _TERMS else str(value)


@register.filter
def of(asked: Mapping[str, str], name: str) -> str:
    """Return what a query asks for under `name`."""
    return asked.get(name, "")


# ---- the last word ----


@register.filter
def word_on(words: Mapping[tuple[str, int], LastWord], cell: Cell) -> LastWord | None:
    """Return who decided last on a number of a board's row, None for nobody."""
    return words.get(("cost" if cell.measure else "claim", cell.pk)) if words else None


@register.filter
def verb(state: str) -> str:
    """Return what a last word did to what is in this state now."""
    return {CurationState.ACCEPTED: "accepted", CurationState.REJECTED: "rejected"}.get(CurationState(state), "taken back")


@register.filter
def is_undoable(act: Act) -> bool:
    """Say whether an act is of a kind that can be taken back, and was not: one that decided something, or settled flags."""
    return (
        (act.count > 0 or act.change_set.action == SETTLE_FLAGS)
        and act.undone_by is None
        and act.change_set.action not in (REEXTRACT, "stop", "read on", "retry", "name columns")
        and not changes.is_final(act.change_set)
    )
