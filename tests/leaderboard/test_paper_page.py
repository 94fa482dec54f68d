"""A paper's page: its texts with their numbers marked, in how many queries, and how it fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from claims.models import Benchmark, Claim, Flag, Paper
from claims.services import curation
from claims.terms import ClaimKind, CurationState, Role, TextField
from tests import factories as make
from tests.pages import count_queries, decide, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def make_hostile_paper() -> Paper:
    paper = make.make_paper(
        "A <script>alert(1)</script> paper of 97.6%",
        abstract="On it we get 97.6%, 1.2% above others, with 3.3M parameters <img src=x onerror=alert(1)>. Rival has 95.9%. Not 10.",
    )
    benchmark = make.make_benchmark()
    make.make_claim("97.6%", benchmark=benchmark, paper=paper, state=CurationState.ACCEPTED)
    make.make_claim("97.6%", paper=paper, benchmark=benchmark, field=TextField.TITLE, on_board=False)
    make.make_claim("1.2%", benchmark=benchmark, paper=paper, kind=ClaimKind.DELTA)
    make.make_claim("95.9%", benchmark=benchmark, paper=paper, role=Role.BASELINE, model="Rival", state=CurationState.REJECTED)
    make.make_cost("3.3M", paper=paper, value=3.3e6, decimals=1)
    make.make_reading(paper, [["abstract", 111, 113, "part_of_name"]])
    make.make_listing("of <papers>.txt", paper)
    return paper


def test_paper_marks_its_numbers_and_links_them_both_ways(client: Client) -> None:
    paper = make_hostile_paper()
    response = client.get(paper.get_absolute_url())
    page, text = response.content.decode(), text_of(response).replace("\u00a0", " ")
    assert '<a class="mark" id="m2" href="#c2">97.6%<sup>2</sup></a>' in page
    assert '<a class="mark mark--delta" id="m3" href="#c3">1.2%<sup>3</sup></a>' in page
    assert '<a class="mark mark--cost" id="m4" href="#c4">3.3M<sup>4</sup></a>' in page
    assert '<tr id="c2"><td><a class="quiet" href="#m2"' in page
    assert "Top-1 accuracy on ImageNet-1K SampleNet; why 97.6% Report a problem with 97.6% Accepted" in text
    assert "Parameters the paper’s own method; why 3.3M Report a problem with 3.3M Unreviewed" in text
    assert "Rival, quoted baseline; not a result; why 95.9% Report a problem with 95.9% Rejected" in text
    assert "part of a name" in text
    assert "of &lt;papers&gt;.txt" in page
    assert "entry 1, lines 3 to 5" in text


def test_paper_escapes_a_hostile_text(client: Client) -> None:
    page = client.get(make_hostile_paper().get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert page.count("<img") == page.count('<img src="/papers/') == 1  # its badge
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_paper_answers_for_every_number(client: Client) -> None:
    page = client.get(make_hostile_paper().get_absolute_url()).content.decode()
    table = page[page.index('id="why"') : page.index("</details>")]
    assert '<tr id="w2"><td><a href="#m2">97.6%</a></td><td><a href="#c2">Result 2</a>' in table
    assert "<li>a score: nothing beside it makes it a difference or a ratio</li>" in table
    assert '<tr id="w4"><td><a href="#m4">3.3M</a></td><td><a href="#c4">Cost 4</a>: Parameters' in table
    assert '<span class="muted">rejected</span>' in table
    assert 'id="w-abstract-111"><td><a href="#n-abstract-111">10</a></td><td class="muted">Not taken</td><td>part of a name' in table
    assert (
        '<a class="no" id="n-abstract-111" href="#w-abstract-111" aria-label="10, not taken: part of a name, as in “ResNet-50” or “top-1”">10</a>'
        in page
    )
    assert "5 taken, 1 not" in table
    assert "Read by extractor 1.0.0" in table


def test_paper_keeps_a_number_that_a_later_run_would_not_take(client: Client) -> None:
    paper = make.make_paper(abstract="It gets 97.6 ± 0.2%, others 5.")
    make.make_claim("97.6", paper=paper, state=CurationState.ACCEPTED)
    make.make_reading(paper, [["abstract", 8, 12, "no_metric"], ["abstract", 15, 18, "uncertainty"], ["abstract", 28, 29, "gone_reason"]])
    page = client.get(paper.get_absolute_url()).content.decode()
    assert "w-abstract-8" not in page
    assert '<td class="muted">Part of a number</td><td>the uncertainty of the number before it</td>' in page
    assert 'aria-label="0.2, the uncertainty of the number before it"' in page
    assert 'aria-label="5, not taken: gone reason"' in page
    assert "1 taken, 1 not" in page


def test_paper_without_numbers_has_nothing_to_answer_for(client: Client) -> None:
    paper = make.make_paper("Far", abstract="We go far.")
    make.make_reading(paper, [])
    assert "Why these numbers" not in text_of(client.get(paper.get_absolute_url()))


def test_paper_offers_no_decision_to_readers(client: Client) -> None:
    assert "Accept 97.6%" not in client.get(make_hostile_paper().get_absolute_url()).content.decode()


def test_paper_that_was_merged_redirects_to_its_root(client: Client) -> None:
    root, merged = make.make_paper(), make.make_paper()
    Paper.objects.filter(pk=merged.pk).update(merged_into=root)
    response = client.get(merged.get_absolute_url())
    assert response.status_code == 302
    assert response.headers["Location"] == root.get_absolute_url()


def test_paper_that_does_not_exist_is_a_page_saying_so(client: Client) -> None:
    response = client.get("/papers/none/")
    assert response.status_code == 404
    assert "There is no paper at this address." in text_of(response)


def test_paper_hides_unreviewed_numbers_with_a_count_if_the_site_does(client: Client, settings: Any) -> None:
    settings.SHOW_UNREVIEWED = False
    text = text_of(client.get(make_hostile_paper().get_absolute_url())).replace("\u00a0", " ")
    assert "3 unreviewed numbers are hidden" in text
    assert "3.3M 4" not in text
    assert "No cost of this text has been accepted yet." in text
    assert "was read from this text" not in text


@pytest.mark.parametrize("signed_in", [False, True])
def test_paper_query_count_is_constant(client: Client, signed_in: bool) -> None:
    if signed_in:
        client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    benchmark = make.make_benchmark()
    counts = []
    for claims in (1, 25):
        paper = make.make_paper(abstract=" ".join(f"Model {number} gets 5{number}.5%." for number in range(claims)))
        for number in range(claims):
            make.make_claim(f"5{number}.5%", benchmark=benchmark, paper=paper, model=f"Model {number}")
        make.make_reading(paper, [["abstract", 6 + number, 7 + number, "part_of_name"] for number in range(claims)])
        make.make_listing("a.txt", paper)
        counts.append(count_queries(client, paper.get_absolute_url()))
    assert counts[0] == counts[1]


def replace_text(paper: Paper, abstract: str) -> None:
    paper.current_text = make.make_text(paper, abstract=abstract)
    paper.save(update_fields=["current_text"])


def make_paper_with_an_earlier_text() -> Paper:
    paper = make.make_paper(abstract="We go <b>far</b>. It reaches 81.5% with 21M parameters. Rival has 70.5%, Third 60.5%.")
    benchmark = make.make_benchmark()
    claim = make.make_claim("81.5%", benchmark=benchmark, paper=paper, state=CurationState.ACCEPTED)
    make.make_cost("21M", paper=paper, result=claim.result, state=CurationState.ACCEPTED)
    make.make_claim("70.5%", benchmark=benchmark, paper=paper, state=CurationState.REJECTED)
    run = make.make_reading(paper, []).run
    make.make_claim("60.5%", benchmark=benchmark, paper=paper, on_board=False, retired_by=run)
    replace_text(paper, "It is better, by 2.5%.")
    make.make_claim("2.5%", benchmark=benchmark, paper=paper, kind=ClaimKind.DELTA)
    return paper


def test_paper_lists_what_only_an_earlier_text_states(client: Client) -> None:
    paper = make_paper_with_an_earlier_text()
    response = client.get(paper.get_absolute_url())
    page, text = response.content.decode(), text_of(response)
    section = page[page.index('id="h-earlier"') :]
    assert "Stated in an earlier text of this paper" in text
    assert '<q class="said">It reaches <mark class="mark">81.5%</mark> with 21M parameters.</q>' in section
    assert '<q class="said">It reaches 81.5% with <mark class="mark mark--cost">21M</mark> parameters.</q>' in section
    assert [label in page for label in ('id="c1"', 'id="c2"', 'id="c3"', 'id="c4"')] == [True, True, True, False]
    assert f'href="{Benchmark.objects.get().get_absolute_url()}?open=' in section
    assert "#m2" not in page
    assert "70.5%" not in text
    assert "60.5%" not in text
    assert "/decide/" not in section


def test_paper_without_an_earlier_text_has_no_such_section(client: Client) -> None:
    assert "earlier text" not in text_of(client.get(make_hostile_paper().get_absolute_url()))


def test_curator_decides_on_what_an_earlier_text_states(curator: Client) -> None:
    paper = make_paper_with_an_earlier_text()
    claim = Claim.objects.get(stated="81.5%")
    assert f'action="/decide/claim/{claim.public_id}/"' in curator.get(paper.get_absolute_url()).content.decode()
    assert decide(curator, claim, state="rejected", reason="wrongly_read").status_code == 302
    assert "81.5%</mark>" not in curator.get(paper.get_absolute_url()).content.decode()


def test_paper_hides_unreviewed_numbers_of_an_earlier_text_if_the_site_does(client: Client, settings: Any) -> None:
    settings.SHOW_UNREVIEWED = False
    paper = make_paper_with_an_earlier_text()
    Claim.objects.filter(stated="81.5%").update(state=CurationState.UNREVIEWED)
    text = text_of(client.get(paper.get_absolute_url())).replace("\u00a0", " ")
    assert "2 unreviewed numbers are hidden" in text
    assert "81.5%" not in text.replace("It reaches 81.5% with 21M", "")


def test_paper_query_count_is_constant_with_earlier_texts(curator: Client) -> None:
    few = count_queries(curator, make_paper_with_an_earlier_text().get_absolute_url())
    abstract = " ".join(f"Model {number} gets 5{number}.5%." for number in range(25))
    paper = make.make_paper(abstract=abstract)
    benchmark = Benchmark.objects.get()
    for number in range(25):
        make.make_claim(f"5{number}.5%", benchmark=benchmark, paper=paper, model=f"Model {number}", state=CurationState.ACCEPTED)
    make.make_reading(paper, [])
    replace_text(paper, "Nothing is left.")
    assert count_queries(curator, paper.get_absolute_url()) <= few


@pytest.mark.parametrize("state", [CurationState.ACCEPTED, CurationState.REJECTED])
def test_flag_stands_beside_its_number_until_it_is_settled(curator: Client, state: CurationState) -> None:
    paper = make.make_paper(abstract="Model 1 gets 51.5%.")
    reason = "wrongly_read" if state is CurationState.REJECTED else ""
    claim = make.make_claim("51.5%", benchmark=make.make_benchmark(), paper=paper, model="Model 1", on_board=not reason)
    curation.decide(claim, state, actor="lee", version=claim.version, reason=reason)
    said = f"“51.5%” in “Sample (a): b” ({state}): extractor 9.0.0, vocabulary 00000000 reads dataset “<b>X</b>”, not “ImageNet-1K”."
    Flag.objects.create(kind="difference", object_kind="claim", object_id=claim.pk, key="k", note=said)
    Flag.objects.create(kind="difference", object_kind="cost", object_id=claim.pk, key="k", note="Another.")
    shown = text_of(curator.get(paper.get_absolute_url()))
    assert "To look at: extractor 9.0.0, vocabulary 00000000 reads dataset “&lt;b&gt;X&lt;/b&gt;”, not “ImageNet-1K”." in shown
    assert "Another." not in shown
    page = curator.get(paper.get_absolute_url()).content.decode()
    assert ("Keep 51.5% accepted" in page) is (state is CurationState.ACCEPTED)
    assert "Reject 51.5%" in page
    curator.post(
        reverse("decide", args=["claim", claim.public_id]), {"version": claim.version, "state": str(state), "reason": reason, "next": "/"}
    )
    assert "To look at" not in text_of(curator.get(paper.get_absolute_url()))
    assert Flag.objects.get(object_kind="claim").settled_by is not None
