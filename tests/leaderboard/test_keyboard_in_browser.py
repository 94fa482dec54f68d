"""Every kind of page by the keyboard alone: Tab reaches all that can be used, with a ring around it; Escape closes what opened over it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from claims.models import Dataset, Import, MLModel, Paper, Result, SourceRecord
from claims.services import search_names, storage
from tests import factories as make
from tests.leaderboard.test_browser import Visitor, sign_in, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@dataclass(frozen=True, slots=True)
class Site:
    """A site that all tests of the module look at, and change nothing of: where each page stands, and who looks at it, signed in."""

    visitor: Visitor
    addresses: dict[str, str]


@pytest.fixture(scope="module")
def site(browser: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    with django_db_blocker.unblock():
        addresses = make_pages()
        server = LiveServer("localhost")
        visitor = visit(browser, server)
        sign_in(visitor)
        text = "Model,Params (M),Top-1\nNet,5,81.2\nOtherNet,7,82.5\n"
        table, _ = storage.store_upload(io.BytesIO(text.encode()), name="table.csv", actor="uploader")
        addresses["columns"] = f"{table.get_absolute_url()}columns/"
        yield Site(visitor, addresses)
        visitor.context.close()
        server.stop()
        call_command("flush", verbosity=0, interactive=False)  # and the permissions made anew


def make_pages() -> dict[str, str]:
    board = make.make_board(3)
    make.make_imported_row(board, "ImportedNet", "81.5")
    papers = list(Paper.objects.order_by("pk"))
    listing = make.make_listing("papers.txt", *papers)
    make.make_reading(papers[0], [["abstract", 0, 2, "year"]])
    Import.objects.update(listing=make.make_listing("results.csv"))
    search_names.rebuild()
    opened, other = Result.objects.order_by("pk")[:2]
    return {
        "home": "/",
        "board": f"{board.get_absolute_url()}?open={opened.public_id}",
        "board-empty": f"{board.get_absolute_url()}?model=nothing",
        "compare": f"{board.get_absolute_url()}compare/?row={opened.public_id}&row={other.public_id}",
        "model": MLModel.objects.order_by("pk")[0].get_absolute_url(),
        "dataset": Dataset.objects.get().get_absolute_url(),
        "paper": papers[0].get_absolute_url(),
        "record": SourceRecord.objects.get().get_absolute_url(),
        "search": "/search/?q=sample",
        "search-nothing": "/search/?q=zzzzzz",
        "listings": "/listings/",
        "listing": listing.get_absolute_url(),
        "upload": "/listings/upload/",
        "withdraw": f"{listing.get_absolute_url()}withdraw/",
        "review": "/review/",
        "columns": "",
        "method": "/about/method/",
        "missing": "/papers/none/",
    }


PAGES = [
    "home",
    "board",
    "board-empty",
    "compare",
    "model",
    "dataset",
    "paper",
    "record",
    "search",
    "search-nothing",
    "listings",
    "listing",
    "upload",
    "withdraw",
    "review",
    "columns",
    "method",
    "missing",
]

WATCH = """() => {
    document.querySelectorAll("details:not(.menu, .reject)").forEach(each => { each.open = true; });
    window.reached = new Map();
    document.addEventListener("focusin", event => {
        // What is drawn would cover the ring of the chart: its stage has it.
        const ring = event.target.matches(".chart__plot") ? getComputedStyle(event.target.parentElement, "::after") : getComputedStyle(event.target);
        reached.set(event.target, ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 1);
    }, true);
}"""
USABLE = """
    [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
        .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.type !== "hidden" && each.tabIndex >= 0)
"""
NAMED = "(each => `${each.tagName} ${each.className} ${(each.ariaLabel || each.textContent || each.name).trim().slice(0, 50)}`)"


def walk(page: Page) -> None:
    """Press Tab until the page has been gone through once, and a bit further: a field for a date has several stops."""
    page.evaluate(WATCH)
    for _ in range(page.evaluate(f"{USABLE}.length") + 12):
        page.keyboard.press("Tab")


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_all_that_can_be_used_and_rings_it(site: Site, name: str) -> None:
    page = site.visitor.go(site.addresses[name])
    if name == "board":  # once it is drawn, a chart has more to use
        page.locator(".chart__stage").scroll_into_view_if_needed()
        page.locator(".chart__stage.is-drawn").wait_for()
    walk(page)
    assert page.evaluate(f"{USABLE}.filter(each => !reached.has(each)).map({NAMED})") == []
    assert page.evaluate(f"[...reached].filter(([_, ringed]) => !ringed).map(([each]) => {NAMED}(each))") == []
    assert page.evaluate(f"{USABLE}.length") > 10


@pytest.mark.parametrize("name", ["home", "board", "paper"])
def test_first_tab_leads_past_the_head(site: Site, name: str) -> None:
    page = site.visitor.go(site.addresses[name])
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Skip to content")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize(("name", "opener"), [("board", "details.menu > summary"), ("paper", "details.reject > summary")])
def test_escape_closes_a_menu_and_leads_back_to_what_opened_it(site: Site, name: str, opener: str) -> None:
    page = site.visitor.go(site.addresses[name])
    page.locator(opener).first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    within = "document.activeElement.closest('details.menu[open], details.reject[open]') !== null"
    assert page.evaluate(f"{within} && document.activeElement.tagName !== 'SUMMARY'")
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelectorAll('details.menu[open], details.reject[open]').length") == 0
    assert page.evaluate(f"document.activeElement === document.querySelector('{opener}')")


def test_nothing_of_that_is_logged_as_a_fault(site: Site) -> None:
    assert [fault for fault in site.visitor.faults if "404" not in fault] == []
