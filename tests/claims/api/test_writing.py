"""Writing over the API: tokens and their scopes, uploads that may be sent twice, decisions and their undoing."""

from __future__ import annotations

import gzip
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from claims import errors
from claims.models import ApiToken, Benchmark, ChangeSet, Claim, IdempotencyKey, Listing
from claims.services import reporting, tokens, uploads
from claims.terms import CurationState, ReportKind, Scope
from tests import factories as make

pytestmark = pytest.mark.django_db

LISTING = b"new\n\nNet1: A Study\n\nWe study this for a long time and from many sides, as nobody has done before us.\n"
PERMISSIONS = ("upload_listing", "change_claim", "change_cost")


def bearer(*scopes: Scope, permissions: tuple[str, ...] = PERMISSIONS, name: str = "Ada") -> dict[str, str]:
    _, secret = tokens.create(make.make_user(name, *permissions), name="a script", scopes=scopes, days=None)
    return {"Authorization": f"Bearer {secret}"}


def send(client: Client, headers: dict[str, str], body: bytes = LISTING, *, query: str = "?name=papers.txt", key: str = "") -> Any:
    sent = headers | {"Idempotency-Key": key} if key else headers
    return client.post(f"/api/v1/listings/{query}", body, content_type="text/plain", headers=sent)


def decide(client: Client, headers: dict[str, str], claim: Claim, **said: Any) -> Any:
    body = {"state": "accepted", "version": claim.version} | said
    return client.post(f"/api/v1/claims/{claim.public_id}/decide/", body, content_type="application/json", headers=headers)


def error(answer: Any) -> tuple[int, str, str | None]:
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["field"]


# ---- tokens ----


def test_secret_is_not_kept_and_its_use_is_noted() -> None:
    user = make.make_user("Ada", *PERMISSIONS)
    token, secret = tokens.create(user, name="  my   script ", scopes=["curate", "read"], days=30)
    stored = ApiToken.objects.values().get()
    assert secret not in str(stored)
    assert (token.name, token.scopes, token.digest) == ("my script", ["read", "curate"], hashlib.sha256(secret.encode()).hexdigest())
    assert tokens.find(secret) == token
    token.refresh_from_db()
    assert token.last_used is not None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"revoked": timezone.now()}, "token_revoked"),
        ({"expires": timezone.now() - timedelta(seconds=1)}, "token_expired"),
        ({"digest": "0" * 64}, "token_invalid"),
    ],
)
def test_token_that_is_no_longer_good_is_refused_also_for_reading(client: Client, change: dict[str, Any], code: str) -> None:
    headers = bearer(Scope.READ)
    assert client.get("/api/v1/claims/", headers=headers).status_code == 200
    ApiToken.objects.update(**change)
    answer = client.get("/api/v1/claims/", headers=headers)
    assert error(answer) == (401, code, None)
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("stated", ["Bearer", "Bearer x", "Basic YTpi", "Bearer cb_" + "A" * 43, "Bearer cb_" + "é" * 43])
def test_what_is_no_token_is_refused(client: Client, stated: str) -> None:
    assert error(client.get("/api/v1/claims/", headers={"Authorization": stated}))[:2] == (401, "token_invalid")


def test_token_of_a_closed_account_is_none(client: Client) -> None:
    headers = bearer(Scope.READ)
    ApiToken.objects.get().user.__class__.objects.update(is_active=False)
    assert error(client.get("/api/v1/claims/", headers=headers))[:2] == (401, "token_invalid")


def test_token_can_do_no_more_than_its_maker() -> None:
    reader = make.make_user("reader")
    with pytest.raises(errors.NotPermittedError):
        tokens.create(reader, name="x", scopes=["upload"], days=None)
    for name, scopes in (("", ["read"]), ("x", []), ("x", ["admin"])):
        with pytest.raises(errors.TokenError):
            tokens.create(reader, name=name, scopes=scopes, days=None)


def test_only_so_many_tokens_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    user = make.make_user()
    first, _ = tokens.create(user, name="1", scopes=["read"], days=None)
    tokens.create(user, name="2", scopes=["read"], days=None)
    with pytest.raises(errors.TokenError, match="Revoke one"):
        tokens.create(user, name="3", scopes=["read"], days=None)
    tokens.revoke(user, first.public_id)
    tokens.create(user, name="3", scopes=["read"], days=None)


@pytest.mark.parametrize("scope", list(Scope))
def test_scope_opens_what_it_says_and_nothing_else(client: Client, scope: Scope) -> None:
    headers, claim = bearer(scope), make.make_claim("81%")
    uploaded, decided = send(client, headers), decide(client, headers, claim)
    assert uploaded.status_code == (201 if scope is Scope.UPLOAD else 403)
    assert decided.status_code == (201 if scope is Scope.CURATE else 403)


def test_permission_that_was_taken_away_closes_the_scope(client: Client) -> None:
    headers = bearer(Scope.UPLOAD)
    ApiToken.objects.get().user.user_permissions.clear()
    assert error(send(client, headers))[:2] == (403, "not_permitted")


def test_cookie_of_who_is_signed_in_writes_nothing(client: Client) -> None:
    client.force_login(make.make_user("Ada", *PERMISSIONS))
    assert error(send(client, {}))[:2] == (401, "not_authenticated")
    assert not Listing.objects.exists()


# ---- uploads ----


def test_upload_is_stored_and_followed(client: Client) -> None:
    headers = bearer(Scope.UPLOAD)
    answer = send(client, headers, query="?name=papers.txt&year=2024")
    told = answer.json()
    assert (answer.status_code, told["name"], told["year"], told["state"]) == (201, "papers.txt", 2024, "waiting")
    assert told["sha256"] == hashlib.sha256(LISTING).hexdigest()
    followed = client.get(answer["Location"], headers=headers)
    assert (followed.json()["id"], followed["Cache-Control"]) == (told["id"], "private, no-cache")
    again = send(client, headers)
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    assert Listing.objects.get().uploaded_by == ApiToken.objects.get().user


def test_upload_as_a_form(client: Client) -> None:
    form = {"file": SimpleUploadedFile("papers.txt", LISTING), "year": "2023"}
    answer = client.post("/api/v1/listings/", form, headers=bearer(Scope.UPLOAD))
    assert (answer.status_code, answer.json()["year"]) == (201, 2023)


def test_file_of_a_stranger_is_not_even_read(client: Client) -> None:
    body = io.BytesIO(LISTING)
    body.readline = body.read  # type: ignore[method-assign]
    for kind in ("text/plain", "multipart/form-data; boundary=x"):
        more: Any = {"wsgi.input": body, "CONTENT_LENGTH": str(len(LISTING))}
        answer = client.generic("POST", "/api/v1/listings/", b"", kind, **more)
        assert (answer.status_code, body.tell()) == (401, 0)


@pytest.mark.parametrize(
    ("body", "query", "status", "field"),
    [
        (b"", "", 400, "file"),
        (b"\x00\x01\x02" * 50, "?name=x.bin", 400, None),
        (LISTING, "?year=1066", 400, "year"),
        (LISTING, "?year=2999", 400, "year"),
        (LISTING, "?colour=red", 400, "colour"),
        (LISTING, "?name=" + "a" * 300, 400, "name"),
    ],
)
def test_what_is_no_listing_is_refused_and_not_kept(client: Client, body: bytes, query: str, status: int, field: str | None) -> None:
    answer = send(client, bearer(Scope.UPLOAD), body, query=query)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field), answer.json()
    assert not Listing.objects.exists()


@pytest.mark.parametrize("as_form", [False, True])
def test_file_that_is_too_large_is_refused(client: Client, settings: Settings, as_form: bool) -> None:
    settings.MAX_UPLOAD_MB = 0
    headers = bearer(Scope.UPLOAD)
    if as_form:
        answer = client.post("/api/v1/listings/", {"file": SimpleUploadedFile("papers.txt", LISTING)}, headers=headers)
    else:
        answer = send(client, headers)
    assert error(answer)[:2] == (413, "listing_too_large")
    assert not Listing.objects.exists()


def test_body_that_is_cut_short_is_not_kept(client: Client) -> None:
    more: Any = {"wsgi.input": io.BytesIO(LISTING), "CONTENT_LENGTH": str(len(LISTING) + 9)}
    answer = client.generic("POST", "/api/v1/listings/", b"", "text/plain", headers=bearer(Scope.UPLOAD), **more)
    assert error(answer)[0] == 400
    assert "did not arrive whole" in answer.json()["error"]["message"]
    assert not Listing.objects.exists()


def test_same_key_is_answered_as_at_first_and_stores_once(client: Client) -> None:
    headers = bearer(Scope.UPLOAD)
    first, again = (send(client, headers, key="monday") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    for other in (
        send(client, headers, LISTING + b"\n", key="monday"),
        send(client, headers, query="", key="monday"),
    ):
        assert error(other)[:2] == (422, "idempotency_key_reused")
    assert Listing.objects.count() == 1
    # Another user's key is another key.
    other_user = bearer(Scope.UPLOAD, name="Bo")
    assert send(client, other_user, LISTING + b"\n", key="monday").status_code == 201


def test_key_is_free_again_after_what_was_not_stored(client: Client) -> None:
    headers = bearer(Scope.UPLOAD)
    assert send(client, headers, b"\x00\x01" * 50, key="k").status_code == 400
    assert send(client, headers, key="k").status_code == 201


def test_key_of_a_request_that_is_under_way_is_told_to_wait_and_is_free_when_it_was_cut_off(client: Client) -> None:
    headers = bearer(Scope.UPLOAD)
    send(client, headers, key="k")
    IdempotencyKey.objects.update(listing=None)
    assert error(send(client, headers, key="k"))[:2] == (409, "still_at_work")
    IdempotencyKey.objects.update(made=timezone.now() - timedelta(hours=1))
    assert send(client, headers, key="k").status_code == 200


def test_archive_bomb_is_refused_as_on_the_page(client: Client) -> None:
    bomb = gzip.compress(b"\0" * (8 << 20))
    assert send(client, bearer(Scope.UPLOAD), bomb, query="?name=x.gz").status_code == 400


# ---- decisions ----


def test_claim_is_rejected_and_its_undoing_brings_it_back(client: Client) -> None:
    headers, claim = bearer(Scope.CURATE), make.make_claim("81%")
    answer = decide(client, headers, claim, state="rejected", reason="not_a_result", note="<b>A year</b>")
    told = answer.json()
    assert (answer.status_code, told["action"], told["actor"], told["reason"]) == (201, "reject", "Ada", "<b>A year</b>")
    assert told["objects"][0]["id"] == claim.public_id
    assert client.get(answer["Location"]).json()["id"] == told["id"]
    assert client.get("/api/v1/claims/").json()["results"] == []
    (rejected,) = client.get("/api/v1/claims/?state=rejected").json()["results"]
    assert (rejected["id"], rejected["reject_reason"]) == (claim.public_id, "not_a_result")
    assert client.get(f"/api/v1/claims/{claim.public_id}/").json()["state"] == "rejected"
    undone = client.post(f"/api/v1/decisions/{told['id']}/undo/", headers=headers)
    assert (undone.status_code, undone.json()["undoes"]) == (201, told["id"])
    assert client.get(f"/api/v1/claims/{claim.public_id}/").json()["state"] == "unreviewed"
    assert error(client.post(f"/api/v1/decisions/{told['id']}/undo/", headers=headers))[:2] == (409, "invalid_decision")


def test_stale_decision_is_refused(client: Client) -> None:
    headers, claim = bearer(Scope.CURATE), make.make_claim("81%")
    assert decide(client, headers, claim).status_code == 201
    assert error(decide(client, headers, claim))[:2] == (409, "stale")
    assert ChangeSet.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({"state": "rejected"}, 409, None),
        ({"state": "wonderful"}, 400, "state"),
        ({"version": "one"}, 400, "version"),
        ({"version": 10**30}, 400, "version"),
        ({"note": "x" * 3000}, 400, "note"),
        ({"note": "a\0b"}, 400, "note"),
        ({"reason": "boredom"}, 400, "reason"),
        ({"reson": "not_a_result"}, 400, "reson"),
    ],
)
def test_decision_that_makes_no_sense_is_refused(client: Client, said: dict[str, Any], status: int, field: str | None) -> None:
    answer = decide(client, bearer(Scope.CURATE), make.make_claim("81%"), **said)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert Claim.objects.get().state == CurationState.UNREVIEWED


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1, 2]", "application/json", 400),
        (b'{"state": "accepted", "version": NaN}', "application/json", 400),
        (b'{"note": "\xff\xfe"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b" " * ((1 << 20) + 1), "application/json", 413),
        (b"state=accepted", "application/x-www-form-urlencoded", 415),
        ('{"state": "accepted"}'.encode("utf-16"), "application/json", 400),
    ],
)
def test_broken_body_is_refused(client: Client, body: bytes, kind: str, status: int) -> None:
    claim = make.make_claim("81%")
    answer = client.post(f"/api/v1/claims/{claim.public_id}/decide/", body, content_type=kind, headers=bearer(Scope.CURATE))
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error"}


def test_nothing_is_decided_on_what_is_not_there(client: Client) -> None:
    headers = bearer(Scope.CURATE)
    for path in ("claims/none/decide/", "costs/none/decide/", "decisions/none/undo/"):
        body = {"state": "accepted", "version": 1}
        assert error(client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers))[:2] == (404, "not_found")


def test_tier_is_set_withdrawn_and_undone(client: Client) -> None:
    headers, claim = bearer(Scope.CURATE), make.make_claim("81%")
    address = f"/api/v1/claims/{claim.public_id}/"

    def say(tier: str | None, version: int, **said: str) -> Any:
        body = {"tier": tier, "version": version, "reason": "<b>Run</b> again."} | said
        return client.post(f"{address}tier/", body, content_type="application/json", headers=headers)

    assert error(say("verified", 1))[::2] == (409, "link")
    assert error(say("verified", 1, link="javascript:alert(1)"))[::2] == (409, "link")
    assert error(say("splendid", 1, link="https://example.org/"))[::2] == (400, "tier")
    assert error(say("verified", 1, link="https://example.org/", reason=" "))[::2] == (400, "reason")
    made = say("verified", 1, link="https://example.org/")
    assert (made.status_code, made.json()["action"]) == (201, "verify")
    told = client.get(address).json()
    assert [told[name] for name in ("state", "tier", "tier_link", "version")] == ["accepted", "verified", "https://example.org/", 2]
    assert error(say("disputed", 1, link="https://example.org/"))[:2] == (409, "stale")
    withdrawn = say(None, 2).json()
    assert (withdrawn["action"], client.get(address).json()["tier"]) == ("withdraw tier", None)
    assert client.post(f"/api/v1/decisions/{withdrawn['id']}/undo/", headers=headers).status_code == 201
    assert client.get(address).json()["tier"] == "verified"


@pytest.mark.parametrize("kind", ["claims", "costs"])
def test_flags_are_told_to_who_may_decide_in_one_query(client: Client, kind: str) -> None:
    headers, others = bearer(Scope.CURATE), bearer(Scope.UPLOAD, name="Lee")
    paper = make.make_paper(abstract="It has 81% with 21M.")
    numbers = [make.make_claim("81%", paper=paper) if kind == "claims" else make.make_cost("21M", paper=paper)]
    reporting.report(numbers[0], ReportKind.OTHER, text="<b>Odd</b>", contact="ada@example.org")

    def ask(sent: dict[str, str], query: str = "") -> tuple[Any, int]:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"/api/v1/{kind}/{query}", headers=sent)
        return answer, len(queries)

    ask(headers)  # notes that the token is used
    one, count = ask(headers)
    ((flag,),) = [each["flags"] for each in one.json()["results"]]
    assert (flag["kind"], flag["note"]) == ("report", "Something else. <b>Odd</b>")
    assert b"ada@example.org" not in one.content
    for sent in ({}, others):
        assert [each["flags"] for each in ask(sent)[0].json()["results"]] == [None]
    assert client.get(f"/api/v1/{kind}/{numbers[0].public_id}/", headers=headers).json()["flags"] == [flag]
    again = make.make_paper("Another one", abstract="It has 82% with 22M.")
    board = Benchmark.objects.first()
    numbers.append(make.make_claim("82%", paper=again, benchmark=board) if kind == "claims" else make.make_cost("22M", paper=again))
    reporting.report(numbers[1], ReportKind.DUPLICATE)
    two, more = ask(headers)
    assert ([len(each["flags"]) for each in two.json()["results"]], more) == ([1, 1], count)
    assert ask(headers, "?fields=id")[1] == count - 1


def test_act_on_a_listing_needs_the_scope_of_uploads(client: Client) -> None:
    listing = make.make_listing("papers.txt", state="done")
    made = uploads.withdraw(listing, actor="kim", version=listing.version).change_set
    user = make.make_user("lee", *PERMISSIONS, "manage_listing")
    answers = {}
    for scope in (Scope.CURATE, Scope.UPLOAD):
        _, secret = tokens.create(user, name="x", scopes=[scope], days=None)
        answers[scope] = client.post(f"/api/v1/decisions/{made.public_id}/undo/", headers={"Authorization": f"Bearer {secret}"}).status_code
    assert answers == {Scope.CURATE: 403, Scope.UPLOAD: 201}


# ---- corrections ----


def patch(client: Client, headers: dict[str, str], claim: Claim, **said: Any) -> Any:
    body = {"version": claim.version} | said
    return client.patch(f"/api/v1/claims/{claim.public_id}/", body, content_type="application/json", headers=headers)


def test_claim_is_corrected_and_says_what_was_read(client: Client) -> None:
    headers, claim = bearer(Scope.CURATE), make.make_claim("81%")
    answer = patch(client, headers, claim, number="81.5%", variant="large", metric=None, reason="See the title.")
    told = answer.json()
    assert (answer.status_code, told["action"], told["reason"]) == (200, "correct", "See the title.")
    (thing,) = told["objects"]
    assert (thing["before"]["value"], thing["after"]["value"]) == (81.0, 81.5)
    assert (thing["before"]["metric"], thing["after"]["metric"]) == ("top-1-accuracy", None)
    corrected = client.get(f"/api/v1/claims/{claim.public_id}/").json()
    assert (corrected["value"], corrected["variant"], corrected["metric"], corrected["stated"]) == (81.5, "large", None, claim.stated)
    assert corrected["corrected"]["value"] == 81.0
    assert corrected["corrected"]["metric"] == "Top-1 accuracy"


def test_another_sentence_states_a_claim(client: Client) -> None:
    headers, claim = bearer(Scope.CURATE), make.make_claim("81%")
    read = {"start": claim.evidence_start, "end": claim.evidence_end}
    assert patch(client, headers, claim, evidence={"start": 0, "end": claim.end}).status_code == 200
    told = client.get(f"/api/v1/claims/{claim.public_id}/").json()
    assert (told["evidence"]["start"], told["evidence"]["end"], told["corrected"]["evidence"]) == (0, claim.end, read)
    claim.refresh_from_db()
    outside: list[Any] = [{"start": 0, "end": 2}, {"start": 0, "end": 10**9}]
    for span in outside:
        assert error(patch(client, headers, claim, evidence=span))[:2] == (409, "invalid_decision")
    none: list[Any] = [{"start": -1, "end": 2}, {"start": 0}, {"start": 0, "end": 2, "middle": 1}, [0, 2], None]
    for span in none:
        assert error(patch(client, headers, claim, evidence=span))[0] == 400


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({}, 400, None),
        ({"numer": "81.5"}, 400, "numer"),
        ({"measure": "flops"}, 400, "measure"),
        ({"number": "many"}, 409, "number"),
        ({"dataset": "None of this name"}, 409, "dataset"),
        ({"setting": [{"kind": "colour", "value": "x", "text": "x"}]}, 400, "setting.0.kind"),
        ({"setting": [{"kind": "shots", "value": "5-shot", "text": "5-shot"}] * 21}, 400, "setting"),
        ({"kind": "wish"}, 400, "kind"),
    ],
)
def test_correction_that_makes_no_sense_is_refused(client: Client, said: dict[str, Any], status: int, field: str | None) -> None:
    answer = patch(client, bearer(Scope.CURATE), make.make_claim("81%"), **said)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field), answer.json()
    assert Claim.objects.get().version == 1


def test_correction_needs_its_scope_and_the_version_that_was_seen(client: Client) -> None:
    claim = make.make_claim("81%")
    assert error(patch(client, bearer(Scope.UPLOAD), claim, number="82%"))[:2] == (403, "not_permitted")
    headers = bearer(Scope.CURATE, name="Bo")
    assert patch(client, headers, claim, number="82%").status_code == 200
    assert error(patch(client, headers, claim, number="83%"))[:2] == (409, "stale")
