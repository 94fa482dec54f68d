"""What the text is talking about: the dataset and metric that a sentence leaves out because an earlier one named them."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from dataclasses import dataclass, field

from claims.extraction.linking import LIST, compatible, is_training_set
from claims.extraction.paper import Paper
from claims.extraction.scene import Mention, Scene
from claims.extraction.vocabulary import Vocabulary
from claims.terms import TextField

_SCOPED = re.compile(
    r"(?:\b(?:on|for|in|at|to|over|using|with|dataset|benchmark|the|our|challenging|of|than|via)\b|^|,|\() ?(?:[a-z0-9'-]+ ){0,3}$"
)
_ACROSS = re.compile(
    r"\b(?:across|over|on) (?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|various|multiple|many) (?:[a-z-]+ ){0,3}(?:datasets|benchmarks|tasks)\b"
)
# one of these stands in every match of `_ELSEWHERE`
_ELSEWHERE_WORDS = ("downstream", "transfer", "datasets", "benchmarks", "tasks", "domains", "settings")
_MANY = ("datasets", "benchmarks", "tasks")  # one of these ends every match of `_ACROSS`
_ELSEWHERE = re.compile(
    r"\b(?:downstream|transfer(?:ring)? (?:learning )?tasks|(?:other|several|various|multiple|diverse|many|all|\d+|two|three|four|five|six) (?:[a-z-]+ ){0,3}(?:datasets|benchmarks|tasks|domains|settings))\b"
)


@dataclass(slots=True)
class Topic:
    """The last named datasets and metric of a paper. Carries over between sentences only where one dataset was named.

    A paper about a dataset of its own (its `home`) speaks of that one unless a sentence names another.
    """

    paper: Paper
    datasets: list[str] = field(default_factory=list)
    metric: Mention | None = None
    metric_datasets: set[str] = field(default_factory=set)
    scattered: bool = False
    targets: dict[str, Mention] = field(default_factory=dict)
    _says_many: bool = False
    _begun: list[TextField] = field(default_factory=list)
    _noted: int = -1

    @property
    def vocabulary(self) -> Vocabulary:
        return self.paper.vocabulary

    def begin(self, text_field: TextField) -> None:
        """Take up the next text. What it names is noted when something depends on it."""
        self._begun.append(text_field)

    def _catch_up(self, place: int) -> None:
        """Note what was said before `place` of the text that was begun last.

        Of the first of `_begun` so many sentences as `_noted` says are noted; -1: not even its datasets are.
        """
        while self._begun:
            scene = self.paper.scene(self._begun[0])
            is_last = len(self._begun) == 1
            if self._noted < 0:
                self._survey(scene)
                self._noted = 0
            for sentence in scene.sentences[self._noted :]:
                if is_last and sentence[0] >= place:
                    return
                self._note(scene, sentence)
                self._noted += 1
            if is_last:
                return
            self._begun.pop(0)
            self._noted = -1

    def _survey(self, scene: Scene) -> None:
        """Note all datasets of a text that something could be measured on."""
        self._says_many = scene.says(_MANY, 0, len(scene.lower))
        for mention in scene.mentions["D"]:
            if not is_training_set(scene, mention, self.vocabulary):
                self.targets.setdefault(mention.name, mention)

    def _note(self, scene: Scene, sentence: tuple[int, int]) -> None:
        """Take the datasets of a sentence as the new topic, if it names any that is not only trained on."""
        named = [m for m in scene.within("D", *sentence) if not is_training_set(scene, m, self.vocabulary)]
        if not named:
            if self._says_many and scene.says(_MANY, *sentence) and _ACROSS.search(scene.lower, *sentence):
                self.datasets, self.scattered = [], True
            return
        self.scattered = False
        scoped: list[Mention] = []
        for mention in named:
            # of "for A and B" both are
            listed = scoped and LIST.match(scene.shadow[scoped[-1].end : mention.start])
            if listed or _SCOPED.search(scene.shadow[sentence[0] : mention.start][-50:]):
                scoped.append(mention)
        self.datasets = list(dict.fromkeys(m.name for m in scoped or named))

    def note_metric(self, metric: Mention, datasets: list[str]) -> None:
        """Take a metric as the topic's, for the datasets that it was stated on; the same metric keeps its earlier ones."""
        if self.metric is None or self.metric.name != metric.name:
            self.metric_datasets = set()
        self.metric = metric
        self.metric_datasets |= set(datasets)

    def dataset_for(self, scene: Scene, sentence: tuple[int, int], metric: str | None) -> tuple[str, float] | None:
        """Return the dataset that a sentence without one is about and how sure that is, None rather than a guess."""
        if scene.says(_ELSEWHERE_WORDS, *sentence) and _ELSEWHERE.search(scene.lower[sentence[0] : sentence[1]]):
            return None
        if self.paper.home:
            return self.paper.home, 0.8
        self._catch_up(sentence[0])
        tasks = {found.name for found in scene.tasks if sentence[0] <= found.start < sentence[1]}
        if len(self.datasets) == 1:
            name = self.datasets[0]
            if self._suits(name, metric, tasks):
                return name, 0.85
        if len(self.targets) == 1 and not self.scattered:
            name = next(iter(self.targets))
            if self._suits(name, metric, tasks):
                return name, 0.6
        return None

    def _suits(self, name: str, metric: str | None, tasks: set[str]) -> bool:
        if metric is not None and not compatible(self.vocabulary, name, metric):
            return False
        entry = self.vocabulary.dataset.get(name)
        if entry is None or not tasks:
            return True
        known = {entry.default_task, *(task for _, task in entry.tasks)}
        areas = {self.vocabulary.task[task].area for task in known if task in self.vocabulary.task}
        # another task of the same field may be a general word; "object detection" is not measured on a classification set
        return bool(known & tasks) or not any(self.vocabulary.task[task].area in areas for task in tasks)
