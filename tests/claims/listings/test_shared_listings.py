"""The reader on four listings as people save them."""

from __future__ import annotations

from pathlib import Path

import pytest

from claims.keys import title_key
from claims.listings.base import ListedPaper, Problem, TableRecord, settle_year
from claims.listings.registry import survey

pytestmark = pytest.mark.shared

# file number: variant, entries, entries with a date, settled year
EXPECTED = {"000": ("footers", 88, 87, 2025), "001": ("bare", 55, 0, None), "002": ("footers", 13, 13, 2025), "003": ("bare", 135, 0, None)}


def read_file(path: Path, chunk_size: int) -> list[ListedPaper | Problem]:
    with path.open("rb") as stream:
        reader, found = survey(stream, chunk_size=chunk_size)
        results = (result for chunk in found.chunks for result in reader.read(stream, found, chunk))
        return [result for result in results if not isinstance(result, TableRecord)]


@pytest.mark.parametrize("number", EXPECTED)
def test_listing_reads_whole(shared_dir: Path, number: str) -> None:
    (path,) = (shared_dir / "listings").glob(f"{number}_*.txt")
    variant, entries, dated, year = EXPECTED[number]
    with path.open("rb") as stream:
        _, found = survey(stream)
    assert (found.variant, found.entries, settle_year(None, found.latest_year)[0]) == (variant, entries, year)
    assert not found.problems
    results = read_file(path, 1000)
    papers = [result for result in results if isinstance(result, ListedPaper)]
    assert len(papers) == entries
    assert sum(paper.date is not None for paper in papers) == dated
    assert len(results) - len(papers) == (1 if number == "000" else 0)
    assert all(len(paper.title) < 150 < 1000 < len(paper.abstract) for paper in papers)
    assert read_file(path, 7) == results


def test_listings_hold_250_different_papers(shared_dir: Path) -> None:
    keys = {
        title_key(result.title)
        for path in (shared_dir / "listings").glob("*.txt")
        for result in read_file(path, 1000)
        if isinstance(result, ListedPaper)
    }
    assert len(keys) == 250
