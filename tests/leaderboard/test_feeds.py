"""The feeds of new records: what is news and when, conditional requests, hostile text, what Atom and JSON Feed ask for."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any
from xml.etree import ElementTree

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from claims.boards import feeds
from claims.models import Benchmark, Claim, OldSlug, Paper, Record, Result, Task
from claims.services import curation, records
from claims.terms import CostMeasure, CurationState, Direction, RejectReason
from tests import factories as make
from tests.pages import count_queries, post_form

pytestmark = [pytest.mark.once, pytest.mark.django_db]

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = '<script>alert("1")</script> & ]]> {{ 7|add:7 }} \u202eevil\u202c \x0b\ufffe 🦢'


def add(benchmark: Benchmark, model: str, number: str, day: date | None, *, settled: bool = True, **fields: Any) -> Claim:
    paper = make.make_paper(f"{model} of {day}", abstract=f"Much is known. It reaches {number} there, no less.", day=day)
    claim = make.make_claim(number, benchmark=benchmark, paper=paper, model=model, task=benchmark.task, **fields)
    if settled:
        records.settle_records_alone([benchmark.pk])
    return claim


def read_json(client: Client, url: str = "/feed.json") -> list[dict[str, Any]]:
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def titles(client: Client, url: str = "/feed.json") -> list[str]:
    return [item["title"].replace("\u00a0", " ") for item in read_json(client, url)]


def make_history() -> Benchmark:
    """Return a board of which an old listing, and then news, was read."""
    board = make.make_benchmark()
    for model, number, day in (("Old", "70.1%", date(2017, 1, 1)), ("Older", "60.1%", date(2016, 1, 1))):
        add(board, model, number, day, settled=False)
    add(board, "First", "80.1%", date(2020, 1, 1))
    add(board, "Second", "84.4%", date(2022, 1, 1))
    return board


# ---- what is news ----


def test_news_is_what_became_the_record_of_its_board_here(client: Client) -> None:
    board = make_history()
    expected = [
        "84.4 % by Second on ImageNet-1K Image Classification, +4.3 over First",
        "80.1 % by First on ImageNet-1K Image Classification, +10.0 over Old",
    ]
    for url in ("/feed.json", f"/sota/{board.slug}/feed.json"):
        assert titles(client, url) == expected
    item = read_json(client)[0]
    row = Result.objects.get(model_name="Second")
    assert item["url"] == f"http://localhost:8000/sota/{board.slug}/?open={row.public_id}#row-{row.public_id}"
    assert "It reaches <mark>84.4%</mark> there, no less." in item["content_html"]
    assert "1 Jan 2022" in item["content_text"]
    assert "State: unreviewed" in item["content_text"]


def test_an_old_paper_that_is_no_record_is_no_news_and_leaves_the_others_as_they_were(client: Client) -> None:
    board = make_history()
    before = read_json(client)
    add(board, "Late", "75.0%", date(2018, 1, 1))
    assert Record.objects.filter(claim__model_name="Late").exists()
    after = read_json(client)
    assert [(item["id"], item["date_published"]) for item in after] == [(item["id"], item["date_published"]) for item in before]
    assert titles(client)[1].endswith("+5.1 over Late")


def test_news_is_ordered_by_when_it_became_known_whatever_the_papers_say(client: Client) -> None:
    old, new = make_history(), make.make_benchmark("Detection", "COCO")
    add(new, "A", "50.0%", date(2024, 1, 1), settled=False)
    add(new, "B", "51.0%", date(2024, 2, 1))
    Record.objects.filter(benchmark=new, known__isnull=False).update(known=timezone.now() - timedelta(days=3))
    assert [title.split(" by ")[1].split(" on ")[0] for title in titles(client)] == ["Second", "First", "B"]
    assert len(titles(client, f"/sota/{old.slug}/feed.json")) == 2


def test_a_record_stays_known_when_the_same_number_is_read_or_dated_anew() -> None:
    board = make.make_benchmark()
    claim = add(board, "A", "80.1%", date(2020, 1, 1))
    then = datetime(2024, 5, 1, tzinfo=UTC)
    Record.objects.update(known=then)
    Paper.objects.update(first_day=date(2021, 2, 2), last_day=date(2021, 2, 2))
    records.settle_records_alone([board.pk])
    assert Record.objects.values_list("known", "day").get() == (then, date(2021, 2, 2))
    again = Claim.objects.create(**{field.attname: getattr(claim, field.attname) for field in Claim._meta.fields if field.name not in ("id", "public_id", "start")}, start=claim.start + 1)  # fmt: skip
    claim.shown_in.update(claim=again)
    records.settle_records_alone([board.pk])
    assert Record.objects.values_list("known", "claim").get() == (then, again.pk)


def test_rejected_withdrawn_and_hidden_numbers_are_never_told(client: Client, settings: Settings) -> None:
    board = make_history()
    second, first = Claim.objects.get(model_name="Second"), Claim.objects.get(model_name="First")
    curation.decide(second, CurationState.REJECTED, actor="kim", version=second.version, reason=RejectReason.WRONGLY_READ)
    assert [title.split(" by ")[1].split(" on ")[0] for title in titles(client)] == ["First"]
    settings.SHOW_UNREVIEWED = False
    assert titles(client, f"/sota/{board.slug}/feed.json") == []
    first.refresh_from_db()
    curation.decide(first, CurationState.ACCEPTED, actor="kim", version=first.version)
    assert titles(client, f"/sota/{board.slug}/feed.json") == [
        "80.1 % by First on ImageNet-1K Image Classification, the first dated result"
    ]
    settings.SHOW_UNREVIEWED = True
    Paper.objects.filter(title__startswith="First").update(withdrawn=True)  # and its boards not settled yet
    assert titles(client) == []


def test_first_numbers_are_told_where_there_is_room(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_history()
    add(make.make_benchmark("Detection", "COCO"), "Alone", "50.0%", date(2024, 1, 1))
    assert titles(client)[0] == "50.0 % by Alone on COCO Detection, the first dated result"
    monkeypatch.setattr(feeds, "MOST_NEWS", 2)
    assert [title.split(" by ")[1].split(" on ")[0] for title in titles(client)] == ["Second", "First"]


def test_where_lower_is_better_the_step_says_so(client: Client) -> None:
    board = make.make_benchmark("Image Generation", "CIFAR-10", metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    add(board, "A", "4.50", date(2021, 3, 1))
    add(board, "B", "2.55", date(2022, 1, 1))
    assert titles(client)[0] == "2.55 by B on CIFAR-10 Image Generation, 1.95 better than A"


def test_costs_settings_paper_and_table_stand_in_the_content(client: Client) -> None:
    board = make.make_benchmark()
    paper = make.make_paper("A paper", abstract="It reaches 81.5% with 21M parameters.", arxiv_id="2201.00001")
    row = make.make_result(board, paper, "Net", variant="ViT-L", conditions=[("resolution", "384x384", "384 × 384")])
    make.make_claim("81.5%", result=row, paper=paper, model="Net", settled=False)
    make.make_cost("21M", paper=paper, result=row)
    records.settle_records_alone([board.pk])
    imported = make.make_imported_row(board, "Tabled", "90.5", {CostMeasure.PARAMETERS: 25e6})
    Result.objects.filter(pk=imported.pk).update(stated_day=date(2023, 5, 1))
    records.settle_records_alone([board.pk])
    tabled, item = read_json(client, f"/sota/{board.slug}/feed.json")
    assert item["external_url"] == "https://arxiv.org/abs/2201.00001"
    for words in ("Net ViT-L: 81.5", "384 × 384", "Parameters 21M", "A paper, 10 Mar 2022"):
        assert words in item["content_text"].replace("\u00a0", " ")
    assert "As results, record" in tabled["content_text"]
    assert "Parameters 25M" in tabled["content_text"]
    assert "external_url" not in tabled


# ---- the documents ----


def test_atom_has_all_that_its_standard_asks_for(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"
    board = make_history()
    for url in ("/feed.atom", f"/sota/{board.slug}/feed.atom"):
        response = client.get(url)
        assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = ElementTree.fromstring(response.content)  # noqa: S314
        assert feed.tag == f"{ATOM}feed"
        for of in (feed, *feed.findall(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert len(of.findall(f"{ATOM}{name}")) == 1
            assert (of.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
            stamp = datetime.fromisoformat(of.findtext(f"{ATOM}updated") or "")
            assert stamp.tzinfo is not None
        assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Claimboard"
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links == {
            "self": f"https://boards.example.org{url}",
            "alternate": f"https://boards.example.org{url.removesuffix('feed.atom')}",
        }
        entries = feed.findall(f"{ATOM}entry")
        assert len(entries) == 2
        for entry in entries:
            assert [content.get("type") for content in entry.findall(f"{ATOM}content")] == ["html"]
            assert entry.findtext(f"{ATOM}published") == entry.findtext(f"{ATOM}updated")
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert ids == [item["id"] for item in read_json(client, url.replace("atom", "json"))]
        assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")


def test_ids_stay_when_the_site_moves(client: Client, settings: Settings) -> None:
    make_history()
    before = [item["id"] for item in read_json(client)]
    settings.SITE_URL = "https://elsewhere.example.org"
    Benchmark.objects.update(slug="renamed")
    after = read_json(client)
    assert [item["id"] for item in after] == before
    assert after[0]["url"].startswith("https://elsewhere.example.org/sota/renamed/?open=")


def test_hostile_text_stays_text(client: Client) -> None:
    board = make.make_benchmark(HOSTILE, f"Set {HOSTILE}", slug="hostile")
    Task.objects.update(slug="task")
    paper = make.make_paper(HOSTILE, abstract=f"{HOSTILE} It reaches 81.5% there {HOSTILE}", url="javascript:alert(1)")
    row = make.make_result(board, paper, HOSTILE, variant=HOSTILE, conditions=[("other", "x", HOSTILE)])
    make.make_claim("81.5%", result=row, paper=paper, model=HOSTILE, settled=False)
    records.settle_records_alone([board.pk])
    feed = ElementTree.fromstring(client.get("/sota/hostile/feed.atom").content)  # noqa: S314 - it is well-formed, or this fails
    content = feed.findtext(f"{ATOM}entry/{ATOM}content") or ""
    item = read_json(client, "/sota/hostile/feed.json")[0]
    for markup in (content, item["content_html"]):
        assert "<script" not in markup
        assert "&lt;script&gt;" in markup
        assert "javascript:" not in markup
        assert "{{ 7|add:7 }}" in markup
    assert "external_url" not in item or item["external_url"].startswith("http://localhost")
    title = feed.findtext(f"{ATOM}entry/{ATOM}title") or ""
    assert '<script>alert("1")</script>' in title, "a title is text, and its reader escapes it"
    assert "\u202e" not in title
    json.dumps(item)


def test_empty_feeds_are_whole(client: Client) -> None:
    board = make.make_benchmark()
    for url in ("/feed", f"/sota/{board.slug}/feed"):
        feed = ElementTree.fromstring(client.get(f"{url}.atom").content)  # noqa: S314
        assert feed.findtext(f"{ATOM}updated")
        assert feed.findall(f"{ATOM}entry") == []
        assert read_json(client, f"{url}.json") == []
        assert client.get(f"{url}.atom").content == client.get(f"{url}.atom").content


def test_there_are_no_more_entries_than_a_feed_holds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_history()
    monkeypatch.setattr(feeds, "MOST_NEWS", 1)
    assert len(read_json(client)) == 1
    assert len(read_json(client, f"/sota/{board.slug}/feed.json")) == 1


# ---- requests ----


@pytest.mark.parametrize("form", ["atom", "json"])
def test_unchanged_feeds_are_not_sent_again(client: Client, form: str) -> None:
    board = make_history()
    for url in (f"/feed.{form}", f"/sota/{board.slug}/feed.{form}"):
        response = client.get(url)
        assert response["Cache-Control"] == "public, max-age=300"
        assert "Cookie" not in response.get("Vary", "")
        assert not response.cookies
        again = client.get(url, headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (again["ETag"], again["Cache-Control"]) == (response["ETag"], response["Cache-Control"])
        assert client.head(url).status_code == 200
        assert post_form(client, url).status_code == 405
        Benchmark.objects.update(version=9 + Benchmark.objects.get().version)
        assert client.get(url, headers={"If-None-Match": response["ETag"]}).status_code == 200


def test_feed_whose_task_was_renamed_is_sent_again(client: Client) -> None:
    """A new name changes no board: no date of a board could tell of it."""
    board = make_history()
    url = f"/sota/{board.slug}/feed.json"
    first = client.get(url)
    Task.objects.filter(pk=board.task_id).update(name="Renamed", version=board.task.version + 1)
    for stamp in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        again = client.get(url, headers=stamp)
        assert again.status_code == 200
        assert "Renamed" in again.json()["title"]


def test_feeds_of_the_site_and_of_who_hides_the_unreviewed_differ(client: Client, settings: Settings) -> None:
    make_history()
    stamp = client.get("/feed.json")["ETag"]
    settings.SHOW_UNREVIEWED = False
    assert client.get("/feed.json", headers={"If-None-Match": stamp}).status_code == 200


def test_pages_of_other_sites_may_read_feeds_and_nothing_around_them(client: Client) -> None:
    board = make_history()
    for url in ("/feed.json", f"/sota/{board.slug}/feed.atom"):
        assert client.get(url, headers={"Origin": "https://example.org"})["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get(board.get_absolute_url(), headers={"Origin": "https://example.org"})


@pytest.mark.parametrize("url", ["/feed", "/sota/{}/feed"])
def test_unknown_parameters_are_refused(client: Client, url: str) -> None:
    url = url.format(make_history().slug)
    refused = client.get(f"{url}.json?colour=red")
    assert refused.status_code == 400
    assert refused.json()["error"]["field"] == "colour"
    refused = client.get(f"{url}.atom?<script>=red")
    assert refused.status_code == 400
    assert refused["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get(f"{url}.rss").status_code == 404


def test_a_board_that_is_not_there_or_moved(client: Client) -> None:
    board = make_history()
    assert client.get("/sota/none/feed.atom").status_code == 404
    OldSlug.objects.create(kind="benchmark", slug="before", public_id=board.public_id)
    moved = client.get("/sota/before/feed.json")
    assert (moved.status_code, moved["Location"]) == (301, f"/sota/{board.slug}/feed.json")


def test_queries_do_not_grow_with_entries(client: Client) -> None:
    board = make_history()
    urls = ["/feed.atom", "/feed.json", f"/sota/{board.slug}/feed.atom", f"/sota/{board.slug}/feed.json"]
    few = [count_queries(client, url) for url in urls]
    for number in range(5):
        add(board, f"More {number}", f"{85 + number}.1%", date(2023, 1, 1 + number))
        add(make.make_benchmark("Detection", f"Set {number}"), f"Other {number}", "50.1%", date(2023, 1, 1))
    assert [count_queries(client, url) for url in urls] == few
    assert few == [6, 6, 5, 5]
    stamp = client.get("/feed.atom")["ETag"]
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/feed.atom", headers={"If-None-Match": stamp}).status_code == 304
    assert len(queries) <= 3


def test_pages_name_their_feeds(client: Client) -> None:
    board = make_history()
    for page, feed in (("/", "/feed"), (board.get_absolute_url(), f"/sota/{board.slug}/feed")):
        text = client.get(page).content.decode()
        for form, kind in (("atom", "atom+xml"), ("json", "feed+json")):
            assert f'<link rel="alternate" type="application/{kind}" title="New records o' in text
            assert text.count(f'href="{feed}.{form}"') == 2, "one for programs, one to click"


def test_earlier_records_are_known_since_their_papers_came() -> None:
    board = make_history()
    Record.objects.update(known=None)
    import_module("claims.migrations.0019_since_when_records_are_known").note(apps, None)
    (known,) = Record.objects.filter(known__isnull=False)
    assert known.benchmark == board
    assert known.known == Paper.objects.get(title__startswith="Second").created
