"""A small site of everything that a dump is about, and ways to compare two sites."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.db.models import ForeignKey
from django.http import QueryDict
from django.utils import timezone

from claims import boards, keys
from claims.dumps import archive
from claims.models import (
    Alias,
    Benchmark,
    CatalogueState,
    ChangeSet,
    Claim,
    ColumnMapping,
    Dataset,
    DatasetSplit,
    DefaultPrimary,
    DefaultTask,
    Flag,
    Import,
    ListingChunk,
    ListingIssue,
    MergedRows,
    MLModel,
    OldSlug,
    Paper,
    Record,
    Reextraction,
    ReextractionChunk,
    Run,
    SearchName,
    SecondReaderAnswer,
    SecondReaderDay,
)
from claims.services import curation, reporting, search_names
from claims.terms import CostMeasure, CurationState, FlagKind, ListingState, RejectReason, ReportKind, Role, WorkState
from tests import factories as make

HOSTILE = '=HYPERLINK("http://x.example")'
# Long enough to be in no random id.
ADA, KIM = "ada-of-the-herons", "kim-of-the-herons"
HIDDEN = "Whitdrawn secrets of herons"


def make_everything() -> Benchmark:
    """Make a site with at least a row in every table that an archive keeps, hostile words among them, and return its largest board."""
    board = make.make_board(3)
    assert board.primary_metric is not None
    # What people decide on is settled anew, and stays on this board.
    board.dataset.default_task = board.task
    board.dataset.save()
    paper = make.make_paper(HOSTILE, abstract=f"{HOSTILE} reaches 70.10% and 71.2% top-1 accuracy with 21M parameters. 🦢 It is 1e5 sure.")
    conditions = [("resolution", "384x384", "384 × 384"), ("shots", "0", "@zero-shot")]
    row = make.make_result(board, paper, HOSTILE, variant="-1", conditions=conditions)
    setting = [dict(zip(("kind", "value", "text"), condition, strict=True)) for condition in conditions]
    stated = make.make_claim("70.10%", result=row, paper=paper, model=HOSTILE, variant="-1", setting=setting)
    make.make_cost("21M", paper=paper, result=row, model_name=HOSTILE, variant="-1")
    wrong = make.make_claim("71.2%", paper=paper, benchmark=board, model=HOSTILE, variant="other", on_board=False)
    quoted = make.make_result(board, make.make_paper(abstract="Others have 60.1%."), "Quoted", role=Role.BASELINE)
    make.make_claim("60.1%", result=quoted, model="Quoted", role=Role.BASELINE)
    imported = make.make_imported_row(board, "Tabled", "77.5", {CostMeasure.FLOPS: 4.5e9})
    other = make.make_board(1, benchmark=make.make_benchmark("Image Generation", "ImageNet 64x64"))
    # What people said.
    curation.decide(stated, CurationState.ACCEPTED, actor=ADA, version=stated.version)
    rejected = curation.decide(wrong, CurationState.REJECTED, actor=ADA, version=1, reason=RejectReason.WRONGLY_READ, note="of another")
    curation.undo(rejected, actor=KIM)
    curation.decide(wrong, CurationState.REJECTED, actor=ADA, version=3, reason=RejectReason.NOT_A_RESULT)
    reading = make.make_reading(paper, [["abstract", 5, 9, "year"]])
    Flag.objects.create(kind=FlagKind.DIFFERENCE, object_kind="claim", object_id=stated.pk, note="It is read otherwise.", run=reading.run)
    reporting.report(stated, ReportKind.WRONG_NUMBER, text="It is 70.2.", contact=f"{ADA}@example.org")
    # What came in, and what was taken back.
    listing = make.make_listing(
        "papers.txt", paper, state=ListingState.DONE, uploaded_by=make.make_user(ADA), actor=ADA, year=2022, year_source="given"
    )
    chunk = ListingChunk.objects.create(listing=listing, number=1, first=0, last=0, offset=0, line=1, state="done", closed=timezone.now())
    ListingIssue.objects.create(listing=listing, chunk=chunk, line=7, reason="It is no paper.")
    hidden = make.make_paper(HIDDEN, abstract=f"{HIDDEN} reaches 98.7654% here.", withdrawn=True)
    make.make_listing("taken-back.txt", hidden, state=ListingState.WITHDRAWN)
    make.make_claim("98.7654%", paper=hidden, benchmark=board, model="SecretHeronNet", on_board=False)
    table = Import.objects.get()
    table.listing = make.make_listing("results.csv", state=ListingState.DONE)
    table.save()
    record = table.records.get()
    # A number that no other parser keeps, and words of every kind.
    record.raw = {"model": HOSTILE, "n": 123456789012345678901234567890, "nested": [{"ü": None, "x": 1.5}], "line\n": "\u2028"}
    record.save()
    # The catalogue.
    task, dataset = board.task, board.dataset
    Alias.objects.create(kind="dataset", text=HOSTILE, key="formula", dataset=dataset)
    DatasetSplit.objects.create(dataset=dataset, name="val")
    DefaultTask.objects.create(dataset=dataset, family="accuracy", task=task)
    DefaultPrimary.objects.create(dataset=dataset, task=task, metric=board.primary_metric)
    Dataset.objects.create(name="Part", slug="part", parent=dataset)
    OldSlug.objects.create(kind="benchmark", slug="old", public_id=board.public_id)
    MLModel.objects.create(name="Merged", name_key="merged", slug="merged", merged_into=imported.ml_model)
    Paper.objects.create(title="Merged", title_key=keys.title_key("Merged"), merged_into=paper, withdrawn=True)
    MergedRows.objects.create(
        change_set=ChangeSet.objects.create(actor=ADA, action="merge"), object_kind="claim", field="ml_model_id", moved={"1": [1, 2]}
    )
    CatalogueState.objects.create(pk=1, unsettled_from=3)
    ColumnMapping.objects.create(header_key="0" * 64, headers=["Model", "Acc"], mapping={"columns": {}}, actor=ADA)
    leader = Claim.objects.filter(result__benchmark=board).order_by("-value")[0]
    Record.objects.create(benchmark=board, claim=leader, previous=stated, day=date(2023, 3, 10), value=leader.value)
    # Work and what it kept.
    work = Reextraction.objects.create(extractor_version="0.2.0", actor=ADA, state=WorkState.DONE)
    ReextractionChunk.objects.create(
        reextraction=work, number=1, first=1, last=9, papers=2, run=Run.objects.get(), difference={"papers": 2}, names=["x"]
    )
    SecondReaderAnswer.objects.create(key="1" * 64, answer='{"metric": "accuracy"}')
    SecondReaderDay.objects.create(day=date(2026, 1, 2), asked=3)
    search_names.rebuild()
    make.settle(board)
    make.settle(other)
    return Benchmark.objects.get(pk=board.pk)


def read_site() -> dict[str, Any]:
    """Return all that two equal sites have alike: every row of every table, all names that a search finds, and every board as it is read."""
    found: dict[str, Any] = {}
    for model in archive.TABLES:
        users = [
            field.name for field in model._meta.concrete_fields if isinstance(field, ForeignKey) and field.related_model.__name__ == "User"
        ]
        kept = [field.attname for field in model._meta.concrete_fields if field.name not in users]
        found[model.__name__] = list(model._base_manager.order_by("pk").values(*kept))
    found["names"] = sorted(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias"))
    for board in Benchmark.objects.with_names().order_by("pk"):
        read = boards.read_board(board, QueryDict("role=all"), page_size=None)
        rows = [(row.rank, row.public_id, row.model, row.variant, row.setting, row.paper_title, row.source, row.state) for row in read.rows]
        cells = [
            {
                key: (cell.public_id, cell.stated, cell.rank_by, cell.evidence and cell.evidence.text, str(cell.origin))
                for key, cell in (row.cells | row.costs).items()
            }
            for row in read.rows
        ]
        found[f"board {board.slug}"] = (board.version, read.columns, rows, cells, read.settings, read.conflicts, read.shown, read.total)
    return found


def read_packed(path: Path) -> Iterator[Any]:
    """Yield what the lines of a file of a dump say."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
