"""Where a curator says that a number is verified or disputed, with a reason and a link, or takes that back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from claims import boards
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Claim, Cost
from claims.services import tiers
from claims.terms import CurationState, Tier
from leaderboard.addresses import local_address
from leaderboard.rendering import render
from leaderboard.views import for_curators

NO_TIER = "none"


class TierForm(forms.Form):
    """What is said of a number. Field checks only: whether the link is one, the services say."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    tier = forms.ChoiceField(
        choices=[(tier.value, tier.value) for tier in Tier] + [(NO_TIER, NO_TIER)],
        error_messages={"required": "Choose one.", "invalid_choice": "There is no such choice. Choose one of these."},
    )
    reason = forms.CharField(required=False, strip=False)
    link = forms.CharField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_curators
def tier(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """Say that a claim or a cost is verified or disputed. A form that somebody was quicker than comes back with what they did."""
    statement = _find(kind, public_id)
    back = local_address(request.POST.get("next", "") or request.GET.get("next", ""), default=_home(statement))
    acts: list[boards.ChangeSince] = []
    status = 200
    form = TierForm(request.POST) if request.method == "POST" else TierForm(initial=_said(statement))
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                return _save(request, statement, form, back)
            except StaleObjectError:
                statement, status = _find(kind, public_id), 409
                acts = boards.read_changes(statement, since=form.cleaned_data["version"])
            except InvalidDecisionError as error:
                form.add_error(error.field or None, error.message)
    context = {
        "form": form,
        "statement": statement,
        "kind": kind,
        "acts": acts,
        "stale": status == 409,
        "next": back,
        "is_decidable": statement.retired_by_id is None and statement.state != CurationState.REJECTED,
        "longest_reason": tiers.LONGEST_REASON,
        "longest_link": tiers.LONGEST_LINK,
    }
    return render(request, "tier/tier.html", context, status=status)


def _save(request: HttpRequest, statement: Claim | Cost, form: TierForm, back: str) -> HttpResponse:
    actor, wish = request.user.get_username(), form.cleaned_data
    if wish["tier"] == NO_TIER:
        made = tiers.withdraw_tier(statement, actor=actor, version=wish["version"], reason=wish["reason"])
        told = "is neither verified nor disputed any more"
    else:
        set_to = Tier(wish["tier"])
        made = tiers.set_tier(statement, set_to, actor=actor, version=wish["version"], reason=wish["reason"], link=wish["link"])
        told = f"is {set_to} now"
    messages.success(request, f"{boards.number_as_written(statement)} {told}.", extra_tags=made.public_id)
    return HttpResponseRedirect(back)


def _said(statement: Claim | Cost) -> dict[str, Any]:
    return {
        "tier": statement.tier or Tier.VERIFIED.value,
        "version": statement.version,
        "reason": statement.tier_reason,
        "link": statement.tier_link,
    }


def _find(kind: str, public_id: str) -> Claim | Cost:
    """Return a number with its text, whose paper says whether the sentence may be shown. Raises `Http404`."""
    rows: Any = (Cost if kind == "cost" else Claim)._default_manager
    names = ("metric", "dataset") if kind == "claim" else ()
    origin = ("paper_text__paper", "source_record__source__listing", "source_record__paper")
    found: Claim | Cost | None = rows.select_related(*names, *origin).filter(public_id=public_id).first()
    if found is None:
        raise Http404(f"There is no {kind} at this address.")
    return found


def _home(statement: Claim | Cost) -> str:
    if statement.paper_text is not None:
        return statement.paper_text.paper.get_absolute_url()
    return (statement.source_record.get_absolute_url() if statement.source_record is not None else "") or reverse("home")
