"""The keys that decide whether two names or texts are the same. All of them are made here."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable


def squash(text: str) -> str:
    """Return the letters and digits of `text`, case folded and without compatibility forms.

    "ImageNet-1K" and "imagenet 1k" give the same key; so do "Poincare" composed and decomposed. Combining marks count as
    part of their letter. "+" and "#" stay, because they tell names apart ("SeiT" and "SeiT++").
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in folded if c.isalnum() or c in "+#" or unicodedata.category(c) == "Mn")


def digest(*parts: str) -> str:
    """Return the SHA-256, in hexadecimal, of the parts. A separator keeps ("ab", "c") and ("a", "bc") apart."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def title_key(title: str) -> str:
    """Return the hashed key of a title; a title without a letter or digit is its own key."""
    return digest(squash(title) or title.strip())


def text_sha256(title: str, abstract: str) -> str:
    return digest(title, abstract)


def name_key(name: str) -> str:
    """Return the key of a catalogue or model name, at most 200 characters; a longer key is hashed."""
    key = squash(name) or name.strip()
    return key if len(key) <= 200 else digest(key)


def alias_key(text: str, *, exact_case: bool) -> str:
    """Return the key that an alias is found by. "IS" and "AP" match by exact case, so theirs keeps it."""
    return "=" + text.strip() if exact_case else name_key(text)


def setting_key(conditions: Iterable[tuple[str, str]]) -> str:
    """Return the hash of the sorted (kind, value) pairs, '' for none: no condition is a setting, too."""
    pairs = sorted({f"{kind}={value}" for kind, value in conditions})
    return digest(*pairs) if pairs else ""
