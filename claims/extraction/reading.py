"""Read the sentences of a paper one after the other, with what carries over between them."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise

from claims.extraction import deciding
from claims.extraction.cells import UNFIT, cells_of
from claims.extraction.deciding import CostReading
from claims.extraction.drafting import Context, make_claim, make_cost, task_of
from claims.extraction.drafts import ClaimDraft, ConditionDraft, CostDraft, Span, UntakenNumber
from claims.extraction.groups import Group, make_groups
from claims.extraction.linking import SPECIFIC, DatasetLink, Linker, MetricLink, compatible
from claims.extraction.owners import Owner, OwnerFinder
from claims.extraction.pages import Page
from claims.extraction.paper import Paper
from claims.extraction.quantities import Quantity
from claims.extraction.rules import kinds
from claims.extraction.rules.metrics import UNITS
from claims.extraction.scene import Mention, Scene
from claims.extraction.settings import PlacedCondition, find_conditions, find_phrases, nearby, several, share_settings
from claims.extraction.text import Clauses
from claims.extraction.topics import Topic
from claims.extraction.vocabulary import Vocabulary
from claims.terms import AliasKind, ClaimKind, ConditionKind, CostMeasure, Qualifier, Role, TextField

_NOTE = re.compile(
    r"\bon (?:a|an|one|single|the|eight|\d+)? ?(?:single )?(?:x?\d* ?)?((?:nvidia |mobile |apple |edge )?(?:v100|a100|h100|rtx ?\d+(?: ti)?|gpus?|cpus?|tpu(?:v\d)?s?|iphone ?\w*|pixel ?\w*|raspberry pi ?\w*|jetson \w+|arm [\w-]+|snapdragon ?\w*)s?)\b"
)
_EXAMPLE = re.compile(r"\b(?:such as|including|e\.g\.,?|like|namely)(?: the)? [^.;]{0,30}$")
_LISTED_GAP = re.compile(r"\s?(?:,|/|,? and|&)\s?$")
_BORDER = re.compile(r"[,;] | and ")
_GENERATIVE = frozenset(("fid", "is", "bits"))
# "63.2 on the challenging D"
_RIGHT_BESIDE = re.compile(
    r"^ ?(?:(?:points|zero-shot|top-\d|and N+|vs\.? N+|(?!during|in|at|to|after|when|for|with|by)[a-z0-9@P-]{2,12}) )?(?:\([^()]{1,12}\) )?(?:on|for|in|over|across) (?:[a-z-]+ ){0,3}(?:D+(?:, | and | & |/))*$|^ ?\($"
)
_RIVAL_RULES = frozenset(("role.possessive", "role.name_colon", "role.previous", "role.rival"))
_MOST_NUMBERS = 40
"""A run with more numbers than this is a table or noise and no sentence that the rules are written for."""
_TIE_LIMIT = 170
_LONGEST_SIZE = 2
_TELLS_APART = (ConditionKind.SHOTS, ConditionKind.LABEL_FRACTION, ConditionKind.RESOLUTION, ConditionKind.STEPS)
_NEAR_GAP = 20
_IN_BRACKETS = frozenset(("delta.paren", "delta.gain_of"))
_MOST_CARRIED = 6
"""So many claims before a sentence are looked at for one that it goes on from."""


def _is_like(before: str, unit: str) -> bool:
    """Say whether a number of `unit` can go on with one of the unit `before`: "by 2.1 points on A and 3.4 on B" do."""
    return before == unit or (before == "points" and unit == "")


Cell = tuple[Mention | None, str | None, str | None]
"""A metric, a dataset and a task: what a score stands for."""


def _sizes(name: str) -> list[str]:
    """Return the names that a name with slashes stands for: FooNet-S, FooNet-M and FooNet-L of "FooNet-S/M/L"."""
    first, *more = name.split("/")
    stem = first[: first.rfind("-") + 1]
    if not more or not stem or not all(size.isalpha() and size.isupper() and len(size) <= _LONGEST_SIZE for size in more):
        return []
    return [first, *(stem + size for size in more)]


class PaperReader:
    """Collects the drafts of one paper; `read` takes its texts in order."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.claims: list[ClaimDraft] = []
        self.costs: list[CostDraft] = []
        self.untaken: list[UntakenNumber] = []
        self.last_sentence = -1
        self.topic = Topic(paper)
        self._scores: dict[int, list[Cell]] = {}

    def read(self, text_field: TextField) -> None:
        """Read the sentences of one text that hold numbers."""
        self.topic.begin(text_field)
        self._scores.clear()
        page = self._paper.pages[text_field]
        quantities = page.quantities
        position, count = 0, len(quantities)
        for sentence in page.sentences if quantities else ():
            if position == count:
                return
            first = position
            while position < count and quantities[position].start < sentence[1]:
                position += 1
            numbers = quantities[first:position]
            if len(numbers) > _MOST_NUMBERS:
                for quantity in numbers:
                    self.leave(text_field, quantity, "table")
            elif numbers:
                self._read_sentence(page, text_field, sentence, numbers)

    def _read_sentence(self, page: Page, text_field: TextField, sentence: tuple[int, int], numbers: list[Quantity]) -> None:
        at_sight = [deciding.rule_out_at_sight(page, quantity) for quantity in numbers]
        reasons = [reason for reason in at_sight if reason is not None]
        if len(reasons) == len(numbers):  # whatever names there are
            for quantity, reason in zip(numbers, reasons, strict=True):
                self.leave(text_field, quantity, reason)
            return
        _SentenceReader(self, self._paper.scene(text_field), text_field, sentence).read(numbers, at_sight)

    def leave(self, text_field: TextField, quantity: Quantity, reason: str) -> None:
        """Note why a number was not taken."""
        self.untaken.append(UntakenNumber(text_field, Span(quantity.digits_start, quantity.digits_end), reason))

    def note_score(self, sentence: int, cell: Cell) -> None:
        """Remember the metric, dataset and task of a score, for a list of differences that refers back to it."""
        if sentence not in self._scores:
            self.last_sentence = sentence
        self._scores.setdefault(sentence, []).append(cell)

    def scores_of(self, sentence: int) -> list[Cell]:
        return self._scores.get(sentence, [])

    @property
    def vocabulary(self) -> Vocabulary:
        return self._paper.vocabulary

    @property
    def finder(self) -> OwnerFinder:
        return self._paper.finder


class _SentenceReader:
    """Reads the numbers of one sentence."""

    # set once one of the numbers may be a result: most sentences have none
    _groups: list[Group]
    _linker: Linker
    _clauses: Clauses
    _links: dict[int, tuple[MetricLink | None, DatasetLink | None]]
    _kinds: dict[int, ClaimKind]
    _compared: dict[int, Group]
    _owners: dict[tuple[int, ClaimKind], Owner]
    _left: dict[int, str]
    _first_claim: int
    _unknown_ends: set[int]

    def __init__(self, paper: PaperReader, scene: Scene, text_field: TextField, sentence: tuple[int, int]) -> None:
        self._paper = paper
        self._scene = scene
        self._field = text_field
        self._sentence = sentence
        self._placed: list[PlacedCondition] | None = None

    def read(self, numbers: list[Quantity], at_sight: list[str | None]) -> None:
        """Read the sentence's numbers; `at_sight` are the reasons against them that the characters around them give."""
        scene = self._scene
        possible: list[Quantity] = []
        for quantity, reason in zip(numbers, self._reasons(numbers, at_sight), strict=True):
            if reason is None or (
                reason == "condition"
                and quantity.unit == "%"
                and kinds.RATIO_AFTER[0][1].match(scene.shadow[quantity.end : quantity.end + 80])
            ):
                possible.append(quantity)
            else:
                self._leave(quantity, reason)
        if not possible:
            return
        self._clauses = Clauses(scene.text, scene.original, *self._sentence)
        self._links, self._kinds, self._compared, self._owners, self._left = {}, {}, {}, {}, {}
        self._first_claim = -1
        self._unknown_ends = set()
        self._groups = make_groups(scene, self._sentence, possible)
        self._linker = Linker(scene, self._sentence, self._groups, self._paper.vocabulary)
        for group in reversed(self._groups):
            if group.partner is not None and group.rule == "pair.versus":
                self._compared[id(group.partner)] = group
        claims = self._paper.claims
        first = len(claims)
        self._read_groups()
        if len(claims) > first:
            earlier = [claim for claim in claims[max(0, first - _MOST_CARRIED) : first] if claim.text_field is self._field]
            claims[first:] = share_settings(scene, self._sentence[0], claims[first:], earlier)

    @property
    def _conditions(self) -> list[PlacedCondition]:
        if self._placed is None:
            scene = self._scene
            self._placed = [
                c
                for c in find_conditions(scene.text, *self._sentence, scene.cues(*self._sentence))
                if c.draft.kind is ConditionKind.SPLIT or scene.at("D", c.start) is None or scene.at("D", c.end - 1) is None
            ]
        return self._placed

    def _reasons(self, numbers: list[Quantity], at_sight: list[str | None]) -> list[str | None]:
        """Return why each number can't be a claim or cost: in "224/256 pixels" both are sizes."""
        scene = self._scene
        found = [self._rule_out(quantity, reason) for quantity, reason in zip(numbers, at_sight, strict=True)]
        for index in range(len(numbers) - 2, -1, -1):
            is_size = found[index] is None and found[index + 1] == "resolution" and numbers[index].unit == ""
            if is_size and kinds.LIST_GAP.match(scene.shadow[numbers[index].end : numbers[index + 1].start]):
                found[index] = "resolution"
        return found

    def _rule_out(self, quantity: Quantity, at_sight: str | None) -> str | None:
        reason = deciding.rule_out(self._scene, quantity, at_sight)
        return "condition" if reason is None and deciding.is_condition(quantity, self._conditions) else reason

    def _read_groups(self) -> None:
        later = [group for group in self._groups if group.partner is not None]
        for group in self._groups:
            if group.partner is None:
                self._read_group(group)
        for group in later:
            self._read_group(group)

    def _leave(self, quantity: Quantity, reason: str) -> None:
        self._paper.leave(self._field, quantity, reason)

    def _read_group(self, group: Group) -> None:
        bounds = group.neighbours
        metric = self._linker.metric_beside(group)
        compared = self._compared.get(id(group))
        if metric is None and compared is not None:
            beside = self._linker.metric_beside(compared)
            if beside is not None and beside.rule == "metric.after":
                metric = beside._replace(zone_start=-1)
        if metric is None and group.rule == "pair.to":
            metric = self._metric_of_start(group)
        if metric is not None and deciding.is_operating_point(self._scene, group, metric):
            self._leave_group(group, "operating_point")
            return
        cost = deciding.read_cost(self._scene, self._sentence, group, bounds, metric)
        if cost is None and metric is None and compared is not None and compared.unit == "":
            # "11 vs. 36 GPU hours": the unit is both numbers'
            cost = deciding.read_cost(self._scene, self._sentence, compared, compared.neighbours, None)
        if cost is not None:
            self._take_cost(group, cost)
            return
        if group.partner is not None and id(group.partner) in self._links and group.unit in ("", group.partner.unit):
            shared_metric, shared_dataset = self._links[id(group.partner)]
            datasets = self._linker.datasets(group, metric or shared_metric, loose=False) or shared_dataset
            kind = self._kind_of_compared(group, group.partner)
            self._take_claim(group, kind, group.rule, metric or shared_metric, datasets)
            return
        if group.unit == "":
            reason = self._no_claim_reason(group)  # it counts things or is a setting's parameter, where words say so
            if reason != "no_metric" and (
                metric is None or metric.rule != "metric.before" or not any(q.decimals for q in group.quantities)
            ):
                self._leave_group(group, reason)
                return
            if metric is None and compared is None and self._is_bare(group):
                self._leave_group(group, "spread" if self._is_said(group, "spread", kinds.SPREAD_BEFORE) else reason)
                return
        if metric is None and group.unit == "%":
            metric = self._solved(group)
        kind, rule = ClaimKind.ABSOLUTE, group.rule
        if not group.rule.startswith("pair."):
            kind, rule = deciding.claim_kind(
                self._scene, self._sentence, group, bounds, self._clause_start(group), self._goes_on(group, bounds[0])
            )
            if compared is not None and kind is ClaimKind.DELTA and rule in _IN_BRACKETS and self._is_bracketed(group):
                kind, rule = ClaimKind.ABSOLUTE, "score"  # "by a wide margin (62.3% vs. 44.1%)"
        if rule == "delta.points" and metric is None and deciding.counts_points(self._scene, self._sentence, group):
            self._leave_group(group, "count")
            return
        if self._is_said(group, "spread", kinds.SPREAD_BEFORE):
            self._leave_group(group, "spread")
            return
        if (
            kind is ClaimKind.ABSOLUTE
            and group.role is None
            and group.unit == "%"
            and metric is None
            and self._no_claim_reason(group) == "share"
        ):
            self._leave_group(group, "share")
            return
        if (
            kind is ClaimKind.DELTA
            and rule == "delta.gain_of"
            and group.unit == "%"
            and metric is None
            and deciding.is_share(self._scene, group)
        ):
            self._leave_group(group, "share")
            return
        if kind is ClaimKind.ABSOLUTE and self._is_said(group, "negated", kinds.NEGATED):
            self._leave_group(group, "negated")
            return
        if kind is ClaimKind.ABSOLUTE and self._is_said(group, "nobody", kinds.NOBODY):
            group.quantities = [quantity._replace(qualifier=Qualifier.AT_MOST) for quantity in group.quantities]
        self._link_claim(group, kind, rule, metric)

    def _is_bare(self, group: Group) -> bool:
        """Say whether a number without a metric can be no result, whatever kind it is and whatever datasets there are: "38", "3 of"."""
        if len(group.quantities) > 1 or group.rule != "" or "negated" in self._scene.cues(*self._sentence).all():
            return False
        return not group.quantities[0].decimals and group.quantities[0].sign != "+"

    def _no_claim_reason(self, group: Group) -> str:
        reason = self._left.get(id(group))
        if reason is None:
            reason = self._left[id(group)] = deciding.no_claim_reason(self._scene, group)
        return reason

    def _is_said(self, group: Group, name: str, pattern: re.Pattern[str]) -> bool:
        """Say whether a pattern that needs one of the words of `name` is found in the sentence before `group`."""
        low, cues = self._sentence[0], self._scene.cues(*self._sentence)
        if name not in cues.all() or name not in cues.between(low, group.start):
            return False
        return pattern.search(self._scene.shadow[low : group.start]) is not None

    @cached_property
    def _several(self) -> ConditionDraft | None:
        return several(self._scene, *self._sentence)

    def _solved(self, group: Group) -> MetricLink | None:
        """Return the metric of "solves 28.8% of the problems": the dataset's own where the sentence names one, else these words."""
        scene, (low, high) = self._scene, group.neighbours
        before = kinds.SOLVES.search(scene.lower, self._sentence[0], group.start)
        after = kinds.SOLVED_AFTER.match(scene.lower[group.end : group.end + 60])
        earlier = [link for link, _ in self._links.values() if link is not None and link.rule == "metric.solved"]
        again = bool(earlier) and (after is not None or kinds.SOLVED_AGAIN.match(scene.lower[group.end : group.end + 20]) is not None)
        if before is None and not (again and kinds.SOLVED_GOES_ON.match(scene.shadow[low : group.start])):
            return None
        if after is None and not earlier:
            return None
        named = scene.within("D", group.end, high) or scene.within("D", *self._sentence)
        topic = self._paper.topic.dataset_for(scene, self._sentence, None)
        dataset = named[0].name if named else topic[0] if topic is not None else ""
        entry = self._paper.vocabulary.dataset.get(dataset)
        known = entry.default_metric if entry is not None else ""
        verb = before["verb"] if before is not None else None
        if not named and known == "Resolve rate" and verb != "resolv":
            known = ""  # nothing names what was solved as that
        if not known and after is None:
            return None
        name = known or (f"{after['what']} {verb}ed" if after is not None and verb else "Success rate")
        return MetricLink([Mention("M", name, group.end, group.end, bool(known), words=2)], "metric.solved", 0.8)

    def _metric_of_start(self, group: Group) -> MetricLink | None:
        """Return the metric that stands before "from A to B", for B."""
        start = next((other for other in self._groups if other.partner is group and other.rule == "pair.from"), None)
        metric = self._linker.metric_beside(start) if start is not None else None
        return metric._replace(zone_start=-1) if metric is not None else None

    def _goes_on(self, group: Group, low: int) -> ClaimKind | None:
        """Return the kind of the number before, where the words between say that `group` goes on with it, None where they don't."""
        index = next((at for at, other in enumerate(self._groups) if other.end == low), -1)
        if index < 0:
            return None
        gap = self._scene.shadow[low : group.start]
        before = self._groups[index]
        if index and ")" in gap and self._is_aside(before) and "N" not in gap:
            before = self._groups[index - 1]
            gap = kinds.ASIDE.sub("", self._scene.shadow[before.end : group.start])
        kind = self._kinds.get(id(before))
        if kind is None or not (_is_like(before.unit, group.unit) or kinds.CONTINUED_BY_IN.match(gap)):
            return None
        if group.quantities[0].sign == "-" and len(gap) < _NEAR_GAP:
            return kind  # "+28.96% SPL, and -30.69% MSS"
        if group.unit == "%" and deciding.counted_by_next_word(self._scene, group):
            return None  # "lower FVD, and 71% human preference"
        if kinds.WITH_SCORE.search(gap) and self._has_metric_behind(group):
            return None
        if kinds.CONTINUED.match(gap) or kinds.PAREN_BESIDE.match(gap):
            return kind
        # "X (91.2%, +1.3%) and Y (88.0%, +0.7%)": the next score, not the next gain
        return kind if before.quantities[-1].sign == group.quantities[0].sign and kinds.PAREN_CONTINUED.match(gap) else None

    def _has_metric_behind(self, group: Group) -> bool:
        metric = self._linker.metric_beside(group)
        return metric is not None and metric.rule == "metric.after"

    def _is_aside(self, group: Group) -> bool:
        """Say whether a number stands in brackets of its own, as a word about what was said before."""
        opened = self._scene.shadow.rfind("(", max(self._sentence[0], group.start - 40), group.start)
        return opened >= 0 and not any(sign in self._scene.shadow[opened + 1 : group.start] for sign in "N)")

    def _is_bracketed(self, group: Group) -> bool:
        return self._scene.shadow[max(0, group.start - 1) : group.start] == "("

    def _kind_of_compared(self, group: Group, partner: Group) -> ClaimKind:
        """Return the kind of what a number is compared with: "by 2.1% vs. 1.2%" are two differences."""
        kind = self._kinds.get(id(partner), ClaimKind.ABSOLUTE)
        if kind is ClaimKind.ABSOLUTE or kinds.VERSUS_ALIKE.search(self._scene.shadow[partner.end : group.start]) is None:
            return ClaimKind.ABSOLUTE
        return kind

    def _clause_start(self, group: Group) -> int:
        return self._clauses.around(group.start, group.end)[0] - 40

    def _leave_group(self, group: Group, reason: str) -> None:
        for quantity in group.quantities:
            self._leave(quantity, reason)

    def _link_claim(self, group: Group, kind: ClaimKind, rule: str, beside: MetricLink | None) -> None:
        scene, linker = self._scene, self._linker
        metric = beside
        datasets = linker.datasets(group, metric)
        example = False
        if datasets is not None and datasets.rule == "dataset.left" and len(datasets.datasets) > 1:
            datasets = linker.parallel(group, datasets)
        if datasets is not None and datasets.rule == "dataset.left" and len(datasets.datasets) > 1 and self._is_average(group):
            datasets, example = None, True
        if datasets is not None and datasets.rule == "dataset.left" and len(datasets.datasets) == 1:
            datasets = self._datasets_again(group) or datasets
        if datasets is not None and datasets.rule == "dataset.right_far" and self._several is not None:
            datasets, example = None, True  # "the average over 5 sets is 87.3%, with 92.1% on A": not A's
        if datasets is not None and self._several is not None and self._is_example(datasets):
            datasets, example = None, True  # "84.3% on average on 5 test sets such as A and B" is neither's
        decimals = any(quantity.decimals for quantity in group.quantities)
        if metric is None and kind is ClaimKind.ABSOLUTE:
            metric = self._metric_of_same_form(group) or self._metrics_again(group)
            if metric is None and group.unit == "" and any(quantity.decimals > 1 for quantity in group.quantities):
                metric = self._continued_metric(group, datasets)
        if group.unit == "" and not (kind is ClaimKind.DELTA and group.quantities[0].sign == "+" and metric is None):
            # a bare number is a score only beside a metric, or with decimals right beside its dataset
            bare_delta = (
                rule in ("delta.by", "delta.outperforms_to", "delta.gain_of", "delta.higher")
                and decimals
                and linker.metric_around(group) is not None
            )
            if (
                metric is None
                and not bare_delta
                and not (
                    decimals
                    and datasets is not None
                    and datasets.rule in ("dataset.after", "dataset.shared")
                    and self._near(group, datasets)
                )
            ):
                if metric is None and kind is ClaimKind.DELTA and decimals and self._take_aligned(group, rule):
                    return
                self._leave_group(group, self._no_claim_reason(group))
                return
            if metric is not None and kind is not ClaimKind.ABSOLUTE and not decimals and self._generic(metric):
                self._leave_group(group, "no_metric")
                return
        if group.unit == "x" and metric is None:
            self._leave_group(group, self._no_claim_reason(group))
            return
        measured = UNITS.match(scene.text[group.end : group.end + 12]) is not None
        if metric is not None and self._generic(metric) and group.unit == "" and not decimals and not measured:
            self._leave_group(group, "no_metric")
            return
        metric = self._under_attack(metric)
        inferred: list[str] = []
        if metric is None and kind is ClaimKind.DELTA and self._take_aligned(group, rule):
            return
        if metric is None:
            metric = self._continued_metric(group, datasets) or self._distant_metric(group, datasets)
            if metric is not None and metric.rule == "metric.continued" and metric.metrics[0].start == metric.metrics[0].end:
                inferred.append("metric")
        if datasets is None and not example and (metric is not None or group.unit in ("%", "points")):
            datasets = None if self._several and kind is not ClaimKind.ABSOLUTE else self._carried(group, metric)
        metric = self._under_attack(metric)
        if metric is None and datasets is not None:
            metric = self._default_metric(datasets, kind, group)
            if kind is ClaimKind.ABSOLUTE and self._is_of_unknown(group, listed=metric is None):
                self._leave_group(group, "no_metric")
                return
            inferred += ["metric"] if metric is not None else []
        if not self._is_result(group, kind, metric, datasets, beside):
            self._leave_group(group, self._no_claim_reason(group))
            return
        if datasets is not None and datasets.rule == "dataset.topic":
            inferred.append("dataset")
        if metric is not None and metric.rule in ("metric.before", "metric.after", "metric.left", "metric.continued", "metric.topic"):
            self._paper.topic.note_metric(metric.metrics[-1], [m.name for m in datasets.datasets] if datasets is not None else [])
        self._links[id(group)] = (metric, datasets)
        self._kinds[id(group)] = kind
        self._take_claim(group, kind, rule, metric, datasets, tuple(inferred))

    def _is_said_on(self, metric: MetricLink, group: Group, before: str) -> bool:
        """Say whether a number is said to be of a metric before it, or goes on after a score of the same metric."""
        first = metric.metrics[-1]
        if kinds.STATED.match(self._scene.shadow[first.end : group.start]):
            return True
        scored = any(first in link.metrics and other.unit == group.unit for other, link in self._scored_before(group))
        return scored and kinds.AND_AGAIN.search(before) is not None

    def _is_of_unknown(self, group: Group, *, listed: bool) -> bool:
        """Say whether a number, or only the one whose list (`listed`) it goes on with, is of something that no file lists."""
        low, _ = group.neighbours
        goes_on = low in self._unknown_ends and kinds.CONTINUED.match(self._scene.shadow[low : group.start]) is not None
        is_unknown = goes_on or (not listed and deciding.is_of_unknown(self._scene, self._sentence, low, group))
        if group.rule.startswith("pair.") or not is_unknown:
            return False
        self._unknown_ends.add(group.end)
        return True

    def _take_aligned(self, group: Group, rule: str) -> bool:
        """Take a list of differences that refers back to as many scores: "..., which are +1.1%, +5.5/+0.9 higher than"."""
        cells = self._paper.scores_of(self._sentence[0]) or self._paper.scores_of(self._paper.last_sentence)
        if len(group.quantities) < 2 or len(cells) != len(group.quantities):
            return False
        setting = self._setting(group, None, ClaimKind.DELTA)
        for index, (quantity, (metric, dataset, task)) in enumerate(zip(group.quantities, cells, strict=True)):
            context = self._context(group, ClaimKind.DELTA, (rule, "list.refers_back"), [], setting, index)
            draft = make_claim(context, quantity, ClaimKind.DELTA, metric, dataset, task, self._paper.vocabulary, ("metric", "dataset"))
            if draft is not None:
                self._paper.claims.append(draft)
            else:
                self._leave(quantity, "out_of_bounds")
        return True

    def _is_average(self, group: Group) -> bool:
        """Say whether a number is the average of several."""
        low, high = group.neighbours
        before, after = self._scene.shadow[low : group.start], self._scene.shadow[group.end : high]
        return len(group.quantities) == 1 and bool(kinds.AVERAGED_BEFORE.search(before) or kinds.AVERAGED_AFTER.match(after))

    def _is_example(self, datasets: DatasetLink) -> bool:
        first = datasets.datasets[0].start
        return _EXAMPLE.search(self._scene.lower[max(0, first - 40) : first]) is not None

    def _under_attack(self, metric: MetricLink | None) -> MetricLink | None:
        """Read "accuracy under the strongest attack" as robust accuracy."""
        if metric is None or metric.metrics[0].name not in ("Accuracy", "Top-1 accuracy"):
            return metric
        mention = metric.metrics[0]
        if kinds.UNDER_ATTACK.match(self._scene.lower[mention.end : mention.end + 80]):
            return metric._replace(metrics=[mention._replace(name="Robust accuracy")])
        return metric

    def _near(self, group: Group, datasets: DatasetLink) -> bool:
        return _RIGHT_BESIDE.match(self._scene.shadow[group.end : datasets.datasets[0].start]) is not None

    def _generic(self, metric: MetricLink) -> bool:
        mention = metric.metrics[0]
        entry = self._paper.vocabulary.metric.get(mention.name)
        return entry is None or (entry.generic and mention.words == 1)

    def _continued_metric(self, group: Group, datasets: DatasetLink | None) -> MetricLink | None:
        """Return the metric of the number before, where the list of numbers goes on: "27.8 dB on A and 33.3 dB on B"."""
        low, _ = group.neighbours
        before = next((other for other in self._groups if other.end == low), None)
        if before is None or before.unit != group.unit or not kinds.CONTINUED.match(self._scene.shadow[low : group.start]):
            return None
        metric, earlier = self._links.get(id(before), (None, None))
        if metric is None or not self._suits(metric.metrics[-1], datasets):
            return None
        elsewhere = datasets is not None and earlier is not None and datasets.datasets != earlier.datasets
        if metric.rule == "metric.default" and elsewhere and self._measured_in(datasets.datasets[0].name, ClaimKind.ABSOLUTE, group.unit):  # type: ignore[union-attr]  # `elsewhere` says so
            return None  # "68.2% on A and 44.5% on B": each in its own
        return MetricLink(metric.metrics[-1:] if len(metric.metrics) != len(group.quantities) else metric.metrics, "metric.continued", 0.9)

    def _scored_before(self, group: Group) -> list[tuple[Group, MetricLink]]:
        """Return the scores of the sentence before `group` that are printed as its numbers are, the nearest last."""
        found = []
        for other in self._groups:
            if other is group:
                break
            metric = self._links.get(id(other), (None, None))[0]
            alike = other.unit == group.unit and (other.quantities[-1].decimals > 0) == (group.quantities[0].decimals > 0)
            if metric is not None and alike and self._kinds.get(id(other)) is ClaimKind.ABSOLUTE:
                found.append((other, metric))
        return found

    def _metric_of_same_form(self, group: Group) -> MetricLink | None:
        """Return the metric of the score before, for a number alone in brackets and for a rival's.

        "an AUC of 0.86, outperforming its rivals A (0.81) and B (0.82)", "41.2 mm MPJPE, while FooNet stays at 44.8 mm".
        """
        before = self._scored_before(group) if len(group.quantities) == 1 else []
        if not before:
            return None
        bracketed = (self._scene.text[max(0, group.start - 1) : group.start], self._scene.text[group.end : group.end + 1]) == ("(", ")")
        if group.unit == "" and group.quantities[0].decimals < (2 if bracketed else 1):
            return None
        other, metric = before[-1]
        near = sorted((abs(other.quantities[-1].value), abs(group.quantities[0].value)))
        if near[1] > 4 * near[0] or not (bracketed or self._is_rivals(group)):
            return None
        return MetricLink(metric.metrics[-1:], "metric.same_form", 0.85)

    def _is_rivals(self, group: Group) -> bool:
        """Say whether a number is somebody else's by what stands right around it."""
        owner = self._owner(group, ClaimKind.ABSOLUTE, 0)
        return owner.role is Role.BASELINE and bool(_RIVAL_RULES & set(owner.rules))

    def _metrics_again(self, group: Group) -> MetricLink | None:
        """Return the metrics of as many scores before a list without any: "91% accuracy and 82% F1 on A, and 90% / 81% on B"."""
        count = len(group.quantities)
        before = self._scored_before(group)[-count:]
        if count < 2 or len(before) != count or any(len(other.quantities) != 1 for other, _ in before):
            return None
        return MetricLink([metric.metrics[-1] for _, metric in before], "metric.again", 0.8)

    def _datasets_again(self, group: Group) -> DatasetLink | None:
        """Return the datasets of as many numbers before a list without any: "81.2 on A and 77.0 on B, ahead of FooNet (80.1 and 75.3)"."""
        count = len(group.quantities)
        before = [self._links[id(other)][1] for other in self._groups if other.start < group.start and id(other) in self._links][-count:]
        named = [link.datasets[0] for link in before if link is not None and len(link.datasets) == 1]
        if count < 2 or len(named) != count or len({mention.name for mention in named}) != count:
            return None
        return DatasetLink(named, "dataset.again", 0.8)

    def _distant_metric(self, group: Group, datasets: DatasetLink | None) -> MetricLink | None:
        """Return a metric from elsewhere in the sentence, or the topic's, that suits the dataset."""
        around = self._linker.metric_around(group)
        if around is not None and self._suits(around.metrics[0], datasets):
            return around
        topic = self._paper.topic
        if topic.metric is not None and around is None:
            same = datasets is None or not topic.metric_datasets or bool(topic.metric_datasets & {m.name for m in datasets.datasets})
            if same and self._suits(topic.metric, datasets) and (datasets is not None or topic.metric_datasets):
                return MetricLink([topic.metric], "metric.topic", 0.8)
        return None

    def _suits(self, metric: Mention, datasets: DatasetLink | None) -> bool:
        return datasets is None or all(compatible(self._paper.vocabulary, m.name, metric.name) for m in datasets.datasets)

    def _carried(self, group: Group, metric: MetricLink | None) -> DatasetLink | None:
        found = self._paper.topic.dataset_for(self._scene, self._sentence, metric.metrics[0].name if metric is not None else None)
        if found is None:
            return None
        name, confidence = found
        known = name in self._paper.vocabulary.dataset
        return DatasetLink([Mention("D", name, group.start, group.start, known)], "dataset.topic", confidence)

    def _default_metric(self, datasets: DatasetLink, kind: ClaimKind, group: Group) -> MetricLink | None:
        """Return the metric that a group's datasets are measured in, one per number where each has its own dataset."""
        named = datasets.datasets if len(datasets.datasets) == len(group.quantities) else datasets.datasets[:1]
        metrics = [self._measured_in(mention.name, kind, group.unit) for mention in named]
        if not all(metrics):
            named, metrics = named[:1], metrics[:1]
        if not all(metrics):
            return None
        if len(set(metrics)) == 1:
            named, metrics = named[:1], metrics[:1]
        mentions = [Mention("M", metric, mention.start, mention.start) for metric, mention in zip(metrics, named, strict=True)]
        return MetricLink(mentions, "metric.default", 0.75)

    def _measured_in(self, dataset: str, kind: ClaimKind, unit: str) -> str:
        vocabulary = self._paper.vocabulary
        entry = vocabulary.dataset.get(dataset)
        if entry is None and (base := vocabulary.lookup(AliasKind.DATASET, dataset.rpartition("-")[0])):
            entry = vocabulary.dataset[base]  # "LiveCodeBench-V5" is measured as LiveCodeBench is
        if entry is None or not entry.default_metric:
            return ""
        if kind is not ClaimKind.ABSOLUTE and vocabulary.metric[entry.default_metric].family in SPECIFIC:
            return ""  # by how much, but not of what: a set is measured in more than its usual metric
        if unit == "%" and kind is ClaimKind.ABSOLUTE and vocabulary.metric[entry.default_metric].unit != "%":
            return ""  # no FID is a percentage
        return entry.default_metric

    def _is_result(
        self, group: Group, kind: ClaimKind, metric: MetricLink | None, datasets: DatasetLink | None, beside: MetricLink | None
    ) -> bool:
        """Say whether a number is a result at all: it has its metric beside it, or a dataset and the words of a result."""
        if beside is not None:
            return True
        before = self._scene.shadow[self._sentence[0] : group.start]
        if kind is not ClaimKind.ABSOLUTE:
            return (group.unit in ("%", "points") or (metric is not None and any(q.decimals for q in group.quantities))) and (
                metric is not None
                or datasets is not None
                or kind is ClaimKind.RATIO
                or bool(
                    re.search(
                        r"outperform|surpass|improv|gain|exceed|better|drop|degrad", before + self._scene.shadow[group.end : group.end + 60]
                    )
                )
            )
        if datasets is None and (metric is None or metric.rule == "metric.topic"):
            # "it improves the performance from 28.5% to 71.4%": a score, though of nothing that has a name
            return group.rule.startswith("pair.") and group.unit == "%" and "performance" in before[-120:]
        if metric is not None and metric.rule in ("metric.continued", "metric.same_form", "metric.again"):
            return True
        if deciding.counted_by_next_word(self._scene, group):
            return False
        if datasets is not None and datasets.rule in ("dataset.after", "dataset.in_phrase", "dataset.shared"):
            return True
        return (
            bool(kinds.ACHIEVED.search(before))
            or (metric is not None and metric.rule == "metric.left" and self._is_said_on(metric, group, before))
            or group.role is not None
            or (datasets is not None and datasets.rule == "dataset.left" and before.endswith("("))
        )

    def _context(
        self,
        group: Group,
        kind: ClaimKind,
        rules: tuple[str, ...],
        tied: list[tuple[int, int]],
        setting: tuple[ConditionDraft, ...],
        index: int,
    ) -> Context:
        evidence = self._evidence(group.start, group.end, tied)
        owner = self._owner(group, kind, index)
        rules = tuple(dict.fromkeys(rule for rule in (*rules, *owner.rules) if rule))
        return Context(self._scene, self._field, group.end, evidence, owner, setting, rules)

    def _evidence(self, start: int, end: int, tied: list[tuple[int, int]]) -> tuple[int, int]:
        """Return the run of clauses that holds a number and the names it is tied to in the same sentence."""
        first, last = start, end
        for low, high in tied:
            if (
                self._sentence[0] <= low
                and high <= self._sentence[1]
                and high > low
                and min(abs(low - end), abs(start - high)) <= _TIE_LIMIT
            ):
                first, last = min(first, low), max(last, high)
        return self._clauses.around(first, last)

    def _owner(self, group: Group, kind: ClaimKind, index: int) -> Owner:
        low, high = group.neighbours
        owner = self._owners.get((id(group), kind))
        if owner is None:  # one for all numbers of a list
            owner = self._paper.finder.find(self._scene, self._sentence, group.start, group.end, high, kind, (low, high))
            self._owners[id(group), kind] = owner
        listed = self._variants(group)
        if listed is not None and owner.model is not None:
            name = listed[index]
            # "FooNet-S, FooNet-M and FooNet-L achieve", "FooNet-S/M/L achieve": models of their own
            if owner.model in listed or owner.model.startswith(f"{listed[0]}/"):
                owner = Owner(owner.role, name, None, (*owner.rules, "variant.list"))
            else:
                owner = Owner(owner.role, owner.model, name, (*owner.rules, "variant.list"))
        if group.role is not None and group.role is not owner.role and "role.evaluated" not in owner.rules:
            owner = self._paper.finder.with_role(self._scene, self._sentence, group.start, group.end, high, group.role, owner, group.rule)
        return owner

    def _variants(self, group: Group) -> list[str] | None:
        """Return one backbone per number where the sentence lists as many of them: "2.8%/1.0% ... ResNet-18/ResNet-50"."""
        count = len(group.quantities)
        if count < 2:
            return None
        for kind in ("V", "P"):
            for low, high in ((group.end, self._sentence[1]), (self._sentence[0], group.start)):
                found = self._scene.within(kind, low, high)
                for mention in reversed(found):
                    sizes = _sizes(mention.name)
                    if len(sizes) == count:
                        return sizes
                for at in range(len(found) - count + 1):
                    run = found[at : at + count]
                    gaps = [self._scene.shadow[a.end : b.start] for a, b in pairwise(run)]
                    if all(_LISTED_GAP.match(gap) for gap in gaps):
                        return [mention.name for mention in run]
        return None

    def _own_words(self, group: Group) -> tuple[int, int]:
        """Return where the words begin and end that say something of this number and not of its neighbours."""
        # a bare count between two results ends nothing: "33.2 with a 22 layer model trained on ..."
        results = [g for g in self._groups if g is group or g.unit or any(q.decimals for q in g.quantities)]
        at = next(index for index, other in enumerate(results) if other is group)
        low = results[at - 1].end if at else self._sentence[0]
        high = results[at + 1].start if at + 1 < len(results) else self._sentence[1]
        shadow = self._scene.shadow
        if low > self._sentence[0]:
            low += max((match.end() for match in _BORDER.finditer(shadow[low : group.start])), default=0)
        if high < self._sentence[1]:
            high = group.end + max((match.end() for match in _BORDER.finditer(shadow[group.end : high])), default=high - group.end)
        return low, high

    def _sized(self, dataset: str | None, metric: Mention | None, setting: tuple[ConditionDraft, ...]) -> str | None:
        """Return the generation set of a size: FID on "ImageNet at 64x64 resolution" is measured on ImageNet 64x64."""
        entry = self._paper.vocabulary.metric.get(metric.name) if metric is not None else None
        if dataset is None or entry is None or entry.family not in _GENERATIVE:
            return dataset
        for condition in setting:
            if condition.kind is ConditionKind.RESOLUTION:
                sized = self._paper.vocabulary.dataset.get(f"{dataset.removesuffix('-1K')} {condition.value}")
                if sized is not None and sized.parent == dataset:
                    return sized.name
        return dataset

    def _setting(self, group: Group, datasets: DatasetLink | None, kind: ClaimKind) -> tuple[ConditionDraft, ...]:
        low, high = self._own_words(group)
        found = list(nearby(self._conditions, low, high))
        near = {condition.kind for condition in found}
        # what opens the sentence holds for all of it
        opened = self._first_claim if self._first_claim >= 0 else group.start
        found += [c.draft for c in self._conditions if c.end <= opened and c.draft.kind not in near]
        if datasets is None and self._several is not None:
            found.append(self._several)
        for mention in self._scene.within("D", *self._sentence):
            entry = self._paper.vocabulary.dataset.get(mention.name)
            close = min(abs(mention.start - group.end), abs(group.start - mention.end)) < 80
            if entry is not None and entry.training_only and close and not any(c.kind is ConditionKind.EXTRA_DATA for c in found):
                found.append(ConditionDraft(ConditionKind.EXTRA_DATA, mention.name, f"{mention.name} pre-training"))
                break
        if kind is ClaimKind.ABSOLUTE:
            placed = [c for c in self._conditions if low <= c.start < high]
            phrases = find_phrases(
                self._scene, self._sentence, low, group.start, group.end, self._clauses.around(group.start, min(high, self._sentence[1]))[1]
            )
            said = " ".join(c.draft.text for c in placed)
            found += [phrase for phrase in phrases if not any(c.text in phrase.text for c in found) and phrase.text not in said]
        unique = {(c.kind, c.value): c for c in reversed(found)}
        return tuple(reversed(unique.values()))

    def _take_claim(
        self,
        group: Group,
        kind: ClaimKind,
        rule: str,
        metric: MetricLink | None,
        datasets: DatasetLink | None,
        inferred: tuple[str, ...] = (),
    ) -> None:
        count = len(group.quantities)
        metrics: list[Mention | None] = list(metric.metrics) if metric is not None else [None]
        named: list[Mention | None] = list(datasets.datasets) if datasets is not None else [None]
        tied = [(m.start, m.end) for m in (*metrics, *named) if m is not None]
        rules = (rule, metric.rule if metric is not None else "metric.none", datasets.rule if datasets is not None else "dataset.none")
        setting = self._setting(group, datasets, kind)
        tasks = [found.name for found in self._scene.tasks if self._sentence[0] <= found.start < self._sentence[1]]
        inside = datasets is not None and len(named) == group.inner > 1 and self._is_slash_list(datasets)
        told_apart = count > 1 and self._variants(group) is not None
        settings = None if told_apart else self._settings_apart(setting, count)
        for index, quantity in enumerate(group.quantities):
            taken = False
            cells, fits = cells_of(index, count, metrics, named, datasets_inside=inside, told_apart=told_apart)
            if settings is not None and not fits:
                context = self._context(group, kind, (*rules, "list.settings"), tied, settings[index], index)
            else:
                context = self._context(group, kind, rules if fits else (*rules, UNFIT), tied, setting, index)
            for cell_metric, cell_dataset in cells:
                name = self._sized(cell_dataset.name if cell_dataset is not None else None, cell_metric, setting)
                task = task_of(self._paper.vocabulary, name, cell_metric, tasks)
                written = self._as_written(cell_dataset)
                draft = make_claim(context, quantity, kind, cell_metric, name, task, self._paper.vocabulary, inferred, written)
                if draft is not None:
                    self._paper.claims.append(draft)
                    taken = True
                    self._first_claim = self._first_claim if self._first_claim >= 0 else group.start
                    if kind is ClaimKind.ABSOLUTE and draft.role is Role.PROPOSED:
                        self._paper.note_score(self._sentence[0], (cell_metric, name, task))
            if not taken:
                self._leave(quantity, "out_of_bounds")

    def _settings_apart(self, setting: tuple[ConditionDraft, ...], count: int) -> list[tuple[ConditionDraft, ...]] | None:
        """Return a setting per number where as many conditions of one kind tell them apart: "67.3% and 83.9% ... 1-shot and 5-shot"."""
        for kind in _TELLS_APART if count > 1 else ():
            said = dict.fromkeys(condition.draft for condition in self._conditions if condition.draft.kind is kind)
            alike = [condition for condition in said if condition in setting]
            if len(alike) == count:
                return [tuple(condition for condition in setting if condition.kind is not kind or condition is one) for one in alike]
        return None

    def _as_written(self, dataset: Mention | None) -> str | None:
        """Return a dataset's name as the text has it, where it was named first if the sentence leaves it out."""
        if dataset is None:
            return None
        if dataset.end == dataset.start:
            dataset = next((mention for mention in self._scene.mentions["D"] if mention.name == dataset.name), dataset)
        return self._scene.original[dataset.start : dataset.end] or None

    def _is_slash_list(self, datasets: DatasetLink) -> bool:
        return all("/" in self._scene.shadow[left.end : right.start] for left, right in pairwise(datasets.datasets))

    def _take_cost(self, group: Group, reading: CostReading) -> None:
        tail = self._scene.lower[reading.end : min(self._sentence[1], reading.end + 70)]
        note = _NOTE.search(tail)
        tied = [(group.start, reading.end)]
        for index, quantity in enumerate(group.quantities):
            context = self._context(group, reading.kind, (), tied, (), index)
            if reading.measures == (CostMeasure.PARAMETERS,) and reading.kind is ClaimKind.ABSOLUTE and context.owner.role is Role.PROPOSED:
                sized = self._paper.finder.of_size(self._scene, self._sentence, group.start, group.end, reading.end)
                context = context if sized is None else context._replace(owner=sized, rules=sized.rules)
            per_number = len(reading.measures) == len(group.quantities) and len(group.quantities) > 1
            for measure in (reading.measures[index],) if per_number else reading.measures:
                self._paper.costs.append(make_cost(context, quantity, reading, CostMeasure(measure), note.group() if note else ""))
