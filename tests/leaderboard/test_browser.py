"""The pages in a real browser: no overflow, no console error, no accessibility violation, usable without JavaScript."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from claims.models import (
    Benchmark,
    ChangeSet,
    Claim,
    Cost,
    Delivery,
    Listing,
    ListingChunk,
    ListingIssue,
    Paper,
    Result,
)
from claims.services import correction, curation, deliveries, ingest, search_names, storage, uploads, webhooks
from claims.terms import (
    ClaimKind,
    CostMeasure,
    CurationState,
    DeliveryState,
    Direction,
    ListingState,
    Qualifier,
    RejectReason,
    Role,
    WebhookState,
)
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.receiver import receive

# Playwright's sync API runs an event loop in this thread, which Django takes for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
SCREENSHOTS_WANTED = os.environ.get("SCREENSHOTS") == "1"
"""They are for people to look at, and cost more than what is asserted."""
BETWEEN = 740
"""Axe looks at cards in both schemes and at tables in both; at this width, between them, a page has to fit, and that is all."""
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [
    (320, "light"),
    (BETWEEN, "light"),
    (1400, "light"),
    (1400, "dark"),
    (360, "dark"),
]
"""Widths, and schemes at them: a page is loaded at each width, in either scheme at one, and follows the other scheme as it stands."""


def wait_until(page: Page, condition: str) -> None:
    """Wait until an expression is true. Playwright's own way evaluates text within the page, which its policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {condition}")


def find_barriers(page: Page) -> str:
    """Return axe's report on a page as it stands, "" if it finds nothing. All but violations stays in the page: to hand it over takes long.

    What it fetches first is for a rule about sounds and one that it leaves out by itself: a sixth of its time.
    """
    if page.evaluate("innerWidth") == BETWEEN:
        return ""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = "{resultTypes: ['violations'], preload: document.querySelector('audio, video') !== null}"
    found = AxeResults(page.evaluate(f"axe.run({options}).then(({{violations}}) => ({{violations}}))"))
    return str(found.generate_report()) if found.violations_count else ""


class Visitor:
    """A browser page that remembers what went wrong on it."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context, self.base = context, base
        self.page: Page = context.new_page()
        self._shown: tuple[str, int] | None = None
        self.faults: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        """Keep an error or a warning; who leaves a page while it still asks ends that request, which is no fault of the page.

        Every other way for a request of htmx to fail has an event of its own beside "afterRequest".
        """
        if kind in ("error", "warning") and not text.startswith(("htmx:sendAbort,", "htmx:afterRequest,")):
            self.faults.append(text)

    def go(self, path: str) -> Page:
        self._shown = None
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status < 500
        return self.page

    def look(self, path: str, width: int, scheme: Literal["light", "dark"]) -> Page:
        """Show a page at a width and in a scheme; only another width, or another page, is loaded anew."""
        self.page.emulate_media(color_scheme=scheme)
        if self._shown != (path, width):
            self.page.set_viewport_size({"width": width, "height": 900})
            if "#" in path:
                self.page.goto("about:blank")  # an address with the same "#row" would not be loaded again
            self.go(path)
            self._shown = path, width
        return self.page

    def width(self) -> tuple[int, int]:
        wide, there = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        return int(wide), int(there)


def go_back(page: Page) -> None:
    """Go a step back in the history. The board is loaded anew then, which ends the wait of the browser's driver for its own way back."""
    with contextlib.suppress(PlaywrightError):
        page.go_back(wait_until="commit")


def visit(browser: Browser, live_server: LiveServer, *, script: bool = True) -> Visitor:
    context = browser.new_context(
        viewport={"width": 1400, "height": 900},
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    return Visitor(context, live_server.url)


LONG = "ANameThatGoesOnAndOnWithoutAnySpace_patch14_448_mim_in22k_ft_in22k_in1k"


def make_rich_board() -> Benchmark:
    """Return a board with about everything that a board can hold."""
    benchmark = make.make_benchmark()
    top5 = make.add_metric(benchmark, make.make_metric("Top-5 accuracy"))
    fid = make.add_metric(benchmark, make.make_metric("FID", unit="", direction=Direction.LOWER))
    accuracy = make.make_metric("Accuracy")
    assert benchmark.primary_metric is not None
    make.add_metric(benchmark, accuracy, column=benchmark.primary_metric)
    for number in range(8):
        score, top = f"{88 - number}.{number}%", f"{97 - number}.{number}4%"
        model = LONG if number == 3 else f"SampleNet-{number}"
        paper = make.make_paper(
            f"{model}: Deep sample networks that read well and cost little, number {number}",
            abstract=(
                f"Sample networks are costly. Ours reaches {score} top-1 and {top} top-5 accuracy with {number + 5}M parameters. "
                f"It takes {number + 1}.5G FLOPs, {number}.4x fewer than before. On samples the FID is 2.{number}."
            ),
        )
        conditions = [("resolution", "384x384", "384 × 384"), ("extra_data", "IN-22K", "IN-22K")] if number % 2 else []
        if number == 3:
            conditions += [("extra_data", "Merged-38M", "Merged-38M, a merger of public sets (EVA-02)"), ("extra_data", LONG, LONG)]
        if number == 5:  # more settings than a board offers at once
            conditions += [("protocol", f"protocol-{n}", f"protocol {n}") for n in range(12)]
        result = make.make_result(
            benchmark, paper, model if number != 5 else "", variant="ViT-L/14" if number == 1 else "", conditions=conditions
        )
        special: dict[int, dict[str, Any]] = {
            0: {"state": CurationState.ACCEPTED},
            1: {"uncertainty": 0.14, "qualifier": Qualifier.ABOUT},
            2: {"metric": accuracy},
            4: {"qualifier": Qualifier.AT_MOST, "state": CurationState.ACCEPTED, "tier": "verified", "tier_reason": "seen in Table 2"},
        }
        fields = special.get(number, {})
        make.make_claim(score, result=result, paper=paper, model=model, **fields)
        make.make_claim(top, result=result, paper=paper, model=model, metric=top5)
        if number < 2:
            make.make_claim(f"2.{number}", result=result, paper=paper, model=model, metric=fid)
        make.make_cost(f"{number + 5}M", paper=paper, result=result, value=(number + 5) * 1e6)
        make.make_cost(f"{number + 1}.5G", paper=paper, result=result, value=(number + 1.5) * 1e9, measure=CostMeasure.FLOPS, decimals=1)
        make.make_cost(
            f"{number}.4x", paper=paper, result=result, value=number + 0.4, unit="x", kind=ClaimKind.RATIO, measure=CostMeasure.FLOPS
        )
    undated = make.make_paper("A sample without a date", abstract="It reaches 76.5–80.9% top-1 accuracy.", day=None)
    make.make_claim("76.5–80.9%", paper=undated, benchmark=benchmark, model="Undated", value=76.5, value_max=80.9, decimals=1, unit="%")
    quoted = make.make_paper("A sample that quotes", abstract="It beats Other at 70.1% top-1 accuracy.", day=None)
    make.make_claim("70.1%", paper=quoted, benchmark=benchmark, model="Other", role=Role.BASELINE)
    make.make_board(2, benchmark=make.make_benchmark("Object Detection", "COCO"))
    make.make_board(
        1, benchmark=make.make_benchmark("Machine Translation", "A dataset with a very long name indeed, 2014 En–De", area="Language")
    )
    return benchmark


def make_rich_paper() -> Paper:
    benchmark = make.make_benchmark("Image Classification", "CIFAR-10")
    paper = make.make_paper(
        "SampleNet reaches 97.6% on CIFAR-10 <script>alert(1)</script>",
        abstract=(
            "Designing networks takes effort; on CIFAR-10 a search helps. SampleNet has an accuracy of 97.6%, 1.2% above the best "
            "design by hand, with 28% less computation and 3.3M parameters. Its small version gets 96.1/95.2% on two sets. "
            "Rival stays at 95.9%. <img src=x onerror=alert(1)> It was found in 2,000 GPU hours, not 10. With a ResNet-50 it gains less, "
            f"as others said in 2019 of {LONG}."
        ),
    )
    make.make_claim("97.6%", benchmark=benchmark, paper=paper, field="title", state=CurationState.ACCEPTED)
    rules = [
        "score",
        "metric.before",
        "dataset.left",
        "owner.subject",
        "a.rule_that_an_older_version_had_and_that_has_no_phrase_of_its_own",
    ]
    make.make_claim("97.6%", benchmark=benchmark, paper=paper, on_board=False, rules=rules)
    make.make_claim("1.2%", benchmark=benchmark, paper=paper, kind=ClaimKind.DELTA)
    make.make_claim("96.1/95.2%", benchmark=benchmark, paper=paper, on_board=False, value=96.1, unit="%", decimals=1)
    make.make_claim("96.1/95.2%", benchmark=benchmark, paper=paper, on_board=False, value=95.2, unit="%", decimals=1, ordinal=1)
    make.make_claim("95.9%", benchmark=benchmark, paper=paper, role=Role.BASELINE, model="Rival")
    make.make_claim("10.", benchmark=benchmark, paper=paper, on_board=False, value=10.0, decimals=0, unit="", state=CurationState.REJECTED)
    make.make_cost("28%", paper=paper, value=28.0, unit="%", kind=ClaimKind.RATIO, measure=CostMeasure.FLOPS)
    make.make_cost("3.3M", paper=paper, value=3.3e6, decimals=1)
    make.make_cost("2,000 GPU hours", paper=paper, value=2000.0, unit="GPU hours", measure=CostMeasure.GPU_HOURS)
    assert paper.current_text is not None
    text = paper.current_text.abstract
    left = [
        ("10 a", 2, "part_of_name"),
        ("10.", 2, "no_metric"),
        ("50 it", 2, "part_of_name"),
        ("2019", 4, "year"),
        ("14_448", 2, "part_of_name"),
    ]
    places = [["abstract", text.index(word), text.index(word) + length, reason] for word, length, reason in left]
    title = paper.title.index("10 <")
    make.make_reading(paper, [["title", title, title + 2, "part_of_name"], *places])
    make.make_listing("a-listing.txt", paper)
    older = make.make_text(
        paper, abstract="An earlier text says that SampleNet reaches 97.1% on this set with 3.5M parameters. It went on."
    )
    fields = {"state": CurationState.ACCEPTED, **make.place(older, "97.1%")}
    make.make_claim("97.1%", benchmark=benchmark, paper=paper, model="SampleNet-first", **fields)
    fields = {"state": CurationState.ACCEPTED, **make.place(older, "3.5M")}
    Cost.objects.create(
        measure=CostMeasure.PARAMETERS, kind=ClaimKind.ABSOLUTE, role=Role.PROPOSED, value=3.5e6, decided_by="person", **fields
    )
    return paper


def make_rich_listing(state: ListingState = ListingState.DONE) -> Listing:
    papers = [make.make_paper(day=None) for number in range(3)]
    listing = make.make_listing(
        f"papers_{LONG}.txt", *papers, state=state, error="It is a PDF; listings are text." if state == ListingState.FAILED else ""
    )
    chunk = ListingChunk.objects.create(listing=listing, number=0, first=1, last=3, offset=0, line=1, state="done")
    ListingIssue.objects.create(listing=listing, chunk=chunk, line=284, reason="The footer with author count and date is missing.")
    make.make_reading(papers[0], [["abstract", 0, 2, "part_of_name"], ["abstract", 3, 5, "year"], ["abstract", 3, 5, "year"]])
    return listing


PAGES = [
    "home",
    "home-empty",
    "board",
    "board-open",
    "board-empty",
    "board-bad",
    "paper",
    "paper-curator",
    "paper-why",
    "listings",
    "listing",
    "listing-why",
    "listing-running",
    "listing-failed",
    "listing-managed",
    "listing-stopped",
    "listing-settling",
    "listing-withdrawn",
    "listing-unmapped",
    "columns",
    "columns-many",
    "withdraw",
    "paper-withdrawn",
    "upload",
    "login",
    "missing",
    "search",
    "search-start",
    "search-nothing",
    "hooks",
    "hooks-empty",
    "hook",
    "log",
    "log-empty",
    "log-bad",
    "act",
    "number-history",
]


def make_page(name: str, visitor: Visitor) -> str:
    """Make what the page shows; return its address."""
    if name in ("home", "board", "board-open", "board-empty", "board-bad"):
        board = make_rich_board()
        result = Result.objects.get(benchmark=board, model_name="SampleNet-1")
        return {
            "home": "/",
            "board": board.get_absolute_url(),
            "board-open": f"{board.get_absolute_url()}?open={result.public_id}#row-{result.public_id}",
            "board-empty": f"{board.get_absolute_url()}?year=2022&state=accepted&setting=none&setting=resolution:384x384",
            "board-bad": f"{board.get_absolute_url()}?colour=red",
        }[name]
    if name == "paper-curator":
        sign_in(visitor)
    if name == "paper-withdrawn":
        paper = make_rich_paper()
        uploads.withdraw(Listing.objects.get(), actor="kim", version=1, reason="Not a listing of papers that we read.")
        return paper.get_absolute_url()
    if name.startswith("paper"):
        address = make_rich_paper().get_absolute_url()
        return f"{address}#w-title-33" if name == "paper-why" else address
    if name == "listings":
        for state in (ListingState.DONE, ListingState.READING, ListingState.FAILED):
            make_rich_listing(state)
        return "/listings/"
    if name in ("listing-managed", "listing-stopped", "listing-settling", "listing-withdrawn", "withdraw"):
        return make_managed_listing(name, visitor)
    if name in ("listing-unmapped", "columns", "columns-many"):
        sign_in(visitor)
        listing = make_unmapped_listing(columns=30 if name == "columns-many" else 4)
        return f"{listing.get_absolute_url()}{'' if name == 'listing-unmapped' else 'columns/'}"
    if name.startswith("listing"):
        state = {
            "listing": ListingState.DONE,
            "listing-why": ListingState.DONE,
            "listing-running": ListingState.READING,
            "listing-failed": ListingState.FAILED,
        }[name]
        return make_rich_listing(state).get_absolute_url()
    if name.startswith("hook"):
        return make_hooks(visitor, empty=name == "hooks-empty").get(name, "/hooks/")
    if name in ("log", "act", "number-history"):
        return make_acts(visitor)[name]
    if name.startswith("search"):
        make_rich_board()
        make_rich_paper()
        make_samples()
        return {"search": "/search/?q=sampel", "search-start": "/search/", "search-nothing": "/search/?q=zzzzzz"}[name]
    if name == "upload":
        sign_in(visitor)
        return "/listings/upload/"
    return {
        "home-empty": "/",
        "login": "/login/?next=/listings/upload/",
        "log-empty": "/log/",
        "log-bad": "/log/?since=never",
        "missing": "/papers/none/",
    }[name]


def make_unmapped_listing(*, columns: int = 4) -> Listing:
    """Upload a table whose columns nobody has named, with names and values of every width and direction."""
    headers = ["Model", "Params (M)", "img_size", "Paper", LONG, "\u05d0\u05d1\u05d2 \u202emIoU"]
    headers += [f"Score {number} (%)" for number in range(columns)]
    rows = [[f"Net-{n}", str(n + 5), "224", "A paper on nets " * 6, LONG, "45.1", *["81.2"] * columns] for n in range(60)]
    text = "\n".join(",".join(row) for row in [headers, *rows])
    user = get_user_model()._default_manager.get(username="uploader")
    listing, _ = storage.store_upload(io.BytesIO(text.encode()), name=f"table_{LONG}.csv", actor="uploader", uploaded_by=user)
    assert listing.state == ListingState.UNMAPPED
    return listing


def make_managed_listing(name: str, visitor: Visitor) -> str:
    """Make a listing with a history, and the one who may change it."""
    sign_in(visitor)
    listing = make_rich_listing(ListingState.FAILED if name == "listing-managed" else ListingState.DONE)
    listing.latest_year = 2021
    listing.save()
    for number, line in ((1, 300), (2, 4011)):
        error = "ValueError: a fault in a rule, named at length with_a_very_long_word_that_goes_on_" + "and_on_" * 9
        ListingChunk.objects.create(
            listing=listing, number=number, first=number * 3, last=number * 3 + 2, offset=0, line=line, state="failed", error=error
        )
    uploads.set_year(listing, 2020, actor="uploader", version=1)
    uploads.set_year(listing, 2024, actor="uploader", version=2)
    if name == "listing-stopped":
        ListingChunk.objects.filter(number__gt=0).update(state="waiting", error="")
        Listing.objects.update(state=ListingState.READING, entry_count=9)
        uploads.stop(listing, actor="uploader", version=3)
    elif name in ("listing-withdrawn", "listing-settling"):
        uploads.withdraw(listing, actor="uploader", version=3, reason="It lists what we have not read. " * 6)
        if name == "listing-settling":
            Listing.objects.update(unsettled_from=1)
    return f"{listing.get_absolute_url()}{'withdraw/' if name == 'withdraw' else ''}"


def make_samples() -> None:
    for number in range(25):
        make.make_paper(f"Sampel {number}: a paper that the search finds, whatever there is in its title, {LONG}")
    search_names.rebuild()


def sign_in(visitor: Visitor) -> None:
    make.make_user("uploader", "upload_listing", "manage_listing", "change_claim", "change_cost", is_staff=True)
    page = visitor.go("/login/")
    page.get_by_label("Name").fill("uploader")
    page.get_by_label("Password").fill("secret")
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def make_hooks(visitor: Visitor, *, empty: bool) -> dict[str, str]:
    """Make webhooks in all states, one with a log of all that may come of a delivery; return its address."""
    sign_in(visitor)
    if empty:
        return {}
    owner = User.objects.get(username="uploader")
    hook = make.make_webhook(f"https://example.org/{LONG}?and={LONG}", owner=owner, failing_since=timezone.now(), failures=3)
    make.make_webhook("https://example.org/paused", owner=owner, state=WebhookState.PAUSED)
    make.make_webhook("https://example.org/off", owner=owner, state=WebhookState.DISABLED, note="Nothing came through.")
    for state in DeliveryState:
        delivery = webhooks.send_test(hook)
        said = {"status": 500, "answer": f"<b>{LONG}</b> {LONG}"} if state != DeliveryState.WAITING else {"error": "There is no host."}
        Delivery.objects.filter(pk=delivery.pk).update(state=state, attempts=2, tried=timezone.now(), **said)
    return {"hook": hook.get_absolute_url()}


def make_acts(visitor: Visitor) -> dict[str, str]:
    """Do about everything that the log has words for, to numbers with long names, and return where it is told."""
    sign_in(visitor)
    make_rich_paper()
    first, *others = Claim.objects.filter(state=CurationState.UNREVIEWED).order_by("pk")
    Claim.objects.filter(pk=first.pk).update(model_name=f"{LONG} <i>", variant=LONG)
    first.refresh_from_db()
    curation.decide(first, CurationState.ACCEPTED, actor="uploader", version=1, note=f"As <b>Table 2</b> says, of {LONG}. " * 3)
    correction.correct(first, {"number": "76.5-80.9%", "variant": "large", "role": Role.BASELINE}, actor="kim.lee", version=first.version)
    made = curation.decide(
        first, CurationState.REJECTED, actor="kim.lee", version=first.version, reason=RejectReason.WRONGLY_READ, note="It is a year."
    )
    curation.undo(made, actor="uploader")
    many = curation.decide_all([(claim, claim.version) for claim in others], CurationState.ACCEPTED, actor="uploader", note="All of it.")
    listing = Listing.objects.get()
    uploads.withdraw(listing, actor="uploader", version=listing.version, reason="It was uploaded twice.")
    return {"log": "/log/", "act": many.get_absolute_url(), "number-history": f"/claims/{first.public_id}/history/"}


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_and_is_accessible(browser: Browser, live_server: LiveServer, name: str) -> None:
    """At every width, light and dark: nothing sticks out, nothing is logged as an error, axe finds nothing."""
    visitor = visit(browser, live_server)
    address = make_page(name, visitor)
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, scheme in LOOKS:
        look = f"{name}-{width}-{scheme}"
        page = visitor.look(address, width, scheme)
        if name.endswith(("-why", "-history")):
            page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        if SCREENSHOTS_WANTED:
            page.screenshot(path=SCREENSHOTS / f"{look}.png", full_page=True)
        wide, there = visitor.width()
        assert wide <= there, look
        assert find_barriers(page) == "", look
    visitor.context.close()
    expected = {"missing": "404", "board-bad": "400", "log-bad": "400"}.get(name)
    assert [fault for fault in visitor.faults if not (expected and expected in fault)] == []


@pytest.mark.parametrize("script", [True, False])
def test_webhook_is_added_tried_out_and_deleted(browser: Browser, live_server: LiveServer, settings: Settings, *, script: bool) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    visitor = visit(browser, live_server, script=script)
    sign_in(visitor)
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    page = visitor.go("/")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("button", name="Add it and show its secret").click()
    page.get_by_text("No address was given").wait_for()
    with receive() as receiver:
        page.get_by_label("Address").fill(receiver.address)
        page.get_by_label("a listing was read").uncheck()
        page.get_by_role("button", name="Add it and show its secret").click()
        page.get_by_role("heading", name="The webhook is there").wait_for()
        secret = page.locator("#secret").inner_text()
        expect(page.get_by_role("button", name="Copy")).to_have_count(int(script))
        assert visitor.width()[0] <= visitor.width()[1]
        if script:
            assert find_barriers(page) == ""
        page.get_by_role("link", name="Try it out").click()
        page.get_by_role("button", name="Send a test event").click()
        page.get_by_text("A test event is on its way").wait_for()
        assert deliveries.deliver_next()
        assert receiver.verify(secret)["type"] == "test"
    page.reload()
    page.get_by_text("Delivered").wait_for()
    page.get_by_text("What was sent").click()
    page.get_by_text("Nothing has happened.").wait_for()
    page.get_by_text("Delete it…").click()
    page.get_by_role("button", name="Delete the webhook").click()
    page.get_by_text("No webhook yet").wait_for()
    visitor.context.close()
    assert [fault for fault in visitor.faults if "400" not in fault] == []


@pytest.mark.parametrize("script", [True, False])
def test_number_is_set_back_to_a_point_of_its_history(browser: Browser, live_server: LiveServer, *, script: bool) -> None:
    """From the paper's page to the history, back to what was first decided, and from the log to the act and its undoing."""
    visitor = visit(browser, live_server, script=script)
    make_acts(visitor)
    claim = Claim.objects.get(variant="large")
    assert claim.paper_text is not None
    uploads.undo(ChangeSet.objects.get(action="withdraw"), actor="uploader")
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    page = visitor.go(claim.paper_text.paper.get_absolute_url())
    page.get_by_role("link", name=f"history of {claim.stated}").first.click()
    said = page.locator(".log__act").first
    expect(said).to_contain_text("uploader took back what was decided on it")
    if script:
        expect(said.locator("time")).to_have_text("just now")
    first = page.locator("details", has_text="Set back to this").last
    first.locator("summary").press("Enter")
    first.get_by_label("Why").fill("it was right <at first>")
    first.get_by_role("button", name="Set it back").press("Enter")
    page.get_by_text("set back, accepted now").wait_for()
    expect(page.locator(".log__act").first).to_contain_text("it was right <at first>")
    claim.refresh_from_db()
    assert (claim.state, claim.variant, claim.role) == ("accepted", LONG, "proposed")
    page.locator(".log__act").first.get_by_role("link", name="This act").press("Enter")
    page.get_by_role("button", name="Undo it").press("Enter")
    page.get_by_text("Taken back since").wait_for()
    claim.refresh_from_db()
    assert (claim.variant, claim.role) == ("large", "baseline")
    visitor.context.close()
    assert visitor.faults == []


def test_numbers_that_were_not_taken_lead_to_their_reason_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    """From a listing's receipt to the paper and back to the number in its text, with the keyboard and on a narrow screen."""
    paper = make_rich_paper()
    Listing.objects.update(state=ListingState.DONE)
    visitor = visit(browser, live_server, script=False)
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    page = visitor.go(Listing.objects.get().get_absolute_url())
    page.get_by_text("part of a name").press("Enter")
    page.locator(".reasons").get_by_role("link", name="CIFAR-10").press("Enter")
    expect(page).to_have_url(re.compile(f"{paper.get_absolute_url()}#w-title-33$"))
    row = page.locator("tr:target")
    expect(row).to_be_visible()
    expect(row.get_by_role("cell")).to_have_text(["10", "Not taken", "part of a name, as in “ResNet-50” or “top-1”"])
    row.get_by_role("link", name="10").press("Enter")
    mark = page.locator("h1 a:target")
    expect(mark).to_be_in_viewport()
    expect(page.get_by_role("link", name="2019, not taken: a year")).to_have_text("2019")
    page.locator("#why summary").press("Enter")
    expect(page.locator("#w2")).to_be_hidden()
    page.get_by_role("link", name="why 97.6%").last.press("Enter")
    expect(page.locator("#w2")).to_be_visible()
    expect(page.locator("#w2")).to_contain_text("its metric stands right before it")
    wide, there = page.locator(".answers").evaluate("table => [table.scrollWidth, table.parentElement.clientWidth]")
    assert wide <= there
    visitor.context.close()


@pytest.mark.parametrize("width", [1024, 1400])
def test_board_fits_its_frame(browser: Browser, live_server: LiveServer, width: int) -> None:
    """No column of a wide board is pushed out of its frame, however long a name or a condition is."""
    benchmark = make_rich_board()
    visitor = visit(browser, live_server)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    page = visitor.go(benchmark.get_absolute_url())
    frame = page.locator(".tableframe--wide")
    assert frame.locator("thead th.n:not(.c-rank)").count() == 5
    assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0
    visitor.context.close()


def test_board_sorts_filters_and_opens_evidence_with_the_keyboard(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_rich_board()
    visitor = visit(browser, live_server)
    page = visitor.go(benchmark.get_absolute_url())
    page.get_by_role("columnheader", name="Parameters").get_by_role("link").press("Enter")
    page.wait_for_url("**sort=parameters**")
    assert page.locator("th[aria-sort]").inner_text().startswith("Parameters")
    page.locator(".facet__more > summary").press("Enter")
    page.get_by_role("link", name="protocol 11").wait_for()
    page.get_by_role("link", name="384 × 384").press("Enter")
    page.wait_for_url("**setting=**")
    assert "sort=parameters" in page.url
    # The address comes first, the rows that belong to it after: a key that is pressed between the two is pressed on what goes.
    page.locator(".chip[aria-current]", has_text="384 × 384").wait_for()
    wait_until(page, "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    first = page.locator("tbody tr[id^=row-]").first
    number = first.locator("a.says").first
    number.focus()
    page.keyboard.press("Enter")
    detail = page.locator("tr.detailrow")
    detail.wait_for()
    assert detail.locator("mark").first.inner_text() in detail.locator("blockquote").first.inner_text()
    assert number.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Enter")
    detail.wait_for(state="hidden")
    assert number.get_attribute("aria-expanded") == "false"
    visitor.context.close()
    assert visitor.faults == []


def test_board_works_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    benchmark = make_rich_board()
    visitor = visit(browser, live_server, script=False)
    page = visitor.go(benchmark.get_absolute_url())
    page.get_by_role("columnheader", name="Top-1 accuracy").get_by_role("link").click()
    expect(page).to_have_url(re.compile("sort=top-1-accuracy"))
    page.locator("tbody tr[id^=row-] a.says").first.click()
    expect(page).to_have_url(re.compile("#row-"))
    expect(page.locator("tr.detailrow blockquote mark").first).to_be_visible()
    visitor.context.close()


@pytest.mark.parametrize("path", ["/", "/search/"])
def test_search_suggests_what_was_typed_before_its_script_came(browser: Browser, live_server: LiveServer, path: str) -> None:
    make_rich_board()
    make_samples()
    visitor = visit(browser, live_server)
    held: list[Route] = []
    visitor.page.route(re.compile(r"/htmx[^/]*\.js"), lambda route: held.append(route))
    page = visitor.go(path)
    field = page.get_by_role("combobox", name="Search")
    field.focus()
    page.keyboard.type("samplenet")
    while not held:
        page.wait_for_timeout(20)
    assert page.get_by_role("option").count() == 0
    held[0].continue_()
    expect(page.get_by_role("option").first).to_contain_text("SampleNet")
    assert visitor.faults == []
    visitor.context.close()


def test_search_suggests_and_is_driven_with_the_keyboard(browser: Browser, live_server: LiveServer) -> None:
    make_rich_board()
    make_samples()
    visitor = visit(browser, live_server)
    page = visitor.go("/")
    field = page.get_by_role("combobox", name="Search")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("samplenet")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#site-q-status")).to_have_text(re.compile("suggestion"))
    assert find_barriers(page) == ""
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = options.nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == second.get_attribute("id")
    address = second.get_attribute("href")
    assert address is not None
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).not_to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("sampel 7")
    expect(options.first).to_contain_text("Sampel 7")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/**")
    page.keyboard.press("/")
    page.keyboard.type("sampel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=sampel")
    # The page's own field: "/" leads there, and is a letter in it.
    page.keyboard.press("/")
    page.keyboard.press("End")
    page.keyboard.type("/7")
    expect(page.get_by_role("combobox", name="Search")).to_have_value("sampel/7")
    visitor.context.close()
    assert visitor.faults == []


def test_search_works_without_javascript_and_on_a_narrow_screen(browser: Browser, live_server: LiveServer) -> None:
    make_samples()
    visitor = visit(browser, live_server, script=False)
    page = visitor.go("/")
    page.get_by_role("searchbox", name="Search").fill("sampel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=sampel")
    expect(page.locator(".hit")).to_have_count(20)
    page.get_by_role("link", name="5 more").click()
    expect(page.locator(".hit")).to_have_count(5)
    page.set_viewport_size({"width": 360, "height": 800})
    visitor.go("/")
    assert not page.locator("header input[type=search]").is_visible()
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("searchbox", name="Search").fill("sampel 7")
    page.locator("main").get_by_role("button", name="Search").click()
    page.wait_for_url("**/search/?q=sampel+7")
    assert "Sampel 7" in page.locator(".hit").first.inner_text()
    visitor.context.close()


def test_search_script_is_fetched_when_somebody_searches(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    fetched: list[str] = []
    visitor.page.on("request", lambda request: fetched.append(request.url))
    page = visitor.go("/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in fetched if "htmx" in url]
    page.keyboard.press("/")
    wait_until(page, "window.htmx !== undefined")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert len([url for url in fetched if "htmx" in url]) == 1
    visitor.context.close()


def test_theme_can_be_chosen_and_is_remembered(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    page = visitor.go("/")
    page.get_by_role("button", name="Switch between light and dark").click()
    visitor.go("/listings/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    visitor.context.close()
    assert visitor.faults == []


def test_listing_updates_itself_while_it_is_read(browser: Browser, live_server: LiveServer) -> None:
    listing = make_rich_listing(ListingState.READING)
    visitor = visit(browser, live_server)
    page = visitor.go(listing.get_absolute_url())
    page.get_by_text("Reading: 3 of 3 entries").wait_for()
    Listing.objects.filter(pk=listing.pk).update(state=ListingState.DONE)
    page.get_by_text("Read: 3 entries").wait_for(timeout=6000)
    assert page.locator("#listing-status").inner_text().strip() == "Read"
    visitor.context.close()
    assert visitor.faults == []


STUDIES = "".join(
    f"Net{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and from many sides, as nobody has done "
    f"before us. Net{number} reaches {70 + number}.5% top-1 accuracy on ImageNet with {number + 3}M parameters.\n\n  • 2 authors\n·\n"
    f"May {number + 1}\n\n"
    for number in range(7)
)


@pytest.mark.parametrize("script", [True, False])
def test_listing_is_stopped_read_on_dated_withdrawn_and_put_back(
    browser: Browser, live_server: LiveServer, settings: Settings, tmp_path: Path, script: bool
) -> None:
    """A person's way with a listing from its upload on; the worker's part is done here, between the clicks."""
    settings.DATA_DIR, settings.UPLOAD_DIR, settings.CHUNK_SIZE = tmp_path, tmp_path / "uploads", 2
    load_catalogue()
    file = tmp_path / "studies.txt"
    file.write_text(STUDIES)
    visitor = visit(browser, live_server, script=script)
    sign_in(visitor)
    page = visitor.go("/listings/upload/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and read").click()
    page.get_by_text("Waiting for a worker").first.wait_for()
    listing = Listing.objects.get()
    address = page.url
    ingest.plan_listing(listing.pk)
    ingest.read_next_chunk(listing.pk)
    page.get_by_text("Reading: 2 of 7 entries").wait_for(timeout=8000)
    page.get_by_role("button", name="Stop reading").click()
    page.get_by_text("Stopped at 2 of 7 entries").wait_for()
    assert ingest.read_next_chunk(listing.pk) is None
    page.get_by_role("button", name="Read on").click()
    page.get_by_text("Reading: 2 of 7 entries").wait_for()
    ingest.ingest_in_foreground(listing)
    page.get_by_text("Read: 7 entries").wait_for(timeout=8000)
    assert page.url == address
    # The buttons have changed with the state, whether or not the page was loaded again.
    page.get_by_role("button", name="Stop reading").wait_for(state="detached")
    page.get_by_text("Correct the year").click()
    page.get_by_label("Year", exact=True).fill("2023")
    page.get_by_role("button", name="Save the year").click()
    page.get_by_text("7 papers dated anew").wait_for()
    page.get_by_role("link", name="Withdraw…").click()
    page.get_by_text("It takes 7 rows off 1 board.").wait_for()
    page.get_by_label("Reason").fill("by mistake")
    page.get_by_role("button", name="Withdraw it").click()
    page.get_by_text("Papers that no other listing shows are off the boards").wait_for()
    assert page.get_by_text("7 papers").count() == 0
    visitor.go("/")
    page.get_by_text("No board yet").wait_for()
    visitor.go("/listings/upload/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and read").click()
    page.get_by_role("heading", name="This file was withdrawn").wait_for()
    if SCREENSHOTS_WANTED:
        page.screenshot(path=SCREENSHOTS / f"withdrawn-before-{script}.png", full_page=True)
    if script:
        assert find_barriers(page) == ""
    page.get_by_role("button", name="Put it back").click()
    page.get_by_text("Undone. studies.txt is as it was before.").wait_for()
    page.get_by_role("button", name="Undo: set the year: 2023, was not known").wait_for(state="detached")
    visitor.go("/")
    page.get_by_role("cell", name="Net6").wait_for()
    visitor.context.close()
    assert [fault for fault in visitor.faults if "409" not in fault] == []


def test_listing_says_so_when_the_server_does_not_answer(browser: Browser, live_server: LiveServer) -> None:
    listing = make_rich_listing(ListingState.READING)
    visitor = visit(browser, live_server)
    page = visitor.go(listing.get_absolute_url())
    note = page.get_by_text("The server does not answer; trying again.")
    assert note.count() == 0
    page.route("**/listings/**", lambda route: route.abort())
    note.wait_for(timeout=6000)
    page.wait_for_timeout(3500)
    assert note.count() == 1, "said once, however often it is asked"
    page.unroute("**/listings/**")
    note.wait_for(state="detached", timeout=6000)
    page.route("**/listings/**", lambda route: route.fulfill(status=502, body="bad gateway"))
    note.wait_for(timeout=6000)
    page.unroute("**/listings/**")
    Listing.objects.update(state=ListingState.DONE)
    page.get_by_text("Read: 3 entries").wait_for(timeout=6000)
    assert page.get_by_role("status").filter(has_text="does not answer").count() == 0
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_timeout(3500)
    assert requests == [], "at its end the page asks no more"
    visitor.context.close()


def test_admin_works_under_the_content_security_policy(browser: Browser, live_server: LiveServer) -> None:
    root = make.make_user("root", is_staff=True, is_superuser=True)
    make_rich_board()
    visitor = visit(browser, live_server)
    page = visitor.go("/admin/login/?next=/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    for path in ("/admin/auth/user/", "/admin/auth/user/add/", f"/admin/auth/user/{root.pk}/change/", "/admin/auth/group/add/"):
        visitor.go(path)
        page.wait_for_load_state("networkidle")
    expect(page.locator(".selector")).to_have_count(1)
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize("script", [False, True])
def test_columns_of_a_table_are_named_with_and_without_a_script(browser: Browser, live_server: LiveServer, script: bool) -> None:
    visitor = visit(browser, live_server, script=script)
    sign_in(visitor)
    page = visitor.go("/listings/upload/")
    content = b"Model,Acc,Params (M)\nNet-A,81.2,25\nNet-B,82.0,30\n"
    page.get_by_label("File").set_input_files({"name": "table.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and read").click()
    page.wait_for_url("**/columns/")
    model, accuracy = page.get_by_role("group", name="Model"), page.get_by_role("group", name="Acc")
    assert model.get_by_label("Metric").is_visible() is not script, "a script hides what a meaning doesn't need"
    assert accuracy.get_by_label("Metric").input_value() == "Accuracy"
    accuracy.get_by_label("Meaning").select_option("cost:latency")
    assert accuracy.get_by_label("Measured on").is_visible()
    accuracy.get_by_label("Meaning").select_option("metric")
    page.get_by_role("button", name="Read it by these columns").click()
    page.get_by_role("alert").wait_for()
    assert "1 field needs another look" in page.get_by_role("alert").inner_text().replace("\u00a0", " ")
    assert page.get_by_text("on which dataset").is_visible()
    page.get_by_label("Dataset", exact=True).fill("ImageNet")
    page.get_by_role("button", name="Read it by these columns").click()
    page.get_by_role("heading", name="table.csv", level=1).wait_for()
    assert ingest.ingest_in_foreground(Listing.objects.get()).state == ListingState.DONE
    visitor.context.close()
    assert [fault for fault in visitor.faults if "400" not in fault] == []
