"""The home page in a real browser: it fits, can be read by everybody, and says how long ago things changed where a script runs."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from claims.models import Benchmark, Listing, Result
from claims.services import records
from claims.terms import Direction, ListingState, Qualifier
from tests import factories as make
from tests.leaderboard.test_browser import LONG, SCREENSHOTS, SCREENSHOTS_WANTED, find_barriers, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS: list[tuple[int, Literal["light", "dark"]]] = [
    (1400, "light"),
    (1400, "dark"),
    (1100, "light"),
    (740, "light"),
    (360, "light"),
    (360, "dark"),
]
DAYS = [date(2017, 5, 1), date(2018, 9, 1), date(2020, 2, 1), date(2021, 8, 1), date(2023, 11, 12)]


def add_board(
    task: str, dataset: str, numbers: list[str], *, area: str, models: str = "Net", lower: bool = False, dated: bool = True
) -> None:
    metric = make.make_metric("FID", unit="", direction=Direction.LOWER) if lower else make.make_metric()
    board = make.make_benchmark(task, dataset, area=area, metric=metric)
    for place, number in enumerate(numbers):
        day = DAYS[-len(numbers) :][place] - timedelta(days=0 if area == "Computer vision" else 30) if dated else None
        paper = make.make_paper(f"{models}-{place} on {dataset} {LONG}", abstract=f"It reaches {number} there.", day=day)
        make.make_claim(number, benchmark=board, paper=paper, model=f"{models}-{place}")
    records.settle_records_alone([board.pk])


@pytest.fixture
def full_home() -> None:
    """Boards of several areas: long histories and short ones, without dates, without a leader, with names of every length."""
    add_board("Image Classification", "ImageNet-1K", ["76.5%", "81.5%", "84.25%", "88.5%", "90.94%"], area="Computer vision")
    add_board("Semantic Segmentation", f"ADE20K_{LONG}", ["45.5%", "46.5%"], area="Computer vision", models=LONG)
    add_board("Image Generation", "CIFAR-10", ["8.5", "4.25", "1.88"], area="Image generation", lower=True)
    add_board("Natural Language Inference", "SNLI", ["90.5%", "91.1%"], area="Language", dated=False)
    bounds = make.make_benchmark("Question Answering", "SQuAD", area="Language")
    make.make_claim("90.5%", benchmark=bounds, model="Bound", qualifier=Qualifier.OVER)
    Benchmark.objects.filter(pk=bounds.pk).update(leader=None)
    for number in range(12):
        add_board("Graph Property Prediction", f"ogbg-set-{number}", ["70.5%", "82.32%"], area="Graphs", models="GraphNet")
    for name, state in ((f"daily-papers_{LONG}.txt", ListingState.DONE), ("results-imagenet.csv", ListingState.READING)):
        make.make_listing(name, make.make_paper(), state=state)
    Listing.objects.update(closed=timezone.now() - timedelta(hours=5))
    Benchmark.objects.filter(dataset__name="ImageNet-1K").update(changed=timezone.now() - timedelta(days=3, hours=1))
    Benchmark.objects.filter(dataset__name="CIFAR-10").update(changed=timezone.now() - timedelta(days=300))


@pytest.mark.usefixtures("full_home")
@pytest.mark.parametrize("address", ["/", "/?area=graphs"])
def test_home_fits_and_is_accessible(browser: Browser, live_server: LiveServer, address: str) -> None:
    visitor = visit(browser, live_server)
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, scheme in LOOKS:
        look = f"home-full{'-area' if 'area' in address else ''}-{width}-{scheme}"
        page = visitor.look(address, width, scheme)
        if SCREENSHOTS_WANTED:
            page.screenshot(path=SCREENSHOTS / f"{look}.png", full_page=True)
        wide, there = visitor.width()
        assert wide <= there, look
        assert find_barriers(page) == "", look
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.usefixtures("full_home")
def test_changes_are_aged_by_the_script_and_dated_without_it(browser: Browser, live_server: LiveServer) -> None:
    board = Benchmark.objects.get(dataset__name="ImageNet-1K")
    day = f"{board.changed.day} {board.changed:%b %Y}"
    for script, words in ((True, "3 days ago"), (False, day)):
        visitor = visit(browser, live_server, script=script)
        page = visitor.go("/")
        row = page.get_by_role("row", name=re.compile("on ImageNet-1K"))
        changed = row.locator("time[data-age]")
        expect(changed).to_have_text(words)
        assert str(changed.get_attribute("datetime")).startswith(board.changed.date().isoformat())
        if script:
            assert changed.get_attribute("title") == day
            expect(page.locator(".feed time[data-age]").first).to_have_text("5 hours ago")
        # Long ago the date says more.
        expect(page.get_by_role("row", name=re.compile("on CIFAR-10")).locator("time[data-age]")).to_have_text(
            re.compile(r"^\d+ \w{3} \d{4}$")
        )
        visitor.context.close()


@pytest.mark.usefixtures("full_home")
@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [1400, 360])
def test_record_is_read_out_and_a_new_one_opens_its_row(browser: Browser, live_server: LiveServer, script: bool, width: int) -> None:
    visitor = visit(browser, live_server, script=script)
    visitor.page.set_viewport_size({"width": width, "height": 800})
    page = visitor.go("/")
    spark = page.get_by_role("img", name="76.5 to 90.94 since May 2017")
    expect(spark).to_be_visible()
    expect(page.get_by_text("no dated result")).to_be_visible()
    expect(page.get_by_text("No leader: Top-1 accuracy is stated only as a bound")).to_be_visible()
    news = page.get_by_role("complementary", name="What is new")
    item = news.get_by_role("listitem").filter(has_text="on ImageNet-1K").first
    expect(item).to_contain_text("+2.44 over Net-3")
    item.get_by_role("link", name="90.94").press("Enter")
    row = Result.objects.get(model_name="Net-4", benchmark__dataset__name="ImageNet-1K").public_id
    expect(page).to_have_url(re.compile(f"open={row}#row-{row}$"))
    expect(page.locator(f"#row-{row}")).to_be_in_viewport()
    page.go_back()
    page.get_by_role("link", name="All 12 boards in Graphs").press("Enter")
    expect(page.get_by_role("row", name=re.compile("on ogbg-set-"))).to_have_count(12)
    wide, there = visitor.width()
    assert wide <= there
    visitor.context.close()
    assert visitor.faults == []
