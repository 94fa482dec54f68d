"""Finds the chart's library among the installed packages: one file, served as if it were one of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.files.storage import FileSystemStorage
from django.templatetags.static import static

CHART_LIBRARY = "plotly/plotly.min.js"
"""The name that pages ask for, whichever package the file is from."""


class ChartLibraryStorage(FileSystemStorage):
    """Holds one file, under the one name that pages ask for."""

    def __init__(self, file: Path) -> None:
        super().__init__(location=file.parent)
        self.file = file

    def path(self, name: str) -> str:
        return str(self.file)

    def get_modified_time(self, name: str) -> datetime:
        """Return when the file came here: archives carry times of long ago, and an older file would not replace another's copy."""
        status = self.file.stat()
        return datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC)


class ChartLibraryFinder(BaseFinder):
    """Finds the first file of `settings.CHART_LIBRARIES` that is there."""

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        if _find_library():
            return []
        places = ", ".join(map(str, settings.CHART_LIBRARIES))
        return [
            checks.Warning(
                "The chart's library is missing; boards show their charts as tables.", hint=f"Looked for {places}.", id="leaderboard.W001"
            )
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        file = _find_library() if path == CHART_LIBRARY else None
        if file is None:
            return []
        return [str(file)] if find_all else str(file)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, ChartLibraryStorage]]:
        file = _find_library()
        if file is not None:
            yield CHART_LIBRARY, ChartLibraryStorage(file)


def find_library_address() -> str:
    """Return where pages load the library from, '' where it is missing: from what was collected, or else among the packages."""
    try:
        address = static(CHART_LIBRARY)
    except ValueError:  # the manifest of what was collected does not know it
        return ""
    has_manifest = hasattr(staticfiles_storage, "hashed_files")
    return address if has_manifest or _find_library() else ""


def _find_library() -> Path | None:
    return next((file for file in map(Path, settings.CHART_LIBRARIES) if file.is_file()), None)
