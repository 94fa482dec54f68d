"""The columns of a large board that a worker keeps: whatever they are read from, the board is the same, and never an older one."""

from __future__ import annotations

import zlib
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from claims import boards, tasks
from claims.boards import conflicts, standings
from claims.models import Benchmark, BenchmarkMetric, BoardStandings, Claim, Metric, Result
from claims.services import curation
from claims.services import standings as keeping
from claims.terms import CostMeasure, CurationState, DecidedBy, Direction, Qualifier, RejectReason, Role
from tests import factories as make


@pytest.fixture
def board(db: None, monkeypatch: pytest.MonkeyPatch) -> Benchmark:
    """Return a board with everything that columns have to tell apart, which is large enough to be kept."""
    monkeypatch.setattr(standings, "LEAST_KEPT", 1)
    monkeypatch.setattr(tasks, "LEAST_KEPT", 1)
    benchmark = make.make_benchmark()
    errors = make.make_metric("Error", direction=Direction.LOWER)
    BenchmarkMetric.objects.create(benchmark=benchmark, metric=errors, column=errors)

    def add(number: str, model: str, *, day: date | None = None, paper: Any = None, **fields: Any) -> Result:
        paper = paper or make.make_paper(
            f"{model or 'Something'}: about {number}", abstract=f"It reaches {number} with 10M or 30M.", day=day
        )
        row = {name: fields.pop(name) for name in ("conditions", "variant", "ml_model") if name in fields}
        role = fields.get("role", Role.PROPOSED)
        result = make.make_result(benchmark, paper, model, role=role, **row)
        make.make_claim(number, result=result, paper=paper, model=model, **fields)
        return result

    first = add("81.5%", "Alpha", day=date(2021, 5, 1), conditions=[("resolution", "224x224", "224 × 224"), ("shots", "0", "zero-shot")])
    same = first.ml_model
    add("82.75%", "Alpha", day=date(2022, 5, 1), ml_model=same, conditions=[("resolution", "224x224", "at 224"), ("shots", "0", "0-shot")])
    add("81.5%", "beta", day=date(2021, 5, 1), variant="large", state=CurationState.ACCEPTED)
    add("90%", "Bound", day=date(2020, 1, 1), qualifier=Qualifier.OVER)
    add("76-80%", "Range", value=76.0, value_max=80.0, canonical_value=76.0, canonical_max=80.0)
    add("88.1%", "Quoted", day=date(2023, 1, 1), role=Role.BASELINE)
    add("79.9%", "", day=date(2019, 2, 3), conditions=[("extra_data", "JFT", "JFT-300M")])
    add("70.0%", 'Net "A" <b>\u202e🦜', conditions=[("label_fraction", "1%", "1% of the labels")])
    priced = add("83.3%", "Gamma-50", day=date(2022, 8, 9))
    assert priced.paper is not None
    for number, value in (("10M", 10e6), ("30M", 30e6)):
        make.make_cost(number, paper=priced.paper, result=priced, value=value)
    make.make_claim("16.7%", result=priced, paper=make.make_paper(abstract="It errs in 16.7%."), metric=errors, model="Gamma-50")
    # What a site that shows accepted numbers alone has, too: costs, several of one measure, bounds, two papers at odds, a hidden score.
    one = add("85.5%", "Epsilon", day=date(2023, 2, 1), state=CurationState.ACCEPTED)
    add("85.9%", "Epsilon", day=date(2023, 3, 1), ml_model=one.ml_model, state=CurationState.ACCEPTED)
    add("85.2%", "Zeta", state=CurationState.ACCEPTED, decided_by=DecidedBy.POLICY)
    rich = add("81%", "Lambda", day=date(2022, 3, 1))
    assert rich.paper is not None
    make.make_claim(
        "19%", result=rich, paper=make.make_paper(abstract="It errs in 19%."), metric=errors, model="Lambda", state=CurationState.ACCEPTED
    )
    for number, value in (("30M", 30e6), ("10M", 10e6)):
        make.make_cost(number, paper=rich.paper, result=rich, value=value, state=CurationState.ACCEPTED)
    bounded = add("80.9%", "Theta", state=CurationState.ACCEPTED)
    assert bounded.paper is not None
    make.make_cost("10M", paper=bounded.paper, result=bounded, value=10e6, qualifier=Qualifier.OVER, state=CurationState.ACCEPTED)
    assert one.paper is not None
    make.make_cost(
        "30M",
        paper=one.paper,
        result=one,
        value=30e6,
        value_max=40e6,
        canonical_value=30e6,
        canonical_max=40e6,
        state=CurationState.ACCEPTED,
    )
    make.make_imported_row(benchmark, "Gamma-101", "84.0", {CostMeasure.PARAMETERS: 44e6, CostMeasure.FLOPS: 8e9})
    make.make_imported_row(benchmark, "Delta", "84.0", {CostMeasure.PARAMETERS: 20e6})
    Benchmark.objects.filter(pk=benchmark.pk).update(row_count=Result.objects.count(), changed=timezone.now() - timedelta(hours=1))
    return Benchmark.objects.get(pk=benchmark.pk)


QUERIES = (
    *("", "role=all", "role=baseline", "state=accepted", "state=unreviewed", "year=2021", "as_of=2021-12-31", "model=GAMMA", "like=1"),
    *(
        "conflicts=1",
        "role=all&conflicts=1",
        "setting=shots:0",
        "setting=none",
        "setting=extra_data:jft",
        "max_parameters=25M",
        "min_flops=1G",
    ),
    *("sort=model", "sort=-date", "sort=parameters", "sort=-error", "cost=flops", "chart=time", "chart=families&colour=family"),
    *("size=flops", "page=1", "model=nothing+like+it", "role=all&as_of=2022-06-30&like=1"),
)


def read_pages(client: Client, board: Benchmark) -> dict[str, str]:
    pages = {query: client.get(f"{board.get_absolute_url()}?{query}") for query in QUERIES}
    rows = list(Result.objects.values_list("public_id", flat=True))
    pages |= {row: client.get(f"{board.get_absolute_url()}?role=all&open={row}") for row in rows}
    pages["chart"] = client.get(f"{board.get_absolute_url()}chart.json?role=all")
    assert {page.status_code for page in pages.values()} == {200}
    return {query: page.content.decode() for query, page in pages.items()}


@pytest.mark.parametrize("shows_unreviewed", [True, False])
def test_pages_are_the_same_from_the_rows_and_from_what_is_kept(
    client: Client, board: Benchmark, settings: Settings, monkeypatch: pytest.MonkeyPatch, shows_unreviewed: bool
) -> None:
    settings.SHOW_UNREVIEWED = shows_unreviewed
    made = read_pages(client, board)
    assert boards.read_board(board, {}).conflicts
    tasks.keep_standings()
    assert BoardStandings.objects.count() == 1
    monkeypatch.setattr(standings, "make_standings", lambda benchmark: pytest.fail("the rows were read, though the standings are kept"))
    for query, page in read_pages(client, board).items():
        assert page == made[query], query


def test_unpacked_standings_are_what_was_packed(board: Benchmark) -> None:
    made = standings.make_standings(board)
    unpacked = standings.unpack(standings.pack(made))
    for name in made.__dataclass_fields__:
        one, other = getattr(made, name), getattr(unpacked, name)
        if isinstance(one, np.ndarray):
            assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes()), name
        else:
            assert one == other, name
    nothing = standings.make_standings(make.make_benchmark("Task", "Without rows"))
    assert len(standings.unpack(standings.pack(nothing))) == 0


def test_decision_shows_on_the_next_load_and_is_kept_later(client: Client, board: Benchmark) -> None:
    tasks.keep_standings()
    leader = boards.read_board(board, {}).rows[1]
    claim = Claim.objects.get(pk=leader.scores["top-1-accuracy"].pk)
    curation.decide(claim, CurationState.REJECTED, actor="curator", version=claim.version, reason=RejectReason.WRONGLY_READ)
    changed = Benchmark.objects.get(pk=board.pk)
    assert changed.version > board.version
    assert leader.public_id not in [row.public_id for row in boards.read_board(changed, {}).rows]
    assert not keeping.find_outdated(layout=standings.LAYOUT, least_rows=1), "it may be about to change again"
    Benchmark.objects.filter(pk=board.pk).update(changed=timezone.now() - timedelta(minutes=1))
    assert [b.pk for b in keeping.find_outdated(layout=standings.LAYOUT, least_rows=1)] == [board.pk]
    tasks.keep_standings()
    assert BoardStandings.objects.get().board_version == changed.version
    assert keeping.find_outdated(layout=standings.LAYOUT, least_rows=1) == []


def test_later_standings_are_not_replaced_by_older_ones_and_those_of_another_layout_are(board: Benchmark) -> None:
    earlier = Benchmark.objects.get(pk=board.pk)
    earlier.version -= 1
    keeping.keep(board, b"now", layout=standings.LAYOUT)
    keeping.keep(earlier, b"then", layout=standings.LAYOUT)
    assert bytes(BoardStandings.objects.get().packed) == b"now"
    keeping.keep(board, b"of another release", layout=standings.LAYOUT + 1)
    assert bytes(BoardStandings.objects.get().packed) == b"of another release"
    assert boards.read_board(board, {}).rows, "what another release has kept is not read"


def test_what_can_not_be_read_is_made_of_the_rows(board: Benchmark, caplog: pytest.LogCaptureFixture) -> None:
    packed = standings.pack(standings.make_standings(board))
    whole = zlib.decompress(packed)
    others = (whole[:200], whole[:-40], whole.replace(b'"accepted"', b'"admitted"'), whole.replace(b'"<f8"', b'"<f4"'), b"")
    for broken in (b"", b"now", packed[:-40], *map(zlib.compress, others)):
        caplog.clear()
        BoardStandings.objects.all().delete()
        keeping.keep(board, broken, layout=standings.LAYOUT)
        assert boards.read_board(board, {}).rows
        assert board.slug in caplog.text


def test_columns_lie_where_the_processor_takes_them_up_at_once(board: Benchmark) -> None:
    unpacked = standings.unpack(standings.pack(standings.make_standings(board)))
    assert all(getattr(unpacked, name).flags.aligned for name in unpacked.__dataclass_fields__ if hasattr(getattr(unpacked, name), "flags"))


def test_board_that_can_not_be_kept_keeps_no_other_one_from_it(board: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    larger = make.make_benchmark("Task", "Larger")
    Benchmark.objects.filter(pk=larger.pk).update(row_count=1000, changed=timezone.now() - timedelta(hours=1))

    def break_down(benchmark: Benchmark) -> standings.Standings:
        if benchmark.pk == larger.pk:
            raise OverflowError
        return standings.make_standings(benchmark)

    monkeypatch.setattr(tasks, "make_standings", break_down)
    tasks.keep_standings()
    assert [kept.benchmark_id for kept in BoardStandings.objects.all()] == [board.pk]


def test_hidden_numbers_are_counted_of_the_days_that_are_shown(board: Benchmark, settings: Settings) -> None:
    settings.SHOW_UNREVIEWED = False
    everything = boards.read_board(board, {}).hidden_unreviewed
    until = boards.read_board(board, {"as_of": "2021-12-31"}).hidden_unreviewed
    assert (everything, until) == (11, 3)


def test_cost_is_the_nearest_to_a_score_that_its_reader_sees(board: Benchmark, settings: Settings) -> None:
    """The paper states 81%, then 10M, then 30M: who sees no 81% gets the first in the text."""

    def cost_of_lambda() -> float:
        (row,) = boards.read_board(board, {"model": "lambda", "role": "all", "sort": "model"}).rows[-1:]
        assert row.model == "Lambda"
        return row.prices["parameters"].rank_by

    Claim.objects.filter(model_name="Lambda", stated="81%").update(start=38, end=41, evidence_end=41)
    for shows, expected in ((True, 30e6), (False, 10e6)):
        settings.SHOW_UNREVIEWED = shows
        assert cost_of_lambda() == expected
    tasks.keep_standings()
    for shows, expected in ((True, 30e6), (False, 10e6)):
        settings.SHOW_UNREVIEWED = shows
        assert cost_of_lambda() == expected


def test_small_boards_are_not_kept(board: Benchmark) -> None:
    assert keeping.find_outdated(layout=standings.LAYOUT, least_rows=board.row_count + 1) == []


def test_sweep_sends_for_what_is_outdated(board: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr(tasks.keep_standings, "apply_async", lambda **options: sent.append(options["queue"]))
    tasks.sweep()
    assert sent == [tasks.BULK]
    tasks.keep_standings()
    tasks.sweep()
    assert sent == [tasks.BULK]


def test_direction_is_the_metrics_own_and_not_what_was_kept(board: Benchmark) -> None:
    tasks.keep_standings()
    assert board.primary_metric is not None
    Metric.objects.filter(pk=board.primary_metric.pk).update(direction=Direction.LOWER)
    rows = [row for row in boards.read_board(Benchmark.objects.get(pk=board.pk), {}).rows if "top-1-accuracy" in row.scores]
    values = [row.scores["top-1-accuracy"].rank_by for row in rows]
    assert values == sorted(values)
    assert 80.0 in values, "a range ranks by its worse end"


def test_kept_board_takes_fewer_queries(board: Benchmark) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            boards.read_board(board, {}, opened="")
        return len(queries)

    made = count()
    tasks.keep_standings()
    assert count() < made


NUMBERS = st.sampled_from([0.0, 80.0, 80.4, 80.5, 80.45, 81.0, 82.0])
SCORES = st.lists(st.tuples(st.integers(0, 2), NUMBERS, st.integers(0, 2), st.sampled_from([1.0, 100.0])), min_size=1, max_size=12)
"""What each is of, its number in the canonical unit, its decimals, and how many canonical units make one of those it is stated in."""


@given(scores=SCORES)
def test_contradicted_numbers_are_those_that_differ_from_one_of_the_same_thing(scores: list[tuple[int, float, int, float]]) -> None:
    columns = [np.array(column) for column in zip(*scores, strict=True)]
    numbers = conflicts.ExactScores(
        np.arange(len(scores), dtype=np.int32),
        columns[0].astype(np.int32),
        columns[1].astype(np.float64),
        columns[1] / columns[3],
        columns[2].astype(np.int32),
    )
    rows = [boards.Row(place, str(place), "model", True, "", Role.PROPOSED, "", False, True) for place in range(len(scores))]
    for row, (_, value, decimals, size) in zip(rows, scores, strict=True):
        row.scores["score"] = boards.Number(
            row.pk, value, Qualifier.EXACT, CurationState.UNREVIEWED, stated=value / size, decimals=decimals
        )
    for identity in range(3):
        conflicts.mark_rivals([row for row, score in zip(rows, scores, strict=True) if score[0] == identity])
    found = conflicts.find_disputed([numbers], len(rows))
    assert found.tolist() == [bool(row.disputes) for row in rows]


def test_of_very_many_different_numbers_all_contradict_each_other() -> None:
    count = 3 * conflicts.MOST_TOLD_APART
    values = np.arange(count) / 1000 + 80
    numbers = conflicts.ExactScores(np.arange(count, dtype=np.int32), np.zeros(count, np.int32), values, values, np.zeros(count, np.int32))
    assert conflicts.find_disputed([numbers], count).all()
