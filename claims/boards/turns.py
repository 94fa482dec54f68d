"""Lets one thread of a process compute a board at a time, where threads would only hold each other up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_turn = threading.RLock()


@contextmanager
def in_turn() -> Iterator[None]:
    """Wait until no other thread of this process is in such a block, on SQLite alone.

    SQLite runs in our threads and lets go of Python's lock at each row that it returns: two threads that compute boards take it from
    each other hundreds of times for a board, and both are done later than if one had waited. PostgreSQL sends its rows in one piece,
    and while a thread waits for them another computes.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with _turn:
        yield
