"""The catalogue's health: names that nobody has reviewed, what may be one, merging, and what a metric's numbers mean. For curators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from claims.boards import entries as reading
from claims.boards import twins
from claims.errors import ClaimsError, StaleObjectError
from claims.models import ChangeSet, Metric
from claims.services import entries, merging
from claims.terms import Direction
from leaderboard.catalogue_views import read_page_number
from leaderboard.entry_forms import EntryForm, MergeForm, MetricForm
from leaderboard.rendering import render
from leaderboard.views import for_curators

KINDS = {"dataset": "Datasets", "metric": "Metrics", "task": "Tasks", "mlmodel": "Models"}
_CALLED = {"dataset": "dataset", "metric": "metric", "task": "task", "mlmodel": "model"}
_INCOMPLETE = "The form is incomplete, or it doesn’t say which version of the entry it was made for. Look at it again."


@never_cache
@require_safe
@for_curators
def catalogue(request: HttpRequest) -> HttpResponse:
    """Names of one kind that nobody has reviewed, or pairs that may be one."""
    kind, shows = request.GET.get("kind", "dataset"), request.GET.get("show", "unreviewed")
    if kind == "paper":
        return render(request, "entries/papers.html", {"kind": kind, "kinds": _list_kinds(), "pairs": twins.list_flagged()})
    if kind not in KINDS or shows not in ("unreviewed", "alike"):
        raise Http404("The catalogue has datasets, metrics, tasks and models; each is shown as “unreviewed” or “alike”.")
    number = read_page_number(request.GET.get("page", ""))
    context = {
        "kind": kind,
        "kinds": _list_kinds(),
        "called": _CALLED[kind],
        "shows": shows,
        "page": reading.list_alike(kind, number) if shows == "alike" else reading.list_unreviewed(kind, number),
    }
    return render(request, "entries/catalogue.html", context)


def _list_kinds() -> list[tuple[str, str, int]]:
    counts = reading.count_unreviewed()
    return [(kind, words, counts[kind]) for kind, words in KINDS.items()]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def entry(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """One entry: what it is called and where it came from; to confirm, rename or merge it."""
    found = _find(kind, public_id)
    if found.merged_into is not None and request.method != "POST":
        return redirect("catalogue-entry", kind, found.merged_into.public_id)
    status, error = 200, ""
    if request.method == "POST":
        form = EntryForm(request.POST)
        if not form.is_valid():
            return _refuse(request, _INCOMPLETE, _address(kind, found), status=400)
        wish, actor = form.cleaned_data, request.user.get_username()
        try:
            if wish["act"] == "review":
                made = entries.confirm([(found, wish["version"])], actor=actor)
                return _leave(request, f"{found.name}: reviewed.", made, reverse("catalogue") + f"?{urlencode({'kind': kind})}")
            renamed = {"name": " ".join(wish["name"].split())}
            made = entries.edit(found, renamed, actor=actor, version=wish["version"], reason=wish["reason"])
            return _leave(request, f"{found.name} is called {_find(kind, public_id).name} now.", made, _address(kind, found))
        except StaleObjectError as stale:
            return _refuse(request, stale.message, _address(kind, found), status=409)
        except ClaimsError as refused:
            status, error = 400, refused.message
    context = {
        "entry": found,
        "kind": kind,
        "called": _CALLED[kind],
        "error": error,
        "typed": request.POST.get("name", found.name),
        "candidates": reading.find_candidates(kind, found),
    }
    return render(request, "entries/entry.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def merge(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """Choose what an entry is to be merged into, see what that moves, and do it."""
    found = _find(kind, public_id)
    if request.method == "POST":
        return _merge(request, kind, found)
    if found.merged_into is not None:
        return redirect("catalogue-entry", kind, found.merged_into.public_id)
    asked = request.GET.get("into", "")
    target = reading.find_entry(kind, asked) if asked else None
    if asked and target is None:
        raise Http404(f"There is no {_CALLED[kind]} at this address to merge into.")
    target = target.root() if target is not None else None
    text = request.GET.get("q", "")
    context: dict[str, Any] = {"entry": found, "kind": kind, "called": _CALLED[kind], "q": text}
    if target is not None and target.pk != found.pk:
        context["preview"] = reading.preview_merge(kind, found, target)
    else:
        context["candidates"] = reading.find_candidates(kind, found, text)
        context["itself"] = target is not None
    return render(request, "entries/merge.html", context)


def _merge(request: HttpRequest, kind: str, found: Any) -> HttpResponse:
    form = MergeForm(request.POST)
    back = reverse("merge-entry", args=[kind, found.public_id])
    if not form.is_valid():
        return _refuse(request, _INCOMPLETE, back, status=400)
    wish = form.cleaned_data
    target = reading.find_entry(kind, wish["into"])
    if target is None:
        return _refuse(request, f"There is no such {_CALLED[kind]} any more. Choose another one.", back, status=400)
    try:
        made = merging.merge(found, target, actor=request.user.get_username(), version=wish["version"], reason=wish["reason"])
    except ClaimsError as error:
        return _refuse(request, error.message, back, status=409 if isinstance(error, StaleObjectError) else 400)
    root = target.root()
    return _leave(request, f"{found.name} was merged into {root.name}.", made, _address(kind, root))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def metric_meaning(request: HttpRequest, public_id: str) -> HttpResponse:
    """Which numbers of a metric are the better ones, and their unit, with the boards that turn round."""
    found: Metric = _find("metric", public_id)
    error, status = "", 200
    address = reverse("metric-meaning", args=[public_id])
    if request.method == "POST":
        form = MetricForm(request.POST)
        if not form.is_valid():
            return _refuse(request, _INCOMPLETE, address, status=400)
        wish = form.cleaned_data
        try:
            meaning = {"direction": wish["direction"], "unit": wish["unit"]}
            made = entries.edit(found, meaning, actor=request.user.get_username(), version=wish["version"], reason=wish["reason"])
            return _leave(request, f"{found.name}: what its numbers mean was changed.", made, _address("metric", found))
        except StaleObjectError as stale:
            return _refuse(request, stale.message, address, status=409)
        except ClaimsError as refused:
            error, status = refused.message, 400
    elif found.merged_into is not None:
        return redirect("metric-meaning", found.merged_into.public_id)
    context = {
        "entry": found,
        "error": error,
        "directions": list(Direction),
        "direction": request.POST.get("direction", found.direction),
        "unit": request.POST.get("unit", found.unit),
        "preview": reading.preview_metric(found),
    }
    return render(request, "entries/metric.html", context, status=status)


# ---- what the pages share ----


def _find(kind: str, public_id: str) -> Any:
    found = reading.find_entry(kind, public_id)
    if found is None:
        raise Http404(f"The catalogue has no {_CALLED.get(kind, 'entry')} at this address.")
    return found


def _address(kind: str, found: Any) -> str:
    return reverse("catalogue-entry", args=[kind, found.public_id])


def _leave(request: HttpRequest, told: str, made: ChangeSet, address: str) -> HttpResponse:
    """Lead on, with a message that offers to undo what was made."""
    messages.success(request, told, extra_tags=made.public_id)
    return HttpResponseRedirect(address)


def _refuse(request: HttpRequest, message: str, back: str, *, status: int) -> HttpResponse:
    return render(request, "boards/refused.html", {"message": message, "back": back}, status=status)
