"""Says when an answer is still the one that a reader has, and for how long others may keep it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.http import http_date, quote_etag

from claims.api.dating import find_date, note_date

_Response = TypeVar("_Response", bound=HttpResponseBase)

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


def keep(request: HttpRequest, etag: str, make: Callable[[], HttpResponseBase], *, caching: str) -> HttpResponseBase:
    """Return what `make` makes, or that the client has it: an answer that is the same as long as `etag` is, which is known before.

    `caching` says who may keep it for how long. What is no answer but a refusal is returned as it was made.
    """
    changed = find_date(request, etag)
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag, last_modified=changed)
    if response is None:
        response = make()
        if response.status_code == 200:
            changed = note_date(request, etag)
    if response.status_code in (200, 304):
        stamp(response, etag, changed)["Cache-Control"] = caching
    return response


def stamp(response: _Response, etag: str, changed: int | None) -> _Response:
    """Have an answer say what it is known by, and since when it is the same."""
    response["ETag"] = etag
    if changed is not None:
        response["Last-Modified"] = http_date(changed)
    return response


def check(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return an answer that is made already, or that the client has it. Its ETag is that of its bytes, unless it has one."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return response
    if "ETag" not in response:
        set_response_etag(response)
    if (etag := response.get("ETag")) is None:  # nothing is in it
        return response
    changed = note_date(request, etag)
    return get_conditional_response(request, etag=etag, last_modified=changed, response=stamp(response, etag, changed)) or response
