from __future__ import annotations

from datetime import date

import pytest

from claims.listings.base import ListedPaper, StatedDate
from claims.models import Flag, Listing, Paper
from claims.services import papers
from tests.factories import make_listing

pytestmark = pytest.mark.django_db


def merge(listing: Listing, *entries: ListedPaper) -> papers.Merged:
    return papers.merge_entries(listing, entries)


def entry(
    position: int, title: str, *, abstract: str = "An abstract.", arxiv_id: str = "", stated: StatedDate | None = None
) -> ListedPaper:
    return ListedPaper(position, position * 3 + 1, position * 3 + 3, title, abstract, arxiv_id=arxiv_id, date=stated)


def test_paper_is_found_by_its_arxiv_id_whatever_its_title() -> None:
    merge(make_listing("a"), entry(0, "First title", arxiv_id="2101.00001"))
    merge(make_listing("b"), entry(0, "Second title", arxiv_id="2101.00001"))
    paper = Paper.objects.get()
    assert (paper.title, paper.texts.count()) == ("Second title", 2)


def test_arxiv_id_is_filled_in_where_the_title_is_the_same() -> None:
    merge(make_listing("a"), entry(0, "A title"))
    merge(make_listing("b"), entry(0, "A Title.", arxiv_id="2101.00001"))
    assert Paper.objects.get().arxiv_id == "2101.00001"
    merge(make_listing("c"), entry(0, "a title"))
    assert Paper.objects.count() == 1


def test_title_and_id_of_two_papers_are_flagged_and_not_merged() -> None:
    merge(make_listing("a"), entry(0, "A title"), entry(1, "Another title", arxiv_id="2101.00001"))
    merge(make_listing("b"), entry(0, "A title", arxiv_id="2101.00001"))
    assert Paper.objects.count() == 2
    flag = Flag.objects.get()
    assert (flag.kind, flag.object_id) == ("identity", Paper.objects.get(arxiv_id="2101.00001").pk)


def test_merged_paper_takes_new_entries_to_its_root() -> None:
    merge(make_listing("a"), entry(0, "Root"), entry(1, "Branch"))
    root, branch = Paper.objects.get(title="Root"), Paper.objects.get(title="Branch")
    Paper.objects.filter(pk=branch.pk).update(merged_into=root)
    merged = merge(make_listing("b"), entry(0, "Branch", abstract="Another abstract."))
    assert [text.paper_id for text in merged.texts] == [root.pk]


def test_stated_year_beats_an_inferred_one_and_the_first_upload_wins_among_equals() -> None:
    inferred = make_listing("a", year=2025, year_source="inferred")
    merge(inferred, entry(0, "A title", stated=StatedDate(None, 6, 26)))
    assert Paper.objects.get().first_day == date(2025, 6, 26)
    merge(make_listing("b"), entry(0, "A title", stated=StatedDate(2024, 6, 26)))
    assert (Paper.objects.get().first_day, Paper.objects.get().date_source) == (date(2024, 6, 26), "stated")
    merge(make_listing("c"), entry(0, "A title", stated=StatedDate(2023, 1, 1)))
    assert Paper.objects.get().first_day == date(2024, 6, 26)


def test_month_alone_bounds_the_date() -> None:
    merge(make_listing("a"), entry(0, "A title", stated=StatedDate(2024, 2, None)))
    paper = Paper.objects.get()
    assert (paper.first_day, paper.last_day) == (date(2024, 2, 1), date(2024, 2, 29))


def test_day_that_its_year_does_not_have_is_no_date() -> None:
    merge(make_listing("a", year=2025, year_source="inferred"), entry(0, "A title", stated=StatedDate(None, 2, 29)))
    assert Paper.objects.get().first_day is None


def test_order_of_reading_does_not_matter() -> None:
    def state() -> tuple[object, ...]:
        paper = Paper.objects.get()
        return (paper.title, paper.first_day, paper.date_source, paper.current_text and paper.current_text.abstract)

    entries = [
        entry(0, "A title", abstract="One abstract.", stated=StatedDate(2024, 6, 26)),
        entry(1, "A Title", abstract="Two abstracts.", stated=StatedDate(2023, 6, 26)),
    ]
    listing = make_listing("a")
    merge(listing, entries[0])
    merge(listing, entries[1])
    expected = state()
    listing.entries.all().delete()
    Paper.objects.update(current_text=None)
    for paper in Paper.objects.all():
        paper.texts.all().delete()
    Paper.objects.all().delete()
    merge(listing, entries[1])
    merge(listing, entries[0])
    assert state() == expected
