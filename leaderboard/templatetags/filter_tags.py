"""The filters of a board: their chips, their form, and what they leave out in words. No queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from claims.boards import BOUNDS, FILTERS, Board, BoundEffect, Column, Facet, Glance, Row, measure_of
from claims.terms import CANONICAL_UNITS, COMPARABLE_KINDS, ConditionKind, CostMeasure, Tier
from leaderboard.templatetags.board_tags import (
    BYTE_STEPS,
    MINUS,
    TIME_STEPS,
    conflict_words,
    cost_text,
    make_href,
    measure_words,
    number_text,
    paper_date,
    printed_number,
)
from leaderboard.templatetags.word_tags import NBSP, plural

register = template.Library()

FIRST_SETTINGS = 6
"""How many settings of a group a board offers at once; the others open behind them."""
GROUPS: tuple[tuple[str, str, tuple[ConditionKind, ...]], ...] = (
    ("setting", "Setting", COMPARABLE_KINDS),
    ("extra", "Extra data", (ConditionKind.EXTRA_DATA,)),
    ("resolution", "Resolution", (ConditionKind.RESOLUTION,)),
)


@dataclass(frozen=True, slots=True)
class SettingFacets:
    """A group of settings: the most frequent, with the one that says that none is stated, then the `others` behind a disclosure."""

    slug: str
    label: str
    first: list[Facet]
    others: list[Facet]

    @property
    def is_open(self) -> bool:
        return any(facet.chosen for facet in self.others)


@register.simple_tag
def setting_facets(board: Board) -> list[SettingFacets]:
    """Return a board's settings in groups, by count; a group that no row states anything of is left out."""
    groups = []
    for slug, label, kinds in GROUPS:
        of_group = [facet for facet in board.settings if facet.value.partition(":")[0] in kinds]
        stated = [facet for facet in of_group if not facet.value.endswith(":")]
        unstated = [facet for facet in of_group if facet.value.endswith(":") and (len(kinds) == 1 or facet.chosen)]
        if slug == "setting":
            unstated += [facet for facet in board.settings if facet.value == "none"]
        if stated or any(facet.chosen for facet in unstated):
            groups.append(SettingFacets(slug, label, [*stated[:FIRST_SETTINGS], *unstated], stated[FIRST_SETTINGS:]))
    return groups


@register.simple_tag
def checked_tiers(board: Board) -> list[Facet]:
    """Return a board's tiers where one says more than the states do: some row is verified or disputed, or a tier is chosen."""
    checked = any(facet.count for facet in board.tiers if facet.value in list(Tier))
    return board.tiers if checked or any(facet.chosen for facet in board.tiers) else []


@register.simple_tag(takes_context=True)
def facet_href(context: template.Context, name: str, value: str, chosen: bool, several: bool = False) -> str:
    """Return the page's address with a facet's choice made or, if `chosen`, taken back."""
    query: QueryDict = context["request"].GET.copy()
    left = [other for other in query.getlist(name) if other != value]
    if several:
        query.setlist(name, left if chosen else [*left, value])
    else:
        query.setlist(name, [] if chosen else [value])
    return make_href(query, page=None, open=None)


@register.simple_tag(takes_context=True)
def set_query(context: template.Context, name: str, value: str) -> str:
    """Return the page's address with one parameter set, on its first page; '' takes it away."""
    return make_href(context["request"].GET, page=None, open=None, **{name: value or None})


@register.simple_tag(takes_context=True)
def conflicts_href(context: template.Context) -> str:
    """Return the page's address with the rows in conflict alone, the quoted ones, too: they were counted."""
    return make_href(context["request"].GET, page=None, open=None, conflicts="1", role="all")


@register.simple_tag(takes_context=True)
def drop_filter(context: template.Context, name: str) -> str:
    """Return the page's address without one of its filters."""
    return make_href(context["request"].GET, page=None, open=None, **{name: None})


@register.simple_tag(takes_context=True)
def reset_href(context: template.Context) -> str:
    """Return the page's address without any filter: what is chosen about columns, order and chart stays."""
    query: QueryDict = context["request"].GET.copy()
    for name in list(query):
        if is_filter(name) or name in ("page", "open"):
            del query[name]
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def filter_values(context: template.Context, board: Board, name: str) -> list[str]:
    """Return what a filter is set to, in the words of its chips: "shots:0" is "zero-shot"."""
    facets = {"setting": board.settings, "role": board.roles, "year": board.years, "state": board.states, "tier": board.tiers}.get(name, [])
    labels = {facet.value: facet.label for facet in facets}
    return [labels.get(value, value) for value in context["request"].GET.getlist(name)]


_FILTER_NAMES = {"as_of": "date", "like": "like for like", "conflicts": "limit to conflicts"}


@register.filter
def filter_name(name: str) -> str:
    """Return how a filter is called within a sentence: "max_parameters" is "most parameters"."""
    if name.startswith(("min_", "max_")):
        return f"{'least' if name.startswith('min_') else 'most'} {measure_words(name[4:])}"
    return _FILTER_NAMES.get(name, name)


@register.simple_tag(takes_context=True)
def hidden_query(context: template.Context, *without: str) -> SafeString:
    """Return the page's query as hidden fields of a form that sets the parameters `without`, and leads to the first page."""
    query: QueryDict = context["request"].GET
    left_out = {*without, "page", "open"}
    pairs = ((name, value) for name, values in query.lists() if name not in left_out for value in values)
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.simple_tag(takes_context=True)
def form_query(context: template.Context, prices: Iterable[PriceField]) -> SafeString:
    """Return the hidden fields of the filters' form: all of the query that the form doesn't ask itself."""
    return hidden_query(context, *_ASKED, *(price.name for price in prices))


_ASKED = ("like", "as_of", "model")


@dataclass(frozen=True, slots=True)
class PriceField:
    """A bound on a cost to type: `value` as the reader wrote it."""

    name: str
    label: str
    value: str
    example: str

    @property
    def measure(self) -> str:
        """The cost that it bounds, from one end or the other."""
        return self.name[4:]


_EXAMPLES = {"": "25M", "s": "30 ms", "bytes": "2 GB"}


@register.simple_tag(takes_context=True)
def price_fields(context: template.Context, board: Board) -> list[PriceField]:
    """Return the bounds that a board offers: parameters from and to, the most common measure of computing, and what is asked for."""
    query: QueryDict = context["request"].GET
    stated = {measure_of(column.key): column.count for column in board.columns if column.is_cost}
    computing = max(
        (measure for measure in (CostMeasure.FLOPS, CostMeasure.MACS) if measure in stated), key=lambda one: stated[one], default=None
    )
    names = [f"{end}{CostMeasure.PARAMETERS}" for end in ("min_", "max_") if CostMeasure.PARAMETERS in stated]
    names += [f"max_{computing}"] if computing else []
    names += [name for name in query if name.startswith(("min_", "max_")) and name not in names]
    fields = []
    for name in names:
        words = measure_words(name[4:])
        example = _EXAMPLES.get(CANONICAL_UNITS.get(CostMeasure(name[4:]), ""), "")
        label = f"{words[:1].upper()}{words[1:]} {'from' if name.startswith('min_') else 'to'}"
        fields.append(PriceField(name, label, query.get(name, ""), "4.5G" if name[4:] == computing else example))
    return fields


@register.simple_tag
def like_words(board: Board) -> str:
    """Return what "like for like" keeps and hides, or would."""
    like = board.like
    if like is None:
        return "all rows are on the same terms"
    return f"{'hides' if board.is_like else 'would hide'} {plural(like.hidden, 'row,rows')}"


MOST_REASONS = 5


@register.simple_tag
def left_out(board: Board) -> list[str]:
    """Return what the filters leave out that no chip counts, a sentence each."""
    said = []
    if board.is_like and board.like is not None:
        kept = " and ".join(board.like.terms) or "no particular protocol stated"
        reasons = [f"{reason} ({count:,})" for reason, count in board.like.reasons[:MOST_REASONS]]
        rest = sum(count for _, count in board.like.reasons[MOST_REASONS:])
        reasons += [f"other terms ({rest:,})"] if rest else []
        said.append(
            f"Like for like keeps the most common terms ({kept}) and hides {plural(board.like.hidden, 'row,rows')}: {', '.join(reasons)}."
        )
    if board.as_of is not None:
        parts = [plural(board.later, "later row,later rows")] if board.later else []
        parts += [f"{plural(board.undated_hidden, 'row,rows')} without a date"] if board.undated_hidden else []
        is_one = board.later + board.undated_hidden == 1
        day = f"{board.as_of.day} {board.as_of:%b %Y}"
        said.append(
            f"As of {day}: {' and '.join(parts)} {'is' if is_one else 'are'} left out." if parts else f"As of {day}: no row is left out."
        )
    said += [_bound_words(bound) for bound in board.bounds]
    return said


def _bound_words(bound: BoundEffect) -> str:
    words = measure_words(bound.measure)
    parts = [f"{plural(bound.outside, 'row,rows')} outside"] if bound.outside else []
    parts += [f"{plural(bound.unstated, 'row that states,rows that state')} none"] if bound.unstated else []
    ends = [f"at least {amount(bound.least, bound.measure)}"] if bound.least is not None else []
    ends += [f"at most {amount(bound.most, bound.measure)}"] if bound.most is not None else []
    verb = "is" if bound.outside + bound.unstated < 2 else "are"
    return f"{words[:1].upper()}{words[1:]} {' and '.join(ends)}: {' and '.join(parts) or 'no row'} {verb} left out."


_SIZES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


@register.filter
def amount(value: float, measure: str) -> str:
    """Return a cost in the canonical unit of its measure as text: 25000000.0 parameters are "25 M"."""
    unit = CANONICAL_UNITS.get(CostMeasure(measure), "")
    if steps := {"s": TIME_STEPS, "bytes": BYTE_STEPS}.get(unit):
        size, unit = next(((size, unit) for size, unit in steps if abs(value) >= size), (1.0, unit))
        return f"{value / size:g}{NBSP}{unit}"
    if unit:
        return f"{value:,g}{NBSP}{unit}"
    size, letter = next(((size, letter) for size, letter in _SIZES if abs(value) >= size), (1.0, ""))
    if measure in (CostMeasure.PARAMETERS, CostMeasure.TOKENS) and letter == "G":
        letter = "B"
    return f"{value / size:g}{NBSP}{letter}".strip()


def is_filter(name: str) -> bool:
    """Say whether a parameter leaves rows out."""
    return name in FILTERS or name.startswith(BOUNDS)


# ---- at a glance ----


@dataclass(frozen=True, slots=True)
class GlanceNumber:
    """What is printed of one of the best rows: its number with its mark, its date, and what it costs in words."""

    text: str
    css: str
    conflict: SafeString
    date: SafeString
    ties: bool
    cost: str


@register.simple_tag
def glance_number(row: Row, primary: Column) -> GlanceNumber | None:
    """Return what is printed of one of a board's best rows; None if its number was rejected a moment ago."""
    cell = row.cells.get(primary.key)
    if cell is None:
        return None
    size = row.costs.get(CostMeasure.PARAMETERS)
    return GlanceNumber(
        text=number_text(cell),
        css="recd" if cell.place[0] is None else "says",
        conflict=conflict_words(cell, row.disputes.get(primary.key, 0)),
        date=paper_date(row.first_day, row.last_day),
        ties=row.tied,
        cost=f"{cost_text(size)} parameters" if size is not None else "no size stated",
    )


@register.simple_tag
def record_step(look: Glance, primary: Column) -> str:
    """Return by how much the record's holder broke the one before, "+0.4"; '' if there was none, or one was rejected just now."""
    cells = [row.cells.get(primary.key) for row in (look.record or look.best, look.broke) if row is not None]
    if len(cells) < 2 or cells[0] is None or cells[1] is None or cells[0].rank_by is None or cells[1].rank_by is None:
        return ""
    decimals = max(printed_number(cell)[1] for cell in cells if cell is not None)
    return f"{cells[0].rank_by - cells[1].rank_by:+,.{decimals}f}".replace("-", MINUS)


@register.simple_tag(takes_context=True)
def under_limit(context: template.Context, limit: float) -> str:
    """Return the page's address with only the rows of at most `limit` parameters."""
    return make_href(context["request"].GET, page=None, open=None, max_parameters=amount(limit, CostMeasure.PARAMETERS).replace(NBSP, ""))


@register.simple_tag
def glance_mix(look: Glance) -> list[tuple[str, int]]:
    """Return how many rows are in which state: imported ones that nobody has accepted apart."""
    return [("accepted", look.accepted), ("unreviewed", look.unreviewed), ("imported", look.imported)]


@register.simple_tag(takes_context=True)
def take_along(context: template.Context, form: str, *, all: bool = False) -> str:  # noqa: A002 - the word of the address
    """Return where the shown rows stand as a text to copy: "md", "tex", "csv" or "bib"."""
    query: QueryDict = context["request"].GET.copy()
    for name in ("open", "density", "row"):
        query.pop(name, None)
    board: Board = context["board"]
    query.pop("page", None)
    if all:
        query["rows"] = "all"
    elif board.page > 1:  # an opened row may have led here without a word of it in the address
        query["page"] = str(board.page)
    address = reverse("take-along", args=[context["benchmark"].slug, form])
    return f"{address}?{query.urlencode()}".rstrip("?")


@register.simple_tag
def mix_bar(parts: Iterable[tuple[str, int]]) -> SafeString:
    """Return a bar of parts by their counts. Its numbers stand beside it in words."""
    parts = [(name, count) for name, count in parts if count]
    total = sum(count for _, count in parts) or 1
    drawn, at = [], 0.0
    for name, count in parts:
        width = 312 * count / total
        drawn.append((name, round(at, 1), round(max(width - 1, 1), 1)))
        at += width
    bars = format_html_join("", '<rect class="mix-{}" x="{}" y="0" width="{}" height="8"/>', drawn)
    return format_html('<svg class="mix" viewBox="0 0 312 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>', bars)
