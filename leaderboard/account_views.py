"""What is a signed-in user's own: the tokens of their programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from claims.errors import ClaimsError
from claims.services import tokens as service
from leaderboard.forms import TokenForm
from leaderboard.rendering import render

if TYPE_CHECKING:
    from django.contrib.auth.models import User


# A secret is shown once, in the answer to the form that made it: not kept in a session, and not by the browser.
@login_required
@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The user's tokens, and a form that makes one."""
    user = cast("User", request.user)
    offered = service.offered_scopes(user)
    form, secret, made = TokenForm(offered), "", None
    if request.method == "POST":
        form = TokenForm(offered, request.POST)
        if form.is_valid():
            wish = form.cleaned_data
            try:
                made, secret = service.create(user, name=wish["name"], scopes=wish["scopes"], days=wish["days"])
            except ClaimsError as error:
                form.add_error(None, error.message)
            else:
                form = TokenForm(offered)
    context = {"form": form, "offered": offered, "tokens": service.list_tokens(user), "secret": secret, "made": made, "now": timezone.now()}
    return render(request, "account/tokens.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def revoke_token(request: HttpRequest, public_id: str) -> HttpResponse:
    """Revoke one of the user's tokens."""
    revoked = service.revoke(cast("User", request.user), public_id)
    if revoked is None:
        raise Http404("You have no such token.")
    messages.success(request, f"The token “{revoked.name}” is revoked: nothing can use it any more.")
    return redirect("tokens")
