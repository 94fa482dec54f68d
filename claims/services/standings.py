"""Keeps the standings of large boards, for pages to read in one piece. `claims.boards` makes them of what the database has."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from claims.models import Benchmark, BoardStandings

QUIET_SECONDS = 10.0
"""A board that changed since then is about to change again: while a listing is read, every chunk adds to the same boards."""


def find_outdated(*, layout: int, least_rows: int) -> list[Benchmark]:
    """Return the boards of at least so many ranking rows whose standings aren't kept as they are now; not those that are changing."""
    kept = BoardStandings.objects.filter(benchmark=OuterRef("pk"), board_version=OuterRef("version"), layout=layout)
    quiet = timezone.now() - timedelta(seconds=QUIET_SECONDS)
    large = Benchmark.objects.filter(merged_into__isnull=True, row_count__gte=least_rows, changed__lt=quiet)
    return list(large.filter(~Exists(kept)).order_by("-row_count", "pk"))


@transaction.atomic
def keep(benchmark: Benchmark, packed: bytes, *, layout: int) -> None:
    """Keep the standings of a board in the version that `benchmark` has. Those of a later one stay: another worker was faster."""
    said = {"board_version": benchmark.version, "layout": layout, "packed": packed}
    older = Q(board_version__lt=benchmark.version) | ~Q(layout=layout)
    if not BoardStandings.objects.filter(older, benchmark=benchmark).update(**said):
        BoardStandings.objects.bulk_create([BoardStandings(benchmark=benchmark, **said)], ignore_conflicts=True)
