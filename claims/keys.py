"""The keys that decide whether two names or texts are the same. All of them are made here."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_KEPT_POINT = "\ue000"
# Most names are plain ASCII; the same rule in one pass.
_ASCII_DROPPED = re.compile(r"(?<![0-9])\.|\.(?![0-9])|[^a-z0-9+#.]")


def squash(text: str) -> str:
    """Return the letters and digits of `text`, case folded and without compatibility forms.

    "ImageNet-1K" and "imagenet 1k" give the same key; so do "Poincare" composed and decomposed. Combining marks count as
    part of their letter. "+", "#" and a point between digits stay, because they tell names apart ("SeiT" and "SeiT++",
    "GPT-3.5" and "GPT-35").
    """
    if text.isascii():
        return _ASCII_DROPPED.sub("", text.lower())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    pointed = _POINT.sub(_KEPT_POINT, folded)
    kept = "".join(c for c in pointed if c.isalnum() or c in "+#" or c == _KEPT_POINT or unicodedata.category(c) == "Mn")
    return kept.replace(_KEPT_POINT, ".")


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


def condition_key(value: str) -> str:
    """Return the key of a condition's value; signs stay, "1.5%" is not "15"."""
    key = "".join(unicodedata.normalize("NFKC", value).casefold().split())
    return key if len(key) <= 200 else digest(key)


def setting_key(conditions: Iterable[tuple[str, str]]) -> str:
    """Return the hash of the sorted (kind, value) pairs, '' for none: no condition is a setting, too."""
    pairs = sorted({f"{kind}={value}" for kind, value in conditions})
    return digest(*pairs) if pairs else ""
