"""Which rows of a board are comparable and affordable, and what it says at a glance. No queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from claims.boards.rows import BoundEffect, Column, Glance, History, LikeForLike, Row, measure_of
from claims.boards.standings import Flags, codes_of
from claims.boards.table import Places, Rows, Table
from claims.filters import Bound
from claims.terms import COMPARABLE_KINDS, ConditionKind, CostMeasure, Direction, Qualifier

Protocol = frozenset[tuple[str, str]]
"""The (kind, key) of the conditions that make a row's protocol; empty for a row that states none."""


def find_common_terms(table: Table, kept: Places, words: Mapping[tuple[str, str], str]) -> tuple[LikeForLike | None, Flags]:
    """Return the protocol that most ranking rows share and what keeping only it would hide, and which rows of the table share it.

    Among equally common ones it is that with the fewest conditions. There is nothing to return, None, if all rows share it. `words` has
    the wording of each condition.
    """
    codes = table.standings.protocol
    protocols = [frozenset(terms) for terms in table.standings.protocols]
    among_all = np.bincount(codes[kept], minlength=len(protocols)).tolist()
    counted = np.bincount(codes[kept[table.standings.ranks[kept]]], minlength=len(protocols)).tolist()
    if not any(counted):
        counted = among_all
    if not any(counted):
        return None, codes == 0
    common = min(range(len(protocols)), key=lambda code: (-counted[code], len(protocols[code]), sorted(protocols[code])))
    reasons: dict[str, int] = {}
    for code, count in enumerate(among_all):
        if count and code != common:
            reason = _difference(protocols[code], protocols[common], words)
            reasons[reason] = reasons.get(reason, 0) + count
    shares_it = codes == common
    if not reasons:
        return None, shares_it
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    terms = [words.get(term, term[1]) for term in sorted(protocols[common])]
    return LikeForLike(terms, sum(reasons.values()), ordered), shares_it


def _difference(protocol: Protocol, common: Protocol, words: Mapping[tuple[str, str], str]) -> str:
    """Return in words what sets a protocol apart: its first condition beyond the common ones, else the first that it lacks."""

    def place(term: tuple[str, str]) -> tuple[int, str]:
        return (COMPARABLE_KINDS.index(ConditionKind(term[0])), term[1])

    beyond = sorted(protocol - common, key=place)
    if beyond:
        return words.get(beyond[0], beyond[0][1])
    lacking = min(common - protocol, key=place)
    return f"without {words.get(lacking, lacking[1])}"


def keep_affordable(table: Table, kept: Places, bounds: Sequence[Bound]) -> tuple[Places, list[BoundEffect]]:
    """Return the rows within all bounds, and what each bound left out of those that the ones before it left.

    A row that states a measure under several conditions passes if one of them does. "More than x" and "at least x" pass no upper bound,
    "less than x" and "up to x" no lower one; of a range both ends must lie within.
    """
    effects = []
    for bound in bounds:
        states, passes = np.zeros(len(table), np.bool_), np.zeros(len(table), np.bool_)
        for key in table.standings.keys:
            if measure_of(key) == bound.measure:
                entries = table.price_entries(key)
                rows = table.standings.price_row[entries]
                states[rows] = True
                passes[rows[_are_within(table, entries, bound)]] = True
        passing = kept[passes[kept]]
        unstated = int((~states[kept]).sum())
        effects.append(BoundEffect(bound.measure, bound.least, bound.most, len(kept) - len(passing) - unstated, unstated))
        kept = passing
    return kept, effects


def _are_within(table: Table, entries: Places, bound: Bound) -> Flags:
    """Say which of some prices of the standings lie within a bound."""
    of = table.standings
    low, high, qualifier = of.price_low[entries], of.price_high[entries], of.price_qualifier[entries]
    high = np.where(np.isnan(high), low, high)
    within = np.ones(len(entries), np.bool_)
    if bound.most is not None:
        within &= (np.maximum(low, high) <= bound.most) & ~np.isin(qualifier, codes_of(Qualifier.OVER, Qualifier.AT_LEAST))
    if bound.least is not None:
        within &= (np.minimum(low, high) >= bound.least) & ~np.isin(qualifier, codes_of(Qualifier.UNDER, Qualifier.AT_MOST))
    return within


# ---- at a glance ----

_SIZES = (1e6, 5e6, 10e6, 25e6, 50e6, 100e6, 250e6, 1e9, 10e9, 100e9)
_FEWEST_SIZED = 5


def look_at(table: Table, rows: Places, primary: Column | None, history: History | None) -> Glance:
    """Return a board's best rows and how far its rows are checked. `rows` stand in the board's own order and have their ranks."""
    of = table.standings
    leads = rows[:0]
    if primary is not None and primary.direction is not Direction.UNKNOWN:
        leads = rows[of.ranks[rows]]
        leads = leads[~np.isnan(table.leading_scores(primary.key, leads))]
    sizes = np.sort(table.prices(CostMeasure.PARAMETERS).value[leads])
    sizes = sizes[~np.isnan(sizes)]
    limit, small = None, leads[:0]
    if len(sizes) >= _FEWEST_SIZED:
        limit = next((size for size in _SIZES if size >= sizes[len(sizes) // 2]), None)
    if limit is not None:
        entries = table.price_entries(CostMeasure.PARAMETERS)
        fits = np.zeros(len(table), np.bool_)
        fits[of.price_row[entries[_are_within(table, entries, Bound(CostMeasure.PARAMETERS, None, limit))]]] = True
        small = leads[fits[leads]]
    without_extra = leads[~of.extra[leads]] if len(leads) and of.extra[leads[0]] else leads[:0]
    records = history.records.places if history is not None else rows[:0]
    holds = bool(len(leads)) and bool(len(records)) and records[-1] == leads[0]
    unreviewed, imported = table.unreviewed[rows], of.imported[rows]
    return Glance(
        best=_first(table, leads),
        best_without_extra=_first(table, without_extra),
        best_small=_first(table, small),
        record=None if holds else _first(table, records[-1:]),
        broke=_first(table, records[-2:-1]),
        limit=limit,
        accepted=int((~unreviewed).sum()),
        unreviewed=int((unreviewed & ~imported).sum()),
        imported=int((unreviewed & imported).sum()),
        in_conflict=int(table.in_conflict[rows].sum()),
    )


def _first(table: Table, rows: Places) -> Row | None:
    return next(iter(Rows(table, rows[:1])), None)
