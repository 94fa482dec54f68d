"""Uploads of programs: stored as people's are, and once for each idempotency key, however often they are sent."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from django.db import IntegrityError, transaction
from django.utils import timezone

from claims.errors import IdempotencyError, StillAtWorkError
from claims.models import IdempotencyKey, Listing
from claims.services.storage import clean_name, store_upload

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST_KEY = 200
KEPT = timedelta(days=7)
"""So long a key is known."""
ABANDONED = timedelta(minutes=10)
"""A request that has not been answered for so long was cut off: its key is free for the next."""


def receive(file: BinaryIO, *, name: str, user: User, year: int | None, key: str = "") -> tuple[Listing, bool]:
    """Store an upload as `store_upload` does, and return its listing and whether it was new.

    The same `key` with the same file, name and year is answered as it was the first time. Raises `IdempotencyError` for a key under
    which something else was sent, `StillAtWorkError` while the first request is not answered, and what `store_upload` raises.
    """
    if not key:
        return store_upload(file, name=name, actor=user.get_username(), uploaded_by=user, year=year)
    fingerprint = _fingerprint(file, name=clean_name(name), year=year)
    known = _reserve(user, key, fingerprint)
    if known.listing is not None:
        return known.listing, known.brought_new
    try:
        listing, created = store_upload(file, name=name, actor=user.get_username(), uploaded_by=user, year=year)
    except BaseException:
        # What was not stored may be sent again under its key, mended.
        IdempotencyKey.objects.filter(pk=known.pk, listing__isnull=True).delete()
        raise
    IdempotencyKey.objects.filter(pk=known.pk).update(listing=listing, brought_new=created)
    return listing, created


def _reserve(user: User, key: str, fingerprint: str) -> IdempotencyKey:
    """Return the user's key, with its listing where one was brought under it already."""
    now = timezone.now()
    mine = IdempotencyKey.objects.filter(user=user, key=key)
    mine.filter(made__lt=now - KEPT).delete()
    mine.filter(listing__isnull=True, made__lt=now - ABANDONED).delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint)
    except IntegrityError:
        known = mine.select_related("listing").first()
    if known is None or (known.listing is None and known.fingerprint == fingerprint):
        raise StillAtWorkError("The first request under this idempotency key is not answered yet. Send it again in a moment.")
    if known.fingerprint != fingerprint:
        raise IdempotencyError("Another file, name or year was sent under this idempotency key. Use a key of its own for each upload.")
    return known


def forget_old_keys() -> None:
    """Remove the keys that are no longer known."""
    IdempotencyKey.objects.filter(made__lt=timezone.now() - KEPT).delete()


def _fingerprint(file: BinaryIO, *, name: str, year: int | None) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    digest.update(json.dumps([name, year]).encode())
    return digest.hexdigest()
