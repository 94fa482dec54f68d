"""What all lists and pages of the admin have in common: bounded counts, indexed orders, quick searches, the history of each object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims.admin.filters import ChosenFilter
from claims.boards import acts
from claims.models import ChangeSet, Decision

# Django's classes take type arguments in the stubs only.
if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:
    _Admin = admin.ModelAdmin
    _Paginator = Paginator

MOST_COUNTED = 10_000
"""So many rows of a list are counted, and can be leafed through; whoever looks for one among more narrows the list."""
MOST_AT_ONCE = 1_000
"""An action over several pages takes no more."""
MOST_FOUND = 1_000
"""A search shows no more."""
DECISIONS = 20
"""So many of the latest decisions stand on the page of an object."""


class BoundedPaginator(_Paginator):
    """Pages of the first `MOST_COUNTED` rows of a list. No query counts more of them."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_COUNTED)

    @cached_property
    def said(self) -> str:
        """How many rows there are, in words: exactly, or about as many as PostgreSQL guesses, or more than were counted."""
        if self._counted <= MOST_COUNTED:
            return f"{self._counted:,}"
        rows: Any = self.object_list
        database = connections[rows.db]
        if database.vendor == "postgresql" and not rows.query.where:
            with database.cursor() as cursor:
                cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table])
                (guess,) = cursor.fetchone() or (0,)
            if guess > MOST_COUNTED:
                return f"about {round(guess, -(len(str(guess)) - 2)):,}"
        return f"more than {MOST_COUNTED:,}"


class BoundedChangeList(ChangeList):
    """A list that is sorted by what has an index only."""

    most_at_once = MOST_AT_ONCE

    @property
    def counted(self) -> str:
        said: str = self.paginator.said
        return said

    @property
    def is_cut(self) -> bool:
        """Whether there are rows behind the last page."""
        return bool(self.paginator._counted > MOST_COUNTED)

    def get_results(self, request: HttpRequest) -> None:
        """Find the page's rows first, and then what stands beside each: joined at once, the database may begin at the other end."""
        super().get_results(request)
        found: Any = self.result_list
        keys = list(found.values_list("pk", flat=True)) if self.result_count else []
        rows = self.apply_select_related(self.root_queryset).order_by().in_bulk(keys) if keys else {}
        listed: Any = [rows[key] for key in keys if key in rows]
        self.result_list = listed

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None


class ReadOnlyAdmin(_Admin):
    """Lists and shows; nothing is added, changed or deleted around the services."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    ordering: ClassVar[Any] = ("-pk",)
    sortable_by: ClassVar[Any] = ()
    actions_selection_counter = True
    kind_of_decisions = ""
    """The kind that decisions name its objects by; '' is the model's own name."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what a filter of the list asks for. Whatever else an address may ask of a column would be looked for without an index."""
        names = {field if isinstance(field, str) else field[0] for field in self.list_filter if isinstance(field, str | tuple)}
        if lookup in {getattr(each, "parameter_name", None) for each in self.list_filter}:
            return True
        return any(lookup in (name, f"{name}__exact", f"{name}__id__exact", f"{name}__isempty", f"{name}__isnull") for name in names)

    @property
    def media(self) -> forms.Media:
        """What lists and forms need, and the fields of the filters that suggest."""
        media: forms.Media = super().media
        chosen = (each for each in self.list_filter if isinstance(each, type) and issubclass(each, ChosenFilter))
        return sum((each.make_field(self).widget.media for each in chosen), media)

    # ---- what is looked for ----

    def find(self, term: str) -> Iterable[int]:
        """Return the ids of at most `MOST_FOUND` rows that a search finds, by indexes."""
        raise NotImplementedError

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term or not self.search_fields:
            return queryset, False
        return queryset.filter(pk__in=list(self.find(term))), False

    # ---- one object ----

    def call(self, obj: Any) -> str:
        """Return what an object is called above its page."""
        return str(obj)

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        """Return (label, address) of the site's pages on an object."""
        address = getattr(obj, "get_absolute_url", None)
        return [("See it on the site", address())] if address is not None and address() else []

    def get_view_on_site_url(self, obj: Any = None) -> None:
        return None  # `find_links` leads there without a detour

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id) if object_id.isdecimal() else None
        found: dict[str, Any] = {}
        if obj is not None and self.has_view_permission(request, obj):
            found = {"title": self.call(obj)[:200], "subtitle": None, "site_links": self.find_links(obj), **self.read_history(obj)}
        return super().change_view(request, object_id, form_url, {**found, **(extra_context or {})})

    def read_history(self, obj: Any) -> dict[str, Any]:
        """Return the latest decisions on an object, as pages tell them, in a fixed number of queries."""
        kind = self.kind_of_decisions or obj._meta.model_name
        decided = Decision.objects.filter(object_kind=kind, object_id=obj.pk).select_related("change_set__undoes").order_by("-pk")
        latest = list(decided[: DECISIONS + 1])
        return {
            "decisions": acts.tell(latest[:DECISIONS], for_curator=True),
            "has_older_decisions": len(latest) > DECISIONS,
            "history_url": self.find_history(obj),
        }

    def find_history(self, obj: Any) -> str:
        """Return the address of the whole history of an object, '' where there is none."""
        return ""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the history that stands on the object's page: that of Django knows nothing of services."""
        obj = self.get_object(request, object_id) if object_id.isdecimal() else None
        if obj is None or not self.has_view_permission(request, obj):
            return super().history_view(request, object_id, extra_context)
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
        return redirect(f"{address}#history")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing: a change set says what was done."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing: a change set says what was done."""

    # ---- several objects ----

    def take_chosen(self, request: HttpRequest, chosen: QuerySet[Any]) -> list[Any] | None:
        """Return what an action is to be done to, in the order of the keys; None, with a word about it, where that is too much."""
        found = list(chosen.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(found) > MOST_AT_ONCE:
            said = f"More than {MOST_AT_ONCE:,} are chosen, which is more than can be done at once. Nothing was changed: narrow the list."
            self.message_user(request, said, messages.ERROR)
            return None
        return found


def tell_done(what: str, change_set: ChangeSet) -> SafeString:
    """Return a message about what was done, with a link to where it can be undone."""
    return format_html(
        '{} This is <a href="{}">change {}</a>; it can be undone.', what, change_set.get_absolute_url(), change_set.public_id
    )


SEEN = "seen_version"
"""The fields of a list that say which version of an object it shows: "id:version"."""


class VersionedAdmin(ReadOnlyAdmin):
    """A list of objects with versions, whose actions are refused where what is ticked has changed since."""

    def action_checkbox(self, obj: Any) -> SafeString:
        # Beside the tick stands the version that the list shows: who decides on the tick has seen that one.
        return format_html('{}<input type="hidden" name="{}" value="{}:{}">', super().action_checkbox(obj), SEEN, obj.pk, obj.version)


def read_seen(request: HttpRequest) -> dict[int, int]:
    """Return the versions that a list showed, by id. What is no "id:version" was not written by the list and is passed over."""
    pairs = (text.partition(":") for text in request.POST.getlist(SEEN))
    return {int(pk): int(version) for pk, _, version in pairs if re.fullmatch(r"[0-9]{1,18}", pk) and re.fullmatch(r"[0-9]{1,9}", version)}
