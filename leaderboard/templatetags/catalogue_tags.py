"""What the pages of models and datasets print of their lists. No queries."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from claims.boards import ModelResult
from claims.boards.rows import cost_key
from claims.models import Cost
from claims.terms import ClaimKind, CurationState, Tier
from leaderboard.templatetags.board_tags import measure_name, state_badge
from leaderboard.templatetags.paper_tags import AUTO_ACCEPTED, statement_state

register = template.Library()


@register.simple_tag(takes_context=True)
def part_href(context: template.Context, name: str, number: int) -> str:
    """Return the page's address with another page of one of its lists; the pages of its other lists stay."""
    query = context["request"].GET.copy()
    query.pop(name, None)
    if number > 1:
        query[name] = str(number)
    return f"?{query.urlencode()}"


@register.filter
def cost_name(cost: Cost) -> str:
    """Return what a cost counts, with what it was measured on and of what kind it is where it is no plain number."""
    kind = {ClaimKind.RATIO: ", a ratio", ClaimKind.DELTA: ", a difference"}.get(ClaimKind(cost.kind), "")
    return f"{measure_name(cost_key(cost.measure, cost.condition))}{kind}"


@register.simple_tag
def result_state(found: ModelResult) -> SafeString:
    """Return the states of a row as its board gives them: where it is from, if a table, and how far a person stands behind its numbers."""
    claims = [value.claim for value in found.values]
    tiers = {claim.tier for claim in claims}
    words = {statement_state(claim) for claim in claims}
    if Tier.DISPUTED in tiers:
        state: str = Tier.DISPUTED
    elif tiers == {Tier.VERIFIED}:
        state = Tier.VERIFIED
    else:
        state = next((word for word in (CurationState.UNREVIEWED, AUTO_ACCEPTED) if word in words), CurationState.ACCEPTED)
    is_imported = any(claim.source_record_id is not None for claim in claims)
    badges = [state_badge(word) for word in (["imported"] if is_imported else []) + [state]]
    return mark_safe(" ".join(badges))  # noqa: S308 - badges are escaped
