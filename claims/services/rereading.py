"""Replaces what stands by what a later run reads in the same texts, as far as no person has decided on it.

What a new reading states meets what stands at its anchor: the place of the number. Of several statements at one place the one of the
same dataset and metric (of the same measure) is the same; a number whose ends moved is the same number. What nobody decided on becomes
what the run reads, keeping its id, or is retired by the run, and shown again by one that finds it again. What a person decided on stays
as it is: where the run reads it otherwise or finds it no longer, a flag says so. What a second reader filled in stays as it is, too, as
long as none has answered about that number anew.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import itemgetter
from typing import Any

from django.db.models import Q

from claims import keys
from claims.extraction.drafts import PERSON_RULE, READER_RULE
from claims.models import Benchmark, Claim, Cost, CostLink, Dataset, Flag, Metric, Paper, PaperText, ResultValue, Run, RunText, Task
from claims.services import decisions, policy, results, search_names, statements
from claims.services.rows import insert_rows, update_rows
from claims.services.statements import Reading, StatementTable
from claims.terms import FLAGS_OF_READINGS, ClaimKind, CurationState, DecidedBy, FlagKind, LinkedBy, Role

_COMMON = (
    *("value", "value_max", "unit", "canonical_value", "canonical_max", "decimals", "uncertainty", "qualifier", "kind", "role"),
    *("model_key", "variant", "setting"),
)
_STATES: dict[StatementTable, tuple[str, ...]] = {
    Claim: (*_COMMON, "dataset_id", "metric_id", "task_id"),
    Cost: (*_COMMON, "measure", "note", "condition"),
}
"""What a statement says. If any of it differs, it is read otherwise."""
_WORDS = (
    *("field", "start", "end", "evidence_start", "evidence_end", "stated", "model_name", "setting", "inferred", "confidence", "rules"),
)
_SHOWN: dict[StatementTable, tuple[str, ...]] = {Claim: (*_WORDS, "dataset_name", "metric_name", "task_name"), Cost: _WORDS}
"""What else pages show of it: where it stands, in which words, and why it was taken."""
_MEASURES: dict[StatementTable, tuple[str, ...]] = {Claim: ("dataset_id", "metric_id"), Cost: ("measure",)}
"""What a statement at the place of another one must share with it to be the same."""
_CATALOGUE: dict[str, Any] = {"dataset_id": Dataset, "metric_id": Metric, "task_id": Task}
_LABELS = {"model_key": "model", "value_max": "upper end", "canonical_value": "comparable value", "canonical_max": "comparable upper end"}
"""What columns are called whose own name says it less well."""
_ANCHOR = ("paper_text_id", "field", "start", "end", "ordinal")
_ASIDE = 20_000
"""Ordinals from here on are taken for a moment, while statements at one place change theirs."""
_NOT_FOUND = "reextraction"
"""The key of a flag on a decided statement that a run no longer finds."""

_Row = Any
"""A stored claim or cost."""
_Draft = dict[str, Any]
"""The columns of one that was read."""


@dataclass(slots=True)
class Counts:
    """How many statements a reading brought, changed and hid."""

    new: int = 0
    changed: int = 0
    gone: int = 0

    def add(self, other: Counts) -> None:
        self.new += other.new
        self.changed += other.changed
        self.gone += other.gone


@dataclass(slots=True)
class Difference:
    """What readings of `papers` papers change.

    `boards` counts the numbers on each board, claims and costs alike, by its slug: what moves to another board is gone from one and new
    on the other. `differing` and `missing` are the numbers that persons decided on and that are flagged: read otherwise, no longer found.
    `asked` papers were put to the second reader; of `unanswered` ones numbers are left that it was not asked about or did not answer, for
    these `reasons`, and `waiting` numbers that it filled in earlier stay as they are until it does.
    """

    papers: int = 0
    claims: Counts = field(default_factory=Counts)
    costs: Counts = field(default_factory=Counts)
    differing: int = 0
    missing: int = 0
    asked: int = 0
    unanswered: int = 0
    waiting: int = 0
    reasons: list[str] = field(default_factory=list)
    boards: dict[str, Counts] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What the boards are called, by their slugs."""

    def add(self, other: Difference) -> None:
        self.papers += other.papers
        self.claims.add(other.claims)
        self.costs.add(other.costs)
        self.differing += other.differing
        self.missing += other.missing
        self.asked += other.asked
        self.unanswered += other.unanswered
        self.waiting += other.waiting
        self.reasons = sorted({*self.reasons, *other.reasons})
        for slug, counts in other.boards.items():
            self.boards.setdefault(slug, Counts()).add(counts)
        self.names |= other.names

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Difference:
        """Return the difference that `as_json` wrote; {} is none."""
        counts = {name: Counts(**written[name]) for name in ("claims", "costs") if name in written}
        boards = {slug: Counts(**found) for slug, found in written.get("boards", {}).items()}
        return cls(**{**written, **counts, "boards": boards})


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading texts again changed, and the names of models whose quoting statements are to be linked anew."""

    difference: Difference
    names: set[str]


def read_again(papers: Sequence[Paper], run: Run, read: Callable[[PaperText], Reading], *, actor: str) -> Reread:
    """Let a run read the current texts of papers, which are locked, and settle their rows and boards. Part of the caller's transaction."""
    texts = list(PaperText.objects.filter(pk__in=[paper.current_text_id for paper in papers]).order_by("pk"))
    readings = [read(text) for text in texts]
    drafts = statements.draft_rows(run, readings)
    replacement = _Replacement(run, readings)
    for table in (Claim, Cost):
        replacement.match(table, drafts[table])
    replacement.spare_decided()
    # Marks of earlier readings are dealt with, or made again.
    RunText.objects.filter(_is_marked(), paper_text__in=texts).update(stale=False, unanswered=False)
    statements.record_run(run, [replacement.without_waiting(reading) for reading in readings])
    before = _boards_of(replacement.affected())
    replacement.write(actor)
    touched = replacement.changed_papers | statements.settle_texts(paper.pk for paper in papers)
    touched |= policy.accept_new([text.pk for text in texts])
    results.settle_papers(touched, reworded=replacement.changed_papers)
    search_names.add_words(touched)
    difference = replacement.count(before)
    difference.papers = len(readings)
    difference.unanswered = sum(bool(reading.unanswered) for reading in readings)
    return Reread(difference, replacement.names)


def _is_marked() -> Q:
    return Q(stale=True) | Q(unanswered=True)


def _boards_of(affected: Mapping[StatementTable, set[int]]) -> dict[tuple[StatementTable, int], set[int]]:
    """Return the boards that statements stand on: claims in their rows, costs in those that they are tied to."""
    boards: dict[tuple[StatementTable, int], set[int]] = defaultdict(set)
    for pk, board in Claim.objects.filter(pk__in=affected[Claim], result__isnull=False).values_list("pk", "result__benchmark"):
        boards[Claim, pk].add(board or 0)
    for pk, board in CostLink.objects.filter(cost__in=affected[Cost], tied=True).values_list("cost", "result__benchmark"):
        boards[Cost, pk].add(board)
    return boards


@dataclass(slots=True)
class _Of:
    """What becomes of the statements of one table."""

    table: StatementTable
    kept: list[tuple[_Row, _Draft]] = field(default_factory=list)
    """Decided by a person, with what is read at their places."""
    met: list[tuple[_Row, _Draft]] = field(default_factory=list)
    lost: list[_Row] = field(default_factory=list)
    new: list[_Draft] = field(default_factory=list)
    missing: list[_Row] = field(default_factory=list)
    """Decided by a person, and no longer found."""
    waiting: list[_Row] = field(default_factory=list)
    """Filled in by a second reader that has not answered anew."""
    rows: list[_Row] = field(default_factory=list)
    protected: set[int] = field(default_factory=set)


class _Replacement:
    """One run's readings of texts in the place of what stands."""

    def __init__(self, run: Run, readings: Sequence[Reading]) -> None:
        self.changed_papers: set[int] = set()
        self.names: set[str] = set()
        self._run = run
        self._texts = {reading.text.pk: reading.text for reading in readings}
        self._unanswered = {reading.text.pk: reading.unanswered for reading in readings if reading.unanswered}
        self._of: dict[StatementTable, _Of] = {}
        self._besides: dict[tuple[StatementTable, int], list[tuple[StatementTable, _Draft]]] = defaultdict(list)
        """What is read at the place of a decided statement and contradicts the decision, by that."""
        self._written: list[tuple[_Row, dict[str, Any], dict[str, Any]]] = []
        self._fresh: dict[StatementTable, set[int]] = {Claim: set(), Cost: set()}
        self._changed: dict[StatementTable, set[int]] = {Claim: set(), Cost: set()}
        self._gone: dict[StatementTable, set[int]] = {Claim: set(), Cost: set()}
        self._differing = self._missing = 0
        self._named: dict[tuple[str, int], str] = {}
        """What datasets, metrics and tasks are called, by column and id."""

    def match(self, table: StatementTable, drafts: Sequence[_Draft]) -> None:
        """Find for each draft what stands at its place."""
        of = self._of[table] = _Of(table)
        # Not FOR UPDATE: whoever makes one of them the leader of a board needs its key at commit, while we may wait for the board.
        rows: Any = table._default_manager.select_for_update(of=("self",), no_key=True).filter(paper_text__in=self._texts)
        rows = rows.select_related("retired_by")
        of.rows = list(rows.order_by("paper_text", "field", "start", "ordinal"))
        of.protected = _decided(table, of.rows)
        for column in _CATALOGUE.keys() & set(_STATES[table]):
            ids = {decisions.read_as(row, column) for row in of.rows} | {draft[column] for draft in drafts}
            entries = _CATALOGUE[column].objects.filter(pk__in=ids - {None})
            self._named |= {(column, pk): name for pk, name in entries.values_list("pk", "name")}
        read: dict[tuple[int, str], list[_Draft]] = defaultdict(list)
        for draft in drafts:
            read[draft["paper_text_id"], draft["field"]].append(draft)
        stored: dict[tuple[int, str], list[_Row]] = defaultdict(list)
        for row in of.rows:
            stored[row.paper_text_id, row.field].append(row)
        for place in sorted(read.keys() | stored.keys()):
            self._match_part(of, stored[place], read[place])

    def _match_part(self, of: _Of, rows: Sequence[_Row], drafts: list[_Draft]) -> None:
        shown = [row for row in rows if row.retired_by_id is None]
        pairs = _pair_up(of, shown, drafts)
        met = {id(draft) for _, draft in pairs}
        found = {row.pk for row, _ in pairs}
        # What an earlier run retired comes back if it is the same in every word that counts.
        hidden = {_identity(of.table, row.__dict__): row for row in reversed(rows) if row.retired_by_id is not None}
        for draft in drafts:
            if id(draft) not in met and (row := hidden.pop(_identity(of.table, draft), None)) is not None:
                pairs.append((row, draft))
                met.add(id(draft))
        waiting = {row.pk for row in shown if row.pk not in of.protected and self._waits(row)}
        of.waiting += [row for row in shown if row.pk in waiting]
        for row, draft in pairs:
            if row.pk not in waiting:
                (of.kept if row.pk in of.protected else of.met).append((row, draft))
        for row in shown:
            if row.pk not in found | waiting:
                (of.missing if row.pk in of.protected else of.lost).append(row)
        of.new += [draft for draft in drafts if id(draft) not in met]

    def _waits(self, row: _Row) -> bool:
        return READER_RULE in row.rules and any(
            row.field == text_field and number.start < row.end and row.start < number.end
            for text_field, number in self._unanswered.get(row.paper_text_id, ())
        )

    def without_waiting(self, reading: Reading) -> Reading:
        """Return a reading without the numbers among those not taken that stay claims until a second reader answers."""
        places = {(row.field, row.start, row.end) for of in self._of.values() for row in of.waiting if row.paper_text_id == reading.text.pk}
        left = tuple(
            found for found in reading.extraction.untaken if (found.text_field, found.number.start, found.number.end) not in places
        )
        return replace(reading, extraction=replace(reading.extraction, untaken=left)) if places else reading

    def spare_decided(self) -> None:
        """Leave out what would come to stand beside a person's decision on the same number; the flag on that will name it.

        A claim gets no second claim, whatever was said of it, and one that stands gets no cost, nor the reverse: that a number was
        wrongly read as a claim leaves open that it is a cost. What an earlier run retired does not come back there, either.
        """
        for of in self._of.values():
            coming = [*of.new, *(draft for row, draft in of.met if row.retired_by_id is not None)]
            for other in self._of.values():
                same = other is of
                against = [
                    row
                    for row in other.rows
                    if row.pk in other.protected and row.retired_by_id is None and (same or row.state != CurationState.REJECTED)
                ]
                for row, draft in _overlapping(against, coming):
                    self._besides[other.table, row.pk].append((of.table, draft))
        refused = {id(draft) for besides in self._besides.values() for _, draft in besides}
        for of in self._of.values():
            of.new = [draft for draft in of.new if id(draft) not in refused]
            of.met = [(row, draft) for row, draft in of.met if id(draft) not in refused]

    def affected(self) -> dict[StatementTable, set[int]]:
        """Return the stored statements that may change."""
        return {table: {row.pk for row, _ in of.met} | {row.pk for row in of.lost} for table, of in self._of.items()}

    def write(self, actor: str) -> None:
        """Store what is read, with a change set that names the run, and flag what differs from a person's decision."""
        for of in self._of.values():
            self._place(of)
            for row in of.lost:
                self._retire(of, row)
            for row, draft in of.met:
                self._take_over(of, row, draft)
            columns = [*("retired_by", "version", "run", "ml_model", "ordinal"), *decisions.DECIDED_FIELDS, *_SHOWN[of.table]]
            columns += [name.removesuffix("_id") for name in _STATES[of.table]]
            columns += ["result"] if of.table is Claim else []
            update_rows([*of.lost, *(row for row, _ in of.met)], columns)
            insert_rows(of.table, of.new)
            statements.check_stored(of.table, [*of.new, *(draft for _, draft in of.met)], self._texts)
            if of.new:
                inserted = of.table._default_manager.filter(paper_text__in=self._texts, run=self._run).values_list("pk", flat=True)
                self._fresh[of.table] |= set(inserted) - {row.pk for row in of.rows}
            for draft in of.new:
                self._note(draft["paper_text_id"], draft["model_key"])
            self._flag(of)
        if self._written:
            decisions.record_readings(self._run, actor, self._written)

    def _retire(self, of: _Of, row: _Row) -> None:
        statements.retire(row, self._run.pk)
        self._gone[of.table].add(row.pk)
        self._written.append((row, {"retired_by": ""}, {"retired_by": str(self._run)}))
        self._note(row.paper_text_id, row.model_key)

    def _take_over(self, of: _Of, row: _Row, draft: _Draft) -> None:
        """Let a statement that nobody decided on say what is read."""
        before, after = self._differences(of, row, draft)
        returns = row.retired_by_id is not None
        if before or returns:
            self._note(row.paper_text_id, row.model_key)
            self._note(row.paper_text_id, draft["model_key"])
            row.version += 1
        elif any(getattr(row, name) != draft[name] for name in _SHOWN[of.table]):
            self._note(row.paper_text_id, "")
        if row.decided_by == DecidedBy.POLICY and (
            before or returns or not policy.holds_for(draft["confidence"], draft["rules"], judged=row.confidence)
        ):
            # The policy judged another reading, and judges this one next.
            if not (before or returns):
                row.version += 1
                self._note(row.paper_text_id, row.model_key)
            judged = decisions.state_of(row)
            unjudged = {**dict.fromkeys(judged, ""), "state": CurationState.UNREVIEWED.value, "decided_by": DecidedBy.NOBODY.value}
            decisions.set_state(row, unjudged)
            before, after = before | judged, after | unjudged
        if returns:
            before, after = before | {"retired_by": str(row.retired_by)}, after | {"retired_by": ""}
            row.retired_by_id = None
            self._fresh[of.table].add(row.pk)
        elif before:
            self._changed[of.table].add(row.pk)
        if before:
            self._written.append((row, before, after))
        # Whose number a quoted one is was found by the name alone, after reading.
        keeps_link = draft["role"] == row.role == Role.BASELINE and draft["model_key"] == row.model_key
        for name, value in draft.items():
            if not (name == "ml_model_id" and keeps_link):
                setattr(row, name, value)
        if isinstance(row, Claim) and (row.kind != ClaimKind.ABSOLUTE or row.dataset_id is None or row.metric_id is None):
            row.result_id = None

    def _note(self, text: int, model: str) -> None:
        """Note that statements of a text changed, and of which model."""
        self.changed_papers.add(self._texts[text].paper_id)
        if model:
            self.names.add(model)

    def _place(self, of: _Of) -> None:
        """Give statements at one place the order in which they are read: what a board shows first must not hang on what stood before.

        What a person decided on keeps its number; what is hidden yields.
        """
        decided = [row for row in of.rows if row.pk in of.protected]
        taken = {_anchor(row.__dict__) for row in decided}
        for draft in sorted([*(draft for _, draft in of.met), *of.new], key=itemgetter("ordinal")):
            _take_place(draft, taken)
        wanted = {row.pk: _anchor(draft) for row, draft in of.met}
        yielding = [row for row in of.rows if row.pk not in of.protected and row.pk not in wanted]
        for row in yielding:
            place = {name: getattr(row, name) for name in _ANCHOR}
            _take_place(place, taken)
            wanted[row.pk] = _anchor(place)
        moved = [row for row in of.rows if row.pk in wanted and wanted[row.pk] != _anchor(row.__dict__)]
        # Out of each other's way first: no two stand at one place, not even for a moment.
        for number, row in enumerate(moved):
            row.ordinal = _ASIDE + number % 10_000
        update_rows(moved, ["ordinal"])
        for row in moved:
            row.ordinal = wanted[row.pk][-1]
            self._note(row.paper_text_id, "")
        update_rows([row for row in moved if row in yielding], ["ordinal"])

    def _flag(self, of: _Of) -> None:
        """Flag decided statements that are read otherwise or no longer found; open flags that no longer hold are taken away."""
        kind = of.table._meta.model_name or ""
        wanted: dict[int, tuple[FlagKind, str, str]] = {}
        for row, draft in of.kept:
            before, after = self._differences(of, row, draft)
            if before or self._besides[of.table, row.pk]:
                wanted[row.pk] = self._explain(of, row, before, after)
        for row in of.missing:
            if PERSON_RULE in row.rules:
                continue  # no run ever found it
            wanted[row.pk] = self._explain(of, row, {}, {}, found=False)
        # Without a key they are of a text that was replaced.
        present = Flag.objects.filter(object_kind=kind, object_id__in=[row.pk for row in of.rows]).exclude(key="")
        flagged = set()
        for flag in present.filter(kind__in=FLAGS_OF_READINGS):
            holds = flag.object_id in wanted and wanted[flag.object_id][:2] == (flag.kind, flag.key)
            if holds and flag.settled_by_id is not None:
                # A person has seen just this.
                del wanted[flag.object_id]
            elif holds:
                flagged.add(flag.object_id)
            elif flag.settled_by_id is None:
                flag.delete()
        Flag.objects.bulk_create(
            Flag(kind=flag_kind, object_kind=kind, object_id=pk, key=key, note=note, run=self._run)
            for pk, (flag_kind, key, note) in wanted.items()
            if pk not in flagged
        )
        self._differing += sum(flag_kind is FlagKind.DIFFERENCE for flag_kind, _, _ in wanted.values())
        self._missing += sum(flag_kind is FlagKind.GONE for flag_kind, _, _ in wanted.values())

    def _explain(
        self, of: _Of, row: _Row, before: Mapping[str, Any], after: Mapping[str, Any], *, found: bool = True
    ) -> tuple[FlagKind, str, str]:
        """Return the kind, the key and the words of a flag: what is read now where a person decided on something else."""
        number = f"“{row.stated}” in “{self._texts[row.paper_text_id].title[:200]}” ({row.state}):"
        besides = [self._worded(table, draft) for table, draft in self._besides[of.table, row.pk]]
        read = [f"{name} “{after[name]}”, not “{before[name]}”" for name in after]
        if found or besides:
            key = keys.digest(json.dumps([after, besides], sort_keys=True, default=str))
            return FlagKind.DIFFERENCE, key, f"{number} {self._run} reads {'; '.join([*read, *besides])}."
        agrees = " That agrees with the rejection." if row.state == CurationState.REJECTED else ""
        return FlagKind.GONE, _NOT_FOUND, f"{number} {self._run} no longer finds it.{agrees}"

    def _differences(self, of: _Of, row: _Row, draft: _Draft) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a statement says and what is read instead, as far as they differ, in words that a decision keeps."""
        # Of what a person corrected, what was read then: that it is read so still is no news.
        stored = {name: decisions.read_as(row, name) for name in draft}
        differing = [name for name in _STATES[of.table] if _said(name, stored[name]) != _said(name, draft[name])]
        return (
            {_label(name): self._word(name, stored) for name in differing},
            {_label(name): self._word(name, draft) for name in differing},
        )

    def _word(self, name: str, columns: Mapping[str, Any]) -> Any:
        value = columns[name]
        if name in _CATALOGUE:
            return self._named.get((name, value), "") if value is not None else columns[f"{name.removesuffix('_id')}_name"]
        if name == "model_key":
            return columns["model_name"]
        if name == "setting":
            return ", ".join(condition["text"] for condition in value)
        return str(value) if isinstance(value, str) else value

    def _worded(self, table: StatementTable, draft: _Draft) -> str:
        measures = " on ".join(filter(None, [str(self._word(name, draft)) for name in reversed(_MEASURES[table])]))
        return f"it as a {table._meta.model_name}, {measures.replace('_', ' ') or 'of what is not said'}"

    def count(self, before: Mapping[tuple[StatementTable, int], set[int]]) -> Difference:
        """Return what was changed, once the boards are settled; `before` has the boards of what may have changed."""
        waiting = sum(len(of.waiting) for of in self._of.values())
        difference = Difference(differing=self._differing, missing=self._missing, waiting=waiting)
        counts: dict[int, Counts] = defaultdict(Counts)
        standing = {table: self._fresh[table] | self._changed[table] for table in self._of}
        after = _boards_of(standing)
        for table, total in ((Claim, difference.claims), (Cost, difference.costs)):
            total.new, total.changed, total.gone = len(self._fresh[table]), len(self._changed[table]), len(self._gone[table])
            for pk in standing[table] | self._gone[table]:
                stood = before.get((table, pk), set()) if pk not in self._fresh[table] else set()
                stands = after.get((table, pk), set()) if pk not in self._gone[table] else set()
                for board in stood | stands:
                    counts[board].new += board not in stood
                    counts[board].changed += board in stood and board in stands
                    counts[board].gone += board not in stands
        for benchmark in Benchmark.objects.filter(pk__in=counts).select_related("task", "dataset").order_by("slug"):
            difference.boards[benchmark.slug] = counts[benchmark.pk]
            difference.names[benchmark.slug] = str(benchmark)
        return difference


def _decided(table: StatementTable, rows: Iterable[_Row]) -> set[int]:
    """Return the statements that a person decided on, chose to be shown, or tied to a row."""
    decided = {row.pk for row in rows if row.decided_by == DecidedBy.PERSON}
    ids = [row.pk for row in rows]
    if table is Claim:
        return decided | set(ResultValue.objects.filter(claim__in=ids, chosen_by=LinkedBy.PERSON).values_list("claim_id", flat=True))
    return decided | set(CostLink.objects.filter(cost__in=ids, linked_by=LinkedBy.PERSON).values_list("cost_id", flat=True))


def _pair_up(of: _Of, rows: Sequence[_Row], drafts: Sequence[_Draft]) -> list[tuple[_Row, _Draft]]:
    """Pair statements of one part of a text with what is read at their places, each with at most one: the closest first."""
    close = [(_closeness(of, row, draft), number, row, draft) for number, (row, draft) in enumerate(_overlapping(rows, drafts))]
    pairs: list[tuple[_Row, _Draft]] = []
    taken: set[int] = set()
    for _, _, row, draft in sorted(close, key=lambda found: (found[0], -found[1]), reverse=True):
        if not {id(row), id(draft)} & taken:
            taken |= {id(row), id(draft)}
            pairs.append((row, draft))
    return pairs


def _closeness(of: _Of, row: _Row, draft: _Draft) -> tuple[int, ...]:
    """Say how much two statements at one place have in common: the larger, the more."""
    return (
        (row.start, row.end) == (draft["start"], draft["end"]),
        sum(decisions.read_as(row, name) == draft[name] for name in _MEASURES[of.table]),
        decisions.read_as(row, _MEASURES[of.table][0]) == draft[_MEASURES[of.table][0]],
        *(decisions.read_as(row, name) == draft[name] for name in ("model_key", "kind", "role", "variant", "value")),
        row.pk in of.protected,
        -abs(row.ordinal - draft["ordinal"]),
    )


def _overlapping(rows: Iterable[_Row], drafts: Iterable[_Draft]) -> Iterator[tuple[_Row, _Draft]]:
    """Yield the pairs that have a character of a text in common."""
    parts: dict[tuple[int, str], list[_Draft]] = defaultdict(list)
    for draft in sorted(drafts, key=itemgetter("start", "end", "ordinal")):
        parts[draft["paper_text_id"], draft["field"]].append(draft)
    starts = {part: [draft["start"] for draft in found] for part, found in parts.items()}
    longest = {part: max(draft["end"] - draft["start"] for draft in found) for part, found in parts.items()}
    for row in rows:
        part = (row.paper_text_id, row.field)
        if part in parts:
            first, last = bisect_left(starts[part], row.start - longest[part]), bisect_left(starts[part], row.end)
            yield from ((row, draft) for draft in parts[part][first:last] if draft["end"] > row.start)


def _identity(table: StatementTable, columns: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(columns[name] for name in ("start", "end", "kind", *_MEASURES[table]))


def _anchor(columns: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(columns[name] for name in _ANCHOR)


def _take_place(columns: dict[str, Any], taken: set[tuple[Any, ...]]) -> None:
    """Give a statement the next number at its place that is free, and take it."""
    while _anchor(columns) in taken:
        columns["ordinal"] += 1
    taken.add(_anchor(columns))


def _said(name: str, value: Any) -> Any:
    return [(condition["kind"], condition["value"]) for condition in value] if name == "setting" else value


def _label(name: str) -> str:
    return _LABELS.get(name, name.removesuffix("_id"))
