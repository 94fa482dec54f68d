"""Turns records of tables into claims and costs: the same statements that texts give, with a source record in place of a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from claims.errors import ClaimsError
from claims.extraction import quantities, table_numbers
from claims.extraction.quantities import Absent, CellNumber, Unread
from claims.extraction.table_numbers import Measured
from claims.extraction.vocabulary import fraction_limit
from claims.listings.base import Problem, TableCell, TableRecord
from claims.models import Claim, Cost, Flag, Import, Listing, Metric, MLModel, Paper, SourceRecord
from claims.services import catalog, papers, search_names
from claims.services.rows import batches
from claims.services.statements import model_key
from claims.terms import AliasKind, ClaimKind, Direction, FlagKind, Role

AMBIGUOUS = "Whether it is a fraction or a percentage can’t be told from numbers so small: write “%” behind it, or into the header."
PATH = " / "
"""What stands between the parts of a task's or a dataset's path where it is written as one name."""
RULE = "table"
"""The rule id of what a table states."""
CONFIDENCE = 1.0
"""A cell states its number beyond doubt; whether the table is right is another question, and a person's."""


@dataclass(frozen=True, slots=True)
class ReadCell:
    """A number of a record, and the cell that states it."""

    cell: TableCell
    number: CellNumber


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record with its numbers read, before anything of it is stored."""

    record: TableRecord
    scores: list[ReadCell] = field(default_factory=list)
    costs: list[ReadCell] = field(default_factory=list)


def read_records(records: Iterable[TableRecord]) -> tuple[list[ReadRecord], list[Problem]]:
    """Read the values of records; return them, and the values that could not be read. No database."""
    read: list[ReadRecord] = []
    problems: list[Problem] = []
    for record in records:
        found = ReadRecord(record)
        for cell in record.cells:
            parsed = quantities.parse_cell(cell.stated)
            if isinstance(parsed, Absent):
                continue
            reason = parsed.reason if isinstance(parsed, Unread) else _refuse(parsed, cell)
            if isinstance(parsed, Unread) or reason:
                problems.append(_problem(record, cell, reason))
            else:
                (found.scores if cell.measure is None else found.costs).append(ReadCell(cell, parsed[0]))
        read.append(found)
    return read, problems


def _refuse(numbers: Sequence[CellNumber], cell: TableCell) -> str:
    """Return why what a cell states is not taken, '' if it is."""
    if len(numbers) > 1:
        return "It states several numbers, and the table doesn’t say what each of them is."
    return table_numbers.refuse_price(numbers[0], cell.measure, cell.unit) if cell.measure is not None else ""


def _problem(record: TableRecord, cell: TableCell, reason: str) -> Problem:
    return Problem(None, reason, record=record.number, column=cell.column[:200], stated=str(cell.stated)[:200])


def get_import(listing: Listing, *, collection: str) -> Import:
    """Return the import of an uploaded table, made at its first use."""
    defaults = {"listing": listing, "name": listing.name, "format": listing.format, "collection": collection}
    return Import.objects.get_or_create(sha256=listing.sha256, defaults=defaults)[0]


def lock_imports(*sources: Import) -> None:
    """Lock imports, and all others of their collections, until the transaction ends; before papers and models, in the order of ids.

    Parts of one table may state the same row; and of two tables that are joined, each must see what the other has written.
    """
    joined = Import.objects.exclude(collection="").filter(collection__in={source.collection for source in sources})
    of_these = Q(pk__in=[source.pk for source in sources]) | Q(pk__in=joined.values("pk"))
    list(Import.objects.select_for_update(no_key=True).filter(of_these).order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Written:
    """What was stored of a run of records: the ids of the records and of the papers that they name, how many numbers, and what was not
    taken."""

    records: list[int]
    papers: set[int]
    claims: int
    costs: int
    problems: list[Problem]


def write_records(source: Import, read: Sequence[ReadRecord]) -> Written:
    """Store records with their claims and costs, idempotently. Part of the caller's transaction, which settles the rows afterwards."""
    lock_imports(source)
    owners = papers.merge_records([found.record for found in read])
    stored = _store(source, read, owners)
    papers.settle_papers(set(owners.values()))
    names = _resolve(read)
    models = _own_models(read, owners)
    claims: list[Claim] = []
    costs: list[Cost] = []
    problems: list[Problem] = []
    for found in read:
        record = found.record
        common = _common(record, stored[record.number], models[owners.get(record.number), model_key(record.model)])
        seen: Counter[str] = Counter()
        for score in found.scores:
            metric = names.metrics[score.cell.metric]
            unit, largest, percent = score.cell.unit, score.cell.largest, metric.unit == "%"
            measured = table_numbers.measure_score(score.number, unit, percent=percent, largest=largest, most=fraction_limit(metric.name))
            lower = metric.direction == Direction.LOWER
            if table_numbers.is_ambiguous(score.number, unit, percent=percent, lower_is_better=lower, largest=largest):
                problems.append(_problem(record, score.cell, AMBIGUOUS))
                continue
            if reason := _outside(measured, metric):
                problems.append(_problem(record, score.cell, reason))
                continue
            fields = {
                "dataset": names.datasets.get(tuple(record.datasets)),
                "metric": metric,
                "task": names.tasks.get(tuple(record.tasks)),
                "dataset_name": PATH.join(record.datasets)[:300],
                "metric_name": score.cell.metric[:300],
                "task_name": PATH.join(record.tasks)[:300],
            }
            claims.append(Claim(**common, **_number(score, measured, seen), **fields))
        for price in found.costs:
            if (measure := price.cell.measure) is not None:
                measured = table_numbers.measure_price(price.number, measure, price.cell.unit)
                costs.append(
                    Cost(
                        **common,
                        **_number(price, measured, seen),
                        measure=measure,
                        condition=price.cell.condition[:100],
                        note=price.number.note[:300],
                    )
                )
    Claim.objects.bulk_create(claims, ignore_conflicts=True, batch_size=500)
    Cost.objects.bulk_create(costs, ignore_conflicts=True, batch_size=500)
    ids = [row.pk for row in stored.values()]
    _check_stored(Claim, claims, ids)
    _check_stored(Cost, costs, ids)
    _flag_directions(names.metrics.values())
    return Written(ids, set(owners.values()), len(claims), len(costs), problems)


def _store(source: Import, read: Sequence[ReadRecord], owners: Mapping[int, int]) -> dict[int, SourceRecord]:
    """Store the records as they stood in the file, and return them by their numbers."""
    rows = []
    for found in read:
        first, last = papers.possible_days(found.record.date)
        owner = owners.get(found.record.number)
        rows.append(
            SourceRecord(
                source=source,
                number=found.record.number,
                raw=dict(found.record.raw),
                paper_id=owner,
                first_day=first,
                last_day=last,
                code_url=found.record.code_url[:500],
            )
        )
    SourceRecord.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    stored: dict[int, SourceRecord] = {}
    for numbers in batches(row.number for row in rows):
        stored |= {row.number: row for row in SourceRecord.objects.filter(source=source, number__in=numbers).defer("raw")}
    return stored


def _common(record: TableRecord, row: SourceRecord, model: MLModel | None) -> dict[str, Any]:
    return {
        "source_record": row,
        "kind": ClaimKind.ABSOLUTE,
        "role": Role.PROPOSED,
        "model_name": record.model[:300],
        "model_key": model_key(record.model),
        "ml_model": model,
        "variant": record.variant[:300],
        "setting": [{"kind": c.kind, "value": c.value, "text": c.text} for c in record.conditions],
        "confidence": CONFIDENCE,
        "rules": [RULE],
    }


def _number(read: ReadCell, measured: Measured, seen: Counter[str]) -> dict[str, Any]:
    column = read.cell.column[:200] or "?"
    seen[column] += 1
    return {
        "column": column,
        "ordinal": seen[column] - 1,
        "stated": read.number.stated[:200],
        "value": measured.value,
        "value_max": measured.value_max,
        "unit": measured.unit[:40],
        "canonical_value": measured.canonical_value,
        "canonical_max": measured.canonical_max,
        "decimals": read.number.decimals,
        "uncertainty": read.number.uncertainty,
        "qualifier": read.number.qualifier,
    }


def _outside(measured: Measured, metric: Metric) -> str:
    """Return why a score can't be one of its metric, '' if it can."""
    low, high = metric.lower_bound, metric.upper_bound
    ends = [end for end in (measured.canonical_value, measured.canonical_max) if end is not None]
    if (low is not None and min(ends) < low) or (high is not None and max(ends) > high):
        bounds = (
            f"from {low:g} to {high:g}"
            if low is not None and high is not None
            else f"{low:g} or more"
            if high is None
            else f"{high:g} or less"
        )
        return f"{metric.name} is {bounds}{' ' + metric.unit if metric.unit else ''}."
    return ""


def _check_stored(table: type[Claim] | type[Cost], wanted: Sequence[Claim] | Sequence[Cost], records: Sequence[int]) -> None:
    """Raise `ClaimsError` if a number did not get in: SQLite's INSERT OR IGNORE passes over a broken constraint without a word."""
    rows: Any = table._default_manager
    stored = {
        key for some in batches(records) for key in rows.filter(source_record__in=some).values_list("source_record", "column", "ordinal")
    }
    for statement in wanted:
        if (statement.source_record_id, statement.column, statement.ordinal) not in stored:
            raise ClaimsError(f"“{statement.stated}” of {statement.source_record}, “{statement.column}”, breaks a rule of the database.")


# -- names ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Names:
    tasks: dict[tuple[str, ...], Any]
    datasets: dict[tuple[str, ...], Any]
    metrics: dict[str, Metric]


def _resolve(read: Sequence[ReadRecord]) -> _Names:
    """Return the catalogue's entries of all names of the records; what nothing answers to becomes a new, unreviewed entry."""
    scored = [found for found in read if found.scores]
    tasks = {tuple(found.record.tasks) for found in scored if found.record.tasks}
    datasets = {tuple(found.record.datasets) for found in scored if found.record.datasets}
    metrics = {score.cell.metric for found in scored for score in found.scores}
    return _Names(catalog.resolve_task_paths(tasks), catalog.resolve_dataset_paths(datasets), _resolve_metrics(metrics))


_SPLITS = r"valid(?:ation)?|val|dev(?:elopment)?|train(?:ing)?"
_SPLIT = re.compile(rf"(?:(?P<before>{_SPLITS})[ .:_-]+)?(?P<name>.+?)(?:\s*\((?P<behind>{_SPLITS})\))?$", re.IGNORECASE)
_ABBREVIATED = re.compile(r"(?P<name>[^()]+?)\s*\((?P<short>[A-Za-z0-9-]{2,12})\)$")


def _resolve_metrics(headers: Iterable[str]) -> dict[str, Metric]:
    """Return the metric of each header.

    A score on the validation or training split is a metric of its own with the unit and direction of the plain one, never a score beside
    those of the test split: "Validation Accuracy" is "Accuracy, validation". "Bit per Character (BPC)" is known by either name.
    """
    plain: dict[str, str] = {}
    splits: dict[str, str] = {}
    for header in headers:
        found = _SPLIT.match(header)
        split = ((found["before"] or found["behind"] or "") if found else "").lower()
        plain[header] = found["name"] if found and split else header
        splits[header] = "" if not split else "training" if split.startswith("train") else "validation"
    known = catalog.find_names(AliasKind.METRIC, {spelling for name in plain.values() for spelling in _spellings(name)})
    named = {name: next((s for s in _spellings(name) if s in known), name) for name in plain.values()}
    metrics: dict[str, Metric] = catalog.resolve_names(AliasKind.METRIC, dict.fromkeys(named.values(), (None, "")))
    of_splits = {(named[name], splits[header]) for header, name in plain.items() if splits[header]}
    parts = catalog.resolve_names(
        AliasKind.METRIC, dict.fromkeys((f"{metrics[name].name}, {split}" for name, split in of_splits), (None, ""))
    )
    for name, split in sorted(of_splits):
        whole, part = metrics[name], parts[f"{metrics[name].name}, {split}"]
        if not part.reviewed and part.version == 1 and (part.unit, part.direction) != (whole.unit, whole.direction):
            part.unit, part.direction, part.lower_bound, part.upper_bound = (
                whole.unit,
                whole.direction,
                whole.lower_bound,
                whole.upper_bound,
            )
            part.save(update_fields=["unit", "direction", "lower_bound", "upper_bound"])
    return {
        header: parts[f"{metrics[named[name]].name}, {splits[header]}"] if splits[header] else metrics[named[name]]
        for header, name in plain.items()
    }


def _spellings(name: str) -> list[str]:
    """Return the ways that a metric's header may name it, the whole first."""
    found = _ABBREVIATED.match(name)
    if found is None:
        return [name]
    initials = "".join(word[0] for word in re.split(r"[\s-]+", found["name"]) if word)
    return [name, found["name"], found["short"]] if initials.lower() == found["short"].lower() else [name]


def _own_models(read: Sequence[ReadRecord], owners: Mapping[int, int]) -> dict[tuple[int | None, str], MLModel | None]:
    """Return the model of each (paper, key): one that a paper proposes belongs to it, one without a paper to all tables that name it."""
    wanted: dict[tuple[int | None, str], str] = {}
    for found in read:
        wanted.setdefault((owners.get(found.record.number), model_key(found.record.model)), found.record.model)
    named = {pair: name for pair, name in wanted.items() if pair[1]}
    introducing = Paper.objects.in_bulk({paper for paper, _ in named if paper is not None})
    rows = []
    for (paper, key), name in sorted(named.items(), key=lambda pair: (pair[0][0] or 0, pair[0][1])):
        owner = introducing[paper] if paper is not None else None
        slug = catalog.make_slug(name, unique_by=(owner.arxiv_id or owner.title_key) if owner else "table")
        rows.append(MLModel(name=name[:300], name_key=key, slug=slug, introduced_by=owner))
    MLModel.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    found_models: list[MLModel] = []
    for keys_ in batches(key for _, key in named):
        found_models += MLModel.objects.filter(name_key__in=keys_).select_related("merged_into")
    by_pair = {(model.introduced_by_id, model.name_key): model for model in found_models}
    search_names.add_models([by_pair[pair] for pair in named])
    return {pair: by_pair[pair].root() if pair in named else None for pair in wanted}


def find_model_keys(records: Iterable[int]) -> set[str]:
    """Return the keys of the models that records name."""
    return {
        key
        for ids in batches(records)
        for table in (Claim, Cost)
        for key in table.objects.filter(source_record__in=ids).order_by().values_list("model_key", flat=True).distinct()
    }


def _flag_directions(metrics: Iterable[Metric]) -> None:
    """Ask a person for the direction of each metric that has none: a table doesn't say which end is the better one."""
    unknown = {metric.pk: metric for metric in metrics if metric.direction == Direction.UNKNOWN}
    note = "Nobody has said yet whether more or less of “{}” is better; a board that ranks by it has no order until then."
    Flag.objects.bulk_create(
        [
            Flag(kind=FlagKind.DIRECTION, object_kind="metric", object_id=pk, note=note.format(metric.name))
            for pk, metric in sorted(unknown.items())
        ],
        ignore_conflicts=True,
    )
