"""Who writes: the services and nobody else, found in the syntax trees of all that is not one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
WRITERS = ("claims/services/", "claims/migrations/")
"""Services write, each in one transaction; migrations have no services to call."""

METHODS = frozenset(
    {"save", "save_base", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "update", "delete", "_raw_delete"}
)
ASYNC = frozenset(f"a{name}" for name in METHODS)
HELPERS = frozenset({"insert_rows", "set_values", "update_rows"})
OF_RELATIONS = frozenset({"add", "set", "remove", "clear", "create"})
WRITING_SQL = re.compile(r"^\s*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|COPY|ALTER|CREATE|DROP)\b")

ALLOWED: dict[tuple[str, str], str] = {
    ("claims/listings/telling_apart.py", "group.columns.update"): "a set of a table's columns",
    ("claims/management/commands/ingest.py", "bar.update"): "a progress bar",
    ("claims/management/commands/reextract.py", "bar.update"): "a progress bar",
    ("claims/dumps/lines.py", "self._sha256.update"): "a digest of a file",
    ("claims/dumps/lines.py", "sha256.update"): "a digest of a file",
    ("claims/dumps/restoring.py", "rows._raw_delete"): "takes away the shipped catalogue of an empty site, which a dump brings itself",
    ("claims/api/caching.py", "digest.update"): "a digest of what an answer hangs on",
    ("claims/dumps/restoring.py", "INSERT INTO"): "writes rows of a dump as they were, decisions with them, into an empty site",
    ("claims/dumps/restoring.py", "COPY"): "the same on PostgreSQL",
    ("claims/dumps/restoring.py", "cursor.cursor.copy"): "the same on PostgreSQL",
    ("claims/api/throttling.py", "cache.delete"): "a count in the cache",
    ("leaderboard/settings/base.py", "globals().update"): "settings",
    ("leaderboard/templatetags/search_tags.py", "bold.update"): "a set of places in a text",
    ("leaderboard/account_views.py", "service.create"): "the service that makes tokens",
    ("leaderboard/hook_views.py", "webhooks.delete"): "the service that deletes webhooks",
}
"""What looks like a write and is none, or is one of a whole site, each with the reason."""


def _relations() -> frozenset[str]:
    models = [*apps.get_app_config("claims").get_models(), *apps.get_app_config("auth").get_models()]
    found = {field.name for model in models for field in model._meta.many_to_many}
    related = {relation.get_accessor_name() or "" for model in models for relation in model._meta.related_objects}
    return frozenset(found | related - {""})


def find_writes(source: str, relations: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each call that may write to the database, and of each string that is SQL which does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            of_relation = (
                isinstance(called, ast.Attribute)
                and name in OF_RELATIONS
                and isinstance(called.value, ast.Attribute)
                and called.value.attr in relations
            )
            is_method = isinstance(called, ast.Attribute) and (
                name in METHODS | ASYNC or (name == "copy" and "cursor" in ast.unparse(called.value))
            )
            if is_method or of_relation or name in HELPERS:
                yield node.lineno, ast.unparse(called)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITING_SQL.match(node.value):
            yield node.lineno, node.value.strip().split("\n")[0][:80]


def test_nobody_writes_but_the_services() -> None:
    relations = _relations()
    found: dict[tuple[str, str], int] = {}
    paths = [path for folder in ("claims", "leaderboard") for path in sorted((ROOT / folder).rglob("*.py"))]
    looked_at = [path for path in paths if not path.relative_to(ROOT).as_posix().startswith(WRITERS)]
    assert len(looked_at) > 150
    for path in looked_at:
        for line, text in find_writes(path.read_text(encoding="utf-8"), relations):
            found.setdefault((path.relative_to(ROOT).as_posix(), text), line)
    strange = [f"{path}:{line}: {text}" for (path, text), line in found.items() if (path, text) not in ALLOWED]
    assert not strange, "A write outside claims/services:\n" + "\n".join(strange)
    assert found.keys() == ALLOWED.keys(), "what is allowed is there"


@pytest.mark.parametrize(
    "written",
    [
        "claim.save(update_fields=['state'])",
        "Claim.objects.filter(pk=1).update(state='accepted')",
        "Claim.objects.create(value=1)",
        "ChangeSet.objects.get_or_create(actor='x')",
        "Decision.objects.bulk_create([])",
        "Decision.objects.bulk_update([], ['after'])",
        "await claim.asave()",
        "listing.delete()",
        "rows._raw_delete('default')",
        "form.save()",
        "update_rows([claim], ['state'])",
        "insert_rows(Claim, [])",
        "set_values(Claim, ['result'], [])",
        "result.conditions.add(condition)",
        "result.conditions.set([])",
        "cursor.execute('UPDATE claims_claim SET state = 1')",
        "cursor.execute(f'DELETE FROM {table}')",
        "cursor.copy('something')",
        "def f(x):\n    return [y.save() for y in x]",
    ],
)
def test_writes_are_found(written: str) -> None:
    assert list(find_writes(written, _relations()))


@pytest.mark.parametrize("read", ["seen.add(1)", "Claim.objects.filter(pk=1).count()", "cursor.execute('SELECT 1')", "'Update the board'"])
def test_what_only_reads_is_not(read: str) -> None:
    assert not list(find_writes(read, _relations()))
