"""Boards that are read while workers write."""

from __future__ import annotations

import pytest

from claims import boards
from claims.boards import numbers, reading
from claims.models import Benchmark
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_row_that_comes_while_a_board_is_read_is_left_for_the_next_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = make.make_board(3)

    def read_earlier(wanted: Benchmark) -> dict[int, boards.Row]:
        rows = numbers.read_rows(wanted)
        rows.pop(max(rows))
        return rows

    monkeypatch.setattr(reading, "read_rows", read_earlier)
    board = boards.read_board(benchmark, {})
    assert (board.total, len(board.rows)) == (2, 2)
    monkeypatch.undo()
    assert boards.read_board(benchmark, {}).total == 3
