"""Draws what people made of what was read, month by month: three lines of shares, each with its interval."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import plotly.graph_objects as go

from claims.boards import Quality
from claims.boards.quality import Line, Outcome, Part, Share
from leaderboard.charts.looks import PALETTES, make_templates

LINES = (("Accepted as read", "front", "circle", "solid"), ("Corrected", "c2", "square", "dash"), ("Rejected", "own", "diamond", "dot"))
"""What is drawn: name, colour, shape and stroke. No line is told from another by its colour alone."""
MOST_TICKS, MOST_TICKS_NARROW = 8, 4
_APART = (-2, 0, 2)
"""By so many days the lines stand beside their month, so that their intervals don't cover each other."""


def draw_quality(quality: Quality) -> dict[str, Any]:
    """Return the figure in light colours, the templates for both, and what of its layout is otherwise on a small screen, ready for JSON.

    It has no lines where nobody has decided.
    """
    months = [line for line in quality.parts[Part.MONTH].lines if line.key] if quality.whole else []
    shares = [[_shares(month)[number] for month in months] for number in range(len(LINES))]
    figure = go.Figure(
        data=[_draw(number, months, shares[number]) for number in range(len(LINES))] if months else [],
        layout={
            "xaxis": {"type": "date", **_ticks(months, MOST_TICKS)},
            "yaxis": {"range": [-2, 102], "tickmode": "array", "tickvals": [0, 25, 50, 75, 100]},
            "annotations": [
                {
                    "templateitemname": "title",
                    "text": "Share of the decisions of a month, %",
                    "x": 0,
                    "y": 1,
                    "xanchor": "left",
                    "yanchor": "bottom",
                    "yshift": 10,
                }
            ],
        },
    ).to_plotly_json()
    if len(months) == 1:
        figure["layout"]["xaxis"]["range"] = [_beside(months[0].key, -20), _beside(months[0].key, 20)]
    figure["layout"]["template"] = _templates()["light"]
    narrow = {"xaxis": _ticks(months, MOST_TICKS_NARROW)}
    return {"figure": figure, "templates": _templates(), "narrow": narrow, "months": [month.key for month in months]}


def _ticks(months: Sequence[Line], most: int) -> dict[str, Any]:
    """Return the ticks of an axis: a month's name below its middle, of every so many months."""
    step = -(-len(months) // most) or 1
    named = months[::step]
    words = [f"{calendar.month_abbr[int(month.key[5:])]} {month.key[:4]}" for month in named]
    return {"tickvals": [_beside(month.key, 0) for month in named], "ticktext": words}


def _shares(month: Line) -> Sequence[Share]:
    return month.shares[Outcome.UNCHANGED], month.shares[Outcome.CORRECTED], month.rejected


def _draw(number: int, months: Sequence[Line], shares: Sequence[Share]) -> go.Scatter:
    name = LINES[number][0]
    return go.Scatter(
        name=name,
        x=[_beside(month.key, _APART[number]) for month in months],
        y=[share.percent for share in shares],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [share.high - share.percent for share in shares],
            "arrayminus": [share.percent - share.low for share in shares],
        },
        text=[
            f"<b>{name}</b><br>{month.name}: {share.percent:.1f} %<br>{share.low:.1f}–{share.high:.1f} · {share.count:,} of {month.total:,}"
            for month, share in zip(months, shares, strict=True)
        ],
    )


def _beside(month: str, days: int) -> str:
    """Return the day in the middle of a month ("2026-11"), so many days away."""
    return (date.fromisoformat(f"{month}-15") + timedelta(days=days)).isoformat()


@cache
def _templates() -> dict[str, Any]:
    """Return the templates of the boards' charts with these lines in place of theirs; they are not to be changed."""
    made = {}
    for name, template in make_templates(()).items():
        palette = PALETTES[name]
        lines = [
            go.Scatter(
                mode="lines+markers",
                line={"color": palette[colour], "width": 2, "dash": stroke},
                marker={"color": palette[colour], "symbol": shape, "size": 8, "line": {"width": 1.5, "color": palette["plot"]}},
                error_y={"color": palette[colour], "thickness": 1, "width": 3},
                cliponaxis=False,
                hovertemplate="%{text}<extra></extra>",
            ).to_plotly_json()
            for _, colour, shape, stroke in LINES
        ]
        made[name] = template | {"data": {"scatter": lines}}
    return made
