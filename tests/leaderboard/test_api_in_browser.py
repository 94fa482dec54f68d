"""The API's own pages in a real browser: tokens, and the two readers of the contract, which ask nobody but this site."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from claims.models import ApiToken
from tests.leaderboard.test_browser import LOOKS, find_barriers, sign_in, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_token_is_made_shown_once_and_revoked(browser: Browser, live_server: LiveServer) -> None:
    visitor = visit(browser, live_server)
    sign_in(visitor)
    for width, scheme in LOOKS:
        page = visitor.look("/account/tokens/", width, scheme)
        assert find_barriers(page) == "", f"{width} {scheme}"
    page.get_by_label("Name", exact=True).fill("nightly import")
    page.get_by_role("checkbox", name="upload").check()
    page.get_by_role("button", name="Make a token").press("Enter")
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("cb_")
    assert find_barriers(page) == ""
    for width, _ in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        assert visitor.width()[0] <= visitor.width()[1]
    listed = page.evaluate(
        "async (secret) => (await fetch('/api/v1/listings/', {headers: {Authorization: `Bearer ${secret}`}})).status", secret
    )
    assert listed == 200
    page = visitor.go("/account/tokens/")
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke nightly import").click()
    expect(page.get_by_role("status")).to_contain_text("revoked")
    assert ApiToken.objects.get().revoked is not None
    visitor.context.close()
    assert visitor.faults == []


@pytest.mark.parametrize(("path", "told"), [("/api/docs/", "/api/v1/boards/{slug}/"), ("/api/redoc/", "Claimboard API")])
def test_contract_is_read_from_this_site_alone(browser: Browser, live_server: LiveServer, path: str, told: str) -> None:
    visitor = visit(browser, live_server)
    asked: set[str] = set()
    visitor.page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    visitor.page.on("requestfailed", lambda request: asked.discard(urlsplit(request.url).netloc))  # what the policy kept from leaving
    for width, scheme in ((360, "light"), (1400, "dark")):
        page = visitor.look(path, width, scheme)  # type: ignore[arg-type]  # the two are literal
        expect(page.locator("#contract")).to_contain_text(told, timeout=15_000)
        assert visitor.width()[0] <= visitor.width()[1], width
    assert asked - {""} == {urlsplit(live_server.url).netloc}
    visitor.context.close()
    # Its own mark is all that the reader wants from elsewhere.
    assert [fault for fault in visitor.faults if "cdn.redoc.ly" not in fault] == []
