"""The points of a chart with one pair of axes: their traces, what they say when pointed to, and their names."""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
from django.utils.html import strip_tags

from claims.boards import Board, Cell, Column, Row
from claims.boards.families import family_key, family_of
from claims.terms import Direction
from leaderboard.charts.axes import UNIT_LETTERS, escape
from leaderboard.charts.marks import CLASSES, class_of, coloured_families, diameters, family_class_of, family_classes, is_coloured
from leaderboard.templatetags.board_tags import column_name, column_scale, number_text, paper_date
from leaderboard.templatetags.word_tags import NBSP

MOST_NAMES, MOST_NAMES_NARROW = 10, 4
LONGEST_NAME = 32
"""Longer names stand in the hover text only: a name is never cut."""
HOVER_WIDTH = 48

Place = float | str
"""Where a point stands across: a cost, or an ISO date."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the points of a chart have in common.

    `lead` are the rows that are brought out, as `lead_word` says; `across` is where a row stands across, `across_word` says so. `name_at`
    is where the library puts an annotation that stands across there.
    """

    board: Board
    metric: Column
    rows: Sequence[Row]
    lead: Sequence[Row]
    lead_word: str
    across: Callable[[Row], Place]
    across_word: Callable[[Row], str]
    name_at: Callable[[Place], Place]
    corner: dict[str, Any]


def place_of(cell: Cell) -> float:
    """Return where a number stands on its axis: where it ranks."""
    return cell.value if cell.rank_by is None else cell.rank_by


def value_of(scene: Scene, row: Row) -> float:
    return place_of(row.cells[scene.metric.key])


def make_corner(metric: Column, *, rightwards: bool) -> dict[str, Any]:
    """Return where a name stands at its point: towards the better corner, where a row of the front has no neighbours.

    That is left above if more is better and costs less.
    """
    below = metric.direction is Direction.LOWER
    return {
        "xanchor": "left" if rightwards else "right",
        "yanchor": "top" if below else "bottom",
        "xshift": 5 if rightwards else -5,
        "yshift": -3 if below else 3,
    }


# ---- traces ----


def list_styles(board: Board) -> tuple[str, ...]:
    """Return the classes of the chart's points, by family if the reader wants that."""
    return tuple(family_classes(coloured_families(board))) if is_coloured(board) else CLASSES


def make_points(scene: Scene) -> list[go.Scatter]:
    """Return a trace for each class of points, an empty one too: the templates count on their order."""
    board, charting = scene.board, scene.board.charting
    leads = {row.pk for row in scene.lead}
    families = coloured_families(board)
    places = {family_key(name): place for place, name in enumerate(families)}
    by_family = is_coloured(board)
    members: dict[str, list[int]] = {name: [] for name in list_styles(board)}
    for number, row in enumerate(scene.rows):
        members[family_class_of(row, leads, places) if by_family else class_of(row, leads)].append(number)
    size = charting.size if charting else ""
    sizes: list[float] = []
    if size:
        amounts = [place_of(cell) if (cell := row.costs.get(size)) else None for row in scene.rows]
        sizes = diameters(amounts)
        for numbers in members.values():
            numbers.sort(key=lambda number: -sizes[number])  # a small one lies on a large one
    size_column = next((column for column in board.columns if column.is_cost and column.key == size), None)
    models = Counter(row.model for row in scene.rows)
    places_taken: dict[tuple[Place, float], list[Row]] = defaultdict(list)
    for row in scene.rows:
        places_taken[scene.across(row), value_of(scene, row)].append(row)
    traces = []
    for name, numbers in members.items():
        rows = [scene.rows[number] for number in numbers]
        marked = {"marker": {"size": [sizes[number] for number in numbers]}} if size else {}
        traces.append(
            go.Scatter(
                name=_class_name(name, families) if by_family else name,
                x=[scene.across(row) for row in rows],
                y=[value_of(scene, row) for row in rows],
                ids=[row.public_id for row in rows],
                text=[
                    _hover(
                        scene,
                        row,
                        leads=row.pk in leads,
                        size=size_column,
                        family=by_family,
                        there=places_taken[scene.across(row), value_of(scene, row)],
                    )
                    for row in rows
                ],
                customdata=[escape(_fitting_name(row, models)) for row in rows],
                **marked,
            )
        )
    return traces


def _class_name(name: str, families: Sequence[str]) -> str:
    """Return a trace's name: of its family as readers know it."""
    place, _, way = name.partition(" ")
    return f"{escape(families[int(place)]) if place.isdigit() else place} {way}".strip()


def _hover(scene: Scene, row: Row, *, leads: bool, size: Column | None, family: bool, there: Sequence[Row]) -> str:
    """Return a point's words, a line each: name, setting, score and cost as stated. Plotly reads markup, so names are escaped.

    `there` are all rows at its place, of which a reader points to one.
    """
    name, metric = " ".join(filter(None, [row.model, row.variant])), scene.metric
    lines = [
        *textwrap.wrap(name, HOVER_WIDTH),
        *textwrap.wrap(", ".join(row.setting), HOVER_WIDTH),
        f"{metric.label}: {number_text(row.cells[metric.key])}{NBSP}{metric.unit}".strip(),
        scene.across_word(row),
    ]
    if size is not None:
        lines.append(cost_words(row, size))
    if family and row.named:
        lines.append(f"Family: {family_of(row.model)}")
    lines += [scene.lead_word] * leads + ["quoted, without a rank"] * (not row.ranks) + ([f"from {row.source}"] if row.source else [])
    if len(there) == 2:
        other = next(each for each in there if each is not row)
        lines += textwrap.wrap(f"at the same place: {' '.join(filter(None, [other.model, other.variant]))}", HOVER_WIDTH)
    elif len(there) > 2:
        lines.append(f"at the same place: {len(there) - 1:,} others")
    return "<br>".join(escape(line) for line in lines)


def cost_words(row: Row, cost: Column) -> str:
    """Return a row's cost as stated, with its name."""
    cell, scale = row.costs.get(cost.key), column_scale(cost)
    if cell is None:
        return f"{column_name(cost)}: not stated"
    return f"{column_name(cost)}: {number_text(cell, scale.size)}{NBSP}{UNIT_LETTERS.get(scale.unit, scale.unit)}".strip()


def date_words(row: Row) -> str:
    return _plain_date(paper_date(row.first_day, row.last_day))


@lru_cache(maxsize=4096)
def _plain_date(printed: str) -> str:
    return strip_tags(printed)


# ---- names ----


def make_names(scene: Scene) -> list[dict[str, Any]]:
    """Return the names as annotations, the most telling first: more than are shown, for some will collide."""
    models = Counter(row.model for row in scene.rows)
    annotations: list[dict[str, Any]] = []
    for row in _telling(scene):
        name = _fitting_name(row, models)
        if not name:
            continue
        annotations.append(
            {
                "name": row.public_id,
                "text": escape(name),
                "x": scene.name_at(scene.across(row)),
                "y": value_of(scene, row),
                **scene.corner,
                "visible": len(annotations) < MOST_NAMES,
                "font": {"weight": 400 if row.source else 600},
            }
        )
    return annotations[: 3 * MOST_NAMES]


def _fitting_name(row: Row, models: Counter[str]) -> str:
    """Return what stands beside a point, '' for what has no name or too long a one."""
    name = _short_name(row, alone=models[row.model] == 1)
    return name if len(name) <= LONGEST_NAME else ""


def _short_name(row: Row, *, alone: bool) -> str:
    """Return what a point is called, '' for what has no name: an unnamed method goes by its variant if that is one ("ViT-H/14")."""
    if row.named:
        return row.model if alone else f"{row.model} {row.variant}".strip()
    return row.variant if any(character.isupper() for character in row.variant) else ""


def _telling(scene: Scene) -> list[Row]:
    """Return the rows whose names say most: the front's best end and own rows, the best own rows beside it, then the rest of it."""
    front, last = scene.lead, len(scene.lead) - 1
    # By the largest power of two in its place: 8 before 4 and 12, these before 2, 6, 10 …: spread out, however few have room.
    spread = [front[place] for place in sorted(range(len(front)), key=lambda place: (place != last, place != 0, -(place & -place)))]
    first = [row for row in spread if not row.source or row is front[last]]
    leads, firsts = ({row.pk for row in rows} for rows in (front, first))
    own = [row for row in scene.rows if row.ranks and row.pk not in leads and not row.source]
    own.sort(key=lambda row: value_of(scene, row), reverse=scene.metric.direction is not Direction.LOWER)
    return [*first, *own[:2], *(row for row in spread if row.pk not in firsts), *own[2:]]
