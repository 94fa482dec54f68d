"""What clients and caches are told of an answer: whether it is new, how long it lasts, what may still be asked, who may read it."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from claims.models import Benchmark, Claim, Paper, SourceRecord
from claims.services import curation, tokens
from claims.terms import CostMeasure, CurationState
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def board() -> Benchmark:
    return make.make_board(3)


@pytest.mark.parametrize("path", ["", "boards/", "boards/{board}/", "claims/", "papers/", "tasks/", "listings/", "decisions/"])
def test_what_a_client_has_is_not_sent_again(client: Client, board: Benchmark, path: str) -> None:
    address = f"/api/v1/{path.format(board=board.slug)}"
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get(f"{address}?page_size=2" if path else address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["claims/?page_size=1", "papers/?page_size=1&sort=-title", "decisions/?page_size=1"])
def test_page_with_a_next_one_is_the_same_at_any_time(client: Client, board: Benchmark, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for claim in Claim.objects.order_by("pk")[:2]:
        curation.decide(claim, CurationState.ACCEPTED, actor="Ada", version=claim.version)
    first = client.get(f"/api/v1/{path}")
    assert first.json()["next"]
    later = time.time() + 1000
    monkeypatch.setattr("time.time", lambda: later)
    for has in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        again = client.get(f"/api/v1/{path}", headers=has)
        assert (again.status_code, again["Last-Modified"]) == (304, first["Last-Modified"])


def test_unchanged_board_is_one_query_and_a_decision_makes_it_another(client: Client, board: Benchmark) -> None:
    address = f"/api/v1/boards/{board.slug}/?sort=-parameters"
    first = client.get(address)
    for has in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address, headers=has).status_code == 304
        assert len(queries) == 1
    claim = Claim.objects.filter(result__benchmark=board).latest("value")
    curation.decide(claim, CurationState.REJECTED, actor="Ada", version=claim.version, reason="not_a_result")
    answer = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (answer.status_code, len(answer.json()["rows"])) == (200, 2)


def test_caches_keep_what_everybody_gets_and_nothing_that_moves(client: Client, board: Benchmark) -> None:
    assert client.get(f"/api/v1/boards/{board.slug}/")["Cache-Control"].startswith("public, max-age=60")
    assert client.get("/api/v1/listings/")["Cache-Control"] == "private, no-cache"
    assert client.get("/api/v1/claims/none/")["Cache-Control"] == "no-store"
    assert "Authorization" in client.get("/api/v1/claims/")["Vary"]


def test_client_is_told_what_it_may_still_ask_and_when_to_go_on(client: Client, settings: Settings) -> None:
    settings.API_RATE = 2
    cache.clear()
    first, second, third = (client.get("/api/v1/metrics/") for _ in range(3))
    assert (first["RateLimit-Policy"], first["RateLimit"].partition(";t=")[0]) == ('"address";q=2;w=60', '"address";r=1')
    assert second["RateLimit"].startswith('"address";r=0;t=')
    assert (third.status_code, third.json()["error"]["code"]) == (429, "throttled")
    assert 0 < int(third["Retry-After"]) <= 60
    assert client.get("/api/v1/metrics/", REMOTE_ADDR="192.0.2.7").status_code == 200
    # What a client itself says of where it comes from makes no other one of it.
    assert client.get("/api/v1/metrics/", headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 429


def test_pages_of_other_sites_may_read_and_not_write(client: Client, board: Benchmark) -> None:
    origin = {"Origin": "https://lab.example.org"}
    read = client.get(f"/api/v1/boards/{board.slug}/", headers=origin)
    assert read["Access-Control-Allow-Origin"] == "*"
    assert "etag" in read["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in read
    asked = client.options("/api/v1/listings/", headers=origin | {"Access-Control-Request-Method": "POST"})
    assert "POST" not in asked["Access-Control-Allow-Methods"]
    assert "authorization" not in asked["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in client.get("/", headers=origin)


def test_rows_of_a_board_follow_by_cursor_also_when_the_last_one_is_gone(client: Client) -> None:
    benchmark = make.make_board(5)
    first = client.get(f"/api/v1/boards/{benchmark.slug}/?page_size=2&fields=id,rank").json()
    assert [list(row) for row in first["rows"]] == [["id", "rank"]] * 2
    assert [row["rank"] for row in client.get(first["next"]).json()["rows"]] == [3, 4]
    # A better row that comes between two pages moves the others down, and none of them is told twice.
    make.make_claim("99%", benchmark=benchmark)
    assert [row["rank"] for row in client.get(first["next"]).json()["rows"]] == [4, 5]
    answer = client.get(first["next"].replace("fields=", "sort=date&fields="))
    assert "another query" in answer.json()["error"]["message"]


def test_front_alone_keeps_the_ranks_of_the_board(client: Client) -> None:
    benchmark = make.make_board(4)
    whole = client.get(f"/api/v1/boards/{benchmark.slug}/?cost=parameters").json()
    front = client.get(f"/api/v1/boards/{benchmark.slug}/?cost=parameters&front=1").json()
    assert {row["id"] for row in front["rows"]} == set(whole["front"]["rows"])
    ranks = {row["id"]: row["rank"] for row in whole["rows"]}
    assert all(ranks[row["id"]] == row["rank"] for row in front["rows"])


def test_front_of_rows_without_costs_is_refused(client: Client) -> None:
    result = make.make_claim("81%").result
    assert result is not None
    refused = client.get(f"/api/v1/boards/{result.benchmark.slug}/?front=1")
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "front")


def test_columns_are_trimmed_to_the_wanted_ones(client: Client, board: Benchmark) -> None:
    told = client.get(f"/api/v1/boards/{board.slug}/?column=parameters").json()
    assert [column["key"] for column in told["columns"]] == ["parameters"]
    assert all(list(row["costs"]) == ["parameters"] and not row["scores"] for row in told["rows"])


def test_expanded_members_are_whole(client: Client, board: Benchmark) -> None:
    claim = client.get("/api/v1/claims/?expand=paper,metric,dataset,task").json()["results"][0]
    assert {"abstract", "page"} <= set(claim["paper"])
    assert {"lower_bound", "upper_bound"} <= set(claim["metric"])
    assert "parent" in claim["dataset"]
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/v1/claims/?expand=paper,metric,dataset,task")
        counts.append(len(queries))
        make.make_board(6, benchmark=board)
    assert counts[0] == counts[1]


def test_what_is_not_modified_counts_as_asked(client: Client, board: Benchmark, settings: Settings) -> None:
    settings.API_RATE = 10
    cache.clear()
    for number, path in enumerate((f"boards/{board.slug}/", "claims/")):
        first = client.get(f"/api/v1/{path}")
        again = client.get(f"/api/v1/{path}", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again["RateLimit"].partition(";t=")[0]) == (304, f'"address";r={8 - 2 * number}')


def test_bogus_parameter_is_refused_whatever_a_client_has(client: Client, board: Benchmark) -> None:
    address = f"/api/v1/boards/{board.slug}/"
    since = {"If-Modified-Since": client.get(address)["Last-Modified"]}
    assert client.get(f"{address}?bogus=1", headers=since | {"If-None-Match": "*"}).status_code == 400


def test_decisions_name_what_they_were_made_on(client: Client) -> None:
    claim = make.make_claim("81%")
    made = curation.decide(claim, CurationState.REJECTED, actor="Ada", version=claim.version, reason="not_a_result", note="A year.")
    undone = curation.undo(made, actor="Bo")
    _, secret = tokens.create(make.make_user(), name="x", scopes=["read"], days=None)
    known = {"Authorization": f"Bearer {secret}"}
    told = client.get("/api/v1/decisions/?sort=id", headers=known).json()["results"]
    assert [(act["id"], act["action"], act["actor"], act["undoes"], act["undone_by"]) for act in told] == [
        (made.public_id, "reject", "Ada", None, undone.public_id),
        (undone.public_id, "undo", "Bo", made.public_id, None),
    ]
    (thing,) = told[0]["objects"]
    assert (thing["object"], thing["id"], thing["after"]["state"]) == ("claim", claim.public_id, "rejected")
    assert len(client.get(f"/api/v1/decisions/?claim={claim.public_id}&actor=Bo", headers=known).json()["results"]) == 1
    assert client.get("/api/v1/decisions/?claim=none").json()["results"] == []


def test_names_of_people_are_told_to_tokens_only(client: Client) -> None:
    claim = make.make_claim("81%")
    curation.decide(claim, CurationState.ACCEPTED, actor="ada.lovelace", version=claim.version)
    answer = client.get("/api/v1/decisions/")
    assert answer.json()["results"][0]["actor"] is None
    assert b"ada" not in answer.content
    assert client.get("/api/v1/decisions/?actor=ada.lovelace").status_code == 401


@pytest.mark.parametrize("hidden", ["unreviewed", "withdrawn"])
def test_decisions_tell_nothing_of_numbers_that_readers_do_not_see(client: Client, settings: Settings, hidden: str) -> None:
    claim = make.make_claim("81%")
    curation.decide(claim, CurationState.ACCEPTED, actor="Ada", version=claim.version)
    curation.decide(claim, CurationState.UNREVIEWED, actor="Ada", version=claim.version)
    if hidden == "withdrawn":
        Paper.objects.update(withdrawn=True)
    settings.SHOW_UNREVIEWED = False
    for act in client.get("/api/v1/decisions/").json()["results"]:
        (thing,) = act["objects"]
        assert (thing["object"], thing["id"], thing["before"], thing["after"], act["object_count"]) == ("claim", None, {}, {}, 1)


def test_withdrawn_paper_is_named_nowhere(client: Client) -> None:
    make.make_imported_row(make.make_benchmark(), "Tabled", "81.5", {CostMeasure.PARAMETERS: 25e6})
    paper = make.make_paper("A withdrawn paper", abstract="Taken back.")
    SourceRecord.objects.update(paper=paper)
    Paper.objects.update(withdrawn=True)
    for query in ("", "?expand=paper"):
        answer = client.get(f"/api/v1/claims/{query}")
        assert [claim["paper"] for claim in answer.json()["results"]] == [None]
        assert b"Taken back" not in answer.content


def test_lists_are_walked_past_titles_of_any_length(client: Client) -> None:
    for number in range(3):
        make.make_paper(f"{'長' * 3000}{number}")
    address, seen = "/api/v1/papers/?sort=-title&page_size=1&fields=id", []
    while address:
        assert len(address) < 2000
        page = client.get(address).json()
        seen += page["results"]
        address = page["next"]
    assert len({paper["id"] for paper in seen}) == len(seen) == 3


def test_who_is_refused_is_counted_too(client: Client, settings: Settings) -> None:
    settings.API_RATE = 2
    cache.clear()
    wrong = {"Authorization": "Bearer cb_" + "A" * 43}
    assert [client.get("/api/v1/metrics/", headers=wrong).status_code for _ in range(3)] == [401, 401, 429]
    cache.clear()
    assert [client.post("/api/v1/listings/").status_code for _ in range(3)] == [401, 401, 429]


def test_reading_goes_on_without_the_cache(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_RATE = 2

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("the cache is away")

    monkeypatch.setattr("claims.api.throttling.cache.add", fail)
    assert client.get("/api/v1/metrics/").status_code == 200
