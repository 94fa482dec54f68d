"""What is a user's own: the account and the way to it, what was uploaded and decided, the tokens of their programs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims.errors import ClaimsError, InvitationError, UnknownInvitationError
from claims.models import ChangeSet, Invitation, Listing, Webhook
from claims.services import invitations as inviting
from claims.services import once, own, permissions
from claims.services import tokens as service
from claims.terms import AccountGroup
from leaderboard import guessing
from leaderboard.addresses import absolute
from leaderboard.forms import AccountForm, InvitationForm, TokenForm
from leaderboard.rendering import render

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Params = ParamSpec("Params")
logger = logging.getLogger(__name__)

GROUP_WORDS = {
    AccountGroup.UPLOADER: "uploads listings, and looks after those",
    AccountGroup.CURATOR: "accepts, corrects and rejects numbers",
    AccountGroup.ADMINISTRATOR: "does both, looks after everybody’s listings and webhooks, and invites people",
}


# ---- signing in ----


class SignInView(LoginView):
    """The login page; after too many tries it says how long to wait."""

    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post", "options"]

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        if wait := guessing.wait_of(self.request):
            context = self.get_context_data(form=form, wait=guessing.wait_words(wait))
            response = render(self.request, "registration/login.html", context, status=429)
            response["Retry-After"] = str(wait)
        return response


class ChangePasswordView(PasswordChangeView):
    """Another password, for who knows the present one. It ends the sessions that are open elsewhere."""

    template_name = "account/password.html"
    success_url = reverse_lazy("account")
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and request.user.is_authenticated and (wait := guessing.count_change(request)):
            context = {"form": self.form_class(request.user), "wait": guessing.wait_words(wait)}
            response = render(request, self.template_name, context, status=429)
            response["Retry-After"] = str(wait)
            return response
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is changed. Where you were signed in elsewhere, you are no more; tokens stay.")
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        return render(self.request, self.template_name, self.get_context_data(form=form), status=400)


# ---- the account ----


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who the reader is here, what they may do, and where what is theirs stands."""
    user = cast("User", request.user)
    context = {
        "groups": [(name, GROUP_WORDS.get(name, "")) for name in user.groups.order_by("name").values_list("name", flat=True)],  # type: ignore[call-overload]  # a word of the vocabulary is a text
        "may_upload": permissions.may_upload(user),
        "may_curate": permissions.may_curate(user),
        "may_invite": permissions.may_invite(user),
        "may_manage": user.has_perm("claims.manage_listing"),
        "has_webhooks": permissions.may_have_webhooks(user) or Webhook.objects.filter(owner=user).exists(),
    }
    return render(request, "account/account.html", context)


@login_required
@never_cache
@require_safe
def uploads(request: HttpRequest) -> HttpResponse:
    """The listings that the reader uploaded."""
    try:
        stretch = own.list_uploads(cast("User", request.user), after=request.GET.get("after", ""))
    except Listing.DoesNotExist:
        raise Http404("You uploaded no such listing.") from None
    return render(request, "account/uploads.html", {"stretch": stretch, "after": request.GET.get("after", "")})


@login_required
@never_cache
@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """What the reader decided, each with its undo where that is possible."""
    try:
        stretch = own.list_acts(request.user.get_username(), after=request.GET.get("after", ""))
    except ChangeSet.DoesNotExist:
        raise Http404("You made no such decision.") from None
    may_curate = permissions.may_curate(request.user)
    acts = [
        (act, act.undoable and (may_curate if act.file is None else permissions.may_manage_listing(request.user, act.file)))
        for act in stretch.rows
    ]
    return render(request, "account/decisions.html", {"acts": acts, "next": stretch.after, "after": request.GET.get("after", "")})


# ---- invitations ----


def _for_inviters(
    view: Callable[Concatenate[HttpRequest, Params], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        if not permissions.may_invite(request.user):
            raise PermissionDenied("Your account may not invite people. The administrators of this site may.")
        return view(request, *args, **kwargs)

    return guarded


@_for_inviters
@sensitive_variables("secret", "link")
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """All invitations, and a form that makes one. Its link is shown once, in the answer to that form."""
    user = cast("User", request.user)
    offered = inviting.offered_groups(user)
    form, link, made, mailed = InvitationForm(offered), "", None, None
    if request.method == "POST":
        form = InvitationForm(offered, request.POST)
        if form.is_valid():
            try:
                made = inviting.invite(user, **form.cleaned_data)
            except ClaimsError as error:
                form.add_error(getattr(error, "field", "") or None, error.message)
            else:
                link = absolute(reverse("invitation", args=[made.secret]))
                mailed = _send(made.invitation, link) if made.is_new else None
                form = InvitationForm(offered)
    context = {
        "form": form,
        "form_name": once.name_form(),
        "offered": [(group.name, GROUP_WORDS[AccountGroup(group.name)]) for group in offered],
        "lives": list(inviting.LIVES.items()),
        "invitations": inviting.list_all()[:MOST_INVITATIONS],
        "most": MOST_INVITATIONS,
        "link": link,
        "made": made.invitation if made else None,
        "mailed": mailed,
        "sends_mail": bool(settings.EMAIL_URL),
        "now": timezone.now(),
    }
    return render(request, "account/invitations.html", context, status=400 if form.errors else 200)


MOST_INVITATIONS = 200


def _send(invitation: Invitation, link: str) -> bool | None:
    """Send an invitation's link by mail; say whether it went out, None where this site sends none or it is for no address."""
    if not settings.EMAIL_URL:
        return None
    try:
        validate_email(invitation.invitee)
    except ValidationError:
        return None
    text = (
        f"{invitation.inviter} invites you to {settings.SITE_URL} as {invitation.group.name}.\n\n"
        f"Open this link to choose a name and a password. It works once, until {invitation.expires:%Y-%m-%d %H:%M} UTC:\n\n{link}\n"
    )
    try:
        return bool(send_mail(f"Your invitation to {settings.SITE_URL}", text, None, [invitation.invitee]))
    except OSError:  # as smtplib's errors are
        logger.warning("an invitation could not be sent by mail", exc_info=True)
        return False


@require_POST
@_for_inviters
def revoke_invitation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Revoke an invitation that nobody has followed yet."""
    revoked = inviting.revoke(public_id)
    if revoked is None:
        raise Http404("There is no such invitation.")
    if revoked.accepted is not None:
        messages.warning(request, f"{revoked.account} followed this invitation already. An account is closed in the admin.")
    else:
        messages.success(request, f"The invitation for {revoked.invitee} is revoked: its link leads nowhere any more.")
    return redirect("invitations")


@never_cache
@sensitive_variables("secret")
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def follow_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a name and a password: the account is made, and its owner signed in."""
    try:
        invitation = inviting.find(secret)
    except InvitationError as error:
        return _refuse_invitation(request, error)
    if request.user.is_authenticated:
        return render(request, "account/invitation.html", {"invitation": invitation, "signed_in": True}, status=409)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            user = inviting.accept(secret, username=chosen["username"], password=chosen["password1"])
        except InvitationError as error:
            if not error.field:
                return _refuse_invitation(request, error)
            form.add_error(error.field, error.message)
        else:
            sign_in(request, user)
            messages.success(request, f"Your account is made, and you are signed in as {user.get_username()}.")
            return redirect("account")
    return render(request, "account/invitation.html", {"invitation": invitation, "form": form}, status=400 if form.errors else 200)


def _refuse_invitation(request: HttpRequest, error: InvitationError) -> HttpResponse:
    status = 404 if isinstance(error, UnknownInvitationError) else 410
    return render(request, "account/invitation.html", {"refused": error.message}, status=status)


# ---- tokens ----


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
            try:
                made, secret = service.create(user, **form.cleaned_data)
            except ClaimsError as error:
                form.add_error(None, error.message)
            else:
                form = TokenForm(offered)
    context = {
        "form": form,
        "form_name": once.name_form(),
        "offered": offered,
        "tokens": service.list_tokens(user),
        "secret": secret,
        "made": made,
        "now": timezone.now(),
    }
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
