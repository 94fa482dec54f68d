"""Keeps spreadsheets from computing what others wrote."""

from __future__ import annotations

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by; others wrote the cells."""


def make_safe(cell: object) -> object:
    """Return a cell that no spreadsheet computes: an apostrophe stands before what looks like a formula. None is an empty cell."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


_QUOTED = re.compile(r"'+[=+\-@\t\r]")


def make_safe_for_return(text: str) -> str:
    """Return a cell that no spreadsheet computes, and that `take_back` reads as it was: what looks made safe is made so once more."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) or _QUOTED.match(text) else text


def take_back(text: str) -> str:
    """Return what `make_safe_for_return` made a cell of."""
    return text[1:] if _QUOTED.match(text) else text
