"""What tests do with pages: read their words, send their forms, count their queries."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import Claim


def text_of(response: Any) -> str:
    """Return the page's words without markup and without its data for machines, in one line."""
    page = re.sub(r"<script[^>]*>[^<]*</script>|</?bdi[^>]*>|<wbr>", "", response.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).strip()


class _Tags(HTMLParser):
    """What stands open, and each tag that closes something else."""

    ALONE = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open nothing: drawings close their shapes so."""

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(f"</{tag}> in {self.open[-3:]}, line {self.getpos()[0]}")


def unbalanced(response: Any) -> list[str]:
    """Return what a page opens and doesn't close, or closes and didn't open: a browser shows it all the same, with all in a wrong place."""
    tags = _Tags()
    tags.feed(response.content.decode())
    return tags.wrong + tags.open


def post_form(client: Client, url: str, **fields: Any) -> Any:
    """Send a form as browsers send one without a file."""
    return client.post(url, urlencode(fields), content_type="application/x-www-form-urlencoded")


def count_queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def decide(client: Client, claim: Claim, **fields: Any) -> Any:
    """Send the form of a number on its paper's page: by default it accepts it."""
    body = {"state": "accepted", "version": claim.version, "next": "/papers/x/#c1", **fields}
    return post_form(client, f"/decide/claim/{claim.public_id}/", **body)
