"""The catalogue as a file, out and in again: CSV, JSON or XLSX. What goes out can come in, and then changes nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from django.db.models import Model, QuerySet
from import_export import fields, resources
from import_export.formats import base_formats

from claims import spreadsheets
from claims.services import entries
from claims.services.entries import Fault, Row

MOST_MEGABYTES = 5
_UNPACKED = 60 * 1024 * 1024
_PARTS = 300
"""An XLSX file is packed; this is how large it and how many its parts may be."""
_LONGEST_CELL = 100_000

COLUMNS: Mapping[str, tuple[str, ...]] = {
    kind: ("slug", *(name.removesuffix("_id") for name in entries.FIELDS[kind]), *entries.LISTS[kind]) for kind in entries.IMPORTED
}
_FLAGS = ("reviewed", "single_label")
_NUMBERS = ("lower_bound", "upper_bound")
_LISTS = ("aliases", "exact_aliases", "splits")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


# ---- out ----

FORMATS: Mapping[str, type[Any]] = {"csv": base_formats.CSV, "json": base_formats.JSON, "xlsx": base_formats.XLSX}


class EntryResource(resources.Resource):  # type: ignore[misc] # import_export has no types
    """Entries of one kind as the rows of a file: what they refer to by its slug, lists with a line for each."""

    def __init__(self, kind: str, *, form: str) -> None:
        super().__init__()
        self.kind, self.form = kind, form
        self.fields = {name: fields.Field(column_name=name) for name in COLUMNS[kind]}
        self._states: dict[int, dict[str, Any]] = {}
        self._slugs: dict[str, dict[int, str]] = {}

    def before_export(self, queryset: QuerySet[Any], **kwargs: Any) -> None:
        self._states = entries.read_states(list(queryset))
        self._slugs = {
            name: dict(entries.REFERS[name]._default_manager.values_list("pk", "slug"))
            for name in entries.FIELDS[self.kind]
            if name in entries.REFERS
        }

    def get_export_order(self, selected_fields: Any = None) -> list[str]:
        return list(self.fields)

    def export_resource(self, instance: Model, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        state = self._states[instance.pk]
        row = {"slug": getattr(instance, "slug", "")}
        for name, value in state.items():
            row[name.removesuffix("_id")] = self._slugs[name].get(value, "") if name in entries.REFERS else value
        return [self._write(row[name]) for name in self.fields]

    def _write(self, value: Any) -> Any:
        if self.form == "json":
            return value
        if isinstance(value, list):
            value = "\n".join(value)
        if isinstance(value, str):
            return spreadsheets.make_safe_for_return(_ILLEGAL.sub(" ", value))
        if self.form == "csv":
            return "" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
        return value


def write_file(kind: str, rows: QuerySet[Any], *, form: str) -> tuple[bytes, str]:
    """Return entries as a file, with its content type."""
    writer = FORMATS[form]()
    written = writer.export_data(EntryResource(kind, form=form).export(queryset=rows))
    return (written if isinstance(written, bytes) else written.encode("utf-8")), writer.get_content_type()


# ---- in ----


class UnreadableFileError(Exception):
    """A file that is no table of entries; `faults` say where and why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].message)
        self.faults = list(faults)


def read_file(kind: str, content: bytes) -> list[Row]:
    """Return the rows of a file of entries, whatever of the three formats it has. Raises `UnreadableFileError`.

    An empty cell says that there is nothing; a column that the file lacks says nothing, and what stands there stays.
    """
    if len(content) > MOST_MEGABYTES * 1024 * 1024:
        raise UnreadableFileError(Fault(1, "", f"It has more than {MOST_MEGABYTES} MB. Part it into several files."))
    start = content[:64].lstrip()
    if content[:4] == b"PK\x03\x04":
        lines = _read_xlsx(content)
    elif start[:1] in (b"[", b"{"):
        return _read_rows(kind, _read_json(content))
    elif start[:1] == b"<":
        raise UnreadableFileError(Fault(1, "", "It is a web page or XML. A catalogue comes as CSV, JSON or XLSX."))
    elif content[:8] in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",) or content[:5] == b"%PDF-":
        raise UnreadableFileError(Fault(1, "", "It is an old Excel file or a PDF. A catalogue comes as CSV, JSON or XLSX."))
    else:
        lines = _read_csv(content)
    return _read_rows(kind, _name_cells(kind, lines))


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = "It is not UTF-8 from here on. Save it again as “CSV UTF-8”, or as XLSX."
        raise UnreadableFileError(Fault(line, "", message)) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UnreadableFileError(Fault(line, "", "It holds a NUL character, which no text has. Save it again as “CSV UTF-8”."))
    return text


def _read_csv(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    text = _decode(content)
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else "\t" if first.count("\t") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [spreadsheets.take_back(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"It is no CSV from here on ({error}). Look for a quote that is not closed."
        raise UnreadableFileError(Fault(line, "", message)) from error


_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What no cell of a workbook can hold."""
_BROKEN = (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, ParseError, OSError, EOFError, RuntimeError)
"""What openpyxl raises for files that are none of its own."""


def _read_xlsx(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    import openpyxl  # it brings an imaging library along, which no process of the site needs until then

    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
        if len(parts) > _PARTS or sum(part.file_size for part in parts) > _UNPACKED:
            raise UnreadableFileError(Fault(1, "", "It is too large when it is unpacked. Part it into several files."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=entries.MOST_ROWS + 3, max_col=100, values_only=True)
        for line, cells in enumerate(rows, 1):
            yield line, [spreadsheets.take_back(cell) if isinstance(cell, str) else cell for cell in cells]
    except _BROKEN as error:
        raise UnreadableFileError(Fault(1, "", "It is no XLSX file, or a broken one. Save it again.")) from error


def _read_json(content: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the objects of a JSON array, with their places in it, from 1."""
    try:
        read = json.loads(_decode(content))
    except json.JSONDecodeError as error:
        raise UnreadableFileError(Fault(error.lineno, "", f"It is no JSON from here on: {error.msg}.")) from error
    except RecursionError as error:
        raise UnreadableFileError(Fault(1, "", "It is nested too deeply for a table.")) from error
    if not isinstance(read, list):
        raise UnreadableFileError(Fault(1, "", "It is one object. A catalogue is an array of them, each an entry."))
    for place, row in enumerate(read, 1):
        if not isinstance(row, dict):
            raise UnreadableFileError(Fault(place, "", "This entry of the array is no object."))
        yield place, row


def _name_cells(kind: str, lines: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the rows of a table by the names that its first line gives the columns. Blank lines are passed over."""
    header: list[str] = []
    for line, cells in lines:
        while cells and (cells[-1] is None or cells[-1] == "") and len(cells) > len(header):
            cells.pop()
        if not any(cell not in (None, "") for cell in cells):
            continue
        if not header:
            header = [str(cell or "").strip().lower() for cell in cells]
            twice = next((name for name in header if header.count(name) > 1), None)
            if twice is not None:
                raise UnreadableFileError(Fault(line, twice, "There are two columns of this name."))
            _check_columns(kind, line, header)
            continue
        if len(cells) != len(header):
            message = f"It has {len(cells)} cells, and the first line names {len(header)} columns."
            raise UnreadableFileError(Fault(line, "", message))
        yield line, dict(zip(header, cells, strict=True))


def _check_columns(kind: str, line: int, names: Iterable[str]) -> None:
    if strange := [name for name in names if name not in COLUMNS[kind]]:
        known = ", ".join(COLUMNS[kind])
        raise UnreadableFileError(*(Fault(line, name[:60], f"There is no such column. There are {known}.") for name in strange[:5]))
    if not {"slug", "name"} & set(names):
        raise UnreadableFileError(Fault(line, "", "A column “slug” or “name” must say which entry a line is about."))


def _read_rows(kind: str, named: Iterator[tuple[int, Mapping[str, Any]]]) -> list[Row]:
    references = {
        name: dict(entries.REFERS[name]._default_manager.values_list("slug", "pk"))
        for name in entries.FIELDS[kind]
        if name in entries.REFERS
    }
    found: list[Row] = []
    faults: list[Fault] = []
    for line, cells in named:
        if len(found) >= entries.MOST_ROWS:
            raise UnreadableFileError(Fault(line, "", f"It has more than {entries.MOST_ROWS:,} entries. Part it into several files."))
        _check_columns(kind, line, cells)
        wish: dict[str, Any] = {}
        for name, cell in cells.items():
            if name == "slug":
                continue
            key = f"{name}_id" if f"{name}_id" in references else name
            try:
                wish[key] = _read_cell(key, cell, references)
            except ValueError as error:
                faults.append(Fault(line, name, str(error)))
        try:
            found.append(Row(line, _text(cells.get("slug")), wish))
        except ValueError as error:
            faults.append(Fault(line, "slug", str(error)))
    if faults:
        raise UnreadableFileError(*faults[:200])
    if not found:
        raise UnreadableFileError(Fault(1, "", "It holds no entry."))
    return found


def _read_cell(name: str, cell: Any, references: Mapping[str, Mapping[str, int]]) -> Any:
    """Return what a cell says, as a state has it. Raises `ValueError`, in words for who made the file."""
    if name in _FLAGS:
        word = _text(cell).lower()
        if word not in _WORDS:
            raise ValueError(f"“{word[:40]}” is neither true nor false.")
        return _WORDS[word]
    if name in _NUMBERS:
        text = _text(cell)
        try:
            return float(text) if text else None
        except ValueError:
            raise ValueError(f"“{text[:40]}” is no number.") from None
    if name in _LISTS:
        if isinstance(cell, list):
            if not all(isinstance(text, str) for text in cell):
                raise ValueError("It is no list of texts.")
            return [line for text in cell for line in entries.split_lines(text)]
        return entries.split_lines(_text(cell))
    if name in references:
        slug = _text(cell)
        return references[name].get(slug, slug) if slug else None
    return _text(cell)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if not isinstance(cell, str | int | float):
        raise ValueError("It is no text.")
    text = str(cell).strip()
    if len(text) > _LONGEST_CELL:
        raise ValueError(f"It has more than {_LONGEST_CELL:,} characters.")
    return text
