"""What a new release brings along: the shipped catalogue, boards settled by it, and what an earlier release did not keep of them."""

from __future__ import annotations

from django.db import transaction

from claims.extraction.vocabulary import load_vocabulary
from claims.models import Benchmark, CatalogueState, Paper
from claims.services import contenders, records, results
from claims.services.catalog import LoadReport, load_catalogue

BATCH = 500
"""How many papers are settled in one transaction."""
BOARDS = 50
"""How many boards get their records in one transaction."""
ONLY = 1
"""The id of the one row that says how far the boards are."""


def update_catalogue() -> LoadReport:
    """Load the shipped catalogue and, if it changed anything that is known already, settle all boards by it.

    That boards are to be settled is stored with the change itself: where an earlier call was cut off, this one does the rest. Raises
    `CatalogueError` for a catalogue that can't be loaded.
    """
    with transaction.atomic():
        state = lock_state()
        report = load_catalogue(load_vocabulary())
        if report.changed:
            state.unsettled_from = 0
            state.save(update_fields=["unsettled_from"])
    while _settle_next():
        pass
    while _record_next():
        pass
    return report


@transaction.atomic
def _settle_next() -> bool:
    """Settle the next batch of papers that stand on boards as an earlier catalogue had them; say whether there are more."""
    state = lock_state()
    if state.unsettled_from is None:
        return False
    left = Paper.objects.filter(pk__gte=state.unsettled_from).order_by("pk")
    batch = list(left.values_list("pk", flat=True)[:BATCH])
    results.settle_papers_alone(batch)
    more = len(batch) == BATCH
    state.unsettled_from = batch[-1] + 1 if more else None
    state.save(update_fields=["unsettled_from"])
    return more


@transaction.atomic
def _record_next() -> bool:
    """Give the next boards that have no records, or no contenders, yet theirs; say whether there are more."""
    state = lock_state()
    if state.unrecorded_from is None:
        return False
    left = Benchmark.objects.filter(pk__gte=state.unrecorded_from).order_by("pk")
    batch = list(left.values_list("pk", flat=True)[:BOARDS])
    records.settle_records_alone(batch)
    contenders.settle(Benchmark.objects.filter(pk__in=batch))
    more = len(batch) == BOARDS
    state.unrecorded_from = batch[-1] + 1 if more else None
    state.save(update_fields=["unrecorded_from"])
    return more


def lock_state() -> CatalogueState:
    """Lock the catalogue until the transaction ends: who loads one, merges entries or settles by them takes turns."""
    # Before any other lock: of two that load a catalogue, or settle by it, the second waits here and nowhere else.
    return CatalogueState.objects.select_for_update(no_key=True).get_or_create(pk=ONLY)[0]
