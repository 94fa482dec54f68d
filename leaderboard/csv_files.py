"""Writes tables for spreadsheets, row by row, so that none is in memory as a whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from claims.spreadsheets import make_safe

ROWS_AT_A_TIME = 200


class _Echo:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


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
