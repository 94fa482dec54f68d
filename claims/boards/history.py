"""How the best score of a board rose over time: who set a record when. No queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from claims import ranking
from claims.boards.rows import MOST_LISTED, Column, History, Row


def trace_history(rows: Sequence[Row], columns: Sequence[Column]) -> History | None:
    """Return the history of the primary metric over the rows, which are in the board's order; None without one.

    Only rows that rank set records.
    """
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return None
    key, no_record = primary.key, ranking.qualifier_without_record(primary.direction)
    scored = [row for row in rows if key in row.scores]
    points = [row for row in scored if row.day]
    records = ranking.records(
        [row for row in points if row.ranks],
        lambda row: None if (score := row.scores[key]).qualifier is no_record else score.rank_by,
        lambda row: row.day,
        primary.direction,
    )
    return History(
        metric=primary,
        points=points,
        records=records,
        listed=records[-MOST_LISTED:],
        undated=len(scored) - len(points),
        undated_leader=next((row for row in scored if row.rank == 1 and not row.day), None),
    )


def without_unprinted_history(history: History, printed: Iterable[Row]) -> History:
    """Leave out the rows whose score was rejected after it was ranked: there is nothing left to print of it."""
    lost = {row.pk for row in printed if history.metric.key not in row.cells}
    if lost.isdisjoint(row.pk for row in history.points):
        return history
    points, records, listed = ([row for row in rows if row.pk not in lost] for rows in (history.points, history.records, history.listed))
    return replace(history, points=points, records=records, listed=listed)
