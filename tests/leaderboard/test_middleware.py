"""What is refused before any page sees it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from claims.models import Listing
from claims.terms import ListingState
from leaderboard.wsgi import application
from tests import factories as make

pytestmark = [pytest.mark.once, pytest.mark.django_db]

REFUSING = "leaderboard.middleware.RefuseHostileRequestsMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@pytest.fixture(autouse=True)
def incoming(settings: Any, tmp_path: Path) -> Path:
    """Stand the middleware where it belongs; return the folder in which files would arrive."""
    others = [name for name in settings.MIDDLEWARE if name != REFUSING]
    place = others.index(SESSIONS) + 1
    settings.MIDDLEWARE = [*others[:place], REFUSING, *others[place:]]
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


class UnreadableBody(io.BytesIO):
    """A body that fails the test if anything of it is read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("The body was read.")


def post_files(client: Client, url: str, body: io.BytesIO) -> Any:
    request: dict[str, Any] = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": "1000000", "wsgi.input": body}
    return client.generic("POST", url, **request)


def test_files_of_strangers_are_refused_unread(client: Client) -> None:
    response = post_files(client, "/listings/upload/", UnreadableBody())
    assert (response.status_code, response.headers["Location"]) == (302, "/login/?next=/listings/upload/")
    for url in ("/login/", "/", "/admin/login/", "/nowhere/"):
        response = post_files(client, url, UnreadableBody())
        assert response.status_code == 403
        assert "those who are signed in only" in response.content.decode()


def test_files_with_a_session_of_nobody_are_refused_unread(client: Client) -> None:
    session = SessionStore()
    session["colour"] = "red"
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    assert post_files(client, "/", UnreadableBody()).status_code == 403
    client.cookies["sessionid"] = "invented"
    assert post_files(client, "/", UnreadableBody()).status_code == 403


def test_files_of_who_is_signed_in_come_through(client: Client) -> None:
    client.force_login(make.make_user("uploader", "upload_listing"))
    file = io.BytesIO(b"no listing at all")
    file.name = "a.txt"
    assert "a.txt was not read." in client.post("/listings/upload/", {"file": file}).content.decode()
    assert Listing.objects.count() == 0


def test_forms_without_files_come_through(client: Client) -> None:
    make.make_user("reader")
    response = client.post("/login/", "username=reader&password=secret", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 302


@pytest.mark.parametrize(
    "address",
    ["/?boards=%00", "/sota/a%00b/", "/admin/claims/claim/?q=%00", "/login/?next=/%00", "/papers/%00/?a=b", "/?%00=1"],
)
def test_nul_characters_are_refused_with_a_page(admin_client: Client, address: str) -> None:
    response = admin_client.get(address)
    assert response.status_code == 400
    assert "can’t be understood" in response.content.decode()


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages"])
@pytest.mark.parametrize("address", ["/", "/listings/upload/"])
def test_cookies_with_a_nul_character_are_refused_with_a_page(client: Client, cookie: str, address: str) -> None:
    # In octal, as a cookie may be written.
    response = client.get(address, headers={"Cookie": f'{cookie}="abcdefghijkl\\000mnop"'})
    assert response.status_code == 400
    assert "can’t be understood" in response.content.decode()


@pytest.mark.parametrize("field", ["reason=a%00b", "re%00ason=a"])
def test_forms_with_a_nul_character_are_refused_with_a_page(client: Client, field: str) -> None:
    listing = make.make_listing("papers.txt")
    client.force_login(make.make_user("manager", "manage_listing"))
    address, kind = f"{listing.get_absolute_url()}withdraw/", "application/x-www-form-urlencoded"
    response = client.post(address, f"version=1&{field}", content_type=kind)
    assert response.status_code == 400
    assert "can’t be understood" in response.content.decode()
    response = client.post(address, {"version": "1", "reason": "a\0b"})
    assert response.status_code == 400, "nor with files"
    listing.refresh_from_db()
    assert listing.state == ListingState.WAITING
    assert client.post(address, "version=1&reason=a%2500", content_type=kind).status_code == 302


@pytest.mark.parametrize("address", ["/?boards=%2500", "/?q=100%25", "/?a=%200"])
def test_addresses_that_only_look_like_it_come_through(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/", "/api/v1/openapi.json", "/robots.txt", "/papers/none/"])
def test_head_is_get_without_its_body(path: str) -> None:
    told: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        told.append((status, {name: value for name, value in headers if name in ("Content-Type", "Content-Length")}))

    # As a server asks: Django's own client leaves bodies out itself.
    bodies = []
    for method in ("HEAD", "GET"):
        environment: dict[str, object] = {"REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
        environment |= {"wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http"}
        answer = application(environment, start)
        bodies.append(b"".join(answer))
        answer.close()
    assert bodies[0] == b""
    assert bodies[1]
    assert told[0][0] == told[1][0]
    assert told[0][1]["Content-Type"] == told[1][1]["Content-Type"]
