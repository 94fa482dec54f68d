"""The board of ImageNet-1K against results that were listed by hand from the four listings."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.http import QueryDict
from django.test import Client
from pytest_django import Settings

from claims import ranking
from claims.boards import read_board
from claims.models import Benchmark, Claim, Cost
from claims.services import curation
from claims.terms import CurationState

# (a word of the paper's title, model, variant, value, {cost: canonical value}), as the abstracts state them.
BY_HAND: list[tuple[str, str, str, float, dict[str, float]]] = [
    ("RMT: Retentive", "RMT", "", 84.1, {"flops": 4.5e9}),
    ("TinyViT", "TinyViT", "", 84.8, {"parameters": 21e6}),
    ("Rubik", "TinyNet-E", "", 59.9, {"flops": 24e6}),
    ("MEAL V2", "MEAL V2", "ResNet-50", 80.67, {}),
    ("Combined Scaling", "BASIC", "", 85.7, {}),
    ("Single-Path NAS", "Single-Path NAS", "", 74.96, {"latency": 0.079}),
    ("FerKD", "FerKD", "ResNet-50", 81.2, {}),
    ("Transferable Architectures", "NASNet", "", 82.7, {}),
    ("Unifying Convolution and Self-attention", "UniFormer", "", 86.3, {}),
    ("GroupMamba", "GroupMamba", "tiny variant", 83.3, {"parameters": 23e6}),
    ("Revisiting ResNets", "ResNet-RS", "", 86.2, {}),
    ("Demystifying CLIP Data", "MetaCLIP", "ViT-B", 70.8, {}),
    ("BossNAS", "BossNet-T", "", 82.5, {}),
    ("DataComp", "CLIP", "ViT-L/14", 79.2, {}),
    ("SimMIM", "SwinV2-H", "", 87.1, {"parameters": 650e6}),
    ("Model soups", "Model soups", "ViT-G", 90.94, {}),
    ("TransNeXt", "TransNeXt-Base", "", 86.2, {}),
    ("Reversible Column", "RevCol-XL", "", 88.2, {}),
    ("VOLO", "VOLO", "", 87.1, {}),
    ("GhostNetV2", "GhostNetV2", "", 75.3, {"flops": 167e6}),
]
# Differences that the abstracts state about ImageNet-1K; none of them is a score.
IMPROVEMENTS = {1.1, 1.83, 1.17, 0.55, 1.31, 0.9, 2.69, 1.2, 2.7, 0.32, 1.7, 2.4, 0.6, 11.1, 5.3, 11.0, 1.3, 0.3, 2.2, 0.16}

# What has both a Top-1 accuracy and a size, or a number of operations: (a word of the title, model, variant, accuracy, cost),
# each read by hand in its abstract. No other row may have one: a wrong point on the chart is worse than none.
POINTS: dict[str, list[tuple[str, str, str, float, float]]] = {
    "parameters": [
        ("SimMIM", "SwinV2-H", "", 87.1, 650e6),
        ("TinyViT", "TinyViT", "", 84.8, 21e6),
        ("GroupMamba", "GroupMamba", "tiny variant", 83.3, 23e6),
        ("Tokens-to-Token", "T2T-ViT", "", 83.3, 21.5e6),
        ("Spikformer V2", "Spikformer V2", "16-layer", 81.1, 172e6),
    ],
    "flops": [
        ("RMT: Retentive", "RMT", "", 84.1, 4.5e9),
        ("GhostNetV2", "GhostNetV2", "", 75.3, 167e6),
        ("Rubik", "TinyNet-E", "", 59.9, 24e6),
    ],
}


def squash(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_row(row: dict[str, Any], title: str, model: str, variant: str, value: float, costs: dict[str, float]) -> bool:
    """Say whether a row of the board is the listed one: names may be shorter or longer, numbers must be equal."""
    named = squash(row["model"] + (row["variant"] or ""))
    return (
        title in row["paper"]
        and value in row["metrics"].values()
        and row["metrics"].get("Top-1 accuracy") == value
        and (squash(model) in named or squash(row["model"]) in squash(model) or row["model"] == row["paper"])
        and squash(variant) in squash(named + "".join(row["setting"]))
        and all(row["costs"].get(measure) == pytest.approx(amount) for measure, amount in costs.items())
    )


@pytest.mark.shared
@pytest.mark.once
@pytest.mark.django_db
def test_board_holds_what_was_listed_by_hand(client: Client, settings: Settings, tmp_path: Path, shared_dir: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    listings = sorted((shared_dir / "listings").glob("*.txt"))
    printed = io.StringIO()
    call_command("ingest", *map(str, listings), "--json", stdout=printed)
    receipt = json.loads(printed.getvalue())
    assert [listing["entries"] for listing in receipt["listings"]] == [88, 55, 13, 135]
    assert [listing["dated"] for listing in receipt["listings"]] == [87, 0, 13, 0]
    assert [listing["year"] for listing in receipt["listings"]] == [2025, None, 2025, None]
    assert receipt["papers"] == 250

    again = io.StringIO()
    call_command("ingest", *map(str, listings), "--json", stdout=again)
    repeated = json.loads(again.getvalue())
    assert all(listing["papers_new"] == listing["claims"] == listing["costs"] == 0 for listing in repeated["listings"])
    assert {key: repeated[key] for key in ("papers", "claims", "costs")} == {key: receipt[key] for key in ("papers", "claims", "costs")}

    printed = io.StringIO()
    call_command("board", "image-classification-on-imagenet-1k", "--json", stdout=printed)
    board = json.loads(printed.getvalue())
    missing = [entry for entry in BY_HAND if not any(is_row(row, *entry) for row in board["rows"])]
    assert len(missing) <= 4, missing
    assert not [entry for entry in BY_HAND[:3] if entry in missing]
    shown = [value for row in board["rows"] for value in row["metrics"].values()]
    assert not IMPROVEMENTS & set(shown)
    for row in board["rows"]:
        assert row["evidence"].keys() == row["metrics"].keys() | row["costs"].keys()

    for measure, points in POINTS.items():
        drawn = [row for row in board["rows"] if measure in row["costs"] and "Top-1 accuracy" in row["metrics"]]
        found = {(row["model"], row["variant"] or "", row["metrics"]["Top-1 accuracy"], row["costs"][measure]) for row in drawn}
        assert found == {point[1:] for point in points}
        assert len(drawn) == len(points)
        for title, model, *_ in points:
            assert any(title in row["paper"] and row["model"] == model for row in drawn)

    # The chart draws those points with their front, and a curator's rejection moves it on the next load.
    address = "/sota/image-classification-on-imagenet-1k/chart.json"
    for measure, points in POINTS.items():
        chart = client.get(address, {"cost": measure}).json()
        before = read_board(Benchmark.objects.get(slug="image-classification-on-imagenet-1k"), QueryDict(f"cost={measure}")).tradeoff
        assert before is not None
        assert len(before.points.ids) == len(points)
        assert chart["front"]["rows"] == [row.public_id for row in before.front]
        assert len(chart["front"]["rows"]) >= 2
        last = list(before.front)[-1]
        claim = Claim.objects.get(public_id=last.cells["top-1-accuracy"].public_id)
        decided = curation.decide(claim, CurationState.REJECTED, actor="lee", version=claim.version, reason="wrongly_read")
        moved = client.get(address, {"cost": measure}).json()
        assert last.public_id not in moved["front"]["rows"]
        assert moved["front"]["rows"], "another row takes its place"
        curation.undo(decided, actor="lee")
        assert client.get(address, {"cost": measure}).json()["front"] == chart["front"]

    # What the home page calls the leader of a board is the first row of its page that may lead.
    for benchmark in Benchmark.objects.with_names():
        page = read_board(benchmark, QueryDict(), page_size=None, opened="")
        if page.primary is not None and page.ranked:
            cells = [row.cells[page.primary.key] for row in page.rows if row.ranks and page.primary.key in row.cells]
            leading = [cell.pk for cell in cells if ranking.leads(cell.qualifier, page.primary.direction)]
            assert benchmark.leader_id == next(iter(leading), None), benchmark
        assert benchmark.row_count == page.shown

    # Every number of every board: the stored offsets cut out the evidence, and it holds the number as printed.
    for table in (Claim, Cost):
        for statement in table.objects.select_related("paper_text"):
            text = statement.paper_text
            assert text is not None
            part = text.part(statement.field)
            assert part[statement.start : statement.end] == statement.stated
            assert statement.stated in statement.evidence
            assert statement.evidence in part
