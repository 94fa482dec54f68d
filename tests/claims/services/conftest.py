"""Where uploads are kept while services are tested."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from tests.catalogue import load_catalogue


@pytest.fixture
def small_parts(db: None, settings: Settings, tmp_path: Path) -> None:
    """Load the catalogue, keep uploads in a folder of their own, and have listings read two papers at a time."""
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.CHUNK_SIZE = 2
    load_catalogue()


@pytest.fixture
def made_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Path:
    """Copy the tests' SQLite database, with its tables and nothing of a test, to where a site whose data is in `tmp_path` has its own."""
    path = tmp_path / "claimboard.sqlite3"
    with django_db_blocker.unblock(), closing(sqlite3.connect(path)) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
    return path
