"""Which rows, columns and leaders claims make."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pytest_django import Settings

from claims import ranking
from claims.boards import Board, read_board
from claims.models import Benchmark, CatalogueState, Claim, CostLink, Metric, Result, ResultValue
from claims.services import ingest, records, results, storage, updates
from claims.terms import Direction
from tests.catalogue import load_catalogue
from tests.factories import make_claim

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

OPENING = "We look at this for a long time and from many sides, as nobody has done before us, and then measure."


@pytest.fixture(autouse=True)
def _site(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()


def read(*papers: tuple[str, str]) -> None:
    text = "new\n\n" + "\n\n".join(f"{title}\n\n{OPENING} {abstract}" for title, abstract in papers) + "\n"
    listing, _ = storage.store_upload(io.BytesIO(text.encode()), name="x.txt", actor="test")
    ingest.ingest_in_foreground(listing)


def board(slug: str) -> Board:
    return read_board(Benchmark.objects.with_names().get(slug=slug), {})


def test_accuracy_stands_in_the_top_1_column_of_a_single_label_set_and_says_so() -> None:
    read(
        ("OneNet: A Net", "OneNet reaches 81.5% top-1 accuracy on ImageNet."),
        ("TwoNet: A Net", "TwoNet reaches an accuracy of 83.5% on ImageNet."),
    )
    found = board("image-classification-on-imagenet-1k")
    assert [(row.model, row.cells["top-1-accuracy"].read_as) for row in found.rows] == [("TwoNet", "Accuracy"), ("OneNet", "")]
    assert Claim.objects.get(value=83.5).metric == Metric.objects.get(name="Accuracy")


def test_family_of_the_metric_names_the_benchmark() -> None:
    read(("GenNet: A Net", "GenNet reaches an FID of 2.31 on ImageNet 256x256. It reaches 80.5% top-1 accuracy on ImageNet."))
    assert set(Benchmark.objects.values_list("slug", flat=True)) == {
        "image-generation-on-imagenet-256x256",
        "image-classification-on-imagenet-1k",
    }


def test_bound_leads_no_board_in_either_direction() -> None:
    read(
        ("LowNet: A Net", "LowNet reaches an FID of less than 2 on ImageNet 256x256."),
        ("BestNet: A Net", "BestNet reaches an FID of 2.31 on ImageNet 256x256."),
    )
    benchmark = Benchmark.objects.get(slug="image-generation-on-imagenet-256x256")
    assert benchmark.leader == Claim.objects.get(value=2.31)


@pytest.mark.parametrize("direction", [Direction.HIGHER, Direction.LOWER])
@pytest.mark.parametrize(
    ("stated", "canonical"),
    [((0.8, None), (80.0, None)), ((0.7, 0.9), (70.0, 90.0)), ((76.5, 80.9), (None, None)), ((81.5, None), (None, None))],
)
def test_database_ranks_a_number_as_the_pages_do(
    direction: Direction, stated: tuple[float, float | None], canonical: tuple[float | None, float | None]
) -> None:
    claim = make_claim(value=stated[0], value_max=stated[1], canonical_value=canonical[0], canonical_max=canonical[1])
    number = ResultValue.objects.filter(claim=claim).values_list(records.ranks_by(direction), flat=True).get()
    low, high = canonical if canonical[0] is not None else stated
    assert low is not None
    assert number == ranking.ranking_value(low, high, direction)


def test_leader_among_equals_is_the_first_row_of_the_board() -> None:
    read(
        ("ZNet: A Net", "ZNet reaches 81.5% top-1 accuracy on ImageNet."),
        ("A Note without a Name", "Our method reaches 81.5% top-1 accuracy on ImageNet."),
    )
    found = board("image-classification-on-imagenet-1k")
    assert [(row.rank, row.tied) for row in found.rows] == [(1, True), (1, True)]
    leader = found.benchmark.leader
    assert leader is not None
    assert leader.pk == found.rows[0].cells["top-1-accuracy"].pk


def test_setting_keeps_each_papers_own_words() -> None:
    read(
        ("OneNet: A Net", "In a zero-shot setting, OneNet reaches 61.5% top-1 accuracy on ImageNet."),
        ("TwoNet: A Net", "TwoNet reaches 63.5% zero-shot top-1 accuracy on ImageNet."),
    )
    for result in Result.objects.all():
        claim = Claim.objects.get(result=result)
        row = next(row for row in board("image-classification-on-imagenet-1k").rows if row.pk == result.pk)
        assert sorted(row.setting) == sorted(condition["text"] for condition in claim.setting)


def test_parameters_hold_in_every_setting_and_flops_in_their_own_sentence() -> None:
    read(
        (
            "OneNet: A Net",
            (
                "With 21M parameters, OneNet reaches 81.5% top-1 accuracy on ImageNet with 4.5G FLOPs. "
                "At a resolution of 384x384, OneNet reaches 83.5% top-1 accuracy on ImageNet."
            ),
        )
    )
    rows = {row.cells["top-1-accuracy"].value: row for row in board("image-classification-on-imagenet-1k").rows}
    assert set(rows[81.5].costs) == {"parameters", "flops"}
    assert set(rows[83.5].costs) == {"parameters"}


def test_link_that_a_person_untied_stays_untied() -> None:
    read(("OneNet: A Net", "OneNet reaches 81.5% top-1 accuracy on ImageNet with 21M parameters."))
    CostLink.objects.update(tied=False, linked_by="person")
    results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert board("image-classification-on-imagenet-1k").rows[0].costs == {}
    assert not CostLink.objects.get().tied


def test_settling_again_changes_nothing_but_the_version() -> None:
    read(
        ("OneNet: A Net", "OneNet reaches 81.5% top-1 accuracy on ImageNet with 21M parameters."),
        ("TwoNet: A Net", "TwoNet reaches 83.5% accuracy on ImageNet, outperforming OneNet's 81.0%."),
    )

    def rows() -> list[tuple[object, ...]]:
        return [
            *Result.objects.order_by("pk").values_list(),
            *Claim.objects.order_by("pk").values_list(),
            *Benchmark.objects.order_by("pk").values_list("leader", "row_count", "primary_metric"),
        ]

    before = rows()
    results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert rows() == before


def test_changed_catalogue_settles_the_boards() -> None:
    read(
        ("OneNet: A Net", "OneNet reaches 81.5% top-1 accuracy on ImageNet."),
        ("TwoNet: A Net", "TwoNet reaches 83.5% top-1 accuracy on ImageNet."),
    )
    assert updates.update_catalogue().changed == 0
    # As if an older release had shipped the metric with the wrong direction.
    Metric.objects.filter(name="Top-1 accuracy").update(direction="lower")
    results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert Benchmark.objects.get().leader == Claim.objects.get(value=81.5)
    assert updates.update_catalogue().changed == 1
    assert Benchmark.objects.get().leader == Claim.objects.get(value=83.5)
    assert CatalogueState.objects.get().unsettled_from is None


def test_boards_that_a_killed_update_left_unsettled_are_settled_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    read(
        ("OneNet: A Net", "OneNet reaches 81.5% top-1 accuracy on ImageNet."),
        ("TwoNet: A Net", "TwoNet reaches 83.5% top-1 accuracy on ImageNet."),
    )
    read(
        ("ThreeNet: A Net", "ThreeNet has an error rate of 4.25% on CIFAR-10."),
        ("FourNet: A Net", "FourNet has an error rate of 3.25% on CIFAR-10."),
    )
    Metric.objects.filter(name__in=["Top-1 accuracy", "Error rate"]).update(direction="unknown")
    results.settle_papers_alone(list(Result.objects.values_list("paper_id", flat=True)))
    assert set(Benchmark.objects.values_list("leader", flat=True)) == {None}
    settle = results.settle_papers_alone
    settled: list[int] = []

    def killed(papers: list[int]) -> None:
        if settled:
            raise SystemExit
        settled.extend(papers)
        settle(papers)

    monkeypatch.setattr(updates, "BATCH", 2)
    monkeypatch.setattr(results, "settle_papers_alone", killed)
    with pytest.raises(SystemExit):
        updates.update_catalogue()
    assert Benchmark.objects.filter(leader=None).count() == 1
    monkeypatch.setattr(results, "settle_papers_alone", settle)
    assert updates.update_catalogue().changed == 0, "the catalogue itself was loaded"
    assert {board.leader and board.leader.value for board in Benchmark.objects.select_related("leader")} == {83.5, 3.25}
    assert CatalogueState.objects.get().unsettled_from is None
