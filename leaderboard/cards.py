"""Keeps the pictures that other sites show beside a link to a board: a file for each, named by the board's version."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from claims.models import Benchmark

DRAWING = 1
"""Counts the ways in which cards were ever drawn: another number, and all are drawn anew."""
ABANDONED_SECONDS = 3600.0
"""A half-written file of that age is of a worker that was killed."""


class _Name(NamedTuple):
    version: int
    drawing: int
    shown: str

    def __str__(self) -> str:
        return ".".join(map(str, self))


def _name(benchmark: Benchmark) -> _Name:
    return _Name(benchmark.version, DRAWING, _shown())


def _shown() -> str:
    """Return which results cards show now: "all", or "accepted" ones alone."""
    return "all" if settings.SHOW_UNREVIEWED else "accepted"


def _read_name(path: Path) -> _Name | None:
    version, _, rest = path.stem.partition(".")
    drawing, _, shown = rest.partition(".")
    return _Name(int(version), int(drawing), shown) if version.isdecimal() and drawing.isdecimal() else None


def card_version(benchmark: Benchmark) -> str:
    """Return what a card's address carries: it changes with whatever the card shows."""
    return str(_name(benchmark))


def card_url(benchmark: Benchmark) -> str:
    """Return the whole address of a board's card, for others to fetch."""
    return f"{settings.SITE_URL}{reverse('card', args=[benchmark.slug])}?v={card_version(benchmark)}"


def _folder(benchmark: Benchmark) -> Path:
    return Path(settings.DATA_DIR) / "cards" / benchmark.public_id


def find_card(benchmark: Benchmark) -> Path | None:
    """Return the card of the board as it is, None if it has not been drawn yet."""
    path = _folder(benchmark) / f"{_name(benchmark)}.png"
    return path if path.is_file() else None


def find_older_card(benchmark: Benchmark) -> Path | None:
    """Return the latest card of the board as it was, None if it has none; never one that shows what is hidden now."""
    cards = [(name, path) for path in _folder(benchmark).glob("*.png") if (name := _read_name(path)) and name.shown == _shown()]
    return max(cards)[1] if cards else None


def store_card(benchmark: Benchmark, png: bytes) -> None:
    """Keep the card of the board as it was read, whole or not at all, and remove the older ones.

    Where another worker has drawn a later version meanwhile, that one stays. Raises `OSError` where the disk takes nothing more.
    """
    folder, name = _folder(benchmark), _name(benchmark)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix="new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(png)
        Path(temporary).replace(folder / f"{name}.png")
    finally:
        Path(temporary).unlink(missing_ok=True)
    for path in folder.iterdir():
        other = _read_name(path) if path.suffix == ".png" else None
        # With the setting changed, what it hid is drawn anew; nothing that was hidden is kept.
        outdated = other is not None and (other[:2] < name[:2] or other.shown != name.shown)
        if outdated or (path.name.startswith("new-") and path.stat().st_mtime < time.time() - ABANDONED_SECONDS):
            path.unlink(missing_ok=True)


def may_ask(benchmark: Benchmark) -> bool:
    """Say whether to ask a worker for the board's card now, and note that it was asked: once in HINT_SECONDS, however many want it.

    Raises `OSError` where that can't be noted.
    """
    folder = _folder(benchmark)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = folder / "asked"
    try:
        if note.stat().st_mtime > time.time() - settings.HINT_SECONDS:
            return False
    except FileNotFoundError:
        pass
    note.touch()
    return True
