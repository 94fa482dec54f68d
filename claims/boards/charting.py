"""Which chart of a board is drawn, and how its points look: what the reader chose, or else what the board has. No queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from claims import ranking
from claims.boards.costs import cost_direction
from claims.boards.families import group_families, has_families
from claims.boards.rows import Charting, CostChoice, Family, History, Row, Tradeoff, measure_of
from claims.errors import UnknownFilterError
from claims.terms import ChartKind, CostMeasure, PointColour

MOST_PANELS = 12
"""So many families are drawn beside each other; the others are named."""
MOST_OF_FAMILY = 4
"""So many rows of a family stand in the chart's table: the best ones of its own front."""


def choose_chart(tradeoff: Tradeoff | None, history: History | None, query: Any) -> Charting | None:
    """Return what `query` asks for by `chart`, `size` and `colour`; None for a board that has no primary metric.

    '' for `chart` is the trade-off, or the history of a board that has dates and no costs. `size` is a `cost_key`, or a measure alone:
    then that of its conditions which most drawn rows state. Raises `UnknownFilterError` for words that mean none of these.
    """
    wanted, size, colour = (str(query.get(name, "")) for name in ("chart", "size", "colour"))
    _check("chart", wanted, ChartKind)
    _check("colour", colour, PointColour)
    _check("size", measure_of(size), [measure for measure in CostMeasure if measure is not CostMeasure.OTHER])
    if tradeoff is None or history is None:
        return None
    kind = ChartKind(wanted) if wanted else ChartKind.TRADEOFF if tradeoff.measure or not history.points else ChartKind.TIME
    by_family = has_families(tradeoff.points)
    has = {ChartKind.TRADEOFF: bool(tradeoff.choices), ChartKind.TIME: bool(history.points), ChartKind.FAMILIES: by_family}
    drawn = history.points if kind is ChartKind.TIME else tradeoff.points
    families = group_families(drawn) if colour or kind is ChartKind.FAMILIES else []
    sizes = _offer_sizes(tradeoff, history, size, kind)
    if size and not any(choice.chosen for choice in sizes):
        # A measure alone: that of its conditions which most rows state.
        size = next((choice.measure for choice in sizes if measure_of(choice.measure) == size), size)
        sizes = [replace(choice, chosen=choice.measure == size) for choice in sizes]
    panels = []
    if kind is ChartKind.FAMILIES:
        panels = [replace(family, listed=_list_best(family, tradeoff)) for family in families[:MOST_PANELS]]
    listed = {ChartKind.TRADEOFF: tradeoff.listed, ChartKind.TIME: history.listed}.get(kind)
    return Charting(
        kind=kind,
        kinds=[each for each in ChartKind if has[each] or each is kind],
        size=size,
        sizes=sizes,
        colour=PointColour(colour) if colour else None,
        has_families=has_families(drawn) if kind is ChartKind.TIME else by_family,
        families=families,
        panels=panels,
        listed=[row for family in panels for row in family.listed] if listed is None else listed,
    )


def _offer_sizes(tradeoff: Tradeoff, history: History, size: str, kind: ChartKind) -> list[CostChoice]:
    """Return the costs that the points' sizes may stand for, those that most rows state first. An axis' own cost says nothing new."""
    if kind is not ChartKind.TIME:
        counted = {choice.measure: choice.count for choice in tradeoff.choices if choice.measure != tradeoff.measure}
    else:
        among = history.points.table.count_prices(history.points.places)
        counted = {key: count for key, count in among.items() if measure_of(key) != CostMeasure.OTHER}
    return [CostChoice(measure, count, measure == size) for measure, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))]


def without_unprinted_families(charting: Charting, tradeoff: Tradeoff | None) -> Charting:
    """Leave out of the families what the trade-off has left out."""
    if tradeoff is None or charting.kind is not ChartKind.FAMILIES:
        return charting
    kept = set(tradeoff.points.ids)
    panels = [
        replace(family, rows=[row for row in family.rows if row.pk in kept], listed=[row for row in family.listed if row.pk in kept])
        for family in charting.panels
    ]
    return replace(charting, panels=[family for family in panels if family.rows])


def _check(name: str, word: str, known: Any) -> None:
    """Raise `UnknownFilterError` for a word that is neither '' nor known."""
    if word and word not in list(known):
        called = {"chart": "chart", "colour": "colouring", "size": "cost"}[name]
        raise UnknownFilterError(f"There is no {called} called “{word[:60]}”. Known: {', '.join(known)}.", field=name)


def _list_best(family: Family, tradeoff: Tradeoff) -> list[Row]:
    """Return the rows that stand for a family in words: the last and best ones of its own front, the cheapest first."""
    key, measure = tradeoff.metric.key, tradeoff.measure
    no_record = ranking.qualifier_without_record(tradeoff.metric.direction)
    no_least_cost = ranking.qualifier_without_record(cost_direction(measure))
    front: Sequence[Row] = ranking.front(
        [row for row in family.rows if row.ranks],
        lambda row: None if (score := row.scores[key]).qualifier is no_record else score.rank_by,
        lambda row: None if (price := row.prices[measure]).qualifier is no_least_cost else price.rank_by,
        direction=tradeoff.metric.direction,
        cost_direction=cost_direction(measure),
    )
    return list(front[-MOST_OF_FAMILY:] or family.rows[:MOST_OF_FAMILY])
