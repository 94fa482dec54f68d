"""Says when an answer is still the one that a reader has, and for how long others may keep it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.http import quote_etag

FRESH_SECONDS = 60
"""How old an answer of the API may be that a cache between the site and its reader hands out without asking."""
SHARED = f"public, max-age={FRESH_SECONDS}, stale-if-error=86400"
"""What every reader may get. While the site is away, caches may answer with what they have for a day."""
OWN = "private, no-cache"
"""What is asked for with a token, or may change at any moment: kept by its reader alone, and asked about each time."""


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
