"""What all tests of a module find in the database, written once: inside a transaction around those of the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from pytest_django import DjangoDbBlocker

Made = TypeVar("Made")


class WriteOnce:
    """Calls functions that write; what they wrote is taken back at the end."""

    def __init__(self, blocker: DjangoDbBlocker) -> None:
        self._blocker, self._whole = blocker, transaction.atomic()

    def __call__(self, make: Callable[[], Made]) -> Made:
        """Return what `make` does."""
        with self._blocker.unblock():
            return make()

    def __enter__(self) -> WriteOnce:
        with self._blocker.unblock():
            self._whole.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        with self._blocker.unblock():
            transaction.set_rollback(True)
            self._whole.__exit__(None, None, None)
