"""What may be tried so many times in a window of time: passwords, on the site's own page or the admin's, and reports of problems."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

from claims.api.throttling import count_use, forget_uses

WINDOW_SECONDS = 300
REPORT_SECONDS = 3600
SHARED_BY = 6
"""An address may stand for a whole office, and a name be tried from many addresses: they may try so many times as often."""


class PatientBackend(ModelBackend):
    """Looks at a password only while not too many were tried for the name, or from the address.

    Tries are counted before a password is looked at, so that many at once are no way around it. `LOGIN_RATE` is how many tries one name
    has from one address in a window, 0 for no limit.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        limit: int = settings.LOGIN_RATE
        if request is None or not username or password is None or not limit:
            return super().authenticate(request, username=username, password=password, **kwargs)
        wait = _count_try(request, username, limit)
        if wait:
            # Django then takes it for a wrong password; our own page asks the request.
            request.login_wait = wait  # type: ignore[attr-defined]
            raise PermissionDenied("Too many tries to sign in.")
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            # Who knows the password is no guesser of it.
            forget_uses(next(iter(_keys(request, username))), seconds=WINDOW_SECONDS)
        return user


def wait_of(request: HttpRequest) -> int:
    """Return in how many seconds the next try of a request's name and address is looked at, 0 where this one was."""
    return int(getattr(request, "login_wait", 0))


def _keys(request: HttpRequest, username: str) -> dict[str, int]:
    """Return what tries are counted under, each with how many times the limit it may have: the name from the address first."""
    address = _address_of(request)
    # Of the name a digest: it may be of any length and hold what a cache takes for no key.
    name = hashlib.sha256(username.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return {f"login:both:{address}:{name}": 1, f"login:name:{name}": SHARED_BY, f"login:address:{address}": SHARED_BY}


def _count_try(request: HttpRequest, username: str, limit: int) -> int:
    """Count a try; return in how many seconds the next one is looked at, 0 for now."""
    waits = [0]
    for key, factor in _keys(request, username).items():
        used, left = count_use(key, seconds=WINDOW_SECONDS)
        if used > limit * factor:
            waits.append(left)
    return max(waits)


def count_change(request: HttpRequest) -> int:
    """Count a try to change a password, which needs the present one; return in how many seconds the next is looked at, 0 for now."""
    limit: int = settings.LOGIN_RATE
    used, left = count_use(f"login:change:{request.user.pk}", seconds=WINDOW_SECONDS) if limit else (0, 0)
    return left if used > limit else 0


def count_report(request: HttpRequest) -> int:
    """Count a report of a problem from a request's address; return in how many seconds the next one is taken, 0 for now."""
    limit: int = settings.REPORT_RATE
    used, left = count_use(f"report:{_address_of(request)}", seconds=REPORT_SECONDS) if limit else (0, 0)
    return left if used > limit else 0


def _address_of(request: HttpRequest) -> str:
    return BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # it reads headers and META alone


def wait_words(seconds: int) -> str:
    """Return how long to wait, in words."""
    minutes = -(-seconds // 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
