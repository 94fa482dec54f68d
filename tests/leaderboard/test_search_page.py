"""The search's page and its suggestions: what they show, in how many queries, and how they fail."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from claims.models import Claim, Result
from claims.services import search_names
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = pytest.mark.django_db


def search_for(client: Client, text: str, **more: Any) -> Any:
    search_names.rebuild()
    return client.get("/search/", {"q": text, **more})


def test_search_shows_each_kind_with_what_stands_behind_it(client: Client) -> None:
    board = make.make_board(3, benchmark=make.make_benchmark("Folding", "HeronSet"))
    paper = make.make_paper("Herons & <Paper>", arxiv_id="2201.00001")
    make.make_claim("70.5%", paper=make.make_paper(abstract="It reaches 70.5%."), benchmark=board, model="HeronNet")
    for claim in Claim.objects.select_related("result"):
        Claim.objects.filter(pk=claim.pk).update(ml_model=claim.result.ml_model if claim.result else None)
    response = search_for(client, "heron")
    text, html = text_of(response), response.content.decode()
    leader = Result.objects.get(model_name="HeronNet")
    assert "All 4 Boards 1 Datasets 1 Models 1 Papers 1" in text
    assert "Board Folding on Heron Set 4 results led by HeronNet with 70.5" in text
    assert f'href="/sota/{board.slug}/?open={leader.public_id}#row-{leader.public_id}"' in html
    assert "Dataset Heron Set 4 results on Folding" in text
    assert "1 result on Folding on HeronSet" in text
    assert "Paper Heron s &amp; &lt;Paper&gt; 10 Mar 2022 no number read arXiv 2201.00001" in text
    assert f'<a href="{paper.get_absolute_url()}"><b>Heron</b>s &amp; &lt;Paper&gt;</a>' in html
    assert "All 4 Boards 1 Datasets 1 Models 1 Papers 1" in text_of(search_for(client, "heron", kind="paper"))
    assert html.count('<li class="hit">') == 4
    assert search_for(client, "heron", kind="paper").content.decode().count('<li class="hit">') == 1


def test_search_highlights_what_was_found_and_escapes_the_rest(client: Client) -> None:
    make.make_paper("<script>alert(1)</script> Poincaré: Fine-Grained “Herons”")
    html = search_for(client, "poincare <script>").content.decode()
    assert "<script>alert" not in html
    assert "&lt;<b>script</b>&gt;alert(1)&lt;/<b>script</b>&gt; <b>Poincaré</b>: Fine-Grained" in html
    assert 'value="poincare &lt;script&gt;"' in html
    assert "<b>Fine-Grained</b>" in search_for(client, "finegrained").content.decode()


def test_search_says_which_word_stands_for_a_misspelt_one(client: Client) -> None:
    make.make_paper("Recognition of Herons")
    text = text_of(search_for(client, "recogntion herons"))
    assert "No name has recogntion ; these have recognition ." in text


def test_search_without_a_query_says_what_can_be_found(client: Client) -> None:
    make.make_board(2)
    for address in ("/search/", "/search/?q=", "/search/?q=%20"):
        response = client.get(address)
        assert "What are you looking for?" in text_of(response)
        assert "Image Classification on ImageNet-1K" in text_of(response)


def test_search_that_finds_nothing_helps(client: Client) -> None:
    make.make_board(2)
    make.make_paper("Quantization of Herons")
    response = search_for(client, "quuantizzatoin")
    text, html = text_of(response), response.content.decode()
    assert "Nothing is called “quuantizzatoin”" in text
    assert '<a href="?q=quantization">quantization</a>' in html
    assert "Image Classification on ImageNet-1K" in text
    assert 'href="/listings/upload/"' in html


def test_search_of_an_empty_kind_leads_to_the_others(client: Client) -> None:
    make.make_paper("Herons")
    assert "No model among what was found Show all kinds: 1" in text_of(search_for(client, "herons", kind="model"))


def test_search_refuses_an_unknown_kind(client: Client) -> None:
    response = client.get("/search/?q=heron&kind=bird")
    assert response.status_code == 400
    assert "it knows no kind called “bird”" in text_of(response)


def test_search_cuts_a_long_query_and_says_so(client: Client) -> None:
    make.make_paper("Herons")
    response = search_for(client, "herons " * 100)
    assert response.status_code == 200
    assert "longer than 200 characters" in text_of(response)
    assert "longer than" not in text_of(search_for(client, "herons"))


@pytest.mark.parametrize("text", ['"', "*", "NEAR(a b)", "a AND", "%", "_", "\\", "\x01", "\ud83d\ude00", "%s", "{{ 1 }}", "' OR 1=1 --"])
@pytest.mark.parametrize("suggest", [False, True])
def test_search_takes_every_text(client: Client, text: str, *, suggest: bool) -> None:
    make.make_paper("Herons")
    headers = {"HX-Request": "true"} if suggest else {}
    assert client.get("/search/", {"q": text.encode("utf-8", "surrogatepass")}, headers=headers).status_code == 200


def test_search_has_pages(client: Client) -> None:
    for number in range(45):
        make.make_paper(f"Heron {number:02}")
    first = search_for(client, "heron", kind="paper")
    assert 'href="?q=heron&amp;kind=paper&amp;page=2">25 more</a>' in first.content.decode()
    last = client.get("/search/?q=heron&page=3").content.decode()
    assert last.count('<li class="hit">') == 5
    assert 'start="41"' in last
    assert 'href="?q=heron&amp;page=2">Previous</a>' in last
    for page in ("0", "-1", "99", "a", "1" * 50):
        assert client.get("/search/", {"q": "heron", "page": page}).status_code == 200


def test_suggestions_are_the_first_eight(client: Client) -> None:
    for number in range(12):
        make.make_paper(f"Heron {number:02}")
    search_names.rebuild()
    response = client.get("/search/?q=hero", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert "<html" not in html
    assert html.count('role="option"') == 8
    assert "HX-Request" in response["Vary"]
    assert client.get("/search/?q=", headers={"HX-Request": "true"}).content.decode().strip() == ""


def test_search_query_count_is_constant(client: Client) -> None:
    make.make_paper("An Egret")
    for number in range(50):
        make.make_paper(f"Heron {number:02}")
    search_names.rebuild()
    assert count_queries(client, "/search/?q=egret") == count_queries(client, "/search/?q=heron")
