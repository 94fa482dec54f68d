"""The catalogue: its entries can be edited, confirmed, exported and imported, all through `claims.services.entries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from claims import keys, search
from claims.admin.base import MOST_FOUND, ReadOnlyAdmin, VersionedAdmin, read_seen, tell_done
from claims.admin.filters import by_choice
from claims.errors import ClaimsError, InvalidDecisionError
from claims.models import Alias, Area, Dataset, DatasetSplit, Decision, Metric, MLModel, Task
from claims.services import entries, permissions
from claims.terms import SearchKind

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:
    _Form = forms.ModelForm

_WAITING = "catalogue_import"
"""Where a session keeps the file that was shown and not yet brought in."""
SHOWN = 200
"""So many of the changes that a file would make are shown."""


class EntryForm(_Form):
    """What an entry is to be. Its fields are checked by the service that carries it out."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    aliases = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text="Other ways to write the name, one a line. Upper and lower case, spaces and dashes make no difference.",
    )
    exact_aliases = forms.CharField(
        label="Aliases by exact case",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text="Short names that are words, too, such as IS or AP: one a line, found as they are written only.",
    )
    reason = forms.CharField(
        label="Why", required=False, max_length=2000, help_text="Stands in the log.", widget=forms.TextInput(attrs={"class": "vTextField"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            state = entries.read_state(self.instance)
            for name in entries.LISTS[entries.kind_of(self.instance)]:
                self.initial[name] = "\n".join(state[name])
            self.initial["seen_version"] = self.instance.version

    def read_wish(self) -> dict[str, Any]:
        """Return what the form asks for, as the service takes it."""
        kind = entries.kind_of(self.instance)
        wish: dict[str, Any] = {}
        for name in entries.FIELDS[kind]:
            column = name.removesuffix("_id")
            if column in self.cleaned_data:
                value = self.cleaned_data[column]
                wish[name] = (value.pk if value is not None else None) if name in entries.REFERS else value
        for name in entries.LISTS[kind]:
            if name in self.cleaned_data:
                wish[name] = entries.split_lines(self.cleaned_data[name])
        return wish

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen = cleaned.get("seen_version")
        if seen is not None and seen != self.instance.version:
            raise forms.ValidationError(tell_others_change(self.instance, seen))
        if not self.errors:
            for name, fault in entries.check_wish(entries.kind_of(self.instance), self.read_wish(), entry=self.instance).items():
                column = name.removesuffix("_id")
                self.add_error(column if column in self.fields else None, fault)
        return cleaned


class DatasetForm(EntryForm):
    splits = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text="Parts that results are stated on, such as val or test: one a line.",
    )


def tell_others_change(entry: Any, seen: int) -> str:
    """Return who changed an entry since somebody saw it, and what."""
    decided = Decision.objects.filter(object_kind=entries.kind_of(entry), object_id=entry.pk, object_version__gt=seen)
    told = [
        f"{decision.change_set.actor} changed " + ", ".join(name.removesuffix("_id").replace("_", " ") for name in decision.after)
        for decision in decided.select_related("change_set").order_by("pk")[:5]
    ]
    return f"“{entry.name}” was changed since you opened it ({'; '.join(told) or 'elsewhere'}). Open it again, then change it as it is now."


class EntryAdmin(VersionedAdmin):
    """Entries of the catalogue."""

    form = EntryForm
    list_display: Any = ("name", "slug", "reviewed", "introduced_by")
    list_filter: ClassVar[Any] = ("reviewed",)
    list_select_related: ClassVar[Any] = ("introduced_by",)
    search_fields: ClassVar[Any] = ("name",)
    search_help_text = "Words of the name or of an alias, or the slug."
    sortable_by = ("slug",)
    actions = ("confirm",)
    edited: tuple[str, ...] = ("name", "reviewed")
    lists: tuple[str, ...] = ("aliases", "exact_aliases")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return permissions.may_edit_catalogue(request.user) and (obj is None or obj.merged_into_id is None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = [name.removesuffix("_id") for name in entries.FIXED.get(self.opts.model_name or "", ())]
        return [*fixed, "slug", "public_id", "version", "introduced_by", "introduction", "merged_into", "as_aliases"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = [name.removesuffix("_id") for name in entries.FIXED.get(self.opts.model_name or "", ())]
        names = (*self.lists, "reason", "seen_version") if self.has_change_permission(request, obj) else ("as_aliases",)
        return (
            (None, {"fields": [name for name in self.edited if name not in fixed]}),
            ("Names", {"fields": names}),
            ("Where it comes from", {"fields": (*fixed, "slug", "public_id", "version", "introduced_by", "introduction", "merged_into")}),
        )

    @admin.display(description="Introduced in")
    def introduction(self, obj: Any) -> str:
        return obj.shown_introduction or "–"

    @admin.display(description="Aliases")
    def as_aliases(self, obj: Any) -> str:
        state = entries.read_state(obj)
        return ", ".join(text for name in self.lists for text in state[name]) or "–"

    def find(self, term: str) -> Iterable[int]:
        table: Any = self.model._default_manager
        found = list(table.filter(slug=term).values_list("pk", flat=True))
        kind = {"dataset": SearchKind.DATASET, "mlmodel": SearchKind.MODEL}.get(self.opts.model_name or "")
        if kind is not None:
            return found + search.find_ids(kind, term, most=MOST_FOUND)
        # Some hundreds: the catalogue's own, and what texts brought.
        named = table.filter(name__icontains=term) | table.filter(aliases__text__icontains=term)
        return [*found, *named.order_by("pk").values_list("pk", flat=True).distinct()[:MOST_FOUND]]

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        links = super().find_links(obj)
        kind = {"mlmodel": "model"}.get(self.opts.model_name or "", self.opts.model_name or "")
        if kind in ("metric", "dataset", "model"):
            links.append(("Its claims", f"{reverse('admin:claims_claim_changelist')}?{kind}={obj.pk}"))
        if kind in ("task", "dataset"):
            links.append(("Its boards", f"{reverse('admin:claims_benchmark_changelist')}?{kind}={obj.pk}"))
        return links

    # ---- editing ----

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except ClaimsError as error:
            # Something has changed between the form's check and the act itself.
            self.message_user(request, error.message, messages.ERROR)
            return redirect(request.get_full_path())
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the service edit the entry: the form has only set fields in memory."""
        stored = self.model._default_manager.get(pk=obj.pk)
        wish = form.read_wish()
        if not entries.find_changes(entries.read_state(stored), wish):
            self.message_user(request, "Nothing was changed: it is so already.", messages.INFO)
            return
        made = entries.edit(
            stored,
            wish,
            actor=request.user.get_username(),
            version=form.cleaned_data.get("seen_version") or 0,
            reason=form.cleaned_data.get("reason", ""),
        )
        self.message_user(request, tell_done(f"“{stored.name}” was changed.", made), messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return redirect(request.get_full_path()) if "_continue" in request.POST else self.response_post_save_change(request, obj)

    @admin.action(description="Mark as reviewed", permissions=["change"])
    def confirm(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        found = self.take_chosen(request, chosen)
        if found is None:
            return
        seen = read_seen(request)
        try:
            made = entries.confirm([(entry, seen.get(entry.pk, entry.version)) for entry in found], actor=request.user.get_username())
        except ClaimsError as error:
            self.message_user(request, f"Nothing was changed: {error.message}", messages.ERROR)
            return
        done = made.decisions.count()
        known = f" {len(found) - done:,} were already." if done < len(found) else ""
        self.message_user(request, tell_done(f"{done:,} marked as reviewed.{known}", made), messages.SUCCESS)


class ExchangedAdmin(EntryAdmin):
    """Entries that go out and come in as files."""

    change_list_template = "admin/claims/exchanged_list.html"

    def get_urls(self) -> list[URLPattern]:
        name = f"claims_{self.opts.model_name}"
        return [
            path("import/", self.admin_site.admin_view(self.import_view), name=f"{name}_import"),
            path("export/", self.admin_site.admin_view(self.export_view), name=f"{name}_export"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        from claims.admin import exchange  # its libraries are large, and asked for by few

        offered = {"formats": list(exchange.FORMATS), "may_import": permissions.may_import_catalogue(request.user)}
        return super().changelist_view(request, {**offered, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Give all entries of the kind that were not merged into others as a file."""
        from claims.admin import exchange  # its libraries are large, and asked for by few

        if not self.has_view_permission(request):
            raise PermissionDenied
        form = request.GET.get("format", "csv")
        form = form if form in exchange.FORMATS else "csv"
        rows = self.model._default_manager.filter(merged_into__isnull=True).order_by("slug")
        if request.GET.get("reviewed") == "1":
            rows = rows.filter(reviewed=True)
        content, kind = exchange.write_file(self.opts.model_name or "", rows, form=form)
        name = f"{self.opts.model_name}s-{timezone.now():%Y-%m-%d}.{form}"
        return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Show what a file would do, then do it: the confirmed file is the one that was shown."""
        if not permissions.may_import_catalogue(request.user):
            raise PermissionDenied("Your account may not import the catalogue. Administrators may.")
        if request.method == "POST" and "confirm" in request.POST:
            return self._bring_in(request)
        if request.method == "POST":
            return self._preview(request)
        return self._answer(request, {})

    def _preview(self, request: HttpRequest) -> HttpResponse:
        from claims.admin import exchange  # its libraries are large, and asked for by few

        file = request.FILES.get("file")
        kind = self.opts.model_name or ""
        most = exchange.MOST_MEGABYTES * 1024 * 1024
        if file is None or file.size is None:
            return self._answer(request, {"refused": "Choose a file first."}, status=400)
        if file.size > most:
            said = (
                f"{file.name} has {file.size / 1024 / 1024:.1f} MB; {exchange.MOST_MEGABYTES} MB are the most. Part it into several files."
            )
            return self._answer(request, {"refused": said}, status=413)
        try:
            rows = exchange.read_file(kind, file.read(most + 1))
        except exchange.UnreadableFileError as error:
            return self._answer(request, {"file_name": file.name, "faults": error.faults}, status=400)
        plan = entries.plan_import(kind, rows)
        context = {"file_name": file.name, "plan": plan, "faults": plan.faults[:SHOWN], "digest": plan.digest()}
        if plan.faults:
            return self._answer(request, context, status=400)
        request.session[_WAITING] = {
            "kind": kind,
            "name": str(file.name)[:200],
            "digest": plan.digest(),
            "rows": [[row.line, row.slug, dict(row.wish)] for row in rows],
        }
        return self._answer(request, context)

    def _bring_in(self, request: HttpRequest) -> HttpResponse:
        waiting = request.session.get(_WAITING) or {}
        kind = self.opts.model_name or ""
        if waiting.get("kind") != kind or waiting.get("digest") != request.POST.get("digest"):
            said = "The file that was shown is no longer there, or another was shown since. Choose it again."
            return self._answer(request, {"refused": said}, status=409)
        rows = [entries.Row(line, slug, wish) for line, slug, wish in waiting["rows"]]
        try:
            made = entries.import_rows(
                kind, rows, actor=request.user.get_username(), digest=waiting["digest"], reason=f"From {waiting['name']}."
            )
        except InvalidDecisionError as error:
            return self._answer(request, {"refused": f"Nothing was changed: {error.message}"}, status=409)
        except ClaimsError as error:
            plan = entries.plan_import(kind, rows)
            request.session[_WAITING] = {**waiting, "digest": plan.digest()}
            context = {"refused": error.message, "file_name": waiting["name"], "plan": plan, "digest": plan.digest(), "faults": plan.faults}
            return self._answer(request, context, status=409)
        del request.session[_WAITING]
        count = made.decisions.count()
        noun = self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural
        self.message_user(request, tell_done(f"{count:,} {noun} were imported.", made), messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:claims_{kind}_changelist"))

    def _answer(self, request: HttpRequest, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
        from claims.admin import exchange  # its libraries are large, and asked for by few

        plan: entries.Plan | None = context.get("plan")
        told = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Import {self.opts.verbose_name_plural}",
            "columns": exchange.COLUMNS[self.opts.model_name or ""],
            "most_megabytes": exchange.MOST_MEGABYTES,
            "most_rows": entries.MOST_ROWS,
            **context,
        }
        if plan is not None:
            told |= {
                "added": sum(change.pk is None for change in plan.changes),
                "edited": sum(change.pk is not None for change in plan.changes),
                "changes": [_show(change) for change in plan.changes[:SHOWN]],
                "more": max(0, len(plan.changes) - SHOWN),
            }
        return TemplateResponse(request, "admin/claims/import.html", told, status=status)


def _show(change: entries.Change) -> dict[str, Any]:
    """Return a change as the preview shows it: of a new entry what is not blank."""
    fields = [
        (name.removesuffix("_id").replace("_", " "), _say(name, change.before.get(name)), _say(name, value))
        for name, value in change.after.items()
        if change.pk is not None or value not in ("", None, [], False)
    ]
    return {"line": change.line, "name": change.name, "slug": change.slug, "is_new": change.pk is None, "fields": fields}


def _say(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in entries.REFERS and isinstance(value, int):
        return str(entries.REFERS[name]._default_manager.filter(pk=value).first() or "an entry that is gone")
    return f"{value:g}" if isinstance(value, float) else str(value)


@admin.register(Task)
class TaskAdmin(ExchangedAdmin):
    list_display = ("name", "slug", "area", "primary_metric", "reviewed", "introduced_by")
    list_filter = ("reviewed", "area")
    list_select_related = ("introduced_by", "area", "primary_metric")
    edited = ("name", "area", "primary_metric", "reviewed")
    autocomplete_fields = ("primary_metric",)


@admin.register(Dataset)
class DatasetAdmin(ExchangedAdmin):
    form = DatasetForm
    list_display = ("name", "slug", "parent", "default_metric", "single_label", "reviewed", "introduced_by")
    list_filter = (
        "reviewed",
        "single_label",
        by_choice("parent", "parent", Dataset._meta.get_field("parent"), lambda rows, parent: rows.filter(parent=parent)),
    )
    list_select_related = ("introduced_by", "parent", "default_metric")
    edited = ("name", "description", "parent", "default_task", "default_metric", "single_label", "reviewed")
    lists = ("aliases", "exact_aliases", "splits")
    autocomplete_fields = ("parent", "default_metric")


@admin.register(Metric)
class MetricAdmin(ExchangedAdmin):
    list_display = ("name", "slug", "direction", "unit", "family", "reviewed", "introduced_by")
    list_filter = ("reviewed", "direction")
    edited = ("name", "unit", "direction", "family", "lower_bound", "upper_bound", "default_task", "reviewed")


@admin.register(MLModel)
class ModelAdmin(EntryAdmin):
    list_display = ("name", "slug", "reviewed", "introduced_by")


@admin.register(Alias)
class AliasAdmin(ReadOnlyAdmin):
    list_display = ("text", "kind", "names", "scope", "exact_case", "reviewed")
    list_filter = ("kind", "reviewed", "exact_case")
    list_select_related: ClassVar[Any] = ("task", "dataset", "metric", "ml_model")
    search_fields = ("text",)
    search_help_text = "The whole alias, however it is written, or words of the name of a dataset or model that it is of."

    def find(self, term: str) -> Iterable[int]:
        wanted = [keys.alias_key(term, exact_case=exact) for exact in (True, False)]
        found = list(Alias.objects.filter(key__in=wanted).values_list("pk", flat=True))
        of = {
            "dataset__in": search.find_ids(SearchKind.DATASET, term, most=100),
            "ml_model__in": search.find_ids(SearchKind.MODEL, term, most=100),
        }
        for name, ids in of.items():
            found += Alias.objects.filter(**{name: ids}).values_list("pk", flat=True)[:MOST_FOUND]
        return found

    @admin.display(description="Names")
    def names(self, alias: Alias) -> str:
        return str(alias.task or alias.dataset or alias.metric or alias.ml_model)


@admin.register(Area)
class AreaAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "position")
    search_fields = ("name",)
    ordering = ("position", "name")

    def find(self, term: str) -> Iterable[int]:
        return Area.objects.filter(name__icontains=term).values_list("pk", flat=True)


@admin.register(DatasetSplit)
class DatasetSplitAdmin(ReadOnlyAdmin):
    list_display = ("name", "dataset")
    list_select_related = ("dataset",)
    list_filter = (
        by_choice("dataset", "dataset", DatasetSplit._meta.get_field("dataset"), lambda rows, dataset: rows.filter(dataset=dataset)),
    )
