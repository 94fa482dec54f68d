"""Ranks rows of many boards at once: where each stands on its own board, without the boards being read. One query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np
from django.conf import settings
from django.db.models import F, Q

from claims import ranking
from claims.models import ResultValue
from claims.querysets import canonical_high, canonical_low
from claims.terms import CurationState, Direction, Role


def rank_on_boards(boards: Collection[int]) -> Mapping[int, int]:
    """Return the rank of each ranking row of the boards with these ids, by the row's id, as their pages show it without any filter.

    What has no number of its board's primary metric, or one of a metric without a direction, has no rank and isn't in it.
    """
    states = [CurationState.ACCEPTED, *([CurationState.UNREVIEWED] if settings.SHOW_UNREVIEWED else [])]
    shown = ResultValue.objects.filter(
        Q(result__role=Role.PROPOSED) | Q(result__paper__isnull=True),
        result__benchmark__in=boards,
        metric=F("result__benchmark__primary_metric"),
        claim__retired_by__isnull=True,
        claim__state__in=states,
    )
    columns: dict[tuple[int, str], list[tuple[int, float, float | None]]] = defaultdict(list)
    fields = ("result__benchmark_id", "metric__direction", "result_id", canonical_low("claim"), canonical_high("claim"))
    for board, direction, result, low, high in shown.values_list(*fields):
        columns[board, direction].append((result, low, high))
    found: dict[int, int] = {}
    for (_, word), rows in columns.items():
        direction = Direction(word)
        results, lows, highs = zip(*rows, strict=True)
        ends = np.array([np.nan if high is None else high for high in highs], np.float64)
        ranks, _ = ranking.ranks_of(ranking.ranking_values(np.array(lows, np.float64), ends, direction), direction)
        found |= {result: rank for result, rank in zip(results, ranks.tolist(), strict=True) if rank}
    return found
