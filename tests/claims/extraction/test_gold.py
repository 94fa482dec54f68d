"""Precision and recall against the annotated papers beside the project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claims.extraction.guide import paper_json
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary

pytestmark = pytest.mark.shared


def score(shared: Path, tmp_path: Path, name: str) -> dict[str, Any]:
    """Extract from the papers of one gold set and return the scorer's figures."""
    vocabulary = load_vocabulary()
    papers, predictions = shared / "gold" / f"{name}_papers.jsonl", tmp_path / "predictions.jsonl"
    with papers.open(encoding="utf-8") as lines, predictions.open("w", encoding="utf-8") as output:
        for paper in map(json.loads, lines):
            found = extract(paper["title"], paper["abstract"], vocabulary)
            output.write(json.dumps(paper_json(paper["id"], paper["title"], paper["abstract"], found)) + "\n")
    done = subprocess.run(
        [sys.executable, shared / "gold" / "score.py", shared / "gold" / f"{name}.jsonl", predictions, "--papers", papers, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize(
    ("name", "absolute", "relative", "cost"),
    [("dev", 0.90, 0.85, 0.90), ("dev_other_fields", 0.80, 0.75, 0.85)],
)
def test_gold_floor(shared_dir: Path, tmp_path: Path, name: str, absolute: float, relative: float, cost: float) -> None:
    figures = score(shared_dir, tmp_path, name)
    assert figures["absolute"]["f1"] >= absolute
    assert figures["relative"]["f1"] >= relative
    assert figures["cost"]["f1"] >= cost
    assert figures["leaks"]["share"] <= 0.03
    assert figures["evidence"]["share"] == 1.0
