"""What was done, and what somebody should look at: change sets with their decisions, and flags."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims import tasks
from claims.admin.base import DECISIONS, ReadOnlyAdmin, tell_done
from claims.admin.filters import TypedFilter
from claims.boards import acts, flagged
from claims.errors import ClaimsError, NotPermittedError
from claims.models import ChangeSet, Flag
from claims.services import changes, curation, permissions
from claims.terms import FlagKind


class ActorFilter(TypedFilter):
    """Whose acts: the name as it was written down, which no list could hold."""

    title = "who"
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(actor=self.value()) if self.value() else queryset


class ActionFilter(admin.SimpleListFilter):
    """What was done: a walk over the index from one action to the next finds all that there are."""

    title = "what"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        last = ""
        while len(found) < 50:
            after = ChangeSet.objects.filter(action__gt=last).order_by("action").values_list("action", flat=True).first()
            if after is None:
                break
            found.append((after, acts.ACTION_WORDS.get(after, after)))
            last = after
        return found

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "what", "actor", "created", "undoes", "reason")
    list_filter = (ActionFilter, ActorFilter)
    fields = ("what", "actor", "created", "reason", "undoes", "public_id")
    list_select_related = ("undoes",)
    search_fields = ("public_id",)
    search_help_text = "A public id."
    actions = ("undo",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and permissions.may_curate(request.user)

    def find(self, term: str) -> Any:
        return ChangeSet.objects.filter(public_id=term.lower()).values_list("pk", flat=True)

    def call(self, obj: Any) -> str:
        return f"{self.what(obj).capitalize()}, by {obj.actor}"

    def find_links(self, obj: Any) -> list[tuple[str, str]]:
        return [("The act in the log, where it can be undone", obj.get_absolute_url())]

    def read_history(self, obj: Any) -> dict[str, Any]:
        """Return what the act itself was done to, the first of it."""
        act = acts.read_act(obj.public_id, for_curator=True)
        return {
            "decisions": act.told[:DECISIONS],
            "has_older_decisions": act.count > DECISIONS,
            "history_url": obj.get_absolute_url(),
            "is_act": True,
        }

    @admin.display(description="What")
    def what(self, change_set: ChangeSet) -> str:
        return acts.ACTION_WORDS.get(change_set.action, change_set.action)

    @admin.action(description="Undo", permissions=["change"])
    def undo(self, request: HttpRequest, change_sets: QuerySet[ChangeSet]) -> None:
        found = self.take_chosen(request, change_sets)
        # The latest first: an earlier change can only be undone once the later ones are.
        for change_set in reversed(found or []):
            try:
                if not permissions.may_undo(request.user, change_set):
                    raise NotPermittedError("Your account may not take it back.")
                undone = changes.undo(change_set, actor=request.user.get_username())
            except ClaimsError as error:
                self.message_user(request, f"{change_set}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, tell_done(f"{change_set}: undone. {undone.reason}".rstrip(), undone), messages.SUCCESS)
                if (listing := changes.find_listing(change_set)) is not None:
                    tasks.announce_settling(listing)


class KindFilter(admin.SimpleListFilter):
    """What a flag says, in words."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, flagged.FLAG_TITLES[kind]) for kind in FlagKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class SettledFilter(admin.SimpleListFilter):
    """Whether somebody has seen to it."""

    title = "settled"
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "not yet"), ("yes", "yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value()
        return queryset.filter(settled_by__isnull=asked == "no") if asked in ("yes", "no") else queryset


@admin.register(Flag)
class FlagAdmin(ReadOnlyAdmin):
    list_display = ("note", "says", "about", "run", "is_settled", "created")
    list_filter = (KindFilter, SettledFilter, "run")
    list_select_related = ("run",)
    actions = ("settle",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and permissions.may_curate(request.user)

    @admin.action(description="Settle: seen, leave it as it is", permissions=["change"])
    def settle(self, request: HttpRequest, flags: QuerySet[Flag]) -> None:
        found = self.take_chosen(request, flags)
        if found is None:
            return
        try:
            done = curation.settle_flags(found, actor=request.user.get_username())
        except ClaimsError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            settled = done.settled_flags.count()
            said = f"{settled} {'flag' if settled == 1 else 'flags'} settled."
            self.message_user(request, tell_done(said, done), messages.SUCCESS)

    @admin.display(description="Kind")
    def says(self, flag: Flag) -> str:
        return flagged.FLAG_TITLES.get(flag.kind, flag.kind)

    @admin.display(description="About")
    def about(self, flag: Flag) -> SafeString:
        name = "mlmodel" if flag.object_kind == "model" else flag.object_kind
        return format_html('<a href="{}">{}</a>', reverse(f"admin:claims_{name}_change", args=[flag.object_id]), flag.object_kind)

    @admin.display(description="Settled", boolean=True)
    def is_settled(self, flag: Flag) -> bool:
        return flag.settled_by_id is not None
