"""Which metric and which datasets a number belongs to."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from claims.extraction.groups import Group
from claims.extraction.rules import metrics as rules
from claims.extraction.scene import Mention, Scene
from claims.extraction.text import holds_any
from claims.extraction.vocabulary import Vocabulary

LIST = re.compile(r"^\s?(?:,? and(?: on| in| for)?|,|/|&|,? or)\s?(?:the |on |in |for )?$")
# families that only some datasets are measured in: a loose link between others is no link
SPECIFIC = frozenset(
    [
        "ap",
        "ap50",
        "mask_ap",
        "iou",
        "pq",
        "fid",
        "rfid",
        "fvd",
        "rfvd",
        "is",
        "perplexity",
        "bits",
        "bleu",
        "wer",
        "cer",
        "mos",
        "epe",
        "tracking",
        "nds",
        "em",
        "rouge",
        "pass",
        "win",
        "resolve",
        "cider",
        "dice",
        "vqa",
        "retrieval",
        "regression",
        "return",
        "hits",
        "sdr",
        "eer",
        "pesq",
    ]
)
_TRAINING_AFTER = re.compile(
    r"^(?:'s)?[- ](?:(?:and|only|1k|supervised|based|scale|[a-z]+-)[ -]?){0,2}(?:pre-?train|initiali[sz]|supervised|weights|trained|teacher|checkpoint|counterpart)"
)
_TRAINING_WORDS = ("train", "initiali", "supervised", "weights", "teacher", "checkpoint", "counterpart")  # every match ends in one
_TRAINING_BEFORE = re.compile(
    r"(?:pre-?train\w*|initiali[sz]ed|transferr?(?:ed|ing)?|distill\w* from|knowledge from)(?: [a-z0-9-]+){0,4}? (?:on|from|with|using|over) (?:the |full |only |large-scale |unlabell?ed )*(?:D+(?:, | and |/))*$"
)
_TARGET_AFTER = re.compile(r"^ ?(?:images? )?(?:classification|validation|benchmark|test|top|accuracy|generation|detection|segmentation|M)")
_PREPOSITION = re.compile(
    r"(?:\b(?:on|for|in|at|over|of|across|to|using|with|under|against|dataset|benchmarks?)\b|\(|M+ )(?: ?(?!and\b|but\b|while\b)[a-z0-9'-]++(?: (?!and\b|but\b|while\b)[a-z0-9'-]++){0,4})?[ (\"]*$"
)
_DIRECT = re.compile(r"^\s*(?:-\s*)?(?:\(\s*)?(?:(?:top-\d|zero-shot|on|for|in|the|db|mm|cm|hz|degrees|M+)\s)*$")
_CUT = re.compile(r";|, (?:while|whereas|but|although|outperforming|surpassing|exceeding|beating)\b|\. ")
_NEXT_CLAIMS = re.compile(r"(?:,| and|,? while|;)(?: [a-z]+){0,3}? (?:on|for|in) (?:the )?(?:[a-z-]+ ){0,2}D+[^D]{0,60}$")
_SHARED = re.compile(r"^[ (]*(?:M+)?(?: scores?)?\)?,? (?:and|as well as) (?:an? |the )?(?:\(?M+ (?:score )?(?:of )?)?\(?$")
# "4.0% (+7.2%) on D"
_BESIDE_GAIN = re.compile(r"^(?:,? ?\(|, )$")
_PARALLEL = re.compile(r"^ [^;,]{0,50}? and $")
_NEW_CLAUSE = re.compile(r"^\s*(?:M+ ?)?[,;]? ?(?:and|while|whereas) (?:on|for|in) (?:the )?(?:[a-z-]+ ){0,2}$")
_OF_BEHIND = re.compile(r"\W*(?:score |rate )?(?:of|=|:)")
_BREAK = re.compile(r"\bwhile\b|\bwhereas\b|;|\bbut\b|\bwithout\b|\bwith only\b|\bat the cost\b")


class MetricLink(NamedTuple):
    """The metrics of a group, one per number or one for all, how sure the link is, and the dataset inside the phrase."""

    metrics: list[Mention]
    rule: str
    confidence: float
    zone_start: int = -1
    zone_end: int = -1


class DatasetLink(NamedTuple):
    """The datasets of a group, in the order of the text."""

    datasets: list[Mention]
    rule: str
    confidence: float


def _words_before(text: str, at: int, blanks: int) -> int:
    """Return where the word begins, or the dataset in the shadow, that so many blanks stand behind before `at`."""
    for _ in range(blanks):
        at = text.rfind(" ", 0, at)
        if at < 0:
            return 0
    return text.rfind(" ", 0, at) + 1


def mention_list(scene: Scene, kind: str, mention: Mention, low: int, high: int) -> list[Mention]:
    """Return the list that `mention` is part of: "HOTA and IDF1", "X, Y and Z", within [low, high)."""
    found = scene.within(kind, low, high)
    index = found.index(mention) if mention in found else -1
    if index < 0:
        return [mention]
    first = last = index
    while first > 0 and LIST.match(scene.shadow[found[first - 1].end : found[first].start]):
        first -= 1
    while last + 1 < len(found) and LIST.match(scene.shadow[found[last].end : found[last + 1].start]):
        last += 1
    return found[first : last + 1]


def is_training_set(scene: Scene, mention: Mention, vocabulary: Vocabulary) -> bool:
    """Say whether a dataset is named as what was trained on, not as what was measured on."""
    entry = vocabulary.dataset.get(mention.name)
    if entry is not None and entry.training_only:
        return True
    after = scene.shadow[mention.end : mention.end + 50]
    if holds_any(after, _TRAINING_WORDS) and _TRAINING_AFTER.match(after):
        return True
    before = scene.shadow[max(0, mention.start - 110) : mention.start]
    return bool(_TRAINING_BEFORE.search(before)) and not _TARGET_AFTER.match(scene.shadow[mention.end : mention.end + 30])


class Linker:
    """Links the groups of one sentence."""

    def __init__(self, scene: Scene, sentence: tuple[int, int], groups: list[Group], vocabulary: Vocabulary) -> None:
        self._scene = scene
        self._start, self._end = sentence
        self._groups = groups
        self._vocabulary = vocabulary
        self._left_zones: dict[tuple[int, int], re.Match[str] | None] = {}

    def metric_beside(self, group: Group) -> MetricLink | None:
        """Return the metric that stands right before or right after a group, None if there is none."""
        scene, shadow = self._scene, self._scene.shadow
        low, high = group.neighbours
        after = shadow[group.end : min(high, group.end + 120)]
        right = rules.RIGHT_ZONE.match(after) if "M" in after else None
        found_right: MetricLink | None = None
        if right is not None and not rules.OWNED_BY_NEXT.match(shadow[group.end + right.end() : self._end]):
            mention = scene.at("M", group.end + right.start("metric"))
            if mention is not None:
                listed = self._fit(mention_list(scene, "M", mention, group.end, high), group, first=True)
                found_right = MetricLink(listed, "metric.after", 1.0, group.end, listed[-1].end)
        base = max(low, group.start - 220)
        left = self._left_zone(base, group.start)
        if left is not None:
            window = left.string
            mention = scene.at("M", base + left.start("metric"))
            # "84.0% mAP, 62.1%": the metric right after the number before belongs to that one
            taken = low > self._start and not window[: left.start("metric")].strip(" -(") and "by" not in window[left.end("metric") :]
            if mention is not None and not (taken and found_right):
                listed = self._fit(mention_list(scene, "M", mention, low, group.start), group, first=False)
                if found_right is not None and self._generic(mention) and self._names_unit(group, found_right):
                    return found_right  # "an error of 41.2 mm MPJPE"
                tight = MetricLink(listed, "metric.before", 1.0 if not taken else 0.8, base + left.start(), group.start)
                if found_right is None or _OF_BEHIND.match(window[left.end("metric") :]):
                    return tight
        return found_right

    def _left_zone(self, low: int, high: int) -> re.Match[str] | None:
        """Return the phrase with a metric that ends at `high`, of what stands between two numbers: both ask for it."""
        if (low, high) not in self._left_zones:
            window = self._scene.shadow[low:high]
            metric = rules.LEFT_METRIC.search(window)
            # the phrase begins with a dataset at most five blanks before its metric, and `LEFT_ZONE` can begin anywhere
            self._left_zones[low, high] = (
                None
                if metric is None
                else rules.LEFT_ZONE.search(window, _words_before(window, len(window[: metric.start() + 1].rstrip("M")), 5))
            )
        return self._left_zones[low, high]

    def _names_unit(self, group: Group, right: MetricLink) -> bool:
        """Say whether a known metric stands right behind a number and its unit."""
        between = self._scene.shadow[group.end : right.metrics[0].start]
        return not self._generic(right.metrics[0]) and (not between.strip(" -") or rules.UNITS.fullmatch(between.rstrip()) is not None)

    def _fit(self, listed: list[Mention], group: Group, *, first: bool) -> list[Mention]:
        """Return a list that fits the group's numbers, else its one member next to the number."""
        count = len(group.quantities)
        if len(listed) > 1 and count > 1 and (len(listed) == count or (group.inner > 1 and len(listed) == group.inner)):
            return listed
        return [listed[0] if first else listed[-1]]

    def metric_around(self, group: Group) -> MetricLink | None:
        """Return the nearest metric of the sentence, before the number first; everyday words do not count."""
        scene = self._scene
        for mention in reversed(scene.within("M", self._start, group.start)):
            if not self._generic(mention):
                return MetricLink(
                    self._fit(mention_list(scene, "M", mention, self._start, group.start), group, first=False), "metric.left", 0.85
                )
        for mention in reversed(scene.within("M", self._start, group.start)):
            if not mention.known:
                return MetricLink([mention], "metric.left", 0.75)
        for mention in scene.within("M", group.end, self._end):
            gap = scene.shadow[group.end : mention.start]
            if _BREAK.search(gap):
                break
            if not self._generic(mention) and not rules.OWNED_BY_NEXT.match(scene.shadow[mention.end : self._end]):
                return MetricLink([mention], "metric.right", 0.75)
        return None

    def _generic(self, mention: Mention) -> bool:
        entry = self._vocabulary.metric.get(mention.name) if mention.known else None
        return not mention.known or (entry is not None and entry.generic and mention.words == 1)

    def datasets(self, group: Group, metric: MetricLink | None, *, loose: bool = True) -> DatasetLink | None:
        """Return the datasets of a group from its own sentence, None if it names none that fits."""
        scene = self._scene
        _, high = group.neighbours
        if metric is not None and metric.zone_start >= 0:
            inside = [m for m in scene.within("D", metric.zone_start, metric.zone_end) if self._fits(m, metric)]
            if inside:
                listed = self._list_of(inside[-1], metric.zone_start, metric.zone_end)
                count = len(group.quantities)
                if count > 1 and len(listed) < count:
                    # "On A, B and C the PSNR is 32.1, 28.7 and 26.4": the phrase holds the last of the list
                    whole = self._list_of(inside[-1], self._start, metric.zone_end)
                    listed = whole if len(whole) == count else listed
                return DatasetLink(listed, "dataset.in_phrase", 1.0)
        found = self._right_of(group, metric, self._right_limit(group, high))
        if found is not None:
            return found
        following = next((other for other in self._groups if other.start == high), None)
        compared = following is not None and following.partner is group  # "91.0% vs. 88.0% on D" is both's
        gap = scene.shadow[group.end : high]
        gained = following is not None and following.quantities[0].sign == "+" and _BESIDE_GAIN.match(gap)
        if following is not None and rules.PRICE_OPENED.match(gap):
            priced = rules.PRICE_CLOSED.match(scene.shadow[following.end : self._end])
            if priced is not None:
                bracketed = [other for other in self._groups if following.start <= other.start < following.end + priced.end()]
                found = self._right_of(bracketed[-1], metric, self._right_limit(bracketed[-1], bracketed[-1].neighbours[1]))
                if found is not None:
                    return DatasetLink(found.datasets, "dataset.shared", 0.9)
        count = len(group.quantities)
        if loose and count > 1 and not compared and not gained:
            before = scene.within("D", self._start, group.start)
            listed = self._list_of(before[-1], self._start, group.start, count) if before else []
            if len(listed) == count and all(self._fits(mention, metric) for mention in listed):
                return DatasetLink(listed, "dataset.left", 0.9)  # "On A/B it has 97.4%/84.1%, and 96.2% on C"
        if following is not None and (compared or gained or _SHARED.match(gap)):
            shared = self._right_of(following, metric, self._right_limit(following, following.neighbours[1]))
            if shared is not None:
                return DatasetLink(shared.datasets, "dataset.shared", 0.9)
        if not loose:
            return None
        for mention in reversed(scene.within("D", self._start, group.start)):
            if self._fits(mention, metric):
                return DatasetLink(self._list_of(mention, self._start, group.start, len(group.quantities)), "dataset.left", 0.9)
        # "We reach 81%, 85% and then 90% ... on X": nothing before the number, one dataset after it
        after = [m for m in scene.within("D", group.end, self._end) if self._fits(m, metric)]
        if after and not scene.within("D", self._start, group.start):
            between = scene.shadow[group.end : after[0].start]
            if ";" not in between and (len({m.name for m in after}) == 1 or len(re.findall("N+", between)) == 1):
                return DatasetLink(after[:1], "dataset.right_far", 0.75)
        return None

    def parallel(self, group: Group, link: DatasetLink) -> DatasetLink:
        """Return the one dataset of a number where as many numbers follow a list: "on both A and B with 63% ... and 36%"."""
        after = [g for g in self._groups if g.start > link.datasets[-1].end and g.unit == group.unit and len(g.quantities) == 1]
        gaps = [self._scene.shadow[a.end : b.start] for a, b in pairwise(after)]
        if len(after) != len(link.datasets) or len(after) < 2 or not all(_PARALLEL.match(gap) for gap in gaps):
            return link
        index = next((i for i, other in enumerate(after) if other is group), -1)
        return link if index < 0 else DatasetLink([link.datasets[index]], "dataset.parallel", 0.7)

    def _list_of(self, mention: Mention, low: int, high: int, count: int = 1) -> list[Mention]:
        listed = mention_list(self._scene, "D", mention, low, high)
        if count > 1 and len(listed) == 1 and "respectively" in self._scene.lower[low : self._end]:
            # "on A with X and on B with Y, respectively": as many datasets as numbers, with words between
            spread = [m for m in self._scene.within("D", low, high) if not is_training_set(self._scene, m, self._vocabulary)]
            if len(spread) == count:
                listed = spread
        unique = {found.name: found for found in listed}
        return list(unique.values())

    def _right_limit(self, group: Group, high: int) -> int:
        """Return how far right of `group` its datasets can stand: not into the phrase of the next number."""
        shadow = self._scene.shadow
        if high < self._end:
            following = next(other for other in self._groups if other.start == high)
            zone = self._left_zone(group.end, following.start)
            if zone is not None and zone["dataset"] and not _DIRECT.match(shadow[group.end : group.end + zone.start("dataset")]):
                high = group.end + zone.start()
            tail = _NEXT_CLAIMS.search(shadow[group.end : high]) if "D" in shadow[group.end : high] else None
            if tail is not None:
                high = group.end + tail.start()
        cut = _CUT.search(shadow, group.end, high)
        return cut.start() if cut else high

    def _right_of(self, group: Group, metric: MetricLink | None, limit: int) -> DatasetLink | None:
        scene = self._scene
        for mention in scene.within("D", group.end, limit):
            gap = scene.shadow[group.end : mention.start]
            if len(gap) > 140:
                return None
            direct = _DIRECT.match(gap) is not None  # "18.4 dB M on D": said, whatever D is known to be measured in
            if not self._fits(mention, None if direct else metric):
                continue
            if _NEW_CLAUSE.match(gap) and scene.within("D", self._start, group.start):
                return None  # "..., and on D2 ...": the next number's
            if direct or _PREPOSITION.search(gap, _words_before(gap, len(gap.rstrip(' ("')), 7)):
                return DatasetLink(self._list_of(mention, group.end, limit, len(group.quantities)), "dataset.after", 1.0)
        return None

    def _fits(self, mention: Mention, metric: MetricLink | None) -> bool:
        """Say whether a number of this metric can be measured on the dataset: no training set, no other field's."""
        if is_training_set(self._scene, mention, self._vocabulary):
            return False
        if metric is None or not mention.known:
            return True
        return compatible(self._vocabulary, mention.name, metric.metrics[0].name)


def compatible(vocabulary: Vocabulary, dataset: str, metric: str) -> bool:
    """Say whether a dataset is measured in the family of a metric; families that all datasets share always are."""
    entry = vocabulary.metric.get(metric)
    if entry is None or dataset not in vocabulary.dataset:
        return True
    return entry.family not in SPECIFIC or entry.family in vocabulary.families[dataset]
