"""Which rows of a board are comparable, affordable, or contradict each other. No queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from claims import ranking
from claims.boards.rows import BoundEffect, Column, Glance, Identity, LikeForLike, Number, Row, measure_of
from claims.filters import Bound
from claims.terms import COMPARABLE_KINDS, ConditionKind, CostMeasure, Direction, Qualifier

Protocol = frozenset[tuple[str, str]]


def protocol_of(row: Row) -> Protocol:
    """Return the (kind, key) of a row's conditions that make its protocol; empty for a row that states none."""
    return frozenset([(kind, key) for kind, key, _ in row.conditions if kind in COMPARABLE_KINDS])


def find_common_terms(rows: Sequence[Row], words: Mapping[tuple[str, str], str]) -> tuple[LikeForLike | None, Protocol]:
    """Return the protocol that most ranking rows share, and what keeping only it would hide; None if all rows share it.

    Among equally common ones it is that with the fewest conditions. `words` has the wording of each condition.
    """
    nothing: Protocol = frozenset()
    protocols = [protocol_of(row) if row.conditions else nothing for row in rows]
    counted = Counter([protocol for row, protocol in zip(rows, protocols, strict=True) if row.ranks]) or Counter(protocols)
    if not counted:
        return None, frozenset()
    common = min(counted, key=lambda protocol: (-counted[protocol], len(protocol), sorted(protocol)))
    reasons = Counter([_difference(protocol, common, words) for protocol in protocols if protocol != common])
    if not reasons:
        return None, common
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return LikeForLike([words.get(term, term[1]) for term in sorted(common)], reasons.total(), ordered), common


def _difference(protocol: Protocol, common: Protocol, words: Mapping[tuple[str, str], str]) -> str:
    """Return in words what sets a protocol apart: its first condition beyond the common ones, else the first that it lacks."""

    def place(term: tuple[str, str]) -> tuple[int, str]:
        return (COMPARABLE_KINDS.index(ConditionKind(term[0])), term[1])

    beyond = sorted(protocol - common, key=place)
    if beyond:
        return words.get(beyond[0], beyond[0][1])
    lacking = min(common - protocol, key=place)
    return f"without {words.get(lacking, lacking[1])}"


def keep_affordable(rows: Sequence[Row], bounds: Sequence[Bound]) -> tuple[list[Row], list[BoundEffect]]:
    """Return the rows within all bounds, and what each bound left out of those that the ones before it left.

    A row that states a measure under several conditions passes if one of them does. "More than x" and "at least x" pass no upper bound,
    "less than x" and "up to x" no lower one; of a range both ends must lie within.
    """
    kept, effects = list(rows), []
    for bound in bounds:
        stated = [(row, [price for key, price in row.prices.items() if measure_of(key) == bound.measure]) for row in kept]
        passing = [row for row, prices in stated if any(_is_within(price, bound) for price in prices)]
        unstated = sum([not prices for _, prices in stated])
        effects.append(BoundEffect(bound.measure, bound.least, bound.most, len(kept) - len(passing) - unstated, unstated))
        kept = passing
    return kept, effects


def _is_within(price: Number, bound: Bound) -> bool:
    least, most = price.ends or (price.rank_by, price.rank_by)
    if bound.most is not None and (most > bound.most or price.qualifier in (Qualifier.OVER, Qualifier.AT_LEAST)):
        return False
    return bound.least is None or (least >= bound.least and price.qualifier not in (Qualifier.UNDER, Qualifier.AT_MOST))


# ---- several numbers for the same thing ----


def mark_conflicts(rows: Iterable[Row]) -> int:
    """Mark the rows that state another number than a row of the same model, variant and setting; return how many such things there are.

    Numbers differ when the finer is rounded like the coarser (`ranking.differ`); bounds, ranges and rounded ones contradict nothing.
    """
    rows = list(rows)
    counted = Counter([row.identity for row in rows])
    same: dict[Identity, list[Row]] = defaultdict(list)
    disputed = 0
    for row in rows:
        if row.identity is not None and counted[row.identity] > 1:
            same[row.identity].append(row)
        elif row.contested:
            disputed += 1
    for group in same.values():
        _mark_rivals(group)
        disputed += any(row.in_conflict for row in group)
    return disputed


_Stated = tuple[float, float, int]
"""A score: what it ranks by, how it is stated in its own unit, its decimals."""
MOST_TOLD_APART = 100
"""Of so many different numbers for one thing each is compared with each; of more, all are taken to contradict each other."""


def _mark_rivals(group: Sequence[Row]) -> None:
    for slug in dict.fromkeys(slug for row in group for slug in row.scores):
        stated = dict.fromkeys(key for row in group if (key := _exact(row.scores.get(slug))) is not None)
        if len({value for value, _, _ in stated}) < 2:
            continue
        if len(stated) > MOST_TOLD_APART:
            against = dict.fromkeys(stated, len({value for value, _, _ in stated}) - 1)
        else:
            against = {one: len({other[0] for other in stated if _differ(one, other)}) for one in stated}
        for row in group:
            key = _exact(row.scores.get(slug))
            if key is not None and against[key]:
                row.rivals, row.disputes = group, {**row.disputes, slug: against[key]}


def find_rivals(row: Row, *, most: int) -> list[Row]:
    """Return at most `most` rows that contradict one of a row's numbers, in the order of the board's rows."""
    return [
        rival
        for rival in row.rivals
        if rival is not row and any(contradict(row.scores.get(slug), rival.scores.get(slug)) for slug in row.disputes)
    ][:most]


def contradict(one: Number | None, other: Number | None) -> bool:
    """Say whether two scores can't both be right: exact ones that differ when the finer is rounded like the coarser."""
    first, second = _exact(one), _exact(other)
    return first is not None and second is not None and _differ(first, second)


def _exact(number: Number | None) -> _Stated | None:
    if number is None or number.stated is None or number.qualifier is not Qualifier.EXACT:
        return None
    return number.rank_by, number.stated, number.decimals


def _differ(one: _Stated, other: _Stated) -> bool:
    if one[0] == other[0]:
        return False
    return ranking.differ(ranking.precise(one[1], one[0], one[2]), ranking.precise(other[1], other[0], other[2]))


# ---- at a glance ----

_SIZES = (1e6, 5e6, 10e6, 25e6, 50e6, 100e6, 250e6, 1e9, 10e9, 100e9)
_FEWEST_SIZED = 5


def look_at(rows: Sequence[Row], primary: Column | None) -> Glance:
    """Return a board's best rows and how far its rows are checked. `rows` stand in the board's own order and have their ranks."""
    leads = [
        row
        for row in rows
        if row.ranks
        and primary is not None
        and primary.key in row.scores
        and ranking.leads(row.scores[primary.key].qualifier, primary.direction)
    ]
    if primary is None or primary.direction is Direction.UNKNOWN:
        leads = []
    best = leads[0] if leads else None
    sizes = sorted([row.prices[CostMeasure.PARAMETERS].rank_by for row in leads if CostMeasure.PARAMETERS in row.prices])
    limit = None
    if len(sizes) >= _FEWEST_SIZED:
        middle = sizes[len(sizes) // 2]
        limit = next((size for size in _SIZES if size >= middle), None)
    return Glance(
        best=best,
        best_without_extra=next((row for row in leads if not row.has_extra_data), None) if best and best.has_extra_data else None,
        best_small=next((row for row in leads if limit and _is_within_size(row, limit)), None),
        limit=limit,
        accepted=sum([not row.unreviewed for row in rows]),
        unreviewed=sum([row.unreviewed and not row.imported for row in rows]),
        imported=sum([row.unreviewed and row.imported for row in rows]),
        in_conflict=sum([row.in_conflict for row in rows]),
    )


def _is_within_size(row: Row, limit: float) -> bool:
    price = row.prices.get(CostMeasure.PARAMETERS)
    return price is not None and _is_within(price, Bound(CostMeasure.PARAMETERS, None, limit))
