"""How the best score of a board rose over time: who set a record when. No queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from claims import ranking
from claims.boards.rows import MOST_LISTED, Column, History, Row
from claims.boards.table import Places, Rows, Table


def trace_history(table: Table, rows: Places, columns: Sequence[Column]) -> History | None:
    """Return the history of the primary metric over the rows, which are in the board's order; None without one.

    Only rows that rank set records.
    """
    primary = next((column for column in columns if column.is_primary), None)
    if primary is None:
        return None
    days = table.standings.day
    scored = rows[table.scores(primary.key).entry[rows] >= 0]
    points, undated = scored[days[scored] != 0], scored[days[scored] == 0]
    setters = points[table.standings.ranks[points]]
    records = setters[ranking.records_of(table.leading_scores(primary.key, setters), days[setters], primary.direction)]
    return History(
        metric=primary,
        points=Rows(table, points),
        records=Rows(table, records),
        listed=Rows(table, records[-MOST_LISTED:]),
        undated=len(undated),
        undated_leader=next(iter(Rows(table, undated[table.rank[undated] == 1][:1])), None),
    )


def without_unprinted_history(history: History, printed: Iterable[Row]) -> History:
    """Leave out the rows whose score was rejected after it was ranked: there is nothing left to print of it."""
    lost = {row.pk for row in printed if history.metric.key not in row.cells}
    points, records, listed = (rows.without(lost) for rows in (history.points, history.records, history.listed))
    return replace(history, points=points, records=records, listed=listed)
