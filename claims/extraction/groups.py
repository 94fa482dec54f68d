"""Lists of numbers: "82.9/84.8", "5.6%, 4.5% and 3.0%", "from A to B", "A vs. B"."""

from __future__ import annotations

import re
from itertools import pairwise

from claims.extraction.quantities import Quantity, split_range
from claims.extraction.rules import kinds
from claims.extraction.scene import Scene
from claims.extraction.text import holds_any
from claims.terms import Role

_BARE_COMMA = re.compile(r",\s*(?:an? |about |some |around )?")
# "a relative improvement in F1 (0.150 to 0.620)"
_CHANGE_IN_BRACKETS = re.compile(r"(?:improv|increas|reduc|decreas|declin|drop|gain|degrad|boost)\w*[^;.N()]{0,60}\($")
_METRIC_OF = re.compile(r"M ?(?:of|=|:) ?$")
_METRIC_BEHIND = re.compile(r"\s?M")
_GOES_ON = re.compile(r" (?:[a-z]{1,3} )?and $")
_COMPARATIVE = re.compile(
    r"\s?(?:(?:percentage )?points? |absolute |relative )*"
    r"(?:reduction|increase|drop|boost|better|higher|lower|worse|more|less|above|below|over|ahead|beyond|improvement|gain)\b"
)


class Group:
    """Numbers that one list joins; all share what stands before and after the list.

    `inner` is the length of the slash lists inside ("a/b and c/d": 2), 1 without. `partner` is the group that this one is
    compared with ("from A", "vs. B") and whose metric and datasets it shares. `start` is where its first number begins, `end` where
    its last one ends, `unit` that of the last. `neighbours` are where the group before it ends and the one behind it begins, or the
    sentence's own bounds.
    """

    __slots__ = ("end", "inner", "neighbours", "partner", "quantities", "role", "rule", "start", "unit")

    def __init__(self, quantity: Quantity, role: Role | None, rule: str) -> None:
        self.quantities = [quantity]
        self.start = quantity.start
        self.end = quantity.end
        self.unit = quantity.unit
        self.inner = 1
        self.role = role
        self.partner: Group | None = None
        self.rule = rule
        self.neighbours = (0, 0)

    def add(self, quantity: Quantity) -> None:
        """Take in the next number of the list."""
        self.quantities.append(quantity)
        self.end = quantity.end
        self.unit = quantity.unit


def make_groups(scene: Scene, sentence: tuple[int, int], quantities: list[Quantity]) -> list[Group]:
    """Return the groups of a sentence's numbers in order, with from-to and versus pairs tied to each other."""
    groups: list[Group] = []
    for quantity in _split_pairs(scene, sentence, quantities):
        if groups and groups[-1].rule == quantity[1] == "" and _in_list(scene, groups[-1], quantity[0]):
            groups[-1].add(quantity[0])
            continue
        role = Role.BASELINE if quantity[1] == "pair.from" else Role.PROPOSED if quantity[1] == "pair.to" else None
        group = Group(quantity[0], role, quantity[1])
        if quantity[1] == "pair.to" and groups and groups[-1].rule == "pair.from":
            groups[-1].partner = group
        groups.append(group)
    low, last = sentence[0], len(groups) - 1
    for index, group in enumerate(groups):
        group.neighbours = (low, groups[index + 1].start if index < last else sentence[1])
        low = group.end
        group.inner = _inner_length(scene, group)
        if not _is_of_pairs(group):
            _share_unit(group, mixed=_has_fraction(group) and len({m.name for m in scene.within("M", *sentence)}) > 1)
    _tie_versus(scene, groups)
    _tie_from_to(scene, sentence, groups)
    return groups


def _split_pairs(scene: Scene, sentence: tuple[int, int], quantities: list[Quantity]) -> list[tuple[Quantity, str]]:
    """Split "from 69.9% to 72.0%" into two scores; "ranging from 2 to 5" stays a range."""
    found: list[tuple[Quantity, str]] = []
    in_pairs = False
    for quantity in quantities:
        if quantity.is_range and quantity.joined_by == "→":
            first, second = split_range(scene.text, quantity)
            found += [(first, "pair.from"), (second, "pair.to")]
            continue
        before = scene.shadow[sentence[0] : quantity.start]
        is_to = quantity.is_range and quantity.joined_by == "to"
        in_brackets = is_to and _CHANGE_IN_BRACKETS.search(before) is not None
        if is_to and quantity.unit != "x" and (in_pairs or in_brackets or _is_opened(before)):
            changed = in_pairs or in_brackets or kinds.CHANGE_VERB.search(scene.lower, sentence[0], sentence[1])
            if changed:
                first, second = split_range(scene.text, quantity)
                found += [(first, "pair.from"), (second, "pair.to")]
                in_pairs = True
                continue
        found.append((quantity, ""))
    return found


def _is_opened(before: str) -> bool:
    """Say whether "from" opens a pair, and no "ranging from" a range."""
    opened = kinds.FROM_BEFORE.search(before) if "from" in before else None
    return opened is not None and not kinds.RANGE_VERB.search(before[: opened.start()].rstrip()[-60:])


def _in_list(scene: Scene, group: Group, quantity: Quantity) -> bool:
    gap = scene.shadow[group.end : quantity.start]
    if gap == " ":  # "13.4% 10.0% and 1.0%"
        return group.unit == quantity.unit == "%"
    if len(gap) > 40 or kinds.LIST_GAP.match(gap) is None:
        return False
    # "a top-1 accuracy of 81.2, 54.3 mAP": each has its own metric
    owned = ("," in gap or "and" in gap) and _METRIC_OF.search(scene.shadow[max(0, group.start - 6) : group.start])
    if owned and _METRIC_BEHIND.match(scene.shadow[quantity.end : quantity.end + 2]):
        return False
    # "an accuracy of 81.2%, 0.9% better than": a score and its gain; a list of gains would end in "and"
    if _BARE_COMMA.fullmatch(gap) and _COMPARATIVE.match(scene.lower, quantity.end):
        return False
    last = group.quantities[-1]
    first = group.quantities[0]
    if quantity.sign == "+" and not last.sign:
        return False  # "(52.9%, +2.7%)": a score and its gain
    pairs = first.unit == quantity.unit == "" != last.unit and first.decimals == quantity.decimals > last.decimals
    if pairs and len(group.quantities) > 1 and "/" in scene.shadow[first.end : group.quantities[1].start]:
        return True
    return (
        (last.unit in ("", quantity.unit) or last.sign == quantity.sign == "+")
        and (last.sign == quantity.sign or not last.sign or not quantity.sign)
        and last.is_range == quantity.is_range
    )


def _is_of_pairs(group: Group) -> bool:
    """Say whether a list is of slash lists whose numbers have units of their own: "0.36/54.2% and 0.49/57.8%"."""
    units = [quantity.unit for quantity in group.quantities]
    return (
        1 < group.inner < len(units) and len(set(units[: group.inner])) > 1 and units == units[: group.inner] * (len(units) // group.inner)
    )


def _has_fraction(group: Group) -> bool:
    """Say whether a list of percentages holds a fraction without a sign: "0.91, 84.2% and 88.1%"."""
    last = group.quantities[-1]
    return last.unit == "%" and last.value > 10 and any(q.unit == "" and q.value <= 1 and q.decimals > 1 for q in group.quantities)


def _share_unit(group: Group, *, mixed: bool) -> None:
    """Give all numbers of a list the unit of the last one; what is `mixed` of fractions and percentages keeps its own."""
    if len(group.quantities) == 1 or mixed:
        return
    unit = group.quantities[-1].unit
    scale = group.quantities[-1].scale
    group.quantities = [
        quantity._replace(unit=quantity.unit or unit, scale=quantity.scale if quantity.scale != 1.0 or quantity.unit else scale)
        for quantity in group.quantities
    ]


def _inner_length(scene: Scene, group: Group) -> int:
    """Return the length of the slash lists that a list consists of, 1 if it has none or uneven ones."""
    lengths = [1]
    for left, right in pairwise(group.quantities):
        if "/" in scene.shadow[left.end : right.start]:
            lengths[-1] += 1
        else:
            lengths.append(1)
    return lengths[0] if len(set(lengths)) == 1 else 1


def _tie_versus(scene: Scene, groups: list[Group]) -> None:
    """Tie "3.04" in "2.74 vs. 3.04" to the number it is compared with."""
    for index, (left, right) in enumerate(pairwise(groups)):
        gap = scene.shadow[left.end : right.start]
        following = groups[index + 2] if index + 2 < len(groups) else None
        if following is not None and "D" in gap and _GOES_ON.match(scene.shadow[right.end : following.start]):
            continue  # "27.8 dB on A and 33.3 dB on B, compared to 22.8 dB and 19.0 dB": not the last one's
        # "+22.4% over the base model and +8.4% over others": two gains, not a score and its rival
        signed = right.quantities[0].sign == "+"
        if len(left.quantities) != len(right.quantities) or left.unit != right.unit or right.role is not None or signed:
            continue
        if holds_any(gap, kinds.VERSUS_GAP_WORDS) and kinds.VERSUS_GAP.match(gap):
            right.role, right.partner, right.rule = Role.BASELINE, left, "pair.versus"
            left.role = left.role or Role.PROPOSED


def _tie_from_to(scene: Scene, sentence: tuple[int, int], groups: list[Group]) -> None:
    """Tie "from 42% ... to up to 97%", where the two ends do not follow each other directly, or fall."""
    for left, right in pairwise(groups):
        if left.role is not None or right.role is not None or len(left.quantities) != 1 or len(right.quantities) != 1:
            continue
        if left.unit != right.unit:
            continue
        before = scene.shadow[sentence[0] : left.start]
        if not _is_opened(before):
            continue
        if kinds.TO_GAP.match(scene.shadow[left.end : right.start]) and kinds.CHANGE_VERB.search(scene.lower, sentence[0], sentence[1]):
            left.role, left.partner, left.rule = Role.BASELINE, right, "pair.from"
            right.role, right.rule = Role.PROPOSED, "pair.to"
