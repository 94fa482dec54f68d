"""The site's map for search engines: boards, datasets, models and papers that readers see, 5,000 ids to a file.

A file covers a range of ids, not a number of rows: whether there are a thousand papers or millions, it is found by its index in one
query, and the file of files counts nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.sitemaps import Sitemap
from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import Exists, Max, Model, OuterRef, QuerySet

from claims.models import Benchmark, Dataset, MLModel, Paper, Result
from leaderboard.addresses import absolute

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
    _Sitemap = Sitemap[Model]
else:  # neither says at run time of what it is
    _Paginator, _Sitemap = Paginator, Sitemap

IDS_IN_A_FILE = 5_000


class IdRanges(_Paginator):
    """Divides rows by ranges of their ids. A range may be empty."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows, IDS_IN_A_FILE)

    @property
    def num_pages(self) -> int:
        rows: Any = self.object_list
        return -(-(rows.model._default_manager.aggregate(last=Max("pk"))["last"] or 1) // IDS_IN_A_FILE)

    def page(self, number: int | str) -> Page[Any]:
        # A number too large for the database's own is no file either.
        if not str(number).isdecimal() or not 1 <= int(number) <= 2**31:
            raise EmptyPage(f"There is no file {number}.")
        last = int(number) * IDS_IN_A_FILE
        rows: Any = self.object_list
        found = list(rows.filter(pk__gt=last - IDS_IN_A_FILE, pk__lte=last))
        if not found and int(number) > self.num_pages:
            raise EmptyPage(f"There is no file {number}.")
        return Page(found, int(number), self)


class _Entries(_Sitemap):
    """Entries at the site's own address, whatever name the request came by."""

    @property
    def paginator(self) -> IdRanges:
        rows: Any = self.items()
        return IdRanges(rows)

    def get_latest_lastmod(self) -> datetime | None:
        return None  # to know it all rows would be read

    def _location(self, item: Any, force_lang_code: str | None = None) -> str:
        return str(item.get_absolute_url())

    def _urls(self, page: Any, protocol: str, domain: str) -> list[dict[str, Any]]:
        lastmod = getattr(self, "lastmod", None)
        return [
            {"item": item, "location": absolute(self._location(item)), "lastmod": lastmod(item) if lastmod else None}
            for item in self.paginator.page(page).object_list
        ]


class BoardSitemap(_Entries):
    def items(self) -> QuerySet[Benchmark]:
        return Benchmark.objects.visible().only("slug", "changed").order_by("pk")

    def lastmod(self, item: Benchmark) -> datetime:
        return item.changed


class DatasetSitemap(_Entries):
    def items(self) -> QuerySet[Dataset]:
        boards = Benchmark.objects.visible().filter(dataset=OuterRef("pk"))
        return Dataset.objects.filter(Exists(boards), merged_into__isnull=True).only("slug").order_by("pk")


class ModelSitemap(_Entries):
    def items(self) -> QuerySet[MLModel]:
        rows = Result.objects.visible().filter(ml_model=OuterRef("pk"))
        return MLModel.objects.filter(Exists(rows), merged_into__isnull=True).only("slug").order_by("pk")


class PaperSitemap(_Entries):
    def items(self) -> QuerySet[Paper]:
        return Paper.objects.filter(merged_into__isnull=True, withdrawn=False).only("public_id", "created").order_by("pk")

    def lastmod(self, item: Paper) -> datetime:
        return item.created


SECTIONS: dict[str, type[_Entries]] = {
    "boards": BoardSitemap,
    "datasets": DatasetSitemap,
    "models": ModelSitemap,
    "papers": PaperSitemap,
}
