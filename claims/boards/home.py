"""Lists the boards, and finds one by its address."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Q

from claims.models import (
    Benchmark,
    Claim,
    OldSlug,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A board on the home page. `leader` is the claim that leads it, None if nothing does."""

    benchmark: Benchmark
    leader: Claim | None


@dataclass(frozen=True, slots=True)
class AreaBoards:
    """The boards of an area; '' as its slug is what belongs to none."""

    name: str
    slug: str
    boards: list[Summary]


def list_boards(*, single: bool = False) -> list[Benchmark]:
    """Return the benchmarks of the home page with their names and leaders, by area, the largest first.

    Unreviewed benchmarks with a single result stay off the page unless `single`.
    """
    rows = Q(shown_rows__gt=0) if single else Q(shown_rows__gt=1) | Q(shown_rows=1, reviewed=True)
    return list(
        Benchmark.objects.with_names()
        .select_related(f"{_leader()}__result__paper", f"{_leader()}__result__source")
        .visible()
        .filter(rows)  # type: ignore[misc]  # the queryset's own annotation, which the checker does not see through
        .order_by(F("task__area__position").asc(nulls_last=True), "task__area__name", "-shown_rows", "slug")
    )


def list_areas(*, single: bool = False) -> list[AreaBoards]:
    """Return the boards of the home page, grouped."""
    areas: dict[str, AreaBoards] = {}
    for benchmark in list_boards(single=single):
        area = benchmark.task.area
        group = areas.setdefault(area.slug if area else "", AreaBoards(area.name if area else "Other", area.slug if area else "", []))
        group.boards.append(Summary(benchmark, getattr(benchmark, _leader())))
    return list(areas.values())


def list_largest_boards(*, limit: int = 5) -> list[Benchmark]:
    """Return the boards with the most rows, with their names."""
    return list(Benchmark.objects.visible().with_names().order_by(F("shown_rows").desc(), "slug")[:limit])


def count_single_boards() -> int:
    """Return how many benchmarks the home page leaves out."""
    return Benchmark.objects.visible().filter(shown_rows=1, reviewed=False).count()  # type: ignore[misc]  # as above


def _leader() -> str:
    return "leader" if settings.SHOW_UNREVIEWED else "accepted_leader"


def find_benchmark(slug: str) -> Benchmark:
    """Return the benchmark at an address, or the one that lived there before. Raises `Benchmark.DoesNotExist`."""
    try:
        return Benchmark.objects.with_names().get(slug=slug)
    except Benchmark.DoesNotExist:
        old = OldSlug.objects.filter(kind="benchmark", slug=slug).first()
        if old is None:
            raise
        return Benchmark.objects.with_names().get(public_id=old.public_id)
