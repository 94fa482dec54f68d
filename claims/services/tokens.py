"""Tokens: how programs show whose they are. A secret is told once, when it is made; what is kept can't be used."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from claims.errors import ExpiredTokenError, InvalidTokenError, NotPermittedError, RevokedTokenError, TokenError
from claims.models import ApiToken
from claims.services import once, permissions
from claims.terms import Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_TOKENS = 50
"""So many tokens that still work one user may have."""
USED_SECONDS = 60
"""How exactly is known when a token was last used: not every request writes."""
PREFIX = "cb_"
_SECRET = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


def offered_scopes(user: User) -> list[Scope]:
    """Return what tokens of `user` may do: no more than the account itself."""
    allowed = {Scope.READ: True, Scope.UPLOAD: permissions.may_upload(user), Scope.CURATE: permissions.may_curate(user)}
    return [scope for scope, may in allowed.items() if may]


@transaction.atomic
def create(user: User, *, name: str, scopes: Iterable[str], days: int | None, form: str = "") -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which nobody can tell again. `days` None: it never expires.

    The same `form` sent again at once gives the same token and secret, later none. Raises `TokenError` for that, for no name, no scope,
    one that doesn't exist, or too many tokens, `NotPermittedError` for a scope beyond the account.
    """
    wanted = list(dict.fromkeys(scopes))
    name = " ".join(name.split())[:100]
    if not name:
        raise TokenError("A token needs a name, so that you know it again when you want to revoke it.")
    if not wanted or any(scope not in list(Scope) for scope in wanted):
        raise TokenError(f"A token needs at least one scope of {', '.join(Scope)}.")
    if beyond := [scope for scope in wanted if scope not in offered_scopes(user)]:
        raise NotPermittedError(f"Your account may not give {', '.join(beyond)}: a token can do no more than who makes it.")
    # The user's row is the lock: of two requests at once the second counts the first one's token.
    get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)
    secret = PREFIX + once.make_secret("token", user.pk, form)
    kept = [scope for scope in Scope if scope in wanted]
    made = ApiToken.objects.filter(user=user, form_key=once.key_of(form)).first() if form else None
    if made is not None:
        if (made.name, made.scopes) == (name, kept) and once.is_repeated(made.created) and made.revoked is None:
            return made, secret
        raise TokenError(f"This form made the token “{made.name}” already. Send it again to make another one.")
    if list_working(user).count() >= MOST_TOKENS:
        raise TokenError(f"You have {MOST_TOKENS} tokens that work. Revoke one that nothing uses any more.")
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(secret),
        hint=secret[:8],
        scopes=kept,
        form_key=once.key_of(form),
        expires=None if days is None else timezone.now() + timedelta(days=days),
    )
    return token, secret


@transaction.atomic
def revoke(user: User, public_id: str) -> ApiToken | None:
    """Revoke a token of `user`, at once and for ever, and return it; None if there is no such token. Twice is once."""
    token = ApiToken.objects.select_for_update(no_key=True).filter(user=user, public_id=public_id).first()
    if token is not None and token.revoked is None:
        token.revoked = timezone.now()
        token.version += 1
        token.save(update_fields=["revoked", "version"])
    return token


def list_tokens(user: User) -> QuerySet[ApiToken]:
    """Return all tokens of `user`, the latest first."""
    return ApiToken.objects.filter(user=user).order_by("-created", "-pk")


def list_working(user: User) -> QuerySet[ApiToken]:
    """Return the tokens of `user` that are neither revoked nor expired."""
    return list_tokens(user).filter(Q(expires__isnull=True) | Q(expires__gt=timezone.now()), revoked__isnull=True)


def find(secret: str) -> ApiToken:
    """Return the token with that secret, and its user along with it; note that it was used.

    Raises `InvalidTokenError`, `ExpiredTokenError` or `RevokedTokenError`, and `InvalidTokenError` for one of an account that was closed.
    """
    now = timezone.now()
    token = ApiToken.objects.select_related("user").filter(digest=_digest(secret)).first() if _SECRET.fullmatch(secret) else None
    if token is None or not token.user.is_active:
        raise InvalidTokenError("This token is none of this site's. Make one under “API tokens”, and send it as “Authorization: Bearer …”.")
    if token.revoked is not None:
        raise RevokedTokenError(f"This token was revoked on {token.revoked:%Y-%m-%d}. Make another one under “API tokens”.")
    if token.expires is not None and token.expires <= now:
        raise ExpiredTokenError(f"This token expired on {token.expires:%Y-%m-%d}. Make another one under “API tokens”.")
    _note_use(token, now)
    return token


def _note_use(token: ApiToken, now: datetime) -> None:
    if token.last_used is None or now - token.last_used >= timedelta(seconds=USED_SECONDS):
        # Reading goes on where nothing can be written just now.
        with contextlib.suppress(OperationalError):
            ApiToken.objects.filter(pk=token.pk).update(last_used=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
