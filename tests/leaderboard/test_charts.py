"""The chart: its figure, its address, and that page, data and command show the same front."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from datetime import date
from itertools import count
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from plotly import io as plotly_io

from claims import boards
from claims.boards import numbers, reading
from claims.boards.rows import MOST_LISTED
from claims.models import Benchmark, Claim, Cost, OldSlug, Result
from claims.services import curation
from claims.terms import ClaimKind, CostMeasure, CurationState, Direction, Qualifier, RejectReason, Role
from leaderboard.charts import looks, marks
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.once]

_numbers = count(1)


def add_row(
    benchmark: Benchmark,
    model: str,
    score: float | str,
    cost: float | None,
    *,
    measure: CostMeasure = CostMeasure.PARAMETERS,
    role: Role = Role.PROPOSED,
    cost_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Result:
    """Return a row whose paper states a score and, unless it is None, a cost in millions."""
    price = "" if cost is None else f"{cost:g}M"
    paper = make.make_paper(f"{model}: a paper, {next(_numbers)}", abstract=f"It reaches {score} with {price} of it.")
    result = make.make_result(benchmark, paper, model, role=role)
    make.make_claim(str(score), result=result, paper=paper, model=model, role=role, **fields)
    if cost is not None:
        make.make_cost(price, paper=paper, result=result, value=cost * 1e6, measure=measure, **(cost_fields or {}))
    return result


def make_tradeoff_board() -> Benchmark:
    """Return a board with all that makes a front hard to tell."""
    benchmark = make.make_benchmark()
    add_row(benchmark, "Cheapest", 70.0, 2)
    add_row(benchmark, "Twin-A", 80.0, 10)
    add_row(benchmark, "Twin-B", 80.0, 10)
    add_row(benchmark, "Same value, dearer", 80.0, 12)
    add_row(benchmark, "Same cost, worse", 79.0, 10)
    # A range ranks by its worse end: 83 would be on the front, 79.5 is not.
    add_row(benchmark, "Range", "79.5-83.0", 11, value=79.5, value_max=83.0, canonical_value=79.5, canonical_max=83.0)
    add_row(benchmark, "Up to", 85.0, 20, qualifier=Qualifier.AT_MOST)
    add_row(benchmark, "More than", 86.0, 21, qualifier=Qualifier.OVER)
    add_row(benchmark, "Less than", 84.0, 13, cost_fields={"qualifier": Qualifier.UNDER})
    add_row(benchmark, "Cost of a range", 84.5, 15, cost_fields={"value_max": 19e6, "canonical_max": 19e6})
    add_row(benchmark, "Quoted", 95.0, 1, role=Role.BASELINE)
    add_row(benchmark, "No cost", 99.0, None)
    make.make_imported_row(benchmark, "Imported", "90.5", {CostMeasure.PARAMETERS: 500e6}, variant="large")
    return benchmark


FRONT = ["Cheapest", "Twin-A", "Twin-B", "Cost of a range", "Up to", "Imported"]


def fronts(client: Client, benchmark: Benchmark, query: str = "") -> dict[str, list[str]]:
    """Return the names of the front's rows as page, chart data and command show them, each by what it marks them with."""
    names = dict(Result.objects.values_list("public_id", "model_name"))
    page = client.get(f"{benchmark.get_absolute_url()}?{query}").content.decode()
    table = page[page.index('<table class="board') :]
    marked = [row for row in re.findall(r'<tr role="row" id="row-(\w+)"(.*?)</tr>', table, re.DOTALL) if 'class="onfront"' in row[1]]
    listed = re.findall(r'data-row="(\w+)"(?:(?!</tr>).)*class="word">on it</span></td></tr>', page, re.DOTALL)
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json?{query}").json()
    points = [
        (point, x)
        for trace in drawn["figure"]["data"]
        if "front" in trace.get("name", "")
        for point, x in zip(trace["ids"], trace["x"], strict=True)
    ]
    out = io.StringIO()
    cost = QueryDict(query).get("cost", "")
    call_command("board", benchmark.slug, "--json", "--cost", cost, stdout=out)
    printed = json.loads(out.getvalue())["front"]["rows"]
    return {
        "page": sorted(names[row] for row, _ in marked),
        "table": [names[row] for row in listed],
        "points": sorted(names[point] for point, _ in points),
        "data": [names[row] for row in drawn["front"]["rows"]],
        "command": [names[row] for row in printed],
    }


def all_agree(fronts: dict[str, list[str]], expected: list[str]) -> bool:
    ordered = all(fronts[place] == expected for place in ("table", "data", "command"))
    return ordered and fronts["page"] == fronts["points"] == sorted(expected)


# ---- the front ----


def test_page_data_and_command_show_the_same_front(client: Client) -> None:
    benchmark = make_tradeoff_board()
    for query in ("", "cost=parameters", "role=all"):
        shown = fronts(client, benchmark, query)
        assert all_agree(shown, FRONT), (query, shown)


def test_quoted_baselines_choose_no_cost(client: Client) -> None:
    benchmark = make.make_benchmark()
    add_row(benchmark, "With parameters", 70.0, 2)
    add_row(benchmark, "With FLOPs", 80.0, 2, measure=CostMeasure.FLOPS)
    add_row(benchmark, "Quoted", 75.0, 3, role=Role.BASELINE)
    add_row(benchmark, "Quoted, too", 76.0, 3, role=Role.BASELINE)
    shown = fronts(client, benchmark)
    assert all_agree(shown, ["With FLOPs"]), shown
    assert {read(benchmark, query).measure for query in ("", "role=all")} == {"flops"}
    assert read(benchmark, "role=baseline").measure == "parameters"


@pytest.mark.parametrize("rows", [3, 120])
@pytest.mark.parametrize("table", [Claim, Cost])
@pytest.mark.parametrize("path", ["", "chart.json"])
def test_what_is_rejected_while_a_board_is_read_is_no_error(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str, table: type[Claim] | type[Cost], rows: int
) -> None:
    benchmark = make.make_board(rows)
    best = Result.objects.filter(benchmark=benchmark).latest("pk")

    def reject_and_fill(*given: Any) -> None:
        statement = table.objects.get(paper_text__paper=best.paper)
        if statement.state != CurationState.REJECTED:
            curation.decide(statement, CurationState.REJECTED, actor="curator", version=statement.version, reason=RejectReason.WRONGLY_READ)
        numbers.fill_rows(*given)

    monkeypatch.setattr(reading, "fill_rows", reject_and_fill)
    answer = client.get(f"{benchmark.get_absolute_url()}{path}")
    assert answer.status_code == 200
    if path:
        drawn = answer.json()
        records = drawn.pop("records")["rows"]  # a score without its cost may stay one
        assert table is Cost or best.public_id not in records
        assert best.public_id not in json.dumps(drawn)
    monkeypatch.undo()
    front = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["front"]["rows"]
    assert (len(front), best.public_id in front) == (rows - 1, False)


def test_front_is_of_all_pages(client: Client) -> None:
    benchmark = make.make_board(60)  # the better the dearer: all are on the front
    address = benchmark.get_absolute_url()
    pages = [client.get(f"{address}?page={page}").context["board"] for page in (1, 2)]
    assert [len(page.tradeoff.front) for page in pages] == [60, 60]
    assert all(row.on_front for page in pages for row in page.rows)
    make.make_imported_row(benchmark, "Best and cheapest", "99.0", {CostMeasure.PARAMETERS: 1e6})
    assert not any(row.on_front for row in client.get(f"{address}?page=2").context["board"].rows)


def test_front_alone_is_drawn_of_its_rows_at_their_ranks(client: Client) -> None:
    benchmark = make.make_board(4)  # the better the dearer: all are on the front
    for number, score in enumerate(("60.1", "60.6", "60.8")):
        make.make_imported_row(benchmark, f"Dearer {number}", score, {CostMeasure.PARAMETERS: 9e9})
    address = benchmark.get_absolute_url()
    whole = client.get(address).context["board"]
    on_front = {row.public_id: row.rank for row in whole.rows if row.on_front}
    assert 0 < len(on_front) < len(whole.rows)
    alone = client.get(f"{address}?front=1").context["board"]
    assert {row.public_id: row.rank for row in alone.rows} == on_front
    assert {column.count for column in alone.columns} == {len(on_front)}
    drawn = client.get(f"{address}chart.json?front=1")
    assert drawn.status_code == 200
    assert set(drawn.json()["front"]["rows"]) == set(on_front)
    named = {name for trace in drawn.json()["figure"]["data"] for name in trace.get("customdata", [])}
    assert named == {row.model for row in alone.rows}


def test_front_of_a_metric_where_lower_is_better(client: Client) -> None:
    benchmark = make.make_benchmark("Image Generation", "CIFAR-10", metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    for model, score, cost in [("Small", 9.0, 5), ("Beaten", 9.5, 6), ("Large", 2.5, 50), ("Larger", 2.6, 60)]:
        add_row(benchmark, model, score, cost)
    add_row(benchmark, "Below", 2.0, 40, qualifier=Qualifier.UNDER)
    shown = fronts(client, benchmark)
    assert all_agree(shown, ["Small", "Large"]), shown
    figure = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]
    line, (bottom, top) = figure["data"][1], figure["layout"]["yaxis"]["range"]
    assert line["y"][1:] == [9.0, 2.5, 2.5]
    assert line["y"][0] > top, "it goes on where the axes are moved to"
    assert bottom < 2.5


def test_front_of_a_cost_that_is_better_the_higher(client: Client) -> None:
    benchmark = make.make_benchmark()
    for model, score, cost in [("Slow", 90.0, 1), ("Slower", 89.0, 0.5), ("Fast", 80.0, 9), ("Faster", 79.0, 99)]:
        add_row(benchmark, model, score, cost, measure=CostMeasure.THROUGHPUT)
    shown = fronts(client, benchmark)
    assert all_agree(shown, ["Faster", "Fast", "Slow"]), shown
    line = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["data"][1]
    assert line["x"][:4] == [99e6, 99e6, 9e6, 1e6]
    assert line["x"][4] < 0.5e6


@pytest.mark.parametrize("directions", [(Direction.UNKNOWN, CostMeasure.PARAMETERS), (Direction.HIGHER, CostMeasure.TOKENS)])
def test_there_is_no_front_where_nobody_knows_the_better_end(client: Client, directions: tuple[Direction, CostMeasure]) -> None:
    direction, measure = directions
    benchmark = make.make_benchmark(metric=make.make_metric("Zing", direction=direction))
    add_row(benchmark, "One", 80.0, 5, measure=measure)
    add_row(benchmark, "Two", 81.0, 6, measure=measure)
    assert all_agree(fronts(client, benchmark), [])
    page = client.get(benchmark.get_absolute_url()).content.decode()
    assert "so there is no front" in page
    assert "front: no row beats it" not in page


@pytest.mark.parametrize("table", [Claim, Cost])
def test_front_is_new_after_a_rejection(client: Client, table: type[Claim] | type[Cost]) -> None:
    benchmark = make_tradeoff_board()
    seen = client.get(f"{benchmark.get_absolute_url()}chart.json")["ETag"]
    for model in ("Twin-A", "Twin-B"):
        paper = Result.objects.get(model_name=model).paper
        statement = table.objects.get(paper_text__paper=paper)
        curation.decide(statement, CurationState.REJECTED, actor="curator", version=statement.version, reason=RejectReason.WRONGLY_READ)
    shown = fronts(client, benchmark)
    assert all_agree(shown, ["Cheapest", "Same cost, worse", "Range", "Same value, dearer", *FRONT[3:]]), shown
    answer = client.get(f"{benchmark.get_absolute_url()}chart.json", headers={"If-None-Match": seen})
    assert answer.status_code == 200


def test_front_holds_only_what_the_filters_leave(client: Client) -> None:
    benchmark = make_tradeoff_board()
    accepted = add_row(benchmark, "Accepted", 84.8, 70, state=CurationState.ACCEPTED)
    assert accepted.public_id not in [row.public_id for row in read(benchmark).front]
    assert [row.public_id for row in read(benchmark, "state=accepted").front] == [accepted.public_id]


def test_front_hides_what_nobody_has_reviewed(client: Client, settings: Any) -> None:
    benchmark = make_tradeoff_board()
    address = f"{benchmark.get_absolute_url()}chart.json"
    seen = client.get(address)["ETag"]
    settings.SHOW_UNREVIEWED = False
    answer = client.get(address, headers={"If-None-Match": seen})
    assert answer.status_code == 200
    assert answer.json()["front"]["rows"] == []


# ---- which cost ----


def read(benchmark: Benchmark, query: str = "") -> boards.Tradeoff:
    tradeoff = boards.read_board(benchmark, QueryDict(query)).tradeoff
    assert tradeoff is not None
    return tradeoff


def test_costs_are_offered_by_how_many_rows_have_them_with_a_score() -> None:
    benchmark = make.make_benchmark()
    top5 = make.add_metric(benchmark, make.make_metric("Top-5 accuracy"))
    for number, measures in enumerate(
        [["tokens", "flops"], ["tokens", "flops", "latency"], ["tokens", "latency"], ["tokens", "other", "latency"]]
    ):
        result = add_row(benchmark, f"Model-{number}", 80.0 + number, None)
        for measure in measures:
            place = list(CostMeasure).index(CostMeasure(measure))
            assert result.paper is not None
            make.make_cost("It", paper=result.paper, result=result, measure=CostMeasure(measure), value=5.0, ordinal=place)
    # Without a score under the primary metric there is nothing to compare.
    unscored = add_row(benchmark, "Unscored", 95.0, 7, metric=top5)
    tradeoff = read(benchmark)
    assert [(choice.measure, choice.count, choice.chosen) for choice in tradeoff.choices] == [
        ("latency", 3, True),
        ("flops", 2, False),
        ("tokens", 4, False),
    ]
    assert (tradeoff.measure, len(tradeoff.points), tradeoff.uncosted) == ("latency", 3, 2)
    assert unscored.public_id not in [row.public_id for row in tradeoff.points]
    assert read(benchmark, "cost=flops").measure == "flops"


def test_costs_that_few_rows_state_open_behind_the_others(client: Client) -> None:
    benchmark = make.make_benchmark()
    rare = [CostMeasure.EPOCHS, CostMeasure.TOKENS, CostMeasure.MEMORY]
    for number in range(11):
        result = add_row(benchmark, f"Model-{number}", 80.0 + number / 10, 7)
        assert result.paper is not None
        for place, measure in enumerate([CostMeasure.FLOPS, CostMeasure.LATENCY, *(rare if number == 0 else [])]):
            make.make_cost("It", paper=result.paper, result=result, measure=measure, value=5.0, ordinal=place)
    page = client.get(benchmark.get_absolute_url()).content.decode()
    costs = re.search(r'<nav class="chart__costs" aria-label="Cost">.*?</nav>', page, re.DOTALL)
    assert costs is not None
    first, behind = costs[0].split("<details")
    assert [re.search(r"\?cost=(\w+)", link)[1] for link in first.split("<a ")[1:]] == ["flops", "latency", "parameters"]  # type: ignore[index]
    assert "3\u00a0more costs" in behind
    assert behind.count("<a ") == 3
    # What is chosen stands among the first, of the costs and of the sizes.
    page = client.get(f"{benchmark.get_absolute_url()}?cost=epochs&size=tokens").content.decode()
    navs = {name: re.search(rf'<nav class="chart__costs" aria-label="{name}">.*?</nav>', page, re.DOTALL)[0] for name in ("Cost", "Size")}  # type: ignore[index]
    assert 'aria-current="true">Epochs' in navs["Cost"].partition("<details")[0]
    assert 'aria-current="true">Tokens' in navs["Size"].partition("<details")[0]


def test_only_costs_that_are_amounts_are_compared() -> None:
    benchmark = make.make_benchmark()
    result = add_row(benchmark, "Model", 80.0, None)
    assert result.paper is not None
    make.make_cost("80", paper=result.paper, result=result, kind=ClaimKind.RATIO, measure=CostMeasure.FLOPS)
    assert read(benchmark).choices == []


def test_board_without_costs_says_so(client: Client) -> None:
    benchmark = make.make_benchmark()
    add_row(benchmark, "Model", 80.0, None)
    page = client.get(f"{benchmark.get_absolute_url()}?chart=tradeoff").content.decode()
    assert "No row states both Top-1 accuracy and a cost." in page
    assert "chart__stage" not in page
    answer = client.get(f"{benchmark.get_absolute_url()}chart.json?chart=tradeoff")
    assert answer.status_code == 200
    assert answer.json()["figure"]["data"] == []
    assert answer.json()["front"] == {"metric": "Top-1 accuracy", "cost": None, "rows": []}


def test_board_without_the_chosen_cost_offers_the_others(client: Client) -> None:
    benchmark = make.make_board(3)
    page = client.get(f"{benchmark.get_absolute_url()}?cost=flops&sort=model").content.decode()
    assert "No row states both Top-1 accuracy and FLOPs. Choose another cost above." in page
    assert 'href="?cost=parameters&amp;sort=model#chart"' in page
    assert client.get(f"{benchmark.get_absolute_url()}chart.json?cost=flops").json()["figure"]["data"] == []


@pytest.mark.parametrize("metric", [None, "unused"])
def test_board_without_a_primary_number_has_no_chart(client: Client, metric: str | None) -> None:
    benchmark = make.make_board(2)
    other = make.add_metric(benchmark, make.make_metric("Unused"))
    Benchmark.objects.filter(pk=benchmark.pk).update(primary_metric=other if metric else None)
    page = client.get(benchmark.get_absolute_url()).content.decode()
    assert 'id="chart"' not in page
    assert "chart.js" not in page
    assert "data-chart" not in page
    assert client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["data"] == []


# ---- the page ----


def test_page_says_what_is_not_drawn(client: Client) -> None:
    benchmark = make_tradeoff_board()
    text = re.sub(r"\s+", " ", client.get(benchmark.get_absolute_url()).content.decode().replace("\u00a0", " "))
    assert "11 of 12 rows are drawn. 1 row states no parameters, among them the leader, No cost." in text
    assert "read from an abstract" in text
    assert "imported</span>" in text
    assert "quoted, never on the front" not in text
    both = client.get(f"{benchmark.get_absolute_url()}?role=all").content.decode()
    assert "quoted, never on the front" in both


def test_page_lists_the_points_with_links_to_their_rows(client: Client) -> None:
    benchmark = make_tradeoff_board()
    page = client.get(f"{benchmark.get_absolute_url()}?cost=parameters&page=1&sort=model&open=none").content.decode()
    table = page[page.index('<table class="points"') : page.index('<table class="board')]
    row = Result.objects.get(model_name="Up to")
    assert (
        f'<a href="?cost=parameters&amp;sort=model&amp;open={row.public_id}#row-{row.public_id}" data-row="{row.public_id}">Up to</a>'
        in table
    )
    assert '<td class="n f1"><span class="q">up to</span><span class="num d1">85.0</span></td>' in table
    assert '<span class="num d0">15–19</span>' in table
    assert table.count("<tr>") == 12
    assert 'data-chart="/sota/image-classification-on-imagenet-1k/chart.json?cost=parameters"' in page
    assert 'data-library="/static/plotly/plotly.min.js"' in page


def test_page_lists_the_best_points_and_counts_the_rest(client: Client) -> None:
    benchmark = make.make_benchmark()
    for number in range(55):
        make.make_imported_row(benchmark, f"Model-{number}", f"{60 + number / 2:.1f}", {CostMeasure.PARAMETERS: (100 - number) * 1e6})
    page = client.get(benchmark.get_absolute_url()).content.decode()
    assert page.count("data-row=") == MOST_LISTED == 25
    assert "30\u00a0more rows are drawn" in page
    assert "The chart as a table <small>25 of 55\u00a0rows</small>" in page
    assert "The table below it has the same numbers of 25 of them." in page
    assert len(client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["data"][3]["ids"]) == 54


def test_page_escapes_names(client: Client) -> None:
    benchmark = make.make_benchmark()
    make.make_imported_row(benchmark, "<b onclick=x>A & B</b>", "80.0", {CostMeasure.PARAMETERS: 5e6}, variant="<i>")
    page = client.get(benchmark.get_absolute_url()).content.decode()
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;A &amp; B&lt;/b&gt;" in page
    figure = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]
    assert figure["data"][5]["text"][0].startswith("&lt;b onclick=x&gt;A &amp; B&lt;/b&gt; &lt;i&gt;<br>")
    assert figure["layout"]["annotations"][2]["text"] == "&lt;b onclick=x&gt;A &amp; B&lt;/b&gt;"


def test_page_marks_the_column_of_the_chosen_cost_and_keeps_it_in_sight(client: Client) -> None:
    benchmark = make_tradeoff_board()
    for number in range(7):
        metric = make.add_metric(benchmark, make.make_metric(f"Metric {number}"))
        for model in ("Cheapest", "Up to", "Range", "Twin-A", "Twin-B", "No cost", "Less than", "More than"):
            result = Result.objects.get(model_name=model)
            assert result.paper is not None
            make.make_claim("It", result=result, paper=result.paper, metric=metric, value=1.0, ordinal=number)
    result = Result.objects.get(model_name="Up to")
    assert result.paper is not None
    make.make_cost("It", paper=result.paper, result=result, measure=CostMeasure.FLOPS, value=5e9)
    page = client.get(f"{benchmark.get_absolute_url()}?cost=flops").content.decode()
    assert page.count('title="On the front of Top-1 accuracy against FLOPs"') == 1
    assert "against parameters" not in page


@pytest.mark.parametrize("address", ["", "chart.json"])
def test_query_count_is_the_same_for_one_and_fifty_rows(client: Client, address: str) -> None:
    def count_queries(benchmark: Benchmark) -> int:
        url = f"{benchmark.get_absolute_url()}{address}"
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    few = make.make_board(1, benchmark=make.make_benchmark("Task", "Small"))
    many = make.make_board(50, benchmark=make.make_benchmark("Task", "Large"))
    assert count_queries(few) == count_queries(many)


# ---- the address ----


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cost=colour", "cost"),
        ("cost=other", "cost"),
        ("year=blue", "year"),
        ("colour=red", "colour"),
        ("size=zing", "size"),
        ("chart=pie", "chart"),
        ("sort=zing", "sort"),
        ("page=9", "page"),
    ],
)
def test_wrong_parameters_are_refused_by_name(client: Client, query: str, field: str) -> None:
    benchmark = make.make_board(2)
    answer = client.get(f"{benchmark.get_absolute_url()}chart.json?{query}")
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}
    error = answer.json()["error"]
    assert error.keys() == {"code", "message", "field"}
    assert (error["code"], error["field"]) == ("unknown_filter", field)
    assert query.partition("=")[2] in error["message"] or field in error["message"]
    page = client.get(f"{benchmark.get_absolute_url()}?{query}")
    assert page.status_code == 400


def test_chart_of_no_board_is_missing(client: Client) -> None:
    answer = client.get("/sota/none/chart.json")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": "not_found", "message": "There is no board at “none”.", "field": None}}


def test_chart_of_an_old_address_moves_with_its_board(client: Client) -> None:
    benchmark = make.make_board(1)
    OldSlug.objects.create(kind="benchmark", slug="old-name", public_id=benchmark.public_id)
    answer = client.get("/sota/old-name/chart.json?cost=flops")
    assert answer.status_code == 301
    assert answer["Location"] == f"{benchmark.get_absolute_url()}chart.json?cost=flops"


def test_chart_is_sent_once(client: Client) -> None:
    benchmark = make.make_board(30)
    url = f"{benchmark.get_absolute_url()}chart.json"
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        first = client.get(url, headers=headers)
        assert first["Cache-Control"] == "no-cache"
        with CaptureQueriesContext(connection) as queries:
            again = client.get(url, headers={"If-None-Match": first["ETag"], **headers})
        assert again.status_code == 304
        assert again.content == b""
        assert again["ETag"].removeprefix("W/") == first["ETag"].removeprefix("W/")
        assert len(queries) == 1
        assert client.get(f"{url}?cost=flops", headers={"If-None-Match": first["ETag"], **headers}).status_code == 200


def test_pages_do_not_load_plotly() -> None:
    """A page is not to wait for what only the chart's data needs."""
    code = (
        "import sys, django; django.setup(); from leaderboard import urls\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'plotly'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=django_settings.BASE_DIR, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


# ---- the figure ----


def test_points_stand_where_they_rank_and_say_what_is_stated(client: Client) -> None:
    benchmark = make_tradeoff_board()
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json?role=all").json()
    traces = {trace["name"]: trace for trace in drawn["figure"]["data"] if "name" in trace}
    assert list(traces) == list(marks.CLASSES)
    points = {
        text.partition("<br>")[0]: (x, y, name, text)
        for name, trace in traces.items()
        for x, y, text in zip(trace["x"], trace["y"], trace["text"], strict=True)
    }
    assert len(points) == 12
    assert points["Range"][:3] == (11e6, 79.5, "own")
    assert points["Cost of a range"][:3] == (19e6, 84.5, "own front")
    assert points["Quoted"][:3] == (1e6, 95.0, "quoted")
    assert points["Imported large"][:3] == (500e6, 90.5, "front")
    assert points["Up to"][3] == "Up to<br>Top-1 accuracy: up to 85.0\u00a0%<br>Parameters: 20\u00a0M<br>on the front"
    assert points["More than"][3] == "More than<br>Top-1 accuracy: &gt; 86.0\u00a0%<br>Parameters: 21\u00a0M"
    assert points["Quoted"][3].endswith("<br>quoted, without a rank")
    assert points["Imported large"][3].endswith("<br>on the front<br>from results")


def test_axis_is_logarithmic_only_over_a_wide_span(client: Client) -> None:
    benchmark = make.make_benchmark()
    add_row(benchmark, "One", 80.0, 5)
    add_row(benchmark, "Two", 81.0, 99)
    layout = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["layout"]
    assert layout["xaxis"]["type"] == "linear"
    assert layout["xaxis"]["ticktext"] == [f"{tick}\u00a0M" for tick in (20, 40, 60, 80, 100)]
    add_row(benchmark, "Three", 82.0, 100)
    Benchmark.objects.update(version=99)
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json").json()
    layout = drawn["figure"]["layout"]
    assert layout["xaxis"]["type"] == "log"
    assert layout["xaxis"]["range"][0] < 6.7 < 8 < layout["xaxis"]["range"][1]
    assert layout["xaxis"]["ticktext"] == ["5\u00a0M", "10\u00a0M", "20\u00a0M", "50\u00a0M", "100\u00a0M"]
    assert drawn["narrow"]["xaxis"]["ticktext"] == ["10\u00a0M", "30\u00a0M", "100\u00a0M"]
    assert drawn["scale"] == {"size": 1e6, "counted": True}
    assert [title["text"] for title in layout["annotations"][:2]] == ["Top-1 accuracy, % ↑", "← Parameters, log scale"]


def test_axis_takes_a_cost_of_nothing(client: Client) -> None:
    benchmark = make.make_benchmark()
    add_row(benchmark, "Nothing", 80.0, 0)
    add_row(benchmark, "Much", 81.0, 900)
    layout = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["layout"]
    assert layout["xaxis"]["type"] == "linear"
    assert layout["xaxis"]["range"][0] == 0


@pytest.mark.parametrize("cost", [0, 5])
def test_a_single_point_is_drawn_with_room_around_it(client: Client, cost: int) -> None:
    benchmark = make.make_benchmark()
    add_row(benchmark, "Only", 80.0, cost)
    figure = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]
    for axis, at in (("xaxis", cost * 1e6), ("yaxis", 80.0)):
        low, high = figure["layout"][axis]["range"]
        assert low <= at < high
    assert 2 <= len(figure["layout"]["xaxis"]["tickvals"]) <= 8


def test_names_are_few_and_whole(client: Client) -> None:
    benchmark = make.make_benchmark()
    for number in range(40):
        make.make_imported_row(benchmark, f"model_{number}", f"{60 + number / 2:.1f}", {CostMeasure.PARAMETERS: (1 + number) * 1e6})
    long = "a_model_with_a_name_that_has_no_end_patch14_448"
    make.make_imported_row(benchmark, long, "95.0", {CostMeasure.PARAMETERS: 99e6})
    add_row(benchmark, "Ours", 70.0, 50)
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json").json()
    names = drawn["figure"]["layout"]["annotations"][2:]
    shown = [name["text"] for name in names if name["visible"]]
    assert len(shown) == drawn["names"] == 10
    assert drawn["narrow"]["names"] == 4
    assert shown[:2] == ["Ours", "model_0"]
    assert long not in [name["text"] for name in names]
    named = {name for trace in drawn["figure"]["data"] for name in trace.get("customdata", [])}
    assert named == {"", "Ours", *(f"model_{number}" for number in range(40))}
    assert {name["font"]["weight"] for name in names if name["text"] == "Ours"} == {600}


def test_colours_are_those_of_the_pages() -> None:
    """The figure's literals and the tokens that the page is made of are the same."""
    tokens = (django_settings.BASE_DIR / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    light, dark = tokens.partition("@media screen")[::2]
    names = {"title": "ink-2", "name": "ink", "text": "ink-3", "plot": "chart-bg", "grid": "chart-grid", "axis": "chart-axis"}
    names |= {"point": "chart-point", "own": "chart-own", "front": "chart-front", "mark": "mark-solid", "border": "line-strong"}
    names |= {f"c{number}": f"chart-c{number}" for number in range(1, marks.MOST_COLOURS + 1)}
    for palette, part in (("light", light), ("dark", dark)):
        found = dict(re.findall(r"--([\w-]+):\s*(#\w+)", part))
        assert {name: looks.PALETTES[palette][name] for name in names} == {name: found[token] for name, token in names.items()}


def test_templates_cover_every_trace() -> None:
    for styles in (marks.CLASSES, marks.family_classes(["A", "B"])):
        for template in looks.make_templates(("area", "line", *styles)).values():
            assert len(template["data"]["scatter"]) == 2 + len(styles)


def test_unnamed_method_goes_by_its_variant_if_that_is_a_name(client: Client) -> None:
    benchmark = make.make_benchmark()
    for cost, variant in ((10, "Small-B/16"), (20, "larger model"), (30, "")):
        result = add_row(benchmark, "", 70.0 + cost, cost)
        Result.objects.filter(pk=result.pk).update(variant=variant)
    drawn = client.get(f"/sota/{benchmark.slug}/chart.json").json()
    assert [name["text"] for name in drawn["figure"]["layout"]["annotations"][2:]] == ["Small-B/16"]


def test_rows_at_the_same_place_are_counted_and_named(client: Client) -> None:
    benchmark = make_tradeoff_board()
    assert "2 of them lie where another does." in words_of(client, benchmark.get_absolute_url())
    traces = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["data"]
    texts = [text for trace in traces for text in trace.get("text", [])]
    assert sum("<br>at the same place: Twin-" in text for text in texts) == 2
    add_row(benchmark, "Twin-C", 80.0, 10)
    Benchmark.objects.update(version=99)
    traces = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]["data"]
    assert sum("<br>at the same place: 2 others" in text for trace in traces for text in trace.get("text", [])) == 3


# ---- over time ----


def make_history_board() -> Benchmark:
    """Return a board of three records, a tie, a bound, and a leader without a date; nothing has a cost."""
    benchmark = make.make_benchmark()
    for model, score, day in [
        ("First", 70.0, date(2020, 1, 1)),
        ("Second", 75.25, date(2021, 3, 1)),
        ("Equal", 75.25, date(2021, 4, 1)),
        ("Last", 80.0, date(2022, 1, 1)),
        ("Undated", 95.0, None),
    ]:
        paper = make.make_paper(f"{model}: a paper, {next(_numbers)}", abstract=f"It reaches {score}.", day=day)
        make.make_claim(str(score), result=make.make_result(benchmark, paper, model), paper=paper, model=model)
    bound = add_row(benchmark, "Bound", 90.0, None, qualifier=Qualifier.OVER)
    assert bound.paper is not None
    return benchmark


def words_of(client: Client, address: str) -> str:
    """Return a page's words, with plain spaces."""
    text = re.sub(r"<[^>]*>", " ", client.get(address).content.decode())
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def test_record_is_drawn_in_steps_with_every_row_as_a_point(client: Client) -> None:
    benchmark = make_history_board()
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json").json()
    assert drawn["kind"] == "time"
    names = dict(Result.objects.values_list("public_id", "model_name"))
    assert [names[row] for row in drawn["records"]["rows"]] == ["First", "Second", "Last"]
    figure = drawn["figure"]
    assert figure["layout"]["xaxis"]["type"] == "date"
    left, right = figure["layout"]["xaxis"]["range"]
    assert left < "2020-01-01" < "2022-03-10" < right
    line = figure["data"][1]
    assert (line["x"][:3], line["y"]) == (["2020-01-01", "2021-03-01", "2022-01-01"], [70.0, 75.25, 80.0, 80.0])
    assert line["x"][3] > right, "it goes on where the axes are moved to"
    points = {names[row]: trace["name"] for trace in figure["data"][2:] for row in trace["ids"]}
    assert points == {"First": "own front", "Second": "own front", "Last": "own front", "Equal": "own", "Bound": "own"}
    texts = [text for trace in figure["data"][2:] for text in trace["text"]]
    assert "Second<br>Top-1 accuracy: 75.25\u00a0%<br>1 Mar 2021<br>set the record" in texts
    assert "Equal<br>Top-1 accuracy: 75.25\u00a0%<br>1 Apr 2021" in texts
    assert [name["text"] for name in figure["layout"]["annotations"]][:3] == ["Top-1 accuracy, % ↑", "Date of the paper", "Last"]


def test_page_lists_the_records_and_says_what_has_no_date(client: Client) -> None:
    benchmark = make_history_board()
    page = client.get(benchmark.get_absolute_url()).content.decode()
    words = words_of(client, benchmark.get_absolute_url())
    assert "5 of 6 rows are drawn. 1 row has no date and is not drawn, among them the leader, Undated." in words
    assert "Who equals a record does not hold it" in words
    table = page[page.index('<table class="points"') : page.index('<table class="board')]
    rows = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in re.findall(r"<tr>(<th scope=.row.*?)</tr>", table, re.DOTALL)
    ]
    assert rows == ["Last 80.0 +4.75 1 Jan 2022", "Second 75.25 +5.25 1 Mar 2021", "First 70.0 – the first 1 Jan 2020"]
    row = Result.objects.get(model_name="Last")
    assert f'<a href="?open={row.public_id}#row-{row.public_id}" data-row="{row.public_id}">Last</a>' in table
    assert 'data-chart="/sota/image-classification-on-imagenet-1k/chart.json"' in page


def test_history_without_a_direction_or_a_date_says_so(client: Client) -> None:
    benchmark = make.make_benchmark(metric=make.make_metric("Zing", direction=Direction.UNKNOWN))
    add_row(benchmark, "One", 80.0, None)
    words = words_of(client, benchmark.get_absolute_url())
    assert "Whether more or less of Zing is better is not known, so there is no record." in words
    figure = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]
    assert [len(trace["x"]) for trace in figure["data"]] == [0, 0, 0, 0, 1, 0, 0]
    undated = make.make_benchmark("Task", "Undated")
    make.make_imported_row(undated, "Imported", "90.5", {CostMeasure.PARAMETERS: 500e6})
    assert "No row has both a Top-1 accuracy and a date." in words_of(client, f"{undated.get_absolute_url()}?chart=time")
    assert client.get(f"{undated.get_absolute_url()}chart.json?chart=time").json()["figure"]["data"] == []


def test_record_where_lower_is_better_goes_down(client: Client) -> None:
    benchmark = make.make_benchmark(metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    for model, score, day in [("One", 9.5, date(2020, 1, 1)), ("Two", 3.1, date(2021, 1, 1))]:
        paper = make.make_paper(f"{model}: {next(_numbers)}", abstract=f"It reaches {score}.", day=day)
        make.make_claim(str(score), result=make.make_result(benchmark, paper, model), paper=paper, model=model)
    figure = client.get(f"{benchmark.get_absolute_url()}chart.json").json()["figure"]
    area, line = figure["data"][:2]
    assert line["y"] == [9.5, 3.1, 3.1]
    assert min(area["y"][-2:]) > figure["layout"]["yaxis"]["range"][1]
    assert "\u22126.4" in client.get(benchmark.get_absolute_url()).content.decode()


@pytest.mark.parametrize("year", [1, 9999])
def test_history_at_the_ends_of_the_calendar(client: Client, year: int) -> None:
    benchmark = make.make_benchmark()
    for number, model in enumerate(("One", "Two")):
        day = date(year, 1 if year == 1 else 12, 1 + number * 29)
        paper = make.make_paper(f"{model}: {next(_numbers)}", abstract="It reaches 80.", day=day)
        make.make_claim("80", result=make.make_result(benchmark, paper, model), paper=paper, model=model)
    answer = client.get(f"{benchmark.get_absolute_url()}chart.json")
    assert answer.status_code == 200
    low, high = answer.json()["figure"]["layout"]["xaxis"]["range"]
    assert low <= f"{year:04}-12-30" if year == 9999 else high >= "0001-01-30"


# ---- colours and sizes ----


def make_family_board() -> Benchmark:
    """Return a board of eight families of two and one model alone, by two measures, the second of which not all state."""
    benchmark = make.make_benchmark()
    for place in range(8):
        for size in (1, 2):
            costs = {CostMeasure.PARAMETERS: (place + 1) * size * 1e6}
            if place % 2:
                costs[CostMeasure.FLOPS] = (place + 1) * size * 3e6
            make.make_imported_row(benchmark, f"Net{'abcdefgh'[place]}-{'SL'[size - 1]}", f"{60 + place + size * 2}.5", costs)
    make.make_imported_row(benchmark, "Loner", "70.1", {CostMeasure.PARAMETERS: 9e6, CostMeasure.FLOPS: 9e6})
    return benchmark


def test_points_are_coloured_by_family(client: Client) -> None:
    benchmark = make_family_board()
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json?colour=family").json()
    traces = {trace["name"]: trace for trace in drawn["figure"]["data"][2:] if trace["ids"]}
    names = dict(Result.objects.values_list("public_id", "model_name"))
    assert {names[row] for row in [*traces["Neta front"]["ids"], *traces.get("Neta", {"ids": []})["ids"]]} == {"Neta-S", "Neta-L"}
    assert {name for name in traces if name.startswith("Net")} <= {f"Net{letter}{way}" for letter in "abcdef" for way in ("", " front")}
    others = {names[row] for name, trace in traces.items() if name.startswith("others") for row in trace["ids"]}
    assert others == {"Netg-S", "Netg-L", "Neth-S", "Neth-L", "Loner"}
    assert any("<br>Family: Neta<br>" in text for text in traces["Neta front"]["text"])
    for template in drawn["templates"].values():
        looks_of = template["data"]["scatter"]
        assert len(looks_of) == len(drawn["figure"]["data"])
        plain = [look["marker"] for look in looks_of[2 + 7 : 2 + 14]]
        assert len({look["color"] for look in plain}) == len({look["symbol"] for look in plain}) == 7
    page = client.get(f"{benchmark.get_absolute_url()}?colour=family").content.decode()
    assert page.count('class="k-family') == 6
    assert "all others" in page
    assert "ringed: on the front" in page
    assert "k-family" not in client.get(benchmark.get_absolute_url()).content.decode()


def test_points_are_sized_by_another_cost(client: Client) -> None:
    benchmark = make_family_board()
    traces = client.get(f"{benchmark.get_absolute_url()}chart.json?size=flops").json()["figure"]["data"][2:]
    sizes = {row: size for trace in traces for row, size in zip(trace["ids"], trace["marker"]["size"], strict=True)}
    of_model = {model: sizes[row] for row, model in Result.objects.values_list("public_id", "model_name")}
    assert of_model["Neta-S"] == of_model["Netg-L"] == marks.UNSIZED
    stated = [of_model[name] for name in ("Netb-S", "Netb-L", "Netd-L", "Neth-L")]
    assert stated == sorted(stated)
    assert stated[-1] == marks.LARGEST
    for trace in traces:
        assert trace["marker"]["size"] == sorted(trace["marker"]["size"], reverse=True), "a small one lies on a large one"
    assert any("<br>FLOPs: not stated" in text for trace in traces for text in trace["text"])
    words = words_of(client, f"{benchmark.get_absolute_url()}?size=flops")
    assert "8 rows that state no FLOPs are tiny dots." in words
    assert "FLOPs: 6 M 18 M 48 M" in words


def test_links_of_the_chart_keep_all_that_was_chosen(client: Client) -> None:
    benchmark = make_family_board()
    asked = "cost=parameters&colour=family&size=flops&sort=model&role=all"
    page = client.get(f"{benchmark.get_absolute_url()}?{asked}").content.decode()
    kept = asked.replace("&", "&amp;")
    for href in (
        f"?{kept}&amp;chart=families#chart",
        f"?{kept.replace('cost=parameters', 'cost=flops')}#chart",
        f"?{kept.replace('&amp;size=flops', '')}#chart",
        f"?{kept.replace('&amp;colour=family', '')}#chart",
    ):
        assert f'href="{href}"' in page, href
    assert page.count('aria-current="true">Score and cost</a>') == page.count('aria-current="true">Family</a>') == 1
    assert 'data-chart="/sota/image-classification-on-imagenet-1k/chart.json?cost=parameters&amp;colour=family&amp;size=flops' in page


@pytest.mark.parametrize(("amounts", "grows"), [([1.0, 10.0, 19.0], "evenly"), ([1.0, 10.0, 100.0], "by logarithms"), ([5.0, 5.0], "")])
def test_areas_grow_with_amounts(amounts: list[float], grows: str) -> None:
    areas = [size**2 for size in marks.diameters([*amounts, None])]
    assert areas[-1] == marks.UNSIZED**2 < areas[0]
    if grows:
        assert areas[1] - areas[0] == pytest.approx(areas[2] - areas[1] if grows == "by logarithms" else (areas[2] - areas[0]) / 2, rel=0.1)
    else:
        assert areas[0] == areas[1]


# ---- families ----


def test_families_have_a_panel_each_with_the_same_axes(client: Client) -> None:
    benchmark = make_family_board()
    drawn = client.get(f"{benchmark.get_absolute_url()}chart.json?chart=families").json()
    layout, traces = drawn["figure"]["layout"], drawn["figure"]["data"]
    axes = [layout[f"xaxis{number}"] for number in ["", *range(2, 9)]]
    assert len({str(axis["range"]) for axis in axes}) == len({str(layout[f"yaxis{number}"]["range"]) for number in ["", *range(2, 9)]}) == 1
    assert len(traces) == 8 * len(drawn["templates"]["light"]["data"]["scatter"])
    assert next(note["text"] for note in layout["annotations"] if note.get("name") == "panel") == "Neta, 2\u00a0rows"
    assert drawn["narrow"]["layout"]["xaxis2"]["domain"][1] == pytest.approx(1)
    assert layout["xaxis4"]["domain"][1] == pytest.approx(1)
    names = dict(Result.objects.values_list("public_id", "model_name"))
    second = [names[row] for trace in traces if trace["xaxis"] == "x2" for row in trace.get("ids", [])]
    assert sorted(second) == ["Netb-L", "Netb-S"]


def test_page_lists_families_and_names_those_that_are_not_drawn(client: Client) -> None:
    benchmark = make_family_board()
    for place in range(8, 14):
        for size in "SL":
            make.make_imported_row(benchmark, f"Net{'abcdefghijklmn'[place]}-{size}", "61.5", {CostMeasure.PARAMETERS: 7e6 + place})
    page = client.get(f"{benchmark.get_absolute_url()}?chart=families").content.decode()
    words = words_of(client, f"{benchmark.get_absolute_url()}?chart=families")
    assert "24 of 29 rows are drawn. 1 row is of a model without a family here. Smaller families are not drawn: Netm and Netn." in words
    assert 'data-panels="12"' in page
    assert "chart__zoom" not in page
    table = page[page.index('<table class="points"') : page.index('<table class="board')]
    assert "<td>Neta</td>" in table


def test_board_without_families_says_so(client: Client) -> None:
    benchmark = make.make_benchmark()
    add_row(benchmark, "One", 80.0, 5)
    words = words_of(client, f"{benchmark.get_absolute_url()}?chart=families")
    assert "No two rows that state both Top-1 accuracy and parameters are of one family of models." in words
    assert client.get(f"{benchmark.get_absolute_url()}chart.json?chart=families").json()["figure"]["data"] == []


# ---- to take along ----


@pytest.mark.parametrize("query", ["", "chart=time", "chart=families", "colour=family&size=flops", "chart=time&year=1999"])
def test_figure_can_be_read_by_plotly(client: Client, query: str) -> None:
    benchmark = make_family_board()
    make.make_board(3, benchmark=benchmark)
    address = f"{benchmark.get_absolute_url()}chart.json?{query}"
    answer = client.get(f"{address}&figure=plotly")
    figure = plotly_io.from_json(answer.content.decode(), skip_invalid=False)
    whole = client.get(address).json()["figure"]
    assert json.loads(figure.to_json()) == whole
    assert f"{benchmark.slug}/chart.json?cost=parameters" in client.get(f"{benchmark.get_absolute_url()}?{query}").content.decode() or query
    assert answer["ETag"] != client.get(address)["ETag"]


def test_figure_of_another_library_is_refused(client: Client) -> None:
    benchmark = make.make_board(1)
    answer = client.get(f"{benchmark.get_absolute_url()}chart.json?figure=vega")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "figure")
    assert client.get(f"{benchmark.get_absolute_url()}?figure=plotly").status_code == 400


@pytest.mark.parametrize("query", ["chart=time", "chart=families", "colour=family&size=parameters", "chart=time&colour=family"])
def test_no_chart_costs_a_query(client: Client, query: str) -> None:
    benchmark = make.make_board(30)
    counted = []
    for asked in ("chart=tradeoff", query):
        for address in ("", "chart.json"):
            url = f"{benchmark.get_absolute_url()}{address}?{asked}"
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counted.append(len(queries))
    assert counted[:2] == counted[2:]


def test_chart_of_five_thousand_points_is_small(client: Client) -> None:
    benchmark = make.make_benchmark()
    make.make_crowd(benchmark, [(f"crowd_net_{number}", 60 + number / 200, 1e6 + number * 1e4) for number in range(5000)])
    answer = client.get(f"{benchmark.get_absolute_url()}chart.json?colour=family", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 250_000
