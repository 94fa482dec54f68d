"""Flags on boards: written where boards are settled, taken away when they no longer hold, and never back once a person settled them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims.models import Benchmark, Claim, Flag, MLModel
from claims.services import changes, correction, curation, flagging, results
from claims.services.correction import Correction
from claims.terms import ClaimKind, CurationState, FlagKind, RejectReason, Role
from tests import factories as make

pytestmark = pytest.mark.django_db


def make_claim(number: str, *, benchmark: Benchmark, **fields: Any) -> Claim:
    """Return a claim that names its task: settled, it stays on its board."""
    return make.make_claim(number, benchmark=benchmark, task=benchmark.task, **fields)


def make_wrong(benchmark: Benchmark, number: str = "0.76") -> Claim:
    """Return a fraction among percentages, on a board that was looked at."""
    for other in ("71.2%", "74.0%", "80.9%"):
        make_claim(other, benchmark=benchmark, model=f"Net {other}")
    claim = make_claim(number, benchmark=benchmark, model="Wrong", unit="", decimals=2)
    look(benchmark)
    return claim


def look(*benchmarks: Benchmark) -> None:
    results.settle_papers_alone(Claim.objects.filter(result__benchmark__in=benchmarks).values_list("paper_text__paper", flat=True))


def open_flags() -> list[tuple[str, int]]:
    return list(Flag.objects.filter(settled_by=None).order_by("pk").values_list("kind", "object_id"))


def test_a_flag_comes_where_its_board_is_settled_and_goes_with_its_correction() -> None:
    claim = make_wrong(make.make_benchmark())
    assert open_flags() == [(FlagKind.SCALE, claim.pk)]
    claim.refresh_from_db()
    made = correction.correct(claim, Correction(number="76%"), actor="kim", version=claim.version, reason="")
    assert open_flags() == []
    changes.undo(made, actor="kim")
    assert open_flags() == [(FlagKind.SCALE, claim.pk)]


def test_a_settled_flag_does_not_come_back_for_the_same_number() -> None:
    board = make.make_benchmark()
    claim = make_wrong(board)
    made = curation.settle_flags(Flag.objects.all(), actor="kim", reason="It is an error rate.")
    make_claim("72.5%", benchmark=board, model="Later")
    look(board)
    assert open_flags() == []
    curation.undo(made, actor="kim")
    assert open_flags() == [(FlagKind.SCALE, claim.pk)]
    curation.settle_flags(Flag.objects.all(), actor="kim")
    Claim.objects.filter(pk=claim.pk).update(value=0.77, canonical_value=0.77, stated="0.77")
    look(board)
    assert open_flags() == [(FlagKind.SCALE, claim.pk)], "it is another number now"


def test_what_is_rejected_or_accepted_has_no_open_flag() -> None:
    board = make.make_benchmark()
    claim = make_wrong(board)
    claim.refresh_from_db()
    rejected = curation.decide(claim, CurationState.REJECTED, actor="kim", version=claim.version, reason=RejectReason.NOT_A_RESULT.value)
    assert open_flags() == []
    curation.undo(rejected, actor="kim")
    assert len(open_flags()) == 1
    claim.refresh_from_db()
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
    look(board)
    assert open_flags() == []


def test_words_follow_the_board_and_a_flag_that_no_longer_holds_goes() -> None:
    board = make.make_benchmark()
    make_wrong(board)
    make_claim("82.0%", benchmark=board, model="Later")
    look(board)
    assert Flag.objects.get().note == "0.76 stands among percentages of 71.2 to 82: it may be a fraction (76%)."
    for number in ("0.81", "0.79", "0.80", "0.78"):
        make_claim(number, benchmark=board, model=f"Net {number}", unit="", decimals=2)
    look(board)
    assert open_flags() == [], "where fractions are as usual nothing is strange about one"


def test_papers_that_contradict_each_other() -> None:
    board = make.make_benchmark()
    model = MLModel.objects.create(name="ResNet-50", name_key="resnet50", slug="resnet-50")
    claims = [make_claim(number, benchmark=board, model="ResNet-50", ml_model=model, model_key="resnet50") for number in ("76.1%", "75.3%")]
    look(board)
    assert open_flags() == [(FlagKind.CONFLICT, claim.pk) for claim in claims]


def test_number_in_a_metric_without_a_column_keeps_nobody_from_looking_at_the_others() -> None:
    board = make.make_benchmark()
    other = make_claim("75.0%", benchmark=board, model="Other")
    claim = make_wrong(board)
    Flag.objects.all().delete()
    Claim.objects.filter(pk=other.pk).update(metric=make.make_metric("Recall"))
    assert flagging.flag_all().boards == 1
    assert open_flags() == [(FlagKind.SCALE, claim.pk)]


@pytest.mark.parametrize("boards", [1, 6])
def test_query_count_is_constant(boards: int) -> None:
    made = [make.make_benchmark(dataset=f"Set {number}") for number in range(boards)]
    for board in made:
        make_wrong(board)
    Flag.objects.all().delete()
    with CaptureQueriesContext(connection) as queries:
        done = flagging.flag_all()
    assert (done.boards, done.new) == (boards, boards)
    assert len(queries) == 13


def test_large_boards_are_looked_at_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flagging, "LARGEST_AT_ONCE", 2)
    board = make.make_benchmark()
    claim = make_wrong(board)
    assert open_flags() == []
    assert list(flagging.find_outdated()) == [board]
    assert not flagging.find_outdated(quiet=True).exists(), "it changed just now"
    call_command("flag")
    assert open_flags() == [(FlagKind.SCALE, claim.pk)]
    assert not flagging.find_outdated().exists()
    assert flagging.flag_all().new == 0, "once is enough"


def test_only_what_stands_on_a_board_keeps_its_flag() -> None:
    board = make.make_benchmark()
    claim = make_wrong(board)
    Claim.objects.filter(pk=claim.pk).update(result=None)
    flagging.flag_all()
    assert open_flags() == []


def test_a_difference_keeps_its_flag_while_another_board_of_its_text_is_looked_at() -> None:
    first, second = make.make_benchmark(), make.make_benchmark(dataset="COCO")
    said = "Old reaches 70.1% on ImageNet-1K and New 75.3%. On COCO Old reaches 50.0% and New 55.0%, better by 7.3%. That is all."
    paper = make.make_paper(abstract=said)
    for board, old, new in ((first, "70.1%", "75.3%"), (second, "50.0%", "55.0%")):
        make_claim(old, benchmark=board, paper=paper, model="Old", role=Role.BASELINE)
        make_claim(new, benchmark=board, paper=paper, model="New")
    step = make_claim("7.3%", benchmark=second, paper=paper, model="New", kind=ClaimKind.DELTA, on_board=False)
    look(first, second)
    assert open_flags() == [(FlagKind.DELTA, step.pk)]
    make_claim("71.0%", benchmark=first, model="Later")
    flagging.flag_outdated()
    assert open_flags() == [(FlagKind.DELTA, step.pk)]
