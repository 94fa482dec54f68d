"""Many numbers at once: choose, see what would change, confirm just that."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from claims import boards
from claims.errors import InvalidDecisionError, StaleObjectError, UnknownFilterError
from claims.filters import BulkFilterSet
from claims.services import bulk as service
from claims.services.bulk import Seen, Wish
from claims.terms import FLAGS_ON_NUMBERS, ClaimKind, CurationState, RejectReason, Role
from leaderboard.correction_views import _of_curators as of_curators
from leaderboard.rendering import render

LAST = 2**63 - 1
_ACTS = {
    "accept": (CurationState.ACCEPTED, ""),
    "not_a_result": (CurationState.REJECTED, RejectReason.NOT_A_RESULT.value),
    "wrongly_read": (CurationState.REJECTED, RejectReason.WRONGLY_READ.value),
}


class ActForm(forms.Form):
    """What is done with the numbers; the same in the address of a preview and in the form that confirms it."""

    act = forms.ChoiceField(
        choices=[(act, act) for act in _ACTS],
        error_messages={
            "invalid_choice": "Choose what is done: accept, not a result, or wrongly read.",
            "required": "Choose what is done.",
        },
    )
    note = forms.CharField(max_length=500, required=False, error_messages={"max_length": "A note has at most 500 characters."})
    flagged = forms.BooleanField(required=False)


class SeenForm(forms.Form):
    """What the preview showed."""

    digest = forms.RegexField(r"\A[0-9a-f]{64}\Z")
    last_claim = forms.IntegerField(min_value=0, max_value=LAST)
    last_cost = forms.IntegerField(min_value=0, max_value=LAST)
    total = forms.IntegerField(min_value=0, max_value=LAST)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@of_curators
def bulk(request: HttpRequest) -> HttpResponse:
    """Decide on all undecided numbers that pass the filters. The address has the filters and the act; a form confirms the preview."""
    curator = cast("User", request.user)
    filters = _filters_of(request)
    context: dict[str, Any] = {
        "chosen": filters,
        "filters": filters.urlencode(),
        "choices": boards.list_choices(),
        "flags": FLAGS_ON_NUMBERS,
        "flag_counts": boards.count_flags(),
        "kinds": [kind.value for kind in ClaimKind],
        "roles": [role.value for role in Role],
        "asked": {name: request.GET.get(name, "") for name in ("act", "note", "flagged")},
        "most": service.MOST,
        "shown": service.SHOWN,
    }
    status = 200
    try:
        BulkFilterSet(request.GET).check()
        if request.method != "POST" and "act" not in request.GET:
            return render(request, "review/bulk.html", context)
        wish = _read_wish(request, filters)
        if request.method == "POST":
            seen, total = _read_seen(request)
            try:
                made = service.decide(wish, seen, curator=curator)
            except StaleObjectError as error:
                status = 409
                context |= {"stale": error.message, "showed": total}
            else:
                count = made.decisions.count()
                what = "accepted" if wish.state is CurationState.ACCEPTED else "rejected"
                messages.success(request, f"{count:,} {'number' if count == 1 else 'numbers'} {what}.")  # the act's page offers the undo
                return HttpResponseRedirect(made.get_absolute_url())
        context["preview"] = service.preview(wish, curator=curator)
        context["wish"] = wish
    except (UnknownFilterError, InvalidDecisionError) as error:
        context["trouble"], status = error.message, 400
    return render(request, "review/bulk.html", context, status=status)


def _read_wish(request: HttpRequest, filters: QueryDict) -> Wish:
    form = ActForm(request.GET)
    if not form.is_valid():
        raise InvalidDecisionError(" ".join(str(message) for errors in form.errors.values() for message in errors))
    said = form.cleaned_data
    state, reason = _ACTS[said["act"]]
    wish = Wish(BulkFilterSet(filters), state, reason, said["note"], said["flagged"])
    wish.check()
    return wish


def _read_seen(request: HttpRequest) -> tuple[Seen, int]:
    form = SeenForm(request.POST)
    if not form.is_valid():
        raise InvalidDecisionError("The form doesn’t say which numbers the preview showed. Look at the preview again.")
    said = form.cleaned_data
    return Seen(said["digest"], said["last_claim"], said["last_cost"]), said["total"]


def _filters_of(request: HttpRequest) -> QueryDict:
    filters = QueryDict(mutable=True)
    for name in BulkFilterSet.base_filters:
        if stated := request.GET.get(name, ""):
            filters[name] = stated
    return filters
