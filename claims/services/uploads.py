"""What people do with a listing once it is uploaded: stop it, read on, try again, correct its year, withdraw it, put it back.

Each act is one transaction and one change set with a decision on the listing. Locks are taken in the order in which reading takes
them: the listing, its parts, models by id, then papers by id, then boards by id.

The papers of a long listing are settled after the act, in batches, by workers: `unsettled_from` says how far that is, and until it
is null pages say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from claims.errors import InvalidDecisionError, StaleObjectError, TooManyUploadsError
from claims.listings.base import settle_year
from claims.models import ChangeSet, Decision, Import, Listing, SourceRecord
from claims.services import decisions, papers, results, search_names, statements, tables
from claims.terms import OPEN_STATES, ChunkState, ListingState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FIRST_YEAR = 1950
"""The first year that a listing may be said to be of; `last_year` has the last."""
SETTLE_AT_ONCE = 500
"""The papers of a listing with at most so many entries are settled within the act itself."""
SETTLE_BATCH = 200
"""How many entries of a longer one are settled in one transaction."""

UNDOABLE = ("withdraw", "set year")
"""The acts that undo takes back; the others have an act of their own against them."""


def last_year() -> int:
    """Return the last year that a listing may be said to be of: the next one, for what is announced before it appears."""
    return timezone.now().year + 1


@dataclass(frozen=True, slots=True)
class Effect:
    """What an act did. `papers` counts the papers that changed by it; None where workers are still to settle them."""

    change_set: ChangeSet
    papers: int | None


@transaction.atomic
def stop(listing: Listing, *, actor: str, version: int) -> ChangeSet:
    """Stop reading a listing. What was read stays, and `read_on` goes on with the rest.

    A part that is being written at this moment is waited for; one that is still being prepared loses its lease and writes nothing:
    once this returns, nothing of the listing is written. Raises `StaleObjectError` if the listing is not in the version that the
    person saw, `InvalidDecisionError` if there is nothing to stop.
    """
    taken = _take(listing, version)
    if taken.state not in OPEN_STATES:
        raise InvalidDecisionError(f"{taken.name} is not being read any more; there is nothing to stop.")
    if taken.state == ListingState.READING and not _release_chunks(taken):
        raise InvalidDecisionError(f"{taken.name} has just been read to its end; there is nothing to stop.")
    before = {"state": taken.state}
    _save(taken, state=ListingState.CANCELLED, closed=timezone.now(), lease_until=None)
    return _record(listing, taken, before, action="stop", actor=actor)


@transaction.atomic
def read_on(listing: Listing, *, actor: str, version: int) -> ChangeSet:
    """Let a stopped listing be read on from where it was stopped. The caller announces it.

    Raises `TooManyUploadsError` while too much of its uploader is open, `StaleObjectError` and `InvalidDecisionError` as `stop` does.
    """
    taken = _take(listing, version)
    if taken.state != ListingState.CANCELLED:
        raise InvalidDecisionError(f"{taken.name} was not stopped; there is nothing to read on.")
    _check_place(taken, actor=actor, refused=f"{taken.name} was not read on.", again="read it on")
    before = {"state": taken.state}
    _release_chunks(taken)
    _open_again(taken)
    return _record(listing, taken, before, action="read on", actor=actor)


@transaction.atomic
def retry(listing: Listing, *, actor: str, version: int | None = None) -> ChangeSet:
    """Open a failed listing's failed parts again, or the whole of it if its survey failed. What was read stays.

    The caller announces it. `version` None stands for somebody who saw no page, but brings the same file again. Raises
    `TooManyUploadsError` while too much of its uploader is open, `StaleObjectError` and `InvalidDecisionError` as `stop` does.
    """
    taken = _take(listing, version)
    if taken.state != ListingState.FAILED:
        raise InvalidDecisionError(f"{taken.name} has not failed; there is nothing to try again.")
    _check_place(taken, actor=actor, refused=f"{taken.name} was not tried again.", again="try it again")
    failed = taken.chunks.filter(state=ChunkState.FAILED)
    before = {"state": taken.state, "parts": failed.count(), "error": taken.error}
    failed.update(state=ChunkState.WAITING, attempts=0, failures=0, error="", lease_owner="", lease_until=None)
    _open_again(taken, error="")
    return _record(listing, taken, before, action="retry", actor=actor)


def open_mapped(listing: Listing, mapping: dict[str, Any], *, actor: str, version: int | None) -> ChangeSet:
    """Keep what a table's columns mean, and let workers read it. Part of the caller's transaction, which has checked the mapping.

    A mapping is settled when reading begins: what was read by another one would stay. Raises as `retry` does.
    """
    taken = _take(listing, version)
    if taken.state not in (ListingState.UNMAPPED, ListingState.WAITING) or taken.chunks.exists():
        raise InvalidDecisionError(
            f"What the columns of {taken.name} mean was settled when reading it began. If it is wrong, withdraw the listing, and "
            "upload the table again under another header."
        )
    if taken.state == ListingState.UNMAPPED:  # else it has its place already
        _check_place(taken, actor=actor, refused=f"{taken.name} was not read.", again="say what its columns mean")
    before = {"state": taken.state}
    _open_again(taken, mapping=mapping)
    return _record(listing, taken, before, action="name columns", actor=actor)


@transaction.atomic
def set_year(listing: Listing, year: int | None, *, actor: str, version: int | None = None, infer: bool = False) -> Effect:
    """Say of which year a listing's dates without one are, and date its papers anew.

    `year` None says that it is not known; with `infer` it is worked out from the years that the file spells out, as if nobody had
    said anything. Raises `InvalidDecisionError` for a year that can't be, or where nothing would change.
    """
    taken = _take(listing, version)
    if taken.state == ListingState.WITHDRAWN:
        raise InvalidDecisionError(f"{taken.name} is withdrawn. Put it back, then correct its year.")
    if year is not None and not FIRST_YEAR <= year <= last_year():
        raise InvalidDecisionError(f"The year can't be {year}. Give one from {FIRST_YEAR} to {last_year()}.")
    found, source = settle_year(year, taken.latest_year if infer else None)
    if infer and found is None:
        raise InvalidDecisionError(f"{taken.name} spells out no year to infer one from. Give one, or leave it unknown.")
    if (taken.year, taken.year_source) == (found, source or ""):
        raise InvalidDecisionError(f"The year of {taken.name} is that already; nothing was changed.")
    before = _year_of(taken)
    _hold_chunks(taken)
    _save(taken, year=found, year_source=source or "")
    changes = _record(listing, taken, before, action="set year", actor=actor)
    return Effect(changes, _settle(listing, taken))


@transaction.atomic
def withdraw(listing: Listing, *, actor: str, version: int, reason: str = "") -> Effect:
    """Take a listing back, stopping it if it is being read: papers that no other listing shows leave the boards.

    Nothing is deleted: claims keep their states and decisions, and `undo` puts everything back.
    """
    taken = _take(listing, version)
    if taken.state == ListingState.WITHDRAWN:
        raise InvalidDecisionError(f"{taken.name} is withdrawn already.")
    before = {"state": taken.state}
    _release_chunks(taken)
    _save(taken, state=ListingState.WITHDRAWN, closed=taken.closed or timezone.now(), lease_until=None)
    changes = _record(listing, taken, before, action="withdraw", actor=actor, reason=reason)
    return Effect(changes, _settle(listing, taken))


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> Effect:
    """Take back a withdrawal, or a correction of the year, as a change set of its own.

    A listing that was withdrawn while it was being read comes back stopped. Raises `StaleObjectError` if the listing has moved on
    since, `InvalidDecisionError` if the change was undone already or is not one that undo takes back.
    """
    decision = change_set.decisions.get()
    listing = Listing.objects.get(pk=decision.object_id)
    taken = _take(listing, None)
    # Asked under the lock: of two that undo at once, the second is told.
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    if change_set.action not in UNDOABLE:
        raise InvalidDecisionError(
            f"“{change_set.action}” can't be undone. {taken.name} has its own buttons for what can be done with it now."
        )
    if taken.version != decision.object_version:
        raise StaleObjectError(f"{taken.name} was changed again since; undo the later change first.")
    if change_set.action == "withdraw":
        before: dict[str, Any] = {"state": taken.state}
        state = ListingState(decision.before["state"])
        _save(taken, state=ListingState.CANCELLED if state in OPEN_STATES else state)
    else:
        before = _year_of(taken)
        _hold_chunks(taken)
        _save(taken, year=decision.before["year"], year_source=decision.before["year_source"])
    changes = _record(listing, taken, before, action="undo", actor=actor, undoes=change_set)
    return Effect(changes, _settle(listing, taken))


def is_year_decided(listing: Listing) -> bool:
    """Say whether somebody said which year the listing is of, be it that it is not known, and nobody took that back."""
    said = Decision.objects.filter(object_kind="listing", object_id=listing.pk, change_set__action="set year")
    return said.filter(change_set__undone_by__isnull=True).exists()


def check_open_uploads(user: User, *, actor: str, refused: str, again: str) -> None:
    """Raise `TooManyUploadsError` if the user has as much under way as the site takes.

    Part of the caller's transaction. The user's row is locked, behind that of a listing which is opened again, so that of many at once
    each counts those before it. `refused` says what was not done, `again` what to do later.
    """
    get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=user.pk).first()
    count = Listing.objects.filter(uploaded_by=user, state__in=OPEN_STATES).count()
    if count >= settings.MAX_OPEN_UPLOADS:
        whose = "your uploads" if user.get_username() == actor else f"the uploads of {user.get_username()}"
        raise TooManyUploadsError(
            f"{refused} {count} of {whose} still wait or are being read, the most that this site takes at once. "
            f"Wait until some of them are read, then {again}."
        )


# -- settling -------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def settle_next(listing_id: int) -> bool:
    """Settle the next batch of a listing's unsettled papers; say whether there are more. May be called by several at once."""
    listing = Listing.objects.select_for_update(no_key=True).filter(pk=listing_id, unsettled_from__isnull=False).first()
    if listing is None:
        return False
    batch = _read_shown(listing, listing.unsettled_from or 0, SETTLE_BATCH)
    _settle_shown(listing, batch)
    more = len(batch) == SETTLE_BATCH
    Listing.objects.filter(pk=listing_id).update(unsettled_from=batch[-1][0] + 1 if more else None)
    return more


def find_unsettled(*, force: bool) -> list[int]:
    """Return the listings with papers to settle that no message may be on its way for: what a sweep hands to the workers."""
    lost = Q(hinted__isnull=True) | Q(hinted__lt=timezone.now() - timedelta(seconds=settings.HINT_SECONDS))
    unsettled = Listing.objects.filter(unsettled_from__isnull=False).order_by("pk")
    return list((unsettled if force else unsettled.filter(lost)).values_list("pk", flat=True))


def _settle(listing: Listing, taken: Listing) -> int | None:
    """Settle the papers of a short listing and return how many changed; leave those of a long one to the workers."""
    shown = _read_shown(taken, 0, SETTLE_AT_ONCE + 1)
    long = len(shown) > SETTLE_AT_ONCE
    fields: dict[str, Any] = {"unsettled_from": 0, "hinted": None} if long else {"unsettled_from": None}
    Listing.objects.filter(pk=taken.pk).update(**fields)
    listing.refresh_from_db()
    return None if long else _settle_shown(taken, shown)


def _read_shown(listing: Listing, first: int, most: int) -> list[tuple[int, int | None, int | None]]:
    """Return (position, paper, record of a table) of the listing's entries from a position on; one of the two may be None."""
    entries = listing.entries.filter(position__gte=first).order_by("position")
    shown = [(position, paper, None) for position, paper in entries.values_list("position", "paper_text__paper")[:most]]
    if shown:
        return list(shown)
    records = SourceRecord.objects.filter(source__listing=listing, number__gt=first).order_by("number")
    return [(number - 1, paper, pk) for number, paper, pk in records.values_list("number", "paper_id", "pk")[:most]]


def _settle_shown(listing: Listing, shown: Sequence[tuple[int, int | None, int | None]]) -> int:
    """Settle what some entries show, and return how many papers changed, or how many records of a table were settled."""
    papers_shown = {paper for _, paper, _ in shown if paper is not None}
    records = {record for _, _, record in shown if record is not None}
    if not records:
        return len(_settle_papers(papers_shown))
    tables.lock_imports(*Import.objects.filter(listing=listing))
    names, held = statements.hold_quoted_models(papers_shown, model_keys=tables.find_model_keys(records))
    papers.settle_papers(papers_shown)
    linked = statements.link_quoted_models(names, among=held)
    results.settle_papers(papers_shown | linked, record_ids=records)
    search_names.add_words(papers_shown, records=records)
    return len(records)


def _settle_papers(paper_ids: Iterable[int]) -> set[int]:
    shown = set(paper_ids)
    names, held = statements.hold_quoted_models(shown)
    changed = papers.settle_papers(shown)
    # All of them: a number that a person decided on is shown or hidden with its text, though the paper may show another one now.
    changed |= statements.settle_texts(shown)
    # What quotes a model that leaves or comes back, also in papers of other listings.
    linked = statements.link_quoted_models(names, among=held)
    results.settle_papers(changed | linked)
    search_names.add_words(changed)
    return changed


# -- the listing itself ---------------------------------------------------------------------------------------------------------


def _take(listing: Listing, version: int | None) -> Listing:
    """Lock the listing and return it as it is now. Raises `StaleObjectError` if that is not the `version` seen, unless None."""
    # Not FOR UPDATE: whoever writes entries of the listing needs its key at commit, while we may wait for papers they hold.
    taken = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
    if version is not None and taken.version != version:
        raise StaleObjectError(f"{taken.name} was changed since you opened its page. Look at it again, then decide.")
    return taken


def _hold_chunks(listing: Listing) -> int:
    """Lock the listing's open parts, waiting for those that are being written; return how many are left.

    A part that is prepared meanwhile begins to write when we are done, and sees the listing as we leave it.
    """
    open_ = listing.chunks.filter(state__in=[ChunkState.WAITING, ChunkState.LEASED]).order_by("number")
    return len(open_.select_for_update(no_key=True).values_list("pk", flat=True))


def _release_chunks(listing: Listing) -> int:
    """Take the open parts from whoever prepares them, as if they had not been taken; return how many are open."""
    left = _hold_chunks(listing)
    leased = listing.chunks.filter(state=ChunkState.LEASED)
    leased.update(state=ChunkState.WAITING, lease_owner="", lease_until=None, attempts=F("attempts") - 1)
    return left


def _check_place(listing: Listing, *, actor: str, refused: str, again: str) -> None:
    # Whoever opens it: it is its uploader's, and takes one of their places.
    if listing.uploaded_by is not None:
        check_open_uploads(listing.uploaded_by, actor=actor, refused=refused, again=again)


def _open_again(listing: Listing, **fields: Any) -> None:
    """Let workers take a listing as if none had tried: the open ones of its parts or, if it was never planned, its survey."""
    state = ListingState.READING if listing.chunks.exists() else ListingState.WAITING
    _save(listing, state=state, closed=None, attempts=0, failures=0, lease_until=None, hinted=None, **fields)


def _save(listing: Listing, **fields: Any) -> None:
    for name, value in (fields | {"version": listing.version + 1}).items():
        setattr(listing, name, value)
    listing.save(update_fields=[*fields, "version"])


def _year_of(listing: Listing) -> dict[str, Any]:
    return {"year": listing.year, "year_source": str(listing.year_source)}


def _record(
    listing: Listing,
    taken: Listing,
    before: dict[str, Any],
    *,
    action: str,
    actor: str,
    reason: str = "",
    undoes: ChangeSet | None = None,
) -> ChangeSet:
    after = {"state": str(taken.state)} if "state" in before else _year_of(taken)
    listing.refresh_from_db()
    before = {name: str(value) if name == "state" else value for name, value in before.items()}
    return decisions.record_listing(taken, before, after, action=action, actor=actor, reason=reason, undoes=undoes)
