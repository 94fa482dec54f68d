"""Lists the uploads and what one of them holds."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from claims.models import (
    Listing,
    ListingEntry,
)
from claims.terms import (
    ChunkState,
    ListingState,
)


def read_years(*, size: int) -> dict[int, tuple[int | None, str]]:
    """Return year and source of the listings of that size, by id: what to compare with when the same bytes come again."""
    return {pk: (year, source) for pk, year, source in Listing.objects.filter(size=size).values_list("pk", "year", "year_source")}


def list_entries(listing: Listing) -> QuerySet[ListingEntry]:
    """Return a listing's entries in its order, each with its paper."""
    return ListingEntry.objects.filter(listing=listing).select_related("paper_text__paper").order_by("position")


def list_listings(state: str = "") -> QuerySet[Listing]:
    """Return the uploads, all or those in `state`, the latest first, each with `chunks_total` and `chunks_done`."""
    chosen = Listing.objects.filter(state=state) if state else Listing.objects.all()
    return chosen.annotate(chunks_total=Count("chunks"), chunks_done=Count("chunks", filter=Q(chunks__state=ChunkState.DONE))).order_by(
        "-created", "-pk"
    )


def count_listings() -> dict[str, int]:
    """Return how many uploads are in each state that any is in, in the order of the states."""
    counted = dict(Listing.objects.order_by().values_list("state").annotate(listings=Count("pk")))
    return {state.value: counted[state] for state in ListingState if state in counted}
