"""The annotated papers: where they are, what the engine reads in them, and which of it is right.

Official sets stand beside the project (../shared/gold); our own (tests/gold) hold annotations alone, for the texts are not ours: they
stand beside the project, too. What is right says the scorer that stands beside the official sets.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from claims.extraction.drafts import ClaimDraft, CostDraft, Extraction
from claims.extraction.guide import paper_json
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import Vocabulary, load_vocabulary
from claims.keys import digest
from claims.listings import registry
from claims.listings.base import ListedPaper
from claims.terms import AliasKind, ClaimKind

TESTS = Path(__file__).resolve().parent
SHARED = TESTS.parent.parent / "shared"
OFFICIAL, OWN = ("dev", "dev_other_fields"), ("listings", "fields")
PARTS = ("all", "open", "held-out")
ID_LENGTH = 8
"""A paper of the listings is known by so many digits of its title's digest."""

Truth = dict[str, dict[str, Any]]
"""The guide's objects by the paper's id."""


class MaterialMissingError(RuntimeError):
    """What stands beside the project is not there."""


@dataclass(frozen=True, slots=True)
class AnnotatedSet:
    """A set of annotated papers: the annotations, and each paper's title and abstract."""

    name: str
    truth: Truth
    texts: Mapping[str, tuple[str, str]]

    @property
    def is_official(self) -> bool:
        return self.name in OFFICIAL

    def part(self, name: str) -> Truth:
        """Return the annotations of one of `PARTS`."""
        held_out = read_held_out()
        return {paper: row for paper, row in self.truth.items() if name == "all" or (paper in held_out) == (name == "held-out")}


@cache
def read_held_out() -> frozenset[str]:
    """Return the ids of the papers that no rule is made from and no confidence fitted to."""
    lines = (TESTS / "gold_heldout.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def load_scorer(shared: Path = SHARED) -> ModuleType:
    """Return score.py of the official sets as a module. Raises `MaterialMissingError`."""
    path = shared / "gold" / "score.py"
    spec = importlib.util.spec_from_file_location("gold_score", path)
    if not path.is_file() or spec is None or spec.loader is None:
        msg = f"{path} is missing: the annotated papers' texts and their scorer stand beside the project, in {shared}"
        raise MaterialMissingError(msg)
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    return scorer


def load_sets(names: Iterable[str] = (*OFFICIAL, *OWN), shared: Path = SHARED) -> list[AnnotatedSet]:
    """Return the sets of these names. Raises `MaterialMissingError` if a file or a paper's text is not there."""
    return [_load_set(name, shared) for name in names]


def _load_set(name: str, shared: Path) -> AnnotatedSet:
    truth = {row["id"]: row for row in _lines((shared / "gold" if name in OFFICIAL else TESTS / "gold") / f"{name}.jsonl")}
    if name == "listings":
        texts = _texts_of_listings(shared / "listings", truth)
    else:
        path = shared / "gold" / f"{name}_papers.jsonl" if name in OFFICIAL else shared / "abstracts" / "all_fields.jsonl"
        texts = {paper["id"]: (paper["title"], paper["abstract"]) for paper in _lines(path) if paper["id"] in truth}
    if len(texts) < len(truth):
        msg = f"{len(truth) - len(texts)} papers of the set {name} are not in {shared}"
        raise MaterialMissingError(msg)
    return AnnotatedSet(name, truth, texts)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        msg = f"{path} is missing"
        raise MaterialMissingError(msg)
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, filter(str.strip, lines))


def _texts_of_listings(folder: Path, wanted: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the texts of the listings' papers of these ids; of a paper that stands in several the first."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(folder.glob("*.txt")):
        with path.open("rb") as stream:
            reader, survey = registry.survey(stream, chunk_size=100)
            for chunk in survey.chunks:
                stream.seek(0)
                for entry in reader.read(stream, survey, chunk):
                    if isinstance(entry, ListedPaper) and (paper := digest(entry.title)[:ID_LENGTH]) in wanted:
                        found.setdefault(paper, (entry.title, entry.abstract))
    return found


@dataclass(frozen=True, slots=True)
class PaperReading:
    """What the engine reads in a paper, as drafts and as the guide's object; both name the statements in the same order."""

    extraction: Extraction
    written: dict[str, Any]


def read_papers(annotated: AnnotatedSet, vocabulary: Vocabulary | None = None) -> dict[str, PaperReading]:
    """Read all papers of a set."""
    vocabulary = vocabulary or load_vocabulary()
    readings = {}
    for paper, (title, abstract) in annotated.texts.items():
        found = extract(title, abstract, vocabulary)
        readings[paper] = PaperReading(found, paper_json(paper, title, abstract, found))
    return readings


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement that the engine reads, and whether the annotations have it.

    An absolute claim is right if its dataset, metric and value are, for that is what a board shows; a difference or ratio likewise, and
    a cost if its measure, value and kind are.
    """

    set_name: str
    paper: str
    draft: ClaimDraft | CostDraft
    is_right: bool


KINDS = ("absolute", "relative", "cost")


def judge(
    annotated: AnnotatedSet,
    readings: Mapping[str, PaperReading],
    scorer: ModuleType,
    part: str = "all",
    vocabulary: Vocabulary | None = None,
) -> dict[str, list[Judged]]:
    """Return the judged statements of a part of a set by what they are (`KINDS`), paper by paper.

    With a vocabulary a name is right, too, that it knows as another name of the annotated one.
    """

    def same_cell(known: dict[str, Any], said: dict[str, Any]) -> bool:
        renamed = known if vocabulary is None else known | _canonical(known, vocabulary)
        return bool(scorer.same_cell(known, said) or scorer.same_cell(renamed, said))

    judged: dict[str, list[Judged]] = {kind: [] for kind in KINDS}
    for paper, truth in annotated.part(part).items():
        reading = readings[paper]
        claims = list(zip(reading.extraction.claims, reading.written["claims"], strict=True))
        absolute = [pair for pair in claims if pair[0].kind is ClaimKind.ABSOLUTE]
        relative = [pair for pair in claims if pair[0].kind is not ClaimKind.ABSOLUTE]
        costs = list(zip(reading.extraction.costs, reading.written["costs"], strict=True))
        of_kind: dict[str, tuple[list[Any], list[dict[str, Any]], Callable[[Any, Any], bool]]] = {
            "absolute": (absolute, scorer.of_kind(truth["claims"], {"absolute"}), same_cell),
            "relative": (relative, scorer.of_kind(truth["claims"], scorer.RELATIVE), same_cell),
            "cost": (costs, truth["costs"], scorer.same_cost),
        }
        for kind, (read, gold, same) in of_kind.items():
            matched = set(scorer.pair(gold, [written for _, written in read], same).values())
            for index, (draft, _) in enumerate(read):
                judged[kind].append(Judged(annotated.name, paper, draft, index in matched))
    return judged


def _canonical(known: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, str]:
    kinds = {"dataset": AliasKind.DATASET, "metric": AliasKind.METRIC}
    names = {slot: vocabulary.lookup(kind, known[slot]) for slot, kind in kinds.items() if known.get(slot)}
    return {slot: name for slot, name in names.items() if name}


def wilson(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the Wilson interval of a share, `z` standard errors to each side: of 95% if not said; (0, 1) of nothing."""
    if not count:
        return 0.0, 1.0
    share = right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, middle - reach), min(1.0, middle + reach)
