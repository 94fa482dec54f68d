"""Writes tables for spreadsheets, row by row, so that none is in memory as a whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by; others wrote the cells."""
ROWS_AT_A_TIME = 200


class _Echo:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def make_safe(cell: object) -> object:
    """Return a cell that no spreadsheet computes: an apostrophe stands before what looks like a formula. None is an empty cell."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def stream_csv(rows: Iterable[Sequence[object]], *, header: Sequence[str], name: str) -> StreamingHttpResponse:
    """Return a download of that name. A name is made of letters, digits, points and dashes."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow([make_safe(cell) for cell in header])
        waiting: list[str] = []
        for row in rows:
            waiting.append(writer.writerow([make_safe(cell) for cell in row]))
            if len(waiting) == ROWS_AT_A_TIME:
                yield "".join(waiting)
                waiting.clear()
        yield "".join(waiting)

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
