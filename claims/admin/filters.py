"""Filters of the admin's lists: by what few have, by a choice that is too long for a list, by confidence and by flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest

from claims.boards.flagged import FLAG_TITLES
from claims.models import Flag, Run
from claims.models.claims import USUAL
from claims.terms import FLAGS_ON_NUMBERS

_Request = HttpRequest
_MOST_CHARACTERS = 200
_MOST_RETIRED = 10_000


class UsualFilter(admin.ChoicesFieldListFilter):
    """A choice of which nearly all rows have the usual one: what is asked for beside that is found by the index without these."""

    def queryset(self, request: _Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = super().queryset(request, queryset)
        if found is None:
            return queryset
        stated: Any = self.lookup_val
        asked = stated[-1] if isinstance(stated, list) and stated else stated
        usual = USUAL[self.field_path].value
        if not asked or asked == usual:
            return found
        # Spelled out in the statement: SQLite takes a partial index only where the condition itself says what the index does.
        return found.exclude(**{self.field_path: RawSQL(f"'{usual}'", [])})  # noqa: S611 - a term of our own


class ConfidenceFilter(admin.SimpleListFilter):
    """How sure extraction was of what waits for review: in the order of the review queue, which has an index."""

    title = "confidence, awaiting review"
    parameter_name = "confidence"
    BANDS: ClassVar[dict[str, tuple[str, float, float]]] = {
        "0": ("below 50 %", 0.0, 0.5),
        "50": ("50 to 70 %", 0.5, 0.7),
        "70": ("70 to 85 %", 0.7, 0.85),
        "85": ("85 to 95 %", 0.85, 0.95),
        "95": ("95 % and more", 0.95, 1.01),
    }

    def lookups(self, request: _Request, model_admin: Any) -> list[tuple[str, str]]:
        return [(band, label) for band, (label, _, _) in self.BANDS.items()]

    def queryset(self, request: _Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
        band = self.BANDS.get(self.value() or "")
        if band is None:
            return queryset
        # Spelled out, as above.
        waiting = queryset.filter(state=RawSQL("'unreviewed'", []), retired_by__isnull=True)
        return waiting.filter(confidence__gte=band[1], confidence__lt=band[2])


class VersionFilter(admin.SimpleListFilter):
    """Which version of the extractor read it. There are as many as there were releases."""

    title = "extractor version"
    parameter_name = "version"

    def lookups(self, request: _Request, model_admin: Any) -> list[tuple[str, str]]:
        versions = Run.objects.order_by("extractor_version").values_list("extractor_version", flat=True).distinct()
        return [(version, version) for version in versions[:50]]

    def queryset(self, request: _Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (version := self.value()):
            return queryset
        runs = list(Run.objects.filter(extractor_version=version).values_list("pk", flat=True)[:500])
        return queryset.filter(run__in=runs)


class FlagFilter(admin.SimpleListFilter):
    """What is flagged, and nobody has looked at yet."""

    title = "open flag"
    parameter_name = "flag"

    def lookups(self, request: _Request, model_admin: Any) -> list[tuple[str, str]]:
        return [("any", "any"), *((kind.value, FLAG_TITLES[kind]) for kind in FLAGS_ON_NUMBERS)]

    def queryset(self, request: _Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (kind := self.value()):
            return queryset
        flags = Flag.objects.filter(object_kind=queryset.model._meta.model_name, settled_by__isnull=True)
        if kind != "any":
            flags = flags.filter(kind=kind)
        return queryset.filter(pk__in=list(flags.order_by("-pk").values_list("object_id", flat=True)[:5_000]))


class RetiredFilter(admin.SimpleListFilter):
    """Whether a later run, or a later text of its paper, no longer has it."""

    title = "retired"
    parameter_name = "retired"

    def lookups(self, request: _Request, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "no, it stands"), ("yes", "yes")]

    def queryset(self, request: _Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if (asked := self.value()) not in ("yes", "no"):
            return queryset
        if asked == "no":
            return queryset.filter(retired_by__isnull=True)
        # Few are, and their index has them; asked for among all, the database would rather walk through all.
        retired = queryset.model._default_manager.filter(retired_by__isnull=False).order_by("retired_by").values("pk")
        return queryset.filter(pk__in=retired[:_MOST_RETIRED])


class TypedFilter(admin.SimpleListFilter):
    """A choice that no list could hold: a field to write in, which keeps what else is chosen."""

    template = "admin/claims/typed_filter.html"

    def lookups(self, request: _Request, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield self.describe(changelist)

    def describe(self, changelist: Any) -> dict[str, Any]:
        """Return what the template shows."""
        kept = {name: values for name, values in changelist.filter_params.items() if name != self.parameter_name}
        return {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "kept": [(name, value) for name, values in kept.items() for value in (values if isinstance(values, list) else [values])],
            "name": self.parameter_name,
            "value": self.value() or "",
        }


class ChosenFilter(TypedFilter):
    """A choice that is too long for a list: a field that suggests as one types, and without JavaScript takes a slug or a public id."""

    template = "admin/claims/chosen_filter.html"
    field: Any
    """The foreign key whose related objects are chosen from."""
    key = "slug"
    narrow: Callable[[QuerySet[Any], Model], QuerySet[Any]]

    def __init__(self, request: _Request, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.request, self.model_admin = request, model_admin
        self.chosen = self._find(self.value() or "")

    def _find(self, stated: str) -> Any:
        rows = self.field.remote_field.model._default_manager
        stated = stated[:_MOST_CHARACTERS]
        if stated.isdecimal() and len(stated) < 18 and (found := rows.filter(pk=stated).first()) is not None:
            return found
        return rows.filter(**{self.key: stated}).first() if stated else None

    def has_output(self) -> bool:
        return True

    def describe(self, changelist: Any) -> dict[str, Any]:
        return super().describe(changelist) | {"chosen": self.chosen, "key": self.key.replace("_", " "), "field": self._render()}

    def _render(self) -> str:
        field = self.make_field(self.model_admin)
        rendered: str = field.widget.render(
            self.parameter_name,
            self.chosen.pk if self.chosen is not None else None,
            {"id": f"filter-{self.parameter_name}", "aria-label": f"By {self.title}"},
        )
        return rendered

    @classmethod
    def make_field(cls, model_admin: Any) -> forms.ModelChoiceField[Any]:
        widget = AutocompleteSelect(cls.field, model_admin.admin_site, attrs={"data-width": "100%"})
        return forms.ModelChoiceField(cls.field.remote_field.model._default_manager.all(), required=False, widget=widget)

    def queryset(self, request: _Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return type(self).narrow(queryset, self.chosen) if self.chosen is not None else queryset.none()


def by_choice(
    title: str, name: str, field: Any, narrow: Callable[[QuerySet[Any], Any], QuerySet[Any]], *, key: str = "slug"
) -> type[ChosenFilter]:
    """Return the filter by an object that `field` leads to; `narrow` makes of a list what is about it."""
    return type(f"{name.title()}Filter", (ChosenFilter,), {
        "title": title,
        "parameter_name": name,
        "field": field,
        "key": key,
        "narrow": staticmethod(narrow),
    })  # fmt: skip
