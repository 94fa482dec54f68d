"""Who may do what. Pages, admin and API ask here."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

Actor = AbstractBaseUser | AnonymousUser


def may_upload(user: Actor) -> bool:
    """Say whether `user` may upload listings."""
    return _has(user, "claims.upload_listing")


def may_curate(user: Actor) -> bool:
    """Say whether `user` may decide on claims and costs."""
    return _has(user, "claims.change_claim") and _has(user, "claims.change_cost")


def _has(user: Actor, permission: str) -> bool:
    return isinstance(user, PermissionsMixin) and user.is_active and user.has_perm(permission)
