"""Vocabulary: the tasks, datasets and metrics that extraction knows, with their aliases, from data files."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from claims.errors import CatalogueError
from claims.extraction.spotting import Spotted, Spotter
from claims.extraction.text import fold
from claims.keys import alias_key, digest
from claims.terms import AliasKind, Direction

CATALOGUE = Path(__file__).resolve().parent.parent / "catalogue"

_BY = re.compile(r"(?<=\d) ?x ?(?=\d)")
_SCORES = ("", " score", " scores")
_WORDS_BEFORE = re.compile(r"(?<![A-Za-z0-9-])(?:[A-Za-z0-9]+-)+$")
# "BLEU 4.2", "the top 5%": no BLEU-4, no Top-5
_NUMBER_GOES_ON = re.compile(r"\.\d| ?%")
# what a title hangs on a name: "ImageNet-Trained CNNs"
_LETTER_DIGIT = re.compile(r"(?<=[a-z])(?=\d)")


class VocabularyError(CatalogueError):
    """A vocabulary file or alias that contradicts another."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. `bounds` are the least and greatest possible value, None for an open end; `family` groups kindred metrics.

    `generic` marks an everyday word ("precision"): it is a metric only right beside its number. Of a metric in percent a number without
    a sign is a fraction up to `fraction_to`.
    """

    name: str
    unit: str = ""
    direction: Direction = Direction.UNKNOWN
    family: str = ""
    bounds: tuple[float | None, float | None] = (None, None)
    aliases: tuple[str, ...] = ()
    exact_aliases: tuple[str, ...] = ()
    default_task: str = ""
    generic: bool = False
    fraction_to: float = 1.0

    def allows(self, value: float) -> bool:
        """Say whether `value` is possible at all."""
        low, high = self.bounds
        return (low is None or value >= low) and (high is None or value <= high)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset. `tasks` maps a metric family to a task, `primary` a task to the metric its board ranks by; both only differ.

    `training_only` marks sets that models are trained on and nothing is measured on.
    """

    name: str
    aliases: tuple[str, ...] = ()
    exact_aliases: tuple[str, ...] = ()
    parent: str = ""
    splits: tuple[str, ...] = ()
    single_label: bool = False
    default_task: str = ""
    default_metric: str = ""
    tasks: tuple[tuple[str, str], ...] = ()
    primary: tuple[tuple[str, str], ...] = ()
    training_only: bool = False

    def task_of(self, family: str) -> str:
        """Return the task that a metric of `family` measures here, the default task where none is listed."""
        return dict(self.tasks).get(family, self.default_task)


@dataclass(frozen=True, slots=True)
class Task:
    """A task in its area. `primary_metric` ranks its boards unless the dataset says otherwise."""

    name: str
    area: str = ""
    aliases: tuple[str, ...] = ()
    exact_aliases: tuple[str, ...] = ()
    primary_metric: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """A reviewed alias from outside the shipped files: another spelling of the entry `name`."""

    kind: AliasKind
    name: str
    alias: str
    exact_case: bool = False


class Found(NamedTuple):
    """A name found in a text: the entry `name` of `kind` at [start, end)."""

    kind: AliasKind
    name: str
    start: int
    end: int


def _spellings(alias: str) -> set[str]:
    """Return the folded ways to write an alias: "cifar 10" and "cifar10" for "CIFAR-10"."""
    folded = fold(alias)
    found = {folded, folded.replace(" ", ""), _LETTER_DIGIT.sub(" ", folded)}
    if _BY.search(folded):
        # "256x256", "256 x 256", and what a LaTeX sign leaves when it is repaired in place
        found |= {_BY.sub(sign, spelling) for spelling in found for sign in ("x", " x ", "x".ljust(5), "x".ljust(6), " x".ljust(8))}
    return found


def _opens_sentence(text: str, start: int) -> bool:
    """Say whether nothing, or the end of a sentence, stands before text[start:]."""
    before = text[max(0, start - 4) : start].rstrip(" \n\t\"'(")
    return before.endswith((".", "?", "!", ":")) or (not before and start <= 4)


def _is_part(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] is the end of another name: "M3FD" of "Camo-M3FD". What is hung on a name is read on by the scene."""
    if start == 0 or text[start - 1] != "-":
        return False
    before = _WORDS_BEFORE.search(text, max(0, start - 40), start)
    return before is not None and text[before.start()].isupper()


@dataclass(frozen=True)
class Vocabulary:
    """All known tasks, datasets and metrics. Aliases must be unique within a kind: `VocabularyError` otherwise."""

    tasks: tuple[Task, ...]
    datasets: tuple[Dataset, ...]
    metrics: tuple[Metric, ...]
    _patterns: dict[str, list[tuple[AliasKind, str, str]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_patterns", self._checked_patterns())

    @cached_property
    def task(self) -> Mapping[str, Task]:
        return {task.name: task for task in self.tasks}

    @cached_property
    def dataset(self) -> Mapping[str, Dataset]:
        return {dataset.name: dataset for dataset in self.datasets}

    @cached_property
    def metric(self) -> Mapping[str, Metric]:
        return {metric.name: metric for metric in self.metrics}

    @cached_property
    def hash(self) -> str:
        """Return a hash of the whole content: equal content in any order of entries has the same hash."""
        content = {
            kind: sorted(json.dumps([getattr(entry, slot) for slot in entry.__slots__], ensure_ascii=True) for entry in entries)
            for kind, entries in self._kinds()
        }
        return digest(json.dumps(content, sort_keys=True))

    @cached_property
    def families(self) -> Mapping[str, frozenset[str]]:
        """Return, per dataset, the metric families that it is known to be measured in."""
        found = {}
        for dataset in self.datasets:
            names = {family for family, _ in dataset.tasks}
            metrics = [dataset.default_metric, *(metric for _, metric in dataset.primary)]
            names |= {self.metric[name].family for name in metrics if name in self.metric}
            found[dataset.name] = frozenset(names)
        return found

    def primary_metric(self, task: str, dataset: str) -> str:
        """Return the metric that the board of `task` on `dataset` ranks by, '' if none is known."""
        entry = self.dataset.get(dataset)
        if entry is not None:
            listed = dict(entry.primary).get(task)
            if listed:
                return listed
            if task == entry.default_task and not entry.single_label and entry.default_metric:
                return entry.default_metric
        return self.task[task].primary_metric if task in self.task else ""

    def with_aliases(self, extra: Iterable[Alias]) -> Vocabulary:
        """Return a vocabulary with reviewed aliases added; an unknown entry becomes a new one without defaults.

        Raises `VocabularyError` where an alias already names another entry of its kind.
        """
        entries: dict[AliasKind, dict[str, Any]] = {kind: {entry.name: entry for entry in found} for kind, found in self._kinds()}
        makers: dict[AliasKind, Any] = {AliasKind.TASK: Task, AliasKind.DATASET: Dataset, AliasKind.METRIC: Metric}
        for alias in extra:
            if alias.kind not in entries:
                raise VocabularyError(f"a vocabulary holds no {alias.kind} aliases")
            kind = entries[alias.kind]
            entry = kind.get(alias.name) or makers[alias.kind](name=alias.name)
            slot = "exact_aliases" if alias.exact_case else "aliases"
            known = getattr(entry, slot)
            if alias.alias not in known and alias.alias != entry.name:
                entry = replace(entry, **{slot: tuple(sorted({*known, alias.alias}))})
            kind[alias.name] = entry
        return Vocabulary(*(tuple(entries[kind].values()) for kind in (AliasKind.TASK, AliasKind.DATASET, AliasKind.METRIC)))

    def spot(self, text: str, lower: str) -> Spotted:
        """Look through a text once, for names and for what patterns begin with. `lower` is `lowered(text)`."""
        return self._spotter.spot(text, lower)

    def find(self, text: str, spotted: Spotted) -> list[Found]:
        """Return the names in `text`, the longest first where they overlap, in text order."""
        patterns, spellings = self._patterns, self.spellings
        taken: list[Found] = []
        last_end = -1
        for start, minus_end, number in spotted.names:
            end = -minus_end
            if start < last_end or (text[end - 1].isdigit() and _NUMBER_GOES_ON.match(text, end)):
                continue
            if text[end : end + 1] == "+" and text[end - 1] != "+":
                continue
            for kind, name, exact in patterns[spellings[number]]:
                if kind is AliasKind.DATASET and _is_part(text, start, end):
                    continue
                if exact and text[start:end] != exact:
                    continue
                if (exact or kind is AliasKind.METRIC) and _is_hung_on(text, start, end):
                    continue
                # "Spider silk is ...": a capital that begins the sentence says nothing of the word
                if exact and exact.istitle() and exact.isalpha() and _opens_sentence(text, start):
                    continue
                taken.append(Found(kind, name, start, end))
                last_end = end
                break
        return taken

    def lookup(self, kind: AliasKind, text: str) -> str | None:
        """Return the name of the entry that `text` as a whole is an alias of, None if there is none."""
        for found, name, exact in self._patterns.get(fold(text), ()):
            if found is kind and (not exact or exact == text):
                return name
        return None

    def knows(self, text: str) -> bool:
        """Say whether `text` as a whole is an alias of any entry."""
        entries = self._patterns.get(fold(text))
        return entries is not None and any(not exact or exact == text for _, _, exact in entries)

    @cached_property
    def spellings(self) -> list[str]:
        """Return all that is looked for in a text: the ways to write every name, folded."""
        return list(self._patterns)

    @cached_property
    def _spotter(self) -> Spotter:
        return Spotter(self.spellings)

    def _kinds(self) -> list[tuple[AliasKind, tuple[Any, ...]]]:
        return [(AliasKind.TASK, self.tasks), (AliasKind.DATASET, self.datasets), (AliasKind.METRIC, self.metrics)]

    def _checked_patterns(self) -> dict[str, list[tuple[AliasKind, str, str]]]:
        patterns: dict[str, list[tuple[AliasKind, str, str]]] = {}
        for kind, entries in reversed(self._kinds()):  # a metric before a dataset before a task of the same name
            owner: dict[str, str] = {}
            for entry in entries:
                loose = [] if entry.name in entry.exact_aliases else [entry.name]
                for text, exact in [*((a, "") for a in (*loose, *entry.aliases)), *((a, a) for a in entry.exact_aliases)]:
                    key = alias_key(text, exact_case=bool(exact))
                    if not text.strip() or owner.setdefault(key, entry.name) != entry.name:
                        raise VocabularyError(f"the {kind} alias {text!r} names both {owner.get(key)!r} and {entry.name!r}")
                    # "an AP score of 54": the word belongs to the metric, it is no "score" of its own
                    for tail in _SCORES if kind is AliasKind.METRIC and not text.lower().endswith(_SCORES[1:]) else _SCORES[:1]:
                        for spelling in {fold(text)} if exact else _spellings(text):
                            found = (kind, entry.name, exact and exact + tail)
                            if found not in patterns.setdefault(spelling + tail, []):
                                patterns[spelling + tail].append(found)
        for found_by in patterns.values():
            found_by.sort(key=lambda found: not found[2])  # exact spellings are asked first
        return patterns


def _is_hung_on(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] is part of a longer name: "NR-VQA" is no "VQA", "OA-SORT" no "OA"."""
    if not text[start:end].replace("@", "").replace("-", "").isupper():
        return False
    if start > 1 and text[start - 1] == "-" and text[start - 2].isalnum():
        return True
    return text[end : end + 1] == "-" and text[end + 1 : end + 2].isupper()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise VocabularyError(f"{path.name}: {error}") from error


def _names(row: Mapping[str, Any], slot: str) -> tuple[str, ...]:
    return tuple(row.get(slot, ()))


def _bounds(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = (None if math.isnan(end) else end for end in row.get("bounds", (math.nan, math.nan)))
    return low, high


@cache
def load_vocabulary(folder: Path = CATALOGUE) -> Vocabulary:
    """Read the shipped catalogue. Raises `VocabularyError` for unreadable files, collisions and names that nothing defines."""
    rows = {name: _read(folder / f"{name}.toml") for name in ("areas_tasks", "datasets", "metrics")}
    try:
        tasks = tuple(
            Task(row["name"], row["area"], _names(row, "aliases"), _names(row, "exact_aliases"), row.get("primary_metric", ""))
            for row in rows["areas_tasks"]["task"]
        )
        metrics = tuple(
            Metric(
                name=row["name"],
                unit=row["unit"],
                direction=Direction(row["direction"]),
                family=row["family"],
                bounds=_bounds(row),
                aliases=_names(row, "aliases"),
                exact_aliases=_names(row, "exact_aliases"),
                default_task=row.get("default_task", ""),
                generic=row.get("generic", False),
                fraction_to=row.get("fraction_to", 1.0),
            )
            for row in rows["metrics"]["metric"]
        )
        datasets = tuple(
            Dataset(
                name=row["name"],
                aliases=_names(row, "aliases"),
                exact_aliases=_names(row, "exact_aliases"),
                parent=row.get("parent", ""),
                splits=_names(row, "splits"),
                single_label=row.get("single_label", False),
                default_task=row.get("default_task", ""),
                default_metric=row.get("default_metric", ""),
                tasks=tuple(sorted(row.get("tasks", {}).items())),
                primary=tuple(sorted(row.get("primary", {}).items())),
                training_only=row.get("training_only", False),
            )
            for row in rows["datasets"]["dataset"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VocabularyError(f"a catalogue entry lacks or misspells a field: {error!r}") from error
    vocabulary = Vocabulary(tasks, datasets, metrics)
    _check_references(vocabulary)
    return vocabulary


def fraction_limit(metric: str) -> float:
    """Return up to which number without a sign a score of `metric` is a fraction, if it is counted in percent."""
    entry = load_vocabulary().metric.get(metric)
    return 1.0 if entry is None else entry.fraction_to


def _check_references(vocabulary: Vocabulary) -> None:
    """Raise `VocabularyError` if an entry names a task, metric, family or parent that no entry defines, or stands twice."""
    families = {metric.family for metric in vocabulary.metrics}
    for entries in (vocabulary.tasks, vocabulary.datasets, vocabulary.metrics):
        if len({entry.name for entry in entries}) != len(entries):
            raise VocabularyError("a catalogue name stands twice")
    wanted: list[tuple[str, str, Iterable[str]]] = []
    wanted += [(task.name, task.primary_metric, vocabulary.metric) for task in vocabulary.tasks]
    wanted += [(metric.name, metric.default_task, vocabulary.task) for metric in vocabulary.metrics]
    for dataset in vocabulary.datasets:
        wanted += [(dataset.name, dataset.default_task, vocabulary.task), (dataset.name, dataset.default_metric, vocabulary.metric)]
        wanted += [(dataset.name, dataset.parent, vocabulary.dataset)]
        for family, task in dataset.tasks:
            wanted += [(dataset.name, family, families), (dataset.name, task, vocabulary.task)]
        for task, metric in dataset.primary:
            wanted += [(dataset.name, task, vocabulary.task), (dataset.name, metric, vocabulary.metric)]
    for owner, name, known in wanted:
        if name and name not in known:
            raise VocabularyError(f"{owner!r} refers to {name!r}, which the catalogue does not define")
