"""Measures the extraction engine against spaCy's rule pipeline; `make bench-extraction` runs it.

Both read the same titles and abstracts in the same run, each in a process of its own on the same core, by turns, and of their
passes the fastest counts: a busy neighbour is unfair to neither. Speeds are of a core's time, which on an idle machine is the time
that goes by. spaCy gets a blank English pipeline with a sentencizer and an entity ruler (`spacy_rules`). What is compared is a ruler of
phrases with the same names as the engine: every spelling and cue that the engine looks for, and what it recognises by its shape in these
texts. For information there is a ruler with patterns for the classes of things that the engine finds in a text, and two with less, so
that the reader sees what each part costs and may judge by another one: names of our vocabulary and numbers with units, and names alone.
None ties together what it finds, as the engine does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ABSTRACTS = ROOT.parent / "shared" / "abstracts" / "all_fields.jsonl"

WANTED_SPEED, WANTED_RATIO, WANTED_MEMORY = 1000, 4, 300
"""Abstracts a second of a core's time; times spaCy's speed; megabytes."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One reading of all texts: the seconds of a core that it took, and those that went by meanwhile."""

    computing: float
    elapsed: float


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# ---- what runs in the processes ----


def read_papers(path: Path) -> list[tuple[str, str]]:
    """Return the title and abstract of every line."""
    with path.open(encoding="utf-8") as lines:
        return [(paper["title"], paper["abstract"]) for paper in map(json.loads, lines)]


def prepare_engine(papers: list[tuple[str, str]]) -> Callable[[], object]:
    from claims.extraction.pipeline import extract
    from claims.extraction.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()

    def read() -> None:
        for title, abstract in papers:
            extract(title, abstract, vocabulary)

    return read


def prepare_spacy(papers: list[tuple[str, str]], *, rules: str = "patterns") -> Callable[[], object]:
    import spacy

    from claims.extraction.vocabulary import load_vocabulary
    from tests.bench import spacy_rules

    vocabulary = load_vocabulary()
    patterns = spacy_rules.phrases(vocabulary, papers) if rules == "phrases" else getattr(spacy_rules, rules)(vocabulary)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    # A pipe is any function of a document to the types of spaCy, which are there or not.
    ruler: Any = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns(patterns)
    texts = [f"{title}. {abstract}" for title, abstract in papers]

    def read() -> None:
        for _ in nlp.pipe(texts):
            pass

    return read


ENGINE, PHRASES, RULES, NUMBERS, NAMES = "engine", "spaCy phrases", "spaCy rules", "spaCy numbers", "spaCy names"
PREPARE: dict[str, Callable[[list[tuple[str, str]]], Callable[[], object]]] = {
    ENGINE: prepare_engine,
    PHRASES: partial(prepare_spacy, rules="phrases"),
    RULES: prepare_spacy,
    NUMBERS: partial(prepare_spacy, rules="numbers"),
    NAMES: partial(prepare_spacy, rules="names"),
}


def serve(name: str, path: Path, core: int | None) -> None:
    """Read all texts once for every line of standard input; print what each took, and at its end the most memory ever held, in kB."""
    sys.path.insert(0, str(ROOT))
    if core is not None:
        os.sched_setaffinity(0, {core})
    papers = read_papers(path)
    read = PREPARE[name](papers)
    say(json.dumps(len(papers)))
    for _ in sys.stdin:
        began, computed = time.perf_counter(), time.process_time()
        read()
        say(json.dumps([time.process_time() - computed, time.perf_counter() - began]))
    say(json.dumps(_peak()))


def _peak() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


# ---- what runs them and says what came out ----


class Reader:
    """One of the processes, from its start to its end."""

    def __init__(self, name: str, path: Path, core: int | None) -> None:
        self.name = name
        self.passes: list[Pass] = []
        command = [sys.executable, __file__, str(path), "--serve", name, *(("--core", str(core)) if core is not None else ())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.papers = int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line: str = self._process.stdout.readline()
        if not line:
            self.stop()
            raise SystemExit(f"The process of {self.name} ended before its time; what it said stands above.")
        return line

    def read(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.passes.append(Pass(*json.loads(self._answer())))

    def close(self) -> int | None:
        """End the process; return the most memory that it ever held in kB, None where the system does not say."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        peak: int | None = json.loads(self._answer())
        self._process.wait()
        return peak

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def explain(papers: int, passes: dict[str, list[Pass]], peak: int | None) -> list[str]:
    """Return the lines that say what was measured beside what is wanted. `passes` is by reader; `peak` is in kB."""
    best = {name: min(of_one, key=lambda one: one.computing) for name, of_one in passes.items()}
    speed = {name: papers / one.computing for name, one in best.items()}
    ratio, to_rules, to_numbers, to_names = (speed[ENGINE] / speed[name] for name in (PHRASES, RULES, NUMBERS, NAMES))
    lines = [
        f"  {name:<13} {speed[name]:7,.0f} abstracts/s   "
        + (f"wanted: at least {WANTED_SPEED:,}, {_met(speed[name] >= WANTED_SPEED)}   " if name == ENGINE else "")
        + f"(had the core for {min(one.computing / one.elapsed, 1):.0%} of the time)"
        for name, one in best.items()
    ]
    lines += [
        f"  {'ratio':<13} {ratio:7.1f} times spaCy's phrases, the same names   wanted: at least {WANTED_RATIO}, {_met(ratio >= WANTED_RATIO)}",
        f"  {'':<13} {to_rules:7.1f} times spaCy's rules for names, numbers and cues",
        f"  {'':<13} {to_numbers:7.1f} times spaCy's names and numbers with units, which are a part of the work",
        f"  {'':<13} {to_names:7.1f} times spaCy's names alone",
    ]
    if peak is None:
        lines.append(f"  {'memory':<13} NOT MEASURED: this system has no /proc/self/status")
    else:
        megabytes = peak / 1024
        lines.append(
            f"  {'memory':<13} {megabytes:7.0f} MB at most, the texts included   "
            f"wanted: under {WANTED_MEMORY}, {_met(megabytes < WANTED_MEMORY)}"
        )
    return lines


def _met(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def measure(path: Path, passes: int) -> None:
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    readers: list[Reader] = []
    try:
        for name in PREPARE:
            readers.append(Reader(name, path, core))  # noqa: PERF401 - those that have begun must be stopped if the next can't
        engine = readers[0]
        if not engine.papers:
            raise SystemExit(f"NOT MEASURED: {path} is empty.")
        say(f"Extraction of {engine.papers:,} titles and abstracts, one process on one core, the best of {passes} by turns")
        for _ in range(passes):
            for reader in readers:
                reader.read()
        peak, *_ = [reader.close() for reader in readers]
    finally:
        for reader in readers:
            reader.stop()
    for line in explain(engine.papers, {reader.name: reader.passes for reader in readers}, peak):
        say(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", nargs="?", type=Path, default=ABSTRACTS, help="a file of JSON lines with title and abstract")
    parser.add_argument("--passes", type=int, default=3, help="how often each reads all of it")
    parser.add_argument("--serve", choices=list(PREPARE), help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve, wanted.papers, wanted.core)
        return
    if not wanted.papers.is_file():
        raise SystemExit(
            f"NOT MEASURED: {wanted.papers} is not there. Put the material beside the project as ../shared, or name another file of "
            'JSON lines with "title" and "abstract": make bench-extraction ARGS=papers.jsonl'
        )
    if wanted.passes < 1:
        parser.error("--passes must be at least 1")
    measure(wanted.papers, wanted.passes)


if __name__ == "__main__":
    main()
