"""What embeds and the page that builds them print. No queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from claims.boards import BOUNDS, FILTERS, Board
from claims.models import Benchmark, Paper
from leaderboard import embedding
from leaderboard.addresses import absolute
from leaderboard.embedding import Embed
from leaderboard.templatetags.board_tags import Head, PrintedRow, make_heads, print_rows
from leaderboard.templatetags.chart_tags import ChartPanel, make_chart_address, make_panel
from leaderboard.templatetags.filter_tags import filter_name, filter_values, is_filter
from leaderboard.templatetags.word_tags import undirected

register = template.Library()

MOST_COLUMNS = 3
"""So many columns a frame has room for, where nobody chose any."""


@register.simple_tag
def embed_heads(board: Board, embed: Embed) -> list[Head]:
    return make_heads(board, embed.query, most=MOST_COLUMNS)


@register.simple_tag
def embed_rows(board: Board, heads: Sequence[Head]) -> list[PrintedRow]:
    return print_rows(board, heads)


@register.simple_tag
def evidence_base(board: Board, embed: Embed) -> str:
    """Return the start of the whole address that opens a row on the board's page: the row's id comes after it."""
    query = embed.query.urlencode()
    return f"{absolute(board.benchmark.get_absolute_url())}?{f'{query}&' if query else ''}open="


@register.simple_tag
def embed_panel(board: Board, embed: Embed, base: str) -> ChartPanel | None:
    return make_panel(board, embed.query, base=base)


@register.simple_tag
def embed_chart_address(board: Board, embed: Embed) -> str:
    return make_chart_address(board, embed.query)


@register.simple_tag(takes_context=True)
def filters_in_use(context: dict[str, Any], board: Board, embed: Embed) -> list[str]:
    """Return the filters of an embed in words, "setting: zero-shot": what leaves rows out is said where they are left out."""
    names = [name for name, values in embed.query.lists() if any(values) and (name in FILTERS or name.startswith(BOUNDS))]
    said = []
    for name in names:
        if name == "role":
            said.append(
                {"all": "with quoted baselines", "baseline": "quoted baselines alone"}.get(embed.query.get(name, ""), "own results")
            )
            continue
        values = " and ".join(filter_values(context, board, name))  # type: ignore[arg-type]  # reads the request alone
        said.append(filter_name(name) if name in ("like", "conflicts", "front") else f"{filter_name(name)}: {values}")
    return said


@register.filter
def site_address(path: str) -> str:
    """Return the whole address of a path of this site."""
    return absolute(path)


@register.filter
def oembed_address(benchmark: Benchmark, request: HttpRequest) -> str:
    """Return where programs read how to embed a board as its page shows it."""
    query = embedding.of_page(request.GET).urlencode()
    return embedding.oembed_address(embedding.with_query(absolute(benchmark.get_absolute_url()), query))


@register.filter
def builder_query(benchmark: Benchmark, request: HttpRequest) -> str:
    """Return the query that takes a board as its page shows it to the page that builds embeds."""
    query = embedding.of_page(request.GET)
    query["board"] = benchmark.slug
    return query.urlencode()


@register.simple_tag
def badge_markdown(paper: Paper) -> str:
    """Return a paper's badge as Markdown."""
    return embedding.picture(embedding.badge_of_paper(paper), absolute(paper.get_absolute_url()), paper.title)


ASKED = ("column", "cost", "chart")
"""What the form asks itself of the board's own parameters."""


@register.simple_tag
def kept_fields(query: QueryDict) -> SafeString:
    """Return what the form of the builder doesn't ask as hidden fields: the board's filters and order."""
    pairs = ((name, value) for name, values in query.lists() if name not in ASKED for value in values)
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.filter
def undirected_name(benchmark: Benchmark) -> str:
    return undirected(str(benchmark))


@register.filter
def has_filters(query: QueryDict) -> bool:
    return any(is_filter(name) and any(values) for name, values in query.lists())
