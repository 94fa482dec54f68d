"""What all pages share: signing in, errors, the policy of what a page may load."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from claims.models import Result
from claims.terms import ListingState
from tests import factories as make
from tests.pages import post_form, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_login_and_logout(client: Client) -> None:
    make.make_user("reader")
    assert "don’t match" in text_of(post_form(client, "/login/", username="reader", password="wrong"))
    response = post_form(client, "/login/", username="reader", password="secret", next="/listings/")
    assert response.headers["Location"] == "/listings/"
    assert "Sign out" in text_of(client.get("/"))
    client.post("/logout/")
    assert "Sign in" in text_of(client.get("/"))


def test_health_check_touches_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").content == b"ok"

    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", fail)
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (503, b"database unreachable")


def test_error_pages_need_no_context(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("claims.boards.list_areas", lambda **_: 1 / 0)
    response = client.get("/")
    assert response.status_code == 500
    assert "The page could not be made" in text_of(response)


def test_wrong_host_is_told_the_right_one_and_nothing_is_repeated(client: Client) -> None:
    with override_settings(ALLOWED_HOSTS=["boards.example.org"], SITE_URL="https://boards.example.org"):
        response = client.get("/login/?next=elsewhere", headers={"host": "<b>evil.test</b>"})
    assert response.status_code == 400
    assert "It answers at https://boards.example.org only. Whoever runs it chooses that address with SITE_URL" in text_of(response)
    assert '<a href="https://boards.example.org/">' in response.content.decode()
    assert "evil" not in response.content.decode()
    assert "elsewhere" not in response.content.decode()


def test_form_without_its_token_is_refused_with_a_page() -> None:
    response = post_form(Client(enforce_csrf_checks=True), "/login/", username="a")
    assert response.status_code == 403
    assert "The form has expired" in text_of(response)


def test_pages_carry_the_policy_and_nothing_inline(client: Client) -> None:
    board = make.make_board(2)
    listing = make.make_listing("a.txt", state=ListingState.READING)
    row = Result.objects.filter(benchmark=board)[0]
    for url in (
        "/",
        f"{board.get_absolute_url()}?open={row.public_id}",
        make_hostile_paper_address(),
        listing.get_absolute_url(),
        "/login/",
    ):
        response = client.get(url)
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        page = response.content.decode()
        # Data for machines is run by nobody; the page's own address, and where it is told how to embed it, load nothing.
        page = re.sub(r'<script type="application/ld\+json">[^<]*</script>|<link rel="(?:canonical|alternate)"[^>]*>', "", page)
        assert not re.search(r"\sstyle=|<style|\son\w+=(?!\w*alert)", page.replace("onerror=alert", ""))
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r'(?:src=|<link[^>]*href=)"https?://', page)


def make_hostile_paper_address() -> str:
    paper = make.make_paper(abstract="Plain <script>alert(1)</script> text.")
    return paper.get_absolute_url()


def test_anonymous_pages_ask_nothing_about_the_reader(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get("/login/")
    assert len(queries) == 0
    assert django_settings.LOGIN_URL == "login"
