"""Dumps to take along: the page that lists them, and their files at addresses that stay."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from claims import dumps
from claims.api.caching import stamp
from claims.api.dating import note_date
from claims.dumps import board_files
from claims.services import permissions, withholding
from leaderboard.addresses import absolute
from leaderboard.rendering import render

LATEST = "latest"
CONTENT_TYPES = {".json": "application/json", ".gz": "application/gzip", ".csv": "text/csv; charset=utf-8"}
PARQUET = "application/vnd.apache.parquet"


@require_safe
def dumps_page(request: HttpRequest) -> HttpResponse:
    """The dumps that are kept, the newest with its files, and how to use them."""
    every = dumps.list_dumps()
    since = withholding.withheld_since()
    kept = [each for each in every if _may_hand_out(each, since)]
    newest = kept[0] if kept else None
    files = list(newest.manifest.files.values()) if newest else []
    boards = [file for file in files if file.name.startswith(f"{board_files.FOLDER}/")]
    described = newest.manifest.head.get("members", {}) if newest else {}
    listed = [
        (file, _what(file.name, described.get(file.name.partition(".")[0], {}).get("what", "")))
        for file in files
        if not file.name.startswith(f"{board_files.FOLDER}/")
    ]
    context = {
        "newest": newest,
        "older": kept[1:],
        "withheld": len(every) - len(kept),
        "files": listed,
        "boards": boards,
        "boards_size": sum(file.size for file in boards),
        "example": max(boards, key=lambda file: file.rows) if boards else None,
        "next": dumps.next_nightly(timezone.now()),
        "address": absolute(reverse("dumps")),
        "license": settings.DATA_LICENSE,
        "license_url": settings.DATA_LICENSE_URL,
        "shows_unreviewed": settings.SHOW_UNREVIEWED,
    }
    response = render(request, "about/dumps.html", context)
    response["Cache-Control"] = "no-cache"
    return response


def _what(name: str, told: str) -> str:
    if name == "evaluation-tables.json.gz":
        return "boards in the form of sota-extractor and Papers with Code, with the direction of each metric"
    return f"the same in columns, with types: {told}" if name.endswith(".parquet") else told


@require_safe
def dump_file(request: HttpRequest, dump: str, name: str) -> HttpResponseBase:
    """A file of a dump that its manifest names, or the manifest; "latest" is the newest dump."""
    kept = _find_dump(dump)
    if not _may_hand_out(kept, withholding.withheld_since()):
        raise Http404("A text in this dump was withdrawn at request, so it is no longer handed out. Take one that was made since.")
    # What the newest is changes; what a dump holds does not.
    caching = "public, no-cache" if dump == LATEST else "public, max-age=86400"
    if name == dumps.MANIFEST:
        return _send_manifest(request, dump, kept.folder / name, caching)
    return _send_file(request, dump, kept.find_file(name), caching)


@require_safe
def archive_file(request: HttpRequest, dump: str, name: str) -> HttpResponseBase:
    """A file of what a site is restored from, for who may have all of the site; to others there is none."""
    if not permissions.may_take_archive(request.user):
        raise Http404("There is no such file in this dump.")
    kept = _find_dump(dump)
    caching = "private, no-store"
    if name == dumps.MANIFEST:
        return _send_manifest(request, dump, kept.folder / dumps.ARCHIVE / name, caching)
    return _send_file(request, dump, kept.find_file(name, archived=True), caching)


def _may_hand_out(kept: dumps.Kept, since: datetime | None) -> bool:
    """Say whether everybody may have a dump: one that was made before a text was withheld that still is holds that text."""
    return since is None or kept.created > since


def _find_dump(name: str) -> dumps.Kept:
    kept = dumps.find_dump(name)
    if kept is None:
        raise Http404("There is no such dump, or not any more: the newest ones are kept.")
    return kept


def _send_manifest(request: HttpRequest, dump: str, path: Path, caching: str) -> HttpResponseBase:
    try:
        text, changed = path.read_bytes(), path.stat().st_mtime
    except OSError:
        raise Http404("There is no such dump any more.") from None
    response = HttpResponse(text, content_type=CONTENT_TYPES[".json"])
    return _send(request, dump, response, hashlib.sha256(text).hexdigest(), changed, caching)


def _send_file(request: HttpRequest, dump: str, found: tuple[Path, dumps.WrittenFile] | None, caching: str) -> HttpResponseBase:
    if found is None:
        raise Http404("There is no such file in this dump. Its manifest.json names those that there are.")
    path, file = found
    try:
        opened, changed = path.open("rb"), path.stat().st_mtime
    except OSError:
        raise Http404("There is no such dump any more.") from None
    content_type = CONTENT_TYPES.get(path.suffix, PARQUET)
    response = FileResponse(opened, as_attachment=True, filename=path.name, content_type=content_type)
    return _send(request, dump, response, file.sha256, changed, caching)


def _send(request: HttpRequest, dump: str, response: HttpResponseBase, sha256: str, written: float, caching: str) -> HttpResponseBase:
    """Answer with the file, or that the client has it. The ETag is the SHA-256 that the manifest names."""
    etag = quote_etag(sha256)
    # The newest dump may be deleted: then an older file is the latest, since that moment and not since it was written.
    changed = note_date(request, etag) if dump == LATEST else int(written)
    unchanged = get_conditional_response(request, etag=etag, last_modified=changed)
    if unchanged is not None:
        response.close()
        response = unchanged
    stamp(response, etag, changed)["Cache-Control"] = caching
    return response
