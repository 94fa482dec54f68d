"""The client for Python against the site, and the recipes of the API's page: what is shown there works."""

from __future__ import annotations

import html
import json
import re
import sys
import time
import typing
from collections.abc import Callable, Iterator
from datetime import date
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from claims.api.document import FILE
from claims.models import Benchmark, Claim, Listing
from claims.services import tokens
from claims.terms import CurationState, ListingState, Scope
from leaderboard.api_views import CLIENT
from leaderboard.assets import claimboard_client
from leaderboard.assets.claimboard_client import Claimboard, ClaimboardError
from leaderboard.wsgi import application
from tests import factories as make

# What the client asks is answered by views that have tests of their own, on both databases.
pytestmark = pytest.mark.once

SCHEMAS: dict[str, Any] = json.loads(FILE.read_bytes())["components"]["schemas"]
LISTING = b"new\n\nNet1: A Study\n\nWe study this for a long time and from many sides, as nobody has done before us.\n"


class Heard(httpx.WSGITransport):
    """The site in this process; notes what it was asked and how it answered."""

    def __init__(self) -> None:
        super().__init__(app=application)
        self.said: list[tuple[str, str, int]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        self.said.append((request.method, request.url.path.removeprefix("/api/v1/"), answer.status_code))
        return answer


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def site(heard: Heard) -> Iterator[Claimboard]:
    with Claimboard("http://testserver/", transport=heard) as site:
        yield site


@pytest.fixture
def curating(heard: Heard) -> Claimboard:
    user = make.make_user("Ada", "upload_listing", "change_claim", "change_cost")
    _, secret = tokens.create(user, name="x", scopes=[Scope.UPLOAD, Scope.CURATE], days=None)
    return Claimboard("http://testserver", secret, transport=heard)


@pytest.fixture
def board() -> Benchmark:
    return make.make_board(5)


def answering(*answers: httpx.Response, **options: Any) -> Claimboard:
    waiting = list(answers)
    return Claimboard("http://testserver", transport=httpx.MockTransport(lambda _: waiting.pop(0)), **options)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


# ---- the file ----


def test_client_is_served_as_it_is(client: Client) -> None:
    answer = client.get("/api/client.py")
    assert answer["Content-Type"] == "text/x-python; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="claimboard_client.py"'
    assert b"".join(answer.streaming_content) == CLIENT.read_bytes()  # type: ignore[attr-defined]
    assert client.get("/api/client.py", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_client_needs_httpx_and_nothing_else() -> None:
    imported = {name.partition(".")[0] for name in re.findall(r"^(?:from|import) (\S+)", CLIENT.read_text(encoding="utf-8"), re.MULTILINE)}
    assert imported - sys.stdlib_module_names == {"httpx"}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        *((name, name) for name in ("Reference", "MetricReference", "NamedModel", "Condition", "PaperReference", "CanonicalNumber")),
        *((name, name) for name in ("Evidence", "Record", "Run", "RowCondition", "RowPaper", "DecidedObject")),
        *((name, f"{name}Entry") for name in ("Paper", "Claim", "Cost", "Listing", "Decision")),
        *((name, f"Board{name}") for name in ("Column", "Facet", "Front", "Number", "Row")),
        ("Board", "BoardPage"),
    ],
)
def test_types_have_the_members_of_the_contract(kind: str, schema: str) -> None:
    members = SCHEMAS[schema]["properties"]
    assert set(typing.get_type_hints(getattr(claimboard_client, kind))) == set(members)


def test_correction_takes_what_the_contract_takes() -> None:
    members = {name for kind in ("Claim", "Cost") for name in SCHEMAS[f"Correct{kind}Request"]["properties"]}
    assert set(typing.get_type_hints(claimboard_client.Correction)) == members - {"version", "reason"}


# ---- reading ----


@pytest.mark.django_db
def test_rows_are_followed_to_the_last_page(site: Claimboard, heard: Heard, board: Benchmark) -> None:
    rows = list(site.rows(board.slug, page_size=2, sort="-parameters", min_parameters="6M", fields=["id", "rank", "costs"]))
    assert [row["costs"]["parameters"]["value"] for row in rows] == [9e6, 8e6, 7e6, 6e6]
    assert len(heard.said) == 2
    assert set(rows[0]) == {"id", "rank", "costs"}
    told = site.board(board.slug, front=True, like=False, as_of=date(2020, 1, 3), cost=None)
    assert (told["as_of"], [column["key"] for column in told["columns"]]) == ("2020-01-03", ["top-1-accuracy", "parameters"])
    assert [row["on_front"] for row in told["rows"]] == [True] * 3


@pytest.mark.django_db
def test_lists_are_followed_and_read_by_filters(site: Claimboard, board: Benchmark) -> None:
    claims = list(site.claims(board=board.slug, page_size=2, expand="paper"))
    assert [claim["id"] for claim in claims] == list(Claim.objects.order_by("pk").values_list("public_id", flat=True))
    assert [paper["title"][:11] for paper in site.papers(since=date(2020, 1, 4))] == ["SampleNet-3", "SampleNet-4"]
    assert next(site.costs(measure="parameters", sort="-value"))["value"] == 9e6
    assert [entry["slug"] for entry in site.boards()] == [board.slug]
    assert [entry["slug"] for entry in site.entries("datasets", name="net", reviewed=True)] == ["imagenet-1k"]
    assert list(site.entries("datasets", reviewed=False)) == []
    assert site.entry("claims", claims[0]["id"], fields="id") == {"id": claims[0]["id"]}


@pytest.mark.django_db
def test_what_has_not_changed_is_not_sent_again(site: Claimboard, heard: Heard, board: Benchmark) -> None:
    first = site.board(board.slug)
    first["rows"].clear()
    assert len(site.board(board.slug)["rows"]) == 5, "what is kept is not what the caller has"
    Benchmark.objects.filter(pk=board.pk).update(version=board.version + 5)
    site.board(board.slug)
    site.board(board.slug, page_size=2)
    assert [status for _, _, status in heard.said] == [200, 304, 200, 200]


def test_little_is_kept_of_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claimboard_client, "MOST_KEPT", 300)
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("If-None-Match"))
        return httpx.Response(200, json={"text": "x" * 100}, headers={"ETag": f'"{request.url.params["name"]}"'})

    site = Claimboard("http://testserver", transport=httpx.MockTransport(answer))
    for name in ("a", "b", "c", "a"):
        site.entry("papers", "x", name=name)
    assert asked == [None] * 4
    site.entry("papers", "x", name="c")
    assert asked[-1] == '"c"'


# ---- errors, and waiting ----


@pytest.mark.django_db
def test_errors_say_what_the_site_says(site: Claimboard, board: Benchmark) -> None:
    for ask, code, field, status in (
        (lambda: site.board(board.slug, colour="red"), "unknown_filter", "colour", 400),
        (lambda: site.board("../../healthz"), "not_found", None, 404),
        (lambda: list(site.entries("claims", kind="colour")), "unknown_filter", "kind", 400),
        (lambda: site.undo("none"), "not_authenticated", None, 401),
    ):
        with pytest.raises(ClaimboardError) as raised:
            ask()
        assert (raised.value.code, raised.value.field, raised.value.status) == (code, field, status)
        assert raised.value.message in str(raised.value)


def test_answer_of_something_on_the_way_is_an_error_too() -> None:
    for body in (b"<html>Bad gateway</html>", b'{"error": "a text"}', b"[]", b""):
        with pytest.raises(ClaimboardError) as raised:
            answering(httpx.Response(502, content=body)).board("x")
        assert (raised.value.code, raised.value.status) == ("no_answer_of_the_api", 502)


def test_client_waits_as_long_as_the_site_asks(slept: list[float]) -> None:
    soon = format_datetime(timezone.now(), usegmt=True)
    refusals = [httpx.Response(429, headers={"Retry-After": told}) for told in ("7", soon, "tomorrow")]
    assert answering(*refusals, httpx.Response(503), httpx.Response(200, json={"slug": "x"})).board("x")["slug"] == "x"
    assert slept == [7.0, 0.0, 4.0, 8.0]


def test_client_does_not_wait_for_ever(slept: list[float]) -> None:
    error = {"error": {"code": "throttled", "message": "Too much.", "field": None}}
    with pytest.raises(ClaimboardError) as raised:
        answering(*(httpx.Response(429, json=error, headers={"Retry-After": "1"}) for _ in range(3)), retries=2).board("x")
    assert (raised.value.code, slept) == ("throttled", [1.0, 1.0])
    with pytest.raises(ClaimboardError):
        answering(httpx.Response(503, headers={"Retry-After": "3600"})).board("x")
    assert slept == [1.0, 1.0]


def test_token_goes_to_the_site_alone() -> None:
    asked: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.host, request.headers.get("Authorization")))
        page: dict[str, Any] = {"next": "https://elsewhere.example.org/api/v1/claims/?cursor=x" if len(asked) == 1 else None, "results": []}
        return httpx.Response(200, json=page)

    assert list(Claimboard("http://testserver", "cb_x", transport=httpx.MockTransport(answer)).claims()) == []
    assert asked == [("testserver", "Bearer cb_x")] * 2


# ---- writing ----


@pytest.mark.django_db
def test_file_is_uploaded_once_and_followed(curating: Claimboard, heard: Heard, tmp_path: Path, slept: list[float]) -> None:
    path = tmp_path / "papers of 2024.txt"
    path.write_bytes(LISTING)
    listing = curating.upload(path, year=2024)
    assert (listing["name"], listing["year"], listing["state"]) == ("papers of 2024.txt", 2024, "waiting")
    assert curating.upload(str(path), 2024)["id"] == listing["id"]
    assert [status for _, _, status in heard.said] == [201, 201], "answered as at first"
    curating.upload(path, key="mine")
    with pytest.raises(ClaimboardError) as raised:
        curating.upload(path, year=2023, key="mine")
    assert raised.value.status == 422
    with pytest.raises(TimeoutError, match="still waiting"):
        curating.wait_for(listing, timeout=1)
    Listing.objects.update(state=ListingState.DONE)
    assert curating.wait_for(listing["id"])["state"] == "done"


def test_file_is_sent_whole_each_time(tmp_path: Path, slept: list[float]) -> None:
    path = tmp_path / "papers.txt"
    path.write_bytes(LISTING)
    sent: list[tuple[bytes, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.read(), request.headers["Idempotency-Key"]))
        return httpx.Response(503 if len(sent) == 1 else 201, json={"id": "x"})

    Claimboard("http://testserver", "cb_x", transport=httpx.MockTransport(answer)).upload(path)
    assert [body for body, _ in sent] == [LISTING] * 2
    assert sent[0][1] == sent[1][1]


@pytest.mark.django_db
def test_numbers_are_decided_on_corrected_and_taken_back(curating: Claimboard, board: Benchmark) -> None:
    claim = next(curating.claims())
    rejected = curating.decide(claim, "rejected", reason="not_a_result", note="A year.")
    assert Claim.objects.get(public_id=claim["id"]).state == CurationState.REJECTED
    with pytest.raises(ClaimboardError) as raised:
        curating.decide(claim, "accepted")
    assert (raised.value.code, raised.value.status) == ("stale", 409)
    undone = curating.undo(rejected)
    assert (undone["undoes"], Claim.objects.get(public_id=claim["id"]).state) == (rejected["id"], CurationState.UNREVIEWED)
    cost = next(curating.costs())
    assert curating.decide(cost, "accepted")["objects"][0]["object"] == "cost"
    claim = next(curating.claims(fields=["id", "version"]))
    corrected = curating.correct(claim, {"number": "62.5%", "variant": "XL"}, reason="As the table has it.")
    assert corrected["objects"][0]["after"]["value"] == 62.5
    assert next(curating.claims())["variant"] == "XL"
    assert curating.undo(corrected["id"])["undoes"] == corrected["id"]


# ---- the recipes ----


@pytest.fixture
def recipes(client: Client, board: Benchmark, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What the API's page shows, by the section it stands in; httpx reaches this process."""
    page = client.get("/api/").content.decode()
    real = httpx.Client

    def connect(*arguments: Any, **options: Any) -> httpx.Client:
        return real(*arguments, **options | {"transport": Heard()})

    monkeypatch.setattr(httpx, "Client", connect)
    monkeypatch.setattr(httpx, "get", lambda address, **options: connect().get(address, **options))
    monkeypatch.setitem(sys.modules, "claimboard_client", claimboard_client)

    def show(section: str) -> str:
        part = page[page.index(f'aria-labelledby="{section}"') :].partition("</section>")[0]
        return html.unescape("\n".join(re.findall(r"<pre[^>]*>(.*?)</pre>", part, re.DOTALL)))

    return show


@pytest.mark.django_db
def test_recipe_for_pandas_makes_a_table(recipes: Callable[[str], str]) -> None:
    *lines, last = recipes("pandas").splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)  # noqa: S102 - what the page shows
    table = eval(last, names)  # noqa: S307
    assert list(table.columns) == ["rank", "model.name", "scores.top-1-accuracy.value", "costs.parameters.value"]
    assert table.iloc[0].tolist() == [1, "SampleNet-4", 62.0, 9e6]


@pytest.mark.django_db
def test_recipe_for_the_client_prints_a_board(recipes: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    exec(recipes("python"), {})  # noqa: S102 - what the page shows
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Top-1 accuracy parameters"
    assert lines[1].startswith("1 SampleNet-4 ")
    assert lines[1].endswith("{'top-1-accuracy': 62.0}")
    assert len(lines) == 6


@pytest.mark.django_db
def test_addresses_of_the_other_recipes_answer(recipes: Callable[[str], str], client: Client, board: Benchmark) -> None:
    shown = [address for section in ("curl", "javascript") for address in re.findall(r'"(http[^"]+)"', recipes(section))]
    assert len(shown) == 3
    for address in shown:
        answer = client.get(address.removeprefix("http://localhost:8000"))
        assert answer.status_code == 200, address
        assert answer.json()["rows"] or "as_of=2023" in address
    (base,) = re.findall(r'url="([^"]+)"', recipes("old"))
    assert client.get(f"{base.removeprefix('http://localhost:8000')}/api/v1/evaluations/{board.slug}/results/").json()["count"] == 5
    posted = re.findall(r'"(http[^"]+)"', recipes("writing"))
    assert [client.post(address.removeprefix("http://localhost:8000").replace("$ID", "x")).status_code for address in posted] == [401, 401]


@pytest.mark.django_db
def test_example_of_the_readme_runs(recipes: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(CLIENT).parents[2] / "README.md").read_text(encoding="utf-8")
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "claimboard_client" in code)
    exec(example, {})  # noqa: S102 - what the readme shows
    assert len(capsys.readouterr().out.splitlines()) == 5
