"""Forms of the pages. Field checks only; what a file holds is the services' business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import UploadedFile

from claims.errors import MappingError
from claims.listings.base import Column, TableMapping
from claims.services import invitations, once
from claims.services.mappings import LONGEST_CONDITION, LONGEST_NAME, LONGEST_UNIT
from claims.services.outgoing_addresses import LONGEST_ADDRESS
from claims.services.storage import clean_name
from claims.services.uploads import FIRST_YEAR, last_year
from claims.terms import SUBSCRIBED_EVENTS, ColumnMeaning, ConditionKind, CostMeasure, RejectReason, Scope


class YearField(forms.IntegerField):
    """The year of a listing, which may stay empty; `advice` follows what is wrong with one.

    Each form has a copy, which learns then what the last year is: a web server may run from one year into the next.
    """

    def __init__(self, *, advice: str) -> None:
        self.advice = advice
        super().__init__(label="Year", required=False, error_messages={"invalid": f"The year is not a number. {advice}"})

    def validate(self, value: int | None) -> None:
        super().validate(value)
        if value is not None and not FIRST_YEAR <= value <= last_year():
            raise forms.ValidationError(f"The year must be one from {FIRST_YEAR} to {last_year()}. {self.advice}")

    def __deepcopy__(self, memo: dict[int, Any]) -> YearField:
        copied: YearField = super().__deepcopy__(memo)
        copied.min_value, copied.max_value = FIRST_YEAR, last_year()
        return copied


class UploadForm(forms.Form):
    """A listing to read. The year completes dates that the file prints without one.

    `stopped` is the name of a file that was too large to be taken in, `broken` of one that did not arrive whole, and `unstored` says
    why one could not be written to disk; none of it is in `files` then.
    """

    file = forms.FileField(
        label="File",
        allow_empty_file=False,
        error_messages={
            "required": "No file was chosen. Choose a listing: a text file of papers with titles and abstracts.",
            "empty": "The file is empty. Choose a listing with at least one paper.",
        },
    )
    year = YearField(advice="Write it as 2025, or leave it empty.")

    def __init__(self, *args: Any, stopped: str = "", broken: str = "", unstored: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trouble = unstored or (_too_large(stopped) if stopped else _broken(broken) if broken else "")
        if self.trouble:
            self.fields["file"].error_messages["required"] = self.trouble

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if self.trouble:
            raise forms.ValidationError(self.trouble)
        if file.size is not None and file.size > settings.MAX_UPLOAD_MB * 1024 * 1024:
            raise forms.ValidationError(_too_large(str(file.name)))
        if len(self.files.getlist("file")) > 1:
            raise forms.ValidationError("Several files were sent. Upload one after the other.")
        return file


def _too_large(name: str) -> str:
    return f"{clean_name(name)} was not read. It is larger than {settings.MAX_UPLOAD_MB} MB, the most that this site takes; split it."


def _broken(name: str) -> str:
    return f"{clean_name(name)} did not arrive whole: the connection broke off. Send it again."


class ListingForm(forms.Form):
    """What somebody does with a listing, based on the version that the page showed."""

    version = forms.IntegerField(min_value=1)


class YearForm(ListingForm):
    """The year of a listing's dates: the one that is given, the one that the file lets infer, or none."""

    how = forms.ChoiceField(choices=[("given", "Given"), ("inferred", "Inferred"), ("unknown", "Not known")])
    year = YearField(advice="Write it as 2025.")

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("how") == "given" and said.get("year") is None and not self.has_error("year"):
            self.add_error("year", "No year was given. Write it as 2025.")
        return said


class DecisionForm(forms.Form):
    """What a curator decides on one number, based on the version that the page showed."""

    state = forms.ChoiceField(choices=[("accepted", "Accept"), ("rejected", "Reject"), ("unreviewed", "Back to unreviewed")])
    reason = forms.ChoiceField(choices=[(reason.value, reason.value) for reason in RejectReason], required=False)
    version = forms.IntegerField(min_value=1)


class RevertForm(forms.Form):
    """The point of a number's history that a curator goes back to, based on the version that the page showed."""

    act = forms.CharField(max_length=12)
    when = forms.ChoiceField(choices=[("after", "After it"), ("before", "Before it")])
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = forms.CharField(max_length=2000, required=False)


class ReviewForm(forms.Form):
    """What a curator does with the number before them in the review queue, based on the version that the page showed."""

    act = forms.ChoiceField(choices=[(act, act) for act in ("accept", "not_a_result", "wrongly_read", "skip", "next_paper")])
    note = forms.CharField(max_length=500, required=False)
    version = forms.IntegerField(min_value=1)


class WebhookForm(forms.Form):
    """An address to be told of events. Whether it may be called is the services' business."""

    url = forms.CharField(
        max_length=LONGEST_ADDRESS,
        error_messages={
            "required": "No address was given. One looks like https://example.org/hooks.",
            "max_length": f"An address has at most {LONGEST_ADDRESS} characters.",
        },
    )
    events = forms.MultipleChoiceField(
        choices=[(event.value, event.value) for event in SUBSCRIBED_EVENTS],
        error_messages={"required": "Choose at least one event.", "invalid_choice": "There is no event of this name."},
    )


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """What a form shows of one column. `choice` is its meaning, with the measure of a cost or the kind of a condition behind a colon."""

    number: int
    header: str
    samples: Sequence[str]
    choice: str
    metric: str
    unit: str
    condition: str
    error: str


def choose(column: Column) -> str:
    """Return the choice that stands for a column's meaning: "model", "metric", "cost:parameters", "condition:resolution"."""
    named = column.meaning in (ColumnMeaning.COST, ColumnMeaning.CONDITION)
    return f"{column.meaning}:{column.name}" if named else str(column.meaning)


CHOICES = frozenset(
    {str(meaning) for meaning in ColumnMeaning if meaning not in (ColumnMeaning.COST, ColumnMeaning.CONDITION)}
    | {f"cost:{measure}" for measure in CostMeasure}
    | {f"condition:{kind}" for kind in ConditionKind}
)


class ColumnsForm(ListingForm):
    """What the columns of a table mean. The columns' own fields are named by their places: `what-1`, `metric-1`, `unit-1`, `on-1`.

    `headers` are the table's, `shown` is what the form says where nobody has sent anything.
    """

    task = forms.CharField(required=False, max_length=LONGEST_NAME)
    dataset = forms.CharField(required=False, max_length=LONGEST_NAME)

    def __init__(self, *args: Any, headers: Sequence[str], shown: TableMapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers, self.shown = headers, shown
        self.column_errors: dict[str, str] = {}
        self.mapping = shown

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        columns: dict[str, Column] = {}
        for number, header in enumerate(self.headers, start=1):
            choice = self._sent("what", number, 60)
            if choice not in CHOICES:
                self.column_errors[header] = "Choose what it means."
                choice = str(ColumnMeaning.IGNORE)
            meaning, _, name = choice.partition(":")
            metric, cost = meaning == ColumnMeaning.METRIC, meaning == ColumnMeaning.COST
            columns[header] = Column(
                ColumnMeaning(meaning),
                self._sent("metric", number, LONGEST_NAME + 1) if metric else name,
                self._sent("unit", number, LONGEST_UNIT + 1) if metric or cost else "",
                self._sent("on", number, LONGEST_CONDITION + 1) if cost else "",
            )
        self.mapping = TableMapping(columns, " ".join(said.get("task", "").split()), " ".join(said.get("dataset", "").split()))
        if self.column_errors:
            self.add_error(None, "Not all columns came with the form. Look at them again.")
        return said

    def refuse(self, error: MappingError) -> None:
        """Show what is wrong beside the fields that it is about; above them only what is wrong with the whole."""
        self.column_errors |= error.columns
        for name, fault in error.fields.items():
            self.add_error(name, fault)
        beside = " ".join([*error.fields.values(), *(f"“{header}”: {fault}" for header, fault in error.columns.items())])
        self.add_error(None, error.message.removesuffix(beside).strip() or "Nothing was read yet.")

    def list_places(self) -> list[tuple[str, str]]:
        """Return where something is wrong: the ids of the fields, and what they are called."""
        fields = [(f"id_{name}", name.capitalize()) for name in ("task", "dataset") if name in self.errors]
        columns = enumerate(self.headers, start=1)
        return fields + [(f"what-{number}", header) for number, header in columns if header in self.column_errors]

    def list_rows(self, samples: Mapping[str, Sequence[str]]) -> list[ColumnRow]:
        """Return what the form shows of each column: what was sent, else what it began with."""
        rows = []
        for number, header in enumerate(self.headers, start=1):
            column = self.shown.columns.get(header, Column(ColumnMeaning.IGNORE))
            choice, metric = choose(column), column.name if column.meaning is ColumnMeaning.METRIC else ""
            unit, condition = column.unit, column.condition
            if self.is_bound:
                choice = self._sent("what", number, 60)
                metric, unit = self._sent("metric", number, LONGEST_NAME + 1), self._sent("unit", number, LONGEST_UNIT + 1)
                condition = self._sent("on", number, LONGEST_CONDITION + 1)
            error = self.column_errors.get(header, "")
            rows.append(ColumnRow(number, header, samples.get(header, ()), choice, metric, unit, condition, error))
        return rows

    def _sent(self, name: str, number: int, longest: int) -> str:
        value = self.data.get(f"{name}-{number}", "")
        return " ".join(str(value).replace("\x00", " ").split())[:longest]


class TokenForm(forms.Form):
    """A token to make. `days` is None for one that never expires."""

    LIVES = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is revoked"))

    form = forms.CharField(max_length=once.LONGEST_NAME, required=False)
    name = forms.CharField(max_length=100, error_messages={"required": "Name the program that will use it."})
    scopes = forms.MultipleChoiceField(error_messages={"required": "Choose what it may do."})
    days = forms.TypedChoiceField(choices=LIVES, coerce=lambda stated: int(stated) or None, empty_value=None, initial=90)

    def __init__(self, offered: Sequence[Scope], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)  # noqa: S101 - as it is declared
        scopes.choices = [(scope.value, scope.value) for scope in offered]


class InvitationForm(forms.Form):
    """Somebody to invite into one of the groups that the inviter may give."""

    form = forms.CharField(max_length=once.LONGEST_NAME, required=False)
    invitee = forms.CharField(
        max_length=254,
        error_messages={
            "required": "Write whom the invitation is for: a name or an e-mail address.",
            "max_length": "A name or an e-mail address has at most 254 characters.",
        },
    )
    group = forms.ChoiceField(error_messages={"required": "Choose a group.", "invalid_choice": "There is no such group to invite into."})
    days = forms.TypedChoiceField(choices=list(invitations.LIVES.items()), coerce=int, initial=7)

    def __init__(self, offered: Sequence[Group], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.fields["group"]
        assert isinstance(group, forms.ChoiceField)  # noqa: S101 - as it is declared
        group.choices = [(each.name, each.name) for each in offered]


if TYPE_CHECKING:
    _AccountForm = UserCreationForm[User]
else:
    _AccountForm = UserCreationForm


class AccountForm(_AccountForm):
    """The name and the password that somebody who was invited chooses. The account is made by the services, never by `save`."""

    def save(self, commit: bool = True) -> User:
        raise NotImplementedError("claims.services.invitations makes accounts")
