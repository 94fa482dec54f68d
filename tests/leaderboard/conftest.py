"""Who is signed in, and the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from tests import factories as make
from tests.browsers import find_browser

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # As browsers on a desk do by themselves: a frame of another site is a process of its own.
    "--site-per-process",
]


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    return client


@pytest.fixture
def uploader(client: Client) -> Client:
    client.force_login(make.make_user("uploader", "upload_listing"))
    return client


@pytest.fixture(scope="session")
def started_browser() -> Iterator[Browser]:
    """One browser for all tests: it takes two seconds of a processor to start."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def browser(started_browser: Browser) -> Iterator[Browser]:
    """The browser, without a page of another module."""
    yield started_browser
    for context in started_browser.contexts:
        context.close()


@pytest.fixture(autouse=True)
def _pages_are_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close the pages that a test opened: their scripts would go on beside the next one's."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    before = list(browser.contexts)
    yield
    for context in browser.contexts:
        if context not in before:
            context.close()
