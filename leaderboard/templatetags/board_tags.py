"""Formats numbers, units, dates and states as the design says, and what a board's page prints of them. No queries."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from claims import ranking
from claims.boards import (
    MOST_RIVALS,
    Board,
    Cell,
    Column,
    Origin,
    Row,
    Sentence,
    brings_extra_data,
    condition_of,
    contradict,
    find_rivals,
    measure_of,
    write_number,
)
from claims.models import Claim, Cost
from claims.terms import CostMeasure, Direction, Qualifier, Role, RowTier, Tier
from leaderboard.templatetags.paper_tags import AUTO_ACCEPTED, Mark, marked_text
from leaderboard.templatetags.word_tags import NBSP, Offer, offer

register = template.Library()

MINUS, EN_DASH, TIMES = "\u2212", "\u2013", "\u00d7"
MOST_DECIMALS = 6
QUALIFIERS = {
    Qualifier.ABOUT: "≈",
    Qualifier.OVER: ">",
    Qualifier.UNDER: "<",
    Qualifier.AT_MOST: "up to",
    Qualifier.AT_LEAST: "≥",
}


# ---- numbers ----


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def _stated_factor(value: float, stated: str) -> float:
    """Return by what a number was expanded: 1e6 for 21000000 stated as "21M"; 1 where it stands as printed."""
    printed = re.search(r"\d[\d,]*(?:\.\d+)?", stated)
    number = float(printed[0].replace(",", "")) if printed else 0.0
    if not number or not value or number == value:
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


# "76.5% to 80.9", "1.7x - 2.7", "200 to 1000", as texts state ranges; behind it the unit may stand once more
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s?\\?[%x]?\s?(?:to|sim|[-\u2013~])\s?(\d+(?:\.\d+)?)(?=[^\d.]*$)")


def _with_dash(stated: str, value: float, value_max: float | None) -> str:
    """Return the words of a number, a range of two plain numbers as all pages print ranges: "76.5–80.9"."""
    text = stated.strip()
    found = _RANGE.match(text)
    if found is None or value_max is None or _stated_factor(value, found[1]) != _stated_factor(value_max, found[2]):
        return text
    return f"{found[1]}{EN_DASH}{found[2]}{text[found.end() :]}"


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that a column is printed in, and how many canonical units make one of it."""

    size: float
    unit: str


_COUNTS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
BYTE_STEPS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
TIME_STEPS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def column_scale(column: Column) -> Scale:
    """Return the readable unit of a cost column, chosen by its typical number. Metrics keep their own."""
    if not column.is_cost:
        return Scale(1.0, column.unit)
    steps: Sequence[tuple[float, str]] = {"": _COUNTS, "bytes": BYTE_STEPS, "s": TIME_STEPS}.get(column.unit, ())
    return next((Scale(size, unit) for size, unit in steps if column.typical >= size), Scale(1.0, column.unit))


def _qualifier(qualifier: str) -> SafeString:
    word = QUALIFIERS.get(Qualifier(qualifier))
    return format_html('<span class="q">{}</span>', word) if word else mark_safe("")


@dataclass(frozen=True, slots=True)
class Head:
    """A column as the table prints it: its unit, its sorting link and what that does.

    `label` is its name with its unit, for a card; `css` the classes of its cells, `printed` their texts and decimals by
    the cells' keys. `front` says which front its rows are marked for, ''
    if it is not the cost that the board is compared by.
    """

    column: Column
    name: str
    label: str
    scale: Scale
    href: str
    sorted: str
    css: str
    printed: dict[int, tuple[str, int]]
    front: str = ""

    @property
    def arrow(self) -> str:
        return {Direction.HIGHER: "↑", Direction.LOWER: "↓"}.get(self.column.direction, "")

    @property
    def short(self) -> str:
        """The name without what a cost was measured on, which stands below it."""
        return measure_name(measure_of(self.column.key)) if self.column.is_cost else self.name

    @property
    def condition(self) -> str:
        return condition_of(self.column.key) if self.column.is_cost else ""

    @property
    def better(self) -> str:
        return {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better"}.get(self.column.direction, "")


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
    """Return how a cost is called: "gpu_hours" is "GPU time"; what it was measured on comes behind it."""
    name = SHORT_LABELS.get(CostMeasure(measure_of(measure))) or measure_of(measure).replace("_", " ").capitalize()
    return ", ".join(filter(None, [name, condition_of(measure)]))


@register.filter
def measure_words(measure: str) -> str:
    """Return a cost as it stands within a sentence: "gpu_hours" is "GPU time", "model_size" is "model size"."""
    words = SHORT_LABELS.get(CostMeasure(measure_of(measure))) or measure_of(measure).replace("_", " ")
    return f"{words} ({condition_of(measure)})" if condition_of(measure) else words


def column_name(column: Column) -> str:
    return measure_name(column.key) if column.is_cost else column.label


def cell_of(row: Row, column: Column) -> Cell | None:
    return (row.costs if column.is_cost else row.cells).get(column.key)


MOST_COLUMNS = 5


def make_heads(board: Board, query: QueryDict, *, every: bool = False, most: int = MOST_COLUMNS) -> list[Head]:
    """Return the board's shown columns, or `every` one, ready to print. Sorting keeps the reader's query; a second click turns it round."""
    columns = board.columns if every else shown_columns(board, most=most)
    measures = Counter(measure_of(column.key) for column in columns if column.is_cost)
    return [_head(board, column, query, alone=measures[measure_of(column.key)] < 2) for column in columns]


@register.simple_tag(takes_context=True)
def board_heads(context: template.Context, board: Board) -> list[Head]:
    """Return the board's shown columns ready to print."""
    return make_heads(board, context["request"].GET)


def is_best(row: Row, cell: Cell, column: Column) -> bool:
    """Say whether a row's number is the best of its column: of what ranks, and what may lead."""
    return cell.rank_by is not None and cell.rank_by == column.best and row.ranks and ranking.leads(cell.qualifier, column.direction)


def shown_columns(board: Board, *, most: int = MOST_COLUMNS) -> list[Column]:
    """Return the columns of the table: those that the reader chose with the primary one, else those that it has room for, `most`.

    These are the primary one, the one it is sorted by, the chart's, then the fullest.
    """
    sorted_by = board.sort.removeprefix("-")
    if board.chosen_columns:
        return [column for column in board.columns if column.is_primary or column.key in board.chosen_columns]
    compared = board.tradeoff.measure if board.tradeoff else ""
    wanted = sorted(
        board.columns, key=lambda column: (not column.is_primary, column.key != sorted_by, column.key != compared, -column.count)
    )[:most]
    return [column for column in board.columns if column in wanted]


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that the reader may choose: how many of the shown rows state it, and whether it is shown."""

    key: str
    name: str
    count: int
    shown: bool
    is_cost: bool
    is_primary: bool


@register.simple_tag
def column_choices(board: Board) -> list[ColumnChoice]:
    """Return all columns, scores first."""
    shown = {column.key for column in shown_columns(board)}
    return [
        ColumnChoice(column.key, column_name(column), column.count, column.key in shown, column.is_cost, column.is_primary)
        for column in board.columns
    ]


@register.simple_tag(takes_context=True)
def columns_left_out(context: template.Context, board: Board) -> Offer[Head]:
    """Return the columns that the table has no room for, those first that many rows state: sorting by one shows it."""
    if board.chosen_columns:
        return Offer([], [])
    shown = {column.key for column in shown_columns(board)}
    heads = [_head(board, column, context["request"].GET) for column in board.columns if column.key not in shown]
    return offer(heads, [head.column.count for head in heads], board.shown)


def _head(board: Board, column: Column, query: QueryDict, *, alone: bool = False) -> Head:
    """Return a column ready to print. On a card a cost that is `alone` of its measure goes without what it was measured on."""
    scale = column_scale(column)
    printed = {cell.pk: printed_number(cell, scale.size) for row in board.rows if (cell := cell_of(row, column))}
    best_first = "-" if column.direction is Direction.HIGHER else ""
    sort = board.sort or (f"{best_first}{column.key}" if column.is_primary and board.ranked else "")
    order = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
    wanted = (f"-{column.key}" if order == "ascending" else column.key) if order else f"{best_first}{column.key}"
    name = column_name(column)
    decimals = max([decimals for _, decimals in printed.values()], default=0)
    return Head(
        column=column,
        name=name,
        label=", ".join(filter(None, [measure_name(measure_of(column.key)) if column.is_cost and alone else name, scale.unit])),
        scale=scale,
        href=make_href(query, sort=wanted, page=None, open=None) + "#results",
        sorted=order,
        css=" ".join(["n", f"f{decimals}", "c-main" if column.is_primary else "c-extra", *(["sortcol"] if order else [])]),
        printed=printed,
        front=f"On the front of {board.tradeoff.metric.label} against {measure_words(column.key)}"
        if board.tradeoff is not None and column.is_cost and column.key == board.tradeoff.measure
        else "",
    )


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number of a row as its cell prints it; `conflict` are the words of its mark, `below` the lines under it."""

    text: str
    decimals: int
    qualifier: str
    css: str
    best: bool
    on_front: bool
    conflict: SafeString
    below: list[str]


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """A row with all that its line of the table prints, the numbers beside their columns."""

    row: Row
    is_open: bool
    quoted: bool
    numbers: list[tuple[Head, PrintedNumber | None]]
    date: SafeString
    state: SafeString
    unranked: str = ""


@register.simple_tag(takes_context=True)
def board_rows(context: template.Context, board: Board, heads: Sequence[Head], base: str) -> SafeString:
    """Return the table's rows; a number opens its row's sentences at `base` + id."""
    detail = ""
    if board.opened is not None and context.template is not None:
        detail = context.template.engine.get_template("boards/_row_detail.html").render(context)
    context_of_rows = {
        "rows": print_rows(board, heads),
        "base": base,
        "paper": reverse("paper", args=["ID"]).split("ID"),
        "model": reverse("model", args=["ID"]).split("ID"),
        "brings_extra_data": brings_extra_data,
        "detail": detail,
    }
    return mark_safe(render_to_string("board_rows.html", context_of_rows, using="jinja2"))  # noqa: S308 - escaped there


@register.simple_tag
def unranked_rows(board: Board) -> int:
    """Return how many of the shown rows have no rank because they state no number that ranks. A board without ranks says so in its head."""
    stating = board.primary.count if board.primary else 0
    return board.shown - stating if board.ranked else 0


def _why_unranked(row: Row, board: Board) -> str:
    """Return why a row has no rank, '' for one that has."""
    if row.rank is not None:
        return ""
    if row.role is Role.BASELINE:
        return "not ranked: a quoted baseline"
    metric = board.benchmark.primary_metric
    return f"not ranked: states no {metric.name}" if metric and board.ranked else "not ranked"


def print_rows(board: Board, heads: Sequence[Head]) -> list[PrintedRow]:
    """Return the board's rows as its table prints them."""
    return [_print_row(row, heads, board, is_open=row is board.opened) for row in board.rows]


def _print_row(row: Row, heads: Sequence[Head], board: Board, *, is_open: bool) -> PrintedRow:
    return PrintedRow(
        row=row,
        is_open=is_open,
        quoted=row.role is Role.BASELINE,
        numbers=[(head, _print_number(row, head)) for head in heads],
        date=paper_date(row.first_day, row.last_day),
        state=row_state(row),
        unranked=_why_unranked(row, board),
    )


def _print_number(row: Row, head: Head) -> PrintedNumber | None:
    cell = cell_of(row, head.column)
    if cell is None:
        return None
    text, decimals = head.printed[cell.pk]
    below = []
    if cell.uncertainty is not None:
        factor = cell.canonical_value / cell.value if cell.canonical_value is not None and cell.value else 1.0
        below.append(f"± {cell.uncertainty * factor / head.scale.size:g}")
    if cell.read_as:
        below.append(f"stated as {cell.read_as.lower()}")
    if cell.tier and (cell.tier == Tier.DISPUTED or row.tier is not RowTier.VERIFIED):
        below.append(cell.tier)
    return PrintedNumber(
        text=text,
        decimals=decimals,
        qualifier=QUALIFIERS.get(cell.qualifier, ""),
        css="recd" if cell.place[0] is None else "says",
        best=is_best(row, cell, head.column),
        on_front=row.on_front and bool(head.front),
        conflict=conflict_words(cell, row.disputes.get(head.column.key, 0)) if not head.column.is_cost else conflict_words(cell),
        below=below,
    )


_OF_NUMBERS = frozenset({"value", "value_max", "unit", "decimals"})


def _stated_now(statement: Claim | Cost, *, unit: bool) -> str:
    """Return a number as the text prints it, or as the person wrote it who corrected it."""
    if not statement.extracted.keys() & _OF_NUMBERS:
        return statement.stated
    return write_number(statement.value, statement.value_max, statement.unit if unit else "", statement.decimals, None)


@register.simple_tag
def claim_number(statement: Claim | Cost, *, unit: bool = True, printed: bool = False) -> SafeString:
    """Return a number as the text states it, with its qualifier, sign, unit and uncertainty; as it is `printed`, whatever a person made of
    it.
    """
    text = _with_dash(statement.stated if printed else _stated_now(statement, unit=unit), statement.value, statement.value_max)
    if statement.value_max is None and statement.uncertainty is None and len(re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))) > 1:
        # The text states a list in one breath ("96.1/95.2%"); this is its part of it.
        text = f"{statement.value:,.{statement.decimals}f}"
    else:
        text = _with_magnitude(text, statement.value, text)
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
    text, decimals = printed_claim(claim)
    return format_html('{}<span class="num d{}">{}</span>', _qualifier(claim.qualifier), decimals, text)


def printed_claim(claim: Claim) -> tuple[str, int]:
    """Return a claim's number in its metric's unit and its decimals there: the stated precision, neither padded nor rounded."""
    ends = [claim.value] + ([claim.value_max] if claim.value_max is not None else [])
    factor = claim.canonical_value / claim.value if claim.canonical_value is not None and claim.value else 1.0
    decimals = max(0, min(MOST_DECIMALS, claim.decimals - round(math.log10(abs(factor) or 1.0))))
    return EN_DASH.join(_minus(f"{end * factor:,.{decimals}f}") for end in ends), decimals


@register.filter
def direction_arrow(direction: str) -> SafeString:
    """Return the arrow of the better direction, '' where nobody knows it."""
    words = {Direction.HIGHER: ("↑", "higher is better"), Direction.LOWER: ("↓", "lower is better")}.get(Direction(direction))
    return format_html('<span class="dir" title="{}">{}</span>', words[1], words[0]) if words else mark_safe("")


def _grouped(text: str) -> str:
    """Return a bare number with its digits grouped as the tables group them: "208210.41" is "208,210.41". Other text stays."""
    whole, point, decimals = text.partition(".")
    return f"{int(whole):,}{point}{decimals}" if re.fullmatch(r"[1-9]\d{3,20}(?:\.\d+)?", text, re.ASCII) else text


@register.filter
def cost_text(cell: Cell) -> str:
    """Return a cost of a row as text: the stated words, with the unit where they leave it out, a bare number's digits grouped."""
    word = QUALIFIERS.get(cell.qualifier, "")
    stated = _with_dash(cell.stated, cell.value, cell.value_max)
    if cell.corrected is not None and any(field.label == "number" for field in cell.corrected.fields):
        stated = _with_dash(write_number(cell.value, cell.value_max, cell.unit, cell.decimals, None), cell.value, cell.value_max)
    text = _with_magnitude(_grouped(stated), cell.value, stated)
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


# ---- words ----


def paper_date_text(first_day: date | None, last_day: date | None) -> str:
    """Return a date as exactly as it is known: "12 Nov 2025", "Nov 2025" or "2025"; '' where it is not known."""
    if first_day is None or last_day is None:
        return ""
    if first_day == last_day:
        return f"{first_day.day} {first_day:%b %Y}"
    if (first_day.year, first_day.month) == (last_day.year, last_day.month):
        return f"{first_day:%b %Y}"
    return str(first_day.year) if first_day.year == last_day.year else f"{first_day.year}–{last_day.year}"


@register.simple_tag
@lru_cache(maxsize=1024)
def paper_date(first_day: date | None, last_day: date | None) -> SafeString:
    """Return a date for a page, as exactly as it is known."""
    text = paper_date_text(first_day, last_day)
    if first_day is None or last_day is None:
        return mark_safe('<span class="none">no date</span>')
    if first_day.year != last_day.year:
        return format_html("{}", text)
    day = first_day.isoformat()[: 10 if first_day == last_day else 7 if first_day.month == last_day.month else 4]
    return format_html('<time datetime="{}">{}</time>', day, text)


# ---- states ----


@register.simple_tag
@cache
def state_badge(state: str) -> SafeString:
    """Return a state as icon and word, never colour alone."""
    title, more = "", ""
    if state == AUTO_ACCEPTED:
        title, more = ' title="Accepted automatically, not reviewed by a person"', '<span class="sr">, not reviewed by a person</span>'
    return format_html(
        '<span class="state state--{0}"{2}><svg class="i" aria-hidden="true"><use href="#i-{0}"/></svg>{1}{3}</span>',
        str(state),
        str(state).capitalize(),
        mark_safe(title),  # noqa: S308 - both are ours
        mark_safe(more),  # noqa: S308
    )


@register.filter
def conflict_words(cell: Cell, others: int = 0) -> SafeString:
    """Return what marks a number that others stand against, '' without any: "≠ 2" is this value and one that can't be right beside it.

    `others` counts those of other rows.
    """
    if not cell.conflicts and not others:
        return mark_safe("")
    return format_html('≠{}{}<span class="sr"> values stated</span>', NBSP, cell.conflicts + others + 1)


@register.simple_tag
def has_conflicts(board: Board) -> bool:
    """Say whether any number that the table prints bears that mark."""
    return any(row.rivals or any(cell.conflicts for cell in (*row.cells.values(), *row.costs.values())) for row in board.rows)


def state_words(row: Row) -> list[str]:
    """Return where a row is from, if a table, and its state: disputed if any number is, then verified, accepted, unreviewed.

    Of an accepted one in which a number was accepted by the site alone that is said.
    """
    accepted = AUTO_ACCEPTED if row.accepted_by_policy and not row.unreviewed else row.state.value
    state = row.tier.value if row.tier in (RowTier.VERIFIED, RowTier.DISPUTED) else accepted
    return ["imported", state] if row.source else [state]


@register.simple_tag
def row_state(row: Row) -> SafeString:
    """Return a row's states: that a number was imported says nothing of whether a person vouches for it."""
    return mark_safe(" ".join([state_badge(word) for word in state_words(row)]))  # noqa: S308 - badges are escaped


# ---- links that keep the reader's query ----


def make_href(query: QueryDict, **changes: str | None) -> str:
    changed = query.copy()
    for name, value in changes.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value
    return "?" + changed.urlencode()


@register.simple_tag(takes_context=True)
def open_base(context: template.Context) -> str:
    """Return the start of the address that opens a row: the row's id comes after it."""
    start = make_href(context["request"].GET, open=None)
    return f"{start}&open=" if len(start) > 1 else "?open="


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A column with the numbers of the compared rows, in their order; `differs` says that they are not all the same."""

    head: Head
    numbers: list[PrintedNumber | None]
    differs: bool


@register.simple_tag(takes_context=True)
def compared_lines(context: template.Context, board: Board) -> list[ComparedLine]:
    """Return the columns that a compared row states, with the best number of them marked in each."""
    lines = []
    for head in make_heads(board, context["request"].GET, every=True):
        cells = [cell_of(row, head.column) for row in board.rows]
        stated = [cell.rank_by for row, cell in zip(board.rows, cells, strict=True) if cell is not None and cell.rank_by is not None]
        if not stated:
            continue
        best = ranking.best(stated, lambda value: value, head.column.direction) if len(set(stated)) > 1 else None
        numbers = [
            replace(printed, best=cell is not None and cell.rank_by == best and ranking.leads(cell.qualifier, head.column.direction))
            if (printed := _print_number(row, head)) is not None
            else None
            for row, cell in zip(board.rows, cells, strict=True)
        ]
        lines.append(ComparedLine(head, numbers, differs=len(set(stated)) > 1 or len(stated) < len(board.rows)))
    return lines


@dataclass(frozen=True, slots=True)
class Statement:
    """One of several numbers that are stated for the same thing: where, when, and in which row it stands."""

    number: SafeString
    sentence: SafeString
    source: str
    url: str
    date: SafeString
    row_id: str
    is_own: bool
    quoted: bool
    rank: int | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """The numbers stated for one metric, the opened row's first; `spread` is how far they lie apart, in `unit`;
    `values` are the different ones that are listed, `more` those that are not."""

    name: str
    unit: str
    statements: list[Statement]
    spread: str
    values: int
    more: int


@register.simple_tag
def row_disputes(board: Board, row: Row) -> list[Dispute]:
    """Return what is stated against an opened row's numbers by other rows, metric by metric."""
    disputes = []
    for column in board.columns:
        own = row.cells.get(column.key)
        if column.is_cost or own is None or not row.disputes.get(column.key):
            continue
        stating = [(row, own)] + [
            (rival, cell)
            for rival in find_rivals(row, most=MOST_RIVALS)
            if contradict(row.scores.get(column.key), rival.scores.get(column.key)) and (cell := rival.cells.get(column.key))
        ]
        values = [cell.rank_by for _, cell in stating if cell.rank_by is not None]
        most = max(printed_number(cell)[1] for _, cell in stating)
        statements = [_statement(of_row, cell, most, is_own=of_row is row) for of_row, cell in stating]
        listed = len({cell.rank_by for _, cell in stating})
        disputes.append(
            Dispute(
                column.label,
                column.unit,
                statements,
                f"{max(values) - min(values):.{most}f}",
                listed,
                max(0, row.disputes[column.key] + 1 - listed),
            )
        )
    return disputes


def _statement(row: Row, cell: Cell, most: int, *, is_own: bool) -> Statement:
    said = cell.evidence
    sentence = marked_text(said.text, [Mark(len(said.before), len(said.before) + len(said.number), "", "mark")]) if said else mark_safe("")
    text, decimals = printed_number(cell)
    return Statement(
        number=format_html('<td class="n f{}"><span class="num d{}">{}</span></td>', most, decimals, text),
        sentence=sentence,
        source=row.paper_title or (str(cell.origin) if cell.origin else row.source),
        url=row.paper_url or row.record_url,
        date=paper_date(row.first_day, row.last_day),
        row_id=row.public_id,
        is_own=is_own,
        quoted=not row.ranks,
        rank=row.rank,
    )


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a row with all its numbers marked, and what it says of which column."""

    html: SafeString
    place: str
    cells: list[tuple[str, Cell]]


def _name_cells(board: Board, row: Row) -> list[tuple[str, Cell]]:
    named = [(column_name(column), cell) for column in board.columns if (cell := cell_of(row, column))]
    shown = {cell.public_id for _, cell in named}
    return named + [(measure_name(cell.cost_key), cell) for cell in row.all_costs if cell.public_id not in shown]


@register.simple_tag
def withheld_cells(board: Board, row: Row) -> list[tuple[str, Cell]]:
    """Return the numbers of a row whose sentences are withheld, with what each is of."""
    return [(label, cell) for label, cell in _name_cells(board, row) if cell.withheld is not None]


@register.simple_tag
def row_quotes(board: Board, row: Row) -> list[Quote]:
    """Return the sentences behind a row's numbers, each once, in the columns' order, then the other costs."""
    named = _name_cells(board, row)
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


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of a table, and which numbers of a row stand there."""

    origin: Origin
    cells: list[tuple[str, Cell]]


@register.simple_tag
def row_records(board: Board, row: Row) -> list[Recorded]:
    """Return the records behind a row's numbers, each once, in the columns' order, then the other costs."""
    named = [(column_name(column), cell) for column in board.columns if (cell := cell_of(row, column))]
    shown = {cell.public_id for _, cell in named}
    named += [(measure_name(cell.cost_key), cell) for cell in row.all_costs if cell.public_id not in shown]
    groups: dict[Origin, list[tuple[str, Cell]]] = {}
    for label, cell in named:
        if cell.origin is not None:
            groups.setdefault(cell.origin, []).append((label, cell))
    return [Recorded(origin, cells) for origin, cells in groups.items()]
