"""One shape for every error: `{"error": {"code", "message", "field"}}`. Domain errors and the framework's are translated here, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from claims.errors import (
    ClaimsError,
    IdempotencyError,
    InvalidDecisionError,
    ListingTooLargeError,
    NotAuthenticatedError,
    NotPermittedError,
    StaleObjectError,
    StillAtWorkError,
    StorageError,
    TooManyUploadsError,
    UnknownFilterError,
)

_STATUS: Mapping[type[ClaimsError], int] = {
    UnknownFilterError: status.HTTP_400_BAD_REQUEST,
    NotAuthenticatedError: status.HTTP_401_UNAUTHORIZED,
    NotPermittedError: status.HTTP_403_FORBIDDEN,
    StaleObjectError: status.HTTP_409_CONFLICT,
    InvalidDecisionError: status.HTTP_409_CONFLICT,
    StillAtWorkError: status.HTTP_409_CONFLICT,
    ListingTooLargeError: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    IdempotencyError: status.HTTP_422_UNPROCESSABLE_ENTITY,
    TooManyUploadsError: status.HTTP_429_TOO_MANY_REQUESTS,
    StorageError: status.HTTP_503_SERVICE_UNAVAILABLE,
}
"""What a domain error is in HTTP; any other one is a 400."""


def error(code: str, message: str, field: str = "") -> dict[str, dict[str, str | None]]:
    """Return the body of an error. `code` is a stable word, `field` the parameter or member that is to blame, None where none is."""
    return {"error": {"code": code, "message": message, "field": field or None}}


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Translate what a view raised; None for what nobody foresaw, which the site logs and answers as a fault of its own."""
    if isinstance(exc, ClaimsError):
        set_rollback()
        field = exc.field if isinstance(exc, (UnknownFilterError, InvalidDecisionError)) else ""
        answer = next((answer for kind, answer in _STATUS.items() if isinstance(exc, kind)), status.HTTP_400_BAD_REQUEST)
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(exc, NotAuthenticatedError) else None
        return Response(error(exc.code, exc.message, field), status=answer, headers=headers)
    response = exception_handler(exc, dict(context))
    if response is None:
        return None
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(str(exc) or None)
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied(str(exc) or None)
    if not isinstance(exc, exceptions.APIException):
        return None
    field, message, code = _first(exc.detail, exc.default_code)
    response.data = error(code, message, field)
    return response


def _first(detail: Any, code: str, field: str = "") -> tuple[str, str, str]:
    """Return the first of an error's details: the member it is about, its sentence, its code."""
    if isinstance(detail, Mapping) and detail:
        name, inner = next(iter(detail.items()))
        return _first(inner, code, f"{field}.{name}" if field else str(name))
    if isinstance(detail, list) and detail:
        return _first(detail[0], code, field)
    return field, str(detail), getattr(detail, "code", None) or code
