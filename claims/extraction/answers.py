"""What a second reader's answer may do to an extraction: fill slots of the numbers in question, and nothing else.

An answer is hostile until each part of it is checked: the text that was read may have told the reader what to say. A name is taken only
if it stands in the text, a value never; what is made or changed so carries `READER_RULE` and little confidence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from claims.extraction.drafting import Context, make_claim, task_of
from claims.extraction.drafts import READER_RULE, UNNAMED_MODEL, ClaimDraft, Extraction, Span, UntakenNumber
from claims.extraction.linking import compatible
from claims.extraction.merging import same_claim
from claims.extraction.naming import is_name
from claims.extraction.owners import Owner
from claims.extraction.pipeline import is_possible
from claims.extraction.quantities import Quantity, find_quantities
from claims.extraction.questions import OPEN_REASONS, Question
from claims.extraction.scene import Mention, Scene
from claims.extraction.settings import find_conditions, nearby
from claims.extraction.text import Clauses, normalise, sentences
from claims.extraction.vocabulary import Vocabulary
from claims.terms import AliasKind, ClaimKind, Role, TextField

READER_CONFIDENCE = 0.5
"""No claim that a second reader made or changed has more."""
MAX_ANSWER = 20_000
"""Characters of the longest answer that is looked at: several times what `MAX_QUESTIONS` numbers take."""
MAX_NAME, MAX_WORDS = 100, 10
"""Characters and words of the longest name."""
_KEYS = frozenset(("index", "number", "kind", "role", "metric", "dataset", "model", "variant"))
_NO_RESULT = "none"
_KINDS = {kind.value: kind for kind in ClaimKind}
_ROLES = {role.value: role for role in Role}
_CATALOGUED = {"dataset": AliasKind.DATASET, "metric": AliasKind.METRIC}
_THOUGHTS = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"\s*```(?:json)?\s*(?P<inside>\{.*\})\s*```\s*", re.DOTALL | re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_ARTICLE = re.compile(r"^(?:the|an?) (?=\S)", re.IGNORECASE)
_NEAR = 170


@dataclass(frozen=True, slots=True)
class Applied:
    """An extraction after an answer, how many of its claims the answer made and changed, and why parts of the answer were refused."""

    extraction: Extraction
    made: int = 0
    changed: int = 0
    refused: tuple[str, ...] = ()


class _RefusedError(ValueError):
    """A part of an answer that is not taken; the message says why, in our own words and never in the answer's."""


def apply_answer(
    title: str, abstract: str, found: Extraction, questions: Sequence[Question], answer: str, vocabulary: Vocabulary
) -> Applied:
    """Return the extraction with what the answer may fill in. Never raises, whatever the answer.

    `questions` are those of `find_questions` for the same texts and extraction.
    """
    try:
        entries = _read_entries(answer)
    except _RefusedError as error:
        return Applied(found, refused=(str(error),))
    texts = _Texts(title, abstract, vocabulary)
    claims = list(found.claims)
    taken: set[tuple[TextField, Span]] = set()
    seen: set[int] = set()
    refused = []
    made = changed = 0
    for entry in entries:
        try:
            question = _question_of(entry, questions, seen)
            draft = _fill(texts, question, entry) if question.claim is not None else _make(texts, question, entry)
            if draft is None:
                continue
            if any(same_claim(draft, other) for other in claims if other is not question.claim):
                raise _RefusedError("says again what another claim says")
            if question.claim is not None:
                claims[claims.index(question.claim)] = draft
                changed += 1
            else:
                claims.append(draft)
                taken.add((question.text_field, question.number))
                made += 1
        except _RefusedError as error:
            refused.append(str(error))
    claims.sort(key=lambda claim: (claim.text_field is TextField.ABSTRACT, claim.number.start))
    untaken = tuple(number for number in found.untaken if not _is_of(number, taken))
    return Applied(Extraction(tuple(claims), found.costs, untaken), made, changed, tuple(refused))


def is_readable(answer: str) -> bool:
    """Say whether an answer has the outer form that is asked for, whatever it says: another one is worth asking for again."""
    try:
        _read_entries(answer)
    except _RefusedError:
        return False
    return True


def _is_of(left: UntakenNumber, taken: set[tuple[TextField, Span]]) -> bool:
    return left.reason in OPEN_REASONS and (left.text_field, left.number) in taken


def _read_entries(answer: str) -> list[Any]:
    """Return the list that an answer gives under "numbers". Raises `_RefusedError` for an answer of another shape."""
    if len(answer) > MAX_ANSWER:
        raise _RefusedError("the answer is too long")
    if answer.lstrip().startswith("<think>"):
        answer = _THOUGHTS.sub("", answer, count=1)
    fenced = _FENCED.fullmatch(answer)
    try:
        said = json.loads(fenced["inside"] if fenced is not None else answer, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # also of a number with very many digits
        raise _RefusedError("the answer is no JSON") from None
    if not isinstance(said, dict) or said.keys() != {"numbers"} or not isinstance(said["numbers"], list):
        raise _RefusedError("the answer is no list of numbers")
    return said["numbers"]


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _question_of(entry: Any, questions: Sequence[Question], seen: set[int]) -> Question:
    if not isinstance(entry, dict) or not entry.keys() <= _KEYS:
        raise _RefusedError("an entry is no object, or has keys that nobody asked for")
    index, number = entry.get("index"), entry.get("number")
    if not isinstance(index, int) or isinstance(index, bool) or not 1 <= index <= len(questions):
        raise _RefusedError("an index that nobody asked about")
    if index in seen:
        raise _RefusedError("an index twice")
    seen.add(index)
    question = questions[index - 1]
    if not isinstance(number, str) or number.strip().removesuffix("%").rstrip() != question.stated:
        raise _RefusedError("another number than the one asked about")
    return question


def _fill(texts: _Texts, question: Question, entry: Mapping[str, Any]) -> ClaimDraft | None:
    """Return the claim with its open slots filled, None if the answer fills none. Its number, kind, role and evidence stay."""
    claim = question.claim
    assert claim is not None  # noqa: S101 - the caller asked
    if _read_term(entry, "kind", {**_KINDS, _NO_RESULT: None}, default=claim.kind) is not claim.kind:
        return None  # the reader sees no such result: that fills nothing, and takes nothing away
    names = {slot: name for slot in question.slots if (name := texts.read_name(question, entry, slot)) is not None}
    names = {slot: name for slot, name in names.items() if name != getattr(claim, slot)}
    if not names:
        return None
    dataset, metric = names.get("dataset", claim.dataset), names.get("metric", claim.metric)
    texts.check_cell(dataset, metric)
    filled = claim
    if "metric" in names:
        drafted = make_claim(
            texts.context(claim),
            texts.quantity(claim.text_field, claim.number),
            claim.kind,
            texts.mention(names["metric"]),
            claim.dataset,
            claim.task,
            texts.vocabulary,
            claim.inferred,
        )
        if drafted is None or (drafted.value, drafted.value_max) != (claim.value, claim.value_max):
            raise _RefusedError("a metric that the number is impossible for")
        filled = replace(
            claim,
            metric=drafted.metric,
            unit=drafted.unit,
            canonical_value=drafted.canonical_value,
            canonical_max=drafted.canonical_max,
        )
    task = claim.task
    if "dataset" in names or "metric" in names:
        mention = texts.mention(metric) if metric is not None else None
        task = task_of(texts.vocabulary, dataset, mention, [claim.task] if claim.task is not None else [])
    return replace(
        filled,
        dataset=dataset,
        model=names.get("model", claim.model),
        variant=names.get("variant", claim.variant),
        task=task,
        inferred=tuple(slot for slot in claim.inferred if slot not in names),
        confidence=min(claim.confidence, READER_CONFIDENCE),
        rules=tuple(dict.fromkeys((*claim.rules, READER_RULE))),
    )


def _make(texts: _Texts, question: Question, entry: Mapping[str, Any]) -> ClaimDraft | None:
    """Return a claim of a number that the rules left, None if the answer says that it is no result."""
    kind = _read_term(entry, "kind", {**_KINDS, _NO_RESULT: None})
    if kind is None:
        return None
    role = _read_term(entry, "role", _ROLES)
    names = {slot: texts.read_name(question, entry, slot) for slot in question.slots}
    metric, dataset = names["metric"], names["dataset"]
    if metric is None:
        raise _RefusedError("a result without a metric")
    texts.check_cell(dataset, metric)
    scene = texts.scene(question.text_field)
    quantity = texts.quantity(question.text_field, question.number)
    evidence = texts.evidence(question.text_field, quantity, [entry.get(slot) for slot in ("metric", "dataset", "model")])
    model = names["model"] or (UNNAMED_MODEL if role is Role.PROPOSED else None)
    setting = nearby(find_conditions(scene.text, *evidence), *evidence) if kind is ClaimKind.ABSOLUTE else ()
    mention = texts.mention(metric)
    draft = make_claim(
        Context(scene, question.text_field, quantity.end, evidence, Owner(role, model, names["variant"], ()), setting, (READER_RULE,)),
        quantity,
        kind,
        mention,
        dataset,
        task_of(texts.vocabulary, dataset, mention, []),
        texts.vocabulary,
        (),
    )
    if draft is None or not is_possible(draft):
        raise _RefusedError("a metric that the number is impossible for")
    return replace(draft, confidence=READER_CONFIDENCE)


def _read_term(entry: Mapping[str, Any], key: str, terms: Mapping[str, Any], *, default: Any = None) -> Any:
    """Return what one word of a closed set means. Raises `_RefusedError` for another word, and for none where there is no default."""
    word = entry.get(key)
    if word is None and default is not None:
        return default
    if not isinstance(word, str) or word not in terms:
        raise _RefusedError(f"a {key} that there is not")
    return terms[word]


class _Texts:
    """The title and the abstract that an answer is checked against."""

    def __init__(self, title: str, abstract: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._originals = {TextField.TITLE: title, TextField.ABSTRACT: abstract}
        self._squeezed = [" ".join(text.split()) for text in self._originals.values()]
        self._scenes: dict[TextField, Scene] = {}

    def read_name(self, question: Question, entry: Mapping[str, Any], slot: str) -> str | None:
        """Return the name that an entry gives for a slot, canonical where the catalogue knows it; None where it gives none.

        Raises `_RefusedError` for one that does not stand in the text, whatever its white space, as whole words.
        """
        said = entry.get(slot)
        if said is None:
            return None
        if not isinstance(said, str) or len(said) > MAX_NAME:
            raise _RefusedError(f"a {slot} that is no name")
        name = " ".join(said.split())
        name = name if self._knows(slot, name) else _ARTICLE.sub("", name)
        if not _LETTER.search(name) or name.count(" ") >= MAX_WORDS or ("." in question.stated and question.stated in name):
            raise _RefusedError(f"a {slot} that is no name")
        if not any(_stands_in(text, name) for text in self._squeezed):
            raise _RefusedError(f"a {slot} that does not stand in the text")
        wanted = _CATALOGUED.get(slot)
        known = self._knows(slot, name)
        if known is None and not is_name(name, slot, self._originals[TextField.ABSTRACT]):
            raise _RefusedError(f"a {slot} that is no name")
        if known is None and any(self.vocabulary.lookup(kind, name) is not None for kind in _CATALOGUED.values() if kind is not wanted):
            raise _RefusedError(f"a {slot} that is something else")
        return known or name

    def _knows(self, slot: str, name: str) -> str | None:
        """Return what the catalogue calls a name, None where it has none such."""
        wanted = _CATALOGUED.get(slot)
        return self.vocabulary.lookup(wanted, name) if wanted is not None else None

    def check_cell(self, dataset: str | None, metric: str | None) -> None:
        """Raise `_RefusedError` for a dataset that is not measured so."""
        if dataset is not None and metric is not None and not compatible(self.vocabulary, dataset, metric):
            raise _RefusedError("a dataset that is not measured in the metric")

    def context(self, claim: ClaimDraft) -> Context:
        owner = Owner(claim.role, claim.model, claim.variant, ())
        evidence = (claim.evidence.start, claim.evidence.end)
        return Context(self.scene(claim.text_field), claim.text_field, claim.number.end, evidence, owner, claim.setting, claim.rules)

    def mention(self, metric: str) -> Mention:
        return Mention("M", metric, 0, 0, known=metric in self.vocabulary.metric)

    def scene(self, text_field: TextField) -> Scene:
        """Return the text with its numbers and sentences; names are the reader's business."""
        if text_field not in self._scenes:
            original = self._originals[text_field]
            text = normalise(original)
            self._scenes[text_field] = Scene(original, text, text.lower(), text, sentences(text), find_quantities(text), {}, [])
        return self._scenes[text_field]

    def quantity(self, text_field: TextField, number: Span) -> Quantity:
        """Return the number at a place as it is printed there. Its value comes from here and from nowhere else."""
        for quantity in self.scene(text_field).quantities:
            if (quantity.digits_start, quantity.digits_end) == (number.start, number.end):
                return quantity
        raise _RefusedError("a number that is not read alone")

    def evidence(self, text_field: TextField, quantity: Quantity, names: Sequence[object]) -> tuple[int, int]:
        """Return the run of clauses with the number and the names beside it, of its sentence."""
        scene = self.scene(text_field)
        start, end = next(
            (cut for cut in scene.sentences if cut[0] <= quantity.start < cut[1]), (quantity.digits_start, quantity.digits_end)
        )
        first, last = max(quantity.start, start), min(quantity.end, end)
        for name in names:
            if not isinstance(name, str):
                continue
            found = [match.span() for match in re.finditer(r"\s+".join(map(re.escape, name.split())), scene.original[start:end])]
            for low, high in ((start + low, start + high) for low, high in found):
                if min(abs(low - quantity.end), abs(quantity.start - high)) <= _NEAR:
                    first, last = min(first, low), max(last, high)
                    break
        while first < last and scene.original[first].isspace():
            first += 1
        return Clauses(scene.text, scene.original, start, end).around(first, last)


def _stands_in(text: str, name: str) -> bool:
    """Say whether `name` stands in `text`, and not within a word."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        inside = (at and text[at - 1].isalnum() and name[0].isalnum()) or (end < len(text) and text[end].isalnum() and name[-1].isalnum())
        if not inside:
            return True
        at = text.find(name, at + 1)
    return False
