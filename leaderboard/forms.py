"""Forms of the pages. Field checks only; what a file holds is the services' business."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from claims.terms import RejectReason


class UploadForm(forms.Form):
    """A listing to read. The year completes dates that the file prints without one."""

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
        min_value=1990,
        max_value=2100,
        error_messages={
            "invalid": "The year is not a number. Write it as 2025, or leave it empty.",
            "min_value": "The year is before 1990. Write it as 2025, or leave it empty.",
            "max_value": "The year is after 2100. Write it as 2025, or leave it empty.",
        },
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if file.size is not None and file.size > settings.MAX_UPLOAD_MB * 1024 * 1024:
            raise forms.ValidationError(
                f"{file.name} was not read. It has {file.size / 1024 / 1024:,.0f} MB; this site takes {settings.MAX_UPLOAD_MB} MB at most. "
                "Split it into several files."
            )
        return file


class DecisionForm(forms.Form):
    """What a curator decides on one number, based on the version that the page showed."""

    state = forms.ChoiceField(choices=[("accepted", "Accept"), ("rejected", "Reject"), ("unreviewed", "Back to unreviewed")])
    reason = forms.ChoiceField(choices=[(reason.value, reason.value) for reason in RejectReason], required=False)
    version = forms.IntegerField(min_value=1)
