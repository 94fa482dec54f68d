"""Take the markup off a table's cell: Markdown, HTML and LaTeX, with the signs and invisible characters that come along."""

from __future__ import annotations

import html
import re

from claims.extraction.text import normalise

DOLLAR = "\uff04"
"""How a dollar sign that means money is written in plain text; the others are LaTeX and go."""

_CHARACTERS = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms of ASCII
    **dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFE0E, 0xFE0F, 0xFEFF]),  # no width
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # half a character, which no database takes
    0x2217: "*",  # normalise reads it as a product, which stands in a sentence; in a cell it is a footnote's star
}

_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = (
    # HTML: what is raised or lowered is a note, or "90.1<sup>2</sup>" would be 90.12
    (re.compile(r"<(su[pb])\b[^<>]*>([^<>]*)</\1>", re.I), r" (\2)"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), " "),
    # Markdown: "88.1 [1](https://...)" has a note, "[88.1](https://...)" is a link around its number
    (re.compile(r"(?<=[\d%*+]) ?\[([^\[\]]*)\]\([^()]*\)"), r" (\1)"),
    (re.compile(r"\[([^\[\]]*)\]\([^()]*\)"), r"\1"),
    (re.compile(r"\*\*(?! )(.+?)(?<! )\*\*"), r"\1"),
    (re.compile(r"__(?! )(.+?)(?<! )__"), r"\1"),
    (re.compile(r"`([^`]*)`"), r"\1"),
    (re.compile(r"(?<![\w*])\*(?! )([^*]+)(?<! )\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?! )([^_]+)(?<! )_(?!\w)"), r"\1"),
    # LaTeX: "1{,}234", "\underline{88.1}", "90.1$^\dagger$", "90.1\,\%"; normalise knows the other commands
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\(?:underline|uline|boldsymbol|bm|bfseries|small|num)(?![A-Za-z])"), " "),
    (re.compile(r"\\dagger(?![A-Za-z])"), "†"),
    (re.compile(r"\\ddagger(?![A-Za-z])"), "‡"),
    (re.compile(r"\\(?:ast|star)(?![A-Za-z])"), "*"),
    (re.compile(r"\\[,;:! ]"), " "),
    (re.compile(r"\\\$"), "$"),
)
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\+ ?/? ?-"), "±"),
    (re.compile(r">="), "≥"),
    (re.compile(r"<="), "≤"),
    (re.compile(r"(?<=\d)E(?=[+-]?\d)"), "e"),
    (re.compile(r"(?<![\d.])\.(?=\d)"), "0."),  # ".953"
)


def without_markup(cell: str) -> str:
    """Return the plain text of a table's cell, its signs as `normalise` writes them and one blank between words.

    Work grows with the square of the text where marks open and never close: the caller bounds it.
    """
    text = html.unescape(cell).translate(_CHARACTERS)
    for pattern, plain in _MARKUP:
        text = pattern.sub(plain, text)
    if text.count("$") == 1:
        text = text.replace("$", DOLLAR)
    text = " ".join(normalise(text).split())
    for pattern, plain in _SPELLINGS:
        text = pattern.sub(plain, text)
    return text
