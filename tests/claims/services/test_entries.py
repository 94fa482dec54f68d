"""A curator's word on entries of the catalogue, and taking it back."""

from __future__ import annotations

from typing import Any

import pytest

from claims import boards, verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Alias, Benchmark, ChangeSet, Dataset, Flag, Metric, OldSlug
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
    made = entries.edit_metric(metric, direction="lower", unit="%", actor="kim", version=metric.version)
    assert leader() == "71.5"
    assert faults() == []
    flag.refresh_from_db()
    assert flag.settled_by == made
    with pytest.raises(InvalidDecisionError, match="nothing would change"):
        entries.edit_metric(metric, direction="lower", unit="%", actor="kim", version=metric.version)
    changes.undo(made, actor="lee")
    assert faults() == []
    assert state_of_boards() == before
    flag.refresh_from_db()
    assert flag.settled_by is None


def test_renamed_dataset_keeps_its_old_name_and_address_as_ways_to_it() -> None:
    read(text(1, 2))
    dataset = Dataset.objects.get(name="COCO")
    made = entries.rename(dataset, "COCO 2017 heron split", actor="kim", version=dataset.version)
    assert boards.find_dataset("coco").name == "COCO 2017 heron split"
    found = catalog.resolve_names(AliasKind.DATASET, {"COCO": (None, ""), "COCO 2017 Heron Split": (None, "")})
    assert {entry.pk for entry in found.values()} == {dataset.pk}
    changes.undo(made, actor="lee")
    dataset.refresh_from_db()
    assert (dataset.name, dataset.slug) == ("COCO", "coco")
    assert boards.find_dataset("coco-2017-heron-split") == dataset
    assert not Alias.objects.filter(text="COCO 2017 heron split").exists()
    assert not OldSlug.objects.filter(slug="coco").exists()
    assert faults() == []


def test_reviewed_name_is_read_by_from_then_on_and_undo_takes_that_back() -> None:
    dataset = Dataset.objects.create(name="HeronSet", slug="heronset")
    alias = Alias.objects.create(kind="dataset", text="HeronSet", key="heronset", dataset=dataset)
    made = entries.review(dataset, actor="kim", version=1)
    alias.refresh_from_db()
    assert alias.reviewed
    assert any(entry.name == "HeronSet" for entry in catalog.read_vocabulary().datasets)
    with pytest.raises(InvalidDecisionError, match="reviewed already"):
        entries.review(dataset, actor="kim", version=2)
    changes.undo(made, actor="lee")
    alias.refresh_from_db()
    dataset.refresh_from_db()
    assert (alias.reviewed, dataset.reviewed, dataset.version) == (False, False, 3)
    assert faults() == []


@pytest.mark.parametrize(
    ("name", "version", "error", "match"),
    [
        ("", 1, InvalidDecisionError, "Give the name"),
        (" \x00 ", 1, InvalidDecisionError, "Give the name"),
        ("H" * 301, 1, InvalidDecisionError, "301 characters"),
        ("HeronSet", 1, InvalidDecisionError, "already; nothing"),
        ("coco", 1, InvalidDecisionError, "Merge the two instead"),
        ("EgretSet", 2, StaleObjectError, "changed since"),
    ],
)
def test_name_that_can_not_be_is_refused(name: str, version: int, error: Any, match: str) -> None:
    dataset = Dataset.objects.create(name="HeronSet", slug="heronset")
    with pytest.raises(error, match=match):
        entries.rename(dataset, name, actor="kim", version=version)
    assert not ChangeSet.objects.exists()


def test_undo_after_a_later_change_is_refused() -> None:
    dataset = Dataset.objects.create(name="HeronSet", slug="heronset")
    made = entries.review(dataset, actor="kim", version=1)
    entries.rename(dataset, "EgretSet", actor="ann", version=2)
    with pytest.raises(StaleObjectError, match="undo the later change first"):
        changes.undo(made, actor="lee")
