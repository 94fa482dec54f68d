"""The forms of the catalogue's pages. What may be is for the services to say."""

from __future__ import annotations

from django import forms


class EntryForm(forms.Form):
    """What a curator says of an entry: that it is right, or another name."""

    act = forms.ChoiceField(choices=[("review", "review"), ("rename", "rename")])
    version = forms.IntegerField(min_value=1)
    name = forms.CharField(required=False, max_length=1000)
    reason = forms.CharField(required=False, max_length=2000)


class MergeForm(forms.Form):
    """Into what an entry, or a paper, is to be merged: a public id."""

    into = forms.CharField(max_length=12)
    version = forms.IntegerField(min_value=1)
    reason = forms.CharField(required=False, max_length=2000)


class MetricForm(forms.Form):
    """What the numbers of a metric mean."""

    direction = forms.CharField(max_length=20)
    unit = forms.CharField(required=False, max_length=200)
    version = forms.IntegerField(min_value=1)
    reason = forms.CharField(required=False, max_length=2000)


class SplitForm(forms.Form):
    """What of a paper is another one's; its texts are read apart."""

    version = forms.IntegerField(min_value=1)
    arxiv_id = forms.CharField(required=False, max_length=200)
    reason = forms.CharField(required=False, max_length=2000)
