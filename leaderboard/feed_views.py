"""The feeds of new records: of the site, and of each board."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from claims import boards
from claims.api.caching import keep, make_etag
from claims.models import Benchmark
from leaderboard import feeds
from leaderboard.views import of_board

FRESH_SECONDS = 300
"""So long any cache may hand out a feed without asking."""


@require_safe
def site_feed(request: HttpRequest, form: str) -> HttpResponseBase:
    """What is new on the boards of the home page."""
    return _answer(request, None, form)


@of_board
def board_feed(request: HttpRequest, benchmark: Benchmark, form: str) -> HttpResponseBase:
    """What is new on a board."""
    return _answer(request, benchmark, form)


def _answer(request: HttpRequest, benchmark: Benchmark | None, form: str) -> HttpResponseBase:
    if unknown := next(iter(request.GET), None):
        return _refuse(form, f"A feed has no parameter called “{unknown[:60]}”; it has none at all.", field=unknown[:60])
    keys = boards.find_news(benchmark)
    changed = (benchmark.changed if benchmark else boards.last_change()) or datetime.fromtimestamp(0, UTC)
    etag = make_etag(
        *(request.path, *((benchmark.public_id, benchmark.version) if benchmark else ())),
        *(keys, settings.SHOW_UNREVIEWED, settings.SITE_URL, settings.DATA_LICENSE, settings.DATA_LICENSE_URL),
        *((benchmark.task.version, benchmark.dataset.version) if benchmark else ()),
    )

    def write() -> HttpResponse:
        entries = [feeds.Entry(news) for news in boards.read_news(keys)]
        # Ordered by when it became known: the first is the latest.
        return _WRITERS[form](feeds.Feed(benchmark, entries, entries[0].news.known if entries else changed))

    return keep(request, etag, write, caching=f"public, max-age={FRESH_SECONDS}")


def _atom(feed: feeds.Feed) -> HttpResponse:
    return HttpResponse(feeds.write_atom(feed), content_type="application/atom+xml; charset=utf-8")


def _json(feed: feeds.Feed) -> HttpResponse:
    text = json.dumps(feeds.write_json(feed), ensure_ascii=False).encode("utf-8", "replace")
    return HttpResponse(text, content_type="application/feed+json; charset=utf-8")


_WRITERS: dict[str, Callable[[feeds.Feed], HttpResponse]] = {"atom": _atom, "json": _json}


def _refuse(form: str, message: str, *, field: str) -> HttpResponse:
    if form == "json":
        return JsonResponse({"error": {"code": "unknown_filter", "message": message, "field": field}}, status=400)
    return HttpResponse(message, content_type="text/plain; charset=utf-8", status=400)
