"""Change sets of every kind: whose they are, and taking them back."""

from __future__ import annotations

from claims.errors import InvalidDecisionError
from claims.models import ChangeSet, Listing
from claims.services import curation, entries, merging, paper_merging, uploads, withholding
from claims.terms import MERGE, SPLIT_PAPER

_DONE_AGAIN = {
    MERGE: "This took a merge back. Merge them again, if they are one after all.",
    SPLIT_PAPER: "This took a split back. Split the paper again, if it is two after all.",
}
"""What is said of undoing an undo, by the action that it took back: where what it moved belongs follows from what came in since, too."""


def find_listing(change_set: ChangeSet) -> Listing | None:
    """Return the listing that a change set decided on; None for one on claims and costs."""
    decided = change_set.decisions.filter(object_kind="listing").values("object_id")
    return Listing.objects.filter(pk__in=decided).first()


def is_on_entries(change_set: ChangeSet) -> bool:
    """Say whether a change set decided on entries of the catalogue."""
    return change_set.decisions.filter(object_kind__in=list(entries.TABLES)).exists()


def is_final(change_set: ChangeSet) -> bool:
    """Say whether a change set took something back that is done again, and not by undoing that. What it undoes must be loaded."""
    return change_set.undoes is not None and change_set.undoes.action in _DONE_AGAIN


def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take back what a change set decided, on numbers, a listing, the catalogue or a paper's text, as a change set of its own.

    Raises `StaleObjectError` if something it decided has moved on, `InvalidDecisionError` if it can't be undone. For a long listing
    the caller announces that its papers are to be settled.
    """
    if change_set.undoes is not None and is_final(change_set):
        raise InvalidDecisionError(_DONE_AGAIN[change_set.undoes.action])
    if change_set.action in (MERGE, SPLIT_PAPER):
        of_papers = change_set.decisions.filter(object_kind="paper").exists()
        return paper_merging.undo(change_set, actor=actor) if of_papers else merging.undo(change_set, actor=actor)
    if find_listing(change_set) is not None:
        return uploads.undo(change_set, actor=actor).change_set
    if is_on_entries(change_set):
        return entries.undo(change_set, actor=actor)
    if withholding.find_paper(change_set) is not None:
        return withholding.undo(change_set, actor=actor)
    return curation.undo(change_set, actor=actor)
