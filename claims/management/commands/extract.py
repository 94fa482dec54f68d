"""Read claims and costs out of papers in a JSON lines file. Needs no database, but for a second reader's answers and budget."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

from django.core.management.base import BaseCommand, CommandError

from claims.extraction.drafts import Extraction
from claims.extraction.guide import paper_json
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import load_vocabulary
from claims.management.databases import ensure_tables
from claims.services import second_reader

PAPERS_AT_ONCE = 50
"""So many papers are read before a second reader is shown what they leave open."""

_BATCH = 32
"""Lines that a process is given at a time."""
_AHEAD = 4
"""Batches a process that are read before their turn: enough to keep all busy, and a bound on memory."""

Line = tuple[int, bytes]
"""The number of a line, from 1, and what it says."""


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
        parser.add_argument(
            "--second-reader",
            action="store_true",
            help="have what the rules leave open read by the model that SECOND_READER_BASE_URL names; its answers and its budget are the "
            "site's, so this needs the database",
        )
        parser.add_argument(
            "--processes", type=int, default=1, metavar="N", help="processes that read side by side; the output is the same"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["input"], options["output"]
        if source != "-" and target != "-" and Path(target).exists() and Path(source).exists() and Path(source).samefile(target):
            raise CommandError(f"{target} is the input, too: name another file for the output.")
        if options["processes"] < 1:
            raise CommandError("--processes must be at least 1.")
        if options["second_reader"]:
            if not second_reader.is_configured():
                raise CommandError("There is no second reader: SECOND_READER_BASE_URL and SECOND_READER_MODEL are not set.")
            if options["processes"] > 1:
                raise CommandError("--second-reader asks from one process: leave --processes out.")
            ensure_tables(make=True)
        bad = 0
        try:
            with _opened(source, "rb") as lines, _opened(target, "wb") as output:
                results = self._read_twice(lines) if options["second_reader"] else _results(lines, processes=options["processes"])
                for number, result in results:
                    if isinstance(result, PaperLineError):
                        bad += 1
                        self.stderr.write(f"{source}:{number}: {result}")
                    else:
                        output.write(result)
        except BrokenProcessPool as error:
            raise CommandError("A process was ended from outside; the output ends where that was noticed.", returncode=1) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped; the output holds the papers read so far.", returncode=130) from error
        if bad:
            raise CommandError(f"{bad} {'line' if bad == 1 else 'lines'} could not be read.", returncode=1)

    def _read_twice(self, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes | PaperLineError]]:
        """Yield what `_results` does, with what a second reader fills in; it is shown several papers at a time."""
        vocabulary = load_vocabulary()
        numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
        while batch := list(islice(numbered, PAPERS_AT_ONCE)):
            read: list[tuple[int, str, second_reader.Reading]] = []
            for number, line in batch:
                try:
                    paper_id, title, abstract = _paper(line)
                except PaperLineError as error:
                    yield number, error
                    continue
                read.append((number, paper_id, second_reader.Reading(title, abstract, extract(title, abstract, vocabulary))))
            second = second_reader.read_open([reading for *_, reading in read], vocabulary)
            if second.reason:
                self.stderr.write(f"The second reader did not look at {second.unasked} of {len(read)} papers: {second.reason}.")
            for (number, paper_id, reading), found in zip(read, second.extractions, strict=True):
                yield number, _line_for(paper_id, reading.title, reading.abstract, found)


def _results(lines: Iterable[bytes], *, processes: int) -> Iterator[tuple[int, bytes | PaperLineError]]:
    """Yield, in the order of the lines, the number of each that is not blank and the line of output for it or why there is none."""
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    if processes == 1:
        for line in numbered:
            yield _read(line)
        return
    pool = ProcessPoolExecutor(processes, initializer=_begin)
    try:
        waiting: deque[Future[list[tuple[int, bytes | PaperLineError]]]] = deque()
        while batch := list(islice(numbered, _BATCH)):
            waiting.append(pool.submit(_read_batch, batch))
            if len(waiting) >= _AHEAD * processes:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Prepare a process of the pool: Ctrl-C is its parent's business, and it does not outlive that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_batch(batch: list[Line]) -> list[tuple[int, bytes | PaperLineError]]:
    return [_read(line) for line in batch]


def _read(numbered: Line) -> tuple[int, bytes | PaperLineError]:
    number, line = numbered
    try:
        paper_id, title, abstract = _paper(line)
    except PaperLineError as error:
        return number, error
    return number, _line_for(paper_id, title, abstract, extract(title, abstract, load_vocabulary()))


def _line_for(paper_id: str, title: str, abstract: str, found: Extraction) -> bytes:
    return json.dumps(paper_json(paper_id, title, abstract, found), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


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
