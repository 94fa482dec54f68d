"""The OpenAPI document: made of the views, committed beside them, and served as it is committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from claims.api.caching import FRESH_SECONDS, keep, make_etag

FILE = Path(__file__).with_name("openapi.json")


def make_document() -> dict[str, Any]:
    """Return the contract as the views are now."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


def write_document(document: dict[str, Any]) -> bytes:
    """Return the document as it is committed: sorted and indented, so that a difference shows what changed."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS) + b"\n"


@require_safe
def document(request: HttpRequest) -> HttpResponseBase:
    """The contract as a file."""
    return keep(request, make_etag("contract"), _open_document, caching=f"public, max-age={FRESH_SECONDS}")


def _open_document() -> HttpResponseBase:
    return FileResponse(FILE.open("rb"), content_type="application/vnd.oai.openapi+json;version=3.1")
