"""Print what every number of a text was taken as, or why it was left. Needs no database."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims.extraction.drafts import ClaimDraft, CostDraft
from claims.extraction.explaining import Answer, answer_numbers
from claims.extraction.pipeline import EXTRACTOR_VERSION, MAX_ABSTRACT, MAX_TITLE, extract, is_read_whole
from claims.extraction.rules.explanations import PARTS, explain
from claims.extraction.vocabulary import load_vocabulary
from claims.terms import ClaimKind, Qualifier, Role, TextField

NARROWEST, WIDEST, WITHOUT_TERMINAL = 40, 110, 100
"""Columns that the print is laid out for."""
LABEL = 12
NOT_SAID = "–"
QUALIFIERS = {
    Qualifier.EXACT: "exact",
    Qualifier.ABOUT: "about",
    Qualifier.OVER: "more than",
    Qualifier.UNDER: "less than",
    Qualifier.AT_MOST: "up to",
    Qualifier.AT_LEAST: "at least",
}
ROLES = {Role.PROPOSED: "proposed: the paper’s own", Role.BASELINE: "baseline: somebody else’s"}
_OPEN, _CLOSE = "\ue000", "\ue001"
# a terminal would obey these, and the last two mark the numbers
_NOT_SHOWN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069{_OPEN}{_CLOSE}]")
_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte of the command line that is no UTF-8
_UNIT = re.compile(r"[^\W\d_]*(?:[ \u00a0\u2009]?\\?%)?")


class Command(BaseCommand):
    help = (
        "Say of every number of a text what it was taken as, with the rules that say so, or why it was left. "
        "Without a database; the vocabulary is the shipped one."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="?", default="", help="a sentence or a whole abstract")
        parser.add_argument("--title", default="", help="the paper's title: it names the method and may state numbers, too")
        parser.add_argument("--file", metavar="FILE", help="read the abstract from a text file; - is standard input")
        parser.add_argument("--json", action="store_true", help="print one JSON object with all slots of every number")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] and options["text"]:
            raise CommandError("There are two texts: give the sentence or --file, not both.")
        title = _SURROGATE.sub("\ufffd", options["title"])
        abstract = _SURROGATE.sub("\ufffd", _read(options["file"]) if options["file"] else options["text"])
        if not title.strip() and not abstract.strip():
            missing = f"{options['file']} holds no text" if options["file"] else "There is no text"
            raise CommandError(f"{missing}. Give a sentence in quotes, --title, or --file with a text file (- is standard input).")
        answers = answer_numbers(extract(title, abstract, load_vocabulary()))
        texts = {TextField.TITLE: title, TextField.ABSTRACT: abstract}
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(texts, answers), ensure_ascii=False, indent=2))
            return
        if not is_read_whole(title, abstract):
            self.stderr.write(f"Only {MAX_TITLE:,} characters of a title and {MAX_ABSTRACT:,} of an abstract are read, the rest is not.")
        self._print({text_field: _NOT_SHOWN.sub("\ufffd", text) for text_field, text in texts.items()}, answers)

    def _print(self, texts: dict[TextField, str], answers: list[Answer]) -> None:
        columns = shutil.get_terminal_size((WITHOUT_TERMINAL, 24)).columns
        width = max(NARROWEST, min(WIDEST, columns))
        for text_field, text in texts.items():
            if text.strip():
                for line in textwrap.wrap(_with_marks(text_field, text, answers), width):
                    self.stdout.write(self._coloured(line, answers))
                self.stdout.write("")
        for number, answer in enumerate(answers, start=1):
            stated = " ".join(texts[answer.text_field][answer.number.start : answer.number.end].split())
            for statement in answer.statements:
                self.stdout.write(self._style(answer)(f"[{number}] {stated}  {_what(statement)}"))
                self._rows(_slots(statement), width)
                self._rows((("rules" if not at else "", _with_id(rule)) for at, rule in enumerate(statement.rules)), width)
            if answer.reason:
                self.stdout.write(
                    self._style(answer)(f"[{number}] {stated}  {'part of a number' if answer.reason in PARTS else 'not taken'}")
                )
                self._rows([("reason", _with_id(answer.reason))], width)
            self.stdout.write("")
        self.stdout.write(textwrap.fill(_summary(answers), width))

    def _rows(self, rows: Iterable[tuple[str, str]], width: int) -> None:
        """Print labels with their texts beside them, wrapped under each other."""
        for label, text in rows:
            lines = textwrap.wrap(text, width - LABEL - 4) or [""]
            self.stdout.write(f"    {self.style.HTTP_INFO(label) if label else ''}{' ' * (LABEL - len(label))}{lines[0]}")
            for line in lines[1:]:
                self.stdout.write(" " * (LABEL + 4) + line)

    def _style(self, answer: Answer) -> Callable[[str], str]:
        if not answer.statements:
            return self.style.HTTP_NOT_MODIFIED
        return self.style.SUCCESS if any(isinstance(said, ClaimDraft) for said in answer.statements) else self.style.WARNING

    def _coloured(self, line: str, answers: list[Answer]) -> str:
        """Return a line of the text with its marks in brackets, each in the colour of its answer."""
        marks = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
        return marks.sub(lambda mark: self._style(answers[int(mark[1]) - 1])(f"[{mark[1]}]"), line)


def _read(name: str) -> str:
    """Return a text file's text. Raises `CommandError` that says what to do."""
    try:
        text = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} can't be read: {error.strerror}. Name a text file, or - for standard input.") from error
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is no text in UTF-8 (byte {error.start + 1}). Save it as plain text in UTF-8.") from error


def _with_marks(text_field: TextField, text: str, answers: list[Answer]) -> str:
    """Return the text with the place of each number in the list behind it and its unit."""
    parts, at = [], 0
    for number, answer in enumerate(answers, start=1):
        if answer.text_field is text_field:
            unit = _UNIT.match(text, answer.number.end)
            end = unit.end() if unit is not None else answer.number.end
            parts += [text[at:end], f"{_OPEN}{number}{_CLOSE}"]
            at = end
    return "".join([*parts, text[at:]])


def _what(statement: ClaimDraft | CostDraft) -> str:
    kind = {ClaimKind.ABSOLUTE: "", ClaimKind.DELTA: ", a difference", ClaimKind.RATIO: ", a ratio"}[statement.kind]
    return f"{'cost' if isinstance(statement, CostDraft) else 'claim'}{kind}"


def _slots(statement: ClaimDraft | CostDraft) -> Iterator[tuple[str, str]]:
    """Yield every slot of a statement by its name; what the text does not say is "–", what it does not say itself is marked."""

    def told(slot: str, value: str | None) -> tuple[str, str]:
        return slot, (value or NOT_SAID) + (" (inferred)" if slot in statement.inferred else "")

    if isinstance(statement, ClaimDraft):
        yield told("metric", statement.metric)
        yield told("dataset", statement.dataset)
        yield told("task", statement.task)
    else:
        yield told("measure", statement.measure.value.replace("_", " "))
    yield told("value", _value(statement))
    yield told("unit", statement.unit)
    yield told("kind", statement.kind.value)
    yield told("qualifier", QUALIFIERS[statement.qualifier])
    yield told("model", statement.model)
    yield told("variant", statement.variant)
    yield told("role", ROLES[statement.role])
    yield told("setting", "; ".join(condition.text for condition in statement.setting))
    if isinstance(statement, CostDraft):
        yield told("note", statement.note)
    yield told("confidence", f"{statement.confidence:.2f}")


def _value(statement: ClaimDraft | CostDraft) -> str:
    decimals = None if statement.value >= 1e4 else statement.decimals
    value, upper = (
        None if end is None else f"{end:,.{decimals}f}" if decimals else f"{end:,.12g}" for end in (statement.value, statement.value_max)
    )
    spread = "" if statement.uncertainty is None else f" ± {statement.uncertainty:g}"
    return f"{value}{'' if upper is None else f' to {upper}'}{spread}"


def _with_id(rule: str) -> str:
    return f"{explain(rule)} ({rule})"


def _summary(answers: list[Answer]) -> str:
    if not answers:
        return f"No number stands in this text. (Extractor {EXTRACTOR_VERSION})"
    claims = sum(isinstance(said, ClaimDraft) for answer in answers for said in answer.statements)
    costs = sum(isinstance(said, CostDraft) for answer in answers for said in answer.statements)
    parts = sum(answer.reason in PARTS for answer in answers)
    left = sum(bool(answer.reason) for answer in answers) - parts
    counts = (_count(claims, "claim"), _count(costs, "cost"), f"{left} not taken")
    return f"{_count(len(answers) - parts, 'number')}: {', '.join(counts)}. (Extractor {EXTRACTOR_VERSION})"


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _as_json(texts: dict[TextField, str], answers: list[Answer]) -> dict[str, Any]:
    """Return all answers as one object. Offsets count code points of `title` and `abstract`."""
    return {
        "title": texts[TextField.TITLE],
        "abstract": texts[TextField.ABSTRACT],
        "extractor_version": EXTRACTOR_VERSION,
        "numbers": [
            {
                "field": answer.text_field.value,
                "start": answer.number.start,
                "end": answer.number.end,
                "stated": texts[answer.text_field][answer.number.start : answer.number.end],
                "taken_as": [_statement_json(said, texts[answer.text_field]) for said in answer.statements],
                "reason": _explained(answer.reason) if answer.reason else None,
            }
            for answer in answers
        ],
    }


def _statement_json(said: ClaimDraft | CostDraft, text: str) -> dict[str, Any]:
    measured = (
        {"dataset": said.dataset, "metric": said.metric, "task": said.task}
        if isinstance(said, ClaimDraft)
        else {"measure": said.measure.value, "note": said.note}
    )
    return {
        "type": "claim" if isinstance(said, ClaimDraft) else "cost",
        "model": said.model,
        "variant": said.variant,
        "role": said.role.value,
        **measured,
        "value": said.value,
        "value_max": said.value_max,
        "uncertainty": said.uncertainty,
        "unit": said.unit,
        "kind": said.kind.value,
        "qualifier": said.qualifier.value,
        "setting": [{"kind": condition.kind.value, "value": condition.value, "text": condition.text} for condition in said.setting],
        "confidence": said.confidence,
        "inferred": list(said.inferred),
        "evidence": text[said.evidence.start : said.evidence.end],
        "rules": [_explained(rule) for rule in said.rules],
    }


def _explained(rule: str) -> dict[str, str]:
    return {"id": rule, "sentence": explain(rule)}
