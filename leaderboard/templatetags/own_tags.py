"""Says what somebody did, and to what. No queries."""

from __future__ import annotations

from typing import NamedTuple

from django import template

from claims.models import Claim, Cost, Decision, Listing
from claims.services.own import Act
from leaderboard.templatetags.listing_tags import change_words
from leaderboard.templatetags.paper_tags import reject_reason
from leaderboard.templatetags.word_tags import plural

register = template.Library()

MOST_NAMED = 5
"""So many of an act's objects are named, the others counted."""


class Named(NamedTuple):
    """An object of an act: the number or the file, what it belongs to, and where that stands ('' for nowhere)."""

    stated: str
    where: str
    url: str
    state: str


@register.filter
def act_words(act: Act) -> str:
    """Return what was done: "Accepted 3 numbers", "Rejected: not a result"."""
    if act.listing is not None:
        return change_words(act.listing)[:1].upper() + change_words(act.listing)[1:]
    action = act.change_set.action
    said = {"accept": "Accepted", "reject": "Rejected", "reopen": "Took back to unreviewed", "correct": "Corrected", "undo": "Undid"}
    words = said.get(action, action[:1].upper() + action[1:])
    kinds = {decision.object_kind for decision, _ in act.decisions}
    if act.count > 1:
        words += " " + plural(act.count, "number,numbers" if kinds <= {"claim", "cost"} else "object,objects")
    reasons = {decision.after.get("reject_reason") for decision, _ in act.decisions} if action == "reject" else set()
    only = reasons.pop() if len(reasons) == 1 else ""
    return f"{words}: {reject_reason(only)}" if only else words


@register.filter
def act_objects(act: Act) -> list[Named]:
    """Return the first of the numbers and files that something was done to."""
    return [_name(decision, each) for decision, each in act.decisions[:MOST_NAMED] if each is not None]


@register.filter
def act_others(act: Act) -> int:
    """Return how many more there are."""
    return act.count - len(act_objects(act))


def _name(decision: Decision, each: Claim | Cost | Listing) -> Named:
    if isinstance(each, Listing):
        return Named(each.name, "", each.get_absolute_url(), "")
    if each.paper_text is not None:
        where, url = each.paper_text.paper.title, each.paper_text.paper.get_absolute_url()
    else:
        where, url = str(each.source_record), each.source_record.get_absolute_url() if each.source_record else ""
    return Named(each.stated, where, url, decision.after.get("state", ""))
