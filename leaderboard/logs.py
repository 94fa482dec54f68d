"""What the log says of requests that are refused. The fault is the visitor's: a line, and no trace of our code."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import DisallowedHost

MOST_OF_HOST = 100
"""How many characters of a host that is not ours are written down: whoever sends it chooses them."""


class QuietRefusals(logging.Filter):
    """Let refused requests (4xx) pass as information without a trace; all else passes as it is.

    A host that is not ours stays a warning: the operator may have to correct SITE_URL.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 0)
        if not record.name.startswith(("django.request", "django.security")) or not 400 <= status < 500:
            return True
        if record.name == f"django.security.{DisallowedHost.__name__}":
            request = getattr(record, "request", None)
            host = str(request.META.get("HTTP_HOST", ""))[:MOST_OF_HOST] if request is not None else ""
            record.msg = "Refused a request for the host %r: the site answers at %s only, which SITE_URL names."
            record.args = (host, settings.SITE_URL)
            _set_level(record, logging.WARNING)
        else:
            _set_level(record, logging.INFO)
        record.exc_info = record.exc_text = None
        # Django's own loggers let information pass whatever LOG_LEVEL says.
        return logging.getLogger().isEnabledFor(record.levelno)


def _set_level(record: logging.LogRecord, level: int) -> None:
    record.levelno, record.levelname = level, logging.getLevelName(level)
