"""The first five results of fixed queries over the four listings: the same file of expectations for every database.

Titles are other people's text: a paper is known by its title's key, everything else by its address' word. After a change that is
meant to change results, look at them and write the file anew with WRITE_EXPECTED=1.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django import Settings

from claims import search
from claims.models import Benchmark, Dataset, MLModel, Paper
from claims.terms import SearchKind

pytestmark = [pytest.mark.shared, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

EXPECTED = Path(__file__).with_name("search_expected.json")
QUERIES = [
    "imagenet", "image net", "imagenet1k", "ImageNet-1k", "imagnet", "ilsvrc", "imagenet classification", "clasification imagenet",
    "resnet 50", "resnet50", "deit iii", "swinv2", "swin v2", "vision transformer", "transformers vision", "efficent vision transfromer",
    "fine grained recogntion", "finegrained", "cifar", "cifar 100", "coco", "objct detecton coco", "kinetics", "segmentation", "mamba", "vit",
    "T2T", "AP", "R1", "clip", "knowledge distilation", "contrastive learning", "language model", "neural architecture search",
    "selfsupervised", "self-supervised learning", "quantisation", "diffusion", "robust foveal visual perceptron", "tiny", "GhostNet v2",
    "learning", "zzzzqqq",
]  # fmt: skip


def name_of(kind: SearchKind, pk: int) -> str:
    if kind is SearchKind.PAPER:
        return Paper.objects.get(pk=pk).title_key[:16]
    tables: dict[SearchKind, Any] = {SearchKind.BOARD: Benchmark, SearchKind.DATASET: Dataset, SearchKind.MODEL: MLModel}
    return str(tables[kind].objects.get(pk=pk).slug)


def first_five(text: str) -> list[str]:
    query = search.Query.read(text)
    candidates, _ = search._find_candidates(query, search._find_near_words(query))
    return [f"{found.kind} {name_of(found.kind, found.object_id)}" for found in search.rank(query, search._visible(candidates))[:5]]


def test_first_five_are_the_expected_ones(settings: Settings, tmp_path: Path, shared_dir: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    call_command("ingest", *map(str, sorted((shared_dir / "listings").glob("*.txt"))), stdout=io.StringIO())
    found = {text: first_five(text) for text in QUERIES}
    if os.environ.get("WRITE_EXPECTED"):
        EXPECTED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(EXPECTED.read_text(encoding="utf-8"))
    kept = dump_names()
    call_command("rebuild_search", stdout=io.StringIO())
    assert dump_names() == kept


def dump_names() -> set[tuple[object, ...]]:
    from claims.models import SearchName

    with transaction.atomic():
        return set(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias"))
