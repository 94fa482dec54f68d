"""Reader of evaluation tables as sota-extractor makes them and Papers with Code published them: JSON of tasks, datasets and rows.

A file is a list of tasks, or one task. A task has datasets and subtasks, a dataset its table ("sota") and subdatasets, and a table rows:

    {"task": …, "datasets": [{"dataset": …, "sota": {"metrics": […], "rows": [{"model_name": …, "metrics": {…}, "paper_url": …}]}}]}

Rows are numbered through the file as they stand in it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from claims.errors import EmptyListingError
from claims.keys import name_key
from claims.listings.base import ChunkMark, Problem, Stated, StatedCondition, StatedDate, Survey, TableCell, TableRecord
from claims.listings.csv_records import mark_chunks
from claims.listings.headers import MAX_HEADER, find_largest, read_header, strip_marks
from claims.listings.json_text import MAX_DEPTH, parse_json
from claims.listings.links import find_arxiv_id, find_url, is_url
from claims.listings.telling_apart import Group, RowName, tell_apart
from claims.listings.text_lines import BYTE_ORDER_MARK
from claims.listings.unpacking import open_table
from claims.terms import ConditionKind, EntryKind

EXTRA_DATA = StatedCondition(ConditionKind.EXTRA_DATA, "extra data", "extra training data")
ENSEMBLE = StatedCondition(ConditionKind.ENSEMBLE, "ensemble", "ensemble")

MAX_ROW = 100_000
"""A row of more characters is left out: it is kept as it stood, beside the results it gives."""
MAX_NAME = 300
MAX_VALUE = 1_000
MAX_METRICS = 200
MAX_PATH = 8
MAX_PROBLEMS = 100

_TABLE_KEYS = re.compile(r'"(?:sota|subtasks|subdatasets)"\s*:')
_TASK_KEYS = (re.compile(r'"task"\s*:'), re.compile(r'"datasets"\s*:'))

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")

_BARE_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# A number of a list of references, "[5]", that stands where a title should
_REFERENCE = re.compile(r"\[?\d{1,3}\]?")
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:T.*)?")

# What a name may end with: who published it, "(Chen et al., 2018)", and how many models it is
_CITATION = re.compile(r"\s*\((?:[^()]*\bet al\.?[^()]*|[^()\d]*(?:,| and | & )\s?[^()]*?)\b(?:19|20)\d\d[a-z]?[^()\d]{0,3}\)$")
_ENSEMBLE_MARK = re.compile(r"\s*[(\[]\s*ensembled?(?: (?:model|of models))?s?\s*[)\]]$", re.IGNORECASE)
_SINGLE_MARK = re.compile(r"\s*[(\[]\s*single(?: model)?\s*[)\]]$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where rows stand: the names of tasks and datasets around them, the widest first."""

    tasks: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    place: _Place
    stated: object
    largest: Mapping[str, float]


class EvaluationTablesReader:
    """The format of sota-extractor and Papers with Code."""

    name = "evaluation-tables"
    label = "Evaluation tables (sota-extractor, Papers with Code)"
    holds = EntryKind.RECORDS
    collection = ""
    needs_mapping = False

    def recognises(self, head: str) -> bool:
        if not head.startswith(("[", "{")):
            return False
        return _TABLE_KEYS.search(head) is not None or all(keys.search(head) for keys in _TASK_KEYS)

    def survey(self, stream: BinaryIO, encoding: str, *, chunk_size: int, name: str = "") -> Survey:
        table = open_table(stream)
        text, problems = _decode(table.stream, encoding)
        values, mistakes = parse_json(text)
        problems = [*table.problems, *problems, *mistakes]
        entries = unlisted = 0
        for found in _walk(values):
            if isinstance(found, _Row):
                entries = found.number
            elif len(problems) < MAX_PROBLEMS:
                problems.append(found)
            else:
                unlisted += 1
        if not entries:
            first = f" {problems[0].reason}" if problems else ""
            msg = f"The file has the form of evaluation tables and no row of results: no “sota” with “rows”.{first}"
            raise EmptyListingError(msg)
        if unlisted:
            problems.append(Problem(None, f"{unlisted:,} more problems of this kind are not listed."))
        return Survey(
            encoding=encoding,
            variant="",
            entries=entries,
            latest_year=None,
            chunks=mark_chunks(entries, chunk_size),
            problems=tuple(problems),
        )

    def read(self, stream: BinaryIO, survey: Survey, chunk: ChunkMark) -> Iterator[TableRecord | Problem]:
        text, _ = _decode(open_table(stream).stream, survey.encoding)
        groups: dict[str, Group] = {}
        last = -1
        for row in _walk(parse_json(text)[0]):
            if not isinstance(row, _Row):
                continue  # the survey tells it
            last = row.number - 1
            # Rows before the chunk are read, too: one of the chunk may have to be told apart from them
            yield from _read_row(row, groups, is_wanted=last >= chunk.first)
            if last == chunk.last:
                return
        msg = f"The file ends before record {chunk.last + 1} of {survey.entries}; it has changed since it was first read."
        yield Problem(None, msg, fatal=True)


def read_model_name(stated: str) -> tuple[str, tuple[StatedCondition, ...]]:
    """Return a model's name without marks, citation and the word on single models and ensembles, and what the latter says."""
    name = strip_marks(stated[: MAX_NAME * 4]).rstrip(", ")
    conditions: tuple[StatedCondition, ...] = ()
    while True:
        shorter = _SINGLE_MARK.sub("", name) or name
        if (rest := _ENSEMBLE_MARK.sub("", shorter)) and rest != shorter:
            shorter, conditions = rest, (ENSEMBLE,)
        shorter = _CITATION.sub("", shorter) or shorter
        if shorter == name:
            return name, conditions
        name = shorter


def _decode(stream: BinaryIO, encoding: str) -> tuple[str, list[Problem]]:
    content = stream.read()
    problems = []
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "replace").count("\n") + 1
        problems.append(Problem(line, "From here on some bytes are no text in the file's encoding; they are shown as \ufffd."))
        text = content.decode(encoding, "replace")
    return text.lstrip(BYTE_ORDER_MARK).replace("\r\n", "\n"), problems


# -- the tree ---------------------------------------------------------------------------------------------------------------------

# What the lists inside of a task and of a dataset hold
_INSIDE = {"task": {"datasets": "dataset", "subtasks": "task"}, "dataset": {"subdatasets": "dataset"}}


def _walk(values: list[object]) -> Iterator[_Row | Problem]:
    """Yield the rows as they stand in the file, and what is no task, dataset or table. It doesn't call itself."""
    number = 0
    waiting: list[tuple[str, object, _Place]] = []
    for value in values:
        waiting += [("task", task, _Place()) for task in (value if isinstance(value, list) else [value])]
    waiting.reverse()
    while waiting:
        kind, node, place = waiting.pop()
        if node is None:
            continue
        if not isinstance(node, dict):
            yield Problem(None, f"Where a {kind} should be stands something else; it is left out.{_tell(place)}")
        elif kind == "sota":
            rows = node.get("rows")
            if rows is not None and not isinstance(rows, list):
                yield Problem(None, f"The rows of a table are no list; they are left out.{_tell(place)}")
            elif rows:
                largest = _find_largest(rows)
                yield from (_Row(number + at, place, row, largest) for at, row in enumerate(rows, start=1))
                number += len(rows)
        else:
            kind = "dataset" if "task" not in node and ("dataset" in node or "subdataset" in node or "sota" in node) else kind
            inside, problem = _enter(kind, node, place)
            if problem:
                yield problem
            if inside is not None:
                waiting += reversed(list(_list_inside(kind, node, inside)))


def _find_largest(rows: Sequence[object]) -> dict[str, float]:
    """Return the largest number of each column of a table that has numbers, by its header."""
    columns: dict[str, list[object]] = defaultdict(list)
    for row in rows:
        stated = row.get("metrics") if isinstance(row, dict) else None
        for header, value in list(stated.items())[:MAX_METRICS] if isinstance(stated, dict) else ():
            columns[header].append(value)
    found = {header: find_largest(values) for header, values in columns.items()}
    return {header: number for header, number in found.items() if number is not None}


def _enter(kind: str, node: Mapping[str, object], place: _Place) -> tuple[_Place | None, Problem | None]:
    """Return the place inside of a task or dataset, None if it is nested too deep."""
    stated = node.get("task") if kind == "task" else node.get("dataset", node.get("subdataset"))
    name = strip_marks(_clean(stated)[: MAX_NAME * 4]).rstrip(":").strip() if isinstance(stated, str) else ""
    path = place.tasks if kind == "task" else place.datasets
    if len(path) >= MAX_PATH:
        return None, Problem(None, f"A {kind} is nested deeper than {MAX_PATH} levels; it is left out.{_tell(place)}")
    problem = None
    if not name:
        problem = Problem(None, f"A {kind} has no name.{_tell(place)}")
    elif len(name) > MAX_NAME:
        name = name[: MAX_NAME - 1].rstrip() + "…"
        problem = Problem(None, f"The name of a {kind} has more than {MAX_NAME} characters; it is cut.{_tell(place)}")
    if name:
        path = (*path, name)
    return _Place(path, place.datasets) if kind == "task" else _Place(place.tasks, path), problem


def _list_inside(kind: str, node: Mapping[str, object], place: _Place) -> Iterator[tuple[str, object, _Place]]:
    for key, value in node.items():
        if kind == "dataset" and key == "sota":
            yield "sota", value, place
        elif key in _INSIDE[kind]:
            inner = _INSIDE[kind][key]
            for entry in value if isinstance(value, list) else [value]:
                yield inner, entry, place


def _tell(place: _Place) -> str:
    path = " › ".join((*place.tasks, *place.datasets))
    return f" It stands in “{path[:200]}”." if path else ""


# -- a row ------------------------------------------------------------------------------------------------------------------------


def _read_row(row: _Row, groups: dict[str, Group], *, is_wanted: bool) -> Iterator[TableRecord | Problem]:
    """Yield the record of a row behind what is wrong with it. One that isn't wanted is only noted, for others to be told apart from it."""
    stated = row.stated
    if not isinstance(stated, dict):
        if is_wanted:
            yield _complain(row, "The row is no object.")
        return
    problems: list[Problem] = []
    paper = _read_paper(row, stated, problems)
    model, conditions = read_model_name(_text(stated, "model_name"))
    if stated.get("uses_additional_data") is True:
        conditions = (*conditions, EXTRA_DATA)
    place = row.place
    name = RowName(place.tasks, place.datasets, model, "", conditions, paper.arxiv_id, paper.title, paper.stated_date)
    metrics = stated.get("metrics")
    stating = [header for header, value in metrics.items() if value not in (None, "", "-")] if isinstance(metrics, dict) else []
    told_apart = tell_apart(name, groups, stating) if stating else ()
    if not is_wanted:
        return
    if _is_large(stated):
        yield _complain(row, f"The row has more than {MAX_ROW:,} characters.")
        return
    if not row.place.datasets:
        yield _complain(row, "The row stands in no dataset with a name.")
        return
    if len(model) > MAX_NAME:
        problems.append(_complain(row, f"The model's name has more than {MAX_NAME} characters; the rest is left out.", "model_name"))
        model = model[: MAX_NAME - 1].rstrip() + "…"
    cells = _read_cells(row, stated.get("metrics"), problems)
    yield from problems
    if not cells:
        yield _complain(row, "The row states no value.")
        return
    yield TableRecord(
        number=row.number,
        raw={"tasks": list(row.place.tasks), "datasets": list(row.place.datasets), "row": _keep(stated, 0)},
        cells=cells,
        tasks=row.place.tasks,
        datasets=row.place.datasets,
        model=model,
        conditions=(*conditions, *told_apart),
        paper_title=paper.title,
        paper_url=paper.url,
        arxiv_id=paper.arxiv_id,
        date=paper.date,
        code_url=_find_code(stated.get("code_links")),
    )


def _is_large(stated: object) -> bool:
    try:
        return len(json.dumps(stated)) > MAX_ROW
    except RecursionError:
        return True


def _complain(row: _Row, reason: str, column: str = "", stated: object = "") -> Problem:
    shown = stated if isinstance(stated, str) else json.dumps(_keep(stated, 0), ensure_ascii=False)
    return Problem(None, reason, record=row.number, column=_clean(column)[:MAX_HEADER], stated=_clean(shown)[:MAX_HEADER])


def _read_cells(row: _Row, stated: object, problems: list[Problem]) -> tuple[TableCell, ...]:
    if not isinstance(stated, dict):
        if stated is not None:
            problems.append(_complain(row, "The row's metrics are no object.", "metrics", stated))
        return ()
    if len(stated) > MAX_METRICS:
        problems.append(_complain(row, f"The row has more than {MAX_METRICS} metrics; the rest are left out."))
    cells: list[TableCell] = []
    names: set[str] = set()
    for header, value in list(stated.items())[:MAX_METRICS]:
        column = " ".join(_clean(header).split())[:MAX_HEADER]
        metric, measure, unit = read_header(column)
        if measure is None and not metric:
            problems.append(_complain(row, "A value has no name.", "", value))
        elif not isinstance(value, str | int | float | None):
            problems.append(_complain(row, "The value is neither a number nor a text.", column, value))
        elif isinstance(value, str) and len(value) > MAX_VALUE:
            problems.append(_complain(row, f"The value has more than {MAX_VALUE:,} characters.", column, value))
        else:
            if metric and name_key(metric) in names:
                metric = strip_marks(column)  # "Accuracy" beside "Test Accuracy": the second keeps the name that it has
            names.add(name_key(metric))
            largest = row.largest.get(header)
            cells.append(TableCell(column, _clean_value(value), metric=metric, measure=measure, unit=unit, largest=largest))
    return tuple(cells)


def _clean_value(value: Stated) -> Stated:
    return _clean(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class _Paper:
    title: str
    url: str
    arxiv_id: str
    date: StatedDate | None
    stated_date: str


def _read_paper(row: _Row, stated: Mapping[str, object], problems: list[Problem]) -> _Paper:
    title = strip_marks(_text(stated, "paper_title")[: MAX_VALUE * 4])
    printed = _text(stated, "paper_url").strip()
    if _BARE_URL.fullmatch(title):
        printed, title = printed or title, ""
    elif _REFERENCE.fullmatch(title):
        title = ""
    url = find_url(printed)
    if printed and not url:
        problems.append(_complain(row, "The paper's address can't be read; the row is kept without it.", "paper_url", printed))
    if len(title) > MAX_VALUE:
        problems.append(_complain(row, f"The paper's title has more than {MAX_VALUE:,} characters; it is left out.", "paper_title", title))
        title = ""
    day = _text(stated, "paper_date").strip()
    read = _read_date(day)
    if day and read is None:
        problems.append(_complain(row, "The date can't be read; the row is kept without it.", "paper_date", day))
    return _Paper(title, url, find_arxiv_id(url), read, day if read else "")


def _read_date(text: str) -> StatedDate | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        found = date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None
    return StatedDate(found.year, found.month, found.day if match[3] else None)


def _find_code(links: object) -> str:
    for link in links if isinstance(links, list) else []:
        url = _text(link, "url").strip() if isinstance(link, dict) else ""
        if is_url(url):
            return url
    return ""


# -- texts ------------------------------------------------------------------------------------------------------------------------


def _text(stated: Mapping[str, object], key: str) -> str:
    value = stated.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Return a text that a database holds: NUL and other control characters are spaces, half characters are marked as damage."""
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))


def _keep(value: object, depth: int) -> object:
    """Return a value as it stood, fit for a database's JSON."""
    if isinstance(value, str):
        return _clean(value)
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_keep(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {_clean(key): _keep(entry, depth + 1) for key, entry in value.items()}
    return value
