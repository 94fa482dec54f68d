"""Draws badges and sparklines as SVG that stands alone: no script, no style sheet, no font from elsewhere.

What is written there is others' text. A viewer's font is not known either: how wide each text is is estimated, and said, so that the
viewer's font is stretched or squeezed to that.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from claims.models import Record
from leaderboard.templatetags.home_tags import spark_places
from leaderboard.templatetags.word_tags import undirected


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What the colour says beside the words: somebody stands behind the number, nobody does yet, or there is none."""

    VOUCHED = "vouched"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class _Paint:
    back: str
    ink: str


# The tokens of static/css/tokens.css as literals: an image knows none of a page's variables.
_LABEL = {Theme.LIGHT: _Paint("#43504a", "#ffffff"), Theme.DARK: _Paint("#28322d", "#e7ede9")}
_TONES = {
    Theme.LIGHT: {
        Tone.VOUCHED: _Paint("#0b6a4c", "#ffffff"),
        Tone.PLAIN: _Paint("#dfe5e1", "#15201b"),
        Tone.NONE: _Paint("#edf1ee", "#43504a"),
    },
    Theme.DARK: {
        Tone.VOUCHED: _Paint("#63c89f", "#06150e"),
        Tone.PLAIN: _Paint("#46534c", "#e7ede9"),
        Tone.NONE: _Paint("#1e2622", "#b6c1bb"),
    },
}
_LINES = {Theme.LIGHT: ("#0b6a4c", "#7d8a83"), Theme.DARK: ("#63c89f", "#728079")}

# Advance widths of DejaVu Sans from the blank on, in thousandths of its size. Verdana's are nearly the same.
_WIDTHS = (
    *(318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636, 636),
    *(337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635),
    *(611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974),
    *(634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838),
)
_OTHER_WIDTHS = {"\u00a0": 318, "–": 500, "—": 1000, "…": 1000, "·": 318, "−": 838, "≈": 838, "≥": 838, "≤": 838, "×": 838, "±": 838}
_FONT = "Verdana,'DejaVu Sans',Geneva,sans-serif"
_SIZE, _PADDING, _HEIGHT = 11, 7, 20
MOST_LABEL, MOST_MESSAGE = 200.0, 340.0
"""How wide the two texts may be, in pixels; what is longer is cut, and the title has it whole."""

_BLANKS = re.compile(r"[ \t\r\n]+")
# No XML may hold these, not even written as numbers.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return others' text as one line that an XML document can hold, without marks that turn its neighbours round."""
    return _BLANKS.sub(" ", undirected(_NOT_IN_XML.sub("", text))).strip()


def width_of(text: str) -> float:
    """Return about how wide a text is on a badge, in pixels."""
    return sum(map(_advance, text)) * _SIZE / 1000


def _advance(character: str) -> int:
    code = ord(character)
    if 0x20 <= code < 0x20 + len(_WIDTHS):
        return _WIDTHS[code - 0x20]
    if character in _OTHER_WIDTHS:
        return _OTHER_WIDTHS[character]
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 650


def fit(text: str, most: float) -> str:
    """Return a text that is at most so many pixels wide; one that is cut ends in "…"."""
    if width_of(text) <= most:
        return text
    room = most - width_of("…")
    ends = itertools.accumulate(map(width_of, text))
    return f"{text[: sum(1 for _ in itertools.takewhile(lambda end: end <= room, ends))].rstrip()}…"


def draw_badge(label: str, message: str, *, title: str = "", tone: Tone = Tone.NONE, theme: Theme = Theme.LIGHT) -> str:
    """Return a badge: a label and, beside it, what is said of it. `title` is what a screen reader reads, unsaid both of them."""
    label, message = clean(label), clean(message)
    said = clean(title) or f"{label}: {message}"
    shown = [fit(label, MOST_LABEL), fit(message, MOST_MESSAGE)]
    texts = [round(width_of(text), 1) for text in shown]
    left, right = (round(width + 2 * _PADDING) for width in texts)
    paints = _LABEL[theme], _TONES[theme][tone]
    words = format_html_join(
        "",
        '<text x="{}" y="14" fill="{}" textLength="{}" lengthAdjust="spacingAndGlyphs">{}</text>',
        ((start + _PADDING, paint.ink, width, text) for start, paint, width, text in zip((0, left), paints, texts, shown, strict=True)),
    )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="{said}"><title>{said}</title>'
        '<path fill="{back}" d="M3 0H{left}V20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>'
        '<path fill="{front}" d="M{left} 0H{inner}a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H{left}z"/>'
        '<g font-family="{font}" font-size="{size}">{words}</g></svg>',
        width=left + right,
        height=_HEIGHT,
        said=said,
        back=paints[0].back,
        front=paints[1].back,
        left=left,
        inner=left + right - 3,
        font=_FONT,
        size=_SIZE,
        words=words,
    )


def draw_sparkline(records: Sequence[Record], *, lower: bool, until: date, title: str, theme: Theme = Theme.LIGHT) -> str:
    """Return a board's record as a line of steps, up for better, from the year of the first to `until`; dashes where there is none."""
    line, faint = _LINES[theme]
    drawn: SafeString
    if records:
        places = spark_places(records, lower=lower, since=records[0].day.year, until=until)
        (first_x, first_y), (last_x, last_y) = places[0], places[-1]
        steps = "".join(f"H{x:.1f}V{y:.1f}" for x, y in places[1:])
        drawn = format_html(
            '<path fill="none" stroke="{0}" stroke-width="1.5" stroke-linejoin="round" d="M{1} {2}{3}H{4}"/><circle fill="{0}" cx="{5}" '
            'cy="{6}" r="2.4"/>',
            *(line, f"{first_x:.1f}", f"{first_y:.1f}", steps, f"{max(124.0, last_x):.1f}", f"{last_x:.1f}", f"{last_y:.1f}"),
        )
    else:
        drawn = format_html('<path fill="none" stroke="{}" stroke-width="1" stroke-dasharray="3 4" d="M4 15H124"/>', faint)
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="30" viewBox="0 0 128 30" role="img" aria-label="{0}">'
        "<title>{0}</title>{1}</svg>",
        clean(title),
        drawn,
    )
