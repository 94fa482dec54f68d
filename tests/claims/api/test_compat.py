"""Reading as with Papers with Code: by its own client, and by whatever else is asked at its addresses."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from claims.api.compat import paging
from claims.boards import rank_on_boards
from claims.models import Benchmark, Cost, Dataset, Import, Listing, Paper, Result, SourceRecord, Task
from claims.services import tokens
from claims.terms import CostMeasure, CurationState, Direction, ListingState, Role, Scope
from tests import factories as make
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db

BASE = "/compat/paperswithcode/api/v1/"


def get(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(f"{BASE}{path}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json"), answer.content
    return answer.json()


def refused(client: Client, path: str, status: int = 400) -> tuple[str, str, str | None]:
    body = get(client, path, status)
    assert list(body) == ["error"]
    return body["error"]["code"], body["error"]["message"], body["error"]["field"]


@pytest.fixture
def board() -> Benchmark:
    """A board of four papers with a cost each and code for the first, a table's row with extra data, and a second metric."""
    board = make.make_board(4)
    table = make.make_imported_row(board, "Tabled", "81.5", {CostMeasure.PARAMETERS: 25e6}, variant="XL")
    Result.objects.filter(pk=table.pk).update(stated_day=date(2021, 5, 6))
    loss = make.add_metric(board, make.make_metric("Error", unit="", direction=Direction.LOWER))
    paper = make.make_paper(
        "Nets with little error", abstract="It has 61.9% accuracy at 0.25 Error, trained on more data.", arxiv_id="2101.00001"
    )
    row = make.make_result(board, paper, "FewNet", conditions=[("extra_data", "JFT", "pre-trained on JFT")])
    make.make_claim("61.9%", result=row, paper=paper)
    make.make_claim("0.25", result=row, paper=paper, metric=loss)
    first = Paper.objects.order_by("pk")[0]
    Paper.objects.filter(pk=first.pk).update(arxiv_id="2012.12345", code_url="https://github.com/Lab/Nets")
    SourceRecord.objects.filter(claims__result=table).update(code_url="https://gitlab.com/lab/tables.git/tree/main")
    return board


@pytest.mark.once
@pytest.mark.paperswithcode
def test_old_client_reads_the_site(live_server: LiveServer, board: Benchmark, client: Client, tmp_path: Path) -> None:
    walked = subprocess.run(
        [ROOT / ".venv" / "paperswithcode" / "bin" / "python", "-I", ROOT / "tests" / "paperswithcode_walk.py", live_server.url],
        # It reads all certificates of the world for each request, and needs none of them.
        env={"SSL_CERT_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert walked.returncode == 0, walked.stderr
    told: dict[str, Any] = json.loads(walked.stdout)
    papers = {paper.public_id: paper for paper in Paper.objects.select_related("current_text")}
    assert [paper["id"] for paper in told["papers"]] == list(papers)
    for paper in told["papers"]:
        known = papers[paper["id"]]
        assert known.current_text is not None
        assert (paper["title"], paper["abstract"], paper["published"]) == (known.title, known.current_text.abstract, str(known.last_day))
    first = told["papers"][0]
    assert told["paper"] == first
    assert (first["url_abs"], first["url_pdf"]) == ("https://arxiv.org/abs/2012.12345", "https://arxiv.org/pdf/2012.12345")
    assert [[paper["id"] for paper in told[by]] for by in ("by title", "by arXiv id")] == [[told["papers"][1]["id"]], [first["id"]]]
    assert [found["paper"]["id"] for found in told["by words"]] == list(papers)[:4]
    assert told["by words"][0]["repository"]["name"] == "Nets"
    assert [entry["name"] for entry in told["datasets"]] == ["ImageNet-1K"]
    assert told["tasks"] == [{"id": "image-classification", "name": "Image Classification", "description": ""}]
    assert told["areas"] == [{"id": "vision", "name": "Vision"}]
    evaluation = {"id": board.slug, "task": "image-classification", "dataset": "imagenet-1k", "description": "", "mirror_url": None}
    assert told["evaluations"] == told["of task"] == told["of dataset"] == [evaluation] == [told["evaluation"]]
    assert {paper["id"] for paper in told["task papers"]} == set(papers)
    assert [(metric["name"], metric["is_loss"]) for metric in told["metrics"]] == [
        ("Top-1 accuracy", False),
        ("Error", True),
        ("Number of params", True),
    ]
    assert told["metric"] == told["metrics"][-1]
    results = told["results"][board.slug]
    rows = client.get(f"/api/v1/boards/{board.slug}/").json()["rows"]
    assert [(result["id"], result["best_rank"]) for result in results] == [(row["id"], row["rank"]) for row in rows]
    assert (
        results[0]
        == told["result"]
        == {
            "id": rows[0]["id"],
            "best_rank": 1,
            "metrics": {"Top-1 accuracy": "81.5%", "Number of params": "25M"},
            "methodology": "Tabled (XL)",
            "uses_additional_data": False,
            "paper": None,
            "best_metric": "Top-1 accuracy",
            "evaluated_on": "2021-05-06",
            "external_source_url": None,
        }
    )
    assert results[1]["metrics"] == {"Top-1 accuracy": "61.9%", "Error": "0.25"}
    assert (results[1]["uses_additional_data"], results[1]["evaluated_on"]) == (True, "2022-03-10")
    own = [result for result in results if result["paper"] == first["id"]]
    assert told["paper results"] == own != []
    assert [entry["id"] for entry in told["paper datasets"] + told["paper tasks"]] == ["imagenet-1k", "image-classification"]
    assert told["paper methods"] == []
    (repository,) = told["paper repositories"]
    assert (repository["url"], repository["owner"], repository["name"]) == ("https://github.com/Lab/Nets", "Lab", "Nets")
    assert [entry["name"] for entry in told["repositories"]] == ["Nets", "tables"]
    assert told["repositories of owner"] == told["repositories"]
    assert told["repository"] == repository
    assert [paper["id"] for paper in told["repository papers"]] == [first["id"]]
    assert told["none"] == [[], [], []]
    assert told["refused"] == [[404, "not_found"]] * 3 + [[405, "method_not_allowed"]] * 3


def test_root_leads_to_every_list_in_the_old_shape(client: Client, board: Benchmark) -> None:
    for name, address in get(client, "").items():
        page = client.get(address).json()
        assert list(page) == ["count", "next", "previous", "results"], name
        assert page["count"] == len(page["results"])


def test_pages_say_where_the_next_and_the_previous_are(client: Client, board: Benchmark) -> None:
    second = get(client, "papers/?title=SampleNet&items_per_page=1&page=2")
    assert (second["count"], len(second["results"])) == (4, 1)
    assert get(client, "papers/?arxiv_id=2012.12345v2")["count"] == 1, "a version is one of the paper"
    third, first = client.get(second["next"]).json(), client.get(second["previous"]).json()
    assert [page["results"][0]["title"][:11] for page in (first, second, third)] == ["SampleNet-0", "SampleNet-1", "SampleNet-2"]
    assert (first["previous"], client.get(third["next"]).json()["next"]) == (None, None)


def test_what_the_old_client_never_sent_is_refused_by_name(client: Client, board: Benchmark) -> None:
    ids = {"board": board.slug, "paper": Paper.objects.all()[0].public_id}
    for path, field, said in (
        ("papers/?colour=red", "colour", "It knows abstract, arxiv_id"),
        ("papers/?page=0", "page", "from 1"),
        ("papers/?page=-1", "page", "from 1"),
        ("papers/?page=two", "page", "from 1"),
        ("papers/?page=99999999999999999999", "page", "from 1"),
        ("papers/?items_per_page=1000000", "items_per_page", "1 to 500"),
        ("papers/?q=" + "a" * 201, "q", "200"),
        ("papers/{paper}/?page=1", "page", "none at all"),
        ("papers/{paper}/results/?sort=x", "sort", "It knows"),
        ("evaluations/{board}/results/?metric=x", "metric", "It knows"),
        ("evaluations/{board}/?fields=id", "fields", "none at all"),
        ("repositories/?stars=many", "stars", "number"),
        ("repositories/?framework=cobol", "framework", "cobol"),
        ("authors/?name=x", "name", "It knows full_name"),
    ):
        code, message, about = refused(client, path.format(**ids))
        assert (code, about) == ("unknown_filter", field), path
        assert said in message, path


def test_what_is_not_there_is_said_so_in_our_shape(client: Client, board: Benchmark) -> None:
    for path in (
        *("papers/none/", "papers/none/results/", "papers/none/methods/", "papers/?page=2", "tasks/none/papers/", "areas/none/tasks/"),
        *("datasets/none/evaluations/", "evaluations/none/", "evaluations/none/results/", "evaluations/{board}/results/none/"),
        *("evaluations/{board}/metrics/none/", "evaluations/{board}/results/?page=2", "evaluations/{board}/metrics/?page=2"),
        *("repositories/lab/none/", "repositories/lab/none/papers/", "authors/x/papers/", "conferences/x/proceedings/y/papers/"),
        *("methods/x/", "models/", "nothing/at/all"),
    ):
        assert refused(client, path.format(board=board.slug), 404)[0] == "not_found", path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("post", path) for path in ("papers/", "tasks/", "datasets/", "evaluations/", "rpc/evaluation-synchronize/", "methods/")),
        *(
            (method, path)
            for method in ("patch", "delete")
            for path in ("tasks/x/", "evaluations/x/results/y/", "evaluations/x/metrics/y/")
        ),
        ("get", "rpc/evaluation-synchronize/"),
    ],
)
def test_nothing_can_be_written(client: Client, method: str, path: str) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        answer = client.generic(method.upper(), f"{BASE}{path}", b"\0{", kind)
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_what_the_site_refuses_before_any_view_has_the_same_shape(client: Client) -> None:
    assert refused(client, "papers/?q=%00")[0] == "bad_request"


def test_old_tokens_are_left_aside_and_ours_count(client: Client, settings: Settings) -> None:
    settings.API_RATE = settings.API_TOKEN_RATE = 100
    cache.clear()
    _, secret = tokens.create(make.make_user(), name="x", scopes=[Scope.READ], days=None)

    def ask(header: str) -> Any:
        return client.get(f"{BASE}tasks/", headers={"Authorization": header})

    assert ask("Token 0123456789abcdef")["RateLimit-Policy"].startswith('"address"')
    for header in (f"Token {secret}", f"Bearer {secret}"):
        assert ask(header)["RateLimit-Policy"].startswith('"token"')
    assert ask("Token cb_forged").status_code == ask("Bearer x").status_code == 401


def test_answers_are_cached_throttled_and_open_like_the_others(client: Client, board: Benchmark) -> None:
    for path in ("papers/", f"evaluations/{board.slug}/results/"):
        first = client.get(f"{BASE}{path}", headers={"Origin": "https://lab.example.org"})
        assert (first["Access-Control-Allow-Origin"], first["Cache-Control"].split(",")[0]) == ("*", "public")
        again = client.get(f"{BASE}{path}", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{BASE}evaluations/{board.slug}/results/", headers={"If-None-Match": first["ETag"]})
    assert len(queries) == 1, "an unchanged board is not read"


def test_queries_do_not_grow_with_rows(client: Client) -> None:
    benchmark = make.make_benchmark()
    counts: list[list[int]] = []
    paper = make.make_paper(abstract="It has 70%, 71%, 72%, 73%, 74% and 75%.")
    paths = (
        *("papers/", "search/", "tasks/", "datasets/", "evaluations/", "repositories/", f"papers/{paper.public_id}/results/"),
        *(f"evaluations/{benchmark.slug}/results/", "tasks/image-classification/papers/", f"papers/{paper.public_id}/datasets/"),
    )
    for numbers in ((70, 71), (72, 73, 74, 75)):
        make.make_board(len(numbers), benchmark=benchmark)
        for number in numbers:
            make.make_claim(f"{number}%", benchmark=make.make_benchmark(dataset=f"Set {number}"), paper=paper)
        counts.append([])
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                page = get(client, path)
            assert page["count"] == len(page["results"])
            counts[-1].append(len(queries))
    assert counts[0] == counts[1]
    assert max(counts[0]) < 14


def test_ranks_of_many_boards_are_those_of_each(client: Client) -> None:
    lower = make.make_metric("Error", unit="", direction=Direction.LOWER)
    unknown = make.make_metric("Score", unit="", direction=Direction.UNKNOWN)
    boards = [make.make_board(4)]
    for name, metric in (("Set L", lower), ("Set U", unknown)):
        board = make.make_benchmark(dataset=name, metric=metric)
        for number in ("0.5", "0.25", "0.25", "0.75"):
            make.make_claim(number, benchmark=board)
        make.make_claim("0.1", benchmark=board, role=Role.BASELINE)
        boards.append(board)
    ranks = rank_on_boards([board.pk for board in boards])
    public_ids = dict(Result.objects.values_list("pk", "public_id"))
    told = {
        row["id"]: row["rank"]
        for board in boards
        for row in client.get(f"/api/v1/boards/{board.slug}/?role=all").json()["rows"]
        if row["rank"]
    }
    assert {public_ids[pk]: rank for pk, rank in ranks.items()} == told
    assert sorted(told.values()) == [1, 1, 1, 2, 3, 3, 4, 4]


def test_hidden_rejected_and_withdrawn_numbers_are_not_told(client: Client, settings: Settings) -> None:
    benchmark = make.make_benchmark()
    shown = make.make_claim("81%", benchmark=benchmark, state=CurationState.ACCEPTED)
    unreviewed = make.make_claim("82%", benchmark=benchmark)
    assert shown.paper_text is not None
    assert unreviewed.paper_text is not None
    results = f"evaluations/{benchmark.slug}/results/"
    assert [result["metrics"]["Top-1 accuracy"] for result in get(client, results)["results"]] == ["82%", "81%"]
    settings.SHOW_UNREVIEWED = False
    assert [(result["metrics"], result["best_rank"]) for result in get(client, results)["results"]] == [({"Top-1 accuracy": "81%"}, 1)]
    of_papers = [get(client, f"papers/{text.paper.public_id}/results/") for text in (shown.paper_text, unreviewed.paper_text)]
    assert [(page["count"], [result["best_rank"] for result in page["results"]]) for page in of_papers] == [(1, [1]), (0, [])]
    assert get(client, f"papers/{unreviewed.paper_text.paper.public_id}/datasets/")["count"] == 0
    Paper.objects.filter(pk=shown.paper_text.paper_id).update(withdrawn=True)
    assert get(client, "papers/")["count"] == 1
    refused(client, f"papers/{shown.paper_text.paper.public_id}/", 404)


def test_cost_that_waits_for_its_review_stands_in_no_result(client: Client, board: Benchmark, settings: Settings) -> None:
    path = f"evaluations/{board.slug}/results/"
    assert any("Number of params" in result["metrics"] for result in get(client, path)["results"])
    for result in Result.objects.all():
        result.claims.update(state=CurationState.ACCEPTED, decided_by="person")
    settings.SHOW_UNREVIEWED = False
    told = get(client, path)["results"]
    assert len(told) == 6
    assert not any("Number of params" in result["metrics"] for result in told)
    Cost.objects.update(state=CurationState.ACCEPTED, decided_by="person")
    assert any("Number of params" in result["metrics"] for result in get(client, f"{path}?items_per_page=100")["results"])


def test_code_of_a_withdrawn_table_is_not_told(client: Client, board: Benchmark) -> None:
    Import.objects.update(listing=make.make_listing("results.csv"))
    (record,) = SourceRecord.objects.all()
    assert get(client, "repositories/?owner=lab&name=tab")["count"] == 1
    table = next(result for result in get(client, f"evaluations/{board.slug}/results/")["results"] if not result["paper"])
    assert table["external_source_url"] == f"http://testserver{record.get_absolute_url()}"
    Listing.objects.update(state=ListingState.WITHDRAWN)
    assert get(client, "repositories/?owner=lab&name=tab")["count"] == 0


def test_repositories_by_owner_and_name(client: Client, board: Benchmark) -> None:
    for query, names in (
        ("", ["Nets", "tables"]),
        ("q=LAB", ["Nets", "tables"]),
        ("q=ets", ["Nets"]),
        ("name=able", ["tables"]),
        ("name=lab", []),
        ("owner=la", []),
        ("owner=.*", []),
        ("name=(", []),
        ("stars=0&framework=none", ["Nets", "tables"]),
        ("stars=1", []),
        ("framework=pytorch", []),
    ):
        assert [found["name"] for found in get(client, f"repositories/?{query}")["results"]] == names, query


def test_much_is_counted_once_a_minute(client: Client, board: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_MUCH", 4)
    cache.clear()

    def counted(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert get(client, path)["count"] == 5
        return sum("COUNT" in query["sql"] for query in queries)

    assert [counted("papers/?items_per_page=2") for _ in range(2)] == [1, 0]
    assert counted("papers/?items_per_page=2&page=3") == 0, "the last page knows it"
    cache.clear()


def test_addresses_of_what_was_merged_lead_on(client: Client, board: Benchmark) -> None:
    paper, other = Paper.objects.order_by("pk")[:2]
    Paper.objects.filter(pk=other.pk).update(merged_into=paper)
    task, table = board.task, make.make_benchmark("Old task", "Old set")
    dataset = table.dataset
    Task.objects.filter(pk=table.task_id).update(merged_into=task)
    Dataset.objects.filter(pk=dataset.pk).update(merged_into=board.dataset)
    Benchmark.objects.filter(pk=table.pk).update(merged_into=board)
    led = {
        f"papers/{other.public_id}/results/": f"papers/{paper.public_id}/results/",
        f"tasks/{table.task.slug}/papers/?items_per_page=2": f"tasks/{task.slug}/papers/?items_per_page=2",
        f"datasets/{dataset.slug}/evaluations/": f"datasets/{board.dataset.slug}/evaluations/",
        f"evaluations/{table.slug}/": f"evaluations/{board.slug}/",
        f"evaluations/{table.slug}/metrics/accuracy/": f"evaluations/{board.slug}/metrics/accuracy/",
    }
    for path, there in led.items():
        answer = client.get(f"{BASE}{path}")
        assert (answer.status_code, answer["Location"]) == (308, f"http://testserver{BASE}{there}"), path
    assert client.get(f"{BASE}tasks/never-was/").status_code == 404
