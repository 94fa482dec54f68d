"""Says where a paper's own results stand on its boards, without printing any row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db.models import F

from claims import ranking
from claims.boards.standings import STATES, read_standings
from claims.boards.table import Table
from claims.models import Benchmark, BenchmarkMetric, Paper, Result
from claims.querysets import OWN
from claims.terms import CurationState, Direction

MOST_RANKED = 20
"""On so many of a paper's boards, the largest, its best rank is looked for: each has all of its rows ranked."""


@dataclass(frozen=True, slots=True)
class PaperRank:
    """A paper's best row on a board, as the board's page ranks it without filters: its rank among `of` that have one.

    `state` is that of the number which it ranks by, and `by_policy` says that no person has seen it.
    """

    benchmark: Benchmark
    rank: int
    tied: bool
    of: int
    state: CurationState
    by_policy: bool


def list_boards_of(paper: Paper, *, slug: str | None = None) -> list[Benchmark]:
    """Return the boards on which a paper has results of its own that readers see, the largest first; of `slug` that one alone."""
    own = Result.objects.filter(OWN, paper=paper).visible().values("benchmark")
    boards = Benchmark.objects.visible().with_names().filter(pk__in=own)
    if slug is not None:
        boards = boards.filter(slug=slug)
    return list(boards.order_by(F("shown_rows").desc(), "slug")[:MOST_RANKED])


def find_best_rank(paper: Paper, benchmarks: Collection[Benchmark]) -> PaperRank | None:
    """Return a paper's best rank on some boards: the first place, and of equal ones that on the earlier board. None where it has none."""
    ranks = [rank for benchmark in benchmarks if (rank := _rank(paper, benchmark)) is not None]
    return min(ranks, key=lambda rank: rank.rank, default=None)


def _rank(paper: Paper, benchmark: Benchmark) -> PaperRank | None:
    metric = benchmark.primary_metric
    if metric is None:
        return None
    standings = read_standings(benchmark)
    metrics = {row.column_id: row.column for row in BenchmarkMetric.objects.filter(benchmark=benchmark).select_related("column")}
    table = Table(standings, metrics, hides=not settings.SHOW_UNREVIEWED)
    shown = np.flatnonzero(table.visible & standings.ranks)
    scores = table.scores(metric.slug)
    ranks, tied = ranking.ranks_of(scores.value[shown], Direction(metric.direction))
    own = np.isin(standings.pk[shown], list(Result.objects.filter(benchmark=benchmark, paper=paper).values_list("pk", flat=True)))
    places = np.flatnonzero(own & (ranks > 0))
    if not len(places):
        return None
    best = places[np.argmin(ranks[places])]
    entry = scores.entry[shown[best]]
    state, by_policy = STATES[standings.score_state[entry]], bool(standings.score_by_policy[entry])
    return PaperRank(benchmark, int(ranks[best]), bool(tied[best]), int((ranks > 0).sum()), state, by_policy)
