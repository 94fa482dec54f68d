"""What became of every number of a text: what it was taken as, or why it was left."""

from __future__ import annotations

from dataclasses import dataclass

from claims.extraction.drafts import ClaimDraft, CostDraft, Extraction, Span
from claims.terms import TextField


@dataclass(frozen=True, slots=True)
class Answer:
    """A number of a text with the claims and costs that it states; without any, `reason` is the id of why, else ''.

    Both ends of a range are one number. What belongs to a number and stands beside it, its uncertainty, is a number of its own with a
    reason that says so.
    """

    text_field: TextField
    number: Span
    statements: tuple[ClaimDraft | CostDraft, ...]
    reason: str


def answer_numbers(found: Extraction) -> list[Answer]:
    """Return every number of the texts, in their order, the title first. What lies within a claim's or cost's number is not repeated."""
    stated: dict[tuple[TextField, Span], list[ClaimDraft | CostDraft]] = {}
    drafts: list[ClaimDraft | CostDraft] = [*found.claims, *found.costs]
    for draft in drafts:
        stated.setdefault((draft.text_field, draft.number), []).append(draft)
    answers = [Answer(text_field, number, tuple(its_own), "") for (text_field, number), its_own in stated.items()]
    answers += [
        Answer(left.text_field, left.number, (), left.reason)
        for left in found.untaken
        if not any(field is left.text_field and number.start <= left.number.start < number.end for field, number in stated)
    ]
    return sorted(answers, key=lambda answer: (answer.text_field is TextField.ABSTRACT, answer.number.start, answer.number.end))
