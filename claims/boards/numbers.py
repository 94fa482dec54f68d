"""Fetches what is printed of a board's rows, and their sentences, for the rows that show it, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from claims import ranking
from claims.boards.corrections import is_corrected, read_corrections
from claims.boards.costs import cost_direction
from claims.boards.rows import MOST_LISTED, Cell, Number, Origin, OtherNumber, Row, Sentence
from claims.boards.standings import PLACE_FIELDS, place_in_text, visible_links
from claims.models import Benchmark, Claim, Cost, CostLink, PaperText
from claims.prepared import prepared, prepared_for_keys
from claims.terms import ClaimKind, CurationState, Direction, Qualifier


def fill_rows(benchmark: Benchmark, rows: Sequence[Row]) -> None:
    """Fill in what is printed of rows, their papers and their cells: two queries.

    What was rejected since the rows were read has no cell any more.
    """
    few = len(rows) <= 4 * MOST_LISTED  # else one condition on the board costs less than a long list of keys
    claim_ids = [number.pk for row in rows for number in row.scores.values()]
    claims = _claims_of_keys(claim_ids) if few else _claims_of_board(benchmark.pk)
    scores = {values[0]: values for values in claims}
    shown = {"unreviewed": settings.SHOW_UNREVIEWED}
    links = _links_of_keys([row.pk for row in rows], **shown) if few else _links_of_board(benchmark.pk, **shown)
    costs: dict[int, list[Sequence[Any]]] = defaultdict(list)
    for result_id, *values in links:
        costs[result_id].append(values)
    for row in rows:
        row.cells = {}
        for key, number in row.scores.items():
            if (known := scores.get(number.pk)) is not None:
                slug, name, *origin = known[_METRIC:]
                row.cells[key] = _cell(number, known[:_METRIC], read_as="" if slug == key else name)
                if origin[0] is not None or not row.paper_title:
                    _fill_origin(row, origin)
        row.all_costs = [
            _cell(_number(values, cost_direction(measure)), values, measure=measure, condition=condition, note=note)
            for measure, condition, note, *values in costs[row.pk]
        ]
        row.all_costs.sort(key=lambda cell: place_in_text(cell.pk, cell.place))
        printed = {cell.pk: cell for cell in row.all_costs}
        row.costs = {measure: printed[price.pk] for measure, price in row.prices.items() if price.pk in printed}


def _fill_origin(row: Row, origin: Sequence[Any]) -> None:
    """Fill in whose a row is, from the `_ORIGIN_FIELDS` of one of its numbers: the text's paper, else the record's, else the table."""
    text, record, (record_first, record_last, code_url, number, table, listing, model) = origin[:5], origin[5:10], origin[10:]
    row.model_slug = model or ""
    title, public_id, row.first_day, row.last_day, paper_code = text if text[0] is not None else record
    row.paper_title, row.paper_public_id, row.code_url = title or "", public_id or "", paper_code or code_url or ""
    if title is None:
        row.first_day, row.last_day = record_first, record_last
    if table is not None:
        row.source, row.record_url = table, reverse("record", args=[listing, number]) if listing else ""


# Looked up thousands of times for a board: a dictionary is three times as fast as the enumeration's call.
_QUALIFIERS = {qualifier.value: qualifier for qualifier in Qualifier}
_STATES = {state.value: state for state in CurationState}
_KINDS = {kind.value: kind for kind in ClaimKind}

CELL_FIELDS = (
    *("pk", "value", "value_max", "canonical_value", "canonical_max", "qualifier", "state"),
    *("public_id", "stated", "unit", "decimals", "uncertainty", "kind", "tier", "confidence"),
    *PLACE_FIELDS,
    *("evidence_start", "evidence_end"),
)
"""What printing needs; how a sentence was read is fetched for the rows that show theirs."""

_METRIC = len(CELL_FIELDS)
# By the text or the record: they are the claim's own even when it has just left its row.
_PAPER_FIELDS = ("title", "public_id", "first_day", "last_day", "code_url")
_ORIGIN_FIELDS = (
    *(f"paper_text__paper__{name}" for name in _PAPER_FIELDS),
    *(f"source_record__paper__{name}" for name in _PAPER_FIELDS),
    *("source_record__first_day", "source_record__last_day", "source_record__code_url", "source_record__number"),
    *("source_record__source__name", "source_record__source__listing__public_id"),
    "result__ml_model__slug",
)


def _printed_claims() -> QuerySet[Claim, Any]:
    return Claim.objects.values_list(*CELL_FIELDS, "metric__slug", "metric__name", *_ORIGIN_FIELDS)


@prepared_for_keys
def _claims_of_keys(keys: Sequence[Any]) -> QuerySet[Claim, Any]:
    return _printed_claims().filter(pk__among=keys, result__isnull=False)


@prepared
def _claims_of_board(board: Any) -> QuerySet[Claim, Any]:
    return _printed_claims().filter(result__benchmark=board)


def _printed_links(*, unreviewed: bool) -> QuerySet[CostLink, Any]:
    links = visible_links(unreviewed=unreviewed)
    return links.values_list("result_id", "cost__measure", "cost__condition", "cost__note", *("cost__" + name for name in CELL_FIELDS))


@prepared_for_keys
def _links_of_keys(keys: Sequence[Any], *, unreviewed: bool) -> QuerySet[CostLink, Any]:
    return _printed_links(unreviewed=unreviewed).filter(result__pk__among=keys)


@prepared
def _links_of_board(board: Any, *, unreviewed: bool) -> QuerySet[CostLink, Any]:
    return _printed_links(unreviewed=unreviewed).filter(result__benchmark=board)


def _number(values: Sequence[Any], direction: Direction) -> Number:
    """Return what ranks, in the canonical unit if there is one; `values` are those of `CELL_FIELDS`."""
    pk, value, value_max, canonical_value, canonical_max, qualifier, state, *_ = values
    low, high = ranking.canonical(value, value_max, canonical_value, canonical_max)
    return Number(pk, ranking.ranking_value(low, high, direction), _QUALIFIERS[qualifier], _STATES[state])


def _cell(number: Number, values: Sequence[Any], *, measure: str = "", condition: str = "", read_as: str = "", note: str = "") -> Cell:
    """Return a number to print; `values` are those of `CELL_FIELDS`."""
    (
        pk,
        value,
        value_max,
        canonical_value,
        canonical_max,
        _,
        _,
        public_id,
        stated,
        unit,
        decimals,
        uncertainty,
        kind,
        tier,
        confidence,
        *place,
    ) = values
    return Cell(
        pk=pk,
        public_id=public_id,
        stated=stated,
        value=value,
        value_max=value_max,
        canonical_value=canonical_value,
        canonical_max=canonical_max,
        unit=unit,
        decimals=decimals,
        uncertainty=uncertainty,
        qualifier=number.qualifier,
        kind=_KINDS[kind],
        state=number.state,
        tier=tier,
        confidence=confidence,
        rank_by=number.rank_by,
        read_as=read_as,
        others=number.others,
        conflicts=number.conflicts,
        note=note,
        measure=measure,
        condition=condition,
        place=(place[0], place[1], place[2], place[3], place[4], place[5]),
    )


_RECORD = ("source_record__source__listing",)
_READING = (
    *("inferred", "rules", "extracted", "tier_reason", "tier_link", "source_record__number", "source_record__source__name"),
    "source_record__source__listing__public_id",
)


def _origin(statement: Claim | Cost) -> Origin | None:
    record = statement.source_record
    return Origin(record.source.name, record.number, record.get_absolute_url()) if record is not None else None


def _fill_others(rows: Sequence[Row], columns: Mapping[int, str]) -> None:
    """Fetch the numbers that stand behind those which the rows show."""
    found = Claim.objects.filter(result__in=[row.pk for row in rows], metric__isnull=False).order_by("pk")
    behind: dict[int, list[Claim]] = defaultdict(list)
    for claim in found.select_related("metric", "paper_text__paper", *_RECORD).defer("source_record__raw"):
        behind[claim.result_id or 0].append(claim)
    for row in rows:
        shown = {cell.pk for cell in row.cells.values()}
        row.others = [
            _other(claim, row.cells.get(columns.get(claim.metric_id or 0, ""))) for claim in behind[row.pk] if claim.pk not in shown
        ]


def _other(claim: Claim, cell: Cell | None) -> OtherNumber:
    """Return a number that stands behind the one of a cell."""
    metric = claim.metric
    differs = cell is not None and not (
        cell.value_max is not None or claim.value_max is not None or {cell.qualifier, claim.qualifier} != {Qualifier.EXACT}
    )
    if differs and cell is not None:
        differs = ranking.differ(
            ranking.precise(cell.value, cell.canonical_value, cell.decimals),
            ranking.precise(claim.value, claim.canonical_value, claim.decimals),
        )
    paper = claim.paper_text.paper.get_absolute_url() if claim.paper_text else ""
    return OtherNumber(metric.name if metric else "", claim.stated, claim.unit, differs, paper, _origin(claim))


def fill_evidence(rows: Sequence[Row], columns: Mapping[int, str]) -> None:
    """Fetch the sentences of the rows' cells or their records, how they were read, and what stands behind them: three queries.

    One more where something does stand behind a shown number, and some where a person corrected one.

    `columns` has the key of the column that each metric is read in.
    """
    cells = [cell for row in rows for cell in (*row.cells.values(), *row.all_costs)]
    texts = PaperText.objects.select_related("paper").in_bulk({cell.place[0] for cell in cells if cell.place[0] is not None})
    claims = Claim.objects.select_related(*_RECORD).only(*_READING).in_bulk({cell.pk for row in rows for cell in row.cells.values()})
    costs = Cost.objects.select_related(*_RECORD).only(*_READING).in_bulk({cell.pk for row in rows for cell in row.all_costs})
    if several := [row for row in rows if any(cell.others for cell in row.cells.values())]:
        _fill_others(several, columns)
    for cell in cells:
        statement: Claim | Cost = costs[cell.pk] if cell.measure else claims[cell.pk]
        cell.inferred, cell.rules, cell.origin = statement.inferred, statement.rules, _origin(statement)
        cell.tier_reason, cell.tier_link = statement.tier_reason, statement.tier_link
        text_id, name, start, end, first, last = cell.place
        if text_id is not None:
            if part := texts[text_id].shown_part(name):
                cell.evidence = Sentence(part[first:start], part[start:end], part[end:last])
            cell.withheld = texts[text_id].paper if not part else None
    _fill_corrections(cells, [*claims.values(), *costs.values()])


def _fill_corrections(cells: Sequence[Cell], statements: Sequence[Claim | Cost]) -> None:
    """Fetch what people made of the numbers, if anything."""
    corrected: list[Claim | Cost] = []
    for table in (Claim, Cost):
        if ids := [one.pk for one in statements if isinstance(one, table) and is_corrected(one)]:
            corrected += table._default_manager.select_related("paper_text__paper").filter(pk__in=ids)
    told = read_corrections(corrected)
    for cell in cells if told else ():
        cell.corrected = told.get(("cost" if cell.measure else "claim", cell.pk))
