"""Write boards, or what one table brought, as evaluation tables."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import secrets
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims.errors import ExportError
from claims.management.databases import ensure_tables
from claims.services import exports


class Command(BaseCommand):
    help = exports.__doc__ or ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=[exports.EVALUATION_TABLES], default=exports.EVALUATION_TABLES)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--listing", metavar="NAME", help="what this table brought, under its own names; its file's name or its id")
        what.add_argument("--board", nargs="+", default=[], metavar="SLUG", help="these boards; else all")
        parser.add_argument("--output", default="-", metavar="FILE", help="a .json or .json.gz file; - is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        name = options["output"]
        if name != "-" and not name.endswith((".json", ".json.gz")):
            raise CommandError(f"{name} should end in .json or .json.gz.")
        try:
            source = exports.find_table(options["listing"]) if options["listing"] else None
            with _replacing(Path(name)) if name != "-" else contextlib.nullcontext(partial(self.stdout.write, ending="")) as write:
                written = exports.write_table(write, source) if source else exports.write_boards(write, options["board"])
        except ExportError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{name} was not written. {error.strerror or error}.") from error
        left_out = f"; {written.left_out} records without a dataset have no place in this form" if written.left_out else ""
        self.stderr.write(f"{written.rows} rows of {written.datasets} datasets, {written.values} values{left_out}")


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[exports.Write]:
    """Open a file that takes its name only when it is whole; until then, and after an error, what stood there stays."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            with contextlib.ExitStack() as layers:
                # Neither name nor time: the same results give the same bytes.
                packed: Any = layers.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)) if path.suffix == ".gz" else file
                text = io.TextIOWrapper(packed, encoding="utf-8", newline="\n")
                yield text.write
                text.flush()
                text.detach()
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
