"""Writes papers as BibTeX. Everything that writes BibTeX comes through here.

Text is escaped for LaTeX as well as for BibTeX, so that a title can neither run a command nor end its entry. A BibTeX parser counts
braces whether or not a backslash stands before them: a brace becomes a command without one, which no encoder for LaTeX does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

from claims import keys
from claims.terms import DateSource

if TYPE_CHECKING:
    from claims.models import Paper

_ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        **{sign: f"\\{sign}" for sign in "$&%#_"},
    }
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATED = (DateSource.STATED, DateSource.CURATOR)
"""How a date is known that says more than a year."""


def escape(text: str) -> str:
    """Return `text` on one line for a BibTeX field that LaTeX prints as text. Letters of any script stay as they are.

    Control characters and marks that turn the direction of writing are left out.
    """
    kept = "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c == "\u200d")
    return kept.translate(_ESCAPED)


def escape_url(url: str) -> str:
    r"""Return an address for a field that LaTeX prints with \url: percent signs and underscores stay, what could end the field goes."""
    return quote(url, safe="!#$%&'()*+,-./:;=?@_~[]", errors="replace")


def write_entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """Return an entry. The fields are escaped already; empty ones are left out."""
    stated = {name: value for name, value in fields.items() if value}
    width = max(map(len, stated), default=0)
    lines = [f"  {name:<{width}} = {value if name == 'month' else f'{{{value}}}'}," for name, value in stated.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"]) + "\n"


def cite_key(paper: Paper) -> str:
    """Return the key of a paper's entry: the title's first telling word, the year, and the public id, which makes it unique."""
    words = [word for word in keys.search_words(paper.title) if word.isascii() and word.isalnum()]
    telling = next((word for word in words if len(word) > 3), words[0] if words else "paper")
    return f"{telling[:20]}{_year(paper)}-{paper.public_id}"


def entry(paper: Paper) -> str:
    """Return the BibTeX entry of a paper. No listing names authors, so it has none.

    A year that was inferred is said to be; the day of a table's result is no year of a paper. The title stands in braces of its own:
    styles write most words small, and names of models are not to be.
    """
    dated = paper.first_day is not None and paper.last_day is not None and paper.date_source in _DATED
    same_month = dated and paper.first_day and paper.last_day and paper.first_day.replace(day=1) == paper.last_day.replace(day=1)
    return write_entry(
        "misc",
        cite_key(paper),
        {
            "title": f"{{{escape(paper.title)}}}",
            "year": _year(paper),
            "month": _MONTHS[paper.first_day.month - 1] if same_month and paper.first_day else "",
            "eprint": escape(paper.arxiv_id),
            "archivePrefix": "arXiv" if paper.arxiv_id else "",
            "url": escape_url(_address(paper)),
            "note": "Year inferred from the listing" if _year(paper) and paper.date_source == DateSource.YEAR_INFERRED else "",
        },
    )


def entries(papers: Iterable[Paper]) -> str:
    """Return the entries of papers in their order, each paper once, with an empty line between them; '' for none."""
    return "\n".join({paper.pk: entry(paper) for paper in papers}.values())


def board_entry(*, name: str, slug: str, url: str, version: int, changed: date, today: date) -> str:
    """Return the BibTeX entry of a board: boards change, so it says which version was looked at, and when."""
    return write_entry(
        "misc",
        f"claimboard-{slug}-v{version}",
        {
            "title": f"{{{escape(name)}}}",
            "howpublished": "Leaderboard on Claimboard",
            "year": str(changed.year),
            "month": _MONTHS[changed.month - 1],
            "url": escape_url(url),
            "urldate": today.isoformat(),
            "note": f"Version {version} of {changed.isoformat()}, accessed {today.isoformat()}",
        },
    )


def _address(paper: Paper) -> str:
    """Return where a paper can be found, '' where that is not known: what a listing states as an address may be any text."""
    if paper.url.startswith(("https://", "http://")):
        return paper.url
    return f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else ""


def _year(paper: Paper) -> str:
    """Return the year of a paper, '' where its date is not known or may be of more than one year."""
    if paper.first_day is None or paper.last_day is None or paper.date_source == DateSource.TABLE:
        return ""
    return str(paper.first_day.year) if paper.first_day.year == paper.last_day.year else ""
