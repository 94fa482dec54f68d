"""The chart's library: found in whichever package is there, served under one name, collected and compressed like our own files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client, override_settings
from plotly.offline import get_plotlyjs_version

from leaderboard import operation
from leaderboard.finders import CHART_LIBRARY, ChartLibraryFinder
from tests import factories as make
from tests.sites import OTHERS

ASSETS = Path(django_settings.BASE_DIR) / "leaderboard" / "assets"


@pytest.fixture
def libraries(settings: Any, tmp_path: Path) -> list[Path]:
    """A small library, which comes first, and a large one; neither is there yet."""
    settings.CHART_LIBRARIES = [tmp_path / "npm" / "small.min.js", tmp_path / "python" / "large.min.js"]
    for file in settings.CHART_LIBRARIES:
        file.parent.mkdir()
    return list(settings.CHART_LIBRARIES)


def _collect() -> None:
    """Collect the site's own files and the library: those of other packages are many, and `manage.py run` collects them in its own test."""
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=OTHERS)


def test_small_library_is_preferred(libraries: list[Path]) -> None:
    small, large = libraries
    assert finders.find(CHART_LIBRARY) is None
    large.write_text("// large")
    assert finders.find(CHART_LIBRARY) == str(large)
    small.write_text("// small")
    assert finders.find(CHART_LIBRARY) == str(small)
    assert finders.find(CHART_LIBRARY, find_all=True) == [str(small)]


def test_only_the_library_is_served(libraries: list[Path]) -> None:
    small, _ = libraries
    small.write_text("// small")
    (small.parent / "package.json").write_text("{}")
    assert finders.find("plotly/package.json") is None
    assert finders.find("plotly/small.min.js") is None
    assert [name for name, _ in ChartLibraryFinder().list([])] == [CHART_LIBRARY]


def test_missing_library_is_said(libraries: list[Path]) -> None:
    assert [warning.id for warning in ChartLibraryFinder().check()] == ["leaderboard.W001"]
    libraries[1].write_text("// large")
    assert ChartLibraryFinder().check() == []


def test_one_of_the_libraries_is_installed_and_keeps_its_licence() -> None:
    found = finders.find(CHART_LIBRARY)
    assert isinstance(found, str)
    with Path(found).open(encoding="utf-8") as file:
        head = file.read(500)
    assert f" v{get_plotlyjs_version()}" in head
    assert "Licensed under the MIT license" in head


@pytest.mark.parametrize("there", ["small", "large"])
def test_library_is_collected_under_its_hash_and_compressed(libraries: list[Path], tmp_path: Path, there: str) -> None:
    file = libraries[there == "large"]
    file.write_text("/* Licensed under the MIT license */ var Plotly = {};\n" * 100)
    production = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
    with override_settings(STORAGES=django_settings.STORAGES | production, STATIC_ROOT=tmp_path / "static"):
        _collect()
    manifest = json.loads((tmp_path / "static" / "staticfiles.json").read_text())
    collected = tmp_path / "static" / manifest["paths"][CHART_LIBRARY]
    assert re.fullmatch(r"plotly\.min\.[0-9a-f]{12}\.js", collected.name)
    assert collected.read_text() == file.read_text()
    assert {path.name for path in collected.parent.iterdir()} >= {collected.name + ".gz", collected.name + ".br"}


@pytest.mark.django_db
@pytest.mark.parametrize("collected", [False, True])
def test_board_without_the_library_shows_its_chart_as_a_table(
    client: Client, libraries: list[Path], tmp_path: Path, collected: bool
) -> None:
    benchmark = make.make_board(3)
    (tmp_path / "static").mkdir()
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    production = {"staticfiles": {"BACKEND": backend}} if collected else {}
    with override_settings(STORAGES=django_settings.STORAGES | production, STATIC_ROOT=tmp_path / "static"):
        if collected:
            _collect()
        response = client.get(benchmark.get_absolute_url())
    page = response.content.decode()
    assert response.status_code == 200
    assert "data-library" not in page
    assert 'class="keys"' not in page
    assert "The chart as a table" in page
    assert "All 3\u00a0rows are compared." in page


def test_another_library_replaces_the_collected_one_however_old_its_file_is(libraries: list[Path], tmp_path: Path) -> None:
    small, large = libraries
    large.write_text("// large")
    with override_settings(STATIC_ROOT=tmp_path / "static"):
        before = operation._stamp_static_files()
        _collect()
        os.utime(tmp_path / "static" / CHART_LIBRARY, (1_500_000_000, 1_500_000_000))  # it was collected some time ago
        small.write_text("// small")
        os.utime(small, (500_000_000, 500_000_000))  # as archives have it
        assert operation._stamp_static_files() != before
        _collect()
    assert (tmp_path / "static" / CHART_LIBRARY).read_text() == "// small"


def test_small_library_is_the_one_that_figures_are_made_for() -> None:
    """The exact version that plotly for Python brings; the lock says what its bytes are, not where they come from."""
    version = get_plotlyjs_version()
    wanted = json.loads((ASSETS / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((ASSETS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert wanted["dependencies"] == {"plotly.js-basic-dist-min": version}
    assert locked[""]["dependencies"] == wanted["dependencies"]
    package = locked["node_modules/plotly.js-basic-dist-min"]
    assert package["version"] == version
    assert package["integrity"].startswith("sha512-")
    assert all("resolved" not in entry for entry in locked.values())
    first = django_settings.CHART_LIBRARIES[0]
    assert first.parts[-3:] == ("node_modules", "plotly.js-basic-dist-min", "plotly-basic.min.js")
