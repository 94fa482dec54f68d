"""How much one client may ask for, told with each answer by the headers of the IETF's draft “RateLimit header fields for HTTP”."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from claims.models import ApiToken

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


def count_use(key: str, *, seconds: int) -> tuple[int, int]:
    """Count a use of `key` in this window of so many seconds; return how many that are, and in how many seconds the next one begins.

    A count a window and not a list of times: what is kept of a client does not grow with what it asks. Without a cache nothing is counted,
    and 0 returned.
    """
    window, passed = divmod(int(time.time()), seconds)
    key = f"{key}:{window}"
    try:
        # Added first: an entry that another process makes meanwhile is counted up, not made anew.
        cache.add(key, 0, timeout=2 * seconds)
        used = cache.incr(key)
    except ValueError:  # thrown out between the two
        used = 1
    except Exception:  # of whatever kind the cache's own are
        logger.exception("requests are not counted: the cache is away")
        used = 0
    return used, seconds - passed


def forget_uses(key: str, *, seconds: int) -> None:
    """Count the uses of `key` in this window anew."""
    try:
        cache.delete(f"{key}:{int(time.time()) // seconds}")
    except Exception:  # of whatever kind the cache's own are
        logger.exception("requests are not counted: the cache is away")


class ClientThrottle(BaseThrottle):
    """So many requests in each minute: of a token, or of an address that shows none.

    `API_RATE` and `API_TOKEN_RATE` are the limits, 0 for none.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        token = request.auth if isinstance(request.auth, ApiToken) else None
        limit: int = settings.API_TOKEN_RATE if token else settings.API_RATE
        if not limit:
            return True
        client = f"token-{token.pk}" if token else self.get_ident(request)
        used, self._wait = count_use(f"api-rate:{client}", seconds=WINDOW_SECONDS)
        if not used:
            return True
        kind = "token" if token else "address"
        request._request.rate_limit = {  # type: ignore[attr-defined]  # for `headers_of`, when the answer is there
            "RateLimit-Policy": f'"{kind}";q={limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{kind}";r={max(0, limit - used)};t={self._wait}',
        }
        return used <= limit

    def wait(self) -> float:
        return float(self._wait)


def headers_of(request: Request) -> dict[str, str]:
    """Return the headers that tell a client what it may still ask for."""
    headers: dict[str, str] = getattr(request._request, "rate_limit", {})
    return headers
