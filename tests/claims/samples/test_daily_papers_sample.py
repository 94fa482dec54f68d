"""The built-in sample listing: what the first look at a fresh installation is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

import claims
from claims.keys import title_key
from claims.listings.base import ListedPaper, settle_year
from claims.listings.registry import survey

SAMPLE = Path(claims.__file__).parent / "samples" / "daily-papers-sample.txt"


@pytest.fixture(scope="module")
def papers() -> list[ListedPaper]:
    with SAMPLE.open("rb") as stream:
        reader, found = survey(stream)
        results = [result for chunk in found.chunks for result in reader.read(stream, found, chunk)]
    assert not found.problems
    assert found.variant == "footers"
    read = [result for result in results if isinstance(result, ListedPaper)]
    assert read == results
    return read


def test_sample_has_thirty_to_fifty_papers_each_once(papers: list[ListedPaper]) -> None:
    assert 30 <= len(papers) <= 50
    assert len({title_key(paper.title) for paper in papers}) == len(papers)


def test_sample_papers_are_dated_in_the_years_meant(papers: list[ListedPaper]) -> None:
    dates = [paper.date for paper in papers if paper.date is not None]
    assert len(dates) == len(papers)
    spelled = [stated.year for stated in dates if stated.year is not None]
    assert 0 < len(dates) - len(spelled) < 5
    # the dates without a year are of 2025
    assert settle_year(None, max(spelled))[0] == 2025


def test_sample_papers_are_whole(papers: list[ListedPaper]) -> None:
    assert all(paper.abstract.endswith(".") and 3 <= paper.abstract.count(". ") + 1 <= 8 for paper in papers)
    assert all(paper.authors or paper.organisation for paper in papers)
    assert all(any(character.isdigit() for character in paper.abstract) for paper in papers)
