"""Proves that what stands in the database is what was decided, and that boards show what they would if they were made anew.

Each fault is a sentence that names its object. Nothing is mended, and nothing is left written: rows and boards are settled by the same
services as ever, a few at a time, and taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from claims.boards import standings
from claims.dumps.snapshots import hold_still
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    BoardStandings,
    CatalogueState,
    ChangeSet,
    Claim,
    Cost,
    CostLink,
    Dataset,
    Decision,
    Flag,
    Import,
    Listing,
    Metric,
    MLModel,
    Paper,
    Record,
    Report,
    Result,
    ResultValue,
    SourceRecord,
    Task,
)
from claims.services import decisions, merge_records, results, tables, withholding
from claims.services.merge_records import Families
from claims.services.papers import lock_papers
from claims.terms import ACCEPT_BY_POLICY, REEXTRACT, DecidedBy, FlagKind

STATEMENTS, PAPERS, RECORDS, BOARDS, ROWS = 1_000, 200, 500, 10, 1_000
"""So many of each are looked at, and held in memory, at once."""

_TABLES: Mapping[str, type[Claim] | type[Cost]] = {"claim": Claim, "cost": Cost}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be, on an object that its public id names."""

    kind: str
    public_id: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}: {self.message}"


def find_faults() -> Iterator[Fault]:
    """Yield what is wrong, a few objects at a time."""
    with hold_still():
        families = merge_records.find_families()
        for kind in _TABLES:
            yield from _check_history(kind, families)
        yield from _check_entries()
        yield from _check_listings()
        yield from _check_texts()
        yield from _check_reports()
        yield from _check_undoing()
        yield from _check_standings()
    yield from _check_rows()
    yield from _check_boards()


def is_settling() -> bool:
    """Say whether workers have boards to settle still: until they have, these may be otherwise than they will be."""
    state = CatalogueState.objects.filter(Q(unsettled_from__isnull=False) | Q(unrecorded_from__isnull=False))
    return Listing.objects.filter(unsettled_from__isnull=False).exists() or state.exists()


# ---- statements and their decisions ----


def _check_history(kind: str, families: Families) -> Iterator[Fault]:
    """Yield the faults of claims or costs: both they and the decisions on them are read once, side by side."""
    decided = Decision.objects.filter(object_kind=kind).order_by("object_id", "pk").annotate(action=F("change_set__action"))
    groups = groupby(decided.annotate(act=F("change_set__public_id")).iterator(STATEMENTS), attrgetter("object_id"))
    pk, told = next(groups, (None, iter(())))
    moves = merge_records.find_moves(kind)
    for statement, has_several_texts in _read_statements(kind):
        while pk is not None and pk < statement.pk:
            yield _is_gone(kind, pk, told)
            pk, told = next(groups, (None, iter(())))
        said = _Said(moves=moves.get(statement.pk, []), families=families)
        if pk == statement.pk:
            yield from _compare(kind, statement, told, said, has_several_texts=has_several_texts)
            pk, told = next(groups, (None, iter(())))
        else:
            yield from _compare(kind, statement, (), said, has_several_texts=has_several_texts)
    while pk is not None:
        yield _is_gone(kind, pk, told)
        pk, told = next(groups, (None, iter(())))


def _is_gone(kind: str, pk: int, told: Iterable[Any]) -> Fault:
    return Fault("act", next(iter(told)).act, f"it decided on a {kind} that is not there any more, number {pk}")


def _read_statements(kind: str) -> Iterator[tuple[Any, bool]]:
    """Yield each claim or cost in the order of the keys, and whether its paper has several texts."""
    table = _TABLES[kind]
    columns = [name.removesuffix("_id") for name in decisions.CORRECTED_FIELDS[kind]]
    rows = table._default_manager.only("public_id", "version", "extracted", "paper_text__paper", *decisions.DECIDED_FIELDS, *columns)
    merged = Decision.objects.filter(object_kind="paper").values_list("object_id", "before", "after")
    # A paper's other decisions are on its text, and name no other paper.
    named = ((paper, *(side["merged_into_id"] for side in sides)) for paper, *sides in merged if "merged_into_id" in sides[1])
    parted = {pk for pks in named for pk in pks if pk is not None}
    last = 0
    while batch := list(rows.select_related("paper_text").filter(pk__gt=last).order_by("pk")[:STATEMENTS]):
        papers = {row.paper_text.paper_id for row in batch if row.paper_text is not None}
        several = Paper.objects.filter(pk__in=papers).annotate(count=Count("texts")).filter(count__gt=1)
        # So had one that was merged, or split, and which of them speaks may have moved versions on then.
        with_several = set(several.values_list("pk", flat=True)) | parted & papers
        for row in batch:
            yield row, row.paper_text is not None and row.paper_text.paper_id in with_several
        last = batch[-1].pk


@dataclass(slots=True)
class _Said:
    """What the decisions on a statement say that it is."""

    decided: dict[str, Any] = field(default_factory=lambda: dict(decisions.UNDECIDED))
    corrected: dict[str, Any] = field(default_factory=dict)
    extracted: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    moves: list[int] = field(default_factory=list)
    """The merges, by the keys of their acts, that moved it and are not counted in its version yet."""
    families: Families = field(default_factory=dict)

    def is_corrected(self, name: str, value: Any) -> bool:
        """Say whether a field is what it was corrected to, or another entry that this was merged with."""
        corrected = self.corrected[name]
        return bool(value == corrected) or merge_records.are_one(self.families, name, value, corrected)

    def count_moves(self, until: int | None = None) -> None:
        """Count the merges before an act, or all that are left."""
        while self.moves and (until is None or self.moves[0] < until):
            del self.moves[0]
            self.version += 1


def _compare(kind: str, statement: Any, told: Iterable[Any], said: _Said, *, has_several_texts: bool) -> Iterator[Fault]:
    is_decided = False
    for decision in told:
        is_decided = True
        for message in _follow(said, decision, has_several_texts=has_several_texts):
            yield Fault(kind, statement.public_id, f"the act {decision.act} ({decision.action}) {message}")
    for name, value in said.decided.items():
        if (stands := str(getattr(statement, name))) != value:
            left = f"its last decision left “{value}”" if is_decided else "nobody decided on it"
            yield Fault(kind, statement.public_id, f"its {_words(name)} is “{stands}”, and {left}")
    said.count_moves()
    # Where a paper has several texts, which of them speaks is no decision, and moves versions on.
    if statement.version < said.version or (statement.version > said.version and not has_several_texts):
        yield Fault(kind, statement.public_id, f"its version is {statement.version}, and its last decision left version {said.version}")
    if statement.extracted != said.extracted:
        corrected = ", ".join(sorted(statement.extracted)) or "nothing"
        yield Fault(kind, statement.public_id, f"it is marked as corrected in {corrected}, and its decisions say otherwise")
    elif statement.extracted and statement.decided_by != DecidedBy.PERSON:
        yield Fault(kind, statement.public_id, "it is corrected, and no person stands behind that")
    for name in statement.extracted.keys() & said.corrected.keys():
        if not said.is_corrected(name, getattr(statement, name)):
            yield Fault(kind, statement.public_id, f"its {_words(name)} is not what it was corrected to")


def _follow(said: _Said, decision: Any, *, has_several_texts: bool) -> Iterator[str]:
    """Take over what a decision says, and yield what of it does not follow from what was said before."""
    for name in decisions.DECIDED_FIELDS:
        if name in decision.before and decision.before[name] != said.decided[name]:
            yield f"found its {_words(name)} as “{decision.before[name]}”, and what was decided before had left “{said.decided[name]}”"
        if name in decision.after:
            said.decided[name] = decision.after[name]
    said.count_moves(decision.change_set_id)
    if decision.object_version <= said.version or (decision.object_version != said.version + 1 and not has_several_texts):
        yield f"made it version {decision.object_version}, and it had been version {said.version}"
    said.version = decision.object_version
    if decision.action == REEXTRACT:  # in words of its own, of what nobody had corrected
        return
    for name in said.extracted.keys() & decision.before.keys() & said.corrected.keys():
        if not said.is_corrected(name, decision.before[name]):
            yield f"found another {_words(name)} than it had been corrected to"
    said.extracted = decision.after.get("extracted", said.extracted)
    said.corrected |= {name: value for name, value in decision.after.items() if name not in (*decisions.DECIDED_FIELDS, "extracted")}


def _words(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


# ---- entries of the catalogue, and papers ----

_ENTRIES: Mapping[str, Any] = {"task": Task, "dataset": Dataset, "metric": Metric, "mlmodel": MLModel, "paper": Paper}
_NAMING: Mapping[str, tuple[Any, ...]] = {"dataset": (Claim,), "metric": (Claim,), "task": (Claim,), "ml_model": (Claim, Cost)}


def _check_entries() -> Iterator[Fault]:
    """Yield the faults of entries: each is what was last decided on it, what is merged points to a root, and no number names it."""
    for kind, table in _ENTRIES.items():
        decided = Decision.objects.filter(object_kind=kind)
        last = 0
        while ids := list(
            decided.filter(object_id__gt=last).order_by("object_id").values_list("object_id", flat=True).distinct()[:STATEMENTS]
        ):
            yield from _check_decided_entries(kind, table, decided.filter(object_id__in=ids).order_by("object_id", "pk"), ids)
            last = ids[-1]
        for entry in table._default_manager.filter(merged_into__merged_into__isnull=False):
            yield Fault(kind, entry.public_id, "it is merged into something that is itself merged")
    for name, tables_ in _NAMING.items():
        for table in tables_:
            for row in table._default_manager.filter(**{f"{name}__merged_into__isnull": False}).order_by("pk").iterator(STATEMENTS):
                yield Fault(row._meta.model_name, row.public_id, f"it names a {_words(name)} that was merged into another")
    for board in Benchmark.objects.filter(merged_into__isnull=False, row_count__gt=0).order_by("pk"):
        yield Fault("board", board.slug, "it leads to another board, and has rows of its own")


def _check_decided_entries(kind: str, table: Any, decided: Any, ids: list[int]) -> Iterator[Fault]:
    """Yield which entries are not as their last decisions left their fields, in the version that they made."""
    there: dict[int, Any] = table._default_manager.select_related("merged_into").in_bulk(ids)
    # Whether a text is withheld is compared by `_check_texts`: a decision keeps a time as words.
    fields = {column.attname for column in table._meta.concrete_fields} - {withholding.FIELD}
    said: dict[int, dict[str, Any]] = {pk: {} for pk in ids}
    versions: dict[int, int] = {}
    for decision in decided.annotate(act=F("change_set__public_id")):
        if decision.object_id not in there:
            yield _is_gone(kind, decision.object_id, [decision])
        told = decision.after.items()  # what an act added has nothing before; other names are of what it counted
        said[decision.object_id] |= {
            name: value for name, value in told if name in fields and (not decision.before or name in decision.before)
        }
        versions[decision.object_id] = decision.object_version
    for pk, entry in there.items():
        for name, value in said[pk].items():
            stands = getattr(entry, name)
            # What was merged into another one follows when that is merged: a root is what it names.
            follows = name == "merged_into_id" and stands == _root_of(table, value)
            if stands != value and not follows:
                yield Fault(kind, entry.public_id, f"its {_words(name)} is “{stands}”, and its last decision left “{value}”")
        if kind != "paper" and entry.version != versions[pk]:
            left = f"its last decision left version {versions[pk]}"
            yield Fault(kind, entry.public_id, f"its version is {entry.version}, and {left}")


def _root_of(table: Any, pk: int | None) -> int | None:
    root: int | None = table._default_manager.values_list("merged_into", flat=True).filter(pk=pk).first()
    return root


# ---- acts ----


def _check_listings() -> Iterator[Fault]:
    missing = Decision.objects.filter(~Exists(Listing.objects.filter(pk=OuterRef("object_id"))), object_kind="listing")
    for decision in missing.select_related("change_set").iterator(STATEMENTS):
        yield Fault(
            "act", decision.change_set.public_id, f"it decided on a listing that is not there any more, number {decision.object_id}"
        )


def _check_texts() -> Iterator[Fault]:
    """Yield the papers whose text is withheld, or shown, otherwise than was decided last."""
    decided = Decision.objects.filter(object_kind="paper", after__has_key=withholding.FIELD).order_by("pk")
    left = {pk: after[withholding.FIELD] for pk, after in decided.values_list("object_id", "after").iterator(STATEMENTS)}
    known = Paper.objects.filter(Q(pk__in=left) | Q(text_withheld__isnull=False)).order_by("pk")
    for pk, public_id, since in known.values_list("pk", "public_id", "text_withheld").iterator(STATEMENTS):
        stands, said = since.isoformat() if since else None, left.pop(pk, None)
        if stands != said:
            yield Fault("paper", public_id, f"its text is {_withheld(stands)}, and by what was decided last it is {_withheld(said)}")
    for pk in left:
        yield Fault("paper", str(pk), "somebody decided on its text, and it is not there any more")


def _withheld(since: str | None) -> str:
    return f"withheld since {since}" if since else "shown"


def _check_reports() -> Iterator[Fault]:
    """Yield the reports that tell how a reader can be reached although they are settled, and the flags of reports without one."""
    for report in Report.objects.filter(flag__settled_by__isnull=False).exclude(contact="").order_by("pk").iterator(STATEMENTS):
        yield Fault("report", report.public_id, "it is settled, and how its reader can be reached is still kept")
    for public_id in Flag.objects.filter(kind=FlagKind.REPORT, report=None).order_by("pk").values_list("public_id", flat=True):
        yield Fault("flag", public_id, "a reader reported something, and what they said is not there")


def _check_undoing() -> Iterator[Fault]:
    """Yield the faults of acts that take others back: each does so once, later, on the same objects, to what they were before."""
    for act in ChangeSet.objects.filter(undoes__isnull=False).select_related("undoes").order_by("pk").iterator(STATEMENTS):
        undone = act.undoes
        if undone is None:
            continue
        if undone.pk > act.pk:
            yield Fault("act", act.public_id, f"it takes back {undone.public_id}, which came later")
        for message in _compare_undoing(act, undone):
            yield Fault("act", act.public_id, message)


def _compare_undoing(act: ChangeSet, undone: ChangeSet) -> Iterator[str]:
    taken_back = _walk_decisions(act)
    other = next(taken_back, None)
    for decision in _walk_decisions(undone):
        while other is not None and _key(other) < _key(decision):
            yield f"it decided on {other.object_kind} {other.object_id}, and what it takes back did not"
            other = next(taken_back, None)
        if other is None or _key(other) != _key(decision):
            # Of what a policy accepted, what moved on since stays.
            if undone.action != ACCEPT_BY_POLICY:
                yield f"it leaves out {decision.object_kind} {decision.object_id}, on which {undone.public_id} decided"
            continue
        if decision.object_kind in _TABLES:
            yield from _compare_decisions(other, decision, undone)
        other = next(taken_back, None)
    while other is not None:
        yield f"it decided on {other.object_kind} {other.object_id}, and what it takes back did not"
        other = next(taken_back, None)


def _compare_decisions(back: Decision, there: Decision, undone: ChangeSet) -> Iterator[str]:
    named = f"{there.object_kind} {there.object_id}"
    if any(back.after.get(name) != value for name, value in there.before.items() if name in there.after):
        yield f"it left {named} otherwise than it had been before {undone.public_id}"
    if back.object_version <= there.object_version:
        yield f"it made {named} version {back.object_version}, and {undone.public_id} had made it version {there.object_version}"


def _walk_decisions(act: ChangeSet) -> Iterator[Decision]:
    """Yield what an act decided in the order of the objects, a piece at a time."""
    for kind in list(act.decisions.order_by("object_kind").values_list("object_kind", flat=True).distinct()):
        of_kind = act.decisions.filter(object_kind=kind).order_by("object_id")
        last = 0
        while piece := list(of_kind.filter(object_id__gt=last)[:STATEMENTS]):
            yield from piece
            last = piece[-1].object_id


def _key(decision: Decision) -> tuple[str, int]:
    return decision.object_kind, decision.object_id


# ---- boards that are kept in one piece ----


def _check_standings() -> Iterator[Fault]:
    for pk, version, layout in BoardStandings.objects.order_by("pk").values_list("pk", "board_version", "layout"):
        benchmark = Benchmark.objects.get(pk=pk)
        if version > benchmark.version:
            message = f"its standings are kept for version {version}, and the board has version {benchmark.version} only"
            yield Fault("board", benchmark.slug, message)
        elif version == benchmark.version and layout == standings.LAYOUT:
            kept = bytes(BoardStandings.objects.values_list("packed", flat=True).get(pk=pk))
            if kept != standings.pack(standings.make_standings(benchmark)):
                yield Fault("board", benchmark.slug, "its standings are not kept as its rows are")


# ---- rows and boards, made anew and taken back ----

_Kept = dict[Hashable, Any]


@contextmanager
def _taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _after(look: Callable[[], _Kept], settle: Callable[[], object]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield what settling changes, as (key, before, after); None is what is not there."""
    before = look()
    settle()
    after = look()
    for key in sorted(before.keys() | after.keys(), key=repr):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _check_rows() -> Iterator[Fault]:
    """Yield the faults of the rows that claims stand in, and of the costs that are tied to them."""
    for papers in _batches(Paper.objects.all(), PAPERS):
        yield from _check_rows_of(set(papers), set())
    for records in _batches(SourceRecord.objects.filter(paper__isnull=True), RECORDS):
        yield from _check_rows_of(set(), set(records))


def _batches(rows: QuerySet[Any], size: int) -> Iterator[list[int]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield batch
        last = batch[-1]


def _check_rows_of(papers: set[int], records: set[int]) -> list[Fault]:
    faults: list[Fault] = []
    with _taken_back():
        tables.lock_imports(*Import.objects.filter(Q(records__paper__in=papers) | Q(records__in=records)).distinct())
        lock_papers(papers)
        of_these = Q(paper_text__paper__in=papers) | Q(source_record__paper__in=papers) | Q(source_record__in=records)

        def look() -> _Kept:
            stands = Claim.objects.filter(of_these).values_list("public_id", "result__public_id")
            named = Result.objects.filter(paper__in=papers).values_list("public_id", "ml_model_id", "model_name", "variant", "stated_day")
            tied = CostLink.objects.filter(cost__in=Cost.objects.filter(of_these).values("pk"))
            found: _Kept = {("claim", public_id): row for public_id, row in stands}
            found |= {("row", public_id): tuple(rest) for public_id, *rest in named}
            links = tied.values_list("cost__public_id", "result__public_id", "tied", "linked_by")
            return found | {("cost", cost, row): (is_tied, by) for cost, row, is_tied, by in links}

        known = {key for key in look() if isinstance(key, tuple) and key[0] == "row"}
        for (kind, public_id, *row), before, after in _after(look, lambda: results.settle_rows(papers, records)):
            if kind == "claim":
                faults.append(Fault(kind, public_id, f"it stands in {_row(before)}, and belongs in {_row(after, known)}"))
            elif kind == "cost":
                which = "is tied to" if before is not None else "is not tied to"
                faults.append(Fault(kind, public_id, f"it {which} {_row(row[0], known)}, and that is not so"))
            elif before is not None:
                faults.append(Fault(kind, public_id, "its model, variant or day is not what its claims say"))
    return faults


def _row(public_id: str | None, known: Collection[Hashable] | None = None) -> str:
    if public_id is None:
        return "no row"
    # What settling made was taken back with its id.
    return f"row {public_id}" if known is None or ("row", public_id) in known else "a row that is not there"


_OF_BOARDS = {
    "primary_metric_id": "primary metric",
    "reviewed": "being reviewed",
    "row_count": "count of rows",
    "accepted_row_count": "count of accepted rows",
    "leader_id": "leader",
    "accepted_leader_id": "accepted leader",
}


def _check_boards() -> Iterator[Fault]:
    """Yield the faults of what boards count, lead with and show in their rows."""
    for ids in _batches(Benchmark.objects.all(), BOARDS):
        yield from _check_boards_of(ids)
        for rows in _batches(Result.objects.filter(benchmark__in=ids), ROWS):
            yield from _check_values_of(rows)


def _check_boards_of(ids: list[int]) -> list[Fault]:
    faults: list[Fault] = []
    with _taken_back():
        results.lock_boards(ids)

        def look() -> _Kept:
            found: _Kept = {}
            for slug, *rest in Benchmark.objects.filter(pk__in=ids).values_list("slug", *_OF_BOARDS):
                found |= {(slug, _OF_BOARDS[name]): value for name, value in zip(_OF_BOARDS, rest, strict=True)}
            read = BenchmarkMetric.objects.filter(benchmark__in=ids).values_list("benchmark__slug", "metric__name", "column__name")
            found |= {(slug, f"column of {metric}"): column for slug, metric, column in read}
            held = Record.objects.filter(benchmark__in=ids).values_list(
                "benchmark__slug", "accepted_only", "day", "claim_id", "previous_id", "value"
            )
            return found | {(slug, f"record of {day}{' among the accepted' if only else ''}"): rest for slug, only, day, *rest in held}

        for (slug, name), before, after in _after(look, lambda: results.settle_boards(ids, set())):
            faults.append(Fault("board", slug, f"its {name} is {_said(before)}, and would be {_said(after)}"))
    return faults


def _said(value: Any) -> str:
    return "nothing" if value is None else f"{value}"


def _check_values_of(rows: list[int]) -> list[Fault]:
    """Return the faults of what rows show under their metrics."""
    faults: list[Fault] = []
    with _taken_back():
        boards = results.lock_boards(set(Result.objects.filter(pk__in=rows).values_list("benchmark", flat=True)))

        def look() -> _Kept:
            shown = ResultValue.objects.filter(result__in=rows).values_list(
                "result__public_id", "metric__name", "claim__public_id", "others", "conflicts", "chosen_by"
            )
            return {(row, metric): tuple(rest) for row, metric, *rest in shown}

        for (row, metric), before, after in _after(look, lambda: results.settle_values(boards, set(rows))):
            faults.append(Fault("row", row, f"under {metric} it shows {_shown(before)}, and would show {_shown(after)}"))
    return faults


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"claim {value[0]} before {value[1]} others, {value[2]} of them in conflict"
