"""Scores the engine against the annotated papers and says how far its confidence can be trusted; `make bench ARGS=quality` runs it.

Both the official sets, which stand beside the project with their scorer, and our own, in `tests/gold`: all papers, the open ones, and
those that no rule is made from.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from claims.extraction.pipeline import EXTRACTOR_VERSION
from claims.extraction.vocabulary import load_vocabulary
from tests.annotated import (
    OFFICIAL,
    OWN,
    PARTS,
    SHARED,
    AnnotatedSet,
    Judged,
    MaterialMissingError,
    PaperReading,
    judge,
    load_scorer,
    load_sets,
    read_papers,
    wilson,
)

FIGURES = ("absolute", "attributed", "row", "relative", "cost")
BINS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.0)
"""Where the bins of the reliability table begin."""

__all__ = ["MaterialMissingError", "report"]


def report(say: Callable[[str], None], shared: Path = SHARED) -> None:
    """Print the figures of all sets and parts, and the reliability tables. Raises `MaterialMissingError`."""
    scorer, sets = load_scorer(shared), load_sets(shared=shared)
    readings = {annotated.name: read_papers(annotated) for annotated in sets}
    say(f"Quality of extractor {EXTRACTOR_VERSION}: precision, recall and F1, with right+wrong-missed")
    for annotated in sets:
        for line in score_lines(annotated, readings[annotated.name], scorer):
            say("  " + line)
    vocabulary = load_vocabulary()
    for title, names in (("official sets", OFFICIAL), ("our own sets", OWN)):
        for part in PARTS:
            judged: list[Judged] = []
            renamed: list[Judged] = []
            for annotated in sets:
                if annotated.name in names:
                    judged += judge(annotated, readings[annotated.name], scorer, part)["absolute"]
                    renamed += judge(annotated, readings[annotated.name], scorer, part, vocabulary)["absolute"]
            say(f"  Absolute claims by confidence, {title}, {part}: right ones, with the 95% interval of their share")
            for line in reliability_lines(judged, renamed):
                say("    " + line)
    say("")


def score_lines(annotated: AnnotatedSet, readings: Mapping[str, PaperReading], scorer: ModuleType) -> Iterator[str]:
    """Give the figures of each part of a set, a line each."""
    written = {paper: reading.written for paper, reading in readings.items()}
    for part in PARTS:
        truth = annotated.part(part)
        figures, _ = scorer.score(truth, written)
        told = "  ".join(f"{name} {_figure(figures[name])}" for name in FIGURES)
        yield f"{annotated.name:<17}{part:<9}{len(truth):4} papers  {told}  leaks {figures['leaks']['count']}"


def _figure(of: Mapping[str, Any]) -> str:
    return f"{of['precision']:.3f}/{of['recall']:.3f}/{of['f1']:.3f} ({of['tp']}+{of['fp']}-{of['fn']})"


def reliability_lines(judged: Iterable[Judged], renamed: Iterable[Judged] = ()) -> Iterator[str]:
    """Give, for each bin that has any, how many statements have that confidence and which share of them is right.

    `renamed` are the same where another name of the catalogue for the same thing is right, too: how many more that makes is told.
    """
    statements, by_any_name = list(judged), list(renamed)
    for low, high in zip(BINS, (1.01, *BINS), strict=False):
        there = [one for one in statements if low <= one.draft.confidence < high]
        more = sum(one.is_right for one in by_any_name if low <= one.draft.confidence < high) - sum(one.is_right for one in there)
        if there:
            right = sum(one.is_right for one in there)
            stated = sum(one.draft.confidence for one in there) / len(there)
            lowest, highest = wilson(right, len(there))
            yield (
                f"{low:.1f} to {min(high, 1.0):.1f}  {right:4} of {len(there):4}  {right / len(there):6.1%}  ({lowest:.1%} to {highest:.1%})"
                f"  stated {stated:.2f}" + (f"  {more} more under another name" if more > 0 else "")
            )
