"""The site's map for search engines: boards, datasets, models and papers that readers see, 5,000 ids to a file.

A file covers a range of ids, not a number of rows: whether there are a thousand papers or millions, it is found by its index in one
query, and the file of files counts nothing. Files are written as text: Django's own sitemaps make an object, an address by its pattern
and a piece of a template of each of the 5,000 entries, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.urls import reverse

from claims.models import Benchmark, Dataset, MLModel, Paper, Result
from leaderboard.addresses import absolute

IDS_IN_A_FILE = 5_000
_LARGEST_FILE = 2**31
"""A number beyond is no file's, whatever its database can compare."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of page: `rows` are those that readers see, `view` is their page, `word` what its address names them by, `changed` the
    field that says when, '' where nothing does."""

    rows: Callable[[], QuerySet[Any]]
    view: str
    word: str
    changed: str = ""

    def count_files(self) -> int:
        last = self.rows().model._default_manager.aggregate(last=Max("pk"))["last"]
        return -(-(last or 1) // IDS_IN_A_FILE)

    def read_file(self, number: int) -> list[tuple[str, datetime | None]]:
        """Return the addresses of a file, and when each of their pages changed. Raises `LookupError` for a file that there is not."""
        if not 1 <= number <= _LARGEST_FILE:
            raise LookupError(number)
        last = number * IDS_IN_A_FILE
        rows = self.rows().filter(pk__gt=last - IDS_IN_A_FILE, pk__lte=last).order_by("pk")
        found = list(rows.values_list(self.word, *([self.changed] if self.changed else [])))
        if not found and number > self.count_files():
            raise LookupError(number)
        before, after = absolute(reverse(self.view, args=["ID"])).rsplit("ID", 1)
        return [(f"{before}{word}{after}", day[0] if day else None) for word, *day in found]


def _datasets() -> QuerySet[Dataset]:
    boards = Benchmark.objects.visible().filter(dataset=OuterRef("pk"))
    return Dataset.objects.filter(Exists(boards), merged_into__isnull=True)


def _models() -> QuerySet[MLModel]:
    rows = Result.objects.visible().filter(ml_model=OuterRef("pk"))
    return MLModel.objects.filter(Exists(rows), merged_into__isnull=True)


SECTIONS = {
    "boards": Section(lambda: Benchmark.objects.visible(), "board", "slug", "changed"),
    "datasets": Section(_datasets, "dataset", "slug"),
    "models": Section(_models, "model", "slug"),
    "papers": Section(lambda: Paper.objects.filter(merged_into__isnull=True, withdrawn=False), "paper", "public_id", "created"),
}


def write_index(addresses: Iterable[str]) -> str:
    """Return the file that names all files."""
    files = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">\n{files}</sitemapindex>\n'


def write_file(entries: Iterable[tuple[str, datetime | None]]) -> str:
    pages = "".join(
        f"<url><loc>{escape(address)}</loc>{f'<lastmod>{changed:%Y-%m-%d}</lastmod>' if changed else ''}</url>\n"
        for address, changed in entries
    )
    return f'{_HEAD}<urlset xmlns="{_NAMESPACE}">\n{pages}</urlset>\n'
