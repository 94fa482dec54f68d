"""A newer extractor reads what is stored: what it may replace, what it must leave alone, and that the boards follow."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from claims import boards, tasks
from claims.boards.papers import read_paper
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction import pipeline
from claims.extraction.drafts import ClaimDraft, ConditionDraft, CostDraft, Extraction, Span
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import Alias as VocabularyAlias
from claims.extraction.vocabulary import load_vocabulary
from claims.models import (
    Alias,
    Benchmark,
    ChangeSet,
    Claim,
    Cost,
    CostLink,
    Decision,
    Flag,
    MLModel,
    Paper,
    PaperText,
    Reextraction,
    ReextractionChunk,
    Result,
    ResultCondition,
    ResultValue,
    Run,
    RunText,
)
from claims.services import catalog, curation, ingest, leases, receipts, reextraction, rereading, search_names, statements, uploads
from claims.services.rereading import Difference
from claims.terms import AliasKind, ConditionKind, CostMeasure, CurationState, DecidedBy, LinkedBy, Qualifier, Role, WorkState
from tests.reading import read, state_of_boards, text, upload
from tests.sites import write_listing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]

NEWER = "9.0.0"
IMAGENET, COCO = "image-classification-on-imagenet-1k", "object-detection-on-coco"
SAMPLE = Path(__file__).resolve().parents[3] / "claims" / "samples" / "daily-papers-sample.txt"

Edit = Callable[[Extraction], Extraction]


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what lets a newer extractor read: what the real one reads, edited."""

    def install(edit: Edit = lambda found: found, version: str = NEWER) -> None:
        def read_otherwise(*given: Any) -> Extraction:
            return edit(extract(*given))

        for module in (pipeline, ingest):
            monkeypatch.setattr(module, "EXTRACTOR_VERSION", version)
            monkeypatch.setattr(module, "extract", read_otherwise)

    return install


def on_claims(change: Callable[[ClaimDraft], ClaimDraft | list[ClaimDraft] | None], *, value: float | None = None) -> Edit:
    """Return an edit of each claim (of those that state `value`): another, none, or several."""

    def edit(found: Extraction) -> Extraction:
        claims: list[ClaimDraft] = []
        for claim in found.claims:
            made = change(claim) if value in (None, claim.value) else claim
            claims += made if isinstance(made, list) else [made] if made is not None else []
        return replace(found, claims=tuple(claims))

    return edit


def reextract(**options: Any) -> Difference:
    started = reextraction.start(actor="test", **options)
    if started is None:
        return Difference()
    assert reextraction.read_in_foreground(started).state == WorkState.DONE
    return reextraction.read_difference(started)


def decide(claim: Claim | Cost, state: str, reason: str = "") -> ChangeSet:
    return curation.decide(claim, CurationState(state), actor="lee", version=claim.version, reason=reason)


def stands(value: float) -> list[Claim]:
    return list(Claim.objects.filter(value=value, retired_by__isnull=True).select_related("dataset", "metric").order_by("ordinal"))


def shown_on(slug: str) -> list[str]:
    board = boards.read_board(Benchmark.objects.get(slug=slug), {"role": "all"}, page_size=None)
    return sorted(cell.stated for row in board.rows for cell in row.cells.values())


def everything() -> dict[str, Any]:
    """Return what is stored, with the ids and the counters of changes."""
    tables: list[Any] = [Claim, Cost, Result, ResultValue, CostLink, Benchmark, Flag, ChangeSet, Decision, RunText, MLModel, Paper, Run]
    return {table.__name__: sorted(table.objects.values_list(), key=repr) for table in tables}


def what_boards_show() -> list[Any]:
    """Return all that is on boards, and what it is made of, without ids: equal for two databases whose boards are equal."""
    shown: list[Any] = []
    for benchmark in Benchmark.objects.filter(row_count__gt=0).with_names().select_related("leader").order_by("slug"):
        leader = benchmark.leader
        metrics = sorted(benchmark.metrics.values_list("metric__slug", "column__slug"))
        metric = benchmark.primary_metric.slug if benchmark.primary_metric else ""
        shown.append((benchmark.slug, metric, benchmark.row_count, metrics, leader and (leader.value, leader.model_name)))
        board = boards.read_board(benchmark, {"role": "all"}, page_size=None)
        shown += sorted(
            (benchmark.slug, row.rank or 0, row.model, sorted((key, cell.stated) for key, cell in (row.cells | row.costs).items()))
            for row in board.rows
        )
    place = ("paper_text__sha256", "field", "start", "end", "ordinal")
    values = ResultValue.objects.values_list(
        "result__benchmark__slug",
        *(f"result__{name}" for name in ("model_name", "variant", "setting_key", "role", "ml_model__slug", "paper__title")),
        *("metric__slug", "others", "conflicts", "claim__value", *(f"claim__{name}" for name in place)),
    )
    links = CostLink.objects.values_list("result__benchmark__slug", "result__model_name", *(f"cost__{name}" for name in place))
    worded = ResultCondition.objects.filter(result__in=Result.objects.with_values())
    words = worded.values_list("result__benchmark__slug", "result__model_name", "result__paper__title", "condition__key", "text")
    read = (
        "run__extractor_version",
        "dataset__slug",
        "metric__slug",
        "task__slug",
        "ml_model__slug",
        "setting",
        "confidence",
        "result__model_name",
    )
    claims = Claim.objects.filter(retired_by__isnull=True).values_list(*place, "value", "model_name", "variant", "kind", "role", *read)
    costs = Cost.objects.filter(retired_by__isnull=True).values_list(*place, "value", "measure", "note", "model_name", "ml_model__slug")
    for rows in (values, links, words, claims, costs):
        shown.append(sorted(rows, key=repr))
    return shown


def test_what_nobody_decided_on_becomes_what_the_newer_version_reads(newer: Callable[..., None]) -> None:
    read(text(1, 2))
    before = stands(71.5)[0]
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-10"), value=71.5))
    found = reextract()
    (after,) = stands(71.5)
    assert (after.pk, after.public_id, after.version) == (before.pk, before.public_id, before.version + 1)
    assert after.dataset is not None
    assert (after.dataset.name, after.run and after.run.extractor_version) == ("CIFAR-10", NEWER)
    assert (found.papers, found.claims, found.costs) == (2, rereading.Counts(changed=1), rereading.Counts())
    assert {slug: (counts.new, counts.changed, counts.gone) for slug, counts in found.boards.items()} == {
        IMAGENET: (0, 0, 1),
        "image-classification-on-cifar-10": (1, 0, 0),
    }
    assert found.names[IMAGENET] == "Image Classification on ImageNet-1K"
    assert shown_on(IMAGENET) == ["72.5"]
    assert shown_on("image-classification-on-cifar-10") == ["71.5"]
    changes = ChangeSet.objects.get()
    assert (changes.action, changes.actor, changes.reason) == ("re-extract", "test", f"Read again by {after.run}.")
    decision = changes.decisions.get()
    assert (decision.object_id, decision.before, decision.after) == (after.pk, {"dataset": "ImageNet-1K"}, {"dataset": "CIFAR-10"})


def test_number_that_is_no_longer_found_is_hidden_and_comes_back_with_a_version_that_finds_it(newer: Callable[..., None]) -> None:
    read(text(1))
    before = stands(71.5)[0]
    newer(on_claims(lambda claim: None, value=71.5))
    found = reextract()
    assert found.claims == rereading.Counts(gone=1)
    hidden = Claim.objects.get(pk=before.pk)
    assert (hidden.retired_by and hidden.retired_by.extractor_version, hidden.result) == (NEWER, None)
    assert shown_on(IMAGENET) == []
    assert Benchmark.objects.get(slug=IMAGENET).leader is None
    assert not Flag.objects.exists()
    newer(version="9.1.0")
    assert reextract().claims == rereading.Counts(new=1)
    assert [claim.pk for claim in stands(71.5)] == [before.pk], "it is the same, and keeps its address"
    assert shown_on(IMAGENET) == ["71.5"]


def test_new_number_is_added_unreviewed(newer: Callable[..., None]) -> None:
    newer(on_claims(lambda claim: None, value=71.5), "0.0.9")
    read(text(1))
    newer()
    found = reextract()
    assert (found.claims, found.boards[IMAGENET]) == (rereading.Counts(new=1), rereading.Counts(new=1))
    assert stands(71.5)[0].state == CurationState.UNREVIEWED
    assert shown_on(IMAGENET) == ["71.5"]
    assert not ChangeSet.objects.exists(), "that a number is read is no change of one"


@pytest.mark.once
@pytest.mark.parametrize("state", ["accepted", "rejected"])
def test_decided_number_that_is_read_otherwise_stays_and_is_flagged_with_what_is_read(newer: Callable[..., None], state: str) -> None:
    read(text(1))
    decide(stands(71.5)[0], state, "wrongly_read" if state == "rejected" else "")
    before = Claim.objects.filter(value=71.5).values().get()
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-10", model="OtherNet"), value=71.5))
    found = reextract()
    assert (found.claims, found.differing, found.missing) == (rereading.Counts(), 1, 0)
    assert Claim.objects.filter(value=71.5).values().get() == before
    flag = Flag.objects.get()
    assert (flag.kind, flag.object_kind, flag.object_id) == ("difference", "claim", before["id"])
    assert flag.run is not None
    for said in ("“71.5”", "Net1: A Study", NEWER, "dataset “CIFAR-10”, not “ImageNet-1K”", "model “OtherNet”, not “Net1”", state):
        assert said in flag.note
    assert shown_on(IMAGENET) == (["71.5"] if state == "accepted" else [])


@pytest.mark.once
@pytest.mark.parametrize("state", ["accepted", "rejected"])
def test_decided_number_that_is_no_longer_found_stays_and_is_flagged(newer: Callable[..., None], state: str) -> None:
    read(text(1))
    decide(stands(71.5)[0], state, "wrongly_read" if state == "rejected" else "")
    before = Claim.objects.filter(value=71.5).values().get()
    newer(on_claims(lambda claim: None, value=71.5))
    found = reextract()
    assert (found.claims, found.differing, found.missing) == (rereading.Counts(), 0, 1)
    assert Claim.objects.filter(value=71.5).values().get() == before
    flag = Flag.objects.get()
    assert (flag.kind, flag.object_id) == ("gone", before["id"])
    assert "no longer finds it" in flag.note
    assert ("agrees" in flag.note) is (state == "rejected")


@pytest.mark.once
def test_decided_number_that_is_read_as_before_is_neither_touched_nor_flagged(newer: Callable[..., None]) -> None:
    read(text(1))
    decide(stands(71.5)[0], "accepted")
    before = Claim.objects.filter(value=71.5).values().get()
    newer(on_claims(lambda claim: replace(claim, confidence=0.5, rules=("other.rule",), evidence=Span(0, claim.evidence.end))))
    assert reextract() == Difference(papers=1, unanswered=1), "a second reader could be asked about doubtful names"
    assert Claim.objects.filter(value=71.5).values().get() == before
    assert not Flag.objects.exists()


@pytest.mark.once
def test_corrected_number_keeps_what_the_person_wrote(newer: Callable[..., None]) -> None:
    read(text(1))
    Claim.objects.filter(value=71.5).update(state="accepted", decided_by=DecidedBy.PERSON, variant="large", value=71.4)
    before = Claim.objects.filter(value=71.4).values().get()
    newer(on_claims(lambda claim: replace(claim, variant="small"), value=71.5))
    reextract()
    assert Claim.objects.filter(value=71.4).values().get() == before
    assert not stands(71.5)
    assert "variant “small”, not “large”" in Flag.objects.get().note


@pytest.mark.once
def test_what_a_policy_accepted_is_replaced_and_undecided_again_only_where_it_reads_otherwise(newer: Callable[..., None]) -> None:
    read(text(1, 2))
    Claim.objects.filter(value__in=[71.5, 72.5]).update(state="accepted", decided_by=DecidedBy.POLICY)
    newer(on_claims(lambda claim: replace(claim, variant="large"), value=71.5))
    assert reextract().claims == rereading.Counts(changed=1)
    states = {claim.value: (claim.state, claim.decided_by) for claim in Claim.objects.filter(value__in=[71.5, 72.5])}
    assert states == {71.5: ("unreviewed", "nobody"), 72.5: ("accepted", "policy")}
    assert not Flag.objects.exists()
    assert Decision.objects.get().before["decided_by"] == "policy"


def of_confidence(confidence: float) -> Edit:
    return on_claims(lambda claim: replace(claim, confidence=confidence), value=71.5)


@pytest.mark.once
@pytest.mark.parametrize("threshold", [0.9, None])
def test_acceptance_by_a_policy_ends_where_a_version_is_less_sure(
    newer: Callable[..., None], settings: Settings, threshold: float | None
) -> None:
    settings.AUTO_ACCEPT_CONFIDENCE = 0.9
    newer(of_confidence(0.95), "0.0.9")
    read(text(1))
    assert stands(71.5)[0].decided_by == DecidedBy.POLICY
    settings.AUTO_ACCEPT_CONFIDENCE = threshold
    newer(of_confidence(0.1))
    assert reextract().claims.changed == 1
    assert (stands(71.5)[0].state, stands(71.5)[0].decided_by) == ("unreviewed", "nobody")
    assert Benchmark.objects.get(slug=IMAGENET).accepted_row_count == 0
    last = Decision.objects.filter(object_kind="claim", object_id=stands(71.5)[0].pk).latest("pk")
    assert (last.before["decided_by"], last.after["state"], last.object_version) == ("policy", "unreviewed", stands(71.5)[0].version)
    newer(of_confidence(0.97), "9.1.0")
    reextract()
    assert stands(71.5)[0].state == ("accepted" if threshold else "unreviewed")


@pytest.mark.once
def test_returning_number_is_judged_anew(newer: Callable[..., None], settings: Settings) -> None:
    settings.AUTO_ACCEPT_CONFIDENCE = 0.9
    newer(of_confidence(0.95), "0.0.9")
    read(text(1))
    newer(on_claims(lambda claim: None, value=71.5))
    reextract()
    settings.AUTO_ACCEPT_CONFIDENCE = None
    newer(of_confidence(0.95), "9.1.0")
    reextract()
    assert [claim.state for claim in stands(71.5)] == ["unreviewed"]


@pytest.mark.once
def test_what_the_policy_accepts_while_texts_are_read_again_stands_on_its_boards_as_accepted(
    newer: Callable[..., None], settings: Settings
) -> None:
    newer(of_confidence(0.95), "0.0.9")
    read(text(1))
    settings.AUTO_ACCEPT_CONFIDENCE = 0.9
    newer(of_confidence(0.95))
    assert reextract().claims == rereading.Counts()
    (claim,) = stands(71.5)
    board = Benchmark.objects.get(slug=IMAGENET)
    assert (claim.state, board.accepted_row_count, board.accepted_leader) == ("accepted", 1, claim)


@pytest.mark.once
def test_number_that_a_person_chose_to_be_shown_or_cost_that_a_person_tied_is_protected(newer: Callable[..., None]) -> None:
    read(text(1))
    ResultValue.objects.filter(claim__value=71.5).update(chosen_by=LinkedBy.PERSON)
    CostLink.objects.update(linked_by=LinkedBy.PERSON)
    newer(lambda found: replace(found, claims=(), costs=()))
    found = reextract()
    assert (found.claims.gone, found.costs.gone, found.missing) == (1, 0, 2), "of COCO nobody chose anything"
    assert shown_on(IMAGENET) == ["71.5"]


def both(claim: ClaimDraft) -> list[ClaimDraft]:
    return [claim, replace(claim, dataset="CIFAR-10")]


@pytest.mark.once
def test_several_statements_of_one_number_are_told_apart_by_dataset_and_metric(newer: Callable[..., None]) -> None:
    newer(on_claims(both, value=71.5), "0.0.9")
    read(text(1))
    first, second = stands(71.5)
    decide(second, "rejected", "wrongly_read")
    # The other way round, and one more in front.
    newer(on_claims(lambda claim: [replace(claim, dataset="CIFAR-100"), *reversed(both(claim))], value=71.5))
    found = reextract()
    assert (found.claims, found.differing, found.missing) == (rereading.Counts(), 1, 0)
    assert "reads it as a claim, Top-1 accuracy on CIFAR-100." in Flag.objects.get().note, "where a person decided, nothing is inserted"
    states = {claim.dataset.name: (claim.pk, claim.state) for claim in stands(71.5) if claim.dataset}
    assert states == {"ImageNet-1K": (first.pk, "unreviewed"), "CIFAR-10": (second.pk, "rejected")}
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-10"), value=71.5), "9.1.0")
    assert reextract().claims == rereading.Counts(gone=1)
    assert [claim.pk for claim in stands(71.5)] == [second.pk]


@pytest.mark.once
def test_costs_of_one_number_are_told_apart_by_measure(newer: Callable[..., None]) -> None:
    def double(measures: tuple[CostMeasure, ...]) -> Edit:
        return lambda found: replace(found, costs=tuple(replace(cost, measure=measure) for cost in found.costs for measure in measures))

    newer(double((CostMeasure.PARAMETERS, CostMeasure.FLOPS)), "0.0.9")
    read(text(1))
    flops = Cost.objects.get(measure="flops")
    decide(flops, "accepted")
    newer(double((CostMeasure.FLOPS, CostMeasure.MACS)))
    found = reextract()
    assert (found.costs, found.differing, found.missing) == (rereading.Counts(changed=1), 0, 0), "parameters are read as MACs now"
    assert sorted(Cost.objects.filter(retired_by__isnull=True).values_list("measure", "state")) == [
        ("flops", "accepted"),
        ("macs", "unreviewed"),
    ]
    assert Cost.objects.get(measure="flops").pk == flops.pk


@pytest.mark.once
def test_number_whose_ends_moved_is_the_same_number(newer: Callable[..., None]) -> None:
    """A rejected number must not come back because a newer version counts the percent sign to it."""
    read(text(1, 2))
    before = {value: stands(value)[0] for value in (71.5, 72.5)}
    decide(before[71.5], "rejected", "not_a_result")

    def lengthen(claim: ClaimDraft) -> ClaimDraft:
        return (
            replace(claim, number=Span(claim.number.start, claim.number.end + 1), stated=claim.stated + "%") if claim.unit == "%" else claim
        )

    newer(on_claims(lengthen))
    found = reextract()
    assert (found.claims.new, found.claims.gone, found.differing, found.missing) == (0, 0, 0, 0)
    assert [(claim.pk, claim.state) for claim in stands(71.5)] == [(before[71.5].pk, "rejected")]
    (moved,) = stands(72.5)
    assert (moved.pk, moved.stated, moved.end) == (before[72.5].pk, "72.5%", before[72.5].end + 1)
    assert shown_on(IMAGENET) == ["72.5%"]


def as_cost(found: Extraction) -> Extraction:
    """Read the score as a cost, where it stands."""
    claim = next(claim for claim in found.claims if claim.value == 71.5)
    shared = {name: getattr(claim, name) for name in CostDraft.__dataclass_fields__ if name not in ("measure", "note", "condition")}
    rest = tuple(other for other in found.claims if other is not claim)
    return replace(found, claims=rest, costs=(*found.costs, CostDraft(**shared, measure=CostMeasure.MEMORY)))


@pytest.mark.once
@pytest.mark.parametrize(("state", "reason", "added"), [("accepted", "", 0), ("rejected", "wrongly_read", 1)])
def test_accepted_claim_gets_no_cost_beside_it(newer: Callable[..., None], state: str, reason: str, added: int) -> None:
    read(text(1))
    decide(stands(71.5)[0], state, reason)
    newer(as_cost)
    found = reextract()
    assert (found.costs.new, found.differing, found.missing) == (added, 1 - added, added)
    if not added:
        assert "reads it as a cost, memory" in Flag.objects.get().note


@pytest.mark.once
def test_number_that_is_no_result_to_a_person_gets_no_other_dataset(newer: Callable[..., None]) -> None:
    read(text(1))
    decide(stands(71.5)[0], "rejected", "not_a_result")
    newer(on_claims(both, value=71.5))
    found = reextract()
    assert (found.claims.new, found.differing) == (0, 1)
    assert "reads it as a claim, Top-1 accuracy on CIFAR-10" in Flag.objects.get().note
    assert "image-classification-on-cifar-10" not in Benchmark.objects.filter(row_count__gt=0).values_list("slug", flat=True)


@pytest.mark.once
@pytest.mark.parametrize(("state", "reason"), [("accepted", ""), ("rejected", "wrongly_read"), ("rejected", "not_a_result")])
def test_decided_number_that_is_read_as_two_gets_neither_but_a_flag(newer: Callable[..., None], state: str, reason: str) -> None:
    read(text(1))
    decide(stands(71.5)[0], state, reason)
    before = Claim.objects.filter(value=71.5).values().get()
    newer(on_claims(lambda claim: [replace(claim, dataset="CIFAR-10"), replace(claim, dataset="CIFAR-100")], value=71.5))
    found = reextract()
    assert (found.claims, found.differing, found.missing) == (rereading.Counts(), 1, 0)
    assert Claim.objects.filter(value=71.5).values().get() == before
    assert "dataset “CIFAR-10”, not “ImageNet-1K”" in Flag.objects.get().note
    assert "it as a claim, Top-1 accuracy on CIFAR-100" in Flag.objects.get().note


@pytest.mark.once
def test_what_a_version_retired_does_not_come_back_beside_a_decision_of_later(newer: Callable[..., None]) -> None:
    newer(on_claims(both, value=71.5), "0.0.9")
    read(text(1))
    newer(version="0.1")
    assert reextract().claims.gone == 1
    decide(stands(71.5)[0], "rejected", "not_a_result")
    newer(on_claims(both, value=71.5))
    assert (reextract().claims, [claim.state for claim in stands(71.5)]) == (rereading.Counts(), ["rejected"])


def test_returning_numbers_take_no_query_each(newer: Callable[..., None]) -> None:
    counts = []
    for first, number in ((1, 2), (11, 9)):
        newer(version="0.1")
        read(text(*range(first, first + number)))
        for version in ("0.2", "0.3"):
            newer(on_claims(lambda claim: None) if version == "0.2" else lambda found: found, version)
            with CaptureQueriesContext(connection) as asked:
                papers = list(Paper.objects.filter(pk__in=reextraction.find_due(vocabulary_hash=catalog.present_vocabulary().hash)))
                run = statements.get_run(extractor_version=version, vocabulary_hash=catalog.present_vocabulary().hash)

                def read_anew(found: PaperText) -> statements.Reading:
                    return statements.Reading(found, pipeline.extract(found.title, found.abstract, catalog.present_vocabulary()))

                rereading.read_again(papers, run, read_anew, actor="test")
        counts.append(sum("retir" in query["sql"] and 'FROM "claims_run"' in query["sql"] for query in asked))
        counts[-1] += sum('FROM "claims_run" WHERE "claims_run"."id"' in query["sql"] for query in asked)
    assert counts == [0, 0]


@pytest.mark.once
@pytest.mark.parametrize("edit", [on_claims(lambda claim: replace(claim, dataset="CIFAR-10"), value=71.5), on_claims(lambda _: None)])
def test_flags_are_settled_by_the_next_decision_and_open_again_by_its_undo(newer: Callable[..., None], edit: Edit) -> None:
    read(text(1, 2))
    decide(stands(71.5)[0], "accepted")
    decide(stands(72.5)[0], "accepted")
    newer(edit)
    reextract()
    others = Flag.objects.filter(object_id=stands(72.5)[0].pk).count()
    changes = decide(stands(71.5)[0], "accepted")
    flag = Flag.objects.get(object_id=stands(71.5)[0].pk)
    assert (flag.settled_by, Flag.objects.filter(settled_by=None).count()) == (changes, others)
    newer(edit, "9.1.0")
    assert reextract().differing + reextract().missing == 0
    assert Flag.objects.filter(object_id=flag.object_id).count() == 1, "a person has seen just this"
    curation.undo(changes, actor="lee")
    assert Flag.objects.get(pk=flag.pk).settled_by is None


@pytest.mark.once
def test_flag_is_settled_by_itself_and_that_is_undone(newer: Callable[..., None]) -> None:
    read(text(1))
    decide(stands(71.5)[0], "accepted")
    newer(on_claims(lambda claim: None))
    reextract()
    changes = curation.settle_flags(Flag.objects.all(), actor="lee")
    assert (Flag.objects.get().settled_by, changes.action, changes.decisions.count()) == (changes, "settle", 0)
    with pytest.raises(InvalidDecisionError, match="settled already"):
        curation.settle_flags(Flag.objects.all(), actor="kim")
    curation.undo(changes, actor="lee")
    assert Flag.objects.get().settled_by is None
    assert stands(71.5)[0].state == "accepted"


@pytest.mark.once
@pytest.mark.parametrize("how", ["reopen", "undo"])
@pytest.mark.parametrize(("state", "reason"), [("rejected", "wrongly_read"), ("accepted", "")])
def test_what_a_run_had_to_spare_comes_in_once_the_decision_is_taken_back(
    newer: Callable[..., None], how: str, state: str, reason: str
) -> None:
    read(text(1, 2))
    made = decide(stands(71.5)[0], state, reason)
    newer(on_claims(lambda claim: [replace(claim, dataset="CIFAR-10"), replace(claim, dataset="CIFAR-100")], value=71.5))
    reextract()
    assert reextraction.start(actor="test") is None
    if how == "reopen":
        decide(stands(71.5)[0], "unreviewed")
    else:
        curation.undo(made, actor="lee")
    found = reextract(since=NEWER)
    assert (found.papers, found.claims) == (1, rereading.Counts(new=1, changed=1))
    assert [claim.dataset.name for claim in stands(71.5) if claim.dataset] == ["CIFAR-10", "CIFAR-100"]
    assert not Flag.objects.filter(settled_by=None).exists()
    assert reextraction.start(actor="test") is None


@pytest.mark.once
def test_decision_that_is_taken_back_where_nothing_was_spared_makes_nothing_due(newer: Callable[..., None]) -> None:
    read(text(1))
    decide(stands(71.5)[0], "accepted")
    decide(stands(71.5)[0], "unreviewed")
    assert reextraction.start(actor="test") is None


def test_running_it_again_changes_nothing(newer: Callable[..., None]) -> None:
    read(text(1, 2, 3))
    decide(stands(71.5)[0], "accepted")
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-10")))
    reextract()
    before = everything()
    assert reextraction.start(actor="test") is None
    assert reextraction.compare() == Difference()
    assert everything() == before
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-10")), "9.1.0")
    found = reextract()
    assert (found.papers, found.claims, found.differing) == (3, rereading.Counts(), 1), "the flag still holds"
    after = everything()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"Claim", "Cost", "Run", "RunText"}, "which run found it, and no more: no board, no flag, no change set"
    assert Flag.objects.count() == 1


@pytest.mark.once
def test_flag_goes_when_a_version_agrees_and_changes_with_what_is_read(newer: Callable[..., None]) -> None:
    read(text(1))
    decide(stands(71.5)[0], "accepted")
    for version, dataset in (("9.0.0", "CIFAR-10"), ("9.1.0", "CIFAR-100")):
        newer(on_claims(partial(replace, dataset=dataset), value=71.5), version)
        reextract()
        assert dataset + "”" in Flag.objects.get().note
    Flag.objects.update(settled_by=ChangeSet.objects.latest("pk"))
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-100"), value=71.5), "9.2.0")
    assert reextract().differing == 0, "a person has seen just this"
    newer(on_claims(lambda claim: None, value=71.5), "9.3.0")
    assert reextract().missing == 1
    assert Flag.objects.count() == 2
    newer(version="9.4.0")
    reextract()
    assert Flag.objects.get().settled_by is not None, "the open one no longer holds"


def scramble(seed: int) -> Edit:
    """Return an edit that reads much of a text otherwise: the same of the same text."""

    def edit(found: Extraction) -> Extraction:
        chance = random.Random(f"{seed} {found.claims} {found.costs}")  # noqa: S311 - no secret

        def other(draft: Any) -> list[Any]:
            turn = chance.randrange(9)
            made = {
                0: [],
                1: [replace(draft, model="ScrambledNet")],
                2: [replace(draft, role=Role.BASELINE if draft.role is Role.PROPOSED else Role.PROPOSED)],
                3: [replace(draft, variant="B/4", setting=(ConditionDraft(ConditionKind.SHOTS, "5", "with five shots"),))],
                4: [replace(draft, qualifier=Qualifier.ABOUT, value=draft.value + 1)],
            }.get(turn, [draft])
            if isinstance(draft, ClaimDraft) and turn == 5:
                made = [replace(draft, dataset="Scrambled Set 3"), draft]
            elif isinstance(draft, CostDraft) and turn == 5:
                made = [replace(draft, measure=CostMeasure.MEMORY), draft]
            return made

        claims = [made for claim in found.claims for made in other(claim)]
        costs = [made for cost in found.costs for made in other(cost)]
        return replace(found, claims=tuple(claims), costs=tuple(costs))

    return edit


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.once)])
def test_boards_are_those_of_a_fresh_ingest_where_nobody_decided(
    newer: Callable[..., None], settings: Settings, seed: int, tmp_path: Path
) -> None:
    settings.CHUNK_SIZE = 12  # several parts each still, and each part takes its hundred queries
    listings = [write_listing(tmp_path / "orders.txt", entries=40).read_text(), SAMPLE.read_text(), text(1, 2), text(2, more="More. ")]
    newest: Edit = scramble(seed) if seed % 2 else lambda found: found
    newer(newest)
    with transaction.atomic():
        for listing in listings:
            read(listing)
        fresh = what_boards_show()
        transaction.set_rollback(True)
    newer(scramble(seed + 10), "0.0.8")
    for listing in listings:
        read(listing)
    assert what_boards_show() != fresh
    newer(scramble(seed + 20), "0.0.9")
    reextract()
    newer(newest)
    reextract()
    found = what_boards_show()
    for part, expected in zip(found, fresh, strict=True):
        assert part == expected


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.once) for seed in (1, 2))])
def test_dry_run_saves_nothing_and_counts_what_the_run_then_changes(
    newer: Callable[..., None], settings: Settings, seed: int, tmp_path: Path
) -> None:
    settings.CHUNK_SIZE = 8  # several parts still
    for listing in (write_listing(tmp_path / "orders.txt", entries=30).read_text(), text(1, 2, 3)):
        read(listing)
    chance = random.Random(seed)  # noqa: S311 - no secret
    for claim in list(Claim.objects.order_by("pk")):
        if claim.retired_by_id is None and chance.random() < 0.3:
            decide(claim, *chance.choice([("accepted", ""), ("rejected", "wrongly_read"), ("rejected", "not_a_result")]))
    newer(scramble(seed))
    before = everything()
    expected = reextraction.compare()
    assert everything() == before
    assert not Reextraction.objects.exists()
    assert expected.differing + expected.missing
    assert expected.claims.new
    assert expected.claims.changed
    assert expected.claims.gone
    decided = Claim.objects.filter(decided_by=DecidedBy.PERSON).order_by("pk")
    kept = list(decided.values())
    assert reextract() == expected
    assert list(decided.values()) == kept
    assert Flag.objects.filter(kind="difference").count() == expected.differing
    assert Flag.objects.filter(kind="gone").count() == expected.missing


def test_other_vocabulary_is_another_run(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1).replace("on ImageNet", "on FooImages"))
    assert reextraction.start(actor="test") is None
    alias = Alias.objects.get(kind="dataset", key="imagenet1k")
    Alias.objects.filter(key="fooimages").delete()
    Alias.objects.create(kind="dataset", text="FooImages", key="fooimages", reviewed=True, dataset=alias.dataset)
    assert reextraction.start(actor="test", since=pipeline.EXTRACTOR_VERSION) is None, "the same version has read it"
    assert reextract().claims == rereading.Counts(changed=1)
    assert shown_on(IMAGENET) == ["71.5"]


def test_since_leaves_out_what_that_version_or_a_newer_one_has_read(newer: Callable[..., None]) -> None:
    for version, number in (("0.2", 1), ("0.9.1", 2), ("0.10", 3), ("1.0", 4)):
        newer(version=version)
        read(text(number))
    newer(version="1.0.0")
    due = {
        since: reextraction.find_due(vocabulary_hash="another", since=since).count() for since in ("", "0.2.0", "0.9.1", "0.10", "1.0.0")
    }
    assert due == {"": 4, "0.2.0": 0, "0.9.1": 1, "0.10": 2, "1.0.0": 3}
    assert reextract(since="0.10").papers == 2
    assert reextract(since="0.10").papers == 0
    for wrong in ("newest", "1.0.1", "1..0"):
        with pytest.raises(InvalidDecisionError):
            reextraction.start(actor="test", since=wrong)


def test_an_older_version_that_is_put_back_reads_everything_again(newer: Callable[..., None]) -> None:
    read(text(1))
    newer(on_claims(lambda claim: None, value=71.5))
    reextract()
    newer(version="0.0.9")
    Run.objects.exclude(extractor_version=NEWER).update(extractor_version="0.0.9")
    assert reextract().claims == rereading.Counts(new=1)
    assert reextraction.start(actor="test") is None
    newer(on_claims(lambda claim: None, value=71.5))
    assert reextract().claims == rereading.Counts(gone=1)


def test_only_the_current_text_is_read_and_a_withdrawn_paper_stays_off_the_boards(newer: Callable[..., None]) -> None:
    read(text(1))
    listing = read(text(1, more="There is more. "))
    alone = read(text(2))
    alone.refresh_from_db()
    uploads.withdraw(alone, actor="lee", version=alone.version)
    newer(on_claims(lambda claim: replace(claim, variant="large")))
    assert reextract().papers == 2
    assert Claim.objects.filter(run__extractor_version=NEWER).exclude(paper_text__paper__current_text=1).exists()
    old = Claim.objects.filter(paper_text__in=Paper.objects.get(title__startswith="Net1").texts.order_by("pk")[:1])
    assert set(old.values_list("variant", flat=True)) == {""}
    assert shown_on(IMAGENET) == ["71.5"]
    withdrawal = ChangeSet.objects.get(action="withdraw")
    uploads.undo(withdrawal, actor="lee")
    assert sorted(Claim.objects.filter(result__benchmark__slug=IMAGENET).values_list("value", "variant")) == [
        (71.5, "large"),
        (72.5, "large"),
    ]
    listing.refresh_from_db()
    uploads.withdraw(listing, actor="lee", version=listing.version)
    assert reextract().papers == 1, "the older text speaks again, and nobody has read it with this version"


def test_decision_is_carried_to_what_a_newer_version_finds_in_the_current_text(newer: Callable[..., None]) -> None:
    read(text(1))
    decide(stands(71.5)[0], "accepted")
    newer(on_claims(lambda claim: None, value=71.5), "0.1.2")
    read(text(1, more="There is more. "))
    assert Flag.objects.get().kind == "gone"
    newer()
    assert reextract().claims.new == 1
    (claim,) = stands(71.5)
    assert (claim.state, claim.run and claim.run.extractor_version) == ("accepted", NEWER)
    assert not Flag.objects.exists()


def test_decided_number_of_an_older_text_is_not_hidden_by_one_that_a_version_retired(newer: Callable[..., None]) -> None:
    read(text(1))
    read(text(1, more="There is more. "))
    newer(on_claims(lambda claim: None, value=71.5))
    reextract()
    assert stands(71.5) == []
    read(text(1) + "\n")
    decide(stands(71.5)[0], "accepted")
    read(text(1, more="There is more. ") + "\n")
    assert [claim.state for claim in stands(71.5)] == ["accepted"]
    assert Flag.objects.get().kind == "gone"


@pytest.mark.once
def test_quoted_number_is_linked_to_what_its_name_means_after_the_reading(newer: Callable[..., None]) -> None:
    quoting = text(2).replace("top-1 accuracy on ImageNet with", "top-1 accuracy on ImageNet, outperforming Net1's 61.5%, with")
    read(text(1) + quoting)

    def linked() -> str | None:
        (quoted,) = stands(61.5)
        return quoted.ml_model.name if quoted.ml_model else None

    def rename(draft: Any) -> Any:
        return replace(draft, model="BareNet") if draft.model == "Net1" and draft.role is Role.PROPOSED else draft

    assert linked() == "Net1"
    newer(on_claims(rename))
    reextract()
    own = Claim.objects.filter(paper_text__paper__title__startswith="Net1", retired_by=None)
    assert set(own.values_list("model_name", flat=True)) == {"BareNet"}
    assert linked() == "Net1", "the cost still names it"
    newer(lambda found: replace(found, claims=tuple(map(rename, found.claims)), costs=tuple(map(rename, found.costs))), "9.1.0")
    reextract()
    assert linked() is None, "nobody's own number names it any longer"
    newer(version="9.2.0")
    reextract()
    assert linked() == "Net1"


@pytest.mark.once
def test_untaken_numbers_are_those_of_the_last_reading(newer: Callable[..., None]) -> None:
    listing = read(text(1))
    before = receipts.read_receipt(listing)
    newer(lambda found: replace(found, claims=found.claims[:1], untaken=(*found.untaken, found.untaken[0])))
    reextract()
    after = receipts.read_receipt(listing)
    assert (after.untaken, after.claims) == (before.untaken + 1, 1)
    assert len(read_paper(Paper.objects.get().public_id).untaken) == after.untaken


@pytest.mark.once
def test_reading_cannot_be_taken_back_and_a_form_that_was_open_is_refused(newer: Callable[..., None]) -> None:
    read(text(1))
    opened = stands(71.5)[0]
    newer(on_claims(lambda claim: replace(claim, variant="large"), value=71.5))
    reextract()
    with pytest.raises(InvalidDecisionError):
        curation.undo(ChangeSet.objects.get(), actor="lee")
    with pytest.raises(StaleObjectError):
        decide(opened, "accepted")
    assert read_paper(Paper.objects.get().public_id, for_curator=True).undoable == {}


# -- work that is shared out ------------------------------------------------------------------------------------------------------


def test_interrupted_reading_goes_on_where_it_was(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(*range(1, 8)))
    newer(on_claims(lambda claim: replace(claim, variant="large")))
    expected = reextraction.compare()
    started = reextraction.start(actor="test")
    assert started is not None
    assert reextraction.read_next_chunk(started.pk) is not None
    settle = search_names.add_words

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(search_names, "add_words", killed)
    with pytest.raises(KeyboardInterrupt):
        reextraction.read_next_chunk(started.pk)
    monkeypatch.setattr(search_names, "add_words", settle)
    monkeypatch.setattr(statements, "link_quoted_models", killed)
    with pytest.raises(KeyboardInterrupt):
        reextraction.read_next_chunk(started.pk)
    monkeypatch.undo()
    newer(on_claims(lambda claim: replace(claim, variant="large")))
    states = list(ReextractionChunk.objects.order_by("number").values_list("state", "run__extractor_version"))
    assert states == [("done", NEWER), ("leased", None), ("leased", NEWER), ("waiting", None)], "nothing of the second was written"
    assert reextraction.start(actor="test") == started, "it is the same work"
    ReextractionChunk.objects.update(lease_until="2020-01-01T00:00Z")
    assert reextraction.read_in_foreground(started).state == WorkState.DONE
    assert reextraction.read_difference(started) == expected
    assert Decision.objects.count() == expected.claims.changed


def test_chunk_that_keeps_failing_fails_alone_and_is_due_again(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1, 2, 3, 4))

    def break_at_two(found: Extraction) -> Extraction:
        if any(claim.value == 72.5 for claim in found.claims):
            raise SoftTimeLimitExceeded
        return found

    newer(break_at_two)
    started = reextraction.start(actor="test")
    assert started is not None
    ended = reextraction.read_in_foreground(started)
    assert ended.state == WorkState.FAILED
    assert "1 of its parts could not be read" in ended.error
    assert ReextractionChunk.objects.get(state="failed").failures == leases.MAX_ERRORS
    newer()
    assert reextract().papers == 2


def test_worker_of_another_version_leaves_it_alone_and_a_new_one_takes_its_place(newer: Callable[..., None]) -> None:
    read(text(1, 2, 3))
    newer()
    started = reextraction.start(actor="test")
    assert started is not None
    newer(version="9.1.0")
    assert reextraction.read_next_chunk(started.pk) is None
    tasks.reextract(started.pk)
    assert not RunText.objects.filter(run__extractor_version__startswith="9").exists()
    second = reextraction.start(actor="test")
    assert second is not None
    assert second.pk != started.pk
    started.refresh_from_db()
    assert (started.state, started.chunks.count()) == (WorkState.STOPPED, 0)
    assert reextraction.read_in_foreground(second).state == WorkState.DONE


def test_worker_with_another_shipped_catalogue_leaves_the_chunks_alone(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1, 2, 3))
    newer()
    started = reextraction.start(actor="test")
    assert started is not None
    older = load_vocabulary().with_aliases([VocabularyAlias(kind=AliasKind.DATASET, name="ImageNet-1K", alias="Old", exact_case=False)])
    with monkeypatch.context() as release:
        release.setattr(reextraction, "load_vocabulary", lambda: older)
        assert reextraction.read_next_chunk(started.pk) is None
        assert reextraction.find_work(force=True) == {}
        second = reextraction.start(actor="test")
        assert second is not None
        assert second.pk != started.pk
    started.refresh_from_db()
    assert (started.state, started.error) == (WorkState.STOPPED, "A release with another catalogue took its place.")
    assert reextraction.read_next_chunk(second.pk) is None


def test_alias_that_a_curator_reviews_meanwhile_stops_no_worker(newer: Callable[..., None]) -> None:
    read(text(1, 2, 3))
    newer()
    started = reextraction.start(actor="test")
    assert started is not None
    alias = Alias.objects.get(kind="dataset", key="imagenet1k")
    Alias.objects.create(kind="dataset", text="FooImages", key="fooimages", reviewed=True, dataset=alias.dataset)
    assert reextraction.read_in_foreground(started).state == WorkState.DONE


def test_foreground_ends_where_somebody_else_stops_it(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    read(text(1, 2, 3, 4))
    newer()
    prepare = reextraction._read_due

    def stopped_meanwhile(first: int, *given: Any, **more: Any) -> Any:
        if first != min(Paper.objects.values_list("pk", flat=True)):
            reextraction.stop(actor="kim")
        return prepare(first, *given, **more)

    monkeypatch.setattr(reextraction, "_read_due", stopped_meanwhile)
    with pytest.raises(SystemExit):
        run("--foreground")
    assert (Reextraction.objects.get().state, RunText.objects.filter(run__extractor_version=NEWER).count()) == (WorkState.STOPPED, 2)


def test_stopped_one_leaves_the_rest_due(newer: Callable[..., None]) -> None:
    read(text(1, 2, 3))
    newer()
    started = reextraction.start(actor="test")
    assert started is not None
    reextraction.read_next_chunk(started.pk)
    lost = leases.take_first(lambda now: reextraction._open_chunks(now).select_related("reextraction", "run"))
    assert lost is not None
    stopped = reextraction.stop(actor="lee")
    assert stopped is not None
    assert (stopped.state, stopped.error) == (WorkState.STOPPED, "Stopped by lee.")
    with pytest.raises(leases.LeaseLostError):
        reextraction._do_chunk(lost)
    assert reextraction.stop(actor="lee") is None
    assert reextract().papers == 1


def test_another_limit_waits_for_the_one_that_is_running(newer: Callable[..., None]) -> None:
    read(text(1))
    newer()
    reextraction.start(actor="test")
    with pytest.raises(InvalidDecisionError, match="is running"):
        reextraction.start(actor="test", since="0.1")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    messages: list[tuple[int, str]] = []
    monkeypatch.setattr(tasks.reextract, "apply_async", lambda arguments, *, queue: messages.append((arguments[0], queue)))
    monkeypatch.setattr(tasks, "TURN_SECONDS", 600.0)
    return messages


def test_workers_are_told_and_the_sweep_finds_lost_messages(
    newer: Callable[..., None], sent: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    read(text(*range(1, 8)))
    newer()
    started = reextraction.start(actor="test")
    assert started is not None
    tasks.sweep()
    assert sent == [(started.pk, "bulk")] * 4
    tasks.sweep()
    assert len(sent) == 4, "the messages are on their way"
    tasks.sweep(force=True)
    assert len(sent) == 8
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    tasks.reextract(started.pk)
    assert (len(sent), ReextractionChunk.objects.filter(state="done").count()) == (9, 1), "others get a turn"
    chunk = ReextractionChunk.objects.get(number=1)
    ReextractionChunk.objects.filter(pk=chunk.pk).update(state="leased", lease_owner="gone", lease_until="2020-01-01T00:00Z")
    monkeypatch.setattr(tasks, "TURN_SECONDS", 600.0)
    tasks.reextract(started.pk)
    started.refresh_from_db()
    assert started.state == WorkState.DONE
    tasks.reextract(started.pk)
    tasks.sweep(force=True)
    assert len(sent) == 9, "there is nothing to do"


def test_broker_that_is_away_loses_nothing(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BrokerError("no broker")

    monkeypatch.setattr(tasks.reextract, "apply_async", refuse)
    read(text(1))
    newer()
    started = reextraction.start(actor="test")
    assert started is not None
    tasks.sweep()
    assert reextraction.find_work(force=False) == {started.pk: 1}


# -- the command ------------------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reextract", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_command_prints_the_difference_and_then_does_it(newer: Callable[..., None], settings: Settings) -> None:
    settings.CHUNK_SIZE = 1
    read(text(1, 2, 3))
    decide(stands(73.5)[0], "accepted")
    newer(on_claims(lambda claim: replace(claim, dataset="CIFAR-10") if claim.value == 71.5 else None if claim.value > 72 else claim))
    before = state_of_boards()
    said = run("--dry-run")
    assert said == (
        "3 papers would be read again by extractor 0.1.1\n"
        "  claims: 0 new, 1 changed, 1 gone\n"
        "  costs: 0 new, 0 changed, 0 gone\n"
        "  decided by persons: 1 would be flagged (0 read otherwise, 1 no longer found)\n"
        "  numbers on boards:\n"
        "    Image Classification on ImageNet-1K: 0 new, 0 changed, 2 gone\n"
        "    Image Classification on CIFAR-10: 1 new, 0 changed, 0 gone\n"
        "Nothing was saved.\n"
    ).replace("0.1.1", NEWER)
    assert state_of_boards() == before
    done = run("--foreground")
    assert done == said.replace("would be", "were").removesuffix("Nothing was saved.\n")
    assert run("--foreground") == "Nothing to read again: all texts were read by the present extractor with the present vocabulary.\n"
    assert run("--dry-run").startswith("0 papers would be read again")


def test_command_leaves_it_to_workers_and_can_stop_it(newer: Callable[..., None], sent: list[tuple[int, str]]) -> None:
    read(text(1, 2))
    newer()
    assert run("--no-wait").startswith("2 papers are to be read again.")
    assert run("--stop").startswith("Stopped. What was read stays")
    assert run("--stop") == "No re-extraction is running.\n"
    with pytest.raises(CommandError, match="is no version"):
        run("--since", "newest")
    assert (
        run("--since", "0.0.1", "--foreground")
        == "Nothing to read again: all texts were read by the present extractor, or by one since 0.0.1.\n"
    )


def test_command_waits_for_workers(newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    upload(text(1))
    read(text(1, 2, 3))
    newer()

    def work(seconds: float) -> None:
        tasks.reextract(Reextraction.objects.get().pk)

    monkeypatch.setattr("claims.management.commands.reextract.time.sleep", work)
    monkeypatch.setattr(tasks, "announce_reextraction", lambda running: None)
    assert run().startswith("3 papers were read again")
