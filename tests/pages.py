"""What tests do with pages: read their words, send their forms, count their queries."""

from __future__ import annotations

import re
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
