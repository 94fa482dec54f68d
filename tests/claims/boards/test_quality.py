"""What people made of what was read: outcomes, what counts, what it is counted under, and how sure a share is."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims.boards import quality
from claims.boards.quality import Line, Part, read_quality, wilson
from claims.models import Benchmark, ChangeSet, Claim, Run
from claims.services import correction, curation
from claims.terms import CurationState, DecidedBy, RejectReason
from tests import factories as make

pytestmark = pytest.mark.django_db

_versions = itertools.count(1)


def make_read(board: Benchmark, number: str = "86.2%", *, version: str = "1.0", **fields: Any) -> Claim:
    run, _ = Run.objects.get_or_create(extractor_version=version, vocabulary_hash="v")
    return make.make_claim(number, benchmark=board, model=f"Net{next(_versions)}", run=run, on_board=False, **fields)


def decide(claim: Claim, state: CurationState, reason: str = "") -> ChangeSet:
    claim.refresh_from_db()
    return curation.decide(claim, state, actor="kim", version=claim.version, reason=reason)


def accept(claim: Claim) -> ChangeSet:
    return decide(claim, CurationState.ACCEPTED)


def reject(claim: Claim, reason: RejectReason = RejectReason.NOT_A_RESULT) -> ChangeSet:
    return decide(claim, CurationState.REJECTED, reason.value)


def correct(claim: Claim, **wanted: Any) -> ChangeSet:
    claim.refresh_from_db()
    return correction.correct(claim, wanted, actor="kim", version=claim.version, may_add=True)  # type: ignore[arg-type]  # as a form says it


def counts(line: Line | None) -> list[int]:
    return [share.count for share in line.in_order] if line else []


def lines_of(part: Part) -> dict[str, list[int]]:
    return {line.name: counts(line) for line in read_quality().parts[part].lines}


def test_each_outcome_is_counted_once() -> None:
    board = make.make_benchmark()
    claims = [make_read(board) for _ in range(7)]
    accept(claims[0])
    accept(claims[1])
    correct(claims[2], number="81.5%")
    reject(claims[3])
    reject(claims[4], RejectReason.WRONGLY_READ)
    accept(claims[5])
    reject(claims[5])  # decided on twice: it is what it is now
    whole = read_quality().whole
    assert counts(whole) == [2, 1, 2, 1]
    assert whole is not None
    assert whole.total == 6
    assert whole.rejected.count == 3
    assert sum(share.percent for share in whole.in_order) == pytest.approx(100)


def test_only_what_people_decided_and_still_holds_counts() -> None:
    board = make.make_benchmark()
    assert read_quality().whole is None
    undone, reopened, by_policy, retired, added, _ = (make_read(board) for _ in range(6))
    curation.undo(accept(undone), actor="kim")
    accept(reopened)
    decide(reopened, CurationState.UNREVIEWED)
    Claim.objects.filter(pk=by_policy.pk).update(state=CurationState.ACCEPTED, decided_by=DecidedBy.POLICY)
    accept(retired)
    accept(added)
    assert counts(read_quality().whole) == [2, 0, 0, 0]
    Claim.objects.filter(pk=retired.pk).update(retired_by=Run.objects.first(), result=None)
    Claim.objects.filter(pk=added.pk).update(run=None)  # a person found it, and no version of the extractor
    accept(Claim.objects.get(result=make.make_imported_row(make.make_benchmark("Other Task", "Other"), "Net", "70.1")))
    assert read_quality() == quality.Quality(None, {})


def test_correction_that_says_what_was_read_is_none() -> None:
    claim = make_read(make.make_benchmark())
    correct(claim, number="81.5%")
    assert counts(read_quality().whole) == [0, 1, 0, 0]
    correct(claim, number="86.2%")
    assert counts(read_quality().whole) == [1, 0, 0, 0]


def test_claim_counts_for_the_metric_that_it_was_read_as() -> None:
    board = make.make_benchmark()
    f1 = make.make_metric("F1")
    claim = make_read(board)
    correct(claim, metric="F1")
    claim.refresh_from_db()
    assert claim.metric == f1
    assert lines_of(Part.METRIC) == {"Top-1 accuracy": [0, 1, 0, 0]}
    other = make_read(board)
    Claim.objects.filter(pk=other.pk).update(metric=None, metric_name="", result=None)
    correct(other, metric="F1")
    assert lines_of(Part.METRIC) == {"Top-1 accuracy": [0, 1, 0, 0], "No metric read": [0, 1, 0, 0]}


def test_parts_tell_claims_apart() -> None:
    board, other = (
        make.make_benchmark(),
        make.make_benchmark("Translation", "WMT14", area="Language", metric=make.make_metric("BLEU", unit="")),
    )
    other.dataset.default_task = other.task
    other.dataset.save()
    accept(make_read(board, confidence=0.96))
    accept(make_read(board, confidence=0.95, version="2.0"))
    reject(make_read(other, confidence=0.9499, version="2.0"))
    reject(make_read(other, "31.5", confidence=0.2))
    assert lines_of(Part.EXTRACTOR) == {"1.0": [1, 0, 1, 0], "2.0": [1, 0, 1, 0]}
    assert list(lines_of(Part.CONFIDENCE)) == ["0.95 to 1", "0.9 to below 0.95", "0 to below 0.5"]
    assert lines_of(Part.AREA) == {"Language": [0, 0, 2, 0], "No field": [2, 0, 0, 0]}
    assert lines_of(Part.DATASET) == {"ImageNet-1K": [2, 0, 0, 0], "WMT14": [0, 0, 2, 0]}


def test_versions_with_several_vocabularies_are_one_line() -> None:
    board = make.make_benchmark()
    for number in range(2):
        claim = make_read(board)
        run = Run.objects.create(extractor_version="3.0", vocabulary_hash=f"other{number}")
        Claim.objects.filter(pk=claim.pk).update(run=run)
        accept(claim)
    assert lines_of(Part.EXTRACTOR) == {"3.0": [2, 0, 0, 0]}


def test_month_is_that_of_the_decision_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = make_read(make.make_benchmark())
    clock = iter([datetime(2026, month, 28, 23, 59, tzinfo=UTC) for month in (1, 2, 3, 4, 5)])
    now = [next(clock)]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now[0])

    def months() -> dict[str, list[int]]:
        return lines_of(Part.MONTH)

    accept(claim)
    assert months() == {"2026-01": [1, 0, 0, 0]}
    now[0] = next(clock)
    rejected = reject(claim)
    assert months() == {"2026-02": [0, 0, 1, 0]}
    now[0] = next(clock)
    undone = curation.undo(rejected, actor="lee")
    assert months() == {"2026-01": [1, 0, 0, 0]}, "the acceptance of January holds again"
    now[0] = next(clock)
    curation.undo(undone, actor="kim")
    assert months() == {"2026-02": [0, 0, 1, 0]}, "and so does the rejection of February"


def test_months_are_in_order_and_all_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    board = make.make_benchmark()
    claims = [make_read(board) for _ in range(15)]
    for number, claim in enumerate(claims):
        monkeypatch.setattr("django.utils.timezone.now", lambda at=number: datetime(2025 + at // 12, at % 12 + 1, 3, tzinfo=UTC))
        accept(claim)
    months = read_quality().parts[Part.MONTH]
    assert [line.key for line in months.lines] == sorted(line.key for line in months.lines)
    assert (len(months.lines), months.left_out) == (15, 0)


def test_largest_lines_are_shown_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MOST_LINES", 2)
    board = make.make_benchmark()
    for number in range(3):
        for _ in range(number + 1):
            metric = make.make_metric(f"Metric {number}")
            accept(make_read(board, metric=metric))
    read = read_quality().parts[Part.METRIC]
    assert [line.name for line in read.lines] == ["Metric 2", "Metric 1"]
    assert read.left_out == 1
    everything = read_quality(everything=Part.METRIC)
    assert [line.total for line in everything.parts[Part.METRIC].lines] == [3, 2, 1]


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # As R's prop.test(count, total, correct = FALSE) prints them.
    [(0, 10, 0.0, 27.75), (10, 10, 72.25, 100.0), (1, 1, 20.65, 100.0), (43, 50, 73.81, 93.05), (160, 164, 93.90, 99.05)],
)
def test_interval_is_wilsons(count: int, total: int, low: float, high: float) -> None:
    share = wilson(count, total)
    assert share.percent == pytest.approx(100 * count / total)
    assert share.low == pytest.approx(low, abs=0.006)
    assert share.high == pytest.approx(high, abs=0.006)
    assert 0 <= share.low <= share.percent <= share.high <= 100


@pytest.mark.parametrize("count", [1, 9])
def test_reading_takes_a_fixed_number_of_queries(count: int) -> None:
    board = make.make_benchmark()
    for claim in [make_read(board) for _ in range(count)]:
        accept(claim)
    with CaptureQueriesContext(connection) as queries:
        read_quality()
    assert len(queries) == 7


def test_claims_that_nobody_decided_on_are_not_looked_at() -> None:
    """The index holds what people decided on and nothing else, and the query is answered from it."""
    if connection.vendor == "sqlite":
        assert "claim_by_person" in quality.decided_claims().explain()
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Claim._meta.db_table)
    assert found["claim_by_person"]["index"]
