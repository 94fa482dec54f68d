"""Packs pages, and refuses what no page may get to see, before anything of it is stored or asked of the database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.urls import reverse

from claims.api.uploading import LimitedUploadHandler
from leaderboard.refusals import PROGRAMS


class LeaveBodiesOutMiddleware:
    """Answer HEAD without a body, as the standard wants it: Django makes one, and the server says so in its log each time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = ()  # the server closes the file, as that of any answer
            elif isinstance(response, HttpResponse):
                response.headers.setdefault("Content-Length", str(len(response.content)))
                response.content = b""
        return response


class PackPagesMiddleware(GZipMiddleware):
    """Pack what is made for a request. Files go out as they stand: with their size, and with an ETag that is theirs alone."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        packed: HttpResponseBase = response if isinstance(response, FileResponse) else super().process_response(request, response)
        return packed


class RefuseHostileRequestsMiddleware:
    """Refuse files of who is not signed in, unread, and addresses, cookies and forms with a NUL character.

    Stands behind the session's middleware and before the one that looks for the form's token: to find it, that one reads the whole
    body and writes its files to disk. A NUL is no text for PostgreSQL, and would fail in whatever query it reached. What a request's
    files took on the disk is free when it is answered: of a broken form Django itself forgets the file that it was at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The address holds a NUL character.")
        # A cookie's value may be written with octal numbers, which Django reads.
        if any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest("A cookie holds a NUL character.")
        # The API knows whose a request is by its token, and reads no body before it knows.
        is_program = request.path.startswith(PROGRAMS)
        if (
            request.method == "POST"
            and request.content_type == "multipart/form-data"
            and SESSION_KEY not in request.session
            and not is_program
        ):
            if request.path == reverse("upload"):
                return redirect_to_login(request.path)
            raise PermissionDenied("Files are taken from those who are signed in only.")
        try:
            return self.get_response(request)
        finally:
            if request.method == "POST" and (is_program or request.content_type == "multipart/form-data"):
                for handler in request.upload_handlers:
                    if isinstance(handler, LimitedUploadHandler):
                        handler.remove_files()

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """Refuse a form with a NUL character. Here and not above: forms of strangers with files are not read at all."""
        if request.path.startswith(PROGRAMS):
            return
        # One whose sender went away is left to the page, as by the one that looks for the form's token.
        with contextlib.suppress(UnreadablePostError):
            if any("\0" in text for name, values in request.POST.lists() for text in (name, *values)):
                raise BadRequest("The form holds a NUL character.")
