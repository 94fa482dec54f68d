"""What each page shows, in how many queries, and how it fails."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from claims.boards.numbers import cost_direction
from claims.errors import UnknownFormatError
from claims.models import Benchmark, ChangeSet, Claim, Listing, OldSlug, Paper, Result
from claims.services import ingest, search_names
from claims.terms import ClaimKind, CostMeasure, CurationState, Direction, ListingState, Qualifier, Role, TextField
from leaderboard.templatetags.board_tags import MOST_COLUMNS
from tests import factories as make

pytestmark = pytest.mark.django_db

SAMPLE = Path(django_settings.BASE_DIR) / "claims" / "samples" / "daily-papers-sample.txt"


def text_of(response: Any) -> str:
    """Return the page's words without markup, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi>", "", response.content.decode()))).strip()


def post_form(client: Client, url: str, **fields: Any) -> Any:
    """Send a form as browsers send one without a file."""
    return client.post(url, urlencode(fields), content_type="application/x-www-form-urlencoded")


def count_queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    return client


@pytest.fixture
def uploader(client: Client) -> Client:
    client.force_login(make.make_user("uploader", "upload_listing"))
    return client


# ---- home ----


def test_home_lists_boards_by_area_with_their_leader(client: Client) -> None:
    board = make.make_board(3)
    make.make_board(2, benchmark=make.make_benchmark("Machine Translation", "WMT", area="Language"))
    response = client.get("/")
    text = text_of(response)
    leader = Result.objects.get(benchmark=board, model_name="SampleNet-2")
    assert "Vision 1 board" in text.replace("\u00a0", " ")
    assert "Language 1 board" in text.replace("\u00a0", " ")
    assert "SampleNet-2 61.0 Top-1 accuracy, % ↑ 3 3 Jan 2020" in text
    assert f'href="/sota/{board.slug}/?open={leader.public_id}#row-{leader.public_id}"' in response.content.decode()


def test_home_without_boards_tells_how_to_begin(client: Client) -> None:
    text = text_of(client.get("/"))
    assert "No board yet" in text
    assert "Upload a listing" in text
    assert "manage.py ingest" in text


def test_home_counts_the_boards_that_it_leaves_out(client: Client) -> None:
    make.make_board(2)
    lonely = make.make_benchmark("Detection", "COCO", reviewed=False)
    make.make_board(1, benchmark=lonely)
    response = client.get("/")
    assert lonely.slug not in response.content.decode()
    assert "1 board that nobody has reviewed, with one result, is not listed" in text_of(response).replace("\u00a0", " ")
    assert lonely.slug in client.get("/?boards=all").content.decode()


def test_home_shows_the_accepted_leader_where_unreviewed_is_hidden(client: Client, settings: Any) -> None:
    benchmark = make.make_board(2)
    make.make_claim("50.5%", benchmark=benchmark, model="Vouched", state=CurationState.ACCEPTED)
    settings.SHOW_UNREVIEWED = False
    assert "Vouched 50.5" in text_of(client.get("/"))


def test_home_query_count_is_constant(client: Client) -> None:
    make.make_board(2)
    few = count_queries(client, "/")
    for number in range(12):
        make.make_board(2, benchmark=make.make_benchmark("Task", f"Set {number}", area=f"Area {number % 3}"))
    assert count_queries(client, "/") == few


# ---- board ----


def test_board_shows_ranked_rows_with_their_numbers(client: Client) -> None:
    board = make.make_board(3)
    text = text_of(client.get(board.get_absolute_url()))
    assert "Image Classification on ImageNet-1K" in text
    assert "Ranked by Top-1 accuracy ↑ higher is better" in text
    table = text[text.index("3 results") :]
    assert table.index("SampleNet-2") < table.index("SampleNet-1") < table.index("SampleNet-0")
    assert "1 SampleNet-2 61.0 , best on the front, 7 SampleNet-2: a paper" in table
    assert "3 Jan 2020 Unreviewed" in text


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
    assert 'aria-sort="ascending"><a href="?sort=-parameters&amp;year=2020">Parameters</a>' in page
    table = page[page.index('<table class="board') :]
    assert table.index("SampleNet-0") < table.index("SampleNet-2")
    assert '<a href="?sort=-top-1-accuracy&amp;year=2020">Top-1 accuracy</a>' in page


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


def test_board_gives_no_direction_to_costs_that_have_none(client: Client) -> None:
    benchmark = make.make_board(2)
    row = Result.objects.filter(benchmark=benchmark)[0]
    assert row.paper is not None
    make.make_cost("60.0", paper=row.paper, result=row, measure=CostMeasure.TOKENS, value=60.0)
    response = client.get(benchmark.get_absolute_url())
    columns = {column.key: column for column in response.context["board"].columns}
    assert (columns["tokens"].direction, columns["tokens"].best) == (Direction.UNKNOWN, None)
    assert (columns["parameters"].direction, columns["parameters"].best) == (Direction.LOWER, 5e6)
    assert '<a href="?sort=tokens">Tokens</a><span class="unit">' in response.content.decode()


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
        assert [facet.count for facet in board.settings] == settings_
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
    assert page.content.decode().count('<th role="columnheader"') == 6 + MOST_COLUMNS == 11
    assert "Also stated, sort by" in text_of(page)
    assert '<a class="chip" href="?sort=-metric-7">Metric 7 <b>1</b></a>' in page.content.decode()
    assert (
        'aria-sort="descending"><a href="?sort=metric-7">Metric 7</a>'
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


def test_board_left_empty_names_the_filters_and_the_way_out(client: Client) -> None:
    board = make.make_board(3)
    response = client.get(f"{board.get_absolute_url()}?state=accepted&year=2020")
    text = text_of(response).replace("\u00a0", " ")
    assert response.status_code == 200
    assert "No row passes these filters" in text
    assert "year “2020”, state “accepted”: none of the 3 rows fits" in text
    assert "Drop the state: 3 rows" in text
    assert "Drop the year" not in text
    assert "Ranked by Top-1 accuracy" in text


def test_board_without_a_known_direction_is_not_ranked_and_says_so(client: Client) -> None:
    benchmark = make.make_benchmark(metric=make.make_metric("Zing", unit="", direction=Direction.UNKNOWN))
    make.make_claim("12.5", benchmark=benchmark)
    text = text_of(client.get(benchmark.get_absolute_url()))
    assert "Not ranked : nobody has said yet whether a higher or a lower Zing is better" in text
    assert "not ranked SampleNet" in text


def test_board_counts_rows_without_a_date(client: Client) -> None:
    benchmark = make.make_board(1)
    paper = make.make_paper(abstract="It reaches 50.5% here.", day=None)
    make.make_claim("50.5%", benchmark=benchmark, paper=paper)
    text = text_of(client.get(benchmark.get_absolute_url())).replace("\u00a0", " ")
    assert "1 row has no date" in text
    assert "no date Unreviewed" in text


@pytest.mark.parametrize(
    "query", ["colour=red", "sort=nothing", "page=99", "page=x", "setting=shots:7", "year=abc", "role=king", "state=rejected"]
)
def test_board_refuses_what_it_does_not_know(client: Client, query: str) -> None:
    board = make.make_board(2)
    response = client.get(f"{board.get_absolute_url()}?{query}")
    assert response.status_code == 400
    assert "Show the whole board" in text_of(response)
    assert f'href="{board.get_absolute_url()}"' in response.content.decode()


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


# ---- paper ----


def make_hostile_paper() -> Paper:
    paper = make.make_paper(
        "A <script>alert(1)</script> paper of 97.6%",
        abstract="On it we get 97.6%, 1.2% above others, with 3.3M parameters <img src=x onerror=alert(1)>. Rival has 95.9%. Not 10.",
    )
    benchmark = make.make_benchmark()
    make.make_claim("97.6%", benchmark=benchmark, paper=paper, state=CurationState.ACCEPTED)
    make.make_claim("97.6%", paper=paper, benchmark=benchmark, field=TextField.TITLE, on_board=False)
    make.make_claim("1.2%", benchmark=benchmark, paper=paper, kind=ClaimKind.DELTA)
    make.make_claim("95.9%", benchmark=benchmark, paper=paper, role=Role.BASELINE, model="Rival", state=CurationState.REJECTED)
    make.make_cost("3.3M", paper=paper, value=3.3e6, decimals=1)
    make.make_reading(paper, [["abstract", 107, 109, "part_of_name"]])
    make.make_listing("of <papers>.txt", paper)
    return paper


def test_paper_marks_its_numbers_and_links_them_both_ways(client: Client) -> None:
    paper = make_hostile_paper()
    response = client.get(paper.get_absolute_url())
    page, text = response.content.decode(), text_of(response).replace("\u00a0", " ")
    assert '<a class="mark" id="m2" href="#c2">97.6%<sup>2</sup></a>' in page
    assert '<a class="mark mark--delta" id="m3" href="#c3">1.2%<sup>3</sup></a>' in page
    assert '<a class="mark mark--cost" id="m4" href="#c4">3.3M<sup>4</sup></a>' in page
    assert '<tr id="c2"><td><a class="quiet" href="#m2"' in page
    assert "Top-1 accuracy on ImageNet-1K SampleNet Accepted" in text
    assert "Parameters the paper’s own method Unreviewed" in text
    assert "Rival, quoted baseline; not a result Rejected" in text
    assert "part of a name" in text
    assert "of &lt;papers&gt;.txt" in page
    assert "entry 1, lines 3 to 5" in text


def test_paper_escapes_a_hostile_text(client: Client) -> None:
    page = client.get(make_hostile_paper().get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_paper_offers_no_decision_to_readers(client: Client) -> None:
    assert "Accept 97.6%" not in client.get(make_hostile_paper().get_absolute_url()).content.decode()


def test_paper_that_was_merged_redirects_to_its_root(client: Client) -> None:
    root, merged = make.make_paper(), make.make_paper()
    Paper.objects.filter(pk=merged.pk).update(merged_into=root)
    response = client.get(merged.get_absolute_url())
    assert response.status_code == 302
    assert response.headers["Location"] == root.get_absolute_url()


def test_paper_that_does_not_exist_is_a_page_saying_so(client: Client) -> None:
    response = client.get("/papers/none/")
    assert response.status_code == 404
    assert "There is no paper at this address." in text_of(response)


def test_paper_hides_unreviewed_numbers_with_a_count_if_the_site_does(client: Client, settings: Any) -> None:
    settings.SHOW_UNREVIEWED = False
    text = text_of(client.get(make_hostile_paper().get_absolute_url())).replace("\u00a0", " ")
    assert "3 unreviewed numbers are hidden" in text
    assert "3.3M 4" not in text


@pytest.mark.parametrize("signed_in", [False, True])
def test_paper_query_count_is_constant(client: Client, signed_in: bool) -> None:
    if signed_in:
        client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    benchmark = make.make_benchmark()
    counts = []
    for claims in (1, 25):
        paper = make.make_paper(abstract=" ".join(f"Model {number} gets 5{number}.5%." for number in range(claims)))
        for number in range(claims):
            make.make_claim(f"5{number}.5%", benchmark=benchmark, paper=paper, model=f"Model {number}")
        make.make_listing("a.txt", paper)
        counts.append(count_queries(client, paper.get_absolute_url()))
    assert counts[0] == counts[1]


def replace_text(paper: Paper, abstract: str) -> None:
    paper.current_text = make.make_text(paper, abstract=abstract)
    paper.save(update_fields=["current_text"])


def make_paper_with_an_earlier_text() -> Paper:
    paper = make.make_paper(abstract="We go <b>far</b>. It reaches 81.5% with 21M parameters. Rival has 70.5%, Third 60.5%.")
    benchmark = make.make_benchmark()
    claim = make.make_claim("81.5%", benchmark=benchmark, paper=paper, state=CurationState.ACCEPTED)
    make.make_cost("21M", paper=paper, result=claim.result, state=CurationState.ACCEPTED)
    make.make_claim("70.5%", benchmark=benchmark, paper=paper, state=CurationState.REJECTED)
    run = make.make_reading(paper, []).run
    make.make_claim("60.5%", benchmark=benchmark, paper=paper, on_board=False, retired_by=run)
    replace_text(paper, "It is better, by 2.5%.")
    make.make_claim("2.5%", benchmark=benchmark, paper=paper, kind=ClaimKind.DELTA)
    return paper


def test_paper_lists_what_only_an_earlier_text_states(client: Client) -> None:
    paper = make_paper_with_an_earlier_text()
    response = client.get(paper.get_absolute_url())
    page, text = response.content.decode(), text_of(response)
    section = page[page.index('id="h-earlier"') :]
    assert "Stated in an earlier text of this paper" in text
    assert '<q class="said">It reaches <mark class="mark">81.5%</mark> with 21M parameters.</q>' in section
    assert '<q class="said">It reaches 81.5% with <mark class="mark mark--cost">21M</mark> parameters.</q>' in section
    assert [label in page for label in ('id="c1"', 'id="c2"', 'id="c3"', 'id="c4"')] == [True, True, True, False]
    assert f'href="{Benchmark.objects.get().get_absolute_url()}?open=' in section
    assert "#m2" not in page
    assert "70.5%" not in text
    assert "60.5%" not in text
    assert "/decide/" not in section


def test_paper_without_an_earlier_text_has_no_such_section(client: Client) -> None:
    assert "earlier text" not in text_of(client.get(make_hostile_paper().get_absolute_url()))


def test_curator_decides_on_what_an_earlier_text_states(curator: Client) -> None:
    paper = make_paper_with_an_earlier_text()
    claim = Claim.objects.get(stated="81.5%")
    assert f'action="/decide/claim/{claim.public_id}/"' in curator.get(paper.get_absolute_url()).content.decode()
    assert decide(curator, claim, state="rejected", reason="wrongly_read").status_code == 302
    assert "81.5%</mark>" not in curator.get(paper.get_absolute_url()).content.decode()


def test_paper_hides_unreviewed_numbers_of_an_earlier_text_if_the_site_does(client: Client, settings: Any) -> None:
    settings.SHOW_UNREVIEWED = False
    paper = make_paper_with_an_earlier_text()
    Claim.objects.filter(stated="81.5%").update(state=CurationState.UNREVIEWED)
    text = text_of(client.get(paper.get_absolute_url())).replace("\u00a0", " ")
    assert "2 unreviewed numbers are hidden" in text
    assert "81.5%" not in text.replace("It reaches 81.5% with 21M", "")


def test_paper_query_count_is_constant_with_earlier_texts(curator: Client) -> None:
    few = count_queries(curator, make_paper_with_an_earlier_text().get_absolute_url())
    abstract = " ".join(f"Model {number} gets 5{number}.5%." for number in range(25))
    paper = make.make_paper(abstract=abstract)
    benchmark = Benchmark.objects.get()
    for number in range(25):
        make.make_claim(f"5{number}.5%", benchmark=benchmark, paper=paper, model=f"Model {number}", state=CurationState.ACCEPTED)
    make.make_reading(paper, [])
    replace_text(paper, "Nothing is left.")
    assert count_queries(curator, paper.get_absolute_url()) <= few


# ---- decisions ----


def decide(client: Client, claim: Claim, **fields: Any) -> Any:
    body = {"state": "accepted", "version": claim.version, "next": "/papers/x/#c1", **fields}
    return post_form(client, f"/decide/claim/{claim.public_id}/", **body)


def test_curator_accepts_rejects_and_undoes(curator: Client) -> None:
    claim = make.make_claim()
    assert claim.paper_text is not None
    page = claim.paper_text.paper.get_absolute_url()
    response = decide(curator, claim)
    assert (response.status_code, response.headers["Location"]) == (302, "/papers/x/#c1")
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED
    response = decide(curator, claim, state="rejected", reason="wrongly_read")
    claim.refresh_from_db()
    assert (claim.state, claim.reject_reason) == ("rejected", "wrongly_read")
    change_set = ChangeSet.objects.latest("pk")
    assert f"/changes/{change_set.public_id}/undo/" in curator.get(page).content.decode()
    post_form(curator, f"/changes/{change_set.public_id}/undo/", next=page)
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED
    assert post_form(curator, f"/changes/{change_set.public_id}/undo/", next=page).status_code == 409


def test_curator_decides_on_a_cost(curator: Client) -> None:
    paper = make.make_paper(abstract="It has 21M parameters.")
    cost = make.make_cost("21M", paper=paper)
    post_form(curator, f"/decide/cost/{cost.public_id}/", state="accepted", version=1)
    cost.refresh_from_db()
    assert cost.state == CurationState.ACCEPTED


@pytest.mark.parametrize("kind", ["listing", "claims", "Cost"])
def test_decision_is_on_a_claim_or_a_cost_alone(curator: Client, kind: str) -> None:
    claim = make.make_claim()
    assert post_form(curator, f"/decide/{kind}/{claim.public_id}/", state="accepted", version=1).status_code == 404
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED


def test_decision_on_a_stale_version_is_refused(curator: Client) -> None:
    claim = make.make_claim()
    decide(curator, claim)
    response = decide(curator, claim, state="rejected", reason="not_a_result")
    assert response.status_code == 409
    assert "Nothing was saved" in text_of(response)
    claim.refresh_from_db()
    assert claim.state == CurationState.ACCEPTED


@pytest.mark.parametrize("fields", [{"state": "rejected"}, {"state": "loved"}, {"version": "x"}, {"state": "rejected", "reason": "ugly"}])
def test_decision_that_is_incomplete_is_refused(curator: Client, fields: dict[str, str]) -> None:
    claim = make.make_claim()
    assert decide(curator, claim, **fields).status_code == 400
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED


def test_decision_needs_the_permission(client: Client) -> None:
    claim = make.make_claim()
    response = decide(client, claim)
    assert response.headers["Location"] == "/login/?next=/papers/x/%23c1"
    assert post_form(client, "/changes/none/undo/", next="/papers/x/").headers["Location"] == "/login/?next=/papers/x/"
    client.force_login(make.make_user("reader"))
    assert decide(client, claim).status_code == 403
    assert post_form(client, "/changes/none/undo/").status_code == 403
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_decision_sends_nobody_to_another_site(curator: Client, address: str) -> None:
    assert decide(curator, make.make_claim(), next=address).headers["Location"] == "/"


# ---- listings and uploads ----


def test_listings_show_state_and_size(client: Client) -> None:
    make.make_listing("first.txt", make.make_paper(), state=ListingState.DONE)
    make.make_listing("second.txt", state=ListingState.FAILED, error="It is a PDF.")
    text = text_of(client.get("/listings/")).replace("\u00a0", " ")
    assert "second.txt Failed – 1 kB" in text
    assert "first.txt Read 1 1 kB" in text


def test_listings_query_count_is_constant(client: Client) -> None:
    make.make_listing("a.txt")
    few = count_queries(client, "/listings/")
    for number in range(25):
        make.make_listing(f"{number}.txt", state=ListingState.READING)
    assert count_queries(client, "/listings/") == few


def test_listings_without_any_tell_how_to_begin(client: Client) -> None:
    assert "No listing yet" in text_of(client.get("/listings/"))


def test_listing_shows_its_receipt(client: Client) -> None:
    benchmark = make.make_benchmark()
    paper = make.make_paper(abstract="It reaches 81.5% in 2020.")
    make.make_claim("81.5%", benchmark=benchmark, paper=paper)
    make.make_reading(paper, [["abstract", 20, 24, "year"]])
    listing = make.make_listing("papers.txt", paper, make.make_paper(), state=ListingState.DONE, year=2020, year_source="inferred")
    text = text_of(client.get(listing.get_absolute_url())).replace("\u00a0", " ")
    assert "Read: 2 entries" in text
    assert "Papers 2 2 new, 0 known" in text
    assert "Claims 1" in text
    assert "2020 inferred: one more than the latest year" in text
    assert "Image Classification on ImageNet-1K 1 row" in text
    assert "year 1" in text
    assert paper.title in text


def test_listing_that_is_being_read_updates_itself(client: Client) -> None:
    listing = make.make_listing("papers.txt", make.make_paper(), state=ListingState.READING)
    page = client.get(listing.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 1500ms"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    part = client.get(listing.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="receipt" id="receipt" hx-get=')
    Listing.objects.update(state=ListingState.DONE)
    part = client.get(listing.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in part
    assert 'hx-swap-oob="innerHTML"' in part


def test_listing_that_failed_says_why(client: Client) -> None:
    listing = make.make_listing("papers.pdf", state=ListingState.FAILED, error="papers.pdf was not read. It is a PDF <b>.")
    page = client.get(listing.get_absolute_url()).content.decode()
    assert "papers.pdf was not read. It is a PDF &lt;b&gt;." in page
    assert "every 1500ms" not in page, "it asks no more"


def test_listing_query_count_is_constant(client: Client) -> None:
    small = make.make_listing("a.txt", make.make_paper(), state=ListingState.DONE)
    large = make.make_listing("b.txt", *[make.make_paper() for _ in range(25)], state=ListingState.DONE)
    assert count_queries(client, small.get_absolute_url()) == count_queries(client, large.get_absolute_url())


def test_listing_that_does_not_exist_is_a_page_saying_so(client: Client) -> None:
    response = client.get("/listings/none/")
    assert response.status_code == 404
    assert "There is no listing at this address." in text_of(response)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the store answer what the test wants."""

    def answer(result: Any) -> None:
        def store_upload(file: Any, **_: Any) -> Any:
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(ingest, "store_upload", store_upload)

    return answer


def file_named(name: str, content: bytes = b"A title\nAn abstract.\n") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def test_upload_stores_the_file_and_shows_its_page(uploader: Client, django_capture_on_commit_callbacks: Any) -> None:
    text = SAMPLE.read_bytes()
    with django_capture_on_commit_callbacks() as callbacks:
        response = uploader.post("/listings/upload/", {"file": file_named("papers.txt", text), "year": "2024"})
    listing = Listing.objects.get()
    assert response.headers["Location"] == listing.get_absolute_url()
    assert (listing.name, listing.year, listing.year_source, listing.actor) == ("papers.txt", 2024, "given", "uploader")
    assert len(callbacks) == 1
    response = uploader.post("/listings/upload/", {"file": file_named("same.txt", text)}, follow=True)
    assert response.redirect_chain[0][0] == listing.get_absolute_url()
    assert "same.txt was uploaded before, byte for byte" in text_of(response)
    assert Listing.objects.count() == 1


def test_upload_that_is_no_listing_is_refused_in_the_form(uploader: Client, stored: Callable[..., None]) -> None:
    stored(UnknownFormatError("It is a PDF; listings are text."))
    response = uploader.post("/listings/upload/", {"file": file_named("papers.pdf")})
    assert response.status_code == 400
    assert "papers.pdf was not read. It is a PDF; listings are text." in text_of(response)
    assert Listing.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No file was chosen"),
        ({"file": file_named("a.txt", b"")}, "The file is empty"),
        ({"file": file_named("a.txt"), "year": "abc"}, "The year is not a number"),
        ({"file": file_named("a.txt"), "year": "2101"}, "The year is after 2100"),
        ({"file": file_named("a.txt"), "year": "12"}, "The year is before 1950"),
    ],
)
def test_upload_form_says_what_is_wrong(uploader: Client, body: dict[str, Any], message: str) -> None:
    response = uploader.post("/listings/upload/", body)
    assert response.status_code == 400
    assert message in text_of(response)


def test_upload_above_the_limit_is_refused(uploader: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1
    response = uploader.post("/listings/upload/", {"file": file_named("big.txt", b"x" * (1024 * 1024 + 1))})
    assert response.status_code == 400
    assert "big.txt was not read. It is larger than 1 MB, the most that this site takes; split it." in text_of(response)


def test_upload_page_names_the_years_that_are_taken(uploader: Client) -> None:
    assert 'min="1950" max="2100"' in uploader.get("/listings/upload/").content.decode()


def test_upload_again_with_a_year_says_what_became_of_it(uploader: Client) -> None:
    def upload(**fields: str) -> str:
        return text_of(uploader.post("/listings/upload/", {"file": file_named("a.txt", SAMPLE.read_bytes()), **fields}, follow=True))

    assert "uploaded before" not in upload()
    assert "This file was uploaded before; its year is now 2025." in upload(year="2025")
    assert (Listing.objects.get().year, Listing.objects.get().year_source) == (2025, "given")
    assert "a.txt was uploaded before, byte for byte" in upload(year="2025")
    assert "a.txt was uploaded before, byte for byte" in upload(year="2024")
    assert Listing.objects.get().year == 2025


def test_uploads_name_their_uploader_to_those_who_are_signed_in_alone(client: Client) -> None:
    listing = make.make_listing("papers.txt", state=ListingState.DONE, actor="lee.secret")
    addresses = ["/listings/", listing.get_absolute_url()]
    assert not any("lee.secret" in client.get(address).content.decode() for address in addresses)
    client.force_login(make.make_user("kim"))
    assert all("by lee.secret" in text_of(client.get(address)) for address in addresses)


def test_upload_needs_an_account_and_the_permission(client: Client) -> None:
    assert client.get("/listings/upload/").headers["Location"] == "/login/?next=/listings/upload/"
    client.force_login(make.make_user("reader"))
    response = client.get("/listings/upload/")
    assert response.status_code == 403
    assert "Your account may not upload listings." in text_of(response)
    assert 'href="/listings/upload/"' not in client.get("/login/", follow=True).content.decode().split("</nav>")[0]


# ---- the frame ----


def test_login_and_logout(client: Client) -> None:
    make.make_user("reader")
    assert "don’t match" in text_of(post_form(client, "/login/", username="reader", password="wrong"))
    response = post_form(client, "/login/", username="reader", password="secret", next="/listings/")
    assert response.headers["Location"] == "/listings/"
    assert "Sign out" in text_of(client.get("/"))
    client.post("/logout/")
    assert "Sign in" in text_of(client.get("/"))


def test_health_check_touches_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").content == b"ok"

    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", fail)
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (503, b"database unreachable")


def test_error_pages_need_no_context(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("claims.boards.list_areas", lambda **_: 1 / 0)
    response = client.get("/")
    assert response.status_code == 500
    assert "The page could not be made" in text_of(response)
    with override_settings(ALLOWED_HOSTS=["example.org"]):
        response = client.get("/login/")
    assert response.status_code == 400
    assert "can’t be understood" in text_of(response)


def test_form_without_its_token_is_refused_with_a_page() -> None:
    response = post_form(Client(enforce_csrf_checks=True), "/login/", username="a")
    assert response.status_code == 403
    assert "The form has expired" in text_of(response)


def test_pages_carry_the_policy_and_nothing_inline(client: Client) -> None:
    board = make.make_board(2)
    listing = make.make_listing("a.txt", state=ListingState.READING)
    row = Result.objects.filter(benchmark=board)[0]
    for url in (
        "/",
        f"{board.get_absolute_url()}?open={row.public_id}",
        make_hostile_paper_address(),
        listing.get_absolute_url(),
        "/login/",
    ):
        response = client.get(url)
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        page = response.content.decode()
        assert not re.search(r"\sstyle=|<style|\son\w+=(?!\w*alert)", page.replace("onerror=alert", ""))
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r'(?:src|href)="https?://', page)


def make_hostile_paper_address() -> str:
    paper = make.make_paper(abstract="Plain <script>alert(1)</script> text.")
    return paper.get_absolute_url()


def test_anonymous_pages_ask_nothing_about_the_reader(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get("/login/")
    assert len(queries) == 0
    assert django_settings.LOGIN_URL == "login"


# ---- search ----


def search_for(client: Client, text: str, **more: Any) -> Any:
    search_names.rebuild()
    return client.get("/search/", {"q": text, **more})


def test_search_shows_each_kind_with_what_stands_behind_it(client: Client) -> None:
    board = make.make_board(3, benchmark=make.make_benchmark("Folding", "HeronSet"))
    paper = make.make_paper("Herons & <Paper>", arxiv_id="2201.00001")
    make.make_claim("70.5%", paper=make.make_paper(abstract="It reaches 70.5%."), benchmark=board, model="HeronNet")
    for claim in Claim.objects.select_related("result"):
        Claim.objects.filter(pk=claim.pk).update(ml_model=claim.result.ml_model if claim.result else None)
    response = search_for(client, "heron")
    text, html = text_of(response), response.content.decode()
    leader = Result.objects.get(model_name="HeronNet")
    assert "All 4 Boards 1 Datasets 1 Models 1 Papers 1" in text
    assert "Board Folding on Heron Set 4 results led by HeronNet with 70.5" in text
    assert f'href="/sota/{board.slug}/?open={leader.public_id}#row-{leader.public_id}"' in html
    assert "Dataset Heron Set 4 results on Folding" in text
    assert "1 result on Folding on HeronSet" in text
    assert "Paper Heron s &amp; &lt;Paper&gt; 10 Mar 2022 no number read arXiv 2201.00001" in text
    assert f'<a href="{paper.get_absolute_url()}"><b>Heron</b>s &amp; &lt;Paper&gt;</a>' in html
    assert "All 4 Boards 1 Datasets 1 Models 1 Papers 1" in text_of(search_for(client, "heron", kind="paper"))
    assert html.count('<li class="hit">') == 4
    assert search_for(client, "heron", kind="paper").content.decode().count('<li class="hit">') == 1


def test_search_highlights_what_was_found_and_escapes_the_rest(client: Client) -> None:
    make.make_paper("<script>alert(1)</script> Poincaré: Fine-Grained “Herons”")
    html = search_for(client, "poincare <script>").content.decode()
    assert "<script>alert" not in html
    assert "&lt;<b>script</b>&gt;alert(1)&lt;/<b>script</b>&gt; <b>Poincaré</b>: Fine-Grained" in html
    assert 'value="poincare &lt;script&gt;"' in html
    assert "<b>Fine-Grained</b>" in search_for(client, "finegrained").content.decode()


def test_search_says_which_word_stands_for_a_misspelt_one(client: Client) -> None:
    make.make_paper("Recognition of Herons")
    text = text_of(search_for(client, "recogntion herons"))
    assert "No name has recogntion ; these have recognition ." in text


def test_search_without_a_query_says_what_can_be_found(client: Client) -> None:
    make.make_board(2)
    for address in ("/search/", "/search/?q=", "/search/?q=%20"):
        response = client.get(address)
        assert "What are you looking for?" in text_of(response)
        assert "Image Classification on ImageNet-1K" in text_of(response)


def test_search_that_finds_nothing_helps(client: Client) -> None:
    make.make_board(2)
    make.make_paper("Quantization of Herons")
    response = search_for(client, "quuantizzatoin")
    text, html = text_of(response), response.content.decode()
    assert "Nothing is called “quuantizzatoin”" in text
    assert '<a href="?q=quantization">quantization</a>' in html
    assert "Image Classification on ImageNet-1K" in text
    assert 'href="/listings/upload/"' in html


def test_search_of_an_empty_kind_leads_to_the_others(client: Client) -> None:
    make.make_paper("Herons")
    assert "No model among what was found Show all kinds: 1" in text_of(search_for(client, "herons", kind="model"))


def test_search_refuses_an_unknown_kind(client: Client) -> None:
    response = client.get("/search/?q=heron&kind=bird")
    assert response.status_code == 400
    assert "it knows no kind called “bird”" in text_of(response)


def test_search_cuts_a_long_query_and_says_so(client: Client) -> None:
    make.make_paper("Herons")
    response = search_for(client, "herons " * 100)
    assert response.status_code == 200
    assert "longer than 200 characters" in text_of(response)
    assert "longer than" not in text_of(search_for(client, "herons"))


@pytest.mark.parametrize("text", ['"', "*", "NEAR(a b)", "a AND", "%", "_", "\\", "\x01", "\ud83d\ude00", "%s", "{{ 1 }}", "' OR 1=1 --"])
@pytest.mark.parametrize("suggest", [False, True])
def test_search_takes_every_text(client: Client, text: str, *, suggest: bool) -> None:
    make.make_paper("Herons")
    headers = {"HX-Request": "true"} if suggest else {}
    assert client.get("/search/", {"q": text.encode("utf-8", "surrogatepass")}, headers=headers).status_code == 200


def test_search_has_pages(client: Client) -> None:
    for number in range(45):
        make.make_paper(f"Heron {number:02}")
    first = search_for(client, "heron", kind="paper")
    assert 'href="?q=heron&amp;kind=paper&amp;page=2">25 more</a>' in first.content.decode()
    last = client.get("/search/?q=heron&page=3").content.decode()
    assert last.count('<li class="hit">') == 5
    assert 'start="41"' in last
    assert 'href="?q=heron&amp;page=2">Previous</a>' in last
    for page in ("0", "-1", "99", "a", "1" * 50):
        assert client.get("/search/", {"q": "heron", "page": page}).status_code == 200


def test_suggestions_are_the_first_eight(client: Client) -> None:
    for number in range(12):
        make.make_paper(f"Heron {number:02}")
    search_names.rebuild()
    response = client.get("/search/?q=hero", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert "<html" not in html
    assert html.count('role="option"') == 8
    assert "HX-Request" in response["Vary"]
    assert client.get("/search/?q=", headers={"HX-Request": "true"}).content.decode().strip() == ""


def test_search_query_count_is_constant(client: Client) -> None:
    make.make_paper("An Egret")
    for number in range(50):
        make.make_paper(f"Heron {number:02}")
    search_names.rebuild()
    assert count_queries(client, "/search/?q=egret") == count_queries(client, "/search/?q=heron")
