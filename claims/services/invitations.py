"""Invitations: an administrator lets somebody in, by a link that works once. Whoever opens it chooses a name and a password."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from claims.errors import InvitationError, NotPermittedError, SpentInvitationError, UnknownInvitationError
from claims.models import ChangeSet, Invitation
from claims.services import once, permissions, policy
from claims.terms import AccountGroup

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LIVES = {1: "a day", 7: "7 days", 30: "30 days"}
"""For how many days an invitation may work."""
MOST_OPEN = 100
"""So many invitations of one administrator may be open at once."""
LONGEST_INVITEE = 254
LONGEST_SECRET = 200
STAFF = (AccountGroup.CURATOR, AccountGroup.ADMINISTRATOR)
"""The groups whose people see the admin, each what their permissions show them."""
NOBODYS_NAMES = frozenset({policy.ACTOR, "command", "run", "admin", "anonymous", "system"})
"""Names in the change log that are no person's, or that would pass for the operator's."""
_signer = signing.Signer(salt="claims.services.invitations")


def offered_groups(user: User) -> list[Group]:
    """Return the groups that `user` may invite into: those that may do no more than they themselves."""
    if not permissions.may_invite(user):
        return []
    groups = {
        group.name: group for group in Group.objects.filter(name__in=list(AccountGroup)).prefetch_related("permissions__content_type")
    }
    own = user.get_all_permissions()
    return [groups[name] for name in AccountGroup if name in groups and {_name(each) for each in groups[name].permissions.all()} <= own]


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation with its secret, which is part of the link and is not kept. `is_new`: not of a form that was sent before."""

    invitation: Invitation
    secret: str
    is_new: bool


@transaction.atomic
def invite(user: User, *, invitee: str, group: str, days: int, form: str = "") -> Invited:
    """Make an invitation.

    The same `form` sent again at once gives the same invitation, later nothing. Raises `InvitationError` for no name, a time that is
    not offered or too many open ones, `NotPermittedError` for a group beyond what the user may give.
    """
    invitee = " ".join(invitee.split())
    if not 0 < len(invitee) <= LONGEST_INVITEE:
        raise InvitationError(f"Write a name or an e-mail address of at most {LONGEST_INVITEE} characters.", field="invitee")
    if days not in LIVES:
        raise InvitationError("Choose how long the invitation works.", field="days")
    # The user's row is the lock: of two requests at once the second sees what the first made.
    get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)
    chosen = next((each for each in offered_groups(user) if each.name == group), None)
    if chosen is None:
        raise NotPermittedError("Your account may not invite into this group: nobody gives more than they have.")
    secret = once.make_secret("invitation", user.pk, form)
    made = Invitation.objects.filter(invited_by=user, form_key=once.key_of(form)).first() if form else None
    if made is not None:
        if (made.invitee, made.group_id) == (invitee, chosen.pk) and once.is_repeated(made.created) and made.revoked is None:
            return Invited(made, _signer.sign(secret), is_new=False)
        raise InvitationError(f"This form invited {made.invitee} already. Send it again to invite somebody else.")
    if list_open(user).count() >= MOST_OPEN:
        raise InvitationError(f"You have {MOST_OPEN} open invitations. Revoke one that nobody will follow.")
    made = Invitation.objects.create(
        invitee=invitee,
        group=chosen,
        digest=_digest(secret),
        form_key=once.key_of(form),
        invited_by=user,
        inviter=user.get_username(),
        expires=timezone.now() + timedelta(days=days),
    )
    return Invited(made, _signer.sign(secret), is_new=True)


def list_all() -> QuerySet[Invitation]:
    """Return all invitations, the latest first."""
    return Invitation.objects.select_related("group").order_by("-pk")


def list_open(user: User) -> QuerySet[Invitation]:
    """Return the invitations of `user` that somebody may still follow."""
    return Invitation.objects.filter(invited_by=user, revoked__isnull=True, accepted__isnull=True, expires__gt=timezone.now())


@transaction.atomic
def revoke(public_id: str) -> Invitation | None:
    """Revoke an invitation, for ever, and return it; None if there is none. One that was accepted or revoked stays as it is."""
    invitation = Invitation.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    if invitation is not None and invitation.revoked is None and invitation.accepted is None:
        invitation.revoked = timezone.now()
        invitation.version += 1
        invitation.save(update_fields=["revoked", "version"])
    return invitation


def find(secret: str) -> Invitation:
    """Return the invitation with that secret, if it still works.

    Raises `UnknownInvitationError` for what this site has not signed, `SpentInvitationError` for one that was accepted, was revoked, has
    expired, or comes from somebody who may no longer give it.
    """
    invitation = Invitation.objects.select_related("group", "invited_by").filter(digest=_read_secret(secret)).first()
    return _check(invitation)


@transaction.atomic
def accept(secret: str, *, username: str, password: str) -> User:
    """Make the account that an invitation is for, and return it. Of two that follow one link at once, one gets it.

    The name and the password were checked by the form. Raises what `find` raises, and `InvitationError` for a name that is taken.
    """
    # The row is the lock: the second one waits here and finds it accepted.
    locked = Invitation.objects.select_for_update(of=("self",), no_key=True).select_related("group", "invited_by")
    invitation = _check(locked.filter(digest=_read_secret(secret)).first())
    users = get_user_model().objects
    # Whoever takes a name takes over what the change log says was done under it.
    had = username.casefold() in NOBODYS_NAMES or ChangeSet.objects.filter(actor=username).exists()
    if had or users.filter(username__iexact=username).exists():
        raise InvitationError("This name is taken. Choose another one.", field="username")
    try:
        with transaction.atomic():
            user = users.create_user(username, password=password, is_staff=invitation.group.name in STAFF)
    except IntegrityError:
        raise InvitationError("This name is taken. Choose another one.", field="username") from None
    user.groups.add(invitation.group)
    invitation.accepted, invitation.accepted_by, invitation.account = timezone.now(), user, username
    invitation.version += 1
    invitation.save(update_fields=["accepted", "accepted_by", "account", "version"])
    return user


def _read_secret(secret: str) -> str:
    """Return the digest of what the site signed. Raises `UnknownInvitationError` for anything else."""
    try:
        return _digest(_signer.unsign(secret[:LONGEST_SECRET]))
    except signing.BadSignature:
        raise UnknownInvitationError("This link is no invitation of this site. Copy it whole, or ask for another one.") from None


def _check(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise UnknownInvitationError("This link is no invitation of this site. Copy it whole, or ask for another one.")
    if invitation.accepted is not None:
        raise SpentInvitationError("This invitation was followed already: it works once. If that was you, sign in.")
    if invitation.revoked is not None:
        raise SpentInvitationError("This invitation was revoked. Ask who sent it for another one.")
    if invitation.expires <= timezone.now():
        raise SpentInvitationError(f"This invitation expired on {invitation.expires:%Y-%m-%d}. Ask who sent it for another one.")
    inviter = invitation.invited_by
    if inviter is None or invitation.group not in offered_groups(inviter):
        raise SpentInvitationError("Who sent this invitation may no longer give it. Ask an administrator of this site for another one.")
    return invitation


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
