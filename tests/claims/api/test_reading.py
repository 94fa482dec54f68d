"""Reading over the API: lists by cursor, entries, boards, and what is refused."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from claims.api import views
from claims.models import Benchmark, Claim, Import, Listing, Paper
from claims.terms import CostMeasure, CurationState, Direction, ListingState
from tests import factories as make

pytestmark = pytest.mark.django_db

LISTS = ("boards", "claims", "costs", "papers", "models", "datasets", "tasks", "metrics", "listings", "decisions")


def get(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json"), answer.content
    return answer.json()


def refused(client: Client, path: str, status: int = 400) -> tuple[str, str, str | None]:
    body = get(client, path, status)
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "field"]
    return body["error"]["code"], body["error"]["message"], body["error"]["field"]


@pytest.fixture
def board() -> Benchmark:
    benchmark = make.make_board(3)
    Benchmark.objects.filter(pk=benchmark.pk).update(row_count=3)
    return benchmark


def test_root_leads_to_every_list(client: Client, board: Benchmark) -> None:
    root = get(client, "")
    assert tuple(root) == LISTS
    for name, address in root.items():
        page = client.get(address).json()
        assert list(page) == ["next", "results"]
        assert page["results"] or name in ("tasks", "metrics", "listings", "decisions"), name


def test_claim_has_its_number_its_sentence_and_where_it_stands(client: Client) -> None:
    paper = make.make_paper("A paper on nets", abstract="Nets are old. Ours reaches 86.25% on it.", day=date(2024, 2, 3))
    claim = make.make_claim("86.25%", paper=paper, model="OurNet")
    told = get(client, f"claims/{claim.public_id}/")
    assert list(told) == [
        *("id", "version", "kind", "role", "model", "variant", "setting", "value", "value_max", "stated", "unit", "decimals", "qualifier"),
        *(
            "uncertainty",
            "canonical",
            "evidence",
            "record",
            "paper",
            "confidence",
            "rules",
            "inferred",
            "corrected",
            "run",
            "state",
            "decided_by",
        ),
        *("reject_reason", "tier", "tier_reason", "tier_link", "flags", "task", "dataset", "metric", "board", "row"),
    ]
    assert told["id"] == claim.public_id
    assert (told["value"], told["stated"], told["canonical"]) == (
        86.25,
        "86.25%",
        {"value": 86.25, "value_max": None, "unit": "%"},
    )
    assert told["evidence"]["text"] == "Ours reaches 86.25% on it."
    abstract = "Nets are old. Ours reaches 86.25% on it."
    assert abstract[told["evidence"]["number_start"] : told["evidence"]["number_end"]] == "86.25%"
    assert told["paper"] == {"id": paper.public_id, "title": "A paper on nets", "arxiv_id": None, "date": "2024-02-03"}
    assert claim.result is not None
    assert (told["board"], told["row"]) == (claim.result.benchmark.slug, claim.result.public_id)
    assert told["metric"]["direction"] == Direction.HIGHER


def test_imported_number_names_its_record(client: Client) -> None:
    make.make_imported_row(make.make_benchmark(), "Tabled", "81.5", {CostMeasure.PARAMETERS: 25e6})
    (told,) = get(client, "claims/")["results"]
    assert told["evidence"] is None
    assert told["record"]["table"] == "results"
    (cost,) = get(client, "costs/?measure=parameters")["results"]
    assert (cost["measure"], cost["canonical"]["value"]) == ("parameters", 25e6)


@pytest.mark.parametrize("sort", ["id", "value", "-value", "confidence", "-confidence"])
def test_pages_by_cursor_hold_each_claim_once_missing_values_last(client: Client, sort: str) -> None:
    benchmark = make.make_benchmark()
    numbers = ["80%", "82%", "80%", "81%", "82%", "79%", "80%"]
    claims = [make.make_claim(number, benchmark=benchmark, confidence=0.5 + place % 3 / 10) for place, number in enumerate(numbers)]
    Claim.objects.filter(pk__in=[claims[1].pk, claims[3].pk]).update(canonical_value=None, kind="delta", result=None)
    address: str | None = f"/api/v1/claims/?sort={sort}&page_size=2"
    seen: list[Any] = []
    while address:
        page = client.get(address).json()
        assert 1 <= len(page["results"]) <= 2
        seen += page["results"]
        address = page["next"]
    assert sorted(told["id"] for told in seen) == sorted(claim.public_id for claim in claims)
    if sort.endswith("value"):
        values = [told["canonical"] and told["canonical"]["value"] for told in seen]
        assert values[-2:] == [None, None]
        assert values[:-2] == sorted(values[:-2], reverse=sort.startswith("-"))


def test_what_comes_while_pages_are_turned_shifts_nothing(client: Client) -> None:
    benchmark = make.make_benchmark()
    for number in ("81%", "83%", "85%"):
        make.make_claim(number, benchmark=benchmark)
    first = client.get("/api/v1/claims/?sort=value&page_size=2").json()
    make.make_claim("80%", benchmark=benchmark)
    second = client.get(first["next"]).json()
    assert [told["stated"] for told in (*first["results"], *second["results"])] == ["81%", "83%", "85%"]


@pytest.mark.parametrize(
    ("path", "field", "said"),
    [
        ("claims/?colour=red", "colour", "It knows board, cursor"),
        ("claims/?sort=colour", "sort", "It knows confidence, id, value"),
        ("claims/?page_size=1000000", "page_size", "1 to 500"),
        ("claims/?page_size=-1", "page_size", "1 to 500"),
        ("claims/?cursor=forged", "cursor", "broken"),
        ("claims/?cursor=" + "A" * 5000, "cursor", "broken"),
        ("claims/?kind=colour", "kind", "colour"),
        ("claims/?min_confidence=2", "min_confidence", "1"),
        ("claims/?fields=id,colour", "fields", "There are id, version"),
        ("papers/?since=yesterday", "since", "date"),
        ("boards/image-classification-on-imagenet-1k/?colours=red", "colours", "It knows"),
        ("boards/image-classification-on-imagenet-1k/?page=2", "page", "of a board's page"),
        ("boards/image-classification-on-imagenet-1k/?cursor=forged", "cursor", "broken"),
        ("boards/image-classification-on-imagenet-1k/?fields=colour", "fields", "There are id, rank"),
        ("claims/?expand=colour", "expand", "What can be: paper, task"),
        ("claims/?expand=paper.claims", "expand", "can't be expanded"),
        ("decisions/?expand=objects", "expand", "Nothing here"),
        ("listings/?state=lost", "state", "lost"),
        ("datasets/?reviewed=maybe", "reviewed", "maybe"),
        ("claims/?fields=", "fields", "names nothing"),
        ("boards/image-classification-on-imagenet-1k/?cost=colour", "cost", "no cost"),
    ],
)
def test_what_can_not_be_asked_is_refused_by_name(client: Client, board: Benchmark, path: str, field: str, said: str) -> None:
    make.make_claim("88%", benchmark=board)
    code, message, about = refused(client, path)
    assert (code, about) == ("unknown_filter", field)
    assert said in message


def test_cursor_of_another_query_is_refused(client: Client, board: Benchmark) -> None:
    cursor = client.get("/api/v1/claims/?page_size=1").json()["next"].partition("cursor=")[2].partition("&")[0]
    assert get(client, f"claims/?cursor={cursor}&page_size=2")["results"], "pages may grow on the way"
    for query in ("sort=value", "kind=absolute"):
        assert "another query" in refused(client, f"claims/?{query}&cursor={cursor}")[1]
    assert "another query" in refused(client, f"costs/?cursor={cursor}")[1]


@pytest.mark.parametrize("path", ["claims/none/", "boards/none/", "papers/none/", "nothing/at/all", "metrics/none/"])
def test_what_is_not_there_is_said_so_in_the_same_shape(client: Client, path: str) -> None:
    assert refused(client, path, 404)[0] == "not_found"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(client: Client, board: Benchmark, method: str) -> None:
    for path, code in (("claims/", "method_not_allowed"), (f"boards/{board.slug}/", "method_not_allowed"), ("nothing", "not_found")):
        answer = getattr(client, method)(f"/api/v1/{path}", content_type="application/json")
        assert answer.status_code in (404, 405)
        assert answer.json()["error"]["code"] == code


def test_what_the_site_refuses_before_any_view_has_the_same_shape(client: Client) -> None:
    assert refused(client, "claims/?model=%00")[0] == "bad_request"
    answer = client.post("/api/v1/listings/", {"file": io.BytesIO(b"text")})
    assert (answer.status_code, answer.json()["error"]["code"], answer["WWW-Authenticate"]) == (401, "not_authenticated", "Bearer")


def test_fault_of_ours_says_nothing_of_what_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("the inner workings")

    monkeypatch.setattr(views.Claims, "get_queryset", break_down)
    answer = Client(raise_request_exception=False).get("/api/v1/claims/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "fault")
    assert b"inner" not in answer.content


def test_entries_are_trimmed_to_the_wanted_members(client: Client, board: Benchmark) -> None:
    page = get(client, "claims/?fields=id,metric")
    assert {tuple(told) for told in page["results"]} == {("id", "metric")}
    assert list(page["results"][0]["metric"]) == ["slug", "name", "unit", "direction"], "what is inside stays whole"


def test_hidden_rejected_and_withdrawn_numbers_are_not_told(client: Client, settings: Settings) -> None:
    benchmark = make.make_benchmark()
    shown = make.make_claim("81%", benchmark=benchmark, state=CurationState.ACCEPTED)
    unreviewed = make.make_claim("82%", benchmark=benchmark)
    withdrawn = make.make_claim("84%", benchmark=benchmark)
    assert withdrawn.paper_text is not None
    Paper.objects.filter(pk=withdrawn.paper_text.paper_id).update(withdrawn=True)
    assert {told["id"] for told in get(client, "claims/")["results"]} == {shown.public_id, unreviewed.public_id}
    settings.SHOW_UNREVIEWED = False
    assert {told["id"] for told in get(client, "claims/")["results"]} == {shown.public_id}
    refused(client, f"claims/{unreviewed.public_id}/", 404)


def test_numbers_of_a_withdrawn_table_are_not_told(client: Client) -> None:
    make.make_imported_row(make.make_benchmark(), "Tabled", "81.5", {CostMeasure.PARAMETERS: 25e6})
    listing = make.make_listing("results.csv")
    Import.objects.update(listing=listing)
    assert [len(get(client, path)["results"]) for path in ("claims/", "costs/")] == [1, 1]
    Listing.objects.update(state=ListingState.WITHDRAWN)
    assert [get(client, path)["results"] for path in ("claims/", "costs/")] == [[], []]


def test_entry_refuses_what_it_does_not_know(client: Client) -> None:
    claim = make.make_claim("81%")
    assert get(client, f"claims/{claim.public_id}/?fields=id") == {"id": claim.public_id}
    assert refused(client, f"claims/{claim.public_id}/?colour=red")[2] == "colour"


def test_board_has_columns_facets_front_and_ranked_rows(client: Client, board: Benchmark) -> None:
    told = get(client, f"boards/{board.slug}/?sort=-parameters&page_size=2")
    assert list(told) == [
        *("slug", "task", "dataset", "version", "changed", "page", "as_of", "shown", "total", "hidden_unreviewed"),
        *("columns", "facets", "front", "next", "rows"),
    ]
    assert [column["key"] for column in told["columns"]] == ["top-1-accuracy", "parameters"]
    assert [(row["rank"], row["scores"]["top-1-accuracy"]["value"], row["costs"]["parameters"]["value"]) for row in told["rows"]] == [
        (1, 61.0, 7e6),
        (2, 60.5, 6e6),
    ]
    assert len(told["front"]["rows"]) == 3
    further = client.get(told["next"]).json()
    assert [row["rank"] for row in further["rows"]] == [3]
    assert further["next"] is None
    claim = told["rows"][0]["scores"]["top-1-accuracy"]
    assert client.get(claim["url"]).json()["id"] == claim["id"]


@pytest.mark.parametrize("path", ["claims/", "costs/", "papers/", "models/", "boards/{board}/"])
def test_queries_do_not_grow_with_rows(client: Client, path: str) -> None:
    benchmark, counts = make.make_benchmark(), []
    for rows in (2, 18):
        make.make_board(rows, benchmark=benchmark)
        with CaptureQueriesContext(connection) as queries:
            get(client, path.format(board=benchmark.slug))
        counts.append(len(queries))
    assert counts[0] == counts[1] < 12


def test_papers_are_found_by_arxiv_id_through_its_index(client: Client) -> None:
    make.make_paper("Without one")
    paper = make.make_paper("With one", arxiv_id="2103.00020")
    with CaptureQueriesContext(connection) as asked:
        told = get(client, "papers/?arxiv_id=2103.00020")
    assert [found["id"] for found in told["results"]] == [paper.public_id]
    if connection.vendor == "sqlite":
        (query,) = [each["sql"] for each in asked if "2103.00020" in each["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            assert "paper_arxiv_id_unique" in str(cursor.fetchall())
