"""Read claims and costs out of papers in a JSON lines file. Needs no database."""

from __future__ import annotations

import contextlib
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from django.core.management.base import BaseCommand, CommandError

from claims.extraction.guide import paper_json
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary


class PaperLineError(ValueError):
    """A line that is no paper; the message says why."""


class Command(BaseCommand):
    """Read papers, one JSON object with id, title and abstract a line; write one object with id, claims and costs a line."""

    help = (
        'Read claims and costs out of papers. Input: one {"id", "title", "abstract"} object per line. '
        'Output: one {"id", "claims", "costs"} object per line, in the order of the input. '
        "A line that can't be read is reported and skipped; the exit code is then 1."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--input", required=True, metavar="FILE", help="papers as JSON lines; - is standard input")
        parser.add_argument("--output", required=True, metavar="FILE", help="claims as JSON lines; - is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["input"], options["output"]
        if source != "-" and target != "-" and Path(target).exists() and Path(source).exists() and Path(source).samefile(target):
            raise CommandError(f"{target} is the input, too: name another file for the output.")
        vocabulary = load_vocabulary()
        bad = 0
        with _opened(source, "rb") as lines, _opened(target, "wb") as output:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    paper_id, title, abstract = _paper(line)
                except PaperLineError as error:
                    bad += 1
                    self.stderr.write(f"{source}:{number}: {error}")
                    continue
                found = paper_json(paper_id, title, abstract, extract(title, abstract, vocabulary))
                output.write(json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        if bad:
            raise CommandError(f"{bad} {'line' if bad == 1 else 'lines'} could not be read.", returncode=1)


@contextlib.contextmanager
def _opened(name: str, mode: Literal["rb", "wb"]) -> Iterator[IO[bytes]]:
    """Open a file, or hand out the standard stream for "-"."""
    if name == "-":
        stream = sys.stdin.buffer if mode == "rb" else sys.stdout.buffer
        yield stream
        if mode == "wb":
            stream.flush()
        return
    with contextlib.ExitStack() as files:
        try:
            file = files.enter_context(Path(name).open(mode))
        except OSError as error:
            raise CommandError(f"{name} can't be opened: {error.strerror}.") from error
        yield file


def _paper(line: bytes) -> tuple[str, str, str]:
    """Return the id, title and abstract of a line. Raises `PaperLineError`."""
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PaperLineError(f"not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise PaperLineError(f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise PaperLineError("not a paper: nested too deeply") from error
    except ValueError as error:
        raise PaperLineError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise PaperLineError("not a JSON object")
    for key in ("id", "title", "abstract"):
        if key not in row:
            raise PaperLineError(f'"{key}" is missing')
        if not isinstance(row[key], str):
            raise PaperLineError(f'"{key}" is no text')
    return row["id"], row["title"], row["abstract"]
