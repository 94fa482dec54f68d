"""Merging papers that are one, splitting what is another's, and taking both back."""

from __future__ import annotations

from typing import Any

import pytest

from claims import verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Claim, Flag, ListingEntry, Paper, PaperText, Result
from claims.services import changes, curation, paper_merging
from claims.terms import CurationState, FlagKind
from tests.reading import read, state_of_boards, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


def faults() -> list[str]:
    return [str(fault) for fault in verification.find_faults()]


def merge(source: Paper, target: Paper) -> ChangeSet:
    return paper_merging.merge(source, target, actor="kim", version=source.version)


def two_papers(**fields: Any) -> tuple[Paper, Paper]:
    """Return two papers, the second with nearly the first one's title and with other words; each with its own numbers."""
    read(text(1))
    read(text(1, more="It is another version. ").replace("A Study of Number 1", "A Study of the Number 1"), name="b.txt")
    first, second = Paper.objects.order_by("pk")
    Paper.objects.filter(pk=first.pk).update(**fields)
    first.refresh_from_db()
    return first, second


def state() -> dict[str, Any]:
    """Return what the site shows, without rows that nothing stands in."""
    found = state_of_boards()
    full = set(Claim.objects.filter(result__isnull=False).values_list("result", flat=True))
    found["Result"] = [row for row in found["Result"] if row[0] in full]
    found["texts"] = sorted(PaperText.objects.values_list("pk", "paper"))
    found["entries"] = sorted(ListingEntry.objects.values_list("pk", "paper_text"))
    return found


def test_merged_papers_are_one_row_and_undo_parts_them() -> None:
    gone, root = two_papers(arxiv_id="2101.00001")
    before, rows = state(), set(Result.objects.values_list("pk", flat=True))
    flag = Flag.objects.create(kind=FlagKind.IDENTITY, object_kind="paper", object_id=root.pk, key=str(gone.pk), note="?")
    made = merge(gone, root)
    assert faults() == []
    root.refresh_from_db()
    flag.refresh_from_db()
    assert (gone.merged_into, gone.withdrawn, root.arxiv_id, flag.settled_by) == (root, True, "2101.00001", made)
    assert set(PaperText.objects.values_list("paper", flat=True)) == {root.pk}
    standing = Claim.objects.filter(result__isnull=False)
    assert {claim.result.paper for claim in standing if claim.result} == {root}
    assert standing.count() == 2, "what two texts of a paper state is stated once"
    changes.undo(made, actor="lee")
    assert faults() == []
    Result.objects.exclude(pk__in=rows).filter(claims__isnull=True).delete()
    assert state() == before
    gone.refresh_from_db()
    assert (gone.merged_into, gone.withdrawn, gone.arxiv_id) == (None, False, "2101.00001")


def test_what_was_said_of_the_same_text_is_said_of_the_one_that_stays_until_undo() -> None:
    read(text(1))
    listed = text(1)
    first = Paper.objects.get()
    Paper.objects.filter(pk=first.pk).update(title_key="x", arxiv_id="2101.00002")
    read(listed + text(2), name="again.txt")
    second = Paper.objects.exclude(pk=first.pk).get(title__startswith="Net1")
    spoken = Claim.objects.filter(paper_text__paper=second).order_by("pk")[0]
    curation.decide(spoken, CurationState.ACCEPTED, actor="ann", version=spoken.version)
    made = merge(second, first)
    assert faults() == []
    twin = Claim.objects.get(paper_text__paper=first, start=spoken.start)
    assert (twin.state, twin.decided_by) == ("accepted", "person")
    assert ListingEntry.objects.filter(paper_text__paper=second).count() == 0
    changes.undo(made, actor="lee")
    twin.refresh_from_db()
    spoken.refresh_from_db()
    assert (twin.state, spoken.state) == ("unreviewed", "accepted")
    assert faults() == []


def test_papers_that_can_not_be_merged_are_refused() -> None:
    gone, root = two_papers()
    with pytest.raises(InvalidDecisionError, match="into itself"):
        merge(gone, gone)
    with pytest.raises(StaleObjectError, match="changed since"):
        paper_merging.merge(gone, root, actor="kim", version=gone.version + 1)
    made = merge(gone, root)
    with pytest.raises(InvalidDecisionError, match="already"):
        merge(gone, root)
    with pytest.raises(InvalidDecisionError, match="into itself"):
        merge(root, gone)
    changes.undo(made, actor="lee")
    with pytest.raises(InvalidDecisionError, match="undone already"):
        changes.undo(made, actor="lee")


def test_text_that_is_another_papers_is_split_off_and_undo_puts_it_back() -> None:
    read(text(1))
    read(text(1, more="It is another paper of the same title. ").replace("71.5%", "61.5%"), name="b.txt")
    paper = Paper.objects.get()
    before = state()
    first = paper.texts.order_by("pk")[0]
    with pytest.raises(InvalidDecisionError, match="give the arXiv id"):
        paper_merging.split(paper, [first.pk], arxiv_id="", actor="kim", version=paper.version)
    with pytest.raises(InvalidDecisionError, match="would have none"):
        paper_merging.split(
            paper, list(paper.texts.values_list("pk", flat=True)), arxiv_id="2101.00003", actor="kim", version=paper.version
        )
    made, act = paper_merging.split(paper, [first.pk], arxiv_id="2101.00003", actor="kim", version=paper.version)
    assert faults() == []
    assert {(r.paper, r.benchmark.slug) for r in Result.objects.filter(claims__isnull=False)} >= {
        (made, "image-classification-on-imagenet-1k"),
        (paper, "image-classification-on-imagenet-1k"),
    }
    changes.undo(act, actor="lee")
    made.refresh_from_db()
    assert made.merged_into == paper
    assert faults() == []
    after = state()
    assert {key: rows for key, rows in after.items() if key.startswith("board ")} == {
        key: rows for key, rows in before.items() if key.startswith("board ")
    }
    assert after["texts"] == before["texts"]
