"""Reads what a curator needs before them to decide on one number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from claims.boards.papers import read_fields, read_paper_statements
from claims.boards.placing import rank_on_boards
from claims.models import Benchmark, Claim, Contender, Cost, Flag, Listing, Paper, PaperText, Result, ResultValue, Run
from claims.terms import FLAGS_ON_NUMBERS, CurationState

LARGEST_RANKED = 1_000
"""Boards with more rows aren't ranked for the sake of one number: only what stands among the first is known of them."""
LISTINGS_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Desk:
    """A number to decide on, with its paper's text and all that was read from it, or with its table's record.

    `board` is where its row stands; `rank` is its place there among `of` rows, 0 where that isn't known. `matters` says that the queue
    put it first for that. A cost has the row that it is the price of.
    """

    statement: Claim | Cost
    paper: Paper | None = None
    text: PaperText | None = None
    claims: list[Claim] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    board: Benchmark | None = None
    row: Result | None = None
    rank: int = 0
    of: int = 0
    matters: bool = False

    @property
    def kind(self) -> str:
        return "cost" if isinstance(self.statement, Cost) else "claim"

    @property
    def left(self) -> int:
        """How many numbers of the paper wait for their review, this one among them."""
        return sum(said.state == CurationState.UNREVIEWED for said in (*self.claims, *self.costs))


_NAMES = ("run", "ml_model", "paper_text__paper", "source_record__source__listing", "source_record__paper")
_CLAIM_NAMES = ("dataset", "metric", "task", "result__benchmark__task", "result__benchmark__dataset")


def read_desk(table: type[Claim] | type[Cost], pk: int) -> Desk:
    """Return a number with what a curator needs to decide on it, in a fixed number of queries."""
    rows: Any = table._default_manager
    statement: Claim | Cost = rows.select_related(*_NAMES, *(_CLAIM_NAMES if table is Claim else ())).get(pk=pk)
    text, record = statement.paper_text, statement.source_record
    claims, costs = read_paper_statements(text) if text else ([], [])
    flags = Flag.objects.filter(object_kind=table._meta.model_name, object_id=pk, kind__in=FLAGS_ON_NUMBERS, settled_by__isnull=True)
    row = statement.result if isinstance(statement, Claim) else _find_row(statement)
    board = row.benchmark if row else None
    rank, matters = _find_rank(statement, board) if isinstance(statement, Claim) and board else (0, False)
    return Desk(
        statement=statement,
        paper=text.paper if text else record.paper if record else None,
        text=text,
        claims=claims,
        costs=costs,
        fields=read_fields(record) if record else [],
        flags=list(flags.order_by("pk")),
        board=board,
        row=row,
        rank=rank,
        of=board.row_count if board and rank else 0,
        matters=matters,
    )


def _find_row(cost: Cost) -> Result | None:
    rows = Result.objects.filter(cost_links__cost=cost, cost_links__tied=True)
    return rows.select_related("benchmark__task", "benchmark__dataset").order_by("pk").first()


def _find_rank(claim: Claim, board: Benchmark) -> tuple[int, bool]:
    """Return the place of a claim on its board, 0 if it isn't known, and whether it stands among the first."""
    contender = Contender.objects.filter(claim=claim).first()
    if contender is not None:
        return contender.rank, True
    if board.row_count > LARGEST_RANKED or not ResultValue.objects.filter(claim=claim, metric=board.primary_metric_id).exists():
        return 0, False
    return rank_on_boards([board.pk]).get(claim.result_id or 0, 0), False


@dataclass(frozen=True, slots=True)
class Choices:
    """What the queue's filters offer; others can be named in the address."""

    listings: list[Listing]
    versions: list[str]
    boards: list[Benchmark]


def list_choices() -> Choices:
    """Return the latest listings, the versions that have read anything, and the largest boards."""
    versions = Run.objects.order_by("-extractor_version").values_list("extractor_version", flat=True).distinct()
    largest = Benchmark.objects.with_names().filter(merged_into__isnull=True, row_count__gt=0).order_by("-row_count", "pk")
    return Choices(list(Listing.objects.order_by("-created", "-pk")[:LISTINGS_OFFERED]), list(versions), list(largest[:LISTINGS_OFFERED]))
