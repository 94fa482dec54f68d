"""A board's history, and which chart of it is shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.http import QueryDict

from claims import boards
from claims.errors import UnknownFilterError
from claims.models import Benchmark, Metric
from claims.terms import ChartKind, CostMeasure, Direction, Qualifier, Role
from tests import factories as make

pytestmark = pytest.mark.django_db


def add(benchmark: Benchmark, model: str, score: float, day: date | None, *, role: Role = Role.PROPOSED, **fields: Any) -> None:
    paper = make.make_paper(f"{model}: a paper", abstract=f"It reaches {score}.", day=day)
    make.make_claim(str(score), result=make.make_result(benchmark, paper, model, role=role), paper=paper, model=model, role=role, **fields)


def make_dated_board(direction: Direction = Direction.HIGHER) -> Benchmark:
    """Return a board with all that makes a record hard to tell, and no costs."""
    benchmark = make.make_benchmark(metric=make.make_metric("Score", direction=direction))
    add(benchmark, "First", 70.0, date(2020, 1, 1))
    add(benchmark, "Second", 75.0, date(2021, 3, 1))
    add(benchmark, "Equal", 75.0, date(2021, 4, 1))
    add(benchmark, "Below", 72.0, date(2021, 5, 1))
    add(benchmark, "Bound", 90.0, date(2021, 6, 1), qualifier=Qualifier.OVER)
    add(benchmark, "Quoted", 88.0, date(2021, 6, 1), role=Role.BASELINE)
    add(benchmark, "Last", 80.0, date(2022, 1, 1))
    add(benchmark, "Undated", 95.0, None)
    return benchmark


def read(benchmark: Benchmark, query: str = "") -> boards.Board:
    return boards.read_board(benchmark, QueryDict(query), opened="")


def test_history_has_the_records_of_what_ranks_and_counts_what_has_no_date() -> None:
    benchmark = make_dated_board()
    for query in ("", "role=all"):
        history = read(benchmark, query).history
        assert history is not None
        assert [row.model for row in history.records] == ["First", "Second", "Last"]
        assert (len(history.points), history.undated) == (7 if query else 6, 1)
        assert history.undated_leader is not None
        assert history.undated_leader.model == "Undated"


def test_history_where_lower_is_better_and_where_nobody_knows() -> None:
    benchmark = make_dated_board(Direction.LOWER)
    history = read(benchmark).history
    assert history is not None
    assert [row.model for row in history.records] == ["First"]
    Metric.objects.update(direction=Direction.UNKNOWN)
    history = read(Benchmark.objects.get()).history
    assert history is not None
    assert (len(history.records), len(history.points)) == (0, 6)


def test_history_is_of_what_the_filters_leave() -> None:
    history = read(make_dated_board(), "year=2021").history
    assert history is not None
    assert [row.model for row in history.records] == ["Second"]


def test_board_without_costs_shows_its_history_and_one_with_costs_the_tradeoff() -> None:
    dated = read(make_dated_board()).charting
    assert dated is not None
    assert (dated.kind, dated.kinds) == (ChartKind.TIME, [ChartKind.TIME])
    priced = read(make.make_board(2, benchmark=make.make_benchmark("Task", "Priced"))).charting
    assert priced is not None
    assert (priced.kind, priced.kinds) == (ChartKind.TRADEOFF, [ChartKind.TRADEOFF, ChartKind.TIME])
    bare = make.make_benchmark("Task", "Bare")
    add(bare, "Undated, too", 95.0, None)
    undated = read(bare).charting
    assert undated is not None
    assert (undated.kind, undated.kinds) == (ChartKind.TRADEOFF, [ChartKind.TRADEOFF])


def test_families_are_drawn_up_to_twelve_the_largest_first() -> None:
    benchmark = make.make_benchmark()
    for family in range(14):
        for size in ("T", "S", "B", "L", "XL")[: 3 if family else 5]:
            price = 5e6 * (1 + len(Benchmark.objects.all()) + "TSBLX".index(size[0]))
            make.make_imported_row(benchmark, f"Net{chr(97 + family)}-{size}", f"{60 + price / 1e6:.1f}", {CostMeasure.PARAMETERS: price})
    charting = read(benchmark, "chart=families").charting
    assert charting is not None
    assert (len(charting.families), len(charting.panels)) == (14, 12)
    assert (charting.panels[0].name, len(charting.panels[0].rows)) == ("Neta", 5)
    assert [row.model for row in charting.panels[0].listed] == ["Neta-S", "Neta-B", "Neta-L", "Neta-XL"]
    assert all(row.cells and row.costs for row in charting.listed)


def test_size_may_be_a_measure_alone() -> None:
    benchmark = make.make_board(3)
    charting = read(benchmark, "size=parameters&chart=time").charting
    assert charting is not None
    assert (charting.size, [(choice.measure, choice.count, choice.chosen) for choice in charting.sizes]) == (
        "parameters",
        [("parameters", 3, True)],
    )
    tradeoff = read(benchmark, "size=flops").charting
    assert tradeoff is not None
    assert (tradeoff.size, tradeoff.sizes) == ("flops", [])  # known, and stated by nobody; parameters are an axis


@pytest.mark.parametrize(
    ("query", "field"), [("chart=pie", "chart"), ("size=zing", "size"), ("size=other", "size"), ("colour=red", "colour")]
)
def test_unknown_words_are_refused_by_name(query: str, field: str) -> None:
    for benchmark in (make.make_board(1), make.make_benchmark("Task", "Empty")):
        with pytest.raises(UnknownFilterError) as refused:
            read(benchmark, query)
        assert refused.value.field == field
        assert query.partition("=")[2] in refused.value.message
