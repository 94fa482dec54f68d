"""Odd text in a real browser: an override of the writing direction stays where it stands."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from claims.models import Benchmark, Listing, ListingIssue, Paper
from claims.terms import ListingState
from tests import factories as make

# Playwright's sync API runs an event loop in this thread, which Django takes for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TURNED = "\u2067\u202eTurned round: a title"

# The words that are drawn from right to left, in a text that has no mark of direction itself and stands in none that has.
TURNED_WORDS = """() => {
  const turned = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (node.parentElement.closest("script, style, noscript, svg") || /[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) continue;
    // the odd text itself may turn, but not the numbers that are marked in it
    const around = node.parentElement.closest("mark, .mark") || node.parentElement.closest("h1, .abstract__text, blockquote, q");
    if (around && /[\\u202a-\\u202e\\u2066-\\u2069]/.test(around.textContent)) continue;
    for (const word of node.data.matchAll(/[A-Za-z0-9]{2,}/g)) {
      const at = (place) => {
        const range = document.createRange();
        range.setStart(node, place);
        range.setEnd(node, place + 1);
        return range.getBoundingClientRect();
      };
      const first = at(word.index), second = at(word.index + 1);
      if (first.width && second.width && Math.abs(first.top - second.top) < 2 && second.left < first.left) turned.push(word[0]);
    }
  }
  return turned;
}"""


def make_odd_site(title: str) -> tuple[Benchmark, Paper, Listing]:
    """Return a board, a paper and a listing, with others beside them, whose titles and sentences are odd."""
    benchmark = make.make_board(rows=2)
    paper = make.make_paper(title, abstract=f"It is {title} here. It reaches 86.2% on it, {title} or not, and 2023 is a year.")
    result = make.make_result(benchmark, paper, "", variant="ViT-Large", conditions=[("resolution", "384x384", "384 pixels")])
    make.make_claim("86.2%", result=result, paper=paper, model="")
    listing = make.make_listing("odd.txt", paper, make.make_paper(), state=ListingState.DONE)
    ListingIssue.objects.create(listing=listing, line=3, reason="A date that can't be read.")
    return benchmark, paper, listing


def paths_of(benchmark: Benchmark, paper: Paper, listing: Listing) -> list[str]:
    board = benchmark.get_absolute_url()
    row = benchmark.results.get(paper=paper).public_id
    return ["/?boards=all", board, f"{board}?open={row}", paper.get_absolute_url(), "/listings/", listing.get_absolute_url()]


@pytest.mark.parametrize("width", [360, 1400])
def test_override_of_direction_turns_nothing_else_round(browser: Browser, live_server: LiveServer, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in paths_of(*make_odd_site(TURNED)):
        page.goto(live_server.url + path)
        assert page.evaluate(TURNED_WORDS) == [], path
        assert not set(page.title()) & set("\u202e\u2067")
