"""The pages of accounts and of quality in a real browser: they fit, are accessible in both themes, and work by keyboard and without script."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from claims.models import ApiToken, Claim, Metric, Run
from claims.services import correction, curation, invitations, uploads
from claims.terms import CurationState, ListingState
from tests import factories as make
from tests.leaderboard.test_browser import (
    LONG,
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    Visitor,
    find_barriers,
    visit,
    wait_until,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = '<b>"Quoted" & {{ 7|add:7 }}</b> \u202eevil\u202c \u05d0\u05d1\u05d2'
PASSWORD = "a heron at dawn 7"
FOUR_LOOKS = [(360, "light"), (360, "dark"), (1400, "dark"), (1400, "light")]


def sign_in(visitor: Visitor, name: str) -> None:
    visitor.go("/login/")
    visitor.page.get_by_label("Name", exact=True).fill(name)
    visitor.page.get_by_label("Password", exact=True).fill("secret")
    visitor.page.get_by_role("button", name="Sign in").press("Enter")
    expect(visitor.page.get_by_role("button", name="Sign out")).to_be_visible()


def make_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kim decide on claims of three metrics, over half a year, in every way."""
    make.make_groups()
    boards = [
        make.make_benchmark(),
        make.make_benchmark("Translation", LONG, metric=make.make_metric("BLEU", unit=""), area="Language"),
        make.make_benchmark("Generation", "CIFAR-10", metric=make.make_metric("FID", unit="")),
    ]
    for board in boards:
        board.dataset.default_task = board.task
        board.dataset.save()
    Metric.objects.filter(name="FID").update(name=HOSTILE)
    runs = [Run.objects.create(extractor_version=f"1.{number}.0", vocabulary_hash="v") for number in range(2)]
    paper = make.make_paper(
        f"{HOSTILE} {LONG}", abstract="It reaches " + ", ".join(f"{60 + n}.{n % 10}%" for n in range(36)) + " accuracy."
    )
    for number in range(36):
        claim = make.make_claim(
            f"{60 + number}.{number % 10}%",
            benchmark=boards[number % 3 if number % 5 else 0],
            paper=paper,
            model=f"Net{number}",
            run=runs[number % 2],
            on_board=False,
            confidence=1 - number / 50,
        )
        at = datetime(2026, 1 + number // 6, 1 + number % 6, 9, 30, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda at=at: at)
        if number % 7 == 3:
            curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="not_a_result", note=HOSTILE)
        elif number % 7 == 5:
            curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="wrongly_read")
        elif number % 6 == 2:
            correction.correct(claim, {"variant": "large"}, actor="kim", version=1)
        else:
            curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=1)
    monkeypatch.undo()


def make_page(name: str, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> str:
    if name.startswith("quality"):
        if name == "quality":
            make_decisions(monkeypatch)
        return "/about/quality/"
    kim = make.make_member("kim", "administrator", "curator", is_staff=True)
    if name.startswith("invitation-"):
        wanted = invitations.invite(kim, invitee=f"{HOSTILE} {LONG}", group="curator", days=7)
        if name == "invitation-gone":
            invitations.revoke(wanted.invitation.public_id)
        return f"/invitation/{wanted.secret}/"
    if name == "decisions":
        make_decisions(monkeypatch)
        listing = make.make_listing(f"{LONG}{LONG}.txt", uploaded_by=kim, state=ListingState.DONE)
        uploads.withdraw(listing, actor="kim", version=1, reason=f"{HOSTILE} {LONG}")
    if name == "uploads":
        for state in (ListingState.DONE, ListingState.FAILED, ListingState.WITHDRAWN):
            error = "It is a PDF; listings are text." if state == ListingState.FAILED else ""
            make.make_listing(f"{LONG}{LONG}.txt", uploaded_by=kim, state=state, error=error)
    if name == "invitations":
        for invitee in ("Lee", f"{HOSTILE} {LONG}", "bo@example.org", "Jo"):
            wanted = invitations.invite(kim, invitee=invitee, group="curator", days=7)
            if invitee == "Lee":
                invitations.accept(wanted.secret, username="lee", password=PASSWORD)
            elif invitee == "Jo":
                invitations.revoke(wanted.invitation.public_id)
    sign_in(visitor, "kim")
    address = {"account": "", "uploads-empty": "uploads/", "decisions-empty": "decisions/", "password": "password/"}.get(name, f"{name}/")
    return f"/account/{address}"


PAGES = [
    "account",
    "password",
    "uploads",
    "uploads-empty",
    "decisions",
    "decisions-empty",
    "invitations",
    "invitation-open",
    "invitation-gone",
]
PAGES += ["quality", "quality-empty"]


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_and_is_accessible(browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    cache.clear()
    visitor = visit(browser, live_server)
    address = make_page(name, visitor, monkeypatch)
    for width, scheme in FOUR_LOOKS:
        page = visitor.look(address, width, scheme)  # type: ignore[arg-type]  # words of the two schemes
        if name == "quality":
            page.locator(".shares__stage").scroll_into_view_if_needed()
            wait_until(page, "document.querySelector('.shares__stage.is-drawn') !== null")
        if SCREENSHOTS_WANTED:
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"account-{name}-{width}-{scheme}.png", full_page=True)
        wide, there = visitor.width()
        assert wide <= there, (name, width)
        assert find_barriers(page) == "", f"{name} {width} {scheme}"
    visitor.context.close()
    assert [fault for fault in visitor.faults if not (name == "invitation-gone" and "410" in fault)] == []


@pytest.mark.parametrize("script", [True, False])
def test_somebody_is_invited_and_decides(browser: Browser, live_server: LiveServer, settings: Settings, *, script: bool) -> None:
    """From the administrator's form to the new curator's first decision and its undo, by keyboard, with and without script."""
    settings.SITE_URL = live_server.url
    make.make_member("ada", "administrator")
    claim = make.make_claim()
    administrator = visit(browser, live_server, script=script)
    sign_in(administrator, "ada")
    page = administrator.go("/account/")
    page.get_by_role("link", name="Invitations").press("Enter")
    page.get_by_label("Name or e-mail address").fill("Kim")
    page.get_by_label("curator").press("Space")
    page.get_by_role("button", name="Make the link").press("Enter")
    link = page.locator("#secret").inner_text()
    assert link.startswith(live_server.url)
    guest = visit(browser, live_server, script=script)
    page = guest.go(link.removeprefix(live_server.url))
    page.get_by_label("Name", exact=True).fill("kim")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").press("Enter")
    expect(page.locator(".note--ok")).to_contain_text("signed in as kim")
    assert claim.paper_text is not None
    page = guest.go(claim.paper_text.paper.get_absolute_url())
    page.get_by_role("button", name=re.compile("^Accept")).first.press("Enter")
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    page = guest.go("/account/decisions/")
    page.get_by_role("button", name=re.compile("^Undo: Accepted")).press("Enter")
    expect(page.locator("main")).to_contain_text("undone since")
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED
    for visitor in (administrator, guest):
        visitor.context.close()
        assert visitor.faults == []


def test_double_click_makes_one_token_and_shows_its_secret(browser: Browser, live_server: LiveServer) -> None:
    make.make_user("kim")
    visitor = visit(browser, live_server)
    sign_in(visitor, "kim")
    page = visitor.go("/account/tokens/")
    page.get_by_label("Name", exact=True).fill("nightly")
    page.get_by_role("button", name="Make a token").dblclick()
    expect(page.locator("#secret")).to_contain_text("cb_")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#secret")).to_contain_text("cb_")
    assert ApiToken.objects.count() == 1
    visitor.context.close()
    assert visitor.faults == []


def test_chart_of_quality_is_fetched_when_it_is_seen_and_follows_the_theme(
    browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    make_decisions(monkeypatch)
    assert Claim.objects.count() == 36
    visitor = visit(browser, live_server)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.set_viewport_size({"width": 360, "height": 300})
    page = visitor.go("/about/quality/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "plotly" in url or "chart.json" in url]
    page.locator(".shares__stage").scroll_into_view_if_needed()
    wait_until(page, "document.querySelector('.shares__stage.is-drawn') !== null")
    drawn = "document.querySelector('.shares__plot').data.map(trace => trace.name).join()"
    assert page.evaluate(drawn) == "Accepted as read,Corrected,Rejected"
    paper = "document.querySelector('.shares__plot').layout.template.layout.paper_bgcolor"
    before = page.evaluate(paper)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    wait_until(page, f"{paper} !== '{before}'")
    visitor.context.close()
    assert visitor.faults == []


def test_page_of_quality_is_whole_without_script(browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    make_decisions(monkeypatch)
    visitor = visit(browser, live_server, script=False)
    page = visitor.go("/about/quality/")
    expect(page.locator(".shares__stage")).to_be_hidden()
    rows = page.get_by_role("region", name="Over time, as a table").get_by_role("row")
    expect(rows).to_have_count(7)
    expect(rows.nth(1)).to_contain_text("Jan")
    visitor.context.close()
