"""Which browser is on this machine."""

from __future__ import annotations

import shutil


def find_browser() -> str | None:
    """Return the program of Chromium: the one that draws pages and nothing around them, where there is one.

    It is the same engine. The whole browser draws a window for each page, too, as pages of its own: a third of all that the tests in a
    browser take.
    """
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")
