"""Writes each board as a file for spreadsheets: its ranked rows as readers see them, with what they quote."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from django.http import QueryDict

from claims.boards import Board, Cell, Row, read_board
from claims.dumps.lines import HashedFile
from claims.dumps.manifests import WrittenFile
from claims.models import Benchmark
from claims.spreadsheets import make_safe

ROWS_AT_ONCE = 1_000
"""A board's rows are in memory as numbers all at once, and so many of them with all that is printed."""
FOLDER = "boards"
HEAD = ("rank", "row", "model", "variant", "setting", "role")
TAIL = ("paper", "paper_title", "table", "date", "code_url", "state", "in_conflict")


def write_boards(folder: Path) -> Iterator[WrittenFile]:
    """Write a CSV file for each board with a row that readers see, and yield what the manifest says of it."""
    for benchmark in Benchmark.objects.visible().with_names().order_by("pk").iterator(chunk_size=100):
        yield _write_board(folder, benchmark)


def _write_board(folder: Path, benchmark: Benchmark) -> WrittenFile:
    name = f"{FOLDER}/{benchmark.slug}.csv"
    rows = 0
    with HashedFile(folder, name) as file:
        for board in _read_pages(benchmark):
            text = io.StringIO()
            writer = csv.writer(text)
            keys = [column.key for column in board.columns]
            if board.page == 1:
                numbers = [name for key in keys for name in (key, f"{key} stated")]
                writer.writerow([make_safe(cell) for cell in (*HEAD, *numbers, *TAIL)])
            writer.writerows([make_safe(cell) for cell in _cells(row, keys)] for row in board.rows)
            rows += len(board.rows)
            file.write(text.getvalue().encode())
    return WrittenFile(name, file.size, file.sha256, rows=rows)


def _read_pages(benchmark: Benchmark) -> Iterator[Board]:
    page = pages = 1
    while page <= pages:
        board = read_board(benchmark, QueryDict(f"role=all&page={page}"), page_size=ROWS_AT_ONCE, opened="")
        pages = board.pages
        page += 1
        yield board


def _cells(row: Row, keys: list[str]) -> Iterator[object]:
    yield from (row.rank or "", row.public_id, row.model if row.named else "", row.variant, "; ".join(row.setting), str(row.role))
    for key in keys:
        cell = row.cells.get(key) or row.costs.get(key)
        yield from ("", "") if cell is None else (_number(cell), _stated(cell))
    yield from (row.paper_public_id, row.paper_title, row.source, row.day, row.code_url)
    yield from (str(row.state), "yes" if row.in_conflict else "")


def _number(cell: Cell) -> float | int:
    """Return the number in its column's one unit, the lower end of a range."""
    value = cell.value if cell.canonical_value is None else cell.canonical_value
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _stated(cell: Cell) -> str:
    return cell.stated if cell.qualifier == "=" else f"{cell.qualifier} {cell.stated}"
