"""Writes results as evaluation tables, the form of sota-extractor and Papers with Code: tasks, their datasets, their rows.

What one table brought is written under the names that the file used, each row from the claims and costs of its record, so that reading
a file and writing it again shows what was lost. Against a file of this form, these differ and nothing else does:

- A value that states nothing ("-", "", "N/A") is left out, and so are one that the receipt lists as unread and one that a curator rejected.
- A value is the stated number, as a string: without Markdown, byte-order marks, remarks and marks of footnotes ("**70.3**", "91.6*",
  "70.14 (measured by others)"), without the unit that its metric has anyway ("76.5%"), with its uncertainty behind "±", and with "~" for
  what is in question ("43B?") or about.
- A model's name has no Markdown, no citation and no word on ensembles; names of tasks, datasets and columns have no Markdown and single
  blanks, and a table of an unnamed part stands with what it is a part of. Titles and addresses of papers are as they stood.
- Descriptions, citations and links of tasks and datasets, synonyms and categories are not kept; a table without rows is none.
- Each table says the direction of its metrics ("metrics_direction"), a row its conditions ("conditions") where it has some.

Boards are written under the catalogue's names: the standing results of papers and tables, not what papers quote of others, with the
costs as columns. What is stated under a unit that the column doesn't name is written out ("88600000").
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NotRequired, TypedDict

from django.conf import settings

from claims.errors import ExportError
from claims.extraction import table_numbers
from claims.extraction.quantities import CellNumber, parse_cell
from claims.extraction.vocabulary import fraction_limit
from claims.listings.headers import read_header
from claims.models import Alias, Benchmark, Claim, Cost, CostLink, Import, Paper, Result, ResultCondition, ResultValue, SourceRecord, Task
from claims.services.papers import is_withdrawn
from claims.services.rows import batches
from claims.terms import OPEN_STATES, AliasKind, ClaimKind, ConditionKind, CostMeasure, CurationState, Qualifier

EVALUATION_TABLES = "evaluation-tables"
"""The name of the form, and of its reader."""

COST_COLUMNS = {
    CostMeasure.PARAMETERS: "Number of params",
    CostMeasure.FLOPS: "FLOPs",
    CostMeasure.MACS: "MACs",
    CostMeasure.GPU_HOURS: "GPU hours",
    CostMeasure.GPU_DAYS: "GPU days",
    CostMeasure.TPU_HOURS: "TPU hours",
    CostMeasure.NFE: "NFE",
}
"""The header of a cost's column; another measure's is its name in words."""


def name_cost(measure: str, condition: str) -> str:
    """Return the header of the column for costs of a measure that were measured alike; '' as the condition is one left unsaid."""
    column = COST_COLUMNS.get(CostMeasure(measure)) or measure.replace("_", " ").capitalize()
    return f"{column} ({condition})" if condition else column


_MARKS = {Qualifier.ABOUT: "~", Qualifier.OVER: ">", Qualifier.UNDER: "<", Qualifier.AT_MOST: "≤", Qualifier.AT_LEAST: "≥"}


ROWS_AT_ONCE = 1_000
"""So many rows of a board are objects at a time; what is written of them takes a tenth of their memory."""

Write = Callable[[str], object]
"""Takes what is written, piece by piece."""


class Row(TypedDict):
    """A row as the form has it; `conditions` is an addition."""

    model_name: str
    paper_title: str
    paper_url: str
    paper_date: str | None
    code_links: list[object]
    model_links: list[object]
    metrics: dict[str, str]
    uses_additional_data: bool
    conditions: NotRequired[list[str]]


@dataclass(slots=True)
class Written:
    """How much was written; `left_out` counts the records that have no dataset, and so no place in the form."""

    datasets: int = 0
    rows: int = 0
    values: int = 0
    left_out: int = 0


def find_table(name: str) -> Import:
    """Return the table whose upload has that public id, or that name. Raises `ExportError` unless exactly one has."""
    found = list(Import.objects.select_related("listing").filter(listing__public_id=name))
    found = found or list(Import.objects.select_related("listing").filter(name=name).order_by("pk"))
    if not found:
        known = Import.objects.order_by("-pk").values_list("name", flat=True)[:5]
        raise ExportError(f"No table “{name}” was read. The latest are: {', '.join(known) or 'none yet; ingest one'}.")
    if len(found) > 1:
        ids = ", ".join(source.listing.public_id for source in found if source.listing is not None)
        raise ExportError(f"{len(found)} tables are called “{name}”. Name one by its id: {ids}.")
    (source,) = found
    if is_withdrawn(source):
        raise ExportError(f"{source.name} was withdrawn: nothing of it stands on any board. Put it back on its page first.")
    if source.listing is not None and source.listing.state in OPEN_STATES:
        raise ExportError(f"{source.name} is still being read. Try again when its page says that it is done.")
    return source


def write_table(write: Write, source: Import) -> Written:
    """Write what a table brought, under the names that it uses; a dataset's rows at a time are in memory."""
    written = Written()
    tasks = _arrange_records(source, written)
    _write(write, _list(_table_task(task, written) for task in tasks))
    return written


def write_boards(write: Write, slugs: Sequence[str] = (), *, shown_only: bool = False) -> Written:
    """Write boards, all of them or those named, under the catalogue's names; a board's rows at a time are in memory.

    `shown_only` leaves out what readers don't see: what nobody has reviewed, where SHOW_UNREVIEWED is off. Raises `ExportError` for a
    slug that no board has.
    """
    boards = Benchmark.objects.with_names().filter(merged_into__isnull=True).order_by("task__name", "task", "dataset__name", "pk")
    if slugs:
        boards = boards.filter(slug__in=slugs)
        if unknown := set(slugs) - set(boards.values_list("slug", flat=True)):
            raise ExportError(f"There is no board “{min(unknown)}”.")
    elif shown_only:
        boards = boards.visible()
    else:
        boards = boards.filter(row_count__gt=0)
    written = Written()
    by_task = itertools.groupby(boards, key=lambda board: board.task)
    _write(write, _list(_board_task(task, list(of_task), written, shown_only=shown_only) for task, of_task in by_task))
    return written


# -- the form ---------------------------------------------------------------------------------------------------------------------


def _write(write: Write, pieces: Iterator[str]) -> None:
    for piece in pieces:
        write(piece)
    write("\n")


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _list(entries: Iterable[Iterator[str]]) -> Iterator[str]:
    yield "["
    for number, entry in enumerate(entries):
        yield ",\n" if number else "\n"
        yield from entry
    yield "]"


def _object(fields: Mapping[str, object], **lists: Iterable[Iterator[str]]) -> Iterator[str]:
    """Yield an object with plain fields, and behind them lists whose entries come one by one."""
    yield "{" + ", ".join(f"{_dump(key)}: {_dump(value)}" for key, value in fields.items())
    for key, entries in lists.items():
        yield f", {_dump(key)}: "
        yield from _list(entries)
    yield "}"


def _sota(rows: list[Row], directions: Mapping[str, str], written: Written) -> dict[str, object]:
    columns = dict.fromkeys(column for row in rows for column in row["metrics"])
    written.datasets += bool(rows)
    written.rows += len(rows)
    written.values += sum(len(row["metrics"]) for row in rows)
    return {
        "metrics": list(columns),
        "metrics_direction": {column: directions[column] for column in columns if column in directions},
        "rows": rows,
    }


def _task_fields(name: str, *, categories: Sequence[str] = (), synonyms: Sequence[str] = ()) -> dict[str, object]:
    return {"task": name, "description": "", "categories": list(categories), "synonyms": list(synonyms), "source_link": None}


def _dataset_fields(name: str, *, description: str = "") -> dict[str, object]:
    return {"dataset": name, "description": description, "dataset_citations": [], "dataset_links": []}


def _format_days(first: date | None, last: date | None) -> str | None:
    """Return a date as the form writes it: a day, or the month of which no day is known."""
    if first is None or last is None:
        return None
    if first == last:
        return first.isoformat()
    return f"{first:%Y-%m}" if (first.year, first.month) == (last.year, last.month) else None


# -- numbers ----------------------------------------------------------------------------------------------------------------------


def format_number(statement: Claim | Cost, header: str, *, among_others: bool = False) -> str:
    """Return a number as it is stated, if it comes to the same under the header; else written out.

    Among numbers of other origins a fraction of a percentage is written as the percentage: one column can't be of both.
    """
    canonical = statement.canonical_value
    if among_others and isinstance(statement, Claim) and canonical is not None and canonical != statement.value:
        decimals = max(0, statement.decimals - 2)
        spread = "" if statement.uncertainty is None else f" ± {statement.uncertainty * 100:.{decimals}f}"
        return f"{_MARKS.get(Qualifier(statement.qualifier), '')}{_plain(canonical, statement.canonical_max, decimals)}{spread}"
    unit = read_header(header)[2]
    mark = _MARKS.get(Qualifier(statement.qualifier), "")
    stated = statement.stated.strip()
    plain = _plain(statement.value, statement.value_max, statement.decimals)
    # "3.1 ± 0.2M" is stated as 3.1, and the letter is that of both.
    texts = [stated, *(f"{stated}{letter}" for letter in "KMGT" if stated[-1:].isdigit() and abs(statement.value) >= 1e3), plain]
    if statement.unit == "%" and unit != "%":
        texts += [f"{text}%" for text in texts]
    elif statement.unit and statement.unit != unit:
        texts = [f"{text} {statement.unit}" for text in texts] + texts
    for text in texts:
        candidate = f"{mark}{text}{_spread(statement, text)}"
        if _comes_to(candidate, statement, unit, largest=None if among_others else _look_of_column(statement)):
            return candidate
    if statement.canonical_value is None:
        return f"{mark}{texts[0]}"
    return f"{mark}{_plain(statement.canonical_value, statement.canonical_max, None)}"


def _plain(value: float, upper: float | None, decimals: int | None) -> str:
    def one(number: float) -> str:
        if number.is_integer() and not decimals:
            return str(int(number))
        fixed = f"{number:.{decimals or 0}f}"
        return fixed if float(fixed) == number else repr(number)

    return one(value) if upper is None else f"{one(value)} - {one(upper)}"


def _spread(statement: Claim | Cost, text: str) -> str:
    """Return the uncertainty as it stands behind a number: with its decimals, and in the scale of its letter."""
    spread = statement.uncertainty
    if spread is None:
        return ""
    letter = text[-1] if text[-1:].isalpha() and text[-2:-1].isdigit() else ""
    if letter:
        parsed = parse_cell(f"1{letter}")
        scale = parsed[0].value if isinstance(parsed, tuple) else 1.0
        spread = float(f"{spread / scale:.12g}")
    return f" ± {_plain(spread, None, statement.decimals)}{letter}"


def _look_of_column(statement: Claim | Cost) -> float | None:
    """Return a number of a column that a percentage came from without a sign: one that no column of fractions has."""
    return 100.0 if statement.canonical_value == statement.value else None


def _comes_to(text: str, statement: Claim | Cost, unit: str, *, largest: float | None) -> bool:
    """Say whether a reader of the text under a header with that unit, in a column with that number, finds the one that is stored."""
    parsed = _parse(text)
    if not isinstance(parsed, tuple) or len(parsed) != 1:
        return False
    (number,) = parsed
    measured = _measure(number, statement, unit, largest)
    if number.uncertainty != statement.uncertainty:
        return False
    if statement.canonical_value is None or measured.canonical_value is None:
        return (number.value, number.value_max) == (statement.value, statement.value_max)
    return (measured.canonical_value, measured.canonical_max) == (statement.canonical_value, statement.canonical_max)


# Most numbers of a site are stated often: 81.3 stands on many boards.
_parse = lru_cache(maxsize=1 << 14)(parse_cell)


def _measure(number: CellNumber, statement: Claim | Cost, unit: str, largest: float | None) -> table_numbers.Measured:
    if isinstance(statement, Cost):
        return table_numbers.measure_price(number, CostMeasure(statement.measure), unit)
    percent = statement.metric is not None and statement.metric.unit == "%"
    most = fraction_limit(statement.metric.name) if statement.metric is not None else 1.0
    return table_numbers.measure_score(number, unit, percent=percent, largest=largest, most=most)


# -- what a table brought -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Dataset:
    """A dataset as a table names it: the ids of its records, and its parts."""

    name: str
    records: list[int] = field(default_factory=list)
    parts: dict[str, _Dataset] = field(default_factory=dict)


@dataclass(slots=True)
class _Task:
    """A task as a table names it, with its datasets and subtasks."""

    name: str
    datasets: dict[str, _Dataset] = field(default_factory=dict)
    subtasks: dict[str, _Task] = field(default_factory=dict)


def _arrange_records(source: Import, written: Written) -> list[_Task]:
    """Return the tasks of a table, with the ids of the records below them."""
    tasks: dict[str, _Task] = {}
    for record, of_tasks, of_datasets in _list_paths(source):
        if not of_datasets:
            written.left_out += 1
            continue
        widest, *narrower = of_tasks or [""]
        task = tasks.setdefault(widest, _Task(widest))
        for name in narrower:
            task = task.subtasks.setdefault(name, _Task(name))
        widest, *narrower = of_datasets
        dataset = task.datasets.setdefault(widest, _Dataset(widest))
        for name in narrower:
            dataset = dataset.parts.setdefault(name, _Dataset(name))
        dataset.records.append(record)
    return list(tasks.values())


def _list_paths(source: Import) -> Iterator[tuple[int, Sequence[str], Sequence[str]]]:
    """Yield each record's id with the names of its tasks and datasets, the widest first, in the order of the file."""
    records = SourceRecord.objects.filter(source=source).order_by("number")
    if source.format == EVALUATION_TABLES:
        for pk, of_tasks, of_datasets in records.values_list("pk", "raw__tasks", "raw__datasets").iterator():
            yield pk, of_tasks or [], of_datasets or []
        return
    # Other formats keep no path: it is what the claims name.
    named = (
        Claim.objects.filter(source_record__source=source).order_by().values_list("source_record", "task_name", "dataset_name").distinct()
    )
    paths = {record: (task, dataset) for record, task, dataset in named.iterator()}
    for pk in records.values_list("pk", flat=True).iterator():
        task, dataset = paths.get(pk, ("", ""))
        yield pk, [task] if task else [], [dataset] if dataset else []


def _table_task(task: _Task, written: Written) -> Iterator[str]:
    return _object(
        _task_fields(task.name),
        datasets=(_table_dataset(dataset, written) for dataset in task.datasets.values()),
        subtasks=(_table_task(subtask, written) for subtask in task.subtasks.values()),
    )


def _table_dataset(dataset: _Dataset, written: Written) -> Iterator[str]:
    directions: dict[str, str] = {}
    rows = [row for ids in batches(dataset.records) for row in _record_rows(ids, directions)]
    yield from _object(
        _dataset_fields(dataset.name) | {"sota": _sota(rows, directions, written)},
        subdatasets=(_table_dataset(part, written) for part in dataset.parts.values()),
    )


def _record_rows(ids: Sequence[int], directions: dict[str, str]) -> Iterator[Row]:
    """Yield the rows of records, from what is stored of their numbers; `directions` gets those of their metrics."""
    stated: dict[int, list[Claim | Cost]] = defaultdict(list)
    for claim in Claim.objects.standing().filter(source_record__in=ids).select_related("metric").order_by("pk"):
        stated[claim.source_record_id or 0].append(claim)
        if claim.metric is not None:
            directions[claim.column] = claim.metric.direction
    for cost in Cost.objects.standing().filter(source_record__in=ids).order_by("pk"):
        stated[cost.source_record_id or 0].append(cost)
    for record in SourceRecord.objects.filter(pk__in=ids).select_related("paper").order_by("number"):
        yield _record_row(record, stated[record.pk])


def _record_row(record: SourceRecord, statements: Sequence[Claim | Cost]) -> Row:
    metrics: dict[str, str] = {}
    for statement in statements:
        text = format_number(statement, statement.column)
        # A header that stands twice has two numbers.
        metrics[statement.column] = f"{metrics[statement.column]} / {text}" if statement.column in metrics else text
    raw = record.raw if isinstance(record.raw, dict) else {}
    kept = raw.get("row")
    kept = kept if isinstance(kept, dict) else {}
    paper = record.paper
    setting = [condition for statement in statements[:1] for condition in statement.setting]
    row: Row = {
        "model_name": _model_name(statements) if statements else _text(kept, "model_name"),
        # The model keeps one title and one address a paper; records may name it in other words.
        "paper_title": _text(kept, "paper_title") or (paper.title if paper is not None else ""),
        "paper_url": _text(kept, "paper_url") or (paper.url if paper is not None else ""),
        "paper_date": _format_days(record.first_day, record.last_day),
        "code_links": _links(kept, "code_links") or _code_links(record.code_url or (paper.code_url if paper is not None else "")),
        "model_links": _links(kept, "model_links"),
        "metrics": metrics,
        "uses_additional_data": any(condition["kind"] == ConditionKind.EXTRA_DATA for condition in setting),
    }
    if conditions := [condition["text"] for condition in setting]:
        row["conditions"] = conditions
    return row


def _model_name(statements: Sequence[Claim | Cost]) -> str:
    return " ".join(filter(None, [statements[0].model_name, statements[0].variant]))


def _text(kept: Mapping[str, object], key: str) -> str:
    value = kept.get(key)
    return value if isinstance(value, str) else ""


def _links(kept: Mapping[str, object], key: str) -> list[object]:
    value = kept.get(key)
    return value if isinstance(value, list) else []


def _code_links(url: str) -> list[object]:
    return [{"title": "", "url": url}] if url else []


# -- boards -------------------------------------------------------------------------------------------------------------------------


def _board_task(task: Task, boards: Sequence[Benchmark], written: Written, *, shown_only: bool) -> Iterator[str]:
    names = Alias.objects.filter(kind=AliasKind.TASK, task=task, scope="").exclude(text=task.name).order_by("text")
    categories = [task.area.name] if task.area is not None else []
    fields = _task_fields(task.name, categories=categories, synonyms=list(names.values_list("text", flat=True)))
    return _object(fields, datasets=(_board_dataset(board, written, shown_only=shown_only) for board in boards), subtasks=())


def _board_dataset(board: Benchmark, written: Written, *, shown_only: bool) -> Iterator[str]:
    directions: dict[str, str] = {}
    rows = _board_rows(board, directions, shown_only=shown_only)
    fields = _dataset_fields(board.dataset.name, description=board.dataset.description)
    yield from _object(fields | {"sota": _sota(rows, directions, written)}, subdatasets=())


_TOLD_OF_ROW = (
    *("model_name", "variant", "stated_day"),
    *(f"paper__{name}" for name in ("title", "url", "arxiv_id", "first_day", "last_day", "code_url")),
)


def _told_of(statement: str) -> Iterator[str]:
    """Yield what writing a number needs of it: making objects with all columns takes as long as all the rest."""
    names = ("value", "value_max", "canonical_value", "canonical_max", "stated", "unit", "decimals", "uncertainty", "qualifier")
    return (f"{statement}__{name}" for name in names)


def _board_rows(board: Benchmark, directions: dict[str, str], *, shown_only: bool) -> list[Row]:
    """Return a board's own results, in a fixed number of queries."""
    results = Result.objects.for_board(board).own()
    shown = ResultValue.objects.filter(result__benchmark=board)
    # By what is known of the board's own links: all costs of the site that stand would be listed for each board.
    tied = CostLink.objects.filter(result__benchmark=board, tied=True, cost__retired_by__isnull=True)
    tied = tied.exclude(cost__state=CurationState.REJECTED).exclude(cost__kind=ClaimKind.DELTA)
    if shown_only and not settings.SHOW_UNREVIEWED:
        # Of a withdrawn paper nothing stands on a board.
        results = results.visible()
        shown, tied = shown.filter(claim__state=CurationState.ACCEPTED), tied.filter(cost__state=CurationState.ACCEPTED)
    metrics: dict[int, dict[str, str]] = defaultdict(dict)
    shown = shown.select_related("claim__metric", "metric").order_by("metric__name", "pk")
    told = (*_told_of("claim"), "claim__metric__name", "claim__metric__unit")
    for value in shown.only("result", "metric__name", "metric__direction", *told).iterator(ROWS_AT_ONCE):
        column = value.metric.name
        directions[column] = value.metric.direction
        metrics[value.result_id][column] = format_number(value.claim, column, among_others=True)
    tied = tied.select_related("cost").order_by("cost__measure", "cost__condition", "cost")
    for link in tied.only("result", *_told_of("cost"), "cost__measure", "cost__condition").iterator(ROWS_AT_ONCE):
        cost = link.cost
        column = name_cost(cost.measure, cost.condition)
        metrics[link.result_id].setdefault(column, format_number(cost, column))
    conditions: dict[int, list[tuple[str, str]]] = defaultdict(list)
    words = ResultCondition.objects.filter(result__benchmark=board).order_by("condition__kind", "text")
    for result, kind, text in words.values_list("result", "condition__kind", "text").iterator(ROWS_AT_ONCE):
        conditions[result].append((kind, text))
    rows = [
        _result_row(result, metrics[result.pk], conditions[result.pk])
        for result in results.select_related("paper").only(*_TOLD_OF_ROW).order_by("model_name", "pk").iterator(ROWS_AT_ONCE)
    ]
    return sorted(rows, key=lambda row: (row["model_name"], row["paper_title"], _dump(row["metrics"])))


def _result_row(result: Result, metrics: dict[str, str], conditions: Sequence[tuple[str, str]]) -> Row:
    paper = result.paper
    model = " ".join(filter(None, [result.model_name, f"({result.variant})" if result.variant else ""]))
    day = result.stated_day
    row: Row = {
        "model_name": model or (paper.title if paper is not None else ""),
        "paper_title": paper.title if paper is not None else "",
        "paper_url": _address(paper) if paper is not None else "",
        "paper_date": _format_days(paper.first_day, paper.last_day) if paper is not None else _format_days(day, day),
        "code_links": _code_links(paper.code_url if paper is not None else ""),
        "model_links": [],
        "metrics": metrics,
        "uses_additional_data": any(kind == ConditionKind.EXTRA_DATA for kind, _ in conditions),
    }
    if conditions:
        row["conditions"] = [text for _, text in conditions]
    return row


def _address(paper: Paper) -> str:
    return paper.url or (f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else "")
