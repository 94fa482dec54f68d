"""Fixtures shared by all tests, and the loud word about what could not run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {
    "shared": ("the material beside the project (../shared)", SHARED.is_dir),
    "redis": ("Redis (redis-server)", lambda: shutil.which("redis-server") is not None),
    "browser": ("Chromium (Debian's package chromium)", lambda: shutil.which("chromium") is not None),
}
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
_missing: dict[str, int] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what never touches the tests' own database or is about the browser, and on SQLite what needs
    PostgreSQL: the other run has it."""
    others = ("embedded", "browser") if os.environ.get("TEST_DATABASE_URL") else ("postgresql",)
    left_out = [item for item in items if any(item.get_closest_marker(other) is not None for other in others)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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


@pytest.fixture
def shared_dir() -> Path:
    """The folder of material beside the project; tests that use it are marked `shared`."""
    return SHARED
