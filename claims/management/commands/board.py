"""Print a board."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict

from claims.boards import Board, Cell, Row, read_board
from claims.errors import UnknownFilterError
from claims.management.databases import ensure_tables
from claims.models import Benchmark, Metric


class Command(BaseCommand):
    help = "Print a board, quoted baselines included, best first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true", help="print one JSON object with the evidence of every number")
        parser.add_argument(
            "--cost", default="", metavar="MEASURE", help="the cost that the front is of; else the one that most rows state"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        benchmark = Benchmark.objects.with_names().filter(slug=options["slug"]).first()
        if benchmark is None:
            known = Benchmark.objects.order_by("-row_count", "slug").values_list("slug", flat=True)[:5]
            raise CommandError(
                f"There is no board “{options['slug']}”. The largest are: {', '.join(known) or 'none yet; ingest a listing'}."
            )
        query = QueryDict("role=all", mutable=True)
        query["cost"] = options["cost"]
        try:
            board = read_board(benchmark, query, page_size=None)
        except UnknownFilterError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(board), ensure_ascii=False))
        else:
            self._print(board)

    def _print(self, board: Board) -> None:
        self.stdout.write(f"{board.benchmark}: {board.shown} rows")
        columns = board.columns
        for row in board.rows:
            numbers = {**row.cells, **row.costs}
            cells = [f"{c.label} {_number(numbers[c.key], is_cost=c.is_cost)}" for c in columns if c.key in numbers]
            rank = "-" if row.rank is None else f"{row.rank}{'=' if row.tied else ''}"
            name = " ".join(filter(None, [row.model, row.variant, *(f"[{text}]" for text in row.setting)]))
            self.stdout.write(f"{rank:>4}  {name}: {', '.join(cells)}{'; on the front' if row.on_front else ''}")


def _number(cell: Cell, *, is_cost: bool) -> str:
    """Return a score as it is stated, and a cost in the measure's one unit."""
    return f"{cell.canonical_value:,.10g}" if is_cost else cell.stated


def as_json(board: Board) -> dict[str, Any]:
    """Return the board as one object; values as numbers in the metric's unit, costs in the measure's one unit.

    The front is of the primary metric against one cost; its rows are named by their ids, the cheapest first.
    """
    names = dict(Metric.objects.filter(slug__in=[c.key for c in board.columns if not c.is_cost]).values_list("slug", "name"))
    return {"slug": board.benchmark.slug, "front": _front(board), "rows": [_row(row, names) for row in board.rows]}


def _front(board: Board) -> dict[str, Any] | None:
    """Return the front; None for a board without a primary metric. The cost is None where no row states one."""
    if board.tradeoff is None:
        return None
    ids = [row.public_id for row in board.tradeoff.front]
    return {"metric": board.tradeoff.metric.label, "cost": board.tradeoff.measure or None, "rows": ids}


def _row(row: Row, names: dict[str, str]) -> dict[str, Any]:
    evidence = {names[key]: cell.evidence.text for key, cell in row.cells.items() if cell.evidence}
    evidence |= {key: cell.evidence.text for key, cell in row.costs.items() if cell.evidence}
    return {
        "id": row.public_id,
        "rank": row.rank,
        "paper": row.paper_title,
        "date": row.last_day.isoformat() if row.last_day else None,
        "model": row.model,
        "variant": row.variant or None,
        "role": row.role,
        "setting": row.setting,
        "state": row.state,
        "metrics": {names[key]: cell.value if cell.canonical_value is None else cell.canonical_value for key, cell in row.cells.items()},
        "costs": {key: cell.canonical_value for key, cell in row.costs.items()},
        "evidence": evidence,
    }
