"""What pages say of themselves to machines, and where papers can be found. No queries."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from claims import bibtex
from claims.boards import Board, DatasetPage
from claims.models import Benchmark, Paper
from claims.terms import DateSource
from leaderboard.addresses import absolute, is_web_address, paper_address, search_address
from leaderboard.templatetags.board_tags import column_name
from leaderboard.templatetags.word_tags import plural, undirected

register = template.Library()

# No browser runs a block of data, so that the policy on scripts leaves it alone; but the reader of the page's markup must find its end.
_ESCAPED = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def _block(fields: dict[str, Any]) -> SafeString:
    """Return schema.org data as a block of JSON-LD; empty fields are left out."""
    stated = {"@context": "https://schema.org"} | {name: value for name, value in fields.items() if value}
    text = json.dumps(stated, ensure_ascii=False).encode("utf-8", "replace").decode().translate(_ESCAPED)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308 - escaped just above


def _name(text: str) -> str:
    return undirected(text)


@register.simple_tag
def board_data(board: Board) -> SafeString:
    """Return a board as a schema.org Dataset."""
    benchmark = board.benchmark
    url = absolute(benchmark.get_absolute_url())
    ranked = f", ranked by {benchmark.primary_metric.name}" if board.ranked and benchmark.primary_metric else ""
    return _block(
        {
            "@type": "Dataset",
            "name": _name(f"{benchmark} leaderboard"),
            "description": _name(
                f"{plural(board.of_all_days, 'result,results')} for {benchmark.task.name} on {benchmark.dataset.name}{ranked}: each number "
                "with the sentence or the record of a table that states it, and with the costs stated beside it."
            ),
            "url": url,
            "identifier": benchmark.public_id,
            "version": str(benchmark.version),
            "dateModified": benchmark.changed.date().isoformat(),
            "license": settings.DATA_LICENSE_URL,
            "isAccessibleForFree": True,
            "keywords": [_name(word) for word in (benchmark.task.name, benchmark.dataset.name)],
            "variableMeasured": [_name(column_name(column)) for column in board.columns],
            "creator": {"@type": "Organization", "name": "Claimboard", "url": absolute(reverse("home"))},
        }
    )


@register.simple_tag
def dataset_data(page: DatasetPage) -> SafeString:
    """Return what is compiled on a dataset as a schema.org DataCatalog: the data itself is elsewhere."""
    return _block(
        {
            "@type": "DataCatalog",
            "name": _name(f"Leaderboards on {page.dataset.name}"),
            "url": absolute(page.dataset.get_absolute_url()),
            "license": settings.DATA_LICENSE_URL,
            "dataset": [
                {"@type": "Dataset", "name": _name(f"{benchmark} leaderboard"), "url": absolute(benchmark.get_absolute_url())}
                for benchmark, _ in page.boards
            ],
        }
    )


@register.simple_tag
def paper_data(paper: Paper) -> SafeString:
    """Return a paper as a schema.org ScholarlyArticle. No listing names authors; a date stands there only where one day is stated."""
    is_dated = paper.first_day is not None and paper.first_day == paper.last_day
    is_dated = is_dated and paper.date_source in (DateSource.STATED, DateSource.CURATOR)
    found_at = paper_address(paper)
    return _block(
        {
            "@type": "ScholarlyArticle",
            "name": _name(paper.title),
            "headline": _name(paper.title)[:110],
            "url": absolute(paper.get_absolute_url()),
            "sameAs": found_at,
            "identifier": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
            "datePublished": paper.first_day.isoformat() if is_dated and paper.first_day else "",
        }
    )


@register.simple_tag
def paper_link(paper: Paper) -> SafeString:
    """Return the link to where a paper can be read or, for one whose address nobody stated, to a search for its title."""
    url = paper_address(paper)
    if not url:
        label, url = "Search by title", search_address(paper)
        title = "No listing says where this paper is: this asks Google Scholar for its title"
        return format_html('<a class="btn" href="{}" rel="nofollow noopener" title="{}">{}</a>', url, title, label)
    label = "Read on arXiv" if url.startswith(("https://arxiv.org/", "http://arxiv.org/")) else "Read the paper"
    return format_html('<a class="btn" href="{}" rel="nofollow noopener">{}</a>', url, label)


@register.filter
def web_address(url: str) -> str:
    """Return an address that may be linked to, '' for any other text."""
    return url if is_web_address(url) else ""


@register.filter
def bibtex_of(paper: Paper) -> str:
    return bibtex.entry(paper)


def cite_board(benchmark: Benchmark, *, today: date) -> str:
    """Return the BibTeX entry of a board as it is today."""
    return bibtex.board_entry(
        name=str(benchmark),
        slug=benchmark.slug,
        url=absolute(benchmark.get_absolute_url()),
        version=benchmark.version,
        changed=benchmark.changed.date(),
        today=today,
    )
