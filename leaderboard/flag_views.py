"""What a curator says of a flag: that the number is right as it is."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from claims.errors import InvalidDecisionError
from claims.models import Flag
from claims.services import curation
from claims.terms import FLAGS_ON_NUMBERS, FlagKind
from leaderboard.addresses import local_address
from leaderboard.rendering import render
from leaderboard.views import for_curators


@require_POST
@never_cache
@for_curators
def settle(request: HttpRequest, public_id: str) -> HttpResponse:
    """Settle a flag: a person has looked, and the number stays as it is. Undone like any act."""
    flag = Flag.objects.filter(public_id=public_id, kind__in=FLAGS_ON_NUMBERS).first()
    back = local_address(request.POST.get("next", ""))
    if flag is None:
        raise Http404("There is no such flag: it no longer holds, and was taken away.")
    try:
        # A reader's words are for curators, and the log is for all.
        reason = "" if flag.kind == FlagKind.REPORT else flag.note
        made = curation.settle_flags([flag], actor=request.user.get_username(), reason=reason)
    except InvalidDecisionError as error:
        return render(request, "boards/refused.html", {"message": error.message, "back": back}, status=409)
    messages.success(request, "Settled: the number is right as it is.", extra_tags=made.public_id)
    return HttpResponseRedirect(back)
