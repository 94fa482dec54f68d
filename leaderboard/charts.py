"""Draws a board: score against cost, as a Plotly figure for the browser. No queries; the only module that knows Plotly.

Colours stand in the templates alone, one for light and one for dark pages, so that a page changes them without asking again.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from functools import cache
from html import escape as escape_markup
from typing import Any

import plotly.graph_objects as go

from claims.boards import Board, Cell, Column, Row, Tradeoff
from claims.terms import Direction
from leaderboard.templatetags.board_tags import Scale, column_name, column_scale, number_text
from leaderboard.templatetags.word_tags import NBSP

LOG_SPAN = 20.0
"""From how many times the least the largest cost is on, the axis is logarithmic."""
MOST_NAMES, MOST_NAMES_NARROW = 10, 4
LONGEST_NAME = 32
"""Longer names stand in the hover text only: a name is never cut."""
HOVER_WIDTH = 48

PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "text": "#5c6963",
        "title": "#43504a",
        "name": "#15201b",
        "plot": "#ffffff",
        "grid": "#e6ebe8",
        "axis": "#7d8a83",
        "point": "#84918a",
        "own": "#15201b",
        "front": "#0b6a4c",
        "fill": "rgba(11,106,76,0.03)",
        "mark": "#ffe27a",
        "border": "#bcc7c1",
    },
    "dark": {
        "text": "#929e98",
        "title": "#b6c1bb",
        "name": "#e7ede9",
        "plot": "#151b18",
        "grid": "#242d28",
        "axis": "#728079",
        "point": "#7d8a83",
        "own": "#e7ede9",
        "front": "#63c89f",
        "fill": "rgba(99,200,159,0.04)",
        "mark": "#e0b21c",
        "border": "#46534c",
    },
}
"""The tokens of static/css/tokens.css that a chart needs, as literals: Plotly knows no variables."""

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", '
    '"Helvetica Neue", Arial, sans-serif'
)
CLASSES = ("quoted", "imported", "own", "front", "own front")
"""The classes of points, in the order they are drawn in: what matters most comes last, on top. The templates keep this order."""
UNIT_LETTERS = {"trillion": "T", "billion": "G", "million": "M", "thousand": "k"}
COUNTS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
ARROWS = {Direction.HIGHER: "↑", Direction.LOWER: "↓"}
COST_ARROWS = {Direction.HIGHER: "{} →", Direction.LOWER: "← {}"}


def draw_board(board: Board) -> dict[str, Any]:
    """Return what the page draws its chart from, ready for JSON.

    `figure` is a whole Plotly figure in light colours, without a trace where there is nothing to draw. Its traces are the area and
    the line of the front, then a trace for each of `CLASSES`; each point carries its row's id. Its annotations are the axes' titles,
    then names, the most telling first; a point's `customdata` is its name, '' if it has none that is short. `templates` are the two sets
    of colours, `narrow` is what differs on a small screen, `names` how many names there is room for, `corner` where they stand. `scale` is
    what the cost's axis is printed in, for the ticks of a part of it.
    """
    tradeoff = board.tradeoff
    templates = make_templates()
    drawn, narrow = _draw(tradeoff, tradeoff.cost) if tradeoff and tradeoff.cost and tradeoff.points else (go.Figure(), {})
    scale = column_scale(tradeoff.cost) if tradeoff and tradeoff.cost else Scale(1.0, "")
    figure = drawn.to_plotly_json()
    figure["layout"]["template"] = templates["light"]  # in place of the one that Plotly gives every figure
    return {
        "figure": figure,
        "templates": templates,
        "names": MOST_NAMES,
        "narrow": {"names": MOST_NAMES_NARROW} | narrow,
        "corner": _corner(tradeoff) if tradeoff else {},
        "scale": {"size": scale.size, "counted": scale.unit in UNIT_LETTERS},
        "shown": board.shown,
        "front": {
            "metric": tradeoff.metric.label if tradeoff else None,
            "cost": tradeoff.measure or None if tradeoff else None,
            "rows": [row.public_id for row in tradeoff.front] if tradeoff else [],
        },
    }


def _draw(tradeoff: Tradeoff, cost: Column) -> tuple[go.Figure, dict[str, Any]]:
    """Return the figure, and the part of its layout that a small screen has otherwise."""
    points = [(row, _cost(tradeoff, row), _value(tradeoff, row)) for row in tradeoff.points]
    costs = [x for _, x, _ in points]
    log = min(costs) > 0 and max(costs) / min(costs) >= LOG_SPAN
    low, high = _padded([math.log10(x) if log else x for x in costs], 0.04, 0.06)
    if not log and low < 0 <= min(costs):
        low = 0.0
    room = (0.12, 0.08) if tradeoff.metric.direction is Direction.LOWER else (0.08, 0.12)  # more where the names stand
    bottom, top = _padded([y for _, _, y in points], *room)
    scale = column_scale(cost)
    ticks = _log_ticks(low, high) if log else tuple(_linear_ticks(low, high, most, scale.size) for most in (7, 4))
    wide, narrow = ({"tickvals": values, "ticktext": [_tick(value, scale) for value in values]} for values in ticks)
    # The front goes on beyond the axes, as far as they can be moved.
    (left, right), (under, over) = (_padded(ends, 0.5, 0.5) for ends in ((low, high), (bottom, top)))
    edges = ((10**left, 10**right) if log else (left, right), (under, over))
    figure = go.Figure(
        # Built at once: each later addition copies what is there.
        data=[*_front_traces(tradeoff, edges), *_point_traces(tradeoff, cost, points)],
        layout={
            "xaxis": {"type": "log" if log else "linear", "range": [low, high], **wide},
            "yaxis": {"range": [bottom, top]},
            "annotations": [*_titles(tradeoff.metric, cost, log=log), *_names(tradeoff, log=log)],
        },
    )
    return figure, {"xaxis": narrow}


def _cost(tradeoff: Tradeoff, row: Row) -> float:
    return _place(row.costs[tradeoff.measure])


def _value(tradeoff: Tradeoff, row: Row) -> float:
    return _place(row.cells[tradeoff.metric.key])


def _place(cell: Cell) -> float:
    """Return where a number stands on its axis: where it ranks."""
    return cell.value if cell.rank_by is None else cell.rank_by


def _escape(text: str) -> str:
    """Return words without markup. Plotly reads tags and few entities: a quotation mark stays itself."""
    return escape_markup(text, quote=False)


# ---- axes ----


def _padded(values: Sequence[float], below: float, above: float) -> tuple[float, float]:
    """Return the range of an axis: the values' own and, as parts of it, some room on either side."""
    low, high = min(values), max(values)
    span = high - low or abs(high) * 0.2 or 1.0
    if high == low:
        return low - span / 2, high + span / 2
    return low - span * below, high + span * above


def _log_ticks(low: float, high: float) -> tuple[list[float], list[float]]:
    """Return the ticks between two powers of ten, for a wide and for a narrow chart."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    tens, threes, all_three = (
        [step * 10.0**power for power in powers for step in steps if low <= math.log10(step * 10.0**power) <= high]
        for steps in ((1,), (1, 3), (1, 2, 5))
    )
    if len(tens) > 5:
        return tens, tens[:: math.ceil(len(tens) / 4)]
    if len(threes) > 3:
        return threes, tens if len(tens) > 1 else threes[::2]
    return all_three, threes


def _linear_ticks(low: float, high: float, most: int, unit: float) -> list[float]:
    """Return at most `most` round ticks in a range; round in the unit that they are printed in."""
    rough = (high - low) / unit / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first, last = math.ceil(low / unit / step), math.floor(high / unit / step)
    return [number * step * unit for number in range(first, last + 1)]


def _tick(value: float, scale: Scale) -> str:
    """Return a tick's words: a count carries its letter, and takes a smaller one than its axis' before it gets a point."""
    if scale.unit not in UNIT_LETTERS:
        return f"{value / scale.size:,.10g}"
    size, letter = next(((size, letter) for size, letter in COUNTS if value >= size and size <= scale.size), (1.0, ""))
    return f"{value / size:,.10g}{NBSP}{letter}".strip()


def _titles(metric: Column, cost: Column, *, log: bool) -> list[dict[str, Any]]:
    """Return the two axes' titles: upright above the one, at the end of the other, each with its better direction."""
    unit = column_scale(cost).unit
    value_title = ", ".join(filter(None, [metric.label, metric.unit]))
    cost_title = ", ".join(filter(None, [column_name(cost), "" if unit in UNIT_LETTERS else unit, "log scale" if log else ""]))
    above = {"x": 0, "xanchor": "left", "xshift": -40, "y": 1, "yanchor": "bottom", "yshift": 11}
    below = {"x": 1, "xanchor": "right", "y": 0, "yanchor": "top", "yshift": -22}
    return [
        {"templateitemname": "title", "text": _escape(f"{value_title} {ARROWS.get(metric.direction, '')}".strip()), **above},
        {"templateitemname": "title", "text": _escape(COST_ARROWS.get(cost.direction, "{}").format(cost_title)), **below},
    ]


# ---- traces ----


def _front_traces(tradeoff: Tradeoff, edges: tuple[tuple[float, float], tuple[float, float]]) -> tuple[go.Scatter, go.Scatter]:
    """Return the area that the front commands and its line: from the worst value at the least cost, in steps, to the worst cost."""
    steps = [(_cost(tradeoff, row), _value(tradeoff, row)) for row in tradeoff.front]
    if not steps:
        return go.Scatter(x=[], y=[], hoverinfo="skip"), go.Scatter(x=[], y=[], hoverinfo="skip")
    worst_cost = edges[0][0] if tradeoff.cost and tradeoff.cost.direction is Direction.HIGHER else edges[0][1]
    worst_value = edges[1][1] if tradeoff.metric.direction is Direction.LOWER else edges[1][0]
    line = [(steps[0][0], worst_value), *steps, (worst_cost, steps[-1][1])]
    area = [*line, (worst_cost, worst_value)]
    return (
        go.Scatter(x=[x for x, _ in area], y=[y for _, y in area], hoverinfo="skip"),
        go.Scatter(x=[x for x, _ in line], y=[y for _, y in line], hoverinfo="skip"),
    )


def _class_of(row: Row) -> str:
    if not row.ranks:
        return "quoted"
    if row.on_front:
        return "front" if row.imported else "own front"
    return "imported" if row.imported else "own"


def _point_traces(tradeoff: Tradeoff, cost: Column, points: Sequence[tuple[Row, float, float]]) -> list[go.Scatter]:
    """Return a trace for each class of points, an empty one too: the templates count on their order."""
    models = _count_models(tradeoff)
    traces = []
    for name in CLASSES:
        members = [point for point in points if _class_of(point[0]) == name]
        traces.append(
            go.Scatter(
                name=name,
                x=[x for _, x, _ in members],
                y=[y for _, _, y in members],
                ids=[row.public_id for row, _, _ in members],
                text=[_hover(tradeoff, cost, row) for row, _, _ in members],
                customdata=[_escape(_fitting_name(row, models)) for row, _, _ in members],
            )
        )
    return traces


def _hover(tradeoff: Tradeoff, cost: Column, row: Row) -> str:
    """Return a point's words, a line each: name, setting, score and cost as stated. Plotly reads markup, so names are escaped."""
    name, metric, scale = " ".join(filter(None, [row.model, row.variant])), tradeoff.metric, column_scale(cost)
    value, price = number_text(row.cells[metric.key]), number_text(row.costs[tradeoff.measure], scale.size)
    lines = [
        *textwrap.wrap(name, HOVER_WIDTH),
        *textwrap.wrap(", ".join(row.setting), HOVER_WIDTH),
        f"{metric.label}: {value}{NBSP}{metric.unit}".strip(),
        f"{column_name(cost)}: {price}{NBSP}{UNIT_LETTERS.get(scale.unit, scale.unit)}".strip(),
    ]
    lines += ["on the front"] * row.on_front + ["quoted, without a rank"] * (not row.ranks) + ([f"from {row.source}"] if row.source else [])
    return "<br>".join(_escape(line) for line in lines)


# ---- names ----


def _names(tradeoff: Tradeoff, *, log: bool) -> list[dict[str, Any]]:
    """Return the names as annotations, the most telling first: more than are shown, for some will collide."""
    corner, models = _corner(tradeoff), _count_models(tradeoff)
    annotations: list[dict[str, Any]] = []
    for row in _telling(tradeoff):
        name = _fitting_name(row, models)
        if not name:
            continue
        x = _cost(tradeoff, row)
        annotations.append(
            {
                "name": row.public_id,
                "text": _escape(name),
                "x": math.log10(x) if log else x,
                "y": _value(tradeoff, row),
                **corner,
                "visible": len(annotations) < MOST_NAMES,
                "font": {"weight": 400 if row.source else 600},
            }
        )
    return annotations[: 3 * MOST_NAMES]


def _corner(tradeoff: Tradeoff) -> dict[str, Any]:
    """Return where a name stands at its point: towards the better corner, where a row of the front has no neighbours.

    That is left above if more is better and costs less.
    """
    right = tradeoff.cost is not None and tradeoff.cost.direction is Direction.HIGHER
    below = tradeoff.metric.direction is Direction.LOWER
    return {
        "xanchor": "left" if right else "right",
        "yanchor": "top" if below else "bottom",
        "xshift": 5 if right else -5,
        "yshift": -3 if below else 3,
    }


def _count_models(tradeoff: Tradeoff) -> Counter[str]:
    return Counter(row.model for row in tradeoff.points)


def _fitting_name(row: Row, models: Counter[str]) -> str:
    """Return what stands beside a point, '' for what has no name or too long a one."""
    name = _short_name(row, alone=models[row.model] == 1)
    return name if len(name) <= LONGEST_NAME else ""


def _short_name(row: Row, *, alone: bool) -> str:
    """Return what a point is called, '' for what has no name: an unnamed method goes by its variant if that is one ("ViT-H/14")."""
    if row.named:
        return row.model if alone else f"{row.model} {row.variant}".strip()
    return row.variant if any(character.isupper() for character in row.variant) else ""


def _telling(tradeoff: Tradeoff) -> list[Row]:
    """Return the rows whose names say most: the front's best end and own rows, the best own rows beside it, then the rest of it."""
    front, last = tradeoff.front, len(tradeoff.front) - 1
    # By the largest power of two in its place: 8 before 4 and 12, these before 2, 6, 10 …: spread out, however few have room.
    spread = [front[place] for place in sorted(range(len(front)), key=lambda place: (place != last, place != 0, -(place & -place)))]
    first = [row for row in spread if not row.source or row is front[last]]
    own = [row for row in tradeoff.points if row.ranks and not row.on_front and not row.source]
    own.sort(key=lambda row: _value(tradeoff, row), reverse=tradeoff.metric.direction is not Direction.LOWER)
    return [*first, *own[:2], *(row for row in spread if row not in first), *own[2:]]


# ---- colours ----


@cache
def make_templates() -> dict[str, Any]:
    """Return the light and the dark template as JSON; they are not to be changed."""
    return {name: _template(palette).to_plotly_json() for name, palette in PALETTES.items()}


def _template(palette: dict[str, str]) -> go.layout.Template:
    """Return the look: of the area and the line first, then of each class of points."""
    plot, own = palette["plot"], palette["own"]
    markers = {
        "quoted": {"size": 7, "color": plot, "line": {"width": 1.5, "color": palette["point"]}},
        "imported": {"size": 7, "color": palette["point"], "opacity": 0.62, "line": {"width": 0}},
        "own": {"size": 8, "color": plot, "line": {"width": 2, "color": own}},
        "front": {"size": 9, "color": palette["front"], "line": {"width": 1.5, "color": plot}},
        "own front": {"size": 11, "color": palette["mark"], "line": {"width": 2, "color": own}},
    }
    line = {"shape": "hv", "color": palette["front"], "width": 2}
    words = {"color": palette["text"], "family": FONT, "size": 12}
    axis = {"zeroline": False, "tickfont": words, "fixedrange": True}
    axis |= {"ticklabeloverflow": "allow"}  # to look for labels that stick out takes a third of the time of every movement
    return go.layout.Template(
        data={
            "scatter": [
                go.Scatter(mode="lines", line=line | {"width": 0}, fill="toself", fillcolor=palette["fill"]),
                go.Scatter(mode="lines", line=line),
                *(
                    go.Scatter(mode="markers", marker=markers[name], cliponaxis=False, hovertemplate="%{text}<extra></extra>")
                    for name in CLASSES
                ),
            ]
        },
        layout={
            "font": words,
            "paper_bgcolor": plot,
            "plot_bgcolor": plot,
            "margin": {"l": 44, "r": 22, "t": 34, "b": 42},
            "showlegend": False,
            "hovermode": "closest",
            "hoverdistance": 12,
            "dragmode": False,  # the page's script moves the axes: the library would take the page's scrolling
            "hoverlabel": {
                "bgcolor": plot,
                "bordercolor": palette["border"],
                "align": "left",
                "font": words | {"color": palette["name"]},
            },
            "xaxis": axis
            | {
                "showgrid": False,
                "showline": True,
                "linecolor": palette["axis"],
                "ticks": "outside",
                "ticklen": 5,
                "tickcolor": palette["axis"],
            }
            | {"tickmode": "array", "tickangle": 0},
            "yaxis": axis | {"gridcolor": palette["grid"], "gridwidth": 1, "showline": False, "nticks": 9, "ticklabelstandoff": 4},
            "annotationdefaults": {"showarrow": False, "font": words | {"color": palette["name"]}},
            "annotations": [
                {"name": "title", "showarrow": False, "xref": "paper", "yref": "paper", "font": words | {"color": palette["title"]}}
            ],
        },
    )
