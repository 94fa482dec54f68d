"""The review queue in a real browser: by the keyboard alone, without a page load, and without JavaScript."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from claims import boards
from claims.models import Benchmark, ChangeSet, Claim, Contender, Cost, Decision, Paper, ResultValue
from claims.services import contenders, curation, ingest, queue, storage
from claims.terms import CurationState
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.leaderboard.test_browser import (
    LONG,
    LOOKS,
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    Visitor,
    find_barriers,
    sign_in,
    visit,
    wait_until,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ABSTRACT = "We look at nets. SampleNet reaches 86.2% top-1 accuracy with 21M parameters. OldNet has 80.1% of it. It is described below. "


def make_queue(papers: int = 3) -> list[Claim]:
    """Return claims of so many papers on one board, the last one the best; each paper has a cost besides."""
    board = make.make_benchmark(dataset="ImageNet-1K")
    claims = []
    for number in range(papers):
        abstract = ABSTRACT.replace("86.2", f"{86 + number}.2")
        paper = make.make_paper(f"SampleNet-{number}: on nets", abstract=abstract * 3)
        claims.append(make.make_claim(f"{86 + number}.2%", benchmark=board, paper=paper, model=f"SampleNet-{number}"))
        make.make_cost("21M", paper=paper, result=claims[-1].result)
    contenders.settle([board])
    return claims


@pytest.fixture
def visitor(browser: Browser, live_server: LiveServer) -> Visitor:
    visitor = visit(browser, live_server)
    sign_in(visitor)
    return visitor


def name_on(page: Page) -> str:
    """Return the name of the number that the page shows, "" if none is."""
    return str(page.evaluate("document.getElementById('desk').dataset.name || ''"))


def press(page: Page, key: str) -> None:
    """Press a key and wait for the next number, and for all that was decided to be saved."""
    before = name_on(page)
    page.keyboard.press(key)
    wait_until(page, f"document.getElementById('desk').dataset.name !== {before!r}")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")


def test_the_sentence_of_a_long_text_is_in_sight_on_a_narrow_screen(visitor: Visitor) -> None:
    paper = make.make_paper("On nets", abstract="We look at nets of every kind. " * 60 + "SampleNet has 86.2% of it. " + "It is so. " * 60)
    make.make_claim("86.2%", paper=paper, model="SampleNet")
    page = visitor.look("/review/", 360, "light")
    quote, number = page.locator(".desk__quote"), page.locator(".mark--now")
    outer, inner = quote.bounding_box(), number.bounding_box()
    assert outer is not None
    assert inner is not None
    assert outer["height"] < 500
    assert outer["y"] < inner["y"] < outer["y"] + outer["height"] - inner["height"]
    assert quote.get_attribute("tabindex") == "0", "who has a keyboard scrolls it, too"
    assert find_barriers(page) == ""
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(quote).not_to_have_class(re.compile("is-short"))
    assert quote.get_attribute("tabindex") is None


def find(name: str) -> Claim | Cost:
    found = queue.find(*name.split("-", 1))
    assert found is not None
    return found


# ---- four listings, thirty numbers ----


@pytest.mark.shared
def test_thirty_numbers_of_four_listings_by_the_keyboard_alone(
    visitor: Visitor, shared_dir: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR, settings.UPLOAD_DIR = tmp_path, tmp_path / "uploads"
    load_catalogue()
    for path in sorted((shared_dir / "listings").iterdir()):
        listing, _ = storage.store_upload(io.BytesIO(path.read_bytes()), name=path.name, actor="test")
        ingest.ingest_in_foreground(listing)
    assert Contender.objects.exists()
    page = visitor.go("/review/")
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    decided: dict[str, str] = {}
    for turn in range(30):
        name = name_on(page)
        assert name not in decided
        statement = find(name)
        assert statement.state == CurationState.UNREVIEWED
        if turn < 5:
            assert statement.pk in set(Contender.objects.values_list("claim", flat=True)) or near_to(decided, statement)
        press(page, "a" if turn % 3 else "r")
        decided[name] = "accepted" if turn % 3 else "rejected"
        if turn % 10 == 9:  # and back, and again
            press(page, "u")
            assert name_on(page) == name
            assert find(name).state == CurationState.UNREVIEWED
            press(page, "a")
            decided[name] = "accepted"
    assert {name: find(name).state for name in decided} == decided
    assert loads == []
    assert [change.action for change in ChangeSet.objects.filter(actor="uploader").order_by("pk")].count("undo") == 3
    assert Decision.objects.filter(change_set__actor="uploader").count() == 30 + 2 * 3
    check_boards([find(name) for name in decided])
    correct_and_set_back(visitor, next(filter(is_shown, Claim.objects.awaiting_review().order_by("pk"))))
    assert not visitor.faults


def is_shown(claim: Claim) -> bool:
    return claim.value_max is None and ResultValue.objects.filter(claim=claim).exists()


def correct_and_set_back(visitor: Visitor, claim: Claim) -> None:
    """Correct a number from the queue and set it back from its history, by the keyboard alone: its board follows, and is as it was."""
    board = Benchmark.objects.get(results=claim.result_id)
    before = scores_of(board)
    page = visitor.go(f"/review/?at=claim-{claim.public_id}")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(rf"/claims/{claim.public_id}/correct/"))
    walk_to(page, "number")
    page.keyboard.press("Control+A")
    page.keyboard.type("1.25%")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/review/"))
    claim.refresh_from_db()
    assert (claim.value, claim.state) == (1.25, "accepted")
    assert scores_of(board) == before | {claim.public_id: "1.25"}
    visitor.go(f"/claims/{claim.public_id}/history/")
    walk_to(page, "", text="Set back to before all of it")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("It was right.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_be_visible()
    assert scores_of(board) == before


def walk_to(page: Page, name: str, *, text: str = "") -> None:
    """Go on by Tab to the field of a name, or to what has a text."""
    for _ in range(150):
        page.keyboard.press("Tab")
        at = page.evaluate("[document.activeElement.name || '', document.activeElement.innerText || '']")
        if (at[0] == name) if name else (at[1].strip() == text):
            return
    raise AssertionError(f"Tab never came to {name or text}")


def scores_of(board: Benchmark) -> dict[str, str]:
    """Return the numbers of a board's rows by their claims, in the board's order."""
    board.refresh_from_db()
    read = boards.read_board(board, QueryDict("role=all"), page_size=None, opened="")
    return {cell.public_id: f"{cell.value:g}" for row in read.rows for cell in row.cells.values()}


def near_to(decided: dict[str, str], statement: Claim | Cost) -> bool:
    """Say whether a number stands in the paper of one that was decided on before."""
    return statement.paper_text_id in {find(name).paper_text_id for name in decided}


def check_boards(decided: list[Claim | Cost]) -> None:
    """Assert that the boards show what was accepted as accepted, and nothing of what was rejected."""
    papers = Paper.objects.filter(texts__in={said.paper_text_id for said in decided if said.paper_text_id})
    touched = Benchmark.objects.filter(results__paper__in=papers).distinct()
    read = [boards.read_board(board, QueryDict("role=all"), page_size=None, opened="") for board in touched]
    states = {cell.public_id: cell.state for board in read for row in board.rows for cell in row.cells.values()}
    scores = [said for said in decided if isinstance(said, Claim)]
    shown = set(ResultValue.objects.filter(claim__in=scores).values_list("claim__public_id", flat=True))
    assert {said.state for said in scores if said.public_id in shown} == {"accepted"}
    assert {states[name] for name in shown} == {"accepted"}
    assert not {said.public_id for said in scores if said.state == "rejected"} & states.keys()
    assert any(said.state == "rejected" for said in scores)


# ---- keys ----


def test_each_key_does_what_its_button_says_without_a_page_load(visitor: Visitor) -> None:
    claims = make_queue(4)
    page = visitor.go("/review/")
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    first = name_on(page)
    press(page, "n")  # its cost doesn't come, either
    second = name_on(page)
    assert find(second).paper_text_id != find(first).paper_text_id
    press(page, "s")
    assert find(second).state == CurationState.UNREVIEWED
    cost = name_on(page)
    assert cost.startswith("cost-")
    press(page, "r")
    assert (find(cost).state, find(cost).reject_reason) == ("rejected", "not_a_result")
    expect(page.locator("#review-said")).to_contain_text("rejected as not a result")
    last = name_on(page)
    press(page, "u")
    assert name_on(page) == cost
    expect(page.locator("#review-said")).to_have_text("")
    press(page, "a")
    assert name_on(page) == last
    assert page.evaluate("document.activeElement.id") == "desk"
    expect(page.locator("#review-count")).to_contain_text("2 decided by you")
    page.keyboard.press("?")
    expect(page.locator("#review-keys li").first).to_be_visible()
    note = page.get_by_label("Why", exact=True)
    note.focus()
    page.keyboard.type("a rare sun")  # letters in a field decide nothing
    assert name_on(page) == last
    page.locator("#desk").focus()
    press(page, "r")
    assert find(last).reject_note == "a rare sun"
    assert loads == []
    assert len(claims) == 4
    assert not visitor.faults


def test_number_that_is_wrongly_read_is_rejected_and_opened_to_be_corrected(visitor: Visitor) -> None:
    make_queue(2)
    page = visitor.go("/review/")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    first = name_on(page)
    with page.expect_navigation():
        page.keyboard.press("w")
    assert "/correct/?next=%2Freview%2F" in page.url
    assert (find(first).state, find(first).reject_reason) == ("rejected", "wrongly_read")
    page.get_by_role("link", name="Not now").click()
    page.wait_for_url("**/review/**")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")  # what is fetched ahead takes a lease
    assert name_on(page) != first
    assert not visitor.faults


def test_key_that_is_held_down_and_second_click_decide_once(visitor: Visitor) -> None:
    make_queue(3)
    page = visitor.go("/review/")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    page.evaluate(
        """() => { for (let turn = 0; turn < 4; turn++) document.dispatchEvent(new KeyboardEvent("keydown", {key: "a", repeat: true, bubbles: true})); }"""
    )
    page.get_by_role("button", name="Accept").dblclick()
    expect(page.locator("#review-said")).to_contain_text("accepted")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    assert ChangeSet.objects.count() == 1


def test_decision_that_another_took_before_is_refused_with_theirs(visitor: Visitor) -> None:
    make_queue(3)
    page = visitor.go("/review/")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    name = name_on(page)
    curation.decide(find(name), CurationState.REJECTED, actor="lee", version=1, reason="not_a_result")
    press(page, "a")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(page.get_by_role("alert")).to_contain_text("rejected as not a result")
    assert find(name).state == CurationState.REJECTED
    page.get_by_role("link", name="Go on with the next").click()
    expect(page.locator("#desk")).to_have_attribute("data-name", re.compile(f"^(?!{re.escape(name)}$)."))


def test_queue_is_gone_through_to_its_end(visitor: Visitor) -> None:
    make_queue(1)
    page = visitor.go("/review/")
    wait_until(page, "document.getElementById('review').dataset.busy !== 'yes'")
    press(page, "a")
    press(page, "r")
    expect(page.get_by_role("heading", name="Everything is reviewed")).to_be_visible()
    press(page, "u")
    assert name_on(page).startswith("cost-")
    assert not visitor.faults


def test_queue_works_without_a_script(browser: Browser, live_server: LiveServer) -> None:
    claims = make_queue(2)
    visitor = visit(browser, live_server, script=False)
    sign_in(visitor)
    page = visitor.go("/")
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#review-said")).to_contain_text("accepted")
    page.get_by_label("Why", exact=True).fill("a size")
    page.get_by_role("button", name="Not a result").click()
    expect(page.locator("#review-said")).to_contain_text("rejected as not a result: “a size”")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Next paper").click()
    expect(page.get_by_role("heading", name="You have skipped what is left")).to_be_visible()
    page.get_by_role("button", name="Look at what you skipped").click()
    expect(page.locator("#desk .focus").first).to_be_visible()
    assert Claim.objects.filter(state="accepted").count() + Cost.objects.filter(state="accepted").count() == 1
    assert len(claims) == 2


# ---- looks ----


def test_queue_fits_and_has_no_barriers_in_every_look(visitor: Visitor) -> None:
    claims = make_queue(3)
    Claim.objects.update(inferred=["dataset"], rules=["score"])
    make.make_imported_row(make.make_benchmark(dataset="Table"), "ImportedNet", "81.5")
    queue.decide(claims[0], CurationState.ACCEPTED, curator=User.objects.get(username="uploader"), version=1)
    pages = {"desk": "/review/", "filters": "/review/?min_confidence=0.1", "empty": "/review/?version=99"}
    for name, address in pages.items():
        for width, scheme in LOOKS:
            page = visitor.look(address, width, scheme)
            wide, there = visitor.width()
            assert wide <= there, (name, width)
            if width in (360, 1400):
                assert find_barriers(page) == "", (name, width, scheme)
                if SCREENSHOTS_WANTED:
                    page.screenshot(path=str(SCREENSHOTS / f"review-{name}-{width}-{scheme}.png"), full_page=True)
    Claim.objects.update(model_name=LONG, variant=LONG, setting=[{"kind": "other", "value": LONG, "text": LONG}])
    Paper.objects.update(title=LONG * 2)
    for width in (320, 360, 740, 1400):
        visitor.look(f"/review/?benchmark={LONG}", width, "light")
        wide, there = visitor.width()
        assert wide <= there, width
        page = visitor.look("/review/", width, "light")
        wide, there = visitor.width()
        assert wide <= there, width
        expect(page.locator(".slots")).to_contain_text(LONG)
    assert not visitor.faults
