"""Who may do what. Pages, admin and API ask here."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

from claims.models import ChangeSet, Listing, Webhook
from claims.services import changes, entries, withholding
from claims.terms import IMPORT_ENTRIES

Actor = AbstractBaseUser | AnonymousUser


def may_upload(user: Actor) -> bool:
    """Say whether `user` may upload listings."""
    return _has(user, "claims.upload_listing")


def may_curate(user: Actor) -> bool:
    """Say whether `user` may decide on claims and costs."""
    return _has(user, "claims.change_claim") and _has(user, "claims.change_cost")


def may_withhold_text(user: Actor) -> bool:
    """Say whether `user` may have a paper's text shown nowhere, and shown again: who may decide on its numbers."""
    return may_curate(user)


def may_manage_listing(user: Actor, listing: Listing) -> bool:
    """Say whether `user` may stop, read on, date, withdraw and put back the listing: who uploaded it, or who may manage all."""
    own = listing.uploaded_by_id is not None and listing.uploaded_by_id == user.pk
    return (own and may_upload(user)) or _has(user, "claims.manage_listing")


def may_undo(user: Actor, change_set: ChangeSet) -> bool:
    """Say whether `user` may take the change set back: who may decide on what it decided."""
    listing = changes.find_listing(change_set)
    if listing is not None:
        return may_manage_listing(user, listing)
    if withholding.find_paper(change_set) is not None:
        return may_withhold_text(user)
    first = change_set
    while first.undoes is not None:  # to undo an undo is to do again what that took back
        first = first.undoes
    return may_import_catalogue(user) if first.action == IMPORT_ENTRIES else may_curate(user)


def may_edit_catalogue(user: Actor) -> bool:
    """Say whether `user` may change, confirm and merge tasks, datasets, metrics and models: who decides on numbers."""
    return may_curate(user)


def may_import_catalogue(user: Actor) -> bool:
    """Say whether `user` may bring whole files of tasks, datasets and metrics, new ones included."""
    return may_edit_catalogue(user) and all(_has(user, f"claims.add_{kind}") for kind in entries.IMPORTED)


def may_see_actors(user: Actor) -> bool:
    """Say whether `user` is told who did what: who is signed in, or sends a token, sees names, and nobody else collects them."""
    return user.is_authenticated


def may_take_archive(user: Actor) -> bool:
    """Say whether `user` may take along all that the site holds, what readers don't see included."""
    return isinstance(user, PermissionsMixin) and user.is_active and user.is_superuser


def may_have_webhooks(user: Actor) -> bool:
    """Say whether `user` may have webhooks: who uploads or curates here, or manages those of others.

    `Webhook.objects.told()` asks the same of all owners at once.
    """
    return may_upload(user) or may_curate(user) or may_manage_all_webhooks(user)


def may_manage_all_webhooks(user: Actor) -> bool:
    """Say whether `user` may see, pause and delete anybody's webhooks."""
    return _has(user, "claims.manage_webhook")


def may_manage_webhook(user: Actor, webhook: Webhook) -> bool:
    """Say whether `user` may see the log of the webhook, pause and delete it: whose it is, or who may manage all.

    Its owner may, too, who may have none any more: `Webhook.objects.told()` leaves theirs out.
    """
    return webhook.owner_id == user.pk or may_manage_all_webhooks(user)


def may_renew_secret(user: Actor, webhook: Webhook) -> bool:
    """Say whether `user` may have a new secret of the webhook: its owner alone, for who has it can sign what their receiver believes."""
    return webhook.owner_id == user.pk


def may_invite(user: Actor) -> bool:
    """Say whether `user` may invite others to an account."""
    return _has(user, "claims.add_invitation")


def _has(user: Actor, permission: str) -> bool:
    return isinstance(user, PermissionsMixin) and user.is_active and user.has_perm(permission)
