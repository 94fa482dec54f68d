"""Who may do what at every address of the site, by a table. An address that is not in it fails: add a line for it.

Each address is asked as nobody, as an uploader, a curator and an administrator, who came here by invitations, with every method. Who may
gets an answer that is no refusal. Who may not is refused, and nothing is written; nor is anything by a method that the table does not
name, or by looking at a page. Whether a form has a token of this site is asked of every one that may be sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from claims.models import ApiToken, ChangeSet, Dataset, Delivery, Flag, Import, Invitation, Listing, Metric, SourceRecord, Task
from claims.services import curation, invitations, reporting, tokens, uploads, webhooks
from claims.terms import CurationState, ListingState, ReportKind
from tests import factories as make
from tests.once import WriteOnce

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PASSWORD = "a heron at dawn 7"
NOBODY: frozenset[str] = frozenset()
ALL = frozenset({"anonymous", "uploader", "curator", "administrator"})
SIGNED = ALL - {"anonymous"}
UPLOADERS = frozenset({"uploader", "administrator"})
CURATORS = frozenset({"curator", "administrator"})
ADMINS = frozenset({"administrator"})


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that `who` may do. `args` and `body` name what of the site it is done with (`{board}`), `query` is behind the address.

    `text` is a body that is no form. Some addresses have nothing at them for anybody: `missing`.
    """

    who: frozenset[str]
    method: str = "GET"
    args: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    text: str = ""
    missing: bool = False


def show(who: frozenset[str] = ALL, query: str = "", **args: str) -> Case:
    return Case(who, args=args, query=query)


def send(who: frozenset[str], body: Mapping[str, str] | None = None, **args: str) -> Case:
    return Case(who, "POST", args, body or {})


def program(who: frozenset[str], method: str, text: str, **args: str) -> Case:
    return Case(who, method, args, text=text)


def manage(form: Mapping[str, str]) -> list[Case]:
    """What is done with a listing: by who uploaded it, and by who looks after all."""
    return [send(UPLOADERS, form, public_id="own"), send(ADMINS, form, public_id="others")]


VERSION = {"version": "1"}
SEEN_BY_PROGRAM = {"digest": "0" * 64, "last_claim": 1, "last_cost": 1}
SEEN = {"digest": "0" * 64, "last_claim": "1", "last_cost": "1", "total": "1"}
DECISION = {"state": "rejected", "reason": "not_a_result", "version": "1"}
TIER = json.dumps({"version": 1, "tier": "verified", "reason": "Run again.", "link": "https://example.org/"})
ACCOUNT = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}

TABLE: dict[str, list[Case]] = {
    # What everybody may see.
    "home": [show()],
    "board": [show(slug="board")],
    "chart": [show(slug="board")],
    "compare": [show(slug="board")],
    "take-along": [show(slug="board", form="=csv")],
    "cite-board": [show(slug="board")],
    "card": [show(slug="board")],
    "board-feed": [show(slug="board", form="=atom")],
    "feed": [show(form="=atom")],
    "board-badge": [show(slug="board")],
    "sparkline": [show(slug="board")],
    "paper": [show(public_id="paper")],
    "paper-badge": [show(public_id="paper")],
    "cite-paper": [show(public_id="paper")],
    "model": [show(slug="model")],
    "dataset": [show(slug="dataset")],
    "embed": [show()],
    "embed-board": [show(slug="board")],
    "embed-script": [show()],
    "oembed": [show()],
    "search": [show(query="?q=net")],
    "method": [show()],
    "quality": [show()],
    "quality-chart": [show()],
    "dumps": [show()],
    "dump-file": [Case(ALL, args={"dump": "=latest", "name": "=manifest.json"}, missing=True)],
    "archive-file": [show(NOBODY, dump="=latest", name="=manifest.json")],
    "robots": [show()],
    "sitemap": [show()],
    "sitemap-section": [show(section="=boards")],
    "favicon": [show()],
    "healthz": [show()],
    "api-guide": [show()],
    "api-docs": [show()],
    "api-redoc": [show()],
    "api-client": [show()],
    "api-stability": [show()],
    # Numbers, and what was decided on them.
    "decide": [send(CURATORS, DECISION, kind="=claim", public_id="claim"), send(CURATORS, DECISION, kind="=cost", public_id="cost")],
    "undo": [
        send(CURATORS, public_id="decision"),
        send(UPLOADERS, public_id="own_withdrawal"),
        send(ADMINS, public_id="others_withdrawal"),
        send(NOBODY, public_id="=none0"),
    ],
    "correct-claim": [show(CURATORS, public_id="claim"), send(CURATORS, VERSION, public_id="claim")],
    "correct-cost": [show(CURATORS, public_id="cost"), send(CURATORS, VERSION, public_id="cost")],
    "split-claim": [send(CURATORS, VERSION, public_id="claim")],
    "split-cost": [send(CURATORS, VERSION, public_id="cost")],
    "add-missed": [show(CURATORS, public_id="paper"), send(CURATORS, public_id="paper")],
    "tier": [
        show(CURATORS, kind="=claim", public_id="claim"),
        send(
            CURATORS,
            VERSION | {"tier": "verified", "reason": "Run again.", "link": "https://example.org/"},
            kind="=claim",
            public_id="claim",
        ),
    ],
    "paper-text": [show(CURATORS, public_id="paper"), send(CURATORS, VERSION | {"act": "withhold", "reason": "Asked."}, public_id="paper")],
    "report": [
        show(kind="=claim", public_id="claim"),
        show(kind="=paper", public_id="paper"),
        send(ALL, {"problem": "wrong_number"}, kind="=claim", public_id="claim"),
    ],
    "reports": [show(CURATORS)],
    "settle-report": [send(CURATORS, {"outcome": "done", "reason": "Corrected."}, public_id="report")],
    "suggest-names": [show(CURATORS, "?q=net", kind="=dataset")],
    "review": [show(CURATORS)],
    "review-bulk": [
        show(CURATORS, query="?min_confidence=0.1&act=accept"),
        Case(CURATORS, "POST", body=SEEN, query="?min_confidence=0.1&act=accept"),
    ],
    "settle-flag": [send(CURATORS, {}, public_id="flag")],
    "review-decide": [send(CURATORS, VERSION | {"act": "accept"}, kind="=claim", public_id="claim")],
    "review-undo": [send(NOBODY, public_id="decision")],  # a curator's own decisions alone, and this one is somebody else's
    "review-skipped": [send(CURATORS)],
    "log": [show()],
    "act": [show(public_id="decision")],
    "export-log": [show()],
    "number-history": [show(kind="=claim", public_id="claim"), show(kind="=cost", public_id="cost")],
    "revert": [send(CURATORS, VERSION | {"act": "none", "when": "after"}, kind="=claim", public_id="claim")],
    # The catalogue's names, and papers that are one.
    "catalogue": [show(CURATORS), show(CURATORS, "?kind=paper"), show(CURATORS, "?kind=mlmodel&show=alike")],
    "catalogue-entry": [
        show(CURATORS, kind="=mlmodel", public_id="model_id"),
        send(CURATORS, VERSION | {"act": "rename", "name": "Other"}, kind="=mlmodel", public_id="model_id"),
    ],
    "merge-entry": [
        show(CURATORS, kind="=mlmodel", public_id="model_id"),
        send(CURATORS, VERSION | {"into": "none"}, kind="=mlmodel", public_id="model_id"),
    ],
    "metric-meaning": [show(CURATORS, public_id="metric_id"), send(CURATORS, VERSION | {"direction": "lower"}, public_id="metric_id")],
    "merge-paper": [show(CURATORS, public_id="paper"), send(CURATORS, VERSION | {"into": "none"}, public_id="paper")],
    "split-paper": [send(CURATORS, VERSION, public_id="paper")],
    # Listings.
    "listings": [show()],
    "upload": [show(UPLOADERS), send(UPLOADERS, {"year": "2025"})],
    "listing": [show(public_id="own")],
    "record": [show(public_id="own", number="=1")],
    "unread": [show(public_id="own")],
    "unjoined": [show(public_id="own")],
    "stop-listing": manage(VERSION),
    "read-on": manage(VERSION),
    "retry-listing": manage(VERSION),
    "withdraw-listing": [show(UPLOADERS, public_id="own"), show(ADMINS, public_id="others"), *manage(VERSION)],
    "correct-year": manage(VERSION | {"how": "unknown"}),
    "map-columns": [show(UPLOADERS, public_id="own"), show(ADMINS, public_id="others"), *manage(VERSION)],
    # Accounts. What is somebody's own is there for nobody else.
    "login": [show(), send(ALL, {"username": "curator", "password": PASSWORD})],
    "logout": [send(ALL)],
    "invitation": [show(secret="invitation"), send(ALL, ACCOUNT, secret="invitation")],
    "account": [show(SIGNED)],
    "password": [
        show(SIGNED),
        send(SIGNED, {"old_password": PASSWORD, "new_password1": "7 other herons", "new_password2": "7 other herons"}),
    ],
    "own-uploads": [show(SIGNED)],
    "own-decisions": [show(SIGNED)],
    "tokens": [show(SIGNED), send(SIGNED, {"name": "x", "scopes": "read", "days": "30"})],
    "revoke-token": [send(frozenset({"curator"}), public_id="token")],
    "invitations": [show(ADMINS), send(ADMINS, {"invitee": "Kim", "group": "curator", "days": "7"})],
    "revoke-invitation": [send(ADMINS, public_id="invitation_id")],
    # Webhooks: the uploader's, in this table.
    "hooks": [show(SIGNED), send(SIGNED, {"url": "https://example.org/x", "events": "record.new"})],
    "webhook": [show(UPLOADERS, public_id="hook")],
    "change-webhook": [
        *(send(UPLOADERS, public_id="hook", act=act) for act in ("=pause", "=resume", "=test", "=delete")),
        send(frozenset({"uploader"}), public_id="hook", act="=secret"),
    ],
    "send-again": [send(UPLOADERS, public_id="hook", delivery_id="delivery")],
    # The API, with tokens that have all the scopes that their accounts may give.
    "api:root": [show()],
    "api:contract": [show()],
    "api:boards-list": [show()],
    "api:boards-detail": [show(slug="board")],
    "api:claims-list": [show()],
    "api:claims-detail": [show(public_id="claim"), program(CURATORS, "PATCH", '{"version": 1, "number": "81.5%"}', public_id="claim")],
    "api:claims-decide": [program(CURATORS, "POST", '{"version": 1, "state": "accepted"}', public_id="claim")],
    "api:claims-tier": [program(CURATORS, "POST", TIER, public_id="claim")],
    "api:costs-list": [show()],
    "api:costs-detail": [show(public_id="cost"), program(CURATORS, "PATCH", '{"version": 1, "number": "25M"}', public_id="cost")],
    "api:costs-decide": [program(CURATORS, "POST", '{"version": 1, "state": "accepted"}', public_id="cost")],
    "api:costs-tier": [program(CURATORS, "POST", TIER, public_id="cost")],
    "api:papers-list": [show()],
    "api:papers-detail": [show(public_id="paper")],
    "api:models-list": [show()],
    "api:models-detail": [show(slug="model")],
    "api:datasets-list": [show()],
    "api:datasets-detail": [show(slug="dataset")],
    "api:tasks-list": [show()],
    "api:tasks-detail": [show(slug="task")],
    "api:metrics-list": [show()],
    "api:metrics-detail": [show(slug="metric")],
    "api:listings-list": [
        show(),
        Case(
            UPLOADERS, "POST", query="?name=papers.txt", text="new\n\nNet1: A Study\n\nWe study this for a long time and from many sides.\n"
        ),
    ],
    "api:listings-detail": [show(public_id="own")],
    "api:decisions-list": [show()],
    "api:decisions-detail": [show(public_id="decision")],
    "api:decisions-bulk": [
        program(CURATORS, "POST", json.dumps({"state": "accepted", "filters": {"kind": "delta"}, "seen": SEEN_BY_PROGRAM})),
    ],
    "api:decisions-undo": [
        program(CURATORS, "POST", "", public_id="decision"),
        program(UPLOADERS, "POST", "", public_id="own_withdrawal"),
        program(ADMINS, "POST", "", public_id="others_withdrawal"),
    ],
    # The admin's own addresses; those of its lists are below.
    "admin-password": [Case(ALL), Case(ALL, "POST")],  # leads to "password"
    "admin:index": [show(CURATORS)],
    "admin:login": [show(), send(ALL, {"username": "curator", "password": PASSWORD})],
    "admin:logout": [send(ALL)],
    "admin:password_change": [Case(ALL), Case(ALL, "POST")],  # never reached: the one above stands before it
    "admin:password_change_done": [show(CURATORS)],
    "admin:autocomplete": [show(CURATORS, query="?app_label=claims&model_name=claim&field_name=metric")],
    "admin:jsi18n": [show(CURATORS)],
    "admin:view_on_site": [Case(CURATORS, args={"content_type_id": "=0", "object_id": "=0"}, missing=True)],
    "admin:app_list": [show(CURATORS, app_label="=claims")],
    "admin:(?P<url>.*)$": [],  # what is nowhere else: the login page, or nothing
}

LISTED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("auth_group", "auth_user"), NOBODY),
    **dict.fromkeys(("claims_claim", "claims_cost", "claims_paper", "claims_result", "claims_listing", "claims_benchmark"), CURATORS),
    **dict.fromkeys(("claims_task", "claims_dataset", "claims_metric", "claims_mlmodel", "claims_alias"), CURATORS),
    **dict.fromkeys(("claims_area", "claims_datasetsplit"), CURATORS),
    **dict.fromkeys(("claims_changeset", "claims_flag", "claims_run", "claims_reextraction"), CURATORS),
}
"""Who sees the admin's list of a model, its objects and their history. Nobody of these adds or deletes anything there."""

EDITED = ("claims_task", "claims_dataset", "claims_metric", "claims_mlmodel")
"""The entries that curators change there, through their service."""
DECIDING = ("claims_claim", "claims_cost", "claims_changeset", "claims_flag", *EDITED)
"""The lists with actions, which are sent to them: they call the services."""
COMPAT = "compat:"
"""All that begins with this is read by everybody, and written by nobody."""


def cases_of(name: str) -> list[Case]:
    """Return what the table says of an address. Raises `KeyError` for one that it doesn't know."""
    if name in TABLE:
        return TABLE[name]
    listed, _, act = name.removeprefix("admin:").rpartition("_")
    if name == "admin:auth_user_password_change":
        return [show(NOBODY, id="user")]
    who = LISTED[listed]
    cases = {
        "changelist": [show(who), *([send(who)] if listed in DECIDING else [])],
        "add": [show(NOBODY)],
        "change": [show(who, object_id=listed), *([send(who, {"name": ""}, object_id=listed)] if listed in EDITED else [])],
        "export": [show(who)],
        "import": [show(ADMINS), send(ADMINS)],
        "delete": [show(NOBODY, object_id=listed)],
        "history": [show(who, object_id=listed)],
    }
    return cases[act]


def list_addresses() -> Iterator[str]:
    """Yield the name of each address, or its route where it has none."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, f"{before}{pattern.namespace}:" if pattern.namespace else before)
            else:
                yield before + (pattern.name or str(pattern.pattern))

    yield from walk(get_resolver().url_patterns, "")


ADDRESSES = sorted(set(list_addresses()))
LED_ON = "admin:<path:object_id>/"
"""An old form of the addresses of the admin's objects, which leads to today's."""


def group_addresses() -> dict[str, list[str]]:
    """Return the addresses that are asked one after the other: those of one list of the admin, each other one by itself."""
    groups: dict[str, list[str]] = {}
    for name in ADDRESSES:
        if not name.startswith(COMPAT) and name != LED_ON:
            listed = next((each for each in LISTED if name.startswith(f"admin:{each}_")), "")
            groups.setdefault(f"admin:{listed}" if listed else name, []).append(name)
    return groups


GROUPS = group_addresses()


# ---- the site ----


@pytest.fixture(scope="module")
def made(for_module: WriteOnce, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("site")
    with override_settings(DATA_DIR=folder, UPLOAD_DIR=folder / "uploads"):
        return for_module(make_site)


@pytest.fixture
def site(made: dict[str, str], settings: Settings, tmp_path: Path) -> dict[str, str]:
    settings.DATA_DIR, settings.UPLOAD_DIR = tmp_path, tmp_path / "uploads"
    return made


def make_site() -> dict[str, str]:
    """Make a site with something of everything, and who is on it; return what stands in the table, by its name there."""
    make.make_groups()
    operator = make.make_user("operator", is_superuser=True)
    people = {}
    for group in ("uploader", "curator", "administrator"):
        invited = invitations.invite(operator, invitee=group, group=group, days=1)
        people[group] = invitations.accept(invited.secret, username=group, password=PASSWORD)
    board = make.make_board(1)
    result = board.results.get()
    paper = result.paper
    assert paper is not None
    model = apps.get_model("claims", "MLModel").objects.create(name="Net", name_key="net", slug="net")
    claim, cost = result.claims.get(), result.costs.get()
    result.ml_model = model
    result.save()
    for numbers in (result.claims, result.costs):
        numbers.update(ml_model=model)
    flag = Flag.objects.create(kind="gone", object_kind="claim", object_id=claim.pk, note="It is gone.")
    reported = reporting.report(paper, ReportKind.OTHER, text="It is odd.")
    decided = make.make_claim("70.1%", model="Decided", benchmark=board, on_board=False)
    own = make.make_listing("own.csv", paper, uploaded_by=people["uploader"], state=ListingState.DONE)
    others = make.make_listing("others.txt", paper, state=ListingState.DONE)
    table = Import.objects.create(name="own.csv", sha256="0" * 64, format="csv", listing=own)
    SourceRecord.objects.create(source=table, number=1, raw={"model": "Net"})
    gone = [make.make_listing("gone.txt", uploaded_by=user, state=ListingState.DONE) for user in (people["uploader"], None)]
    withdrawn = [uploads.withdraw(each, actor="x", version=1).change_set.public_id for each in gone]
    hook = make.make_webhook(owner=people["uploader"])
    delivery = webhooks.send_test(hook)
    token, _ = tokens.create(people["curator"], name="x", scopes=["read"], days=1)
    decision = curation.decide(decided, CurationState.ACCEPTED, actor="x", version=1)
    invited = invitations.invite(operator, invitee="Kim", group="curator", days=1)
    firsts = {
        f"{app}_{table._meta.model_name}": table._default_manager.first()
        for app in ("claims", "auth")
        for table in apps.get_app_config(app).get_models()
    }
    return {
        **{name: str(first.pk if first else 1) for name, first in firsts.items()},
        "board": board.slug,
        "task": board.task.slug,
        "dataset": board.dataset.slug,
        "metric": "top-1-accuracy",
        "model": model.slug,
        "model_id": model.public_id,
        "metric_id": Metric.objects.get(slug="top-1-accuracy").public_id,
        "paper": paper.public_id,
        "claim": claim.public_id,
        "flag": flag.public_id,
        "cost": cost.public_id,
        "decision": decision.public_id,
        "claims_changeset": str(decision.pk),
        "own": own.public_id,
        "others": others.public_id,
        "own_withdrawal": withdrawn[0],
        "others_withdrawal": withdrawn[1],
        "hook": hook.public_id,
        "delivery": delivery.public_id,
        "token": token.public_id,
        "invitation": invited.secret,
        "invitation_id": invited.invitation.public_id,
        "report": reported.public_id,
        "user": str(people["curator"].pk),
    }


class Asker:
    """Somebody who asks, in a transaction that is taken back: what one does, the next does not find done."""

    def __init__(self, name: str, site: Mapping[str, str]) -> None:
        self.name, self.site = name, site
        self.secret, self.session = "", ""
        if name != "anonymous":
            user = User.objects.get(username=name)
            _, self.secret = tokens.create(user, name="all", scopes=tokens.offered_scopes(user), days=1)
            client = Client()
            client.force_login(user)
            self.session = client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(self, address: str, case: Case, method: str = "", *, checks: bool = False) -> tuple[Any, list[str]]:
        """Return the answer, and what was written to the site's tables."""
        args = {name: value[1:] if value.startswith("=") else self.site[value] for name, value in case.args.items()}
        path = reverse(address, kwargs=args) + case.query
        client = Client(enforce_csrf_checks=checks, raise_request_exception=True)
        is_program = address.startswith(("api:", "compat:"))
        kind, body = ("text/plain" if address == "api:listings-list" else "application/json", case.text)
        if not is_program:
            kind, body = "application/x-www-form-urlencoded", urlencode(case.body)
        with transaction.atomic():
            if self.session and not is_program:
                client.cookies[settings.SESSION_COOKIE_NAME] = self.session
            headers = {"Authorization": f"Bearer {self.secret}"} if self.secret and is_program else {}
            with CaptureQueriesContext(connection) as queries:
                answer = client.generic(
                    method or case.method, path, "" if (method or case.method) == "GET" else body, content_type=kind, headers=headers
                )
            transaction.set_rollback(True)
        return answer, [query["sql"] for query in queries if _WRITES.match(query["sql"]) and not _NOTES_USE.match(query["sql"])]


_WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(?:claims|auth)_')
_NOTES_USE = re.compile(
    r'UPDATE "(?:claims_apitoken" SET "last_used"|auth_user" SET "last_login")|(?:INSERT INTO|UPDATE|DELETE FROM) "claims_reviewlease"'
)
"""That a token or an account was used, and that a curator has a number before them, is noted and says nothing of any number."""


def is_refused(answer: Any) -> bool:
    to_login = answer.status_code == 302 and re.match(r"(/admin)?/login/", answer["Location"]) is not None
    return to_login or answer.status_code in (401, 403, 404, 405)


# ---- the tests ----


def test_table_has_no_address_that_is_none() -> None:
    assert set(TABLE) <= set(ADDRESSES)
    registered = {name.removesuffix("_changelist") for name in ADDRESSES if name.endswith("_changelist")}
    assert {f"admin:{name}" for name in LISTED} == registered


@pytest.mark.parametrize("together", GROUPS)
def test_address_is_for_whom_the_table_says(site: dict[str, str], together: str) -> None:
    askers = [Asker(name, site) for name in sorted(ALL)]
    for address in GROUPS[together]:
        cases = cases_of(address)
        for asker in askers:
            for case in cases:
                check_case(address, case, asker)
        for asker in askers:
            if cases and asker.name in ("anonymous", "administrator"):
                check_other_methods(address, cases, asker)
        for case in cases:
            if case.method == "POST" and not address.startswith("api:") and address not in LEADS_ON:
                answer, written = Asker("administrator", site).ask(address, case, checks=True)
                assert (answer.status_code, written) == (403, []), ("a form of another site", address, dict(case.args))


def check_case(address: str, case: Case, asker: Asker) -> None:
    """Who may gets an answer that is no refusal; who may not gets one, and writes nothing. Nor does who looks."""
    answer, written = asker.ask(address, case)
    told = (address, asker.name, case.method, answer.status_code, dict(case.args))
    assert answer.status_code < 500, told
    if asker.name in case.who and case.missing:
        assert answer.status_code == 404, told
    elif asker.name in case.who:
        assert not is_refused(answer), told
    else:
        assert is_refused(answer), told
        assert written == [], told
    if case.method == "GET":
        assert written == [], told


def check_other_methods(address: str, cases: list[Case], asker: Asker) -> None:
    """What the table does not name is refused, or leads elsewhere, and writes nothing."""
    for method in sorted({"POST", "PUT", "PATCH", "DELETE"} - {case.method for case in cases}):
        answer, written = asker.ask(address, cases[0], method)
        told = (address, asker.name, method, answer.status_code)
        assert answer.status_code < 500, told
        assert written == [], told
        assert address.startswith("admin") or is_refused(answer) or answer.status_code == 302, told


LEADS_ON = ("admin-password", "admin:password_change")
"""These do nothing but lead to another address."""


def test_admin_shows_lists_and_lets_nobody_write_around_the_services(site: dict[str, str]) -> None:
    for listed in LISTED:
        for name in sorted(ALL):
            asker = Asker(name, site)
            acts: tuple[tuple[str, Mapping[str, str]], ...] = (("add", {}), ("delete", {"object_id": listed}))
            for act, args in acts if listed in EDITED and name in CURATORS else (*acts, ("change", {"object_id": listed})):
                answer, written = asker.ask(f"admin:{listed}_{act}", Case(NOBODY, "POST", args, {"post": "yes", "name": "x"}))
                assert is_refused(answer), (listed, name, act, answer.status_code)
                assert written == [], (listed, name, act)


def test_actions_of_the_admin_are_for_curators(site: dict[str, str]) -> None:
    actions = {"claims_claim": "accept", "claims_cost": "accept", "claims_changeset": "undo", "claims_flag": "settle"}
    actions |= dict.fromkeys(EDITED, "confirm")
    Dataset.objects.update(reviewed=False)
    Metric.objects.update(reviewed=False)
    Task.objects.update(reviewed=False)
    for listed, action in actions.items():
        for name in sorted(ALL):
            body = {"action": action, "_selected_action": site[listed]}
            _, written = Asker(name, site).ask(f"admin:{listed}_changelist", send(CURATORS, body))
            assert bool(written) == (name in CURATORS), (listed, name)


def test_old_api_is_read_by_everybody_and_written_by_nobody(site: dict[str, str]) -> None:
    root = reverse("compat:root")
    routes = [name.removeprefix(COMPAT) for name in ADDRESSES if name.startswith(COMPAT)]
    assert len(routes) > 30
    for name in sorted(ALL):
        client = Client()
        if name != "anonymous":
            client.force_login(User.objects.get(username=name))
        for route in ("", "papers/", "tasks/", "datasets/", "evaluations/", "areas/", "repositories/"):
            assert client.get(root + route).status_code == 200, (name, route)
        for route in routes:
            path = root + re.sub(r"<[^>]+>", site["board"], route if "/" in route else f"{route}/")
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                with CaptureQueriesContext(connection) as queries:
                    answer = client.generic(method, path, "{}", content_type="application/json")
                assert answer.status_code in (401, 403, 404, 405), (name, method, path, answer.status_code)
                assert not [query for query in queries if _WRITES.match(query["sql"])], (name, method, path)


def test_account_that_is_closed_may_nothing(site: dict[str, str]) -> None:
    asker = Asker("administrator", site)
    User.objects.filter(username="administrator").update(is_active=False)
    for address in ("account", "invitations", "upload", "admin:index"):
        assert is_refused(asker.ask(address, show())[0]), address
    assert asker.ask("api:claims-decide", TABLE["api:claims-decide"][0])[0].status_code == 401
    assert ApiToken.objects.filter(user__username="administrator").exists()


def test_group_that_loses_a_permission_loses_it_at_once(site: dict[str, str]) -> None:
    asker = Asker("curator", site)
    (decide, *_) = TABLE["decide"]
    assert not is_refused(asker.ask("decide", decide)[0])
    Group.objects.get(name="curator").permissions.filter(codename="change_claim").delete()
    answer, written = asker.ask("decide", decide)
    assert is_refused(answer)
    assert written == []
    assert asker.ask("api:claims-decide", TABLE["api:claims-decide"][0])[0].status_code == 403


def test_site_of_these_tests_has_what_the_table_speaks_of(site: dict[str, str]) -> None:
    assert ChangeSet.objects.count() == 3
    assert Listing.objects.filter(state=ListingState.WITHDRAWN).count() == 2
    assert Invitation.objects.filter(accepted__isnull=True).count() == 1
    assert Delivery.objects.filter(public_id=site["delivery"]).exists()
