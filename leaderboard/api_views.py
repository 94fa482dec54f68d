"""What is said of the API: how to use it, what of it stays, and its contract in two readers that come from an installed package."""

from __future__ import annotations

from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from claims import boards
from claims.api.caching import FRESH_SECONDS, keep, make_etag
from claims.api.pagination import MOST_ON_PAGE
from claims.api.throttling import WINDOW_SECONDS
from claims.services.receiving import KEPT
from leaderboard.addresses import absolute
from leaderboard.rendering import render

CLIENT = Path(__file__).with_name("assets") / "claimboard_client.py"
"""The client for Python: one file, for others to keep beside their own."""


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """The API in a page: addresses that answer on this very site, in the languages that people read it with."""
    largest = boards.list_largest_boards(limit=1)
    context = {
        "example": largest[0] if largest else None,
        "site": absolute("/").rstrip("/"),
        "rate": settings.API_RATE,
        "token_rate": settings.API_TOKEN_RATE,
        "window": WINDOW_SECONDS,
        "most": MOST_ON_PAGE,
        "key_days": KEPT.days,
    }
    return render(request, "api/guide.html", context)


@require_safe
def stability(request: HttpRequest) -> HttpResponse:
    """What will not change within version 1, and what may."""
    return render(request, "api/stability.html", {})


@require_safe
def client(request: HttpRequest) -> HttpResponseBase:
    """The client for Python as a file."""
    return keep(request, make_etag("client"), _open_client, caching=f"public, max-age={FRESH_SECONDS}")


def _open_client() -> HttpResponseBase:
    return FileResponse(CLIENT.open("rb"), as_attachment=True, content_type="text/x-python; charset=utf-8")


# React sets styles of elements one by one, and so does what draws the icons: no script may do more than on any other page.
@require_safe
@csp_update({"style-src": "'unsafe-inline'"})
def swagger(request: HttpRequest) -> HttpResponse:
    """The contract in Swagger UI, which sends requests, too."""
    return render(request, "api/swagger.html", {"contract": reverse("api:contract")})


@require_safe
@csp_update({"style-src": "'unsafe-inline'", "worker-src": "blob:"})
def redoc(request: HttpRequest) -> HttpResponse:
    """The contract in ReDoc, to read."""
    return render(request, "api/redoc.html", {"contract": reverse("api:contract")})
