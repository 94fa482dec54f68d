"""Marks the numbers in texts, and prints what a paper's page lists of them. No queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from claims.boards import PaperPage, is_by_rule
from claims.extraction.rules.explanations import PARTS, explain
from claims.models import Claim, Cost, Flag, Paper, Statement
from claims.terms import ClaimKind, CurationState, DateSource, DecidedBy, FlagKind, RejectReason, Role
from leaderboard.addresses import paper_address, search_address

register = template.Library()


# ---- words ----


@register.filter
def date_source(paper: Paper) -> str:
    """Return in words how a paper's date is known."""
    words = {
        DateSource.STATED: "stated in a listing",
        DateSource.YEAR_GIVEN: "the year was given with the listing",
        DateSource.YEAR_INFERRED: "the year is inferred from the listing",
        DateSource.TABLE: "the day of a result, as a table gives it",
        DateSource.CURATOR: "set by a curator",
    }
    return words[DateSource(paper.date_source)] if paper.date_source else ""


@register.filter
def reject_reason(reason: str) -> str:
    return {RejectReason.NOT_A_RESULT: "not a result", RejectReason.WRONGLY_READ: "wrongly read"}.get(RejectReason(reason), reason)


@register.filter
def flag_words(flag: Flag) -> str:
    """Return what a flag says, without the number and the paper that it begins with: the page shows both."""
    if flag.kind == FlagKind.REPORT:
        return f"A reader reports: {flag.note}"
    return flag.note if is_by_rule(flag) else flag.note.rpartition("): ")[2]


@register.filter
def where_to_read(paper: Paper) -> str:
    """Return the address of a paper itself, or of a search for it."""
    return paper_address(paper) or search_address(paper)


AUTO_ACCEPTED = "auto-accepted"
"""How pages call what the site accepted by itself."""


@register.filter
def statement_state(statement: Statement) -> str:
    if statement.state != CurationState.ACCEPTED:
        return statement.state
    return statement.tier or (AUTO_ACCEPTED if statement.decided_by == DecidedBy.POLICY else statement.state)


# ---- marked texts ----


@dataclass(frozen=True, slots=True)
class Mark:
    """A number to mark in a text: where, its number in the lists, its look, and where it leads.

    `reason` says in words that and why it was not taken; then `label` is its place.
    """

    start: int
    end: int
    label: str
    css: str
    href: str = ""
    reason: str = ""


def _with_unit(text: str, end: int) -> int:
    """Return where the mark of a number ends: behind its percent sign, if one follows."""
    sign = re.compile(r"[ \u00a0\u2009]?%").match(text, end)
    return sign.end() if sign else end


def _clusters(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Return the marks in groups that overlap or stand at the same number."""
    groups: list[list[Mark]] = []
    end = -1
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if groups and mark.start < end:
            groups[-1].append(mark)
        else:
            groups.append([mark])
        end = max(end, mark.end) if len(groups[-1]) > 1 else mark.end
    return groups


def marked_text(text: str, marks: Iterable[Mark]) -> SafeString:
    """Return `text`, escaped, with its numbers marked. Offsets are code points; overlapping marks share one."""
    parts: list[SafeString] = []
    at = 0
    for group in _clusters(mark for mark in marks if 0 <= mark.start < mark.end <= len(text)):
        start, end = group[0].start, max(mark.end for mark in group)
        end = end if group[0].reason else _with_unit(text, end)
        parts.append(conditional_escape(text[at:start]))
        parts.append(_mark(text[start:end], group))
        at = end
    parts.append(conditional_escape(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped


def _mark(number: str, group: Sequence[Mark]) -> SafeString:
    first, *more = group
    if not first.href:
        return format_html('<mark class="{}">{}</mark>', first.css, number)
    if first.reason:
        return format_html(
            '<a class="{}" id="n-{}" href="{}" aria-label="{}, {}">{}</a>',
            first.css, first.label, first.href, number, first.reason, number,
        )  # fmt: skip
    ids = format_html_join("", '<span id="m{}"></span>', ((mark.label,) for mark in more))
    if not more:
        return format_html('<a class="{}" id="m{}" href="{}">{}<sup>{}</sup></a>', first.css, first.label, first.href, number, first.label)
    links = format_html_join(" ", '<a href="{}">{}</a>', ((mark.href, mark.label) for mark in group))
    return format_html('<span class="{}" id="m{}">{}{}<sup>{}</sup></span>', first.css, first.label, ids, number, links)


def _look(statement: Claim | Cost) -> str:
    if statement.state == CurationState.REJECTED:
        return "mark mark--no"
    if isinstance(statement, Cost):
        return "mark mark--cost"
    if statement.role == Role.BASELINE:
        return "mark mark--quoted"
    return "mark" if statement.kind == ClaimKind.ABSOLUTE else "mark mark--delta"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement with its number on the page: the order of the text."""

    label: str
    statement: Claim | Cost

    @property
    def kind(self) -> str:
        return "cost" if isinstance(self.statement, Cost) else "claim"

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.statement.pk


def number_statements(claims: Iterable[Claim], costs: Iterable[Cost], *, after: int = 0) -> list[Numbered]:
    """Number claims and costs together from `after` + 1: the latest text first, in it the title, then as they stand in it.

    What stands in records keeps its order, each record's scores before its costs.
    """
    statements: list[Claim | Cost] = [*claims, *costs]
    if any(said.source_record_id for said in statements):
        statements.sort(key=lambda said: said.source_record_id or 0)
        return [Numbered(str(number), statement) for number, statement in enumerate(statements, start=after + 1)]
    statements.sort(key=lambda said: (-(said.paper_text_id or 0), said.field != "title", said.start, said.ordinal))
    return [Numbered(str(number), statement) for number, statement in enumerate(statements, start=after + 1)]


@register.simple_tag
def text_with_marks(text: str, field: str, numbered: Sequence[Numbered], left: Sequence[Left]) -> SafeString:
    """Return a title or abstract in which every number leads to its entry in the lists, or to the reason why it has none."""
    marks = [
        Mark(entry.statement.start, entry.statement.end, entry.label, _look(entry.statement), f"#c{entry.label}")
        for entry in numbered
        if entry.statement.field == field
    ]
    marks += [
        Mark(number.start, number.end, number.place, "no", f"#w-{number.place}", number.answer) for number in left if number.field == field
    ]
    return marked_text(text, marks)


@register.simple_tag
def text_with_evidence(statement: Claim | Cost) -> SafeString:
    """Return the part of a text that a number stands in, its sentence and the number marked: what a script moves, to the character."""
    part = statement.paper_text.shown_part(statement.field) if statement.paper_text else ""
    first, last = statement.evidence_start, statement.evidence_end
    return format_html(
        '{}<span class="sent sent--here">{}<mark class="{}">{}</mark>{}</span>{}',
        part[:first],
        part[first : statement.start],
        _look(statement),
        part[statement.start : statement.end],
        part[statement.end : last],
        part[last:],
    )


@register.simple_tag
def statement_sentence(statement: Claim | Cost) -> SafeString:
    """Return the sentence of a statement with its number marked; its text must be loaded."""
    first = statement.evidence_start
    return marked_text(statement.evidence, [Mark(statement.start - first, statement.end - first, "", _look(statement))])


@register.simple_tag
def text_in_focus(text: str, field: str, statements: Iterable[Claim | Cost], focus: Claim | Cost) -> SafeString:
    """Return a title or abstract with the sentence of one number brought out, that number marked in it, and the others more quietly.

    What stands at the same number is marked once: the one in focus.
    """
    here = (focus.start, focus.end) if focus.field == field else (-1, -1)
    marks = [
        Mark(said.start, said.end, "", _look(said) + " mark--other")
        for said in statements
        if said.field == field and not (said.start < here[1] and here[0] < said.end)
    ]
    if focus.field != field:
        return marked_text(text, marks)
    marks.append(Mark(focus.start, focus.end, "", _look(focus) + " mark--now"))
    start, end = focus.evidence_start, focus.evidence_end

    def part(first: int, last: int) -> SafeString:
        within = [replace(mark, start=mark.start - first, end=mark.end - first) for mark in marks if first <= mark.start < last]
        return marked_text(text[first:last], within)

    return format_html('{}<span class="focus">{}</span>{}', part(0, start), part(start, end), part(end, len(text)))


@dataclass(frozen=True, slots=True)
class Parts:
    """A paper's statements as its page groups them."""

    results: list[Numbered]
    improvements: list[Numbered]
    costs: list[Numbered]


@register.simple_tag
def split_statements(numbered: Sequence[Numbered]) -> Parts:
    claims = [entry for entry in numbered if entry.kind == "claim"]
    return Parts(
        results=[entry for entry in claims if entry.statement.kind == ClaimKind.ABSOLUTE],
        improvements=[entry for entry in claims if entry.statement.kind != ClaimKind.ABSOLUTE],
        costs=[entry for entry in numbered if entry.kind == "cost"],
    )


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """Return what a mapping holds under `key`, None if nothing."""
    return mapping.get(key)


# ---- numbers with their answers ----


@dataclass(frozen=True, slots=True)
class Left:
    """A number that was not taken: where it stands, as printed, and the id of the reason. `place` names it on the page."""

    field: str
    start: int
    end: int
    reason: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.field}-{self.start}"

    @property
    def is_part(self) -> bool:
        """Whether it belongs to another number, as an uncertainty does."""
        return self.reason in PARTS

    @property
    def answer(self) -> str:
        return explain(self.reason) if self.is_part else f"not taken: {explain(self.reason)}"


@register.simple_tag
def left_numbers(page: PaperPage, numbered: Sequence[Numbered]) -> list[Left]:
    """Return the numbers that were not taken, without those that a statement stands on: a person's word holds whatever a run says."""
    if page.text is None:
        return []
    texts = {"title": page.text.title, "abstract": page.text.shown_abstract}
    stated = [(entry.statement.field, entry.statement.start, entry.statement.end) for entry in numbered]
    return [
        Left(name, start, end, reason, texts[name][start:end])
        for name, start, end, reason in page.untaken
        if not any(name == field and start < last and first < end for field, first, last in stated)
    ]


@register.filter
def whole(left: Sequence[Left]) -> list[Left]:
    """Return those that are no part of another number."""
    return [number for number in left if not number.is_part]


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of the table that answers for each number: a statement, or a number that was left."""

    entry: Numbered | None
    left: Left | None


@register.simple_tag
def answers(numbered: Sequence[Numbered], left: Sequence[Left]) -> list[Answer]:
    """Return what became of each number, in the order of the text."""
    placed = [((entry.statement.field != "title", entry.statement.start, 0), Answer(entry, None)) for entry in numbered]
    placed += [((number.field != "title", number.start, 1), Answer(None, number)) for number in left]
    return [answer for _, answer in sorted(placed, key=lambda pair: pair[0])]


@register.filter
def explained(rule: str) -> str:
    """Return the phrase of a rule or a reason."""
    return explain(rule)


@register.simple_tag
def number_in_context(text: str, start: int, end: int) -> SafeString:
    """Return a number that was not taken, marked, with some words around it."""
    before, after = text[max(0, start - 36) : start], text[end : end + 36]
    before = before.partition(" ")[2] if start > 36 else before
    after = after.rpartition(" ")[0] if end + 36 < len(text) else after
    return format_html(
        '{}{}<mark class="no">{}</mark>{}{}',
        "… " if start > 36 else "",
        before,
        text[start:end],
        after,
        " …" if end + 36 < len(text) else "",
    )
