"""The chart in a real browser: drawn when it is seen, by a page that allows no inline style, and never in anybody's way."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from claims import boards
from claims.models import Benchmark, Result
from claims.terms import CostMeasure
from tests import factories as make
from tests.leaderboard.test_browser import SCREENSHOTS, SCREENSHOTS_WANTED, Visitor, find_barriers, go_back, visit, wait_until

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


def make_crowded_board(rows: int = 1556) -> Benchmark:
    """Return a board of as many rows as there are image models, most of them of one import."""
    benchmark = make.make_board(24)
    chance = random.Random(7)  # noqa: S311 - the same crowd every time
    crowd = []
    for number in range(rows - 24):
        cost = 10 ** chance.gauss(7.5, 0.55)
        score = 60 + 9 * min(3.0, max(0.0, math.log10(cost) - 6)) - abs(chance.gauss(0, 4))
        crowd.append((f"crowd_net_{number}", score, cost))
    make.make_crowd(benchmark, crowd)
    return benchmark


def give_days(benchmark: Benchmark) -> None:
    """Let each imported row have a day, the same each time."""
    chance = random.Random(11)  # noqa: S311 - the same days every time
    rows = list(Result.objects.filter(benchmark=benchmark, paper=None))
    for row in rows:
        row.stated_day = date(2015, 1, 1) + timedelta(days=int(chance.random() * 3600))
    Result.objects.bulk_update(rows, ["stated_day"], batch_size=500)


def make_sibling_board() -> Benchmark:
    """Return a board of dated papers and of families of models of several sizes, one of them with a long name."""
    benchmark = make_charted_board(6)
    for place, family in enumerate(("convnext", "swin", "ViT", "ANameThatGoesOnAndOnWithoutAnySpace", "deit3")):
        for number, size in enumerate(("tiny", "small", "base", "large")):
            cost = {CostMeasure.PARAMETERS: (8e6 + place * 3e6) * 3**number, CostMeasure.FLOPS: (1 + place) * 5e9 * 2**number}
            make.make_imported_row(benchmark, f"{family}_{size}", f"{74 + place * 1.3 + number * 2.1:.1f}", cost)
    for number in range(9):
        paper = make.make_paper(f"Dated {number}", abstract=f"It reaches {66 + number * 2}.5%.", day=date(2014 + number, 5, 3))
        row = make.make_result(benchmark, paper, f"DatedNet-{number}")
        make.make_claim(f"{66 + number * 2}.5%", result=row, paper=paper, model=f"DatedNet-{number}")
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


def ranges(page: Page) -> tuple[list[float], list[float]]:
    """Return what the axes show, once the chart has come to rest; on a logarithmic axis in powers of ten."""
    page.wait_for_timeout(100)
    wait_until(page, "!document.querySelector('.chart__stage').matches('.is-moving')")
    page.wait_for_timeout(250)
    cost, value = page.evaluate(
        "(() => { const {xaxis, yaxis} = document.querySelector('.chart__plot').layout; return [xaxis.range, yaxis.range]; })()"
    )
    return cost, value


def length(range_: list[float]) -> float:
    return range_[1] - range_[0]


def names_of(page: Page) -> list[dict[str, Any]]:
    """Return the names that stand in the chart: their text, where their points are and where they themselves are."""
    names: list[dict[str, Any]] = page.evaluate(
        """(() => {
            const names = document.querySelector('.chart__plot').layout.annotations.filter(each => each.name);
            const drawn = [...document.querySelectorAll('.chart__plot .annotation-text')].slice(2);
            return names.map((each, i) => ({text: each.text, x: each.x, y: each.y, box: drawn[i].getBoundingClientRect().toJSON()}));
        })()"""
    )
    return names


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
    assert page.locator(".chart__points").get_attribute("data-points") == "44"
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
    assert page.locator(".chart__points").get_attribute("data-points") == "3"
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
        if SCREENSHOTS_WANTED:
            page.locator(".chart").screenshot(path=SCREENSHOTS / f"chart-{width}-{scheme}.png")
        page.locator("details.chart__table summary").click()
        wide, there = visitor.width()
        assert wide <= there, width
        assert find_barriers(page) == ""
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
    expect(page).to_have_url(re.compile("cost=flops"))
    expect(page.locator("table.points tbody tr")).to_have_count(3)
    page.locator("table.points a").first.click()
    expect(page.locator("tr.detailrow blockquote mark").first).to_be_visible()
    expect(page).to_have_url(re.compile("#row-"))
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


LONGEST_TASK = 200
"""In milliseconds; what takes longer is felt as a stutter."""
WATCH_TASKS = """
    window.longTasks = [];
    new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(entry => Math.round(entry.duration))))
        .observe({type: 'longtask', buffered: true});
"""


def pan_and_zoom(page: Page) -> None:
    """Move in the whole chart by wheel, mouse, keys and buttons; each way is undone by a reset."""
    whole = ranges(page)
    box = page.locator(".chart__plot").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(20)
    page.keyboard.up("Control")
    zoomed = ranges(page)
    assert [length(now) < length(before) / 3 for now, before in zip(zoomed, whole, strict=True)] == [True, True]
    page.mouse.down()
    page.mouse.move(x + 200, y + 60, steps=40)
    page.mouse.move(x - 100, y + 20, steps=40)
    page.mouse.up()
    moved = ranges(page)
    assert (length(moved[0]), length(moved[1])) == pytest.approx((length(zoomed[0]), length(zoomed[1])))
    assert moved[0][0] > zoomed[0][0]
    assert moved[1][0] > zoomed[1][0]
    assert "#" not in page.url, "a drag is no click"
    page.mouse.dblclick(box["x"] + 400, box["y"] + 8)  # above the axes, where no point is
    assert ranges(page) == whole

    page.locator(".chart__plot").focus()
    for key in ("+", "+", "+", "-", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    keyed = ranges(page)
    assert length(keyed[0]) == pytest.approx(length(whole[0]) / 1.5**2)
    assert sum(keyed[0]) < sum(whole[0])
    assert sum(keyed[1]) > sum(whole[1])
    expect(page.locator(".chart__said")).to_contain_text("Shown: ")
    page.keyboard.press("0")
    assert ranges(page) == whole

    buttons = page.get_by_role("group", name="Zoom")
    expect(buttons.get_by_role("button", name="Reset")).to_have_attribute("aria-disabled", "true")
    for name in ("Zoom in", "Zoom in", "Zoom out", "Zoom in"):
        buttons.get_by_role("button", name=name).click()
    assert length(ranges(page)[1]) == pytest.approx(length(whole[1]) / 1.5**2)
    buttons.get_by_role("button", name="Reset").press("Enter")
    assert ranges(page) == whole
    expect(page.locator(".chart__said")).to_have_text("The whole chart is shown.")


def test_crowded_chart_pans_and_zooms_fluidly(browser: Browser, live_server: LiveServer) -> None:
    """By all gestures, with all its points."""
    benchmark = make_crowded_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    page.add_init_script(WATCH_TASKS)
    visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    assert page.locator(".chart__points").get_attribute("data-points") == "1556"
    longest = []
    for _ in range(3):  # work of others on the machine makes a task long, too, but not each time
        page.evaluate("window.longTasks.length = 0")
        pan_and_zoom(page)
        longest.append(max(page.evaluate("window.longTasks"), default=0))
        if longest[-1] <= LONGEST_TASK:
            break
    assert min(longest) <= LONGEST_TASK, f"the longest tasks of {len(longest)} rounds, in ms: {longest}"
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize("query", ["chart=tradeoff", "chart=time", "colour=family&size=flops"])
def test_chart_of_five_thousand_points_stays_fluid(browser: Browser, live_server: LiveServer, query: str) -> None:
    benchmark = make_crowded_board(5000)
    give_days(benchmark)
    visitor = visit(browser, live_server)
    page = visitor.page
    page.add_init_script(WATCH_TASKS)
    visitor.go(f"{benchmark.get_absolute_url()}?{query}")
    see_chart(page)
    assert page.locator(".chart__points").get_attribute("data-points") == "5000"
    longest = []
    for _ in range(3):  # as above
        page.evaluate("window.longTasks.length = 0")
        pan_and_zoom(page)
        longest.append(max(page.evaluate("window.longTasks"), default=0))
        if longest[-1] <= LONGEST_TASK:
            break
    assert min(longest) <= LONGEST_TASK, f"the longest tasks of {len(longest)} rounds, in ms: {longest}"
    visitor.context.close()
    assert visitor.faults == []


def test_part_of_a_chart_has_ticks_names_and_rows(browser: Browser, live_server: LiveServer) -> None:
    """At every width, light and dark, and after the colours were switched."""
    benchmark = make_crowded_board(200)
    visitor = visit(browser, live_server)
    page = visitor.page
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        visitor.go(benchmark.get_absolute_url())
        see_chart(page)
        whole_names = {name["text"] for name in names_of(page)}
        page.locator(".chart__plot").focus()
        for step in range(8):
            page.keyboard.press("+")
            if step % 4 == 3:
                (left, right), (bottom, top) = ranges(page)
                ticks = page.evaluate("document.querySelector('.chart__plot').layout.xaxis.tickvals")
                assert 2 <= len(ticks) <= 9
                assert all(left <= math.log10(tick) <= right for tick in ticks)
                assert page.locator(".chart__plot .xtick text").count() == len(ticks)
                assert page.locator(".chart__plot .ytick text").count() >= 2
        (left, right), (bottom, top) = ranges(page)
        names = names_of(page)
        assert names
        assert {name["text"] for name in names} != whole_names
        for place, name in enumerate(names):
            assert left <= name["x"] <= right
            assert bottom <= name["y"] <= top
            one = name["box"]
            for other in (name["box"] for name in names[:place]):
                apart = one["right"] <= other["left"] or other["right"] <= one["left"]
                assert apart or one["bottom"] <= other["top"] + 2 or other["bottom"] <= one["top"] + 2
        if SCREENSHOTS_WANTED:
            page.locator(".chart").screenshot(path=SCREENSHOTS / f"chart-part-{width}-{scheme}.png")
        wide, there = visitor.width()
        assert wide <= there, width
        before = ranges(page)
        page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
        assert ranges(page) == before
    row = page.evaluate("document.querySelector('.chart__plot').layout.annotations.find(each => each.name).name")
    page.mouse.move(*point_of(page, row))
    expect(page.locator(".hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(*point_of(page, row))
    page.wait_for_url(f"**#row-{row}")
    visitor.context.close()
    assert visitor.faults == []


def test_chart_leaves_scrolling_to_the_page(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    page.set_viewport_size({"width": 1400, "height": 700})
    visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    whole, before = ranges(page), page.evaluate("scrollY")
    box = page.locator(".chart__plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.wheel(0, 150)
    wait_until(page, f"scrollY >= {before} + 100")
    assert ranges(page) == whole
    visitor.context.close()
    assert visitor.faults == []


def test_two_fingers_zoom_and_one_scrolls(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_charted_board()
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="reduce")
    visitor = Visitor(context, live_server.url)
    page = visitor.go(benchmark.get_absolute_url())
    see_chart(page)
    page.locator(".chart__plot").evaluate("plot => plot.scrollIntoView({block: 'center'})")
    wide, there = visitor.width()
    assert wide <= there
    box = page.locator(".chart__plot").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        fingers.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]}
        )

    whole, before = ranges(page), page.evaluate("scrollY")
    touch("touchStart", (x - 20, y - 20), (x + 20, y + 20))
    for step in range(1, 8):
        touch("touchMove", (x - 20 - 10 * step, y - 20 - 10 * step), (x + 20 + 10 * step, y + 20 + 10 * step))
    touch("touchEnd")
    zoomed = ranges(page)
    assert length(zoomed[0]) < length(whole[0]) / 2
    assert length(zoomed[1]) < length(whole[1]) / 2
    assert page.evaluate("scrollY") == before
    touch("touchStart", (x, y))
    for step in range(1, 8):
        touch("touchMove", (x + 10 * step, y))
    touch("touchEnd")
    moved = ranges(page)
    assert moved[0][0] < zoomed[0][0], "one finger to the side moves a part of the chart"
    assert page.evaluate("scrollY") == before
    touch("touchStart", (x, y))
    for step in range(1, 8):
        touch("touchMove", (x, y - 15 * step))
        page.wait_for_timeout(16)
    touch("touchEnd")
    wait_until(page, f"scrollY > {before} + 50")
    assert ranges(page) == moved
    context.close()
    assert visitor.faults == []


# ---- the other charts ----

CHARTS = ["chart=time", "chart=families", "colour=family&size=flops", "chart=time&colour=family&size=parameters"]


@pytest.mark.parametrize("query", CHARTS)
def test_every_chart_fits_in_both_themes(browser: Browser, live_server: LiveServer, query: str) -> None:
    """Wide and narrow, light and dark: nothing sticks out, axe finds nothing, with the table open."""
    benchmark = make_sibling_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        visitor.go(f"{benchmark.get_absolute_url()}?{query}")
        see_chart(page)
        page.locator("details.chart__table summary").click()
        if SCREENSHOTS_WANTED:
            page.locator(".chart").screenshot(path=SCREENSHOTS / f"chart-{re.sub(r'[^a-z]+', '-', query)}-{width}-{scheme}.png")
        wide, there = visitor.width()
        assert wide <= there, width
        assert find_barriers(page) == ""
        drawn = page.locator(".chart__plot > .plot-container .main-svg").first.bounding_box()
        box = page.locator(".chart__plot").bounding_box()
        assert drawn is not None
        assert box is not None
        assert (drawn["width"], drawn["height"]) == (box["width"], box["height"])
    visitor.context.close()
    assert visitor.faults == []


def test_records_are_drawn_named_and_lead_to_their_rows(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_sibling_board()
    visitor = visit(browser, live_server)
    page = visitor.go(f"{benchmark.get_absolute_url()}?sort=model")
    page.get_by_role("navigation", name="Chart", exact=True).get_by_role("link", name="Over time").press("Enter")
    page.wait_for_url("**chart=time**")
    assert "sort=model" in page.url
    expect(page.get_by_role("link", name="Over time")).to_have_attribute("aria-current", "true")
    see_chart(page)
    assert page.locator(".chart__points").get_attribute("data-points") == "15"
    assert {"DatedNet-8", "DatedNet-0"} <= {name["text"] for name in names_of(page)}
    row = Result.objects.get(benchmark=benchmark, model_name="DatedNet-8")
    x, y = point_of(page, row.public_id)
    page.mouse.move(x + 30, y + 30)
    page.mouse.move(x, y)
    expect(page.locator(".hoverlayer .hovertext")).to_contain_text("3 May 2022set the record")
    page.mouse.click(x, y)
    page.wait_for_url(f"**#row-{row.public_id}")
    expect(page.locator(f"#row-{row.public_id}")).to_be_focused()
    go_back(page)
    # The chart stood there all the time: a second step before the first is done would end it, and go nowhere.
    page.wait_for_url(lambda url: "#row-" not in url)
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Top-1 accuracy over time")).to_be_visible()
    go_back(page)
    expect(page.get_by_role("heading", name="Top-1 accuracy against parameters")).to_be_visible()
    visitor.context.close()
    assert visitor.faults == []


def test_part_of_the_history_is_told_by_its_dates(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_sibling_board()
    visitor = visit(browser, live_server)
    page = visitor.go(f"{benchmark.get_absolute_url()}?chart=time")
    see_chart(page)
    whole = ranges(page)
    page.locator(".chart__plot").focus()
    for _ in range(6):
        page.keyboard.press("+")
    part = ranges(page)
    assert length(part[0]) == pytest.approx(length(whole[0]) / 1.5**6)
    expect(page.locator(".chart__said")).to_have_text(re.compile(r"Shown: \d+ \w{3,4} \d{4} to \d+ \w{3,4} \d{4}, by "))
    ticks = page.locator(".chart__plot .xtick text").all_text_contents()
    assert 2 <= len(ticks) <= 9
    assert all(re.fullmatch(r"(\d+ )?(\w{3} )?\d{4}", tick) for tick in ticks), ticks
    page.keyboard.press("0")
    assert ranges(page) == whole
    visitor.context.close()
    assert visitor.faults == []


def test_panels_of_families_lead_to_rows_and_follow_colours_and_width(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_sibling_board()
    visitor = visit(browser, live_server)
    page = visitor.page
    page.emulate_media(color_scheme="light")
    visitor.go(f"{benchmark.get_absolute_url()}?chart=families")
    see_chart(page)
    assert page.locator(".chart__plot .subplot").count() == 6  # of the five families, and of the charted board's imported models
    plot, front = page.locator(".chart__plot .main-svg").first, page.locator(".chart__plot .js-line").first
    expect(front).to_have_css("stroke", "rgb(11, 106, 76)")
    page.emulate_media(color_scheme="dark")
    expect(plot).to_have_css("background-color", "rgb(21, 27, 24)")
    expect(front).to_have_css("stroke", "rgb(99, 200, 159)")
    page.set_viewport_size({"width": 360, "height": 900})
    wait_until(page, "document.querySelector('.chart__plot .main-svg').clientWidth < 340")
    assert page.evaluate("document.querySelector('.chart__plot')._fullLayout.xaxis2.domain[1]") == 1, "two stand beside each other"
    page.set_viewport_size({"width": 1400, "height": 900})
    wait_until(page, "document.querySelector('.chart__plot .main-svg').clientWidth > 600")
    row = Result.objects.get(benchmark=benchmark, model_name="convnext_large")
    place = page.evaluate(
        """id => {
            const plot = document.querySelector('.chart__plot'), box = plot.getBoundingClientRect(), full = plot._fullLayout;
            const trace = plot._fullData.find(each => (each.ids || []).includes(id)), i = trace.ids.indexOf(id);
            const x = full[trace.xaxis.replace('x', 'xaxis')], y = full[trace.yaxis.replace('y', 'yaxis')];
            return [box.left + x._offset + x.d2p(trace.x[i]), box.top + y._offset + y.d2p(trace.y[i])];
        }""",
        row.public_id,
    )
    page.mouse.move(place[0] + 30, place[1] + 30)
    page.mouse.move(*place)
    expect(page.locator(".hoverlayer .hovertext")).to_contain_text("convnext_large")
    page.mouse.click(*place)
    page.wait_for_url(f"**#row-{row.public_id}")
    visitor.context.close()
    assert visitor.faults == []


def test_other_charts_are_links_and_tables_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_sibling_board()
    visitor = visit(browser, live_server, script=False)
    page = visitor.page
    for width in (1400, 360):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go(f"{benchmark.get_absolute_url()}?role=all")
        page.get_by_role("navigation", name="Chart", exact=True).get_by_role("link", name="Over time").click()
        expect(page).to_have_url(re.compile(r"role=all&chart=time"))
        records = page.locator("table.points tbody tr")
        expect(records).to_have_count(9)
        expect(records.first).to_contain_text("DatedNet-8")
        expect(records.first).to_contain_text("+2.0")
        page.get_by_role("navigation", name="Chart", exact=True).get_by_role("link", name="Families").click()
        expect(page.locator("table.points tbody tr").first).to_be_visible()
        page.get_by_role("navigation", name="Chart", exact=True).get_by_role("link", name="Score and cost").click()
        page.get_by_role("navigation", name="Size").get_by_role("link", name="FLOPs").click()
        page.get_by_role("navigation", name="Colour").get_by_role("link", name="Family").click()
        expect(page).to_have_url(re.compile(r"role=all&chart=tradeoff&size=flops&colour=family"))
        expect(page.get_by_role("button", name="SVG")).to_be_hidden()
        expect(page.get_by_role("link", name="Figure for Plotly, JSON")).to_be_visible()
        wide, there = visitor.width()
        assert wide <= there, width
    visitor.context.close()


@pytest.mark.parametrize("query", ["", "chart=time", "chart=families"])
def test_chart_is_saved_as_an_image_with_its_points(browser: Browser, live_server: LiveServer, tmp_path: Path, query: str) -> None:
    benchmark = make_sibling_board()
    visitor = visit(browser, live_server)
    page = visitor.go(f"{benchmark.get_absolute_url()}?{query}")
    see_chart(page)
    width, height = page.evaluate(
        "(() => { const plot = document.querySelector('.chart__plot'); return [plot.clientWidth, plot.clientHeight]; })()"
    )
    files = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).press("Enter")
        kept = tmp_path / download.value.suggested_filename
        assert kept.name == f"{benchmark.slug}-{query.removeprefix('chart=') or 'tradeoff'}.{kind.lower()}"
        download.value.save_as(kept)
        files[kind] = kept.read_bytes()
    drawn = files["SVG"].decode()
    traces = page.evaluate("document.querySelector('.chart__plot').data")
    assert len(re.findall(r'class="point[ "]', drawn)) == sum(len(trace.get("ids", [])) for trace in traces) > 10
    assert "Top-1 accuracy" in drawn
    assert files["PNG"][:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(files["PNG"][at : at + 4], "big") for at in (16, 20)] == [2 * width, 2 * height]
    visitor.context.close()
    assert visitor.faults == []
