"""Print a board."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict

from claims.boards import Board, Cell, Column, Row, read_board
from claims.errors import UnknownFilterError
from claims.management.databases import ensure_tables
from claims.models import Benchmark, Metric
from claims.terms import Role
from leaderboard.templatetags.board_tags import column_scale, cost_text, number_text, state_words
from leaderboard.templatetags.word_tags import NBSP


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
        self.stdout.write(f"{board.benchmark}: {board.shown} {'row' if board.shown == 1 else 'rows'}")
        for row in board.rows:
            numbers = {**row.cells, **row.costs}
            cells = [f"{c.label} {_with_unit(numbers[c.key], c)}" for c in board.columns if c.key in numbers]
            rank = "-" if row.rank is None else f"{row.rank}{'=' if row.tied else ''}"
            name = " ".join(filter(None, [row.model, row.variant, *(f"[{text}]" for text in row.setting)]))
            marks = ["quoted"] * (row.role is Role.BASELINE) + state_words(row) + ["on the front"] * row.on_front
            self.stdout.write(f"{rank:>4}  {name}: {'; '.join([', '.join(cells), *marks])}")


def _with_unit(cell: Cell, column: Column) -> str:
    """Return a score in its column's unit, and a cost in the unit that it is stated in, with their qualifiers."""
    if column.is_cost and len(re.findall(r"\d+(?:\.\d+)?", cell.stated.replace(",", ""))) == 1:
        return cost_text(cell).replace(NBSP, " ").removesuffix(f" {column.label}")
    # Of several numbers stated in one breath ("12/24M") this is the row's own.
    scale = column_scale(column)
    return f"{number_text(cell, scale.size)}{' ' if scale.unit not in ('', '%') else ''}{scale.unit}"


def as_json(board: Board) -> dict[str, Any]:
    """Return the board as one object; values as numbers in the metric's unit, costs in the measure's one unit.

    The front is of the primary metric against one cost; its rows are named by their ids, the cheapest first. Beside its numbers a
    row has, by the same names, the sentences that state them or the records of tables that do, their units ('' for a bare count or score)
    and qualifiers: '=' for an exact number, '>' for "more than".
    """
    names = dict(Metric.objects.filter(slug__in=[c.key for c in board.columns if not c.is_cost]).values_list("slug", "name"))
    units = {c.key: c.unit for c in board.columns}
    return {"slug": board.benchmark.slug, "front": _front(board), "rows": [_row(row, names, units) for row in board.rows]}


def _front(board: Board) -> dict[str, Any] | None:
    """Return the front; None for a board without a primary metric. The cost is None where no row states one."""
    if board.tradeoff is None:
        return None
    ids = [row.public_id for row in board.tradeoff.front]
    return {"metric": board.tradeoff.metric.label, "cost": board.tradeoff.measure or None, "rows": ids}


def _row(row: Row, names: dict[str, str], units: dict[str, str]) -> dict[str, Any]:
    scores = {names[key]: cell for key, cell in row.cells.items()}
    evidence = {name: cell.evidence.text for name, cell in (scores | row.costs).items() if cell.evidence}
    records = {
        name: {"table": cell.origin.table, "record": cell.origin.record} for name, cell in (scores | row.costs).items() if cell.origin
    }
    # A score without a canonical number stands in the unit that it is stated in.
    stated = {name: cell.unit for name, cell in scores.items() if cell.canonical_value is None}
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
        "accepted_automatically": row.accepted_by_policy and not row.unreviewed,
        "metrics": {name: cell.value if cell.canonical_value is None else cell.canonical_value for name, cell in scores.items()},
        "costs": {key: cell.canonical_value for key, cell in row.costs.items()},
        "units": {names[key]: units[key] for key in row.cells} | stated | {key: units[key] for key in row.costs},
        "qualifiers": {name: cell.qualifier for name, cell in (scores | row.costs).items()},
        "evidence": evidence,
        "records": records,
    }
