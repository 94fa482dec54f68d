"""What a new release brings along: the shipped catalogue, and boards settled by it."""

from __future__ import annotations

from claims.extraction.vocabulary import load_vocabulary
from claims.models import Paper
from claims.services import results
from claims.services.catalog import LoadReport, load_catalogue

BATCH = 500


def update_catalogue() -> LoadReport:
    """Load the shipped catalogue and, if it changed anything that is known already, settle all boards by it.

    Raises `CatalogueError` for a catalogue that can't be loaded.
    """
    report = load_catalogue(load_vocabulary())
    if report.changed:
        papers = list(Paper.objects.order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(papers), BATCH):
            results.settle_papers_alone(papers[first : first + BATCH])
    return report
