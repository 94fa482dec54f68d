"""What the chart's panel prints: its links, its keys, and its points as a table. No queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from claims.boards import Board, Cell, Row, Tradeoff
from claims.terms import Direction
from leaderboard.finders import find_library_address
from leaderboard.templatetags.board_tags import QUALIFIERS, Scale, column_name, column_scale, measure_words, printed_number

register = template.Library()


@dataclass(frozen=True, slots=True)
class ChartPanel:
    """What the panel prints. `points` are table rows: the front, the cheapest first, then the best others; `more` counts the rest.

    `library` is the address of the chart's library, '' where it is missing and the table is all there is.
    """

    title: str
    value_name: str
    value_unit: str
    cost_name: str
    cost_unit: str
    points: SafeString
    more: int
    undirected: bool
    unscored: int
    has_own: bool
    has_own_front: bool
    has_imported: bool
    has_quoted: bool
    library: str

    @property
    def drawn(self) -> str:
        """What becomes of the rows that state both numbers."""
        return "drawn" if self.library else "compared"


@register.simple_tag(takes_context=True)
def chart_panel(context: dict[str, Any], board: Board) -> ChartPanel | None:
    """Return what the chart's panel prints, None for a board without a trade-off."""
    tradeoff = board.tradeoff
    if tradeoff is None:
        return None
    metric, cost = tradeoff.metric, tradeoff.cost
    scale = column_scale(cost) if cost else Scale(1.0, "")
    return ChartPanel(
        title=f"{metric.label} against {measure_words(tradeoff.measure) if tradeoff.measure else 'cost'}",
        value_name=metric.label,
        value_unit=metric.unit,
        cost_name=column_name(cost) if cost else "",
        cost_unit=scale.unit,
        points=_rows(tradeoff, tradeoff.listed, scale, row_base(context)),
        more=len(tradeoff.points) - len(tradeoff.listed),
        undirected=cost is not None and Direction.UNKNOWN in (metric.direction, cost.direction),
        unscored=board.shown - len(tradeoff.points) - tradeoff.uncosted,
        has_own=any(row.ranks and not row.imported and not row.on_front for row in tradeoff.points),
        has_own_front=any(not row.imported for row in tradeoff.front),
        has_imported=any(row.imported for row in tradeoff.points),
        has_quoted=any(not row.ranks for row in tradeoff.points),
        library=find_library_address(),
    )


def _rows(tradeoff: Tradeoff, rows: list[Row], scale: Scale, base: str) -> SafeString:
    """Return the table's rows. Written here: a template takes several times as long, on a page that has a larger table yet."""
    values = [printed_number(row.cells[tradeoff.metric.key]) for row in rows]
    costs = [printed_number(row.costs[tradeoff.measure], scale.size) for row in rows]
    value_decimals = max((decimals for _, decimals in values), default=0)
    cost_decimals = max((decimals for _, decimals in costs), default=0)
    parts = []
    for row, (value, value_own), (cost, cost_own) in zip(rows, values, costs, strict=True):
        variant = f' <span class="variant">{escape(row.variant)}</span>' if row.variant else ""
        tags = "".join(f' <span class="tag">{escape(text)}</span>' for text in row.setting)
        parts.append(
            f'<tr><th scope="row"><a href="{escape(base)}{row.public_id}#row-{row.public_id}" data-row="{row.public_id}">'
            f"{escape(row.model)}{variant}</a>{tags}</th>"
            f"{_number(row.cells[tradeoff.metric.key], value, value_own, value_decimals)}"
            f"{_number(row.costs[tradeoff.measure], cost, cost_own, cost_decimals)}<td>{ON_IT if row.on_front else NOT_ON_IT}</td></tr>"
        )
    return mark_safe("\n".join(parts))  # noqa: S308 - every part is escaped


ON_IT = '<span class="onfront"><svg class="i" aria-hidden="true"><use href="#i-step"/></svg></span><span class="word">on it</span>'
NOT_ON_IT = '<span class="none" aria-hidden="true">–</span><span class="sr">not on it</span>'


def _number(cell: Cell, text: str, decimals: int, most: int) -> str:
    """Return a table cell with a number, its decimals aligned with a column that has at most `most` of them."""
    qualifier = QUALIFIERS.get(cell.qualifier, "")
    word = f'<span class="q">{escape(qualifier)}</span>' if qualifier else ""
    return f'<td class="n f{most}">{word}<span class="num d{decimals}">{escape(text)}</span></td>'


@register.simple_tag(takes_context=True)
def chart_address(context: dict[str, Any], board: Board) -> str:
    """Return where the chart's data stands: for the page's filters and cost, whatever its page and order."""
    query = _query(context, "open", "page", "sort")
    if board.tradeoff and board.tradeoff.measure:
        query["cost"] = board.tradeoff.measure
    return f"{reverse('chart', args=[board.benchmark.slug])}?{query.urlencode()}".rstrip("?")


@register.simple_tag(takes_context=True)
def row_base(context: dict[str, Any]) -> str:
    """Return the start of the address that opens a row on whichever page it stands: the row's id comes after it."""
    query = _query(context, "open", "page").urlencode()
    return f"?{query}&open=" if query else "?open="


@register.simple_tag(takes_context=True)
def cost_href(context: dict[str, Any], measure: str) -> str:
    """Return the page's address with another cost to compare with."""
    query = _query(context, "open")
    query["cost"] = measure
    return f"?{query.urlencode()}#chart"


def _query(context: dict[str, Any], *without: str) -> QueryDict:
    query: QueryDict = context["request"].GET.copy()
    for name in without:
        query.pop(name, None)
    return query
