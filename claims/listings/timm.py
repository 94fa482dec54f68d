"""Readers of the tables that timm publishes of its image models: results on ImageNet and its relatives, what inference costs, and what
the models were pretrained on.

A row of results names a model as "architecture.tag"; the other two tables know the architecture only. What the columns don't say
stands in the file's name: the dataset ("results-imagenet-a.csv"), or the hardware and precision
("benchmark-infer-amp-nchw-pt291-cu130-5090.csv").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from claims.errors import EmptyListingError, ListingError
from claims.listings.base import ChunkMark, Problem, StatedCondition, Survey, TableCell, TableRecord
from claims.listings.csv_records import CsvRecord, mark_chunks, read_csv, split_line
from claims.listings.unpacking import open_table
from claims.terms import ConditionKind, CostMeasure, EntryKind

COLLECTION = "timm"
TASKS = ("Image Classification",)

DATASETS: dict[str, tuple[str, ...]] = {
    "imagenet": ("ImageNet-1K",),
    "imagenetv2-matched-frequency": ("ImageNet-V2",),
    "imagenet-a": ("ImageNet-A",),
    "imagenet-r": ("ImageNet-R",),
    "imagenet-real": ("ImageNet-ReaL",),
    "imagenet-sketch": ("ImageNet-Sketch",),
    "sketch": ("ImageNet-Sketch",),
    # The validation set of ImageNet-1K, of the 200 classes that the other set has
    "imagenet-a-clean": ("ImageNet-1K", "classes of ImageNet-A"),
    "imagenet-r-clean": ("ImageNet-1K", "classes of ImageNet-R"),
}
"""What a results file measures on, by its name without "results-" and ".csv"."""

_MAX_SLUG = 40  # characters of a variant that are stored
# What browsers and file managers put into the name of a second copy: "results-imagenet (1).csv", "results-imagenet - Copy.csv"
_COPY = re.compile(r"\s*\(\d+\)|[\s_-]+copy\b(?:\s*\d+)?")
_ENDS = re.compile(r"(?:\.(?:csv|gz|gzip|txt))+$")

# What a word of a tag says of the data beside ImageNet-1K: its comparable name, and what is shown. Words that aren't listed name
# recipes ("ra2", "e3600"), makers ("fb", "goog") and sizes ("384").
EXTRA_DATA: dict[str, tuple[str, str]] = {
    word: (name, text or name)
    for words, name, text in (
        ("in21k in22k in21ft1k in22ft1k", "ImageNet-21K", ""),
        ("in12k", "ImageNet-12K", "ImageNet-12K, a part of ImageNet-21K"),
        ("jft jft300m", "JFT-300M", ""),
        ("jft3b", "JFT-3B", ""),
        ("jft4b", "JFT-4B", ""),
        ("ig1b", "IG-1B", "IG-1B, images of Instagram with hashtags"),
        ("swag", "IG-3.6B", "IG-3.6B, images of Instagram with hashtags (SWAG)"),
        ("seer", "SEER", "random images of the internet (SEER)"),
        ("yfcc100m yfc", "YFCC-100M", ""),
        ("yfcc15m", "YFCC-15M", ""),
        ("cc12m", "CC12M", ""),
        ("laion2b", "LAION-2B", ""),
        ("laion400m", "LAION-400M", ""),
        ("laiona", "LAION-Aesthetics", "LAION-Aesthetics, a part of LAION-5B"),
        ("openai", "WIT-400M", "WIT-400M, the image-text pairs of OpenAI's CLIP"),
        ("webli", "WebLI", ""),
        ("m30m", "Merged-30M", "Merged-30M, a merger of public sets (EVA)"),
        ("m38m", "Merged-38M", "Merged-38M, a merger of public sets (EVA-02)"),
        ("merged2b", "Merged-2B", "Merged-2B, a merger of image-text pairs (EVA-CLIP)"),
        ("6m", "SSLD 6M", "6 million images without labels (SSLD)"),
        ("lvd142m", "LVD-142M", ""),
        ("lvd1689m", "LVD-1689M", ""),
        ("dfn2b", "DFN-2B", ""),
        ("dfn5b", "DFN-5B", ""),
        ("datacompxl", "DataComp-XL", ""),
        ("datacompdr", "DataCompDR", ""),
    )
    for word in words.split()
}
# A CLIP model whose tag doesn't say what it was trained on is EVA's, which saw LAION-400M
_CLIP = "clip"
_CLIP_DATA = ("LAION-400M", "LAION-400M")
_PAIRS = frozenset({"laion2b", "laion400m", "laiona", "openai", "webli", "merged2b", "dfn2b", "dfn5b", "datacompxl", "datacompdr"})
# The second stage goes on from the first, "ssld_stage1_in22k_in1k"
_SECOND_STAGE = "stage2"

_NAME_RESULTS = (
    "Give it the name that timm gives it, as “results-imagenet.csv”: the name says on which images the models were tested. Known are "
    + ", ".join(f"results-{slug}.csv" for slug in DATASETS)
    + "."
)
_NAME_BENCHMARK = (
    "Give it the name that timm gives it, as “benchmark-infer-amp-nchw-pt291-cu130-5090.csv”: the name says with which precision and on "
    "which hardware the models were measured."
)

PRECISIONS = {
    "amp": "AMP",
    "fp32": "FP32",
    "fp16": "FP16",
    "bf16": "BF16",
    "float32": "FP32",
    "float16": "FP16",
    "bfloat16": "BF16",
    "tf32": "TF32",
}
COMPILERS = frozenset({"dynamo", "inductor", "jit", "torchscript", "aot", "compile"})
# Whose versions go unsaid: those of the first file of a device. A later file with others names them, or the two can't be told apart.
USUAL_VERSIONS = {"RTX 5090": ("pt291", "cu130"), "i7-12700H": ("pt240",)}
_VERSION = re.compile(r"(pt|cu)(\d+)")
_GEFORCE = re.compile(r"(?:rtx)?[ _-]?([2-9]0[5-9]0)(ti|s|d)?")  # "5090", "rtx4090", "2080ti"
_INTEL = re.compile(r"(i[3579])[_ ](\d{4,5}\w{0,3})")  # "i7_12700h"


def stem_of(name: str) -> str:
    """Return a file's name in lower case, without its folder, its endings and a copy's number."""
    plain = _COPY.sub("", name.replace("\\", "/").rpartition("/")[2].lower()).strip()
    return _ENDS.sub("", plain).strip()


def read_extra_data(words: Sequence[str]) -> tuple[StatedCondition, ...]:
    """Return the training data beside ImageNet-1K that the words of a tag name, each set once, in the order of the tag."""
    found = [EXTRA_DATA[word] for word in words if word in EXTRA_DATA]
    if _CLIP in words and not _PAIRS.intersection(words):
        found.insert(0, _CLIP_DATA)
    if _SECOND_STAGE in words:
        found.append(EXTRA_DATA["in22k"])
    return tuple(StatedCondition(ConditionKind.EXTRA_DATA, name, text) for name, text in dict.fromkeys(found))


def read_pretraining(stated: str) -> tuple[StatedCondition, ...]:
    """Return the training data that the table of pretraining says of an architecture ("in22k-in1k")."""
    return read_extra_data(re.split("[-_]", stated.lower()))


def name_benchmark(slug: str) -> str:
    """Return what a benchmark was measured on, from its file's name ("amp-nchw-pt291-cu130-5090" -> "RTX 5090, AMP").

    '' if the name says no hardware or no precision. Channels-last, the compiler and other versions than usual are told, too.
    """
    precision = layout = ""
    versions: list[str] = []
    others: list[str] = []
    device = ""
    for word in slug.split("-"):
        if word in PRECISIONS and not precision:
            precision = PRECISIONS[word]
        elif word in ("nchw", "nhwc"):
            layout = word
        elif _VERSION.fullmatch(word):
            versions.append(word)
        elif word in COMPILERS:
            others.append(word)
        elif word in ("cpu", "gpu", "cuda", ""):
            continue
        elif not device:
            device = _name_device(word)
        else:
            others.append(word)
    if not device or not precision:
        return ""
    if layout == "nhwc":
        others.append("channels last")
    if versions and tuple(versions) != USUAL_VERSIONS.get(device):
        others += [_name_version(word) for word in versions]
    return ", ".join([device, precision, *others])


def _name_device(word: str) -> str:
    if match := _GEFORCE.fullmatch(word):
        return f"RTX {match[1]}{' Ti' if match[2] == 'ti' else (match[2] or '').upper()}"
    if match := _INTEL.fullmatch(word):
        return f"{match[1]}-{match[2].upper()}"
    return word.replace("_", " ").upper()


def _name_version(word: str) -> str:
    """Return a version in readable words: its last digits are single ("pt291" -> "PyTorch 2.9.1", "pt210" -> "PyTorch 2.1.0", "cu130" ->
    "CUDA 13.0", "pt2100" -> "PyTorch 2.10.0"; "pt113" is 1.13)."""
    kind, digits = word[:2], word[2:]
    if kind == "cu":
        return f"CUDA {digits[:-1]}.{digits[-1]}" if len(digits) > 1 else f"CUDA {digits}"
    if digits.startswith("1") and len(digits) > 2:
        return f"PyTorch 1.{digits[1:]}"
    if len(digits) > 2:
        return f"PyTorch {digits[0]}.{digits[1:-1]}.{digits[-1]}"
    return f"PyTorch {'.'.join(digits)}"


@dataclass(frozen=True, slots=True)
class _Row:
    """A row by its columns, with its number and what was wrong with it."""

    number: int
    line: int
    cells: dict[str, str]
    problem: str = ""
    note: str = ""

    def complain(self, reason: str, column: str = "") -> Problem:
        return Problem(self.line, reason, record=self.number, column=column, stated=self.cells.get(column, "")[:200])


class _TimmReader:
    """What the three tables have in common."""

    holds = EntryKind.RECORDS
    collection = COLLECTION
    needs_mapping = False
    columns: ClassVar[frozenset[str]]
    """The columns that tell the table from others."""

    def recognises(self, head: str) -> bool:
        return self.columns.issubset(split_line(head.partition("\n")[0]))

    def survey(self, stream: BinaryIO, encoding: str, *, chunk_size: int, name: str = "") -> Survey:
        variant = self._read_name(name)
        table = open_table(stream)
        problems = list(table.problems)
        entries = 0
        for row in _read_rows(table.stream, encoding):
            if isinstance(row, Problem):
                problems.append(row)
            else:
                entries = row.number
        if not entries:
            msg = "The table has a header and no row under it."
            raise EmptyListingError(msg)
        return Survey(
            encoding=encoding,
            variant=variant,
            entries=entries,
            latest_year=None,
            chunks=mark_chunks(entries, chunk_size),
            problems=tuple(problems),
        )

    def read(self, stream: BinaryIO, survey: Survey, chunk: ChunkMark) -> Iterator[TableRecord | Problem]:
        last = -1
        for row in _read_rows(open_table(stream).stream, survey.encoding):
            if isinstance(row, Problem) or row.number <= chunk.first:
                continue  # the survey tells what is wrong with the whole table
            last = row.number - 1
            if row.problem:
                yield row.complain(row.problem)
            elif not row.cells["model"]:
                yield row.complain("It names no model.", "model")
            else:
                if row.note:
                    yield row.complain(row.note)
                yield from self._read_row(row, survey.variant)
            if last == chunk.last:
                return
        msg = f"The file ends before record {chunk.last + 1} of {survey.entries}; it has changed since it was first read."
        yield Problem(None, msg, fatal=True)

    def _read_name(self, name: str) -> str:
        """Return what `read` needs of the file's name. Raises `ListingError` if it doesn't say it."""
        raise NotImplementedError

    def _read_row(self, row: _Row, variant: str) -> Iterator[TableRecord | Problem]:
        raise NotImplementedError


class TimmResultsReader(_TimmReader):
    """Accuracy of models, a row each."""

    name = "timm-results"
    label = "timm table of results"
    columns = frozenset({"model", "img_size", "top1", "top5"})

    def _read_name(self, name: str) -> str:
        slug = stem_of(name).removeprefix("results-")
        if slug not in DATASETS:
            given = f"Its name “{name}” says of no known dataset that it was measured on. " if name else ""
            msg = f"The file is a timm table of results. {given}{_NAME_RESULTS}"
            raise ListingError(msg)
        return slug

    def _read_row(self, row: _Row, variant: str) -> Iterator[TableRecord | Problem]:
        model, _, tag = row.cells["model"].partition(".")
        if not model:
            yield row.complain("It names no model.", "model")
            return
        resolution = _read_resolution(row, "img_size")
        if isinstance(resolution, Problem):
            yield resolution
            resolution = ()
        cells = [
            TableCell("top1", row.cells["top1"], metric="Top-1 accuracy", unit="%"),
            TableCell("top5", row.cells["top5"], metric="Top-5 accuracy", unit="%"),
        ]
        if "param_count" in row.cells:
            cells.append(TableCell("param_count", row.cells["param_count"], measure=CostMeasure.PARAMETERS, unit="M"))
        yield TableRecord(
            number=row.number,
            raw=row.cells,
            cells=tuple(cells),
            tasks=TASKS,
            datasets=DATASETS[variant],
            model=model,
            variant=tag,
            conditions=(*resolution, *read_extra_data(tag.split("_"))),
        )


class TimmBenchmarkReader(_TimmReader):
    """What inference costs, a row for each architecture and size of image. What is measured belongs to the file's hardware and precision:
    the counts of operations, too, since some models are counted otherwise in another mode."""

    name = "timm-benchmark"
    label = "timm inference benchmark"
    columns = frozenset({"model", "infer_img_size", "infer_samples_per_sec"})

    def _read_name(self, name: str) -> str:
        slug = stem_of(name).removeprefix("benchmark-").removeprefix("infer-")
        if len(slug) > _MAX_SLUG or not name_benchmark(slug):
            given = f"Its name “{name}” doesn't say what it was measured on. " if name else ""
            msg = f"The file is a timm inference benchmark. {given}{_NAME_BENCHMARK}"
            raise ListingError(msg)
        return slug

    def _read_row(self, row: _Row, variant: str) -> Iterator[TableRecord | Problem]:
        resolution = _read_resolution(row, "infer_img_size")
        if isinstance(resolution, Problem):
            yield resolution
            resolution = ()
        measured_on = name_benchmark(variant)
        taken = [("infer_samples_per_sec", CostMeasure.THROUGHPUT, "1/s"), ("infer_gmacs", CostMeasure.MACS, "G")]
        if row.cells.get("infer_batch_size") in ("1", "1.0"):  # else it is the time of a whole batch
            taken.append(("infer_step_time", CostMeasure.LATENCY, "ms"))
        yield TableRecord(
            number=row.number,
            raw=row.cells,
            cells=tuple(
                TableCell(column, row.cells[column], measure=measure, unit=unit, condition=measured_on)
                for column, measure, unit in taken
                if column in row.cells
            ),
            model=row.cells["model"],
            conditions=resolution,
        )


class TimmPretrainingReader(_TimmReader):
    """What an architecture was pretrained on. It has no values: only what it says of other rows' settings."""

    name = "timm-pretraining"
    label = "timm table of pretraining"
    columns = frozenset({"model", "pretrain"})

    def recognises(self, head: str) -> bool:
        return split_line(head.partition("\n")[0]) == ["model", "pretrain"]

    def _read_name(self, name: str) -> str:
        return ""

    def _read_row(self, row: _Row, variant: str) -> Iterator[TableRecord | Problem]:
        conditions = read_pretraining(row.cells["pretrain"])
        yield TableRecord(number=row.number, raw=row.cells, model=row.cells["model"], conditions=conditions)


def _read_resolution(row: _Row, column: str) -> tuple[StatedCondition, ...] | Problem:
    """Return the resolution as a condition, valued as a text's "384x384" is."""
    stated = row.cells[column]
    if not re.fullmatch(r"[1-9][0-9]{0,4}", stated):
        return row.complain("The size of the images can't be read; the record is kept without it.", column)
    return (StatedCondition(ConditionKind.RESOLUTION, f"{stated}x{stated}", f"{stated} × {stated}"),)


def _read_rows(stream: BinaryIO, encoding: str) -> Iterator[_Row | Problem]:
    """Yield the rows under the header, and what is wrong with the header."""
    records = read_csv(stream, encoding)
    header = next(records, None)
    if header is None or header.problem:
        return
    columns = list(header.fields)
    twice = sorted({column for column in columns if columns.count(column) > 1})
    for column in twice:
        yield Problem(
            header.line, f"The column “{column[:80]}” stands twice in the header; the first of them is read.", column=column[:200]
        )
    for number, record in enumerate(records, start=1):
        yield _make_row(number, record, columns)


def _make_row(number: int, record: CsvRecord, columns: Sequence[str]) -> _Row:
    if record.problem:
        return _Row(number, record.line, {}, record.problem)
    if list(record.fields) == columns:
        return _Row(number, record.line, {}, "It is the header again.")
    cells: dict[str, str] = {}
    for column, field in zip(columns, record.fields, strict=True):
        cells.setdefault(column, field)
    return _Row(number, record.line, cells, note=record.note)
