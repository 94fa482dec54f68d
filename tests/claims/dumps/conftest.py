"""Fixtures of the tests of dumps."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def dumps_dir(settings: Settings, tmp_path: Path) -> Path:
    """The folder that dumps are kept in, each test's own."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "data" / "dumps"
