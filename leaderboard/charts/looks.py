"""The colours and shapes of a chart, as templates of Plotly's: one for light and one for dark pages, so that a page changes them itself."""

from __future__ import annotations

from functools import cache
from typing import Any

import plotly.graph_objects as go

from leaderboard.charts.marks import SHAPES

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
        "c1": "#1f6fb5",
        "c2": "#b45309",
        "c3": "#7c3fa8",
        "c4": "#0b7a80",
        "c5": "#b02a68",
        "c6": "#6b6a00",
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
        "c1": "#6fb1ee",
        "c2": "#f0a04b",
        "c3": "#c09cf0",
        "c4": "#4cc3c4",
        "c5": "#f08bb4",
        "c6": "#c9c25a",
    },
}
"""The tokens of static/css/tokens.css that a chart needs, as literals: Plotly knows no variables."""

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", '
    '"Helvetica Neue", Arial, sans-serif'
)


@cache
def make_templates(styles: tuple[str, ...]) -> dict[str, Any]:
    """Return the light and the dark template as JSON, for traces of these styles in this order; they are not to be changed."""
    return {name: _template(palette, styles).to_plotly_json() for name, palette in PALETTES.items()}


def _trace(style: str, palette: dict[str, str]) -> go.Scatter:
    """Return the look of an area, a line or a class of points."""
    line = {"shape": "hv", "color": palette["front"], "width": 2}
    if style == "area":
        return go.Scatter(mode="lines", line=line | {"width": 0}, fill="toself", fillcolor=palette["fill"])
    if style == "line":
        return go.Scatter(mode="lines", line=line)
    if style == "context":
        return go.Scatter(mode="lines", line=line | {"width": 1})
    marker = {"opacity": 1} | _marker(style, palette)  # unsaid, the library lets points of different sizes shine through
    return go.Scatter(mode="markers", marker=marker, cliponaxis=False, hovertemplate="%{text}<extra></extra>")


def _marker(style: str, palette: dict[str, str]) -> dict[str, Any]:
    plot, own = palette["plot"], palette["own"]
    markers: dict[str, dict[str, Any]] = {
        "quoted": {"size": 7, "color": plot, "line": {"width": 1.5, "color": palette["point"]}},
        "imported": {"size": 7, "color": palette["point"], "opacity": 0.62, "line": {"width": 0}},
        "own": {"size": 8, "color": plot, "line": {"width": 2, "color": own}},
        "front": {"size": 9, "color": palette["front"], "line": {"width": 1.5, "color": plot}},
        "own front": {"size": 11, "color": palette["mark"], "line": {"width": 2, "color": own}},
    }
    if style in markers:
        return markers[style]
    family, _, way = style.partition(" ")
    named = family.isdigit()
    colour = palette[f"c{int(family) + 1}"] if named else palette["point"]
    marker: dict[str, Any] = {"symbol": SHAPES[int(family)] if named else "circle", "size": 8 if named else 6}
    if way == "quoted":
        return marker | {"color": plot, "line": {"width": 1.5, "color": colour}}
    if way == "front":
        return marker | {"size": marker["size"] + 3, "color": colour, "line": {"width": 2, "color": own}}
    return marker | {"color": colour, "opacity": 0.85 if named else 0.5, "line": {"width": 0}}


def _template(palette: dict[str, str], styles: tuple[str, ...]) -> go.layout.Template:
    plot = palette["plot"]
    words = {"color": palette["text"], "family": FONT, "size": 12}
    axis = {"zeroline": False, "tickfont": words, "fixedrange": True}
    axis |= {"ticklabeloverflow": "allow"}  # to look for labels that stick out takes a third of the time of every movement
    return go.layout.Template(
        data={"scatter": [_trace(style, palette) for style in styles]},
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
