"""Reads a whole board for a query: filtered, ranked, sorted, a page of it printed, with its facets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings

from claims import ranking
from claims.boards.charting import choose_chart, without_unprinted_families
from claims.boards.choosing import find_common_terms, keep_affordable, look_at
from claims.boards.conflicts import find_rivals
from claims.boards.history import trace_history, without_unprinted_history
from claims.boards.numbers import fill_evidence, fill_rows
from claims.boards.order import board_order, compare, make_columns, rank_rows, sort_rows, without_unprinted
from claims.boards.rows import Board, Column, Facet, Tradeoff, measure_of
from claims.boards.standings import Codes, Flags, read_standings
from claims.boards.table import Places, Rows, Table, iso_day
from claims.errors import UnknownFilterError
from claims.filters import BoardFilterSet
from claims.models import Benchmark, BenchmarkMetric
from claims.prepared import Joined, prepared
from claims.terms import CostMeasure, Role, RowTier

PAGE_SIZE = 50
MOST_WAYS_OUT = 6
"""Each of them reads the board once more."""
MOST_RIVALS = 20
"""How many rows that contradict an opened one are listed with it."""
FILTERS = ("setting", "role", "year", "state", "tier", "as_of", "model", "like", "conflicts", "front")
BOUNDS = ("min_", "max_")
"""The parameters that leave rows out, and how those begin that bound a cost."""
QUERIED = ("setting", "year", "state")
"""Those of them that the database is asked about; whose row it is says the row itself."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Where a page begins that follows another one: behind the row of that id, or at that place if the row is gone meanwhile."""

    public_id: str
    place: int


def read_board(
    benchmark: Benchmark,
    query: Any,
    *,
    page_size: int | None = PAGE_SIZE,
    opened: str | None = None,
    only: Collection[str] | None = None,
    behind: Behind | None = None,
    plain: bool = False,
) -> Board:
    """Return the board that `query` (a QueryDict) asks for, at most `page_size` rows of it (None: all), or the rows `only` by their ids.
    The rows begin with the page that `query` names, or `behind` a row. A `plain` one is its rows, columns and front: no chart is listed
    in words, and nothing is said at a glance or over time.

    `opened` is the public id of the one row that shows its sentences; unless `query` names a page, it's the row's page that is
    returned. '' opens no row, None all of the page. Raises `UnknownFilterError` for parameters, values, sort keys and pages
    that the board doesn't have.
    """
    standings = read_standings(benchmark)
    filters = BoardFilterSet(query, benchmark=benchmark, conditions=standings.conditions)
    filters.check()
    read_as: list[BenchmarkMetric] = [_WITH_COLUMN.build(row) for row in _fetch_metrics(benchmark.pk)]
    metrics = {row.column_id: row.column for row in read_as}
    table = Table(standings, metrics, hides=not settings.SHOW_UNREVIEWED)
    filtered = any(query.get(name) for name in query if name in FILTERS or name.startswith(BOUNDS))
    day, ranks = standings.day, standings.ranks
    of_all_days = day[table.visible & (day != 0)]
    later = undated_hidden = 0
    as_of = filters.as_of_day
    hidden = table.hidden > 0
    if as_of is not None:
        is_later = day > ranking.day_number(as_of.isoformat())
        later, undated_hidden = int((table.visible & is_later).sum()), int((table.visible & (day == 0)).sum())
        table.leave_out(is_later | (day == 0))
        hidden &= ~is_later & (day != 0)
    conflicts = table.find_conflicts()
    wanted = filters.wanted_role
    visible = np.flatnonzero(table.visible)
    baselines = int((~ranks[visible]).sum())
    is_of_role = _is_of_role(ranks, wanted)
    choices = visible[is_of_role[visible]]
    passes = is_of_role
    if any(query.get(name) for name in QUERIED):
        passes = passes & np.isin(standings.pk, list(filters.passing().values_list("pk", flat=True)))
    if name := filters.wanted_model.casefold():
        passes = passes & np.array([name in f"{model} {variant}".casefold() for model, variant in zip(*table.names, strict=True)], np.bool_)
    if filters.wanted_tier:
        passes = passes & table.tier_flags(RowTier(filters.wanted_tier))
    hidden &= passes
    if filters.wants_conflicts:
        passes = passes & table.in_conflict
    kept, bounds = keep_affordable(table, visible[passes[visible]], filters.bounds)
    like, shares_terms = find_common_terms(table, kept, {(c.kind, c.key): c.word for c in standings.conditions})
    if filters.wants_like and like is not None:
        kept = kept[shares_terms[kept]]
    columns = make_columns(benchmark, table, kept, metrics)
    kept = board_order(table, kept, columns)
    rank_rows(table, kept, columns)
    tradeoff = compare(table, kept, columns, str(query.get("cost", "")))
    if filters.wants_front:
        # Its rows keep the ranks that they have among the others; all else is said and drawn of them alone.
        kept, measure = _keep_front(table, kept, tradeoff)
        columns = make_columns(benchmark, table, kept, metrics)
        tradeoff = compare(table, kept, columns, measure)
    history = glance = charting = None
    if not plain:
        history = trace_history(table, kept, columns)
        glance = look_at(table, kept, next((column for column in columns if column.is_primary), None), history)
        charting = choose_chart(tradeoff, history, query)
    sort = str(query.get("sort", ""))
    sortable = {*(metric.slug for metric in metrics.values()), *CostMeasure}
    undated = int((day[kept] == 0).sum())
    kept = sort_rows(table, kept, columns, sort, known=sortable)
    chosen_columns = _choose_columns(query, columns, sortable)
    page, pages = _page(query, len(kept), page_size)
    place = np.flatnonzero(standings.public_id[kept] == opened.encode()) if opened else kept[:0]
    if len(place) and page_size is not None and not query.get("page"):
        page = int(place[0]) // page_size + 1
    begin = 0 if page_size is None else (page - 1) * page_size
    if behind is not None:
        last = np.flatnonzero(standings.public_id[kept] == behind.public_id.encode())
        begin = int(last[0]) + 1 if len(last) else min(behind.place, len(kept))
    on_page = kept[begin:] if page_size is None else kept[begin : begin + page_size]
    if only is not None:
        on_page = kept[np.isin(standings.public_id[kept], [public_id.encode() for public_id in only])]
    shown = list(Rows(table, on_page))
    telling = shown if opened is None or only is not None else [row for row in shown if row.public_id == opened]
    rivals = [rival for row in telling for rival in find_rivals(row, most=MOST_RIVALS)]
    printed = {row.pk: row for row in (*shown, *(charting.listed if charting else ()), *rivals, *(glance.rows if glance else ()))}
    fill_rows(benchmark, list(printed.values()))
    shown = [row for row in shown if row.cells]
    tradeoff = without_unprinted(tradeoff, printed.values()) if tradeoff else None
    history = without_unprinted_history(history, printed.values()) if history else None
    charting = without_unprinted_families(charting, tradeoff) if charting else None
    opened_row = next((row for row in shown if opened and row.public_id == opened), None)
    columns_of = {row.metric_id: row.column.slug for row in read_as}
    telling = [row for row in telling if row.cells]
    fill_evidence(list({row.pk: row for row in (*telling, *rivals)}.values()) if telling else [], columns_of)
    unreviewed = int(table.unreviewed[choices].sum())
    return Board(
        benchmark=benchmark,
        columns=columns,
        rows=shown,
        shown=len(kept),
        begin=begin,
        total=len(visible),
        baselines=baselines,
        undated=undated,
        hidden_unreviewed=int(table.hidden[hidden].sum()),
        sort=sort,
        page=page,
        pages=pages,
        settings=_setting_facets(table, choices, filters, query),
        roles=[
            Facet("proposed", "own results", len(visible) - baselines, query.get("role", "proposed") == "proposed"),
            Facet("baseline", "quoted baselines", baselines, query.get("role") == "baseline"),
            Facet("all", "both", len(visible), query.get("role") == "all"),
        ],
        years=_year_facets(day[choices], filters),
        states=[
            Facet("accepted", "accepted", len(choices) - unreviewed, query.get("state") == "accepted"),
            Facet("unreviewed", "unreviewed", unreviewed, query.get("state") == "unreviewed"),
        ],
        tiers=[
            Facet(tier.value, tier.value, int(table.tier_flags(tier)[choices].sum()), filters.wanted_tier == tier.value) for tier in RowTier
        ],
        filtered=filtered,
        opened=opened_row,
        tradeoff=tradeoff,
        as_of=as_of,
        later=later,
        undated_hidden=undated_hidden,
        first_day=iso_day(int(of_all_days.min(initial=99991231))) if len(of_all_days) else "",
        last_day=iso_day(int(of_all_days.max(initial=0))),
        like=like,
        is_like=filters.wants_like,
        bounds=bounds,
        conflicts=conflicts,
        glance=glance,
        chosen_columns=chosen_columns,
        history=history,
        charting=charting,
    )


_WITH_COLUMN = Joined(BenchmarkMetric, "column")


@prepared
def _fetch_metrics(benchmark: Any) -> Any:
    return BenchmarkMetric.objects.filter(benchmark=benchmark).values_list(*_WITH_COLUMN.columns)


def _keep_front(table: Table, kept: Places, tradeoff: Tradeoff | None) -> tuple[Places, str]:
    """Return the rows of the front alone, and the cost that it goes by. Raises `UnknownFilterError` where there is none to be on."""
    if tradeoff is None or not tradeoff.measure:
        raise UnknownFilterError("None of these rows states a cost beside a score, so there is no front.", field="front")
    return kept[table.on_front[kept]], tradeoff.measure


def _is_of_role(ranks: Flags, wanted: str) -> Flags:
    """Say which rows are of the chosen role. Quoted baselines are shown by a switch, not by default."""
    return np.ones_like(ranks) if wanted == "all" else ranks != (wanted == Role.BASELINE)


def _choose_columns(query: Any, columns: Sequence[Column], known: Collection[str]) -> list[str]:
    """Return the keys of the columns that the reader asked for. A cost may be asked for by its measure alone."""
    chosen = []
    for wanted in query.getlist("column") if hasattr(query, "getlist") else []:
        found = [column.key for column in columns if wanted in (column.key, measure_of(column.key))]
        if not found and measure_of(wanted) not in known:
            possible = ", ".join(column.key for column in columns)
            raise UnknownFilterError(f"This board has no column “{wanted[:60]}”. It has {possible}.", field="column")
        chosen += found
    return chosen


def _page(query: Any, count: int, page_size: int | None) -> tuple[int, int]:
    pages = 1 if page_size is None else max(1, -(-count // page_size))
    stated = str(query.get("page", "1"))
    page = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 0
    if not 1 <= page <= pages:
        raise UnknownFilterError(f"There is no page “{stated[:20]}”; this board has {pages}.", field="page")
    return page, pages


def _setting_facets(table: Table, rows: Places, filters: BoardFilterSet, query: Any) -> list[Facet]:
    chosen = set(query.getlist("setting")) if hasattr(query, "getlist") else set()
    of = table.standings
    among = table.flags(rows)[of.condition_row]
    counted = np.bincount(of.condition_code[among], minlength=len(of.conditions)).tolist()
    kinds = dict.fromkeys(condition.kind for condition in of.conditions if condition.kind != "other")
    facets = [
        Facet(value := f"{condition.kind}:{condition.key}", condition.word, count, value in chosen)
        for condition, count in zip(of.conditions, counted, strict=True)
        if condition.kind in kinds and (count or f"{condition.kind}:{condition.key}" in chosen)
    ]
    facets.sort(key=lambda facet: (-facet.count, facet.label))
    unstated = []
    for kind in kinds:
        of_kind = np.array([condition.kind == kind for condition in of.conditions], np.bool_)
        stating = len(np.unique(of.condition_row[among & of_kind[of.condition_code]]))
        if stating or f"{kind}:" in chosen:
            unstated.append(Facet(f"{kind}:", "not stated", len(rows) - stating, f"{kind}:" in chosen))
    none = Facet("none", "none stated", int((of.protocol[rows] == 0).sum()), "none" in chosen)
    return [*facets, *unstated, none] if facets or none.chosen else []


def _year_facets(days: Codes, filters: BoardFilterSet) -> list[Facet]:
    years, counts = np.unique(days[days != 0] // 10000, return_counts=True)
    counted = {f"{year:04}": count for year, count in zip(years.tolist(), counts.tolist(), strict=True)}
    if filters.wanted_year:
        counted.setdefault(filters.wanted_year, 0)
    return [Facet(year, year, count, year == filters.wanted_year) for year, count in sorted(counted.items(), reverse=True)]


def list_ways_out(benchmark: Benchmark, query: Any) -> list[tuple[str, int]]:
    """Return for each filter in use how many rows there would be without it. For a board that is left empty."""
    ways = []
    names = [name for name in (*FILTERS, *(name for name in query if name.startswith(BOUNDS))) if query.get(name)]
    for name in names[:MOST_WAYS_OUT]:
        without = query.copy()
        del without[name]
        ways.append((name, read_board(benchmark, without, page_size=1, opened="").shown))
    return ways
