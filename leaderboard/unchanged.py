"""Answers readers who have a page as it is."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from claims.api.caching import make_etag
from claims.services import permissions


def answer_unchanged(request: HttpRequest, *parts: object) -> HttpResponse | str:
    """Return the answer to a reader who has the page as it is, else the page's ETag, '' for a page that says something once.

    It depends on `parts`, on this reader and the query, on what the page's frame shows, and on this software.
    """
    if len(messages.get_messages(request)):
        return ""
    user = request.user
    etag = make_etag(
        request.path,
        *parts,
        *(user.pk, user.get_username(), user.is_authenticated and permissions.may_upload(user), settings.SITE_URL),
        request.META.get("CSRF_COOKIE", ""),  # the form to sign out holds a token of it
        *(request.GET.urlencode(), request.get_host()),
    )
    unchanged = get_conditional_response(request, etag=etag)
    return etag if unchanged is None else stamp(unchanged, etag)


def stamp(response: HttpResponse, etag: str) -> HttpResponse:
    """Say of a page which one it is, and that it is to be asked for again each time."""
    if etag:
        response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response
