"""Answers readers who have a page as it is."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from claims.api.caching import OWN, make_etag, stamp
from claims.api.dating import find_date, note_date
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
        *(user.pk, user.get_username(), user.is_authenticated and (permissions.may_upload(user), permissions.may_curate(user))),
        *(settings.SITE_URL, request.headers.get("X-Row"), request.headers.get("HX-Request")),
        request.META.get("CSRF_COOKIE", ""),  # the form to sign out holds a token of it
        *(request.GET.urlencode(), request.get_host()),
    )
    unchanged = get_conditional_response(request, etag=etag, last_modified=find_date(request, etag, *_reader(request)))
    return etag if unchanged is None else stamp_page(request, unchanged, etag)


def stamp_page(request: HttpRequest, response: HttpResponse, etag: str) -> HttpResponse:
    """Say of a page which one it is and since when, and that it is to be asked for again each time."""
    if etag:
        stamp(response, etag, (note_date if response.status_code == 200 else find_date)(request, etag, *_reader(request)))
    response["Cache-Control"] = OWN  # kept, and asked about each time
    patch_vary_headers(response, ["Cookie", "HX-Request", "X-Row"])
    return response


def _reader(request: HttpRequest) -> tuple[object, ...]:
    """Return what a page hangs on beside its address, as far as one reader is told from another by it."""
    return (request.user.pk, request.headers.get("X-Row"), request.headers.get("HX-Request"))
