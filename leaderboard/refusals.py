"""What is answered where no view does: a page for readers, and the API's own shape for programs."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from claims.api.errors import error

API, COMPAT = "/api/v1/", "/compat/paperswithcode/api/v1/"
PROGRAMS = (API, "/compat/")
"""What addresses begin with that programs ask: they are answered in JSON, whatever happens."""


def _is_program(request: HttpRequest) -> bool:
    return request.path.startswith(PROGRAMS)


def refuse_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that can't be understood, or one for another host than the site's."""
    if _is_program(request) and not isinstance(exception, DisallowedHost):
        return JsonResponse(error("bad_request", str(exception) or "The request can't be understood."), status=400)
    site_url = settings.SITE_URL if isinstance(exception, DisallowedHost) else ""
    # Without the request: where not even the host is right, nothing is asked about the reader, and nothing repeated that was sent.
    return HttpResponseBadRequest(render_to_string("400.html", {"site_url": site_url}))


def forbid_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_program(request):
        return JsonResponse(error("not_permitted", str(exception) or "This is not permitted."), status=403)
    return defaults.permission_denied(request, exception)


def miss_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_program(request):
        begin = API if request.path.startswith(API) else COMPAT
        return JsonResponse(error("not_found", f"There is nothing at {request.path[:200]}. What there is begins at {begin}."), status=404)
    return defaults.page_not_found(request, exception)


def admit_fault(request: HttpRequest) -> HttpResponse:
    """Answer where something broke that nobody foresaw: the log has what."""
    if _is_program(request):
        return JsonResponse(error("fault", "Something broke on our side. It is in the site's log; please try again later."), status=500)
    return defaults.server_error(request)
