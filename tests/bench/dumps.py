"""Measures dumps of a large site: `make bench-dumps` fills a database with a million claims, dumps it, and restores it into an empty one.

Dump and restore run in processes of their own, whose peak memory is the system's figure. What was restored is compared with what was
dumped: the rows of every table are counted, and every board is read in both, all of its rows with their ranks and numbers. The rows are
those of `make bench-boards`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WANTED_MEGABYTES = 300
"""Less than this, of the process that dumps."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Pass:
    """Seconds, those of the processor among them, and peak memory of a process; how many megabytes of files it wrote or read."""

    seconds: float
    cpu: float
    peak: float
    size: float


# ---- what runs inside the site ----


def fill(claims: int) -> None:
    """Fill the site with so many claims, on a board of 10,000, one of 1,000, and many of some hundred rows."""
    from tests.bench import boards

    boards.CLAIMS, boards.PAPERS, boards.BENCHMARKS = claims, claims // 10, max(20, claims // 500)
    boards.fill_large()


def dump(folder: str) -> Pass:
    """Dump the site; the size is that of the public files."""
    from claims import dumps
    from claims.dumps.manifests import MANIFEST, read_manifest

    began, cpu = time.monotonic(), time.process_time()
    dumps.dump_site(Path(folder))
    taken, cpu = time.monotonic() - began, time.process_time() - cpu
    return Pass(taken, cpu, _peak(), read_manifest(Path(folder) / MANIFEST).size / 1e6)


def restore(folder: str) -> Pass:
    """Restore the site into its empty database; the size is that of the archive."""
    from claims import dumps
    from claims.dumps.manifests import MANIFEST, read_manifest

    began, cpu = time.monotonic(), time.process_time()
    dumps.restore_site(Path(folder))
    taken, cpu = time.monotonic() - began, time.process_time() - cpu
    return Pass(taken, cpu, _peak(), read_manifest(Path(folder) / dumps.ARCHIVE / MANIFEST).size / 1e6)


def _peak() -> float:
    """Return the most memory that this process has held, in MB."""
    import resource

    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / 1e6 if sys.platform == "darwin" else held / 1024


def look() -> dict[str, str]:
    """Return the count of every table, and of every board its version and a hash of all that it shows."""
    from django.db.models import Model
    from django.http import QueryDict

    from claims.boards import read_board
    from claims.dumps import archive
    from claims.models import Benchmark, SearchName

    tables: list[type[Model]] = [*archive.TABLES, SearchName]
    found = {model.__name__: str(model._base_manager.count()) for model in tables}
    for board in Benchmark.objects.with_names().order_by("pk"):
        read = read_board(board, QueryDict("role=all"), page_size=None, opened="")
        shown: list[object] = [board.version, repr(read.columns), read.shown, read.total]
        for row in read.rows:
            numbers = {key: (cell.public_id, cell.stated, cell.rank_by) for key, cell in (row.cells | row.costs).items()}
            shown.append((row.public_id, row.rank, row.model, row.variant, row.setting, row.paper_title, row.day, numbers))
        found[f"board {board.slug}"] = hashlib.sha256(repr(shown).encode()).hexdigest()
    return found


# ---- what drives it ----

SETUP = "import sys, json, dataclasses; sys.path[:0] = [{bench!r}, {root!r}]; import dumps as bench; "


def explain(name: str, claims: int, dumped: Pass, restored: Pass, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the lines that say what was measured on a database."""
    other = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    boards = sum(key.startswith("board ") for key in before)
    equal = f"every count of {len(before) - boards} tables, and every one of {boards:,} boards with all its rows, is equal"
    said = [
        f"  {what:<11} {one.seconds:7.0f} s ({one.cpu:.0f} of the processor)   {claims / one.seconds:7,.0f} claims/s   peak {one.peak:.0f} MB   {one.size:,.0f} MB {files}"
        for what, one, files in (("dump", dumped, "of public files"), ("restore", restored, "of archive"))
    ]
    return [
        name,
        *said,
        f"  {dumped.peak:.0f} MB for the dump; wanted: under {WANTED_MEGABYTES}, {'met' if dumped.peak < WANTED_MEGABYTES else 'MISSED'}",
        f"  {equal}; met" if not other else f"  MISSED: {len(other):,} counts or boards differ, such as {', '.join(other[:5])}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1_000_000, help="how many claims the site has (20,000 at least)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    wanted = parser.parse_args(arguments)
    from tests.bench.run import has_postgresql, postgresql_database

    say(f"Dump and restore of a site with {wanted.claims:,} claims, one process after the other")
    if wanted.only != "postgresql":
        measure("SQLite", wanted.claims, lambda: nullcontext(""))
    if wanted.only != "sqlite":
        if has_postgresql():
            measure("PostgreSQL", wanted.claims, postgresql_database)
        else:
            say("PostgreSQL  NOT MEASURED: no server answers (BENCH_DATABASE_URL names one)")


def measure(name: str, claims: int, make_database: Callable[[], AbstractContextManager[str]]) -> None:
    from tests.bench.run import Site, site

    setup = SETUP.format(bench=str(Path(__file__).parent), root=str(ROOT))

    def ask(made: Any, call: str) -> Any:
        return made.shell(
            f"{setup}found = bench.{call}; print(json.dumps(found if isinstance(found, (dict, type(None))) else dataclasses.asdict(found)))"
        )

    with tempfile.TemporaryDirectory() as folder:
        dump_folder = str(Path(folder) / "dump")
        with make_database() as url, site(database=url) as made:
            ask(made, f"fill({claims})")
            dumped = Pass(**ask(made, f"dump({dump_folder!r})"))
            before = ask(made, "look()")
        with make_database() as url:
            (Path(folder) / "restored").mkdir()
            empty = Site(Path(folder) / "restored", database=url)
            empty.run("manage.py", "migrate", "--verbosity=0")
            restored = Pass(**ask(empty, f"restore({dump_folder!r})"))
            after = ask(empty, "look()")
    for line in explain(name, claims, dumped, restored, before, after):
        say(line)


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    main()
