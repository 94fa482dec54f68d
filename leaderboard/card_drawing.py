"""Draws a board's card: the picture of 1200 by 630 pixels that other sites show beside a link. The only module that knows matplotlib.

It draws into memory, with the font that matplotlib brings along; nothing is fetched, no display is needed. Measures are pixels from
the lower left corner.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

# Where matplotlib keeps what it found out about fonts; a home folder may be nobody's to write.
os.environ.setdefault("MPLCONFIGDIR", str(settings.DATA_DIR / "matplotlib"))

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from claims.boards import Board, Column, Row
from claims.models import Record
from claims.terms import Direction
from leaderboard.templatetags.board_tags import column_scale, number_text
from leaderboard.templatetags.home_tags import record_words
from leaderboard.templatetags.word_tags import plural

WIDTH, HEIGHT, MARGIN = 1200, 630, 56
ROWS = 4
"""So many rows stand on a card: the first in large, the others below it."""
SANS = "DejaVu Sans"
INK, INK_2, INK_3 = "#15201b", "#43504a", "#5c6963"
GREEN, YELLOW, LINE, PAPER = "#0b6a4c", "#e5b400", "#dfe5e1", "#ffffff"
MARK = "#ffe27a"


class _Sheet:
    """A figure of which a point is a pixel."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72, facecolor=PAPER)
        self.canvas = FigureCanvasAgg(self.figure)
        self.renderer = self.canvas.get_renderer()  # type: ignore[no-untyped-call]  # matplotlib's own

    def measure(self, text: str, size: float, *, bold: bool = False) -> float:
        width, _, _ = self.renderer.get_text_width_height_descent(text, _font(size, bold=bold), ismath=False)
        return float(width)

    def write(self, text: str, x: float, y: float, size: float, *, color: str = INK, bold: bool = False, to_left: bool = False) -> float:
        """Write a line of text with its base at `y`; return how wide it is."""
        self.figure.text(
            x / WIDTH,
            y / HEIGHT,
            text,
            color=color,
            fontproperties=_font(size, bold=bold),
            horizontalalignment="right" if to_left else "left",
            verticalalignment="baseline",
            parse_math=False,
        )
        return self.measure(text, size, bold=bold)

    def fill(self, x: float, y: float, width: float, height: float, color: str) -> None:
        place = (x / WIDTH, y / HEIGHT)
        self.figure.add_artist(
            Rectangle(place, width / WIDTH, height / HEIGHT, facecolor=color, edgecolor="none", transform=self.figure.transFigure)
        )

    def fit(self, text: str, width: float, size: float, least: float, *, bold: bool = False) -> tuple[str, float]:
        """Return the text and the size in which it fits; what does not fit in the `least` size ends in "…"."""
        text = " ".join(text.split())[:300]
        while size > least and self.measure(text, size, bold=bold) > width:
            size = max(least, size - 1)
        while len(text) > 1 and self.measure(text, size, bold=bold) > width:
            text = f"{text.rstrip('…')[:-1].rstrip()}…"
        return text, size

    def fit_lines(self, text: str, width: float, size: float, least: float, *, bold: bool = False) -> tuple[list[str], float]:
        """Return the text and the size in which it fits into one line, or into two of the `least` size."""
        line, fitting = self.fit(text, width, size, least, bold=bold)
        if not line.endswith("…"):
            return [line], fitting
        text = " ".join(text.split())
        first = line.rstrip("…")
        if " " in first.strip() and not text[len(first) :].startswith(" "):
            first = first[: first.rstrip().rindex(" ")]
        return [first, self.fit(text[len(first) :], width, least, least, bold=bold)[0]], least

    def png(self) -> bytes:
        file = io.BytesIO()
        self.canvas.print_png(file, metadata={"Software": None}, pil_kwargs={"optimize": True})  # type: ignore[no-untyped-call]  # as above
        return file.getvalue()


def _font(size: float, *, bold: bool) -> FontProperties:
    return FontProperties(family=SANS, size=size, weight="bold" if bold else "normal")


def draw_card(board: Board, records: Sequence[Record]) -> bytes:
    """Return a board's card as PNG. `board` holds its first ROWS rows; `records` are the earliest first, none for no line."""
    with warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box; the page behind the link has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        return _draw_board(board, records)


def _draw_board(board: Board, records: Sequence[Record]) -> bytes:
    sheet = _Sheet()
    _draw_frame(sheet)
    name, size = sheet.fit(board.benchmark.task.name, WIDTH - 2 * MARGIN, 52, 30, bold=True)
    sheet.write(name, MARGIN, 470, size, bold=True)
    name, size = sheet.fit(f"on {board.benchmark.dataset.name}", WIDTH - 2 * MARGIN, 34, 22)
    sheet.write(name, MARGIN, 420, size, color=INK_2)
    column = next((column for column in board.columns if column.is_primary), None)
    rows = [row for row in board.rows if column is not None and row.rank is not None and column.key in row.cells]
    if column is not None and rows:
        half = _draw_line(sheet, records, lower=column.direction is Direction.LOWER, leader_is_undated=not rows[0].day)
        _draw_first(sheet, rows[0], column, width=half)
        _draw_others(sheet, rows[1:], column)
    else:
        said = "Not ranked" if board.total else "No result yet"
        sheet.write(said, MARGIN, 300, 40, color=INK_3)
    counted = (
        f"{plural(board.total, 'result,results')}, {'each ' if board.total != 1 else ''}with the sentence or the record that states it"
    )
    sheet.write(counted, MARGIN, 40, 20, color=INK_3)
    return sheet.png()


def draw_general_card() -> bytes:
    """Return the card of the whole site, which stands in for a board's until that is drawn: static/card.png is made of it."""
    sheet = _Sheet()
    _draw_frame(sheet, host=False)
    sheet.write("Leaderboards where every", MARGIN, 370, 60, bold=True)
    width = sheet.write("number ", MARGIN, 292, 60, bold=True)
    sheet.fill(MARGIN + width - 8, 276, sheet.measure("opens", 60, bold=True) + 16, 66, MARK)
    width += sheet.write("opens", MARGIN + width, 292, 60, bold=True)
    sheet.write(" its sentence", MARGIN + width, 292, 60, bold=True)
    sheet.write("Results and costs, read out of titles and abstracts and checked by people", MARGIN, 216, 27, color=INK_2)
    return sheet.png()


def _draw_frame(sheet: _Sheet, *, host: bool = True) -> None:
    sheet.fill(0, HEIGHT - 10, WIDTH, 10, GREEN)
    for x, y, width, height, color in (
        (20, 26, 30, 18, MARK),
        (0, 31, 42, 7, INK),
        (0, 16, 30, 7, INK),
        (0, 1, 18, 7, INK),
    ):
        sheet.fill(MARGIN + x, 545 + y, width, height, color)
    sheet.write("Claimboard", MARGIN + 64, 551, 32, bold=True)
    if host:
        text, size = sheet.fit(urlsplit(settings.SITE_URL).netloc, 560, 22, 14)
        sheet.write(text, WIDTH - MARGIN, 554, size, color=INK_3, to_left=True)


def _draw_first(sheet: _Sheet, row: Row, column: Column, *, width: float) -> None:
    """Write the first row: its number in large, on the yellow line that says it opens its sentence."""
    number, size = sheet.fit(number_text(row.cells[column.key], column_scale(column).size), width * 0.62, 92, 40, bold=True)
    drawn = sheet.write(number, MARGIN, 296, size, bold=True)
    sheet.fill(MARGIN, 280, drawn, 5, YELLOW)
    arrow = {Direction.HIGHER: " ↑", Direction.LOWER: " ↓"}.get(column.direction, "")
    unit = f"{column.unit} " if column.unit else ""
    label, size = sheet.fit(f"{unit}{column.label}{arrow}", width - drawn - 24, 26, 16)
    sheet.write(label, MARGIN + drawn + 20, 300, size, color=INK_2)
    lines, size = sheet.fit_lines(_name(row), width, 36, 20, bold=True)
    for place, line in enumerate(lines):
        sheet.write(line, MARGIN, (228 if len(lines) == 1 else 238) - place * 25, size, color=GREEN, bold=True)


def _draw_others(sheet: _Sheet, rows: Sequence[Row], column: Column) -> None:
    for place, row in enumerate(rows):
        y = 166 - place * 39
        sheet.fill(MARGIN, y + 28, WIDTH - 2 * MARGIN, 1, LINE)
        sheet.write(f"{row.rank}{'=' if row.tied else ''}", MARGIN, y, 22, color=INK_3)
        number, size = sheet.fit(number_text(row.cells[column.key], column_scale(column).size), 300, 22, 14, bold=True)
        drawn = sheet.write(number, WIDTH - MARGIN, y, size, bold=True, to_left=True)
        name, size = sheet.fit(_name(row), WIDTH - 2 * MARGIN - 60 - drawn - 30, 22, 16)
        sheet.write(name, MARGIN + 60, y, size, color=INK_2)


def _name(row: Row) -> str:
    return f"{row.model} {row.variant}".strip()


def _draw_line(sheet: _Sheet, records: Sequence[Record], *, lower: bool, leader_is_undated: bool) -> float:
    """Draw the record over time, the better the higher, to the right; return how wide what stands to its left may be."""
    if not records:
        return WIDTH - 2 * MARGIN
    left, right, low, high = 724.0, WIDTH - MARGIN - 8.0, 262.0, 374.0
    words, size = sheet.fit(record_words(records, leader_is_undated=leader_is_undated), right - left + 8, 22, 14)
    sheet.write(words, left, 222, size, color=INK_3)
    start, end = records[0].day.toordinal(), max(_today(), records[-1].day).toordinal()
    values = [-record.value if lower else record.value for record in records]
    span = values[-1] - values[0]
    xs, ys = [], []
    for record, value in zip(records, values, strict=True):
        xs.append(left + (right - left) * (record.day.toordinal() - start) / ((end - start) or 1))
        ys.append(low + (high - low) * (value - values[0]) / span if span else high)
    line = Line2D(
        [x / WIDTH for x in (*xs, right)],
        [y / HEIGHT for y in (*ys, ys[-1])],
        drawstyle="steps-post",
        color=GREEN,
        linewidth=4,
        transform=sheet.figure.transFigure,
        solid_joinstyle="round",
    )
    point = Line2D([xs[-1] / WIDTH], [ys[-1] / HEIGHT], marker="o", markersize=13, color=GREEN, transform=sheet.figure.transFigure)
    sheet.figure.add_artist(line)
    sheet.figure.add_artist(point)
    return left - MARGIN - 40


def _today() -> date:
    return timezone.localdate()
