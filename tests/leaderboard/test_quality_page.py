"""The page on what curators made of the readings, and its chart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from claims.models import Claim, Dataset, Metric, Run
from claims.services import correction, curation
from claims.terms import CurationState
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PAGE, CHART = "/about/quality/", "/about/quality/chart.json"
HOSTILE = "<script>alert(1)</script> & {{ 7|add:7 }} \u202eevil"


@pytest.fixture(autouse=True)
def _no_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def make_decided(count: int = 3, *, rejected: int = 0, corrected: int = 0, **fields: Any) -> list[Claim]:
    board = make.make_benchmark()
    run, _ = Run.objects.get_or_create(extractor_version="1.4", vocabulary_hash="v")
    claims = [make.make_claim(benchmark=board, model=f"Net{number}", run=run, on_board=False, **fields) for number in range(count)]
    for number, claim in enumerate(claims):
        if number < rejected:
            curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="wrongly_read")
        elif number < rejected + corrected:
            correction.correct(claim, {"number": "81.5%"}, actor="kim", version=1)
        else:
            curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=1)
    return claims


def test_empty_site_says_that_nobody_has_decided(client: Client) -> None:
    page = client.get(PAGE)
    assert "Nobody has decided yet" in text_of(page)
    assert "%" not in text_of(page).split("Nobody has decided yet")[1].split("Where the numbers")[0]
    assert "<table" not in page.content.decode()
    assert "quality.js" not in page.content.decode()
    assert client.get(CHART).json()["figure"]["data"] == []


def test_shares_stand_with_their_counts_and_intervals(client: Client) -> None:
    make_decided(10, rejected=2, corrected=1)
    page = text_of(client.get(PAGE)).replace("\u00a0", " ")
    assert "Accepted as read 70.0 % 39.7–89.2 7" in page
    assert "Corrected 10.0 % 1.8–40.4 1" in page
    assert "Rejected: not a result 0 % 0.0–27.8 0" in page
    assert "Rejected: wrongly read 20.0 % 5.7–51.0 2" in page
    for part in ("Over time", "By extractor version", "By confidence", "By field", "By metric", "By dataset"):
        assert part in page
    assert "1.4 10 70.0 %" in page


def test_chart_has_the_numbers_of_the_table(client: Client) -> None:
    make_decided(10, rejected=2, corrected=1)
    drawn = client.get(CHART).json()
    names = [(trace["name"], trace["y"]) for trace in drawn["figure"]["data"]]
    assert names == [("Accepted as read", [70.0]), ("Corrected", [10.0]), ("Rejected", [20.0])]
    first = drawn["figure"]["data"][0]["error_y"]
    assert (round(70 - first["arrayminus"][0], 1), round(70 + first["array"][0], 1)) == (39.7, 89.2)
    assert set(drawn["templates"]) == {"light", "dark"}
    assert len(drawn["months"]) == 1
    assert "<b>" in drawn["figure"]["data"][0]["text"][0]
    assert drawn["figure"]["layout"]["xaxis"]["tickvals"] == [f"{drawn['months'][0]}-15"]


@pytest.mark.parametrize("path", [PAGE, CHART, f"{PAGE}?all=metric"])
def test_unchanged_page_is_not_sent_again_and_a_decision_makes_another(client: Client, path: str) -> None:
    (claim,) = make_decided(1)
    client.get(path)
    first = client.get(path)
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    claim.refresh_from_db()
    curation.decide(claim, CurationState.UNREVIEWED, actor="kim", version=claim.version)
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    if path == PAGE:
        assert "Nobody has decided yet" in text_of(again)


def test_page_of_one_reader_is_not_that_of_another(client: Client) -> None:
    make_decided(1)
    anonymous = client.get(PAGE)["ETag"]
    client.force_login(make.make_user("kim"))
    answer = client.get(PAGE, headers={"If-None-Match": anonymous})
    assert answer.status_code == 200
    assert "private" in answer["Cache-Control"]


def test_names_are_shown_as_they_are(client: Client) -> None:
    make_decided(1)
    Metric.objects.update(name=HOSTILE)
    Dataset.objects.update(name="x" * 300)
    page = client.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7|add:7 }}" in page


def test_all_lines_of_a_part_are_a_link_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.boards.quality.MOST_LINES", 1)
    make_decided(2)
    for claim, metric in zip(Claim.objects.order_by("pk"), ("One", "Two"), strict=True):
        Claim.objects.filter(pk=claim.pk).update(metric=make.make_metric(metric), result=None)
    page = client.get(PAGE)
    assert "Show all: 1 more" in text_of(page)
    link = re.search(r'href="(\?all=metric)#by-metric"', page.content.decode())
    assert link is not None
    everything = text_of(client.get(PAGE + link[1]))
    assert "One" in everything
    assert "Two" in everything
    assert "Show the largest only" in everything


@pytest.mark.parametrize("stated", ["x", "x" * 5000, "METRIC", "<b>"])
def test_unknown_part_is_none(client: Client, stated: str) -> None:
    answer = client.get(PAGE, {"all": stated})
    assert answer.status_code == 404
    assert "<b>" not in answer.content.decode().split("</head>")[1].split("<main")[1].split("</h1>")[0]


def test_page_asks_a_few_queries_and_one_where_it_has_counted(client: Client) -> None:
    make_decided(4)
    assert count_queries(client, PAGE) <= 3


def test_page_leads_from_the_foot_and_from_the_method(client: Client) -> None:
    for path in ("/", "/about/method/"):
        assert f'href="{PAGE}"' in client.get(path).content.decode()
