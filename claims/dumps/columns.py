"""Writes rows in columns, as Parquet: some ten thousand at a time, so that the memory it takes does not grow with them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from pyarrow import parquet

from claims.dumps.lines import HashedFile
from claims.dumps.manifests import WrittenFile

ROWS_OF_A_GROUP = 20_000


class ParquetFile:
    """A new file of row groups."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self.name, self.rows, self._schema = name, 0, schema
        self._target = HashedFile(folder, name)
        self._writer = parquet.ParquetWriter(pa.PythonFile(self._target, mode="w"), schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows; each has a value for each column, in order."""
        arrays = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), self._schema, strict=True)]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self.rows += len(rows)
        if sum(batch.num_rows for batch in self._waiting) >= ROWS_OF_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=2 * ROWS_OF_A_GROUP)
            self._waiting = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._flush()
            self._writer.close()
        else:
            # It would try to when it is forgotten, into a closed file.
            with contextlib.suppress(Exception):
                self._writer.close()
        self._target.__exit__(kind, error, trace)

    def describe(self) -> WrittenFile:
        """Return what a manifest says of the file, once it is closed."""
        return WrittenFile(self.name, self._target.size, self._target.sha256, rows=self.rows)
