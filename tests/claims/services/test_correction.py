"""A person corrects what was wrongly read: what it is then, what stays of what was read, and who must leave it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from claims import boards
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction.drafts import Extraction
from claims.extraction.pipeline import extract
from claims.models import Benchmark, ChangeSet, Claim, Cost, Dataset, Decision, Flag, MLModel
from claims.services import correction, curation, ingest, reextraction
from claims.services.correction import Correction
from claims.terms import ClaimKind, CostMeasure, CurationState, Qualifier, Role
from tests.reading import read, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]

IMAGENET, CIFAR = "image-classification-on-imagenet-1k", "image-classification-on-cifar-10"


def standing(value: float = 71.5) -> Claim:
    return Claim.objects.get(stated=f"{value:g}", retired_by__isnull=True)


def correct(statement: Claim | Cost, *, may_add: bool = False, **wanted: Any) -> ChangeSet:
    said: Correction = wanted  # type: ignore[assignment]  # as the API's form hands it over
    return correction.correct(statement, said, actor="lee", version=statement.version, may_add=may_add)


def shown(slug: str = IMAGENET) -> list[tuple[str, float]]:
    board = boards.read_board(Benchmark.objects.get(slug=slug), {})
    return [(row.model, cell.canonical_value or 0) for row in board.rows for cell in row.cells.values()]


def test_number_is_corrected_accepted_and_brought_back_as_it_was() -> None:
    read(text(1))
    claim = standing()
    before: dict[str, Any] = dict(Claim.objects.filter(pk=claim.pk).values().get())
    made = correct(claim, number="76.50-80.9%", qualifier=Qualifier.AT_MOST, variant="  large  net ")
    assert (claim.state, claim.decided_by, claim.variant, claim.version) == ("accepted", "person", "large net", 2)
    assert (claim.value, claim.value_max, claim.canonical_value, claim.canonical_max, claim.decimals) == (76.5, 80.9, 76.5, 80.9, 2)
    assert (claim.stated, claim.evidence) == ("71.5", before["stated"] and Claim(**before).evidence), "what the text says stays"
    assert claim.extracted == {
        "value": 71.5,
        "value_max": None,
        "canonical_value": 71.5,
        "canonical_max": None,
        "decimals": 1,
        "qualifier": "=",
        "variant": before["variant"],
    }
    assert [value for _, value in shown()] == [76.5]
    decision = Decision.objects.get(change_set=made)
    assert (made.action, decision.before["value"], decision.after["value"], decision.after["state"]) == ("correct", 71.5, 76.5, "accepted")
    curation.undo(made, actor="kim")
    after: dict[str, Any] = dict(Claim.objects.filter(pk=claim.pk).values().get())
    assert {name for name in after if after[name] != before[name]} <= {"version", "result_id"}
    assert [value for _, value in shown()] == [71.5]


def test_claim_moves_to_the_board_that_it_belongs_to() -> None:
    read(text(1))
    correct(standing(), dataset="CIFAR-10")
    assert shown() == []
    assert [value for _, value in shown(CIFAR)] == [71.5]
    assert standing().dataset_name, "the text's own word stays"


def test_unknown_name_is_refused_unless_it_is_to_be_added() -> None:
    read(text(1))
    with pytest.raises(InvalidDecisionError, match="knows no dataset called “ImageNette-9000”") as refused:
        correct(standing(), dataset="ImageNette-9000")
    assert refused.value.field == "dataset"
    assert not Dataset.objects.filter(name="ImageNette-9000").exists()
    correct(standing(), dataset="ImageNette-9000", may_add=True)
    assert Dataset.objects.get(name="ImageNette-9000").reviewed is False
    # An alias is a name, too, and so is an address' word.
    correct(standing(), dataset="imagenet-1k")
    assert (standing().dataset or Dataset()).name == "ImageNet-1K"


def test_own_model_is_made_and_a_quoted_one_found() -> None:
    read(text(1, 2))
    claim = standing()
    correct(claim, model="OtherNet")
    own = MLModel.objects.get(name="OtherNet")
    assert (claim.ml_model, own.introduced_by) == (own, claim.paper_text and claim.paper_text.paper)
    assert ("OtherNet", 71.5) in shown()
    quoted = standing(72.5)
    correct(quoted, model="OtherNet", role=Role.BASELINE)
    assert quoted.ml_model == own
    assert [model for model, _ in shown()] == ["OtherNet"], "a quoted number ranks nowhere"
    correct(quoted, model="Nobody knows it")
    assert quoted.model_name == "Nobody knows it"
    assert quoted.ml_model_id is None


def test_difference_that_was_read_as_a_score_leaves_the_board() -> None:
    read(text(1))
    correct(standing(), kind=ClaimKind.DELTA)
    assert shown() == []


def test_cost_is_corrected_in_its_own_unit() -> None:
    read(text(1))
    cost = Cost.objects.get(measure=CostMeasure.PARAMETERS)
    correct(cost, number="4.5G", measure=CostMeasure.FLOPS)
    assert (cost.measure, cost.canonical_value, cost.extracted["measure"]) == ("flops", 4.5e9, "parameters")
    board = boards.read_board(Benchmark.objects.get(slug=IMAGENET), {})
    assert [list(row.costs) for row in board.rows] == [["flops"]]


@pytest.mark.parametrize(("number", "qualifier"), [(">86%", ">"), ("~86.5%", "~"), ("86%", "=")])
def test_how_exactly_a_number_is_written_counts(number: str, qualifier: str) -> None:
    read(text(1))
    claim = standing()
    correct(claim, number="70%", qualifier=Qualifier.AT_MOST)
    correct(claim, number=number)
    assert claim.qualifier == qualifier


def test_ratio_of_costs_is_in_no_unit() -> None:
    read(text(1))
    cost = Cost.objects.get(measure=CostMeasure.PARAMETERS)
    correct(cost, number="3x", kind=ClaimKind.RATIO)
    correct(cost, number="4x")
    assert (cost.value, cost.unit, cost.canonical_value) == (4, "x", None)


def test_cost_that_was_corrected_is_measured_by_what_it_is_now() -> None:
    read(text(1))
    cost = Cost.objects.get(measure=CostMeasure.PARAMETERS)
    correct(cost, number="40 ms", measure=CostMeasure.LATENCY)
    correct(cost, measure=CostMeasure.TRAINING_TIME)
    assert (cost.measure, cost.canonical_value) == ("training_time", 0.04)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"number": "many"}, "number"),
        ({"number": "71.5/80.1"}, "number"),
        ({"number": "171.5%"}, "number"),
        ({"dataset": "x" * 301}, "dataset"),
        ({"model": "x" * 301}, "model"),
        ({"variant": "x" * 301}, "variant"),
        ({"measure": CostMeasure.FLOPS}, "measure"),
    ],
)
def test_what_no_claim_can_be_is_refused_and_nothing_is_written(wanted: dict[str, Any], field: str) -> None:
    read(text(1))
    before = list(Claim.objects.values())
    with pytest.raises(InvalidDecisionError) as refused:
        correct(standing(), **wanted)
    assert refused.value.field == field
    assert list(Claim.objects.values()) == before
    assert not ChangeSet.objects.exists()


def test_stale_correction_is_refused() -> None:
    read(text(1))
    first, second = standing(), standing()
    correct(first, number="72%")
    with pytest.raises(StaleObjectError):
        correct(second, number="73%")
    assert standing().value == 72


def test_what_is_corrected_back_is_no_longer_corrected_and_reopening_brings_all_of_it_back() -> None:
    read(text(1))
    claim = standing()
    correct(claim, number="72%", variant="large")
    correct(claim, number="71.5%")
    assert claim.extracted == {"variant": ""}
    reopened = curation.decide(claim, CurationState.UNREVIEWED, actor="lee", version=claim.version)
    assert (claim.variant, claim.extracted, claim.state) == ("", {}, "unreviewed")
    curation.undo(reopened, actor="lee")
    claim.refresh_from_db()
    assert (claim.variant, claim.extracted, claim.state) == ("large", {"variant": ""}, "accepted")


def test_correction_is_carried_over_to_a_newer_text() -> None:
    read(text(1))
    old = standing()
    correct(old, number="72.5%", dataset="CIFAR-10")
    read(text(1, more="This is a newer text of the paper, and says the same of the net. "))
    new = standing()
    assert new.pk != old.pk
    assert (new.value, new.dataset, new.state, new.decided_by) == (72.5, old.dataset, "accepted", "person")
    assert new.extracted["value"] == 71.5
    assert [value for _, value in shown(CIFAR)] == [72.5]
    curation.undo(ChangeSet.objects.get(action="carry over"), actor="kim")
    new.refresh_from_db()
    assert (new.value, new.extracted, new.state) == (71.5, {}, "unreviewed")


@pytest.mark.once
@pytest.mark.parametrize("reads", ["alike", "otherwise"])
def test_newer_version_leaves_a_correction_alone_and_flags_only_what_it_reads_anew(monkeypatch: pytest.MonkeyPatch, reads: str) -> None:
    read(text(1))
    correct(standing(), number="72.5%", dataset="CIFAR-10")
    before = list(Claim.objects.order_by("pk").values())

    def read_anew(*given: Any) -> Extraction:
        found = extract(*given)
        return replace(found, claims=tuple(replace(claim, variant="small") for claim in found.claims)) if reads == "otherwise" else found

    install: Callable[..., None] = monkeypatch.setattr
    install(ingest, "EXTRACTOR_VERSION", "9.0.0")
    install("claims.extraction.pipeline.EXTRACTOR_VERSION", "9.0.0")
    install(ingest, "extract", read_anew)
    install("claims.extraction.pipeline.extract", read_anew)
    started = reextraction.start(actor="test")
    assert started is not None
    reextraction.read_in_foreground(started)
    assert [row for row in Claim.objects.order_by("pk").values() if row["state"] == "accepted"] == [
        row for row in before if row["state"] == "accepted"
    ]
    assert [("small" in flag.note) for flag in Flag.objects.all()] == ([True] if reads == "otherwise" else [])
