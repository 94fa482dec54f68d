"""Small multiples: a family of models in each panel, all with the same axes and the whole board's front behind them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from claims.boards import Column, Family, Row, Tradeoff
from claims.terms import Direction
from leaderboard.charts import axes
from leaderboard.charts.marks import CLASSES, class_of
from leaderboard.charts.scenes import HOVER_WIDTH, cost_words, place_of
from leaderboard.templatetags.board_tags import column_scale, number_text
from leaderboard.templatetags.word_tags import NBSP, plural

STYLES = ("context", *CLASSES)
"""The traces of one panel; those of the others repeat them."""
COLUMNS, COLUMNS_NARROW = 4, 2
MARGIN = {"l": 44, "r": 22, "t": 62, "b": 42}
GAP = 40
"""Pixels between two rows of panels, of which the lower one's name takes most."""
MOST_TICKS_NARROW = 2
TITLE_WIDTH, TITLE_WIDTH_NARROW = 24, 16


def panel_height(count: int, *, narrow: bool = False) -> int:
    """Return how high a chart of so many panels is, in pixels. The stylesheet has the same heights (.chart__plot[data-panels])."""
    rows = -(-count // (COLUMNS_NARROW if narrow else COLUMNS))
    return 152 * rows + 64 if narrow else 160 * rows + 80


def draw_panels(tradeoff: Tradeoff, cost: Column, families: Sequence[Family]) -> tuple[go.Figure, dict[str, Any]]:
    """Return the figure, and what of its layout a small screen has otherwise."""
    rows = [row for family in families for row in family.rows]
    costs = [place_of(row.costs[cost.key]) for row in rows]
    log = axes.is_wide(costs)
    across = axes.cost_range(costs, log=log)
    upwards = axes.padded([place_of(row.cells[tradeoff.metric.key]) for row in rows], 0.1, 0.1)
    _, ticks = axes.cost_ticks(*across, column_scale(cost), log=log, most=(4, 3))
    traces: list[go.Scatter] = []
    for number, family in enumerate(families):
        of_panel = {"xaxis": _axis("x", number), "yaxis": _axis("y", number)}
        traces += [_front(tradeoff, cost, across[1], log=log, **of_panel), *_points(tradeoff, cost, family.rows, **of_panel)]
    scale = {"type": "log" if log else "linear", "range": list(across), **ticks}
    # A narrow panel has no room for the words of three.
    sparse = {name: each[::2] if len(each) > MOST_TICKS_NARROW else each for name, each in ticks.items()}
    shared = {"range": list(upwards), "nticks": 5}, tradeoff.metric, axes.cost_title(cost, log=log)
    wide, narrow = _lay_out(families, scale, *shared, narrow=False), _lay_out(families, scale | sparse, *shared, narrow=True)
    return go.Figure(data=traces, layout={**wide, "margin": MARGIN}), {"layout": narrow}


def _axis(letter: str, number: int) -> str:
    """Return the library's name for a panel's axis: "x", "x2", "x3"."""
    return f"{letter}{number + 1 if number else ''}"


def _lay_out(
    families: Sequence[Family], across: dict[str, Any], upwards: dict[str, Any], metric: Column, below: str, *, narrow: bool
) -> dict[str, Any]:
    """Return the axes of all panels and their names, row after row; only the outer axes have words."""
    count = len(families)
    columns = COLUMNS_NARROW if narrow else COLUMNS
    rows = -(-count // columns)
    inner = panel_height(count, narrow=narrow) - MARGIN["t"] - MARGIN["b"]
    gap, between = GAP / inner, 0.06 if narrow else 0.025
    high, wide = (1 - gap * (rows - 1)) / rows, (1 - between * (columns - 1)) / columns
    layout: dict[str, Any] = {"annotations": axes.make_titles(metric, below, shift=36)}
    for number, family in enumerate(families):
        row, column = divmod(number, columns)
        left, top = column * (wide + between), 1 - row * (high + gap)
        x, y = _axis("x", number), _axis("y", number)
        layout[x.replace("x", "xaxis")] = across | {
            "domain": [left, left + wide],
            "anchor": y,
            "showticklabels": number + columns >= count,
        }
        layout[y.replace("y", "yaxis")] = upwards | {"domain": [max(0.0, top - high), top], "anchor": x, "showticklabels": column == 0}
        words = textwrap.wrap(f"{family.name}, {plural(len(family.rows), 'row,rows')}", TITLE_WIDTH_NARROW if narrow else TITLE_WIDTH)
        layout["annotations"].append(
            {
                "name": "panel",
                "text": "<br>".join(axes.escape(word) for word in words),
                "xref": f"{x} domain",
                "x": 0,
                "xanchor": "left",
                "yref": f"{y} domain",
                "y": 1,
                "yanchor": "bottom",
                "yshift": 2,
                "align": "left",
                "font": {"weight": 600},
            }
        )
    return layout


def _front(tradeoff: Tradeoff, cost: Column, right: float, *, log: bool, **of_panel: str) -> go.Scatter:
    """Return the whole board's front, from its worst value to the end of the axis."""
    steps = [(place_of(row.costs[cost.key]), place_of(row.cells[tradeoff.metric.key])) for row in tradeoff.front]
    if steps and cost.direction is not Direction.HIGHER:
        steps.append((max(10**right if log else right, steps[-1][0]), steps[-1][1]))
    return go.Scatter(x=[x for x, _ in steps], y=[y for _, y in steps], hoverinfo="skip", **of_panel)


def _points(tradeoff: Tradeoff, cost: Column, rows: Sequence[Row], **of_panel: str) -> list[go.Scatter]:
    leads = {row.pk for row in tradeoff.front}
    traces = []
    for name in CLASSES:
        members = [row for row in rows if class_of(row, leads) == name]
        traces.append(
            go.Scatter(
                name=name,
                x=[place_of(row.costs[cost.key]) for row in members],
                y=[place_of(row.cells[tradeoff.metric.key]) for row in members],
                ids=[row.public_id for row in members],
                text=[_hover(tradeoff, cost, row, leads=row.pk in leads) for row in members],
                **of_panel,
            )
        )
    return traces


def _hover(tradeoff: Tradeoff, cost: Column, row: Row, *, leads: bool) -> str:
    metric = tradeoff.metric
    lines = [
        *textwrap.wrap(" ".join(filter(None, [row.model, row.variant])), HOVER_WIDTH),
        *textwrap.wrap(", ".join(row.setting), HOVER_WIDTH),
        f"{metric.label}: {number_text(row.cells[metric.key])}{NBSP}{metric.unit}".strip(),
        cost_words(row, cost),
        *["on the front"] * leads,
        *["quoted, without a rank"] * (not row.ranks),
    ]
    return "<br>".join(axes.escape(line) for line in lines)
