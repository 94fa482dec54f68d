"""Repositories, as far as addresses of code name them: papers have one, and so have records of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from claims.models import Paper, SourceRecord
from claims.terms import ListingState

_HOST = r"^https?://(www\.)?(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)"
_PART = "[^/?#]+"
_END = r"(\.git)?([/?#].*)?$"
_ADDRESS = re.compile(rf"{_HOST}/(?P<owner>{_PART})/(?P<name>{_PART}?){_END}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at an address; two addresses may lead to one."""

    url: str
    owner: str
    name: str


def told_papers() -> QuerySet[Paper]:
    """Return the papers that readers see, with their texts."""
    return Paper.objects.filter(merged_into__isnull=True, withdrawn=False).select_related("current_text")


def find_repositories(*, owner: str = "", name: str = "", part_of_name: str = "", part: str = "") -> QuerySet[Any, Any]:
    """Return the addresses of the repositories of an owner, of that name, with that part in the name, or in either."""
    own, records = _filter(owner=owner, name=name, part_of_name=part_of_name, part=part)
    return own.values_list("code_url", flat=True).union(records.values_list("code_url", flat=True)).order_by("code_url")


def find_papers_of(owner: str, name: str) -> QuerySet[Paper]:
    """Return the papers whose code is in a repository."""
    own, records = _filter(owner=owner, name=name)
    return told_papers().filter(Q(pk__in=own.values("pk")) | Q(pk__in=records.values("paper")))


def repositories_of(papers: Iterable[Paper]) -> Mapping[int, list[Repository]]:
    """Return the repositories of papers by their keys, each paper's own first: one query."""
    papers = list(papers)
    urls = {paper.pk: [paper.code_url] for paper in papers}
    records = _told_records().filter(paper__in=urls).exclude(code_url="")
    for pk, url in records.order_by("code_url").values_list("paper_id", "code_url").distinct():
        urls[pk or 0].append(url)
    return {pk: [found for url in dict.fromkeys(of_paper) if (found := read_repository(url))] for pk, of_paper in urls.items()}


def read_repository(url: str) -> Repository | None:
    """Return the repository at an address of code, None where it isn't one of a host that has owners and names."""
    found = _ADDRESS.match(url)
    return Repository(url, found["owner"], found["name"]) if found else None


def _told_records() -> QuerySet[SourceRecord]:
    return SourceRecord.objects.exclude(source__listing__state=ListingState.WITHDRAWN)


def _filter(*, owner: str = "", name: str = "", part_of_name: str = "", part: str = "") -> tuple[QuerySet[Paper], QuerySet[SourceRecord]]:
    of_owner = re.escape(owner) or _PART
    of_name = f"{re.escape(name)}{_END}" if name else f"[^/?#]*{re.escape(part_of_name)}" if part_of_name else _PART
    way = rf"{_HOST}/{of_owner}/{of_name}"
    passing = Q(code_url__iregex=way)
    if part:
        within = f"[^/?#]*{re.escape(part)}"
        passing &= Q(code_url__iregex=rf"{_HOST}/({within}[^/?#]*/{_PART}|{_PART}/{within})")
    own, records = told_papers().exclude(code_url=""), _told_records().exclude(code_url="")
    return own.filter(passing), records.filter(passing)
