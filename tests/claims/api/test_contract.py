"""The API keeps its contract: whatever is asked, with whatever token, it answers as the document says, and never with a fault."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.test import Client
from hypothesis import strategies as st
from schemathesis.core.failures import Failure, FailureGroup

from claims.api.document import FILE, make_document, write_document
from claims.models import Benchmark, Claim, Cost, Dataset, Listing, Metric, MLModel, Paper, Task
from claims.services import curation, tokens
from claims.terms import CostMeasure, CurationState, Scope
from leaderboard.wsgi import application
from tests import factories as make

DOCUMENT: dict[str, Any] = json.loads(FILE.read_bytes())
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
WRITING: dict[Scope, set[str]] = {
    Scope.UPLOAD: {"listings_create"},
    Scope.CURATE: {
        *("claims_decide_create", "costs_decide_create", "decisions_undo_create"),
        *("claims_partial_update", "costs_partial_update"),
    },
    Scope.READ: set(),
}


def examples_of(operation: Any) -> int:
    """How often an operation is asked: more often where most of what comes is refused, and less where a page answers it all."""
    return 20 if operation.method == "get" else 50


def test_committed_document_is_what_the_api_is() -> None:
    assert write_document(make_document()) == FILE.read_bytes(), "manage.py openapi writes it anew"


def test_document_is_served_as_it_is_committed_and_conditionally(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert b"".join(answer.streaming_content) == FILE.read_bytes()  # type: ignore[attr-defined]
    assert client.get("/api/v1/openapi.json", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def _undescribed(part: Any, path: str = "") -> list[str]:
    """Return where the document has a member or a parameter that it says nothing of."""
    found = []
    if isinstance(part, dict):
        for name, inner in part.get("properties", {}).items():
            described = inner.get("description") or inner.get("$ref") or ("items" in inner and "$ref" in str(inner["items"]))
            found += [] if described else [f"{path}.{name}"]
        if "in" in part and "name" in part and not part.get("description") and part["in"] != "path":
            found.append(f"{path}?{part['name']}")
        for name, inner in part.items():
            found += _undescribed(inner, f"{path}/{name}")
    elif isinstance(part, list):
        for place, inner in enumerate(part):
            found += _undescribed(inner, f"{path}[{place}]")
    return found


def test_everything_is_described() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert _undescribed(DOCUMENT) == []
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            assert {"400", "401", "429"} <= set(operation["responses"]), (method, path)
            assert ("404" in operation["responses"]) == ("{" in path), (method, path)
            assert (method == "get") == ("304" in operation["responses"]), (method, path)


@dataclass
class Site:
    """What there is to ask about: ids by the path's first part."""

    ids: dict[str, list[str]]


@pytest.fixture
def site() -> Site:
    board = make.make_board(4)
    make.make_imported_row(board, "Tabled", "81.5", {CostMeasure.PARAMETERS: 25e6})
    claims = [make.make_claim(f"{number}%", benchmark=board) for number in range(60, 90)]
    acts = [curation.decide(claim, CurationState.ACCEPTED, actor="Ada", version=claim.version) for claim in claims[:20]]
    make.make_listing("papers.txt", make.make_paper("A paper on nets", abstract="Nets are old."))
    ids: dict[str, list[str]] = {
        name: list(table._default_manager.values_list(key, flat=True)[:40])
        for name, table, key in (
            ("boards", Benchmark, "slug"),
            ("claims", Claim, "public_id"),
            ("costs", Cost, "public_id"),
            ("papers", Paper, "public_id"),
            ("models", MLModel, "slug"),
            ("datasets", Dataset, "slug"),
            ("tasks", Task, "slug"),
            ("metrics", Metric, "slug"),
            ("listings", Listing, "public_id"),
        )
    }
    return Site(ids | {"decisions": [act.public_id for act in acts]})


LISTING = "new\n\nNet%d: A Study\n\nWe study this for a long time and from many sides, as nobody has done before us.\n"


def _aim(case: Any, site: Site, choice: int) -> None:
    """Point two of three requests at something that is there, base decisions on the version that it has, and let some files be listings."""
    part = case.operation.path.split("/")[3]
    if case.operation.method == "post" and part == "listings" and choice % 3:
        listing = (LISTING % choice).encode()
        case.body = {"file": listing} if case.media_type == "multipart/form-data" else listing
    if choice % 7 == 0 and (offered := _offered_fields(case)):
        case.query = {"fields": offered[choice % len(offered)]}  # an entry of which a part is told keeps the contract, too
    if case.path_parameters and choice % 3 and site.ids.get(part):
        key = site.ids[part][choice % len(site.ids[part])]
        case.path_parameters = dict.fromkeys(case.path_parameters, key)
        if isinstance(case.body, dict) and "version" in case.body and choice % 5:
            table: Any = Claim if part == "claims" else Cost
            version = table.objects.get(public_id=key).version
            plain = case.operation.method == "patch" and choice % 2 == 0
            case.body = {"version": version, "variant": f"number {choice}"} if plain else case.body | {"version": version}


def _offered_fields(case: Any) -> list[str]:
    """Return the members that the operation can be asked for."""
    parameters = case.operation.definition.raw.get("parameters", [])
    return next((found["schema"]["items"]["enum"] for found in parameters if found["name"] == "fields"), [])


def _ask(operation: Any, site: Site, secrets: dict[Scope, str]) -> dict[Scope, Counter[int]]:
    """Ask one operation in many ways, each with each token, and hold each answer against the document; return how often which status came.

    To think of something to ask takes longer than to answer it, so all tokens ask the same.
    """
    seen: dict[Scope, Counter[int]] = {scope: Counter() for scope in secrets}
    checks = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in CHECKS]
    assert len(checks) == len(CHECKS)
    modes = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

    @hypothesis.seed(20250701)
    @hypothesis.settings(
        max_examples=examples_of(operation),
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=st.one_of(modes), choice=st.integers(0, 999))
    def ask(case: Any, choice: int) -> None:
        drawn = case.path_parameters, case.query, case.body
        for scope, secret in secrets.items():
            case.path_parameters, case.query, case.body = drawn
            _aim(case, site, choice)
            answer = case.call(headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"})
            seen[scope][answer.status_code] += 1
            case.validate_response(answer, checks=checks)

    try:
        ask()
    except (Failure, FailureGroup) as failure:
        raise AssertionError(f"{operation.method} {operation.path}: {failure}") from None
    return seen


@pytest.mark.once
@pytest.mark.django_db
def test_whatever_is_asked_is_answered_as_the_contract_says(site: Site) -> None:
    user = make.make_user("Bo", "upload_listing", "change_claim", "change_cost")
    secrets = {scope: tokens.create(user, name="tests", scopes=[scope], days=None)[1] for scope in Scope}
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    operations = [found.ok() for found in schema.get_all_operations()]
    # What reads is asked first: decisions on everything leave nothing that could be shown.
    for operation in sorted(operations, key=lambda operation: operation.method != "get"):
        name = operation.definition.raw["operationId"]
        # An operation without parameters can be asked in one way alone.
        least = examples_of(operation) if operation.definition.raw.get("parameters") or operation.body else 1
        for scope, seen in _ask(operation, site, secrets).items():
            assert seen.total() >= least, (name, scope)
            if operation.method == "get" or name in WRITING[scope]:
                assert any(200 <= status < 300 for status in seen), f"{name} was never let through with {scope}: {dict(seen)}"
