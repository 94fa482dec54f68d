"""Records of tables: rows beside those of papers, costs joined over tables, conflicts, withdrawals."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from claims.listings.base import StatedDate, TableCell
from claims.listings.headers import find_largest, read_header
from claims.models import Benchmark, Claim, Cost, CostLink, Flag, Listing, Metric, MLModel, Paper, Result, ResultValue, SourceRecord
from claims.services import changes, curation, results, statements, tables, uploads
from claims.terms import CostMeasure, CurationState, FlagKind
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.tables import LARGE, score, speed, take_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue()


def shown(benchmark: Benchmark | None = None) -> list[tuple[str, str, float, dict[str, float]]]:
    """Return (model, variant, score, costs) of the board's rows."""
    values = ResultValue.objects.select_related("result", "claim").order_by("result__model_key", "result__variant_key", "pk")
    values = values.filter(result__benchmark=benchmark) if benchmark else values
    return [
        (
            value.result.model_name,
            value.result.variant,
            value.claim.canonical_value or 0.0,
            {link.cost.measure: link.cost.canonical_value or 0.0 for link in value.result.cost_links.select_related("cost")},
        )
        for value in values
    ]


def board() -> Benchmark:
    return Benchmark.objects.get(slug="image-classification-on-imagenet-1k")


def test_record_is_a_row_with_its_costs_and_no_sentence() -> None:
    take_in("a.csv", [score(variant="in21k")])
    assert shown() == [("OrderNet", "in21k", 81.5, {"parameters": 25.5e6})]
    result = Result.objects.get()
    assert result.paper is None
    assert result.source is not None
    assert result.source.name == "a.csv"
    claim = Claim.objects.get()
    assert (claim.evidence, claim.column, claim.stated, claim.unit, claim.decimals) == ("", "top1", "81.5", "%", 1)
    assert claim.source_record is not None
    assert claim.source_record.raw == {"model": "OrderNet", "top1": "81.5"}
    assert (board().row_count, board().leader) == (1, claim)
    assert claim.ml_model == MLModel.objects.get(name="OrderNet", introduced_by=None)


def test_taking_in_again_changes_nothing() -> None:
    records = [score(1), score(2, "OtherNet")]
    take_in("a.csv", records)
    before = [list(table.objects.order_by("pk").values()) for table in (Claim, Cost, Result, ResultValue, CostLink, SourceRecord)]
    take_in("a.csv", records)
    assert [list(table.objects.order_by("pk").values()) for table in (Claim, Cost, Result, ResultValue, CostLink, SourceRecord)] == before


@pytest.mark.parametrize("first", ["scores", "speeds"])
def test_tables_of_a_collection_are_joined_in_either_order(first: str) -> None:
    scores = [score(1), score(2, conditions=(LARGE,), top1="83.0"), score(3, "OtherNet", "70.0")]
    speeds = [speed(1), speed(2, "UnknownNet"), speed(3, "OtherNet", conditions=(LARGE,))]
    for name, records in [("scores", scores), ("speeds", speeds)] if first == "scores" else [("speeds", speeds), ("scores", scores)]:
        take_in(f"{name}.csv", records)
    priced = sorted((value, costs.get("throughput")) for _, _, value, costs in shown())
    assert priced == [(70.0, None), (81.5, 1250.5), (83.0, None)], "the model and the resolution must be the same"
    assert Cost.objects.filter(condition="RTX 0, FP32").count() == 3


def test_decision_on_a_cost_of_another_table_changes_the_boards_that_show_it() -> None:
    take_in("scores.csv", [score()])
    take_in("speeds.csv", [speed()])
    version = board().version
    cost = Cost.objects.get(measure=CostMeasure.THROUGHPUT)
    decided = curation.decide(cost, CurationState.ACCEPTED, actor="kim", version=cost.version)
    assert board().version == version + 1
    changes.undo(decided, actor="kim")
    assert board().version == version + 2


def test_tables_of_no_collection_and_of_others_are_not_joined() -> None:
    take_in("scores.csv", [score()], collection="")
    take_in("speeds.csv", [speed()], collection="")
    take_in("others.csv", [speed()], collection="other")
    assert shown()[0][3] == {"parameters": 25.5e6}


def test_withdrawn_table_leaves_the_boards_with_all_that_was_joined_and_comes_back() -> None:
    scores = take_in("scores.csv", [score()])
    speeds = take_in("speeds.csv", [speed()])
    whole = shown()
    withdrawn = uploads.withdraw(speeds, actor="kim", version=speeds.version)
    assert shown()[0][3] == {"parameters": 25.5e6}
    changes.undo(withdrawn.change_set, actor="kim")
    assert shown() == whole
    scores.refresh_from_db()
    withdrawn = uploads.withdraw(scores, actor="kim", version=scores.version)
    assert shown() == []
    assert board().row_count == 0
    changes.undo(withdrawn.change_set, actor="kim")
    assert shown() == whole
    assert board().row_count == 1


def test_long_table_is_withdrawn_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SETTLE_AT_ONCE", 2)
    monkeypatch.setattr(uploads, "SETTLE_BATCH", 2)
    listing = take_in("a.csv", [score(number, f"Net{number}") for number in range(1, 6)])
    assert uploads.withdraw(listing, actor="kim", version=listing.version).papers is None
    left = [len(shown())]
    while uploads.settle_next(listing.pk):
        left.append(len(shown()))
    assert [*left, len(shown())] == [5, 3, 1, 0]


def test_paper_of_a_record_is_known_by_its_arxiv_id_and_takes_its_title_from_a_listing() -> None:
    day = StatedDate(2023, 3, 9)
    take_in("a.csv", [score(arxiv_id="2303.00001", paper_url="https://arxiv.org/abs/2303.00001", date=day)])
    paper = Paper.objects.get()
    assert (paper.title, paper.last_day, paper.date_source) == ("arXiv:2303.00001", date(2023, 3, 9), "table")
    assert Result.objects.get().paper == paper
    claim = Claim.objects.get()
    assert claim.ml_model == MLModel.objects.get(introduced_by=paper)


def test_imported_and_extracted_number_of_one_paper_and_model_are_one_row() -> None:
    paper = make.make_paper("OrderNet: On Order", abstract="OrderNet reaches 81.5% top-1 accuracy on ImageNet-1K.", arxiv_id="2303.00001")
    top1 = Metric.objects.get(name="Top-1 accuracy")
    claim = make.make_claim(
        "81.5%", benchmark=_made_board(), metric=top1, paper=paper, model="OrderNet", model_key="ordernet", on_board=False
    )
    results.settle_papers_alone([paper.pk])
    take_in("a.csv", [score(arxiv_id="2303.00001", conditions=(), top1="81.52")])
    value = ResultValue.objects.get()
    assert (value.claim.source_record is not None, value.others, value.conflicts) == (True, 1, 0), "the more exact one is shown"
    take_in("b.csv", [score(arxiv_id="2303.00001", conditions=(), top1="82.10")])
    value = ResultValue.objects.get()
    assert (value.others, value.conflicts) == (2, 2 if value.claim.value == 82.1 else 1)
    curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=Claim.objects.get(pk=claim.pk).version)
    value = ResultValue.objects.get()
    assert (value.claim, value.conflicts) == (claim, 1), "what is accepted is shown, and contradicted by one of the others"


def _made_board() -> Benchmark:
    take_in("made.csv", [score(9, "MadeNet")])
    uploads.withdraw(Listing.objects.get(name="made.csv"), actor="kim", version=1)
    return board()


def test_rejected_number_of_a_record_leaves_its_row_and_stays_away() -> None:
    take_in("a.csv", [score(), score(2, "OtherNet")])
    claim = Claim.objects.get(model_name="OrderNet")
    rejected = curation.decide(claim, CurationState.REJECTED, actor="kim", version=claim.version, reason="wrongly_read")
    assert [row[0] for row in shown()] == ["OtherNet"]
    take_in("a.csv", [score(), score(2, "OtherNet")])
    assert [row[0] for row in shown()] == ["OtherNet"]
    curation.undo(rejected, actor="kim")
    assert [row[0] for row in shown()] == ["OrderNet", "OtherNet"]


def test_rejected_cost_of_a_joined_table_leaves_the_rows() -> None:
    take_in("scores.csv", [score()])
    take_in("speeds.csv", [speed()])
    cost = Cost.objects.get(measure="throughput")
    curation.decide(cost, CurationState.REJECTED, actor="kim", version=cost.version, reason="not_a_result")
    assert shown()[0][3] == {"parameters": 25.5e6}


def test_row_without_a_paper_has_the_day_of_its_record() -> None:
    take_in("a.csv", [score(date=StatedDate(2021, 2, None))])
    assert Result.objects.get().stated_day == date(2021, 2, 28)


def test_fraction_of_a_percentage_is_compared_in_percent_and_shown_as_stated() -> None:
    cells = (TableCell("acc", "0.8428 ± 0.0014", metric="Accuracy"),)
    take_in("a.csv", [score(datasets=("CIFAR-10",), cells=cells)])
    claim = Claim.objects.get()
    assert (claim.stated, claim.value, claim.canonical_value, claim.uncertainty, claim.unit) == ("0.8428", 0.8428, 84.28, 0.0014, "")


def test_new_names_become_unreviewed_entries_and_a_direction_is_asked_for() -> None:
    cells = (TableCell("Order score", "3.5", metric="Order score"),)
    take_in("a.csv", [score(tasks=("Language Modelling", "Order Models"), datasets=("OrderBank", "hard part"), cells=cells)])
    benchmark = Benchmark.objects.get()
    assert (benchmark.task.name, benchmark.dataset.name) == ("Language Modeling: Order Models", "OrderBank: hard part")
    assert benchmark.dataset.parent is not None
    assert benchmark.dataset.parent.name == "OrderBank"
    assert not benchmark.reviewed
    assert benchmark.leader is None
    flag = Flag.objects.get(kind=FlagKind.DIRECTION)
    assert "Order score" in flag.note


def test_what_can_not_be_is_listed_with_record_and_column() -> None:
    cells = (
        TableCell("top1", "181.5", metric="Top-1 accuracy", unit="%"),
        TableCell("top5", "please ask", metric="Top-5 accuracy", unit="%"),
        TableCell("params", "-", measure=CostMeasure.PARAMETERS, unit="M"),
        TableCell("speed", "12 kg", measure=CostMeasure.THROUGHPUT, unit="1/s"),
    )
    read, problems = tables.read_records([score(7, cells=cells)])
    assert [(found.record, found.column, found.stated) for found in problems] == [(7, "top5", "please ask"), (7, "speed", "12 kg")]
    source = tables.get_import(make.make_listing("a.csv"), collection="")
    with transaction.atomic():
        written = tables.write_records(source, read)
    assert [(found.record, found.column) for found in written.problems] == [(7, "top1")]
    assert "from 0 to 100" in written.problems[0].reason
    assert (Claim.objects.count(), Cost.objects.count()) == (0, 0)


def test_queries_do_not_grow_with_records() -> None:
    take_in("warm.csv", [score()])
    with CaptureQueriesContext(connection) as few:
        take_in("few.csv", [score(1, "Few")])
    with CaptureQueriesContext(connection) as many:
        take_in("many.csv", [score(number, f"Many{number}") for number in range(1, 200)])
    # SQLite takes so many parameters in a statement that one of forty columns has few rows.
    asked = [sum(not query["sql"].startswith("INSERT") for query in queries) for queries in (few, many)]
    assert asked[1] == asked[0]


def test_model_of_two_datasets_comes_in_two_parts() -> None:
    take_in("a.csv", [score(1)])
    take_in("a.csv", [score(2, datasets=("ImageNet-V2",))])
    assert sorted(row.benchmark.dataset.name for row in Result.objects.all()) == ["ImageNet-1K", "ImageNet-V2"]


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        ("Accuracy", ["0.8428", "0.91"], [84.28, 91.0]),
        ("Accuracy", ["0.9", "91.0"], [0.9, 91.0]),
        ("Error rate", ["0.62", "1.55"], [0.62, 1.55]),
        ("Error rate", ["0.62%", "0.8%"], [0.62, 0.8]),
        ("Error rate", ["0.62", "0.8"], []),
    ],
    ids=["fractions", "percentages", "small-errors", "with-signs", "nobody-can-tell"],
)
def test_column_tells_fractions_from_percentages(metric: str, values: list[str], expected: list[float]) -> None:
    largest = find_largest(values)
    records = [
        score(number, f"Net{number}", datasets=("CIFAR-10",), cells=(TableCell("value", value, metric=metric, largest=largest),))
        for number, value in enumerate(values, start=1)
    ]
    read, _ = tables.read_records(records)
    source = tables.get_import(make.make_listing("a.csv"), collection="")
    with transaction.atomic():
        problems = tables.write_records(source, read).problems
    assert [claim.canonical_value for claim in Claim.objects.order_by("pk")] == expected
    assert len(problems) == len(values) - len(expected)
    assert all("write “%” behind it" in problem.reason for problem in problems)


def test_quoted_model_is_linked_to_that_of_a_table_as_long_as_it_stands() -> None:
    paper = make.make_paper(abstract="OrderNet has 70.0% top-1 accuracy on ImageNet-1K. Ours reaches 75.0%.")
    benchmark = make.make_benchmark("Sorting", "Sums")
    quoted = make.make_claim(
        "70.0%", benchmark=benchmark, paper=paper, model="OrderNet", model_key="ordernet", role="baseline", on_board=False, dataset=None
    )
    listing = take_in("a.csv", [score()])
    statements.link_quoted_models(tables.find_model_keys(SourceRecord.objects.values_list("pk", flat=True)))

    def linked_to() -> str:
        model = Claim.objects.get(pk=quoted.pk).ml_model
        return model.name if model else ""

    assert linked_to() == "OrderNet"
    withdrawn = uploads.withdraw(listing, actor="kim", version=listing.version)
    assert linked_to() == ""
    changes.undo(withdrawn.change_set, actor="kim")
    assert linked_to() == "OrderNet"


@pytest.mark.parametrize(
    ("measure", "header", "value", "expected"),
    [
        (CostMeasure.GPU_DAYS, "GPU days", "4", 96.0),
        (CostMeasure.GPU_HOURS, "GPU hours", "4", 4.0),
        (CostMeasure.LATENCY, "Latency (ms)", "2.5k", None),
        (CostMeasure.LATENCY, "Latency (ms/img)", "12", None),
        (CostMeasure.LATENCY, "Latency", "12", None),
        (CostMeasure.LATENCY, "Latency", "12 ms", 0.012),
        (CostMeasure.TRAINING_TIME, "Training time (h)", "2", 7200.0),
        (CostMeasure.PARAMETERS, "Params", "24.5", None),
        (CostMeasure.PARAMETERS, "Params (M)", "24.5", 24.5e6),
        (CostMeasure.PARAMETERS, "Params (M)", "185M", 185e6),
        (CostMeasure.PARAMETERS, "Params", "4.1 GFLOPs", None),
        (CostMeasure.THROUGHPUT, "FPS", "30", 30.0),
    ],
)
def test_cost_is_taken_only_in_a_unit_that_is_said(measure: CostMeasure, header: str, value: str, expected: float | None) -> None:
    _, found, unit = read_header(header)
    assert found == measure
    read, problems = tables.read_records([score(cells=(TableCell(header, value, measure=measure, unit=unit),))])
    assert len(problems) == (expected is None)
    source = tables.get_import(make.make_listing("a.csv"), collection="")
    with transaction.atomic():
        tables.write_records(source, read)
    assert list(Cost.objects.values_list("canonical_value", flat=True)) == ([] if expected is None else [expected])
