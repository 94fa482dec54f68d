"""Lists the uploads and what one of them holds."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from claims.models import (
    Claim,
    Cost,
    Dataset,
    Listing,
    ListingChunk,
    ListingEntry,
    Metric,
    SourceRecord,
    Task,
)
from claims.terms import (
    ChunkState,
    ListingState,
)


def read_years(*, size: int) -> dict[int, tuple[int | None, str]]:
    """Return year and source of the listings of that size, by id: what to compare with when the same bytes come again."""
    return {pk: (year, source) for pk, year, source in Listing.objects.filter(size=size).values_list("pk", "year", "year_source")}


MOST_NAMES = 500
"""So many names of a kind are offered to who writes one."""


def list_names() -> dict[str, list[str]]:
    """Return the catalogue's names to choose from, as "metrics", "tasks" and "datasets": reviewed ones, by name."""
    reviewed = {
        "metrics": Metric.objects.filter(reviewed=True, merged_into=None).values_list("name", flat=True),
        "tasks": Task.objects.filter(reviewed=True, merged_into=None).values_list("name", flat=True),
        "datasets": Dataset.objects.filter(reviewed=True, merged_into=None).values_list("name", flat=True),
    }
    return {kind: list(names.order_by("name")[:MOST_NAMES]) for kind, names in reviewed.items()}


def list_entries(listing: Listing) -> QuerySet[ListingEntry]:
    """Return a listing's entries in its order, each with its paper."""
    return ListingEntry.objects.filter(listing=listing).select_related("paper_text__paper").order_by("position")


def list_records(listing: Listing) -> QuerySet[SourceRecord]:
    """Return a table's records in its order, each with the `model` and the `variant` that its first number names, '' for none."""

    def named(table: type[Claim] | type[Cost], field: str) -> Subquery:
        return Subquery(table._default_manager.filter(source_record=OuterRef("pk")).order_by("pk").values(field)[:1])

    return (
        SourceRecord.objects.filter(source__listing=listing)
        .select_related("source__listing", "paper")
        .defer("raw")
        .annotate(
            model=Coalesce(named(Claim, "model_name"), named(Cost, "model_name"), Value("")),
            variant=Coalesce(named(Claim, "variant"), named(Cost, "variant"), Value("")),
        )
        .order_by("number")
    )


MOST_OF_A_FIELD = 120


def name_records(records: Iterable[SourceRecord]) -> list[SourceRecord]:
    """Return records of `list_records`; one that states no number, and so no model, is called by its first field that isn't empty."""
    named = list(records)
    unnamed = [record.pk for record in named if not record.model]  # type: ignore[attr-defined]  # annotated
    if unnamed:
        fields = dict(SourceRecord.objects.filter(pk__in=unnamed).values_list("pk", "raw"))
        for record in named:
            if record.pk in fields and isinstance(fields[record.pk], dict):
                texts = (text for text in fields[record.pk].values() if isinstance(text, str) and text.strip())
                record.model = next(texts, "")[:MOST_OF_A_FIELD]  # type: ignore[attr-defined]  # as above
    return named


def list_listings(state: str = "") -> QuerySet[Listing]:
    """Return the uploads, all or those in `state`, the latest first, each with `chunks_total` and `chunks_done`."""
    chosen = Listing.objects.filter(state=state) if state else Listing.objects.all()
    return chosen.annotate(chunks_total=Count("chunks"), chunks_done=Count("chunks", filter=Q(chunks__state=ChunkState.DONE))).order_by(
        "-created", "-pk"
    )


LATEST = 4
"""How many listings the home page tells of."""


def list_latest_listings() -> list[Listing]:
    """Return the listings that came last and were not taken back, each with the numbers `found` in it that nobody had read before."""
    of_listing = ListingChunk.objects.filter(listing=OuterRef("pk")).order_by().values("listing")
    states = [ListingState.WAITING, ListingState.READING, ListingState.DONE]
    return list(
        Listing.objects.filter(state__in=states)
        .annotate(found=Coalesce(Subquery(of_listing.annotate(found=Sum("found_claims")).values("found")), 0))
        .order_by("-created", "-pk")[:LATEST]
    )


def count_listings() -> dict[str, int]:
    """Return how many uploads are in each state that any is in, in the order of the states."""
    counted = dict(Listing.objects.order_by().values_list("state").annotate(listings=Count("pk")))
    return {state.value: counted[state] for state in ListingState if state in counted}
