"""The review queue: one number at a time, with its sentence; every decision a form, with a script or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from claims import boards
from claims.errors import ClaimsError, StaleObjectError, UnknownFilterError
from claims.filters import ReviewFilterSet
from claims.models import ChangeSet, Claim, Cost
from claims.services import permissions, queue, reporting
from claims.terms import FLAGS_ON_NUMBERS, CurationState, RejectReason
from leaderboard.forms import ReviewForm
from leaderboard.rendering import render

Params = ParamSpec("Params")

MOST_PASSED = 200
"""So many skipped numbers, and so many skipped papers, are remembered for a curator; the oldest come again."""
_SESSION = "review_passed"
_FRAGMENT = "X-Fragment"
"""The header by which the script asks for a part of the page: the "desk" with a number, or the "said" about a decision."""
_STATES = {
    "accept": (CurationState.ACCEPTED, ""),
    "not_a_result": (CurationState.REJECTED, RejectReason.NOT_A_RESULT.value),
    "wrongly_read": (CurationState.REJECTED, RejectReason.WRONGLY_READ.value),
}


def _for_curators(
    view: Callable[Concatenate[HttpRequest, Params], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Lead who is not signed in to the login page and from there to the queue, and refuse who may not decide. No cache keeps the answer."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path() if request.method == "GET" else _address(_filters_of(request)))
        if not permissions.may_curate(request.user):
            raise PermissionDenied(
                "Your account may not decide on numbers, so it has no review queue. Ask the operator of this site to make you a curator."
            )
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@_for_curators
def review(request: HttpRequest) -> HttpResponse:
    """The next number to decide on. `at` names one, `near` the one whose paper is being read; a script asks for the desk alone."""
    wanted = ReviewFilterSet(request.GET)
    try:
        wanted.check()
    except UnknownFilterError as error:
        return render(request, "review/refused.html", {"message": error.message, "back": reverse("review")}, status=400)
    return _show(request, wanted)


def _show(request: HttpRequest, wanted: ReviewFilterSet, *, at: Claim | Cost | None = None) -> HttpResponse:
    curator, passed = cast("User", request.user), _read_passed(request)
    at = at or _named(request.GET.get("at", ""))
    key = queue.take_this(curator, at, wanted) if at is not None else None
    missed = at if key is None else None
    if key is None:
        near, without = _named(request.GET.get("near", "")), _named(request.GET.get("without", ""))
        key = queue.take(curator, wanted, near=near, without=without, passed=passed)
    filters = _filters_of(request)
    context: dict[str, Any] = {
        "desk": boards.read_desk(*key) if key else None,
        "filters": filters.urlencode(),
        "missed": missed,
        "left": queue.count_left(wanted),
        "most_counted": queue.MOST_COUNTED,
        "decided": queue.count_decided(curator),
        "said": _last_said(curator),
        "passed": len(passed),
    }
    if key:
        context["correct"] = correct_address(context["desk"].statement, back=_address(filters))
        context["here"] = _address(filters, at=_name_of(context["desk"].statement))
    else:
        everything = ReviewFilterSet(QueryDict())
        context["hidden"] = queue.count_left(everything) if filters else 0
        context["elsewhere"] = queue.count_elsewhere(curator)
    alone = request.headers.get(_FRAGMENT) == "desk"
    if not alone:
        context |= {"choices": boards.list_choices(), "chosen": filters, "flags": FLAGS_ON_NUMBERS, "flag_counts": boards.count_flags()}
        context["reported"] = reporting.list_waiting().count()
    response = render(request, "review/_desk.html" if alone else "review/review.html", context)
    patch_vary_headers(response, [_FRAGMENT])
    return response


@require_POST
@_for_curators
def decide(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """Accept or reject a number, skip it, or skip the rest of its paper; lead to the next one."""
    curator, statement = cast("User", request.user), queue.find(kind, public_id)
    if statement is None:
        raise Http404(f"There is no {kind} at this address.")
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _refuse(request, statement, "The decision is incomplete. Accept the number, or reject it with a reason.", status=400)
    wish = form.cleaned_data
    filters = _filters_of(request)
    if wish["act"] in _STATES:
        state, reason = _STATES[wish["act"]]
        try:
            note = wish["note"] if reason else ""
            changes = queue.decide(statement, state, curator=curator, version=wish["version"], reason=reason, note=note)
        except ClaimsError as error:
            return _refuse(request, statement, error.message, status=409 if isinstance(error, StaleObjectError) else 400)
        said: Said | None = Said(changes, statement)
    else:
        said = _last_said(curator)
        queue.release(statement, curator)
        _pass(request, statement, whole=wish["act"] == "next_paper")
    if request.headers.get(_FRAGMENT) == "said":
        return render(request, "review/_said.html", {"said": said, "filters": filters.urlencode()})
    if wish["act"] == "wrongly_read":
        return HttpResponseRedirect(correct_address(statement, back=_address(filters)))
    return HttpResponseRedirect(_address(filters, **({} if wish["act"] == "next_paper" else {"near": _name_of(statement)})))


@require_POST
@_for_curators
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take back what the curator decided, and show that number again."""
    curator = cast("User", request.user)
    change_set = ChangeSet.objects.filter(public_id=public_id, actor=curator.get_username()).first()
    statement = queue.find_decided(change_set) if change_set else None
    if change_set is None or statement is None:
        raise Http404("You made no change that is at this address.")
    try:
        queue.undo(change_set, curator=curator)
    except ClaimsError as error:
        return _refuse(request, statement, error.message, status=409)
    filters = _filters_of(request)
    if request.headers.get(_FRAGMENT) == "desk":
        statement.refresh_from_db()
        wanted = ReviewFilterSet(filters)
        wanted.check()
        return _show(request, wanted, at=statement)
    return HttpResponseRedirect(_address(filters, at=_name_of(statement)))


@require_POST
@_for_curators
def look_again(request: HttpRequest) -> HttpResponse:
    """Let what the curator skipped come again."""
    request.session.pop(_SESSION, None)
    return HttpResponseRedirect(_address(_filters_of(request)))


def correct_address(statement: Claim | Cost, *, back: str) -> str:
    """Return where a number is corrected, which leads `back` afterwards."""
    name = "correct-cost" if isinstance(statement, Cost) else "correct-claim"
    return f"{reverse(name, args=[statement.public_id])}?{urlencode({'next': back})}"


# ---- what was said last ----


@dataclass(frozen=True, slots=True)
class Said:
    """What a curator decided last and may take back, with the number as it is now."""

    change_set: ChangeSet
    statement: Claim | Cost


def _last_said(curator: User) -> Said | None:
    change_set = queue.find_last_own(curator)
    statement = queue.find_decided(change_set) if change_set else None
    return Said(change_set, statement) if change_set and statement else None


def _refuse(request: HttpRequest, statement: Claim | Cost, message: str, *, status: int) -> HttpResponse:
    """Answer a decision that was not taken, with what somebody else made of the number meanwhile."""
    statement.refresh_from_db()
    filters = _filters_of(request)
    context = {
        "message": message,
        "statement": statement,
        "last": queue.find_last_word(statement),
        "back": _address(filters, near=_name_of(statement)),
        "again": _address(filters, at=_name_of(statement)) if statement.state == CurationState.UNREVIEWED else "",
    }
    alone = _FRAGMENT in request.headers
    return render(request, "review/_refused.html" if alone else "review/refused.html", context, status=status)


# ---- addresses ----


def _filters_of(request: HttpRequest) -> QueryDict:
    """Return the filters of the queue that are in an address, without those that are empty."""
    filters = QueryDict(mutable=True)
    for name in ReviewFilterSet.base_filters:
        if stated := request.GET.get(name, ""):
            filters[name] = stated
    return filters


def _address(filters: QueryDict, **more: str) -> str:
    query = filters.copy()
    for name, value in more.items():
        query[name] = value
    return f"{reverse('review')}?{query.urlencode()}" if query else reverse("review")


def _name_of(statement: Claim | Cost) -> str:
    return f"{'cost' if isinstance(statement, Cost) else 'claim'}-{statement.public_id}"


def _named(name: str) -> Claim | Cost | None:
    kind, _, public_id = name.partition("-")
    return queue.find(kind, public_id) if kind in ("claim", "cost") else None


# ---- what was skipped ----


def _read_passed(request: HttpRequest) -> queue.Passed:
    kept = request.session.get(_SESSION, {})
    return queue.Passed(kept.get("claim", ()), kept.get("cost", ()), kept.get("text", ()))


def _pass(request: HttpRequest, statement: Claim | Cost, *, whole: bool) -> None:
    """Remember that the curator skips a number, or the `whole` paper that it stands in."""
    kept = request.session.get(_SESSION, {})
    kind, pk = queue.key_of(statement).name, statement.pk
    if whole and statement.paper_text_id is not None:
        kind, pk = "text", statement.paper_text_id
    kept[kind] = [*(known for known in kept.get(kind, []) if known != pk), pk][-MOST_PASSED:]
    request.session[_SESSION] = kept
