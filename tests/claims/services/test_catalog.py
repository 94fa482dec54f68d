from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims.errors import CatalogueError
from claims.extraction import vocabulary as shipped
from claims.extraction.vocabulary import load_vocabulary
from claims.models import Alias, Benchmark, Dataset, DefaultTask, Metric, Task
from claims.services import catalog
from claims.terms import AliasKind
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def test_loading_twice_changes_nothing() -> None:
    first = catalog.load_catalogue(load_vocabulary())
    tables = (Dataset, Metric, Task, Alias, DefaultTask)
    before = [list(table._default_manager.order_by("pk").values_list()) for table in tables]
    with CaptureQueriesContext(connection) as asked:
        second = catalog.load_catalogue(load_vocabulary())
    assert (first.created, second.created) == (first.entries, 0)
    assert len(asked) < 100, "each start of a site loads it: no query for each entry"
    assert [list(table._default_manager.order_by("pk").values_list()) for table in tables] == before


def test_every_canonical_name_of_the_guide_is_shipped() -> None:
    load_catalogue()
    datasets = [
        "ImageNet-1K",
        "ImageNet-21K",
        "ImageNet-V2",
        "ImageNet-LT",
        "Tiny-ImageNet",
        "CIFAR-10",
        "COCO",
        "ADE20K",
        "Kinetics-400",
        "UCF101",
        "WikiText-103",
        "PG-19",
    ]
    metrics = [
        "Accuracy",
        "Top-1 accuracy",
        "box AP",
        "mIoU",
        "FID",
        "rFID",
        "IS",
        "bits/dim",
        "SRCC",
        "Recall@1",
        "WER",
        "NDCG",
        "Win rate",
    ]
    assert set(datasets) <= set(Dataset.objects.values_list("name", flat=True))
    assert set(metrics) <= set(Metric.objects.values_list("name", flat=True))
    assert Metric.objects.get(name="FID").direction == "lower"


def test_changed_entry_keeps_its_fields() -> None:
    load_catalogue()
    Metric.objects.filter(name="FID").update(unit="points", version=2)
    catalog.load_catalogue(load_vocabulary())
    assert Metric.objects.get(name="FID").unit == "points"


def test_name_that_a_text_brought_becomes_the_shipped_entry() -> None:
    paper = make_paper()
    brought = catalog.resolve_names(AliasKind.DATASET, {"imagenet 1k": (paper, "on imagenet 1k")})["imagenet 1k"]
    assert (brought.reviewed, brought.introduced_by, brought.introduced_in) == (False, paper, "on imagenet 1k")
    catalog.load_catalogue(load_vocabulary())
    brought.refresh_from_db()
    assert (brought.name, brought.slug, brought.reviewed) == ("ImageNet-1K", "imagenet-1k", True)


def test_alias_of_two_entries_is_refused_and_nothing_is_half_loaded() -> None:
    vocabulary = shipped.Vocabulary((), (), (shipped.Metric(name="First", aliases=("score x",)),))
    catalog.load_catalogue(vocabulary)
    clash = shipped.Vocabulary((), (), (shipped.Metric(name="Second", aliases=("Score X",)),))
    with pytest.raises(CatalogueError, match="Score X"):
        catalog.load_catalogue(clash)
    assert list(Metric.objects.values_list("name", flat=True)) == ["First"]


def test_names_resolve_by_alias_exact_case_first_and_to_the_root() -> None:
    load_catalogue()
    paper = make_paper()
    found = catalog.resolve_names(AliasKind.METRIC, dict.fromkeys(("IS", "top-1 acc", "Brand new score"), (paper, "")))
    assert found["IS"].name == "IS"
    assert found["top-1 acc"].name == "Top-1 accuracy"
    assert not found["Brand new score"].reviewed
    root = Metric.objects.get(name="FID")
    Metric.objects.filter(pk=found["Brand new score"].pk).update(merged_into=root)
    assert catalog.resolve_names(AliasKind.METRIC, {"brand NEW score": (paper, "")})["brand NEW score"] == root


def test_unknown_task_is_left_out() -> None:
    assert catalog.resolve_names(AliasKind.TASK, {"Cloud Counting": (make_paper(), "")}) == {}


def test_reviewed_alias_reaches_the_vocabulary_and_changes_its_hash() -> None:
    load_catalogue()
    plain = catalog.read_vocabulary()
    assert plain.hash == load_vocabulary().hash
    fid = Metric.objects.get(name="FID")
    Alias.objects.create(kind="metric", text="Frechet number", key="frechetnumber", metric=fid, reviewed=False)
    assert catalog.read_vocabulary().hash == plain.hash
    Alias.objects.filter(key="frechetnumber").update(reviewed=True)
    extended = catalog.read_vocabulary()
    assert extended.hash != plain.hash
    assert "Frechet number" in extended.metric["FID"].aliases
    assert replace(extended.metric["FID"], aliases=plain.metric["FID"].aliases) == plain.metric["FID"]


@pytest.mark.parametrize(
    ("name", "slug"), [("ImageNet-1K", "imagenet-1k"), ("SQuAD 2.0", "squad-2-0"), ("Image Classification", "image-classification")]
)
def test_slug_is_readable(name: str, slug: str) -> None:
    assert catalog.make_slug(name) == slug


def test_slugs_of_names_that_lose_letters_differ() -> None:
    names = ["SeiT", "SeiT++", "εNet", "Net", "網路", "网络", "x" * 400, "x" * 401]
    slugs = [catalog.make_slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(0 < len(slug) <= 200 for slug in slugs)


def test_variant_that_a_later_version_lists_by_itself_takes_its_aliases_along() -> None:
    vocabulary = load_vocabulary()
    kept = tuple(entry for entry in vocabulary.datasets if entry.name != "ADE20K-847")
    earlier = [replace(entry, aliases=(*entry.aliases, "ADE20K-847", "ADE20K-Full")) if entry.name == "ADE20K" else entry for entry in kept]
    catalog.load_catalogue(shipped.Vocabulary(vocabulary.tasks, tuple(earlier), vocabulary.metrics))
    catalog.load_catalogue(vocabulary)
    whole, part = Dataset.objects.get(name="ADE20K"), Dataset.objects.get(name="ADE20K-847")
    assert (part.parent, whole.parent) == (whole, None)
    assert set(Alias.objects.filter(text__in=("ADE20K-847", "ADE20K-Full")).values_list("dataset__name", flat=True)) == {"ADE20K-847"}
    assert catalog.load_catalogue(vocabulary).created == 0


def test_variant_stays_where_somebody_has_decided() -> None:
    vocabulary = load_vocabulary()
    kept = tuple(entry for entry in vocabulary.datasets if entry.name != "ADE20K-847")
    earlier = [replace(entry, aliases=(*entry.aliases, "ADE20K-847", "ADE20K-Full")) if entry.name == "ADE20K" else entry for entry in kept]
    catalog.load_catalogue(shipped.Vocabulary(vocabulary.tasks, tuple(earlier), vocabulary.metrics))
    Dataset.objects.filter(name="ADE20K").update(version=2)
    catalog.load_catalogue(vocabulary)
    assert not Dataset.objects.filter(name="ADE20K-847").exists()
    assert Dataset.objects.get(name="ADE20K").parent is None


def test_boards_of_what_a_release_changes_are_other_ones() -> None:
    catalog.load_catalogue(load_vocabulary())
    metric = Metric.objects.get(name="Top-1 accuracy")
    board = make.make_board(1, benchmark=make.make_benchmark(metric=metric))
    other = make.make_board(1, benchmark=make.make_benchmark("Speech Recognition", "A set of one's own", metric=make.make_metric("Own")))
    Metric.objects.filter(pk=metric.pk).update(unit="points")  # as an earlier release had it
    before = dict(Benchmark.objects.values_list("pk", "version"))
    for _ in range(2):  # a second time nothing is new
        catalog.load_catalogue(load_vocabulary())
        after = dict(Benchmark.objects.values_list("pk", "version"))
        assert (after[board.pk] - before[board.pk], after[other.pk] - before[other.pk]) == (1, 0)
