"""The chart in a real browser: drawn when it is seen, by a page that allows no inline style, and never in anybody's way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from claims import boards
from claims.models import Benchmark, Result
from claims.terms import CostMeasure
from tests import factories as make
from tests.leaderboard.test_browser import SCREENSHOTS, Visitor, browser, visit, wait_until

__all__ = ["browser"]  # the fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIBRARY, DATA = "plotly.min.js", "chart.json"
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(1400, "light"), (1400, "dark"), (360, "light"), (360, "dark")]


def make_charted_board(rows: int = 24) -> Benchmark:
    """Return a board with own and imported rows; the names of some would cover each other."""
    benchmark = make.make_board(rows)
    for number, result in enumerate(Result.objects.filter(benchmark=benchmark).order_by("pk")[:3]):
        assert result.paper is not None
        make.make_cost("It", paper=result.paper, result=result, measure=CostMeasure.FLOPS, value=(number + 1) * 1e9)
    for number in range(20):
        cost = {CostMeasure.PARAMETERS: (number * 7 % 20 + 1) * 7e6}
        make.make_imported_row(benchmark, f"imported_model_{number}", f"{58 + number * 0.9:.1f}", cost)
    return benchmark


def ask(visitor: Visitor) -> list[str]:
    """Return a list that the names of what the page fetches are added to."""
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    return asked


def see_chart(page: Page) -> None:
    page.locator(".chart__stage").scroll_into_view_if_needed()
    page.locator(".chart__stage.is-drawn").wait_for()


def point_of(page: Page, row: str) -> tuple[float, float]:
    """Return where a row's point is on the screen."""
    place: list[float] | None = page.evaluate(
        """id => {
            const plot = document.querySelector('.chart__plot'), box = plot.getBoundingClientRect(), full = plot._fullLayout;
            for (const trace of plot._fullData) {
                const i = (trace.ids || []).indexOf(id);
                if (i >= 0) return [box.left + full.xaxis._offset + full.xaxis.d2p(trace.x[i]),
                                    box.top + full.yaxis._offset + full.yaxis.d2p(trace.y[i])];
            }
            return null;
        }""",
        row,
    )
    assert place is not None
    return place[0], place[1]


def test_chart_is_fetched_and_drawn_when_it_comes_into_view(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    asked = ask(visitor)
    visitor.page.set_viewport_size({"width": 1400, "height": 200})
    page = visitor.go(benchmark.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if LIBRARY in url or DATA in url] == []
    see_chart(page)
    assert sum(LIBRARY in url for url in asked) == sum(DATA in url for url in asked) == 1
    assert page.locator(".scatterlayer .point").count() == 44
    expect(page.get_by_role("img", name=re.compile("Top-1 accuracy against parameters: a chart of 44.rows"))).to_be_visible()
    assert page.locator("style").count() == 0
    visitor.context.close()
    assert visitor.faults == []


def test_hovering_tells_the_name_and_a_click_goes_to_the_row(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    row = Result.objects.get(benchmark=benchmark, model_name="imported_model_19")
    x, y = point_of(page, row.public_id)
    page.mouse.move(x + 30, y + 30)
    page.mouse.move(x, y)
    label = page.locator(".hoverlayer .hovertext")
    expect(label).to_contain_text("imported_model_19")
    expect(label).to_contain_text("Top-1 accuracy: 75.1 %")
    expect(label).to_contain_text("on the front")
    page.mouse.click(x, y)
    expect(page.locator(f"#row-{row.public_id}")).to_be_focused()
    expect(page.locator(f"#row-{row.public_id}")).to_be_in_viewport()
    assert page.url.endswith(f"#row-{row.public_id}")
    assert page.evaluate("document.querySelector(':target').id") == f"row-{row.public_id}"
    visitor.context.close()
    assert visitor.faults == []


def test_a_click_goes_to_a_row_of_another_page(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board(rows=60)
    visitor = visit(browser, live_server)
    page = visitor.go(f"{benchmark.get_absolute_url()}?cost=parameters&role=all&page=1")
    see_chart(page)
    row = Result.objects.get(benchmark=benchmark, model_name="SampleNet-0")
    assert page.locator(f"#row-{row.public_id}").count() == 0
    page.mouse.click(*point_of(page, row.public_id))
    page.wait_for_url("**open=**")
    assert page.url.endswith(f"?cost=parameters&role=all&open={row.public_id}#row-{row.public_id}")
    expect(page.locator(f"#row-{row.public_id}")).to_be_visible()
    expect(page.locator(f"#detail-{row.public_id}")).to_be_visible()
    visitor.context.close()
    assert visitor.faults == []


def test_another_cost_is_drawn_and_marked(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.go(f"{benchmark.get_absolute_url()}?sort=model")
    page.get_by_role("navigation", name="Cost").get_by_role("link", name="FLOPs").press("Enter")
    page.wait_for_url("**cost=flops**")
    assert "sort=model" in page.url
    see_chart(page)
    assert page.locator(".scatterlayer .point").count() == 3
    expect(page.get_by_role("heading", name="Top-1 accuracy against FLOPs")).to_be_visible()
    assert page.locator("table.board .onfront").count() == 3
    visitor.context.close()
    assert visitor.faults == []


def test_chart_takes_the_colours_of_the_page(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    page.emulate_media(color_scheme="light")
    visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    light, dark = "rgb(11, 106, 76)", "rgb(99, 200, 159)"
    lines = page.locator(".chart__plot .js-line").last
    expect(lines).to_have_css("stroke", light)
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(lines).to_have_css("stroke", dark)
    expect(page.locator(".chart__plot .main-svg").first).to_have_css("background-color", "rgb(21, 27, 24)")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(lines).to_have_css("stroke", light)
    page.evaluate("delete document.documentElement.dataset.theme")
    page.emulate_media(color_scheme="dark")
    expect(lines).to_have_css("stroke", dark)
    visitor.context.close()
    assert visitor.faults == []


def test_names_cover_nothing_and_the_chart_fits(browser: Browser, live_server: LiveServer) -> None:
    """At every width, light and dark: nothing sticks out, axe finds nothing, no name lies on another or sticks out."""
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        visitor.go(benchmark.get_absolute_url())
        see_chart(page)
        page.locator(".chart").screenshot(path=SCREENSHOTS / f"chart-{width}-{scheme}.png")
        page.locator("details.chart__table summary").click()
        wide, there = visitor.width()
        assert wide <= there, width
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        boxes: list[dict[str, float]] = page.evaluate(
            "[...document.querySelectorAll('.chart__plot .annotation-text')].map(text => text.getBoundingClientRect().toJSON())"
        )
        names = boxes[2:]  # after the axes' titles
        assert 1 <= len(names) <= (10 if width == 1400 else 4)
        for place, one in enumerate(names):
            assert one["left"] >= 0
            assert one["right"] <= width
            for other in names[:place]:
                apart = one["right"] <= other["left"] or other["right"] <= one["left"]
                assert apart or one["bottom"] <= other["top"] + 2 or other["bottom"] <= one["top"] + 2
    visitor.context.close()
    assert visitor.faults == []


def test_chart_follows_the_width_of_the_window(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    page.set_viewport_size({"width": 360, "height": 900})
    wait_until(page, "document.querySelector('.chart__plot .main-svg').clientWidth < 340")
    wide, there = visitor.width()
    assert wide <= there
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize("fault", ["library", "data", "refused"])
def test_chart_that_fails_says_so_shows_the_table_and_tries_again(browser: Browser, live_server: LiveServer, fault: str) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    broken: dict[str, tuple[str, Callable[[Route], Any], str]] = {
        "library": (f"**/{LIBRARY}", lambda route: route.abort(), "Its library could not be loaded."),
        "data": (f"**/{DATA}*", lambda route: route.abort(), "The site did not answer."),
        "refused": (f"**/{DATA}*", lambda route: route.fulfill(status=503), "The site answered 503."),
    }
    address, answer, reason = broken[fault]
    page.route(address, answer)
    visitor.go(benchmark.get_absolute_url())
    page.locator(".chart__stage").scroll_into_view_if_needed()
    expect(page.locator(".chart__word")).to_contain_text(f"The chart was not drawn. {reason} Its numbers stand in the table below.")
    expect(page.locator("table.points")).to_be_visible()
    page.unroute(address)
    page.get_by_role("button", name="Try again").click()
    page.locator(".chart__stage.is-drawn").wait_for()
    expect(page.locator(".chart__word")).to_be_hidden()
    visitor.context.close()


def test_table_leads_to_the_rows(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    expect(page.locator("table.points")).to_be_hidden()
    page.locator("details.chart__table summary").press("Enter")
    link = page.locator("table.points a").first
    row = link.get_attribute("data-row")
    link.press("Enter")
    expect(page.locator(f"#row-{row}")).to_be_focused()
    visitor.context.close()
    assert visitor.faults == []


def test_chart_is_a_table_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server, script=False)
    asked = ask(visitor)
    page = visitor.go(benchmark.get_absolute_url())
    expect(page.locator("table.points")).to_be_visible()
    expect(page.locator(".chart__stage")).to_be_hidden()
    tradeoff = boards.read_board(benchmark, {}).tradeoff
    assert tradeoff is not None
    assert page.locator("table.points tbody tr").count() == len(tradeoff.listed) >= len(tradeoff.front) > 10
    page.get_by_role("navigation", name="Cost").get_by_role("link", name="FLOPs").click()
    assert "cost=flops" in page.url
    assert page.locator("table.points tbody tr").count() == 3
    page.locator("table.points a").first.click()
    expect(page.locator("tr.detailrow blockquote mark").first).to_be_visible()
    assert "#row-" in page.url
    assert [url for url in asked if LIBRARY in url or DATA in url] == []
    visitor.context.close()


def test_names_of_papers_are_no_markup(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make.make_benchmark()
    name = "<a href='javascript:alert(1)'>x</a>"
    row = make.make_imported_row(benchmark, name, "80.0", {CostMeasure.PARAMETERS: 5e6}, variant="<b>%{x}&amp;")
    make.make_imported_row(benchmark, "Other", "81.0", {CostMeasure.PARAMETERS: 6e6})
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    x, y = point_of(page, row.public_id)
    page.mouse.move(x + 30, y + 30)
    page.mouse.move(x, y)
    expect(page.locator(".hoverlayer .hovertext")).to_contain_text(f"{name} <b>%{{x}}&amp;")
    assert page.locator(".chart__plot a").count() == 0
    visitor.context.close()
    assert visitor.faults == []
