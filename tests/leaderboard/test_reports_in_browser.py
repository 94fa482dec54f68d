"""Reporting, verifying and withholding in a real browser: by keyboard, without scripts, on narrow and wide screens, without a barrier."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from claims.models import Claim, Dataset, Paper, Report
from claims.services import reporting, tiers, withholding
from claims.terms import ReportKind, ReportOutcome, Tier
from tests import factories as make
from tests.leaderboard.test_browser import (
    LONG,
    LOOKS,
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    find_barriers,
    make_rich_board,
    sign_in,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = f"<b>It says {LONG * 2} & 68.2</b> \u202eevil\u202c 🦢 אבג"
LINK = f"https://example.org/{LONG * 3}"


SQUEEZED = """[...document.querySelectorAll(".fields th")].filter(each => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return range.getClientRects().length > each.textContent.trim().split(/\\s+/).length;
}).map(each => each.textContent)"""
"""Names of fields that are broken within their words."""
WRAPPED = """[...document.querySelectorAll(".decide")].filter(each => new Set([...each.querySelectorAll(":scope > form > .btn, "
    + ":scope > a, :scope > details > .btn")].map(button => Math.round(button.getBoundingClientRect().top))).size > 1).map(
    each => each.textContent.trim())"""
"""Rows of buttons on a number that take two lines."""


def make_site() -> dict[str, str]:
    """Make a board with a row of each tier, reports of all kinds and a text that is withheld; return its pages by name."""
    board = make_rich_board()
    Dataset.objects.update(default_task=board.task)
    claims = Claim.objects.filter(result__benchmark=board, paper_text__isnull=False)
    papers = list(Paper.objects.filter(texts__claims__in=claims).distinct().order_by("pk"))
    for paper, tier in zip(papers, (Tier.VERIFIED, Tier.DISPUTED), strict=False):
        for claim in Claim.objects.filter(paper_text__paper=paper, result__isnull=False):
            tiers.set_tier(claim, tier, actor="kim", version=claim.version, reason=f"Run again. {HOSTILE}", link=LINK)
    claim, of_other = (
        Claim.objects.filter(paper_text__paper=paper, result__isnull=False).order_by("pk")[0] for paper in (papers[0], papers[2])
    )
    first, other = claim.result, of_other.result
    assert first is not None
    assert other is not None
    assert other.paper is not None
    for kind in (ReportKind.WRONG_NUMBER, ReportKind.OTHER):
        reporting.report(claim, kind, text=HOSTILE, contact=f"{LONG}@example.org")
    reporting.report(other.paper, ReportKind.TAKEDOWN, text=HOSTILE)
    done = reporting.report(claim, ReportKind.DUPLICATE)
    settled = reporting.settle(done, ReportOutcome.NO_PROBLEM, actor=f"kim_{LONG}", reason=HOSTILE)
    withholding.withhold_text(other.paper, actor="kim", version=other.paper.version, reason=HOSTILE)
    other = Claim.objects.get(pk=of_other.pk).result
    assert other is not None
    assert other.paper is not None
    return {
        "board": f"{board.get_absolute_url()}?role=all&open={first.public_id}",
        "withheld-row": f"{board.get_absolute_url()}?role=all&open={other.public_id}",
        "withheld-paper": other.paper.get_absolute_url(),
        "tier": f"/claims/{claim.public_id}/tier/",
        "report": f"/report/claim/{claim.public_id}/",
        "report-paper": f"/report/paper/{other.paper.public_id}/",
        "reports": "/review/reports/",
        "settled": "/review/reports/?settled=1",
        "text": f"{other.paper.get_absolute_url()}text/",
        "act": settled.get_absolute_url(),
        "history": f"/claims/{claim.public_id}/history/",
        "paper": papers[1].get_absolute_url(),
        "compare": f"{board.get_absolute_url()}compare/?row={first.public_id}&row={other.public_id}&role=all",
    }


def photograph(page: Page, name: str) -> None:
    if SCREENSHOTS_WANTED:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def test_pages_fit_and_are_accessible(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    sign_in(visitor)
    for name, address in make_site().items():
        for width, scheme in LOOKS if name in ("board", "tier", "reports") else [LOOKS[4], LOOKS[2]]:
            page = visitor.look(address, width, scheme)
            photograph(page, f"reports-{name}-{width}-{scheme}")
            wide, there = visitor.width()
            assert wide <= there, (name, width)
            assert find_barriers(page) == "", f"{name} {width} {scheme}"
            assert page.evaluate(SQUEEZED) == [], (name, width)
            assert page.evaluate(WRAPPED) == [], (name, width)
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize("script", [True, False])
def test_reader_reports_and_a_curator_verifies_by_keyboard(browser: Browser, live_server: LiveServer, *, script: bool) -> None:
    visitor = visit(browser, live_server, script=script)
    visitor.page.set_viewport_size({"width": 360, "height": 900})
    claim = make.make_claim()
    row = claim.result
    assert row is not None
    page = visitor.go(f"{row.benchmark.get_absolute_url()}?open={row.public_id}")
    page.get_by_role("link", name="Report a problem with 86.2%").press("Enter")
    page.get_by_label("The number is wrong").press("Space")
    page.get_by_label("What it should say").fill("It is 68.2.")
    page.get_by_role("button", name="Send the report").press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Report.objects.get().text == "It is 68.2."
    sign_in(visitor)
    page = visitor.go("/review/reports/")
    page.get_by_role("link", name="Verify or dispute").press("Enter")
    page.get_by_label("Why", exact=True).fill("Run again with three seeds.")
    page.get_by_label("Link").fill("https://example.org/run")
    page.get_by_label("Link").press("Enter")
    expect(page.locator(".note--top")).to_contain_text("86.2% is verified now.")
    expect(page.get_by_role("heading", name="No report waits")).to_be_visible()
    page.locator(".note--top").get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".note--top")).to_contain_text("The decision was undone.")
    claim.refresh_from_db()
    assert (claim.tier, claim.state) == ("", "unreviewed")
    assert Claim.objects.count() == 1
    visitor.context.close()
    assert visitor.faults == []
