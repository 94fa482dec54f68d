"""Correcting and adding in a real browser: with and without scripts, by keyboard, on narrow and wide screens, without a barrier."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from claims.models import Claim, Paper
from claims.services import correction
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.leaderboard.test_browser import (
    LONG,
    LOOKS,
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    Visitor,
    find_barriers,
    make_rich_paper,
    sign_in,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = '<b>"Quoted" & {{ 7|add:7 }}</b> \u202eevil\u202c 🦢 אבג'
ABSTRACT = "🦢 Before us others had much. SampleNet reaches 86.2% on ImageNet-1K. It has 21M parameters 🦢, and gets 93.5% elsewhere."


def make_paper() -> tuple[Paper, Claim]:
    load_catalogue()
    paper = make.make_paper("SampleNet swims", abstract=ABSTRACT)
    claim = make.make_claim("86.2%", benchmark=make.make_benchmark(), paper=paper)
    start = ABSTRACT.index("93.5%")
    make.make_reading(paper, [["abstract", start, start + 4, "no_metric"]])
    return paper, claim


def address(claim: Claim) -> str:
    return f"/claims/{claim.public_id}/correct/"


def photograph(page: Page, name: str) -> None:
    if SCREENSHOTS_WANTED:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def make_page(name: str, visitor: Visitor) -> str:
    """Make what the page shows; return its address."""
    sign_in(visitor)
    paper = make_rich_paper()
    claim = Claim.objects.get(stated="97.6%", field="abstract")
    cost = paper.current_text.costs.get(stated="3.3M")  # type: ignore[union-attr]  # it has one
    if name == "correct-cost":
        return f"/costs/{cost.public_id}/correct/"
    if name == "add":
        start = ABSTRACT.index("2019") if "2019" in ABSTRACT else paper.current_text.abstract.index("2019")  # type: ignore[union-attr]
        return f"{paper.get_absolute_url()}add/?field=abstract&start={start}&end={start + 4}"
    if name == "choose":
        return f"{paper.get_absolute_url()}add/"
    setting = [{"kind": "extra_data", "value": LONG, "text": HOSTILE}]
    correction.correct(
        claim,
        {"number": "96.1-98.25%", "model": LONG, "variant": HOSTILE, "setting": setting},
        actor=f"kim_{LONG}",
        version=1,
        reason=HOSTILE,
    )
    return paper.get_absolute_url() if name == "paper-corrected" else address(claim)


@pytest.mark.parametrize("name", ["correct", "correct-cost", "choose", "add", "paper-corrected"])
def test_page_fits_and_is_accessible(browser: Browser, live_server: LiveServer, name: str) -> None:
    visitor = visit(browser, live_server)
    page_address = make_page(name, visitor)
    for width, scheme in LOOKS:
        page = visitor.look(page_address, width, scheme)
        photograph(page, f"correction-{name}-{width}-{scheme}")
        wide, there = visitor.width()
        assert wide <= there, (name, width)
        assert find_barriers(page) == "", f"{name} {width} {scheme}"
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [360, 1400])
def test_number_is_corrected_from_its_paper_and_taken_back(browser: Browser, live_server: LiveServer, *, width: int, script: bool) -> None:
    visitor = visit(browser, live_server, script=script)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    sign_in(visitor)
    paper, claim = make_paper()
    page = visitor.go(paper.get_absolute_url())
    page.get_by_role("link", name="Correct 86.2%").press("Enter")
    page.get_by_label("Number", exact=True).fill("83.2%")
    page.get_by_label("Dataset", exact=True).fill("Cifar-1O")
    page.get_by_label("Dataset", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    assert page.get_by_label("Dataset", exact=True).get_attribute("aria-invalid") == "true"
    photograph(page, f"correction-unknown-{width}-{'script' if script else 'plain'}")
    if script:
        assert find_barriers(page) == ""
    page.get_by_role("button", name="CIFAR-10", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"/papers/\w+/#c1$"))
    expect(page.locator(".note--top")).to_contain_text("83.2%: corrected.")
    claim.refresh_from_db()
    assert (claim.value, claim.dataset and claim.dataset.name) == (83.2, "CIFAR-10")
    expect(page.locator("#c1")).to_contain_text("extracted: number 86.2%, dataset ImageNet-1K")
    page.locator(".note--top").get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".note--top")).to_contain_text("The decision was undone.")
    claim.refresh_from_db()
    assert (claim.value, claim.state, claim.extracted) == (86.2, "unreviewed", {})
    visitor.context.close()
    assert [fault for fault in visitor.faults if "400" not in fault] == []


def test_names_are_suggested_and_chosen_by_keyboard(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    sign_in(visitor)
    _, claim = make_paper()
    page = visitor.go(address(claim))
    field = page.get_by_label("Dataset", exact=True)
    field.focus()
    field.press("Control+a")
    field.press_sequentially("cifar 10")
    options = page.get_by_role("listbox", name="Dataset: names of the catalogue").get_by_role("option")
    expect(options.first).to_contain_text("CIFAR-10")
    expect(field).to_have_attribute("aria-expanded", "true")
    assert find_barriers(page) == ""
    photograph(page, "correction-names")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(field).to_have_value("CIFAR-10")
    expect(page).to_have_url(re.compile("/correct/$"))
    metric = page.get_by_label("Metric", exact=True)
    metric.fill("")
    metric.press_sequentially("top-1 err")
    page.get_by_role("option").filter(has_text="Top-1 error").first.click()
    expect(metric).to_have_value("Top-1 error")
    page.get_by_role("button", name="Save the correction").press("Enter")
    expect(page.locator(".note--top")).to_contain_text("corrected.")
    claim.refresh_from_db()
    assert (claim.dataset and claim.dataset.name, claim.metric and claim.metric.name) == ("CIFAR-10", "Top-1 error")
    visitor.context.close()
    assert visitor.faults == []


MARK = """(element, words) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
  const at = element.textContent.indexOf(words);
  let passed = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.textContent.length;
    if (at >= passed && at < passed + length) range.setStart(node, at - passed);
    if (at + words.length > passed && at + words.length <= passed + length) { range.setEnd(node, at + words.length - passed); break; }
    passed += length;
  }
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}"""
"""Marks words within an element, as dragging the mouse over them does."""


def test_sentence_is_marked_in_the_text(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    sign_in(visitor)
    _, claim = make_paper()
    page = visitor.go(address(claim))
    take = page.get_by_role("button", name="Take what is marked as the sentence")
    take.click()
    expect(page.locator("[data-said]")).to_have_text("Mark the sentence in the text first.")
    page.locator("[data-evidence]").evaluate(MARK, "It has 21M")
    take.click()
    expect(page.locator("[data-said]")).to_have_text("The sentence must hold the number.")
    words = "SampleNet reaches 86.2% on ImageNet-1K. It has 21M parameters 🦢"
    page.locator("[data-evidence]").evaluate(MARK, words)
    take.click()
    expect(page.locator(".sent--here")).to_have_text(words)
    page.get_by_role("button", name="Begin a word later").press("Enter")
    page.get_by_role("button", name="End a word earlier").press("Enter")
    expect(page.locator(".sent--here")).to_have_text("reaches 86.2% on ImageNet-1K. It has 21M parameters")
    assert find_barriers(page) == ""
    page.get_by_role("button", name="Save the correction").press("Enter")
    expect(page.locator(".note--top")).to_contain_text("corrected.")
    claim.refresh_from_db()
    assert claim.evidence == "reaches 86.2% on ImageNet-1K. It has 21M parameters"
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize(("width", "script"), [(360, False), (1400, False), (360, True), (1400, True)])
def test_missed_number_is_added(browser: Browser, live_server: LiveServer, *, width: int, script: bool) -> None:
    """From the list without scripts, by marking it in the text with them."""
    visitor = visit(browser, live_server, script=script)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    sign_in(visitor)
    paper, _ = make_paper()
    page = visitor.go(paper.get_absolute_url())
    page.get_by_role("link", name="Add a missed result").press("Enter")
    if script:
        page.locator("[data-part=abstract]").evaluate(MARK, " 93.5% ")
        page.get_by_role("button", name="Add the number that is marked").click()
    else:
        page.get_by_role("link", name="Add 93.5").press("Enter")
    expect(page.get_by_label("Number", exact=True)).to_have_value("93.5%")
    page.get_by_label("Dataset", exact=True).fill("CIFAR-10")
    page.get_by_label("Metric", exact=True).fill("Top-1 accuracy")
    page.get_by_role("button", name="Add it").press("Enter")
    expect(page.locator(".note--top")).to_contain_text("93.5%: added.")
    added = Claim.objects.get(value=93.5)
    assert (added.stated, added.evidence) == ("93.5%" if script else "93.5", "It has 21M parameters 🦢, and gets 93.5% elsewhere.")
    expect(page.locator("body")).to_contain_text("extraction had left it")
    visitor.context.close()
    assert visitor.faults == []


def test_stale_form_shows_what_the_other_did(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    sign_in(visitor)
    _, claim = make_paper()
    page = visitor.go(address(claim))
    page.get_by_label("Number", exact=True).fill("83.2%")
    correction.correct(claim, {"number": "81.5%", "variant": HOSTILE}, actor="kim", version=1)
    page.get_by_role("button", name="Save the correction").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("kim")
    expect(page.get_by_role("alert")).to_contain_text("number: 81.5% (before: 86.2%)")
    expect(page.get_by_label("Number", exact=True)).to_have_value("83.2%")
    for width in (360, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        photograph(page, f"correction-stale-{width}")
        assert find_barriers(page) == ""
        wide, there = visitor.width()
        assert wide <= there
    visitor.context.close()
    assert [fault for fault in visitor.faults if "409" not in fault] == []
