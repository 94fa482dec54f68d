"""Boards on other sites' pages: what a frame shows, who may frame what, what caches are told, and how programs find it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from pytest_django import Settings

from claims.models import Benchmark, Claim, OldSlug, Result
from claims.services import curation
from claims.terms import CurationState, DecidedBy
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

HOSTILE = '"><script>alert(1)</script> {{ 7|add:7 }} \u202e]](x) `'


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"


@pytest.fixture
def board() -> Benchmark:
    return make.make_board(12)


def embed_of(board: Benchmark, query: str = "") -> str:
    return f"/embed/sota/{board.slug}/{f'?{query}' if query else ''}"


# ---- what a frame shows ----


def test_embed_shows_rows_that_open_their_evidence_on_the_site(client: Client, board: Benchmark) -> None:
    page = client.get(embed_of(board))
    html, words = page.content.decode(), text_of(page)
    assert html.count("<tr ") == 11
    assert "10 of 12 results" in words.replace("\u00a0", " ")
    assert f"Version {board.version}, changed" in words
    assert "Whole board on boards.example.org" in words
    best = Result.objects.get(model_name="SampleNet-11")
    whole = f"https://boards.example.org{board.get_absolute_url()}"
    assert f'<a class="says" href="{whole}?open={best.public_id}#row-{best.public_id}" target="_blank" rel="noopener">65.5</a>' in html
    assert f'<a class="frame__site" href="{whole}" target="_blank" rel="noopener">' in html
    assert best.paper is not None
    assert f'href="https://boards.example.org{best.paper.get_absolute_url()}" target="_blank"' in html
    assert "unreviewed" in words.lower()
    for of_the_site in ('class="top"', 'class="foot"', "Sign in", "chart.js", "csrf"):
        assert of_the_site not in html


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("show=chart", ("chart__stage", "chart__table"), ("frame__table",)),
        ("show=both", ("chart__stage", "frame__table"), ()),
        ("theme=dark", ('data-theme="dark"', 'content="dark"'), ()),
        ("theme=auto", ('content="light dark"',), ("data-theme",)),
        ("rows=2", ("SampleNet-10",), ("SampleNet-9",)),
        ("year=2019", ("No row passes these filters",), ("<table",)),
        ("model=net-3&rows=50", ("model: net-3", "SampleNet-3"), ("SampleNet-4",)),
    ],
)
def test_embed_is_what_its_address_asks(
    client: Client, board: Benchmark, query: str, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    html = client.get(embed_of(board, query)).content.decode()
    assert all(word in html for word in there)
    assert not any(word in html for word in missing)


def test_columns_are_listed_or_named_one_by_one(client: Client, board: Benchmark) -> None:
    make.add_metric(board, make.make_metric("Top-5 accuracy"))
    result = Result.objects.get(model_name="SampleNet-11")
    assert result.paper is not None
    make.make_claim("65.5%", result=result, paper=result.paper, metric=make.make_metric("Top-5 accuracy"), ordinal=1)
    heads = {
        query: re.findall(
            r'<th role="columnheader" scope="col" class="n"[^>]*>([^<&]+)', client.get(embed_of(board, query)).content.decode()
        )
        for query in ("", "columns=parameters", "columns=top-5-accuracy,parameters", "column=top-5-accuracy&column=parameters")
    }
    assert heads[""] == heads["columns=top-5-accuracy,parameters"] == heads["column=top-5-accuracy&column=parameters"]
    assert heads["columns=parameters"] == ["Top-1 accuracy", "Parameters"]


def test_filters_go_along_to_the_board(client: Client, board: Benchmark) -> None:
    html = client.get(embed_of(board, "model=net-3&rows=5&show=both&theme=dark")).content.decode()
    assert f'href="https://boards.example.org{board.get_absolute_url()}?model=net-3"' in html
    assert f'data-chart="{board.get_absolute_url()}chart.json?model=net-3&amp;cost=parameters"' in html


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("rows=0", "rows"),
        ("rows=51", "rows"),
        ("rows=²", "rows"),
        ("show=nothing", "show"),
        ("theme=red", "theme"),
        ("page=2", "page"),
        ("open=x", "open"),
        ("density=dense", "density"),
        ("row=x", "row"),
        ("columns=zing", "zing"),
        ("zing=1", "zing"),
        ("sort=zing", "zing"),
        ("as_of=never", "as_of"),
        (f"zing={'x' * 3000}", "zing"),
    ],
)
def test_what_an_embed_does_not_know_is_refused_by_name(client: Client, board: Benchmark, query: str, named: str) -> None:
    answer = client.get(embed_of(board, query))
    assert answer.status_code == 400
    assert named in text_of(answer)
    assert "ETag" not in answer


def test_embed_of_no_board_says_so_and_of_a_moved_one_leads_on(client: Client, board: Benchmark) -> None:
    missing = client.get("/embed/sota/none/")
    assert missing.status_code == 404
    assert "There is no board at “none”" in text_of(missing)
    OldSlug.objects.create(kind="benchmark", slug="old", public_id=board.public_id)
    for path in ("/embed/sota/old/?rows=3", "/sota/old/badge.svg?theme=dark", "/sota/old/sparkline.svg?theme=dark"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (301, path.replace("/old/", f"/{board.slug}/"))


def test_names_of_others_stay_words(client: Client) -> None:
    board = make.make_benchmark(dataset=HOSTILE, slug="odd")
    paper = make.make_paper(f"On {HOSTILE}", abstract="It reaches 81.5% there.")
    make.make_claim("81.5%", benchmark=board, paper=paper, model=HOSTILE)
    make.settle(board)
    for path in ("/embed/sota/odd/?show=both", "/embed/?board=odd", paper.get_absolute_url(), board.get_absolute_url()):
        html = client.get(path).content.decode()
        assert "<script>alert" not in html, path
        assert "{{ 7|add:7 }}" in html or "add:7" in html, path
    (link,) = re.findall(
        r'type="application/json\+oembed" href="([^"]*)" title="([^"]*)"', client.get(board.get_absolute_url()).content.decode()
    )
    assert "\u202e" not in link[1]


def test_embed_asks_the_same_queries_for_any_number_of_rows(client: Client) -> None:
    board = make.make_board(3)
    few = count_queries(client, embed_of(board, "rows=50&show=both"))
    make.make_board(20, benchmark=board)
    assert count_queries(client, embed_of(board, "rows=50&show=both")) == few


# ---- who may frame what ----


def every_address(resolver: URLResolver, values: dict[str, str], before: str = "/") -> Iterator[tuple[str, str]]:
    """Return the name and an address of each route; what `values` doesn't name is the first word that the route takes."""
    for name in [name for name in resolver.reverse_dict if isinstance(name, str)]:
        for possibilities, pattern, *_ in resolver.reverse_dict.getlist(name):
            for address, keys in possibilities:
                words = {key: match[1] for key in keys if (match := re.search(rf"\(\?P<{key}>(\w+)[|)]", pattern))}
                yield name, before + address % (dict.fromkeys(keys, "1") | values | words)
    for prefix, below in resolver.namespace_dict.values():
        yield from every_address(below, values, before + prefix)


def test_only_embeds_may_be_framed(client: Client, board: Benchmark) -> None:
    """Over all routes of the site, whatever they answer."""
    paper = Claim.objects.filter(result__benchmark=board)[0].paper_text.paper  # type: ignore[union-attr]  # of a text
    values = {"slug": board.slug, "public_id": paper.public_id}
    framed, seen = set(), 0
    for name, address in every_address(get_resolver(), values):
        answer = client.get(address)
        assert answer.status_code < 500, address
        seen += 1
        policy = dict(part.strip().partition(" ")[::2] for part in answer.get("Content-Security-Policy", "").split(";"))
        if policy.get("frame-ancestors") == "*" and "X-Frame-Options" not in answer:
            framed.add(name)
        else:
            assert policy["frame-ancestors"] == "'none'", address
            assert answer["X-Frame-Options"] == "DENY", address
    assert framed == {"embed-board"}
    assert seen > 60


def test_policy_of_an_embed_is_else_that_of_every_page(client: Client, board: Benchmark) -> None:
    def directives(path: str) -> dict[str, str]:
        return dict(part.strip().partition(" ")[::2] for part in client.get(path)["Content-Security-Policy"].split(";"))

    page = directives("/")
    assert directives(embed_of(board)) == directives(embed_of(board, "zing=1")) == page | {"frame-ancestors": "*"}
    assert directives(f"/embed/?board={board.slug}") == page | {"frame-src": "'self'"}
    assert "unsafe" not in " ".join(page.values())


# ---- caches ----


@pytest.mark.parametrize(
    "path",
    [
        "/embed/sota/{board}/?show=both",
        "/sota/{board}/badge.svg",
        "/sota/{board}/sparkline.svg?theme=dark",
        "/papers/{paper}/badge.svg",
        "/oembed?url=https://boards.example.org/sota/{board}/",
    ],
)
def test_what_a_cache_has_is_not_sent_again_until_the_board_changes(client: Client, board: Benchmark, path: str) -> None:
    claim = Claim.objects.filter(result__benchmark=board).latest("value")
    assert claim.paper_text is not None
    address = path.format(board=board.slug, paper=claim.paper_text.paper.public_id)
    first = client.get(address, headers={"Origin": "https://lab.example.org"})
    assert first.status_code == 200
    assert first["Cache-Control"].startswith("public, max-age=")
    assert first["Access-Control-Allow-Origin"] == "*"
    assert "Cookie" not in first.get("Vary", "")
    assert not first.cookies
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", first["Cache-Control"])
    curation.decide(claim, CurationState.REJECTED, actor="Ada", version=claim.version, reason="not_a_result")
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_signed_in_readers_get_what_everybody_gets(client: Client, curator: Client, board: Benchmark) -> None:
    anybody = Client().get(embed_of(board, "show=both"))
    assert curator.get(embed_of(board, "show=both"))["ETag"] == anybody["ETag"]
    assert curator.get(embed_of(board, "show=both")).content == anybody.content


def test_sizing_script_stays_at_its_address(client: Client) -> None:
    first = client.get("/embed.js", headers={"Origin": "https://lab.example.org"})
    assert first["Content-Type"] == "text/javascript; charset=utf-8"
    assert first["Access-Control-Allow-Origin"] == "*"
    assert first["Cache-Control"] == "public, max-age=3600"
    assert client.get("/embed.js", headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/", "/sota/{board}/", "/embedded", "/papers/x/", "/listings/", "/sota/{board}/card.png", "/oembed/x"])
def test_other_pages_are_read_by_no_other_site(client: Client, board: Benchmark, path: str) -> None:
    answer = client.get(path.format(board=board.slug), headers={"Origin": "https://lab.example.org"})
    assert "Access-Control-Allow-Origin" not in answer


def test_hidden_numbers_are_counted_and_not_told(client: Client, settings: Settings, board: Benchmark) -> None:
    settings.SHOW_UNREVIEWED = False
    page = text_of(client.get(embed_of(board))).replace("\u00a0", " ")
    assert "12 unreviewed numbers are hidden" in page
    assert "65.5" not in page
    Claim.objects.filter(result__model_name="SampleNet-11").update(state=CurationState.ACCEPTED, decided_by=DecidedBy.PERSON)
    page = text_of(client.get(embed_of(board))).replace("\u00a0", " ")
    assert "65.5" in page
    assert "11 unreviewed numbers are hidden" in page


# ---- oEmbed ----


def ask_oembed(client: Client, **query: Any) -> Any:
    return client.get(f"/oembed?{urlencode(query)}")


def test_board_page_leads_to_its_embed(client: Client, board: Benchmark) -> None:
    page = client.get(f"{board.get_absolute_url()}?year=2020&page=1&density=dense").content.decode()
    (link,) = re.findall(r'<link rel="alternate" type="application/json\+oembed" href="([^"]*)"', page)
    parts = urlsplit(link.replace("&amp;", "&"))
    assert (parts.netloc, parts.path) == ("boards.example.org", "/oembed")
    assert parse_qs(parts.query) == {"url": [f"https://boards.example.org{board.get_absolute_url()}?year=2020"], "format": ["json"]}
    told = client.get(f"{parts.path}?{parts.query}").json()
    assert told["version"] == "1.0"
    assert (told["type"], told["provider_name"], told["provider_url"]) == ("rich", "Claimboard", "https://boards.example.org/")
    assert told["title"] == "Image Classification on ImageNet-1K"
    assert (told["thumbnail_width"], told["thumbnail_height"]) == (1200, 630)
    assert told["thumbnail_url"].startswith(f"https://boards.example.org{board.get_absolute_url()}card.png?v=")
    (source,) = re.findall(r'<iframe src="([^"]*)" title="Image Classification on ImageNet-1K" width="800"', told["html"])
    assert source == f"https://boards.example.org{embed_of(board, 'year=2020')}"
    assert client.get(source.removeprefix("https://boards.example.org")).status_code == 200


def test_frame_is_no_larger_than_asked_for(client: Client, board: Benchmark) -> None:
    address = f"https://boards.example.org{embed_of(board, 'show=both&rows=20')}"
    told = ask_oembed(client, url=address, maxwidth=500, maxheight=300, dnt=1).json()
    assert (told["width"], told["height"]) == (500, 300)
    assert 'width="500" height="300"' in told["html"]
    assert "rows=20&amp;show=both" in told["html"]
    assert "thumbnail_url" not in told
    assert ask_oembed(client, url=address, maxwidth=5000).json()["width"] == 800


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": "https://elsewhere.example.org/sota/{board}/"}, 404),
        ({"url": "https://boards.example.org.evil.example/sota/{board}/"}, 404),
        ({"url": "https://boards.example.org@evil.example/sota/{board}/"}, 404),
        ({"url": "ftp://boards.example.org/sota/{board}/"}, 404),
        ({"url": "javascript:alert(1)"}, 404),
        ({"url": "https://["}, 404),
        ({"url": "https://boards.example.org/sota/none/"}, 404),
        ({"url": "https://boards.example.org/listings/"}, 404),
        ({"url": "https://boards.example.org/%ff%00"}, 404),
        ({"url": "https://boards.example.org/embed/sota/{board}/?rows=99"}, 400),
        ({"url": "https://boards.example.org/sota/{board}/", "format": "xml"}, 501),
        ({"url": "https://boards.example.org/sota/{board}/", "format": "x"}, 501),
        ({"url": "https://boards.example.org/sota/{board}/", "maxwidth": "-1"}, 400),
        ({"url": "https://boards.example.org/sota/{board}/", "maxheight": "٣"}, 400),
        ({}, 400),
    ],
)
def test_oembed_says_what_it_can_not(client: Client, board: Benchmark, query: dict[str, str], status: int) -> None:
    answer = ask_oembed(client, **{name: value.format(board=board.slug) for name, value in query.items()})
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "field"}


# ---- the page that builds the snippet ----


def test_builder_writes_what_is_to_be_copied(client: Client, board: Benchmark) -> None:
    query = f"board={board.slug}&of={board.slug}&show=both&theme=dark&rows=5&column=parameters&cost=parameters&chart=&year=2020"
    page = client.get(f"/embed/?{query}").content.decode()
    source = f"https://boards.example.org{embed_of(board)}?column=parameters&amp;amp;cost=parameters&amp;amp;year=2020&amp;amp;rows=5&amp;amp;show=both&amp;amp;theme=dark"
    assert f"&lt;iframe src=&quot;{source}&quot;" in page
    assert "&lt;script src=&quot;https://boards.example.org/embed.js&quot; async&gt;&lt;/script&gt;" in page
    assert f"(https://boards.example.org/sota/{board.slug}/badge.svg)](https://boards.example.org{board.get_absolute_url()})" in page
    assert '<input type="hidden" name="year" value="2020">' in page
    (path,) = re.findall(r'<iframe class="embedder__frame" src="([^"]*)"', page)
    assert client.get(path.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("wanted", ["{board}", "https://boards.example.org/sota/{board}/?year=2020", "/embed/sota/{board}/"])
def test_builder_finds_a_board_by_its_address(client: Client, board: Benchmark, wanted: str) -> None:
    page = client.get("/embed/", {"board": wanted.format(board=board.slug)})
    assert f'value="{board.slug}"' in page.content.decode()
    assert "Preview" in text_of(page)


def test_builder_offers_what_words_find_and_says_when_they_find_nothing(client: Client, board: Benchmark) -> None:
    from claims.services import search_names

    search_names.rebuild()
    found = client.get("/embed/", {"board": "imagenet"}).content.decode()
    assert f'<a href="/embed/?board={board.slug}">' in found
    assert "No board is found by" in text_of(client.get("/embed/", {"board": "zzzz/zz?z"}))
    assert board.slug in client.get("/embed/").content.decode()


def test_builder_forgets_another_boards_columns_and_refuses_unknown_ones(client: Client, board: Benchmark) -> None:
    other = make.make_benchmark("Object Detection", "COCO", metric=make.make_metric("AP"))
    paper = make.make_paper(abstract="It reaches 51.5% there.", day=date(2021, 1, 1))
    make.make_claim("51.5%", benchmark=other, paper=paper, metric=make.make_metric("AP"))
    query = f"of={board.slug}&column=parameters&cost=parameters&year=2020&rows=7"
    page = client.get(f"/embed/?board={other.slug}&{query}").content.decode()
    assert f"/embed/sota/{other.slug}/?rows=7" in page
    refused = client.get(f"/embed/?board={other.slug}&column=top-1-accuracy")
    assert refused.status_code == 400
    assert "no column" in text_of(refused)


def test_pages_lead_to_the_builder(client: Client, board: Benchmark) -> None:
    page = client.get(f"{board.get_absolute_url()}?year=2020&density=dense").content.decode()
    assert f'<a class="btn" href="/embed/?year=2020&amp;board={board.slug}">Embed</a>' in page
    assert '<a href="/embed/">Embed a board</a>' in page
