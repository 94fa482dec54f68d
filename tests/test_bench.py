"""What the benchmarks say of what they measured."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary
from tests.annotated import Judged

BENCH = Path(__file__).parent / "bench"


@pytest.fixture(scope="module")
def explain_limit() -> Callable[[float, int], str]:
    found: Callable[[float, int], str] = runpy.run_path(str(BENCH / "run.py"))["explain_limit"]
    return found


@pytest.mark.embedded
@pytest.mark.parametrize("busy", [1.8, 1.95, 2.0])
def test_full_cores_limit_two_workers(explain_limit: Callable[[float, int], str], busy: float) -> None:
    assert "the cores, which two workers and the database fill" in explain_limit(busy, 2)


@pytest.mark.embedded
@pytest.mark.parametrize(("busy", "cores", "idle"), [(1.2, 2, "0.8 of 2"), (1.5, 8, "6.5 of 8")])
def test_idle_cores_tell_that_waiting_limits_two_workers(
    explain_limit: Callable[[float, int], str], busy: float, cores: int, idle: str
) -> None:
    said = explain_limit(busy, cores)
    assert "waiting, for locks, disk or the broker" in said
    assert f"{idle} cores were idle" in said


@pytest.mark.embedded
def test_many_cores_do_not_tell_what_limits_two_workers(explain_limit: Callable[[float, int], str]) -> None:
    assert explain_limit(2.5, 8) == "what limits it: that there are two workers, or waiting; 5.5 of 8 cores were idle"


@pytest.fixture(scope="module")
def extraction() -> dict[str, Any]:
    return runpy.run_path(str(BENCH / "extraction.py"))


@pytest.mark.embedded
def test_fastest_pass_of_each_counts_beside_what_is_wanted(extraction: dict[str, Any]) -> None:
    made = extraction["Pass"]
    passes = {
        "engine": [made(2.5, 5), made(2, 8), made(4, 4)],
        "spaCy phrases": [made(16, 16), made(10, 10)],
        "spaCy rules": [made(20, 20), made(30, 30)],
        "spaCy numbers": [made(8, 8), made(9, 9)],
        "spaCy names": [made(4, 4), made(5, 5)],
    }
    said = extraction["explain"](4000, passes, 200 * 1024)
    assert [line.split()[:3] for line in said] == [
        ["engine", "2,000", "abstracts/s"],
        ["spaCy", "phrases", "400"],
        ["spaCy", "rules", "200"],
        ["spaCy", "numbers", "500"],
        ["spaCy", "names", "1,000"],
        ["ratio", "5.0", "times"],
        ["10.0", "times", "spaCy's"],
        ["4.0", "times", "spaCy's"],
        ["2.0", "times", "spaCy's"],
        ["memory", "200", "MB"],
    ]
    assert "25%" in said[0]
    assert not any("MISSED" in line for line in said)
    assert sum("wanted: " in line for line in said) == 3


@pytest.mark.embedded
def test_what_misses_the_wanted_figures_is_said(extraction: dict[str, Any]) -> None:
    made = extraction["Pass"]
    passes = {"engine": [made(1, 1)], "spaCy phrases": [made(3, 3)], "spaCy rules": [made(9, 9)]}
    passes |= {"spaCy numbers": [made(2, 2)], "spaCy names": [made(2, 2)]}
    said = extraction["explain"](999, passes, 301 * 1024)
    assert ["MISSED" in line for line in said] == [True, False, False, False, False, True, False, False, False, True]
    assert "NOT MEASURED" in extraction["explain"](999, passes, None)[-1]


@pytest.mark.embedded
def test_phrases_are_all_names_that_the_engine_finds() -> None:
    make_phrases = runpy.run_path(str(BENCH / "spacy_rules.py"))["phrases"]
    papers = [("ZorboNet", "ZorboNet-XL reaches 81.5% accuracy on the FooBench-2 dataset with ResNet-50 at less memory.")]
    found = {phrase["pattern"] for phrase in make_phrases(load_vocabulary(), papers)}
    assert found >= {"zorbonet-xl", "foobench-2", "resnet-50", "imagenet 1k", "accuracy", "memory", "from scratch", "propos"}
    assert "" not in found


@pytest.mark.embedded
def test_engine_reads_all_papers_by_turns_and_tells_its_memory(extraction: dict[str, Any], tmp_path: Path) -> None:
    papers = tmp_path / "papers.jsonl"
    papers.write_text('{"title": "FooNet", "abstract": "FooNet reaches 81.5% accuracy on ImageNet."}\n' * 20, encoding="utf-8")
    reader = extraction["Reader"]("engine", papers, None)
    try:
        assert reader.papers == 20
        reader.read()
        reader.read()
        peak = reader.close()
    finally:
        reader.stop()
    assert len(reader.passes) == 2
    assert all(one.computing > 0 for one in reader.passes)
    assert peak is None or 10_000 < peak < 300_000


@pytest.mark.embedded
def test_missing_abstracts_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH / "extraction.py"), str(tmp_path / "none.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "none.jsonl is not there" in done.stderr
    assert "make bench-extraction ARGS=" in done.stderr


@pytest.fixture(scope="module")
def quality() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parent / "bench" / "quality.py"))


@pytest.mark.embedded
def test_reliability_is_told_by_confidence(quality: dict[str, Any]) -> None:
    def judged(confidence: float, *, is_right: bool) -> Judged:
        claim = extract("", "TidyNet reaches 81.5% on ImageNet.", load_vocabulary()).claims[0]
        return Judged("dev", "paper", replace(claim, confidence=confidence), is_right=is_right)

    told = [judged(0.96, is_right=True)] * 9 + [judged(0.9, is_right=False), judged(0.89, is_right=True)]
    assert list(quality["reliability_lines"](told)) == [
        "0.9 to 1.0     9 of   10   90.0%  (59.6% to 98.2%)  stated 0.95",
        "0.8 to 0.9     1 of    1  100.0%  (20.7% to 100.0%)  stated 0.89",
    ]


@pytest.mark.embedded
def test_missing_material_is_named(quality: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(quality["MaterialMissingError"], match=re.escape(f"{tmp_path / 'gold' / 'score.py'} is missing")):
        quality["report"](print, tmp_path)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("rated", "starts"),
    [
        ([(0, False)] * 20 + [(1, True)] * 20, [0, 1]),
        ([(0, True)] * 20 + [(1, False)] * 20, [0]),  # more points are never less sure
        ([(0, False)] * 20 + [(1, True)] * 3 + [(2, True)] * 20, [0, 2]),  # of three nothing is known
        ([(5, True)] * 3, [5]),
    ],
)
def test_table_of_confidence_is_monotone_and_its_steps_are_large(rated: list[tuple[int, bool]], starts: list[int]) -> None:
    make_table = runpy.run_path(str(Path(__file__).parent / "bench" / "calibration.py"))["make_table"]
    table = make_table(rated)
    assert [points for points, _ in table] == starts
    assert [share for _, share in table] == sorted(share for _, share in table)


@pytest.mark.embedded
def test_dump_that_takes_much_or_loses_something_is_said() -> None:
    dumps = runpy.run_path(str(BENCH / "dumps.py"))
    made, explain = dumps["Pass"], dumps["explain"]
    site = {"Claim": "1000", "board a": "x", "board b": "y"}
    said = explain("SQLite", 1000, made(2.0, 1.0, 299.0, 5.0), made(4.0, 1.0, 400.0, 3.0), site, dict(site))
    assert [line.split()[:2] for line in said] == [["SQLite"], ["dump", "2"], ["restore", "4"], ["299", "MB"], ["every", "count"]]
    assert not any("MISSED" in line for line in said)
    said = explain("SQLite", 1000, made(2.0, 1.0, 300.0, 5.0), made(4.0, 1.0, 400.0, 3.0), site, site | {"board b": "z"})
    assert "wanted: under 300, MISSED" in said[3]
    assert "MISSED: 1 counts or boards differ, such as board b" in said[4]
