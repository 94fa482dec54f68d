"""Merging entries of the catalogue: what moves, what leads there, and that undo puts all of it back."""

from __future__ import annotations

from typing import Any

import pytest

from claims import boards, verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Alias, Benchmark, ChangeSet, Claim, Cost, Dataset, Metric, MLModel, Result, Task
from claims.services import catalog, changes, curation, merging, results
from claims.terms import AliasKind, CurationState, RejectReason
from tests import factories as make
from tests.reading import read, state_of_boards

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


def write(*papers: tuple[str, str]) -> None:
    """Read papers of these names and sentences."""
    texts = [
        f"{name}: A Study of {name}\n\nWe study {name} for a long time and from many sides, as nobody has done before us. {said}\n\n"
        f"  • 2 authors\n·\nMay {number + 1}, 2022\n\n"
        for number, (name, said) in enumerate(papers)
    ]
    read("".join(texts))


PAPERS = (
    ("Aalnet", "Aalnet reaches 71.5% top-1 accuracy on ImageNet with 21M parameters."),
    ("Boonet", "Boonet reaches 72.5% top-1 accuracy on ImageNet-V2 with 22M parameters."),
    ("Cobnet", "Cobnet reaches 73.5% top-1 accuracy on ImageNet and 63.5% top-1 accuracy on ImageNet-V2 with 23M parameters."),
    ("Dornet", "Dornet reaches 81.5% accuracy on ImageNet-V2 and 82.5% accuracy on CIFAR-10."),
    ("Elknet", "Elknet reaches 33.5 mAP on COCO and 34.5 box AP on COCO."),
)


def faults() -> list[str]:
    return [str(fault) for fault in verification.find_faults()]


def find(kind: Any, name: str) -> Any:
    return kind.objects.get(name=name)


def merge(source: Any, target: Any) -> ChangeSet:
    return merging.merge(source, target, actor="kim", version=source.version)


def stated() -> set[tuple[str, str]]:
    return {(claim.stated, claim.dataset.name) for claim in Claim.objects.select_related("dataset") if claim.dataset}


def test_claims_of_a_merged_dataset_stand_on_the_other_and_undo_puts_all_back() -> None:
    write(*PAPERS)
    source, target = find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K")
    assert faults() == []
    before = state_of_boards()
    made = merge(source, target)
    assert faults() == []
    assert not Claim.objects.filter(dataset=source).exists()
    old = Benchmark.objects.get(dataset=source, task__name="Image Classification")
    assert old.merged_into == Benchmark.objects.get(dataset=target, task__name="Image Classification")
    assert boards.find_benchmark(old.slug) == old.merged_into
    assert boards.find_dataset(source.slug) == target
    board = boards.read_board(old.merged_into, {}, page_size=None)
    assert {row.model for row in board.rows} == {"Aalnet", "Boonet", "Cobnet", "Dornet"}
    # Two numbers of one model met in a row, as a conflict.
    (cell,) = Result.objects.get(model_name="Cobnet", benchmark=old.merged_into).values_shown.all()
    assert (cell.others, cell.conflicts) == (1, 1)
    assert made.decisions.count() == 1
    back = changes.undo(made, actor="lee")
    assert back.undoes == made
    assert faults() == []
    assert state_of_boards() == before
    assert not Benchmark.objects.filter(merged_into__isnull=False).exists()
    assert boards.find_benchmark(old.slug) == old


def test_number_of_a_merged_name_that_comes_later_stands_at_the_root_and_stays_there() -> None:
    write(*PAPERS)
    source, target = find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K")
    made = merge(source, target)
    write(("Frognet", "Frognet reaches 77.5% top-1 accuracy on ImageNet-V2."))
    claim = Claim.objects.get(stated__startswith="77.5")
    assert claim.dataset == target
    changes.undo(made, actor="lee")
    claim.refresh_from_db()
    assert claim.dataset == target, "undo moves back what the merge moved, and nothing else"
    assert faults() == []


def test_merged_task_takes_its_boards_along() -> None:
    write(*PAPERS)
    source, target = find(Task, "Object Detection"), find(Task, "Image Classification")
    before = state_of_boards()
    made = merge(source, target)
    assert faults() == []
    assert not Benchmark.objects.filter(task=source, row_count__gt=0).exists()
    assert Benchmark.objects.get(task=target, dataset__name="COCO").row_count
    changes.undo(made, actor="lee")
    assert faults() == []
    after = state_of_boards()
    empty = Benchmark.objects.get(task=target, dataset__name="COCO")
    after["Benchmark"] = [row for row in after["Benchmark"] if row[0] != empty.slug]
    assert after.pop(f"board {empty.slug}") == []
    assert after == before


def test_merged_metric_joins_the_other_column() -> None:
    write(*PAPERS)
    source = Claim.objects.get(stated__startswith="34.5").metric
    target = Claim.objects.get(stated__startswith="33.5").metric
    assert isinstance(source, Metric)
    assert isinstance(target, Metric)
    assert source != target
    before = state_of_boards()
    made = merge(source, target)
    assert faults() == []
    (cell,) = Result.objects.get(model_name="Elknet").values_shown.all()
    assert (cell.metric, cell.others) == (target, 1)
    changes.undo(made, actor="lee")
    assert faults() == []
    assert state_of_boards() == before


def test_merged_models_are_one_and_what_quotes_their_name_is_linked() -> None:
    write(
        ("Rimnet", "Rimnet reaches 71.5% top-1 accuracy on ImageNet with 21M parameters."),
        ("Sipnet", "Sipnet reaches 72.5% top-1 accuracy on ImageNet."),
        ("Tarnet", "Tarnet reaches 73.5% top-1 accuracy on ImageNet, compared to 71.5% of Rimnet."),
    )
    source, target = find(MLModel, "Rimnet"), find(MLModel, "Sipnet")
    before = state_of_boards()
    made = merge(source, target)
    assert faults() == []
    for table in (Claim, Cost, Result):
        assert not table._default_manager.filter(ml_model=source).exists()
    assert boards.find_model(source.slug) == target
    changes.undo(made, actor="lee")
    assert faults() == []
    assert state_of_boards() == before
    source.refresh_from_db()
    assert source.merged_into is None


def test_aliases_stay_and_lead_to_the_root_through_two_merges() -> None:
    write(*PAPERS)
    first, second, third = find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K"), find(Dataset, "CIFAR-10")
    aliases = set(Alias.objects.values_list("pk", "dataset"))
    before = stated()
    one = merge(first, second)
    two = merge(second, third)
    first.refresh_from_db()
    assert first.merged_into == third, "always a root"
    assert set(Alias.objects.values_list("pk", "dataset")) == aliases
    assert catalog.resolve_names(AliasKind.DATASET, {"ImageNet-V2": (None, "")}) == {"ImageNet-V2": third}
    assert faults() == []
    with pytest.raises(StaleObjectError, match="CIFAR-10"):
        changes.undo(one, actor="lee")
    changes.undo(two, actor="lee")
    first.refresh_from_db()
    assert first.merged_into == second
    changes.undo(one, actor="lee")
    assert stated() == before
    assert faults() == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_merges_into_one_are_taken_back_in_any_order(order: tuple[int, int]) -> None:
    write(*PAPERS)
    target = find(Dataset, "ImageNet-1K")
    before, rows = state_of_boards(), set(Result.objects.values_list("pk", flat=True))
    made = [merge(find(Dataset, name), target) for name in ("ImageNet-V2", "CIFAR-10")]
    assert faults() == []
    for place in order:
        changes.undo(made[place], actor="lee")
        assert faults() == []
    # A row that the two shared may be left, empty.
    fresh = Result.objects.exclude(pk__in=rows)
    assert not fresh.filter(claims__isnull=False).exists()
    fresh.delete()
    assert state_of_boards() == before


def test_row_of_a_rejected_number_goes_along_and_comes_back() -> None:
    write(*PAPERS)
    claim = Claim.objects.get(stated__startswith="72.5")
    row = claim.result
    assert row is not None
    curation.decide(claim, CurationState.REJECTED, actor="ann", version=claim.version, reason=RejectReason.NOT_A_RESULT.value)
    source, target = find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K")
    before = state_of_boards()
    made = merge(source, target)
    assert faults() == []
    assert Result.objects.get(pk=row.pk).benchmark.dataset == target
    changes.undo(made, actor="lee")
    assert faults() == []
    assert state_of_boards() == before


@pytest.mark.parametrize("kind", ["metric", "dataset"])
def test_board_that_came_while_locks_were_waited_for_is_settled_with_the_others(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = [make.make_metric(name) for name in ("Heronness", "Craneness")]
    boards_of = [make.make_benchmark(dataset=name, metric=metric) for name, metric in zip(("HeronSet", "CraneSet"), metrics, strict=True)]
    task, dataset = ("Image Classification", "StorkSet") if kind == "metric" else ("Object Detection", "HeronSet")

    def state(board: Benchmark) -> None:
        claim = make.make_claim("71.5%", benchmark=board, task=board.task, model=f"Net {board.pk}")
        assert claim.paper_text is not None
        results.settle_papers_alone([claim.paper_text.paper_id])

    for board in boards_of:
        state(board)
    lock = merging._lock

    def wait(*asked: Any) -> set[str]:
        state(make.make_benchmark(task, dataset, metric=metrics[0]))
        return lock(*asked)

    monkeypatch.setattr(merging, "_lock", wait)
    source, target = metrics if kind == "metric" else [board.dataset for board in boards_of]
    source.refresh_from_db()
    made = merge(source, target)
    assert faults() == []
    monkeypatch.undo()
    changes.undo(made, actor="lee")
    assert faults() == []


def test_undo_after_somebody_else_decided_is_refused_and_says_why_until_that_is_undone() -> None:
    write(*PAPERS)
    made = merge(find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K"))
    claim = Claim.objects.get(stated__startswith="72.5")
    accepted = curation.decide(claim, CurationState.ACCEPTED, actor="ann", version=claim.version)
    with pytest.raises(StaleObjectError, match=r"Somebody has decided on “72\.5”"):
        changes.undo(made, actor="lee")
    changes.undo(accepted, actor="ann")
    changes.undo(made, actor="lee")
    assert faults() == []
    with pytest.raises(InvalidDecisionError, match="undone already"):
        changes.undo(made, actor="lee")


def test_form_for_a_number_is_stale_once_it_moved() -> None:
    write(*PAPERS)
    claim = Claim.objects.get(stated__startswith="72.5")
    merge(find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K"))
    with pytest.raises(StaleObjectError):
        curation.decide(claim, CurationState.ACCEPTED, actor="ann", version=claim.version)


def test_what_can_not_be_merged_is_refused_and_nothing_is_written() -> None:
    write(*PAPERS)
    one, two = find(Dataset, "ImageNet-V2"), find(Dataset, "ImageNet-1K")
    refused: list[tuple[Any, Any, int, type[Exception], str]] = [
        (one, one, one.version, InvalidDecisionError, "into itself"),
        (one, find(Task, "Image Classification"), one.version, InvalidDecisionError, "can't be merged into a task"),
        (one, two, one.version + 1, StaleObjectError, "was changed since"),
        (find(Task, catalog.UNSPECIFIED_TASK), find(Task, "Image Classification"), 1, InvalidDecisionError, "leave unsaid"),
    ]
    for source, target, version, error, match in refused:
        with pytest.raises(error, match=match):
            merging.merge(source, target, actor="kim", version=version)
    assert not ChangeSet.objects.exists()
    merge(one, two)
    with pytest.raises(InvalidDecisionError, match="merged into “ImageNet-1K” already"):
        merge(find(Dataset, "ImageNet-V2"), find(Dataset, "CIFAR-10"))
    with pytest.raises(InvalidDecisionError, match="into itself"):
        merge(two, one)
    made = merge(find(Dataset, "CIFAR-10"), one)
    assert made.decisions.get().after["merged_into_id"] == two.pk, "what was merged leads to its root"
