"""The import contracts of pyproject.toml are kept, and each of them fails when it is broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.embedded, pytest.mark.either]

ROOT = Path(__file__).resolve().parents[1]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

SITE = "The site imports the domain, never the reverse"
LINES = "Inside the domain a line imports only lines below it"
PLAIN = "The two lowest lines are plain Python"
TABLES = "Tables are pandas' business in listings only"
DOMAIN = "The domain knows no task queue, API framework or chart"
SETTINGS = "Settings are read through django.conf only"
MODELS = "One module talks to a language model"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the two packages, to be broken at will."""
    for package in ("claims", "leaderboard"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.toml", "*.txt"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(folder: Path) -> tuple[int, str, set[str]]:
    """Return the exit code, the output and the names of the broken contracts."""
    ran = subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout + ran.stderr, set(re.findall(r"^(.+) BROKEN\b", ran.stdout, re.MULTILINE))


def test_contracts_are_kept(copy: Path) -> None:
    code, output, broken = _lint(copy)
    assert code == 0, output
    assert broken == set()
    assert len(re.findall(r" KEPT\b", output, re.MULTILINE)) == 7


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("claims/terms.py", "import leaderboard", SITE),
        ("claims/services/ingest.py", "from leaderboard.celery import app", SITE),
        ("claims/models/papers.py", "from claims import boards", LINES),
        ("claims/services/ingest.py", "from claims import boards", LINES),
        ("claims/services/ingest.py", "from claims import tasks", LINES),
        ("claims/services/ingest.py", "from claims import dumps", LINES),
        ("claims/ranking.py", "from claims import models", LINES),
        ("claims/extraction/drafts.py", "from claims.listings import base", LINES),
        ("claims/terms.py", "from claims import errors", LINES),
        ("claims/stray.py", "", LINES),
        ("claims/ranking.py", "import django", PLAIN),
        ("claims/extraction/drafts.py", "from django.db import models", PLAIN),
        ("claims/listings/base.py", "import celery", PLAIN),
        ("claims/keys.py", "import plotly", PLAIN),
        ("claims/errors.py", "from rest_framework import status", PLAIN),
        ("claims/extraction/drafts.py", "import pandas", TABLES),
        ("claims/services/ingest.py", "from celery import shared_task", DOMAIN),
        ("claims/boards.py", "import plotly", DOMAIN),
        ("claims/querysets.py", "from rest_framework import serializers", DOMAIN),
        ("leaderboard/views.py", "from leaderboard.settings import base", SETTINGS),
        ("claims/services/second_reader.py", "import openai", MODELS),
    ],
)
def test_contract_fails_when_broken(copy: Path, module: str, line: str, contract: str) -> None:
    with (copy / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    code, output, broken = _lint(copy)
    assert code == 1, output
    assert contract in broken or (module == "claims/stray.py" and "stray" in output), output


def test_listings_may_use_pandas(copy: Path) -> None:
    with (copy / "claims/listings/base.py").open("a", encoding="utf-8") as file:
        file.write("\nimport pandas\n")
    assert _lint(copy)[0] == 0
