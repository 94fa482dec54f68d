"""The same papers give the same bytes: in another run, under another hash seed, in another order, over several processes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from claims.listings import registry
from claims.listings.base import ListedPaper

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "claims" / "samples" / "daily-papers-sample.txt"
GOLD = ROOT.parent / "shared" / "gold"


def read_samples() -> list[bytes]:
    """Return the papers of the built-in sample listing as lines."""
    with SAMPLES.open("rb") as stream:
        reader, survey = registry.survey(stream, chunk_size=10**9)
        listed = [found for mark in survey.chunks for found in reader.read(stream, survey, mark) if isinstance(found, ListedPaper)]
    rows = [{"id": f"sample-{number}", "title": paper.title, "abstract": paper.abstract} for number, paper in enumerate(listed)]
    return [json.dumps(row).encode() for row in rows]


def read_gold() -> list[bytes]:
    return [line for name in ("dev", "dev_other_fields") for line in (GOLD / f"{name}_papers.jsonl").read_bytes().splitlines()]


@cache
def papers_of(source: str) -> tuple[bytes, ...]:
    return tuple(read_samples() if source == "samples" else read_gold())


def run(lines: tuple[bytes, ...], *, hash_seed: int, processes: int = 1) -> list[bytes]:
    """Return the lines that the command writes for those, from a process of its own."""
    command = [sys.executable, "manage.py", "extract", "--input", "-", "--output", "-", "--processes", str(processes)]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, input=b"\n".join(lines), capture_output=True, check=True)
    return done.stdout.splitlines(keepends=True)


@cache
def first_run(source: str) -> list[bytes]:
    return run(papers_of(source), hash_seed=1)


pytestmark = [
    pytest.mark.embedded,
    pytest.mark.parametrize("source", ["samples", pytest.param("gold", marks=pytest.mark.shared)]),
]


def test_sets_hold_claims_and_costs(source: str) -> None:
    found = [json.loads(line) for line in first_run(source)]
    assert len(found) == len(papers_of(source)) >= 40
    assert sum(len(paper["claims"]) for paper in found) > len(found)
    assert sum(len(paper["costs"]) for paper in found) > 20


@pytest.mark.parametrize(("hash_seed", "processes"), [(1, 1), (2, 1), (3, 2)], ids=["again", "another hash seed", "two processes"])
def test_another_run_writes_the_same_bytes(source: str, hash_seed: int, processes: int) -> None:
    assert run(papers_of(source), hash_seed=hash_seed, processes=processes) == first_run(source)


@pytest.mark.parametrize("processes", [1, 2])
def test_order_of_papers_changes_no_paper(source: str, processes: int) -> None:
    order = list(range(len(papers_of(source))))
    random.Random(7).shuffle(order)  # noqa: S311 - no secret
    written = run(tuple(papers_of(source)[at] for at in order), hash_seed=1, processes=processes)
    assert written == [first_run(source)[at] for at in order]
