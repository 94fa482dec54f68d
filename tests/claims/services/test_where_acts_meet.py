"""Acts of different kinds on the same objects: merges and withheld texts, undoing of undoing, edits and the shipped catalogue."""

from __future__ import annotations

import pytest

from claims import verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Claim, Cost, Dataset, MLModel, Paper
from claims.services import changes, curation, entries, merging, paper_merging, updates, withholding
from claims.terms import CurationState
from tests.reading import read, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


def faults() -> list[str]:
    return [str(fault) for fault in verification.find_faults()]


def two_papers() -> tuple[Paper, Paper]:
    """Return two papers with nearly the same title and other words, each with its own numbers."""
    read(text(1))
    read(text(1, more="It is another version. ").replace("A Study of Number 1", "A Study of the Number 1"), name="b.txt")
    first, second = Paper.objects.order_by("pk")
    return first, second


def withhold(paper: Paper) -> object:
    return withholding.withhold_text(paper, actor="kim", version=paper.version, reason="Its publisher asked for it.")


def test_a_withheld_text_is_no_fault_and_merged_papers_beside_it_are_none() -> None:
    gone, root = two_papers()
    paper_merging.merge(gone, root, actor="kim", version=gone.version)
    root.refresh_from_db()
    made = withholding.withhold_text(root, actor="kim", version=root.version, reason="Its publisher asked for it.")
    assert faults() == []
    changes.undo(made, actor="lee")
    assert faults() == []


def test_a_split_is_not_taken_back_while_the_text_of_one_part_alone_is_withheld() -> None:
    read(text(1))
    read(text(1, more="It is another paper of the same title. ").replace("71.5%", "61.5%"), name="b.txt")
    whole = Paper.objects.get()
    going = whole.texts.order_by("pk")[0]
    made, act = paper_merging.split(whole, [going.pk], arxiv_id="2101.00003", actor="kim", version=whole.version)
    withhold(made)
    with pytest.raises(InvalidDecisionError, match="is withheld"):
        changes.undo(act, actor="lee")
    going.refresh_from_db()
    assert going.shown_abstract == ""


def test_what_was_withheld_of_a_merged_paper_stays_so_where_its_root_is_shown_by_undo() -> None:
    gone, root = two_papers()
    own = gone.texts.get()
    withhold(gone)
    of_root = withholding.withhold_text(root, actor="kim", version=root.version, reason="Its publisher asked for it.")
    gone.refresh_from_db()
    paper_merging.merge(gone, root, actor="kim", version=gone.version)
    with pytest.raises(StaleObjectError, match="merged"):
        changes.undo(of_root, actor="lee")
    own.refresh_from_db()
    assert (own.paper, own.shown_abstract) == (root, "")


def test_merge_that_was_taken_back_is_not_done_by_undoing_that() -> None:
    read(text(1))
    source, target = Dataset.objects.get(name="COCO"), Dataset.objects.get(name="ImageNet-1K")
    made = merging.merge(source, target, actor="kim", version=source.version)
    back = changes.undo(made, actor="kim")
    with pytest.raises(InvalidDecisionError, match="Merge them again"):
        changes.undo(back, actor="kim")
    source.refresh_from_db()
    assert source.merged_into is None
    assert faults() == []


@pytest.mark.parametrize("kind", ["name", "alias"])
def test_the_shipped_catalogue_is_loaded_after_names_were_given_up(kind: str) -> None:
    dataset, other = Dataset.objects.get(name="ImageNet-1K"), Dataset.objects.get(name="COCO")
    if kind == "name":
        entries.edit(dataset, {"name": "Our own photographs"}, actor="kim", version=dataset.version)
        dataset.refresh_from_db()
        entries.edit(dataset, {"aliases": []}, actor="kim", version=dataset.version)
    else:
        state = entries.read_state(dataset)
        moved = state["aliases"][0]
        entries.edit(dataset, {"aliases": state["aliases"][1:]}, actor="kim", version=dataset.version)
        of_other = entries.read_state(other)["aliases"]
        entries.edit(other, {"aliases": [*of_other, moved]}, actor="kim", version=other.version)
    updates.update_catalogue()
    dataset.refresh_from_db()
    assert faults() == []


def test_what_was_said_of_a_paper_is_said_of_the_other_no_longer_once_they_are_parted() -> None:
    gone, root = two_papers()
    spoken = Claim.objects.filter(paper_text__paper=gone).order_by("pk")[0]
    curation.decide(spoken, CurationState.ACCEPTED, actor="ann", version=spoken.version)
    words = ("pk", "state", "decided_by", "tier")
    before = list(Claim.objects.order_by("pk").values_list(*words))
    made = paper_merging.merge(gone, root, actor="kim", version=gone.version)
    changes.undo(made, actor="lee")
    assert list(Claim.objects.order_by("pk").values_list(*words)) == before
    assert faults() == []


def test_cost_that_names_a_merged_model_is_gathered() -> None:
    read(text(1, 2))
    first, second = MLModel.objects.order_by("pk")
    merging.merge(first, second, actor="kim", version=first.version)
    Cost.objects.filter(ml_model=second).update(ml_model=first)
    assert merging.gather_strays() == 2
    assert set(Cost.objects.values_list("ml_model", flat=True)) == {second.pk}
    assert merging.gather_strays() == 0
