"""What a form makes once, though its button is pressed twice: of two answers a browser shows the last, so both must say the same.

A form has a name of its own, random and never shown. The secret that it makes follows from that name and the site's key: who sends the
form again sees the same secret, and it need not be kept for that.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac

LONGEST_NAME = 100
REPEATED_WITHIN = timedelta(seconds=60)
"""So long a form that comes again counts as pressed twice. Later it is one that somebody went back to."""


def name_form() -> str:
    """Return a name for a form that is about to be shown."""
    return secrets.token_urlsafe(24)


def key_of(form: str) -> str:
    """Return what is kept of a form's name, '' for none."""
    return hashlib.sha256(form.encode()).hexdigest() if form else ""


def make_secret(purpose: str, user_id: int, form: str) -> str:
    """Return 43 characters that nobody can guess: of a form always the same, without one always others."""
    if not form:
        return secrets.token_urlsafe(32)
    digest = salted_hmac(f"claims.services.once.{purpose}", f"{user_id}:{form}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_repeated(made: datetime) -> bool:
    """Say whether a form that made something at that time was pressed twice, now for the second time."""
    return timezone.now() - made < REPEATED_WITHIN
