"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from claims.services import permissions
from leaderboard.addresses import absolute


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Say whether to offer an upload and the review queue, whether to name who did what, and where the page has its one address.

    The first three are asked only where a template asks, and never of the database for anonymous readers. What stands behind the question
    mark of an address makes no other page of it.
    """
    return {
        "may_upload": SimpleLazyObject(lambda: permissions.may_upload(request.user)),
        "may_review": SimpleLazyObject(lambda: permissions.may_curate(request.user)),
        "sees_actors": SimpleLazyObject(lambda: permissions.may_see_actors(request.user)),
        "canonical_url": absolute(request.path),
    }
