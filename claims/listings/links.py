"""What the addresses in tables name."""

from __future__ import annotations

import re

MAX_URL = 500

# arXiv's numbers of today, "2104.09376", and those before 2007, "cs/0601001" and "math.GT/0309136"
_NUMBER = r"(\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?![\d.]*\d)"
_ARXIV = re.compile(rf"arxiv\.org/(?:abs|pdf|html|ps|e-print|format)/{_NUMBER}", re.IGNORECASE)
_BARE = re.compile(rf"(?:arxiv:\s?)?{_NUMBER}", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s/?#.<>\"]+\.[^\s<>\"]+", re.IGNORECASE)


def find_arxiv_id(address: str) -> str:
    """Return the arXiv number in an address, without its version, '' if there is none."""
    match = _ARXIV.search(address)
    return match[1] if match else ""


def read_bare_arxiv_id(text: str) -> str:
    """Return the arXiv number that a text is and nothing else ("arXiv:1706.03762v5"), without its version, '' if it is none."""
    match = _BARE.fullmatch(text.strip())
    return match[1] if match else ""


def find_url(text: str) -> str:
    """Return the first address in a text, '' if there is none that can be kept. What Markdown left around it is no part of it."""
    match = _URL.search(text)
    url = match[0] if match else ""
    if ")" in url and "(" not in url:
        url = url.partition(")")[0]
    return url if is_url(url) else ""


def is_url(text: str) -> bool:
    """Say whether a text is an address of the web that can be kept."""
    return len(text) <= MAX_URL and _URL.fullmatch(text) is not None
