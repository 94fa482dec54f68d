"""Names as long as files may state them, on every page that shows many: nothing sticks out, covers a neighbour or is squeezed to letters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from claims.models import Result
from claims.terms import ListingState
from tests import factories as make
from tests.leaderboard.test_browser import LONG, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "Mean average precision over all thresholds of the intersection over the union from 0.50 to 0.95"
OVERLAPS = """([one, other]) => [...document.querySelectorAll(one)].some(each => {
    const near = each.closest("tr").querySelector(other);
    if (!near || !each.checkVisibility() || !near.checkVisibility()) return false;
    const a = each.getBoundingClientRect(), b = near.getBoundingClientRect();
    return a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
})"""

CUT_OFF = """[...document.querySelectorAll("table.board .num")].some(number => {
    const card = number.closest("tr").getBoundingClientRect(), own = number.querySelector("a") || number;
    return own.checkVisibility() && Math.max(...[...own.getClientRects()].map(part => part.right)) > card.right;
})"""


def narrowest(page: Page, selector: str) -> float:
    """Return the least width of the elements, in pixels."""
    return float(page.evaluate("s => Math.min(...[...document.querySelectorAll(s)].map(e => e.getBoundingClientRect().width))", selector))


def test_long_names_leave_everything_in_its_place(browser: Browser, live_server: LiveServer) -> None:
    metric = make.make_metric(WORDS, slug="long")
    benchmark = make.make_benchmark(f"{WORDS} {LONG}", f"{LONG} {WORDS}", metric=metric, slug="long", area=WORDS)
    for number in range(4):
        model = f"{LONG}_{number}" if number % 2 else f"{WORDS} {number}"
        paper = make.make_paper(
            f"{LONG}{LONG} {number}", abstract=f"It reaches 8{number}.250% with {number + 5}M parameters as {LONG} did."
        )
        row = make.make_result(benchmark, paper, model, variant=LONG, conditions=[("extra_data", WORDS, WORDS)])
        make.make_claim(f"8{number}.250%", result=row, paper=paper, model=model)
        make.make_cost(f"{number + 5}M", paper=paper, result=row, value=(number + 5) * 1e6)
    make.make_listing(f"{LONG}.txt", state=ListingState.UNMAPPED)
    paper = make.make_paper(f"{LONG} in a range", abstract="It reaches 76.5–80.9% as all of them do.")
    row = make.make_result(benchmark, paper, f"{LONG} in a range")
    make.make_claim("76.5–80.9%", result=row, paper=paper, value=76.5, value_max=80.9)
    first, other = Result.objects.all()[:2]
    visitor = visit(browser, live_server, script=False)  # a chart would follow each new width a moment later
    for address in (
        "/",
        f"{benchmark.get_absolute_url()}?open={first.public_id}",
        f"{benchmark.get_absolute_url()}compare/?row={first.public_id}&row={other.public_id}",
        benchmark.dataset.get_absolute_url(),
        "/listings/",
        f"/search/?q={'x' * 150}",
        "/about/method/",
        f"/embed/sota/{benchmark.slug}/",
    ):
        page = visitor.go(address)
        for width in (1400, 768, 360):
            page.set_viewport_size({"width": width, "height": 900})
            wide, there = visitor.width()
            assert wide <= there, (address, width)
            assert not page.evaluate(OVERLAPS, [".c-pick input", ".c-main .num"]), (address, width)
            assert not page.evaluate(OVERLAPS, [".c-bench a", ".c-best a"]), (address, width)
            assert not page.evaluate(CUT_OFF), (address, width)
            if page.locator(".c-bench").count():
                assert narrowest(page, ".c-bench") > 90, (address, width)
            if page.locator("td.c-file").count():
                assert narrowest(page, "td.c-file") > 200, (address, width)
            if page.locator(".c-model").count():
                assert narrowest(page, "td.c-model") > 90, (address, width)
            if page.locator(".points tbody th").count():
                assert narrowest(page, ".points tbody th") > 90, (address, width)
            if page.locator(".detail").count():
                assert page.evaluate("(frame => frame.scrollWidth - frame.clientWidth)(document.querySelector('.detail'))") <= 0
                assert page.evaluate("(said => said.scrollWidth - said.clientWidth)(document.querySelector('.evidence blockquote'))") <= 0
                assert page.evaluate(
                    "document.querySelector('.decision').getBoundingClientRect().right"
                    " <= document.querySelector('.tableframe').getBoundingClientRect().right"
                ), (address, width)
    assert visitor.faults == []
