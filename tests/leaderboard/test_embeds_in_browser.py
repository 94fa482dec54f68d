"""Another site's page, in a real browser: what it may read and show of ours, and that it may write nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from claims.models import ChangeSet, Claim, Listing
from claims.services import records, tokens
from claims.terms import CurationState, Scope
from tests import factories as make
from tests.leaderboard.test_browser import (
    LOOKS,
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    Visitor,
    find_barriers,
    make_rich_board,
    make_rich_paper,
    sign_in,
    visit,
    wait_until,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Host:
    """Another site: its pages by their paths, at an origin of its own."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.pages: dict[str, str] = {"/favicon.ico": ""}
        # Another name than the site's, too: browsers tell sites apart by that, and not by the port.
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def show(self, path: str, body: str, *, dark: bool = False) -> None:
        colours = "background: #222; color: #eee" if dark else "background: #fff; color: #222"
        self.pages[path] = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A lab</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>body {{ {colours}; font: 16px/1.5 serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem }} img {{ vertical-align: middle }}</style>"
            f"</head><body><main><h1>Our lab</h1>{body}</main></body></html>"
        )


@pytest.fixture
def host() -> Iterator[Host]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = other.pages.get(self.path)
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    other = Host(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield other
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(live_server: LiveServer, settings: Settings) -> LiveServer:
    assert "localhost" in live_server.url
    settings.SITE_URL = live_server.url
    return live_server


def frame_of(site: LiveServer, path: str, *, height: int = 150) -> str:
    return f'<iframe src="{site.url}{path}" title="A board" width="100%" height="{height}" style="border:0"></iframe>'


def heights(page: Page) -> list[tuple[float, float]]:
    """Return how high each frame is, and how high what it shows."""
    return [
        (
            frame.evaluate("element => element.clientHeight"),
            (content.evaluate("document.body.getBoundingClientRect().height") if content else 0),
        )
        for frame in page.locator("iframe").element_handles()
        for content in [frame.content_frame()]
    ]


def wait_for_size(page: Page) -> None:
    for _ in range(100):
        if all(abs(high - content) <= 1 for high, content in heights(page)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"frames and contents: {heights(page)}")


READ = """async address => {
  const answer = await fetch(address);
  return {status: answer.status, etag: answer.headers.get("ETag"), board: await answer.json()};
}"""
SEND = """async ([address, options]) => {
  try { const answer = await fetch(address, options); return answer.status; } catch (error) { return error.name; }
}"""


def test_page_of_another_site_reads_and_shows_a_board_and_writes_nothing(browser: Browser, site: LiveServer, host: Host) -> None:
    """The reader is signed in at the site, with all permissions, in the browser in which the other site's page is open."""
    board = make.make_board(6)
    claim = Claim.objects.filter(result__benchmark=board)[0]
    visitor = visit(browser, site)
    sign_in(visitor)
    token = tokens.create(make.make_user("robot", "upload_listing"), name="robot", scopes=[Scope.UPLOAD], days=None)[1]
    form = f'<form method="post" action="{site.url}/decide/claim/{claim.public_id}/"><input name="state" value="rejected"><input name="reason" value="not_a_result"><input name="version" value="{claim.version}"><button>Send</button></form>'
    host.show("/", f'{frame_of(site, f"/embed/sota/{board.slug}/")}<script src="{site.url}/embed.js" async></script>{form}')
    page = visitor.page
    page.goto(host.url)

    told = page.evaluate(READ, f"{site.url}/api/v1/boards/{board.slug}/")
    assert (told["status"], len(told["board"]["rows"])) == (200, 6)
    assert told["board"]["rows"][0]["scores"]["top-1-accuracy"]["value"] == 62.5
    assert told["etag"]

    expect(page.frame_locator("iframe").locator("tbody tr")).to_have_count(6)
    wait_for_size(page)
    assert heights(page)[0][0] > 300

    assert not any("csrf" in fault.lower() for fault in visitor.faults)
    visitor.faults.clear()
    listing = {"method": "POST", "body": "Some papers"}
    upload = f"{site.url}/api/v1/listings/?name=papers.txt"
    sent = {
        "with a token": page.evaluate(
            SEND, [upload, listing | {"headers": {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}}]
        ),
        "without": page.evaluate(SEND, [upload, listing | {"headers": {"Content-Type": "text/plain"}}]),
        "with the cookie": page.evaluate(SEND, [upload, listing | {"credentials": "include", "headers": {"Content-Type": "text/plain"}}]),
        "a decision": page.evaluate(
            SEND,
            [
                f"{site.url}/api/v1/claims/{claim.public_id}/decide/",
                {"method": "POST", "body": '{"state": "rejected"}', "headers": {"Content-Type": "application/json"}},
            ],
        ),
        "a page with the cookie": page.evaluate(SEND, [f"{site.url}/listings/", {"credentials": "include"}]),
    }
    assert sent == {
        "with a token": "TypeError",  # the browser asks first, and is told that no token may be sent from elsewhere
        "without": 401,
        "with the cookie": "TypeError",  # what was answered is not for who sends cookies along
        "a decision": "TypeError",
        "a page with the cookie": "TypeError",
    }
    with page.expect_navigation() as answered:
        page.get_by_role("button", name="Send").click()
    assert answered.value.status == 403
    assert not Listing.objects.exists()
    assert not ChangeSet.objects.exists()
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED
    visitor.context.close()


def test_frames_follow_what_they_show_each_for_itself(browser: Browser, site: LiveServer, host: Host) -> None:
    board = make_rich_board()
    path = f"/embed/sota/{board.slug}/"
    frames = [frame_of(site, path), frame_of(site, f"{path}?rows=2&theme=dark", height=900), frame_of(site, f"{path}?show=both&chart=time")]
    script = f'<script src="{site.url}/embed.js" async></script>'
    host.show("/", "".join(f"{frame}{script}" for frame in frames) + '<iframe srcdoc="mine" title="Not a board" height="77"></iframe>')
    visitor = visit(browser, site)
    page = visitor.page
    page.goto(host.url)
    # What is out of sight tells its height, too: the page would jump when it is scrolled to.
    wait_until(page, "document.querySelectorAll('iframe')[2].clientHeight > 500")
    page.locator("iframe >> nth=2").evaluate("frame => { frame.scrollIntoView() }")  # what is out of sight draws nothing
    expect(page.frame_locator("iframe >> nth=2").locator(".chart__stage.is-drawn")).to_have_count(1)
    page.locator("iframe >> nth=3").evaluate("frame => { frame.remove() }")
    wait_for_size(page)
    first, second, third = (high for high, _ in heights(page))
    assert second < first < third
    page.evaluate("scrollTo(0, 0)")
    # A narrower page makes names wrap: frames grow with them, and shrink again.
    page.set_viewport_size({"width": 380, "height": 900})
    wait_until(page, f"document.querySelector('iframe').clientHeight > {first}")
    wait_for_size(page)
    page.set_viewport_size({"width": 1400, "height": 900})
    wait_until(page, f"document.querySelector('iframe').clientHeight === {first}")
    # What others say of heights moves nothing.
    page.evaluate("window.postMessage({claimboard: 'height', height: 5000}, '*')")
    page.frames[1].evaluate("window.parent.postMessage({claimboard: 'height', height: 1e9}, '*')")
    page.frames[1].evaluate("window.parent.postMessage({claimboard: 'height', height: '100%'}, '*')")
    page.wait_for_timeout(100)
    assert page.evaluate("document.querySelector('iframe').clientHeight") == first
    # A point and a number open the site in a page of its own, never in the frame.
    with visitor.context.expect_page() as opened:
        page.frame_locator("iframe >> nth=0").locator("a.says").first.click()
    expect(opened.value.locator("tr.detailrow")).to_have_count(1)
    with visitor.context.expect_page() as opened:
        point = page.frames[3].evaluate(
            "() => { const plot = document.querySelector('.chart__plot'), {xaxis, yaxis} = plot._fullLayout, trace = plot.data[plot.data.length - 1];"
            " return [xaxis._offset + xaxis.d2p(trace.x[0]), yaxis._offset + yaxis.d2p(trace.y[0])] }"
        )
        plot = page.frame_locator("iframe >> nth=2").locator(".chart__plot")
        plot.hover(position={"x": point[0], "y": point[1]})
        plot.click(position={"x": point[0], "y": point[1]})
    assert f"{site.url}{board.get_absolute_url()}?chart=time&open=" in opened.value.url
    visitor.context.close()
    assert visitor.faults == []


def test_frame_works_without_a_script_and_no_other_page_is_framed(browser: Browser, site: LiveServer, host: Host) -> None:
    board = make.make_board(3)
    shown = [f"/embed/sota/{board.slug}/?show=both", board.get_absolute_url(), "/", "/login/", "/embed/", f"/api/v1/boards/{board.slug}/"]
    host.show("/", "".join(frame_of(site, path, height=700) for path in shown))
    visitor = visit(browser, site, script=False)
    visitor.page.goto(host.url)
    embed = visitor.page.frame_locator("iframe >> nth=0")
    expect(embed.locator(".frame__table tbody tr")).to_have_count(3)
    expect(embed.locator(".chart__rows tbody tr").first).to_be_visible()
    assert [frame.url.startswith("chrome-error:") for frame in visitor.page.frames[1:]] == [False, True, True, True, True, True]
    visitor.context.close()


def make_hosted(name: str, visitor: Visitor, site: LiveServer, host: Host) -> str:
    """Return the address of a page to look at: of ours that builds embeds, or another site's that shows some."""
    board, paper = make_rich_board(), make_rich_paper()
    make.settle(board)
    records.settle_records_alone([board.pk])
    board.refresh_from_db()
    if name == "embed-start":
        return "/embed/"
    if name == "embed":
        return f"/embed/?board={board.slug}&of={board.slug}&show=both&column=parameters&column=top-5-accuracy&role=all"
    if name == "embed-refused":
        return f"/embed/?board={board.slug}&rows=77"
    theme, show = name.removeprefix("host-").split("-")
    images = "".join(
        f'<p><img src="{site.url}{path}?theme={"dark" if theme == "dark" else "light"}" alt="{path}"></p>'
        for path in (
            f"/sota/{board.slug}/badge.svg",
            f"/papers/{paper.public_id}/badge.svg",
            "/sota/none/badge.svg",
            f"/sota/{board.slug}/sparkline.svg",
        )
    )
    frame = frame_of(site, f"/embed/sota/{board.slug}/?theme={theme}&show={show}&role=all")
    host.show("/", f'{frame}<script src="{site.url}/embed.js" async></script>{images}', dark=theme == "dark")
    return host.url


@pytest.mark.parametrize("name", ["embed", "embed-start", "embed-refused", "host-light-both", "host-dark-table", "host-auto-chart"])
def test_page_fits_and_is_accessible(browser: Browser, site: LiveServer, host: Host, name: str) -> None:
    visitor = visit(browser, site)
    address = make_hosted(name, visitor, site, host)
    if name.startswith("host"):
        visitor.base = ""
    for width, scheme in (LOOKS[0], *LOOKS[2:5]) if name == "embed" else LOOKS[2:5]:
        page = visitor.look(address, width, scheme)
        if name in ("embed", "host-light-both", "host-dark-table", "host-auto-chart"):
            page.frame_locator("iframe").locator(".frame").wait_for()
            page.locator("iframe").evaluate("frame => { frame.scrollIntoView() }")  # what is out of sight draws nothing
            if "table" not in name:
                expect(page.frame_locator("iframe").locator(".chart__stage.is-drawn")).to_have_count(1)
            wait_for_size(page)
            frame = page.frames[1]
            wide, there = frame.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert wide <= there, (name, width)
            content: Any = frame
            assert find_barriers(content) == "", f"{name} in its frame {width} {scheme}"
        if SCREENSHOTS_WANTED:
            SCREENSHOTS.mkdir(exist_ok=True)
            # What is out of sight of another site's frame is not in its picture.
            page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        wide, there = visitor.width()
        assert wide <= there, (name, width)
        assert find_barriers(page) == "", f"{name} {width} {scheme}"
    visitor.context.close()
    assert [
        fault for fault in visitor.faults if not ("400" in fault if name == "embed-refused" else name.startswith("host") and "404" in fault)
    ] == []


def test_builder_follows_what_is_chosen(browser: Browser, site: LiveServer) -> None:
    board = make_rich_board()
    make.settle(board)
    visitor = visit(browser, site)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go(f"{board.get_absolute_url()}?year=2022")
    page.get_by_role("link", name="Embed", exact=True).click()
    expect(page.frame_locator(".embedder__frame").locator("tbody tr")).not_to_have_count(0)
    page.get_by_role("radio", name="Dark").check()
    expect(page.frame_locator(".embedder__frame").locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("spinbutton", name="Rows").fill("3")
    page.get_by_role("radio", name="Both").check()
    frame = page.frame_locator(".embedder__frame")
    expect(frame.locator(".frame__table tbody tr")).to_have_count(3)
    expect(frame.locator(".chart__stage")).to_have_count(1)
    assert "year=2022" in page.url
    assert "theme=dark" in page.url
    page.locator("[aria-labelledby=h-frame]").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'<iframe src="{site.url}/embed/sota/{board.slug}/?')
    assert f'<script src="{site.url}/embed.js" async></script>' in copied
    visitor.context.close()
    assert visitor.faults == []
    plain = visit(browser, site, script=False)
    page = plain.go("/embed/")
    page.get_by_role("combobox", name="Board").fill(board.slug)
    page.get_by_role("button", name="Choose").click()
    page.get_by_role("radio", name="Chart").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.frame_locator(".embedder__frame").locator(".chart__rows tbody tr").first).to_be_visible()
    expect(page.locator("#c-frame")).to_contain_text("show=chart")
    plain.context.close()
