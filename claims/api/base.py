"""What all views of the API share: whose request it is, how much a client may ask, and when an answer is still good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.cache import get_conditional_response, patch_vary_headers
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet, ViewSet

from claims import filters
from claims.api.caching import OWN, SHARED, check, stamp
from claims.api.dating import find_date
from claims.api.pagination import KeysetPagination
from claims.api.throttling import headers_of
from claims.errors import NotAuthenticatedError, UnknownFilterError
from claims.terms import Scope


class StrictFilterBackend(DjangoFilterBackend):
    """The list's FilterSet, which refuses what it doesn't know. It is described in the contract as the library's own is."""

    def filter_queryset(self, request: HttpRequest, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        found: filters.ListFilterSet = view.filterset_class(request.GET, queryset=queryset)
        found.check()
        return found.qs


class Shared(ViewSet):
    """A view of the API. What it reads may be kept by caches; what its `scope` writes needs a token that has it."""

    scope: Scope | None = None
    """What a token must give for writing here; `find_scope` may say it of one request."""
    keeps = True
    """Whether what everybody gets may be kept by caches for a while. It may not where a client waits for it to change."""

    _counted = False

    def find_scope(self, request: Request) -> Scope | None:
        return self.scope

    # What is refused counts, too: whoever guesses tokens, or asks for what no token of theirs gives, is slowed down like everybody.
    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except NotAuthenticatedError:
            request.auth = None
            self.check_throttles(request)
            raise

    def check_permissions(self, request: Request) -> None:
        self.check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        if not self._counted:
            self._counted = True
            super().check_throttles(request)

    # The ETag of what is read is that of its bytes, unless the view knows it before it reads.
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        made: Any = super().dispatch(request, *args, **kwargs)
        answered = check(request, made.render() if isinstance(made, Response) else made)
        for name, value in headers_of(self.request).items():
            answered[name] = value
        return answered

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answered = super().finalize_response(request, response, *args, **kwargs)
        if request.method in ("GET", "HEAD") and answered.status_code < 400:
            of_all = self.keeps and not request.META.get("HTTP_AUTHORIZATION")
            answered.headers.setdefault("Cache-Control", SHARED if of_all else OWN)
        else:
            answered.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(answered, ["Authorization"])
        return answered


def answer_unchanged(request: Request, etag: str) -> Response | None:
    """Return the answer to a client that has what `etag` stands for, None for one that has not."""
    changed = find_date(request._request, etag)
    unchanged = get_conditional_response(request._request, etag=etag, last_modified=changed)
    return None if unchanged is None else stamp(Response(status=unchanged.status_code), etag, changed)


def read_names(request: Request, parameter: str) -> list[str] | None:
    """Return the names that a parameter lists, by commas or by repeating it; None where it isn't there."""
    stated = request.query_params.getlist(parameter)
    names = [name for part in stated for name in part.split(",") if name]
    if stated and not names:
        raise UnknownFilterError(f"“{parameter}” names nothing. Leave it out, or name members.", field=parameter)
    return names if stated else None


class Entries(Shared, GenericViewSet[Any]):
    """A list by cursor, and its entries by their ids: with `fields=`, `expand=`, and no parameter that it doesn't know."""

    pagination_class = KeysetPagination
    filter_backends = [StrictFilterBackend]
    filterset_class: type[filters.ListFilterSet]
    sort_fields: Mapping[str, str] = {"id": "pk"}
    default_sort = "id"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    known_of_entry = frozenset({"fields", "expand"})

    def get_serializer_context(self) -> dict[str, Any]:
        return {
            **super().get_serializer_context(),
            "wanted": read_names(self.request, "fields"),
            "expanded": read_names(self.request, "expand") or [],
        }

    def get_queryset(self) -> QuerySet[Any]:
        joins = self.get_serializer_class().joins  # type: ignore[attr-defined]  # all of them are Trimmed
        along = {path for name in read_names(self.request, "expand") or [] for path in joins.get(name, ())}
        found = self.find_entries()
        return found.select_related(*along) if along else found

    def find_entries(self) -> QuerySet[Any]:
        """Return what the list is of, with what each entry names."""
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        _ = self._asked_for()  # a list without entries refuses what it doesn't know, too
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def _asked_for(self) -> Any:
        whole: Any = self.get_serializer()
        return whole.fields

    def retrieve(self, request: Request, **key: str) -> Response:
        moved = self.find_moved(self.kwargs[self.lookup_field])
        if moved is not None:
            address = reverse(self.request.resolver_match.view_name, args=[moved], request=request)  # type: ignore[union-attr]  # it was resolved
            return Response(status=308, headers={"Location": f"{address}?{request.GET.urlencode()}".rstrip("?")})
        return Response(self.get_serializer(self.find_entry()).data)

    def find_moved(self, key: str) -> str | None:
        """Return where the entry at an address lives now that was merged or renamed; None for one that lives there, or never did."""
        return None

    def find_entry(self) -> Any:
        """Return the entry that the address names. Raises `Http404`, or `UnknownFilterError` for a parameter that entries don't have."""
        if unknown := next((name for name in self.request.query_params if name not in self.known_of_entry), None):
            known = ", ".join(sorted(self.known_of_entry))
            raise UnknownFilterError(f"An entry has no parameter called “{unknown[:60]}”. It knows {known}.", field=unknown[:60])
        key = self.kwargs[self.lookup_field]
        found = self.get_queryset().filter(**{self.lookup_field: key}).first()
        if found is None:
            raise Http404(f"There is nothing with the {self.lookup_field.replace('public_', '')} “{key[:60]}” here.")
        return found
