"""Reporting a problem without an account, and what curators see of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from claims import dumps
from claims.models import Claim, Report
from claims.services import reporting
from claims.terms import ReportKind
from tests import factories as make
from tests.pages import count_queries, post_form, text_of

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("1")</script>'


def address_of(claim: Claim) -> str:
    return f"/report/claim/{claim.public_id}/"


def send(client: Client, claim: Claim, **fields: Any) -> Any:
    return post_form(client, address_of(claim), **{"problem": "wrong_number", "text": "It is 68.2.", "form": "one", **fields})


def test_reader_reports_a_number_twice_by_mistake(client: Client) -> None:
    claim = make.make_claim()
    page = client.get(address_of(claim))
    assert "private" in page["Cache-Control"] or "no-store" in page["Cache-Control"]
    assert "86.2 % Top-1 accuracy of SampleNet on ImageNet-1K" in text_of(page)
    assert 'value="takedown"' not in page.content.decode()
    form = re.search(r'name="form" value="([^"]+)"', page.content.decode())
    assert form is not None
    for _ in range(2):
        answer = send(client, claim, form=form[1], contact="ada@example.org", next="/sota/x/#row-1")
        assert (answer.status_code, "Thank you" in text_of(answer)) == (200, True)
        assert 'href="/sota/x/#row-1"' in answer.content.decode()
    assert Report.objects.count() == 1


@pytest.mark.once
def test_a_form_of_another_site_is_refused() -> None:
    claim = make.make_claim()
    assert send(Client(enforce_csrf_checks=True), claim).status_code == 403
    careful = Client(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', careful.get(address_of(claim)).content.decode())
    assert token is not None
    assert send(careful, claim, csrfmiddlewaretoken=token[1]).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"problem": ""}, "Choose what is wrong."),
        ({"problem": "takedown"}, "There is no such choice."),
        ({"problem": "other", "text": " "}, "Say in a few words what is wrong."),
        ({"text": "x" * 3000}, "at most 2,000 characters"),
    ],
)
def test_what_is_incomplete_comes_back_with_what_was_written(client: Client, fields: dict[str, str], told: str) -> None:
    answer = send(client, make.make_claim(), **{"contact": HOSTILE, **fields})
    assert (answer.status_code, told in text_of(answer)) == (400, True)
    assert HOSTILE not in answer.content.decode()
    assert not Report.objects.exists()


@pytest.mark.once
def test_a_program_that_fills_in_everything_is_thanked_and_not_heard(client: Client) -> None:
    answer = send(client, make.make_claim(), website="https://example.org")
    assert "Thank you" in text_of(answer)
    assert not Report.objects.exists()


def test_one_address_may_report_so_often_and_is_told_when_again(client: Client, settings: Settings) -> None:
    settings.REPORT_RATE = 2
    cache.clear()
    claim = make.make_claim()
    for number in range(2):
        assert send(client, claim, form=str(number), text=str(number)).status_code == 200
    answer = send(client, claim, form="more", text="what was written stays")
    assert (answer.status_code, int(answer["Retry-After"]) <= 3600) == (429, True)
    assert "too many reports came from your address" in text_of(answer)
    assert "what was written stays" in text_of(answer)
    assert Report.objects.count() == 2
    kind = "application/x-www-form-urlencoded"
    assert client.post(address_of(claim), "problem=x", content_type=kind, REMOTE_ADDR="10.0.0.9").status_code == 400, "another address may"
    cache.clear()


@pytest.mark.once
@pytest.mark.parametrize("address", ["/report/claim/none00000000/", "/report/paper/none00000000/", "/report/listing/x/", "/report/cost/x/"])
def test_nothing_else_can_be_reported(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404
    assert post_form(client, address, problem="other", text="x").status_code == 404
    assert not Report.objects.exists()


def test_what_is_hidden_from_readers_is_not_reported_by_them(client: Client, settings: Settings) -> None:
    claim = make.make_claim()
    settings.SHOW_UNREVIEWED = False
    assert client.get(address_of(claim)).status_code == 404


def test_curators_see_and_settle_reports_and_readers_see_nothing_of_them(
    client: Client, curator: Client, settings: Settings, tmp_path: Any
) -> None:
    settings.DATA_DIR = tmp_path
    claim = make.make_claim()
    assert claim.paper_text is not None
    report = reporting.report(claim, ReportKind.WRONG_NUMBER, text=HOSTILE, contact="ada@example.org")
    page = curator.get("/review/reports/")
    assert "ada@example.org" in text_of(page)
    assert HOSTILE not in page.content.decode()
    assert "Reports 1" in text_of(curator.get("/review/"))
    assert "A reader reports: The number is wrong." in text_of(curator.get(claim.paper_text.paper.get_absolute_url()))
    reader = Client()
    assert "reader reports" not in text_of(reader.get(claim.paper_text.paper.get_absolute_url()))
    folder = dumps.dump_site()
    assert not any(b"ada@example.org" in path.read_bytes() for path in folder.glob("*") if path.is_file())
    address = f"/review/reports/{report.public_id}/settle/"
    answer = post_form(curator, address, outcome="done", reason=" ")
    assert (answer.status_code, "Say what was done" in text_of(answer)) == (400, True)
    assert post_form(curator, address, outcome="perhaps", reason="x").status_code == 400
    answer = post_form(curator, address, outcome="no_problem", reason=f"It says so. {HOSTILE}")
    assert answer.status_code == 302
    assert "No report waits" in text_of(curator.get("/review/reports/"))
    settled = curator.get("/review/reports/?settled=1")
    assert "curator" in text_of(settled)
    assert "ada@example.org" not in text_of(settled)
    assert post_form(curator, address, outcome="done", reason="Once more.").status_code == 409
    log = curator.get("/log/?action=settle")
    assert "No problem. It says so." in text_of(log)
    assert HOSTILE not in log.content.decode()
    [act] = re.findall(r"/changes/([a-z0-9]{12})/undo/", settled.content.decode())
    assert post_form(curator, f"/changes/{act}/undo/", next="/review/reports/").status_code == 302
    assert "The number is wrong" in text_of(curator.get("/review/reports/"))


def test_pages_of_reports_ask_the_same_for_many(curator: Client) -> None:
    claims = [make.make_claim()]
    reporting.report(claims[0], ReportKind.WRONG_NUMBER)
    few = count_queries(curator, "/review/reports/")
    for number in range(1, 6):
        assert claims[0].result is not None
        claims.append(make.make_claim(f"7{number}.1%", benchmark=claims[0].result.benchmark))
        reporting.report(claims[-1], ReportKind.WRONG_NAMES)
        reporting.report(make.make_paper(), ReportKind.TAKEDOWN)
    assert count_queries(curator, "/review/reports/") <= few + 1


# ---- verified and disputed ----


def tier(client: Client, claim: Claim, **fields: Any) -> Any:
    body = {
        "tier": "verified",
        "reason": "Run again.",
        "link": "https://example.org/run",
        "version": claim.version,
        "next": "/sota/x/",
        **fields,
    }
    return post_form(client, f"/claims/{claim.public_id}/tier/", **body)


def test_curator_verifies_disputes_and_withdraws_on_one_page(curator: Client) -> None:
    claim = make.make_claim()
    assert claim.result is not None
    assert claim.paper_text is not None
    assert tier(curator, claim, reason=f"Run again {HOSTILE}").headers["Location"] == "/sota/x/"
    claim.refresh_from_db()
    paper, row = claim.paper_text.paper.get_absolute_url(), claim.result
    board = f"{row.benchmark.get_absolute_url()}?open={row.public_id}"
    for address in (paper, board, f"/claims/{claim.public_id}/tier/", f"/claims/{claim.public_id}/history/", "/log/"):
        page = curator.get(address)
        assert HOSTILE not in page.content.decode(), address
        assert "erified" in text_of(page), address
    assert "https://example.org/run" in text_of(curator.get(board))
    assert "curator verified 86.2 % Top-1 accuracy of SampleNet on ImageNet-1K" in text_of(curator.get("/log/"))
    assert tier(curator, claim, tier="none", reason="Its page is gone.").status_code == 302
    claim.refresh_from_db()
    assert (claim.tier, claim.state) == ("", "accepted")
    assert "took back that 86.2 %" in text_of(curator.get("/log/"))


def test_stale_form_of_a_tier_shows_what_somebody_else_said(curator: Client) -> None:
    claim = make.make_claim()
    assert tier(curator, claim, tier="disputed", reason="Another split.").status_code == 302
    answer = tier(curator, claim)
    assert answer.status_code == 409
    assert "disputed: Another split. (https://example.org/run)" in text_of(answer)
    assert "Run again." in text_of(answer)
    claim.refresh_from_db()
    assert claim.tier == "disputed"


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"reason": ""}, "Say why"),
        ({"link": "javascript:alert(1)"}, "That is no address of a page"),
        ({"tier": "perfect"}, "There is no such choice"),
        ({"version": "x"}, "doesn’t say which version"),
    ],
)
def test_tier_that_cannot_be_is_refused(curator: Client, fields: dict[str, str], told: str) -> None:
    claim = make.make_claim()
    answer = tier(curator, claim, **fields)
    assert (answer.status_code, told in text_of(answer)) == (400, True)
    claim.refresh_from_db()
    assert (claim.tier, claim.version) == ("", 1)


def test_tier_is_in_the_api_and_in_files(client: Client, curator: Client) -> None:
    claim = make.make_claim()
    assert claim.result is not None
    tier(curator, claim)
    claim.refresh_from_db()
    assert claim.result is not None
    slug = claim.result.benchmark.slug
    told = client.get(f"/api/v1/claims/{claim.public_id}/").json()
    assert (told["tier"], told["tier_reason"], told["tier_link"]) == ("verified", "Run again.", "https://example.org/run")
    assert [each["id"] for each in client.get("/api/v1/claims/?tier=verified").json()["results"]] == [claim.public_id]
    board = client.get(f"/api/v1/boards/{slug}/?tier=verified").json()
    assert [(row["tier"], [each["tier"] for each in row["scores"].values()]) for row in board["rows"]] == [("verified", ["verified"])]
    assert {facet["value"]: facet["count"] for facet in board["facets"]["tier"]} == {
        "extracted": 0,
        "accepted": 0,
        "verified": 1,
        "disputed": 0,
    }
    assert client.get(f"/api/v1/boards/{slug}/?tier=best").status_code == 400
    assert ",verified," in b"".join(client.get(f"/sota/{slug}/rows.csv").streaming_content).decode()  # type: ignore[attr-defined]
    page = client.get(f"/sota/{slug}/?tier=disputed")
    assert "No row passes these filters" in text_of(page)
