"""A board's page: its rows and numbers, its filters, in how many queries, and how it fails."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from claims.boards.costs import cost_direction
from claims.models import Benchmark, Claim, Cost, OldSlug, Result, ResultValue
from claims.terms import CostMeasure, CurationState, Direction, Qualifier, Role
from leaderboard.templatetags.board_tags import MOST_COLUMNS
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = pytest.mark.django_db


def test_board_shows_ranked_rows_with_their_numbers(client: Client) -> None:
    board = make.make_board(3)
    text = text_of(client.get(board.get_absolute_url()))
    assert "Image Classification on ImageNet-1K" in text
    assert "Ranked by Top-1 accuracy ↑ higher is better" in text
    table = text[text.index("3 results") :]
    assert table.index("SampleNet-2") < table.index("SampleNet-1") < table.index("SampleNet-0")
    assert "1 SampleNet-2 61.0 , best on the front, 7 SampleNet-2: a paper" in table
    assert "3 Jan 2020 Unreviewed" in text


@pytest.mark.once
def test_row_of_a_table_says_beside_it_whether_a_person_vouches_for_it(client: Client) -> None:
    benchmark = make.make_benchmark()
    make.make_imported_row(benchmark, "Vouched for", "90.1")
    make.make_imported_row(benchmark, "As it came", "80.2")
    Claim.objects.filter(model_name="Vouched for").update(state=CurationState.ACCEPTED, decided_by="person")
    text = text_of(client.get(benchmark.get_absolute_url()))
    assert "accepted 1 unreviewed 1" in text
    table = text[text.index("2 results") :]
    assert re.search(r"Vouched for 90\.1.*?Imported Accepted.*?As it came 80\.2.*?Imported Unreviewed", table)
    accepted = text_of(client.get(benchmark.get_absolute_url(), {"state": "accepted"}))
    assert "Imported Accepted" in accepted
    assert "As it came" not in accepted


def test_board_offers_its_settings_in_groups_the_most_frequent_first_and_the_others_behind_them(client: Client) -> None:
    benchmark = make.make_benchmark()
    for number in range(11):
        conditions = [(kind, f"{number}{kind}", f"{number} {kind}") for kind in ("protocol", "extra_data", "resolution")]
        paper = make.make_paper(abstract="It reaches 80.1%.")
        make.make_claim("80.1%", result=make.make_result(benchmark, paper, "Net", conditions=conditions[: 3 if number else 2]), paper=paper)
    page = client.get(benchmark.get_absolute_url()).content.decode()
    groups = re.split(r'id="f-(setting|extra|resolution|year)"', page)
    assert groups[1::2] == ["setting", "extra", "resolution", "year"]
    for name, group, behind in (
        ("protocol", groups[2], {5, 6, 7, 8, 9}),
        ("extra_data", groups[4], {5, 6, 7, 8, 9}),
        ("resolution", groups[6], {6, 7, 8, 9}),
    ):
        first, _, others = group.partition("<details")
        assert {int(n) for n in re.findall(rf">(\d+) {name} <b>", first)}.isdisjoint(behind)
        assert others.startswith(' class="facet__more"><summary')
        others = others[: others.index("</details>")]
        assert {int(n) for n in re.findall(rf">(\d+) {name} <b>", others)} == behind
        assert f"{len(behind)}\u00a0more settings" in others
    assert "none stated <b>0</b>" in groups[2]
    assert "not stated <b>1</b>" in groups[6]
    chosen = client.get(benchmark.get_absolute_url(), {"setting": "protocol:9protocol"}).content.decode()
    assert '<details class="facet__more" open>' in chosen


@pytest.mark.once
def test_row_groups_a_costs_digits_and_names_its_record_in_full(client: Client) -> None:
    benchmark = make.make_benchmark()
    row = make.make_imported_row(benchmark, "Fast", "80.2", {CostMeasure.THROUGHPUT: 1e6}, source="a-table-of-results.csv")
    Cost.objects.update(stated="208210.41", value=208210.41, canonical_value=208210.41, decimals=2, unit="1/s")
    text = text_of(client.get(benchmark.get_absolute_url(), {"open": row.public_id}))
    assert text.count("208,210.41") >= 2
    assert "208,210.41 1/s" in text


def test_row_marks_a_number_that_others_stand_against(client: Client) -> None:
    benchmark = make.make_benchmark()
    row = make.make_imported_row(benchmark, "Contested", "80.2")
    assert "different values" not in text_of(client.get(benchmark.get_absolute_url()))
    ResultValue.objects.update(others=1, conflicts=1)
    page = client.get(benchmark.get_absolute_url(), {"open": row.public_id})
    text = text_of(page)
    assert "≠ 2 values stated" in text
    assert "different values for the same thing" in text
    assert page.content.decode().count('class="conflict"') == 4  # at a glance, in the cell, at its record, in the legend


@pytest.mark.once
def test_board_prints_numbers_as_stated(client: Client) -> None:
    benchmark = make.make_benchmark()
    make.make_claim("90.10%", benchmark=benchmark, model="Precise")
    make.make_claim("89%", benchmark=benchmark, model="Bound", qualifier=Qualifier.AT_MOST)
    make.make_claim("88.1%", benchmark=benchmark, model="About", qualifier=Qualifier.ABOUT, uncertainty=0.14)
    make.make_claim("76.5–80.9%", benchmark=benchmark, model="Range", value_max=80.9)
    accuracy = make.add_metric(benchmark, make.make_metric("Accuracy"), column=benchmark.primary_metric)
    make.make_claim("70.5%", benchmark=benchmark, metric=accuracy, model="Other metric")
    text = text_of(client.get(benchmark.get_absolute_url()))
    assert "Precise 90.10 , best" in text
    assert "Bound up to 89" in text
    assert "About ≈ 88.1 ± 0.14" in text
    assert "Range 76.5–80.9" in text
    assert "Other metric 70.5 stated as accuracy" in text


@pytest.mark.parametrize(("direction", "best"), [(Direction.LOWER, "> 3.0"), (Direction.HIGHER, "3.0")])
def test_best_of_a_column_is_what_may_lead(client: Client, direction: Direction, best: str) -> None:
    benchmark = make.make_benchmark(metric=make.make_metric("FID", unit="", direction=direction))
    plain, under, over = ("4.0", "2.0", "3.0") if direction is Direction.LOWER else ("3.0", "2.0", "4.0")
    make.make_claim(plain, benchmark=benchmark, model="Plain")
    make.make_claim(under, benchmark=benchmark, model="Under", qualifier=Qualifier.UNDER)
    make.make_claim(over, benchmark=benchmark, model="Over", qualifier=Qualifier.OVER)
    page = client.get(benchmark.get_absolute_url()).content.decode()
    marked = re.findall(r'<span class="best">(.*?)</span><span class="sr">, best', page)
    assert [html.unescape(re.sub(r"<[^>]+>", "", mark.replace("</span><span", "</span> <span"))) for mark in marked] == [best]


def test_board_opens_a_row_with_its_sentence(client: Client) -> None:
    board = make.make_board(2)
    row = Result.objects.get(benchmark=board, model_name="SampleNet-1")
    closed = client.get(board.get_absolute_url()).content.decode()
    assert "blockquote" not in closed
    assert f'href="?open={row.public_id}#row-{row.public_id}"' in closed
    opened = client.get(f"{board.get_absolute_url()}?open={row.public_id}").content.decode()
    assert 'It reaches <mark class="mark">60.5%</mark> top-1 accuracy with <mark class="mark mark--cost">6M</mark> parameters.' in opened
    assert opened.count("<blockquote>") == 1
    alone = client.get(f"{board.get_absolute_url()}?open={row.public_id}", headers={"X-Row": row.public_id}).content.decode()
    assert alone.lstrip().startswith(f'<tr role="row" class="detailrow" id="detail-{row.public_id}">')
    assert "<html" not in alone


def test_board_permalink_finds_the_row_on_a_later_page(client: Client) -> None:
    board = make.make_board(60)
    last = Result.objects.get(benchmark=board, model_name="SampleNet-0")
    response = client.get(f"{board.get_absolute_url()}?open={last.public_id}")
    assert response.context["board"].page == 2
    assert "blockquote" in response.content.decode()


def test_board_says_so_if_the_opened_row_is_not_shown(client: Client) -> None:
    board = make.make_board(2)
    assert "is not among the rows shown" in text_of(client.get(f"{board.get_absolute_url()}?open=nothing"))


def test_board_sorts_by_every_column_and_keeps_the_query(client: Client) -> None:
    board = make.make_board(3)
    page = client.get(f"{board.get_absolute_url()}?sort=parameters&year=2020").content.decode()
    assert 'aria-sort="ascending"><a href="?sort=-parameters&amp;year=2020#results">Parameters</a>' in page
    table = page[page.index('<table class="board') :]
    assert table.index("SampleNet-0") < table.index("SampleNet-2")
    assert '<a href="?sort=-top-1-accuracy&amp;year=2020#results">Top-1 accuracy</a>' in page


@pytest.mark.parametrize("sort", ["flops", "-flops", "top-1-accuracy", "-zing", "tokens", "model", "-date"])
@pytest.mark.parametrize("filters", ["", "&year=2020", "&year=2021", "&role=baseline"])
def test_board_sorts_by_what_the_rows_left_have_no_number_for(client: Client, sort: str, filters: str) -> None:
    benchmark = make.make_board(3)
    make.add_metric(benchmark, make.make_metric("Zing"))
    paper = make.make_paper(abstract="It takes 5 GFLOPs and reaches 50.5%.", day=date(2021, 1, 1))
    row = make.make_result(benchmark, paper, "Cheap")
    make.make_claim("50.5%", result=row, paper=paper)
    make.make_cost("5 GFLOPs", paper=paper, result=row, measure=CostMeasure.FLOPS, value=5e9)
    response = client.get(f"{benchmark.get_absolute_url()}?sort={sort}{filters}")
    assert response.status_code == 200
    assert len(response.context["board"].rows) == {"": 4, "&year=2020": 3, "&year=2021": 1, "&role=baseline": 0}[filters]
    if filters == "&role=baseline":
        assert "No row passes these filters" in text_of(response)
    if filters == "" and sort.endswith("flops"):
        assert [row.model for row in response.context["board"].rows] == ["Cheap", "SampleNet-2", "SampleNet-1", "SampleNet-0"]


@pytest.mark.once
def test_board_gives_no_direction_to_costs_that_have_none(client: Client) -> None:
    benchmark = make.make_board(2)
    row = Result.objects.filter(benchmark=benchmark)[0]
    assert row.paper is not None
    make.make_cost("60.0", paper=row.paper, result=row, measure=CostMeasure.TOKENS, value=60.0)
    response = client.get(benchmark.get_absolute_url())
    columns = {column.key: column for column in response.context["board"].columns}
    assert (columns["tokens"].direction, columns["tokens"].best) == (Direction.UNKNOWN, None)
    assert (columns["parameters"].direction, columns["parameters"].best) == (Direction.LOWER, 5e6)
    assert '<a href="?sort=tokens#results">Tokens</a><span class="unit">' in response.content.decode()


def test_every_cost_measure_has_a_direction_or_is_known_to_have_none() -> None:
    directions: dict[Direction, set[str]] = {direction: set() for direction in Direction}
    for measure in CostMeasure:
        directions[cost_direction(measure)].add(measure)
    assert directions[Direction.HIGHER] == {"throughput", "speed", "compression"}
    assert directions[Direction.UNKNOWN] == {"tokens", "training_data", "batch_size", "other"}


@pytest.mark.parametrize(
    ("score", "accepted", "shown"), [("2.1", "", "100 ms"), ("3.93", "", "38 ms"), ("3.93", "100 ms", "100 ms"), ("", "", "38.0 ms")]
)
def test_board_shows_the_cost_that_goes_with_the_score(client: Client, score: str, accepted: str, shown: str) -> None:
    fid = make.make_metric("FID", unit="", direction=Direction.LOWER)
    benchmark = make.make_benchmark(metric=fid)
    paper = make.make_paper(
        abstract="It has an FID of 2.1 with 100 ms and an FID of 3.93 with 38 ms. Elsewhere it takes 38.0 ms at 0.9 IS."
    )
    row = make.make_result(benchmark, paper, "Sampler")
    metric = fid if score else make.add_metric(benchmark, make.make_metric("IS", unit=""))
    make.make_claim(score or "0.9", result=row, paper=paper, metric=metric)
    for stated, value, decimals in (("100 ms", 100.0, 0), ("38 ms", 38.0, 0), ("38.0 ms", 38.0, 1)):
        state = CurationState.ACCEPTED if stated == accepted else CurationState.UNREVIEWED
        make.make_cost(
            stated,
            paper=paper,
            result=row,
            measure=CostMeasure.LATENCY,
            value=value,
            canonical_value=value / 1000,
            unit="ms",
            decimals=decimals,
            state=state,
        )
    (read,) = client.get(benchmark.get_absolute_url()).context["board"].rows
    assert read.costs["latency"].stated == shown
    assert [cost.stated for cost in read.all_costs] == ["100 ms", "38 ms", "38.0 ms"]


@pytest.mark.parametrize("show_unreviewed", [True, False])
@pytest.mark.parametrize("gone", ["rejected", "retired"])
def test_board_never_shows_what_is_rejected_or_retired(client: Client, settings: Any, show_unreviewed: bool, gone: str) -> None:
    settings.SHOW_UNREVIEWED = show_unreviewed
    benchmark = make.make_benchmark()
    make.make_claim("50.5%", benchmark=benchmark, model="Standing", state=CurationState.ACCEPTED)
    claim = make.make_claim("70.5%", benchmark=benchmark, model="Gone", state=CurationState.ACCEPTED)
    assert claim.paper_text is not None
    cost = make.make_cost("70.5%", paper=claim.paper_text.paper, result=claim.result, state=CurationState.ACCEPTED)
    run = make.make_reading(claim.paper_text.paper, []).run
    # The row's value still names it: no page relies on somebody having settled the board.
    change: dict[str, Any] = {"retired_by": run} if gone == "retired" else {"state": "rejected", "reject_reason": "not_a_result"}
    type(cost)._default_manager.filter(pk=cost.pk).update(**change)
    assert "parameters" not in {column.key for column in client.get(benchmark.get_absolute_url()).context["board"].columns}
    Claim.objects.filter(pk=claim.pk).update(result=None, **change)
    board = client.get(f"{benchmark.get_absolute_url()}?role=all").context["board"]
    assert [row.model for row in board.rows] == ["Standing"]
    assert (board.total, board.shown, [facet.count for facet in board.states], board.years[0].count) == (1, 1, [1, 0], 1)


def test_board_facets_count_the_rows_of_the_chosen_role(client: Client) -> None:
    benchmark = make.make_benchmark()
    paper = make.make_paper(abstract="It reaches 81.5%, Rival has 80.5%, and Other 79.5%.", day=date(2021, 5, 5))
    shots = [("shots", "1", "1-shot")]
    own = make.make_result(benchmark, paper, "Own", conditions=shots)
    make.make_claim("81.5%", result=own, paper=paper, state=CurationState.ACCEPTED)
    for model, number in (("Rival", "80.5%"), ("Other", "79.5%")):
        row = make.make_result(benchmark, paper, model, role=Role.BASELINE, conditions=shots if model == "Rival" else [])
        make.make_claim(number, result=row, paper=paper, role=Role.BASELINE)

    def read(query: str) -> Any:
        return client.get(benchmark.get_absolute_url() + query).context["board"]

    for role, settings_, years, states in (
        ("proposed", [1, 0], [1], [1, 0]),
        ("baseline", [1, 1], [2], [0, 2]),
        ("all", [2, 1], [3], [1, 2]),
    ):
        board = read(f"?role={role}")
        assert [facet.count for facet in board.settings if not facet.value.endswith(":")] == settings_
        assert [facet.count for facet in board.years] == years
        assert [facet.count for facet in board.states] == states
        assert [facet.count for facet in board.roles] == [1, 2, 3]
        for name in ("settings", "years", "states"):
            for facet in getattr(board, name):
                assert read(f"?role={role}&{name.removesuffix('s')}={facet.value}").shown == facet.count


def test_board_keeps_a_chosen_filter_in_sight_that_no_row_passes(client: Client) -> None:
    benchmark = make.make_board(1)
    paper = make.make_paper(abstract="It reaches 50.5% here.", day=date(2021, 5, 5))
    row = make.make_result(benchmark, paper, "Few", conditions=[("shots", "1", "1-shot")])
    make.make_claim("50.5%", result=row, paper=paper)
    board = client.get(f"{benchmark.get_absolute_url()}?role=baseline&setting=shots:1&year=2021").context["board"]
    assert [(facet.value, facet.count) for facet in (*board.settings, *board.years) if facet.chosen] == [("shots:1", 0), ("2021", 0)]


def test_board_row_with_a_hidden_number_beside_an_accepted_one_is_accepted(client: Client, settings: Any) -> None:
    benchmark = make.make_benchmark()
    paper = make.make_paper(abstract="It reaches 81.5% top-1 and 95.5% top-5.")
    row = make.make_result(benchmark, paper, "Half")
    make.make_claim("81.5%", result=row, paper=paper, state=CurationState.ACCEPTED)
    make.make_claim("95.5%", result=row, paper=paper, metric=make.add_metric(benchmark, make.make_metric("Top-5 accuracy")))
    make.make_claim("50.5%", benchmark=benchmark, model="Unseen")

    def read(state: str) -> tuple[list[str], list[int]]:
        board = client.get(f"{benchmark.get_absolute_url()}?state={state}").context["board"]
        return [row.model for row in board.rows], [facet.count for facet in board.states]

    assert read("accepted") == ([], [0, 2])
    assert read("unreviewed") == (["Half", "Unseen"], [0, 2])
    settings.SHOW_UNREVIEWED = False
    assert read("accepted") == (["Half"], [1, 0])
    assert read("unreviewed") == ([], [1, 0])


def test_board_offers_to_sort_by_columns_that_have_no_room(client: Client) -> None:
    benchmark = make.make_board(3)
    row = Result.objects.filter(benchmark=benchmark)[0]
    assert row.paper is not None
    for number in range(8):
        metric = make.add_metric(benchmark, make.make_metric(f"Metric {number}"))
        make.make_claim("60.0%", result=row, paper=row.paper, metric=metric, ordinal=number + 1)
    page = client.get(benchmark.get_absolute_url())
    assert page.content.decode().count('<th role="columnheader"') == 7 + MOST_COLUMNS == 12
    assert "Also stated, sort by" in text_of(page)
    assert '<a class="chip" href="?sort=-metric-7#results">Metric 7 <b>1</b></a>' in page.content.decode()
    assert (
        'aria-sort="descending"><a href="?sort=metric-7#results">Metric 7</a>'
        in client.get(f"{benchmark.get_absolute_url()}?sort=-metric-7").content.decode()
    )


def test_board_filters_by_setting_and_counts_what_it_hides(client: Client) -> None:
    benchmark = make.make_benchmark()
    paper = make.make_paper(abstract="It reaches 81.5% and 80.5% here.")
    few = make.make_result(benchmark, paper, "Few", conditions=[("shots", "1", "1-shot")])
    make.make_claim("81.5%", result=few, paper=paper)
    make.make_claim("80.5%", result=make.make_result(benchmark, paper, "Many"), paper=paper)
    make.make_claim("70.5%", benchmark=benchmark, model="Rival", role=Role.BASELINE)
    everything = client.get(benchmark.get_absolute_url())
    assert "1 quoted baseline is hidden" in text_of(everything).replace("\u00a0", " ")
    assert "Rival" not in text_of(everything)
    assert 'href="?setting=shots%3A1">1-shot <b>1</b></a>' in everything.content.decode()
    filtered = client.get(f"{benchmark.get_absolute_url()}?setting=shots:1")
    assert "Few 1-shot" in text_of(filtered)
    assert "Many" not in text_of(filtered)
    assert 'aria-current="true">1-shot' in filtered.content.decode()
    assert "Rival quoted 70.5" in text_of(client.get(f"{benchmark.get_absolute_url()}?role=baseline"))


def test_board_hides_unreviewed_numbers_with_a_count_if_the_site_does(client: Client, settings: Any) -> None:
    benchmark = make.make_board(2)
    make.make_claim("50.5%", benchmark=benchmark, model="Vouched", state=CurationState.ACCEPTED)
    settings.SHOW_UNREVIEWED = False
    text = text_of(client.get(benchmark.get_absolute_url())).replace("\u00a0", " ")
    assert "Vouched" in text
    assert "SampleNet-1" not in text
    assert "2 unreviewed numbers are hidden" in text


@pytest.mark.once
def test_board_left_empty_names_the_filters_and_the_way_out(client: Client) -> None:
    board = make.make_board(3)
    response = client.get(f"{board.get_absolute_url()}?state=accepted&year=2020")
    text = text_of(response).replace("\u00a0", " ")
    assert response.status_code == 200
    assert "No row passes these filters" in text
    assert "Year “2020”, state “accepted”: none of the 3 rows fits" in text
    assert "Drop the state: 3 rows" in text
    assert "Drop the year" not in text
    # In the words of the chips, not of the address.
    assert "Role “quoted baselines”" in text_of(client.get(f"{board.get_absolute_url()}?role=baseline"))
    assert "Model “none”, like for like: none of the" in text_of(client.get(f"{board.get_absolute_url()}?model=none&like=1"))
    assert "Ranked by Top-1 accuracy" in text


@pytest.mark.once
def test_board_without_a_known_direction_is_not_ranked_and_says_so(client: Client) -> None:
    benchmark = make.make_benchmark(metric=make.make_metric("Zing", unit="", direction=Direction.UNKNOWN))
    make.make_claim("12.5", benchmark=benchmark)
    text = text_of(client.get(benchmark.get_absolute_url()))
    assert "Not ranked : nobody has said yet whether a higher or a lower Zing is better" in text
    assert "not ranked SampleNet" in text
    assert "have no rank" not in text


@pytest.mark.once
def test_row_that_states_no_primary_metric_says_why_it_has_no_rank(client: Client) -> None:
    benchmark = make.make_benchmark("Object Detection", "COCO", metric=make.make_metric("box AP"))
    other = make.add_metric(benchmark, make.make_metric("mAP"))
    make.make_claim("63.8%", benchmark=benchmark, model="Ranked")
    assert "no rank" not in text_of(client.get(benchmark.get_absolute_url()))
    for number in ("43.1%", "57.1%"):
        make.make_claim(number, benchmark=benchmark, metric=other, model=f"Net-{number}")
    page = client.get(benchmark.get_absolute_url())
    assert text_of(page).count("not ranked: states no box AP") == 2
    assert "2 rows state no box AP, by which the board is ranked: they have no rank." in text_of(page).replace("\u00a0", " ")
    make.make_claim("70.1%", benchmark=benchmark, model="Quoted", role=Role.BASELINE)
    everything = text_of(client.get(f"{benchmark.get_absolute_url()}?role=all")).replace("\u00a0", " ")
    assert "not ranked: a quoted baseline" in everything
    assert "2 rows state no box AP" in everything


@pytest.mark.once
def test_board_of_a_quoted_baseline_alone_says_so(client: Client) -> None:
    benchmark = make.make_benchmark()
    make.make_claim("70.1%", benchmark=benchmark, model="Other", role=Role.BASELINE)
    text = text_of(client.get(benchmark.get_absolute_url())).replace("\u00a0", " ")
    assert "There is only 1 quoted baseline: numbers that a paper states of somebody else’s model." in text


@pytest.mark.once
def test_card_names_where_a_cost_was_measured_only_beside_another_of_its_measure(client: Client) -> None:
    benchmark = make.make_benchmark()
    rows = [make.make_imported_row(benchmark, f"Net-{number}", f"8{number}.5", {CostMeasure.THROUGHPUT: 1e9}) for number in range(2)]
    Cost.objects.update(condition="RTX 5090, AMP")
    page = client.get(benchmark.get_absolute_url()).content.decode()
    assert page.count('data-label="Throughput, 1/s"') == 2
    assert ">Throughput</a>" in page
    assert '<span class="unit">RTX 5090, AMP</span><span class="unit">1/s</span></th>' in page
    Cost.objects.filter(results=rows[0]).update(condition="A100")
    page = client.get(benchmark.get_absolute_url()).content.decode()
    assert 'data-label="Throughput, A100, 1/s"' in page
    assert 'data-label="Throughput, RTX 5090, AMP, 1/s"' in page


def test_board_counts_rows_without_a_date(client: Client) -> None:
    benchmark = make.make_board(1)
    paper = make.make_paper(abstract="It reaches 50.5% here.", day=None)
    make.make_claim("50.5%", benchmark=benchmark, paper=paper)
    text = text_of(client.get(benchmark.get_absolute_url())).replace("\u00a0", " ")
    assert "1 row has no date" in text
    assert "no date Unreviewed" in text


@pytest.mark.once
@pytest.mark.parametrize(
    "query", ["colour=red", "sort=nothing", "page=99", "page=x", "setting=shots:7", "year=abc", "role=king", "state=rejected"]
)
def test_board_refuses_what_it_does_not_know(client: Client, query: str) -> None:
    board = make.make_board(2)
    response = client.get(f"{board.get_absolute_url()}?{query}")
    assert response.status_code == 400
    assert "Show the whole board" in text_of(response)
    assert f'href="{board.get_absolute_url()}"' in response.content.decode()


@pytest.mark.once
def test_board_refusal_escapes_the_query(client: Client) -> None:
    board = make.make_board(2)
    page = client.get(board.get_absolute_url(), {"<script>alert(1)</script>": "1"}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_board_at_an_old_address_redirects_for_good(client: Client) -> None:
    board = make.make_board(1)
    OldSlug.objects.create(kind="benchmark", slug="old-name", public_id=board.public_id)
    response = client.get("/sota/old-name/")
    assert response.status_code == 301
    assert response.headers["Location"] == board.get_absolute_url()
    for rest in ("?sort=model&open=x", "compare/?row=a&row=b", "rows.tex?rows=all", "cite.bib"):
        moved = client.get(f"/sota/old-name/{rest}")
        assert (moved.status_code, moved["Location"]) == (301, f"{board.get_absolute_url()}{rest}")


@pytest.mark.once
def test_board_that_does_not_exist_is_a_page_saying_so(client: Client) -> None:
    response = client.get("/sota/none/")
    assert response.status_code == 404
    assert "There is no board at “none”." in text_of(response)


@pytest.mark.parametrize("opened", [False, True])
def test_board_query_count_is_constant(client: Client, opened: bool) -> None:
    small, large = make.make_board(1), make.make_board(25, benchmark=make.make_benchmark("Detection", "COCO"))

    def url(board: Benchmark) -> str:
        return board.get_absolute_url() + (f"?open={board.results.all()[0].public_id}" if opened else "")

    assert count_queries(client, url(small)) == count_queries(client, url(large)) <= (14 if opened else 11)
