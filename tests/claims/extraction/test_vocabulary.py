"""The vocabulary: shipped files, aliases, collisions and the hash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from claims.extraction.vocabulary import CATALOGUE, Alias, Vocabulary, VocabularyError, load_vocabulary
from claims.terms import AliasKind


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def found_in(vocabulary: Vocabulary, text: str) -> list[str]:
    return [found.name for found in vocabulary.find(text, vocabulary.spot(text, text.lower()))]


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
        ("Microsoft COCO, MS-COCO, MSCOCO and Microsoft-COCO", ["COCO"] * 4),
        ("PASCAL VOC 2012, VOC 2012, VOC2012", ["PASCAL VOC 2012"] * 3),
        ("CIFAR10-C, CIFAR-10-C, CIFAR10C", ["CIFAR-10-C"] * 3),
        ("SQuAD v2.0, SQuAD 1.1 and SQuAD", ["SQuAD 2.0", "SQuAD 1.1", "SQuAD"]),
        ("NTU RGB+D 60 and NTU-RGB+D 120", ["NTU RGB+D", "NTU RGB+D 120"]),
        ("RefCOCO, RefCOCO+ and RefCOCOg", ["RefCOCO", "RefCOCO+", "RefCOCOg"]),
        ("AIME24, AIME'25 and AIME", ["AIME 2024", "AIME 2025", "AIME"]),
        ("MATH, MATH-500 and the MATH dataset", ["MATH", "MATH-500", "MATH"]),
        ("GPQA-Diamond and GPQA", ["GPQA Diamond", "GPQA"]),
        ("AlpacaEval 2 and AlpacaEval", ["AlpacaEval 2.0", "AlpacaEval"]),
        ("SWE-bench Verified and SWE-bench-Lite", ["SWE-bench Verified", "SWE-bench Lite"]),
        ("ML-1M, MovieLens-20M and MovieLens", ["MovieLens-1M", "MovieLens-20M", "MovieLens"]),
        ("the Weather dataset, the Electricity dataset", ["Weather (Jena)", "Electricity (ECL)"]),
        ("BraTS21, BraTS 2021 and BraTS", ["BraTS 2021", "BraTS 2021", "BraTS"]),
        ("on Spider and BIRD", ["Spider", "BIRD"]),
        ("on CNN/Daily Mail and XSum", ["CNN/DailyMail", "XSum"]),
        ("WMT14 En-De and WMT'14 English-French", ["WMT 2014 English-to-German", "WMT 2014 English-to-French"]),
        ("mAP@0.5, mAP50, AP_50, mAP@[.5:.95]", ["AP50", "AP50", "AP50", "mAP50-95"]),
        ("macro-F1, Micro F1 score, F-measure", ["Macro F1", "Micro F1", "F1"]),
        ("AUROC, ROC-AUC, PR-AUC, FPR@95", ["AUC", "AUC", "AUPRC", "FPR95"]),
        ("nDCG@10, NDCG, HR@10, Hits@3", ["NDCG@10", "NDCG", "HR@10", "Hits@3"]),
        ("an AP score of 54, an IS score of 300 and a score of 7", ["AP", "IS", "Score"]),
    ],
)
def test_names_are_found_by_every_spelling(vocabulary: Vocabulary, text: str, names: list[str]) -> None:
    assert found_in(vocabulary, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Traffic is heavy, the Weather is bad and Electricity is dear.",
        "Beauty and Books sell well on Amazon; Steam and Pets do not.",
        "A spider, a bird and a chameleon. Spider silk is strong: Spider webs last.",
        "They race to glue the squad of dolls, drop the dice and rest at breakfast.",
        "We answer natural questions by speech commands in a common voice.",
        "the largest of multiple movies, with hateful memes and open images from the wilds",
        "a needle in a haystack; one billion words; moments in time",
        "SEED money for ARC welding, a replica of the iris and a replay attack",
        "a saliency map, a 3D map and attention maps; it adds chairs to the table in 5 secs",
        "The novelty, validity, coverage and modularity of the method",
        "Camo-M3FD and TCGA-PRAD are other names",
        "Synapses fire; the Fisher information; math contests; yelp; flowers in a garden",
    ],
)
def test_everyday_words_are_no_datasets_and_no_metrics(vocabulary: Vocabulary, text: str) -> None:
    found = [
        found
        for found in vocabulary.find(text, vocabulary.spot(text, text.lower()))
        if found.kind is not AliasKind.TASK and found.name != "Dice"
    ]
    assert found == []


def test_capital_that_begins_a_sentence_makes_no_dataset(vocabulary: Vocabulary) -> None:
    assert found_in(vocabulary, "Yelp is large. Yelp grows; reviews of Yelp help") == ["Yelp"]


def test_name_with_something_hung_on_is_found(vocabulary: Vocabulary) -> None:
    assert found_in(vocabulary, "ImageNet-Trained and ImageNet-pretrained networks") == ["ImageNet-1K", "ImageNet-1K"]


def test_catalogue_is_as_wide_as_promised(vocabulary: Vocabulary) -> None:
    assert len({metric.family for metric in vocabulary.metrics}) >= 60
    assert sum(len(metric.aliases) + len(metric.exact_aliases) for metric in vocabulary.metrics) >= 250
    assert len(vocabulary.datasets) >= 400
    assert {task.area for task in vocabulary.tasks} >= {
        "Computer vision", "Multimodal", "Natural language", "Code", "Speech and audio", "Graphs", "Reinforcement learning",
        "Medical", "Time series", "Recommendation and tabular", "Science", "Security",
    }  # fmt: skip


def test_names_fit_one_small_automaton(vocabulary: Vocabulary) -> None:
    """Twenty thousand patterns are built in a twentieth of a second; many more would be seen in each worker's start."""
    assert len(vocabulary.spellings) < 20_000
    assert max(map(len, vocabulary.spellings)) < 120


def test_every_canonical_name_of_the_guide_resolves_to_itself(vocabulary: Vocabulary) -> None:
    datasets = (
        "ImageNet-1K, ImageNet-21K, ImageNet-V2, ImageNet-A, ImageNet-R, ImageNet-C, ImageNet-Sketch, ImageNet-E, ImageNet-LT, ImageNet-100, "
        "Tiny-ImageNet, Tiny-ImageNet-R, ImageNet 64x64, ImageNet 256x256, ImageNet 512x512, CIFAR-10, CIFAR-100, MNIST, Fashion-MNIST, SVHN, "
        "COCO, COCO 2014, PASCAL VOC 2007, ADE20K, Cityscapes, Kinetics-400, Kinetics-600, Something-Something V1, Something-Something V2, "
        "UCF101, HMDB51, Flickr30K, VQA v2, iNaturalist 2018, WikiText-103, PG-19, FFHQ 64x64"
    )
    metrics = (
        "Accuracy, Top-1 accuracy, Top-5 accuracy, Error rate, Top-1 error, Top-5 error, mAP, box AP, mask AP, AP, mIoU, FID, rFID, FVD, rFVD, "
        "IS, Perplexity, bits/dim, PSNR, SSIM, SRCC, PLCC, Recall@1, BLEU, ROUGE-L, F1, Exact match, WER, AUC, ECE, Robust accuracy, "
        "Certified accuracy, VQA accuracy, I2T accuracy, T2I accuracy, Win rate, Pass@1, NDCG"
    )
    for kind, names in ((AliasKind.DATASET, datasets), (AliasKind.METRIC, metrics)):
        for name in names.split(", "):
            assert vocabulary.lookup(kind, name) == name
    for spelled, name in (("ImageNet-22K", "ImageNet-21K"), ("gFID", "FID"), ("Spearman", "SRCC"), ("ILSVRC-2012", "ImageNet-1K")):
        assert name in found_in(vocabulary, spelled)


def test_known_directions_units_and_bounds_of_metrics(vocabulary: Vocabulary) -> None:
    for metric in vocabulary.metrics:
        low, high = metric.bounds
        assert low is None or high is None or low < high, metric.name
        assert metric.unit in ("%", ""), metric.name
        if "error" in metric.name.lower().split():
            assert metric.direction == "lower", metric.name
        if metric.name.lower().endswith(("accuracy", "recall", "precision")):
            assert metric.direction == "higher", metric.name


def test_dataset_is_measured_in_its_own_metric(vocabulary: Vocabulary) -> None:
    for dataset in vocabulary.datasets:
        if dataset.training_only:
            assert (dataset.default_task, dataset.default_metric, dataset.tasks) == ("", "", ()), dataset.name
        if dataset.single_label:
            assert vocabulary.metric[dataset.default_metric].family in {"accuracy", "error", "f1", "worst_group", "mce"}, dataset.name
        assert dataset.parent != dataset.name


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
        ("datasets.toml", '[[dataset]]\nname = "X"\naliases = ["ms coco"]\n', "names both"),
        ("datasets.toml", '[[dataset]]\nname = "X"\nexact_aliases = ["BIRD"]\n', "names both"),
        ("datasets.toml", '[[dataset]]\nname = "X"\nparent = "Y"\n', "Y"),
        ("areas_tasks.toml", '[[task]]\nname = "X"\narea = "Y"\naliases = ["image recognition"]\n', "names both"),
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
