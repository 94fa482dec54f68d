"""Writes listings of any size for the benchmarks: made-up papers in the words that abstracts use, no two alike.

An abstract has about 1,200 characters, as those of real listings have, and states on average 1.4 results and 0.6 costs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_FIRST = [
    "Deep",
    "Wide",
    "Swift",
    "Lean",
    "Dual",
    "Broad",
    "Calm",
    "Bright",
    "Quiet",
    "Sharp",
    "Plain",
    "Fresh",
    "Round",
    "Dense",
    "Light",
    "Steady",
    "Clear",
    "Warm",
    "Bold",
    "Keen",
]
_SECOND = [
    "Former",
    "Mixer",
    "Net",
    "Conv",
    "Mamba",
    "Scan",
    "Patch",
    "Token",
    "Graph",
    "Flow",
    "Pool",
    "Stem",
    "Tree",
    "Ring",
    "Lattice",
    "Wave",
    "Prism",
    "Cell",
    "Bridge",
    "Loom",
]
_THEMES = (
    ("image classification", "vision backbones", "patches"),
    ("object detection", "detectors", "regions"),
    ("semantic segmentation", "dense prediction", "masks"),
    ("knowledge distillation", "student networks", "soft labels"),
    ("language modelling", "decoder-only models", "tokens"),
    ("speech recognition", "acoustic models", "frames"),
)
_OPENINGS = (
    "Progress in {task} has come from ever larger {things}, whose price few can pay.",
    "How {parts} are mixed decides much of what {things} for {task} learn, and is still little understood.",
    "{Things} for {task} have become accurate, yet slow to train and hard to deploy on small devices.",
)
_MIDDLES = (
    "We ask which of their parts can be left out, and find that most of the {parts} carry little of the signal.",
    "Our analysis over {count} training runs shows that the order of layers matters more than their width.",
    "We replace the usual attention by a gated sum over neighbouring {parts}, which needs no extra supervision.",
    "The method adds two lines to common training code and works with any optimiser that we tried.",
    "A schedule with {steps} warm-up steps and a cosine decay is all that is needed to train it from scratch.",
    "In contrast to earlier work it needs neither a teacher nor a second stage, and it can be combined with both.",
    "We study its behaviour over {seeds} random seeds and report where it fails: crowded scenes and rare classes.",
    "Since 20{year} several groups have proposed remedies, most of which trade accuracy for speed.",
)
_RESULTS = (
    "{name} reaches {top1}% top-1 accuracy on ImageNet with {params}M parameters and {flops}G FLOPs.",
    "On ImageNet-1K, {name} attains a top-1 accuracy of {top1}%, {delta}% better than the best earlier result.",
    "With {params}M parameters, {name} achieves {top1}% top-1 accuracy on ImageNet-1K.",
    "{name} obtains {ap} mAP on COCO and {miou}% mIoU on ADE20K.",
    "It runs {speed}x faster and reaches {c10}% accuracy on CIFAR-10.",
    "On CIFAR-100, {name} obtains {c100}% accuracy, an improvement of {delta}%.",
)
_CLOSINGS = (
    "We hope that this helps others to build smaller {things}.",
    "Code and weights are available.",
    "The result holds across three other domains that we tried without any change.",
)


def _abstract(rng: random.Random, name: str, *, result: str | None) -> str:
    task, things, parts = rng.choice(_THEMES)
    words = {
        "task": task,
        "things": things,
        "Things": things.capitalize(),
        "parts": parts,
        "name": name,
        "count": rng.randrange(12, 400),
        "steps": rng.randrange(1, 20) * 500,
        "seeds": rng.randrange(3, 9),
        "year": rng.randrange(12, 24),
        "top1": f"{rng.uniform(62, 90):.{rng.choice((1, 1, 1, 2))}f}",
        "params": rng.randrange(2, 900),
        "flops": f"{rng.uniform(0.2, 60):.1f}",
        "delta": f"{rng.uniform(0.1, 3):.1f}",
        "ap": f"{rng.uniform(35, 62):.1f}",
        "miou": f"{rng.uniform(38, 60):.1f}",
        "c10": f"{rng.uniform(93, 99):.1f}",
        "c100": f"{rng.uniform(70, 92):.1f}",
        "speed": f"{rng.uniform(1.2, 8):.1f}",
    }
    results = [result] if result is not None else rng.sample(_RESULTS, rng.choice((0, 1, 1, 2)))
    sentences = [rng.choice(_OPENINGS), f"We present {name}.", *rng.sample(_MIDDLES, 6), *results, *rng.sample(_CLOSINGS, 2)]
    return " ".join(sentence.format_map(words) for sentence in sentences)


def _names(rng: random.Random) -> Iterator[str]:
    taken: set[str] = set()
    while True:
        name = f"{rng.choice(_FIRST)}{rng.choice(_SECOND)}-{rng.choice('ABCDEFGHKLMNPQRSTVXZ')}{len(taken)}"
        taken.add(name)
        yield name


def write_listing(path: Path, papers: int, *, seed: int = 0, on_one_board: bool = False) -> None:
    """Write a listing of so many papers. `on_one_board`: each states a result on ImageNet-1K, two of three also a cost."""
    rng = random.Random(seed)  # noqa: S311 - the same listing for the same seed, not a secret
    names = _names(rng)
    with path.open("w", encoding="utf-8") as file:
        file.write("new\n\nDaily Papers\n\nMar 30\n")
        for number in range(papers):
            name = f"{next(names)}s{seed}" if seed else next(names)
            title = f"{name}: {rng.choice(('On', 'Learning', 'Rethinking', 'Towards', 'Scaling'))} {rng.choice(_THEMES)[0].title()}"
            abstract = _abstract(rng, name, result=_RESULTS[number % 3] if on_one_board else None)
            day = f"Mar {1 + rng.randrange(28)}, {rng.randrange(2018, 2026)}"
            file.write(f"\n{title}\n\n{abstract}\n\n  • {rng.randrange(1, 12)} authors\n·\n{day}\n")
