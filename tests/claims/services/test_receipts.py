"""A listing's receipt: what people did with it, and how long it still takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from claims.models import ChangeSet, Decision, ListingChunk, Run, RunText
from claims.services import changes, receipts, uploads
from claims.terms import ChunkState, ListingState
from tests import factories as make
from tests.reading import half_read, read, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


def test_history_tells_what_was_done_and_what_can_be_undone() -> None:
    listing = read(text(0, day="May {}"))
    uploads.set_year(listing, 2019, actor="kim", version=listing.version)
    uploads.set_year(listing, 2020, actor="kim", version=listing.version)
    assert [(change.change_set.action, change.undoable) for change in receipts.list_changes(listing)] == [
        ("set year", True),
        ("set year", False),
    ]
    changes.undo(ChangeSet.objects.latest("pk"), actor="lee")
    listing.refresh_from_db()
    assert [change.undoable for change in receipts.list_changes(listing)] == [False, False, False]
    assert Decision.objects.filter(object_kind="listing", object_id=listing.pk).count() == 3


def test_receipt_counts_what_the_latest_run_left() -> None:
    papers = [make.make_paper(abstract="A 12 and a 3 ± 1.") for _ in range(2)]
    listing = make.make_listing("a.txt", *papers, state=ListingState.DONE)
    for paper in papers:
        make.make_reading(paper, [["abstract", 2, 4, "year"], ["abstract", 11, 12, "year"], ["abstract", 15, 16, "uncertainty"]])
    newer = Run.objects.create(extractor_version="2.0.0", vocabulary_hash="0" * 64)
    RunText.objects.create(run=newer, paper_text=papers[1].texts.get(), untaken=[["abstract", 2, 4, "count"]])
    receipt = receipts.read_receipt(listing)
    assert receipt.untaken == 3, "an uncertainty is no number that was left"
    assert [(left.reason, left.count) for left in receipt.untaken_reasons] == [("year", 2), ("count", 1)]
    assert [[(number.text.paper, number.start) for number in left.examples] for left in receipt.untaken_reasons] == [
        [(papers[0], 2)],
        [(papers[1], 2)],
    ]


def test_time_left_goes_by_the_parts_of_the_last_minute() -> None:
    listing = half_read()
    now = timezone.now()
    assert receipts.read_receipt(listing).seconds_left is None, "one part is nothing to go by"
    ListingChunk.objects.all().delete()
    for number in range(10):
        ListingChunk.objects.create(
            listing=listing,
            number=number,
            first=number * 10,
            last=number * 10 + 9,
            offset=0,
            line=1,
            state=ChunkState.DONE if number < 6 else ChunkState.WAITING,
            closed=now - timedelta(seconds=600 if number == 0 else 24 - 4 * number) if number < 6 else None,
        )
    left = receipts.read_receipt(listing).seconds_left
    assert left is not None
    assert 19 < left < 23, "four parts in twenty seconds, and four are left"
    ListingChunk.objects.update(closed=now - timedelta(seconds=90))
    assert receipts.read_receipt(listing).seconds_left is None, "nothing was done for more than a minute"
