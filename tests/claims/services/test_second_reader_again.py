"""What a second reader filled in, and what it has not looked at, when texts are read again."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from claims.extraction import pipeline
from claims.models import Claim, RunText
from claims.services import curation, reextraction, second_reader
from claims.services.rereading import Counts, Difference
from claims.terms import CurationState, WorkState
from tests.claims.services.test_second_reader import GOOD, TITLE, listing, numbers, use
from tests.model_server import ModelServer, fills, says, serve_model
from tests.reading import read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]


@pytest.fixture
def model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server whose model fills in the slots of the one number, and a site that asks it: also within a test's transaction."""
    monkeypatch.setattr(second_reader, "connection", SimpleNamespace(in_atomic_block=False))
    monkeypatch.setattr(pipeline, "EXTRACTOR_VERSION", pipeline.EXTRACTOR_VERSION)
    with serve_model(says(GOOD)) as server:
        use(settings, server.address)
        yield server


def reextract() -> Difference | None:
    """Read again what is due; None if that is nothing."""
    started = reextraction.start(actor="test")
    if started is None:
        return None
    assert reextraction.read_in_foreground(started).state == WorkState.DONE
    return reextraction.read_difference(started)


def newer(monkeypatch: pytest.MonkeyPatch, version: str = "9.0.0") -> None:
    monkeypatch.setattr(pipeline, "EXTRACTOR_VERSION", version)


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reextract", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def turn_off(model: ModelServer, settings: Settings) -> None:
    settings.SECOND_READER_BASE_URL = ""


def take_away(model: ModelServer, settings: Settings) -> None:
    # Another model has answered nothing yet.
    use(settings, "http://127.0.0.1:1/v1", MODEL="reader-2")


def spend_budget(model: ModelServer, settings: Settings) -> None:
    use(settings, model.address, MODEL="reader-2", DAILY_BUDGET=1)


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (turn_off, "kept as it filled them in earlier, until it answers: 1 number (it is off)"),
        (take_away, "left open and due again: 1 paper (it did not answer: no connection)"),
        (spend_budget, "left open and due again: 1 paper (its budget of 1 papers a day was spent)"),
    ],
)
def test_what_was_filled_in_stays_where_nobody_answers_when_it_is_read_again(
    model: ModelServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[ModelServer, Settings], None],
    said: str,
) -> None:
    read(listing())
    before = Claim.objects.values().get()
    newer(monkeypatch)
    lose(model, settings)
    expected = reextraction.compare()
    assert (expected.papers, expected.claims, expected.waiting, expected.unanswered) == (1, Counts(), 1, 1)
    assert said in command("--foreground")
    assert Claim.objects.values().get() == before
    assert Claim.objects.get().result is not None
    (left,) = RunText.objects.filter(run__extractor_version="9.0.0")
    assert (left.unanswered, {reason for *_, reason in left.untaken}) == (True, {"part_of_name"}), "it is taken, and not left too"
    use(settings, model.address, MODEL="reader-3")
    model.replies[:] = [says(numbers(dataset="CIFAR-10")), says({"numbers": []})]
    again = reextract()
    assert again is not None
    assert (again.papers, again.asked, again.unanswered, again.waiting) == (1, 1, 0, 0)
    assert reextract() is None, "it has been looked at"


def test_new_answer_that_says_nothing_of_a_number_retires_what_was_filled_in(
    model: ModelServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(listing())
    newer(monkeypatch)
    use(settings, model.address, MODEL="reader-2")
    model.replies[:] = [says({"numbers": []})]
    found = reextract()
    assert found is not None
    assert (found.claims, found.waiting) == (Counts(gone=1), 0)
    assert Claim.objects.get().retired_by is not None


def test_filled_slots_of_a_claim_of_the_rules_stay_and_a_persons_word_stays_a_persons(
    model: ModelServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    abstract = "We look at the Birds of Nowhere collection only, with BarNet beside it, as it was to be seen. Net{0} scores 81.5% accuracy."
    model.replies[:] = [says(fills(dataset="Birds of Nowhere"))]
    read("".join(f"{TITLE.format(n)}\n\n{abstract.format(n)}\n\n  • 2 authors\n·\nMay {n + 1}, 2022\n\n" for n in range(2)))
    filled, decided = Claim.objects.order_by("pk")
    assert (filled.dataset_name, decided.dataset_name) == ("Birds of Nowhere", "Birds of Nowhere")
    curation.decide(decided, CurationState.ACCEPTED, actor="lee", version=1)
    newer(monkeypatch)
    turn_off(model, settings)
    found = reextract()
    assert found is not None
    assert (found.claims, found.waiting, found.differing) == (Counts(), 1, 1)
    assert set(Claim.objects.values_list("dataset_name", "state")) == {("Birds of Nowhere", "unreviewed"), ("Birds of Nowhere", "accepted")}


def test_papers_that_it_has_not_looked_at_are_due_once_there_is_one(
    model: ModelServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_off(model, settings)
    read(listing(3))
    assert not Claim.objects.exists()
    assert reextract() is None
    use(settings, model.address, DAILY_BUDGET=2)
    assert "second reader: would be put to it, as far as its budget goes: 3 papers" in command("--dry-run")
    assert model.requests == []
    found = reextract()
    assert found is not None
    assert (found.papers, found.claims.new, found.asked, found.unanswered) == (3, 2, 2, 1)
    assert found.reasons == ["its budget of 2 papers a day was spent"]
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert command("--foreground").startswith("1 paper were read again")
    assert Claim.objects.count() == 3
    assert reextract() is None
    assert reextraction.find_due(vocabulary_hash="another", since=pipeline.EXTRACTOR_VERSION).count() == 0
