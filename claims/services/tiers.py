"""Tiers: a curator says with a reason and a link that a number was checked at its source, or that somebody objects to it.

A tier is of one claim or cost, for that is what somebody can check; a row shows what those of its numbers make (`terms.RowTier`). It
stands above acceptance: to set one accepts the number. It goes with the word that it stands on: who rejects, reopens or corrects the
number takes it back, and to undo that brings it again.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from claims.errors import InvalidDecisionError
from claims.models import ChangeSet, Claim, Cost
from claims.services import curation, decisions
from claims.terms import DISPUTE, VERIFY, WITHDRAW_TIER, CurationState, DecidedBy, Tier

LONGEST_REASON, LONGEST_LINK = 2000, 500
_ACTIONS = {Tier.VERIFIED: VERIFY, Tier.DISPUTED: DISPUTE}
_is_web_address = URLValidator(schemes=["http", "https"])


def set_tier(statement: Claim | Cost, tier: Tier, *, actor: str, version: int, reason: str, link: str) -> ChangeSet:
    """Say of a number that it is verified or disputed, why, and where that can be read. It is accepted by that, if it was not.

    `version` is the one that the person saw. Raises `StaleObjectError` if the number has changed since, `InvalidDecisionError`, with the
    field that is to blame, without a reason, for a link that is none, for a rejected number, and where nothing would change.
    """
    reason = check_reason(reason, "Say why: what was checked and how, or what is objected to.")
    after = {"tier": tier.value, "tier_reason": reason, "tier_link": check_link(link)}
    return _decide(statement, after, action=_ACTIONS[tier], actor=actor, version=version, reason=reason)


def withdraw_tier(statement: Claim | Cost, *, actor: str, version: int, reason: str) -> ChangeSet:
    """Take back that a number is verified or disputed: it stays accepted.

    Raises `StaleObjectError` if the number has changed since, `InvalidDecisionError` without a reason, and for one without a tier.
    """
    reason = check_reason(reason, "Say why it is no longer so.")
    return _decide(statement, decisions.NO_TIER, action=WITHDRAW_TIER, actor=actor, version=version, reason=reason)


@transaction.atomic
def _decide(statement: Claim | Cost, tier: dict[str, str], *, action: str, actor: str, version: int, reason: str) -> ChangeSet:
    (locked,) = curation.lock_for_decision([(statement, version)])
    if locked.state == CurationState.REJECTED:
        raise InvalidDecisionError(f"“{locked.stated}” is rejected. Accept it first, if it is a result after all.")
    before = decisions.state_of(locked)
    after: dict[str, Any] = before | tier | {"state": CurationState.ACCEPTED.value, "decided_by": DecidedBy.PERSON.value}
    if all(before[name] == value for name, value in tier.items()):
        raise InvalidDecisionError("It is so already: nothing would change.")
    decisions.set_state(locked, after)
    changes = curation.save_decided(action, actor, [(locked, before)], reason=reason)
    statement.refresh_from_db()
    return changes


def check_reason(reason: str, missing: str) -> str:
    """Return a reason without blanks around it. Raises `InvalidDecisionError` for none, and for a long one."""
    reason = reason.replace("\0", " ").strip()
    if not reason:
        raise InvalidDecisionError(missing, field="reason")
    if len(reason) > LONGEST_REASON:
        raise InvalidDecisionError(f"A reason has at most {LONGEST_REASON:,} characters; this one has {len(reason):,}.", field="reason")
    return reason


def check_link(link: str) -> str:
    """Return an address that readers may be led to: http or https, of a host, without a name or a password in it.

    Raises `InvalidDecisionError` for any other.
    """
    link = link.strip()
    if not link:
        raise InvalidDecisionError("Give the address where that can be read: a reproduction, or an official page of results.", field="link")
    if len(link) > LONGEST_LINK:
        raise InvalidDecisionError(f"An address has at most {LONGEST_LINK} characters; this one has {len(link):,}.", field="link")
    try:
        _is_web_address(link)
        parts = urlsplit(link)
    except (ValidationError, ValueError):
        raise InvalidDecisionError(
            "That is no address of a page. Write it whole, beginning with https:// or http://.", field="link"
        ) from None
    if parts.username is not None or parts.password is not None:
        raise InvalidDecisionError("The address has a name or a password in it, which everybody would read. Leave that out.", field="link")
    return link
