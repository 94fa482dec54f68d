"""Remembers since when the site gives the answers that it gives: what `Last-Modified` says of them.

No row of the database knows that. A list is another one when an entry of it is withdrawn, merged, renamed or decided on, and what has left
it left no date behind; another setting or another release changes answers and no row; and of two writers at work side by side the one that
looked at the clock first may be seen last, behind a date that readers have been told. So an answer is dated to the second in which it was
first given as it is: never before the last change of anything that it shows, and later where nobody has asked in between. It costs no
query.

Dates tell no two moments of a second apart. What is given in place of another answer is dated to the next second, and is told its date from
then on: nobody who has the other one can take it for this one by their dates. All processes of a site have to remember the same: it stands
in a cache of its own, which they share. What the cache has lost is dated anew, which is later and so as true.
"""

from __future__ import annotations

import hashlib
import logging
import time

from django.core.cache import caches
from django.http import HttpRequest

logger = logging.getLogger(__name__)

CACHE = "answers"
SLOTS = 16_384
"""Of so many addresses dates are kept at most. Who asks for ever new ones fills no memory; others' dates begin anew then."""

_Given = tuple[str, int]
"""An answer as it is given, and the second (since 1970) that it is dated to. The dates of a slot only ever rise."""


def find_date(request: HttpRequest, etag: str, *reader: object) -> int | None:
    """Return since when the site answers a request by what `etag` stands for, in seconds since 1970.

    None where that is not known, or was not so a second ago. `reader` is what else the answer hangs on beside its address.
    """
    slot, answer = _place(request, etag, reader)
    try:
        return _tell(caches[CACHE].get(slot), answer)
    except Exception:  # of whatever kind the cache's own are
        logger.exception("an answer has no date: the cache is away")
        return None


def note_date(request: HttpRequest, etag: str, *reader: object) -> int | None:
    """Return what `find_date` does of an answer that is given now, and remember it."""
    slot, answer = _place(request, etag, reader)
    try:
        dates = caches[CACHE]
        known: _Given | None = dates.get(slot)
        if known is None:
            first = (answer, _now())
            # Added: of two that are the first at once one is, and the other finds it there.
            known = first if dates.add(slot, first, timeout=None) else dates.get(slot)
        if known is not None and known[0] != answer:
            dates.set(slot, (answer, max(_now(), known[1]) + 1), timeout=None)
        return _tell(known, answer)
    except Exception:  # as above
        logger.exception("an answer has no date: the cache is away")
        return None


def _tell(known: _Given | None, answer: str) -> int | None:
    return known[1] if known is not None and known[0] == answer and known[1] <= _now() else None


def _place(request: HttpRequest, etag: str, reader: tuple[object, ...]) -> tuple[str, str]:
    """Return the slot of an address, and what an answer is known by there."""
    # What is asked for with a token may be told more.
    address = [request.build_absolute_uri(), "HTTP_AUTHORIZATION" in request.META, *reader]
    digest = hashlib.sha256("\n".join(map(str, address)).encode("utf-8", "surrogatepass")).digest()
    return f"{int.from_bytes(digest[:4], 'big') % SLOTS}", hashlib.sha256(digest + etag.encode()).hexdigest()[:32]


def _now() -> int:
    return int(time.time())
