"""Boards that are read while workers write."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims import boards
from claims.boards import standings
from claims.terms import CostMeasure
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_row_that_comes_while_a_board_is_read_is_left_for_the_next_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = make.make_board(3)
    fetch = standings._fetch_scores

    def fetch_earlier(board: int) -> list[tuple[Any, ...]]:
        """Return the scores as they were before the last row came; its costs and conditions are there when they are asked for."""
        return sorted(fetch(board), key=lambda score: score[-12])[:2]

    monkeypatch.setattr(standings, "_fetch_scores", fetch_earlier)
    board = boards.read_board(benchmark, {})
    assert (board.total, len(board.rows), [column.count for column in board.columns]) == (2, 2, [2, 2])
    monkeypatch.undo()
    assert boards.read_board(benchmark, {}).total == 3


def test_several_costs_of_a_measure_take_as_many_queries_for_each_number_of_rows() -> None:
    benchmark, counts = make.make_benchmark(), []
    for rows in (1, 19):
        make.make_board(rows, benchmark=benchmark)
        for result in benchmark.results.filter(costs__measure=CostMeasure.PARAMETERS).exclude(costs__measure=CostMeasure.LATENCY):
            abstract = f"{result.model_name} takes 10 ms at first and 20 ms later on."
            paper = make.make_paper(abstract=abstract)
            for number, seconds in (("20 ms", 0.02), ("10 ms", 0.01)):
                make.make_cost(number, paper=paper, result=result, measure=CostMeasure.LATENCY, value=seconds)
        with CaptureQueriesContext(connection) as queries:
            board = boards.read_board(benchmark, {}, opened="")
        assert [row.costs["latency"].stated for row in board.rows] == ["10 ms"] * len(board.rows)
        counts.append((len(board.rows), len(queries)))
    assert (counts[0][0], counts[1][0]) == (1, 20)
    assert counts[0][1] == counts[1][1]


@pytest.mark.embedded
def test_board_reads_no_table_through() -> None:
    """SQLite plans without statistics: what it plans for three rows it does with a million."""
    benchmark = make.make_board(3)
    for result in benchmark.results.all():
        assert result.paper is not None
        make.make_cost("21M", paper=make.make_paper(title=result.model_name, abstract="It has 21M parameters."), result=result)
    with CaptureQueriesContext(connection) as queries:
        assert boards.read_board(benchmark, {"role": "all", "state": "unreviewed"}).rows
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = [str(step[3]) for step in cursor.fetchall()]
        assert not [step for step in plan if step.startswith("SCAN") or "retir" in step], (query["sql"], plan)
