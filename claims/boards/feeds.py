"""What is new on boards, for feeds: numbers that became the record of their board on this site, the latest of them first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Max, QuerySet

from claims.boards.home import boards_listed
from claims.boards.rows import Sentence
from claims.boards.standings import visible_links
from claims.models import Benchmark, Cost, Paper, Record, ResultCondition
from claims.terms import CurationState, ListingState

MOST_NEWS = 50
"""So many entries a feed has at most."""


class NewsKey(NamedTuple):
    """A record that is news, and the versions of all that is printed of it."""

    record: int
    board: int
    task: int
    dataset: int


@dataclass(frozen=True, slots=True)
class News:
    """A number that became its board's record here: with its row, what stands there of settings and costs, and where it is written.

    `sentence` is None for a number that a table's record states.
    """

    record: Record
    known: datetime
    paper: Paper | None
    sentence: Sentence | None
    settings: list[str]
    costs: list[Cost]


def find_news(benchmark: Benchmark | None = None) -> list[NewsKey]:
    """Return what is news on a board, or on the boards of the home page, the latest first: all that a feed's version hangs on.

    It is ordered by when it became known here. Of all boards, the first number of one beats nothing: such ones are told only where there
    is room left.
    """
    newest = _news().order_by("-known", "-day", "-pk").values_list("pk", "known", "day", *_VERSIONS)
    if benchmark is not None:
        return [NewsKey(pk, *versions) for pk, _, _, *versions in newest.filter(benchmark=benchmark)[:MOST_NEWS]]
    newest = newest.filter(benchmark__in=boards_listed(single=False).values("pk"))
    found = list(newest.filter(previous__isnull=False)[:MOST_NEWS])
    if len(found) < MOST_NEWS:
        found += newest.filter(previous__isnull=True)[: MOST_NEWS - len(found)]
        found.sort(key=lambda values: (values[1], values[2], values[0]), reverse=True)
    return [NewsKey(pk, *versions) for pk, _, _, *versions in found]


_VERSIONS = ("benchmark__version", "benchmark__task__version", "benchmark__dataset__version")


def _news() -> QuerySet[Record]:
    """Return the records that are told: of nothing that was withdrawn, though its boards are not settled yet."""
    found = (
        Record.objects.filter(known__isnull=False, accepted_only=not settings.SHOW_UNREVIEWED, benchmark__merged_into__isnull=True)
        .filter(claim__result__isnull=False)
        .exclude(claim__paper_text__paper__withdrawn=True)
        .exclude(claim__source_record__source__listing__state=ListingState.WITHDRAWN)
    )
    return found if settings.SHOW_UNREVIEWED else found.filter(claim__state=CurationState.ACCEPTED)


def read_news(keys: Sequence[NewsKey]) -> list[News]:
    """Return what is printed of news, in their order: three queries. What is no news any more is left out."""
    records = _news().select_related(
        *("benchmark__task__area", "benchmark__dataset", "benchmark__primary_metric"),
        *("claim__result__paper", "claim__paper_text__paper", "claim__source_record__paper", "claim__source_record__source__listing"),
        "previous__result__paper",
    )
    found = records.defer("claim__source_record__raw").in_bulk([key.record for key in keys])
    rows = [record.claim.result_id for record in found.values()]
    costs: dict[int, list[Cost]] = defaultdict(list)
    for link in visible_links(unreviewed=settings.SHOW_UNREVIEWED).filter(result__in=rows).select_related("cost").order_by("cost_id"):
        costs[link.result_id].append(link.cost)
    stated: dict[int, list[str]] = defaultdict(list)
    for row, text in ResultCondition.objects.filter(result__in=rows).order_by("pk").values_list("result_id", "text"):
        stated[row].append(text)
    return [_make_news(found[key.record], costs, stated) for key in keys if key.record in found]


def _make_news(record: Record, costs: dict[int, list[Cost]], stated: dict[int, list[str]]) -> News:
    claim = record.claim
    sentence = None
    if claim.paper_text is not None:
        part = claim.paper_text.shown_part(claim.field)
        before, after = part[claim.evidence_start : claim.start], part[claim.end : claim.evidence_end]
        sentence = Sentence(before, part[claim.start : claim.end], after) if part else None
    paper = claim.paper_text.paper if claim.paper_text else claim.source_record.paper if claim.source_record else None
    row = claim.result_id or 0
    assert record.known is not None  # noqa: S101 - as `_news` asks for
    return News(record, record.known, paper, sentence, stated[row], costs[row])


def last_change() -> datetime | None:
    """Return when any board changed last; None for a site without boards."""
    changed: datetime | None = Benchmark.objects.aggregate(changed=Max("changed"))["changed"]
    return changed
