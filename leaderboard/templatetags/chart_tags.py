"""What the chart's panel prints: its links, its keys, and its points as a table. No queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from claims.boards import Board, Cell, Charting, History, Origins, Row, Rows, Tradeoff, count_origins
from claims.terms import ChartKind, Direction
from leaderboard.charts.axes import amount_words
from leaderboard.charts.marks import MOST_COLOURS, SHAPES, coloured_families, diameters, is_coloured, leading, sample_amounts
from leaderboard.finders import find_library_address
from leaderboard.templatetags.board_tags import (
    MINUS,
    QUALIFIERS,
    Scale,
    column_name,
    column_scale,
    measure_name,
    measure_words,
    paper_date,
    printed_number,
)
from leaderboard.templatetags.word_tags import Offer, jointed, offer

register = template.Library()

KIND_NAMES = {ChartKind.TRADEOFF: "Score and cost", ChartKind.TIME: "Over time", ChartKind.FAMILIES: "Families"}


@register.filter
def chart_name(kind: str) -> str:
    """Return what a kind of chart is called on its button."""
    return KIND_NAMES[ChartKind(kind)]


MOST_NAMED = 20
"""So many families that are not drawn are named."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of the panel: to another chart, or to the same with other points. `rows` is None where there is nothing to count."""

    label: str
    href: str
    chosen: bool
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head in the panel's table."""

    label: str
    unit: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class ChartPanel:
    """What the panel prints of the chart that is shown.

    `rows` are those that it draws; `points` the table's rows, which are of `listed` of them, and `more` counts the others. `undirected`:
    nobody knows which end of an axis is better. `sharing` counts rows that lie on the same place as another. `library` is the
    address of the chart's library, '' where it is missing and the table is all there is. Of the costs those that many rows state are
    offered at first.
    """

    kind: ChartKind
    title: str
    value_name: str
    kinds: list[Choice]
    costs: Offer[Choice]
    sizes: Offer[Choice]
    colours: Offer[Choice]
    rows: Sequence[Row]
    lead: Sequence[Row]
    heads: list[Head]
    points: SafeString
    listed: int
    more: int
    undirected: bool
    unscored: int
    unsized: int
    sharing: int
    size_words: str
    keys: SafeString
    library: str
    left_out: str
    alone: int
    reusable: str

    @property
    def drawn(self) -> str:
        """What becomes of the rows that state both numbers."""
        return "drawn" if self.library else "compared"

    @property
    def is_tradeoff(self) -> bool:
        return self.kind is ChartKind.TRADEOFF

    @property
    def is_history(self) -> bool:
        return self.kind is ChartKind.TIME


@register.simple_tag(takes_context=True)
def chart_panel(context: dict[str, Any], board: Board) -> ChartPanel | None:
    """Return what the chart's panel prints, None for a board without a trade-off."""
    return make_panel(board, _query(context, "open"), base=row_base(context))


def make_panel(board: Board, query: QueryDict, *, base: str) -> ChartPanel | None:
    """Return what the panel prints for a query of the board; `base` begins the address that opens a row."""
    tradeoff, history, charting = board.tradeoff, board.history, board.charting
    if tradeoff is None or history is None or charting is None:
        return None
    scale = column_scale(tradeoff.cost) if tradeoff.cost else Scale(1.0, "")
    # Families are lists of their own; else a chart of thousands is counted in columns.
    drawn = {ChartKind.TIME: history.points, ChartKind.TRADEOFF: tradeoff.points}.get(charting.kind)
    rows, points, listed, heads = _table(tradeoff, history, charting, scale, base)
    against = f"{tradeoff.metric.label} against {measure_words(tradeoff.measure) if tradeoff.measure else 'cost'}"
    directions = (
        [tradeoff.metric.direction] if charting.kind is ChartKind.TIME else [c.direction for c in (tradeoff.metric, tradeoff.cost) if c]
    )
    left_out = [family.name for family in charting.families[len(charting.panels) :]]
    return ChartPanel(
        kind=charting.kind,
        title={ChartKind.TIME: f"{history.metric.label} over time", ChartKind.FAMILIES: f"{against}, by family"}.get(
            charting.kind, against
        ),
        value_name=tradeoff.metric.label,
        kinds=[Choice(KIND_NAMES[kind], _href(query, chart=kind.value), kind is charting.kind) for kind in charting.kinds],
        costs=_offer(_cost_choices(query, tradeoff) if charting.kind is not ChartKind.TIME else [], board.shown),
        sizes=_offer(_size_choices(query, charting), len(history.points) if charting.kind is ChartKind.TIME else board.shown),
        colours=_offer(_colour_choices(query, charting), board.shown),
        rows=rows,
        lead=leading(board),
        heads=heads,
        points=points,
        listed=listed,
        more=len(rows) - listed,
        undirected=Direction.UNKNOWN in directions,
        unscored=board.shown - len(tradeoff.points) - tradeoff.uncosted
        if charting.kind is not ChartKind.TIME
        else board.shown - len(history.points) - history.undated,
        unsized=len(rows) - len(drawn.amounts(charting.size)) if charting.size and drawn else 0,
        sharing=drawn.count_sharing(tradeoff.metric.key, tradeoff.measure if drawn is tradeoff.points else None) if drawn else 0,
        size_words=measure_words(charting.size) if charting.size else "",
        keys=_keys(board, charting, rows, drawn),
        library=find_library_address(),
        left_out=_enumerate(left_out),
        alone=len(tradeoff.points) - sum(len(family.rows) for family in charting.families),
        reusable=make_chart_address(board, query, figure="plotly"),
    )


def _enumerate(names: Sequence[str]) -> str:
    """Return names as a list of words, the last ones as their number."""
    shown = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown.append(f"{len(names) - MOST_NAMED:,} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


# ---- links ----


def _offer(choices: Sequence[Choice], total: int) -> Offer[Choice]:
    return offer(
        choices, [choice.rows for choice in choices], total, chosen=[place for place, choice in enumerate(choices) if choice.chosen]
    )


def _cost_choices(query: QueryDict, tradeoff: Tradeoff) -> list[Choice]:
    return [
        Choice(measure_name(choice.measure), _href(query, cost=choice.measure), choice.chosen, choice.count) for choice in tradeoff.choices
    ]


def _size_choices(query: QueryDict, charting: Charting) -> list[Choice]:
    """Return the costs that the points' sizes may stand for, none where there is no choice."""
    if charting.kind is ChartKind.FAMILIES or not (charting.sizes or charting.size):
        return []
    choices = [
        Choice(measure_name(choice.measure), _href(query, size=choice.measure), choice.chosen, choice.count) for choice in charting.sizes
    ]
    if charting.size and not any(choice.chosen for choice in choices):
        choices.append(Choice(measure_name(charting.size), _href(query, size=charting.size), chosen=True))
    return [Choice("All alike", _href(query, size=""), not charting.size), *choices]


def _colour_choices(query: QueryDict, charting: Charting) -> list[Choice]:
    if charting.kind is ChartKind.FAMILIES or not (charting.has_families or charting.colour):
        return []
    return [
        Choice("Origin", _href(query, colour=""), charting.colour is None),
        Choice("Family", _href(query, colour="family"), charting.colour is not None),
    ]


def _href(query: QueryDict, **wanted: str) -> str:
    """Return the page's address with other parameters of the chart, '' for none."""
    query = query.copy()
    for name, value in wanted.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return f"?{query.urlencode()}#chart"


@register.simple_tag(takes_context=True)
def chart_address(context: dict[str, Any], board: Board) -> str:
    """Return where the chart's data stands: for the page's filters and cost, whatever its page and order."""
    return make_chart_address(board, context["request"].GET)


def make_chart_address(board: Board, query: QueryDict, **more: str) -> str:
    query = query.copy()
    for name in ("open", "page", "sort"):
        query.pop(name, None)
    if board.tradeoff and board.tradeoff.measure:
        query["cost"] = board.tradeoff.measure
    for name, value in more.items():
        query[name] = value
    return f"{reverse('chart', args=[board.benchmark.slug])}?{query.urlencode()}".rstrip("?")


@register.simple_tag(takes_context=True)
def row_base(context: dict[str, Any]) -> str:
    """Return the start of the address that opens a row on whichever page it stands: the row's id comes after it."""
    query = _query(context, "open", "page").urlencode()
    return f"?{query}&open=" if query else "?open="


def _query(context: dict[str, Any], *without: str) -> QueryDict:
    query: QueryDict = context["request"].GET.copy()
    for name in without:
        query.pop(name, None)
    return query


# ---- keys ----

_SHAPES = {
    "square": "M6 3h6v6h-6z",
    "diamond": "M9 1.500L13.500 6L9 10.500L4.500 6z",
    "triangle-up": "M9 1.500L13.500 10H4.500z",
    "triangle-down": "M9 10.500L13.500 2H4.500z",
    "cross": "M7.600 1.500h2.800v3.100h3.100v2.800h-3.100v3.100h-2.800v-3.100h-3.100v-2.800h3.100z",
    "x": "M6.500 1.500L9 4L11.500 1.500L13.500 3.500L11 6L13.500 8.500L11.500 10.500L9 8L6.500 10.500L4.500 8.500L7 6L4.500 3.500z",
}


def _key(mark: str, words: str, css: str = "") -> SafeString:
    """Return a key: what a mark stands for. `mark` is ours."""
    return format_html(
        '<span{}><svg viewBox="0 0 18 12" aria-hidden="true">{}</svg>{}</span>',
        format_html(' class="{}"', css) if css else "",
        mark_safe(mark),  # noqa: S308
        words,
    )


def _keys(board: Board, charting: Charting, rows: Sequence[Row], drawn: Rows | None) -> SafeString:
    """Return what the chart's line, its shapes and its sizes mean, of those that it has."""
    over_time = charting.kind is ChartKind.TIME
    lead = leading(board)
    keys = []
    if lead:
        words = "record: nothing before it is as good" if over_time else "front: no row beats it on both"
        keys.append(_key('<path class="k-line" d="M1 10V6h8V2h8"/>', words))
    origins = count_origins(rows, {row.pk for row in lead})
    keys += _family_keys(board, origins, lead) if is_coloured(board) else _origin_keys(origins, over_time=over_time)
    return mark_safe("".join([*keys, *_size_keys(board, charting, drawn)]))  # noqa: S308 - each is escaped


def _origin_keys(origins: Origins, *, over_time: bool) -> list[SafeString]:
    keys = []
    if origins.own > origins.leading:
        keys.append(_key('<circle class="k-own" cx="9" cy="6" r="4"/>', "read from an abstract"))
    if origins.leading:
        words = f"read from an abstract, {'set a record' if over_time else 'on the front'}"
        keys.append(_key('<circle class="k-own-front" cx="9" cy="6" r="4.500"/>', words))
    if origins.imported:
        keys.append(_key('<circle class="k-imp" cx="9" cy="6" r="3.500"/>', "imported"))
    if origins.quoted:
        words = "quoted, sets no record" if over_time else "quoted, never on the front"
        keys.append(_key('<circle class="k-quoted" cx="9" cy="6" r="3.500"/>', words))
    return keys


def _family_keys(board: Board, origins: Origins, lead: Sequence[Row]) -> list[SafeString]:
    """Return a key for each family that has a colour, and for the circle that all others have."""
    names = coloured_families(board)
    keys = [
        _key(f'<path class="k-family k-c{place + 1}" d="{_SHAPES[SHAPES[place]]}"/>', name, "k-names") for place, name in enumerate(names)
    ]
    coloured = sum(len(family.rows) for family in (board.charting.families[:MOST_COLOURS] if board.charting else []))
    if coloured < origins.own + origins.imported + origins.quoted:
        keys.append(_key('<circle class="k-imp" cx="9" cy="6" r="3"/>', "all others"))
    if lead:
        words = "ringed: set a record" if board.charting and board.charting.kind is ChartKind.TIME else "ringed: on the front"
        keys.append(_key('<circle class="k-ring" cx="9" cy="6" r="4"/>', words))
    if origins.quoted:
        keys.append(_key('<circle class="k-quoted" cx="9" cy="6" r="3.500"/>', "hollow: quoted"))
    return keys


def _size_keys(board: Board, charting: Charting, drawn: Rows | None) -> list[SafeString]:
    """Return the least, the middle and the largest amount that a size stands for, each with a circle of that size."""
    column = next((column for column in board.columns if column.is_cost and column.key == charting.size), None)
    amounts = drawn.amounts(charting.size) if drawn is not None else []
    if column is None or not amounts:
        return []
    samples, scale = sample_amounts(amounts), column_scale(column)
    sizes = dict(zip(amounts, diameters(amounts), strict=True))
    circles = " ".join(
        f'<span><svg viewBox="0 0 24 24" aria-hidden="true"><circle class="k-size" cx="12" cy="12" r="{sizes[amount] / 2:.2f}"/></svg>'
        f"{escape(amount_words(amount, scale))}</span>"
        for amount in samples
    )
    return [format_html('<span class="k-sizes">{}: {}</span>', column_name(column), mark_safe(circles))]  # noqa: S308 - escaped above


# ---- the table ----


def _table(
    tradeoff: Tradeoff, history: History, charting: Charting, scale: Scale, base: str
) -> tuple[Sequence[Row], SafeString, int, list[Head]]:
    """Return the rows that the chart draws, its table's rows, how many they are, and their heads."""
    value = Head(tradeoff.metric.label, tradeoff.metric.unit, is_number=True)
    if charting.kind is ChartKind.TIME:
        table = _history_rows(history, base)
        return history.points, table, len(history.listed), [Head("Model"), value, Head("Step", is_number=True), Head("Date")]
    cost = Head(column_name(tradeoff.cost) if tradeoff.cost else "", scale.unit, is_number=True)
    if charting.kind is ChartKind.FAMILIES:
        drawn = [row for family in charting.panels for row in family.rows]
        listed = [row for family in charting.panels for row in family.listed]
        families = [family.name for family in charting.panels for _ in family.listed]
        table = _rows(tradeoff, listed, scale, base, families)
        return drawn, table, len(listed), [Head("Model"), Head("Family"), value, cost, Head("Front")]
    table = _rows(tradeoff, tradeoff.listed, scale, base)
    return tradeoff.points, table, len(tradeoff.listed), [Head("Model"), value, cost, Head("Front")]


def _rows(tradeoff: Tradeoff, rows: Sequence[Row], scale: Scale, base: str, families: Sequence[str] = ()) -> SafeString:
    """Return the table's rows. Written here: a template takes several times as long, on a page that has a larger table yet."""
    values = [printed_number(row.cells[tradeoff.metric.key]) for row in rows]
    costs = [printed_number(row.costs[tradeoff.measure], scale.size) for row in rows]
    value_decimals, cost_decimals = _most(values), _most(costs)
    parts = []
    for place, (row, (value, value_own), (cost, cost_own)) in enumerate(zip(rows, values, costs, strict=True)):
        family = f"<td>{escape(families[place])}</td>" if families else ""
        parts.append(
            f"<tr>{_name(row, base)}{family}"
            f"{_number(row.cells[tradeoff.metric.key], value, value_own, value_decimals)}"
            f"{_number(row.costs[tradeoff.measure], cost, cost_own, cost_decimals)}<td>{ON_IT if row.on_front else NOT_ON_IT}</td></tr>"
        )
    return mark_safe("\n".join(parts))  # noqa: S308 - every part is escaped


def _history_rows(history: History, base: str) -> SafeString:
    """Return the record setters, the latest first, each with its step over the one before."""
    key = history.metric.key
    printed = [printed_number(row.cells[key]) for row in history.listed]
    most = _most(printed)
    first = len(history.records) - len(history.listed)
    parts = []
    for place, (row, (value, decimals)) in enumerate(zip(history.listed, printed, strict=True)):
        step = NO_STEP
        if first + place:
            before = history.records[first + place - 1]
            size = max(decimals, printed[place - 1][1] if place else decimals)
            change = row.scores[key].rank_by - before.scores[key].rank_by
            step = f'<td class="n f{most}"><span class="num d{size}">{f"{change:+,.{size}f}".replace("-", MINUS)}</span></td>'
        parts.append(
            f"<tr>{_name(row, base)}{_number(row.cells[key], value, decimals, most)}{step}"
            f'<td class="day">{paper_date(row.first_day, row.last_day)}</td></tr>'
        )
    return mark_safe("\n".join(reversed(parts)))  # noqa: S308 - every part is escaped


def _most(printed: Iterable[tuple[str, int]]) -> int:
    return max((decimals for _, decimals in printed), default=0)


ON_IT = '<span class="onfront"><svg class="i" aria-hidden="true"><use href="#i-step"/></svg></span><span class="word">on it</span>'
NOT_ON_IT = '<span class="none" aria-hidden="true">–</span><span class="sr">not on it</span>'
NO_STEP = '<td class="n"><span class="none" aria-hidden="true">–</span><span class="sr">the first</span></td>'


def _name(row: Row, base: str) -> str:
    """Return the head of a row: its model, which leads to its line of the board."""
    variant = f' <span class="variant">{jointed(row.variant)}</span>' if row.variant else ""
    tags = "".join(f' <span class="tag">{escape(text)}</span>' for text in row.setting)
    link = f'<a href="{escape(base)}{row.public_id}#row-{row.public_id}" data-row="{row.public_id}">{jointed(row.model)}{variant}</a>'
    return f'<th scope="row">{link}{tags}</th>'


def _number(cell: Cell, text: str, decimals: int, most: int) -> str:
    """Return a table cell with a number, its decimals aligned with a column that has at most `most` of them."""
    qualifier = QUALIFIERS.get(cell.qualifier, "")
    word = f'<span class="q">{escape(qualifier)}</span>' if qualifier else ""
    return f'<td class="n f{most}">{word}<span class="num d{decimals}">{escape(text)}</span></td>'
