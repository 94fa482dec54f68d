"""Fixtures shared by all tests, and the loud word about what could not run."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from claims.api.dating import CACHE
from tests.browsers import find_browser
from tests.once import WriteOnce

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {
    "shared": ("the material beside the project (../shared)", SHARED.is_dir),
    "redis": ("Redis (redis-server)", lambda: shutil.which("redis-server") is not None),
    "browser": ("Chromium (Debian's package chromium-headless-shell)", lambda: find_browser() is not None),
    "paperswithcode": (
        "the old client of Papers with Code (`make test` installs it where a package index is in reach)",
        (ROOT / ".venv" / "paperswithcode" / "installed.lock").is_file,
    ),
}
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
_missing: dict[str, int] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another run has (TESTS, see the Makefile): `apart` runs what asks no database, `browser` what asks a browser, on
    SQLite, and `database` the rest; that is on SQLite without what needs PostgreSQL."""
    here: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (here if _belongs_here(item) else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = _with_the_catalogue_together(here)


def _belongs_here(item: pytest.Item) -> bool:
    def is_marked(*names: str) -> bool:
        return any(item.get_closest_marker(name) is not None for name in names)

    on_postgresql = bool(os.environ.get("TEST_DATABASE_URL"))
    asks_a_database = is_marked("django_db", "postgresql") or not _DATABASES.isdisjoint(getattr(item, "fixturenames", ()))
    # `either` makes databases of its own, and `embedded` needs the foreground: what a shell starts beside itself hears no Ctrl-C.
    is_apart = is_marked("either") or not (asks_a_database or is_marked("embedded", "browser"))
    share = os.environ.get("TESTS")
    if share is not None and share != ("browser" if is_marked("browser") else "apart" if is_apart else "database"):
        return False
    if on_postgresql:
        return asks_a_database and not is_marked("embedded", "browser", "once")
    return not is_marked("postgresql")


def _with_the_catalogue_together(items: list[pytest.Item]) -> list[pytest.Item]:
    """Bring the modules together that want the catalogue to stand: it is loaded before the first of them, and taken away behind the last.

    They end what rolls back and begin what commits, which stays behind it, as Django orders them.
    """
    wanted = {item.path for item in items if "standing_catalogue" in getattr(item, "fixturenames", ())}
    commits = [number for number, item in enumerate(items) if _commits(item)]
    first, behind = (commits[0], commits[-1] + 1) if commits else (len(items), len(items))
    return [
        *sorted(items[:first], key=lambda item: item.path in wanted),
        *sorted(items[first:behind], key=lambda item: item.path not in wanted),
        *items[behind:],
    ]


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    asked = marker is not None and marker.kwargs.get("transaction", False)
    return asked or not {"transactional_db", "live_server"}.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Let the collector pass over what is imported by now, and look less often: it was a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


_DATABASES = {"db", "transactional_db", "live_server", "django_db_setup"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what can't run here and count it; with REQUIRE_ALL=1 fail instead."""
    for marker, (name, is_there) in NEEDS.items():
        if item.get_closest_marker(marker) is not None and not is_there():
            _missing[name] = _missing.get(name, 0) + 1
            if REQUIRE_ALL:
                pytest.fail(f"REQUIRE_ALL=1, but {name} is missing", pytrace=False)
            pytest.skip(f"needs {name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, count in _missing.items():
        terminalreporter.write_line(f"NOT TESTED: {count} tests need {name}, which is missing here.", yellow=True, bold=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Let the tests' database on SQLite begin as a copy of one that is migrated."""
    from django.db import connection

    from tests import migrated

    if connection.vendor != "sqlite":
        yield
        return
    with (
        closing(sqlite3.connect(connection.creation._get_test_db_name(), uri=True)) as memory,  # type: ignore[attr-defined]  # SQLite has it
        closing(sqlite3.connect(migrated.migrated())) as made,
    ):
        made.backup(memory)
        # It is there as long as somebody holds it.
        yield


@pytest.fixture(scope="session", autouse=True)
def _emptied() -> Iterator[None]:
    """Empty the database in our own way behind tests that commit."""
    from tests.emptying import empty

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty())
        yield


@pytest.fixture(autouse=True)
def _undated() -> None:
    """Let the site remember no answer of another test."""
    caches[CACHE].clear()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of material beside the project; tests that use it are marked `shared`."""
    return SHARED


@pytest.fixture
def few_parameters(db: None) -> Iterator[int]:
    """Let a statement take few parameters, where the database bounds them (SQLite), and return a number that is too many."""
    from django.db import connection

    if connection.vendor != "sqlite":
        yield 1000
        return
    connection.ensure_connection()
    limit = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = connection.connection.setlimit(limit, 999)
    yield 1000
    connection.connection.setlimit(limit, before)


_next: list[pytest.Item | None] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Remember what comes next, for what is left to it."""
    _next[:] = [nextitem]


@pytest.fixture(scope="module")
def standing_catalogue(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The shipped catalogue for all tests of a module; left to the next module if that wants it, too."""
    from tests import catalogue

    with django_db_blocker.unblock():
        there = catalogue.stand()
        next(there)
    yield
    if not (_next and _next[0] is not None and "standing_catalogue" in getattr(_next[0], "fixturenames", ())):
        with django_db_blocker.unblock():
            next(there, None)


@pytest.fixture(scope="module")
def for_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[WriteOnce]:
    """Write once what all tests of a module find, each of which takes back its own; behind the last one it is taken back as well.

    For fixtures of that scope, in modules of which no test commits. Who hands rows to a test hands it a copy (`copy.deepcopy`).
    """
    with WriteOnce(django_db_blocker) as write:
        yield write
