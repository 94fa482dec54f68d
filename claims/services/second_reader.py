"""Has numbers that the rules left open or doubtful read by a language model, where a site has configured one.

Between extraction and the transaction that writes: no lock is held while an endpoint is waited for. What it answers is kept and not asked
again, how much it is asked on a day is counted in the database, and whatever goes wrong leaves the paper as the rules have read it.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from claims import keys
from claims.extraction import pipeline
from claims.extraction.answers import apply_answer, is_readable
from claims.extraction.drafts import Extraction, Span
from claims.extraction.questions import Message, Question, find_questions, write_messages
from claims.extraction.vocabulary import Vocabulary
from claims.models import SecondReaderAnswer, SecondReaderDay
from claims.services import endpoint
from claims.services.rows import batches
from claims.terms import TextField

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""How many papers an endpoint is asked about side by side."""
LEASE_SHARE = 0.5
"""The longest wait for answers, as a share of the lease of the part that waits: it must be renewed before it runs out."""
MOST_SECONDS = 180.0
"""So long one part waits in all; a worker must be done with it well before its task's time is over."""


_USELESS = "an answer of another form than the one asked for"

Number = tuple[TextField, Span]
"""Where a number stands."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A title and an abstract, and what the rules read in them."""

    title: str
    abstract: str
    extraction: Extraction


@dataclass(frozen=True, slots=True)
class SecondReading:
    """Extractions in the order of the readings, with what a second reader filled in.

    `unanswered` holds, for each of them, the numbers in question that nobody has answered about: all of them where the site has no
    second reader. `asked` counts the papers that it was asked about now, `unasked` those whose numbers stay open because it was not, or
    gave no useful answer, and `reason` is why, in a sentence ('' where all were, and without a second reader).
    """

    extractions: list[Extraction]
    unanswered: list[frozenset[Number]]
    asked: int = 0
    unasked: int = 0
    reason: str = ""


def is_configured() -> bool:
    """Say whether the site has a second reader."""
    return bool(settings.SECOND_READER_BASE_URL)


@dataclass(frozen=True, slots=True)
class _Open:
    """A reading with numbers in question: its place, the texts that were read, and the questions."""

    index: int
    title: str
    abstract: str
    questions: tuple[Question, ...]
    messages: tuple[Message, ...] = ()
    """The words to ask them in, and their key; without where nobody is to be asked."""
    key: str = ""

    @property
    def numbers(self) -> frozenset[Number]:
        return frozenset((question.text_field, question.number) for question in self.questions)


def read_open(
    readings: Sequence[Reading], vocabulary: Vocabulary, *, keep: Callable[[], object] = lambda: None, ask: bool = True
) -> SecondReading:
    """Return the extractions with what the second reader fills in; as they are where the site has none.

    The endpoint is asked about what it has not answered before. Not if `ask` is False, nor within a transaction, which would hold its
    locks meanwhile: then only what it answered before counts. `keep` is called before each wait, which is shorter than a part's lease.
    """
    extractions = [reading.extraction for reading in readings]
    unanswered: list[frozenset[Number]] = [frozenset() for _ in readings]
    open_ = [found for index, reading in enumerate(readings) if (found := _find_open(index, reading)) is not None]
    if not is_configured():
        for found in open_:
            unanswered[found.index] = found.numbers
        return SecondReading(extractions, unanswered)
    answers = _stored_answers(found.key for found in open_)
    prompts = {found.key: found.messages for found in open_ if found.key not in answers}
    asked, reason = 0, ""
    if prompts and ask and not connection.in_atomic_block:
        fresh, asked, reason = _ask(prompts, keep)
        answers |= fresh
    made = changed = 0
    refused: Counter[str] = Counter()
    for found in open_:
        if found.key in answers:
            applied = apply_answer(found.title, found.abstract, extractions[found.index], found.questions, answers[found.key], vocabulary)
            extractions[found.index] = applied.extraction
            made, changed = made + applied.made, changed + applied.changed
            refused.update(applied.refused)
        else:
            unanswered[found.index] = found.numbers
    unasked = sum(found.key not in answers for found in open_)
    if open_:
        logger.info(
            "second reader: %s papers with open numbers, %s asked about, %s left; %s claims made, %s changed%s",
            len(open_),
            asked,
            unasked,
            made,
            changed,
            f"; refused of its answers: {endpoint.describe(refused)}" if refused else "",
        )
    return SecondReading(extractions, unanswered, asked, unasked, reason)


def _find_open(index: int, reading: Reading) -> _Open | None:
    title, abstract = pipeline.cut_texts(reading.title, reading.abstract)
    questions = find_questions(title, abstract, reading.extraction)
    if not questions:
        return None
    if not is_configured():
        return _Open(index, title, abstract, questions)
    messages = write_messages(title, abstract, questions)
    # The very words: another wording of the instructions, or other numbers in question, are another prompt.
    key = keys.digest(json.dumps([settings.SECOND_READER_MODEL, messages]))
    return _Open(index, title, abstract, questions, messages, key)


def _stored_answers(wanted: Iterable[str]) -> dict[str, str]:
    return {
        key: answer
        for some in batches(wanted)
        for key, answer in SecondReaderAnswer.objects.filter(key__in=some).values_list("key", "answer")
    }


def _ask(prompts: Mapping[str, Sequence[Message]], keep: Callable[[], object]) -> tuple[dict[str, str], int, str]:
    """Return the answers to prompts by their keys, how many were asked, and why some were not or have none."""
    seconds = min(settings.SECOND_READER_TIMEOUT, settings.CHUNK_LEASE_SECONDS * LEASE_SHARE)
    ends = time.monotonic() + MOST_SECONDS
    answers: dict[str, str] = {}
    asked = 0
    reason = ""
    failures: Counter[str] = Counter()
    for first in range(0, len(prompts), AT_ONCE):
        batch = list(prompts)[first : first + AT_ONCE]
        if time.monotonic() + seconds > ends:
            reason = "it took too long for all of them"
            break
        keep()
        today = timezone.now().date()
        granted = _take_from_budget(today, len(batch))
        got = endpoint.ask([prompts[key] for key in batch[:granted]], seconds=seconds) if granted else []
        if unreached := sum(not answer.reached for answer in got):
            SecondReaderDay.objects.filter(day=today).update(asked=F("asked") - unreached)
        asked += granted - unreached
        answered = {key: answer.content for key, answer in zip(batch, got, strict=False) if answer.content is not None}
        fresh = {key: content for key, content in answered.items() if is_readable(content)}
        answers |= _store_answers(fresh)
        problems = Counter(answer.problem for answer in got if answer.content is None)
        problems += Counter({_USELESS: len(answered) - len(fresh)})
        if problems:
            logger.warning("the second reader did not answer: %s", endpoint.describe(problems))
            failures |= problems
            reason = f"it did not answer: {', '.join(sorted(failures))}"
        if granted < len(batch):
            reason = f"its budget of {settings.SECOND_READER_DAILY_BUDGET} papers a day was spent"
            logger.warning("the second reader's budget of %s papers a day is spent", settings.SECOND_READER_DAILY_BUDGET)
            break
        if not any(answer.reached for answer in got):
            break  # it is away, or shut: the rest of these papers need not wait for it
    return answers, asked, reason


def _take_from_budget(day: date, wanted: int) -> int:
    """Count papers to the day's, as many as its budget still has, and return how many. A transaction of its own: many workers do so."""
    SecondReaderDay.objects.get_or_create(day=day)
    with transaction.atomic():
        spent = SecondReaderDay.objects.select_for_update().get(day=day)
        granted: int = max(0, min(wanted, settings.SECOND_READER_DAILY_BUDGET - spent.asked))
        if granted:
            spent.asked += granted
            spent.save(update_fields=["asked"])
    return granted


def _store_answers(fresh: Mapping[str, str]) -> dict[str, str]:
    """Keep answers and return what is kept: of two to the same prompt the first."""
    SecondReaderAnswer.objects.bulk_create(
        [SecondReaderAnswer(key=key, answer=answer) for key, answer in fresh.items()], ignore_conflicts=True
    )
    return _stored_answers(fresh)
