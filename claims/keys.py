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


# A word of a search: letters and digits, with the signs that tell names apart. Apostrophes vanish, everything else parts words.
_ASCII_WORDS = re.compile(r"[a-z0-9](?:[a-z0-9]|\.(?=[0-9])(?<=[0-9]\.)|[+#])*")
_APOSTROPHES = str.maketrans("", "", "'’ʼ")
_COMPOUND = re.compile(r"[^\s-]+(?:-[^\s-]+)+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–−_/", "-"))


def search_words(text: str) -> list[str]:
    """Return the words of `text` as a search compares them: case, accents and compatibility forms are gone.

    "ViT-L/14" is "vit", "l", "14"; a point between digits and "+" and "#" after a letter or digit stay ("3.5", "c++"). All
    combining marks fall, so that "Poincaré" is found without its accent; scripts that write vowels so lose them on both sides.
    """
    folded = text.translate(_APOSTROPHES)
    if folded.isascii():
        return _ASCII_WORDS.findall(folded.lower())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", folded).casefold())
    folded = unicodedata.normalize("NFC", "".join(c for c in folded if unicodedata.category(c) != "Mn"))
    if folded.isascii():
        return _ASCII_WORDS.findall(folded)
    words: list[str] = []
    word = ""
    for place, c in enumerate(folded):
        if (
            c.isalnum()
            or (word and c in "+#")
            or (word and unicodedata.category(c) == "Mc")
            or (c == "." and word[-1:].isdigit() and folded[place + 1 : place + 2].isdigit())
        ):
            word += c
        elif word:
            words.append(word)
            word = ""
    return [*words, word] if word else words


def search_key(text: str) -> str:
    """Return the words of `text` without blanks, at most 200 characters: what makes two names the same to a search."""
    return "".join(search_words(text))[:200]


def search_text(text: str, *, whole: bool) -> str:
    """Return what a search looks into: the words between blanks, then behind a bar the compounds as one word.

    "Fine-Grained Recognition" gives " fine grained recognition | finegrained ", so that both spellings are found. With `whole`
    the whole name counts as a compound ("Swin Transformer V2" is also "swintransformerv2"). '' without a letter or digit.
    """
    words = search_words(text)
    if not words:
        return ""
    joined = dict.fromkeys("".join(search_words(found)) for found in _COMPOUND.findall(text.translate(_DASHES)))
    if whole and len(words) > 1:
        joined["".join(words)] = None
    parts = [*words, "|", *(word for word in joined if word and word not in words)] if joined else words
    return f" {' '.join(parts)} "


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
