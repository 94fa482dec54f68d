"""What an embedded board is told by its address, and what other sites write to show it: frames, badges, oEmbed. No queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims.errors import UnknownFilterError
from claims.models import Benchmark, Paper
from leaderboard.addresses import absolute
from leaderboard.badges import clean

_Term = TypeVar("_Term", bound=StrEnum)


class Show(StrEnum):
    """What an embed consists of."""

    TABLE = "table"
    CHART = "chart"
    BOTH = "both"


class Theme(StrEnum):
    """An embed's colours; `auto` are those that the reader's system asks for."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


ROWS, MOST_ROWS = 10, 50
OWN = ("show", "theme", "rows", "columns")
"""The parameters that are an embed's own. The others are the board's, by the same names."""
OF_THE_PAGE = ("page", "density", "row", "open")
"""What a board's page is told, and means nothing in an embed."""
WIDTH = 800
"""In pixels: how wide a frame is where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Embed:
    """What is embedded of a board. `query` is the board's own: its filters, order, columns and chart."""

    show: Show
    theme: Theme
    rows: int
    query: QueryDict

    @property
    def has_table(self) -> bool:
        return self.show is not Show.CHART

    @property
    def has_chart(self) -> bool:
        return self.show is not Show.TABLE

    def write_query(self) -> str:
        """Return the query that asks for this; what is so by default is left out."""
        query = self.query.copy()
        if self.rows != ROWS:
            query["rows"] = str(self.rows)
        if self.show is not Show.TABLE:
            query["show"] = self.show.value
        if self.theme is not Theme.AUTO:
            query["theme"] = self.theme.value
        return query.urlencode()


def read_embed(asked: QueryDict) -> Embed:
    """Return what a query asks to embed. Raises `UnknownFilterError` for what an embed can't be asked; the board's own is not looked at.

    `columns=` lists columns by commas, which `column=` names one by one: a cost that says what it was measured on may hold commas.
    """
    query = asked.copy()
    for name in OF_THE_PAGE:
        if name in query:
            raise UnknownFilterError(f"“{name}” is of a board's page, and means nothing in an embed.", field=name)
    show = _one_of(Show, query.get("show") or Show.TABLE, "show")
    theme = _one_of(Theme, query.get("theme") or Theme.AUTO, "theme")
    stated = query.get("rows") or str(ROWS)
    rows = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 4 else 0
    if not 1 <= rows <= MOST_ROWS:
        raise UnknownFilterError(f"“rows” is {stated[:20]}; it must be a number from 1 to {MOST_ROWS}.", field="rows")
    listed = [name.strip() for text in query.getlist("columns") for name in text.split(",") if name.strip()]
    for name in OWN:
        query.pop(name, None)
    if listed:
        query.setlist("column", list(dict.fromkeys([*query.getlist("column"), *listed])))
    return Embed(show, theme, rows, query)


def _one_of(terms: type[_Term], stated: str, name: str) -> _Term:
    try:
        return terms(stated)
    except ValueError:
        raise UnknownFilterError(f"“{name}” is {stated[:20]}; there are {', '.join(list(terms))}.", field=name) from None


def of_page(asked: QueryDict) -> QueryDict:
    """Return the part of a board's page's query that an embed of the same rows has, too."""
    query = asked.copy()
    for name in OF_THE_PAGE:
        query.pop(name, None)
    return query


def with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def embed_path(benchmark: Benchmark, embed: Embed) -> str:
    return with_query(reverse("embed-board", args=[benchmark.slug]), embed.write_query())


def board_address(benchmark: Benchmark, embed: Embed) -> str:
    """Return the whole address of the board's page with the embed's filters, order and columns."""
    return with_query(absolute(benchmark.get_absolute_url()), embed.query.urlencode())


_HEAD, _ROW, _COLUMN_HEADS, _FOOT, _CHART = 58, 58, 48, 64, 560


def guess_height(embed: Embed, rows: int) -> int:
    """Return about how high an embed of a board of so many rows is, in pixels: for frames that nothing sizes."""
    table = _COLUMN_HEADS + _ROW * max(1, min(embed.rows, rows)) if embed.has_table else 0
    return _HEAD + table + (_CHART if embed.has_chart else 0) + _FOOT


# ---- what other sites write ----


def frame(benchmark: Benchmark, embed: Embed, *, width: str, height: int) -> SafeString:
    """Return the element that shows an embed on another site's page."""
    return format_html(
        '<iframe src="{}" title="{}" width="{}" height="{}" style="border:0" loading="lazy"></iframe>',
        absolute(embed_path(benchmark, embed)),
        clean(str(benchmark)),
        width,
        height,
    )


def sizing_script() -> SafeString:
    return format_html('<script src="{}" async></script>', absolute(reverse("embed-script")))


_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]()<>#!|"})


def picture(image: str, page: str, words: str) -> str:
    """Return an image that leads to a page, as Markdown; `words` may be others'."""
    return f"[![{clean(words).translate(_MARKDOWN)}]({image})]({page})"


def badge_of_board(benchmark: Benchmark) -> str:
    return absolute(reverse("board-badge", args=[benchmark.slug]))


def sparkline_of(benchmark: Benchmark) -> str:
    return absolute(reverse("sparkline", args=[benchmark.slug]))


def badge_of_paper(paper: Paper) -> str:
    return absolute(reverse("paper-badge", args=[paper.public_id]))


def oembed_address(page: str) -> str:
    """Return where programs read how to embed a page, for whole addresses of boards."""
    query = QueryDict(mutable=True)
    query["url"] = page
    query["format"] = "json"
    return with_query(absolute(reverse("oembed")), query.urlencode())


def refuse_unknown(asked: QueryDict, known: Iterable[str]) -> None:
    """Raise `UnknownFilterError` for a parameter that isn't among the known ones."""
    known = tuple(known)
    if unknown := next((name for name in asked if name not in known), None):
        raise UnknownFilterError(f"There is no parameter called “{unknown[:60]}”. There are {', '.join(known)}.", field=unknown[:60])
