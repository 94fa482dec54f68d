"""The pages about the API, and those of a user's tokens."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from claims.models import ApiToken
from claims.services import tokens
from tests import factories as make

pytestmark = [pytest.mark.once, pytest.mark.django_db]

FORM = {"name": "nightly import", "scopes": ["read"], "days": "90"}


def test_guide_shows_addresses_that_answer(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "http://testserver"
    board = make.make_board(3)
    page = client.get("/api/").content.decode()
    addresses = re.findall(r"http://testserver(/api/v1/boards/[^\"&]*(?:&amp;[^\"&]*)*)\"", page)
    assert len(addresses) >= 3
    for address in addresses:
        assert board.slug in address
        assert client.get(address.replace("&amp;", "&")).status_code == 200, address


def test_guide_of_an_empty_site_and_of_one_without_limits(client: Client, settings: Settings) -> None:
    settings.API_RATE = 0
    assert "This site sets no limit." in client.get("/api/").content.decode()
    settings.API_RATE = 600
    assert "600 times in 60 seconds" in client.get("/api/").content.decode()


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_readers_of_the_contract_run_no_script_of_others(client: Client, path: str) -> None:
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"<(?:script|img|link rel=.stylesheet.)[^>]*https?:", answer.content.decode())


def test_tokens_are_for_who_is_signed_in(client: Client) -> None:
    assert client.get("/account/tokens/")["Location"].startswith("/login/?next=")
    assert client.post("/account/tokens/", FORM).status_code == 403
    assert (
        client.post("/account/tokens/", "name=x&scopes=read&days=90", content_type="application/x-www-form-urlencoded").status_code == 302
    )
    assert not ApiToken.objects.exists()


def test_secret_is_shown_in_the_answer_and_nowhere_else(client: Client) -> None:
    client.force_login(make.make_user("lee"))
    answer = client.post("/account/tokens/", FORM)
    secret = re.search(r"cb_[A-Za-z0-9_-]{43}", answer.content.decode())
    assert secret is not None
    assert "no-store" in answer["Cache-Control"]
    assert tokens.find(secret[0]).user.get_username() == "lee"
    assert secret[0] not in client.get("/account/tokens/").content.decode()


@pytest.mark.parametrize("wish", [{"name": ""}, {"scopes": []}, {"scopes": ["upload"]}, {"days": "7000"}, {"name": "x" * 101}])
def test_token_that_can_not_be_is_refused_with_what_was_written(client: Client, wish: dict[str, object]) -> None:
    client.force_login(make.make_user("lee"))
    answer = client.post("/account/tokens/", FORM | wish)
    assert answer.status_code == 400
    assert not ApiToken.objects.exists()


def test_nobody_revokes_what_is_not_theirs(client: Client) -> None:
    token, _ = tokens.create(make.make_user("kim"), name="<b>kims</b>", scopes=["read"], days=None)
    client.force_login(make.make_user("lee"))
    assert client.post(f"/account/tokens/{token.public_id}/revoke/").status_code == 404
    assert client.get(f"/account/tokens/{token.public_id}/revoke/").status_code == 405
    token.refresh_from_db()
    assert token.revoked is None
    client.force_login(token.user)
    page = client.get("/account/tokens/").content.decode()
    assert "&lt;b&gt;kims&lt;/b&gt;" in page
    assert client.post(f"/account/tokens/{token.public_id}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked is not None
