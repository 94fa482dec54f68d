"""Reads a whole board for a query: filtered, ranked, sorted, a page of it printed, with its facets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from claims.boards.charting import choose_chart, without_unprinted_families
from claims.boards.choosing import find_common_terms, find_rivals, keep_affordable, look_at, mark_conflicts, protocol_of
from claims.boards.history import trace_history, without_unprinted_history
from claims.boards.numbers import fill_evidence, fill_rows, read_conditions, read_prices, read_rows
from claims.boards.order import board_order, compare, make_columns, rank_rows, sort_rows, without_unprinted
from claims.boards.rows import Board, Column, Facet, Row, measure_of
from claims.errors import UnknownFilterError
from claims.filters import BoardFilterSet
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    Condition,
)
from claims.terms import (
    CostMeasure,
    Role,
)

PAGE_SIZE = 50
MOST_WAYS_OUT = 6
"""Each of them reads the board once more."""
MOST_RIVALS = 20
"""How many rows that contradict an opened one are listed with it."""
FILTERS = ("setting", "role", "year", "state", "as_of", "model", "like", "conflicts")
BOUNDS = ("min_", "max_")
"""The parameters that leave rows out, and how those begin that bound a cost."""
QUERIED = ("setting", "year", "state")
"""Those of them that the database is asked about; whose row it is says the row itself."""


def read_board(
    benchmark: Benchmark, query: Any, *, page_size: int | None = PAGE_SIZE, opened: str | None = None, only: Collection[str] | None = None
) -> Board:
    """Return the board that `query` (a QueryDict) asks for, at most `page_size` rows of it (None: all), or the rows `only` by their ids.

    `opened` is the public id of the one row that shows its sentences; unless `query` names a page, it's the row's page that is
    returned. '' opens no row, None all of the page. Raises `UnknownFilterError` for parameters, values, sort keys and pages
    that the board doesn't have.
    """
    conditions = read_conditions(benchmark)
    filters = BoardFilterSet(query, benchmark=benchmark, conditions=list({c.pk: c for _, c, _ in conditions}.values()))
    filters.check()
    read_as = list(BenchmarkMetric.objects.filter(benchmark=benchmark).select_related("column"))
    metrics = {row.column_id: row.column for row in read_as}
    everything, hidden = read_rows(benchmark, metrics)
    primary = metrics.get(benchmark.primary_metric_id or 0)
    read_prices(benchmark, everything, primary)
    worded = defaultdict(list)
    for pk, condition, text in conditions:
        worded[pk].append((condition.kind, condition.key, text))
    for pk in worded.keys() & everything.keys():
        everything[pk].conditions = worded[pk]
    filtered = any(query.get(name) for name in query if name in FILTERS or name.startswith(BOUNDS))
    visible = [row for row in everything.values() if row.scores]
    days = [row.day for row in visible if row.day]
    as_of = filters.as_of_day
    later = undated_hidden = 0
    if as_of is not None:
        known = [row for row in visible if row.day]
        undated_hidden, visible = len(visible) - len(known), [row for row in known if row.day <= as_of.isoformat()]
        later = len(known) - len(visible)
        hidden = Counter({pk: count for pk, count in hidden.items() if (day := everything[pk].day) and day <= as_of.isoformat()})
    conflicts = mark_conflicts(visible)
    baselines = sum([not row.ranks for row in visible])
    wanted = filters.wanted_role
    choices = [row for row in visible if _is_of_role(row, wanted)] if baselines or wanted == Role.BASELINE else visible
    kept = choices
    if any(query.get(name) for name in QUERIED):
        passing_ids = set(filters.passing().values_list("pk", flat=True))
        kept = [row for row in choices if row.pk in passing_ids]
        hidden = Counter({pk: count for pk, count in hidden.items() if pk in passing_ids})
    if name := filters.wanted_model.casefold():
        kept = [row for row in kept if _is_called(row, name)]
        hidden = Counter({pk: count for pk, count in hidden.items() if _is_called(everything[pk], name)})
    if filters.wants_conflicts:
        kept = [row for row in kept if row.in_conflict]
    kept, bounds = keep_affordable(kept, filters.bounds)
    words = _wordings(conditions)
    like, common = find_common_terms(kept, {(c.kind, c.key): words.get(c.pk, c.value) for c in filters.conditions})
    if filters.wants_like and like is not None:
        kept = [row for row in kept if protocol_of(row) == common]
    columns = make_columns(benchmark, kept, metrics)
    kept = board_order(kept, columns)
    rank_rows(kept, columns)
    glance = look_at(kept, next((column for column in columns if column.is_primary), None))
    tradeoff = compare(kept, columns, str(query.get("cost", "")))
    history = trace_history(kept, columns)
    charting = choose_chart(tradeoff, history, query)
    sort = str(query.get("sort", ""))
    sortable = {*(metric.slug for metric in metrics.values()), *CostMeasure}
    kept = sort_rows(kept, columns, sort, known=sortable)
    chosen_columns = _choose_columns(query, columns, sortable)
    page, pages = _page(query, len(kept), page_size)
    place = next((place for place, row in enumerate(kept) if opened and row.public_id == opened), None)
    if place is not None and page_size is not None and not query.get("page"):
        page = place // page_size + 1
    shown = kept if page_size is None else kept[(page - 1) * page_size : page * page_size]
    if only is not None:
        shown = [row for row in kept if row.public_id in only]
    telling = shown if opened is None or only is not None else [row for row in shown if row.public_id == opened]
    rivals = [rival for row in telling for rival in find_rivals(row, most=MOST_RIVALS)]
    printed = {row.pk: row for row in (*shown, *(charting.listed if charting else ()), *rivals, *glance.rows)}
    fill_rows(benchmark, list(printed.values()))
    shown = [row for row in shown if row.cells]
    tradeoff = without_unprinted(tradeoff, printed.values()) if tradeoff else None
    history = without_unprinted_history(history, printed.values()) if history else None
    charting = without_unprinted_families(charting, tradeoff) if charting else None
    opened_row = next((row for row in shown if opened and row.public_id == opened), None)
    columns_of = {row.metric_id: row.column.slug for row in read_as}
    telling = [row for row in telling if row.cells]
    fill_evidence(list({row.pk: row for row in (*telling, *rivals)}.values()) if telling else [], columns_of)
    unreviewed = sum([row.unreviewed for row in choices])
    return Board(
        benchmark=benchmark,
        columns=columns,
        rows=shown,
        shown=len(kept),
        total=len(visible),
        baselines=baselines,
        undated=sum([not row.day for row in kept]),
        hidden_unreviewed=sum(count for pk, count in hidden.items() if _is_of_role(everything[pk], wanted)),
        sort=sort,
        page=page,
        pages=pages,
        settings=_setting_facets(conditions, choices, filters, query, words),
        roles=[
            Facet("proposed", "own results", len(visible) - baselines, query.get("role", "proposed") == "proposed"),
            Facet("baseline", "quoted baselines", baselines, query.get("role") == "baseline"),
            Facet("all", "both", len(visible), query.get("role") == "all"),
        ],
        years=_year_facets(choices, filters),
        states=[
            Facet("accepted", "accepted", len(choices) - unreviewed, query.get("state") == "accepted"),
            Facet("unreviewed", "unreviewed", unreviewed, query.get("state") == "unreviewed"),
        ],
        filtered=filtered,
        opened=opened_row,
        tradeoff=tradeoff,
        as_of=as_of,
        later=later,
        undated_hidden=undated_hidden,
        first_day=min(days, default=""),
        last_day=max(days, default=""),
        like=like,
        is_like=filters.wants_like,
        bounds=bounds,
        conflicts=conflicts,
        glance=glance,
        chosen_columns=chosen_columns,
        history=history,
        charting=charting,
    )


def _is_called(row: Row, part: str) -> bool:
    """Say whether a model's or variant's name has this part, in small letters."""
    return part in f"{row.model} {row.variant}".casefold()


def _is_of_role(row: Row, wanted: str) -> bool:
    """Say whether a row is of the chosen role. Quoted baselines are shown by a switch, not by default."""
    return wanted == "all" or row.ranks != (wanted == Role.BASELINE)


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


def _wordings(conditions: Iterable[tuple[int, Condition, str]]) -> dict[int, str]:
    """Return how most of the board's rows word each condition, by the condition's id; among equals the shortest."""
    counted = Counter((condition.pk, text) for _, condition, text in conditions)
    ordered = sorted(counted.items(), key=lambda pair: (pair[1], -len(pair[0][1]), pair[0][1]))
    return {condition: text for (condition, text), _ in ordered}  # the last and best of each stays


def _setting_facets(
    conditions: Sequence[tuple[int, Condition, str]], rows: Sequence[Row], filters: BoardFilterSet, query: Any, words: Mapping[int, str]
) -> list[Facet]:
    chosen = set(query.getlist("setting")) if hasattr(query, "getlist") else set()
    ids = {row.pk for row in rows}
    counted: Counter[int] = Counter()
    stating: dict[str, set[int]] = defaultdict(set)
    for row, condition, _ in conditions:
        if row in ids:
            counted[condition.pk] += 1
            stating[condition.kind].add(row)
    facets = [
        Facet(value := f"{c.kind}:{c.key}", words.get(c.pk, c.value), counted[c.pk], value in chosen)
        for c in filters.conditions
        if c.kind != "other" and (counted[c.pk] or f"{c.kind}:{c.key}" in chosen)
    ]
    facets.sort(key=lambda facet: (-facet.count, facet.label))
    unstated = [
        Facet(f"{kind}:", "not stated", len(rows) - len(stating[kind]), f"{kind}:" in chosen)
        for kind in dict.fromkeys(c.kind for c in filters.conditions)
        if kind != "other" and (stating[kind] or f"{kind}:" in chosen)
    ]
    none = Facet("none", "none stated", sum([not protocol_of(row) for row in rows]), "none" in chosen)
    return [*facets, *unstated, none] if facets or none.chosen else []


def _year_facets(rows: Iterable[Row], filters: BoardFilterSet) -> list[Facet]:
    counted = Counter([row.day[:4] for row in rows if row.day])
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
