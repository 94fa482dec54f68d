"""Reads a paper with all that was read from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from claims import keys
from claims.boards.acts import LastWord, find_last_words
from claims.boards.corrections import Corrected, read_corrections
from claims.boards.flagged import find_open_flags
from claims.boards.rows import Row
from claims.models import (
    ChangeSet,
    Claim,
    Cost,
    Decision,
    Flag,
    Listing,
    ListingEntry,
    MLModel,
    Paper,
    PaperText,
    Run,
    RunText,
    SourceRecord,
)
from claims.terms import (
    ACCEPT_BY_POLICY,
    REEXTRACT,
    CurationState,
    ListingState,
    TextField,
)

MOST_MODELS = 12
"""So many of the models that a paper introduces are named on its page."""


@dataclass(frozen=True, slots=True)
class PaperPage:
    """What a paper's page shows. `untaken` is what the latest run left of it, (field, start, end, reason) in the order of the
    text, and `run` that run; None if no run has read the text.

    `earlier_claims` and `earlier_costs` stand in older texts only: a person decided on them, and they count until one rejects them.
    `table_claims` and `table_costs` are what records of tables say of the paper, each with its record.
    `withdrawals` are the change sets that withdrew listings of it, by the listing's id; `withdrawn` says that no other listing is
    left that shows it.
    """

    paper: Paper
    text: PaperText | None
    claims: list[Claim]
    costs: list[Cost]
    earlier_claims: list[Claim]
    earlier_costs: list[Cost]
    table_claims: list[Claim]
    table_costs: list[Cost]
    untaken: list[tuple[str, int, int, str]]
    run: Run | None
    entries: list[ListingEntry]
    hidden: int
    undoable: dict[tuple[str, int], ChangeSet]
    flags: dict[tuple[str, int], list[Flag]]
    """What is open on the numbers: a later reading has those otherwise that people decided on, and for a curator what rules say."""
    withdrawals: dict[int, ChangeSet]
    withdrawn: bool
    models: list[MLModel]
    """The models that it introduces, and of which readers see a number."""
    corrections: dict[tuple[str, int], Corrected]
    """What people made of the numbers, by ("claim" or "cost", pk)."""
    words: dict[tuple[str, int], LastWord]
    """Who decided last on each number."""


def read_paper(public_id: str, *, for_curator: bool = False) -> PaperPage:
    """Return a paper with what was read from it, in a fixed number of queries. Raises `Paper.DoesNotExist`.

    A curator sees unreviewed numbers on every site, and what of the last decisions can be taken back.
    """
    paper = Paper.objects.select_related("current_text", "merged_into").get(public_id=public_id)
    text = paper.current_text
    claims, costs = read_paper_statements(text) if text else ([], [])
    earlier_claims, earlier_costs = _read_earlier_statements(paper)
    table_claims, table_costs = _read_table_statements(Q(source_record__paper=paper))
    hidden = _hide_unreviewed(claims, costs, earlier_claims, earlier_costs, table_claims, table_costs) if not for_curator else 0
    reading = RunText.objects.filter(paper_text=text).select_related("run").order_by("-pk").first() if text else None
    shown = ListingEntry.objects.filter(paper_text__paper=paper).select_related("listing").order_by("-listing__created", "position")
    entries = list(shown)
    if text is not None:
        text.paper = paper
    for statement in (*claims, *costs):
        statement.paper_text = text
    taken_back = {entry.listing_id for entry in entries if entry.listing.state == ListingState.WITHDRAWN}
    return PaperPage(
        paper=paper,
        text=text,
        claims=claims,
        costs=costs,
        earlier_claims=earlier_claims,
        earlier_costs=earlier_costs,
        table_claims=table_claims,
        table_costs=table_costs,
        untaken=_list_untaken(text, reading),
        run=reading.run if reading else None,
        entries=entries,
        hidden=hidden,
        flags=find_open_flags(
            [claim.pk for claim in claims + earlier_claims + table_claims],
            [cost.pk for cost in costs + earlier_costs],
            for_curator=for_curator,
        ),
        withdrawals=find_withdrawals(taken_back),
        # Not the paper's own mark: where many are settled, that may take a while.
        withdrawn=bool(entries) and len(taken_back) == len({entry.listing_id for entry in entries}) and not (table_claims or table_costs),
        models=_introduced_models(paper),
        corrections=read_corrections([*claims, *costs, *earlier_claims, *earlier_costs, *table_claims, *table_costs]),
        words=_find_words(claims + earlier_claims + table_claims, costs + earlier_costs + table_costs),
        undoable=_undoable(claims + earlier_claims + table_claims, costs + earlier_costs + table_costs) if for_curator else {},
    )


def _list_untaken(text: PaperText | None, reading: RunText | None) -> list[tuple[str, int, int, str]]:
    """Return what a run left of a text, as far as that is shown."""
    left = [(str(name), int(start), int(end), str(reason)) for name, start, end, reason in (reading.untaken if reading else [])]
    return [each for each in left if each[0] == TextField.TITLE] if text is not None and text.is_withheld else left


def _find_words(claims: Sequence[Claim], costs: Sequence[Cost]) -> dict[tuple[str, int], LastWord]:
    # Whatever was decided on has a later version than its first.
    decided = [("claim", claim) for claim in claims if claim.version > 1] + [("cost", cost) for cost in costs if cost.version > 1]
    return find_last_words([(kind, said.pk, said.public_id) for kind, said in decided])


def _introduced_models(paper: Paper) -> list[MLModel]:
    numbers = [Exists(statements.objects.visible().filter(ml_model=OuterRef("pk"))) for statements in (Claim, Cost)]
    models = MLModel.objects.filter(numbers[0] | numbers[1], introduced_by=paper, merged_into__isnull=True)
    return list(models.order_by("name", "pk")[:MOST_MODELS])


def _hide_unreviewed(*lists: list[Any]) -> int:
    """Take out, where the site shows none, what nobody has reviewed; return how many numbers that were."""
    if settings.SHOW_UNREVIEWED:
        return 0
    hidden = 0
    for statements in lists:
        hidden += sum(statement.state == CurationState.UNREVIEWED for statement in statements)
        statements[:] = [statement for statement in statements if statement.state != CurationState.UNREVIEWED]
    return hidden


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What the page of a table's record shows. `fields` is the record as it stood in the file, flat: (name, text)."""

    record: SourceRecord
    fields: list[tuple[str, str]]
    claims: list[Claim]
    costs: list[Cost]
    hidden: int
    undoable: dict[tuple[str, int], ChangeSet]
    words: dict[tuple[str, int], LastWord]
    flags: dict[tuple[str, int], list[Flag]] = field(default_factory=dict)
    """What rules say of its numbers, for a curator: a record is read once."""
    corrections: dict[tuple[str, int], Corrected] = field(default_factory=dict)


def read_record(listing: Listing, number: int, *, for_curator: bool = False) -> RecordPage:
    """Return a record of an uploaded table with what was read from it. Raises `SourceRecord.DoesNotExist`."""
    record = SourceRecord.objects.select_related("source__listing", "paper").get(source__listing=listing, number=number)
    claims, costs = _read_table_statements(Q(source_record=record))
    hidden = _hide_unreviewed(claims, costs) if not for_curator else 0
    undoable = _undoable(claims, costs) if for_curator else {}
    corrections = read_corrections([*claims, *costs])
    words = _find_words(claims, costs)
    flags = find_open_flags([claim.pk for claim in claims]) if for_curator else {}
    return RecordPage(record, read_fields(record), claims, costs, hidden, undoable, words, flags, corrections)


WITHHELD_FIELD = "This is the paper’s text, which was withdrawn at request."
_ALIKE = 40
"""So many letters and digits of an abstract in a row are taken for its words, and not for what a field says of its own."""


def read_fields(record: SourceRecord) -> list[tuple[str, str]]:
    """Return a record as it stood in the file, without the words of a paper's text that is withheld."""
    fields = list(flatten_record(record.raw))
    if record.paper is None or record.paper.text_withheld is None:
        return fields
    abstracts = [keys.squash(abstract) for abstract in record.paper.texts.values_list("abstract", flat=True)]
    pieces = {abstract[at : at + _ALIKE] for abstract in abstracts for at in range(0, max(1, len(abstract) - _ALIKE), _ALIKE // 2)} - {""}
    titles = {keys.squash(record.paper.title)}

    def tells(value: str) -> bool:
        said = keys.squash(value)
        return said not in titles and (
            any(piece in said for piece in pieces) or (len(said) >= _ALIKE // 2 and any(said in abstract for abstract in abstracts))
        )

    return [(name, WITHHELD_FIELD if tells(value) else value) for name, value in fields]


def flatten_record(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values of a record with the names that lead to them: "row › metrics › F1"."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten_record(inner, f"{name} › {key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value):
        for place, inner in enumerate(value, start=1):
            yield from flatten_record(inner, f"{name} › {place}")
    elif isinstance(value, list):
        yield name, ", ".join(map(str, value))
    else:
        yield name, "" if value is None else str(value)


def _read_table_statements(of_these: Q) -> tuple[list[Claim], list[Cost]]:
    """Return what records state, in the order of the tables, each with its record and its table."""
    order = ("source_record__source", "source_record__number", "pk")
    origin = "source_record__source__listing"
    board = ("result__benchmark__task", "result__benchmark__dataset")
    claims = Claim.objects.current().filter(of_these).select_related(origin, "dataset", "metric", *board).order_by(*order)
    costs = Cost.objects.current().filter(of_these).select_related(origin).order_by(*order)
    return list(claims.defer("source_record__raw")), list(costs.defer("source_record__raw"))


def find_withdrawals(listings: Collection[int]) -> dict[int, ChangeSet]:
    """Return the change set that withdrew each of the withdrawn listings, by the listing's id. Without any there is no query."""
    decisions = Decision.objects.filter(object_kind="listing", object_id__in=listings, change_set__action="withdraw")
    return {row.object_id: row.change_set for row in decisions.select_related("change_set").order_by("pk")} if listings else {}


def _undoable(claims: Sequence[Claim], costs: Sequence[Cost]) -> dict[tuple[str, int], ChangeSet]:
    """Return the change set that brought each number to where it is, by ("claim" or "cost", pk), unless it is undone.

    Not what a policy did: that holds many numbers of other papers, too, and each can be taken back by itself.
    """
    versions = {("claim", claim.pk): claim.version for claim in claims} | {("cost", cost.pk): cost.version for cost in costs}
    of_these = Q(object_kind="claim", object_id__in=[claim.pk for claim in claims]) | Q(
        object_kind="cost", object_id__in=[cost.pk for cost in costs]
    )
    decisions = Decision.objects.filter(of_these, change_set__undone_by__isnull=True, change_set__undoes__isnull=True)
    decisions = decisions.exclude(change_set__action__in=(REEXTRACT, ACCEPT_BY_POLICY))
    return {
        key: decision.change_set
        for decision in decisions.select_related("change_set")
        if versions.get(key := (decision.object_kind, decision.object_id)) == decision.object_version
    }


def read_paper_statements(paper_text: PaperText) -> tuple[list[Claim], list[Cost]]:
    """Return what stands in a text, in the order of the text, with the names that a page shows."""
    claims = (
        Claim.objects.current()
        .filter(paper_text=paper_text)
        .select_related("dataset", "metric", "result__benchmark__task", "result__benchmark__dataset")
        .order_by("-field", "start", "ordinal")
    )
    costs = Cost.objects.current().filter(paper_text=paper_text).order_by("-field", "start", "ordinal")
    return list(claims), list(costs)


def _read_earlier_statements(paper: Paper) -> tuple[list[Claim], list[Cost]]:
    """Return what still counts of a paper's older texts, the latest text first, each with its text."""
    order = ("-paper_text", "-field", "start", "ordinal")
    claims = (
        Claim.objects.standing()
        .filter(paper_text__paper=paper)
        .exclude(paper_text=paper.current_text_id)
        .select_related("paper_text__paper", "dataset", "metric", "result__benchmark__task", "result__benchmark__dataset")
        .order_by(*order)
    )
    costs = (
        Cost.objects.standing()
        .filter(paper_text__paper=paper)
        .exclude(paper_text=paper.current_text_id)
        .select_related("paper_text__paper")
        .order_by(*order)
    )
    return list(claims), list(costs)


def find_papers(rows: Iterable[Row]) -> dict[str, Paper]:
    """Return the papers that rows are from, by their public ids."""
    return {
        paper.public_id: paper for paper in Paper.objects.filter(public_id__in={row.paper_public_id for row in rows if row.paper_public_id})
    }
