"""Says when an answer is still the one that a reader has."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.http import quote_etag


def make_etag(*parts: object) -> str:
    """Return an ETag of what an answer depends on; another version of this software makes another one of the same parts."""
    return quote_etag(hashlib.sha256("\0".join([software_version(), *map(str, parts)]).encode()).hexdigest()[:32])


@cache
def software_version() -> str:
    """Return a digest of the source: it changes with every release, and with every edit while somebody works on it."""
    digest = hashlib.sha256()
    for folder, pattern in (("claims", "*.py"), ("leaderboard", "*.py"), ("templates", "*.html"), ("static", "*.*")):
        for file in sorted((Path(settings.BASE_DIR) / folder).rglob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()
