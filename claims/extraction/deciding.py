"""What a number is: a claim, a cost, or neither and why. A weighted choice is not needed: the first rule that matches decides."""

from __future__ import annotations

import re
from typing import NamedTuple

from claims.extraction.groups import Group
from claims.extraction.linking import MetricLink
from claims.extraction.pages import Page
from claims.extraction.quantities import Quantity
from claims.extraction.rules import costs, kinds, reasons
from claims.extraction.rules.metrics import VALUE_OF
from claims.extraction.scene import Mention, Scene
from claims.extraction.settings import PlacedCondition
from claims.extraction.text import holds_any
from claims.terms import ClaimKind, CostMeasure

_ENDS = re.compile(r"[\d.,]+")
# "2048 channels" is no year, "the 2021 challenge" is one
_COUNTED_AFTER_YEAR = re.compile(
    r"^[ -]?(?:class(?!if)|categor|channel|cores?\b|code|cluster|cell|concept|caption|clip|case|gpu|tpu|m\b|epoch|token|param|flop)"
)
_OF_MODEL = re.compile(r" of (?:the )?[PV]")  # "the 71.2% of FooNet" is no share of anything
_YEAR_DIGITS = 4
_MOST_SECTIONS = 20
_LONGEST_BRACKETS = 300
_BRACKET = re.compile("[()]")
_MOST_VERSIONS = 10
_MOST_TIMES_GAIN = 4
_AS_MUCH = re.compile(r"\s*(?:as|less|fewer|more)")
_METRIC_AFTER = re.compile(r"\s*(?:(?:better|higher|in|points?|absolute) )*M")
_LISTED_GAP = re.compile(r"\s?(?:,? and|,|/|&)\s?(?:the )?$")
_PREFIX_OF_UNIT = re.compile(r"[ -]?([kgmt])(?:flop|mac|bflop)")
_LARGE_UNIT = re.compile(r"[ -]?[gmt](?:flop|mac|bflop)")
_INFERS = re.compile(r"inference|generation|sampling|decoding")
_TRAINS = re.compile(r"train|converge")
_BE = (" is ", " are ", " was ", " were ")
_IS_VALUE = re.compile(rf"(?: scores?)?(?: of|:| =| is| was)? ?{costs.QUAL}*\(?")
_FEWER = re.compile(r"^ (?:fewer|less|more|additional)")


class CostReading(NamedTuple):
    """One cost that a group states: measures (one, or one per number), the unit as stated, the factor to the canonical unit."""

    measures: tuple[CostMeasure, ...]
    unit: str
    factor: float | None
    kind: ClaimKind
    rule: str
    end: int


def rule_out_at_sight(page: Page, quantity: Quantity) -> str | None:
    """Return the reason why a number can't be a claim or cost, where the characters around it say so, None where they don't.

    It holds whatever names are recognised: most numbers of a text are the "3" of "3D", "(1)" or "GPT-4", and where all are, no name
    needs to be looked for.
    """
    lower, start, end = page.lower, quantity.digits_start, quantity.digits_end
    if page.intervals and page.in_interval(start):
        return "confidence_level"
    if page.has_link and reasons.CODE_BEFORE.search(lower[max(0, start - 60) : start]):
        return "link"
    if page.has_power or page.has_spread:
        bare, after = lower[max(0, start - 60) : start].rstrip(" -"), lower[end : end + 60]
        if (
            bare.endswith("^")
            or reasons.POWER_BEHIND.match(after)
            or (quantity.value in reasons.POWERS_OF and after.lstrip().startswith("^"))
        ):
            return "formula"
        if bare.endswith("±"):
            return "uncertainty"
    before = lower[start - 1] if start else " "
    if before != " " and (
        before.isalpha() or before in "_^#@" or (before == "-" and start > 1 and (lower[start - 2].isalnum() or lower[start - 2] in "_^"))
    ):
        return "rank" if before == "#" else "part_of_name"
    behind = lower[end : end + 1]
    if not behind:
        return None
    if behind in "-d" and reasons.DIMENSION_AFTER.match(lower[end : end + 4]):
        return "dimension"
    if behind in "snrt" and reasons.ORDINAL.match(lower[end : end + 4]):
        return "ordinal"
    if page.has_citations:
        in_brackets = reasons.CITATION_BEFORE.search(lower, max(0, start - 60), start)
        if in_brackets is not None and reasons.CITATION_AFTER.match(lower[end : end + 60]):
            return "citation"
    if behind == ")" and _is_enumerated(page, quantity):
        return "section"
    return None


def _is_enumerated(page: Page, quantity: Quantity) -> bool:
    """Say whether a number before a bracket is one of "(1) first, (2) second" or "1) first; 2) second"."""
    lower, start = page.lower, quantity.digits_start
    is_whole = not quantity.unit and quantity.scale == 1.0 and not quantity.decimals
    if not is_whole or quantity.value >= _MOST_SECTIONS:
        return False
    if lower[start - 1 : start] == "(":
        return reasons.ENUMERATION.search(lower, max(0, start - 2), start) is not None
    if not page.has_list or quantity.is_range or lower[start - 1 : start] not in ("", " "):
        return False
    depth = 0  # of brackets: in "(on CIFAR-10 (all) an FID of 3)" a number is none of a list
    for bracket in _BRACKET.findall(lower, max(0, start - _LONGEST_BRACKETS), start):
        depth = depth + 1 if bracket == "(" else max(depth - 1, 0)
    return depth == 0


def rule_out(scene: Scene, quantity: Quantity, at_sight: str | None) -> str | None:
    """Return the reason why a number can't be a claim or cost whatever stands around it, None if it can.

    `at_sight` is what `rule_out_at_sight` said of it.
    """
    if at_sight is not None:
        return at_sight
    if quantity.start in scene.masked:
        return "part_of_name"
    text, lower = scene.text, scene.lower
    start, end = quantity.digits_start, quantity.digits_end
    before, after = lower[max(0, start - 60) : start], lower[end : end + 60]
    behind = after[:1]
    past_unit = lower[quantity.end : quantity.end + 60]
    plain = not quantity.unit and quantity.scale == 1.0
    is_range = quantity.is_range
    if plain and (is_range or end - start == _YEAR_DIGITS):
        years = _ENDS.findall(text[start:end]) if is_range else [text[start:end]]
        if all(map(reasons.YEAR.match, years)) and not _COUNTED_AFTER_YEAR.match(past_unit):
            of_metric = VALUE_OF.search(scene.shadow, max(0, start - 40), start)
            return None if of_metric is not None else "year"
    is_whole = plain and not quantity.decimals
    if (
        reasons.RESOLUTION_AFTER.match(after)
        or (before.rstrip().endswith("x") and reasons.TIMES_SIZE_BEFORE.search(before, max(len(before) - 22, 0)))
        or (plain and _may_be_size(before) and reasons.RESOLUTION_BEFORE.search(before))
    ):
        return "resolution"
    if is_whole and quantity.value < _MOST_VERSIONS and scene.shadow[max(0, start - 2) : start] == "D ":
        return "part_of_name"  # "Terminal-Bench 2"
    if before.endswith((",", "/")) and reasons.LISTED_IN_NAME.search(before):
        return "part_of_name"
    if is_whole and reasons.DEVICE_BEFORE.search(text, max(0, start - 16), start):
        return "part_of_name"  # "on one RTX 3090, 22x faster"
    if quantity.unit == "points":
        if text[end] == "-" and not reasons.POINT_GAIN.match(past_unit):
            return "part_of_name"  # "the 5-point algorithm"
        many = quantity.scale != 1.0 or "," in text[start:end] or quantity.value > reasons.MOST_POINTS
        if many and reasons.BARE_POINTS.match(lower[end : quantity.end]):
            return "count"  # "1,024 points per shape", "250K points"
    if (behind == ":" and reasons.THRESHOLDS_AFTER.match(after)) or (before.endswith(":") and reasons.THRESHOLDS_BEFORE.search(before)):
        return "hyper_parameter"
    if (behind == "/" and reasons.FRACTION_AFTER.match(after)) or (quantity.value == 255 and reasons.FRACTION_BEFORE.search(before)):
        return "hyper_parameter"
    if quantity.unit == "%" and reasons.INTERVAL_AFTER.match(past_unit):
        return "confidence_level"
    return None


def _may_be_size(before: str) -> bool:
    """Say whether `reasons.RESOLUTION_BEFORE` is worth a try."""
    return before.rstrip().endswith("x") or holds_any(before, reasons.RESOLUTION_WORDS)


def is_condition(quantity: Quantity, conditions: list[PlacedCondition]) -> bool:
    """Say whether a number is part of a setting's condition, and no result."""
    start = quantity.digits_start
    for condition in conditions:
        if condition.start <= start < condition.end and not condition.rule.startswith("condition.resolution_of"):
            return True
    return False


def read_cost(
    scene: Scene, sentence: tuple[int, int], group: Group, bounds: tuple[int, int], metric: MetricLink | None
) -> CostReading | None:
    """Return the cost that a group states, None if it states none. `bounds` are the ends of the numbers around it."""
    low, high = bounds
    shadow, lower = scene.shadow, scene.lower
    before, after = shadow[low : group.start][-130:], shadow[group.end : high][:130]
    plain_after = lower[group.end : min(sentence[1], group.end + 60)]
    unit = group.unit
    first = group.quantities[0]
    if unit == "" and not _is_value_of(scene, group, metric):
        by_unit = _by_unit(scene, sentence, group, plain_after, low, high)
        if by_unit is not None:
            return by_unit
    if unit in ("%", "x") or (unit == "" and _FEWER.match(after)):
        if metric is not None and metric.rule == "metric.after" and unit == "%" and "C" not in shadow[group.end : metric.metrics[0].start]:
            return None
        for rule, pattern in costs.RATIO_AFTER if "C" in after else ():
            match = pattern.match(after)
            if match is not None:
                if (
                    unit == "%"
                    and rule in ("cost.ratio.of", "cost.ratio.times")
                    and _is_share_of_data(scene, group.end + match.group().rindex("C"), before, after)
                ):
                    return None
                return _from_nouns(scene, group, group.end + match.group().rindex("C"), high, ClaimKind.RATIO, rule, forward=True)
        if unit != "":
            for rule, pattern in costs.RATIO_BEFORE if "C" in before else ():
                match = pattern.search(before)
                # "costs fall by 30%" is a ratio; "... at lower cost, by 1.2% accuracy" was a metric right behind
                if match is not None and not _delta_of_metric(after):
                    at = group.start - len(before) + _last_noun(match.group()) + match.start()
                    return _from_nouns(scene, group, at, high, ClaimKind.RATIO, rule, forward=False)
    if unit in ("x", "%") and costs.DATA_AFTER.match(plain_after):
        return CostReading((CostMeasure.TRAINING_DATA,), unit, None, ClaimKind.RATIO, "cost.less_data", group.end)
    if unit == "x":
        if costs.SPEED_AFTER.match(plain_after):
            return CostReading((_speed(lower, group, sentence),), "x", None, ClaimKind.RATIO, "cost.speed", group.end)
        if costs.SIZE_AFTER.match(plain_after) or costs.SIZE_BEFORE.search(before):
            measure = (
                CostMeasure.TOKENS if costs.TOKENS_NEAR.search(plain_after + lower[low : group.start][-30:]) else CostMeasure.COMPRESSION
            )
            return CostReading((measure,), "x", None, ClaimKind.RATIO, "cost.size", group.end)
        if costs.SPEED_BEFORE.search(before):
            return CostReading((_speed(lower, group, sentence),), "x", None, ClaimKind.RATIO, "cost.speed", group.end)
        if costs.SAVINGS_AFTER.match(plain_after):
            return CostReading(
                (CostMeasure.TRAINING_COST if "train" in lower[low:high] else CostMeasure.INFERENCE_COST,),
                "x",
                None,
                ClaimKind.RATIO,
                "cost.savings",
                group.end,
            )
    if unit == "%":
        if costs.PERCENT_AFTER.match(plain_after):
            measure = CostMeasure.COMPRESSION if "smaller" in plain_after[:24] else _speed(lower, group, sentence)
            return CostReading((measure,), "%", None, ClaimKind.RATIO, "cost.speed", group.end)
        if costs.SPEED_BEFORE.search(before) and not _delta_of_metric(after):
            return CostReading((_speed(lower, group, sentence),), "%", None, ClaimKind.RATIO, "cost.speed", group.end)
        return None
    if unit == "" and first.scale in (1e9, 1e6, 1e12) and costs.SIZED_MODEL.match(plain_after):
        return CostReading((CostMeasure.PARAMETERS,), "", 1.0, ClaimKind.ABSOLUTE, "cost.sized_model", group.end)
    if unit == "" and first.scale in (1e9, 1e6, 1e12) and _is_size_of_named(scene, sentence, group, plain_after):
        return CostReading((CostMeasure.PARAMETERS,), "", 1.0, ClaimKind.ABSOLUTE, "cost.sized_name", group.end)
    if unit == "":
        return _absolute(scene, group, before, after, high, first)
    return None


def _is_size_of_named(scene: Scene, sentence: tuple[int, int], group: Group, plain_after: str) -> bool:
    """Say whether "a 172M FooNet" or "3B weights" stands there."""
    if costs.SIZED_WEIGHTS.match(plain_after):
        return True
    before = scene.lower[max(sentence[0], group.start - 12) : group.start]
    return bool(costs.BEFORE_SIZE.search(before) and costs.SIZED_NAME.match(scene.shadow[group.end : sentence[1]]))


def _is_share_of_data(scene: Scene, at: int, before: str, after: str) -> bool:
    """Say whether "10% of the training data" stands there: a condition; "10% as much" would be a saving.

    So does "15% of the tokens are masked"; "trained on 12% of the tokens" is what it costs.
    """
    mention = scene.at("C", at)
    if mention is None or _AS_MUCH.match(after):
        return False
    if mention.name == CostMeasure.TOKENS.value:
        return costs.USED_BEFORE.search(before) is None
    return mention.name == CostMeasure.TRAINING_DATA.value


def _delta_of_metric(after: str) -> bool:
    return _METRIC_AFTER.match(after) is not None


def _last_noun(matched: str) -> int:
    return matched.rindex("C")


def _is_value_of(scene: Scene, group: Group, metric: MetricLink | None) -> bool:
    """Say whether a known metric stands right before its number: "an FID of 3.21 w/o guidance", "an MAE of 5.3 ms" are no costs."""
    if metric is None or metric.rule != "metric.before" or not metric.metrics[-1].known:
        return False
    if scene.lower[group.end : group.end + 1] == "-" or costs.BYTES.match(scene.lower, group.end):
        return False  # "the accuracy of the 64-byte baseline": whose it is
    named = metric.metrics[-1].start
    if scene.shadow[max(0, group.start - 1) : group.start] == "(" and scene.shadow[max(0, named - 2) : named] == "N ":
        return False  # "84.2% accuracy (12 ms)": that number's
    return _IS_VALUE.fullmatch(scene.lower, metric.metrics[-1].end, group.start) is not None


def _by_unit(scene: Scene, sentence: tuple[int, int], group: Group, plain_after: str, low: int, high: int) -> CostReading | None:
    lower = scene.lower
    if costs.ANY_UNIT.match(plain_after) is None or costs.NOT_AS_WRITTEN.match(scene.text[group.end : group.end + 8]):
        return None
    for measure, pattern, shown, factor in costs.UNITS:
        match = pattern.match(plain_after)
        if match is None:
            continue
        around = lower[max(sentence[0], group.start - 70) : min(sentence[1], group.end + 50)]
        tail = plain_after[match.end() :]
        if costs.COUNTED_BEHIND.match(tail):
            return None
        if shown == "Hz" and not costs.RUN_AT.search(lower, max(sentence[0], group.start - 60), group.start):
            return None
        if measure in (CostMeasure.MEMORY, CostMeasure.STORAGE) and _is_of_machine_or_data(lower, group, low, tail):
            return None
        if measure is CostMeasure.MEMORY:
            left = lower[low : group.start][-40:]
            if costs.STORAGE_WORDS.match(tail):
                measure = CostMeasure.STORAGE
            elif costs.SIZE_WORDS.search(left) or costs.SIZE_WORDS.match(tail):
                measure = CostMeasure.MODEL_SIZE
        elif measure is None:
            if costs.NO_COST_TIME.match(plain_after):
                return None
            left = lower[max(sentence[0], group.start - 70) : group.start]
            if costs.NO_COST_TIME_BEFORE.search(left):
                return None
            if costs.SEARCH_WORDS.search(left):
                measure = CostMeasure.SEARCH_TIME
            elif costs.TRAIN_WORDS.search(around):
                measure = CostMeasure.TRAINING_TIME
            elif costs.INFER_WORDS.search(around):
                measure = CostMeasure.INFERENCE_TIME
            else:
                return None
        return CostReading((measure,), shown, factor, ClaimKind.ABSOLUTE, "cost.unit", group.end + match.end())
    return None


def _is_of_machine_or_data(lower: str, group: Group, low: int, tail: str) -> bool:
    """Say whether bytes are what a machine has or a set of data holds, and nothing that a model takes."""
    if costs.MACHINE_BEHIND.match(tail) or costs.DATA_BEHIND.match(tail):
        return True
    return costs.MACHINE_BEFORE.search(lower, max(low, group.start - 24), group.start) is not None


def _absolute(scene: Scene, group: Group, before: str, after: str, high: int, first: Quantity) -> CostReading | None:
    for rule, pattern in costs.ABSOLUTE_AFTER if "C" in after else ():
        match = pattern.match(after)
        if match is not None:
            reading = _from_nouns(scene, group, group.end + match.end() - 1, high, ClaimKind.ABSOLUTE, rule, forward=True)
            if reading is not None and _is_count(reading, first, scene):
                return reading
    for rule, pattern in costs.ABSOLUTE_BEFORE if "C" in before else ():
        match = pattern.search(before)
        if match is not None:
            at = group.start - len(before) + match.start() + _last_noun(match.group())
            reading = _from_nouns(scene, group, at, high, ClaimKind.ABSOLUTE, rule, forward=False)
            if reading is not None and _is_count(reading, first, scene):
                return reading
    return None


_BARE_COUNTS = frozenset(
    {
        CostMeasure.PARAMETERS,
        CostMeasure.FLOPS,
        CostMeasure.MACS,
        CostMeasure.EPOCHS,
        CostMeasure.STEPS,
        CostMeasure.NFE,
        CostMeasure.TOKENS,
        CostMeasure.BATCH_SIZE,
    }
)


def _is_count(reading: CostReading, first: Quantity, scene: Scene) -> bool:
    """Say whether a bare number can be this cost: latency and memory need a unit, three parameters are no size."""
    measure = reading.measures[0]
    if measure not in _BARE_COUNTS:
        return False
    if measure in (CostMeasure.PARAMETERS, CostMeasure.FLOPS, CostMeasure.MACS):
        giga = _LARGE_UNIT.match(scene.lower[first.end : first.end + 9])
        return first.scaled >= 1000 or giga is not None
    if measure is CostMeasure.TOKENS:
        return not re.search(
            r"(?:train|corpus|corpora|corpus of|pre-?train)[^.]{0,60}$", scene.lower[max(0, first.start - 60) : first.start]
        )
    return True


def _from_nouns(scene: Scene, group: Group, at: int, high: int, kind: ClaimKind, rule: str, *, forward: bool) -> CostReading | None:
    """Return the reading for the cost noun at `at`: with a list of nouns one measure per number, or all for one number."""
    mention = scene.at("C", at)
    if mention is None:
        return None
    listed = _listed(scene, mention, high) if forward else _listed_before(scene, mention)
    count = len(group.quantities)
    chosen = listed if len(listed) == count or (count == 1 and forward and kind is ClaimKind.RATIO) else [mention]
    measures = tuple(CostMeasure(found.name) for found in chosen)
    if (
        kind is ClaimKind.ABSOLUTE
        and measures == (CostMeasure.MODEL_SIZE,)
        and group.unit == ""
        and group.quantities[-1].scale in (1e6, 1e9)
    ):
        measures = (CostMeasure.PARAMETERS,)  # "a model size of 16.8M" counts, as it states no bytes
    if kind is ClaimKind.RATIO and scene.lower[mention.start : mention.end].startswith(("computational c", "compute c", "computation c")):
        around = scene.lower[max(0, group.start - 260) : group.end + 60].rpartition(". ")[2]
        if costs.TRAINED_WITH.search(around) and not costs.INFERRED_WITH.search(around):
            measures = (CostMeasure.TRAINING_COST,)
    unit, factor = group.unit, None
    if kind is ClaimKind.ABSOLUTE:
        unit = measures[0].value if measures[0] in (CostMeasure.EPOCHS, CostMeasure.STEPS, CostMeasure.TOKENS) else ""
        factor = _giga(scene, group)
    return CostReading(measures, unit, factor, kind, rule, max(group.end, chosen[-1].end if forward else group.end))


def _giga(scene: Scene, group: Group) -> float:
    """Return the factor of the unit's own prefix: 14.64 GFLOPs, where the letter belongs to the unit."""
    match = _PREFIX_OF_UNIT.match(scene.lower[group.end : group.end + 9])
    already = group.quantities[-1].scale != 1.0
    return 1.0 if match is None or already else {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}[match[1]]


def _listed(scene: Scene, mention: Mention, high: int) -> list[Mention]:
    listed = [mention]
    for found in scene.within("C", mention.end, high):
        if not _LISTED_GAP.match(scene.shadow[listed[-1].end : found.start]):
            break
        listed.append(found)
    return listed


def _listed_before(scene: Scene, mention: Mention) -> list[Mention]:
    listed = [mention]
    for found in reversed(scene.within("C", max(0, mention.start - 90), mention.start)):
        if not _LISTED_GAP.match(scene.shadow[found.end : listed[0].start]):
            break
        listed.insert(0, found)
    return listed


def _speed(lower: str, group: Group, sentence: tuple[int, int]) -> CostMeasure:
    around = lower[max(sentence[0], group.start - 50) : min(sentence[1], group.end + 50)]
    if _INFERS.search(around):
        return CostMeasure.INFERENCE_TIME
    if _TRAINS.search(around):
        return CostMeasure.TRAINING_TIME
    return CostMeasure.SPEED


_ENDS_PHRASE = ("", ".", ",", ";", ":", ")")
"""What says a word more of a number begins with none of these."""


def claim_kind(
    scene: Scene, sentence: tuple[int, int], group: Group, bounds: tuple[int, int], clause_start: int, before_it: ClaimKind | None
) -> tuple[ClaimKind, str]:
    """Return the kind of a claim and the id of the rule that decided it.

    `before_it` is the kind of the number before where the group goes on with it, None where it does not.
    """
    low = max(bounds[0], clause_start, group.start - 130)
    before = scene.shadow[low : group.start]
    after = scene.shadow[group.end : min(bounds[1], group.end + 130)]
    goes_on = after[:1] not in _ENDS_PHRASE
    if goes_on and group.unit in ("%", "x"):
        for rule, pattern in kinds.RATIO_AFTER[: 2 if group.unit == "%" else 3]:
            if pattern.match(after):
                return ClaimKind.RATIO, rule
    if group.quantities[0].sign == "+":
        return ClaimKind.DELTA, "delta.sign"
    if group.quantities[0].sign == "-" and group.unit in ("%", "points") and before_it is not None and before_it is not ClaimKind.ABSOLUTE:
        return ClaimKind.DELTA, "delta.sign"
    possible = scene.cues(*sentence).between(low, group.start)
    if group.unit == "%" and "deviation" in possible and kinds.DEVIATION_BEFORE.search(before):
        return ClaimKind.DELTA, "delta.deviation"
    if kinds.RATIO_BEFORE[0][1].search(before):
        return ClaimKind.RATIO, "ratio.relative"
    near = max(bounds[0], group.start - 24)
    if group.unit != "x" and " costs " in scene.lower[near : group.start] and kinds.COSTS_BEFORE.search(scene.lower, near, group.start):
        return ClaimKind.DELTA, "delta.costs"
    for rule, pattern in kinds.DELTA_BEFORE:
        if rule in possible and pattern.search(before):
            return (ClaimKind.RATIO if group.unit == "x" else ClaimKind.DELTA), rule
    for rule, pattern in kinds.DELTA_AFTER if goes_on else ():
        if pattern.match(after):
            return (ClaimKind.RATIO if group.unit == "x" else ClaimKind.DELTA), rule
    if before_it in (ClaimKind.DELTA, ClaimKind.RATIO):
        return before_it, "kind.continued"
    if _shares_gain(scene, group, bounds[1]):
        return ClaimKind.DELTA, "delta.gain"
    if group.unit == "points":
        return ClaimKind.DELTA, "delta.points"
    if group.unit == "x":
        return ClaimKind.RATIO, "ratio.times"
    return ClaimKind.ABSOLUTE, "score"


def _shares_gain(scene: Scene, group: Group, following: int) -> bool:
    """Say whether the noun behind the next number is this one's, too: "2.5 F1 and 5.1 F1 performance gain"."""
    if group.unit not in ("", "%") or following >= len(scene.text) or scene.shadow[following] != "N":
        return False
    match = kinds.GAIN_OF_NEXT.match(scene.shadow[group.end : following + 80])
    if match is None:
        return False
    behind = next(quantity for quantity in scene.quantities if quantity.start == following)
    if group.quantities[0].value > _MOST_TIMES_GAIN * behind.value:
        return False  # "91.2 F1 and a 2.3 F1 gain": a score and its gain
    first, second = scene.at("M", group.end + match.start("metric")), scene.at("M", group.end + match.start("again"))
    return first is not None and second is not None and first.name == second.name


def counts_points(scene: Scene, sentence: tuple[int, int], group: Group) -> bool:
    """Say whether "points" are things, and no gain: "we track 8 points on the face"."""
    last = group.quantities[-1]
    if reasons.BARE_POINTS.match(scene.lower[last.digits_end : last.end]) is None:
        return False
    low, high = max(sentence[0], group.start - 70), min(sentence[1], group.end + 60)
    return kinds.GAIN_NEAR.search(scene.shadow[low:high]) is None


_MAY_FOLLOW = re.compile(
    r"^\s*(?:$|[^\sa-z]|(?:on|for|in|at|with|using|under|and|or|while|without|after|from|when|over|by|across|compared|than|to|as|which|who|if|but|respectively|top|zero|"
    r"averaged?|via|within|against|among|given|versus|vs|through|despite|where|that|is|are|score|performance|correct|success|mean|during|even|only|just|both|based|thus|because|"
    r"since|before|between|trained|surpass\w*|outperform\w*|exceed\w*)\b)"
)


def counted_by_next_word(scene: Scene, group: Group) -> bool:
    """Say whether the word after a percentage is what it measures, and no known metric: "100% robustness to shifts"."""
    return _MAY_FOLLOW.match(scene.shadow[group.end : group.end + 40]) is None


def is_of_unknown(scene: Scene, sentence: tuple[int, int], low: int, group: Group) -> bool:
    """Say whether words that no file lists say what a number measures: "forgetting is 2.1%", "a coverage of 90%", "drifts 0.5%"."""
    before = scene.shadow[max(low, group.start - 60) : group.start]
    if kinds.OF_UNKNOWN.search(before) or kinds.DOES_UNKNOWN.search(before):
        return True
    return kinds.IS_UNKNOWN.search(scene.shadow[max(sentence[0], low, group.start - 120) : group.start]) is not None


def no_claim_reason(scene: Scene, group: Group) -> str:
    """Return why a number that no rule took was left: what the words beside it count."""
    before, after = scene.lower[max(0, group.start - 60) : group.start], scene.lower[group.end : group.end + 60]
    if after.startswith(_BE) and reasons.CHOSEN_AFTER.match(after):
        return "hyper_parameter"
    if group.unit == "":
        size = len(before)
        # half of all numbers stand behind a word that no reason ends in
        for reason, reach, pattern in reasons.BEFORE if before.rstrip(" (").rpartition(" ")[2] not in reasons.NO_REASON_BEHIND else ():
            if pattern.search(before, max(size - reach, 0)):
                return reason
        printed = group.quantities[-1]
        for reason, pattern in reasons.AFTER if not printed.decimals or printed.scale != 1.0 else ():
            if pattern.match(after):
                return reason
    if group.unit == "%" and reasons.SHARE_AFTER.match(after) and not _OF_MODEL.match(scene.shadow, group.end):
        return "share"
    if group.unit == "x" and scene.lower[group.start : group.end].endswith("times"):
        return "count"
    return "no_metric"


def is_operating_point(scene: Scene, group: Group, metric: MetricLink) -> bool:
    """Say whether a number fixes where another metric is read off: "a recall of 81% at 1% FPR", "AP at IoU=0.8"."""
    if metric.rule == "metric.before" and metric.metrics[0].name == "IoU":
        return reasons.AT.search(scene.shadow[max(0, metric.metrics[0].start - 4) : metric.metrics[0].start]) is not None
    mention = metric.metrics[0]
    if group.unit != "%" or metric.rule not in ("metric.after", "metric.before"):
        return False
    written = scene.lower[mention.start : mention.end].partition(" (")[0]
    if written not in reasons.OPERATING_POINT and mention.name not in reasons.OPERATING_METRICS:
        return False
    start = min(group.start, mention.start)
    return reasons.OPERATING_BEFORE.search(scene.shadow[max(0, start - 20) : start]) is not None


def is_share(scene: Scene, group: Group) -> bool:
    """Say whether a percentage is of what goes into a model: "a loss over 25% visible tokens"."""
    return reasons.SHARED.match(scene.lower[group.end : group.end + 60]) is not None
