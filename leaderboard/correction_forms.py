"""The forms of a correction. Field checks only; what a number can be is the services' business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.templatetags.static import static
from django.urls import reverse

from claims import boards
from claims.extraction.quantities import parse_cell
from claims.models import Claim, Cost
from claims.services.correction import LONGEST_NAME, Correction, Place
from claims.terms import AliasKind, ClaimKind, ConditionKind, CostMeasure, Qualifier, Role, TextField

LAST = 2**31 - 1
MOST_CONDITIONS = 20
NAMES = (AliasKind.MODEL, AliasKind.TASK, AliasKind.DATASET, AliasKind.METRIC)
"""The fields that hold names of the catalogue, by their kinds."""


def _text(label: str, longest: int, **fields: Any) -> forms.CharField:
    longer = f"It has at most {longest} characters."
    nul = "It holds a character that is none of a text."
    return forms.CharField(
        label=label,
        required=False,
        max_length=longest,
        error_messages={"max_length": longer, "null_characters_not_allowed": nul},
        **fields,
    )


def _choice(label: str, words: dict[Any, str]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[(str(value), word) for value, word in words.items()],
        error_messages={"required": "Choose one.", "invalid_choice": "There is no such choice. Choose one of these."},
    )


def _place(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=LAST,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "A place is a whole number from 0 to the end of the text."),
    )


def _dress(form: forms.Form) -> None:
    """Give the fields their look."""
    for field in form.fields.values():
        classes = {forms.Select: "select", forms.CheckboxInput: "check"}
        field.widget.attrs["class"] = next((name for of, name in classes.items() if isinstance(field.widget, of)), "input")
        if isinstance(field.widget, forms.TextInput):
            field.widget.attrs["autocomplete"] = "off"


def _finds_names(kind: AliasKind) -> dict[str, str]:
    """Return what makes a text field one that suggests the catalogue's names where scripts run, as the search field does."""
    return {
        "autocapitalize": "none",
        "spellcheck": "false",
        "data-search": static("django_htmx/htmx-2.min.js"),
        "hx-get": reverse("suggest-names", args=[kind.value]),
        "hx-trigger": "input changed delay:150ms, suggest",
        "hx-target": f"#id_{kind}-suggestions",
        "hx-sync": "this:replace",
    }


class StatementForm(forms.Form):
    """What a number is said to be. Its errors stand at the fields; what is wrong with a sentence stands at its beginning."""

    number = forms.CharField(
        label="Number",
        help_text="With its unit, as people write it: 86.5%, 76.5-80.9, 25M, 4.5 GFLOPs, 30 ms.",
        max_length=100,
        error_messages={
            "required": "No number was given. Write it like 86.5%, 76.5-80.9, 25M or 30 ms.",
            "max_length": "It has at most 100 characters.",
        },
    )
    qualifier = _choice("How exactly", boards.QUALIFIER_WORDS)
    kind = _choice("Kind", boards.KIND_WORDS)
    role = _choice("Whose", boards.ROLE_WORDS)
    model = _text("Model", LONGEST_NAME, help_text="Empty for the paper’s own method without a name.")
    variant = _text("Variant", LONGEST_NAME, help_text="Which form of the model: its size, its backbone.")
    evidence_start = _place("First character")
    evidence_end = _place("Behind the last one")
    may_add = forms.BooleanField(label="Add names that the catalogue doesn’t know", required=False)
    reason = _text("Why", 2000, help_text="What is said for it; it stands in the history.")

    def __init__(self, *args: Any, of_table: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of_table:
            del self.fields["evidence_start"], self.fields["evidence_end"]
        _dress(self)
        for field in self.fields.values():
            # What it began with is sent, too: of two who change different fields, neither undoes what the other has changed.
            field.show_hidden_initial = not isinstance(field, forms.BooleanField)
        for kind in NAMES:
            if kind.value in self.fields:
                self.fields[kind.value].widget.attrs |= _finds_names(kind)

    def read_correction(self, *, every: bool = False) -> Correction:
        """Return what the form changes of the number as it was shown, or `every` field. A valid form only."""
        said, wanted = self.cleaned_data, Correction()
        changed = {name for name in self.fields if every or name in self.changed_data}
        if "number" in changed:
            wanted["number"] = said["number"]
            read = parse_cell(said["number"])
            if isinstance(read, tuple) and read[0].qualifier is Qualifier.EXACT:
                # ">86%" says so itself; a bare number leaves it to the choice beside it.
                wanted["qualifier"] = Qualifier(said["qualifier"])
        if "qualifier" in changed and "number" not in changed:
            wanted["qualifier"] = Qualifier(said["qualifier"])
        if "kind" in changed:
            wanted["kind"] = ClaimKind(said["kind"])
        if "role" in changed:
            wanted["role"] = Role(said["role"])
        if "model" in changed:
            wanted["model"] = said["model"]
        if "variant" in changed:
            wanted["variant"] = said["variant"]
        if changed & {"evidence_start", "evidence_end"}:
            wanted["evidence"] = said["evidence_start"], said["evidence_end"]
        self._read_own(wanted, changed)
        return wanted

    def _read_own(self, wanted: Correction, changed: set[str]) -> None:
        """Add what only a claim or only a cost has."""
        raise NotImplementedError

    def refuse(self, field: str, message: str) -> None:
        """Show what the service says against a field, above the form if it has none of that name."""
        name = {"evidence": "evidence_start"}.get(field, field)
        self.add_error(name if name in self.fields else None, message)


class ClaimForm(StatementForm):
    """What a result is said to be."""

    task = _text("Task", LONGEST_NAME, help_text="Empty where the text doesn’t name it: the dataset has a usual one.")
    dataset = _text("Dataset", LONGEST_NAME)
    metric = _text("Metric", LONGEST_NAME)

    def _read_own(self, wanted: Correction, changed: set[str]) -> None:
        said = self.cleaned_data
        if "task" in changed:
            wanted["task"] = said["task"] or None
        if "dataset" in changed:
            wanted["dataset"] = said["dataset"] or None
        if "metric" in changed:
            wanted["metric"] = said["metric"] or None


class CostForm(StatementForm):
    """What a cost is said to be."""

    measure = _choice("Measure", {measure: measure.replace("_", " ") for measure in CostMeasure})
    condition = _text("Measured on", 100, help_text="A device or its settings, if the text says so.")
    note = _text("Note", 300)

    def _read_own(self, wanted: Correction, changed: set[str]) -> None:
        said = self.cleaned_data
        if "measure" in changed:
            wanted["measure"] = CostMeasure(said["measure"])
        if "condition" in changed:
            wanted["condition"] = said["condition"]
        if "note" in changed:
            wanted["note"] = said["note"]


class VersionForm(forms.Form):
    """Which version of a number a form was made for."""

    version = forms.IntegerField(min_value=1, max_value=LAST)


class ConditionForm(forms.Form):
    """A part of a setting; without any words it is left out."""

    kind = forms.ChoiceField(
        choices=[("", "–"), *((kind.value, kind.replace("_", " ")) for kind in ConditionKind)],
        required=False,
        error_messages={"invalid_choice": "There is no such kind of condition. Choose one of these."},
    )
    value = _text("Comparable", 200)
    text = _text("In the text’s words", 300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        value, text = said.get("value", ""), said.get("text", "")
        if (value or text) and not said.get("kind") and not self.errors:
            raise ValidationError("Choose what kind of condition it is.")
        return said | {"value": value or text, "text": text or value}


Conditions: type[BaseFormSet[ConditionForm]] = formset_factory(
    ConditionForm, extra=2, max_num=MOST_CONDITIONS, validate_max=True, absolute_max=MOST_CONDITIONS
)


def read_setting(conditions: BaseFormSet[ConditionForm]) -> list[dict[str, str]]:
    """Return the setting that a valid formset states."""
    stated = (form.cleaned_data for form in conditions.forms)
    return [{name: said[name] for name in ("kind", "value", "text")} for said in stated if said.get("value")]


def initial_of(statement: Claim | Cost) -> dict[str, Any]:
    """Return what a form shows of a number as it is."""
    fields: dict[str, Any] = {
        "number": boards.number_as_written(statement),
        "qualifier": str(statement.qualifier),
        "kind": str(statement.kind),
        "role": str(statement.role),
        "model": statement.model_name,
        "variant": statement.variant,
        "evidence_start": statement.evidence_start,
        "evidence_end": statement.evidence_end,
    }
    if isinstance(statement, Cost):
        return fields | {"measure": str(statement.measure), "condition": statement.condition, "note": statement.note}
    named = {kind: getattr(statement, kind) for kind in ("task", "dataset", "metric")}
    return fields | {kind: entry.name if entry is not None else "" for kind, entry in named.items()}


class PlaceForm(forms.Form):
    """A number's place in a text."""

    field = forms.ChoiceField(choices=[(part.value, part.value) for part in TextField], initial=TextField.ABSTRACT.value)
    start = _place("First character")
    end = _place("Behind the last one")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)

    def read_place(self) -> Place:
        said = self.cleaned_data
        return Place(TextField(said["field"]), said["start"], said["end"])
