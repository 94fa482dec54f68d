"""Small listings of made-up papers: stores and reads them, and tells what the boards show then."""

from __future__ import annotations

import io
from typing import Any

from claims import boards
from claims.models import Benchmark, BenchmarkMetric, Claim, Cost, CostLink, Listing, Paper, Result, ResultValue
from claims.services import ingest, storage


def text(*numbers: int, more: str = "", day: str = "May {}, 2022") -> str:
    """Return a listing of the papers of these numbers; `more` changes their texts."""
    return "".join(
        f"Net{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and from many sides, as nobody has "
        f"done before us. {more}Net{number} reaches {70 + number}.5% top-1 accuracy on ImageNet with {number + 3}M parameters, and "
        f"{30 + number}.1 mAP on COCO.\n\n  • 2 authors\n·\n{day.format(number + 1)}\n\n"
        for number in numbers
    )


def upload(content: str, name: str = "papers.txt", **fields: Any) -> Listing:
    return storage.store_upload(io.BytesIO(content.encode()), name=name, actor="lee", **fields)[0]


def read(content: str, name: str = "papers.txt", **fields: Any) -> Listing:
    return ingest.ingest_in_foreground(upload(content, name, **fields))


def state_of_boards() -> dict[str, Any]:
    """Return what the boards show and what it is made of: everything but counters of changes, ids of mere links and times."""
    tables: dict[Any, tuple[str, ...]] = {
        Benchmark: ("slug", "primary_metric", "row_count", "accepted_row_count", "leader", "accepted_leader", "reviewed", "chosen_by"),
        BenchmarkMetric: ("benchmark", "metric", "column"),
        Result: ("pk", "public_id", "benchmark", "paper", "ml_model", "model_name", "variant", "setting_key", "role"),
        ResultValue: ("result", "metric", "claim", "chosen_by", "others"),
        Claim: ("pk", "public_id", "result", "state", "decided_by", "reject_reason", "retired_by", "ml_model"),
        Cost: ("pk", "public_id", "state", "decided_by", "reject_reason", "retired_by", "ml_model"),
        CostLink: ("result", "cost", "tied", "linked_by"),
        Paper: ("pk", "title", "first_day", "last_day", "date_source", "url", "current_text", "withdrawn"),
    }
    state: dict[str, Any] = {
        table.__name__: sorted(table._default_manager.values_list(*fields), key=repr) for table, fields in tables.items()
    }
    for benchmark in Benchmark.objects.with_names().order_by("slug"):
        board = boards.read_board(benchmark, {"role": "all"}, page_size=None)
        state[f"board {benchmark.slug}"] = [
            (row.rank, row.model, row.last_day, sorted((key, cell.stated) for key, cell in (row.cells | row.costs).items()))
            for row in board.rows
        ]
    return state


def count_rows() -> int:
    return sum(boards.read_board(benchmark, {"role": "all"}, page_size=None).total for benchmark in Benchmark.objects.with_names())


def half_read() -> Listing:
    """Return a listing of four parts of which one is read."""
    listing = upload(text(*range(7)))
    ingest.plan_listing(listing.pk)
    assert ingest.read_next_chunk(listing.pk) is not None
    listing.refresh_from_db()
    return listing
