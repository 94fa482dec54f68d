"""The pages of an account: signing in, the password, invitations, what is one's own."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from claims.models import ApiToken, ChangeSet, Invitation
from claims.services import curation, invitations, once, tokens, uploads
from claims.terms import CurationState, ListingState
from leaderboard import guessing
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PASSWORD = "a heron at dawn 7"
WISH = {"invitee": "Kim", "group": "curator", "days": "7"}
ACCOUNT = {"username": "kim", "password1": PASSWORD, "password2": PASSWORD}
HOSTILE = "<script>alert(1)</script> & {{ 7|add:7 }}"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(make.make_member("ada", "administrator"))
    return client


@pytest.fixture
def _limited(settings: Settings) -> Any:
    settings.LOGIN_RATE = 3
    cache.clear()
    yield
    cache.clear()


def send(client: Client, path: str, fields: dict[str, str], **extra: Any) -> Any:
    """Send a form without a file as browsers do."""
    return client.post(path, urlencode(fields), content_type="application/x-www-form-urlencoded", **extra)


def form_of(page: Any) -> str:
    """Return what the page's form is called, once."""
    found = re.search(r'name="form" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def link_of(page: Any) -> str:
    """Return the path of the link that the page shows."""
    found = re.search(r'id="secret"[^>]*>https?://[^/]+(/invitation/[^<]+)<', page.content.decode())
    assert found is not None
    return found[1]


# ---- signing in ----


@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_guessing_a_password_ends_after_some_tries(client: Client, path: str) -> None:
    make.make_user("kim", is_staff=True)
    for _ in range(3):
        assert send(client, path, {"username": "kim", "password": "wrong"}).status_code == 200
    refused = send(client, path, {"username": "KIM", "password": "secret"})  # the right one, which is not looked at any more
    assert "_auth_user_id" not in client.session
    if path == "/login/":
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= guessing.WINDOW_SECONDS
        assert "Too many tries" in text_of(refused)
    # Another address, and another name, are not shut out with it.
    assert send(client, path, {"username": "kim", "password": "secret"}, REMOTE_ADDR="192.0.2.7").status_code == 302


@pytest.mark.usefixtures("_limited")
def test_who_knows_the_password_has_their_tries_back(client: Client) -> None:
    make.make_user("kim")
    for _ in range(4):
        for _ in range(2):
            send(client, "/login/", {"username": "kim", "password": "wrong"})
        assert send(client, "/login/", {"username": "kim", "password": "secret"}).status_code == 302
        client.post("/logout/")
        cache.delete_many([key for key in cache._cache if "login:name" in key or "login:address" in key])  # type: ignore[attr-defined]  # the one of memory


@pytest.mark.usefixtures("_limited")
def test_one_address_can_not_try_one_name_after_the_other(client: Client) -> None:
    make.make_user("kim")
    for number in range(3 * guessing.SHARED_BY):
        send(client, "/login/", {"username": f"user{number}", "password": "wrong"})
    assert send(client, "/login/", {"username": "kim", "password": "secret"}).status_code == 429


@pytest.mark.usefixtures("_limited")
def test_one_name_can_not_be_tried_from_one_address_after_the_other(client: Client) -> None:
    make.make_user("kim")
    for number in range(3 * guessing.SHARED_BY):
        send(client, "/login/", {"username": "kim", "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert send(client, "/login/", {"username": "kim", "password": "secret"}, REMOTE_ADDR="192.0.2.200").status_code == 429


@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize("name", ["x" * 10_000, "a b\tc", "é\u202e", HOSTILE])
def test_odd_names_are_counted_like_others(client: Client, name: str) -> None:
    for _ in range(5):
        answer = send(client, "/login/", {"username": name, "password": "wrong"})
        assert answer.status_code in (200, 429)
        assert "<script>alert" not in answer.content.decode()


def test_session_cookie_is_for_this_site_alone(client: Client, settings: Settings) -> None:
    make.make_user("kim")
    answer = send(client, "/login/", {"username": "kim", "password": "secret"})
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert settings.SITE_URL.startswith("https://") == settings.SESSION_COOKIE_SECURE


# ---- the password ----


def test_password_is_changed_by_who_knows_it_and_ends_other_sessions(client: Client) -> None:
    kim, elsewhere = make.make_user("kim"), Client()
    client.force_login(kim)
    elsewhere.force_login(kim)
    wish = {"old_password": "wrong", "new_password1": PASSWORD, "new_password2": PASSWORD}
    assert send(client, "/account/password/", wish).status_code == 400
    assert send(client, "/account/password/", wish | {"old_password": "secret", "new_password2": "other"}).status_code == 400
    assert (
        client.post(
            "/account/password/", wish | {"old_password": "secret", "new_password1": "12345678", "new_password2": "12345678"}
        ).status_code
        == 400
    )
    assert send(client, "/account/password/", wish | {"old_password": "secret"})["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    kim.refresh_from_db()
    assert kim.check_password(PASSWORD)


@pytest.mark.usefixtures("_limited")
def test_present_password_can_not_be_guessed_by_who_found_a_session(client: Client) -> None:
    client.force_login(make.make_user("kim"))
    wish = {"old_password": "wrong", "new_password1": PASSWORD, "new_password2": PASSWORD}
    for _ in range(3):
        assert send(client, "/account/password/", wish).status_code == 400
    assert send(client, "/account/password/", wish | {"old_password": "secret"}).status_code == 429
    assert User.objects.get().check_password("secret")


# ---- invitations ----


def test_invitation_from_the_link_to_the_account(administrator: Client) -> None:
    page = administrator.post("/account/invitations/", WISH)
    link = link_of(page)
    assert "no-store" in page["Cache-Control"]
    assert link not in administrator.get("/account/invitations/").content.decode()
    guest = Client()
    shown = guest.get(link)
    assert shown.status_code == 200
    assert link not in shown.content.decode()  # neither as the canonical address nor in the link to sign in
    done = send(guest, link, ACCOUNT, follow=True)
    assert "signed in as kim" in text_of(done)
    assert "Curator" in text_of(done)
    assert "followed" in text_of(administrator.get("/account/invitations/"))
    again = send(Client(), link, ACCOUNT | {"username": "lee"})
    assert again.status_code == 410
    assert not User.objects.filter(username="lee").exists()


@pytest.mark.parametrize(
    "wish",
    [
        {"username": ""},
        {"username": HOSTILE},
        {"username": "x" * 10_000},
        {"username": "a\x00b"},
        {"username": "ada"},
        {"username": "ADA"},
        {"username": "policy"},
        {"password1": "12345678", "password2": "12345678"},
        {"password2": "other"},
        {"password1": "", "password2": ""},
    ],
)
def test_account_that_can_not_be_leaves_the_invitation_open(administrator: Client, wish: dict[str, str]) -> None:
    link = link_of(administrator.post("/account/invitations/", WISH))
    guest = Client()
    refused = send(guest, link, ACCOUNT | wish)
    assert refused.status_code == 400
    assert "<script>alert" not in refused.content.decode()
    assert PASSWORD not in refused.content.decode()
    assert User.objects.count() == 1
    assert send(guest, link, ACCOUNT).status_code == 302


def test_names_of_the_invited_are_shown_as_they_are(administrator: Client) -> None:
    page = administrator.post("/account/invitations/", WISH | {"invitee": HOSTILE})
    guest = Client().get(link_of(page))
    for answer in (page, guest, administrator.get("/account/invitations/")):
        assert "<script>alert" not in answer.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7|add:7 }}" in answer.content.decode()


@pytest.mark.parametrize(
    "wish", [{"invitee": ""}, {"invitee": "x" * 10_000}, {"group": "root"}, {"group": ""}, {"days": "3"}, {"days": "x"}]
)
def test_invitation_that_can_not_be_is_refused_with_what_was_written(administrator: Client, wish: dict[str, str]) -> None:
    assert administrator.post("/account/invitations/", WISH | wish).status_code == 400
    assert not Invitation.objects.exists()


def test_forged_and_revoked_links_lead_nowhere(administrator: Client) -> None:
    link = link_of(administrator.post("/account/invitations/", WISH))
    for path in ("/invitation/x/", link[:-2] + "x/", "/invitation/" + "x" * 5000 + "/"):
        assert Client().get(path).status_code == 404
        assert send(Client(), path, ACCOUNT).status_code == 404
    invitation = Invitation.objects.get()
    assert administrator.get(f"/account/invitations/{invitation.public_id}/revoke/").status_code == 405
    assert administrator.post(f"/account/invitations/{invitation.public_id}/revoke/").status_code == 302
    assert Client().get(link).status_code == 410
    assert send(Client(), link, ACCOUNT).status_code == 410
    assert administrator.post("/account/invitations/none/revoke/").status_code == 404


def test_who_is_signed_in_keeps_the_invitation_for_somebody_else(administrator: Client) -> None:
    link = link_of(administrator.post("/account/invitations/", WISH))
    assert administrator.get(link).status_code == 409
    assert send(administrator, link, ACCOUNT).status_code == 409
    assert Client().get(link).status_code == 200


def test_link_is_mailed_where_the_site_sends_mail_and_to_addresses_only(administrator: Client, settings: Settings) -> None:
    administrator.post("/account/invitations/", WISH | {"invitee": "kim@example.org"})
    assert mail.outbox == []
    settings.EMAIL_URL = "smtp://mail.example.org"
    administrator.post("/account/invitations/", WISH)
    assert mail.outbox == []
    for invitee in ("kim@example.org\nBcc: all@example.org", "kim@example.org, lee@example.org"):
        administrator.post("/account/invitations/", WISH | {"invitee": invitee})
    assert mail.outbox == []
    form = form_of(administrator.get("/account/invitations/"))
    page = [administrator.post("/account/invitations/", WISH | {"invitee": "kim@example.org", "form": form}) for _ in range(2)][-1]
    assert [message.to for message in mail.outbox] == [["kim@example.org"]]
    assert link_of(page) in str(mail.outbox[0].body)


def test_mail_that_does_not_go_out_is_said(administrator: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_URL = "smtp://mail.example.org"

    def fail(*_: object, **__: object) -> int:
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr("leaderboard.account_views.send_mail", fail)
    page = administrator.post("/account/invitations/", WISH | {"invitee": "kim@example.org"})
    assert page.status_code == 200
    assert "could not be sent by mail" in text_of(page)
    assert Client().get(link_of(page)).status_code == 200


# ---- one form, one token ----


def test_button_pressed_twice_makes_one_token_and_shows_it_both_times(client: Client) -> None:
    client.force_login(make.make_user("kim"))
    wish = {"name": "nightly", "scopes": ["read"], "days": "90", "form": form_of(client.get("/account/tokens/"))}
    pages = [client.post("/account/tokens/", wish).content.decode() for _ in range(2)]
    secrets = {re.findall(r"cb_[A-Za-z0-9_-]{43}", page)[0] for page in pages}
    assert len(secrets) == 1
    assert ApiToken.objects.count() == 1
    assert tokens.find(secrets.pop()).name == "nightly"
    other = client.post("/account/tokens/", wish | {"name": "another"})
    assert other.status_code == 400
    assert "already" in text_of(other)
    assert client.post("/account/tokens/", wish | {"name": "another", "form": form_of(other)}).status_code == 200
    assert ApiToken.objects.count() == 2


def test_form_that_comes_back_later_shows_no_secret(client: Client) -> None:
    client.force_login(make.make_user("kim"))
    wish = {"name": "nightly", "scopes": ["read"], "days": "90", "form": form_of(client.get("/account/tokens/"))}
    client.post("/account/tokens/", wish)
    token = ApiToken.objects.get()
    ApiToken.objects.update(created=token.created - 2 * once.REPEATED_WITHIN)
    late = client.post("/account/tokens/", wish)
    assert late.status_code == 400
    assert not re.search(r"cb_[A-Za-z0-9_-]{43}", late.content.decode())


def test_revoked_token_is_not_shown_again(client: Client) -> None:
    kim = make.make_user("kim")
    client.force_login(kim)
    wish = {"name": "nightly", "scopes": ["read"], "days": "90", "form": form_of(client.get("/account/tokens/"))}
    client.post("/account/tokens/", wish)
    tokens.revoke(kim, ApiToken.objects.get().public_id)
    assert client.post("/account/tokens/", wish).status_code == 400


# ---- what is one's own ----


def test_account_says_what_one_may_do(client: Client) -> None:
    for name, group, words in (
        ("up", "uploader", "Upload listings, and stop, date and withdraw your own."),
        ("cy", "curator", "Decide on numbers, and take decisions back."),
        ("ad", "administrator", "Invite people."),
    ):
        client.force_login(make.make_member(name, group))
        page = text_of(client.get("/account/"))
        assert words in page
        assert f"as {group}" in page
    client.force_login(make.make_user("nobody"))
    assert "An administrator of this site can put you into another group." in text_of(client.get("/account/"))


def test_uploads_are_ones_own_and_paged_from_where_the_last_page_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.services.own.UPLOADS_ON_A_PAGE", 2)
    kim = make.make_user("kim")
    for number in range(5):
        make.make_listing(f"mine{number}.txt", uploaded_by=kim)
    others = make.make_listing("theirs.txt", uploaded_by=make.make_user("lee"))
    client.force_login(kim)
    seen, path = [], "/account/uploads/"
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r"(mine\d|theirs)", re.sub(r"<[^>]+>", "", page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = "/account/uploads/" + following[1] if following else ""
    assert seen == [f"mine{number}" for number in (4, 3, 2, 1, 0)]
    for after in ("none", others.public_id, "x" * 5000, "%00"):
        assert client.get(f"/account/uploads/?after={after}").status_code in (400, 404)


def test_decisions_are_told_with_their_undo(client: Client) -> None:
    kim = make.make_member("kim", "curator")
    board = make.make_benchmark()
    claim, other = make.make_claim(benchmark=board), make.make_claim("70.1%", model="Other", benchmark=board)
    curation.decide(other, CurationState.ACCEPTED, actor="lee", version=1)
    curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="not_a_result", note=HOSTILE)
    client.force_login(kim)
    page = client.get("/account/decisions/")
    assert "Rejected: not a result" in text_of(page)
    assert "&lt;script&gt;alert" in page.content.decode()
    assert "<script>alert" not in page.content.decode()
    assert "70.1" not in text_of(page)
    undo = re.search(r'action="(/changes/[^"]+)"', page.content.decode())
    assert undo is not None
    assert client.post(undo[1], {"next": "/account/decisions/"})["Location"] == "/account/decisions/"
    claim.refresh_from_db()
    assert claim.state == CurationState.UNREVIEWED
    told = text_of(client.get("/account/decisions/"))
    assert "(undone since)" in told
    assert "Undid" in told


def test_what_somebody_else_changed_since_has_no_undo(client: Client) -> None:
    claim = make.make_claim()
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=1)
    curation.decide(claim, CurationState.UNREVIEWED, actor="lee", version=2)
    client.force_login(make.make_member("kim", "curator"))
    page = client.get("/account/decisions/").content.decode()
    assert "Accepted" in page
    assert "/changes/" not in page


def test_who_may_not_decide_any_more_is_offered_no_undo(client: Client) -> None:
    curation.decide(make.make_claim(), CurationState.ACCEPTED, actor="kim", version=1)
    client.force_login(make.make_user("kim"))
    page = client.get("/account/decisions/").content.decode()
    assert "Accepted" in page
    assert "/changes/" not in page


def test_acts_on_listings_are_told_in_their_words(client: Client) -> None:
    kim = make.make_member("kim", "uploader")
    listing = make.make_listing("mine.txt", make.make_paper(), uploaded_by=kim, state=ListingState.DONE)
    uploads.withdraw(listing, actor="kim", version=listing.version, reason="a mistake")
    client.force_login(kim)
    page = client.get("/account/decisions/")
    assert "Withdrew it" in text_of(page)
    assert "mine.txt" in text_of(page)
    assert f"/changes/{ChangeSet.objects.get().public_id}/undo/" in page.content.decode()


@pytest.mark.parametrize("count", [1, 12])
def test_pages_take_a_fixed_number_of_queries(client: Client, count: int) -> None:
    kim = make.make_member("kim", "curator")
    board = make.make_benchmark()
    for number in range(count):
        make.make_listing(f"mine{number}.txt", uploaded_by=kim)
    for claim in [make.make_claim(benchmark=board, model=f"Net{number}") for number in range(count)]:
        curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=1)
    client.force_login(kim)
    assert count_queries(client, "/account/decisions/") <= 14
    assert count_queries(client, "/account/uploads/") <= 8


def test_decision_pages_go_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.services.own.ACTS_ON_A_PAGE", 2)
    board = make.make_benchmark()
    for claim in [make.make_claim(benchmark=board, model=f"Net{number}") for number in range(3)]:
        curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=1)
    client.force_login(make.make_member("kim", "curator"))
    first = client.get("/account/decisions/").content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = client.get("/account/decisions/" + following[1]).content.decode()
    assert (first.count("history__row"), second.count("history__row")) == (2, 1)
    assert client.get("/account/decisions/?after=none").status_code == 404


def test_account_is_for_who_is_signed_in(client: Client) -> None:
    for path in ("/account/", "/account/uploads/", "/account/decisions/", "/account/password/", "/account/invitations/"):
        assert client.get(path)["Location"].startswith("/login/?next=")
    link = invitations.invite(make.make_member("ada", "administrator"), invitee="Kim", group="curator", days=1).secret
    assert client.get(f"/invitation/{link}/").status_code == 200
