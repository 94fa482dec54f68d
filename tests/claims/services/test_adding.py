"""A person marks what extraction missed: another sentence, a number, the two ends of a range. Later readings leave all of it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from claims import boards
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Benchmark, ChangeSet, Claim, Cost, Decision, Flag, Paper, PaperText
from claims.services import correction, curation, ingest, reextraction
from claims.services.correction import Correction, Place
from claims.terms import ClaimKind, CostMeasure, CurationState, TextField
from tests.reading import read, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]

MISSED = "Elsewhere it was seen to have 93.5 of something, and 12-30 of another. "
BOARD = "image-classification-on-imagenet-1k"


def the_text() -> PaperText:
    current = Paper.objects.get().current_text
    assert current is not None
    return current


def place_of(number: str, *, field: TextField = TextField.ABSTRACT) -> Place:
    start = the_text().part(field).index(number)
    return Place(field, start, start + len(number))


def add(stated: str = "93.5", *, at: Place | None = None, table: Any = Claim, may_add: bool = False, **said: Any) -> tuple[Any, ChangeSet]:
    wanted: Correction = said  # type: ignore[assignment]  # as the form hands it over
    return correction.add(table, the_text(), at or place_of(stated), wanted, actor="lee", may_add=may_add)


def shown() -> list[float]:
    board = boards.read_board(Benchmark.objects.get(slug=BOARD), {})
    return sorted(cell.canonical_value or 0 for row in board.rows for cell in row.cells.values())


def read_again(install: Callable[..., None]) -> None:
    install(ingest, "EXTRACTOR_VERSION", "9.0.0")
    install("claims.extraction.pipeline.EXTRACTOR_VERSION", "9.0.0")
    started = reextraction.start(actor="test")
    assert started is not None
    reextraction.read_in_foreground(started)


def rows(table: Any = Claim) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(table.objects.order_by("pk").values())
    return found


def test_missed_number_stands_on_its_board_with_its_sentence() -> None:
    read(text(1, more=MISSED))
    whole = the_text().abstract
    sentence = whole.index("Elsewhere"), whole.index("another.") + 8
    claim, made = add(number="93.5%", dataset="ImageNet-1K", metric="Top-1 accuracy", evidence=sentence, variant="large")
    claim.refresh_from_db()
    assert (claim.stated, claim.value, claim.canonical_value, claim.unit) == ("93.5", 93.5, 93.5, "%")
    assert (claim.state, claim.decided_by, claim.version, claim.extracted) == ("accepted", "person", 1, {})
    assert claim.evidence == MISSED.strip()
    assert shown() == [71.5, 93.5]
    decision = Decision.objects.get(change_set=made)
    assert (made.action, made.actor, decision.before["state"], decision.after["state"]) == ("add", "lee", "unreviewed", "accepted")


@pytest.mark.once
def test_newer_version_neither_touches_what_was_added_nor_asks_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1, more=MISSED))
    claim, _ = add(dataset="ImageNet-1K", metric="Top-1 accuracy", number="93.5%")
    before = Claim.objects.filter(pk=claim.pk).values().get()
    read_again(monkeypatch.setattr)
    assert Claim.objects.filter(pk=claim.pk).values().get() == before
    assert Claim.objects.filter(start=claim.start, field=claim.field).count() == 1
    assert not Flag.objects.exists()


@pytest.mark.once
def test_what_was_added_and_taken_back_is_rejected_once_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1, more=MISSED))
    claim, made = add(dataset="ImageNet-1K", metric="Top-1 accuracy", number="93.5%")
    undone = curation.undo(made, actor="kim")
    claim.refresh_from_db()
    assert (claim.state, claim.decided_by, claim.reject_reason, claim.result) == ("rejected", "person", "not_a_result", None)
    assert shown() == [71.5]
    read_again(monkeypatch.setattr)
    assert [row.state for row in Claim.objects.filter(start=claim.start, field=claim.field)] == ["rejected"]
    assert not Flag.objects.exists()
    with pytest.raises(InvalidDecisionError, match="read there already"):
        add()
    curation.undo(undone, actor="kim")
    assert shown() == [71.5, 93.5]


def test_added_number_can_be_corrected_and_each_step_be_undone() -> None:
    read(text(1, more=MISSED))
    claim, made = add(dataset="ImageNet-1K", metric="Top-1 accuracy", number="93.5%")
    later = correction.correct(claim, {"number": "92.5%"}, actor="kim", version=1)
    with pytest.raises(StaleObjectError):
        curation.undo(made, actor="lee")
    curation.undo(later, actor="lee")
    claim.refresh_from_db()
    assert (claim.value, claim.extracted, claim.state) == (93.5, {}, "accepted")


def test_missed_cost_is_added() -> None:
    read(text(1, more=MISSED))
    cost, _ = add(table=Cost, number="93.5 MB", measure=CostMeasure.MODEL_SIZE, model="Net1")
    assert (cost.measure, cost.canonical_value, cost.state) == ("model_size", 93.5e6, "accepted")
    board = boards.read_board(Benchmark.objects.get(slug=BOARD), {})
    assert sorted(board.rows[0].costs) == ["model_size", "parameters"]


@pytest.mark.parametrize(
    ("at", "said", "field"),
    [
        (Place(TextField.ABSTRACT, 10, 10), {}, "place"),
        (Place(TextField.ABSTRACT, 10, 9), {}, "place"),
        (Place(TextField.ABSTRACT, -4, 2), {}, "place"),
        (Place(TextField.ABSTRACT, 10, 10_000_000), {}, "place"),
        (Place(TextField.TITLE, 0, 3), {}, "place"),
        (Place(TextField.ABSTRACT, 0, 8), {}, "place"),
        ("71.5", {}, "place"),
        ("1.5", {}, "place"),
        (" 93.5", {}, "place"),
        ("93.5", {"number": "many"}, "number"),
        ("93.5", {"evidence": (0, 4)}, "evidence"),
        ("93.5", {"evidence": (0, 1_000_000)}, "evidence"),
        ("93.5", {"dataset": "Never heard of"}, "dataset"),
        ("93.5", {"measure": CostMeasure.LATENCY}, "measure"),
        ("93.5", {"number": "193.5%", "metric": "Top-1 accuracy"}, "number"),
    ],
)
def test_what_is_no_missed_number_is_refused_and_nothing_is_written(at: Place | str, said: dict[str, Any], field: str) -> None:
    read(text(1, more=MISSED))
    before = rows(), rows(Cost)
    with pytest.raises(InvalidDecisionError) as refused:
        add(at=place_of(at) if isinstance(at, str) else at, **said)
    assert refused.value.field == field
    assert (rows(), rows(Cost)) == before
    assert not ChangeSet.objects.exists()


def test_number_of_an_older_text_is_not_added() -> None:
    read(text(1, more=MISSED))
    old, at = the_text(), place_of("93.5")
    read(text(1, more=f"This is a newer text. {MISSED}"))
    with pytest.raises(StaleObjectError):
        correction.add(Claim, old, at, {}, actor="lee")


def test_added_number_goes_on_in_a_newer_text_that_has_it_no_more() -> None:
    read(text(1, more=MISSED))
    claim, _ = add(dataset="ImageNet-1K", metric="Top-1 accuracy", number="93.5%")
    read(text(1, more="A newer text says more of many other things, and no longer this. "))
    claim.refresh_from_db()
    assert (claim.state, claim.retired_by) == ("accepted", None)
    assert shown() == [71.5, 93.5]
    assert Flag.objects.get().object_id == claim.pk


def test_another_sentence_is_the_evidence_and_the_number_keeps_its_place() -> None:
    read(text(1))
    claim = Claim.objects.get(stated="71.5")
    whole = the_text().abstract
    made = correction.correct(claim, {"evidence": (0, len(whole))}, actor="lee", version=1)
    assert (claim.evidence, claim.state, whole[claim.start : claim.end]) == (whole, "accepted", "71.5")
    assert claim.extracted.keys() <= {"evidence_start", "evidence_end"}
    read(text(1, more="A newer text says the same of the net. "))
    speaker = Claim.objects.get(stated="71.5", retired_by=None)
    assert speaker.pk != claim.pk
    assert (speaker.state, speaker.extracted) == ("accepted", {}), "those words don't stand there so"
    acts = ChangeSet.objects.count()
    read(text(2, more="Another paper. "))
    read(text(1, more="A newer text says the same of the net. ") + text(3))
    assert ChangeSet.objects.count() == acts, "what was carried over once is not carried over again"
    with pytest.raises(StaleObjectError):
        curation.undo(made, actor="lee")


def test_sentence_that_was_marked_is_found_in_a_newer_text() -> None:
    read(text(1))
    claim = Claim.objects.get(stated="71.5")
    start = claim.evidence_start + 2
    correction.correct(claim, {"evidence": (start, claim.evidence_end)}, actor="lee", version=1)
    read(text(1, more="A newer text says the same of the net. "))
    speaker = Claim.objects.get(stated="71.5", retired_by=None)
    assert (speaker.evidence, speaker.state) == (claim.evidence, "accepted")
    assert speaker.evidence_start != claim.evidence_start


@pytest.mark.parametrize("span", [(0, 3), (5, 5), (-1, 400), (0, 1_000_000)])
def test_sentence_without_the_number_or_outside_of_the_text_is_refused(span: tuple[int, int]) -> None:
    read(text(1))
    claim = Claim.objects.get(stated="71.5")
    with pytest.raises(InvalidDecisionError) as refused:
        correction.correct(claim, {"evidence": span}, actor="lee", version=1)
    assert refused.value.field == "evidence"


RANGE = "Net1 scores 60.5-65.5% top-1 accuracy on ImageNet in other settings. "


@pytest.mark.once
def test_range_becomes_two_numbers_and_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1, more=RANGE))
    claim = Claim.objects.get(value_max=65.5)
    before: dict[str, Any] = dict(Claim.objects.filter(pk=claim.pk).values().get())
    upper, made = correction.split(claim, actor="lee", version=claim.version)
    assert [(one.value, one.value_max, one.canonical_value, one.canonical_max, one.state) for one in (claim, upper)] == [
        (60.5, None, 60.5, None, "accepted"),
        (65.5, None, 65.5, None, "accepted"),
    ]
    assert (upper.stated, the_text().abstract[upper.start : upper.end], upper.evidence) == ("65.5", "65.5", claim.evidence)
    assert isinstance(upper, Claim)
    assert (upper.metric, upper.dataset, upper.ml_model) == (claim.metric, claim.dataset, claim.ml_model)
    assert claim.extracted == {"value_max": 65.5, "canonical_max": 65.5}
    standing = rows()
    read_again(monkeypatch.setattr)
    assert [row for row in rows() if row["decided_by"] == "person"] == [row for row in standing if row["decided_by"] == "person"]
    assert Claim.objects.current().count() == len(standing)
    assert not Flag.objects.exists()
    curation.undo(made, actor="kim")
    after: dict[str, Any] = dict(Claim.objects.filter(pk=claim.pk).values().get())
    assert {name for name in after if after[name] != before[name]} <= {"version", "result_id"}
    upper.refresh_from_db()
    assert (upper.state, upper.reject_reason) == ("rejected", "not_a_result")


def test_only_a_range_of_two_numbers_is_split_and_only_as_it_was_seen() -> None:
    read(text(1, more=RANGE))
    plain, span = Claim.objects.get(stated="71.5"), Claim.objects.get(value_max=65.5)
    with pytest.raises(InvalidDecisionError, match="no range"):
        correction.split(plain, actor="lee", version=1)
    correction.split(span, actor="lee", version=1)
    with pytest.raises(StaleObjectError):
        correction.split(span, actor="kim", version=1)
    assert Claim.objects.filter(stated="65.5").count() == 1
    assert ClaimKind(span.kind) is ClaimKind.ABSOLUTE
    assert CurationState(span.state) is CurationState.ACCEPTED
