"""A board in a real browser: everything a reader chooses, with and without script, narrow and wide, by keys alone, in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from claims.models import Benchmark, Result
from claims.services import ingest, storage
from claims.terms import CostMeasure
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.leaderboard.test_browser import (
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    Visitor,
    find_barriers,
    go_back,
    make_rich_board,
    visit,
    wait_until,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _leave(browser: Browser) -> Iterator[None]:
    """Close what a test has opened: a page that is left open goes on to take time and memory."""
    yield
    for context in browser.contexts:
        context.close()


SETTING = [(True, 1400), (True, 360), (False, 1400), (False, 360)]


def make_disputed_board() -> Benchmark:
    """Return a rich board in which one model's number is contradicted, and some rows are on other terms."""
    benchmark = make_rich_board()
    for number, model in (("81.9%", "Twin"), ("80.2%", "Twin"), ("61.1%", "Shotless"), ("62.2%", "Shotless too")):
        day = date(2019, 5, 1) if number == "80.2%" else date(2021, 7, 1)
        paper = make.make_paper(f"{model} at {number}", abstract=f"Here {model} comes to {number} top-1 accuracy.", day=day)
        conditions = [("shots", "0", "zero-shot")] if model.startswith("Shot") else []
        row = make.make_result(benchmark, paper, model, conditions=conditions)
        make.make_claim(number, result=row, paper=paper, model=model)
    twins = Result.objects.filter(model_name="Twin")
    twins.update(ml_model=twins[0].ml_model)
    return benchmark


def rows_of(page: Page) -> list[str]:
    return page.locator("tr[id^='row-'] .model").all_inner_texts()


def assert_fits(visitor: Visitor) -> None:
    wide, there = visitor.width()
    assert wide <= there, f"{visitor.page.url} is {wide} wide, the window {there}"
    assert visitor.faults == []


def submit(page: Page, *, script: bool) -> None:
    """Send the filters' form, as a reader without script has to."""
    if not script:
        page.get_by_role("button", name="Apply").click()


@pytest.mark.parametrize(("script", "width"), SETTING)
def test_reader_chooses_what_the_board_shows(browser: Browser, live_server: LiveServer, script: bool, width: int) -> None:
    benchmark = make_disputed_board()
    visitor = visit(browser, live_server, script=script)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    page = visitor.go(benchmark.get_absolute_url())
    everything = rows_of(page)
    assert_fits(visitor)

    # sort
    chips = page.locator(".others--narrow, .board thead").filter(visible=True).first
    chips.get_by_role("link", name="Date").click()
    page.wait_for_url("**sort=-date**")
    assert everything.index("Twin") < everything.index("SampleNet-7")
    assert rows_of(page).index("Twin") > rows_of(page).index("SampleNet-7")
    assert sorted(rows_of(page)) == sorted(everything)
    assert_fits(visitor)

    # facet, and back
    page.get_by_role("link", name="zero-shot").click()
    expect(page.locator("#results h2")).to_contain_text("2\u00a0results")
    assert_fits(visitor)
    go_back(page)
    expect(page.locator("#results h2")).to_contain_text(f"{len(everything)}\u00a0results")

    # like for like
    page.get_by_role("switch", name="Like for like").check()
    submit(page, script=script)
    expect(page.locator(".filters__said")).to_contain_text("Like for like keeps the most common terms")
    assert "Shotless" not in rows_of(page)
    assert "like=1" in page.url
    assert_fits(visitor)

    # columns
    page.locator(".menu > summary").click()
    page.locator(".menu__box").get_by_label("FID").check()
    page.locator(".menu__box").get_by_label("Parameters").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator("th", has_text="FID")).to_have_count(1)
    expect(page.locator(".board--cards th", has_text="Parameters")).to_have_count(0)
    assert "like=1" in page.url
    assert_fits(visitor)

    # density
    page.get_by_role("link", name="Dense").click()
    expect(page.locator("[data-density='dense']")).to_have_count(1)
    assert_fits(visitor)

    # time travel
    page = visitor.go(benchmark.get_absolute_url())
    page.get_by_label("As of", exact=True).fill("2020-01-01")
    if script:
        page.get_by_label("As of", exact=True).dispatch_event("change")
    submit(page, script=script)
    expect(page.locator(".facts")).to_contain_text("as of 1 Jan 2020")
    assert rows_of(page) == ["Twin"]
    assert_fits(visitor)

    # a conflict, with both sentences
    page = visitor.go(benchmark.get_absolute_url())
    page.get_by_role("link", name="1 conflict").click()
    expect(page.locator("#results h2")).to_contain_text("2\u00a0results")
    page.locator("tr[id^='row-'] a.conflict").first.click()
    page.locator(".split").wait_for()
    expect(page.locator(".split")).to_contain_text("Here Twin comes to 81.9% top-1 accuracy.")
    expect(page.locator(".split")).to_contain_text("Here Twin comes to 80.2% top-1 accuracy.")
    expect(page.locator(".split")).to_contain_text("Spread 1.7")
    assert_fits(visitor)

    # side by side
    page.locator("tr[id^='row-'] .c-pick input").nth(0).check()
    page.locator("tr[id^='row-'] .c-pick input").nth(1).check()
    page.locator("#compare button").click()
    page.get_by_role("heading", name="Side by side").wait_for()
    expect(page.locator("table.beside thead .model")).to_have_count(2)
    assert_fits(visitor)

    # search
    page = visitor.go(benchmark.get_absolute_url())
    if width == 360:
        page.get_by_role("link", name="Search").click()
        field = page.locator("main input[type=search]")
    else:
        field = page.locator("header input[type=search]")
    field.fill("imagnet")
    field.press("Enter")
    expect(page.locator("main")).to_contain_text("ImageNet-1K")
    assert_fits(visitor)


def test_card_of_a_row_keeps_its_numbers_on_their_lines_and_a_short_page_its_foot_at_the_bottom(
    browser: Browser, live_server: LiveServer
) -> None:
    """On a narrow screen: the mark of a conflict beside its number, a date in one line, two short labels side by side."""
    board = make.make_benchmark()
    paper = make.make_paper(
        "On Net", abstract="Net reaches 84.8%, and 97.1% in five, with 21M parameters and 4.5G MACs.", day=date(2022, 12, 29)
    )
    row = make.make_result(board, paper, "Net")
    make.make_claim("84.8%", result=row, paper=paper, model="Net")
    rival = make.make_result(board, make.make_paper("On Net again", abstract="Net reaches 86.5%."), "Net", ml_model=row.ml_model)
    make.make_claim("86.5%", result=rival, paper=rival.paper, model="Net")
    make.make_cost("21M", paper=paper, result=row, value=21e6)
    make.make_cost("4.5G", paper=paper, result=row, value=4.5e9, measure=CostMeasure.MACS, condition="RTX 5090, AMP")
    make.make_claim("97.1%", result=row, paper=paper, model="Net", metric=make.add_metric(board, make.make_metric("Top-5 accuracy")))
    visitor = visit(browser, live_server, script=False)
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    page = visitor.go(board.get_absolute_url())
    places = page.evaluate(
        """() => Object.fromEntries(Object.entries({
            mark: "tr:has([data-label]) .conflict", number: "tr:has([data-label]) .c-main .num", date: "tr:has([data-label]) .c-date",
            five: "td[data-label='Top-5 accuracy, %']", size: "td[data-label='Parameters, million']", work: "td[data-label='MACs, billion']",
        }).map(([name, selector]) => {
            const place = document.querySelector(selector).getBoundingClientRect();
            return [name, [place.top, place.bottom, place.height]];
        }))"""
    )
    assert abs(sum(places["mark"][:2]) - sum(places["number"][:2])) < 20
    assert places["date"][2] < 25
    assert len({places[name][0] for name in ("five", "size", "work")}) == 2, "two of them stand beside each other"
    assert max(places[name][2] for name in ("five", "size", "work")) < 48
    visitor.page.set_viewport_size({"width": 1400, "height": 900})
    page = visitor.go("/login/")
    assert page.evaluate("document.querySelector('footer').getBoundingClientRect().bottom") == 900
    visitor.context.close()


def test_filters_change_the_board_without_loading_the_page_and_back_undoes_them(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_disputed_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    wait_until(page, "window.htmx !== undefined")
    page.evaluate("window.stayed = true")
    page.get_by_role("switch", name="Like for like").check()
    expect(page.locator("#board-said")).to_have_text("10\u00a0results")
    page.get_by_role("link", name="FLOPs").first.click()
    expect(page.locator(".chart h2")).to_contain_text("FLOPs")
    wait_until(page, "document.activeElement.textContent.includes('FLOPs')")  # the last thing that a change does
    page.locator(".board thead").get_by_role("link", name="Model").click()
    page.wait_for_url("**sort=model**")
    assert page.evaluate("window.stayed") is True
    assert "like=1" in page.url
    wait_until(page, "document.activeElement.textContent === 'Model'")  # what was clicked stays at hand
    go_back(page)
    expect(page).to_have_url(re.compile(r"cost=flops(?!.*sort)"))
    expect(page.locator(".chart h2")).to_contain_text("FLOPs")
    expect(page.locator("#results h2")).to_contain_text("10\u00a0results")
    assert visitor.faults == []


def test_filtered_board_draws_its_chart_anew(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_disputed_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    page.locator(".chart__stage").scroll_into_view_if_needed()
    page.locator(".chart__stage.is-drawn").wait_for()
    page.get_by_label("Model", exact=True).fill("SampleNet-1")
    page.get_by_label("Model", exact=True).press("Enter")
    expect(page.locator("#results h2")).to_contain_text("1\u00a0result")
    page.locator(".chart__stage").scroll_into_view_if_needed()
    page.locator(".chart__stage.is-drawn").wait_for()
    drawn = page.evaluate("document.querySelector('.chart__plot')._fullData.reduce((n, t) => n + (t.ids || []).length, 0)")
    assert drawn == 1
    assert visitor.faults == []


def test_rows_are_copied_as_latex(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_rich_board()
    visitor = visit(browser, live_server)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go(benchmark.get_absolute_url())
    page.get_by_role("link", name="LaTeX").click()
    expect(page.locator("#board-said")).to_have_text("Copied as LaTeX")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "\\toprule" in copied
    assert "\\textbf{88.0}" in copied
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#board-said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("Claimboard. Image Classification on ImageNet-1K, version")
    assert visitor.faults == []


def test_rows_are_gone_through_opened_and_ticked_by_keys(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_rich_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.is-current .model")).to_have_text(rows_of(page)[1])
    page.keyboard.press("o")
    page.locator("tr.is-current + tr.detailrow").wait_for()
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("[data-ticked]")).to_have_text("2 rows")
    page.locator("#f-model").fill("j")
    assert page.locator("#f-model").input_value() == "j"
    page.keyboard.press("Escape")
    assert visitor.faults == []


def test_ticks_stay_while_the_rows_change(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_disputed_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    wait_until(page, "window.htmx !== undefined")
    page.locator("tr", has_text="SampleNet-0").locator(".c-pick input").check()
    page.get_by_role("link", name="zero-shot").click()
    expect(page.locator("#results h2")).to_contain_text("2\u00a0results")
    page.locator("tr[id^='row-'] .c-pick input").first.check()
    page.locator("#compare button").click()
    expect(page.locator("table.beside thead .model")).to_have_count(2)
    expect(page.locator("table.beside thead")).to_contain_text("SampleNet-0")


@pytest.mark.parametrize("width", [1400, 360])
def test_open_board_has_no_barrier(browser: Browser, live_server: LiveServer, width: int) -> None:
    benchmark = make_disputed_board()
    row = Result.objects.filter(model_name="Twin")[0]
    visitor = visit(browser, live_server)
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark") if width == 1400 else ("dark", "light")
    other = Result.objects.filter(model_name="SampleNet-1")[0]
    for name, path in (
        ("open", f"{benchmark.get_absolute_url()}?open={row.public_id}&like=1&as_of=2026-01-01&max_parameters=300M"),
        ("conflict", f"{benchmark.get_absolute_url()}?open={row.public_id}"),
        ("compare", f"/sota/{benchmark.slug}/compare/?row={row.public_id}&row={other.public_id}"),
        ("nothing", f"{benchmark.get_absolute_url()}?model=nothing+of+this+name"),
    ):
        for theme in themes:
            page = visitor.look(path, width, theme)
            for summary in page.locator("main details > summary").all():
                if summary.is_visible() and summary.evaluate("each => !each.parentElement.open"):
                    summary.evaluate("each => { each.parentElement.open = true; }")
            assert find_barriers(page) == "", (name, theme)
            assert_fits(visitor)
            if SCREENSHOTS_WANTED:
                page.screenshot(path=SCREENSHOTS / f"board-{name}-{width}-{theme}.png", full_page=True)


@pytest.mark.shared
def test_board_of_all_image_models_does_all_of_that(browser: Browser, live_server: LiveServer, shared_dir: Path) -> None:
    load_catalogue()
    for path in sorted((shared_dir / "imports/timm").glob("*.csv")):
        with path.open("rb") as file:
            listing, _ = storage.store_upload(file, name=path.name, actor="test")
        assert ingest.ingest_in_foreground(listing).state == "done"
    visitor = visit(browser, live_server)
    page = visitor.go("/sota/image-classification-on-imagenet-1k/")
    expect(page.locator("#results h2")).to_contain_text("1,556\u00a0results")
    chip = page.get_by_role("link", name="384 × 384")
    counted = chip.locator("b").inner_text()
    chip.click()
    expect(page.locator("#results h2")).to_contain_text(f"{counted}\u00a0results")
    page.get_by_label("Parameters to").fill("30M")
    page.get_by_label("Parameters to").press("Enter")
    expect(page.locator(".filters__said")).to_contain_text("Parameters at most 30\u00a0M:")
    page.locator(".chart__stage").scroll_into_view_if_needed()
    page.locator(".chart__stage.is-drawn").wait_for()
    page.locator(".menu > summary").click()
    page.locator(".menu__box").get_by_label("Throughput, RTX 5090, AMP").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".board--cards th", has_text="Throughput")).to_have_count(0)
    page.locator("tr[id^='row-'] .c-pick input").nth(0).check()
    page.locator("tr[id^='row-'] .c-pick input").nth(1).check()
    page.locator("#compare button").click()
    expect(page.locator("table.beside thead .model")).to_have_count(2)
    assert_fits(visitor)
    for chart in ("families", "tradeoff"):
        page = visitor.go(f"/sota/image-classification-on-imagenet-1k/?chart={chart}&colour=family")
        page.locator(".chart__stage").scroll_into_view_if_needed()
        page.locator(".chart__stage.is-drawn").wait_for()
        assert_fits(visitor)
    page.get_by_label("Model", exact=True).fill("convnext")
    page.get_by_label("Model", exact=True).press("Enter")
    expect(page.locator("#results h2")).to_contain_text("with these filters")
    page.locator(".chart__stage").scroll_into_view_if_needed()
    page.locator(".chart__stage.is-drawn").wait_for()
    assert_fits(visitor)
