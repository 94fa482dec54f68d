"""Writes the shown rows of a board as a text to take along: Markdown, LaTeX, CSV, or the BibTeX of their papers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from claims import bibtex, boards
from claims.boards import Board, Cell, Row
from claims.terms import Direction
from leaderboard.addresses import absolute
from leaderboard.csv_files import stream_csv
from leaderboard.templatetags.board_tags import Head, cell_of, is_best, make_heads, number_text, paper_date_text, state_words


@dataclass(frozen=True, slots=True)
class _Printed:
    """A number as text, None where it is not stated, and whether it is the best of its column."""

    text: str | None
    best: bool


def _print(row: Row, head: Head) -> _Printed:
    cell = cell_of(row, head.column)
    return (
        _Printed(None, best=False) if cell is None else _Printed(number_text(cell, head.scale.size), best=is_best(row, cell, head.column))
    )


def _name(row: Row) -> str:
    return " ".join(filter(None, [row.model, row.variant]))


def _source(board: Board) -> str:
    """Return where and when the rows were taken from, in one line."""
    address = absolute(board.benchmark.get_absolute_url())
    as_of = f", as of {board.as_of.isoformat()}" if board.as_of else ""
    return f"{board.benchmark}, Claimboard, version {board.benchmark.version}{as_of}: {address}"


def _rank(row: Row) -> str:
    return f"{row.rank}{'=' if row.tied else ''}" if row.rank else ""


# ---- Markdown ----


def _markdown(text: str) -> str:
    """Return text that Markdown prints as it is, in a cell of a table."""
    return re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", " ".join(text.split())).replace("&", "&amp;")


def write_markdown(board: Board, request: HttpRequest) -> HttpResponse:
    heads = make_heads(board, request.GET)
    titles = ["#", "Model", "Setting", *(_markdown(f"{head.label} {head.arrow}".strip()) for head in heads), "Paper", "Date"]
    lines = [titles, ["--:", "---", "---", *("--:" for _ in heads), "---", "---"]]
    for row in board.rows:
        numbers = [_print(row, head) for head in heads]
        printed = ["–" if n.text is None else f"**{_markdown(n.text)}**" if n.best else _markdown(n.text) for n in numbers]
        url = row.paper_url or row.record_url
        title = _markdown(row.paper_title or row.source)
        paper = f"[{title}]({absolute(url)})" if url else title
        lines.append([_rank(row), _markdown(_name(row)), _markdown(", ".join(row.setting)), *printed, paper, _date(row)])
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return _plain(f"{table}\n\n{_markdown(_source(board))}\n")


# ---- LaTeX ----

_SIGNS = str.maketrans({"≈": r"$\approx$", "±": r"$\pm$", "≥": r"$\geq$", "−": "$-$", "–": "--", "×": r"$\times$", "\u00a0": "~"})
_ARROWS = {Direction.HIGHER: r" $\uparrow$", Direction.LOWER: r" $\downarrow$"}


def _latex(text: str) -> str:
    return bibtex.escape(text).translate(_SIGNS)


def write_latex(board: Board, request: HttpRequest) -> HttpResponse:
    heads, papers = make_heads(board, request.GET), boards.find_papers(board.rows)
    titles = ["Model", "Setting", *(f"{_latex(head.label)}{_ARROWS.get(head.column.direction, '')}" for head in heads)]
    rows = []
    for row in board.rows:
        numbers = [_print(row, head) for head in heads]
        printed = ["--" if n.text is None else f"\\textbf{{{_latex(n.text)}}}" if n.best else _latex(n.text) for n in numbers]
        cite = f"~\\cite{{{bibtex.cite_key(paper)}}}" if (paper := papers.get(row.paper_public_id)) else ""
        name = _latex(_name(row))
        # What begins a row is no argument of the line's end before it.
        rows.append([("{}" if name.startswith(("[", "*")) else "") + name + cite, _latex(", ".join(row.setting)), *printed])
    lines = [
        f"% {' '.join(_source(board).split())}",
        r"% Needs \usepackage{booktabs}; the papers as BibTeX are beside this file, as rows.bib.",
        f"\\begin{{tabular}}{{ll{'r' * len(heads)}}}",
        r"\toprule",
        f"{' & '.join(titles)} \\\\",
        r"\midrule",
        *(f"{' & '.join(cells)} \\\\" for cells in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return _plain("\n".join(lines) + "\n")


# ---- CSV ----


def _bare(cell: Cell | None, text: str | None) -> object:
    """Return a number as one, with the decimals that were stated; text where it is more than a number ("≈ 650", "76.5–80.9")."""
    if cell is None or text is None:
        return ""
    bare = text.replace(",", "").replace("\u2212", "-")
    return Decimal(bare) if re.fullmatch(r"-?\d+(?:\.\d+)?", bare) else text


def write_csv(board: Board, request: HttpRequest) -> StreamingHttpResponse:
    heads = make_heads(board, request.GET)
    header = ["rank", "model", "variant", "setting", *(head.label for head in heads), "paper", "date", "role", "state", "row"]
    here = absolute(board.benchmark.get_absolute_url())
    rows = (
        (
            row.rank or "",
            *(row.model, row.variant, "; ".join(row.setting)),
            *(_bare(cell_of(row, head.column), _print(row, head).text) for head in heads),
            *(row.paper_title or row.source, _date(row), str(row.role), ", ".join(state_words(row))),
            f"{here}?{row.query}#row-{row.public_id}",
        )
        for row in board.rows
    )
    return stream_csv(rows, header=header, name=f"{board.benchmark.slug}.csv")


# ---- BibTeX ----


def write_bibtex(board: Board, request: HttpRequest) -> HttpResponse:
    found = boards.find_papers(board.rows)
    ordered = dict.fromkeys(row.paper_public_id for row in board.rows if row.paper_public_id in found)
    none = "% None of these rows is from a paper: tables have no entry.\n"
    return _plain(f"% {' '.join(_source(board).split())}\n{bibtex.entries([found[key] for key in ordered]) or none}")


def _date(row: Row) -> str:
    return paper_date_text(row.first_day, row.last_day)


def _plain(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


FORMS: dict[str, Callable[[Board, HttpRequest], HttpResponse | StreamingHttpResponse]] = {
    "md": write_markdown,
    "tex": write_latex,
    "csv": write_csv,
    "bib": write_bibtex,
}
