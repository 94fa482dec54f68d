"""The pages of models and datasets: what they show, in how many queries, where old addresses lead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from pytest_django import Settings

from claims import boards, keys
from claims.models import Alias, Benchmark, Claim, Cost, Dataset, DatasetSplit, MLModel, OldSlug, Paper, Result
from claims.services import search_names
from claims.terms import ClaimKind, CostMeasure, CurationState, DecidedBy, Qualifier, Role
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

HOSTILE = '"><script>alert(1)</script> {{ 7|add:7 }} \u202eevil\u202c 🦢 \u05d0\u05d1'


def make_model(name: str = "HeronNet", *, paper: Paper | None = None, slug: str = "heronnet", **fields: Any) -> MLModel:
    return MLModel.objects.create(name=name, name_key=keys.name_key(name), slug=slug, introduced_by=paper, **fields)


def make_row(model: MLModel, benchmark: Benchmark, number: str = "70.50%", *, paper: Paper | None = None, **fields: Any) -> Claim:
    """Return the claim of a row of a model, in a paper of its own unless one is given."""
    paper = paper or make.make_paper(abstract=f"A model reaches {number} here with 21M parameters.")
    role = fields.get("role", Role.PROPOSED)
    row = make.make_result(
        benchmark, paper, model.name, ml_model=model, role=role, variant=fields.pop("variant", ""), conditions=fields.pop("conditions", [])
    )
    return make.make_claim(number, result=row, paper=paper, model=model.name, ml_model=model, **fields)


def test_model_page_shows_results_costs_and_papers(client: Client) -> None:
    own = make.make_paper("HeronNet: wading deep", abstract="HeronNet reaches 70.50% with 21M parameters, up to 81.2% on top.")
    model = make_model(paper=own)
    Alias.objects.create(kind="model", text="Heron-Net", key=keys.name_key("Heron-Net"), ml_model=model)
    Alias.objects.create(kind="model", text="The Wader", key=keys.name_key("The Wader"), ml_model=model)
    vision, language = make.make_benchmark(), make.make_benchmark("Translation", "WMT", area="Language")
    claim = make_row(model, vision, paper=own, variant="large", conditions=[("resolution", "384x384", "384 × 384")])
    best = make_row(model, language, "81.2%", paper=own, qualifier=Qualifier.AT_MOST)
    make.make_cost("21M", paper=own, result=claim.result, value=21e6)
    quoting = make.make_paper("Egrets against herons", abstract="Egrets beat HeronNet at 69.9% by far.")
    quoted = make_row(model, vision, "69.9%", paper=quoting, role=Role.BASELINE)
    response = client.get(model.get_absolute_url())
    text, html = text_of(response).replace("\u00a0", " "), response.content.decode()
    assert "3 results on 2 boards 1 cost quoted by 1 paper" in text
    assert "large 384 × 384 70.50 Top-1 accuracy, % HeronNet: wading deep 10 Mar 2022 Unreviewed" in text
    assert "up to 81.2 Top-1 accuracy, %" in text
    assert "none stated quoted 69.9 Top-1 accuracy, % Egrets against herons" in text
    assert 'Also written</span> <bdi class="tag">The Wader</bdi>' in html
    assert "21M Parameters HeronNet: wading deep" in text
    assert "10 Mar 2022 , introduces it Papers that quote it Egrets against herons" in text
    assert claim.result is not None
    assert quoted.result is not None
    assert best.result is not None
    assert f'href="{vision.get_absolute_url()}?open={claim.result.public_id}#row-{claim.result.public_id}"' in html
    assert f'href="{vision.get_absolute_url()}?role=all&amp;open={quoted.result.public_id}#row-{quoted.result.public_id}"' in html
    # The address of a quoted row opens it.
    opened = client.get(f"{vision.get_absolute_url()}?role=all&open={quoted.result.public_id}").content.decode()
    assert "detailrow" in opened


def test_model_page_shows_imported_rows(client: Client) -> None:
    row = make.make_imported_row(make.make_benchmark(), "HeronNet", "71.234", {CostMeasure.PARAMETERS: 21e6}, source="herons.csv")
    assert row.ml_model is not None
    text = text_of(client.get(row.ml_model.get_absolute_url()))
    assert "71.234 Top-1 accuracy, % herons.csv no date Imported Unreviewed" in text
    assert "21M Parameters herons.csv, record" in text


def test_model_page_lists_what_ranks_nowhere(client: Client) -> None:
    paper = make.make_paper(abstract="It is 2.3x smaller than HeronNet, 1.2% above it.")
    model = make_model()
    benchmark = make.make_benchmark()
    make.make_cost(
        "2.3x", paper=paper, value=2.3, unit="x", kind=ClaimKind.RATIO, measure=CostMeasure.MODEL_SIZE, ml_model=model, role=Role.BASELINE
    )
    make.make_claim("1.2%", paper=paper, benchmark=benchmark, kind=ClaimKind.DELTA, ml_model=model, role=Role.BASELINE)
    text = text_of(client.get(model.get_absolute_url()))
    assert "No result on a board" in text
    assert "2.3× Model size, a ratio, as quoted" in text
    assert f"Papers that quote it {paper.title}" in text


def test_model_page_without_a_number_helps(client: Client) -> None:
    paper = make.make_paper("Withdrawn herons", withdrawn=True)
    model = make_model(paper=paper)
    response = client.get(model.get_absolute_url())
    assert response.status_code == 200
    text, html = text_of(response), response.content.decode()
    assert "No number of this model is shown The listings of the paper that introduced it were withdrawn." in text
    assert '<a class="btn" href="/search/?q=HeronNet">' in html
    assert '<meta name="robots" content="noindex">' in html


def test_model_page_shows_what_the_site_shows(client: Client, settings: Settings) -> None:
    model, benchmark = make_model(), make.make_benchmark()
    make_row(model, benchmark, "70.5%", state=CurationState.ACCEPTED)
    make_row(model, benchmark, "71.5%")
    rejected = make_row(model, benchmark, "72.5%")
    Claim.objects.filter(pk=rejected.pk).update(result=None, state="rejected", reject_reason="not_a_result", decided_by="person")
    shown = text_of(client.get(model.get_absolute_url()))
    assert "70.5" in shown
    assert "71.5" in shown
    assert "72.5" not in shown
    settings.SHOW_UNREVIEWED = False
    text = text_of(client.get(model.get_absolute_url())).replace("\u00a0", " ")
    assert "70.5" in text
    assert "71.5" not in text
    assert "1 row is hidden: this site shows what was accepted." in text


def test_model_page_escapes_hostile_names(client: Client) -> None:
    model = make_model(HOSTILE, slug="hostile")
    Alias.objects.create(kind="model", text=f"other {HOSTILE}", key="other", ml_model=model)
    make_row(model, make.make_benchmark(), variant=HOSTILE, conditions=[("other", "x", HOSTILE)])
    html = client.get(model.get_absolute_url()).content.decode()
    assert "<script>alert" not in html
    assert "{{ 7|add:7 }}" in html
    title = html[html.index("<title>") : html.index("</title>")]
    assert "\u202e" not in title
    assert "🦢" in title


def test_long_lists_of_a_model_have_pages(client: Client) -> None:
    model, benchmark = make_model(), make.make_benchmark()
    for number in range(55):
        paper = make.make_paper(f"Quoting paper {number:02}", abstract="HeronNet has 69.9% and 21M parameters.", day=date(2022, 1, 1))
        claim = make_row(model, benchmark, "69.9%", paper=paper, role=Role.BASELINE)
        make.make_cost("21M", paper=paper, result=claim.result, value=21e6 + number)
    first = client.get(model.get_absolute_url()).content.decode()
    assert first.count('class="c-values"') == 50
    assert 'href="?page=2#results">Next</a>' in first
    second = client.get(f"{model.get_absolute_url()}?page=2&costs=2&papers=3").content.decode()
    assert second.count('class="c-values"') == 5
    assert 'href="?costs=2&amp;papers=3#results">Previous</a>' in second
    assert 'href="?page=2&amp;costs=2&amp;papers=2#quoted">Previous</a>' in second
    assert "Quoting paper 54" in second
    for page in ("0", "-1", "99", "x", "9" * 50, "²"):
        assert client.get(model.get_absolute_url(), {"page": page, "costs": page, "papers": page}).status_code == 200


@pytest.mark.parametrize(("kind", "model"), [("model", MLModel), ("dataset", Dataset)])
def test_old_slugs_and_merged_entries_lead_on(client: Client, kind: str, model: Any) -> None:
    fields = {"name_key": "heron"} if model is MLModel else {}
    root = model._default_manager.create(name="Heron", slug="heron", **fields)
    fields = {"name_key": "egret"} if model is MLModel else {}
    model._default_manager.create(name="Egret", slug="egret", merged_into=root, **fields)
    OldSlug.objects.create(kind=kind, slug="ardea", public_id=root.public_id)
    for slug in ("ardea", "egret"):
        response = client.get(f"/{kind}s/{slug}/?page=2")
        assert (response.status_code, response["Location"]) == (301, f"/{kind}s/heron/")
    assert client.get(f"/{kind}s/heron/").status_code == 200


@pytest.mark.parametrize("address", ["/models/none/", "/datasets/none/", "/models/none%27%3Cb%3E/"])
def test_unknown_entries_are_a_friendly_404(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "There is nothing here" in text_of(response)
    assert 'action="/search/"' in response.content.decode()


def test_dataset_page_shows_its_boards_with_leaders(client: Client) -> None:
    board = make.make_board(3)
    other = make.make_board(1, benchmark=make.make_benchmark("Segmentation", "ImageNet-1K"))
    dataset = board.dataset
    part = Dataset.objects.create(name="ImageNet-V2", slug="imagenet-v2", parent=dataset)
    Alias.objects.create(kind="dataset", text="ILSVRC 2012", key="ilsvrc2012", dataset=dataset)
    Alias.objects.create(kind="dataset", text="imagenet 1k", key="imagenet1k", dataset=dataset)
    DatasetSplit.objects.create(dataset=dataset, name="val")
    response = client.get(dataset.get_absolute_url())
    text, html = text_of(response), response.content.decode()
    assert "2 boards 4 results" in text
    assert "Also written ILSVRC 2012" in text
    assert "imagenet 1k" not in text
    leader = Result.objects.get(benchmark=board, model_name="SampleNet-2")
    assert f'href="{board.get_absolute_url()}?open={leader.public_id}#row-{leader.public_id}"' in html
    assert html.index(board.get_absolute_url()) < html.index(other.get_absolute_url())
    assert f'Parts</dt><dd><a href="{part.get_absolute_url()}">ImageNet-V2</a>' in html
    assert "Splits val" in text
    below = client.get(part.get_absolute_url())
    assert "No board on this dataset is shown" in text_of(below)
    assert f'part of <a href="{dataset.get_absolute_url()}">' in below.content.decode()


def test_dataset_page_shows_what_the_site_shows(client: Client, settings: Settings) -> None:
    board = make.make_board(2)
    settings.SHOW_UNREVIEWED = False
    text = text_of(client.get(board.dataset.get_absolute_url())).replace("\u00a0", " ")
    assert "1 board has no accepted result yet" in text
    assert "SampleNet" not in text


def test_query_counts_are_constant(client: Client) -> None:
    counts = []
    for slug, rows in (("small", 1), ("large", 50)):
        model = make_model(slug, slug=slug)
        dataset = f"Set {slug}"
        for number in range(rows):
            benchmark = make.make_benchmark(f"Task {number}", dataset)
            paper = make.make_paper(abstract="It has 69.9% and 21M parameters, 1.2% above.")
            claim = make_row(model, benchmark, "69.9%", paper=paper, conditions=[("shots", str(number), f"{number}-shot")])
            make.make_cost("21M", paper=paper, result=claim.result, value=21e6, ml_model=model)
            quoting = make.make_paper(abstract="It has 69.9% and 21M parameters, 1.2% above.")
            make_row(model, benchmark, "69.9%", paper=quoting, role=Role.BASELINE)
        at = Dataset.objects.get(name=dataset).get_absolute_url()
        counts.append((count_queries(client, model.get_absolute_url()), count_queries(client, at)))
    assert counts[0] == counts[1]
    assert counts[0][0] <= 16


def test_search_leads_to_models_and_datasets(client: Client) -> None:
    board = make.make_board(1, benchmark=make.make_benchmark("Folding", "HeronSet"))
    model = MLModel.objects.get()
    Claim.objects.update(ml_model=model)
    assert Cost.objects.count() == 1
    search_names.rebuild()
    page = client.get("/search/", {"q": "heronset"}).content.decode()
    assert f'href="{board.dataset.get_absolute_url()}"' in page
    page = client.get("/search/", {"q": model.name}, headers={"HX-Request": "true"}).content.decode()
    assert f'role="option" tabindex="-1" aria-selected="false" href="{model.get_absolute_url()}"' in page


def test_rows_of_a_board_know_their_models_page() -> None:
    benchmark = make.make_board(1)
    make.make_claim("70.1%", benchmark=benchmark, model="")
    rows = {row.model: row.model_url for row in boards.read_board(benchmark, QueryDict()).rows}
    model = MLModel.objects.get()
    assert rows.pop(model.name) == model.get_absolute_url()
    assert list(rows.values()) == [""]


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "Unreviewed"),
        ({"state": CurationState.ACCEPTED}, "Accepted"),
        ({"state": CurationState.ACCEPTED, "decided_by": DecidedBy.POLICY}, "Auto-accepted"),
        ({"state": CurationState.ACCEPTED, "tier": "verified", "tier_reason": "seen"}, "Verified"),
        ({"state": CurationState.ACCEPTED, "tier": "disputed", "tier_reason": "not so"}, "Disputed"),
    ],
)
def test_rows_of_a_model_say_their_state(client: Client, fields: dict[str, Any], state: str) -> None:
    model = make_model()
    claim = make_row(model, make.make_benchmark(), **fields)
    assert claim.result is not None
    assert claim.result.paper is not None
    assert f"{claim.result.paper.title} 10 Mar 2022 {state}" in text_of(client.get(model.get_absolute_url()))
