"""The pages of models, datasets and the method, and all of them on paper and in forced colours, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from claims import dumps, keys
from claims.models import Alias, Dataset, DatasetSplit, MLModel, Result
from claims.services import search_names
from claims.terms import CostMeasure, CurationState, Qualifier, Role
from tests import factories as make
from tests.leaderboard.test_browser import (
    LONG,
    LOOKS,
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    find_barriers,
    make_rich_board,
    make_rich_paper,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = '<b>"Quoted" & {{ 7|add:7 }}</b> \u202eevil\u202c 🦢 \u05d0\u05d1\u05d2'


def make_model(name: str = LONG, slug: str = "long", *, rows: int = 56) -> MLModel:
    """Return a model with results of its own, quoted and imported ones on several boards, and with costs."""
    own = make.make_paper(
        f"{name}: a network that wades",
        abstract=f"{name} reaches 86.50% and up to 91.2%, 76.5–80.9% on others, with 21M parameters and 4.5G FLOPs.",
    )
    model = MLModel.objects.create(name=name, name_key=keys.name_key(name), slug=slug, introduced_by=own)
    for number, text in enumerate(("Wader", HOSTILE, f"also {LONG}")):
        Alias.objects.create(kind="model", text=text, key=f"{slug}-{number}", ml_model=model)
    boards = [make.make_benchmark(), make.make_benchmark("Machine Translation of Long Texts", "WMT 2014 English–German", area="Language")]
    top5 = make.add_metric(boards[0], make.make_metric("Top-5 accuracy"))
    settings = [("resolution", "384x384", "384 × 384"), ("extra_data", LONG, LONG)]
    best = make.make_result(boards[0], own, name, ml_model=model, variant="ViT-L/14 large", conditions=settings)
    make.make_claim("86.50%", result=best, paper=own, model=name, ml_model=model, state=CurationState.ACCEPTED)
    make.make_claim("91.2%", result=best, paper=own, model=name, metric=top5, ml_model=model, qualifier=Qualifier.AT_MOST)
    other = make.make_result(boards[1], own, name, ml_model=model)
    make.make_claim("76.5–80.9%", result=other, paper=own, model=name, ml_model=model, value=76.5, value_max=80.9, decimals=1, unit="%")
    make.make_cost("21M", paper=own, result=best, value=21e6, ml_model=model)
    make.make_cost("4.5G", paper=own, result=best, value=4.5e9, measure=CostMeasure.FLOPS, decimals=1, ml_model=model)
    for number in range(rows):
        paper = make.make_paper(f"{HOSTILE} quotes others, number {number}", abstract="Others have 70.1% top-1 accuracy.")
        quoted = make.make_result(boards[0], paper, name, ml_model=model, role=Role.BASELINE)
        make.make_claim("70.1%", result=quoted, paper=paper, model=name, ml_model=model, role=Role.BASELINE)
    return model


def make_page(name: str) -> str:
    if name.startswith("model"):
        if name == "model-empty":
            return MLModel.objects.create(name=HOSTILE, name_key="x", slug="x").get_absolute_url()
        return make_model().get_absolute_url()
    if name.startswith("dataset"):
        board = make_rich_board()
        dataset = board.dataset
        make.make_board(1, benchmark=make.make_benchmark("Image Generation from very many words", dataset.name))
        for number, text in enumerate(("ILSVRC 2012", HOSTILE, f"also {LONG}")):
            Alias.objects.create(kind="dataset", text=text, key=f"a-{number}", dataset=dataset)
        part = Dataset.objects.create(name=f"{HOSTILE} {LONG}", slug="part", parent=dataset)
        DatasetSplit.objects.create(dataset=dataset, name="val")
        return (part if name == "dataset-empty" else dataset).get_absolute_url()
    if name.startswith("dumps"):
        if name == "dumps":
            make_rich_board()
            dumps.dump_site()
            dumps.dump_site()
        return "/dumps/"
    if name == "paper-undated":
        return make.make_paper(f"{HOSTILE} {LONG}", day=None).get_absolute_url()
    make.make_board(2)
    return {"method": "/about/method/", "api": "/api/", "stability": "/api/stability/", "missing": "/models/none/"}[name]


@pytest.mark.parametrize(
    "name",
    ["model", "model-empty", "dataset", "dataset-empty", "method", "api", "stability", "dumps", "dumps-empty", "paper-undated", "missing"],
)
def test_page_fits_and_is_accessible(browser: Browser, live_server: LiveServer, settings: Settings, tmp_path: Path, name: str) -> None:
    settings.DATA_DIR = tmp_path  # where dumps are kept
    visitor = visit(browser, live_server)
    address = make_page(name)
    for width, scheme in LOOKS:
        page = visitor.look(address, width, scheme)
        if SCREENSHOTS_WANTED:
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"pages-{name}-{width}-{scheme}.png", full_page=True)
        wide, there = visitor.width()
        assert wide <= there, (name, width)
        assert find_barriers(page) == "", f"{name} {width} {scheme}"
    visitor.context.close()
    assert [fault for fault in visitor.faults if not (name == "missing" and "404" in fault)] == []


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [360, 1400])
def test_a_model_leads_to_its_rows(browser: Browser, live_server: LiveServer, *, width: int, script: bool) -> None:
    """From a number on a model's page to the opened row of its board, own and quoted, with the keyboard."""
    model = make_model("HeronNet", "heronnet")
    visitor = visit(browser, live_server, script=script)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    page = visitor.go(model.get_absolute_url())
    page.get_by_role("link", name="86.50").press("Enter")
    row = Result.objects.get(variant="ViT-L/14 large")
    expect(page).to_have_url(re.compile(rf"\?open={row.public_id}#row-{row.public_id}$"))
    expect(page.locator("tr.detailrow mark").first).to_have_text(re.compile("86.50"))
    page.go_back()
    page.get_by_role("link", name="70.1").first.press("Enter")
    expect(page.locator("tr.detailrow mark").first).to_have_text(re.compile("70.1"))
    page.go_back()
    page.locator("#results").get_by_role("link", name="Next").press("Enter")
    expect(page.locator("#results")).to_contain_text("Page 2 of 2")
    assert visitor.width()[0] <= visitor.width()[1]
    visitor.context.close()
    assert visitor.faults == []


def test_suggestions_lead_to_a_model(browser: Browser, live_server: LiveServer) -> None:
    model = make_model("HeronNet", "heronnet", rows=1)
    search_names.rebuild()
    visitor = visit(browser, live_server)
    page = visitor.go("/models/none/")
    page.get_by_role("combobox").press_sequentially("heronn")
    page.get_by_role("option", name=re.compile("^Model HeronNet")).click()
    expect(page).to_have_url(re.compile(f"{model.get_absolute_url()}$"))
    visitor.context.close()


def test_an_entry_is_copied(browser: Browser, live_server: LiveServer) -> None:
    paper = make.make_paper("Herons & egrets")
    visitor = visit(browser, live_server)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go(paper.get_absolute_url())
    page.locator("#cite").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("@misc{herons2022-")
    visitor.context.close()
    assert visitor.faults == []
    plain = visit(browser, live_server, script=False)
    expect(plain.go(paper.get_absolute_url()).get_by_role("button", name="Copy")).to_have_count(0)
    with plain.page.expect_download() as download:
        plain.page.get_by_role("link", name="BibTeX file").click()
    assert download.value.suggested_filename == f"herons2022-{paper.public_id}.bib"
    plain.context.close()


def make_every_page() -> dict[str, str]:
    board = make_rich_board()
    row = Result.objects.get(benchmark=board, model_name="SampleNet-1")
    address = board.get_absolute_url()
    assert row.ml_model is not None
    return {
        "home": "/",
        "board": f"{address}?open={row.public_id}#row-{row.public_id}",
        "paper": make_rich_paper().get_absolute_url(),
        "model": row.ml_model.get_absolute_url(),
        "dataset": board.dataset.get_absolute_url(),
        "method": "/about/method/",
        "dumps": "/dumps/",
        "embed": f"/embed/?board={board.slug}&show=both",
    }


def test_paper_gets_words_and_numbers_alone(browser: Browser, live_server: LiveServer) -> None:
    """In print there is nothing to click, nothing is cut off, and the evidence of an opened row is there."""
    visitor = visit(browser, live_server)
    visitor.page.set_viewport_size({"width": 794, "height": 1123})  # A4
    for name, address in make_every_page().items():
        page = visitor.go(address)
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator(".top, .filters, .btn:visible, form:visible, .pager:visible").locator("visible=true")).to_have_count(0)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", name
        wide, there = visitor.width()
        assert wide <= there, name
        if name == "board":
            expect(page.locator(".detailrow blockquote").first).to_be_visible()
        if SCREENSHOTS_WANTED:
            page.screenshot(path=SCREENSHOTS / f"print-{name}.png", full_page=True)
        page.emulate_media(media="screen")
    visitor.context.close()
    assert visitor.faults == []


def test_forced_colours_and_less_motion_keep_everything(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    for name, address in make_every_page().items():
        page = visitor.go(address)
        page.emulate_media(forced_colors="active")
        if SCREENSHOTS_WANTED:
            page.screenshot(path=SCREENSHOTS / f"forced-{name}.png", full_page=True)
        moving = "getComputedStyle(element).transitionDuration !== '0s' || getComputedStyle(element).animationName !== 'none'"
        assert page.evaluate(f"[...document.querySelectorAll('body *')].filter(element => {moving}).length") == 0, name
        wide, there = visitor.width()
        assert wide <= there, name
    visitor.context.close()
    assert visitor.faults == []


def test_the_page_of_a_fault_needs_nothing(browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.boards.list_areas", lambda **_: 1 / 0)
    visitor = visit(browser, live_server)
    for width, scheme in LOOKS:
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.page.emulate_media(color_scheme=scheme)
        answer = visitor.page.goto(live_server.url)
        assert answer is not None
        assert answer.status == 500
        assert find_barriers(visitor.page) == ""
        assert visitor.width()[0] <= visitor.width()[1]
        if SCREENSHOTS_WANTED:
            visitor.page.screenshot(path=SCREENSHOTS / f"pages-fault-{width}-{scheme}.png")
    visitor.page.get_by_role("searchbox").fill("herons")
    visitor.page.get_by_role("button", name="Search").click()
    expect(visitor.page).to_have_url(re.compile(r"/search/\?q=herons$"))
    visitor.context.close()
