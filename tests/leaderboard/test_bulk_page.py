"""Flags on pages, and many numbers at once: by a page's forms and by the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from claims.models import Benchmark, ChangeSet, Claim, Flag
from claims.services import flagging, results, tokens
from claims.terms import ListingState, Scope
from tests import factories as make
from tests.pages import count_queries, post_form, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

NOTE = "0.76 stands among percentages of 71.2 to 80.9: it may be a fraction (76%)."
HTML = "<b>sure</b> <script>x</script>"


@pytest.fixture
def board() -> Benchmark:
    board = make.make_benchmark()
    for number, confidence in (("71.2%", 0.6), ("74.0%", 0.8), ("80.9%", 0.9)):
        make.make_claim(number, benchmark=board, task=board.task, model=f"Net {number}", confidence=confidence)
    make.make_claim("0.76", benchmark=board, task=board.task, model="Wrong", unit="", decimals=2, confidence=0.95)
    results.settle_papers_alone(Claim.objects.values_list("paper_text__paper", flat=True))
    flagging.flag_all()
    return board


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make.make_user("kim", "change_claim", "change_cost"))
    return client


def wrong() -> Claim:
    return Claim.objects.get(model_name="Wrong")


# ---- flags ----


def test_a_flag_stands_beside_its_number_with_what_can_be_done(curator: Client, board: Benchmark) -> None:
    claim = wrong()
    assert claim.paper_text is not None
    assert claim.result is not None
    pages = [
        "/review/?flag=scale",
        claim.paper_text.paper.get_absolute_url(),
        f"{board.get_absolute_url()}?open={claim.result.public_id}",
    ]
    for address in pages:
        page = curator.get(address)
        assert f"To look at: {NOTE}" in text_of(page), address
        assert f"/claims/{claim.public_id}/correct/?number=76%25" in page.content.decode(), address
    assert "percent or fraction (1)" in text_of(curator.get("/review/"))
    form = curator.get(f"/claims/{claim.public_id}/correct/?number=76%25").content.decode()
    assert re.search(r'name="number"[^>]*value="76%"|value="76%"[^>]*name="number"', form)
    assert 'class="error"' not in form


def test_the_form_that_a_flag_fills_in_corrects_the_number_alone(curator: Client, board: Benchmark) -> None:
    claim = wrong()
    address = f"/claims/{claim.public_id}/correct/"
    page = curator.get(f"{address}?number=76%25").content.decode()
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    fields |= {name: value for value, name in re.findall(r'<input[^>]*value="([^"]*)"[^>]*name="([^"]+)"', page)}
    chosen = re.findall(r'<select[^>]*name="([^"]+)".*?<option value="([^"]*)" selected', page, re.S)
    answer = post_form(curator, address, **{**dict(chosen), **fields})
    assert answer.status_code == 302, text_of(answer)
    claim.refresh_from_db()
    assert (claim.value, claim.unit, claim.model_name, sorted(claim.extracted)) == (
        76.0,
        "%",
        "Wrong",
        ["canonical_value", "decimals", "unit", "value"],
    )
    assert not Flag.objects.filter(settled_by=None).exists()


def test_readers_see_no_rule_s_flag(client: Client, board: Benchmark) -> None:
    claim = wrong()
    assert claim.paper_text is not None
    assert claim.result is not None
    assert "To look at" not in text_of(client.get(claim.paper_text.paper.get_absolute_url()))
    assert "To look at" not in text_of(client.get(f"{board.get_absolute_url()}?open={claim.result.public_id}"))


def test_a_flag_is_settled_once_with_an_undo_in_the_log(curator: Client, board: Benchmark) -> None:
    flag = Flag.objects.get()
    answer = post_form(curator, f"/flags/{flag.public_id}/settle/", next="/review/?flag=scale")
    assert answer.headers["Location"] == "/review/?flag=scale"
    page = curator.get("/review/?flag=scale")
    assert "Settled: the number is right as it is. Undo" in text_of(page)
    assert post_form(curator, f"/flags/{flag.public_id}/settle/").status_code == 409
    assert post_form(curator, "/flags/none/settle/").status_code == 404
    made = ChangeSet.objects.get()
    act = curator.get(made.get_absolute_url())
    assert "Looked at what was flagged" in text_of(act)
    assert NOTE in text_of(act)
    assert f"/changes/{made.public_id}/undo/" in act.content.decode()
    post_form(curator, f"/changes/{made.public_id}/undo/")
    assert Flag.objects.get().settled_by is None


# ---- many at once ----

ACCEPT = "/review/bulk/?min_confidence=0.7&act=accept"


def fields_of(page: Any) -> dict[str, str]:
    form = page.content.decode().split('class="bulk__confirm"')[1].split("</form>")[0]
    return dict(re.findall(r'name="(digest|last_claim|last_cost|total)" value="([^"]*)"', form))


def test_the_preview_is_confirmed_and_undone(curator: Client, board: Benchmark) -> None:
    page = curator.get(ACCEPT)
    said = text_of(page)
    assert "Accepts 2 numbers" in said
    assert "Left out: 1 flagged number; look at it in the queue" in said
    assert ChangeSet.objects.count() == 0
    answer = post_form(curator, f"{ACCEPT}&note={HTML}", **fields_of(page))
    made = ChangeSet.objects.get()
    assert answer.headers["Location"] == made.get_absolute_url()
    act = curator.get(made.get_absolute_url())
    assert "2 numbers accepted." in text_of(act)
    assert act.content.decode().count(f'action="/changes/{made.public_id}/undo/"') == 1, "one way back, and not two"
    assert "<script>x" not in act.content.decode()
    again = post_form(curator, f"{ACCEPT}&note={HTML}", **fields_of(page))
    assert again.headers["Location"] == made.get_absolute_url(), "pressed twice, done once"
    post_form(curator, f"/changes/{made.public_id}/undo/")
    assert set(Claim.objects.values_list("state", flat=True)) == {"unreviewed"}


def test_what_changed_meanwhile_is_shown_again(curator: Client, board: Benchmark) -> None:
    fields = fields_of(curator.get(ACCEPT))
    Claim.objects.filter(confidence=0.9).update(version=2)
    answer = post_form(curator, ACCEPT, **fields)
    assert answer.status_code == 409
    assert "Nothing was changed. The numbers are no longer those that the preview showed" in text_of(answer)
    assert post_form(curator, ACCEPT, **fields_of(answer)).status_code == 302


@pytest.mark.parametrize(
    ("query", "fields", "said"),
    [
        ("act=accept", {}, "Name a filter first"),
        ("min_confidence=0.7&act=burn", {}, "Choose what is done"),
        ("min_confidence=7&act=accept", {}, "The filter “min_confidence” can"),
        ("color=red&act=accept", {}, "no filter called “color”"),
        ("min_confidence=0.7&act=accept&note=" + "x" * 501, {}, "at most 500 characters"),
        ("min_confidence=0.7&act=accept", {"digest": HTML}, "doesn’t say which numbers"),
        ("min_confidence=0.7&act=accept", {"digest": "0" * 64, "last_claim": "9" * 40, "last_cost": 1, "total": 1}, "doesn’t say which"),
    ],
)
def test_what_cannot_be_asked_is_said(curator: Client, board: Benchmark, query: str, fields: dict[str, Any], said: str) -> None:
    address = f"/review/bulk/?{query}"
    answer = post_form(curator, address, **fields) if fields else curator.get(address)
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert "<script>x" not in answer.content.decode()
    assert ChangeSet.objects.count() == 0


def test_strange_filters_find_nothing(curator: Client, board: Benchmark) -> None:
    for query in ("paper=none", "metric=none", "benchmark=none", "listing=none", "version=none"):
        assert "No undecided number passes the filters." in text_of(curator.get(f"/review/bulk/?act=accept&{query}")), query


def test_the_pages_of_papers_and_listings_lead_to_it(curator: Client, board: Benchmark) -> None:
    paper = wrong().paper_text.paper  # type: ignore[union-attr]
    listing = make.make_listing("papers.txt", paper, state=ListingState.DONE)
    assert f'/review/bulk/?paper={paper.public_id}"' in curator.get(paper.get_absolute_url()).content.decode()
    assert f'/review/bulk/?listing={listing.public_id}"' in curator.get(listing.get_absolute_url()).content.decode()
    assert '/review/bulk/?flag=scale"' in curator.get("/review/?flag=scale").content.decode()
    assert "Rejects 1 number as wrongly read" in text_of(curator.get(f"/review/bulk/?act=wrongly_read&paper={paper.public_id}"))
    assert "Rejects 1 number as wrongly read" in text_of(curator.get(f"/review/bulk/?act=wrongly_read&listing={listing.public_id}"))


@pytest.mark.parametrize("more", [0, 20])
def test_query_count_is_constant(curator: Client, board: Benchmark, more: int) -> None:
    for number in range(more):
        make.make_claim(f"{60 + number / 10:.1f}%", benchmark=board, task=board.task, model=f"M{number}", settled=number == more - 1)
    assert count_queries(curator, ACCEPT) == 27


# ---- the API ----


def send(client: Client, body: dict[str, Any], *, query: str = "", scope: Scope = Scope.CURATE) -> Any:
    user = make.make_user(f"ada{ChangeSet.objects.count()}{len(query)}{len(str(body))}", "change_claim", "change_cost", "upload_listing")
    _, secret = tokens.create(user, name="x", scopes=[scope], days=1)
    headers = {"Authorization": f"Bearer {secret}"}
    return client.post(f"/api/v1/decisions/bulk/{query}", body, content_type="application/json", headers=headers)


def test_the_api_does_what_its_dry_run_says(client: Client, board: Benchmark) -> None:
    body: dict[str, Any] = {"state": "rejected", "reason": "not_a_result", "filters": {"min_confidence": "0.7"}}
    dry = send(client, body, query="?dry_run=1")
    assert dry.status_code == 200
    told = dry.json()
    assert {name: told[name] for name in ("claims", "costs", "papers", "boards", "leased", "flagged", "decided", "most")} == {
        "claims": 3,
        "costs": 0,
        "papers": 3,
        "boards": 1,
        "leased": 0,
        "flagged": 0,
        "decided": 0,
        "most": 20_000,
    }
    assert ChangeSet.objects.count() == 0
    made = send(client, body | {"seen": told["seen"]})
    assert made.status_code == 201
    assert (made.json()["action"], made.json()["object_count"]) == ("reject", 3)
    assert Claim.objects.filter(state="rejected").count() == 3


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [
        ({"state": "accepted", "filters": {"kind": "absolute"}}, "", 400),
        ({"state": "accepted", "filters": {}}, "?dry_run=1", 400),
        ({"state": "accepted", "filters": {"color": "red"}}, "?dry_run=1", 400),
        ({"state": "accepted", "filters": {"kind": "round"}}, "?dry_run=1", 400),
        ({"state": "unreviewed", "filters": {"kind": "absolute"}}, "?dry_run=1", 400),
        ({"state": "rejected", "filters": {"kind": "absolute"}}, "?dry_run=1", 409),
        ({"state": "accepted", "filters": {"kind": "absolute"}}, "?dry_run=2", 400),
        ({"state": "accepted", "filters": {"kind": "absolute"}, "seen": {"digest": "0" * 64, "last_claim": 1, "last_cost": 1}}, "", 409),
    ],
)
def test_the_api_refuses(client: Client, board: Benchmark, body: dict[str, Any], query: str, status: int) -> None:
    answer = send(client, body, query=query)
    assert answer.status_code == status, answer.content
    assert set(answer.json()["error"]) == {"code", "message", "field"}
    assert ChangeSet.objects.count() == 0


def test_the_api_needs_the_scope(client: Client, board: Benchmark) -> None:
    body = {"state": "accepted", "filters": {"kind": "absolute"}}
    assert send(client, body, query="?dry_run=1", scope=Scope.UPLOAD).status_code == 403
    assert client.post("/api/v1/decisions/bulk/?dry_run=1", body, content_type="application/json").status_code == 401
