"""Keeps spreadsheets from computing what others wrote."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by; others wrote the cells."""


def make_safe(cell: object) -> object:
    """Return a cell that no spreadsheet computes: an apostrophe stands before what looks like a formula. None is an empty cell."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
