"""Draws a board: its trade-off of score and cost, its record over time, or its families beside each other."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import plotly.graph_objects as go

from claims.boards import Board, Column, History, Row, Tradeoff
from claims.terms import ChartKind, Direction
from leaderboard.charts import axes, panels
from leaderboard.charts.axes import UNIT_LETTERS
from leaderboard.charts.looks import make_templates
from leaderboard.charts.scenes import (
    MOST_NAMES,
    MOST_NAMES_NARROW,
    Place,
    Scene,
    cost_words,
    date_words,
    list_styles,
    make_corner,
    make_names,
    make_points,
    place_of,
    value_of,
)
from leaderboard.templatetags.board_tags import Scale, column_scale

Edges = tuple[tuple[Place, Place], tuple[float, float]]
"""From where to where across, and from where to where upwards, the axes can be moved."""
DATE_FORMATS = [
    {"dtickrange": [None, 28 * 86400e3], "value": "%-d %b %Y"},
    {"dtickrange": [28 * 86400e3, "M11"], "value": "%b %Y"},
    {"dtickrange": ["M12", None], "value": "%Y"},
]
"""Of the library's ticks: days, months, years, by how far they are apart."""


def draw_board(board: Board) -> dict[str, Any]:
    """Return what the page draws the chart from that the board was asked for, ready for JSON.

    `kind` says which. `figure` is a whole Plotly figure in light colours, without a trace where there is nothing to draw. Its traces are
    the area and the line of the front or of the record, then a trace for each class of points; each point carries its row's id. Its
    annotations are the axes' titles, then names, the most telling first; a point's `customdata` is its name, '' if it has none that is
    short. `templates` are the two sets of colours, `narrow` is what differs on a small screen, `names` how many names there is room for,
    `corner` where they stand. `scale` is what the cost's axis is printed in, for the ticks of a part of it. `front` and `records` are the
    rows of the front and those that set a record, by their ids, whichever chart is drawn.

    Of families each has axes of its own, which can't be moved: a trace for the whole board's front and one for each class of points.
    """
    tradeoff, history = board.tradeoff, board.history
    kind = board.charting.kind if board.charting else ChartKind.TRADEOFF
    scale = column_scale(tradeoff.cost) if tradeoff and tradeoff.cost else Scale(1.0, "")
    templates = make_templates(("area", "line", *list_styles(board)))
    drawn, narrow, corner = go.Figure(), dict[str, Any](), dict[str, Any]()
    if kind is ChartKind.TIME and history and history.points:
        scale = Scale(1.0, "")
        scene = _see_history(board, history)
        drawn, corner = _draw_history(scene), scene.corner
    elif kind is ChartKind.FAMILIES and tradeoff and tradeoff.cost and board.charting and board.charting.panels:
        templates = make_templates(panels.STYLES)
        drawn, narrow = panels.draw_panels(tradeoff, tradeoff.cost, board.charting.panels)
    elif kind is ChartKind.TRADEOFF and tradeoff and tradeoff.cost and tradeoff.points:
        scene = _see_tradeoff(board, tradeoff, tradeoff.cost)
        (drawn, narrow), corner = _draw_tradeoff(scene, tradeoff.cost, tradeoff.measure), scene.corner
    figure = drawn.to_plotly_json()
    figure["layout"]["template"] = templates["light"]  # in place of the one that Plotly gives every figure
    return {
        "kind": kind.value,
        "figure": figure,
        "templates": templates,
        "names": MOST_NAMES,
        "narrow": {"names": MOST_NAMES_NARROW} | narrow,
        "corner": corner,
        "scale": {"size": scale.size, "counted": scale.unit in UNIT_LETTERS},
        "shown": board.shown,
        "front": {
            "metric": tradeoff.metric.label if tradeoff else None,
            "cost": tradeoff.measure or None if tradeoff else None,
            "rows": [row.public_id for row in tradeoff.front] if tradeoff else [],
        },
        "records": {
            "metric": history.metric.label if history else None,
            "rows": [row.public_id for row in history.records] if history else [],
        },
    }


# ---- score against cost ----


def _see_tradeoff(board: Board, tradeoff: Tradeoff, cost: Column) -> Scene:
    rows, measure = tradeoff.points, tradeoff.measure
    log = axes.is_wide([place_of(row.costs[measure]) for row in rows])
    return Scene(
        board=board,
        metric=tradeoff.metric,
        rows=rows,
        lead=tradeoff.front,
        lead_word="on the front",
        across=lambda row: place_of(row.costs[measure]),
        across_word=lambda row: cost_words(row, cost),
        name_at=lambda place: math.log10(float(place)) if log else place,
        corner=make_corner(tradeoff.metric, rightwards=cost.direction is Direction.HIGHER),
    )


def _draw_tradeoff(scene: Scene, cost: Column, measure: str) -> tuple[go.Figure, dict[str, Any]]:
    """Return the figure, and the part of its layout that a small screen has otherwise."""
    costs = [place_of(row.costs[measure]) for row in scene.rows]
    log = axes.is_wide(costs)
    low, high = axes.cost_range(costs, log=log)
    bottom, top = axes.value_range([value_of(scene, row) for row in scene.rows], scene.metric.direction)
    wide, narrow = axes.cost_ticks(low, high, column_scale(cost), log=log)
    # The front goes on beyond the axes, as far as they can be moved.
    (left, right), (under, over) = (axes.padded(ends, 0.5, 0.5) for ends in ((low, high), (bottom, top)))
    edges: Edges = ((10**left, 10**right) if log else (left, right), (under, over))
    figure = go.Figure(
        # Built at once: each later addition copies what is there.
        data=[*_front_traces(scene, cost, edges), *make_points(scene)],
        layout={
            "xaxis": {"type": "log" if log else "linear", "range": [low, high], **wide},
            "yaxis": {"range": [bottom, top]},
            "annotations": [*axes.make_titles(scene.metric, axes.cost_title(cost, log=log)), *make_names(scene)],
        },
    )
    return figure, {"xaxis": narrow}


def _front_traces(scene: Scene, cost: Column, edges: Edges) -> list[go.Scatter]:
    """Return the area that the front commands and its line: from the worst value at the least cost, in steps, to the worst cost."""
    steps = [(scene.across(row), value_of(scene, row)) for row in scene.lead]
    if not steps:
        return _lines([], [])
    worst_cost = edges[0][0] if cost.direction is Direction.HIGHER else edges[0][1]
    worst_value = edges[1][1] if scene.metric.direction is Direction.LOWER else edges[1][0]
    line = [(steps[0][0], worst_value), *steps, (worst_cost, steps[-1][1])]
    return _lines([*line, (worst_cost, worst_value)], line)


def _lines(*lines: list[tuple[Place, float]]) -> list[go.Scatter]:
    return [go.Scatter(x=[x for x, _ in line], y=[y for _, y in line], hoverinfo="skip") for line in lines]


# ---- the record over time ----


def _see_history(board: Board, history: History) -> Scene:
    return Scene(
        board=board,
        metric=history.metric,
        rows=history.points,
        lead=history.records,
        lead_word="set the record",
        across=lambda row: row.day,
        across_word=date_words,
        name_at=lambda place: place,
        corner=make_corner(history.metric, rightwards=False),
    )


def _draw_history(scene: Scene) -> go.Figure:
    days = [_ordinal(row) for row in scene.rows]
    low, high = axes.padded(days, 0.04, 0.08, least=axes.LEAST_DAYS)
    bottom, top = axes.value_range([value_of(scene, row) for row in scene.rows], scene.metric.direction)
    (left, right), (under, over) = (axes.padded(ends, 0.5, 0.5) for ends in ((low, high), (bottom, top)))
    edges: Edges = ((axes.iso_day(left), axes.iso_day(right)), (under, over))
    return go.Figure(
        data=[*_record_traces(scene, edges), *make_points(scene)],
        layout={
            "xaxis": {
                "type": "date",
                "range": [axes.iso_day(low), axes.iso_day(high)],
                "tickmode": "auto",
                "nticks": 8,
                "tickformatstops": DATE_FORMATS,
            },
            "yaxis": {"range": [bottom, top]},
            "annotations": [*axes.make_titles(scene.metric, "Date of the paper"), *make_names(scene)],
        },
    )


def _ordinal(row: Row) -> int:
    return date.fromisoformat(row.day).toordinal()


def _record_traces(scene: Scene, edges: Edges) -> list[go.Scatter]:
    """Return the area under the record and its line: from the first one, in steps, on and on."""
    steps = [(scene.across(row), value_of(scene, row)) for row in scene.lead]
    if not steps:
        return _lines([], [])
    worst = edges[1][1] if scene.metric.direction is Direction.LOWER else edges[1][0]
    line = [*steps, (edges[0][1], steps[-1][1])]
    return _lines([*line, (edges[0][1], worst), (steps[0][0], worst)], line)
