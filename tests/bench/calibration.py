"""Fits the confidence of claims and costs to all annotated papers: `python tests/bench/calibration.py [--write]`.

Points come from a logistic regression that is drawn to zero, rounded; the table of shares from what was right at so many points, made
monotone. How well that foretells papers which it was not fitted to is printed: each tenth of the papers is rated by a fit to the others.
With `--write` the numbers go to claims/extraction/rules/confidence.py.

A claim is right if dataset, metric and value are, and here a name is also right if the catalogue knows it as another name of the same
thing: a board shows both under one.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from claims.extraction import confidence
from claims.extraction.confidence import Scale
from claims.extraction.drafts import Extraction
from claims.extraction.scene import Scene
from claims.extraction.vocabulary import Vocabulary, load_vocabulary
from claims.terms import TextField
from tests.annotated import KINDS, AnnotatedSet, Judged, judge, load_scorer, load_sets, read_papers, wilson

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = ROOT / "claims" / "extraction" / "rules" / "confidence.py"
SIGNS = {
    "absolute": ("dataset.known", "dataset.longer_name", "metric.generic", "metric.inferred", "owner.assumed", "range", "several_cells"),
    "relative": ("dataset.known", "dataset.none", "metric.unknown", "metric.none", "several_cells", "kind.ratio"),
    "cost": ("cost.ratio", "cost.count", "cost.speed", "cost.unit"),
}
"""What gets points. What else was tried told nothing that these don't: how many numbers the sentence has, whether unit and metric agree,
which rule found the metric or the dataset, the role, the qualifier, title or abstract."""
RIDGE = 3.0
"""How strongly weights are drawn to zero: so that a sign needs some ten statements to count."""
POINT = 0.5
"""The log odds that one point is worth."""
DOUBT = 1.64
"""Standard errors below the measured share: it is larger with 95% certainty."""
FEWEST = 12
"""A step of the table has at least so many statements."""
FOLDS = 10


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")


@dataclass(frozen=True, slots=True)
class Sample:
    """A judged statement with its signs."""

    judged: Judged
    signs: frozenset[str]

    @property
    def cap(self) -> float:
        return confidence.cap(self.judged.draft, self.signs)

    @property
    def fold(self) -> int:
        return int(hashlib.sha256(self.judged.paper.encode()).hexdigest(), 16) % FOLDS


def read_samples(annotated: AnnotatedSet, vocabulary: Vocabulary, part: str = "all") -> dict[str, list[Sample]]:
    """Return the judged statements of a part of a set by their kind, with what `confidence` sees of them."""
    seen: dict[int, frozenset[str]] = {}
    kept: list[Extraction] = []

    def record(found: Extraction, scenes: Mapping[TextField, Scene], vocabulary: Vocabulary) -> Extraction:
        rated = confidence.rate(found, scenes, vocabulary)
        kept.append(rated)  # or another draft would get its id
        seen.update(zip(map(id, rated.claims), confidence.claim_signs(found, scenes, vocabulary), strict=True))
        seen.update((id(draft), confidence.cost_signs(draft)) for draft in rated.costs)
        return rated

    with mock.patch("claims.extraction.pipeline.rate", record):
        readings = read_papers(annotated, vocabulary)
    judged = judge(annotated, readings, load_scorer(), part, vocabulary)
    return {kind: [Sample(one, seen[id(one.draft)]) for one in judged[kind]] for kind in KINDS}


def fit(samples: Sequence[Sample], signs: Sequence[str]) -> Scale:
    """Return the points and the table of these samples; those whose confidence a rule caps tell nothing about the others."""
    samples = [sample for sample in samples if sample.cap == 1]
    given = np.array([[1.0, *(float(sign in sample.signs) for sign in signs)] for sample in samples])
    right = np.array([float(sample.judged.is_right) for sample in samples])
    drawn = np.diag([1e-6, *(RIDGE for _ in signs)])
    weights = np.zeros(len(signs) + 1)
    for _ in range(50):
        expected = 1 / (1 + np.exp(-given @ weights))
        step = np.linalg.solve((given.T * (expected * (1 - expected))) @ given + drawn, given.T @ (right - expected) - drawn @ weights)
        weights += step
        if abs(step).max() < 1e-9:
            break
    points = {sign: round(float(weight) / POINT) for sign, weight in zip(signs, weights[1:], strict=True)}
    points = {sign: worth for sign, worth in points.items() if worth}
    unset = Scale(points, ((0, 0.0),))
    return Scale(points, make_table([(unset.add_up(sample.signs), sample.judged.is_right) for sample in samples]))


def make_table(rated: Iterable[tuple[int, bool]]) -> tuple[tuple[int, float], ...]:
    """Return the share of right ones from so many points on: monotone, and of `FEWEST` statements a step where there are so many.

    Of few statements little is known: the share is the lower end of its interval, `DOUBT` standard errors wide to each side.
    """
    steps: list[list[int]] = []  # points, right, count
    for points, is_right in sorted(rated):
        if not steps or steps[-1][0] != points:
            steps.append([points, 0, 0])
        steps[-1][1] += is_right
        steps[-1][2] += 1

    def share(step: Sequence[int]) -> float:
        return wilson(step[1], step[2], DOUBT)[0]

    index = 0
    while index < len(steps):
        lower = index - 1 if index and (steps[index][2] < FEWEST or share(steps[index - 1]) >= share(steps[index])) else None
        if lower is None and index + 1 < len(steps) and steps[index][2] < FEWEST:
            lower, index = index, index + 1
        if lower is None:
            index += 1
            continue
        steps[lower][1] += steps[index][1]
        steps[lower][2] += steps[index][2]
        del steps[index]
        index = lower
    table: list[tuple[int, float]] = []
    for step in steps:
        if not table or table[-1][1] != round(share(step), 2):
            table.append((step[0], round(share(step), 2)))
    return tuple(table)


def foretell(samples: Sequence[Sample], signs: Sequence[str]) -> list[tuple[float, Sample]]:
    """Return each sample with the confidence that a fit to other papers gives it, capped as the engine caps it."""
    scales = [fit([sample for sample in samples if sample.fold != fold], signs) for fold in range(FOLDS)]
    return [(min(scales[sample.fold].confidence(sample.signs), sample.cap), sample) for sample in samples]


def write(scales: Mapping[str, Scale], papers: int) -> None:
    """Write the numbers as the module that the engine reads."""
    lines = [
        '"""What each sign of a statement is worth, and the share of right ones from so many points on.',
        "",
        f"Measured by tests/bench/calibration.py on {date.today().isoformat()} in {papers} annotated papers; not written by hand.",  # noqa: DTZ011 - whoever writes it, where they are
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "Measured = tuple[dict[str, int], tuple[tuple[int, float], ...]]",
        "",
    ]
    for kind, scale in scales.items():
        shares = "(" + ", ".join(f"({points}, {share})" for points, share in scale.shares) + ("," if len(scale.shares) == 1 else "") + ")"
        lines += [f"{kind.upper()}: Measured = (", "    {"]
        lines += [f'        "{sign}": {worth},' for sign, worth in sorted(scale.points.items())]
        lines += ["    },", f"    {shares},", ")"]
    WRITTEN.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {WRITTEN.relative_to(ROOT)}")
    wanted = parser.parse_args()
    vocabulary = load_vocabulary()
    samples: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    papers = 0
    for annotated in load_sets():
        papers += len(annotated.part("all"))
        for kind, read in read_samples(annotated, vocabulary).items():
            samples[kind] += read
    scales = {kind: fit(samples[kind], SIGNS[kind]) for kind in KINDS}
    for kind, scale in scales.items():
        say(f"{kind}: {len(samples[kind])} statements of {papers} papers")
        say("  points  " + ", ".join(f"{sign} {worth:+d}" for sign, worth in scale.points.items()))
        say("  shares  " + ", ".join(f"from {points:+d}: {share:.2f}" for points, share in scale.shares))
        say("  as a fit to other papers foretells it:")
        foretold = foretell(samples[kind], SIGNS[kind])
        for low, high in ((0.9, 1.0), (0.8, 0.9), (0.7, 0.8), (0.0, 0.7)):
            there = [sample.judged for share, sample in foretold if low <= share < high]
            right = sum(judged.is_right for judged in there)
            if there:
                interval = "{:.1%} to {:.1%}".format(*wilson(right, len(there)))
                official = [judged for judged in there if judged.set_name in ("dev", "dev_other_fields")]
                say(
                    f"    {low:.1f} to {high:.1f}  {right:4} of {len(there):4} right, {right / len(there):6.1%} ({interval}); "
                    f"of official sets {sum(judged.is_right for judged in official)} of {len(official)}"
                )
    if wanted.write:
        write(scales, papers)


if __name__ == "__main__":
    main()
