"""Where uploads are kept while services are tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.catalogue import load_catalogue


@pytest.fixture
def small_parts(db: None, settings: Settings, tmp_path: Path) -> None:
    """Load the catalogue, keep uploads in a folder of their own, and have listings read two papers at a time."""
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.CHUNK_SIZE = 2
    load_catalogue()
