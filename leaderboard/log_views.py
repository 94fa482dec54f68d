"""What people, policies and commands did: the site's log, one act, the history of a number, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from rest_framework.utils.encoders import JSONEncoder

from claims import boards
from claims.api.acts import context_of_decisions
from claims.api.serializers import DecidedObject, DecisionEntry
from claims.errors import ClaimsError, StaleObjectError, UnknownFilterError
from claims.models import ChangeSet, Claim, Cost, Decision
from claims.services import curation, permissions
from leaderboard.forms import RevertForm
from leaderboard.rendering import render
from leaderboard.views import for_curators

KINDS = (
    *(("claim", "results"), ("cost", "costs"), ("listing", "listings"), ("paper", "papers")),
    *(("task", "tasks"), ("dataset", "datasets"), ("metric", "metrics"), ("mlmodel", "models")),
)
_IN_FORM = ("actor", "action", "kind", "since", "until")

_TABLES: dict[str, type[Claim] | type[Cost]] = {"claim": Claim, "cost": Cost}


def _may_ask(request: HttpRequest) -> bool:
    """Say whether the reader may ask for what the query asks for: who did what is found by those alone who are told names."""
    return not request.GET.get("actor") or permissions.may_see_actors(request.user)


@never_cache
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """What was done on this site, the latest first."""
    if not _may_ask(request):
        return redirect_to_login(request.get_full_path())
    try:
        page = boards.read_log(request.GET, for_curator=permissions.may_curate(request.user))
    except UnknownFilterError as error:
        return _refuse_query(request, error)
    asked = {name: value for name, value in request.GET.items() if value and name != "before"}
    export = request.GET.copy()
    export.pop("before", None)
    context = {
        "log": page,
        "asked": asked,
        "actions": boards.ACTION_WORDS.items(),
        "kinds": KINDS,
        "kept": [name for name in asked if name not in _IN_FORM],
        "export": export.urlencode(),
        "is_first": not request.GET.get("before"),
    }
    return render(request, "log/log.html", context)


def _refuse_query(request: HttpRequest, error: UnknownFilterError) -> HttpResponse:
    return render(request, "log/bad_query.html", {"message": error.message}, status=400)


@never_cache
@require_safe
def act(request: HttpRequest, public_id: str) -> HttpResponse:
    """One act with all that it decided, a page of it at a time."""
    stated = request.GET.get("page", "1")
    number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 0
    try:
        found = boards.read_act(public_id, page=max(1, number), for_curator=permissions.may_curate(request.user))
    except ChangeSet.DoesNotExist:
        raise Http404("There is no act at this address.") from None
    pages = max(1, -(-found.count // boards.OBJECTS_ON_A_PAGE))
    if not 1 <= number <= pages:
        raise Http404(f"There is no page “{stated[:20]}”; this act has {pages}.")
    may_undo = permissions.may_undo(request.user, found.change_set)
    context = {"act": found, "number": number, "pages": pages, "may_undo": may_undo}
    return render(request, "log/act.html", context)


_OF_ACTS = ("id", "action", "actor", "reason", "created", "undoes", "undone_by")
_OF_DECISIONS = ("object", "id", "version", "before", "after")


@require_safe
def export_log(request: HttpRequest) -> HttpResponseBase:
    """The acts that a query asks for as JSON lines: a line for each decision, as the API tells it, and one for an act on nothing."""
    if not _may_ask(request):
        return redirect_to_login(request.get_full_path())
    try:
        walked = boards.walk_decisions(request.GET)
    except UnknownFilterError as error:
        return _refuse_query(request, error)
    response = StreamingHttpResponse(_write_lines(request, walked), content_type="application/x-ndjson; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="claimboard-log.jsonl"'
    response["Cache-Control"] = "private, no-store"
    return response


def _write_lines(request: HttpRequest, walked: Iterator[list[tuple[ChangeSet, list[Decision]]]]) -> Iterator[str]:
    encode = JSONEncoder(ensure_ascii=False).encode
    entry = DecisionEntry(context={"request": request, "wanted": list(_OF_ACTS)})
    for piece in walked:
        decided = DecidedObject(context=context_of_decisions([decision for _, decisions in piece for decision in decisions]))
        lines = []
        for change_set, decisions in piece:
            told = entry.to_representation(change_set)
            said: dict[str, Any] = {"act": told.pop("id"), **told}
            objects = [decided.to_representation(decision) for decision in decisions] or [dict.fromkeys(_OF_DECISIONS)]
            lines += [encode(said | {name: each[name] for name in _OF_DECISIONS}) for each in objects]
        yield "".join(f"{line}\n" for line in lines)


@never_cache
@require_safe
def number_history(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """What was decided on a claim or a cost, the latest first, with the way back to any point for curators."""
    may_curate = permissions.may_curate(request.user)
    before = request.GET.get("before", "")
    try:
        history = boards.read_history(kind, public_id, before=before, for_curator=may_curate)
    except (Claim.DoesNotExist, Cost.DoesNotExist):
        raise Http404(f"There is no {kind} at this address.") from None
    except UnknownFilterError as error:
        return _refuse_query(request, error)
    can_revert = may_curate and history.statement.retired_by_id is None
    context = {"history": history, "said": history.statement, "kind": kind, "is_first": not before, "can_revert": can_revert}
    return render(request, "log/history.html", context)


@require_POST
@for_curators
def revert(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """Set a claim or a cost back to a point of its history."""
    statement: Any = get_object_or_404(_TABLES[kind], public_id=public_id)
    back = reverse("number-history", args=[kind, public_id])
    form = RevertForm(request.POST)
    if not form.is_valid():
        return _refuse(request, "The form is incomplete. Choose a point of the history to go back to.", back, status=400)
    wish = form.cleaned_data
    decided = Decision.objects.filter(object_kind=kind, object_id=statement.pk, change_set__public_id=wish["act"])
    decision = decided.select_related("change_set").first()
    if decision is None:
        return _refuse(request, "That act decided nothing on this number.", back, status=400)
    actor, is_before = request.user.get_username(), wish["when"] == "before"
    try:
        curation.revert(statement, decision, actor=actor, version=wish["version"], reason=wish["reason"], before=is_before)
    except ClaimsError as error:
        return _refuse(request, error.message, back, status=409 if isinstance(error, StaleObjectError) else 400)
    messages.success(request, f"{statement.stated}: set back, {statement.state} now.")
    return HttpResponseRedirect(back)


def _refuse(request: HttpRequest, message: str, back: str, *, status: int) -> HttpResponse:
    return render(request, "boards/refused.html", {"message": message, "back": back}, status=status)
