"""Formats numbers, units, dates and marks as the design says. No queries."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from claims import keys
from claims.boards import Board, Cell, Column, Row, Sentence
from claims.models import Claim, Cost, Paper, Statement
from claims.search import Found
from claims.services.receipts import Change
from claims.terms import (
    ClaimKind,
    CostMeasure,
    CurationState,
    DateSource,
    Direction,
    ListingState,
    Qualifier,
    RejectReason,
    Role,
    YearSource,
)

register = template.Library()

NBSP, MINUS, EN_DASH, TIMES = "\u00a0", "\u2212", "\u2013", "\u00d7"
MOST_DECIMALS = 6
QUALIFIERS = {
    Qualifier.ABOUT: "≈",
    Qualifier.OVER: ">",
    Qualifier.UNDER: "<",
    Qualifier.AT_MOST: "up to",
    Qualifier.AT_LEAST: "≥",
}
STATE_WORDS = ("unreviewed", "accepted", "verified", "disputed", "rejected", "imported")


# ---- numbers ----


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def _stated_factor(value: float, stated: str) -> float:
    """Return by what a number was expanded: 1e6 for 21000000 stated as "21M"; 1 where it stands as printed."""
    printed = re.search(r"\d[\d,]*(?:\.\d+)?", stated)
    number = float(printed[0].replace(",", "")) if printed else 0.0
    if not number or not value:
        return 1.0
    power = math.log10(abs(value) / number)
    return 10.0 ** round(power) if abs(power - round(power)) < 1e-6 else 1.0


def printed_number(cell: Cell, scale: float = 1.0) -> tuple[str, int]:
    """Return a cell's number in its column's unit and its decimals there: the stated precision, neither padded nor rounded.

    `scale` is how many canonical units make one of the column's.
    """
    factor = (cell.canonical_value / cell.value if cell.canonical_value is not None and cell.value else 1.0) / scale
    step = math.log10(_stated_factor(cell.value, cell.stated) * abs(factor) or 1.0)
    decimals = max(0, min(MOST_DECIMALS, cell.decimals - math.floor(step + 1e-9)))
    ends = [cell.value * factor] + ([cell.value_max * factor] if cell.value_max is not None else [])
    return EN_DASH.join(_minus(f"{end:,.{decimals}f}") for end in ends), decimals


_LETTERS = {1e3: "k", 1e6: "M", 1e9: "G", 1e12: "T"}


def _with_magnitude(text: str, value: float, stated: str) -> str:
    """Return a number with the letter of what it was expanded by: "29" that stands for 29 million is "29 M"."""
    if any(character.isalpha() for character in stated):
        return text
    letter = _LETTERS.get(_stated_factor(value, stated))
    return f"{text}{NBSP}{letter}" if letter else text


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that a column is printed in, and how many canonical units make one of it."""

    size: float
    unit: str


_COUNTS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_TIMES = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def column_scale(column: Column) -> Scale:
    """Return the readable unit of a cost column, chosen by its typical number. Metrics keep their own."""
    if not column.is_cost:
        return Scale(1.0, column.unit)
    steps: Sequence[tuple[float, str]] = {"": _COUNTS, "bytes": _BYTES, "s": _TIMES}.get(column.unit, ())
    return next((Scale(size, unit) for size, unit in steps if column.typical >= size), Scale(1.0, column.unit))


def _qualifier(qualifier: str) -> SafeString:
    word = QUALIFIERS.get(Qualifier(qualifier))
    return format_html('<span class="q">{}</span>', word) if word else mark_safe("")


@dataclass(frozen=True, slots=True)
class Head:
    """A column as the table prints it: its unit, its most decimals, its sorting link and what that does.

    `front` says which front its rows are marked for, '' if it is not the cost that the board is compared by.
    """

    column: Column
    scale: Scale
    decimals: int
    href: str
    sorted: str
    css: str
    front: str = ""

    @property
    def arrow(self) -> str:
        return {Direction.HIGHER: "↑", Direction.LOWER: "↓"}.get(self.column.direction, "")

    @property
    def better(self) -> str:
        return {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better"}.get(self.column.direction, "")

    @property
    def label(self) -> str:
        """The column's name with its unit, for a card."""
        return f"{self.name}, {self.scale.unit}" if self.scale.unit else self.name

    @property
    def name(self) -> str:
        return column_name(self.column)


SHORT_LABELS = {
    CostMeasure.FLOPS: "FLOPs",
    CostMeasure.MACS: "MACs",
    CostMeasure.GPU_HOURS: "GPU time",
    CostMeasure.GPU_DAYS: "GPU time, days stated",
    CostMeasure.TPU_HOURS: "TPU time",
    CostMeasure.NFE: "NFE",
}


@register.filter
def measure_name(measure: str) -> str:
    """Return how a cost measure is called: "gpu_hours" is "GPU time"."""
    return SHORT_LABELS.get(CostMeasure(measure)) or measure.replace("_", " ").capitalize()


@register.filter
def measure_words(measure: str) -> str:
    """Return a cost measure as it stands within a sentence: "gpu_hours" is "GPU time", "model_size" is "model size"."""
    return SHORT_LABELS.get(CostMeasure(measure)) or measure.replace("_", " ")


def column_name(column: Column) -> str:
    return measure_name(column.key) if column.is_cost else column.label


def _cell_of(row: Row, column: Column) -> Cell | None:
    return (row.costs if column.is_cost else row.cells).get(column.key)


@register.simple_tag(takes_context=True)
def board_heads(context: template.Context, board: Board) -> list[Head]:
    """Return the board's columns ready to print. Sorting keeps the reader's query; a second click turns the order round."""
    return [_head(board, column, context["request"].GET) for column in shown_columns(board)]


MOST_COLUMNS = 5


def shown_columns(board: Board) -> list[Column]:
    """Return the columns that the table has room for: the primary one, the one it is sorted by, the chart's, then the fullest."""
    sorted_by = board.sort.removeprefix("-")
    compared = board.tradeoff.measure if board.tradeoff else ""
    wanted = sorted(
        board.columns, key=lambda column: (not column.is_primary, column.key != sorted_by, column.key != compared, -column.count)
    )[:MOST_COLUMNS]
    return [column for column in board.columns if column in wanted]


@register.simple_tag(takes_context=True)
def columns_left_out(context: template.Context, board: Board) -> list[Head]:
    """Return the columns that the table has no room for: sorting by one shows it."""
    shown = {column.key for column in shown_columns(board)}
    return [_head(board, column, context["request"].GET) for column in board.columns if column.key not in shown]


def _head(board: Board, column: Column, query: QueryDict) -> Head:
    scale = column_scale(column)
    cells = [cell for row in board.rows if (cell := _cell_of(row, column))]
    best_first = "-" if column.direction is Direction.HIGHER else ""
    sort = board.sort or (f"{best_first}{column.key}" if column.is_primary and board.ranked else "")
    order = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
    wanted = (f"-{column.key}" if order == "ascending" else column.key) if order else f"{best_first}{column.key}"
    return Head(
        column=column,
        scale=scale,
        decimals=max((printed_number(cell, scale.size)[1] for cell in cells), default=0),
        href=_href(query, sort=wanted, page=None, open=None),
        sorted=order,
        css=" ".join(["c-main" if column.is_primary else "c-extra", *(["sortcol"] if order else [])]),
        front=f"On the front of {board.tradeoff.metric.label} against {measure_words(column.key)}"
        if board.tradeoff is not None and column.is_cost and column.key == board.tradeoff.measure
        else "",
    )


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number of a row as its cell prints it; `below` are the lines under it."""

    text: str
    decimals: int
    qualifier: str
    css: str
    best: bool
    on_front: bool
    below: list[str]


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """A row with all that its line of the table prints, the numbers beside their columns."""

    row: Row
    is_open: bool
    quoted: bool
    numbers: list[tuple[Head, PrintedNumber | None]]
    paper_url: str
    date: SafeString
    state: SafeString


@register.simple_tag(takes_context=True)
def board_rows(context: template.Context, board: Board, heads: Sequence[Head], base: str) -> SafeString:
    """Return the table's rows; a number opens its row's sentences at `base` + id."""
    detail = ""
    if board.opened is not None and context.template is not None:
        detail = context.template.engine.get_template("boards/_row_detail.html").render(context)
    rows = [_print_row(row, heads, is_open=row is board.opened) for row in board.rows]
    return mark_safe(render_to_string("board_rows.html", {"rows": rows, "base": base, "detail": detail}, using="jinja2"))  # noqa: S308 - escaped there


def _print_row(row: Row, heads: Sequence[Head], *, is_open: bool) -> PrintedRow:
    return PrintedRow(
        row=row,
        is_open=is_open,
        quoted=row.role is Role.BASELINE,
        numbers=[(head, _print_number(row, head)) for head in heads],
        paper_url=row.paper_url,
        date=paper_date(row.first_day, row.last_day),
        state=row_state(row),
    )


def _print_number(row: Row, head: Head) -> PrintedNumber | None:
    cell = _cell_of(row, head.column)
    if cell is None:
        return None
    text, decimals = printed_number(cell, head.scale.size)
    below = []
    if cell.uncertainty is not None:
        factor = cell.canonical_value / cell.value if cell.canonical_value is not None and cell.value else 1.0
        below.append(f"± {cell.uncertainty * factor / head.scale.size:g}")
    if cell.read_as:
        below.append(f"stated as {cell.read_as.lower()}")
    if cell.tier == "disputed":
        below.append("disputed")
    is_best = cell.rank_by is not None and cell.rank_by == head.column.best and row.ranks and cell.qualifier is not Qualifier.OVER
    return PrintedNumber(
        text=text,
        decimals=decimals,
        qualifier=QUALIFIERS.get(cell.qualifier, ""),
        css="recd" if cell.place[0] is None else "says",
        best=is_best,
        on_front=row.on_front and bool(head.front),
        below=below,
    )


@register.simple_tag
def claim_number(statement: Claim | Cost, *, unit: bool = True) -> SafeString:
    """Return a number as the text states it, with its qualifier, sign, unit and uncertainty."""
    text = statement.stated.strip()
    if statement.value_max is None and statement.uncertainty is None and len(re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))) > 1:
        # The text states a list in one breath ("96.1/95.2%"); this is its part of it.
        text = f"{statement.value:,.{statement.decimals}f}"
    else:
        text = _with_magnitude(text, statement.value, statement.stated)
    if statement.unit and unit and statement.unit not in text:
        text = f"{text}{TIMES}" if statement.unit == "x" else f"{text} {statement.unit}"
    text = re.sub(r"(?<=\d) ?(?=%)", NBSP, text)
    text = re.sub(r"(?<=\d)\s?x$", TIMES, text)
    text = re.sub(r"^-(?=\d)", MINUS, text)
    plus_minus = f"±{NBSP}{statement.uncertainty:g}" if statement.uncertainty is not None and "±" not in text else ""
    return format_html(
        "{}{}{}", _qualifier(statement.qualifier), text, format_html(' <span class="pm">{}</span>', plus_minus) if plus_minus else ""
    )


@register.simple_tag
def leader_number(claim: Claim) -> SafeString:
    """Return a leader's number without its unit, which stands beside it."""
    ends = [claim.value] + ([claim.value_max] if claim.value_max is not None else [])
    factor = claim.canonical_value / claim.value if claim.canonical_value is not None and claim.value else 1.0
    decimals = max(0, min(MOST_DECIMALS, claim.decimals - round(math.log10(abs(factor) or 1.0))))
    return format_html(
        '{}<span class="num d{}">{}</span>',
        _qualifier(claim.qualifier),
        decimals,
        EN_DASH.join(_minus(f"{end * factor:,.{decimals}f}") for end in ends),
    )


@register.filter
def direction_arrow(direction: str) -> SafeString:
    """Return the arrow of the better direction, '' where nobody knows it."""
    words = {Direction.HIGHER: ("↑", "higher is better"), Direction.LOWER: ("↓", "lower is better")}.get(Direction(direction))
    return format_html('<span class="dir" title="{}">{}</span>', words[1], words[0]) if words else mark_safe("")


@register.filter
def cost_text(cell: Cell) -> str:
    """Return a cost of a row as text: the stated words, with the unit where they leave it out."""
    word = QUALIFIERS.get(cell.qualifier, "")
    text = _with_magnitude(cell.stated.strip(), cell.value, cell.stated)
    if cell.unit and cell.unit not in text:
        text += TIMES if cell.unit == "x" else f" {cell.unit}"
    text = re.sub(r"(?<=\d)\s?x$", TIMES, text)
    return f"{word} {text}".strip()


def number_text(cell: Cell, scale: float = 1.0) -> str:
    """Return a number as text without its unit, as exactly as it is stated: "≈ 86.5 ± 0.1"."""
    number = " ".join(filter(None, [QUALIFIERS.get(cell.qualifier, ""), printed_number(cell, scale)[0]]))
    if cell.uncertainty is None:
        return number
    factor = cell.canonical_value / cell.value if cell.canonical_value is not None and cell.value else 1.0
    return f"{number} ± {cell.uncertainty * factor / scale:g}"


@register.filter
def file_size(size: int) -> str:
    """Return a file's size: 950 bytes, 12 kB, 3.4 MB."""
    if size < 1000:
        return f"{size}{NBSP}bytes"
    return f"{size / 1e3:,.0f}{NBSP}kB" if size < 1e6 else f"{size / 1e6:,.1f}{NBSP}MB"


@register.filter
def minus(count: int, less: int) -> int:
    return count - less


# ---- words ----


@register.filter
def plural(count: int, words: str) -> str:
    """Return "1 row" or "12 rows"; `words` is "row,rows"."""
    one, _, many = words.partition(",")
    return f"{count:,}{NBSP}{one if count == 1 else many}"


@register.simple_tag
def paper_date(first_day: date | None, last_day: date | None) -> SafeString:
    """Return a date as exactly as it is known: "12 Nov 2025", "Nov 2025", "2025" or "no date"."""
    if first_day is None or last_day is None:
        return mark_safe('<span class="none">no date</span>')
    if first_day == last_day:
        return format_html('<time datetime="{}">{}</time>', first_day.isoformat(), f"{first_day.day} {first_day:%b %Y}")
    if (first_day.year, first_day.month) == (last_day.year, last_day.month):
        return format_html('<time datetime="{}">{}</time>', f"{first_day:%Y-%m}", f"{first_day:%b %Y}")
    if first_day.year == last_day.year:
        return format_html('<time datetime="{0}">{0}</time>', str(first_day.year))
    return format_html("{}–{}", str(first_day.year), str(last_day.year))


@register.filter
def date_source(paper: Paper) -> str:
    """Return in words how a paper's date is known."""
    words = {
        DateSource.STATED: "stated in a listing",
        DateSource.YEAR_GIVEN: "the year was given with the listing",
        DateSource.YEAR_INFERRED: "the year is inferred from the listing",
        DateSource.CURATOR: "set by a curator",
    }
    return words[DateSource(paper.date_source)] if paper.date_source else ""


@register.filter
def year_source(source: str) -> str:
    """Return in words how a listing's year is known."""
    words = {
        YearSource.GIVEN: "given by a person",
        YearSource.INFERRED: "inferred: one more than the latest year that the file spells out",
    }
    return words[YearSource(source)] if source else "not known"


LISTING_STATES = {ListingState.DONE: "Read", ListingState.CANCELLED: "Stopped"}


@register.filter
def listing_state(state: str) -> str:
    """Return how pages call a listing's state: "cancelled" is "Stopped"."""
    return LISTING_STATES.get(ListingState(state), state.capitalize())


@register.filter
def time_left(seconds: float) -> str:
    """Return about how long something still takes: "less than a minute", "about 2 min", "about 1 h 10 min"."""
    minutes = math.ceil(seconds / 60)
    if seconds < 45:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes}{NBSP}min"
    hours, minutes = divmod(math.ceil(minutes / 10) * 10, 60)
    return f"about {hours:,}{NBSP}h" + (f" {minutes}{NBSP}min" if minutes else "")


@register.filter
def change_words(change: Change) -> str:
    """Return what somebody did with a listing: "stopped reading", "set the year: 2024, was 2025"."""
    action = change.change_set.action
    if "year" in change.after:
        year, was = (side["year"] or "not known" for side in (change.after, change.before))
        return f"set the year{' back' if action == 'undo' else ''}: {year}, was {was}"
    if action == "retry":
        parts = change.before.get("parts", 0)
        return f"tried {plural(parts, 'failed part,failed parts')} again" if parts else "tried again"
    said = {"stop": "stopped reading", "read on": "had it read on", "withdraw": "withdrew it", "undo": "put it back"}
    return said.get(action, action)


@register.filter
def words(term: str) -> str:
    """Return a stored term as words: "part_of_name" is "part of name"."""
    return term.replace("_", " ").replace("-", " ")


_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


@register.filter
def undirected(text: str) -> str:
    """Return others' text without marks of writing direction, for a place where no element can keep their effect to itself."""
    return _DIRECTIONS.sub("", text)


UNTAKEN_REASONS = {
    "condition": "condition of a setting",
    "confidence_level": "confidence level",
    "count": "count of things",
    "dataset_size": "size of a dataset",
    "hyper_parameter": "parameter of the method",
    "link": "part of a link",
    "no_metric": "no metric in reach",
    "ordinal": "ordinal number",
    "out_of_bounds": "impossible for its metric",
    "part_of_name": "part of a name",
    "rank": "rank in a competition",
    "repeated": "said before",
    "resolution": "input resolution",
    "section": "number in an enumeration",
    "share": "share of something",
    "year": "year",
}


@register.filter
def untaken_reason(reason: str) -> str:
    """Return in words why a number was not taken; a reason without words of its own reads as it is stored."""
    return UNTAKEN_REASONS.get(reason) or words(reason)


@register.filter
def reject_reason(reason: str) -> str:
    return {RejectReason.NOT_A_RESULT: "not a result", RejectReason.WRONGLY_READ: "wrongly read"}.get(RejectReason(reason), reason)


# ---- states ----


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """Return a state as icon and word, never colour alone."""
    return format_html(
        '<span class="state state--{0}"><svg class="i" aria-hidden="true"><use href="#i-{0}"/></svg>{1}</span>',
        str(state),
        str(state).capitalize(),
    )


@register.simple_tag
def row_state(row: Row) -> SafeString:
    """Return a row's state: disputed if any number is, then imported, verified, accepted, unreviewed."""
    tiers = {cell.tier for cell in row.cells.values()}
    if "disputed" in tiers:
        return state_badge("disputed")
    if row.source:
        return state_badge("imported")
    return state_badge("verified" if tiers == {"verified"} else row.state.value)


@register.filter
def statement_state(statement: Statement) -> str:
    return statement.tier if statement.tier and statement.state == CurationState.ACCEPTED else statement.state


# ---- links that keep the reader's query ----


def _href(query: QueryDict, **changes: str | None) -> str:
    changed = query.copy()
    for name, value in changes.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value
    return "?" + changed.urlencode()


@register.simple_tag(takes_context=True)
def facet_href(context: template.Context, name: str, value: str, chosen: bool, several: bool = False) -> str:
    """Return the page's address with a facet's choice made or, if `chosen`, taken back."""
    query: QueryDict = context["request"].GET.copy()
    left = [other for other in query.getlist(name) if other != value]
    if several:
        query.setlist(name, left if chosen else [*left, value])
    else:
        query.setlist(name, [] if chosen else [value])
    return _href(query, page=None, open=None)


@register.simple_tag(takes_context=True)
def open_base(context: template.Context) -> str:
    """Return the start of the address that opens a row: the row's id comes after it."""
    start = _href(context["request"].GET, open=None)
    return f"{start}&open=" if len(start) > 1 else "?open="


@register.simple_tag(takes_context=True)
def drop_filter(context: template.Context, name: str) -> str:
    """Return the page's address without one of its filters."""
    return _href(context["request"].GET, page=None, open=None, **{name: None})


@register.simple_tag(takes_context=True)
def filter_values(context: template.Context, name: str) -> list[str]:
    """Return what a filter is set to, as words: "shots:zero" is "zero"."""
    return [words(value.partition(":")[2] or value) for value in context["request"].GET.getlist(name)]


# ---- marked texts ----


@dataclass(frozen=True, slots=True)
class Mark:
    """A number to mark in a text: where, its number in the lists, its look, and where it leads."""

    start: int
    end: int
    label: str
    css: str
    href: str = ""


def _with_unit(text: str, end: int) -> int:
    """Return where the mark of a number ends: behind its percent sign, if one follows."""
    sign = re.compile(r"[ \u00a0\u2009]?%").match(text, end)
    return sign.end() if sign else end


def _clusters(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Return the marks in groups that overlap or stand at the same number."""
    groups: list[list[Mark]] = []
    end = -1
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if groups and mark.start < end:
            groups[-1].append(mark)
        else:
            groups.append([mark])
        end = max(end, mark.end) if len(groups[-1]) > 1 else mark.end
    return groups


def marked_text(text: str, marks: Iterable[Mark]) -> SafeString:
    """Return `text`, escaped, with its numbers marked. Offsets are code points; overlapping marks share one."""
    parts: list[SafeString] = []
    at = 0
    for group in _clusters(mark for mark in marks if 0 <= mark.start < mark.end <= len(text)):
        start, end = group[0].start, _with_unit(text, max(mark.end for mark in group))
        parts.append(conditional_escape(text[at:start]))
        parts.append(_mark(text[start:end], group))
        at = end
    parts.append(conditional_escape(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped


def _mark(number: str, group: Sequence[Mark]) -> SafeString:
    first, *more = group
    if not first.href:
        return format_html('<mark class="{}">{}</mark>', first.css, number)
    ids = format_html_join("", '<span id="m{}"></span>', ((mark.label,) for mark in more))
    if not more:
        return format_html('<a class="{}" id="m{}" href="{}">{}<sup>{}</sup></a>', first.css, first.label, first.href, number, first.label)
    links = format_html_join(" ", '<a href="{}">{}</a>', ((mark.href, mark.label) for mark in group))
    return format_html('<span class="{}" id="m{}">{}{}<sup>{}</sup></span>', first.css, first.label, ids, number, links)


def _look(statement: Claim | Cost) -> str:
    if statement.state == CurationState.REJECTED:
        return "mark mark--no"
    if isinstance(statement, Cost):
        return "mark mark--cost"
    if statement.role == Role.BASELINE:
        return "mark mark--quoted"
    return "mark" if statement.kind == ClaimKind.ABSOLUTE else "mark mark--delta"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement with its number on the page: the order of the text."""

    label: str
    statement: Claim | Cost

    @property
    def kind(self) -> str:
        return "cost" if isinstance(self.statement, Cost) else "claim"

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.statement.pk


def number_statements(claims: Iterable[Claim], costs: Iterable[Cost], *, after: int = 0) -> list[Numbered]:
    """Number claims and costs together from `after` + 1: the latest text first, in it the title, then as they stand in it."""
    statements: list[Claim | Cost] = [*claims, *costs]
    statements.sort(key=lambda said: (-(said.paper_text_id or 0), said.field != "title", said.start, said.ordinal))
    return [Numbered(str(number), statement) for number, statement in enumerate(statements, start=after + 1)]


@register.simple_tag
def text_with_marks(text: str, field: str, numbered: Sequence[Numbered]) -> SafeString:
    """Return a title or abstract in which every number leads to its entry in the lists."""
    return marked_text(
        text,
        [
            Mark(entry.statement.start, entry.statement.end, entry.label, _look(entry.statement), f"#c{entry.label}")
            for entry in numbered
            if entry.statement.field == field
        ],
    )


@register.simple_tag
def statement_sentence(statement: Claim | Cost) -> SafeString:
    """Return the sentence of a statement with its number marked; its text must be loaded."""
    first = statement.evidence_start
    return marked_text(statement.evidence, [Mark(statement.start - first, statement.end - first, "", _look(statement))])


@dataclass(frozen=True, slots=True)
class Parts:
    """A paper's statements as its page groups them."""

    results: list[Numbered]
    improvements: list[Numbered]
    costs: list[Numbered]


@register.simple_tag
def split_statements(numbered: Sequence[Numbered]) -> Parts:
    claims = [entry for entry in numbered if entry.kind == "claim"]
    return Parts(
        results=[entry for entry in claims if entry.statement.kind == ClaimKind.ABSOLUTE],
        improvements=[entry for entry in claims if entry.statement.kind != ClaimKind.ABSOLUTE],
        costs=[entry for entry in numbered if entry.kind == "cost"],
    )


@register.simple_tag
def untaken_entry(text: str, start: int, end: int, reason: str) -> SafeString:
    """Return a number that was not taken, with some words around it and the reason."""
    return format_html(
        '<b>{}</b><q>{}</q><span class="muted">{}</span>', text[start:end], _in_context(text, start, end), untaken_reason(reason)
    )


def _in_context(text: str, start: int, end: int) -> SafeString:
    before, after = text[max(0, start - 36) : start], text[end : end + 36]
    before = before.partition(" ")[2] if start > 36 else before
    after = after.rpartition(" ")[0] if end + 36 < len(text) else after
    return format_html(
        '{}{}<mark class="no">{}</mark>{}{}',
        "… " if start > 36 else "",
        before,
        text[start:end],
        after,
        " …" if end + 36 < len(text) else "",
    )


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a row with all its numbers marked, and what it says of which column."""

    html: SafeString
    place: str
    cells: list[tuple[str, Cell]]


@register.simple_tag
def row_quotes(board: Board, row: Row) -> list[Quote]:
    """Return the sentences behind a row's numbers, each once, in the columns' order, then the other costs."""
    named = [(column_name(column), cell) for column in board.columns if (cell := _cell_of(row, column))]
    shown = {cell.public_id for _, cell in named}
    named += [(measure_name(cell.measure), cell) for cell in row.all_costs if cell.public_id not in shown]
    groups: dict[tuple[int | None, str, int, int], list[tuple[str, Cell, Sentence]]] = {}
    for label, cell in named:
        if cell.evidence is not None:
            text_id, field, _, _, start, end = cell.place
            groups.setdefault((text_id, field, start, end), []).append((label, cell, cell.evidence))
    return [
        Quote(
            marked_text(
                group[0][2].text,
                [
                    Mark(len(said.before), len(said.before) + len(said.number), "", "mark mark--cost" if cell.measure else "mark")
                    for _, cell, said in group
                ],
            ),
            field.capitalize(),
            [(label, cell) for label, cell, _ in group],
        )
        for (_, field, _, _), group in groups.items()
    ]


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """Return what a mapping holds under `key`, None if nothing."""
    return mapping.get(key)


# ---- search ----


@register.simple_tag
def found_name(name: str, found: Found) -> SafeString:
    """Return a name with what the query found in it in bold. Compared as the search compares: case, accents and hyphens aside."""
    folded: list[tuple[str, int]] = []
    starts = set()
    inside = False
    for place, c in enumerate(name):
        letters = "".join(keys.search_words(c))
        if letters and not inside:
            starts.add(len(folded))
        # A combining mark or an apostrophe folds to nothing and ends no word.
        inside = bool(letters) or (inside and (unicodedata.combining(c) > 0 or c in "'’"))
        folded += [(letter, place) for letter in letters]
    text = "".join(letter for letter, _ in folded)
    bold: set[int] = set()
    query = found.query
    wanted = [query.key] if query.key in text and len(query.key) > 2 else [*query.required, *found.instead.values()]
    for word in wanted:
        plain = word.translate(_SIGNS)
        plain = plain if plain in text or not plain.endswith("s") else plain[:-1]
        at = text.find(plain) if plain else -1
        while at >= 0:
            end = at + len(plain)
            begins, ends = at in starts, end == len(text) or end in starts
            # A part of one word, or whole words written as one ("fine-grained" for "finegrained"); of two letters a beginning.
            if begins if len(plain) < 3 else (begins and ends) or starts.isdisjoint(range(at + 1, end)) or (begins and word == query.key):
                bold.update(range(folded[at][1], folded[end - 1][1] + 1))
            at = text.find(plain, at + 1)
    pieces = groupby(enumerate(name), key=lambda pair: pair[0] in bold)
    parts = [("".join(c for _, c in piece), strong) for strong, piece in pieces]
    return format_html_join("", "{}", ((format_html("<b>{}</b>", part) if strong else part,) for part, strong in parts))


_SIGNS = str.maketrans("", "", "+#.")
