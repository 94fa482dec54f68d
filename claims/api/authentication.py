"""Whose request it is: a token in the Authorization header, or nobody. No cookie counts, so no other site's page can write with one."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from claims.errors import InvalidTokenError, NotAuthenticatedError, NotPermittedError
from claims.models import ApiToken
from claims.services import permissions, tokens
from claims.terms import Scope


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer cb_…`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        stated = request.META.get("HTTP_AUTHORIZATION", "")
        if not stated:
            return None
        kind, _, secret = stated.partition(" ")
        if kind.casefold() != "bearer":
            raise InvalidTokenError("The API takes tokens only: “Authorization: Bearer …”.")
        token = tokens.find(secret.strip())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "claims.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token that you make under “API tokens” on the site, with the scopes that the operation names.",
        }


class HasScope(BasePermission):
    """The token gives the view's `scopes` for this method, and its account may still do so. Reading needs none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope: Scope | None = view.find_scope(request) if hasattr(view, "find_scope") else None
        # What the view can't do is told to everybody, before anything is asked of a token.
        if scope is None or view.action is None or request.method in ("GET", "HEAD", "OPTIONS"):
            return True
        if not isinstance(request.auth, ApiToken):
            raise NotAuthenticatedError(f"This needs a token with the scope “{scope}”: make one under “API tokens”.")
        if scope not in request.auth.scopes:
            raise NotPermittedError(f"This token has not the scope “{scope}” that this needs. It has {', '.join(request.auth.scopes)}.")
        may = {Scope.UPLOAD: permissions.may_upload, Scope.CURATE: permissions.may_curate}[scope]
        if not may(request.user):
            raise NotPermittedError(f"The account of this token may not {scope} any more. Ask the operator of this site.")
        return True
