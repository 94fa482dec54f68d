"""Draws and words what the home page says of boards: their records, the steps between these, why nobody leads. No queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from claims import ranking
from claims.boards import AreaBoards, Summary, Unled
from claims.models import Claim, Record
from claims.terms import Direction
from leaderboard.templatetags.board_tags import QUALIFIERS, printed_claim
from leaderboard.templatetags.word_tags import NBSP, jointed

register = template.Library()

WIDTH, TOP, BOTTOM, MARGIN = 128.0, 4.0, 26.0, 4.0
"""Of a sparkline of 128 by 30."""


def claim_words(claim: Claim) -> str:
    """Return a claim's number as text: "90.9", "up to 82.5"."""
    return " ".join(filter(None, [QUALIFIERS.get(claim.qualifier, ""), printed_claim(claim)[0]]))  # type: ignore[call-overload]


@register.simple_tag
def first_year(areas: Iterable[AreaBoards]) -> int | None:
    """Return the year in which the earliest of the boards' records was set: where all their sparklines begin. None without a record."""
    return min((summary.records[0].day.year for area in areas for summary in area.boards if summary.records), default=None)


@register.simple_tag
def sparkline(summary: Summary, since: int | None) -> SafeString:
    """Return a board's record as a line of steps, from the year `since` to now, up for better; '' for a board without a record.

    Its label says the same in words: "82.1 to 90.9 since Mar 2019".
    """
    records = summary.records
    metric = summary.benchmark.primary_metric
    if not records or since is None or metric is None:
        return mark_safe("")
    places = spark_places(records, lower=metric.direction == Direction.LOWER, since=since, until=timezone.localdate())
    steps = "".join(f"H{x:.1f}V{y:.1f}" for x, y in places[1:])
    (first_x, first_y), (last_x, last_y) = places[0], places[-1]
    return format_html(
        '<svg class="spark" viewBox="0 0 128 30" role="img" aria-label="{}"><path d="M{} {}{}H{}"/>'
        '<circle class="end" cx="{}" cy="{}" r="2.4"/></svg>',
        record_words(records, leader_is_undated=summary.leader_is_undated),
        f"{first_x:.1f}",
        f"{first_y:.1f}",
        steps,
        f"{max(WIDTH - MARGIN, last_x):.1f}",
        f"{last_x:.1f}",
        f"{last_y:.1f}",
    )


def spark_places(records: Sequence[Record], *, lower: bool, since: int, until: date) -> list[tuple[float, float]]:
    """Return where the records stand in a sparkline: the better the higher, a single one at the top."""
    start = date(since, 1, 1).toordinal()
    days = max(until.toordinal(), records[-1].day.toordinal()) - start or 1
    values = [-record.value if lower else record.value for record in records]
    low, span = values[0], values[-1] - values[0]
    return [
        (
            MARGIN + (WIDTH - 2 * MARGIN) * (record.day.toordinal() - start) / days,
            TOP if not span else BOTTOM - (BOTTOM - TOP) * (value - low) / span,
        )
        for record, value in zip(records, values, strict=True)
    ]


def _since(record: Record) -> str:
    """Return the month in which a record was set; its year, where no more is known."""
    claim = record.claim
    paper = claim.paper_text.paper if claim.paper_text else claim.source_record
    first = paper.first_day if paper else None
    return f"{record.day:%Y}" if first is None or first.month != record.day.month else f"{record.day:%b %Y}"


def record_words(records: Sequence[Record], *, leader_is_undated: bool = False) -> str:
    """Return a board's history in words: "82.1 to 90.9 since Mar 2019"; of a single record its number alone.

    A leader without a date is in no history, and that is said.
    """
    numbers = [claim_words(record.claim) for record in (records[0], *records[1:][-1:])]
    return f"{' to '.join(numbers)} since {_since(records[0])}{', the leader has no date' if leader_is_undated else ''}"


@register.simple_tag
def why_unled(summary: Summary, accepted_only: bool = False) -> str:
    """Say why nothing leads a board."""
    metric = summary.benchmark.primary_metric
    name = metric.name if metric else ""
    return {
        None: "",
        Unled.NO_METRIC: "Not ranked: no primary metric",
        Unled.NO_DIRECTION: f"Not ranked: nobody has said whether a higher or a lower {name} is better",
        Unled.NOT_STATED: f"No leader: no {'accepted' if accepted_only else 'own'} result states {name}",
        Unled.ONLY_BOUNDS: f"No leader: {name} is stated only as a bound, such as “more than 90”",
    }[summary.unled]


@register.simple_tag
def record_step(record: Record) -> str:
    """Return by how much a record beat the one before: "+0.4", or "0.62 better" where lower is; '' for the first."""
    metric = record.benchmark.primary_metric
    if record.previous is None or metric is None:
        return ""
    direction = Direction(metric.direction)
    before = record.previous
    ends = ranking.canonical(before.value, before.value_max, before.canonical_value, before.canonical_max)
    step = abs(record.value - ranking.ranking_value(*ends, direction))
    decimals = max(printed_claim(claim)[1] for claim in (record.claim, before))
    return f"{step:,.{decimals}f} better" if direction is Direction.LOWER else f"+{step:,.{decimals}f}"


@register.simple_tag
def holder_name(claim: Claim) -> SafeString:
    """Return what a claim's row is called: its model and variant; a method without a name is called by its paper's title."""
    result = claim.result
    if result is None:
        return format_html("<bdi>{}</bdi>", jointed(claim.model_name or "another result"))
    if not result.model_name:
        if result.paper is None:
            return format_html("<bdi>{}</bdi>", "an unnamed model")
        # Slanted, as on its board, and cut short where it would fill a table's cell: it is no name.
        hint = f"A model without a name, of the paper “{result.paper.title}”"
        return format_html('<bdi class="model--unnamed" title="{}">{}</bdi>', hint, result.paper.title)
    variant = format_html(' <span class="variant"><bdi>{}</bdi></span>', jointed(result.variant)) if result.variant else ""
    return format_html("<bdi>{}</bdi>{}", jointed(result.model_name), variant)


@register.simple_tag
def metric_words(record: Record) -> str:
    """Return what stands behind a record's number: "% Top-1 accuracy", "FID"."""
    metric = record.benchmark.primary_metric
    return f"{NBSP}{' '.join(filter(None, [metric.unit, metric.name]))}" if metric else ""
