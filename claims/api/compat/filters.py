"""What the old lists could be asked for, and nothing else: a mistyped parameter is an error here, too."""

from __future__ import annotations

import re
from functools import reduce
from operator import and_
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from claims.api.compat.repositories import find_repositories
from claims.filters import StrictFilterSet
from claims.querysets import text_shown

_VERSION = re.compile(r"(?<=\d)v\d+$")
MOST_WORDS = 12
FRAMEWORKS = ("tf", "pytorch", "mxnet", "torch", "caffe2", "jax", "paddle", "mindspore", "none")


class Paged(StrictFilterSet):
    """A list without filters."""

    reserved = frozenset({"page", "items_per_page"})


def _part(name: str, label: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(field_name=name, lookup_expr="icontains", label=label, max_length=200)


class ByText(Paged):
    """Papers whose title and abstract hold all of some words."""

    q = django_filters.CharFilter(method="by_words", label="words of the title and the abstract", max_length=200)

    def by_words(self, papers: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        words = text.split()[:MOST_WORDS]
        holds = (Q(title__icontains=word) | Q(text_shown(), current_text__abstract__icontains=word) for word in words)
        return papers.filter(reduce(and_, holds, Q()))


class Papers(ByText):
    arxiv_id = django_filters.CharFilter(method="by_arxiv_id", label="arXiv id", max_length=40)
    title = _part("title", "a part of the title")
    abstract = django_filters.CharFilter(method="by_abstract", label="a part of the abstract", max_length=200)

    def by_arxiv_id(self, papers: QuerySet[Any], name: str, arxiv_id: str) -> QuerySet[Any]:
        # The index knows only papers that have one: said so, SQLite uses it.
        return papers.filter(arxiv_id=_VERSION.sub("", arxiv_id)).exclude(arxiv_id="")

    def by_abstract(self, papers: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        # Nobody finds out by asking what a text that is withheld says.
        return papers.filter(text_shown(), current_text__abstract__icontains=text)


class Named(Paged):
    """Entries by a part of their name."""

    q = _part("name", "a part of the name")
    name = _part("name", "a part of the name")


class FullyNamed(Named):
    """Entries that had two names there, and have one here."""

    full_name = _part("name", "a part of the name")


class People(Paged):
    """Authors, of whom nothing is known here."""

    q = django_filters.CharFilter(label="a part of the name", max_length=200)
    full_name = django_filters.CharFilter(label="a part of the name", max_length=200)


class OfCode(Paged):
    """Repositories. How many stars they have and what they are written with is not known here: what is asked by that finds none."""

    q = django_filters.CharFilter(label="a part of the owner or of the name", max_length=100)
    owner = django_filters.CharFilter(label="the owner", max_length=100)
    name = django_filters.CharFilter(label="a part of the name", max_length=100)
    stars = django_filters.NumberFilter(label="the least number of stars", min_value=0, max_value=10**9, decimal_places=0)
    framework = django_filters.ChoiceFilter(choices=[(name, name) for name in FRAMEWORKS], label="what it is written with")

    @property
    def addresses(self) -> QuerySet[Any, Any]:
        """The addresses that pass; `check` comes first."""
        wanted = self.form.cleaned_data if self.data else {}
        found = find_repositories(owner=wanted.get("owner") or "", part_of_name=wanted.get("name") or "", part=wanted.get("q") or "")
        return found.none() if wanted.get("stars") or wanted.get("framework") not in (None, "", "none") else found
