"""What a reader chooses on a board's page: comparable terms, a day, bounds, columns, rows to compare, rows to take along."""

from __future__ import annotations

import csv
import gzip
import html
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from claims.models import Benchmark, Claim, Metric, Result
from claims.terms import CostMeasure, CurationState, Qualifier, Role
from tests import factories as make
from tests.pages import text_of

pytestmark = pytest.mark.django_db

HOSTILE = 'Net "A" <b>|_&%$\u202e🦜'


def add(benchmark: Benchmark, number: str, model: str = "", *, day: date | None = None, conditions: Any = (), **fields: Any) -> Result:
    """Add a row with a paper and a sentence of its own."""
    model = model or f"Net {number}"
    paper = make.make_paper(f"{model}: about {number}", abstract=f"It reaches {number} in our test.", day=day)
    role = fields.pop("role", Role.PROPOSED)
    row = make.make_result(benchmark, paper, model, conditions=conditions, role=role, variant=fields.pop("variant", ""))
    make.make_claim(number, result=row, paper=paper, model=model, role=role, **fields)
    return row


@pytest.fixture
def board() -> Benchmark:
    return make.make_benchmark()


@pytest.fixture
def names(client: Client, board: Benchmark) -> Callable[[str], list[str]]:
    def read(query: str = "") -> list[str]:
        return [row.model for row in client.get(f"{board.get_absolute_url()}?{query}").context["board"].rows]

    return read


# ---- comparable terms ----


def test_like_for_like_keeps_the_most_common_protocol_and_says_what_it_hides_and_why(client: Client, board: Benchmark) -> None:
    for number in range(3):
        add(board, f"8{number}.5%")
    add(board, "85.5%", conditions=[("resolution", "384x384", "384 × 384")])
    for number in range(2):
        add(board, f"6{number}.5%", conditions=[("shots", "0", "zero-shot")])
    add(board, "70.5%", conditions=[("label_fraction", "1%", "1% of the labels")])
    off = client.get(board.get_absolute_url())
    assert "Like for like would hide 3 rows" in text_of(off).replace("\u00a0", " ")
    assert off.context["board"].shown == 7
    on = client.get(f"{board.get_absolute_url()}?like=1")
    assert [row.model for row in on.context["board"].rows] == ["Net 85.5%", "Net 82.5%", "Net 81.5%", "Net 80.5%"]
    said = text_of(on).replace("\u00a0", " ")
    assert "hides 3 rows: zero-shot (2), 1% of the labels (1)." in said
    assert "no particular protocol stated" in said


def test_like_for_like_keeps_conditions_that_most_rows_share(client: Client, board: Benchmark) -> None:
    for number in range(3):
        add(board, f"5{number}.5%", conditions=[("shots", "5", "5-shot")])
    add(board, "80.5%")
    page = client.get(f"{board.get_absolute_url()}?like=1")
    assert page.context["board"].shown == 3
    assert "(5-shot) and hides 1 row: without 5-shot (1)." in text_of(page).replace("\u00a0", " ")


def test_settings_of_one_kind_join_and_of_several_kinds_narrow(board: Benchmark, names: Callable[[str], list[str]]) -> None:
    small, large = ("resolution", "224x224", "224 × 224"), ("resolution", "384x384", "384 × 384")
    add(board, "81%", conditions=[small])
    add(board, "82%", conditions=[large])
    add(board, "83%", conditions=[large, ("extra_data", "JFT", "JFT")])
    add(board, "84%", conditions=[("shots", "0", "zero-shot")])
    assert names("setting=resolution:224x224&setting=resolution:384x384") == ["Net 83%", "Net 82%", "Net 81%"]
    assert names("setting=resolution:384x384&setting=extra_data:jft") == ["Net 83%"]
    assert names("setting=resolution:") == ["Net 84%"]
    assert names("setting=resolution:&setting=resolution:224x224") == ["Net 84%", "Net 81%"]
    assert names("setting=none") == ["Net 83%", "Net 82%", "Net 81%"]


def test_choices_of_a_protocol_join_whatever_their_kinds(board: Benchmark, names: Callable[[str], list[str]]) -> None:
    add(board, "81%", conditions=[("shots", "0", "zero-shot")])
    add(board, "82%", conditions=[("label_fraction", "1%", "1% of the labels")])
    add(board, "83%", conditions=[("resolution", "384x384", "384 × 384")])
    assert names("setting=shots:0&setting=label_fraction:1%25") == ["Net 82%", "Net 81%"]
    assert names("setting=shots:0&setting=none") == ["Net 83%", "Net 81%"]


def test_year_of_a_table_is_counted_and_found_alike(client: Client, board: Benchmark) -> None:
    row = make.make_imported_row(board, "Tabled", "80.1")
    Result.objects.filter(pk=row.pk).update(stated_day=date(2021, 5, 1))
    read = client.get(f"{board.get_absolute_url()}?year=2021").context["board"]
    assert [facet.count for facet in read.years] == [1]
    assert [row.model for row in read.rows] == ["Tabled"]


# ---- a day ----


def test_board_as_of_a_day_ranks_what_was_known_then(client: Client, board: Benchmark) -> None:
    add(board, "81%", day=date(2021, 5, 1))
    add(board, "82%", day=date(2022, 6, 30))
    add(board, "83%", day=date(2023, 1, 1))
    add(board, "84%")
    page = client.get(f"{board.get_absolute_url()}?as_of=2022-06-30")
    read = page.context["board"]
    assert [(row.model, row.rank) for row in read.rows] == [("Net 82%", 1), ("Net 81%", 2)]
    assert read.total == 2
    assert {facet.value: facet.count for facet in read.years} == {"2022": 1, "2021": 1}
    said = text_of(page).replace("\u00a0", " ")
    assert "2 rows as of 30 Jun 2022" in said
    assert "As of 30 Jun 2022: 1 later row and 1 row without a date are left out." in said
    assert "82 no date" not in said


def test_chart_follows_the_day(client: Client) -> None:
    board = make.make_board(6)
    rows = list(Result.objects.filter(benchmark=board).values_list("public_id", flat=True))

    def drawn(query: str) -> int:
        figure = client.get(f"/sota/{board.slug}/chart.json{query}").content.decode()
        return sum(row in figure for row in rows)

    assert (drawn(""), drawn("?as_of=2020-01-03")) == (6, 3)


# ---- bounds ----


def test_bounds_keep_what_costs_at_most_and_at_least(client: Client, board: Benchmark) -> None:
    for model, size in (("Small", 5e6), ("Middle", 25e6), ("Large", 300e6)):
        make.make_imported_row(board, model, f"{size / 1e7 + 50:.1f}", {CostMeasure.PARAMETERS: size})
    make.make_imported_row(board, "Silent", "99.0")
    page = client.get(f"{board.get_absolute_url()}?max_parameters=25M")
    assert [row.model for row in page.context["board"].rows] == ["Middle", "Small"]
    assert "Parameters at most 25 M: 1 row outside and 1 row that states none are left out." in text_of(page).replace("\u00a0", " ")
    both = client.get(f"{board.get_absolute_url()}?min_parameters=6 million&max_parameters=0.1B")
    assert [row.model for row in both.context["board"].rows] == ["Middle"]
    assert 'name="max_parameters" id="f-max_parameters" value="0.1B"' in both.content.decode()


def test_more_than_a_bound_is_not_within_it(client: Client, board: Benchmark) -> None:
    paper = make.make_paper(abstract="It reaches 80.5% with more than 20M parameters.")
    row = make.make_result(board, paper, "Vague")
    make.make_claim("80.5%", result=row, paper=paper)
    make.make_cost("20M", paper=paper, result=row, value=20e6, qualifier=Qualifier.OVER)
    assert not client.get(f"{board.get_absolute_url()}?max_parameters=25M").context["board"].rows
    assert client.get(f"{board.get_absolute_url()}?min_parameters=10M").context["board"].rows


@pytest.mark.parametrize(
    ("stated", "passes", "fails"),
    [
        ({"qualifier": Qualifier.AT_LEAST}, "min_parameters=10M", "max_parameters=100M"),
        ({"qualifier": Qualifier.AT_MOST}, "max_parameters=25M", "min_parameters=10M"),
        ({"value_max": 40e6, "canonical_max": 40e6}, "min_parameters=10M&max_parameters=50M", "min_parameters=30M"),
        ({"value_max": 40e6, "canonical_max": 40e6}, "min_parameters=20M", "max_parameters=30M"),
    ],
)
def test_bound_or_range_passes_where_all_of_it_does(
    client: Client, board: Benchmark, stated: dict[str, Any], passes: str, fails: str
) -> None:
    paper = make.make_paper(abstract="It reaches 80.5% with 20M parameters.")
    row = make.make_result(board, paper, "Vague")
    make.make_claim("80.5%", result=row, paper=paper)
    make.make_cost("20M", paper=paper, result=row, value=20e6, **stated)
    assert client.get(f"{board.get_absolute_url()}?{passes}").context["board"].rows
    assert not client.get(f"{board.get_absolute_url()}?{fails}").context["board"].rows


def test_empty_board_is_not_read_again_for_each_of_many_filters(client: Client, board: Benchmark) -> None:
    make.make_imported_row(board, "Plain", "80.1")
    query = "&".join(f"{end}_{measure}=1" for measure in ("parameters", "flops", "macs", "tokens") for end in ("min", "max"))
    page = client.get(f"{board.get_absolute_url()}?{query}")
    assert "No row passes these filters" in text_of(page)
    assert len(page.context["ways_out"]) == 6


@pytest.mark.once
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("min_parameters=30M&max_parameters=5M", "above the most"),
        ("max_parameters=lots", "Write it like 25M"),
        ("max_parameters=5M/6M", "Write it like 25M"),
        ("max_parameters=-5M", "Write it like 25M"),
        ("max_zing=5", "no filter called “max_zing”"),
        ("as_of=2023-02-30", "as_of"),
        ("as_of=yesterday", "as_of"),
        ("column=zing", "This board has no column “zing”"),
        ("like=maybe", "like"),
        ("sort=" + "a" * 10_000, "can't be sorted"),
        ("model=" + "a" * 10_000, "model"),
        ("setting=shots:<script>", "setting"),
    ],
)
def test_what_cannot_be_asked_is_a_page_that_says_so(client: Client, query: str, said: str) -> None:
    board = make.make_board(2)
    response = client.get(f"{board.get_absolute_url()}?{query}")
    assert response.status_code == 400
    assert html.escape(said, quote=False) in html.unescape(response.content.decode()) or said in html.unescape(response.content.decode())
    assert "<script>" not in response.content.decode().replace('<script src="', "")


def test_model_is_found_by_a_part_of_its_name(board: Benchmark, names: Callable[[str], list[str]]) -> None:
    add(board, "81%", "ConvNeXt", variant="Tiny")
    add(board, "82%", "ViT-L/16")
    assert names("model=convnext t") == ["ConvNeXt"]
    assert names("model=VIT") == ["ViT-L/16"]
    assert names("model=") == ["ViT-L/16", "ConvNeXt"]


# ---- several numbers for the same thing ----


def test_other_numbers_for_the_same_thing_are_marked_listed_and_never_averaged(client: Client, board: Benchmark) -> None:
    own = add(board, "83.1%", "FooNet", day=date(2022, 1, 1))
    add(board, "82.4%", "FooNet", day=date(2023, 1, 1), role=Role.BASELINE)
    add(board, "83.12%", "FooNet")
    add(board, "60.0%", "FooNet", conditions=[("shots", "0", "zero-shot")])
    add(board, "70.0%", "BarNet")
    Result.objects.filter(model_name="FooNet").update(ml_model=own.ml_model)
    page = client.get(f"{board.get_absolute_url()}?open={own.public_id}")
    read = page.context["board"]
    assert read.conflicts == 1
    assert {row.model + str(row.scores["top-1-accuracy"].rank_by): row.in_conflict for row in read.rows} == {
        "FooNet83.12": True,
        "FooNet83.1": True,
        "FooNet60.0": False,
        "BarNet70.0": False,
    }
    text = text_of(page).replace("\u00a0", " ")
    assert "1 conflict" in text
    assert "2 values of Top-1 accuracy for this model, variant and setting" in text
    assert "It reaches 82.4% in our test." in text
    assert "1 Jan 2023" in text
    assert "Spread 0.7 %. No value is averaged." in text
    only = client.get(f"{board.get_absolute_url()}?conflicts=1")
    assert [row.model for row in only.context["board"].rows] == ["FooNet", "FooNet"]


def test_numbers_that_round_to_each_other_or_are_bounds_contradict_nothing(client: Client, board: Benchmark) -> None:
    first = add(board, "83.1%", "FooNet")
    add(board, "83.12%", "FooNet")
    add(board, "90%", "FooNet", qualifier=Qualifier.AT_MOST)
    Result.objects.update(ml_model=first.ml_model)
    assert client.get(board.get_absolute_url()).context["board"].conflicts == 0


def test_many_numbers_for_one_thing_are_counted_and_the_first_listed(client: Client, board: Benchmark) -> None:
    make.make_crowd(board, [(f"Net {number}", 50 + number / 10, 1e6) for number in range(150)])
    first = Result.objects.filter(benchmark=board).order_by("pk")[0]
    Result.objects.update(ml_model=first.ml_model)
    page = client.get(f"{board.get_absolute_url()}?open={first.public_id}")
    assert page.context["board"].conflicts == 1
    text = text_of(page).replace("\u00a0", " ")
    assert "≠ 150 values stated" in text
    assert "21 values of Top-1 accuracy for this model" in text
    assert "129 more values are stated on this board." in text


def test_conflict_of_quoted_rows_is_counted_and_shown(client: Client, board: Benchmark) -> None:
    first = add(board, "83.1%", "FooNet", role=Role.BASELINE)
    add(board, "85.0%", "FooNet", role=Role.BASELINE)
    add(board, "70.0%", "BarNet")
    Result.objects.filter(model_name="FooNet").update(ml_model=first.ml_model)
    page = client.get(board.get_absolute_url()).content.decode()
    assert '<a href="?conflicts=1&amp;role=all"><b>1</b> conflict</a>' in page
    assert len(client.get(f"{board.get_absolute_url()}?conflicts=1&role=all").context["board"].rows) == 2


def test_name_that_no_single_model_answers_to_contradicts_nothing(client: Client, board: Benchmark) -> None:
    for number in ("80.1%", "85.2%"):
        add(board, number, "RMT", role=Role.BASELINE)
    Result.objects.update(ml_model=None)
    assert client.get(f"{board.get_absolute_url()}?role=all").context["board"].conflicts == 0


def test_link_to_a_quoted_row_shows_it(client: Client, board: Benchmark) -> None:
    row = add(board, "83.1%", "FooNet", role=Role.BASELINE)
    page = client.get(f"{board.get_absolute_url()}?role=all&open={row.public_id}").content.decode()
    link = f"{board.get_absolute_url()}?role=all&amp;open={row.public_id}#row-{row.public_id}"
    assert link in page
    assert client.get(html.unescape(link).partition("#")[0]).context["board"].opened is not None


def test_what_is_stated_later_contradicts_nothing_as_of_a_day(client: Client, board: Benchmark) -> None:
    first = add(board, "83.1%", "FooNet", day=date(2021, 1, 1))
    add(board, "85.0%", "FooNet", day=date(2022, 1, 1))
    Result.objects.update(ml_model=first.ml_model)
    page = client.get(f"{board.get_absolute_url()}?as_of=2021-06-01&open={first.public_id}")
    assert page.context["board"].conflicts == 0
    assert "85.0" not in text_of(page)


def test_rejected_number_is_in_no_conflict(client: Client, board: Benchmark) -> None:
    first = add(board, "83.1%", "FooNet")
    second = add(board, "85.0%", "FooNet")
    Result.objects.update(ml_model=first.ml_model)
    assert client.get(board.get_absolute_url()).context["board"].conflicts == 1
    Claim.objects.filter(result=second).update(state=CurationState.REJECTED, decided_by="person", reject_reason="not_a_result", result=None)
    assert client.get(board.get_absolute_url()).context["board"].conflicts == 0


# ---- columns, density ----


def test_reader_chooses_the_columns_and_the_primary_one_stays(client: Client) -> None:
    board = make.make_board(2)
    page = client.get(f"{board.get_absolute_url()}?column=parameters&density=dense").content.decode()
    assert 'data-density="dense"' in page
    assert page.count('<th role="columnheader"') == 9
    row = Result.objects.filter(benchmark=board)[0]
    assert row.paper is not None
    make.make_claim("60.0%", result=row, paper=row.paper, metric=make.add_metric(board, make.make_metric("F1")), ordinal=2)
    chosen = client.get(f"{board.get_absolute_url()}?column=f1").content.decode()
    assert ">F1</a>" in chosen
    assert ">Parameters</a>&nbsp" not in chosen
    assert ">Top-1 accuracy</a>" in chosen
    assert 'name="column" value="f1" checked' in chosen
    assert 'name="column" value="parameters">' in chosen


# ---- side by side ----


def test_rows_stand_side_by_side_with_the_better_number_marked(client: Client) -> None:
    board = make.make_board(3)
    rows = list(Result.objects.filter(benchmark=board).order_by("pk")[:2])
    page = client.get(f"/sota/{board.slug}/compare/", {"row": [rows[0].public_id, rows[1].public_id, "nobody"]})
    text = text_of(page).replace("\u00a0", " ")
    assert "2 rows of Image Classification on ImageNet-1K" in text
    assert "1 row of this address is not on the board now" in text
    assert "60.5 , best of these 60.0" in text
    assert "6 5 , best of these" in text
    assert "It reaches 60.5% top-1 accuracy" in text
    empty = text_of(client.get(f"/sota/{board.slug}/compare/"))
    assert "Nothing to compare yet" in empty
    many = client.get(f"/sota/{board.slug}/compare/", {"row": [str(number) for number in range(9)]})
    assert "Only the first 6 rows are compared; 3 more were ticked." in text_of(many).replace("\u00a0", " ")
    assert client.get("/sota/no-such-board/compare/").status_code == 404


# ---- to take along ----


@pytest.mark.once
def test_rows_are_taken_along_as_markdown_and_latex_with_the_best_in_bold(client: Client, board: Benchmark) -> None:
    add(board, "83.10%", HOSTILE, day=date(2022, 3, 10))
    add(board, "81%", conditions=[("shots", "0", "zero-shot")])
    markdown = client.get(f"/sota/{board.slug}/rows.md")
    assert markdown["Content-Type"] == "text/plain; charset=utf-8"
    lines = markdown.content.decode().splitlines()
    assert lines[0] == "| # | Model | Setting | Top-1 accuracy, % ↑ | Paper | Date |"
    assert all(line.count(" | ") == lines[0].count(" | ") for line in lines[1:4])
    assert "**83.10**" in lines[2]
    assert "\\<b\\>\\|\\_&amp;%$" in lines[2]
    latex = client.get(f"/sota/{board.slug}/rows.tex").content.decode()
    assert "\\begin{tabular}{llr}\n\\toprule\nModel & Setting & Top-1 accuracy, \\% $\\uparrow$ \\\\" in latex
    assert "\\textbf{83.10}" in latex
    assert "\\textless{}b\\textgreater{}\\textbar{}\\_\\&\\%\\$" in latex
    assert "zero-shot & 81 \\\\" in latex
    assert "\\cite{" in latex


@pytest.mark.once
def test_rows_are_taken_along_as_numbers_that_no_spreadsheet_computes(client: Client, board: Benchmark) -> None:
    add(board, "83.10%", "=HYPERLINK(1)")
    make.make_imported_row(board, "Plain", "81.5", {CostMeasure.PARAMETERS: 1_234_500_000})
    content = b"".join(client.get(f"/sota/{board.slug}/rows.csv")).decode()
    header, first, second = csv.reader(io.StringIO(content))
    assert header[:6] == ["rank", "model", "variant", "setting", "Top-1 accuracy, %", "Parameters, billion"]
    assert first[:6] == ["1", "'=HYPERLINK(1)", "", "", "83.10", ""]
    assert second[4] == "81.5"
    assert float(second[5]) == 1.2345
    assert second[-1].startswith("http://localhost:8000/sota/image-classification-on-imagenet-1k/?open=")


def test_papers_of_the_rows_are_taken_along_once_each(client: Client, board: Benchmark) -> None:
    row = add(board, "83.10%", "FooNet")
    assert row.paper is not None
    make.make_claim("83.10%", result=make.make_result(board, row.paper, "FooNet", variant="L"), paper=row.paper, ordinal=2)
    make.make_imported_row(board, "Plain", "81.5")
    text = client.get(f"/sota/{board.slug}/rows.bib").content.decode()
    assert text.count("@misc{") == 1
    assert "FooNet: about 83.10\\%" in text


@pytest.mark.once
def test_taking_along_follows_the_page_and_may_take_all(client: Client) -> None:
    board = make.make_board(60)
    url = f"/sota/{board.slug}/rows.md"
    assert client.get(url).content.decode().count("SampleNet") == 2 * 50
    assert client.get(f"{url}?page=2").content.decode().count("SampleNet") == 2 * 10
    assert client.get(f"{url}?rows=all").content.decode().count("SampleNet") == 2 * 60
    assert client.get(f"{url}?sort=zing").status_code == 400
    assert client.get("/sota/no-such-board/rows.md").status_code == 404


@pytest.mark.once
def test_page_of_an_opened_row_is_the_one_to_take_along(client: Client) -> None:
    board = make.make_board(60)
    last = Result.objects.filter(benchmark=board).order_by("pk")[0]
    page = client.get(f"{board.get_absolute_url()}?open={last.public_id}").content.decode()
    assert f'href="/sota/{board.slug}/rows.md?page=2"' in page
    assert f'href="/sota/{board.slug}/rows.csv?rows=all"' in page


@pytest.mark.once
def test_names_are_no_arguments_of_latex_and_no_formulas_of_a_header(client: Client, board: Benchmark) -> None:
    add(board, "83.1%", "[CLS] Net")
    add(board, "82.1%", "*Star")
    latex = client.get(f"/sota/{board.slug}/rows.tex").content.decode()
    assert "\n{}[CLS] Net" in latex
    assert "\n{}*Star" in latex
    Metric.objects.update(name="=1+1")
    content = b"".join(client.get(f"/sota/{board.slug}/rows.csv")).decode()
    assert content.startswith('rank,model,variant,setting,"\'=1+1, %"')


def test_row_with_labels_of_a_name_like_none_has_extra_data(client: Client, board: Benchmark) -> None:
    add(board, "83.1%", "Rich", conditions=[("extra_data", "Noisy student labels", "noisy student labels")])
    add(board, "80.1%", "Plain", conditions=[("extra_data", "none", "no extra data")])
    look = client.get(board.get_absolute_url()).context["board"].glance
    assert (look.best.model, look.best_without_extra.model) == ("Rich", "Plain")


def test_glance_says_which_record_the_leader_broke_and_by_how_much(client: Client, board: Benchmark) -> None:
    add(board, "80%", "First", day=date(2021, 5, 1))
    assert "Record since then" not in text_of(client.get(board.get_absolute_url())), "the first number broke none"
    add(board, "81.25%", "Second", day=date(2022, 5, 1))
    add(board, "81.25%", "Equal", day=date(2023, 5, 1))
    assert "Record since then, +1.25 over First" in text_of(client.get(board.get_absolute_url()))
    assert "Record since then" not in text_of(client.get(f"{board.get_absolute_url()}?as_of=2021-12-31"))
    add(board, "85%", "Undated")
    page = client.get(board.get_absolute_url())
    assert page.context["board"].glance.best.model == "Undated"
    assert "Record since then" not in text_of(page), "nobody knows since when"
    assert "Record among rows with a date Second 81.25 1 May 2022 , a tie, no size stated Since then, +1.25 over First" in text_of(page)


# ---- asked again ----


def test_page_that_did_not_change_is_not_sent_again(client: Client) -> None:
    board = make.make_board(2)
    url = board.get_absolute_url()
    first = client.get(url)
    etag = first["ETag"]
    assert {"Cookie", "HX-Request"} <= {name.strip() for name in first["Vary"].split(",")}
    again = client.get(url, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again["ETag"] == etag
    assert not again.content
    assert client.get(f"{url}?sort=model", headers={"If-None-Match": etag}).status_code == 200
    assert client.get(url, headers={"If-None-Match": etag, "HX-Request": "true"}).status_code == 200
    Benchmark.objects.filter(pk=board.pk).update(version=board.version + 1)
    changed = client.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed["ETag"] != etag
    client.force_login(make.make_user())
    assert client.get(url, headers={"If-None-Match": changed["ETag"]}).status_code == 200


@pytest.mark.once
def test_page_kept_from_an_earlier_session_is_sent_anew(client: Client) -> None:
    url = make.make_board(2).get_absolute_url()
    user = make.make_user()
    client.force_login(user)
    client.cookies["csrftoken"] = "a" * 32
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    client.cookies["csrftoken"] = "b" * 32
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.once
def test_hundred_rows_take_less_than_sixty_kilobytes(client: Client) -> None:
    board = make.make_board(100)
    pages = [client.get(f"{board.get_absolute_url()}?page={page}").content for page in (1, 2)]
    assert sum(page.count(b'<tr role="row" id="row-') for page in pages) == 100
    assert sum(len(gzip.compress(page)) for page in pages) < 60_000
