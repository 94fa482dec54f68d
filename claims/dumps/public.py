"""What a dump tells everybody: the site as readers see it, in files of rows without any id that is the database's own.

Left out is what readers of the boards and of the API don't see: statements that were rejected, withdrawn or, where SHOW_UNREVIEWED is
off, reviewed by nobody, and who of the site's users did what. Abstracts and records stand whole, as their pages show them to everybody.
A copy that others have made can't be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Substr

from claims.dumps.lines import BYTES_AT_ONCE, FETCHED_AT_ONCE
from claims.models import (
    Alias,
    Benchmark,
    Claim,
    Cost,
    CostLink,
    Dataset,
    Import,
    Listing,
    Metric,
    MLModel,
    Paper,
    Result,
    ResultCondition,
    ResultValue,
    SourceRecord,
    Task,
)
from claims.querysets import text_shown
from claims.terms import CANONICAL_UNITS, AliasKind, CostMeasure, ListingState

ROWS_AT_ONCE = 2_000

Convert = Callable[[Any], Any]
Joined = Callable[[int, int], Mapping[int, Any]]
"""From the first to the last of the rows at hand: what belongs to each of them."""

TEXT, NUMBER, COUNT, FLAG, DAY, MOMENT, TEXTS = (
    *(pa.string(), pa.float64(), pa.int32(), pa.bool_(), pa.date32(), pa.timestamp("us", tz="UTC"), pa.list_(pa.string())),
)
SETTING = pa.list_(pa.struct([("kind", TEXT), ("value", TEXT), ("text", TEXT)]))
ANYTHING = None


def _or_null(value: Any) -> Any:
    return value or None


@dataclass(frozen=True)
class Member:
    """A member of each row: its name, what it is for readers, its type in columns, and where it comes from.

    `source` is what the database is asked for; `convert` makes the member of that. Nothing stated is null.
    """

    name: str
    help: str
    kind: Any
    source: Any
    convert: Convert | None = None


@dataclass(frozen=True)
class Joint:
    """A member that other tables have: it is asked for together for many rows; `empty` is that of a row without any."""

    name: str
    help: str
    kind: Any
    read: Joined
    empty: Any = None


@dataclass(frozen=True)
class Told:
    """A file of rows: which rows, and what is told of each."""

    name: str
    help: str
    rows: Callable[[], QuerySet[Any]]
    members: Sequence[Member]
    joints: Sequence[Joint] = ()
    columns: bool = False
    """Whether the rows are written in columns (Parquet), too."""
    schema: pa.Schema = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fields = [pa.field(m.name, m.kind, metadata={"description": m.help}) for m in self.all_members if m.kind is not None]
        object.__setattr__(self, "schema", pa.schema(fields))

    @property
    def all_members(self) -> list[Member | Joint]:
        return [*self.members, *self.joints]

    @property
    def names(self) -> list[str]:
        return [member.name for member in self.all_members]

    def describe(self) -> dict[str, str]:
        """Return what each member is, by its name."""
        return {member.name: member.help for member in self.all_members}

    def read(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows by their ids, some thousand at a time, or less where they are long."""
        texts = {f"told_{number}": member.source for number, member in enumerate(self.members) if not isinstance(member.source, str)}
        wanted = [m.source if isinstance(m.source, str) else f"told_{number}" for number, m in enumerate(self.members)]
        converting = [(place, member.convert) for place, member in enumerate(self.members, start=1) if member.convert is not None]
        rows = self.rows().order_by("pk").annotate(**texts).values_list("pk", *wanted)
        waiting: list[list[Any]] = []
        size = 0
        for row in rows.iterator(chunk_size=FETCHED_AT_ONCE):
            told = list(row)
            size += sum([len(value) for value in row if type(value) is str])
            for place, convert in converting:
                told[place] = convert(told[place])
            waiting.append(told)
            if len(waiting) == ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
                yield self._join(waiting)
                waiting, size = [], 0
        if waiting:
            yield self._join(waiting)

    def _join(self, rows: list[list[Any]]) -> list[tuple[Any, ...]]:
        first, last = rows[0][0], rows[-1][0]
        for joint in self.joints:
            found = joint.read(first, last)
            for row in rows:
                row.append(found.get(row[0], joint.empty))
        return [tuple(row[1:]) for row in rows]


def write_line(names: Sequence[str], row: Sequence[Any]) -> bytes:
    return orjson.dumps(dict(zip(names, row, strict=True)))


# ---- which rows ----

_OF_WITHDRAWN_TABLE = Q(source_record__source__listing__state=ListingState.WITHDRAWN)
_NOT_WITHDRAWN = Q(listing__isnull=True) | ~Q(listing__state=ListingState.WITHDRAWN)


def list_claims() -> QuerySet[Claim]:
    return Claim.objects.visible().exclude(_OF_WITHDRAWN_TABLE)


def list_costs() -> QuerySet[Cost]:
    return Cost.objects.visible().exclude(_OF_WITHDRAWN_TABLE)


def list_rows() -> QuerySet[Result]:
    return Result.objects.visible().filter(benchmark__merged_into__isnull=True)


def list_models() -> QuerySet[MLModel]:
    return MLModel.objects.filter(Exists(Result.objects.visible().filter(ml_model=OuterRef("pk"))), merged_into__isnull=True)


def _list_aliases() -> QuerySet[Alias]:
    hidden = Q(kind=AliasKind.MODEL) & ~Exists(list_models().filter(pk=OuterRef("ml_model")))
    return Alias.objects.exclude(hidden)


def _list_tables() -> QuerySet[Import]:
    return Import.objects.filter(_NOT_WITHDRAWN)


def _list_records() -> QuerySet[SourceRecord]:
    return SourceRecord.objects.exclude(source__listing__state=ListingState.WITHDRAWN)


def _list_papers() -> QuerySet[Paper]:
    return Paper.objects.filter(merged_into__isnull=True, withdrawn=False)


# ---- what is told of each ----

_PAPER = "paper__public_id"


def _of_origin(name: str) -> Coalesce:
    """A paper's field, by the text or the record that states a number."""
    return Coalesce(f"paper_text__paper__{name}", f"source_record__paper__{name}")


def _setting(conditions: Any) -> list[dict[str, str]]:
    return [{key: _whole(condition.get(key, "")) for key in ("kind", "value", "text")} for condition in conditions]


def _whole(text: Any) -> str:
    """Return text without half characters, which JSON can hold and no file of text."""
    return str(text).encode(errors="replace").decode()


def _as_it_stands(written: str) -> orjson.Fragment:
    """Return JSON as the database has it: with whole numbers of any length."""
    return orjson.Fragment(written.replace("\n", " "))


def _evidence() -> Case:
    """The evidence's own characters, cut out by the database: an abstract is twenty times as long."""
    length = F("evidence_end") - F("evidence_start")
    # Texts begin at 1 there.
    cut = {part: Substr(f"paper_text__{part}", F("evidence_start") + 1, length) for part in ("title", "abstract")}
    return Case(
        When(paper_text__isnull=True, then=Value(None)),
        When(field="title", then=cut["title"]),
        When(text_shown("paper_text__paper__"), then=cut["abstract"]),
        default=Value(None),
    )


def _abstract() -> Case:
    return Case(When(text_shown(), then=F("current_text__abstract")), default=Value(None))


def _place(name: str) -> Case:
    return Case(When(paper_text__isnull=True, then=Value(None)), default=F(name))


def _statement(*, canonical_unit: Member, of_kind: Sequence[Member]) -> list[Member]:
    return [
        Member("id", "its stable id", TEXT, "public_id"),
        *of_kind,
        Member("kind", "absolute (a score or a price), delta (a difference) or ratio", TEXT, "kind"),
        Member("role", "proposed: of the paper's own method; baseline: quoted for another one", TEXT, "role"),
        Member("model", "the model's slug; null for a name that no single model answers to", TEXT, "ml_model__slug"),
        Member("model_name", "the model's name as stated; null for the paper's own unnamed method", TEXT, "model_name", _or_null),
        Member("variant", "which form of the model", TEXT, "variant", _or_null),
        Member("setting", "the conditions: kind, comparable value, and the text's own words", SETTING, "setting", _setting),
        Member("value", "the number as stated, in `unit`", NUMBER, "value"),
        Member("value_max", "the upper end of a stated range, else null", NUMBER, "value_max"),
        Member("unit", "the unit that the number is stated in, '' for none", TEXT, "unit"),
        Member("stated", "the number's own characters", TEXT, "stated"),
        Member("decimals", "how many decimals are stated", COUNT, "decimals"),
        Member("qualifier", "= exact, ~ about, >, <, >=, <= for bounds", TEXT, "qualifier"),
        Member("uncertainty", "what is stated behind ±, in `unit`", NUMBER, "uncertainty"),
        Member(
            "canonical_value", "the number in the measure's one unit, `canonical_unit`; null where there is none", NUMBER, "canonical_value"
        ),
        Member("canonical_max", "the upper end of a range in `canonical_unit`", NUMBER, "canonical_max"),
        canonical_unit,
        Member("paper", "the paper's id; null for a record that names none", TEXT, _of_origin("public_id")),
        Member("date", "the last day that the paper's date may mean", DAY, _of_origin("last_day")),
        Member("evidence", "the words that state it; null for a record, and where the paper's text is withheld", TEXT, _evidence()),
        Member("field", "title or abstract: where the words stand", TEXT, "field", _or_null),
        Member("evidence_start", "where the words begin there, in Unicode code points", COUNT, _place("evidence_start")),
        Member("evidence_end", "where the words end, exclusive", COUNT, _place("evidence_end")),
        Member("number_start", "where the number begins", COUNT, _place("start")),
        Member("number_end", "where the number ends, exclusive", COUNT, _place("end")),
        Member("table", "the id of the table that states it; null for a text", TEXT, "source_record__source__public_id"),
        Member("record", "the number of the record in the table, from 1", COUNT, "source_record__number"),
        Member("column", "the header that it stands under in the table", TEXT, "column", _or_null),
        Member("confidence", "how sure the reading is, 0 to 1", NUMBER, "confidence"),
        Member("rules", "the rules that took the number", TEXTS, "rules"),
        Member("inferred", "what the text leaves unsaid", TEXTS, "inferred"),
        Member("extractor", "the version of what read it; null for a record", TEXT, "run__extractor_version"),
        Member("vocabulary", "the hash of the names that it read by", TEXT, "run__vocabulary_hash"),
        Member("state", "accepted or unreviewed", TEXT, "state"),
        Member("decided_by", "nobody, policy (sure enough for the site) or person", TEXT, "decided_by"),
        Member("tier", "verified or disputed, null for neither", TEXT, "tier", _or_null),
        Member("tier_reason", "why it is verified or disputed", TEXT, "tier_reason", _or_null),
        Member("tier_link", "where that can be read", TEXT, "tier_link", _or_null),
    ]


def _collect(pairs: Iterator[tuple[int, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for pk, value in pairs:
        found.setdefault(pk, []).append(value)
    return found


def _rows_of_costs(first: int, last: int) -> dict[int, list[str]]:
    # Asked of each of these links: a list of all rows would be made for every thousand of them.
    shown = Exists(list_rows().filter(pk=OuterRef("result")))
    links = CostLink.objects.filter(shown, cost__gte=first, cost__lte=last, tied=True).order_by("result_id")
    return _collect(links.values_list("cost_id", "result__public_id").iterator())


def _conditions_of_rows(first: int, last: int) -> dict[int, list[dict[str, str]]]:
    stated = ResultCondition.objects.filter(result__gte=first, result__lte=last).order_by("condition__kind", "condition__key")
    rows = stated.values_list("result_id", "condition__kind", "condition__value", "text").iterator()
    return _collect((pk, {"kind": kind, "value": value, "text": text}) for pk, kind, value, text in rows)


def _values_of_rows(first: int, last: int) -> dict[int, list[dict[str, Any]]]:
    told = Exists(list_claims().filter(pk=OuterRef("claim")))
    shown = ResultValue.objects.filter(told, result__gte=first, result__lte=last).order_by("metric__slug")
    rows = shown.values_list("result_id", "metric__slug", "claim__public_id", "others", "conflicts").iterator()
    return _collect(
        (pk, {"metric": metric, "claim": claim, "others": others, "conflicts": conflicts}) for pk, metric, claim, others, conflicts in rows
    )


def _costs_of_rows(first: int, last: int) -> dict[int, list[str]]:
    told = Exists(list_costs().filter(pk=OuterRef("cost")))
    links = CostLink.objects.filter(told, result__gte=first, result__lte=last, tied=True).order_by("cost_id")
    return _collect(links.values_list("result_id", "cost__public_id").iterator())


_CLAIMS = Told(
    "claims",
    "numbers that are stated as results, each with the words or the record that states it",
    list_claims,
    _statement(
        canonical_unit=Member(
            "canonical_unit", "the metric's unit: % for percent from 0 to 100, '' for a bare number", TEXT, "metric__unit"
        ),
        of_kind=[
            Member("board", "the slug of the board that it stands on, null where it stands on none", TEXT, "result__benchmark__slug"),
            Member("row", "the id of its row there", TEXT, "result__public_id"),
            Member("task", "the task's slug", TEXT, "task__slug"),
            Member("dataset", "the dataset's slug", TEXT, "dataset__slug"),
            Member("metric", "the metric's slug", TEXT, "metric__slug"),
            Member("direction", "which numbers of the metric are better: higher, lower or unknown", TEXT, "metric__direction"),
            Member("task_name", "what the text says of the task", TEXT, "task_name", _or_null),
            Member("dataset_name", "what the text says of the dataset", TEXT, "dataset_name", _or_null),
            Member("metric_name", "what the text says of the metric", TEXT, "metric_name", _or_null),
        ],
    ),
    columns=True,
)

_UNITS = {measure.value: CANONICAL_UNITS.get(measure, "") for measure in CostMeasure}

_COSTS = Told(
    "costs",
    "numbers that are stated as prices; for all but throughput and speed lower is better",
    list_costs,
    _statement(
        canonical_unit=Member("canonical_unit", "the measure's one unit, '' for a bare count", TEXT, "measure", _UNITS.get),
        of_kind=[
            Member("measure", "what is measured: parameters, flops, latency and others", TEXT, "measure"),
            Member(
                "condition", "what it was measured on: costs under different conditions are not comparable", TEXT, "condition", _or_null
            ),
            Member("note", "what else the text says of it", TEXT, "note", _or_null),
        ],
    ),
    joints=[Joint("rows", "the ids of the rows whose price it is", TEXTS, _rows_of_costs, [])],
    columns=True,
)

FILES: tuple[Told, ...] = (
    Told(
        "tasks",
        "what models are asked to do",
        lambda: Task.objects.filter(merged_into__isnull=True),
        [
            Member("slug", "its stable word in addresses", TEXT, "slug"),
            Member("name", "its name", TEXT, "name"),
            Member("area", "the slug of the area that its boards are grouped in", TEXT, "area__slug"),
            Member("area_name", "the area's name", TEXT, "area__name"),
            Member("primary_metric", "the slug of the metric that its boards rank by", TEXT, "primary_metric__slug"),
            Member("reviewed", "shipped or confirmed by a curator; else read out of a text", FLAG, "reviewed"),
        ],
    ),
    Told(
        "datasets",
        "what models are measured on",
        lambda: Dataset.objects.filter(merged_into__isnull=True),
        [
            Member("slug", "its stable word in addresses", TEXT, "slug"),
            Member("name", "its name", TEXT, "name"),
            Member("description", "a few words on it", TEXT, "description", _or_null),
            Member("parent", "the slug of what it is a part of", TEXT, "parent__slug"),
            Member("default_task", "the slug of the task that it stands for", TEXT, "default_task__slug"),
            Member("default_metric", "the slug of the metric that a bare score on it means", TEXT, "default_metric__slug"),
            Member("single_label", "whether accuracy on it is top-1 accuracy", FLAG, "single_label"),
            Member("reviewed", "shipped or confirmed by a curator; else read out of a text", FLAG, "reviewed"),
        ],
    ),
    Told(
        "metrics",
        "what numbers measure, with unit and direction",
        lambda: Metric.objects.filter(merged_into__isnull=True),
        [
            Member("slug", "its stable word in addresses", TEXT, "slug"),
            Member("name", "its name", TEXT, "name"),
            Member("unit", "the unit of its numbers: % for percent from 0 to 100, '' for a bare number", TEXT, "unit"),
            Member("direction", "which numbers are better: higher, lower or unknown", TEXT, "direction"),
            Member("family", "what kind of metric it is", TEXT, "family", _or_null),
            Member("lower_bound", "the least that it can be, in `unit`", NUMBER, "lower_bound"),
            Member("upper_bound", "the most that it can be, in `unit`", NUMBER, "upper_bound"),
            Member("reviewed", "shipped or confirmed by a curator; else read out of a text", FLAG, "reviewed"),
        ],
    ),
    Told(
        "models",
        "models with a row on a board",
        list_models,
        [
            Member("slug", "its stable word in addresses", TEXT, "slug"),
            Member("name", "its name", TEXT, "name"),
            Member(
                "introduced_by",
                "the id of the paper that introduced it",
                TEXT,
                Case(When(introduced_by__withdrawn=False, then="introduced_by__public_id"), default=None),
            ),
            Member("reviewed", "confirmed by a curator; else read out of a text", FLAG, "reviewed"),
        ],
    ),
    Told(
        "aliases",
        "ways to write the names of tasks, datasets, metrics and models",
        _list_aliases,
        [
            Member("kind", "task, dataset, metric or model", TEXT, "kind"),
            Member("slug", "the slug of what is meant", TEXT, Coalesce("task__slug", "dataset__slug", "metric__slug", "ml_model__slug")),
            Member("text", "the way to write it", TEXT, "text"),
            Member("scope", "where it means that; null for everywhere", TEXT, "scope", _or_null),
            Member("exact_case", "whether it means that in this case only", FLAG, "exact_case"),
            Member("reviewed", "shipped or confirmed by a curator", FLAG, "reviewed"),
        ],
    ),
    Told(
        "papers",
        "papers with their abstracts, which belong to their authors",
        _list_papers,
        [
            Member("id", "its stable id", TEXT, "public_id"),
            Member("title", "its title", TEXT, "title"),
            Member("arxiv_id", "its arXiv id", TEXT, "arxiv_id", _or_null),
            Member("first_day", "the first day that its date may mean", DAY, "first_day"),
            Member("last_day", "the last day that its date may mean", DAY, "last_day"),
            Member("date_source", "how the date is known", TEXT, "date_source", _or_null),
            Member("url", "where it can be read", TEXT, "url", _or_null),
            Member("code_url", "where its code is", TEXT, "code_url", _or_null),
            Member("abstract", "the abstract that numbers are read out of; null where it is withheld", TEXT, _abstract(), _or_null),
        ],
    ),
    Told(
        "listings",
        "uploaded files that papers and tables came in",
        lambda: Listing.objects.exclude(state=ListingState.WITHDRAWN),
        [
            Member("id", "its stable id", TEXT, "public_id"),
            Member("name", "the file's name", TEXT, "name"),
            Member("sha256", "the file's SHA-256", TEXT, "sha256"),
            Member("size", "the file's size in bytes", pa.int64(), "size"),
            Member("format", "what kind of file it is", TEXT, "format", _or_null),
            Member("state", "how far it has been read", TEXT, "state"),
            Member("entries", "how many papers or records it holds", COUNT, "entry_count"),
            Member("year", "the year that completes its dates", COUNT, "year"),
            Member("uploaded", "when it came (UTC)", MOMENT, "created"),
        ],
    ),
    Told(
        "tables",
        "tables of results that were taken in",
        _list_tables,
        [
            Member("id", "its stable id", TEXT, "public_id"),
            Member("listing", "the id of the listing that brought it", TEXT, "listing__public_id"),
            Member("name", "its name", TEXT, "name"),
            Member("sha256", "the file's SHA-256", TEXT, "sha256"),
            Member("format", "what kind of file it is", TEXT, "format"),
            Member("collection", "what it belongs together with", TEXT, "collection", _or_null),
            Member("source_url", "where it is from", TEXT, "source_url", _or_null),
            Member("licence", "the terms under which its makers published it", TEXT, "licence", _or_null),
        ],
    ),
    Told(
        "records",
        "records of tables, whole as they stood there: also with numbers that were rejected, or that nobody has reviewed",
        _list_records,
        [
            Member("table", "the table's id", TEXT, "source__public_id"),
            Member("record", "the number of the record in the table, from 1", COUNT, "number"),
            Member("raw", "the record", ANYTHING, Cast("raw", TextField()), _as_it_stands),
            Member("paper", "the id of the paper that it names", TEXT, _PAPER),
            Member("first_day", "the first day that the date of its result may mean", DAY, "first_day"),
            Member("last_day", "the last day that the date of its result may mean", DAY, "last_day"),
            Member("code_url", "where its code is", TEXT, "code_url", _or_null),
        ],
    ),
    Told(
        "boards",
        "tasks on datasets, each with the metric that it ranks by",
        lambda: Benchmark.objects.visible(),
        [
            Member("slug", "its stable word in addresses", TEXT, "slug"),
            Member("task", "the task's slug", TEXT, "task__slug"),
            Member("dataset", "the dataset's slug", TEXT, "dataset__slug"),
            Member("metric", "the slug of the metric that it ranks by", TEXT, "primary_metric__slug"),
            Member("unit", "the unit of that metric", TEXT, "primary_metric__unit"),
            Member("direction", "which numbers of that metric are better", TEXT, "primary_metric__direction"),
            Member("rows", "how many ranking rows it has", COUNT, "shown_rows"),
            Member("version", "counts the board's changes", COUNT, "version"),
            Member("changed", "when it last changed (UTC)", MOMENT, "changed"),
        ],
    ),
    Told(
        "rows",
        "rows of boards: a model, in one variant and setting, as one paper or table states it",
        list_rows,
        [
            Member("id", "its stable id", TEXT, "public_id"),
            Member("board", "the board's slug", TEXT, "benchmark__slug"),
            Member("role", "proposed: of the paper's own method, or of a table; baseline: quoted, and without a rank", TEXT, "role"),
            Member("model", "the model's slug", TEXT, "ml_model__slug"),
            Member("model_name", "the model's name; null for the paper's own unnamed method", TEXT, "model_name", _or_null),
            Member("variant", "which form of the model", TEXT, "variant", _or_null),
            Member("paper", "the paper's id", TEXT, _PAPER),
            Member("table", "the id of the table that it is from, where it is from no paper", TEXT, "source__public_id"),
            Member("date", "the last day that its date may mean", DAY, Coalesce("paper__last_day", "stated_day")),
        ],
        joints=[
            Joint("setting", "the conditions: kind, comparable value, and the row's own words", SETTING, _conditions_of_rows, []),
            Joint("values", "the claim that it shows under each metric, and how many others stand behind", ANYTHING, _values_of_rows, []),
            Joint("costs", "the ids of its costs", TEXTS, _costs_of_rows, []),
        ],
    ),
    _CLAIMS,
    _COSTS,
)
