"""A curator's word on entries of the catalogue, and taking it back."""

from __future__ import annotations

import pytest

from claims import boards, verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Alias, Benchmark, Dataset, Flag, Metric
from claims.services import catalog, changes, entries
from claims.terms import AliasKind, FlagKind
from tests.reading import read, state_of_boards, text

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


def faults() -> list[str]:
    return [str(fault) for fault in verification.find_faults()]


def leader() -> str:
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    return board.leader.stated if board.leader else ""


def test_metric_that_turns_round_turns_its_boards_and_undo_turns_them_back() -> None:
    read(text(1, 2))
    metric = Benchmark.objects.get(slug="image-classification-on-imagenet-1k").primary_metric
    assert isinstance(metric, Metric)
    flag = Flag.objects.create(kind=FlagKind.DIRECTION, object_kind="metric", object_id=metric.pk, note="?")
    before = state_of_boards()
    assert leader() == "72.5"
    made = entries.edit(metric, {"direction": "lower", "unit": "%"}, actor="kim", version=metric.version)
    assert leader() == "71.5"
    assert faults() == []
    flag.refresh_from_db()
    assert flag.settled_by == made
    with pytest.raises(InvalidDecisionError, match="nothing would change"):
        entries.edit(metric, {"direction": "lower", "unit": "%"}, actor="kim", version=metric.version + 1)
    changes.undo(made, actor="lee")
    assert faults() == []
    assert state_of_boards() == before
    flag.refresh_from_db()
    assert flag.settled_by is None


def test_renamed_dataset_keeps_its_old_name_and_its_address() -> None:
    read(text(1, 2))
    dataset = Dataset.objects.get(name="COCO")
    made = entries.edit(dataset, {"name": "COCO 2017 heron split"}, actor="kim", version=dataset.version)
    assert boards.find_dataset("coco").name == "COCO 2017 heron split"
    found = catalog.resolve_names(AliasKind.DATASET, {"COCO": (None, ""), "COCO 2017 Heron Split": (None, "")})
    assert {entry.pk for entry in found.values()} == {dataset.pk}
    changes.undo(made, actor="lee")
    dataset.refresh_from_db()
    assert (dataset.name, dataset.slug) == ("COCO", "coco")
    assert not Alias.objects.filter(text="COCO 2017 heron split").exists()
    assert faults() == []


def test_reviewed_name_is_read_by_from_then_on_and_undo_takes_that_back() -> None:
    dataset = Dataset.objects.create(name="HeronSet", slug="heronset")
    alias = Alias.objects.create(kind="dataset", text="HeronSet", key="heronset", dataset=dataset)
    made = entries.confirm([(dataset, 1)], actor="kim")
    alias.refresh_from_db()
    assert alias.reviewed
    assert any(entry.name == "HeronSet" for entry in catalog.read_vocabulary().datasets)
    with pytest.raises(InvalidDecisionError, match="reviewed already"):
        entries.confirm([(dataset, 2)], actor="kim")
    changes.undo(made, actor="lee")
    alias.refresh_from_db()
    dataset.refresh_from_db()
    assert (alias.reviewed, dataset.reviewed, dataset.version) == (False, False, 3)
    assert faults() == []


def test_board_of_a_confirmed_dataset_counts_as_reviewed_and_undo_takes_that_back() -> None:
    read(text(1, 2))
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    Dataset.objects.filter(pk=board.dataset_id).update(reviewed=False)
    Benchmark.objects.filter(pk=board.pk).update(reviewed=False)
    dataset = Dataset.objects.get(pk=board.dataset_id)
    made = entries.confirm([(dataset, dataset.version)], actor="kim")
    board.refresh_from_db()
    assert board.reviewed
    changes.undo(made, actor="lee")
    board.refresh_from_db()
    assert not board.reviewed


def test_undo_after_a_later_change_is_refused() -> None:
    dataset = Dataset.objects.create(name="HeronSet", slug="heronset")
    made = entries.confirm([(dataset, 1)], actor="kim")
    entries.edit(dataset, {"name": "EgretSet"}, actor="ann", version=2)
    with pytest.raises(StaleObjectError, match="undo the later change first"):
        changes.undo(made, actor="lee")
