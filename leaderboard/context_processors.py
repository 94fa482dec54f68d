"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from claims.services import permissions


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Say whether to offer an upload. Asked only where a template asks, and never of the database for anonymous readers."""
    return {"may_upload": SimpleLazyObject(lambda: permissions.may_upload(request.user))}
