"""Records of tables for tests, and taking them in without a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from claims.listings.base import StatedCondition, TableCell, TableRecord
from claims.models import Listing
from claims.services import results, search_names, tables
from claims.terms import ConditionKind, CostMeasure, ListingState
from tests import factories as make

SIZE = StatedCondition(ConditionKind.RESOLUTION, "224x224", "224 × 224")
LARGE = StatedCondition(ConditionKind.RESOLUTION, "384x384", "384 × 384")


def score(number: int = 1, model: str = "OrderNet", top1: str = "81.5", **fields: Any) -> TableRecord:
    """Return a record of a score and the parameters."""
    cells = (
        TableCell("top1", top1, metric="Top-1 accuracy", unit="%"),
        TableCell("params", "25.5", measure=CostMeasure.PARAMETERS, unit="M"),
    )
    fields = {"conditions": (SIZE,), "tasks": ("Image Classification",), "datasets": ("ImageNet-1K",), "cells": cells} | fields
    return TableRecord(number, {"model": model, "top1": top1}, model=model, **fields)


def speed(number: int = 1, model: str = "OrderNet", rate: str = "1,250.5", condition: str = "RTX 0, FP32", **fields: Any) -> TableRecord:
    """Return a record that states a cost alone."""
    cells = (TableCell("rate", rate, measure=CostMeasure.THROUGHPUT, unit="1/s", condition=condition),)
    return TableRecord(number, {"model": model, "rate": rate}, model=model, **({"conditions": (SIZE,), "cells": cells} | fields))


def take_in(name: str, records: Sequence[TableRecord], *, collection: str = "sums") -> Listing:
    """Take records in as reading a part of a table does."""
    listing = Listing.objects.filter(name=name).first() or make.make_listing(name, format="timm-results", state=ListingState.DONE)
    read, problems = tables.read_records(records)
    assert problems == []
    source = tables.get_import(listing, collection=collection)
    with transaction.atomic():
        written = tables.write_records(source, read)
        results.settle_papers(written.papers, record_ids=written.records)
        search_names.add_words(written.papers, records=written.records)
    assert written.problems == []
    return listing
