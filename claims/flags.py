"""Says which numbers a person should look at, and why: a rule each, a function without a database. Their words name the numbers.

A rule is known by its `FlagKind`. What it looks at is a number as it stands on a board and the numbers beside it; it never says that a
number is wrong, only what speaks against it. The same numbers, in whichever order, give the same flags.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, log
from typing import NamedTuple

from claims import keys, ranking
from claims.terms import COMPARABLE_KINDS, Direction, FlagKind, Qualifier

FEWEST_OF_SCALE = 3
"""So many numbers of other papers say on which scale a metric is printed."""
FEWEST_OF_HISTORY = 8
"""A board with fewer numbers of other papers has no history that a number could be far from."""
FENCE = 3.0
"""A number is far from others that is so many times the spread of their middle half away from it (Tukey's outer fence)."""
SMALLEST_SPREAD, SMALLEST_FACTOR = 0.1, 0.25
"""The spread of the middle half is taken as so much of its median at least, as so much of a logarithm where that counts: where numbers are
nearly equal no step is a flag."""
LEAST_LEFT = 0.25
"""Where a metric has a best value: a number that leaves so little of what the best of the others leaves is far ahead of them."""
FIRST_YEAR, LAST_YEAR = 1950, 2049

_PARAMETERS = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?[BM]\b")


@dataclass(frozen=True, slots=True)
class Scale:
    """What a metric's numbers can be: the unit is "%" or "", bounds are None for an open end."""

    name: str
    unit: str
    direction: Direction
    lowest: float | None
    highest: float | None

    def print(self, number: float) -> str:
        return f"{number:.6g}{'%' if self.unit == '%' else ''}"


@dataclass(frozen=True, slots=True)
class Score:
    """An absolute claim as it stands on a board.

    `low` and `high` are its ends in the metric's unit, None for what is no range; `value` and `stated` as the text has it. `origin` is the
    paper that it is from, or the row of a table without one; numbers of one are never held against each other. `is_read` says that it was
    read out of a sentence. `column` is the metric in whose column it
    stands. `is_quoted` says that its paper quotes it. `identity` is what makes two rows of different papers the same, None where no known
    model answers to the name. `is_plain` says that it states no terms on which results are not comparable. `parameters` are the model
    sizes that its text states, as written there.
    """

    pk: int
    origin: tuple[str, int]
    column: int
    scale: Scale
    stated: str
    unit: str
    value: float
    low: float
    high: float | None
    decimals: int
    qualifier: str
    is_quoted: bool
    model: str
    model_key: str
    variant: str
    identity: tuple[int, str, str] | None
    is_plain: bool
    is_read: bool
    dataset_key: str = ""
    parameters: Mapping[float, str] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        return self.qualifier == Qualifier.EXACT and self.high is None

    @property
    def printed(self) -> str:
        """The number as the text has it, with its unit, and what that is in the metric's."""
        if self.low != self.value:
            return f"{self.stated} ({self.scale.print(self.low)})"
        return f"{self.stated}%" if self.unit == "%" and "%" not in self.stated else self.stated


@dataclass(frozen=True, slots=True)
class Found:
    """That a rule holds for a claim. `key` names the number it was found on: a flag that a person settled is known by it."""

    kind: FlagKind
    pk: int
    key: str
    note: str


class Column:
    """The numbers of a board in one column: what a number is held against. Sorted once; asking it about a number is quick."""

    def __init__(self, scores: Iterable[Score]) -> None:
        self._scores = [score for score in scores if not score.is_quoted]
        self._of_origin: dict[tuple[str, int], list[Score]] = defaultdict(list)
        for score in self._scores:
            self._of_origin[score.origin].append(score)

    @cached_property
    def _all(self) -> list[float]:
        return sorted(score.low for score in self._scores)

    @cached_property
    def _plain(self) -> list[float]:
        return sorted(score.low for score in self._scores if score.is_plain)

    def is_at_an_end(self, score: Score) -> bool:
        """Say whether no number of another paper on no special terms is lower, or none is higher. Quick: of thousands, few are."""
        own = sum(each.is_plain for each in self._of_origin[score.origin])
        return bisect_left(self._plain, score.low) <= own or len(self._plain) - bisect_right(self._plain, score.low) <= own

    def is_far_from_the_middle(self, score: Score) -> bool:
        """Say whether the number in the middle of all is five times as large, or a fifth."""
        middle = self._all[len(self._all) // 2] if self._all else 0.0
        return middle >= 5 * score.low or middle <= score.low / 5

    def others(self, score: Score, *, plain: bool = False) -> Sequence[float]:
        """Return the numbers of other papers and tables in order; only those on no special terms if `plain`. It copies them."""
        numbers = list(self._plain if plain else self._all)
        for own in self._of_origin[score.origin]:
            if own.is_plain or not plain:
                del numbers[bisect_left(numbers, own.low)]
        return numbers


# ---- rules about the number itself: the first that holds explains it ----


def find_year(score: Score, column: Column) -> Found | None:
    """A year that was read as a score: a whole number without a unit, where the metric's other numbers are nowhere near it."""
    if score.unit or score.decimals or score.high is not None or not FIRST_YEAR <= score.value <= LAST_YEAR:
        return None
    others = column.others(score)
    if any(score.value / 3 <= other <= score.value * 3 for other in others):
        return None
    beside = f"; the other numbers of {score.scale.name} are {_range(others, score.scale)}" if others else ""
    possible = score.scale.lowest is None and score.scale.highest is None
    if possible and not others:
        return None
    return _found(FlagKind.YEAR, score, f"{score.stated} is what a year looks like{beside}.")


def find_impossible(score: Score, column: Column) -> Found | None:
    """A number that the metric cannot have."""
    ends = [score.low] if score.high is None else [score.low, score.high]
    for end in ends:
        if score.scale.highest is not None and end > score.scale.highest:
            bound = f"above {score.scale.print(score.scale.highest)}, the most"
        elif score.scale.lowest is not None and end < score.scale.lowest:
            bound = f"below {score.scale.print(score.scale.lowest)}, the least"
        else:
            continue
        return _found(FlagKind.BOUNDS, score, f"{score.printed} is {bound} that {score.scale.name} can be.")
    return None


def find_other_scale(score: Score, column: Column) -> Found | None:
    """A fraction among percentages, or a percentage among fractions: times 100, or by 100, it would be like the others."""
    if score.high is not None or score.low <= 0 or (score.low <= 1) != (score.scale.unit == "%"):
        return None
    if not column.is_far_from_the_middle(score):
        return None
    others = column.others(score)
    if len(others) < FEWEST_OF_SCALE:
        return None
    if score.scale.unit == "%":
        like = others[bisect_right(others, 1) :]
        meant, scale = score.low * 100, "percentages"
        said = f"it may be a fraction ({likely_number(score.low)})"
    else:
        like = others[: bisect_right(others, 1)]
        meant, scale = score.low / 100, "fractions"
        said = f"it may be a percentage ({likely_number(score.low)})"
    # What is among the others of its own kind may be so.
    if len(like) < FEWEST_OF_SCALE or len(like) < 0.8 * len(others):
        return None
    low, high = _quantile(like, 0.25), _quantile(like, 0.75)
    room = 1.5 * max(high - low, SMALLEST_SPREAD * high)
    if not low - room <= meant <= high + room:
        return None
    middle = like[len(like) // 2]
    if not (middle >= 10 * score.low or middle <= score.low / 10):
        return None
    return _found(FlagKind.SCALE, score, f"{score.printed} stands among {scale} of {_range(like, score.scale, bare=True)}: {said}.")


def likely_number(value: float) -> str:
    """Return what a number on the wrong scale seems to be, as people write it: 76% for 0.76, 0.76 for 76."""
    return f"{value * 100:.10g}%" if value <= 1 else f"{value / 100:.10g}"


def find_parameters(score: Score, column: Column) -> Found | None:
    """A number of parameters that was read as a score: it stands in the model's name, or the text states it as one."""
    if score.unit or score.high is not None:
        return None
    said = _find_size(score)
    if not said:
        return None
    others = column.others(score)
    if len(others) >= FEWEST_OF_SCALE and others[0] <= score.low <= others[-1]:
        return None
    return _found(FlagKind.COUNT, score, f"{score.stated} is also {said}: it may be that, and no score.")


def _find_size(score: Score) -> str:
    for name in (score.model, score.variant):
        for match in _PARAMETERS.finditer(name):
            if float(match[1]) == score.value:
                return f"the number of parameters in “{name}” ({match[0]})"
    stated = score.parameters.get(score.value)
    return f"a number of parameters in the same text ({stated})" if stated is not None else ""


def find_far_away(score: Score, column: Column) -> Found | None:
    """A number far from all that other papers state on the board. What states its own terms (shots, splits) is held against nothing."""
    if not score.is_plain or score.high is not None or score.qualifier not in (Qualifier.EXACT, Qualifier.ABOUT):
        return None
    if not column.is_at_an_end(score):
        return None
    others = column.others(score, plain=True)
    if len(others) < FEWEST_OF_HISTORY:
        return None
    way = _find_way(score, others)
    if not way:
        return None
    return _found(
        FlagKind.FAR, score, f"{score.printed} is far {way} the {len(others)} numbers of others here, {_range(others, score.scale)}."
    )


def _find_way(score: Score, others: Sequence[float]) -> str:
    """Return "below" or "above" for a number that is far from the others, '' for one that isn't."""
    open_ended = score.scale.highest is None or score.scale.direction is Direction.LOWER
    if open_ended and others[0] > 0 and score.low > 0:
        # Errors, distances, perplexities: what counts is by how many times.
        low, high = (log(_quantile(others, share)) for share in (0.25, 0.75))
        spread, at = max(high - low, SMALLEST_FACTOR), log(score.low)
        gap_below, gap_above = log(others[0]) - at, at - log(others[-1])
    else:
        low, middle, high = (_quantile(others, share) for share in (0.25, 0.5, 0.75))
        spread, at = max(high - low, SMALLEST_SPREAD * abs(middle)), score.low
        gap_below, gap_above = others[0] - at, at - others[-1]
    # Far from the middle of them, and apart from each: what a few others lead up to is a history.
    if at < low - FENCE * spread and gap_below > spread:
        return "below"
    if at > high + FENCE * spread and gap_above > spread:
        return "above"
    top = score.scale.highest
    if score.scale.direction is Direction.HIGHER and top is not None and score.low <= top:
        leaves, best_leaves = top - score.low, top - others[-1]
        if leaves < LEAST_LEFT * best_leaves and score.low - others[-1] > spread / 2:
            return "above"
    return ""


ABOUT_THE_NUMBER: tuple[Callable[[Score, Column], Found | None], ...] = (
    find_year,
    find_impossible,
    find_other_scale,
    find_parameters,
    find_far_away,
)
"""In this order: what is above a bound is far from the others, too, and says so once."""


# ---- rules about what it is tied to ----


def find_dataset_as_model(score: Score, datasets: Mapping[str, str]) -> Found | None:
    """A dataset's name that was read as the model's. `datasets` are the names of known ones by key."""
    if not score.model_key:
        return None
    if score.model_key == score.dataset_key:
        said = f"“{score.model}” is named as the model, and is the dataset that the number is on"
    elif score.is_read and score.model_key in datasets:
        said = f"“{score.model}” is named as the model, and the catalogue knows it as a dataset ({datasets[score.model_key]})"
    else:
        return None
    return Found(FlagKind.NAME, score.pk, keys.digest(FlagKind.NAME, score.model_key), f"{said}.")


class Titled(NamedTuple):
    """What a paper or a table is called, and its first day as YYYY-MM-DD, "" for none."""

    title: str
    day: str


def find_conflicts(
    scores: Iterable[Score], titles: Callable[[Collection[tuple[str, int]]], Mapping[tuple[str, int], Titled]]
) -> list[Found]:
    """Numbers of different papers for the same model, variant, setting and metric of one board that can't all be right.

    Of several that contradict a number the one farthest from it is named, and of these that of the earliest paper: never the one that was
    read first, for another site may have read them in another order. `titles` gives the names of papers and tables; it is asked once, and
    for those alone that may be named.
    """
    alike: dict[tuple[object, ...], list[Score]] = defaultdict(list)
    for score in scores:
        if score.identity is not None and score.is_exact:
            alike[score.column, *score.identity].append(score)
    against: list[tuple[Score, list[Score], int]] = []
    for same in alike.values():
        if len({score.origin for score in same}) < 2:
            continue
        for score in same:
            rivals = [other for other in same if other.origin != score.origin and _contradicts(score, other)]
            if rivals:
                most = max(abs(other.low - score.low) for other in rivals)
                farthest = [other for other in rivals if abs(other.low - score.low) == most]
                against.append((score, farthest, len({(rival.origin, rival.low) for rival in rivals})))
    named = titles({rival.origin for _, rivals, _ in against for rival in rivals}) if against else {}

    def place(rival: Score) -> tuple[bool, str, str, str, str]:
        title, day = named[rival.origin]
        return not day, day, title, rival.model, rival.printed

    found = []
    for score, farthest, count in against:
        rival = min(farthest, key=place)
        more = f", and {count - 1} more {'says' if count == 2 else 'say'} otherwise" if count > 1 else ""
        where = f"{score.model}{f', {score.variant}' if score.variant else ''}"
        said = f"“{_shorter(named[rival.origin].title)}” states {rival.printed} for {where} in the same setting, not {score.printed}{more}."
        found.append(_found(FlagKind.CONFLICT, score, said))
    return found


def _contradicts(one: Score, other: Score) -> bool:
    return ranking.differ(ranking.precise(one.value, one.low, one.decimals), ranking.precise(other.value, other.low, other.decimals))


@dataclass(frozen=True, slots=True)
class Step:
    """A difference as a text states it, and where; `start` and `end` are those of the number in the part of the text."""

    pk: int
    stated: str
    unit: str
    low: float
    high: float | None
    decimals: int
    qualifier: str
    place: tuple[int, str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A score and where its text states it."""

    score: Score
    place: tuple[int, str]
    start: int
    end: int


def find_wrong_step(step: Step, scores: Sequence[Placed], text: str) -> Found | None:
    """A difference that is not that of the two scores in its sentence, of which one is the paper's own and one is quoted.

    `text` is the part that they stand in. A step of percent may be a share of the older score, and then agrees, too.
    """
    if step.high is not None or step.qualifier != Qualifier.EXACT:
        return None
    near = [placed for placed in scores if placed.place == step.place and not _is_parted(text, placed, step)]
    # "… from 4.4% to 23.64% and leads to a 4.02% improvement in …": behind an "and" begins what may be about something else.
    if not near or all(_AND.search(text, *_between(placed, step)) for placed in near):
        return None
    own = [placed.score for placed in near if not placed.score.is_quoted]
    quoted = [placed.score for placed in near if placed.score.is_quoted]
    if len(own) != 1 or len(quoted) != 1 or not (own[0].is_exact and quoted[0].is_exact):
        return None
    new, old = own[0], quoted[0]
    apart = abs(new.low - old.low)
    off = (10.0**-new.decimals + 10.0**-old.decimals + 10.0**-step.decimals) / 2 * (1 + 1e-9)
    if abs(apart - abs(step.low)) <= off:
        return None
    if old.low and abs(100 * apart / abs(old.low) - abs(step.low)) <= 1:
        return None
    digits = max(new.decimals, old.decimals)
    printed = f"{step.stated}{'%' if step.unit == '%' and '%' not in step.stated else ''}"
    note = f"{printed} is said to lie between {old.printed} and {new.printed}, and these are {apart:.{digits}f} apart."
    return Found(FlagKind.DELTA, step.pk, _key(FlagKind.DELTA, step.low, old.low, new.low), note)


_AND = re.compile(r"\band\b|;")
_SENTENCE_END = re.compile(r"[.!?][)\"'”]?\s+(?=[A-Z(\"“])")


def _is_parted(text: str, placed: Placed, step: Step) -> bool:
    """Say whether a sentence ends between a score and a difference."""
    return _SENTENCE_END.search(text, *_between(placed, step)) is not None


def _between(placed: Placed, step: Step) -> tuple[int, int]:
    first, second = sorted([(placed.start, placed.end), (step.start, step.end)])
    return first[1], max(first[1], second[0])


# ---- a whole board ----


def find_on_board(scores: Sequence[Score]) -> Iterator[Found]:
    """Yield what the rules about the number itself say of the scores of one board, one flag of a number at most."""
    columns: dict[int, list[Score]] = defaultdict(list)
    for score in scores:
        columns[score.column].append(score)
    for of_column in columns.values():
        column = Column(of_column)
        for score in of_column:
            found = next(filter(None, (rule(score, column) for rule in ABOUT_THE_NUMBER)), None)
            if found is not None:
                yield found


def is_plain(setting: Iterable[Mapping[str, str]]) -> bool:
    """Say whether a setting states no terms on which results are not comparable."""
    return not any(condition["kind"] in COMPARABLE_KINDS for condition in setting)


# ---- words ----


def _found(kind: FlagKind, score: Score, note: str) -> Found:
    return Found(kind, score.pk, key_of_number(kind, score.low, score.high, score.column), note)


def key_of_number(kind: FlagKind, low: float, high: float | None, column: int) -> str:
    """Return by which key what was found on a number in a column is known."""
    return _key(kind, low, inf if high is None else high, column)


def _key(kind: FlagKind, *numbers: float) -> str:
    return keys.digest(kind, *(f"{number:.12g}" for number in numbers))


def _range(numbers: Sequence[float], scale: Scale, *, bare: bool = False) -> str:
    first, last = (f"{number:.6g}" if bare else scale.print(number) for number in (numbers[0], numbers[-1]))
    return first if first == last else f"{first} to {last}"


def _shorter(title: str) -> str:
    return title if len(title) <= 120 else f"{title[:119].rstrip()}…"


def _quantile(numbers: Sequence[float], share: float) -> float:
    """Return a quantile of numbers in order, between the two nearest ones."""
    at = share * (len(numbers) - 1)
    low = int(at)
    high = min(low + 1, len(numbers) - 1)
    return numbers[low] + (numbers[high] - numbers[low]) * (at - low)
