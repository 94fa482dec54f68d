"""Forms of the pages. Field checks only; what a file holds is the services' business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from claims.services.ingest import clean_name
from claims.services.uploads import FIRST_YEAR, LAST_YEAR
from claims.terms import RejectReason


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
    year = forms.IntegerField(
        label="Year",
        required=False,
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        error_messages={
            "invalid": "The year is not a number. Write it as 2025, or leave it empty.",
            "min_value": f"The year is before {FIRST_YEAR}. Write it as 2025, or leave it empty.",
            "max_value": f"The year is after {LAST_YEAR}. Write it as 2025, or leave it empty.",
        },
    )

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
    year = forms.IntegerField(
        required=False,
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        error_messages={
            "invalid": "The year is not a number. Write it as 2025.",
            "min_value": f"The year is before {FIRST_YEAR}. Write it as 2025.",
            "max_value": f"The year is after {LAST_YEAR}. Write it as 2025.",
        },
    )

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
