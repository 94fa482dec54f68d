"""What the site says of itself: method, robots, sitemap, canonical addresses, data for machines, citations."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from pytest_django import Settings

from claims import keys
from claims.models import Benchmark, Dataset, MLModel, OldSlug, Paper
from claims.terms import DateSource
from leaderboard import sitemaps
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

HOSTILE = '</script><script>alert("1")</script> & {{ 7|add:7 }} \u202eevil\u202c 🦢 \u2028'


def read_data(client: Client, url: str) -> dict[str, Any]:
    """Return the one block of JSON-LD of a page."""
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', client.get(url).content.decode(), re.DOTALL)
    assert len(blocks) == 1
    read: dict[str, Any] = json.loads(blocks[0])
    return read


def read_locations(client: Client, url: str) -> list[str]:
    response = client.get(url)
    assert response["Content-Type"] == "application/xml"
    return [element.text or "" for element in ElementTree.fromstring(response.content).iter() if element.tag.endswith("}loc")]  # noqa: S314


# ---- addresses ----


@pytest.mark.parametrize(
    "address",
    [
        "/?boards=all",
        "/search/?q=x",
        "/listings/?page=2",
        "/about/method/",
        "board?sort=model&open=x",
        "paper?a=b",
        "model?page=2",
        "dataset",
    ],
)
def test_every_page_names_its_one_address(client: Client, settings: Settings, address: str) -> None:
    settings.SITE_URL = "https://boards.example.org"
    board = make.make_board(2)
    pages = {"board": board, "paper": Paper.objects.first(), "model": MLModel.objects.first(), "dataset": board.dataset}
    name, mark, query = address.partition("?")
    path = pages[name].get_absolute_url() if name in pages else name  # type: ignore[union-attr]  # it is there
    page = client.get(f"{path}{mark}{query}").content.decode()
    assert re.findall(r'<link rel="canonical" href="(.*?)">', page) == [f"https://boards.example.org{path}"]


def test_error_pages_have_no_address_of_their_own(client: Client) -> None:
    page = client.get("/papers/none/")
    assert page.status_code == 404
    assert 'rel="canonical"' not in page.content.decode()
    assert '<form class="searchform"' in page.content.decode()
    assert '<a class="btn" href="/">All boards</a>' in page.content.decode()


# ---- data for machines ----


def test_board_describes_itself_as_a_dataset(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"
    board = make.make_board(2)
    read = read_data(client, f"{board.get_absolute_url()}?sort=model")
    assert read == {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "Image Classification on ImageNet-1K leaderboard",
        "description": "2\u00a0results for Image Classification on ImageNet-1K, ranked by Top-1 accuracy: each number with the sentence or the "
        "record of a table that states it, and with the costs stated beside it.",
        "url": f"https://boards.example.org{board.get_absolute_url()}",
        "identifier": board.public_id,
        "version": "1",
        "dateModified": board.changed.date().isoformat(),
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isAccessibleForFree": True,
        "keywords": ["Image Classification", "ImageNet-1K"],
        "variableMeasured": ["Top-1 accuracy", "Parameters"],
        "creator": {"@type": "Organization", "name": "Claimboard", "url": "https://boards.example.org/"},
    }


def test_paper_describes_itself_as_an_article(client: Client) -> None:
    paper = make.make_paper("Herons", arxiv_id="2203.01234")
    assert read_data(client, paper.get_absolute_url()) == {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "name": "Herons",
        "headline": "Herons",
        "url": f"http://localhost:8000{paper.get_absolute_url()}",
        "sameAs": "https://arxiv.org/abs/2203.01234",
        "identifier": "arXiv:2203.01234",
        "datePublished": "2022-03-10",
    }
    Paper.objects.update(date_source=DateSource.YEAR_INFERRED)
    assert "datePublished" not in read_data(client, paper.get_absolute_url())


def test_hostile_names_stay_within_the_data(client: Client) -> None:
    paper = make.make_paper(HOSTILE)
    board = make.make_board(1, benchmark=make.make_benchmark(HOSTILE[:90], "Herons", slug="hostile"))
    for page in (paper, board, board.dataset):
        url = page.get_absolute_url()
        name = json.dumps(read_data(client, url), ensure_ascii=False)
        assert "</script><script>" in name or page == board.dataset
        assert "\u202e" not in name
        assert "<script>alert" not in client.get(url).content.decode()


def test_dataset_lists_its_boards(client: Client) -> None:
    board = make.make_board(1)
    read = read_data(client, board.dataset.get_absolute_url())
    assert [entry["url"] for entry in read["dataset"]] == [f"http://localhost:8000{board.get_absolute_url()}"]


# ---- citations ----


def test_paper_can_be_cited(client: Client) -> None:
    paper = make.make_paper("Herons & Egrets: 50% {more}", url="https://example.org/p?a=1&b=2")
    page = client.get(paper.get_absolute_url()).content.decode()
    assert "title = {{Herons \\&amp; Egrets: 50\\% \\textbraceleft{}more\\textbraceright{}}}" in page
    assert '<button class="btn btn--tiny" type="button" data-copy="bibtex" hidden>' in page
    response = client.get(f"{paper.get_absolute_url()}cite.bib")
    assert response["Content-Type"] == "application/x-bibtex; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="herons2022-{paper.public_id}.bib"'
    assert "url   = {https://example.org/p?a=1&b=2}" in response.content.decode()
    other = make.make_paper("Merged", merged_into=paper)
    assert client.get(f"{other.get_absolute_url()}cite.bib")["Location"] == f"{paper.get_absolute_url()}cite.bib"
    assert client.get("/papers/none/cite.bib").status_code == 404


def test_board_can_be_cited_with_its_version_and_day(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"
    board = make.make_board(1)
    Benchmark.objects.update(version=12)
    text = client.get(f"{board.get_absolute_url()}cite.bib").content.decode()
    assert text.startswith(f"@misc{{claimboard-{board.slug}-v12,\n  title        = {{{{Image Classification on ImageNet-1K}}}},\n")
    assert f"url          = {{https://boards.example.org{board.get_absolute_url()}}}" in text
    assert f"Version 12 of {board.changed.date()}, accessed " in text
    OldSlug.objects.create(kind="benchmark", slug="old", public_id=board.public_id)
    assert client.get("/sota/old/cite.bib")["Location"] == f"{board.get_absolute_url()}cite.bib"
    assert client.get("/sota/none/cite.bib").status_code == 404


@pytest.mark.parametrize(
    ("fields", "link"),
    [
        ({"url": "https://example.org/?a=1&b"}, 'href="https://example.org/?a=1&amp;b" rel="nofollow noopener">Read the paper<'),
        ({"arxiv_id": "2203.01234"}, 'href="https://arxiv.org/abs/2203.01234" rel="nofollow noopener">Read on arXiv<'),
        ({"url": "javascript:alert(1)"}, 'href="https://scholar.google.com/scholar?q=%22Herons+%26+Eg%22" rel="nofollow noopener"'),
        ({"url": "http://[broken"}, "Search by title"),
        ({}, ">Search by title<"),
    ],
)
def test_paper_leads_to_where_it_can_be_found(client: Client, fields: dict[str, Any], link: str) -> None:
    paper = make.make_paper('"Herons" & Eg', code_url="javascript:alert(2)", **fields)
    page = client.get(paper.get_absolute_url()).content.decode()
    assert link in page
    assert "javascript:" not in page


def test_paper_names_the_models_that_it_introduces(client: Client) -> None:
    paper = make.make_paper(abstract="HeronNet reaches 70.5% here.")
    hidden = MLModel.objects.create(name="NoNumberNet", name_key="nonumbernet", slug="nonumbernet", introduced_by=paper)
    claim = make.make_claim("70.5%", paper=paper, model="HeronNet")
    assert claim.result is not None
    assert claim.result.ml_model is not None
    claim.ml_model = claim.result.ml_model
    claim.save()
    page = client.get(paper.get_absolute_url()).content.decode()
    assert f'introduces <a href="{claim.ml_model.get_absolute_url()}">HeronNet</a>' in page
    assert hidden.name not in page


# ---- method ----


def test_method_says_what_this_site_does(client: Client, settings: Settings) -> None:
    assert "There is no board yet to show one of" in text_of(client.get("/about/method/"))
    board = make.make_board(1)
    page = client.get("/about/method/")
    assert f"@misc{{claimboard-{board.slug}-v1," in page.content.decode()
    assert '<a href="https://creativecommons.org/licenses/by/4.0/" rel="license noopener">CC BY 4.0</a>' in page.content.decode()
    assert "This site lists such numbers, so marked." in text_of(page)
    assert "This site accepts nothing by itself now." in text_of(page)
    settings.SHOW_UNREVIEWED, settings.AUTO_ACCEPT_CONFIDENCE = False, 0.95
    settings.DATA_LICENSE, settings.DATA_LICENSE_URL = "House rules <b>", ""
    page = client.get("/about/method/")
    assert "This site shows none, and counts what it hides." in text_of(page)
    assert "Here that is a confidence of 0.95 or more." in text_of(page)
    assert "<b>House rules &lt;b&gt;</b>" in page.content.decode()
    assert '<a href="/about/method/">Method</a>' in client.get("/").content.decode()


# ---- robots and sitemap ----


def test_robots_keeps_to_the_boards(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert {"Disallow: /admin/", "Disallow: /review/", "Disallow: /search/?", "Allow: /sota/"} <= set(lines)
    assert lines[-1] == "Sitemap: https://boards.example.org/sitemap.xml"


def test_sitemap_names_what_readers_see(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://boards.example.org"
    board = make.make_board(2)
    make.make_benchmark("Empty", "Nothing")
    hidden = make.make_paper("Withdrawn", withdrawn=True)
    paper = Paper.objects.exclude(pk=hidden.pk).first()
    MLModel.objects.create(name="None", name_key="none", slug="none")
    make.make_paper("Merged", merged_into=paper)

    def read_all() -> dict[str, list[str]]:
        # Files are ranges of ids, which other tests may have used up: there may be several.
        found: dict[str, list[str]] = defaultdict(list)
        for file in read_locations(client, "/sitemap.xml"):
            assert file.startswith("https://boards.example.org/sitemap-")
            section = file.split("-")[-1].partition("?")[0]
            found[section] += read_locations(client, file.removeprefix("https://boards.example.org"))
        return found

    found = read_all()
    site = "https://boards.example.org"
    assert found["boards.xml"] == [f"{site}{board.get_absolute_url()}"]
    assert found["datasets.xml"] == [f"{site}/datasets/imagenet-1k/"]
    assert len(found["models.xml"]) == 2
    assert len(found["papers.xml"]) == 2
    settings.SHOW_UNREVIEWED = False
    accepted = read_all()
    assert accepted["boards.xml"] == accepted["models.xml"] == []


def test_sitemap_is_divided_by_ids(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "IDS_IN_A_FILE", 10)
    papers = Paper.objects.bulk_create(Paper(title=f"Heron {n}", title_key=keys.title_key(f"Heron {n}")) for n in range(25))
    files = [file for file in read_locations(client, "/sitemap.xml") if "papers" in file]
    pages = [read_locations(client, file.removeprefix("http://localhost:8000")) for file in files]
    assert len(files) == -(-papers[-1].pk // 10)
    assert sorted(address for page in pages for address in page) == sorted(f"http://localhost:8000{p.get_absolute_url()}" for p in papers)
    for address in ("papers.xml?p=99999", "papers.xml?p=0", "papers.xml?p=x", f"papers.xml?p={'9' * 30}", "none.xml"):
        assert client.get(f"/sitemap-{address}").status_code == 404


@pytest.mark.parametrize(
    "url", ["/sitemap.xml", "/sitemap-boards.xml", "/sitemap-datasets.xml", "/sitemap-models.xml", "/sitemap-papers.xml"]
)
def test_sitemap_query_count_is_constant(client: Client, url: str) -> None:
    make.make_board(1)
    few = count_queries(client, url)
    for number in range(20):
        make.make_board(2, benchmark=make.make_benchmark(f"Task {number}", f"Set {number}"))
    assert Dataset.objects.count() == 21
    assert count_queries(client, url) == few <= 4


def test_a_year_alone_is_no_day(client: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    paper = make.make_paper("Herons", day=None)
    Paper.objects.update(first_day=date(2022, 1, 1), last_day=date(2022, 12, 31), date_source=DateSource.YEAR_GIVEN)
    assert "datePublished" not in read_data(client, paper.get_absolute_url())
