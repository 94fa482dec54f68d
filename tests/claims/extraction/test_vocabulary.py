"""The vocabulary: shipped files, aliases, collisions and the hash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from claims.extraction.vocabulary import CATALOGUE, Alias, Vocabulary, VocabularyError, fold, load_vocabulary
from claims.terms import AliasKind


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def found_in(vocabulary: Vocabulary, text: str) -> list[str]:
    return [found.name for found in vocabulary.find(text, fold(text))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ImageNet1k and ILSVRC 2012", ["ImageNet-1K", "ImageNet-1K"]),
        ("ImageNet a lot", ["ImageNet-1K"]),
        ("ImageNet-A, ImageNet-22K", ["ImageNet-A", "ImageNet-21K"]),
        ("this is an IS of", ["IS"]),
        ("a nap, AP, mAP", ["AP", "mAP"]),
        ("CIFAR10 / cifar 100", ["CIFAR-10", "CIFAR-100"]),
        ("CIFAR-1000", []),
        ("ImageNet+ and Food-101+", []),
        ("ImageNet 256 x 256", ["ImageNet 256x256"]),
    ],
)
def test_names_are_found_by_every_spelling(vocabulary: Vocabulary, text: str, names: list[str]) -> None:
    assert found_in(vocabulary, text) == names


def test_reviewed_alias_finds_its_entry(vocabulary: Vocabulary) -> None:
    wider = vocabulary.with_aliases([Alias(AliasKind.DATASET, "ImageNet-1K", "the thousand classes")])
    assert found_in(wider, "on the thousand classes") == ["ImageNet-1K"]
    assert found_in(vocabulary, "on the thousand classes") == []
    assert wider.hash != vocabulary.hash


def test_new_entry_of_the_catalogue_is_measured_on(vocabulary: Vocabulary) -> None:
    wider = vocabulary.with_aliases([Alias(AliasKind.DATASET, "Teapots-9", "Teapots-9")])
    assert found_in(wider, "on Teapots-9") == ["Teapots-9"]
    assert not wider.dataset["Teapots-9"].training_only


@pytest.mark.parametrize("alias", ["CIFAR-10", "cifar10", "Cifar 10"])
def test_alias_of_another_entry_is_refused(vocabulary: Vocabulary, alias: str) -> None:
    with pytest.raises(VocabularyError, match="names both"):
        vocabulary.with_aliases([Alias(AliasKind.DATASET, "ImageNet-1K", alias)])


def test_hash_depends_on_content_and_not_on_order(vocabulary: Vocabulary) -> None:
    turned = Vocabulary(vocabulary.tasks[::-1], vocabulary.datasets[::-1], vocabulary.metrics[::-1])
    assert turned.hash == vocabulary.hash
    assert Vocabulary(vocabulary.tasks, vocabulary.datasets[1:], vocabulary.metrics).hash != vocabulary.hash


@pytest.mark.parametrize(
    ("file", "entry", "message"),
    [
        ("metrics.toml", '[[metric]]\nname = "X"\nunit = ""\ndirection = "higher"\nfamily = "x"\naliases = ["top 1 acc"]\n', "names both"),
        ("datasets.toml", '[[dataset]]\nname = "X"\ndefault_task = "Juggling"\n', "Juggling"),
        ("areas_tasks.toml", '[[task]]\nname = "X"\n', "area"),
        ("datasets.toml", "[[dataset\n", "datasets.toml"),
    ],
)
def test_faulty_files_are_refused(tmp_path: Path, file: str, entry: str, message: str) -> None:
    shutil.copytree(CATALOGUE, tmp_path / "catalogue", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "catalogue" / file
    path.write_text(path.read_text(encoding="utf-8") + "\n" + entry, encoding="utf-8")
    with pytest.raises(VocabularyError, match=message):
        load_vocabulary(tmp_path / "catalogue")


def test_primary_metric_comes_from_dataset_then_task(vocabulary: Vocabulary) -> None:
    assert vocabulary.primary_metric("Image Classification", "ImageNet-1K") == "Top-1 accuracy"
    assert vocabulary.primary_metric("Object Detection", "COCO") == "box AP"
    assert vocabulary.primary_metric("Image Generation", "ImageNet 32x32") == "bits/dim"
    assert vocabulary.primary_metric("Juggling", "COCO") == ""
