"""Webhooks: to have them, to see what was sent, to try them out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims.errors import WebhookError
from claims.models import Delivery, Webhook
from claims.services import deliveries, permissions, webhooks
from claims.terms import SUBSCRIBED_EVENTS, WebhookEvent
from leaderboard.addresses import absolute
from leaderboard.forms import WebhookForm
from leaderboard.rendering import render

Params = ParamSpec("Params")

DELIVERIES_ON_A_PAGE = 25
_MAY_HAVE_NONE = "Your account may have no webhooks. They are for those who upload listings or decide on numbers here."
EVENT_WORDS = {
    WebhookEvent.RECORD_NEW: "a result is better than all before it on its board",
    WebhookEvent.CLAIM_ACCEPTED: "a person accepts numbers that were read",
    WebhookEvent.LISTING_DONE: "a listing was read, or could not be",
}


def _for_owners(
    view: Callable[Concatenate[HttpRequest, Params], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Lead who is not signed in to the login page, and refuse who may have no webhooks and has none. No cache keeps the answer."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        user = request.user
        if not permissions.may_have_webhooks(user) and not Webhook.objects.filter(owner=user.pk).exists():
            raise PermissionDenied(_MAY_HAVE_NONE)
        return view(request, *args, **kwargs)

    return guarded


def _find(request: HttpRequest, public_id: str) -> Webhook:
    """Return a webhook that is the reader's to manage; whether there is another one at its address is not said."""
    webhook = Webhook.objects.select_related("owner").filter(public_id=public_id).first()
    if webhook is None or not permissions.may_manage_webhook(request.user, webhook):
        raise Http404("You have no webhook at this address.")
    return webhook


@_for_owners
@require_http_methods(["GET", "HEAD", "POST"])
def hooks(request: HttpRequest) -> HttpResponse:
    """The reader's webhooks, everybody's for who may manage all, and the form for another one."""
    user = cast("User", request.user)
    may_add = permissions.may_have_webhooks(user)
    if request.method == "POST" and not may_add:
        raise PermissionDenied(_MAY_HAVE_NONE)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            webhook = webhooks.create_webhook(user, **form.cleaned_data)
        except WebhookError as error:
            form.add_error(error.field or None, error.message)
        else:
            return _show_secret(request, webhook, webhook.secret, is_new=True)
    found = Webhook.objects.select_related("owner").annotate(sent=Count("deliveries"), latest=Max("deliveries__tried")).order_by("pk")
    everybodys = permissions.may_manage_all_webhooks(user)
    context = {
        "hooks": found if everybodys else found.filter(owner=user),
        "everybodys": everybodys,
        "form": form,
        "may_add": may_add,
        "events": [(event.value, EVENT_WORDS[event]) for event in SUBSCRIBED_EVENTS],
        "chosen": form.data.getlist("events") if form.is_bound else [event.value for event in SUBSCRIBED_EVENTS],  # type: ignore[attr-defined]  # a QueryDict
        "private": settings.WEBHOOKS_ALLOW_PRIVATE,
        "most": webhooks.MOST_WEBHOOKS,
        "delays": len(deliveries.DELAYS),
        "days": deliveries.DISABLED_AFTER.days,
    }
    return render(request, "hooks/hooks.html", context, status=400 if form.errors else 200)


def _show_secret(request: HttpRequest, webhook: Webhook, secret: str, *, is_new: bool) -> HttpResponse:
    """Show a secret, this once: the answer to the form that made it, which no address leads to."""
    return render(request, "hooks/secret.html", {"hook": webhook, "secret": secret, "is_new": is_new, "site": absolute("/")})


@_for_owners
@require_safe
def hook(request: HttpRequest, public_id: str) -> HttpResponse:
    """A webhook with the log of what was sent to it."""
    found = _find(request, public_id)
    log = found.deliveries.order_by("-created", "-pk")
    page = Paginator(log, DELIVERIES_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "hook": found,
        "page": page,
        "is_own": found.owner_id == request.user.pk,
        "may_renew": permissions.may_renew_secret(request.user, found),
        "owner_may": permissions.may_have_webhooks(found.owner),
        "kept": deliveries.KEPT.days,
        "days": deliveries.DISABLED_AFTER.days,
    }
    return render(request, "hooks/hook.html", context)


@require_POST
@_for_owners
def change_hook(request: HttpRequest, public_id: str, act: str) -> HttpResponse:
    """Pause, resume or delete a webhook, try it out, or give it another secret, as `act` says."""
    found = _find(request, public_id)
    if act == "secret":
        if not permissions.may_renew_secret(request.user, found):
            raise PermissionDenied("Only its owner may have a new secret of a webhook.")
        return _show_secret(request, found, webhooks.renew_secret(found), is_new=False)
    if act == "delete":
        webhooks.delete(found)
        messages.success(request, f"The webhook for {found.url} was deleted, and its log with it.")
        return redirect("hooks")
    try:
        messages.success(request, _ACTS[act](found))
    except WebhookError as error:
        messages.warning(request, error.message)
    return redirect(found)


def _pause(webhook: Webhook) -> str:
    webhooks.pause(webhook)
    return "Paused. It is told of nothing that happens from now on; what waits stays."


def _resume(webhook: Webhook) -> str:
    webhooks.resume(webhook)
    return "Active. What waited is sent now."


def _test(webhook: Webhook) -> str:
    return f"A test event is on its way as {webhooks.send_test(webhook).message_id}."


_ACTS: dict[str, Callable[[Webhook], str]] = {"pause": _pause, "resume": _resume, "test": _test}


@require_POST
@_for_owners
def send_again(request: HttpRequest, public_id: str, delivery_id: str) -> HttpResponse:
    """Send a delivery of a webhook once more."""
    found = _find(request, public_id)
    delivery = Delivery.objects.select_related("webhook").filter(webhook=found, public_id=delivery_id).first()
    if delivery is None:
        raise Http404("Nothing like that was sent to this webhook; its log goes back a while only.")
    try:
        webhooks.send_again(delivery)
    except WebhookError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, f"{delivery.message_id} is on its way again.")
    return redirect(found)
