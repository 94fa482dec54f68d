"""People, a policy and new extractor versions in any order: what stands, what the history says and what boards show stay one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from claims import boards, verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.extraction import pipeline
from claims.extraction.drafts import Extraction
from claims.models import Benchmark, ChangeSet, Claim, Cost, Decision
from claims.services import changes, correction, curation, merging, policy, reextraction
from claims.terms import CurationState, RejectReason
from tests.reading import read, text

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue", "small_parts")]

PLACES = st.integers(0, 1_000)
Key = tuple[str, int]
BOARDS = {"ImageNet": "image-classification-on-imagenet-1k", "COCO": "object-detection-on-coco"}


class Word(NamedTuple):
    """What is said of a number, by whom, and to which value it was corrected; None: it is as it was read."""

    state: str = "unreviewed"
    decided_by: str = "nobody"
    reason: str = ""
    number: float | None = None


@dataclass
class Number:
    """A claim or a cost as the model has it."""

    value: float
    variant: str
    word: Word = field(default_factory=lambda: Word())
    version: int = 1
    spoken: bool = False
    """Whether a person ever said a word on it."""
    history: list[tuple[int, Word, Word]] = field(default_factory=list)
    """The acts on it, each with the word before and after."""


@dataclass
class Act:
    action: str
    on: dict[Key, tuple[Word, int]]
    """What it was on: the word before it, and the version after it."""
    undone: bool = False


@dataclass
class Merged:
    """A merge of COCO into ImageNet as the model has it: the numbers that it moved."""

    act: int
    on: set[Key]


class Curating(RuleBasedStateMachine):
    """A site of two papers, of which each states a score on two boards and a cost."""

    def __init__(self) -> None:
        super().__init__()
        self._site = transaction.atomic()
        self._site.__enter__()
        self.numbers: dict[Key, Number] = {}
        self.acts: dict[int, Act] = {}
        self.releases = 0
        self.merged: Merged | None = None
        for kind, table in (("claim", Claim), ("cost", Cost)):
            for row in table._default_manager.order_by("pk"):
                self.numbers[kind, row.pk] = Number(row.value, row.variant)

    def teardown(self) -> None:
        try:
            assert [str(fault) for fault in verification.find_faults()] == []
            self._compare_boards()
        finally:
            transaction.set_rollback(True)
            self._site.__exit__(None, None, None)

    @initialize(place=PLACES)
    def begin(self, place: int) -> None:
        self._decide(self._pick(place), CurationState.ACCEPTED)

    # ---- what people do ----

    @rule(place=PLACES)
    def accept(self, place: int) -> None:
        self._decide(self._pick(place), CurationState.ACCEPTED)

    @rule(place=PLACES, reason=st.sampled_from(RejectReason))
    def reject(self, place: int, reason: RejectReason) -> None:
        self._decide(self._pick(place), CurationState.REJECTED, reason)

    @rule(place=PLACES)
    def reopen(self, place: int) -> None:
        self._decide(self._pick(place), CurationState.UNREVIEWED)

    @rule(place=PLACES, wanted=st.integers(10, 60))
    def correct(self, place: int, wanted: int) -> None:
        key = self._pick(place)
        stated, value = (f"{wanted}%", float(wanted)) if key[0] == "claim" else (f"{wanted}M", wanted * 1e6)
        number = self.numbers[key]
        made = correction.correct(self._load(key), {"number": stated}, actor="lee", version=number.version)
        self._said(made, {key: Word("accepted", "person", "", value if value != number.value else None)})

    @rule(place=PLACES)
    def decide_on_what_was_changed_since(self, place: int) -> None:
        key = self._pick(place)
        with pytest.raises(StaleObjectError):
            curation.decide(self._load(key), CurationState.ACCEPTED, actor="lee", version=self.numbers[key].version + 1)

    @precondition(lambda self: self.acts)
    @rule(place=PLACES)
    def undo_any(self, place: int) -> None:
        self._undo(sorted(self.acts)[place % len(self.acts)])

    @precondition(lambda self: self.acts)
    @rule(place=st.integers(1, 3))
    def undo_late(self, place: int) -> None:
        self._undo(sorted(self.acts)[-min(place, len(self.acts))])

    def _undo(self, pk: int) -> None:
        act = self.acts[pk]
        fresh = {key: word for key, (word, version) in act.on.items() if self.numbers[key].version == version}
        of_policy = act.action == "accept by policy"
        change_set = ChangeSet.objects.get(pk=pk)
        if act.action == "re-extract" or act.undone:
            with pytest.raises(InvalidDecisionError):
                curation.undo(change_set, actor="kim")
        elif len(fresh) < len(act.on) and not (of_policy and fresh):
            with pytest.raises(StaleObjectError):
                curation.undo(change_set, actor="kim")
        else:
            self._said(curation.undo(change_set, actor="kim"), fresh)
            act.undone = True

    @precondition(lambda self: any(number.history for number in self.numbers.values()))
    @rule(place=PLACES, point=PLACES)
    def revert_to_after(self, place: int, point: int) -> None:
        self._revert(place, point, before=False)

    @precondition(lambda self: any(number.history for number in self.numbers.values()))
    @rule(place=PLACES, point=PLACES)
    def revert_to_before(self, place: int, point: int) -> None:
        self._revert(place, point, before=True)

    def _revert(self, place: int, point: int, *, before: bool) -> None:
        decided = [key for key, number in self.numbers.items() if number.history]
        key = decided[place % len(decided)]
        number = self.numbers[key]
        act, was, became = number.history[point % len(number.history)]
        decision = Decision.objects.select_related("change_set").get(change_set=act, object_kind=key[0], object_id=key[1])
        word = was if before else became
        if word == number.word:
            with pytest.raises(InvalidDecisionError, match="nothing would change"):
                curation.revert(self._load(key), decision, actor="ann", version=number.version, before=before)
            return
        made = curation.revert(self._load(key), decision, actor="ann", version=number.version, before=before)
        self._said(made, {key: word})

    @precondition(lambda self: self.merged is None)
    @rule()
    def merge(self) -> None:
        source, target = (Benchmark.objects.get(slug=BOARDS[name]).dataset for name in ("COCO", "ImageNet"))
        moving = {("claim", pk) for pk in Claim.objects.filter(dataset=source).values_list("pk", flat=True)}
        made = merging.merge(source, target, actor="ann", version=source.version)
        for key in moving:
            self.numbers[key].version += 1
        self.merged = Merged(made.pk, moving)

    @precondition(lambda self: self.merged is not None)
    @rule()
    def part(self) -> None:
        """Undo the merge: refused as long as a person's word stands on what it moved that was said since."""
        assert self.merged is not None
        change_set = ChangeSet.objects.get(pk=self.merged.act)
        undoing = {act.pk: act.undoes_id or 0 for act in ChangeSet.objects.all()}
        later = {pk for pk, act in self.acts.items() if pk > change_set.pk and not act.undone and undoing.get(pk, 0) <= change_set.pk}
        said = [pk for pk in later if self.acts[pk].action in curation.ACTIONS_OF_PEOPLE and self.merged.on & set(self.acts[pk].on)]
        if said:
            with pytest.raises(StaleObjectError):
                changes.undo(change_set, actor="ann")
            return
        changes.undo(change_set, actor="ann")
        for key in self.merged.on:
            self.numbers[key].version += 1
        self.merged = None

    # ---- what programs do ----

    @rule()
    def accept_by_policy(self) -> None:
        sure = [key for key, number in self.numbers.items() if number.word == Word() and not number.spoken]
        policy.accept_stored(0.0)
        made = ChangeSet.objects.latest("pk")
        if sure:
            assert made.action == "accept by policy"
            self._said(made, {key: Word("accepted", "policy") for key in sure}, by_person=False)

    @precondition(lambda self: self.releases < 3)
    @rule()
    def read_again(self) -> None:
        self.releases += 1
        variant = f"v{self.releases}"
        with release(f"9.0.{self.releases}", variant):
            started = reextraction.start(actor="operator")
            assert started is not None
            reextraction.read_in_foreground(started)
        for made in ChangeSet.objects.filter(action="re-extract").exclude(pk__in=self.acts):
            on: dict[Key, Word] = {}
            for kind, pk in made.decisions.values_list("object_kind", "object_id"):
                number = self.numbers[kind, pk]
                assert kind == "claim", "costs are read as before"
                assert number.word.decided_by != "person", "what a person decided is left alone"
                on[kind, pk] = Word() if number.word.decided_by == "policy" else number.word
            self._said(made, on, by_person=False)
        for (kind, _), number in self.numbers.items():
            if kind == "claim" and number.word.decided_by != "person":
                number.variant = variant

    # ---- what must hold ----

    @invariant()
    def what_stands_is_what_was_said(self) -> None:
        for kind, table in (("claim", Claim), ("cost", Cost)):
            for row in table._default_manager.all():
                number = self.numbers[kind, row.pk]
                corrected = row.value if "value" in row.extracted else None
                assert Word(row.state, row.decided_by, row.reject_reason, corrected) == number.word
                assert row.value == (number.value if number.word.number is None else number.word.number)
                assert (row.version, row.variant, row.retired_by_id) == (number.version, number.variant, None)

    def _compare_boards(self) -> None:
        """Each board shows the scores that were not rejected, as they are read or corrected, the best first."""
        if self.merged is not None:
            assert not Claim.objects.filter(dataset__name__startswith="COCO").exists()
            assert boards.find_benchmark(BOARDS["COCO"]).dataset.name.startswith("ImageNet")
            return
        for name, slug in BOARDS.items():
            expected = []
            for row in Claim.objects.filter(dataset__name__startswith=name):
                word = self.numbers["claim", row.pk].word
                if word.state != "rejected":
                    expected.append(word.number if word.number is not None else self.numbers["claim", row.pk].value)
            board = boards.read_board(Benchmark.objects.get(slug=slug), {})
            shown = [cell.canonical_value for row in board.rows for key, cell in row.cells.items() if not cell.measure]
            assert shown == sorted(expected, reverse=True), slug

    # ---- the model's own ----

    def _pick(self, place: int) -> Key:
        return sorted(self.numbers)[place % len(self.numbers)]

    def _load(self, key: Key) -> Any:
        return (Claim if key[0] == "claim" else Cost)._default_manager.get(pk=key[1])

    def _decide(self, key: Key, state: CurationState, reason: str = "") -> None:
        number = self.numbers[key]
        made = curation.decide(self._load(key), state, actor="lee", version=number.version, reason=reason)
        corrected = None if state is CurationState.UNREVIEWED else number.word.number
        decided_by = "nobody" if state is CurationState.UNREVIEWED else "person"
        self._said(made, {key: Word(state.value, decided_by, str(reason), corrected)})

    def _said(self, made: ChangeSet, words: dict[Key, Word], *, by_person: bool = True) -> None:
        """Note what an act said; the database has just these decisions of it."""
        assert set(made.decisions.values_list("object_kind", "object_id")) == set(words)
        self.acts[made.pk] = Act(made.action, {key: (self.numbers[key].word, self.numbers[key].version + 1) for key in words})
        for key, word in words.items():
            number = self.numbers[key]
            number.history.append((made.pk, number.word, word))
            number.word = word
            number.version += 1
            number.spoken = number.spoken or by_person


@contextmanager
def release(version: str, variant: str) -> Iterator[None]:
    """Let an extractor of this version read each score as one of a variant."""
    extract: Callable[..., Extraction] = pipeline.extract

    def read_otherwise(*given: Any) -> Extraction:
        found = extract(*given)
        return replace(found, claims=tuple(replace(claim, variant=variant) for claim in found.claims))

    with patch.object(pipeline, "EXTRACTOR_VERSION", version), patch.object(pipeline, "extract", read_otherwise):
        yield


def test_any_order_of_acts_leaves_numbers_history_and_boards_in_agreement() -> None:
    read(text(1, 2))
    run_state_machine_as_test(
        Curating,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # what fails is short enough, and to shorten it takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
