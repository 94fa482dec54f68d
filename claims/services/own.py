"""What somebody uploaded and decided, the latest first, page by page from where the last one ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db.models import Count, Prefetch, Q, QuerySet

from claims.models import ChangeSet, Claim, Cost, Decision, Listing
from claims.models.base import Shown
from claims.services import uploads
from claims.services.receipts import Change
from claims.terms import REEXTRACT, ChunkState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UPLOADS_ON_A_PAGE = 50
ACTS_ON_A_PAGE = 25
MOST_OBJECTS = 100
"""So many of the objects of one act are looked at."""
_Row = TypeVar("_Row")
_STATEMENTS: dict[str, type[Claim] | type[Cost]] = {"claim": Claim, "cost": Cost}


@dataclass(frozen=True, slots=True)
class Stretch(Generic[_Row]):
    """A page of a list. `after` is the public id that the next one begins after, '' where this is the last."""

    rows: Sequence[_Row]
    after: str


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did. `objects` are the claims, costs and listings that it was done to, at most `MOST_OBJECTS` of `count`.

    `file` is the listing that it was done with, and `listing` says what. `undoable`: as far as these objects tell, whoever asks.
    """

    change_set: ChangeSet
    decisions: Sequence[tuple[Decision, Claim | Cost | Listing | None]]
    count: int
    file: Listing | None
    listing: Change | None
    undone: bool
    undoable: bool


def list_uploads(user: User, *, after: str = "") -> Stretch[Listing]:
    """Return a stretch of the listings that `user` uploaded, each with `chunks_total` and `chunks_done`.

    Raises `Listing.DoesNotExist` for an `after` that is none of theirs.
    """
    chunks = {"chunks_total": Count("chunks"), "chunks_done": Count("chunks", filter=Q(chunks__state=ChunkState.DONE))}
    return _read(Listing.objects.filter(uploaded_by=user), after, UPLOADS_ON_A_PAGE, lambda rows: rows.annotate(**chunks))


def list_acts(actor: str, *, after: str = "") -> Stretch[Act]:
    """Return a stretch of what `actor` did, in a fixed number of queries.

    Raises `ChangeSet.DoesNotExist` for an `after` that is none of theirs.
    """
    shown = Prefetch("decisions", queryset=Decision.objects.order_by("pk")[:MOST_OBJECTS], to_attr="shown_decisions")
    stretch = _read(
        ChangeSet.objects.filter(actor=actor),
        after,
        ACTS_ON_A_PAGE,
        lambda rows: rows.select_related("undoes").prefetch_related("undone_by", shown),
    )
    objects = _find_objects(stretch.rows)
    counted = dict(
        Decision.objects.filter(change_set__in=[act.pk for act in stretch.rows])
        .order_by()
        .values_list("change_set")
        .annotate(count=Count("pk"))
    )
    return Stretch([_tell(change_set, objects, counted.get(change_set.pk, 0)) for change_set in stretch.rows], stretch.after)


def _read(rows: QuerySet[Any], after: str, size: int, widen: Any) -> Stretch[Any]:
    if after:
        rows = rows.filter(pk__lt=rows.only("pk").get(public_id=after).pk)
    found = list(widen(rows.order_by("-pk"))[: size + 1])
    return Stretch(found[:size], found[size - 1].public_id if len(found) > size else "")


def _find_objects(change_sets: Sequence[Any]) -> dict[tuple[str, int], Shown]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for decision in (decision for change_set in change_sets for decision in change_set.shown_decisions):
        wanted[decision.object_kind].add(decision.object_id)
    found: dict[tuple[str, int], Shown] = {}
    for kind, table in _STATEMENTS.items():
        rows: Any = table._default_manager
        for statement in rows.filter(pk__in=wanted[kind]).select_related("paper_text__paper", "source_record__source__listing"):
            found[kind, statement.pk] = statement
    for listing in Listing.objects.filter(pk__in=wanted["listing"]):
        found["listing", listing.pk] = listing
    return found


def _tell(change_set: Any, objects: dict[tuple[str, int], Any], count: int) -> Act:
    decided = [(decision, objects.get((decision.object_kind, decision.object_id))) for decision in change_set.shown_decisions]
    undone = bool(change_set.undone_by.all())
    first = next(((decision, each) for decision, each in decided if isinstance(each, Listing)), None)
    listing = None
    if first is not None:
        may = change_set.action in uploads.UNDOABLE and not undone and first[0].object_version == first[1].version
        listing = Change(change_set, first[0].before, first[0].after, may)
    untouched = all(
        isinstance(each, Claim | Cost) and each.version == decision.object_version and each.retired_by_id is None
        for decision, each in decided
    )
    undoable = listing.undoable if listing else bool(decided) and untouched and not undone and change_set.action != REEXTRACT
    return Act(change_set, decided, count, first[1] if first else None, listing, undone, undoable)
