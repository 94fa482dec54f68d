"""Lists of numbers: "82.9/84.8", "5.6%, 4.5% and 3.0%", "from A to B", "A vs. B"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from claims.extraction.quantities import Quantity, split_range
from claims.extraction.rules import kinds
from claims.extraction.scene import Scene
from claims.terms import Role

_BARE_COMMA = re.compile(r",\s*(?:an? |about |some |around )?")
_COMPARATIVE = re.compile(
    r"\s?(?:(?:percentage )?points? |absolute )?(?:better|higher|lower|worse|more|less|above|below|over|ahead|beyond|improvement|gain)\b"
)


@dataclass(slots=True)
class Group:
    """Numbers that one list joins; all share what stands before and after the list.

    `inner` is the length of the slash lists inside ("a/b and c/d": 2), 1 without. `partner` is the group that this one is
    compared with ("from A", "vs. B") and whose metric and datasets it shares.
    """

    quantities: list[Quantity]
    inner: int = 1
    role: Role | None = None
    partner: Group | None = None
    rule: str = ""

    @property
    def start(self) -> int:
        return self.quantities[0].start

    @property
    def end(self) -> int:
        return self.quantities[-1].end

    @property
    def unit(self) -> str:
        return self.quantities[-1].unit


def make_groups(scene: Scene, sentence: tuple[int, int], quantities: list[Quantity]) -> list[Group]:
    """Return the groups of a sentence's numbers in order, with from-to and versus pairs tied to each other."""
    groups: list[Group] = []
    for quantity in _split_pairs(scene, sentence, quantities):
        if groups and groups[-1].rule == quantity[1] == "" and _in_list(scene, groups[-1], quantity[0]):
            groups[-1].quantities.append(quantity[0])
            continue
        role = Role.BASELINE if quantity[1] == "pair.from" else Role.PROPOSED if quantity[1] == "pair.to" else None
        group = Group([quantity[0]], role=role, rule=quantity[1])
        if quantity[1] == "pair.to" and groups and groups[-1].rule == "pair.from":
            groups[-1].partner = group
        groups.append(group)
    for group in groups:
        _share_unit(group)
        group.inner = _inner_length(scene, group)
    _tie_versus(scene, groups)
    _tie_from_to(scene, sentence, groups)
    return groups


def _split_pairs(scene: Scene, sentence: tuple[int, int], quantities: list[Quantity]) -> list[tuple[Quantity, str]]:
    """Split "from 69.9% to 72.0%" into two scores; "ranging from 2 to 5" stays a range."""
    found: list[tuple[Quantity, str]] = []
    in_pairs = False
    for quantity in quantities:
        before = scene.shadow[sentence[0] : quantity.start]
        is_to = quantity.is_range and quantity.joined_by == "to"
        opened = kinds.FROM_BEFORE.search(before)
        if (
            is_to
            and quantity.unit != "x"
            and (in_pairs or (opened and not kinds.RANGE_VERB.search(before[: opened.start()].rstrip()[-60:])))
        ):
            changed = in_pairs or kinds.CHANGE_VERB.search(scene.lower, sentence[0], sentence[1])
            if changed:
                first, second = split_range(scene.text, quantity)
                found += [(first, "pair.from"), (second, "pair.to")]
                in_pairs = True
                continue
        found.append((quantity, ""))
    return found


def _in_list(scene: Scene, group: Group, quantity: Quantity) -> bool:
    gap = scene.shadow[group.end : quantity.start]
    if len(gap) > 40 or kinds.LIST_GAP.match(gap) is None:
        return False
    # "a top-1 accuracy of 81.2, 54.3 mAP": each has its own metric
    owned = re.search(r"M (?:of|=|:) $", scene.shadow[max(0, group.start - 6) : group.start])
    if "," in gap and owned and re.match(r"^\s?M", scene.shadow[quantity.end : quantity.end + 2]):
        return False
    # "an accuracy of 81.2%, 0.9% better than": a score and its gain; a list of gains would end in "and"
    if _BARE_COMMA.fullmatch(gap) and _COMPARATIVE.match(scene.lower, quantity.end):
        return False
    last = group.quantities[-1]
    return (
        (last.unit in ("", quantity.unit) or last.sign == quantity.sign == "+")
        and (last.sign == quantity.sign or not last.sign or not quantity.sign)
        and last.is_range == quantity.is_range
    )


def _share_unit(group: Group) -> None:
    unit = group.quantities[-1].unit
    scale = group.quantities[-1].scale
    group.quantities = [
        replace(quantity, unit=quantity.unit or unit, scale=quantity.scale if quantity.scale != 1.0 or quantity.unit else scale)
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
    for left, right in pairwise(groups):
        gap = scene.shadow[left.end : right.start]
        # "+22.4% over the base model and +8.4% over others": two gains, not a score and its rival
        signed = right.quantities[0].sign == "+"
        if len(left.quantities) != len(right.quantities) or left.unit != right.unit or right.role is not None or signed:
            continue
        if kinds.VERSUS_GAP.match(gap):
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
        opened = kinds.FROM_BEFORE.search(before)
        if opened is None or kinds.RANGE_VERB.search(before[: opened.start()].rstrip()[-60:]):
            continue
        if kinds.TO_GAP.match(scene.shadow[left.end : right.start]) and kinds.CHANGE_VERB.search(scene.lower, sentence[0], sentence[1]):
            left.role, left.partner, left.rule = Role.BASELINE, right, "pair.from"
            right.role, right.rule = Role.PROPOSED, "pair.to"
