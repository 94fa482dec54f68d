"""A board's standings as one reader sees them, and the rows that are made of them. No queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from claims import ranking
from claims.boards.conflicts import ExactScores, find_disputed, mark_rivals
from claims.boards.costs import cost_direction
from claims.boards.rows import Number, Row
from claims.boards.standings import (
    ACCEPTED,
    DISPUTED,
    EXACT,
    FOR_OTHERS,
    FOR_WHO_SEES_ALL,
    QUALIFIERS,
    ROLES,
    STATES,
    UNREVIEWED,
    VERIFIED,
    Codes,
    Flags,
    Floats,
    Standings,
    codes_of,
)
from claims.models import Metric
from claims.terms import Direction, RowTier

Places = ranking.Places
"""Where rows stand in the columns of standings."""


class Numbers(NamedTuple):
    """A column of a board: what each row ranks by, NaN for none, and the number's place among those of the standings, -1 for none."""

    value: Floats
    entry: Codes


class Table:
    """The rows of a board in columns. With `hides`, numbers that nobody has reviewed are left out, and counted in `hidden`.

    `metrics` are the columns of scores, by the id of their metric. `visible` are the rows with a number; `leave_out` makes them fewer.
    `verified` says that all of a row's scores are, `objected` that one of them is disputed: `tier_flags` tells the tiers apart.
    `disputed` is set by `find_conflicts`, `rank` (0 for none), `tied` and `on_front` by what ranks, and rows are made only after that.
    """

    def __init__(self, standings: Standings, metrics: Mapping[int, Metric], *, hides: bool) -> None:
        count = len(standings)
        self.standings = standings
        self.metrics = {metric.slug: (pk, Direction(metric.direction)) for pk, metric in metrics.items()}
        self._shown_scores = (standings.score_state == ACCEPTED) if hides else np.ones(len(standings.score_row), np.bool_)
        self._shown_prices = standings.price_reader != (FOR_WHO_SEES_ALL if hides else FOR_OTHERS)
        if hides:
            self._shown_prices &= standings.price_state == ACCEPTED
        self.visible, self.unreviewed, self.by_policy, self.contested = (np.zeros(count, np.bool_) for _ in range(4))
        self.verified, self.objected = np.ones(count, np.bool_), np.zeros(count, np.bool_)
        self.hidden = np.zeros(count, np.int64)
        self._entries: dict[str, npt.NDArray[np.intp]] = {}
        for slug, (metric, _) in self.metrics.items():
            first, last = np.searchsorted(standings.score_metric, [metric, metric + 1])
            entries = np.arange(first, last)
            if hides:
                np.add.at(self.hidden, standings.score_row[first:last][~self._shown_scores[first:last]], 1)
                entries = entries[self._shown_scores[first:last]]
            self._entries[slug] = entries
            rows = standings.score_row[entries]
            self.visible[rows] = True
            self.unreviewed[rows[standings.score_state[entries] == UNREVIEWED]] = True
            self.by_policy[rows[(standings.score_state[entries] == ACCEPTED) & standings.score_by_policy[entries]]] = True
            self.contested[rows[standings.score_conflicts[entries] > 0]] = True
            self.verified[rows[standings.score_tier[entries] != VERIFIED]] = False
            self.objected[rows[standings.score_tier[entries] == DISPUTED]] = True
        self.verified &= self.visible
        self.disputed = np.zeros(count, np.bool_)
        self.rank, self.tied, self.on_front = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        self._scores: dict[str, Numbers] = {}
        self._prices: dict[str, Numbers] = {}
        self._key_codes = {key: code for code, key in enumerate(standings.keys)}
        lower = np.array([cost_direction(key) is Direction.LOWER for key in standings.keys], np.bool_)
        self.price_rank = ranking.ranking_values(standings.price_low, standings.price_high, lower[standings.price_key])
        self._rows: dict[int, Row] = {}

    @cached_property
    def names(self) -> tuple[list[str], list[str]]:
        """The models and the variants of all rows."""
        return self.standings.names()

    def __len__(self) -> int:
        return len(self.standings)

    def tier_flags(self, tier: RowTier) -> Flags:
        """Say which rows are of a tier, as `Row.tier` says it of one that is printed."""
        if tier is RowTier.DISPUTED:
            return self.objected
        verified = self.verified & ~self.objected
        if tier is RowTier.VERIFIED:
            return verified
        others: Flags = ~self.objected & ~verified & (self.unreviewed == (tier is RowTier.EXTRACTED))
        return others

    def leave_out(self, rows: Flags) -> None:
        self.visible &= ~rows

    # ---- columns ----

    def scores(self, slug: str) -> Numbers:
        """Return a metric's column; one without numbers for a metric that the board doesn't have."""
        if slug not in self._scores:
            _, direction = self.metrics.get(slug, (0, Direction.UNKNOWN))
            entries, columns = self._entries.get(slug, np.empty(0, np.intp)), self.standings
            values = ranking.ranking_values(columns.score_low[entries], columns.score_high[entries], direction)
            self._scores[slug] = self._spread(columns.score_row[entries], values, entries)
        return self._scores[slug]

    def prices(self, key: str) -> Numbers:
        """Return a cost's column; one without numbers for a cost that no row states."""
        if key not in self._prices:
            entries = self.price_entries(key)
            self._prices[key] = self._spread(self.standings.price_row[entries], self.price_rank[entries], entries)
        return self._prices[key]

    def price_entries(self, key: str) -> npt.NDArray[np.intp]:
        """Return the places of a cost's visible numbers among those of the standings."""
        code = self._key_codes.get(key)
        if code is None:
            return np.empty(0, np.intp)
        first, last = np.searchsorted(self.standings.price_key, [code, code + 1])
        places: Places = first + np.flatnonzero(self._shown_prices[first:last])
        return places

    def _spread(self, rows: Codes, values: Floats, entries: npt.NDArray[np.intp]) -> Numbers:
        column = Numbers(np.full(len(self), np.nan), np.full(len(self), -1, np.int32))
        column.value[rows], column.entry[rows] = values, entries
        return column

    def leading_scores(self, slug: str, places: Places) -> Floats:
        """Return the scores at some places, without those that hold no record ("more than x")."""
        column, (_, direction) = self.scores(slug), self.metrics[slug]
        no_record = codes_of(ranking.qualifier_without_record(direction))
        return _without(column, self.standings.score_qualifier, no_record, places)

    def leading_prices(self, key: str, places: Places) -> Floats:
        """Return the costs at some places, without those that are the best of nothing ("more than x" where less is better)."""
        no_record = codes_of(ranking.qualifier_without_record(cost_direction(key)))
        return _without(self.prices(key), self.standings.price_qualifier, no_record, places)

    def count_prices(self, places: Places) -> dict[str, int]:
        """Return how many of the rows at some places state each cost, without those that none states."""
        codes = self.standings.price_key[self._shown_prices & self.flags(places)[self.standings.price_row]]
        counts = np.bincount(codes, minlength=len(self.standings.keys)).tolist()
        return {key: count for key, count in zip(self.standings.keys, counts, strict=True) if count}

    def flags(self, places: Places) -> Flags:
        """Return for all rows whether they stand at one of the places."""
        among = np.zeros(len(self), np.bool_)
        among[places] = True
        return among

    def find_conflicts(self) -> int:
        """Mark the visible rows that another one contradicts; return for how many things several numbers are stated."""
        of = self.standings
        exact = []
        for slug, entries in self._entries.items():
            rows = of.score_row[entries]
            kept = (
                (of.score_qualifier[entries] == EXACT) & ~np.isnan(of.score_stated[entries]) & (of.identity[rows] >= 0) & self.visible[rows]
            )
            entries, rows = entries[kept], rows[kept]
            values, decimals = self.scores(slug).value[rows], of.score_decimals[entries].astype(np.int32)
            exact.append(ExactScores(rows, of.identity[rows], values, of.score_stated[entries], decimals))
        self.disputed = find_disputed(exact, len(self))
        identities = of.identity[self.in_conflict & self.visible]
        return len(np.unique(identities[identities >= 0])) + int((identities < 0).sum())

    @property
    def in_conflict(self) -> Flags:
        """Whether another number is stated for the same thing, in a row's own paper or elsewhere."""
        return self.contested | self.disputed

    # ---- rows ----

    def make_rows(self, places: Places) -> list[Row]:
        """Return the rows at some places; each is made once."""
        wanted: list[int] = places.tolist()
        if missing := [place for place in wanted if place not in self._rows]:
            self._make(np.array(missing))
        return [self._rows[place] for place in wanted]

    def _make(self, places: Places) -> None:
        of, (models, variants) = self.standings, self.names
        # Who is contradicted is told by whom.
        disputed = np.unique(of.identity[places[self.disputed[places]]])
        alike = np.flatnonzero(np.isin(of.identity, disputed) & self.visible)
        if len(alike):
            places = np.array([place for place in np.union1d(places, alike).tolist() if place not in self._rows])
        columns = (places, *(c[places] for c in (of.pk, of.public_id, of.named, of.role, of.day, of.imported, of.ranks)))
        flags = (c[places] for c in (self.rank, self.tied, self.on_front, self.unreviewed, self.by_policy, self.contested))
        for place, pk, public_id, named, role, day, imported, ranks, rank, *said in zip(
            *(c.tolist() for c in (*columns, *flags)), strict=True
        ):
            row = Row(pk, public_id.decode(), models[place], named, variants[place], ROLES[role], iso_day(day), imported, ranks)
            row.rank = rank or None
            row.tied, row.on_front, row.unreviewed, row.accepted_by_policy, row.contested = said
            self._rows[place] = row
        self._fill_scores(places)
        self._fill_prices(places)
        self._fill_conditions(places)
        groups: dict[int, list[Row]] = {}
        for place, identity in zip(alike.tolist(), of.identity[alike].tolist(), strict=True):
            groups.setdefault(identity, []).append(self._rows[place])
        for group in groups.values():
            mark_rivals(group)

    def _fill_scores(self, places: Places) -> None:
        of = self.standings
        for slug in self.metrics:
            column = self.scores(slug)
            there = places[column.entry[places] >= 0]
            entries = column.entry[there]
            gathered = (
                *(there, of.score_claim[entries], column.value[there], of.score_qualifier[entries], of.score_state[entries]),
                *(of.score_others[entries], of.score_conflicts[entries], of.score_stated[entries], of.score_decimals[entries]),
            )
            for place, claim, value, qualifier, state, others, conflicts, stated, decimals in zip(
                *(c.tolist() for c in gathered), strict=True
            ):
                exact = stated if stated == stated else None
                self._rows[place].scores[slug] = Number(
                    claim, value, QUALIFIERS[qualifier], STATES[state], others, conflicts, exact, decimals
                )

    def _fill_prices(self, places: Places) -> None:
        of = self.standings
        entries = np.flatnonzero(self._shown_prices & self.flags(places)[of.price_row])
        gathered = (
            *(of.price_row[entries], of.price_key[entries], of.price_cost[entries], self.price_rank[entries]),
            *(of.price_qualifier[entries], of.price_state[entries]),
        )
        for row, key, cost, value, qualifier, state in zip(*(c.tolist() for c in gathered), strict=True):
            self._rows[row].prices[of.keys[key]] = Number(cost, value, QUALIFIERS[qualifier], STATES[state])

    def _fill_conditions(self, places: Places) -> None:
        of = self.standings
        entries = np.flatnonzero(self.flags(places)[of.condition_row])
        told: dict[int, list[tuple[str, str, str]]] = {}
        for row, code, word in zip(*(c[entries].tolist() for c in (of.condition_row, of.condition_code, of.condition_word)), strict=True):
            condition = of.conditions[code]
            told.setdefault(row, []).append((condition.kind, condition.key, of.words[word]))
        for row, conditions in told.items():
            self._rows[row].conditions = conditions


def _without(column: Numbers, qualifiers: npt.NDArray[np.uint8], unwanted: Sequence[int], places: Places) -> Floats:
    values, entries = column.value[places], column.entry[places]
    known = entries >= 0
    values[known] = np.where(np.isin(qualifiers[entries[known]], unwanted), np.nan, values[known])
    return values


def iso_day(day: int) -> str:
    """Return the day that `ranking.day_number` made a number of, '' for 0."""
    return f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}" if day else ""


class Rows(Sequence[Row]):
    """Rows at some places of a table, in an order. To count them, or to take a part, makes no row."""

    def __init__(self, table: Table, places: Places) -> None:
        self.table, self.places = table, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> Row | Rows:
        if isinstance(place, slice):
            return Rows(self.table, self.places[place])
        return self.table.make_rows(self.places[[place]])[0]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.table.make_rows(self.places))

    def without(self, lost: Collection[int]) -> Rows:
        """Return the rows but for those with these ids."""
        return Rows(self.table, self.places[~np.isin(self.table.standings.pk[self.places], list(lost))])

    @property
    def ids(self) -> list[int]:
        found: list[int] = self.table.standings.pk[self.places].tolist()
        return found

    def amounts(self, key: str) -> list[float]:
        """Return what the rows that state a cost rank by in it, in the rows' order."""
        values = self.table.prices(key).value[self.places]
        found: list[float] = values[~np.isnan(values)].tolist()
        return found

    def count_sharing(self, slug: str, key: str | None) -> int:
        """Return how many rows share their score under a metric and their cost, or (None) their day, with another one."""
        across = self.table.standings.day if key is None else self.table.prices(key).value
        score, place = self.table.scores(slug).value[self.places], across[self.places].astype(np.float64)
        ordered = np.lexsort((score, place))
        like_next = (score[ordered][1:] == score[ordered][:-1]) & (place[ordered][1:] == place[ordered][:-1])
        shares = np.zeros(len(ordered), np.bool_)
        shares[1:] |= like_next
        shares[:-1] |= like_next
        return int(shares.sum())


class Origins(NamedTuple):
    """How many rows are a paper's own, how many of these a chart brings out, how many are imported, how many quoted."""

    own: int
    leading: int
    imported: int
    quoted: int


def count_origins(rows: Sequence[Row], leads: Collection[int]) -> Origins:
    """Count rows by where they are from; `leads` are the ids of the rows that are brought out."""
    if isinstance(rows, Rows):
        of = rows.table.standings
        imported, ranks, leading = of.imported[rows.places], of.ranks[rows.places], np.isin(of.pk[rows.places], list(leads))
    else:
        imported, ranks = (np.array([getattr(row, name) for row in rows], np.bool_) for name in ("imported", "ranks"))
        leading = np.array([row.pk in leads for row in rows], np.bool_)
    own = ranks & ~imported
    return Origins(int(own.sum()), int((own & leading).sum()), int(imported.sum()), int((~ranks).sum()))
