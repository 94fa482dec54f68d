"""What happens to numbers and decisions when a paper's text is replaced, and comes back."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pytest_django import Settings

from claims.boards import read_board
from claims.errors import StaleObjectError
from claims.models import Benchmark, ChangeSet, Claim, Flag
from claims.services import curation, ingest, storage
from claims.terms import CurationState
from tests.catalogue import load_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

FIRST = (
    "new\n\nFooNet: A Network of Foos\n\n"
    "We build a network of foos and look at it from every side for a long time. "
    "FooNet reaches 84.1% top-1 accuracy on ImageNet. It has 5M parameters.\n"
)
SECOND = FIRST.replace("from every side", "from all sides")
CORRECTED = SECOND.replace("84.1%", "82.7%")


@pytest.fixture(autouse=True)
def _site(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()


def read(text: str) -> None:
    listing, _ = storage.store_upload(io.BytesIO(text.encode()), name="x.txt", actor="test")
    ingest.ingest_in_foreground(listing)


def standing(value: float = 84.1) -> Claim:
    return Claim.objects.get(value=value, retired_by__isnull=True)


def decide(claim: Claim, state: str) -> ChangeSet:
    reason = "wrongly_read" if state == "rejected" else ""
    return curation.decide(claim, CurationState(state), actor="lee", version=claim.version, reason=reason)


def shown() -> list[float]:
    board = read_board(Benchmark.objects.get(slug="image-classification-on-imagenet-1k"), {})
    return [cell.value for row in board.rows for cell in row.cells.values()]


def test_decision_moves_to_the_new_text_as_a_change_set() -> None:
    read(FIRST)
    old = standing()
    decide(old, "rejected")
    read(SECOND)
    new = standing()
    assert new.pk != old.pk
    assert (new.state, new.decided_by, new.reject_reason) == ("rejected", "person", "wrongly_read")
    assert shown() == []
    carried = ChangeSet.objects.get(action="carry over")
    assert [decision.object_id for decision in carried.decisions.all()] == [new.pk]


def test_last_word_wins_when_an_older_text_comes_back() -> None:
    read(FIRST)
    decide(standing(), "accepted")
    read(SECOND)
    decide(standing(), "rejected")
    read(FIRST + "\n")
    assert standing().state == "rejected"
    assert shown() == []
    decide(standing(), "unreviewed")
    read(SECOND + "\n")
    assert (standing().state, standing().decided_by) == ("unreviewed", "nobody")
    assert shown() == [84.1]


def test_text_that_is_read_later_and_never_current_changes_no_decision() -> None:
    """A second listing shows the beginning of the text only; the numbers that it holds were decided on already."""
    read(FIRST)
    decide(standing(), "rejected")
    cut = FIRST.replace(" It has 5M parameters.", "")
    read(cut)
    assert Claim.objects.filter(value=84.1).count() == 2, "the cut text states the number, too"
    assert (standing().state, standing().decided_by) == ("rejected", "person")
    assert shown() == []


def test_undo_is_refused_past_a_carried_decision() -> None:
    read(FIRST)
    changes = decide(standing(), "accepted")
    read(SECOND)
    with pytest.raises(StaleObjectError):
        curation.undo(changes, actor="lee")
    curation.undo(ChangeSet.objects.get(action="carry over"), actor="lee")
    assert standing().state == "unreviewed"


def test_number_of_an_older_text_is_no_longer_decided_on() -> None:
    read(FIRST)
    opened = standing()
    read(SECOND)
    with pytest.raises(StaleObjectError):
        decide(opened, "accepted")
    opened.refresh_from_db()
    with pytest.raises(StaleObjectError):
        decide(opened, "accepted")


def test_equal_numbers_of_one_sentence_keep_their_own_decisions() -> None:
    twins = FIRST.replace(
        "FooNet reaches 84.1% top-1 accuracy on ImageNet.",
        "FooNet reaches 84.1% top-1 accuracy on ImageNet and 84.1% accuracy on CIFAR-10.",
    )
    read(twins)
    second = Claim.objects.filter(value=84.1).order_by("start")[1]
    decide(second, "rejected")
    read(twins.replace("from every side", "from all sides"))
    states = Claim.objects.filter(value=84.1, retired_by__isnull=True).order_by("start").values_list("state", flat=True)
    assert list(states) == ["unreviewed", "rejected"]


def test_decided_number_that_a_new_text_no_longer_states_is_kept_flagged_and_not_shown_first() -> None:
    read(FIRST)
    decide(standing(), "accepted")
    read(CORRECTED)
    assert Flag.objects.get().kind == "gone"
    assert standing(84.1).state == "accepted"
    assert shown() == [82.7], "what the paper states now is shown; the older number stands behind it"
    row = read_board(Benchmark.objects.get(slug="image-classification-on-imagenet-1k"), {}).rows[0]
    assert row.cells["top-1-accuracy"].others == 1


def test_nobodys_number_of_an_older_text_is_hidden() -> None:
    read(FIRST)
    read(CORRECTED)
    assert not Claim.objects.filter(value=84.1, retired_by__isnull=True).exists()
    assert shown() == [82.7]
    assert not Flag.objects.exists()
